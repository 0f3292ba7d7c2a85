//! Refusals: why an entry point does nothing.

use thiserror::Error;

use super::MAX_MIN_BITS;
use super::feed::Thin;
use super::ledger::{Account, Side, TransferError};
use super::states::{Operation, State};
use crate::hour::Hour;
use crate::limits::LimitError;
use crate::policy::UnknownClass;
use crate::price::Price;
use crate::strategy::StrategyError;

/// Why a vault cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeployError {
    /// The strategy cannot be used.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// Its parts do not fit together.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Why a vault can neither be made nor changed like this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The limits are out of bounds.
    #[error("limits: {0}")]
    Limits(#[from] LimitError),
    /// The policy reads an output value that the network does not have.
    #[error("the policy reads output value {output}, and the network gives {outputs} of them")]
    Output {
        /// Which one it reads, from 0 on.
        output: u32,
        /// How many there are.
        outputs: u32,
    },
    /// A smallest value is out of its bounds.
    #[error("min_nav is {found}, and must be at least 10000 and at most a tenth of deposit_cap, {cap}")]
    MinNav {
        /// What it is.
        found: u128,
        /// The cap on deposits.
        cap: u128,
    },
    /// More security is asked of proofs than makes sense.
    #[error("min_bits is {found}, and must be 0 to {MAX_MIN_BITS}")]
    MinBits {
        /// What it is.
        found: u16,
    },
    /// The vault would be its own owner, guardian, adapter or treasury.
    #[error("a vault cannot be its own owner, guardian, adapter or treasury")]
    Itself,
}

/// Why the network gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the network gave no answer: {0}")]
pub struct NetworkFailure(pub String);

/// Why an adapter made no swap.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the adapter made no swap: {0}")]
pub struct AdapterFailure(pub String);

