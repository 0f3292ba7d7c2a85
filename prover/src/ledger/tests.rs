//! What a ledger must survive, and what it must refuse: two processes, crashes, copies, restored and damaged files.

use std::collections::BTreeSet;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use super::*;

const SEED: [u8; 32] = [7; 32];
const COUNT: u32 = 16;
/// Tells a test that it runs in a process of its own, and with which ledger.
const IN_A_PROCESS: &str = "MAAT_TEST_LEDGER";
const MANY: u32 = 1 << 12;
/// A tick of the clock of files, at the least.
const A_WHILE: Duration = Duration::from_millis(20);

/// A new ledger in a folder of its own.
fn ledger(count: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    Ledger::create(&path, SEED, count).unwrap();
    (folder, path)
}

fn take(path: &Path) -> Result<u32, LedgerError> {
    Ledger::take(path, SEED, COUNT)
}

fn peek(path: &Path) -> Result<u32, LedgerError> {
    Ledger::peek(path, SEED, COUNT)
}

fn adopt(path: &Path, from: u32) -> Result<(), LedgerError> {
    Ledger::adopt(path, SEED, COUNT, from)
}

fn read(path: &Path) -> Result<Ledger, LedgerError> {
    Files::of(path).unwrap().read(SEED, COUNT)
}

/// What is in the ledger and in its lock file, as far as they are there.
fn contents(path: &Path) -> [Option<Vec<u8>>; 2] {
    ["", LOCK].map(|suffix| fs::read(beside(path, suffix)).ok())
}

fn taken(path: &Path, number: u32) {
    assert!((0..number).all(|_| take(path).is_ok()));
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn lock_of(path: &Path) -> PathBuf {
    beside(path, LOCK)
}

/// Writes into a file that stays the same one.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = File::options().write(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Gives a file another time of change, and changes nothing else.
fn touch(path: &Path) {
    sleep(A_WHILE);
    overwrite(path, &fs::read(path).unwrap());
}

/// Copies a file with its permissions.
fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_file(to);
    fs::copy(from, to).unwrap();
}

/// A test of this file in a process of its own, which is told of a path.
fn process(program: &Path, test: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "--ignored", "--nocapture", "--test-threads=1"]).arg(format!("ledger::tests::{test}")).env(IN_A_PROCESS, path);
    command
}

fn spawn(test: &str, path: &Path) -> Child {
    process(&env::current_exe().unwrap(), test, path).stdout(Stdio::piped()).spawn().unwrap()
}

/// The indices that a process says it has taken, as it says so.
fn said(child: &mut Child) -> impl Iterator<Item = u32> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.filter_map(|line| line.strip_prefix("taken ").map(|index| index.parse().unwrap()))
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn takes_many() {
    let Some(path) = env::var_os(IN_A_PROCESS) else { return };
    println!();
    for _ in 0..200 {
        println!("taken {}", Ledger::take(path.as_ref(), SEED, MANY).unwrap());
    }
}

#[test]
fn each_index_is_given_once_in_their_order() {
    let (_folder, path) = ledger(COUNT);
    for index in 0..COUNT {
        assert_eq!(peek(&path).unwrap(), index);
        assert_eq!(take(&path).unwrap(), index);
    }
    for _ in 0..2 {
        assert!(matches!(take(&path), Err(LedgerError::Exhausted { count: COUNT })));
        assert_eq!(peek(&path).unwrap(), COUNT);
    }
    let (_folder, path) = ledger(1);
    assert_eq!(Ledger::take(&path, SEED, 1).unwrap(), 0);
    assert!(matches!(Ledger::take(&path, SEED, 1), Err(LedgerError::Exhausted { count: 1 })));
}

#[test]
fn processes_and_threads_never_share_an_index() {
    let (_folder, path) = ledger(MANY);
    let mut children: Vec<_> = (0..2).map(|_| spawn("takes_many", &path)).collect();
    let mut indices = Vec::new();
    thread::scope(|scope| {
        let take_many = || (0..200).map(|_| Ledger::take(&path, SEED, MANY).unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(take_many)).collect();
        indices.extend(children.iter_mut().flat_map(said));
        indices.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
    });
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    indices.sort_unstable();
    assert!(indices.into_iter().eq(0..800));
}

#[test]
fn an_index_that_was_given_is_not_given_again_after_a_process_is_killed() {
    let (_folder, path) = ledger(MANY);
    let mut given = BTreeSet::new();
    for round in 0..8 {
        let mut child = spawn("takes_many", &path);
        let mut indices = said(&mut child);
        let mut before: Vec<_> = indices.by_ref().take(1 + 3 * round).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = Ledger::take(&path, SEED, MANY).unwrap();
        before.extend(indices.chain([last]));
        for index in before {
            assert!(given.insert(index), "{index}");
        }
        assert_eq!(given.last(), Some(&last));
    }
}

/// What a process does that is stopped after some of its writes.
fn stopped_after(path: &Path, done: usize) {
    let (locked, ledger, spent) = Ledger::checked(path, SEED, COUNT, WAIT).unwrap();
    ledger.spending(spent).iter().take(done).for_each(|write| locked.perform(write).unwrap());
}

