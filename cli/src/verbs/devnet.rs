//! `maat devnet`: the local chain, started, stopped and looked at.

use maat_starknet::devnet::{self, DEFAULT_SEED, Running};
use serde_json::{Value, json};

use crate::cache;
use crate::progress::Progress;
use crate::response::{Response, fields};

/// Start, stop and inspect a local Starknet chain
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat devnet start\n  maat devnet start --port 5050 --seed 7\n  maat devnet stop\n\n\
    The chain is starknet-devnet. The first start builds it with cargo, which takes about a quarter of an hour on two cores, and keeps it \
    in the cache folder ($MAAT_CACHE, or ~/.cache/maat); MAAT_DEVNET names an executable to use instead. \
    Everything on the chain is gone when it stops.")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Start the chain, and wait until it answers; build it first if that has not been done
    #[command(after_help = "Examples:\n  maat devnet start\n  maat devnet start --port 5050 --seed 7")]
    Start {
        /// Port to listen on; by default a free one
        #[arg(long)]
        port: Option<u16>,
        /// Seed of the accounts that the chain starts with
        #[arg(long, default_value_t = DEFAULT_SEED)]
        seed: u32,
    },
    /// Stop the running chain
    #[command(after_help = "Example:\n  maat devnet stop")]
    Stop,
    /// Say whether a chain is running, and where
    #[command(after_help = "Example:\n  maat devnet status --json")]
    Status,
}

/// What became of the local chain.
pub struct DevnetState {
    state: &'static str,
    running: Option<Running>,
    installed: bool,
}

pub fn run(arguments: Arguments) -> anyhow::Result<DevnetState> {
    let folder = cache::devnet()?;
    let (state, running) = match arguments.action {
        Action::Start { port, seed } => {
            let progress = Progress::start("looking for the local chain");
            let (running, now) = devnet::start(&folder, port, seed, &mut |step| progress.step(step))?;
            (if now { "started" } else { "runs already" }, Some(running))
        }
        Action::Stop => devnet::stop(&folder)?.map_or(("was not running", None), |stopped| ("stopped", Some(stopped))),
        Action::Status => devnet::running(&folder).map_or(("does not run", None), |running| ("runs", Some(running))),
    };
    Ok(DevnetState { state, running, installed: devnet::installed(&folder)?.is_some() })
}

impl Response for DevnetState {
    fn text(&self) -> String {
        let Some(running) = &self.running else {
            let installed = if self.installed { "it is built" } else { "it is not built yet; the first start does that" };
            return format!("the local chain {} ({installed})", self.state);
        };
        let facts = [
            ("local chain", self.state.to_owned()),
            ("URL", running.url.clone()),
            ("process", running.pid.to_string()),
            ("seed of accounts", running.seed.to_string()),
            ("log", running.log.display().to_string()),
        ];
        fields(facts)
    }

    fn json(&self) -> Value {
        json!({ "state": self.state, "installed": self.installed, "chain": self.running })
    }
}
