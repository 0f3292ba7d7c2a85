//! The market: the recorded price that everything is valued at, and the fresh quote that confirms it. In Rust: `market.rs`.
//!
//! Observing an hour needs a record alone, at most 900 s old and with a quote token within 2 % of its peg. What fills requests or trades
//! needs its confirmation too: a fresh quote, on its peg as well, whose price is within `max_drift_bps` of the recorded one.
use maat_vault_interfaces::feed::TokenPrice;
use starknet::storage::StoragePointerReadAccess;
use crate::books::{BooksTrait, answer, ask, library, fixed};
use crate::epochs::MAX_AGE;
use crate::errors::Errors;
use crate::math::{Rate, USD};
use crate::records::PositionPacking;
use crate::vault::vault::ContractState;

/// How long after its record an hour can be acted on, in seconds.
pub const WINDOW: u64 = 900;
/// How far the quote token may be from its peg of 1 USD, in 1e-8 USD: 2 %.
const MAX_OFF_PEG: u64 = 2_000_000;
/// One USD in 1e-8 USD.
const PEG: u64 = 100_000_000;

/// What an hour is valued at.
#[derive(Copy, Drop, Serde)]
pub struct Recorded {
    /// The hour that was recorded last.
    pub hour: u64,
    /// Its rate, which values the books.
    pub rate: Rate,
    /// Seconds since the record, at most `WINDOW`.
    pub elapsed: u64,
    /// The oldest timestamp that the record rests on.
    pub oldest: u64,
    /// The price chain with it.
    pub chain: felt252,
}

/// A recorded price that a fresh quote confirms.
#[derive(Copy, Drop, Serde)]
pub struct Market {
    /// The recorded price.
    pub recorded: Recorded,
    /// The rate now, which a trade is held to.
    pub fresh: Rate,
}

/// The rate at which whoever enters pays for the base tokens: the higher one. Both have one denominator.
///
/// A fill can come late in the 900 s, or only once somebody makes room for it, when it can be seen where the price has gone since. With the
/// worse of both rates, nobody gains by choosing the moment.
pub fn dearer(recorded: Rate, fresh: Rate) -> Rate {
    if recorded.numerator < fresh.numerator {
        fresh
    } else {
        recorded
    }
}

/// The rate at which whoever leaves is paid: the lower one.
pub fn cheaper(recorded: Rate, fresh: Rate) -> Rate {
    if recorded.numerator < fresh.numerator {
        recorded
    } else {
        fresh
    }
}

#[generate_trait]
pub impl MarketImpl of MarketTrait {
    /// The price that was recorded last, if it is recent.
    fn recorded(self: @ContractState, now: u64) -> Recorded {
        let mut calldata = array![now.into()];
        self.append_decimals(ref calldata);
        self.append_latest(ref calldata);
        answer(library(selector!("recorded"), calldata))
    }

    /// The recorded price with its confirmation: see the module.
    #[inline(never)]
    fn market(self: @ContractState, now: u64) -> Market {
        let mut calldata = array![now.into()];
        self.append_decimals(ref calldata);
        self.limits.read().serialize(ref calldata);
        self.append_latest(ref calldata);
        calldata.append_span(ask(fixed(self.parts.feed), selector!("quote"), [].span()));
        answer(library(selector!("market"), calldata))
    }

    /// The NAV at the price that was recorded last, however long ago.
    #[inline(never)]
    fn last_nav(self: @ContractState) -> u128 {
        let mut calldata = array![];
        self.append_decimals(ref calldata);
        PositionPacking::pack(self.position()).serialize(ref calldata);
        self.append_latest(ref calldata);
        answer(library(selector!("nav"), calldata))
    }

    #[inline(never)]
    fn append_decimals(self: @ContractState, ref calldata: Array<felt252>) {
        calldata.append(fixed(self.parts.base_decimals).into());
        calldata.append(fixed(self.parts.quote_decimals).into());
    }

    #[inline(never)]
    fn append_latest(self: @ContractState, ref calldata: Array<felt252>) {
        calldata.append_span(ask(fixed(self.parts.history), selector!("latest"), [].span()));
    }
}

/// The price of the pair: `floor(base * 10^8 / quote)`.
#[inline(never)]
pub fn price(base: u64, quote: u64) -> u128 {
    let scaled: u128 = (base.into() * USD).try_into().unwrap();
    scaled / quote.into()
}

#[inline(never)]
pub fn require_peg(quote: u64) {
    assert(PEG - MAX_OFF_PEG <= quote && quote <= PEG + MAX_OFF_PEG, Errors::PEG);
}

/// Checks that a price rests on entries that are neither older than a feed's may be nor ahead: the vault does not leave that to the feed.
#[inline(never)]
pub fn require_fresh(now: u64, price: TokenPrice) {
    assert(price.newest <= now && price.oldest <= now && now - price.oldest <= MAX_AGE, Errors::STALE);
}
