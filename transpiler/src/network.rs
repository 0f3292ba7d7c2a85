//! The facade: from an ONNX file to a network, and from a network to integers. It calls the stages in order and holds no logic of theirs.

use std::collections::BTreeMap;
use std::path::Path;

use maat_package::samples::{InputSpec, Sample};
use maat_package::{Coverage, Fidelity, ImportOptions, Options, OutputTexts, Provenance, Quality, Target};

use crate::build::{cheapest_widths, raised_widths};
use crate::calibrate::{Ranges, assumed_points, in_columns, samples_digest, split, validate_options};
use crate::error::TranspileError;
use crate::float::{self, FloatModel};
use crate::fuse::fuse;
use crate::lowering::lower;
use crate::onnx::{self, Reference};
use crate::quality::{Measured, Quantised, blame, certify, judge, measure, run_on, seen_on};
use crate::quantise::quantise;

/// This many samples, spread over all, are bounded one by one.
const BOUNDED_SAMPLES: usize = 4;

/// An imported network, before quantisation.
pub struct Network {
    name: String,
    float: FloatModel,
    inputs: Vec<InputSpec>,
    /// The independent witness, if tract takes the network.
    reference: Option<Reference>,
    onnx_sha256: String,
    /// What was fixed about the file's inputs.
    import: ImportOptions,
    texts: BTreeMap<String, OutputTexts>,
}

impl Network {
    /// Imports an ONNX file and lowers it to primitives.
    ///
    /// # Errors
    /// The file cannot be read or imported, or has an operator that is not supported.
    pub fn import(path: &Path) -> Result<Self, TranspileError> {
        Self::import_with(path, &ImportOptions::default())
    }

    /// As [`Self::import`], with shapes of inputs chosen, or inputs made constants.
    ///
    /// # Errors
    /// As for [`Self::import`]; and what is chosen contradicts the file.
    pub fn import_with(path: &Path, options: &ImportOptions) -> Result<Self, TranspileError> {
        let imported = onnx::import(path, options)?;
        let (mut float, texts) = lower(&imported.graph)?;
        fuse(&mut float);
        let inputs = float.inputs.iter().map(|input| (input.name.clone(), input.shape.clone())).collect();
        let reference = imported.reference().ok();
        let (name, onnx_sha256, import) = (imported.graph.name, imported.sha256, options.clone());
        Ok(Self { name, float, inputs, reference, onnx_sha256, import, texts })
    }

    /// The outputs that are texts or maps in the ONNX file, with the texts behind their numbers.
    pub fn texts(&self) -> &BTreeMap<String, OutputTexts> {
        &self.texts
    }

    /// Name and shape of each input.
    pub fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    /// The float network's outputs for a sample, in order: from tract, or from the lowered network if tract does not take the file.
    pub fn run_float(&self, sample: &Sample) -> Vec<Vec<f64>> {
        let by_tract = self.reference.as_ref().and_then(|reference| reference.run(sample));
        let mut values = float::run(&self.float, sample);
        let output = |(name, value): &(String, float::ValueId)| {
            let witnessed = by_tract.as_ref().and_then(|outputs| outputs.get(name).cloned());
            witnessed.or_else(|| values.remove(value)).unwrap_or_default()
        };
        self.float.outputs.iter().map(output).collect()
    }

    /// Every tensor of the lowered network for a sample, with the certificate's names and in its order. The certificate also has the
    /// tensors that quantising adds.
    pub fn trace_float(&self, sample: &Sample) -> Vec<(&str, Vec<f64>)> {
        let mut values = float::run(&self.float, sample);
        let inputs = self.float.inputs.iter().map(|input| (input.name.as_str(), input.value));
        let tensors = inputs.chain(self.float.nodes.iter().map(|node| (node.name.as_str(), node.output)));
        tensors.map(|(name, value)| (name, values.remove(&value).unwrap_or_default())).collect()
    }

    /// Quantises the network. Scales come from the samples, of which every fourth is kept back for measuring.
    ///
    /// Without samples, scales come from points spread over the assumed range, and the accuracy is not known.
    ///
    /// # Errors
    /// An option is out of range, a range cannot be proven, or the integers do not compute the network and that is not accepted.
    pub fn quantise(&self, samples: &[Sample], options: &Options) -> Result<Quantised, TranspileError> {
        validate_options(options)?;
        let (calibration, held_out) = split(samples);
        let assumed =
            if samples.is_empty() { assumed_points(&self.inputs, options.assumed_magnitude, self.float.work()) } else { Vec::new() };
        let seen = if samples.is_empty() { &assumed } else { &calibration.samples };
        let float = in_columns(&self.float, seen, options);
        let ranges = Ranges::measure(&float, seen, options.assumed_magnitude).map_err(|error| calibration.numbered(error))?;

        let reference = self.reference.as_ref();
        let options = match options.target {
            Target::Accuracy => Options {
                tensors: match options.raise {
                    Some(percent) => raised_widths(&float, &self.name, &ranges, options, reference, (seen, percent))?,
                    None => options.tensors.clone(),
                },
                raise: None,
                ..options.clone()
            },
            Target::Cost => Options { widths: cheapest_widths(&float, &self.name, &ranges, options, reference, seen)?, ..options.clone() },
        };
        let mapped = quantise(&float, &self.name, &ranges, &options)?;
        let measured = |samples: &[Sample]| -> Result<Option<Measured>, TranspileError> {
            if samples.is_empty() { Ok(None) } else { measure(&mapped, &float, reference, samples).map(Some) }
        };
        let on_calibration = measured(&calibration.samples)?;
        let on_held_out = measured(&held_out.samples).map_err(|error| held_out.numbered(error))?;
        let blame = blame(&mapped, &float, samples)?;
        let verdict = judge(on_calibration.as_ref(), on_held_out.as_ref(), &blame, samples, &options);
        if verdict.fidelity == Fidelity::Refused && !options.accept_loss {
            return Err(TranspileError::Unfaithful { verdict: Box::new(verdict) });
        }
        let seen = seen_on(&mapped, &calibration.samples)?;
        let coverage = match &seen {
            Some(seen) if !held_out.samples.is_empty() => {
                Some(Coverage { within: seen.holding(&mapped, &held_out.samples)?, of: held_out.samples.len() })
            }
            _ => None,
        };
        let runs = BOUNDED_SAMPLES.min(samples.len());
        let bounded = samples.iter().step_by(samples.len().max(1).div_ceil(runs.max(1))).take(runs);
        let bounded = bounded.map(|sample| run_on(&mapped, sample)).collect::<Result<Vec<_>, _>>()?;
        let (certificate, granularity) = certify(&float, &mapped, seen.as_ref(), &bounded);
        let quality = Quality {
            calibration: on_calibration.map(|measured| measured.accuracy),
            held_out: on_held_out.map(|measured| measured.accuracy),
            blame,
            certificate,
            granularity,
            coverage,
            unseen: ranges.unseen(&float).into_iter().map(str::to_owned).collect(),
        };
        let provenance = Provenance {
            onnx_sha256: self.onnx_sha256.clone(),
            import: self.import.clone(),
            texts: self.texts.clone(),
            options,
            samples_sha256: (!samples.is_empty()).then(|| samples_digest(samples)),
        };
        Ok(Quantised { model: mapped.model, provenance, verdict, quality })
    }
}
