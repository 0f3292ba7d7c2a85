//! The file that opens the digests of a proof: for each committed side its salt and its values, a list of integers an inference.
//!
//! `{"inputs": {"salt": "0x..", "scales": [..], "values": [[..], ..]}, "outputs": {..}}`. The scales are those of the side's tensors: an integer
//! `n` means `n 2^-scale`. They are not part of the digest.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use maat_runtime::inert;
use maat_verifier::parse_hex;
use maat_verifier::{MAX_VALUES, Opening, Salt, SideOpening};
use serde::{Deserialize, Serialize};

use crate::files;

/// No opening is longer, even if each value has a line of its own.
const MAX_FILE_BYTES: usize = 32 * MAX_VALUES as usize;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs: Option<WrittenSide>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outputs: Option<WrittenSide>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSide {
    salt: String,
    #[serde(default)]
    scales: Vec<i32>,
    values: Vec<Vec<i32>>,
}

/// The scale of each tensor of a side.
pub type Scales = Vec<i32>;

/// What `maat prove --opening` writes, with the scales of inputs and of outputs.
pub fn to_bytes(opening: &Opening, [of_inputs, of_outputs]: [Scales; 2]) -> anyhow::Result<Vec<u8>> {
    let side =
        |side: Option<SideOpening>, scales| side.map(|SideOpening { salt, values }| WrittenSide { salt: salt.to_string(), scales, values });
    let Opening { inputs, outputs } = opening.clone();
    let mut bytes = serde_json::to_vec(&Written { inputs: side(inputs, of_inputs), outputs: side(outputs, of_outputs) })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads what [`to_bytes`] wrote. The bytes may be anything.
pub fn read(path: &Path) -> anyhow::Result<Opening> {
    Ok(read_with_scales(path)?.0)
}

/// The same, with the scales of the outputs.
pub fn read_with_scales(path: &Path) -> anyhow::Result<(Opening, Scales)> {
    let no_opening = || format!("{} is not an opening of a proof's digests", files::called(path).display());
    let bytes = match files::read(path, MAX_FILE_BYTES)? {
        Ok(bytes) => bytes,
        Err(length) => bail!("{}: it has {length} bytes, more than {MAX_FILE_BYTES}", no_opening()),
    };
    let Written { inputs, outputs } =
        serde_json::from_slice(&bytes).map_err(|error| anyhow!(inert(&error.to_string()))).with_context(no_opening)?;
    if inputs.is_none() && outputs.is_none() {
        bail!("{}: it opens neither inputs nor outputs", no_opening());
    }
    let scales = outputs.as_ref().map_or_else(Vec::new, |side| side.scales.clone());
    let side = |WrittenSide { salt, scales: _, values }: WrittenSide| parse_salt(&salt).map(|salt| SideOpening { salt, values });
    let side = |written: Option<WrittenSide>| written.map(side).transpose().map_err(anyhow::Error::msg).with_context(no_opening);
    Ok((Opening { inputs: side(inputs)?, outputs: side(outputs)? }, scales))
}

/// A salt as it is displayed. What is not a salt may still be a secret, and is not repeated.
fn parse_salt(text: &str) -> Result<Salt, String> {
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
        let inputs = SideOpening { salt: Salt::new([7; 32]), values: vec![vec![1, i32::MIN], vec![]] };
        let outputs = SideOpening { salt: Salt::new([8; 32]), values: vec![vec![i32::MAX]] };
        let (salts, values) = (["07", "08"].map(|byte| byte.repeat(32)), ["[[1,-2147483648],[]]", "[[2147483647]]"]);
        let side = |side: usize| format!("{{\"salt\":\"0x{}\",\"scales\":[{}],\"values\":{}}}", salts[side], side + 3, values[side]);
        let both = format!("{{\"inputs\":{},\"outputs\":{}}}\n", side(0), side(1));
        let one = format!("{{\"outputs\":{}}}\n", side(1));
        let openings = [
            (Opening { inputs: Some(inputs), outputs: Some(outputs.clone()) }, both),
            (Opening { inputs: None, outputs: Some(outputs) }, one),
        ];
        for (opening, text) in openings {
            let bytes = to_bytes(&opening, [vec![3], vec![4]]).unwrap();
            assert_eq!(String::from_utf8(bytes.clone()).unwrap(), text);
            assert_eq!(read_bytes(&bytes), Ok(opening));
        }
    }

    #[test]
    fn what_is_no_opening_is_refused_with_the_reason() {
        let salt = format!("0x{}", "07".repeat(32));
        let refused = |text: &str, reason: &str| {
            let error = read_bytes(text.replace('S', &salt).as_bytes()).unwrap_err();
            assert!(error.contains("is not an opening of a proof's digests: ") && error.contains(reason), "{text}: {error}");
        };
        refused("", "EOF");
        refused("no JSON", "expected");
        refused("[1, 2]", "invalid type");
        refused("{}", "it opens neither inputs nor outputs");
        refused(r#"{"inputs": {"values": []}}"#, "missing field `salt`");
        refused(r#"{"outputs": {"salt": "S"}}"#, "missing field `values`");
        refused(r#"{"inputs": {"salt": "0x12", "values": []}}"#, "a salt is 0x and 64 hexadecimal digits");
        refused(r#"{"inputs": {"salt": 5, "values": []}}"#, "expected a string");
        refused(r#"{"inputs": {"salt": "S", "values": [1]}}"#, "expected a sequence");
        refused(r#"{"inputs": {"salt": "S", "values": [[1.5]]}}"#, "expected i32");
        refused(r#"{"inputs": {"salt": "S", "values": [[2147483648]]}}"#, "expected i32");
        refused(r#"{"salt": "S", "inputs": [], "outputs": []}"#, "unknown field `salt`");
        refused(r#"{"inputs": {"salt": "S", "salt": "S", "values": []}}"#, "duplicate field");
        refused(r#"{"inputs": {"salt": "S", "values": []}} 1"#, "trailing");
        refused(&format!(r#"{{"inputs": {{"salt": "S", "values": {}"#, "[".repeat(1 << 10)), "expected i32");
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
