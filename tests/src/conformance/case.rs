//! One backend test run through the transpiler and the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_runtime::{Executor, Model, dequantise};
use maat_transpiler::{Network, TranspileError};
use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};

use super::scope::{Excluded, exclusion, has_known_result, is_parameter, is_whole, value_of};
use super::suite::{Suite, Test, dims, values};
use crate::onnx::port;

/// The result of a test.
pub enum Verdict {
    /// Every output is close enough, or equal where it must be.
    Passed(Box<Run>),
    /// An output is not, or the transpiler failed where it should have given a reason.
    Wrong(String),
    /// The transpiler says why it does not take the model.
    Refused(String),
    /// The test does not count.
    Excluded(Excluded),
}

/// A quantised model with the inputs of its test.
pub struct Run {
    /// The model.
    pub model: Model,
    /// The test's inputs, quantised.
    pub inputs: Vec<Vec<i32>>,
}

/// By how many units in the last place of an activation an output may be off, relative to its greatest expected value.
pub(super) const UNITS: f64 = 16.0;
/// An output whose expected values are all smaller than this is measured as if this were the greatest.
pub(super) const LEAST_MAGNITUDE: f64 = 1e-3;

/// Runs a test.
pub fn run(suite: &Suite, test: &Test) -> Verdict {
    if let Some(excluded) = exclusion(suite, test) {
        return Verdict::Excluded(excluded);
    }
    let mut first_refusal = None;
    for wiring in wirings(suite, test) {
        match catch_unwind(AssertUnwindSafe(|| attempt(test, &wiring))) {
            Ok(Ok(run)) => return Verdict::Passed(Box::new(run)),
            Ok(Err(Failure::Wrong(fault))) => return Verdict::Wrong(fault),
            Ok(Err(Failure::Refused(reason))) => first_refusal = first_refusal.or(Some(reason)),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                return Verdict::Wrong(format!("panicked: {}", message.unwrap_or("without a message")));
            }
        }
    }
    Verdict::Refused(first_refusal.unwrap_or_default())
}

/// Which inputs of a graph are computed; the others become constants.
enum Wiring<'a> {
    /// These inputs are computed.
    Computed(Vec<&'a str>),
    /// None is: the outputs are added to zeros that are.
    AddedToZeros,
}

/// The ways in which a test is tried, in turn: everything is computed that is not a parameter; only the first of these, as in a trained
/// network. An input whose value is in the model file is a constant too, unless nothing else could be computed.
fn wirings<'a>(suite: &Suite, test: &'a Test) -> Vec<Wiring<'a>> {
    let graph = test.graph();
    let is_given = |name: &str| test.inputs.len() == graph.input.len() || graph.initializer.iter().all(|tensor| tensor.name != name);
    let names = || graph.input.iter().map(|input| input.name.as_str()).filter(|name| !is_parameter(test, name));
    let mut all: Vec<&str> = names().filter(|name| is_given(name)).collect();
    if all.is_empty() {
        all = names().take(1).collect();
    }
    let first = all.iter().copied().take(1).collect();
    let mut wirings = match all.len() {
        0 => Vec::new(),
        1 => vec![Wiring::Computed(all)],
        _ => vec![Wiring::Computed(all), Wiring::Computed(first)],
    };
    if has_known_result(suite, test) {
        wirings.push(Wiring::AddedToZeros);
    }
    wirings
}

/// Why an attempt does not pass: what is wrong with the result, or the transpiler's reason to refuse the model.
enum Failure {
    Wrong(String),
    Refused(String),
}

impl From<TranspileError> for Failure {
    fn from(error: TranspileError) -> Self {
        Self::Refused(refusal(error))
    }
}

fn attempt(test: &Test, wiring: &Wiring<'_>) -> Result<Run, Failure> {
    let (onnx, sample) = build(test, wiring);
    let file = tempfile::Builder::new().prefix("conformance").suffix(".onnx").tempfile().expect("a temporary file can be made");
    std::fs::write(file.path(), onnx.encode_to_vec()).expect("a temporary file can be written");
    let network = Network::import(file.path())?;
    let options = Options::default();
    let model = network.quantise(std::slice::from_ref(&sample), &options)?.model;
    let inputs = quantise_sample(&model, &sample).map_err(TranspileError::from)?;
    let outputs = Executor::new(&model).run(&inputs);
    let outputs = outputs.map_err(|error| Failure::Wrong(format!("the runtime refuses the quantised inputs: {error}")))?;
    let moved = by_rounding_inputs(&network, &model, &sample, &inputs);
    let faults = test.outputs.iter().flatten().enumerate().filter_map(|(index, expected)| {
        let tensor = model.tensor(model.outputs().get(index)?.tensor);
        let found: Vec<f64> = outputs[index].iter().map(|value| dequantise(*value, tensor.scale)).collect();
        let compared = compare(expected, tensor.shape.dims(), &found, &moved[index], options.widths.activations);
        compared.err().map(|fault| format!("output {index}: {fault}"))
    });
    let mut faults: Vec<String> = faults.collect();
    if outputs.len() != test.outputs.len() {
        faults.push(format!("{} outputs instead of {}", outputs.len(), test.outputs.len()));
    }
    if faults.is_empty() { Ok(Run { model, inputs }) } else { Err(Failure::Wrong(faults.join("; "))) }
}

