//! Limits: how much of what a decision asks for is traded. In Rust: `limits.rs`.
use core::cmp::{max, min};
use core::num::traits::{CheckedAdd, CheckedSub};
use crate::errors::Errors;
use crate::math::{MAX_AMOUNT, Rate, base_floor, share_floor, value_floor};
use crate::policy::Target;

/// Hours of a UTC day.
const DAY: u64 = 24;

/// What a strategy may do at most. Shares are in basis points (bps) of the vault's net asset value (NAV).
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Limits {
    /// The largest share in the base token that a decision may ask for, 1 to 10,000; more is taken for this.
    pub max_weight_bps: u16,
    /// The largest trade, 1 to 10,000.
    pub max_trade_bps: u16,
    /// The largest sum of all trades of a UTC day, `max_trade_bps` to 240,000.
    pub max_turnover_bps: u32,
    /// Hours from a trade to the next one: 0 and 1 allow a trade each hour.
    pub cooldown_hours: u32,
    /// Smaller trades are not made. 1 to `max_trade_bps`.
    pub min_trade_bps: u16,
    /// How far below the quote a trade may be filled at the start of an hour. The floor decays from there to `max_slip_bps`.
    pub min_slip_bps: u16,
    /// How far below the quote a trade may be filled at last, 1 to 100.
    pub max_slip_bps: u16,
    /// How far a fresh quote may be from the recorded price, 1 to 1,000.
    pub max_drift_bps: u16,
    /// How far the value of a share may fall below its highest, 1 to 10,000.
    pub max_drawdown_bps: u16,
    /// How many features may be clamped; if there are more, the decision is to hold.
    pub max_saturated: u32,
    /// The largest NAV that deposits may lead to, in the quote token's smallest unit, 1 to 2^112 - 1.
    pub deposit_cap: u128,
}

/// What a strategy holds, and what its limits remember.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Position {
    /// The amount of the base token.
    pub base: u128,
    /// The amount of the quote token.
    pub quote: u128,
    /// The hour of the last trade, in hours after 1970-01-01T00:00:00Z.
    pub last_trade: Option<u64>,
    /// The UTC day of the last trade, in days after 1970-01-01.
    pub day: u64,
    /// What was traded on that day, in the quote token.
    pub turned_over: u128,
}

/// A sale.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Sale {
    /// The amount of the base token.
    pub base: u128,
    /// What that is worth in the quote token, rounded down.
    pub value: u128,
}

/// What is to be done at an hour.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Plan {
    /// Nothing, for this reason.
    Hold: Reason,
    /// Give so much of the quote token for the base token.
    Buy: u128,
    /// Give so much of the base token for the quote token.
    Sell: Sale,
}

/// Why nothing is traded. Each follows from what is stored, and uses the hour up.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Reason {
    /// More features were clamped than may be.
    Saturated,
    /// The policy says so.
    Policy,
    /// The trade would be smaller than the least one, or worth nothing.
    Small,
    /// The last trade is too recent.
    Cooldown,
    /// The day's turnover is used up.
    Turnover,
}

/// Checks that each limit is within its bounds.
///
/// Panics if one is not.
pub fn check(limits: Limits) {
    let Limits { max_weight_bps, max_trade_bps, max_turnover_bps, max_slip_bps, .. } = limits;
    assert(1 <= max_weight_bps && max_weight_bps <= 10_000, Errors::BAD_MAX_WEIGHT);
    assert(1 <= max_trade_bps && max_trade_bps <= 10_000, Errors::BAD_MAX_TRADE);
    assert(1 <= limits.min_trade_bps && limits.min_trade_bps <= max_trade_bps, Errors::BAD_MIN_TRADE);
    assert(max_trade_bps.into() <= max_turnover_bps && max_turnover_bps <= 240_000, Errors::BAD_MAX_TURNOVER);
    assert(limits.cooldown_hours <= 8_760, Errors::BAD_COOLDOWN);
    assert(1 <= max_slip_bps && max_slip_bps <= 100, Errors::BAD_MAX_SLIP);
    assert(limits.min_slip_bps <= max_slip_bps, Errors::BAD_MIN_SLIP);
    assert(1 <= limits.max_drift_bps && limits.max_drift_bps <= 1_000, Errors::BAD_MAX_DRIFT);
    assert(1 <= limits.max_drawdown_bps && limits.max_drawdown_bps <= 10_000, Errors::BAD_MAX_DRAWDOWN);
    assert(1 <= limits.deposit_cap && limits.deposit_cap <= MAX_AMOUNT, Errors::BAD_DEPOSIT_CAP);
}

