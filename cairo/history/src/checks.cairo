//! What an observation must hold to. In Rust: `recorder.rs`, `feed.rs` and `history.rs`.
use maat_vault_interfaces::feed::{MAX_AGE, TokenPrice};
use maat_vault_interfaces::history::{Move, Observation, Side};
use crate::errors::Errors;

/// Seconds of an hour.
pub const HOUR: u64 = 3_600;
/// How long after its start an hour can be recorded, in seconds.
pub const WINDOW: u64 = 900;
/// The last hour: that before the year 3000.
pub const LAST_HOUR: u64 = 9_028_799;
/// 2^60: prices are less.
pub const PRICE_BOUND: u64 = 0x1000000000000000;
/// The largest move of a price in an hour, in basis points of the last recorded price. A longer wait allows as many times more.
pub const MAX_MOVE_BPS: u128 = 2_500;
const BASIS_POINTS: u128 = 10_000;

/// The hour that a time belongs to, early enough in it.
///
/// Panics with `Errors::TOO_LATE` or `Errors::YEAR_3000`.
pub fn open_hour(now: u64) -> u64 {
    let (hour, since) = DivRem::div_rem(now, HOUR.try_into().unwrap());
    assert(since <= WINDOW, Errors::TOO_LATE);
    assert(hour <= LAST_HOUR, Errors::YEAR_3000);
    hour
}

/// Checks a price that a feed gives, and the times that it names. The feed is another contract, and may break its rule.
///
/// Panics with `Errors::PRICE_OUT_OF_RANGE`, `Errors::PRICE_AHEAD`, `Errors::TIMES_REVERSED` or `Errors::PRICE_TOO_OLD`.
pub fn check_price(token: TokenPrice, now: u64) {
    assert(token.price != 0 && token.price < PRICE_BOUND, Errors::PRICE_OUT_OF_RANGE);
    assert(token.newest <= now, Errors::PRICE_AHEAD);
    assert(token.oldest <= token.newest, Errors::TIMES_REVERSED);
    assert(now - token.oldest <= MAX_AGE, Errors::PRICE_TOO_OLD);
}

/// The move that keeps an observation from being recorded after another one, of an earlier hour: the base token's before the quote token's.
pub fn find_move(last: Observation, found: Observation) -> Option<Move> {
    let hours = found.hour - last.hour;
    if !is_allowed(last.base, found.base, hours) {
        Some(Move { hour: found.hour, side: Side::Base, last: last.base, found: found.base, hours })
    } else if !is_allowed(last.quote, found.quote, hours) {
        Some(Move { hour: found.hour, side: Side::Quote, last: last.quote, found: found.quote, hours })
    } else {
        None
    }
}

/// Whether a price may follow another after so many hours: `|found - last| * 10,000 <= 2,500 * hours * last`.
fn is_allowed(last: u64, found: u64, hours: u64) -> bool {
    let change = if found < last {
        last - found
    } else {
        found - last
    };
    // Hours are fewer than 2^24, and prices less than 2^60.
    change.into() * BASIS_POINTS <= MAX_MOVE_BPS * hours.into() * last.into()
}
