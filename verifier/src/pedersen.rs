//! Starknet's Pedersen hash, in chains as long as a program's bytecode.
//!
//! ```text
//! h(a, b) = the x coordinate of  S + a_low P_1 + a_high P_2 + b_low P_3 + b_high P_4      on y^2 = x^3 + x + B
//! ```
//!
//! with `a = a_low + 2^248 a_high`, and likewise `b`. The multiples of the points come from tables, 9 bits of a felt at a time. In a chain
//! `h(d_0, h(d_1, ..))` only the second arguments wait for one another: what the first ones add is computed for many hashes at once, with one
//! inversion for all of them. A second argument takes 28 additions without an inversion, and then one to get the coordinate.
//!
//! An addition here does not tell a point that is added to itself, or to its opposite, from others. That would be a relation between the five
//! points, and knowing one would give collisions of the hash function itself.

use std::sync::LazyLock;

use winter_verifier::math::{FieldElement, batch_inversion};

use crate::felt252::Felt252;

/// Bits of a felt that are looked up at a time. The last window has the five highest bits of `low`, and `high`.
const WINDOW_BITS: usize = 9;
const WINDOWS: usize = FELT_BITS / WINDOW_BITS;
const FELT_BITS: usize = 252;
/// Bits of a felt's `low`.
const LOW_BITS: usize = 248;
/// Hashes of a chain whose first arguments are added at once.
const BLOCK: usize = 1 << 10;

/// The points `S`, `P_1` to `P_4` of <https://docs.starkware.co/starkex/crypto/pedersen-hash-function.html>.
const POINTS: [[&str; 2]; 5] = [
    [
        "0x049ee3eba8c1600700ee1b87eb599f16716b0b1022947733551fde4050ca6804",
        "0x03ca0cfe4b3bc6ddf346d49d06ea0ed34e621062c0e056c1d0405d266e10268a",
    ],
    [
        "0x0234287dcbaffe7f969c748655fca9e58fa8120b6d56eb0c1080d17957ebe47b",
        "0x03b056f100f96fb21e889527d41f4e39940135dd7a6c94cc6ed0268ee89e5615",
    ],
    [
        "0x04fa56f376c83db33f9dab2656558f3399099ec1de5e3018b7a6932dba8aa378",
        "0x03fa0984c931c9e38113e0c0e47e4401562761f92a7a23b45168f4e80ff5b54d",
    ],
    [
        "0x04ba4cc166be8dec764910f75b45f74b40c690c74709e90f3aa372f0bd2d6997",
        "0x0040301cf5c1751f4b971e46c4ede85fcac5c59a5ce5ae7c48151f27b24b219c",
    ],
    [
        "0x054302dcb0e6cc1c6e44cca8f61a63bb2ca65048d53fb325d36ff12c49a58202",
        "0x01b77b3e37d13504b348046268d8ae25ce98ad783c25561a879dcc77e99c2426",
    ],
];

/// `h(d_0, h(d_1, .. h(d_(n-2), d_(n-1))))`; a single felt is its own chain.
pub(crate) fn chain(last: Felt252, others: &[Felt252]) -> Felt252 {
    let Tables { start, first, second } = &*TABLES;
    let mut hash = last;
    for block in others.rchunks(BLOCK) {
        for sum in first.sums(*start, block).into_iter().rev() {
            hash = second.x_of_sum(sum, hash);
        }
    }
    hash
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let felt = |digits: &str| digits.parse().expect("a constant is a felt");
    let [start, p1, p2, p3, p4] = POINTS.map(|[x, y]| Point { x: felt(x), y: felt(y) });
    Tables { start, first: Table::new(p1, p2), second: Table::new(p3, p4) }
});

struct Tables {
    start: Point,
    first: Table,
    second: Table,
}

/// A point of the curve that is not the neutral one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    x: Felt252,
    y: Felt252,
}

impl Point {
    fn double(self) -> Self {
        // The slope of the tangent; no point has y = 0, as the curve's order is odd.
        let square = self.x.square();
        let slope = (square.double() + square + Felt252::ONE) / self.y.double();
        self.third(self.x, slope)
    }

    /// The sum with a point whose x coordinate is `x`, on a line with the given slope.
    fn third(self, x: Felt252, slope: Felt252) -> Self {
        let sum = slope.square() - self.x - x;
        Self { x: sum, y: slope * (self.x - sum) - self.y }
    }
}

/// The sums of pairs of points, with one inversion for all.
fn sums(pairs: &[(Point, Point)]) -> Vec<Point> {
    let runs: Vec<Felt252> = pairs.iter().map(|(a, b)| b.x - a.x).collect();
    let inverses = batch_inversion(&runs);
    pairs.iter().zip(inverses).map(|((a, b), inverse)| a.third(b.x, (b.y - a.y) * inverse)).collect()
}

/// `low P + high Q` for two points: for each window of a felt, what each of its values adds.
struct Table(Vec<Point>);

impl Table {
    fn new(low: Point, high: Point) -> Self {
        let powers = |point: Point, bits: usize| std::iter::successors(Some(point), |point| Some(point.double())).take(bits);
        let bits: Vec<Point> = powers(low, LOW_BITS).chain(powers(high, FELT_BITS - LOW_BITS)).collect();
        // The place of the value 0 is never looked at.
        let mut table = vec![low; WINDOWS << WINDOW_BITS];
        for bit in 0..WINDOW_BITS {
            // With all values below this bit's, those below the next one's.
            let value = 1 << bit;
            let windows = || (0..WINDOWS).map(|window| (window << WINDOW_BITS, bits[window * WINDOW_BITS + bit]));
            let places = windows().flat_map(|(first, _)| first + value + 1..first + 2 * value);
            let pairs: Vec<_> = windows().flat_map(|(first, point)| (1..value).map(move |below| (first + below, point))).collect();
            let pairs: Vec<_> = pairs.into_iter().map(|(place, point)| (table[place], point)).collect();
            places.zip(sums(&pairs)).for_each(|(place, sum)| table[place] = sum);
            windows().for_each(|(first, point)| table[first + value] = point);
        }
        Self(table)
    }