#[test]
fn a_process_that_is_stopped_between_any_two_writes_leaves_a_ledger_that_is_used() {
    // One after another, without one that comes to its end in between.
    for stops in 0..49 {
        let stops = [stops / 7, stops % 7, stops / 7];
        let (_folder, path) = ledger(COUNT);
        taken(&path, 2);
        let mut before = 2;
        for done in stops {
            stopped_after(&path, done);
            let spent = peek(&path).unwrap();
            // At most the index that it was about to use is lost.
            assert!((before..=before + 1).contains(&spent), "{stops:?}");
            before = spent;
        }
        assert_eq!((take(&path).unwrap(), take(&path).unwrap()), (before, before + 1), "{stops:?}");
    }
}

#[test]
fn a_take_that_fails_loses_no_index() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 2);
    for done in [0, 2] {
        stopped_after(&path, done);
        let spent = peek(&path).unwrap();
        // In the place of the next ledger, which cannot be written then.
        let _ = fs::remove_file(beside(&path, ".new"));
        fs::create_dir(beside(&path, ".new")).unwrap();
        let before = contents(&path);
        assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::System { .. }))));
        let refused = adopt(&path, 9).unwrap_err();
        match done {
            0 => assert!(matches!(refused, LedgerError::InOrder { .. }), "{refused}"),
            _ => assert!(matches!(refused, LedgerError::File(PrivateFileError::System { .. })), "{refused}"),
        }
        assert_eq!(contents(&path), before);
        fs::remove_dir(beside(&path, ".new")).unwrap();
        assert_eq!(take(&path).unwrap(), spent);
    }
}

#[test]
fn a_take_over_that_is_stopped_is_done_again() {
    for done in 0..5 {
        let (_folder, path) = ledger(COUNT);
        taken(&path, 2);
        touch(&lock_of(&path));
        let locked = Files::of(&path).unwrap().lock(WAIT).unwrap();
        let next = Ledger { next: 9, ..locked.files.read(SEED, COUNT).unwrap() };
        next.taking_over().iter().take(done).for_each(|write| locked.perform(write).unwrap());
        drop(locked);
        let from = if done < 2 {
            8
        } else {
            assert!(matches!(adopt(&path, 8), Err(LedgerError::From { from: 8, lowest: 9, count: COUNT })));
            9
        };
        // Whatever is in the lock file meanwhile, as it is not written at once.
        for spent in if done == 2 { 0..=COUNT } else { 0..=0 } {
            if done == 2 {
                overwrite(&lock_of(&path), &lock_bytes(COUNT, spent));
            }
            assert!(matches!(take(&path), Err(LedgerError::Copied { .. })), "{done} {spent}");
        }
        if done == 2 {
            // More than the index, even: a damaged file says so.
            assert!(matches!(adopt(&path, 9), Err(LedgerError::Exhausted { count: COUNT })));
            overwrite(&lock_of(&path), &lock_bytes(COUNT, 3)[..LOCK_TITLE.len() + 7]);
        }
        adopt(&path, from).unwrap();
        assert_eq!(take(&path).unwrap(), from);
    }
}

#[test]
fn what_a_stopped_process_left_half_written_is_not_read() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 3);
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len()] {
        let before = peek(&path).unwrap();
        fs::write(beside(&path, ".new"), &whole[..length]).unwrap();
        assert_eq!(take(&path).unwrap(), before);
        assert!(!beside(&path, ".new").exists());
    }
}

#[test]
fn the_lock_is_waited_for_and_given_up_on() {
    let (_folder, path) = ledger(COUNT);
    // Of this process, too: a lock is an open file's.
    let locked = Files::of(&path).unwrap().lock(WAIT).unwrap();
    let begun = Instant::now();
    let refused = Ledger::take_within(&path, SEED, COUNT, Duration::from_millis(100));
    assert!(matches!(refused, Err(LedgerError::Busy { path: found }) if found.ends_with("ledger")));
    assert!(begun.elapsed() >= Duration::from_millis(100));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Ledger::take(&path, SEED, COUNT).unwrap());
        sleep(Duration::from_millis(50));
        drop(locked);
        assert_eq!(waiting.join().unwrap(), 0);
    });
}

