//! Random numbers that are the same for the same seed, on every machine and in every version.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// One of many streams of random numbers that a seed gives.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The `stream`-th stream of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self(random)
    }

    /// A number below a bound that is at least 1: the high half of `random * bound`. For bounds below 2^32, no number is more likely than
    /// another by more than 2^-32 of either.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts a list into random order: R. Durstenfeld, "Algorithm 235: Random permutation", Communications of the ACM 7 (1964).
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_chacha_whichever_version_or_machine() {
        let numbers = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [0; 6].map(|_| random.below(1_000))
        };
        assert_eq!(numbers(1, 0), NUMBERS);
        assert_ne!(numbers(1, 1), NUMBERS);
        assert_ne!(numbers(2, 0), NUMBERS);
    }

    /// Reports that were published must come out again, so these do not change.
    const NUMBERS: [usize; 6] = [402, 80, 596, 219, 283, 710];

    #[test]
    fn each_number_and_order_is_as_likely_as_any_other() {
        let mut random = Random::new(7, 0);
        let mut counts = [0u32; 5];
        for _ in 0..50_000 {
            counts[random.below(5)] += 1;
        }
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            let mut list = [0, 1, 2, 3];
            random.shuffle(&mut list);
            *orders.entry(list).or_insert(0u32) += 1;
        }
        assert_eq!(orders.len(), 24);
        assert!(orders.values().all(|count| count.abs_diff(1_000) < 150), "{orders:?}");
    }
}
