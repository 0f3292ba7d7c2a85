//! What chance would have made of the same decisions: in random order, and in their own order but at other hours.

use rayon::prelude::*;
use serde::Serialize;

use super::parts::Part;
use super::performance::total_return;
use super::random::Random;
use super::simulate::{Decision, Market, SimulationError, Terms, simulate};
use crate::strategy::Strategy;

/// How the decisions of a part are given to other hours of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// In random order: nothing is left of what the network saw.
    Shuffled,
    /// Later by a random number of decisions, those that go over the end from the beginning. They stay as long as they did and so cost as
    /// much; only when they come has no reason any more. Shuffled decisions change more often than most networks', and lose by costs alone.
    Shifted,
}

/// How a return compares with those of its own decisions, arranged by chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chance {
    /// How many arrangements were tried.
    pub tried: u32,
    /// Whether these are all that there are, each once. Another seed gives the same then.
    pub all: bool,
    /// How many of them ended below.
    pub below: u32,
    /// How likely chance does as well: `(1 + those that ended as high or higher) / (1 + all)`.
    ///
    /// B. Phipson and G. K. Smyth, "Permutation P-values Should Never Be Zero", Statistical Applications in Genetics and Molecular Biology 9
    /// (2010).
    pub p_value: f64,
    /// The return that 5 % of the arrangements were below.
    pub low_return: f64,
    /// The return that half of the arrangements were below.
    pub median_return: f64,
    /// The return that 95 % of the arrangements were below.
    pub high_return: f64,
}

impl Chance {
    /// Where an equity is among those of arrangements, which may be all that there are.
    pub(super) fn of(deposit: u128, equity: u128, mut others: Vec<u128>, all: bool) -> Self {
        others.sort_unstable();
        let below = others.partition_point(|other| *other < equity);
        let at = |share: f64| {
            let rank = (others.len() as f64 * share) as usize;
            others.get(rank.min(others.len().saturating_sub(1))).map_or(0.0, |other| total_return(deposit, *other))
        };
        Self {
            tried: others.len() as u32,
            all,
            below: below as u32,
            p_value: (1 + others.len() - below) as f64 / (1 + others.len()) as f64,
            low_return: at(0.05),
            median_return: at(0.5),
            high_return: at(0.95),
        }
    }

    /// The share that ended below.
    pub fn share_below(&self) -> f64 {
        f64::from(self.below) / f64::from(self.tried.max(1))
    }
}

impl Arrangement {
    /// How many arrangements are tried of so many decisions if `asked` for so many, and whether these are all that there are.
    ///
    /// Decisions can be shifted in one way fewer than there are of them. Where that is not more than is asked for, each is tried once: to
    /// draw the same few again and again would make chance look surer than it is.
    pub(super) fn count(self, decisions: usize, asked: u32) -> (u32, bool) {
        let shifts = u32::try_from(decisions.saturating_sub(1)).unwrap_or(u32::MAX);
        match self {
            Self::Shifted if shifts <= asked => (shifts, true),
            Self::Shuffled | Self::Shifted => (asked, false),
        }
    }
}

/// The `index`-th arrangement of a part's decisions, of all that there are or of random ones, written over another one. Hours stay; what is
/// asked for at them, and how many features were clamped, moves together. The same seed and index give the same arrangement.
pub(super) fn arrange(arrangement: Arrangement, decisions: &[Decision], seed: u64, index: u32, all: bool, arranged: &mut [Decision]) {
    let mut random = Random::new(seed, 1 + u64::from(index));
    arranged.copy_from_slice(decisions);
    match arrangement {
        Arrangement::Shuffled => random.shuffle(arranged),
        // By 0 is left out: that is what happened.
        Arrangement::Shifted if all => arranged.rotate_right(1 + index as usize),
        Arrangement::Shifted => arranged.rotate_right(1 + random.below(decisions.len() - 1)),
    }
    for (decision, hour) in arranged.iter_mut().zip(decisions) {
        decision.at = hour.at;
    }
}

