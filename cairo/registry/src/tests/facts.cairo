//! `register_entries`, `prove`, and what is known of facts.

use core::poseidon::poseidon_hash_span;
use maat_interfaces::registry::{
    Fact, IFactRegistryDispatcherTrait, IFactRegistrySafeDispatcher, IFactRegistrySafeDispatcherTrait, IModelRegistryDispatcherTrait, ProofKind,
    Proven, SideHash, SideKind,
};
use maat_interfaces::verifier::{Entry, Side, Verified};
use maat_mocks::verifier::{HOLDS, proof_of};
use starknet::testing::{pop_log_raw, set_block_number, set_block_timestamp, set_contract_address};
use crate::entries::STARKNET_PRESET;
use crate::facts::facts_component::{EntriesRegistered, Event as FactsEvent, FactProven};
use crate::facts::{Record, RecordPacking, fact_of, hash_of};
use crate::registry::model_registry::Event;
use crate::tests::entries::{bytes_of, entry};
use crate::tests::{
    DAY, NAME, NO_CLASS, NOW, OTHER, OWNER, Registry, VERIFIER, assert_event, assert_no_more_events, drop_events, mocks, new_registry,
    register_class, registry_with_verifier,
};

const BITS: u16 = 96;
const BLOCK: u64 = 1_234;

/// The entries of the class `provable`.
fn entries() -> ByteArray {
    bytes_of([(2, 0, entry(1)), (3, 0, entry(1)), (3, 0, entry(4))].span())
}

/// That of the class `provable_too`.
fn entry_too() -> Entry {
    Entry { rows: 0x1000, ..entry(1) }
}

/// That of the class `private`.
fn private_entry() -> Entry {
    let fixed_root = 0x1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100;
    Entry { one_time_roots: 4, fixed_root, ..entry(1) }
}

fn commitment_of(entry: Entry) -> felt252 {
    if entry == private_entry() {
        0x008e7213063abeed957c4c3f0993eb0f7fabba4748f2af269d51b4188c3d09bd
    } else if entry == entry_too() {
        0x00671a03a643cf14d137a6751b5e550085b86155de57d36c5257bd4bf4d265b3
    } else {
        0x00464cea435b7399c360f9fd4e8d1494b823aae55b97096b1f186b9e454a7622
    }
}

/// A registry in which `provable` is version 1 of model 1, with its entries. The test acts as nobody in particular.
fn world() -> Registry {
    let registry = new_registry();
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 1, entries());
    begin(registry)
}

/// The same with `provable_too` as its version 2.
fn world_of_two() -> Registry {
    let registry = world();
    set_contract_address(OWNER);
    register_class(registry, NAME, mocks::provable_too::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 2, bytes_of([(3, 0, entry_too())].span()));
    begin(registry)
}

/// A registry in which `private` is version 1 of model 1, with its entries.
fn private_world() -> Registry {
    let registry = new_registry();
    register_class(registry, NAME, mocks::private::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 1, bytes_of([(3, 0, private_entry())].span()));
    begin(registry)
}

fn begin(registry: Registry) -> Registry {
    drop_events(registry);
    set_contract_address(OTHER);
    set_block_number(BLOCK);
    registry
}

/// What a proof of an entry says.
fn verified(entry: Entry) -> Verified {
    Verified {
        commitment: commitment_of(entry),
        entry,
        hiding: false,
        one_time: None,
        inputs: Side::Public([1, 2].span()),
        outputs: Side::Public([3, 0].span()),
        security_bits: BITS,
    }
}

fn private_verified(index: u32) -> Verified {
    Verified { hiding: true, one_time: Some(index), ..verified(private_entry()) }
}

fn prove(registry: Registry, verified: Verified) -> Proven {
    registry.facts.prove(1, 1, proof_of(verified, 0))
}

/// The reason why a proof is refused.
fn refusal(registry: Registry, verified: Verified) -> felt252 {
    refusal_of(registry, 1, 1, proof_of(verified, 0))
}

#[feature("safe_dispatcher")]
fn refusal_of(registry: Registry, model: u64, version: u32, proof: Span<felt252>) -> felt252 {
    let facts = IFactRegistrySafeDispatcher { contract_address: registry.address };
    match facts.prove(model, version, proof) {
        Ok(_) => 'not refused',
        Err(reasons) => *reasons[0],
    }
}

