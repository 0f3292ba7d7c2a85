//! A model proof holds for its own model, inputs and outputs only.
//!
//! Each test begins with a proof that verifies, changes one thing, and names the error. What the columns bind is in [`super::cells`].

use maat_runtime::primitives::{Affine, Move};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::*;
use maat_verifier::{
    Entries, Entry, FileError, Goldilocks, Header, Mode, Preset, ProofFile, Statement, ValueDigest, Values, VerifyError, signed_element,
    verify,
};
use winterfell::math::{FieldElement, StarkField};
use winterfell::{Air, BatchingMethod, FieldExtension, ProofOptions};

use super::cells::recount;
use super::forged::{Departure, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::lowerings::centered;
use super::{Attempt, DISTANCE, EXCESS, NAMED, Named, REMAINDER, SETTINGS, Setting, Violation, mode_of, number_columns, salt};
use crate::extension::Fixed;
use crate::program::{Slot, TraceProgram, fixed_columns};
use crate::{LayoutChoice, ProvingKey, entries_for};

/// A model with two inputs and two outputs of one shape: `(4x, 4y)`, within 8 bits.
pub(super) fn pair(name: &str, weight: i16) -> Model {
    let shape = Shape::new(&[2]).unwrap();
    let mut builder = ModelBuilder::new(name);
    let inputs = ["x", "y"].map(|name| builder.input(name, shape.clone(), 0, Interval::of_bits(8)).unwrap());
    let [x, y] = inputs.map(|input| {
        let requantise = Requantise { shift: vec![2], lo: -128, hi: 127 };
        let affine = Affine { groups: 1, inputs: 2, weights: vec![weight, 0, 0, weight], bias: vec![1, 2], requantise };
        builder.node("node", Primitive::Affine(affine), &[input], 0).unwrap()
    });
    builder.finish(&[("x", x), ("y", y)]).unwrap()
}

/// The inputs of a batch of two, and the outputs that the model gives for them.
pub(super) const INPUTS: [i32; 8] = [1, 2, 3, 4, -5, -6, 70, 80];
const OUTPUTS: [i32; 8] = [4, 9, 12, 17, -20, -23, 127, 127];

/// An honest proof of a batch of two.
struct Proven {
    attempt: Attempt,
    forge: Forge,
    file: ProofFile,
}

impl Proven {
    fn new(setting: Setting) -> Self {
        let model = pair("pair", 16);
        let program = |batch| TraceProgram::new(&model, batch, setting.layout).unwrap();
        let attempt = Attempt::of(program(2), setting.sides, INPUTS.to_vec());
        let forge = Forge::new(&attempt.program, Fixed::new(&attempt.program), attempt.mode, &[&program(1)]);
        let file = forge.prove(&attempt, Departure::default());
        Self { attempt, forge, file }
    }

    /// One in each setting.
    fn all() -> [Self; SETTINGS.len()] {
        SETTINGS.map(Self::new)
    }

    fn verify(&self, file: &ProofFile) -> Result<Statement, VerifyError> {
        verify(&file.to_bytes(), &self.forge.commitment())
    }

    /// The proof's STARK under another claim.
    fn claim(&self, batch: u32, [inputs, outputs]: [Values; SIDES]) -> Result<Statement, VerifyError> {
        let header = Header::new(self.forge.entries.clone(), (Preset::Fast, batch), inputs, outputs, None)?;
        self.verify(&ProofFile { header, ..self.file.clone() })
    }

    /// The verifier's word on another proof's STARK under this one's claim.
    fn claim_of(&self, other: &Self) -> Result<Statement, VerifyError> {
        self.verify(&ProofFile { header: self.file.header.clone(), stark: other.file.stark.clone() })
    }

    /// What the statement says of its sides.
    fn sides(&self) -> [Values; SIDES] {
        [self.attempt.inputs.clone(), self.attempt.outputs.clone()]
    }

    /// The statement's sides with changed values, for each side that names its values or has their digest.
    fn changed(&self, change: impl Fn(&mut Vec<i32>)) -> Vec<[Values; SIDES]> {
        let mut all = Vec::new();
        for (side, mut values) in self.attempt.values().into_iter().enumerate() {
            let mut sides = self.sides();
            change(&mut values);
            sides[side] = match sides[side] {
                Values::Public(_) => Values::Public(values),
                Values::Committed(_) => Values::Committed(ValueDigest::of(&values, &salt())),
                Values::Hidden => continue,
            };
            all.push(sides);
        }
        all
    }
}

/// The attempt with other sides of its statement.
fn with_sides(attempt: &Attempt, [inputs, outputs]: [Values; SIDES]) -> Attempt {
    Attempt { inputs, outputs, ..attempt.clone() }
}

#[test]
fn the_proofs_that_all_begins_with_hold() {
    for proven in Proven::all() {
        let statement = proven.verify(&proven.file).unwrap();
        assert_eq!((statement.mode, [statement.inputs, statement.outputs]), (proven.attempt.mode, proven.sides()));
        assert_eq!(proven.attempt.values(), [INPUTS, OUTPUTS]);
    }
}

#[test]
fn other_values_are_rejected() {
    for proven in Proven::all() {
        let mut claims = Vec::new();
        for position in 0..INPUTS.len() {
            for change in [1, -1, 1 << 20, i32::MIN] {
                claims.extend(proven.changed(|values| values[position] = values[position].wrapping_add(change)));
            }
        }
        // Two tensors of one shape, two inferences, two elements.
        for (a, b) in [(0..2, 2..4), (0..4, 4..8), (0..1, 1..2)] {
            let swap = |values: &mut Vec<i32>| *values = [&values[b.clone()], &values[a.clone()], &values[b.end..]].concat();
            let swapped = proven.changed(swap);
            if let ([[inputs, _], [_, outputs]], 4) = (&swapped[..], a.len()) {
                // Both at once are another true statement, of which this is not a proof.
                claims.push([inputs.clone(), outputs.clone()]);
            }
            claims.extend(swapped);
        }
        for claim in claims {
            assert_eq!(proven.claim(2, claim.clone()), Err(BROKEN_CONSTRAINT), "{claim:?}");
        }
    }
}

#[test]
fn a_proof_made_for_other_values_is_rejected() {
    for proven in Proven::all() {
        let changes: [fn(&mut Vec<i32>); 3] = [|values| values[7] += 1, |values| values[0] -= 1, |values| values.rotate_left(4)];
        let mut attempts: Vec<_> =
            changes.iter().flat_map(|change| proven.changed(change)).map(|sides| with_sides(&proven.attempt, sides)).collect();
        if proven.attempt.mode == Mode::Plain {
            let [inputs, outputs] = proven.sides();
            attempts.push(with_sides(&proven.attempt, [outputs, inputs]));
        }
        // The trace's own columns say so too.
        attempts.push(proven.attempt.clone().with_other_output(0, -1));
        for attempt in attempts {
            assert_eq!(proven.forge.verdict(&attempt, Departure::default()), Err(BROKEN_CONSTRAINT));
        }
    }
}

#[test]
fn another_number_of_values_is_no_file() {
    // Of a digest it is another one, and nothing that a file shows.
    for proven in Proven::all().into_iter().filter(|proven| !proven.sides().iter().any(|side| side.as_committed().is_some())) {
        for (sides, side) in proven.changed(|values| values.truncate(7)).into_iter().rev().zip(["outputs", "inputs"]) {
            let error = FileError::ValueCount { side, expected: 8, found: 7 };
            assert_eq!(proven.claim(2, sides), Err(VerifyError::File(error)));
        }
    }
}

#[test]
fn another_batch_size_is_rejected() {
    for proven in Proven::all() {
        let half = |values: &mut Values| {
            if let Values::Public(values) = values {
                values.truncate(4);
            }
        };
        let mut sides = proven.sides();
        sides.iter_mut().for_each(half);
        assert!(matches!(proven.claim(1, sides.clone()), Err(VerifyError::FixedRoot { .. })));
        let none = FileError::NoEntry { preset: Preset::Fast.tree(proven.attempt.mode), batch: 3 };
        assert_eq!(proven.claim(3, sides), Err(VerifyError::File(none)));
    }
}

#[test]
fn another_model_is_rejected() {
    for (proven, setting) in Proven::all().into_iter().zip(SETTINGS) {
        let program = TraceProgram::new(&pair("other", 17), 2, setting.layout).unwrap();
        let attempt = Attempt::of(program, setting.sides, INPUTS.to_vec());
        let forge = Forge::of(&attempt);
        let file = forge.prove(&attempt, Departure::default());
        verify(&file.to_bytes(), &forge.commitment()).unwrap();
        // As it is.
        let (expected, found) = (proven.forge.commitment(), forge.commitment());
        assert_eq!(proven.verify(&file), Err(VerifyError::Commitment { expected, found }));
        // Under the claim of the expected model.
        let header = proven.forge.header(&attempt);
        let (expected, found) = (proven.forge.entry.fixed_root, forge.entry.fixed_root);
        let verdict = proven.verify(&ProofFile { header, stark: file.stark });
        assert_eq!(verdict, Err(VerifyError::FixedRoot { expected, found }));
        // A list of entries with one more, or with another number of rows, has another commitment.
        if !setting.layout.can_hide() {
            continue;
        }
        for change in [|entry: &mut Entry| entry.batch += 1, |entry: &mut Entry| entry.rows *= 2] {
            let mut listed = proven.forge.entries.as_slice().to_vec();
            listed.iter_mut().for_each(change);
            let choice = (Preset::Fast, listed[1].batch);
            let header = Header::new(Entries::new(listed).unwrap(), choice, Values::Hidden, Values::Hidden, None);
            let verdict = proven.verify(&ProofFile { header: header.unwrap(), ..proven.file.clone() });
            assert!(matches!(verdict, Err(VerifyError::Commitment { .. })), "{verdict:?}");
        }
    }
}

#[test]
fn another_layout_of_a_model_is_another_model() {
    for mode in Mode::ALL {
        // The same sides, so that the statements differ in nothing else.
        let sides = SETTINGS.into_iter().find(|setting| setting.mode() == mode).unwrap().sides;
        let layouts = LAYOUTS.iter().filter(|layout| layout.can_hide() || !mode.is_hiding());
        let all: Vec<Proven> = layouts.map(|layout| Proven::new(Setting { layout, sides })).collect();
        for (proven, other) in all.iter().flat_map(|proven| all.iter().map(move |other| (proven, other))) {
            let widths = [proven, other].map(|proven| proven.attempt.main.len());
            if widths[0] == widths[1] {
                continue;
            }
            // As it is.
            let (expected, found) = (proven.forge.commitment(), other.forge.commitment());
            assert_eq!(proven.verify(&other.file), Err(VerifyError::Commitment { expected, found }));
            // Its STARK under the claim of the expected layout.
            let (expected, found) = (widths[0], widths[1]);
            match proven.claim_of(other) {
                // A longer trace's is longer than any of a shorter one.
                Err(VerifyError::Length { .. }) => assert!(other.attempt.rows() > proven.attempt.rows()),
                verdict => assert_eq!(verdict, Err(VerifyError::TraceWidth { expected, found })),
            }
            // The expected layout's STARK, where an entry has the other one's root.
            let root = other.forge.entry.fixed_root;
            let listed = proven.forge.entries.as_slice().iter().map(|entry| Entry { fixed_root: root, ..*entry });
            let entries = Entries::new(listed.collect()).unwrap();
            let [inputs, outputs] = proven.sides();
            let header = Header::new(entries.clone(), (Preset::Fast, 2), inputs, outputs, None).unwrap();
            let verdict = verify(&ProofFile { header, ..proven.file.clone() }.to_bytes(), &entries.commitment());
            assert_eq!(verdict, Err(VerifyError::FixedRoot { expected: root, found: proven.forge.entry.fixed_root }));
        }
    }
}

#[test]
fn the_header_of_one_proof_does_not_fit_the_stark_of_another() {
    for (proven, setting) in Proven::all().into_iter().zip(SETTINGS) {
        let inputs = INPUTS.map(|value| value + 1).to_vec();
        let attempt = Attempt::of(TraceProgram::new(&pair("pair", 16), 2, setting.layout).unwrap(), setting.sides, inputs);
        let other = proven.forge.prove(&attempt, Departure::default());
        proven.verify(&other).unwrap();
        // Two statements that name nothing are the same statement, whatever the traces hold.
        let same = proven.file.header == other.header;
        assert_eq!(same, setting.sides == [Named::Hidden; SIDES]);
        for file in [
            ProofFile { header: proven.file.header.clone(), stark: other.stark.clone() },
            ProofFile { header: other.header, stark: proven.file.stark.clone() },
        ] {
            let verdict = proven.verify(&file);
            assert_eq!(verdict.err(), if same { None } else { Some(BROKEN_CONSTRAINT) });
        }
    }
}

#[test]
fn another_preset_is_rejected() {
    let model = pair("pair", 16);
    for setting in [SETTINGS[0], SETTINGS[3]] {
        let mut entries = entries_for(&model, &[1], &Preset::BY_DEFAULT, LayoutChoice::Only(setting.layout)).unwrap().as_slice().to_vec();
        // The fixed root is compared after all that is refused here, and the tree would take seconds.
        let onchain = *entries.iter().find(|entry| entry.preset == Preset::Onchain).unwrap();
        entries.push(Entry { preset: Preset::Starknet, ..onchain });
        let entries = Entries::new(entries).unwrap();
        let [inputs, outputs] = setting.sides.map(Named::visibility);
        for made in [Preset::Fast, Preset::Balanced] {
            let key = ProvingKey::new(&model, entries.clone(), (made, setting.mode()), 1).unwrap();
            let file = key.prove(&[vec![[1, 2], [3, 4]]], (inputs.clone(), outputs.clone()), &|_| ()).unwrap().file;
            verify(&file.to_bytes(), &entries.commitment()).unwrap();
            for preset in Preset::ALL.into_iter().filter(|preset| *preset != made) {
                let (inputs, outputs) = (file.header.inputs().clone(), file.header.outputs().clone());
                let header = Header::new(entries.clone(), (preset, 1), inputs, outputs, None).unwrap();
                let verdict = verify(&ProofFile { header, ..file.clone() }.to_bytes(), &entries.commitment());
                // Contracts know one layout only.
                let refused = match verdict {
                    Err(VerifyError::TraceWidth { .. }) => preset.is_for_contracts() && setting.layout != Layout::base(),
                    Err(VerifyError::Options { .. } | VerifyError::Length { .. }) => true,
                    _ => false,
                };
                assert!(refused, "{made} {preset}: {verdict:?}");
            }
        }
    }
}

#[test]
fn weaker_options_are_rejected() {
    let batching = BatchingMethod::Horner;
    for setting in SETTINGS {
        let mut proven = Proven::new(setting);
        let (queries, blowup) = if setting.mode().is_hiding() { (42, 4) } else { (84, 2) };
        let options = |queries, grinding, folding, remainder| {
            ProofOptions::new(queries, blowup, grinding, FieldExtension::Quadratic, folding, remainder, batching, batching)
        };
        let with = |extension, constraints, deep| ProofOptions::new(queries, blowup, 16, extension, 8, 255, constraints, deep);
        assert_eq!(options(queries, 16, 8, 255), Preset::Fast.options(setting.mode()));
        let weaker = [
            options(queries - 1, 16, 8, 255),
            options(1, 16, 8, 255),
            options(queries, 15, 8, 255),
            options(queries, 0, 8, 255),
            options(queries, 16, 4, 255),
            options(queries, 16, 8, 127),
            with(FieldExtension::None, batching, batching),
            with(FieldExtension::Quadratic, BatchingMethod::Linear, batching),
            with(FieldExtension::Quadratic, batching, BatchingMethod::Algebraic),
        ];
        // They are no columns' matter.
        for options in weaker.into_iter().filter(|_| !setting.is_wide()) {
            proven.forge.options = options.clone();
            let verdict = proven.forge.verdict(&proven.attempt, Departure::default());
            assert!(matches!(verdict, Err(VerifyError::Options { .. } | VerifyError::Length { .. })), "{options:?}: {verdict:?}");
        }
        // In the STARK, the preset's options come after its shape and the modulus: every bit of them is compared.
        let start = 4 + 2 + 1 + 8;
        for (byte, bit) in (start..start + 8).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            let mut file = proven.file.clone();
            file.stark[byte] ^= 1 << bit;
            assert!(matches!(proven.verify(&file), Err(VerifyError::Options { .. })), "{byte} {bit}");
        }
    }
}

