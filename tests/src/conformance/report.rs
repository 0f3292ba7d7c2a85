//! The results of all tests, and the page `docs/operators.md` that shows them.

use std::collections::BTreeMap;
use std::fmt::Write;

use rayon::prelude::*;

use super::WHEEL;
use super::case::{LEAST_MAGNITUDE, UNITS, Verdict, run};
use super::scope::{Excluded, known_results, names, operator};
use super::suite::Suite;
use crate::steps;

/// One test's row.
pub struct Row {
    /// The operator that the test is about.
    pub operator: String,
    /// The test's name.
    pub test: String,
    /// Its result.
    pub verdict: Verdict,
}

/// The results of all tests.
pub struct Report {
    /// The tests, in alphabetical order.
    pub rows: Vec<Row>,
}

/// An operator's line in the table.
#[derive(Default)]
struct Line<'a> {
    passed: usize,
    wrong: usize,
    refused: BTreeMap<&'a str, usize>,
}

impl Line<'_> {
    fn n_refused(&self) -> usize {
        self.refused.values().sum()
    }

    fn applicable(&self) -> usize {
        self.passed + self.wrong + self.n_refused()
    }
}

impl Report {
    /// Runs the tests whose names contain `filter`, or all.
    pub fn new(suite: &Suite, filter: Option<&str>) -> Self {
        let chosen: Vec<_> = suite.tests.iter().filter(|test| filter.is_none_or(|filter| test.name.contains(filter))).collect();
        let rows = chosen.par_iter().map(|test| {
            let (operator, test_name) = (suite.subject(test).to_owned(), test.name.clone());
            Row { operator, test: test_name, verdict: run(suite, test) }
        });
        Self { rows: rows.collect() }
    }

    /// How many tests count, and how many of these passed.
    pub fn counts(&self) -> (usize, usize) {
        let applicable = self.rows.iter().filter(|row| !matches!(row.verdict, Verdict::Excluded(_))).count();
        let passed = self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Passed(_))).count();
        (applicable, passed)
    }

    /// The tests with a wrong output.
    pub fn wrong(&self) -> Vec<String> {
        let wrong = self.rows.iter().filter_map(|row| match &row.verdict {
            Verdict::Wrong(fault) => Some(format!("{}: {fault}", row.test)),
            _ => None,
        });
        wrong.collect()
    }

    /// The tests that are refused, by reason.
    pub fn refused(&self) -> Vec<String> {
        self.by(|verdict| match verdict {
            Verdict::Refused(reason) => Some(reason.clone()),
            _ => None,
        })
    }

    /// The tests that do not count, by reason.
    pub fn excluded(&self) -> Vec<String> {
        self.by(|verdict| match verdict {
            Verdict::Excluded(reason) => Some(reason.to_string()),
            _ => None,
        })
    }

    fn by(&self, reason: impl Fn(&Verdict) -> Option<String>) -> Vec<String> {
        let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for row in &self.rows {
            if let Some(reason) = reason(&row.verdict) {
                reasons.entry(reason).or_default().push(&row.test);
            }
        }
        reasons.into_iter().map(|(reason, tests)| format!("{reason} ({}): {}", tests.len(), tests.join(" "))).collect()
    }

    /// The page `docs/operators.md`.
    pub fn page(&self, command: &str) -> String {
        let mut lines: BTreeMap<&str, Line<'_>> = BTreeMap::new();
        let mut excluded: BTreeMap<Excluded, usize> = BTreeMap::new();
        for row in &self.rows {
            if let Verdict::Excluded(reason) = row.verdict {
                *excluded.entry(reason).or_default() += 1;
                continue;
            }
            let line = lines.entry(&row.operator).or_default();
            match &row.verdict {
                Verdict::Passed(_) => line.passed += 1,
                Verdict::Refused(reason) => *line.refused.entry(reason).or_default() += 1,
                Verdict::Wrong(_) | Verdict::Excluded(_) => line.wrong += 1,
            }
        }
        let (applicable, passed) = self.counts();
        let share = 100.0 * passed as f64 / applicable.max(1) as f64;
        let wrong = match self.wrong().len() {
            0 => "none gives a wrong result".to_owned(),
            count => format!("{count} give a wrong result"),
        };
        let version = WHEEL.version;
        let mut page = format!(
            "# Operators\n\n\
             How the transpiler does in the ONNX project's own backend tests (`onnx` {version}, the folders `node`, `pytorch-converted` and\n\
             `pytorch-operator`). The test `tests/tests/conformance.rs` runs them and writes this page:\n\n\
             ```\n{command}\n```\n\n\
             Of {} tests {applicable} count, and {passed} of these pass ({share:.1} %). {} are refused with a reason, and {wrong}.\n\n\
             ## How a test is run\n\n\
             - Shapes, axes, counts, indices, scales and zero points are constants, as in a trained network; all other inputs are computed. If\n\
             \x20 the transpiler refuses the model, all inputs but the first become constants. If it refuses that too, the first reason counts.\n\
             - Scales come from the test's own input, at 16 bits. The runtime's integers are turned back into real numbers.\n\
             - Integers and truth values must be equal. A real number may be off by `{UNITS} * 2^-15 * max({LEAST_MAGNITUDE}, m)`, `m` being\n\
             \x20 the greatest absolute value that is expected of that output, and by what rounding the inputs to 16 bits changes in the float\n\
             \x20 network's own result, because that rounding is part of the model.\n\
             - {} have a result before there is an input; it is added to an input of zeros.\n\
             - Floats of 16 bits are real numbers like all others, and are not rounded to their type. Values of more than 32 bits are refused.\n\
             - A test of an operator's definition in terms of others (`_expanded`) is listed with that operator.\n\
             - The smallest test of each operator also runs in the Cairo VM, where it gives the runtime's integers.\n\n\
             ## Results\n\n\
             | operator | count | passed | refused |\n|---|---|---|---|\n",
            self.rows.len(),
            applicable - passed - self.wrong().len(),
            listed(&known_results()),
        );
        for (name, line) in &lines {
            let reasons: Vec<String> =
                line.refused.iter().map(|(reason, count)| format!("{}: {count}", reason.replace('|', "\\|"))).collect();
            let note = if operator(name).is_some() { "" } else { " (by its definition)" };
            let _ = writeln!(page, "| {name}{note} | {} | {} | {} |", line.applicable(), line.passed, reasons.join("; "));
        }
        let untested: Vec<&str> = names().filter(|operator| !lines.contains_key(operator)).collect();
        let _ = write!(
            page,
            "\nWithout a backend test that counts: {}.\n\n## What does not count\n\n| reason | tests |\n|---|---|\n",
            untested.join(", ")
        );
        for (reason, count) in &excluded {
            let _ = writeln!(page, "| {reason} | {count} |");
        }
        page + "\n" + &steps::section()
    }
}

/// Names with commas between them, and an `and` before the last one.
fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}