/// What is to be done at an hour, where the policy has this target. Nothing if an amount has more than 128 bits.
pub fn plan(limits: Limits, position: Position, rate: Rate, hour: u64, target: Target, saturated: u32) -> Option<Plan> {
    if saturated > limits.max_saturated {
        return Some(Plan::Hold(Reason::Saturated));
    }
    let weight = match target {
        Target::Weight(weight) => weight,
        Target::Hold => { return Some(Plan::Hold(Reason::Policy)); },
    };
    let value = value_floor(rate, position.base)?;
    let nav = value.checked_add(position.quote)?;
    let wanted = share_floor(nav, min(weight, limits.max_weight_bps).into())?;
    // Both floors, so that the largest trade is never below the least one, even if their shares are the same.
    let least = max(share_floor(nav, limits.min_trade_bps.into())?, 1);
    let (is_buy, change) = if wanted > value {
        (true, wanted - value)
    } else {
        (false, value - wanted)
    };
    let change = min(change, share_floor(nav, limits.max_trade_bps.into())?);
    if change < least {
        return Some(Plan::Hold(Reason::Small));
    }
    if let Some(last) = position.last_trade {
        // None since an hour that is not earlier.
        let since = hour.checked_sub(last).unwrap_or(0);
        if since < limits.cooldown_hours.into() {
            return Some(Plan::Hold(Reason::Cooldown));
        }
    }
    let allowed = share_floor(nav, limits.max_turnover_bps)?;
    let left = allowed.checked_sub(turned_over_on(position, hour / DAY)).unwrap_or(0);
    let amount = min(change, left);
    if amount < least {
        return Some(Plan::Hold(Reason::Turnover));
    }
    // A weight is at most 10,000, so that `wanted <= nav`, and a buy is at most `nav - value`, which is all of the quote token.
    if is_buy {
        Some(Plan::Buy(amount))
    } else {
        sale(position, rate, value, amount)
    }
}

/// What an unwinding vault sells in an hour: all of the base token, or what is worth the largest trade. Cooldown and turnover do not
/// count. Nothing if an amount has more than 128 bits.
pub fn unwind(limits: Limits, position: Position, rate: Rate) -> Option<Plan> {
    let value = value_floor(rate, position.base)?;
    let most = share_floor(value.checked_add(position.quote)?, limits.max_trade_bps.into())?;
    sale(position, rate, value, most)
}

/// A sale of base tokens that are worth at most so much, or of all of them, which are worth `value`. What is worth nothing is not sold.
fn sale(position: Position, rate: Rate, value: u128, most: u128) -> Option<Plan> {
    let sale = if most >= value {
        // Rounding would leave dust.
        Sale { base: position.base, value }
    } else {
        // Not more than is held: `most * den / num < value * den / num <= base`. It can be worth less than `most` by almost one unit of
        // the base token.
        let base = base_floor(rate, most)?;
        Sale { base, value: value_floor(rate, base)? }
    };
    Some(if sale.value == 0 {
        Plan::Hold(Reason::Small)
    } else {
        Plan::Sell(sale)
    })
}

/// What was traded on a UTC day, if that is the day of the last trade.
pub fn turned_over_on(position: Position, day: u64) -> u128 {
    if position.day == day {
        position.turned_over
    } else {
        0
    }
}

/// The position after a plan was filled at an hour, and gave so much of the other token. Nothing on overflow, or if more is given than is
/// held.
pub fn filled(position: Position, plan: Plan, received: u128, hour: u64) -> Option<Position> {
    let (base, quote, value) = match plan {
        Plan::Hold(_) => { return Some(position); },
        Plan::Buy(quote) => (position.base.checked_add(received)?, position.quote.checked_sub(quote)?, quote),
        Plan::Sell(sale) => (position.base.checked_sub(sale.base)?, position.quote.checked_add(received)?, sale.value),
    };
    let day = hour / DAY;
    let turned_over = turned_over_on(position, day).checked_add(value)?;
    Some(Position { base, quote, last_trade: Some(hour), day, turned_over })
}

#[cfg(test)]
mod tests {
    use crate::math::{Rate, rate};
    use crate::policy::Target;
    use super::{Limits, Plan, Position, Reason, Sale, filled, plan, unwind};

    const ETH: u128 = 1_000_000_000_000_000_000;
    const USDC: u128 = 1_000_000;
    const WIDE: u128 = 0xffffffffffffffffffffffffffffffff;
    const DAY: u64 = 19_000;
    const NOON: u64 = 456_012;

