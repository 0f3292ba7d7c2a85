//! The digest of one side's values: 32 bytes that stand for all inputs, or all outputs, of a proof.
//!
//! It is Rescue Prime of the values, of the side's salt and of the number of values, as [`crate::air::sponge`] computes it inside of the proof.
//! It says nothing of the side, the model or the proof, so that one model's outputs are another's inputs by their digests alone.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use winter_verifier::crypto::ElementHasher;
use winter_verifier::crypto::hashers::Rp64_256;
use winter_verifier::math::StarkField;
use winter_verifier::math::fields::f64::BaseElement;

use crate::goldilocks::{Goldilocks, signed_element};
use crate::hex::{hex, parse_hex};
use crate::salt::Salt;

/// Elements that a permutation of the hash function absorbs.
pub(crate) const RATE: usize = 8;
/// The fewest elements of a salt: as many as a digest has, more than 255 bits.
const MIN_SALT: usize = 4;

/// Binds the values of one side: their number, their order and each of them. How they are split into inferences it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueDigest([Goldilocks; 4]);

/// Why bytes or a text are not a digest of values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValueDigestError {
    /// A number has a second form, below the modulus, and only that one is taken.
    #[error("number {place} of a digest of values is {found}, which is not below the modulus {}", Goldilocks::MODULUS)]
    NotCanonical {
        /// Which of the four numbers.
        place: usize,
        /// The number.
        found: u64,
    },
    /// The text has another form.
    #[error("a digest of values is 0x and 64 hexadecimal digits, not {0:?}")]
    Text(String),
}

impl ValueDigest {
    /// Elements of the salt after this many values: from 4 to 11, so that the last block is full with the number of values behind it.
    pub const fn salt_length(values: usize) -> usize {
        RATE * Self::blocks(values) - 1 - values
    }

    /// Blocks that this many values, their salt and their number fill.
    pub const fn blocks(values: usize) -> usize {
        (values + MIN_SALT + 1).div_ceil(RATE)
    }

    /// The digest of all values of a side, inference by inference, with its salt.
    pub fn of(values: &[i32], salt: &Salt) -> Self {
        let elements = values.iter().map(|value| signed_element((*value).into()));
        let elements = elements.chain(salt.elements().take(Self::salt_length(values.len())));
        let elements = elements.chain([Goldilocks::new(values.len() as u64)]);
        let elements: Vec<_> = elements.map(|element| BaseElement::new(element.as_int())).collect();
        let digest: [BaseElement; 4] = Rp64_256::hash_elements(&elements).into();
        Self(digest.map(|element| Goldilocks::new(element.as_int())))
    }

    /// The four elements.
    pub fn elements(&self) -> [Goldilocks; 4] {
        self.0
    }

    /// The four elements as integers, least significant byte first.
    pub fn to_bytes(&self) -> [u8; 32] {
        let bytes = self.0.map(|element| element.as_int().to_le_bytes());
        std::array::from_fn(|index| bytes[index / 8][index % 8])
    }

    /// Reads what [`Self::to_bytes`] writes.
    ///
    /// # Errors
    /// A number is not below the modulus.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, ValueDigestError> {
        let numbers: [u64; 4] = std::array::from_fn(|place| u64::from_le_bytes(std::array::from_fn(|byte| bytes[8 * place + byte])));
        match numbers.into_iter().enumerate().find(|(_, number)| *number >= Goldilocks::MODULUS) {
            Some((place, found)) => Err(ValueDigestError::NotCanonical { place, found }),
            None => Ok(Self(numbers.map(Goldilocks::new))),
        }
    }
}

impl fmt::Display for ValueDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.to_bytes()))
    }
}

impl FromStr for ValueDigest {
    type Err = ValueDigestError;

    fn from_str(text: &str) -> Result<Self, ValueDigestError> {
        Self::from_bytes(parse_hex(text).ok_or_else(|| ValueDigestError::Text(text.to_owned()))?)
    }
}

#[cfg(test)]
mod tests {
    use winter_verifier::crypto::Digest;

    use super::*;

