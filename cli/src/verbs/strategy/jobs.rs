//! How many proofs are made at a time, if the user does not say.
use maat_prover::ProvingKey;
use maat_verifier::Preset;
use std::num::NonZeroUsize;

pub fn default(_key: &ProvingKey<'_>, _preset: Preset) -> NonZeroUsize {
    NonZeroUsize::MIN
}
