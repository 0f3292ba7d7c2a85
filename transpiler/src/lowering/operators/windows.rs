//! Sliding windows: what convolutions and pools have in common.

use crate::lowering::scope::{Operand, Scope};

/// Windows over the axes behind batch and channels.
pub(super) struct Windows {
    /// Lengths of the input's axes.
    input: Vec<usize>,
    /// Lengths of a window's axes.
    pub(super) kernel: Vec<usize>,
    strides: Vec<usize>,
    dilations: Vec<usize>,
    /// Elements added before each axis.
    before: Vec<usize>,
    /// Elements added behind each axis.
    behind: Vec<usize>,
    /// Number of windows along each axis.
    output: Vec<usize>,
}

/// No window may reach further than this along an axis: more is a mistake.
const MAX_LENGTH: usize = 1 << 20;

impl Windows {
    /// The windows that the attributes `auto_pad`, `ceil_mode`, `dilations`, `pads` and `strides` describe.
    pub(super) fn read(scope: &Scope<'_>, x: &Operand, kernel: Vec<usize>) -> Result<Self, String> {
        let axes = kernel.len();
        let [_, _, input @ ..] = &x.shape[..] else { return Err("the input needs a batch axis and a channel axis".to_owned()) };
        if input.len() != axes || !(1..=2).contains(&axes) {
            return Err(format!("windows of shape {kernel:?} over an input of shape {:?}: one or two axes are supported", x.shape));
        }
        let strides = lengths(scope, "strides", axes, 1, 1)?;
        let dilations = lengths(scope, "dilations", axes, 1, 1)?;
        let pads = lengths(scope, "pads", 2 * axes, 0, 0)?;
        let (mut before, mut behind) = (pads[..axes].to_vec(), pads[axes..].to_vec());
        let ceil = scope.attribute("ceil_mode", 0i64)? != 0;
        let mut output = Vec::new();
        let auto = scope.text("auto_pad", "NOTSET")?;
        for axis in 0..axes {
            let (length, stride) = (input[axis], strides[axis]);
            let reach = (kernel[axis] - 1) * dilations[axis] + 1;
            if kernel[axis] == 0 || reach > MAX_LENGTH {
                return Err(format!("a window of shape {kernel:?} with dilations {dilations:?}"));
            }
            match auto.as_str() {
                "NOTSET" => {}
                "VALID" => (before[axis], behind[axis]) = (0, 0),
                "SAME_UPPER" | "SAME_LOWER" => {
                    let total = ((length.div_ceil(stride) - 1) * stride + reach).saturating_sub(length);
                    let (less, more) = (total / 2, total - total / 2);
                    (before[axis], behind[axis]) = if auto == "SAME_UPPER" { (less, more) } else { (more, less) };
                }
                other => return Err(format!("attribute `auto_pad` is `{other}`")),
            }
            let padded = length + before[axis] + behind[axis];
            let span = padded.checked_sub(reach).ok_or_else(|| format!("a window of {reach} does not fit into {padded} elements"))?;
            let mut count = if ceil { span.div_ceil(stride) } else { span / stride } + 1;
            // A window that would begin behind the input and its padding in front is left out.
            if ceil && (count - 1) * stride >= length + before[axis] {
                count -= 1;
            }
            // Where the last window reaches further than the padding, more is added.
            behind[axis] = behind[axis].max(((count - 1) * stride + reach).saturating_sub(length + before[axis]));
            output.push(count);
        }
        Ok(Self { input: input.to_vec(), kernel, strides, dilations, before, behind, output })
    }

    /// Windows that visit each element of an input once for each tap, without padding of their own: a stride of 1 everywhere.
    pub(super) fn dense(input: Vec<usize>, kernel: Vec<usize>, dilations: Vec<usize>) -> Option<Self> {
        let output = input.iter().zip(&kernel).zip(&dilations);
        let output =
            output.map(|((length, kernel), dilation)| Some(length.checked_sub((kernel - 1) * dilation + 1)? + 1)).collect::<Option<_>>()?;
        let axes = input.len();
        Some(Self { input, kernel, strides: vec![1; axes], dilations, before: vec![0; axes], behind: vec![0; axes], output })
    }

