//! A record against a vault: what must be equal, where it is not, and what can be seen besides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use starknet_types_core::felt::Felt;

use super::events::{Decided, Traded};
use super::on_chain::{Changed, Entry, OnChain};
use crate::backtest::{Decision, Fill, Market, SimulationError, Terms, simulate};
use crate::features::Features;
use crate::history::{Observation, link};
use crate::hour::{Hour, SECONDS};
use crate::limits::{Limits, Plan, Reason};
use crate::policy::{Policy, Target};
use crate::record::Verified;
use crate::strategy::Strategy;
use crate::vault::{Outcome, Purpose, Side, hash_of};

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// At which hour, if at one.
    pub hour: Option<Hour>,
    /// What differs, such as `input_hash`.
    pub field: &'static str,
    /// What the record has.
    pub record: String,
    /// What the chain has.
    pub chain: String,
}

/// Hours under one configuration of the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its first recorded hour, if it has one.
    pub first: Option<Hour>,
    /// Its last recorded hour.
    pub last: Option<Hour>,
    /// The proposals that were applied at its beginning: none at the vault's own.
    pub changes: Vec<u64>,
    /// Decisions in it.
    pub decisions: usize,
    /// Whether the vault followed the record's rules in it. Nobody can know where the policy was the record's and the limits are not on the
    /// chain, which are those from before the first change of them.
    pub follows: Option<bool>,
}

/// Which hours are where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Recorded hours that both have.
    pub hours: usize,
    /// Hours of the record before the vault was made, or before its history began. Nothing on chain speaks for them.
    pub before: usize,
    /// Decisions that both have.
    pub decisions: usize,
    /// Hours at which the record has a decision, and nobody had the vault decide.
    pub undecided: Vec<Hour>,
}

/// What the vault's trades were, beside those that the record's rules give for a single investor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trading {
    /// Hours at which both traded in the same direction.
    pub same: usize,
    /// Hours at which they traded in opposite directions.
    pub opposite: usize,
    /// Hours at which only the vault traded.
    pub only_vault: Vec<Hour>,
    /// Hours at which only the record's rules did.
    pub only_record: Vec<Hour>,
    /// What the vault's trades were worth at the recorded prices, in the quote token's smallest unit.
    pub worth: u128,
    /// How much less than that they brought; negative if they brought more.
    pub lost: i128,
    /// Sales for redemptions and of an ending vault, which no decision asked for.
    pub others: usize,
    /// What a single investor's deposit became by the record's rules, from the vault's first decision on, at the least cost that the strategy
    /// lists; nothing without a decision that both have.
    pub simulated: Option<Simulated>,
}

/// A deposit, and what became of it, in the quote token's smallest unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulated {
    /// What was put in.
    pub deposit: u128,
    /// What it was worth at the end.
    pub equity: u128,
    /// What trades cost, in basis points.
    pub cost_bps: u16,
}

/// A record beside a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// All that is not as it must be. Nothing here: the record is the vault's.
    pub findings: Vec<Finding>,
    /// The vault's configurations.
    pub segments: Vec<Segment>,
    /// Which hours are where.
    pub coverage: Coverage,
    /// The trades.
    pub trading: Trading,
    /// The hour at which the vault halted.
    pub halted: Option<Hour>,
}

/// Holds a record that was verified against a vault.
///
/// # Errors
/// An amount of the record's own trades has more than 128 bits.
pub fn compare(record: &Verified, vault: &OnChain) -> Result<Comparison, SimulationError> {
    let mut findings = Vec::new();
    fixed(&record.strategy, vault, &mut findings);
    let walked = Walked::of(vault, &mut findings);
    let mut coverage = prices(record, vault, &walked, &mut findings);
    walked.agree(vault, &mut findings);
    let segments = walked.segments(&record.strategy);
    decisions(record, vault, &walked, &mut coverage, &mut findings);
    let trading = trading(record, &walked, &coverage, &mut findings)?;
    Ok(Comparison { findings, segments, coverage, trading, halted: walked.halted })
}

