use std::io::IsTerminal;
use std::time::Instant;

use anyhow::bail;
use maat_transpiler::hex;
use maat_verifier::{FileError, ModelCommitment, Opening, OpeningError, Preset, ProofFile, Statement, Values, VerifyError};
use serde_json::{Value, json};

use super::hash;
use crate::response::{NOT_ZERO_KNOWLEDGE, Response, fields, grouped, security};

/// The verdict.
pub struct Verified {
    expected: ModelCommitment,
    result: Result<Accepted, Rejection>,
    ms: f64,
}

/// What holds.
struct Accepted {
    statement: Statement,
    rows: u32,
    opening: Option<Opening>,
}

/// What does not.
enum Rejection {
    Proof(VerifyError),
    Opening(OpeningError),
}

/// Verifies a model proof for the model with the expected commitment.
pub fn run(proof: Result<Vec<u8>, FileError>, expected: ModelCommitment, opening: Option<Opening>) -> anyhow::Result<Verified> {
    let started = Instant::now();
    let verdict = proof.map_err(VerifyError::from).and_then(|proof| Ok((maat_verifier::verify(&proof, &expected)?, proof)));
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let result = match verdict {
        Err(error) => Err(Rejection::Proof(error)),
        Ok((statement, proof)) => {
            // Verified: so they are the entries of the expected model.
            let (header, _) = ProofFile::split(&proof)?;
            match opening.as_ref().map_or(Ok(()), |opening| opening.check(&statement, header.entries())) {
                Ok(()) => Ok(Accepted { statement, rows: header.entry().rows, opening }),
                Err(OpeningError::NotCommitted) => {
                    bail!("the proof holds, but --opening has nothing to open: {}", OpeningError::NotCommitted)
                }
                Err(error) => Err(Rejection::Opening(error)),
            }
        }
    };
    Ok(Verified { expected, result, ms })
}

/// Inferences, and values of each, that are shown on a terminal.
const SHOWN: (usize, usize) = (8, 12);

/// The values of a batch, a line for each inference.
fn lines(values: &Values, batch: u32, shortened: bool) -> String {
    let Values::Public(values) = values else { return "bound by the salted commitment".to_owned() };
    let each = values.len() / batch as usize;
    let (inferences, length) = if shortened { SHOWN } else { (usize::MAX, usize::MAX) };
    let line = |values: &[i32]| {
        let shown = values.iter().take(length).map(i32::to_string).collect::<Vec<_>>().join(" ");
        if values.len() > length { format!("{shown} .. ({} values)", grouped(values.len() as u64)) } else { shown }
    };
    let mut lines: Vec<String> = values.chunks(each).take(inferences).map(line).collect();
    if batch as usize > inferences {
        lines.push(format!(".. ({} inferences; --json shows all)", grouped(batch)));
    }
    lines.join(&format!("\n{:18} ", ""))
}

/// The values of a batch, a list for each inference.
fn lists(values: &Values, batch: u32) -> Value {
    values.as_public().map_or(Value::Null, |values| values.chunks(values.len() / batch as usize).collect())
}

fn extension(preset: Preset) -> &'static str {
    match preset.options().field_extension().degree() {
        1 => "no",
        2 => "quadratic",
        _ => "cubic",
    }
}

impl Accepted {
    /// Inputs and outputs, as far as they are known: from the statement, or else from the opening.
    fn values(&self) -> [Values; 2] {
        let known = |values: &Values, opened: fn(&Opening) -> &[Vec<i32>]| match (values, &self.opening) {
            (Values::Committed, Some(opening)) => Values::Public(opened(opening).concat()),
            (values, _) => values.clone(),
        };
        [known(&self.statement.inputs, |opening| &opening.inputs), known(&self.statement.outputs, |opening| &opening.outputs)]
    }

    /// How hard the salted commitment was to make ambiguous, if nobody has opened it here.
    fn unopened_bits(&self) -> Option<u32> {
        let unopened = self.statement.io_commitment.is_some() && self.opening.is_none();
        unopened.then(|| self.statement.preset.unopened_bits())
    }