#[test]
fn a_ledger_is_made_once_and_never_silently() {
    let (folder, path) = ledger(COUNT);
    taken(&path, 1);
    let exists = |found: Result<(), LedgerError>, at: &Path| {
        assert!(matches!(found, Err(LedgerError::File(PrivateFileError::Exists { path })) if path.file_name() == at.file_name()));
    };
    exists(Ledger::create(&path, SEED, COUNT), &path);
    let (ledger, lock) = (fs::read(&path).unwrap(), lock_of(&path));
    fs::remove_file(&path).unwrap();
    exists(Ledger::create(&path, SEED, COUNT), &lock);
    for refused in [take(&path), peek(&path)] {
        assert!(matches!(refused, Err(LedgerError::Missing { path: found }) if found.file_name() == path.file_name()));
    }
    fs::remove_file(&lock).unwrap();
    for refused in [take(&path), peek(&path)] {
        assert!(matches!(refused, Err(LedgerError::Missing { path: found }) if found.file_name() == path.file_name()));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    private_file::create(&path, &ledger).unwrap();
    exists(Ledger::create(&path, SEED, COUNT), &path);
    assert!(!lock.exists());
    for count in [0, 3, 1_000, MAX_ONE_TIME_ROOTS + 1, 2 * MAX_ONE_TIME_ROOTS] {
        let other = folder.path().join("other");
        assert!(matches!(Ledger::create(&other, SEED, count), Err(LedgerError::Count { found }) if found == count));
    }
    let largest = folder.path().join("largest");
    Ledger::create(&largest, SEED, MAX_ONE_TIME_ROOTS).unwrap();
    assert_eq!(Ledger::take(&largest, SEED, MAX_ONE_TIME_ROOTS).unwrap(), 0);
    assert!(matches!(Ledger::create(Path::new("/"), SEED, COUNT), Err(LedgerError::File(PrivateFileError::NotRegular { .. }))));
}

#[test]
fn another_seed_or_number_of_roots_is_refused() {
    let (_folder, path) = ledger(COUNT);
    let other = [8; 32];
    for refused in [Ledger::take(&path, other, COUNT), Ledger::peek(&path, other, COUNT), Ledger::adopt(&path, other, COUNT, 9).map(|()| 0)]
    {
        let error = refused.unwrap_err();
        assert!(matches!(error, LedgerError::OtherSeed { .. }), "{error}");
        assert!(error.to_string().contains("put the model's own seed back"), "{error}");
    }
    for refused in [Ledger::take(&path, SEED, 2 * COUNT), Ledger::adopt(&path, SEED, 2 * COUNT, 9).map(|()| 0)] {
        assert!(matches!(refused, Err(LedgerError::OtherCount { expected: 32, found: COUNT, .. })));
    }
    assert!(matches!(Ledger::adopt(&path, SEED, COUNT - 1, 9), Err(LedgerError::Count { .. })));
    assert_eq!(take(&path).unwrap(), 0);
}

/// A folder beside the ledger's, to which all of its files or some were copied.
fn copied(folder: &Path, path: &Path, suffixes: &[&str]) -> PathBuf {
    let other = folder.join("copy");
    fs::create_dir(&other).unwrap();
    let copied = other.join(path.file_name().unwrap());
    suffixes.iter().for_each(|suffix| copy(&beside(path, suffix), &beside(&copied, suffix)));
    copied
}

#[test]
fn a_copied_folder_is_refused_until_it_is_taken_over() {
    for suffixes in [&["", ".lock"][..], &[""]] {
        let (folder, path) = ledger(COUNT);
        taken(&path, 3);
        let copied = copied(folder.path(), &path, suffixes);
        for refused in [take(&copied), peek(&copied)] {
            let error = refused.unwrap_err();
            assert!(matches!(&error, LedgerError::Copied { .. }), "{error}");
            let error = error.to_string();
            assert!(error.contains("`maat prove .. --next-root INDEX`, one more than the highest index of all proofs"), "{error}");
            assert!(error.contains("nobody may prove with the other copy, which must be deleted"), "{error}");
            assert!(error.contains("transpile again into another folder (`maat transpile --private -o OTHER`)"), "{error}");
        }
        let before = contents(&copied);
        for from in [0, 1, 2, COUNT, COUNT + 1, u32::MAX] {
            let error = adopt(&copied, from).unwrap_err();
            assert!(matches!(error, LedgerError::From { from: found, lowest: 3, count: COUNT } if found == from), "{error}");
            assert!(
                error.to_string().contains("of 16, counted from 0, 3 are known to be spent, so it must be one from 3 to 15"),
                "{error}"
            );
        }
        assert_eq!(contents(&copied), before);
        assert!(matches!(take(&copied), Err(LedgerError::Copied { .. })));
        // The original goes on, and the copy goes on from where its new owner says.
        taken(&path, 2);
        adopt(&copied, 5).unwrap();
        assert_eq!((take(&copied).unwrap(), take(&copied).unwrap(), peek(&copied).unwrap()), (5, 6, 7));
        // A ledger from there is refused here, where its lock file is another one.
        copy(&copied, &path);
        assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
        adopt(&path, 7).unwrap();
        assert_eq!(take(&path).unwrap(), 7);
    }
}

#[test]
fn a_ledger_that_is_in_order_is_not_taken_over() {
    let (_folder, path) = ledger(COUNT);
    for spent in 0..=COUNT {
        let before = contents(&path);
        for from in [0, spent, spent + 1, COUNT - 1, COUNT, u32::MAX] {
            let error = adopt(&path, from).unwrap_err();
            assert!(matches!(error, LedgerError::InOrder { .. }), "{error}");
            let error = error.to_string();
            assert!(error.contains("nothing was copied or moved, so --next-root is not needed"), "{error}");
            assert!(error.contains(&format!("run `touch {}` first", lock_of(&path.canonicalize().unwrap()).display())), "{error}");
        }
        assert_eq!(contents(&path), before);
        if spent < COUNT {
            assert_eq!(take(&path).unwrap(), spent);
        }
    }
    // Nothing is left to take over.
    touch(&lock_of(&path));
    for from in [0, COUNT - 1, COUNT] {
        assert!(matches!(adopt(&path, from), Err(LedgerError::Exhausted { count: COUNT })));
    }
}

#[test]
fn a_ledger_can_be_taken_over_where_a_process_was_stopped() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 2);
    stopped_after(&path, 2);
    assert_eq!(peek(&path).unwrap(), 3);
    assert!(matches!(adopt(&path, 2), Err(LedgerError::From { lowest: 3, .. })));
    adopt(&path, 9).unwrap();
    assert_eq!(take(&path).unwrap(), 9);
}

