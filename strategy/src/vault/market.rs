//! The market: the recorded price that everything is valued at, and the fresh quote that confirms it.
//!
//! Settlement, step and unwinding need both: a record that is at most 900 s old, a quote token within 2 % of its peg, and a fresh quote
//! whose price is within `max_drift_bps` of the recorded one.

use super::error::Refusal;
use super::recorder::WINDOW;
use super::{Chain, Vault};
use crate::history::Observation;
use crate::hour::Hour;
use crate::math::BASIS_POINTS;
use crate::price::{Price, USD};
use crate::rate::{Rate, is_pegged};

/// What an hour is valued at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Market {
    /// The hour that was recorded last.
    pub hour: Hour,
    /// Its rate, which values the books.
    pub rate: Rate,
    /// The rate now, which a trade is held to.
    pub fresh: Rate,
    /// Seconds since the record, at most [`WINDOW`].
    pub elapsed: u64,
    /// The oldest timestamp that the record rests on.
    pub oldest: u64,
}

impl Vault {
    /// The market at a time: see the module.
    pub(super) fn market(&self, chain: &Chain, now: u64) -> Result<Market, Refusal> {
        let recorded = chain.history.last().ok_or(Refusal::NoPrice)?;
        let recorded_at = chain.history.recorded_at();
        let elapsed = now.checked_sub(recorded_at).ok_or(Refusal::Clock { recorded_at, now })?;
        if elapsed > WINDOW {
            return Err(Refusal::Late { since: elapsed });
        }
        require_peg(recorded.quote)?;
        let quote = chain.feed.quote(now)?;
        require_peg(quote.quote)?;
        let current = Observation { hour: recorded.hour, base: quote.base, quote: quote.quote };
        let max_drift_bps = self.strategy.limits.max_drift_bps;
        let (then, fresh) = (price(&recorded), price(&current));
        // Prices of the pair are less than 2^87.
        if then.abs_diff(fresh) * BASIS_POINTS > then * u128::from(max_drift_bps) {
            return Err(Refusal::Drift { max_drift_bps });
        }
        let rate = |observation| self.strategy.pair.rate(observation).ok_or(Refusal::NoRate);
        Ok(Market { hour: recorded.hour, rate: rate(&recorded)?, fresh: rate(&current)?, elapsed, oldest: chain.history.oldest() })
    }
}

/// The price of the pair, as [`crate::rate::Pair::rate`] has it: `floor(base * 10^8 / quote)`.
fn price(observation: &Observation) -> u128 {
    u128::from(observation.base.units()) * u128::from(USD) / u128::from(observation.quote.units())
}

fn require_peg(price: Price) -> Result<(), Refusal> {
    if is_pegged(price) { Ok(()) } else { Err(Refusal::Peg { price }) }
}
