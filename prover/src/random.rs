//! Random bytes of the operating system, and uniform field elements from a stream of bytes.

use maat_verifier::{Goldilocks, Salt};
use winterfell::math::StarkField;

use crate::error::ProveError;

/// Bytes that are read from a stream at a time.
const BLOCK: usize = 1 << 12;

/// 32 bytes that nobody knows.
///
/// # Errors
/// The system gives none.
pub(crate) fn bytes() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A salt that nobody knows.
///
/// # Errors
/// The system gives no random bytes.
pub fn random_salt() -> Result<Salt, ProveError> {
    Ok(Salt::new(bytes()?))
}

/// The field elements of a stream of bytes. Eight bytes that are no canonical element are left out, so that all elements are equally likely.
pub(crate) fn elements(mut stream: blake3::OutputReader) -> impl Iterator<Item = Goldilocks> {
    let blocks = std::iter::repeat_with(move || {
        let mut block = [0; BLOCK];
        stream.fill(&mut block);
        block
    });
    let words = blocks.flat_map(|block| {
        let (words, _) = block.as_chunks();
        words.iter().map(|word| u64::from_le_bytes(*word)).collect::<Vec<_>>()
    });
    words.filter(|word| *word < Goldilocks::MODULUS).map(Goldilocks::new)
}
