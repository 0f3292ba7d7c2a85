//! How the vault stores what its parts compute with: several numbers to a cell.
use core::num::traits::Zero;
use starknet::storage_access::StorePacking;
use crate::features::InputRule;
use crate::interface::LastHours;
use crate::limits::{Limits, Position};
use crate::math::HighWater;
use crate::settlement::Hourly;

const SHIFT_16: felt252 = 0x10000;
const DIGIT_16: NonZero<u128> = 0x10000;
const SHIFT_32: felt252 = 0x100000000;
const DIGIT_32: NonZero<u128> = 0x100000000;
const SHIFT_60: felt252 = 0x1000000000000000;
const DIGIT_60: NonZero<u128> = 0x1000000000000000;
const SHIFT_64: felt252 = 0x10000000000000000;
const DIGIT_64: NonZero<u128> = 0x10000000000000000;
const SHIFT_112: felt252 = 0x10000000000000000000000000000;
const DIGIT_112: NonZero<u128> = 0x10000000000000000000000000000;
const SHIFT_128: felt252 = 0x100000000000000000000000000000000;

/// Takes the lowest digit off a number in the base `shift`.
fn take<T, +TryInto<u128, T>>(ref number: u128, shift: NonZero<u128>) -> T {
    let (rest, digit) = DivRem::div_rem(number, shift);
    number = rest;
    digit.try_into().unwrap()
}

/// Limits in two cells: the shares of 16 bits and the numbers of 32 bits, and the cap.
pub impl LimitsPacking of StorePacking<Limits, (felt252, u128)> {
    #[inline(never)]
    fn pack(value: Limits) -> (felt252, u128) {
        // Felts, because sums and products that are checked would be long.
        let low = value.max_weight_bps.into()
            + SHIFT_16 * (value.max_trade_bps.into()
                + SHIFT_16 * (value.min_trade_bps.into()
                    + SHIFT_16 * (value.min_slip_bps.into()
                        + SHIFT_16 * (value.max_slip_bps.into()
                            + SHIFT_16 * (value.max_drift_bps.into() + SHIFT_16 * value.max_drawdown_bps.into())))));
        let high = value.max_turnover_bps.into() + SHIFT_32 * (value.cooldown_hours.into() + SHIFT_32 * value.max_saturated.into());
        // 112 and 96 bits
        (low + SHIFT_128 * high, value.deposit_cap)
    }

    #[inline(never)]
    fn unpack(value: (felt252, u128)) -> Limits {
        let (numbers, deposit_cap) = value;
        let u256 { mut low, mut high } = numbers.into();
        Limits {
            max_weight_bps: take(ref low, DIGIT_16),
            max_trade_bps: take(ref low, DIGIT_16),
            min_trade_bps: take(ref low, DIGIT_16),
            min_slip_bps: take(ref low, DIGIT_16),
            max_slip_bps: take(ref low, DIGIT_16),
            max_drift_bps: take(ref low, DIGIT_16),
            max_drawdown_bps: take(ref low, DIGIT_16),
            max_turnover_bps: take(ref high, DIGIT_32),
            cooldown_hours: take(ref high, DIGIT_32),
            max_saturated: take(ref high, DIGIT_32),
            deposit_cap,
        }
    }
}

/// A position in two cells: amounts, of which the second is less than 2^112; and the rest, with a mark, so that
/// the first trade does not pay for a new cell. The day follows from the last trade. Hours are stored as one more than they are, so that 0, which
/// is what an untouched cell holds, is none.
pub impl PositionPacking of StorePacking<Position, (felt252, felt252)> {
    #[inline(never)]
    fn pack(value: Position) -> (felt252, felt252) {
        (value.base.into() + SHIFT_128 * value.quote.into(), value.turned_over.into() + SHIFT_128 * (pack_hour(value.last_trade) + SHIFT_64))
    }

    #[inline(never)]
    fn unpack(value: (felt252, felt252)) -> Position {
        let (amounts, traded) = value;
        let u256 { low: base, high: quote } = amounts.into();
        let u256 { low, mut high } = traded.into();
        let last_trade = unpack_hour(take(ref high, DIGIT_64));
        let day = match last_trade {
            Some(hour) => hour / 24,
            None => 0,
        };
        Position { base, quote, last_trade, day, turned_over: low }
    }
}

fn unpack_hour(packed: u128) -> Option<u64> {
    if packed.is_zero() {
        None
    } else {
        Some((packed - 1).try_into().unwrap())
    }
}

/// The hours that were used last in one cell, each as one more than it is, and a mark that the constructor makes, so that the first step does
/// not pay for a new cell. Hours have less than 53 bits, because times in seconds have 64.
pub impl LastHoursPacking of StorePacking<LastHours, felt252> {
    fn pack(value: LastHours) -> felt252 {
        let low = pack_hour(value.step) + SHIFT_60 * pack_hour(value.raise);
        let high = pack_hour(value.unwind) + SHIFT_60 * (pack_hour(value.reward) + SHIFT_60);
        low + SHIFT_128 * high
    }

