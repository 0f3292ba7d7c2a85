//! What Starknet accepts at most for a class and for a transaction, and figures beside these limits.

use std::fmt;

/// Felts of the Sierra program.
pub const SIERRA_FELTS: usize = 81_920;
/// Felts of the CASM bytecode.
pub const CASM_FELTS: usize = 81_920;
/// Bytes of the Sierra class as JSON.
pub const SIERRA_BYTES: usize = 4_089_446;
/// Cairo steps of a transaction.
pub const TRANSACTION_STEPS: u64 = 10_000_000;
/// L2 gas of a transaction.
pub const TRANSACTION_L2_GAS: u64 = 1_100_000_000;
/// Felts of a transaction's calldata.
pub const CALLDATA_FELTS: u64 = 5_000;

/// A figure beside Starknet's limit for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// How much of it there is.
    pub value: u64,
    /// How much there may be.
    pub limit: u64,
}

impl Figure {
    /// A figure with its limit.
    pub fn new(name: &'static str, value: u64, limit: u64) -> Self {
        Self { name, value, limit }
    }

    /// The share of the limit; 1 is the limit.
    pub fn share(&self) -> f64 {
        self.value as f64 / self.limit as f64
    }

    /// Whether it is within the limit.
    pub fn fits(&self) -> bool {
        self.value <= self.limit
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, at most {}", self.value, self.name, self.limit)
    }
}
