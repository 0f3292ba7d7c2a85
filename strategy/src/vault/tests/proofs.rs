//! Steps by a proof: what is refused, and that the rest is as if the network had been executed. In the contract: `tests/vault/proofs.rs`.

use super::*;
use crate::proven::pack;
use crate::vault::access::{Change, DELAY};
use crate::vault::trading::{Proven, Shown};

const BITS: u16 = 96;
const FACT: Felt = Felt::ONE;

/// A world in which Alice holds shares, whose vault takes proofs, with an hour that is open.
fn world() -> World {
    let mut world = World::with(Deployment { min_bits: BITS, ..deployment() });
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    world.prices.0 += 7 * USD;
    world.open_hour();
    world
}

/// An honest proof of this answer to what the network sees now.
fn proof(world: &World, answer: i32) -> Proven {
    let strategy = world.vault.strategy();
    let seen = strategy.features.evaluate(world.chain.history.window(strategy.features.window()).unwrap());
    let [inputs, outputs] = [&seen.values[..], &[answer]].map(|values| Shown::Public(pack(values)));
    Proven { version: 7, fact: FACT, batch: 1, security_bits: BITS, inputs, outputs }
}

fn step(world: &mut World, proof: &Proven) -> Result<Outcome, Refusal> {
    let (call, hour) = (world.call(KEEPER), world.recorded());
    let mut pool = Pool { rate: world.rate(), conduct: Conduct::Costs(10) };
    world.vault.step_with_proof(&mut world.chain, call, hour, &mut || Ok(proof.clone()), &mut pool)
}

/// The refusal of a step with a changed proof, which leaves the hour.
fn refusal(world: &World, change: impl FnOnce(&mut Proven)) -> Refusal {
    let mut world = world.clone();
    let mut proof = proof(&world, BUY);
    change(&mut proof);
    let before = world.vault.clone();
    let refusal = step(&mut world, &proof).unwrap_err();
    assert!(world.vault == before, "{refusal}");
    refusal
}

#[test]
fn a_proven_decision_does_what_an_executed_one_does_and_says_how_it_came() {
    for answer in [SELL, HOLD, BUY] {
        let (mut executed, mut proven) = (world(), world());
        let came = executed.step(answer, Conduct::Costs(10)).unwrap();
        let shown = proof(&proven, answer);
        assert_eq!(step(&mut proven, &shown), Ok(came));
        assert_eq!(executed.vault.books(), proven.vault.books());
        let decided = |world: &World| {
            let found = world.vault.events().iter().rev().find(|event| matches!(event, Event::Decided { .. })).cloned();
            let Some(Event::Decided { input_hash, output_hash, route, .. }) = found else { panic!("it decided") };
            (input_hash, output_hash, route)
        };
        assert_eq!(decided(&executed).2, Route::Executed);
        let seen = [7 * USD as i32, 0].map(|value| value.clamp(-1_000_000, 1_000_000));
        let (input_hash, output_hash, route) = decided(&proven);
        assert_eq!(route, Route::Proven { fact: FACT, security_bits: BITS });
        assert_eq!(output_hash, events::hash_of(&[answer]));
        let values = proven.vault.strategy().features.evaluate(proven.chain.history.window(2).unwrap()).values;
        assert_eq!(input_hash, events::hash_of(&values), "{seen:?}");
    }
}

#[test]
fn an_hour_is_stepped_once_either_way() {
    let mut world = world();
    let proof = proof(&world, BUY);
    step(&mut world, &proof).unwrap();
    assert!(matches!(step(&mut world, &proof), Err(Refusal::Used { .. })));
    assert!(matches!(world.step(SELL, Conduct::Costs(10)), Err(Refusal::Used { .. })));
    // Its proof is nothing in the next hour, where prices have moved.
    world.prices.0 -= USD;
    world.open_hour();
    assert_eq!(step(&mut world, &proof), Err(Refusal::ProvenInputs));
    world.step(HOLD, Conduct::Costs(10)).unwrap();
    let again = self::proof(&world, BUY);
    assert!(matches!(step(&mut world, &again), Err(Refusal::Used { .. })));
}

#[test]
fn a_proof_that_is_late_or_early_is_refused() {
    let mut world = world();
    let proof = proof(&world, BUY);
    let hour = world.recorded();
    let mut pool = Pool { rate: world.rate(), conduct: Conduct::Costs(10) };
    let next = Hour::new(hour.count() + 1).unwrap();
    let call = world.call(KEEPER);
    let early = world.vault.step_with_proof(&mut world.chain, call, next, &mut || Ok(proof.clone()), &mut pool);
    assert!(matches!(early, Err(Refusal::OtherHour { .. })));
    world.wait(901);
    assert!(matches!(step(&mut world, &proof), Err(Refusal::Late { .. })));
}

