//! A vault on the local chain, hour by hour, beside its twin: every decision is the runtime's, and every balance, share and book the twin's.
//! Then what can happen to a vault: the quote token loses its peg, the feed is dead for days, the model is revoked, the price falls.
#![allow(clippy::result_large_err, reason = "a failing test has time for a large error")]

use std::sync::atomic::AtomicBool;

use maat_prover::{ProvingKey, Visibility};
use maat_runtime::{Executor, Model};
use maat_starknet::deploy::DeployOptions;
use maat_starknet::devnet::{Devnet, set_time};
use maat_starknet::vault::{
    DeployedVault, Done, History, KeptVault, MockFeed, Observed, Replay, Token, Vault, VaultEvent, VaultPlan, observe,
};
use maat_starknet::{Account, ChainError, Client, Registry};
use maat_strategy::file::StrategyFile;
use maat_strategy::history::Observation;
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::keeper::{Action, Chain, Failure, Goal, HourEvents, HourReport, Sight, Told, keep};
use maat_strategy::live::{Entry, compare};
use maat_strategy::price::{Price, USD};
use maat_strategy::prices;
use maat_strategy::rate::Rate;
use maat_strategy::record::{Expectations, FeatureVisibility, Job, Proof, Verified, verify};
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::feed::Entry as Quoted;
use maat_strategy::vault::{
    self as twin, Answer, Call, Deployment, Event, Kind, Ledger, ModelStatus, NetworkFailure, Side, State, Swap, hash_of,
};
use maat_tests::root;
use maat_verifier::{Mode, Preset};
use starknet_types_core::felt::Felt;

use crate::starknet::{Example, account, client, devnet, example};

/// Hours that the vault trades.
const HOURS: u64 = if cfg!(feature = "slow") { 500 } else { 24 };
/// The hours before the first decision.
const BEFORE: u64 = 35;
/// Decisions in a proof.
const BATCH: u32 = 1;

const VAULT: twin::Account = twin::Account(0);
const OWNER: twin::Account = twin::Account(1);
const ADAPTER: twin::Account = twin::Account(3);
const INVESTORS: [twin::Account; 2] = [twin::Account(10), twin::Account(11)];

/// RockyBot's strategy with a table for the vault; `change` edits the text.
fn strategy(example: &Example, table: &str, change: impl FnOnce(String) -> String) -> (Strategy, StrategyFile) {
    let text = std::fs::read_to_string(root().join("examples/rockybot/strategy.toml")).unwrap();
    let (rules, _) = text.split_once("\n[vault]").unwrap_or((&text, ""));
    // All at once, so that everybody can leave within hours.
    let rules = rules.replace("max_trade_bps = 2500", "max_trade_bps = 10000");
    assert!(rules.contains("max_trade_bps = 10000"));
    let file = StrategyFile::parse(&format!("{}\n[vault]\n{table}\n", change(rules))).unwrap();
    let commitment = example.package.entries().unwrap().commitment();
    (file.resolve(&example.model, commitment).unwrap(), file)
}

