//! The proving key: what all proofs of one model, preset and batch size share, and the proofs made with it.

use std::sync::Arc;

use maat_runtime::{Executor, Model};
use maat_verifier::Goldilocks;
use maat_verifier::air::trace_info;
use maat_verifier::layout::MAIN_WIDTH;
use maat_verifier::{
    Blake2s256, Entries, Entry, Hash, Header, Kind, Opening, Preset, ProofFile, Salt, Security, SplitHasher, TreeHasher, Values,
    public_inputs,
};
use winterfell::crypto::hashers::Blake3_256;
use winterfell::{Proof, Prover};

use crate::cache::Cache;
use crate::error::ProveError;
use crate::extension::{Extension, Fixed};
use crate::program::{TraceProgram, fixed_columns};
use crate::salt::random_salt;
use crate::stages::{Clock, Stages};
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::witness::Witness;

type Blake3 = Blake3_256<Goldilocks>;

/// The entries of a model's commitment: every preset for every batch size.
///
/// # Errors
/// The model has no trace program for one of the batch sizes, or there are too many of them.
pub fn entries(model: &Model, batches: &[u32]) -> Result<Entries, ProveError> {
    entries_for(model, batches, &Preset::ALL)
}

/// The entries of a commitment to some presets only: cheaper, where no other will be used.
///
/// # Errors
/// As for [`entries`].
pub fn entries_for(model: &Model, batches: &[u32], presets: &[Preset]) -> Result<Entries, ProveError> {
    let mut entries = Vec::new();
    for batch in batches {
        let program = TraceProgram::new(model, *batch as usize)?;
        let fixed = Fixed::new(&program);
        for preset in presets.iter().copied() {
            let blowup = preset.options().blowup_factor();
            let root = match preset.hash() {
                Hash::Blake3 => fixed.root::<Blake3>(blowup),
                Hash::Blake2s => fixed.root::<Blake2s256>(blowup),
            };
            entries.push(entry(&program, preset, root));
        }
    }
    Ok(Entries::new(entries)?)
}

fn entry(program: &TraceProgram, preset: Preset, fixed_root: [u8; 32]) -> Entry {
    let number = |count: usize| u32::try_from(count).expect("a trace has at most 2^22 rows");
    Entry {
        preset,
        batch: number(program.batch),
        rows: number(program.rows),
        inputs: number(program.n_inputs / program.batch),
        outputs: number(program.n_outputs / program.batch),
        fixed_root,
    }
}

/// How a statement names inputs or outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// The statement has each value.
    #[default]
    Public,
    /// The statement has only a salted commitment.
    Committed,
}

impl Visibility {
    fn of(self, values: Vec<i32>) -> Values {
        match self {
            Self::Public => Values::Public(values),
            Self::Committed => Values::Committed,
        }
    }
}

/// The extended fixed columns, for the hash function of the preset.
enum Extended {
    Blake3(Arc<Extension<Blake3>>),
    Blake2s(Arc<Extension<Blake2s256>>),
}

/// Everything that proofs of one model, with one preset and batch size, have in common. Making it is most of the work of a first proof.
pub struct ProvingKey<'m> {
    model: &'m Model,
    program: TraceProgram,
    fixed: Fixed,
    extended: Extended,
    entries: Entries,
    preset: Preset,
    cached: bool,
}

/// A proof, and what is known of it.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The proof file.
    pub file: ProofFile,
    /// The outputs of each inference, as the runtime gives them.
    pub outputs: Vec<Vec<Vec<i32>>>,
    /// Opens the salted commitment, if there is one.
    pub opening: Option<Opening>,
    /// The time that each stage took.
    pub stages: Stages,
    /// How hard a false proof is to find.
    pub security: Security,
}

impl<'m> ProvingKey<'m> {
    /// Prepares proofs of a model. `entries` are those of its commitment.
    ///
    /// # Errors
    /// The model has no trace program, or the entries are not this model's.
    pub fn new(model: &'m Model, entries: Entries, preset: Preset, batch: u32) -> Result<Self, ProveError> {
        Self::prepare(model, entries, preset, batch, None)
    }

