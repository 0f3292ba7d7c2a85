use tract_onnx::pb::TensorProto;
use tract_onnx::prelude::*;

use super::graph::{Constant, Element};

/// A tensor of the file as a constant. `folder` is where external data lies.
///
/// # Errors
/// A reason: the type is not supported, or the data do not fit the shape.
pub fn constant(proto: &TensorProto, folder: Option<&str>) -> Result<Constant, String> {
    let named = |reason: String| format!("tensor `{}`: {reason}", proto.name);
    let element = Element::of(proto.data_type).ok_or_else(|| named(format!("data type {} is not supported", proto.data_type)))?;
    let tensor = tract_onnx::tensor::load_tensor(&tract_onnx::data_resolver::FopenDataResolver, proto, folder);
    let tensor = tensor.map_err(|error| named(format!("{error:#}")))?;
    let (shape, values) = numbers(&tensor).map_err(|error| named(format!("{error:#}")))?;
    Ok(Constant { shape, element, values: values.into() })
}

/// A tensor's axis lengths and values.
pub fn numbers(tensor: &Tensor) -> TractResult<(Vec<usize>, Vec<f64>)> {
    let values = tensor.cast_to::<f64>()?;
    Ok((tensor.shape().to_vec(), values.try_as_plain_ram()?.as_slice::<f64>()?.to_vec()))
}
