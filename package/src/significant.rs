//! The precision of a report's numbers: the same text on every machine.

/// Rounds to four significant digits. Float networks agree in these on every processor, although their sums differ in the last bits.
pub fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a formatted number parses")
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn errors_have_four_significant_digits() {
        assert_eq!([0.0, 1.23456, 98765.4, 0.000123449].map(significant), [0.0, 1.235, 98770.0, 0.0001234]);
    }
}
