//! Files that a verb reads to a limit, or that are there as a whole or not at all.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

/// The bytes of a file, or the length of one that is longer than a limit.
pub fn read(path: &Path, limit: usize) -> anyhow::Result<Result<Vec<u8>, usize>> {
    let read = || {
        let file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if length > limit {
            return Ok(Err(length));
        }
        // A pipe has no length. One byte more is enough to say that it is too long.
        let mut bytes = Vec::with_capacity(length + 1);
        file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok(if bytes.len() > limit { Err(bytes.len()) } else { Ok(bytes) })
    };
    read().map_err(|error: std::io::Error| anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
}

/// Who may read a file that is written.
#[derive(Clone, Copy)]
pub enum Readers {
    /// Whoever may read the user's files.
    Usual,
    /// The user alone.
    Owner,
}

/// A place where a file can be written.
pub struct Destination {
    path: PathBuf,
    folder: PathBuf,
}

impl Destination {
    /// Finds out whether a file can be written, before the work is done that makes it.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot write {}", path.display());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A file without a name: nothing is left of it, whatever happens meanwhile.
        tempfile::tempfile_in(folder).with_context(cannot)?;
        if path.is_dir() {
            bail!("{}: it is a folder", cannot());
        }
        if path.exists() && !path.is_file() {
            bail!("{}: it is there, and no regular file", cannot());
        }
        Ok(Self { path: path.to_path_buf(), folder: folder.to_path_buf() })
    }

    /// Writes the bytes beside their place.
    pub fn stage(&self, bytes: &[u8], readers: Readers) -> anyhow::Result<Staged<'_>> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".maat-");
        // Temporary files are the owner's alone.
        #[cfg(unix)]
        if let Readers::Usual = readers {
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = readers;
        let written = builder.tempfile_in(&self.folder).and_then(|mut file| file.write_all(bytes).map(|()| file));
        let file = written.with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(Staged { file, path: &self.path })
    }
}

/// A file that only has to take its place.
pub struct Staged<'d> {
    file: NamedTempFile,
    path: &'d Path,
}

impl Staged<'_> {
    /// Puts the file in its place; an older one is replaced.
    pub fn persist(self) -> anyhow::Result<()> {
        self.file.persist(self.path).with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), Ok(b"12345".to_vec()));
        assert_eq!(read(file.path(), 4).unwrap(), Err(5));
        assert!(read(Path::new("/does/not/exist"), 4).unwrap_err().to_string().contains("cannot read /does/not/exist"));
    }

    #[test]
    fn until_a_file_takes_its_place_the_older_one_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"old").unwrap();
        let destination = Destination::new(&path).unwrap();
        // Nothing is left behind if the work is never done.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let staged = destination.stage(b"new", Readers::Usual).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        staged.persist().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |readers| {
            let path = folder.path().join("file");
            Destination::new(&path).unwrap().stage(b"", readers).unwrap().persist().unwrap();
            path.metadata().unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode(Readers::Owner), 0o600);
        let plain = folder.path().join("plain");
        std::fs::write(&plain, b"").unwrap();
        assert_eq!(mode(Readers::Usual), plain.metadata().unwrap().permissions().mode() & 0o777);
    }
}
