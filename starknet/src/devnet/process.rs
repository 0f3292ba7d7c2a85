//! The process of the local chain.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;
use starknet_rust::core::types::Felt;

use super::{install, rpc};
use crate::config::{DEVNET, KeySource, NetworkConfig};
use crate::error::ChainError;
use crate::text::shown;

/// The seed of accounts that is taken if none is given.
pub const DEFAULT_SEED: u32 = 1;
/// The chain that it says it is.
const CHAIN_ID: &str = "SN_SEPOLIA";
/// How long it may take until it answers, and to end.
const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);
/// Bytes of its log that are shown if it does not start.
const LOG_TAIL: usize = 1_000;

/// A chain that was started with [`start`] and runs on when we end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// When that was started: another process may have its number later.
    pub started: String,
    /// Where it answers.
    pub url: String,
    /// The seed of its accounts.
    pub seed: u32,
    /// Where it writes what it does.
    #[serde(serialize_with = "as_shown")]
    pub log: PathBuf,
}

/// Writes a path as people see it, because one that is not UTF-8 is not JSON text.
fn as_shown<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl Running {
    /// It as a network, on which the first of its accounts signs.
    pub fn network(&self) -> NetworkConfig {
        network_at(&self.url)
    }

    /// Whether its process is still there. It may have any name: `MAAT_DEVNET` says what is started.
    fn lives(&self) -> bool {
        started(self.pid).is_some_and(|started| started == self.started)
    }
}

fn network_at(url: &str) -> NetworkConfig {
    NetworkConfig {
        name: DEVNET.to_owned(),
        url: url.to_owned(),
        chain_id: Some(CHAIN_ID.to_owned()),
        account: None,
        key: Some(KeySource::Devnet),
        registry: None,
        // Its money is nobody's.
        max_fee: None,
    }
}

/// The chain that was started and still runs.
pub fn running(folder: &Path) -> Option<Running> {
    let bytes = std::fs::read(state_file(folder)).ok()?;
    let running: Running = serde_json::from_slice(&bytes).ok()?;
    (running.lives() && rpc::is_alive(&running.url)).then_some(running)
}

/// The chain that runs, as a network.
///
/// # Errors
/// [`ChainError::DevnetStopped`] if none runs.
pub fn network(folder: &Path) -> Result<NetworkConfig, ChainError> {
    running(folder).map(|running| running.network()).ok_or(ChainError::DevnetStopped)
}

/// Starts a chain that runs until [`stop`]; the one that runs already is left as it is. Says whether it was started now.
///
/// # Errors
/// It cannot be installed or started, or does not answer in time, or the port is taken.
pub fn start(folder: &Path, port: Option<u16>, seed: u32, progress: &mut dyn FnMut(&str)) -> Result<(Running, bool), ChainError> {
    let executable = install::executable(folder, progress)?;
    progress("starting the local chain");
    std::fs::create_dir_all(folder).map_err(|source| ChainError::File { path: folder.to_path_buf(), source })?;
    // Of two that start at the same moment, one would be lost.
    let lock_path = folder.join("start.lock");
    let lock = File::create(&lock_path).and_then(|lock| lock.lock().map(|()| lock));
    let _lock = lock.map_err(|source| ChainError::File { path: lock_path, source })?;
    if let Some(running) = running(folder) {
        return Ok((running, false));
    }
    let log = folder.join("log");
    let state = state_file(folder);
    let (mut child, url) = spawn(&executable, port, seed, &log, true)?;
    let pid = child.id();
    let lost = || ChainError::Devnet(format!("the local chain, process {pid}, was not found after its start, and was ended"));
    let written = started(pid).ok_or_else(lost).and_then(|started| {
        let running = Running { pid, started, url, seed, log };
        write(&state, &running).map(|()| running)
    });
    if written.is_err() {
        // Nobody could stop it later.
        let _ = child.kill();
        let _ = child.wait();
    }
    written.map(|running| (running, true))
}