/// The event of a proof.
fn proven(fact: felt252, verified: Verified) -> Event {
    let Verified { commitment, entry, hiding, one_time, inputs, outputs, security_bits } = verified;
    let proven = FactProven {
        fact,
        model: 1,
        prover: OTHER,
        version: 1,
        commitment,
        batch: entry.batch,
        inputs: hash_of(inputs),
        outputs: hash_of(outputs),
        kind: ProofKind::Stark,
        preset: STARKNET_PRESET,
        security_bits,
        hiding,
        one_time,
    };
    Event::FactsEvent(FactsEvent::FactProven(proven))
}

// register_entries

#[test]
fn anyone_registers_the_entries() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    drop_events(registry);
    assert!(registry.facts.entries(1, 1).is_empty());
    set_contract_address(OTHER);
    registry.facts.register_entries(1, 1, entries());
    assert_eq!(registry.facts.entries(1, 1), [entry(1), entry(4)].span());
    let event = EntriesRegistered { model: 1, version: 1, batches: [1, 4].span() };
    assert_event(registry, Event::FactsEvent(FactsEvent::EntriesRegistered(event)));
    assert_no_more_events(registry);
    assert!(registry.facts.entries(1, 2).is_empty());
}

#[test]
#[should_panic(expected: ('registry: not the entries', 'ENTRYPOINT_FAILED'))]
fn other_entries_are_refused() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 1, bytes_of([(3, 0, entry(1)), (3, 0, entry(4))].span()));
}

#[test]
#[should_panic(expected: ('registry: entries are known', 'ENTRYPOINT_FAILED'))]
fn entries_are_registered_once() {
    world().facts.register_entries(1, 1, entries());
}

#[test]
#[should_panic(expected: ('registry: version has no proofs', 'ENTRYPOINT_FAILED'))]
fn a_version_without_commitment_has_no_entries() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::without_commitment::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 1, entries());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_version_has_no_entries() {
    world().facts.register_entries(1, 2, entries());
}

#[test]
#[should_panic(expected: ('registry: unknown version', 'ENTRYPOINT_FAILED'))]
fn an_unknown_model_has_no_entries() {
    world().facts.register_entries(2, 1, entries());
}

// prove

#[test]
fn anyone_proves_a_fact() {
    let registry = world();
    let verified = verified(entry(4));
    let inputs = SideHash { kind: SideKind::Public, hash: poseidon_hash_span([1, 2].span()) };
    let outputs = SideHash { kind: SideKind::Public, hash: poseidon_hash_span([3, 0].span()) };
    let fact = poseidon_hash_span(['maat fact 1', verified.commitment, 4, 0, inputs.hash, 0, outputs.hash].span());
    assert!(!registry.facts.is_valid(fact, 0));
    assert_eq!(registry.facts.fact(fact), None);

    let found = prove(registry, verified);
    assert_eq!(found, Proven { fact, batch: 4, security_bits: BITS, inputs, outputs: verified.outputs });
    let recorded = Fact {
        fact,
        model: 1,
        version: 1,
        kind: ProofKind::Stark,
        preset: 3,
        security_bits: BITS,
        block_number: BLOCK,
        proven_at: NOW,
        prover: OTHER,
    };
    assert_eq!(registry.facts.fact(fact), Some(recorded));
    assert_eq!(registry.facts.fact_count_of(1), 1);
    assert_eq!(registry.facts.facts_of(1, 0, 100), [recorded].span());
    assert_event(registry, proven(fact, verified));
    assert_no_more_events(registry);
}

#[test]
fn a_fact_is_valid_up_to_its_level() {
    let registry = world();
    let fact = prove(registry, verified(entry(1))).fact;
    assert!(registry.facts.is_valid(fact, 0) && registry.facts.is_valid(fact, BITS));
    assert!(!registry.facts.is_valid(fact, BITS + 1));
    assert!(!registry.facts.is_valid(fact + 1, 0) && !registry.facts.is_valid(0, 0));
}

