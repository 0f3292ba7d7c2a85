//! Numbers in messages about samples, which may have hundreds of digits.

/// A number with all its digits, in scientific notation where zeros would fill a line.
pub fn decimal(value: f64) -> String {
    let plain = value == 0.0 || !value.is_finite() || (1e-6..1e15).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_filled_with_zeros() {
        let numbers = [0.0, -2.5, 999_999_999_999_999.0, 1e15, -8.444e32, 1e308, 2e-6, 1e-7, f64::INFINITY];
        let expected = ["0", "-2.5", "999999999999999", "1e15", "-8.444e32", "1e308", "0.000002", "1e-7", "inf"];
        assert_eq!(numbers.map(decimal), expected);
    }
}
