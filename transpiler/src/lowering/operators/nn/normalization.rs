//! Normalisations over axes of a tensor: each sample, group or channel by itself, not a batch.
//!
//! `y = (x - mean) / sqrt(var + epsilon)`, then a factor and an offset. The sum of squares goes through one table, which divides by the
//! number of elements, adds epsilon and gives the inverse root.

use crate::float::Function;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// LayerNormalization (opset 17): over the axes from `axis` on.
pub(super) fn layer(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let (x, epsilon) = (scope.floats(0)?, epsilon(scope)?);
    let axes = from_axis(scope, &x)?;
    let (centred, mean) = scope.centred(&x, &axes)?;
    let inverse = scope.inverse_root_mean_square(&centred, &axes, epsilon)?;
    let normal = scope.mul(&centred, &inverse)?;
    let (factor, offset) = (scope.input(1)?, scope.optional(2)?);
    let y = scope.scaled_like(&normal, &factor, offset.as_ref())?;
    scope.give(0, y);
    scope.give(1, mean);
    scope.give(2, inverse);
    Ok(())
}

/// RMSNormalization (opset 23): as LayerNormalization, without a mean and an offset.
pub(super) fn rms(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (x, epsilon) = (scope.floats(0)?, epsilon(scope)?);
    let axes = from_axis(scope, &x)?;
    let inverse = scope.inverse_root_mean_square(&x, &axes, epsilon)?;
    let normal = scope.mul(&x, &inverse)?;
    let factor = scope.input(1)?;
    let y = scope.scaled_like(&normal, &factor, None)?;
    scope.finish(y)
}

/// InstanceNormalization: over the axes after the channels.
pub(super) fn instance(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let (x, epsilon) = (scope.floats(0)?, epsilon(scope)?);
    let (factor, offset) = (scope.weights(1)?, scope.weights(2)?);
    let channels = channels(&x)?;
    if [factor.elements(), offset.elements()] != [channels; 2] {
        return Err(format!("{} factors and {} offsets for {channels} channels", factor.elements(), offset.elements()));
    }
    let axes: Vec<usize> = (2..x.axes()).collect();
    let normal = scope.normalised(&x, &axes, epsilon)?;
    let values = |operand: &Operand| operand.values().unwrap_or_default().to_vec();
    let y = scope.per_channel(&normal, values(&factor), values(&offset))?;
    scope.finish(y)
}

/// GroupNormalization: over groups of channels and the axes after them. Opset 18 has a factor and an offset for each group, opset 21 for
/// each channel.
pub(super) fn group(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let (x, epsilon) = (scope.floats(0)?, epsilon(scope)?);
    let (factor, offset) = (scope.weights(1)?, scope.weights(2)?);
    let channels = channels(&x)?;
    let groups = scope.optional_attribute::<i64>("num_groups")?.ok_or("attribute `num_groups` is missing")?;
    let groups = usize::try_from(groups).ok().filter(|groups| *groups > 0 && channels.is_multiple_of(*groups));
    let groups = groups.ok_or_else(|| format!("attribute `num_groups` does not divide {channels} channels"))?;
    let rules = if scope.opset() < 21 { groups } else { channels };
    if [factor.elements(), offset.elements()] != [rules; 2] {
        return Err(format!("{} factors and {} offsets where {rules} are expected", factor.elements(), offset.elements()));
    }
    let of_channels = |operand: &Operand| {
        let values = operand.values().unwrap_or_default();
        (0..channels).map(|channel| values[channel * rules / channels]).collect()
    };
    let (factor, offset) = (of_channels(&factor), of_channels(&offset));
    let split = scope.reshape(&x, vec![x.shape[0], groups, x.elements() / (x.shape[0] * groups)])?;
    let normal = scope.normalised(&split, &[2], epsilon)?;
    let joined = scope.reshape(&normal, x.shape)?;
    let y = scope.per_channel(&joined, factor, offset)?;
    scope.finish(y)
}

