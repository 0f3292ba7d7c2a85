//! What was proven of registered models: proofs that are submitted, and facts, as `cairo/interfaces/src/registry.cairo` declares them.

use maat_cairo::{CairoPackage, Compiler, Contract, limits};
use starknet_rust::core::codec::{Decode, Encode, Error as CodecError};
use starknet_rust::core::types::{ByteArray, Event, Felt};

use crate::account::{Account, Invocation};
use crate::client::selector;
use crate::error::ChainError;
use crate::execute::TRANSACTION_FELTS;
use crate::registry::{List, RegisteredModel, Registry, read};
use crate::report::Receipt;

/// The hash of the class that verifies proofs in this version of Maat, with which the shared registry is made. A test compares it with what the
/// compiler gives.
pub const VERIFIER: Felt = Felt::from_hex_unchecked("0x0245081d3c1ad1e6216a40796a81f84ae2ff6b2a9c04e58652940850f527a52f");
/// Facts in a page, which is the most that the registry gives at once.
const FACTS: u64 = 100;

const WHAT: &str = "submitting the proof";

/// The class that verifies proofs, compiled.
///
/// # Errors
/// None, unless the compiler is broken.
pub fn verifier_class() -> Result<Contract, ChainError> {
    Ok(Compiler::default().contract(&CairoPackage::proof_verifier())?)
}

/// How a fact was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub enum ProofKind {
    /// By a proof that the registry's verifier verified.
    Stark,
    /// By Starknet itself.
    InProtocol,
}

/// What a proof says of inputs or outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub enum SideKind {
    /// The values.
    Public,
    /// Nothing.
    Hidden,
    /// A commitment.
    Committed,
}

/// Inputs or outputs in a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct SideHash {
    /// What is said of them.
    pub kind: SideKind,
    /// The hash of the values or of the commitment; 0 if nothing is said.
    pub hash: Felt,
}

/// A statement that was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Fact {
    /// Its name.
    pub fact: Felt,
    /// The model that the first proof was submitted for.
    pub model: u64,
    /// Its version.
    pub version: u32,
    /// How the best proof was made.
    pub kind: ProofKind,
    /// The preset of the best proof, by its code.
    pub preset: u8,
    /// Its conjectured security.
    pub security_bits: u16,
    /// The block of the first proof.
    pub block_number: u64,
    /// The time of that block, in seconds after 1970.
    pub proven_at: u64,
    /// Who submitted the first proof.
    pub prover: Felt,
}

/// What is known of a version for one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Entry {
    /// Inferences in a proof.
    pub batch: u32,
    /// Rows of the trace.
    pub rows: u32,
    /// Values that one inference takes.
    pub inputs: u32,
    /// Values that one inference gives.
    pub outputs: u32,
    /// How many one-time roots a private model has; else 0.
    pub one_time_roots: u32,
    /// The low half of the fixed root.
    pub root_low: u128,
    /// The high half.
    pub root_high: u128,
}

/// What the event of a new fact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactProven {
    /// The fact.
    pub fact: Felt,
    /// The model's number.
    pub model: u64,
    /// Who submitted the proof.
    pub prover: Felt,
    /// What else it says.
    pub told: Told,
}

/// The data of that event.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Told {
    /// The model's version.
    pub version: u32,
    /// The model's commitment.
    pub commitment: Felt,
    /// Inferences in the proof.
    pub batch: u32,
    /// Their inputs.
    pub inputs: SideHash,
    /// Their outputs.
    pub outputs: SideHash,
    /// How it was proven.
    pub kind: ProofKind,
    /// The preset, by its code.
    pub preset: u8,
    /// The proof's conjectured security.
    pub security_bits: u16,
    /// Whether the proof hides what it does not say.
    pub hiding: bool,
    /// The one-time root that the proof of a private model spent.
    pub one_time: Option<u32>,
}

/// What the registry says of a proof that it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The fact.
    pub fact: Felt,
    /// Inferences in the proof.
    pub batch: u32,
    /// Its conjectured security.
    pub security_bits: u16,
    /// Their inputs.
    pub inputs: SideHash,
    /// Their outputs.
    pub outputs: Side,
}

