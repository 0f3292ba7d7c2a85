//! Exact dot products of 16-bit values, which take nearly all of an inference's time.

/// Computes dot products with whatever the processor offers. Every way gives the same integers.
#[derive(Clone, Copy)]
pub(crate) struct Dot {
    #[cfg(target_arch = "x86_64")]
    avx2: Option<pulp::x86::V3>,
}

impl Dot {
    /// Asks the processor what it offers; the answer is remembered.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: pulp::x86::V3::try_new(),
        }
    }

    /// Gives `sum_j row[j] * x[j]`, exactly, of each row in turn. No weight may be -32768.
    ///
    /// All rows in one call, because the code for a processor's own instructions cannot be inlined into code for any processor. Rows
    /// too short for one step of it are better off without the call.
    pub(crate) fn products<'a>(self, rows: impl Iterator<Item = &'a [i16]>, x: &[i16], take: impl FnMut(i64)) {
        let products = Products { rows, x, take };
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = self.avx2.filter(|_| x.len() >= x86::LANES) {
            return simd.vectorize(x86::Avx2(simd, products));
        }
        products.run(portable);
    }
}

/// The computation of [`Dot::products`]; a closure might not be inlined.
struct Products<'x, R, T> {
    rows: R,
    x: &'x [i16],
    take: T,
}

impl<'a, R: Iterator<Item = &'a [i16]>, T: FnMut(i64)> Products<'_, R, T> {
    #[inline(always)]
    fn run(mut self, product: impl Fn(&[i16], &[i16]) -> i64) {
        for row in self.rows {
            (self.take)(product(row, self.x));
        }
    }
}

/// Two products at a time are added in 32 bits, which cannot overflow because no weight is -32768.
#[inline(always)]
fn portable(weights: &[i16], x: &[i16]) -> i64 {
    let pair = |(w, x): (&[i16; 2], &[i16; 2])| i64::from(i32::from(w[0]) * i32::from(x[0]) + i32::from(w[1]) * i32::from(x[1]));
    let (weight_pairs, weight_rest) = weights.as_chunks::<2>();
    let (x_pairs, x_rest) = x.as_chunks::<2>();
    let rest: i64 = weight_rest.iter().zip(x_rest).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum();
    rest + weight_pairs.iter().zip(x_pairs).map(pair).sum::<i64>()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast, i16x16, i32x8};

    /// 16-bit values of one step.
    pub(super) const LANES: usize = 16;
    /// Values after which the sums are widened: 2^15 numbers below 2^16 stay below 2^31.
    const BLOCK: usize = LANES << 15;

    /// The computation, for a processor with AVX2.
    pub(super) struct Avx2<P>(pub(super) V3, pub(super) P);

    impl<'a, R: Iterator<Item = &'a [i16]>, T: FnMut(i64)> NullaryFnOnce for Avx2<super::Products<'_, R, T>> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self(simd, mut products) = self;
            for row in products.rows {
                (products.take)(product(simd, row, products.x));
            }
        }
    }

    /// A loop, because a closure may not be inlined, and these instructions are slow calls in code for any processor.
    #[inline(always)]
    fn product(simd: V3, weights: &[i16], x: &[i16]) -> i64 {
        let mut sum = 0;
        for (weights, x) in weights.chunks(BLOCK).zip(x.chunks(BLOCK)) {
            sum += block(simd, weights, x);
        }
        sum
    }

    /// Pairs of products are added in 32 bits by one instruction; the low and the high halves of these sums are summed apart.
    #[inline(always)]
    fn block(simd: V3, weights: &[i16], x: &[i16]) -> i64 {
        let (weight_chunks, weight_rest) = weights.as_chunks::<LANES>();
        let (x_chunks, x_rest) = x.as_chunks::<LANES>();
        let mask = simd.avx._mm256_set1_epi32(0xffff);
        let (mut low, mut high) = (simd.avx._mm256_setzero_si256(), simd.avx._mm256_setzero_si256());
        for (w, x) in weight_chunks.iter().zip(x_chunks) {
            let sums: i32x8 =
                simd.multiply_wrapping_add_adjacent_i16x16(cast::<[i16; LANES], i16x16>(*w), cast::<[i16; LANES], i16x16>(*x));
            let sums = cast(sums);
            low = simd.avx2._mm256_add_epi32(low, simd.avx2._mm256_and_si256(sums, mask));
            high = simd.avx2._mm256_add_epi32(high, simd.avx2._mm256_srai_epi32::<16>(sums));
        }
        let total = |sums: [i32; LANES / 2]| sums.iter().map(|sum| i64::from(*sum)).sum::<i64>();
        let vectors = total(cast(low)) + (total(cast(high)) << 16);
        vectors + super::portable(weight_rest, x_rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(weights: &[i16], x: &[i16]) -> i64 {
        weights.iter().zip(x).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum()
    }

    fn assert_exact(weights: &[i16], x: &[i16]) {
        let expected = exact(weights, x);
        Dot::new().products(std::iter::once(weights), x, |found| assert_eq!(found, expected, "{} values", x.len()));
        assert_eq!(portable(weights, x), expected, "{} values", x.len());
    }

    #[test]
    fn extreme_values_are_exact_at_every_length() {
        for (w, x) in [(-32767, -32768), (32767, -32768), (32767, 32767), (-1, 1), (1, -1)] {
            for length in 0..70 {
                assert_exact(&vec![w; length], &vec![x; length]);
            }
        }
    }

    #[test]
    fn sums_are_widened_before_they_could_overflow() {
        // More than a block, each low half at its greatest.
        let length = (16 << 15) + 40;
        assert_exact(&vec![-1; length], &vec![1; length]);
        assert_exact(&vec![-32767; length], &vec![-32768; length]);
        assert_exact(&vec![32767; length], &vec![-32768; length]);
    }

    proptest::proptest! {
        #[test]
        fn random_values_are_exact(values in proptest::collection::vec((-32767i16..=32767, proptest::num::i16::ANY), 0..300)) {
            let (weights, x): (Vec<i16>, Vec<i16>) = values.into_iter().unzip();
            assert_exact(&weights, &x);
        }
    }
}
