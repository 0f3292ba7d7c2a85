//! What vaults and price histories log, decoded: `cairo/vault/src/vault.cairo` and its components, and `cairo/history`.

use maat_strategy::hour::Hour;
use maat_strategy::price::Price;
use maat_strategy::vault::{Kind, Outcome, Purpose, Route, Side};
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
            /// How the answer came.
            route: Route;
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    fn felts(values: &[i64]) -> Vec<Felt> {
        values.iter().map(|value| Felt::from(*value)).collect()
    }

    fn keys(name: &str, rest: &[i64]) -> Vec<Felt> {
        [vec![selector(name)], felts(rest)].concat()
    }

    #[test]
    fn events_are_read_from_their_keys_and_data() {
        let settled = VaultEvent::decode(&keys("Settled", &[1, 470_000, 469_999]), &felts(&[5, 7])).unwrap();
        let hour = Hour::new(470_000).unwrap();
        assert_eq!(settled, Some(VaultEvent::Settled { kind: Kind::Redeem, hour, epoch: 469_999, filled: 5, proceeds: 7 }));
        let data = felts(&[-1, 2, 3, 4, 5, 6, 2_500, 0, 7_500, 2, 9, 1, 12, 96]);
        let decided = VaultEvent::decode(&keys("Decided", &[470_000]), &data).unwrap().unwrap();
        let [model, input_hash, output_hash, chain] = [2u64, 4, 5, 6].map(Felt::from);
        let (weight_target, outcome) = (Some(7_500), Outcome::Bought { quote: 9 });
        assert_eq!(
            decided,
            VaultEvent::Decided {
                hour,
                class: -1,
                model,
                version: 3,
                input_hash,
                output_hash,
                chain,
                weight_before: 2_500,
                weight_target,
                outcome,
                route: Route::Proven { fact: Felt::from(12), security_bits: 96 },
            }
        );
        let request = VaultEvent::decode(&keys("DepositRequest", &[1, 2, 3, 0]), &felts(&[4, 5, 0])).unwrap().unwrap();
        let [controller, owner, sender] = [1u64, 2, 4].map(Felt::from);
        assert_eq!(request, VaultEvent::DepositRequest { controller, owner, request_id: 3, sender, assets: 5 });
        assert_eq!(VaultEvent::decode(&keys("Unpaused", &[]), &[]).unwrap(), Some(VaultEvent::Unpaused {}));
        let recorded = HistoryEvent::decode(&keys("Recorded", &[470_000]), &felts(&[100, 200, 3, 4])).unwrap();
        assert!(matches!(recorded, Some(HistoryEvent::Recorded { oldest: 3, .. })));
    }

    #[test]
    fn an_event_that_is_none_of_ours_is_passed_over_and_a_malformed_one_refused() {
        assert_eq!(VaultEvent::decode(&[], &[]).unwrap(), None);
        assert_eq!(VaultEvent::decode(&keys("Executed", &[1]), &[]).unwrap(), None);
        let error = |name: &str, rest: &[i64], data: &[i64]| VaultEvent::decode(&keys(name, rest), &felts(data)).unwrap_err();
        assert_eq!(error("Settled", &[2, 470_000, 1], &[5, 7]), "event Settled: kind: Kind has no variant 2");
        assert_eq!(error("Settled", &[1, 470_000, 1], &[5]), "event Settled: proceeds: there are too few felts");
        assert_eq!(error("Settled", &[1, 470_000, 1], &[5, 7, 9]), "event Settled: data: 1 felts too many");
        assert_eq!(error("Halted", &[470_000, 1], &[]), "event Halted: keys: 1 felts too many");
        assert_eq!(error("Rewarded", &[1], &[-1]), "event Rewarded: amount: a number is not of type u128");
        assert_eq!(error("Skimmed", &[0], &[1, 1]), "event Skimmed: amount: an amount has more than 128 bits");
    }

    #[test]
    fn events_of_other_contracts_in_a_transaction_are_not_ours() {
        let event = |from: u64| Event { from_address: from.into(), keys: keys("Unpaused", &[]), data: vec![] };
        let found = VaultEvent::among(&[event(1), event(2), event(1)], Felt::ONE).unwrap();
        assert_eq!(found, [VaultEvent::Unpaused {}, VaultEvent::Unpaused {}]);
        let malformed = Event { data: felts(&[1]), ..event(1) };
        assert!(VaultEvent::among(&[malformed], Felt::ONE).is_err());
    }

    /// An event as a node tells of it.
    fn told(from: &str, name: &str, block: u64, index: u64) -> Value {
        json!({
            "from_address": from, "keys": [format!("{:#x}", selector(name))], "data": [], "block_number": block, "block_hash": "0x1",
            "transaction_hash": "0x5", "transaction_index": 0, "event_index": index,
        })
    }

    /// Reads the events of contract 0x1 from block 3 on from a node that gives these pages.
    fn read(pages: Vec<Value>) -> Result<Vec<Logged<VaultEvent>>, String> {
        let node = FakeNode::start(move |method, params| {
            assert_eq!(method, "starknet_getEvents");
            let page = params["filter"]["continuation_token"].as_str().map_or(0, |token| token.parse::<usize>().unwrap());
            let mut answer = json!({ "events": pages[page.min(pages.len() - 1)] });
            // The last page repeats itself for ever if it is said to go on.
            if page + 1 < pages.len() || pages.len() == 1 && pages[0] == json!([]) {
                answer["continuation_token"] = (page + 1).to_string().into();
            }
            Answer::Result(answer)
        });
        let client = Client::connect(&node.network()).unwrap();
        logged(&client, "reading", Felt::ONE, &["Unpaused", "Halted"], 3, None).map_err(|error| error.to_string())
    }

    #[test]
    fn all_pages_are_read() {
        let pages =
            vec![json!([told("0x1", "Unpaused", 3, 0)]), json!([]), json!([told("0x1", "Unpaused", 3, 1), told("0x1", "Unpaused", 9, 0)])];
        let places: Vec<(u64, (u64, u64))> = read(pages).unwrap().iter().map(|logged| (logged.block, logged.place)).collect();
        assert_eq!(places, [(3, (0, 0)), (3, (0, 1)), (9, (0, 0))]);
    }

    #[test]
    fn a_node_that_gives_other_events_or_no_end_is_refused() {
        let error = |pages: Vec<Value>| read(pages).unwrap_err();
        assert!(error(vec![json!([told("0x2", "Unpaused", 3, 0)])]).contains("which was not asked for"));
        assert!(error(vec![json!([told("0x1", "Paused", 3, 0)])]).contains("which was not asked for"));
        assert!(error(vec![json!([told("0x1", "Unpaused", 2, 0)])]).contains("which was not asked for"));
        let twice = json!([told("0x1", "Unpaused", 3, 0)]);
        assert!(error(vec![twice.clone(), twice]).contains("the events are out of order"));
        assert!(error(vec![json!([told("0x1", "Unpaused", 4, 0)]), json!([told("0x1", "Unpaused", 3, 0)])]).contains("out of order"));
        assert!(error(vec![json!([])]).contains("the events do not end after"));
    }
}
