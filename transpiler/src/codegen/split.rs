//! Layers that are too large for any class, by their outputs: each piece is a layer of its own, and classes hold pieces.

use std::collections::HashMap;
use std::ops::Range;

use maat_runtime::primitives::{Affine, Move};
use maat_runtime::{Model, ModelBuilder, ModelError, Node, Primitive, Requantise, Shape, Tensor, TensorId};

/// The model with some of its linear layers in pieces: by the node's position, in how many. The outputs are the same, bit for bit. Nothing if
/// none of the layers can be split.
pub fn split(model: &Model, pieces: &HashMap<usize, usize>) -> Option<Model> {
    let splits = |position: usize, node: &Node| match (&node.primitive, pieces.get(&position)) {
        (Primitive::Affine(affine), Some(pieces)) => ranges(affine, *pieces),
        _ => Vec::new(),
    };
    if model.nodes().enumerate().all(|(position, (node, _))| splits(position, node).is_empty()) {
        return None;
    }
    Some(rebuilt(model, splits).expect("a layer's outputs are computed from the same operands, one by one"))
}

/// The outputs of each piece; nothing where the layer cannot be split.
fn ranges(affine: &Affine, pieces: usize) -> Vec<Range<usize>> {
    let outputs = affine.outputs();
    let pieces = pieces.min(outputs);
    if affine.groups != 1 || pieces < 2 {
        return Vec::new();
    }
    (0..pieces).map(|piece| piece * outputs / pieces..(piece + 1) * outputs / pieces).collect()
}

fn rebuilt(model: &Model, splits: impl Fn(usize, &Node) -> Vec<Range<usize>>) -> Result<Model, ModelError> {
    let mut builder = ModelBuilder::new(model.name());
    let mut ids: Vec<TensorId> = Vec::with_capacity(model.tensors().len());
    for Tensor { name, shape, scale, columns, range } in model.inputs() {
        ids.push(builder.input_by_column(name, shape.clone(), *scale, columns, *range)?);
    }
    for (position, (node, output)) in model.nodes().enumerate() {
        let inputs: Vec<TensorId> = node.inputs.iter().map(|id| ids[id.index()]).collect();
        let ranges = splits(position, node);
        let (primitive, inputs) = match &node.primitive {
            Primitive::Affine(affine) if !ranges.is_empty() => {
                let pieces = ranges.iter().enumerate().map(|(index, outputs)| {
                    let name = format!("{} {} of {}", node.name, index + 1, ranges.len());
                    builder.node(&name, Primitive::Affine(piece(affine, outputs)), &inputs, node.scale)
                });
                let pieces = pieces.collect::<Result<_, _>>()?;
                (Primitive::Move(joined(&model.tensor(output).shape, &ranges)), pieces)
            }
            primitive => (primitive.clone(), inputs),
        };
        ids.push(builder.node(&node.name, primitive, &inputs, node.scale)?);
    }
    let outputs: Vec<(&str, TensorId)> = model.outputs().iter().map(|port| (port.name.as_str(), ids[port.tensor.index()])).collect();
    builder.finish(&outputs)
}

/// Some outputs of a layer.
fn piece(affine: &Affine, outputs: &Range<usize>) -> Affine {
    let inputs = affine.inputs as usize;
    let Requantise { shift, lo, hi } = &affine.requantise;
    let shift = if shift.len() == 1 { shift.clone() } else { shift[outputs.clone()].to_vec() };
    Affine {
        groups: 1,
        inputs: affine.inputs,
        weights: affine.weights[outputs.start * inputs..outputs.end * inputs].to_vec(),
        bias: affine.bias[outputs.clone()].to_vec(),
        requantise: Requantise { shift, lo: *lo, hi: *hi },
    }
}

/// The pieces side by side along the last axis.
fn joined(shape: &Shape, ranges: &[Range<usize>]) -> Move {
    let outputs = shape.last();
    let rows = shape.elements() / outputs;
    let piece = |row: usize, outputs: &Range<usize>| {
        let first = rows * outputs.start + row * outputs.len();
        (first..first + outputs.len()).map(|index| index as u32)
    };
    let indices = (0..rows).flat_map(|row| ranges.iter().flat_map(move |outputs| piece(row, outputs)));
    Move { shape: shape.clone(), indices: indices.collect(), constants: Vec::new() }
}

#[cfg(test)]
mod tests {
    use maat_runtime::{Executor, Interval};

    use super::*;

    fn affine(groups: usize, (inputs, outputs): (usize, usize), shifts: usize) -> Primitive {
        let weights = (0..inputs * outputs).map(|index| (index * 37 % 255) as i16 - 127).collect();
        let bias = (0..outputs as i64).map(|output| output * 91 - 300).collect();
        let shift = (0..shifts).map(|channel| 3 + (channel % 3) as i8).collect();
        let requantise = Requantise { shift, lo: -100, hi: 100 };
        Primitive::Affine(Affine { groups: groups as u32, inputs: inputs as u32, weights, bias, requantise })
    }

    /// A layer on three rows, and a move that takes it.
    fn model(layer: Primitive, width: usize) -> Model {
        let mut builder = ModelBuilder::new("split");
        let x = builder.input_by_column("x", Shape::new(&[3, width]).unwrap(), 2, &vec![1; width], Interval::of_bits(8)).unwrap();
        let y = builder.node("layer", layer, &[x], 1).unwrap();
        let z = builder.node("again", Primitive::Move(Move::reshape(Shape::new(&[21]).unwrap())), &[y], 1).unwrap();
        builder.finish(&[("z", z), ("y", y)]).unwrap()
    }

    #[test]
    fn pieces_give_what_the_layer_gives() {
        for (shifts, pieces) in [(1, 2), (7, 3), (7, 7), (1, 100)] {
            let whole = model(affine(1, (5, 7), shifts), 5);
            let split = split(&whole, &HashMap::from([(0, pieces)])).unwrap();
            assert_eq!(split.nodes().count(), 2 + pieces.min(7));
            let names: Vec<&str> = split.nodes().map(|(node, _)| node.name.as_str()).collect();
            assert_eq!(names[1], format!("layer 2 of {}", pieces.min(7)));
            assert_eq!((split.inputs(), split.macs()), (whole.inputs(), whole.macs()));
            let input: Vec<i32> = (0..15).map(|index| index * 17 - 120).collect();
            let [mut one, mut other] = [&whole, &split].map(Executor::new);
            one.run(std::slice::from_ref(&input)).unwrap();
            other.run(std::slice::from_ref(&input)).unwrap();
            for (left, right) in whole.outputs().iter().zip(split.outputs()) {
                assert_eq!(one.value(left.tensor), other.value(right.tensor), "{}", left.name);
                assert_eq!(whole.tensor(left.tensor).range, split.tensor(right.tensor).range);
            }
        }
    }

    #[test]
    fn what_cannot_be_split_is_left_as_it_is() {
        let whole = model(affine(1, (5, 7), 1), 5);
        // No such layer, a layer in one piece, a node that is none.
        for pieces in [HashMap::new(), HashMap::from([(0, 1)]), HashMap::from([(1, 2)])] {
            assert_eq!(split(&whole, &pieces), None);
        }
        let grouped = model(affine(7, (2, 7), 1), 14);
        assert_eq!(split(&grouped, &HashMap::from([(0, 2)])), None);
    }
}
