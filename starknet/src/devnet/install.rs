//! Builds `starknet-devnet` with cargo, once on a machine.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::ChainError;

/// The version that is installed: Starknet 0.14.4, RPC 0.10.2.
pub const VERSION: &str = "0.10.1";
/// The environment variable that names an executable to use instead of the installed one.
pub const OVERRIDE: &str = "MAAT_DEVNET";
pub(super) const NAME: &str = "starknet-devnet";
/// Lines of cargo's output that are shown if it fails.
const LINES: usize = 15;
/// Crates that it is built from, roughly: for the progress line.
const CRATES: usize = 680;

/// Crates that it is built from and that never run: the front end of the Cairo compiler, of which it takes types alone, and its client of
/// Ethereum. They are the largest of all, so they are not optimised.
const NEVER_RUN: &[&str] = &[
    "alloy-consensus",
    "alloy-contract",
    "alloy-dyn-abi",
    "alloy-eips",
    "alloy-network",
    "alloy-provider",
    "alloy-rpc-types-eth",
    "cairo-lang-compiler",
    "cairo-lang-defs",
    "cairo-lang-filesystem",
    "cairo-lang-formatter",
    "cairo-lang-lowering",
    "cairo-lang-parser",
    "cairo-lang-plugins",
    "cairo-lang-project",
    "cairo-lang-semantic",
    "cairo-lang-sierra-generator",
    "cairo-lang-starknet",
    "cairo-lang-syntax",
    "cairo-lang-syntax-codegen",
    "cairo-lang-test-utils",
];

/// The executable, if it is there.
///
/// # Errors
/// `MAAT_DEVNET` names none.
pub fn installed(folder: &Path) -> Result<Option<PathBuf>, ChainError> {
    if let Some(path) = std::env::var_os(OVERRIDE).map(PathBuf::from) {
        return given(&path).map(Some);
    }
    let path = place(folder);
    Ok(path.is_file().then_some(path))
}

/// The executable that the user names, as a path: a bare name would be looked for elsewhere.
fn given(path: &Path) -> Result<PathBuf, ChainError> {
    let missing = || ChainError::Devnet(format!("{OVERRIDE} names {}, which is not a file", path.display()));
    std::path::absolute(path).ok().filter(|path| path.is_file()).ok_or_else(missing)
}

fn place(folder: &Path) -> PathBuf {
    folder.join(VERSION).join("bin").join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX))
}

/// The executable; installs it if it is not there.
///
/// # Errors
/// As for [`install`].
pub fn executable(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, ChainError> {
    match installed(folder)? {
        Some(path) => Ok(path),
        None => install(folder, progress),
    }
}

/// Builds the executable with `cargo install --locked`. That takes minutes; an unfinished build is continued.
///
/// # Errors
/// There is no cargo, or the build fails: the error has its last lines.
pub fn install(folder: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, ChainError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    install_in(folder, &cargo, progress)
}

fn install_in(folder: &Path, cargo: &OsStr, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, ChainError> {
    let file = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ChainError::File { path, source }
    };
    std::fs::create_dir_all(folder).map_err(file(folder))?;
    // Two at a time would write the same files.
    let lock_path = folder.join("install.lock");
    let lock = File::create(&lock_path).map_err(file(&lock_path))?;
    progress(&format!("waiting for another installation of {NAME} to end"));
    lock.lock().map_err(file(&lock_path))?;
    let path = place(folder);
    if path.is_file() {
        return Ok(path);
    }
    let build = folder.join("build");
    let title = format!("building {NAME} {VERSION}, which takes minutes, once on this machine");
    progress(&title);
    let mut command = Command::new(cargo);
    command.args(["install", NAME, "--version", VERSION, "--locked", "--no-track", "--force", "--root"]).arg(folder.join(VERSION));
    // A folder outside of any workspace, whose settings cargo would use.
    command.arg("--target-dir").arg(&build).current_dir(folder);
    // Optimising is most of the work. With this little of it, our contracts still run as fast as they are compiled.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    for package in NEVER_RUN {
        command.arg("--config").arg(format!("profile.release.package.{package}.opt-level=0"));
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| ChainError::Devnet(format!("cargo, which builds {NAME}, cannot be started: {error}")))?;
    let mut last = Vec::new();
    let mut crates = 0;
    for line in BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok) {
        if line.trim_start().starts_with("Compiling") {
            crates += 1;
            progress(&format!("{title}: {crates} of about {CRATES} crates"));
        }
        if last.len() == LINES {
            last.remove(0);
        }
        last.push(line);
    }
    let status = child.wait().map_err(|error| ChainError::Devnet(format!("cargo, which builds {NAME}, was lost: {error}")))?;
    if !status.success() || !path.is_file() {
        return Err(ChainError::Devnet(format!("{NAME} {VERSION} could not be built; cargo's last lines:\n{}", last.join("\n"))));
    }
    // Several gigabytes that nothing needs any more. If they stay, that is not a reason to fail.
    let _ = std::fs::remove_dir_all(&build);
    Ok(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A script that plays cargo.
    fn cargo(folder: &Path, script: &str) -> PathBuf {
        let path = folder.join("cargo");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn what_cargo_builds_is_found_and_built_once() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("of/maat");
        // The ninth argument is the folder to install to.
        let script = "test \"$1 $2 $3 $4 $5\" = 'install starknet-devnet --version 0.10.1 --locked' || exit 1\n\
            test $CARGO_PROFILE_RELEASE_OPT_LEVEL = 1 || exit 3\n\
            case \"$*\" in *'--config profile.release.package.cairo-lang-semantic.opt-level=0'*) ;; *) exit 4 ;; esac\n\
            test \"$8\" = --root || exit 2\necho '   Compiling one v1' >&2\necho '   Compiling two v1' >&2\n\
            mkdir -p \"$9/bin\" && touch \"$9/bin/starknet-devnet\"\ntouch ../ran-$$";
        let cargo = cargo(temporary.path(), script);
        let mut steps = Vec::new();
        let path = install_in(&folder, cargo.as_os_str(), &mut |step| steps.push(step.to_owned())).unwrap();
        assert_eq!(path, folder.join("0.10.1/bin/starknet-devnet"));
        assert!(steps.last().unwrap().ends_with("2 of about 680 crates"), "{steps:?}");
        assert_eq!(install_in(&folder, cargo.as_os_str(), &mut |_| ()).unwrap(), path);
        let runs = std::fs::read_dir(temporary.path().join("of")).unwrap().count() - 1;
        assert_eq!(runs, 1);
    }

    #[test]
    fn an_executable_that_is_named_is_the_file_of_that_name_here() {
        let named = given(Path::new("Cargo.toml")).unwrap();
        assert!(named.is_absolute() && named.ends_with("Cargo.toml"), "{}", named.display());
        assert!(given(Path::new("sh")).unwrap_err().to_string().contains("MAAT_DEVNET names sh, which is not a file"));
    }

    #[test]
    fn a_build_that_fails_shows_its_last_lines() {
        let temporary = tempfile::tempdir().unwrap();
        let cargo = cargo(temporary.path(), "for line in $(seq 40); do echo \"line $line\" >&2; done; exit 3");
        let error = install_in(&temporary.path().join("maat"), cargo.as_os_str(), &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("could not be built") && error.contains("line 40") && !error.contains("line 25\n"), "{error}");
        let error = install_in(&temporary.path().join("maat"), OsStr::new("/no/such/cargo"), &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("cannot be started"), "{error}");
    }
}
