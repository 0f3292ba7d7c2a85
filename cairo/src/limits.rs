//! What Starknet accepts at most for a class and for a transaction.

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
