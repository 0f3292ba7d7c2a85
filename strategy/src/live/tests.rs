//! A record beside a vault that really traded, as the twin does, and each way in which the two can differ.

use maat_verifier::{Preset, Security};
use starknet_types_core::felt::Felt;

use super::*;
use crate::backtest::Decision;
use crate::fees::Fees;
use crate::history::{History, Observation, link};
use crate::hour::{Hour, SECONDS};
use crate::keeper::tests::simulated::{START, Simulated, answer, strategy};
use crate::limits::{Limits, Reason};
use crate::policy::{Policy, Rule, Target};
use crate::price::Price;
use crate::record::{Counts, Verified};
use crate::vault::{Event, Outcome, Purpose, Side};

const HOURS: u64 = 24;

fn hour(after: u64) -> Hour {
    Hour::new(START + after).unwrap()
}

/// What a record of these prices says once it is verified.
fn verified(history: History) -> Verified {
    let strategy = strategy();
    let (mut decisions, mut outputs) = (Vec::new(), Vec::new());
    for point in strategy.decision_points(&history) {
        let value = [answer(&point.inputs)];
        decisions.push(Decision::new(&strategy, &history, &point, &value).unwrap());
        outputs.extend(value);
    }
    let counts = Counts { hours: 0, refused: 0, gaps: 0, decisions: decisions.len(), clamped: 0, proofs: 0 };
    let chain = history.chain();
    Verified {
        strategy,
        preset: Preset::Fast,
        batch: 1,
        history,
        decisions,
        outputs,
        results: Vec::new(),
        chain,
        security: Security { conjectured: 100, proven: 50 },
        counts,
    }
}

/// A vault that was kept for a day, and the record of that day.
fn honest() -> (Verified, OnChain) {
    let mut simulated = Simulated::invested();
    simulated.keep_until(HOURS);
    let strategy = strategy();
    let mut chain = Felt::ZERO;
    let mut log = Vec::new();
    for observation in simulated.world.history.history().accepted() {
        let block = observation.hour.count();
        chain = link(chain, *observation);
        log.push(Logged { block, entry: Entry::Recorded { observation: *observation, chain } });
        for event in simulated.vault.events() {
            let entry = match *event {
                Event::Decided { hour, class, version, input_hash, output_hash, chain, weight_before, weight_target, outcome, .. } => {
                    let model = Felt::from_bytes_be(strategy.commitment.as_bytes());
                    let decided =
                        Decided { hour, class, model, version, input_hash, output_hash, chain, weight_before, weight_target, outcome };
                    (hour == observation.hour).then_some(Entry::Decided(decided))
                }
                Event::Traded { hour, purpose, sold, spent, received } => {
                    (hour == observation.hour).then_some(Entry::Traded(Traded { hour, purpose, sold, spent, received }))
                }
                _ => None,
            };
            log.extend(entry.map(|entry| Logged { block, entry }));
        }
    }
    let on_chain = OnChain {
        first_policy: strategy.policy.clone(),
        deployed_at: START * SECONDS + 100,
        commitment: Felt::from_bytes_be(strategy.commitment.as_bytes()),
        version: 1,
        outputs: 1,
        decimals: (18, 6),
        features: strategy.features.clone(),
        policy: strategy.policy.clone(),
        limits: strategy.limits.clone(),
        fees: strategy.fees,
        chain,
        log,
    };
    (verified(simulated.world.history.history().clone()), on_chain)
}

/// The findings, by hours from the start and fields.
fn found(record: &Verified, vault: &OnChain) -> Vec<(Option<u64>, &'static str)> {
    let comparison = compare(record, vault).unwrap();
    comparison.findings.iter().map(|finding| (finding.hour.map(|hour| hour.count() - START), finding.field)).collect()
}

fn decided(vault: &mut OnChain, after: u64) -> &mut Decided {
    let of = |logged: &&mut Logged| matches!(&logged.entry, Entry::Decided(decided) if decided.hour == hour(after));
    match vault.log.iter_mut().find(of).map(|logged| &mut logged.entry) {
        Some(Entry::Decided(decided)) => decided,
        _ => panic!("no decision {after} hours after the start"),
    }
}

fn recorded(vault: &mut OnChain, after: u64) -> (&mut Observation, &mut Felt) {
    let of = |logged: &&mut Logged| matches!(&logged.entry, Entry::Recorded { observation, .. } if observation.hour == hour(after));
    match vault.log.iter_mut().find(of).map(|logged| &mut logged.entry) {
        Some(Entry::Recorded { observation, chain }) => (observation, chain),
        _ => panic!("no record {after} hours after the start"),
    }
}

