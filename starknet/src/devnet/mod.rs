//! The local chain: `starknet-devnet`, built once on a machine, started and ended here.
//!
//! Everything of it is in one folder, which the caller names. What lies there is run and believed, so nobody but the user may be able to write
//! there.

mod install;
mod kept;
mod process;
mod rpc;

pub use install::{VERSION, executable, install, installed};
pub use kept::{kept, remove};
pub use process::{DEFAULT_SEED, Devnet, Running, network, running, start, stop};
pub use rpc::first_account;
