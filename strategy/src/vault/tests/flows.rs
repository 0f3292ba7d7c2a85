//! What honest investors see: prices of entries and exits, partial fills, sales for those who leave, fees, and one investor's equity.

use super::*;
use crate::backtest::{Decision, Fill, Market, Terms, simulate};
use crate::history::History;
use crate::limits::Plan;
use crate::math::{mul_div_floor, share_ceil, share_floor};
use crate::vault::epochs::epoch_of;
use crate::vault::settlement::MAX_EPOCHS;

#[test]
fn a_first_deposit_has_a_thousand_shares_for_each_unit_less_the_fee() {
    let mut world = World::new();
    let epoch = world.deposit(ALICE, 1_000 * USDC);
    assert_eq!(epoch, epoch_of(world.now));
    assert_eq!(world.vault.books().pending, 1_000 * USDC);
    world.hour(HOLD);
    let call = world.call(ALICE);
    let shares = world.vault.claim_shares(&mut world.chain, call, epoch, ALICE, ALICE).unwrap();
    assert_eq!(shares, 997 * USDC * 1_000);
    assert_eq!((world.shares(ALICE), world.nav()), (shares, 1_000 * USDC));
    let nothing = Refusal::NothingClaimable { epoch };
    assert_eq!(world.refused(|vault, chain| vault.claim_shares(chain, call, epoch, ALICE, ALICE)), nothing);
}

#[test]
fn settlement_pays_its_fee_to_those_who_stay() {
    let mut world = World::with(unmanaged());
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    let before = world.worth(world.shares(ALICE));
    world.deposit(BOB, 10_000 * USDC);
    world.hour(HOLD);
    world.claim(BOB);
    let bob = world.shares(BOB);
    // The fee of 30 USDC is shared by all shares, Bob's among them.
    let (staying, entering) = (world.worth(world.shares(ALICE)), world.worth(bob));
    assert!(staying > before + 29 * USDC && staying <= before + 30 * USDC, "{staying}");
    assert!((9_970 * USDC..9_971 * USDC).contains(&entering), "{entering}");
    world.redeem(BOB, bob);
    world.hour(HOLD);
    world.claim(BOB);
    assert!(
        world.quote_of(BOB) >= share_floor(entering, 9_970).unwrap() - 1 && world.quote_of(BOB) <= share_floor(entering, 9_970).unwrap()
    );
}

#[test]
fn an_hour_lets_in_a_tenth_of_the_nav_and_the_rest_waits_in_order() {
    let mut world = World::funded();
    let first = world.deposit(BOB, 60_000 * USDC);
    world.deposit(MALLORY, 30_000 * USDC);
    world.next();
    let second = world.deposit(BOB, 60_000 * USDC);
    assert_eq!(second, first + 1);
    world.next();
    world.record().unwrap();
    assert_eq!(world.settle(), Ok(true));
    let cap = world.vault.opened().unwrap().cap;
    // A tenth of the NAV before: the rewards of two hours and the virtual shares are less than a USDC.
    assert!(cap > 99_999 * USDC && cap <= 100_000 * USDC, "{cap}");
    let filled = |world: &World, epoch| world.vault.deposits().get(epoch).unwrap().filled;
    assert_eq!((filled(&world, first), filled(&world, second)), (90_000 * USDC, cap - 90_000 * USDC));
    // Within an epoch, all are filled alike.
    let entry = world.vault.deposits().get(first).unwrap();
    let (bob, mallory) = (entry.claimable(BOB), entry.claimable(MALLORY));
    assert_eq!((bob, mallory), (mul_div_floor(entry.proceeds, 2, 3).unwrap(), entry.proceeds / 3));
    // Settling again in the hour fills nothing more, and nothing is due.
    assert_eq!(world.settle(), Ok(true));
    assert_eq!(filled(&world, second), cap - 90_000 * USDC);
    assert_eq!(world.step(HOLD, Conduct::Costs(10)), Err(Refusal::Gap { needed: 2, found: 1 }));
    world.hour(HOLD);
    assert_eq!(filled(&world, second), 60_000 * USDC);
    world.claim(BOB);
    world.claim(MALLORY);
    assert_eq!(world.vault.books().pending, 0);
}

