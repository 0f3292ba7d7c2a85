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
    let span: u128 = (hi - lo).try_into().unwrap();
    for value in values {
        let above_lo: Option<u128> = (*value - lo).try_into();
        assert(above_lo.expect(Errors::RANGE) <= span, Errors::RANGE);
    }
    values
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