/// The equity at the end of each arrangement, a list for each of the terms. They are at most as many as are asked for: see
/// [`Arrangement::count`].
///
/// # Errors
/// An amount has more than 128 bits.
pub(super) fn by_chance(
    strategy: &Strategy,
    market: &Market<'_>,
    part: &Part<'_>,
    terms: &[Terms],
    arrangement: Arrangement,
    asked: u32,
    seed: u64,
) -> Result<Vec<Vec<u128>>, SimulationError> {
    let (count, all) = arrangement.count(part.decisions.len(), asked);
    let ends = |arranged: &mut Vec<Decision>, index| {
        arrange(arrangement, part.decisions, seed, index, all, arranged);
        let end = |terms: &Terms| simulate(strategy, market, arranged, part.end, *terms, |_| {}).map(|run| run.equity);
        terms.iter().map(end).collect::<Result<Vec<u128>, _>>()
    };
    let rows: Vec<Vec<u128>> =
        (0..count).into_par_iter().map_init(|| part.decisions.to_vec(), ends).collect::<Result<_, SimulationError>>()?;
    Ok((0..terms.len()).map(|column| rows.iter().map(|row| row[column]).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::decisions;
    use crate::policy::Target;

    fn numbered(count: u16) -> Vec<Decision> {
        let mut decisions = decisions(&(0..count).collect::<Vec<_>>());
        for (at, decision) in decisions.iter_mut().enumerate() {
            (decision.at, decision.saturated) = (2 * at + 5, at as u32);
        }
        decisions
    }

    fn arranged(arrangement: Arrangement, decisions: &[Decision], seed: u64, index: u32) -> Vec<Decision> {
        let mut arranged = decisions.to_vec();
        let (_, all) = arrangement.count(decisions.len(), 50);
        arrange(arrangement, decisions, seed, index, all, &mut arranged);
        arranged
    }

    #[test]
    fn arrangements_keep_the_hours_and_every_decision() {
        let decisions = numbered(100);
        for arrangement in [Arrangement::Shuffled, Arrangement::Shifted] {
            for index in 0..50 {
                let arranged = arranged(arrangement, &decisions, 3, index);
                assert!(arranged.iter().zip(&decisions).all(|(one, other)| one.at == other.at));
                let mut asked: Vec<u32> = arranged.iter().map(|decision| decision.saturated).collect();
                assert!(arranged.iter().all(|decision| decision.target == Target::Weight(decision.saturated as u16)));
                asked.sort_unstable();
                assert_eq!(asked, (0..100).collect::<Vec<_>>());
                assert_ne!(arranged, decisions, "what happened is not an arrangement");
            }
        }
    }

    #[test]
    fn a_shift_keeps_the_order() {
        let decisions = numbered(100);
        for index in 0..50 {
            let shifted = arranged(Arrangement::Shifted, &decisions, 3, index);
            let follows = |pair: &[Decision]| pair[1].saturated == (pair[0].saturated + 1) % 100;
            assert!(shifted.windows(2).all(follows));
            assert!(!arranged(Arrangement::Shuffled, &decisions, 3, index).windows(2).all(follows));
        }
    }

    #[test]
    fn seed_and_index_give_the_arrangement() {
        let decisions = numbered(100);
        for arrangement in [Arrangement::Shuffled, Arrangement::Shifted] {
            let at = |seed, index| arranged(arrangement, &decisions, seed, index);
            assert_eq!(at(1, 2), at(1, 2));
            let distinct = (0..20).map(|index| at(1, index)).collect::<Vec<_>>();
            assert!(distinct.iter().any(|other| *other != distinct[0]));
            assert!((0..20).any(|index| at(2, index) != at(1, index)));
        }
    }

    #[test]
    fn few_decisions_are_shifted_in_each_way_once() {
        assert_eq!(Arrangement::Shifted.count(51, 50), (50, true));
        assert_eq!(Arrangement::Shifted.count(52, 50), (50, false));
        assert_eq!(Arrangement::Shuffled.count(3, 50), (50, false));
        assert_eq!([0, 1].map(|decisions| Arrangement::Shifted.count(decisions, 50)), [(0, true); 2]);
        let decisions = numbered(51);
        let firsts: Vec<u32> = (0..50).map(|index| arranged(Arrangement::Shifted, &decisions, 3, index)[0].saturated).collect();
        assert_eq!(firsts, (1..51).rev().collect::<Vec<_>>());
    }

    #[test]
    fn so_few_decisions_that_nothing_moves_are_shuffled() {
        for count in 0..2 {
            assert_eq!(arranged(Arrangement::Shuffled, &numbered(count), 1, 1), numbered(count));
        }
    }

    #[test]
    fn a_shift_is_never_by_nothing() {
        let decisions = numbered(52);
        for index in 0..1_000 {
            assert_ne!(arranged(Arrangement::Shifted, &decisions, 1, index), decisions);
        }
    }

    #[test]
    fn ties_count_as_chance_doing_as_well() {
        let chance = Chance::of(100, 100, vec![100; 99], false);
        assert!(!chance.all && Chance::of(1, 1, vec![1], true).all);
        assert_eq!((chance.below, chance.p_value, chance.share_below()), (0, 1.0, 0.0));
        let chance = Chance::of(100, 150, (1..200).collect(), false);
        assert_eq!((chance.tried, chance.below, chance.p_value), (199, 149, 51.0 / 200.0));
        assert_eq!([chance.low_return, chance.median_return, chance.high_return].map(|value| (value * 100.0).round()), [-90.0, 0.0, 90.0]);
        let best = Chance::of(100, 1_000, (1..20).collect(), true);
        assert_eq!(best.p_value, 1.0 / 20.0);
    }
}
