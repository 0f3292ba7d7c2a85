//! Checks of what comes from outside. Everything behind them relies on proven ranges.

pub mod Errors {
    pub const LENGTH: felt252 = 'input has the wrong length';
    pub const RANGE: felt252 = 'input value out of range';
}

/// Takes the next `length` values off the input and checks that each lies in `[lo, hi]`.
///
/// Panics with `Errors::LENGTH` or `Errors::RANGE`. `hi - lo` must be below 2^127.
pub fn take(ref input: Span<felt252>, length: usize, lo: felt252, hi: felt252) -> Span<felt252> {
    assert(length <= input.len(), Errors::LENGTH);
    let values = input.slice(0, length);
    input = input.slice(length, input.len() - length);
    if lo == -0x8000 && hi == 0x7fff {
        // The usual range has a type of its own, and its check fewer steps. Eight at a time, because a turn of a loop costs as much.
        let mut rest = values;
        while let Some(eight) = rest.multi_pop_front::<8>() {
            let [a, b, c, d, e, f, g, h] = eight.as_snapshot().unbox();
            check_16_bits(*a);
            check_16_bits(*b);
            check_16_bits(*c);
            check_16_bits(*d);
            check_16_bits(*e);
            check_16_bits(*f);
            check_16_bits(*g);
            check_16_bits(*h);
        }
        for value in rest {
            check_16_bits(*value);
        }
    } else {
        let span: u128 = (hi - lo).try_into().unwrap();
        for value in values {
            let above_lo: Option<u128> = (*value - lo).try_into();
            assert(above_lo.expect(Errors::RANGE) <= span, Errors::RANGE);
        }
    }
    values
}

#[inline(always)]
fn check_16_bits(value: felt252) {
    let _: i16 = value.try_into().expect(Errors::RANGE);
}

/// Checks that nothing is left of the input.
pub fn end(input: Span<felt252>) {
    assert(input.is_empty(), Errors::LENGTH);
}

#[cfg(test)]
mod tests {
    use super::{end, take};

    #[test]
    fn values_are_taken_in_order() {
        let mut input = [-128, 127, 5].span();
        assert_eq!(take(ref input, 2, -128, 127), [-128, 127].span());
        assert_eq!(take(ref input, 1, 0, 5), [5].span());
        end(input);
    }

    #[test]
    fn the_ends_of_the_usual_range_are_taken() {
        let values = [-32768, 32767, 0, 1, 2, 3, 4, 5, 6].span();
        let mut input = values;
        assert_eq!(take(ref input, 9, -32768, 32767), values);
    }

    #[test]
    #[should_panic(expected: 'input value out of range')]
    fn a_value_above_16_bits_is_refused() {
        let mut input = [0, 1, 2, 3, 4, 5, 6, 32768].span();
        take(ref input, 8, -32768, 32767);
    }

    #[test]
    #[should_panic(expected: 'input value out of range')]
    fn a_value_below_16_bits_is_refused() {
        let mut input = [-32769].span();
        take(ref input, 1, -32768, 32767);
    }

    #[test]
    #[should_panic(expected: 'input value out of range')]
    fn a_value_above_is_refused() {
        let mut input = [128].span();
        take(ref input, 1, -128, 127);
    }

    #[test]
    #[should_panic(expected: 'input value out of range')]
    fn a_value_below_is_refused() {
        let mut input = [-129].span();
        take(ref input, 1, -128, 127);
    }

    #[test]
    #[should_panic(expected: 'input has the wrong length')]
    fn a_short_input_is_refused() {
        let mut input = [1].span();
        take(ref input, 2, -128, 127);
    }

    #[test]
    #[should_panic(expected: 'input has the wrong length')]
    fn a_long_input_is_refused() {
        end([1].span());
    }
}
