//! What is fixed about the inputs of a graph before it is lowered: shapes, and inputs that become constants.
//!
//! The file's own description is changed, so that tract sees the same network.

use std::collections::BTreeMap;

use maat_package::ImportOptions;
use maat_runtime::{Interval, Shape};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::type_proto::{Tensor as TensorType, Value as Type};
use tract_onnx::pb::{GraphProto, TensorProto, TensorShapeProto, ValueInfoProto};

use super::graph::{Element, GraphInput};
use super::tensor::Loaded;
use crate::error::TranspileError;

/// Gives inputs the shapes and values of the options. Inputs whose axes have a name that a given shape fixes get its length. Constants move
/// from the inputs to the initialisers, in the graph and in `tensors`.
///
/// # Errors
/// There is no such input, or the file says something else about it.
pub fn fix(graph: &mut GraphProto, tensors: &mut Vec<(String, Loaded)>, options: &ImportOptions) -> Result<(), TranspileError> {
    let is_constant = |name: &str| tensors.iter().any(|(constant, _)| constant == name) && !options.constants.contains_key(name);
    for name in options.shapes.keys().chain(options.constants.keys()) {
        if !graph.input.iter().any(|input| input.name == *name) || is_constant(name) {
            let others = graph.input.iter().filter(|input| !is_constant(&input.name)).map(|input| format!("`{}`", input.name));
            return Err(fault(name, format!("the network has no such input, only {}", others.collect::<Vec<_>>().join(", "))));
        }
    }
    // The length of each named axis; nothing where two shapes give it different ones.
    let mut named: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for input in &mut graph.input {
        let Some(shape) = options.shapes.get(&input.name) else { continue };
        for (name, length) in with_shape(input, shape)? {
            named.entry(name).and_modify(|known| *known = known.filter(|known| *known == length)).or_insert(Some(length));
        }
    }
    for dim in
        graph.input.iter_mut().filter_map(tensor_type_mut).flat_map(|tensor| tensor.shape.iter_mut().flat_map(|shape| &mut shape.dim))
    {
        if let Some(Dim::DimParam(name)) = &dim.value
            && let Some(Some(length)) = named.get(name)
        {
            dim.value = Some(Dim::DimValue(*length));
        }
    }
    for (name, values) in &options.constants {
        let input = graph.input.iter().find(|input| input.name == *name).expect("unknown names were refused");
        let (proto, loaded) = constant(input, values)?;
        graph.input.retain(|input| input.name != *name);
        graph.initializer.retain(|tensor| tensor.name != *name);
        graph.initializer.push(proto);
        tensors.retain(|(constant, _)| constant != name);
        tensors.push((name.clone(), loaded));
    }
    Ok(())
}

fn fault(input: &str, reason: impl Into<String>) -> TranspileError {
    TranspileError::Input { input: input.to_owned(), reason: reason.into() }
}

fn tensor_type(input: &ValueInfoProto) -> Option<&TensorType> {
    // Maps and sequences are left out when the file is read.
    let Type::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    Some(tensor)
}

fn tensor_type_mut(input: &mut ValueInfoProto) -> Option<&mut TensorType> {
    let Type::TensorType(tensor) = input.r#type.as_mut()?.value.as_mut()?;
    Some(tensor)
}

/// Gives an input a shape. Gives the names of axes with their lengths.
fn with_shape(input: &mut ValueInfoProto, shape: &[usize]) -> Result<Vec<(String, i64)>, TranspileError> {
    let name = input.name.clone();
    let lengths = lengths(&name, shape)?;
    let tensor = tensor_type_mut(input).ok_or_else(|| fault(&name, "it is not a tensor"))?;
    let mut named = Vec::new();
    if let Some(declared) = &tensor.shape {
        if declared.dim.len() != lengths.len() {
            return Err(fault(
                &name,
                format!("the shape {shape:?} has {} axes, but the file gives it {}", lengths.len(), declared.dim.len()),
            ));
        }
        for (axis, (dim, length)) in declared.dim.iter().zip(&lengths).enumerate() {
            match &dim.value {
                Some(Dim::DimValue(fixed)) if *fixed >= 0 && fixed != length => {
                    return Err(fault(
                        &name,
                        format!("the shape {shape:?} gives axis {axis} length {length}, but in the file it is {fixed}"),
                    ));
                }
                Some(Dim::DimParam(symbol)) if is_name(symbol) => named.push((symbol.clone(), *length)),
                _ => (),
            }
        }
    }
    let dim = lengths.iter().map(|length| Dimension { value: Some(Dim::DimValue(*length)), ..Dimension::default() }).collect();
    tensor.shape = Some(TensorShapeProto { dim });
    Ok(named)
}

