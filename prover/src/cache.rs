//! The extended fixed columns on disk. They are the same in every proof of a model, preset and batch size, and a good part of its work.
//!
//! Nothing that a file says is believed. It holds the extension alone, which is taken only if the tree that is built over it has the root that
//! the model's commitment names. The polynomials are computed, as that costs less than to read and check them. The header says for which
//! columns the file was written, so that one of another model is recognised.
//!
//! Still, a folder that somebody else can write to is not used: see [`Cache::check`].

use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use maat_verifier::{Goldilocks, hex_digits};
use rayon::prelude::*;
use thiserror::Error;
use winterfell::crypto::{Digest, Hasher};
use winterfell::math::FieldElement;

use crate::extension::{Blake3, Rows};

type PieceDigest = <Blake3 as Hasher>::Digest;

const MAGIC: [u8; 8] = *b"MAATFIXD";
/// The version of the files' format. When fixed columns change, it need not: a file names the columns that it is for.
const VERSION: u64 = 2;
const EXTENSION: &str = "fixed";
/// What a file is called while it is written.
const PARTIAL: [&str; 2] = [".maat-", ".partial"];
/// A file that was begun this long ago will not be finished: its writer was stopped.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
const HEADER_BYTES: usize = 72;
/// Values that are digested as one, and values that are in memory as bytes at a time.
const PIECE: usize = 1 << 14;
const BUFFER: usize = 1 << 20;

/// A folder that keeps the extended fixed columns of models that were proven.
///
/// All files together are not longer than the cache's limit: those that were not used for longest make room. Columns with a longer extension
/// are computed for each proof. A file that is damaged or for other columns is ignored, and written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    limit: u64,
}

/// Why a cache folder is not used: what is in it may be somebody else's.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// The folder, or one that it lies in, is another user's.
    #[error(
        "the cache folder {folder} cannot be trusted: {place} belongs to another user (number {owner}); set MAAT_CACHE to a folder of your own"
    )]
    Owner {
        /// The cache folder.
        folder: PathBuf,
        /// Which folder is another user's.
        place: PathBuf,
        /// The number of that user.
        owner: u32,
    },
    /// Others can write to the folder, or to one that it lies in.
    #[error(
        "the cache folder {folder} cannot be trusted: other users can write to {place}; run `chmod go-w {place}`, or set MAAT_CACHE to a folder of your own"
    )]
    Writable {
        /// The cache folder.
        folder: PathBuf,
        /// Which folder others can write to.
        place: PathBuf,
    },
    /// The folder cannot be examined.
    #[error("the cache folder {folder} cannot be examined: {source}")]
    Unknown {
        /// The cache folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Files of one kind in a cache folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// How many there are.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
}

impl Files {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// What is in a cache folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// Extended fixed columns, one file for each model, preset and batch size.
    pub columns: Files,
    /// Files that are being written, or whose writer was stopped.
    pub unfinished: Files,
}

/// What a file of a cache folder is, by its name.
enum FileKind {
    Columns,
    Unfinished,
}

impl FileKind {
    /// The kind of a file that a cache has written; nothing for one that is somebody else's.
    fn of(entry: &DirEntry) -> Option<Self> {
        let name = entry.file_name();
        let name = name.to_str()?;
        let [prefix, suffix] = PARTIAL;
        if name.starts_with(prefix) && name.ends_with(suffix) {
            return Some(Self::Unfinished);
        }
        let (root, extension) = name.split_once('.')?;
        let is_root = root.len() == 64 && root.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_root && extension == EXTENSION).then_some(Self::Columns)
    }
}

impl Cache {
    /// The default limit, in bytes: 1 GB.
    pub const DEFAULT_LIMIT: u64 = 1_000_000_000;