    fn unpack(value: felt252) -> LastHours {
        let u256 { mut low, mut high } = value.into();
        LastHours {
            step: unpack_hour(take(ref low, DIGIT_60)),
            raise: unpack_hour(low),
            unwind: unpack_hour(take(ref high, DIGIT_60)),
            reward: unpack_hour(take(ref high, DIGIT_60)),
        }
    }
}

fn pack_hour(hour: Option<u64>) -> felt252 {
    match hour {
        Some(hour) => hour.into() + 1,
        None => 0,
    }
}

/// A mark in two cells.
pub impl HighWaterPacking of StorePacking<HighWater, (felt252, u128)> {
    #[inline(never)]
    fn pack(value: HighWater) -> (felt252, u128) {
        (value.peak.into() + SHIFT_128 * value.breaches.into(), value.last)
    }

    #[inline(never)]
    fn unpack(value: (felt252, u128)) -> HighWater {
        let (seen, last) = value;
        let u256 { low, high } = seen.into();
        HighWater { peak: low, breaches: high.try_into().unwrap(), last }
    }
}

/// The hour that was settled last in four cells: the hour as one more than it is, with whether it is swept and the NAV, which is less than
/// 2^112; and the rest. 0 is none.
pub impl HourlyPacking of StorePacking<Option<Hourly>, (felt252, u128, u128, u128)> {
    #[inline(never)]
    fn pack(value: Option<Hourly>) -> (felt252, u128, u128, u128) {
        match value {
            Some(Hourly { hour, nav, cap, deposited, redeemed, swept }) => {
                (hour.into() + 1 + SHIFT_112 * swept.into() + SHIFT_128 * nav.into(), cap, deposited, redeemed)
            },
            None => (0, 0, 0, 0),
        }
    }

    #[inline(never)]
    fn unpack(value: (felt252, u128, u128, u128)) -> Option<Hourly> {
        let (hour, cap, deposited, redeemed) = value;
        let u256 { low, high: nav } = hour.into();
        let (swept, hour) = DivRem::div_rem(low, DIGIT_112);
        Some(Hourly { hour: unpack_hour(hour)?, nav, cap, deposited, redeemed, swept: swept == 1 })
    }
}

/// All requests of one kind that are filled alike.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Epoch {
    /// What was put in.
    pub total: u128,
    /// How much of it is filled.
    pub filled: u128,
    /// For how much in all, claimed or not.
    pub proceeds: u128,
    /// The time of the newest request.
    pub newest: u64,
    /// The rest will never be filled, and can be taken back at once.
    pub refunded: bool,
}

/// Two cells: what was put in and what of it is filled, which is less than 2^112; and the rest.
pub impl EpochPacking of StorePacking<Epoch, (felt252, felt252)> {
    #[inline(never)]
    fn pack(value: Epoch) -> (felt252, felt252) {
        let refunded: felt252 = value.refunded.into();
        let high = value.newest.into() + SHIFT_64 * refunded;
        (value.total.into() + SHIFT_128 * value.filled.into(), value.proceeds.into() + SHIFT_128 * high)
    }

    #[inline(never)]
    fn unpack(value: (felt252, felt252)) -> Epoch {
        let (amounts, rest) = value;
        let u256 { low: total, high: filled } = amounts.into();
        let u256 { low: proceeds, mut high } = rest.into();
        let newest = take(ref high, DIGIT_64);
        Epoch { total, filled, proceeds, newest, refunded: high == 1 }
    }
}

/// What comes before and after an epoch in a list; 0 is the list's end on both sides.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Links {
    pub previous: u64,
    pub next: u64,
}

pub impl LinksPacking of StorePacking<Links, felt252> {
    #[inline(never)]
    fn pack(value: Links) -> felt252 {
        value.previous.into() + SHIFT_64 * value.next.into()
    }

    #[inline(never)]
    fn unpack(value: felt252) -> Links {
        let mut value: u128 = value.try_into().unwrap();
        let previous = take(ref value, DIGIT_64);
        Links { previous, next: take(ref value, DIGIT_64) }
    }
}

/// Neighbouring values of the features that the network takes by one rule.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Run {
    /// How many.
    pub values: u32,
    pub rule: InputRule,
}

/// The runs of rules for one value each. Most networks have one rule for all, so that this is short.
pub fn runs_of(rules: Span<InputRule>) -> Span<Run> {
    let mut runs = array![];
    let mut rest = rules;
    while let Some(first) = rest.pop_front() {
        let mut values = 1;
        while let Some(next) = rest.get(0) {
            if next.unbox() != first {
                break;
            }
            rest.pop_front().unwrap();
            values += 1;
        }
        runs.append(Run { values, rule: *first });
    }
    runs.span()
}

/// The rules of runs, one for each value.
pub fn rules_of(runs: Span<Run>) -> Span<InputRule> {
    let mut rules = array![];
    for run in runs {
        for _ in 0..*run.values {
            rules.append(*run.rule);
        }
    }
    rules.span()
}