#[test]
fn entries_and_exits_of_an_hour_are_netted() {
    let mut world = World::funded();
    let shares = world.shares(ALICE);
    world.redeem(ALICE, shares / 5);
    world.deposit(BOB, 100_000 * USDC);
    world.hour(HOLD);
    // A tenth enters, so that two tenths can leave.
    assert_eq!((world.vault.deposits().due(u64::MAX), world.vault.redemptions().due(u64::MAX)), (None, None));
}

#[test]
fn a_call_visits_at_most_eight_epochs_and_the_step_waits_for_all() {
    let mut world = World::funded();
    for _ in 0..MAX_EPOCHS + 2 {
        world.deposit(BOB, 100 * USDC);
        world.next();
    }
    world.record().unwrap();
    assert_eq!(world.settle(), Ok(false));
    let open = world.vault.deposits().epochs().values().filter(|entry| entry.unfilled() > 0).count();
    assert_eq!(open, 2);
    let (call, hour, rate) = (world.call(KEEPER), world.recorded(), world.rate());
    let refusal =
        world.refused(|vault, chain| vault.step(chain, call, hour, &mut answers(HOLD), &mut Pool { rate, conduct: Conduct::Costs(10) }));
    assert!(matches!(refusal, Refusal::Due { .. }));
    assert_eq!(world.settle(), Ok(true));
    assert_eq!(world.vault.deposits().due(u64::MAX), None);
}

/// A vault that is nearly all in the base token.
fn invested() -> World {
    let mut world = World::funded();
    for _ in 0..6 {
        world.hour(BUY);
    }
    world
}

#[test]
fn redemptions_are_filled_from_free_quote_and_a_sale_raises_the_rest() {
    let mut deployment = unmanaged();
    deployment.strategy.limits.max_weight_bps = 10_000;
    deployment.strategy.limits.cooldown_hours = 100;
    deployment.strategy.limits.max_trade_bps = 9_900;
    let mut world = World::with(deployment);
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    let shares = world.shares(ALICE);
    assert!(matches!(world.hour(BUY), Some(Outcome::Bought { .. })));
    let free = world.vault.books().managed.quote;
    assert!(free < 11_000 * USDC);
    let nav = world.nav();
    let epoch = world.redeem(ALICE, shares / 20);
    world.open_hour();
    // As much as there is quote is filled, to within a unit of the price of a share.
    let entry = world.vault.redemptions().get(epoch).unwrap().clone();
    assert!(entry.proceeds <= free && entry.proceeds + 2 >= free, "{} of {free}", entry.proceeds);
    let partly = entry.claimable(ALICE);
    // The sale is outside of the cooldown.
    assert!(world.raise(Conduct::Costs(10)).is_ok());
    assert_eq!(world.step(SELL, Conduct::Costs(10)), Ok(Outcome::Held(crate::limits::Reason::Cooldown)));
    let sales: Vec<_> = world
        .vault
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Traded { purpose: Purpose::Shortfall, spent, received, .. } => Some((*spent, *received)),
            _ => None,
        })
        .collect();
    let [(spent, received)] = sales[..] else { panic!("{sales:?}") };
    assert!(world.rate().value_floor(spent).unwrap() > received);
    // The sale filled what it paid for; what it fell short of is filled after the next one.
    let after = world.vault.redemptions().get(epoch).unwrap();
    assert!(after.proceeds > entry.proceeds + received / 10 * 9, "{} of {received}", after.proceeds - entry.proceeds);
    while world.vault.redemptions().get(epoch).unwrap().unfilled() > 0 {
        world.hour(HOLD);
    }
    world.claim(ALICE);
    let whole = share_floor(nav / 20, 9_970).unwrap();
    assert!(world.quote_of(ALICE) > partly);
    // The sale's cost is in the NAV at which the rest is paid, of which they have a part.
    let got = world.quote_of(ALICE);
    assert!(got.abs_diff(whole) < 5 * USDC, "{got} of {whole}");
    // Those who stay lose nothing, and gain the fee.
    assert!(world.nav() >= nav - nav / 20, "{} of {nav}", world.nav());
}

