use std::path::Path;

use maat_runtime::Model;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::accuracy::{Accuracy, Measured, measure};
use crate::blame::{Blame, DOMINATES, blame};
use crate::certificate::{self, CertifiedNode};
use crate::error::TranspileError;
use crate::float::{self, FloatModel};
use crate::fuse::{fuse, separate, wasted};
use crate::onnx::{self, Reference};
use crate::quantise::{Mapped, Rules, Widths, quantise};
use crate::ranges::{RangeMethod, Ranges};
use crate::samples::{InputSpec, Sample};
use crate::verdict::{Fidelity, Verdict};
use crate::{codegen, columns, lowering};

/// An imported network, before quantisation.
pub struct Network {
    name: String,
    float: FloatModel,
    inputs: Vec<InputSpec>,
    /// The independent witness, if tract takes the network.
    reference: Option<Reference>,
    onnx_sha256: String,
}

/// What to optimise the widths for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Take the widths as given.
    #[default]
    Accuracy,
    /// Narrow both widths, from the given ones down, as long as the result stays close to the float network.
    Cost,
}

/// How to quantise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Widths in bits.
    pub widths: Widths,
    /// What to optimise for.
    pub target: Target,
    /// How ranges are chosen from the samples' values.
    pub ranges: RangeMethod,
    /// Whether biases make up for what rounding the weights adds on average.
    pub correct_bias: bool,
    /// Without samples, inputs are assumed to lie within plus and minus this value.
    pub assumed_magnitude: f64,
    /// Whether a model that does not compute its network is handed out all the same, with a verdict that says so.
    pub accept_loss: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            widths: Widths { activations: 16, weights: 16 },
            target: Target::Accuracy,
            ranges: RangeMethod::Mse,
            correct_bias: true,
            assumed_magnitude: 1.0,
            accept_loss: false,
        }
    }
}

/// A quantised network with what is known of its accuracy.
pub struct Quantised {
    /// The quantised model.
    pub model: Model,
    /// Where it comes from and how it was made.
    pub provenance: Provenance,
    /// Whether it still is the float network.
    pub verdict: Verdict,
    /// Its accuracy and its proven ranges.
    pub quality: Quality,
}

/// Where a quantised model comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// sha256 of the ONNX file, and of the files with external data: see [`crate::onnx_sha256`].
    pub onnx_sha256: String,
    /// The options, with the widths that were used in the end.
    pub options: Options,
    /// sha256 of the samples' values, if there were any.
    pub samples_sha256: Option<String>,
}

/// What is known of a quantised model's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Error on the samples that scales were chosen by; absent without samples.
    pub calibration: Option<Accuracy>,
    /// Error on samples that were kept back; absent with fewer than eight samples.
    pub held_out: Option<Accuracy>,
    /// What the own rounding of each node and input adds to the error of the outputs, the worst first; empty without samples.
    pub blame: Vec<Blame>,
    /// The range that each tensor provably stays in, and the bound of its error.
    pub certificate: Vec<CertifiedNode>,
    /// Nodes that were 0 on all samples, so that their scales come from what their operands allow.
    pub unseen: Vec<String>,
}

impl Quality {
    /// The accuracy on held-out samples, or on the calibration samples where none were kept back.
    pub fn best_estimate(&self) -> Option<&Accuracy> {
        self.held_out.as_ref().or(self.calibration.as_ref())
    }

    /// The node or input that dominates the error of the outputs, if one does.
    pub fn dominant(&self) -> Option<&Blame> {
        self.blame.first().filter(|blame| blame.share >= DOMINATES)
    }
}

/// Every so manyth sample is kept back from calibration.
const HELD_OUT_PERIOD: usize = 4;
/// With fewer samples, all are used for calibration.
const LEAST_SAMPLES_TO_SPLIT: usize = 8;
/// Points at which the float network is run when there are no samples.
const ASSUMED_POINTS: usize = 256;

impl Network {
    /// Imports an ONNX file and lowers it to primitives.
    ///
    /// # Errors
    /// The file cannot be read or imported, or has an operator that is not supported.
    pub fn import(path: &Path) -> Result<Self, TranspileError> {
        let imported = onnx::import(path)?;
        let mut float = lowering::lower(&imported.graph)?;
        fuse(&mut float);
        let inputs = float.inputs.iter().map(|input| (input.name.clone(), input.shape.clone())).collect();
        let reference = imported.reference().ok();
        Ok(Self { name: imported.graph.name, float, inputs, reference, onnx_sha256: imported.sha256 })
    }

