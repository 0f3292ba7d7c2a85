//! Wheels of Python packages of which tests read files: fetched once with the machine's own pip, and pinned by their digests.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// A wheel that is pinned.
#[derive(Debug, Clone, Copy)]
pub struct Wheel {
    /// The package's name.
    pub package: &'static str,
    /// The release.
    pub version: &'static str,
    /// The wheel's file name, which has the package's name as the index writes it.
    pub file: &'static str,
    /// Its sha256, in hexadecimal.
    pub sha256: &'static str,
    /// Names a local copy of the wheel, for machines without a network.
    pub variable: &'static str,
    /// What pip is told of the platform. It is part of the request and not the machine's own: every machine reads the same bytes, and none of
    /// them is run.
    pub platform: &'static [&'static str],
}

impl Wheel {
    /// The wheel's bytes, from the file that the environment names, from the cache, or else from pip, which fills the cache.
    ///
    /// # Errors
    /// The wheel cannot be had or is not the pinned one; the message says what to do.
    pub fn locate(&self, cache: &Path) -> Result<Vec<u8>, String> {
        let Self { package, version, file, variable, .. } = self;
        if let Some(path) = std::env::var_os(variable) {
            return self.read(Path::new(&path)).map_err(|reason| format!("{variable} must name a copy of {file}: {reason}"));
        }
        let path = cache.join(file);
        self.read(&path).or_else(|_| self.download(cache, &path)).map_err(|reason| {
            format!(
                "this test needs the wheel of {package} {version}: {reason}\n\
                 Give this machine Python 3 with pip and a package index, or set {variable} to a copy of {file}"
            )
        })
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let found = format!("{:x}", Sha256::digest(&bytes));
        if found == self.sha256 { Ok(bytes) } else { Err(format!("{} has the sha256 {found}, not {}", path.display(), self.sha256)) }
    }

    /// Into a temporary folder first and then by renaming, so that no other process ever sees half a file.
    fn download(&self, cache: &Path, path: &Path) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", cache.display());
        std::fs::create_dir_all(cache).map_err(failed)?;
        let folder = tempfile::tempdir_in(cache).map_err(failed)?;
        let output = Command::new("python3")
            .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
            .args(self.platform)
            .args([format!("{}=={}", self.package, self.version).as_str(), "--disable-pip-version-check", "--quiet", "--dest"])
            .arg(folder.path())
            .output()
            .map_err(|error| format!("python3 cannot be started: {error}"))?;
        if !output.status.success() {
            return Err(format!("pip download failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        let fetched: PathBuf = folder.path().join(self.file);
        let bytes = self.read(&fetched)?;
        std::fs::rename(&fetched, path).map_err(failed)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a package that no index has.
    const WHEEL: Wheel = Wheel {
        package: "maat-no-such-package",
        version: "1",
        file: "wheel.whl",
        // That of the text "wheel".
        sha256: "ba59926159d2aa256eb8739b8da7e2b574b960e1202c6d624cbe981cef996c91",
        variable: "MAAT_WHEEL_OF_NO_TEST",
        platform: &[],
    };

    #[test]
    fn a_wheel_in_the_cache_is_taken_if_it_is_the_pinned_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(WHEEL.file);
        std::fs::write(&path, "wheel").unwrap();
        assert_eq!(WHEEL.locate(folder.path()).unwrap(), b"wheel");
        std::fs::write(&path, "another").unwrap();
        let reason = WHEEL.read(&path).unwrap_err();
        assert!(reason.contains("has the sha256") && reason.contains(WHEEL.sha256), "{reason}");
    }
}
