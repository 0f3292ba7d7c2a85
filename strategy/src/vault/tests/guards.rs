//! Guards that honest use hardly reaches: each test puts the vault into the state in which its guard decides.

use num_bigint::BigUint;

use super::*;
use crate::math::{MAX_AMOUNT, mul_div_floor, share_ceil, share_floor};
use crate::vault::books::{VIRTUAL_ASSETS, VIRTUAL_SHARES};

/// A vault whose money is all in the base token, without the management fee and rewards.
fn invested(change: impl FnOnce(&mut Deployment)) -> World {
    let mut deployment = unmanaged();
    (deployment.strategy.limits.max_weight_bps, deployment.strategy.limits.max_trade_bps) = (10_000, 10_000);
    change(&mut deployment);
    let mut world = World::with(deployment);
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    world.open_hour();
    assert!(matches!(world.step(BUY, Conduct::Costs(0)), Ok(Outcome::Bought { .. })));
    assert_eq!(world.vault.books().managed.quote, 0);
    world
}

fn sales(world: &World) -> Vec<u128> {
    let sale = |event: &Event| match event {
        Event::Traded { purpose: Purpose::Shortfall, spent, .. } => Some(*spent),
        _ => None,
    };
    world.vault.events().iter().filter_map(sale).collect()
}

#[test]
fn a_deposit_that_gets_no_share_is_refunded() {
    let mut world = World::funded();
    let epoch = world.deposit(BOB, 1);
    world.hour(HOLD);
    assert!(world.vault.events().contains(&Event::Refunded { epoch, assets: 1 }));
}

#[test]
fn a_part_that_gets_no_share_waits_for_the_next_hour() {
    let mut world = World::with(unmanaged());
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.deposit(BOB, 100_000 * USDC - 1);
    world.next();
    let epoch = world.deposit(BOB, 1_000 * USDC);
    world.open_hour();
    // One unit of the cap was left for it.
    let entry = world.vault.deposits().get(epoch).unwrap();
    assert_eq!((entry.filled, entry.refunded, world.vault.opened().unwrap().deposited), (0, false, 100_000 * USDC - 1));
    world.open_hour();
    assert_eq!(world.vault.deposits().get(epoch).unwrap().unfilled(), 0);
}

#[test]
fn entrants_pay_the_nav_rounded_up() {
    let mut world = World::with(unmanaged());
    world.deposit(ALICE, 100 * USDC);
    world.hour(HOLD);
    // A billionth of a unit in the base token is a unit for whoever enters.
    world.vault.books.managed.base = 1;
    world.chain.ledger.issue(Side::Base, VAULT, 1).unwrap();
    let supply = world.vault.books().supply;
    world.deposit(BOB, 100 * USDC);
    world.open_hour();
    let fee = share_ceil(100 * USDC, 30).unwrap();
    let shares = mul_div_floor(100 * USDC - fee, supply + VIRTUAL_SHARES, 100 * USDC + 1 + VIRTUAL_ASSETS).unwrap();
    assert_eq!(world.vault.deposits().claims(BOB)[0].proceeds, shares);
    assert!(shares < mul_div_floor(100 * USDC - fee, supply + VIRTUAL_SHARES, 100 * USDC + VIRTUAL_ASSETS).unwrap());
}

#[test]
fn no_share_is_burned_for_nothing_while_others_of_its_epoch_wait() {
    let mut world = invested(|_| ());
    world.vault.books.managed.quote = 1;
    world.chain.ledger.issue(Side::Quote, VAULT, 1).unwrap();
    let shares = world.shares(ALICE) / 20;
    let epoch = world.redeem(ALICE, shares);
    world.open_hour();
    assert_eq!(world.vault.redemptions().get(epoch).unwrap().filled, 0);
}

/// Alice and Mallory wait for a tenth and a twentieth of the shares, in one epoch, at the end of its 900 s.
fn waiting() -> (World, u64) {
    let mut world = invested(|_| ());
    let shares = world.shares(ALICE);
    world.vault.transfer(&mut world.chain, Call { caller: ALICE, now: world.now }, MALLORY, shares / 4).unwrap();
    world.redeem(MALLORY, shares / 20);
    let epoch = world.redeem(ALICE, shares / 10);
    world.open_hour();
    world.wait(900);
    (world, epoch)
}

