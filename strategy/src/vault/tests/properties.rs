//! Random sequences of everything that can happen to a vault, with the invariants after each operation.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use proptest::prelude::{Just, any, prop, prop_assert, prop_oneof};
use proptest::strategy::{Strategy as Generator, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use super::super::books::VIRTUAL_SHARES;
use super::*;
use crate::math::{MAX_AMOUNT, mul_div_ceil, mul_div_floor, share_ceil, share_floor};

const SEQUENCES: u32 = if cfg!(feature = "slow") { 100_000 } else { 1_000 };
const USERS: [Account; 4] = [ALICE, BOB, MALLORY, Account(13)];

const OWNERS: [Account; 2] = [OWNER, Account(20)];

/// One operation; numbers pick among what is possible.
#[derive(Debug, Clone)]
enum Op {
    /// The next hour as it should go.
    Hour {
        answer: i32,
        move_bps: i32,
    },
    /// The next hour is recorded after so many seconds of it, and nothing else.
    Record {
        after: u64,
        move_bps: i32,
    },
    Settle,
    Step {
        answer: i32,
        conduct: Conduct,
    },
    Raise {
        conduct: Conduct,
    },
    Unwind {
        conduct: Conduct,
    },
    Wait(u64),
    Quote {
        base_bps: i32,
        quote_bps: i32,
    },
    Deposit {
        user: usize,
        bits: u32,
        fraction: u32,
    },
    Redeem {
        user: usize,
        part: u32,
    },
    Claim {
        user: usize,
    },
    ClaimPart {
        user: usize,
        part: u32,
        by_input: bool,
    },
    Reclaim {
        user: usize,
        which: usize,
        redeem: bool,
    },
    Exit {
        user: usize,
        part: u32,
    },
    ExitRequest {
        user: usize,
        which: usize,
    },
    Withdraw {
        user: usize,
        base: bool,
    },
    Transfer {
        from: usize,
        to: usize,
        part: u32,
    },
    Donate {
        base: bool,
        bits: u32,
    },
    Skim {
        base: bool,
    },
    Token {
        base: bool,
        behaviour: Behaviour,
    },
    Model(ModelStatus),
    Pause,
    Unpause,
    Limits {
        max_trade_bps: u16,
        cooldown_hours: u32,
        max_drift_bps: u16,
        max_drawdown_bps: u16,
        cap_bits: u32,
    },
    Replace {
        account: u64,
        adapter: bool,
    },
    Apply,
    Observe,
    /// The ownership goes to one of two accounts.
    Owner(bool),
    Operator {
        user: usize,
        operator: usize,
        approved: bool,
    },
    /// Somebody takes another one's shares out, for its owner.
    ExitFor {
        user: usize,
        owner: usize,
    },
}

fn conduct() -> impl Generator<Value = Conduct> {
    prop_oneof![
        6 => (0u16..120).prop_map(Conduct::Costs),
        1 => Just(Conduct::Fails),
        1 => Just(Conduct::Steals),
        1 => Just(Conduct::ShortByOne),
        1 => Just(Conduct::Grabs),
        1 => Just(Conduct::Generous),
        1 => Just(Conduct::Idle),
    ]
}

fn operation() -> impl Generator<Value = Op> {
    let user = 0..USERS.len();
    let behaviour = prop_oneof![
        6 => Just(Behaviour::Honest),
        1 => Just(Behaviour::Paused),
        1 => Just(Behaviour::Silent),
        1 => (1u16..500).prop_map(Behaviour::TakesFee),
        1 => (1u16..500).prop_map(Behaviour::Surcharges),
    ];
    let model = prop_oneof![
        6 => Just(ModelStatus::Listed),
        1 => Just(ModelStatus::Deprecated),
        1 => Just(ModelStatus::Revoked),
    ];
    prop_oneof![
        24 => (0i32..3, -800i32..800).prop_map(|(answer, move_bps)| Op::Hour { answer, move_bps }),
        3 => (0u64..1_000, -3_000i32..3_000).prop_map(|(after, move_bps)| Op::Record { after, move_bps }),
        4 => Just(Op::Settle),
        6 => (-1i32..4, conduct()).prop_map(|(answer, conduct)| Op::Step { answer, conduct }),
        3 => conduct().prop_map(|conduct| Op::Raise { conduct }),
        3 => conduct().prop_map(|conduct| Op::Unwind { conduct }),
        4 => prop_oneof![1u64..1_000, 1u64..20_000, 200_000u64..400_000].prop_map(Op::Wait),
        2 => (-300i32..300, -250i32..250).prop_map(|(base_bps, quote_bps)| Op::Quote { base_bps, quote_bps }),
        12 => (user.clone(), prop_oneof![1 => 0u32..60, 4 => 28u32..44], any::<u32>()).prop_map(|(user, bits, fraction)| Op::Deposit { user, bits, fraction }),
        9 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Redeem { user, part }),
        8 => user.clone().prop_map(|user| Op::Claim { user }),
        2 => (user.clone(), any::<u32>(), any::<bool>()).prop_map(|(user, part, by_input)| Op::ClaimPart { user, part, by_input }),
        4 => (user.clone(), any::<usize>(), any::<bool>()).prop_map(|(user, which, redeem)| Op::Reclaim { user, which, redeem }),
        3 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Exit { user, part }),
        2 => (user.clone(), any::<usize>()).prop_map(|(user, which)| Op::ExitRequest { user, which }),
        3 => (user.clone(), any::<bool>()).prop_map(|(user, base)| Op::Withdraw { user, base }),
        2 => (user.clone(), user, any::<u32>()).prop_map(|(from, to, part)| Op::Transfer { from, to, part }),
        1 => (any::<bool>(), 0u32..80).prop_map(|(base, bits)| Op::Donate { base, bits }),
        1 => any::<bool>().prop_map(|base| Op::Skim { base }),
        2 => (any::<bool>(), behaviour).prop_map(|(base, behaviour)| Op::Token { base, behaviour }),
        2 => model.prop_map(Op::Model),
        1 => Just(Op::Pause),
        1 => Just(Op::Unpause),
        1 => (100u16..=10_000, 0u32..5, 1u16..=500, 100u16..=10_000, 20u32..60).prop_map(
            |(max_trade_bps, cooldown_hours, max_drift_bps, max_drawdown_bps, cap_bits)| {
                Op::Limits { max_trade_bps, cooldown_hours, max_drift_bps, max_drawdown_bps, cap_bits }
            },
        ),
        1 => (100u64..103, any::<bool>()).prop_map(|(account, adapter)| Op::Replace { account, adapter }),
        2 => Just(Op::Apply),
        2 => Just(Op::Observe),
        1 => any::<bool>().prop_map(Op::Owner),
        1 => (0..USERS.len(), 0..USERS.len(), any::<bool>()).prop_map(|(user, operator, approved)| Op::Operator { user, operator, approved }),
        1 => (0..USERS.len(), 0..USERS.len()).prop_map(|(user, owner)| Op::ExitFor { user, owner }),
    ]
}