/// What can never change, so that it must be the record's.
fn fixed(strategy: &Strategy, vault: &OnChain, findings: &mut Vec<Finding>) {
    let mut must = |field, record: String, chain: String| {
        if record != chain {
            findings.push(Finding { hour: None, field, record, chain });
        }
    };
    let decimals = (strategy.pair.base.decimals, strategy.pair.quote.decimals);
    must("commitment", felt(commitment(strategy)), felt(vault.commitment));
    must("outputs", strategy.outputs.to_string(), vault.outputs.to_string());
    must("decimals", format!("{decimals:?}"), format!("{:?}", vault.decimals));
    let seen = |features: &Features| if features.are_hidden() { "hidden".to_owned() } else { format!("{:?}", features.groups()) };
    must("features", seen(&strategy.features), seen(&vault.features));
    must("inputs", format!("{:?}", strategy.features.rules()), format!("{:?}", vault.features.rules()));
    must("fees", format!("{:?}", strategy.fees), format!("{:?}", vault.fees));
}

/// A segment.
struct Cut {
    /// The proposals that began it.
    changes: Vec<u64>,
    /// Its recorded hours from the first to the last.
    hours: Option<(Hour, Hour)>,
    policy: Policy,
    /// Nothing where they are not on the chain.
    limits: Option<Limits>,
}

/// The log by hours.
struct Walked {
    /// With the price chain after each.
    recorded: BTreeMap<Hour, (Observation, Felt)>,
    decided: BTreeMap<Hour, (Decided, usize)>,
    traded: Vec<Traded>,
    cuts: Vec<Cut>,
    halted: Option<Hour>,
}

impl Walked {
    fn of(vault: &OnChain, findings: &mut Vec<Finding>) -> Self {
        let relimited = vault.log.iter().any(|logged| matches!(logged.entry, Entry::Changed { changed: Changed::Limits(_), .. }));
        let limits = (!relimited).then(|| vault.limits.clone());
        let first = Cut { changes: Vec::new(), hours: None, policy: vault.first_policy.clone(), limits };
        let mut walked = Self { recorded: BTreeMap::new(), decided: BTreeMap::new(), traded: Vec::new(), cuts: vec![first], halted: None };
        let made = vault.deployed_at / SECONDS;
        let mut chain = Felt::ZERO;
        for logged in &vault.log {
            match &logged.entry {
                Entry::Recorded { observation, chain: found } => {
                    let hour = observation.hour;
                    chain = link(chain, *observation);
                    let last = walked.recorded.last_key_value().map(|(last, _)| *last);
                    if chain != *found {
                        findings.push(Finding { hour: Some(hour), field: "price_chain", record: felt(chain), chain: felt(*found) });
                        // One false link is one finding.
                        chain = *found;
                    }
                    if let Some(last) = last.filter(|last| *last >= hour) {
                        let record = format!("an hour after {last}");
                        findings.push(Finding { hour: Some(hour), field: "hour", record, chain: hour.to_string() });
                    }
                    walked.recorded.insert(hour, (*observation, *found));
                    if hour.count() >= made
                        && let Some(cut) = walked.cuts.last_mut()
                    {
                        cut.hours = Some((cut.hours.map_or(hour, |(first, _)| first), hour));
                    }
                }
                Entry::Decided(decided) => {
                    let segment = walked.cuts.len() - 1;
                    if walked.decided.insert(decided.hour, (*decided, segment)).is_some() {
                        let (record, chain) = ("one decision".to_owned(), "two decisions".to_owned());
                        findings.push(Finding { hour: Some(decided.hour), field: "decision", record, chain });
                    }
                }
                Entry::Traded(traded) => walked.traded.push(*traded),
                Entry::Changed { number, changed } => walked.change(*number, changed),
                Entry::Halted { hour } => walked.halted = Some(*hour),
            }
        }
        if chain != vault.chain {
            findings.push(Finding { hour: None, field: "price_chain", record: felt(chain), chain: felt(vault.chain) });
        }
        walked
    }

