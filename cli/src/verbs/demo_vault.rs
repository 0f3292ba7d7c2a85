//! The end of `maat demo --starknet`: RockyBot's vault trades for 48 hours on the local chain, everybody leaves, and the record of these
//! hours is proven and held against the chain.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use maat_package::PackageFolder;
use maat_prover::ProvingKey;
use maat_starknet::deploy::DeployOptions;
use maat_starknet::devnet::Devnet;
use maat_starknet::key::Credentials;
use maat_starknet::vault::{KeptVault, Replay, Snapshot, Token, Vault, VaultPlan};
use maat_starknet::{Account, Client};
use maat_strategy::file::StrategyFile;
use maat_strategy::history::Observation;
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::keeper::{Chain, Goal, HourReport, Told, keep};
use maat_strategy::prices;
use maat_strategy::record::{Expectations, FeatureVisibility, Job, Named, Verified, verify};
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::{Kind, Side};
use maat_verifier::{Mode, Preset};
use serde_json::{Value, json};

use super::strategy::against::{Against, against};
use super::strategy::prove::prove;
use super::vault::target::Units;
use super::vault::told::{bps, outcome};
use crate::response::{fields, grouped, table};

/// RockyBot's strategy.
const STRATEGY: &str = include_str!("../../../examples/rockybot/strategy.toml");
/// The hours before the first one that the network was not trained on, as many as it looks at, then 48, and some in which everybody leaves.
const PRICES: &str = include_str!("../../../examples/rockybot/demo.csv");
/// How long it trades.
const HOURS: u64 = 48;
/// Decisions in a proof: all of them.
pub const BATCH: u32 = 64;
/// How long they wait until they are paid; what is left then is taken in kind. A sale for redemptions is at most a quarter of the value, so
/// that the last tenth would take days.
const PATIENCE: usize = 10;
/// What the two investors put in, in so many times the least value of a vault.
const DEPOSITS: [u128; 2] = [5, 3];

/// What happened.
pub struct DemoVault {
    units: Units,
    /// Each hour of trading.
    hours: Vec<HourReport>,
    /// By how many hours the prices were moved.
    shift: u64,
    /// What the investors put in, in the quote token, and what they got out.
    investors: Vec<(u128, Paid)>,
    /// What the owner got for the management fee: base and quote tokens.
    owner: (u128, u128),
    /// What keepers got.
    rewards: u128,
    /// What is left in the books.
    left: Snapshot,
    record: RecordOfHours,
    took: Duration,
}

struct RecordOfHours {
    verified: Verified,
    bytes: usize,
    proving: Duration,
    against: Against,
}

/// Where all of it happens.
struct Scene<'a, 'c> {
    client: &'c Client,
    /// The owner, who also keeps.
    owner: &'a Account<'c>,
    investors: Vec<Account<'c>>,
    vault: Vault<'c>,
    base: Token<'c>,
    quote: Token<'c>,
}

/// Lets RockyBot's vault trade on a local chain where the model is registered. The package has proofs of [`BATCH`] inferences.
pub fn trade<'c>(
    devnet: &Devnet,
    client: &'c Client,
    owner: &Account<'c>,
    package: &PackageFolder,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<DemoVault> {
    let started = Instant::now();
    let (strategy, vault) = deployed(owner, package, progress)?;
    let parts = vault.parts()?;
    let accounts = devnet.accounts()?;
    let investor = |index: usize| {
        let (address, key) = *accounts.get(index).context("the local chain has too few accounts")?;
        Ok(Account::new(client, Credentials::new(address, key), None)?)
    };
    let investors = (1..=DEPOSITS.len()).map(investor).collect::<anyhow::Result<Vec<_>>>()?;
    let [base, quote] = [parts.base_token, parts.quote_token].map(|token| Token::at(client, token));
    let scene = Scene { client, owner, investors, vault, base, quote };
    let units = Units::read(&scene.vault, &parts)?;

    let prices = prices::parse(PRICES)?;
    let (_, now) = client.last_block()?;
    let replay = Replay::new(&prices, None, now)?;
    let (shift, moved): (u64, Vec<Observation>) = (replay.shift(), replay.prices().copied().collect());
    let mut chain = KeptVault::new(owner, scene.vault, Some(replay))?;

    progress("recording the hours that the network looks back at");
    let before = strategy.features.window() as u64 - 1;
    kept(&mut chain, before, &mut |_| ())?;
    let given = scene.deposit(parts.min_nav)?;
    scene.next_hour(&mut chain)?;
    let mut hour = 0;
    let hours = kept(&mut chain, HOURS, &mut |_| {
        hour += 1;
        progress(&format!("keeping the vault: hour {hour} of {HOURS}"));
    })?;

    progress("everybody leaves");
    let leaving = scene.leave(&mut chain)?;
    let left = scene.vault.snapshot()?;

    progress("proving the record of these hours");
    let last = chain_end(&hours, &leaving.hours)?;
    let seen: Vec<Observation> = moved.into_iter().take_while(|observation| observation.hour <= last).collect();
    let record = record(&strategy, package, &seen, &scene)?;
    if !record.against.holds() {
        bail!("a bug of Maat: {}", record.against.verdict());
    }
    let Leaving { paid, owner, rewards, .. } = leaving;
    let investors = given.into_iter().zip(paid).collect();
    Ok(DemoVault { units, hours, shift, investors, owner, rewards, left, record, took: started.elapsed() })
}

