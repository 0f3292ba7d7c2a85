//! The file `model.maat`: `MAAT`, the format version as two little-endian bytes, the content in the postcard wire format, and the SHA-256
//! digest of all that stands before it.
//!
//! Reading trusts nothing: the digest finds accidents, and whatever decodes is checked as if it had been built node by node.

use sha2::{Digest, Sha256};

use crate::error::FormatError;
use crate::model::{Content, Model};

const MAGIC: &[u8; 4] = b"MAAT";
const DIGEST_BYTES: usize = 32;

/// The version of the file format that this crate writes, and the only one that it reads.
pub const FORMAT_VERSION: u16 = 1;

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
    use crate::primitives::{Affine, ArgMax};
    use crate::{Interval, ModelBuilder, Primitive, Requantise, Shape};

    fn model() -> Model {
        let mut builder = ModelBuilder::new("sample");
        let x = builder.input("x", Shape::new(&[1, 2]).unwrap(), 3, Interval::of_bits(16)).unwrap();
        let requantise = Requantise { shift: vec![1, -2, 0], lo: 0, hi: 127 };
        let affine = Affine { groups: 1, inputs: 2, weights: vec![1, -2, 300, 4, 5, -600], bias: vec![7, -8, 9], requantise };
        let y = builder.node("dense", Primitive::Affine(affine), &[x], 2).unwrap();
        let class = builder.node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[y], 0).unwrap();
        builder.finish(&[("y", y), ("class", class)]).unwrap()
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
        // A change of this digest is a change of the format: raise FORMAT_VERSION with it.
        let digest = format!("{:x}", Sha256::digest(model().to_bytes()));
        assert_eq!((FORMAT_VERSION, &digest[..16]), (1, "33f4b52f86be574e"));
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
                let x = model.inputs().iter().map(|input| vec![i32::try_from(input.range.lo).unwrap(); input.shape.elements()]);
                crate::Executor::new(&model).run(&x.collect::<Vec<_>>()).expect("inputs at the end of the range are accepted");
            }
        }
        assert!(loaded > 0, "some changes, for example of a weight, give another valid model");
    }

    #[test]
    fn other_files_and_versions_are_told_apart() {
        assert_eq!(Model::from_bytes(b"\x08\x07\x12\x07pytorch"), Err(FormatError::Magic));
        let mut next = model().to_bytes();
        next[4] = 2;
        assert_eq!(Model::from_bytes(&next), Err(FormatError::Version { found: 2, expected: 1 }));
        let mut long = model().to_bytes();
        long.truncate(long.len() - DIGEST_BYTES);
        long.push(0);
        assert_eq!(Model::from_bytes(&sealed(&long)), Err(FormatError::Content("1 bytes are left over".to_owned())));
    }
}