/// Ends the chain that runs, and gives what it was.
///
/// # Errors
/// It does not end.
pub fn stop(folder: &Path) -> Result<Option<Running>, ChainError> {
    let Some(running) = running(folder) else { return Ok(None) };
    let state = state_file(folder);
    let pid = i32::try_from(running.pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| ChainError::Devnet(format!("{} holds no process number", state.display())))?;
    let started = Instant::now();
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
        // What is started may be a script that starts the chain; both are in a group of their own.
        let _ = rustix::process::kill_process_group(pid, signal);
        let deadline = started.elapsed() + END / 2;
        while started.elapsed() < deadline {
            if !rpc::is_alive(&running.url) && !running.lives() {
                let _ = std::fs::remove_file(&state);
                return Ok(Some(running));
            }
            std::thread::sleep(LOOK);
        }
    }
    Err(ChainError::Devnet(format!("the local chain, process {}, does not end", running.pid)))
}

/// A chain that ends when this is dropped.
pub struct Devnet {
    child: Child,
    url: String,
    // Its log is in there.
    _folder: tempfile::TempDir,
}

impl Devnet {
    /// Starts one on a free port; installs the executable in the folder if it is not there.
    ///
    /// # Errors
    /// It cannot be installed or started, or does not answer in time.
    pub fn start(folder: &Path, seed: u32, progress: &mut dyn FnMut(&str)) -> Result<Self, ChainError> {
        let executable = install::executable(folder, progress)?;
        progress("starting a local chain");
        let temporary = tempfile::tempdir().map_err(|source| ChainError::File { path: std::env::temp_dir(), source })?;
        let (child, url) = spawn(&executable, None, seed, &temporary.path().join("log"), false)?;
        Ok(Self { child, url, _folder: temporary })
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// It as a network.
    pub fn network(&self) -> NetworkConfig {
        network_at(&self.url)
    }

    /// Addresses and keys of the accounts that it comes with.
    ///
    /// # Errors
    /// It does not answer.
    pub fn accounts(&self) -> Result<Vec<(Felt, Felt)>, ChainError> {
        rpc::accounts(&self.url)
    }

    /// Moves its clock on by some seconds, with a block.
    ///
    /// # Errors
    /// It does not answer.
    pub fn increase_time(&self, seconds: u64) -> Result<(), ChainError> {
        rpc::request(&self.url, "devnet_increaseTime", &json!({ "time": seconds })).map(|_| ())
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the process and waits until it answers; gives its address. One that runs on is taken out of our terminal's group.
fn spawn(executable: &Path, port: Option<u16>, seed: u32, log: &Path, runs_on: bool) -> Result<(Child, String), ChainError> {
    let failed = |reason: String| ChainError::Devnet(format!("the local chain {} does not start: {reason}", executable.display()));
    let file = File::create(log).map_err(|source| ChainError::File { path: log.to_path_buf(), source })?;
    let errors = file.try_clone().map_err(|source| ChainError::File { path: log.to_path_buf(), source })?;
    let mut command = Command::new(executable);
    // Port 0 is one that is free.
    command.args(["--host", "127.0.0.1", "--port", &port.unwrap_or(0).to_string(), "--seed", &seed.to_string()]);
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    // Its flags can be set by variables of these names, which may mean something else here.
    for variable in
        ["PORT", "HOST", "SEED", "ACCOUNTS", "TIMEOUT", "FORK_NETWORK", "FORK_BLOCK", "START_TIME", "CHAIN_ID", "DUMP_ON", "DUMP_PATH"]
    {
        command.env_remove(variable);
    }
    #[cfg(unix)]
    if runs_on {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let ended = child.try_wait().ok().flatten();
        if let Some(url) = address(&text)
            && ended.is_none()
            && rpc::is_alive(&url)
        {
            return Ok((child, url));
        }
        if ended.is_some() || started.elapsed() > START {
            let _ = child.kill();
            let _ = child.wait();
            let reason = ended.map_or_else(|| "it does not answer".to_owned(), |status| status.to_string());
            let tail = text.char_indices().rev().take(LOG_TAIL).last().map_or("", |(at, _)| &text[at..]);
            let lines: Vec<String> = tail.trim().lines().map(shown).collect();
            return Err(failed(format!("{reason}\n{}", lines.join("\n"))));
        }
        std::thread::sleep(LOOK);
    }
}

/// Where it says in its log that it answers.
fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on ")?;
    let (address, _) = rest.split_once('\n')?;
    let address: String = address.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
    address.contains(':').then(|| format!("http://{address}"))
}

/// When a process was started, in the system's words: together with its number, that identifies a process for good. Nothing if there is none,
/// or it has ended.
fn started(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name in parentheses, which may hold anything: the state first, and the start, in ticks since the system's, as the 20th.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ended = matches!(fields.first(), Some(&("Z" | "X")));
        return fields.get(19).filter(|_| !ended).map(|ticks| (*ticks).to_owned());
    }
    let listed = Command::new("ps").args(["-p", &pid.to_string(), "-o", "stat=,lstart="]).env("LC_ALL", "C").output().ok()?;
    let listed = String::from_utf8_lossy(&listed.stdout).trim().to_owned();
    let (state, start) = listed.split_once(' ')?;
    (!state.starts_with('Z')).then(|| start.trim().to_owned())
}

fn state_file(folder: &Path) -> PathBuf {
    folder.join("running.json")
}

fn write(path: &Path, running: &Running) -> Result<(), ChainError> {
    let failed = |source| ChainError::File { path: path.to_path_buf(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, &serde_json::to_vec(running).expect("plain data serialises")).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_the_line_is_complete() {
        let line = "\u{1b}[2m2026\u{1b}[0m INFO starknet_devnet: Starknet Devnet listening on 127.0.0.1:33803";
        assert_eq!(address(line), None);
        assert_eq!(address(&format!("{line}\nmore")), Some("http://127.0.0.1:33803".to_owned()));
        assert_eq!(address("Chain ID: SN_SEPOLIA\n"), None);
    }

    #[test]
    fn a_process_is_known_by_its_number_and_start_whatever_its_name() {
        let running = |pid: u32, started: String| Running { pid, started, url: String::new(), seed: 1, log: PathBuf::new() };
        // Its name looks like the end of one, with the state of a process that has ended after it.
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("my) Z chain");
        std::os::unix::fs::symlink("/bin/sh", &name).unwrap();
        let mut child = Command::new(&name).args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
        let ours = running(child.id(), started(child.id()).unwrap());
        assert!(ours.lives());
        assert!(!running(child.id(), "0".to_owned()).lives(), "another process of the same number");
        assert!(!running(std::process::id(), ours.started.clone()).lives(), "another number");
        child.kill().unwrap();
        // It has ended, although nobody has asked for its status yet.
        let ended = Instant::now();
        while ours.lives() && ended.elapsed() < END {
            std::thread::sleep(LOOK);
        }
        assert!(!ours.lives());
        child.wait().unwrap();
        assert!(!ours.lives());
    }

    #[test]
    fn what_does_not_start_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let error = spawn(Path::new("/bin/false"), None, 1, &folder.path().join("log"), false).err().unwrap().to_string();
        assert!(error.contains("/bin/false does not start: exit status: 1"), "{error}");
        let error = spawn(Path::new("/no/such/file"), None, 1, &folder.path().join("log"), false).err().unwrap().to_string();
        assert!(error.contains("/no/such/file does not start"), "{error}");
    }

    #[test]
    fn what_it_logs_cannot_act_on_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("chain");
        std::fs::write(&script, "#!/bin/sh\nprintf 'one\\033[2J\\ntwo\\n'\nexit 3\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let error = spawn(&script, None, 1, &folder.path().join("log"), false).err().unwrap().to_string();
        assert!(error.ends_with("exit status: 3\none\\u{1b}[2J\ntwo"), "{error:?}");
    }
}