#[test]
fn a_sale_for_redemptions_may_lose_what_their_fee_covers_and_no_more() {
    let (world, _) = waiting();
    let settle = world.vault.strategy().fees.settle_bps;
    assert!(settle < world.vault.strategy().limits.max_slip_bps);
    for (cost, passes) in [(settle - 1, true), (settle + 1, false)] {
        let mut world = world.clone();
        let raised = world.raise(Conduct::Costs(cost));
        assert_eq!(raised.is_ok(), passes, "{cost} bps: {raised:?}");
        assert!(passes || matches!(raised, Err(Refusal::Floor { .. })), "{raised:?}");
    }
    // A decision's trade has the hour's slip.
    let mut world = world;
    world.raise(Conduct::Costs(0)).unwrap();
    world.settle().unwrap();
    assert!(matches!(world.step(SELL, Conduct::Costs(settle + 1)), Ok(Outcome::Sold { .. })));
}

#[test]
fn those_who_stay_lose_nothing_by_a_sale_for_others() {
    let (mut world, epoch) = waiting();
    let price = |world: &World| BigUint::from(world.nav()) * 1_000_000_000_000u64 / (world.vault.books().supply + VIRTUAL_SHARES);
    let before = price(&world);
    let cost = world.vault.strategy().fees.settle_bps - 1;
    while world.vault.redemptions().get(epoch).unwrap().unfilled() > 0 {
        let _ = world.raise(Conduct::Costs(cost));
        world.settle().unwrap();
        if world.vault.redemptions().get(epoch).unwrap().unfilled() > 0 {
            world.open_hour();
            world.wait(900);
        }
    }
    assert!(price(&world) >= before, "{} of {before}", price(&world));
}

#[test]
fn shares_are_not_taken_back_in_an_hour_in_which_something_was_sold_for_them() {
    let (mut world, epoch) = waiting();
    let hour = world.recorded().count();
    let mut sold = world.clone();
    sold.raise(Conduct::Costs(20)).unwrap();
    // The hours of waiting are over where the epoch is old enough.
    for world in [&mut sold, &mut world] {
        let request = world.vault.redemptions().get(epoch).unwrap().requests()[&MALLORY];
        world.vault.redemptions.add(epoch - requests::RECLAIM_HOURS, MALLORY, request.own, 0);
        world.vault.shares.entry(VAULT).and_modify(|shares| *shares += request.own);
        world.vault.books.supply += request.own;
    }
    let old = epoch - requests::RECLAIM_HOURS;
    let take_back = |world: &mut World, now: u64| {
        let call = Call { caller: MALLORY, now };
        world.vault.reclaim_redeem(&mut world.chain, call, old, MALLORY, MALLORY)
    };
    let within = hour * SECONDS + 1_801;
    assert!(take_back(&mut world, within).is_ok());
    assert_eq!(take_back(&mut sold, within), Err(Refusal::Settling { until: (hour + 1) * SECONDS }));
    assert!(take_back(&mut sold, within + SECONDS).is_ok());
}

#[test]
fn fills_are_at_the_worse_of_the_recorded_and_the_fresh_rate() {
    // Fresh against recorded, and which of both deposits and redemptions are priced at.
    for (fresh, deposit, redemption) in [(2_010, 2_010, 2_000), (1_990, 2_000, 1_990)] {
        let mut world = invested(|_| ());
        let shares = world.shares(ALICE) / 100;
        let entry = world.deposit(BOB, 1_000 * USDC);
        let epoch = world.redeem(ALICE, shares);
        world.vault.books.managed.quote = 10_000 * USDC;
        world.next();
        world.record().unwrap();
        let (supply, managed) = (world.vault.books().supply, world.vault.books().managed);
        world.prices.0 = fresh * USD;
        world.refresh();
        world.settle().unwrap();
        let nav = |price: u64| {
            let world = World { prices: (price * USD, world.prices.1), ..world.clone() };
            world.rate().value_floor(managed.base).unwrap() + managed.quote
        };
        let fee = |assets| share_ceil(assets, world.vault.strategy().fees.settle_bps.into()).unwrap();
        let assets = 1_000 * USDC;
        let got = world.vault.deposits().get(entry).unwrap().proceeds;
        let fair = mul_div_floor(assets - fee(assets), supply + VIRTUAL_SHARES, nav(deposit) + 1).unwrap();
        assert!(got.abs_diff(fair) <= fair / 1_000_000, "{fresh}: {got} shares of {fair}");
        // The deposit before it has changed what a share is worth by its fee alone.
        let paid = world.vault.redemptions().get(epoch).unwrap().proceeds;
        let worth = mul_div_floor(shares, nav(redemption), supply + VIRTUAL_SHARES).unwrap();
        let fair = worth - fee(worth);
        assert!(paid.abs_diff(fair) <= fair / 10_000, "{fresh}: {paid} assets of {fair}");
    }
}

