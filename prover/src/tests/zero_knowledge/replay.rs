//! Production proofs with a coin and masks that a test chooses, and all that is opened in them.

use std::sync::{Arc, Mutex};

use maat_runtime::Model;
use maat_verifier::air::sponge::PERIOD;
use maat_verifier::air::{InSeed, ModelAir, PublicInputs, trace_info};
use maat_verifier::layout::*;
use maat_verifier::{
    Digest, Goldilocks, Mode, Preset, Salt, SideOpening, SplitHasher, SplitTree, TreeHasher, ValueDigest, Values, signed_element,
};
use winterfell::crypto::{Hasher, RandomCoin};
use winterfell::math::{ExtensionOf, FieldElement, fft};
use winterfell::matrix::ColMatrix;
use winterfell::{Air, AuxRandElements, CompositionPoly, EvaluationFrame, Proof, ProofOptions, Prover, TraceInfo};

use super::super::forger::{Depart, Forger};
use super::super::other_air::{Frames, OfModels, OtherAir, OtherProver, Variation};
use super::coin::Drawn;
use super::points::Points;
use crate::extension::{Extension, Fixed};
use crate::masks::Masks;
use crate::program::TraceProgram;
use crate::random;
use crate::sponge;
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::witness::Witness;

/// Uniform elements that a seed gives, as [`Masks::fresh`] draws them.
pub(super) fn stream(seed: u64) -> impl Iterator<Item = Goldilocks> {
    random::elements(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof())
}

// RANDOMNESS
// ================================================================================================

/// All random elements of a hiding proof.
#[derive(Clone)]
pub(super) struct Randomness<E> {
    /// The mask rows of the columns over the base field that are not fixed.
    pub(super) main: Vec<Vec<Goldilocks>>,
    /// Those of the auxiliary columns.
    pub(super) auxiliary: Vec<Vec<E>>,
    /// `R_0`, `R_1` and `S`, row by row.
    pub(super) columns: [Vec<E>; MASKS_WIDTH],
}

impl<E: FieldElement<BaseField = Goldilocks>> Randomness<E> {
    /// What a seed gives for this many columns of either segment, without `R_0`, `R_1` and `S`, and rows.
    pub(super) fn draw([main, auxiliary]: [usize; 2], rows: usize, seed: u64) -> Self {
        let mut stream = stream(seed);
        let mut extended = |count: usize| -> Vec<E> {
            let parts: Vec<_> = stream.by_ref().take(count * E::EXTENSION_DEGREE).collect();
            E::slice_from_base_elements(&parts).to_vec()
        };
        let auxiliary = (0..auxiliary).map(|_| extended(MASK_ROWS - 1)).collect();
        let columns = std::array::from_fn(|_| extended(rows));
        let main = (0..main).map(|_| stream.by_ref().take(MASK_ROWS - 1).collect()).collect();
        Self { main, auxiliary, columns }
    }

    /// The masks that give these elements, in the order in which a proof takes them.
    fn masks(&self) -> Masks {
        let extended = self.auxiliary.iter().chain(&self.columns).flat_map(|column| E::slice_as_base_elements(column));
        let elements: Vec<_> = self.main.iter().flatten().chain(extended).copied().collect();
        Masks::of(elements.into_iter())
    }
}

// SETTING
// ================================================================================================

/// What all proofs of one statement share.
pub(super) struct Setting<H: Hasher> {
    pub(super) program: TraceProgram,
    pub(super) fixed: Fixed,
    extension: Arc<Extension<H>>,
    options: ProofOptions,
    pub(super) public_inputs: PublicInputs,
    /// Those of the committed sides.
    salts: [Option<Salt>; SIDES],
    /// Whether cells of a committed side that nothing binds hold something of the witness, so that its sponge differs from that of another
    /// witness with the same digest.
    pub(super) fills_free_cells: bool,
}

/// The columns of a proof.
#[derive(Clone)]
pub(super) struct Run<E> {
    pub(super) proof: Proof,
    /// The rows of the columns over the base field that are not fixed.
    pub(super) main: Vec<Vec<Goldilocks>>,
    /// The rows of the auxiliary columns, `R_0`, `R_1` and `S` with them.
    pub(super) auxiliary: Vec<Vec<E>>,
    /// The coefficients of the quotients.
    pub(super) quotients: Vec<Vec<E>>,
}