#[test]
fn a_purchase_is_not_made_while_something_is_owed() {
    let mut world = invested();
    world.chain.ledger.set_behaviour(Side::Quote, Behaviour::Honest);
    // More than the cap of an hour is asked for, and quote is there for all of it.
    world.deposit(BOB, 90_000 * USDC);
    world.hour(SELL);
    world.hour(SELL);
    let shares = world.shares(ALICE);
    world.redeem(ALICE, shares / 2);
    assert_eq!(world.hour(BUY), Some(Outcome::Owed));
    assert!(world.vault.redemptions().unfilled(u64::MAX) > 0);
}

#[test]
fn each_epoch_is_filled_in_full_before_the_next_one_and_alike_within() {
    let mut world = invested();
    let third = world.shares(ALICE) / 3;
    world.vault.transfer(&mut world.chain, Call { caller: ALICE, now: world.now }, BOB, third).unwrap();
    world.vault.transfer(&mut world.chain, Call { caller: ALICE, now: world.now }, MALLORY, third).unwrap();
    let first = world.redeem(ALICE, third);
    assert_eq!(world.redeem(BOB, third / 2), first);
    world.hour(HOLD);
    let second = world.redeem(MALLORY, third);
    for _ in 0..4 {
        let entry = world.vault.redemptions().get(first).unwrap();
        let later = world.vault.redemptions().get(second).unwrap();
        assert!(entry.unfilled() == 0 || later.filled == 0, "the older epoch is filled first");
        let (alice, bob) = (entry.claimable(ALICE), entry.claimable(BOB));
        assert!(alice >= 2 * bob && alice - 2 * bob <= 3, "{alice}, {bob}");
        world.hour(HOLD);
    }
    for _ in 0..20 {
        world.hour(HOLD);
    }
    assert_eq!(world.vault.redemptions().due(u64::MAX), None);
    for account in [ALICE, BOB, MALLORY] {
        world.claim(account);
    }
    assert!(world.vault.books().reserved < 4, "{} is dust", world.vault.books().reserved);
}

#[test]
fn claims_are_taken_oldest_first() {
    let mut world = World::funded();
    let shares = world.shares(ALICE);
    let first = world.redeem(ALICE, shares / 100);
    world.hour(HOLD);
    let second = world.redeem(ALICE, shares / 100);
    world.hour(HOLD);
    let claims = world.vault.redemptions().claims(ALICE);
    let [one, two] = claims[..] else { panic!("{claims:?}") };
    assert_eq!((one.epoch, two.epoch, one.input, two.input), (first, second, shares / 100, shares / 100));
    let call = world.call(ALICE);
    let (claimable, asked) = (one.proceeds + two.proceeds, one.proceeds + two.proceeds + 1);
    let refusal = world.refused(|vault, chain| vault.withdraw(chain, call, asked, ALICE, ALICE));
    assert_eq!(refusal, Refusal::Claim { asked, claimable });
    let redeemed = world.vault.withdraw(&mut world.chain, call, one.proceeds + 5, BOB, ALICE).unwrap();
    let left = world.vault.redemptions().claims(ALICE);
    assert_eq!((left[0].epoch, left[0].proceeds, left.len()), (second, two.proceeds - 5, 1));
    assert_eq!((world.quote_of(BOB), redeemed), (one.proceeds + 5, one.input + two.input - left[0].input));
    // Half of what is left, counted in shares.
    let assets = world.vault.redeem(&mut world.chain, call, left[0].input / 2, BOB, ALICE).unwrap();
    assert_eq!(assets, mul_div_floor(left[0].proceeds, left[0].input / 2, left[0].input).unwrap());
    let asked = left[0].input;
    let refusal = world.refused(|vault, chain| vault.redeem(chain, call, asked, ALICE, ALICE));
    assert!(matches!(refusal, Refusal::Claim { claimable, .. } if claimable < asked));
    world.deposit(BOB, 100 * USDC);
    world.hour(HOLD);
    let [claim] = world.vault.deposits().claims(BOB)[..] else { panic!() };
    assert_eq!(claim.input, 100 * USDC);
    let call = world.call(BOB);
    let half = world.vault.deposit(&mut world.chain, call, 50 * USDC, MALLORY, BOB).unwrap();
    assert_eq!(half, claim.proceeds / 2);
    let assets = world.vault.mint(&mut world.chain, call, claim.proceeds - half - 1, MALLORY, BOB).unwrap();
    // What is left of it is the last share, for which a unit was put in, rounded up.
    assert_eq!(assets, 50 * USDC - 1);
    assert_eq!((world.shares(MALLORY), world.vault.deposits().claims(BOB)[0].proceeds), (claim.proceeds - 1, 1));
}

