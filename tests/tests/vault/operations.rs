//! Random operations on a vault: everything that can happen to it. Numbers pick among what is possible.

use maat_strategy::hour::Hour;
use maat_strategy::limits::Limits;
use maat_strategy::math::mul_div_floor;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::USD;
use maat_strategy::vault::ledger::Behaviour;
use maat_strategy::vault::{Account, Chain, Change, Kind, ModelStatus, Operation, Queue, Refusal, Side, Vault, allowed};
use maat_tests::networks::Random;
use starknet_types_core::felt::Felt;

use super::contracts::wide;
use super::world::{Conduct, KEEPER, OTHERS, OWNERS, USERS, World, account, change};

fn moved(price: u64, bps: i64) -> u64 {
    (i128::from(price) * i128::from(10_000 + bps) / 10_000).max(1_000) as u64
}

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())]
}

fn between(random: &mut Random, lo: i64, hi: i64) -> i64 {
    lo + random.below((hi - lo) as usize) as i64
}

/// A part of an amount; all of it now and then.
fn part_of(random: &mut Random, amount: u128) -> u128 {
    let part = random.bits() as u32;
    if part.is_multiple_of(4) { amount } else { mul_div_floor(amount, part.into(), u32::MAX.into()).unwrap() }
}

fn conduct(random: &mut Random) -> Conduct {
    match random.below(12) {
        0 => Conduct::Fails,
        1 => Conduct::Steals,
        2 => Conduct::ShortByOne,
        3 => Conduct::Grabs,
        4 => Conduct::Generous,
        5 => Conduct::Idle,
        _ => Conduct::Costs(random.below(120) as u16),
    }
}

fn side(random: &mut Random) -> Side {
    pick(random, &[Side::Base, Side::Quote])
}

/// One of the epochs in which an account has a request.
fn epoch(random: &mut Random, queue: &Queue, who: Account) -> Option<u64> {
    let theirs: Vec<u64> =
        queue.epochs().iter().filter(|(_, entry)| entry.requests().contains_key(&who)).map(|(epoch, _)| *epoch).collect();
    (!theirs.is_empty()).then(|| pick(random, &theirs))
}

/// Does something, and names what came of it: the operation, and its refusal if there is one.
pub fn operate(world: &mut World, random: &mut Random) -> (&'static str, Option<Refusal>) {
    let user = pick(random, &USERS);
    let (name, result) = match random.below(100) {
        0..22 => ("hour", hour(world, random)),
        22..25 => ("record", record(world, random)),
        25..29 => ("settle", world.settle().map(drop)),
        29..34 => ("step", step(world, random)),
        34..37 => ("raise", {
            let conduct = conduct(random);
            world.raise(conduct).map(drop)
        }),
        37..40 => ("unwind", {
            let conduct = conduct(random);
            world.unwind(conduct).map(drop)
        }),
        40..43 => ("wait", wait(world, random)),
        43..45 => ("quote", quote(world, random)),
        45..57 => ("deposit", deposit(world, random, user)),
        57..64 => ("redeem", redeem(world, random, user)),
        64..70 => ("claim", claim(world, user)),
        70..73 => ("claim a part", claim_part(world, random, user)),
        73..78 => ("reclaim", reclaim(world, random, user)),
        78..81 => ("exit", exit(world, random, user, user)),
        81 => ("exit for", {
            let owner = pick(random, &USERS);
            exit(world, random, user, owner)
        }),
        82..84 => ("exit a request", exit_request(world, random, user)),
        84..87 => ("withdraw a token", {
            let of = side(random);
            withdraw(world, user, of)
        }),
        87..89 => ("transfer", {
            let to = pick(random, &USERS);
            transfer(world, random, user, to)
        }),
        89 => ("skim", skim(world, random)),
        90..92 => ("token", token(world, random)),
        92 => ("model", model(world, random)),
        93 => ("pause", pause(world, random)),
        94 => ("propose", propose(world, random)),
        95..97 => ("apply", apply(world, random)),
        97 => ("observe", observe(world)),
        98 => ("owner", owner(world, random)),
        _ => ("operator", operator(world, random, user)),
    };
    (name, result.err())
}

