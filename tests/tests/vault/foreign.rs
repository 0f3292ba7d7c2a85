//! Foreign code: tokens, pools, models and feeds that call back, move other sums than asked, or replace themselves.

use maat_starknet::vault::calldata;
use maat_strategy::proven::pack;
use maat_strategy::vault::{Account, Behaviour, Deployment, Kind, ModelStatus, Proven, Refusal, Shown, Side};
use starknet_types_core::felt::Felt;

use super::contracts::{self, BASE, CLASSES, Expected, FEED, POOLS, QUOTE, REGISTRY, contract, selector, text, wide};
use super::felts::account;
use super::pool::Conduct;
use super::world::{BUY, HOLD, KEEPER, SELL, USDC, USERS, VAULT, World, deployment};

const ALICE: Account = USERS[0];
const BOB: Account = USERS[1];

/// A vault with something in every place from which tokens go: pending, reserved, owed, managed, and beyond the books.
fn filled(name: &str) -> World {
    let mut world = World::new(deployment((18, 6)));
    world.contracts.name = name.to_owned();
    world.enter(ALICE, 60_000 * USDC);
    world.enter(BOB, 40_000 * USDC);
    for _ in 0..2 {
        world.open();
    }
    world.fetch(ALICE);
    world.decide(BUY);
    let part = world.vault.shares_of(ALICE) / 50;
    world.request_redeem(ALICE, part, ALICE, ALICE).unwrap();
    world.decide(HOLD);
    world.exit_in_kind(ALICE, part, ALICE, ALICE).unwrap();
    world.enter(ALICE, USDC);
    for side in [Side::Base, Side::Quote] {
        world.mint(side, VAULT, 10_007);
    }
    world
}

/// Every function that changes a vault, with calldata that it takes apart.
fn functions() -> Vec<(&'static str, Vec<Felt>)> {
    let [a, b] = [ALICE, BOB].map(account);
    let one = wide(1);
    let with = |accounts: &[Felt]| [&one[..], accounts].concat();
    let epoch = vec![Felt::ONE, a, b];
    let mut functions = vec![
        ("transfer", [&[b], &one[..]].concat()),
        ("transfer_from", [&[a, b], &one[..]].concat()),
        ("approve", [&[b], &one[..]].concat()),
        ("transfer_ownership", vec![b]),
        ("accept_ownership", vec![]),
        ("request_deposit", with(&[a, b])),
        ("request_redeem", with(&[a, b])),
        ("set_operator", vec![b, Felt::ONE]),
        ("withdraw_token", vec![Felt::ONE, a, b]),
        ("skim", vec![Felt::ONE]),
        ("observe", vec![]),
        ("settle", vec![]),
        ("step", vec![Felt::ONE]),
        ("step_with_proof", vec![Felt::ONE, Felt::ZERO]),
        ("raise", vec![]),
        ("unwind", vec![]),
        // A new guardian.
        ("propose", vec![Felt::THREE, b]),
        ("cancel", vec![Felt::ONE]),
        ("cancel_before", vec![Felt::ONE]),
        ("apply", vec![Felt::ONE]),
        ("pause", vec![]),
        ("unpause", vec![]),
        ("exit_in_kind", with(&[a, b])),
    ];
    functions.extend(["deposit", "mint", "withdraw", "redeem"].map(|function| (function, with(&[a, b]))));
    let of_epoch = ["claim_shares", "claim_assets", "reclaim_deposit", "reclaim_redeem", "exit_request_in_kind"];
    functions.extend(of_epoch.map(|function| (function, epoch.clone())));
    functions
}

/// All functions of the class that change something are named above, so that none is forgotten.
#[test]
fn every_function_that_changes_a_vault_is_tried() {
    let abi: serde_json::Value = serde_json::from_str(&CLASSES.vault_abi).unwrap();
    let interfaces = abi.as_array().unwrap().iter().filter(|item| item["type"] == "interface");
    let items = interfaces.flat_map(|interface| interface["items"].as_array().unwrap());
    let mut found: Vec<&str> =
        items.filter(|item| item["state_mutability"] == "external").map(|item| item["name"].as_str().unwrap()).collect();
    let mut named: Vec<&str> = functions().into_iter().map(|(function, _)| function).collect();
    found.sort_unstable();
    named.sort_unstable();
    assert_eq!(found, named);
}

/// Lets foreign code make a call, by a function of a contract that is told so, and asserts that what calls it is refused.
fn refused_within(world: &mut World, tell: &dyn Fn(&mut World, Vec<Felt>), caller: Account, outer: &str, calldata: &[Felt]) {
    for (function, inner) in functions() {
        let call = [vec![contract(contracts::VAULT), selector(function), inner.len().into()], inner].concat();
        tell(world, call);
        let refused = Expected::Refuses(text("vault: it is being called"));
        let what = format!("{function} within {outer}");
        world.contracts.ask(account(caller), contracts::VAULT, outer, calldata, &refused, &what);
    }
    // Views can be called, and the lock opens again.
    let view = vec![contract(contracts::VAULT), selector("snapshot"), Felt::ZERO];
    tell(world, view);
    world.contracts.ask(account(caller), contracts::VAULT, outer, calldata, Expected::Begins(vec![]), outer);
}

