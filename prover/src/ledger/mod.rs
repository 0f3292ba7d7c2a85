//! Which one-time roots of a private model are spent: a counter on disk that is moved on before an index is used, and never moved back.
//!
//! Two proofs with one root give weights away, so an index is lost rather than used twice. There is one counter for all entries of a model:
//! an index that is spent for any entry is spent for all. The counter stands twice, in the ledger and in the lock file beside it:
//!
//! - The *lock file* is never replaced. It has a byte for each root, which is changed in place when the root is spent. Whoever moves the
//!   counter on holds the system's lock of this file.
//! - The *ledger* is replaced each time. It says which seed and how many roots it is for, how many are spent, and where it belongs: by the
//!   number, device and time of creation of the lock file, and by its own path.
//!
//! So a copy, a moved folder and a restored backup are recognised, and refused until somebody who knows all proofs takes them over. What is
//! not recognised is a state in which both files went back in place: an older snapshot of the disk or of the whole machine, or the older
//! contents written into the same two files. Then the index of an old proof is used again, which everybody sees who has both proofs.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, UNIX_EPOCH};

use maat_verifier::{Blake2s256, MAX_ONE_TIME_ROOTS, hex, parse_hex};
use thiserror::Error;
use winterfell::crypto::{Digest, Hasher};

use crate::cache::{Cache, Untrusted};
use crate::private_file::{self, PrivateFileError};

const TITLE: &str = "maat one-time roots 1";
/// More than the longest ledger.
const MAX_LEDGER_BYTES: usize = 512;
const LOCK_TITLE: &[u8] = b"maat one-time roots lock 1\n";
/// What the lock file has for a root.
const UNSPENT: u8 = b'.';
const SPENT: u8 = b'x';
const PLACE: &[u8] = b"maat place of a ledger 1";
/// How long another process is waited for. None holds the lock for longer than a few writes to the disk.
const WAIT: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_millis(2);

/// The ledger of a private model's one-time roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    seed_id: [u8; 32],
    count: u32,
    /// How many are spent, or the next index.
    next: u32,
    /// A digest of where the ledger belongs.
    place: [u8; 32],
}

/// Why a ledger gives no index.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// One of its files cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// Somebody else can put another file in its place.
    #[error(
        "the ledger {path} cannot be trusted: {place} belongs to another user, or others can write to it; keep it in a folder of your own"
    )]
    Untrusted {
        /// The ledger.
        path: PathBuf,
        /// Which folder is not the user's alone.
        place: PathBuf,
    },
    /// No model has so many one-time roots.
    #[error("{found} one-time roots are not a power of two from 1 to {MAX_ONE_TIME_ROOTS}")]
    Count {
        /// How many.
        found: u32,
    },
    /// There is a seed, but no ledger.
    #[error(
        "there is no ledger {path}, so nobody knows which one-time roots are spent, and one that is used twice gives the weights away: put \
         its latest copy back, or transpile again with a new seed"
    )]
    Missing {
        /// The ledger.
        path: PathBuf,
    },
    /// Another process holds the ledger.
    #[error("another process holds the ledger {path}: try again")]
    Busy {
        /// The ledger.
        path: PathBuf,
    },
    /// A file has been changed by something else.
    #[error(
        "{path} is damaged, so nobody knows which one-time roots are spent: put its latest copy back, or transpile again with a new seed"
    )]
    Damaged {
        /// The ledger, or its lock file.
        path: PathBuf,
    },
    /// It is another model's.
    #[error("the ledger {path} is for another seed")]
    OtherSeed {
        /// The ledger.
        path: PathBuf,
    },
    /// It is for another number of roots.
    #[error("the ledger {path} is for {found} one-time roots, but the model has {expected}")]
    OtherCount {
        /// The ledger.
        path: PathBuf,
        /// How many the model has.
        expected: u32,
        /// How many the ledger is for.
        found: u32,
    },
    /// It belongs elsewhere.
    #[error(
        "the ledger {path} was copied, moved or restored: one-time roots spent since would be used again, which gives the weights away; \
         transpile again with a new seed, or find the highest index of all proofs of the model and prove with --next-root INDEX, which is one more"
    )]
    Copied {
        /// The ledger.
        path: PathBuf,
    },
    /// One of its two files is older than the other.
    #[error(
        "an older copy of the ledger {path} or of its lock file was put back: by the one, {ledger} one-time roots are spent, and {lock} by \
         the other; transpile again with a new seed, or find the highest index of all proofs of the model and prove with --next-root INDEX, which \
         is one more"
    )]
    RolledBack {
        /// The ledger.
        path: PathBuf,
        /// How many are spent by the ledger.
        ledger: u32,
        /// How many are spent by the lock file.
        lock: u32,
    },
    /// All roots are spent.
    #[error("all {count} one-time roots of the model are spent: transpile again with a new seed")]
    Exhausted {
        /// How many there were.
        count: u32,
    },
    /// A ledger cannot be taken over with this index.
    #[error("the ledger cannot go on from index {from}: {lowest} of its {count} one-time roots are known to be spent")]
    From {
        /// The index.
        from: u32,
        /// How many are spent.
        lowest: u32,
        /// How many there are.
        count: u32,
    },
}

