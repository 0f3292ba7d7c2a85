//! Limits: how much of what a decision asks for is traded. `cairo/vault/src/limits.cairo` computes the same.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::hour::Hour;
use crate::math::{MAX_AMOUNT, share_floor};
use crate::policy::Target;
use crate::rate::Rate;

/// What a strategy may do at most. Shares of the value are in basis points (bps) of the vault's net asset value (NAV).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest share in the base token that a decision may ask for; more is taken for this.
    pub max_weight_bps: u16,
    /// The largest trade.
    pub max_trade_bps: u16,
    /// The largest sum of all trades of a UTC day. Two days adjoin, so that 24 hours in a row may see twice as much.
    pub max_turnover_bps: u32,
    /// Hours from a trade to the next one: 0 and 1 allow a trade each hour.
    pub cooldown_hours: u32,
    /// Smaller trades are not made.
    pub min_trade_bps: u16,
    /// How far below the quote a trade may be filled at the start of an hour. The floor decays from there to `max_slip_bps`.
    pub min_slip_bps: u16,
    /// How far below the quote a trade may be filled at last.
    pub max_slip_bps: u16,
    /// How far a fresh quote may be from the recorded price.
    pub max_drift_bps: u16,
    /// How far the value of a share may fall below its highest: twice in a row, and the vault halts for good.
    pub max_drawdown_bps: u16,
    /// How many features may be clamped; if there are more, the decision is to hold.
    pub max_saturated: u32,
    /// The largest NAV that deposits may lead to, in the quote token's smallest unit.
    #[serde(with = "crate::decimal")]
    pub deposit_cap: u128,
}

/// A limit is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field} is {found}, and must be {bounds}")]
pub struct LimitError {
    /// Which limit.
    pub field: &'static str,
    /// What it is.
    pub found: u128,
    /// What it may be.
    pub bounds: &'static str,
}

/// What a strategy holds, and what its limits remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The amount of the base token.
    #[serde(with = "crate::decimal")]
    pub base: u128,
    /// The amount of the quote token.
    #[serde(with = "crate::decimal")]
    pub quote: u128,
    /// The hour of the last trade.
    pub last_trade: Option<Hour>,
    /// The UTC day of the last trade.
    pub day: u64,
    /// What was traded on that day, in the quote token.
    #[serde(with = "crate::decimal")]
    pub turned_over: u128,
}

/// What is to be done at an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Nothing, for this reason.
    Hold(Reason),
    /// Give so much of the quote token for the base token.
    Buy {
        /// The amount of the quote token.
        #[serde(with = "crate::decimal")]
        quote: u128,
    },
    /// Give so much of the base token for the quote token.
    Sell {
        /// The amount of the base token.
        #[serde(with = "crate::decimal")]
        base: u128,
        /// What that is worth in the quote token, rounded down.
        #[serde(with = "crate::decimal")]
        value: u128,
    },
}

/// Why nothing is traded. Each follows from what is stored, and uses the hour up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Saturated, Self::Policy, Self::Small, Self::Cooldown, Self::Turnover];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saturated => "saturated",
            Self::Policy => "policy",
            Self::Small => "small",
            Self::Cooldown => "cooldown",
            Self::Turnover => "turnover",
        }
    }
}

