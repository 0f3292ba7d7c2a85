//! The verdict on a model proof, and on what opens its salted commitment.

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::bail;
use maat_verifier::hex;
use maat_verifier::{FileError, ModelCommitment, Opening, OpeningError, Preset, ProofFile, Statement, Values, VerifyError};
use serde_json::{Value, json};

use super::least::Least;
use super::names::Names;
use crate::named::Ports;
use crate::response::{Response, fields, grouped};
use crate::security::{NOT_ZERO_KNOWLEDGE, hash_name, model_security, model_security_json};

/// The verdict.
pub struct Verified {
    expected: ModelCommitment,
    result: Result<Accepted, Rejection>,
    ms: f64,
    warning: Option<String>,
}

/// What holds.
struct Accepted {
    statement: Statement,
    rows: u32,
    opening: Option<Opening>,
    names: Option<Names>,
}

/// What does not.
enum Rejection {
    Proof(VerifyError),
    Opening(OpeningError),
    Weak { security: Value, reason: String },
}

/// Verifies a model proof for the model with the expected commitment, and that it has the bits of security that are asked for. `warning`
/// says why values have no names, where that is not a choice of the user's.
pub fn run(
    proof: Result<Vec<u8>, FileError>,
    expected: ModelCommitment,
    opening: Option<Opening>,
    least: Least,
    names: Option<Names>,
    mut warning: Option<String>,
) -> anyhow::Result<Verified> {
    let started = Instant::now();
    let verdict = proof.map_err(VerifyError::from).and_then(|proof| Ok((maat_verifier::verify(&proof, &expected)?, proof)));
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let result = match verdict {
        Err(error) => Err(Rejection::Proof(error)),
        Ok((statement, proof)) => {
            // Verified: so they are the entries of the expected model.
            let (header, _) = ProofFile::split(&proof)?;
            let entry = header.entry();
            let fits =
                |names: &Names| [names.inputs.elements(), names.outputs.elements()] == [entry.inputs, entry.outputs].map(|n| n as usize);
            let names = match names {
                Some(names) if !fits(&names) => {
                    warning = Some("values have no names and units: the package's model has another number of values".to_owned());
                    None
                }
                names => names,
            };
            match opening.as_ref().map_or(Ok(()), |opening| opening.check(&statement, header.entries())) {
                Ok(()) => match least.missed(&statement.security) {
                    None => Ok(Accepted { statement, rows: entry.rows, opening, names }),
                    Some(reason) => Err(Rejection::Weak { security: model_security_json(&statement.security, statement.preset), reason }),
                },
                Err(OpeningError::NotCommitted) => {
                    bail!("the proof holds, but --opening has nothing to open: {}", OpeningError::NotCommitted)
                }
                Err(error) => Err(Rejection::Opening(error)),
            }
        }
    };
    Ok(Verified { expected, result, ms, warning })
}

/// Inferences, and values of each, that are shown on a terminal.
const SHOWN: (usize, usize) = (8, 12);

