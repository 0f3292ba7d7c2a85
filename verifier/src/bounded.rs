//! A byte reader for bytes that nobody vouches for.

use winter_verifier::{ByteReader, Deserializable, DeserializationError};

/// Reads from a slice and never reserves more memory than the bytes that are left could fill.
///
/// The stock readers reserve whatever a count in the data asks for, and take any encoding of that count. This one refuses a count that the
/// rest of the data cannot hold before anything is reserved, and refuses a length that is not written in its shortest form.
#[derive(Debug, Clone)]
pub struct BoundedReader<'a> {
    rest: &'a [u8],
}

impl<'a> BoundedReader<'a> {
    /// A reader of all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DeserializationError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(DeserializationError::UnexpectedEOF)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl ByteReader for BoundedReader<'_> {
    fn read_u8(&mut self) -> Result<u8, DeserializationError> {
        let (first, rest) = self.rest.split_first().ok_or(DeserializationError::UnexpectedEOF)?;
        self.rest = rest;
        Ok(*first)
    }

    fn peek_u8(&self) -> Result<u8, DeserializationError> {
        self.rest.first().copied().ok_or(DeserializationError::UnexpectedEOF)
    }

    fn read_slice(&mut self, len: usize) -> Result<&[u8], DeserializationError> {
        self.take(len)
    }

    fn read_array<const N: usize>(&mut self) -> Result<[u8; N], DeserializationError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(DeserializationError::UnexpectedEOF)?;
        self.rest = rest;
        Ok(*array)
    }

    fn check_eor(&self, num_bytes: usize) -> Result<(), DeserializationError> {
        if num_bytes > self.rest.len() { Err(DeserializationError::UnexpectedEOF) } else { Ok(()) }
    }

    fn has_more_bytes(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The format is winterfell's `vint64`: the trailing zeros of the first byte tell how many bytes follow, and 7 bits of each byte count.
    fn read_usize(&mut self) -> Result<usize, DeserializationError> {
        let length = self.peek_u8()?.trailing_zeros() as usize + 1;
        let encoded = self.take(length)?;
        let value = if length == 9 {
            encoded[1..].iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte))
        } else {
            encoded.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)) >> length
        };
        if length > 1 && value >> (7 * (length - 1)) == 0 {
            return Err(DeserializationError::InvalidValue(format!("{value} is written in {length} bytes and needs fewer")));
        }
        usize::try_from(value).map_err(|_| DeserializationError::InvalidValue(format!("{value} is not a length")))
    }

    /// Every element is taken to fill at least one byte, which is true of everything in a proof.
    fn read_many<D: Deserializable>(&mut self, num_elements: usize) -> Result<Vec<D>, DeserializationError> {
        self.check_eor(num_elements)?;
        let mut elements = Vec::with_capacity(num_elements.min(self.rest.len() / size_of::<D>().max(1)));
        for _ in 0..num_elements {
            elements.push(D::read_from(self)?);
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::{ByteWriter, Serializable};

    use super::*;

    #[test]
    fn a_count_that_the_data_cannot_hold_is_refused_before_it_is_reserved() {
        for count in [3, 1 << 20, usize::MAX / 2, usize::MAX] {
            let mut bytes = Vec::new();
            bytes.write_usize(count);
            bytes.extend([7, 8]);
            assert_eq!(Vec::<u8>::read_from(&mut BoundedReader::new(&bytes)), Err(DeserializationError::UnexpectedEOF), "{count}");
        }
    }

    #[test]
    fn reads_what_the_stock_writer_writes() {
        for value in (0..64).flat_map(|bits| [1_usize << bits, (1 << bits) - 1, (1 << bits) + 1]).chain([0, usize::MAX]) {
            let bytes = value.to_bytes();
            let mut reader = BoundedReader::new(&bytes);
            assert_eq!(reader.read_usize(), Ok(value));
            assert!(!reader.has_more_bytes());
        }
        let bytes = vec![1_u8, 2, 3].to_bytes();
        assert_eq!(Vec::<u8>::read_from(&mut BoundedReader::new(&bytes)), Ok(vec![1, 2, 3]));
    }

    #[test]
    fn a_length_in_more_bytes_than_it_needs_is_refused() {
        // 5 in one byte is 0b1011; in two bytes it is 0b010110 followed by zeros.
        assert_eq!(BoundedReader::new(&[0b1011]).read_usize(), Ok(5));
        assert!(BoundedReader::new(&[0b010110, 0]).read_usize().is_err());
        assert!(BoundedReader::new(&[0, 5, 0, 0, 0, 0, 0, 0, 0]).read_usize().is_err());
    }

    #[test]
    fn nothing_is_read_past_the_end() {
        let mut reader = BoundedReader::new(&[1, 2, 3]);
        assert_eq!(reader.read_u16(), Ok(0x0201));
        assert!(reader.read_u16().is_err());
        assert!(reader.take(2).is_err());
        assert!(reader.check_eor(usize::MAX).is_err());
        assert_eq!(reader.take(1), Ok(&[3][..]));
        assert!(reader.read_u8().is_err() && reader.peek_u8().is_err() && !reader.has_more_bytes());
        assert!(BoundedReader::new(&[0]).read_usize().is_err());
    }
}