#[test]
fn a_sale_for_redemptions_is_at_most_the_largest_trade() {
    let mut world = invested(|_| ());
    Arc::make_mut(&mut world.vault.strategy).limits.max_trade_bps = 200;
    let shares = world.shares(ALICE) / 10;
    world.redeem(ALICE, shares);
    world.open_hour();
    let (nav, rate) = (world.nav(), world.rate());
    assert!(world.raise(Conduct::Costs(10)).is_ok());
    let [base] = sales(&world)[..] else { panic!("{:?}", sales(&world)) };
    let most = share_floor(nav, 200).unwrap();
    assert!(rate.value_ceil(base).unwrap() <= most + 1 && rate.value_ceil(base).unwrap() + 1 >= most);
}

#[test]
fn dust_in_the_base_token_is_not_sold_for_redemptions() {
    let mut world = invested(|_| ());
    let dust = world.rate().base_floor(trading::SMALLEST_SALE - 1).unwrap();
    world.vault.books.managed.base = dust;
    let shares = world.shares(ALICE) / 2;
    world.redeem(ALICE, shares);
    // So little is left that the drawdown would halt the vault at the second look.
    world.open_hour();
    assert!(world.vault.redemptions().unfilled(u64::MAX) > 0);
    assert_eq!(world.raise(Conduct::Costs(10)), Err(Refusal::NothingToRaise));
}

