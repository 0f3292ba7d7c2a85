//! Felts as Cairo's `Serde` writes them, read into Rust.
//!
//! What is read comes from nodes and contracts, which may say anything: a number must be in its range, a list is collected only as far as
//! there are felts, and whatever is left over is an error. Errors name the field.

use maat_strategy::drawdown::HighWater;
use maat_strategy::features::{Feature, Features, InputRule};
use maat_strategy::fees::Fees;
use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::limits::{Limits, Position, Reason};
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::Price;
use maat_strategy::vault::epochs::Claim;
use maat_strategy::vault::settlement::{Hourly, Raised};
use maat_strategy::vault::{Kind, Outcome, Purpose, Side, State};
use starknet_rust::core::types::Felt;

use crate::error::ChainError;
use crate::text;

/// What is wrong with felts, and in which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    field: String,
    reason: String,
}

impl Malformed {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { field: String::new(), reason: reason.into() }
    }

    /// The same, of a part of this field.
    pub fn within(mut self, field: &str) -> Self {
        self.field = if self.field.is_empty() { field.to_owned() } else { format!("{field}.{}", self.field) };
        self
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.field.is_empty() { formatter.write_str(&self.reason) } else { write!(formatter, "{}: {}", self.field, self.reason) }
    }
}

/// What is left of an answer.
pub(crate) struct Felts<'a>(std::slice::Iter<'a, Felt>);

impl<'a> Felts<'a> {
    pub fn new(felts: &'a [Felt]) -> Self {
        Self(felts.iter())
    }

    fn next(&mut self) -> Result<Felt, Malformed> {
        self.0.next().copied().ok_or_else(|| Malformed::new("there are too few felts"))
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<(), Malformed> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(Malformed::new(format!("{more} felts too many"))),
        }
    }
}

/// Reads an answer, all of it; `what` names the question in errors.
pub(crate) fn read<T: FromFelts>(what: &str, answer: &[Felt]) -> Result<T, ChainError> {
    let mut felts = Felts::new(answer);
    let value = T::from_felts(&mut felts).and_then(|value| felts.end().map(|()| value));
    value.map_err(|malformed| ChainError::Malformed { what: what.to_owned(), reason: malformed.to_string() })
}

/// What can be read from felts.
pub(crate) trait FromFelts: Sized {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed>;
}

/// An amount of 256 bits, of which those that a vault has take 112.
pub(crate) fn wide(felts: &mut Felts) -> Result<u128, Malformed> {
    let (low, high) = (u128::from_felts(felts)?, u128::from_felts(felts)?);
    if high == 0 { Ok(low) } else { Err(Malformed::new("an amount has more than 128 bits")) }
}

/// A hash, or a whole felt otherwise.
impl FromFelts for Felt {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        felts.next()
    }
}

macro_rules! unsigned {
    ($($number:ty),*) => {
        $(impl FromFelts for $number {
            fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
                Self::try_from(felts.next()?).map_err(|_| Malformed::new(concat!("a number is not of type ", stringify!($number))))
            }
        })*
    };
}

unsigned!(u8, u16, u32, u64, u128);

impl FromFelts for i32 {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        maat_package::signed(felts.next()?).ok_or_else(|| Malformed::new("a number is not of type i32"))
    }
}

impl FromFelts for bool {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed::new(format!("{other} is neither 0 nor 1"))),
        }
    }
}

impl<T: FromFelts> FromFelts for Option<T> {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => T::from_felts(felts).map(Some),
            1 => Ok(None),
            other => Err(unknown("Option", other)),
        }
    }
}

impl<T: FromFelts, E: FromFelts> FromFelts for Result<T, E> {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => T::from_felts(felts).map(Ok),
            1 => E::from_felts(felts).map(Err),
            other => Err(unknown("Result", other)),
        }
    }
}

impl<T: FromFelts> FromFelts for Vec<T> {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        let length = u64::from_felts(felts)?;
        // Each takes a felt at least, so that this ends with the felts, and nothing is reserved for what a length promises.
        (0..length).map(|at| T::from_felts(felts).map_err(|error| error.within(&at.to_string()))).collect()
    }
}

impl<A: FromFelts, B: FromFelts> FromFelts for (A, B) {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        Ok((A::from_felts(felts)?, B::from_felts(felts)?))
    }
}

impl FromFelts for crate::registry::Text {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        text::byte_array(&mut felts.0).map(Self).ok_or_else(|| Malformed::new("a text is malformed or too long"))
    }
}

/// The number of an enumeration's variant.
pub(crate) fn variant(felts: &mut Felts) -> Result<u64, Malformed> {
    u64::from_felts(felts)
}

