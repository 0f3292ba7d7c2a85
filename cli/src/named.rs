//! The integers of a proof under the names of the model, beside the real values that they stand for.

use maat_runtime::{Model, Tensor, dequantise, units};
use serde_json::{Map, Value, json};

use crate::response::{grouped, real};

/// The inputs or the outputs of a model, in order.
pub struct Ports(Vec<(String, Tensor)>);

impl Ports {
    pub fn inputs(model: &Model) -> Self {
        Self(model.inputs().iter().map(|tensor| (tensor.name.clone(), tensor.clone())).collect())
    }

    pub fn outputs(model: &Model) -> Self {
        Self(model.outputs().iter().map(|port| (port.name.clone(), model.tensor(port.tensor).clone())).collect())
    }

    /// Integers of one inference.
    pub fn elements(&self) -> usize {
        self.0.iter().map(|(_, tensor)| tensor.shape.elements()).sum()
    }

    /// Each tensor with its part of the integers of one inference, which are as many as [`Self::elements`].
    fn parts<'v>(&self, mut integers: &'v [i32]) -> impl Iterator<Item = (&str, &Tensor, &'v [i32])> {
        self.0.iter().map(move |(name, tensor)| {
            let (part, rest) = integers.split_at(tensor.shape.elements());
            integers = rest;
            (name.as_str(), tensor, part)
        })
    }

    /// One inference, for people: a line for each tensor, with at most so many values.
    pub fn lines(&self, integers: &[i32], shown: usize) -> Vec<String> {
        let line = |(name, tensor, integers): (&str, &Tensor, &[i32])| {
            let value = |(element, integer): (usize, &i32)| match tensor.scale_of(element) {
                0 => integer.to_string(),
                scale => format!("{integer} ({})", real(dequantise(*integer, scale))),
            };
            let values = integers.iter().enumerate().take(shown).map(value).collect::<Vec<_>>().join(" ");
            let rest = if integers.len() > shown { format!(" .. ({} values)", grouped(integers.len() as u64)) } else { String::new() };
            format!("{name}{}: {values}{rest}", unit(tensor))
        };
        self.parts(integers).map(line).collect()
    }

    /// Inferences, for machines: an object by name, with a list for each inference.
    pub fn json<'v>(&self, inferences: impl Iterator<Item = &'v [i32]>) -> Map<String, Value> {
        let tensor = |(name, tensor): &(String, Tensor)| {
            let (key, scale) = if tensor.columns.is_empty() { ("scale", json!(tensor.scale)) } else { ("scales", json!(tensor.columns)) };
            (name.clone(), json!({ "shape": tensor.shape.dims(), key: scale, "integers": [], "values": [] }))
        };
        let mut all: Map<String, Value> = self.0.iter().map(tensor).collect();
        for integers in inferences {
            for (name, tensor, integers) in self.parts(integers) {
                let value = |(element, integer): (usize, &i32)| dequantise(*integer, tensor.scale_of(element));
                let values: Vec<f64> = integers.iter().enumerate().map(value).collect();
                for (key, list) in [("integers", json!(integers)), ("values", json!(values))] {
                    all[name][key].as_array_mut().expect("it was made so").push(list);
                }
            }
        }
        all
    }
}

/// The unit of a tensor's integers, for people: nothing for plain integers.
fn unit(tensor: &Tensor) -> String {
    if tensor.scales() == [0] { String::new() } else { format!(", unit {}", units(tensor.scales())) }
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Move;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape};

    use super::*;

    fn model() -> Model {
        let mut builder = ModelBuilder::new("model");
        let x = builder.input("x", Shape::new(&[1, 3]).unwrap(), 2, Interval::of_bits(8)).unwrap();
        let label = builder.input("label", Shape::new(&[1]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let moved = Primitive::Move(Move::reshape(Shape::new(&[3]).unwrap()));
        let y = builder.node("flat", moved, &[x], 2).unwrap();
        builder.finish(&[("class", label), ("y", y)]).unwrap()
    }

    #[test]
    fn integers_stand_beside_the_real_values_and_labels_are_integers() {
        let (inputs, outputs) = (Ports::inputs(&model()), Ports::outputs(&model()));
        assert_eq!((inputs.elements(), outputs.elements()), (4, 4));
        assert_eq!(inputs.lines(&[4, -2, 7, 3], 8), ["x, unit 2^-2: 4 (1.0000) -2 (-0.5000) 7 (1.7500)", "label: 3"]);
        assert_eq!(outputs.lines(&[3, 4, -2, 7], 2), ["class: 3", "y, unit 2^-2: 4 (1.0000) -2 (-0.5000) .. (3 values)"]);
    }

    #[test]
    fn columns_have_units_of_their_own() {
        let mut builder = ModelBuilder::new("table");
        let x = builder.input_by_column("x", Shape::new(&[1, 2]).unwrap(), 0, &[0, 3], Interval::of_bits(8)).unwrap();
        let y = builder.node("y", Primitive::Move(Move::reshape(Shape::new(&[2]).unwrap())), &[x], 0).unwrap();
        let inputs = Ports::inputs(&builder.finish(&[("y", y)]).unwrap());
        assert_eq!(inputs.lines(&[5, 4], 8), ["x, unit 2^-3..2^0 by column: 5 4 (0.5000)"]);
        let expected = json!({ "x": { "shape": [1, 2], "scales": [0, 3], "integers": [[5, 4]], "values": [[5.0, 0.5]] } });
        assert_eq!(Value::from(inputs.json([&[5, 4][..]].into_iter())), expected);
    }

    #[test]
    fn machines_get_a_list_for_each_inference() {
        let batch = [[3, 4, -2, 7], [5, 0, 1, 2]];
        let expected = json!({
            "class": { "shape": [1], "scale": 0, "integers": [[3], [5]], "values": [[3.0], [5.0]] },
            "y": { "shape": [3], "scale": 2, "integers": [[4, -2, 7], [0, 1, 2]], "values": [[1.0, -0.5, 1.75], [0.0, 0.25, 0.5]] },
        });
        assert_eq!(Value::from(Ports::outputs(&model()).json(batch.iter().map(<[i32; 4]>::as_slice))), expected);
    }
}