    fn text(&self, ms: f64) -> String {
        let Statement { commitment, preset, batch, inputs, outputs, io_commitment, security: bits } = &self.statement;
        let shortened = std::io::stdout().is_terminal();
        let options = preset.options();
        let name = |values: &Values, public, opened| if values.is_committed() && self.opening.is_some() { opened } else { public };
        let [input_values, output_values] = self.values();
        let mut facts = vec![
            ("commitment", commitment.to_string()),
            ("batch", grouped(*batch)),
            (name(inputs, "inputs", "inputs, opened"), lines(&input_values, *batch, shortened)),
            (name(outputs, "outputs", "outputs, opened"), lines(&output_values, *batch, shortened)),
        ];
        let unopened = self.unopened_bits().map(|bits| format!(" (binds with {bits} bits only until it is opened)"));
        let salted = |commitment| format!("{}{}", hex(commitment), unopened.unwrap_or_default());
        facts.extend(io_commitment.as_ref().map(|commitment| ("salted commitment", salted(commitment))));
        let (blowup, queries, grinding) = (options.blowup_factor(), options.num_queries(), options.grinding_factor());
        let hash = hash(*preset);
        let options = format!("{} extension, blow-up {blowup}, {queries} queries, {grinding} bits of grinding, {hash}", extension(*preset));
        facts.extend([("preset", preset.to_string()), ("options", options), ("rows", grouped(self.rows)), ("security", security(bits))]);
        let holds = "the proof holds: the model with this commitment, on these inputs, gives these outputs";
        let opens = if self.opening.is_some() { "\nthe opening is that of the salted commitment" } else { "" };
        format!("{holds}{opens}\n\n{}\n\nverified in {ms:.1} ms\n{NOT_ZERO_KNOWLEDGE}", fields(facts))
    }

    fn json(&self, ms: f64) -> Value {
        let Statement { commitment, preset, batch, inputs: _, outputs: _, io_commitment, security } = &self.statement;
        let options = preset.options();
        let [inputs, outputs] = self.values();
        json!({
            "valid": true,
            "kind": "model",
            "commitment": commitment.to_string(),
            "preset": preset.name(),
            "options": {
                "field_extension": extension(*preset),
                "blowup": options.blowup_factor(),
                "queries": options.num_queries(),
                "grinding_bits": options.grinding_factor(),
                "hash": hash(*preset),
            },
            "rows": self.rows,
            "batch": batch,
            "inputs": lists(&inputs, *batch),
            "outputs": lists(&outputs, *batch),
            "io_commitment": io_commitment.as_ref().map(hex),
            "opened": self.opening.is_some(),
            "unopened_bits": self.unopened_bits(),
            "security": { "conjectured": security.conjectured, "proven": security.proven },
            "zero_knowledge": false,
            "verify_ms": ms,
        })
    }
}

impl Rejection {
    fn text(&self) -> String {
        match self {
            Self::Proof(error) => format!("the proof does NOT hold: {error}"),
            Self::Opening(error) => format!("the proof holds, but the opening is NOT that of its salted commitment: {error}"),
        }
    }

    fn error(&self) -> String {
        match self {
            Self::Proof(error) => error.to_string(),
            Self::Opening(error) => format!("the opening is not that of the salted commitment: {error}"),
        }
    }
}

impl Response for Verified {
    fn text(&self) -> String {
        match &self.result {
            Ok(accepted) => accepted.text(self.ms),
            Err(rejection) => rejection.text(),
        }
    }

    fn json(&self) -> Value {
        match &self.result {
            Ok(accepted) => accepted.json(self.ms),
            Err(rejection) => json!({
                "valid": false,
                "commitment": self.expected.to_string(),
                "inputs": null,
                "outputs": null,
                "security": null,
                "verify_ms": self.ms,
                "error": rejection.error(),
            }),
        }
    }

    fn succeeded(&self) -> bool {
        self.result.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shortened_on_a_terminal_only() {
        let values = Values::Public((0..26).collect());
        assert_eq!(lines(&values, 2, true).lines().next(), Some("0 1 2 3 4 5 6 7 8 9 10 11 .. (13 values)"));
        assert_eq!(lines(&values, 2, false).lines().next(), Some("0 1 2 3 4 5 6 7 8 9 10 11 12"));
        assert_eq!(lines(&values, 26, true).lines().count(), 9);
        assert_eq!(lines(&Values::Committed, 26, true), "bound by the salted commitment");
    }
}
