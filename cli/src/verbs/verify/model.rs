//! The verdict on a model proof, and on what opens its digests.

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::bail;
use maat_verifier::layout::Layout;
use maat_verifier::{
    FileError, Mode, ModelCommitment, Opening, OpeningError, Preset, ProofFile, SideOpening, Statement, Values, VerifyError,
};
use serde_json::{Value, json};

use super::least::Least;
use super::names::Names;
use crate::named::Ports;
use crate::response::{Response, fields, grouped};
use crate::security::{Privacy, hash_name, model_security, model_security_json, weakness};

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
    layout: &'static Layout,
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
                    None => Ok(Accepted { statement, rows: entry.rows, layout: entry.layout, opening, names }),
                    Some(reason) => Err(Rejection::Weak {
                        security: model_security_json(&statement.security, statement.preset, statement.mode, statement.one_time.is_some()),
                        reason,
                    }),
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
    let values = match values {
        Values::Public(values) => values,
        Values::Hidden => return "hidden".to_owned(),
        Values::Committed(digest) => return format!("hidden, with the digest {digest}"),
    };
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

fn extension(preset: Preset, mode: Mode) -> &'static str {
    match preset.options(mode).field_extension().degree() {
        1 => "no",
        2 => "quadratic",
        _ => "cubic",
    }
}

impl Accepted {
    /// Inputs and outputs, as far as they are known: from the statement, or else from the opening.
    fn values(&self) -> [Values; 2] {
        let known = |values: &Values, opened: fn(&Opening) -> &Option<SideOpening>| match self
            .opening
            .as_ref()
            .and_then(|it| opened(it).as_ref())
        {
            Some(opening) => Values::Public(opening.values.concat()),
            None => values.clone(),
        };
        [known(&self.statement.inputs, |opening| &opening.inputs), known(&self.statement.outputs, |opening| &opening.outputs)]
    }

    fn privacy(&self) -> Privacy<'_> {
        let Statement { mode, inputs, outputs, one_time, .. } = &self.statement;
        Privacy { mode: *mode, inputs, outputs, one_time: *one_time }
    }

    fn text(&self, ms: f64) -> String {
        let Statement { commitment, preset, mode, batch, inputs, outputs, security: bits, .. } = &self.statement;
        let shortened = std::io::stdout().is_terminal();
        let options = preset.options(*mode);
        let opened = |values: &Values| self.opening.is_some() && values.as_committed().is_some();
        let name = |values: &Values, public, with_opening| if opened(values) { with_opening } else { public };
        let [input_values, output_values] = self.values();
        let [input_names, output_names] = [self.names.as_ref().map(|names| &names.inputs), self.names.as_ref().map(|names| &names.outputs)];
        let mut facts = vec![
            ("commitment", commitment.to_string()),
            ("batch", grouped(*batch)),
            (name(inputs, "inputs", "inputs, opened"), lines(&input_values, *batch, input_names, shortened)),
            (name(outputs, "outputs", "outputs, opened"), lines(&output_values, *batch, output_names, shortened)),
        ];
        let digests = [("inputs' digest", inputs), ("outputs' digest", outputs)].into_iter().filter(|(_, values)| opened(values));
        facts.extend(digests.filter_map(|(name, values)| Some((name, values.as_committed()?.to_string()))));
        let (blowup, queries, grinding) = (options.blowup_factor(), options.num_queries(), options.grinding_factor());
        let (hash, extension) = (hash_name(*preset), extension(*preset, *mode));
        let options = format!("{extension} extension, blow-up {blowup}, {queries} queries, {grinding} bits of grinding, {hash}");
        facts.extend([
            ("preset", if mode.is_hiding() { format!("{preset}, hiding") } else { preset.to_string() }),
            ("options", options),
            ("rows", format!("{}, layout {}", grouped(self.rows), self.layout.name)),
            ("security", model_security(bits, *preset, *mode, self.statement.one_time.is_some())),
        ]);
        let side = |values: &Values, name: &str| match values {
            Values::Public(_) => format!("these {name}"),
            Values::Hidden => format!("some {name}"),
            Values::Committed(_) => format!("the {name} with this digest"),
        };
        let (on, gives) = (side(inputs, "inputs"), side(outputs, "outputs"));
        let holds = format!("the proof holds: the model with this commitment, on {on}, gives {gives}");
        let opens = if self.opening.is_some() { "\nthe opening opens its digests" } else { "" };
        format!("{holds}{opens}\n\n{}\n\nverified in {ms:.1} ms\n{}", fields(facts), self.privacy().text())
    }

    fn json(&self, ms: f64) -> Value {
        let Statement { commitment, preset, mode, batch, security, .. } = &self.statement;
        let options = preset.options(*mode);
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
            "mode": if mode.is_hiding() { "hiding" } else { "plain" },
            "options": {
                "field_extension": extension(*preset, *mode),
                "blowup": options.blowup_factor(),
                "queries": options.num_queries(),
                "grinding_bits": options.grinding_factor(),
                "hash": hash_name(*preset),
            },
            "rows": self.rows,
            "layout": self.layout.name,
            "batch": batch,
            "inputs": lists(&inputs, *batch),
            "outputs": lists(&outputs, *batch),
            "named": named,
            "digests": {
                "inputs": self.statement.inputs.as_committed().map(ToString::to_string),
                "outputs": self.statement.outputs.as_committed().map(ToString::to_string),
            },
            "opened": self.opening.is_some(),
            "security": model_security_json(security, *preset, *mode, self.statement.one_time.is_some()),
            "zero_knowledge": mode.is_hiding(),
            "privacy": self.privacy().json(),
            "verify_ms": ms,
        })
    }
}

impl Rejection {
    fn text(&self) -> String {
        match self {
            Self::Proof(error) => format!("the proof does NOT hold: {error}"),
            Self::Opening(error) => format!("the proof holds, but the opening does NOT open its digests: {error}"),
            Self::Weak { reason, .. } => format!("the proof holds, but it is NOT as secure as asked for: {reason}"),
        }
    }

    fn error(&self) -> String {
        match self {
            Self::Proof(error) => error.to_string(),
            Self::Opening(error) => format!("the opening does not open its digests: {error}"),
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
        let weakness = self.result.iter().filter_map(|held| weakness(&held.statement.security));
        self.warning.iter().cloned().chain(weakness).collect()
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
        assert_eq!(lines(&Values::Hidden, 26, None, true), "hidden");
    }
}
