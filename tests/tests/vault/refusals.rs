//! What the contract has to see for itself and the twin cannot get wrong: a registry that fails, quotes that are not fresh, and what a vault
//! must not be made with.

use maat_strategy::hour::SECONDS;
use maat_strategy::price::USD;
use starknet_types_core::felt::Felt;

use super::contracts::{CLASSES, Expected, FEED, HISTORY, REGISTRY, VAULT, contract, text, wide};
use super::felts::{account, constructor};
use super::world::{GUARDIAN, KEEPER, OWNER, START, USERS, World, deployment, world_without_vault};

fn refuses(reason: &str) -> Expected {
    Expected::Refuses(text(reason))
}

#[test]
fn a_registry_that_fails_locks_no_deposit_in() {
    let mut world = World::new(deployment((18, 6)));
    let alice = USERS[0];
    world.give(alice, 1_000_000_000);
    let request = [wide(1_000_000_000).to_vec(), vec![account(alice); 2]].concat();
    let contracts = &mut world.contracts;
    contracts.ask(account(alice), VAULT, "request_deposit", request, Expected::Begins(vec![]), "request_deposit");
    contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::THREE]);
    let epoch = Felt::from(START + 1);
    let reclaim = vec![epoch, account(alice), account(alice)];
    contracts.ask(account(alice), VAULT, "reclaim_deposit", reclaim.clone(), refuses("mock: registry fails"), "early, it is asked");
    contracts.chain.now = (START + 1 + 22) * SECONDS + 1_801;
    let gives = Expected::Gives(wide(1_000_000_000).to_vec());
    contracts.ask(account(alice), VAULT, "reclaim_deposit", reclaim, gives, "after 22 hours, it is not");
}

#[test]
fn a_registry_that_fails_stops_no_redemption() {
    let mut world = World::new(deployment((18, 6)));
    let alice = USERS[0];
    world.enter(alice, 1_000_000_000);
    for _ in 0..2 {
        world.open();
    }
    world.fetch(alice);
    world.request_redeem(alice, world.vault.shares_of(alice) / 100, alice, alice).unwrap();
    for _ in 0..2 {
        world.next();
        assert!(world.record());
    }
    let contracts = &mut world.contracts;
    contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::THREE]);
    contracts.ask(account(KEEPER), VAULT, "settle", vec![], Expected::Gives(vec![Felt::ONE]), "redemptions alone ask nobody");
    contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::ZERO]);
    let epoch = world.vault.redemptions().due(u64::MAX).expect("the twin has not settled");
    let claim = vec![Felt::from(epoch), account(alice), account(alice)];
    world.contracts.ask(account(alice), VAULT, "claim_assets", claim, Expected::Begins(vec![]), "it was filled");
}

#[test]
fn with_a_registry_that_fails_a_pause_lets_redemptions_be_filled_beside_a_deposit() {
    let mut world = World::new(deployment((18, 6)));
    let [alice, bob, ..] = USERS;
    world.enter(alice, 1_000_000_000);
    for _ in 0..2 {
        world.open();
    }
    world.fetch(alice);
    world.request_redeem(alice, world.vault.shares_of(alice) / 100, alice, alice).unwrap();
    world.enter(bob, 1_000_000);
    for _ in 0..2 {
        world.next();
        assert!(world.record());
    }
    let contracts = &mut world.contracts;
    contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::THREE]);
    assert!(contracts.chain.call(account(KEEPER), contract(VAULT), "settle", &[]).is_err());
    contracts.ask(account(GUARDIAN), VAULT, "pause", vec![], Expected::Gives(vec![]), "a pause asks nobody");
    contracts.ask(account(KEEPER), VAULT, "settle", vec![], Expected::Gives(vec![Felt::ONE]), "paused, nothing is due but redemptions");
    let epoch = world.vault.redemptions().due(u64::MAX).expect("the twin has not settled");
    let claim = vec![Felt::from(epoch), account(alice), account(alice)];
    world.contracts.ask(account(alice), VAULT, "claim_assets", claim, Expected::Begins(vec![]), "it was filled");
}

#[test]
fn a_quote_that_is_not_fresh_confirms_nothing_whatever_the_feed_says() {
    let mut world = World::new(deployment((18, 6)));
    world.next();
    assert!(world.record());
    let (contracts, now) = (&mut world.contracts, world.now);
    let price = |price: u64, oldest: u64, newest: u64| [price, oldest, newest].map(Felt::from);
    let (base, quote) = (price(2_000 * USD, now, now), price(USD, now, now));
    let stale = || refuses("vault: the quote is not fresh");
    for (what, base, quote, expected) in [
        ("a base price ahead", price(2_000 * USD, now, now + 1), quote, stale()),
        ("a quote price ahead", base, price(USD, now, now + 1), stale()),
        ("a base price of ten minutes and a second", price(2_000 * USD, now - 601, now), quote, stale()),
        ("a quote price of ten minutes and a second", base, price(USD, now - 601, now), stale()),
        ("an oldest entry ahead", price(2_000 * USD, now + 1, now), quote, stale()),
        ("ten minutes", price(2_000 * USD, now - 600, now), price(USD, now - 600, now), Expected::Gives(vec![Felt::ONE])),
    ] {
        contracts.tell(account(KEEPER), FEED, "set_answer", [&[Felt::ONE][..], &base, &quote].concat());
        contracts.ask(account(KEEPER), VAULT, "settle", vec![], expected, what);
    }
}