/// Inputs or outputs, as a proof has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The values, packed.
    Public(Vec<Felt>),
    /// Nothing.
    Hidden,
    /// The hash of a commitment.
    Committed(Felt),
}

/// A proof that is submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'p> {
    /// The model's number.
    pub model: u64,
    /// The version's number.
    pub version: u32,
    /// The proof as felts, of which the first is the number of those that follow.
    pub proof: &'p [Felt],
    /// The entries that are registered before it, as bytes; none if the registry knows them.
    pub entries: Option<&'p [u8]>,
}

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// What it cost.
    pub receipt: Receipt,
    /// What the registry recorded; nothing if it knew all of it.
    pub recorded: Option<FactProven>,
}

impl<'a> Decode<'a> for Side {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        match u64::decode_iter(iter)? {
            0 => List::decode_iter(iter).map(|List(felts)| Self::Public(felts)),
            1 => Ok(Self::Hidden),
            2 => Felt::decode_iter(iter).map(Self::Committed),
            _ => Err(CodecError::custom("a side is neither public, nor hidden, nor committed")),
        }
    }
}

impl<'a> Decode<'a> for Proven {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        Ok(Self {
            fact: Felt::decode_iter(iter)?,
            batch: u32::decode_iter(iter)?,
            security_bits: u16::decode_iter(iter)?,
            inputs: SideHash::decode_iter(iter)?,
            outputs: Side::decode_iter(iter)?,
        })
    }
}

impl ProofKind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stark => "STARK",
            Self::InProtocol => "in-protocol",
        }
    }
}

impl Submission<'_> {
    /// Checks that the proof is as long as it says and fits into a transaction.
    pub(crate) fn check(&self) -> Result<(), ChainError> {
        let length = self.proof.len();
        let first = self.proof.first().and_then(|first| usize::try_from(*first).ok());
        if first.and_then(|first| first.checked_add(1)) != Some(length) {
            let reason = format!("the proof has {length} felts, and does not begin with the number of those that follow");
            return Err(ChainError::Malformed { what: WHAT.to_owned(), reason });
        }
        let invocations = self.invocations(Felt::ZERO);
        let arguments: usize = invocations.iter().map(|call| call.calldata.len()).sum();
        // Each call has a contract, a function and a number of arguments in front.
        let felts = TRANSACTION_FELTS + 3 * (invocations.len() as u64 - 1) + arguments as u64;
        if felts > limits::CALLDATA_FELTS {
            let figures = format!("calldata of {felts} felts, of at most {}", limits::CALLDATA_FELTS);
            return Err(ChainError::OverLimit { what: "the proof".to_owned(), figures, forcible: false });
        }
        Ok(())
    }

    /// The arguments of `prove`, which a vault takes too.
    pub fn calldata(&self) -> Vec<Felt> {
        [&[self.model.into(), self.version.into(), self.proof.len().into()], self.proof].concat()
    }

    /// The call that tells the registry the entries, if it is to be told.
    pub(crate) fn telling_entries(&self, registry: Felt) -> Option<Invocation> {
        let entries = self.entries?;
        let mut calldata = vec![self.model.into(), self.version.into()];
        ByteArray::from(entries.to_vec()).encode(&mut calldata).expect("bytes can be encoded");
        Some(Invocation { contract: registry, function: "register_entries", calldata })
    }

    /// The calls of the transaction.
    fn invocations(&self, registry: Felt) -> Vec<Invocation> {
        let prove = Invocation { contract: registry, function: "prove", calldata: self.calldata() };
        self.telling_entries(registry).into_iter().chain([prove]).collect()
    }
}

