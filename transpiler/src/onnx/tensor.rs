use tract_onnx::pb::TensorProto;
use tract_onnx::prelude::*;

use super::graph::{Constant, Element};
use super::import::guarded;

/// A tensor of the file as it is read: axis lengths, elements, values.
pub type Loaded = (Vec<usize>, Element, Vec<f64>);

/// A tensor in an attribute as a constant. It lies in the file itself.
///
/// # Errors
/// A reason: the type is not supported, or the data do not fit the shape.
pub fn constant(proto: &TensorProto) -> Result<Constant, String> {
    let proto = proto.clone();
    let (shape, element, values) = guarded(move || load(&proto, None))?;
    Ok(Constant { shape, element, values: values.into() })
}

/// Reads a tensor, in the thread where panics of foreign code are caught. `folder` is where external data lies.
///
/// # Errors
/// As for [`constant`].
pub fn load(proto: &TensorProto, folder: Option<&str>) -> Result<Loaded, String> {
    let named = |reason: String| format!("tensor `{}`: {reason}", proto.name);
    let element = Element::of(proto.data_type).ok_or_else(|| named(Element::refusal(proto.data_type)))?;
    let tensor = tract_onnx::tensor::load_tensor(&tract_onnx::data_resolver::FopenDataResolver, proto, folder);
    let tensor = tensor.map_err(|error| named(format!("{error:#}")))?;
    let (shape, values) = numbers(&tensor).map_err(|error| named(format!("{error:#}")))?;
    Ok((shape, element, values))
}

/// A tensor's axis lengths and values.
pub fn numbers(tensor: &Tensor) -> TractResult<(Vec<usize>, Vec<f64>)> {
    let values = tensor.cast_to::<f64>()?;
    Ok((tensor.shape().to_vec(), values.try_as_plain_ram()?.as_slice::<f64>()?.to_vec()))
}
