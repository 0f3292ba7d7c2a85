//! The local chain: `starknet-devnet`, built once on a machine, started and ended here.

mod install;
mod kept;
mod process;
mod rpc;

pub use install::{VERSION, executable, install, installed};
pub use kept::{kept, remove};
pub use process::{DEFAULT_SEED, Devnet, Running, running, start, stop};
pub use rpc::first_account;

use std::path::PathBuf;

use maat_prover::Cache;

use crate::error::ChainError;

/// Where the executable and the state of the running chain are kept: in the user's cache.
///
/// # Errors
/// There is no folder, or somebody else could have put the executable there.
fn folder() -> Result<PathBuf, ChainError> {
    let cache = cache()?;
    cache.check().map_err(|reason| ChainError::Devnet(format!("the local chain is not run from there: {reason}")))?;
    Ok(in_cache(&cache))
}

/// The same, where nothing of it is run or believed.
fn folder_unchecked() -> Result<PathBuf, ChainError> {
    Ok(in_cache(&cache()?))
}

fn cache() -> Result<Cache, ChainError> {
    Cache::of_user().ok_or_else(|| ChainError::Devnet("there is no home folder to keep the local chain in; set MAAT_CACHE".to_owned()))
}

fn in_cache(cache: &Cache) -> PathBuf {
    cache.folder().join("devnet")
}
