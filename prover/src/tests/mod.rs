//! Soundness, tested from the attacker's side.
//!
//! | file | what it shows |
//! |---|---|
//! | [`checker`] | the AIR in plain integers, independent of the verifier's code |
//! | [`cells`] | every cell of a valid trace is bound, or free for a reason |
//! | [`forged`] | a prover that departs from the protocol in one place |
//! | [`forger`] | that prover, for both kinds of proof |
//! | [`low_degree`] | a prover that tells the verifier what it asks for out of the domain, so that the queries must object |
//! | [`other_air`] | provers with another AIR or another coin |
//! | [`lowerings`] | a prover that departs from one operation and follows through: only ranges are in the way |
//! | [`sponge`] | the hash of a side's values: every cell is bound, and no other state leads to the digest |
//! | [`statements`] | a proof holds for its own statement only |
//! | [`properties`] | random models: the trace's outputs are the runtime's, and all constraints hold |
//! | [`wrapping`] | nothing wraps around the modulus, in big integers, and what would be forged if it did |
//! | [`rows`] | how many rows a model gets, and what is refused before it takes time and memory |
//! | [`vacuous`] | the constraints that say nothing: what a prover without them, or with others, gets |
//! | [`versions`] | commitments of versions without mask rows, with which any output could be proven |
//! | [`zero_knowledge`] | what a hiding proof opens does not depend on what it hides |
//!
//! All of them walk [`SETTINGS`], or take the next one of them for each case.
//!
//! Bytes that no prover wrote are in `tests/mutants.rs`, and in the verifier's `tests/hostile.rs`.

mod cells;
mod checker;
mod forged;
pub(crate) mod forger;
pub(crate) mod low_degree;
mod lowerings;
#[path = "../../tests/models/mod.rs"]
pub(crate) mod models;
mod other_air;
mod properties;
pub(crate) mod rows;
mod sponge;
mod statements;
mod vacuous;
mod versions;
mod wrapping;
mod zero_knowledge;

use std::ops::Range;
use std::sync::Arc;

use maat_runtime::Model;
use maat_verifier::air::sponge::PERIOD;
use maat_verifier::air::{Challenges, InSeed, ModelAir, PublicInputs, Sponge, final_row, trace_info};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Mode, Preset, Salt, ValueDigest, Values};
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{DefaultRandomCoin, RandomCoin};
use winterfell::math::FieldElement;
use winterfell::math::fields::QuadExtension;
use winterfell::matrix::ColMatrix;
use winterfell::{Air, AuxRandElements, EvaluationFrame};

use crate::auxiliary::auxiliary_columns;
use crate::masks::Masks;
use crate::program::builder::{Factor, OuterProduct};
use crate::program::{TraceProgram, fixed_columns};
use crate::witness::Witness;
use crate::{Visibility, random};

/// The extension of the preset `fast`.
type Extended = QuadExtension<Goldilocks>;

// SETTINGS
// ================================================================================================

/// How a statement names a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Public,
    Hidden,
    Committed,
}

use Named::{Committed, Hidden, Public};

impl Named {
    pub(crate) fn visibility(self) -> Visibility {
        match self {
            Public => Visibility::Public,
            Hidden => Visibility::Hidden,
            Committed => Visibility::Committed,
        }
    }

    /// What a statement says of a side with these values.
    fn values(self, values: &[i32], salt: &Salt) -> Values {
        match self {
            Public => Values::Public(values.to_vec()),
            Hidden => Values::Hidden,
            Committed => Values::Committed(ValueDigest::of(values, salt)),
        }
    }
}

/// The mode of proofs that name their sides so.
pub(crate) fn mode_of(sides: [Named; SIDES]) -> Mode {
    if sides == [Public; SIDES] { Mode::Plain } else { Mode::Hiding }
}

/// The columns of a trace, and how its statement names inputs and outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) layout: &'static Layout,
    pub(crate) sides: [Named; SIDES],
}

