//! The parts of a history: what the network was trained on, and what it was not.

use serde::Serialize;

use super::simulate::{Decision, Market};
use crate::hour::Hour;
use crate::strategy::Strategy;

/// What a part of a history can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The network was trained on these prices.
    InSample,
    /// The network was not trained on these prices, by the owner's word.
    HeldOut,
}

/// Decisions that are judged together. Each part begins with the deposit, and with nothing in the base token.
#[derive(Debug, Clone, Copy)]
pub struct Part<'d> {
    /// What it can show.
    pub label: Label,
    /// The decisions.
    pub decisions: &'d [Decision],
    /// The position of the first accepted hour that is not simulated.
    pub end: usize,
}

impl Label {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::InSample => "in-sample",
            Self::HeldOut => "held-out",
        }
    }
}

/// The parts that have decisions, oldest first.
///
/// A decision is judged by the move to the next price, so it belongs to where that is: it is in-sample if the next accepted price is before
/// `train_until`, and held-out otherwise. The decision at the last price of training is held-out, then, and that price is the last of the one
/// part and the first of the other, so that no move counts twice.
///
/// Features of the first held-out decisions look back at prices of training. That leaks nothing: all of them were known when the decision
/// was made, and what it is judged by was not seen in training.
pub fn parts<'d>(strategy: &Strategy, market: &Market<'_>, decisions: &'d [Decision]) -> Vec<Part<'d>> {
    let accepted = market.history().accepted();
    let until = strategy.backtest.train_until;
    let next = |at: usize| -> Hour { accepted.get(at + 1).map_or_else(|| accepted[at].hour + 1, |next| next.hour) };
    let border = decisions.partition_point(|decision| next(decision.at) < until);
    let (seen, unseen) = decisions.split_at(border);
    let parts = [
        Part { label: Label::InSample, decisions: seen, end: accepted.partition_point(|observation| observation.hour < until) },
        Part { label: Label::HeldOut, decisions: unseen, end: accepted.len() },
    ];
    parts.into_iter().filter(|part| !part.decisions.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::{START, decisions, history, strategy};

    /// Of each part: what it can show, the positions of its decisions, and its end.
    fn divided(prices: &[u64], until: u64) -> Vec<(Label, Vec<usize>, usize)> {
        let mut strategy = strategy();
        strategy.backtest.train_until = Hour::new(until).unwrap();
        let history = history(prices);
        let market = Market::new(&strategy, &history).unwrap();
        let decisions = decisions(&vec![0; history.accepted().len()]);
        let parts = parts(&strategy, &market, &decisions);
        parts.iter().map(|part| (part.label, part.decisions.iter().map(|decision| decision.at).collect(), part.end)).collect()
    }

    #[test]
    fn a_decision_belongs_to_where_the_next_price_is() {
        let expected = vec![(Label::InSample, vec![0, 1], 3), (Label::HeldOut, vec![2, 3, 4, 5], 6)];
        assert_eq!(divided(&[1_000; 6], START + 3), expected);
    }

    #[test]
    fn beyond_a_gap_the_next_price_is_the_next_accepted_one() {
        // Prices at the hours 0, 1, 4 and 5: the decision at hour 1 is judged by that of hour 4.
        let expected = vec![(Label::InSample, vec![0], 2), (Label::HeldOut, vec![1, 2, 3], 4)];
        assert_eq!(divided(&[1_000, 1_000, 0, 0, 1_000, 1_000], START + 3), expected);
    }

    #[test]
    fn all_may_be_on_one_side() {
        assert_eq!(divided(&[1_000; 3], START), [(Label::HeldOut, vec![0, 1, 2], 3)]);
        assert_eq!(divided(&[1_000; 3], START + 4), [(Label::InSample, vec![0, 1, 2], 3)]);
        // The price after the last decision would be the first that was held out.
        assert_eq!(divided(&[1_000; 3], START + 3), [(Label::InSample, vec![0, 1], 3), (Label::HeldOut, vec![2], 3)]);
    }
}