#[test]
fn hidden_and_committed_sides_are_facts_of_their_own() {
    let registry = world();
    let plain = verified(entry(1));
    let sides = [Side::Public([5].span()), Side::Public([5, 0].span()), Side::Hidden, Side::Committed(5), Side::Committed(6)].span();
    let mut facts = array![];
    for inputs in sides {
        for outputs in sides {
            let proven = prove(registry, Verified { inputs: *inputs, outputs: *outputs, ..plain });
            assert_eq!(proven.fact, fact_of(plain.commitment, 1, hash_of(*inputs), hash_of(*outputs)));
            for other in facts.span() {
                assert!(*other != proven.fact);
            }
            facts.append(proven.fact);
        }
    }
    assert_eq!(registry.facts.fact_count_of(1), 25);
    assert_eq!(hash_of(Side::Hidden), SideHash { kind: SideKind::Hidden, hash: 0 });
    assert_eq!(hash_of(Side::Committed(5)), SideHash { kind: SideKind::Committed, hash: 5 });
}

#[test]
fn a_proof_that_comes_again_changes_nothing() {
    let registry = world();
    let first = prove(registry, verified(entry(1)));
    let before = registry.facts.fact(first.fact);
    drop_events(registry);
    set_block_number(BLOCK + 1);
    set_block_timestamp(NOW + 60);
    set_contract_address(OWNER);
    // The same one, another one of the same, and a weaker one.
    assert_eq!(prove(registry, verified(entry(1))), first);
    assert_eq!(registry.facts.prove(1, 1, proof_of(verified(entry(1)), 1)), first);
    let weaker = Verified { security_bits: BITS - 1, ..verified(entry(1)) };
    assert_eq!(prove(registry, weaker), Proven { security_bits: BITS - 1, ..first });
    assert_eq!(registry.facts.fact(first.fact), before);
    assert_eq!(registry.facts.fact_count_of(1), 1);
    assert_no_more_events(registry);
}

#[test]
fn a_stronger_proof_raises_the_level_alone() {
    let registry = world();
    let weak = Verified { security_bits: 40, ..verified(entry(1)) };
    let fact = prove(registry, weak).fact;
    let before = registry.facts.fact(fact).unwrap();
    drop_events(registry);
    set_block_number(BLOCK + 1);
    set_block_timestamp(NOW + 60);
    assert_eq!(prove(registry, verified(entry(1))).fact, fact);
    assert_eq!(registry.facts.fact(fact), Some(Fact { security_bits: BITS, ..before }));
    assert_eq!(registry.facts.fact_count_of(1), 1);
    assert_event(registry, proven(fact, verified(entry(1))));
    assert_no_more_events(registry);
}

#[test]
fn a_proof_of_another_entry_is_refused() {
    let registry = world();
    let plain = verified(entry(1));
    let known = entry(1);
    for entry in [
        Entry { rows: 0x1000, ..known }, Entry { inputs: 2, ..known }, Entry { outputs: 3, ..known }, Entry { one_time_roots: 1, ..known },
        Entry { fixed_root: known.fixed_root + 1, ..known }, Entry { fixed_root: 0, ..known },
    ].span() {
        assert_eq!(refusal(registry, Verified { entry: *entry, ..plain }), 'registry: not the entry');
    }
    // A batch size that the model does not list, and one that it lists for another preset alone.
    for batch in [0, 2, 3, 5, 0xffffffff_u32].span() {
        assert_eq!(refusal(registry, Verified { entry: Entry { batch: *batch, ..known }, ..plain }), 'registry: no such entry');
    }
    assert_eq!(registry.facts.fact_count_of(1), 0);
}

#[test]
fn a_proof_of_another_model_is_refused() {
    let registry = world_of_two();
    // Another commitment with the known entry, and another model's proof as it is.
    let plain = verified(entry(1));
    assert_eq!(refusal(registry, Verified { commitment: plain.commitment + 1, ..plain }), 'registry: other commitment');
    assert_eq!(refusal(registry, verified(entry_too())), 'registry: other commitment');
    assert_eq!(refusal_of(registry, 1, 2, proof_of(plain, 0)), 'registry: other commitment');
    // Another model's entry under this commitment.
    assert_eq!(refusal(registry, Verified { entry: entry_too(), ..plain }), 'registry: not the entry');
    // Each is accepted where it belongs.
    prove(registry, plain);
    registry.facts.prove(1, 2, proof_of(verified(entry_too()), 0));
}

#[test]
fn a_proof_that_does_not_hold_is_refused() {
    let registry = world();
    let proof = proof_of(verified(entry(1)), 0);
    let mut changed = array![];
    for felt in proof {
        changed.append(if *felt == HOLDS {
            'fails'
        } else {
            *felt
        });
    }
    assert_eq!(refusal_of(registry, 1, 1, changed.span()), 'mock: the proof does not hold');
    assert_eq!(registry.facts.fact_count_of(1), 0);
}