impl<H: TreeHasher + Send + Sync> Setting<H> {
    /// Proofs that a model gives these outputs for one hidden inference.
    pub(super) fn new(model: &Model, preset: Preset, outputs: Values) -> Self {
        let program = TraceProgram::new(model, 1, Layout::base()).unwrap();
        let fixed = Fixed::new(&program);
        let options = preset.options(Mode::Hiding);
        let extension = Arc::new(Extension::new(&fixed, options.blowup_factor()));
        let (n_inputs, n_outputs) = (program.n_inputs, program.n_outputs);
        let (layout, mode, inputs) = (program.layout, Mode::Hiding, Values::Hidden);
        let public_inputs =
            PublicInputs { statement: Vec::new(), layout, mode, inputs, outputs, n_inputs, n_outputs, in_seed: InSeed::Values };
        Self { program, fixed, extension, options, public_inputs, salts: [const { None }; SIDES], fills_free_cells: false }
    }

    /// The same, but the outputs are bound by a digest.
    pub(super) fn with_committed_outputs(model: &Model, preset: Preset, opening: SideOpening) -> Self {
        Self { salts: [None, Some(opening.salt.clone())], ..Self::new(model, preset, Values::Committed(opening.digest())) }
    }

    /// Another statement, for which the coin draws other challenges.
    pub(super) fn seed(&mut self, seed: u64) {
        self.public_inputs.statement = vec![Goldilocks::new(seed)];
    }

    pub(super) fn rows(&self) -> usize {
        self.program.rows
    }

    fn info(&self) -> TraceInfo {
        trace_info(self.rows(), &self.public_inputs)
    }

    pub(super) fn air(&self) -> ModelAir {
        ModelAir::new(self.info(), self.public_inputs.clone(), self.options.clone())
    }

    /// What a coin draws for the statement.
    pub(super) fn drawn<E: FieldElement<BaseField = Goldilocks>, C: RandomCoin<BaseField = Goldilocks>>(&self) -> Drawn<E> {
        Drawn::new::<ModelAir, C>(&self.air(), &self.public_inputs)
    }

    /// Where a proof with these challenges opens its columns.
    pub(super) fn points<E: FieldElement<BaseField = Goldilocks>>(&self, drawn: &Drawn<E>) -> Points<E> {
        Points::new(self.rows(), self.options.blowup_factor(), &drawn.positions, drawn.z)
    }

    /// The columns over the base field that are not fixed, without masks: as [`crate::ProvingKey`] makes them.
    pub(super) fn witness(&self, inputs: &[i32]) -> Vec<Vec<Goldilocks>> {
        let witness = Witness::new(&self.program, inputs, Mode::Hiding, self.salts.each_ref().map(Option::as_ref));
        if let Some(outputs) = self.public_inputs.outputs.as_public() {
            assert_eq!(witness.outputs, outputs);
        }
        let mut columns = witness.columns;
        for sponge in self.public_inputs.sponges() {
            let used = PERIOD * ValueDigest::blocks(sponge.values);
            if self.fills_free_cells {
                columns[sponge.message.start][used..].fill(signed_element(inputs[0].into()));
            }
            let hashed = &columns[sponge.message.start];
            columns.extend(sponge::columns(hashed, used));
        }
        columns
    }

    /// The queried position with these values of the fixed columns.
    pub(super) fn position_of(&self, fixed: &[Goldilocks]) -> usize {
        (0..self.rows() * self.options.blowup_factor()).find(|position| self.extension.rows.row(*position) == fixed).unwrap()
    }

    /// The main segment with these columns that are not fixed.
    pub(super) fn main_segment(&self, mut columns: Vec<Vec<Goldilocks>>) -> Vec<Vec<Goldilocks>> {
        let fixed = self.public_inputs.layout.fixed().start;
        columns.splice(fixed..fixed, self.fixed.columns.iter().cloned());
        columns
    }

    /// Randomness for the columns of a witness.
    pub(super) fn randomness<E: FieldElement<BaseField = Goldilocks>>(&self, seed: u64) -> Randomness<E> {
        let layout = self.public_inputs.layout;
        let main = layout.main_width(self.public_inputs.sponges().count()) - layout.fixed_width();
        Randomness::draw([main, layout.auxiliary_width()], self.rows(), seed)
    }

    /// The proof for a witness with chosen randomness, by winterfell's own loop: [`crate::ProvingKey`] does the same with fresh masks.
    pub(super) fn prove<A, E, C>(&self, witness: &[Vec<Goldilocks>], randomness: &Randomness<E>) -> Run<E>
    where
        A: OfModels,
        E: FieldElement<BaseField = Goldilocks>,
        C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
    {
        self.prove_with::<A, E, C>(witness, randomness.masks())
    }