#[test]
fn a_redemption_taken_back_keeps_what_was_filled() {
    let mut world = invested();
    let shares = world.shares(ALICE);
    let epoch = world.redeem(ALICE, shares);
    world.open_hour();
    let filled = world.vault.redemptions().get(epoch).unwrap().claimable(ALICE);
    assert!(filled > 0);
    world.now = (epoch + 22) * SECONDS + 1_801;
    let call = world.call(ALICE);
    let back = world.vault.reclaim_redeem(&mut world.chain, call, epoch, ALICE, BOB).unwrap();
    assert!(back > 0 && back < shares);
    assert_eq!((world.shares(BOB), world.vault.books().owed_quote.to(BOB)), (back, filled));
    assert_eq!(world.vault.books().reserved, 0);
}

#[test]
fn the_management_fee_is_what_the_rate_says_and_stops_with_the_vault() {
    let mut deployment = deployment();
    deployment.keeper_cap = 0;
    let mut world = World::with(deployment);
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    let supply = world.vault.books().supply;
    world.wait(crate::fees::YEAR - 7_200);
    world.open_hour();
    let fee = world.shares(OWNER);
    // 2 % of the supply a year, for a year but an hour.
    let hours = 8_759;
    assert_eq!(fee, mul_div_floor(supply, 200 * hours * 3_600, 10_000 * u128::from(crate::fees::YEAR)).unwrap());
    world.vault.halted = true;
    world.wait(crate::fees::YEAR);
    world.open_hour();
    assert_eq!(world.shares(OWNER), fee);
}

#[test]
fn an_unwinding_vault_sells_a_piece_an_hour_until_nothing_is_left() {
    let mut world = invested();
    world.chain.model = ModelStatus::Revoked;
    let mut pieces = 0;
    loop {
        world.open_hour();
        let nav = world.nav();
        match world.unwind(Conduct::Costs(10)) {
            Ok(base) => {
                assert!(world.rate().value_floor(base).unwrap() <= share_floor(nav, 5_000).unwrap());
                let (call, rate) = (world.call(KEEPER), world.rate());
                let again = world.refused(|vault, chain| vault.unwind(chain, call, &mut Pool { rate, conduct: Conduct::Costs(10) }));
                assert!(matches!(again, Refusal::Used { .. }));
                pieces += 1;
            }
            Err(refusal) => {
                assert_eq!(refusal, Refusal::NothingToSell);
                break;
            }
        }
    }
    assert_eq!((pieces, world.vault.books().managed.base), (2, 0));
}

#[test]
fn a_decision_is_told_with_what_it_rests_on() {
    let mut world = World::funded();
    world.open_hour();
    let Ok(Outcome::Bought { quote }) = world.step(BUY, Conduct::Costs(10)) else { panic!("no purchase") };
    let events = world.vault.events();
    let [decided, traded, rewarded] = &events[events.len() - 3..] else { panic!() };
    let expected = Event::Decided {
        hour: world.recorded(),
        class: BUY,
        model: strategy().commitment,
        version: 7,
        // Both prices are the same: the differences are 0.
        input_hash: Felt::ZERO,
        output_hash: Felt::from(BUY),
        chain: world.chain.history.history().chain(),
        weight_before: 0,
        weight_target: Some(10_000),
        outcome: Outcome::Bought { quote },
        route: Route::Executed,
    };
    assert_eq!(decided, &expected);
    let received = world.vault.books().managed.base;
    let trade = Event::Traded { hour: world.recorded(), purpose: Purpose::Decision, sold: Side::Quote, spent: quote, received };
    assert_eq!(traded, &trade);
    assert!(matches!(rewarded, Event::Rewarded { keeper: KEEPER, .. }));
    // 50 % of the NAV is the largest trade, and the pool costs 10 basis points.
    assert!(received >= share_floor(250 * ETHER, 9_989).unwrap() && received <= share_ceil(250 * ETHER, 9_990).unwrap());
}

