//! Random operations on a vault: everything that can happen to it. Numbers pick among what is possible.

use maat_strategy::hour::Hour;
use maat_strategy::limits::Limits;
use maat_strategy::math::mul_div_floor;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::USD;
use maat_strategy::proven::pack;
use maat_strategy::vault::ledger::Behaviour;
use maat_strategy::vault::{Account, Change, Kind, ModelStatus, Operation, Proven, Queue, Refusal, Shown, Side, State, allowed};
use maat_tests::networks::Random;
use starknet_types_core::felt::Felt;

use super::pool::Conduct;
use super::world::{OTHERS, OWNERS, USERS, World};

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

/// Does something.
pub fn operate(world: &mut World, random: &mut Random) {
    let user = pick(random, &USERS);
    // What comes of it, the world counts.
    let _ = match random.below(100) {
        0..22 => hour(world, random),
        22..25 => record(world, random),
        25..29 => world.settle().map(drop),
        29..34 => step(world, random),
        34..37 => {
            let conduct = conduct(random);
            world.raise(conduct).map(drop)
        }
        37..40 => {
            let conduct = conduct(random);
            world.unwind(conduct).map(drop)
        }
        40..43 => wait(world, random),
        43..45 => quote(world, random),
        45..57 => deposit(world, random, user),
        57..64 => redeem(world, random, user),
        64..70 => claim(world, user),
        70..73 => claim_part(world, random, user),
        73..78 => reclaim(world, random, user),
        78..81 => exit(world, random, user, user),
        81 => {
            let owner = pick(random, &USERS);
            exit(world, random, user, owner)
        }
        82..84 => exit_request(world, random, user),
        84..87 => {
            let of = side(random);
            let owed = if random.below(4) == 0 { pick(random, &USERS) } else { user };
            let to = if random.below(4) == 0 { user } else { owed };
            world.withdraw_token(user, of, owed, to).map(drop)
        }
        87..89 => {
            let to = pick(random, &USERS);
            transfer(world, random, user, to)
        }
        89 => skim(world, random),
        90..92 => token(world, random),
        92 => model(world, random),
        93 => pause(world, random),
        94 => propose(world, random),
        95..97 => apply(world, random),
        97 => world.observe().map(drop),
        98 => owner(world, random),
        _ => operator(world, random, user),
    };
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
    let features = &world.vault.strategy().features;
    match world.chain.history.window(features.window()) {
        Some(window) if random.below(2) == 0 => {
            // Mostly what the network sees, and enough bits.
            let mut seen = features.evaluate(window).values;
            seen[0] += i32::from(random.below(12) == 0);
            let (bits, batch) = (pick(random, &[96, 96, 96, 128, 95]), 1 + u32::from(random.below(16) == 0));
            let inputs = if random.below(16) == 0 { Shown::Hidden } else { Shown::Public(pack(&seen)) };
            let outputs = if random.below(16) == 0 { Shown::Committed(Felt::ONE) } else { Shown::Public(pack(&[answer])) };
            let proven = Proven { version: 1, fact: Felt::TWO, batch, security_bits: bits, inputs, outputs };
            world.step_with_proof(hour, Ok(proven), conduct).map(drop)
        }
        _ => world.step(hour, answer, conduct).map(drop),
    }
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
    world.request_deposit(user, assets, user, owner).map(drop)
}

fn redeem(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    if world.vault.shares_of(user) == 0 {
        let _ = claim(world, user);
    }
    let shares = part_of(random, world.vault.shares_of(user));
    world.request_redeem(user, shares, user, user).map(drop)
}

fn queue(world: &World, of: Kind) -> &Queue {
    if of == Kind::Deposit { world.vault.deposits() } else { world.vault.redemptions() }
}

fn claim(world: &mut World, user: Account) -> Result<(), Refusal> {
    for of in [Kind::Deposit, Kind::Redeem] {
        for epoch in queue(world, of).claims(user).into_iter().map(|claim| claim.epoch).chain([1]) {
            let result = world.claim(user, of, epoch, user, user);
            if epoch != 1 {
                result?;
            }
        }
    }
    Ok(())
}

