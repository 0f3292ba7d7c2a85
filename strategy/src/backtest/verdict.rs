//! The verdict: whether the decisions were better than chance where the network had not been trained.

use serde::Serialize;

use super::chance::Chance;
use super::trials::{ONE_IN, is_close, is_significant, least_arrangements};

/// Whether the held-out decisions were better than chance.
///
/// The rule: on the held-out part, at the middle cost (of an even number, the higher one) and filled one quote later, the equity at the end is
/// above that of so many of the same decisions in random order, and also above that of so many of them shifted in time, that chance does as
/// well at most once in 20 times the number of trials. With one trial, that is more than 95 % of each.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Verdict {
    /// No decision is held out.
    NothingHeldOut,
    /// No held-out decision led to a trade, so that there is nothing to compare.
    NeverTraded,
    /// No arrangement of the decisions was tried.
    NotCompared,
    /// There are too few arrangements for the number of trials: not even the best result could count.
    TooFew {
        /// In how many random orders the decisions were tried.
        shuffles: u32,
        /// How many shifts in time were tried: all that there are, if they are fewer.
        shifts: u32,
        /// How many are needed.
        needed: u64,
        /// How many strategies the owner tried.
        trials: u32,
    },
    /// The decisions were compared.
    Compared {
        /// Whether they are better than chance.
        beats: bool,
        /// Whether they are better than in random order.
        beats_shuffled: bool,
        /// Whether they are better than shifted in time.
        beats_shifted: bool,
        /// Whether other arrangements could well say otherwise: what decides is within two standard errors of its bound.
        close: bool,
        /// The return.
        #[serde(rename = "return")]
        total_return: f64,
        /// In basis points.
        cost_bps: u16,
        /// In how many random orders the decisions were tried.
        shuffles: u32,
        /// How many shifts in time were tried: all that there are, if they are fewer.
        shifts: u32,
        /// The share of shuffles with a lower return.
        above_shuffled: f64,
        /// The share of shifts with a lower return.
        above_shifted: f64,
        /// The share that must be exceeded of both.
        needed: f64,
        /// How many strategies the owner tried.
        trials: u32,
    },
}

impl Verdict {
    /// Judges a return on the held-out part.
    pub(super) fn of(total_return: f64, cost_bps: u16, shuffled: &Chance, shifted: &Chance, trials: u32) -> Self {
        let (shuffles, shifts) = (shuffled.tried, shifted.tried);
        let needed = least_arrangements(trials);
        if u64::from(shuffles.min(shifts)) < needed {
            return Self::TooFew { shuffles, shifts, needed, trials };
        }
        let beats = |chance: &Chance| is_significant(chance.tried - chance.below, chance.tried, trials);
        let (beats_shuffled, beats_shifted) = (beats(shuffled), beats(shifted));
        // The larger p-value decides.
        let decisive = if shuffled.p_value > shifted.p_value { shuffled } else { shifted };
        Self::Compared {
            beats: beats_shuffled && beats_shifted,
            beats_shuffled,
            beats_shifted,
            close: !decisive.all && is_close(decisive.p_value, decisive.tried, trials),
            total_return,
            cost_bps,
            shuffles,
            shifts,
            above_shuffled: shuffled.share_below(),
            above_shifted: shifted.share_below(),
            needed: 1.0 - 1.0 / (ONE_IN as f64 * f64::from(trials)),
            trials,
        }
    }

    /// Whether the decisions are better than chance. Nothing if that was not found out.
    pub fn beats(&self) -> Option<bool> {
        match self {
            Self::Compared { beats, .. } => Some(*beats),
            _ => None,
        }
    }

    /// In one line. What the owner calls the strategy is at its end and in quotes, so that no name can say something else.
    pub fn sentence(&self, name: &str) -> String {
        let found = match self {
            Self::NothingHeldOut => "Not judged, because no decision is on held-out prices, and others show nothing".to_owned(),
            Self::NeverTraded => "Not judged, because no decision on the held-out prices led to a trade".to_owned(),
            Self::NotCompared => "Not judged, because the decisions were not compared with shuffled ones".to_owned(),
            Self::TooFew { shuffles, needed, trials, .. } if u64::from(*shuffles) < *needed => format!(
                "Not judged, because of {} one without skill can be above all {}, and at least {needed} are needed",
                counted(*trials, "trial"),
                counted(*shuffles, "shuffle")
            ),
            Self::TooFew { shifts, needed, trials, .. } => format!(
                "Not judged, because the held-out decisions are too few: they can be moved to other hours in {}, and for {} at least \
                 {needed} are needed",
                counted(*shifts, "way"),
                counted(*trials, "trial")
            ),
            Self::Compared { beats: true, total_return, .. } => format!(
                "Beats its own shuffled decisions on the held-out prices, {} {:.2} %",
                if *total_return < 0.0 { "but loses" } else { "and gains" },
                total_return.abs() * 100.0
            ),
            Self::Compared { beats_shuffled: false, .. } => "Does not beat its own shuffled decisions on the held-out prices".to_owned(),
            Self::Compared { .. } => "Does not beat the same decisions at other hours on the held-out prices".to_owned(),
        };
        format!("{found}: {name:?}")
    }

