//! Small files that only their owner may read and write: how they are made, opened and read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What is left where a private model cannot be proven any more, or must not be.
pub(crate) const TRANSPILE_ANEW: &str = "transpile again into another folder (`maat transpile --private -o OTHER`), which draws a new seed";

/// Why a file of a private model is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// There is one already.
    #[error("{path} is there already, and is not replaced")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// There is none.
    #[error("there is no {path}")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// It is a link, a folder, or what else is no file.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// Which file.
        path: PathBuf,
    },
    /// Others can read or write it.
    #[error("other users can read or write {path}: if they may have, {TRANSPILE_ANEW}; else run `chmod go-rwx {path}`")]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// It is longer than such a file can be.
    #[error("{path} is longer than the {limit} bytes that such a file can have")]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// Most bytes.
        limit: usize,
    },
    /// The system refuses.
    #[error("{path}: {source}")]
    System {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PrivateFileError {
    /// What has become of an operation on a file.
    pub(crate) fn of(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            ErrorKind::AlreadyExists => Self::Exists { path: path.clone() },
            ErrorKind::NotFound => Self::Missing { path: path.clone() },
            _ => Self::System { path: path.clone(), source },
        }
    }
}

/// Writes a file that is not there yet, and waits until it is on the disk. Whether its name is, too, is left to [`sync_folder`].
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), PrivateFileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(PrivateFileError::of(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(PrivateFileError::of(path))
}

/// Opens a file that nobody else can read or write.
pub(crate) fn open(path: &Path, writable: bool) -> Result<File, PrivateFileError> {
    let file = open_of_anybody(path, writable)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&file.metadata().map_err(PrivateFileError::of(path))?) & 0o077 != 0 {
        return Err(PrivateFileError::Exposed { path: path.to_path_buf() });
    }
    Ok(file)
}

/// Opens a file, whoever can read or write it.
pub(crate) fn open_of_anybody(path: &Path, writable: bool) -> Result<File, PrivateFileError> {
    let error = PrivateFileError::of(path);
    // Before it is opened: a named pipe would be waited for, and a link would be followed.
    if !fs::symlink_metadata(path).map_err(&error)?.is_file() {
        return Err(PrivateFileError::NotRegular { path: path.to_path_buf() });
    }
    OpenOptions::new().read(true).write(writable).open(path).map_err(&error)
}

/// All that is in an open file, which is not longer than the limit.
pub(crate) fn read(file: &File, path: &Path, limit: usize) -> Result<Vec<u8>, PrivateFileError> {
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(PrivateFileError::of(path))?;
    if bytes.len() > limit { Err(PrivateFileError::TooLong { path: path.to_path_buf(), limit }) } else { Ok(bytes) }
}

/// Waits until the names of a folder's files are on the disk. Elsewhere than on Unix, a folder cannot be opened for that.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), PrivateFileError> {
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(PrivateFileError::of(folder))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(path: &Path, limit: usize) -> Result<Vec<u8>, PrivateFileError> {
        read(&open(path, false)?, path, limit)
    }

    #[test]
    fn a_file_is_written_once_and_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(matches!(contents(&path, 3), Err(PrivateFileError::Missing { path: found }) if found == path));
        create(&path, b"abc").unwrap();
        assert!(matches!(create(&path, b"other"), Err(PrivateFileError::Exists { path: found }) if found == path));
        sync_folder(folder.path()).unwrap();
        assert_eq!(contents(&path, 3).unwrap(), b"abc");
        assert!(matches!(contents(&path, 2), Err(PrivateFileError::TooLong { limit: 2, .. })));
        assert!(matches!(create(&folder.path().join("no/file"), b""), Err(PrivateFileError::Missing { .. })));
        assert!(matches!(contents(folder.path(), 3), Err(PrivateFileError::NotRegular { .. })));
        // A file that is opened to be read is not written.
        assert!((&open(&path, false).unwrap()).write(b"d").is_err());
        assert_eq!((&open(&path, true).unwrap()).write(b"d").unwrap(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_made_is_the_users_alone_and_one_that_others_reach_is_refused() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create(&path, b"abc").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for bit in 0..9 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600 | 1 << bit)).unwrap();
            let found = contents(&path, 3);
            if bit < 6 {
                let error = found.unwrap_err();
                assert!(matches!(&error, PrivateFileError::Exposed { path: found } if *found == path), "{bit}: {error}");
                assert!(error.to_string().contains("run `chmod go-rwx "), "{error}");
            } else {
                assert_eq!(found.unwrap(), b"abc", "{bit}");
            }
            assert_eq!(read(&open_of_anybody(&path, false).unwrap(), &path, 3).unwrap(), b"abc", "{bit}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let (link, pipe) = (folder.path().join("link"), folder.path().join("pipe"));
        symlink(&path, &link).unwrap();
        assert!(std::process::Command::new("mkfifo").arg("-m600").arg(&pipe).status().unwrap().success());
        for refused in [&link, &pipe] {
            assert!(matches!(contents(refused, 3), Err(PrivateFileError::NotRegular { path }) if path == *refused));
            assert!(matches!(open_of_anybody(refused, false), Err(PrivateFileError::NotRegular { .. })));
        }
    }
}
