//! What vaults and price histories log, decoded: `cairo/vault/src/vault.cairo` and its components, and `cairo/history`.

use maat_strategy::hour::Hour;
use maat_strategy::price::Price;
use maat_strategy::vault::{Kind, Outcome, Purpose, Side};
use starknet_rust::core::types::{EmittedEvent, Event, Felt};

use super::felts::{Felts, Malformed, field, wide};
use crate::client::{Client, selector};
use crate::error::ChainError;

/// An event with where it was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged<E> {
    /// The number of the block.
    pub block: u64,
    /// The transaction's hash.
    pub transaction: Felt,
    /// The transaction's place in the block, and the event's in the transaction.
    pub place: (u64, u64),
    /// The event.
    pub event: E,
}

/// Events of one contract, by name.
pub trait ContractEvent: Sized {
    /// The names that are known.
    const NAMES: &'static [&'static str];

    /// Decodes the event of this name; nothing if no event has it.
    #[doc(hidden)]
    fn of_name(name: &str, keys: &[Felt], data: &[Felt]) -> Option<Result<Self, String>>;

    /// Decodes an event; nothing if it is none that is known.
    ///
    /// # Errors
    /// It has a known name, but not what belongs to it. The error says which field is malformed.
    fn decode(keys: &[Felt], data: &[Felt]) -> Result<Option<Self>, String> {
        let Some((first, keys)) = keys.split_first() else { return Ok(None) };
        let Some(name) = Self::NAMES.iter().find(|name| selector(name) == *first) else { return Ok(None) };
        let decoded = Self::of_name(name, keys, data).transpose();
        decoded.map_err(|reason| format!("event {name}: {reason}"))
    }

    /// The known events of a contract among those of a transaction, in order.
    ///
    /// # Errors
    /// One of them is malformed.
    fn among(events: &[Event], contract: Felt) -> Result<Vec<Self>, ChainError> {
        let ours = events.iter().filter(|event| event.from_address == contract);
        let decoded = ours.filter_map(|event| Self::decode(&event.keys, &event.data).transpose());
        decoded.collect::<Result<_, _>>().map_err(|reason| ChainError::Malformed { what: "the transaction".to_owned(), reason })
    }
}

/// An enumeration of events: their fields are keys first, and then data.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $event:ident
        [$($(#[$of_key:meta])* $key:ident: $key_type:ty $(, by $key_how:path)?;)*]
        { $($(#[$of_datum:meta])* $datum:ident: $datum_type:ty $(, by $datum_how:path)?;)* })* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $event { $($(#[$of_key])* $key: $key_type,)* $($(#[$of_datum])* $datum: $datum_type,)* },)*
        }

        impl $name {
            /// What it is called.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$event { .. } => stringify!($event),)* }
            }
        }

        impl ContractEvent for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($event)),*];

            fn of_name(name: &str, keys: &[Felt], data: &[Felt]) -> Option<Result<Self, String>> {
                match name {
                    $(stringify!($event) => {
                        #[allow(unused_mut)]
                        let read = || -> Result<Self, Malformed> {
                            let (mut keys, mut data) = (Felts::new(keys), Felts::new(data));
                            $(let $key: $key_type = field!(&mut keys, $key $(, $key_how)?);)*
                            $(let $datum: $datum_type = field!(&mut data, $datum $(, $datum_how)?);)*
                            keys.end().map_err(|error| error.within("keys"))?;
                            data.end().map_err(|error| error.within("data"))?;
                            Ok(Self::$event { $($key,)* $($datum,)* })
                        };
                        Some(read().map_err(|malformed| malformed.to_string()))
                    })*
                    _ => None,
                }
            }
        }
    };
}