/// Every layout in both modes, and digests where there is room for them.
pub(crate) static SETTINGS: [Setting; 12] = [
    Setting { layout: &LAYOUTS[0], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[0], sides: [Hidden, Public] },
    Setting { layout: &LAYOUTS[1], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[1], sides: [Hidden, Hidden] },
    Setting { layout: &LAYOUTS[0], sides: [Committed, Committed] },
    Setting { layout: &LAYOUTS[2], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[3], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[3], sides: [Hidden, Public] },
    Setting { layout: &LAYOUTS[4], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[4], sides: [Hidden, Public] },
    Setting { layout: &LAYOUTS[5], sides: [Public, Public] },
    Setting { layout: &LAYOUTS[5], sides: [Hidden, Hidden] },
];

/// All ways to name both sides.
pub(crate) const NAMED: [[Named; SIDES]; 9] = [
    [Public, Public],
    [Hidden, Public],
    [Public, Hidden],
    [Hidden, Hidden],
    [Committed, Public],
    [Public, Committed],
    [Committed, Hidden],
    [Hidden, Committed],
    [Committed, Committed],
];

impl Setting {
    /// The setting of a case, so that neighbouring ones differ.
    pub(crate) fn of_case(case: usize) -> Self {
        SETTINGS[case % SETTINGS.len()]
    }

    pub(crate) fn mode(&self) -> Mode {
        mode_of(self.sides)
    }

    /// Whether rows have the columns of the layout `base` and more weights, so that a suite does with fewer of them.
    pub(crate) fn is_wide(&self) -> bool {
        self.layout != Layout::base() && is_base_but_for_weights(self.layout)
    }

    /// Whether both sides are committed to.
    pub(crate) fn commits(&self) -> bool {
        self.sides == [Committed; SIDES]
    }
}

/// Whether rows have room for the same as those of the layout `base`, but for weights.
pub(crate) fn is_base_but_for_weights(layout: &Layout) -> bool {
    layout.room == Room { lanes: layout.room.lanes, ..Layout::base().room }
}

// ATTEMPTS
// ================================================================================================

/// A constraint that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    constraint: &'static str,
    /// The unit, the helper, or the column of a boundary condition.
    part: usize,
    row: usize,
}

/// A main segment and the statement that it is to prove, true or not.
#[derive(Clone)]
struct Attempt {
    program: Arc<TraceProgram>,
    mode: Mode,
    /// All columns of the main segment.
    main: Vec<Vec<Goldilocks>>,
    inputs: Values,
    outputs: Values,
}

/// Random elements of a test's proofs: the same every time, others for each seed.
pub(crate) fn masks(seed: u64) -> Masks {
    Masks::of(random::elements(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof()))
}

/// The salt of all committed sides.
fn salt() -> Salt {
    Salt::new([7; 32])
}

/// A unit's numbers, in the order of their limbs.
const REMAINDER: usize = 0;
const DISTANCE: usize = 1;
const EXCESS: usize = 2;

/// The columns with the limbs of a unit's number, the low one first.
fn number_columns(layout: &Layout, unit: usize, number: usize) -> Range<usize> {
    let Room { limbs, .. } = layout.room;
    let first = layout[UNIT_LIMB].at((NUMBERS * unit + number) * limbs);
    first..first + limbs
}

/// The seeds of the masks of either segment.
const OF_MAIN: u64 = 1;
const OF_AUXILIARY: u64 = 2;

impl Attempt {
    /// The honest one for a model's test inputs.
    fn honest(model: &Model, setting: Setting, batch: usize, seed: u64) -> Self {
        let program = TraceProgram::new(model, batch, setting.layout).unwrap();
        Self::of(program, setting.sides, models::inputs(model, batch, seed).concat().concat())
    }

    /// The honest one of a program, with the program's columns.
    fn of(program: TraceProgram, sides: [Named; SIDES], inputs: Vec<i32>) -> Self {
        let mode = mode_of(sides);
        let salt = salt();
        let salts = sides.map(|side| (side == Committed).then_some(&salt));
        let witness = Witness::new(&program, &inputs, mode, salts);
        let [inputs, outputs] = [(sides[0], inputs), (sides[1], witness.outputs)].map(|(side, values)| side.values(&values, &salt));
        let mut attempt = Self { program: Arc::new(program), mode, main: witness.columns, inputs, outputs };
        let sponges = attempt.sponges();
        attempt.main.extend(sponges);
        if mode.is_hiding() {
            masks(OF_MAIN).fill(&mut attempt.main);
        }
        let fixed = attempt.layout().fixed().start;
        let columns = fixed_columns(&attempt.program);
        attempt.main.splice(fixed..fixed, columns);
        attempt
    }

