//! Decimals, and what a feed is not made with.
use maat_vault_interfaces::feed::{IPriceFeedDispatcher, IPriceFeedDispatcherTrait};
use maat_mocks::oracle::IMockOracleDispatcherTrait;
use starknet::SyscallResultTrait;
use crate::rule::{Entry, Fault, price};
use crate::tests::{BASE, NOW, QUOTE, World, deploy, new_oracle, said, with, world};

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
#[should_panic(expected: ('No publisher for source', 'ENTRYPOINT_FAILED', 'CONSTRUCTOR_FAILED'))]
fn a_feed_has_no_base_source_that_the_oracle_lacks() {
    let oracle = new_oracle();
    oracle.set_missing(BASE, 2);
    deploy(oracle.contract_address, BASE, QUOTE, [1, 2, 3].span()).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('No publisher for source', 'ENTRYPOINT_FAILED', 'CONSTRUCTOR_FAILED'))]
fn a_feed_has_no_quote_source_that_the_oracle_lacks() {
    let oracle = new_oracle();
    oracle.set_missing(QUOTE, 3);
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
    assert_eq!(found('b'), Err(Fault::Thin));
    // An entry that does not count brings no publisher either.
    let old = Entry { timestamp: NOW - 601, ..entry(3, 'c') };
    assert_eq!(price(sources, [entry(1, 'a'), entry(2, 'b'), entry(3, 'b'), old].span(), 8, NOW), Err(Fault::Thin));
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn one_publisher_is_not_enough_whatever_the_sources() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    for source in [1, 2, 3].span() {
        world.oracle.set_publisher(*source, 'one');
    }
    world.feed.quote();
}

#[test]
fn a_publisher_that_is_one_of_two_for_most_sources_does_not_make_the_price() {
    let entry = |source, publisher, price| Entry { source, publisher, price, timestamp: NOW };
    let sources = [1, 2, 3].span();
    let found = |lone: u128| {
        let entries = [
            entry(1, 'a', 10_000), entry(1, 'm', lone), entry(2, 'b', 10_000), entry(2, 'm', lone), entry(3, 'c', 10_000), entry(3, 'm', lone),
        ];
        price(sources, entries.span(), 8, NOW)
    };
    // Of two, the lower one is a source's price: 10,000 is at most 1 % above it.
    assert_eq!(found(9_901).unwrap().price, 9_901);
    assert_eq!(found(9_900), Err(Fault::Apart));
    assert_eq!(found(11_000).unwrap().price, 10_000);
}

#[test]
fn a_publisher_that_is_alone_for_most_sources_does_not_make_the_price() {
    let entry = |source, publisher, price| Entry { source, publisher, price, timestamp: NOW };
    let sources = [1, 2, 3].span();
    let found = |lone: u128| {
        let entries = [entry(1, 'm', lone), entry(2, 'm', lone), entry(3, 'b', 10_000), entry(3, 'c', 10_000)];
        price(sources, entries.span(), 8, NOW)
    };
    // 1 % of it, rounded down
    assert_eq!(found(10_101).unwrap().price, 10_101);
    assert_eq!(found(10_102), Err(Fault::Apart));
    assert_eq!(found(9_901).unwrap().price, 9_901);
    assert_eq!(found(9_900), Err(Fault::Apart));
}

/// A world in which one publisher speaks for three of five sources of a pair, and says another price than the others.
fn apart(pair: felt252) -> World {
    let world = world();
    for source in [1, 2, 3].span() {
        world.oracle.set_publisher(*source, 'one');
    }
    let (one, others) = (2_000_000, 1_000_000);
    let entries = [said(1, one, NOW), said(2, one, NOW), said(3, one, NOW), said(4, others, NOW), said(5, others, NOW)];
    let agreed = [said(1, one, NOW), said(4, one, NOW), said(5, one, NOW)];
    world.oracle.set_entries(BASE, agreed.span());
    world.oracle.set_entries(QUOTE, agreed.span());
    world.oracle.set_entries(pair, entries.span());
    world
}

#[test]
#[should_panic(expected: ('feed: base publishers differ', 'ENTRYPOINT_FAILED'))]
fn base_publishers_that_differ_make_no_quote() {
    apart(BASE).feed.quote();
}

#[test]
#[should_panic(expected: ('feed: quote publishers differ', 'ENTRYPOINT_FAILED'))]
fn quote_publishers_that_differ_make_no_quote() {
    apart(QUOTE).feed.quote();
}
