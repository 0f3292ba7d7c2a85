//! The history against a feed that says what the test wants. Times are seconds after 1970.

mod guards;
mod observations;
mod packing;
mod views;

use maat_vault_interfaces::feed::{Quote, TokenPrice};
use maat_vault_interfaces::history::{IPriceHistoryDispatcher, IPriceHistoryDispatcherTrait, Move, Observation};
use maat_mocks::feed::{Answer, IMockFeedDispatcher, IMockFeedDispatcherTrait, mock_feed};
use starknet::testing::{pop_log, set_block_timestamp};
use starknet::{ContractAddress, SyscallResultTrait};
use crate::checks::HOUR;
use crate::price_history::price_history;

/// The first hour, which is even.
pub const START: u64 = 470_000;
pub const USD: u64 = 100_000_000;

/// A history and its feed.
#[derive(Copy, Drop)]
pub struct World {
    pub address: ContractAddress,
    pub history: IPriceHistoryDispatcher,
    pub feed: IMockFeedDispatcher,
}

pub fn world() -> World {
    another_world(0)
}

/// One more world, with a number that no other has in this test.
pub fn another_world(number: felt252) -> World {
    let (feed, _) = starknet::syscalls::deploy_syscall(mock_feed::TEST_CLASS_HASH, number, [].span(), false).unwrap_syscall();
    let calldata = [feed.into()].span();
    let (address, _) = starknet::syscalls::deploy_syscall(price_history::TEST_CLASS_HASH, number, calldata, false).unwrap_syscall();
    World {
        address,
        history: IPriceHistoryDispatcher { contract_address: address },
        feed: IMockFeedDispatcher { contract_address: feed },
    }
}

pub fn token(price: u64, oldest: u64, newest: u64) -> TokenPrice {
    TokenPrice { price, oldest, newest }
}

/// Prices that were seen at one time.
pub fn seen(base: u64, quote: u64, time: u64) -> Answer {
    Answer::Gives(Quote { base: token(base, time, time), quote: token(quote, time, time) })
}

/// The result of recording an hour at its start, with prices of then.
pub fn try_record(world: World, hour: u64, base: u64, quote: u64) -> Result<Observation, Move> {
    set_block_timestamp(hour * HOUR);
    world.feed.set_answer(seen(base, quote, hour * HOUR));
    world.history.record()
}

/// Records an hour at its start, with a quote token at one USD.
pub fn record(world: World, hour: u64, base: u64) {
    assert_eq!(try_record(world, hour, base, USD), Ok(Observation { hour, base, quote: USD }));
}

pub fn assert_event(world: World, expected: price_history::Event) {
    assert_eq!(pop_log(world.address), Some(expected));
}

pub fn drop_events(world: World) {
    while starknet::testing::pop_log_raw(world.address).is_some() {}
}

pub fn assert_no_more_events(world: World) {
    assert!(starknet::testing::pop_log_raw(world.address).is_none());
}
