//! Ekubo's router with one pool, as far as an adapter calls it, and as `maat_vault_interfaces::ekubo` describes it. The pool has one price,
//! at which it takes so much in a swap and no more, as if its liquidity ended there; it mints what it gives. The router can be told to
//! misbehave.
use crate::calls::Call;

/// How a router behaves.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store, Default)]
pub enum RouterConduct {
    /// It swaps at the pool's price, less the pool's fee.
    #[default]
    Honest,
    /// It panics with `'mock: the pool is empty'`.
    Fails,
    /// It takes the tokens and gives nothing.
    Steals,
    /// It swaps, and gives nobody what it has.
    Keeps,
    /// It makes the call that was set, once, and then swaps honestly. It panics with what the callee panics with.
    Reenters,
}

#[starknet::interface]
pub trait IMockEkuboRouter<TContractState> {
    /// The price of token 0 in token 1 from now on, both in their smallest units: `numerator / denominator`.
    fn set_price(ref self: TContractState, numerator: u128, denominator: u128);
    /// The most that the pool takes of a token in a swap from now on, its fee included.
    fn set_depth(ref self: TContractState, most: u128);
    /// Lets the router behave in another way.
    fn set_router_conduct(ref self: TContractState, conduct: RouterConduct);
    /// The call that `RouterConduct::Reenters` makes.
    fn set_call(ref self: TContractState, call: Call);
}

#[starknet::contract]
pub mod mock_ekubo_router {
    use core::num::traits::{Bounded, WideMul};
    use maat_vault_interfaces::ekubo::{Delta, IEkuboRouter, PoolKey, RouteNode, TokenAmount, i129};
    use maat_vault_interfaces::erc20::{IERC20Dispatcher, IERC20DispatcherTrait};
    use starknet::storage::{StorageAsPath, StoragePointerReadAccess, StoragePointerWriteAccess};
    use starknet::{ContractAddress, get_caller_address, get_contract_address};
    use crate::calls::{Call, StoredCall, WritableCall};
    use crate::token::{IMockTokenDispatcher, IMockTokenDispatcherTrait};
    use super::{IMockEkuboRouter, RouterConduct};

    /// Where the pool's tokens go.
    const CORE: ContractAddress = 'core'.try_into().unwrap();
    /// The price limits that Ekubo's pools take.
    const MIN_SQRT_RATIO: u256 = 18446748437148339061;
    const MAX_SQRT_RATIO: u256 = 6277100250585753475930931601400621808602321654880405518632;

    #[storage]
    struct Storage {
        token0: ContractAddress,
        token1: ContractAddress,
        fee: u128,
        tick_spacing: u128,
        extension: ContractAddress,
        numerator: u128,
        denominator: u128,
        depth: u128,
        conduct: RouterConduct,
        call: StoredCall,
    }

    /// Both tokens are mock tokens.
    #[constructor]
    fn constructor(ref self: ContractState, pool_key: PoolKey) {
        self.token0.write(pool_key.token0);
        self.token1.write(pool_key.token1);
        self.fee.write(pool_key.fee);
        self.tick_spacing.write(pool_key.tick_spacing);
        self.extension.write(pool_key.extension);
        self.depth.write(Bounded::MAX);
    }

    #[abi(embed_v0)]
    impl MockEkuboRouterImpl of IMockEkuboRouter<ContractState> {
        fn set_price(ref self: ContractState, numerator: u128, denominator: u128) {
            self.numerator.write(numerator);
            self.denominator.write(denominator);
        }

        fn set_depth(ref self: ContractState, most: u128) {
            self.depth.write(most);
        }

        fn set_router_conduct(ref self: ContractState, conduct: RouterConduct) {
            self.conduct.write(conduct);
        }

        fn set_call(ref self: ContractState, call: Call) {
            self.call.as_path().store(call);
        }
    }

    #[abi(embed_v0)]
    impl EkuboRouterImpl of IEkuboRouter<ContractState> {
        fn swap(ref self: ContractState, node: RouteNode, token_amount: TokenAmount) -> Delta {
            let TokenAmount { token, amount } = token_amount;
            let PoolKey { token0, token1, fee, tick_spacing, extension } = node.pool_key;
            let pool = (self.token0.read(), self.token1.read(), self.fee.read(), self.tick_spacing.read(), self.extension.read());
            // Ekubo's core says this of a pool that does not exist.
            assert(pool == (token0, token1, fee, tick_spacing, extension), 'NOT_INITIALIZED');
            assert(!amount.sign, 'mock: only exact inputs');
            // As the real router does.
            let is_token1 = token == token1;
            let widest = if is_token1 {
                MAX_SQRT_RATIO
            } else {
                MIN_SQRT_RATIO
            };
            assert(node.sqrt_ratio_limit == widest, 'mock: only the widest limits');

            match self.conduct.read() {
                RouterConduct::Fails => core::panic_with_felt252('mock: the pool is empty'),
                RouterConduct::Reenters => {
                    self.conduct.write(RouterConduct::Honest);
                    self.call.as_path().make();
                },
                _ => {},
            }
            let taken = core::cmp::min(amount.mag, self.depth.read());
            let net = taken - fee_of(taken, fee);
            let (numerator, denominator) = (self.numerator.read(), self.denominator.read());
            let (bought, worth) = if is_token1 {
                (token0, net.wide_mul(denominator) / numerator.into())
            } else {
                (token1, net.wide_mul(numerator) / denominator.into())
            };
            let given = if self.conduct.read() == RouterConduct::Steals {
                0
            } else {
                worth.try_into().expect('mock: amount is too large')
            };
            IMockTokenDispatcher { contract_address: bought }.mint(get_contract_address(), given.into());
            pay(token, taken);
            let (got, gave) = (i129 { mag: taken, sign: false }, i129 { mag: given, sign: given != 0 });
            if is_token1 {
                Delta { amount0: gave, amount1: got }
            } else {
                Delta { amount0: got, amount1: gave }
            }
        }

        fn clear(self: @ContractState, token: ContractAddress) -> u256 {
            if self.conduct.read() == RouterConduct::Keeps {
                return 0;
            }
            let token = IERC20Dispatcher { contract_address: token };
            let balance = token.balance_of(get_contract_address());
            if balance > 0 {
                token.transfer(get_caller_address(), balance);
            }
            balance
        }
    }

    /// What a pool with this fee keeps of an amount: `ceil(amount * fee / 2^128)`.
    fn fee_of(amount: u128, fee: u128) -> u128 {
        let product: u256 = amount.wide_mul(fee);
        if product.low == 0 {
            product.high
        } else {
            product.high + 1
        }
    }

    /// Pays Ekubo's core, which compares its balances.
    fn pay(token: ContractAddress, amount: u128) {
        let token = IERC20Dispatcher { contract_address: token };
        let before = token.balance_of(CORE);
        token.transfer(CORE, amount.into());
        assert(token.balance_of(CORE) - before == amount.into(), 'mock: the core was not paid');
    }
}
