//! DeformConv (opset 19) with known offsets: a convolution whose windows take each of their elements from beside its place, interpolated
//! between the elements around it, and times a mask. Outside the image are zeros.

use crate::lowering::helpers::sampling::{Beyond, Interpolation, Sampled, together};
use crate::lowering::helpers::weighted::{Terms, check_terms};
use crate::lowering::helpers::windows::{lengths, reach};
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 5)?;
    let (x, weights, offsets) = (scope.floats(0)?, scope.weights(1)?, scope.weights(2)?);
    let (&[batch, channels, height, width], &[outputs, per_group, rows, columns]) = (&x.shape[..], &weights.shape[..]) else {
        return Err("the input and the kernel need four axes".to_owned());
    };
    if x.elements() == 0 {
        return Err("the input has no elements".to_owned());
    }
    let kernel = [rows, columns];
    if lengths(scope, "kernel_shape", 2, 1, 1)? != kernel && scope.list("kernel_shape").is_some() {
        return Err(format!("attribute `kernel_shape` does not fit a kernel of shape {kernel:?}"));
    }
    let count = |name: &str| usize::try_from(scope.attribute(name, 1i64)?).map_err(|error| format!("attribute `{name}`: {error}"));
    let (groups, offset_groups) = (count("group")?, count("offset_group")?);
    if groups == 0 || per_group.checked_mul(groups) != Some(channels) || !outputs.is_multiple_of(groups) {
        return Err(format!("the kernel takes {per_group} channels for each of {groups} groups and gives {outputs}"));
    }
    if offset_groups == 0 || !channels.is_multiple_of(offset_groups) {
        return Err(format!("{channels} channels are not divided by {offset_groups} groups of offsets"));
    }
    let (strides, dilations) = (lengths(scope, "strides", 2, 1, 1)?, lengths(scope, "dilations", 2, 1, 1)?);
    let pads = lengths(scope, "pads", 4, 0, 0)?;
    let mut places = [0; 2];
    for (axis, length) in [height, width].into_iter().enumerate() {
        let reach = reach(kernel[axis], dilations[axis])?;
        let padded = length + pads[axis] + pads[2 + axis];
        let span = padded.checked_sub(reach).ok_or_else(|| format!("a window of {reach} does not fit into {padded} elements"))?;
        places[axis] = span / strides[axis] + 1;
    }
    let (taps, positions) = (rows * columns, places[0] * places[1]);
    check_size(&[batch, positions, taps, channels])?;
    check_terms(&[batch, positions, taps, offset_groups, 4])?;
    let fits = |x: &Operand, per_tap: usize| x.shape == [batch, offset_groups * taps * per_tap, places[0], places[1]];
    let mask = if scope.optional(4)?.is_some() { Some(scope.weights(4)?) } else { None };
    if !fits(&offsets, 2) || mask.as_ref().is_some_and(|mask| !fits(mask, 1)) {
        return Err(format!("offsets of shape {:?} or their mask do not fit {taps} taps at {places:?} places", offsets.shape));
    }
    let bias = match scope.optional(3)? {
        Some(_) => scope.weights(3)?.values().unwrap_or_default().to_vec(),
        None => vec![0.0; outputs],
    };
    if bias.len() != outputs {
        return Err(format!("{} biases for {outputs} outputs", bias.len()));
    }

    let shifts = offsets.values().unwrap_or_default();
    // One tap of one window, in one image and for one group of offsets.
    let sum = |image: usize, group: usize, position: usize, tap: usize| -> Terms {
        let at = |per_tap: usize, k: usize| ((image * offset_groups + group) * taps * per_tap + tap * per_tap + k) * positions + position;
        let (window, in_kernel) = ([position / places[1], position % places[1]], [tap / columns, tap % columns]);
        let along = [0, 1].map(|axis| {
            let place = (window[axis] * strides[axis] + in_kernel[axis] * dilations[axis]) as f64 - pads[axis] as f64;
            let length = [height, width][axis];
            let axis_of_image = Sampled { length, corners: true, interpolation: Interpolation::Linear, beyond: Beyond::Zeros };
            axis_of_image.terms(place + shifts[at(2, axis)])
        });
        let factor = mask.as_ref().and_then(Operand::values).map_or(1.0, |mask| mask[at(1, 0)]);
        let start = image * height * width;
        together(&[height, width], &along).into_iter().map(|(place, weight)| (start + place, weight * factor)).collect()
    };
    let images = scope.reshape(&x, vec![batch, channels, height * width])?;
    let images = scope.transpose(&images, &[1, 0, 2])?;
    let images = scope.reshape(&images, vec![channels, batch * height * width])?;
    let in_group = channels / offset_groups;
    let mut windows = Vec::new();
    for group in 0..offset_groups {
        let sums = (0..batch * positions * taps).map(|k| sum(k / taps / positions, group, k / taps % positions, k % taps)).collect();
        let of_group = scope.pick(&images, 0, &(group * in_group..(group + 1) * in_group).collect::<Vec<_>>())?;
        windows.push(scope.weighted(&of_group, sums)?);
    }
    let windows = scope.concat(&windows, 0)?;
    let windows = scope.reshape(&windows, vec![channels, batch, positions, taps])?;
    let windows = scope.transpose(&windows, &[1, 2, 3, 0])?;
    let y = scope.multiplied(&windows, groups, weights.values().unwrap_or_default(), bias)?;
    let y = scope.transpose(&y, &[0, 2, 1])?;
    let y = scope.reshape(&y, vec![batch, outputs, places[0], places[1]])?;
    scope.finish(y)
}
