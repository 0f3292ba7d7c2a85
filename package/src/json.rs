//! The JSON of a package's files, which may come from anyone: read with care, written in one way.

use maat_runtime::{inert, is_active};
use serde::Serialize;
use serde_json::Value;

/// The JSON of a file that anyone may have written. Its texts are shown to users, so none may control a terminal or start a new line.
///
/// # Errors
/// It is not JSON, or a text in it has control characters.
pub fn json_of(bytes: &[u8]) -> Result<Value, String> {
    fn active(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text.as_str()).filter(|text| text.contains(is_active)),
            Value::Array(items) => items.iter().find_map(active),
            Value::Object(members) => {
                members.iter().find_map(|(key, value)| Some(key.as_str()).filter(|key| key.contains(is_active)).or_else(|| active(value)))
            }
            _ => None,
        }
    }
    let value = serde_json::from_slice(bytes).map_err(shown)?;
    match active(&value) {
        Some(text) => Err(format!("it has control characters in the text `{}`, and Maat never writes any", inert(text))),
        None => Ok(value),
    }
}

/// Why JSON was not accepted, on one line. The reason may quote the file.
pub(crate) fn shown(error: serde_json::Error) -> String {
    inert(&error.to_string())
}

/// Plain data as the text of a package's file.
pub fn json_to(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data serialises");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_act_on_a_terminal_are_refused_wherever_they_are() {
        for json in [r#"{"a": [1, {"b": "x\u001b[2J"}]}"#, r#"{"a": {"x\u001b[2J": 1}}"#, r#"["x\u001b[2J"]"#] {
            assert_eq!(
                json_of(json.as_bytes()).unwrap_err(),
                "it has control characters in the text `x\\u{1b}[2J`, and Maat never writes any"
            );
        }
        assert!(json_of(r#"{"a": "näme \" 模型", "b": [null, 1.5]}"#.as_bytes()).is_ok());
        assert!(json_of(b"{").is_err());
    }
}