fn deployed<'c>(owner: &Account<'c>, package: &PackageFolder, progress: &mut dyn FnMut(&str)) -> anyhow::Result<(Strategy, Vault<'c>)> {
    let file = StrategyFile::parse(STRATEGY)?;
    let strategy = file.resolve(&package.model()?, package.entries()?.commitment())?;
    let table = file.vault.context("RockyBot's strategy has a table for its vault")?;
    let plan = VaultPlan { strategy: &strategy, table: &table, package };
    let deployed = plan.deploy(owner, &DeployOptions::default(), progress)?;
    let vault = Vault::at(owner.client(), deployed.layout.vault);
    Ok((strategy, vault))
}

/// Keeps so many hours, and gives what came of each.
fn kept(chain: &mut KeptVault, hours: u64, visit: &mut dyn FnMut(&HourReport)) -> anyhow::Result<Vec<HourReport>> {
    let mut reports = Vec::new();
    let mut tell = |told: &Told| {
        if let Told::Hour(report) = told {
            visit(report);
            reports.push(report.as_ref().clone());
        }
    };
    let goal = Goal { hours: Some(hours), until: None };
    keep(chain, goal, &AtomicBool::new(false), &mut tell).map_err(|reason| anyhow!("the keeper ends: {reason}"))?;
    Ok(reports)
}

fn chain_end(hours: &[HourReport], leaving: &[HourReport]) -> anyhow::Result<Hour> {
    let recorded = hours.iter().chain(leaving).rev().find_map(|report| report.recorded);
    recorded.map(|recorded| recorded.observation.hour).context("no hour was recorded")
}

/// What an investor got.
#[derive(Clone, Copy)]
struct Paid {
    base: u128,
    quote: u128,
}

/// What became of those who left.
struct Leaving {
    hours: Vec<HourReport>,
    paid: Vec<Paid>,
    owner: (u128, u128),
    rewards: u128,
}

impl Scene<'_, '_> {
    /// Gives the investors test tokens, all of which they deposit.
    fn deposit(&self, min_nav: u128) -> anyhow::Result<Vec<u128>> {
        let mut given = Vec::new();
        for (investor, times) in self.investors.iter().zip(DEPOSITS) {
            let assets = min_nav.saturating_mul(times);
            let mint = vec![self.quote.mint(investor.address(), assets)];
            self.vault.request_deposit_after(investor, mint, self.quote.address(), assets, investor.address())?;
            given.push(assets);
        }
        Ok(given)
    }

    /// Moves on to the next hour: a keeper that begins would tell of the one that is over again.
    fn next_hour(&self, chain: &mut KeptVault) -> anyhow::Result<()> {
        let (_, now) = self.client.last_block()?;
        let next = (now / SECONDS + 1) * SECONDS;
        match chain.wait(next, &AtomicBool::new(false)) {
            Ok(()) => Ok(()),
            Err(failure) => bail!("the chain's clock cannot be moved on: {failure:?}"),
        }
    }

    /// Fetches what an account is owed: base and quote tokens.
    fn withdraw(&self, account: &Account) -> anyhow::Result<(u128, u128)> {
        let address = account.address();
        let (base, quote) = (self.vault.owed(Side::Base, address)?, self.vault.owed(Side::Quote, address)?);
        let sides: Vec<Side> = [(Side::Base, base), (Side::Quote, quote)].into_iter().filter(|it| it.1 > 0).map(|it| it.0).collect();
        if !sides.is_empty() {
            self.vault.withdraw(account, &sides, address, address)?;
        }
        Ok((base, quote))
    }

