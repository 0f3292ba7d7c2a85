//! The seed of a private model: the secret that its one-time masks follow from.

use std::fmt;
use std::path::{Path, PathBuf};

use maat_verifier::{Blake2s256, hex, parse_hex};
use thiserror::Error;
use winterfell::crypto::{Digest, Hasher};

use crate::private_file::{self, PrivateFileError, TRANSPILE_ANEW};
use crate::random;

const ID: &[u8] = b"maat model seed 1";
const MASKS: &str = "Maat 2026 one-time mask rows of a private model 1";
/// `0x`, 64 hexadecimal digits and the end of the line.
const FILE_BYTES: usize = 67;

/// The secret of a private model. Whoever has it and old proofs of the model computes its weights; who has lost it cannot prove any more.
#[derive(Clone, PartialEq, Eq)]
pub struct ModelSeed([u8; 32]);

/// Why a seed is neither read nor written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelSeedError {
    /// Its file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// There is none.
    #[error(
        "there is no seed {path}, without which nobody can prove this model: put this one file back from a copy, which may be made of it and never \
         of the ledger, or {TRANSPILE_ANEW}"
    )]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error(
        "{path} is not the seed of a model, which is 0x and 64 hexadecimal digits: put this one file back from a copy, which may be made of it \
         and never of the ledger, or {TRANSPILE_ANEW}"
    )]
    NotASeed {
        /// Which file.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("the system gives no random bytes for a seed: {0}")]
    Random(#[from] getrandom::Error),
}

impl ModelSeed {
    /// A seed of 32 bytes that nobody else can guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed that nobody knows.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, ModelSeedError> {
        Ok(Self(random::bytes()?))
    }

    /// Which seed this is, without giving it away: Blake2s of a tag and the seed.
    pub fn id(&self) -> [u8; 32] {
        <Blake2s256>::hash(&[ID, &self.0].concat()).as_bytes()
    }

    /// The key that the mask rows of an entry follow from, for the one-time root `index`: BLAKE3 in its mode for keys, of the seed, the
    /// number of the entry's bytes, the entry and the index. Each pair of entry and index has a key of its own, as equal mask rows in two
    /// trees would add up what both open.
    pub fn mask_key(&self, entry: &[u8], index: u32) -> [u8; 32] {
        let length = (entry.len() as u64).to_le_bytes();
        blake3::derive_key(MASKS, &[&self.0[..], &length, entry, &index.to_le_bytes()].concat())
    }

    /// Writes the seed to a file that is not there yet, which nobody else can read, and waits until it is on the disk.
    ///
    /// # Errors
    /// There is a file of this name, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ModelSeedError> {
        let path = std::path::absolute(path).map_err(PrivateFileError::of(path))?;
        private_file::create(&path, format!("{}\n", hex(&self.0)).as_bytes())?;
        path.parent().map_or(Ok(()), private_file::sync_folder)?;
        Ok(())
    }

    /// Reads a seed from its file.
    ///
    /// # Errors
    /// There is none, it is no seed, or others can read or write the file.
    pub fn read(path: &Path) -> Result<Self, ModelSeedError> {
        let file = match private_file::open(path, false) {
            Err(PrivateFileError::Missing { path }) => return Err(ModelSeedError::Missing { path }),
            opened => opened?,
        };
        let bytes = private_file::read(&file, path, FILE_BYTES)?;
        let text = str::from_utf8(&bytes).ok().map(|text| text.strip_suffix('\n').unwrap_or(text));
        text.and_then(parse_hex).map(Self).ok_or_else(|| ModelSeedError::NotASeed { path: path.to_path_buf() })
    }
}