/// One investor, an adapter at a fixed cost, nobody else: the vault holds what the simulation holds, hour by hour, halts when it does, and
/// the investor's part is the same.
#[test]
fn one_investor_sees_what_the_simulation_says() {
    for (seed, drawdown, halts) in [(1u64, 10_000, false), (2, 10_000, false), (3, 400, true)] {
        let mut deployment = deployment();
        deployment.keeper_cap = 0;
        deployment.strategy.fees.settle_bps = 0;
        deployment.strategy.limits.min_slip_bps = 30;
        deployment.strategy.limits.max_drawdown_bps = drawdown;
        deployment.strategy.limits.cooldown_hours = 2;
        deployment.strategy.backtest.deposit = 250_000 * USDC;
        let strategy = deployment.strategy.clone();
        let mut world = World::with(deployment);
        world.deposit(ALICE, strategy.backtest.deposit);
        let (mut history, mut decisions, mut held) = (History::default(), Vec::new(), Vec::new());
        let mut state = seed;
        for hour in 0..400 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = state >> 33;
            // Mostly small moves; now and then an hour is not recorded.
            world.prices.0 = world.prices.0 * (9_900 + random % 201) / 10_000;
            world.next();
            if random % 41 == 7 && hour > 2 {
                continue;
            }
            history.record(world.record().unwrap()).unwrap();
            while !world.settle().unwrap() {}
            let answer = (random / 300 % 3) as i32;
            match world.step(answer, Conduct::Costs(20)) {
                Ok(Outcome::Halted) | Err(Refusal::State { .. }) => match world.unwind(Conduct::Costs(20)) {
                    Ok(_) | Err(Refusal::NothingToSell) => {}
                    Err(refusal) => panic!("{refusal}"),
                },
                Ok(_) | Err(Refusal::Gap { .. }) => {}
                Err(refusal) => panic!("{refusal}"),
            }
            let at = history.accepted().len() - 1;
            if history.window(at, strategy.features.window()).is_some() {
                decisions.push(Decision { at, saturated: 0, target: strategy.policy.target(answer).unwrap() });
            }
            let unclaimed: u128 = world.vault.deposits().claims(ALICE).iter().map(|claim| claim.proceeds).sum();
            held.push((world.vault.books().managed, world.nav(), world.vault.halted, world.worth(unclaimed)));
        }
        let market = Market::new(&strategy, &history).unwrap();
        let terms = Terms { cost_bps: 20, fill: Fill::AtQuote };
        let mut hours = 0;
        let run = simulate(&strategy, &market, &decisions, history.accepted().len(), terms, |step| {
            let at = history.accepted().iter().position(|seen| seen.hour == step.hour).unwrap();
            let (managed, nav, halted, equity) = held[at];
            assert_eq!(
                (step.position.base, step.position.quote),
                (managed.base, managed.quote),
                "seed {seed}, {}: {:?}",
                step.hour,
                step.plan
            );
            assert_eq!((step.nav, step.halted), (nav, halted), "seed {seed}, {}", step.hour);
            // The fee of an hour or two before the first decision is the vault's alone.
            let before = share_ceil(equity, 200).unwrap() / 8_760 * 2 + 2;
            assert!(equity <= step.equity + 2 && equity + before >= step.equity, "seed {seed}: {equity}, {}", step.equity);
            hours += u32::from(matches!(step.plan, Some(Plan::Buy { .. } | Plan::Sell { .. })));
        })
        .unwrap();
        assert!(hours > 3 && run.halted.is_some() == halts, "seed {seed}: {run:?}");
    }
}
