//! What a record that holds says.

use super::*;
use crate::backtest::{Fill, Label, Market, Terms, simulate};
use crate::record::Conditions;

#[test]
fn a_record_holds_with_and_without_expectations() {
    let bytes = RECORD.to_bytes().unwrap();
    let (commitment, digest) = (Some(STRATEGY.commitment), Some(STRATEGY.digest()));
    for expected in [expected(), Expectations { commitment, digest, ..Default::default() }, Expectations::default()] {
        let verified = verify(&bytes, &expected).unwrap();
        assert_eq!((&verified.strategy, verified.preset, verified.batch), (&*STRATEGY, Preset::Fast, BATCH));
        assert_eq!(verified.results, RECORD.results);
        assert_eq!(verified.chain, verified.history.chain());
        assert!(verified.security.conjectured > 90 && verified.security.proven > 40);
        // 12 hours and 9 decisions before the gap; 7 hours and 4 decisions before the refused hour; then 13 hours and 10 decisions. A jump
        // at hour 27 is in four windows: its own and three after it.
        let counts = Counts { hours: 33, refused: 1, gaps: 2, decisions: 23, clamped: 4, proofs: 6 };
        assert_eq!(verified.counts, counts);
        assert_eq!(verified.decisions.len(), 23);
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let bytes = RECORD.to_bytes().unwrap();
    assert!(is_record(&bytes));
    assert_eq!(Record::from_bytes(&bytes).as_ref(), Ok(&*RECORD));
}

#[test]
fn no_input_and_no_padding_is_in_a_record() {
    // 23 decisions in batches of 4: the last proof has one inference that is not in the record.
    assert_eq!((RECORD.outputs.len(), RECORD.starks.len()), (23, 6));
}

#[test]
fn results_follow_the_decisions_before_and_after_the_end_of_training() {
    let verified = verify(&RECORD.to_bytes().unwrap(), &Expectations::default()).unwrap();
    let market = Market::new(&STRATEGY, &verified.history).unwrap();
    let accepted = verified.history.accepted();
    // Training saw prices until hour 17: the decision at hour 17 is the first one whose next price it did not see.
    let first = verified.decisions.iter().position(|decision| accepted[decision.at].hour.count() == FIRST + 17).unwrap();
    assert_eq!(verified.results.len(), 2 * 2 * 2);
    for (index, outcome) in verified.results.iter().enumerate() {
        let (seen, unseen) = verified.decisions.split_at(first);
        let (part, followed, end) =
            [(Label::InSample, seen, verified.decisions[first].at + 1), (Label::HeldOut, unseen, accepted.len())][index / 4];
        let terms = Terms { cost_bps: [0, 10][index / 2 % 2], fill: Fill::ALL[index % 2] };
        assert_eq!(outcome.of, Conditions { part, terms });
        let run = simulate(&STRATEGY, &market, followed, end, terms, |_| ()).unwrap();
        assert_eq!(outcome.run, run);
        assert!(run.trades > 0);
    }
    // All results differ, so that no two of them can be exchanged unnoticed.
    for (index, outcome) in verified.results.iter().enumerate() {
        assert!(verified.results[..index].iter().all(|other| other.run != outcome.run), "{index}");
    }
}
