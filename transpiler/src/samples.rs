//! Inputs from files: JSON (an object from input name to nested arrays, or a bare array for a single input), `.npy` and `.npz`.

use std::io::{Cursor, Read};
use std::path::Path;

use ndarray_npy::{ViewElement, ViewNpyExt};
use serde_json::Value;
use tract_onnx::tract_hir::tract_ndarray::ArrayViewD;

use crate::error::SampleError;

/// One inference's inputs: a row-major list of values for each input, in the network's order.
pub type Sample = Vec<Vec<f64>>;

/// An input's name and shape, as the network declares them.
pub type InputSpec = (String, Vec<usize>);

/// No array in a file may take more memory than this once unpacked.
const MAX_ARRAY_BYTES: u64 = 1 << 30;

/// Reads the samples in a file. A file with one sample gives a list of one.
///
/// # Errors
/// A [`SampleError`] says which input does not fit and what is expected.
pub fn read(path: &Path, inputs: &[InputSpec]) -> Result<Vec<Sample>, SampleError> {
    let bytes = std::fs::read(path).map_err(|source| SampleError::Read { path: path.to_path_buf(), source })?;
    let malformed = |reason: String| SampleError::Malformed { path: path.to_path_buf(), reason };
    let arrays = if bytes.starts_with(NPY_MAGIC) {
        vec![(only_input(inputs)?, npy(&bytes).map_err(malformed)?)]
    } else if bytes.starts_with(b"PK") {
        npz(&bytes).map_err(malformed)?
    } else {
        match serde_json::from_slice(&bytes).map_err(|error| malformed(format!("neither JSON, .npy nor .npz: {error}")))? {
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| Ok((name.clone(), Array::from_json(&name, &value)?))).collect::<Result<_, _>>()?
            }
            value => {
                let name = only_input(inputs)?;
                let array = Array::from_json(&name, &value)?;
                vec![(name, array)]
            }
        }
    };
    let samples = arrange(arrays, inputs)?;
    if samples.is_empty() { Err(SampleError::Empty { path: path.to_path_buf() }) } else { Ok(samples) }
}

/// A row-major array.
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    fn from_json(input: &str, value: &Value) -> Result<Self, SampleError> {
        let mut shape = Vec::new();
        let mut first = value;
        while let Value::Array(items) = first {
            shape.push(items.len());
            match items.first() {
                Some(item) => first = item,
                None => break,
            }
        }
        let mut array = Self { shape, values: Vec::new() };
        array.collect(input, value, 0)?;
        Ok(array)
    }

    fn collect(&mut self, input: &str, value: &Value, depth: usize) -> Result<(), SampleError> {
        match (value, self.shape.get(depth).copied()) {
            (Value::Array(items), Some(first)) if items.len() == first => {
                items.iter().try_for_each(|item| self.collect(input, item, depth + 1))
            }
            (Value::Array(items), first) => {
                let first = first.unwrap_or_default();
                Err(SampleError::Ragged { input: input.to_owned(), depth, first, other: items.len() })
            }
            (Value::Number(number), None) if number.as_f64().is_some_and(f64::is_finite) => {
                self.values.extend(number.as_f64());
                Ok(())
            }
            (other, _) => Err(SampleError::NotANumber { input: input.to_owned(), value: other.to_string() }),
        }
    }
}

const NPY_MAGIC: &[u8] = b"\x93NUMPY";

fn npy(bytes: &[u8]) -> Result<Array, String> {
    // A view takes no memory for what a header claims; it needs aligned bytes, which a vector of words has.
    let mut words = vec![0u64; bytes.len().div_ceil(8)];
    bytemuck::cast_slice_mut::<u64, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
    let aligned = &bytemuck::cast_slice::<u64, u8>(&words)[..bytes.len()];
    macro_rules! first_that_fits {
        ($($element:ty),*) => {
            [$(view::<$element>(aligned, |x| x as f64)),*].into_iter().flatten().next()
        };
    }
    let found = first_that_fits!(f64, f32, i8, i16, i32, i64, u8, u16, u32, u64);
    found.ok_or_else(|| "not a whole .npy array of floats or integers in this machine's byte order".to_owned())
}

