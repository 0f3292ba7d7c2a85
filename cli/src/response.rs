use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, Table, presets};
use maat_verifier::cairo::Builtin;
use maat_verifier::{Preset, Security};
use serde_json::{Map, Value, json};

/// Said wherever privacy could be assumed.
pub const NOT_ZERO_KNOWLEDGE: &str =
    "Proofs are succinct and NOT zero-knowledge: they leak some of the weights, and of inputs and outputs that are committed to.";

/// The same, of Cairo proofs.
pub const CAIRO_NOT_ZERO_KNOWLEDGE: &str =
    "Proofs are succinct and NOT zero-knowledge: a Cairo proof holds the whole program with all weights, and its output.";

/// What a verb found: has a text form and a JSON form.
pub trait Response {
    /// For people.
    fn text(&self) -> String;
    /// For machines.
    fn json(&self) -> Value;
    /// Whether what the verb was asked to check holds: if not, the exit code says so. Verbs that check nothing succeed.
    fn succeeded(&self) -> bool {
        true
    }
    /// What the user must not overlook: a sentence each. They go to the standard error stream, and into the JSON form as `warnings`.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Prints a response to the standard output, and its warnings before it to the standard error stream.
///
/// # Errors
/// The standard output cannot be written. A closed pipe is the reader's decision, not an error.
pub fn print(response: &dyn Response, json: bool) -> std::io::Result<()> {
    use std::io::Write;
    let warnings = response.warnings();
    let text = if json {
        let mut value = response.json();
        if let Value::Object(fields) = &mut value
            && !warnings.is_empty()
        {
            fields.insert("warnings".to_owned(), warnings.into());
        }
        value.to_string()
    } else {
        warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
        response.text()
    };
    let mut output = std::io::stdout();
    match writeln!(output, "{}", text.trim_end()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// A plain table whose columns after the first are right-aligned.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().enumerate().map(|(column, text)| cell(column, text)));
    for row in rows {
        table.add_row(row.iter().enumerate().map(|(column, text)| cell(column, text)));
    }
    table
}

/// Named facts, one a line.
pub fn fields(facts: impl IntoIterator<Item = (&'static str, String)>) -> String {
    facts.into_iter().map(|(name, value)| format!("{name:<18} {value}")).collect::<Vec<_>>().join("\n")
}

/// How hard a false proof is to find.
pub fn security(security: &Security) -> String {
    format!("{} bits conjectured, {} bits proven", security.conjectured, security.proven)
}

/// How hard a false model proof is to find, and what that rests on: the commitment is a verifying key only once somebody recomputed it.
pub fn model_security(bits: &Security, preset: Preset) -> String {
    let unopened = preset.unopened_bits();
    format!("{}, if the commitment was recomputed from the model; else {unopened} bits", security(bits))
}

/// The same, for machines.
pub fn model_security_json(security: &Security, preset: Preset) -> Value {
    json!({ "conjectured": security.conjectured, "proven": security.proven, "if_not_recomputed": preset.unopened_bits() })
}

/// The builtins of a Cairo program, with the cells that it used.
pub fn builtins(used: &[(Builtin, u32)]) -> String {
    let list: Vec<_> = used.iter().map(|(builtin, cells)| format!("{builtin} {}", grouped(*cells))).collect();
    if list.is_empty() { "none".to_owned() } else { list.join(", ") }
}

/// The builtins of a contract, with how often they were used.
pub fn builtin_uses(used: &BTreeMap<String, u64>) -> String {
    let list: Vec<_> = used.iter().filter(|(_, uses)| **uses > 0).map(|(name, uses)| format!("{name} {}", grouped(*uses))).collect();
    if list.is_empty() { "none".to_owned() } else { list.join(", ") }
}

/// The cells of builtins, for machines.
pub fn builtin_cells(used: &[(Builtin, u32)]) -> Map<String, Value> {
    used.iter().map(|(builtin, cells)| (builtin.to_string(), (*cells).into())).collect()
}

fn cell(column: usize, text: &str) -> Cell {
    Cell::new(text).set_alignment(if column == 0 { CellAlignment::Left } else { CellAlignment::Right })
}

/// A number with thousands separated.
pub fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A real number with as many digits as are worth reading.
pub fn real(value: f64) -> String {
    if value == 0.0 || (0.001..1e6).contains(&value.abs()) { format!("{value:.4}") } else { format!("{value:.3e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0u64, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn small_and_large_numbers_stay_readable() {
        assert_eq!([0.0, 1.5, 0.00012, -2e9].map(real), ["0.0000", "1.5000", "1.200e-4", "-2.000e9"]);
    }
}
