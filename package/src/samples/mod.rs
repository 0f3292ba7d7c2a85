//! Inputs from files: JSON (an object from input name to nested arrays, or a bare array for a single input), `.npy` and `.npz`.

mod decimal;
mod error;
mod out_of_range;
mod quantise;

pub use error::SampleError;
pub use out_of_range::{OutOfRange, out_of_range};
pub use quantise::quantise_sample;

use std::collections::HashSet;
use std::fmt;
use std::io::{Cursor, Read};
use std::path::Path;

use maat_runtime::inert;
use ndarray::ArrayViewD;
use ndarray_npy::npy::header::{Header, ReadHeaderError};
use ndarray_npy::{ViewElement, ViewNpyError, ViewNpyExt};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// One inference's inputs: a row-major list of values for each input, in the network's order.
pub type Sample = Vec<Vec<f64>>;

/// An input's name and shape, as the network declares them.
pub type InputSpec = (String, Vec<usize>);

/// The most values in a file, all arrays together: 512 MB once they are unpacked.
const MAX_VALUES: usize = 1 << 26;
/// The longest header of an array in a file; NumPy's have about a hundred bytes.
const MAX_HEADER_BYTES: u64 = 1 << 12;
/// The longest element of an array in a file.
const MAX_ELEMENT_BYTES: u64 = 8;

/// Reads the samples in a file. A file with one sample gives a list of one.
///
/// # Errors
/// A [`SampleError`] says which input does not fit and what is expected.
pub fn read(path: &Path, inputs: &[InputSpec]) -> Result<Vec<Sample>, SampleError> {
    let bytes = std::fs::read(path).map_err(|source| SampleError::Read { path: path.to_path_buf(), source })?;
    from_bytes(&bytes, path, inputs)
}

/// The samples in a file's bytes. Errors name the file by its path.
///
/// # Errors
/// As for [`read`].
pub fn from_bytes(bytes: &[u8], path: &Path, inputs: &[InputSpec]) -> Result<Vec<Sample>, SampleError> {
    let malformed = |reason: String| SampleError::Malformed { path: path.to_path_buf(), reason };
    let arrays = if bytes.starts_with(NPY_MAGIC) {
        vec![(only_input(inputs)?, npy(bytes, MAX_VALUES).map_err(malformed)?)]
    } else if bytes.starts_with(b"PK") {
        let mut arrays = npz(bytes, MAX_VALUES).map_err(malformed)?;
        if let ([(name, _)], [(input, _)]) = (&mut arrays[..], inputs)
            && name == UNNAMED
        {
            input.clone_into(name);
        }
        arrays
    } else {
        let other = |error: serde_json::Error| malformed(no_json(bytes, path, &error));
        let members = if bytes.trim_ascii_start().starts_with(b"{") {
            serde_json::from_slice::<Members>(bytes).map_err(other)?.0
        } else {
            let value = serde_json::from_slice(bytes).map_err(other)?;
            vec![(only_input(inputs)?, value)]
        };
        members.into_iter().map(|(name, value)| Ok((name.clone(), Array::from_json(path, &name, &value)?))).collect::<Result<_, _>>()?
    };
    let mut seen = HashSet::new();
    if let Some((name, _)) = arrays.iter().find(|(name, _)| !seen.insert(name)) {
        return Err(malformed(format!("two arrays are named `{name}`")));
    }
    // Text takes more memory than the values in it, so it is early enough to count them now.
    within(arrays.iter().map(|(_, array)| array.values.len()).sum(), MAX_VALUES).map_err(malformed)?;
    let samples = arrange(arrays, inputs, path)?;
    if samples.is_empty() { Err(SampleError::Empty { path: path.to_path_buf() }) } else { Ok(samples) }
}

/// What NumPy's `savez` calls an array that is given without a name.
const UNNAMED: &str = "arr_0";