    /// A cache in a folder, which is made when it is first written to.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), limit: Self::DEFAULT_LIMIT }
    }

    /// The same folder with another limit, in bytes.
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
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

    /// The most that is kept, in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether only the user can have written what is in the folder: it is theirs, nobody else can write to it, and nobody else can put
    /// another one in its place. A folder that is not there yet is judged by those that it will lie in.
    ///
    /// # Errors
    /// Somebody else can.
    #[cfg(unix)]
    pub fn check(&self) -> Result<(), Untrusted> {
        use std::os::unix::fs::MetadataExt;

        /// Write permission of the group and of all others.
        const OTHERS: u32 = 0o022;
        /// In such a folder, whoever owns an entry is the only one who can replace it.
        const STICKY: u32 = 0o1000;
        const ROOT: u32 = 0;

        let unknown = |source| Untrusted::Unknown { folder: self.folder.clone(), source };
        let absolute = std::path::absolute(&self.folder).map_err(unknown)?;
        let user = rustix::process::geteuid().as_raw();
        let found = absolute.ancestors().find_map(|place| unless_gone(place.canonicalize()).transpose()).transpose().map_err(unknown)?;
        let exists = unless_gone(fs::metadata(&absolute)).map_err(unknown)?.is_some();
        for (depth, place) in found.iter().flat_map(|place| place.ancestors()).enumerate() {
            let metadata = fs::metadata(place).map_err(unknown)?;
            let (folder, place) = (self.folder.clone(), place.to_path_buf());
            let itself = depth == 0 && exists;
            if metadata.uid() != user && (itself || metadata.uid() != ROOT) {
                return Err(Untrusted::Owner { folder, place, owner: metadata.uid() });
            }
            if metadata.mode() & OTHERS != 0 && (itself || metadata.mode() & STICKY == 0) {
                return Err(Untrusted::Writable { folder, place });
            }
        }
        Ok(())
    }

    /// Whether only the user can have written what is in the folder: taken for granted where there are no Unix permissions.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn check(&self) -> Result<(), Untrusted> {
        Ok(())
    }

    /// What is in the folder of what this cache has written. Whatever else is there is not counted.
    ///
    /// # Errors
    /// The folder cannot be read. One that is not there is empty.
    pub fn content(&self) -> io::Result<Content> {
        let mut content = Content::default();
        for (kind, _, metadata) in self.files()? {
            match kind {
                FileKind::Columns => content.columns.add(metadata.len()),
                FileKind::Unfinished => content.unfinished.add(metadata.len()),
            }
        }
        Ok(content)
    }

    /// Removes everything that this cache has written, and nothing else; gives what it was.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn clear(&self) -> io::Result<Files> {
        let mut removed = Files::default();
        for (_, path, metadata) in self.files()? {
            if unless_gone(fs::remove_file(path))?.is_some() {
                removed.add(metadata.len());
            }
        }
        Ok(removed)
    }

    /// The files that this cache has written. Links are somebody else's.
    fn files(&self) -> io::Result<Vec<(FileKind, PathBuf, Metadata)>> {
        let Some(entries) = unless_gone(fs::read_dir(&self.folder))? else { return Ok(Vec::new()) };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Some(kind) = FileKind::of(&entry) else { continue };
            // Another process may remove files meanwhile.
            let Some(metadata) = unless_gone(entry.metadata())?.filter(Metadata::is_file) else { continue };
            files.push((kind, entry.path(), metadata));
        }
        Ok(files)
    }

    fn path(&self, root: &[u8; 32]) -> PathBuf {
        self.folder.join(hex_digits(root)).with_extension(EXTENSION)
    }

    /// The extension of `width` columns with so many rows, if it is here, and what the file begins with. For which columns it is, and that it has
    /// the root, is left to check.
    pub(crate) fn read(&self, root: &[u8; 32], [width, rows]: [usize; 2], blowup: usize) -> Option<(Rows, FileHeader)> {
        self.check().ok()?;
        let path = self.path(root);
        // Before it is opened: a named pipe would be waited for.
        let metadata = fs::metadata(&path).ok().filter(Metadata::is_file)?;
        if metadata.len() != file_bytes([width, rows], blowup) {
            return None;
        }
        let file = File::open(path).ok()?;
        let mut reader = BufReader::new(file);
        let mut header = [0; HEADER_BYTES];
        reader.read_exact(&mut header).ok()?;
        // The values are worth reading only if the rest is right: the digest of the columns may not be known yet.
        if !header.starts_with(&numbers([width, rows], blowup)) {
            return None;
        }
        let extension = values(&mut reader, width * rows * blowup).ok()?;
        // What was used last is removed last. If the time cannot be set, the columns are still good.
        let _ = reader.get_ref().set_modified(SystemTime::now());
        Some((Rows::new(extension, width), FileHeader { bytes: header, blowup }))
    }

    /// Keeps the extension of columns, unless it is too long. A reader sees the whole file or none.
    pub(crate) fn write(&self, root: &[u8; 32], columns: &[Vec<Goldilocks>], extension: &Rows, blowup: usize) -> io::Result<()> {
        let bytes = file_bytes([columns.len(), columns[0].len()], blowup);
        if bytes > self.limit {
            return Ok(());
        }
        self.create_folder()?;
        self.check().map_err(io::Error::other)?;
        self.make_room(bytes)?;
        let [prefix, suffix] = PARTIAL;
        let mut file = tempfile::Builder::new().prefix(prefix).suffix(suffix).tempfile_in(&self.folder)?;
        file.write_all(&header(columns, blowup))?;
        for values in extension.values().chunks(BUFFER) {
            let pieces: Vec<Vec<u8>> = values.par_chunks(PIECE).map(bytes_of).collect();
            pieces.iter().try_for_each(|piece| file.write_all(piece))?;
        }
        file.persist(self.path(root))?;
        Ok(())
    }

    /// Makes the folder, which is then the user's alone.
    fn create_folder(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)
    }

    /// Removes what writers that were stopped have left, and then the files that were not used for longest, until there is room for one of a
    /// length. Files that are being written take room, too.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let (mut files, mut total) = (Vec::new(), 0);
        for (kind, path, metadata) in self.files()? {
            let modified = metadata.modified()?;
            match kind {
                FileKind::Columns => files.push((modified, metadata.len(), path)),
                FileKind::Unfinished if SystemTime::now().duration_since(modified).is_ok_and(|age| age > ABANDONED) => {
                    unless_gone(fs::remove_file(path))?;
                    continue;
                }
                FileKind::Unfinished => {}
            }
            total += metadata.len();
        }
        files.sort();
        for (_, length, path) in files {
            if total + bytes <= self.limit {
                break;
            }
            unless_gone(fs::remove_file(path))?;
            total -= length;
        }
        Ok(())
    }
}

