//! The proving key: what all proofs of one model, preset and batch size share, and the proofs made with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use maat_runtime::{Executor, Model};
use maat_verifier::air::sponge::PERIOD;
use maat_verifier::air::trace_info;
use maat_verifier::layout::Layout;
use maat_verifier::{
    Blake2s256, Entries, Entry, FileError, Goldilocks, Hash, Header, Kind, Mode, OneTimeRoot, OneTimeTree, Opening, Poseidon, Preset,
    ProofFile, Security, SideOpening, TreeHasher, ValueDigest, Values,
};
use rayon::prelude::*;
use winter_prover::Serializable;
use winterfell::{Proof, Prover};

use crate::cache::Cache;
use crate::error::ProveError;
use crate::extension::{Blake3, Extension, Fixed};
use crate::masks::Masks;
use crate::model_seed::ModelSeed;
use crate::program::{TraceProgram, fixed_columns, masked_columns};
use crate::random::random_salt;
use crate::sponge;
use crate::stages::{Clock, Stages};
use crate::stark::StarkProver;
use crate::trace::MainTrace;
use crate::witness::Witness;

// ENTRIES
// ================================================================================================

/// Which layout the entries of a commitment have. Those of the presets `onchain` and `starknet` have the smallest one whatever is chosen, as
/// contracts know no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayoutChoice {
    /// The one in which proofs take the least time, for each batch size.
    #[default]
    Cheapest,
    /// This one.
    Only(&'static Layout),
}

impl LayoutChoice {
    /// The programs of a batch, each with the presets whose entries it is for.
    fn programs(self, model: &Model, batch: usize, presets: WantedPresets<'_>) -> Result<Vec<(TraceProgram, Vec<Preset>)>, ProveError> {
        let (for_contracts, others): (Vec<_>, Vec<_>) = presets.all().partition(|preset| preset.is_for_contracts());
        let base = TraceProgram::new(model, batch, Layout::base());
        let better = match self {
            _ if others.is_empty() => Vec::new(),
            Self::Only(layout) if layout == Layout::base() => Vec::new(),
            Self::Only(layout) => vec![TraceProgram::new(model, batch, layout)?],
            Self::Cheapest => TraceProgram::cheaper(&base, model, batch),
        };
        // Entries that hiding proofs take need columns for masks.
        let suits = |program: &TraceProgram, preset: Preset| {
            matches!(self, Self::Only(_)) || program.layout.can_hide() || preset.tree(Mode::Hiding) != preset
        };
        let mut programs: Vec<(TraceProgram, Vec<Preset>)> = better.into_iter().map(|program| (program, Vec::new())).collect();
        let mut of_base = Vec::new();
        for preset in others {
            let best = programs.iter_mut().find(|(program, _)| suits(program, preset));
            best.map_or(&mut of_base, |(_, presets)| presets).push(preset);
        }
        programs.retain(|(_, presets)| !presets.is_empty());
        of_base.extend(for_contracts);
        if !of_base.is_empty() {
            programs.push((base?, of_base));
        }
        Ok(programs)
    }
}

/// For which presets a commitment is to have entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedPresets<'p> {
    /// In any case.
    pub named: &'p [Preset],
    /// If their trees take about a second: a model with a long trace has no entry for them.
    pub if_cheap: &'p [Preset],
}

impl WantedPresets<'_> {
    /// What a package has if nothing was asked for: `fast`, and the others of [`Preset::BY_DEFAULT`] if they are cheap.
    pub const BY_DEFAULT: WantedPresets<'static> = WantedPresets { named: &[Preset::Fast], if_cheap: &[Preset::Balanced, Preset::Onchain] };

    fn all(&self) -> impl Iterator<Item = Preset> {
        self.named.iter().chain(self.if_cheap).copied()
    }

    fn has(&self, preset: Preset, program: &TraceProgram) -> bool {
        self.named.contains(&preset) || tree_cells(preset, program) <= CHEAP_TREE_CELLS
    }
}

/// The most cells of a cheap tree over extended fixed columns: it takes up to about a second of two cores. A number of cells and not a time, so
/// that a network gets the same package on every machine.
const CHEAP_TREE_CELLS: usize = 1 << 24;