fn view<T: ViewElement + Copy>(bytes: &[u8], to_float: fn(T) -> f64) -> Option<Array> {
    let view = ArrayViewD::<T>::view_npy(bytes).ok()?;
    Some(Array { shape: view.shape().to_vec(), values: view.iter().map(|value| to_float(*value)).collect() })
}

fn npz(bytes: &[u8]) -> Result<Vec<(String, Array)>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("not a whole .npz archive: {error}"))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| format!("not a whole .npz archive: {error}"))?;
        let name = file.name().strip_suffix(".npy").unwrap_or(file.name()).to_owned();
        let mut content = Vec::new();
        file.take(MAX_ARRAY_BYTES).read_to_end(&mut content).map_err(|error| format!("array `{name}`: {error}"))?;
        let array = npy(&content).map_err(|reason| format!("array `{name}`: {reason}"))?;
        arrays.push((name, array));
    }
    Ok(arrays)
}

fn only_input(inputs: &[InputSpec]) -> Result<String, SampleError> {
    match inputs {
        [(name, _)] => Ok(name.clone()),
        [] => Err(SampleError::UnknownInput { found: String::new(), expected: names(inputs) }),
        [(name, _), ..] => Err(SampleError::MissingInput { input: name.clone(), expected: names(inputs) }),
    }
}

