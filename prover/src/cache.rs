//! The extended fixed columns on disk. They are the same in every proof of a model, preset and batch size, and a good part of its work.
//!
//! Damage is found by the file's digest, and rows that are not the model's by the root of the tree that is built over them again. Polynomials
//! that are not the model's are found by the digest only, which anybody can compute: a file that somebody forged makes proofs that do not
//! hold. That harms nobody but the prover, who is to verify each proof of a cached key.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use maat_verifier::Goldilocks;
use rayon::prelude::*;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{Digest, Hasher};
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;

use crate::fixed::{Fixed, Rows};

type Blake3 = Blake3_256<Goldilocks>;
type PieceDigest = <Blake3 as Hasher>::Digest;

const MAGIC: [u8; 8] = *b"MAATFIXD";
/// The version of the files' format. Fixed columns that become others need no new one: a file names the columns that it is for.
const VERSION: u64 = 1;
const EXTENSION: &str = "fixed";
/// What a file is called while it is written.
const PARTIAL: &str = "partial";
/// A file that was begun this long ago will not be finished: its writer was stopped.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
const HEADER_BYTES: usize = 72;
const DIGEST_BYTES: usize = 32;
/// Values that are digested as one, and values that are in memory as bytes at a time.
const PIECE: usize = 1 << 14;
const BUFFER: usize = 1 << 20;

/// A folder that keeps the extended fixed columns of models that were proven.
///
/// No file of it is longer than [`Cache::MAX_FILE_BYTES`]: columns with a longer extension are computed for each proof. All together are not
/// longer than [`Cache::MAX_BYTES`]: the oldest ones make room. A file that is damaged or for other columns is ignored, and written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The longest file that is kept: 1 GiB.
    pub const MAX_FILE_BYTES: u64 = 1 << 30;
    /// The most that is kept: 4 GiB.
    pub const MAX_BYTES: u64 = 4 << 30;

    /// A cache in a folder, which is made when it is first written to.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The user's cache: the folder `$MAAT_CACHE`, or else `maat` in `$XDG_CACHE_HOME` or in `~/.cache`. There is none without a home.
    pub fn of_user() -> Option<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
        let of_maat = std::env::var_os("MAAT_CACHE").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let shared = || variable("XDG_CACHE_HOME").or_else(|| Some(std::env::home_dir()?.join(".cache")));
        of_maat.or_else(|| Some(shared()?.join("maat"))).map(Self::new)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, root: &[u8; 32]) -> PathBuf {
        let name: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension(EXTENSION)
    }

    /// The polynomials through the columns and their extension, if they are here and undamaged. That the rows have the root is left to check.
    pub(crate) fn read(&self, root: &[u8; 32], columns: &[Vec<Goldilocks>], blowup: usize) -> Option<(ColMatrix<Goldilocks>, Rows)> {
        let file = File::open(self.path(root)).ok()?;
        let (width, rows) = (columns.len(), columns[0].len());
        if file.metadata().ok()?.len() != file_bytes(columns, blowup) {
            return None;
        }
        let mut reader = Reader { file: BufReader::new(file), buffer: Vec::new(), digests: Vec::new() };
        let mut found = [0; HEADER_BYTES];
        reader.file.read_exact(&mut found).ok()?;
        if found != header(columns, blowup) {
            return None;
        }
        let polynomials = (0..width).map(|_| reader.values(rows)).collect::<io::Result<Vec<_>>>().ok()?;
        let extension = reader.values(width * rows * blowup).ok()?;
        let mut digest = [0; DIGEST_BYTES];
        reader.file.read_exact(&mut digest).ok()?;
        let intact = digest == Blake3::merge_many(&reader.digests).as_bytes();
        intact.then(|| (ColMatrix::new(polynomials), Rows::new(extension, width)))
    }

    /// Keeps the polynomials and the extension of fixed columns, unless they are too long. A reader sees the whole file or none.
    pub(crate) fn write(&self, root: &[u8; 32], fixed: &Fixed, extension: &Rows, blowup: usize) -> io::Result<()> {
        let bytes = file_bytes(&fixed.columns, blowup);
        if bytes > Self::MAX_FILE_BYTES {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        self.make_room(bytes)?;
        let mut file = tempfile::Builder::new().prefix(".maat-").suffix(&format!(".{PARTIAL}")).tempfile_in(&self.folder)?;
        file.write_all(&header(&fixed.columns, blowup))?;
        let mut digests = Vec::new();
        for values in fixed.polynomials.columns().chain([extension.values()]) {
            for values in values.chunks(BUFFER) {
                let pieces: Vec<Vec<u8>> = values.par_chunks(PIECE).map(bytes_of).collect();
                digests.par_extend(pieces.par_iter().map(|piece| Blake3::hash(piece)));
                pieces.iter().try_for_each(|piece| file.write_all(piece))?;
            }
        }
        file.write_all(&Blake3::merge_many(&digests).as_bytes())?;
        file.persist(self.path(root))?;
        Ok(())
    }

    /// Removes what writers that were stopped have left, and then the oldest files until there is room for one of a length. Files that are
    /// being written take room, too.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let (mut files, mut total) = (Vec::new(), 0);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another process may remove files meanwhile.
            let Some(metadata) = unless_gone(entry.metadata())?.filter(fs::Metadata::is_file) else { continue };
            let (path, modified) = (entry.path(), metadata.modified()?);
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(EXTENSION) => files.push((modified, metadata.len(), path)),
                Some(PARTIAL) if SystemTime::now().duration_since(modified).is_ok_and(|age| age > ABANDONED) => {
                    unless_gone(fs::remove_file(path))?;
                    continue;
                }
                Some(PARTIAL) => {}
                _ => continue,
            }
            total += metadata.len();
        }
        files.sort();
        for (_, length, path) in files {
            if total + bytes <= Self::MAX_BYTES {
                break;
            }
            unless_gone(fs::remove_file(path))?;
            total -= length;
        }
        Ok(())
    }
}