    /// Name and shape of each input.
    pub fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    /// The float network's outputs for a sample, in order: by tract, or by the lowered network where tract does not take the file.
    pub fn run_float(&self, sample: &Sample) -> Vec<Vec<f64>> {
        let by_tract = self.reference.as_ref().and_then(|reference| reference.run(sample));
        let mut values = float::run(&self.float, sample);
        let output = |(name, value): &(String, float::ValueId)| {
            let witnessed = by_tract.as_ref().and_then(|outputs| outputs.get(name).cloned());
            witnessed.or_else(|| values.remove(value)).unwrap_or_default()
        };
        self.float.outputs.iter().map(output).collect()
    }

    /// Every tensor of the lowered network for a sample, with the names of the certificate and in its order, which has the tensors that
    /// quantising adds beside them.
    pub fn trace_float(&self, sample: &Sample) -> Vec<(&str, Vec<f64>)> {
        let mut values = float::run(&self.float, sample);
        let inputs = self.float.inputs.iter().map(|input| (input.name.as_str(), input.value));
        let tensors = inputs.chain(self.float.nodes.iter().map(|node| (node.name.as_str(), node.output)));
        tensors.map(|(name, value)| (name, values.remove(&value).unwrap_or_default())).collect()
    }

    /// Quantises the network. Scales come from the samples; every fourth is kept back to measure with.
    ///
    /// Without samples, scales come from points spread over the assumed range, and the accuracy is not known.
    ///
    /// # Errors
    /// An option is out of range, or a range cannot be proven; or the integers do not compute the network, unless that is accepted.
    pub fn quantise(&self, samples: &[Sample], options: &Options) -> Result<Quantised, TranspileError> {
        check(options)?;
        let split = samples.len() >= LEAST_SAMPLES_TO_SPLIT;
        let kept_back = |index: usize| split && index % HELD_OUT_PERIOD == HELD_OUT_PERIOD - 1;
        let part = |held_out: bool| -> Vec<Sample> {
            let chosen = samples.iter().enumerate().filter(|(index, _)| kept_back(*index) == held_out);
            chosen.map(|(_, sample)| sample.clone()).collect()
        };
        let (calibration, held_out) = (part(false), part(true));
        let assumed = if samples.is_empty() { self.spread_points(options.assumed_magnitude) } else { Vec::new() };
        let seen = if samples.is_empty() { &assumed } else { &calibration };
        let numbers = |held_out: bool| -> Vec<usize> { (0..samples.len()).filter(|index| kept_back(*index) == held_out).collect() };
        let float = self.in_columns(seen, options);
        let ranges = Ranges::measure(&float, seen, options.assumed_magnitude).map_err(|error| numbered(error, &numbers(false)))?;

        let widths = match options.target {
            Target::Accuracy => options.widths,
            Target::Cost => self.narrow(&float, &ranges, seen, options)?,
        };
        let mapped = self.quantised(&float, &ranges, options, widths)?;
        let reference = self.reference.as_ref();
        let measured = |samples: &[Sample]| -> Result<Option<Measured>, TranspileError> {
            if samples.is_empty() { Ok(None) } else { measure(&mapped, &float, reference, samples).map(Some) }
        };
        let (on_calibration, on_held_out) =
            (measured(&calibration)?, measured(&held_out).map_err(|error| numbered(error, &numbers(true)))?);
        let blame = blame(&mapped, &float, samples)?;
        let used = Options { widths, ..options.clone() };
        let verdict = Verdict::of(on_calibration.as_ref(), on_held_out.as_ref(), &blame, samples, &used);
        if verdict.fidelity == Fidelity::Refused && !options.accept_loss {
            return Err(TranspileError::Unfaithful { verdict: Box::new(verdict) });
        }
        let quality = Quality {
            calibration: on_calibration.map(|measured| measured.accuracy),
            held_out: on_held_out.map(|measured| measured.accuracy),
            blame,
            certificate: certificate::certify(&float, &mapped),
            unseen: ranges.unseen(&float).into_iter().map(str::to_owned).collect(),
        };
        let provenance = Provenance {
            onnx_sha256: self.onnx_sha256.clone(),
            options: used,
            samples_sha256: (!samples.is_empty()).then(|| samples_digest(samples)),
        };
        Ok(Quantised { model: mapped.model, provenance, verdict, quality })
    }

    /// The float network with a scale for each column of an input where one scale would cost accuracy.
    fn in_columns(&self, samples: &[Sample], options: &Options) -> FloatModel {
        let mut columns = columns::choose(&self.float, samples, options.widths.activations, options.ranges);
        while columns.iter().any(Option::is_some) {
            let mut float = self.float.clone();
            separate(&mut float, &columns);
            fuse(&mut float);
            let wasted = wasted(&float);
            if !wasted.contains(&true) {
                return float;
            }
            columns.iter_mut().zip(wasted).filter(|(_, wasted)| *wasted).for_each(|(columns, _)| *columns = None);
        }
        self.float.clone()
    }