/// Why an entry point refuses a call. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The state does not allow it.
    #[error("the vault is {state}, which does not allow to {operation}")]
    State {
        /// The state.
        state: State,
        /// What was asked for.
        operation: Operation,
    },
    /// Only the owner may do it.
    #[error("account {} is not the owner", caller.0)]
    NotOwner {
        /// Who called.
        caller: Account,
    },
    /// Only the guardian may do it.
    #[error("account {} is not the guardian", caller.0)]
    NotGuardian {
        /// Who called.
        caller: Account,
    },
    /// The ownership was not offered to the caller.
    #[error("the ownership is not offered to account {}", caller.0)]
    NotOffered {
        /// Who called.
        caller: Account,
    },
    /// The caller does not act for the account.
    #[error("account {} is not an operator of account {}", caller.0, account.0)]
    NotOperator {
        /// Who called.
        caller: Account,
        /// For whom.
        account: Account,
    },
    /// Everybody acts for themselves already.
    #[error("an account cannot be its own operator")]
    OwnOperator,
    /// The guardian would keep its role against the owner's will.
    #[error("the guardian cannot cancel its own replacement")]
    OwnReplacement,
    /// The vault itself cannot be used here.
    #[error("the vault's own account cannot be used here")]
    Itself,
    /// There is no such proposal.
    #[error("there is no proposal {number}")]
    NoProposal {
        /// Its number.
        number: u64,
    },
    /// As many proposals wait as may.
    #[error("{} proposals wait, and no more can: cancel some first", super::access::MAX_PROPOSALS)]
    Proposals,
    /// It is too early.
    #[error("too early: it is possible from {until} on, in seconds after 1970")]
    Early {
        /// When it becomes possible.
        until: u64,
    },
    /// The proposal was not applied in time.
    #[error("the proposal expired at {since}, in seconds after 1970")]
    Expired {
        /// When it expired.
        since: u64,
    },
    /// The vault is not paused.
    #[error("the vault is not paused")]
    NotPaused,
    /// No vault could be made with the change.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// An amount is 0.
    #[error("the amount is 0")]
    Zero,
    /// An amount, or what it would be added to, is 2^112 or more.
    #[error("an amount is 2^112 or more")]
    Overflow,
    /// There are too few shares.
    #[error("account {} has {has} shares, fewer than {asked}", account.0)]
    Shares {
        /// Whose.
        account: Account,
        /// How many it has.
        has: u128,
        /// How many were asked for.
        asked: u128,
    },
    /// A token made no transfer.
    #[error("the {} token: {reason}", side.name())]
    Token {
        /// Which one.
        side: Side,
        /// Why.
        reason: TransferError,
    },
    /// A token moved another amount than it was asked for.
    #[error("the {} token moved {moved} instead of {asked}", side.name())]
    Moved {
        /// Which one.
        side: Side,
        /// What was asked for.
        asked: u128,
        /// What the vault's balance changed by.
        moved: u128,
    },
    /// Nothing can be claimed.
    #[error("nothing of the request of epoch {epoch} can be claimed")]
    NothingClaimable {
        /// The epoch.
        epoch: u64,
    },
    /// Less can be claimed than was asked for.
    #[error("{claimable} can be claimed, less than {asked}")]
    Claim {
        /// What was asked for.
        asked: u128,
        /// What can be claimed.
        claimable: u128,
    },
    /// Nothing of the request can be taken back.
    #[error("the request has nothing that is not filled")]
    NothingPending,
    /// An hour's price may be known and not settled yet.
    #[error("between an hour's cut-off and its settlement nothing is taken back: it is possible from {until} on, in seconds after 1970")]
    Settling {
        /// When it becomes possible.
        until: u64,
    },
    /// The account is owed nothing in this token.
    #[error("nothing is owed in the {} token", side.name())]
    NothingOwed {
        /// Which one.
        side: Side,
    },
    /// The balance is not more than the books.
    #[error("the {} balance is not more than the books say", side.name())]
    NothingToSkim {
        /// Which one.
        side: Side,
    },
    /// No hour is recorded.
    #[error("no hour is recorded yet")]
    NoPrice,
    /// The hour is not the one that was recorded last.
    #[error("{hour} is not the hour that was recorded last, {recorded}")]
    OtherHour {
        /// The hour asked for.
        hour: Hour,
        /// The recorded one.
        recorded: Hour,
    },
    /// The hour is used up.
    #[error("{hour} is not after {last}, the last hour that was used")]
    Used {
        /// The hour asked for.
        hour: Hour,
        /// The last one that was used.
        last: Hour,
    },
    /// The last record is too old.
    #[error("{since} s have passed since the last hour was recorded, more than 900")]
    Late {
        /// Seconds since the record.
        since: u64,
    },
    /// The clock is before the last record.
    #[error("the last hour was recorded at {recorded_at}, after {now}")]
    Clock {
        /// When the hour was recorded.
        recorded_at: u64,
        /// The time of the call.
        now: u64,
    },
    /// The quote token has lost its peg.
    #[error("the quote token is at {price} USD, more than 2 % off its peg")]
    Peg {
        /// Its price.
        price: Price,
    },
    /// The pair has no rate.
    #[error("the pair has no rate at this price")]
    NoRate,
    /// There is no fresh quote.
    #[error(transparent)]
    Feed(#[from] Thin),
    /// The fresh quote is too far from the recorded price.
    #[error("the fresh quote is more than {max_drift_bps} basis points away from the recorded price")]
    Drift {
        /// The limit.
        max_drift_bps: u16,
    },
    /// A request would be filled at a price that is not younger.
    #[error("epoch {epoch} has a request that is not older than its price")]
    NotOlder {
        /// The epoch.
        epoch: u64,
    },
    /// Settlement comes first.
    #[error("epoch {epoch} is due: settle first")]
    Due {
        /// The oldest one that is due.
        epoch: u64,
    },
    /// The hours before are not all recorded.
    #[error("the window has a gap: {found} hours in a row are recorded of {needed}")]
    Gap {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        found: u32,
    },
    /// The network gave no answer.
    #[error(transparent)]
    Network(#[from] NetworkFailure),
    /// The vault takes no proofs.
    #[error("the vault takes no proofs: its min_bits is 0")]
    NoProofs,
    /// The proof is of too low a level.
    #[error("the proof has {found} bits of security, fewer than {least}")]
    Weak {
        /// What it has.
        found: u16,
        /// What the owner asks for.
        least: u16,
    },
    /// The proof is of several inferences, or of none.
    #[error("the proof is of {found} inferences, and not of one")]
    Batch {
        /// How many.
        found: u32,
    },
    /// The proof is of other inputs than those that the history gives, or does not show them.
    #[error("the proof is not of what the network sees in this hour")]
    ProvenInputs,
    /// The proof does not show the network's answer.
    #[error("the proof does not show the network's answer")]
    ProvenOutputs,
    /// The policy does not know the network's answer.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// The adapter made no swap.
    #[error(transparent)]
    Adapter(#[from] AdapterFailure),
    /// More was spent than the vault gave.
    #[error("{spent} was spent, more than {given}")]
    Overspent {
        /// What left the vault.
        spent: u128,
        /// What it gave.
        given: u128,
    },
    /// Less was received than the floor.
    #[error("{received} was received, less than the floor of {least}")]
    Floor {
        /// What arrived.
        received: u128,
        /// The least that was accepted.
        least: u128,
    },
    /// No sale is made for redemptions.
    #[error("no redemption that is due needs a sale that can be made")]
    NothingToRaise,
    /// Nothing is left to sell.
    #[error("there is nothing to sell")]
    NothingToSell,
}
