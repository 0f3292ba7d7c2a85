//! Each entry point: who may call it, in which state, and that a refusal changes nothing, however late in the call it comes.

use super::*;
use crate::limits::LimitError;
use crate::vault::states::{BETWEEN_PAUSES, MAX_PAUSE};

/// A world in each state, with something to claim, to reclaim and to sell in it.
fn world_in(state: State) -> World {
    let mut world = World::funded();
    world.hour(BUY);
    let (deposit, redeem) = (10_000 * USDC, world.shares(ALICE) / 50);
    world.deposit(ALICE, deposit);
    world.redeem(ALICE, redeem);
    world.hour(HOLD);
    world.deposit(ALICE, deposit);
    world.redeem(ALICE, redeem);
    let call = world.call(ALICE);
    world.vault.exit_in_kind(&mut world.chain, call, redeem, ALICE, ALICE).unwrap();
    world.chain.ledger.issue(Side::Base, VAULT, 5).unwrap();
    match state {
        State::Active => {}
        State::Deprecated => world.chain.model = ModelStatus::Deprecated,
        State::Revoked => world.chain.model = ModelStatus::Revoked,
        State::Paused => {
            let call = world.call(GUARDIAN);
            world.vault.pause(&mut world.chain, call).unwrap();
        }
        State::Halted => world.vault.halted = true,
    }
    assert_eq!(world.vault.state(world.chain.model, world.now), state);
    world
}

#[test]
fn operations_are_possible_where_the_table_says_so_and_refused_elsewhere() {
    for state in State::ALL {
        for operation in Operation::ALL {
            let mut world = world_in(state);
            let (alice, keeper, guardian, owner) = (world.call(ALICE), world.call(KEEPER), world.call(GUARDIAN), world.call(OWNER));
            world.give(ALICE, USDC);
            let shares = world.shares(ALICE) / 3;
            let claimable = world.vault.deposits().claims(ALICE)[0].epoch;
            let pending = *world.vault.redemptions().epochs().keys().last().unwrap();
            let rate = world.rate();
            let pool = &mut Pool { rate, conduct: Conduct::Costs(10) };
            match operation {
                // A settlement does what it may.
                Operation::FillDeposits | Operation::FillRedemptions => {
                    world.open_hour();
                    let filled = match operation {
                        Operation::FillDeposits => world.vault.deposits().due(u64::MAX).is_none(),
                        _ => world.vault.redemptions().due(u64::MAX).is_none(),
                    };
                    assert_eq!(filled, allowed(state, operation), "{state}: {operation}");
                    continue;
                }
                Operation::Observe => {
                    world.next();
                    world.record().unwrap();
                }
                Operation::Step => world.open_hour(),
                Operation::Raise => {
                    // More than there is in the quote token.
                    world.vault.books.managed.quote = 1;
                    world.open_hour();
                }
                Operation::Unwind => world.open_hour(),
                Operation::Reclaim => world.now = (pending + 22) * SECONDS + 2_000,
                _ => {}
            }
            let (hour, later) = (world.recorded(), world.now);
            let at = |call: Call| Call { now: later, ..call };
            let mut call = |vault: &mut Vault, chain: &mut Chain| match operation {
                Operation::RequestDeposit => vault.request_deposit(chain, alice, USDC, ALICE, ALICE).map(|_| ()),
                Operation::RequestRedeem => vault.request_redeem(chain, alice, shares, ALICE, ALICE).map(|_| ()),
                Operation::Claim => vault.claim_shares(chain, alice, claimable, ALICE, ALICE).map(|_| ()),
                Operation::Reclaim => vault.reclaim_redeem(chain, at(alice), pending, ALICE, ALICE).map(|_| ()),
                Operation::ExitInKind => vault.exit_in_kind(chain, alice, shares, ALICE, ALICE).map(|_| ()),
                Operation::WithdrawToken => vault.withdraw_token(chain, alice, Side::Base, ALICE, ALICE).map(|_| ()),
                Operation::Transfer => vault.transfer(chain, alice, BOB, shares),
                Operation::Skim => vault.skim(chain, keeper, Side::Base).map(|_| ()),
                Operation::Observe => vault.observe(chain, at(keeper)).map(|_| ()),
                Operation::Step => vault.step(chain, at(keeper), hour, &mut answers(SELL), pool).map(|_| ()),
                Operation::Raise => vault.raise(chain, at(keeper), pool).map(|_| ()),
                Operation::Unwind => vault.unwind(chain, at(keeper), pool).map(|_| ()),
                Operation::Pause => vault.pause(chain, guardian),
                Operation::Govern => vault.propose(chain, owner, Change::Guardian(BOB)).map(|_| ()),
                Operation::FillDeposits | Operation::FillRedemptions => Ok(()),
            };
            if allowed(state, operation) {
                assert_eq!(call(&mut world.vault, &mut world.chain), Ok(()), "{state}: {operation}");
            } else {
                assert_eq!(world.refused(call), Refusal::State { state, operation });
            }
        }
    }
}

