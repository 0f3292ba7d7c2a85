//! Folds elementwise sums into the layers around them, so that a bias, a batch normalisation or an activation costs nothing of its own.

use crate::float::{Bounds, FloatModel, FloatNode, FloatOp};

/// Folds until nothing more can be folded. Names of the remaining tensors do not change, so each still has its ONNX counterpart.
pub fn fuse(model: &mut FloatModel) {
    drop_identities(model);
    while let Some((producer, consumer)) = (0..model.nodes.len()).find_map(|consumer| fold_into(model, consumer)) {
        let folded = model.nodes.remove(producer);
        let consumer = &mut model.nodes[consumer - 1];
        consumer.inputs = folded.inputs;
        if matches!(folded.op, FloatOp::Affine { .. }) {
            consumer.name = folded.name;
        }
    }
}

/// Removes moves that do not change the shape, unless an output of the network is at stake.
fn drop_identities(model: &mut FloatModel) {
    let mut position = 0;
    while position < model.nodes.len() {
        let node = &model.nodes[position];
        let input_shape = shape_of(model, &node.inputs[0]).map(<[usize]>::to_vec);
        let identity = node.op == FloatOp::Move && input_shape.as_ref() == Some(&node.shape);
        if !identity || model.outputs.contains(&node.output) {
            position += 1;
            continue;
        }
        let removed = model.nodes.remove(position);
        for input in model.nodes.iter_mut().flat_map(|node| &mut node.inputs).filter(|input| **input == removed.output) {
            input.clone_from(&removed.inputs[0]);
        }
    }
}

fn shape_of<'m>(model: &'m FloatModel, tensor: &str) -> Option<&'m [usize]> {
    let by_node = model.nodes.iter().find(|node| node.output == tensor).map(|node| node.shape.as_slice());
    by_node.or_else(|| model.inputs.iter().find(|(name, _)| name == tensor).map(|(_, shape)| shape.as_slice()))
}

/// Tries to fold the node that gives the consumer's only input into the consumer; gives their positions.
fn fold_into(model: &mut FloatModel, consumer: usize) -> Option<(usize, usize)> {
    let [input] = model.nodes[consumer].inputs.as_slice() else { return None };
    let producer = model.nodes[..consumer].iter().position(|node| node.output == *input)?;
    if model.uses(input) != 1 {
        return None;
    }
    let folded = compose(&model.nodes[producer], &model.nodes[consumer])?;
    model.nodes[consumer].op = folded;
    Some((producer, consumer))
}

/// One operation that does what the two do one after the other.
fn compose(first: &FloatNode, second: &FloatNode) -> Option<FloatOp> {
    match (&first.op, &second.op) {
        // clamp(c * clamp(W x + b) + d)
        (FloatOp::Affine { weights, bias, bounds }, FloatOp::Sum { coefficients, bias: offset, bounds: next }) => {
            let (factor, offset) = per_channel(&coefficients[0], offset, bias.len())?;
            let bounds = compose_bounds(*bounds, &factor, &offset, *next)?;
            let n = weights.len() / bias.len();
            let weights = weights.iter().enumerate().map(|(index, weight)| factor[index / n] * weight).collect();
            let bias = (0..bias.len()).map(|channel| factor[channel] * bias[channel] + offset[channel]).collect();
            Some(FloatOp::Affine { weights, bias, bounds })
        }
        // W (c * x + d) + b, clamped
        (FloatOp::Sum { coefficients, bias: offset, bounds: Bounds::NONE }, FloatOp::Affine { weights, bias, bounds })
            if first.inputs.len() == 1 =>
        {
            let n = weights.len() / bias.len();
            let (factor, offset) = per_channel(&coefficients[0], offset, n)?;
            let rows = weights.chunks_exact(n);
            let bias = rows.zip(bias).map(|(row, bias)| bias + row.iter().zip(&offset).map(|(w, d)| w * d).sum::<f64>()).collect();
            let weights = weights.iter().enumerate().map(|(index, weight)| weight * factor[index % n]).collect();
            Some(FloatOp::Affine { weights, bias, bounds: *bounds })
        }
        // clamp(c * clamp(sum_t a_t x_t + b) + d)
        (FloatOp::Sum { coefficients, bias, bounds }, FloatOp::Sum { coefficients: next, bias: offset, bounds: next_bounds }) => {
            let channels = bias.len().max(offset.len());
            if !channels.is_multiple_of(bias.len()) {
                return None;
            }
            let (factor, offset) = per_channel(&next[0], offset, channels)?;
            let bounds = compose_bounds(*bounds, &factor, &offset, *next_bounds)?;
            let scaled = |values: &[f64]| (0..channels).map(|c| factor[c] * values[c % values.len()]).collect::<Vec<_>>();
            let bias = scaled(bias).iter().zip(&offset).map(|(b, d)| b + d).collect();
            Some(FloatOp::Sum { coefficients: coefficients.iter().map(|row| scaled(row)).collect(), bias, bounds })
        }
        _ => None,
    }
}

