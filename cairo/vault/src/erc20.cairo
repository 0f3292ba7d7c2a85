//! Shares as an ERC-20 token, with the names and events of OpenZeppelin's. There are less than 2^112 of them, and they are stored so.

#[starknet::component]
pub mod erc20_component {
    use core::num::traits::{Bounded, Zero};
    use starknet::ContractAddress;
    use starknet::storage::{
        Map, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use crate::errors::Errors;

    #[storage]
    pub struct Storage {
        pub ERC20_total_supply: u128,
        pub ERC20_balances: Map<ContractAddress, u128>,
        /// By owner and spender.
        pub ERC20_allowances: Map<(ContractAddress, ContractAddress), u256>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        Transfer: Transfer,
        Approval: Approval,
    }

    /// Shares moved; from the zero account if they are new, to it if they are gone.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Transfer {
        #[key]
        pub from: ContractAddress,
        #[key]
        pub to: ContractAddress,
        pub value: u256,
    }

    /// A spender may move so many shares of an owner.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Approval {
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub spender: ContractAddress,
        pub value: u256,
    }

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// All shares.
        #[inline(never)]
        fn supply(self: @ComponentState<TContractState>) -> u128 {
            self.ERC20_total_supply.read()
        }

        /// The shares of an account. The vault's own are escrowed, or filled and not claimed.
        #[inline(never)]
        fn shares_of(self: @ComponentState<TContractState>, account: ContractAddress) -> u128 {
            self.ERC20_balances.read(account)
        }

        #[inline(never)]
        fn set_shares(ref self: ComponentState<TContractState>, account: ContractAddress, shares: u128) {
            self.ERC20_balances.write(account, shares);
        }

        /// New shares. The caller keeps the supply below 2^112.
        #[inline(never)]
        fn issue(ref self: ComponentState<TContractState>, to: ContractAddress, shares: u128) {
            if shares > 0 {
                self.ERC20_total_supply.write(self.supply() + shares);
                self.set_shares(to, self.shares_of(to) + shares);
                self.log_transfer(Zero::zero(), to, shares);
            }
        }

        #[inline(never)]
        fn burn(ref self: ComponentState<TContractState>, from: ContractAddress, shares: u128) {
            self.debit(from, shares);
            self.ERC20_total_supply.write(self.supply() - shares);
            self.log_transfer(from, Zero::zero(), shares);
        }

        #[inline(never)]
        fn move_shares(ref self: ComponentState<TContractState>, from: ContractAddress, to: ContractAddress, shares: u128) {
            self.debit(from, shares);
            self.set_shares(to, self.shares_of(to) + shares);
            self.log_transfer(from, to, shares);
        }

        #[inline(never)]
        fn log_transfer(ref self: ComponentState<TContractState>, from: ContractAddress, to: ContractAddress, shares: u128) {
            self.emit(Transfer { from, to, value: shares.into() });
        }

        #[inline(never)]
        fn debit(ref self: ComponentState<TContractState>, from: ContractAddress, shares: u128) {
            let has = self.shares_of(from);
            assert(shares <= has, Errors::SHARES);
            self.set_shares(from, has - shares);
        }

        fn approve_for(ref self: ComponentState<TContractState>, owner: ContractAddress, spender: ContractAddress, value: u256) {
            assert(spender.is_non_zero(), Errors::ZERO_ACCOUNT);
            self.ERC20_allowances.write((owner, spender), value);
            self.emit(Approval { owner, spender, value });
        }

        /// Takes so much off what a spender may move. What is 2^256 - 1 is without end.
        fn spend_allowance(ref self: ComponentState<TContractState>, owner: ContractAddress, spender: ContractAddress, value: u256) {
            let allowed = self.ERC20_allowances.read((owner, spender));
            if allowed != Bounded::MAX {
                assert(value <= allowed, Errors::ALLOWANCE);
                self.approve_for(owner, spender, allowed - value);
            }
        }
    }
}
