//! The vault: a contract that holds tokens of investors and trades them on a registered network's decisions, and what it computes on the way.
//!
//! The crate `maat-strategy` computes the same in Rust; the tests `strategy` and `vault` hold the two against each other. `errors`,
//! `features`, `limits`, `math`, `policy` and `proven` neither read nor write storage, and executables can use them. Where Rust gives nothing because a
//! number has more than 128 bits, these functions give `None`. They panic only where their documentation says so.
#[cfg(target: 'starknet-contract')]
pub mod access;
#[cfg(target: 'starknet-contract')]
pub mod books;
#[cfg(target: 'starknet-contract')]
pub mod claims;
#[cfg(target: 'starknet-contract')]
pub mod epochs;
#[cfg(target: 'starknet-contract')]
pub mod erc20;
pub mod errors;
#[cfg(target: 'starknet-contract')]
pub mod exits;
pub mod features;
#[cfg(target: 'starknet-contract')]
pub mod interface;
#[cfg(target: 'starknet-contract')]
pub mod library;
pub mod limits;
pub mod lists;
#[cfg(target: 'starknet-contract')]
pub mod lock;
#[cfg(target: 'starknet-contract')]
pub mod market;
pub mod math;
pub mod policy;
pub mod proven;
#[cfg(target: 'starknet-contract')]
pub mod records;
#[cfg(target: 'starknet-contract')]
pub mod requests;
#[cfg(target: 'starknet-contract')]
pub mod settlement;
#[cfg(target: 'starknet-contract')]
pub mod states;
#[cfg(target: 'starknet-contract')]
pub mod trading;
#[cfg(target: 'starknet-contract')]
pub mod vault;
