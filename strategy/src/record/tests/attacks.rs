//! What a dishonest owner would do to a record. Each has a checksum made anew, and each is refused with its field, hour or index.

use super::*;
use crate::hour::Hour;

type Change<T> = fn(&mut T);

/// An hour of the prices, as text.
fn hour(count: u64) -> String {
    Hour::new(FIRST + count).unwrap().to_string()
}

fn own() -> Expectations<'static> {
    Expectations::default()
}

#[test]
fn a_changed_price_is_named_with_its_hour_and_both_prices() {
    let base = changed(|record| record.observations[5].base = Price::new(record.observations[5].base.units() + 20 * USD).unwrap());
    let was = OBSERVATIONS[5].base;
    let now = Price::new(was.units() + 20 * USD).unwrap();
    assert_eq!(
        refused(&base, &expected()),
        format!("observations: {}: the base price is {now} USD in the record, {was} USD in prices.csv", hour(5))
    );
    // Without other prices, the proof is of other inputs.
    let reason = refused(&base, &own());
    assert!(reason.starts_with(&format!("batch 0 ({} to {}): the STARK does not hold", hour(3), hour(6))), "{reason}");

    let quote = changed(|record| record.observations[20].quote = Price::new(99_990_000).unwrap());
    assert_eq!(
        refused(&quote, &expected()),
        format!("observations: {}: the quote price is 0.9999 USD in the record, 1.00 USD in prices.csv", hour(21))
    );
    // No feature sees it, but trades do.
    let reason = refused(&quote, &own());
    assert!(reason.starts_with("results[held-out, cost 0 bps, one quote later].equity: "), "{reason}");
}

#[test]
fn a_dropped_hour_is_named() {
    for (index, count) in [(0, 0), (5, 5), (12, 13)] {
        let bytes = changed(|record| _ = record.observations.remove(index));
        let price = OBSERVATIONS[index].base;
        assert_eq!(
            refused(&bytes, &expected()),
            format!("observations: {}: it is not in the record; prices.csv has base {price} USD, quote 1.00 USD", hour(count))
        );
        // Without other prices, there are answers too many.
        let reason = refused(&bytes, &own());
        assert!(reason.starts_with("outputs: the record has those of 23 decisions, and "), "{reason}");
    }
    let last = OBSERVATIONS[32].base;
    assert_eq!(
        refused(&changed(|record| _ = record.observations.pop()), &expected()),
        format!("observations: {}: the record ends with {}; prices.csv goes on with base {last} USD, quote 1.00 USD", hour(33), hour(32))
    );
    assert!(refused(&changed(|record| record.observations.clear()), &expected()).contains("the record is empty; prices.csv goes on"));
}

#[test]
fn a_repeated_or_reordered_hour_is_named_whatever_it_is_compared_with() {
    for expected in [expected(), own()] {
        let repeated = changed(|record| record.observations.insert(6, record.observations[5]));
        assert_eq!(refused(&repeated, &expected), format!("observations[6]: {} is repeated", hour(5)));
        let reordered = changed(|record| record.observations.swap(5, 6));
        assert_eq!(refused(&reordered, &expected), format!("observations[6]: {} stands after {}, which is later", hour(5), hour(6)));
    }
}

#[test]
fn an_added_hour_is_named() {
    let in_the_gap = changed(|record| record.observations.insert(12, observation(FIRST + 12, 2_000 * USD)));
    let at_the_end = changed(|record| record.observations.push(observation(FIRST + 34, 2_000 * USD)));
    for (bytes, count) in [(in_the_gap, 12), (at_the_end, 34)] {
        assert_eq!(
            refused(&bytes, &expected()),
            format!("observations: {}: the record has base 2000.00 USD, quote 1.00 USD; it is not in prices.csv", hour(count))
        );
        assert!(refused(&bytes, &own()).starts_with("outputs: the record has those of 23 decisions, and "));
    }
}

#[test]
fn prices_that_are_no_history_compare_with_nothing() {
    let repeated = [OBSERVATIONS[0], OBSERVATIONS[0]];
    let expected = Expectations { observations: Some(Named { value: &repeated, name: "prices.csv" }), ..own() };
    assert_eq!(refused(&RECORD.to_bytes().unwrap(), &expected), format!("prices.csv: observations[1]: {} is repeated", hour(0)));
}

