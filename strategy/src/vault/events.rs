//! Events: what a vault tells whoever watches it, in the order in which it happens.

use maat_verifier::ModelCommitment;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use super::access::Change;
use super::ledger::{Account, Side};
use crate::hour::Hour;
use crate::limits::Reason;

/// What kind of request an epoch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Assets for shares.
    Deposit,
    /// Shares for assets.
    Redeem,
}

/// Why a swap was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A decision asked for it.
    Decision,
    /// Redemptions wait for quote tokens.
    Shortfall,
    /// The vault sells what it has.
    Unwind,
}

/// What a decision led to. In an event, what it asks for; what a call gives has the amounts that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing, because of what is stored.
    Held(Reason),
    /// Nothing: it asked for a purchase while redemptions wait.
    Owed,
    /// So much of the quote token was given for the base token.
    Bought {
        /// Quote tokens.
        quote: u128,
    },
    /// So much of the base token was given for the quote token.
    Sold {
        /// Base tokens.
        base: u128,
    },
    /// No decision was made, because the drawdown halted the vault.
    Halted,
}

/// How the network's answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The registry executed the network in the step.
    Executed,
    /// The registry verified a proof in the step.
    Proven {
        /// The registry's name for the statement.
        fact: Felt,
        /// The proof's conjectured security.
        security_bits: u16,
    },
}

/// Something that happened. Amounts are in smallest units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Shares moved; from no account if they are new, to no account if they are gone.
    Transfer {
        /// From whom.
        from: Option<Account>,
        /// To whom.
        to: Option<Account>,
        /// How many.
        shares: u128,
    },
    /// An operator acts for a controller, or no longer.
    OperatorSet {
        /// The controller.
        controller: Account,
        /// The operator.
        operator: Account,
        /// Whether it acts.
        approved: bool,
    },
    /// Something was put into an epoch.
    Requested {
        /// Assets or shares.
        kind: Kind,
        /// Whose request it is.
        controller: Account,
        /// Who gave.
        owner: Account,
        /// The epoch.
        epoch: u64,
        /// Who called.
        sender: Account,
        /// How much.
        amount: u128,
    },
    /// Proceeds of a request were fetched, or handed over to whoever left it, which are assets owed where it was a redemption.
    Claimed {
        /// The kind of the request.
        kind: Kind,
        /// Whose request it was.
        controller: Account,
        /// Who received.
        receiver: Account,
        /// The epoch.
        epoch: u64,
        /// Shares for a deposit, assets for a redemption.
        amount: u128,
    },
    /// What was not filled was taken back. What had been filled is a [`Event::Claimed`] before. Whoever leaves a redemption in kind takes
    /// the shares back and burns them: an [`Event::ExitedInKind`] follows.
    Reclaimed {
        /// The kind of the request.
        kind: Kind,
        /// Whose request it was.
        controller: Account,
        /// Who received.
        receiver: Account,
        /// The epoch.
        epoch: u64,
        /// Assets of a deposit, shares of a redemption.
        returned: u128,
        /// What had been filled and not claimed, which is paid out too.
        unclaimed: u128,
    },
    /// An epoch was filled, or a part of it.
    Settled {
        /// Assets or shares.
        kind: Kind,
        /// At the price of this hour.
        hour: Hour,
        /// The epoch.
        epoch: u64,
        /// Assets or shares that were filled.
        filled: u128,
        /// Shares or assets that they became.
        proceeds: u128,
    },
    /// The deposits of an epoch can be taken back at once.
    Refunded {
        /// The epoch.
        epoch: u64,
        /// How much was not filled.
        assets: u128,
    },
    /// Someone left with both tokens.
    ExitedInKind {
        /// Whose shares they were.
        owner: Account,
        /// Who is owed the tokens.
        receiver: Account,
        /// How many shares.
        shares: u128,
        /// Base tokens.
        base: u128,
        /// Quote tokens.
        quote: u128,
    },
    /// Owed tokens were fetched.
    Withdrawn {
        /// Who was owed.
        account: Account,
        /// Who received.
        receiver: Account,
        /// Which token.
        side: Side,
        /// How much.
        amount: u128,
    },
    /// The treasury got what the books do not know.
    Skimmed {
        /// Which token.
        side: Side,
        /// How much.
        amount: u128,
    },
    /// The network decided.
    Decided {
        /// The hour.
        hour: Hour,
        /// Its answer.
        class: i32,
        /// The model.
        model: ModelCommitment,
        /// The registry's version of it.
        version: u64,
        /// What it saw.
        input_hash: Felt,
        /// What it answered.
        output_hash: Felt,
        /// The price chain.
        chain: Felt,
        /// The share of the base token before, in basis points.
        weight_before: u16,
        /// What the policy asks for; nothing where it holds.
        weight_target: Option<u16>,
        /// What came of it.
        outcome: Outcome,
        /// How the answer came.
        route: Route,
    },
    /// A swap was made.
    Traded {
        /// The hour.
        hour: Hour,
        /// Why.
        purpose: Purpose,
        /// Which token was given.
        sold: Side,
        /// How much of it left.
        spent: u128,
        /// How much of the other one arrived.
        received: u128,
    },
    /// A keeper is owed quote tokens.
    Rewarded {
        /// Who.
        keeper: Account,
        /// How much.
        amount: u128,
    },
    /// The ownership is offered.
    OwnershipTransferStarted {
        /// By whom.
        from: Account,
        /// To whom.
        to: Account,
    },
    /// The ownership changed.
    OwnershipTransferred {
        /// From whom.
        from: Account,
        /// To whom.
        to: Account,
    },
    /// A change waits.
    ChangeProposed {
        /// Its number.
        number: u64,
        /// What is to change.
        change: Change,
        /// From when on it can be applied, in seconds after 1970.
        from: u64,
    },
    /// A change is dropped.
    ChangeCancelled {
        /// Its number.
        number: u64,
    },
    /// A change is made.
    ChangeApplied {
        /// Its number.
        number: u64,
        /// What changed.
        change: Change,
    },
    /// The vault is paused.
    Paused {
        /// Until when at most, in seconds after 1970.
        until: u64,
    },
    /// The pause ended early.
    Unpaused,
    /// The vault is halted for good.
    Halted {
        /// At the price of this hour.
        hour: Hour,
    },
}

/// What the vault's events have as the hash of values: `poseidon_hash_span` of their number and themselves.
pub fn hash_of(values: &[i32]) -> Felt {
    let felts: Vec<Felt> = std::iter::once(Felt::from(values.len())).chain(values.iter().map(|value| Felt::from(*value))).collect();
    Poseidon::hash_array(&felts)
}