/// Axis lengths that a tensor may have.
fn lengths(name: &str, shape: &[usize]) -> Result<Vec<i64>, TranspileError> {
    if let Some(axis) = shape.iter().position(|length| *length == 0) {
        return Err(fault(name, format!("the shape {shape:?} gives axis {axis} length 0")));
    }
    let elements = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    if elements.is_none_or(|elements| elements > Shape::MAX_ELEMENTS) {
        return Err(fault(name, format!("the shape {shape:?} is too large: at most {} elements are supported", Shape::MAX_ELEMENTS)));
    }
    Ok(shape.iter().map(|length| *length as i64).collect())
}

/// Whether the name of an axis says that axes of that name have one length.
fn is_name(symbol: &str) -> bool {
    !symbol.is_empty() && symbol != "?"
}

/// A graph's input as it will be computed. A first axis without a fixed length is the batch axis and gets length 1.
///
/// # Errors
/// [`TranspileError::Shape`] for another axis without a fixed length; or it is no tensor, or of a type that is not supported.
pub fn graph_input(input: &ValueInfoProto) -> Result<GraphInput, TranspileError> {
    let name = &input.name;
    let tensor = tensor_type(input).ok_or_else(|| fault(name, "it is not a tensor"))?;
    let element = Element::of(tensor.elem_type).ok_or_else(|| fault(name, Element::refusal(tensor.elem_type)))?;
    let Some(shape) = &tensor.shape else {
        return Err(TranspileError::Shape { input: name.clone(), axis: None, symbol: None, axes: Vec::new() });
    };
    let mut lengths = Vec::new();
    for (axis, dim) in shape.dim.iter().enumerate() {
        lengths.push(match &dim.value {
            Some(Dim::DimValue(length)) if *length > 0 => usize::try_from(*length).map_err(|error| fault(name, error.to_string()))?,
            Some(Dim::DimValue(0)) => return Err(fault(name, format!("axis {axis} has length 0"))),
            _ if axis == 0 => 1,
            value => {
                let symbol =
                    if let Some(Dim::DimParam(symbol)) = value { Some(symbol.clone()).filter(|symbol| is_name(symbol)) } else { None };
                return Err(TranspileError::Shape { input: name.clone(), axis: Some(axis), symbol, axes: axes(shape) });
            }
        });
    }
    Ok(GraphInput { name: name.clone(), shape: lengths, element })
}

/// The axes of a shape in words: lengths, and names or `N` where there is none.
fn axes(shape: &TensorShapeProto) -> Vec<String> {
    let axis = |(axis, dim): (usize, &Dimension)| match &dim.value {
        Some(Dim::DimValue(length)) if *length > 0 => length.to_string(),
        _ if axis == 0 => "1".to_owned(),
        Some(Dim::DimParam(symbol)) if is_name(symbol) => symbol.clone(),
        _ => "N".to_owned(),
    };
    shape.dim.iter().enumerate().map(axis).collect()
}

/// An input as a constant, for the file and as it was loaded.
fn constant(input: &ValueInfoProto, values: &[f64]) -> Result<(TensorProto, Loaded), TranspileError> {
    let name = &input.name;
    let tensor = tensor_type(input).ok_or_else(|| fault(name, "it is not a tensor"))?;
    let element = Element::of(tensor.elem_type).ok_or_else(|| fault(name, Element::refusal(tensor.elem_type)))?;
    let shape = constant_shape(name, tensor, values.len())?;
    lengths(name, &shape)?;
    let elements: usize = shape.iter().product();
    if values.len() != elements && values.len() != 1 {
        return Err(fault(
            name,
            format!("{} values are given for its {elements} elements: give one for each, or one for all", values.len()),
        ));
    }
    let (mut raw_data, mut loaded) = (Vec::new(), Vec::new());
    for position in 0..elements {
        let value = values[position % values.len()];
        let (bytes, value) = encoded(tensor.elem_type, element, value).map_err(|reason| fault(name, reason))?;
        raw_data.extend(bytes);
        loaded.push(value);
    }
    let dims = shape.iter().map(|length| *length as i64).collect();
    let proto = TensorProto { name: name.clone(), data_type: tensor.elem_type, dims, raw_data, ..TensorProto::default() };
    Ok((proto, (shape, element, loaded)))
}

