use tract_onnx::pb_helpers::AttrScalarType;

use crate::float::{Bounds, FloatModel, FloatNode, FloatOp};
use crate::onnx::{Constant, Graph, OnnxNode};

/// What a lowering sees: its node, the tensors around it, and the network that it adds to. Errors are reasons; the caller adds the node.
pub(super) struct Scope<'a> {
    graph: &'a Graph,
    node: &'a OnnxNode,
    model: &'a mut FloatModel,
}

impl<'a> Scope<'a> {
    pub(super) fn new(graph: &'a Graph, node: &'a OnnxNode, model: &'a mut FloatModel) -> Self {
        Self { graph, node, model }
    }

    /// Version of the operator set.
    pub(super) fn opset(&self) -> i64 {
        self.graph.opset
    }

    /// Checks the number of inputs; optional ones may be missing at the end.
    pub(super) fn arity(&self, least: usize, most: usize) -> Result<(), String> {
        let found = self.node.proto.input.len();
        if (least..=most).contains(&found) { Ok(()) } else { Err(format!("takes {least} to {most} inputs, got {found}")) }
    }

    /// Name of an input, if it is given.
    pub(super) fn input(&self, position: usize) -> Option<&'a str> {
        self.node.proto.input.get(position).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Name of an input that must be computed, not constant.
    pub(super) fn computed(&self, position: usize) -> Result<&'a str, String> {
        let name = self.input(position).ok_or_else(|| format!("input {position} is missing"))?;
        if self.graph.constant(name).is_some() { Err(format!("input {position} (`{name}`) is a constant")) } else { Ok(name) }
    }

    /// A constant input, if it is given. Its values are finite.
    pub(super) fn constant(&self, position: usize) -> Result<Option<&'a Constant>, String> {
        let Some(name) = self.input(position) else { return Ok(None) };
        let constant = self.graph.constant(name).ok_or_else(|| format!("input {position} (`{name}`) must be a constant"))?;
        match constant.values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(format!("`{name}` holds {} at position {index}: every weight must be finite", constant.values[index])),
            None => Ok(Some(constant)),
        }
    }

    /// Whether an input is given and constant.
    pub(super) fn is_constant(&self, position: usize) -> bool {
        self.input(position).is_some_and(|name| self.graph.constant(name).is_some())
    }

    /// A constant input that must be given.
    pub(super) fn weights(&self, position: usize) -> Result<&'a Constant, String> {
        self.constant(position)?.ok_or_else(|| format!("input {position} is missing"))
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, tensor: &str) -> Result<&'a [usize], String> {
        let shape = self.graph.shape(tensor);
        shape.ok_or_else(|| format!("the shape of `{tensor}` is not known before run time; export the model with fixed shapes"))
    }

    /// Name and shape of the node's output.
    pub(super) fn output(&self) -> Result<(&'a str, &'a [usize]), String> {
        let mut names = self.node.proto.output.iter().filter(|name| !name.is_empty());
        match (names.next(), names.next()) {
            (Some(name), None) => Ok((name, self.shape(name)?)),
            _ => Err("only nodes with one output are supported".to_owned()),
        }
    }

    /// An attribute, or its default.
    pub(super) fn attribute<T>(&self, name: &str, default: T) -> Result<T, String>
    where
        T: 'a + AttrScalarType<'a>,
    {
        let value = self.node.proto.get_attr_opt(name).map_err(|error| format!("attribute `{name}`: {error:#}"))?;
        Ok(value.unwrap_or(default))
    }

    /// An attribute that counts axes, from the front or (negative) from the back.
    pub(super) fn axis(&self, axis: i64, axes: usize) -> Result<usize, String> {
        let from_front = if axis < 0 { axis + axes as i64 } else { axis };
        usize::try_from(from_front)
            .ok()
            .filter(|position| *position < axes.max(1))
            .ok_or_else(|| format!("attribute `axis` is {axis}, but there are {axes} axes"))
    }

    /// Adds what the node becomes.
    pub(super) fn emit(&mut self, op: FloatOp, inputs: &[&str]) -> Result<(), String> {
        let (output, shape) = self.output()?;
        self.model.nodes.push(FloatNode {
            name: self.node.name.clone(),
            op,
            inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: output.to_owned(),
            shape: shape.to_vec(),
        });
        Ok(())
    }

    /// Adds a node that changes nothing but the shape.
    pub(super) fn emit_move(&mut self) -> Result<(), String> {
        let input = self.computed(0)?;
        let (_, shape) = self.output()?;
        let (before, after): (usize, usize) = (self.shape(input)?.iter().product(), shape.iter().product());
        if before != after {
            return Err(format!("{before} elements cannot take shape {shape:?}"));
        }
        self.emit(FloatOp::Move, &[input])
    }

    /// Adds a node that clamps each element of input 0.
    pub(super) fn emit_clamp(&mut self, bounds: Bounds) -> Result<(), String> {
        let input = self.computed(0)?;
        self.emit(FloatOp::Sum { coefficients: vec![vec![1.0]], bias: vec![0.0], bounds }, &[input])
    }
}