/// A sum's factor and offset for each of `channels` channels, if its own period fits into them.
fn per_channel(factor: &[f64], offset: &[f64], channels: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let period = factor.len();
    if !channels.is_multiple_of(period) {
        return None;
    }
    let repeat = |values: &[f64]| (0..channels).map(|channel| values[channel % period]).collect();
    Some((repeat(factor), repeat(offset)))
}

/// The bounds of `clamp_next(factor * clamp(x) + offset)` as one clamp, if it is one: nothing was clamped before, or nothing else happens.
fn compose_bounds(bounds: Bounds, factor: &[f64], offset: &[f64], next: Bounds) -> Option<Bounds> {
    let unchanged = factor.iter().all(|factor| *factor == 1.0) && offset.iter().all(|offset| *offset == 0.0);
    match bounds {
        Bounds::NONE => Some(next),
        _ if unchanged => Some(bounds.then(next)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affine(output: &str, input: &str, weights: &[f64], bias: &[f64], bounds: Bounds) -> FloatNode {
        let op = FloatOp::Affine { weights: weights.to_vec(), bias: bias.to_vec(), bounds };
        node(output, input, op, bias.len())
    }

    fn sum(output: &str, input: &str, factor: &[f64], offset: &[f64], bounds: Bounds) -> FloatNode {
        let op = FloatOp::Sum { coefficients: vec![factor.to_vec()], bias: offset.to_vec(), bounds };
        node(output, input, op, 2)
    }

    fn node(output: &str, input: &str, op: FloatOp, channels: usize) -> FloatNode {
        let (name, inputs) = (format!("node_{output}"), vec![input.to_owned()]);
        FloatNode { name, op, inputs, output: output.to_owned(), shape: vec![1, channels] }
    }

    fn fused(nodes: Vec<FloatNode>, outputs: &[&str]) -> Vec<FloatNode> {
        let outputs = outputs.iter().map(|output| (*output).to_owned()).collect();
        let mut model = FloatModel { inputs: vec![("x".to_owned(), vec![1, 2])], nodes, outputs };
        fuse(&mut model);
        model.nodes
    }

    const RELU: Bounds = Bounds { lo: 0.0, ..Bounds::NONE };

    #[test]
    fn bias_normalisation_and_activation_become_part_of_the_dense_layer() {
        let nodes = vec![
            affine("a", "x", &[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0], Bounds::NONE),
            sum("b", "a", &[1.0], &[5.0], Bounds::NONE),
            sum("c", "b", &[10.0, -1.0], &[0.5, 0.0], Bounds::NONE),
            sum("d", "c", &[1.0], &[0.0], RELU),
            sum("e", "d", &[1.0], &[0.0], Bounds { lo: -1.0, hi: 6.0 }),
        ];
        let fused = fused(nodes, &["e"]);
        let mut expected = affine("e", "x", &[10.0, 20.0, -3.0, -4.0], &[50.5, -5.0], Bounds { lo: 0.0, hi: 6.0 });
        expected.name = "node_a".to_owned();
        assert_eq!(fused, [expected]);
    }

    #[test]
    fn a_normalisation_before_a_dense_layer_is_folded_forwards() {
        let nodes =
            vec![sum("a", "x", &[2.0, 3.0], &[1.0, -1.0], Bounds::NONE), affine("b", "a", &[1.0, 10.0, 0.0, 1.0], &[0.0, 7.0], RELU)];
        let mut expected = affine("b", "x", &[2.0, 30.0, 0.0, 3.0], &[-9.0, 6.0], RELU);
        expected.name = "node_b".to_owned();
        assert_eq!(fused(nodes, &["b"]), [expected]);
    }

    #[test]
    fn what_is_used_elsewhere_or_clamped_between_stays() {
        let clamped = vec![sum("a", "x", &[1.0], &[0.0], RELU), sum("b", "a", &[2.0], &[0.0], Bounds::NONE)];
        assert_eq!(fused(clamped.clone(), &["b"]), clamped);
        let used = vec![sum("a", "x", &[1.0], &[1.0], Bounds::NONE), sum("b", "a", &[2.0], &[0.0], Bounds::NONE)];
        assert_eq!(fused(used.clone(), &["a", "b"]), used);
        let clamped = vec![sum("a", "x", &[1.0], &[0.0], RELU), affine("b", "a", &[1.0, 1.0], &[0.0], Bounds::NONE)];
        assert_eq!(fused(clamped.clone(), &["b"]), clamped);
    }

    #[test]
    fn moves_that_change_nothing_disappear() {
        let nodes = vec![node("a", "x", FloatOp::Move, 2), sum("b", "a", &[1.0], &[0.0], RELU), node("c", "b", FloatOp::Move, 2)];
        let fused = fused(nodes, &["c"]);
        assert_eq!(fused.len(), 2, "the last one gives the output's name");
        assert_eq!((fused[0].inputs[0].as_str(), fused[1].output.as_str()), ("x", "c"));
    }
}