impl Limits {
    /// Whether each limit is within its bounds.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<(), LimitError> {
        let within = |field, found: u128, lo: u128, hi: u128, bounds| {
            if (lo..=hi).contains(&found) { Ok(()) } else { Err(LimitError { field, found, bounds }) }
        };
        within("max_weight_bps", self.max_weight_bps.into(), 1, 10_000, "1 to 10000")?;
        within("max_trade_bps", self.max_trade_bps.into(), 1, 10_000, "1 to 10000")?;
        within("min_trade_bps", self.min_trade_bps.into(), 1, self.max_trade_bps.into(), "at least 1 and at most max_trade_bps")?;
        within(
            "max_turnover_bps",
            self.max_turnover_bps.into(),
            self.max_trade_bps.into(),
            240_000,
            "at least max_trade_bps and at most 240000",
        )?;
        within("cooldown_hours", self.cooldown_hours.into(), 0, 8_760, "at most 8760")?;
        within("max_slip_bps", self.max_slip_bps.into(), 1, 100, "1 to 100")?;
        within("min_slip_bps", self.min_slip_bps.into(), 0, self.max_slip_bps.into(), "at most max_slip_bps")?;
        within("max_drift_bps", self.max_drift_bps.into(), 1, 1_000, "1 to 1000")?;
        within("max_drawdown_bps", self.max_drawdown_bps.into(), 1, 10_000, "1 to 10000")?;
        within("deposit_cap", self.deposit_cap, 1, MAX_AMOUNT, "at least 1 and less than 2^112")
    }

    /// What is to be done at an hour, where the policy has this target. Nothing if an amount has more than 128 bits.
    pub fn plan(&self, position: &Position, rate: &Rate, hour: Hour, target: Target, saturated: u32) -> Option<Plan> {
        if saturated > self.max_saturated {
            return Some(Plan::Hold(Reason::Saturated));
        }
        let Target::Weight(weight) = target else { return Some(Plan::Hold(Reason::Policy)) };
        let value = rate.value_floor(position.base)?;
        let nav = value.checked_add(position.quote)?;
        let wanted = share_floor(nav, weight.min(self.max_weight_bps).into())?;
        // Both floors, so that the largest trade is never below the least one, even if their shares are the same.
        let least = share_floor(nav, self.min_trade_bps.into())?.max(1);
        let change = wanted.abs_diff(value).min(share_floor(nav, self.max_trade_bps.into())?);
        if change < least {
            return Some(Plan::Hold(Reason::Small));
        }
        if position.last_trade.is_some_and(|last| hour.since(last) < self.cooldown_hours.into()) {
            return Some(Plan::Hold(Reason::Cooldown));
        }
        let left = share_floor(nav, self.max_turnover_bps)?.saturating_sub(position.turned_over_on(hour.day()));
        let amount = change.min(left);
        if amount < least {
            return Some(Plan::Hold(Reason::Turnover));
        }
        // A weight is at most 10,000, so that `wanted <= nav`, and a buy is at most `nav - value`, which is all of the quote token.
        if wanted > value { Some(Plan::Buy { quote: amount }) } else { sale(position, rate, value, amount) }
    }
}

/// What an unwinding vault sells in an hour: all of the base token, or what is worth the largest trade. Cooldown and turnover do not
/// count. Nothing if an amount has more than 128 bits.
pub fn unwind(limits: &Limits, position: &Position, rate: &Rate) -> Option<Plan> {
    let value = rate.value_floor(position.base)?;
    let most = share_floor(value.checked_add(position.quote)?, limits.max_trade_bps.into())?;
    sale(position, rate, value, most)
}

/// A sale of base tokens that are worth at most so much, or of all of them, which are worth `value`. What is worth nothing is not sold.
fn sale(position: &Position, rate: &Rate, value: u128, most: u128) -> Option<Plan> {
    let (base, value) = if most >= value {
        // Rounding would leave dust.
        (position.base, value)
    } else {
        // Not more than is held: `most * den / num < value * den / num <= base`. It can be worth less than `most` by almost one unit of the
        // base token.
        let base = rate.base_floor(most)?;
        (base, rate.value_floor(base)?)
    };
    Some(if value == 0 { Plan::Hold(Reason::Small) } else { Plan::Sell { base, value } })
}

impl Position {
    /// What was traded on a UTC day, if that is the day of the last trade.
    pub fn turned_over_on(&self, day: u64) -> u128 {
        if self.day == day { self.turned_over } else { 0 }
    }

