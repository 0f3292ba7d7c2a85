//! One of two values, by a third that is 0 or 1.

/// `y = c == 1 ? a : b` for each element, computed as `b + c * (a - b)`.
///
/// Panics if `a` or `b` is shorter than `c`. The caller guarantees that each `c` is 0 or 1.
pub fn select(mut c: Span<felt252>, mut a: Span<felt252>, mut b: Span<felt252>) -> Span<felt252> {
    let mut y = array![];
    // Several at a time, because a turn of a loop costs more than the values that it takes.
    while let Some(part) = c.multi_pop_front::<8>() {
        let [c0, c1, c2, c3, c4, c5, c6, c7] = part.as_snapshot().unbox();
        let [a0, a1, a2, a3, a4, a5, a6, a7] = a.multi_pop_front::<8>().unwrap().as_snapshot().unbox();
        let [b0, b1, b2, b3, b4, b5, b6, b7] = b.multi_pop_front::<8>().unwrap().as_snapshot().unbox();
        y.append(*b0 + *c0 * (*a0 - *b0));
        y.append(*b1 + *c1 * (*a1 - *b1));
        y.append(*b2 + *c2 * (*a2 - *b2));
        y.append(*b3 + *c3 * (*a3 - *b3));
        y.append(*b4 + *c4 * (*a4 - *b4));
        y.append(*b5 + *c5 * (*a5 - *b5));
        y.append(*b6 + *c6 * (*a6 - *b6));
        y.append(*b7 + *c7 * (*a7 - *b7));
    }
    while let Some(c) = c.pop_front() {
        let (a, b) = (*a.pop_front().unwrap(), *b.pop_front().unwrap());
        y.append(b + *c * (a - b));
    }
    y.span()
}

#[cfg(test)]
mod tests {
    use super::select;

    #[test]
    fn one_takes_the_first_and_zero_the_second() {
        let c = [1, 0, 0, 1, 1, 1, 0, 0, 1, 0].span();
        let a = [10, 11, 12, 13, 14, 15, 16, 17, -18, 19].span();
        let b = [20, 21, 22, 23, 24, 25, 26, 27, 28, -29].span();
        assert_eq!(select(c, a, b), [10, 21, 22, 13, 14, 15, 26, 27, -18, -29].span());
    }
}
