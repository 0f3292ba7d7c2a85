//! Which backend tests count: those of the operators that Maat has, as far as networks use them.

use std::fmt;

use maat_transpiler::{Operator, OperatorValues, operators};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::suite::{Suite, Test, dims, expanded, values};

/// The operator of that name, its domain left out.
pub fn operator(name: &str) -> Option<&'static Operator> {
    operators().into_iter().find(|operator| without_domain(operator) == name)
}

/// The supported operators without their domains: their tests count.
pub fn names() -> impl Iterator<Item = &'static str> {
    operators().into_iter().map(without_domain)
}

/// Those whose result is known before any input is, in alphabetical order.
pub(super) fn known_results() -> Vec<&'static str> {
    let mut known: Vec<&str> =
        operators().into_iter().filter(|operator| operator.values == OperatorValues::Known).map(without_domain).collect();
    known.sort_unstable();
    known
}

fn without_domain(operator: &Operator) -> &'static str {
    operator.name.rsplit('.').next().unwrap_or(operator.name)
}

fn is_supported(node: &NodeProto) -> bool {
    operators().into_iter().any(|operator| match operator.name.rsplit_once('.') {
        Some((domain, name)) => (domain, name) == (node.domain.as_str(), node.op_type.as_str()),
        None => matches!(node.domain.as_str(), "" | "ai.onnx") && operator.name == node.op_type,
    })
}

/// Tests whose expected output is not what the operator's definition says: where a quantised product leaves the range of int8, it has to
/// saturate, and the file has it wrapped around (-236 became 20).
const CONTRADICTORY: &[&str] = &["qlinearmatmul_2D_int8_float32", "qlinearmatmul_3D_int8_float32"];

/// Why a test does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excluded {
    /// An operator that Maat does not have.
    Operator,
    /// A sequence, an optional value or a map.
    NoTensor,
    /// Strings, complex numbers, and numbers of types that networks are not given in.
    Type,
    /// An input whose shape is not fixed.
    Dynamic,
    /// The behaviour of an operator during training.
    Training,
    /// A computed tensor without elements.
    Empty,
    /// An operator for real numbers, on integers.
    IntegerArithmetic,
    /// Nothing is computed from an input.
    KnownResult,
    /// Infinite values, or what is not a number, as 32-bit floats have it: some tests were recorded with memory that nobody had set.
    NotFinite,
    /// A mode of Resize, Upsample or Pad, or a convolution in three dimensions.
    Mode,
    /// The expected output contradicts the operator's definition.
    Contradictory,
}

impl fmt::Display for Excluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "an operator that is not supported",
            Self::NoTensor => "an input or output that is not a tensor",
            Self::Type => "a type other than float, double, bool, int8, uint8, int32 and int64",
            Self::Dynamic => "an input without a fixed shape",
            Self::Training => "training mode",
            Self::Empty => "a tensor without elements",
            Self::IntegerArithmetic => "integer arithmetic",
            Self::KnownResult => "no result that depends on an input",
            Self::NotFinite => "values that a 32-bit float does not have: infinite ones, NaN, and memory that was never set (1e199)",
            Self::Mode => "a mode that does not count: Resize other than nearest by whole factors, Pad by wrapping, Conv with three axes",
            Self::Contradictory => "an expected output that wraps around where the operator saturates (QLinearMatMul with int8)",
        })
    }
}

/// Why a test does not count; nothing for one that does.
pub fn exclusion(suite: &Suite, test: &Test) -> Option<Excluded> {
    if CONTRADICTORY.contains(&test.name.as_str()) {
        return Some(Excluded::Contradictory);
    }
    let graph = test.graph();
    if !graph.node.iter().all(is_supported) {
        return Some(Excluded::Operator);
    }
    let ports = || graph.input.iter().chain(&graph.output);
    if ports().any(|port| tensor_type(port).is_none()) || test.inputs.iter().chain(&test.outputs).any(Option::is_none) {
        return Some(Excluded::NoTensor);
    }
    if ports().any(|port| !has_type(port, &[FLOATS, WHOLES].concat())) {
        return Some(Excluded::Type);
    }
    if graph.input.iter().any(|input| fixed_shape(input).is_none()) {
        return Some(Excluded::Dynamic);
    }
    if graph.node.iter().any(|node| in_training(test, node)) {
        return Some(Excluded::Training);
    }
    let computed: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !is_parameter(test, &input.name)).collect();
    let outputs = || test.outputs.iter().flatten();
    if computed.iter().any(|input| fixed_shape(input).is_some_and(|shape| shape.contains(&0))) || outputs().any(|y| dims(y).contains(&0)) {
        return Some(Excluded::Empty);
    }
    let is_for_reals = operator(suite.subject(test)).is_none_or(|operator| operator.values == OperatorValues::Real);
    if is_for_reals && computed.iter().any(|input| has_type(input, WHOLES)) {
        return Some(Excluded::IntegerArithmetic);
    }
    if computed.is_empty() && !has_known_result(suite, test) {
        return Some(Excluded::KnownResult);
    }
    let finite = |tensor: &TensorProto| values(tensor).is_some_and(|values| values.iter().all(|value| (*value as f32).is_finite()));
    if !outputs().chain(test.inputs.iter().flatten()).all(finite) {
        return Some(Excluded::NotFinite);
    }
    graph.node.iter().any(|node| in_other_mode(test, node)).then_some(Excluded::Mode)
}

