//! Rules at the edges: debts of accounts that cannot call, many proposals, rewards of nothing, dust, and the last one who leaves.

use super::*;
use crate::drawdown::HighWater;
use crate::vault::access::{DELAY, MAX_PROPOSALS};

/// A world in which Bob is owed tokens, and its debt.
fn indebted() -> (World, u128) {
    let mut world = World::funded();
    let (call, shares) = (world.call(ALICE), world.shares(ALICE) / 4);
    let (_, quote) = world.vault.exit_in_kind(&mut world.chain, call, shares, BOB, ALICE).unwrap();
    (world, quote)
}

#[test]
fn anyone_sends_an_account_what_it_is_owed_and_nobody_sends_it_elsewhere() {
    let (mut world, owed) = indebted();
    let mallory = world.call(MALLORY);
    let foreign = Refusal::NotOperator { caller: MALLORY, account: BOB };
    assert_eq!(world.refused(|vault, chain| vault.withdraw_token(chain, mallory, Side::Quote, BOB, MALLORY)), foreign);
    assert_eq!(world.vault.withdraw_token(&mut world.chain, mallory, Side::Quote, BOB, BOB), Ok(owed));
    assert_eq!((world.quote_of(BOB), world.vault.books().owed_quote.total), (owed, 0));
}

#[test]
fn an_account_and_its_operator_name_the_receiver_of_its_debts() {
    for caller in [BOB, MALLORY] {
        let (mut world, owed) = indebted();
        let bob = world.call(BOB);
        world.vault.set_operator(&mut world.chain, bob, MALLORY, true).unwrap();
        let call = world.call(caller);
        assert_eq!(world.vault.withdraw_token(&mut world.chain, call, Side::Quote, BOB, KEEPER), Ok(owed));
        assert_eq!(world.quote_of(KEEPER), owed);
    }
}

#[test]
fn eight_proposals_wait_and_no_more() {
    let mut world = World::new();
    let owner = world.call(OWNER);
    let propose = |world: &mut World| world.vault.propose(&mut world.chain, owner, Change::Adapter(BOB));
    for number in 0..MAX_PROPOSALS as u64 {
        assert_eq!(propose(&mut world), Ok(number));
    }
    assert_eq!(propose(&mut world), Err(Refusal::Proposals));
    world.vault.cancel(&mut world.chain, owner, 3).unwrap();
    assert_eq!(propose(&mut world), Ok(8));
    assert_eq!(propose(&mut world), Err(Refusal::Proposals));
    world.wait(DELAY);
    let later = world.call(OWNER);
    world.vault.apply(&mut world.chain, later, 0).unwrap();
    assert_eq!(propose(&mut world), Ok(9));
}

#[test]
fn older_proposals_are_dropped_in_one_call_but_not_by_the_guardian_its_own_replacement() {
    let waiting = |vault: &Vault| vault.access().proposals.keys().copied().collect::<Vec<_>>();
    for (caller, left) in [(OWNER, vec![3]), (GUARDIAN, vec![1, 3])] {
        let mut world = World::new();
        let owner = world.call(OWNER);
        for change in [Change::Adapter(BOB), Change::Guardian(BOB), Change::Adapter(ALICE), Change::Adapter(BOB)] {
            world.vault.propose(&mut world.chain, owner, change).unwrap();
        }
        let call = world.call(caller);
        world.vault.cancel_before(&mut world.chain, call, 3).unwrap();
        assert_eq!(waiting(&world.vault), left);
    }
    let mut world = World::new();
    let call = world.call(MALLORY);
    assert_eq!(world.refused(|vault, chain| vault.cancel_before(chain, call, 1)), Refusal::NotGuardian { caller: MALLORY });
}

#[test]
fn the_fee_until_a_handover_is_the_former_owners() {
    let mut world = World::funded();
    let owner = world.call(OWNER);
    world.vault.transfer_ownership(&mut world.chain, owner, BOB).unwrap();
    let before = world.shares(OWNER);
    world.wait(10 * 86_400);
    let bob = world.call(BOB);
    world.vault.accept_ownership(&mut world.chain, bob).unwrap();
    let fee = world.shares(OWNER) - before;
    assert!(fee > 0);
    assert_eq!(world.shares(BOB), 0);
    world.open_hour();
    assert!(world.shares(BOB) > 0 && world.shares(OWNER) == before + fee);
}

