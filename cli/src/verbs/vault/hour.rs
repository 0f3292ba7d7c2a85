//! `maat vault record`, `settle`, `step` and `unwind`: an hour by hand. Anybody may call them; `maat vault keep` does it hour by hour.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use maat_starknet::vault::contracts::Class;
use maat_starknet::vault::{History, Latest, MockFeed, MockPool, Parts, Recording, Snapshot};
use maat_starknet::{Client, Registry};
use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::price::Price;
use serde_json::json;

use super::show::no_sale;
use super::target::{Target, VaultChoice, local, next_hour};
use super::told::Told;
use crate::chain_proof::ChainProof;
use crate::network::TransactionBounds;
use crate::progress::Progress;

/// The most settlements of an hour: each fills eight epochs.
const MOST_SETTLEMENTS: usize = 64;

/// Record the price of the current hour, in its first 900 s
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault record strategy.toml --network sepolia\n  \
    maat vault record strategy.toml --price 1805.25 --next-hour\n\n\
    The price is the feed's. On the local chain, where feed and pool are mocks, --price tells them one before, and --next-hour moves the \
    clock to the start of the next hour.")]
pub struct RecordArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// What the mock feed says of the base token, in USD, and where the mock pool swaps; on the local chain only
    #[arg(long, value_name = "USD")]
    price: Option<Price>,
    /// What the mock feed says of the quote token, in USD
    #[arg(long, value_name = "USD", default_value = "1", requires = "price")]
    quote_price: Price,
    /// Move the clock to the start of the next hour before; on the local chain only
    #[arg(long)]
    next_hour: bool,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Fill the requests that are due at the recorded price
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault settle strategy.toml\n  maat vault settle strategy.toml --raise\n\n\
    Settles until nothing more can be filled. Works within 900 s of the hour's record. Redemptions are filled from quote tokens that are \
    there; --raise has the vault sell base tokens for the rest, once an hour.")]
pub struct SettleArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// Sell base tokens for redemptions that lack quote tokens
    #[arg(long)]
    raise: bool,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Have the network decide, and trade, once for the recorded hour
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault step strategy.toml\n  maat vault step strategy.toml --proof proof.bin\n\n\
    With --proof, the registry verifies a proof of the decision instead of executing the network, if the vault's owner has set min_bits: one \
    inference of preset `starknet`, with public inputs and outputs, on what the network sees in the recorded hour. Works within 900 s of the hour's record, once all requests that are due are settled. \
    Whoever steps first is owed a reward, which `maat vault withdraw` fetches.")]