#[test]
fn other_inputs_than_the_historys_are_refused() {
    let world = world();
    for inputs in [
        Shown::Public(vec![]),
        Shown::Public(pack(&[0, 0])),
        Shown::Public(pack(&[0, 0, 0, 0, 0, 0, 0])),
        Shown::Hidden,
        Shown::Committed(Felt::ONE),
    ] {
        assert_eq!(refusal(&world, |proof| proof.inputs = inputs), Refusal::ProvenInputs);
    }
}

#[test]
fn outputs_that_are_not_shown_or_not_the_networks_are_refused() {
    let world = world();
    for outputs in [
        Shown::Hidden,
        Shown::Committed(Felt::ONE),
        Shown::Public(vec![]),
        Shown::Public(pack(&[BUY; 7])),
        // Two outputs, where the network has one.
        Shown::Public(pack(&[BUY, BUY])),
        Shown::Public(vec![Felt::from(1u64 << 31), Felt::ZERO]),
    ] {
        assert_eq!(refusal(&world, |proof| proof.outputs = outputs), Refusal::ProvenOutputs);
    }
    // A class that the policy does not know is what it is when the network is executed.
    assert!(matches!(refusal(&world, |proof| proof.outputs = Shown::Public(pack(&[3]))), Refusal::Class(_)));
}

#[test]
fn weak_proofs_and_proofs_of_batches_are_refused() {
    let world = world();
    assert_eq!(refusal(&world, |proof| proof.security_bits = BITS - 1), Refusal::Weak { found: BITS - 1, least: BITS });
    for batch in [0, 2, u32::MAX] {
        assert_eq!(refusal(&world, |proof| proof.batch = batch), Refusal::Batch { found: batch });
    }
}

#[test]
fn what_the_registry_refuses_is_refused() {
    let mut world = world();
    let (call, hour) = (world.call(KEEPER), world.recorded());
    let mut pool = Pool { rate: world.rate(), conduct: Conduct::Costs(10) };
    let failure = NetworkFailure("registry: not the entry".to_owned());
    let mut fails = || Err(failure.clone());
    let refused = world.vault.step_with_proof(&mut world.chain, call, hour, &mut fails, &mut pool);
    assert_eq!(refused, Err(Refusal::Network(failure)));
    let proof = proof(&world, BUY);
    step(&mut world, &proof).unwrap();
}

#[test]
fn what_stops_a_step_stops_a_proven_one() {
    // The pool, a state that allows no step, and a request that is due.
    let world = world();
    let with = |conduct: Conduct| {
        let mut world = world.clone();
        let (call, hour, proof) = (world.call(KEEPER), world.recorded(), proof(&world, BUY));
        let mut pool = Pool { rate: world.rate(), conduct };
        world.vault.step_with_proof(&mut world.chain, call, hour, &mut || Ok(proof.clone()), &mut pool)
    };
    assert!(matches!(with(Conduct::ShortByOne), Err(Refusal::Floor { .. })));
    assert!(matches!(with(Conduct::Steals), Err(Refusal::Floor { .. })));
    assert!(matches!(with(Conduct::Fails), Err(Refusal::Adapter(_))));
    let mut revoked = world.clone();
    revoked.chain.model = ModelStatus::Revoked;
    let proof = proof(&revoked, BUY);
    assert!(matches!(step(&mut revoked, &proof), Err(Refusal::State { .. })));
    let mut paused = world.clone();
    let call = paused.call(GUARDIAN);
    paused.vault.pause(&mut paused.chain, call).unwrap();
    assert!(matches!(step(&mut paused, &proof), Err(Refusal::State { .. })));
    let mut due = world;
    due.deposit(BOB, 1_000 * USDC);
    due.next();
    due.record().unwrap();
    let proof = self::proof(&due, BUY);
    assert!(matches!(step(&mut due, &proof), Err(Refusal::Due { .. })));
}

#[test]
fn a_vault_takes_proofs_a_day_after_its_owner_says_so() {
    let mut world = World::funded();
    world.open_hour();
    let shown = proof(&world, BUY);
    assert_eq!(step(&mut world, &shown), Err(Refusal::NoProofs));
    for bits in [129, u16::MAX] {
        let call = world.call(OWNER);
        let refused = world.refused(|vault, chain| vault.propose(chain, call, Change::MinBits(bits)));
        assert_eq!(refused, Refusal::Unfit(Unfit::MinBits { found: bits }));
        let made = Vault::deploy(Deployment { min_bits: bits, ..deployment() }, 0);
        assert!(matches!(made, Err(DeployError::Unfit(Unfit::MinBits { .. }))));
    }
    let call = world.call(OWNER);
    let number = world.vault.propose(&mut world.chain, call, Change::MinBits(BITS)).unwrap();
    assert_eq!(step(&mut world, &shown), Err(Refusal::NoProofs));
    world.wait(DELAY);
    let call = world.call(OWNER);
    world.vault.apply(&mut world.chain, call, number).unwrap();
    assert_eq!(world.vault.min_bits(), BITS);
    for _ in 0..2 {
        world.open_hour();
    }
    let shown = proof(&world, BUY);
    step(&mut world, &shown).unwrap();
}