    fn claim(&self, account: &Account, kind: Kind) -> anyhow::Result<()> {
        let filled = self.vault.requests_of(kind, account.address())?.into_iter().filter(|request| request.claim.proceeds > 0);
        let requests: Vec<(Kind, u64)> = filled.map(|request| (kind, request.epoch)).collect();
        if !requests.is_empty() {
            self.vault.claim(account, &requests, account.address(), account.address())?;
        }
        Ok(())
    }

    /// The investors redeem all shares, and are paid as fast as an hour's cap and its sales let them, and the rest in kind; then the owner leaves
    /// in kind too, and takes rewards.
    fn leave(&self, chain: &mut KeptVault) -> anyhow::Result<Leaving> {
        for investor in &self.investors {
            self.claim(investor, Kind::Deposit)?;
            let shares = self.vault.shares().balance_of(investor.address())?;
            self.vault.request_redeem(investor, shares, investor.address())?;
        }
        let mut hours = Vec::new();
        while self.vault.snapshot()?.queues.unfilled_redemptions > 0 && hours.len() < PATIENCE {
            self.next_hour(chain)?;
            hours.extend(kept(chain, 1, &mut |_| ())?);
        }
        let mut paid = Vec::new();
        for investor in &self.investors {
            self.claim(investor, Kind::Redeem)?;
            let address = investor.address();
            for request in self.vault.requests_of(Kind::Redeem, address)?.into_iter().filter(|request| request.pending > 0) {
                self.vault.exit_request_in_kind(investor, request.epoch, address, address)?;
            }
            self.withdraw(investor)?;
            paid.push(Paid { base: self.base.balance_of(address)?, quote: self.quote.balance_of(address)? });
        }

        let owner = self.owner.address();
        let rewards = self.vault.owed(Side::Quote, owner)?;
        let shares = self.vault.shares().balance_of(owner)?;
        if shares > 0 {
            self.vault.exit_in_kind(self.owner, shares, owner)?;
        }
        let (base, quote) = self.withdraw(self.owner)?;
        Ok(Leaving { hours, paid, owner: (base, quote.saturating_sub(rewards)), rewards })
    }
}

/// Proves every decision at the recorded prices, verifies the record, and holds it against the chain.
fn record(strategy: &Strategy, package: &PackageFolder, seen: &[Observation], scene: &Scene) -> anyhow::Result<RecordOfHours> {
    let started = Instant::now();
    let (model, entries) = (package.model()?, package.entries()?.clone());
    // The vault's features are public.
    let features = FeatureVisibility::Public;
    let job = Job::new(strategy, &entries, (Preset::Fast, BATCH), features, seen)?;
    let key = ProvingKey::new(&model, entries.clone(), (Preset::Fast, Mode::Plain), BATCH)?;
    let made = job.make(None, NonZeroUsize::MIN, |batch| prove(&key, &model, features, batch), |_| ())?;
    let bytes = made.record.to_bytes()?;
    let proving = started.elapsed();
    let expectations = Expectations {
        strategy: Some(Named { value: strategy, name: "RockyBot's strategy" }),
        observations: Some(Named { value: seen, name: "the replayed prices" }),
        model: Some(&model),
        ..Expectations::default()
    };
    let verified = verify(&bytes, &expectations)?;
    let against = against(&verified, scene.client, scene.vault.address())?;
    Ok(RecordOfHours { verified, bytes: bytes.len(), proving, against })
}

impl DemoVault {
    /// The hours that a person reads: those with trades, the first and the last.
    fn shown(&self) -> impl Iterator<Item = &HourReport> {
        let last = self.hours.len().saturating_sub(1);
        self.hours
            .iter()
            .enumerate()
            .filter(move |(at, report)| *at == 0 || *at == last || !report.events.traded.is_empty())
            .map(|(_, it)| it)
    }

