//! Pragma's oracle: the calls that a feed makes. Names, types and order are those of its class.

/// A price and what it is of: the name of its pair, such as `'ETH/USD'`; a future also has its expiry.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum DataType {
    SpotEntry: felt252,
    FutureEntry: (felt252, u64),
    GenericEntry: felt252,
}

/// Who says something, and when.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct BaseEntry {
    /// Seconds after 1970, as the publisher says; it may be ahead of the block's time.
    pub timestamp: u64,
    pub source: felt252,
    pub publisher: felt252,
}

#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct SpotEntry {
    pub base: BaseEntry,
    /// With as many decimals as `get_decimals` says.
    pub price: u128,
    pub pair_id: felt252,
    pub volume: u128,
}

#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct FutureEntry {
    pub base: BaseEntry,
    pub price: u128,
    pub pair_id: felt252,
    pub volume: u128,
    pub expiration_timestamp: u64,
}

#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct GenericEntry {
    pub base: BaseEntry,
    pub key: felt252,
    pub value: u256,
}

/// An entry of any kind.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum PossibleEntries {
    Spot: SpotEntry,
    Future: FutureEntry,
    Generic: GenericEntry,
}

#[starknet::interface]
pub trait IPragmaOracle<TContractState> {
    /// Decimals of the prices.
    fn get_decimals(self: @TContractState, data_type: DataType) -> u32;
    /// The newest entries of these sources, of each publisher one, and when the newest of all was made. Entries may be hours old.
    ///
    /// Panics with `'No publisher for source'` if a source has never been published for the pair, or was removed since.
    fn get_data_entries_for_sources(
        self: @TContractState, data_type: DataType, sources: Span<felt252>,
    ) -> (Span<PossibleEntries>, u64);
}
