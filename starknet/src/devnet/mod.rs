//! The local chain: `starknet-devnet`, built once on a machine, started and ended here.

mod install;
mod process;
mod rpc;

pub use install::{VERSION, executable, install, installed};
pub use process::{DEFAULT_SEED, Devnet, Running, running, start, stop};
pub use rpc::first_account;

use std::path::PathBuf;

use maat_prover::Cache;

use crate::error::ChainError;

/// Where the executable and the state of the running chain are kept: in the user's cache.
fn folder() -> Result<PathBuf, ChainError> {
    let cache = Cache::of_user()
        .ok_or_else(|| ChainError::Devnet("there is no home folder to keep the local chain in; set MAAT_CACHE".to_owned()))?;
    Ok(cache.folder().join("devnet"))
}