#[test]
fn nobody_calls_a_vault_while_it_calls_a_token() {
    let mut world = filled("re-entry by a token");
    world.give(ALICE, 1_000 * USDC);
    let request = [wide(USDC).to_vec(), vec![account(ALICE); 2]].concat();
    let withdraw = vec![Felt::ZERO, account(ALICE), account(ALICE)];
    for (token, outer, calldata) in [(QUOTE, "request_deposit", request), (BASE, "withdraw_token", withdraw)] {
        world.contracts.tell(account(KEEPER), token, "set_behaviour", [Felt::from(6)]);
        let tell = |world: &mut World, call: Vec<Felt>| world.contracts.tell(account(KEEPER), token, "set_call", &call);
        refused_within(&mut world, &tell, ALICE, outer, &calldata);
    }
}

#[test]
fn nobody_calls_a_vault_while_it_calls_a_pool() {
    let mut world = filled("re-entry by a pool");
    let hour = world.open();
    world.tell_pool(Conduct::Costs(0));
    world.contracts.tell(account(KEEPER), POOLS[0], "set_conduct", [Felt::from(9)]);
    world.contracts.tell(account(KEEPER), REGISTRY, "set_answer", [Felt::from(SELL)]);
    let tell = |world: &mut World, call: Vec<Felt>| world.contracts.tell(account(KEEPER), POOLS[0], "set_call", &call);
    refused_within(&mut world, &tell, KEEPER, "step", &[hour.count().into()]);
}

#[test]
fn nobody_calls_a_vault_while_it_calls_a_model() {
    let mut world = filled("re-entry by a model");
    let hour = world.open();
    world.contracts.tell(account(KEEPER), REGISTRY, "set_answer", [Felt::from(HOLD)]);
    let tell = |world: &mut World, call: Vec<Felt>| world.contracts.tell(account(KEEPER), REGISTRY, "set_call", &call);
    refused_within(&mut world, &tell, KEEPER, "step", &[hour.count().into()]);
}

#[test]
fn nobody_calls_a_vault_while_a_proof_is_verified() {
    let mut world = World::new(Deployment { min_bits: 96, ..deployment((18, 6)) });
    world.contracts.name = "re-entry by a registry".to_owned();
    world.enter(ALICE, 60_000 * USDC);
    for _ in 0..2 {
        world.open();
    }
    let hour = world.open();
    let strategy = world.vault.strategy();
    let seen = strategy.features.evaluate(world.chain.history.window(strategy.features.window()).unwrap()).values;
    let [inputs, outputs] = [&seen[..], &[HOLD]].map(|values| Shown::Public(pack(values)));
    let proven = super::felts::proven(&Proven { version: 1, fact: Felt::ONE, batch: 1, security_bits: 96, inputs, outputs });
    let call = [&[Felt::ONE, Felt::ONE], &calldata::list(&proven)[..]].concat();
    let calldata = [&[hour.count().into()], &calldata::list(&call)[..]].concat();
    let tell = |world: &mut World, call: Vec<Felt>| world.contracts.tell(account(KEEPER), REGISTRY, "set_call", &call);
    refused_within(&mut world, &tell, KEEPER, "step_with_proof", &calldata);
}

#[test]
fn nobody_calls_a_vault_while_it_calls_a_feed() {
    let mut world = filled("re-entry by a feed");
    world.next();
    assert!(world.record());
    let (prices, now) = (world.prices, world.now);
    let tell = |world: &mut World, call: Vec<Felt>| {
        let quote = [prices.0, prices.1].map(|price| [Felt::from(price), now.into(), now.into()]);
        let answer = [vec![Felt::THREE], call, quote.concat()].concat();
        world.contracts.tell(account(KEEPER), FEED, "set_answer", &answer);
    };
    refused_within(&mut world, &tell, KEEPER, "settle", &[]);
}

#[test]
fn a_model_that_replaces_its_class_decides_nothing() {
    let mut world = filled("a replaced class");
    let hour = world.open();
    let replace = |world: &mut World, class_hash: Felt| world.contracts.tell(account(KEEPER), REGISTRY, "set_class", [class_hash]);
    replace(&mut world, CLASSES.token.hash());
    world.contracts.tell(account(KEEPER), REGISTRY, "set_answer", [Felt::from(BUY)]);
    let refused = Expected::Refuses(text("vault: not the pinned class"));
    world.contracts.ask(account(KEEPER), contracts::VAULT, "step", [hour.count().into()], &refused, "a step");
    // The hour is left.
    replace(&mut world, Felt::ZERO);
    world.step(hour, BUY, Conduct::Costs(10)).unwrap();
}

