//! The interfaces of Maat's contracts, for whoever implements or calls them. Executables have no use for them.

#[cfg(target: 'starknet-contract')]
pub mod layers;
#[cfg(target: 'starknet-contract')]
pub mod model;
#[cfg(target: 'starknet-contract')]
pub mod registry;
#[cfg(target: 'starknet-contract')]
pub mod verifier;