    /// As [`Self::new`], but the extended fixed columns are read from a cache, or written to it for the next time.
    ///
    /// A cache that cannot be read, written or trusted costs time and nothing else. What is read from it has the root of the entry, no matter
    /// who wrote it.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_cache(model: &'m Model, entries: Entries, preset: Preset, batch: u32, cache: &Cache) -> Result<Self, ProveError> {
        Self::prepare(model, entries, preset, batch, Some(cache))
    }

    fn prepare(model: &'m Model, entries: Entries, preset: Preset, batch: u32, cache: Option<&Cache>) -> Result<Self, ProveError> {
        let expected = *entries.find(preset, batch).ok_or(ProveError::NoEntry { preset, batch })?;
        let program = TraceProgram::new(model, batch as usize)?;
        let columns = fixed_columns(&program);
        let (fixed, extended, root, cached) = match preset.hash() {
            Hash::Blake3 => {
                let (fixed, extension, cached) = extended(columns, &expected, cache);
                let root = extension.root();
                (fixed, Extended::Blake3(Arc::new(extension)), root, cached)
            }
            Hash::Blake2s => {
                let (fixed, extension, cached) = extended(columns, &expected, cache);
                let root = extension.root();
                (fixed, Extended::Blake2s(Arc::new(extension)), root, cached)
            }
        };
        if entry(&program, preset, root) != expected {
            return Err(ProveError::OtherModel { preset, batch });
        }
        Ok(Self { model, program, fixed, extended, entries, preset, cached })
    }

    /// The trace program.
    pub fn program(&self) -> &TraceProgram {
        &self.program
    }

    /// Whether the extended fixed columns were read from a cache.
    pub fn cached(&self) -> bool {
        self.cached
    }

    /// Proves a batch of inferences, each with the model's inputs in order.
    ///
    /// `progress` gets the name of each stage when it begins. With a committed side and no salt, a random one is drawn.
    ///
    /// # Errors
    /// The model refuses an inference's inputs, or there is another number of inferences than the key is for.
    pub fn prove<T: AsRef<[i32]>>(
        &self,
        batch: &[Vec<T>],
        (inputs, outputs): (Visibility, Visibility),
        salt: Option<Salt>,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Proved, ProveError> {
        if batch.len() != self.program.batch {
            return Err(ProveError::Batch { expected: self.program.batch, found: batch.len() });
        }
        let clock = Clock::new(progress);
        clock.begin("witness");
        let mut executor = Executor::new(self.model);
        // People count from one.
        let run = |(position, inputs)| executor.run(inputs).map_err(|source| ProveError::Inputs { inference: position + 1, source });
        let results = batch.iter().map(Vec::as_slice).enumerate().map(run).collect::<Result<Vec<_>, _>>()?;
        let values: Vec<i32> = batch.iter().flatten().flat_map(|values| values.as_ref()).copied().collect();

        let committed = inputs == Visibility::Committed || outputs == Visibility::Committed;
        let salt = match salt {
            _ if !committed => None,
            Some(salt) => Some(salt),
            None => Some(random_salt()?),
        };
        let witness = Witness::new(&self.program, &values, salt.as_ref());
        // Both come from one model. If they differ, the trace program is wrong.
        assert!(witness.outputs.iter().eq(results.iter().flatten().flatten()), "the trace's outputs are not the runtime's");
        let (inputs, outputs) = (inputs.of(values), outputs.of(witness.outputs.clone()));

        let (proof, io_commitment) = match (&self.extended, committed) {
            (Extended::Blake3(extension), false) => self.stark::<_, false>(extension, witness, &inputs, &outputs, &clock),
            (Extended::Blake3(extension), true) => self.stark::<_, true>(extension, witness, &inputs, &outputs, &clock),
            (Extended::Blake2s(extension), false) => self.stark::<_, false>(extension, witness, &inputs, &outputs, &clock),
            (Extended::Blake2s(extension), true) => self.stark::<_, true>(extension, witness, &inputs, &outputs, &clock),
        }?;
        let security = Security::of(&proof.context, self.preset.hash(), Kind::Model);
        let choice = (self.preset, self.program.batch as u32);
        let header = Header::new(self.entries.clone(), choice, inputs, outputs, io_commitment)?;
        let file = ProofFile { header, stark: proof.to_bytes() };
        let opening = salt.map(|salt| {
            let inputs = batch.iter().map(|values| values.iter().flat_map(|values| values.as_ref()).copied().collect());
            Opening { salt, inputs: inputs.collect(), outputs: results.iter().map(|values| values.concat()).collect() }
        });
        Ok(Proved { file, outputs: results, opening, stages: clock.end(), security })
    }

    /// The proof, and the commitment to the columns of inputs and outputs if they have a tree of their own.
    fn stark<H: TreeHasher + Send + Sync, const IO: bool>(
        &self,
        extension: &Arc<Extension<H>>,
        witness: Witness,
        inputs: &Values,
        outputs: &Values,
        clock: &Clock,
    ) -> Result<(Proof, Option<[u8; 32]>), ProveError> {
        let entry = self.entries.find(self.preset, self.program.batch as u32).expect("the key was made for it");
        let options = self.preset.options();
        let prover = StarkProver::<H, IO> {
            fixed: &self.fixed,
            extension: extension.clone(),
            options: options.clone(),
            public_inputs: public_inputs(&self.entries.commitment(), entry, inputs, outputs),
            clock,
        };
        let mut columns = Vec::with_capacity(MAIN_WIDTH);
        columns.extend(self.fixed.columns.iter().cloned());
        columns.extend(witness.columns);
        let proof = prover.prove(MainTrace::new(trace_info(self.program.rows), columns)).map_err(ProveError::Stark)?;
        let layers = options.to_fri_options().num_fri_layers(proof.lde_domain_size());
        let parsed = proof.commitments.clone().parse::<SplitHasher<H, IO>>(proof.trace_info().num_segments(), layers);
        let (trace, _, _) = parsed.expect("winterfell has just written them");
        Ok((proof, IO.then(|| trace[0].parts()[1])))
    }
}

