//! Digests of one or two parts: what a commitment to a trace in several trees is to the transcript.

use winter_verifier::crypto;
use winter_verifier::{ByteReader, ByteWriter, Deserializable, DeserializationError, Serializable};

use crate::blake2s::blake2s;

/// The most trees that one commitment has.
pub const MAX_PARTS: usize = 2;

/// A digest of one or two parts of 32 bytes: one part for each tree of a commitment.
///
/// It is written as the number of parts and the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    // Parts beyond the number are zero, so that the derived equality is that of the parts in use.
    parts: [[u8; 32]; MAX_PARTS],
    number: u8,
}

impl Digest {
    /// A digest of the given parts; `None` unless there are one or two.
    pub fn new(parts: &[[u8; 32]]) -> Option<Self> {
        let mut digest = Self { parts: [[0; 32]; MAX_PARTS], number: u8::try_from(parts.len()).ok()? };
        digest.parts.get_mut(..parts.len()).filter(|used| !used.is_empty())?.copy_from_slice(parts);
        Some(digest)
    }

    /// A digest of one part.
    pub const fn one(part: [u8; 32]) -> Self {
        Self { parts: [part, [0; 32]], number: 1 }
    }

    /// A digest of two parts.
    pub const fn two(parts: [[u8; 32]; 2]) -> Self {
        Self { parts, number: 2 }
    }

    /// The parts, one for each tree.
    pub fn parts(&self) -> &[[u8; 32]] {
        &self.parts[..usize::from(self.number)]
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::one([0; 32])
    }
}

impl crypto::Digest for Digest {
    /// The part itself when there is one, else Blake2s of the digest as it is written.
    ///
    /// What is hashed has a length of 65 bytes. Field elements, pairs of digests and seeds with a counter have lengths that are
    /// multiples of 8, so that a digest of several parts is never one of them.
    fn as_bytes(&self) -> [u8; 32] {
        match self.parts() {
            [part] => *part,
            parts => blake2s([&[self.number][..], parts.as_flattened()]),
        }
    }
}

impl Serializable for Digest {
    fn write_into<W: ByteWriter>(&self, target: &mut W) {
        target.write_u8(self.number);
        target.write_bytes(self.parts().as_flattened());
    }

    fn get_size_hint(&self) -> usize {
        1 + 32 * usize::from(self.number)
    }
}

impl Deserializable for Digest {
    fn read_from<R: ByteReader>(source: &mut R) -> Result<Self, DeserializationError> {
        match source.read_u8()? {
            1 => Ok(Self::one(source.read_array()?)),
            2 => Ok(Self::two([source.read_array()?, source.read_array()?])),
            number => Err(DeserializationError::InvalidValue(format!("a digest has 1 or 2 parts, not {number}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::SliceReader;
    use winter_verifier::crypto::Digest as _;

    use super::*;

    const PARTS: [[u8; 32]; 2] = [[1; 32], [2; 32]];

    #[test]
    fn only_the_parts_in_use_are_written() {
        for number in 1..=2 {
            let digest = Digest::new(&PARTS[..number]).unwrap();
            let bytes = digest.to_bytes();
            assert_eq!((bytes.len(), bytes[0] as usize), (1 + 32 * number, number));
            assert_eq!(Digest::read_from_bytes(&bytes), Ok(digest));
            assert!(Digest::read_from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
    }

    #[test]
    fn there_are_one_or_two_parts() {
        assert_eq!(Digest::new(&[]), None);
        assert_eq!(Digest::new(&[[0; 32]; 3]), None);
        assert_eq!(Digest::new(&PARTS), Some(Digest::two(PARTS)));
        for number in [0, 3, 255] {
            let bytes = [number; 200];
            assert!(Digest::read_from(&mut SliceReader::new(&bytes)).is_err());
        }
    }

    #[test]
    fn digests_with_other_parts_have_other_bytes() {
        assert_eq!(Digest::one(PARTS[0]).as_bytes(), PARTS[0]);
        let digests = [Digest::one(PARTS[1]), Digest::two(PARTS), Digest::two([PARTS[1], PARTS[0]]), Digest::two([PARTS[1], [0; 32]])];
        for (i, a) in digests.iter().enumerate() {
            assert!(digests[..i].iter().all(|b| a.as_bytes() != b.as_bytes() && a != b));
        }
    }
}
