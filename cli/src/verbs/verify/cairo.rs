//! The verdict on a Cairo proof.

use std::time::Instant;

use maat_verifier::cairo::{CairoStatement, ProgramHash, verify_any};
use maat_verifier::{Felt252, FileError, VerifyError};
use serde_json::{Value, json};

use super::least::Least;
use super::names::Names;
use crate::named::Ports;
use crate::response::{Response, builtin_cells, builtins, fields, grouped};
use crate::security::{CAIRO_NOT_ZERO_KNOWLEDGE, hash_name, security, security_json};

/// The verdict.
pub struct Verified {
    expected: ProgramHash,
    result: Result<Accepted, Rejection>,
    ms: f64,
    hash_ms: f64,
    warning: Option<&'static str>,
}

/// What does not hold.
enum Rejection {
    Proof(VerifyError),
    Weak { security: Value, reason: String },
}

/// What holds.
struct Accepted {
    statement: CairoStatement,
    /// Inputs and outputs with their names, where the program is a model's.
    values: Option<(Names, [Vec<i32>; 2])>,
}

/// Verifies a Cairo proof for the program with the expected hash, and that it has the bits of security that are asked for. If the program is
/// a model's, the model's names split its output into inputs and outputs.
pub fn run(proof: Result<Vec<u8>, FileError>, expected: ProgramHash, names: Option<Names>, least: Least) -> Verified {
    let started = Instant::now();
    let statement = proof.map_err(VerifyError::from).and_then(|proof| verify_any(&proof));
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let hashing = Instant::now();
    let result = statement.and_then(|statement| match statement.program.hash() {
        found if found == expected => Ok(statement),
        found => Err(VerifyError::ProgramHash { expected, found }),
    });
    let hash_ms = hashing.elapsed().as_secs_f64() * 1000.0;
    let mut warning = None;
    let result = result.map_err(Rejection::Proof).and_then(|statement| match least.missed(&statement.security) {
        None => {
            let values = names.and_then(|names| {
                let values = values(&names, &statement.output);
                if values.is_none() {
                    warning = Some("the output is not the inputs and outputs of the package's model, so it is shown as it is");
                }
                Some((names, values?))
            });
            Ok(Accepted { statement, values })
        }
        Some(reason) => Err(Rejection::Weak { security: security_json(&statement.security), reason }),
    });
    Verified { expected, result, ms, hash_ms, warning }
}

/// The inputs and outputs that a model's program gives as its output.
fn values(names: &Names, output: &[Felt252]) -> Option<[Vec<i32>; 2]> {
    let values = output.iter().map(|felt| i32::try_from(integer(*felt)?).ok()).collect::<Option<Vec<i32>>>()?;
    let (inputs, outputs) = values.split_at_checked(names.inputs.elements())?;
    (outputs.len() == names.outputs.elements()).then(|| [inputs.to_vec(), outputs.to_vec()])
}

/// A felt as an integer, if it or its negative is below 2^63.
fn integer(felt: Felt252) -> Option<i64> {
    let magnitude = |felt: Felt252| felt.to_u64().and_then(|number| i64::try_from(number).ok());
    magnitude(felt).or_else(|| magnitude(-felt).map(|number| -number))
}

/// Felts on one line: small ones as signed integers, others in hexadecimal.
fn line(felts: &[Felt252]) -> String {
    let number = |felt: &Felt252| integer(*felt).map_or_else(|| felt.to_string(), |number| number.to_string());
    felts.iter().map(number).collect::<Vec<_>>().join(" ")
}

