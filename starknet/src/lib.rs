//! Maat's models on Starknet: networks, declaration, registration, deployment and execution, proofs that are
//! verified there, vaults that trade on them, and the local chain.

mod account;
mod client;
pub mod config;
pub mod deploy;
pub mod devnet;
mod endpoint;
mod error;
mod execute;
pub mod facts;
#[cfg(test)]
mod fake_node;
mod fee;
pub mod key;
pub mod proof_gas;
pub mod registry;
mod report;
mod revert;
mod text;
mod transport;
pub mod vault;

pub use account::{Account, Invocation, ResourceBounds};
pub use client::Client;
pub use config::NetworkConfig;
pub use error::{ChainError, RegistryPlace};
pub use execute::{Executed, ExecutionTarget, calldata_felts};
pub use registry::Registry;
pub use report::Receipt;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
