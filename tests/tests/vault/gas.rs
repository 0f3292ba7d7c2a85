//! What an hour of a vault takes, with the registry and RockyBot's network as they are on a chain, and mocks for tokens, pool and feed.

use std::sync::Arc;

use maat_cairo::{CairoPackage, Compiler, limits};
use maat_package::Options;
use maat_runtime::{Executor, Model};
use maat_strategy::file::StrategyFile;
use maat_strategy::history::Observation;
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::{Price, USD};
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::Deployment;
use maat_tests::models::MODELS;
use maat_tests::networks::Random;
use maat_tests::root;
use maat_transpiler::Package;
use starknet_types_core::felt::Felt;

use super::contracts::{BASE, CLASSES, Contracts, Expected, FEED, HISTORY, POOLS, QUOTE, REGISTRY, VAULT, contract, selector, text, wide};
use super::felts::{account, constructor, token};
use super::world::{KEEPER, START, USERS, deployment};
use crate::common;
use crate::common::chain::{Class, Done};

/// Of the limit of a transaction, in basis points: 1.5 %.
const MOST_BPS: u64 = 150;
/// The same without what the account's own code takes, which a receipt has too.
const STEP_BPS: u64 = 130;

/// RockyBot's package, and its strategy with a policy that trades in every hour.
fn rockybot() -> (Package, Strategy) {
    let row = MODELS.iter().find(|row| row.name == "rockybot").unwrap();
    let quantised = row.quantise(&row.network(), &Options::default()).unwrap();
    let package = Package::build(quantised, &Compiler::default(), &mut |_| {}).unwrap();
    let file = std::fs::read_to_string(root().join("examples/rockybot/strategy.toml")).unwrap();
    let commitment = package.manifest.proving.commitment().unwrap();
    let mut strategy = StrategyFile::parse(&file).unwrap().resolve(&package.model, *commitment).unwrap();
    let targets = vec![Target::Weight(10_000); strategy.policy.targets().len()];
    strategy.policy = Policy::new(strategy.policy.output(), Rule::Class, targets).unwrap();
    (strategy.limits.cooldown_hours, strategy.limits.deposit_cap) = (0, 1 << 60);
    (package, strategy)
}

/// A chain on which RockyBot is registered, and a vault of it with deposits.
struct Hours {
    contracts: Contracts,
    random: Random,
    base: u64,
    hour: u64,
}

impl Hours {
    fn new(package: &Package, strategy: &Strategy) -> Self {
        let mut contracts = Contracts::new(START * SECONDS);
        let registry = Compiler::default().contract(&CairoPackage::registry()).unwrap_or_else(|error| panic!("{error}"));
        let [registry, network] = [&registry, &common::cairo(package).contract].map(|contract| Arc::new(Class::new(contract)));
        for class in [&registry, &network] {
            contracts.chain.declare(class.clone());
        }
        let nothing = Expected::Gives(vec![]);
        contracts.deploy(FEED, &CLASSES.feed, &[], &nothing);
        contracts.deploy(HISTORY, &CLASSES.history, &[contract(FEED)], &nothing);
        contracts.deploy(BASE, &CLASSES.token, &token(&strategy.pair.base), &nothing);
        contracts.deploy(QUOTE, &CLASSES.token, &token(&strategy.pair.quote), &nothing);
        contracts.deploy(POOLS[0], &CLASSES.pool, &[contract(BASE), contract(QUOTE)], &nothing);
        contracts.deploy(REGISTRY, &registry, &[Felt::ZERO], &nothing);
        // Name, class, program, timelock, and no metadata; the first model and its first version.
        let registered = [text("rockybot"), network.hash(), Felt::ONE, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO];
        let first = Expected::Gives(vec![Felt::ONE, Felt::ONE]);
        contracts.ask(account(KEEPER), REGISTRY, "register", registered, &first, "register");
        let deployment = Deployment { strategy: strategy.clone(), ..deployment((18, 6)) };
        contracts.deploy_vault(&constructor(&deployment, network.hash()), &nothing);
        Self { contracts, random: Random::new(1), base: 2_000 * USD, hour: START }
    }

