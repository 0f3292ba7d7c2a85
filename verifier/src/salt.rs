//! The salt of committed inputs and outputs, and the field elements that follow from it.

use std::fmt;

use winter_verifier::crypto::{Digest, Hasher};
use winter_verifier::math::StarkField;

use crate::blake2s::Blake2s256;
use crate::goldilocks::Goldilocks;
use crate::hex::hex;
use crate::layout::{Columns, FIXED_WIDTH};

/// What makes a commitment to inputs and outputs unguessable: without it, nobody can test a guess of them against the commitment alone. It
/// does not hide them from whoever has the proof. See [`crate::Opening`].
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A salt of 32 bytes that nobody else can guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The elements that follow from the salt for the column of inputs or of outputs, different for each. Numbers that are not canonical
    /// elements are left out, so all elements are equally likely.
    pub fn elements(&self, column: Columns) -> impl Iterator<Item = Goldilocks> {
        let number = (column.start - FIXED_WIDTH) as u64;
        let seed = <Blake2s256>::merge_with_int(<Blake2s256>::hash(&self.0), number);
        (0u64..).filter_map(move |counter| {
            let block = <Blake2s256>::merge_with_int(seed, counter).as_bytes();
            let value = u64::from_le_bytes(std::array::from_fn(|byte| block[byte]));
            (value < Goldilocks::MODULUS).then(|| Goldilocks::new(value))
        })
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A salt is a secret, so it is not printed by accident.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{INPUT_VALUE, OUTPUT_VALUE};

    #[test]
    fn each_column_and_each_salt_has_other_elements() {
        let first = |salt: u8, column| Salt::new([salt; 32]).elements(column).take(4).collect::<Vec<_>>();
        assert_eq!(first(1, INPUT_VALUE), first(1, INPUT_VALUE));
        assert_ne!(first(1, INPUT_VALUE), first(1, OUTPUT_VALUE));
        assert_ne!(first(1, INPUT_VALUE), first(2, INPUT_VALUE));
    }

    #[test]
    fn a_salt_is_printed_on_request_only() {
        let salt = Salt::new([0x5a; 32]);
        assert_eq!(salt.to_string(), format!("0x{}", "5a".repeat(32)));
        assert_eq!(format!("{salt:?}"), "Salt(..)");
    }
}