pub(crate) fn unknown(name: &str, variant: u64) -> Malformed {
    Malformed::new(format!("{name} has no variant {variant}"))
}

/// Reads one field: by its type, or by a function that is named.
macro_rules! field {
    ($felts:expr, $field:ident) => {
        $crate::vault::felts::FromFelts::from_felts($felts).map_err(|error| error.within(stringify!($field)))?
    };
    ($felts:expr, $field:ident, $how:path) => {
        $how($felts).map_err(|error: $crate::vault::felts::Malformed| error.within(stringify!($field)))?
    };
}

/// A structure whose fields are written in this order.
macro_rules! structure {
    ($name:ty { $($field:ident $(by $how:path)?),* $(,)? }) => {
        impl $crate::vault::felts::FromFelts for $name {
            fn from_felts(felts: &mut $crate::vault::felts::Felts) -> Result<Self, $crate::vault::felts::Malformed> {
                Ok(Self { $($field: $crate::vault::felts::field!(felts, $field $(, $how)?)),* })
            }
        }
    };
}

/// An enumeration without contents, with its variants in this order.
macro_rules! enumeration {
    ($name:ident { $($variant:ident),* $(,)? }) => {
        impl $crate::vault::felts::FromFelts for $name {
            fn from_felts(felts: &mut $crate::vault::felts::Felts) -> Result<Self, $crate::vault::felts::Malformed> {
                let number = $crate::vault::felts::variant(felts)?;
                let all = [$(Self::$variant),*];
                let found = usize::try_from(number).ok().and_then(|number| all.into_iter().nth(number));
                found.ok_or_else(|| $crate::vault::felts::unknown(stringify!($name), number))
            }
        }
    };
}

pub(crate) use {field, structure};

impl FromFelts for Hour {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        Self::new(u64::from_felts(felts)?).map_err(|error| Malformed::new(error.to_string()))
    }
}

impl FromFelts for Price {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        Self::new(u64::from_felts(felts)?).map_err(|error| Malformed::new(error.to_string()))
    }
}

enumeration!(Side { Base, Quote });
enumeration!(Kind { Deposit, Redeem });
enumeration!(Purpose { Decision, Shortfall, Unwind });
enumeration!(State { Active, Deprecated, Revoked, Paused, Halted });
enumeration!(Reason { Saturated, Policy, Small, Cooldown, Turnover });

structure!(Observation { hour, base, quote });
structure!(Position { base, quote, last_trade, day, turned_over });
structure!(HighWater { peak, breaches });
structure!(Hourly { hour, cap, deposited, redeemed, swept });
structure!(Raised { quote, cost });
structure!(Claim { epoch, input, proceeds });
structure!(Fees { management_bps, settle_bps });
structure!(InputRule { scale, lo, hi });
structure!(Limits {
    max_weight_bps,
    max_trade_bps,
    max_turnover_bps,
    cooldown_hours,
    min_trade_bps,
    min_slip_bps,
    max_slip_bps,
    max_drift_bps,
    max_drawdown_bps,
    max_saturated,
    deposit_cap,
});

impl FromFelts for Outcome {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        Ok(match variant(felts)? {
            0 => Self::Held(field!(felts, reason)),
            1 => Self::Owed,
            2 => Self::Bought { quote: field!(felts, quote) },
            3 => Self::Sold { base: field!(felts, base) },
            4 => Self::Halted,
            other => return Err(unknown("Outcome", other)),
        })
    }
}

impl FromFelts for Feature {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => Ok(Self::Difference { lags: field!(felts, lags) }),
            1 => Ok(Self::Return { lags: field!(felts, lags) }),
            other => Err(unknown("Feature", other)),
        }
    }
}

impl FromFelts for Features {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        let (groups, rules) = (field!(felts, features), field!(felts, rules));
        Self::new(groups, rules).map_err(|error| Malformed::new(error.to_string()))
    }
}

impl FromFelts for Target {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => Ok(Self::Weight(u16::from_felts(felts)?)),
            1 => Ok(Self::Hold),
            other => Err(unknown("Target", other)),
        }
    }
}

impl FromFelts for Rule {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => Ok(Self::Class),
            1 => Ok(Self::Edges(field!(felts, edges))),
            other => Err(unknown("Rule", other)),
        }
    }
}

impl FromFelts for Policy {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        let (output, rule, targets) = (field!(felts, output), field!(felts, rule), field!(felts, targets));
        Self::new(output, rule, targets).map_err(|error| Malformed::new(error.to_string()))
    }
}