/// How many cells the fixed columns have once they are extended for a preset.
fn tree_cells(preset: Preset, program: &TraceProgram) -> usize {
    program.rows * program.layout.fixed_width() * tree_blowup(preset)
}

/// The entries of a model's commitment: every preset but `starknet`, whose tree takes long, for every batch size.
///
/// # Errors
/// The model has no trace program for one of the batch sizes, or there are too many of them.
pub fn entries(model: &Model, batches: &[u32]) -> Result<Entries, ProveError> {
    entries_for(model, batches, &Preset::BY_DEFAULT, LayoutChoice::Cheapest)
}

/// The entries of a commitment to some presets: fewer are cheaper, where no other will be used, and `starknet` is there if it is named. Hiding
/// proofs with `fast` take the entry of `balanced`.
///
/// # Errors
/// As for [`entries`].
pub fn entries_for(model: &Model, batches: &[u32], presets: &[Preset], layouts: LayoutChoice) -> Result<Entries, ProveError> {
    let wanted = WantedPresets { named: presets, if_cheap: &[] };
    let mut entries = Vec::new();
    for batch in batches {
        entries.extend(entries_of_batch(model, *batch, wanted, layouts, &mut |_| ())?);
    }
    Ok(Entries::new(entries)?)
}

/// The entries of one batch size. `progress` gets the presets whose trees are made next.
///
/// # Errors
/// As for [`entries`].
pub fn entries_of_batch(
    model: &Model,
    batch: u32,
    presets: WantedPresets<'_>,
    layouts: LayoutChoice,
    progress: &mut dyn FnMut(&[Preset]),
) -> Result<Vec<Entry>, ProveError> {
    let mut entries = Vec::new();
    for (program, mut of_program) in layouts.programs(model, batch as usize, presets)? {
        of_program.retain(|preset| presets.has(*preset, &program));
        if !of_program.is_empty() {
            entries.extend(entries_of_program(&program, &of_program, progress));
        }
    }
    Ok(entries)
}

/// The entries of a public model for the presets, batch sizes and layouts of a list: what the list must be if it is the model's.
///
/// # Errors
/// The model has no trace program for one of them, or the list is a private model's.
pub fn recomputed(model: &Model, listed: &Entries) -> Result<Entries, ProveError> {
    if listed.are_private() {
        return Err(ProveError::Private);
    }
    let mut groups: Vec<(&Entry, Vec<Preset>)> = Vec::new();
    for entry in listed.as_slice() {
        match groups.iter_mut().find(|(first, _)| (first.batch, first.layout) == (entry.batch, entry.layout)) {
            Some((_, presets)) => presets.push(entry.preset),
            None => groups.push((entry, vec![entry.preset])),
        }
    }
    let mut entries = Vec::new();
    for (entry, presets) in groups {
        let program = TraceProgram::with_rows(model, entry.batch as usize, entry.layout, entry.rows as usize)?;
        entries.extend(entries_of_program(&program, &presets, &mut |_| ()));
    }
    Ok(Entries::new(entries)?)
}

/// Refuses a layout without room for the masks of hiding proofs, before any work.
fn check_hides(layout: &Layout) -> Result<(), ProveError> {
    if layout.can_hide() { Ok(()) } else { Err(FileError::CannotHide { layout: layout.name }.into()) }
}

/// A program's entries for some presets. `progress` gets them before their trees are made.
fn entries_of_program(program: &TraceProgram, presets: &[Preset], progress: &mut dyn FnMut(&[Preset])) -> Vec<Entry> {
    progress(presets);
    let trees: Vec<(Hash, usize)> = presets.iter().map(|preset| (preset.hash(), tree_blowup(*preset))).collect();
    let roots = Fixed::new(program).roots(&trees);
    presets.iter().zip(roots).map(|(preset, root)| entry(program, *preset, 0, root)).collect()
}