fn side(base: bool) -> Side {
    if base { Side::Base } else { Side::Quote }
}

fn moved(price: u64, bps: i32) -> u64 {
    (i128::from(price) * i128::from(10_000 + bps) / 10_000) as u64
}

fn part_of(amount: u128, part: u32) -> u128 {
    // All of it now and then.
    if part.is_multiple_of(4) { amount } else { mul_div_floor(amount, part.into(), u32::MAX.into()).unwrap() }
}

/// Runs an operation on the vault: what it refused, if it did.
fn run(world: &mut World, op: &Op) -> Result<(), Refusal> {
    let keeper = world.call(KEEPER);
    match *op {
        Op::Hour { answer, move_bps } => {
            world.prices = (moved(world.prices.0, move_bps), USD);
            world.next();
            if world.record().is_ok() {
                while !world.settle()? {}
                let _ = world.raise(Conduct::Costs(10));
                if allowed(world.vault.state(world.chain.model, world.now), Operation::Step) {
                    world.step(answer, Conduct::Costs(10))?;
                } else {
                    world.unwind(Conduct::Costs(10))?;
                }
            }
        }
        Op::Record { after, move_bps } => {
            world.prices.0 = moved(world.prices.0, move_bps).max(1_000);
            world.next();
            world.wait(after);
            let _ = world.record();
        }
        Op::Settle => {
            world.settle()?;
        }
        Op::Step { answer, conduct } if world.chain.history.last().is_some() => {
            world.step(answer, conduct)?;
        }
        Op::Raise { conduct } => {
            world.raise(conduct)?;
        }
        Op::Unwind { conduct } => {
            world.unwind(conduct)?;
        }
        Op::Step { .. } => {}
        Op::Wait(seconds) => world.wait(seconds),
        Op::Quote { base_bps, quote_bps } => {
            world.prices = (moved(world.prices.0, base_bps), moved(USD, quote_bps));
            world.refresh();
        }
        Op::Deposit { user, bits, fraction } => {
            let (account, assets) = (USERS[user], (1u128 << bits) + u128::from(fraction) % (1 << bits));
            world.give(account, assets);
            let call = world.call(account);
            world.vault.request_deposit(&mut world.chain, call, assets, account, account)?;
        }
        Op::Redeem { user, part } => {
            if world.shares(USERS[user]) == 0 {
                let _ = run(world, &Op::Claim { user });
            }
            let (account, shares) = (USERS[user], part_of(world.shares(USERS[user]), part));
            let call = world.call(account);
            world.vault.request_redeem(&mut world.chain, call, shares, account, account)?;
        }
        Op::Claim { user } => {
            let (account, call) = (USERS[user], world.call(USERS[user]));
            for claim in world.vault.deposits().claims(account) {
                world.vault.claim_shares(&mut world.chain, call, claim.epoch, account, account)?;
            }
            for claim in world.vault.redemptions().claims(account) {
                world.vault.claim_assets(&mut world.chain, call, claim.epoch, account, account)?;
            }
        }
        Op::ClaimPart { user, part, by_input } => {
            let (account, call) = (USERS[user], world.call(USERS[user]));
            let input = |claims: &[epochs::Claim]| part_of(claims.iter().map(|claim| claim.input).sum(), part);
            let proceeds = |claims: &[epochs::Claim]| part_of(claims.iter().map(|claim| claim.proceeds).sum(), part);
            let (shares, assets) = (world.vault.deposits().claims(account), world.vault.redemptions().claims(account));
            let chain = &mut world.chain;
            if by_input {
                world.vault.deposit(chain, call, input(&shares), account, account)?;
                world.vault.redeem(chain, call, input(&assets), account, account)?;
            } else {
                world.vault.mint(chain, call, proceeds(&shares), account, account)?;
                world.vault.withdraw(chain, call, proceeds(&assets), account, account)?;
            }
        }
        Op::Reclaim { user, which, redeem } => {
            let (account, call) = (USERS[user], world.call(USERS[user]));
            let queue = if redeem { world.vault.redemptions() } else { world.vault.deposits() };
            if let Some(epoch) = pick(queue, account, which) {
                if redeem {
                    world.vault.reclaim_redeem(&mut world.chain, call, epoch, account, account)?;
                } else {
                    world.vault.reclaim_deposit(&mut world.chain, call, epoch, account, account)?;
                }
            }
        }
        Op::Exit { user, part } => {
            if world.shares(USERS[user]) == 0 {
                let _ = run(world, &Op::Claim { user });
            }
            let (account, shares) = (USERS[user], part_of(world.shares(USERS[user]), part));
            let call = world.call(account);
            world.vault.exit_in_kind(&mut world.chain, call, shares, account, account)?;
        }
        Op::ExitRequest { user, which } => {
            let (account, call) = (USERS[user], world.call(USERS[user]));
            if let Some(epoch) = pick(world.vault.redemptions(), account, which) {
                world.vault.exit_request_in_kind(&mut world.chain, call, epoch, account, account)?;
            }
        }
        Op::Withdraw { user, base } => {
            let call = world.call(USERS[user]);
            world.vault.withdraw_token(&mut world.chain, call, side(base), USERS[user], USERS[user])?;
        }
        Op::Transfer { from, to, part } => {
            let (call, shares) = (world.call(USERS[from]), part_of(world.shares(USERS[from]), part));
            world.vault.transfer(&mut world.chain, call, USERS[to], shares)?;
        }
        Op::Donate { base, bits } => world.chain.ledger.issue(side(base), VAULT, 1 << bits).unwrap(),
        Op::Skim { base } => {
            world.vault.skim(&mut world.chain, keeper, side(base))?;
        }
        Op::Token { base, behaviour } => world.chain.ledger.set_behaviour(side(base), behaviour),
        Op::Model(status) => world.chain.model = status,
        Op::Pause => {
            let call = world.call(world.vault.access().guardian);
            world.vault.pause(&mut world.chain, call)?;
        }
        Op::Unpause => {
            let call = world.call(world.vault.access().guardian);
            world.vault.unpause(&mut world.chain, call)?;
        }
        Op::Limits { max_trade_bps, cooldown_hours, max_drift_bps, max_drawdown_bps, cap_bits } => {
            let call = world.call(world.vault.access().owner);
            let deposit_cap = 1 << cap_bits;
            let limits = Limits {
                max_trade_bps,
                cooldown_hours,
                max_drift_bps,
                max_drawdown_bps,
                deposit_cap,
                ..world.vault.strategy().limits.clone()
            };
            world.vault.propose(&mut world.chain, call, Change::Limits(limits))?;
        }
        Op::Replace { account, adapter } => {
            let call = world.call(world.vault.access().owner);
            let change = if adapter { Change::Adapter(Account(account)) } else { Change::Guardian(Account(account)) };
            world.vault.propose(&mut world.chain, call, change)?;
        }
        Op::Observe => {
            world.observe()?;
        }
        Op::Owner(first) => {
            let (call, to) = (world.call(world.vault.access().owner), OWNERS[usize::from(first)]);
            world.vault.transfer_ownership(&mut world.chain, call, to)?;
            world.vault.accept_ownership(&mut world.chain, Call { caller: to, ..call })?;
        }
        Op::Operator { user, operator, approved } => {
            let call = world.call(USERS[user]);
            world.vault.set_operator(&mut world.chain, call, USERS[operator], approved)?;
        }
        Op::ExitFor { user, owner } => {
            let (call, owner) = (world.call(USERS[user]), USERS[owner]);
            let may = call.caller == owner || world.vault.access().is_operator(owner, call.caller);
            let shares = world.shares(owner) / 3;
            let result = world.vault.exit_in_kind(&mut world.chain, call, shares, owner, owner);
            assert_eq!(matches!(result, Err(Refusal::NotOperator { .. })), !may, "{result:?}");
            result?;
        }
        Op::Apply => {
            let call = world.call(world.vault.access().owner);
            let first = world.vault.access().proposals.keys().next().copied();
            world.vault.apply(&mut world.chain, call, first.unwrap_or(99))?;
        }
    }
    Ok(())
}