    /// The same, with any masks.
    pub(super) fn prove_with<A, E, C>(&self, witness: &[Vec<Goldilocks>], masks: Masks) -> Run<E>
    where
        A: OfModels,
        E: FieldElement<BaseField = Goldilocks>,
        C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
    {
        let mut main = witness.to_vec();
        masks.fill(&mut main);
        let clock = Clock::new(&|_| ());
        let honest = StarkProver {
            fixed: &self.fixed.columns,
            extension: self.extension.clone(),
            options: self.options.clone(),
            public_inputs: self.public_inputs.clone(),
            masks: Some(masks),
            clock: &clock,
        };
        let honest = OtherProver::<H, A, C>::new(honest, self.public_inputs.clone().into());
        let replay = Forger { honest, departure: Recorder::default() };
        let proof = replay.prove(MainTrace::new(self.info(), self.main_segment(main.clone()))).unwrap();
        let Seen { auxiliary, quotients } = replay.departure.0.into_inner().unwrap();
        let extended = |columns: Vec<Vec<Goldilocks>>| columns.iter().map(|column| E::slice_from_base_elements(column).to_vec()).collect();
        Run { proof, main, auxiliary: extended(auxiliary), quotients: extended(quotients) }
    }

    /// Whether a verifier with this coin accepts a proof.
    pub(super) fn accepts<A, C>(&self, proof: &Proof) -> bool
    where
        A: OfModels,
        C: RandomCoin<BaseField = Goldilocks, Hasher = SplitHasher<H>>,
    {
        let acceptable = winterfell::AcceptableOptions::OptionSet(vec![self.options.clone()]);
        winter_verifier::verify::<A, SplitHasher<H>, C, SplitTree<H>>(proof.clone(), self.public_inputs.clone().into(), &acceptable).is_ok()
    }

    /// All that is opened in a proof.
    pub(super) fn opened<E: FieldElement<BaseField = Goldilocks>>(&self, proof: &Proof) -> Opened<E> {
        let (proof, info, air) = (proof.clone(), self.info(), self.air());
        let (domain, queries, columns) =
            (air.lde_domain_size(), usize::from(proof.num_unique_queries), air.context().num_constraint_composition_columns());
        let [main, auxiliary] = proof.trace_queries.try_into().map_err(|_| "two segments").unwrap();
        let (_, main) = main.parse::<Goldilocks, SplitHasher<H>, SplitTree<H>>(domain, queries, info.main_trace_width()).unwrap();
        let (_, auxiliary) = auxiliary.parse::<E, SplitHasher<H>, SplitTree<H>>(domain, queries, info.aux_segment_width()).unwrap();
        let (_, quotients) = proof.constraint_queries.parse::<E, SplitHasher<H>, SplitTree<H>>(domain, queries, columns).unwrap();
        let (trace, at_z) = proof.ood_frame.parse::<E>(info.main_trace_width(), info.aux_segment_width(), columns).unwrap();
        let folding = air.options().to_fri_options().folding_factor();
        let remainder = proof.fri_proof.parse_remainder().unwrap();
        let (layers, _) = proof.fri_proof.parse_layers::<E, SplitHasher<H>, SplitTree<H>>(domain, folding).unwrap();
        Opened {
            main: main.rows().map(<[_]>::to_vec).collect(),
            auxiliary: auxiliary.rows().map(<[_]>::to_vec).collect(),
            quotients: quotients.rows().map(<[_]>::to_vec).collect(),
            trace_frame: [trace.current_row().to_vec(), trace.next_row().to_vec()],
            quotient_frame: [at_z.current_row().to_vec(), at_z.next_row().to_vec()],
            layers,
            remainder,
        }
    }

    /// The sum of all columns, with their coefficients in what the low-degree test is about.
    pub(super) fn joined<E: FieldElement<BaseField = Goldilocks>>(&self, run: &Run<E>, drawn: &Drawn<E>) -> Vec<E> {
        let main = self.main_segment(run.main.clone());
        let mut rows = vec![E::ZERO; self.rows()];
        for (column, coefficient) in main.iter().zip(&drawn.deep) {
            rows.iter_mut().zip(column).for_each(|(sum, value)| *sum += coefficient.mul_base(*value));
        }
        for (column, coefficient) in run.auxiliary.iter().zip(&drawn.deep[main.len()..]) {
            rows.iter_mut().zip(column).for_each(|(sum, value)| *sum += *coefficient * *value);
        }
        let mut sum = interpolate(&rows);
        for (quotient, coefficient) in run.quotients.iter().zip(&drawn.deep[main.len() + run.auxiliary.len()..]) {
            sum.iter_mut().zip(quotient).for_each(|(sum, value)| *sum += *coefficient * *value);
        }
        sum
    }

    /// The coefficient of an auxiliary column in that sum.
    pub(super) fn joined_with<E: FieldElement<BaseField = Goldilocks>>(&self, column: Role, drawn: &Drawn<E>) -> E {
        drawn.deep[self.info().main_trace_width() + self.public_inputs.layout[column].start]
    }
}

