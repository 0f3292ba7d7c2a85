//! BatchNormalization in inference: `y = scale * (x - mean) / sqrt(var + epsilon) + bias`, a rule for each channel (axis 1).
//!
//! It is folded into the linear layer before or after it, if there is one.

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(5, 5)?;
    if scope.attribute("training_mode", 0i64)? != 0 || (scope.opset() < 14 && scope.wants(1)) {
        return Err("statistics of a batch are computed only in training: export the model for inference".to_owned());
    }
    let x = scope.input(0)?;
    let channels = match x.shape[..] {
        [_, channels, ..] => channels,
        // A vector is a batch with one channel.
        [_] => 1,
        [] => return Err("the input needs a batch axis".to_owned()),
    };
    let epsilon = f64::from(scope.attribute("epsilon", 1e-5f32)?);
    let mut parameters = Vec::new();
    for position in 1..5 {
        let constant = scope.weights(position)?;
        if constant.elements() != channels {
            return Err(format!("input {position} has {} values for {channels} channels", constant.elements()));
        }
        parameters.push(constant.values().unwrap_or_default().to_vec());
    }
    let [scale, bias, mean, variance] = &parameters[..] else { unreachable!("four inputs were read") };
    if let Some(channel) = variance.iter().position(|variance| variance + epsilon <= 0.0) {
        return Err(format!("variance + epsilon of channel {channel} is not positive"));
    }
    let factor: Vec<f64> = scale.iter().zip(variance).map(|(scale, variance)| scale / (variance + epsilon).sqrt()).collect();
    let offset: Vec<f64> = (0..channels).map(|channel| bias[channel] - mean[channel] * factor[channel]).collect();
    let y = scope.per_channel(&x, factor, offset)?;
    scope.finish(y)
}

impl Scope<'_> {
    /// `factor[c] * x + offset[c]`, with channel `c` along axis 1.
    pub(super) fn per_channel(&mut self, x: &Operand, factor: Vec<f64>, offset: Vec<f64>) -> Result<Operand, String> {
        let mut shape = vec![1; x.axes()];
        if let Some(channels) = shape.get_mut(1) {
            *channels = factor.len();
        }
        let constant = |values: Vec<f64>| Operand::constant(shape.clone(), Element::Float, values);
        self.scaled(x, &constant(factor), &constant(offset))
    }
}
