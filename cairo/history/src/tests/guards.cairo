//! Every refusal, with its text, and the last value that is not refused.

use maat_vault_interfaces::feed::Quote;
use maat_vault_interfaces::history::IPriceHistoryDispatcherTrait;
use maat_mocks::calls::Call;
use maat_mocks::feed::{Answer, IMockFeedDispatcherTrait};
use starknet::SyscallResultTrait;
use starknet::testing::set_block_timestamp;
use crate::checks::{HOUR, LAST_HOUR, PRICE_BOUND};
use crate::price_history::price_history;
use crate::tests::{START, USD, World, record, seen, token, try_record, world};

const NOW: u64 = START * HOUR;

/// A world at the start of the first hour, whose feed gives this for the base token.
fn with_base(price: u64, oldest: u64, newest: u64) -> World {
    let world = world();
    set_block_timestamp(NOW);
    world.feed.set_answer(Answer::Gives(Quote { base: token(price, oldest, newest), quote: token(USD, NOW, NOW) }));
    world
}

/// The same for the quote token.
fn with_quote(price: u64, oldest: u64, newest: u64) -> World {
    let world = world();
    set_block_timestamp(NOW);
    world.feed.set_answer(Answer::Gives(Quote { base: token(USD, NOW, NOW), quote: token(price, oldest, newest) }));
    world
}

#[test]
fn an_hour_is_recorded_for_900_seconds() {
    let world = world();
    set_block_timestamp(NOW + 900);
    world.feed.set_answer(seen(10, USD, NOW + 900));
    assert_eq!(world.history.record().unwrap().hour, START);
}

#[test]
#[should_panic(expected: ('history: too late in the hour', 'ENTRYPOINT_FAILED'))]
fn an_hour_is_not_recorded_later() {
    let world = world();
    set_block_timestamp(NOW + 901);
    world.feed.set_answer(seen(10, USD, NOW + 901));
    let _ = world.history.record();
}

#[test]
#[should_panic(expected: ('history: too late in the hour', 'ENTRYPOINT_FAILED'))]
fn the_last_second_of_an_hour_is_too_late() {
    let world = world();
    set_block_timestamp(NOW - 1);
    world.feed.set_answer(seen(10, USD, NOW - 1));
    let _ = world.history.record();
}

#[test]
fn the_last_hour_is_recorded() {
    record(world(), LAST_HOUR, 10);
}

#[test]
#[should_panic(expected: ('history: year 3000 or later', 'ENTRYPOINT_FAILED'))]
fn the_year_3000_is_not_recorded() {
    record(world(), LAST_HOUR + 1, 10);
}

#[test]
#[should_panic(expected: ('history: hour is not later', 'ENTRYPOINT_FAILED'))]
fn an_hour_is_recorded_once() {
    let world = world();
    record(world, START, 10);
    record(world, START, 10);
}

#[test]
#[should_panic(expected: ('history: hour is not later', 'ENTRYPOINT_FAILED'))]
fn an_earlier_hour_is_not_recorded() {
    let world = world();
    record(world, START, 10);
    record(world, START - 1, 10);
}

#[test]
#[should_panic(expected: ('history: price is out of range', 'ENTRYPOINT_FAILED'))]
fn a_base_price_of_zero_is_refused() {
    let _ = with_base(0, NOW, NOW).history.record();
}

#[test]
#[should_panic(expected: ('history: price is out of range', 'ENTRYPOINT_FAILED'))]
fn a_quote_price_of_zero_is_refused() {
    let _ = with_quote(0, NOW, NOW).history.record();
}

#[test]
fn the_largest_base_price_is_recorded() {
    assert_eq!(with_base(PRICE_BOUND - 1, NOW, NOW).history.record().unwrap().base, PRICE_BOUND - 1);
}

#[test]
fn the_largest_quote_price_is_recorded() {
    assert_eq!(with_quote(PRICE_BOUND - 1, NOW, NOW).history.record().unwrap().quote, PRICE_BOUND - 1);
}

#[test]
#[should_panic(expected: ('history: price is out of range', 'ENTRYPOINT_FAILED'))]
fn a_base_price_of_61_bits_is_refused() {
    let _ = with_base(PRICE_BOUND, NOW, NOW).history.record();
}

#[test]
#[should_panic(expected: ('history: price is out of range', 'ENTRYPOINT_FAILED'))]
fn a_quote_price_of_61_bits_is_refused() {
    let _ = with_quote(PRICE_BOUND, NOW, NOW).history.record();
}

#[test]
fn a_base_price_of_600_seconds_before_is_recorded() {
    assert!(with_base(10, NOW - 600, NOW).history.record().is_ok());
}

#[test]
fn a_quote_price_of_600_seconds_before_is_recorded() {
    assert!(with_quote(10, NOW - 600, NOW - 600).history.record().is_ok());
}

#[test]
#[should_panic(expected: ('history: price is too old', 'ENTRYPOINT_FAILED'))]
fn an_old_base_price_is_refused() {
    let _ = with_base(10, NOW - 601, NOW).history.record();
}

#[test]
#[should_panic(expected: ('history: price is too old', 'ENTRYPOINT_FAILED'))]
fn an_old_quote_price_is_refused() {
    let _ = with_quote(10, NOW - 601, NOW).history.record();
}

#[test]
#[should_panic(expected: ('history: price is ahead', 'ENTRYPOINT_FAILED'))]
fn a_base_price_ahead_is_refused() {
    let _ = with_base(10, NOW, NOW + 1).history.record();
}

#[test]
#[should_panic(expected: ('history: price is ahead', 'ENTRYPOINT_FAILED'))]
fn a_quote_price_ahead_is_refused() {
    let _ = with_quote(10, NOW, NOW + 1).history.record();
}

#[test]
#[should_panic(expected: ('history: oldest after newest', 'ENTRYPOINT_FAILED'))]
fn times_in_the_wrong_order_are_refused() {
    let _ = with_base(10, NOW, NOW - 1).history.record();
}

#[test]
#[should_panic(expected: ('mock: no price', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_feed_without_a_price_is_told() {
    set_block_timestamp(NOW);
    let _ = world().history.record();
}

#[test]
#[should_panic(expected: ('history: hour is not later', 'ENTRYPOINT_FAILED'))]
fn a_feed_that_records_within_the_call_records_the_hour_once() {
    let world = world();
    set_block_timestamp(NOW);
    let inner = Call { to: world.address, selector: selector!("record"), calldata: [].span() };
    let quote = Quote { base: token(10, NOW, NOW), quote: token(USD, NOW, NOW) };
    world.feed.set_answer(Answer::CallsOnce((inner, quote)));
    let _ = world.history.record();
}

#[test]
#[should_panic(expected: ('history: feed is zero', 'CONSTRUCTOR_FAILED'))]
fn a_history_has_a_feed() {
    starknet::syscalls::deploy_syscall(price_history::TEST_CLASS_HASH, 0, [0].span(), false).unwrap_syscall();
}

#[test]
fn a_refused_call_changes_nothing() {
    let world = world();
    record(world, START, 1_000);
    let (latest, chain) = (world.history.latest(), world.history.chain());
    assert!(try_record(world, START + 1, 1_251, USD).is_err());
    assert_eq!((world.history.latest(), world.history.chain()), (latest, chain));
}
