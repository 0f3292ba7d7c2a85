//! The adapters against mocks with the interfaces of what they call.

mod deployment;
mod swaps;

use maat_mocks::ekubo::{IMockEkuboRouterDispatcher, IMockEkuboRouterDispatcherTrait, mock_ekubo_router};
use maat_mocks::token::{IMockTokenDispatcher, IMockTokenDispatcherTrait, mock_token};
use maat_vault_interfaces::adapter::{IAdapterDispatcher, IAdapterDispatcherTrait, IEkuboAdapterDispatcher};
use maat_vault_interfaces::ekubo::{IEkuboRouterDispatcher, PoolKey};
use maat_vault_interfaces::erc20::{IERC20Dispatcher, IERC20DispatcherTrait};
use starknet::testing::set_contract_address;
use starknet::{ContractAddress, SyscallResult, SyscallResultTrait};
use crate::ekubo::ekubo_adapter;

pub const ALICE: ContractAddress = 'alice'.try_into().unwrap();
pub const BOB: ContractAddress = 'bob'.try_into().unwrap();
/// 2^121, which is 1/128 of what is sold.
pub const FEE: u128 = 0x2000000000000000000000000000000;
pub const TICK_SPACING: u128 = 1_000;

/// A token through its interfaces.
#[derive(Copy, Drop)]
pub struct Token {
    pub address: ContractAddress,
    pub erc20: IERC20Dispatcher,
    pub mock: IMockTokenDispatcher,
}

pub fn new_token(salt: felt252) -> Token {
    let mut calldata = array![];
    let symbol: ByteArray = "TOK";
    (symbol.clone(), symbol, 18_u8).serialize(ref calldata);
    let (address, _) = starknet::syscalls::deploy_syscall(mock_token::TEST_CLASS_HASH, salt, calldata.span(), false).unwrap_syscall();
    Token {
        address, erc20: IERC20Dispatcher { contract_address: address }, mock: IMockTokenDispatcher { contract_address: address },
    }
}

/// Two tokens in the order of their addresses.
pub fn new_pair() -> (Token, Token) {
    let (one, other) = (new_token(1), new_token(2));
    let number = |token: Token| -> u256 {
        let felt: felt252 = token.address.into();
        felt.into()
    };
    if number(one) < number(other) {
        (one, other)
    } else {
        (other, one)
    }
}

pub fn deploy(
    router: ContractAddress, token: ContractAddress, other: ContractAddress, fee: u128, tick_spacing: u128,
) -> SyscallResult<(ContractAddress, Span<felt252>)> {
    let mut calldata = array![];
    (router, token, other, fee, tick_spacing).serialize(ref calldata);
    starknet::syscalls::deploy_syscall(ekubo_adapter::TEST_CLASS_HASH, 0, calldata.span(), false)
}

/// An adapter, its router and its tokens.
#[derive(Copy, Drop)]
pub struct World {
    pub token0: Token,
    pub token1: Token,
    pub router: IEkuboRouterDispatcher,
    pub mock: IMockEkuboRouterDispatcher,
    pub adapter: IAdapterDispatcher,
    pub views: IEkuboAdapterDispatcher,
}

/// A pool where token 0 is worth 2 of token 1. Alice has 1,280 of each token and has allowed the adapter as many. The test acts as Alice.
pub fn world() -> World {
    let (token0, token1) = new_pair();
    let key = PoolKey {
        token0: token0.address, token1: token1.address, fee: FEE, tick_spacing: TICK_SPACING, extension: 0.try_into().unwrap(),
    };
    let mut calldata = array![];
    key.serialize(ref calldata);
    let (router, _) = starknet::syscalls::deploy_syscall(mock_ekubo_router::TEST_CLASS_HASH, 0, calldata.span(), false).unwrap_syscall();
    let mock = IMockEkuboRouterDispatcher { contract_address: router };
    mock.set_price(2, 1);
    let (adapter, _) = deploy(router, token0.address, token1.address, FEE, TICK_SPACING).unwrap_syscall();
    set_contract_address(ALICE);
    for token in [token0, token1].span() {
        token.mock.mint(ALICE, 1_280);
        token.erc20.approve(adapter, 1_280);
    }
    World {
        token0,
        token1,
        router: IEkuboRouterDispatcher { contract_address: router },
        mock,
        adapter: IAdapterDispatcher { contract_address: adapter },
        views: IEkuboAdapterDispatcher { contract_address: adapter },
    }
}

#[generate_trait]
pub impl WorldImpl of WorldTrait {
    /// Sells so much of token 0.
    fn sell(self: World, amount: u256, least: u256) {
        self.adapter.swap(self.token0.address, self.token1.address, amount, least);
    }

    /// What somebody has of both tokens.
    fn has(self: World, who: ContractAddress) -> (u256, u256) {
        (self.token0.erc20.balance_of(who), self.token1.erc20.balance_of(who))
    }

    /// Asserts that adapter and router have no tokens, and that the adapter has allowed the router none.
    fn assert_nothing_is_kept(self: World) {
        let (adapter, router) = (self.adapter.contract_address, self.router.contract_address);
        assert_eq!(self.has(adapter), (0, 0));
        assert_eq!(self.has(router), (0, 0));
        assert_eq!(self.token0.erc20.allowance(adapter, router), 0);
        assert_eq!(self.token1.erc20.allowance(adapter, router), 0);
    }
}
