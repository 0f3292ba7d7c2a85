//! Windows, single hours, and what is there before the first observation.

use maat_vault_interfaces::history::{IPriceHistoryDispatcherTrait, Observation};
use starknet::storage::{StorageMapReadAccess, StorageMapWriteAccess, StoragePointerWriteAccess};
use starknet::testing::set_contract_address;
use crate::checks::HOUR;
use crate::price_history::price_history;
use crate::ring::{CellPacking, CellTrait, Last, Prices, RING, place};
use crate::tests::{START, USD, World, another_world, record, world};

/// A world with these hours, counted from the first; their prices are 100 and as much more.
fn with_hours(hours: Span<u64>) -> World {
    fill(world(), hours)
}

/// Records these hours in it.
fn fill(world: World, hours: Span<u64>) -> World {
    for hour in hours {
        record(world, START + *hour, 100 + *hour);
    }
    world
}

#[test]
fn an_empty_history_has_nothing() {
    let history = world().history;
    assert_eq!(history.latest(), None);
    assert_eq!(history.at(START), None);
    assert_eq!(history.at(0), None);
    assert_eq!(history.window(1), None);
    assert_eq!((history.consecutive(), history.chain(), history.recorded_at(), history.oldest()), (0, 0, 0, 0));
}

#[test]
fn the_feed_is_named() {
    let world = world();
    assert_eq!(world.history.feed(), world.feed.contract_address);
}

#[test]
fn a_window_has_no_gap() {
    let history = with_hours([0, 1, 3, 4, 5].span()).history;
    assert_eq!(history.window(0), None);
    assert_eq!(history.window(1), Some([105].span()));
    assert_eq!(history.window(2), Some([104, 105].span()));
    assert_eq!(history.window(3), Some([103, 104, 105].span()));
    assert_eq!(history.window(4), None);
}

#[test]
fn a_window_begins_and_ends_with_either_half_of_a_cell() {
    let history = with_hours([0, 1, 2, 3].span()).history;
    assert_eq!(history.window(4), Some([100, 101, 102, 103].span()));
    assert_eq!(history.window(3), Some([101, 102, 103].span()));
    let history = fill(another_world(1), [0, 1, 2, 3, 4].span()).history;
    assert_eq!(history.window(5), Some([100, 101, 102, 103, 104].span()));
    assert_eq!(history.window(4), Some([101, 102, 103, 104].span()));
}

#[test]
fn an_hour_is_found_by_its_number() {
    let history = with_hours([0, 1, 3, 4].span()).history;
    let mut found = array![];
    for hour in 0..6_u64 {
        if let Some(observation) = history.at(START + hour) {
            assert_eq!(observation, Observation { hour: START + hour, base: 100 + hour, quote: USD });
            found.append(hour);
        }
    }
    assert_eq!(found, array![0, 1, 3, 4]);
    // The same places, in other turns of the ring.
    assert_eq!(history.at(START + RING), None);
    assert_eq!(history.at(START - RING), None);
    assert_eq!(history.at(0xffffffffffffffff), None);
}

#[test]
fn a_turn_of_the_ring_overwrites_what_was_there() {
    // Hours 0 and 1 share a cell, and so do they a turn later.
    for (first, second) in array![(0_u64, 0_u64), (0, 1), (1, 0), (1, 1)] {
        let number: u64 = first * 2 + second;
        let world = fill(another_world(number.into()), [0, 1].span());
        record(world, START + RING + first, 100);
        let history = world.history;
        assert_eq!(history.at(START + second), None);
        assert_eq!(history.at(START + RING + first).unwrap().base, 100);
        assert_eq!(history.at(START + RING + 1 - first), None);
        assert_eq!(history.window(2), None);
    }
}

#[test]
fn neighbours_outlive_a_turn_of_the_ring() {
    let world = with_hours([0, 1, 2].span());
    record(world, START + RING + 1, 100);
    // The hour of 65,535 hours before.
    assert_eq!(world.history.at(START + 2).unwrap().base, 102);
}

/// Stores that so many hours in a row end with the one before `START + 10`, without recording them.
fn store_last(world: World, consecutive: u32) {
    set_contract_address(world.address);
    let mut state = price_history::contract_state_for_testing();
    let recorded_at = (START + 9) * HOUR;
    state.last.write(Last { recorded_at, oldest: recorded_at, consecutive });
}

/// Stores the prices of so many of these hours, which are their numbers.
fn store_prices(world: World, count: u64) {
    set_contract_address(world.address);
    let mut state = price_history::contract_state_for_testing();
    for hour in START + 10 - count..START + 10 {
        let place = place(hour);
        let cell = CellPacking::unpack(state.cells.read(place.cell));
        state.cells.write(place.cell, CellPacking::pack(cell.set(place, Prices { base: hour, quote: USD })));
    }
}

#[test]
fn a_window_is_as_long_as_a_feature_may_need() {
    // The longest lag is 8,759 hours.
    let world = world();
    store_prices(world, 8_760);
    store_last(world, 8_760);
    let window = world.history.window(8_760).unwrap();
    assert_eq!(window.len(), 8_760);
    let mut hour = START + 10 - 8_760;
    for price in window {
        assert_eq!(*price, hour);
        hour += 1;
    }
    assert_eq!(world.history.window(8_761), None);
}

#[test]
fn a_window_is_not_longer_than_the_ring() {
    let world = world();
    store_last(world, 65_536);
    assert_eq!(world.history.window(65_535).unwrap().len(), 65_535);
    assert_eq!(world.history.window(65_536), None);
}