/// The values of a batch: a line for each inference, or for each of its tensors where their names are known.
fn lines(values: &Values, batch: u32, ports: Option<&Ports>, shortened: bool) -> String {
    let Values::Public(values) = values else { return "bound by the salted commitment".to_owned() };
    let each = values.len() / batch as usize;
    let (inferences, length) = if shortened { SHOWN } else { (usize::MAX, usize::MAX) };
    let plain = |values: &[i32]| {
        let shown = values.iter().take(length).map(i32::to_string).collect::<Vec<_>>().join(" ");
        if values.len() > length { format!("{shown} .. ({} values)", grouped(values.len() as u64)) } else { shown }
    };
    let of_inference = |(number, values): (usize, &[i32])| {
        let lines = ports.map_or_else(|| vec![plain(values)], |ports| ports.lines(values, length));
        // People count from one.
        let numbered = |line: String| if batch > 1 && ports.is_some() { format!("{}. {line}", number + 1) } else { line };
        lines.into_iter().map(numbered).collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = values.chunks(each).take(inferences).enumerate().flat_map(of_inference).collect();
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

    /// How hard it was to make the salted commitment ambiguous, if it is not opened here.
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
        let [input_names, output_names] = [self.names.as_ref().map(|names| &names.inputs), self.names.as_ref().map(|names| &names.outputs)];
        let mut facts = vec![
            ("commitment", commitment.to_string()),
            ("batch", grouped(*batch)),
            (name(inputs, "inputs", "inputs, opened"), lines(&input_values, *batch, input_names, shortened)),
            (name(outputs, "outputs", "outputs, opened"), lines(&output_values, *batch, output_names, shortened)),
        ];
        let unopened = self.unopened_bits().map(|bits| format!(" (binds with {bits} bits only until it is opened)"));
        let salted = |commitment| format!("{}{}", hex(commitment), unopened.unwrap_or_default());
        facts.extend(io_commitment.as_ref().map(|commitment| ("salted commitment", salted(commitment))));
        let (blowup, queries, grinding) = (options.blowup_factor(), options.num_queries(), options.grinding_factor());
        let hash = hash_name(*preset);
        let options = format!("{} extension, blow-up {blowup}, {queries} queries, {grinding} bits of grinding, {hash}", extension(*preset));
        facts.extend([
            ("preset", preset.to_string()),
            ("options", options),
            ("rows", grouped(self.rows)),
            ("security", model_security(bits, *preset)),
        ]);
        let holds = "the proof holds: the model with this commitment, on these inputs, gives these outputs";
        let opens = if self.opening.is_some() { "\nthe opening is that of the salted commitment" } else { "" };
        format!("{holds}{opens}\n\n{}\n\nverified in {ms:.1} ms\n{NOT_ZERO_KNOWLEDGE}", fields(facts))
    }

    fn json(&self, ms: f64) -> Value {
        let Statement { commitment, preset, batch, inputs: _, outputs: _, io_commitment, security } = &self.statement;
        let options = preset.options();
        let [inputs, outputs] = self.values();
        let named =
            |values: &Values, ports: &Ports| values.as_public().map(|values| ports.json(values.chunks(values.len() / *batch as usize)));
        let named =
            self.names.as_ref().map(|names| json!({ "inputs": named(&inputs, &names.inputs), "outputs": named(&outputs, &names.outputs) }));
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
                "hash": hash_name(*preset),
            },
            "rows": self.rows,
            "batch": batch,
            "inputs": lists(&inputs, *batch),
            "outputs": lists(&outputs, *batch),
            "named": named,
            "io_commitment": io_commitment.as_ref().map(|digest| hex(digest)),
            "opened": self.opening.is_some(),
            "unopened_bits": self.unopened_bits(),
            "security": model_security_json(security, *preset),
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
            Self::Weak { reason, .. } => format!("the proof holds, but it is NOT as secure as asked for: {reason}"),
        }
    }

    fn error(&self) -> String {
        match self {
            Self::Proof(error) => error.to_string(),
            Self::Opening(error) => format!("the opening is not that of the salted commitment: {error}"),
            Self::Weak { reason, .. } => format!("the proof is not as secure as asked for: {reason}"),
        }
    }

    /// The bits of security of a proof that has too few.
    fn security(&self) -> Option<&Value> {
        match self {
            Self::Weak { security, .. } => Some(security),
            _ => None,
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
                "security": rejection.security(),
                "verify_ms": self.ms,
                "error": rejection.error(),
            }),
        }
    }

    fn succeeded(&self) -> bool {
        self.result.is_ok()
    }

    fn warnings(&self) -> Vec<String> {
        self.warning.clone().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_shortened_on_a_terminal_only() {
        let values = Values::Public((0..26).collect());
        assert_eq!(lines(&values, 2, None, true).lines().next(), Some("0 1 2 3 4 5 6 7 8 9 10 11 .. (13 values)"));
        assert_eq!(lines(&values, 2, None, false).lines().next(), Some("0 1 2 3 4 5 6 7 8 9 10 11 12"));
        assert_eq!(lines(&values, 26, None, true).lines().count(), 9);
        assert_eq!(lines(&Values::Committed, 26, None, true), "bound by the salted commitment");
    }
}