fn without(vault: &mut OnChain, leaves: impl Fn(&Entry) -> bool) {
    let before = vault.log.len();
    vault.log.retain(|logged| !leaves(&logged.entry));
    assert!(vault.log.len() < before, "there was nothing to leave out");
}

/// An hour at which the vault bought.
fn purchase(vault: &OnChain) -> u64 {
    let of = |logged: &Logged| match &logged.entry {
        Entry::Decided(decided) if matches!(decided.outcome, Outcome::Bought { .. }) => Some(decided.hour.count() - START),
        _ => None,
    };
    vault.log.iter().find_map(of).unwrap()
}

#[test]
fn an_honest_record_holds() {
    let (record, vault) = honest();
    let comparison = compare(&record, &vault).unwrap();
    assert_eq!(comparison.findings, []);
    let Coverage { hours, before, decisions, undecided } = comparison.coverage;
    assert_eq!((hours as u64, before, decisions as u64, undecided.len()), (HOURS + 1, 0, HOURS, 0));
    let [segment] = &comparison.segments[..] else { panic!("{:?}", comparison.segments) };
    assert_eq!((segment.first, segment.last, segment.follows), (Some(hour(0)), Some(hour(HOURS)), Some(true)));
    let Trading { same, opposite, worth, lost, others, simulated, .. } = comparison.trading;
    assert!(simulated.is_some_and(|simulated| simulated.equity > 0 && simulated.cost_bps == 10), "{simulated:?}");
    assert!(same > 2 && opposite == 0 && others > 0, "{:?}", comparison.trading);
    // The pool takes 10 basis points.
    assert!((9..=11).contains(&(lost * 10_000 / i128::try_from(worth).unwrap())), "{lost} of {worth}");
}

#[test]
fn each_field_of_a_decision_is_compared() {
    type Spoil = fn(&mut Decided);
    let spoils: [(&str, Spoil); 7] = [
        ("class", |it| it.class = 1 - it.class),
        ("input_hash", |it| it.input_hash += Felt::ONE),
        ("output_hash", |it| it.output_hash += Felt::ONE),
        ("model", |it| it.model += Felt::ONE),
        ("version", |it| it.version = 2),
        ("chain", |it| it.chain += Felt::ONE),
        ("weight_target", |it| it.weight_target = None),
    ];
    for (field, spoil) in spoils {
        let (record, mut vault) = honest();
        spoil(decided(&mut vault, 7));
        assert_eq!(found(&record, &vault), [(Some(7), field)]);
    }
}

#[test]
fn an_outcome_must_be_able_to_follow() {
    let (_, vault) = honest();
    let at = purchase(&vault);
    let base = 1;
    for (outcome, fields) in [
        (Outcome::Sold { base }, &["outcome", "traded"][..]),
        (Outcome::Held(Reason::Saturated), &["outcome", "traded"]),
        (Outcome::Held(Reason::Policy), &["outcome", "traded"]),
        (Outcome::Halted, &["outcome", "traded"]),
        // What stored facts decide cannot be told apart from here; that nothing was traded then can.
        (Outcome::Held(Reason::Cooldown), &["traded"]),
    ] {
        let (record, mut vault) = honest();
        decided(&mut vault, at).outcome = outcome;
        let expected: Vec<_> = fields.iter().map(|field| (Some(at), *field)).collect();
        assert_eq!(found(&record, &vault), expected, "{outcome:?}");
    }
}

#[test]
fn what_never_changes_must_be_the_records() {
    type Spoil = fn(&mut OnChain);
    let spoils: [(&str, Spoil); 5] = [
        ("commitment", |it| it.commitment += Felt::ONE),
        ("outputs", |it| it.outputs = 2),
        ("decimals", |it| it.decimals = (18, 8)),
        ("fees", |it| it.fees = Fees { management_bps: 1, settle_bps: 30 }),
        ("features", |it| {
            let (groups, rules) = (vec![crate::features::Feature::Return { lags: vec![0, 1] }], it.features.rules().to_vec());
            it.features = crate::features::Features::new(groups, rules).unwrap();
        }),
    ];
    for (field, spoil) in spoils {
        let (record, mut vault) = honest();
        spoil(&mut vault);
        assert_eq!(found(&record, &vault), [(None, field)]);
    }
    let (record, mut vault) = honest();
    let mut rules = vault.features.rules().to_vec();
    rules[1].hi -= 1;
    vault.features = crate::features::Features::new(vault.features.groups().to_vec(), rules).unwrap();
    assert_eq!(found(&record, &vault), [(None, "inputs")]);
}

