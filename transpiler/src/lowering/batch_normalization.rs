//! BatchNormalization in inference: `y = scale * (x - mean) / sqrt(var + epsilon) + bias`, a rule for each channel (axis 1).
//!
//! On a `[batch, channels]` tensor it is folded into the dense layer before or behind it, where there is one.

use super::scope::Scope;
use crate::float::{Bounds, FloatOp};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(5, 5)?;
    if scope.attribute("training_mode", 0i64)? != 0 {
        return Err("training_mode = 1: export the model for inference".to_owned());
    }
    let input = scope.computed(0)?;
    let shape = scope.shape(input)?;
    let [_, channels, inner @ ..] = shape else {
        return Err("the input needs a batch axis and a channel axis".to_owned());
    };
    let inner: usize = inner.iter().product();
    let epsilon = f64::from(scope.attribute("epsilon", 1e-5f32)?);
    let mut parameters = Vec::new();
    for position in 1..5 {
        let constant = scope.weights(position)?;
        if constant.values.len() != *channels {
            return Err(format!("input {position} has {} values for {channels} channels", constant.values.len()));
        }
        parameters.push(&constant.values);
    }
    let [scale, bias, mean, variance] = parameters[..] else { unreachable!("four inputs were read") };
    if let Some(channel) = variance.iter().position(|variance| variance + epsilon <= 0.0) {
        return Err(format!("variance + epsilon of channel {channel} is not positive"));
    }
    let factor: Vec<f64> = scale.iter().zip(variance).map(|(scale, variance)| scale / (variance + epsilon).sqrt()).collect();
    let offset: Vec<f64> = (0..*channels).map(|channel| bias[channel] - mean[channel] * factor[channel]).collect();
    let repeated = |values: Vec<f64>| values.into_iter().flat_map(|value| std::iter::repeat_n(value, inner)).collect::<Vec<_>>();
    scope.emit(FloatOp::Sum { coefficients: vec![repeated(factor)], bias: repeated(offset), bounds: Bounds::NONE }, &[input])
}
