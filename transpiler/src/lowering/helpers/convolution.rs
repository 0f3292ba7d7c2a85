//! Convolutions: the windows are gathered, channels last, and each is multiplied with the kernel as one row of a dense layer. Code
//! generation sees through the gathering, and the runtime's dense layer needs nothing special.

use super::windows::WindowGeometry;
use crate::lowering::scope::{Operand, Scope};

/// The convolution of `x` `[batch, channels, ..]` with `weights` `[outputs, channels / groups, ..]`; padding holds `fill`.
pub fn convolution(scope: &mut Scope<'_>, x: &Operand, weights: &Operand, bias: Option<&Operand>, fill: f64) -> Result<Operand, String> {
    let [outputs, per_group, kernel @ ..] = &weights.shape[..] else {
        return Err("the kernel needs an output axis and a channel axis".to_owned());
    };
    if let Some(shape) = scope.list("kernel_shape")
        && shape.iter().map(|length| usize::try_from(*length).ok()).ne(kernel.iter().map(|length| Some(*length)))
    {
        return Err(format!("attribute `kernel_shape` is {shape:?}, but the kernel has shape {kernel:?}"));
    }
    let groups =
        usize::try_from(scope.attribute("group", 1i64)?).ok().filter(|groups| *groups > 0).ok_or("attribute `group` must be positive")?;
    if x.shape.get(1) != Some(&(per_group * groups)) || !outputs.is_multiple_of(groups) {
        return Err(format!("the kernel takes {per_group} channels for each of {groups} groups and gives {outputs}"));
    }
    let windows = WindowGeometry::read(scope, x, kernel.to_vec())?;
    let values = weights.values().ok_or("the kernel must be a constant")?.to_vec();
    let bias = match bias.map(|bias| bias.values().unwrap_or_default().to_vec()) {
        Some(bias) if bias.len() == *outputs => bias,
        Some(bias) => return Err(format!("{} biases for {outputs} outputs", bias.len())),
        None => vec![0.0; *outputs],
    };
    convolve(scope, x, &windows, groups, &values, bias, fill)
}

/// Gathers windows, with `fill` as padding, and multiplies them with `weights` `[outputs, channels / groups, taps]`.
pub fn convolve(
    scope: &mut Scope<'_>,
    x: &Operand,
    windows: &WindowGeometry,
    groups: usize,
    weights: &[f64],
    bias: Vec<f64>,
    fill: f64,
) -> Result<Operand, String> {
    let outputs = bias.len();
    let gathered = windows.gather(scope, x, fill)?;
    let y = scope.multiplied(&gathered, groups, weights, bias)?;
    windows.channels_first(scope, &y, outputs)
}

impl Scope<'_> {
    /// Windows `[batch, positions, taps, channels]` times `weights` `[outputs, channels / groups, taps]`: `[batch, positions, outputs]`.
    pub fn multiplied(&mut self, windows: &Operand, groups: usize, weights: &[f64], bias: Vec<f64>) -> Result<Operand, String> {
        let &[batch, positions, taps, channels] = &windows.shape[..] else { return Err("windows are expected".to_owned()) };
        let (outputs, per_group) = (bias.len(), channels / groups);
        // [batch, positions, taps, channels] -> [batch, positions, groups, taps, channels of the group]
        let split = self.reshape(windows, vec![batch, positions, taps, groups, per_group])?;
        let grouped = self.transpose(&split, &[0, 1, 3, 2, 4])?;
        let rows = self.reshape(&grouped, vec![batch, positions, groups * taps * per_group])?;
        let weight = |index: usize| {
            let (output, tap, channel) = (index / (taps * per_group), index / per_group % taps, index % per_group);
            weights[(output * per_group + channel) * taps + tap]
        };
        let weights = (0..outputs * taps * per_group).map(weight).collect();
        self.affine(&rows, groups, weights, bias)
    }
}
