//! The price history of a pair: one observation an hour, which anyone takes from the feed, and a chain that binds them all.

use starknet::ContractAddress;

/// The prices of a pair's tokens at the start of an hour.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Observation {
    /// Hours from 1970-01-01T00:00:00Z to its start.
    pub hour: u64,
    /// 1e-8 USD for one base token; at least 1, less than 2^60.
    pub base: u64,
    /// 1e-8 USD for one quote token, likewise.
    pub quote: u64,
}

/// Which token of a pair.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Side {
    /// The token that is traded.
    Base,
    /// The token that it is paid with.
    Quote,
}

/// A price that moved too far to be recorded.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Move {
    pub hour: u64,
    /// Whose price. If both moved too far, the base token's.
    pub side: Side,
    /// The price that was recorded last, in 1e-8 USD.
    pub last: u64,
    /// The price that the feed gives.
    pub found: u64,
    /// Hours between the two.
    pub hours: u64,
}

/// The last observation, and what it rests on.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Latest {
    pub observation: Observation,
    /// How many recorded hours in a row end with it.
    pub consecutive: u32,
    /// The block's time when it was recorded.
    pub recorded_at: u64,
    /// When the oldest entry that its prices rest on was made.
    pub oldest: u64,
    /// The price chain with it.
    pub chain: felt252,
}

/// Records prices. There is no owner, and nobody chooses anything.
///
/// A price may move by 25 % of the last recorded one for each hour since. A larger move leaves the hour out; as more hours pass more is
/// allowed, so that the history heals.
#[starknet::interface]
pub trait IPriceHistory<TContractState> {
    /// Takes the feed's prices for the current hour. If one of them moved too far, records nothing and gives the move; the same hour can be
    /// tried again.
    ///
    /// Requirements:
    /// - the hour began at most 900 seconds ago, before the year 3000, and is later than the last recorded one;
    /// - the feed gives both prices, in range, on entries that are at most 600 seconds old and not ahead of the block's time.
    ///
    /// Emits `Recorded` or `Refused`.
    fn record(ref self: TContractState) -> Result<Observation, Move>;
    /// The last observation; nothing before the first one.
    fn latest(self: @TContractState) -> Option<Latest>;
    /// What was recorded for an hour, as far as it still is stored: at least the last 65,535 hours are.
    fn at(self: @TContractState, hour: u64) -> Option<Observation>;
    /// The base token's prices of the last `n` hours, oldest first, in 1e-8 USD. Nothing if an hour is missing among them, if `n` is 0, or
    /// if it is more than 65,535.
    ///
    /// It takes about 23,000 L2 gas for each hour, and reads a cell of storage for every two.
    fn window(self: @TContractState, n: u32) -> Option<Span<u64>>;
    /// How many recorded hours in a row end with the last one.
    fn consecutive(self: @TContractState) -> u32;
    /// What binds all observations: `chain' = poseidon_hash_span([chain, hour, base, quote])`, from 0.
    fn chain(self: @TContractState) -> felt252;
    /// The block's time when the last observation was recorded; 0 if there is none.
    fn recorded_at(self: @TContractState) -> u64;
    /// When the oldest entry that the last observation rests on was made; 0 if there is none.
    fn oldest(self: @TContractState) -> u64;
    /// Where the prices come from. It never changes.
    fn feed(self: @TContractState) -> ContractAddress;
}