/// What may have become of a file.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Whole,
    Missing,
    Damaged,
    TooLong,
}

impl Fate {
    fn befall(self, path: &Path) {
        match self {
            Self::Whole => {}
            Self::Missing => fs::remove_file(path).unwrap(),
            Self::Damaged => overwrite(path, b"x"),
            Self::TooLong => overwrite(path, &[&fs::read(path).unwrap()[..], &[b'\n'; MAX_LEDGER_BYTES]].concat()),
        }
    }
}

#[test]
fn a_ledger_that_is_missing_or_damaged_is_taken_over_from_what_can_be_read() {
    let fates = [Fate::Whole, Fate::Missing, Fate::Damaged, Fate::TooLong];
    for (of_ledger, of_lock) in fates.iter().flat_map(|of_ledger| fates.map(|of_lock| (*of_ledger, of_lock))) {
        let about = format!("{of_ledger:?} {of_lock:?}");
        let lowest = match (of_ledger, of_lock) {
            (Fate::Whole, Fate::Whole) => continue,
            (Fate::Whole, _) | (_, Fate::Whole | Fate::TooLong) => 5,
            _ => 0,
        };
        let (_folder, path) = ledger(COUNT);
        taken(&path, 5);
        of_ledger.befall(&path);
        of_lock.befall(&lock_of(&path));
        for refused in [take(&path), peek(&path)] {
            let error = refused.unwrap_err();
            let copied = matches!((of_ledger, of_lock), (Fate::Whole | Fate::Damaged | Fate::TooLong, Fate::Missing));
            assert_eq!(matches!(error, LedgerError::Copied { .. }), copied, "{about}: {error}");
            assert!(copied || matches!(error, LedgerError::Missing { .. } | LedgerError::Damaged { .. }), "{about}: {error}");
            let error = error.to_string();
            assert!(copied || error.contains("never put a copy back; take it over with `maat prove .. --next-root INDEX`"), "{error}");
            assert!(error.contains("transpile again into another folder (`maat transpile --private -o OTHER`)"), "{error}");
            assert!(!error.contains("latest copy"), "{error}");
        }
        let before = contents(&path);
        for from in (0..lowest).chain([COUNT, u32::MAX]) {
            let error = adopt(&path, from).unwrap_err();
            assert!(matches!(error, LedgerError::From { lowest: found, .. } if found == lowest), "{about}: {error}");
        }
        assert_eq!(contents(&path), before, "{about}");
        adopt(&path, lowest + 2).unwrap();
        assert_eq!(fs::read(lock_of(&path)).unwrap(), lock_bytes(COUNT, lowest + 2), "{about}");
        assert_eq!((take(&path).unwrap(), take(&path).unwrap()), (lowest + 2, lowest + 3), "{about}");
        assert!(matches!(adopt(&path, 9), Err(LedgerError::InOrder { .. })), "{about}");
    }
}

#[test]
fn a_damaged_lock_file_tells_of_the_last_root_that_is_marked() {
    for (roots, lowest) in [("xxx.....x.......", 9), ("\0\0\0\0\0\0x.........", 7), ("................", 0), ("xx", 2), ("....yyyy", 0)] {
        let (_folder, path) = ledger(COUNT);
        overwrite(&path, b"");
        overwrite(&lock_of(&path), &[LOCK_TITLE, roots.as_bytes()].concat());
        if lowest > 0 {
            assert!(matches!(adopt(&path, lowest - 1), Err(LedgerError::From { lowest: found, .. }) if found == lowest));
        }
        adopt(&path, lowest).unwrap();
        assert_eq!(take(&path).unwrap(), lowest);
    }
    assert_eq!(marked_in(&[LOCK_TITLE, &[SPENT; 9]].concat(), 4), 4);
    assert_eq!(marked_in(&[SPENT; 99], 4), 0);
}