    fn limits() -> Limits {
        Limits {
            max_weight_bps: 8_000,
            max_trade_bps: 2_000,
            max_turnover_bps: 5_000,
            cooldown_hours: 4,
            min_trade_bps: 100,
            min_slip_bps: 10,
            max_slip_bps: 50,
            max_drift_bps: 100,
            max_drawdown_bps: 2_000,
            max_saturated: 3,
            deposit_cap: 1_000_000 * USDC,
        }
    }

    /// 2,000 USDC for one ETH.
    fn eth() -> Rate {
        rate(200_000_000_000, 100_000_000, 18, 6).unwrap()
    }

    fn holding(base: u128, quote: u128) -> Position {
        Position { base, quote, last_trade: None, day: 0, turned_over: 0 }
    }

    /// 10,000 USDC after a trade so many hours before noon.
    fn traded(hours: u64, turned_over: u128) -> Position {
        let last = NOON - hours;
        Position { base: 0, quote: 10_000 * USDC, last_trade: Some(last), day: last / 24, turned_over }
    }

    /// What is to be done at noon, where the policy asks for this weight.
    fn plan_for(limits: Limits, position: Position, weight: u16) -> Option<Plan> {
        plan(limits, position, eth(), NOON, Target::Weight(weight), 0)
    }

    fn sell(base: u128, value: u128) -> Option<Plan> {
        Some(Plan::Sell(Sale { base, value }))
    }

    #[test]
    fn a_decision_trades_towards_its_weight() {
        assert_eq!(plan_for(limits(), holding(0, 10_000 * USDC), 1_234), Some(Plan::Buy(1_234 * USDC)));
        assert_eq!(plan_for(limits(), holding(ETH, 8_000 * USDC), 1_234), sell(383_000_000_000_000_000, 766 * USDC));
        assert_eq!(plan_for(limits(), holding(ETH, 8_000 * USDC), 2_000), Some(Plan::Hold(Reason::Small)));
    }