    /// The changes lead to the rules at the end.
    fn agree(&self, vault: &OnChain, findings: &mut Vec<Finding>) {
        let Some(last) = self.cuts.last() else { return };
        let mut must = |field, told: String, found: String| {
            if told != found {
                findings.push(Finding { hour: None, field, record: told, chain: found });
            }
        };
        must("policy", format!("{:?}", last.policy), format!("{:?}", vault.policy));
        if let Some(limits) = &last.limits {
            must("limits", format!("{limits:?}"), format!("{:?}", vault.limits));
        }
    }

    fn change(&mut self, number: u64, changed: &Changed) {
        let Some(last) = self.cuts.last_mut() else { return };
        // Several changes within an hour are one cut.
        if last.hours.is_some() || last.changes.is_empty() {
            let next = Cut { changes: Vec::new(), hours: None, policy: last.policy.clone(), limits: last.limits.clone() };
            self.cuts.push(next);
        }
        if let Some(cut) = self.cuts.last_mut() {
            cut.changes.push(number);
            match changed {
                Changed::Policy(policy) => cut.policy = policy.clone(),
                Changed::Limits(limits) => cut.limits = Some(limits.clone()),
                Changed::Nothing => {}
            }
        }
    }

    fn segments(&self, strategy: &Strategy) -> Vec<Segment> {
        let segment = |(at, cut): (usize, &Cut)| Segment {
            first: cut.hours.map(|(first, _)| first),
            last: cut.hours.map(|(_, last)| last),
            changes: cut.changes.clone(),
            decisions: self.decided.values().filter(|(_, segment)| *segment == at).count(),
            follows: if cut.policy == strategy.policy { cut.limits.as_ref().map(|limits| *limits == strategy.limits) } else { Some(false) },
        };
        self.cuts.iter().enumerate().map(segment).collect()
    }
}

/// The record's hours and prices against the history's.
fn prices(record: &Verified, vault: &OnChain, walked: &Walked, findings: &mut Vec<Finding>) -> Coverage {
    let made = vault.deployed_at / SECONDS;
    let ours: BTreeMap<Hour, Observation> = record.history.accepted().iter().map(|seen| (seen.hour, *seen)).collect();
    let mut coverage = Coverage::default();
    let mut finding = |hour, field, record: String, chain: String| findings.push(Finding { hour: Some(hour), field, record, chain });
    for (hour, (theirs, _)) in &walked.recorded {
        match ours.get(hour) {
            Some(seen) => {
                coverage.hours += 1;
                for (field, ours, theirs) in [("base", seen.base, theirs.base), ("quote", seen.quote, theirs.quote)] {
                    if ours != theirs {
                        finding(*hour, field, ours.to_string(), theirs.to_string());
                    }
                }
            }
            // A shared history may be older than the vault.
            None if hour.count() < made => {}
            None => finding(*hour, "hour", "left out".to_owned(), "recorded".to_owned()),
        }
    }
    let first = walked.recorded.keys().next().copied();
    for hour in ours.keys() {
        if first.is_none_or(|first| *hour < first) {
            coverage.before += 1;
        } else if !walked.recorded.contains_key(hour) {
            finding(*hour, "hour", "given".to_owned(), "not recorded".to_owned());
        }
    }
    if coverage.hours == 0 {
        findings.push(Finding { hour: None, field: "hours", record: "some".to_owned(), chain: "none of them".to_owned() });
    }
    coverage
}

