//! What a verb found or why it found nothing, as text and as JSON, and the exit code.
//!
//! With `--json` the standard output carries one object, whatever happens, which begins with `ok` and `exit_code`. `error` is there whenever
//! `ok` is false, and `warnings` if there are any. All other members are the verb's.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment, Table, presets};
use maat_runtime::inert;
use maat_verifier::cairo::Builtin;
use serde_json::{Map, Value};

use crate::advice;

/// How it went. The numbers are the exit codes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and what was to be checked holds.
    Holds = 0,
    /// What was to be checked was checked, and does not hold.
    DoesNotHold = 1,
    /// It could not be checked or done, or the command line was wrong.
    NotDone = 2,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}

/// What a verb found: has a text form and a JSON form.
pub trait Response {
    /// For people. Where the response does not succeed, the first line says what does not hold.
    fn text(&self) -> String;
    /// For machines: an object. Where the response does not succeed, the text's first line is its `error`, unless it has one.
    fn json(&self) -> Value;
    /// Whether what the verb was asked to check holds: if not, the exit code says so. Verbs that check nothing succeed.
    fn succeeded(&self) -> bool {
        true
    }
    /// What the user must not overlook: a sentence each. They go to the standard error stream, and into the JSON form as `warnings`.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether the standard output carries a file that the verb wrote. The text goes to the standard error stream then.
    fn output_is_taken(&self) -> bool {
        false
    }
}

/// Prints a verb's result, and gives the exit code. A result that cannot be written counts as not found.
pub fn report(result: &anyhow::Result<Box<dyn Response>>, json: bool) -> Outcome {
    let (outcome, written) = match result {
        Ok(response) => {
            let outcome = if response.succeeded() { Outcome::Holds } else { Outcome::DoesNotHold };
            (outcome, print(response.as_ref(), outcome, json))
        }
        Err(error) => return fail(&advice::message(error), json),
    };
    written.map_or_else(|error| fail(&format!("cannot write the result: {error}"), false), |()| outcome)
}

/// Prints why something was not done: to the standard error stream, or as an object to the standard output.
pub fn fail(error: &str, json: bool) -> Outcome {
    let object = || Map::from_iter([("error".to_owned(), error.into())]);
    if !json || print_object(Outcome::NotDone, object()).is_err() {
        // If this cannot be written either, the exit code has to do.
        let _ = to_errors(&format!("error: {error}"));
    }
    Outcome::NotDone
}

fn print(response: &dyn Response, outcome: Outcome, json: bool) -> io::Result<()> {
    let warnings = response.warnings();
    if json {
        let Value::Object(mut fields) = response.json() else { panic!("a bug of Maat: a response in JSON is an object") };
        if outcome == Outcome::DoesNotHold && !fields.contains_key("error") {
            fields.insert("error".to_owned(), response.text().lines().next().unwrap_or_default().into());
        }
        if !warnings.is_empty() {
            fields.insert("warnings".to_owned(), warnings.into());
        }
        return print_object(outcome, fields);
    }
    // One line each, whatever names are in it.
    warnings.iter().try_for_each(|warning| to_errors(&format!("warning: {}", inert(warning))))?;
    if response.output_is_taken() { to_errors(&response.text()) } else { to_output(&response.text()) }
}

/// Writes an object to the standard output.
///
/// # Errors
/// It cannot be written. A closed pipe is the reader's decision, not an error.
pub fn print_object(outcome: Outcome, members: Map<String, Value>) -> io::Result<()> {
    to_output(&inert_json(&envelope(outcome, members).to_string()))
}

/// What every object begins with, and then its own members.
fn envelope(outcome: Outcome, members: Map<String, Value>) -> Value {
    let mut object = Map::new();
    object.insert("ok".to_owned(), (outcome == Outcome::Holds).into());
    object.insert("exit_code".to_owned(), (outcome as u8).into());
    object.extend(members);
    Value::Object(object)
}

fn to_output(text: &str) -> io::Result<()> {
    write(io::stdout().lock(), text)
}

/// Writes a line to the standard error stream.
///
/// # Errors
/// It cannot be written. A closed pipe is the reader's decision, not an error.
pub fn to_errors(text: &str) -> io::Result<()> {
    write(io::stderr().lock(), text)
}

/// All text leaves here, so that nothing in it acts on a terminal. A closed pipe is the reader's decision, not an error.
fn write(mut to: impl Write, text: &str) -> io::Result<()> {
    match writeln!(to, "{}", inert_lines(text.trim_end())).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The same text, in which nothing acts on a terminal but ends of lines and tabs: chains and files hold what anybody wrote.
fn inert_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let content = part.trim_end_matches(['\n', '\t']);
        shown += &inert(content);
        shown += &part[content.len()..];
    }
    shown
}

/// The same JSON, in which nothing acts on a terminal: chains and files hold what anybody wrote. serde_json leaves control characters above
/// ASCII, marks that turn the direction of writing and the like as they are; here they are written as `\u....`.
fn inert_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let printable = character.is_ascii_graphic() || character == ' ' || character.escape_debug().len() == 1;
        if printable {
            text.push(character);
        } else {
            text.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// A path, for machines: as people see it, because one that is not UTF-8 is not JSON text.
pub fn path_json(path: &Path) -> Value {
    path.display().to_string().into()
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
    fn json_keeps_its_value_and_cannot_act_on_a_terminal() {
        let value = serde_json::json!({ "näme": "a\u{9b}2J\u{7f}\u{202e}\u{1b}[2J\n\"'\\ 模型 \u{e0001}" });
        let text = inert_json(&value.to_string());
        assert_eq!(text, r#"{"näme":"a\u009b2J\u007f\u202e\u001b[2J\n\"'\\ 模型 \udb40\udc01"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn text_keeps_its_lines_and_cannot_act_on_a_terminal() {
        let text = inert_lines("a\u{1b}[2J\n\tb\u{9b}\u{7}\n\n\u{202e}c\rd");
        assert_eq!(text, "a\\u{1b}[2J\n\tb\\u{9b}\\u{7}\n\n\\u{202e}c\\rd");
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0u64, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn small_and_large_numbers_stay_readable() {
        assert_eq!([0.0, 1.5, 0.00012, -2e9].map(real), ["0.0000", "1.5000", "1.200e-4", "-2.000e9"]);
    }
}
