//! Sequences that are aimed at something: each state with each operation, strangers, changes, sales for redemptions, round trips.

use maat_strategy::fees::Fees;
use maat_strategy::hour::SECONDS;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::USD;
use maat_strategy::vault::epochs::epoch_of;
use maat_strategy::vault::{Account, Change, Kind, ModelStatus, Operation, Outcome, Refusal, Side, State, allowed};
use rayon::prelude::*;

use super::contracts::CLASSES;
use super::invariants::everybody_leaves;
use super::pool::Conduct;
use super::world::{BUY, GUARDIAN, HOLD, OTHERS, OWNER, SELL, TREASURY, USDC, USERS, VAULT, World, deployment};

const ALICE: Account = USERS[0];
const BOB: Account = USERS[1];
const MALLORY: Account = USERS[2];
const POOL: Conduct = Conduct::Costs(10);

/// A vault of 100,000 USDC, all of which can become base tokens in one hour.
fn funded(name: &str) -> World {
    with_weight(name, 10_000)
}

/// The same, of which at most so many basis points can.
fn with_weight(name: &str, max_weight_bps: u16) -> World {
    let mut deployment = deployment((18, 6));
    (deployment.strategy.limits.max_weight_bps, deployment.strategy.limits.max_trade_bps) = (max_weight_bps, 10_000);
    let mut world = World::new(deployment);
    world.contracts.name = name.to_owned();
    world.enter(ALICE, 60_000 * USDC);
    world.enter(BOB, 40_000 * USDC);
    for _ in 0..2 {
        world.open();
    }
    world.fetch(ALICE);
    world.fetch(BOB);
    world
}

/// A vault with something to claim, to reclaim, to withdraw and to sell in it.
fn busy(name: &str, max_weight_bps: u16) -> World {
    let mut world = with_weight(name, max_weight_bps);
    let part = world.vault.shares_of(ALICE) / 50;
    let ask = |world: &mut World| {
        world.enter(ALICE, 1_000 * USDC);
        world.request_redeem(ALICE, part, ALICE, ALICE).unwrap();
    };
    ask(&mut world);
    world.decide(BUY);
    ask(&mut world);
    world.exit_in_kind(ALICE, part, ALICE, ALICE).unwrap();
    world.mint(Side::Base, VAULT, 5);
    world
}

/// Lets the price fall until the vault halts.
fn halt(world: &mut World) {
    for _ in 0..12 {
        world.prices.0 = world.prices.0 / 100 * 78;
        world.next();
        assert!(world.record());
        world.observe().unwrap();
        if world.vault.state(world.chain.model, world.now) == State::Halted {
            return;
        }
    }
    panic!("the vault does not halt");
}

fn enter(world: &mut World, state: State) {
    match state {
        State::Active => {}
        State::Deprecated => world.tell_model(ModelStatus::Deprecated),
        State::Revoked => world.tell_model(ModelStatus::Revoked),
        State::Paused => world.pause(GUARDIAN).unwrap(),
        State::Halted => halt(world),
    }
    assert_eq!(world.vault.state(world.chain.model, world.now), state);
}

