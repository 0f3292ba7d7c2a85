//! The secrets of a private model on disk: its seed, the ledger of its one-time roots, and the roots themselves.
//!
//! The roots follow from the model and the seed, and the model's commitment binds them; they are kept because each costs as much as a key. What
//! is read of them is taken only if the tree over them has the root of the commitment's entry.

use std::fs;
use std::path::{Path, PathBuf};

use maat_verifier::{Entries, Entry, MAX_ONE_TIME_ROOTS, OneTimeError, OneTimeRoot, OneTimeTree};
use thiserror::Error;

use crate::ledger::{Ledger, LedgerError};
use crate::model_seed::{ModelSeed, ModelSeedError};
use crate::private_file::{self, PrivateFileError};

const SEED: &str = "seed";
const LEDGER: &str = "ledger";
/// Bytes of a root.
const ROOT: usize = 32;

/// The folder of a private model's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateFolder(PathBuf);

/// Why the secrets of a private model cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrivateFolderError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The seed cannot be read or written.
    #[error(transparent)]
    Seed(#[from] ModelSeedError),
    /// The ledger gives no index.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The kept roots are not those of the model's commitment.
    #[error("{path} does not hold the one-time roots of the model's commitment: transpile again with a new seed")]
    Roots {
        /// Which file.
        path: PathBuf,
    },
    /// No tree has these roots.
    #[error(transparent)]
    OneTime(#[from] OneTimeError),
}

impl PrivateFolder {
    /// The folder of a package's secrets.
    pub fn of_package(package: &Path) -> Self {
        Self(package.join("private"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the secrets of a new private model. `trees` are those of its entries, in their order. The ledger comes last: without it, nothing
    /// here can be used.
    ///
    /// # Errors
    /// There is such a folder already, or it cannot be written.
    pub fn create(&self, seed: &ModelSeed, entries: &Entries, trees: &[OneTimeTree]) -> Result<(), PrivateFolderError> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(PrivateFileError::of(&self.0))?;
        seed.write(&self.seed_path())?;
        for (entry, tree) in entries.as_slice().iter().zip(trees) {
            private_file::create(&self.roots_path(entry), tree.roots().as_flattened())?;
        }
        private_file::sync_folder(&self.0)?;
        Ok(Ledger::create(&self.ledger_path(), seed.id(), entries.as_slice()[0].one_time_roots)?)
    }

    /// The model's seed.
    ///
    /// # Errors
    /// It cannot be read, or others can read it.
    pub fn seed(&self) -> Result<ModelSeed, PrivateFolderError> {
        Ok(ModelSeed::read(&self.seed_path())?)
    }

    /// Spends a one-time root for a proof with an entry. It is spent for all entries, and on the disk, when this returns.
    ///
    /// # Errors
    /// All are spent, it is not certain which are, or the kept roots are not those of the entry.
    pub fn take(&self, seed: &ModelSeed, entry: &Entry) -> Result<OneTimeRoot, PrivateFolderError> {
        // What fails for the roots costs no index.
        let tree = self.tree(entry)?;
        let index = Ledger::take(&self.ledger_path(), seed.id(), entry.one_time_roots)?;
        Ok(tree.path(index))
    }

    /// How many one-time roots are spent, or lost.
    ///
    /// # Errors
    /// It is not certain.
    pub fn spent(&self, seed: &ModelSeed, count: u32) -> Result<u32, PrivateFolderError> {
        Ok(Ledger::peek(&self.ledger_path(), seed.id(), count)?)
    }

    /// Takes over a ledger that was copied, moved or restored: see [`Ledger::adopt`].
    ///
    /// # Errors
    /// By what the ledger says, the index is spent, or there is none.
    pub fn adopt(&self, seed: &ModelSeed, from: u32) -> Result<(), PrivateFolderError> {
        Ok(Ledger::adopt(&self.ledger_path(), seed.id(), from)?)
    }

    /// The files of the folder, none of which may be overwritten: those that are there, and the seed and the ledger in any case.
    pub fn paths(&self) -> Vec<PathBuf> {
        let there = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|entry| entry.path());
        [self.seed_path(), self.ledger_path()].into_iter().chain(there).collect()
    }

    /// The tree over an entry's one-time roots.
    fn tree(&self, entry: &Entry) -> Result<OneTimeTree, PrivateFolderError> {
        let path = self.roots_path(entry);
        let bytes = private_file::read(&private_file::open(&path, false)?, &path, MAX_ONE_TIME_ROOTS as usize * ROOT)?;
        let (roots, rest) = bytes.as_chunks();
        let tree = OneTimeTree::new(roots.to_vec())?;
        let whole = rest.is_empty() && roots.len() == entry.one_time_roots as usize;
        if whole && tree.root() == entry.fixed_root { Ok(tree) } else { Err(PrivateFolderError::Roots { path }) }
    }

    fn seed_path(&self) -> PathBuf {
        self.0.join(SEED)
    }

    fn ledger_path(&self) -> PathBuf {
        self.0.join(LEDGER)
    }

    fn roots_path(&self, entry: &Entry) -> PathBuf {
        self.0.join(format!("roots-{}-{}", entry.preset, entry.batch))
    }
}

#[cfg(test)]
mod tests {
    use maat_verifier::Preset;
    use maat_verifier::layout::{Layout, MIN_ROWS};

    use super::*;

    /// A folder with the secrets of a model with two entries and four roots each.
    fn written() -> (tempfile::TempDir, PrivateFolder, ModelSeed, Entries) {
        let (folder, seed) = (tempfile::tempdir().unwrap(), ModelSeed::new([7; 32]));
        let roots = |first: u8| (0..4).map(|index| [first + index; 32]).collect();
        let trees = [OneTimeTree::new(roots(10)).unwrap(), OneTimeTree::new(roots(20)).unwrap()];
        let entry = |batch: u32| Entry {
            preset: Preset::Balanced,
            layout: Layout::base(),
            batch,
            rows: MIN_ROWS as u32,
            inputs: 1,
            outputs: 1,
            one_time_roots: 4,
            fixed_root: trees[batch as usize - 1].root(),
        };
        let entries = Entries::new(vec![entry(1), entry(2)]).unwrap();
        let private = PrivateFolder::of_package(folder.path());
        private.create(&seed, &entries, &trees).unwrap();
        (folder, private, seed, entries)
    }

    #[test]
    fn a_root_is_spent_once_for_all_entries() {
        let (_folder, private, seed, entries) = written();
        assert_eq!(private.seed().unwrap(), seed);
        for (index, entry) in [(0, 0), (1, 1), (2, 0), (3, 1)] {
            assert_eq!(private.spent(&seed, 4).unwrap(), index);
            let entry = &entries.as_slice()[entry];
            let root = private.take(&seed, entry).unwrap();
            assert_eq!((root.index, root.check(4, &entry.fixed_root)), (index, Ok(())));
        }
        let error = private.take(&seed, &entries.as_slice()[0]).unwrap_err();
        assert!(matches!(error, PrivateFolderError::Ledger(LedgerError::Exhausted { count: 4 })), "{error}");
    }

    #[test]
    fn roots_that_are_not_the_entrys_cost_no_index() {
        let (_folder, private, seed, entries) = written();
        let [one, two] = entries.as_slice() else { unreachable!() };
        let (path, bytes) = (private.roots_path(one), fs::read(private.roots_path(one)).unwrap());
        for bytes in [&bytes[..64], &bytes[..127], &[&bytes[..], &[0]].concat(), &fs::read(private.roots_path(two)).unwrap(), &[]] {
            fs::write(&path, bytes).unwrap();
            assert!(private.take(&seed, one).is_err(), "{} bytes", bytes.len());
        }
        assert_eq!(private.spent(&seed, 4).unwrap(), 0);
        assert_eq!(private.take(&seed, two).unwrap().index, 0);
    }

    #[test]
    fn secrets_are_never_replaced() {
        let (_folder, private, seed, entries) = written();
        private.take(&seed, &entries.as_slice()[0]).unwrap();
        let error = private.create(&ModelSeed::new([8; 32]), &entries, &[]).unwrap_err();
        assert!(matches!(error, PrivateFolderError::File(PrivateFileError::Exists { .. })), "{error}");
        assert_eq!((private.seed().unwrap(), private.spent(&seed, 4).unwrap()), (seed, 1));
    }
}