/// What is wrong with text that is not JSON, and what to do if it is CSV.
fn no_json(bytes: &[u8], path: &Path, error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().next().unwrap_or_default();
    if text.trim_start().starts_with(['[', '{']) || !first.contains([',', ';', '\t']) {
        let nan = if text.contains("NaN") { ". JSON has no NaN, and Maat has no missing values: impute them" } else { "" };
        return format!("neither JSON, .npy nor .npz: {error}{nan}");
    }
    let file = if path.is_file() { path } else { Path::new("samples.csv") };
    let array = file.with_extension("npy");
    let delimiter = [',', ';'].into_iter().find(|delimiter| first.contains(*delimiter)).map_or("\\t".to_owned(), |found| found.to_string());
    let titles = if first.contains(char::is_alphabetic) { ", skiprows=1" } else { "" };
    let (file, array) = (file.display(), array.display());
    let load = format!("np.save(\"{array}\", np.loadtxt(\"{file}\", delimiter=\"{delimiter}\"{titles}))");
    format!("neither JSON, .npy nor .npz. If it is CSV, make an array of it first, in Python: {load}")
}

/// The members of a JSON object; where two have the same name, both. Names are escaped, because messages show those that no input has.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    members.push((inert(&name), value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A row-major array.
struct Array {
    shape: Vec<usize>,
    /// NaN where the file has something that is not a number.
    values: Vec<f64>,
    /// The first value that is not a number, if the file is text: its position, and how it is written.
    odd: Option<(usize, String)>,
}

impl Array {
    fn from_json(path: &Path, input: &str, value: &Value) -> Result<Self, SampleError> {
        let mut shape = Vec::new();
        let mut first = value;
        while let Value::Array(items) = first {
            shape.push(items.len());
            match items.first() {
                Some(item) => first = item,
                None => break,
            }
        }
        let mut array = Self { shape, values: Vec::new(), odd: None };
        array.collect(path, input, value, 0)?;
        Ok(array)
    }

    fn collect(&mut self, path: &Path, input: &str, value: &Value, depth: usize) -> Result<(), SampleError> {
        match (value, self.shape.get(depth).copied()) {
            (Value::Array(items), Some(first)) if items.len() == first => {
                items.iter().try_for_each(|item| self.collect(path, input, item, depth + 1))
            }
            (Value::Array(items), first) => {
                let first = first.unwrap_or_default();
                Err(SampleError::Ragged { input: input.to_owned(), depth, first, other: items.len() })
            }
            (Value::Number(number), None) if number.as_f64().is_some_and(f64::is_finite) => {
                self.values.extend(number.as_f64());
                Ok(())
            }
            (Value::Object(_), _) => Err(SampleError::Objects { path: path.to_path_buf(), input: input.to_owned() }),
            (other, None) => {
                self.odd.get_or_insert((self.values.len(), shortened(&other.to_string())));
                self.values.push(f64::NAN);
                Ok(())
            }
            // A value where the first item was an array.
            (_, Some(first)) => Err(SampleError::Ragged { input: input.to_owned(), depth, first, other: 0 }),
        }
    }
}

/// A text, cut so that it fits into a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain("..".chars()).collect() }
}

const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// Refuses more values than there is room for.
fn within(values: usize, room: usize) -> Result<(), String> {
    if values > room { Err(format!("more than {MAX_VALUES} values, the most that a file may hold")) } else { Ok(()) }
}

/// A bound for the number of an array's values, from its header, if there is room for them. Nothing after the header is read.
fn declared(bytes: &[u8], room: usize) -> Result<usize, String> {
    // The reader would reserve memory for whatever length the header claims. It has two bytes after the version, and four from version 2
    // on.
    let length = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => u16::from_le_bytes([*a, *b]).into(),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => return Err("truncated within its header".to_owned()),
    };
    if u64::from(length) > MAX_HEADER_BYTES {
        return Err(format!("not a .npy array: its header has {length} bytes"));
    }
    let header = Header::from_reader(&mut &bytes[..]).map_err(|error| match error {
        ReadHeaderError::Io(_) => "truncated within its header".to_owned(),
        ReadHeaderError::Parse(error) => format!("not a .npy array: {error}"),
    })?;
    // The other axes are bounded even if one is empty.
    let values = header.shape.iter().try_fold(1usize, |values, length| values.checked_mul((*length).max(1))).unwrap_or(usize::MAX);
    within(values, room).map(|()| values)
}