/// The next hour as it should go.
fn hour(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    world.prices = (moved(world.prices.0, between(random, -800, 800)), USD);
    world.next();
    if !world.record() {
        return Ok(());
    }
    while !world.settle()? {}
    let _ = world.raise(Conduct::Costs(10));
    if allowed(world.vault.state(world.chain.model, world.now), Operation::Step) {
        let hour = world.chain.history.last().unwrap().hour;
        world.step(hour, random.below(3) as i32, Conduct::Costs(10)).map(drop)
    } else {
        world.unwind(Conduct::Costs(10)).map(drop)
    }
}

/// The next hour is recorded after some seconds of it, and nothing else.
fn record(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    world.prices.0 = moved(world.prices.0, between(random, -3_000, 3_000));
    world.next();
    world.wait(random.below(1_000) as u64);
    world.record();
    Ok(())
}

fn step(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let recorded = world.chain.history.last().map_or(1, |last| last.hour.count());
    let hour = Hour::new(recorded + pick(random, &[0, 0, 0, 1])).unwrap();
    let (answer, conduct) = (between(random, -1, 4) as i32, conduct(random));
    world.step(hour, answer, conduct).map(drop)
}

fn wait(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let most = pick(random, &[1_000, 20_000, 400_000]);
    world.wait(1 + random.below(most) as u64);
    Ok(())
}

fn quote(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    world.dead = random.below(4) == 0;
    world.prices = (moved(world.prices.0, between(random, -300, 300)), moved(USD, between(random, -250, 250)));
    world.refresh();
    Ok(())
}

fn deposit(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let bits = if random.below(5) == 0 { random.below(60) } else { 28 + random.below(16) };
    let assets = (1u128 << bits) + u128::from(random.bits() as u32) % (1 << bits);
    world.give(user, assets);
    let owner = if random.below(20) == 0 { pick(random, &USERS) } else { user };
    let calldata = [wide(assets).to_vec(), vec![account(user), account(owner)]].concat();
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.request_deposit(chain, call, assets, user, owner);
    world.call(user, "request_deposit", calldata, twin, |epoch| vec![(*epoch).into(), Felt::ZERO]).map(drop)
}

fn redeem(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    if world.vault.shares_of(user) == 0 {
        let _ = claim(world, user);
    }
    let shares = part_of(random, world.vault.shares_of(user));
    let calldata = [wide(shares).to_vec(), vec![account(user), account(user)]].concat();
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.request_redeem(chain, call, shares, user, user);
    world.call(user, "request_redeem", calldata, twin, |epoch| vec![(*epoch).into(), Felt::ZERO]).map(drop)
}

fn claim(world: &mut World, user: Account) -> Result<(), Refusal> {
    for of in [Kind::Deposit, Kind::Redeem] {
        let queue = if of == Kind::Deposit { world.vault.deposits() } else { world.vault.redemptions() };
        for epoch in queue.claims(user).into_iter().map(|claim| claim.epoch).chain([1]) {
            let calldata = vec![epoch.into(), account(user), account(user)];
            let result = world.call(
                user,
                if of == Kind::Deposit { "claim_shares" } else { "claim_assets" },
                calldata,
                |vault, chain, call| match of {
                    Kind::Deposit => vault.claim_shares(chain, call, epoch, user, user),
                    Kind::Redeem => vault.claim_assets(chain, call, epoch, user, user),
                },
                |amount| wide(*amount).to_vec(),
            );
            if epoch != 1 {
                result?;
            }
        }
    }
    Ok(())
}

fn claim_part(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let (of, by_input) = (pick(random, &[Kind::Deposit, Kind::Redeem]), random.below(2) == 0);
    let queue = if of == Kind::Deposit { world.vault.deposits() } else { world.vault.redemptions() };
    let sum = queue.claims(user).iter().map(|claim| if by_input { claim.input } else { claim.proceeds }).sum();
    let amount = part_of(random, sum) + u128::from(random.below(10) == 0);
    let function = match (of, by_input) {
        (Kind::Deposit, true) => "deposit",
        (Kind::Deposit, false) => "mint",
        (Kind::Redeem, true) => "redeem",
        (Kind::Redeem, false) => "withdraw",
    };
    let calldata = [wide(amount).to_vec(), vec![account(user), account(user)]].concat();
    let twin = |vault: &mut Vault, chain: &mut Chain, call| match (of, by_input) {
        (Kind::Deposit, true) => vault.deposit(chain, call, amount, user, user),
        (Kind::Deposit, false) => vault.mint(chain, call, amount, user, user),
        (Kind::Redeem, true) => vault.redeem(chain, call, amount, user, user),
        (Kind::Redeem, false) => vault.withdraw(chain, call, amount, user, user),
    };
    world.call(user, function, calldata, twin, |amount| wide(*amount).to_vec()).map(drop)
}

