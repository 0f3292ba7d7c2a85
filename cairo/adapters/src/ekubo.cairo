//! An adapter for one pool of Ekubo, through Ekubo's router.
//!
//! The router is the contract `Router`, V3.0.13, of github.com/EkuboProtocol/starknet-contracts (`src/router.cairo` and
//! `src/components/clear.cairo`). Ekubo's documentation, docs.ekubo.org, lists it among the contracts that nobody can upgrade: on mainnet
//! at 0x0199741822c2dc722f6f605204f35e56dbc23bceed54818168c4c49e4fb8737e, on Sepolia at
//! 0x0045f933adf0607292468ad1c1dedaa74d5ad166392590e72676a34d01d7b763. The pools' tokens are in Ekubo's `Core`, which its governance can
//! upgrade. Only pools without an extension are swapped at: an extension is foreign code that could move the price before each swap.
//!
//! The router swaps tokens that it has, and has neither a least amount nor a deadline; nor does it need an allowance. So a swap sends the
//! caller's tokens to the router, has it swap, fetches both tokens, passes on whatever has arrived, and panics if that is less than the
//! caller accepts. All of it is one call, which happens in its block or not at all: a deadline at the block's time would say nothing more.
//!
//! Between calls the adapter has no tokens and has allowed nobody anything, and it only ever moves its caller's tokens. Other code runs
//! within a call where a token, the router or Ekubo calls it:
//! - that code can swap here too, but with its own tokens, since `transfer_from` names the caller;
//! - it can fetch what is in the router for the moment, as anybody can, and so can a nested swap. The outer swap then gives less than
//!   `least`, and is undone together with the theft. A lock would not change that, and whoever accepts nothing for something has no floor.
//!
//! Tokens that somebody has left in the router or sent to the adapter go to the next caller.

#[starknet::contract]
pub mod ekubo_adapter {
    use core::num::traits::Zero;
    use maat_vault_interfaces::adapter::{IAdapter, IEkuboAdapter};
    use maat_vault_interfaces::ekubo::{IEkuboRouterDispatcher, IEkuboRouterDispatcherTrait, PoolKey, RouteNode, TokenAmount, i129};
    use maat_vault_interfaces::erc20::{IERC20Dispatcher, IERC20DispatcherTrait};
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_caller_address, get_contract_address};
    use crate::errors::Errors;

    /// The lowest and the highest square root of a price that Ekubo has. A swap with such a limit ends early only where no liquidity is
    /// left.
    const MIN_SQRT_RATIO: u256 = 18446748437148339061;
    const MAX_SQRT_RATIO: u256 = 6277100250585753475930931601400621808602321654880405518632;

    #[storage]
    struct Storage {
        router: ContractAddress,
        token0: ContractAddress,
        token1: ContractAddress,
        fee: u128,
        tick_spacing: u128,
    }

    /// The pair's tokens can be in any order. `fee` and `tick_spacing` are those of the pool: there can be a pool for each two of them.
    #[constructor]
    fn constructor(
        ref self: ContractState, router: ContractAddress, token: ContractAddress, other: ContractAddress, fee: u128, tick_spacing: u128,
    ) {
        assert(router.is_non_zero(), Errors::ROUTER_IS_ZERO);
        assert(token.is_non_zero() && other.is_non_zero(), Errors::TOKEN_IS_ZERO);
        assert(token != other, Errors::SAME_TOKEN);
        assert(tick_spacing != 0, Errors::TICK_SPACING_IS_ZERO);
        let (token0, token1) = if number(token) < number(other) {
            (token, other)
        } else {
            (other, token)
        };
        self.router.write(router);
        self.token0.write(token0);
        self.token1.write(token1);
        self.fee.write(fee);
        self.tick_spacing.write(tick_spacing);
    }

    #[abi(embed_v0)]
    impl AdapterImpl of IAdapter<ContractState> {
        fn swap(ref self: ContractState, sold: ContractAddress, bought: ContractAddress, amount: u256, least: u256) {
            let pool_key = self.pool_key();
            let is_token1 = (sold, bought) == (pool_key.token1, pool_key.token0);
            assert(is_token1 || (sold, bought) == (pool_key.token0, pool_key.token1), Errors::OTHER_TOKENS);
            let mag = amount.try_into().expect(Errors::TOO_LARGE);

            let caller = get_caller_address();
            let router = IEkuboRouterDispatcher { contract_address: self.router.read() };
            let moved = IERC20Dispatcher { contract_address: sold }.transfer_from(caller, router.contract_address, amount);
            assert(moved, Errors::NOT_MOVED);
            // What token 0 is sold for, in token 1, falls as it is sold.
            let sqrt_ratio_limit = if is_token1 {
                MAX_SQRT_RATIO
            } else {
                MIN_SQRT_RATIO
            };
            let amount = i129 { mag, sign: false };
            router.swap(RouteNode { pool_key, sqrt_ratio_limit, skip_ahead: 0 }, TokenAmount { token: sold, amount });

            router.clear(bought);
            router.clear(sold);
            assert(pass_on(bought, caller) >= least, Errors::TOO_LITTLE);
            pass_on(sold, caller);
        }
    }

    #[abi(embed_v0)]
    impl EkuboAdapterImpl of IEkuboAdapter<ContractState> {
        fn router(self: @ContractState) -> ContractAddress {
            self.router.read()
        }

        fn pool_key(self: @ContractState) -> PoolKey {
            PoolKey {
                token0: self.token0.read(),
                token1: self.token1.read(),
                fee: self.fee.read(),
                tick_spacing: self.tick_spacing.read(),
                extension: Zero::zero(),
            }
        }
    }

    /// Sends somebody all that there is of a token, and gives how much that was.
    fn pass_on(token: ContractAddress, to: ContractAddress) -> u256 {
        let token = IERC20Dispatcher { contract_address: token };
        let balance = token.balance_of(get_contract_address());
        if balance > 0 {
            assert(token.transfer(to, balance), Errors::NOT_MOVED);
        }
        balance
    }

    fn number(address: ContractAddress) -> u256 {
        let felt: felt252 = address.into();
        felt.into()
    }
}