/// What is wrong with elements that are not plain floats or integers, and what to do about it.
fn other_elements(bytes: &[u8]) -> String {
    let header = Header::from_reader(&mut &bytes[..]);
    let found = header.map_or_else(|error| error.to_string(), |header| header.type_descriptor.to_string());
    let dtype = found.trim_matches('\'');
    let kind = match dtype.trim_start_matches(['<', '>', '|', '=']).chars().next() {
        Some('f') if dtype.ends_with("f2") => "half-precision floats",
        Some('f' | 'i' | 'u') => "numbers in another byte order or of another size",
        Some('c') => "complex numbers",
        Some('b') => "truth values",
        Some('U' | 'S') => "texts",
        Some('O') => "Python objects",
        Some('M' | 'm') => "times",
        _ => "elements",
    };
    format!("it has {kind} of dtype {}; save numbers in Python with np.save(path, x.astype(np.float32))", shortened(dtype))
}

/// An array of at most `room` values.
fn npy(bytes: &[u8], room: usize) -> Result<Array, String> {
    declared(bytes, room)?;
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
    found.unwrap_or_else(|| Err(other_elements(bytes)))
}

/// The array, or what is wrong with it; nothing if it is of another type.
fn view<T: ViewElement + Copy>(bytes: &[u8], to_float: fn(T) -> f64) -> Option<Result<Array, String>> {
    match ArrayViewD::<T>::view_npy(bytes) {
        Ok(view) => {
            Some(Ok(Array { shape: view.shape().to_vec(), values: view.iter().map(|value| to_float(*value)).collect(), odd: None }))
        }
        Err(ViewNpyError::MissingBytes(missing)) => Some(Err(format!("truncated: {missing} bytes are missing"))),
        Err(ViewNpyError::ExtraBytes(_)) => Some(Err("it has more bytes than its header declares".to_owned())),
        Err(_) => None,
    }
}

/// The arrays of an archive, with at most `room` values together. A member's header bounds its size before it is expanded.
fn npz(bytes: &[u8], mut room: usize) -> Result<Vec<(String, Array)>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("not a whole .npz archive: {error}"))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| format!("not a whole .npz archive: {error}"))?;
        let name = inert(file.name().strip_suffix(".npy").unwrap_or(file.name()));
        let fault = |reason: String| format!("array `{name}`: {reason}");
        let mut content = Vec::new();
        let mut expand = |content: &mut Vec<u8>, limit| {
            file.by_ref().take(limit).read_to_end(content).map_err(|error| fault(format!("truncated or damaged: {error}")))
        };
        expand(&mut content, 12 + MAX_HEADER_BYTES)?;
        let values = declared(&content, room).map_err(fault)?;
        expand(&mut content, values as u64 * MAX_ELEMENT_BYTES)?;
        let array = npy(&content, room).map_err(fault)?;
        room -= array.values.len();
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