/// What a file begins with.
pub(crate) struct FileHeader {
    bytes: [u8; HEADER_BYTES],
    blowup: usize,
}

impl FileHeader {
    /// Whether the file is for these columns.
    pub(crate) fn is_of(&self, columns: &[Vec<Goldilocks>]) -> bool {
        self.bytes == header(columns, self.blowup)
    }
}

/// A file that is not there any more is not a failure.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn file_bytes([width, rows]: [usize; 2], blowup: usize) -> u64 {
    let values = width * rows * blowup;
    (HEADER_BYTES + values * Goldilocks::ELEMENT_BYTES) as u64
}

/// What a file begins with: which columns it is for. Their digest is there because the root is that of the entry which is looked for, and so
/// does not tell that the columns are another model's.
fn header(columns: &[Vec<Goldilocks>], blowup: usize) -> [u8; HEADER_BYTES] {
    let digests: Vec<PieceDigest> =
        columns.par_iter().flat_map(|column| column.par_chunks(PIECE)).map(|values| Blake3::hash(&bytes_of(values))).collect();
    let numbers = numbers([columns.len(), columns[0].len()], blowup);
    let digest = Blake3::merge_many(&digests).as_bytes();
    let mut header = [0; HEADER_BYTES];
    let parts = numbers.iter().chain(&digest);
    header.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
    header
}

/// What the header has before the digest.
fn numbers([width, rows]: [usize; 2], blowup: usize) -> Vec<u8> {
    let numbers = [VERSION, width as u64, rows as u64, blowup as u64].map(u64::to_le_bytes);
    MAGIC.iter().chain(numbers.as_flattened()).copied().collect()
}

