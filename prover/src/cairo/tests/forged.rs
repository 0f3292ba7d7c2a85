//! Provers that follow the protocol and depart from it in one place.
//!
//! | place | tests |
//! |---|---|
//! | a cell of the main segment, all that is counted in it counted again | the first section |
//! | the execution that the main segment is made of | the second section |
//! | the auxiliary segment, or the challenges that it is made for | the third section |
//! | the seed of the transcript, the parameters, the hash function, the remainder | the fourth section |
//!
//! Winterfell proves whatever it is given, unless its debug assertions are on, which the workspace turns off: so each of them has a proof, and
//! the verifier must object. A claim that is not the trace's is in [`super::statements`]; every cell, without proofs, in [`super::cells`].

use std::marker::PhantomData;

use maat_verifier::cairo::air::trace_info;
use maat_verifier::cairo::bus::Challenges;
use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{CairoAir, CairoProof, CairoStatement, Claim, HALT, PublicInputs, verify_any, verify_program};
use maat_verifier::{Blake2s256, Felt252, Hash, Preset, SplitTree, TreeDigest, VerifyError, WholeHasher};
use winter_verifier::VerifierError;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{DefaultRandomCoin, ElementHasher};
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{
    AuxRandElements, BatchingMethod, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients, DefaultConstraintEvaluator,
    FieldExtension, PartitionOptions, ProofOptions, Prover, Serializable, StarkDomain, Trace, TraceInfo, TracePolyTable,
};

use super::attempt::{Attempt, Violation};
use super::machine::*;
use super::programs::{large, outputs_and_checks};
use super::{Execution, Registers, Value, prove};
use crate::cairo::auxiliary::auxiliary_columns;
use crate::cairo::error::CairoProveError;
use crate::cairo::lde::{CairoTraceLde, QuotientCommitment};
use crate::cairo::stark::CairoProver;
use crate::cairo::witness::Witness;
use crate::stages::Clock;
use crate::trace::MainTrace;

// THE FORGER
// ================================================================================================

/// Where the auxiliary segment departs from the honest one.
#[derive(Clone, Copy)]
enum Auxiliary {
    Honest,
    /// One is added to the cell in this column and row.
    Cell(usize, usize),
    /// It is made for other challenges than were drawn.
    Challenges,
}

/// A trace that is to be proven, and the claim of the file that the proof goes to.
#[derive(Clone)]
pub(super) struct Forge {
    /// What the file claims.
    pub(super) claim: Claim,
    /// The main segment, and the claim as the prover takes it.
    pub(super) attempt: Attempt,
    options: ProofOptions,
    auxiliary: Auxiliary,
}

impl Forge {
    /// The honest prover's view of an execution, be it an honest one or not.
    pub(super) fn of(execution: &Execution, preset: Preset) -> Self {
        let Witness { claim, columns } = Witness::new(execution, preset).unwrap();
        let attempt = Attempt { main: columns, public_inputs: claim.public_inputs() };
        Self { claim, attempt, options: preset.cairo_options(), auxiliary: Auxiliary::Honest }
    }

    /// The honest execution of the test program.
    pub(super) fn honest() -> Self {
        Self::of(&honest_execution(), Preset::Fast)
    }

    /// The same trace, for another claim.
    pub(super) fn claiming(&self, claim: Claim) -> Self {
        let attempt = Attempt { public_inputs: claim.public_inputs(), ..self.attempt.clone() };
        Self { claim, attempt, ..self.clone() }
    }

    fn file_with<H>(&self) -> CairoProof
    where
        H: ElementHasher<BaseField = Felt252, Digest = TreeDigest> + Send + Sync,
    {
        let clock = Clock::new(&|_| ());
        let Attempt { main, public_inputs } = self.attempt.clone();
        let honest = CairoProver::<H> { options: self.options.clone(), public_inputs, clock: &clock, hasher: PhantomData };
        let trace = MainTrace::new(trace_info(main[0].len()), main);
        let proof = Forger { honest, auxiliary: self.auxiliary }.prove(trace).unwrap();
        CairoProof { claim: self.claim.clone(), stark: proof.to_bytes() }
    }