impl Accepted {
    fn text(&self, expected: &ProgramHash, ms: f64, hash_ms: f64) -> String {
        let CairoStatement { output, steps, builtins: used, rows, preset, security: bits, .. } = &self.statement;
        let options = preset.cairo_options();
        let (blowup, queries, grinding) = (options.blowup_factor(), options.num_queries(), options.grinding_factor());
        let mut facts = vec![("program hash", expected.to_string())];
        match &self.values {
            Some((names, [inputs, outputs])) => {
                let lines = |ports: &Ports, values: &[i32]| ports.lines(values, usize::MAX).join(&format!("\n{:18} ", ""));
                facts.extend([("inputs", lines(&names.inputs, inputs)), ("outputs", lines(&names.outputs, outputs))]);
            }
            None => facts.push(("output", line(output))),
        }
        facts.extend([
            ("steps", grouped(*steps)),
            ("builtins", builtins(used)),
            ("preset", preset.to_string()),
            ("options", format!("blow-up {blowup}, {queries} queries, {grinding} bits of grinding, {}", hash_name(*preset))),
            ("rows", grouped(*rows)),
            ("security", security(bits)),
        ]);
        let holds = "the proof holds: the program with this hash ran to its end, and gave this output";
        let took = format!("verified in {ms:.1} ms, and the program hashed in {hash_ms:.1} ms");
        format!("{holds}\n\n{}\n\n{took}\n{CAIRO_NOT_ZERO_KNOWLEDGE}", fields(facts))
    }

    fn json(&self, expected: &ProgramHash, ms: f64, hash_ms: f64) -> Value {
        let CairoStatement { output, steps, builtins, rows, preset, security, .. } = &self.statement;
        let options = preset.cairo_options();
        let [inputs, outputs] = self.values.as_ref().map_or([None, None], |(_, [inputs, outputs])| [Some(inputs), Some(outputs)]);
        let one = |ports: &Ports, values: &[i32]| ports.json(std::iter::once(values));
        let named = self
            .values
            .as_ref()
            .map(|(names, [inputs, outputs])| json!({ "inputs": one(&names.inputs, inputs), "outputs": one(&names.outputs, outputs) }));
        json!({
            "valid": true,
            "kind": "cairo",
            "program_hash": expected.to_string(),
            "output": output.iter().map(Felt252::to_string).collect::<Vec<_>>(),
            "inputs": inputs,
            "outputs": outputs,
            "named": named,
            "steps": steps,
            "builtins": builtin_cells(builtins),
            "preset": preset.name(),
            "options": {
                "blowup": options.blowup_factor(),
                "queries": options.num_queries(),
                "grinding_bits": options.grinding_factor(),
                "hash": hash_name(*preset),
            },
            "rows": rows,
            "security": security_json(security),
            "zero_knowledge": false,
            "verify_ms": ms,
            "hash_ms": hash_ms,
        })
    }
}

impl Response for Verified {
    fn text(&self) -> String {
        match &self.result {
            Ok(accepted) => accepted.text(&self.expected, self.ms, self.hash_ms),
            Err(Rejection::Proof(error)) => format!("the proof does NOT hold: {error}"),
            Err(Rejection::Weak { reason, .. }) => format!("the proof holds, but it is NOT as secure as asked for: {reason}"),
        }
    }

    fn json(&self) -> Value {
        match &self.result {
            Ok(accepted) => accepted.json(&self.expected, self.ms, self.hash_ms),
            Err(rejection) => {
                let (security, error) = match rejection {
                    Rejection::Proof(error) => (None, error.to_string()),
                    Rejection::Weak { security, reason } => (Some(security), format!("the proof is not as secure as asked for: {reason}")),
                };
                json!({
                    "valid": false,
                    "program_hash": self.expected.to_string(),
                    "output": null,
                    "security": security,
                    "verify_ms": self.ms,
                    "error": error,
                })
            }
        }
    }

    fn succeeded(&self) -> bool {
        self.result.is_ok()
    }

    fn warnings(&self) -> Vec<String> {
        self.warning.map(str::to_owned).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn felts_are_shown_as_the_integers_that_they_stand_for() {
        let large = Felt252::new(u64::MAX);
        assert_eq!(
            line(&[Felt252::new(5), -Felt252::new(7), large, -large]).split(' ').take(3).collect::<Vec<_>>(),
            ["5", "-7", "0xffffffffffffffff"]
        );
        assert_eq!(integer(-large), None);
    }
}
