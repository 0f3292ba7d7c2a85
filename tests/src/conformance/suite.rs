//! The backend tests as the wheel has them: a model, its inputs and the outputs that are expected.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use prost::Message;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};

const DATA: &str = "onnx/backend/test/data/";
/// The folders with a test for each operator. `simple` tests the importer's plumbing, `real` and `light` hold references to large models.
const FOLDERS: [&str; 3] = ["node", "pytorch-converted", "pytorch-operator"];

/// One backend test.
pub struct Test {
    /// Its folder's name without `test_`.
    pub name: String,
    /// The model as it is in the file.
    pub model: ModelProto,
    /// Inputs, in the order of the graph's inputs that have no initialiser. A file without a tensor gives none.
    pub inputs: Vec<Option<TensorProto>>,
    /// The expected outputs, in the order of the graph's outputs.
    pub outputs: Vec<Option<TensorProto>>,
}

impl Test {
    /// The model's graph.
    pub fn graph(&self) -> &GraphProto {
        self.model.graph.as_ref().expect("every backend test has a graph")
    }
}

/// All tests, by name.
pub struct Suite {
    /// The tests, in alphabetical order.
    pub tests: Vec<Test>,
}

impl Suite {
    /// Reads the tests out of a wheel.
    ///
    /// # Errors
    /// The bytes are not a wheel of the `onnx` package.
    pub fn read(wheel: &[u8]) -> Result<Self, String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(wheel)).map_err(|error| error.to_string())?;
        // Every file below a test's folder, by test and by its path there.
        let mut folders: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).map_err(|error| error.to_string())?;
            let path = file.name().to_owned();
            let Some((folder, path)) = path.strip_prefix(DATA).and_then(|path| path.split_once('/')) else { continue };
            let Some((test, path)) = path.strip_prefix("test_").and_then(|path| path.split_once('/')) else { continue };
            if FOLDERS.contains(&folder) && (path == "model.onnx" || path.ends_with(".pb")) {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
                folders.entry(test.to_owned()).or_default().insert(path.to_owned(), bytes);
            }
        }
        let tests = folders.into_iter().map(|(name, files)| test(name, &files)).collect::<Result<_, _>>()?;
        Ok(Self { tests })
    }

    /// The test of that name.
    pub fn get(&self, name: &str) -> Option<&Test> {
        self.tests.binary_search_by(|test| test.name.as_str().cmp(name)).ok().map(|index| &self.tests[index])
    }

    /// The operator that a test is about: that of its only node, or of the first one that computes something. The expansion of an operator
    /// into others is still about that operator.
    pub fn subject<'a>(&'a self, test: &'a Test) -> &'a str {
        let whole = expanded(&test.name).and_then(|name| self.get(name)).unwrap_or(test);
        let nodes = &whole.graph().node;
        let computing = nodes.iter().find(|node| !PREPARATION.contains(&node.op_type.as_str()));
        computing.or(nodes.iter().find(|node| node.op_type != "Constant")).or(nodes.first()).map_or("none", |node| &node.op_type)
    }
}

/// Operators that prepare the input of the one that a test is about.
const PREPARATION: [&str; 7] = ["Constant", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze", "Cast"];

/// The test whose operator's definition a test spells out.
pub(super) fn expanded(name: &str) -> Option<&str> {
    name.split_once("_expanded").map(|(name, _)| name)
}

fn test(name: String, files: &BTreeMap<String, Vec<u8>>) -> Result<Test, String> {
    let model = files.get("model.onnx").ok_or_else(|| format!("{name} has no model"))?;
    let model = ModelProto::decode(model.as_slice()).map_err(|error| format!("{name}: {error}"))?;
    // In this release every test has exactly one set of data.
    let tensors = |kind: &str| {
        let files = (0..).map_while(|index| files.get(&format!("test_data_set_0/{kind}_{index}.pb")));
        files.map(|bytes| TensorProto::decode(bytes.as_slice()).ok()).collect()
    };
    Ok(Test { inputs: tensors("input"), outputs: tensors("output"), model, name })
}

/// A tensor's values as real numbers, if it is of one of the types that can be.
pub(super) fn values(tensor: &TensorProto) -> Option<Vec<f64>> {
    macro_rules! raw {
        ($number:ty) => {{
            let chunks = tensor.raw_data.chunks_exact(size_of::<$number>());
            chunks.map(|bytes| <$number>::from_le_bytes(bytes.try_into().expect("of that length")) as f64).collect()
        }};
    }
    let small = || tensor.int32_data.iter().map(|value| f64::from(*value)).collect();
    let wide = || tensor.uint64_data.iter().map(|value| *value as f64).collect();
    // Floats of 16 bits are in the same places as integers of 16 bits.
    let bits = || -> Vec<u16> {
        let raw = tensor.raw_data.chunks_exact(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        raw.chain(tensor.int32_data.iter().map(|value| *value as u16)).collect()
    };
    let is_raw = !tensor.raw_data.is_empty();
    Some(match DataType::try_from(tensor.data_type).ok()? {
        DataType::Float if is_raw => raw!(f32),
        DataType::Float => tensor.float_data.iter().map(|value| f64::from(*value)).collect(),
        DataType::Double if is_raw => raw!(f64),
        DataType::Double => tensor.double_data.clone(),
        DataType::Float16 => bits().into_iter().map(half).collect(),
        DataType::Bfloat16 => bits().into_iter().map(|bits| f64::from(f32::from_bits(u32::from(bits) << 16))).collect(),
        DataType::Int64 if is_raw => raw!(i64),
        DataType::Int64 => tensor.int64_data.iter().map(|value| *value as f64).collect(),
        DataType::Uint64 if is_raw => raw!(u64),
        DataType::Uint32 if is_raw => raw!(u32),
        DataType::Uint64 | DataType::Uint32 => wide(),
        DataType::Int32 if is_raw => raw!(i32),
        DataType::Int16 if is_raw => raw!(i16),
        DataType::Uint16 if is_raw => raw!(u16),
        DataType::Int8 if is_raw => raw!(i8),
        DataType::Uint8 | DataType::Bool if is_raw => raw!(u8),
        DataType::Int32 | DataType::Int16 | DataType::Uint16 | DataType::Int8 | DataType::Uint8 | DataType::Bool => small(),
        _ => return None,
    })
}

/// The value of a 16-bit float: a sign, 5 bits of exponent, 10 bits of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// A tensor's axis lengths.
pub(super) fn dims(tensor: &TensorProto) -> Vec<usize> {
    tensor.dims.iter().map(|length| usize::try_from(*length).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_bit_by_bit() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 2f64.powi(-24)), (0x3555, 1365.0 / 4096.0)] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }
}