/// MeanVarianceNormalization: by default over batch and pixels; it adds its epsilon to the root.
pub(super) fn mean_variance(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let axes = scope.axes(&scope.list("axes").unwrap_or_else(|| vec![0, 2, 3]), x.axes())?;
    let (centred, _) = scope.centred(&x, &axes)?;
    let squares = scope.reduce_squares(&centred, &axes, true)?;
    let mean = Function::Linear { factor: 1.0 / count(&x, &axes)?, offset: 0.0 };
    let root = scope.table(&squares, &[mean, Function::Sqrt, Function::Linear { factor: 1.0, offset: 1e-9 }])?;
    let y = scope.div(&centred, &root)?;
    scope.finish(y)
}

/// LpNormalization: `x / |x|`, by the sum of absolute values or the root of the sum of squares along an axis.
pub(super) fn lp(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", -1i64)?)?;
    let norm = match scope.attribute("p", 2i64)? {
        1 => {
            let sizes = scope.table(&x, &[Function::Abs])?;
            scope.reduce_sum(&sizes, &[axis], true, 1.0)?
        }
        2 => {
            let squares = scope.reduce_squares(&x, &[axis], true)?;
            scope.table(&squares, &[Function::Sqrt])?
        }
        other => return Err(format!("attribute `p` is {other}: it must be 1 or 2")),
    };
    let y = scope.div(&x, &norm)?;
    scope.finish(y)
}

impl Scope<'_> {
    /// `x` minus its mean over some axes, and the mean.
    fn centred(&mut self, x: &Operand, axes: &[usize]) -> Result<(Operand, Operand), String> {
        let mean = self.reduce_sum(x, axes, true, 1.0 / count(x, axes)?)?;
        Ok((self.sum(&[(1.0, x), (-1.0, &mean)], 0.0)?, mean))
    }

    /// `1 / sqrt(mean x^2 + epsilon)` over some axes.
    fn inverse_root_mean_square(&mut self, x: &Operand, axes: &[usize], epsilon: f64) -> Result<Operand, String> {
        let squares = self.reduce_squares(x, axes, true)?;
        self.table(&squares, &[Function::Linear { factor: 1.0 / count(x, axes)?, offset: epsilon }, Function::Pow(-0.5)])
    }

    /// Mean 0 and variance 1 over some axes.
    fn normalised(&mut self, x: &Operand, axes: &[usize], epsilon: f64) -> Result<Operand, String> {
        let (centred, _) = self.centred(x, axes)?;
        let inverse = self.inverse_root_mean_square(&centred, axes, epsilon)?;
        self.mul(&centred, &inverse)
    }

    /// `factor * x + offset`, with factors and offsets that broadcast to `x`.
    fn scaled_like(&mut self, x: &Operand, factor: &Operand, offset: Option<&Operand>) -> Result<Operand, String> {
        let zero = Operand::scalar(0.0);
        let (factor, offset) = (self.expand(factor, &x.shape)?, self.expand(offset.unwrap_or(&zero), &x.shape)?);
        if [&factor, &offset].iter().any(|operand| operand.element != Element::Float) {
            return Err("factors and offsets must be floats".to_owned());
        }
        if factor.is_constant() && offset.is_constant() {
            return self.scaled(x, &factor, &offset);
        }
        let product = self.mul(x, &factor)?;
        self.sum(&[(1.0, &product), (1.0, &offset)], 0.0)
    }
}

fn epsilon(scope: &Scope<'_>) -> Result<f64, String> {
    let epsilon = f64::from(scope.attribute("epsilon", 1e-5f32)?);
    if epsilon.is_finite() && epsilon >= 0.0 {
        Ok(epsilon)
    } else {
        Err(format!("attribute `epsilon` is {epsilon}: it must be finite and not negative"))
    }
}

/// The axes from the attribute `axis` on.
fn from_axis(scope: &Scope<'_>, x: &Operand) -> Result<Vec<usize>, String> {
    Ok((scope.axis_of(x, scope.attribute("axis", -1i64)?)?..x.axes()).collect())
}

fn channels(x: &Operand) -> Result<usize, String> {
    x.shape.get(1).copied().ok_or_else(|| "the input needs a batch axis and a channel axis".to_owned())
}

/// How many elements the named axes hold.
fn count(x: &Operand, axes: &[usize]) -> Result<f64, String> {
    let lengths = axes.iter().map(|axis| x.shape.get(*axis).copied().ok_or_else(|| format!("there is no axis {axis}")));
    Ok(lengths.collect::<Result<Vec<_>, _>>()?.into_iter().product::<usize>() as f64)
}