#[test]
fn a_moved_or_renamed_ledger_is_refused() {
    let (folder, path) = ledger(COUNT);
    let [within, renamed] = [folder.path().join("within"), folder.path().join("renamed")];
    sleep(A_WHILE);
    fs::create_dir(&within).unwrap();
    // With the same lock file, even.
    for moved in [within.join("ledger"), renamed] {
        for suffix in ["", ".lock"] {
            fs::hard_link(beside(&path, suffix), beside(&moved, suffix)).unwrap();
        }
        assert!(matches!(take(&moved), Err(LedgerError::Copied { .. })));
    }
    // A link of its lock file is as good as a copy.
    assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
    adopt(&path, 0).unwrap();
    assert_eq!(take(&path).unwrap(), 0);
}

#[test]
fn a_ledger_belongs_to_a_file_of_a_number_a_device_and_a_time_and_to_a_path() {
    let (_folder, path) = ledger(COUNT);
    let metadata = fs::metadata(lock_of(&path)).unwrap();
    #[cfg(unix)]
    let numbers = [std::os::unix::fs::MetadataExt::dev(&metadata), std::os::unix::fs::MetadataExt::ino(&metadata)];
    #[cfg(not(unix))]
    let numbers = [0, 0];
    let created = metadata.created().unwrap_or(UNIX_EPOCH).duration_since(UNIX_EPOCH).unwrap();
    let path = path.canonicalize().unwrap();
    let [device, number] = numbers;
    let nanosecond = Duration::from_nanos(1);
    let here = place_of(numbers, created, &path);
    assert_eq!(read(&path).unwrap().place, here);
    assert_ne!(place_of([device + 1, number], created, &path), here);
    assert_ne!(place_of([device, number + 1], created, &path), here);
    assert_ne!(place_of(numbers, created + nanosecond, &path), here);
    assert_ne!(place_of(numbers, created, &lock_of(&path)), here);
}

#[test]
fn a_lock_file_that_was_restored_or_removed_is_missed() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 1);
    let (lock, bytes) = (lock_of(&path), fs::read(lock_of(&path)).unwrap());
    // The system may give it the same number again. Its time of creation differs.
    fs::remove_file(&lock).unwrap();
    sleep(A_WHILE);
    private_file::create(&lock, &bytes).unwrap();
    assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
    fs::remove_file(&lock).unwrap();
    assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
    assert!(!lock.exists());
}

#[test]
fn an_older_ledger_is_recognised_by_its_lock_file_and_the_other_way_around() {
    let (folder, path) = ledger(COUNT);
    taken(&path, 2);
    let [old_ledger, old_lock] = ["", ".lock"].map(|suffix| fs::read(beside(&path, suffix)).unwrap());
    taken(&path, 1);
    // One behind is what a stopped process leaves, too. The lock file is right.
    overwrite(&path, &old_ledger);
    assert_eq!(take(&path).unwrap(), 3);
    let [new_ledger, new_lock] = ["", ".lock"].map(|suffix| fs::read(beside(&path, suffix)).unwrap());
    for (ledger, lock, numbers) in [(&old_ledger, &new_lock, (2, 4)), (&new_ledger, &old_lock, (4, 2))] {
        overwrite(&path, ledger);
        overwrite(&lock_of(&path), lock);
        for refused in [take(&path), peek(&path)] {
            let error = refused.unwrap_err();
            assert!(matches!(&error, LedgerError::RolledBack { ledger, lock, .. } if (*ledger, *lock) == numbers), "{error}");
            assert!(
                error.to_string().contains("`maat prove .. --next-root INDEX`, one more than the highest index of all proofs"),
                "{error}"
            );
        }
        assert!(matches!(adopt(&path, 3), Err(LedgerError::From { from: 3, lowest: 4, .. })));
    }
    adopt(&path, 6).unwrap();
    assert_eq!(take(&path).unwrap(), 6);
    // A copy that is refused for its place is not taken over with less than its lock file says, either.
    overwrite(&path, &old_ledger);
    let copied = copied(folder.path(), &path, &["", ".lock"]);
    assert!(matches!(adopt(&copied, 6), Err(LedgerError::From { lowest: 7, .. })));
}

/// Both files or one of them, as they were once.
struct Backup(Vec<(PathBuf, Vec<u8>, std::time::SystemTime)>);