#[cfg(test)]
mod tests {
    use crate::features::InputRule;
    use crate::interface::LastHours;
    use crate::limits::{Limits, Position};
    use crate::math::HighWater;
    use crate::settlement::Hourly;
    use super::{
        Epoch, EpochPacking, HighWaterPacking, HourlyPacking, LastHoursPacking, LimitsPacking, Links, LinksPacking, PositionPacking, Run, rules_of,
        runs_of,
    };

    const MOST: u128 = 0xffffffffffffffffffffffffffff;

    #[test]
    fn limits_come_back() {
        let ends = Limits {
            max_weight_bps: 0xffff,
            max_trade_bps: 1,
            max_turnover_bps: 0xffffffff,
            cooldown_hours: 2,
            min_trade_bps: 3,
            min_slip_bps: 4,
            max_slip_bps: 5,
            max_drift_bps: 6,
            max_drawdown_bps: 0xffff,
            max_saturated: 0xffffffff,
            deposit_cap: MOST,
        };
        assert_eq!(LimitsPacking::unpack(LimitsPacking::pack(ends)), ends);
    }

    #[test]
    fn positions_come_back() {
        let never = Position { base: 1, quote: 2, last_trade: None, day: 0, turned_over: 0 };
        assert_eq!(PositionPacking::unpack(PositionPacking::pack(never)), never);
        let first = Position { last_trade: Some(0), turned_over: 3, ..never };
        assert_eq!(PositionPacking::unpack(PositionPacking::pack(first)), first);
        let wide = 0xffffffffffffffffffffffffffffffff;
        let last = Position { base: MOST, quote: MOST, last_trade: Some(471_239), day: 19_634, turned_over: wide };
        assert_eq!(PositionPacking::unpack(PositionPacking::pack(last)), last);
    }

    #[test]
    fn hours_come_back() {
        let wide = 0xffffffffffffffffffffffffffffffff;
        for hour in [
            None, Some(Hourly { hour: 0, nav: 0, cap: 0, deposited: 0, redeemed: 0, swept: false }),
            Some(Hourly { hour: 0xffffffffffffffff, nav: MOST, cap: wide, deposited: wide, redeemed: wide, swept: true }),
        ].span() {
            assert_eq!(HourlyPacking::unpack(HourlyPacking::pack(*hour)), *hour);
        }
        assert_eq!(HourlyPacking::unpack((0, 0, 0, 0)), None);
    }

    #[test]
    fn last_hours_come_back() {
        let never = LastHours { step: None, raise: None, unwind: None, reward: None };
        assert_eq!(LastHoursPacking::unpack(LastHoursPacking::pack(never)), never);
        assert!(LastHoursPacking::pack(never) != 0);
        let most = 0xffffffffffffffff / 3_600;
        for hours in [
            LastHours { step: Some(most), ..never }, LastHours { raise: Some(most), ..never }, LastHours { unwind: Some(most), ..never },
            LastHours { reward: Some(most), ..never }, LastHours { step: Some(0), raise: Some(1), unwind: Some(2), reward: Some(most) },
        ].span() {
            assert_eq!(LastHoursPacking::unpack(LastHoursPacking::pack(*hours)), *hours);
        }
    }

    #[test]
    fn marks_epochs_and_links_come_back() {
        let mark = HighWater { peak: 0xffffffffffffffffffffffffffffffff, breaches: 255, last: 0xfffffffffffffffffffffffffffffffe };
        assert_eq!(HighWaterPacking::unpack(HighWaterPacking::pack(mark)), mark);
        for refunded in [false, true].span() {
            let epoch = Epoch { total: MOST, filled: MOST - 1, proceeds: MOST, newest: 0xffffffffffffffff, refunded: *refunded };
            assert_eq!(EpochPacking::unpack(EpochPacking::pack(epoch)), epoch);
        }
        let links = Links { previous: 0xffffffffffffffff, next: 0xfffffffffffffffe };
        assert_eq!(LinksPacking::unpack(LinksPacking::pack(links)), links);
        let untouched = Epoch { total: 0, filled: 0, proceeds: 0, newest: 0, refunded: false };
        assert_eq!(EpochPacking::unpack((0, 0)), untouched);
    }

    #[test]
    fn rules_come_back() {
        let (a, b) = (InputRule { scale: -62, lo: -0x80000000, hi: 0x7fffffff }, InputRule { scale: 62, lo: 0, hi: 1 });
        for (rules, runs) in [
            ([].span(), [].span()), ([a].span(), [Run { values: 1, rule: a }].span()),
            ([a, a, b, a].span(), [Run { values: 2, rule: a }, Run { values: 1, rule: b }, Run { values: 1, rule: a }].span()),
            ([b, b, b].span(), [Run { values: 3, rule: b }].span()),
        ].span() {
            assert_eq!(runs_of(*rules), *runs);
            assert_eq!(rules_of(*runs), *rules);
        }
    }
}
