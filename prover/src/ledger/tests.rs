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

fn taken(path: &Path, number: u32) {
    assert!((0..number).all(|_| take(path).is_ok()));
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn lock_of(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// Writes into a file that stays the same one.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = File::options().write(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
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
    for stops in 0..216 {
        let stops = [stops / 36, stops / 6 % 6, stops % 6];
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
        let contents = || ["", ".lock"].map(|suffix| fs::read(beside(&path, suffix)).unwrap());
        let before = contents();
        for refused in [take(&path).map(drop), Ledger::adopt(&path, SEED, 9)] {
            assert!(matches!(refused, Err(LedgerError::File(PrivateFileError::System { .. }))));
        }
        assert_eq!(contents(), before);
        fs::remove_dir(beside(&path, ".new")).unwrap();
        assert_eq!(take(&path).unwrap(), spent);
    }
}

#[test]
fn a_take_over_that_is_stopped_is_done_again() {
    for done in 0..3 {
        let (_folder, path) = ledger(COUNT);
        taken(&path, 2);
        let locked = Files::of(&path).unwrap().lock(WAIT).unwrap();
        let next = Ledger { next: 9, ..locked.files.read(SEED).unwrap() };
        [Write::Stage(next), Write::Spend(2..9)].iter().take(done).for_each(|write| locked.perform(write).unwrap());
        drop(locked);
        let refused = Ledger::adopt(&path, SEED, 8);
        assert_eq!(refused.is_ok(), done < 2, "{refused:?}");
        Ledger::adopt(&path, SEED, 9).unwrap();
        assert_eq!(take(&path).unwrap(), 9);
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
    for refused in [take(&path), peek(&path), Ledger::adopt(&path, SEED, 9).map(|()| 0)] {
        assert!(matches!(refused, Err(LedgerError::Missing { path: found }) if found.file_name() == path.file_name()));
    }
    fs::remove_file(&lock).unwrap();
    for refused in [take(&path), peek(&path), Ledger::adopt(&path, SEED, 9).map(|()| 0)] {
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
    for refused in [Ledger::take(&path, other, COUNT), Ledger::peek(&path, other, COUNT), Ledger::adopt(&path, other, 9).map(|()| 0)] {
        assert!(matches!(refused, Err(LedgerError::OtherSeed { .. })));
    }
    let refused = Ledger::take(&path, SEED, 2 * COUNT);
    assert!(matches!(refused, Err(LedgerError::OtherCount { expected: 32, found: COUNT, .. })));
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
            assert!(error.to_string().contains("prove with --next-root INDEX, which is one more"), "{error}");
        }
        for from in [0, 1, 2, COUNT + 1, u32::MAX] {
            let refused = Ledger::adopt(&copied, SEED, from);
            assert!(matches!(refused, Err(LedgerError::From { from: found, lowest: 3, count: COUNT }) if found == from));
        }
        assert!(matches!(take(&copied), Err(LedgerError::Copied { .. })));
        // The original goes on, and the copy goes on from where its new owner says.
        taken(&path, 2);
        Ledger::adopt(&copied, SEED, 5).unwrap();
        assert_eq!((take(&copied).unwrap(), take(&copied).unwrap(), peek(&copied).unwrap()), (5, 6, 7));
        // A ledger from there is refused here, where its lock file is another one.
        copy(&copied, &path);
        assert!(matches!(take(&path), Err(LedgerError::Copied { .. })));
        Ledger::adopt(&path, SEED, 7).unwrap();
        assert_eq!(take(&path).unwrap(), 7);
    }
}

#[test]
fn a_ledger_can_be_taken_over_as_it_is_or_used_up() {
    let (_folder, path) = ledger(COUNT);
    for from in [0, 0, 4] {
        Ledger::adopt(&path, SEED, from).unwrap();
        assert_eq!(peek(&path).unwrap(), from);
    }
    assert_eq!(take(&path).unwrap(), 4);
    Ledger::adopt(&path, SEED, COUNT).unwrap();
    assert!(matches!(take(&path), Err(LedgerError::Exhausted { count: COUNT })));
}

#[test]
fn a_moved_or_renamed_ledger_is_refused() {
    let (folder, path) = ledger(COUNT);
    let [within, renamed] = [folder.path().join("within"), folder.path().join("renamed")];
    fs::create_dir(&within).unwrap();
    // With the same lock file, even.
    for moved in [within.join("ledger"), renamed] {
        for suffix in ["", ".lock"] {
            fs::hard_link(beside(&path, suffix), beside(&moved, suffix)).unwrap();
        }
        assert!(matches!(take(&moved), Err(LedgerError::Copied { .. })));
    }
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
    assert_eq!(Files::of(&path).unwrap().read(SEED).unwrap().place, here);
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
    sleep(Duration::from_millis(20));
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
            assert!(error.to_string().contains("prove with --next-root INDEX, which is one more"), "{error}");
        }
        assert!(matches!(Ledger::adopt(&path, SEED, 3), Err(LedgerError::From { from: 3, lowest: 4, .. })));
    }
    Ledger::adopt(&path, SEED, 6).unwrap();
    assert_eq!(take(&path).unwrap(), 6);
    // A copy that is refused for its place is not taken over with less than its lock file says, either.
    overwrite(&path, &old_ledger);
    let copied = copied(folder.path(), &path, &["", ".lock"]);
    assert!(matches!(Ledger::adopt(&copied, SEED, 6), Err(LedgerError::From { lowest: 7, .. })));
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
    assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::TooLong { .. }))));
    overwrite(&path, &bytes);
    assert_eq!(take(&path).unwrap(), 11);
}

