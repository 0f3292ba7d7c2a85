//! Tests of the keeper, on the vault's twin.

mod kills;
pub(crate) mod simulated;
mod troubles;
