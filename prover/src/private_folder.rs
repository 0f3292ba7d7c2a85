//! The secrets of a private model on disk: its seed, the ledger of its one-time roots, and the roots themselves.
//!
//! The roots follow from the model and the seed, and the model's commitment binds them; they are kept because each costs as much as a key. What
//! is read of them is taken only if the tree over them has the root of the commitment's entry.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use maat_verifier::{Entries, Entry, MAX_ONE_TIME_ROOTS, OneTimeError, OneTimeRoot, OneTimeTree};
use thiserror::Error;

use crate::ledger::{Ledger, LedgerError};
use crate::model_seed::{ModelSeed, ModelSeedError};
use crate::private_file::{self, PrivateFileError, TRANSPILE_ANEW};

const SEED: &str = "seed";
const LEDGER: &str = "ledger";
/// Bytes of a root.
const ROOT: usize = 32;
const ROOTS_AGAIN: &str = "they follow from the model and the seed, and `maat audit` recomputes them; restore this one file from a copy, as it is \
                           not secret and never changes";

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
    /// The roots were not kept.
    #[error("there is no {path}, which holds one-time roots of the model: {ROOTS_AGAIN}, or {TRANSPILE_ANEW}")]
    NoRoots {
        /// Which file.
        path: PathBuf,
    },
    /// The kept roots are not those of the model's commitment.
    #[error("{path} does not hold the one-time roots of the model's commitment: {ROOTS_AGAIN}, or {TRANSPILE_ANEW}")]
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

    /// Takes over a ledger of `count` one-time roots that was copied, moved or restored, or is missing or damaged: see [`Ledger::adopt`].
    ///
    /// # Errors
    /// By what the ledger says, the index is spent, or there is none, or the ledger is in order.
    pub fn adopt(&self, seed: &ModelSeed, count: u32, from: u32) -> Result<(), PrivateFolderError> {
        Ok(Ledger::adopt(&self.ledger_path(), seed.id(), count, from)?)
    }

    /// Every file that nothing else may ever be written to: the seed and the ledger with what belongs to it, whether they are there or not, and
    /// all that is in the folder.
    pub fn paths(&self) -> Vec<PathBuf> {
        let there = fs::read_dir(&self.0).into_iter().flatten().flatten().map(|entry| entry.path());
        let paths: BTreeSet<_> = there.chain(Ledger::paths(&self.ledger_path())).chain([self.seed_path()]).collect();
        paths.into_iter().collect()
    }

    /// The tree over an entry's one-time roots.
    fn tree(&self, entry: &Entry) -> Result<OneTimeTree, PrivateFolderError> {
        let path = self.roots_path(entry);
        // Roots are not secret, and whoever restores them may not think of who can read them.
        let file = match private_file::open_of_anybody(&path, false) {
            Err(PrivateFileError::Missing { path }) => return Err(PrivateFolderError::NoRoots { path }),
            opened => opened?,
        };
        let bytes = match private_file::read(&file, &path, MAX_ONE_TIME_ROOTS as usize * ROOT) {
            Err(PrivateFileError::TooLong { path, .. }) => return Err(PrivateFolderError::Roots { path }),
            read => read?,
        };
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
    use maat_verifier::layout::Layout;

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
            rows: Layout::base().min_rows() as u32,
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
        fs::remove_file(&path).unwrap();
        let error = private.take(&seed, one).unwrap_err();
        assert!(matches!(&error, PrivateFolderError::NoRoots { path: found } if *found == path), "{error}");
        let error = error.to_string();
        assert!(error.contains("restore this one file from a copy") && error.contains("`maat transpile --private -o OTHER`"), "{error}");
        assert_eq!(private.spent(&seed, 4).unwrap(), 0);
        assert_eq!(private.take(&seed, two).unwrap().index, 0);
        // One that is restored is used, whoever can read it.
        fs::write(&path, bytes).unwrap();
        assert_eq!(private.take(&seed, one).unwrap().index, 1);
    }

    #[test]
    fn a_ledger_that_is_missing_is_taken_over() {
        let (_folder, private, seed, entries) = written();
        let entry = &entries.as_slice()[0];
        private.take(&seed, entry).unwrap();
        let in_order = private.adopt(&seed, 4, 2).unwrap_err();
        assert!(matches!(in_order, PrivateFolderError::Ledger(LedgerError::InOrder { .. })), "{in_order}");
        fs::remove_file(private.ledger_path()).unwrap();
        assert!(matches!(private.take(&seed, entry), Err(PrivateFolderError::Ledger(LedgerError::Missing { .. }))));
        private.adopt(&seed, 4, 2).unwrap();
        assert_eq!(private.take(&seed, entry).unwrap().index, 2);
    }

    #[test]
    fn all_files_and_those_that_will_be_there_are_named() {
        let (folder, private, ..) = written();
        let named = |names: &[&str]| names.iter().map(|name| private.path().join(name)).collect::<Vec<_>>();
        let written = ["ledger", "ledger.lock", "ledger.new", "roots-balanced-1", "roots-balanced-2", "seed"];
        assert_eq!(private.paths(), named(&written));
        fs::write(private.path().join("notes"), "").unwrap();
        assert_eq!(private.paths(), named(&[&written[..3], &["notes"], &written[3..]].concat()));
        fs::remove_dir_all(private.path()).unwrap();
        assert_eq!(private.paths(), named(&["ledger", "ledger.lock", "ledger.new", "seed"]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
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
