//! `maat vault keep`: the keeper, which makes a vault's hours happen.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, anyhow, bail};
use maat_starknet::Client;
use maat_starknet::vault::contracts::Class;
use maat_starknet::vault::{History, HistoryEvent, KeptVault, Replay};
use maat_strategy::history::Observation;
use maat_strategy::hour::Hour;
use maat_strategy::keeper::{Goal, HourReport, Kept, Told, Trouble, keep};
use maat_strategy::live::Traded;
use maat_strategy::vault::{Purpose, Side};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::target::{Target, Units, VaultChoice, local};
use super::told::{bps, hour_text, outcome};
use crate::network::TransactionBounds;
use crate::response::{Response, to_errors};
use crate::verbs::strategy::opened::observations;

/// Keep a vault's hours: record prices, settle, raise what redemptions need, and step, hour by hour
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault keep strategy.toml --network sepolia\n  \
    maat vault keep strategy.toml --prices prices.csv --hours 48\n  \
    maat vault keep 0x123.. --prices prices.csv --until 2022-06-01T00:00:00Z\n\n\
    It keeps no state: what is done is read from the chain, so that it can be stopped or killed at any moment and started again. It ends \
    after the call under way on Ctrl-C. A call that the vault refuses is told with its reason, and made again within the hour where that \
    can help. Whoever steps first in an hour is rewarded.\n\n\
    With --prices, which only the local chain takes, it replays: it moves the chain's clock from hour to hour, and tells the mock feed and \
    the mock pool each price. Where the chain's clock is ahead of the file, the file's hours are moved to the next ones that come; the \
    first price belongs to the first hour that was ever recorded.\n\n\
    A line for each hour goes to the standard error stream as it ends; --json has all of them in the object at the end.")]
pub struct Arguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The prices to replay: CSV with the header `hour,price` or `hour,price,quote`
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// The file's hour to begin with
    #[arg(long, value_name = "HOUR", requires = "prices")]
    from: Option<Hour>,
    /// End after so many hours
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    hours: Option<u64>,
    /// End after this hour of the chain's clock
    #[arg(long, value_name = "HOUR")]
    until: Option<Hour>,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// What the keeper did.
pub struct Ended {
    kept: Kept,
    units: Units,
    hours: Vec<HourReport>,
    /// By how many hours the prices were moved.
    shift: Option<u64>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let Arguments { vault, prices, from, hours, until, bounds } = arguments;
    let prices = prices.as_deref().map(observations).transpose()?;
    let client = vault.connect()?;
    if prices.is_some() {
        local(&client, "--prices")?;
    }
    let target = vault.target(&client)?;
    let account = bounds.account(&client)?;
    let replay = prices.map(|prices| replayed(&client, &target, &prices, *from)).transpose()?;
    let shift = replay.as_ref().map(Replay::shift);
    if let Some(shift) = shift.filter(|shift| *shift > 0) {
        to_errors(&format!("the file's hours are moved by {shift} h, because the chain's clock is ahead of them"))?;
    }
    // Prices that end are a goal.
    let last = replay.as_ref().and_then(Replay::last);
    let goal = Goal { hours: *hours, until: until.iter().copied().chain(last).min() };

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The second one ends it at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop)).context("waiting for signals")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("waiting for signals")?;
    }
    let Target { vault, units, .. } = target;
    let mut chain = KeptVault::new(&account, vault, replay)?;
    let mut reports = Vec::new();
    let mut tell = |told: &Told| {
        // Whoever closed the stream does not want to know.
        let _ = to_errors(&line(told, &units));
        if let Told::Hour(report) = told {
            reports.push(report.as_ref().clone());
        }
    };
    let kept = keep(&mut chain, goal, &stop, &mut tell).map_err(|reason| anyhow!("the keeper ends: {reason}"))?;
    Ok(Ended { kept, units, hours: reports, shift })
}

/// The prices at the chain's hours.
fn replayed(client: &Client, target: &Target, prices: &[Observation], from: Option<Hour>) -> anyhow::Result<Replay> {
    for (what, address, class) in [("feed", target.parts.feed, Class::MockFeed), ("pool", target.parts.adapter, Class::MockPool)] {
        if client.class_hash_at(address)?.and_then(Class::of) != Some(class) {
            bail!("--prices needs the mocks of the local chain, and the vault's {what} is not the {}", class.name());
        }
    }
    let start = from.map_or(0, |from| prices.partition_point(|observation| observation.hour < from));
    let began = History::at(client, target.parts.history).events(0, None)?.into_iter().find_map(|logged| match logged.event {
        HistoryEvent::Recorded { hour, .. } => Some(hour),
        _ => None,
    });
    let (_, now) = client.last_block()?;
    Ok(Replay::new(&prices[start..], began, now)?)
}

