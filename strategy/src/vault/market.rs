//! The market: the recorded price that everything is valued at, and the fresh quote that confirms it.
//!
//! Observing an hour needs a record alone, at most 900 s old and with a quote token within 2 % of its peg. What fills requests or trades
//! needs its confirmation too: a fresh quote, on its peg as well, whose price is within `max_drift_bps` of the recorded one. A fall that goes
//! on drifts, so that an observation that waited for the confirmation would miss it. Off the peg, what a share is worth in quote tokens says
//! nothing: one that is too cheap would lift the highest value, and its return would look like a fall. Nothing is filled or traded then that
//! a halt could stop.

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
pub(super) struct Recorded {
    observation: Observation,
    /// The hour that was recorded last.
    pub hour: Hour,
    /// Its rate, which values the books.
    pub rate: Rate,
    /// Seconds since the record, at most [`WINDOW`].
    pub elapsed: u64,
    /// The oldest timestamp that the record rests on.
    pub oldest: u64,
}

/// A recorded price that a fresh quote confirms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Market {
    /// The recorded price.
    pub recorded: Recorded,
    /// The rate now, which a trade is held to.
    pub fresh: Rate,
}

impl Market {
    /// The rate at which whoever enters pays for the base tokens: the higher one. Both have one denominator.
    ///
    /// A fill can come late in the 900 s, or only once somebody makes room for it, when it can be seen where the price has gone since. With
    /// the worse of both rates, nobody gains by choosing the moment.
    pub fn dearer(&self) -> Rate {
        self.recorded.rate.dearer(self.fresh)
    }

    /// The rate at which whoever leaves is paid: the lower one.
    pub fn cheaper(&self) -> Rate {
        self.recorded.rate.cheaper(self.fresh)
    }
}

impl Vault {
    /// The price that was recorded last, if it is recent and on the peg.
    pub(super) fn recorded(&self, chain: &Chain, now: u64) -> Result<Recorded, Refusal> {
        let observation = chain.history.last().ok_or(Refusal::NoPrice)?;
        let recorded_at = chain.history.recorded_at();
        let elapsed = now.checked_sub(recorded_at).ok_or(Refusal::Clock { recorded_at, now })?;
        if elapsed > WINDOW {
            return Err(Refusal::Late { since: elapsed });
        }
        require_peg(observation.quote)?;
        let rate = self.strategy.pair.rate(&observation).ok_or(Refusal::NoRate)?;
        Ok(Recorded { observation, hour: observation.hour, rate, elapsed, oldest: chain.history.oldest() })
    }

    /// The recorded price with its confirmation: see the module.
    pub(super) fn market(&self, chain: &Chain, now: u64) -> Result<Market, Refusal> {
        let recorded = self.recorded(chain, now)?;
        let Recorded { observation, hour, .. } = recorded;
        let quote = chain.feed.quote(now)?;
        require_peg(quote.quote)?;
        let current = Observation { hour, base: quote.base, quote: quote.quote };
        let max_drift_bps = self.strategy.limits.max_drift_bps;
        let (then, fresh) = (price(&observation), price(&current));
        // Prices of the pair are less than 2^87.
        if then.abs_diff(fresh) * BASIS_POINTS > then * u128::from(max_drift_bps) {
            return Err(Refusal::Drift { max_drift_bps });
        }
        let fresh = self.strategy.pair.rate(&current).ok_or(Refusal::NoRate)?;
        Ok(Market { recorded, fresh })
    }
}

/// The price of the pair, as [`crate::rate::Pair::rate`] has it: `floor(base * 10^8 / quote)`.
fn price(observation: &Observation) -> u128 {
    u128::from(observation.base.units()) * u128::from(USD) / u128::from(observation.quote.units())
}

fn require_peg(price: Price) -> Result<(), Refusal> {
    if is_pegged(price) { Ok(()) } else { Err(Refusal::Peg { price }) }
}