impl Backup {
    fn of(path: &Path, suffixes: &[&str]) -> Self {
        let file = |path: PathBuf| (path.clone(), fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        Self(suffixes.iter().map(|suffix| file(beside(path, suffix))).collect())
    }

    /// Writes into the files that are there, which keep their numbers and times of creation.
    fn restore(&self, with_times: bool) {
        for (path, bytes, modified) in &self.0 {
            overwrite(path, bytes);
            if with_times {
                File::options().write(true).open(path).unwrap().set_modified(*modified).unwrap();
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_backup_that_is_restored_in_place_gives_no_index_twice() {
    let both = &["", LOCK][..];
    for (suffixes, with_times) in [both, &[""], &[LOCK]].into_iter().flat_map(|suffixes| [(suffixes, false), (suffixes, true)]) {
        for since in 0..4 {
            let about = format!("{suffixes:?} {with_times} {since}");
            let (_folder, path) = ledger(COUNT);
            taken(&path, 3);
            let backup = Backup::of(&path, suffixes);
            taken(&path, since);
            // However soon, if an index was given since. If none was, nothing is lost within a tick of the clock.
            if since == 0 {
                sleep(A_WHILE);
            }
            backup.restore(with_times);
            let refused = [take(&path), peek(&path)];
            let expected = |error: &LedgerError| match (suffixes.len(), suffixes[0], since) {
                (2, ..) | (_, LOCK, 0) => matches!(error, LedgerError::Copied { .. }),
                (_, LOCK, _) => matches!(error, LedgerError::RolledBack { lock: 3, .. }),
                _ => matches!(error, LedgerError::RolledBack { ledger: 3, .. }),
            };
            if let ([""], 0 | 1) = (suffixes, since) {
                // The same, or as after a process that was stopped: the lock file knows the next index.
                assert_eq!(refused.map(Result::unwrap), [3 + since, 4 + since], "{about}");
                continue;
            }
            for refused in refused {
                let error = refused.unwrap_err();
                assert!(expected(&error), "{about}: {error}");
            }
            // Once more, and after it was refused.
            backup.restore(!with_times);
            assert!(expected(&take(&path).unwrap_err()), "{about}");
            adopt(&path, 3 + since).unwrap();
            assert_eq!(take(&path).unwrap(), 3 + since, "{about}");
            // A backup of what was taken over, too.
            let backup = Backup::of(&path, both);
            taken(&path, 1);
            backup.restore(with_times);
            assert!(matches!(take(&path), Err(LedgerError::Copied { .. })), "{about}");
        }
    }
}

#[cfg(unix)]
#[test]
fn programs_that_copy_are_noticed_where_they_write_and_not_where_they_read() {
    for options in [&["-R"][..], &["-Rp"]] {
        let (folder, path) = ledger(COUNT);
        let backup = tempfile::tempdir().unwrap();
        let copy = |from: &Path, to: &Path| {
            assert!(Command::new("cp").args(options).arg(from.join(".")).arg(to).status().unwrap().success());
        };
        taken(&path, 2);
        copy(folder.path(), backup.path());
        taken(&path, 2);
        let number = |suffix| std::os::unix::fs::MetadataExt::ino(&fs::metadata(beside(&path, suffix)).unwrap());
        let before = ["", LOCK].map(number);
        copy(backup.path(), folder.path());
        assert_eq!(["", LOCK].map(number), before);
        assert_eq!(fs::read(lock_of(&path)).unwrap(), lock_bytes(COUNT, 2));
        assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
        adopt(&path, 4).unwrap();
        assert_eq!(take(&path).unwrap(), 4);
    }
}

/// What is not recognised, as long as the index of a stopped process is not asked for by hand.
#[cfg(unix)]
#[test]
fn a_backup_of_what_a_stopped_process_left_is_not_recognised_in_place() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 2);
    stopped_after(&path, 2);
    let backup = Backup::of(&path, &["", LOCK]);
    assert_eq!(take(&path).unwrap(), 3);
    backup.restore(false);
    assert_eq!(peek(&path).unwrap(), 3);
    // Whoever knows of it can still go on.
    adopt(&path, 4).unwrap();
    assert_eq!(take(&path).unwrap(), 4);
}

#[cfg(unix)]
#[test]
fn no_two_states_have_one_time_of_change() {
    let (_folder, path) = ledger(COUNT);
    let changed = || {
        let metadata = fs::metadata(lock_of(&path)).unwrap();
        let changed = read(&path).unwrap().changed;
        use std::os::unix::fs::MetadataExt;
        assert_eq!(changed, Moment([metadata.ctime(), metadata.ctime_nsec()]));
        changed.0
    };
    let mut before = changed();
    for _ in 0..COUNT {
        take(&path).unwrap();
        assert!(changed() > before);
        before = changed();
    }
}

#[test]
fn the_lock_file_is_written_until_its_time_of_change_is_another_one() {
    let (_folder, path) = ledger(COUNT);
    let locked = Files::of(&path).unwrap().lock(WAIT).unwrap();
    let (before, writes) = (locked.changed().unwrap(), std::cell::Cell::new(0));
    // As if the clock went on only after the second one.
    locked
        .change(|mut file| {
            writes.set(writes.get() + 1);
            if writes.get() < 3 { Ok(()) } else { file.rewind().and_then(|()| file.write_all(LOCK_TITLE)) }
        })
        .unwrap();
    assert!(if cfg!(unix) { writes.get() >= 3 } else { writes.get() == 1 });
    assert_eq!(locked.changed().unwrap() != before, cfg!(unix));
    if cfg!(unix) {
        assert!(matches!(locked.change(|_| Ok(())), Err(LedgerError::NoTimes { path }) if path.ends_with("ledger.lock")));
    }
}

#[test]
fn a_changed_byte_anywhere_in_the_ledger_is_refused() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 11);
    let bytes = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        overwrite(&path, bytes);
        assert!(matches!(take(&path), Err(LedgerError::Damaged { path: found }) if found.file_name() == path.file_name()));
    };
    for at in 0..bytes.len() {
        for change in [1, 2, 0x20, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            refused(&changed);
        }
        refused(&bytes[..at]);
        refused(&[&bytes[..at], b" ", &bytes[at..]].concat());
    }
    refused(&[&bytes[..], b"\n"].concat());
    refused(&String::from_utf8(bytes.clone()).unwrap().replace('\n', "\r\n").into_bytes());
    overwrite(&path, &[&bytes[..], &[b'\n'; MAX_LEDGER_BYTES]].concat());
    assert!(matches!(take(&path), Err(LedgerError::Damaged { .. })));
    overwrite(&path, &bytes);
    assert_eq!(take(&path).unwrap(), 11);
}