#[test]
fn another_remainder_is_rejected() {
    for proven in Proven::all() {
        // After it come one byte for the partitions and eight for the nonce. Rows fold by 8 to coefficients of 16 bytes.
        let end = proven.file.stark.len() - 9;
        for byte in (end - proven.attempt.rows() / 8 * 16..end).step_by(56) {
            let mut file = proven.file.clone();
            file.stark[byte] ^= 1;
            assert_eq!(proven.verify(&file), Err(VerifyError::RemainderCommitment), "{byte}");
        }
        let mut file = proven.file.clone();
        file.stark[end] = 1;
        assert_eq!(proven.verify(&file), Err(VerifyError::Partitions { found: 1 }));
    }
}

#[test]
fn another_visibility_is_rejected() {
    let named = SETTINGS.into_iter().chain(NAMED.map(|sides| Setting { layout: Layout::base(), sides }));
    for setting in named {
        let proven = Proven::new(setting);
        // What an honest statement says that names its sides in another way.
        for sides in NAMED {
            let committed = |sides: [Named; SIDES]| sides.into_iter().filter(|side| *side == Named::Committed).count();
            let public = |sides: [Named; SIDES]| sides.into_iter().filter(|side| *side == Named::Public).count();
            if !setting.layout.has_room_for(committed(sides)) {
                continue;
            }
            let program = TraceProgram::new(&pair("pair", 16), 2, setting.layout).unwrap();
            let Attempt { inputs, outputs, mode, .. } = Attempt::of(program, sides, INPUTS.to_vec());
            let verdict = proven.claim(2, [inputs, outputs]);
            let what = format!("{setting:?} {sides:?}: {verdict:?}");
            match verdict {
                Ok(statement) => assert!(sides == setting.sides && statement.mode == mode, "{what}"),
                Err(VerifyError::TraceWidth { .. }) => assert_ne!(committed(sides), committed(setting.sides), "{what}"),
                // A plain proof that claims to hide, or a hiding one that claims to be plain. Those with twice the queries are longer.
                Err(VerifyError::Length { .. }) => assert!(mode == Mode::Hiding && setting.mode() == Mode::Plain, "{what}"),
                Err(VerifyError::AuxiliaryWidth { expected, found }) => {
                    assert!(mode != setting.mode() && expected.abs_diff(found) == MASKS_WIDTH, "{what}");
                }
                Err(VerifyError::ConstraintCount { .. }) => assert_ne!(public(sides), public(setting.sides), "{what}"),
                Err(error) => assert!(error == BROKEN_CONSTRAINT && public(sides) == public(setting.sides), "{what}"),
            }
        }
    }
}