fn deploy(example: &Example, owner: &Account, strategy: &Strategy, file: &StrategyFile) -> DeployedVault {
    let plan = VaultPlan { strategy, table: file.vault.as_ref().unwrap(), package: &example.package };
    plan.deploy(owner, &DeployOptions::default(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// RockyBot's hours, and then those of a story: the price stays, and then it falls.
struct Story {
    prices: Vec<Observation>,
    /// Hours off the peg, one back on it, and the first one after the days in which nothing is recorded.
    off_peg: [Hour; 2],
    back: Hour,
    revived: Hour,
    /// The hours in which the price falls.
    falls: Vec<Hour>,
    /// The last hour.
    end: Hour,
}

fn story() -> Story {
    let text = std::fs::read_to_string(root().join("examples/rockybot/prices.csv")).unwrap();
    let first: Hour = "2022-05-02T14:00:00Z".parse().unwrap();
    let all = prices::parse(&text).unwrap();
    let start = all.iter().position(|observation| observation.hour == first).unwrap();
    let mut prices = all[start..][..(BEFORE + HOURS) as usize].to_vec();
    let last = *prices.last().unwrap();
    let mut next = last.hour;
    let mut add = |base: u64, quote: u64, hours: u64| {
        next = next + hours;
        prices.push(Observation { hour: next, base: Price::new(base).unwrap(), quote: Price::new(quote).unwrap() });
        next
    };
    let base = last.base.units();
    let off_peg = [add(base, USD * 97 / 100, 1), add(base, USD * 97 / 100, 1)];
    let back = add(base, USD, 1);
    let revived = add(base, USD, 75);
    // The first vault is unwound and left in these.
    for _ in 0..14 {
        add(base, USD, 1);
    }
    let mut price = base;
    let falls: Vec<Hour> = (0..3)
        .map(|_| {
            price = price * 77 / 100;
            add(price, USD, 1)
        })
        .collect();
    let mut end = falls[2];
    for _ in 0..16 {
        end = add(price, USD, 1);
    }
    Story { prices, off_peg, back, revived, falls, end }
}

/// The mock pool, for the twin.
struct Pool(Rate);

impl twin::Adapter for Pool {
    fn swap(&mut self, ledger: &mut Ledger, swap: Swap) -> Result<(), twin::AdapterFailure> {
        let fails = |error: twin::ledger::TransferError| twin::AdapterFailure(error.to_string());
        let Swap { vault, adapter, sold, amount, .. } = swap;
        let (bought, worth) = match sold {
            Side::Base => (Side::Quote, self.0.value_floor(amount)),
            Side::Quote => (Side::Base, self.0.base_floor(amount)),
        };
        let worth = worth.ok_or_else(|| twin::AdapterFailure("overflow".to_owned()))?;
        ledger.transfer_from(sold, adapter, vault, adapter, amount).map_err(fails)?;
        ledger.issue(bought, adapter, worth).map_err(fails)?;
        ledger.transfer(bought, adapter, vault, worth).map_err(fails)
    }
}

/// A vault with its twin.
struct Mirror<'a, 'c> {
    kept: KeptVault<'a, 'c>,
    vault: Vault<'c>,
    history: History<'c>,
    client: &'c Client,
    accounts: [Felt; 3],
    tokens: [Token<'c>; 2],
    model: &'a Model,
    twin: twin::Vault,
    world: twin::Chain,
    prices: &'a [Observation],
}

fn runtime(model: &Model, inputs: &[i32]) -> Vec<i32> {
    Executor::run_batch(model, &[vec![inputs.to_vec()]]).unwrap().concat().concat()
}

impl Mirror<'_, '_> {
    fn observation(&self, now: u64) -> Observation {
        let hour = Hour::new(now / SECONDS).unwrap();
        // The mocks keep what they were told last.
        let at = self.prices.partition_point(|observation| observation.hour <= hour);
        self.prices[at.saturating_sub(1)]
    }

    fn refresh(&mut self, now: u64) {
        let Observation { base, quote, .. } = self.observation(now);
        let entries = |price: Price| (1..=3).map(|source| Quoted { source, price: price.units(), timestamp: now }).collect();
        self.world.feed.sources = vec![1, 2, 3];
        (self.world.feed.base, self.world.feed.quote) = (entries(base), entries(quote));
    }

    /// The time that the vault saw in a block. The local chain executes a transaction a moment before it closes its block, so that the vault's own
    /// word counts where it has one.
    fn time(&self, block: u64) -> u64 {
        let accrued = self.vault.snapshot().unwrap().accrued_at;
        if accrued.abs_diff(block) <= 2 { accrued } else { block }
    }

    /// Does to the twin what was done to the vault, at the time of the block.
    fn act_on_twin(&mut self, action: Action, now: u64) -> Result<(), String> {
        self.refresh(now);
        let call = Call { caller: OWNER, now };
        let mut pool = Pool(self.twin.strategy().pair.rate(&self.observation(now)).unwrap());
        let (twin, world, model) = (&mut self.twin, &mut self.world, self.model);
        let output = twin.strategy().policy.output() as usize;
        let mut network = |inputs: &[i32]| -> Result<Answer, NetworkFailure> {
            let outputs = runtime(model, inputs);
            Ok(Answer { value: outputs[output], version: 1, input_hash: hash_of(inputs), output_hash: hash_of(&outputs) })
        };
        let text = |refusal: twin::Refusal| refusal.to_string();
        match action {
            Action::Record => world.history.record(&world.feed, now).map(|_| ()).map_err(|error| error.to_string()),
            Action::Settle => twin.settle(world, call).map(|_| ()).map_err(text),
            Action::Raise => twin.raise(world, call, &mut pool).map(|_| ()).map_err(text),
            Action::Step(hour) => twin.step(world, call, hour, &mut network, &mut pool).map(|_| ()).map_err(text),
            Action::Unwind => twin.unwind(world, call, &mut pool).map(|_| ()).map_err(text),
            Action::Observe => twin.observe(world, call).map(|_| ()).map_err(text),
        }
    }

    /// An investor's call, on both.
    fn both<T>(
        &mut self,
        who: twin::Account,
        on_chain: impl FnOnce(&Vault) -> Result<Done<VaultEvent>, ChainError>,
        on_twin: impl FnOnce(&mut twin::Vault, &mut twin::Chain, Call) -> Result<T, twin::Refusal>,
    ) {
        let done = on_chain(&self.vault).unwrap_or_else(|error| panic!("{error}"));
        let now = self.time(self.client.block_time(done.receipt.block).unwrap());
        self.refresh(now);
        let call = Call { caller: who, now };
        if let Err(refusal) = on_twin(&mut self.twin, &mut self.world, call) {
            panic!("the twin refuses what the vault does: {refusal}");
        }
        self.compare("after an investor's call");
    }

    fn deposit(&mut self, investor: &Account, who: twin::Account, assets: u128) {
        let quote = self.tokens[1];
        self.world.ledger.issue(Side::Quote, who, assets).unwrap();
        self.world.ledger.approve(Side::Quote, who, VAULT, assets);
        let mint = vec![quote.mint(investor.address(), assets)];
        self.both(
            who,
            |vault| vault.request_deposit_after(investor, mint, quote.address(), assets, investor.address()),
            |twin, world, call| twin.request_deposit(world, call, assets, who, who),
        );
    }

    /// All shares of an investor.
    fn redeem(&mut self, investor: &Account, who: twin::Account) -> u64 {
        let shares = self.twin.shares_of(who);
        let mut epoch = 0;
        self.both(
            who,
            |vault| vault.request_redeem(investor, shares, investor.address()),
            |twin, world, call| twin.request_redeem(world, call, shares, who, who).inspect(|found| epoch = *found),
        );
        epoch
    }

    fn claim(&mut self, investor: &Account, who: twin::Account, kind: Kind) {
        let queue = if kind == Kind::Deposit { self.twin.deposits() } else { self.twin.redemptions() };
        let epochs: Vec<u64> = queue.claims(who).iter().map(|claim| claim.epoch).collect();
        assert!(!epochs.is_empty(), "{who:?} has nothing to claim");
        let requests: Vec<(Kind, u64)> = epochs.iter().map(|epoch| (kind, *epoch)).collect();
        self.both(
            who,
            |vault| vault.claim(investor, &requests, investor.address(), investor.address()),
            |twin, world, call| {
                for epoch in epochs {
                    match kind {
                        Kind::Deposit => twin.claim_shares(world, call, epoch, who, who)?,
                        Kind::Redeem => twin.claim_assets(world, call, epoch, who, who)?,
                    };
                }
                Ok(())
            },
        );
    }

    /// Every balance, share and book.
    fn compare(&self, when: &str) {
        let found = self.vault.snapshot().unwrap();
        let twin = &self.twin;
        let books = twin.books();
        assert_eq!(found.books.managed, books.managed, "{when}: managed");
        let (pending, reserved, supply) = (books.pending, books.reserved, books.supply);
        assert_eq!((found.books.pending, found.books.reserved, found.books.supply), (pending, reserved, supply), "{when}: books");
        assert_eq!((found.books.owed_base, found.books.owed_quote), (books.owed_base.total, books.owed_quote.total), "{when}: owed");
        assert_eq!(found.hour, twin.opened(), "{when}: the hour");
        assert_eq!(found.high_water, twin.high_water(), "{when}: high water");
        assert_eq!(found.last_hours.step, twin.last_step(), "{when}: the last step");
        let accounts = [(self.vault.address(), VAULT), (self.accounts[0], OWNER)];
        let accounts = accounts.into_iter().chain(self.accounts[1..].iter().copied().zip(INVESTORS));
        for (address, who) in accounts {
            assert_eq!(self.vault.shares().balance_of(address).unwrap(), twin.shares_of(who), "{when}: shares of {who:?}");
            for (token, side) in self.tokens.iter().zip([Side::Base, Side::Quote]) {
                let expected = self.world.ledger.balance(side, who);
                assert_eq!(token.balance_of(address).unwrap(), expected, "{when}: {} tokens of {who:?}", side.name());
            }
        }
    }

    /// Keeps until an hour, and gives what came of each.
    fn keep_until(&mut self, hour: Hour) -> Vec<HourReport> {
        let mut reports = Vec::new();
        let goal = Goal { hours: None, until: Some(hour) };
        let mut tell = |told: &Told| {
            if let Told::Hour(report) = told {
                reports.push(report.as_ref().clone());
            }
        };
        keep(self, goal, &AtomicBool::new(false), &mut tell).unwrap();
        reports
    }
}

impl Chain for Mirror<'_, '_> {
    fn look(&mut self) -> Result<Sight, Failure> {
        self.kept.look()
    }

    fn act(&mut self, action: Action) -> Result<(), Failure> {
        let result = self.kept.act(action);
        let (_, block) = self.client.last_block().unwrap();
        let now = match action {
            Action::Record if result.is_ok() => self.history.latest().unwrap().unwrap().recorded_at,
            _ => self.time(block),
        };
        match (&result, self.act_on_twin(action, now)) {
            (Ok(()), Ok(())) => self.compare(&format!("{action} at {now}")),
            (Err(Failure::Refused { .. }), Err(_)) => {}
            (found, expected) => panic!("{action} at {now}: the vault {found:?}, its twin {expected:?}"),
        }
        result
    }

    fn events(&mut self, hour: Hour) -> Result<HourEvents, Failure> {
        let events = self.kept.events(hour)?;
        let expected = self.twin.events().iter().rev().find_map(|event| match event {
            Event::Decided { hour: at, class, input_hash, output_hash, chain, weight_before, weight_target, outcome, .. }
                if *at == hour =>
            {
                Some((*class, *input_hash, *output_hash, *chain, *weight_before, *weight_target, *outcome))
            }
            _ => None,
        });
        let found = events
            .decided
            .as_ref()
            .map(|it| (it.class, it.input_hash, it.output_hash, it.chain, it.weight_before, it.weight_target, it.outcome));
        assert_eq!(found, expected, "the decision of {hour}");
        Ok(events)
    }

    fn wait(&mut self, until: u64, stop: &AtomicBool) -> Result<(), Failure> {
        self.kept.wait(until, stop)
    }

    fn rest(&mut self, failures: u32, stop: &AtomicBool) -> Result<(), Failure> {
        self.kept.rest(failures, stop)
    }
}

fn earlier(hour: Hour, hours: u64) -> Hour {
    Hour::new(hour.count() - hours).unwrap()
}

/// Moves on to the start of the next hour.
fn next_hour(devnet: &Devnet, client: &Client) {
    let (_, now) = client.last_block().unwrap();
    set_time(devnet.url(), (now / SECONDS + 1) * SECONDS).unwrap();
}

/// A record of prices, verified.
fn recorded(example: &Example, strategy: &Strategy, seen: &[Observation]) -> Verified {
    let entries = example.package.entries().unwrap().clone();
    let job = Job::new(strategy, &entries, (Preset::Fast, BATCH), FeatureVisibility::Public, seen).unwrap();
    let key = ProvingKey::new(&example.model, entries.clone(), (Preset::Fast, Mode::Plain), BATCH).unwrap();
    let prove = |batch: &[Vec<i32>]| {
        let batch: Vec<Vec<Vec<i32>>> = batch.iter().map(|values| vec![values.clone()]).collect();
        let proved = key.prove(&batch, (Visibility::Public, Visibility::Public), &|_| ())?;
        Ok::<_, maat_prover::ProveError>(Proof { outputs: proved.outputs.concat().concat(), stark: proved.file.stark })
    };
    let made = job.make(None, std::num::NonZeroUsize::MIN, prove, |_| ()).unwrap();
    verify(&made.record.to_bytes().unwrap(), &Expectations::default()).unwrap()
}

#[test]
fn a_vaults_hours_are_its_twins_and_everybody_can_leave_whatever_happens() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let [owner, first, second] = [0, 1, 2].map(|index| account(&devnet, &client, index));
    let rocky = example("rockybot", None);
    let (strategy, file) = strategy(&rocky, "name = \"A\"\nsymbol = \"A\"\nmin_nav = 1000\nkeeper_cap = \"0.5\"", |text| text);
    let (eager, other) =
        self::strategy(&rocky, "name = \"B\"\nsymbol = \"B\"\nmin_nav = 1000\nkeeper_cap = \"0.5\"\nmodel = \"other\"", |text| {
            // It buys whatever the network says.
            let (before, rest) = text.split_once("targets = [").unwrap();
            let (_, after) = rest.split_once(']').unwrap();
            format!("{before}targets = [10000{}]{after}", ", 10000".repeat(11))
        });
    let a = deploy(&rocky, &owner, &strategy, &file);
    let b = deploy(&rocky, &owner, &eager, &other);
    let (vault, bold) = (Vault::at(&client, a.layout.vault), Vault::at(&client, b.layout.vault));
    let parts = vault.parts().unwrap();
    assert_eq!(parts.history, bold.parts().unwrap().history, "they look at the same prices");

    let story = story();
    let (_, now) = client.last_block().unwrap();
    let replay = Replay::new(&story.prices, None, now).unwrap();
    let shift = replay.shift();
    let moved: Vec<Observation> = replay.prices().copied().collect();
    let at = |hour: Hour| hour + shift;
    let deployed = observe(&vault).unwrap().deployed.time;
    let table = file.vault.as_ref().unwrap();
    let decimals = strategy.pair.quote.decimals;
    let deployment = Deployment {
        strategy: strategy.clone(),
        account: VAULT,
        owner: OWNER,
        guardian: OWNER,
        adapter: ADAPTER,
        treasury: OWNER,
        min_nav: table.min_nav(decimals).unwrap(),
        keeper_cap: table.keeper_cap(decimals).unwrap(),
        min_bits: table.min_bits,
    };
    let unit = 10u128.pow(decimals.into());
    let mut mirror = Mirror {
        kept: KeptVault::new(&owner, vault, Some(replay.clone())).unwrap(),
        vault,
        history: History::at(&client, parts.history),
        client: &client,
        accounts: [owner.address(), first.address(), second.address()],
        tokens: [Token::at(&client, parts.base_token), Token::at(&client, parts.quote_token)],
        model: &rocky.model,
        twin: twin::Vault::deploy(deployment, deployed).unwrap(),
        world: twin::Chain::default(),
        prices: &moved,
    };

    // The hours that the network looks back at, without anybody in the vault.
    let start = moved[0].hour;
    let reports = mirror.keep_until(start + (BEFORE - 1));
    assert!(reports.iter().all(|report| report.recorded.is_some() && report.events.decided.is_none()));
    mirror.deposit(&first, INVESTORS[0], 5_000 * unit);
    mirror.deposit(&second, INVESTORS[1], 3_000 * unit);
    let quote = mirror.tokens[1];
    let mint = vec![quote.mint(first.address(), 2_000 * unit)];
    bold.request_deposit_after(&first, mint, quote.address(), 2_000 * unit, first.address()).unwrap();

    // Trading: one investor leaves in part in the midst of it, in kind, and the other one redeems and comes back.
    let half = start + (BEFORE + HOURS / 2 - 1);
    let mut decided = mirror.keep_until(half);
    mirror.claim(&first, INVESTORS[0], Kind::Deposit);
    mirror.claim(&second, INVESTORS[1], Kind::Deposit);
    let part = mirror.twin.shares_of(INVESTORS[0]) / 10;
    mirror.both(
        INVESTORS[0],
        |vault| vault.exit_in_kind(&first, part, first.address()),
        |twin, world, call| twin.exit_in_kind(world, call, part, INVESTORS[0], INVESTORS[0]),
    );
    let traded = start + (BEFORE + HOURS - 1);
    for before in (0..4).rev() {
        decided.extend(mirror.keep_until(earlier(traded, before)));
        // The other vault buys.
        bold.settle(&owner).unwrap();
        bold.step(&owner, earlier(traded, before)).unwrap();
    }
    // A keeper that begins tells of the hour that is not over again.
    decided.dedup_by_key(|report| report.hour);
    assert_eq!(decided.iter().filter(|report| report.events.decided.is_some()).count() as u64, HOURS);
    assert!(decided.iter().any(|report| !report.events.traded.is_empty()), "nothing was traded");
    // The keeper begins in the last hour in which the window is not whole, and says so.
    decided.retain(|report| report.events.decided.is_some());
    assert!(decided.iter().all(|report| report.troubles.is_empty()), "{decided:?}");

    // The record of these hours is the vault's, and a record of other prices is not.
    let seen: Vec<Observation> = moved.iter().copied().filter(|observation| observation.hour <= traded).collect();
    let verified = recorded(&rocky, &strategy, &seen);
    let Observed { on_chain, contracts, .. } = observe(&vault).unwrap();
    assert!(contracts.iter().all(|contract| contract.fits), "{contracts:?}");
    let comparison = compare(&verified, &on_chain).unwrap();
    assert_eq!(comparison.findings, []);
    assert_eq!((comparison.coverage.decisions as u64, comparison.coverage.undecided.len()), (HOURS, 0));
    let mut others = seen.clone();
    let spoilt = others.len() - 3;
    others[spoilt].base = Price::new(others[spoilt].base.units() + USD).unwrap();
    let findings = compare(&recorded(&rocky, &strategy, &others), &on_chain).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.hour == Some(others[spoilt].hour) && finding.field == "base"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.field == "input_hash"), "{findings:?}");

    // Off the peg nothing is settled and nothing decided, and whoever wants to can leave in kind.
    let reports = mirror.keep_until(at(story.off_peg[1]));
    let off: Vec<&HourReport> = reports.iter().filter(|report| report.hour >= at(story.off_peg[0]).count()).collect();
    assert_eq!(off.len(), 2);
    for report in off {
        assert!(report.recorded.is_some() && report.events.decided.is_none() && !report.opened, "{report:?}");
        assert!(report.troubles.iter().all(|trouble| trouble.reason.contains("quote token is off peg")), "{report:?}");
    }
    let part = mirror.twin.shares_of(INVESTORS[1]) / 10;
    mirror.both(
        INVESTORS[1],
        |vault| vault.exit_in_kind(&second, part, second.address()),
        |twin, world, call| twin.exit_in_kind(world, call, part, INVESTORS[1], INVESTORS[1]),
    );
    mirror.keep_until(at(story.back));

    // The feed is dead for three days: nothing is recorded, and what waits can be taken back from 22 hours on.
    let epoch = mirror.redeem(&second, INVESTORS[1]);
    let feed = MockFeed(parts.feed);
    owner.invoke("ending the feed", vec![feed.fail(Felt::from_hex_unchecked("0x64656164"))]).unwrap();
    next_hour(&devnet, &client);
    assert!(History::at(&client, parts.history).record(&owner).unwrap_err().to_string().contains("dead"));
    assert!(vault.settle(&owner).unwrap_err().to_string().contains("dead"));
    set_time(devnet.url(), (epoch + 21) * SECONDS + 1_900).unwrap();
    let reclaim = |vault: &Vault| vault.reclaim(&second, Kind::Redeem, epoch, second.address(), second.address());
    assert!(reclaim(&vault).unwrap_err().to_string().contains("vault: too early"));
    set_time(devnet.url(), (epoch + 72) * SECONDS + 1_900).unwrap();
    mirror.both(INVESTORS[1], reclaim, |twin, world, call| twin.reclaim_redeem(world, call, epoch, INVESTORS[1], INVESTORS[1]));

    // The feed is back, the model is revoked: the vault sells what it has, and everybody leaves.
    let reports = mirror.keep_until(at(story.revived));
    assert!(reports.last().unwrap().recorded.is_some());
    let registry = Registry::at(&client, a.layout.registry);
    registry.revoke(&owner, a.layout.model, a.layout.version).unwrap();
    mirror.world.model = ModelStatus::Revoked;
    assert_eq!(vault.snapshot().unwrap().state, State::Revoked);
    mirror.redeem(&first, INVESTORS[0]);
    mirror.redeem(&second, INVESTORS[1]);
    let reports = mirror.keep_until(earlier(at(story.falls[0]), 1));
    assert!(reports.iter().all(|report| report.troubles.is_empty()), "{reports:?}");
    mirror.claim(&first, INVESTORS[0], Kind::Redeem);
    mirror.claim(&second, INVESTORS[1], Kind::Redeem);
    assert_eq!(INVESTORS.map(|who| mirror.twin.shares_of(who)), [0, 0]);
    assert_eq!(mirror.twin.books().managed.base, 0, "all is sold");
    // The owner's shares for managing are all that is left, and are worth little.
    assert!(mirror.twin.books().managed.quote < 100 * unit, "{:?}", mirror.twin.books());

    // The other vault holds the base token, and the price falls: it halts, sells, and pays who leaves.
    let position = bold.snapshot().unwrap().books.managed;
    assert!(position.base > 0 && position.quote < 1_200 * unit, "{position:?}");
    let requests: Vec<(Kind, u64)> =
        bold.requests_of(Kind::Deposit, first.address()).unwrap().iter().map(|request| (Kind::Deposit, request.epoch)).collect();
    bold.claim(&first, &requests, first.address(), first.address()).unwrap();
    next_hour(&devnet, &client);
    let mut kept = KeptVault::new(&owner, bold, Some(replay)).unwrap();
    let mut keep_bold = |hour: Hour| {
        let goal = Goal { hours: None, until: Some(hour) };
        keep(&mut kept, goal, &AtomicBool::new(false), &mut |_| ()).unwrap();
    };
    keep_bold(at(story.falls[2]));
    let halted = bold.snapshot().unwrap();
    assert_eq!(halted.state, State::Halted, "{halted:?}");
    let shares = bold.shares().balance_of(first.address()).unwrap();
    let before = quote.balance_of(first.address()).unwrap();
    bold.request_redeem(&first, shares, first.address()).unwrap();
    keep_bold(at(story.end));
    assert_eq!(bold.snapshot().unwrap().books.managed.base, 0);
    let filled = bold.requests_of(Kind::Redeem, first.address()).unwrap();
    let requests: Vec<(Kind, u64)> = filled.iter().map(|request| (Kind::Redeem, request.epoch)).collect();
    assert!(filled.iter().all(|request| request.pending == 0), "{filled:?}");
    bold.claim(&first, &requests, first.address(), first.address()).unwrap();
    assert!(quote.balance_of(first.address()).unwrap() > before + 700 * unit);
    let observed = observe(&bold).unwrap();
    assert!(observed.on_chain.log.iter().any(|logged| matches!(logged.entry, Entry::Halted { .. })));
}