/// Turns arrays by name into samples, in the network's order of inputs.
fn arrange(arrays: Vec<(String, Array)>, inputs: &[InputSpec], path: &Path) -> Result<Vec<Sample>, SampleError> {
    if let Some((found, _)) = arrays.iter().find(|(name, _)| inputs.iter().all(|(input, _)| input != name)) {
        return Err(SampleError::UnknownInput { found: found.clone(), expected: names(inputs) });
    }
    let mut samples: Vec<Sample> = Vec::new();
    for (position, (input, shape)) in inputs.iter().enumerate() {
        let array = arrays.iter().find(|(name, _)| name == input).map(|(_, array)| array);
        let array = array.ok_or_else(|| SampleError::MissingInput { input: input.clone(), expected: names(inputs) })?;
        let batch = batch_of(array, shape).ok_or_else(|| SampleError::Shape {
            input: input.clone(),
            expected: shape.clone(),
            found: array.shape.clone(),
        })?;
        if let Some(position) = array.values.iter().position(|value| !value.is_finite()) {
            let odd = array.odd.as_ref().filter(|(odd, _)| *odd == position);
            let value = odd.map_or_else(|| array.values[position].to_string(), |(_, text)| text.clone());
            return Err(SampleError::NotANumberAt { path: path.to_path_buf(), input: input.clone(), value, place: place(position, shape) });
        }
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

/// Where in a batch a value is: its sample, and its column or position there.
fn place(position: usize, shape: &[usize]) -> String {
    let elements: usize = shape.iter().product();
    let (sample, mut rest) = (position / elements, position % elements);
    let mut index = shape.strip_prefix(&[1]).unwrap_or(shape).to_vec();
    for axis in index.iter_mut().rev() {
        (*axis, rest) = (rest % *axis, rest / *axis);
    }
    match index[..] {
        [] => format!("sample {sample}"),
        [column] => format!("sample {sample}, column {column}"),
        _ => format!("sample {sample}, position {index:?}"),
    }
}

/// How many samples of shape `expected` an array holds. A leading axis of length 1 may be missing, replaced by the batch, or come after it.
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

    fn npz_file(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, array) in arrays {
            writer.start_file(format!("{name}.npy"), zip::write::FileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, array).unwrap();
        }
        writer.finish().unwrap().into_inner()
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
        let bytes = npz_file(&[("b", npy_file("|u1", "(1,)", &[2])), ("a", npy_file("|u1", "(1,)", &[1]))]);
        let inputs = [("a".to_owned(), vec![1]), ("b".to_owned(), vec![1])];
        assert_eq!(read_bytes(&bytes, &inputs).unwrap(), [[[1.0], [2.0]]]);
        assert!(matches!(read_bytes(&bytes[..bytes.len() - 9], &inputs), Err(SampleError::Malformed { .. })));
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_holds_is_refused() {
        let message = |bytes: &[u8]| read_bytes(bytes, &spec()).unwrap_err().to_string();
        for shape in ["(9007199254740992, 64)", "(4503599627370496, 4503599627370496)", "(0, 1099511627776, 1099511627776)", "(67108865,)"]
        {
            let file = npy_file("<f8", shape, &[0; 16]);
            let expected = "more than 67108864 values, the most that a file may hold";
            assert!(message(&file).ends_with(expected), "{shape}: {}", message(&file));
            let message = message(&npz_file(&[("x", file)]));
            assert!(message.ends_with(&format!("array `x`: {expected}")), "{shape}: {message}");
        }
        let mut long = npy_file("<f8", "(2,)", &[0; 16]);
        (long[6], long[11]) = (2, 255);
        assert!(message(&long).contains("not a .npy array: its header has 4"), "{}", message(&long));
    }

    #[test]
    fn the_arrays_of_an_archive_share_its_room() {
        let array = npy_file("|i1", "(2,)", &[1, 2]);
        let bytes = npz_file(&[("a", array.clone()), ("b", array)]);
        assert_eq!(npz(&bytes, 4).unwrap().len(), 2);
        assert!(npz(&bytes, 3).err().unwrap().starts_with("array `b`: more than"));
        assert!(npy(&npy_file("|i1", "(2,)", &[1, 2]), 1).is_err());
    }

    #[test]
    fn what_is_cut_off_is_called_truncated() {
        let message = |bytes: &[u8]| read_bytes(bytes, &spec()).unwrap_err().to_string();
        let file = npy_file("<f8", "(2,)", &[0; 16]);
        for (bytes, expected) in [
            (&file[..file.len() - 3], "truncated: 3 bytes are missing"),
            (&file[..60], "truncated within its header"),
            (&file[..7], "truncated within its header"),
            (&[&file[..], &[0]].concat(), "it has more bytes than its header declares"),
        ] {
            assert!(message(bytes).ends_with(expected), "{}", message(bytes));
            let message = message(&npz_file(&[("x", bytes.to_vec())]));
            assert!(message.ends_with(&format!("array `x`: {expected}")), "{message}");
        }
        let whole = npz_file(&[("x", npy_file("<f8", "(2,)", &[1; 16]))]);
        assert!(message(&whole[..whole.len() / 2]).contains("not a whole .npz archive"));
        // The directory at the end has the member's compressed length 20 bytes after its signature.
        let mut short = whole.clone();
        let length = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap() + 20;
        short[length] -= 8;
        assert!(message(&short).contains("array `x`: truncated or damaged"), "{}", message(&short));
        let text = npy_file("<U3", "(1,)", &[0; 12]);
        assert!(message(&text).contains("it has texts of dtype <U3; save numbers"), "{}", message(&text));
    }

    #[test]
    fn elements_that_are_not_taken_are_named_with_what_to_do() {
        for (dtype, what) in [
            ("<f2", "half-precision floats"),
            (">f4", "numbers in another byte order or of another size"),
            ("<c16", "complex numbers"),
            ("|b1", "truth values"),
            ("|O", "Python objects"),
            ("<M8[ns]", "times"),
        ] {
            let message = read_bytes(&npy_file(dtype, "(2,)", &[0; 32]), &spec()).unwrap_err().to_string();
            let expected = format!("it has {what} of dtype {dtype}; save numbers in Python with np.save(path, x.astype(np.float32))");
            assert!(message.ends_with(&expected), "{message}");
        }
    }

    #[test]
    fn an_array_without_a_name_is_that_of_the_only_input() {
        let array = || npy_file("|i1", "(2,)", &[1, 2]);
        assert_eq!(read_bytes(&npz_file(&[("arr_0", array())]), &spec()).unwrap(), [[[1.0, 2.0]]]);
        for bytes in [npz_file(&[("arr_0", array()), ("arr_1", array())]), npz_file(&[("y", array())])] {
            assert!(matches!(read_bytes(&bytes, &spec()), Err(SampleError::UnknownInput { .. })));
        }
    }

    #[test]
    fn tables_of_text_are_told_from_json_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cal.csv");
        let message = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read(&path, &spec()).unwrap_err().to_string()
        };
        let command =
            |rest: &str| format!("np.save(\"{}\", np.loadtxt(\"{}\", {rest}", path.with_extension("npy").display(), path.display());
        for (text, rest) in
            [("1,2\n3,4\n", r#"delimiter=","))"#), ("a;b\n3;4\n", r#"delimiter=";", skiprows=1))"#), ("1\t2\n", r#"delimiter="\t"))"#)]
        {
            assert!(message(text).ends_with(&command(rest)), "{text}: {}", message(text));
        }
        assert!(message("[1, 2").contains("neither JSON, .npy nor .npz: EOF"), "{}", message("[1, 2"));
        assert!(message("[1, NaN]").ends_with("JSON has no NaN, and Maat has no missing values: impute them"), "{}", message("[1, NaN]"));
    }

    #[test]
    fn a_network_for_several_rows_is_named() {
        let of = |shape: &[usize], text: &str| read_bytes(text.as_bytes(), &[("x".to_owned(), shape.to_vec())]).unwrap_err().to_string();
        let remedy = ". The network was exported for 4 rows at a time: export it for one row";
        assert!(of(&[4, 2], "[[1, 2], [3, 4], [5, 6]]").ends_with(&format!("got [3, 2]{remedy}")));
        assert!(of(&[4, 2], "[1, 2]").ends_with(&format!("got [2]{remedy}")));
        assert!(of(&[4, 2], "[[1, 2, 3]]").ends_with("got [1, 3]"));
        assert!(of(&[4], "[1, 2, 3]").ends_with("got [3]"));
    }

    #[test]
    fn a_header_that_nests_deeply_is_refused() {
        let file = npy_file("<f8", &"(".repeat(4000), &[]);
        assert!(matches!(read_bytes(&file, &spec()), Err(SampleError::Malformed { .. })));
    }

    #[test]
    fn a_batch_of_none_holds_no_samples() {
        for file in [npy_file("<f8", "(0, 2)", &[]), npz_file(&[("x", npy_file("<f8", "(0, 1, 2)", &[]))])] {
            assert!(matches!(read_bytes(&file, &spec()), Err(SampleError::Empty { .. })));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let message = |text: &str| read_text(text).unwrap_err().to_string();
        assert_eq!(message("[1, 2, 3]"), "input `x` takes [1, 2], or a batch of such arrays; got [3]");
        assert_eq!(message("[[1, 2], [3]]"), "input `x`: the arrays at depth 1 have different lengths (2 and 1)");
        assert_eq!(message(r#"{"y": [1, 2]}"#), "the network has no input `y`; its inputs are: `x`");
        assert_eq!(message("{}"), "input `x` is missing; the network's inputs are: `x`");
        let message_end = |text: &str, end: &str| assert!(message(text).ends_with(end), "{text}: {}", message(text));
        message_end(r#"[1, "2"]"#, ": input `x`: \"2\" in sample 0, column 1 (counted from 0) is not a finite number");
        message_end(
            "[[1, 2], [null, 4]]",
            "null in sample 1, column 0 (counted from 0) is not a finite number. Maat has no missing values: impute them, or drop the \
             samples that have them",
        );
        let row = format!(r#"[{{"x": [{}1]}}]"#, "1, ".repeat(100));
        message_end(&row, r#"input `x` has objects among its values: write one object for all samples, such as {"x": [[..], [..]]}"#);
        assert_eq!(message("[1, [2]]"), "input `x`: the arrays at depth 1 have different lengths (0 and 1)");
        assert!(message("[1, NaN]").contains("neither JSON, .npy nor .npz"));
        assert!(message("[]").contains("got [0]"));
    }

    #[test]
    fn an_input_is_given_once() {
        let message = read_text(r#"{"x": [1, 2], "x": [3, 4]}"#).unwrap_err().to_string();
        assert!(message.ends_with("two arrays are named `x`"), "{message}");
    }

    #[test]
    fn names_cannot_act_on_a_terminal() {
        let message = read_text("{\"x\\u001b[2J\\nthe proof holds\": [1, 2]}").unwrap_err().to_string();
        assert!(message.contains("no input `x\\u{1b}[2J\\nthe proof holds`"), "{message}");
    }

    #[test]
    fn values_that_are_no_finite_numbers_are_refused() {
        for (value, name) in [(f64::INFINITY, "inf"), (f64::NAN, "NaN")] {
            let file = npy_file("<f8", "(2, 2)", &[1.0, 2.0, 3.0, value].map(f64::to_le_bytes).concat());
            for file in [file.clone(), npz_file(&[("x", file)])] {
                let message = read_bytes(&file, &spec()).unwrap_err().to_string();
                let expected = format!(": input `x`: {name} in sample 1, column 1 (counted from 0) is not a finite number");
                assert!(message.contains(&expected) && message.contains("impute") == value.is_nan(), "{message}");
            }
        }
        assert_eq!(place(37, &[1, 3, 4]), "sample 3, position [0, 1]");
        assert_eq!(place(3, &[1]), "sample 3");
    }

    #[test]
    fn inputs_have_one_batch_size() {
        let inputs = [("a".to_owned(), vec![1]), ("b".to_owned(), vec![1])];
        let error = read_bytes(br#"{"a": [[1], [2]], "b": [[1], [2], [3]]}"#, &inputs).unwrap_err();
        assert!(matches!(error, SampleError::Batch { expected: 2, found: 3, .. }), "{error}");
        assert!(matches!(read_bytes(b"[1]", &inputs), Err(SampleError::MissingInput { .. })));
    }
}
