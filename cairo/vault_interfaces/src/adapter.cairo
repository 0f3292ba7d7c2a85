//! An adapter: swaps tokens for a vault at some pool.

use starknet::ContractAddress;
use crate::ekubo::PoolKey;

/// Swaps for whoever calls.
///
/// Nothing that an adapter says is believed: the caller allows it exactly `amount`, and compares its own balances before and after.
#[starknet::interface]
pub trait IAdapter<TContractState> {
    /// Takes at most `amount` of `sold` from the caller, who has allowed that, and sends the caller what it gives for it in `bought`.
    ///
    /// Panics if the caller would receive less than `least`, or if the tokens are not those that the adapter trades.
    fn swap(ref self: TContractState, sold: ContractAddress, bought: ContractAddress, amount: u256, least: u256);
}

/// What an adapter for Ekubo was made with. It never changes.
#[starknet::interface]
pub trait IEkuboAdapter<TContractState> {
    /// Ekubo's router.
    fn router(self: @TContractState) -> ContractAddress;
    /// The pool at which it swaps.
    fn pool_key(self: @TContractState) -> PoolKey;
}