/// Tries an operation in a world that is made for it; nothing if it is not one call.
fn attempt(world: &mut World, operation: Operation) -> Result<(), Refusal> {
    let shares = world.vault.shares_of(ALICE) / 3;
    match operation {
        Operation::RequestDeposit => {
            world.give(ALICE, USDC);
            world.request_deposit(ALICE, USDC, ALICE, ALICE).map(drop)
        }
        Operation::RequestRedeem => world.request_redeem(ALICE, shares, ALICE, ALICE).map(drop),
        Operation::Claim => {
            let epoch = world.vault.deposits().claims(ALICE)[0].epoch;
            world.claim(ALICE, Kind::Deposit, epoch, ALICE, ALICE).map(drop)
        }
        Operation::Reclaim => {
            let epoch = *world.vault.redemptions().epochs().keys().last().unwrap();
            world.wait((epoch + 22) * SECONDS + 2_000 - world.now);
            world.reclaim(ALICE, Kind::Redeem, epoch, ALICE, ALICE).map(drop)
        }
        Operation::ExitInKind => world.exit_in_kind(ALICE, shares, ALICE, ALICE).map(drop),
        Operation::WithdrawToken => world.withdraw_token(ALICE, Side::Base, ALICE, ALICE).map(drop),
        Operation::Transfer => world.transfer(ALICE, BOB, shares),
        Operation::Skim => world.skim(Side::Base).map(drop),
        Operation::Observe => {
            world.next();
            world.record();
            world.observe().map(drop)
        }
        Operation::Step => {
            let hour = world.open();
            world.step(hour, SELL, POOL).map(drop)
        }
        Operation::Raise => {
            world.open();
            world.raise(POOL).map(drop)
        }
        Operation::Unwind => {
            world.open();
            world.unwind(POOL).map(drop)
        }
        Operation::Pause => world.pause(GUARDIAN),
        Operation::Govern => world.propose(OWNER, Change::Guardian(BOB)).map(drop),
        Operation::FillDeposits | Operation::FillRedemptions => panic!("a settlement does what it may"),
    }
}

#[test]
fn operations_work_where_the_table_says_so_and_everybody_can_leave_in_every_state() {
    std::sync::LazyLock::force(&CLASSES);
    State::ALL.into_par_iter().for_each(|state| {
        for operation in Operation::ALL {
            let name = format!("{operation} while {state}");
            let mut world = busy(&name, if operation == Operation::Raise { 10_000 } else { 8_000 });
            if operation == Operation::Raise {
                // More than there is in the quote token.
                let shares = world.vault.shares_of(BOB);
                world.request_redeem(BOB, shares, BOB, BOB).unwrap();
            }
            let waiting = epoch_of(world.now);
            enter(&mut world, state);
            if matches!(operation, Operation::FillDeposits | Operation::FillRedemptions) {
                world.open();
                let entry = if operation == Operation::FillDeposits {
                    world.vault.deposits().get(waiting).unwrap()
                } else {
                    world.vault.redemptions().get(waiting).unwrap()
                };
                assert_eq!(entry.filled > 0, allowed(state, operation), "{name}");
            } else {
                let came = attempt(&mut world, operation);
                if allowed(state, operation) {
                    assert_eq!(came, Ok(()), "{name}");
                } else {
                    assert_eq!(came, Err(Refusal::State { state, operation }), "{name}");
                }
            }
            everybody_leaves(&mut world);
            world.look_at_all();
        }
    });
}

