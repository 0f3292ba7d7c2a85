//! How hard a false proof is to find, and what proofs do not hide: the same words in every verb that makes or checks a proof.

use maat_verifier::{Hash, Preset, Security};
use serde_json::{Value, json};

/// Said wherever privacy could be assumed.
pub const NOT_ZERO_KNOWLEDGE: &str =
    "Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of inputs and outputs that are committed to.";

/// The same, of Cairo proofs.
pub const CAIRO_NOT_ZERO_KNOWLEDGE: &str =
    "Proofs are succinct and NOT zero-knowledge: a Cairo proof holds the whole program with all weights, and its output.";

/// How hard a false proof is to find, for people.
pub fn security(security: &Security) -> String {
    format!("{} bits conjectured, {} bits proven", security.conjectured, security.proven)
}

/// The same, for machines.
pub fn security_json(security: &Security) -> Value {
    json!({ "conjectured": security.conjectured, "proven": security.proven })
}

/// How hard a false model proof is to find, and what that rests on: the commitment is a verifying key only once somebody recomputed it.
pub fn model_security(bits: &Security, preset: Preset) -> String {
    let unopened = preset.unopened_bits();
    format!("{}, if the commitment was recomputed from the model; else {unopened} bits", security(bits))
}

/// The same, for machines.
pub fn model_security_json(security: &Security, preset: Preset) -> Value {
    let mut value = security_json(security);
    value["if_not_recomputed"] = preset.unopened_bits().into();
    value
}

/// The hash function of a preset, by its name.
pub fn hash_name(preset: Preset) -> &'static str {
    match preset.hash() {
        Hash::Blake3 => "Blake3",
        Hash::Blake2s => "Blake2s",
    }
}
