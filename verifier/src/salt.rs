//! The salt of a committed side, and the field elements that follow from it.

use std::fmt;

use winter_verifier::crypto::{Digest, Hasher};
use winter_verifier::math::StarkField;

use crate::blake2s::{Blake2s256, TreeDigest, blake2s};
use crate::goldilocks::Goldilocks;
use crate::hex::hex;

const DOMAIN: &[u8] = b"maat side salt 1";

/// What makes a digest of inputs or outputs unguessable: without it, anybody could test a guess of them against the digest. See
/// [`crate::SideOpening`].
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A salt of 32 bytes that nobody else can guess.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The elements that follow from the salt. They do not depend on the side, so that one model's outputs can be another one's inputs under the
    /// same digest. Numbers that are not canonical elements are left out, so all elements are equally likely.
    pub fn elements(&self) -> impl Iterator<Item = Goldilocks> {
        let seed = TreeDigest::new(blake2s([DOMAIN, &self.0]));
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

    #[test]
    fn each_salt_has_other_elements() {
        let first = |salt: u8| Salt::new([salt; 32]).elements().take(4).collect::<Vec<_>>();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn a_salt_is_printed_on_request_only() {
        let salt = Salt::new([0x5a; 32]);
        assert_eq!(salt.to_string(), format!("0x{}", "5a".repeat(32)));
        assert_eq!(format!("{salt:?}"), "Salt(..)");
    }
}
