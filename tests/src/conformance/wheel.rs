//! The wheel of the `onnx` package, which holds the backend tests: fetched once with the machine's own pip, and pinned by its digest.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// The release whose tests are run.
pub const VERSION: &str = "1.20.0";
/// Names a local copy of the wheel, for machines without a network.
pub const ENVIRONMENT_VARIABLE: &str = "MAAT_ONNX_WHEEL";

const FILE: &str = "onnx-1.20.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl";
const SHA256: &str = "71177f8fd5c0dd90697bc281f5035f73707bdac83257a5c54d74403a1100ace9";

/// The wheel's bytes, from the file that the environment names, from the cache, or else from pip, which fills the cache.
///
/// The platform is part of the request and not the machine's own: every machine reads the same bytes, and none of them is run.
///
/// # Errors
/// The wheel cannot be had or is not the pinned one; the message says what to do.
pub fn locate(cache: &Path) -> Result<Vec<u8>, String> {
    if let Some(path) = std::env::var_os(ENVIRONMENT_VARIABLE) {
        return read(Path::new(&path)).map_err(|reason| format!("{ENVIRONMENT_VARIABLE} must name a copy of {FILE}: {reason}"));
    }
    let path = cache.join(FILE);
    read(&path).or_else(|_| download(cache, &path)).map_err(|reason| {
        format!(
            "the conformance tests need the wheel of onnx {VERSION}: {reason}\n\
             Give this machine Python 3 with pip and a package index, or set {ENVIRONMENT_VARIABLE} to a copy of {FILE}"
        )
    })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let found = format!("{:x}", Sha256::digest(&bytes));
    if found == SHA256 { Ok(bytes) } else { Err(format!("{} has the sha256 {found}, not {SHA256}", path.display())) }
}

/// Into a temporary folder first and then by renaming, so that no other process ever sees half a file.
fn download(cache: &Path, path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", cache.display());
    std::fs::create_dir_all(cache).map_err(failed)?;
    let folder = tempfile::tempdir_in(cache).map_err(failed)?;
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--implementation=cp", "--python-version=3.11"])
        .args(["--platform=manylinux_2_28_x86_64", "--platform=manylinux_2_27_x86_64"])
        .args([format!("onnx=={VERSION}").as_str(), "--disable-pip-version-check", "--quiet", "--dest"])
        .arg(folder.path())
        .output()
        .map_err(|error| format!("python3 cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("pip download failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let fetched: PathBuf = folder.path().join(FILE);
    let bytes = read(&fetched)?;
    std::fs::rename(&fetched, path).map_err(failed)?;
    Ok(bytes)
}
