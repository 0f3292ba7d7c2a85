//! What a vault, its price history and its feed answer, as `cairo/vault/src/interface.cairo` and `cairo/vault_interfaces/src` declare it.
//! Amounts are in smallest units, times in seconds after 1970.

use maat_strategy::drawdown::HighWater;
use maat_strategy::fees::Fees;
use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::limits::{Limits, Position};
use maat_strategy::policy::Policy;
use maat_strategy::price::Price;
use maat_strategy::vault::epochs::Claim;
use maat_strategy::vault::settlement::Hourly;
use maat_strategy::vault::{Side, State};
use starknet_rust::core::types::Felt;

use super::felts::{Felts, FromFelts, Malformed, field, structure, unknown, variant};

/// What was fixed when a vault was made, but for the adapter, which can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The registry of models.
    pub registry: Felt,
    /// The model's number there.
    pub model: u64,
    /// The model's version.
    pub version: u32,
    /// The class of that version.
    pub class_hash: Felt,
    /// The version's sealed instance, which the registry executes.
    pub instance: Felt,
    /// The model's commitment, by its class's own word.
    pub model_commitment: Felt,
    /// How many values the network gives.
    pub outputs: u32,
    /// How many hours in a row the features look at.
    pub hours: u32,
    /// The price history.
    pub history: Felt,
    /// Its feed.
    pub feed: Felt,
    /// The base token.
    pub base_token: Felt,
    /// The quote token.
    pub quote_token: Felt,
    /// The base token's decimals.
    pub base_decimals: u8,
    /// The quote token's decimals.
    pub quote_decimals: u8,
    /// What swaps for the vault.
    pub adapter: Felt,
    /// Who receives what the books do not know.
    pub treasury: Felt,
    /// What investors pay.
    pub fees: Fees,
    /// The least NAV that a deposit may lead to.
    pub min_nav: u128,
    /// The largest reward of a keeper for an hour.
    pub keeper_cap: u128,
    /// The class of the strategy library.
    pub library: Felt,
}

/// What a vault counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// What belongs to the shares.
    pub managed: Position,
    /// Quote tokens of deposits that are not filled.
    pub pending: u128,
    /// Quote tokens of redemptions that are filled and not claimed.
    pub reserved: u128,
    /// All shares.
    pub supply: u128,
    /// Base tokens that are owed.
    pub owed_base: u128,
    /// Quote tokens that are owed.
    pub owed_quote: u128,
}

/// What waits to be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The hours that were used last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastHours {
    /// By a decision.
    pub step: Option<Hour>,
    /// By a sale for redemptions.
    pub raise: Option<Hour>,
    /// By a piece that was sold.
    pub unwind: Option<Hour>,
    /// By a reward.
    pub reward: Option<Hour>,
}

/// How a vault stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What may be done.
    pub state: State,
    /// The owner.
    pub owner: Felt,
    /// The guardian.
    pub guardian: Felt,
    /// When the last pause ends or ended; 0 if there was none.
    pub paused_until: u64,
    /// The books.
    pub books: Books,
    /// Until when the owner has the management fee.
    pub accrued_at: u64,
    /// The hour that was settled last.
    pub hour: Option<Hourly>,
    /// The highest price of a share, and breaches of the drawdown.
    pub high_water: HighWater,
    /// The requests that wait.
    pub queues: Queues,
    /// The number of the next proposal.
    pub proposals: u64,
    /// The hours that were used.
    pub last_hours: LastHours,
}

/// A request, and what has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// Its epoch, which is also its number.
    pub epoch: u64,
    /// What was put in and is not filled.
    pub pending: u128,
    /// What can be claimed.
    pub claim: Claim,
    /// Whether what is pending can be taken back at once.
    pub refunded: bool,
}

/// All requests of one kind in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// What was put in.
    pub total: u128,
    /// What of it was filled.
    pub filled: u128,
    /// What that became.
    pub proceeds: u128,
    /// When the newest request was made.
    pub newest: u64,
    /// Whether what is not filled can be taken back at once.
    pub refunded: bool,
}

/// What the owner can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another policy.
    Policy(Policy),
    /// Other limits.
    Limits(Limits),
    /// Another adapter.
    Adapter(Felt),
    /// Another guardian.
    Guardian(Felt),
    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    MinBits(u16),
}

/// A change that was proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number, from 1 on; 0 is the policy that the vault was made with.
    pub number: u64,
    /// What is to change.
    pub change: Change,
    /// From when on it can be applied; 0 if it does not wait any more.
    pub from: u64,
}

/// The last observation of a price history, and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// The observation.
    pub observation: Observation,
    /// How many recorded hours in a row end with it.
    pub consecutive: u32,
    /// The block's time when it was recorded.
    pub recorded_at: u64,
    /// When the oldest entry that its prices rest on was made.
    pub oldest: u64,
    /// The price chain with it.
    pub chain: Felt,
}

/// A price that moved too far to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The hour that is left out.
    pub hour: Hour,
    /// Whose price. If both moved too far, the base token's.
    pub side: Side,
    /// The price that was recorded last.
    pub last: Price,
    /// The price that the feed gives.
    pub found: Price,
    /// Hours between the two.
    pub hours: u64,
}

/// The price of one whole token, as a feed gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice {
    /// The price.
    pub price: Price,
    /// When the oldest of the entries that were used was made.
    pub oldest: u64,
    /// When the newest of them was made.
    pub newest: u64,
}

/// The prices of a pair, as a feed gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Of the base token.
    pub base: TokenPrice,
    /// Of the quote token.
    pub quote: TokenPrice,
}

structure!(Parts {
    registry,
    model,
    version,
    class_hash,
    instance,
    model_commitment,
    outputs,
    hours,
    history,
    feed,
    base_token,
    quote_token,
    base_decimals,
    quote_decimals,
    adapter,
    treasury,
    fees,
    min_nav,
    keeper_cap,
    library,
});
structure!(Books { managed, pending, reserved, supply, owed_base, owed_quote });
structure!(Queues { oldest_deposit, oldest_redemption, unfilled_deposits, unfilled_redemptions });
structure!(LastHours { step, raise, unwind, reward });
structure!(Snapshot { state, owner, guardian, paused_until, books, accrued_at, hour, high_water, queues, proposals, last_hours });
structure!(Requested { epoch, pending, claim, refunded });
structure!(Epoch { total, filled, proceeds, newest, refunded });
structure!(Proposal { number, change, from });
structure!(Latest { observation, consecutive, recorded_at, oldest, chain });
structure!(Move { hour, side, last, found, hours });
structure!(TokenPrice { price, oldest, newest });
structure!(Quote { base, quote });

impl FromFelts for Change {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        match variant(felts)? {
            0 => Ok(Self::Policy(field!(felts, policy))),
            1 => Ok(Self::Limits(field!(felts, limits))),
            2 => Ok(Self::Adapter(field!(felts, adapter))),
            3 => Ok(Self::Guardian(field!(felts, guardian))),
            4 => Ok(Self::MinBits(field!(felts, min_bits))),
            other => Err(unknown("Change", other)),
        }
    }
}