    fn call(&mut self, who: Felt, to: u8, function: &str, calldata: &[Felt]) -> Done {
        let done = self.contracts.chain.call(who, contract(to), function, calldata);
        done.unwrap_or_else(|failure| panic!("{function}: {failure:x?}"))
    }

    /// The next hour begins, with another price; gives what its record takes.
    fn next(&mut self) -> u64 {
        self.hour += 1;
        self.contracts.chain.now = self.hour * SECONDS;
        self.base = self.base / 1_000 * (995 + self.random.below(11) as u64);
        let keeper = account(KEEPER);
        self.call(keeper, FEED, "set_answer", &[Felt::TWO, self.base.into(), USD.into()]);
        // 2,000 USDC of 6 decimals for 10^18 smallest units.
        self.call(keeper, POOLS[0], "set_rate", &[self.base.into(), Felt::from(100_000_000_000_000_000_000u128)]);
        self.call(keeper, HISTORY, "record", &[]).gas()
    }
}

/// What the network gives for the prices that a vault sees.
fn decided(model: &Model, strategy: &Strategy, prices: &[(u64, u64)]) -> i32 {
    let price = |units| Price::new(units).unwrap();
    let observation = |(hour, base): &(u64, u64)| Observation { hour: Hour::new(*hour).unwrap(), base: price(*base), quote: price(USD) };
    let window: Vec<Observation> = prices[prices.len() - strategy.features.window()..].iter().map(observation).collect();
    let seen = strategy.features.evaluate(&window);
    let outputs: Vec<i32> = Executor::new(model).run(&[seen.values]).unwrap().concat();
    outputs[strategy.policy.output() as usize]
}

#[test]
fn a_step_takes_at_most_one_and_a_half_percent_of_a_transaction() {
    let (package, strategy) = rockybot();
    let mut hours = Hours::new(&package, &strategy);
    let user = account(USERS[0]);
    let assets = wide(1_000_000_000_000).to_vec();
    hours.call(user, QUOTE, "mint", &[&[user], &assets[..]].concat());
    hours.call(user, QUOTE, "approve", &[&[contract(VAULT)], &assets[..]].concat());
    let mut prices = Vec::new();
    let deposit = hours.call(user, VAULT, "request_deposit", &[&assets[..], &[user, user]].concat()).gas();
    let (mut record, mut settle, mut steps) = (0, 0, Vec::new());
    let mut trades = 0;
    for _ in 0..42 {
        record = record.max(hours.next());
        prices.push((hours.hour, hours.base));
        // Where nothing is due nobody settles, and the step opens the hour.
        if prices.len() < 4 {
            settle = settle.max(hours.call(account(KEEPER), VAULT, "settle", &[]).gas());
        }
        if prices.len() < strategy.features.window() {
            continue;
        }
        let now = hours.hour;
        let done = hours.call(account(KEEPER), VAULT, "step", &[now.into()]);
        steps.push(done.gas());
        let decision = done.events.iter().find(|event| event.keys[0] == selector("Decided")).expect("it decided");
        let class = decided(&package.model, &strategy, &prices);
        assert_eq!(decision.data[0], Felt::from(class));
        assert!(done.events.iter().any(|event| event.from == contract(REGISTRY) && event.keys[0] == selector("Executed")));
        trades += done.events.iter().filter(|event| event.keys[0] == selector("Traded")).count();
    }
    assert!(trades > 2, "{trades} trades");
    // The first one also makes the cells of storage that all others write.
    let (first, step) = (steps[0], steps[1..].iter().copied().max().expect("there are several"));
    for (what, gas, most) in [
        ("deposit", deposit, MOST_BPS),
        ("record", record, MOST_BPS),
        ("settle", settle, MOST_BPS),
        ("step", step, STEP_BPS),
        ("first step", first, STEP_BPS),
    ] {
        println!("{what}: {gas} L2 gas, {} of a transaction's limit", gas as f64 / limits::TRANSACTION_L2_GAS as f64);
        assert!(gas * 10_000 <= limits::TRANSACTION_L2_GAS * most, "{what}: {gas} L2 gas");
    }
}
