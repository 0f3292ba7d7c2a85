//! An ONNX graph as the lowering sees it: tensors and element types without protobuf.

use std::fmt;
use std::rc::Rc;

use tract_onnx::pb::tensor_proto::DataType;

use super::node::OnnxNode;

/// The integer types of ONNX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegerType {
    /// 8 bits, signed.
    Int8,
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// 8 bits, unsigned.
    Uint8,
    /// 16 bits, unsigned.
    Uint16,
    /// 32 bits, unsigned.
    Uint32,
    /// 64 bits, unsigned.
    Uint64,
}

/// The floating-point types of ONNX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatType {
    /// 16 bits, 11 of them digits.
    Half,
    /// 16 bits, 8 of them digits.
    Brain,
    /// 32 bits.
    Single,
    /// 64 bits.
    Double,
}

impl FloatType {
    /// The type of an ONNX data type, if that is one.
    pub fn of(data_type: i32) -> Option<Self> {
        match DataType::try_from(data_type).ok()? {
            DataType::Float16 => Some(Self::Half),
            DataType::Bfloat16 => Some(Self::Brain),
            DataType::Float => Some(Self::Single),
            DataType::Double => Some(Self::Double),
            _ => None,
        }
    }

    /// The nearest number of the type, ties to even; infinite beyond its greatest.
    pub fn nearest(self, value: f64) -> f64 {
        // The digits of a significand, the least exponent of a normal number, and the greatest number.
        let (digits, least, greatest) = match self {
            Self::Half => (11, -14, 65504.0),
            Self::Brain => (8, -126, f64::from(f32::from_bits(0x7f7f_0000))),
            Self::Single => return f64::from(value as f32),
            Self::Double => return value,
        };
        if value == 0.0 || !value.is_finite() {
            return value;
        }
        // A double's exponent is in its bits; those below all of these types' round to 0.
        let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
        let unit = 2f64.powi(exponent.max(least) - digits + 1);
        let rounded = (value / unit).round_ties_even() * unit;
        if rounded.abs() > greatest { f64::INFINITY.copysign(value) } else { rounded }
    }
}

/// What an ONNX tensor's elements are. Integer types differ in what they can hold, and in division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// Any floating-point type.
    Float,
    /// An integer type.
    Integer(IntegerType),
    /// Truth values.
    Bool,
    /// Texts, as positions in the list of that number, which whoever lowers the graph keeps.
    Text(usize),
}

impl fmt::Display for IntegerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        })
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float => f.write_str("float"),
            Self::Integer(integer) => integer.fmt(f),
            Self::Bool => f.write_str("bool"),
            Self::Text(_) => f.write_str("text"),
        }
    }
}

impl Element {
    /// The element of an ONNX data type, if it is supported.
    pub fn of(data_type: i32) -> Option<Self> {
        use DataType::{Bfloat16, Bool, Double, Float, Float16, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
        match DataType::try_from(data_type).ok()? {
            Float | Double | Float16 | Bfloat16 => Some(Self::Float),
            Int8 => Some(Self::Integer(IntegerType::Int8)),
            Int16 => Some(Self::Integer(IntegerType::Int16)),
            Int32 => Some(Self::Integer(IntegerType::Int32)),
            Int64 => Some(Self::Integer(IntegerType::Int64)),
            Uint8 => Some(Self::Integer(IntegerType::Uint8)),
            Uint16 => Some(Self::Integer(IntegerType::Uint16)),
            Uint32 => Some(Self::Integer(IntegerType::Uint32)),
            Uint64 => Some(Self::Integer(IntegerType::Uint64)),
            Bool => Some(Self::Bool),
            _ => None,
        }
    }

    /// Why any other data type is refused.
    pub fn refusal(data_type: i32) -> String {
        match DataType::try_from(data_type) {
            Ok(DataType::String) => {
                "text is not supported here: labels of classes may be text, but encode columns of text as numbers before \
                                     the network"
                    .to_owned()
            }
            Ok(known) => format!("data type {} is not supported", known.as_str_name()),
            Err(_) => format!("data type {data_type} is not known"),
        }
    }

    /// Whether it holds no negative integers.
    pub fn is_unsigned(self) -> bool {
        use IntegerType::{Uint8, Uint16, Uint32, Uint64};
        matches!(self, Self::Bool | Self::Integer(Uint8 | Uint16 | Uint32 | Uint64))
    }

    /// The integers that an element can be, if its type fits into 32 bits.
    pub fn range(self) -> Option<(i64, i64)> {
        use IntegerType::{Int8, Int16, Int32, Uint8, Uint16};
        match self {
            Self::Bool => Some((0, 1)),
            Self::Integer(Int8) => Some((-128, 127)),
            Self::Integer(Uint8) => Some((0, 255)),
            Self::Integer(Int16) => Some((-32768, 32767)),
            Self::Integer(Uint16) => Some((0, 65535)),
            Self::Integer(Int32) => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
            _ => None,
        }
    }
}

/// A tensor whose values are known before any input is.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// What the values are.
    pub element: Element,
    /// Values, row-major. Integers beyond 2^53 lose their last bits, but none that large can be used.
    pub values: Rc<[f64]>,
}

/// A tensor of texts. They are known before any input is: no computed tensor begins as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<String>,
}

/// An input of the graph that is not a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphInput {
    /// The ONNX name.
    pub name: String,
    /// Axis lengths; a symbolic batch axis has length 1.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub element: Element,
}

/// The nodes of a graph, or of one within a node: a branch, or the body of a loop.
#[derive(Debug, Clone, Default)]
pub struct Body {
    /// Names of the input tensors, in order.
    pub inputs: Vec<String>,
    /// How many axes each of them has, where the file says so.
    pub axes: Vec<Option<usize>>,
    /// The initialisers, by name.
    pub constants: Vec<(String, Constant)>,
    /// The initialisers that are texts, by name.
    pub texts: Vec<(String, Texts)>,
    /// The nodes, each after those that it takes from.
    pub nodes: Vec<OnnxNode>,
    /// Names of the output tensors, in order.
    pub outputs: Vec<String>,
}

/// An ONNX graph.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The file's name without its extension.
    pub name: String,
    /// Version of the default operator set.
    pub opset: i64,
    /// The inputs that are not constants, in order.
    pub inputs: Vec<GraphInput>,
    /// Its nodes.
    pub body: Body,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest_of_a_type() {
        assert_eq!(FloatType::Half.nearest(0.1), 0.0999755859375);
        assert_eq!(FloatType::Half.nearest(65519.0), 65504.0);
        assert_eq!(FloatType::Half.nearest(-65520.0), f64::NEG_INFINITY);
        assert_eq!(FloatType::Half.nearest(2f64.powi(-25)), 0.0);
        assert_eq!(FloatType::Half.nearest(3.0 * 2f64.powi(-25)), 2f64.powi(-23));
        assert_eq!(FloatType::Brain.nearest(1.0 + 2f64.powi(-8)), 1.0);
        assert_eq!(FloatType::Brain.nearest(1.0 + 3.0 * 2f64.powi(-8)), 1.0 + 2f64.powi(-6));
        assert_eq!(FloatType::Brain.nearest(f64::MAX), f64::INFINITY);
        assert_eq!(FloatType::Single.nearest(0.1), f64::from(0.1f32));
        assert_eq!(FloatType::Double.nearest(0.1), 0.1);
    }
}