    /// The proof file.
    pub(super) fn file(&self) -> CairoProof {
        match self.claim.preset.hash() {
            Hash::Blake3 => self.file_with::<Blake3_256<Felt252>>(),
            Hash::Blake2s => self.file_with::<Blake2s256<Felt252>>(),
        }
    }

    /// The verifier's word on it.
    pub(super) fn verdict(&self) -> Result<CairoStatement, VerifyError> {
        verify_program(&self.file().to_bytes(), &self.claim.program)
    }
}

/// The forged prover: the honest one in all but the auxiliary segment.
struct Forger<'a, H> {
    honest: CairoProver<'a, H>,
    auxiliary: Auxiliary,
}

impl<H> Prover for Forger<'_, H>
where
    H: ElementHasher<BaseField = Felt252, Digest = TreeDigest> + Send + Sync,
{
    type BaseField = Felt252;
    type Air = CairoAir;
    type Trace = MainTrace<Felt252>;
    type HashFn = WholeHasher<H>;
    type VC = SplitTree<H>;
    type RandomCoin = DefaultRandomCoin<WholeHasher<H>>;
    type TraceLde<E: FieldElement<BaseField = Felt252>> = CairoTraceLde<E, H>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Felt252>> = DefaultConstraintEvaluator<'a, CairoAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Felt252>> = QuotientCommitment<E, H>;

    fn get_pub_inputs(&self, trace: &MainTrace<Felt252>) -> PublicInputs {
        self.honest.get_pub_inputs(trace)
    }

    fn options(&self) -> &ProofOptions {
        self.honest.options()
    }

    fn new_trace_lde<E: FieldElement<BaseField = Felt252>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<Felt252>,
        domain: &StarkDomain<Felt252>,
        partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        self.honest.new_trace_lde(info, main, domain, partitions)
    }

    fn build_aux_trace<E: FieldElement<BaseField = Felt252>>(
        &self,
        trace: &MainTrace<Felt252>,
        random: &AuxRandElements<E>,
    ) -> ColMatrix<E> {
        match self.auxiliary {
            Auxiliary::Honest => self.honest.build_aux_trace(trace, random),
            Auxiliary::Cell(column, row) => {
                let honest = self.honest.build_aux_trace(trace, random);
                let mut columns: Vec<_> = honest.columns().map(<[E]>::to_vec).collect();
                columns[column][row] += E::ONE;
                ColMatrix::new(columns)
            }
            Auxiliary::Challenges => {
                let drawn = Challenges::new(random.rand_elements());
                auxiliary_columns(trace.main_segment(), &Challenges { z: drawn.z + E::ONE, ..drawn })
            }
        }
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Felt252>>(
        &self,
        air: &'a CairoAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        self.honest.new_evaluator(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = Felt252>>(
        &self,
        composition: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<Felt252>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        self.honest.build_constraint_commitment(composition, columns, domain, partitions)
    }
}

/// What the verifier says of a trace that breaks a constraint, whichever: its quotients are no polynomials.
pub(super) const BROKEN_CONSTRAINT: VerifyError = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);

/// The execution that the tests begin with.
pub(super) fn honest_execution() -> Execution {
    Machine::new(&outputs_and_checks(Felt252::from(u128::MAX))).run()
}

#[test]
fn the_forger_without_a_departure_is_the_honest_prover() {
    for preset in Preset::ALL {
        let forge = Forge::of(&honest_execution(), preset);
        assert_eq!(forge.attempt.violations(), []);
        let honest = prove(&honest_execution(), preset, &|_| ()).unwrap().file;
        assert_eq!(honest.claim, forge.claim);
        assert_eq!(verify_any(&honest.to_bytes()), forge.verdict());
        assert_eq!(forge.verdict().unwrap().output, [felt(-5), felt(35), large()]);
    }
}