#[test]
fn a_ledger_of_numbers_that_contradict_one_another_is_refused() {
    let (_folder, path) = ledger(COUNT);
    let valid = Files::of(&path).unwrap().read(SEED).unwrap();
    let wrong = [(COUNT, COUNT + 1), (COUNT, u32::MAX), (COUNT - 1, 0), (0, 0), (2 * MAX_ONE_TIME_ROOTS, 0)];
    for (count, next) in wrong {
        overwrite(&path, Ledger { count, next, ..valid }.to_text().as_bytes());
        assert!(matches!(Files::of(&path).unwrap().read(SEED), Err(LedgerError::Damaged { .. })), "{next} of {count}");
    }
    let longest = Ledger { count: MAX_ONE_TIME_ROOTS, next: MAX_ONE_TIME_ROOTS, ..valid }.to_text();
    assert_eq!(Ledger::from_text(&longest).unwrap().to_text(), longest);
    assert!(longest.len() < MAX_LEDGER_BYTES);
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
    for changed in [&lock[..lock.len() - 1], &lock[..LOCK_TITLE.len()], &[], &[&lock_bytes(COUNT / 2)[..]].concat()] {
        overwrite(&lock_of(&path), changed);
        assert!(matches!(take(&path), Err(LedgerError::Damaged { .. })));
    }
    overwrite(&lock_of(&path), &[&lock[..], b"\n"].concat());
    assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::TooLong { .. }))));
    overwrite(&lock_of(&path), &lock);
    assert_eq!(take(&path).unwrap(), 11);
}

#[test]
fn the_files_have_a_form_that_does_not_change() {
    let text = Ledger { seed_id: [1; 32], count: 1024, next: 17, place: [2; 32] }.to_text();
    let lines: Vec<_> = text.lines().collect();
    let (seed, place) = (format!("seed 0x{}", "01".repeat(32)), format!("place 0x{}", "02".repeat(32)));
    assert_eq!(lines[..5], ["maat one-time roots 1", &seed, "count 1024", "next 17", &place]);
    assert_eq!(lines[5..], ["check 0x71adbea4e4c2a9ed0ffc8449d3ca35e792eac6f04b693ce98401aa0db90d94c9"]);
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
            allow(&file, 0o620);
            assert!(matches!(take(&path), Err(LedgerError::File(PrivateFileError::Exposed { .. }))));
            allow(&file, 0o600);
        }
        assert_eq!(take(&path).unwrap(), 2);
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
            for refused in [take(&path).map(drop), peek(&path).map(drop), Ledger::adopt(&path, SEED, 9)] {
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
        let contents = || ["", ".lock"].map(|suffix| fs::read(beside(&path, suffix)).unwrap());
        let before = contents();
        allow(folder, 0o500);
        for refused in [take(&path).map(drop), Ledger::adopt(&path, SEED, 9), Ledger::create(&folder.join("other"), SEED, COUNT)] {
            assert!(matches!(refused, Err(LedgerError::File(PrivateFileError::System { .. }))), "{refused:?}");
        }
        assert_eq!(contents(), before);
        allow(folder, 0o700);
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