    /// Number of elements of a window in one channel.
    pub(super) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Number of windows.
    pub(super) fn positions(&self) -> usize {
        self.output.iter().product()
    }

    /// Of each window, how many elements are the input's, or its declared padding's if `padding` is true: what an average divides by.
    pub(super) fn counts(&self, scope: &Scope<'_>, padding: bool) -> Result<Vec<usize>, String> {
        let axes = self.input.len();
        let declared = lengths(scope, "pads", 2 * axes, 0, 0)?;
        let automatic = scope.text("auto_pad", "NOTSET")? != "NOTSET";
        let mut counts = vec![1];
        for axis in 0..axes {
            let (from, to) = if padding {
                let behind = if automatic { self.behind[axis] } else { declared[axes + axis] };
                (0, self.input[axis] + self.before[axis] + behind)
            } else {
                (self.before[axis], self.before[axis] + self.input[axis])
            };
            let inside = |window: usize| (0..self.kernel[axis]).filter(|tap| (from..to).contains(&self.place(axis, window, *tap))).count();
            counts = counts
                .into_iter()
                .flat_map(|count| (0..self.output[axis]).map(move |window| (count, window)))
                .map(|(count, window)| count * inside(window))
                .collect();
        }
        Ok(counts)
    }

    /// Where a tap lies along an axis of the padded input.
    fn place(&self, axis: usize, window: usize, tap: usize) -> usize {
        window * self.strides[axis] + tap * self.dilations[axis]
    }

    /// The windows of `x` `[batch, channels, ..]` as `[batch, positions, taps, channels]`; padding holds `fill`.
    pub(super) fn gather(&self, scope: &mut Scope<'_>, x: &Operand, fill: f64) -> Result<Operand, String> {
        let axes = self.input.len();
        // Padding is a step of its own: what is repeated by the windows is then one tensor.
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
        let elements =
            [batch, self.positions(), self.taps(), channels].iter().try_fold(1usize, |product, length| product.checked_mul(*length));
        if elements.is_none_or(|elements| elements > maat_runtime::Shape::MAX_ELEMENTS) {
            return Err("the windows hold too many elements together".to_owned());
        }
        let steps = crate::float::strides(&padded.shape);
        let mut windows = vec![0usize];
        let mut taps = vec![0usize];
        for axis in 0..axes {
            let step = steps[1 + axis];
            windows = windows.iter().flat_map(|start| (0..self.output[axis]).map(move |k| start + k * self.strides[axis] * step)).collect();
            taps = taps.iter().flat_map(|start| (0..self.kernel[axis]).map(move |k| start + k * self.dilations[axis] * step)).collect();
        }
        let mut indices = Vec::with_capacity(elements.unwrap_or_default());
        for batch in 0..batch {
            for window in &windows {
                for tap in &taps {
                    let start = batch * steps[0] + window + tap;
                    indices.extend((start..start + channels).map(|index| u32::try_from(index).expect("tensors are small")));
                }
            }
        }
        scope.gather(&padded, vec![batch, self.positions(), self.taps(), channels], indices, Vec::new())
    }

    /// `y` `[batch, positions, channels]` as ONNX has it: `[batch, channels, ..]`.
    pub(super) fn channels_first(&self, scope: &mut Scope<'_>, y: &Operand, channels: usize) -> Result<Operand, String> {
        let (batch, positions) = (y.shape[0], self.positions());
        let y = scope.reshape(y, vec![batch, positions, channels])?;
        let y = scope.transpose(&y, &[0, 2, 1])?;
        scope.reshape(&y, [&[batch, channels], &self.output[..]].concat())
    }
}

/// A list attribute of lengths, or its default.
pub(super) fn lengths(scope: &Scope<'_>, name: &str, count: usize, default: usize, least: usize) -> Result<Vec<usize>, String> {
    let Some(list) = scope.list(name).filter(|list| !list.is_empty()) else { return Ok(vec![default; count]) };
    let length = |value: &i64| usize::try_from(*value).ok().filter(|value| (least..=MAX_LENGTH).contains(value));
    let found: Option<Vec<usize>> = list.iter().map(length).collect();
    found
        .filter(|found| found.len() == count)
        .ok_or_else(|| format!("attribute `{name}` is {list:?}: {count} values from {least} on are expected"))
}