#[test]
fn another_price_is_found_with_its_hour() {
    let (record, mut vault) = honest();
    let (observation, _) = recorded(&mut vault, 5);
    observation.base = Price::new(observation.base.units() + 1).unwrap();
    // The chain does not fit the price either: a false event, not only another price.
    assert_eq!(found(&record, &vault), [(Some(5), "price_chain"), (Some(5), "base")]);
    let (record, mut vault) = honest();
    let (observation, _) = recorded(&mut vault, 5);
    observation.quote = Price::new(observation.quote.units() - 1).unwrap();
    assert_eq!(found(&record, &vault), [(Some(5), "price_chain"), (Some(5), "quote")]);
}

#[test]
fn a_false_link_and_a_false_end_of_the_price_chain_are_found() {
    let (record, mut vault) = honest();
    *recorded(&mut vault, 5).1 += Felt::ONE;
    // The next link does not fit what this one says, and the decision has the true one.
    assert_eq!(found(&record, &vault), [(Some(5), "price_chain"), (Some(6), "price_chain"), (Some(5), "chain")]);
    let (record, mut vault) = honest();
    vault.chain += Felt::ONE;
    assert_eq!(found(&record, &vault), [(None, "price_chain")]);
}

/// The record without one of its observations.
fn record_without(left_out: impl Fn(&Observation) -> bool) -> Verified {
    let (record, _) = honest();
    let mut history = History::default();
    for observation in record.history.accepted().iter().filter(|observation| !left_out(observation)) {
        history.record(*observation).unwrap();
    }
    verified(history)
}

#[test]
fn hours_that_one_of_them_lacks_are_found() {
    let (_, vault) = honest();
    // The last hours left out, an hour in the midst, and the first ones.
    let shorter = record_without(|seen| seen.hour > hour(HOURS - 2));
    let expected: Vec<_> =
        [(HOURS - 1, "hour"), (HOURS, "hour"), (HOURS - 1, "decision"), (HOURS, "decision")].map(|(at, field)| (Some(at), field)).to_vec();
    assert_eq!(found(&shorter, &vault), expected);
    let found_in_midst = found(&record_without(|seen| seen.hour == hour(9)), &vault);
    assert_eq!(found_in_midst, [(Some(9), "hour"), (Some(9), "decision"), (Some(10), "decision")]);
    assert_eq!(found(&record_without(|seen| seen.hour == hour(0)), &vault), [(Some(0), "hour"), (Some(1), "decision")]);
    // The chain has a gap where the record has none.
    let (record, mut vault) = honest();
    without(&mut vault, |entry| matches!(entry, Entry::Recorded { observation, .. } if observation.hour == hour(HOURS)));
    without(&mut vault, |entry| matches!(entry, Entry::Decided(decided) if decided.hour == hour(HOURS)));
    vault.log.retain(|logged| !matches!(logged.entry, Entry::Traded(traded) if traded.hour == hour(HOURS)));
    vault.chain = *recorded(&mut vault, HOURS - 1).1;
    assert_eq!(found(&record, &vault), [(Some(HOURS), "hour")]);
}

#[test]
fn a_vault_that_was_not_stepped_is_told_and_no_difference() {
    let (record, mut vault) = honest();
    let quiet = (1..HOURS).find(|after| matches!(decided(&mut vault, *after).outcome, Outcome::Held(_))).unwrap();
    without(&mut vault, |entry| matches!(entry, Entry::Decided(decided) if decided.hour == hour(quiet)));
    let comparison = compare(&record, &vault).unwrap();
    assert_eq!((comparison.findings, comparison.coverage.undecided), (vec![], vec![hour(quiet)]));
}

#[test]
fn a_swap_needs_its_decision_and_a_decision_its_swap() {
    let (record, mut vault) = honest();
    let at = purchase(&vault);
    without(&mut vault, |entry| matches!(entry, Entry::Traded(traded) if traded.hour == hour(at) && traded.purpose == Purpose::Decision));
    assert_eq!(found(&record, &vault), [(Some(at), "traded")]);
    let (record, mut vault) = honest();
    let traded = Traded { hour: hour(0), purpose: Purpose::Decision, sold: Side::Quote, spent: 1, received: 1 };
    vault.log.push(Logged { block: 0, entry: Entry::Traded(traded) });
    assert_eq!(found(&record, &vault), [(Some(0), "traded")]);
}