/// The entries of a private model's commitment, and the tree over the one-time roots of each, in the order of the entries. Each root costs as
/// much as a key.
///
/// Plain proofs would give the weights away, so there are no entries for them: hiding proofs with `fast` take the entry of `balanced`.
/// `progress` gets the number of roots that are done and of all.
///
/// # Errors
/// As for [`entries`]; or `count` is not a power of two up to [`maat_verifier::MAX_ONE_TIME_ROOTS`], or a preset is `fast`.
pub fn private_entries(
    model: &Model,
    batches: &[u32],
    presets: &[Preset],
    layouts: LayoutChoice,
    (seed, count): (&ModelSeed, u32),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Entries, Vec<OneTimeTree>), ProveError> {
    if presets.iter().any(|preset| preset.tree(Mode::Hiding) != *preset) {
        return Err(ProveError::PrivatePreset);
    }
    if let LayoutChoice::Only(layout) = layouts {
        check_hides(layout)?;
    }
    // A wrong count is found before any root is computed.
    OneTimeTree::new(vec![[0; 32]; count as usize])?;
    let (mut done, all) = (0, u64::from(count) * (batches.len() * presets.len()) as u64);
    let wanted = WantedPresets { named: presets, if_cheap: &[] };
    let mut listed = Vec::new();
    for batch in batches {
        for (program, presets) in layouts.programs(model, *batch as usize, wanted)? {
            let columns = fixed_columns(&program);
            let digest = digest(&columns);
            for preset in presets {
                let name = name(&program, preset, &digest);
                let mut roots = Vec::with_capacity(count as usize);
                for index in 0..count {
                    progress(done, all);
                    done += 1;
                    let masked = masked_columns(columns.clone(), seed.mask_key(&name, index));
                    roots.extend(Fixed::interpolate(masked).roots(&[(preset.hash(), tree_blowup(preset))]));
                }
                let tree = OneTimeTree::new(roots)?;
                listed.push((entry(&program, preset, count, tree.root()), tree));
            }
        }
    }
    listed.sort_by_key(|(entry, _)| (entry.preset, entry.batch));
    let (entries, trees): (Vec<_>, _) = listed.into_iter().unzip();
    Ok((Entries::new(entries)?, trees))
}

/// The blow-up of the trees in a preset's entries, for whichever mode they are.
fn tree_blowup(preset: Preset) -> usize {
    preset.options(Mode::Plain).blowup_factor()
}

fn entry(program: &TraceProgram, preset: Preset, one_time_roots: u32, fixed_root: [u8; 32]) -> Entry {
    let number = |count: usize| u32::try_from(count).expect("a trace has at most 2^22 rows");
    Entry {
        preset,
        layout: program.layout,
        batch: number(program.batch),
        rows: number(program.rows),
        inputs: number(program.n_inputs / program.batch),
        outputs: number(program.n_outputs / program.batch),
        one_time_roots,
        fixed_root,
    }
}

/// What tells entries apart where masks are drawn, those of other models under the same seed too: no two of them have one mask.
fn name(program: &TraceProgram, preset: Preset, columns: &[u8; 32]) -> Vec<u8> {
    let numbers = [program.batch as u32, program.rows as u32].map(u32::to_le_bytes);
    [&[preset.code(), program.layout.code][..], numbers.as_flattened(), columns].concat()
}

/// The digest of fixed columns without masks.
fn digest(columns: &[Vec<Goldilocks>]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    columns.iter().for_each(|column| {
        hasher.update(&column.to_bytes());
    });
    *hasher.finalize().as_bytes()
}

// PROOFS
// ================================================================================================

/// How a statement names inputs or outputs. A proof hides what is not public, and the witness with it, if any side is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Visibility {
    /// The statement has each value.
    #[default]
    Public,
    /// The statement says nothing of the values.
    Hidden,
    /// The statement has a digest of the values with a new salt.
    Committed,
    /// The statement has the digest that this opens, of another proof: the values must be these. So the outputs of one model are bound to be the
    /// inputs of another one.
    Opened(SideOpening),
}

/// The extended fixed columns, for the hash function of the preset.
enum Extended {
    Blake3(Arc<Extension<Blake3>>),
    Blake2s(Arc<Extension<Blake2s256>>),
    Poseidon(Arc<Extension<Poseidon>>),
}

