//! The feed against an oracle that says what the test wants.

mod guards;
mod medians;
mod quotes;

use maat_vault_interfaces::feed::{IPragmaFeedDispatcher, IPriceFeedDispatcher};
use maat_mocks::oracle::{IMockOracleDispatcher, IMockOracleDispatcherTrait, Said, mock_oracle};
use starknet::testing::set_block_timestamp;
use starknet::{ContractAddress, SyscallResult, SyscallResultTrait};
use crate::pragma::pragma_feed;

pub const NOW: u64 = 1_700_000_000;
pub const BASE: felt252 = 'ETH/USD';
pub const QUOTE: felt252 = 'USDC/USD';
pub const USD: u64 = 100_000_000;

/// An oracle whose base prices have 8 decimals and whose quote prices have 6, at `NOW`.
pub fn new_oracle() -> IMockOracleDispatcher {
    let (contract_address, _) = starknet::syscalls::deploy_syscall(mock_oracle::TEST_CLASS_HASH, 0, [].span(), false).unwrap_syscall();
    let oracle = IMockOracleDispatcher { contract_address };
    oracle.set_decimals(BASE, 8);
    oracle.set_decimals(QUOTE, 6);
    set_block_timestamp(NOW);
    oracle
}

pub fn deploy(
    oracle: ContractAddress, base: felt252, quote: felt252, sources: Span<felt252>,
) -> SyscallResult<(ContractAddress, Span<felt252>)> {
    let mut calldata = array![];
    (oracle, base, quote, sources).serialize(ref calldata);
    starknet::syscalls::deploy_syscall(pragma_feed::TEST_CLASS_HASH, 0, calldata.span(), false)
}

/// A feed of sources 1 to 5, its oracle, and a quote token at one USD.
#[derive(Copy, Drop)]
pub struct World {
    pub feed: IPriceFeedDispatcher,
    pub views: IPragmaFeedDispatcher,
    pub oracle: IMockOracleDispatcher,
}

pub fn world() -> World {
    let oracle = new_oracle();
    let (contract_address, _) = deploy(oracle.contract_address, BASE, QUOTE, [1, 2, 3, 4, 5].span()).unwrap_syscall();
    oracle.set_entries(QUOTE, [said(1, 1_000_000, NOW), said(2, 1_000_000, NOW), said(3, 1_000_000, NOW)].span());
    World {
        feed: IPriceFeedDispatcher { contract_address }, views: IPragmaFeedDispatcher { contract_address }, oracle,
    }
}

pub fn said(source: felt252, price: u128, timestamp: u64) -> Said {
    Said { source, price, timestamp }
}

/// A world in which this is said of the base token.
pub fn with(entries: Span<Said>) -> World {
    let world = world();
    world.oracle.set_entries(BASE, entries);
    world
}
