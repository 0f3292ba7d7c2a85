//! The file that opens a salted commitment: `{"salt": "0x..", "inputs": [[..], ..], "outputs": [[..], ..]}`, a list of integers an inference.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use maat_runtime::inert;
use maat_verifier::parse_hex;
use maat_verifier::{MAX_VALUES, Opening, Salt};
use serde::{Deserialize, Serialize};

use crate::files;

/// No opening is longer, even if each value has a line of its own.
const MAX_FILE_BYTES: usize = 32 * MAX_VALUES as usize;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    salt: String,
    inputs: Vec<Vec<i32>>,
    outputs: Vec<Vec<i32>>,
}

/// What `maat prove --opening` writes.
pub fn to_bytes(opening: &Opening) -> anyhow::Result<Vec<u8>> {
    let Opening { salt, inputs, outputs } = opening.clone();
    let mut bytes = serde_json::to_vec(&Written { salt: salt.to_string(), inputs, outputs })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads what [`to_bytes`] wrote. The bytes may be anything.
pub fn read(path: &Path) -> anyhow::Result<Opening> {
    let no_opening = || format!("{} is not an opening of a salted commitment", files::called(path).display());
    let bytes = match files::read(path, MAX_FILE_BYTES)? {
        Ok(bytes) => bytes,
        Err(length) => bail!("{}: it has {length} bytes, more than {MAX_FILE_BYTES}", no_opening()),
    };
    let Written { salt, inputs, outputs } =
        serde_json::from_slice(&bytes).map_err(|error| anyhow!(inert(&error.to_string()))).with_context(no_opening)?;
    Ok(Opening { salt: parse_salt(&salt).map_err(anyhow::Error::msg).with_context(no_opening)?, inputs, outputs })
}

/// A salt as it is displayed. What is not a salt may still be a secret, and is not repeated.
pub fn parse_salt(text: &str) -> Result<Salt, String> {
    parse_hex(text).map(Salt::new).ok_or_else(|| "a salt is 0x and 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Opening, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read(file.path()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn an_opening_is_read_as_it_was_written() {
        let opening = Opening { salt: Salt::new([7; 32]), inputs: vec![vec![1, i32::MIN], vec![]], outputs: vec![vec![i32::MAX]] };
        let bytes = to_bytes(&opening).unwrap();
        let text = format!("{{\"salt\":\"0x{}\",\"inputs\":[[1,-2147483648],[]],\"outputs\":[[2147483647]]}}\n", "07".repeat(32));
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), text);
        assert_eq!(read_bytes(&bytes), Ok(opening));
    }

    #[test]
    fn what_is_no_opening_is_refused_with_the_reason() {
        let salt = format!("0x{}", "07".repeat(32));
        let refused = |text: &str, reason: &str| {
            let error = read_bytes(text.replace('S', &salt).as_bytes()).unwrap_err();
            assert!(error.contains("is not an opening of a salted commitment: ") && error.contains(reason), "{text}: {error}");
        };
        refused("", "EOF");
        refused("no JSON", "expected");
        refused("[1, 2]", "invalid type");
        refused(r#"{"inputs": [], "outputs": []}"#, "missing field `salt`");
        refused(r#"{"salt": "S", "inputs": [[1]]}"#, "missing field `outputs`");
        refused(r#"{"salt": "0x12", "inputs": [], "outputs": []}"#, "a salt is 0x and 64 hexadecimal digits");
        refused(r#"{"salt": 5, "inputs": [], "outputs": []}"#, "expected a string");
        refused(r#"{"salt": "S", "inputs": [1], "outputs": []}"#, "expected a sequence");
        refused(r#"{"salt": "S", "inputs": [[1.5]], "outputs": []}"#, "expected i32");
        refused(r#"{"salt": "S", "inputs": [[2147483648]], "outputs": []}"#, "expected i32");
        refused(r#"{"salt": "S", "inputs": [], "outputs": [], "more": 1}"#, "unknown field `more`");
        refused(r#"{"salt": "S", "salt": "S", "inputs": [], "outputs": []}"#, "duplicate field");
        refused(r#"{"salt": "S", "inputs": [], "outputs": []} 1"#, "trailing");
        refused(&format!(r#"{{"salt": "S", "inputs": {}"#, "[".repeat(1 << 10)), "expected i32");
    }

    #[test]
    fn a_file_that_is_too_long_for_an_opening_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // A hole takes no room on the disk.
        file.as_file().set_len(1 << 40).unwrap();
        let error = read(file.path()).unwrap_err().to_string();
        assert!(error.contains("it has 1099511627776 bytes, more than 33554432"), "{error}");
    }
}