#[test]
fn a_ledger_of_numbers_that_contradict_one_another_is_refused() {
    let (_folder, path) = ledger(COUNT);
    let valid = read(&path).unwrap();
    let wrong = [(COUNT, COUNT + 1), (COUNT, u32::MAX), (COUNT - 1, 0), (0, 0), (2 * MAX_ONE_TIME_ROOTS, 0)];
    for (count, next) in wrong {
        overwrite(&path, Ledger { count, next, ..valid }.to_text().as_bytes());
        assert!(matches!(read(&path), Err(LedgerError::Damaged { .. })), "{next} of {count}");
    }
    // Before 1970, and with as many digits as there can be.
    for changed in [[0, 0], [-1, 5], [i64::MAX, 999_999_999], [i64::MIN, i64::MIN]] {
        let longest = Ledger { count: MAX_ONE_TIME_ROOTS, next: MAX_ONE_TIME_ROOTS, changed: Moment(changed), ..valid };
        let text = longest.to_text();
        assert_eq!(Ledger::from_text(&text), Some(longest));
        assert!(text.len() < MAX_LEDGER_BYTES);
    }
}

#[test]
fn a_changed_byte_in_the_lock_file_gives_no_index_twice() {
    let (_folder, path) = ledger(COUNT);
    taken(&path, 11);
    let (ledger, lock) = (fs::read(&path).unwrap(), fs::read(lock_of(&path)).unwrap());
    for at in 0..lock.len() {
        for byte in [0, b'.', b'x', b'y', b'X', b'\n', 0xff].into_iter().filter(|byte| *byte != lock[at]) {
            let mut changed = lock.clone();
            changed[at] = byte;
            overwrite(&path, &ledger);
            overwrite(&lock_of(&path), &changed);
            match take(&path) {
                // As if a process had been stopped: the next index is lost.
                Ok(index) => assert_eq!((index, at, byte), (12, LOCK_TITLE.len() + 11, SPENT)),
                Err(LedgerError::RolledBack { ledger: 11, lock: 10, .. }) => assert_eq!((at, byte), (LOCK_TITLE.len() + 10, UNSPENT)),
                Err(LedgerError::Damaged { path: found }) => assert_eq!(found.file_name(), lock_of(&path).file_name()),
                Err(error) => panic!("{at}: {error}"),
            }
        }
    }
    overwrite(&path, &ledger);
    for changed in [&lock[..lock.len() - 1], &lock[..LOCK_TITLE.len()], &[], &lock_bytes(COUNT / 2, 0)] {
        overwrite(&lock_of(&path), changed);
        assert!(matches!(take(&path), Err(LedgerError::Damaged { .. })));
    }
    overwrite(&lock_of(&path), &[&lock[..], b"\n"].concat());
    assert!(matches!(take(&path), Err(LedgerError::Damaged { .. })));
    // As it was, but who knows.
    overwrite(&lock_of(&path), &lock);
    assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
    adopt(&path, 11).unwrap();
    assert_eq!(take(&path).unwrap(), 11);
}

#[test]
fn the_files_have_a_form_that_does_not_change() {
    let text = Ledger { seed_id: [1; 32], count: 1024, next: 17, place: [2; 32], changed: Moment([1_700_000_000, 5_000]) }.to_text();
    let lines: Vec<_> = text.lines().collect();
    let (seed, place) = (format!("seed 0x{}", "01".repeat(32)), format!("place 0x{}", "02".repeat(32)));
    assert_eq!(lines[..5], ["maat one-time roots 1", &seed, "count 1024", "next 17", &place]);
    assert_eq!(lines[5..], ["changed 1700000000.000005000", "check 0x42af73165d1bd73808501b56816f05b8d2b6341963044666c6388813c8dc77ff"]);
    let (_folder, path) = ledger(4);
    Ledger::take(&path, SEED, 4).unwrap();
    assert_eq!(fs::read_to_string(lock_of(&path)).unwrap(), "maat one-time roots lock 1\nx...\n");
}

