//! Why the history refuses, a text for each reason. In Rust: `RecordError` and `Refusal`.

pub mod Errors {
    pub const FEED_IS_ZERO: felt252 = 'history: feed is zero';
    pub const NOT_LATER: felt252 = 'history: hour is not later';
    pub const PRICE_AHEAD: felt252 = 'history: price is ahead';
    pub const PRICE_OUT_OF_RANGE: felt252 = 'history: price is out of range';
    pub const PRICE_TOO_OLD: felt252 = 'history: price is too old';
    pub const TIMES_REVERSED: felt252 = 'history: oldest after newest';
    pub const TOO_LATE: felt252 = 'history: too late in the hour';
    pub const YEAR_3000: felt252 = 'history: year 3000 or later';
}