#[test]
fn a_token_that_moves_another_sum_moves_nothing() {
    let mut world = filled("tokens");
    world.tell_model(ModelStatus::Deprecated);
    let redeemed = world.vault.redemptions().claims(ALICE)[0].epoch;
    let pending = *world.vault.deposits().epochs().keys().last().unwrap();
    let behaviours = [Behaviour::Paused, Behaviour::Silent, Behaviour::TakesFee(1), Behaviour::Surcharges(1)];
    for behaviour in behaviours {
        for side in [Side::Base, Side::Quote] {
            world.tell_token(side, behaviour);
        }
        let moved =
            |refusal: Refusal| assert!(matches!(refusal, Refusal::Moved { .. } | Refusal::Token { .. }), "{behaviour:?}: {refusal:?}");
        // A fee is kept from whoever receives, and a surcharge taken from whoever sends.
        if !matches!(behaviour, Behaviour::TakesFee(_)) {
            moved(world.claim(ALICE, Kind::Redeem, redeemed, ALICE, ALICE).unwrap_err());
            moved(world.claim_oldest(ALICE, Kind::Redeem, false, 20_000, ALICE, ALICE).unwrap_err());
            for side in [Side::Base, Side::Quote] {
                moved(world.withdraw_token(ALICE, side, ALICE, ALICE).unwrap_err());
                moved(world.skim(side).unwrap_err());
            }
        }
        if !matches!(behaviour, Behaviour::Surcharges(_)) {
            world.tell_model(ModelStatus::Listed);
            world.give(ALICE, 2 * USDC);
            moved(world.request_deposit(ALICE, USDC, ALICE, ALICE).unwrap_err());
            world.tell_model(ModelStatus::Deprecated);
        }
    }
    // One that says that it moved something and did not, which the twin does not have.
    for token in [BASE, QUOTE] {
        world.contracts.tell(account(KEEPER), token, "set_behaviour", [Felt::from(3)]);
    }
    let moved = Expected::Refuses(text("vault: token moved another sum"));
    let claim = [redeemed.into(), account(ALICE), account(ALICE)];
    world.contracts.ask(account(ALICE), contracts::VAULT, "claim_assets", claim, &moved, "a claim");
    world.contracts.ask(
        account(ALICE),
        contracts::VAULT,
        "withdraw_token",
        [Felt::ZERO, account(ALICE), account(ALICE)],
        &moved,
        "a withdrawal",
    );
    world.contracts.ask(account(KEEPER), contracts::VAULT, "skim", [Felt::ZERO], &moved, "a skim");
    // The other token is not held back.
    world.tell_token(Side::Base, Behaviour::Paused);
    world.tell_token(Side::Quote, Behaviour::Honest);
    assert!(world.withdraw_token(ALICE, Side::Base, ALICE, ALICE).is_err());
    assert!(world.withdraw_token(ALICE, Side::Quote, ALICE, ALICE).is_ok());
    assert!(world.claim(ALICE, Kind::Redeem, redeemed, ALICE, ALICE).is_ok());
    world.tell_token(Side::Base, Behaviour::Honest);
    assert!(world.withdraw_token(ALICE, Side::Base, ALICE, ALICE).is_ok());
    world.next();
    world.wait(1_801);
    assert_eq!(world.reclaim(ALICE, Kind::Deposit, pending, ALICE, ALICE), Ok(USDC));
}

#[test]
fn a_trade_in_tokens_that_misbehave_is_undone_and_leaves_the_hour() {
    let mut world = filled("trades");
    for answer in [SELL, BUY] {
        let hour = world.open();
        for behaviour in [Behaviour::Paused, Behaviour::Silent, Behaviour::TakesFee(200), Behaviour::Surcharges(200)] {
            for side in [Side::Base, Side::Quote] {
                world.tell_token(side, behaviour);
            }
            let refusal = world.step(hour, answer, Conduct::Costs(10)).unwrap_err();
            let undone = matches!(refusal, Refusal::Floor { .. } | Refusal::Adapter(_) | Refusal::Overspent { .. });
            assert!(undone, "{behaviour:?}: {refusal:?}");
        }
        for side in [Side::Base, Side::Quote] {
            world.tell_token(side, Behaviour::Honest);
        }
        // Pools that misbehave, likewise.
        for conduct in [Conduct::Fails, Conduct::Steals, Conduct::ShortByOne, Conduct::Idle, Conduct::Costs(21)] {
            let refusal = world.step(hour, answer, conduct).unwrap_err();
            assert!(matches!(refusal, Refusal::Floor { .. } | Refusal::Adapter(_)), "{conduct:?}: {refusal:?}");
        }
        world.step(hour, answer, Conduct::Grabs).unwrap();
    }
}