#[test]
fn a_prover_in_the_other_mode_than_its_statement_is_rejected() {
    // With sponges, the width of the trace would say so.
    let both = |setting: &Setting| !setting.commits() && setting.layout.can_hide();
    for setting in SETTINGS.into_iter().filter(both) {
        let proven = Proven::new(setting);
        let (mode, other) = match setting.mode() {
            Mode::Plain => (Mode::Plain, [Named::Hidden, Named::Public]),
            Mode::Hiding => (Mode::Hiding, [Named::Public; SIDES]),
        };
        // The trace and the prover are the setting's, and all that is absorbed is the other statement's.
        let program = || TraceProgram::new(&pair("pair", 16), 2, setting.layout).unwrap();
        let Attempt { inputs, outputs, .. } = Attempt::of(program(), other, INPUTS.to_vec());
        let attempt = with_sides(&proven.attempt, [inputs, outputs]);
        assert_ne!(proven.forge.header(&attempt).mode(), mode);
        let found = attempt.air().trace_info().aux_segment_width();
        let expected = setting.layout.auxiliary_width() + if mode.is_hiding() { 0 } else { MASKS_WIDTH };
        let verdict = |forge: &Forge| forge.verdict(&attempt, Departure::default());
        let error = Err(VerifyError::AuxiliaryWidth { expected, found });
        if mode.is_hiding() {
            assert_eq!(verdict(&proven.forge), error);
        } else {
            // It opens twice the positions.
            assert!(matches!(verdict(&proven.forge), Err(VerifyError::Length { .. })));
            // With the options and the tree of the other mode, which have no room for the constraints of a hiding prover.
            assert_eq!(verdict(&Forge::new(&attempt.program, Fixed::new(&attempt.program), mode_of(other), &[])), error);
        }
    }
}

