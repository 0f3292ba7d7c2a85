//! The file `model.maat`: `MAAT`, the format version as two little-endian bytes, the content in the postcard wire format, and the SHA-256
//! digest of everything before it.
//!
//! Reading trusts nothing: the digest finds accidents, and whatever decodes is checked as if it had been built node by node.

use sha2::{Digest, Sha256};

use crate::error::FormatError;
use crate::model::{Content, Model};

const MAGIC: &[u8; 4] = b"MAAT";
const DIGEST_BYTES: usize = 32;

/// The version of the file format that this crate writes, and the only one that it reads.
pub const FORMAT_VERSION: u16 = 3;

impl Model {
    /// The bytes of `model.maat`. The same model always gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = postcard::to_stdvec(&self.content).expect("plain data in memory serialises");
        let mut bytes = [&MAGIC[..], &FORMAT_VERSION.to_le_bytes(), &content].concat();
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Reads the bytes of `model.maat`.
    ///
    /// # Errors
    /// A [`FormatError`] for anything that is not a whole, valid model in this version of the format. Memory use is bounded by the
    /// number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(FormatError::Magic)?;
        let (version, _) = rest.split_first_chunk::<2>().ok_or(FormatError::Damaged)?;
        let found = u16::from_le_bytes(*version);
        if found != FORMAT_VERSION {
            return Err(FormatError::Version { found, expected: FORMAT_VERSION });
        }
        let (body, digest) = bytes.split_last_chunk::<DIGEST_BYTES>().ok_or(FormatError::Damaged)?;
        if Sha256::digest(body)[..] != digest[..] {
            return Err(FormatError::Damaged);
        }
        let content = body.get(MAGIC.len() + version.len()..).ok_or(FormatError::Damaged)?;
        let (content, rest) = postcard::take_from_bytes::<Content>(content).map_err(|error| FormatError::Content(error.to_string()))?;
        if !rest.is_empty() {
            return Err(FormatError::Content(format!("{} bytes are left over", rest.len())));
        }
        Ok(Self::new(content)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Affine, ArgMax, Divide, Max, Move, Product, Select, Sum, Table};
    use crate::{Executor, Interval, ModelBuilder, Primitive, Requantise, Shape, TensorId};

    /// A small model with a node of each primitive.
    fn model() -> Model {
        let row = Shape::new(&[1, 4]).unwrap();
        let mut builder = ModelBuilder::new("sample");
        let x = builder.input("x", row.clone(), 3, Interval::of_bits(16)).unwrap();
        let mut node = |name: &str, primitive: Primitive, inputs: &[TensorId]| builder.node(name, primitive, inputs, 2).unwrap();
        let by = |shift: &[i8], lo, hi| Requantise { shift: shift.to_vec(), lo, hi };

        let weights = vec![1, -2, 300, 4, 5, -600, 7, 8];
        let affine = Affine { groups: 2, inputs: 2, weights, bias: vec![7, -8, 9, 0], requantise: by(&[1, -2, 0, 3], -128, 127) };
        let dense = node("dense", Primitive::Affine(affine), &[x]);
        let square = Product { rows: 1, columns: 1, inner: 1, shape: row.clone(), requantise: by(&[3], 0, 1000) };
        let square = node("square", Primitive::Product(square), &[dense, dense]);
        let exp = node("exp", Primitive::Table(Table { lo: -128, fraction: 6, knots: vec![1, 3, 20, 150, 1100] }), &[dense]);
        let sum = Sum { coefficients: vec![vec![3, 1], vec![1, 2]], bias: vec![5, 6], inner: 2, requantise: by(&[0], 1, 2000) };
        let sum = node("sum", Primitive::Sum(sum), &[square, exp]);
        let share = node("share", Primitive::Divide(Divide { shift: 8, lo: -256, hi: 256 }), &[square, sum]);
        let positive = node("positive", Primitive::Table(Table { lo: 0, fraction: 0, knots: vec![0, 1] }), &[dense]);
        let select = node("select", Primitive::Select(Select {}), &[positive, share, dense]);
        let swap = Move { shape: Shape::new(&[2, 3]).unwrap(), indices: vec![3, 2, 8, 4, 0, 7], constants: vec![-300] };
        let swap = node("swap", Primitive::Move(swap), &[select, exp]);
        let max = node("max", Primitive::Max(Max { axis: 1, keep_axis: true }), &[swap]);
        let class = node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[swap]);
        builder.finish(&[("max", max), ("class", class)]).unwrap()
    }

    #[test]
    fn the_sample_has_every_primitive() {
        let model = model();
        let names: Vec<&str> = model.nodes().map(|(node, _)| node.primitive.name()).collect();
        assert!(Primitive::NAMES.iter().all(|name| names.contains(name)), "{names:?}");
    }

    /// The bytes with a digest that fits them: what a hostile writer can always make.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, &Sha256::digest(body)[..]].concat()
    }

    #[test]
    fn a_model_survives_the_round_trip() {
        let bytes = model().to_bytes();
        assert_eq!(Model::from_bytes(&bytes).unwrap(), model());
        assert_eq!(Model::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn the_bytes_are_pinned() {
        // Another digest of the same model is another format: raise FORMAT_VERSION with it. A node more in the model is not.
        let digest = format!("{:x}", Sha256::digest(model().to_bytes()));
        assert_eq!((FORMAT_VERSION, &digest[..16]), (3, "996b758c1e88c30e"));
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = model().to_bytes();
        for length in 0..bytes.len() {
            let error = Model::from_bytes(&bytes[..length]).unwrap_err();
            assert!(matches!(error, FormatError::Magic | FormatError::Damaged), "{length} bytes: {error}");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let bytes = model().to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = Model::from_bytes(&flipped).unwrap_err();
            assert!(matches!(error, FormatError::Magic | FormatError::Version { .. } | FormatError::Damaged), "bit {bit}: {error}");
        }
    }

    #[test]
    fn flipped_bits_under_a_fitting_digest_never_panic_and_whatever_loads_is_a_valid_model() {
        let bytes = model().to_bytes();
        let body = &bytes[..bytes.len() - DIGEST_BYTES];
        let mut loaded = 0;
        for bit in 48..body.len() * 8 {
            let mut flipped = body.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(model) = Model::from_bytes(&sealed(&flipped)) {
                loaded += 1;
                for end in [|range: Interval| range.lo, |range: Interval| range.hi] {
                    let x = model.inputs().iter().map(|input| vec![i32::try_from(end(input.range)).unwrap(); input.shape.elements()]);
                    let mut executor = Executor::new(&model);
                    executor.run(&x.collect::<Vec<_>>()).expect("inputs at the end of the range are accepted");
                    for (node, id) in model.nodes() {
                        let range = model.tensor(id).range;
                        let within = executor.value(id).iter().all(|value| range.contains(i64::from(*value)));
                        assert!(within, "bit {bit}: `{}` leaves {range}", node.name);
                    }
                }
            }
        }
        assert!(loaded > 0, "some changes, for example of a weight, give another valid model");
    }

    #[test]
    fn other_files_and_versions_are_told_apart() {
        assert_eq!(Model::from_bytes(b"\x08\x07\x12\x07pytorch"), Err(FormatError::Magic));
        let mut next = model().to_bytes();
        next[4] = 1;
        assert_eq!(Model::from_bytes(&next), Err(FormatError::Version { found: 1, expected: 3 }));
        let mut long = model().to_bytes();
        long.truncate(long.len() - DIGEST_BYTES);
        long.push(0);
        assert_eq!(Model::from_bytes(&sealed(&long)), Err(FormatError::Content("1 bytes are left over".to_owned())));
    }
}
