//! What can be called of a vault. ERC-20, ERC-4626, ERC-7540 and SRC-5 have the names and the order of arguments of their standards, in
//! Cairo's spelling; `crate::vault` says where Cairo or the vault forces a difference.
use starknet::{ClassHash, ContractAddress};
use crate::access::{Change, OutputPolicy, Proposal};
use crate::books::{Books, Side};
use crate::epochs::{Claim, Kind};
use crate::features::{Feature, InputRule};
use crate::limits::Limits;
use crate::math::HighWater;
use crate::records::Epoch;
use crate::settlement::Hourly;
use crate::states::State;
use crate::trading::Outcome;

/// What investors pay.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store)]
pub struct Fees {
    /// For the owner, in basis points a year, as new shares; at most 200.
    pub management_bps: u16,
    /// For those who stay, in basis points of what enters or leaves; at most 50.
    pub settle_bps: u16,
}

/// What a vault is made with.
#[derive(Drop, Serde, Clone, Debug)]
pub struct Deployment {
    /// The name of the shares.
    pub name: ByteArray,
    /// The symbol of the shares.
    pub symbol: ByteArray,
    /// The first owner.
    pub owner: ContractAddress,
    /// The first guardian.
    pub guardian: ContractAddress,
    /// The first adapter.
    pub adapter: ContractAddress,
    /// Who receives what the books do not know.
    pub treasury: ContractAddress,
    /// The registry of models.
    pub registry: ContractAddress,
    /// The model's number there.
    pub model: u64,
    /// The model's version.
    pub version: u32,
    /// The class of that version.
    pub class_hash: ClassHash,
    /// The price history of the pair. Its feed is the vault's.
    pub history: ContractAddress,
    /// What the network decides about.
    pub base_token: ContractAddress,
    /// What it is paid with, in which the vault keeps its books.
    pub quote_token: ContractAddress,
    /// What the network sees.
    pub features: Span<Feature>,
    /// How the network takes each value: as the registry says of its inputs.
    pub rules: Span<InputRule>,
    /// What follows from its answer.
    pub policy: OutputPolicy,
    /// How much of that is traded.
    pub limits: Limits,
    /// What investors pay.
    pub fees: Fees,
    /// The least NAV that a deposit may lead to, in the quote token's smallest unit.
    pub min_nav: u128,
    /// The largest reward of a keeper for an hour, in the quote token's smallest unit.
    pub keeper_cap: u128,
    /// The least conjectured security, in bits, of a proof that decides, at most 128; 0 if none may.
    pub min_bits: u16,
}

/// What was fixed when the vault was made, but for the adapter, which can change. Each field is one felt, in storage as in calldata.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store)]
pub struct Parts {
    pub registry: ContractAddress,
    pub model: u64,
    pub version: u32,
    pub class_hash: ClassHash,
    /// The version's sealed instance, which the registry executes.
    pub instance: ContractAddress,
    pub model_commitment: felt252,
    /// How many values the network gives.
    pub outputs: u32,
    /// How many hours in a row the features look at.
    pub hours: u32,
    pub history: ContractAddress,
    pub feed: ContractAddress,
    pub base_token: ContractAddress,
    pub quote_token: ContractAddress,
    pub base_decimals: u8,
    pub quote_decimals: u8,
    pub adapter: ContractAddress,
    pub treasury: ContractAddress,
    pub fees: Fees,
    pub min_nav: u128,
    pub keeper_cap: u128,
    /// The class that computes for the vault, which is a constant of its source.
    pub library: ClassHash,
}

/// The hours that were used last.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct LastHours {
    pub step: Option<u64>,
    pub raise: Option<u64>,
    pub unwind: Option<u64>,
    pub reward: Option<u64>,
}

/// What waits to be filled.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Queues {
    /// The oldest epoch of deposits that is not filled.
    pub oldest_deposit: Option<u64>,
    /// The oldest epoch of redemptions that is not filled.
    pub oldest_redemption: Option<u64>,
    /// Assets of all deposits that are not filled and not refunded.
    pub unfilled_deposits: u128,
    /// Shares of all redemptions that are not filled.
    pub unfilled_redemptions: u128,
}

