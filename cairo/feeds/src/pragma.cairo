//! A feed over Pragma's oracle.
//!
//! The oracle's own medians are not asked for: they take entries that are an hour old, have the time of the newest one, and say a price of
//! 0 where there is none.
//!
//! Warning: the oracle's owner can upgrade it, and its publishers say when they saw a price. This feed pins the oracle, the pairs, the
//! sources and the decimals; it has no owner.

#[starknet::contract]
pub mod pragma_feed {
    use core::num::traits::Zero;
    use maat_vault_interfaces::feed::{IPragmaFeed, IPriceFeed, Quote, TokenPrice};
    use maat_vault_interfaces::pragma::{BaseEntry, DataType, IPragmaOracleDispatcher, IPragmaOracleDispatcherTrait, PossibleEntries};
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_block_timestamp};
    use crate::errors::Errors;
    use crate::rule::{Entry, Fault, MAX_DECIMALS, MAX_SOURCES, MIN_SOURCES, price};

    #[storage]
    struct Storage {
        oracle: ContractAddress,
        base_id: felt252,
        quote_id: felt252,
        decimals: (u32, u32),
        /// By position.
        sources: Map<u32, felt252>,
        source_count: u32,
    }

    /// `base_id` and `quote_id` are the oracle's names of the two tokens' pairs with USD. The decimals of their prices are asked for once
    /// and kept. The oracle panics if one of the sources was never published for a pair.
    #[constructor]
    fn constructor(ref self: ContractState, oracle: ContractAddress, base_id: felt252, quote_id: felt252, sources: Span<felt252>) {
        assert(oracle.is_non_zero(), Errors::ORACLE_IS_ZERO);
        assert(base_id != 0 && quote_id != 0, Errors::PAIR_IS_ZERO);
        assert(sources.len() >= MIN_SOURCES, Errors::TOO_FEW_SOURCES);
        assert(sources.len() <= MAX_SOURCES, Errors::TOO_MANY_SOURCES);
        for position in 0..sources.len() {
            let source = *sources[position];
            assert(source != 0, Errors::SOURCE_IS_ZERO);
            for other in 0..position {
                assert(source != *sources[other], Errors::SOURCE_REPEATED);
            }
            self.sources.write(position, source);
        }
        self.source_count.write(sources.len());
        self.oracle.write(oracle);
        self.base_id.write(base_id);
        self.quote_id.write(quote_id);
        let oracle = IPragmaOracleDispatcher { contract_address: oracle };
        let base = oracle.get_decimals(DataType::SpotEntry(base_id));
        let quote = oracle.get_decimals(DataType::SpotEntry(quote_id));
        // With a source that the oracle does not have, each quote would panic.
        for pair_id in [base_id, quote_id].span() {
            oracle.get_data_entries_for_sources(DataType::SpotEntry(*pair_id), sources);
        }
        assert(base <= MAX_DECIMALS && quote <= MAX_DECIMALS, Errors::TOO_MANY_DECIMALS);
        self.decimals.write((base, quote));
    }

    #[abi(embed_v0)]
    impl PriceFeedImpl of IPriceFeed<ContractState> {
        fn quote(self: @ContractState) -> Quote {
            let oracle = IPragmaOracleDispatcher { contract_address: self.oracle.read() };
            let (base, quote) = self.decimals.read();
            let sources = self.sources();
            Quote {
                base: required(token_price(oracle, self.base_id.read(), sources, base), Errors::THIN_BASE, Errors::APART_BASE),
                quote: required(token_price(oracle, self.quote_id.read(), sources, quote), Errors::THIN_QUOTE, Errors::APART_QUOTE),
            }
        }
    }

    #[abi(embed_v0)]
    impl PragmaFeedImpl of IPragmaFeed<ContractState> {
        fn oracle(self: @ContractState) -> ContractAddress {
            self.oracle.read()
        }

        fn pair_ids(self: @ContractState) -> (felt252, felt252) {
            (self.base_id.read(), self.quote_id.read())
        }

        fn decimals(self: @ContractState) -> (u32, u32) {
            self.decimals.read()
        }

        fn sources(self: @ContractState) -> Span<felt252> {
            let mut sources = array![];
            for position in 0..self.source_count.read() {
                sources.append(self.sources.read(position));
            }
            sources.span()
        }
    }

    /// A price, or a panic with the text for its fault.
    fn required(price: Result<TokenPrice, Fault>, thin: felt252, apart: felt252) -> TokenPrice {
        match price {
            Ok(price) => price,
            Err(Fault::Thin) => core::panic_with_felt252(thin),
            Err(Fault::Apart) => core::panic_with_felt252(apart),
        }
    }

    /// A token's price by the rule.
    ///
    /// Panics with `Errors::DECIMALS_CHANGED`.
    fn token_price(oracle: IPragmaOracleDispatcher, pair_id: felt252, sources: Span<felt252>, decimals: u32) -> Result<TokenPrice, Fault> {
        let data_type = DataType::SpotEntry(pair_id);
        assert(oracle.get_decimals(data_type) == decimals, Errors::DECIMALS_CHANGED);
        let (found, _) = oracle.get_data_entries_for_sources(data_type, sources);
        let mut entries = array![];
        for entry in found {
            // The oracle can be upgraded, so what it gives is not believed to be what was asked for.
            if let PossibleEntries::Spot(spot) = entry {
                if *spot.pair_id == pair_id {
                    let BaseEntry { timestamp, source, publisher } = *spot.base;
                    entries.append(Entry { source, publisher, price: *spot.price, timestamp });
                }
            }
        }
        price(sources, entries.span(), decimals, get_block_timestamp())
    }
}
