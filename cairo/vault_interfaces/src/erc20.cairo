//! Fungible tokens: ERC-20 as OpenZeppelin's contracts for Cairo name it.

use starknet::ContractAddress;

/// Amounts are in the token's smallest unit.
///
/// Implementations emit `Transfer { #[key] from, #[key] to, value }`, with the zero address as `from` of new tokens and as `to` of burnt
/// ones, and `Approval { #[key] owner, #[key] spender, value }`.
#[starknet::interface]
pub trait IERC20<TContractState> {
    /// How much there is in all.
    fn total_supply(self: @TContractState) -> u256;
    /// How much an account has.
    fn balance_of(self: @TContractState, account: ContractAddress) -> u256;
    /// How much of an owner's tokens a spender may still move.
    fn allowance(self: @TContractState, owner: ContractAddress, spender: ContractAddress) -> u256;
    /// Moves the caller's tokens. Some tokens give false where others panic.
    ///
    /// Emits `Transfer`.
    fn transfer(ref self: TContractState, recipient: ContractAddress, amount: u256) -> bool;
    /// Moves tokens of an owner who allowed the caller as much, and takes the amount off what is allowed.
    ///
    /// Emits `Transfer`.
    fn transfer_from(ref self: TContractState, sender: ContractAddress, recipient: ContractAddress, amount: u256) -> bool;
    /// Allows a spender to move so much of the caller's tokens, instead of what was allowed before.
    ///
    /// Emits `Approval`.
    fn approve(ref self: TContractState, spender: ContractAddress, amount: u256) -> bool;
}

/// What a token says of itself.
#[starknet::interface]
pub trait IERC20Metadata<TContractState> {
    /// Its name.
    fn name(self: @TContractState) -> ByteArray;
    /// Its symbol.
    fn symbol(self: @TContractState) -> ByteArray;
    /// Decimal digits after the point of one whole token.
    fn decimals(self: @TContractState) -> u8;
}
