//! Confidence intervals of Sharpe ratios by the circular block bootstrap.
//!
//! Blocks keep what hours in a row have to do with one another. D. N. Politis and J. P. Romano, "A Circular Block-Resampling Procedure for
//! Stationary Data" (1992); for Sharpe ratios, O. Ledoit and M. Wolf, "Robust Performance Hypothesis Testing with the Sharpe Ratio", Journal
//! of Empirical Finance 15 (2008).

use super::performance::{largest, ratio};
use super::random::Random;

/// How many samples are drawn.
pub const RESAMPLES: usize = 1_000;

/// The share of samples that is left out at either end.
const TAIL: f64 = 0.025;

/// The length of a block: the cube root of the number of returns, rounded up, and at least a day, because hours of a day differ.
///
/// The optimal length grows with the cube root: H. R. Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals
/// of Statistics 17 (1989). That it is a day at least is our choice.
pub fn block_length(returns: usize) -> usize {
    // Counts are far below 2^53.
    let root = (returns as f64).cbrt().ceil() as usize;
    root.max(24).min(returns)
}

/// The interval from the 2.5th to the 97.5th percentile of the Sharpe ratios of samples. The same seed gives the same interval.
///
/// Each sample is as many blocks as the returns fill, begun ones included; the returns are taken as a circle, so that each is as likely as
/// any other. Samples that do not vary are left out. Nothing if the returns do not vary, or if most samples do not.
pub fn interval(returns: &[f64], seed: u64) -> Option<[f64; 2]> {
    let n = returns.len();
    if n < 2 {
        return None;
    }
    let length = block_length(n);
    let blocks = n.div_ceil(length);
    let drawn = (blocks * length) as f64;
    let mean = returns.iter().sum::<f64>() / n as f64;
    let largest = largest(returns);
    // Sums of each block, about the mean, so that little cancels.
    let sums: Vec<(f64, f64)> = (0..n)
        .map(|start| {
            let block = (start..start + length).map(|at| returns[at % n] - mean);
            block.fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value))
        })
        .collect();
    let mut random = Random::new(seed, 0);
    let sample = || {
        let (sum, squares) = (0..blocks).fold((0.0, 0.0), |(sum, squares), _| {
            let (more, more_squares) = sums[random.below(n)];
            (sum + more, squares + more_squares)
        });
        ratio(mean + sum / drawn, (squares - sum * sum / drawn) / (drawn - 1.0), largest)
    };
    let mut ratios: Vec<f64> = std::iter::repeat_with(sample).take(RESAMPLES).flatten().collect();
    if ratios.len() < RESAMPLES / 2 {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let cut = (ratios.len() as f64 * TAIL) as usize;
    Some([ratios[cut], ratios[ratios.len() - 1 - cut]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::performance::sharpe;

    /// Sums of twelve uniform numbers less 6: nearly normal, with mean 0 and variance 1.
    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        let mut uniform = || random.below(1 << 30) as f64 / (1u64 << 30) as f64;
        (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
    }

    fn width(interval: [f64; 2]) -> f64 {
        interval[1] - interval[0]
    }

    #[test]
    fn a_block_is_a_day_or_the_cube_root() {
        assert_eq!([1, 10, 24, 1_000, 13_824, 13_825, 1_000_000].map(block_length), [1, 10, 24, 24, 24, 25, 100]);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let returns = noise(2_000, 1);
        assert_eq!(interval(&returns, 5), interval(&returns, 5));
        assert_ne!(interval(&returns, 5), interval(&returns, 6));
    }

    #[test]
    fn white_noise_has_the_interval_of_the_normal_distribution() {
        let n = 4_000;
        let returns: Vec<f64> = noise(n, 3).iter().map(|value| 0.02 + value).collect();
        let found = interval(&returns, 1).unwrap();
        let ratio = sharpe(&returns).unwrap();
        assert!(found[0] < ratio && ratio < found[1], "{found:?} around {ratio}");
        // 1.96 standard errors of 1 / sqrt(n) to either side, annualised.
        let expected = 2.0 * 1.96 * (8_760.0 / n as f64).sqrt();
        assert!((width(found) / expected - 1.0).abs() < 0.15, "{} is not about {expected}", width(found));
    }

    #[test]
    fn returns_that_stay_have_a_wider_interval_than_the_same_in_random_order() {
        let mut returns = noise(4_000, 2);
        for at in 1..returns.len() {
            returns[at] += 0.8 * returns[at - 1];
        }
        let staying = width(interval(&returns, 1).unwrap());
        Random::new(9, 0).shuffle(&mut returns);
        let shuffled = width(interval(&returns, 1).unwrap());
        assert!(staying > 2.0 * shuffled, "{staying} against {shuffled}");
    }

    #[test]
    fn returns_that_do_not_vary_have_no_interval() {
        for flat in [&[][..], &[0.01], &[0.0; 500], &[0.001; 500]] {
            assert_eq!(interval(flat, 1), None, "{} returns", flat.len());
        }
    }
}
