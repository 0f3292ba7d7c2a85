//! Why a feed gives no price, or is not made; a text for each reason.

pub mod Errors {
    // A quote. In Rust: `Thin`.
    pub const APART_BASE: felt252 = 'feed: base publishers differ';
    pub const APART_QUOTE: felt252 = 'feed: quote publishers differ';
    pub const DECIMALS_CHANGED: felt252 = 'feed: decimals have changed';
    pub const THIN_BASE: felt252 = 'feed: too few base sources';
    pub const THIN_QUOTE: felt252 = 'feed: too few quote sources';

    // Deployment.
    pub const ORACLE_IS_ZERO: felt252 = 'feed: oracle is zero';
    pub const PAIR_IS_ZERO: felt252 = 'feed: pair id is zero';
    pub const SOURCE_IS_ZERO: felt252 = 'feed: source is zero';
    pub const SOURCE_REPEATED: felt252 = 'feed: source is repeated';
    pub const TOO_FEW_SOURCES: felt252 = 'feed: too few sources';
    pub const TOO_MANY_DECIMALS: felt252 = 'feed: too many decimals';
    pub const TOO_MANY_SOURCES: felt252 = 'feed: too many sources';
}
