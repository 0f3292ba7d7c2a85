//! What is recorded, what moves too far, and what a gap does.

use core::poseidon::poseidon_hash_span;
use maat_vault_interfaces::feed::Quote;
use maat_vault_interfaces::history::{IPriceHistoryDispatcherTrait, Latest, Move, Observation, Side};
use maat_mocks::feed::{Answer, IMockFeedDispatcherTrait};
use starknet::testing::set_block_timestamp;
use crate::checks::HOUR;
use crate::price_history::price_history::{Event, Recorded, Refused};
use crate::tests::{START, USD, another_world, assert_event, assert_no_more_events, drop_events, record, token, try_record, world};

#[test]
fn an_observation_is_stored_with_its_times_and_told() {
    let world = world();
    let now = START * HOUR + 17;
    set_block_timestamp(now);
    let quote = Quote { base: token(2_000 * USD, now - 30, now - 5), quote: token(USD - 1, now - 200, now) };
    world.feed.set_answer(Answer::Gives(quote));
    let observation = Observation { hour: START, base: 2_000 * USD, quote: USD - 1 };
    assert_eq!(world.history.record(), Ok(observation));
    let chain = poseidon_hash_span([0, START.into(), 2_000 * USD.into(), USD.into() - 1].span());
    let latest = Latest { observation, consecutive: 1, recorded_at: now, oldest: now - 200, chain };
    assert_eq!(world.history.latest(), Some(latest));
    assert_eq!(world.history.chain(), chain);
    let recorded = Recorded { hour: START, base: 2_000 * USD, quote: USD - 1, oldest: now - 200, chain };
    assert_event(world, Event::Recorded(recorded));
    assert_no_more_events(world);
}

#[test]
fn the_oldest_time_is_that_of_either_token() {
    let world = world();
    let now = START * HOUR;
    set_block_timestamp(now);
    world.feed.set_answer(Answer::Gives(Quote { base: token(10, now - 300, now), quote: token(USD, now - 200, now) }));
    assert!(world.history.record().is_ok());
    assert_eq!(world.history.oldest(), now - 300);
}

#[test]
fn the_chain_goes_on() {
    let world = world();
    record(world, START, 100);
    let first = world.history.chain();
    record(world, START + 1, 101);
    assert_eq!(world.history.chain(), poseidon_hash_span([first, START.into() + 1, 101, USD.into()].span()));
}

#[test]
fn a_move_of_a_quarter_is_allowed_and_one_unit_more_is_not() {
    for (found, allowed) in array![(1_250_u64, true), (1_251, false), (750, true), (749, false)] {
        let world = another_world(found.into());
        record(world, START, 1_000);
        assert_eq!(try_record(world, START + 1, found, USD).is_ok(), allowed);
    }
}

#[test]
fn the_quote_price_is_held_to_the_same_rule() {
    let world = world();
    record(world, START, 1_000);
    drop_events(world);
    let (last, found) = (USD, 74_999_999);
    let hour = START + 1;
    assert_eq!(try_record(world, hour, 1_000, found), Err(Move { hour, side: Side::Quote, last, found, hours: 1 }));
    assert_event(world, Event::Refused(Refused { hour, side: Side::Quote, last, found, hours: 1 }));
    assert_no_more_events(world);
    assert!(try_record(world, hour, 1_000, 75_000_000).is_ok());
}

#[test]
fn of_two_moves_the_base_tokens_is_told() {
    let world = world();
    record(world, START, 1_000);
    let hour = START + 2;
    assert_eq!(try_record(world, hour, 1, 1), Err(Move { hour, side: Side::Base, last: 1_000, found: 1, hours: 2 }));
}

#[test]
fn a_refused_move_is_allowed_when_enough_hours_have_passed() {
    let world = world();
    record(world, START, 1_000);
    let hour = START + 1;
    assert_eq!(try_record(world, hour, 1_500, USD), Err(Move { hour, side: Side::Base, last: 1_000, found: 1_500, hours: 1 }));
    record(world, START + 2, 1_500);
    // The refused hour is a gap.
    assert_eq!(world.history.consecutive(), 1);
}

#[test]
fn a_refused_hour_can_be_tried_again() {
    let world = world();
    record(world, START, 1_000);
    assert!(try_record(world, START + 1, 1_500, USD).is_err());
    record(world, START + 1, 1_200);
    assert_eq!(world.history.consecutive(), 2);
}

#[test]
fn the_largest_prices_are_compared_without_overflow() {
    let world = world();
    let largest = 0xfffffffffffffff;
    assert!(try_record(world, 0, largest, largest).is_ok());
    assert!(try_record(world, 9_028_799, 1, 1).is_ok());
    assert_eq!(world.history.consecutive(), 1);
}

#[test]
fn a_gap_resets_the_hours_in_a_row() {
    let world = world();
    let mut counts = array![];
    for hour in array![0_u64, 1, 2, 4, 5, 9] {
        record(world, START + hour, 100);
        counts.append(world.history.consecutive());
    }
    assert_eq!(counts, array![1, 2, 3, 1, 2, 1]);
}