/// How far the float network's own outputs move when its inputs are rounded to their width. That rounding is part of the model: of inputs
/// between 10000 and 10003 a scale for 16 bits keeps no fractions, whatever is computed of them.
fn by_rounding_inputs(network: &Network, model: &Model, sample: &Sample, inputs: &[Vec<i32>]) -> Vec<Vec<f64>> {
    let scales = model.inputs().iter().map(|input| input.scale);
    let real = inputs.iter().zip(scales).map(|(values, scale)| values.iter().map(|value| dequantise(*value, scale)).collect());
    let (exact, rounded) = (network.run_float(sample), network.run_float(&real.collect()));
    let distance = |(a, b): (&f64, &f64)| if (a - b).is_finite() { (a - b).abs() } else { 0.0 };
    exact.iter().zip(&rounded).map(|(exact, rounded)| exact.iter().zip(rounded).map(distance).collect()).collect()
}

/// Integers and truth values are equal; real numbers are off by [`UNITS`] steps of the greatest expected value at most, beyond what
/// rounding the inputs moves them.
fn compare(expected: &TensorProto, shape: &[usize], found: &[f64], moved: &[f64], bits: u32) -> Result<(), String> {
    if dims(expected) != shape {
        return Err(format!("shape {shape:?} instead of {:?}", expected.dims));
    }
    let values = values(expected).expect("the type is one that counts");
    let magnitude = values.iter().fold(LEAST_MAGNITUDE, |greatest, value| greatest.max(value.abs()));
    let (tolerance, share) = if is_whole(expected.data_type) { (0.0, 0.0) } else { (UNITS * magnitude / 2f64.powi(bits as i32 - 1), 1.0) };
    let errors = values.iter().zip(found).zip(moved).map(|((expected, found), moved)| (expected - found).abs() - share * moved);
    let (position, error) = errors.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    if error <= tolerance {
        return Ok(());
    }
    let (expected, found, moved, count) = (values[position], found[position], share * moved[position], values.len());
    Err(format!("{found} instead of {expected} at {position} of {count}, tolerance {tolerance:.3e} and {moved:.3e} by rounding inputs"))
}

/// The model with its parameters as constants, and the values of the inputs that are left.
fn build(test: &Test, wiring: &Wiring<'_>) -> (ModelProto, Vec<Vec<f64>>) {
    let mut model = test.model.clone();
    let graph = model.graph.as_mut().expect("every backend test has a graph");
    let computed: &[&str] = match wiring {
        Wiring::Computed(names) => names,
        Wiring::AddedToZeros => &[],
    };
    let (inputs, constants): (Vec<ValueInfoProto>, Vec<ValueInfoProto>) =
        std::mem::take(&mut graph.input).into_iter().partition(|input| computed.contains(&input.name.as_str()));
    graph.initializer.retain(|tensor| !computed.contains(&tensor.name.as_str()));
    for constant in constants {
        let given = value_of(test, &constant.name).filter(|_| graph.initializer.iter().all(|tensor| tensor.name != constant.name));
        graph.initializer.extend(given.map(|value| TensorProto { name: constant.name, ..value.clone() }));
    }
    let mut sample: Vec<Vec<f64>> = inputs.iter().map(|input| value_of(test, &input.name).and_then(values).unwrap_or_default()).collect();
    graph.input = inputs;
    if matches!(wiring, Wiring::AddedToZeros) {
        let expected = test.outputs[0].as_ref().expect("the test counts");
        let [known, cast, zeros, sum] = [graph.output[0].name.clone(), "cast".to_owned(), "zeros".to_owned(), "sum".to_owned()];
        let to =
            AttributeProto { name: "to".to_owned(), r#type: AttributeType::Int as i32, i: DataType::Float as i64, ..Default::default() };
        graph.node.push(NodeProto { attribute: vec![to], ..node("Cast", vec![known], &cast) });
        graph.node.push(node("Add", vec![cast, zeros.clone()], &sum));
        graph.input = vec![port(&zeros, DataType::Float, &dims(expected))];
        graph.output = vec![ValueInfoProto { name: sum, ..Default::default() }];
        sample = vec![vec![0.0; dims(expected).iter().product()]];
    }
    (model, sample)
}

fn node(operator: &str, input: Vec<String>, output: &str) -> NodeProto {
    NodeProto { op_type: operator.to_owned(), input, output: vec![output.to_owned()], ..NodeProto::default() }
}

/// A refusal's reason without the names and sizes of one test, so that reasons can be counted.
fn refusal(error: TranspileError) -> String {
    let reason = match error {
        TranspileError::Unsupported { operators } => {
            return operators.0.first().map_or_else(String::new, |unsupported| format!("no {}", unsupported.operator));
        }
        TranspileError::TrivialOutput { .. } => return "the result does not depend on an input".to_owned(),
        TranspileError::Node { operator, reason, .. } => format!("{operator}: {reason}"),
        TranspileError::Onnx { reason } => format!("import: {}", reason.lines().next().unwrap_or_default()),
        other => other.to_string(),
    };
    generalise(&reason)
}

/// Text in backquotes becomes `..`, a number becomes N.
fn generalise(reason: &str) -> String {
    let mut general = String::new();
    for (index, part) in reason.split('`').enumerate() {
        if index % 2 == 1 {
            general.push_str("`..`");
            continue;
        }
        let mut rest = part;
        while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
            let (before, number) = rest.split_at(start);
            general.push_str(before);
            general.push('N');
            rest = number.trim_start_matches(|character: char| character.is_ascii_digit());
        }
        general.push_str(rest);
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_lose_names_and_numbers() {
        assert_eq!(generalise("`w` holds 12 values, not 3"), "`..` holds N values, not N");
    }
}
