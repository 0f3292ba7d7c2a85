//! What execution costs on Starknet, in L2 gas: the versioned constants of one version of the network.

use std::collections::BTreeMap;

/// The version of Starknet that these figures are of.
pub const STARKNET_VERSION: &str = "0.14.4";

/// A Cairo step.
pub const STEP: u64 = 100;
/// A range check.
pub const RANGE_CHECK: u64 = 70;
/// A range check of 96 bits.
pub const RANGE_CHECK_96: u64 = 56;
/// A bitwise operation.
pub const BITWISE: u64 = 583;
/// A Poseidon permutation.
pub const POSEIDON: u64 = 491;
/// A Pedersen hash.
pub const PEDERSEN: u64 = 4_050;
/// An operation on a curve.
pub const EC_OP: u64 = 4_085;
/// An addition modulo an integer of 384 bits.
pub const ADD_MOD: u64 = 230;
/// A multiplication modulo an integer of 384 bits.
pub const MUL_MOD: u64 = 604;
/// A round of Keccak.
pub const KECCAK_ROUND: u64 = 136_189;
/// A compression of Blake2s.
pub const BLAKE2S: u64 = 3_334;

/// A felt of a transaction's calldata.
pub const CALLDATA_FELT: u64 = 5_120;
/// Reading a cell of storage.
pub const STORAGE_READ: u64 = 24_070;
/// Writing a cell of storage.
pub const STORAGE_WRITE: u64 = 59_970;
/// What writing costs more where the cell was zero.
pub const NEW_STORAGE_CELL: u64 = 402_000;
/// A byte of a class that is declared.
pub const CODE_BYTE: u64 = 1_280;
/// Bytes that a felt of Sierra or CASM counts there.
pub const CODE_FELT_BYTES: u64 = 32;
/// A library call, without what it executes.
pub const LIBRARY_CALL: u64 = 88_660;
/// A call of another contract, without what it executes.
pub const CALL_CONTRACT: u64 = 91_360;
/// A deployment, without what its constructor executes.
pub const DEPLOY: u64 = 148_620;
/// What a felt of a constructor's calldata adds to that.
pub const DEPLOY_FELT: u64 = 4_850;
/// An event that is emitted, without its felts, which a transaction pays as it pays for calldata, and twice for those of keys. Its steps cost
/// less, but a system call costs [`SYSTEM_CALL_BASE`] at least.
pub const EMIT_EVENT: u64 = SYSTEM_CALL_BASE;
/// Reading who calls, and when.
pub const GET_EXECUTION_INFO: u64 = 11_240;
/// Reading the class of a contract, which costs the least as well.
pub const GET_CLASS_HASH_AT: u64 = SYSTEM_CALL_BASE;
/// Replacing the class of a contract, likewise.
pub const REPLACE_CLASS: u64 = SYSTEM_CALL_BASE;

/// What compiled code itself deducts for a system call; Starknet deducts the rest.
pub const SYSTEM_CALL_BASE: u64 = 10_000;
/// What is deducted before an entry point runs; its code gives back what it does not need.
pub const ENTRY_POINT: u64 = 10_000;

/// L2 gas of a builtin's use, if Starknet has it in Cairo contracts.
pub fn of_builtin(name: &str) -> Option<u64> {
    Some(match name {
        "range_check" => RANGE_CHECK,
        "range_check96" => RANGE_CHECK_96,
        "bitwise" => BITWISE,
        "poseidon" => POSEIDON,
        "pedersen" => PEDERSEN,
        "ec_op" => EC_OP,
        "add_mod" => ADD_MOD,
        "mul_mod" => MUL_MOD,
        _ => return None,
    })
}

/// L2 gas of an execution with these resources, builtins by name; nothing if Starknet does not have one of them.
pub fn of_execution(steps: u64, builtins: &BTreeMap<String, u64>) -> Option<u64> {
    builtins.iter().try_fold(STEP * steps, |total, (name, uses)| Some(total + of_builtin(name)? * uses))
}

/// L2 gas of the resource that costs most. If an account's class is older than Sierra 1.7.0, Starknet charges what the account calls in this
/// way, by the prices of steps and builtins from before L2 gas (`vm_resource_fee_cost`, at 40,000 L2 gas for one of L1). Builtins that it does
/// not have count nothing.
pub fn of_dearest_resource(steps: u64, builtins: &BTreeMap<String, u64>) -> u64 {
    let price = |name: &str| match name {
        "range_check" | "range_check96" | "add_mod" | "mul_mod" => 1_600,
        "poseidon" | "pedersen" => 3_200,
        "bitwise" => 6_400,
        "ec_op" => 102_400,
        _ => 0,
    };
    builtins.iter().map(|(name, uses)| price(name) * uses).fold(STEP * steps, u64::max)
}

/// L2 gas of calldata, which a transaction pays once.
pub fn of_calldata(felts: u64) -> u64 {
    CALLDATA_FELT * felts
}

/// L2 gas that a class's declaration takes for its code, by size. The account's validation and the payment add a few million.
pub fn of_declaration(sierra_felts: u64, casm_felts: u64, abi_bytes: u64) -> u64 {
    CODE_BYTE * (CODE_FELT_BYTES * (sierra_felts + casm_felts) + abi_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_costs_its_steps_and_builtins() {
        let builtins = |name: &str| BTreeMap::from([(name.to_owned(), 3)]);
        assert_eq!(of_execution(10, &builtins("range_check")), Some(1_210));
        assert_eq!(of_execution(10, &builtins("output")), None);
        assert_eq!(of_calldata(37), 189_440);
        assert_eq!(of_declaration(10, 5, 7), 40_960 * 15 + 1_280 * 7);
        assert_eq!(of_dearest_resource(10, &builtins("range_check")), 4_800);
        assert_eq!(of_dearest_resource(100, &builtins("range_check")), 10_000);
    }
}
