//! Adapters: a vault's way to pools that exist on Starknet.
pub mod ekubo;
pub mod errors;

#[cfg(test)]
mod tests;