/// Everything that proofs of one model, with one preset, mode and batch size, have in common. Making it is most of the work of a first proof.
pub struct ProvingKey<'m> {
    model: &'m Model,
    program: TraceProgram,
    /// The fixed columns. The polynomials through them take as much memory, and a proof alone needs them.
    fixed: Vec<Vec<Goldilocks>>,
    extended: Extended,
    entries: Entries,
    preset: Preset,
    mode: Mode,
    cached: bool,
    one_time: Option<OneTimeRoot>,
    /// Whether the one-time root was used.
    spent: AtomicBool,
}

/// A proof, and what is known of it.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The proof file.
    pub file: ProofFile,
    /// The outputs of each inference, as the runtime gives them.
    pub outputs: Vec<Vec<Vec<i32>>>,
    /// Opens the digests of the committed sides, if there are any.
    pub opening: Option<Opening>,
    /// The time that each stage took.
    pub stages: Stages,
    /// How hard a false proof is to find.
    pub security: Security,
}

impl<'m> ProvingKey<'m> {
    /// Prepares proofs of a public model. `entries` are those of its commitment.
    ///
    /// # Errors
    /// The model has no trace program, or the entries are not this model's.
    pub fn new(model: &'m Model, entries: Entries, choice: (Preset, Mode), batch: u32) -> Result<Self, ProveError> {
        Self::prepare(model, entries, choice, batch, None, None)
    }

