//! The local chain: `starknet-devnet`, built once on a machine, started and ended here.
//!
//! All its files are in one folder, which the caller names. The executable in it is run, and its state is believed: the caller makes sure that
//! nobody but the user can write there.

mod install;
mod kept;
mod process;
mod rpc;

pub use install::{VERSION, executable, install, installed};
pub use kept::{kept, remove};
pub use process::{DEFAULT_SEED, Devnet, Running, network, running, start, stop};
pub use rpc::{first_account, set_time};
