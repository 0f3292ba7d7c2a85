//! NegativeLogLikelihoodLoss: `-w[t] * x[t]` for the label `t` of each place, `w` being the classes' weights; SoftmaxCrossEntropyLoss: the
//! same of `log softmax x`, which is the second output.
//!
//! Scores are `[batch, classes, ..]`, labels `[batch, ..]`. Places with the label `ignore_index` count nothing. A mean divides by the sum
//! of the weights. Known labels are moves; computed ones are compared with each class, and a label that is no class counts nothing.

use crate::lowering::moves::narrow;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn negative_log_likelihood(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let x = scope.floats(0)?;
    let loss = loss(scope, &x)?;
    scope.finish(loss)
}

pub(super) fn softmax_cross_entropy(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let x = scope.floats(0)?;
    classes(&x)?;
    let logarithms = scope.log_softmax(&x, &[1])?;
    let loss = loss(scope, &logarithms)?;
    scope.give(0, loss);
    scope.give(1, logarithms);
    Ok(())
}

fn classes(x: &Operand) -> Result<usize, String> {
    x.shape.get(1).copied().filter(|classes| *classes > 0).ok_or_else(|| "scores need a batch axis and an axis of classes".to_owned())
}

/// The loss of logarithms `[batch, classes, ..]`.
fn loss(scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
    let classes = classes(x)?;
    let labels = scope.input(1)?;
    let places = [&x.shape[..1], &x.shape[2..]].concat();
    if labels.shape != places || !matches!(labels.element, Element::Integer(_)) {
        return Err(format!("labels of type {} and shape {:?} are not integers of shape {places:?}", labels.element, labels.shape));
    }
    let weights = match scope.optional(2)? {
        Some(weights) if weights.shape == [classes] && weights.element == Element::Float => weights,
        Some(weights) => return Err(format!("weights of type {} and shape {:?} are not {classes} floats", weights.element, weights.shape)),
        None => Operand::constant(vec![classes], Element::Float, vec![1.0; classes]),
    };
    let ignored = scope.optional_attribute::<i64>("ignore_index")?;
    let (losses, counts) = match labels.values() {
        Some(known) => {
            let known = known.to_vec();
            of_known(scope, x, &known, &weights, ignored)?
        }
        None => of_computed(scope, x, &labels, &weights, ignored)?,
    };
    let all: Vec<usize> = (0..places.len()).collect();
    match scope.text("reduction", "mean")?.as_str() {
        "none" => Ok(losses),
        "sum" => scope.reduce_sum(&losses, &all, false, 1.0),
        "mean" => {
            let total = scope.reduce_sum(&losses, &all, false, 1.0)?;
            let count = scope.reduce_sum(&counts, &all, false, 1.0)?;
            if count.single() == Some(0.0) {
                return Err("no label counts, so that there is no mean".to_owned());
            }
            scope.div(&total, &count)
        }
        other => Err(format!("attribute `reduction` is `{other}`, which is not known")),
    }
}

/// Losses and weights of the places, for known labels.
fn of_known(
    scope: &mut Scope<'_>,
    x: &Operand,
    labels: &[f64],
    weights: &Operand,
    ignored: Option<i64>,
) -> Result<(Operand, Operand), String> {
    let (classes, inner) = (x.shape[1], x.shape[2..].iter().product::<usize>());
    let places = [&x.shape[..1], &x.shape[2..]].concat();
    let class = |label: &f64| match *label as i64 {
        label if ignored == Some(label) => Ok(None),
        label if (0..classes as i64).contains(&label) => Ok(Some(label as usize)),
        label => Err(format!("label {label} is none of {classes} classes")),
    };
    let chosen = labels.iter().map(class).collect::<Result<Vec<_>, _>>()?;
    // Places without a class take the constant 0 after the elements.
    let constants = if chosen.contains(&None) { vec![0.0] } else { Vec::new() };
    let of_scores = chosen
        .iter()
        .enumerate()
        .map(|(place, class)| class.map_or(x.elements(), |class| (place / inner * classes + class) * inner + place % inner));
    let picked = scope.gather(x, places.clone(), narrow(of_scores), constants.clone())?;
    let of_weights = chosen.iter().map(|class| class.unwrap_or(classes));
    let counts = scope.gather(weights, places, narrow(of_weights), constants)?;
    let products = scope.mul(&picked, &counts)?;
    Ok((scope.negate(&products)?, counts))
}

/// Losses and weights of the places, for computed labels.
fn of_computed(
    scope: &mut Scope<'_>,
    x: &Operand,
    labels: &Operand,
    weights: &Operand,
    ignored: Option<i64>,
) -> Result<(Operand, Operand), String> {
    let (batch, classes, inner) = (x.shape[0], x.shape[1], x.shape[2..].iter().product::<usize>());
    let kept: Vec<usize> = (0..classes).filter(|class| ignored != i64::try_from(*class).ok()).collect();
    if kept.is_empty() {
        return Err("attribute `ignore_index` leaves out the only class".to_owned());
    }
    let rows = scope.reshape(x, vec![batch, classes, inner])?;
    let rows = scope.pick(&rows, 1, &kept)?;
    let weights = scope.reshape(weights, vec![1, classes, 1])?;
    let weights = scope.pick(&weights, 1, &kept)?;
    let labels = scope.reshape(labels, vec![batch, 1, inner])?;
    let names = Operand::constant(vec![1, kept.len(), 1], labels.element, kept.iter().map(|class| *class as f64).collect());
    let is_label = scope.equal(&labels, &names)?;
    let weighted = scope.mul(&rows, &weights)?;
    let mut of_labels = |values: &Operand, factor: f64| {
        let chosen = scope.select(&is_label, values, &Operand::scalar(0.0))?;
        let sums = scope.reduce_sum(&chosen, &[1], false, factor)?;
        scope.reshape(&sums, [&x.shape[..1], &x.shape[2..]].concat())
    };
    let losses = of_labels(&weighted, -1.0)?;
    let counts = of_labels(&weights, 1.0)?;
    Ok((losses, counts))
}