    /// What the line rests on, and what it does not mean. Nothing if nothing was compared.
    pub fn grounds(&self) -> Option<String> {
        let Self::Compared {
            beats, close, total_return, cost_bps, shuffles, shifts, above_shuffled, above_shifted, needed, trials, ..
        } = self
        else {
            return None;
        };
        // Rounded down, but for the float's own error: what misses 95 % must not read as 95.0 %.
        let per_cent = |share: &f64| format!("{:.1} %", (share * 1_000.0 + 1e-6).floor() / 10.0);
        let needed = format!("{:.*} %", if *trials == 1 { 0 } else { 2 }, needed * 100.0);
        let meaning = match beats {
            true => {
                "It does not mean that there will be a profit: that these prices were held out is the owner's word, and other prices will come."
            }
            false => "With the same decisions, chance does as well too often for the return to show skill.",
        };
        let close = if *close { " It is CLOSE: another seed could say otherwise, and more shuffles say it better." } else { "" };
        Some(format!(
            "At {cost_bps} bps, filled one quote later, it returned {:+.2} %: more than {} of {} and {} of {} in time, \
             where more than {needed} of both are needed.{close} {meaning}",
            total_return * 100.0,
            per_cent(above_shuffled),
            counted(*shuffles, "shuffle"),
            per_cent(above_shifted),
            counted(*shifts, "shift"),
        ))
    }
}

/// A number of things.
fn counted(count: u32, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An equity that is above so many of 999 others.
    fn above(below: u128) -> Chance {
        Chance::of(1_000, below, (0..999).collect(), false)
    }

    #[test]
    fn both_comparisons_must_be_passed() {
        // At most 49 of 999 may be as high: (1 + 49) / 1,000 is one in 20.
        for (shuffled, shifted, expected) in [(950, 950, true), (949, 950, false), (950, 949, false), (0, 999, false), (999, 0, false)] {
            let verdict = Verdict::of(0.1, 10, &above(shuffled), &above(shifted), 1);
            assert_eq!(verdict.beats(), Some(expected), "{shuffled}, {shifted}");
        }
    }

    #[test]
    fn the_line_says_what_was_found_and_the_grounds_give_the_numbers() {
        let verdict = |shuffled, shifted| Verdict::of(0.125, 10, &above(shuffled), &above(shifted), 1);
        let lines = [
            (verdict(999, 999), r#"Beats its own shuffled decisions on the held-out prices, and gains 12.50 %: "A""#),
            (verdict(10, 999), r#"Does not beat its own shuffled decisions on the held-out prices: "A""#),
            (verdict(999, 10), r#"Does not beat the same decisions at other hours on the held-out prices: "A""#),
            (
                Verdict::of(-0.5, 10, &above(999), &above(999), 1),
                r#"Beats its own shuffled decisions on the held-out prices, but loses 50.00 %: "A""#,
            ),
            (Verdict::NeverTraded, r#"Not judged, because no decision on the held-out prices led to a trade: "A""#),
        ];
        for (verdict, line) in lines {
            assert_eq!(verdict.sentence("A"), line);
        }
        let grounds = verdict(10, 999).grounds().unwrap();
        assert!(
            grounds.starts_with(
                "At 10 bps, filled one quote later, it returned +12.50 %: more than 1.0 % of 999 shuffles and 100.0 % of 999 shifts in time, \
                 where more than 95 % of both are needed."
            ),
            "{grounds}"
        );
        assert_eq!(Verdict::NotCompared.grounds(), None);
    }

    #[test]
    fn a_verdict_that_another_seed_could_turn_says_so() {
        // Two standard errors of 999 draws at 5 % are 1.4 %.
        for (below, close) in [(999, false), (965, false), (963, true), (950, true), (949, true), (937, true), (935, false)] {
            let grounds = Verdict::of(0.1, 10, &above(below), &above(999), 1).grounds().unwrap();
            assert_eq!(grounds.contains("CLOSE"), close, "{below}: {grounds}");
            let grounds = Verdict::of(0.1, 10, &above(999), &above(below), 1).grounds().unwrap();
            assert_eq!(grounds.contains("CLOSE"), close, "{below}: {grounds}");
        }
    }

    #[test]
    fn a_held_out_part_that_is_too_short_is_not_judged() {
        let all = |shifts: u128| Chance::of(1_000, 1_000, (0..shifts).collect(), true);
        assert_eq!(Verdict::of(0.1, 10, &above(999), &all(19), 1).beats(), Some(true));
        let short = Verdict::of(0.1, 10, &above(999), &all(18), 1);
        assert_eq!(short, Verdict::TooFew { shuffles: 999, shifts: 18, needed: 19, trials: 1 });
        let line = short.sentence("A");
        assert!(line.contains("they can be moved to other hours in 18 ways, and for 1 trial at least 19 are needed"), "{line}");
    }

    #[test]
    fn what_rests_on_all_shifts_is_not_close() {
        let shifted = |all| Verdict::of(0.1, 10, &above(999), &Chance::of(1_000, 950, (0..999).collect(), all), 1);
        assert!(shifted(false).grounds().unwrap().contains("CLOSE") && !shifted(true).grounds().unwrap().contains("CLOSE"));
    }

    #[test]
    fn a_share_that_is_missed_is_not_rounded_up() {
        let grounds = |below| Verdict::of(0.1, 10, &above(below), &above(999), 1).grounds().unwrap();
        assert!(grounds(949).contains("more than 94.9 % of 999 shuffles") && grounds(950).contains("more than 95.0 % of 999 shuffles"));
    }

    #[test]
    fn two_trials_need_twice_as_much() {
        let verdict = |below| Verdict::of(0.1, 10, &above(below), &above(below), 2);
        assert_eq!((verdict(975).beats(), verdict(974).beats()), (Some(true), Some(false)));
        assert_eq!(
            Verdict::of(0.1, 10, &above(999), &above(999), 51),
            Verdict::TooFew { shuffles: 999, shifts: 999, needed: 1_019, trials: 51 }
        );
    }
}
