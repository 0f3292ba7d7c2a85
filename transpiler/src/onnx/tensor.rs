//! Tensors of the file and of its external data.

use std::borrow::Cow;
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
    let tensor = tract_onnx::tensor::load_tensor(files, readable(proto).map_err(named)?.as_ref(), folder);
    let tensor = tensor.map_err(|error| named(format!("{error:#}")))?;
    let (shape, mut values) = numbers(&tensor).map_err(|error| named(format!("{error:#}")))?;
    if proto.data_type == DataType::Bfloat16 as i32 {
        values.iter_mut().for_each(|bits| *bits = f64::from(f32::from_bits((*bits as u32) << 16)));
    }
    Ok((shape, element, values))
}

/// A tensor that tract reads: bfloat16 as the integers with the same bits, and unsigned integers in the field where ONNX has them as bytes,
/// because tract looks for them in another one.
fn readable(proto: &TensorProto) -> Result<Cow<'_, TensorProto>, String> {
    let given = &proto.uint64_data;
    let raw_data: Vec<u8> = match DataType::try_from(proto.data_type) {
        Ok(DataType::Bfloat16) => {
            return Ok(Cow::Owned(TensorProto { data_type: DataType::Uint16 as i32, ..proto.clone() }));
        }
        Ok(DataType::Uint32) if !given.is_empty() => {
            let narrow = |value: &u64| u32::try_from(*value).map(u32::to_le_bytes).map_err(|_| format!("{value} is no uint32"));
            given.iter().map(narrow).collect::<Result<Vec<_>, _>>()?.concat()
        }
        Ok(DataType::Uint64) if !given.is_empty() => given.iter().flat_map(|value| value.to_le_bytes()).collect(),
        _ => return Ok(Cow::Borrowed(proto)),
    };
    let count = proto.dims.iter().try_fold(1i64, |product, length| product.checked_mul(*length));
    if count != i64::try_from(given.len()).ok() {
        return Err(format!("{} values do not fit shape {:?}", given.len(), proto.dims));
    }
    Ok(Cow::Owned(TensorProto { raw_data, ..proto.clone() }))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn values(proto: &TensorProto) -> Result<Vec<f64>, String> {
        Ok(constant(proto)?.values.to_vec())
    }

    #[test]
    fn floats_of_16_bits_are_read_bit_by_bit() {
        let proto = |data_type: DataType| TensorProto { data_type: data_type as i32, dims: vec![2], ..TensorProto::default() };
        let bits = TensorProto { int32_data: vec![0x3fc0, 0xc020], ..proto(DataType::Bfloat16) };
        assert_eq!(values(&bits).unwrap(), [1.5, -2.5]);
        let raw = TensorProto { raw_data: vec![0xc0, 0x3f, 0x20, 0xc0], ..proto(DataType::Bfloat16) };
        assert_eq!(values(&raw).unwrap(), [1.5, -2.5]);
        let halves = TensorProto { int32_data: vec![0x3e00, 0xc100], ..proto(DataType::Float16) };
        assert_eq!(values(&halves).unwrap(), [1.5, -2.5]);
        let short = TensorProto { int32_data: vec![0x3fc0], ..proto(DataType::Bfloat16) };
        assert!(values(&short).is_err());
    }

    #[test]
    fn unsigned_integers_are_read_from_their_own_field() {
        let proto = |data_type: DataType, uint64_data: Vec<u64>| TensorProto {
            data_type: data_type as i32,
            dims: vec![2],
            uint64_data,
            ..TensorProto::default()
        };
        assert_eq!(values(&proto(DataType::Uint32, vec![7, u64::from(u32::MAX)])).unwrap(), [7.0, 4_294_967_295.0]);
        assert_eq!(values(&proto(DataType::Uint64, vec![7, 1 << 40])).unwrap(), [7.0, 2f64.powi(40)]);
        assert_eq!(values(&proto(DataType::Uint32, vec![7, 1 << 32])).unwrap_err(), "tensor ``: 4294967296 is no uint32");
        assert_eq!(values(&proto(DataType::Uint64, vec![7])).unwrap_err(), "tensor ``: 1 values do not fit shape [2]");
    }
}