/// The shape of an input that holds so many values. One axis may be free: the values decide its length.
fn constant_shape(name: &str, tensor: &TensorType, count: usize) -> Result<Vec<usize>, TranspileError> {
    if count == 0 {
        return Err(fault(name, "no value is given"));
    }
    let Some(shape) = &tensor.shape else { return Ok(if count == 1 { Vec::new() } else { vec![count] }) };
    let fixed = |dim: &Dimension| match dim.value {
        Some(Dim::DimValue(length)) if length >= 0 => usize::try_from(length).ok(),
        _ => None,
    };
    let known = shape.dim.iter().filter_map(fixed).try_fold(1usize, |product, length| product.checked_mul(length));
    let known = known.ok_or_else(|| fault(name, "its shape is too large"))?;
    let free: Vec<usize> = (0..shape.dim.len()).filter(|axis| fixed(&shape.dim[*axis]).is_none()).collect();
    if let [_, axis, ..] = free[..] {
        return Err(TranspileError::Shape { input: name.to_owned(), axis: Some(axis), symbol: None, axes: axes(shape) });
    }
    // A single value is for all elements, and a free axis then has one.
    let length = if count == 1 || known == 0 { 1 } else { count / known };
    Ok(shape.dim.iter().map(|dim| fixed(dim).unwrap_or(length)).collect())
}