/// Values as integers, least significant byte first.
fn bytes_of(values: &[Goldilocks]) -> Vec<u8> {
    values.iter().flat_map(|value| value.as_int().to_le_bytes()).collect()
}

/// Reads values as they are written. Each is reduced, so that any bytes are values.
fn values(reader: &mut impl Read, count: usize) -> io::Result<Vec<Goldilocks>> {
    let mut values = vec![Goldilocks::ZERO; count];
    let mut buffer = Vec::new();
    for values in values.chunks_mut(BUFFER) {
        buffer.resize(values.len() * Goldilocks::ELEMENT_BYTES, 0);
        reader.read_exact(&mut buffer)?;
        let pieces = values.par_chunks_mut(PIECE).zip(buffer.par_chunks(PIECE * Goldilocks::ELEMENT_BYTES));
        pieces.for_each(|(values, bytes)| {
            let (numbers, _) = bytes.as_chunks();
            values.iter_mut().zip(numbers).for_each(|(value, number)| *value = Goldilocks::new(u64::from_le_bytes(*number)));
        });
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{Extension, Fixed};
    use maat_verifier::{Blake2s256, Hash, Poseidon};

    /// The extension of columns, if a cache has it for them.
    fn read(cache: &Cache, root: &[u8; 32], columns: &[Vec<Goldilocks>], blowup: usize) -> Option<Rows> {
        let (rows, header) = cache.read(root, [columns.len(), columns[0].len()], blowup)?;
        header.is_of(columns).then_some(rows)
    }

    const BLOWUP: usize = 2;
    const LIMIT: u64 = 1 << 20;

    fn columns(seed: u64) -> Vec<Vec<Goldilocks>> {
        (0..9).map(|column| (0..64).map(|row| Goldilocks::new(seed + column * column * 1_000 + row * row)).collect()).collect()
    }

    /// Columns with their extension, kept in a cache.
    fn kept(cache: &Cache, seed: u64) -> (Vec<Vec<Goldilocks>>, Extension<Blake3>) {
        let fixed = Fixed::interpolate(columns(seed));
        let extension = Extension::new(&fixed, BLOWUP);
        cache.write(&extension.root(), &fixed.columns, &extension.rows, BLOWUP).unwrap();
        (fixed.columns, extension)
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("of/maat"));
        let (columns, extension) = kept(&cache, 1);
        let rows = read(&cache, &extension.root(), &columns, BLOWUP).unwrap();
        assert_eq!(rows, extension.rows);
        assert_eq!(Extension::<Blake3>::over(rows).root(), extension.root());
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 1);
    }

    #[test]
    fn the_extension_is_that_of_the_roots() {
        let fixed = Fixed::interpolate(columns(5));
        let root = |blowup| Extension::<Blake3>::new(&fixed, blowup).root();
        assert_eq!(fixed.roots(&[(Hash::Blake3, 2)]), [root(2)]);
        // The trees of all presets at once, from one extension.
        let trees = [(Hash::Blake3, 4), (Hash::Blake2s, 16), (Hash::Poseidon, 2), (Hash::Blake3, 8)];
        let expected = [root(4), Extension::<Blake2s256>::new(&fixed, 16).root(), Extension::<Poseidon>::new(&fixed, 2).root(), root(8)];
        assert_eq!(fixed.roots(&trees), expected);
    }

    #[test]
    fn a_damaged_file_is_ignored_or_has_another_root() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (columns, extension) = kept(&cache, 1);
        let path = cache.path(&extension.root());
        let good = fs::read(&path).unwrap();
        let root = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            Some(Extension::<Blake3>::over(read(&cache, &extension.root(), &columns, BLOWUP)?).root())
        };
        assert_eq!(root(&good), Some(extension.root()));
        for position in [0, 8, 16, 40, HEADER_BYTES - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            assert_eq!(root(&bad), None, "byte {position}");
        }
        for position in [HEADER_BYTES, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            assert!(root(&bad).is_some_and(|root| root != extension.root()), "byte {position}");
        }
        assert_eq!(root(&good[..good.len() - 1]), None);
        assert_eq!(root(&[&good[..], &[0]].concat()), None);
        assert_eq!(root(&[]), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_ignored_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (columns, extension) = kept(&cache, 1);
        let path = cache.path(&extension.root());
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(read(&cache, &extension.root(), &columns, BLOWUP).is_none());
    }

    #[test]
    fn a_file_for_other_columns_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (own, extension) = kept(&cache, 1);
        let root = extension.root();
        assert!(read(&cache, &root, &columns(2), BLOWUP).is_none());
        assert!(read(&cache, &root, &own, 2 * BLOWUP).is_none());
        assert!(read(&cache, &[0; 32], &own, BLOWUP).is_none());
    }

    /// A name as files of columns have them.
    fn name(number: u64) -> String {
        format!("{number:064x}.fixed")
    }

    /// A file of a length that was last used some seconds ago.
    fn file(folder: &Path, name: &str, bytes: u64, age: u64) -> PathBuf {
        let path = folder.join(name);
        let file = File::create(&path).unwrap();
        // A hole takes no room on the disk.
        file.set_len(bytes).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        path
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path()).with_limit(LIMIT);
        let file = |name: &str, age| file(folder.path(), name, LIMIT / 2, age);
        let (old, young, foreign) = (file(&name(0xa), 20), file(&name(0xb), 10), file("c.fixed", 30));
        cache.make_room(0).unwrap();
        assert!(old.exists() && young.exists());
        cache.make_room(1).unwrap();
        assert!(!old.exists() && young.exists() && foreign.exists());
    }

    #[test]
    fn a_file_that_is_read_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let (columns, used) = kept(&cache, 1);
        let (_, unused) = kept(&cache, 2);
        let [used_path, unused_path] = [&used, &unused].map(|extension| cache.path(&extension.root()));
        for (path, age) in [(&used_path, 30), (&unused_path, 20)] {
            File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        read(&cache, &used.root(), &columns, BLOWUP).unwrap();
        let both = cache.content().unwrap().columns.bytes;
        Cache::new(folder.path()).with_limit(both).make_room(1).unwrap();
        assert!(used_path.exists() && !unused_path.exists());
    }

    #[test]
    fn the_limit_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let one = file_bytes([columns(0).len(), columns(0)[0].len()], BLOWUP);
        for seed in 0..5 {
            kept(&Cache::new(folder.path()).with_limit(3 * one), seed);
        }
        let content = Cache::new(folder.path()).content().unwrap();
        assert_eq!(content.columns, Files { count: 3, bytes: 3 * one });
        // A file that would not fit is not written, and nothing is removed for it.
        kept(&Cache::new(folder.path()).with_limit(one - 1), 9);
        assert_eq!(Cache::new(folder.path()).content().unwrap(), content);
    }

    #[test]
    fn files_that_were_begun_take_room_until_they_are_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path()).with_limit(LIMIT);
        let file = |name: &str, age| file(folder.path(), name, LIMIT / 2, age);
        let (kept, given_up) = (file(&name(0xa), 20), file(".maat-1.partial", 100_000));
        cache.make_room(LIMIT / 2).unwrap();
        assert!(kept.exists() && !given_up.exists());
        let begun = file(".maat-2.partial", 1_000);
        cache.make_room(LIMIT / 2).unwrap();
        assert!(!kept.exists() && begun.exists());
    }

    #[test]
    fn only_what_a_cache_has_written_is_counted_and_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let file = |name: &str| file(folder.path(), name, 100, 0);
        file(&name(1));
        file(".maat-1.partial");
        let upper = name(0xab).to_uppercase();
        let foreign = ["notes.txt", "a.fixed", &upper, &name(1)[1..], ".maat-notes", "x.partial"].map(file);
        let below = folder.path().join(name(2));
        fs::create_dir(&below).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&foreign[0], folder.path().join(name(3))).unwrap();
        let one = Files { count: 1, bytes: 100 };
        assert_eq!(cache.content().unwrap(), Content { columns: one, unfinished: one });
        assert_eq!(cache.clear().unwrap(), Files { count: 2, bytes: 200 });
        assert_eq!(cache.content().unwrap(), Content::default());
        assert!(foreign.iter().all(|path| path.exists()) && below.is_dir());
        let nothing = Cache::new(folder.path().join("not there"));
        assert_eq!((nothing.content().unwrap(), nothing.clear().unwrap()), (Content::default(), Files::default()));
    }

    #[test]
    fn a_file_that_another_process_removes_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path()).with_limit(LIMIT);
        let gone = folder.path().join("gone.fixed");
        assert_eq!(unless_gone(fs::metadata(&gone)).unwrap().map(|_| ()), None);
        assert_eq!(unless_gone(fs::remove_file(&gone)).unwrap(), None);
        assert!(unless_gone(fs::remove_file(folder.path())).is_err());
        // Many at once, which remove one another's files.
        for number in 0..200 {
            file(folder.path(), &name(number), LIMIT, number);
        }
        std::thread::scope(|scope| {
            let rooms: Vec<_> = (0..4).map(|_| scope.spawn(|| cache.make_room(1))).collect();
            rooms.into_iter().for_each(|room| room.join().unwrap().unwrap());
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    mod folders {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        fn allow(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        #[test]
        fn a_folder_that_is_made_is_the_users_alone() {
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::new(folder.path().join("of/maat"));
            kept(&cache, 1);
            assert_eq!(fs::metadata(cache.folder()).unwrap().permissions().mode() & 0o777, 0o700);
            cache.check().unwrap();
        }

        #[test]
        fn a_folder_that_others_can_write_is_neither_read_nor_written() {
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::new(folder.path().join("maat"));
            let (columns, extension) = kept(&cache, 1);
            for mode in [0o702, 0o720, 0o777, 0o1777] {
                allow(cache.folder(), mode);
                let error = cache.check().unwrap_err();
                assert!(matches!(&error, Untrusted::Writable { place, .. } if *place == cache.folder().canonicalize().unwrap()), "{error}");
                assert!(error.to_string().contains("run `chmod go-w "), "{error}");
                assert!(read(&cache, &extension.root(), &columns, BLOWUP).is_none(), "{mode:o}");
                assert!(cache.write(&extension.root(), &columns, &extension.rows, BLOWUP).is_err(), "{mode:o}");
            }
            allow(cache.folder(), 0o755);
            assert!(read(&cache, &extension.root(), &columns, BLOWUP).is_some());
        }

        #[test]
        fn a_folder_that_others_can_replace_is_not_trusted() {
            let folder = tempfile::tempdir().unwrap();
            let outer = folder.path().join("outer");
            fs::create_dir(&outer).unwrap();
            let cache = Cache::new(outer.join("maat"));
            for exists in [false, true] {
                allow(&outer, 0o777);
                assert!(
                    matches!(cache.check(), Err(Untrusted::Writable { place, .. }) if place == outer.canonicalize().unwrap()),
                    "{exists}"
                );
                // Where only an entry's owner can replace it, as in /tmp.
                allow(&outer, 0o1777);
                cache.check().unwrap();
                fs::create_dir_all(cache.folder()).unwrap();
            }
            // A link leads to where its target lies.
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(cache.folder(), &link).unwrap();
            allow(&outer, 0o777);
            assert!(matches!(Cache::new(link).check(), Err(Untrusted::Writable { .. })));
        }

        #[test]
        fn another_users_folder_is_not_trusted() {
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::new(folder.path().join("maat"));
            fs::create_dir(cache.folder()).unwrap();
            // Only root can give a folder away; for another user, root's own folders are another's.
            let cache = match std::os::unix::fs::chown(cache.folder(), Some(12345), None) {
                Ok(()) => cache,
                Err(_) => Cache::new("/usr"),
            };
            let error = cache.check().unwrap_err();
            assert!(matches!(error, Untrusted::Owner { .. }), "{error}");
            assert!(error.to_string().contains("set MAAT_CACHE to a folder of your own"), "{error}");
        }
    }
}
