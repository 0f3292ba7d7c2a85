//! Tensors of the file and of its external data.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use maat_package::partial::read_file;
use sha2::{Digest, Sha256};
use tract_onnx::data_resolver::ModelDataResolver;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::prelude::*;

use super::graph::{Constant, Element, Texts};
use super::guard::guarded;

/// A tensor as it was read: axis lengths, elements, values.
pub type Loaded = (Vec<usize>, Element, Vec<f64>);

/// A tensor in an attribute, as a constant. Its data is in the file itself.
///
/// # Errors
/// The reason: the type is not supported, or the data does not fit the shape.
pub fn constant(proto: &TensorProto) -> Result<Constant, String> {
    if proto.data_location == Some(DataLocation::External as i32) {
        let reason = "its data is in another file, which is read for the initialisers of the graph itself only: save the model as one file";
        return Err(format!("tensor `{}`: {reason}", proto.name));
    }
    let proto = proto.clone();
    let (shape, element, values) = guarded(move || load(&proto, None, &ExternalFiles::default()))?;
    Ok(Constant { shape, element, values: values.into() })
}

/// Files with external data. Each is read once, so its digest is that of what was loaded.
///
/// tract resolves their paths before it asks for the bytes. It refuses paths that are absolute, have `..`, or lead out of the model's
/// folder through links.
#[derive(Default)]
pub struct ExternalFiles(RefCell<BTreeMap<PathBuf, Vec<u8>>>);

impl ExternalFiles {
    /// The file that a tensor's data was loaded from, with its path as the model names it; nothing for a tensor whose data is in the
    /// model's file.
    pub fn of<'p>(&self, proto: &'p TensorProto, folder: Option<&str>) -> Option<(&'p str, PathBuf)> {
        if proto.data_location != Some(DataLocation::External as i32) || !proto.raw_data.is_empty() {
            return None;
        }
        let location = proto.external_data.iter().find(|entry| entry.key == "location")?.value.as_str();
        let folder = Path::new(folder.filter(|folder| !folder.is_empty()).unwrap_or("."));
        let path = folder.canonicalize().ok()?.join(location).canonicalize().ok()?;
        self.0.borrow().contains_key(&path).then_some((location, path))
    }

    /// sha256 of a file that was read.
    pub fn sha256(&self, path: &Path) -> Vec<u8> {
        Sha256::digest(&self.0.borrow()[path]).to_vec()
    }
}

impl ModelDataResolver for ExternalFiles {
    fn read_bytes_from_path(&self, buffer: &mut Vec<u8>, path: &Path, offset: usize, length: Option<usize>) -> TractResult<()> {
        let mut files = self.0.borrow_mut();
        if !files.contains_key(path) {
            let bytes = read_file(path).map_err(|error| TractError::msg(format!("cannot read {}: {error}", path.display())))?;
            files.insert(path.to_path_buf(), bytes);
        }
        let bytes = &files[path];
        let end = length.map_or(Some(bytes.len()), |length| offset.checked_add(length));
        let part = end.and_then(|end| bytes.get(offset..end)).ok_or_else(|| {
            let length = length.map_or_else(String::new, |length| format!(", {length} bytes long,"));
            TractError::msg(format!("the data at offset {offset}{length} lies outside {}, which has {} bytes", path.display(), bytes.len()))
        })?;
        buffer.extend_from_slice(part);
        Ok(())
    }
}

/// Reads a tensor, in the thread where panics of foreign code are caught. External data is in `folder`, and `files` keeps it.
///
/// # Errors
/// As for [`constant`].
pub fn load(proto: &TensorProto, folder: Option<&str>, files: &ExternalFiles) -> Result<Loaded, String> {
    let named = |reason: String| format!("tensor `{}`: {reason}", proto.name);
    let element = Element::of(proto.data_type).ok_or_else(|| named(Element::refusal(proto.data_type)))?;
    let tensor = tract_onnx::tensor::load_tensor(files, proto, folder);
    let tensor = tensor.map_err(|error| named(format!("{error:#}")))?;
    let (shape, values) = numbers(&tensor).map_err(|error| named(format!("{error:#}")))?;
    Ok((shape, element, values))
}

/// Whether a tensor holds texts.
pub fn is_text(proto: &TensorProto) -> bool {
    proto.data_type == DataType::String as i32
}

/// A tensor of texts.
///
/// # Errors
/// The reason: the data does not fit the shape, or is not UTF-8.
pub fn texts(proto: &TensorProto) -> Result<Texts, String> {
    let named = |reason: String| format!("tensor `{}`: {reason}", proto.name);
    let lengths = proto.dims.iter().map(|length| usize::try_from(*length).ok()).collect::<Option<Vec<usize>>>();
    let elements = |shape: &Vec<usize>| shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    let shape = lengths.filter(|shape| elements(shape) == Some(proto.string_data.len()));
    let shape = shape.ok_or_else(|| named(format!("{} texts do not fit the shape {:?}", proto.string_data.len(), proto.dims)))?;
    let values = proto.string_data.iter().map(|text| String::from_utf8(text.clone()).map_err(|error| named(error.to_string())));
    Ok(Texts { shape, values: values.collect::<Result<_, _>>()? })
}

/// A tensor's axis lengths and values.
pub fn numbers(tensor: &Tensor) -> TractResult<(Vec<usize>, Vec<f64>)> {
    let values = tensor.cast_to::<f64>()?;
    Ok((tensor.shape().to_vec(), values.try_as_plain_ram()?.as_slice::<f64>()?.to_vec()))
}