/// Something that is told, on a line.
pub fn line(told: &Told, units: &Units) -> String {
    match told {
        Told::Hour(report) => hour_line(report, units),
        Told::Refused(Trouble { action, hour, reason, again }) => {
            let again = if *again { "; it is tried again within the hour" } else { "" };
            format!("{}  {action} was refused: {reason}{again}", hour_text(*hour))
        }
        Told::Gap { first, last } if first == last => {
            format!("{first}  was not recorded: the network decides again once its window is whole")
        }
        Told::Gap { first, last } => format!("{first} to {last}  were not recorded: the network decides again once its window is whole"),
        Told::Lost(reason) => format!("waiting for the chain: {reason}"),
        Told::Back(attempts) => format!("the chain answers again, after {attempts} attempts in vain"),
    }
}

fn hour_line(report: &HourReport, units: &Units) -> String {
    let hour = hour_text(report.hour);
    let Some(recorded) = &report.recorded else { return format!("{hour}  not recorded{}", troubles(report)) };
    let price = format!("{} USD", recorded.observation.base);
    let decision = match &report.events.decided {
        Some(decided) => {
            let target = decided.weight_target.map_or_else(|| "hold".to_owned(), bps);
            format!("class {} -> {target}, {}", decided.class, outcome(decided.outcome, units))
        }
        None => format!("no decision, the vault is {}", report.state),
    };
    let trades: Vec<String> = report.events.traded.iter().map(|traded| trade(traded, units)).collect();
    let nav = report.nav(&units.pair()).map_or_else(String::new, |nav| format!("NAV {}", units.quote(nav)));
    let parts = [vec![hour, price, decision], trades, vec![nav]].concat();
    format!("{}{}", parts.join("  "), troubles(report))
}

fn trade(traded: &Traded, units: &Units) -> String {
    let bought = if traded.sold == Side::Base { Side::Quote } else { Side::Base };
    let why = match traded.purpose {
        Purpose::Decision => "",
        Purpose::Shortfall => " for redemptions",
        Purpose::Unwind => " to unwind",
    };
    format!("{} for {}{why}", units.side(traded.sold, traded.spent), units.side(bought, traded.received))
}

fn troubles(report: &HourReport) -> String {
    report.troubles.iter().map(|trouble| format!("  {trouble}")).collect()
}

impl Response for Ended {
    fn text(&self) -> String {
        let Kept { hours, recorded, decided, trades, stopped } = self.kept;
        let end = if stopped { "stopped" } else { "done" };
        format!("{end}: {hours} hours, {recorded} of them recorded, {decided} decisions, {trades} trades")
    }

    fn json(&self) -> Value {
        let Kept { hours: _, recorded, decided, trades, stopped } = self.kept;
        let units = &self.units;
        let traded = |traded: &Traded| {
            let bought = if traded.sold == Side::Base { Side::Quote } else { Side::Base };
            json!({ "sold": units.side(traded.sold, traded.spent), "for": units.side(bought, traded.received), "purpose": match traded.purpose {
                Purpose::Decision => "decision",
                Purpose::Shortfall => "redemptions",
                Purpose::Unwind => "unwinding",
            } })
        };
        let hour = |report: &HourReport| {
            let decided = report.events.decided.as_ref();
            json!({
                "hour": hour_text(report.hour),
                "price": report.recorded.map(|recorded| recorded.observation.base.to_string()),
                "state": report.state.to_string(),
                "opened": report.opened,
                "class": decided.map(|decided| decided.class),
                "target_bps": decided.and_then(|decided| decided.weight_target),
                "outcome": decided.map(|decided| outcome(decided.outcome, units)),
                "trades": report.events.traded.iter().map(traded).collect::<Vec<_>>(),
                "nav": report.nav(&units.pair()).map(|nav| maat_strategy::amount::show(nav, units.quote.decimals)),
                "refused": report.troubles.iter().map(|it| json!({ "call": it.action.name(), "reason": it.reason })).collect::<Vec<_>>(),
            })
        };
        json!({
            "stopped": stopped,
            "recorded": recorded,
            "decided": decided,
            "trades": trades,
            "shift_hours": self.shift,
            "hours": self.hours.iter().map(hour).collect::<Vec<_>>(),
        })
    }
}