impl Ledger {
    /// Makes the ledger of a new seed, of which no root is spent.
    ///
    /// # Errors
    /// A ledger or its lock file is there already, no model has `count` roots, or the files cannot be written.
    pub fn create(path: &Path, seed_id: [u8; 32], count: u32) -> Result<(), LedgerError> {
        if !is_count(count) {
            return Err(LedgerError::Count { found: count });
        }
        let files = Files::of(path)?;
        if fs::symlink_metadata(&files.ledger).is_ok() {
            return Err(PrivateFileError::Exists { path: files.ledger }.into());
        }
        private_file::create(&files.lock, &lock_bytes(count))?;
        let locked = files.lock(WAIT)?;
        let ledger = Self { seed_id, count, next: 0, place: locked.place()? };
        [Write::Stage(ledger), Write::Publish].iter().try_for_each(|write| locked.perform(write))
    }

    /// Spends the next one-time root and gives its index, which no other call gives, in this process or another. That it is spent is on the
    /// disk by then. An index that is not used, because the process ends, is lost.
    ///
    /// # Errors
    /// All are spent, or it is not certain which. Then no index may be used.
    pub fn take(path: &Path, seed_id: [u8; 32], count: u32) -> Result<u32, LedgerError> {
        Self::take_within(path, seed_id, count, WAIT)
    }

    fn take_within(path: &Path, seed_id: [u8; 32], count: u32, wait: Duration) -> Result<u32, LedgerError> {
        let (locked, ledger, spent) = Self::checked(path, seed_id, count, wait)?;
        if spent == count {
            return Err(LedgerError::Exhausted { count });
        }
        ledger.spending(spent).iter().try_for_each(|write| locked.perform(write))?;
        Ok(spent)
    }

    /// What spends the next root. The process may be stopped between any two of these.
    fn spending(self, spent: u32) -> Vec<Write> {
        let (present, next) = (Self { next: spent, ..self }, Self { next: spent + 1, ..self });
        let mut writes = Vec::new();
        // Somebody was stopped between the lock file and the ledger. Without this, the lock file could get two ahead of the ledger.
        if self.next < spent {
            writes.extend([Write::Stage(present), Write::Publish]);
        }
        // First what fails where nothing can be written, so that no index is lost by it.
        writes.extend([Write::Stage(next), Write::Spend(spent..next.next), Write::Publish]);
        writes
    }

    /// How many one-time roots are spent, or lost.
    ///
    /// # Errors
    /// It is not certain.
    pub fn peek(path: &Path, seed_id: [u8; 32], count: u32) -> Result<u32, LedgerError> {
        Self::checked(path, seed_id, count, WAIT).map(|(_, _, spent)| spent)
    }