#[test]
fn strangers_are_refused_wherever_a_call_is_somebodys_own() {
    let mut world = world_in(State::Active);
    let owner = world.call(OWNER);
    let number = world.vault.propose(&mut world.chain, owner, Change::Guardian(BOB)).unwrap();
    let stranger = world.call(MALLORY);
    let caller = MALLORY;
    let claimable = world.vault.deposits().claims(ALICE)[0].epoch;
    let pending = *world.vault.redemptions().epochs().keys().last().unwrap();
    world.give(ALICE, USDC);
    let foreign = Refusal::NotOperator { caller, account: ALICE };
    type Attempt<'a> = &'a dyn Fn(&mut Vault, &mut Chain) -> Result<(), Refusal>;
    let calls: [(&str, Refusal, Attempt<'_>); 21] = [
        ("request_deposit", foreign.clone(), &|vault, chain| vault.request_deposit(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("request_redeem", foreign.clone(), &|vault, chain| vault.request_redeem(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("claim_shares", foreign.clone(), &|vault, chain| vault.claim_shares(chain, stranger, claimable, ALICE, MALLORY).map(|_| ())),
        ("deposit", foreign.clone(), &|vault, chain| vault.deposit(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("mint", foreign.clone(), &|vault, chain| vault.mint(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("claim_assets", foreign.clone(), &|vault, chain| vault.claim_assets(chain, stranger, claimable, ALICE, MALLORY).map(|_| ())),
        ("withdraw", foreign.clone(), &|vault, chain| vault.withdraw(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("redeem", foreign.clone(), &|vault, chain| vault.redeem(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("reclaim_deposit", foreign.clone(), &|vault, chain| vault.reclaim_deposit(chain, stranger, pending, ALICE, MALLORY).map(|_| ())),
        ("reclaim_redeem", foreign.clone(), &|vault, chain| vault.reclaim_redeem(chain, stranger, pending, ALICE, MALLORY).map(|_| ())),
        ("exit_in_kind", foreign.clone(), &|vault, chain| vault.exit_in_kind(chain, stranger, 1, MALLORY, ALICE).map(|_| ())),
        ("exit_request_in_kind", foreign.clone(), &|vault, chain| {
            vault.exit_request_in_kind(chain, stranger, pending, ALICE, MALLORY).map(|_| ())
        }),
        ("withdraw_token", foreign, &|vault, chain| vault.withdraw_token(chain, stranger, Side::Base, ALICE, MALLORY).map(|_| ())),
        ("cancel_before", Refusal::NotGuardian { caller }, &|vault, chain| vault.cancel_before(chain, stranger, number + 1)),
        ("transfer_ownership", Refusal::NotOwner { caller }, &|vault, chain| vault.transfer_ownership(chain, stranger, MALLORY)),
        ("accept_ownership", Refusal::NotOffered { caller }, &|vault, chain| vault.accept_ownership(chain, stranger)),
        ("propose", Refusal::NotOwner { caller }, &|vault, chain| vault.propose(chain, stranger, Change::Adapter(MALLORY)).map(|_| ())),
        ("cancel", Refusal::NotGuardian { caller }, &|vault, chain| vault.cancel(chain, stranger, number)),
        ("apply", Refusal::NotOwner { caller }, &|vault, chain| vault.apply(chain, stranger, number)),
        ("pause", Refusal::NotGuardian { caller }, &|vault, chain| vault.pause(chain, stranger)),
        ("unpause", Refusal::NotGuardian { caller }, &|vault, chain| vault.unpause(chain, stranger)),
    ];
    for (name, expected, call) in calls {
        assert_eq!(world.refused(call), expected, "{name}");
    }
    // Not even the owner pauses, and not even the guardian proposes.
    let guardian = world.call(GUARDIAN);
    assert_eq!(world.refused(|vault, chain| vault.pause(chain, owner)), Refusal::NotGuardian { caller: OWNER });
    let adapter = Change::Adapter(BOB);
    assert_eq!(world.refused(|vault, chain| vault.propose(chain, guardian, adapter)), Refusal::NotOwner { caller: GUARDIAN });
}

#[test]
fn an_operator_acts_for_its_controller_until_it_may_no_longer() {
    let mut world = world_in(State::Active);
    let (alice, bob) = (world.call(ALICE), world.call(BOB));
    assert_eq!(world.refused(|vault, chain| vault.set_operator(chain, alice, ALICE, true)), Refusal::OwnOperator);
    world.vault.set_operator(&mut world.chain, alice, BOB, true).unwrap();
    let claimable = world.vault.deposits().claims(ALICE)[0].epoch;
    assert!(world.vault.claim_shares(&mut world.chain, bob, claimable, ALICE, BOB).unwrap() > 0);
    world.vault.set_operator(&mut world.chain, alice, BOB, false).unwrap();
    let foreign = Refusal::NotOperator { caller: BOB, account: ALICE };
    assert_eq!(world.refused(|vault, chain| vault.exit_in_kind(chain, bob, 1, BOB, ALICE)), foreign);
}

#[test]
fn a_refusal_at_the_end_of_a_call_changes_nothing() {
    let mut world = world_in(State::Active);
    let alice = world.call(ALICE);
    let redeemed = world.vault.redemptions().claims(ALICE)[0].epoch;
    let pending = *world.vault.deposits().epochs().keys().last().unwrap();
    for side in [Side::Base, Side::Quote] {
        world.chain.ledger.set_behaviour(side, Behaviour::Silent);
    }
    let moved = |refusal: Refusal| assert!(matches!(refusal, Refusal::Moved { moved: 0, .. }), "{refusal:?}");
    world.give(ALICE, USDC);
    moved(world.refused(|vault, chain| vault.request_deposit(chain, alice, USDC, ALICE, ALICE)));
    moved(world.refused(|vault, chain| vault.claim_assets(chain, alice, redeemed, ALICE, ALICE)));
    moved(world.refused(|vault, chain| vault.withdraw(chain, alice, 1, ALICE, ALICE)));
    moved(world.refused(|vault, chain| vault.withdraw_token(chain, alice, Side::Base, ALICE, ALICE)));
    moved(world.refused(|vault, chain| vault.skim(chain, alice, Side::Base)));
    world.chain.model = ModelStatus::Deprecated;
    let after_settlement = Call { now: pending * SECONDS + 1_801, ..alice };
    moved(world.refused(|vault, chain| vault.reclaim_deposit(chain, after_settlement, pending, ALICE, ALICE)));
}

#[test]
fn what_an_account_does_not_have_is_refused() {
    let mut world = world_in(State::Active);
    let (alice, has) = (world.call(ALICE), world.shares(ALICE));
    let shares = Refusal::Shares { account: ALICE, has, asked: has + 1 };
    assert_eq!(world.refused(|vault, chain| vault.transfer(chain, alice, BOB, has + 1)), shares);
    assert_eq!(world.refused(|vault, chain| vault.request_redeem(chain, alice, has + 1, ALICE, ALICE)), shares);
    assert_eq!(world.refused(|vault, chain| vault.exit_in_kind(chain, alice, has + 1, ALICE, ALICE)), shares);
    for zero in [
        world.refused(|vault, chain| vault.request_redeem(chain, alice, 0, ALICE, ALICE)),
        world.refused(|vault, chain| vault.exit_in_kind(chain, alice, 0, ALICE, ALICE).map(|_| 0)),
        world.refused(|vault, chain| vault.mint(chain, alice, 0, ALICE, ALICE).map(|_| 0)),
        world.refused(|vault, chain| vault.deposit(chain, alice, 0, ALICE, ALICE).map(|_| 0)),
        world.refused(|vault, chain| vault.redeem(chain, alice, 0, ALICE, ALICE).map(|_| 0)),
        world.refused(|vault, chain| vault.withdraw(chain, alice, 0, ALICE, ALICE).map(|_| 0)),
    ] {
        assert_eq!(zero, Refusal::Zero);
    }
    let none = 1;
    let nothing = Refusal::NothingClaimable { epoch: none };
    assert_eq!(world.refused(|vault, chain| vault.claim_assets(chain, alice, none, ALICE, ALICE)), nothing);
    assert_eq!(world.refused(|vault, chain| vault.claim_shares(chain, alice, none, ALICE, ALICE)), nothing);
    world.vault.halted = true;
    assert_eq!(world.refused(|vault, chain| vault.reclaim_deposit(chain, alice, none, ALICE, ALICE)), Refusal::NothingPending);
    assert_eq!(world.refused(|vault, chain| vault.exit_request_in_kind(chain, alice, none, ALICE, ALICE)), Refusal::NothingPending);
}

#[test]
fn the_vault_is_nobodys_controller_or_receiver() {
    let mut world = world_in(State::Active);
    let alice = world.call(ALICE);
    world.give(ALICE, USDC);
    let pending = *world.vault.redemptions().epochs().keys().last().unwrap();
    let claimable = world.vault.deposits().claims(ALICE)[0].epoch;
    world.chain.model = ModelStatus::Listed;
    for refusal in [
        world.refused(|vault, chain| vault.request_deposit(chain, alice, 1, VAULT, ALICE).map(|_| ())),
        world.refused(|vault, chain| vault.request_redeem(chain, alice, 1, VAULT, ALICE).map(|_| ())),
        world.refused(|vault, chain| vault.claim_shares(chain, alice, claimable, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.claim_assets(chain, alice, claimable, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.reclaim_deposit(chain, alice, pending, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.reclaim_redeem(chain, alice, pending, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.exit_in_kind(chain, alice, 1, VAULT, ALICE).map(|_| ())),
        world.refused(|vault, chain| vault.exit_request_in_kind(chain, alice, pending, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.withdraw_token(chain, alice, Side::Base, ALICE, VAULT).map(|_| ())),
        world.refused(|vault, chain| vault.transfer(chain, alice, VAULT, 1)),
    ] {
        assert_eq!(refusal, Refusal::Itself);
    }
    // The vault's own shares are its investors'; an account contract would be needed to move them.
    let own = world.call(VAULT);
    assert_eq!(world.refused(|vault, chain| vault.transfer(chain, own, MALLORY, 1)), Refusal::Itself);
    assert_eq!(world.refused(|vault, chain| vault.exit_in_kind(chain, own, 1, MALLORY, VAULT)), Refusal::Itself);
    assert_eq!(world.refused(|vault, chain| vault.request_redeem(chain, own, 1, MALLORY, VAULT)), Refusal::Itself);
}

#[test]
fn the_ownership_moves_in_two_steps() {
    let mut world = World::new();
    let (owner, bob) = (world.call(OWNER), world.call(BOB));
    world.vault.transfer_ownership(&mut world.chain, owner, ALICE).unwrap();
    world.vault.transfer_ownership(&mut world.chain, owner, BOB).unwrap();
    let alice = world.call(ALICE);
    assert_eq!(world.refused(|vault, chain| vault.accept_ownership(chain, alice)), Refusal::NotOffered { caller: ALICE });
    assert_eq!(world.vault.access().owner, OWNER);
    world.vault.accept_ownership(&mut world.chain, bob).unwrap();
    assert_eq!((world.vault.access().owner, world.vault.access().offered), (BOB, None));
    let transfer = |vault: &mut Vault, chain: &mut Chain| vault.transfer_ownership(chain, owner, MALLORY);
    assert_eq!(world.refused(transfer), Refusal::NotOwner { caller: OWNER });
}

#[test]
fn a_pause_ends_by_itself_and_the_next_one_waits() {
    let mut world = World::funded();
    let start = world.now;
    let guardian = world.call(GUARDIAN);
    world.vault.pause(&mut world.chain, guardian).unwrap();
    let state = |world: &World| world.vault.state(world.chain.model, world.now);
    world.now = start + MAX_PAUSE - 1;
    assert_eq!(state(&world), State::Paused);
    world.now += 1;
    assert_eq!(state(&world), State::Active);
    let until = start + MAX_PAUSE + BETWEEN_PAUSES;
    world.now = until - 1;
    let call = world.call(GUARDIAN);
    assert_eq!(world.refused(|vault, chain| vault.pause(chain, call)), Refusal::Early { until });
    assert_eq!(world.refused(|vault, chain| vault.unpause(chain, call)), Refusal::NotPaused);
    world.now = until;
    let call = world.call(GUARDIAN);
    world.vault.pause(&mut world.chain, call).unwrap();
    // Ended early, it counts from its end.
    world.now += 60;
    let call = world.call(GUARDIAN);
    world.vault.unpause(&mut world.chain, call).unwrap();
    assert_eq!(state(&world), State::Active);
    let until = world.now + BETWEEN_PAUSES;
    assert_eq!(world.refused(|vault, chain| vault.pause(chain, call)), Refusal::Early { until });
}

#[test]
fn proposals_that_no_vault_could_be_made_with_are_refused() {
    let mut world = World::new();
    let owner = world.call(OWNER);
    let policy = Policy::new(1, Rule::Class, vec![Target::Hold]).unwrap();
    let refusal = world.refused(|vault, chain| vault.propose(chain, owner, Change::Policy(policy)));
    assert_eq!(refusal, Refusal::Unfit(Unfit::Output { output: 1, outputs: 1 }));
    let limits = Limits { max_slip_bps: 101, ..strategy().limits };
    let refusal = world.refused(|vault, chain| vault.propose(chain, owner, Change::Limits(limits)));
    assert!(matches!(refusal, Refusal::Unfit(Unfit::Limits(LimitError { field: "max_slip_bps", .. }))));
    for change in [Change::Adapter(VAULT), Change::Guardian(VAULT)] {
        assert_eq!(world.refused(|vault, chain| vault.propose(chain, owner, change)), Refusal::Unfit(Unfit::Itself));
    }
    let limits = |deposit_cap| Change::Limits(Limits { deposit_cap, ..strategy().limits });
    let cap = 1_000 * USDC - 1;
    let refusal = world.refused(|vault, chain| vault.propose(chain, owner, limits(cap)));
    assert_eq!(refusal, Refusal::Unfit(Unfit::MinNav { found: 100 * USDC, cap }));
    let mut at_least = world.clone();
    assert_eq!(at_least.vault.propose(&mut at_least.chain, owner, limits(1_000 * USDC)), Ok(0));
    // What does not fit when it is applied is refused too: a proposal cannot become unfit by itself, so that this one is put there by hand.
    let mut stale = at_least;
    stale.vault.access.proposals.get_mut(&0).unwrap().change = limits(cap);
    stale.now += access::DELAY;
    let late = stale.call(OWNER);
    assert!(matches!(stale.refused(|vault, chain| vault.apply(chain, late, 0)), Refusal::Unfit(Unfit::MinNav { .. })));
    // A change that is applied decides from then on.
    let hold = Policy::new(0, Rule::Class, vec![Target::Hold; 3]).unwrap();
    let limits = Limits { max_trade_bps: 200, ..strategy().limits };
    for change in [Change::Policy(hold.clone()), Change::Limits(limits.clone())] {
        world.vault.propose(&mut world.chain, owner, change).unwrap();
    }
    world.now += access::DELAY;
    let owner = world.call(OWNER);
    for number in [0, 1] {
        world.vault.apply(&mut world.chain, owner, number).unwrap();
    }
    assert_eq!((&world.vault.strategy().policy, &world.vault.strategy().limits), (&hold, &limits));
}

#[test]
fn vaults_that_cannot_work_are_not_made() {
    let fails = |change: &dyn Fn(&mut Deployment)| {
        let mut deployment = deployment();
        change(&mut deployment);
        Vault::deploy(deployment, 0).unwrap_err()
    };
    assert!(matches!(fails(&|deployment| deployment.strategy.limits.max_slip_bps = 101), DeployError::Strategy(_)));
    let cap = strategy().limits.deposit_cap;
    for min_nav in [10_000, cap / 10] {
        Vault::deploy(Deployment { min_nav, ..deployment() }, 0).unwrap();
    }
    for min_nav in [0, 9_999, cap / 10 + 1] {
        let found = fails(&|deployment| deployment.min_nav = min_nav);
        assert_eq!(found, DeployError::Unfit(Unfit::MinNav { found: min_nav, cap }));
    }
    let roles: [&dyn Fn(&mut Deployment); 4] = [
        &|deployment| deployment.owner = VAULT,
        &|deployment| deployment.guardian = VAULT,
        &|deployment| deployment.adapter = VAULT,
        &|deployment| deployment.treasury = VAULT,
    ];
    for role in roles {
        assert_eq!(fails(role), DeployError::Unfit(Unfit::Itself));
    }
}

#[test]
fn nothing_is_priced_before_an_hour_is_recorded() {
    let mut world = World::new();
    let call = world.call(KEEPER);
    assert_eq!(world.refused(|vault, chain| vault.settle(chain, call)), Refusal::NoPrice);
}