/// The coefficients of a column.
pub(super) fn interpolate<E: FieldElement<BaseField = Goldilocks>>(rows: &[E]) -> Vec<E> {
    let mut column = rows.to_vec();
    fft::interpolate_poly(&mut column, &fft::get_inv_twiddles::<Goldilocks>(rows.len()));
    column
}

/// The rows of a column with these coefficients.
pub(super) fn rows_of<E: FieldElement<BaseField = Goldilocks>>(polynomial: &[E]) -> Vec<E> {
    let mut column = polynomial.to_vec();
    fft::evaluate_poly(&mut column, &fft::get_twiddles::<Goldilocks>(polynomial.len()));
    column
}

// OPENINGS
// ================================================================================================

/// All field elements of a proof: everything but digests, nonce and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened<E> {
    /// The rows of the main segment at the queried positions.
    pub(super) main: Vec<Vec<Goldilocks>>,
    /// Those of the auxiliary segment.
    pub(super) auxiliary: Vec<Vec<E>>,
    /// Those of the quotients.
    pub(super) quotients: Vec<Vec<E>>,
    /// The columns of both segments at `z` and at `g z`.
    pub(super) trace_frame: [Vec<E>; 2],
    /// The quotients there.
    pub(super) quotient_frame: [Vec<E>; 2],
    /// The layers of the low-degree test where they are opened.
    pub(super) layers: Vec<Vec<E>>,
    /// The coefficients that are left of it.
    pub(super) remainder: Vec<E>,
}

impl<E: FieldElement<BaseField = Goldilocks>> Opened<E> {
    /// A column of the main segment at all points.
    pub(super) fn of_main(&self, column: usize) -> Vec<E> {
        self.main.iter().map(|row| E::from(row[column])).chain(self.trace_frame.iter().map(|row| row[column])).collect()
    }

    /// An auxiliary column at all points.
    pub(super) fn of_auxiliary(&self, column: usize) -> Vec<E> {
        let first = self.main[0].len();
        self.auxiliary.iter().map(|row| row[column]).chain(self.trace_frame.iter().map(|row| row[first + column])).collect()
    }

    /// A quotient at all points.
    pub(super) fn of_quotient(&self, column: usize) -> Vec<E> {
        self.quotients.iter().map(|row| row[column]).chain(self.quotient_frame.iter().map(|row| row[column])).collect()
    }
}

// PROVER
// ================================================================================================

/// The columns that pass by, as elements of the base field.
#[derive(Default)]
struct Seen {
    auxiliary: Vec<Vec<Goldilocks>>,
    quotients: Vec<Vec<Goldilocks>>,
}

/// Departs nowhere, and keeps what it sees.
#[derive(Default)]
struct Recorder(Mutex<Seen>);

fn in_base<E: FieldElement<BaseField = Goldilocks>>(columns: &ColMatrix<E>) -> Vec<Vec<Goldilocks>> {
    columns.columns().map(|column| E::slice_as_base_elements(column).to_vec()).collect()
}

impl<P: Prover<BaseField = Goldilocks>> Depart<P> for Recorder {
    fn auxiliary<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        prover: &P,
        trace: &P::Trace,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        let columns = prover.build_aux_trace(trace, random);
        self.0.lock().unwrap().auxiliary = in_base(&columns);
        columns
    }

    fn see<E: FieldElement<BaseField = Goldilocks>>(&self, quotients: &CompositionPoly<E>) {
        self.0.lock().unwrap().quotients = in_base(quotients.data());
    }
}

/// The current row in place of the next one in the constraints that say nothing.
#[derive(Clone, Copy, Default)]
pub(super) struct InCurrentRow;

/// The AIR with that variation.
pub(super) type CurrentRow = OtherAir<InCurrentRow>;

impl Variation for InCurrentRow {
    fn evaluate<F, E>(self, honest: &ModelAir, frames: Frames<F, E>, random: &AuxRandElements<E>, result: &mut [E])
    where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
    {
        let current = frames.auxiliary.current().to_vec();
        let mut next = frames.auxiliary.next().to_vec();
        for column in [FIRST_CUT, SECOND_CUT].map(|column| frames.layout[column].start) {
            next[column] = current[column];
        }
        let auxiliary = EvaluationFrame::from_rows(current, next);
        honest.evaluate_aux_transition(frames.main, &auxiliary, frames.periodic, random, result);
    }
}

/// The roots of a proof's trees: of the two segments, of the quotients, and of the low-degree test's layers.
pub(super) fn roots<H: TreeHasher, A: Air>(proof: &Proof, air: &A) -> (Vec<Digest>, Digest, Vec<Digest>) {
    let layers = air.options().to_fri_options().num_fri_layers(air.lde_domain_size());
    proof.commitments.clone().parse::<SplitHasher<H>>(2, layers).unwrap()
}
