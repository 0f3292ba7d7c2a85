//! Lists of felts in few bytes: most of a program's felts are instructions, small numbers, or their negatives.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use winter_verifier::ByteReader;

use crate::bounded::BoundedReader;
use crate::felt252::Felt252;
use crate::proof_file::{FileError, within};

/// Bytes of a felt.
const FELT: usize = 32;
/// The bit of a length that says that the felt is the negative of what follows.
const NEGATIVE: u8 = 0x80;
/// How hard the compression tries: the best that is not slow.
const LEVEL: u8 = 9;

/// The bytes of an integer up to the last one that is not zero.
fn trimmed(felt: Felt252) -> Vec<u8> {
    let bytes = felt.to_le_bytes();
    let length = FELT - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    bytes[..length].to_vec()
}

/// The number of felts and of bytes, four bytes each, and the felts: a length and as many bytes for each, of the felt or of its negative,
/// compressed by Deflate.
pub(super) fn pack(felts: &[Felt252]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(felts.len() * 9);
    for felt in felts {
        let (positive, negative) = (trimmed(*felt), trimmed(-*felt));
        let (sign, digits) = if negative.len() < positive.len() { (NEGATIVE, negative) } else { (0, positive) };
        // At most 32.
        bytes.push(sign | digits.len() as u8);
        bytes.extend(digits);
    }
    let compressed = compress_to_vec(&bytes, LEVEL);
    // Both are bounded by the limits on programs and outputs.
    let number = |length: usize| (length as u32).to_le_bytes();
    [&number(felts.len())[..], &number(compressed.len()), &compressed].concat()
}

/// Reads what [`pack`] wrote, if there are at most `limit` felts. Memory stays within what that many fill.
pub(super) fn unpack(reader: &mut BoundedReader, part: &'static str, limit: usize) -> Result<Vec<Felt252>, FileError> {
    let refused = |reason| FileError::Packed { part, reason };
    let count = reader.read_u32().map_err(within(part))? as usize;
    if count > limit {
        return Err(refused("there are more felts than a proof may speak of"));
    }
    let length = reader.read_u32().map_err(within(part))? as usize;
    let compressed = reader.take(length).map_err(within(part))?;
    let bytes = decompress_to_vec_with_limit(compressed, count * (1 + FELT)).map_err(|_| refused("it cannot be decompressed"))?;
    let mut rest = BoundedReader::new(&bytes);
    let mut felts = Vec::with_capacity(count);
    for _ in 0..count {
        let head = rest.read_u8().map_err(within(part))?;
        let digits = rest.take(usize::from(head & !NEGATIVE)).map_err(within(part))?;
        let mut word = [0; FELT];
        word.get_mut(..digits.len()).ok_or_else(|| refused("a felt has more than 32 bytes"))?.copy_from_slice(digits);
        let felt = Felt252::from_le_bytes(&word).ok_or_else(|| refused("a felt is not below the modulus"))?;
        felts.push(if head & NEGATIVE == 0 { felt } else { -felt });
    }
    if rest.has_more_bytes() {
        return Err(refused("bytes follow the last felt"));
    }
    Ok(felts)
}

#[cfg(test)]
mod tests {
    use winter_verifier::math::FieldElement;

    use super::*;

    fn felts() -> Vec<Felt252> {
        let large = Felt252::new(3).exp((1u64 << 40).into());
        let small = [0, 1, 255, 256, u64::MAX].map(Felt252::new);
        small.into_iter().chain(small.map(|felt| -felt)).chain([large, -large, large.square()]).collect()
    }

    #[test]
    fn felts_are_unpacked_as_they_were_packed() {
        for felts in [vec![], felts(), felts().repeat(50)] {
            let bytes = [pack(&felts), vec![7]].concat();
            let mut reader = BoundedReader::new(&bytes);
            assert_eq!(unpack(&mut reader, "output", felts.len()), Ok(felts));
            assert_eq!(reader.rest(), [7]);
        }
        assert!(pack(&felts().repeat(50)).len() < 2 * pack(&felts()).len());
    }

    #[test]
    fn packed_felts_that_are_cut_off_or_too_many_are_refused() {
        let (felts, bytes) = (felts(), pack(&felts()));
        for length in 0..bytes.len() {
            assert!(unpack(&mut BoundedReader::new(&bytes[..length]), "output", felts.len()).is_err(), "{length}");
        }
        let error = unpack(&mut BoundedReader::new(&bytes), "output", felts.len() - 1);
        assert_eq!(error, Err(FileError::Packed { part: "output", reason: "there are more felts than a proof may speak of" }));
    }

    fn of_raw(count: u32, raw: &[u8]) -> Result<Vec<Felt252>, FileError> {
        let compressed = compress_to_vec(raw, LEVEL);
        let bytes = [&count.to_le_bytes()[..], &(compressed.len() as u32).to_le_bytes(), &compressed].concat();
        unpack(&mut BoundedReader::new(&bytes), "output", 1000)
    }

    /// So a changed file can still hold. What it says is the felts, which the transcript absorbs, and not their bytes.
    #[test]
    fn the_same_felts_can_be_packed_in_several_ways() {
        let packed = [&[1, 5][..], &[2, 5, 0], &[32, 5].into_iter().chain([0; 31]).collect::<Vec<u8>>()].map(|raw| of_raw(1, raw));
        assert_eq!(packed, [1, 2, 3].map(|_| Ok(vec![Felt252::new(5)])));
        assert_eq!(of_raw(2, &[0, NEGATIVE]), Ok(vec![Felt252::new(0); 2]));
        // After the end of what Deflate compressed.
        let mut bytes = pack(&felts());
        let length = bytes.len() as u32 - 8 + 2;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes.extend([1, 2]);
        assert_eq!(unpack(&mut BoundedReader::new(&bytes), "output", 1000), Ok(felts()));
    }

    #[test]
    fn other_bytes_are_refused_within_little_memory() {
        let refused = |reason| Err(FileError::Packed { part: "output", reason });
        assert_eq!(of_raw(1, &[1, 5]), Ok(vec![Felt252::new(5)]));
        assert_eq!(of_raw(1, &[1, 5, 0]), refused("bytes follow the last felt"));
        assert_eq!(of_raw(2, &[1, 5]), Err(FileError::Truncated { part: "output" }));
        assert_eq!(of_raw(2, &[[33].as_slice(), &[0; 33]].concat()), refused("a felt has more than 32 bytes"));
        assert_eq!(of_raw(1, &[[32].as_slice(), &[255; 32]].concat()), refused("a felt is not below the modulus"));
        // A gigabyte of zeros in a megabyte.
        assert_eq!(of_raw(1000, &vec![0; 1 << 24]), refused("it cannot be decompressed"));
    }
}