pub struct StepArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// A proof of the decision, instead of an execution; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Sell one piece of the base tokens of a vault that is halted, or whose network is revoked
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat vault unwind strategy.toml\n\nOnce for each recorded hour, within 900 s of its record.")]
pub struct UnwindArguments {
    #[command(flatten)]
    vault: VaultChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// The last recorded hour of a vault's price history.
pub fn latest(client: &Client, target: &Target) -> anyhow::Result<Latest> {
    let latest = History::at(client, target.parts.history).latest()?;
    latest.ok_or_else(|| anyhow!("no hour is recorded yet: `maat vault record` records one"))
}

pub fn record(arguments: &RecordArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    if arguments.next_hour {
        next_hour(&client)?;
    }
    let mut before = Vec::new();
    if let Some(price) = arguments.price {
        local(&client, "--price")?;
        if client.class_hash_at(target.parts.feed)?.and_then(Class::of) != Some(Class::MockFeed) {
            bail!("--price: the vault's feed at {:#066x} is not a mock", target.parts.feed);
        }
        // A rate is of prices, whatever the hour.
        let (_, now) = client.last_block()?;
        let hour = Hour::new(now / maat_strategy::hour::SECONDS)?;
        let rate = target.units.pair().rate(&Observation { hour, base: price, quote: arguments.quote_price });
        let rate = rate.ok_or_else(|| anyhow!("--price {price}: the pair's tokens have no rate at this price"))?;
        before.push(MockFeed(target.parts.feed).set(price, arguments.quote_price));
        if client.class_hash_at(target.parts.adapter)?.and_then(Class::of) == Some(Class::MockPool) {
            before.push(MockPool(target.parts.adapter).set(&rate));
        }
    }
    progress.step("waiting for the transaction");
    let (done, recording) = History::at(&client, target.parts.history).record_after(&account, before)?;
    let Recording::Recorded(Observation { hour, base, quote }) = recording else {
        let Recording::Refused(refused) = recording else { unreachable!("there are two variants") };
        let (side, last, found, hours) = (refused.side.name(), refused.last, refused.found, refused.hours);
        bail!(
            "{}: the {side} price went from {last} to {found} USD within {hours} h, more than 25 % an hour, so that the hour is left out; it can \
             be tried again",
            refused.hour
        );
    };
    let (one, other) = (&target.units.base.symbol, &target.units.quote.symbol);
    let before = vec![format!("{hour}: {one} at {base} USD, {other} at {quote} USD")];
    let members = json!({ "hour": hour.to_string(), "price": base.to_string(), "quote_price": quote.to_string() });
    let serde_json::Value::Object(members) = members else { unreachable!("it is an object") };
    Ok(Told { before, after: vec![], units: target.units, receipts: vec![done.receipt], events: vec![], members, warnings: vec![] })
}

pub fn settle(arguments: &SettleArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let hour = latest(&client, &target)?.observation.hour;
    let swept = |snapshot: &Snapshot| snapshot.hour.is_some_and(|hourly| hourly.hour == hour && hourly.swept);
    progress.step("settling");
    let mut told = Told::new(target.units.clone(), target.vault.settle(&account)?);
    let until_swept = |told: &mut Told| -> anyhow::Result<Snapshot> {
        for _ in 0..MOST_SETTLEMENTS {
            let snapshot = target.vault.snapshot()?;
            if swept(&snapshot) {
                return Ok(snapshot);
            }
            let done = target.vault.settle(&account)?;
            told.receipts.push(done.receipt);
            told.events.extend(done.events);
        }
        bail!("{hour} is not settled after {MOST_SETTLEMENTS} transactions: run the same command again to go on")
    };
    let mut snapshot = until_swept(&mut told)?;
    let owes = |snapshot: &Snapshot| snapshot.queues.oldest_redemption.is_some_and(|epoch| epoch <= hour.count());
    if arguments.raise && owes(&snapshot) && no_sale(&snapshot).is_none() {
        progress.step("selling for redemptions");
        let done = target.vault.raise(&account)?;
        told.receipts.push(done.receipt);
        told.events.extend(done.events);
        snapshot = until_swept(&mut told)?;
    }
    if told.events.is_empty() {
        told.before.push(format!("{hour}: nothing was due"));
    }
    if owes(&snapshot) {
        let waiting = target.units.share(snapshot.queues.unfilled_redemptions);
        told.after.push(match no_sale(&snapshot) {
            Some(reason) => format!("redemptions of {waiting} wait: {reason}"),
            None if arguments.raise => format!("redemptions of {waiting} wait for quote tokens"),
            None => format!("redemptions of {waiting} wait for quote tokens; --raise has the vault sell base tokens for them"),
        });
    }
    told.members.insert("hour".to_owned(), hour.to_string().into());
    Ok(told)
}

pub fn step(arguments: &StepArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let proof = arguments.proof.as_deref().map(ChainProof::read).transpose()?;
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let hour = latest(&client, &target)?.observation.hour;
    progress.step("having the network decide");
    let done = match &proof {
        None => target.vault.step(&account, hour)?,
        Some(proof) => {
            let Parts { registry, model, version, model_commitment, .. } = target.parts;
            if proof.commitment() != model_commitment {
                bail!("the proof is of another model than the vault's, whose commitment is {model_commitment:#066x}");
            }
            let submission = proof.submission(&Registry::at(&client, registry), model, version)?;
            target.vault.step_with_proof(&account, hour, registry, &submission)?
        }
    };
    Ok(Told::new(target.units, done))
}

pub fn unwind(arguments: &UnwindArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    progress.step("waiting for the transaction");
    let done = target.vault.unwind(&account)?;
    Ok(Told::new(target.units, done))
}