    /// As [`Self::new`], but the extended fixed columns are read from a cache, or written to it for the next time.
    ///
    /// A cache that cannot be read, written or trusted costs time and nothing else. What is read from it has the root of the entry, no matter
    /// who wrote it.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_cache(model: &'m Model, entries: Entries, choice: (Preset, Mode), batch: u32, cache: &Cache) -> Result<Self, ProveError> {
        Self::prepare(model, entries, choice, batch, Some(cache), None)
    }

    /// Prepares the one proof of a private model that spends a one-time root. The root must be locked before: see [`crate::Ledger`].
    ///
    /// # Errors
    /// As for [`Self::new`]; or the root is not the one that the seed gives.
    pub fn one_time(
        model: &'m Model,
        entries: Entries,
        preset: Preset,
        batch: u32,
        (seed, root): (&ModelSeed, OneTimeRoot),
    ) -> Result<Self, ProveError> {
        Self::prepare(model, entries, (preset, Mode::Hiding), batch, None, Some((seed, root)))
    }

    fn prepare(
        model: &'m Model,
        entries: Entries,
        (preset, mode): (Preset, Mode),
        batch: u32,
        cache: Option<&Cache>,
        one_time: Option<(&ModelSeed, OneTimeRoot)>,
    ) -> Result<Self, ProveError> {
        let of_entry = preset.tree(mode);
        let expected = *entries.find(of_entry, batch).ok_or(ProveError::NoEntry { preset: of_entry, batch })?;
        if expected.is_private() != one_time.is_some() {
            return Err(ProveError::Private);
        }
        if mode.is_hiding() {
            check_hides(expected.layout)?;
        }
        let mut root = expected.fixed_root;
        if let Some((_, one_time)) = &one_time {
            one_time.check(expected.one_time_roots, &expected.fixed_root)?;
            root = one_time.root;
        }
        let lower = || {
            let program = TraceProgram::with_rows(model, batch as usize, expected.layout, expected.rows as usize)?;
            let mut columns = fixed_columns(&program);
            if let Some((seed, one_time)) = &one_time {
                let name = name(&program, of_entry, &digest(&columns));
                columns = masked_columns(columns, seed.mask_key(&name, one_time.index));
            }
            Ok((program, columns))
        };
        let shape = [expected.layout.fixed_width(), expected.rows as usize];
        let blowup = tree_blowup(of_entry);
        let ((program, fixed), extended, found, cached) = match preset.hash() {
            Hash::Blake3 => {
                let (lowered, extension, cached) = extended(lower, (&root, shape), blowup, cache)?;
                let found = extension.root();
                (lowered, Extended::Blake3(Arc::new(extension)), found, cached)
            }
            Hash::Blake2s => {
                let (lowered, extension, cached) = extended(lower, (&root, shape), blowup, cache)?;
                let found = extension.root();
                (lowered, Extended::Blake2s(Arc::new(extension)), found, cached)
            }
            Hash::Poseidon => {
                let (lowered, extension, cached) = extended(lower, (&root, shape), blowup, cache)?;
                let found = extension.root();
                (lowered, Extended::Poseidon(Arc::new(extension)), found, cached)
            }
        };
        if found != root || entry(&program, of_entry, expected.one_time_roots, expected.fixed_root) != expected {
            return Err(ProveError::OtherModel { preset: of_entry, batch });
        }
        let one_time = one_time.map(|(_, root)| root);
        Ok(Self { model, program, fixed, extended, entries, preset, mode, cached, one_time, spent: AtomicBool::new(false) })
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
    /// `progress` gets the name of each stage when it begins.
    ///
    /// # Errors
    /// The model refuses an inference's inputs, there is another number of inferences than the key is for, or the key is for the other mode. A
    /// one-time key has made its proof.
    pub fn prove<T: AsRef<[i32]>>(
        &self,
        batch: &[Vec<T>],
        (inputs, outputs): (Visibility, Visibility),
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
        let taken: Vec<Vec<i32>> = batch.iter().map(|values| values.iter().flat_map(AsRef::as_ref).copied().collect()).collect();
        let given: Vec<Vec<i32>> = results.iter().map(|values| values.concat()).collect();

        let values = taken.concat();
        let (inputs, input_opening) = named("inputs", inputs, taken)?;
        let (outputs, output_opening) = named("outputs", outputs, given)?;
        let choice = (self.preset, self.program.batch as u32);
        let header = Header::new(self.entries.clone(), choice, inputs, outputs, self.one_time.clone())?;
        if header.mode() != self.mode {
            return Err(ProveError::Mode { key: self.mode });
        }
        if self.one_time.is_some() && self.spent.swap(true, Ordering::SeqCst) {
            return Err(ProveError::Spent);
        }
        let openings = [&input_opening, &output_opening];
        let salts = openings.map(|opening| opening.as_ref().map(|opening| &opening.salt));
        let witness = Witness::new(&self.program, &values, self.mode, salts);
        // Both come from one model. If they differ, the trace program is wrong.
        assert!(witness.outputs.iter().eq(results.iter().flatten().flatten()), "the trace's outputs are not the runtime's");

        let proof = match &self.extended {
            Extended::Blake3(extension) => self.stark(extension, witness, &header, &clock),
            Extended::Blake2s(extension) => self.stark(extension, witness, &header, &clock),
            Extended::Poseidon(extension) => self.stark(extension, witness, &header, &clock),
        }?;
        let security = Security::of(&proof.context, self.preset.hash(), Kind::Model);
        let file = ProofFile { header, stark: proof.to_bytes() };
        let opened = openings.iter().any(|opening| opening.is_some());
        let opening = opened.then_some(Opening { inputs: input_opening, outputs: output_opening });
        Ok(Proved { file, outputs: results, opening, stages: clock.end(), security })
    }

    /// The proof of a claim.
    fn stark<H: TreeHasher + Send + Sync>(
        &self,
        extension: &Arc<Extension<H>>,
        witness: Witness,
        header: &Header,
        clock: &Clock,
    ) -> Result<Proof, ProveError> {
        let public_inputs = header.public_inputs();
        let info = trace_info(self.program.rows, &public_inputs);
        let mut columns = witness.columns;
        let sponges: Vec<_> = public_inputs.sponges().collect();
        let filled = sponges.par_iter().map(|it| sponge::columns(&columns[it.message.start], PERIOD * ValueDigest::blocks(it.values)));
        let filled: Vec<_> = filled.collect();
        columns.extend(filled.into_iter().flatten());
        let masks = self.mode.is_hiding().then(|| Masks::fresh(&public_inputs, &extension.root(), &columns)).transpose()?;
        if let Some(masks) = &masks {
            masks.fill(&mut columns);
        }
        let fixed = public_inputs.layout.fixed().start;
        columns.splice(fixed..fixed, self.fixed.iter().cloned());
        let (options, fixed, extension) = (self.preset.options(self.mode), &self.fixed, extension.clone());
        let prover = StarkProver { fixed, extension, options, public_inputs, masks, clock };
        prover.prove(MainTrace::new(info, columns)).map_err(ProveError::Stark)
    }
}

