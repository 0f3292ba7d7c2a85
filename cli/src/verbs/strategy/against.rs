//! A record that holds, against the vault that it is said to be of.

use maat_starknet::Client;
use maat_starknet::vault::{Contract, Observed, Vault, observe};
use maat_strategy::hour::{Hour, utc};
use maat_strategy::live::{Comparison, Coverage, Segment, Simulated, Trading, compare};
use maat_strategy::record::Verified;
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::response::{fields, grouped, percent, table};

/// How many differences and hours are listed for people. JSON has all.
const LISTED: usize = 10;

/// What came of it.
pub struct Against {
    vault: Felt,
    network: String,
    observed: Observed,
    comparison: Comparison,
    /// Contracts that are not of a class that belongs there.
    foreign: Vec<Contract>,
}

/// Holds a record against a vault.
pub fn against(verified: &Verified, client: &Client, address: Felt) -> anyhow::Result<Against> {
    let observed = observe(&Vault::at(client, address))?;
    let comparison = compare(verified, &observed.on_chain)?;
    let foreign = observed.contracts.iter().filter(|contract| !contract.fits).copied().collect();
    Ok(Against { vault: address, network: client.network().name.clone(), observed, comparison, foreign })
}

fn foreign(contract: &Contract) -> String {
    let class = contract.class_hash.map_or_else(|| "nothing".to_owned(), |hash| format!("class {hash:#066x}"));
    format!("{}: {class} is there, which this version of Maat does not know as one", contract.role)
}

fn hours(hours: &[Hour]) -> String {
    let listed: Vec<String> = hours.iter().take(LISTED).map(ToString::to_string).collect();
    let more = hours.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
    format!("{}{more}", listed.join(", "))
}

fn change(from: u128, to: u128) -> String {
    if from == 0 { "unknown".to_owned() } else { percent((to as f64 - from as f64) / from as f64) }
}

impl Against {
    /// Whether everything holds that must.
    pub fn holds(&self) -> bool {
        self.comparison.findings.is_empty() && self.foreign.is_empty()
    }

    /// What does not hold, each in a sentence.
    pub fn errors(&self) -> Vec<String> {
        let foreign = self.foreign.iter().map(foreign);
        foreign.chain(self.comparison.findings.iter().map(ToString::to_string)).collect()
    }

    /// The first line.
    pub fn verdict(&self) -> String {
        let errors = self.errors();
        match errors.first() {
            None => "the record is the vault's: prices, decisions and rules are those on the chain".to_owned(),
            Some(first) if errors.len() == 1 => format!("the record is NOT the vault's: {first}"),
            Some(first) => format!("the record is NOT the vault's: {first}; and {} more", errors.len() - 1),
        }
    }

    pub fn warnings(&self) -> Vec<String> {
        let mocks = self.observed.contracts.iter().filter_map(|contract| {
            let class = contract.class.filter(|class| class.is_mock())?;
            Some(format!(
                "the {} is a MOCK ({}): it does as anybody tells it to, so nothing here says anything of a market",
                contract.role,
                class.name()
            ))
        });
        let others = self.comparison.segments.iter().filter_map(|segment| match segment.follows {
            Some(true) => None,
            Some(false) => {
                Some(format!("{} the vault followed other rules than the record: its results are not the vault's there", span(segment)))
            }
            None => Some(format!(
                "{} the vault's limits are not known: they were changed later, and the first ones are not on the chain",
                span(segment)
            )),
        });
        mocks.chain(others).collect()
    }

