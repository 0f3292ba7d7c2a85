//! The arguments of a Cairo program, as a JSON list of felts.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;
use starknet_types_core::felt::Felt;

use crate::files;

/// Reads a file of arguments.
pub fn read(path: &Path) -> anyhow::Result<Vec<Felt>> {
    parse(&files::read_all(path)?).with_context(|| format!("{}: the arguments are not a list of felts", files::called(path).display()))
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Felt>> {
    let Value::Array(values) = serde_json::from_slice(bytes)? else {
        bail!("it must be a list, such as [1, -2, \"0x3\"]");
    };
    values.iter().enumerate().map(|(index, value)| felt(value).with_context(|| format!("element {}: {value}", index + 1))).collect()
}

/// The felt of a JSON value; negative numbers count from the modulus.
fn felt(value: &Value) -> anyhow::Result<Felt> {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Ok(number.into()),
            (None, Some(number)) => Ok(number.into()),
            (None, None) => bail!("it is not an integer of 64 bits; write longer ones as strings"),
        },
        Value::String(text) => {
            let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |digits| (true, digits));
            let magnitude = match digits.strip_prefix("0x") {
                Some(hex) if !hex.is_empty() && hex.chars().all(|digit| digit.is_ascii_hexdigit()) => Felt::from_hex(digits).ok(),
                None if !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()) => Felt::from_dec_str(digits).ok(),
                _ => None,
            };
            let Some(magnitude) = magnitude else {
                bail!("it is not a felt: a felt is decimal digits, or 0x and hexadecimal digits, below the modulus");
            };
            Ok(if negative { -magnitude } else { magnitude })
        }
        _ => bail!("a felt is a number or a string"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn felts_are_numbers_or_strings() {
        let expected = vec![Felt::from(1), Felt::from(-2), Felt::from(3), Felt::from(-4), Felt::from(u128::MAX)];
        let text = format!("[1, -2, \"0x3\", \"-4\", \"{}\"]", u128::MAX);
        assert_eq!(parse(text.as_bytes()).unwrap(), expected);
        assert_eq!(parse(b"[]").unwrap(), []);
    }

    #[test]
    fn what_is_no_felt_is_refused_with_its_place() {
        for (text, place) in [("[1, 2.5]", "element 2: 2.5"), ("[\"x\"]", "element 1"), ("[\"0x\"]", "element 1"), ("[null]", "element 1")]
        {
            assert!(format!("{:#}", parse(text.as_bytes()).unwrap_err()).contains(place), "{text}");
        }
        assert!(format!("{:#}", parse(b"{}").unwrap_err()).contains("it must be a list"));
    }
}