/// One of the epochs in which an account has a request.
fn pick(queue: &Queue, account: Account, which: usize) -> Option<u64> {
    let theirs: Vec<u64> =
        queue.epochs().iter().filter(|(_, entry)| entry.requests().contains_key(&account)).map(|(epoch, _)| *epoch).collect();
    (!theirs.is_empty()).then(|| theirs[which % theirs.len()])
}

/// The times of the newest requests, as the test saw them.
type Seen = BTreeMap<(Kind, u64), u64>;

fn check_books(world: &World) {
    let (vault, ledger) = (&world.vault, &world.chain.ledger);
    let books = vault.books();
    for side in [Side::Base, Side::Quote] {
        assert!(ledger.balance(side, VAULT) >= books.needed(side), "the {} balance does not cover the books", side.name());
    }
    assert_eq!(vault.holders().map(|(_, shares)| shares).sum::<u128>(), books.supply, "the supply is the sum of all shares");
    let claimed = |queue: &Queue| -> u128 {
        queue.epochs().values().map(|entry| entry.proceeds - entry.requests().values().map(|request| request.claimed).sum::<u128>()).sum()
    };
    let unfilled = |queue: &Queue| -> u128 { queue.epochs().values().map(epochs::Epoch::unfilled).sum() };
    for queue in [vault.deposits(), vault.redemptions()] {
        let open =
            |hour: u64| queue.epochs().range(..=hour).filter(|(_, entry)| !entry.refunded).map(|(_, entry)| entry.unfilled()).sum::<u128>();
        let hour = world.now / SECONDS;
        assert_eq!(
            (queue.unfilled(hour), queue.unfilled(u64::MAX)),
            (open(hour), open(u64::MAX)),
            "the running total of what is not filled"
        );
        assert!(queue.epochs().range(hour + 1..).count() <= 2, "an hour has at most two younger epochs");
        for account in USERS {
            let theirs: Vec<u64> = queue.epochs_of(account).collect();
            let has = |entry: &epochs::Epoch| entry.claimable(account) > 0 || entry.pending(account) > 0;
            let missing = queue.epochs().iter().find(|(epoch, entry)| has(entry) && !theirs.contains(epoch));
            assert_eq!(missing, None, "an epoch with something for {account:?} is forgotten");
            let live = |epoch: &u64| queue.get(*epoch).unwrap().requests().contains_key(&account);
            assert!(theirs.iter().all(live), "an epoch that {account:?} left is remembered");
        }
    }
    assert_eq!(books.pending, unfilled(vault.deposits()), "pending is what deposits are not filled");
    assert_eq!(books.reserved, claimed(vault.redemptions()), "reserved is what redemptions have not claimed");
    let own = unfilled(vault.redemptions()) + claimed(vault.deposits());
    assert_eq!(vault.shares_of(VAULT), own, "the vault's own shares are escrowed, or filled and not claimed");
    for (queue, name) in [(vault.deposits(), "deposits"), (vault.redemptions(), "redemptions")] {
        for (epoch, entry) in queue.epochs() {
            let of = |part: &dyn Fn(Account) -> u128| entry.requests().keys().map(|account| part(*account)).sum::<u128>();
            let taken: u128 = entry.requests().values().map(|request| request.claimed).sum();
            assert!(of(&|account| entry.claimable(account)) + taken <= entry.proceeds, "claims on {name} of epoch {epoch}");
            assert!(of(&|account| entry.pending(account)) <= entry.unfilled(), "the rest of {name} of epoch {epoch}");
        }
    }
    for (debts, side) in [(&books.owed_base, Side::Base), (&books.owed_quote, Side::Quote)] {
        let all = USERS.iter().chain(&[KEEPER]).chain(&OWNERS).map(|account| debts.to(*account)).sum::<u128>();
        assert_eq!(debts.total, all, "debts in the {} token", side.name());
    }
    assert!(books.managed.base <= MAX_AMOUNT && books.managed.quote <= MAX_AMOUNT && books.supply <= MAX_AMOUNT);
    if let Some(hourly) = vault.opened() {
        assert!(hourly.deposited.abs_diff(hourly.redeemed) <= hourly.cap, "{hourly:?}");
    }
}

