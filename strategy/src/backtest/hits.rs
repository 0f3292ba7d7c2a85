//! How often the decisions have the direction of the next move, beside how often one direction alone would have had it.

use serde::Serialize;

use super::simulate::{Decision, Market};
use crate::policy::Target;
use crate::strategy::Strategy;

/// Decisions that say a direction and are followed by a move in the next hour.
///
/// A decision says that the price rises if its weight is nearer to the policy's greatest than to its least, and that it falls if it is nearer
/// to the least. Those in the middle, those that hold, and those that are not followed because too many features were clamped, say nothing;
/// nor does a policy with one weight alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Hits {
    /// How many they are.
    pub said: u32,
    /// How many had the direction of the move.
    pub right: u32,
    /// How many were followed by a rise.
    pub rises: u32,
}

impl Hits {
    /// Counts them.
    pub fn of(strategy: &Strategy, market: &Market<'_>, decisions: &[Decision]) -> Self {
        let most = strategy.limits.max_weight_bps;
        let weight = |target: &Target| match target {
            Target::Weight(weight) => Some((*weight).min(most)),
            Target::Hold => None,
        };
        let weights = || strategy.policy.targets().iter().filter_map(weight);
        let (least, greatest) = (weights().min().unwrap_or(0), weights().max().unwrap_or(0));
        let mut hits = Self::default();
        let accepted = market.history().accepted();
        for decision in decisions.iter().filter(|decision| decision.saturated <= strategy.limits.max_saturated) {
            let (Some(weight), Some(next)) = (weight(&decision.target), accepted.get(decision.at + 1)) else { continue };
            let now = accepted[decision.at];
            let middle = u32::from(least) + u32::from(greatest);
            if 2 * u32::from(weight) == middle || now.base == next.base || next.hour.since(now.hour) != 1 {
                continue;
            }
            let (up, rise) = (2 * u32::from(weight) > middle, next.base > now.base);
            hits.said += 1;
            hits.right += u32::from(up == rise);
            hits.rises += u32::from(rise);
        }
        hits
    }

    /// The share that was right. Nothing if nothing was said.
    pub fn rate(&self) -> Option<f64> {
        (self.said > 0).then(|| f64::from(self.right) / f64::from(self.said))
    }

    /// The share that would have been right had all said the more frequent direction.
    pub fn base_rate(&self) -> Option<f64> {
        (self.said > 0).then(|| f64::from(self.rises.max(self.said - self.rises)) / f64::from(self.said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::{decisions, history, strategy};
    use crate::policy::{Policy, Rule};

    fn hits(prices: &[u64], weights: &[u16]) -> Hits {
        let strategy = strategy();
        let history = history(prices);
        Hits::of(&strategy, &Market::new(&strategy, &history).unwrap(), &decisions(weights))
    }

    #[test]
    fn directions_are_held_against_the_next_move() {
        let found = hits(&[1_000, 1_010, 1_020, 1_010, 1_020], &[10_000, 0, 0, 10_000, 10_000]);
        // The last decision has no next price.
        assert_eq!(found, Hits { said: 4, right: 3, rises: 3 });
        assert_eq!((found.rate(), found.base_rate()), (Some(0.75), Some(0.75)));
        assert_eq!(hits(&[1_000, 990, 980], &[0, 0, 0]).base_rate(), Some(1.0));
    }

    #[test]
    fn a_weight_says_the_direction_of_the_end_that_it_is_nearer_to() {
        let mut graded = strategy();
        let targets = [0, 4_999, 5_000, 5_001, 10_000].map(Target::Weight);
        graded.policy = Policy::new(0, Rule::Class, targets.to_vec()).unwrap();
        let history = history(&[1_000, 1_010, 1_020, 1_030, 1_040, 1_050]);
        let market = Market::new(&graded, &history).unwrap();
        assert_eq!(Hits::of(&graded, &market, &decisions(&[0, 4_999, 5_000, 5_001, 10_000])), Hits { said: 4, right: 2, rises: 4 });
    }

    #[test]
    fn what_says_no_direction_or_has_no_next_move_is_left_out() {
        assert_eq!(hits(&[1_000, 1_000], &[10_000, 0]), Hits::default(), "no move");
        assert_eq!(hits(&[1_000, 0, 1_010], &[10_000, 0]), Hits::default(), "a gap");
        let strategy = strategy();
        let history = history(&[1_000, 1_010, 1_020]);
        let market = Market::new(&strategy, &history).unwrap();
        let mut silent = decisions(&[10_000, 10_000]);
        (silent[0].saturated, silent[1].target) = (1, Target::Hold);
        assert_eq!(Hits::of(&strategy, &market, &silent), Hits::default());
        assert_eq!(Hits::default().rate(), None);
        assert_eq!(Hits::default().base_rate(), None);
    }

    #[test]
    fn weights_count_as_far_as_they_are_allowed() {
        let mut careful = strategy();
        let history = history(&[1_000, 1_010, 1_020]);
        let market = |strategy: &Strategy| Market::new(strategy, &history).unwrap();
        careful.policy = Policy::new(0, Rule::Class, vec![Target::Weight(1_000), Target::Weight(9_000)]).unwrap();
        careful.limits.max_weight_bps = 2_000;
        let decisions = decisions(&[9_000, 1_000]);
        assert_eq!(Hits::of(&careful, &market(&careful), &decisions), Hits { said: 2, right: 1, rises: 2 });
        // Both weights are one then, and say nothing.
        careful.limits.max_weight_bps = 1_000;
        assert_eq!(Hits::of(&careful, &market(&careful), &decisions), Hits::default());
    }
}
