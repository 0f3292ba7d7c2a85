//! The rule by which entries of several sources become a price; the same for both tokens. In Rust: `feed.rs`.
//!
//! Only entries of pinned sources count, and of those only entries that have a price and are neither older than `MAX_AGE` nor ahead of the
//! clock. Each source's price is the median of its entries, and the token's price is the median of at least `MIN_SOURCES` sources, whose
//! entries at least `MIN_PUBLISHERS` publishers made. One publisher can speak for any number of sources, and would make their medians where it
//! is alone or one of two. So the median of the publishers, each with the median of its entries, must not be far from that price.
use core::cmp::{max, min};
use core::num::traits::CheckedMul;
use maat_vault_interfaces::feed::{MAX_AGE, TokenPrice};
use crate::median::median;

/// The fewest sources that make a price.
pub const MIN_SOURCES: u32 = 3;
/// The fewest publishers whose entries make a price.
pub const MIN_PUBLISHERS: u32 = 3;
/// The most by which the publishers' median may differ from the price, in basis points of the price.
pub const MAX_APART_BPS: u128 = 100;
/// The most sources that are pinned.
pub const MAX_SOURCES: u32 = 5;
/// Decimals of a price in 1e-8 USD.
const PRICE_DECIMALS: u32 = 8;
/// The most decimals that an oracle's prices may have: 10^38 has less than 128 bits.
pub const MAX_DECIMALS: u32 = 38;
/// 2^60: prices are less.
const PRICE_BOUND: u128 = 0x1000000000000000;

/// What a source says: a price with the oracle's decimals, and when it was seen, in seconds after 1970.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Entry {
    pub source: felt252,
    pub publisher: felt252,
    pub price: u128,
    pub timestamp: u64,
}

/// Why entries make no price.
#[derive(Copy, Drop, PartialEq, Debug)]
pub enum Fault {
    /// Fewer than `MIN_SOURCES` of the sources have usable entries, or these have fewer than `MIN_PUBLISHERS` publishers.
    Thin,
    /// Sources and publishers differ.
    Apart,
}

/// The price at a time. `decimals` is at most `MAX_DECIMALS`.
pub fn price(sources: Span<felt252>, entries: Span<Entry>, decimals: u32, now: u64) -> Result<TokenPrice, Fault> {
    let (mut oldest, mut newest) = (now, 0);
    let mut prices = array![];
    let mut publishers = array![];
    // Of usable entries.
    let mut voices = array![];
    for source in sources {
        let mut said = array![];
        for entry in entries {
            if entry.source == source && is_recent(*entry.timestamp, now) {
                if let Some(price) = in_units(*entry.price, decimals) {
                    said.append(price);
                    voices.append((*entry.publisher, price));
                    oldest = min(oldest, *entry.timestamp);
                    newest = max(newest, *entry.timestamp);
                    if !contains(publishers.span(), *entry.publisher) {
                        publishers.append(*entry.publisher);
                    }
                }
            }
        }
        if let Some(price) = median(said.span()) {
            prices.append(price);
        }
    }
    if prices.len() < MIN_SOURCES || publishers.len() < MIN_PUBLISHERS {
        return Err(Fault::Thin);
    }
    // There are some of both.
    let price = median(prices.span()).unwrap();
    let others = median(medians_of(publishers.span(), voices.span())).unwrap();
    let apart: u128 = (max(price, others) - min(price, others)).into();
    if apart * 10_000 > price.into() * MAX_APART_BPS {
        return Err(Fault::Apart);
    }
    Ok(TokenPrice { price, oldest, newest })
}

/// The median price of each publisher.
fn medians_of(publishers: Span<felt252>, voices: Span<(felt252, u64)>) -> Span<u64> {
    let mut medians = array![];
    for publisher in publishers {
        let mut said = array![];
        for (whose, price) in voices {
            if whose == publisher {
                said.append(*price);
            }
        }
        medians.append(median(said.span()).unwrap());
    }
    medians.span()
}

fn contains(list: Span<felt252>, felt: felt252) -> bool {
    for listed in list {
        if *listed == felt {
            return true;
        }
    }
    false
}

fn is_recent(timestamp: u64, now: u64) -> bool {
    timestamp <= now && now - timestamp <= MAX_AGE
}

/// A price in 1e-8 USD, rounded down; nothing if it is 0, or 2^60 or more.
fn in_units(price: u128, decimals: u32) -> Option<u64> {
    let units = if decimals <= PRICE_DECIMALS {
        price.checked_mul(power_of_ten(PRICE_DECIMALS - decimals))?
    } else {
        price / power_of_ten(decimals - PRICE_DECIMALS)
    };
    if units == 0 || units >= PRICE_BOUND {
        return None;
    }
    units.try_into()
}

fn power_of_ten(exponent: u32) -> u128 {
    let mut power = 1;
    for _ in 0..exponent {
        power *= 10;
    }
    power
}
