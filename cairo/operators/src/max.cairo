//! The greatest of several values.

/// The greater of two signed values. The caller guarantees that they differ by less than 2^127.
#[inline(always)]
pub fn max(a: felt252, b: felt252) -> felt252 {
    if is_greater(a, b) {
        a
    } else {
        b
    }
}

/// Whether `a > b` for signed values: `a - b - 1` is then a small non-negative number. As for `max`.
#[inline(always)]
pub fn is_greater(a: felt252, b: felt252) -> bool {
    let excess: Option<u128> = (a - b - 1).try_into();
    excess.is_some()
}

/// The greatest of `length` values, of which each stands `stride` behind the one before, for each of `stride` neighbours, and that for
/// each part of `length * stride` values, appended to `y`.
///
/// Panics if `values` does not hold whole parts. The caller guarantees what `max` asks for.
pub fn max_over(values: Span<felt252>, length: usize, stride: usize) -> Span<felt252> {
    let mut y = array![];
    let mut part = 0;
    while part != values.len() {
        let next = part + length * stride;
        let mut first = part;
        while first != part + stride {
            let mut best = *values[first];
            let mut index = first + stride;
            while index < next {
                best = max(best, *values[index]);
                index += stride;
            }
            y.append(best);
            first += 1;
        }
        part = next;
    }
    y.span()
}

#[cfg(test)]
mod tests {
    use super::{max, max_over};

    #[test]
    fn signs_are_minded() {
        assert_eq!(max(-0x80000000, 0x7fffffff), 0x7fffffff);
        assert_eq!(max(0x7fffffff, -0x80000000), 0x7fffffff);
        assert_eq!(max(-2, -3), -2);
        assert_eq!(max(-3, -2), -2);
        assert_eq!(max(5, 5), 5);
        assert_eq!(max(0, -1), 0);
    }

    #[test]
    fn an_axis_is_reduced() {
        assert_eq!(max_over([1, 9, 3, 4, 5, 6].span(), 3, 1), [9, 6].span());
        assert_eq!(max_over([1, 9, 3, 4, 5, 6].span(), 2, 3), [4, 9, 6].span());
        assert_eq!(max_over([1, 9, 3, 4].span(), 1, 2), [1, 9, 3, 4].span());
        assert_eq!(max_over([-1, -9, -3, -4, -5, -6, -7, -8].span(), 2, 2), [-1, -4, -5, -6].span());
    }
}