#[test]
fn a_proof_of_another_length_is_refused() {
    let registry = world();
    let proof = proof_of(verified(entry(1)), 0);
    assert_eq!(refusal_of(registry, 1, 1, [].span()), 'registry: malformed proof');
    assert_eq!(refusal_of(registry, 1, 1, proof.slice(0, proof.len() - 1)), 'registry: malformed proof');
    assert_eq!(refusal_of(registry, 1, 1, proof.slice(1, proof.len() - 1)), 'registry: malformed proof');
    let mut longer = array![];
    longer.append_span(proof);
    longer.append(0);
    assert_eq!(refusal_of(registry, 1, 1, longer.span()), 'registry: malformed proof');
    assert_eq!(refusal_of(registry, 1, 1, [0].span()), 'mock: an empty proof');
}

#[test]
fn a_proof_without_security_is_refused() {
    assert_eq!(refusal(world(), Verified { security_bits: 0, ..verified(entry(1)) }), 'registry: malformed answer');
}

#[test]
fn a_proof_is_refused_before_the_entries_are_known() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    assert_eq!(refusal(registry, verified(entry(1))), 'registry: no such entry');
}

#[test]
fn unknown_versions_have_no_proofs() {
    let registry = world();
    let proof = proof_of(verified(entry(1)), 0);
    for (model, version) in [(0, 1), (1, 0), (1, 2), (2, 1)].span() {
        assert_eq!(refusal_of(registry, *model, *version, proof), 'registry: unknown version');
    }
}

#[test]
fn a_registry_without_a_verifier_refuses_proofs() {
    let registry = registry_with_verifier(NO_CLASS);
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    registry.facts.register_entries(1, 1, entries());
    assert_eq!(registry.facts.verifier(), NO_CLASS);
    assert_eq!(refusal(registry, verified(entry(1))), 'registry: no verifier');
    assert_eq!(new_registry().facts.verifier(), VERIFIER);
}

#[test]
fn a_deprecated_version_is_proven_and_a_revoked_one_is_not() {
    let registry = world();
    set_contract_address(OWNER);
    registry.models.deprecate(1, 1);
    set_block_timestamp(NOW + DAY);
    let fact = prove(registry, verified(entry(1))).fact;
    registry.models.revoke(1, 1);
    set_block_timestamp(NOW + 2 * DAY - 1);
    prove(registry, verified(entry(4)));
    set_block_timestamp(NOW + 2 * DAY);
    assert_eq!(refusal(registry, verified(entry(1))), 'registry: version is revoked');
    // What was proven stays so.
    assert!(registry.facts.is_valid(fact, BITS));
}

#[test]
fn events_are_searched_by_fact_model_and_prover() {
    let registry = new_registry();
    register_class(registry, NAME, mocks::provable::TEST_CLASS_HASH);
    drop_events(registry);
    registry.facts.register_entries(1, 1, entries());
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("EntriesRegistered"), 1, 1].span());
    assert_eq!(data, [2, 1, 4].span());
    let proven = prove(registry, Verified { outputs: Side::Hidden, ..verified(entry(4)) });
    let (keys, data) = pop_log_raw(registry.address).unwrap();
    assert_eq!(keys, [selector!("FactProven"), proven.fact, 1, OWNER.into()].span());
    // Version, commitment, batch, kinds and hashes of the sides, a STARK of preset 3, bits, not hiding, no one-time root.
    assert_eq!(data, [1, commitment_of(entry(4)), 4, 0, proven.inputs.hash, 1, 0, 0, 3, BITS.into(), 0, 1].span());
}

// Private models

#[test]
fn a_one_time_root_is_spent_by_one_proof() {
    let registry = private_world();
    let root = private_entry().fixed_root;
    let verified = private_verified(2);
    let proof = proof_of(verified, 0);
    assert_eq!(registry.facts.spent(root, 2), 0);
    let fact = registry.facts.prove(1, 1, proof).fact;
    assert_eq!(registry.facts.spent(root, 2), poseidon_hash_span(proof));
    assert_event(registry, proven(fact, verified));
    // The same proof gives nothing away: whoever copies it from the network cannot stop the one who made it.
    assert_eq!(registry.facts.prove(1, 1, proof).fact, fact);
    assert_no_more_events(registry);
    // Another proof does, even one of the same statement.
    assert_eq!(refusal_of(registry, 1, 1, proof_of(verified, 1)), 'registry: root is spent');
    assert_eq!(refusal(registry, Verified { inputs: Side::Hidden, ..verified }), 'registry: root is spent');
    assert_eq!(registry.facts.spent(root, 2), poseidon_hash_span(proof));
    // A root that is left is shown to be spent, even if the fact is known.
    let other = private_verified(3);
    assert_eq!(prove(registry, other).fact, fact);
    assert_event(registry, proven(fact, other));
    assert_eq!(registry.facts.spent(root, 1), 0);
}