/// What so much of both tokens is worth at the prices of now, in a unit that makes it exact: the quote token's smallest unit is
/// `10^(8 + base decimals)` of them.
fn exact(world: &World, base: u128, quote: u128) -> BigUint {
    let price = u128::from(world.prices.0) * u128::from(USD) / u128::from(world.prices.1);
    let pair = &world.vault.strategy().pair;
    let ten = |power: u8| BigUint::from(10u8).pow(power.into());
    BigUint::from(base) * price * ten(pair.quote.decimals) + BigUint::from(quote) * ten(8 + pair.base.decimals)
}

fn news<'a>(before: &World, after: &'a World) -> &'a [Event] {
    &after.vault.events()[before.vault.events().len()..]
}

/// At one price, what an operation leaves for each share does not fall by more than what its trades may cost under the floor, and a
/// keeper's reward. The management fee is on top, and is not more than the time that has passed is worth.
fn check_value(before: &World, after: &World) {
    let (mut fee, mut cost) = (0, BigUint::ZERO);
    for event in news(before, after) {
        match event {
            Event::Transfer { from: None, to: Some(to), shares } if OWNERS.contains(to) => fee += shares,
            Event::Traded { sold, spent, .. } => {
                let worth = match sold {
                    Side::Base => exact(after, *spent, 0),
                    Side::Quote => exact(after, 0, *spent),
                };
                cost += worth * after.vault.strategy().limits.max_slip_bps / 10_000u32 + 1u8;
            }
            Event::Rewarded { amount, .. } => {
                let most = before.vault.keeper_cap;
                assert!(*amount <= most, "a reward of {amount} is more than {most}");
                cost += exact(after, 0, *amount);
            }
            _ => {}
        }
    }
    let seconds = after.vault.accrued_at - before.vault.accrued_at;
    let most = before.vault.strategy().fees.management_shares(before.vault.books().supply, seconds).unwrap();
    assert!(fee <= most, "a fee of {fee} shares for {seconds} s, of which {most} are due");
    let value = |world: &World| {
        let managed = world.vault.books().managed;
        exact(after, managed.base, managed.quote + 1)
    };
    let shares = |world: &World| BigUint::from(world.vault.books().supply + VIRTUAL_SHARES);
    assert!((value(after) + cost) * (shares(before) + fee) >= value(before) * shares(after), "a share is worth less at the same price");
}