/// A seed is a secret, so it is not printed by accident.
impl fmt::Debug for ModelSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ModelSeed(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use super::*;

    fn seed() -> ModelSeed {
        ModelSeed::new([0x5a; 32])
    }

    #[test]
    fn a_seed_is_never_printed() {
        assert_eq!(format!("{:?} {:#?}", seed(), Some(seed())), "ModelSeed(..) Some(\n    ModelSeed(..),\n)");
        let (folder, path) = written("0x12");
        let error = ModelSeed::read(&path).unwrap_err();
        assert!(matches!(&error, ModelSeedError::NotASeed { path: found } if *found == path), "{error}");
        assert!(!error.to_string().contains("0x12"), "{error}");
        drop(folder);
    }

    #[test]
    fn random_seeds_differ() {
        assert_ne!(ModelSeed::random().unwrap(), ModelSeed::random().unwrap());
    }

    #[test]
    fn the_id_names_the_seed_and_does_not_change() {
        assert_eq!(hex(&seed().id()), "0x9f2acdcde47c0ef037d5fc5339b087870da885345004e2b46c7a65aa86961086");
        assert_ne!(seed().id(), ModelSeed::new([0x5b; 32]).id());
        assert_ne!(seed().id(), seed().0);
    }

    #[test]
    fn the_keys_of_fixed_seeds_do_not_change() {
        let mut hash = blake3::Hasher::new_derive_key("Maat 2026 one-time mask rows of a private model 1");
        for part in [&[0x5a; 32][..], &[5, 0, 0, 0, 0, 0, 0, 0], b"entry", &[7, 1, 0, 0]] {
            hash.update(part);
        }
        let key = seed().mask_key(b"entry", 263);
        assert_eq!(key, *hash.finalize().as_bytes());
        assert_eq!(hex(&key), "0xb01cf73f4fa62e6d5419b399d95bd3685716c3fb488716a79dee0825a1ce4be3");
    }

    #[test]
    fn every_entry_and_every_index_has_another_key() {
        let entries: [&[u8]; 6] = [b"", b"\0", b"a", b"ab", b"b", b"\x01\0\0\0\0\0\0\0"];
        let indices = [0, 1, 255, 256, 65_535, u32::MAX];
        let keys: HashSet<_> = entries.iter().flat_map(|entry| indices.map(|index| seed().mask_key(entry, index))).collect();
        assert_eq!(keys.len(), 36);
        assert_ne!(seed().mask_key(b"a", 1), ModelSeed::new([0x5b; 32]).mask_key(b"a", 1));
    }

    /// A file that is the user's alone, with a text.
    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        private_file::create(&path, text.as_bytes()).unwrap();
        (folder, path)
    }

    #[test]
    fn a_seed_is_read_as_it_was_written_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        seed().write(&path).unwrap();
        let text = format!("0x{}\n", "5a".repeat(32));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(ModelSeed::read(&path).unwrap(), seed());
        let other = ModelSeed::random().unwrap();
        assert!(matches!(other.write(&path), Err(ModelSeedError::File(PrivateFileError::Exists { .. }))));
        assert_eq!(ModelSeed::read(&path).unwrap(), seed());
        assert!(matches!(ModelSeed::read(folder.path()), Err(ModelSeedError::File(PrivateFileError::NotRegular { .. }))));
        let error = ModelSeed::read(&folder.path().join("no")).unwrap_err();
        assert!(matches!(&error, ModelSeedError::Missing { path } if *path == folder.path().join("no")), "{error}");
        let error = error.to_string();
        assert!(error.contains("put this one file back from a copy") && error.contains("`maat transpile --private -o OTHER`"), "{error}");
        // One that was typed in may have no end of the line.
        let (_folder, path) = written(text.trim_end());
        assert_eq!(ModelSeed::read(&path).unwrap(), seed());
    }

    #[test]
    fn other_texts_are_no_seeds() {
        let digits = "5a".repeat(32);
        for text in [
            "",
            "0x",
            &digits,
            &format!("0x{digits}\r"),
            &format!(" 0x{digits}"),
            &format!("0x{}g\n", &digits[1..]),
            &format!("0x{}\n\n", &digits[1..]),
        ] {
            let (_folder, path) = written(text);
            assert!(matches!(ModelSeed::read(&path), Err(ModelSeedError::NotASeed { .. })), "{text:?}");
        }
        let (_folder, path) = written(&format!("0x{digits}\n\n"));
        assert!(matches!(ModelSeed::read(&path), Err(ModelSeedError::File(PrivateFileError::TooLong { .. }))));
        fs::write(&path, [0xff; 66]).unwrap();
        assert!(matches!(ModelSeed::read(&path), Err(ModelSeedError::NotASeed { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_seed_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed");
        seed().write(&path).unwrap();
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for exposed in [0o644, 0o640, 0o604, 0o620] {
            mode(exposed);
            assert!(matches!(ModelSeed::read(&path), Err(ModelSeedError::File(PrivateFileError::Exposed { .. }))), "{exposed:o}");
        }
        mode(0o400);
        assert_eq!(ModelSeed::read(&path).unwrap(), seed());
    }
}
