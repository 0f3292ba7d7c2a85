//! Records that hide the features: what they say, and what a dishonest owner would do to them.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::FeatureVisibility::Hidden;
use super::*;
use crate::backtest::Decision;

static HIDING: LazyLock<Record> =
    LazyLock::new(|| job(Hidden).make(None, NonZeroUsize::new(2).unwrap(), |batch| prove_as(Hidden, batch), |_| ()).unwrap().record);

fn own() -> Expectations<'static> {
    Expectations::default()
}

fn hiding(change: impl FnOnce(&mut Record)) -> Vec<u8> {
    changed_from(&HIDING, change)
}

/// The decisions at which too many features were clamped, with 1 as the most that may be.
fn held(decisions: &[Decision]) -> Vec<bool> {
    decisions.iter().map(|decision| decision.saturated > 1).collect()
}

#[test]
fn a_record_with_hidden_features_has_the_decisions_and_results_of_one_with_public_ones() {
    let open = verify(&RECORD.to_bytes().unwrap(), &own()).unwrap();
    let bytes = HIDING.to_bytes().unwrap();
    let hidden = Expectations { features: Some(Hidden), ..expected() };
    for expected in [own(), expected(), hidden] {
        let verified = verify(&bytes, &expected).unwrap();
        assert_eq!((verified.features(), open.features()), (Hidden, Public));
        assert_eq!((verified.preset, verified.batch), CHOICE);
        assert_eq!((&verified.outputs, &verified.results, verified.chain), (&open.outputs, &open.results, open.chain));
        let said = |decisions: &[Decision]| decisions.iter().map(|decision| (decision.at, decision.target)).collect::<Vec<_>>();
        assert_eq!(said(&verified.decisions), said(&open.decisions));
        assert_eq!(held(&verified.decisions), held(&open.decisions));
        assert!(held(&verified.decisions).contains(&true), "a jump clamps several features");
        let clamped = held(&open.decisions).into_iter().filter(|held| *held).count();
        assert_eq!(verified.counts, Counts { clamped, ..open.counts });
        assert!(verified.security.conjectured > 90 && verified.security.proven > 40);
    }
}

#[test]
fn nothing_in_it_tells_the_features() {
    assert_eq!(Record::from_bytes(&HIDING.to_bytes().unwrap()).as_ref(), Ok(&*HIDING));
    assert_eq!(HIDING.strategy, STRATEGY.with_hidden_features());
    let bytes = HIDING.to_bytes().unwrap();
    assert!(!bytes.windows(4).any(|window| window == b"lags"));
    // Nor are proofs of the same inputs alike.
    let again = job(Hidden).make(None, NonZeroUsize::MIN, |batch| prove_with(&KEYS[1], Hidden, batch), |_| ()).unwrap().record;
    assert!(HIDING.starks.iter().zip(&again.starks).all(|(one, other)| one != other));
    assert_eq!(Record { starks: HIDING.starks.clone(), ..again }, *HIDING);
}

#[test]
fn whoever_asks_for_public_features_gets_no_others_and_the_other_way_round() {
    let (open, hidden) = (RECORD.to_bytes().unwrap(), HIDING.to_bytes().unwrap());
    let asked = |features| Expectations { features: Some(features), ..expected() };
    assert_eq!(refused(&hidden, &asked(Public)), "features: they are hidden in the record, and public ones were expected");
    assert_eq!(refused(&open, &asked(Hidden)), "features: they are public in the record, and hidden ones were expected");
    verify(&open, &asked(Public)).unwrap();
    verify(&hidden, &asked(Hidden)).unwrap();
}

#[test]
fn its_digest_is_that_of_the_strategy_without_features() {
    let bytes = HIDING.to_bytes().unwrap();
    let with = |digest| Expectations { digest: Some(digest), ..own() };
    verify(&bytes, &with(STRATEGY.with_hidden_features().digest())).unwrap();
    let reason = refused(&bytes, &with(STRATEGY.digest()));
    assert!(reason.starts_with("digest: ") && reason.contains("`maat strategy check` shows for hidden features"), "{reason}");
    // A record with public features does not pass for one whose features nobody knew.
    let reason = refused(&RECORD.to_bytes().unwrap(), &with(STRATEGY.with_hidden_features().digest()));
    assert!(reason.starts_with("digest: ") && !reason.contains("hides"), "{reason}");
}

#[test]
fn what_is_not_hidden_is_compared_as_ever() {
    let bytes = hiding(|record| record.strategy.limits.max_trade_bps = 2_000);
    let reason = refused(&bytes, &expected());
    assert_eq!(reason, "the strategy is another one: limits.max_trade_bps: 2000 in the record, 5000 in strategy.toml");
    assert!(refused(&bytes, &own()).starts_with("results["));

    let bytes = hiding(|record| record.observations[20].quote = Price::new(99_990_000).unwrap());
    assert!(refused(&bytes, &expected()).starts_with("observations: "));
    assert!(refused(&bytes, &own()).starts_with("results["));
    let bytes = hiding(|record| _ = record.observations.pop());
    assert!(refused(&bytes, &own()).starts_with("outputs: the record has those of 23 decisions, and 22 "));

    let rules = vec![crate::features::InputRule { scale: 3, ..input_rules(&MODEL)[0] }; 3];
    let bytes = hiding(|record| record.strategy.features = Features::hidden(4, rules).unwrap());
    let model = Expectations { model: Some(&*MODEL), ..own() };
    assert!(refused(&bytes, &model).starts_with("inputs.0: scale 3 from "));
    assert!(refused(&bytes, &expected()).contains("inputs.0.scale: 3 in the record, 0 in strategy.toml"));
    assert!(refused(&hiding(|record| record.results[3].run.equity += 1), &own()).ends_with("follows from the decisions"));
}