/// Nothing is taken back while a price is known at which it may be filled.
fn check_reclaims(before: &World, after: &World) {
    let news = news(before, after);
    if news.iter().any(|event| matches!(event, Event::ExitedInKind { .. })) {
        // Who takes it back to leave in kind is not held to a time.
        return;
    }
    for event in news {
        if let Event::Reclaimed { kind, epoch, .. } = event {
            let refunded = *kind == Kind::Deposit && before.vault.deposits().get(*epoch).unwrap().refunded;
            let halted = *kind == Kind::Deposit && before.vault.halted;
            let history = &before.chain.history;
            let priced = history.last().is_some_and(|last| last.hour.count() >= *epoch);
            let open = priced && before.now <= history.recorded_at() + recorder::WINDOW;
            assert!(refunded || halted || !open, "{kind:?} of epoch {epoch} was taken back at a known price");
        }
    }
}

fn check_events(before: &World, after: &World, seen: &mut Seen) {
    let (mut deposited, mut traded, mut raised) = (false, false, 0);
    for event in news(before, after) {
        match event {
            Event::Requested { kind, epoch, .. } => {
                let time = seen.entry((*kind, *epoch)).or_default();
                *time = (*time).max(after.now);
            }
            Event::Settled { kind, epoch, hour, .. } => {
                assert_eq!(*hour, after.recorded());
                assert!(seen[&(*kind, *epoch)] < after.chain.history.oldest(), "epoch {epoch} was priced by an older observation");
                deposited |= *kind == Kind::Deposit;
            }
            Event::Traded { purpose, sold, spent, received, .. } => {
                traded = true;
                let observation = after.chain.history.last().unwrap();
                let rate = after.vault.strategy().pair.rate(&observation).unwrap();
                let limits = &after.vault.strategy().limits;
                let nav = before.vault.books().nav_floor(&rate).unwrap();
                // An hour's settlement lies between, and changes the NAV by the cap at most.
                // A token that moves nothing lets a sale raise it.
                let nav = nav + after.vault.opened().unwrap().deposited + raised;
                let worth = match sold {
                    Side::Base => rate.value_floor(*spent).unwrap(),
                    Side::Quote => *spent,
                };
                assert!(worth <= share_floor(nav, limits.max_trade_bps.into()).unwrap() + 1, "a trade is larger than the largest");
                let fresh = after.rate();
                let least = match sold {
                    Side::Base => fresh.value_floor(*spent).unwrap(),
                    Side::Quote => fresh.base_floor(*spent).unwrap(),
                };
                assert!(*received >= share_floor(least, 10_000 - u32::from(limits.max_slip_bps)).unwrap(), "a trade is below the floor");
                if *purpose == Purpose::Shortfall {
                    raised += received;
                }
                if *purpose == Purpose::Decision {
                    let managed = after.vault.books().managed;
                    assert_eq!(managed.last_trade, Some(after.recorded()));
                    assert!(managed.turned_over <= share_ceil(nav, limits.max_turnover_bps).unwrap(), "more is turned over than may be");
                }
            }
            _ => {}
        }
    }
    // An adapter may give more than it takes.
    if deposited
        && !traded
        && let Some(observation) = after.chain.history.last()
    {
        let rate = after.vault.strategy().pair.rate(&observation).unwrap();
        let cap = after.vault.strategy().limits.deposit_cap;
        assert!(after.vault.books().nav_floor(&rate).unwrap() <= cap, "deposits led beyond the cap");
    }
}