/// A value's bytes in the file, and what they mean.
fn encoded(data_type: i32, element: Element, value: f64) -> Result<(Vec<u8>, f64), String> {
    use DataType::{Bool, Double, Float, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
    if !value.is_finite() {
        return Err(format!("{value} is not a finite number"));
    }
    // Whole numbers beyond 2^53 are not told apart.
    const EXACT: Interval = Interval { lo: -(1 << 53), hi: 1 << 53 };
    let range = element.range().map_or(EXACT, |(lo, hi)| Interval::new(lo, hi));
    let is_whole = value.fract() == 0.0 && (range.lo as f64..=range.hi as f64).contains(&value);
    let whole = || {
        if is_whole {
            Ok(value as i64)
        } else {
            Err(format!("{value} is not a whole number of type {element} from {} to {}", range.lo, range.hi))
        }
    };
    Ok(match DataType::try_from(data_type) {
        Ok(Float) if !(value as f32).is_finite() => return Err(format!("{value} does not fit 32-bit floats")),
        Ok(Float) => ((value as f32).to_le_bytes().to_vec(), f64::from(value as f32)),
        Ok(Double) => (value.to_le_bytes().to_vec(), value),
        Ok(Bool | Int8 | Uint8) => (whole()?.to_le_bytes()[..1].to_vec(), value),
        Ok(Int16 | Uint16) => (whole()?.to_le_bytes()[..2].to_vec(), value),
        Ok(Int32) => (whole()?.to_le_bytes()[..4].to_vec(), value),
        Ok(Uint32) => (u32::try_from(whole()?).map_err(|_| format!("{value} does not fit type uint32"))?.to_le_bytes().to_vec(), value),
        Ok(Int64) => (whole()?.to_le_bytes().to_vec(), value),
        Ok(Uint64) => (u64::try_from(whole()?).map_err(|_| format!("{value} does not fit type uint64"))?.to_le_bytes().to_vec(), value),
        Ok(other) => return Err(format!("an input of type {} cannot be made a constant", other.as_str_name())),
        Err(_) => return Err(format!("data type {data_type} is not known")),
    })
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::TypeProto;

    use super::*;

    fn input(name: &str, data_type: DataType, dims: &[&str]) -> ValueInfoProto {
        let value = |dim: &&str| match dim.parse() {
            Ok(length) => Dim::DimValue(length),
            Err(_) => Dim::DimParam((*dim).to_owned()),
        };
        let dim = dims.iter().map(|dim| Dimension { value: Some(value(dim)), ..Dimension::default() }).collect();
        let tensor = TensorType { elem_type: data_type as i32, shape: Some(TensorShapeProto { dim }) };
        let r#type = TypeProto { value: Some(Type::TensorType(tensor)), ..TypeProto::default() };
        ValueInfoProto { name: name.to_owned(), r#type: Some(r#type), ..ValueInfoProto::default() }
    }

    fn shapes(list: &[(&str, &[usize])]) -> ImportOptions {
        ImportOptions {
            shapes: list.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect(),
            ..ImportOptions::default()
        }
    }

    fn constants(list: &[(&str, &[f64])]) -> ImportOptions {
        let constants = list.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect();
        ImportOptions { constants, ..ImportOptions::default() }
    }

    fn fixed(inputs: Vec<ValueInfoProto>, options: &ImportOptions) -> Result<(GraphProto, Vec<(String, Loaded)>), String> {
        let mut graph = GraphProto { input: inputs, ..GraphProto::default() };
        let mut tensors = Vec::new();
        fix(&mut graph, &mut tensors, options).map_err(|error| error.to_string())?;
        Ok((graph, tensors))
    }

    fn image() -> ValueInfoProto {
        input("x", DataType::Float, &["N", "3", "H", "W"])
    }

    #[test]
    fn a_given_shape_fixes_axes_of_the_same_name_elsewhere() {
        let mask = input("mask", DataType::Float, &["B", "H"]);
        let (graph, _) = fixed(vec![image(), mask], &shapes(&[("x", &[1, 3, 48, 192])])).unwrap();
        let found: Vec<Vec<usize>> = graph.input.iter().map(|input| graph_input(input).unwrap().shape).collect();
        assert_eq!(found, [vec![1, 3, 48, 192], vec![1, 48]]);
    }

    #[test]
    fn a_name_with_two_lengths_is_not_fixed_elsewhere() {
        let [a, b, c] = ["a", "b", "c"].map(|name| input(name, DataType::Float, &["1", "T"]));
        let (graph, _) = fixed(vec![a, b, c], &shapes(&[("a", &[1, 4]), ("b", &[1, 5])])).unwrap();
        let TranspileError::Shape { input, axis, symbol, axes } = graph_input(&graph.input[2]).unwrap_err() else { panic!("a shape") };
        assert_eq!((input.as_str(), axis, symbol.as_deref(), axes), ("c", Some(1), Some("T"), vec!["1".to_owned(), "T".to_owned()]));
    }

    #[test]
    fn shapes_that_contradict_the_file_are_refused() {
        for (name, shape, expected) in [
            ("y", &[1][..], "input `y`: the network has no such input, only `x`"),
            ("x", &[1, 3, 4], "has 3 axes, but the file gives it 4"),
            ("x", &[1, 4, 4, 4], "gives axis 1 length 4, but in the file it is 3"),
            ("x", &[1, 3, 0, 4], "gives axis 2 length 0"),
            ("x", &[1, 3, 1 << 20, 1 << 20], "is too large"),
            ("x", &[1, 3, usize::MAX, usize::MAX], "is too large"),
        ] {
            let error = fixed(vec![image()], &shapes(&[(name, shape)])).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_input_without_a_shape_gets_one() {
        let mut bare = image();
        tensor_type_mut(&mut bare).unwrap().shape = None;
        assert!(matches!(graph_input(&bare), Err(TranspileError::Shape { axis: None, .. })));
        let (graph, _) = fixed(vec![bare], &shapes(&[("x", &[2, 5])])).unwrap();
        assert_eq!(graph_input(&graph.input[0]).unwrap().shape, [2, 5]);
    }

    #[test]
    fn constants_move_from_the_inputs_to_the_initialisers() {
        let state = input("state", DataType::Float, &["2", "B", "3"]);
        let rate = input("sr", DataType::Int64, &[]);
        let (graph, tensors) = fixed(vec![image(), state, rate], &constants(&[("sr", &[16000.0]), ("state", &[0.1])])).unwrap();
        assert_eq!(graph.input.len(), 1);
        let of = |name: &str| tensors.iter().find(|(tensor, _)| tensor == name).unwrap().1.clone();
        assert_eq!(of("sr").2, [16000.0]);
        assert_eq!((of("state").0, of("state").2), (vec![2, 1, 3], vec![f64::from(0.1f32); 6]));
        let rate = graph.initializer.iter().find(|tensor| tensor.name == "sr").unwrap();
        assert_eq!((&rate.raw_data[..], rate.dims.len()), (&16000i64.to_le_bytes()[..], 0));
        // The values decide the length of a free axis.
        let (_, tensors) = fixed(vec![input("v", DataType::Int32, &["T", "2"])], &constants(&[("v", &[1.0, 2.0, 3.0, 4.0])])).unwrap();
        assert_eq!(tensors[0].1.0, [2, 2]);
    }

    #[test]
    fn values_that_an_input_cannot_hold_are_refused() {
        for (data_type, dims, values, expected) in [
            (DataType::Int64, &[][..], &[0.5][..], "0.5 is not a whole number of type int64"),
            (DataType::Bool, &[], &[2.0], "from 0 to 1"),
            (DataType::Uint8, &[], &[256.0], "from 0 to 255"),
            (DataType::Uint32, &[], &[-1.0], "does not fit type uint32"),
            (DataType::Float, &[], &[1e39], "does not fit 32-bit floats"),
            (DataType::Float, &[], &[f64::NAN], "NaN is not a finite number"),
            (DataType::Float, &["2"], &[1.0, 2.0, 3.0], "3 values are given for its 2 elements"),
            (DataType::Float, &["N", "2"], &[1.0, 2.0, 3.0], "3 values are given for its 2 elements"),
            (DataType::Float, &["A", "B"], &[1.0, 2.0], "axis 1 of input `v` has no fixed length"),
            (DataType::String, &[], &[1.0], "text is not supported"),
        ] {
            let error = fixed(vec![input("v", data_type, dims)], &constants(&[("v", values)])).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
