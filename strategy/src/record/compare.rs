//! Whether a record's observations are those that somebody else has.

use thiserror::Error;

use crate::history::{Observation, Side};
use crate::hour::Hour;
use crate::price::Price;

/// What is wrong with a list of observations.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ObservationsError {
    /// An hour stands twice.
    #[error("observations[{index}]: {hour} is repeated")]
    Repeated {
        /// The position of the second one.
        index: usize,
        /// The hour.
        hour: Hour,
    },
    /// An hour stands after a later one.
    #[error("observations[{index}]: {hour} stands after {before}, which is later")]
    Disordered {
        /// The position of the earlier hour.
        index: usize,
        /// The earlier hour.
        hour: Hour,
        /// The later hour, which stands before it.
        before: Hour,
    },
}

/// The first difference between a record's observations and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// A price is another one.
    Changed {
        /// When.
        hour: Hour,
        /// Whose price.
        side: Side,
        /// The price in the record.
        recorded: Price,
        /// The price in the other list.
        given: Price,
    },
    /// The record does not have an hour.
    Dropped(Observation),
    /// The record ends before the other list does.
    Ended {
        /// The record's last hour; nothing if it has none.
        last: Option<Hour>,
        /// The first one that it does not have.
        next: Observation,
    },
    /// The record has an hour that the other list does not have.
    Added(Observation),
}

/// Whether hours rise.
///
/// # Errors
/// The first hour that is not after the one before it.
pub(super) fn check_order(observations: &[Observation]) -> Result<(), ObservationsError> {
    let Some(index) = observations.windows(2).position(|pair| pair[0].hour >= pair[1].hour) else { return Ok(()) };
    let (before, hour, index) = (observations[index].hour, observations[index + 1].hour, index + 1);
    Err(if before == hour { ObservationsError::Repeated { index, hour } } else { ObservationsError::Disordered { index, hour, before } })
}

/// The first difference between a record's observations and others; both with hours that rise.
pub fn compare(recorded: &[Observation], given: &[Observation]) -> Option<Difference> {
    for (index, here) in recorded.iter().enumerate() {
        let Some(there) = given.get(index) else { return Some(Difference::Added(*here)) };
        if here.hour != there.hour {
            return Some(if here.hour < there.hour { Difference::Added(*here) } else { Difference::Dropped(*there) });
        }
        for (side, recorded, given) in [(Side::Base, here.base, there.base), (Side::Quote, here.quote, there.quote)] {
            if recorded != given {
                return Some(Difference::Changed { hour: here.hour, side, recorded, given });
            }
        }
    }
    let last = recorded.last().map(|last| last.hour);
    given.get(recorded.len()).map(|next| Difference::Ended { last, next: *next })
}

impl Difference {
    /// In words, with what the other list is called.
    pub(super) fn describe(&self, name: &str) -> String {
        let prices = |seen: &Observation| format!("base {} USD, quote {} USD", seen.base, seen.quote);
        match self {
            Self::Changed { hour, side, recorded, given } => {
                format!("{hour}: the {} price is {recorded} USD in the record, {given} USD in {name}", side.name())
            }
            Self::Dropped(seen) => format!("{}: it is not in the record; {name} has {}", seen.hour, prices(seen)),
            Self::Ended { last, next } => {
                let end = last.map_or("is empty".to_owned(), |last| format!("ends with {last}"));
                format!("{}: the record {end}; {name} goes on with {}", next.hour, prices(next))
            }
            Self::Added(seen) => format!("{}: the record has {}; it is not in {name}", seen.hour, prices(seen)),
        }
    }
}
