//! A pool behind the adapter's interface: it swaps at the rate that it was told, and mints what it gives. It can be told to misbehave. In
//! Rust: `Pool` and `Conduct` of the vault's tests.
use crate::calls::Call;

/// How a pool behaves.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store, Default)]
pub enum Conduct {
    /// It swaps at its rate.
    #[default]
    Honest,
    /// It swaps at its rate less so many basis points.
    Costs: u16,
    /// It panics with `'mock: the pool is empty'`.
    Fails,
    /// It takes the tokens and gives nothing.
    Steals,
    /// It gives one unit less than the caller accepts.
    ShortByOne,
    /// It tries to take a unit more than the amount, and a unit of the other token. It panics if it can, and else swaps at its rate.
    Grabs,
    /// It takes a unit more than the amount, and panics if it cannot.
    Overtakes,
    /// It takes half of the tokens, and gives what all of them are worth.
    Generous,
    /// It does nothing.
    Idle,
    /// It makes the call that was set, and then swaps at its rate. It panics with what the callee panics with.
    Reenters,
}

#[starknet::interface]
pub trait IMockPool<TContractState> {
    /// The worth of base amounts in the quote token from now on: `amount * numerator / denominator`.
    fn set_rate(ref self: TContractState, numerator: u128, denominator: u128);
    /// Lets the pool behave in another way.
    fn set_conduct(ref self: TContractState, conduct: Conduct);
    /// The call that `Conduct::Reenters` makes.
    fn set_call(ref self: TContractState, call: Call);
}

/// Unlike an adapter in earnest, it leaves it to the caller to compare what it gave with `least`.
#[starknet::contract]
pub mod mock_pool {
    use core::num::traits::WideMul;
    use maat_vault_interfaces::adapter::IAdapter;
    use maat_vault_interfaces::erc20::{IERC20Dispatcher, IERC20DispatcherTrait};
    use starknet::storage::{StorageAsPath, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::syscalls::call_contract_syscall;
    use starknet::{ContractAddress, get_caller_address, get_contract_address};
    use crate::calls::{Call, StoredCall, WritableCall};
    use crate::token::{IMockTokenDispatcher, IMockTokenDispatcherTrait};
    use super::{Conduct, IMockPool};

    /// What a pool has of each token at first, in its smallest unit: 2^120.
    const LIQUIDITY: u256 = 0x1000000000000000000000000000000;

    #[storage]
    struct Storage {
        base: ContractAddress,
        quote: ContractAddress,
        numerator: u128,
        denominator: u128,
        conduct: Conduct,
        call: StoredCall,
    }

    /// `base` and `quote` are mock tokens, of which the pool makes itself as much as anybody will ask for.
    #[constructor]
    fn constructor(ref self: ContractState, base: ContractAddress, quote: ContractAddress) {
        self.base.write(base);
        self.quote.write(quote);
        for contract_address in [base, quote].span() {
            IMockTokenDispatcher { contract_address: *contract_address }.mint(get_contract_address(), LIQUIDITY);
        }
    }

    #[abi(embed_v0)]
    impl MockPoolImpl of IMockPool<ContractState> {
        fn set_rate(ref self: ContractState, numerator: u128, denominator: u128) {
            self.numerator.write(numerator);
            self.denominator.write(denominator);
        }

        fn set_conduct(ref self: ContractState, conduct: Conduct) {
            self.conduct.write(conduct);
        }

        fn set_call(ref self: ContractState, call: Call) {
            self.call.as_path().store(call);
        }
    }

    #[abi(embed_v0)]
    impl AdapterImpl of IAdapter<ContractState> {
        fn swap(ref self: ContractState, sold: ContractAddress, bought: ContractAddress, amount: u256, least: u256) {
            let worth = self.worth(sold, bought, amount);
            let (take, give) = match self.conduct.read() {
                Conduct::Honest => (amount, worth),
                Conduct::Costs(bps) => (amount, worth * (10_000 - bps).into() / 10_000),
                Conduct::Fails => core::panic_with_felt252('mock: the pool is empty'),
                Conduct::Steals => (amount, 0),
                Conduct::ShortByOne => (amount, least - 1),
                Conduct::Grabs => {
                    assert(!can_take(sold, amount + 1), 'mock: allowed too much');
                    assert(!can_take(bought, 1), 'mock: allowed the other token');
                    (amount, worth)
                },
                Conduct::Overtakes => (amount + 1, worth),
                Conduct::Generous => (amount / 2, worth),
                Conduct::Idle => { return; },
                Conduct::Reenters => {
                    self.call.as_path().make();
                    (amount, worth)
                },
            };
            let this = get_contract_address();
            IERC20Dispatcher { contract_address: sold }.transfer_from(get_caller_address(), this, take);
            IERC20Dispatcher { contract_address: bought }.transfer(get_caller_address(), give);
        }
    }

    #[generate_trait]
    impl InternalImpl of InternalTrait {
        /// What an amount is worth in the other token, rounded down.
        fn worth(self: @ContractState, sold: ContractAddress, bought: ContractAddress, amount: u256) -> u256 {
            let (base, quote) = (self.base.read(), self.quote.read());
            let (numerator, denominator) = (self.numerator.read(), self.denominator.read());
            let amount: u128 = amount.try_into().expect('mock: amount is too large');
            if (sold, bought) == (base, quote) {
                amount.wide_mul(numerator) / denominator.into()
            } else if (sold, bought) == (quote, base) {
                amount.wide_mul(denominator) / numerator.into()
            } else {
                core::panic_with_felt252('mock: not a token of the pool')
            }
        }
    }

    /// Whether so much of the caller's tokens could be taken. If it could, it is.
    fn can_take(token: ContractAddress, amount: u256) -> bool {
        let mut calldata = array![];
        (get_caller_address(), get_contract_address(), amount).serialize(ref calldata);
        call_contract_syscall(token, selector!("transfer_from"), calldata.span()).is_ok()
    }
}