#[test]
fn strangers_are_refused_wherever_a_call_is_somebodys_own() {
    let mut world = busy("strangers", 8_000);
    let number = world.propose(OWNER, Change::Guardian(BOB)).unwrap();
    let claimable = world.vault.deposits().claims(ALICE)[0].epoch;
    let redeemed = world.vault.redemptions().claims(ALICE)[0].epoch;
    world.enter(ALICE, USDC);
    let pending = *world.vault.redemptions().epochs().keys().last().unwrap();
    let caller = MALLORY;
    let foreign = Refusal::NotOperator { caller, account: ALICE };
    type Attempt = Box<dyn Fn(&mut World) -> Result<(), Refusal>>;
    let mut calls: Vec<(Refusal, Attempt)> = vec![
        (foreign.clone(), Box::new(|world| world.request_deposit(MALLORY, 1, MALLORY, ALICE).map(drop))),
        (foreign.clone(), Box::new(|world| world.request_redeem(MALLORY, 1, MALLORY, ALICE).map(drop))),
        (foreign.clone(), Box::new(|world| world.exit_in_kind(MALLORY, 1, MALLORY, ALICE).map(drop))),
        (foreign.clone(), Box::new(move |world| world.exit_request(MALLORY, pending, ALICE, MALLORY).map(drop))),
        (
            Refusal::NothingOwed { side: Side::Base },
            Box::new(|world| world.withdraw_token(MALLORY, Side::Base, MALLORY, MALLORY).map(drop)),
        ),
        (Refusal::NotOwner { caller }, Box::new(|world| world.transfer_ownership(MALLORY, MALLORY))),
        (Refusal::NotOffered { caller }, Box::new(|world| world.accept_ownership(MALLORY))),
        (Refusal::NotOwner { caller }, Box::new(|world| world.propose(MALLORY, Change::Adapter(MALLORY)).map(drop))),
        (Refusal::NotGuardian { caller }, Box::new(move |world| world.cancel(MALLORY, number))),
        (Refusal::NotOwner { caller }, Box::new(move |world| world.apply(MALLORY, number))),
        (Refusal::NotGuardian { caller }, Box::new(|world| world.pause(MALLORY))),
        (Refusal::NotGuardian { caller }, Box::new(|world| world.unpause(MALLORY))),
        // Not even the owner pauses, and not even the guardian proposes.
        (Refusal::NotGuardian { caller: OWNER }, Box::new(|world| world.pause(OWNER))),
        (Refusal::NotOwner { caller: GUARDIAN }, Box::new(|world| world.propose(GUARDIAN, Change::Adapter(BOB)).map(drop))),
        (Refusal::OwnReplacement, Box::new(move |world| world.cancel(GUARDIAN, number))),
    ];
    for (of, epoch) in [(Kind::Deposit, claimable), (Kind::Redeem, redeemed)] {
        calls.push((foreign.clone(), Box::new(move |world| world.claim(MALLORY, of, epoch, ALICE, MALLORY).map(drop))));
        calls.push((foreign.clone(), Box::new(move |world| world.reclaim(MALLORY, of, pending, ALICE, MALLORY).map(drop))));
        for by_input in [false, true] {
            let claim = move |world: &mut World| world.claim_oldest(MALLORY, of, by_input, 1, MALLORY, ALICE).map(drop);
            calls.push((foreign.clone(), Box::new(claim)));
        }
    }
    for (at, (expected, call)) in calls.iter().enumerate() {
        assert_eq!(call(&mut world).as_ref(), Err(expected), "call {at}");
    }
    // What anybody may do.
    assert_eq!(world.skim(Side::Base), Ok(5));
    assert_eq!(world.chain.ledger.balance(Side::Base, TREASURY), 5);
}

#[test]
fn the_vault_is_nobodys_controller_or_receiver() {
    let mut world = busy("itself", 8_000);
    let (claimable, pending) = (world.vault.deposits().claims(ALICE)[0].epoch, *world.vault.redemptions().epochs().keys().last().unwrap());
    world.give(ALICE, USDC);
    for refused in [
        world.request_deposit(ALICE, 1, VAULT, ALICE).map(drop),
        world.request_redeem(ALICE, 1, VAULT, ALICE).map(drop),
        world.claim(ALICE, Kind::Deposit, claimable, ALICE, VAULT).map(drop),
        world.claim(ALICE, Kind::Redeem, claimable, ALICE, VAULT).map(drop),
        world.claim_oldest(ALICE, Kind::Deposit, true, 1, VAULT, ALICE).map(drop),
        world.reclaim(ALICE, Kind::Deposit, pending, ALICE, VAULT).map(drop),
        world.reclaim(ALICE, Kind::Redeem, pending, ALICE, VAULT).map(drop),
        world.exit_in_kind(ALICE, 1, VAULT, ALICE).map(drop),
        world.exit_request(ALICE, pending, ALICE, VAULT).map(drop),
        world.withdraw_token(ALICE, Side::Base, ALICE, VAULT).map(drop),
        world.transfer(ALICE, VAULT, 1),
        // Its own shares are its investors'.
        world.transfer(VAULT, MALLORY, 1),
        world.exit_in_kind(VAULT, 1, MALLORY, VAULT).map(drop),
        world.request_redeem(VAULT, 1, MALLORY, VAULT).map(drop),
    ] {
        assert_eq!(refused, Err(Refusal::Itself));
    }
}