    /// The hour whose price it was.
    fn hour(&self, report: &HourReport) -> String {
        Hour::new(report.hour.saturating_sub(self.shift)).map(|hour| hour.to_string()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        let units = &self.units;
        let row = |report: &HourReport| {
            let decided = report.events.decided.as_ref();
            let traded: Vec<String> = report
                .events
                .traded
                .iter()
                .map(|it| format!("{} {}", if it.sold == Side::Base { "sold" } else { "paid" }, units.brief(it.sold, it.spent)))
                .collect();
            let price = report.recorded.map(|recorded| recorded.observation.base.to_string());
            let held = || decided.map_or_else(|| "-".to_owned(), |decided| outcome(decided.outcome, units));
            [
                self.hour(report),
                price.unwrap_or_else(|| "-".to_owned()),
                decided.map_or_else(|| "-".to_owned(), |decided| decided.class.to_string()),
                decided.map_or_else(|| "-".to_owned(), |decided| decided.weight_target.map_or_else(|| "hold".to_owned(), bps)),
                decided.map_or_else(|| "-".to_owned(), |decided| bps(decided.weight_before)),
                if traded.is_empty() { held() } else { traded.join(", ") },
                report.nav(&units.pair()).map_or_else(|| "-".to_owned(), |nav| units.quote(nav)),
            ]
        };
        let header = ["hour", "USD", "class", "target", "weight", "traded", "NAV"];
        let shown = table(header, self.shown().map(row)).to_string();
        let decided = self.hours.iter().filter(|report| report.events.decided.is_some()).count();
        let traded = self.hours.iter().filter(|report| !report.events.traded.is_empty()).count();
        let mut facts: Vec<(&'static str, String)> = self
            .investors
            .iter()
            .zip(["first investor", "second investor"])
            .map(|((gave, Paid { base, quote }), name)| {
                (name, format!("put in {}, got {} and {}", units.quote(*gave), units.quote(*quote), units.base(*base)))
            })
            .collect();
        let books = &self.left.books;
        facts.extend([
            ("owner", format!("got {} and {} for managing", units.base(self.owner.0), units.quote(self.owner.1))),
            ("keeper", format!("got {} as rewards", units.quote(self.rewards))),
            (
                "left in the books",
                format!(
                    "{} shares, {} and {} by rounding",
                    books.supply,
                    units.base(books.managed.base),
                    units.quote(books.managed.quote.saturating_add(books.reserved).saturating_add(books.pending))
                ),
            ),
            (
                "record",
                format!(
                    "{} decisions proven in {:.1?}, {} bytes; {}",
                    self.record.verified.counts.decisions,
                    self.record.proving,
                    grouped(self.record.bytes as u64),
                    self.record.against.verdict()
                ),
            ),
        ]);
        format!(
            "RockyBot's vault on that chain, with test tokens: {HOURS} hours of ETH prices from after its training, replayed by a keeper in \
             {:.0?}.\n{decided} decisions, {traded} hours with trades; those, the first and the last:\n{shown}\n\nThen everybody left: by redeeming, and what was not paid within hours in kind.\n{}\n{}",
            self.took,
            fields(facts),
            "Nothing of this says that the strategy is good: `maat strategy backtest` does not either."
        )
    }

    pub fn json(&self) -> Value {
        let units = &self.units;
        let hour = |report: &HourReport| {
            let decided = report.events.decided.as_ref();
            json!({
                "hour": self.hour(report),
                "price": report.recorded.map(|recorded| recorded.observation.base.to_string()),
                "class": decided.map(|decided| decided.class),
                "target_bps": decided.and_then(|decided| decided.weight_target),
                "weight_bps": decided.map(|decided| decided.weight_before),
                "outcome": decided.map(|decided| outcome(decided.outcome, units)),
                "traded": report.events.traded.len(),
                "nav": report.nav(&units.pair()).map(|nav| nav.to_string()),
            })
        };
        let books = &self.left.books;
        json!({
            "hours": self.hours.iter().map(hour).collect::<Vec<_>>(),
            "shift_hours": self.shift,
            "investors": self.investors.iter().map(|(gave, got)| json!({ "deposited": gave.to_string(), "quote": got.quote.to_string(), "base": got.base.to_string() })).collect::<Vec<_>>(),
            "left": {
                "shares": books.supply.to_string(),
                "base": books.managed.base.to_string(),
                "quote": books.managed.quote.to_string(),
                "pending": books.pending.to_string(),
                "reserved": books.reserved.to_string(),
            },
            "record": { "decisions": self.record.verified.counts.decisions, "bytes": self.record.bytes },
            "on_chain": self.record.against.json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_prices_are_rockybots_and_begin_to_count_where_its_training_ends() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rockybot/prices.csv");
        let all = prices::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let ours = prices::parse(PRICES).unwrap();
        assert!(all.windows(ours.len()).any(|window| window == ours), "they are not a part of prices.csv");
        let file = StrategyFile::parse(STRATEGY).unwrap();
        // The network looks at 36 hours.
        assert_eq!(ours[35].hour, "2022-05-04T01:00:00Z".parse().unwrap());
        assert!(STRATEGY.contains("train_until = \"2022-05-04T01:00:00Z\"") && file.vault.is_some());
        assert!(ours.len() as u64 > 35 + HOURS + 10);
    }
}
