//! Copying of elements, several at a time, because a turn of a loop costs more than the values that it moves.

/// Appends all of `x` to `y`.
pub fn extend(ref y: Array<felt252>, mut x: Span<felt252>) {
    while let Some(part) = x.multi_pop_front::<16>() {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = part.as_snapshot().unbox();
        y.append(*a);
        y.append(*b);
        y.append(*c);
        y.append(*d);
        y.append(*e);
        y.append(*f);
        y.append(*g);
        y.append(*h);
        y.append(*i);
        y.append(*j);
        y.append(*k);
        y.append(*l);
        y.append(*m);
        y.append(*n);
        y.append(*o);
        y.append(*p);
    }
    while let Some(part) = x.multi_pop_front::<4>() {
        let [a, b, c, d] = part.as_snapshot().unbox();
        y.append(*a);
        y.append(*b);
        y.append(*c);
        y.append(*d);
    }
    while let Some(value) = x.pop_front() {
        y.append(*value);
    }
}

/// Appends `value` `count` times to `y`.
pub fn fill(ref y: Array<felt252>, value: felt252, count: usize) {
    let (mut parts, mut rest) = (count / 8, count % 8);
    while parts != 0 {
        parts -= 1;
        y.append(value);
        y.append(value);
        y.append(value);
        y.append(value);
        y.append(value);
        y.append(value);
        y.append(value);
        y.append(value);
    }
    while rest != 0 {
        rest -= 1;
        y.append(value);
    }
}

/// Appends the elements of `x` at these positions to `y`.
///
/// Panics if a position is outside `x`.
pub fn gather(ref y: Array<felt252>, x: Span<felt252>, mut positions: Span<u32>) {
    while let Some(part) = positions.multi_pop_front::<8>() {
        let [a, b, c, d, e, f, g, h] = part.as_snapshot().unbox();
        y.append(*x[*a]);
        y.append(*x[*b]);
        y.append(*x[*c]);
        y.append(*x[*d]);
        y.append(*x[*e]);
        y.append(*x[*f]);
        y.append(*x[*g]);
        y.append(*x[*h]);
    }
    while let Some(position) = positions.pop_front() {
        y.append(*x[*position]);
    }
}

/// Takes the first `count` elements off `x`.
///
/// Panics if there are fewer.
pub fn take(ref x: Span<felt252>, count: usize) -> Span<felt252> {
    let taken = x.slice(0, count);
    x = x.slice(count, x.len() - count);
    taken
}

#[cfg(test)]
mod tests {
    fn counted(count: usize) -> Array<felt252> {
        let mut values = array![];
        for value in 0..count {
            values.append(value.into());
        }
        values
    }

    #[test]
    fn any_number_of_elements_is_appended() {
        for count in 0..40_usize {
            let mut y = array![];
            super::extend(ref y, counted(count).span());
            assert_eq!(y, counted(count));
        }
    }

    #[test]
    fn a_value_is_repeated() {
        for count in 0..20_usize {
            let mut y = array![7];
            super::fill(ref y, -3, count);
            assert_eq!(y.len(), count + 1);
            assert_eq!(*y[count], if count == 0 { 7 } else { -3 });
        }
    }

    #[test]
    fn elements_are_gathered_in_order() {
        let mut y = array![];
        super::gather(ref y, counted(12).span(), [11, 0, 5, 5, 1, 2, 3, 4, 10, 9].span());
        assert_eq!(y, array![11, 0, 5, 5, 1, 2, 3, 4, 10, 9]);
    }

    #[test]
    fn a_part_is_taken_off_the_front() {
        let values = counted(5);
        let mut x = values.span();
        assert_eq!(super::take(ref x, 2), [0, 1].span());
        assert_eq!(super::take(ref x, 0), [].span());
        assert_eq!(x, [2, 3, 4].span());
    }
}