    pub fn text(&self) -> String {
        let Self { vault, network, observed, comparison, .. } = self;
        let Coverage { hours: both, before, decisions, undecided } = &comparison.coverage;
        let Trading { same, opposite, only_vault, only_record, worth, lost, others, simulated } = &comparison.trading;
        let count = |number: usize| grouped(number as u64);
        let undecided_text =
            if undecided.is_empty() { "none".to_owned() } else { format!("{}: {}", count(undecided.len()), hours(undecided)) };
        let cost = if *worth == 0 {
            "nothing was traded".to_owned()
        } else {
            format!("{:.1} bps below the recorded prices", *lost as f64 * 1e4 / *worth as f64)
        };
        let model = simulated.map_or_else(
            || "nothing to compare".to_owned(),
            |Simulated { deposit, equity, cost_bps }| format!("{}, at a cost of {cost_bps} bps", change(deposit, equity)),
        );
        let mut facts = vec![
            ("vault", format!("{vault:#066x} on network `{network}`")),
            ("made", format!("in block {}, {}", observed.deployed.number, utc(observed.deployed.time))),
            ("looked at up to", format!("block {}, {}", observed.end.number, utc(observed.end.time))),
            (
                "hours",
                format!(
                    "{} that both have; {} of the record are from before, and nothing on the chain speaks for them",
                    count(*both),
                    count(*before)
                ),
            ),
            (
                "decisions",
                format!("{} that both have, compared in input, output, class, model, version and price chain", count(*decisions)),
            ),
            ("not decided", undecided_text),
            (
                "trades",
                format!(
                    "{same} like the record's; {opposite} against it; {} only the vault's; {} only the record's; {others} no decision's",
                    only_vault.len(),
                    only_record.len()
                ),
            ),
            ("what they cost", cost),
            ("a share", self.share()),
            ("the record's rules", model),
        ];
        if let Some(hour) = comparison.halted {
            facts.push(("halted", hour.to_string()));
        }
        let contract = |contract: &Contract| {
            let address = contract.address.map_or_else(|| "-".to_owned(), |address| format!("{address:#066x}"));
            let class = match contract.class {
                Some(class) => class.name().to_owned(),
                None if contract.fits => "not one of ours".to_owned(),
                None => "UNKNOWN".to_owned(),
            };
            [contract.role.to_owned(), class, address]
        };
        let contracts = table(["contract", "class", "address"], observed.contracts.iter().map(contract)).to_string();
        let segment = |segment: &Segment| {
            let hour = |hour: Option<Hour>| hour.map_or_else(|| "-".to_owned(), |hour| hour.to_string());
            let rules = match segment.follows {
                Some(true) => "the record's",
                Some(false) => "OTHERS",
                None => "unknown",
            };
            [hour(segment.first), hour(segment.last), segment.decisions.to_string(), rules.to_owned(), numbers(segment)]
        };
        let segments = table(["from", "to", "decisions", "rules", "after proposals"], comparison.segments.iter().map(segment)).to_string();
        let mut parts = vec![self.verdict(), fields(facts), contracts, segments];
        let errors = self.errors();
        if errors.len() > 1 {
            let more = errors.len().saturating_sub(LISTED);
            let mut listed: Vec<String> = errors.into_iter().take(LISTED).map(|error| format!("  {error}")).collect();
            if more > 0 {
                listed.push(format!("  and {} more: --json has them all", grouped(more as u64)));
            }
            parts.push(format!("Differences:\n{}", listed.join("\n")));
        }
        if self.holds() {
            parts.push(
                "Can be concluded: the vault recorded these prices, the registered network decided so at these hours, none of the vault's \
                 decisions is left out of the record, and each of its swaps followed a decision or is counted apart."
                    .to_owned(),
            );
        }
        parts.push(
            "CANNOT be concluded: that the recorded prices were the market's beyond what the feed is worth, that other amounts would have \
             been filled, that hours which nobody stepped would have gone as the record says, or that this vault is not the best of many. \
             What the record has from before the vault is a backtest."
                .to_owned(),
        );
        parts.join("\n\n")
    }

    /// What became of a share since the vault was made: one is worth a thousandth of the quote token's unit then.
    fn share(&self) -> String {
        let Observed { nav, supply, .. } = &self.observed;
        match (*nav as f64 + 1.0) * 1_000.0 / (*supply as f64 + 1_000.0) - 1.0 {
            _ if *supply == 0 => "nobody has any".to_owned(),
            growth => format!("{} since the vault was made, after fees", percent(growth)),
        }
    }

    pub fn json(&self) -> Value {
        let Self { vault, network, observed, comparison, .. } = self;
        let Coverage { hours, before, decisions, undecided } = &comparison.coverage;
        let Trading { same, opposite, only_vault, only_record, worth, lost, others, simulated } = &comparison.trading;
        let hex = |felt: Felt| format!("{felt:#066x}");
        let text = |hours: &[Hour]| hours.iter().map(ToString::to_string).collect::<Vec<_>>();
        let contract = |contract: &Contract| {
            json!({
                "role": contract.role,
                "address": contract.address.map(hex),
                "class_hash": contract.class_hash.map(hex),
                "class": contract.class.map(|class| class.name()),
                "mock": contract.class.is_some_and(|class| class.is_mock()),
                "fits": contract.fits,
            })
        };
        let segment = |segment: &Segment| {
            json!({
                "first_hour": segment.first.map(|hour| hour.to_string()),
                "last_hour": segment.last.map(|hour| hour.to_string()),
                "decisions": segment.decisions,
                "follows_the_record": segment.follows,
                "proposals": segment.changes,
            })
        };
        let finding = |finding: &maat_strategy::live::Finding| json!({ "hour": finding.hour.map(|hour| hour.to_string()), "field": finding.field, "record": finding.record, "chain": finding.chain });
        let block = |block: maat_starknet::vault::Block| json!({ "number": block.number, "time": block.time });
        json!({
            "holds": self.holds(),
            "vault": hex(*vault),
            "network": network,
            "deployed": block(observed.deployed),
            "end": block(observed.end),
            "contracts": observed.contracts.iter().map(contract).collect::<Vec<_>>(),
            "hours": hours,
            "hours_before": before,
            "decisions": decisions,
            "undecided": text(undecided),
            "segments": comparison.segments.iter().map(segment).collect::<Vec<_>>(),
            "trades": {
                "same": same,
                "opposite": opposite,
                "only_vault": text(only_vault),
                "only_record": text(only_record),
                "others": others,
                "worth": worth.to_string(),
                "lost": lost.to_string(),
            },
            "simulated": simulated.map(|it| json!({ "deposit": it.deposit.to_string(), "equity": it.equity.to_string(), "cost_bps": it.cost_bps })),
            "nav": observed.nav.to_string(),
            "supply": observed.supply.to_string(),
            "halted": comparison.halted.map(|hour| hour.to_string()),
            "differences": comparison.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

fn span(segment: &Segment) -> String {
    match (segment.first, segment.last) {
        (Some(first), Some(last)) => format!("from {first} to {last}"),
        _ => "since its last change".to_owned(),
    }
}

fn numbers(segment: &Segment) -> String {
    if segment.changes.is_empty() { "-".to_owned() } else { segment.changes.iter().map(u64::to_string).collect::<Vec<_>>().join(", ") }
}
