//! Sliding windows, which convolutions and pools share.

use crate::float::strides;
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};

/// WindowGeometry over the axes after batch and channels.
pub struct WindowGeometry {
    /// Lengths of the input's axes.
    input: Vec<usize>,
    /// Lengths of a window's axes.
    kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    /// Elements added before each axis.
    before: Vec<usize>,
    /// Elements added after each axis, enough for the last window to have all of its elements.
    behind: Vec<usize>,
    /// Lengths of the axes with the padding that the node specifies. What `ceil_mode` adds after it does not count as padding.
    padded: Vec<usize>,
    /// Number of windows along each axis.
    output: Vec<usize>,
}

/// The furthest that a window may reach along an axis: more is a mistake.
const MAX_LENGTH: usize = 1 << 20;

impl WindowGeometry {
    /// The windows that the attributes `auto_pad`, `ceil_mode`, `dilations`, `pads` and `strides` describe.
    pub fn read(scope: &Scope<'_>, x: &Operand, kernel: Vec<usize>) -> Result<Self, String> {
        let axes = kernel.len();
        let [_, _, input @ ..] = &x.shape[..] else { return Err("the input needs a batch axis and a channel axis".to_owned()) };
        if input.len() != axes || axes == 0 {
            return Err(format!("windows of shape {kernel:?} do not fit an input of shape {:?}", x.shape));
        }
        let strides = lengths(scope, "strides", axes, 1, 1)?;
        let dilations = lengths(scope, "dilations", axes, 1, 1)?;
        let pads = lengths(scope, "pads", 2 * axes, 0, 0)?;
        let (mut before, mut behind) = (pads[..axes].to_vec(), pads[axes..].to_vec());
        let (mut padded, mut output) = (Vec::new(), Vec::new());
        let auto = scope.text("auto_pad", "NOTSET")?;
        // With automatic padding, ONNX's formulas give the same number of windows with and without `ceil_mode`.
        let ceil = scope.attribute("ceil_mode", 0i64)? != 0 && auto == "NOTSET";
        for axis in 0..axes {
            let (length, stride) = (input[axis], strides[axis]);
            let reach = reach(kernel[axis], dilations[axis])?;
            match auto.as_str() {
                "NOTSET" => {}
                "VALID" => (before[axis], behind[axis]) = (0, 0),
                "SAME_UPPER" | "SAME_LOWER" => {
                    let total = (length.div_ceil(stride).saturating_sub(1) * stride + reach).saturating_sub(length);
                    let (less, more) = (total / 2, total - total / 2);
                    (before[axis], behind[axis]) = if auto == "SAME_UPPER" { (less, more) } else { (more, less) };
                }
                other => return Err(format!("attribute `auto_pad` is `{other}`, which is not known")),
            }
            let all = length + before[axis] + behind[axis];
            let span = all.checked_sub(reach).ok_or_else(|| format!("a window of {reach} does not fit into {all} elements"))?;
            let mut count = if ceil { span.div_ceil(stride) } else { span / stride } + 1;
            // A window that would begin after the input and the padding before it is left out.
            if ceil && (count - 1) * stride >= length + before[axis] {
                count -= 1;
            }
            behind[axis] = behind[axis].max(((count - 1) * stride + reach).saturating_sub(length + before[axis]));
            padded.push(all);
            output.push(count);
        }
        Self { input: input.to_vec(), kernel, strides, dilations, before, behind, padded, output }.checked(x)
    }

    /// WindowGeometry with a stride of 1 everywhere, over an input that is already padded.
    pub fn dense(x: &Operand, kernel: Vec<usize>, dilations: Vec<usize>) -> Result<Self, String> {
        let input = x.shape[2..].to_vec();
        let mut output = Vec::new();
        for ((length, kernel), dilation) in input.iter().zip(&kernel).zip(&dilations) {
            let reach = reach(*kernel, *dilation)?;
            let span = length.checked_sub(reach).ok_or_else(|| format!("a window of {reach} does not fit into {length} elements"))?;
            output.push(span + 1);
        }
        let (one, none) = (vec![1; input.len()], vec![0; input.len()]);
        Self { padded: input.clone(), input, kernel, strides: one, dilations, before: none.clone(), behind: none, output }.checked(x)
    }

    /// Refuses windows that hold too many elements together.
    fn checked(self, x: &Operand) -> Result<Self, String> {
        check_size(&[x.shape[0], self.positions(), self.taps(), x.shape[1]])?;
        Ok(self)
    }