#[test]
fn a_unit_that_is_worth_more_than_a_small_redemption_is_sold_for_it() {
    let mut deployment = unmanaged();
    deployment.strategy.pair.base.decimals = 6;
    (deployment.strategy.limits.max_weight_bps, deployment.strategy.limits.max_trade_bps) = (10_000, 10_000);
    let mut world = World::with(deployment);
    world.prices.0 = 60_000 * USD;
    world.deposit(ALICE, 1_000_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    world.open_hour();
    world.step(BUY, Conduct::Costs(0)).unwrap();
    assert_eq!(world.vault.books().managed.quote, 0);
    // 0.02 USDC, and a unit is 0.06.
    let epoch = world.redeem(ALICE, 20_000_000);
    world.open_hour();
    assert!(world.vault.redemptions().get(epoch).unwrap().unfilled() > 0);
    assert_eq!(world.raise(Conduct::Costs(0)), Ok(1));
    world.settle().unwrap();
    assert_eq!(world.vault.redemptions().get(epoch).unwrap().unfilled(), 0);
}

#[test]
fn deposits_that_cannot_enter_hold_up_no_step() {
    let mut world = World::funded();
    world.deposit(BOB, USDC);
    world.next();
    world.record().unwrap();
    world.chain.model = ModelStatus::Deprecated;
    assert!(matches!(world.step(BUY, Conduct::Costs(10)), Ok(Outcome::Bought { .. })));
}

#[test]
fn a_halt_is_told_once() {
    let mut world = invested(|_| ());
    world.hour(HOLD);
    world.prices.0 = 1_550 * USD;
    world.hour(HOLD);
    world.prices.0 = 1_300 * USD;
    for _ in 0..5 {
        world.hour(HOLD);
    }
    assert_eq!(world.vault.events().iter().filter(|event| matches!(event, Event::Halted { .. })).count(), 1);
}

#[test]
fn a_fee_that_would_lead_to_2_to_the_112_shares_is_not_in_the_way_of_an_exit() {
    let mut world = World::funded();
    let more = MAX_AMOUNT - world.vault.books().supply;
    world.vault.issue(BOB, more);
    world.wait(crate::fees::YEAR);
    let call = world.call(ALICE);
    let shares = world.shares(ALICE);
    world.vault.exit_in_kind(&mut world.chain, call, shares, ALICE, ALICE).unwrap();
    assert_eq!(world.vault.books().supply, MAX_AMOUNT - shares);
}

#[test]
fn whoever_exits_has_paid_the_fee_up_to_then() {
    let mut world = World::funded();
    let (before, supply) = (world.shares(OWNER), world.vault.books().supply);
    world.wait(crate::fees::YEAR / 2);
    let call = world.call(ALICE);
    let shares = world.shares(ALICE);
    let (_, quote) = world.vault.exit_in_kind(&mut world.chain, call, shares, ALICE, ALICE).unwrap();
    // One per cent of the supply for half a year, and some seconds before.
    let fee = world.shares(OWNER) - before;
    assert!(fee >= supply / 100 && fee < supply / 99, "{fee}");
    assert!(quote < share_floor(1_000_000 * USDC, 9_902).unwrap());
}

#[test]
fn a_keeper_gets_nothing_where_there_is_no_quote_token() {
    let mut world = invested(|deployment| deployment.keeper_cap = USDC);
    // Rewards of the hours before came from what was there.
    let owed = world.vault.books().owed_quote.to(KEEPER);
    world.hour(HOLD);
    assert_eq!((world.vault.books().owed_quote.to(KEEPER), world.vault.books().managed.quote), (owed, 0));
}

#[test]
fn nothing_of_an_allowance_is_left_after_a_swap() {
    let mut world = invested(|_| ());
    world.open_hour();
    // It takes half of what it is allowed.
    assert!(matches!(world.step(SELL, Conduct::Generous), Ok(Outcome::Sold { .. })));
    assert!(world.base_of(VAULT) > 0);
    assert!(world.chain.ledger.transfer_from(Side::Base, ADAPTER, VAULT, ADAPTER, 1).is_err());
}

#[test]
fn a_recorded_price_off_the_peg_stays_off_it() {
    let mut world = World::funded();
    world.prices.1 = 97 * USD / 100;
    world.next();
    world.record().unwrap();
    let price = Price::new(world.prices.1).unwrap();
    world.prices.1 = USD;
    world.refresh();
    let call = world.call(KEEPER);
    assert_eq!(world.refused(|vault, chain| vault.settle(chain, call)), Refusal::Peg { price });
}

#[test]
fn a_first_deposit_below_the_least_nav_is_refunded() {
    for (assets, refunded) in [(100 * USDC - 1, true), (100 * USDC, false)] {
        let mut world = World::new();
        let epoch = world.deposit(ALICE, assets);
        world.open_hour();
        assert_eq!(world.vault.deposits().get(epoch).unwrap().refunded, refunded);
    }
}

#[test]
fn deposits_enter_up_to_the_cap_and_the_rest_waits() {
    let mut deployment = deployment();
    deployment.strategy.limits.deposit_cap = 1_000 * USDC;
    let mut world = World::with(deployment);
    let epoch = world.deposit(ALICE, 1_500 * USDC);
    world.open_hour();
    let entry = world.vault.deposits().get(epoch).unwrap();
    assert_eq!((world.nav(), entry.unfilled(), entry.refunded), (1_000 * USDC, 500 * USDC, false));
    // What is not filled comes back, with the shares that were not claimed.
    let shares = entry.claimable(ALICE);
    world.now = (epoch + 22) * SECONDS + 1_801;
    let call = world.call(ALICE);
    assert_eq!(world.vault.reclaim_deposit(&mut world.chain, call, epoch, ALICE, BOB), Ok(500 * USDC));
    assert_eq!((world.shares(BOB), world.quote_of(BOB), world.vault.books().pending), (shares, 500 * USDC, 0));
}

#[test]
fn a_later_settlement_of_an_hour_takes_the_fee_up_to_then() {
    let mut deployment = deployment();
    deployment.keeper_cap = 0;
    let mut world = World::with(deployment);
    world.deposit(ALICE, 1_000_000 * USDC);
    world.open_hour();
    world.open_hour();
    let (before, supply) = (world.shares(OWNER), world.vault.books().supply);
    world.wait(900);
    world.settle().unwrap();
    let fee = mul_div_floor(supply, 200 * 900, 10_000 * u128::from(crate::fees::YEAR)).unwrap();
    assert!(fee > 0);
    assert_eq!(world.shares(OWNER) - before, fee);
}