// WRAP-AROUND
// ================================================================================================

/// The violations of an attempt whose uses of tables were counted again.
fn violations(mut attempt: Attempt) -> Vec<Violation> {
    recount(&mut attempt);
    let random = attempt.random(9);
    attempt.violations(&attempt.auxiliary(&random), &random)
}

/// A unit that rescales, with the row of the output that takes its value.
pub(super) fn rescaling(attempt: &Attempt, output: usize) -> (usize, usize) {
    let cell = attempt.program.builder.outputs[output];
    let program = &attempt.program;
    let writes = |slot: &Slot| program.operation(*slot).is_some_and(|operation| operation.target == cell);
    (0..attempt.rows()).find_map(|row| Some((row, program.row(row).units.iter().position(writes)?))).unwrap()
}

#[test]
fn a_value_that_a_remainder_makes_up_for_leaves_the_remainders_range() {
    let all = Proven::all();
    for (case, shift) in [1i64, -1, 50, -50, 1 << 30, -(1 << 30)].into_iter().enumerate() {
        let proven = &all[case % all.len()];
        let (attempt, layout) = (&proven.attempt, proven.attempt.layout());
        let (row, unit) = rescaling(attempt, 0);
        let low_limb = |number: usize| number_columns(layout, unit, number).start;
        let scale = attempt.main[layout[UNIT_SCALE].at(unit)][row];
        assert_eq!((scale.as_int(), attempt.main[layout[UNIT_SIDE].at(unit)][row]), (4, Goldilocks::ZERO));
        // y + k and r - 4 k have the accumulator of y and r; the output follows.
        let mut forged = attempt.clone().with_other_output(0, shift as i32);
        forged.main[layout[UNIT_VALUE].at(unit)][row] += signed_element(shift);
        forged.main[low_limb(REMAINDER)][row] -= scale * signed_element(shift);
        forged.main[low_limb(DISTANCE)][row] += signed_element(shift);
        assert_eq!(violations(forged.clone()), attempt.unbalanced(), "{shift}");
        recount(&mut forged);
        assert_eq!(proven.forge.verdict(&forged, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}

#[test]
fn an_accumulator_that_is_larger_by_the_modulus_leaves_the_excess_range() {
    for (proven, end) in Proven::all().iter().flat_map(|proven| ["hi", "lo"].map(|end| (proven, end))) {
        let (attempt, layout) = (&proven.attempt, proven.attempt.layout());
        let (row, unit) = rescaling(attempt, 0);
        let at = |column: Role| attempt.main[layout[column].at(unit)][row];
        let low_limb = |number: usize| number_columns(layout, unit, number).start;
        let (scale, value) = (at(UNIT_SCALE).as_int(), at(UNIT_VALUE).as_int());
        let limb_bits = layout.limb_bits(attempt.rows());
        // The accumulator, with p added or taken away, saturates at the other values.
        let remainder = attempt.main[low_limb(REMAINDER)][row].as_int();
        let accumulator = i128::from(scale * value + remainder);
        let (wrapped, side, target) = match end {
            "hi" => (accumulator + i128::from(Goldilocks::MODULUS), 1, at(UNIT_HI)),
            _ => (accumulator - i128::from(Goldilocks::MODULUS), -1, at(UNIT_BASE)),
        };
        let (q, rest) = (wrapped.div_euclid(scale.into()), wrapped.rem_euclid(scale.into()));
        let excess = u64::try_from((q - centered(target)).abs()).unwrap();
        let by = centered(target) as i32 - attempt.values()[1][0];
        let mut forged = attempt.clone().with_other_output(0, by);
        forged.main[low_limb(REMAINDER)][row] = Goldilocks::new(rest as u64);
        let (limbs, mut left) = (number_columns(layout, unit, EXCESS), excess);
        for limb in limbs.clone() {
            // The last limb takes all that is left.
            let taken = if limb + 1 == limbs.end { left } else { left & ((1 << limb_bits) - 1) };
            forged.main[limb][row] = Goldilocks::new(taken);
            left >>= limb_bits;
        }
        forged.main[layout[UNIT_SIDE].at(unit)][row] = signed_element(side);
        forged.main[layout[UNIT_VALUE].at(unit)][row] = target;
        forged.main[low_limb(DISTANCE)][row] = target - at(UNIT_BASE);
        assert_eq!(violations(forged.clone()), attempt.unbalanced(), "{end}");
        recount(&mut forged);
        assert_eq!(proven.forge.verdict(&forged, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}

/// A model that gives its inputs in another order.
fn reverse(range: Interval) -> Model {
    let mut builder = ModelBuilder::new("reverse");
    let x = builder.input("x", Shape::new(&[3]).unwrap(), 0, range).unwrap();
    let reverse = Move { shape: Shape::new(&[3]).unwrap(), indices: vec![2, 1, 0], constants: vec![] };
    let y = builder.node("y", Primitive::Move(reverse), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn an_input_beyond_its_range_is_rejected_even_when_it_is_not_named() {
    let range = Interval::of_bits(8);
    let beyond = |setting: Setting| if setting.is_wide() { [1000, -129] } else { [128, -1000] };
    for (setting, x) in SETTINGS.into_iter().flat_map(|setting| beyond(setting).map(|x| (setting, x))) {
        let program = |range| TraceProgram::new(&reverse(range), 1, setting.layout).unwrap();
        let honest = program(range);
        let [low, high] = [0, 1].map(|limb| setting.layout[INPUT_LIMB].at(limb));
        // The trace of a model that takes more, with the fixed columns of the one that does not.
        let mut attempt = Attempt::of(program(Interval::of_bits(12)), setting.sides, vec![1, x, -3]);
        attempt.main[setting.layout.fixed()].clone_from_slice(&fixed_columns(&honest));
        for (row, value) in [1, x, -3].into_iter().enumerate() {
            let above = i64::from(value) - range.lo;
            // A negative distance has limbs modulo p.
            attempt.main[low][row] = signed_element(above);
            attempt.main[high][row] = Goldilocks::ZERO;
        }
        assert_eq!(violations(attempt.clone()), attempt.unbalanced(), "{x}");
        // With limbs in their range, they are not the input's.
        attempt.main[low][1] = Goldilocks::ZERO;
        assert_eq!(violations(attempt.clone()), [Violation { constraint: "input range", part: 0, row: 1 }], "{x}");
        recount(&mut attempt);
        let forge = Forge::new(&honest, Fixed::new(&honest), attempt.mode, &[]);
        assert_eq!(forge.verdict(&attempt, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}