// CELLS OF THE MAIN SEGMENT
// ================================================================================================

/// The first row whose step satisfies a condition on a cell.
fn row_where(forge: &Forge, column: usize, condition: impl Fn(Felt252) -> bool) -> usize {
    forge.attempt.main[column].iter().position(|cell| condition(*cell)).unwrap()
}

#[test]
fn a_changed_cell_of_the_trace_is_rejected() {
    let honest = Forge::honest();
    let product = row_where(&honest, FLAG.at(6), |flag| flag == Felt252::ONE);
    let read = |lane: usize| row_where(&honest, CELL_READERS.at(lane), |readers| readers != Felt252::ZERO);
    let operands = [DST, OP0, OP1, RES, DST_RES, PC, AP, FP].map(|column| (column.start, product));
    let instruction = [(FLAG.at(0), product), (FLAG.at(14), product), (OFFSET.at(0), product), (OFFSET.at(2), product)];
    let memory = [(CELL.at(0), read(0)), (CELL.at(1), read(1)), (ROW.start, 20)];
    // The first value is 2^128 - 1, and the second one 35, whose lowest byte is in row 15.
    let tables = [(OFFSET_ENTRY.start, 20), (BYTE.at(0), 15), (BYTE.at(1), 0), (CHECKED.start, 5), (CHECKED.start, 15)];
    for (column, row) in [&operands[..], &instruction, &memory, &tables].concat() {
        for change in [Felt252::ONE, -Felt252::ONE, large()] {
            let mut forge = honest.clone();
            forge.attempt.main[column][row] += change;
            forge.attempt.recount();
            assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "column {column}, row {row}, {change}");
        }
    }
}

#[test]
fn a_changed_number_of_uses_is_rejected() {
    let honest = Forge::honest();
    for column in [CELL_READERS.at(0), CELL_READERS.at(1), OFFSET_USES.start, BYTE_USES.start, CHECKED_READERS.start] {
        let row = row_where(&honest, column, |uses| uses != Felt252::ZERO);
        for uses in [Felt252::ZERO, -honest.attempt.main[column][row]] {
            let mut forge = honest.clone();
            forge.attempt.main[column][row] = uses;
            let bus: Violation = ("BUS", forge.attempt.last_row());
            assert_eq!(forge.attempt.violations(), [bus], "column {column}, row {row}");
            assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "column {column}, row {row}");
        }
    }
}

/// The word of an instruction is a sum that says nothing if its parts are out of their ranges.
#[test]
fn other_parts_of_the_same_instruction_are_rejected() {
    let honest = Forge::honest();
    let at = |forge: &Forge, column: usize, row: usize| forge.attempt.main[column][row];
    let add = |forge: &mut Forge, column: usize, row: usize, number: i64| forge.attempt.main[column][row] += felt(number);
    let row = row_where(&honest, FLAG.at(6), |flag| flag == Felt252::ONE);
    let (low, high) = (row_where(&honest, FLAG.at(0), |flag| flag == Felt252::ONE), 1 << 16);
    let changes: [(&str, usize, &dyn Fn(&mut Forge)); 3] = [
        ("a flag moves to the one below, twice", row, &|forge| (add(forge, FLAG.at(6), row, -1), add(forge, FLAG.at(5), row, 2)).0),
        ("a flag moves to the last offset", low, &|forge| (add(forge, FLAG.at(0), low, -1), add(forge, OFFSET.at(2), low, high)).0),
        ("an offset moves to the one below", row, &|forge| (add(forge, OFFSET.at(1), row, -1), add(forge, OFFSET.at(0), row, high)).0),
    ];
    for (what, row, change) in changes {
        let mut forge = honest.clone();
        change(&mut forge);
        assert_ne!(at(&forge, OFFSET.at(0), row) + at(&forge, FLAG.at(0), row), Felt252::ZERO);
        forge.attempt.recount();
        assert_eq!(forge.verdict(), Err(BROKEN_CONSTRAINT), "{what}");
    }
}
