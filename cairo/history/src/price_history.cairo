//! The contract. There is no owner, no upgrade and no switch: the feed is fixed, and anyone records.

#[starknet::contract]
pub mod price_history {
    use core::num::traits::Zero;
    use core::poseidon::poseidon_hash_span;
    use maat_vault_interfaces::feed::{IPriceFeedDispatcher, IPriceFeedDispatcherTrait};
    use maat_vault_interfaces::history::{IPriceHistory, Latest, Move, Observation, Side};
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_block_timestamp};
    use crate::checks::{HOUR, check_price, find_move, open_hour};
    use crate::errors::Errors;
    use crate::ring::{CELLS, CellPacking, CellTrait, LONGEST_WINDOW, Last, Prices, place, unpack_base};

    #[storage]
    struct Storage {
        feed: ContractAddress,
        pub(crate) last: Last,
        chain: felt252,
        /// By position in the ring.
        /// See `CellPacking`.
        pub(crate) cells: Map<u64, felt252>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        Recorded: Recorded,
        Refused: Refused,
    }

    /// There is one more observation.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Recorded {
        #[key]
        pub hour: u64,
        /// In 1e-8 USD.
        pub base: u64,
        /// In 1e-8 USD.
        pub quote: u64,
        /// When the oldest entry that the prices rest on was made.
        pub oldest: u64,
        /// The chain with this observation.
        pub chain: felt252,
    }

    /// A price moved too far to be recorded.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Refused {
        #[key]
        pub hour: u64,
        pub side: Side,
        /// The price that was recorded last, in 1e-8 USD.
        pub last: u64,
        /// The price that the feed gave, in 1e-8 USD.
        pub found: u64,
        /// Hours between the two.
        pub hours: u64,
    }

    /// `feed` is where the prices come from, for good.
    #[constructor]
    fn constructor(ref self: ContractState, feed: ContractAddress) {
        assert(feed.is_non_zero(), Errors::FEED_IS_ZERO);
        self.feed.write(feed);
    }

    #[abi(embed_v0)]
    impl PriceHistoryImpl of IPriceHistory<ContractState> {
        fn record(ref self: ContractState) -> Result<Observation, Move> {
            let now = get_block_timestamp();
            let hour = open_hour(now);
            // The feed is foreign code and may call this contract, so nothing is read before that a write relies on.
            let quote = IPriceFeedDispatcher { contract_address: self.feed.read() }.quote();
            check_price(quote.base, now);
            check_price(quote.quote, now);
            let observation = Observation { hour, base: quote.base.price, quote: quote.quote.price };

            let consecutive = match self.latest() {
                None => 1,
                Some(latest) => {
                    let last = latest.observation;
                    assert(hour > last.hour, Errors::NOT_LATER);
                    if let Some(refused) = find_move(last, observation) {
                        let Move { hour, side, last, found, hours } = refused;
                        self.emit(Refused { hour, side, last, found, hours });
                        return Err(refused);
                    }
                    if hour == last.hour + 1 {
                        latest.consecutive + 1
                    } else {
                        1
                    }
                },
            };
            let oldest = core::cmp::min(quote.base.oldest, quote.quote.oldest);
            let Observation { base, quote, .. } = observation;
            let chain = poseidon_hash_span([self.chain.read(), hour.into(), base.into(), quote.into()].span());
            let place = place(hour);
            let cell = CellPacking::unpack(self.cells.read(place.cell));
            self.cells.write(place.cell, CellPacking::pack(cell.set(place, Prices { base, quote })));
            self.last.write(Last { recorded_at: now, oldest, consecutive });
            self.chain.write(chain);
            self.emit(Recorded { hour, base, quote, oldest, chain });
            Ok(observation)
        }

        fn latest(self: @ContractState) -> Option<Latest> {
            let Last { recorded_at, oldest, consecutive } = self.last.read();
            if consecutive == 0 {
                return None;
            }
            let observation = self.at(recorded_at / HOUR)?;
            Some(Latest { observation, consecutive, recorded_at, oldest, chain: self.chain.read() })
        }

        fn at(self: @ContractState, hour: u64) -> Option<Observation> {
            let place = place(hour);
            let Prices { base, quote } = CellPacking::unpack(self.cells.read(place.cell)).get(place)?;
            Some(Observation { hour, base, quote })
        }

        fn window(self: @ContractState, n: u32) -> Option<Span<u64>> {
            let last = self.last.read();
            if n == 0 || n > last.consecutive || n > LONGEST_WINDOW {
                return None;
            }
            let end = last.recorded_at / HOUR + 1;
            let start = end - n.into();
            let mut prices = array![];
            // A cell has an even hour and the next one, of which the window may begin with the second and end with the first.
            for pair in start / 2..(end + 1) / 2 {
                let (even, odd) = unpack_base(self.cells.read(pair % CELLS));
                if pair * 2 >= start {
                    prices.append(even);
                }
                if pair * 2 + 1 < end {
                    prices.append(odd);
                }
            }
            Some(prices.span())
        }

        fn consecutive(self: @ContractState) -> u32 {
            self.last.read().consecutive
        }

        fn chain(self: @ContractState) -> felt252 {
            self.chain.read()
        }

        fn recorded_at(self: @ContractState) -> u64 {
            self.last.read().recorded_at
        }

        fn oldest(self: @ContractState) -> u64 {
            self.last.read().oldest
        }

        fn feed(self: @ContractState) -> ContractAddress {
            self.feed.read()
        }
    }
}