    fn quantised(&self, float: &FloatModel, ranges: &Ranges, options: &Options, widths: Widths) -> Result<Mapped, TranspileError> {
        quantise(float, &self.name, ranges, Rules { widths, ranges: options.ranges, correct_bias: options.correct_bias })
    }

    /// The cheapest widths, not above the given ones, whose results stay close to the float network's on the given samples: first both
    /// together, then each alone, as long as that saves something.
    fn narrow(&self, float: &FloatModel, ranges: &Ranges, samples: &[Sample], options: &Options) -> Result<Widths, TranspileError> {
        let widest = options.widths;
        let reference = self.reference.as_ref();
        let cost = |widths: Widths| -> Result<Option<usize>, TranspileError> {
            let mapped = self.quantised(float, ranges, options, widths)?;
            let close = measure(&mapped, float, reference, samples)?.is_well_within();
            if close { codegen::products(&mapped.model).map(Some) } else { Ok(None) }
        };
        let mut best: Option<(usize, Widths)> = None;
        let mut consider = |widths: Widths| -> Result<bool, TranspileError> {
            let found = cost(widths)?;
            if let Some(products) = found
                && best.is_none_or(|(least, known)| {
                    (products, widths.activations + widths.weights) < (least, known.activations + known.weights)
                })
            {
                best = Some((products, widths));
            }
            Ok(found.is_some())
        };
        let together = |bits: u32| Widths { activations: bits.min(widest.activations), weights: bits.min(widest.weights) };
        let mut narrowest = widest;
        for bits in Widths::RANGE.rev() {
            if !consider(together(bits))? {
                break;
            }
            narrowest = together(bits);
        }
        for alone in [|w: Widths| Widths { weights: w.weights - 1, ..w }, |w: Widths| Widths { activations: w.activations - 1, ..w }] {
            let mut widths = narrowest;
            while widths.weights.min(widths.activations) > *Widths::RANGE.start() && consider(alone(widths))? {
                widths = alone(widths);
            }
        }
        Ok(best.map_or(widest, |(_, widths)| widths))
    }

    /// Points spread evenly over the assumed range of the inputs: an additive recurrence with the golden ratio, so that no seed is needed.
    fn spread_points(&self, magnitude: f64) -> Vec<Sample> {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let mut state = 0.5;
        let mut next = || {
            state = (state + GOLDEN) % 1.0;
            (2.0 * state - 1.0) * magnitude
        };
        let mut point = |_| {
            let elements = self.inputs.iter().map(|(_, shape)| shape.iter().product::<usize>());
            elements.map(|count| (0..count).map(|_| next()).collect()).collect::<Sample>()
        };
        let mut points: Vec<Sample> = (0..ASSUMED_POINTS).map(&mut point).collect();
        // The corners give the inputs their full range.
        for sign in [-1.0, 1.0] {
            let corner = points[0].iter().map(|values| vec![sign * magnitude; values.len()]).collect();
            points.push(corner);
        }
        points
    }
}

/// The same error, with the number of its sample among all of them.
fn numbered(error: TranspileError, numbers: &[usize]) -> TranspileError {
    match error {
        TranspileError::NotFinite { node, value, sample } => {
            TranspileError::NotFinite { node, value, sample: sample.and_then(|index| numbers.get(index).copied()) }
        }
        other => other,
    }
}

fn check(options: &Options) -> Result<(), TranspileError> {
    for (option, bits) in [("--bits", options.widths.activations), ("--weight-bits", options.widths.weights)] {
        if !Widths::RANGE.contains(&bits) {
            return Err(TranspileError::Option { option, value: bits.to_string(), expected: "from 4 to 16".to_owned() });
        }
    }
    if let RangeMethod::Percentile(percent) = options.ranges
        && !(percent > 0.0 && percent <= 100.0)
    {
        let expected = "above 0 and at most 100".to_owned();
        return Err(TranspileError::Option { option: "--percentile", value: percent.to_string(), expected });
    }
    if !(options.assumed_magnitude.is_finite() && options.assumed_magnitude > 0.0) {
        let value = options.assumed_magnitude.to_string();
        return Err(TranspileError::Option { option: "--assumed-range", value, expected: "a positive number".to_owned() });
    }
    Ok(())
}

/// sha256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn samples_digest(samples: &[Sample]) -> String {
    let mut hasher = Sha256::new();
    for value in samples.iter().flatten().flatten() {
        hasher.update(value.to_le_bytes());
    }
    format!("{:x}", hasher.finalize())
}
