//! Steps by a proof: the contract and its twin refuse the same, and a vault over the real registry decides by proofs alone.

use std::sync::Arc;

use maat_cairo::{CairoPackage, Compiler, Crate, Edition, Sources, gas};
use maat_starknet::vault::calldata;
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::price::USD;
use maat_strategy::proven::pack;
use maat_strategy::vault::{
    Account, Change, Deployment, Event, ModelStatus, NetworkFailure, Outcome, Proven, Refusal, Route, Shown, Unfit, hash_of,
};
use maat_tests::root;
use maat_verifier::layout::Layout;
use maat_verifier::{Entries, Entry, Preset};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use super::contracts::{BASE, CLASSES, Contracts, Expected, FEED, HISTORY, POOLS, QUOTE, REGISTRY, VAULT, contract, selector, text, wide};
use super::felts::{account, constructor, token};
use super::pool::Conduct;
use super::world::{BUY, GUARDIAN, HOLD, KEEPER, OWNER, SELL, START, USDC, USERS, World, deployment, strategy};
use crate::common::chain::{Class, Done};

const BITS: u16 = 96;
const POOL: Conduct = Conduct::Costs(10);
const ALICE: Account = USERS[0];

/// A vault with deposits that takes proofs.
fn world(name: &str) -> World {
    let mut world = World::new(Deployment { min_bits: BITS, ..deployment((18, 6)) });
    world.contracts.name = name.to_owned();
    world.enter(ALICE, 60_000 * USDC);
    for _ in 0..2 {
        world.open();
    }
    world.fetch(ALICE);
    world
}

/// The price of the next hour: the network sees whole dollars of what changed, and another change each hour.
fn moved(price: u64) -> u64 {
    price + USD * (1 + price / USD % 10)
}

/// The next hour, at another price, with an honest proof of this answer.
fn next(world: &mut World, answer: i32) -> (Hour, Proven) {
    world.prices.0 = moved(world.prices.0);
    let hour = world.open();
    (hour, proof(world, answer))
}

fn proof(world: &World, answer: i32) -> Proven {
    let strategy = world.vault.strategy();
    let seen = strategy.features.evaluate(world.chain.history.window(strategy.features.window()).unwrap());
    let [inputs, outputs] = [&seen.values[..], &[answer]].map(|values| Shown::Public(pack(values)));
    Proven { version: 1, fact: Felt::from(17), batch: 1, security_bits: BITS, inputs, outputs }
}

#[test]
fn a_proven_decision_trades_as_an_executed_one_does() {
    let mut world = world("proven decisions");
    for answer in [BUY, HOLD, SELL, BUY] {
        let (hour, proof) = next(&mut world, answer);
        let came = world.step_with_proof(hour, Ok(proof.clone()), POOL).unwrap();
        assert_eq!(matches!(came, Outcome::Held(_)), answer == HOLD, "{came:?}");
        let decided = world.vault.events().iter().rev().find_map(|event| match event {
            Event::Decided { route, .. } => Some(*route),
            _ => None,
        });
        assert_eq!(decided, Some(Route::Proven { fact: proof.fact, security_bits: BITS }));
        // The hour is used, for either way.
        assert!(matches!(world.step_with_proof(hour, Ok(proof), POOL), Err(Refusal::Used { .. })));
        assert!(matches!(world.step(hour, SELL, POOL), Err(Refusal::Used { .. })));
    }
    let (hour, proof) = next(&mut world, BUY);
    world.step(hour, SELL, POOL).unwrap();
    assert!(matches!(world.step_with_proof(hour, Ok(proof), POOL), Err(Refusal::Used { .. })));
    world.look_at_all();
}

#[test]
fn a_proof_that_is_replayed_late_early_or_of_another_hour_is_refused() {
    let mut world = world("replayed proofs");
    let (hour, old) = next(&mut world, BUY);
    world.step_with_proof(hour, Ok(old.clone()), POOL).unwrap();
    let (hour, fresh) = next(&mut world, SELL);
    assert_eq!(world.step_with_proof(hour, Ok(old), POOL), Err(Refusal::ProvenInputs));
    for other in [hour.count() - 1, hour.count() + 1] {
        let other = Hour::new(other).unwrap();
        assert!(world.step_with_proof(other, Ok(fresh.clone()), POOL).is_err());
    }
    world.wait(901);
    assert!(matches!(world.step_with_proof(hour, Ok(fresh), POOL), Err(Refusal::Late { .. })));
}