/// Each decision of the vault against the record's of that hour.
fn decisions(record: &Verified, vault: &OnChain, walked: &Walked, coverage: &mut Coverage, findings: &mut Vec<Finding>) {
    let Verified { strategy, history, .. } = record;
    let made = vault.deployed_at / SECONDS;
    let hour_of = |at: usize| history.accepted()[at].hour;
    let outputs: BTreeMap<Hour, (&Decision, &[i32])> = record
        .decisions
        .iter()
        .zip(record.outputs.chunks(strategy.outputs.max(1) as usize))
        .map(|(decision, outputs)| (hour_of(decision.at), (decision, outputs)))
        .collect();
    for (hour, (decided, segment)) in &walked.decided {
        let mut must = |field, record: String, chain: String| {
            if record != chain {
                findings.push(Finding { hour: Some(*hour), field, record, chain });
            }
        };
        let Some((decision, outputs)) = outputs.get(hour) else {
            must("decision", "none".to_owned(), format!("class {}", decided.class));
            continue;
        };
        coverage.decisions += 1;
        let inputs = strategy.decision_point(history, decision.at).map(|point| point.inputs).unwrap_or_default();
        let answer = outputs.get(strategy.policy.output() as usize).copied().unwrap_or_default();
        must("class", answer.to_string(), decided.class.to_string());
        must("input_hash", felt(hash_of(&inputs)), felt(decided.input_hash));
        must("output_hash", felt(hash_of(outputs)), felt(decided.output_hash));
        must("model", felt(commitment(strategy)), felt(decided.model));
        must("version", vault.version.to_string(), decided.version.to_string());
        let chain = walked.recorded.get(hour).map_or_else(|| "not recorded".to_owned(), |(_, chain)| felt(*chain));
        must("chain", chain, felt(decided.chain));
        let Cut { policy, limits, .. } = &walked.cuts[*segment];
        let target = policy.target(answer).unwrap_or(Target::Hold);
        must("weight_target", weight(target_weight(target)), weight(decided.weight_target));
        if let Some(limits) = limits {
            let saturated = decision.saturated > limits.max_saturated;
            if let Some((record, chain)) = contradiction(decided, target, saturated, limits.max_weight_bps) {
                must("outcome", record, chain);
            }
        }
    }
    let first = walked.recorded.keys().next().copied();
    let decided: BTreeSet<&Hour> = walked.decided.keys().collect();
    let begun = |hour: &Hour| hour.count() >= made && first.is_some_and(|first| *hour >= first);
    coverage.undecided = outputs.keys().filter(|hour| begun(hour) && !decided.contains(hour)).copied().collect();
}

/// Where an outcome cannot follow from the decision, whatever the vault held: what must have come of it, and what did.
fn contradiction(decided: &Decided, target: Target, saturated: bool, max_weight: u16) -> Option<(String, String)> {
    let chain = outcome(decided.outcome);
    let held = |reason: Reason| format!("held: {}", reason.name());
    let must = match target {
        _ if saturated => held(Reason::Saturated),
        Target::Hold => held(Reason::Policy),
        Target::Weight(asked) => {
            let asked = asked.min(max_weight);
            let fits = match decided.outcome {
                Outcome::Held(reason) => !matches!(reason, Reason::Saturated | Reason::Policy),
                // The weight before is rounded down.
                Outcome::Bought { .. } | Outcome::Owed => asked > decided.weight_before,
                Outcome::Sold { .. } => asked <= decided.weight_before,
                Outcome::Halted => false,
            };
            if fits {
                return None;
            }
            format!("a move from {} to {asked} basis points", decided.weight_before)
        }
    };
    (must != chain).then_some((must, chain))
}