    /// What a window of a felt adds, if anything.
    fn point(&self, felt: &[u8; 32], window: usize) -> Option<&Point> {
        let bit = window * WINDOW_BITS;
        let bits = u16::from_le_bytes([felt[bit / 8], felt[bit / 8 + 1]]) >> (bit % 8);
        let value = usize::from(bits) % (1 << WINDOW_BITS);
        (value > 0).then(|| &self.0[(window << WINDOW_BITS) + value])
    }

    /// For each felt what it adds to `start`.
    fn sums(&self, start: Point, felts: &[Felt252]) -> Vec<Point> {
        let felts: Vec<[u8; 32]> = felts.iter().map(|felt| felt.to_le_bytes()).collect();
        let mut totals = vec![start; felts.len()];
        for window in 0..WINDOWS {
            let added = totals.iter_mut().zip(&felts).filter_map(|(total, felt)| Some((total, self.point(felt, window)?)));
            let (places, pairs): (Vec<&mut Point>, Vec<_>) = added
                .map(|(total, point)| {
                    let pair = (*total, *point);
                    (total, pair)
                })
                .unzip();
            places.into_iter().zip(sums(&pairs)).for_each(|(place, sum)| *place = sum);
        }
        totals
    }

    /// The x coordinate of what a felt adds to `start`.
    ///
    /// The sum is kept as `(x zz, y zzz)` with `zz^3 = zzz^2` (`madd-2008-s` of the Explicit-Formulas Database), so that no addition inverts.
    fn x_of_sum(&self, start: Point, felt: Felt252) -> Felt252 {
        let felt = felt.to_le_bytes();
        let (mut x, mut y, mut zz, mut zzz) = (start.x, start.y, Felt252::ONE, Felt252::ONE);
        // Read before they are needed: where they lie does not depend on the sum, so that the processor fetches them side by side.
        let (mut points, mut count) = ([start; WINDOWS], 0);
        for point in (0..WINDOWS).filter_map(|window| self.point(&felt, window)) {
            points[count] = *point;
            count += 1;
        }
        for point in &points[..count] {
            let run = point.x * zz - x;
            let rise = point.y * zzz - y;
            let square = run.square();
            let cube = square * run;
            let q = x * square;
            x = rise.square() - cube - q.double();
            y = rise * (q - x) - y * cube;
            zz *= square;
            zzz *= cube;
        }
        x / zz
    }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;
    use starknet_types_core::hash::{Pedersen, StarkHash};

    use super::*;

    /// The independent implementation.
    fn reference(last: Felt252, others: &[Felt252]) -> Felt252 {
        let felt = |felt: &Felt252| Felt::from_bytes_le(&felt.to_le_bytes());
        let hash = others.iter().rfold(felt(&last), |hash, other| Pedersen::hash(&felt(other), &hash));
        Felt252::from_le_bytes(&hash.to_bytes_le()).unwrap()
    }

    /// The first and last values of every window, and the ends of `low` and `high`.
    fn edges() -> Vec<Felt252> {
        let two = Felt252::new(2);
        let powers = (0..252_u64).map(|power| two.exp_vartime(power.into()));
        powers.flat_map(|power| [power, power - Felt252::ONE, -power]).chain([Felt252::ZERO, -Felt252::ONE]).collect()
    }

    #[test]
    fn the_vectors_of_starkex_hold() {
        // crypto-cpp, `crypto_lib_test.go`
        let felt = |text: &str| text.parse::<Felt252>().unwrap();
        let a = felt("0x03d937c035c878245caf64531a5756109c53068da139362728feb561405371cb");
        let b = felt("0x0208a0a10250e382e1e4bbe2880906c2791bf6275695e02fbbc6aeff9cd8b31a");
        assert_eq!(chain(b, &[a]), felt("0x030e480bed5fe53fa909cc0f8c4d99b8f9f2c016be4c41e13a4848797979c662"));
        assert_eq!(chain(b, &[]), b);
    }

    #[test]
    fn every_bit_of_both_arguments_counts_as_in_another_implementation() {
        let fixed = Felt252::new(12345);
        for felt in edges() {
            assert_eq!(chain(fixed, &[felt]), reference(fixed, &[felt]), "h({felt}, ..)");
            assert_eq!(chain(felt, &[fixed]), reference(felt, &[fixed]), "h(.., {felt})");
        }
    }

    #[test]
    fn a_chain_over_several_blocks_is_that_of_another_implementation() {
        // Each felt is the square of the one before it, plus one: large numbers without a pattern, and small ones among them.
        let mut felt = Felt252::new(3);
        let mut next = || {
            felt = felt.square() + Felt252::ONE;
            felt
        };
        let data: Vec<Felt252> = (0..2 * BLOCK as u64 + 5).map(|index| if index % 3 == 0 { Felt252::new(index) } else { next() }).collect();
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, data.len()] {
            assert_eq!(chain(Felt252::new(7), &data[..length]), reference(Felt252::new(7), &data[..length]), "{length}");
        }
    }
}