/// With honest tokens, everybody can fetch what was filled and leave with the rest, whatever the state, without oracle and adapter.
fn check_exits(world: &World) {
    let mut world = world.clone();
    for side in [Side::Base, Side::Quote] {
        world.chain.ledger.set_behaviour(side, Behaviour::Honest);
    }
    world.chain.feed = Feed::default();
    for account in USERS {
        world.claim(account);
        let call = world.call(account);
        let escrowed: Vec<u64> =
            world.vault.redemptions().epochs().iter().filter(|(_, entry)| entry.pending(account) > 0).map(|(epoch, _)| *epoch).collect();
        for epoch in escrowed {
            world.vault.exit_request_in_kind(&mut world.chain, call, epoch, account, account).unwrap();
        }
        if world.shares(account) > 0 {
            let shares = world.shares(account);
            world.vault.exit_in_kind(&mut world.chain, call, shares, account, account).unwrap();
        }
        for side in [Side::Base, Side::Quote] {
            let owed = match side {
                Side::Base => world.vault.books().owed_base.to(account),
                Side::Quote => world.vault.books().owed_quote.to(account),
            };
            if owed > 0 {
                assert_eq!(world.vault.withdraw_token(&mut world.chain, call, side, account, account), Ok(owed));
            }
        }
        assert_eq!(world.shares(account), 0);
    }
    check_books(&world);
}

/// What differs from one vault to the next.
#[derive(Debug, Clone, Copy)]
struct Setup {
    cap_bits: u32,
    max_drawdown_bps: u16,
    max_drift_bps: u16,
    base_decimals: u8,
    quote_decimals: u8,
}

fn setup() -> impl Generator<Value = Setup> {
    let decimals = (prop_oneof![Just(18u8), Just(8), Just(6)], prop_oneof![Just(6u8), Just(8), Just(18)]);
    let limits = (28u32..60, prop_oneof![Just(1_200u16), 100u16..=10_000], prop_oneof![Just(200u16), 1u16..=500]);
    (limits, decimals).prop_map(|((cap_bits, max_drawdown_bps, max_drift_bps), (base_decimals, quote_decimals))| Setup {
        cap_bits,
        max_drawdown_bps,
        max_drift_bps,
        base_decimals,
        quote_decimals,
    })
}

/// A vault that halts sooner.
const SOONER: Setup = Setup { cap_bits: 50, max_drawdown_bps: 1_200, max_drift_bps: 200, base_decimals: 18, quote_decimals: 6 };

fn world(setup: Setup) -> World {
    let mut deployment = deployment();
    let Strategy { limits, pair, backtest, .. } = &mut deployment.strategy;
    (limits.deposit_cap, limits.max_drawdown_bps, limits.max_drift_bps) =
        (1 << setup.cap_bits, setup.max_drawdown_bps, setup.max_drift_bps);
    // So much that quote tokens can be scarcer than an hour's cap.
    limits.max_weight_bps = 10_000;
    deployment.min_nav = deployment.min_nav.min(limits.deposit_cap / 10);
    (pair.base.decimals, pair.quote.decimals, backtest.deposit) = (setup.base_decimals, setup.quote_decimals, 1);
    World::with(deployment)
}

fn check_sequence(setup: Setup, ops: &[Op]) {
    let mut world = world(setup);
    let mut seen = Seen::new();
    for (at, op) in ops.iter().enumerate() {
        let before = world.clone();
        let result = run(&mut world, op);
        // Operations that make several calls keep what the first ones did.
        let single =
            !matches!(op, Op::Hour { .. } | Op::Claim { .. } | Op::ClaimPart { .. } | Op::Redeem { .. } | Op::Exit { .. } | Op::Owner(_));
        if result.is_err() && single {
            assert!(world.vault == before.vault, "the vault changed although it refused: {result:?}");
            if !matches!(op, Op::Deposit { .. }) {
                assert!(world.chain.ledger == before.chain.ledger, "tokens moved although the vault refused: {result:?}");
            }
        }
        check_books(&world);
        check_events(&before, &world, &mut seen);
        check_reclaims(&before, &world);
        // A settlement is held to the price that it was made at.
        let mut at_price = world.clone();
        if matches!(op, Op::Settle)
            && let Some(observation) = world.chain.history.last()
        {
            at_price.prices = (observation.base.units(), observation.quote.units());
        }
        check_value(&before, &at_price);
        if at % 8 == 7 || at + 1 == ops.len() {
            check_exits(&world);
        }
    }
}

