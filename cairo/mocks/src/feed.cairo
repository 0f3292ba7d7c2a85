//! A feed that gives what it was told.
use maat_vault_interfaces::feed::Quote;
use crate::calls::Call;

/// What it does when it is asked.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Answer {
    /// Panics, with this.
    Fails: felt252,
    /// Gives these prices and times.
    Gives: Quote,
    /// Gives these prices in 1e-8 USD, of the base and of the quote token, as if they were made at the block's time.
    GivesNow: (u64, u64),
    /// Gives these prices from now on, and makes the call before it gives them first. Panics with what the callee panics with.
    CallsOnce: (Call, Quote),
}

#[starknet::interface]
pub trait IMockFeed<TContractState> {
    /// What it does from now on.
    fn set_answer(ref self: TContractState, answer: Answer);
}

/// Until it is told something, it fails with `'mock: no price'`.
#[starknet::contract]
pub mod mock_feed {
    use maat_vault_interfaces::feed::{IPriceFeed, Quote, TokenPrice};
    use starknet::{get_block_timestamp, get_contract_address};
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::syscalls::call_contract_syscall;
    use super::{Answer, IMockFeed, IMockFeedDispatcher, IMockFeedDispatcherTrait};

    #[storage]
    struct Storage {
        /// Serialised.
        answer: Map<u32, felt252>,
        answer_length: u32,
    }

    #[abi(embed_v0)]
    impl MockFeedImpl of IMockFeed<ContractState> {
        fn set_answer(ref self: ContractState, answer: Answer) {
            let mut serialised = array![];
            answer.serialize(ref serialised);
            self.answer_length.write(serialised.len());
            let mut position = 0;
            for felt in serialised {
                self.answer.write(position, felt);
                position += 1;
            }
        }
    }

    #[abi(embed_v0)]
    impl PriceFeedImpl of IPriceFeed<ContractState> {
        fn quote(self: @ContractState) -> Quote {
            let mut serialised = array![];
            for position in 0..self.answer_length.read() {
                serialised.append(self.answer.read(position));
            }
            let mut serialised = serialised.span();
            match Serde::<Answer>::deserialize(ref serialised) {
                None => core::panic_with_felt252('mock: no price'),
                Some(Answer::Fails(reason)) => core::panic_with_felt252(reason),
                Some(Answer::Gives(quote)) => quote,
                Some(Answer::GivesNow((base, quote))) => {
                    let now = get_block_timestamp();
                    let token = |price| TokenPrice { price, oldest: now, newest: now };
                    Quote { base: token(base), quote: token(quote) }
                },
                Some(Answer::CallsOnce((call, quote))) => {
                    // A view cannot write otherwise.
                    IMockFeedDispatcher { contract_address: get_contract_address() }.set_answer(Answer::Gives(quote));
                    if let Err(reason) = call_contract_syscall(call.to, call.selector, call.calldata) {
                        core::panics::panic(reason);
                    }
                    quote
                },
            }
        }
    }
}