#[test]
fn every_changed_rule_is_named_and_no_digest_has_two_strategies() {
    let changes: [(Change<Strategy>, &str, &str); 8] = [
        (|strategy| strategy.limits.max_trade_bps = 2_000, "limits.max_trade_bps: 2000 in the record, 5000 in strategy.toml", "results["),
        (|strategy| strategy.fees.management_bps = 0, "fees.management_bps: 0 in the record, 100 in strategy.toml", "results["),
        (
            |strategy| {
                let targets = vec![Target::Weight(2_500), Target::Hold, Target::Weight(10_000)];
                strategy.policy = Policy::new(0, Rule::Class, targets).unwrap();
            },
            "policy.targets.0: 2500 in the record, 0 in strategy.toml",
            "results[",
        ),
        (
            |strategy| strategy.backtest.train_until = Hour::new(FIRST + 9).unwrap(),
            "backtest.train_until: 450705 in the record, 450714 in strategy.toml",
            "results[in-sample, cost 0 bps, at the quote].",
        ),
        (|strategy| strategy.backtest.deposit /= 2, "backtest.deposit: \"5000000000\" in the record, \"10000000000\"", "results["),
        (|strategy| strategy.backtest.costs_bps = vec![0, 9], "backtest.costs_bps.1: 9 in the record, 10 in", "results[2]: it is of"),
        (|strategy| strategy.backtest.costs_bps = vec![0], "backtest.costs_bps: [0] in the record, [0,10] in", "results: the record has 8"),
        (
            |strategy| {
                let features = vec![Feature::Difference { lags: vec![1, 2, 2] }];
                strategy.features = Features::new(features, input_rules(&MODEL)).unwrap();
            },
            "features.0.lags.2: 2 in the record, 3 in strategy.toml",
            "outputs: the record has those of 23 decisions",
        ),
    ];
    for (change, named, alone) in changes {
        let bytes = changed(|record| change(&mut record.strategy));
        let reason = refused(&bytes, &expected());
        assert!(reason.starts_with("the strategy is another one: ") && reason.contains(named), "{reason}");
        let reason = refused(&bytes, &Expectations { digest: Some(STRATEGY.digest()), ..own() });
        assert!(reason.starts_with("digest: the record's strategy has 0x") && reason.contains("was expected"), "{reason}");
        // What follows is no longer what is claimed.
        let reason = refused(&bytes, &own());
        assert!(reason.starts_with(alone), "{reason}");
    }
}

#[test]
fn an_input_rule_that_is_not_the_networks_is_named() {
    let mut rules = input_rules(&MODEL);
    rules[1].hi = 126;
    let features = Features::new(STRATEGY.features.groups().to_vec(), rules).unwrap();
    let bytes = changed(|record| record.strategy.features = features);
    let expected = Expectations { model: Some(&*MODEL), ..own() };
    assert_eq!(
        refused(&bytes, &expected),
        "inputs.1: scale 0 from -128 to 126 in the record, and the network's is scale 0 from -128 to 127"
    );
    let features = Features::new(vec![Feature::Difference { lags: vec![1, 2] }], input_rules(&MODEL)[..2].to_vec()).unwrap();
    let bytes = changed(|record| record.strategy.features = features);
    assert_eq!(refused(&bytes, &expected), "inputs: the strategy has rules for 2 values, and the network takes 3");
    assert_eq!(refused(&bytes, &own()), "entries: the network takes 3 values and gives 1, and the strategy has 2 features and 1 outputs");
}

#[test]
fn outputs_of_another_network_are_named_with_their_hour() {
    let wrong = (RECORD.outputs[9] + 1) % 3;
    let bytes = changed(|record| record.outputs[9] = wrong);
    let reason = refused(&bytes, &own());
    // The tenth decision is the first one after the gap: hours 13 to 16 are its window.
    assert!(reason.starts_with(&format!("batch 2 ({} to {}): the STARK does not hold", hour(11), hour(18))), "{reason}");
    let reason = refused(&bytes, &expected());
    let said = format!(". At {}, output value 0 of the network is {}, and {wrong} in the record", hour(16), RECORD.outputs[9]);
    assert!(reason.ends_with(&said), "{reason}");
}

#[test]
fn a_record_of_another_network_is_refused_by_its_commitment() {
    let entries = entries_of(&OTHER);
    let key = ProvingKey::new(&OTHER, entries.clone(), (Preset::Fast, Mode::Plain), BATCH).unwrap();
    let other = strategy(&OTHER, &entries);
    let job = Job::new(&other, &entries, CHOICE, Public, &OBSERVATIONS).unwrap();
    let made = job.make(None, NonZeroUsize::MIN, |batch| prove_with(&key, Public, batch), |_| ()).unwrap();
    let bytes = made.record.to_bytes().unwrap();
    verify(&bytes, &own()).unwrap();
    let (found, asked) = (other.commitment, STRATEGY.commitment);
    let reason = refused(&bytes, &Expectations { commitment: Some(asked), ..own() });
    assert_eq!(reason, format!("commitment: {found} in the record, and {asked} was expected"));
    assert!(refused(&bytes, &expected()).contains(&format!("commitment: \"{found}\" in the record, \"{asked}\" in strategy.toml")));

    // Its proofs, outputs and entries under the right name.
    let bytes = changed(|record| (record.outputs, record.starks) = (made.record.outputs.clone(), made.record.starks.clone()));
    assert!(refused(&bytes, &own()).starts_with("batch 0 ("));
    let bytes = changed(|record| record.entries = entries);
    assert_eq!(refused(&bytes, &own()), format!("entries: they are of the network {found}, and the strategy names {asked}"));
}

