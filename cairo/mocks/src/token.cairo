//! A token that anyone can mint, and that can be told to misbehave. In Rust: `ledger.rs`.
use starknet::ContractAddress;
use crate::calls::Call;

/// How a token behaves.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store, Default)]
pub enum Behaviour {
    /// A transfer moves what was asked for.
    #[default]
    Honest,
    /// Every transfer panics with `'mock: paused'`.
    Paused,
    /// A transfer moves nothing and gives false.
    Silent,
    /// A transfer moves nothing and gives true.
    Lies,
    /// So many basis points of what arrives are kept from the receiver.
    TakesFee: u16,
    /// So many basis points of what leaves are taken from the sender on top.
    Surcharges: u16,
    /// A transfer makes the call that was set, and then moves what was asked for. It panics with what the callee panics with.
    Reenters,
}

#[starknet::interface]
pub trait IMockToken<TContractState> {
    /// Gives an account new tokens.
    fn mint(ref self: TContractState, account: ContractAddress, amount: u256);
    /// Lets the token behave in another way.
    fn set_behaviour(ref self: TContractState, behaviour: Behaviour);
    /// The call that `Behaviour::Reenters` makes.
    fn set_call(ref self: TContractState, call: Call);
}

#[starknet::contract]
pub mod mock_token {
    use core::num::traits::{CheckedAdd, Zero};
    use maat_vault_interfaces::erc20::{IERC20, IERC20Metadata};
    use starknet::storage::{
        Map, StorageAsPath, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::{ContractAddress, get_caller_address};
    use crate::calls::{Call, StoredCall, WritableCall};
    use super::{Behaviour, IMockToken};

    const BASIS_POINTS: u256 = 10_000;

    #[storage]
    struct Storage {
        name: ByteArray,
        symbol: ByteArray,
        decimals: u8,
        total_supply: u256,
        balances: Map<ContractAddress, u256>,
        /// By owner and spender.
        allowances: Map<(ContractAddress, ContractAddress), u256>,
        behaviour: Behaviour,
        call: StoredCall,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        Transfer: Transfer,
        Approval: Approval,
    }

    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Transfer {
        #[key]
        pub from: ContractAddress,
        #[key]
        pub to: ContractAddress,
        pub value: u256,
    }

    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Approval {
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub spender: ContractAddress,
        pub value: u256,
    }

    #[constructor]
    fn constructor(ref self: ContractState, name: ByteArray, symbol: ByteArray, decimals: u8) {
        self.name.write(name);
        self.symbol.write(symbol);
        self.decimals.write(decimals);
    }

    #[abi(embed_v0)]
    impl MockTokenImpl of IMockToken<ContractState> {
        fn mint(ref self: ContractState, account: ContractAddress, amount: u256) {
            self.total_supply.write(self.total_supply.read() + amount);
            self.add(account, amount);
            self.emit(Transfer { from: Zero::zero(), to: account, value: amount });
        }

        fn set_behaviour(ref self: ContractState, behaviour: Behaviour) {
            self.behaviour.write(behaviour);
        }

        fn set_call(ref self: ContractState, call: Call) {
            self.call.as_path().store(call);
        }
    }

    #[abi(embed_v0)]
    impl ERC20Impl of IERC20<ContractState> {
        fn total_supply(self: @ContractState) -> u256 {
            self.total_supply.read()
        }

        fn balance_of(self: @ContractState, account: ContractAddress) -> u256 {
            self.balances.read(account)
        }

        fn allowance(self: @ContractState, owner: ContractAddress, spender: ContractAddress) -> u256 {
            self.allowances.read((owner, spender))
        }

        fn transfer(ref self: ContractState, recipient: ContractAddress, amount: u256) -> bool {
            self.move(get_caller_address(), recipient, amount)
        }

        fn transfer_from(ref self: ContractState, sender: ContractAddress, recipient: ContractAddress, amount: u256) -> bool {
            let spender = get_caller_address();
            let allowed = self.allowances.read((sender, spender));
            assert(allowed >= amount, 'mock: allowance is too small');
            self.allowances.write((sender, spender), allowed - amount);
            self.move(sender, recipient, amount)
        }

        fn approve(ref self: ContractState, spender: ContractAddress, amount: u256) -> bool {
            let owner = get_caller_address();
            self.allowances.write((owner, spender), amount);
            self.emit(Approval { owner, spender, value: amount });
            true
        }
    }

    #[abi(embed_v0)]
    impl ERC20MetadataImpl of IERC20Metadata<ContractState> {
        fn name(self: @ContractState) -> ByteArray {
            self.name.read()
        }

        fn symbol(self: @ContractState) -> ByteArray {
            self.symbol.read()
        }

        fn decimals(self: @ContractState) -> u8 {
            self.decimals.read()
        }
    }

    #[generate_trait]
    impl InternalImpl of InternalTrait {
        /// Moves tokens, or does what the behaviour says instead.
        fn move(ref self: ContractState, from: ContractAddress, to: ContractAddress, amount: u256) -> bool {
            let (taken, given) = match self.behaviour.read() {
                Behaviour::Honest => (amount, amount),
                Behaviour::Paused => core::panic_with_felt252('mock: paused'),
                Behaviour::Silent => { return false; },
                Behaviour::Lies => { return true; },
                Behaviour::TakesFee(bps) => (amount, amount - part(amount, bps)),
                Behaviour::Surcharges(bps) => (amount + part(amount, bps), amount),
                Behaviour::Reenters => {
                    self.call.as_path().make();
                    (amount, amount)
                },
            };
            let has = self.balances.read(from);
            assert(has >= taken, 'mock: balance is too small');
            self.balances.write(from, has - taken);
            self.add(to, given);
            // Fees are burnt, and surcharges too.
            self.total_supply.write(self.total_supply.read() - (taken - given));
            self.emit(Transfer { from, to, value: given });
            true
        }

        fn add(ref self: ContractState, account: ContractAddress, amount: u256) {
            let balance = self.balances.read(account).checked_add(amount);
            self.balances.write(account, balance.expect('mock: balance is too large'));
        }
    }

    /// `floor(amount * bps / 10,000)`, at most the amount.
    fn part(amount: u256, bps: u16) -> u256 {
        amount * core::cmp::min(bps, 10_000).into() / BASIS_POINTS
    }
}
