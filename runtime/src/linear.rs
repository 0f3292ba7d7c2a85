//! Many products of a matrix with a vector, shared out among threads where that pays.

use rayon::prelude::*;

use crate::dot::Dot;

/// Work of this many multiply-accumulates and more is shared out among threads; below, starting them costs more than it saves.
const PARALLEL_MACS: usize = 1 << 20;

/// Multiply-accumulates that a thread takes at a time, at least.
const TASK_MACS: usize = 1 << 16;

/// Rows of one matrix that a thread takes at a time.
const TASK_ROWS: usize = 64;

/// Matrix elements that can be multiplied with vector elements `X`, exactly.
pub(crate) trait Multiply<X>: Sized {
    /// Gives `sum_j row[j] * x[j]` of each row in turn.
    fn products<'a>(dot: Dot, rows: impl Iterator<Item = &'a [Self]>, x: &[X], take: impl FnMut(i64))
    where
        Self: 'a;
}

/// The fast way. No matrix element may be -32768.
impl Multiply<i16> for i16 {
    fn products<'a>(dot: Dot, rows: impl Iterator<Item = &'a [Self]>, x: &[i16], take: impl FnMut(i64)) {
        dot.products(rows, x, take);
    }
}

/// The way for elements of any size; the caller has proven that no sum overflows.
impl<W: Copy + Into<i64>> Multiply<i32> for W {
    fn products<'a>(_dot: Dot, rows: impl Iterator<Item = &'a [Self]>, x: &[i32], take: impl FnMut(i64))
    where
        Self: 'a,
    {
        rows.map(|row| row.iter().zip(x).map(|(w, x)| (*w).into() * i64::from(*x)).sum()).for_each(take);
    }
}

/// The values in 16 bits, if each of them is at least `least` and fits.
pub(crate) fn narrow(values: &[i32], least: i16) -> Option<Vec<i16>> {
    let range = i32::from(least)..=i32::from(i16::MAX);
    // Without an early exit both loops become vector code.
    let fits = values.iter().fold(true, |fits, value| fits & range.contains(value));
    fits.then(|| values.iter().map(|value| *value as i16).collect())
}

/// Computes `y[b][i] = finish(c + i, sum_j w[i][j] * x[b][j])` for blocks `b` of `n` elements of `x` and `m` of `y`.
///
/// `matrix(b)` gives `w`, row-major, and the channel `c` of its first row.
pub(crate) fn multiply<'w, X: Sync, W: Multiply<X> + Sync + 'w>(
    (x, n): (&[X], usize),
    (y, m): (&mut [i32], usize),
    matrix: impl Fn(usize) -> (&'w [W], usize) + Sync,
    finish: impl Fn(usize, i64) -> i32 + Sync,
) {
    // Asked once, because the answer takes longer than a short row.
    let dot = Dot::new();
    let part = |block: usize, first: usize, x: &[X], y: &mut [i32]| {
        let (weights, channel) = matrix(block);
        // Not `chunks_exact`: its division is most of the work where a block is a few products.
        let rows = weights[first * n..].chunks(n).take(y.len());
        let mut results = (channel + first..).zip(y);
        W::products(dot, rows, x, |sum| {
            if let Some((channel, y)) = results.next() {
                *y = finish(channel, sum);
            }
        });
    };
    let macs = m * n;
    if macs >= PARALLEL_MACS {
        for (block, (x, y)) in x.chunks_exact(n).zip(y.chunks_exact_mut(m)).enumerate() {
            y.par_chunks_mut(TASK_ROWS).enumerate().for_each(|(task, y)| part(block, task * TASK_ROWS, x, y));
        }
    } else if y.len().saturating_mul(n) >= PARALLEL_MACS {
        let blocks = x.par_chunks_exact(n).zip(y.par_chunks_exact_mut(m)).enumerate();
        blocks.with_min_len(TASK_MACS.div_ceil(macs)).for_each(|(block, (x, y))| part(block, 0, x, y));
    } else {
        x.chunks_exact(n).zip(y.chunks_exact_mut(m)).enumerate().for_each(|(block, (x, y))| part(block, 0, x, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_sharing_the_work_gives_the_same_integers() {
        // One large matrix, many small ones, and few enough for one thread; with a rest of rows.
        for (blocks, n, m) in [(2, 1050, 1001), (30_000, 7, 6), (5, 20, 3)] {
            let x: Vec<i32> = (0..blocks * n).map(|i| (i * 7919 % 65536) as i32 - 32768).collect();
            let weights: Vec<i16> = (0..2 * m * n).map(|i| ((i * 104_729) % 65535) as i32 - 32767).map(|w| w as i16).collect();
            let matrix = |block: usize| (&weights[block % 2 * m * n..][..m * n], block % 2 * m);
            let finish = |channel: usize, sum: i64| (sum + channel as i64) as i32;
            let expected: Vec<i32> = (0..blocks * m)
                .map(|i| {
                    let (block, row) = (i / m, i % m);
                    let (weights, channel) = matrix(block);
                    let products = weights[row * n..][..n].iter().zip(&x[block * n..]);
                    finish(channel + row, products.map(|(w, x)| i64::from(*w) * i64::from(*x)).sum())
                })
                .collect();
            let mut y = vec![0; blocks * m];
            multiply((&narrow(&x, i16::MIN).unwrap(), n), (&mut y, m), matrix, finish);
            assert_eq!(y, expected);
            y.fill(0);
            multiply((&x, n), (&mut y, m), matrix, finish);
            assert_eq!(y, expected);
        }
    }

    #[test]
    fn values_that_do_not_fit_are_not_narrowed() {
        assert_eq!(narrow(&[-32768, 32767], i16::MIN), Some(vec![-32768, 32767]));
        assert_eq!(narrow(&[-32768], -32767), None);
        assert_eq!(narrow(&[0, 32768], i16::MIN), None);
        assert_eq!(narrow(&[i32::MIN], i16::MIN), None);
    }
}
