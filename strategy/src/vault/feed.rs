//! The feed: from the entries of several sources to one quote of a pair.
//!
//! The source rule is the same for both tokens. Only entries of pinned sources count, and of those only entries that have a price and are
//! neither older than [`MAX_AGE`] nor ahead of the clock. Each source's price is the median of its entries, and the quote is the median of
//! at least [`MIN_SOURCES`] sources; of an even number, the lower one of the two in the middle.

use std::collections::BTreeMap;

use thiserror::Error;

use super::ledger::Side;
use crate::price::Price;

/// The oldest that an entry may be, in seconds.
pub const MAX_AGE: u64 = 600;
/// The fewest sources that make a price.
pub const MIN_SOURCES: usize = 3;
/// The most sources that are pinned.
pub const MAX_SOURCES: usize = 5;

/// What a source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The source.
    pub source: u32,
    /// USD for one whole token in 1e-8 USD; 0 where the source has none.
    pub price: u64,
    /// When the source says that it saw this price, in seconds after 1970.
    pub timestamp: u64,
}

/// The prices of a pair now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// USD for one base token.
    pub base: Price,
    /// USD for one quote token.
    pub quote: Price,
    /// The oldest timestamp of the entries that were used.
    pub oldest: u64,
}

/// The oracle as the vault and the history see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feed {
    /// The sources that count; of more than [`MAX_SOURCES`], the first ones.
    pub sources: Vec<u32>,
    /// Entries of the base token in USD.
    pub base: Vec<Entry>,
    /// Entries of the quote token in USD.
    pub quote: Vec<Entry>,
}

/// Why there is no quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the {} price has {sources} usable sources of the {MIN_SOURCES} that are needed", side.name())]
pub struct Thin {
    /// Whose price.
    pub side: Side,
    /// How many sources have a price that is neither old nor ahead.
    pub sources: usize,
}

impl Feed {
    /// The quote at a time, in seconds after 1970.
    ///
    /// # Errors
    /// A token has too few sources.
    pub fn quote(&self, now: u64) -> Result<Quote, Thin> {
        let (base, oldest_base) = self.price(Side::Base, &self.base, now)?;
        let (quote, oldest_quote) = self.price(Side::Quote, &self.quote, now)?;
        Ok(Quote { base, quote, oldest: oldest_base.min(oldest_quote) })
    }

    fn price(&self, side: Side, entries: &[Entry], now: u64) -> Result<(Price, u64), Thin> {
        let pinned = &self.sources[..self.sources.len().min(MAX_SOURCES)];
        let usable = |entry: &&Entry| pinned.contains(&entry.source) && (now.saturating_sub(MAX_AGE)..=now).contains(&entry.timestamp);
        let mut by_source: BTreeMap<u32, Vec<Price>> = BTreeMap::new();
        let mut oldest = now;
        for entry in entries.iter().filter(usable) {
            if let Ok(price) = Price::new(entry.price) {
                by_source.entry(entry.source).or_default().push(price);
                oldest = oldest.min(entry.timestamp);
            }
        }
        let sources = by_source.len();
        let medians = by_source.into_values().filter_map(median).collect();
        match median(medians) {
            Some(price) if sources >= MIN_SOURCES => Ok((price, oldest)),
            _ => Err(Thin { side, sources }),
        }
    }
}

/// The price in the middle; the lower one of two.
fn median(mut prices: Vec<Price>) -> Option<Price> {
    prices.sort_unstable();
    prices.get(prices.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn entry(source: u32, price: u64, timestamp: u64) -> Entry {
        Entry { source, price, timestamp }
    }

    fn feed(base: Vec<Entry>) -> Feed {
        let quote = (1..=3).map(|source| entry(source, 100_000_000, NOW)).collect();
        Feed { sources: vec![1, 2, 3, 4, 5], base, quote }
    }

    fn base(entries: Vec<Entry>) -> Result<u64, usize> {
        feed(entries).quote(NOW).map(|quote| quote.base.units()).map_err(|thin| thin.sources)
    }

    #[test]
    fn the_median_of_sources_is_the_lower_one_of_two() {
        let of = |prices: &[u64]| base((1..).zip(prices).map(|(source, price)| entry(source, *price, NOW)).collect());
        assert_eq!(of(&[30, 10, 20]), Ok(20));
        assert_eq!(of(&[40, 10, 30, 20]), Ok(20));
        assert_eq!(of(&[50, 40, 10, 30, 20]), Ok(30));
    }

    #[test]
    fn a_source_has_one_voice() {
        let mut entries = vec![entry(1, 10, NOW), entry(2, 20, NOW)];
        entries.extend([900, 901, 902].map(|price| entry(3, price, NOW)));
        assert_eq!(base(entries.clone()), Ok(20));
        entries.remove(0);
        assert_eq!(base(entries), Err(2), "three entries are not three sources");
    }

    #[test]
    fn old_ahead_zero_huge_and_unpinned_entries_do_not_count() {
        let good = [entry(1, 10, NOW), entry(2, 20, NOW)];
        for (third, counts) in [
            (entry(3, 30, NOW), true),
            (entry(3, 30, NOW - MAX_AGE), true),
            (entry(3, 30, NOW - MAX_AGE - 1), false),
            (entry(3, 30, NOW + 1), false),
            (entry(3, 0, NOW), false),
            (entry(3, 1 << 60, NOW), false),
            (entry(6, 30, NOW), false),
        ] {
            let found = base([good[0], good[1], third].to_vec());
            assert_eq!(found, if counts { Ok(20) } else { Err(2) }, "{third:?}");
        }
    }

    #[test]
    fn the_oldest_entry_that_was_used_is_named_and_a_thin_quote_token_is_refused() {
        let entries = [(1, NOW - 5), (2, NOW - 600), (3, NOW), (4, NOW - 601)].map(|(source, time)| entry(source, 10, time));
        let mut feed = feed(entries.to_vec());
        assert_eq!(feed.quote(NOW).unwrap().oldest, NOW - 600);
        feed.quote.pop();
        assert_eq!(feed.quote(NOW), Err(Thin { side: Side::Quote, sources: 2 }));
    }
}