    /// Takes over a ledger that was copied, moved or restored, with the next index that it gives. It must be higher than the index of every
    /// proof that was ever made of the model, anywhere. The ledger knows only of those that it was there for, and refuses theirs.
    ///
    /// # Errors
    /// By what the ledger says, the index is spent, or there is none. The ledger is missing or damaged, or cannot be written.
    pub fn adopt(path: &Path, seed_id: [u8; 32], from: u32) -> Result<(), LedgerError> {
        let files = Files::of(path)?;
        let Self { count, .. } = files.read(seed_id)?;
        match private_file::create(&files.lock, &lock_bytes(count)) {
            // The lock file was not copied.
            Ok(()) | Err(PrivateFileError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let locked = files.lock(WAIT)?;
        let Self { next, .. } = locked.files.read(seed_id)?;
        let spent = locked.spent(count)?;
        let lowest = next.max(spent);
        if !(lowest..=count).contains(&from) {
            return Err(LedgerError::From { from, lowest, count });
        }
        let ledger = Self { seed_id, count, next: from, place: locked.place()? };
        [Write::Stage(ledger), Write::Spend(spent..from), Write::Publish].iter().try_for_each(|write| locked.perform(write))
    }

    /// The ledger, locked, and how many roots are spent, if that is certain.
    fn checked(path: &Path, seed_id: [u8; 32], count: u32, wait: Duration) -> Result<(Locked, Self, u32), LedgerError> {
        let locked = Files::of(path)?.lock(wait)?;
        let (ledger, path) = (locked.files.read(seed_id)?, locked.files.ledger.clone());
        if ledger.count != count {
            return Err(LedgerError::OtherCount { path, expected: count, found: ledger.count });
        }
        if ledger.place != locked.place()? {
            return Err(LedgerError::Copied { path });
        }
        let spent = locked.spent(count)?;
        // The lock file is written first, so it is one ahead where a process was stopped in between.
        if !matches!(spent.checked_sub(ledger.next), Some(0 | 1)) {
            return Err(LedgerError::RolledBack { path, ledger: ledger.next, lock: spent });
        }
        Ok((locked, ledger, spent))
    }

    fn to_text(self) -> String {
        let Self { seed_id, count, next, place } = self;
        let text = format!("{TITLE}\nseed {}\ncount {count}\nnext {next}\nplace {}\n", hex(&seed_id), hex(&place));
        let check = <Blake2s256>::hash(text.as_bytes()).as_bytes();
        format!("{text}check {}\n", hex(&check))
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let seed_id = parse_hex(value("seed")?)?;
        let (count, next) = (value("count")?.parse().ok()?, value("next")?.parse().ok()?);
        let ledger = Self { seed_id, count, next, place: parse_hex(value("place")?)? };
        // The first and the last line, and whatever is not as it would be written.
        (ledger.to_text() == text && is_count(count) && next <= count).then_some(ledger)
    }
}

/// Whether a model can have so many one-time roots.
fn is_count(count: u32) -> bool {
    count.is_power_of_two() && count <= MAX_ONE_TIME_ROOTS
}

/// What a lock file of no spent root holds.
fn lock_bytes(count: u32) -> Vec<u8> {
    [LOCK_TITLE, &vec![UNSPENT; count as usize], b"\n"].concat()
}

/// How many roots are spent, by the bytes of a lock file.
fn spent_by(bytes: &[u8], count: u32) -> Option<u32> {
    let roots = bytes.strip_prefix(LOCK_TITLE)?.strip_suffix(b"\n")?;
    let spent = roots.iter().take_while(|byte| **byte == SPENT).count();
    let valid = roots.len() == count as usize && roots[spent..].iter().all(|byte| *byte == UNSPENT);
    valid.then_some(spent as u32)
}

/// Where a ledger belongs, by the device and number of its lock file, when that was created, and the ledger's path.
fn place_of(numbers: [u64; 2], created: Duration, path: &Path) -> [u8; 32] {
    let (numbers, created) = (numbers.map(u64::to_le_bytes), created.as_nanos().to_le_bytes());
    let path = path.as_os_str().as_encoded_bytes();
    <Blake2s256>::hash(&[PLACE, numbers.as_flattened(), &created, path].concat()).as_bytes()
}

/// Where a ledger's files are, by paths without links.
struct Files {
    ledger: PathBuf,
    lock: PathBuf,
    /// The next ledger, while it is written.
    staged: PathBuf,
    folder: PathBuf,
}

impl Files {
    /// The files of a ledger, in a folder that nobody else can write to.
    fn of(path: &Path) -> Result<Self, LedgerError> {
        let absolute = std::path::absolute(path).map_err(PrivateFileError::of(path))?;
        let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Err(PrivateFileError::NotRegular { path: absolute }.into());
        };
        let folder = folder.canonicalize().map_err(PrivateFileError::of(folder))?;
        let ledger = folder.join(name);
        // A cache of results is kept from others in the same way.
        Cache::new(&folder).check().map_err(|untrusted| match untrusted {
            Untrusted::Owner { place, .. } | Untrusted::Writable { place, .. } => LedgerError::Untrusted { path: ledger.clone(), place },
            Untrusted::Unknown { source, .. } => PrivateFileError::of(&folder)(source).into(),
        })?;
        let [lock, staged] = [".lock", ".new"].map(|suffix| {
            let mut name = name.to_owned();
            name.push(suffix);
            folder.join(name)
        });
        Ok(Self { ledger, lock, staged, folder })
    }

    /// Waits until this process alone has the ledger.
    fn lock(self, wait: Duration) -> Result<Locked, LedgerError> {
        let lock = match private_file::open(&self.lock, true) {
            Err(PrivateFileError::Missing { .. }) if fs::symlink_metadata(&self.ledger).is_ok() => {
                return Err(LedgerError::Copied { path: self.ledger });
            }
            Err(PrivateFileError::Missing { .. }) => return Err(LedgerError::Missing { path: self.ledger }),
            opened => opened?,
        };
        let until = Instant::now() + wait;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Locked { files: self, lock }),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => return Err(LedgerError::Busy { path: self.ledger }),
                Err(TryLockError::WouldBlock) => sleep(RETRY),
                Err(TryLockError::Error(error)) => return Err(PrivateFileError::of(&self.lock)(error).into()),
            }
        }
    }

    /// The ledger of a seed. Whether it is in its place is left to check.
    fn read(&self, seed_id: [u8; 32]) -> Result<Ledger, LedgerError> {
        let path = || self.ledger.clone();
        let file = match private_file::open(&self.ledger, false) {
            Err(PrivateFileError::Missing { path }) => return Err(LedgerError::Missing { path }),
            opened => opened?,
        };
        let bytes = private_file::read(&file, &self.ledger, MAX_LEDGER_BYTES)?;
        let ledger = str::from_utf8(&bytes).ok().and_then(Ledger::from_text).ok_or_else(|| LedgerError::Damaged { path: path() })?;
        if ledger.seed_id == seed_id { Ok(ledger) } else { Err(LedgerError::OtherSeed { path: path() }) }
    }
}