#[test]
fn a_reward_of_nothing_leaves_the_hour_to_the_next_keeper() {
    let mut world = World::funded();
    world.hour(BUY);
    world.open_hour();
    // All is in the base token.
    world.vault.books.managed.quote = 0;
    let owed = world.vault.books().owed_quote.to(KEEPER);
    world.step(HOLD, Conduct::Costs(10)).unwrap();
    assert_eq!(world.vault.books().owed_quote.to(KEEPER), owed);
    // The first sale brings quote tokens, and whoever makes it is the first to be rewarded in this hour.
    world.chain.model = ModelStatus::Revoked;
    world.unwind(Conduct::Costs(10)).unwrap();
    assert!(world.vault.books().owed_quote.to(KEEPER) > owed);
}

#[test]
fn a_vault_of_dust_does_not_halt_and_begins_its_highest_value_anew() {
    let mut world = World::funded();
    for _ in 0..3 {
        world.hour(HOLD);
    }
    assert!(world.vault.high_water().peak > 0);
    // Less than the least NAV is left, and a unit of it is a large part of what a share is worth.
    let (call, shares) = (world.call(ALICE), world.shares(ALICE));
    world.vault.exit_in_kind(&mut world.chain, call, shares - 1_000, ALICE, ALICE).unwrap();
    for quote in [4, 4, 2, 2, 1, 1] {
        world.vault.books.managed.quote = quote;
        world.open_hour();
        assert_eq!(world.vault.high_water(), HighWater::default());
    }
    assert_eq!(world.vault.state(world.chain.model, world.now), State::Active);
}

#[test]
fn a_fall_below_the_least_nav_halts_as_any_other() {
    let mut world = World::funded();
    for _ in 0..6 {
        world.hour(BUY);
    }
    Arc::make_mut(&mut world.vault.strategy).limits.max_drawdown_bps = 1_000;
    world.vault.min_nav = world.nav();
    for _ in 0..2 {
        world.prices.0 = world.prices.0 / 100 * 80;
        world.next();
        world.record().unwrap();
        let call = world.call(KEEPER);
        world.vault.observe(&mut world.chain, call).unwrap();
    }
    assert_eq!(world.vault.state(world.chain.model, world.now), State::Halted);
}

#[test]
fn an_hour_with_a_wrong_price_does_not_halt_at_the_right_one() {
    let mut world = World::funded();
    Arc::make_mut(&mut world.vault.strategy).limits.max_drawdown_bps = 500;
    world.hour(BUY);
    world.hour(HOLD);
    let peak = world.vault.high_water().peak;
    world.prices.0 = 2_400 * USD;
    world.hour(HOLD);
    world.prices.0 = 2_000 * USD;
    for _ in 0..3 {
        world.hour(HOLD);
    }
    assert_eq!(world.vault.state(world.chain.model, world.now), State::Active);
    assert!(world.vault.high_water().peak < peak / 100 * 101);
}

#[test]
fn the_last_redemption_pays_no_fee_and_leaves_no_dear_share() {
    let mut world = World::with(unmanaged());
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    let shares = world.shares(ALICE);
    world.redeem(ALICE, shares);
    for _ in 0..200 {
        world.open_hour();
        world.claim(ALICE);
    }
    assert_eq!(world.vault.books().supply, 0);
    assert!(world.vault.books().managed.quote <= 100, "{:?}", world.vault.books().managed);
    assert!(1_000_000 * USDC - world.quote_of(ALICE) <= 100, "{}", world.quote_of(ALICE));
}

#[test]
fn epochs_of_dust_are_forgotten_with_the_next_claim() {
    let mut world = World::funded();
    // One unit is the fee, so that nothing is left of it for a share.
    for _ in 0..3 {
        world.give(MALLORY, 1);
        let call = world.call(MALLORY);
        world.vault.request_deposit(&mut world.chain, call, 1, ALICE, MALLORY).unwrap();
        world.deposit(BOB, 1_000 * USDC);
        world.open_hour();
    }
    world.deposit(ALICE, 1_000 * USDC);
    world.open_hour();
    assert_eq!(world.vault.deposits().epochs_of(ALICE).count(), 4);
    let call = world.call(ALICE);
    let claimable: u128 = world.vault.deposits().claims(ALICE).iter().map(|claim| claim.proceeds).sum();
    world.vault.mint(&mut world.chain, call, claimable, ALICE, ALICE).unwrap();
    assert_eq!(world.vault.deposits().epochs_of(ALICE).count(), 0);
}