#[test]
fn what_a_proof_must_show_is_looked_at() {
    let mut world = world("proofs that show something else");
    let (hour, honest) = next(&mut world, BUY);
    let inputs = [Shown::Public(vec![]), Shown::Public(pack(&[0, 0])), Shown::Hidden, Shown::Committed(Felt::ONE)];
    for inputs in inputs {
        assert_eq!(world.step_with_proof(hour, Ok(Proven { inputs, ..honest.clone() }), POOL), Err(Refusal::ProvenInputs));
    }
    let outputs = [
        Shown::Hidden,
        Shown::Committed(Felt::ONE),
        Shown::Public(vec![]),
        Shown::Public(pack(&[BUY; 7])),
        Shown::Public(pack(&[BUY, BUY])),
        Shown::Public(vec![Felt::from(1u64 << 31), Felt::ZERO]),
        Shown::Public(vec![Felt::MAX, Felt::ZERO]),
    ];
    for outputs in outputs {
        assert_eq!(world.step_with_proof(hour, Ok(Proven { outputs, ..honest.clone() }), POOL), Err(Refusal::ProvenOutputs));
    }
    let weak = Proven { security_bits: BITS - 1, ..honest.clone() };
    assert_eq!(world.step_with_proof(hour, Ok(weak), POOL), Err(Refusal::Weak { found: BITS - 1, least: BITS }));
    for batch in [0, 2, u32::MAX] {
        assert_eq!(world.step_with_proof(hour, Ok(Proven { batch, ..honest.clone() }), POOL), Err(Refusal::Batch { found: batch }));
    }
    let outputs = Shown::Public(pack(&[3]));
    assert!(matches!(world.step_with_proof(hour, Ok(Proven { outputs, ..honest.clone() }), POOL), Err(Refusal::Class(_))));
    let failure = NetworkFailure("network".to_owned());
    assert_eq!(world.step_with_proof(hour, Err(failure.clone()), POOL), Err(Refusal::Network(failure)));
    // The hour is left by all of them.
    world.step_with_proof(hour, Ok(honest), POOL).unwrap();
}

#[test]
fn what_stops_a_step_stops_a_proven_one() {
    let mut world = world("stopped proofs");
    let (hour, proof) = next(&mut world, BUY);
    for conduct in [Conduct::Fails, Conduct::Steals, Conduct::ShortByOne, Conduct::Idle, Conduct::Costs(21)] {
        let refusal = world.step_with_proof(hour, Ok(proof.clone()), conduct).unwrap_err();
        assert!(matches!(refusal, Refusal::Floor { .. } | Refusal::Adapter(_)), "{conduct:?}: {refusal:?}");
    }
    world.tell_model(ModelStatus::Revoked);
    assert!(matches!(world.step_with_proof(hour, Ok(proof.clone()), POOL), Err(Refusal::State { .. })));
    world.tell_model(ModelStatus::Deprecated);
    world.pause(GUARDIAN).unwrap();
    assert!(matches!(world.step_with_proof(hour, Ok(proof.clone()), POOL), Err(Refusal::State { .. })));
    world.unpause(GUARDIAN).unwrap();
    world.step_with_proof(hour, Ok(proof), POOL).unwrap();
    // Something is due.
    world.tell_model(ModelStatus::Listed);
    world.enter(ALICE, 1_000 * USDC);
    world.next();
    assert!(world.record());
    let (hour, proof) = (world.chain.history.last().unwrap().hour, self::proof(&world, SELL));
    assert!(matches!(world.step_with_proof(hour, Ok(proof), POOL), Err(Refusal::Due { .. })));
}