events! {
    /// What a vault logs. Amounts are in smallest units.
    VaultEvent {
        /// Quote tokens were put into an epoch. ERC-7540's.
        DepositRequest [
            /// Whose request it is.
            controller: Felt;
            /// Who gave.
            owner: Felt;
            /// The epoch.
            request_id: u128, by wide;
        ] {
            /// Who called.
            sender: Felt;
            /// How much.
            assets: u128, by wide;
        }
        /// Shares were put into an epoch. ERC-7540's.
        RedeemRequest [
            /// Whose request it is.
            controller: Felt;
            /// Who gave.
            owner: Felt;
            /// The epoch.
            request_id: u128, by wide;
        ] {
            /// Who called.
            sender: Felt;
            /// How many.
            shares: u128, by wide;
        }
        /// Shares of deposits were fetched. ERC-4626's.
        Deposit [
            /// The controller.
            sender: Felt;
            /// The receiver.
            owner: Felt;
        ] {
            /// What they were paid with.
            assets: u128, by wide;
            /// How many.
            shares: u128, by wide;
        }
        /// Assets of redemptions were fetched. ERC-4626's.
        Withdraw [
            /// Who called.
            sender: Felt;
            /// Who received.
            receiver: Felt;
            /// The controller.
            owner: Felt;
        ] {
            /// How much.
            assets: u128, by wide;
            /// What was given for it.
            shares: u128, by wide;
        }
        /// Proceeds of one epoch were fetched.
        Claimed [
            /// The kind of the request.
            kind: Kind;
            /// Whose request it was.
            controller: Felt;
            /// The epoch.
            epoch: u64;
        ] {
            /// Who received.
            receiver: Felt;
            /// Shares of a deposit, assets of a redemption.
            amount: u128, by wide;
        }
        /// What was not filled was taken back.
        Reclaimed [
            /// The kind of the request.
            kind: Kind;
            /// Whose request it was.
            controller: Felt;
            /// The epoch.
            epoch: u64;
        ] {
            /// Who received.
            receiver: Felt;
            /// Assets of a deposit, shares of a redemption.
            returned: u128, by wide;
            /// What had been filled and not claimed, which is paid out too.
            unclaimed: u128, by wide;
        }
        /// An epoch was filled at the price of an hour, or a part of it.
        Settled [
            /// Assets or shares.
            kind: Kind;
            /// The hour.
            hour: Hour;
            /// The epoch.
            epoch: u64;
        ] {
            /// What was filled.
            filled: u128;
            /// What it became.
            proceeds: u128;
        }
        /// The deposits of an epoch can be taken back at once.
        Refunded [
            /// The epoch.
            epoch: u64;
        ] {
            /// How much was not filled.
            assets: u128;
        }
        /// Someone left with both tokens, which the receiver is owed.
        ExitedInKind [
            /// Whose shares they were.
            owner: Felt;
            /// Who is owed the tokens.
            receiver: Felt;
        ] {
            /// How many shares.
            shares: u128, by wide;
            /// Base tokens.
            base: u128, by wide;
            /// Quote tokens.
            quote: u128, by wide;
        }
        /// Owed tokens were fetched.
        Withdrawn [
            /// Who was owed.
            account: Felt;
            /// Who received.
            receiver: Felt;
            /// Which token.
            side: Side;
        ] {
            /// How much.
            amount: u128, by wide;
        }
        /// The treasury got what the books do not know.
        Skimmed [
            /// Which token.
            side: Side;
        ] {
            /// How much.
            amount: u128, by wide;
        }
        /// The network decided. The hashes are those of the registry's `Executed`.
        Decided [
            /// The hour.
            hour: Hour;
        ] {
            /// The output value that the policy reads.
            class: i32;
            /// The model's commitment.
            model: Felt;
            /// The registry's version of it.
            version: u32;
            /// Poseidon hash of what the network saw.
            input_hash: Felt;
            /// Poseidon hash of what it answered.
            output_hash: Felt;
            /// The price chain.
            chain: Felt;
            /// The share of the base token before, in basis points.
            weight_before: u16;
            /// What the policy asks for; nothing where it holds.
            weight_target: Option<u16>;
            /// What came of it.
            outcome: Outcome;
        }
        /// A swap was made.
        Traded [
            /// The hour.
            hour: Hour;
        ] {
            /// Why.
            purpose: Purpose;
            /// Which token was given.
            sold: Side;
            /// How much of it left.
            spent: u128;
            /// How much of the other one arrived.
            received: u128;
        }
        /// A keeper is owed quote tokens.
        Rewarded [
            /// Who.
            keeper: Felt;
        ] {
            /// How much.
            amount: u128;
        }
        /// The vault is halted for good.
        Halted [
            /// At the price of this hour.
            hour: Hour;
        ] {}
        /// Shares moved; from the zero account if they are new, to it if they are gone. ERC-20's.
        Transfer [
            /// From whom.
            from: Felt;
            /// To whom.
            to: Felt;
        ] {
            /// How many.
            value: u128, by wide;
        }
        /// A spender may move shares of an owner. ERC-20's.
        Approval [
            /// Whose shares.
            owner: Felt;
            /// Who may move them.
            spender: Felt;
        ] {
            /// How many, in the two halves of a number of 256 bits.
            value: (u128, u128);
        }
        /// The ownership is offered.
        OwnershipTransferStarted [
            /// By whom.
            previous_owner: Felt;
            /// To whom.
            new_owner: Felt;
        ] {}
        /// The ownership changed.
        OwnershipTransferred [
            /// From whom.
            previous_owner: Felt;
            /// To whom.
            new_owner: Felt;
        ] {}
        /// An operator acts for a controller, or no longer.
        OperatorSet [
            /// The controller.
            controller: Felt;
            /// The operator.
            operator: Felt;
        ] {
            /// Whether it acts.
            approved: bool;
        }
        /// A change waits.
        ChangeProposed [
            /// Its number.
            number: u64;
        ] {
            /// From when on it can be applied.
            from: u64;
        }
        /// A change is dropped.
        ChangeCancelled [
            /// Its number.
            number: u64;
        ] {}
        /// A change is made.
        ChangeApplied [
            /// Its number.
            number: u64;
        ] {}
        /// The vault is paused.
        Paused [] {
            /// Until when at most.
            until: u64;
        }
        /// The pause ended early.
        Unpaused [] {}
    }
}