#[test]
fn sequences_keep_every_invariant() {
    let mut runner = TestRunner::new(Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() });
    let sequences = (setup(), prop::collection::vec(operation(), 1..120));
    runner
        .run(&sequences, |(setup, ops)| {
            check_sequence(setup, &ops);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Each kind of event and refusal occurs in the sequences, so that they do not pass because nothing happens.
#[test]
fn sequences_reach_everything() {
    let mut runner = TestRunner::deterministic();
    let sequences = prop::collection::vec(operation(), 50..60);
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let ops = sequences.new_tree(&mut runner).unwrap();
        let mut world = world(SOONER);
        for op in ops.current() {
            if let Err(refusal) = run(&mut world, &op) {
                *reached.entry(name(&format!("{refusal:?}"))).or_default() += 1;
            }
        }
        for event in world.vault.events() {
            *reached.entry(name(&format!("{event:?}"))).or_default() += 1;
            if let Event::Traded { purpose, .. } = event {
                *reached.entry(format!("{purpose:?}")).or_default() += 1;
            }
        }
    }
    let expected = [
        "Requested",
        "Claimed",
        "Reclaimed",
        "Settled",
        "Refunded",
        "ExitedInKind",
        "Withdrawn",
        "Skimmed",
        "Decided",
        "Traded",
        "Rewarded",
        "Decision",
        "Shortfall",
        "Unwind",
        "ChangeProposed",
        "ChangeApplied",
        "Paused",
        "Unpaused",
        "Halted",
        "State",
        "Early",
        "Settling",
        "NothingPending",
        "NothingOwed",
        "NothingToSkim",
        "Used",
        "Late",
        "Peg",
        "Drift",
        "Due",
        "Gap",
        "Class",
        "Adapter",
        "Floor",
        "Overspent",
        "Token",
        "Moved",
        "Zero",
        "NothingToSell",
        "NothingToRaise",
        "NotOperator",
        "OperatorSet",
        "OwnershipTransferred",
        "Unfit",
    ];
    let rare: Vec<_> = expected.iter().filter(|name| reached.get(**name).is_none_or(|times| *times < 5)).collect();
    assert!(rare.is_empty(), "hardly reached: {rare:?}; reached: {reached:?}");
}

fn name(debug: &str) -> String {
    debug.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// What an account has in and outside of the vault, at the price of now.
fn wealth(world: &World, account: Account) -> BigUint {
    let vault = &world.vault;
    let escrowed: u128 = vault.redemptions().epochs().values().map(|entry| entry.pending(account)).sum();
    let unclaimed: u128 = vault.deposits().claims(account).iter().map(|claim| claim.proceeds).sum();
    let pending: u128 = vault.deposits().epochs().values().map(|entry| entry.pending(account)).sum();
    let assets: u128 = vault.redemptions().claims(account).iter().map(|claim| claim.proceeds).sum();
    let (books, shares) = (vault.books(), world.shares(account) + escrowed + unclaimed);
    let base = world.base_of(account) + books.owed_base.to(account) + books.part(shares, books.managed.base);
    let quote = world.quote_of(account) + books.owed_quote.to(account) + books.part(shares, books.managed.quote) + pending + assets;
    exact(world, base, quote)
}

/// What somebody may try who wants to profit without a move of the price.
fn round_trip() -> impl Generator<Value = Op> {
    let user = 1..USERS.len();
    prop_oneof![
        6 => Just(Op::Hour { answer: HOLD, move_bps: 0 }),
        5 => (user.clone(), 0u32..42, any::<u32>()).prop_map(|(user, bits, fraction)| Op::Deposit { user, bits, fraction }),
        5 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Redeem { user, part }),
        4 => user.clone().prop_map(|user| Op::Claim { user }),
        2 => (user.clone(), any::<usize>(), any::<bool>()).prop_map(|(user, which, redeem)| Op::Reclaim { user, which, redeem }),
        3 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Exit { user, part }),
        2 => (user.clone(), any::<usize>()).prop_map(|(user, which)| Op::ExitRequest { user, which }),
        2 => (user.clone(), user, any::<u32>()).prop_map(|(from, to, part)| Op::Transfer { from, to, part }),
        1 => prop_oneof![1u64..5_000, 250_000u64..300_000].prop_map(Op::Wait),
        1 => (any::<bool>(), 0u32..60).prop_map(|(base, bits)| Op::Donate { base, bits }),
    ]
}

/// What others than an account paid in an operation for entering and leaving: the fee of each fill, and what sales for redemptions cost.
fn paid_by_others(before: &World, after: &World, account: Account) -> u128 {
    let bps = u128::from(after.vault.strategy().fees.settle_bps);
    let fees: u128 = news(before, after)
        .iter()
        .map(|event| {
            let Event::Settled { kind, epoch, filled, proceeds, .. } = event else { return 0 };
            let (queue, fee) = match kind {
                Kind::Deposit => (after.vault.deposits(), (filled * bps).div_ceil(10_000)),
                // What is paid out is at most the assets less the fee; what sales cost is counted below.
                Kind::Redeem => (after.vault.redemptions(), (proceeds * bps).div_ceil(10_000 - bps) + 1),
            };
            let entry = queue.get(*epoch).unwrap();
            let own = entry.requests().get(&account).map_or(0, |request| request.own);
            mul_div_ceil(fee, entry.total - own, entry.total).unwrap()
        })
        .sum();
    let sales: u128 = news(before, after)
        .iter()
        .map(|event| match event {
            Event::Traded { sold: Side::Base, spent, received, .. } => after.rate().value_ceil(*spent).unwrap() - received,
            _ => 0,
        })
        .sum();
    fees + sales
}

