//! A network of each operator is proven: the statement's outputs are the runtime's. `models.rs` does the same for the trained models.

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_runtime::Model;
use maat_tests::steps::cases;
use maat_verifier::{Mode, Preset, Values, verify};
use rayon::prelude::*;

use crate::common;

/// Samples of an operator's network; the first of them are proven.
const SAMPLES: usize = 32;
/// Inferences in a proof.
const BATCH: usize = 2;

/// Proves the first samples in one batch, or says why that fails.
fn prove(model: &Model, samples: &[Sample]) -> Result<String, String> {
    let batch =
        samples.iter().map(|sample| quantise_sample(model, sample)).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let size = batch.len() as u32;
    let entries = entries_for(model, &[size], &[Preset::Fast], LayoutChoice::Cheapest).map_err(|error| error.to_string())?;
    let commitment = entries.commitment();
    let key = ProvingKey::new(model, entries, (Preset::Fast, Mode::Plain), size).map_err(|error| error.to_string())?;
    let proved = key.prove(&batch, (Visibility::Public, Visibility::Public), &|_| ()).map_err(|error| error.to_string())?;
    let statement = verify(&proved.file.to_bytes(), &commitment).map_err(|error| error.to_string())?;
    let (inputs, outputs) = (batch.concat().concat(), proved.outputs.concat().concat());
    if statement.inputs != Values::Public(inputs) || statement.outputs != Values::Public(outputs) {
        return Err("the statement is about other inputs or outputs".to_owned());
    }
    Ok(format!("{} of {} rows", key.program().used_rows, key.program().rows))
}

#[test]
fn a_network_of_every_operator_is_proven() {
    let failures: Vec<String> = cases()
        .par_iter()
        .filter_map(|case| {
            let (onnx, samples) = case.build(SAMPLES);
            let network = common::import(onnx);
            let quantised = network.quantise(&samples, &Options::default()).unwrap_or_else(|error| panic!("{}: {error}", case.operator));
            prove(&quantised.model, &samples[..BATCH]).err().map(|error| format!("{}: {error}", case.operator))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