/// The polynomials through fixed columns and their extension, which is the cache's if it has one with the entry's root. The flag tells whether
/// it had.
fn extended<H: TreeHasher>(columns: Vec<Vec<Goldilocks>>, entry: &Entry, cache: Option<&Cache>) -> (Fixed, Extension<H>, bool) {
    let blowup = entry.preset.options().blowup_factor();
    let kept = cache.and_then(|cache| cache.read(&entry.fixed_root, &columns, blowup));
    let kept = kept.map(Extension::over).filter(|extension| extension.root() == entry.fixed_root);
    let fixed = Fixed::interpolate(columns);
    if let Some(extension) = kept {
        return (fixed, extension, true);
    }
    let extension = Extension::new(&fixed, blowup);
    if let Some(cache) = cache.filter(|_| extension.root() == entry.fixed_root) {
        // The proof does not need the file.
        let _ = cache.write(&entry.fixed_root, &fixed.columns, &extension.rows, blowup);
    }
    (fixed, extension, false)
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Affine;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Requantise, Shape};
    use maat_verifier::{OpeningError, Statement, VerifyError, verify};
    use winterfell::math::FieldElement;

    use super::*;

    /// A model with two inputs, of which it gives the first one times four, plus one.
    fn model() -> Model {
        let mut builder = ModelBuilder::new("model");
        let inputs = ["x", "y"].map(|name| builder.input(name, Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap());
        let requantise = Requantise { shift: vec![0], lo: -2000, hi: 2000 };
        let affine = Affine { groups: 1, inputs: 2, weights: vec![4, 0, 0, 4], bias: vec![1, 1], requantise };
        let output = builder.node("node", Primitive::Affine(affine), &inputs[..1], 0).unwrap();
        builder.finish(&[("output", output)]).unwrap()
    }

    const BATCH: [[[i32; 2]; 2]; 2] = [[[1, -2], [3, 4]], [[5, 6], [-128, 127]]];

    fn prove(key: &ProvingKey, visibilities: (Visibility, Visibility)) -> Proved {
        key.prove(&BATCH.map(Vec::from), visibilities, None, &|_| ()).unwrap()
    }

    fn verified(key: &ProvingKey, entries: &Entries) -> Result<Statement, VerifyError> {
        verify(&prove(key, Default::default()).file.to_bytes(), &entries.commitment())
    }

    #[test]
    fn an_opening_opens_what_the_prover_committed_to_and_nothing_else_does() {
        use Visibility::{Committed, Public};
        let model = model();
        let entries = entries(&model, &[2]).unwrap();
        for preset in Preset::ALL {
            let key = ProvingKey::new(&model, entries.clone(), preset, 2).unwrap();
            assert_eq!(prove(&key, (Public, Public)).opening, None);
            for visibilities in [(Committed, Public), (Public, Committed), (Committed, Committed)] {
                let proved = prove(&key, visibilities);
                let statement = verify(&proved.file.to_bytes(), &entries.commitment()).unwrap();
                let opening = proved.opening.unwrap();
                assert_eq!(opening.inputs, [[1, -2, 3, 4], [5, 6, -128, 127]]);
                assert_eq!(opening.outputs, [[5, -7], [21, 25]]);
                assert_eq!(opening.check(&statement, &entries), Ok(()), "{preset} {visibilities:?}");

                let mut others = vec![opening.clone(); 3];
                others[0].inputs[1][3] -= 1;
                others[1].outputs[0][0] += 1;
                others[2].salt = Salt::new([7; 32]);
                for other in others {
                    let error = other.check(&statement, &entries).unwrap_err();
                    assert!(matches!(error, OpeningError::Commitment { .. }), "{preset} {visibilities:?}: {error}");
                }
                for other in Preset::ALL.into_iter().filter(|other| *other != preset) {
                    let statement = Statement { preset: other, ..statement.clone() };
                    let error = opening.check(&statement, &entries).unwrap_err();
                    assert!(matches!(error, OpeningError::Commitment { .. }), "{preset} {other}: {error}");
                }
            }
        }
    }

    #[test]
    fn rows_of_a_cache_that_are_not_the_models_are_computed_anew() {
        let (folder, model) = (tempfile::tempdir().unwrap(), model());
        let entries = entries_for(&model, &[2], &[Preset::Fast]).unwrap();
        let entry = &entries.as_slice()[0];
        let cache = Cache::new(folder.path());
        // A file for the model's columns, with the extension of others.
        let columns = fixed_columns(&TraceProgram::new(&model, 2).unwrap());
        let mut others = columns.clone();
        others[0][0] += Goldilocks::ONE;
        let blowup = entry.preset.options().blowup_factor();
        let rows = Extension::<Blake3>::new(&Fixed::interpolate(others), blowup).rows;
        cache.write(&entry.fixed_root, &columns, &rows, blowup).unwrap();
        for cached in [false, true] {
            let key = ProvingKey::with_cache(&model, entries.clone(), Preset::Fast, 2, &cache).unwrap();
            assert_eq!(key.cached(), cached);
            verified(&key, &entries).unwrap();
        }
    }
}