impl Registry<'_> {
    /// The class that verifies proofs; 0 if there is none.
    ///
    /// # Errors
    /// The node or the registry does not say, as for all questions.
    pub fn verifier(&self) -> Result<Felt, ChainError> {
        self.ask("looking up the verifier", "verifier", vec![])
    }

    /// The entries that the registry knows of a version.
    ///
    /// # Errors
    /// As for [`Self::verifier`].
    pub fn entries(&self, model: u64, version: u32) -> Result<Vec<Entry>, ChainError> {
        let List(entries) = self.ask("looking up the entries", "entries", vec![model.into(), version.into()])?;
        Ok(entries)
    }

    /// A fact, if it was proven.
    ///
    /// # Errors
    /// As for [`Self::verifier`].
    pub fn fact(&self, fact: Felt) -> Result<Option<Fact>, ChainError> {
        self.ask("looking up a fact", "fact", vec![fact])
    }

    /// How many facts were proven for a model.
    ///
    /// # Errors
    /// As for [`Self::verifier`].
    pub fn fact_count(&self, model: &RegisteredModel) -> Result<u64, ChainError> {
        self.ask("counting facts", "fact_count_of", vec![model.id.into()])
    }

    /// At most so many of the facts that were proven for a model, after the first `start`; `count` is how many there are.
    ///
    /// # Errors
    /// As for [`Self::verifier`].
    pub fn facts(&self, model: &RegisteredModel, start: u64, limit: u64, count: u64) -> Result<Vec<Fact>, ChainError> {
        let start = start.min(count);
        let end = start.saturating_add(limit).min(count);
        self.list("listing facts", "facts_of", &[model.id.into()], start..end, FACTS)
    }

    /// What the registry would say of a proof, without a transaction: nothing is recorded, and nobody pays. The entries must be known.
    ///
    /// # Errors
    /// It refuses the proof: the error has its message.
    pub fn try_proof(&self, submission: &Submission) -> Result<Proven, ChainError> {
        submission.check()?;
        self.ask(WHAT, "prove", submission.calldata())
    }

    /// What a submission would take in L2 gas, by the node's estimate.
    ///
    /// # Errors
    /// The registry refuses the proof: the error has its message.
    pub fn estimate_proof(&self, account: &Account, submission: &Submission) -> Result<u64, ChainError> {
        submission.check()?;
        account.estimate(WHAT, submission.invocations(self.address()))
    }

    /// Submits a proof in one transaction, after its model's entries, if the registry does not know them.
    ///
    /// # Errors
    /// It is longer than a transaction allows, or the registry refuses it: the error has its message.
    pub fn submit(&self, account: &Account, submission: &Submission) -> Result<Submitted, ChainError> {
        submission.check()?;
        let (receipt, events) = account.invoke(WHAT, submission.invocations(self.address()))?;
        let recorded = recorded(&events, self.address(), submission, account.address())?;
        Ok(Submitted { receipt, recorded })
    }
}

