//! Ekubo's router: the calls that an adapter makes. Names, types and order are those of its class, `Router` V3.0.13.

use starknet::ContractAddress;

/// A pool's name.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct PoolKey {
    /// The token with the smaller address.
    pub token0: ContractAddress,
    pub token1: ContractAddress,
    /// What the pool keeps of what is sold, in units of 2^-128.
    pub fee: u128,
    /// How far apart the prices are at which positions begin and end, in powers of 1.000001.
    pub tick_spacing: u128,
    /// A contract that is called before and after each swap; 0 for none.
    pub extension: ContractAddress,
}

/// A signed integer.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct i129 {
    pub mag: u128,
    /// Whether it is negative.
    pub sign: bool,
}

/// A pool that is swapped at.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct RouteNode {
    pub pool_key: PoolKey,
    /// The square root of the price of token 0 in token 1, in units of 2^-128, at which the swap ends, whether or not all was sold.
    pub sqrt_ratio_limit: u256,
    /// How many words of the bitmap of initialised ticks to skip: it changes what a swap costs, not what it gives.
    pub skip_ahead: u128,
}

/// An amount to sell, or, if it is negative, to buy.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct TokenAmount {
    pub token: ContractAddress,
    pub amount: i129,
}

/// What the pool got of each token; negative for what it gave.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Delta {
    pub amount0: i129,
    pub amount1: i129,
}

/// Swaps tokens that it has, for whoever calls, and gives what it has to whoever asks.
#[starknet::interface]
pub trait IEkuboRouter<TContractState> {
    /// Swaps tokens of the router at a pool. What that gives, and what the pool did not take, is the router's afterwards.
    fn swap(ref self: TContractState, node: RouteNode, token_amount: TokenAmount) -> Delta;
    /// Sends the caller all that the router has of a token, and says how much that was. The class's type for the token is a dispatcher,
    /// which stands in calldata as its address.
    fn clear(self: @TContractState, token: ContractAddress) -> u256;
}