#[test]
fn two_decisions_of_an_hour_are_found() {
    let (record, mut vault) = honest();
    let again = *decided(&mut vault, 3);
    vault.log.push(Logged { block: 0, entry: Entry::Decided(again) });
    assert_eq!(found(&record, &vault), [(Some(3), "decision")]);
}

#[test]
fn a_change_cuts_the_record_and_the_last_rules_are_the_chains() {
    let (record, mut vault) = honest();
    let at = |vault: &OnChain, after: u64| {
        let of = |logged: &Logged| matches!(&logged.entry, Entry::Recorded { observation, .. } if observation.hour == hour(after));
        vault.log.iter().position(of).unwrap()
    };
    let other = Policy::new(0, Rule::Class, vec![Target::Weight(0), Target::Weight(9_000)]).unwrap();
    let limits = Limits { max_weight_bps: 9_000, ..vault.limits.clone() };
    let changes = [(3, 20, Changed::Limits(limits.clone())), (2, 20, Changed::Policy(other.clone())), (1, 10, Changed::Nothing)];
    for (number, after, changed) in changes {
        let place = at(&vault, after);
        vault.log.insert(place, Logged { block: 0, entry: Entry::Changed { number, changed } });
    }
    // The changes must lead to the rules at the end.
    let fields: Vec<_> = compare(&record, &vault).unwrap().findings.into_iter().map(|finding| finding.field).collect();
    assert!(fields.contains(&"policy") && fields.contains(&"limits"), "{fields:?}");
    (vault.policy, vault.limits) = (other, limits);
    // Decisions of each segment follow its policy.
    let last: Vec<u64> = (20..=HOURS).filter(|after| decided(&mut vault, *after).weight_target == Some(9_500)).collect();
    assert!(!last.is_empty());
    let expected: Vec<_> = last.iter().map(|after| (Some(*after), "weight_target")).collect();
    assert_eq!(found(&record, &vault).into_iter().filter(|(_, field)| *field != "outcome").collect::<Vec<_>>(), expected);
    for after in last {
        decided(&mut vault, after).weight_target = Some(9_000);
    }
    let comparison = compare(&record, &vault).unwrap();
    assert!(comparison.findings.iter().all(|finding| finding.field == "outcome"), "{:?}", comparison.findings);
    for after in [3, 12] {
        let mut vault = vault.clone();
        decided(&mut vault, after).weight_target = Some(1);
        let found = found(&record, &vault);
        assert!(found.contains(&(Some(after), "weight_target")), "{found:?}");
    }
    let segments: Vec<_> = comparison.segments.iter().map(|it| (it.first, it.last, it.changes.clone(), it.follows)).collect();
    let of = |first, last, changes: &[u64], follows| (Some(hour(first)), Some(hour(last)), changes.to_vec(), follows);
    // Limits from before their first change are not on the chain.
    assert_eq!(segments, [of(0, 9, &[], None), of(10, 19, &[1], None), of(20, HOURS, &[3, 2], Some(false))]);
    assert_eq!(comparison.segments.iter().map(|segment| segment.decisions as u64).sum::<u64>(), HOURS);
}

#[test]
fn a_backtest_before_the_vault_is_told_apart() {
    let (_, vault) = honest();
    let mut history = History::default();
    let first = record_without(|_| false).history.accepted()[0];
    for before in (1..=50).rev() {
        let observation = Observation { hour: Hour::new(START - before).unwrap(), ..first };
        history.record(observation).unwrap();
    }
    for observation in honest().0.history.accepted() {
        history.record(*observation).unwrap();
    }
    let comparison = compare(&verified(history), &vault).unwrap();
    // With a window from before, the record decides at the first hour, where the vault could not.
    assert_eq!((comparison.findings, comparison.coverage.before), (vec![], 50));
    assert_eq!(comparison.coverage.undecided, [hour(0)]);
}

#[test]
fn a_record_of_other_hours_is_refused() {
    let (_, vault) = honest();
    let mut history = History::default();
    let first = record_without(|_| false).history.accepted()[0];
    for after in 0..10 {
        history.record(Observation { hour: Hour::new(START + 100 + after).unwrap(), ..first }).unwrap();
    }
    assert!(found(&verified(history), &vault).contains(&(None, "hours")));
}