/// The event of this submission among those of its transaction.
fn recorded(events: &[Event], registry: Felt, of: &Submission, prover: Felt) -> Result<Option<FactProven>, ChainError> {
    let name = selector("FactProven");
    for event in events.iter().filter(|event| event.from_address == registry && event.keys.first() == Some(&name)) {
        let [_, fact, model, by] = event.keys[..] else {
            let reason = format!("FactProven has {} keys, and not 4", event.keys.len());
            return Err(ChainError::Malformed { what: WHAT.to_owned(), reason });
        };
        let told: Told = read(WHAT, &event.data)?;
        if model == Felt::from(of.model) && told.version == of.version && by == prover {
            return Ok(Some(FactProven { fact, model: of.model, prover, told }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::fake_node::{Answer, FakeNode};
    use crate::registry::ShortString;

    const REGISTRY: Felt = Felt::from_hex_unchecked("0x99");
    const PROVER: Felt = Felt::from_hex_unchecked("0x5");
    const PROOF: &[Felt] = &[Felt::TWO, Felt::ONE, Felt::ONE];
    const SUBMISSION: Submission<'static> = Submission { model: 3, version: 2, proof: PROOF, entries: None };

    fn felts(values: &[i64]) -> Vec<Felt> {
        values.iter().map(|value| Felt::from(*value)).collect()
    }

    /// A registry that gives this answer to whatever it is asked.
    fn with<T>(answer: Vec<Felt>, ask: impl FnOnce(&Registry) -> T) -> T {
        const FUNCTIONS: &[&str] = &["verifier", "entries", "fact", "fact_count_of", "facts_of", "prove"];
        let node = FakeNode::of_contract(move |_, _| Answer::felts(answer.clone()), FUNCTIONS);
        let client = Client::connect(&node.network()).unwrap();
        ask(&Registry::at(&client, REGISTRY))
    }

    fn model() -> RegisteredModel {
        RegisteredModel { id: 3, name: ShortString("rocky".to_owned()), owner: Felt::ONE, pending_owner: Felt::ZERO, versions: 2 }
    }

    #[test]
    fn the_verifiers_class_hash_is_the_compilers() {
        assert_eq!(VERIFIER, verifier_class().unwrap().class_hash());
    }

    #[test]
    fn facts_and_entries_are_read_whole() {
        let record = felts(&[7, 3, 2, 0, 3, 96, 10, 1_700_000_000, 5]);
        let fact = Fact {
            fact: Felt::from(7),
            model: 3,
            version: 2,
            kind: ProofKind::Stark,
            preset: 3,
            security_bits: 96,
            block_number: 10,
            proven_at: 1_700_000_000,
            prover: PROVER,
        };
        let option = [&felts(&[0])[..], &record].concat();
        assert_eq!(with(option.clone(), |registry| registry.fact(Felt::from(7))).unwrap(), Some(fact));
        assert_eq!(with(felts(&[1]), |registry| registry.fact(Felt::from(7))).unwrap(), None);
        assert!(with([&option[..], &felts(&[0])].concat(), |registry| registry.fact(Felt::from(7))).is_err());
        assert!(with(option[..9].to_vec(), |registry| registry.fact(Felt::from(7))).is_err());
        let unknown = [&felts(&[0, 7, 3, 2, 2])[..], &record[4..]].concat();
        assert!(with(unknown, |registry| registry.fact(Felt::from(7))).is_err(), "a third kind of proof");

        let entry = felts(&[1, 2_048, 36, 2, 0, 5, 6]);
        let known = with([&felts(&[1])[..], &entry].concat(), |registry| registry.entries(3, 2)).unwrap();
        assert_eq!((known[0].batch, known[0].rows, known[0].root_low, known[0].root_high), (1, 2_048, 5, 6));
        for length in [felts(&[2]), vec![Felt::MAX]] {
            assert!(with([&length[..], &entry].concat(), |registry| registry.entries(3, 2)).is_err());
        }
    }

    #[test]
    fn facts_come_in_pages_and_no_more_than_were_asked_for() {
        let answer = |function: &str, calldata: &[Felt]| {
            if function == "fact_count_of" {
                return Answer::felts(felts(&[250]));
            }
            let [_, start, limit] = calldata else { panic!("a page") };
            let [start, limit] = [start, limit].map(|felt| u64::try_from(*felt).unwrap());
            let page = start..(start + limit).min(250);
            let fact = |number: u64| felts(&[number as i64, 3, 2, 0, 3, 96, 10, 11, 5]);
            Answer::felts(std::iter::once(Felt::from(page.clone().count() as u64)).chain(page.flat_map(fact)))
        };
        let node = FakeNode::of_contract(answer, &["fact_count_of", "facts_of"]);
        let client = Client::connect(&node.network()).unwrap();
        let registry = Registry::at(&client, REGISTRY);
        let count = registry.fact_count(&model()).unwrap();
        for (start, limit, from, to) in
            [(0, u64::MAX, 0, 250), (0, 7, 0, 7), (99, 102, 99, 201), (245, 100, 245, 250), (u64::MAX, 1, 250, 250)]
        {
            let facts = registry.facts(&model(), start, limit, count).unwrap();
            assert!(facts.iter().map(|fact| fact.fact).eq((from..to).map(Felt::from)), "{start}, {limit}");
        }
        // One that gives more than it was asked for.
        let two = [felts(&[2]), felts(&[7, 3, 2, 0, 3, 96, 10, 11, 5]).repeat(2)].concat();
        let error = with(two, |registry| registry.facts(&model(), 0, 1, 1)).unwrap_err().to_string();
        assert!(error.contains("2 entries, where 1 were asked for"), "{error}");
    }

    #[test]
    fn a_proof_that_is_not_as_long_as_it_says_is_not_sent() {
        let long = vec![Felt::ONE; 5_000];
        for proof in [&[][..], &[Felt::ONE], &[Felt::TWO, Felt::ONE], &[Felt::MAX, Felt::ONE], &long] {
            let error = with(vec![], |registry| registry.try_proof(&Submission { proof, ..SUBMISSION })).unwrap_err().to_string();
            assert!(error.contains("does not begin with the number of those that follow"), "{error}");
        }
        let mut longest = vec![Felt::ZERO; 4_993];
        longest[0] = Felt::from(4_992);
        Submission { proof: &longest, ..SUBMISSION }.check().unwrap();
        longest.push(Felt::ZERO);
        longest[0] = Felt::from(4_993);
        let error = Submission { proof: &longest, ..SUBMISSION }.check().unwrap_err().to_string();
        assert!(error.contains("calldata of 5001 felts, of at most 5000"), "{error}");
    }

    #[test]
    fn entries_are_registered_in_the_same_transaction_where_they_are_not_known() {
        let entries = [7; 55];
        let calls = Submission { entries: Some(&entries), ..SUBMISSION }.invocations(REGISTRY);
        assert_eq!(calls.iter().map(|call| call.function).collect::<Vec<_>>(), ["register_entries", "prove"]);
        // Model and version, a word of 31 bytes, and 24 bytes that are left.
        assert_eq!(calls[0].calldata.len(), 2 + 1 + 1 + 2);
        assert_eq!(calls[1].calldata, [&felts(&[3, 2, 3])[..], PROOF].concat());
        assert_eq!(SUBMISSION.invocations(REGISTRY).len(), 1);
    }

    #[test]
    fn an_accepted_proof_is_read_with_its_outputs() {
        let public = felts(&[7, 1, 96, 0, 11, 0, 2, 5, 0]);
        let proven = with(public.clone(), |registry| registry.try_proof(&SUBMISSION)).unwrap();
        assert_eq!((proven.fact, proven.batch, proven.security_bits), (Felt::from(7), 1, 96));
        assert_eq!(proven.inputs, SideHash { kind: SideKind::Public, hash: Felt::from(11) });
        assert_eq!(proven.outputs, Side::Public(felts(&[5, 0])));
        let committed = with(felts(&[7, 1, 96, 2, 11, 2, 9]), |registry| registry.try_proof(&SUBMISSION)).unwrap();
        assert_eq!((committed.inputs.kind, committed.outputs), (SideKind::Committed, Side::Committed(Felt::from(9))));
        for answer in [&public[..8], &felts(&[7, 1, 96, 0, 11, 3]), &felts(&[7, 1, 1 << 16, 0, 11, 1]), &felts(&[7, 1, 96, 3, 11, 1])] {
            assert!(with(answer.to_vec(), |registry| registry.try_proof(&SUBMISSION)).is_err(), "{answer:?}");
        }
    }

    #[test]
    fn the_event_of_a_submission_is_found_among_others_and_read_whole() {
        let data = felts(&[2, 13, 1, 0, 11, 1, 0, 0, 3, 96, 1, 0, 4]);
        let event = |from: Felt, model: i64, prover: Felt, data: &[Felt]| Event {
            from_address: from,
            keys: vec![selector("FactProven"), Felt::from(7), Felt::from(model), prover],
            data: data.to_vec(),
        };
        let ours = event(REGISTRY, 3, PROVER, &data);
        let others = [
            event(Felt::ONE, 3, PROVER, &[]),
            event(REGISTRY, 4, PROVER, &data),
            event(REGISTRY, 3, Felt::ONE, &data),
            Event { keys: vec![selector("EntriesRegistered")], ..ours.clone() },
        ];
        let find = |events: &[Event]| recorded(events, REGISTRY, &SUBMISSION, PROVER);
        assert_eq!(find(&others).unwrap(), None);
        let found = find(&[&others[..], std::slice::from_ref(&ours)].concat()).unwrap().unwrap();
        assert_eq!((found.fact, found.told.security_bits, found.told.hiding, found.told.one_time), (Felt::from(7), 96, true, Some(4)));
        for malformed in [Event { data: data[..12].to_vec(), ..ours.clone() }, Event { keys: ours.keys[..3].to_vec(), ..ours.clone() }] {
            assert!(find(&[malformed]).is_err());
        }
    }
}