#[test]
fn a_proof_of_another_batch_is_named_with_its_index_and_hours() {
    let swapped = changed(|record| record.starks.swap(1, 3));
    let again = changed(|record| record.starks[3] = record.starks[1].clone());
    let empty = changed(|record| record.starks[1] = Vec::new());
    let batch = |index, first, last| format!("batch {index} ({} to {}): ", hour(first), hour(last));
    for (bytes, batch) in [(swapped, batch(1, 7, 10)), (again, batch(3, 19, 26)), (empty, batch(1, 7, 10))] {
        let reason = refused(&bytes, &expected());
        assert!(reason.starts_with(&batch), "{reason}");
        // The answers are the network's, so no hour is blamed.
        assert!(!reason.contains("output value"), "{reason}");
    }
}

#[test]
fn padding_cannot_count_and_no_decision_can_be_left_out() {
    let padded = changed(|record| record.outputs.push(record.outputs[22]));
    assert_eq!(refused(&padded, &own()), "outputs: the record has those of 24 decisions, and 23 decisions follow from the prices");
    let fewer = changed(|record| _ = record.outputs.pop());
    assert_eq!(refused(&fewer, &own()), "outputs: the record has those of 22 decisions, and 23 decisions follow from the prices");
    let none = changed(|record| record.outputs.clear());
    assert_eq!(refused(&none, &own()), "outputs: the record has those of 0 decisions, and 23 decisions follow from the prices");
    let more = changed(|record| record.starks.push(record.starks[5].clone()));
    assert_eq!(refused(&more, &own()), "starks: the record has 7 proofs, and 23 decisions in batches of 4 have 6");
    let fewer = changed(|record| _ = record.starks.pop());
    assert_eq!(refused(&fewer, &own()), "starks: the record has 5 proofs, and 23 decisions in batches of 4 have 6");
}

#[test]
fn another_batch_size_or_preset_needs_an_entry_and_other_proofs() {
    let listed = changed(|record| record.batch = 1);
    assert_eq!(refused(&listed, &own()), "starks: the record has 6 proofs, and 23 decisions in batches of 1 have 23");
    for (bytes, asked) in [
        (
            changed(|record| record.batch = 7),
            "batches of 1, 4 with the preset fast, not for 7: list the size with `maat transpile .. --batch 7`",
        ),
        (changed(|record| record.batch = 0), "batches of 1, 4 with the preset fast, not for 0"),
        (changed(|record| record.preset = Preset::Onchain), "batches of no size with the preset onchain, not for 4"),
        (changed(|record| record.preset = Preset::Starknet), "`maat transpile .. --batch 4 --contract-proofs`"),
    ] {
        let reason = refused(&bytes, &own());
        assert!(reason.starts_with("the network's commitment is for ") && reason.contains(asked), "{reason}");
    }
}

#[test]
fn prices_without_a_decision_prove_nothing() {
    let bytes = changed(|record| record.observations.truncate(3));
    assert_eq!(refused(&bytes, &own()), "there is no decision: the network sees 4 hours in a row, and the prices never have as many");
}

#[test]
fn every_claimed_number_is_held_against_what_follows() {
    let changes: [(Change<Outcome>, &str); 5] = [
        (|outcome| outcome.run.equity += 1, "equity"),
        (|outcome| outcome.run.trades -= 1, "trades"),
        (|outcome| outcome.run.turned_over += 1, "turned_over"),
        (|outcome| outcome.run.costs += 1, "costs"),
        (|outcome| outcome.run.halted = Some(Hour::new(FIRST).unwrap()), "halted"),
    ];
    for (change, field) in changes {
        // 10 bps, one quote later, in-sample.
        let bytes = changed(|record| change(&mut record.results[3]));
        let reason = refused(&bytes, &expected());
        assert!(reason.starts_with(&format!("results[in-sample, cost 10 bps, one quote later].{field}: ")), "{reason}");
        assert!(reason.ends_with(" follows from the decisions"), "{reason}");
    }
    let equity = RECORD.results[7].run.equity;
    assert_eq!(
        refused(&changed(|record| record.results[7].run.equity = 99), &expected()),
        format!("results[held-out, cost 10 bps, one quote later].equity: 99 in the record, and {equity} follows from the decisions")
    );
    assert_eq!(
        refused(&changed(|record| record.results.swap(0, 1)), &expected()),
        "results[0]: it is of `in-sample, cost 0 bps, one quote later`, and must be of `in-sample, cost 0 bps, at the quote`"
    );
    assert_eq!(
        refused(&changed(|record| _ = record.results.pop()), &expected()),
        "results: the record has 7, and the strategy's costs and fills have 8"
    );
}

#[test]
fn a_class_without_a_row_is_refused_with_its_hour() {
    let policy = Policy::new(0, Rule::Class, vec![Target::Weight(0)]).unwrap();
    let at = RECORD.outputs.iter().position(|class| *class > 0).unwrap();
    let bytes = changed(|record| record.strategy.policy = policy);
    let reason = refused(&bytes, &own());
    // The first three observations have no decision.
    assert!(at < 9 && reason.starts_with(&format!("decisions: {}: the network answers", hour(3 + at as u64))), "{reason}");
}
