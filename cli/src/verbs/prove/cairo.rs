//! Proofs of Cairo executions: of a package's program, and of any executable.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use maat_prover::cairo::prove;
use maat_verifier::Preset;
use maat_verifier::cairo::columns::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::cairo::{CairoStatement, Execution, ProgramHash, verify_program};
use serde_json::{Value, json};

use super::stages::{milliseconds, ms, peak_memory, stage_table, wrote};
use crate::files::{Destination, Readers};
use crate::progress::Progress;
use crate::response::{Response, builtin_cells, builtins, fields, grouped, path_json};
use crate::security::{CAIRO_NOT_ZERO_KNOWLEDGE, security, security_json};

/// The written proof.
pub struct Proof {
    output: PathBuf,
    output_is_taken: bool,
    wrote: String,
    bytes: usize,
    stark_bytes: usize,
    program_hash: ProgramHash,
    statement: CairoStatement,
    stages: Vec<(&'static str, Duration)>,
    total: Duration,
    peak: Option<u64>,
}

/// Proves an execution, verifies the proof, and writes it.
pub fn prove_execution(execution: &Execution, preset: Preset, destination: &Destination<'_>, progress: &Progress) -> anyhow::Result<Proof> {
    let started = Instant::now();
    let proved = prove(execution, preset, &|stage| progress.step(stage))?;
    let mut stages = proved.stages;
    let bytes = proved.file.to_bytes();

    // A bug of the prover must show here, and not at a verifier's.
    progress.step("verification");
    let verifying = Instant::now();
    let verified = verify_program(&bytes, &execution.program);
    let statement = verified.context("the proof that was made does not hold, which is a bug of the prover")?;
    stages.push(("verification", verifying.elapsed()));
    let total = started.elapsed();

    progress.step("program hash");
    let program_hash = statement.program.hash();
    destination.stage(&bytes, Readers::Usual)?.persist()?;
    let stark_bytes = proved.file.stark.len();
    Ok(Proof {
        output: destination.name(),
        output_is_taken: destination.is_output(),
        wrote: wrote(destination),
        bytes: bytes.len(),
        stark_bytes,
        program_hash,
        statement,
        stages,
        total,
        peak: peak_memory(),
    })
}

impl Response for Proof {
    fn text(&self) -> String {
        let CairoStatement { output, steps, builtins: used, rows, preset, security: bits, .. } = &self.statement;
        let [bytes, stark] = [self.bytes, self.stark_bytes].map(|bytes| grouped(bytes as u64));
        let facts = [
            ("program hash", self.program_hash.to_string()),
            ("output", format!("{} felts", grouped(output.len() as u64))),
            ("steps", grouped(*steps)),
            ("builtins", builtins(used)),
            ("preset", preset.to_string()),
            ("rows", grouped(*rows)),
            ("columns", format!("{} ({MAIN_WIDTH} main, {AUXILIARY_WIDTH} auxiliary)", MAIN_WIDTH + AUXILIARY_WIDTH)),
            ("peak memory", self.peak.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))),
            ("proof", format!("{bytes} bytes, of which {stark} are the STARK and the others the program and its output")),
            ("security", security(bits)),
        ];
        let stages = stage_table(&self.stages, self.total, |_| "");
        let wrote = format!("{}\n{CAIRO_NOT_ZERO_KNOWLEDGE}", self.wrote);
        [fields(facts), stages, wrote].join("\n\n")
    }

    fn json(&self) -> Value {
        let CairoStatement { output, steps, builtins, rows, preset, security, .. } = &self.statement;
        json!({
            "kind": "cairo",
            "program_hash": self.program_hash.to_string(),
            "output_felts": output.len(),
            "steps": steps,
            "builtins": builtin_cells(builtins),
            "preset": preset.name(),
            "rows": rows,
            "columns": MAIN_WIDTH + AUXILIARY_WIDTH,
            "prove_ms": ms(self.total),
            "stages": milliseconds(&self.stages),
            "peak_rss_bytes": self.peak,
            "proof_bytes": self.bytes,
            "stark_bytes": self.stark_bytes,
            "security": security_json(security),
            "zero_knowledge": false,
            "output": path_json(&self.output),
        })
    }

    fn output_is_taken(&self) -> bool {
        self.output_is_taken
    }
}
