//! Files and folders that are written next to their place, and take it once they are complete: nobody sees half of one.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Their names until then: `.maat-??????.partial`, with six random letters and digits.
const PREFIX: &str = ".maat-";
const SUFFIX: &str = ".partial";
const RANDOM: usize = 6;
/// What was begun this long ago will not be finished: its writer was stopped.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// How many symbolic links in a row are followed: as many as Linux follows.
const MAX_LINKS: usize = 40;

/// The new package within a staging folder.
pub(crate) const PACKAGE: &str = "package";
/// The old one, after it was replaced.
pub(crate) const REPLACED: &str = "replaced";

/// Makes files and folders with such names. They are removed unless they take their place.
pub fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
    builder
}

/// Removes what stopped runs left in a folder. What cannot be removed stays.
///
/// Nothing else is removed: not what has a name that is not ours, and not a staging folder that holds both the old package and the new one,
/// because it may hold the only copy of the user's files: see [`replace`].
pub fn remove_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| is_ours(&entry.file_name())) {
        let Ok(metadata) = entry.metadata() else { continue };
        let age = metadata.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if age.is_none_or(|age| age < ABANDONED) {
            continue;
        }
        if metadata.is_file() {
            let _ = fs::remove_file(entry.path());
        } else if metadata.is_dir() && is_spent(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether a staging folder holds a new package that was never completed, or an old one that was replaced, but not both.
fn is_spent(staged: &Path) -> bool {
    let Ok(entries) = fs::read_dir(staged).and_then(Iterator::collect::<io::Result<Vec<_>>>) else { return false };
    match entries.as_slice() {
        [] => true,
        [only] => [PACKAGE, REPLACED].iter().any(|name| only.file_name() == *name),
        _ => false,
    }
}

/// Where a path leads once all its symbolic links are followed. Neither what it names nor its folder need exist.
///
/// # Errors
/// A link or folder on the way cannot be read, or the links form a circle.
pub fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            followed => return followed,
        }
        // What is missing is the last part, what its link names, or a folder before it.
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path) };
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(follow(folder)?.join(name)),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Whether two paths lead to the same file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) if cfg!(unix) => is_same_file(&a, &b),
        _ => matches!((follow(a), follow(b)), (Ok(a), Ok(b)) if a == b),
    }
}

/// Whether two files are the same, by their metadata.
#[cfg(unix)]
pub fn is_same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Whether two files are the same, by their metadata: not known where files have no numbers.
#[cfg(not(unix))]
pub fn is_same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

/// The bytes of a regular file. Reading a named pipe instead would wait for a writer, and a device may never end.
///
/// # Errors
/// It is not a file, or cannot be read.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() { fs::read(path) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Puts a new folder where an old one is. The old one is then where the new one was, or at `aside`.
///
/// Where the system can exchange them in one step, there is a folder at every moment, even if we are stopped.
///
/// # Errors
/// One of them cannot be renamed. The old folder is then in its place, or the error says where it is.
pub fn replace(old: &Path, new: &Path, aside: &Path) -> io::Result<()> {
    if exchange(old, new).is_ok() {
        return Ok(());
    }
    fs::rename(old, aside)?;
    let Err(error) = fs::rename(new, old) else { return Ok(()) };
    match fs::rename(aside, old) {
        Ok(()) => Err(error),
        Err(_) => Err(io::Error::other(format!("{error}. What was there is in {} now", aside.display()))),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_what_is_not_there_yet() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::create_dir(at("real")).unwrap();
        symlink("real", at("folder")).unwrap();
        symlink("folder/file", at("link")).unwrap();
        symlink(at("link"), at("second")).unwrap();
        for path in ["real/file", "folder/file", "link", "second"] {
            assert_eq!(follow(&at(path)).unwrap(), at("real/file"), "{path}");
        }
        fs::write(at("real/file"), "").unwrap();
        assert_eq!(follow(&at("second")).unwrap(), at("real/file"));
        assert_eq!(follow(&at("folder/more/of/it")).unwrap(), at("real/more/of/it"));
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        assert!(follow(&at("a")).is_err());
    }

    #[test]
    fn what_stopped_runs_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let old = SystemTime::now() - 2 * ABANDONED;
        let age = |name: &str| fs::File::open(at(name)).unwrap().set_modified(old).unwrap();
        let folders = [(".maat-spent1.partial", &["package"][..]), (".maat-spent2.partial", &["replaced"]), (".maat-spent3.partial", &[])];
        let kept = [(".maat-window.partial", &["package", "replaced"][..]), (".maat-theirs.partial", &["thesis"]), (".maat-folder", &[])];
        for (name, within) in folders.into_iter().chain(kept) {
            fs::create_dir(at(name)).unwrap();
            within.iter().for_each(|within| fs::create_dir(at(name).join(within)).unwrap());
            age(name);
        }
        let files = [".maat-a1B2c3.partial", ".maat-config", ".maat-a1B2c.partial", ".maat-a1-2c3.partial", "a1B2c3.partial", "notes"];
        for name in files {
            fs::write(at(name), "").unwrap();
            age(name);
        }
        fs::write(at(".maat-recent.partial"), "").unwrap();
        remove_abandoned(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let mut expected = [&kept.map(|(name, _)| name)[..], &files[1..], &[".maat-recent.partial"]].concat();
        left.sort_unstable();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }

    #[test]
    fn what_cannot_be_replaced_stays_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new, aside] = ["old", "new", "aside"].map(|name| folder.path().join(name));
        fs::create_dir(&old).unwrap();
        assert!(replace(&old, &new, &aside).is_err());
        assert!(old.exists() && !aside.exists());
        fs::create_dir(&new).unwrap();
        replace(&old, &new, &aside).unwrap();
        assert!(old.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(read_file(&pipe).unwrap_err().to_string(), "it is not a regular file");
        assert!(read_file(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn what_is_begun_has_a_name_that_is_known_as_ours() {
        let folder = tempfile::tempdir().unwrap();
        let file = builder().tempfile_in(folder.path()).unwrap();
        assert!(is_ours(file.path().file_name().unwrap()));
    }
}