/// What a statement says of a side, and what opens its digest if it has one.
fn named(side: &'static str, visibility: Visibility, values: Vec<Vec<i32>>) -> Result<(Values, Option<SideOpening>), ProveError> {
    let opening = match visibility {
        Visibility::Public => return Ok((Values::Public(values.concat()), None)),
        Visibility::Hidden => return Ok((Values::Hidden, None)),
        Visibility::Committed => SideOpening { salt: random_salt()?, values },
        Visibility::Opened(opening) if opening.values == values => opening,
        // With other values, one salt would have two digests, which tell whether the values differ.
        Visibility::Opened(_) => return Err(ProveError::Opened { side }),
    };
    Ok((Values::Committed(opening.digest()), Some(opening)))
}

/// A program with its fixed columns.
type Lowered = (TraceProgram, Vec<Vec<Goldilocks>>);

/// Lowers a model, and extends its fixed columns; or takes the extension that a cache has for them and this root. `shape` is their width and the
/// number of rows. The file is read while the model is lowered. The flag tells whether the cache had it.
fn extended<H: TreeHasher>(
    lower: impl FnOnce() -> Result<Lowered, ProveError> + Send,
    (root, shape): (&[u8; 32], [usize; 2]),
    blowup: usize,
    cache: Option<&Cache>,
) -> Result<(Lowered, Extension<H>, bool), ProveError> {
    let read = || {
        let (rows, header) = cache?.read(root, shape, blowup)?;
        let extension = Extension::<H>::over(rows);
        (extension.root() == *root).then_some((extension, header))
    };
    let (lowered, kept) = rayon::join(lower, read);
    let (program, columns) = lowered?;
    if let Some((extension, _)) = kept.filter(|(_, header)| header.is_of(&columns)) {
        return Ok(((program, columns), extension, true));
    }
    let fixed = Fixed::interpolate(columns);
    let extension = Extension::new(&fixed, blowup);
    if let Some(cache) = cache.filter(|_| extension.root() == *root) {
        // The proof does not need the file.
        let _ = cache.write(root, &fixed.columns, &extension.rows, blowup);
    }
    Ok(((program, fixed.columns), extension, false))
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Affine;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Requantise, Shape};
    use maat_verifier::layout::LAYOUTS;
    use maat_verifier::{FileError, OpeningError, Salt, verify};
    use winterfell::math::FieldElement;

    use super::*;
    use crate::tests::rows::dense;
    use crate::tests::{NAMED, Named, mode_of};

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
    const INPUTS: [[i32; 4]; 2] = [[1, -2, 3, 4], [5, 6, -128, 127]];
    const OUTPUTS: [[i32; 2]; 2] = [[5, -7], [21, 25]];

    fn prove(key: &ProvingKey, sides: [Named; 2]) -> Result<Proved, ProveError> {
        let [inputs, outputs] = sides.map(Named::visibility);
        key.prove(&BATCH.map(Vec::from), (inputs, outputs), &|_| ())
    }

    /// A key for the batch, with entries for all presets.
    fn key<'m>(model: &'m Model, entries: &Entries, choice: (Preset, Mode)) -> ProvingKey<'m> {
        ProvingKey::new(model, entries.clone(), choice, 2).unwrap()
    }

    #[test]
    fn a_statement_names_each_side_as_it_was_asked_to_and_an_opening_opens_digests_only() {
        let model = model();
        let entries = entries(&model, &[2]).unwrap();
        // Proofs with the other presets take longer, and name their sides no other way.
        let chosen = |(preset, sides): &(Preset, [Named; 2])| *preset == Preset::Fast || sides[0] == Named::Committed;
        let cases = Preset::BY_DEFAULT.into_iter().flat_map(|preset| NAMED.map(|sides| (preset, sides))).filter(chosen);
        for (preset, sides) in cases {
            let mode = mode_of(sides);
            let Proved { file, outputs, opening, security, .. } = prove(&key(&model, &entries, (preset, mode)), sides).unwrap();
            let statement = verify(&file.to_bytes(), &entries.commitment()).unwrap();
            assert_eq!((statement.preset, statement.mode, statement.security), (preset, mode, security));
            assert_eq!(outputs.concat(), OUTPUTS);
            let values = [INPUTS.as_flattened(), OUTPUTS.as_flattened()];
            for ((named, found), values) in sides.into_iter().zip([&statement.inputs, &statement.outputs]).zip(values) {
                match named {
                    Named::Public => assert_eq!(found.as_public(), Some(values)),
                    Named::Hidden => assert_eq!(*found, Values::Hidden),
                    Named::Committed => assert!(found.as_committed().is_some()),
                }
            }
            assert_eq!(opening.is_some(), sides.contains(&Named::Committed));
            let Some(opening) = opening else { continue };
            assert_eq!(opening.check(&statement, &entries), Ok(()));
            for (side, change) in [0, 1].into_iter().flat_map(|side| [0, 1].map(|change| (side, change))) {
                let mut other = opening.clone();
                let Some(of_side) = [&mut other.inputs, &mut other.outputs][side] else { continue };
                match change {
                    0 => of_side.values[1][1] -= 1,
                    _ => of_side.salt = Salt::new([7; 32]),
                }
                assert!(matches!(other.check(&statement, &entries), Err(OpeningError::Digest { .. })), "{sides:?}");
            }
        }
    }

    #[test]
    fn the_same_key_proves_a_statement_again_with_other_masks() {
        let model = model();
        let entries = entries(&model, &[2]).unwrap();
        let files = |sides| {
            let key = key(&model, &entries, (Preset::Fast, mode_of(sides)));
            [(); 2].map(|()| prove(&key, sides).unwrap().file)
        };
        let [first, second] = files([Named::Hidden; 2]);
        assert_eq!(first.header, second.header);
        // The context and the fixed columns' root are the same; the witness columns' root follows them.
        let differs = first.stark.iter().zip(&second.stark).position(|(first, second)| first != second);
        assert!(differs.is_some_and(|byte| byte < 100), "{differs:?}");
        let [first, second] = files([Named::Public; 2]);
        assert_eq!(first.stark[..200], second.stark[..200]);
    }

    #[test]
    fn a_key_is_for_one_mode() {
        let model = model();
        let entries = entries(&model, &[2]).unwrap();
        for mode in Mode::ALL {
            let key = key(&model, &entries, (Preset::Fast, mode));
            for sides in NAMED {
                match prove(&key, sides) {
                    Ok(_) => assert_eq!(mode, mode_of(sides)),
                    Err(ProveError::Mode { key }) => assert!(key == mode && mode != mode_of(sides)),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn hiding_proofs_with_fast_take_the_entry_of_balanced() {
        let model = model();
        let of = |presets: &[Preset]| entries_for(&model, &[2], presets, LayoutChoice::default()).unwrap();
        let (fast, balanced) = (of(&[Preset::Fast]), of(&[Preset::Balanced]));
        let hiding = (Preset::Fast, Mode::Hiding);
        let none = ProvingKey::new(&model, fast.clone(), hiding, 2).err();
        assert!(matches!(none, Some(ProveError::NoEntry { preset: Preset::Balanced, batch: 2 })), "{none:?}");
        let none = ProvingKey::new(&model, balanced.clone(), (Preset::Fast, Mode::Plain), 2).err();
        assert!(matches!(none, Some(ProveError::NoEntry { preset: Preset::Fast, batch: 2 })), "{none:?}");
        // A plain key has no entry to hide with.
        let error = prove(&key(&model, &fast, (Preset::Fast, Mode::Plain)), [Named::Hidden; 2]).unwrap_err();
        let none = FileError::NoEntry { preset: Preset::Balanced, batch: 2 };
        assert!(matches!(&error, ProveError::File(error) if *error == none), "{error}");
        let file = prove(&key(&model, &balanced, hiding), [Named::Hidden; 2]).unwrap().file;
        assert_eq!(verify(&file.to_bytes(), &balanced.commitment()).unwrap().preset, Preset::Fast);
        assert_eq!(file.header.entry().preset, Preset::Balanced);
    }

    #[test]
    fn each_entry_has_the_layout_that_was_chosen_and_those_for_chains_the_smallest() {
        let (small, many) = (model(), dense(&[256, 256]));
        let layouts = |model: &Model, choice: LayoutChoice| {
            let programs = choice.programs(model, 1, WantedPresets { named: &Preset::ALL, if_cheap: &[] }).unwrap();
            Preset::ALL.map(|preset| programs.iter().find(|(_, presets)| presets.contains(&preset)).unwrap().0.layout.name)
        };
        let of = |layout| [layout, layout, "base", "base"];
        assert_eq!(layouts(&small, LayoutChoice::Cheapest), of("short"));
        assert_eq!(layouts(&many, LayoutChoice::Cheapest), of("wide"));
        // Hiding proofs take the entry of balanced, and one layout has no room for them.
        assert_eq!(layouts(&dense(&[900, 256]), LayoutChoice::Cheapest), ["dense", "wide", "base", "base"]);
        for (model, layout) in [&small, &many].into_iter().flat_map(|model| LAYOUTS.iter().map(move |layout| (model, layout))) {
            assert_eq!(layouts(model, LayoutChoice::Only(layout)), of(layout.name));
        }
        let entries = entries_for(&small, &[1], &Preset::BY_DEFAULT, LayoutChoice::Only(Layout::wide())).unwrap();
        assert!(entries.as_slice().iter().map(|entry| entry.layout.name).eq(["wide", "wide", "base"]));
    }

    #[test]
    fn entries_that_are_not_the_models_are_refused() {
        let model = model();
        let entries = entries_for(&model, &[2], &[Preset::Fast, Preset::Balanced], LayoutChoice::default()).unwrap();
        let changes: [fn(&mut Entry); 5] = [
            |entry| (entry.layout, entry.rows) = (Layout::wide(), Layout::wide().min_rows() as u32),
            |entry| entry.rows *= 2,
            |entry| entry.inputs += 1,
            |entry| entry.outputs += 1,
            |entry| entry.fixed_root[31] ^= 1,
        ];
        for (change, mode) in changes.iter().flat_map(|change| Mode::ALL.map(|mode| (change, mode))) {
            let mut changed = entries.as_slice().to_vec();
            changed.iter_mut().for_each(change);
            let error = ProvingKey::new(&model, Entries::new(changed).unwrap(), (Preset::Fast, mode), 2).err();
            let preset = Preset::Fast.tree(mode);
            assert!(matches!(error, Some(ProveError::OtherModel { preset: found, batch: 2 }) if found == preset), "{error:?}");
        }
        let private = entries.as_slice().iter().map(|entry| Entry { one_time_roots: 1, ..*entry }).collect();
        let error = ProvingKey::new(&model, Entries::new(private).unwrap(), (Preset::Fast, Mode::Hiding), 2).err();
        assert!(matches!(error, Some(ProveError::Private)), "{error:?}");
    }

    #[test]
    fn rows_of_a_cache_that_are_not_the_models_are_computed_anew() {
        let model = model();
        let all = LAYOUTS.iter().flat_map(|layout| Mode::ALL.map(|mode| (layout, mode)));
        for (layout, mode) in all.filter(|(layout, mode)| layout.can_hide() || !mode.is_hiding()) {
            let folder = tempfile::tempdir().unwrap();
            let preset = Preset::Fast.tree(mode);
            let entries = entries_for(&model, &[2], &[preset], LayoutChoice::Only(layout)).unwrap();
            let entry = &entries.as_slice()[0];
            let cache = Cache::new(folder.path());
            // A file for the model's columns, with the extension of others.
            let columns = fixed_columns(&TraceProgram::new(&model, 2, layout).unwrap());
            let mut others = columns.clone();
            others[0][0] += Goldilocks::ONE;
            let blowup = tree_blowup(preset);
            let rows = Extension::<Blake3>::new(&Fixed::interpolate(others), blowup).rows;
            cache.write(&entry.fixed_root, &columns, &rows, blowup).unwrap();
            for cached in [false, true] {
                let key = ProvingKey::with_cache(&model, entries.clone(), (Preset::Fast, mode), 2, &cache).unwrap();
                assert_eq!(key.cached(), cached);
                let side = if mode.is_hiding() { Named::Hidden } else { Named::Public };
                let file = prove(&key, [side; 2]).unwrap().file;
                verify(&file.to_bytes(), &entries.commitment()).unwrap();
            }
        }
    }
}