/// Whether an input of the graph is only a parameter of operators, or holds the sizes or positions of an operator that is spelled out.
pub(super) fn is_parameter(test: &Test, input: &str) -> bool {
    let graph = test.graph();
    let is_position = |node: &NodeProto, position| operator(&node.op_type).is_some_and(|operator| operator.parameters.contains(&position));
    let slots = graph.node.iter().flat_map(|node| node.input.iter().enumerate().map(move |(position, name)| (node, position, name)));
    let mut uses = slots.filter(|(_, _, name)| *name == input);
    let port = graph.input.iter().find(|port| port.name == input);
    let is_size = expanded(&test.name).is_some() && port.is_some_and(|port| has_type(port, &[DataType::Int32, DataType::Int64]));
    is_size || uses.all(|(node, position, _)| is_position(node, position))
}

/// Whether the operator under test gives its result before any input is known.
pub(super) fn has_known_result(suite: &Suite, test: &Test) -> bool {
    operator(suite.subject(test)).is_some_and(|operator| operator.values == OperatorValues::Known)
}

const FLOATS: &[DataType] = &[DataType::Float, DataType::Double];
const WHOLES: &[DataType] = &[DataType::Bool, DataType::Int8, DataType::Uint8, DataType::Int32, DataType::Int64];

/// Whether a tensor of this type holds whole numbers or truth values, which must come out equal and not only close.
pub(super) fn is_whole(data_type: i32) -> bool {
    WHOLES.iter().any(|whole| *whole as i32 == data_type)
}

fn tensor_type(port: &ValueInfoProto) -> Option<&tract_onnx::pb::type_proto::Tensor> {
    match port.r#type.as_ref()?.value.as_ref()? {
        Value::TensorType(tensor) => Some(tensor),
    }
}

fn has_type(port: &ValueInfoProto, types: &[DataType]) -> bool {
    tensor_type(port).is_some_and(|tensor| types.iter().any(|found| *found as i32 == tensor.elem_type))
}

fn fixed_shape(port: &ValueInfoProto) -> Option<Vec<i64>> {
    let dims = tensor_type(port)?.shape.as_ref()?.dim.iter().map(|dim| match dim.value {
        Some(dimension::Value::DimValue(length)) => Some(length),
        _ => None,
    });
    dims.collect()
}

/// The value of a graph's input, if it is given by the test.
pub(super) fn value_of<'a>(test: &'a Test, input: &str) -> Option<&'a TensorProto> {
    let graph = test.graph();
    let given = graph.input.iter().filter(|port| test.inputs.len() == graph.input.len() || initialiser(graph, &port.name).is_none());
    let given = given.zip(&test.inputs).find(|(port, _)| port.name == input);
    given.and_then(|(_, value)| value.as_ref()).or_else(|| initialiser(graph, input))
}

fn initialiser<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    graph.initializer.iter().find(|tensor| tensor.name == name)
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a tract_onnx::pb::AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn in_training(test: &Test, node: &NodeProto) -> bool {
    let by_input =
        node.op_type == "Dropout" && node.input.get(2).and_then(|name| value_of(test, name)).and_then(values).is_some_and(|on| on != [0.0]);
    by_input || attribute(node, "training_mode").is_some_and(|attribute| attribute.i != 0)
}

fn in_other_mode(test: &Test, node: &NodeProto) -> bool {
    let mode = attribute(node, "mode").map_or("", |attribute| std::str::from_utf8(&attribute.s).unwrap_or_default());
    match node.op_type.as_str() {
        "Resize" | "Upsample" => !(matches!(mode, "" | "nearest") && by_whole_factors(test)),
        "Pad" => mode == "wrap",
        "Conv" => node.input.get(1).and_then(|weights| value_of(test, weights)).is_some_and(|weights| weights.dims.len() > 4),
        _ => false,
    }
}

/// Whether each axis of a resized tensor is a whole multiple of what it was.
fn by_whole_factors(test: &Test) -> bool {
    let (Some(Some(x)), Some(Some(y))) = (test.inputs.first(), test.outputs.first()) else { return false };
    x.dims.len() == y.dims.len() && x.dims.iter().zip(&y.dims).all(|(x, y)| y % x == 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_domains_have_an_operator_of_the_same_name() {
        assert_eq!(names().collect::<BTreeSet<_>>().len(), operators().len());
    }
}
