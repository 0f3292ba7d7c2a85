//! Bytes as hexadecimal text, in both directions: the form in which commitments, roots and salts are shown and typed in.

/// Two hexadecimal digits a byte, without a prefix.
pub fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `0x` and two hexadecimal digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex_digits(bytes))
}

/// Reads what [`hex`] writes for 32 bytes: `0x` and 64 hexadecimal digits, of either case.
pub fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.strip_prefix("0x")?.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks() else { return None };
    pairs.iter().map(|[high, low]| high << 4 | low).collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_were_written() {
        let bytes: [u8; 32] = std::array::from_fn(|index| (index * 8 + 7) as u8);
        let text = hex(&bytes);
        assert!(text.starts_with("0x070f171f"), "{text}");
        assert_eq!(text.len(), 2 + 64);
        assert_eq!(text[2..], hex_digits(&bytes));
        assert_eq!(parse_hex(&text), Some(bytes));
        assert_eq!(parse_hex(&format!("0x{}", text[2..].to_uppercase())), Some(bytes));
        assert_eq!((hex_digits(&[]), hex(&[0, 255])), (String::new(), "0x00ff".to_owned()));
    }

    #[test]
    fn other_texts_are_refused() {
        let text = hex(&[7; 32]);
        let (capital, other_digit, long) = (text.replacen('x', "X", 1), text.replacen('7', "g", 1), format!("{text}0"));
        for refused in ["", "0x", "0x12", "12", &text[1..], &text[2..], &text[..65], &long, &format!("{text}00"), &capital, &other_digit] {
            assert_eq!(parse_hex(refused), None, "{refused}");
        }
        // As many bytes or characters as there should be digits.
        for refused in
            [format!("0x{}", "é".repeat(32)), format!("0x{}", "é".repeat(64)), format!("0x{}é", "7".repeat(62)), format!(" {text}")]
        {
            assert_eq!(parse_hex(&refused), None, "{refused}");
        }
    }
}