#[test]
fn each_change_is_applied_after_a_day_and_holds_from_then_on() {
    let mut world = funded("changes");
    let policy = Policy::new(0, Rule::Class, vec![Target::Weight(2_500), Target::Hold, Target::Hold]).unwrap();
    let mut limits = world.vault.strategy().limits.clone();
    limits.max_trade_bps = 1_000;
    let changes =
        [Change::Policy(policy), Change::Limits(limits), Change::Adapter(OTHERS[1]), Change::Guardian(OTHERS[2]), Change::MinBits(96)];
    let numbers = changes.map(|change| world.propose(OWNER, change).unwrap());
    for number in numbers {
        assert!(matches!(world.apply(OWNER, number), Err(Refusal::Early { .. })));
    }
    world.wait(86_400);
    for number in numbers {
        world.apply(OWNER, number).unwrap();
        assert!(matches!(world.apply(OWNER, number), Err(Refusal::NoProposal { .. })));
    }
    world.look_at_all();
    for _ in 0..2 {
        world.open();
    }
    // A tenth of the value at most, of the new adapter.
    let Outcome::Bought { quote } = world.decide(SELL) else { panic!("the new policy buys") };
    assert!((9_900 * USDC..=10_000 * USDC).contains(&quote), "{quote}");
    assert_eq!(world.vault.adapter(), OTHERS[1]);
    assert_eq!(world.pause(GUARDIAN), Err(Refusal::NotGuardian { caller: GUARDIAN }));
    world.pause(OTHERS[2]).unwrap();
    world.unpause(OTHERS[2]).unwrap();
    // Too late is too late, and what the guardian drops is dropped.
    let late = world.propose(OWNER, Change::Adapter(OTHERS[0])).unwrap();
    let dropped = world.propose(OWNER, Change::Adapter(OTHERS[0])).unwrap();
    world.cancel(OTHERS[2], dropped).unwrap();
    world.wait(86_400 + 7 * 86_400);
    assert!(matches!(world.apply(OWNER, late), Err(Refusal::Expired { .. })));
    assert!(matches!(world.apply(OWNER, dropped), Err(Refusal::NoProposal { .. })));
    // The ownership goes in two steps.
    world.transfer_ownership(OWNER, BOB).unwrap();
    assert_eq!(world.accept_ownership(ALICE), Err(Refusal::NotOffered { caller: ALICE }));
    world.accept_ownership(BOB).unwrap();
    assert_eq!(world.transfer_ownership(OWNER, OWNER), Err(Refusal::NotOwner { caller: OWNER }));
}

#[test]
fn what_redemptions_lack_is_raised_and_whoever_waits_can_go_another_way() {
    let mut world = funded("redemptions");
    world.decide(BUY);
    let [alices, bobs] = [ALICE, BOB].map(|who| world.vault.shares_of(who));
    world.request_redeem(ALICE, alices / 2, ALICE, ALICE).unwrap();
    world.request_redeem(BOB, bobs, BOB, BOB).unwrap();
    let hour = world.open();
    // What is owed is not spent.
    let came = world.step(hour, BUY, POOL).unwrap();
    assert!(!matches!(came, Outcome::Bought { .. }), "{came:?}");
    assert!(world.raise(POOL).unwrap() > 0);
    assert!(matches!(world.raise(POOL), Err(Refusal::Used { .. })));
    while !world.settle().unwrap() {}
    let epoch = world.vault.redemptions().claims(BOB)[0].epoch;
    assert!(world.claim(BOB, Kind::Redeem, epoch, BOB, BOB).unwrap() > 0);
    // Alice leaves in kind; Bob waits for a day and takes his shares back.
    let (base, _) = world.exit_request(ALICE, epoch, ALICE, ALICE).unwrap();
    assert!(base > 0);
    assert!(world.withdraw_token(ALICE, Side::Base, ALICE, ALICE).unwrap() >= base);
    world.wait(epoch * SECONDS + 21 * SECONDS + 2_000 - world.now);
    assert!(matches!(world.reclaim(BOB, Kind::Redeem, epoch, BOB, BOB), Err(Refusal::Early { .. })));
    // Not while a price may be known at which the rest is filled.
    for after in [1_800, 3_000] {
        world.wait((epoch + 22) * SECONDS + after - world.now);
        assert!(matches!(world.reclaim(BOB, Kind::Redeem, epoch, BOB, BOB), Err(Refusal::Settling { .. })));
    }
    // Nor in an hour in which something was sold for it.
    let hour = world.open();
    world.raise(POOL).unwrap();
    world.wait(hour.count() * SECONDS + 1_801 - world.now);
    assert_eq!(world.reclaim(BOB, Kind::Redeem, epoch, BOB, BOB), Err(Refusal::Settling { until: hour.count() * SECONDS + SECONDS }));
    world.wait(SECONDS);
    assert!(world.reclaim(BOB, Kind::Redeem, epoch, BOB, BOB).unwrap() > 0);
    everybody_leaves(&mut world);
}