#[test]
fn proofs_are_taken_a_day_after_the_owner_says_so() {
    let mut world = World::new(deployment((18, 6)));
    world.enter(ALICE, 60_000 * USDC);
    for _ in 0..2 {
        world.open();
    }
    let (hour, proof) = next(&mut world, BUY);
    assert_eq!(world.step_with_proof(hour, Ok(proof), POOL), Err(Refusal::NoProofs));
    assert_eq!(world.propose(ALICE, Change::MinBits(BITS)), Err(Refusal::NotOwner { caller: ALICE }));
    assert_eq!(world.propose(OWNER, Change::MinBits(129)), Err(Refusal::Unfit(Unfit::MinBits { found: 129 })));
    let number = world.propose(OWNER, Change::MinBits(BITS)).unwrap();
    assert!(matches!(world.apply(OWNER, number), Err(Refusal::Early { .. })));
    world.wait(86_400);
    world.apply(OWNER, number).unwrap();
    world.look_at_all();
    for _ in 0..2 {
        world.open();
    }
    let (hour, proof) = next(&mut world, BUY);
    world.step_with_proof(hour, Ok(proof), POOL).unwrap();
}

#[test]
fn a_proof_of_another_model_or_version_is_not_passed_on() {
    let mut world = world("other models");
    let (hour, proof) = next(&mut world, BUY);
    let proven = super::felts::proven(&proof);
    let refused = Expected::Refuses(text("vault: not the pinned version"));
    for (model, version) in [(0, 1), (2, 1), (1, 0), (1, 2)] {
        let call = [&[Felt::from(model), version.into(), proven.len().into()], &proven[..]].concat();
        let calldata = [&[hour.count().into()], &calldata::list(&call)[..]].concat();
        world.contracts.ask(account(KEEPER), VAULT, "step_with_proof", calldata, &refused, "another version");
    }
    for call in [vec![], vec![Felt::ONE], vec![Felt::ONE; 2]] {
        let calldata = [&[hour.count().into()], &calldata::list(&call)[..]].concat();
        world.contracts.ask(account(KEEPER), VAULT, "step_with_proof", calldata, &refused, "a call that is too short");
    }
    world.step_with_proof(hour, Ok(proof), POOL).unwrap();
}

// OVER THE REAL REGISTRY
// ================================================================================================

/// Felts of a proof for one inference, as the design has them.
const PROOF_FELTS: usize = 2_600;

/// The entry of the fixture's model.
fn entries() -> Entries {
    let entry = Entry {
        preset: Preset::Starknet,
        layout: Layout::base(),
        batch: 1,
        rows: 2_048,
        inputs: 2,
        outputs: 1,
        one_time_roots: 0,
        fixed_root: std::array::from_fn(|byte| byte as u8),
    };
    Entries::new(vec![entry]).unwrap()
}

/// The bytes as Cairo's byte array.
fn byte_array(bytes: &[u8]) -> Vec<Felt> {
    let (words, rest) = bytes.as_chunks::<31>();
    let mut felts = vec![Felt::from(words.len())];
    felts.extend(words.iter().map(|word| Felt::from_bytes_be_slice(word)));
    felts.extend([Felt::from_bytes_be_slice(rest), rest.len().into()]);
    felts
}

/// A proof of the fixture's model that the mock verifier believes.
fn believed(commitment: Felt, seen: &[i32], answer: i32, bits: u16) -> Vec<Felt> {
    let root = std::array::from_fn::<u8, 32, _>(|byte| byte as u8);
    let half = |bytes: &[u8]| Felt::from_bytes_le_slice(bytes);
    let side = |values: &[i32]| [vec![Felt::ZERO], calldata::list(&pack(values))].concat();
    let mut felts = vec![text("holds"), commitment];
    felts.extend([1, 2_048, 2, 1, 0].map(Felt::from));
    felts.extend([half(&root[..16]), half(&root[16..])]);
    // Not hiding, and no one-time root.
    felts.extend([Felt::ZERO, Felt::ONE]);
    felts.extend(side(seen));
    felts.extend(side(&[answer]));
    felts.push(bits.into());
    felts.resize(PROOF_FELTS - 1, Felt::ONE);
    calldata::list(&felts)
}

struct Real {
    contracts: Contracts,
    commitment: Felt,
    hour: u64,
    base: u64,
    prices: Vec<u64>,
}