#[test]
fn roots_are_spent_for_all_versions_with_the_same_tree() {
    let registry = private_world();
    set_contract_address(OWNER);
    register_class(registry, 'copy', mocks::private::TEST_CLASS_HASH);
    registry.facts.register_entries(2, 1, bytes_of([(3, 0, private_entry())].span()));
    registry.facts.prove(2, 1, proof_of(private_verified(0), 0));
    assert_eq!(refusal_of(registry, 1, 1, proof_of(private_verified(0), 1)), 'registry: root is spent');
}

#[test]
fn a_proof_spends_a_root_if_there_are_some_and_only_then() {
    let registry = private_world();
    assert_eq!(refusal(registry, verified(private_entry())), 'registry: malformed answer');
    assert_eq!(refusal(registry, private_verified(4)), 'registry: malformed answer');
    let registry = world();
    assert_eq!(refusal(registry, Verified { one_time: Some(0), ..verified(entry(1)) }), 'registry: malformed answer');
}

// Lists

#[test]
fn facts_come_in_pages() {
    let registry = world();
    let mut facts = array![];
    for input in 0..103_u32 {
        let inputs = Side::Public([input.into(), 0].span());
        facts.append(prove(registry, Verified { inputs, ..verified(entry(1)) }).fact);
    }
    assert_eq!(registry.facts.fact_count_of(1), 103);
    assert_eq!(registry.facts.facts_of(1, 0, 0xffffffffffffffff).len(), 100);
    let page = registry.facts.facts_of(1, 101, 5);
    assert_eq!(page.len(), 2);
    assert_eq!(*page[0].fact, *facts[101]);
    assert_eq!(*page[1].fact, *facts[102]);
    assert!(registry.facts.facts_of(1, 103, 1).is_empty());
    assert!(registry.facts.facts_of(2, 0, 100).is_empty());
    assert_eq!(registry.facts.fact_count_of(2), 0);
}

#[test]
fn a_fact_is_on_the_list_of_each_model_that_it_was_proven_for() {
    let registry = world();
    // Somebody registers the class once more, and is first with a proof.
    register_class(registry, 'copy', mocks::provable::TEST_CLASS_HASH);
    registry.facts.register_entries(2, 1, entries());
    let proof = proof_of(verified(entry(1)), 0);
    let fact = registry.facts.prove(2, 1, proof).fact;
    assert!(registry.facts.facts_of(1, 0, 100).is_empty());
    drop_events(registry);
    assert_eq!(registry.facts.prove(1, 1, proof).fact, fact);
    assert_event(registry, proven(fact, verified(entry(1))));
    registry.facts.prove(1, 1, proof);
    registry.facts.prove(2, 1, proof);
    assert_no_more_events(registry);
    for model in [1, 2].span() {
        assert_eq!(registry.facts.fact_count_of(*model), 1);
        let listed = *registry.facts.facts_of(*model, 0, 100)[0];
        assert_eq!((listed.fact, listed.model), (fact, 2));
    }
}

#[test]
fn records_come_back() {
    let most = Record {
        model: 0xffffffffffffffff,
        version: 0xffffffff,
        kind: ProofKind::InProtocol,
        preset: 15,
        security_bits: 0xffff,
        block_number: 0xffffffffffffffff,
        proven_at: 0xffffffffffffffff,
    };
    for record in [
        most, Record { kind: ProofKind::Stark, ..most }, Record { model: 0, ..most }, Record { version: 0, ..most },
        Record { preset: 0, ..most }, Record { security_bits: 0, ..most }, Record { block_number: 0, ..most }, Record { proven_at: 0, ..most },
    ].span() {
        assert_eq!(RecordPacking::unpack(RecordPacking::pack(*record)), *record);
    }
    assert_eq!(RecordPacking::unpack(0).security_bits, 0);
}
