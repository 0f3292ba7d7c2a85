//! Limits: how much of what a decision asks for is traded. `cairo/vault/src/limits.cairo` computes the same.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::hour::Hour;
use crate::math::{MAX_AMOUNT, share_ceil, share_floor};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The amount of the base token.
    pub base: u128,
    /// The amount of the quote token.
    pub quote: u128,
    /// The hour of the last trade.
    pub last_trade: Option<Hour>,
    /// The UTC day of the last trade.
    pub day: u64,
    /// What was traded on that day, in the quote token.
    pub turned_over: u128,
}

/// What is to be done at an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Nothing, for this reason.
    Hold(Reason),
    /// Give so much of the quote token for the base token.
    Buy {
        /// The amount of the quote token.
        quote: u128,
    },
    /// Give so much of the base token for the quote token.
    Sell {
        /// The amount of the base token.
        base: u128,
        /// What it is worth, in the quote token.
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
    /// The trade would be smaller than the least one.
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
        let change = wanted.abs_diff(value);
        let least = share_ceil(nav, self.min_trade_bps.into())?.max(1);
        if change < least {
            return Some(Plan::Hold(Reason::Small));
        }
        if position.last_trade.is_some_and(|last| hour.since(last) < self.cooldown_hours.into()) {
            return Some(Plan::Hold(Reason::Cooldown));
        }
        let left = share_floor(nav, self.max_turnover_bps)?.saturating_sub(position.turned_over_on(hour.day()));
        let amount = change.min(share_floor(nav, self.max_trade_bps.into())?).min(left);
        if amount < least {
            return Some(Plan::Hold(Reason::Turnover));
        }
        Some(if wanted > value {
            Plan::Buy { quote: amount.min(position.quote) }
        } else if amount == value {
            // All of it: rounding would leave dust.
            Plan::Sell { base: position.base, value }
        } else {
            match rate.base_floor(amount)?.min(position.base) {
                0 => Plan::Hold(Reason::Small),
                base => Plan::Sell { base, value: amount },
            }
        })
    }
}

/// What an unwinding vault sells in an hour: all of the base token, or what is worth the largest trade. Nothing if an amount has more than
/// 128 bits.
pub fn unwind(limits: &Limits, position: &Position, rate: &Rate) -> Option<Plan> {
    let value = rate.value_floor(position.base)?;
    let most = share_floor(value.checked_add(position.quote)?, limits.max_trade_bps.into())?;
    if value <= most {
        return Some(if position.base == 0 { Plan::Hold(Reason::Small) } else { Plan::Sell { base: position.base, value } });
    }
    Some(match rate.base_floor(most)?.min(position.base) {
        0 => Plan::Hold(Reason::Small),
        base => Plan::Sell { base, value: most },
    })
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