    fn layout(&self) -> &'static Layout {
        self.program.layout
    }

    fn rows(&self) -> usize {
        self.program.rows
    }

    /// The row that holds the final sums.
    fn last(&self) -> usize {
        final_row(self.rows(), self.mode)
    }

    /// All columns that are not fixed.
    fn free_columns(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        (0..self.layout().witness_width()).chain(self.layout().main_width(0)..self.main.len())
    }

    /// The columns of the sponges, honest for what they read.
    fn sponges(&self) -> Vec<Vec<Goldilocks>> {
        let columns = |side: Sponge| crate::sponge::columns(&self.main[side.message.start], PERIOD * ValueDigest::blocks(side.values));
        self.public_inputs().sponges().flat_map(columns).collect()
    }

    /// Makes the sponges' columns honest again for what they read, in all rows that count.
    fn repair_sponges(&mut self) {
        let (first, last) = (self.layout().main_width(0), self.last());
        for (column, honest) in self.sponges().into_iter().enumerate() {
            self.main[first + column][..=last].copy_from_slice(&honest[..=last]);
        }
    }

    /// Inputs and outputs as the trace has them.
    fn values(&self) -> [Vec<i32>; SIDES] {
        let small = |value: &Goldilocks| i32::try_from(lowerings::centered(*value)).unwrap();
        let sides = [(INPUT_VALUE, self.program.n_inputs), (OUTPUT_VALUE, self.program.n_outputs)];
        sides.map(|(column, number)| self.main[self.layout()[column].start][..number].iter().map(small).collect())
    }

    /// The same trace with another output, which the statement names or has the digest of, and nothing else to support it.
    fn with_other_output(mut self, position: usize, by: i32) -> Self {
        let column = self.layout()[OUTPUT_VALUE].start;
        self.main[column][position] += maat_verifier::signed_element(by.into());
        let [_, outputs] = self.values();
        match self.outputs {
            Values::Public(_) => self.outputs = Values::Public(outputs),
            Values::Hidden => {}
            Values::Committed(_) => {
                self.outputs = Values::Committed(ValueDigest::of(&outputs, &salt()));
                self.repair_sponges();
            }
        }
        self
    }

    fn public_inputs(&self) -> PublicInputs {
        PublicInputs {
            statement: Vec::new(),
            layout: self.layout(),
            mode: self.mode,
            inputs: self.inputs.clone(),
            outputs: self.outputs.clone(),
            n_inputs: self.program.n_inputs,
            n_outputs: self.program.n_outputs,
            in_seed: InSeed::Values,
        }
    }

    fn air(&self) -> ModelAir {
        let public_inputs = self.public_inputs();
        ModelAir::new(trace_info(self.rows(), &public_inputs), public_inputs, Preset::Fast.options(self.mode))
    }

    /// The random elements that a seed gives.
    fn random(&self, seed: u64) -> AuxRandElements<Extended> {
        let mut coin = DefaultRandomCoin::<Blake3_256<Goldilocks>>::new(&[Goldilocks::new(seed)]);
        self.air().get_aux_rand_elements(&mut coin).unwrap()
    }

    /// The auxiliary columns that the honest code gives for the main segment.
    fn auxiliary(&self, random: &AuxRandElements<Extended>) -> Vec<Vec<Extended>> {
        let layout = self.layout();
        let radix = Goldilocks::new(1 << layout.limb_bits(self.rows()));
        let main = ColMatrix::new(self.main.clone());
        let challenges = Challenges::new(layout, random.rand_elements());
        let mut columns = auxiliary_columns(layout, &main, &challenges, radix, self.program.n_inputs);
        if self.mode.is_hiding() {
            let masks = masks(OF_AUXILIARY);
            masks.fill(&mut columns);
            columns.extend(masks.columns(self.rows()));
        }
        columns
    }

    /// What the AIR finds in some rows, and at the boundaries.
    fn violations_by_the_air(
        &self,
        auxiliary: &[Vec<Extended>],
        random: &AuxRandElements<Extended>,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<Violation> {
        let (air, last, names) = (self.air(), self.last(), self.names());
        let constraints = air.context();
        let mut main_results = vec![Goldilocks::ZERO; constraints.num_main_transition_constraints()];
        let mut auxiliary_results = vec![Extended::ZERO; constraints.num_aux_transition_constraints()];
        let periodic = air.get_periodic_column_values();
        let mut violations = Vec::new();
        for row in rows.into_iter().filter(|row| *row < last) {
            let main = EvaluationFrame::from_rows(row_of(&self.main, row), row_of(&self.main, row + 1));
            let extended = EvaluationFrame::from_rows(row_of(auxiliary, row), row_of(auxiliary, row + 1));
            let periodic: Vec<Goldilocks> = periodic.iter().map(|column| column[row % column.len()]).collect();
            air.evaluate_transition(&main, &periodic, &mut main_results);
            air.evaluate_aux_transition(&main, &extended, &periodic, random, &mut auxiliary_results);
            let broken = main_results.iter().map(|result| *result != Goldilocks::ZERO);
            let broken = broken.chain(auxiliary_results.iter().map(|result| *result != Extended::ZERO));
            let named = names.iter().zip(broken).filter(|(_, broken)| *broken);
            violations.extend(named.map(|((constraint, part), _)| Violation { constraint, part: *part, row }));
        }
        for assertion in air.get_assertions() {
            assertion.apply(self.rows(), |row, value| {
                if self.main[assertion.column()][row] != value {
                    violations.push(Violation { constraint: "boundary of the main segment", part: assertion.column(), row });
                }
            });
        }
        for assertion in air.get_aux_assertions(random) {
            assertion.apply(self.rows(), |row, value| {
                if auxiliary[assertion.column()][row] != value {
                    violations.push(Violation { constraint: "boundary", part: assertion.column(), row });
                }
            });
        }
        violations.sort();
        violations
    }

    /// What the independent checker finds.
    fn violations_by_the_checker(
        &self,
        auxiliary: &[Vec<Extended>],
        random: &AuxRandElements<Extended>,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<Violation> {
        let Challenges { z, alpha, sigma, rho, beta, .. } = Challenges::new(self.layout(), random.rand_elements());
        let [z, alpha, sigma, rho, beta] = [z, alpha, sigma[1], rho[1], beta].map(plain);
        let public = |values: &Values| values.as_public().map(<[i32]>::to_vec);
        let public_inputs = self.public_inputs();
        let sponges = public_inputs.sponges().map(|side| checker::Sponge {
            message: side.message.start,
            values: side.values,
            digest: side.digest.elements().map(|element| element.as_int()),
        });
        let trace = checker::Trace {
            layout: self.layout(),
            main: &self.main,
            auxiliary,
            challenges: checker::Challenges { z, alpha, sigma, rho, beta },
            hides: self.mode.is_hiding(),
            inputs: public(&self.inputs),
            outputs: public(&self.outputs),
            n_inputs: self.program.n_inputs,
            sponges: sponges.collect(),
        };
        trace.violations(rows)
    }

    /// What both find in some rows; they must agree.
    fn violations_in(
        &self,
        auxiliary: &[Vec<Extended>],
        random: &AuxRandElements<Extended>,
        rows: impl IntoIterator<Item = usize> + Clone,
    ) -> Vec<Violation> {
        let violations = self.violations_by_the_air(auxiliary, random, rows.clone());
        assert_eq!(violations, self.violations_by_the_checker(auxiliary, random, rows), "the checker does not agree with the AIR");
        violations
    }

    /// What both find in all rows.
    fn violations(&self, auxiliary: &[Vec<Extended>], random: &AuxRandElements<Extended>) -> Vec<Violation> {
        self.violations_in(auxiliary, random, 0..self.rows())
    }

    /// An unbalanced bus and nothing else.
    fn unbalanced(&self) -> Vec<Violation> {
        vec![Violation { constraint: "boundary", part: self.layout()[BUS_SUM].start, row: self.last() }]
    }

    /// The names of the AIR's transition constraints, in its order.
    fn names(&self) -> Vec<(&'static str, usize)> {
        let layout = self.layout();
        let of_unit = ["unit base", "unit range", "unit side", "unit above", "unit below"];
        let units = (0..layout.room.units).flat_map(|unit| of_unit.map(|name| (name, unit)));
        let sponges = self.public_inputs().sponges().count() * SPONGE_WIDTH;
        let helpers = (0..layout[BUS_HELPER].count).map(|helper| ("bus helper", helper));
        let values = (0..SIDES).map(|side| ("public values", side));
        let sums = ["left", "right", "products", "inner", "outer", "results", "agreement"];
        let masks: &[_] = if self.mode.is_hiding() { &["first cut", "second cut"] } else { &[] };
        let of_main = units.chain([("input range", 0)]).chain((0..sponges).map(|constraint| ("sponge", constraint)));
        of_main.chain(helpers).chain([("bus sum", 0)]).chain(values).chain(sums.iter().chain(masks).map(|name| (*name, 0))).collect()
    }
}

fn row_of<T: Copy>(columns: &[Vec<T>], row: usize) -> Vec<T> {
    columns.iter().map(|column| column[row]).collect()
}

fn plain(value: Extended) -> [u64; 2] {
    value.to_base_elements().map(|part| part.as_int())
}

#[test]
fn the_settings_are_every_layout_in_both_modes() {
    let has = |layout, mode| SETTINGS.iter().any(|setting| setting.layout == layout && setting.mode() == mode);
    let can = |layout: &Layout, mode: Mode| layout.can_hide() || !mode.is_hiding();
    assert!(LAYOUTS.iter().all(|layout| Mode::ALL.into_iter().all(|mode| has(layout, mode) == can(layout, mode))));
    let committed = |setting: &Setting| setting.sides.into_iter().filter(|side| *side == Committed).count();
    assert!(SETTINGS.iter().all(|setting| setting.mode() == Mode::Plain || setting.layout.has_room_for(committed(setting))));
    assert!(SETTINGS.iter().all(|setting| NAMED.contains(&setting.sides)));
    assert!(SETTINGS.iter().any(Setting::commits));
}

#[test]
fn the_model_with_every_primitive_has_a_convolution_where_the_layout_knows_them() {
    for layout in &LAYOUTS {
        let program = TraceProgram::new(&models::every_primitive(), 1, layout).unwrap();
        let taps = |product: &OuterProduct| matches!(product.left, Factor::Taps(_));
        let convolutions = program.builder.groups().iter().filter(|group| group.products.iter().any(taps)).count();
        assert_eq!(convolutions, usize::from(layout.room.taps), "{}", layout.name);
    }
}

#[test]
fn every_constraint_of_the_air_has_a_name() {
    for setting in SETTINGS {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 1);
        let context = attempt.air();
        let context = context.context();
        assert_eq!(attempt.names().len(), context.num_main_transition_constraints() + context.num_aux_transition_constraints());
    }
}

#[test]
fn an_honest_trace_satisfies_the_air_and_the_checker() {
    for (setting, batch) in SETTINGS.into_iter().flat_map(|setting| [1, 3].map(|batch| (setting, batch))) {
        let attempt = Attempt::honest(&models::every_primitive(), setting, batch, 7);
        for seed in 0..2 {
            let random = attempt.random(seed);
            assert_eq!(attempt.violations(&attempt.auxiliary(&random), &random), []);
        }
    }
}

#[test]
fn every_way_to_name_the_sides_of_a_true_statement_is_satisfied() {
    for (layout, sides) in LAYOUTS.iter().flat_map(|layout| NAMED.map(|sides| (layout, sides))) {
        let committed = sides.into_iter().filter(|side| *side == Committed).count();
        let fits = if mode_of(sides).is_hiding() { layout.has_room_for(committed) } else { true };
        if !fits {
            continue;
        }
        let attempt = Attempt::honest(&models::every_primitive(), Setting { layout, sides }, 2, 9);
        let random = attempt.random(3);
        assert_eq!(attempt.violations(&attempt.auxiliary(&random), &random), [], "{sides:?}");
    }
}
