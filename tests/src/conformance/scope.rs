//! Which backend tests count: all that take and give tensors of numbers or truth values whose shapes are fixed, whether Maat has their
//! operators or not. Each of the others has a reason here.

use std::fmt;

use maat_transpiler::{Operator, operators};
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
    let mut known: Vec<&str> = operators().into_iter().filter(|operator| operator.known).map(without_domain).collect();
    known.sort_unstable();
    known
}

fn without_domain(operator: &Operator) -> &'static str {
    operator.name.rsplit('.').next().unwrap_or(operator.name)
}

/// Tests whose expected output is not what the operator's definition says: where a quantised product leaves the range of int8, it has to
/// saturate, and the file has it wrapped around (-236 became 20).
const CONTRADICTORY: &[&str] =
    &["qlinearmatmul_2D_int8_float16", "qlinearmatmul_2D_int8_float32", "qlinearmatmul_3D_int8_float16", "qlinearmatmul_3D_int8_float32"];

/// Generators of random numbers, whose results no test can state.
const RANDOM: &[&str] = &["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"];
/// Operators whose results have as many elements as their inputs' values say.
const SHAPED_BY_VALUES: &[&str] = &["NonMaxSuppression", "NonZero", "Unique"];
/// The domain of optimisers.
const TRAINING: &str = "ai.onnx.preview.training";

/// Why a test does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excluded {
    /// A sequence, an optional value or a map.
    NoTensor,
    /// Strings, complex numbers, and numbers of less than 8 bits or in 8-bit floats.
    Type,
    /// An input whose shape is not fixed.
    Dynamic,
    /// The behaviour of an operator during training.
    Training,
    /// Random numbers.
    Random,
    /// A shape that depends on values.
    ShapedByValues,
    /// A computed tensor without elements.
    Empty,
    /// Nothing is computed from an input.
    KnownResult,
    /// Infinite values, or what is not a number, as 32-bit floats have it: some tests were recorded with memory that nobody had set.
    NotFinite,
    /// The expected output contradicts the operator's definition.
    Contradictory,
}

impl fmt::Display for Excluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTensor => "an input or output that is not a tensor: a sequence, an optional value or a map",
            Self::Type => "strings, complex numbers, 8-bit and 4-bit floats, and integers of 4 or 2 bits",
            Self::Dynamic => "an input without a fixed shape",
            Self::Training => "training mode, and optimisers",
            Self::Random => "random numbers (Bernoulli, Multinomial, RandomNormal, RandomUniform and the like)",
            Self::ShapedByValues => "a shape that depends on values (NonMaxSuppression, NonZero and Unique of computed tensors)",
            Self::Empty => "a tensor without elements",
            Self::KnownResult => "no result that depends on an input",
            Self::NotFinite => "values that a 32-bit float does not have: infinite ones, NaN, and memory that was never set (1e199)",
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
    let has = |operators: &[&str]| graph.node.iter().any(|node| operators.contains(&node.op_type.as_str()));
    if has(RANDOM) {
        return Some(Excluded::Random);
    }
    if has(SHAPED_BY_VALUES) {
        return Some(Excluded::ShapedByValues);
    }
    let computed: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !is_parameter(test, &input.name)).collect();
    let outputs = || test.outputs.iter().flatten();
    if computed.iter().any(|input| fixed_shape(input).is_some_and(|shape| shape.contains(&0))) || outputs().any(|y| dims(y).contains(&0)) {
        return Some(Excluded::Empty);
    }
    if computed.is_empty() && !has_known_result(suite, test) {
        return Some(Excluded::KnownResult);
    }
    let finite = |tensor: &TensorProto| values(tensor).is_some_and(|values| values.iter().all(|value| (*value as f32).is_finite()));
    (!outputs().chain(test.inputs.iter().flatten()).all(finite)).then_some(Excluded::NotFinite)
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
    operator(suite.subject(test)).is_some_and(|operator| operator.known)
}

const FLOATS: &[DataType] = &[DataType::Float, DataType::Double, DataType::Float16, DataType::Bfloat16];
const WHOLES: &[DataType] = &[
    DataType::Bool,
    DataType::Int8,
    DataType::Int16,
    DataType::Int32,
    DataType::Int64,
    DataType::Uint8,
    DataType::Uint16,
    DataType::Uint32,
    DataType::Uint64,
];

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
    by_input || node.domain == TRAINING || attribute(node, "training_mode").is_some_and(|attribute| attribute.i != 0)
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
