//! Which one-time roots of a private model are spent: a counter on disk that is moved on before an index is used, and never moved back.
//!
//! Two proofs with one root give weights away, so an index is lost rather than used twice. There is one counter for all entries of a model:
//! an index that is spent for any entry is spent for all. The counter stands twice, in the ledger and in the lock file beside it:
//!
//! - The *lock file* is never replaced. It has a byte for each root, which is changed in place when the root is spent. Whoever moves the
//!   counter on holds the system's lock of this file.
//! - The *ledger* is replaced each time. It says which seed and how many roots it is for, how many are spent, and where it belongs: by the
//!   number, device and time of creation of the lock file, and by its own path. It also says when the lock file was changed last (its *time of
//!   change*), which the system sets to the present at each write, and nobody to a time of their choice.
//!
//! So a copy, a moved folder and a restored backup are recognised, and refused until somebody who knows all proofs takes them over. That holds
//! for the older contents written into the same two files, too: the lock file is then changed later than the ledger says. No two states have the
//! same time of change, however coarse the system's clock is. What else changes the lock file's time (`chmod`, `touch`, a hard link) looks the
//! same, and is refused.
//!
//! What is not recognised:
//!
//! - An older snapshot of the disk or of the whole machine, in which the times went back as well, and a clock that is put back to just the
//!   time that an older ledger has.
//! - An older state of both files in which the lock file is one ahead of the ledger, written into the same two files. A process that is stopped
//!   between them leaves such a state, so it has to be accepted, and nobody could note the lock file's time in it. A backup has it only if it
//!   was made then, before the next proof, or if a root was spent after it had read the ledger and before it read the lock file.
//! - What happens where files have no time of change, which is outside of Unix.
//!
//! Then the index of an old proof is used again, which everybody sees who has both proofs.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, UNIX_EPOCH};

use maat_verifier::{Blake2s256, MAX_ONE_TIME_ROOTS, hex, parse_hex};
use thiserror::Error;
use winterfell::crypto::{Digest, Hasher};

use crate::cache::{Cache, Untrusted};
use crate::private_file::{self, PrivateFileError, TRANSPILE_ANEW};

const TITLE: &str = "maat one-time roots 1";
/// More than the longest ledger.
const MAX_LEDGER_BYTES: usize = 512;
/// What the names of the lock file and of the next ledger have after the ledger's.
const LOCK: &str = ".lock";
const STAGED: &str = ".new";
const LOCK_TITLE: &[u8] = b"maat one-time roots lock 1\n";
/// What the lock file has for a root.
const UNSPENT: u8 = b'.';
const SPENT: u8 = b'x';
const PLACE: &[u8] = b"maat place of a ledger 1";
/// How long another process is waited for. None holds the lock for longer than a few writes to the disk.
const WAIT: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_millis(2);
/// How long a time of change is waited for that is another one. The coarsest that are known are of two seconds.
const TICK: Duration = Duration::from_secs(5);
/// Where no ledger belongs.
const NOWHERE: [u8; 32] = [0; 32];
const TAKE_OVER: &str = "take it over with `maat prove .. --next-root INDEX`, one more than the highest index of all proofs of the model";

/// The ledger of a private model's one-time roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    seed_id: [u8; 32],
    count: u32,
    /// How many are spent, or the next index.
    next: u32,
    /// A digest of where the ledger belongs.
    place: [u8; 32],
    /// When the lock file was changed last.
    changed: Moment,
}

