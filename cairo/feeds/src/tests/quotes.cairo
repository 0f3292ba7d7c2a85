//! Which entries count, and what they come to.
use maat_vault_interfaces::feed::{IPragmaFeedDispatcherTrait, IPriceFeedDispatcherTrait, Quote, TokenPrice};
use maat_mocks::oracle::{IMockOracleDispatcherTrait, Said};
use crate::tests::{BASE, NOW, QUOTE, USD, said, with, world};

/// The base token's price where this is said of it.
fn base(entries: Span<Said>) -> u64 {
    with(entries).feed.quote().base.price
}

#[test]
fn both_tokens_have_prices_in_the_same_unit() {
    let world = with([said(1, 300_000_000_000, NOW), said(2, 100_000_000_000, NOW - 5), said(3, 200_000_000_000, NOW - 9)].span());
    world.oracle.set_entries(QUOTE, [said(1, 999_999, NOW - 600), said(4, 1_000_001, NOW), said(5, 1_000_000, NOW)].span());
    let base = TokenPrice { price: 2_000 * USD, oldest: NOW - 9, newest: NOW };
    let quote = TokenPrice { price: USD, oldest: NOW - 600, newest: NOW };
    assert_eq!(world.feed.quote(), Quote { base, quote });
}

#[test]
fn the_median_of_four_sources_is_the_lower_one_of_two() {
    assert_eq!(base([said(1, 40, NOW), said(2, 10, NOW), said(3, 30, NOW), said(4, 20, NOW)].span()), 20);
}

#[test]
fn a_source_has_one_voice() {
    let entries = [said(1, 10, NOW), said(2, 20, NOW), said(3, 900, NOW), said(3, 901, NOW), said(3, 902, NOW)];
    assert_eq!(base(entries.span()), 20);
}

#[test]
fn a_source_with_two_publishers_says_the_lower_price() {
    assert_eq!(base([said(1, 10, NOW), said(2, 90, NOW), said(3, 31, NOW), said(3, 30, NOW)].span()), 30);
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn three_entries_are_not_three_sources() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(2, 21, NOW)].span());
}

#[test]
fn an_entry_of_600_seconds_before_counts() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW - 600)].span());
    let price = world.feed.quote().base;
    assert_eq!((price.price, price.oldest, price.newest), (20, NOW - 600, NOW));
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn an_older_entry_does_not_count() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW - 601)].span());
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn an_entry_ahead_of_the_clock_does_not_count() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW + 1)].span());
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn a_price_of_zero_does_not_count() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(3, 0, NOW)].span());
}

#[test]
fn the_largest_price_counts() {
    assert_eq!(base([said(1, 1, NOW), said(2, 0xfffffffffffffff, NOW), said(3, 0xfffffffffffffff, NOW)].span()), 0xfffffffffffffff);
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn a_price_of_61_bits_does_not_count() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(3, 0x1000000000000000, NOW)].span());
}

#[test]
#[should_panic(expected: ('feed: too few quote sources', 'ENTRYPOINT_FAILED'))]
fn a_price_that_overflows_does_not_count() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    // With 6 decimals, it would be multiplied by 100.
    let huge = 0xffffffffffffffffffffffffffffffff;
    world.oracle.set_entries(QUOTE, [said(1, huge, NOW), said(2, 1_000_000, NOW), said(3, 1_000_000, NOW)].span());
    world.feed.quote();
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn a_source_that_is_not_pinned_does_not_count() {
    base([said(1, 10, NOW), said(2, 20, NOW), said(6, 30, NOW)].span());
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn entries_of_futures_do_not_count() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_futures(true);
    world.feed.quote();
}

#[test]
#[should_panic(expected: ('feed: too few base sources', 'ENTRYPOINT_FAILED'))]
fn entries_of_another_pair_do_not_count() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_named_pair('BTC/USD');
    world.feed.quote();
}

#[test]
#[should_panic(expected: ('feed: too few quote sources', 'ENTRYPOINT_FAILED'))]
fn the_quote_token_is_held_to_the_same_rule() {
    let world = with([said(1, 10, NOW), said(2, 20, NOW), said(3, 30, NOW)].span());
    world.oracle.set_entries(QUOTE, [said(1, 1_000_000, NOW), said(2, 1_000_000, NOW), said(3, 1_000_000, NOW - 601)].span());
    world.feed.quote();
}

#[test]
fn an_unused_entry_has_no_say_in_the_times() {
    let world = with([said(1, 10, NOW - 7), said(2, 20, NOW - 8), said(3, 30, NOW - 9), said(4, 0, NOW), said(6, 9, NOW - 600)].span());
    let price = world.feed.quote().base;
    assert_eq!((price.oldest, price.newest), (NOW - 9, NOW - 7));
}

#[test]
fn the_pinned_values_are_given() {
    let world = world();
    assert_eq!(world.views.oracle(), world.oracle.contract_address);
    assert_eq!(world.views.pair_ids(), (BASE, QUOTE));
    assert_eq!(world.views.decimals(), (8, 6));
    assert_eq!(world.views.sources(), [1, 2, 3, 4, 5].span());
}