#[test]
fn an_epoch_that_had_ended_for_somebody_can_have_a_unit_again_and_hides_no_other() {
    let mut deployment = deployment((18, 6));
    (deployment.strategy.limits.deposit_cap, deployment.strategy.backtest.deposit, deployment.min_nav) = (100_000, 100_000, 10_000);
    deployment.strategy.fees = Fees { management_bps: 0, settle_bps: 0 };
    let mut world = World::new(deployment);
    world.enter(ALICE, 5_005);
    let epoch = world.enter(BOB, 95_005);
    for _ in 0..2 {
        world.open();
    }
    let others = [0, 1].map(|_| {
        let other = world.enter(ALICE, 1);
        world.open();
        other
    });
    // Bob leaves, and what is left of the epoch is too little for a vault.
    world.claim(BOB, Kind::Deposit, epoch, BOB, BOB).unwrap();
    world.exit_in_kind(BOB, world.vault.shares_of(BOB), BOB, BOB).unwrap();
    world.open();
    world.claim(ALICE, Kind::Deposit, epoch, ALICE, ALICE).unwrap();
    let of_alice = |world: &World| world.vault.deposits().epochs_of(ALICE).collect::<Vec<_>>();
    assert_eq!(of_alice(&world), others);
    // The units that Bob's parts were rounded down by are hers.
    assert_eq!(world.reclaim(BOB, Kind::Deposit, epoch, BOB, BOB), Ok(9));
    assert_eq!(world.reclaim(ALICE, Kind::Deposit, epoch, ALICE, ALICE), Ok(1));
    assert_eq!(of_alice(&world), others);
    world.look_at_all();
}

#[test]
fn a_vault_that_is_revoked_or_halted_sells_piece_by_piece() {
    for state in [State::Revoked, State::Halted] {
        let mut world = funded(&format!("unwinding while {state}"));
        world.decide(BUY);
        enter(&mut world, state);
        let mut pieces = 0;
        loop {
            world.open();
            match world.unwind(POOL) {
                Ok(_) => pieces += 1,
                Err(refusal) => {
                    assert_eq!(refusal, Refusal::NothingToSell);
                    break;
                }
            }
            assert!(matches!(world.unwind(POOL), Err(Refusal::Used { .. })));
        }
        assert!(pieces > 0 && world.vault.books().managed.base == 0);
        everybody_leaves(&mut world);
    }
}

#[test]
fn off_its_peg_nothing_is_priced_and_claims_go_on() {
    let mut world = busy("off the peg", 8_000);
    world.prices.1 = USD / 1_000 * 979;
    world.next();
    assert!(world.record());
    let hour = world.chain.history.last().unwrap().hour;
    for refused in [world.observe().map(drop), world.settle().map(drop), world.step(hour, BUY, POOL).map(drop), world.raise(POOL).map(drop)]
    {
        assert!(matches!(refused, Err(Refusal::Peg { .. })), "{refused:?}");
    }
    world.tell_model(ModelStatus::Revoked);
    assert!(matches!(world.unwind(POOL), Err(Refusal::Peg { .. })));
    world.tell_model(ModelStatus::Listed);
    world.fetch(ALICE);
    // The record is on the peg and the fresh quote is not; then the other way round.
    world.prices.1 = USD;
    world.next();
    assert!(world.record());
    world.prices.1 = USD / 1_000 * 1_021;
    world.refresh();
    assert!(matches!(world.settle(), Err(Refusal::Peg { .. })));
    world.observe().unwrap();
    everybody_leaves(&mut world);
}

