//! ConvTranspose: each input element adds the kernel, times itself, to the output.
//!
//! Seen from the output, an element is a window over the input with zeros between its elements, times the kernel in reverse: a convolution
//! with a stride of 1.

use maat_runtime::Shape;

use crate::lowering::helpers::convolution::convolve;
use crate::lowering::helpers::windows::{WindowGeometry, lengths, reach};
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let (x, weights) = (scope.floats(0)?, scope.weights(1)?);
    let [inputs, per_group, kernel @ ..] = &weights.shape[..] else {
        return Err("the kernel needs an input axis and a channel axis".to_owned());
    };
    if x.axes() != weights.axes() || x.axes() < 3 || x.shape[1] != *inputs {
        return Err(format!("a kernel of shape {:?} does not fit an input of shape {:?}", weights.shape, x.shape));
    }
    let shape = lengths(scope, "kernel_shape", kernel.len(), 1, 1)?;
    if scope.list("kernel_shape").is_some() && shape != kernel {
        return Err(format!("attribute `kernel_shape` is {shape:?}, but the kernel has shape {kernel:?}"));
    }
    let groups = usize::try_from(scope.attribute("group", 1i64)?).ok().filter(|groups| *groups > 0 && inputs.is_multiple_of(*groups));
    let groups = groups.ok_or("attribute `group` does not divide the number of channels")?;
    let outputs = per_group * groups;
    let bias = match scope.optional(2)? {
        Some(_) => scope.weights(2)?.values().unwrap_or_default().to_vec(),
        None => vec![0.0; outputs],
    };
    if bias.len() != outputs {
        return Err(format!("{} biases for {outputs} outputs", bias.len()));
    }
    let dilations = lengths(scope, "dilations", kernel.len(), 1, 1)?;
    let along = spread(scope, &x, kernel, &dilations)?;
    let spread = scope.pick_all(&x, &along, 0.0)?;
    let windows = WindowGeometry::dense(&spread, kernel.to_vec(), dilations)?;

    // From [inputs, outputs of the group, taps] to [outputs, inputs of the group, taps in reverse].
    let (values, taps, of_group) = (weights.values().unwrap_or_default(), windows.taps(), inputs / groups);
    let weight = |index: usize| {
        let (output, input, tap) = (index / (of_group * taps), index / taps % of_group, index % taps);
        let input = output / per_group * of_group + input;
        values[(input * per_group + output % per_group) * taps + taps - 1 - tap]
    };
    let flipped: Vec<f64> = (0..values.len()).map(weight).collect();
    let y = convolve(scope, &spread, &windows, groups, &flipped, bias, 0.0)?;
    scope.finish(y)
}

/// For each axis, the positions to take so that the kernel's windows give the output: zeros between the elements and around them, or fewer
/// elements where the output is cut.
fn spread(scope: &Scope<'_>, x: &Operand, kernel: &[usize], dilations: &[usize]) -> Result<Vec<Vec<Option<usize>>>, String> {
    let axes = kernel.len();
    let strides = lengths(scope, "strides", axes, 1, 1)?;
    let extra = lengths(scope, "output_padding", axes, 0, 0)?;
    let pads = lengths(scope, "pads", 2 * axes, 0, 0)?;
    let auto = scope.text("auto_pad", "NOTSET")?;
    let target = match (scope.list("output_shape").filter(|shape| !shape.is_empty()), auto.as_str()) {
        (Some(_), "NOTSET" | "VALID" | "SAME_UPPER" | "SAME_LOWER") => Some(lengths(scope, "output_shape", axes, 1, 1)?),
        (None, "SAME_UPPER" | "SAME_LOWER") => Some((0..axes).map(|axis| x.shape[2 + axis].saturating_mul(strides[axis])).collect()),
        (None, "NOTSET" | "VALID") => None,
        (_, other) => return Err(format!("attribute `auto_pad` is `{other}`, which is not known")),
    };
    let mut along: Vec<Vec<Option<usize>>> = x.shape[..2].iter().map(|length| (0..*length).map(Some).collect()).collect();
    for axis in 0..axes {
        let (length, stride, reach) = (x.shape[2 + axis], strides[axis], reach(kernel[axis], dilations[axis])?);
        let stretched = length.saturating_sub(1).saturating_mul(stride).saturating_add(1);
        if stretched > Shape::MAX_ELEMENTS {
            return Err(format!("an axis of length {length} with a stride of {stride} is too long"));
        }
        // Everything that the kernel touches, and what is cut off it. An output that is longer ends with zeros.
        let full = stretched + reach - 1 + extra[axis];
        let full = target.as_ref().map_or(full, |target| full.max(target[axis]));
        let (before, behind) = match &target {
            Some(target) => {
                let total = full - target[axis];
                let less = total / 2;
                if auto == "SAME_UPPER" { (less, total - less) } else { (total - less, less) }
            }
            None if auto == "VALID" => (0, 0),
            None => (pads[axis], pads[axes + axis]),
        };
        if before + behind >= full {
            return Err(format!("pads of {before} and {behind} leave nothing of an axis of length {full}"));
        }
        // Each end has room for a window that touches only one element.
        let first = before as i64 - (reach as i64 - 1);
        let places = (0..full - before - behind + reach - 1).map(|k| usize::try_from(first + k as i64).ok());
        along.push(
            places
                .map(|place| place.filter(|place| *place < stretched && place.is_multiple_of(stride)).map(|place| place / stride))
                .collect(),
        );
    }
    Ok(along)
}