events! {
    /// What a price history logs.
    HistoryEvent {
        /// There is one more observation.
        Recorded [
            /// The hour.
            hour: Hour;
        ] {
            /// The base token's price.
            base: Price;
            /// The quote token's price.
            quote: Price;
            /// When the oldest entry that the prices rest on was made.
            oldest: u64;
            /// The chain with this observation.
            chain: Felt;
        }
        /// A price moved too far to be recorded.
        Refused [
            /// The hour.
            hour: Hour;
        ] {
            /// Whose price.
            side: Side;
            /// The price that was recorded last.
            last: Price;
            /// The price that the feed gave.
            found: Price;
            /// Hours between the two.
            hours: u64;
        }
    }
}

/// The events of a contract in a range of blocks, oldest first: those with these names, or all that are known. Without an end it is the last
/// block.
pub(super) fn logged<E: ContractEvent>(
    client: &Client,
    what: &str,
    contract: Felt,
    names: &[&str],
    from: u64,
    to: Option<u64>,
) -> Result<Vec<Logged<E>>, ChainError> {
    let malformed = |reason: String| ChainError::Malformed { what: what.to_owned(), reason };
    let selectors: Vec<Felt> = names.iter().map(|name| selector(name)).collect();
    let events = client.events(what, contract, &selectors, from, to)?;
    let logged = events.into_iter().filter_map(|found: EmittedEvent| {
        let event = E::decode(&found.keys, &found.data).map_err(malformed).transpose()?;
        Some(event.and_then(|event| {
            let block = found.block_number.ok_or_else(|| malformed("an event is in no block".to_owned()))?;
            Ok(Logged { block, transaction: found.transaction_hash, place: (found.transaction_index, found.event_index), event })
        }))
    });
    logged.collect()
}
