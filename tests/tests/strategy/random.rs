//! Random calls: numbers of all sizes, and positions near the edges of their limits.

use maat_strategy::features::{Feature, InputRule, MAX_SCALE};
use maat_strategy::hour::Hour;
use maat_strategy::limits::{Limits, Plan, Position, Reason};
use maat_strategy::math::{MAX_AMOUNT, mul_div_floor, share_floor};
use maat_strategy::policy::Target;
use maat_strategy::price::{Price, USD};
use maat_tests::networks::Random;

use super::calls::{Amount, Call, Quote};

/// A call of any function. Features and plans, in which most can go wrong, are half of all.
pub fn call(random: &mut Random) -> Call {
    let amount = |random: &mut Random| Amount(wide(random, 128));
    match random.below(24) {
        0 => Call::MulDivFloor { a: amount(random), b: amount(random), den: amount(random) },
        1 => Call::MulDivCeil { a: amount(random), b: amount(random), den: amount(random) },
        2 => Call::ShareFloor { amount: amount(random), bps: random.below(240_001) as u32 },
        3 => Call::ShareCeil { amount: amount(random), bps: random.below(240_001) as u32 },
        4 => Call::Rate { quote: quote(random) },
        5 => Call::ValueFloor { quote: quote(random), base: amount(random) },
        6 => Call::ValueCeil { quote: quote(random), base: amount(random) },
        7 => Call::BaseFloor { quote: quote(random), value: amount(random) },
        8 => Call::BaseCeil { quote: quote(random), value: amount(random) },
        9 => {
            let seconds = wide(random, 64) as u64;
            Call::ManagementShares { supply: amount(random), management_bps: random.below(201) as u16, seconds }
        }
        10 => observe(random),
        11 => target(random),
        12..=16 => features(random),
        17..=21 => plan(random),
        22 => {
            let (limits, quote) = (limits(random), quote(random));
            let position = position(random, &limits, &quote, Hour::new(500_000).unwrap());
            Call::Unwind { limits, position, quote }
        }
        _ => filled(random),
    }
}

/// A number of up to so many bits, of any size: often the least or the greatest one of its size.
fn wide(random: &mut Random, bits: usize) -> u128 {
    let power = match random.below(bits + 1) {
        0 => return 0,
        size => 1u128 << (size - 1),
    };
    match random.below(8) {
        0 => power,
        1 => power | (power - 1),
        _ => power | ((u128::from(random.bits()) << 64 | u128::from(random.bits())) & (power - 1)),
    }
}

/// An element of a list.
fn one_of<T: Copy>(list: &[T], random: &mut Random) -> T {
    list[random.below(list.len())]
}

fn price(random: &mut Random) -> Price {
    Price::new((wide(random, 60) as u64).max(1)).unwrap()
}

fn quote(random: &mut Random) -> Quote {
    if random.below(3) == 0 {
        let decimals = |random: &mut Random| random.below(25) as u8;
        return Quote {
            base_price: price(random),
            quote_price: price(random),
            base_decimals: decimals(random),
            quote_decimals: decimals(random),
        };
    }
    // As on an exchange: a peg that wavers, and a token between a cent and a million dollars.
    let (base_decimals, quote_decimals) = one_of(&[(18, 6), (8, 6), (18, 18), (6, 18), (0, 6), (2, 2)], random);
    let cents = one_of(&[1, 100, 10_000, 1_000_000, 100_000_000], random);
    Quote {
        base_price: Price::new((USD / 100) * cents + random.bits() % (USD * cents)).unwrap(),
        quote_price: Price::new(USD * 98 / 100 + random.bits() % (USD / 25)).unwrap(),
        base_decimals,
        quote_decimals,
    }
}

fn observe(random: &mut Random) -> Call {
    let supply = wide(random, 112);
    let nav = if random.below(4) == 0 { wide(random, 128) } else { wide(random, 112) };
    let value = mul_div_floor(nav, maat_strategy::drawdown::SHARE_ONE, supply).unwrap_or_default();
    let max_drawdown_bps = random.below(10_001) as u16;
    let kept = u128::from(10_000 - max_drawdown_bps).max(1);
    // About where a breach begins.
    let edge = mul_div_floor(value, 10_000, kept).unwrap_or(value).saturating_add(u128::from(random.bits() % 3)).saturating_sub(1);
    let peak = if random.below(3) == 0 { wide(random, 128) } else { edge };
    let breaches = one_of(&[0, 1, 2, 254, 255], random);
    // Values before that lift the peak, and others.
    let last = if random.below(2) == 0 { wide(random, 128) } else { value.saturating_add(u128::from(random.bits() % 3)).saturating_sub(1) };
    Call::Observe { peak: Amount(peak), breaches, last: Amount(last), nav: Amount(nav), supply: Amount(supply), max_drawdown_bps }
}

fn target(random: &mut Random) -> Call {
    let rows = 1 + random.below(8);
    let targets: Vec<Target> = (0..rows).map(|_| weight(random)).collect();
    let answer = one_of(&[0, -1, i32::MIN, i32::MAX, random.below(10) as i32, random.bits() as i32 % 50], random);
    let edges = (random.below(2) == 0).then(|| {
        let mut edges: Vec<i32> = (0..rows - 1).map(|_| random.bits() as i32 % 50).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    });
    // Edges that were equal have become one.
    let length = edges.as_ref().map_or(rows, |edges| edges.len() + 1);
    Call::Target { edges, targets: targets[..length].to_vec(), answer }
}