#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::os::unix::process::CommandExt;

    use super::*;

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_files_are_the_users_alone() {
        let (folder, path) = ledger(COUNT);
        for _ in 0..2 {
            for entry in fs::read_dir(folder.path()).unwrap() {
                assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
            }
            taken(&path, 1);
        }
        for file in [path.clone(), lock_of(&path)] {
            sleep(A_WHILE);
            allow(&file, 0o620);
            assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::Exposed { .. }))));
            allow(&file, 0o600);
            if file == path {
                assert_eq!(take(&path).unwrap(), 2);
            }
        }
        // It may have been restored meanwhile.
        assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
        adopt(&path, 3).unwrap();
        assert_eq!(take(&path).unwrap(), 3);
    }

    #[test]
    fn what_changes_the_lock_files_time_is_refused_and_says_why() {
        let (_folder, path) = ledger(COUNT);
        let lock = lock_of(&path);
        let modified = || fs::metadata(&lock).unwrap().modified().unwrap();
        let changes: [&dyn Fn(); 4] = [
            &|| allow(&lock, 0o600),
            &|| File::options().write(true).open(&lock).unwrap().set_modified(modified()).unwrap(),
            &|| assert!(Command::new("touch").arg(&lock).status().unwrap().success()),
            &|| {
                fs::rename(&lock, beside(&path, ".else")).unwrap();
                fs::hard_link(beside(&path, ".else"), &lock).unwrap();
            },
        ];
        for (index, change) in (0..).zip(changes) {
            sleep(A_WHILE);
            change();
            let error = take(&path).unwrap_err();
            assert!(matches!(error, LedgerError::Copied { .. }), "{index}: {error}");
            assert!(error.to_string().contains("its lock file was touched (chmod does that, too)"), "{error}");
            adopt(&path, index).unwrap();
            assert_eq!(take(&path).unwrap(), index);
        }
        // Reading it, locking it and changing the ledger's own times are not.
        fs::read(&lock).unwrap();
        File::open(&lock).unwrap().lock().unwrap();
        allow(&path, 0o600);
        assert_eq!(take(&path).unwrap(), 4);
    }

    #[test]
    fn a_ledger_or_lock_file_that_is_a_link_is_refused() {
        for suffix in ["", ".lock"] {
            let (folder, path) = ledger(COUNT);
            let elsewhere = folder.path().join("elsewhere");
            fs::rename(beside(&path, suffix), &elsewhere).unwrap();
            symlink(&elsewhere, beside(&path, suffix)).unwrap();
            assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::NotRegular { .. }))));
        }
    }

    #[test]
    fn a_ledger_is_the_same_by_every_way_to_its_folder() {
        let (folder, path) = ledger(COUNT);
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        assert_eq!((take(&path).unwrap(), take(&link.join("ledger")).unwrap(), take(&path).unwrap()), (0, 1, 2));
    }

    #[test]
    fn a_ledger_in_a_folder_that_others_can_write_to_is_neither_used_nor_made() {
        let (folder, path) = ledger(COUNT);
        for mode in [0o720, 0o702, 0o1777] {
            allow(folder.path(), mode);
            for refused in [take(&path).map(drop), peek(&path).map(drop), adopt(&path, 9)] {
                let error = refused.unwrap_err();
                let expected = folder.path().canonicalize().unwrap();
                assert!(matches!(&error, LedgerError::Untrusted { place, .. } if *place == expected), "{error}");
            }
            let other = folder.path().join("other");
            assert!(matches!(Ledger::create(&other, SEED, COUNT), Err(LedgerError::Untrusted { .. })));
        }
        allow(folder.path(), 0o755);
        assert_eq!(take(&path).unwrap(), 0);
    }

    /// Nothing can be written here, except by root.
    fn in_a_read_only_folder(folder: &Path) {
        let path = folder.join("ledger");
        Ledger::create(&path, SEED, COUNT).unwrap();
        taken(&path, 1);
        let before = contents(&path);
        allow(folder, 0o500);
        let first = [take(&path).map(drop), Ledger::create(&folder.join("other"), SEED, COUNT)];
        touch(&lock_of(&path));
        for refused in first.into_iter().chain([adopt(&path, 9)]) {
            assert!(matches!(refused, Err(LedgerError::File(PrivateFileError::System { .. }))), "{refused:?}");
        }
        assert_eq!(contents(&path), before);
        allow(folder, 0o700);
        adopt(&path, 1).unwrap();
        assert_eq!(take(&path).unwrap(), 1);
    }

    #[test]
    #[ignore = "other tests run it in a process of its own"]
    fn has_a_read_only_folder() {
        let Some(folder) = env::var_os(IN_A_PROCESS) else { return };
        in_a_read_only_folder(folder.as_ref());
    }

    #[test]
    fn a_read_only_folder_gives_an_error_and_no_index() {
        const NOBODY: u32 = 65_534;
        let folder = tempfile::tempdir().unwrap();
        if !rustix::process::geteuid().is_root() {
            return in_a_read_only_folder(folder.path());
        }
        // Root can write everywhere, so somebody else tries, with a copy of this program that they can run.
        let programs = tempfile::tempdir().unwrap();
        let program = programs.path().join("tests");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        allow(&program, 0o755);
        allow(programs.path(), 0o755);
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let mut command = process(&program, "permissions::has_a_read_only_folder", folder.path());
        let output = command.uid(NOBODY).gid(NOBODY).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
}
