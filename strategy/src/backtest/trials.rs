//! What it means that the best of several strategies is shown: one of many that know nothing looks as if it did.

use statrs::distribution::{ContinuousCDF, Normal};

use super::performance::HOURS_PER_YEAR;

/// One in so many decisions that are as good as random may pass as better: 5 %.
pub const ONE_IN: u64 = 20;

/// Euler and Mascheroni's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

/// How many arrangements must be tried before the best p-value, `1 / (1 + arrangements)`, is low enough for so many trials.
pub fn least_arrangements(trials: u32) -> u64 {
    ONE_IN * u64::from(trials) - 1
}

/// Whether a p-value of `(1 + at_least) / (1 + tried)` is at most `1 / (20 * trials)`.
///
/// Where each arrangement is as likely as what happened, one in 20 of so many trials without skill passes at most: O. J. Dunn, "Multiple
/// Comparisons among Means", Journal of the American Statistical Association 56 (1961). That is so for decisions that know nothing of the
/// prices. Decisions that follow from past prices, such as to buy whatever fell, are not spread over the hours as by chance, and more of
/// them pass: in trials on random walks up to one in eight.
pub fn is_significant(at_least: u32, tried: u32, trials: u32) -> bool {
    (1 + u128::from(at_least)) * u128::from(ONE_IN) * u128::from(trials) <= 1 + u128::from(tried)
}

/// Whether a p-value of so many arrangements is within two standard errors, `2 sqrt(a (1 - a) / tried)`, of the bound `a = 1 / (20 * trials)`.
pub fn is_close(p_value: f64, tried: u32, trials: u32) -> bool {
    let bound = 1.0 / (ONE_IN as f64 * f64::from(trials));
    (p_value - bound).abs() <= 2.0 * (bound * (1.0 - bound) / f64::from(tried.max(1))).sqrt()
}

/// The annualised Sharpe ratio that the best of so many strategies is expected to have over so many hours where none has skill:
/// `s ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e)))`, with `g` Euler and Mascheroni's constant, `Z` the inverse of the normal distribution, and
/// `s = sqrt(hours of a year / (hours - 1))`, the standard error of a Sharpe ratio of 0. Of one strategy, 0.
///
/// D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40 (2014), with Lo's standard error.
pub fn expected_best_sharpe(trials: u32, hours: usize) -> f64 {
    if trials < 2 || hours < 2 {
        return 0.0;
    }
    let quantile = |tail: f64| Normal::standard().inverse_cdf(1.0 - tail);
    let n = f64::from(trials);
    let best = (1.0 - GAMMA) * quantile(1.0 / n) + GAMMA * quantile(1.0 / (n * std::f64::consts::E));
    best * (HOURS_PER_YEAR / (hours as f64 - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_value_must_be_one_in_twenty_times_the_trials() {
        assert_eq!([is_significant(49, 999, 1), is_significant(50, 999, 1)], [true, false]);
        assert_eq!([is_significant(24, 999, 2), is_significant(25, 999, 2)], [true, false]);
        assert_eq!([is_significant(0, 19, 1), is_significant(0, 18, 1)], [true, false]);
        for trials in [1, 7, 1_000] {
            let least = least_arrangements(trials) as u32;
            assert_eq!([is_significant(0, least, trials), is_significant(0, least - 1, trials)], [true, false]);
        }
        assert!(!is_significant(u32::MAX, u32::MAX, u32::MAX));
    }

    #[test]
    fn the_best_of_many_is_as_high_as_the_normal_distribution_has_it() {
        assert_eq!([expected_best_sharpe(1, 5_000), expected_best_sharpe(0, 5_000), expected_best_sharpe(10, 1)], [0.0; 3]);
        // Over a year, in standard errors: (1 - g) 2.3263 + g 2.6808 for 100 trials.
        assert!((expected_best_sharpe(100, 8_761) - 2.531).abs() < 0.002);
        assert!((expected_best_sharpe(100, 2_191) / expected_best_sharpe(100, 8_761) - 2.0).abs() < 1e-3);
    }
}