fn weight(random: &mut Random) -> Target {
    match random.below(6) {
        0 => Target::Hold,
        1 => Target::Weight(0),
        2 => Target::Weight(10_000),
        _ => Target::Weight(random.below(10_001) as u16),
    }
}

fn features(random: &mut Random) -> Call {
    let length = 1 + random.below(30);
    let window = prices(random, length);
    let mut groups = Vec::new();
    let mut rules = Vec::new();
    for _ in 0..1 + random.below(3) {
        let lags: Vec<u32> = (0..1 + random.below(6)).map(|_| random.below(length) as u32).collect();
        rules.extend(lags.iter().map(|_| rule(random)));
        groups.push(if random.below(2) == 0 { Feature::Difference { lags } } else { Feature::Return { lags } });
    }
    Call::Features { groups, rules, window }
}

fn rule(random: &mut Random) -> InputRule {
    let scale = match random.below(3) {
        0 => random.below(2 * MAX_SCALE as usize + 1) as i32 - MAX_SCALE,
        _ => random.below(30) as i32 - 10,
    };
    let (lo, hi) = match random.below(4) {
        0 => (i32::MIN, i32::MAX),
        1 => (random.bits() as i32, random.bits() as i32),
        _ => one_of(&[(-32_768, 32_767), (-127, 127), (0, 255), (5, 5)], random),
    };
    InputRule { scale, lo: lo.min(hi), hi: hi.max(lo) }
}

/// Prices that have nothing to do with one another, or differ by whole multiples of `2^-9` USD, so that ties are common.
fn prices(random: &mut Random, length: usize) -> Vec<Price> {
    if random.below(2) == 0 {
        return (0..length).map(|_| price(random)).collect();
    }
    let step = USD >> 8;
    let origin = 1 + random.bits() % (2_000 * USD);
    (0..length).map(|_| Price::new(origin + step / 2 * (random.bits() % 4_000)).unwrap()).collect()
}

fn limits(random: &mut Random) -> Limits {
    let max_trade_bps = one_of(&[1, 500, 2_000, 10_000, 1 + random.below(10_000) as u16], random);
    let more = random.below(240_001 - usize::from(max_trade_bps)) as u32;
    let min_trade_bps = one_of(&[1, 1 + random.below(max_trade_bps.into()) as u16, max_trade_bps], random);
    Limits {
        max_weight_bps: one_of(&[10_000, 1 + random.below(10_000) as u16], random),
        max_trade_bps,
        max_turnover_bps: u32::from(max_trade_bps) + one_of(&[0, more, more % 10_000], random),
        cooldown_hours: one_of(&[0, 1, 2, random.below(8_761) as u32], random),
        min_trade_bps,
        min_slip_bps: 0,
        max_slip_bps: 100,
        max_drift_bps: 100,
        max_drawdown_bps: 2_000,
        max_saturated: random.below(4) as u32,
        deposit_cap: MAX_AMOUNT,
    }
}

/// A position whose parts are alike in value, and whose last trade is about the cooldown ago, with about the day's turnover.
fn position(random: &mut Random, limits: &Limits, quote: &Quote, hour: Hour) -> Position {
    let worth = if random.below(16) == 0 { wide(random, 128) } else { wide(random, 100) };
    let part = mul_div_floor(worth, random.below(10_001) as u128, 10_000).unwrap_or_default();
    let base = quote.rate().and_then(|rate| rate.base_floor(part)).unwrap_or_else(|| wide(random, 112));
    let cooldown = u64::from(limits.cooldown_hours);
    let ago = one_of(&[0, 1, cooldown, cooldown.saturating_sub(1), cooldown + 1], random);
    let last_trade = (random.below(4) > 0).then(|| Hour::new(hour.count() - ago).unwrap());
    let day = one_of(&[hour.day(), last_trade.map_or(0, Hour::day)], random);
    let turnover = share_floor(worth, limits.max_turnover_bps).unwrap_or(worth);
    let turned_over = mul_div_floor(turnover, one_of(&[0, 1, 5, 9, 10], random), 10).unwrap_or_default();
    Position { base, quote: worth - part, last_trade, day, turned_over }
}

fn plan(random: &mut Random) -> Call {
    let (limits, quote) = (limits(random), quote(random));
    let hour = Hour::new(500_000 + random.below(48) as u64).unwrap();
    let position = position(random, &limits, &quote, hour);
    let saturated = one_of(&[0, 0, 0, limits.max_saturated, limits.max_saturated + 1], random);
    Call::Plan { limits, position, quote, hour, target: weight(random), saturated }
}

fn filled(random: &mut Random) -> Call {
    let (limits, quote) = (limits(random), quote(random));
    let hour = Hour::new(500_000 + random.below(48) as u64).unwrap();
    let position = position(random, &limits, &quote, hour);
    let part = |random: &mut Random, held: u128| held.saturating_add(1).min(mul_div_floor(held, wide(random, 8), 200).unwrap_or(held));
    let plan = match random.below(5) {
        0 => Plan::Hold(one_of(&Reason::ALL, random)),
        1 | 2 => Plan::Buy { quote: part(random, position.quote) },
        _ => Plan::Sell { base: part(random, position.base), value: wide(random, 112) },
    };
    let received = if random.below(8) == 0 { u128::MAX } else { wide(random, 112) };
    Call::Filled { position, plan, received: Amount(received), hour }
}
