//! Pragma's oracle, as far as a feed calls it, with entries that whoever calls can set. Unlike Pragma's own it panics only for those sources
//! without entries for which it is told to.

/// What a publisher says of a pair.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Said {
    pub source: felt252,
    pub price: u128,
    pub timestamp: u64,
}

#[starknet::interface]
pub trait IMockOracle<TContractState> {
    /// What is said of a pair from now on, instead of what was said before.
    fn set_entries(ref self: TContractState, pair_id: felt252, entries: Span<Said>);
    /// The decimals of a pair's prices from now on.
    fn set_decimals(ref self: TContractState, pair_id: felt252, decimals: u32);
    /// From now on every entry is one of a future, or spot again.
    fn set_futures(ref self: TContractState, futures: bool);
    /// From now on this publisher made all entries of a source; 0 for one with the source's name again.
    fn set_publisher(ref self: TContractState, source: felt252, publisher: felt252);
    /// From now on entries name this pair instead of their own; 0 for their own again.
    fn set_named_pair(ref self: TContractState, pair_id: felt252);
    /// From now on nobody can ask for this source of a pair, because it was never published; 0 for none.
    fn set_missing(ref self: TContractState, pair_id: felt252, source: felt252);
}

#[starknet::contract]
pub mod mock_oracle {
    use maat_vault_interfaces::pragma::{BaseEntry, DataType, FutureEntry, IPragmaOracle, PossibleEntries, SpotEntry};
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use super::{IMockOracle, Said};

    #[storage]
    struct Storage {
        /// By pair and position, with its source, price and time.
        sources: Map<(felt252, u32), felt252>,
        prices: Map<(felt252, u32), u128>,
        timestamps: Map<(felt252, u32), u64>,
        /// By pair.
        counts: Map<felt252, u32>,
        decimals: Map<felt252, u32>,
        missing: Map<felt252, felt252>,
        futures: bool,
        named_pair: felt252,
        /// By source.
        publishers: Map<felt252, felt252>,
    }

    #[abi(embed_v0)]
    impl MockOracleImpl of IMockOracle<ContractState> {
        fn set_entries(ref self: ContractState, pair_id: felt252, entries: Span<Said>) {
            let mut position = 0;
            for entry in entries {
                self.sources.write((pair_id, position), *entry.source);
                self.prices.write((pair_id, position), *entry.price);
                self.timestamps.write((pair_id, position), *entry.timestamp);
                position += 1;
            }
            self.counts.write(pair_id, position);
        }

        fn set_decimals(ref self: ContractState, pair_id: felt252, decimals: u32) {
            self.decimals.write(pair_id, decimals);
        }

        fn set_futures(ref self: ContractState, futures: bool) {
            self.futures.write(futures);
        }

        fn set_publisher(ref self: ContractState, source: felt252, publisher: felt252) {
            self.publishers.write(source, publisher);
        }

        fn set_named_pair(ref self: ContractState, pair_id: felt252) {
            self.named_pair.write(pair_id);
        }

        fn set_missing(ref self: ContractState, pair_id: felt252, source: felt252) {
            self.missing.write(pair_id, source);
        }
    }

    #[abi(embed_v0)]
    impl PragmaOracleImpl of IPragmaOracle<ContractState> {
        fn get_decimals(self: @ContractState, data_type: DataType) -> u32 {
            self.decimals.read(pair_of(data_type))
        }

        fn get_data_entries_for_sources(
            self: @ContractState, data_type: DataType, sources: Span<felt252>,
        ) -> (Span<PossibleEntries>, u64) {
            let pair_id = pair_of(data_type);
            let missing = self.missing.read(pair_id);
            assert(missing == 0 || !contains(sources, missing), 'No publisher for source');
            let named = match self.named_pair.read() {
                0 => pair_id,
                named => named,
            };
            let futures = self.futures.read();
            let mut entries = array![];
            let mut newest = 0;
            for position in 0..self.counts.read(pair_id) {
                let source = self.sources.read((pair_id, position));
                if !contains(sources, source) {
                    continue;
                }
                let timestamp = self.timestamps.read((pair_id, position));
                let price = self.prices.read((pair_id, position));
                let publisher = match self.publishers.read(source) {
                    0 => source,
                    publisher => publisher,
                };
                let base = BaseEntry { timestamp, source, publisher };
                newest = core::cmp::max(newest, timestamp);
                entries
                    .append(
                        if futures {
                            PossibleEntries::Future(FutureEntry { base, price, pair_id: named, volume: 0, expiration_timestamp: 0 })
                        } else {
                            PossibleEntries::Spot(SpotEntry { base, price, pair_id: named, volume: 0 })
                        },
                    );
            }
            (entries.span(), newest)
        }
    }

    fn contains(sources: Span<felt252>, source: felt252) -> bool {
        for listed in sources {
            if *listed == source {
                return true;
            }
        }
        false
    }

    fn pair_of(data_type: DataType) -> felt252 {
        match data_type {
            DataType::SpotEntry(pair_id) => pair_id,
            DataType::FutureEntry((pair_id, _)) => pair_id,
            DataType::GenericEntry(key) => key,
        }
    }
}