#[test]
fn another_window_gives_other_decisions_and_is_another_strategy() {
    for (window, decisions) in [(3, 26), (5, 20)] {
        let bytes = hiding(|record| record.strategy.features = Features::hidden(window, input_rules(&MODEL)).unwrap());
        let reason = refused(&bytes, &own());
        assert_eq!(reason, format!("outputs: the record has those of 23 decisions, and {decisions} decisions follow from the prices"));
        let reason = refused(&bytes, &expected());
        assert_eq!(reason, format!("the strategy is another one: hidden_window: {window} in the record, 4 in strategy.toml"));
    }
}

#[test]
fn a_record_of_one_kind_does_not_pass_for_one_of_the_other() {
    // Hiding proofs under a strategy with features.
    let flipped = hiding(|record| record.strategy = STRATEGY.clone());
    assert_eq!(
        refused(&flipped, &own()),
        "held: the record tells of 23 decisions whether they hold for clamped features, and must tell of 0"
    );
    let flipped = hiding(|record| (record.strategy, record.held) = (STRATEGY.clone(), Vec::new()));
    for expected in [own(), expected(), Expectations { features: Some(Public), ..expected() }] {
        let reason = refused(&flipped, &expected);
        assert!(reason.starts_with("batch 0 ("), "{reason}");
        // The answers are the network's, so no hour is blamed.
        assert!(!reason.contains("output value"), "{reason}");
    }
    // Plain proofs under one without.
    let flipped = changed(|record| record.strategy = STRATEGY.with_hidden_features());
    assert_eq!(
        refused(&flipped, &own()),
        "held: the record tells of 0 decisions whether they hold for clamped features, and must tell of 23"
    );
    let flipped = changed(|record| (record.strategy, record.held) = (HIDING.strategy.clone(), HIDING.held.clone()));
    assert!(refused(&flipped, &own()).starts_with("batch 0 ("));
}

#[test]
fn a_proof_of_the_other_kind_is_refused_wherever_it_is() {
    for index in 0..HIDING.starks.len() {
        for (bytes, kind) in [
            (hiding(|record| record.starks[index] = RECORD.starks[index].clone()), "plain"),
            (changed(|record| record.starks[index] = HIDING.starks[index].clone()), "hiding"),
        ] {
            let reason = refused(&bytes, &own());
            assert!(reason.starts_with(&format!("batch {index} (")), "{kind}: {reason}");
        }
    }
    // Proofs that hide, of the parameters that plain ones with another preset have.
    assert!(refused(&hiding(|record| record.preset = Preset::Balanced), &own()).starts_with("batch 0 ("));
}

#[test]
fn changed_decisions_are_refused_and_no_hour_is_blamed() {
    for index in [0, 9, 22] {
        let bytes = hiding(|record| record.outputs[index] = (record.outputs[index] + 1) % 3);
        for expected in [own(), expected()] {
            let reason = refused(&bytes, &expected);
            assert!(reason.starts_with(&format!("batch {} (", index / 4)), "{reason}");
            // Nobody knows what the network saw.
            assert!(!reason.contains("output value"), "{reason}");
        }
    }
    // A proof is of its batch's decisions, and of no others.
    let of = |index: usize| HIDING.outputs[4 * index..4 * index + 4].to_vec();
    let (one, other) = (0..5).flat_map(|one| (0..one).map(move |other| (one, other))).find(|(one, other)| of(*one) != of(*other)).unwrap();
    let bytes = hiding(|record| record.starks.swap(one, other));
    assert!(refused(&bytes, &own()).starts_with(&format!("batch {other} (")));
}

#[test]
fn whether_decisions_hold_for_clamped_features_is_told_once_for_each() {
    let all = refused(&hiding(|record| record.held.iter_mut().for_each(|held| *held = !*held)), &own());
    assert!(all.starts_with("results["), "{all}");
    for change in [|held: &mut Vec<bool>| _ = held.pop(), |held: &mut Vec<bool>| held.push(false)] {
        let reason = refused(&hiding(|record| change(&mut record.held)), &own());
        assert!(reason.starts_with("held: the record tells of 2") && reason.ends_with("must tell of 23"), "{reason}");
    }
    let surplus = refused(&changed(|record| record.held = vec![false; 23]), &own());
    assert!(surplus.ends_with("must tell of 0"), "{surplus}");
    let at = 10 + 4 + HIDING.strategy.to_json().len() + 5 + ENTRIES.to_bytes().len() + 4 + 24 * OBSERVATIONS.len() + 4 + 4 * 23 + 4;
    let mut bytes = HIDING.to_bytes().unwrap();
    bytes[at + 2] = 2;
    assert_eq!(refused(&with_checksum(bytes), &own()), "held[2]: it is 0 or 1, not 2");
}

