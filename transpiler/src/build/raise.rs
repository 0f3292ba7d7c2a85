//! The search for the few tensors whose own rounding the error of the outputs comes from: they get more bits, as long as that is worth it.

use std::collections::HashSet;

use maat_package::samples::Sample;
use maat_package::{Options, TensorWidth, Widths};

use crate::calibrate::Ranges;
use crate::codegen;
use crate::error::TranspileError;
use crate::float::FloatModel;
use crate::onnx::Reference;
use crate::quality::{blame, measure};
use crate::quantise::{Mapped, quantise};

/// Bits that a tensor gets at once: an error a sixteenth as large.
const STEP: u32 = 4;
/// The most steps, over all tensors.
const MOST_STEPS: usize = 16;
/// A step must bring the error below this share of what it was.
const WORTH: f64 = 0.98;

/// The widths of single tensors with which the outputs are closest to the float network's on the samples, while the products that the
/// program computes grow by no more than `percent`. The tensor with the greatest share of the error comes first; one that cannot be wider,
/// or gains nothing, is left as it is.
///
/// # Errors
/// A range cannot be proven at the given widths, or the float network gives something other than a finite number.
pub fn raised_widths(
    float: &FloatModel,
    name: &str,
    ranges: &Ranges,
    options: &Options,
    reference: Option<&Reference>,
    (samples, percent): (&[Sample], f64),
) -> Result<Vec<TensorWidth>, TranspileError> {
    let attempt = |tensors: &[TensorWidth]| -> Result<(Mapped, f64), TranspileError> {
        let mapped = quantise(float, name, ranges, &Options { tensors: tensors.to_vec(), ..options.clone() })?;
        let products = codegen::products(&mapped.model)? as f64;
        Ok((mapped, products))
    };
    let error_of = |mapped: &Mapped| Ok::<f64, TranspileError>(measure(mapped, float, reference, samples)?.relative_error());
    let mut tensors = options.tensors.clone();
    let (mapped, products) = attempt(&tensors)?;
    let limit = products * (1.0 + percent / 100.0);
    let (mut error, mut shares) = (error_of(&mapped)?, blame(&mapped, float, samples)?);
    let mut done: HashSet<String> = HashSet::new();
    for _ in 0..MOST_STEPS {
        let Some(worst) = shares.iter().map(|blame| &blame.name).find(|name| !done.contains(*name)) else { break };
        let known = tensors.iter().find(|tensor| tensor.tensor == *worst).map_or(options.widths.activations, |tensor| tensor.bits);
        let bits = (known + STEP).min(*Widths::ACTIVATIONS.end());
        let others = tensors.iter().filter(|tensor| tensor.tensor != *worst).cloned();
        let wider: Vec<TensorWidth> = others.chain([TensorWidth { tensor: worst.clone(), bits }]).collect();
        let worst = worst.clone();
        // What is too wide for whatever takes it is an error of quantising.
        let better = if bits > known { attempt(&wider).ok().filter(|(_, products)| *products <= limit) } else { None };
        let less = better.as_ref().and_then(|(mapped, _)| error_of(mapped).ok()).filter(|less| *less <= error * WORTH);
        match (better, less) {
            (Some((mapped, _)), Some(less)) => (error, tensors, shares) = (less, wider, blame(&mapped, float, samples)?),
            // Too costly, too wide, or of no use.
            _ => {
                done.insert(worst);
            }
        }
    }
    tensors.sort_by(|a, b| a.tensor.cmp(&b.tensor));
    Ok(tensors)
}
