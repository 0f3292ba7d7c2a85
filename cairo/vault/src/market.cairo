//! The market: the recorded price that everything is valued at, and the fresh quote that confirms it. In Rust: `market.rs`.
//!
//! Observing an hour needs a record alone, at most 900 s old and with a quote token within 2 % of its peg. What fills requests or trades
//! needs its confirmation too: a fresh quote, on its peg as well, whose price is within `max_drift_bps` of the recorded one.
use core::cmp::{max, min};
use maat_vault_interfaces::feed::{IPriceFeedDispatcher, IPriceFeedDispatcherTrait};
use maat_vault_interfaces::history::{IPriceHistoryDispatcherTrait, Latest, Observation};
use starknet::storage::StorageAsPointer;
use crate::books::{BooksTrait, at};
use crate::errors::Errors;
use crate::math::{BASIS_POINTS, Rate, USD, rate};
use crate::records::LimitsPacking;
use crate::vault::vault::ContractState;

/// How long after its record an hour can be acted on, in seconds.
pub const WINDOW: u64 = 900;
/// How far the quote token may be from its peg of 1 USD, in 1e-8 USD: 2 %.
const MAX_OFF_PEG: u64 = 2_000_000;
/// One USD in 1e-8 USD.
const PEG: u64 = 100_000_000;

/// What an hour is valued at.
#[derive(Copy, Drop)]
pub struct Recorded {
    /// The hour that was recorded last.
    pub hour: u64,
    /// Its rate, which values the books.
    pub rate: Rate,
    /// Seconds since the record, at most `WINDOW`.
    pub elapsed: u64,
    /// The oldest timestamp that the record rests on.
    pub oldest: u64,
}

/// A recorded price that a fresh quote confirms.
#[derive(Copy, Drop)]
pub struct Market {
    /// The recorded price.
    pub recorded: Recorded,
    /// The rate now, which a trade is held to.
    pub fresh: Rate,
}

#[generate_trait]
pub impl MarketImpl of MarketTrait {
    /// The price that was recorded last, if it is recent.
    fn recorded(self: @ContractState, now: u64) -> Recorded {
        let (recorded, _) = self.observed(now);
        recorded
    }

    /// The same, with what was observed.
    fn observed(self: @ContractState, now: u64) -> (Recorded, Observation) {
        let Latest { observation, recorded_at, oldest, .. } = self.prices().latest().expect(Errors::NO_PRICE);
        assert(recorded_at <= now, Errors::CLOCK);
        let elapsed = now - recorded_at;
        assert(elapsed <= WINDOW, Errors::LATE);
        require_peg(observation.quote);
        let rate = self.rate_at(observation.base, observation.quote).expect(Errors::NO_RATE);
        (Recorded { hour: observation.hour, rate, elapsed, oldest }, observation)
    }

    /// The recorded price with its confirmation: see the module.
    fn market(self: @ContractState, now: u64) -> Market {
        let (recorded, observation) = self.observed(now);
        let quote = IPriceFeedDispatcher { contract_address: at(self.feed.as_ptr()) }.quote();
        let (base, quote) = (quote.base.price, quote.quote.price);
        require_peg(quote);
        let (then, fresh) = (price(observation.base, observation.quote), price(base, quote));
        let drift = max(then, fresh) - min(then, fresh);
        // Prices of the pair are less than 2^87.
        assert(drift * BASIS_POINTS <= then * self.stored_limits().max_drift_bps.into(), Errors::DRIFT);
        Market { recorded, fresh: self.rate_at(base, quote).expect(Errors::NO_RATE) }
    }

    /// The rate of the pair at prices in 1e-8 USD.
    #[inline(never)]
    fn rate_at(self: @ContractState, base: u64, quote: u64) -> Option<Rate> {
        rate(base, quote, at(self.base_decimals.as_ptr()), at(self.quote_decimals.as_ptr()))
    }
}

/// The price of the pair: `floor(base * 10^8 / quote)`.
#[inline(never)]
fn price(base: u64, quote: u64) -> u128 {
    let scaled: u128 = (base.into() * USD).try_into().unwrap();
    scaled / quote.into()
}

#[inline(never)]
fn require_peg(quote: u64) {
    assert(PEG - MAX_OFF_PEG <= quote && quote <= PEG + MAX_OFF_PEG, Errors::PEG);
}