/// A change of a ledger's files, which is on the disk before the next one begins.
#[derive(Debug, Clone)]
enum Write {
    /// The next ledger is written beside the present one.
    Stage(Ledger),
    /// These roots are marked in the lock file, in place.
    Spend(Range<u32>),
    /// The next ledger takes the place of the present one.
    Publish,
}

/// A ledger that this process alone has, until this is dropped.
struct Locked {
    files: Files,
    lock: File,
}

impl Locked {
    /// Where the ledger belongs, which a copy does not have in common with it.
    fn place(&self) -> Result<[u8; 32], LedgerError> {
        let metadata = self.lock.metadata().map_err(PrivateFileError::of(&self.files.lock))?;
        #[cfg(unix)]
        let numbers = [std::os::unix::fs::MetadataExt::dev(&metadata), std::os::unix::fs::MetadataExt::ino(&metadata)];
        #[cfg(not(unix))]
        let numbers = [0; 2];
        // The number of a file that was removed is given to another soon, but the time cannot be set. Some systems have none.
        let created = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        Ok(place_of(numbers, created, &self.files.ledger))
    }

    /// How many roots are spent, by the lock file, which is read once.
    fn spent(&self, count: u32) -> Result<u32, LedgerError> {
        let path = &self.files.lock;
        let bytes = private_file::read(&self.lock, path, LOCK_TITLE.len() + count as usize + 1)?;
        spent_by(&bytes, count).ok_or_else(|| LedgerError::Damaged { path: path.clone() })
    }

    fn perform(&self, write: &Write) -> Result<(), LedgerError> {
        let Files { ledger, lock, staged, folder } = &self.files;
        match write {
            Write::Stage(next) => {
                // What a process left that was stopped.
                match fs::remove_file(staged).map_err(PrivateFileError::of(staged)) {
                    Ok(()) | Err(PrivateFileError::Missing { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                private_file::create(staged, next.to_text().as_bytes())?;
            }
            Write::Spend(roots) => {
                let mut file = &self.lock;
                let position = SeekFrom::Start((LOCK_TITLE.len() + roots.start as usize) as u64);
                let written = file.seek(position).and_then(|_| file.write_all(&vec![SPENT; roots.len()])).and_then(|()| file.sync_all());
                written.map_err(PrivateFileError::of(lock))?;
            }
            Write::Publish => {
                fs::rename(staged, ledger).map_err(PrivateFileError::of(ledger))?;
                private_file::sync_folder(folder)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