fn reclaim(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let of = pick(random, &[Kind::Deposit, Kind::Redeem]);
    let queue = if of == Kind::Deposit { world.vault.deposits() } else { world.vault.redemptions() };
    let epoch = epoch(random, queue, user).unwrap_or(1);
    // Now and then at a time when it is possible.
    if random.below(2) == 0 {
        world.next();
        world.wait(1_799 + random.below(4) as u64 + pick(random, &[0, 0, 1_199]));
    }
    if random.below(2) == 0 {
        world.wait(72 * 3_600);
    }
    let function = if of == Kind::Deposit { "reclaim_deposit" } else { "reclaim_redeem" };
    let twin = |vault: &mut Vault, chain: &mut Chain, call| match of {
        Kind::Deposit => vault.reclaim_deposit(chain, call, epoch, user, user),
        Kind::Redeem => vault.reclaim_redeem(chain, call, epoch, user, user),
    };
    world.call(user, function, vec![epoch.into(), account(user), account(user)], twin, |amount| wide(*amount).to_vec()).map(drop)
}

fn both(amounts: &(u128, u128)) -> Vec<Felt> {
    [wide(amounts.0), wide(amounts.1)].concat()
}

fn exit(world: &mut World, random: &mut Random, user: Account, owner: Account) -> Result<(), Refusal> {
    if user == owner && world.vault.shares_of(owner) == 0 {
        let _ = claim(world, owner);
    }
    let shares = part_of(random, world.vault.shares_of(owner)) + u128::from(random.below(12) == 0);
    let calldata = [wide(shares).to_vec(), vec![account(owner), account(owner)]].concat();
    world.call(user, "exit_in_kind", calldata, |vault, chain, call| vault.exit_in_kind(chain, call, shares, owner, owner), both).map(drop)
}

fn exit_request(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let epoch = epoch(random, world.vault.redemptions(), user).unwrap_or(1);
    let calldata = vec![epoch.into(), account(user), account(user)];
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.exit_request_in_kind(chain, call, epoch, user, user);
    world.call(user, "exit_request_in_kind", calldata, twin, both).map(drop)
}

fn withdraw(world: &mut World, user: Account, of: Side) -> Result<(), Refusal> {
    let calldata = vec![Felt::from(u8::from(of == Side::Quote)), account(user)];
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.withdraw_token(chain, call, of, user);
    world.call(user, "withdraw_token", calldata, twin, |amount| wide(*amount).to_vec()).map(drop)
}

fn transfer(world: &mut World, random: &mut Random, from: Account, to: Account) -> Result<(), Refusal> {
    let to = if random.below(10) == 0 { super::world::VAULT } else { to };
    let shares = part_of(random, world.vault.shares_of(from)) + u128::from(random.below(8) == 0);
    let calldata = [vec![account(to)], wide(shares).to_vec()].concat();
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.transfer(chain, call, to, shares);
    world.call(from, "transfer", calldata, twin, |()| vec![Felt::ONE])
}

fn skim(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let of = side(random);
    if random.below(2) == 0 {
        world.mint(of, super::world::VAULT, 1 << random.below(80));
    }
    let calldata = vec![Felt::from(u8::from(of == Side::Quote))];
    world.call(KEEPER, "skim", calldata, |vault, chain, call| vault.skim(chain, call, of), |amount| wide(*amount).to_vec()).map(drop)
}

