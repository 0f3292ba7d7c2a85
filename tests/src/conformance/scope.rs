//! Which backend tests count: those of the operators that Maat has, as far as networks use them.

use std::fmt;

use maat_transpiler::supported_operators;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension;
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::suite::{Suite, Test, dims, expanded, values};

/// Whether Maat has an operator, by its name alone.
pub fn supports(operator: &str) -> bool {
    names().any(|name| name == operator)
}

/// The supported operators without their domains: their tests count.
pub fn names() -> impl Iterator<Item = &'static str> {
    supported_operators().map(|name| name.rsplit('.').next().unwrap_or(name))
}

fn is_supported(node: &NodeProto) -> bool {
    supported_operators().any(|name| match name.rsplit_once('.') {
        Some((domain, operator)) => (domain, operator) == (node.domain.as_str(), node.op_type.as_str()),
        None => matches!(node.domain.as_str(), "" | "ai.onnx") && name == node.op_type,
    })
}

/// Operators for integers and truth values, and those that move values of any type. The others are for real numbers: a test of them on
/// integers is one of integer arithmetic, with its own rules of division and overflow.
#[rustfmt::skip]
const ANY_TYPE: &[&str] = &[
    "And", "ArrayFeatureExtractor", "Cast", "CastLike", "Concat", "Constant", "ConstantOfShape", "ConvInteger", "DepthToSpace",
    "DequantizeLinear", "Equal", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Greater", "GreaterOrEqual", "Identity",
    "Less", "LessOrEqual", "MatMulInteger", "Not", "Or", "Pad", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "Range", "Reshape",
    "Shape", "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze", "Where", "Xor",
];

/// Those whose result is known before any input is, as soon as the shapes and their parameters are.
const KNOWN_RESULT: &[&str] = &["Constant", "ConstantOfShape", "Range", "Shape", "Size"];

/// Positions of the inputs that are parameters: shapes, axes, counts, indices, scales and the like, which are constants in a trained network.
#[rustfmt::skip]
const PARAMETERS: &[(&str, &[usize])] = &[
    ("ArrayFeatureExtractor", &[1]),
    ("CastLike", &[1]),
    ("ConstantOfShape", &[0]),
    ("ConvInteger", &[2, 3]),
    ("CumSum", &[1]),
    ("DequantizeLinear", &[1, 2]),
    ("Dropout", &[1, 2]),
    ("Expand", &[1]),
    ("GRU", &[4]),
    ("Gather", &[1]),
    ("GatherElements", &[1]),
    ("GatherND", &[1]),
    ("LSTM", &[4]),
    ("MatMulInteger", &[2, 3]),
    ("Pad", &[1, 2, 3]),
    ("Pow", &[1]),
    ("QLinearConv", &[1, 2, 4, 5, 6, 7]),
    ("QLinearMatMul", &[1, 2, 4, 5, 6, 7]),
    ("QuantizeLinear", &[1, 2]),
    ("RNN", &[4]),
    ("Range", &[0, 1, 2]),
    ("ReduceL1", &[1]),
    ("ReduceL2", &[1]),
    ("ReduceMax", &[1]),
    ("ReduceMean", &[1]),
    ("ReduceMin", &[1]),
    ("ReduceSum", &[1]),
    ("ReduceSumSquare", &[1]),
    ("Reshape", &[1]),
    ("Resize", &[1, 2, 3]),
    ("Slice", &[1, 2, 3, 4]),
    ("Split", &[1]),
    ("Squeeze", &[1]),
    ("Tile", &[1]),
    ("TopK", &[1]),
    ("Trilu", &[1]),
    ("Unsqueeze", &[1]),
    ("Upsample", &[1]),
];

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
            Self::NotFinite => "values that a 32-bit float has not: infinite ones, NaN, and memory that was never set (1e199)",
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
    let subject = suite.subject(test);
    if !ANY_TYPE.contains(&subject) && computed.iter().any(|input| has_type(input, WHOLES)) {
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
    let is_position = |node: &NodeProto, position| {
        PARAMETERS.iter().any(|(operator, positions)| *operator == node.op_type && positions.contains(&position))
    };
    let slots = graph.node.iter().flat_map(|node| node.input.iter().enumerate().map(move |(position, name)| (node, position, name)));
    let mut uses = slots.filter(|(_, _, name)| *name == input);
    let port = graph.input.iter().find(|port| port.name == input);
    let is_size = expanded(&test.name).is_some() && port.is_some_and(|port| has_type(port, &[DataType::Int32, DataType::Int64]));
    is_size || uses.all(|(node, position, _)| is_position(node, position))
}

/// Whether the operator under test gives its result before any input is known.
pub(super) fn has_known_result(suite: &Suite, test: &Test) -> bool {
    KNOWN_RESULT.contains(&suite.subject(test))
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
    use super::*;

    #[test]
    fn the_lists_are_in_order_and_belong_together() {
        assert!(ANY_TYPE.is_sorted() && KNOWN_RESULT.is_sorted());
        assert!(PARAMETERS.is_sorted_by_key(|(operator, _)| operator));
        let parameters = PARAMETERS.iter().map(|(operator, _)| operator);
        assert!(parameters.chain(ANY_TYPE).chain(KNOWN_RESULT).all(|operator| supports(operator)));
    }
}