/// How the vault stands at the current block.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Snapshot {
    pub state: State,
    pub owner: ContractAddress,
    pub guardian: ContractAddress,
    /// When the last pause ends or ended, in seconds after 1970; 0 if there was none.
    pub paused_until: u64,
    pub books: Books,
    /// Until when the owner has the management fee.
    pub accrued_at: u64,
    /// The hour that was settled last.
    pub hour: Option<Hourly>,
    /// The highest price of a share, and breaches of the drawdown.
    pub high_water: HighWater,
    pub queues: Queues,
    /// The number of the next proposal.
    pub proposals: u64,
    pub last_hours: LastHours,
}

/// A request as a page shows it.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Requested {
    pub epoch: u64,
    /// What was put in and is not filled.
    pub pending: u128,
    /// What can be claimed.
    pub claim: Claim,
    /// Whether what is pending can be taken back at once.
    pub refunded: bool,
}

/// What the vault does besides the standards.
#[starknet::interface]
pub trait IVault<TContractState> {
    /// Fetches all shares of a deposit that was filled, in full or in part, and gives their number.
    ///
    /// Panics if there are none, or the caller does not act for the controller.
    fn claim_shares(ref self: TContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256;
    /// Fetches all assets of a redemption that was filled, in full or in part, and gives their amount.
    ///
    /// Panics if there are none, the caller does not act for the controller, or the token did not move exactly this amount.
    fn claim_assets(ref self: TContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256;
    /// Takes back what was not filled of a deposit, and gives its amount. Shares that were filled and not claimed go to the receiver too.
    ///
    /// Panics if it is too early, an hour may be unsettled, nothing is left, the caller does not act for the controller, or the token did
    /// not move exactly this amount.
    fn reclaim_deposit(ref self: TContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256;
    /// Takes back the shares of a redemption that were not filled, and gives their number. Assets that were filled and not claimed are owed
    /// to the receiver.
    ///
    /// Panics if it is too early, an hour may be unsettled, something was sold for redemptions in this hour, nothing is left, or the caller
    /// does not act for the controller.
    fn reclaim_redeem(ref self: TContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256;
    /// Burns shares of an owner, and owes the receiver their part of both tokens, which it gives: base and quote.
    ///
    /// Panics if the number is 0 or more than the owner has, or the caller does not act for the owner.
    fn exit_in_kind(ref self: TContractState, shares: u256, receiver: ContractAddress, owner: ContractAddress) -> (u256, u256);
    /// Burns the shares of a redemption that were not filled, and owes the receiver their part of both tokens, which it gives: base and
    /// quote. Assets that were filled and not claimed are owed too.
    ///
    /// Panics if all of them were filled, or the caller does not act for the controller.
    fn exit_request_in_kind(
        ref self: TContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> (u256, u256);
    /// Sends an account's debts in one token to a receiver, and gives their amount. Anyone may send an account what it is owed.
    ///
    /// Panics if nothing is owed, the receiver is another account than the one that is owed and the caller does not act for that one, or the
    /// token did not move exactly this amount.
    fn withdraw_token(ref self: TContractState, side: Side, account: ContractAddress, receiver: ContractAddress) -> u256;
    /// Sends what a balance has beyond the books to the treasury, and gives its amount. Anyone may call it.
    ///
    /// Panics if there is nothing, or the token did not move exactly this amount.
    fn skim(ref self: TContractState, side: Side) -> u256;

    /// Opens the hour that was recorded last. Anyone may call it, in every state; once the hour is open it changes nothing.
    ///
    /// Panics if nothing is recorded, the record is late, the quote token was off its peg, or the pair's price has no rate.
    fn observe(ref self: TContractState) -> Hourly;
    /// Fills due epochs, and gives whether the hour is swept: deposits at the higher of the price that was recorded last and the fresh one,
    /// redemptions at the lower. Anyone may call it, as often as they like.
    ///
    /// Panics if the record is late, the quote token is off its peg, or no fresh quote confirms the price.
    fn settle(ref self: TContractState) -> bool;
    /// Decides and trades, once for each recorded hour, and gives what came of it. Anyone may call it.
    ///
    /// Panics if the state does not allow it; the hour is used, not the recorded one, or too long ago; an epoch is due; the window has a gap;
    /// the quote token is off its peg; feed, network or adapter fail; the quote drifted; or the swap gave less than the floor. The hour is
    /// left then, so that the call can be made again.
    fn step(ref self: TContractState, hour: u64) -> Outcome;
    /// The same, where a proof says what the network answers: an hour is stepped once, either way. `call` is the calldata of the registry's
    /// `prove`, so that a proof is passed on without copying it: the model's number, its version, how many felts the proof has, and these.
    ///
    /// The registry verifies the proof, and that it is of the pinned model. It must be of one inference, whose public inputs are what the
    /// vault computes from the history for this hour, with public outputs, and of the level that the owner asks for.
    ///
    /// Panics as `step` does, and if the vault takes no proofs, the model or the version is another one, or the proof is too weak or not such
    /// a proof. The hour is left then.
    fn step_with_proof(ref self: TContractState, hour: u64, call: Span<felt252>) -> Outcome;
    /// Sells base tokens for what due redemptions need beyond the quote tokens that are there, once for each recorded hour, fills them, and
    /// gives how much was sold. It sells no more than for what the hour can still let out, and may lose no more than the fee of redemptions. Anyone may call it, and nobody is rewarded.
    ///
    /// Panics if the state does not allow it, the hour is used or too long ago, an epoch is due, redemptions need no sale or none that can be
    /// made, the quote token is off its peg, feed or adapter fail, the quote drifted, or the swap gave less than the floor.
    fn raise(ref self: TContractState) -> u256;
    /// Sells one piece of the base token, once for each recorded hour, and gives how much was sold. Anyone may call it.
    ///
    /// Panics if the model is not revoked and the vault not halted, the hour is used or too long ago, nothing is left, the quote token is off
    /// its peg, feed or adapter fail, the quote drifted, or the swap gave less than the floor.
    fn unwind(ref self: TContractState) -> u256;

    /// Proposes a change, and gives the proposal's number, which counts from 1.
    ///
    /// Panics if the caller is not the owner, the change is not one that a vault could be made with, or 8 proposals wait.
    fn propose(ref self: TContractState, change: Change) -> u64;
    /// Drops a proposal.
    ///
    /// Panics if there is none of this number, or the caller is neither owner nor guardian, or the guardian would drop its own replacement.
    fn cancel(ref self: TContractState, number: u64);
    /// Drops all proposals with a smaller number; where the guardian calls, but for its own replacement.
    ///
    /// Panics if the caller is neither owner nor guardian.
    fn cancel_before(ref self: TContractState, number: u64);
    /// Makes a change that was proposed a day ago or more.
    ///
    /// Panics if the caller is not the owner, there is no such proposal, it is too early or too late, or the change does not fit any more.
    fn apply(ref self: TContractState, number: u64);
    /// Stops entries and trades for at most seven days.
    ///
    /// Panics if the caller is not the guardian, the vault is paused or halted, or the last pause ended less than seven days ago.
    fn pause(ref self: TContractState);
    /// Ends a pause early.
    ///
    /// Panics if the caller is not the guardian, or the vault is not paused.
    fn unpause(ref self: TContractState);
}

/// What the vault knows.
#[starknet::interface]
pub trait IVaultViews<TContractState> {
    fn parts(self: @TContractState) -> Parts;
    fn snapshot(self: @TContractState) -> Snapshot;
    fn features(self: @TContractState) -> (Span<Feature>, Span<InputRule>);
    fn policy(self: @TContractState) -> OutputPolicy;
    fn limits(self: @TContractState) -> Limits;
    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    fn min_bits(self: @TContractState) -> u16;
    /// What is owed to an account in one token.
    fn owed(self: @TContractState, side: Side, account: ContractAddress) -> u256;
    /// All requests of one kind in an epoch.
    fn epoch(self: @TContractState, kind: Kind, epoch: u64) -> Epoch;
    /// The requests of a controller in which it may still have something, oldest first.
    fn requests_of(self: @TContractState, kind: Kind, controller: ContractAddress) -> Span<Requested>;
    /// The numbers of the proposals that wait, oldest first; some may have expired.
    fn proposals(self: @TContractState) -> Span<u64>;
    /// A change that was proposed, whether it waits or not. Number 0 is the policy that the vault was made with.
    fn proposal(self: @TContractState, number: u64) -> Option<Proposal>;
}

/// The ownership in two steps, as in OpenZeppelin's `OwnableTwoStep`.
#[starknet::interface]
pub trait IOwnableTwoStep<TContractState> {
    fn owner(self: @TContractState) -> ContractAddress;
    fn pending_owner(self: @TContractState) -> ContractAddress;
    fn transfer_ownership(ref self: TContractState, new_owner: ContractAddress);
    fn accept_ownership(ref self: TContractState);
}

/// ERC-7540: asynchronous requests, and their operators.
#[starknet::interface]
pub trait IERC7540<TContractState> {
    fn request_deposit(ref self: TContractState, assets: u256, controller: ContractAddress, owner: ContractAddress) -> u256;
    fn pending_deposit_request(self: @TContractState, request_id: u256, controller: ContractAddress) -> u256;
    fn claimable_deposit_request(self: @TContractState, request_id: u256, controller: ContractAddress) -> u256;
    fn request_redeem(ref self: TContractState, shares: u256, controller: ContractAddress, owner: ContractAddress) -> u256;
    fn pending_redeem_request(self: @TContractState, request_id: u256, controller: ContractAddress) -> u256;
    fn claimable_redeem_request(self: @TContractState, request_id: u256, controller: ContractAddress) -> u256;
    fn is_operator(self: @TContractState, controller: ContractAddress, operator: ContractAddress) -> bool;
    fn set_operator(ref self: TContractState, operator: ContractAddress, approved: bool) -> bool;
    /// The token of the shares: the vault itself.
    fn share(self: @TContractState) -> ContractAddress;
}

/// ERC-4626, as ERC-7540 changes it: the four calls take what was filled, from a controller's requests.
#[starknet::interface]
pub trait IERC4626<TContractState> {
    fn asset(self: @TContractState) -> ContractAddress;
    fn total_assets(self: @TContractState) -> u256;
    fn convert_to_shares(self: @TContractState, assets: u256) -> u256;
    fn convert_to_assets(self: @TContractState, shares: u256) -> u256;
    fn max_deposit(self: @TContractState, controller: ContractAddress) -> u256;
    fn preview_deposit(self: @TContractState, assets: u256) -> u256;
    fn deposit(ref self: TContractState, assets: u256, receiver: ContractAddress, controller: ContractAddress) -> u256;
    fn max_mint(self: @TContractState, controller: ContractAddress) -> u256;
    fn preview_mint(self: @TContractState, shares: u256) -> u256;
    fn mint(ref self: TContractState, shares: u256, receiver: ContractAddress, controller: ContractAddress) -> u256;
    fn max_withdraw(self: @TContractState, controller: ContractAddress) -> u256;
    fn preview_withdraw(self: @TContractState, assets: u256) -> u256;
    fn withdraw(ref self: TContractState, assets: u256, receiver: ContractAddress, controller: ContractAddress) -> u256;
    fn max_redeem(self: @TContractState, controller: ContractAddress) -> u256;
    fn preview_redeem(self: @TContractState, shares: u256) -> u256;
    fn redeem(ref self: TContractState, shares: u256, receiver: ContractAddress, controller: ContractAddress) -> u256;
}

/// SRC-5: which interfaces there are.
#[starknet::interface]
pub trait ISRC5<TContractState> {
    fn supports_interface(self: @TContractState, interface_id: felt252) -> bool;
}
