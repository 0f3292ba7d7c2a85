//! A prover that follows the protocol, but for a main segment, a statement or an auxiliary cell that is not the honest one.
//!
//! Winterfell proves whatever it is given unless its debug assertions are on, and the workspace turns them off. So the verifier must object.

use std::sync::Arc;

use maat_runtime::Model;
use maat_verifier::Goldilocks;
use maat_verifier::air::{PublicInputs, trace_info};
use maat_verifier::layout::{FIXED_WIDTH, OUTPUT_VALUE};
use maat_verifier::{
    Entries, Entry, Header, ModelCommitment, Preset, ProofFile, Salt, SplitHasher, Statement, Values, VerifyError, public_inputs, verify,
};
use winter_fri::VerifierError as FriError;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{AuxRandElements, Proof, ProofOptions, Prover, TracePolyTable};

use super::forger::{Depart, Forger, with_changed_cell};
use super::low_degree::{Lie, assert_lies_are_found, of_queries};
use super::{Attempt, Extended, models};
use crate::extension::{Extension, Fixed};
use crate::program::TraceProgram;
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::witness::Witness;

type Blake3 = Blake3_256<Goldilocks>;

/// A model, ready for proofs with the preset `fast`.
pub(super) struct Forge {
    fixed: Fixed,
    extension: Arc<Extension<Blake3>>,
    pub(super) entries: Entries,
    pub(super) entry: Entry,
    /// The parameters of proofs: the preset's, if the forger is honest about them.
    pub(super) options: ProofOptions,
}

/// Where a forged proof departs from the honest one; all else follows the protocol.
#[derive(Clone, Copy, Default)]
pub(super) struct Departure {
    /// Column and row of a changed cell of the auxiliary segment.
    pub(super) auxiliary: Option<(usize, usize)>,
    /// Column and row of a cell of the main segment that differs in the polynomials, not in what was committed to before.
    pub(super) fixed: Option<(usize, usize)>,
    /// Whether inputs and outputs have a tree of their own, if it is not the statement that says so.
    pub(super) trees: Option<bool>,
    /// What is told once the trace is committed to, if winterfell is not to do the rest.
    pub(super) lie: Option<Lie>,
}

impl Forge {
    /// `batches` are those that the model's commitment lists besides the attempt's.
    pub(super) fn new(program: &TraceProgram, fixed: Fixed, batches: &[&TraceProgram]) -> Self {
        let preset = Preset::Fast;
        let blowup = preset.options().blowup_factor();
        let extension = Arc::new(Extension::new(&fixed, blowup));
        let entry = |program: &TraceProgram, fixed_root| Entry {
            preset,
            batch: program.batch as u32,
            rows: program.rows as u32,
            inputs: (program.n_inputs / program.batch) as u32,
            outputs: (program.n_outputs / program.batch) as u32,
            fixed_root,
        };
        let others = batches.iter().map(|other| entry(other, Fixed::new(other).root::<Blake3>(blowup)));
        let entry = entry(program, extension.root());
        let entries = Entries::new(others.chain([entry]).collect()).unwrap();
        Self { fixed, extension, entries, entry, options: preset.options() }
    }

    pub(super) fn of(attempt: &Attempt) -> Self {
        Self::new(&attempt.program, Fixed::new(&attempt.program), &[])
    }

    pub(super) fn commitment(&self) -> ModelCommitment {
        self.entries.commitment()
    }

    /// What a statement names: the attempt's values.
    pub(super) fn claim(attempt: &Attempt) -> [Values; 2] {
        [&attempt.inputs, &attempt.outputs].map(|values| values.clone().map_or(Values::Committed, Values::Public))
    }

    /// The proof file of an attempt.
    pub(super) fn prove(&self, attempt: &Attempt, departure: Departure) -> ProofFile {
        let [inputs, outputs] = Self::claim(attempt);
        let committed = inputs.is_committed() || outputs.is_committed();
        let public_inputs = public_inputs(&self.commitment(), &self.entry, &inputs, &outputs);
        let (proof, io) = match departure.trees.unwrap_or(committed) {
            false => self.stark::<false>(attempt, public_inputs, departure),
            true => self.stark::<true>(attempt, public_inputs, departure),
        };
        let choice = (self.entry.preset, self.entry.batch);
        let header = Header::new(self.entries.clone(), choice, inputs, outputs, committed.then_some(io)).unwrap();
        ProofFile { header, stark: proof.to_bytes() }
    }