/// A file that is not there any more is no failure.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn file_bytes(columns: &[Vec<Goldilocks>], blowup: usize) -> u64 {
    let values = columns.len() * columns[0].len() * (1 + blowup);
    (HEADER_BYTES + values * Goldilocks::ELEMENT_BYTES + DIGEST_BYTES) as u64
}

/// What a file begins with: which columns it is for. Their digest is there because the root alone does not bind the polynomials to the
/// columns of the program that is proven.
fn header(columns: &[Vec<Goldilocks>], blowup: usize) -> [u8; HEADER_BYTES] {
    let digests: Vec<PieceDigest> =
        columns.par_iter().flat_map(|column| column.par_chunks(PIECE)).map(|values| Blake3::hash(&bytes_of(values))).collect();
    let numbers = [VERSION, columns.len() as u64, columns[0].len() as u64, blowup as u64].map(u64::to_le_bytes);
    let digest = Blake3::merge_many(&digests).as_bytes();
    let mut header = [0; HEADER_BYTES];
    let parts = MAGIC.iter().chain(numbers.as_flattened()).chain(&digest);
    header.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
    header
}

/// Values as integers, least significant byte first.
fn bytes_of(values: &[Goldilocks]) -> Vec<u8> {
    values.iter().flat_map(|value| value.as_int().to_le_bytes()).collect()
}

/// Reads values, and digests them.
struct Reader {
    file: BufReader<File>,
    buffer: Vec<u8>,
    digests: Vec<PieceDigest>,
}

impl Reader {
    fn values(&mut self, count: usize) -> io::Result<Vec<Goldilocks>> {
        let mut values = vec![Goldilocks::ZERO; count];
        for values in values.chunks_mut(BUFFER) {
            self.buffer.resize(values.len() * Goldilocks::ELEMENT_BYTES, 0);
            self.file.read_exact(&mut self.buffer)?;
            let pieces = values.par_chunks_mut(PIECE).zip(self.buffer.par_chunks(PIECE * Goldilocks::ELEMENT_BYTES));
            let digests = pieces.map(|(values, bytes)| {
                let (numbers, _) = bytes.as_chunks();
                values.iter_mut().zip(numbers).for_each(|(value, number)| *value = Goldilocks::new(u64::from_le_bytes(*number)));
                Blake3::hash(bytes)
            });
            self.digests.par_extend(digests);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::Extension;

    const BLOWUP: usize = 2;

    fn columns(seed: u64) -> Vec<Vec<Goldilocks>> {
        (0..9).map(|column| (0..64).map(|row| Goldilocks::new(seed + column * column * 1_000 + row * row)).collect()).collect()
    }

    /// Fixed columns with their extension, kept in a cache.
    fn kept(cache: &Cache) -> (Fixed, Extension<Blake3>) {
        let fixed = Fixed::interpolate(columns(1));
        let extension = Extension::new(&fixed, BLOWUP);
        cache.write(&extension.root(), &fixed, &extension.rows, BLOWUP).unwrap();
        (fixed, extension)
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("of/maat"));
        let (fixed, extension) = kept(&cache);
        let (polynomials, rows) = cache.read(&extension.root(), &fixed.columns, BLOWUP).unwrap();
        assert!(polynomials.columns().eq(fixed.polynomials.columns()));
        assert_eq!(rows, extension.rows);
        assert_eq!(Extension::<Blake3>::over(rows).root(), extension.root());
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 1);
    }

