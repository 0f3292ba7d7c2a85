//! The history of prices: which observations count, what a gap does, and the chain that binds them. The contract `history` keeps the same.

use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};
use thiserror::Error;

use crate::hour::Hour;
use crate::price::Price;

/// The largest move of a price in an hour, in basis points of the last accepted price. A longer wait allows as many times more.
pub const MAX_MOVE_BPS: u64 = 2_500;

/// The prices of a pair's tokens in USD at the start of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The hour.
    pub hour: Hour,
    /// USD for one base token.
    pub base: Price,
    /// USD for one quote token.
    pub quote: Price,
}

/// Which token of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The token that is traded.
    Base,
    /// The token that it is paid with.
    Quote,
}

/// Why an observation was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Its hour is not after the last accepted one.
    #[error("{hour} is not after {last}, which was accepted last")]
    NotLater {
        /// The observation's hour.
        hour: Hour,
        /// The hour that was accepted last.
        last: Hour,
    },
    /// A price moved further than [`MAX_MOVE_BPS`] allows. The hour is left out, and with every hour that passes more is allowed, so that
    /// the history heals.
    #[error("{hour}: the {} price went from {last} to {found} USD within {hours} h, more than {} % an hour", side.name(), MAX_MOVE_BPS / 100)]
    Move {
        /// The observation's hour.
        hour: Hour,
        /// Whose price.
        side: Side,
        /// The price that was accepted last.
        last: Price,
        /// The price that was observed.
        found: Price,
        /// Hours between the two.
        hours: u64,
    },
}

impl Side {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Quote => "quote",
        }
    }
}

/// The accepted observations of a pair.
#[derive(Debug, Clone, Default)]
pub struct History {
    accepted: Vec<Observation>,
    refused: Vec<Refusal>,
    /// For each accepted observation, how many accepted hours in a row end with it.
    consecutive: Vec<u32>,
}

impl History {
    /// Takes an observation.
    ///
    /// # Errors
    /// The observation is not accepted. A move that is too large is remembered in [`Self::refused`].
    pub fn record(&mut self, observation: Observation) -> Result<(), Refusal> {
        let Some(last) = self.accepted.last() else {
            self.accept(observation, 1);
            return Ok(());
        };
        let hour = observation.hour;
        if hour <= last.hour {
            return Err(Refusal::NotLater { hour, last: last.hour });
        }
        let hours = hour.since(last.hour);
        let sides = [(Side::Base, last.base, observation.base), (Side::Quote, last.quote, observation.quote)];
        if let Some((side, last, found)) = sides.into_iter().find(|(_, last, found)| !is_allowed(*last, *found, hours)) {
            let refusal = Refusal::Move { hour, side, last, found, hours };
            self.refused.push(refusal);
            return Err(refusal);
        }
        let consecutive = if hours == 1 { self.consecutive().saturating_add(1) } else { 1 };
        self.accept(observation, consecutive);
        Ok(())
    }

    fn accept(&mut self, observation: Observation, consecutive: u32) {
        self.accepted.push(observation);
        self.consecutive.push(consecutive);
    }

    /// The accepted observations, oldest first.
    pub fn accepted(&self) -> &[Observation] {
        &self.accepted
    }

    /// The moves that were too large, oldest first.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// How many accepted hours in a row end with the last one.
    pub fn consecutive(&self) -> u32 {
        self.consecutive.last().copied().unwrap_or(0)
    }

    /// The `n` observations that end with the `at`-th accepted one, oldest first: nothing if there is a gap among them.
    pub fn window(&self, at: usize, n: usize) -> Option<&[Observation]> {
        let consecutive = *self.consecutive.get(at)?;
        (n > 0 && consecutive as usize >= n).then(|| &self.accepted[at + 1 - n..=at])
    }

    /// What binds the accepted observations: `chain' = poseidon(chain, hour, base, quote)`, from 0.
    pub fn chain(&self) -> Felt {
        self.accepted.iter().fold(Felt::ZERO, |chain, observation| link(chain, *observation))
    }
}

