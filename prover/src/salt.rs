use std::fmt;

use maat_verifier::Blake2s256;
use maat_verifier::Goldilocks;
use winterfell::crypto::{Digest, Hasher};
use winterfell::math::StarkField;

use crate::error::ProveError;

/// What hides inputs and outputs behind their commitment: keep it, with the values it opens the commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// A salt that nobody knows.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn random() -> Result<Self, ProveError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| ProveError::Salt(error.to_string()))?;
        Ok(Self(bytes))
    }

    /// A salt that was kept.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Elements that follow from the salt, others for each column. Those that are no canonical element are left out, so all are equally
    /// likely.
    pub(crate) fn elements(&self, column: u64) -> impl Iterator<Item = Goldilocks> {
        let seed = Blake2s256::merge_with_int(Blake2s256::hash(&self.0), column);
        (0u64..).filter_map(move |counter| {
            let block = Blake2s256::merge_with_int(seed, counter).as_bytes();
            let value = u64::from_le_bytes(std::array::from_fn(|byte| block[byte]));
            (value < Goldilocks::MODULUS).then(|| Goldilocks::new(value))
        })
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A salt is a secret, so it is not printed by accident.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}