    /// The position after a plan was filled at an hour, and gave so much of the other token. Nothing on overflow, or if more is given than
    /// is held.
    pub fn filled(&self, plan: Plan, received: u128, hour: Hour) -> Option<Self> {
        let (base, quote, value) = match plan {
            Plan::Hold(_) => return Some(*self),
            Plan::Buy { quote } => (self.base.checked_add(received)?, self.quote.checked_sub(quote)?, quote),
            Plan::Sell { base, value } => (self.base.checked_sub(base)?, self.quote.checked_add(received)?, value),
        };
        let turned_over = self.turned_over_on(hour.day()).checked_add(value)?;
        Some(Self { base, quote, last_trade: Some(hour), day: hour.day(), turned_over })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::Observation;
    use crate::math::mul_div_floor;
    use crate::price::{Price, USD};
    use crate::rate::{Pair, Token};

    const ETH: u128 = 1_000_000_000_000_000_000;
    const USDC: u128 = 1_000_000;
    const NOON: u64 = 24 * 19_000 + 12;

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

    fn rate(base_price: u64, quote_price: u64, base_decimals: u8, quote_decimals: u8) -> Option<Rate> {
        let token = |decimals| Token { symbol: "T".to_owned(), decimals };
        let pair = Pair { base: token(base_decimals), quote: token(quote_decimals) };
        let price = |units| Price::new(units).unwrap();
        pair.rate(&Observation { hour: hour(0), base: price(base_price), quote: price(quote_price) })
    }

    /// 2,000 USDC for one ETH.
    fn eth() -> Rate {
        rate(2_000 * USD, USD, 18, 6).unwrap()
    }

    fn hour(count: u64) -> Hour {
        Hour::new(count).unwrap()
    }

    fn holding(base: u128, quote: u128) -> Position {
        Position { base, quote, ..Position::default() }
    }

    /// 10,000 USDC after a trade so many hours before noon.
    fn traded(hours: u64, turned_over: u128) -> Position {
        let last = hour(NOON - hours);
        Position { last_trade: Some(last), day: last.day(), turned_over, ..holding(0, 10_000 * USDC) }
    }

    /// What is to be done at noon, where the policy asks for this weight.
    fn plan(limits: &Limits, position: &Position, weight: u16) -> Option<Plan> {
        limits.plan(position, &eth(), hour(NOON), Target::Weight(weight), 0)
    }

    fn buy(quote: u128) -> Option<Plan> {
        Some(Plan::Buy { quote })
    }

    fn sell(base: u128, value: u128) -> Option<Plan> {
        Some(Plan::Sell { base, value })
    }

    fn hold(reason: Reason) -> Option<Plan> {
        Some(Plan::Hold(reason))
    }

    #[test]
    fn each_limit_has_bounds_that_are_allowed_and_no_more() {
        type Change = fn(&mut Limits);
        let allowed: [Change; 17] = [
            |limits| limits.max_weight_bps = 1,
            |limits| limits.max_weight_bps = 10_000,
            |limits| (limits.max_trade_bps, limits.min_trade_bps) = (1, 1),
            |limits| (limits.max_trade_bps, limits.max_turnover_bps) = (10_000, 10_000),
            |limits| limits.min_trade_bps = 1,
            |limits| limits.min_trade_bps = 2_000,
            |limits| limits.max_turnover_bps = 2_000,
            |limits| limits.max_turnover_bps = 240_000,
            |limits| limits.cooldown_hours = 0,
            |limits| limits.cooldown_hours = 8_760,
            |limits| (limits.min_slip_bps, limits.max_slip_bps) = (0, 1),
            |limits| (limits.min_slip_bps, limits.max_slip_bps) = (100, 100),
            |limits| (limits.max_drift_bps, limits.max_drawdown_bps) = (1, 1),
            |limits| (limits.max_drift_bps, limits.max_drawdown_bps) = (1_000, 10_000),
            |limits| limits.deposit_cap = 1,
            |limits| limits.deposit_cap = MAX_AMOUNT,
            |limits| limits.max_saturated = u32::MAX,
        ];
        for (at, change) in allowed.iter().enumerate() {
            let mut limits = limits();
            change(&mut limits);
            assert_eq!(limits.check(), Ok(()), "change {at}");
        }
        let refused: [(&str, u128, Change); 18] = [
            ("max_weight_bps", 0, |limits| limits.max_weight_bps = 0),
            ("max_weight_bps", 10_001, |limits| limits.max_weight_bps = 10_001),
            ("max_trade_bps", 0, |limits| limits.max_trade_bps = 0),
            ("max_trade_bps", 10_001, |limits| (limits.max_trade_bps, limits.max_turnover_bps) = (10_001, 10_001)),
            ("min_trade_bps", 0, |limits| limits.min_trade_bps = 0),
            ("min_trade_bps", 2_001, |limits| limits.min_trade_bps = 2_001),
            ("max_turnover_bps", 1_999, |limits| limits.max_turnover_bps = 1_999),
            ("max_turnover_bps", 240_001, |limits| limits.max_turnover_bps = 240_001),
            ("cooldown_hours", 8_761, |limits| limits.cooldown_hours = 8_761),
            ("max_slip_bps", 0, |limits| (limits.min_slip_bps, limits.max_slip_bps) = (0, 0)),
            ("max_slip_bps", 101, |limits| limits.max_slip_bps = 101),
            ("min_slip_bps", 51, |limits| limits.min_slip_bps = 51),
            ("max_drift_bps", 0, |limits| limits.max_drift_bps = 0),
            ("max_drift_bps", 1_001, |limits| limits.max_drift_bps = 1_001),
            ("max_drawdown_bps", 0, |limits| limits.max_drawdown_bps = 0),
            ("max_drawdown_bps", 10_001, |limits| limits.max_drawdown_bps = 10_001),
            ("deposit_cap", 0, |limits| limits.deposit_cap = 0),
            ("deposit_cap", 1 << 112, |limits| limits.deposit_cap = 1 << 112),
        ];
        for (field, found, change) in refused {
            let mut limits = limits();
            change(&mut limits);
            let error = limits.check().unwrap_err();
            assert_eq!((error.field, error.found), (field, found));
            assert!(error.to_string().starts_with(&format!("{field} is {found}, and must be ")), "{error}");
        }
    }

    #[test]
    fn a_decision_trades_towards_its_weight() {
        assert_eq!(plan(&limits(), &holding(0, 10_000 * USDC), 1_234), buy(1_234 * USDC));
        assert_eq!(plan(&limits(), &holding(ETH, 8_000 * USDC), 1_234), sell(383 * ETH / 1_000, 766 * USDC));
        assert_eq!(plan(&limits(), &holding(ETH, 8_000 * USDC), 2_000), hold(Reason::Small));
    }

    #[test]
    fn no_trade_is_larger_than_the_largest() {
        assert_eq!(plan(&limits(), &holding(0, 10_000 * USDC), 10_000), buy(2_000 * USDC));
        assert_eq!(plan(&limits(), &holding(4 * ETH, 2_000 * USDC), 0), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn more_than_the_largest_weight_is_taken_for_it() {
        let limits = Limits { max_trade_bps: 10_000, max_turnover_bps: 10_000, ..limits() };
        assert_eq!(plan(&limits, &holding(0, 10_000 * USDC), 10_000), buy(8_000 * USDC));
        assert_eq!(plan(&limits, &holding(5 * ETH, 0), 10_000), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn clamped_features_and_the_policy_hold_before_all_else() {
        let held = |target, saturated| limits().plan(&traded(0, u128::MAX), &eth(), hour(NOON), target, saturated);
        assert_eq!(held(Target::Weight(0), 4), hold(Reason::Saturated));
        assert_eq!(held(Target::Hold, 4), hold(Reason::Saturated));
        assert_eq!(held(Target::Hold, 3), hold(Reason::Policy));
        assert_eq!(held(Target::Weight(0), 3), hold(Reason::Small));
        // Before amounts that do not fit.
        let wide = holding(u128::MAX, u128::MAX);
        assert_eq!(limits().plan(&wide, &eth(), hour(NOON), Target::Hold, 0), hold(Reason::Policy));
    }

    #[test]
    fn smaller_trades_than_the_least_are_not_made() {
        assert_eq!(plan(&limits(), &holding(0, 10_000 * USDC), 100), buy(100 * USDC));
        assert_eq!(plan(&limits(), &holding(0, 10_000 * USDC), 99), hold(Reason::Small));
        assert_eq!(plan(&limits(), &holding(ETH, 8_000 * USDC), 1_900), sell(ETH / 20, 100 * USDC));
        assert_eq!(plan(&limits(), &holding(ETH, 8_000 * USDC), 1_901), hold(Reason::Small));
        // A trade of nothing is never made, however small the least one is.
        assert_eq!([4, 5].map(|quote| plan(&limits(), &holding(0, quote), 10_000)), [hold(Reason::Small), buy(1)]);
        // Small comes before cooldown.
        assert_eq!(plan(&limits(), &traded(1, 0), 99), hold(Reason::Small));
    }

    #[test]
    fn the_least_trade_can_be_the_largest() {
        let limits = Limits { min_trade_bps: 2_000, ..limits() };
        assert_eq!(plan(&limits, &holding(0, 9_999_999_999), 10_000), buy(1_999_999_999));
        let position = holding(3 * ETH, 3_999_999_999);
        assert!(matches!(plan(&limits, &position, 0), Some(Plan::Sell { value: 1_999_999_999, .. })), "{:?}", plan(&limits, &position, 0));
    }

    #[test]
    fn a_cooldown_of_four_hours_ends_in_the_fourth() {
        assert_eq!(
            [0, 3, 4].map(|hours| plan(&limits(), &traded(hours, 0), 10_000)),
            [hold(Reason::Cooldown), hold(Reason::Cooldown), buy(2_000 * USDC)]
        );
        let limits = |cooldown_hours| Limits { cooldown_hours, ..limits() };
        assert_eq!(plan(&limits(1), &traded(1, 0), 10_000), buy(2_000 * USDC));
        assert_eq!([0, 1].map(|cooldown| plan(&limits(cooldown), &traded(0, 0), 10_000)), [buy(2_000 * USDC), hold(Reason::Cooldown)]);
        // Cooldown comes before turnover.
        assert_eq!(plan(&limits(4), &traded(3, 5_000 * USDC), 10_000), hold(Reason::Cooldown));
    }

    #[test]
    fn a_day_has_its_turnover_and_the_next_day_has_its_own() {
        let after = |hours, turned_over| plan(&limits(), &traded(hours, turned_over), 10_000);
        assert_eq!(after(12, 3_000 * USDC), buy(2_000 * USDC));
        assert_eq!(after(12, 4_000 * USDC), buy(1_000 * USDC));
        assert_eq!(after(12, 4_900 * USDC), buy(100 * USDC));
        assert_eq!(after(12, 4_900 * USDC + 1), hold(Reason::Turnover));
        assert_eq!(after(12, u128::MAX), hold(Reason::Turnover));
        assert_eq!(after(13, u128::MAX), buy(2_000 * USDC));
    }

    #[test]
    fn all_is_sold_with_what_rounding_would_leave() {
        let dust = 499_999_999;
        assert_eq!(plan(&limits(), &holding(ETH + dust, 10_000 * USDC), 0), sell(ETH + dust, 2_000 * USDC));
        assert_eq!(unwind(&limits(), &holding(ETH + dust, 8_000 * USDC), &eth()), sell(ETH + dust, 2_000 * USDC));
        // But nothing is sold that is worth nothing.
        assert_eq!(plan(&limits(), &holding(dust, 0), 0), hold(Reason::Small));
        for base in [0, dust] {
            assert_eq!(unwind(&limits(), &holding(base, 8_000 * USDC), &eth()), hold(Reason::Small), "{base}");
        }
    }

    #[test]
    fn a_sale_is_worth_what_its_base_tokens_are() {
        let coarse = rate(1_000 * USD, USD, 0, 6).unwrap();
        let sale = |max_trade_bps| {
            let limits = Limits { max_trade_bps, min_trade_bps: 1, ..limits() };
            let planned = limits.plan(&holding(10, 0), &coarse, hour(NOON), Target::Weight(0), 0);
            assert_eq!(unwind(&limits, &holding(10, 0), &coarse), planned, "{max_trade_bps}");
            planned
        };
        assert_eq!(
            [999, 1_000, 1_999, 2_000].map(sale),
            [hold(Reason::Small), sell(1, 1_000 * USDC), sell(1, 1_000 * USDC), sell(2, 2_000 * USDC)]
        );
    }

    #[test]
    fn unwinding_heeds_neither_cooldown_nor_turnover() {
        let position = Position { base: 4 * ETH, quote: 2_000 * USDC, ..traded(0, u128::MAX) };
        assert_eq!(unwind(&limits(), &position, &eth()), sell(ETH, 2_000 * USDC));
    }

    #[test]
    fn amounts_of_more_than_128_bits_are_nothing() {
        let most = u128::MAX;
        let dear = rate(Price::MAX.units(), 1, 0, 0).unwrap();
        let plan_at = |rate: &Rate, position, limits: &Limits| limits.plan(&position, rate, hour(NOON), Target::Weight(5_000), 0);
        assert_eq!(plan_at(&dear, holding(most, 0), &limits()), None);
        assert_eq!(plan_at(&eth(), holding(ETH, most), &limits()), None);
        assert_eq!(plan_at(&eth(), holding(0, most), &Limits { max_turnover_bps: 10_001, ..limits() }), None);
        assert!(plan_at(&eth(), holding(0, most), &Limits { max_turnover_bps: 10_000, ..limits() }).is_some());
        assert_eq!(unwind(&limits(), &holding(most, 0), &dear), None);
        assert_eq!(unwind(&limits(), &holding(ETH, most), &eth()), None);
    }

    #[test]
    fn fills_are_booked_on_their_day() {
        let before = Position { base: ETH, quote: 100, last_trade: Some(hour(NOON - 1)), day: 19_000, turned_over: 7 };
        let noon = Position { last_trade: Some(hour(NOON)), ..before };
        let fill = |plan, received, at| before.filled(plan, received, hour(at));
        assert_eq!(fill(Plan::Hold(Reason::Cooldown), 5, NOON), Some(before));
        assert_eq!(fill(Plan::Buy { quote: 100 }, 5, NOON), Some(Position { base: ETH + 5, quote: 0, turned_over: 107, ..noon }));
        assert_eq!(fill(Plan::Sell { base: ETH, value: 30 }, 29, NOON), Some(Position { base: 0, quote: 129, turned_over: 37, ..noon }));
        let tomorrow = hour(NOON + 12);
        let expected = Position { base: ETH + 5, quote: 99, last_trade: Some(tomorrow), day: 19_001, turned_over: 1 };
        assert_eq!(fill(Plan::Buy { quote: 1 }, 5, NOON + 12), Some(expected));
    }

    #[test]
    fn fills_of_more_than_is_held_or_more_than_fits_are_nothing() {
        let position = Position { base: 10, quote: 10, last_trade: None, day: 19_000, turned_over: 7 };
        let most = u128::MAX;
        let faults = [
            (Plan::Buy { quote: 11 }, 1),
            (Plan::Buy { quote: 1 }, most - 9),
            (Plan::Sell { base: 11, value: 1 }, 1),
            (Plan::Sell { base: 1, value: 1 }, most - 9),
            (Plan::Sell { base: 1, value: most - 6 }, 1),
        ];
        for (plan, received) in faults {
            assert_eq!(position.filled(plan, received, hour(NOON)), None, "{plan:?}, {received}");
        }
        assert!(position.filled(Plan::Sell { base: 10, value: most - 7 }, most - 10, hour(NOON)).is_some());
    }

    /// Limits that are within their bounds.
    fn any_limits() -> impl Strategy<Value = Limits> {
        let bps = prop_oneof![1..=10_000u16, Just(10_000), Just(2_000)];
        (bps.clone(), bps, any::<u16>(), prop_oneof![0..=240_000u32, Just(0), 0..=20_000u32], 0..5u32, 0..3u32).prop_map(
            |(max_weight_bps, max_trade_bps, least, more, cooldown_hours, max_saturated)| Limits {
                max_weight_bps,
                max_trade_bps,
                max_turnover_bps: (u32::from(max_trade_bps) + more).min(240_000),
                cooldown_hours,
                min_trade_bps: 1 + least % max_trade_bps,
                max_saturated,
                ..limits()
            },
        )
    }

    /// A rate, and a position of which both parts are worth something.
    fn any_holding() -> impl Strategy<Value = (Rate, u128, u128)> {
        let size = (0..112u32, any::<u128>()).prop_map(|(size, random)| (1 << size) | (random & ((1 << size) - 1)));
        let price = prop_oneof![1..=Price::MAX.units(), USD..=USD + 5_000, 1..=3_000 * USD];
        let pair = (price.clone(), price, 0..=24u8, 0..=24u8);
        (pair, size, 0..=10_000u32).prop_filter_map("no rate", |((base, quote, base_decimals, quote_decimals), worth, part)| {
            let rate = rate(base, quote, base_decimals, quote_decimals)?;
            let base = rate.base_floor(share_floor(worth, part)?)?;
            Some((rate, base, worth - rate.value_floor(base)?))
        })
    }

    fn any_target() -> impl Strategy<Value = Target> {
        prop_oneof![1 => Just(Target::Hold), 1 => Just(Target::Weight(0)), 6 => (0..=10_000u16).prop_map(Target::Weight)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// A few days of trades at a constant rate, each filled as it would be ideally.
        #[test]
        fn trades_stay_within_their_limits(
            limits in any_limits(),
            (rate, base, quote) in any_holding(),
            targets in prop::collection::vec(any_target(), 1..60),
        ) {
            prop_assert_eq!(limits.check(), Ok(()));
            let mut position = holding(base, quote);
            // Trades of the current day, summed here.
            let (mut day, mut turned_over) = (0, 0u128);
            for (target, at) in targets.into_iter().zip(NOON..) {
                let at = hour(at);
                if at.day() != day {
                    (day, turned_over) = (at.day(), 0);
                }
                let value = rate.value_floor(position.base).unwrap();
                let nav = value + position.quote;
                let Some(plan) = limits.plan(&position, &rate, at, target, 0) else {
                    // The allowed turnover alone can be too large for 128 bits.
                    prop_assert!(share_floor(nav, limits.max_turnover_bps).is_none());
                    continue;
                };
                let (traded, received) = match plan {
                    Plan::Hold(_) => continue,
                    Plan::Buy { quote } => {
                        prop_assert!(quote <= position.quote);
                        // Cheap base tokens can be more than 128 bits.
                        let Some(received) = rate.base_floor(quote) else { return Ok(()) };
                        (quote, received)
                    }
                    Plan::Sell { base, value } => {
                        prop_assert!(base <= position.base);
                        prop_assert_eq!(rate.value_floor(base), Some(value));
                        (value, value)
                    }
                };
                prop_assert!(traded > 0);
                prop_assert!(traded <= share_floor(nav, limits.max_trade_bps.into()).unwrap());
                turned_over += traded;
                prop_assert!(turned_over <= share_floor(nav, limits.max_turnover_bps).unwrap());
                prop_assert!(position.last_trade.is_none_or(|last| at.count() - last.count() >= limits.cooldown_hours.into()));

                let Some(after) = position.filled(plan, received, at) else {
                    prop_assert!(position.base.checked_add(received).is_none());
                    return Ok(());
                };
                prop_assert_eq!((after.day, after.turned_over, after.last_trade), (day, turned_over, Some(at)));
                let value_after = rate.value_floor(after.base).unwrap();
                let Target::Weight(weight) = target else { panic!("a hold has traded") };
                let wanted = share_floor(nav, weight.min(limits.max_weight_bps).into()).unwrap();
                // The value moves towards what is wanted, and never past it.
                match plan {
                    Plan::Buy { .. } => prop_assert!(value <= value_after && value_after <= wanted),
                    _ => prop_assert!(wanted <= value_after && value_after <= value),
                }
                prop_assert!(value_after <= value.max(share_floor(nav, limits.max_weight_bps.into()).unwrap()));
                position = after;
            }
        }

        /// Each reason is given where it holds and none before it does.
        #[test]
        fn reasons_come_in_their_order(
            limits in any_limits(),
            (rate, base, quote) in any_holding(),
            target in any_target(),
            saturated in 0..4u32,
            ago in prop::option::of(0..6u64),
            tenths in 0..=11u32,
        ) {
            let nav = rate.value_floor(base).unwrap() + quote;
            let turned_over = share_floor(nav, limits.max_turnover_bps / 10).and_then(|part| part.checked_mul(tenths.into())).unwrap_or(0);
            let last_trade = ago.map(|ago| hour(NOON - ago));
            let position = Position { base, quote, last_trade, day: hour(NOON).day(), turned_over };
            let plan = |limits: &Limits, position: &Position| limits.plan(position, &rate, hour(NOON), target, saturated);
            let Some(planned) = plan(&limits, &position) else { return Ok(()) };

            let is_saturated = saturated > limits.max_saturated;
            prop_assert_eq!(planned == Plan::Hold(Reason::Saturated), is_saturated);
            prop_assert_eq!(planned == Plan::Hold(Reason::Policy), !is_saturated && target == Target::Hold);
            let Target::Weight(weight) = target else { return Ok(()) };
            if is_saturated {
                return Ok(());
            }
            // What would be traded but for cooldown and turnover.
            let rested = Position { last_trade: None, turned_over: 0, ..position };
            let free = plan(&limits, &rested).unwrap();
            let wanted = mul_div_floor(nav, weight.min(limits.max_weight_bps).into(), 10_000).unwrap();
            let change = wanted.abs_diff(rate.value_floor(base).unwrap());
            let most = nav.checked_mul(limits.max_trade_bps.into()).map(|product| product / 10_000);
            let least = nav.checked_mul(limits.min_trade_bps.into()).map(|product| product / 10_000);
            let is_small = change.min(most.unwrap()) < least.unwrap().max(1);
            let is_recent = ago.is_some_and(|ago| ago < limits.cooldown_hours.into());
            if is_small {
                prop_assert_eq!(planned, Plan::Hold(Reason::Small));
                prop_assert_eq!(free, planned);
            } else if is_recent {
                prop_assert_eq!(planned, Plan::Hold(Reason::Cooldown));
            } else {
                prop_assert_ne!(planned, Plan::Hold(Reason::Cooldown));
                let allowed = share_floor(nav, limits.max_turnover_bps).unwrap();
                let is_used_up = turned_over > allowed || allowed - turned_over < least.unwrap().max(1);
                prop_assert_eq!(planned == Plan::Hold(Reason::Turnover), is_used_up);
            }
        }

        /// Unwinding sells everything, in pieces of at most the largest trade.
        #[test]
        fn unwinding_ends(limits in any_limits(), (rate, base, quote) in any_holding()) {
            let limits = Limits { max_trade_bps: limits.max_trade_bps.max(500), ..limits };
            let mut position = holding(base, quote);
            let mut pieces = 0;
            while let Plan::Sell { base, value } = unwind(&limits, &position, &rate).unwrap() {
                let nav = rate.value_floor(position.base).unwrap() + position.quote;
                prop_assert!(value <= share_floor(nav, limits.max_trade_bps.into()).unwrap());
                position = position.filled(Plan::Sell { base, value }, value, hour(NOON)).unwrap();
                pieces += 1;
                prop_assert!(pieces <= 200, "{:?} is left", position);
            }
            // What is left is worth nothing, or the largest trade is less than one unit of the base token is worth.
            let value = rate.value_floor(position.base).unwrap();
            let most = share_floor(value + position.quote, limits.max_trade_bps.into()).unwrap();
            prop_assert!(value == 0 || rate.base_floor(most).and_then(|base| rate.value_floor(base)) == Some(0));
        }
    }
}