    /// The verifier's word on an attempt.
    pub(super) fn verdict(&self, attempt: &Attempt, departure: Departure) -> Result<Statement, VerifyError> {
        verify(&self.prove(attempt, departure).to_bytes(), &self.commitment())
    }

    fn stark<const IO: bool>(&self, attempt: &Attempt, public_inputs: PublicInputs, departure: Departure) -> (Proof, [u8; 32]) {
        let clock = Clock::new(&|_| ());
        let options = self.options.clone();
        let honest = StarkProver::<Blake3, IO> {
            fixed: &self.fixed,
            extension: self.extension.clone(),
            options: options.clone(),
            public_inputs,
            clock: &clock,
        };
        let forger = Forger { honest, departure };
        let trace = MainTrace::new(trace_info(attempt.main[0].len()), attempt.main.clone());
        let proof = forger.forge::<Extended>(trace, departure.lie);
        let layers = options.to_fri_options().num_fri_layers(proof.lde_domain_size());
        let segments = proof.trace_info().num_segments();
        let (trace, _, _) = proof.commitments.clone().parse::<SplitHasher<Blake3, IO>>(segments, layers).unwrap();
        let io = trace[0].parts()[1];
        (proof, io)
    }
}

impl<const IO: bool> Depart<StarkProver<'_, Blake3, IO>> for Departure {
    fn polynomials<E>(&self, main: &ColMatrix<Goldilocks>, honest: TracePolyTable<E>) -> TracePolyTable<E>
    where
        E: FieldElement<BaseField = Goldilocks>,
    {
        self.fixed.map_or(honest, |cell| TracePolyTable::new(with_changed_cell(main, cell).interpolate_columns_into()))
    }

    fn auxiliary<E>(&self, prover: &StarkProver<Blake3, IO>, trace: &MainTrace<Goldilocks>, random: &AuxRandElements<E>) -> ColMatrix<E>
    where
        E: FieldElement<BaseField = Goldilocks>,
    {
        let honest = prover.build_aux_trace(trace, random);
        match self.auxiliary {
            Some(cell) => with_changed_cell(&honest, cell),
            None => honest,
        }
    }
}

/// The attempt with inputs and outputs that are committed to.
pub(super) fn committed(model: &Model, inputs: Vec<i32>, visible: [bool; 2]) -> Attempt {
    let mut attempt = Attempt::of(TraceProgram::new(model, 1).unwrap(), inputs);
    let witness = Witness::new(&attempt.program, attempt.inputs.as_deref().unwrap(), Some(&Salt::new([7; 32])));
    attempt.main.splice(FIXED_WIDTH.., witness.columns);
    attempt.inputs = attempt.inputs.filter(|_| visible[0]);
    attempt.outputs = attempt.outputs.filter(|_| visible[1]);
    attempt
}

#[test]
fn the_forger_without_a_departure_is_the_honest_prover() {
    let model = models::every_primitive();
    let attempt = Attempt::honest(&model, 1, 7);
    let statement = Forge::of(&attempt).verdict(&attempt, Departure::default()).unwrap();
    assert_eq!([statement.inputs, statement.outputs], Forge::claim(&attempt));
    for visible in [[false, true], [true, false], [false, false]] {
        let attempt = committed(&model, models::inputs(&model, 1, 7).concat().concat(), visible);
        let statement = Forge::of(&attempt).verdict(&attempt, Departure::default()).unwrap();
        assert_eq!(visible, [!statement.inputs.is_committed(), !statement.outputs.is_committed()]);
    }
}

#[test]
fn quotients_that_are_right_out_of_the_domain_alone_fail_the_low_degree_test() {
    let honest = Attempt::honest(&models::every_primitive(), 1, 7);
    let forge = Forge::of(&honest);
    let told = |attempt: &Attempt, lie: Lie| forge.verdict(attempt, Departure { lie: Some(lie), ..Departure::default() });
    assert_eq!(told(&honest, Lie::None).unwrap(), forge.verdict(&honest, Departure::default()).unwrap());
    // Another output, in the statement and in the trace.
    let mut forged = honest.clone();
    forged.main[OUTPUT_VALUE.start][0] += Goldilocks::ONE;
    forged.outputs.as_mut().unwrap()[0] += 1;
    assert_lies_are_found(told, &honest, &forged);
}

#[test]
fn another_remainder_that_is_committed_to_fails_the_low_degree_test() {
    let honest = Attempt::honest(&models::every_primitive(), 1, 7);
    let verdict = Forge::of(&honest).verdict(&honest, Departure { lie: Some(Lie::Remainder), ..Departure::default() });
    assert_eq!(verdict, of_queries(FriError::InvalidRemainderFolding));
}