impl Real {
    fn new() -> Self {
        let commitment = Felt::from_bytes_be(entries().commitment().as_bytes());
        let source = std::fs::read_to_string(root().join("tests/fixtures/vault/model.cairo")).unwrap();
        let mut sources = Sources::default();
        sources.insert("lib.cairo", source.replace("COMMITMENT", &format!("{commitment:#x}")));
        let main = Crate { name: "fixture".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
        let model = CairoPackage { main, dependencies: vec![Crate::interfaces()] };
        let compiler = Compiler::default();
        let compile = |package: &CairoPackage, path: &str| {
            Arc::new(Class::new(&compiler.contracts(package, &[path]).unwrap_or_else(|error| panic!("{error}")).remove(0)))
        };
        let registry = compile(&CairoPackage::registry(), "maat_registry::registry::model_registry");
        let verifier = compile(&CairoPackage::mocks(), "maat_mocks::verifier::mock_verifier");
        let model = compile(&model, "fixture::fixture_model");
        let mut contracts = Contracts::new(START * SECONDS);
        for class in [&registry, &verifier, &model] {
            contracts.chain.declare(class.clone());
        }
        let strategy = strategy((18, 6));
        let nothing = Expected::Gives(vec![]);
        contracts.deploy(FEED, &CLASSES.feed, &[], &nothing);
        contracts.deploy(HISTORY, &CLASSES.history, &[contract(FEED)], &nothing);
        contracts.deploy(BASE, &CLASSES.token, &token(&strategy.pair.base), &nothing);
        contracts.deploy(QUOTE, &CLASSES.token, &token(&strategy.pair.quote), &nothing);
        contracts.deploy(POOLS[0], &CLASSES.pool, &[contract(BASE), contract(QUOTE)], &nothing);
        contracts.deploy(REGISTRY, &registry, &[verifier.hash()], &nothing);
        let registered = [text("model"), model.hash(), Felt::ONE, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO];
        let first = Expected::Gives(vec![Felt::ONE, Felt::ONE]);
        contracts.ask(account(OWNER), REGISTRY, "register", registered, &first, "register");
        let deployment = Deployment { min_bits: BITS, ..deployment((18, 6)) };
        contracts.deploy_vault(&constructor(&deployment, model.hash()), &nothing);
        Self { contracts, commitment, hour: START, base: 2_000 * USD, prices: vec![] }
    }

    fn call(&mut self, who: Account, to: u8, function: &str, calldata: &[Felt]) -> Done {
        let done = self.contracts.chain.call(account(who), contract(to), function, calldata);
        done.unwrap_or_else(|failure| panic!("{function}: {failure:x?}"))
    }

    /// The next hour, at another price, recorded and settled; what the network sees of it.
    fn open(&mut self) -> Vec<i32> {
        self.hour += 1;
        self.base = moved(self.base);
        self.contracts.chain.now = self.hour * SECONDS;
        self.call(KEEPER, FEED, "set_answer", &[Felt::TWO, self.base.into(), USD.into()]);
        self.call(KEEPER, POOLS[0], "set_rate", &[self.base.into(), Felt::from(100_000_000_000_000_000_000u128)]);
        self.call(KEEPER, HISTORY, "record", &[]);
        self.prices.push(self.base);
        let observation = |(hour, base): (u64, &u64)| maat_strategy::history::Observation {
            hour: Hour::new(hour).unwrap(),
            base: maat_strategy::price::Price::new(*base).unwrap(),
            quote: maat_strategy::price::Price::new(USD).unwrap(),
        };
        let window: Vec<_> = (START + 1..).zip(&self.prices).map(observation).collect();
        let features = strategy((18, 6)).features;
        if window.len() < features.window() {
            return vec![];
        }
        features.evaluate(&window[window.len() - features.window()..]).values
    }

    /// The arguments of `prove`.
    fn prove(&self, proof: &[Felt]) -> Vec<Felt> {
        [&[Felt::ONE, Felt::ONE], &calldata::list(proof)[..]].concat()
    }

    fn step(&self, proof: &[Felt]) -> Vec<Felt> {
        [&[self.hour.into()], &calldata::list(&self.prove(proof))[..]].concat()
    }
}

#[test]
fn a_vault_over_the_registry_decides_by_proofs_alone_and_verification_is_all_that_costs() {
    let mut real = Real::new();
    let assets = wide(1_000_000 * USDC).to_vec();
    real.call(ALICE, QUOTE, "mint", &[&[account(ALICE)], &assets[..]].concat());
    real.call(ALICE, QUOTE, "approve", &[&[contract(VAULT)], &assets[..]].concat());
    real.call(ALICE, VAULT, "request_deposit", &[&assets[..], &[account(ALICE), account(ALICE)]].concat());
    real.open();
    real.call(KEEPER, VAULT, "settle", &[]);
    let seen = real.open();
    let proof = believed(real.commitment, &seen, BUY, BITS);
    // The registry does not know the model's entries yet.
    let unknown = Expected::Refuses(text("registry: no such entry"));
    let step = real.step(&proof);
    real.contracts.ask(account(KEEPER), VAULT, "step_with_proof", &step, &unknown, "unknown entries");
    let registered =
        real.call(ALICE, REGISTRY, "register_entries", &[&[Felt::ONE, Felt::ONE], &byte_array(&entries().to_bytes())[..]].concat());

    let mut steps = Vec::new();
    let mut decide = |real: &mut Real, seen: &[i32], answer: i32| {
        let step = real.step(&believed(real.commitment, seen, answer, BITS));
        let done = real.call(KEEPER, VAULT, "step_with_proof", &step);
        steps.push(done.gas());
        let found = |name: &str| done.events.iter().find(|event| event.keys[0] == selector(name)).unwrap_or_else(|| panic!("{name}"));
        let (proven, decided) = (found("FactProven"), found("Decided"));
        // The prover is the vault: who called it is in the transaction.
        assert_eq!((proven.from, proven.keys[2], proven.keys[3]), (contract(REGISTRY), Felt::ONE, contract(VAULT)));
        assert_eq!(decided.data[..5], [answer.into(), real.commitment, Felt::ONE, hash_of(seen), hash_of(&[answer])]);
        assert_eq!(decided.data[decided.data.len() - 3..], [Felt::ONE, proven.keys[1], BITS.into()]);
        let sides = [seen, &[answer]].map(|values| Poseidon::hash_array(&pack(values)));
        let fact = [text("maat fact 1"), real.commitment, Felt::ONE, Felt::ZERO, sides[0], Felt::ZERO, sides[1]];
        assert_eq!(proven.keys[1], Poseidon::hash_array(&fact));
        proven.keys[1]
    };
    let fact = decide(&mut real, &seen, BUY);
    let valid = Expected::Gives(vec![Felt::ONE]);
    real.contracts.ask(account(ALICE), REGISTRY, "is_valid", [fact, BITS.into()], &valid, "the fact");
    for answer in [HOLD, SELL, BUY, HOLD] {
        let seen = real.open();
        decide(&mut real, &seen, answer);
    }
    // Somebody submits the hour's proof first: the step goes on all the same, and records nothing.
    let seen = real.open();
    let proof = believed(real.commitment, &seen, SELL, BITS);
    let prove = real.prove(&proof);
    let first = real.call(ALICE, REGISTRY, "prove", &prove);
    let again = real.call(ALICE, REGISTRY, "prove", &prove);
    assert!(again.events.is_empty());
    let step = real.step(&proof);
    let done = real.call(KEEPER, VAULT, "step_with_proof", &step);
    assert!(done.events.iter().all(|event| event.keys[0] != selector("FactProven")));
    // Weak proofs, other hours' and other commitments.
    let seen = real.open();
    for (proof, reason) in [
        (believed(real.commitment, &seen, BUY, BITS - 1), "vault: too weak a proof"),
        (proof, "vault: not this hour's inputs"),
        (believed(real.commitment + Felt::ONE, &seen, BUY, BITS), "registry: other commitment"),
    ] {
        let step = real.step(&proof);
        real.contracts.ask(account(KEEPER), VAULT, "step_with_proof", &step, Expected::Refuses(text(reason)), reason);
    }
    // What is left beside the proof's calldata: the mock verifier looks at a few felts alone. The last step by a proof held, as this one does.
    let executed = real.call(KEEPER, VAULT, "step", &[real.hour.into()]).gas();
    let calldata = gas::of_calldata(PROOF_FELTS as u64);
    let [first, again, proven] = [first.gas(), again.gas(), *steps.last().expect("several")].map(|gas| gas - calldata);
    for (what, gas, most) in [
        ("register_entries", registered.gas(), 8_000_000),
        ("prove, a new fact", first, 2_500_000),
        ("prove, a known fact", again, 1_000_000),
        ("step_with_proof, beyond an executed step", proven.saturating_sub(executed), 2_500_000),
    ] {
        println!("{what}: {gas} L2 gas");
        // A copy of the proof would take more than that.
        assert!(gas < most, "{what}: {gas} L2 gas");
    }
}
