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
use maat_strategy::vault::settlement::Hourly;
use maat_strategy::vault::{Kind, Outcome, Purpose, Route, Side, State};
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
structure!(HighWater { peak, breaches, last });
structure!(Hourly { hour, nav, cap, deposited, redeemed, swept });
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

impl FromFelts for Route {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        Ok(match variant(felts)? {
            0 => Self::Executed,
            1 => Self::Proven { fact: field!(felts, fact), security_bits: field!(felts, security_bits) },
            other => return Err(unknown("Route", other)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::answers::{Change, Proposal, Requested};
    use crate::vault::calldata;

    fn felts(values: &[i64]) -> Vec<Felt> {
        values.iter().map(|value| Felt::from(*value)).collect()
    }

    fn error_of<T: FromFelts + std::fmt::Debug>(felts: &[Felt]) -> String {
        read::<T>("x", felts).unwrap_err().to_string()
    }

    fn limits() -> Limits {
        Limits {
            max_weight_bps: 8_000,
            max_trade_bps: 5_000,
            max_turnover_bps: 20_000,
            cooldown_hours: 3,
            min_trade_bps: 100,
            min_slip_bps: 20,
            max_slip_bps: 100,
            max_drift_bps: 200,
            max_drawdown_bps: 3_000,
            max_saturated: 4,
            deposit_cap: (1 << 112) - 1,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let groups = vec![Feature::Difference { lags: vec![0, 35] }, Feature::Return { lags: vec![24] }];
        let rules = vec![InputRule { scale: -3, lo: i32::MIN, hi: i32::MAX }; 3];
        let features = Features::new(groups, rules).unwrap();
        assert_eq!(read::<Features>("x", &calldata::features(&features)).unwrap(), features);
        let targets = vec![Target::Weight(0), Target::Hold, Target::Weight(10_000)];
        for rule in [Rule::Class, Rule::Edges(vec![-5, 7])] {
            let policy = Policy::new(3, rule, targets.clone()).unwrap();
            assert_eq!(read::<Policy>("x", &calldata::policy(&policy)).unwrap(), policy);
            let change = Change::Policy(policy);
            assert_eq!(read::<Change>("x", &calldata::change(&change)).unwrap(), change);
        }
        for change in [Change::Limits(limits()), Change::Adapter(Felt::MAX), Change::Guardian(Felt::ONE), Change::MinBits(96)] {
            assert_eq!(read::<Change>("x", &calldata::change(&change)).unwrap(), change);
        }
        let fees = Fees { management_bps: 200, settle_bps: 50 };
        assert_eq!(read::<Fees>("x", &calldata::fees(&fees)).unwrap(), fees);
        for side in [Side::Base, Side::Quote] {
            assert_eq!(read::<Side>("x", &[calldata::side(side)]).unwrap(), side);
        }
        for kind in [Kind::Deposit, Kind::Redeem] {
            assert_eq!(read::<Kind>("x", &[calldata::kind(kind)]).unwrap(), kind);
        }
    }

    #[test]
    fn an_answer_that_is_not_one_is_refused_with_the_field() {
        let request = felts(&[7, 5, 7, 3, 4, 1]);
        let expected = Requested { epoch: 7, pending: 5, claim: Claim { epoch: 7, input: 3, proceeds: 4 }, refunded: true };
        assert_eq!(read::<Requested>("x", &request).unwrap(), expected);
        assert!(error_of::<Requested>(&request[..5]).ends_with("refunded: there are too few felts"));
        assert!(error_of::<Requested>(&[&request[..], &request[..1]].concat()).ends_with("1 felts too many"));
        assert!(error_of::<Requested>(&felts(&[7, -1, 7, 3, 4, 1])).ends_with("pending: a number is not of type u128"));
        assert!(error_of::<Requested>(&felts(&[7, 5, 7, 3, -4, 1])).ends_with("claim.proceeds: a number is not of type u128"));
        assert!(error_of::<Requested>(&felts(&[7, 5, 7, 3, 4, 2])).ends_with("refunded: 2 is neither 0 nor 1"));
        assert!(error_of::<Option<u8>>(&felts(&[2])).ends_with("Option has no variant 2"));
        assert!(error_of::<Outcome>(&felts(&[5])).ends_with("Outcome has no variant 5"));
        assert!(error_of::<Outcome>(&felts(&[0, 5])).ends_with("reason: Reason has no variant 5"));
        assert!(error_of::<Proposal>(&felts(&[1, 5, 0, 0])).ends_with("change: Change has no variant 5"));
        assert!(error_of::<Proposal>(&felts(&[1, 4, -1, 0])).ends_with("change.min_bits: a number is not of type u16"));
        assert!(error_of::<Route>(&felts(&[2])).ends_with("Route has no variant 2"));
        assert!(error_of::<i32>(&felts(&[1 << 31])).ends_with("a number is not of type i32"));
        assert!(error_of::<u8>(&felts(&[256])).ends_with("a number is not of type u8"));
    }

    #[test]
    fn what_no_vault_can_have_is_refused() {
        // A weight of more than the whole, a price of 0, an hour after the year 2999, two values with one rule.
        let row = [&felts(&[0, 0, 1, 0])[..], &[Felt::from(10_001)]].concat();
        assert!(read::<Policy>("x", &row).is_err());
        assert!(read::<Price>("x", &[Felt::ZERO]).is_err());
        assert!(read::<Hour>("x", &[Felt::from(u64::MAX)]).is_err());
        assert!(read::<Features>("x", &felts(&[1, 0, 2, 1, 2, 1, 0, 0, 1])).is_err());
        let mut words = Felts::new(&[Felt::ONE, Felt::ONE]);
        assert!(wide(&mut words).is_err(), "an amount of 2^128 and more");
    }

    #[test]
    fn a_list_ends_with_the_felts_whatever_length_it_promises() {
        for length in [Felt::from(2), Felt::from(1u64 << 60), Felt::from(u64::MAX), Felt::MAX] {
            assert!(read::<Vec<u64>>("x", &[length, Felt::ONE]).is_err());
            assert!(read::<Vec<Vec<u64>>>("x", &[Felt::ONE, length, Felt::ONE]).is_err());
        }
        assert!(error_of::<Vec<u64>>(&felts(&[2, 1, -1])).ends_with("1: a number is not of type u64"));
    }
}
