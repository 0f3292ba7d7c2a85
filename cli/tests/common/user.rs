//! A user with a home and a local chain of their own.

use std::path::PathBuf;
use std::process::{Command, Output};

use maat_prover::Cache;
use maat_starknet::devnet::executable;
use serde_json::Value;
use tempfile::TempDir;

use super::{errors, response};

/// A user with a home of their own, in whose cache there is no state, and the local chain's executable, built once on the machine. The user
/// knows it by another name.
pub struct User {
    pub home: TempDir,
    pub executable: PathBuf,
}

/// Where the local chain is built, once on the machine: the folder in the cache of whoever runs the tests.
pub fn local_chain() -> PathBuf {
    Cache::of_user().expect("a home folder").folder().join("devnet")
}

impl User {
    pub fn new() -> Self {
        let executable = executable(&local_chain(), &mut |step| println!("{step}")).unwrap_or_else(|error| panic!("{error}"));
        let home = tempfile::tempdir().unwrap();
        let name = home.path().join("my chain");
        std::os::unix::fs::symlink(executable, &name).unwrap();
        Self { home, executable: name }
    }

    /// Has the user start the chain by a script, which runs it and waits for it.
    pub fn by_a_script(mut self) -> Self {
        let script = self.home.path().join("my script");
        std::fs::write(&script, format!("#!/bin/sh\n\"{}\" \"$@\"\necho ended\n", self.executable.display())).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        self.executable = script;
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maat"));
        command.args(arguments).current_dir(self.home.path());
        command.env_remove("MAAT_CONFIG").env("MAAT_CACHE", self.home.path().join("cache")).env("MAAT_DEVNET", &self.executable);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        response(self.run(&[arguments, &["--json"]].concat()))
    }

    pub fn failure(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        errors(&output)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.run(&["devnet", "stop"]);
    }
}