#[test]
fn no_vault_is_made_with_a_model_or_a_pair_that_it_could_not_trade() {
    let now = START * SECONDS;
    let good = deployment((18, 6));
    let mut contracts = world_without_vault(&good, now);
    for (status, reason) in [(1, "deprecated"), (2, "revoked")] {
        contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::from(status)]);
        contracts.deploy_vault(&constructor(&good, CLASSES.registry.hash()), &refuses(&format!("vault: not while {reason}")));
    }
    contracts.tell(account(KEEPER), REGISTRY, "set_status", vec![Felt::ZERO]);
    // Two targets, and the network gives three classes.
    let felts = |integers: &[i64]| integers.iter().map(|integer| Felt::from(*integer)).collect::<Vec<_>>();
    let two =
        super::replaced(&constructor(&good, CLASSES.registry.hash()), &felts(&[0, 0, 3, 0, 0, 1, 0, 10_000]), &felts(&[0, 0, 2, 0, 0, 1]));
    contracts.deploy_vault(&two, &refuses("vault: a class has no target"));
    // 9,999e-8 quote tokens, and a unit more.
    for (price, expected) in [(9_999u64, refuses("vault: too coarse a price")), (10_000, Expected::Gives(vec![]))] {
        let hours = price - 9_998;
        contracts.chain.now = now + hours * SECONDS;
        contracts.tell(account(KEEPER), FEED, "set_answer", vec![Felt::TWO, price.into(), USD.into()]);
        contracts.ask(account(KEEPER), HISTORY, "record", vec![], Expected::Begins(vec![Felt::ZERO]), "record");
        contracts.deploy_vault(&constructor(&good, CLASSES.registry.hash()), &expected);
    }
    for decimals in [(5, 6), (18, 5), (19, 6), (18, 19)] {
        let mut contracts = world_without_vault(&deployment(decimals), now);
        contracts.deploy_vault(&constructor(&deployment(decimals), CLASSES.registry.hash()), &refuses("vault: not 6 to 18 decimals"));
    }
}

#[test]
fn nothing_of_a_refunded_request_is_pending() {
    let mut world = World::new(deployment((18, 6)));
    let alice = USERS[0];
    // Less than the least NAV.
    world.give(alice, 1_000_000);
    let contracts = &mut world.contracts;
    let request = [wide(1_000_000).to_vec(), vec![account(alice); 2]].concat();
    contracts.ask(account(alice), VAULT, "request_deposit", request, Expected::Begins(vec![]), "request_deposit");
    let epoch = vec![Felt::from(START + 1), Felt::ZERO, account(alice)];
    contracts.ask(account(alice), VAULT, "pending_deposit_request", epoch.clone(), Expected::Gives(wide(1_000_000).to_vec()), "before");
    world.next();
    assert!(world.record());
    let contracts = &mut world.contracts;
    contracts.ask(account(KEEPER), VAULT, "settle", vec![], Expected::Gives(vec![Felt::ONE]), "settle");
    contracts.ask(account(alice), VAULT, "pending_deposit_request", epoch, Expected::Gives(wide(0).to_vec()), "after");
}

#[test]
fn the_vault_names_the_proposals_that_wait() {
    let mut world = World::new(deployment((18, 6)));
    let contracts = &mut world.contracts;
    let numbers = |numbers: &[u64]| Expected::Gives([&[numbers.len() as u64], numbers].concat().into_iter().map(Felt::from).collect());
    contracts.ask(account(KEEPER), VAULT, "proposals", vec![], numbers(&[]), "none");
    for number in 1..=8u64 {
        let guardian = vec![Felt::THREE, Felt::from(1_000 + number)];
        contracts.ask(account(OWNER), VAULT, "propose", guardian, Expected::Gives(vec![number.into()]), "propose");
    }
    // A change is checked as the constructor checks it.
    let policies = [([0, 0, 0, 2, 0, 0, 1], "vault: a class has no target"), ([0, 1, 0, 2, 0, 0, 1], "vault: no such output value")];
    for (policy, reason) in policies {
        contracts.ask(account(OWNER), VAULT, "propose", policy.map(Felt::from), refuses(reason), reason);
    }
    let guardian = vec![Felt::THREE, Felt::from(2_000)];
    contracts.ask(account(OWNER), VAULT, "propose", guardian, refuses("vault: 8 proposals wait"), "a ninth");
    contracts.ask(account(OWNER), VAULT, "cancel", vec![Felt::from(7)], Expected::Gives(vec![]), "cancel");
    contracts.ask(account(OWNER), VAULT, "cancel_before", vec![Felt::from(6)], Expected::Gives(vec![]), "cancel_before");
    contracts.ask(account(KEEPER), VAULT, "proposals", vec![], numbers(&[6, 8]), "two");
    // What does not wait any more stays readable, and so does the policy that the vault was made with.
    let kept = |number: u64, from: u64| [0, number, 3, 1_000 + number, from].into_iter().map(Felt::from).collect();
    let from = START * SECONDS + 86_400;
    for (number, expected) in [
        (1u64, Expected::Gives(kept(1, 0))),
        (6, Expected::Gives(kept(6, from))),
        (0, Expected::Begins(vec![Felt::ZERO; 3])),
        (9, Expected::Gives(vec![Felt::ONE])),
    ] {
        contracts.ask(account(KEEPER), VAULT, "proposal", vec![Felt::from(number)], expected, "proposal");
    }
}
