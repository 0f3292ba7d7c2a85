use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use maat_transpiler::{PackageFolder, hex};
use maat_verifier::{MAX_FILE_BYTES, ModelCommitment, Statement, Values, VerifyError};
use serde_json::{Value, json};

use crate::response::{NOT_ZERO_KNOWLEDGE, Response, fields, grouped, security};

/// Verify a proof: that the committed model, on these inputs, gives these outputs
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat verify proof.bin --model package\n  maat verify proof.bin --commitment 0x00..\n\n\
    Exits with 0 only when the proof holds, and prints the statement that it proves. Inputs, outputs, preset and batch size are the\n\
    prover's choice: look whether they are what you asked for. Values are the integers that `maat run --json` shows.\n\
    The commitment is like a verifying key: it stands for a model only if somebody recomputed it, with `maat commitment`.")]
pub struct Arguments {
    /// The proof, as `maat prove` writes it
    proof: PathBuf,
    #[command(flatten)]
    expected: Expected,
}

/// The model that the proof must be for.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Expected {
    /// The package folder of the model; nothing but its manifest.json is read
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The commitment of the model, as `maat transpile` and `maat commitment` print it
    #[arg(long, value_name = "0x..")]
    commitment: Option<ModelCommitment>,
}

/// The verdict.
pub struct Verified {
    result: Result<Statement, VerifyError>,
    ms: f64,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Verified> {
    let expected = match (arguments.expected.commitment, arguments.expected.model) {
        (Some(commitment), _) => commitment,
        (None, Some(folder)) => PackageFolder::open(&folder)?.entries()?.commitment(),
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let proof = read(&arguments.proof).with_context(|| format!("cannot read {}", arguments.proof.display()))?;
    let started = Instant::now();
    let result = maat_verifier::verify(&proof, &expected);
    Ok(Verified { result, ms: started.elapsed().as_secs_f64() * 1000.0 })
}

/// The file, as far as a verifier takes files: one byte more is enough for it to say that the file is too long.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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

impl Response for Verified {
    fn text(&self) -> String {
        let Statement { commitment, preset, batch, inputs, outputs, io_commitment, security: bits } = match &self.result {
            Ok(statement) => statement,
            Err(error) => return format!("the proof does NOT hold: {error}"),
        };
        let shortened = std::io::stdout().is_terminal();
        let mut facts = vec![
            ("commitment", commitment.to_string()),
            ("preset", preset.to_string()),
            ("batch", grouped(*batch)),
            ("inputs", lines(inputs, *batch, shortened)),
            ("outputs", lines(outputs, *batch, shortened)),
        ];
        facts.extend(io_commitment.as_ref().map(|commitment| ("salted commitment", hex(commitment))));
        facts.push(("security", security(bits)));
        let holds = "the proof holds: the model with this commitment, on these inputs, gives these outputs";
        format!("{holds}\n\n{}\n\nverified in {:.1} ms\n{NOT_ZERO_KNOWLEDGE}", fields(facts), self.ms)
    }

    fn json(&self) -> Value {
        match &self.result {
            Ok(Statement { commitment, preset, batch, inputs, outputs, io_commitment, security }) => json!({
                "valid": true,
                "kind": "model",
                "commitment": commitment.to_string(),
                "preset": preset.name(),
                "batch": batch,
                "inputs": lists(inputs, *batch),
                "outputs": lists(outputs, *batch),
                "io_commitment": io_commitment.as_ref().map(hex),
                "security": { "conjectured": security.conjectured, "proven": security.proven },
                "zero_knowledge": false,
                "verify_ms": self.ms,
            }),
            Err(error) => json!({ "valid": false, "error": error.to_string() }),
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
