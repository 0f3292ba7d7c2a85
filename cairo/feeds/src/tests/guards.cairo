//! Decimals, and what a feed is not made with.
use maat_vault_interfaces::feed::{IPriceFeedDispatcher, IPriceFeedDispatcherTrait};
use maat_mocks::oracle::IMockOracleDispatcherTrait;
use starknet::SyscallResultTrait;
use crate::rule::{Entry, price};
use crate::tests::{BASE, NOW, QUOTE, deploy, new_oracle, said, with};

#[test]
#[should_panic(expected: ('feed: decimals have changed', 'ENTRYPOINT_FAILED'))]
fn other_base_decimals_are_refused() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_decimals(BASE, 7);
    world.feed.quote();
}

#[test]
#[should_panic(expected: ('feed: decimals have changed', 'ENTRYPOINT_FAILED'))]
fn other_quote_decimals_are_refused() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_decimals(QUOTE, 8);
    world.feed.quote();
}

#[test]
fn many_decimals_are_cut_off() {
    let oracle = new_oracle();
    oracle.set_decimals(BASE, 38);
    oracle.set_decimals(QUOTE, 9);
    let (contract_address, _) = deploy(oracle.contract_address, BASE, QUOTE, [1, 2, 3].span()).unwrap_syscall();
    let one = 100_000_000_000_000_000_000_000_000_000_000_000_000;
    oracle.set_entries(BASE, [said(1, one, NOW), said(2, one, NOW), said(3, one, NOW)].span());
    oracle.set_entries(QUOTE, [said(1, 19, NOW), said(2, 19, NOW), said(3, 19, NOW)].span());
    let quote = IPriceFeedDispatcher { contract_address }.quote();
    assert_eq!((quote.base.price, quote.quote.price), (100_000_000, 1));
}

#[test]
#[should_panic(expected: ('feed: too many decimals', 'CONSTRUCTOR_FAILED'))]
fn more_base_decimals_are_refused() {
    let oracle = new_oracle();
    oracle.set_decimals(BASE, 39);
    deploy(oracle.contract_address, BASE, QUOTE, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: too many decimals', 'CONSTRUCTOR_FAILED'))]
fn more_quote_decimals_are_refused() {
    let oracle = new_oracle();
    oracle.set_decimals(QUOTE, 39);
    deploy(oracle.contract_address, BASE, QUOTE, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: oracle is zero', 'CONSTRUCTOR_FAILED'))]
fn a_feed_has_an_oracle() {
    deploy(0.try_into().unwrap(), BASE, QUOTE, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: pair id is zero', 'CONSTRUCTOR_FAILED'))]
fn a_feed_has_a_base_pair() {
    deploy(new_oracle().contract_address, 0, QUOTE, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: pair id is zero', 'CONSTRUCTOR_FAILED'))]
fn a_feed_has_a_quote_pair() {
    deploy(new_oracle().contract_address, BASE, 0, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: too few sources', 'CONSTRUCTOR_FAILED'))]
fn two_sources_are_too_few() {
    deploy(new_oracle().contract_address, BASE, QUOTE, [1, 2].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: too many sources', 'CONSTRUCTOR_FAILED'))]
fn six_sources_are_too_many() {
    deploy(new_oracle().contract_address, BASE, QUOTE, [1, 2, 3, 4, 5, 6].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: source is zero', 'CONSTRUCTOR_FAILED'))]
fn a_source_is_not_zero() {
    deploy(new_oracle().contract_address, BASE, QUOTE, [1, 2, 0].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('feed: source is repeated', 'CONSTRUCTOR_FAILED'))]
fn a_source_is_not_repeated() {
    deploy(new_oracle().contract_address, BASE, QUOTE, [1, 2, 3, 1].span()).unwrap_syscall();
}

#[test]
fn sources_for_which_fewer_than_three_publishers_speak_make_no_price() {
    let entry = |source, publisher| Entry { source, publisher, price: 10, timestamp: NOW };
    let sources = [1, 2, 3].span();
    let found = |third| price(sources, [entry(1, 'a'), entry(2, 'b'), entry(3, third)].span(), 8, NOW);
    assert_eq!(found('c').unwrap().price, 10);
    assert_eq!(found('b'), None);
    // An entry that does not count brings no publisher either.
    let old = Entry { timestamp: NOW - 601, ..entry(3, 'c') };
    assert_eq!(price(sources, [entry(1, 'a'), entry(2, 'b'), entry(3, 'b'), old].span(), 8, NOW), None);
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn one_publisher_is_not_enough_whatever_the_sources() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_publisher('one');
    world.feed.quote();
}