/// A time of change: seconds since 1970, and nanoseconds. It is compared, and never computed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moment([i64; 2]);

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let (seconds, nanoseconds) = text.split_once('.')?;
        Some(Self([seconds.parse().ok()?, nanoseconds.parse().ok()?]))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([seconds, nanoseconds]) = self;
        write!(f, "{seconds}.{nanoseconds:09}")
    }
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
        "there is no ledger {path}, so nobody knows which one-time roots are spent, and one that is used twice gives the weights away: never \
         put a copy back; {TAKE_OVER}, or {TRANSPILE_ANEW}"
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
        "{path} is damaged, so nobody knows which one-time roots are spent, and one that is used twice gives the weights away: never put a copy \
         back; {TAKE_OVER}, or {TRANSPILE_ANEW}"
    )]
    Damaged {
        /// The ledger, or its lock file.
        path: PathBuf,
    },
    /// It is another model's.
    #[error(
        "the ledger {path} is for another seed than the one beside it: put the model's own seed back, which may be copied; if the ledger is \
         another model's, move it and its lock file away and {TAKE_OVER}"
    )]
    OtherSeed {
        /// The ledger.
        path: PathBuf,
    },
    /// It is for another number of roots.
    #[error(
        "the ledger {path} is for {found} one-time roots, but the model has {expected}: one of the two is another model's, so {TRANSPILE_ANEW} \
         if the package is not to be had as it was"
    )]
    OtherCount {
        /// The ledger.
        path: PathBuf,
        /// How many the model has.
        expected: u32,
        /// How many the ledger is for.
        found: u32,
    },
    /// It belongs elsewhere, or its lock file was changed by something else.
    #[error(
        "the ledger {path} was copied, moved or restored, or its lock file was touched (chmod does that, too), so it may not know all one-time \
         roots that are spent: {TAKE_OVER}; from then on nobody may prove with the other copy, which must be deleted. Or {TRANSPILE_ANEW}"
    )]
    Copied {
        /// The ledger.
        path: PathBuf,
    },
    /// One of its two files is older than the other.
    #[error(
        "an older copy of the ledger {path} or of its lock file was put back: by the one, {ledger} one-time roots are spent, and {lock} by \
         the other; {TAKE_OVER}, or {TRANSPILE_ANEW}"
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
    #[error("all {count} one-time roots of the model are spent: {TRANSPILE_ANEW}")]
    Exhausted {
        /// How many there were.
        count: u32,
    },
    /// A ledger cannot be taken over with this index.
    #[error(
        "the ledger cannot go on from one-time root {from}: of {count}, counted from 0, {lowest} are known to be spent, so it must be one from \
         {lowest} to {}", count - 1
    )]
    From {
        /// The index.
        from: u32,
        /// How many are spent.
        lowest: u32,
        /// How many there are.
        count: u32,
    },
    /// There is no reason to take it over.
    #[error(
        "the ledger {path} is in order: nothing was copied or moved, so --next-root is not needed and would only lose one-time roots; prove \
         without it. Only where an older snapshot of the whole disk or machine was restored, which cannot be noticed, run `touch {lock}` first"
    )]
    InOrder {
        /// The ledger.
        path: PathBuf,
        /// Its lock file.
        lock: PathBuf,
    },
    /// A ledger that is restored would not be noticed.
    #[error(
        "the file system of {path} does not say when a file was changed, so a ledger that is restored would not be noticed: keep the model on a \
         disk of this machine"
    )]
    NoTimes {
        /// The lock file.
        path: PathBuf,
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
        private_file::create(&files.lock, &lock_bytes(count, 0))?;
        let locked = files.lock(WAIT)?;
        let ledger = Self { seed_id, count, next: 0, place: locked.place()?, changed: Moment::default() };
        // The lock file once more, as it is: where its time of change does not move, no ledger can be kept.
        [Write::Mark(ledger), Write::Stage(ledger), Write::Publish].iter().try_for_each(|write| locked.perform(write))
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
        // First on trial what fails where nothing can be written, so that no index is lost by it. It is staged again to say when the lock file
        // was changed.
        writes.extend([Write::Stage(next), Write::Spend(spent), Write::Stage(next), Write::Publish]);
        writes
    }

    /// How many one-time roots are spent, or lost.
    ///
    /// # Errors
    /// It is not certain.
    pub fn peek(path: &Path, seed_id: [u8; 32], count: u32) -> Result<u32, LedgerError> {
        Self::checked(path, seed_id, count, WAIT).map(|(_, _, spent)| spent)
    }

    /// Takes over a ledger that was copied, moved or restored, or that is missing or damaged, with the next index that it gives. It must be
    /// higher than the index of every proof that was ever made of the model, anywhere. The ledger and its lock file know only of those that they
    /// were there for, as far as they can be read, and refuse theirs.
    ///
    /// # Errors
    /// By what the files say, the index is spent, or there is none, or the ledger is in order. It is another model's, or cannot be written.
    pub fn adopt(path: &Path, seed_id: [u8; 32], count: u32, from: u32) -> Result<(), LedgerError> {
        if !is_count(count) {
            return Err(LedgerError::Count { found: count });
        }
        let files = Files::of(path)?;
        if fs::symlink_metadata(&files.lock).is_err() {
            // Before anything is written.
            let ledger = files.readable(seed_id, count)?;
            goes_on(from, ledger.map_or(0, |ledger| ledger.next), count)?;
            match private_file::create(&files.lock, &lock_bytes(count, 0)) {
                Ok(()) | Err(PrivateFileError::Exists { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let locked = files.lock(WAIT)?;
        let (place, changed, lock) = (locked.place()?, locked.changed()?, locked.contents(count)?);
        let ledger = locked.files.readable(seed_id, count)?;
        // One ahead is not in order: a backup of such a state is not recognised, and whoever has restored one needs this.
        let in_order = |ledger: Self| (ledger.place, ledger.changed, Some(ledger.next)) == (place, changed, spent_by(&lock, count));
        if ledger.is_some_and(in_order) {
            let Files { ledger, lock, .. } = locked.files;
            return Err(LedgerError::InOrder { path: ledger, lock });
        }
        goes_on(from, ledger.map_or(0, |ledger| ledger.next).max(marked_in(&lock, count)), count)?;
        let ledger = Self { seed_id, count, next: from, place, changed };
        ledger.taking_over().iter().try_for_each(|write| locked.perform(write))
    }

    /// What takes a ledger over. The process may be stopped between any two of these, and within one.
    fn taking_over(self) -> [Write; 5] {
        // While the lock file is written, it may say anything. The ledger that is there is refused whatever that is, and knows the index.
        let meanwhile = Self { place: NOWHERE, ..self };
        [Write::Stage(meanwhile), Write::Publish, Write::Mark(self), Write::Stage(self), Write::Publish]
    }

    /// The ledger, locked, and how many roots are spent, if that is certain.
    fn checked(path: &Path, seed_id: [u8; 32], count: u32, wait: Duration) -> Result<(Locked, Self, u32), LedgerError> {
        let locked = Files::of(path)?.lock(wait)?;
        let (ledger, path) = (locked.files.read(seed_id, count)?, locked.files.ledger.clone());
        if ledger.place != locked.place()? {
            return Err(LedgerError::Copied { path });
        }
        let spent = locked.spent(count)?;
        match spent.checked_sub(ledger.next) {
            Some(0) if ledger.changed == locked.changed()? => {}
            // Both are of one state, but something has written to the lock file since.
            Some(0) => return Err(LedgerError::Copied { path }),
            // The lock file is written first, so it is one ahead where a process was stopped in between.
            Some(1) => {}
            _ => return Err(LedgerError::RolledBack { path, ledger: ledger.next, lock: spent }),
        }
        Ok((locked, ledger, spent))
    }

    /// The ledger and the files beside it that belong to it, whether they are there or not.
    pub(crate) fn paths(path: &Path) -> [PathBuf; 3] {
        ["", LOCK, STAGED].map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name.into()
        })
    }

    fn to_text(self) -> String {
        let Self { seed_id, count, next, place, changed } = self;
        let (seed_id, place) = (hex(&seed_id), hex(&place));
        let text = format!("{TITLE}\nseed {seed_id}\ncount {count}\nnext {next}\nplace {place}\nchanged {changed}\n");
        let check = <Blake2s256>::hash(text.as_bytes()).as_bytes();
        format!("{text}check {}\n", hex(&check))
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let seed_id = parse_hex(value("seed")?)?;
        let (count, next) = (value("count")?.parse().ok()?, value("next")?.parse().ok()?);
        let (place, changed) = (parse_hex(value("place")?)?, Moment::parse(value("changed")?)?);
        let ledger = Self { seed_id, count, next, place, changed };
        // The first and the last line, and whatever is not as it would be written.
        (ledger.to_text() == text && is_count(count) && next <= count).then_some(ledger)
    }
}

/// Whether a model can have so many one-time roots.
fn is_count(count: u32) -> bool {
    count.is_power_of_two() && count <= MAX_ONE_TIME_ROOTS
}

/// Whether a ledger can be taken over to go on from an index, where at least the first `lowest` are spent.
fn goes_on(from: u32, lowest: u32, count: u32) -> Result<(), LedgerError> {
    if lowest == count {
        return Err(LedgerError::Exhausted { count });
    }
    if (lowest..count).contains(&from) { Ok(()) } else { Err(LedgerError::From { from, lowest, count }) }
}

/// What a lock file holds of which so many roots are spent.
fn lock_bytes(count: u32, spent: u32) -> Vec<u8> {
    let (spent, rest) = (vec![SPENT; spent as usize], vec![UNSPENT; (count - spent) as usize]);
    [LOCK_TITLE, &spent, &rest, b"\n"].concat()
}

/// How many roots are spent, by the bytes of a lock file.
fn spent_by(bytes: &[u8], count: u32) -> Option<u32> {
    let roots = bytes.strip_prefix(LOCK_TITLE)?.strip_suffix(b"\n")?;
    let spent = roots.iter().take_while(|byte| **byte == SPENT).count();
    let valid = roots.len() == count as usize && roots[spent..].iter().all(|byte| *byte == UNSPENT);
    valid.then_some(spent as u32)
}

/// How many roots are spent at least, by the bytes of a lock file that may be damaged: all up to the last that is marked.
fn marked_in(bytes: &[u8], count: u32) -> u32 {
    let roots = bytes.strip_prefix(LOCK_TITLE).into_iter().flatten().take(count as usize);
    roots.zip(1..).filter(|(byte, _)| **byte == SPENT).last().map_or(0, |(_, number)| number)
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
        let [ledger, lock, staged] = Ledger::paths(&folder.join(name));
        // A cache of results is kept from others in the same way.
        Cache::new(&folder).check().map_err(|untrusted| match untrusted {
            Untrusted::Owner { place, .. } | Untrusted::Writable { place, .. } => LedgerError::Untrusted { path: ledger.clone(), place },
            Untrusted::Unknown { source, .. } => PrivateFileError::of(&folder)(source).into(),
        })?;
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

    /// The ledger of a seed with so many roots. Whether it is in its place is left to check.
    fn read(&self, seed_id: [u8; 32], count: u32) -> Result<Ledger, LedgerError> {
        let path = || self.ledger.clone();
        let file = match private_file::open(&self.ledger, false) {
            Err(PrivateFileError::Missing { path }) => return Err(LedgerError::Missing { path }),
            opened => opened?,
        };
        let bytes = match private_file::read(&file, &self.ledger, MAX_LEDGER_BYTES) {
            Err(PrivateFileError::TooLong { .. }) => return Err(LedgerError::Damaged { path: path() }),
            read => read?,
        };
        let ledger = str::from_utf8(&bytes).ok().and_then(Ledger::from_text).ok_or_else(|| LedgerError::Damaged { path: path() })?;
        if ledger.seed_id != seed_id {
            return Err(LedgerError::OtherSeed { path: path() });
        }
        if ledger.count != count {
            return Err(LedgerError::OtherCount { path: path(), expected: count, found: ledger.count });
        }
        Ok(ledger)
    }

    /// The ledger, unless it is missing or damaged.
    fn readable(&self, seed_id: [u8; 32], count: u32) -> Result<Option<Ledger>, LedgerError> {
        match self.read(seed_id, count) {
            Ok(ledger) => Ok(Some(ledger)),
            Err(LedgerError::Missing { .. } | LedgerError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A change of a ledger's files, which is on the disk before the next one begins.
#[derive(Debug, Clone)]
enum Write {
    /// The next ledger is written beside the present one, with the time of the lock file's last change.
    Stage(Ledger),
    /// This root is marked in the lock file, in place.
    Spend(u32),
    /// The whole lock file is written anew, in place, as it belongs to this ledger.
    Mark(Ledger),
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

    /// When the lock file was changed last. All that is written to it changes that, and nobody can set it.
    fn changed(&self) -> Result<Moment, LedgerError> {
        #[cfg(unix)]
        let times = {
            use std::os::unix::fs::MetadataExt;
            let metadata = self.lock.metadata().map_err(PrivateFileError::of(&self.files.lock))?;
            [metadata.ctime(), metadata.ctime_nsec()]
        };
        #[cfg(not(unix))]
        let times = [0; 2];
        Ok(Moment(times))
    }

    /// What is in the lock file, or one byte more than such a file has.
    fn contents(&self, count: u32) -> Result<Vec<u8>, LedgerError> {
        let (mut file, mut bytes) = (&self.lock, Vec::new());
        let limit = lock_bytes(count, 0).len() as u64 + 1;
        let read = file.rewind().and_then(|()| file.take(limit).read_to_end(&mut bytes));
        read.map_err(PrivateFileError::of(&self.files.lock))?;
        Ok(bytes)
    }

    /// How many roots are spent, by the lock file.
    fn spent(&self, count: u32) -> Result<u32, LedgerError> {
        spent_by(&self.contents(count)?, count).ok_or_else(|| LedgerError::Damaged { path: self.files.lock.clone() })
    }

    /// Changes the lock file in place, as often as it takes to give it another time of change. Two states with one time could be taken for
    /// one another.
    fn change(&self, write: impl Fn(&File) -> io::Result<()>) -> Result<(), LedgerError> {
        let (path, before, until) = (&self.files.lock, self.changed()?, Instant::now() + TICK);
        loop {
            write(&self.lock).and_then(|()| self.lock.sync_all()).map_err(PrivateFileError::of(path))?;
            if cfg!(not(unix)) || self.changed()? != before {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(LedgerError::NoTimes { path: path.clone() });
            }
            sleep(RETRY);
        }
    }

    fn perform(&self, write: &Write) -> Result<(), LedgerError> {
        let Files { ledger, staged, folder, .. } = &self.files;
        match write {
            Write::Stage(next) => {
                // What a process left that was stopped.
                match fs::remove_file(staged).map_err(PrivateFileError::of(staged)) {
                    Ok(()) | Err(PrivateFileError::Missing { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                let next = Ledger { changed: self.changed()?, ..*next };
                private_file::create(staged, next.to_text().as_bytes())?;
            }
            Write::Spend(root) => self.change(|mut file| {
                file.seek(SeekFrom::Start(LOCK_TITLE.len() as u64 + u64::from(*root)))?;
                file.write_all(&[SPENT])
            })?,
            Write::Mark(Ledger { count, next, .. }) => self.change(|mut file| {
                let bytes = lock_bytes(*count, *next);
                file.rewind()?;
                file.write_all(&bytes)?;
                file.set_len(bytes.len() as u64)
            })?,
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
