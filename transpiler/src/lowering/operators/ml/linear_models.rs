//! LinearRegressor and LinearClassifier of `ai.onnx.ml`.

use crate::lowering::helpers::labels::Labels;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn regressor(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let (weights, bias) = parameters(scope, &x)?;
    let targets = scope.attribute("targets", 1i64)?;
    if usize::try_from(targets) != Ok(bias.len()) {
        return Err(format!("attribute `targets` is {targets}, but there are coefficients for {}", bias.len()));
    }
    let scores = scope.real_affine(&x, weights, bias)?;
    let y = scope.post_transform(&scores, &scope.text("post_transform", "NONE")?)?;
    scope.finish(y)
}

/// With two classes and one row of coefficients, the scores are `-s` and `s`.
pub(super) fn classifier(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let (mut weights, mut bias) = parameters(scope, &x)?;
    let labels = Labels::read(scope, "classlabels_ints", "classlabels_strings")?;
    if bias.len() == 1 && labels.len() == 2 {
        weights = weights.iter().map(|weight| -weight).chain(weights.iter().copied()).collect();
        bias = vec![-bias[0], bias[0]];
    }
    let classes = bias.len();
    let transform = scope.text("post_transform", "NONE")?;
    if classes == 1 && transform == "SOFTMAX" {
        return Err("the softmax of one score is always 1".to_owned());
    }
    let scores = scope.real_affine(&x, weights, bias)?;
    let transformed = scope.post_transform(&scores, &transform)?;
    scope.give(1, transformed);
    if scope.uses(0) {
        // The transforms are monotone, so the scores before them decide.
        let numbers = labels.numbers()?;
        let label = match &numbers[..] {
            [] if classes > 1 => scope.label(&scores, &(0..classes as i64).collect::<Vec<_>>())?,
            [] => scope.label_if_positive(&scores, 1)?,
            [_] if classes == 1 && matches!(labels, Labels::Texts(_)) => {
                return Err("one label is text, and what it is where the score is negative is not defined".to_owned());
            }
            [label] if classes == 1 => scope.label_if_positive(&scores, *label)?,
            numbers => scope.label(&scores, numbers)?,
        };
        let label = labels.typed(scope, label)?;
        scope.give(0, label);
    }
    Ok(())
}

/// The coefficients, a row for each target, and the intercepts.
fn parameters(scope: &Scope<'_>, x: &Operand) -> Result<(Vec<f64>, Vec<f64>), String> {
    let features = x.shape[1];
    let weights = scope.list_of_floats("coefficients")?.ok_or("attribute `coefficients` is missing")?;
    if !weights.len().is_multiple_of(features) {
        return Err(format!("{} coefficients for {features} features", weights.len()));
    }
    let targets = weights.len() / features;
    let bias = match scope.list_of_floats("intercepts")? {
        Some(bias) if bias.len() == targets => bias,
        Some(bias) if bias.len() == 1 => vec![bias[0]; targets],
        Some(bias) => return Err(format!("{} intercepts for {targets} rows of coefficients", bias.len())),
        None => vec![0.0; targets],
    };
    Ok((weights, bias))
}