fn claim_part(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let (of, by_input) = (pick(random, &[Kind::Deposit, Kind::Redeem]), random.below(2) == 0);
    let sum = queue(world, of).claims(user).iter().map(|claim| if by_input { claim.input } else { claim.proceeds }).sum();
    let amount = part_of(random, sum) + u128::from(random.below(10) == 0);
    world.claim_oldest(user, of, by_input, amount, user, user).map(drop)
}

fn reclaim(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let of = pick(random, &[Kind::Deposit, Kind::Redeem]);
    let epoch = epoch(random, queue(world, of), user).unwrap_or(1);
    // Now and then at a time when it is possible.
    if random.below(2) == 0 {
        world.next();
        world.wait(1_799 + random.below(4) as u64 + pick(random, &[0, 0, 1_199]));
    }
    if random.below(2) == 0 {
        world.wait(22 * 3_600);
    }
    world.reclaim(user, of, epoch, user, user).map(drop)
}

fn exit(world: &mut World, random: &mut Random, user: Account, owner: Account) -> Result<(), Refusal> {
    if user == owner && world.vault.shares_of(owner) == 0 {
        let _ = claim(world, owner);
    }
    let shares = part_of(random, world.vault.shares_of(owner)) + u128::from(random.below(12) == 0);
    world.exit_in_kind(user, shares, owner, owner).map(drop)
}

fn exit_request(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let epoch = epoch(random, world.vault.redemptions(), user).unwrap_or(1);
    world.exit_request(user, epoch, user, user).map(drop)
}

fn transfer(world: &mut World, random: &mut Random, from: Account, to: Account) -> Result<(), Refusal> {
    let to = if random.below(10) == 0 { super::world::VAULT } else { to };
    let shares = part_of(random, world.vault.shares_of(from)) + u128::from(random.below(8) == 0);
    world.transfer(from, to, shares)
}

fn skim(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let of = side(random);
    if random.below(2) == 0 {
        world.mint(of, super::world::VAULT, 1 << random.below(80));
    }
    world.skim(of).map(drop)
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
    let paused = world.vault.state(world.chain.model, world.now) == State::Paused;
    // Mostly what is possible.
    if paused == (random.below(5) == 0) { world.pause(who) } else { world.unpause(who) }
}

fn propose(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let proposed = match random.below(7) {
        0 => Change::Adapter(pick(random, &OTHERS)),
        1 => Change::Guardian(pick(random, &OTHERS)),
        2 => Change::Adapter(super::world::VAULT),
        6 => Change::MinBits(random.below(160) as u16),
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
    world.propose(who, proposed).map(drop)
}

fn apply(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let access = world.vault.access();
    let number = access.proposals.keys().next().copied().unwrap_or(99);
    let (owner, guardian) = (access.owner, access.guardian);
    let from = access.proposals.values().next().map_or(world.now, |proposal| proposal.from);
    if random.below(4) > 0 {
        let at = from + pick(random, &[0, 0, 604_799, 604_800]) - u64::from(random.below(8) == 0);
        world.wait(at.saturating_sub(world.now));
    }
    if random.below(4) == 0 {
        let who = pick(random, &[owner, guardian, USERS[0]]);
        world.cancel(who, number)
    } else if random.below(6) == 0 {
        let (who, before) = (pick(random, &[owner, guardian, USERS[0]]), number + random.below(3) as u64);
        world.cancel_before(who, before)
    } else {
        let who = pick(random, &[owner, owner, owner, guardian]);
        world.apply(who, number)
    }
}

fn owner(world: &mut World, random: &mut Random) -> Result<(), Refusal> {
    let (owner, to) = (world.vault.access().owner, pick(random, &OWNERS));
    let offering = if random.below(6) == 0 { USERS[0] } else { owner };
    world.transfer_ownership(offering, to)?;
    let accepting = if random.below(6) == 0 { USERS[0] } else { to };
    world.accept_ownership(accepting)
}

fn operator(world: &mut World, random: &mut Random, user: Account) -> Result<(), Refusal> {
    let (operator, approved) = (pick(random, &USERS), random.below(3) > 0);
    world.set_operator(user, operator, approved)
}
