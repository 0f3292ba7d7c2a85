//! The interfaces of what a vault calls. They are apart from those of models, which every generated package carries.

#[cfg(target: 'starknet-contract')]
pub mod adapter;
#[cfg(target: 'starknet-contract')]
pub mod ekubo;
#[cfg(target: 'starknet-contract')]
pub mod erc20;
#[cfg(target: 'starknet-contract')]
pub mod feed;
#[cfg(target: 'starknet-contract')]
pub mod history;
#[cfg(target: 'starknet-contract')]
pub mod pragma;
