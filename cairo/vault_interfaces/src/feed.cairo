//! A feed: what the tokens of a pair cost in USD now, by one rule for both.
//!
//! The rule: a price rests on entries of several sources that are at most `MAX_AGE` old and not ahead of the block's time. Whoever relies
//! on a feed checks the times that it names, and reads the class of the feed for the rest.

use starknet::ContractAddress;

/// The oldest that an entry may be, in seconds.
pub const MAX_AGE: u64 = 600;

/// The price of one whole token.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct TokenPrice {
    /// In 1e-8 USD; at least 1, less than 2^60.
    pub price: u64,
    /// When the oldest of the entries that were used was made, in seconds after 1970.
    pub oldest: u64,
    /// When the newest of them was made.
    pub newest: u64,
}

/// The prices of a pair.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Quote {
    /// Of the token that is traded.
    pub base: TokenPrice,
    /// Of the token that it is paid with.
    pub quote: TokenPrice,
}

/// Gives the prices of one pair.
#[starknet::interface]
pub trait IPriceFeed<TContractState> {
    /// The prices at the block's time.
    ///
    /// Panics if one of the two tokens has no price under the rule.
    fn quote(self: @TContractState) -> Quote;
}

/// What a feed of Pragma's oracle was made with. It never changes.
#[starknet::interface]
pub trait IPragmaFeed<TContractState> {
    /// Pragma's oracle, a contract that its owner can upgrade.
    fn oracle(self: @TContractState) -> ContractAddress;
    /// Pragma's names of the base and quote tokens' pairs with USD, such as `'ETH/USD'` and `'USDC/USD'`.
    fn pair_ids(self: @TContractState) -> (felt252, felt252);
    /// Decimals of the two prices, as the oracle gave them when the feed was made.
    fn decimals(self: @TContractState) -> (u32, u32);
    /// The sources that count.
    fn sources(self: @TContractState) -> Span<felt252>;
}