    #[test]
    fn the_extension_is_that_of_the_roots() {
        let fixed = Fixed::interpolate(columns(5));
        for blowup in [2, 8] {
            assert_eq!(Extension::<Blake3>::new(&fixed, blowup).root(), fixed.root::<Blake3>(blowup));
        }
    }

    #[test]
    fn a_damaged_file_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (fixed, extension) = kept(&cache);
        let path = cache.path(&extension.root());
        let good = fs::read(&path).unwrap();
        let is_read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            cache.read(&extension.root(), &fixed.columns, BLOWUP).is_some()
        };
        assert!(is_read(&good));
        for position in [0, 8, 16, 40, HEADER_BYTES, good.len() / 2, good.len() - DIGEST_BYTES - 1, good.len() - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            assert!(!is_read(&bad), "byte {position}");
        }
        assert!(!is_read(&good[..good.len() - 1]));
        assert!(!is_read(&[&good[..], &[0]].concat()));
        assert!(!is_read(&[]));
    }

    #[test]
    fn a_file_for_other_columns_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (fixed, extension) = kept(&cache);
        let root = extension.root();
        assert!(cache.read(&root, &columns(2), BLOWUP).is_none());
        assert!(cache.read(&root, &fixed.columns, 2 * BLOWUP).is_none());
        assert!(cache.read(&[0; 32], &fixed.columns, BLOWUP).is_none());
    }

    /// A file of a length that was written some seconds ago.
    fn file(folder: &Path, name: &str, bytes: u64, age: u64) -> PathBuf {
        let path = folder.join(name);
        let file = File::create(&path).unwrap();
        // A hole takes no room on the disk.
        file.set_len(bytes).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        path
    }

    #[test]
    fn the_oldest_files_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let half = Cache::MAX_BYTES / 2;
        let file = |name, age| file(folder.path(), name, half, age);
        let (old, young, foreign) = (file("a.fixed", 20), file("b.fixed", 10), file("c.txt", 30));
        cache.make_room(0).unwrap();
        assert!(old.exists() && young.exists());
        cache.make_room(1).unwrap();
        assert!(!old.exists() && young.exists() && foreign.exists());
    }

    #[test]
    fn files_that_were_begun_take_room_until_they_are_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let half = Cache::MAX_BYTES / 2;
        let file = |name, age| file(folder.path(), name, half, age);
        let (kept, given_up) = (file("a.fixed", 20), file(".maat-1.partial", 100_000));
        cache.make_room(half).unwrap();
        assert!(kept.exists() && !given_up.exists());
        let begun = file(".maat-2.partial", 1_000);
        cache.make_room(half).unwrap();
        assert!(!kept.exists() && begun.exists());
    }

    #[test]
    fn a_file_that_another_process_removes_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let gone = folder.path().join("gone.fixed");
        assert_eq!(unless_gone(fs::metadata(&gone)).unwrap().map(|_| ()), None);
        assert_eq!(unless_gone(fs::remove_file(&gone)).unwrap(), None);
        assert!(unless_gone(fs::remove_file(folder.path())).is_err());
        // Many at once, which remove one another's files.
        for number in 0..200 {
            file(folder.path(), &format!("{number}.fixed"), Cache::MAX_BYTES, number);
        }
        std::thread::scope(|scope| {
            let rooms: Vec<_> = (0..4).map(|_| scope.spawn(|| cache.make_room(1))).collect();
            rooms.into_iter().for_each(|room| room.join().unwrap().unwrap());
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
