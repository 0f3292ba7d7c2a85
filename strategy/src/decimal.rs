//! Amounts in JSON: decimal texts, because numbers of 128 bits are more than most readers of JSON keep.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.to_string())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    let amount = if digits { text.parse().ok() } else { None };
    amount.ok_or_else(|| D::Error::custom(format!("an amount is a decimal text such as \"1000000\", not {text:?}")))
}
