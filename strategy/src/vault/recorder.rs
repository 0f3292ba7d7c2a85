//! The price history as a contract keeps it: one observation an hour, taken by anyone from the feed, with the times that it rests on.

use starknet_types_core::felt::Felt;
use thiserror::Error;

use super::feed::{Feed, Thin};
use crate::history::{History, Observation, Refusal as Move, link};
use crate::hour::{Hour, SECONDS};

/// How long after its start an hour can be recorded, and how long after that it can be acted on, in seconds.
pub const WINDOW: u64 = 900;

/// Why an hour was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The hour began too long ago.
    #[error("{since} s have passed since the hour began, more than {WINDOW}")]
    Late {
        /// Seconds since the hour began.
        since: u64,
    },
    /// The feed has no price.
    #[error(transparent)]
    Feed(#[from] Thin),
    /// The hour is recorded already, or the price jumped.
    #[error(transparent)]
    Refused(#[from] Move),
    /// The time is after the year 2999.
    #[error("the time is after the year 2999")]
    Time,
}

/// The accepted observations, and when the last one was made.
#[derive(Debug, Clone, Default)]
pub struct PriceHistory {
    history: History,
    recorded_at: u64,
    oldest: u64,
    chain: Felt,
}

impl PriceHistory {
    /// Takes the feed's prices for the hour that a time, in seconds after 1970, belongs to. Anyone may call it, and nobody chooses anything.
    ///
    /// # Errors
    /// [`RecordError`] says why the hour was not recorded.
    pub fn record(&mut self, feed: &Feed, now: u64) -> Result<Observation, RecordError> {
        let since = now % SECONDS;
        if since > WINDOW {
            return Err(RecordError::Late { since });
        }
        let hour = Hour::new(now / SECONDS).map_err(|_| RecordError::Time)?;
        let quote = feed.quote(now)?;
        let observation = Observation { hour, base: quote.base, quote: quote.quote };
        self.history.record(observation)?;
        (self.recorded_at, self.oldest, self.chain) = (now, quote.oldest, link(self.chain, observation));
        Ok(observation)
    }

    /// The accepted observations.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The last accepted observation.
    pub fn last(&self) -> Option<Observation> {
        self.history.accepted().last().copied()
    }

    /// When the last observation was recorded, in seconds after 1970.
    pub fn recorded_at(&self) -> u64 {
        self.recorded_at
    }

    /// The oldest timestamp that the last observation rests on.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// The price chain up to the last observation.
    pub fn chain(&self) -> Felt {
        self.chain
    }

    /// The last `n` observations, oldest first: nothing if there is a gap among them.
    pub fn window(&self, n: usize) -> Option<&[Observation]> {
        self.history.window(self.history.accepted().len().checked_sub(1)?, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::feed::Entry;

    fn feed(base: u64, timestamp: u64) -> Feed {
        let entries = |price| (1..=3).map(|source| Entry { source, price, timestamp }).collect();
        Feed { sources: vec![1, 2, 3], base: entries(base), quote: entries(100_000_000) }
    }

    #[test]
    fn an_hour_is_recorded_once_and_early_in_it() {
        let mut history = PriceHistory::default();
        let start = 1_000 * SECONDS;
        assert_eq!(history.record(&feed(10, start + 901), start + 901), Err(RecordError::Late { since: 901 }));
        assert_eq!(history.record(&feed(10, start + 300), start + 900).unwrap().hour.count(), 1_000);
        assert_eq!((history.recorded_at(), history.oldest()), (start + 900, start + 300));
        let again = history.record(&feed(10, start + 900), start + 900);
        assert!(matches!(again, Err(RecordError::Refused(Move::NotLater { .. }))), "{again:?}");
    }

    #[test]
    fn a_jump_and_a_thin_feed_leave_the_hour_and_the_chain() {
        let mut history = PriceHistory::default();
        let start = 1_000 * SECONDS;
        history.record(&feed(1_000, start), start).unwrap();
        let (chain, next) = (history.chain(), start + SECONDS);
        assert!(matches!(history.record(&feed(1_251, next), next), Err(RecordError::Refused(Move::Move { .. }))));
        assert!(matches!(history.record(&feed(1_000, start), next), Err(RecordError::Feed(_))), "its entries are an hour old");
        assert_eq!((history.chain(), history.recorded_at()), (chain, start));
        history.record(&feed(1_250, next), next).unwrap();
        assert_eq!(history.chain(), history.history().chain());
        assert_eq!(history.window(2).unwrap().len(), 2);
        assert_eq!(history.window(3), None);
    }
}
