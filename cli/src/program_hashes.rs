//! Hashes of programs that were hashed before. A hash is a chain of Pedersen hashes, one for each felt of the bytecode, and takes far longer
//! than the verification of a proof.

use std::path::{Path, PathBuf};

use maat_prover::Cache;
use maat_verifier::cairo::{Program, ProgramHash};

use crate::files::{self, Destination, Readers};

/// Hashes that are kept are no longer than this.
const LIMIT: usize = 80;

/// Where the user's hashes are kept.
pub fn user_folder() -> Option<PathBuf> {
    Some(Cache::of_user()?.folder().join("program-hashes"))
}

/// The hash of a program, from the folder or else computed and kept there. Whoever can write to the folder can give a program any hash.
pub fn hash(program: &Program, folder: Option<&Path>) -> ProgramHash {
    let digest: String = program.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let Some(path) = folder.map(|folder| folder.join(digest)) else {
        return program.hash();
    };
    let kept = files::read(&path, LIMIT).ok().and_then(Result::ok);
    let kept = kept.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok());
    kept.unwrap_or_else(|| {
        let hash = program.hash();
        // Who verifies needs the hash, not the file.
        let _ = keep(&path, hash);
        hash
    })
}

fn keep(path: &Path, hash: ProgramHash) -> anyhow::Result<()> {
    path.parent().map(std::fs::create_dir_all).transpose()?;
    Destination::new(path)?.stage(hash.to_string().as_bytes(), Readers::Usual)?.persist()
}

#[cfg(test)]
mod tests {
    use maat_verifier::Felt252;

    use super::*;

    #[test]
    fn a_hash_is_computed_once() {
        let header = [0x0407_8001_7fff_7fff, 0, 0x1104_8001_8001_8000, 4, 0x0107_8001_7fff_7fff, 0, 0x208b_7fff_7fff_7ffe];
        let program = Program::new(header.map(Felt252::new).to_vec(), vec![]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("hashes");
        assert_eq!(hash(&program, None), program.hash());
        assert_eq!(hash(&program, Some(&within)), program.hash());
        let files: Vec<_> = std::fs::read_dir(&within).unwrap().collect();
        let [Ok(file)] = &files[..] else { panic!("one file: {files:?}") };
        // What is kept is taken, and what is no hash is not.
        std::fs::write(file.path(), "0x5").unwrap();
        assert_eq!(hash(&program, Some(&within)), "0x5".parse().unwrap());
        std::fs::write(file.path(), "five").unwrap();
        assert_eq!(hash(&program, Some(&within)), program.hash());
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), program.hash().to_string());
    }
}