#[test]
fn nobody_gains_by_going_in_and_out_at_one_price() {
    for (at, assets) in [1, 999, USDC, 777 * USDC + 1, 60_000 * USDC, 500_000 * USDC].into_iter().enumerate() {
        for in_kind in [false, true] {
            let mut world = funded(&format!("round trip {at}, {in_kind}"));
            world.decide(BUY);
            world.decide(HOLD);
            let before = world.chain.ledger.balance(Side::Quote, MALLORY);
            let epoch = world.enter(MALLORY, assets);
            for _ in 0..12 {
                world.open();
            }
            world.fetch(MALLORY);
            let shares = world.vault.shares_of(MALLORY);
            if in_kind && shares > 0 {
                world.exit_in_kind(MALLORY, shares, MALLORY, MALLORY).unwrap();
                for side in [Side::Base, Side::Quote] {
                    let _ = world.withdraw_token(MALLORY, side, MALLORY, MALLORY);
                }
            } else if shares > 0 {
                world.request_redeem(MALLORY, shares, MALLORY, MALLORY).unwrap();
                for _ in 0..30 {
                    world.open();
                    let _ = world.raise(Conduct::Costs(0));
                    while !world.settle().unwrap() {}
                }
                world.fetch(MALLORY);
            }
            world.next();
            world.wait(1_801);
            let _ = world.reclaim(MALLORY, Kind::Deposit, epoch, MALLORY, MALLORY);
            let quote = world.chain.ledger.balance(Side::Quote, MALLORY) - before;
            // 2,000 USDC are an ether.
            let base = world.chain.ledger.balance(Side::Base, MALLORY) * 2_000 / 1_000_000_000_000;
            assert!(base + quote <= assets, "{}: {assets} became {base} and {quote}", world.contracts.name);
        }
    }
}

#[test]
fn amounts_end_at_two_to_the_112() {
    let mut world = funded("2^112");
    let most = (1u128 << 112) - 1;
    world.give(MALLORY, most);
    assert_eq!(world.request_deposit(MALLORY, most + 1, MALLORY, MALLORY), Err(Refusal::Overflow));
    let epoch = world.request_deposit(MALLORY, most, MALLORY, MALLORY).unwrap();
    world.give(ALICE, 1);
    assert_eq!(world.request_deposit(ALICE, 1, ALICE, ALICE), Err(Refusal::Overflow));
    // It waits for the cap, and can be taken back after three days.
    world.wait((epoch + 22) * SECONDS + 1_801 - world.now);
    assert_eq!(world.reclaim(MALLORY, Kind::Deposit, epoch, MALLORY, MALLORY), Ok(most));
    // What somebody sends is in no book.
    for side in [Side::Base, Side::Quote] {
        world.mint(side, VAULT, 1 << 112);
        world.open();
        assert_eq!(world.skim(side), Ok(1 << 112));
    }
    world.decide(BUY);
    everybody_leaves(&mut world);
}

#[test]
fn the_longest_policy_is_kept_in_two_blocks_of_cells() {
    let mut deployment = deployment((18, 6));
    let targets = (0..1_024).map(|row| Target::Weight(row * 9)).collect();
    let edges = (0..1_023).map(|row| row * 3 - 1_500).collect();
    deployment.strategy.policy = Policy::new(0, Rule::Edges(edges), targets).unwrap();
    // The policy that the contract gives is the twin's.
    World::new(deployment).look_at_all();
}