#[test]
fn proofs_of_one_kind_that_were_kept_are_not_used_for_the_other() {
    for (features, other) in [(Hidden, Public), (Public, Hidden)] {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("parts");
        let kept = job(other).parts(&folder).unwrap();
        job(other).make(Some(&kept), NonZeroUsize::MIN, |batch| prove_as(other, batch), |_| ()).unwrap();
        let calls = AtomicUsize::new(0);
        let count = |batch: &[Vec<i32>]| {
            calls.fetch_add(1, Ordering::Relaxed);
            prove_as(features, batch)
        };
        let parts = job(features).parts(&folder).unwrap();
        assert_eq!((parts.kept(), parts.others()), (0, 6));
        let made = job(features).make(Some(&parts), NonZeroUsize::MIN, count, |_| ()).unwrap();
        assert_eq!((made.found, made.spoilt, calls.load(Ordering::Relaxed)), (0, 0, 6));

        // Not even under the other one's name and head.
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let of = |features| {
            let folder = outer.path().join("names");
            let parts = job(features).parts(&folder).unwrap();
            let fails = AtomicUsize::new(0);
            let first = |batch: &[Vec<i32>]| match fails.fetch_add(1, Ordering::Relaxed) {
                0 => prove_as(features, batch),
                _ => Err("enough".to_owned()),
            };
            job(features).make(Some(&parts), NonZeroUsize::MIN, first, |_| ()).unwrap_err();
            let path = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
            fs::remove_dir_all(&folder).unwrap();
            path.file_name().unwrap().to_owned()
        };
        let (ours, theirs) = (folder.join(of(features)), folder.join(of(other)));
        let head = fs::read(&ours).unwrap()[..44].to_vec();
        let body = fs::read(&theirs).unwrap()[44..].to_vec();
        fs::write(&ours, [head, body].concat()).unwrap();
        let made = job(features).make(Some(&parts), NonZeroUsize::MIN, count, |_| ()).unwrap();
        assert_eq!((made.found, made.spoilt, calls.load(Ordering::Relaxed)), (5, 1, 7));
        verify(&made.record.to_bytes().unwrap(), &Expectations { features: Some(features), ..expected() }).unwrap();
    }
}

#[test]
fn a_prover_that_does_not_hide_is_noticed() {
    for (features, other) in [(Hidden, Public), (Public, Hidden)] {
        let error = job(features).make(None, NonZeroUsize::MIN, |batch| prove_as(other, batch), |_| ()).unwrap_err().to_string();
        assert!(error.starts_with("batch 0 (") && error.contains("which is a bug of the prover"), "{error}");
    }
}

#[test]
fn what_no_hiding_record_can_be_of_is_said_at_once() {
    let few = entries_for(&MODEL, &[1, BATCH], &[Preset::Fast], LayoutChoice::default()).unwrap();
    let of_few = strategy(&MODEL, &few);
    assert!(Job::new(&of_few, &few, CHOICE, Public, &OBSERVATIONS).is_ok());
    let error = Job::new(&of_few, &few, CHOICE, Hidden, &OBSERVATIONS).err().unwrap().to_string();
    assert!(error.contains("no size with the preset balanced, whose entry is that of hiding proofs with `fast` too, not for 4"), "{error}");
    let hidden = STRATEGY.with_hidden_features();
    let error = Job::new(&hidden, &ENTRIES, CHOICE, Hidden, &OBSERVATIONS).err().unwrap().to_string();
    assert_eq!(error, "features: they are hidden, so that no inputs of the network follow from the prices");
}

#[test]
fn records_of_private_networks_are_neither_made_nor_believed() {
    let private = ENTRIES.as_slice().iter().filter(|entry| entry.preset == Preset::Balanced);
    let private = Entries::new(private.map(|entry| maat_verifier::Entry { one_time_roots: 16, ..*entry }).collect()).unwrap();
    let said = "the network is private: each proof spends one of its one-time roots, which records do not support";
    let of_private = Strategy { commitment: private.commitment(), ..STRATEGY.clone() };
    for features in FeatureVisibility::ALL {
        let error = Job::new(&of_private, &private, CHOICE, features, &OBSERVATIONS).err().unwrap().to_string();
        assert_eq!(error, said);
    }
    for record in [&*RECORD, &*HIDING] {
        let bytes = changed_from(record, |record| {
            record.entries = private.clone();
            record.strategy.commitment = private.commitment();
        });
        assert_eq!(refused(&bytes, &own()), said);
    }
}

#[test]
fn visibilities_have_their_names() {
    for visibility in FeatureVisibility::ALL {
        assert_eq!(visibility.to_string().parse(), Ok(visibility));
    }
    assert_eq!("Public".parse::<FeatureVisibility>().unwrap_err().to_string(), "features are public or hidden, not \"Public\"");
}