/// The vault's swaps against its own decisions, and beside what the record's rules trade for one investor.
fn trading(record: &Verified, walked: &Walked, coverage: &Coverage, findings: &mut Vec<Finding>) -> Result<Trading, SimulationError> {
    let Verified { strategy, history, decisions, .. } = record;
    let mut trading = Trading::default();
    let mut swapped: BTreeMap<Hour, Traded> = BTreeMap::new();
    for traded in &walked.traded {
        match traded.purpose {
            Purpose::Decision => {
                swapped.insert(traded.hour, *traded);
            }
            Purpose::Shortfall | Purpose::Unwind => trading.others += 1,
        }
    }
    for (hour, (decided, _)) in &walked.decided {
        let asked = match decided.outcome {
            Outcome::Bought { .. } => Some(Side::Quote),
            Outcome::Sold { .. } => Some(Side::Base),
            Outcome::Held(_) | Outcome::Owed | Outcome::Halted => None,
        };
        let sold = swapped.get(hour).map(|traded| traded.sold);
        if asked != sold {
            let text =
                |side: Option<Side>| side.map_or_else(|| "no swap".to_owned(), |side| format!("a swap of the {} token", side.name()));
            findings.push(Finding { hour: Some(*hour), field: "traded", record: text(asked), chain: text(sold) });
        }
    }
    for hour in swapped.keys().filter(|hour| !walked.decided.contains_key(hour)) {
        let (record, chain) = ("no decision".to_owned(), "a swap of a decision".to_owned());
        findings.push(Finding { hour: Some(*hour), field: "traded", record, chain });
    }
    for (hour, traded) in &swapped {
        let rate = walked.recorded.get(hour).and_then(|(seen, _)| strategy.pair.rate(seen));
        let worths = rate.and_then(|rate| match traded.sold {
            Side::Base => Some((rate.value_floor(traded.spent)?, traded.received)),
            Side::Quote => Some((traded.spent, rate.value_floor(traded.received)?)),
        });
        if let Some((gave, got)) = worths {
            trading.worth = trading.worth.saturating_add(gave);
            let signed = |amount: u128| i128::try_from(amount).unwrap_or(i128::MAX);
            trading.lost = trading.lost.saturating_add(signed(gave).saturating_sub(signed(got)));
        }
    }

    // From the first hour that both decided at, as one investor who came then.
    let market = Market::new(strategy, history)?;
    let hour_of = |decision: &Decision| history.accepted()[decision.at].hour;
    let begun = walked.decided.keys().next().copied();
    let from = begun.map_or(decisions.len(), |begun| decisions.partition_point(|decision| hour_of(decision) < begun));
    let mut simulated: BTreeMap<Hour, Side> = BTreeMap::new();
    if coverage.decisions > 0 {
        let cost_bps = strategy.backtest.costs_bps.first().copied().unwrap_or(0);
        let terms = Terms { cost_bps, fill: Fill::AtQuote };
        let run = simulate(strategy, &market, &decisions[from..], history.accepted().len(), terms, |step| {
            match step.plan {
                Some(Plan::Buy { .. }) => simulated.insert(step.hour, Side::Quote),
                Some(Plan::Sell { .. }) => simulated.insert(step.hour, Side::Base),
                Some(Plan::Hold(_)) | None => None,
            };
        })?;
        trading.simulated = Some(Simulated { deposit: strategy.backtest.deposit, equity: run.equity, cost_bps });
    }
    for hour in swapped.keys().chain(simulated.keys()).collect::<BTreeSet<_>>() {
        match (swapped.get(hour).map(|traded| traded.sold), simulated.get(hour).copied()) {
            (Some(vault), Some(ours)) if vault == ours => trading.same += 1,
            (Some(_), Some(_)) => trading.opposite += 1,
            (Some(_), None) => trading.only_vault.push(*hour),
            (None, _) => trading.only_record.push(*hour),
        }
    }
    Ok(trading)
}

fn commitment(strategy: &Strategy) -> Felt {
    Felt::from_bytes_be(strategy.commitment.as_bytes())
}

fn felt(felt: Felt) -> String {
    format!("{felt:#066x}")
}

fn target_weight(target: Target) -> Option<u16> {
    match target {
        Target::Weight(weight) => Some(weight),
        Target::Hold => None,
    }
}

fn weight(weight: Option<u16>) -> String {
    weight.map_or_else(|| "hold".to_owned(), |weight| format!("{weight} basis points"))
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Held(reason) => format!("held: {}", reason.name()),
        Outcome::Owed => "owed: no purchase while redemptions wait".to_owned(),
        Outcome::Bought { quote } => format!("bought for {quote}"),
        Outcome::Sold { base } => format!("sold {base}"),
        Outcome::Halted => "halted".to_owned(),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hour, field, record, chain } = self;
        if let Some(hour) = hour {
            write!(formatter, "{hour}: ")?;
        }
        write!(formatter, "{field}: the record has {record}, and the chain {chain}")
    }
}