/// A constant's values broadcast to a shape by ONNX's rule (NumPy's), reduced to the shortest period along the trailing axes: one value,
/// one for each element of the last axes, or all.
pub(super) fn broadcast(constant: &Constant, shape: &[usize]) -> Result<Vec<f64>, String> {
    let extra = shape.len().checked_sub(constant.shape.len());
    let fits = |extra: usize| constant.shape.iter().zip(&shape[extra..]).all(|(from, to)| from == to || *from == 1);
    let Some(extra) = extra.filter(|extra| fits(*extra)) else {
        return Err(format!("a constant of shape {:?} does not broadcast to {shape:?}", constant.shape));
    };
    let total: usize = shape.iter().product();
    let value_at = |position: usize| {
        let (mut rest, mut index, mut stride) = (position, 0, 1);
        for (from, to) in constant.shape.iter().zip(&shape[extra..]).rev() {
            index += if *from == 1 { 0 } else { rest % to * stride };
            (rest, stride) = (rest / to, stride * from);
        }
        constant.values[index]
    };
    let mut period = 1;
    for axis in (0..constant.shape.len()).rev() {
        if constant.shape[axis] != 1 {
            period = shape[extra + axis..].iter().product();
        }
    }
    Ok((0..period.min(total)).map(value_at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast_to(from: &[usize], values: &[f64], to: &[usize]) -> Result<Vec<f64>, String> {
        broadcast(&Constant { shape: from.to_vec(), values: values.to_vec() }, to)
    }

    #[test]
    fn constants_broadcast_to_the_shortest_period() {
        assert_eq!(broadcast_to(&[], &[3.0], &[2, 3]).unwrap(), [3.0]);
        assert_eq!(broadcast_to(&[1, 1], &[3.0], &[2, 3]).unwrap(), [3.0]);
        assert_eq!(broadcast_to(&[3], &[1.0, 2.0, 3.0], &[2, 3]).unwrap(), [1.0, 2.0, 3.0]);
        assert_eq!(broadcast_to(&[1, 3], &[1.0, 2.0, 3.0], &[2, 3]).unwrap(), [1.0, 2.0, 3.0]);
        assert_eq!(broadcast_to(&[2, 1], &[1.0, 2.0], &[2, 3]).unwrap(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(broadcast_to(&[2, 1], &[1.0, 2.0], &[4, 2, 2]).unwrap(), [1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn shapes_that_do_not_broadcast_are_refused() {
        assert!(broadcast_to(&[2], &[1.0, 2.0], &[2, 3]).is_err());
        assert!(broadcast_to(&[1, 1, 3], &[1.0; 3], &[2, 3]).is_err());
    }
}
