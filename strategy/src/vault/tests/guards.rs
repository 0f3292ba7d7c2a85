//! Guards that honest use hardly reaches: each test puts the vault into the state in which its guard decides.

use super::*;
use crate::math::{MAX_AMOUNT, mul_div_floor, share_ceil, share_floor};
use crate::vault::books::{VIRTUAL_ASSETS, VIRTUAL_SHARES};
use crate::vault::settlement::Raised;

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

/// Alice and Mallory wait for a tenth and a twentieth of the shares, in one epoch, for which base tokens were sold at a cost.
fn raised() -> (World, u64) {
    let mut world = invested(|_| ());
    let shares = world.shares(ALICE);
    world.vault.transfer(&mut world.chain, Call { caller: ALICE, now: world.now }, MALLORY, shares / 4).unwrap();
    world.redeem(MALLORY, shares / 20);
    let epoch = world.redeem(ALICE, shares / 10);
    world.open_hour();
    world.wait(900);
    world.raise(Conduct::Costs(95)).unwrap();
    assert!(world.vault.raised.quote > 0 && world.vault.raised.cost > 0);
    (world, epoch)
}

#[test]
fn what_is_raised_is_forgotten_when_nobody_waits_any_more() {
    let (world, epoch) = raised();
    // By settlement.
    let mut settled = world.clone();
    while settled.vault.redemptions().due(u64::MAX).is_some() {
        settled.open_hour();
        let _ = settled.raise(Conduct::Costs(0));
        settled.settle().unwrap();
    }
    assert_eq!(settled.vault.raised, Raised::default());
    // By exits in kind, and by taking back: the first of two leaves the other one's part.
    for in_kind in [true, false] {
        let mut world = world.clone();
        world.now = (epoch + requests::RECLAIM_HOURS) * SECONDS + 1_801;
        for (account, left) in [(MALLORY, true), (ALICE, false)] {
            let call = world.call(account);
            if in_kind {
                world.vault.exit_request_in_kind(&mut world.chain, call, epoch, account, account).unwrap();
            } else {
                world.vault.reclaim_redeem(&mut world.chain, call, epoch, account, account).unwrap();
            }
            assert_eq!(world.vault.raised != Raised::default(), left);
        }
    }
}

#[test]
fn what_nobody_took_of_the_sales_is_forgotten_with_the_last_request() {
    let mut world = invested(|_| ());
    let shares = world.shares(ALICE) / 20;
    let younger = world.redeem(ALICE, shares);
    // Those for whom it was sold are paid, and a younger request waited meanwhile.
    world.vault.raised = Raised { quote: 1_000, cost: 10 };
    let call = world.call(ALICE);
    world.vault.exit_request_in_kind(&mut world.chain, call, younger, ALICE, ALICE).unwrap();
    assert_eq!(world.vault.raised, Raised::default());
}

#[test]
fn whoever_leaves_the_queue_in_kind_bears_their_part_of_the_sales() {
    let (mut world, epoch) = raised();
    let before = world.vault.raised;
    let (entry, books) = (world.vault.redemptions().get(epoch).unwrap(), world.vault.books());
    let (shares, waiting, quote) = (entry.pending(MALLORY), entry.unfilled(), books.managed.quote);
    let cost = crate::math::mul_div_ceil(before.cost, shares, waiting).unwrap();
    let part = mul_div_floor(before.quote, shares, waiting).unwrap();
    let (in_kind, books_supply) = (books.part(shares, quote), books.supply);
    let call = world.call(MALLORY);
    let (_, got) = world.vault.exit_request_in_kind(&mut world.chain, call, epoch, MALLORY, MALLORY).unwrap();
    // Their own tokens are fewer by their part in the whole already.
    let whole = books_supply + VIRTUAL_SHARES;
    let charge = crate::math::mul_div_ceil(cost, whole - shares, whole).unwrap();
    assert!(charge > 0 && charge < cost && got > 0);
    assert_eq!(got, in_kind - charge);
    assert_eq!(world.vault.raised, Raised { quote: before.quote - part, cost: before.cost - cost });
    assert_eq!(world.vault.books().managed.quote, quote - got, "what they bear stays with the others");
    // Where the cost is more than the quote tokens they would get, they get none, and all their base tokens.
    let (mut world, epoch) = raised();
    world.vault.raised.cost = 1 << 100;
    let base = world.vault.books().part(shares, world.vault.books().managed.base);
    let call = world.call(MALLORY);
    assert_eq!(world.vault.exit_request_in_kind(&mut world.chain, call, epoch, MALLORY, MALLORY), Ok((base, 0)));
}

#[test]
fn whoever_redeems_later_pays_the_same_rate_whether_others_left_or_not() {
    let rate = |leaves: bool| {
        let (mut world, epoch) = raised();
        let call = world.call(MALLORY);
        if leaves {
            world.vault.exit_request_in_kind(&mut world.chain, call, epoch, MALLORY, MALLORY).unwrap();
        }
        (world.vault.raised.cost * 1_000_000_000).div_ceil(world.vault.raised.quote)
    };
    assert!(rate(true) <= rate(false) && rate(false) - rate(true) <= 1, "{} {}", rate(true), rate(false));
}

#[test]
fn a_redemption_taken_back_leaves_its_part_of_the_sales_to_all_holders() {
    let (mut world, epoch) = raised();
    let before = world.vault.raised;
    let entry = world.vault.redemptions().get(epoch).unwrap();
    let (shares, waiting) = (entry.pending(MALLORY), entry.unfilled());
    let managed = world.vault.books().managed;
    world.now = (epoch + requests::RECLAIM_HOURS) * SECONDS + 1_801;
    let call = world.call(MALLORY);
    assert_eq!(world.vault.reclaim_redeem(&mut world.chain, call, epoch, MALLORY, MALLORY), Ok(shares));
    let part = mul_div_floor(before.quote, shares, waiting).unwrap();
    assert_eq!((world.vault.raised.quote, world.vault.books().managed), (before.quote - part, managed));
    assert!(world.vault.raised.cost < before.cost);
}

#[test]
fn nothing_was_sold_for_an_epoch_that_is_not_due() {
    let (mut world, _) = raised();
    let before = world.vault.raised;
    let shares = world.shares(MALLORY) / 3;
    let younger = world.redeem(MALLORY, shares);
    let in_kind = world.vault.books().part(shares, world.vault.books().managed.quote);
    let call = world.call(MALLORY);
    let (_, got) = world.vault.exit_request_in_kind(&mut world.chain, call, younger, MALLORY, MALLORY).unwrap();
    assert_eq!((got, world.vault.raised), (in_kind, before));
    // Nor does it make the part of those smaller for whom it was sold.
    let younger = world.redeem(MALLORY, shares);
    let due = world.vault.redemptions().epochs().keys().next().copied().unwrap();
    assert!(due < younger);
    for account in [MALLORY, ALICE] {
        let call = world.call(account);
        world.vault.exit_request_in_kind(&mut world.chain, call, due, account, account).unwrap();
    }
    assert_eq!(world.vault.raised, Raised::default());
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
    world.now = (epoch + 72) * SECONDS + 1_801;
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
