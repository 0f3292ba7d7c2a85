//! Position of the greatest value; the first of several.
use crate::max::is_greater;

/// Position of the greatest of `length` values, of which each stands `stride` behind the one before, from `start` on.
///
/// Panics if a position is outside `values`. The caller guarantees that any two values differ by less than 2^127.
pub fn arg_max(values: Span<felt252>, start: usize, length: usize, stride: usize) -> felt252 {
    let mut best = *values[start];
    let mut best_position: usize = 0;
    let mut index = start;
    for position in 1..length {
        index += stride;
        let candidate = *values[index];
        if is_greater(candidate, best) {
            best = candidate;
            best_position = position;
        }
    }
    best_position.into()
}

/// `arg_max` for each of `stride` neighbours, and that for each part of `length * stride` values.
///
/// Panics if `values` does not hold whole parts. The caller guarantees what `arg_max` asks for.
pub fn arg_max_over(values: Span<felt252>, length: usize, stride: usize) -> Span<felt252> {
    let mut y = array![];
    let mut part = 0;
    while part != values.len() {
        let mut start = part;
        while start != part + stride {
            y.append(arg_max(values, start, length, stride));
            start += 1;
        }
        part += length * stride;
    }
    y.span()
}

#[cfg(test)]
mod tests {
    use super::{arg_max, arg_max_over};

    #[test]
    fn the_first_of_equal_values_wins() {
        assert_eq!(arg_max([1, 3, 3, 2].span(), 0, 4, 1), 1);
        assert_eq!(arg_max([-5, -5, -5].span(), 0, 3, 1), 0);
        assert_eq!(arg_max([-0x80000000, 0x7fffffff, 0].span(), 0, 3, 1), 1);
        assert_eq!(arg_max([7].span(), 0, 1, 1), 0);
    }

    #[test]
    fn a_stride_walks_along_an_inner_axis() {
        let values = [1, 9, 3, 4, 5, 6].span();
        assert_eq!(arg_max(values, 0, 2, 3), 1);
        assert_eq!(arg_max(values, 1, 2, 3), 0);
        assert_eq!(arg_max(values, 2, 2, 3), 1);
    }

    #[test]
    fn each_part_has_a_greatest_value() {
        assert_eq!(arg_max_over([1, 9, 3, 4, 5, 6].span(), 3, 1), [1, 2].span());
        assert_eq!(arg_max_over([1, 9, 3, 4, 5, 6].span(), 2, 3), [1, 0, 1].span());
        assert_eq!(arg_max_over([1, 2, 3, 0, 5, 5, 7, 7].span(), 2, 2), [1, 0, 1, 1].span());
    }

    #[test]
    #[should_panic(expected: 'Index out of bounds')]
    fn a_position_outside_panics() {
        arg_max([1, 2].span(), 0, 3, 1);
    }
}
