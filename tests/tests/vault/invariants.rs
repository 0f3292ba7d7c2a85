//! What must hold after each call, whatever it was and whatever came of it. The twin's figures are the contract's: they are compared before.

use maat_strategy::price::USD;
use maat_strategy::vault::{Account, Behaviour, Event, Kind, Queue, Side, Vault};
use num_bigint::BigUint;

use super::world::{KEEPER, OTHERS, OWNERS, USERS, VAULT, World, everybody};

/// Shares that nobody holds, and that count in every price of a share.
const VIRTUAL_SHARES: u128 = 1_000;

/// Checks a world after a call of a function.
pub fn check(before: &Vault, world: &mut World, function: &str, refused: bool) {
    let name = world.contracts.name.clone();
    if refused {
        assert!(world.vault == *before, "{name}, {function}: the vault changed although it refused");
    }
    books(world);
    times(before, world);
    value(before, world, function);
}

/// Balances cover the books, and sums are the sums of their parts.
fn books(world: &World) {
    let (vault, name) = (&world.vault, &world.contracts.name);
    let books = vault.books();
    for side in [Side::Base, Side::Quote] {
        let (has, needed) = (world.chain.ledger.balance(side, VAULT), books.needed(side));
        assert!(has >= needed, "{name}: {has} {} tokens do not cover {needed}", side.name());
    }
    assert_eq!(vault.holders().map(|(_, shares)| shares).sum::<u128>(), books.supply, "{name}: the supply is the sum of all shares");
    let unfilled = |queue: &Queue| queue.epochs().values().map(|entry| entry.unfilled()).sum::<u128>();
    let unclaimed = |queue: &Queue| -> u128 {
        let left =
            queue.epochs().values().map(|entry| entry.proceeds - entry.requests().values().map(|request| request.claimed).sum::<u128>());
        left.sum()
    };
    assert_eq!(books.pending, unfilled(vault.deposits()), "{name}: pending is what deposits are not filled");
    assert_eq!(books.reserved, unclaimed(vault.redemptions()), "{name}: reserved is what redemptions have not claimed");
    let own = unfilled(vault.redemptions()) + unclaimed(vault.deposits());
    assert_eq!(vault.shares_of(VAULT), own, "{name}: the vault's own shares are escrowed, or filled and not claimed");
    for queue in [vault.deposits(), vault.redemptions()] {
        for (epoch, entry) in queue.epochs() {
            let of = |part: &dyn Fn(Account) -> u128| entry.requests().keys().map(|who| part(*who)).sum::<u128>();
            let taken: u128 = entry.requests().values().map(|request| request.claimed).sum();
            assert!(of(&|who| entry.claimable(who)) + taken <= entry.proceeds, "{name}: claims of epoch {epoch} are more than there is");
            assert!(of(&|who| entry.pending(who)) <= entry.unfilled(), "{name}: what waits in epoch {epoch} is more than there is");
        }
    }
    for (debts, side) in [(&books.owed_base, Side::Base), (&books.owed_quote, Side::Quote)] {
        let all: u128 = everybody().into_iter().chain(OTHERS).map(|who| debts.to(who)).sum();
        assert_eq!(debts.total, all, "{name}: debts in {} tokens", side.name());
    }
}

/// No request is priced by an observation that is not newer.
fn times(before: &Vault, world: &mut World) {
    for event in &world.vault.events()[before.events().len()..] {
        match event {
            Event::Requested { kind, epoch, .. } => {
                let newest = world.newest.entry((*kind, *epoch)).or_default();
                *newest = (*newest).max(world.now);
            }
            Event::Settled { kind, epoch, .. } => {
                let (newest, oldest) = (world.newest[&(*kind, *epoch)], world.chain.history.oldest());
                assert!(newest < oldest, "{}: a request of {newest} was filled at a price of {oldest}", world.contracts.name);
            }
            _ => {}
        }
    }
}

/// What so much of both tokens is worth, in a unit that makes it exact: the quote token's smallest unit is `10^(8 + base decimals)` of them.
fn exact(world: &World, prices: (u64, u64), base: u128, quote: u128) -> BigUint {
    let price = u128::from(prices.0) * u128::from(USD) / u128::from(prices.1);
    let pair = &world.vault.strategy().pair;
    let ten = |power: u8| BigUint::from(10u8).pow(power.into());
    BigUint::from(base) * price * ten(pair.quote.decimals) + BigUint::from(quote) * ten(8 + pair.base.decimals)
}

/// At one price, what a call leaves for each share does not fall by more than what its trade may cost under the floor, and a keeper's reward.
/// A settlement is held to the price that it was made at.
fn value(before: &Vault, world: &World, function: &str) {
    let prices = match world.chain.history.last() {
        Some(last) if function == "settle" => (last.base.units(), last.quote.units()),
        _ => world.prices,
    };
    let (mut fee, mut cost) = (0, BigUint::ZERO);
    for event in &world.vault.events()[before.events().len()..] {
        match event {
            Event::Transfer { from: None, to: Some(to), shares } if OWNERS.contains(to) => fee += shares,
            Event::Traded { sold, spent, .. } => {
                let (base, quote) = if *sold == Side::Base { (*spent, 0) } else { (0, *spent) };
                cost += exact(world, prices, base, quote) * world.vault.strategy().limits.max_slip_bps / 10_000u32 + 1u8;
            }
            Event::Rewarded { keeper, amount } => {
                assert_eq!(*keeper, KEEPER);
                cost += exact(world, prices, 0, *amount);
            }
            _ => {}
        }
    }
    let worth = |vault: &Vault| exact(world, prices, vault.books().managed.base, vault.books().managed.quote + 1);
    let shares = |vault: &Vault| BigUint::from(vault.books().supply + VIRTUAL_SHARES);
    assert!(
        (worth(&world.vault) + cost) * (shares(before) + fee) >= worth(before) * shares(&world.vault),
        "{}, {function}: a share is worth less at the same price",
        world.contracts.name
    );
}

/// With honest tokens, everybody can fetch what was filled and leave with the rest, whatever the state, without feed and pool.
pub fn everybody_leaves(world: &mut World) {
    for side in [Side::Base, Side::Quote] {
        world.tell_token(side, Behaviour::Honest);
    }
    world.dead = true;
    world.refresh();
    for who in USERS.into_iter().chain(OWNERS) {
        for of in [Kind::Deposit, Kind::Redeem] {
            let queue = if of == Kind::Deposit { world.vault.deposits() } else { world.vault.redemptions() };
            for claim in queue.claims(who).into_iter().filter(|claim| claim.proceeds > 0) {
                world.claim(who, of, claim.epoch, who, who).unwrap();
            }
        }
        let queue = world.vault.redemptions();
        let waiting: Vec<u64> = queue.epochs().iter().filter(|(_, entry)| entry.pending(who) > 0).map(|(epoch, _)| *epoch).collect();
        for epoch in waiting {
            world.exit_request(who, epoch, who, who).unwrap();
        }
        let shares = world.vault.shares_of(who);
        if shares > 0 {
            world.exit_in_kind(who, shares, who, who).unwrap();
        }
        for side in [Side::Base, Side::Quote] {
            let books = world.vault.books();
            let owed = if side == Side::Base { books.owed_base.to(who) } else { books.owed_quote.to(who) };
            if owed > 0 {
                assert_eq!(world.withdraw_token(who, side, who, who), Ok(owed));
            }
        }
    }
}