/// What others do around a stranger, in which Mallory is the stranger.
fn around() -> impl Generator<Value = Op> {
    let user = 0..USERS.len();
    prop_oneof![
        8 => Just(Op::Hour { answer: HOLD, move_bps: 0 }),
        6 => (user.clone(), 28u32..40, any::<u32>()).prop_map(|(user, bits, fraction)| Op::Deposit { user, bits, fraction }),
        6 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Redeem { user, part }),
        4 => user.clone().prop_map(|user| Op::Claim { user }),
        1 => (user.clone(), any::<usize>(), any::<bool>()).prop_map(|(user, which, redeem)| Op::Reclaim { user, which, redeem }),
        3 => (user.clone(), any::<u32>()).prop_map(|(user, part)| Op::Exit { user, part }),
        2 => (user, any::<usize>()).prop_map(|(user, which)| Op::ExitRequest { user, which }),
        1 => prop_oneof![1u64..5_000, 250_000u64..300_000].prop_map(Op::Wait),
    ]
}

/// A stranger who enters and leaves around the requests of others gains at most what these paid for them in the meantime.
#[test]
fn a_stranger_gains_at_most_what_others_paid() {
    let mut runner = TestRunner::new(Config { cases: SEQUENCES / 4, failure_persistence: None, ..Config::default() });
    let sequences = (any::<bool>(), prop::collection::vec(around(), 1..40));
    runner
        .run(&sequences, |(invested, ops)| {
            let mut world = World::with(unmanaged());
            // An account that stays, so that the price of a share stays small against what rounding takes.
            world.deposit(KEEPER, 50_000 * USDC);
            world.hour(HOLD);
            world.hour(if invested { BUY } else { HOLD });
            let (mut brought, mut paid) = (BigUint::ZERO, 0);
            for (count, op) in ops.iter().enumerate() {
                if let Op::Deposit { user, bits, fraction } = op
                    && USERS[*user] == MALLORY
                {
                    brought += exact(&world, 0, (1u128 << bits) + u128::from(*fraction) % (1 << bits));
                }
                let before = world.clone();
                let _ = run(&mut world, op);
                paid += paid_by_others(&before, &world, MALLORY);
                // Others' roundings are two units for each operation at most.
                let most = &brought + exact(&world, 0, paid + 2 * (count as u128 + 1));
                let has = wealth(&world, MALLORY);
                prop_assert!(has <= most, "Mallory has {has}, brought {brought}, and others paid {paid}");
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// The bound is not one that nobody comes near: whoever enters before a large redemption and leaves in kind receives a part of its fee.
#[test]
fn a_stranger_receives_a_part_of_a_large_redemptions_fee() {
    let mut world = World::with(unmanaged());
    world.deposit(ALICE, 100_000 * USDC);
    world.deposit(BOB, 900_000 * USDC);
    world.hour(HOLD);
    world.claim(ALICE);
    world.claim(BOB);
    let shares = world.shares(BOB);
    world.redeem(BOB, shares);
    let brought = 100_000 * USDC;
    world.deposit(MALLORY, brought);
    let mut paid = 0;
    while world.vault.redemptions().due(u64::MAX).is_some() {
        let before = world.clone();
        world.hour(HOLD);
        paid += paid_by_others(&before, &world, MALLORY);
    }
    world.claim(MALLORY);
    let (call, shares) = (world.call(MALLORY), world.shares(MALLORY));
    let (base, quote) = world.vault.exit_in_kind(&mut world.chain, call, shares, MALLORY, MALLORY).unwrap();
    assert!(base == 0 && quote > brought && quote - brought <= paid, "{quote}, and Bob paid {paid}");
}

/// Together, three accounts that go in and out at a constant price never have more than they brought, whoever else is in the vault.
#[test]
fn no_round_trip_profits() {
    let mut runner = TestRunner::new(Config { cases: SEQUENCES / 4, failure_persistence: None, ..Config::default() });
    let sequences = (any::<bool>(), prop::collection::vec(round_trip(), 1..40));
    runner
        .run(&sequences, |(invested, ops)| {
            let mut world = World::with(unmanaged());
            world.deposit(ALICE, 50_000 * USDC);
            // Alice's deposit is all that the vault has; in some sequences, half of it is in the base token.
            world.hour(HOLD);
            world.hour(if invested { BUY } else { HOLD });
            let mut brought = BigUint::ZERO;
            let all = |world: &World| USERS[1..].iter().map(|account| wealth(world, *account)).sum::<BigUint>();
            let alice = wealth(&world, ALICE);
            for op in ops {
                if let Op::Deposit { bits, fraction, .. } = op {
                    brought += exact(&world, 0, (1u128 << bits) + u128::from(fraction) % (1 << bits));
                }
                let _ = run(&mut world, &op);
                prop_assert!(all(&world) <= brought, "they have {} and brought {}", all(&world), brought);
                prop_assert!(wealth(&world, ALICE) + exact(&world, 1, 1) >= alice, "Alice lost");
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