    #[test]
    fn no_trade_is_larger_than_the_largest() {
        assert_eq!(plan_for(limits(), holding(0, 10_000 * USDC), 10_000), Some(Plan::Buy(2_000 * USDC)));
        assert_eq!(plan_for(limits(), holding(4 * ETH, 2_000 * USDC), 0), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn more_than_the_largest_weight_is_taken_for_it() {
        let limits = Limits { max_trade_bps: 10_000, max_turnover_bps: 10_000, ..limits() };
        assert_eq!(plan_for(limits, holding(0, 10_000 * USDC), 10_000), Some(Plan::Buy(8_000 * USDC)));
        assert_eq!(plan_for(limits, holding(5 * ETH, 0), 10_000), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn reasons_come_in_their_order() {
        let held = |target, saturated| plan(limits(), traded(0, WIDE), eth(), NOON, target, saturated);
        assert_eq!(held(Target::Hold, 4), Some(Plan::Hold(Reason::Saturated)));
        assert_eq!(held(Target::Hold, 3), Some(Plan::Hold(Reason::Policy)));
        assert_eq!(held(Target::Weight(99), 3), Some(Plan::Hold(Reason::Small)));
        assert_eq!(held(Target::Weight(100), 3), Some(Plan::Hold(Reason::Cooldown)));
        assert_eq!(plan_for(limits(), traded(4, WIDE), 100), Some(Plan::Hold(Reason::Turnover)));
    }

    #[test]
    fn smaller_trades_than_the_least_are_not_made() {
        assert_eq!(plan_for(limits(), holding(0, 10_000 * USDC), 100), Some(Plan::Buy(100 * USDC)));
        assert_eq!(plan_for(limits(), holding(0, 10_000 * USDC), 99), Some(Plan::Hold(Reason::Small)));
        // A trade of nothing is never made.
        assert_eq!(plan_for(limits(), holding(0, 4), 10_000), Some(Plan::Hold(Reason::Small)));
        assert_eq!(plan_for(limits(), holding(0, 5), 10_000), Some(Plan::Buy(1)));
    }

    #[test]
    fn a_cooldown_of_four_hours_ends_in_the_fourth() {
        assert_eq!(plan_for(limits(), traded(3, 0), 10_000), Some(Plan::Hold(Reason::Cooldown)));
        assert_eq!(plan_for(limits(), traded(4, 0), 10_000), Some(Plan::Buy(2_000 * USDC)));
    }

    #[test]
    fn an_hour_before_the_last_trade_is_within_the_cooldown() {
        let position = Position { last_trade: Some(NOON + 1), ..traded(0, 0) };
        assert_eq!(plan_for(limits(), position, 10_000), Some(Plan::Hold(Reason::Cooldown)));
    }

    #[test]
    fn a_day_has_its_turnover_and_the_next_day_has_its_own() {
        assert_eq!(plan_for(limits(), traded(12, 4_900 * USDC), 10_000), Some(Plan::Buy(100 * USDC)));
        assert_eq!(plan_for(limits(), traded(12, 4_900 * USDC + 1), 10_000), Some(Plan::Hold(Reason::Turnover)));
        assert_eq!(plan_for(limits(), traded(13, WIDE), 10_000), Some(Plan::Buy(2_000 * USDC)));
    }

    #[test]
    fn all_is_sold_with_what_rounding_would_leave() {
        let dust = 499_999_999;
        assert_eq!(plan_for(limits(), holding(ETH + dust, 10_000 * USDC), 0), sell(ETH + dust, 2_000 * USDC));
        assert_eq!(unwind(limits(), holding(ETH + dust, 8_000 * USDC), eth()), sell(ETH + dust, 2_000 * USDC));
        assert_eq!(unwind(limits(), holding(dust, 8_000 * USDC), eth()), Some(Plan::Hold(Reason::Small)));
        assert_eq!(unwind(limits(), holding(0, 8_000 * USDC), eth()), Some(Plan::Hold(Reason::Small)));
    }

    #[test]
    fn a_sale_is_worth_what_its_base_tokens_are() {
        let coarse = rate(100_000_000_000, 100_000_000, 0, 6).unwrap();
        let limits = Limits { max_trade_bps: 1_999, min_trade_bps: 1, ..limits() };
        assert_eq!(plan(limits, holding(10, 0), coarse, NOON, Target::Weight(0), 0), sell(1, 1_000 * USDC));
        assert_eq!(unwind(Limits { max_trade_bps: 999, ..limits }, holding(10, 0), coarse), Some(Plan::Hold(Reason::Small)));
    }

    #[test]
    fn unwinding_heeds_neither_cooldown_nor_turnover() {
        let position = Position { base: 4 * ETH, quote: 2_000 * USDC, ..traded(0, WIDE) };
        assert_eq!(unwind(limits(), position, eth()), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn amounts_of_more_than_128_bits_are_nothing() {
        let dear = rate(0xfffffffffffffff, 1, 0, 0).unwrap();
        assert_eq!(plan(limits(), holding(WIDE, 0), dear, NOON, Target::Weight(0), 0), None);
        assert_eq!(plan_for(limits(), holding(ETH, WIDE), 0), None);
        assert_eq!(plan_for(Limits { max_turnover_bps: 10_001, ..limits() }, holding(0, WIDE), 10_000), None);
        assert_eq!(unwind(limits(), holding(WIDE, 0), dear), None);
        assert_eq!(unwind(limits(), holding(ETH, WIDE), eth()), None);
    }

    #[test]
    fn fills_are_booked_on_their_day() {
        let before = Position { base: ETH, quote: 100, last_trade: Some(NOON - 1), day: DAY, turned_over: 7 };
        let noon = Position { last_trade: Some(NOON), ..before };
        assert_eq!(filled(before, Plan::Hold(Reason::Cooldown), 5, NOON), Some(before));
        assert_eq!(filled(before, Plan::Buy(100), 5, NOON), Some(Position { base: ETH + 5, quote: 0, turned_over: 107, ..noon }));
        let sold = Position { base: 0, quote: 129, turned_over: 37, ..noon };
        assert_eq!(filled(before, Plan::Sell(Sale { base: ETH, value: 30 }), 29, NOON), Some(sold));
        let tomorrow = Position { base: ETH + 5, quote: 99, last_trade: Some(NOON + 12), day: DAY + 1, turned_over: 1 };
        assert_eq!(filled(before, Plan::Buy(1), 5, NOON + 12), Some(tomorrow));
    }

    #[test]
    fn fills_of_more_than_is_held_or_more_than_fits_are_nothing() {
        let position = Position { base: 10, quote: 10, last_trade: None, day: DAY, turned_over: 7 };
        assert_eq!(filled(position, Plan::Buy(11), 1, NOON), None);
        assert_eq!(filled(position, Plan::Buy(1), WIDE - 9, NOON), None);
        assert_eq!(filled(position, Plan::Sell(Sale { base: 11, value: 1 }), 1, NOON), None);
        assert_eq!(filled(position, Plan::Sell(Sale { base: 1, value: 1 }), WIDE - 9, NOON), None);
        assert_eq!(filled(position, Plan::Sell(Sale { base: 1, value: WIDE - 6 }), 1, NOON), None);
    }
}