fn token(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let behaviour = match random.below(10) {
        0 => Behaviour::Paused,
        1 => Behaviour::Silent,
        2 => Behaviour::TakesFee(1 + random.below(500) as u16),
        3 => Behaviour::Surcharges(1 + random.below(500) as u16),
        _ => Behaviour::Honest,
    };
    world.tell_token(side(random), behaviour);
    Ok(())
}

fn model(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    use ModelStatus::{Deprecated, Listed, Revoked};
    world.tell_model(pick(random, &[Listed, Listed, Listed, Listed, Deprecated, Revoked]));
    Ok(())
}

fn pause(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let who = pick(random, &[world.vault.access().guardian, world.vault.access().guardian, USERS[0]]);
    if random.below(2) == 0 {
        world.call(who, "pause", vec![], |vault, chain, call| vault.pause(chain, call), |()| vec![])
    } else {
        world.call(who, "unpause", vec![], |vault, chain, call| vault.unpause(chain, call), |()| vec![])
    }
}

fn propose(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let proposed = match random.below(6) {
        0 => Change::Adapter(pick(random, &OTHERS)),
        1 => Change::Guardian(pick(random, &OTHERS)),
        2 => Change::Adapter(super::world::VAULT),
        3 => {
            let targets = vec![Target::Weight(random.below(10_001) as u16), Target::Hold, Target::Weight(random.below(10_001) as u16)];
            let rule = if random.below(2) == 0 { Rule::Class } else { Rule::Edges(vec![0, 2]) };
            Change::Policy(Policy::new(random.below(2) as u32, rule, targets).unwrap())
        }
        _ => Change::Limits(Limits {
            max_trade_bps: between(random, 90, 10_001) as u16,
            cooldown_hours: random.below(5) as u32,
            max_drift_bps: between(random, 0, 501) as u16,
            max_drawdown_bps: between(random, 100, 10_001) as u16,
            deposit_cap: 1 << between(random, 20, 60),
            ..world.vault.strategy().limits.clone()
        }),
    };
    let who = if random.below(8) == 0 { USERS[0] } else { world.vault.access().owner };
    let calldata = change(&proposed);
    // The contract counts from 1, and keeps the first policy at 0.
    world
        .call(who, "propose", calldata, |vault, chain, call| vault.propose(chain, call, proposed), |number| vec![(number + 1).into()])
        .map(drop)
}

fn apply(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let access = world.vault.access();
    let number = access.proposals.keys().next().copied().unwrap_or(99);
    let (owner, guardian) = (access.owner, access.guardian);
    if random.below(2) == 0 {
        world.wait(pick(random, &[86_399, 86_400, 691_200]));
    }
    if random.below(4) == 0 {
        let who = pick(random, &[owner, guardian, USERS[0]]);
        world.call(who, "cancel", vec![(number + 1).into()], |vault, chain, call| vault.cancel(chain, call, number), |()| vec![])
    } else {
        let who = pick(random, &[owner, owner, owner, guardian]);
        world.call(who, "apply", vec![(number + 1).into()], |vault, chain, call| vault.apply(chain, call, number), |()| vec![])
    }
}

fn observe(world: &mut World) -> Result<(), Refusal> {
    let felts = |hourly: &maat_strategy::vault::settlement::Hourly| {
        vec![hourly.hour.count().into(), hourly.cap.into(), hourly.deposited.into(), hourly.redeemed.into(), hourly.swept.into()]
    };
    world.call(KEEPER, "observe", vec![], |vault, chain, call| vault.observe(chain, call), felts).map(drop)
}

fn owner(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let (owner, to) = (world.vault.access().owner, pick(random, &OWNERS));
    let offering = if random.below(6) == 0 { USERS[0] } else { owner };
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.transfer_ownership(chain, call, to);
    world.call(offering, "transfer_ownership", vec![account(to)], twin, |()| vec![])?;
    let accepting = if random.below(6) == 0 { USERS[0] } else { to };
    world.call(accepting, "accept_ownership", vec![], |vault, chain, call| vault.accept_ownership(chain, call), |()| vec![])
}

fn operator(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let (operator, approved) = (pick(random, &USERS), random.below(3) > 0);
    let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.set_operator(chain, call, operator, approved);
    world.call(user, "set_operator", vec![account(operator), approved.into()], twin, |()| vec![Felt::ONE])
}