fn names(inputs: &[InputSpec]) -> String {
    inputs.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Arrays by name as samples in the network's order of inputs.
fn arrange(arrays: Vec<(String, Array)>, inputs: &[InputSpec]) -> Result<Vec<Sample>, SampleError> {
    if let Some((found, _)) = arrays.iter().find(|(name, _)| inputs.iter().all(|(input, _)| input != name)) {
        return Err(SampleError::UnknownInput { found: found.clone(), expected: names(inputs) });
    }
    let mut samples: Vec<Sample> = Vec::new();
    for (position, (input, shape)) in inputs.iter().enumerate() {
        let array = arrays.iter().find(|(name, _)| name == input).map(|(_, array)| array);
        let array = array.ok_or_else(|| SampleError::MissingInput { input: input.clone(), expected: names(inputs) })?;
        if let Some(value) = array.values.iter().find(|value| !value.is_finite()) {
            return Err(SampleError::NotANumber { input: input.clone(), value: value.to_string() });
        }
        let batch = batch_of(array, shape).ok_or_else(|| SampleError::Shape {
            input: input.clone(),
            expected: format!("{shape:?}"),
            found: format!("{:?}", array.shape),
        })?;
        if position == 0 {
            samples = vec![Vec::new(); batch];
        } else if samples.len() != batch {
            return Err(SampleError::Batch { input: input.clone(), expected: samples.len(), found: batch });
        }
        let elements = shape.iter().product();
        samples.iter_mut().zip(array.values.chunks_exact(elements)).for_each(|(sample, values)| sample.push(values.to_vec()));
    }
    Ok(samples)
}

/// How many samples of shape `expected` an array holds. The shape may lack a leading axis of length 1, and a batch may take its place or
/// stand before it.
fn batch_of(array: &Array, expected: &[usize]) -> Option<usize> {
    let found = array.shape.as_slice();
    let inner = expected.strip_prefix(&[1]).unwrap_or(expected);
    if found == expected || found == inner {
        return Some(1);
    }
    let (batch, rest) = found.split_first()?;
    (rest == inner || rest == expected).then_some(*batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Vec<InputSpec> {
        vec![("x".to_owned(), vec![1, 2])]
    }

    fn read_bytes(bytes: &[u8], inputs: &[InputSpec]) -> Result<Vec<Sample>, SampleError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read(file.path(), inputs)
    }

    fn read_text(text: &str) -> Result<Vec<Sample>, SampleError> {
        read_bytes(text.as_bytes(), &spec())
    }

    /// A version 1.0 `.npy` file.
    fn npy_file(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        while (header.len() + 11) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        [NPY_MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn a_sample_may_lack_or_repeat_the_batch_axis() {
        let one = vec![vec![vec![1.0, 2.5]]];
        assert_eq!(read_text("[1, 2.5]").unwrap(), one);
        assert_eq!(read_text("[[1, 2.5]]").unwrap(), one);
        assert_eq!(read_text(r#"{"x": [[1, 2.5]]}"#).unwrap(), one);
        assert_eq!(read_text("[[1, 2], [3, 4]]").unwrap(), [[[1.0, 2.0]], [[3.0, 4.0]]]);
        assert_eq!(read_text("[[[1, 2]], [[3, 4]]]").unwrap(), [[[1.0, 2.0]], [[3.0, 4.0]]]);
    }

    #[test]
    fn arrays_of_numpy_are_read() {
        let floats: Vec<u8> = [1.5f32, -2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        let file = npy_file("<f4", "(2, 2)", &floats);
        assert_eq!(read_bytes(&file, &spec()).unwrap(), [[[1.5, -2.0]], [[3.0, 4.0]]]);
        let file = npy_file("|i1", "(2,)", &[255, 3]);
        assert_eq!(read_bytes(&file, &spec()).unwrap(), [[[-1.0, 3.0]]]);
    }

    #[test]
    fn archives_of_numpy_are_read_by_name() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, value) in [("b", 2u8), ("a", 1)] {
            writer.start_file(format!("{name}.npy"), zip::write::FileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, &npy_file("|u1", "(1,)", &[value])).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let inputs = [("a".to_owned(), vec![1]), ("b".to_owned(), vec![1])];
        assert_eq!(read_bytes(&bytes, &inputs).unwrap(), [[[1.0], [2.0]]]);
        assert!(matches!(read_bytes(&bytes[..bytes.len() - 9], &inputs), Err(SampleError::Malformed { .. })));
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_holds_is_refused() {
        let file = npy_file("<f8", "(9007199254740992, 64)", &[0; 16]);
        assert!(matches!(read_bytes(&file, &spec()), Err(SampleError::Malformed { .. })));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let message = |text: &str| read_text(text).unwrap_err().to_string();
        assert_eq!(message("[1, 2, 3]"), "input `x` takes [1, 2], or a batch of such arrays; got [3]");
        assert_eq!(message("[[1, 2], [3]]"), "input `x`: the arrays at depth 1 have different lengths (2 and 1)");
        assert_eq!(message(r#"{"y": [1, 2]}"#), "the network has no input `y`; its inputs are: `x`");
        assert_eq!(message("{}"), "input `x` is missing; the network's inputs are: `x`");
        assert_eq!(message(r#"[1, "2"]"#), "input `x`: \"2\" is not a finite number");
        assert_eq!(message("[1, [2]]"), "input `x`: the arrays at depth 1 have different lengths (0 and 1)");
        assert!(message("[1, NaN]").contains("neither JSON, .npy nor .npz"));
        assert!(message("[]").contains("got [0]"));
    }

    #[test]
    fn infinite_values_are_refused() {
        let file = npy_file("<f8", "(2,)", &[1.0f64, f64::INFINITY].map(f64::to_le_bytes).concat());
        assert!(matches!(read_bytes(&file, &spec()), Err(SampleError::NotANumber { .. })));
    }

    #[test]
    fn inputs_have_one_batch_size() {
        let inputs = [("a".to_owned(), vec![1]), ("b".to_owned(), vec![1])];
        let error = read_bytes(br#"{"a": [[1], [2]], "b": [[1], [2], [3]]}"#, &inputs).unwrap_err();
        assert!(matches!(error, SampleError::Batch { expected: 2, found: 3, .. }), "{error}");
        assert!(matches!(read_bytes(b"[1]", &inputs), Err(SampleError::MissingInput { .. })));
    }
}
