//! A prover that follows the protocol, but for a main segment, a statement or an auxiliary cell that is not the honest one.
//!
//! Winterfell proves whatever it is given unless its debug assertions are on, and the workspace turns them off. So the verifier must object.

use std::sync::Arc;

use maat_verifier::air::{PublicInputs, trace_info};
use maat_verifier::layout::Layout;
use maat_verifier::{Entries, Entry, Goldilocks, Hash, Header, Mode, ModelCommitment, Preset, ProofFile, Statement, VerifyError, verify};
use winter_fri::VerifierError as FriError;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{AuxRandElements, Proof, ProofOptions, Prover, TracePolyTable};

use super::forger::{Depart, Forger, with_changed_cell};
use super::low_degree::{Lie, assert_lies_are_found, of_queries};
use super::{Attempt, Extended, NAMED, OF_AUXILIARY, SETTINGS, Setting, masks, models};
use crate::extension::{Extension, Fixed};
use crate::program::TraceProgram;
use crate::stages::Clock;
use crate::stark::StarkProver;
use crate::trace::MainTrace;

pub(super) type Blake3 = Blake3_256<Goldilocks>;

/// A model, ready for proofs with the preset `fast` in one mode.
pub(super) struct Forge {
    pub(super) fixed: Fixed,
    pub(super) extension: Arc<Extension<Blake3>>,
    pub(super) entries: Entries,
    /// The entry whose tree proofs open.
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
    /// What is told once the trace is committed to, if winterfell is not to do the rest.
    pub(super) lie: Option<Lie>,
}

/// The presets whose trees proofs with the preset `fast` open, one in each mode.
const TREES: [Preset; 2] = [Preset::Fast, Preset::Balanced];

/// A program's entry for a preset, with a tree over these columns.
pub(super) fn entry(program: &TraceProgram, preset: Preset, fixed: &Fixed) -> Entry {
    Entry {
        preset,
        layout: program.layout,
        batch: program.batch as u32,
        rows: program.rows as u32,
        inputs: (program.n_inputs / program.batch) as u32,
        outputs: (program.n_outputs / program.batch) as u32,
        one_time_roots: 0,
        fixed_root: fixed.roots(&[(Hash::Blake3, preset.options(Mode::Plain).blowup_factor())])[0],
    }
}

impl Forge {
    /// `batches` are those that the model's commitment lists besides the attempt's.
    pub(super) fn new(program: &TraceProgram, fixed: Fixed, mode: Mode, batches: &[&TraceProgram]) -> Self {
        let options = Preset::Fast.options(mode);
        let extension = Arc::new(Extension::new(&fixed, options.blowup_factor()));
        let mut listed = TREES.map(|preset| entry(program, preset, &fixed)).to_vec();
        for other in batches {
            let fixed = Fixed::new(other);
            listed.extend(TREES.map(|preset| entry(other, preset, &fixed)));
        }
        let entries = Entries::new(listed).unwrap();
        let entry = *entries.find(Preset::Fast.tree(mode), program.batch as u32).unwrap();
        assert_eq!(entry.fixed_root, extension.root());
        Self { fixed, extension, entries, entry, options }
    }

    pub(super) fn of(attempt: &Attempt) -> Self {
        Self::new(&attempt.program, Fixed::new(&attempt.program), attempt.mode, &[])
    }

    pub(super) fn commitment(&self) -> ModelCommitment {
        self.entries.commitment()
    }

    /// What an attempt claims.
    pub(super) fn header(&self, attempt: &Attempt) -> Header {
        let choice = (Preset::Fast, self.entry.batch);
        Header::new(self.entries.clone(), choice, attempt.inputs.clone(), attempt.outputs.clone(), None).unwrap()
    }

    /// The proof file of an attempt.
    pub(super) fn prove(&self, attempt: &Attempt, departure: Departure) -> ProofFile {
        let header = self.header(attempt);
        // The attempt's mode is the statement's, unless the forger departs in that.
        let public_inputs = PublicInputs { mode: attempt.mode, ..header.public_inputs() };
        ProofFile { stark: self.stark(attempt, public_inputs, departure).to_bytes(), header }
    }

    /// The verifier's word on an attempt.
    pub(super) fn verdict(&self, attempt: &Attempt, departure: Departure) -> Result<Statement, VerifyError> {
        verify(&self.prove(attempt, departure).to_bytes(), &self.commitment())
    }

    fn stark(&self, attempt: &Attempt, public_inputs: PublicInputs, departure: Departure) -> Proof {
        let clock = Clock::new(&|_| ());
        let trace = MainTrace::new(trace_info(attempt.rows(), &public_inputs), attempt.main.clone());
        let honest = StarkProver::<Blake3> {
            fixed: &self.fixed.columns,
            extension: self.extension.clone(),
            options: self.options.clone(),
            masks: public_inputs.mode.is_hiding().then(|| masks(OF_AUXILIARY)),
            public_inputs,
            clock: &clock,
        };
        Forger { honest, departure }.forge::<Extended>(trace, departure.lie)
    }
}

impl Depart<StarkProver<'_, Blake3>> for Departure {
    fn polynomials<E>(&self, main: &ColMatrix<Goldilocks>, honest: TracePolyTable<E>) -> TracePolyTable<E>
    where
        E: FieldElement<BaseField = Goldilocks>,
    {
        self.fixed.map_or(honest, |cell| TracePolyTable::new(with_changed_cell(main, cell).interpolate_columns_into()))
    }

    fn auxiliary<E>(&self, prover: &StarkProver<Blake3>, trace: &MainTrace<Goldilocks>, random: &AuxRandElements<E>) -> ColMatrix<E>
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

#[test]
fn the_forger_without_a_departure_is_the_honest_prover() {
    let model = models::every_primitive();
    for (layout, sides) in
        NAMED.map(|sides| (Layout::base(), sides)).into_iter().chain(SETTINGS.map(|setting| (setting.layout, setting.sides)))
    {
        let attempt = Attempt::honest(&model, Setting { layout, sides }, 1, 7);
        let statement = Forge::of(&attempt).verdict(&attempt, Departure::default()).unwrap();
        assert_eq!((statement.inputs, statement.outputs, statement.mode), (attempt.inputs, attempt.outputs, attempt.mode));
    }
}

#[test]
fn quotients_that_are_right_out_of_the_domain_alone_fail_the_low_degree_test() {
    for setting in SETTINGS {
        let honest = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let forge = Forge::of(&honest);
        let told = |attempt: &Attempt, lie: Lie| forge.verdict(attempt, Departure { lie: Some(lie), ..Departure::default() });
        assert_eq!(told(&honest, Lie::None).unwrap(), forge.verdict(&honest, Departure::default()).unwrap());
        assert_lies_are_found(told, &honest, &honest.clone().with_other_output(0, 1));
    }
}

#[test]
fn another_remainder_that_is_committed_to_fails_the_low_degree_test() {
    for setting in SETTINGS {
        let honest = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let verdict = Forge::of(&honest).verdict(&honest, Departure { lie: Some(Lie::Remainder), ..Departure::default() });
        assert_eq!(verdict, of_queries(FriError::InvalidRemainderFolding), "{setting:?}");
    }
}
