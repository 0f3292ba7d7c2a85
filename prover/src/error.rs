//! Why there is no proof: a model that has no trace program, or an inference that cannot be proven.

use maat_runtime::RunError;
use maat_verifier::{EntriesError, FileError, Mode, OneTimeError, Preset};
use winterfell::ProverError;

/// Why a value cannot be proven soundly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unprovable {
    /// An identity that holds modulo `p` might not hold over the integers.
    #[error("its values, of up to {bits} bits, could wrap around the field's modulus of 64 bits")]
    Wraps {
        /// The width that its values could have.
        bits: u32,
    },
    /// A number to be checked is too wide for two limbs. Longer traces have wider limbs, and two of the widest hold every range of a model:
    /// so this asks for a longer trace, and does not yet refuse the model.
    #[error("a number of {bits} bits must be checked, but limbs of this trace's length hold {limit} bits")]
    Range {
        /// The width of the number.
        bits: u32,
        /// What two limbs hold.
        limit: u32,
    },
    /// The primitive is newer than the prover.
    #[error("the prover has no rows for this primitive")]
    Primitive,
}

/// Why a model has no trace program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceProgramError {
    /// A node cannot be proven.
    #[error("node `{node}` ({primitive}) cannot be proven: {reason}")]
    Node {
        /// Its name.
        node: String,
        /// The name of its primitive.
        primitive: &'static str,
        /// Why not.
        reason: Unprovable,
    },
    /// An input cannot be proven to be within its range.
    #[error("input `{input}` cannot be proven to be within its range: {reason}")]
    Input {
        /// Its name.
        input: String,
        /// Why not.
        reason: Unprovable,
    },
    /// The trace would be too long.
    #[error("the proof would need at least {rows} rows, but a trace has at most {limit}: prove smaller batches, or a smaller model")]
    TooLarge {
        /// How many rows it would have at least.
        rows: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The tensors of a batch have more elements together than are kept in lists: far more than a trace could read.
    #[error("a batch has {elements} elements in its tensors, but at most {limit} are supported: prove smaller batches, or a smaller model")]
    Elements {
        /// How many there are.
        elements: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A batch has more inputs and outputs than a proof may have.
    #[error(transparent)]
    Values(#[from] EntriesError),
    /// A batch of no inferences.
    #[error("a batch has at least one inference")]
    EmptyBatch,
}

impl TraceProgramError {
    pub(crate) fn node(node: &str, primitive: &'static str, reason: Unprovable) -> Self {
        Self::Node { node: node.to_owned(), primitive, reason }
    }

    pub(crate) fn input(input: &str, reason: Unprovable) -> Self {
        Self::Input { input: input.to_owned(), reason }
    }
}

/// How an entry gets into the commitment.
fn to_list(preset: Preset) -> &'static str {
    match preset {
        Preset::Starknet => "proofs that a Starknet contract verifies need a package that `maat transpile .. --contract-proofs` made",
        _ => "`maat commitment` adds one, with --preset and --batch",
    }
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The model has no trace program.
    #[error(transparent)]
    Program(#[from] TraceProgramError),
    /// The model refuses an inference's inputs.
    #[error("inference {inference}: {source}")]
    Inputs {
        /// The inference, counted from one.
        inference: usize,
        /// Why they are refused.
        source: RunError,
    },
    /// The key is for another batch size.
    #[error("the key is for batches of {expected}, got {found} inference(s)")]
    Batch {
        /// The key's batch size.
        expected: usize,
        /// How many inferences were given.
        found: usize,
    },
    /// The model's commitment has no entry for a preset and batch size.
    #[error("the commitment has no entry for {} and batches of {batch}: {}", preset.of_entry(), to_list(*preset))]
    NoEntry {
        /// The preset of the entry.
        preset: Preset,
        /// The batch size.
        batch: u32,
    },
    /// A further commitment was to be for proofs that a contract verifies.
    #[error(
        "a contract knows the commitment that it was compiled with, and no further one: proofs that it verifies need a package that \
         `maat transpile .. --contract-proofs` made"
    )]
    ForContracts,
    /// A further commitment was to be for nothing but what others are for.
    #[error("there is nothing to add: the package has entries for all of these presets and batch sizes")]
    NothingToAdd,
    /// The entries are those of another model, or were made by another version.
    #[error("the commitment's entry for preset `{preset}` and batches of {batch} is not this model's: transpile the ONNX file again")]
    OtherModel {
        /// The preset.
        preset: Preset,
        /// The batch size.
        batch: u32,
    },
    /// A private model's proofs spend one-time roots, and a public one's do not.
    #[error("a private model is proven with its seed and a one-time root, and a public one without")]
    Private,
    /// Proofs that would give a private model's weights away.
    #[error("a private model has no entries for the preset `fast`: its hiding proofs take those of `balanced`")]
    PrivatePreset,
    /// The key is for proofs in the other mode.
    #[error("the key is for {} proofs", if key.is_hiding() { "hiding" } else { "plain" })]
    Mode {
        /// The key's mode.
        key: Mode,
    },
    /// A one-time key makes one proof: two would give weights away.
    #[error("the one-time root of this key is spent: a second proof with it would give weights away")]
    Spent,
    /// The values are not those of the opening whose digest they are to have.
    #[error("the {side} are not the values of the opening whose digest they are to have")]
    Opened {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
    },
    /// The one-time root is not the model's.
    #[error(transparent)]
    OneTime(#[from] OneTimeError),
    /// The entries do not make a commitment.
    #[error(transparent)]
    Entries(#[from] EntriesError),
    /// The statement does not fit a proof file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Winterfell gives no proof.
    #[error("the proof could not be made: {0}")]
    Stark(ProverError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes, without which nothing is hidden: {0}")]
    Random(#[from] getrandom::Error),
}