/// The price chain after one more observation.
pub fn link(chain: Felt, observation: Observation) -> Felt {
    let Observation { hour, base, quote } = observation;
    Poseidon::hash_array(&[chain, hour.count().into(), base.units().into(), quote.units().into()])
}

/// Whether a price may follow another after so many hours: `|found - last| * 10,000 <= 2,500 * hours * last`.
fn is_allowed(last: Price, found: Price, hours: u64) -> bool {
    let change = u128::from(last.units().abs_diff(found.units()));
    // Hours are fewer than 2^28 and prices less than 2^60.
    change * 10_000 <= u128::from(MAX_MOVE_BPS) * u128::from(hours) * u128::from(last.units())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u64, base: u64) -> Observation {
        Observation { hour: Hour::new(hour).unwrap(), base: Price::new(base).unwrap(), quote: Price::ONE_USD }
    }

    fn history(observations: &[Observation]) -> History {
        let mut history = History::default();
        for observation in observations {
            let _ = history.record(*observation);
        }
        history
    }

    #[test]
    fn a_move_of_a_quarter_is_allowed_and_one_unit_more_is_not() {
        for (found, allowed) in [(1250, true), (1251, false), (750, true), (749, false)] {
            let mut history = history(&[at(10, 1000)]);
            assert_eq!(history.record(at(11, found)).is_ok(), allowed, "{found}");
            assert_eq!((history.accepted().len(), history.refused().len()), if allowed { (2, 0) } else { (1, 1) });
        }
    }

    #[test]
    fn a_refused_move_is_allowed_when_enough_hours_have_passed() {
        let mut history = history(&[at(10, 1000)]);
        assert!(history.record(at(11, 1500)).is_err());
        assert_eq!(history.record(at(12, 1500)), Ok(()));
        assert_eq!(history.consecutive(), 1, "the refused hour is a gap");
    }

    #[test]
    fn the_quote_price_is_held_to_the_same_rule() {
        let mut history = history(&[at(10, 1000)]);
        let depeg = Observation { quote: Price::new(74_999_999).unwrap(), ..at(11, 1000) };
        assert!(matches!(history.record(depeg), Err(Refusal::Move { side: Side::Quote, hours: 1, .. })));
    }

    #[test]
    fn hours_must_rise() {
        let mut history = history(&[at(10, 1000)]);
        for hour in [9, 10] {
            let last = Hour::new(10).unwrap();
            assert_eq!(history.record(at(hour, 1000)), Err(Refusal::NotLater { hour: Hour::new(hour).unwrap(), last }));
        }
        assert!(history.refused().is_empty());
    }

    #[test]
    fn a_window_has_no_gap() {
        let history = history(&[at(10, 100), at(11, 101), at(13, 102), at(14, 103), at(15, 104)]);
        let hours = |at, n| history.window(at, n).map(|window| window.iter().map(|seen| seen.hour.count()).collect::<Vec<_>>());
        assert_eq!(hours(4, 3), Some(vec![13, 14, 15]));
        assert_eq!((hours(4, 4), hours(3, 3), hours(5, 1), hours(4, 0)), (None, None, None, None));
        assert_eq!(hours(1, 2), Some(vec![10, 11]));
    }

    #[test]
    fn the_chain_binds_every_part_of_every_observation_and_their_order() {
        let observations = [at(10, 100), at(11, 101), at(12, 102)];
        let chain = history(&observations).chain();
        let depeg = Observation { quote: Price::new(99_999_999).unwrap(), ..at(12, 102) };
        let others =
            [&observations[..2], &[at(10, 100), at(12, 102)], &[at(10, 100), at(11, 101), at(12, 103)], &[at(10, 100), at(11, 101), depeg]];
        for other in others {
            assert_ne!(history(other).chain(), chain);
        }
        // starknet.js and cairo give the same for poseidon_hash_span([0, 10, 100, 100000000]).
        assert_eq!(link(Felt::ZERO, at(10, 100)), Poseidon::hash_array(&[0u64, 10, 100, 100_000_000].map(Felt::from)));
    }
}