    /// Number of elements of a window in one channel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().fold(1, |product, length| product.saturating_mul(*length))
    }

    /// Number of windows.
    pub fn positions(&self) -> usize {
        self.output.iter().fold(1, |product, length| product.saturating_mul(*length))
    }

    /// How many elements of each window an average divides by: those of the input, and those of its padding if `padding` is true.
    pub fn counts(&self, padding: bool) -> Vec<usize> {
        let mut counts = vec![1];
        for axis in 0..self.input.len() {
            let (before, length) = (self.before[axis], self.input[axis]);
            let counted = if padding { 0..self.padded[axis] } else { before..before + length };
            let inside = |window: usize| (0..self.kernel[axis]).filter(|tap| counted.contains(&self.place(axis, window, *tap))).count();
            let along: Vec<usize> = (0..self.output[axis]).map(inside).collect();
            counts = counts.iter().flat_map(|count| along.iter().map(move |inside| count * inside)).collect();
        }
        counts
    }

    /// Number of windows along each axis.
    pub fn output(&self) -> &[usize] {
        &self.output
    }

    /// Whether windows reach over the input's border.
    pub fn is_padded(&self) -> bool {
        self.before.iter().chain(&self.behind).any(|pad| *pad > 0)
    }

    /// Where each window begins in a channel, and how far each tap is from there, counted in the elements of the input; `by_columns`
    /// exchanges the last two axes. A window that begins in the padding begins before the input.
    pub fn places(&self, by_columns: bool) -> (Vec<i64>, Vec<i64>) {
        let axes = self.input.len();
        let mut order: Vec<usize> = (0..axes).collect();
        if by_columns && axes > 1 {
            order.swap(axes - 2, axes - 1);
        }
        let mut steps = vec![1i64; axes];
        order.iter().rev().fold(1i64, |step, axis| {
            steps[*axis] = step;
            step * self.input[*axis] as i64
        });
        let (mut starts, mut taps) = (vec![0i64], vec![0i64]);
        for (axis, step) in steps.into_iter().enumerate() {
            let (stride, dilation) = (self.strides[axis] as i64, self.dilations[axis] as i64);
            let (before, output, kernel) = (self.before[axis] as i64, self.output[axis] as i64, self.kernel[axis] as i64);
            starts = starts.iter().flat_map(|start| (0..output).map(move |k| start + (k * stride - before) * step)).collect();
            taps = taps.iter().flat_map(|tap| (0..kernel).map(move |k| tap + k * dilation * step)).collect();
        }
        (starts, taps)
    }

    /// Where a tap lies along an axis of the padded input.
    fn place(&self, axis: usize, window: usize, tap: usize) -> usize {
        window * self.strides[axis] + tap * self.dilations[axis]
    }

    /// The windows of `x` `[batch, channels, ..]` as `[batch, positions, taps, channels]`; padding holds `fill`.
    pub fn gather(&self, scope: &mut Scope<'_>, x: &Operand, fill: f64) -> Result<Operand, String> {
        let axes = self.input.len();
        // Padding is a separate step, so that the windows repeat elements of one tensor.
        let padded = (0..axes).map(|axis| {
            let length = self.input[axis];
            let inside = (0..length).map(Some);
            std::iter::repeat_n(None, self.before[axis]).chain(inside).chain(std::iter::repeat_n(None, self.behind[axis])).collect()
        });
        let all = |length: usize| (0..length).map(Some).collect::<Vec<_>>();
        let along: Vec<Vec<Option<usize>>> = [all(x.shape[0]), all(x.shape[1])].into_iter().chain(padded).collect();
        let channels_last: Vec<usize> = [0].into_iter().chain(2..x.axes()).chain([1]).collect();
        let x = scope.transpose(x, &channels_last)?;
        let along_last: Vec<Vec<Option<usize>>> = channels_last.iter().map(|axis| along[*axis].clone()).collect();
        let padded = scope.pick_all(&x, &along_last, fill)?;

        let (batch, channels) = (padded.shape[0], padded.shape[axes + 1]);
        let shape = vec![batch, self.positions(), self.taps(), channels];
        let steps = strides(&padded.shape);
        let mut windows = vec![0usize];
        let mut taps = vec![0usize];
        for axis in 0..axes {
            let step = steps[1 + axis];
            windows = windows.iter().flat_map(|start| (0..self.output[axis]).map(move |k| start + k * self.strides[axis] * step)).collect();
            taps = taps.iter().flat_map(|start| (0..self.kernel[axis]).map(move |k| start + k * self.dilations[axis] * step)).collect();
        }
        let mut indices = Vec::with_capacity(shape.iter().product());
        for batch in 0..batch {
            for window in &windows {
                for tap in &taps {
                    let start = batch * steps[0] + window + tap;
                    indices.extend((start..start + channels).map(|index| u32::try_from(index).expect("tensors are small")));
                }
            }
        }
        scope.gather(&padded, shape, indices, Vec::new())
    }

    /// `y` `[batch, positions, channels]` in ONNX's layout: `[batch, channels, ..]`.
    pub fn channels_first(&self, scope: &mut Scope<'_>, y: &Operand, channels: usize) -> Result<Operand, String> {
        let (batch, positions) = (y.shape[0], self.positions());
        let y = scope.reshape(y, vec![batch, positions, channels])?;
        let y = scope.transpose(&y, &[0, 2, 1])?;
        scope.reshape(&y, [&[batch, channels], &self.output[..]].concat())
    }
}

/// How far a window stretches along an axis.
pub fn reach(kernel: usize, dilation: usize) -> Result<usize, String> {
    let reach = kernel.checked_sub(1).and_then(|gaps| gaps.checked_mul(dilation)?.checked_add(1));
    reach
        .filter(|reach| *reach <= MAX_LENGTH)
        .ok_or_else(|| format!("a window of length {kernel} with dilation {dilation} must reach over 1 to {MAX_LENGTH} elements"))
}

/// The attribute `kernel_shape` of an operator without a kernel, for windows over the axes of `x` after batch and channels.
pub fn kernel_shape(scope: &Scope<'_>, x: &Operand) -> Result<Vec<usize>, String> {
    scope.list("kernel_shape").ok_or("attribute `kernel_shape` is missing")?;
    lengths(scope, "kernel_shape", x.axes().saturating_sub(2), 1, 1)
}

/// A list attribute of lengths, or its default.
pub fn lengths(scope: &Scope<'_>, name: &str, count: usize, default: usize, least: usize) -> Result<Vec<usize>, String> {
    let Some(list) = scope.list(name).filter(|list| !list.is_empty()) else { return Ok(vec![default; count]) };
    let length = |value: &i64| usize::try_from(*value).ok().filter(|value| (least..=MAX_LENGTH).contains(value));
    let found: Option<Vec<usize>> = list.iter().map(length).collect();
    found
        .filter(|found| found.len() == count)
        .ok_or_else(|| format!("attribute `{name}` is {list:?}: {count} values of at least {least} are expected"))
}