    const P: u64 = Goldilocks::MODULUS;

    fn salt(byte: u8) -> Salt {
        Salt::new([byte; 32])
    }

    /// Values of both signs, the extremes among them.
    fn values(count: usize) -> Vec<i32> {
        let mut values: Vec<i32> = (0..count as i32).map(|index| index.wrapping_mul(0x5851_f42d).wrapping_sub(7)).collect();
        values.iter_mut().zip([i32::MIN, -1, 0, i32::MAX]).for_each(|(value, edge)| *value = edge);
        values
    }

    #[test]
    fn a_digest_is_rescue_prime_of_the_values_and_the_salt() {
        for count in 0..=40 {
            let values = values(count);
            let mut elements: Vec<u64> =
                values.iter().map(|value| if *value < 0 { P - u64::from(value.unsigned_abs()) } else { *value as u64 }).collect();
            let salt_length = (4..=11).find(|length| (count + length + 1) % 8 == 0).unwrap();
            elements.extend(salt(3).elements().take(salt_length).map(|element| element.as_int()));
            elements.push(count as u64);
            assert_eq!((elements.len() % 8, elements.len()), (0, 8 * ValueDigest::blocks(count)));
            let elements: Vec<_> = elements.into_iter().map(BaseElement::new).collect();
            let digest = ValueDigest::of(&values, &salt(3));
            assert_eq!(digest.to_bytes(), Rp64_256::hash_elements(&elements).as_bytes(), "{count}");
        }
    }

    #[test]
    fn a_digest_is_pinned() {
        // A change here leaves all digests that somebody has kept without their values.
        assert_eq!(
            ValueDigest::of(&values(20), &salt(1)).to_string(),
            "0xab9a346170bd1e0e9725a5cabb1046cb01d99b9de80c4050364906c59f20b061"
        );
    }

    #[test]
    fn another_salt_value_length_or_order_gives_another_digest() {
        let values = values(13);
        let mut digests = vec![ValueDigest::of(&values, &salt(1)), ValueDigest::of(&values, &salt(2))];
        for index in 0..values.len() {
            let (mut changed, mut swapped) = (values.clone(), values.clone());
            changed[index] ^= 1;
            swapped.swap(index, (index + 1) % values.len());
            digests.extend([&changed, &swapped, &values[..index].to_vec()].map(|values| ValueDigest::of(values, &salt(1))));
        }
        for zeros in 1..9 {
            digests.push(ValueDigest::of(&[&values[..], &vec![0; zeros]].concat(), &salt(1)));
        }
        let mut texts: Vec<_> = digests.iter().map(ToString::to_string).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), digests.len());
    }

    #[test]
    fn bytes_and_texts_are_read_as_they_were_written() {
        let digests = [ValueDigest::of(&values(9), &salt(5)), ValueDigest([0, 1, P - 1, 1 << 32].map(Goldilocks::new))];
        for digest in digests {
            assert_eq!(ValueDigest::from_bytes(digest.to_bytes()), Ok(digest));
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
        let parts = ["0000000000000000", "0100000000000000", "00000000ffffffff", "0000000001000000"];
        assert_eq!(digests[1].to_string(), format!("0x{}", parts.concat()));
    }

    #[test]
    fn numbers_that_are_not_below_the_modulus_are_refused() {
        let bytes = ValueDigest::of(&[1], &salt(1)).to_bytes();
        for (place, found) in (0..4).flat_map(|place| [P, P + 1, u64::MAX].map(|found| (place, found))) {
            let mut bytes = bytes;
            bytes[8 * place..8 * (place + 1)].copy_from_slice(&found.to_le_bytes());
            let error = ValueDigestError::NotCanonical { place, found };
            assert_eq!(ValueDigest::from_bytes(bytes), Err(error.clone()));
            assert_eq!(hex(&bytes).parse::<ValueDigest>(), Err(error));
        }
        for text in ["", "0x", "0x12", "ValueDigest"] {
            assert_eq!(text.parse::<ValueDigest>(), Err(ValueDigestError::Text(text.to_owned())));
        }
    }
}
