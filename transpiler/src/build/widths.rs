//! The search for the cheapest widths at which the integers still compute the network.

use maat_package::samples::Sample;
use maat_package::{Options, Widths};

use crate::calibrate::Ranges;
use crate::codegen;
use crate::error::TranspileError;
use crate::float::FloatModel;
use crate::onnx::Reference;
use crate::quality::measure;
use crate::quantise::quantise;

/// The cheapest widths, not above the given ones, whose results stay close to the float network's on the given samples: first both
/// together, then each alone, as long as the results stay close.
///
/// # Errors
/// A range cannot be proven, or the float network gives something other than a finite number.
pub fn cheapest_widths(
    float: &FloatModel,
    name: &str,
    ranges: &Ranges,
    options: &Options,
    reference: Option<&Reference>,
    samples: &[Sample],
) -> Result<Widths, TranspileError> {
    let widest = options.widths;
    let cost = |widths: Widths| -> Result<Option<usize>, TranspileError> {
        let mapped = quantise(float, name, ranges, &Options { widths, ..options.clone() })?;
        let close = measure(&mapped, float, reference, samples)?.is_well_within();
        Ok(if close { Some(codegen::products(&mapped.model)?) } else { None })
    };
    let mut best: Option<(usize, Widths)> = None;
    let mut consider = |widths: Widths| -> Result<bool, TranspileError> {
        let found = cost(widths)?;
        if let Some(products) = found
            && best
                .is_none_or(|(least, known)| (products, widths.activations + widths.weights) < (least, known.activations + known.weights))
        {
            best = Some((products, widths));
        }
        Ok(found.is_some())
    };
    let together = |bits: u32| Widths { activations: bits.min(widest.activations), weights: bits.min(widest.weights) };
    let mut narrowest = widest;
    let widest_of_both = widest.activations.max(widest.weights);
    for bits in (*Widths::WEIGHTS.start()..=widest_of_both).rev() {
        if !consider(together(bits))? {
            break;
        }
        narrowest = together(bits);
    }
    for alone in [|w: Widths| Widths { weights: w.weights - 1, ..w }, |w: Widths| Widths { activations: w.activations - 1, ..w }] {
        let mut widths = narrowest;
        while widths.weights.min(widths.activations) > *Widths::WEIGHTS.start() && consider(alone(widths))? {
            widths = alone(widths);
        }
    }
    Ok(best.map_or(widest, |(_, widths)| widths))
}
