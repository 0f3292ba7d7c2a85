//! Decodes an instruction into the offsets and flags that the trace holds.

use maat_verifier::Felt252;
use maat_verifier::cairo::columns::FLAGS;

/// What an instruction says: its flags and offsets (whitepaper, section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    /// The flags, as bits.
    pub(super) flags: u16,
    /// The offsets of `dst`, `op0` and `op1`, each with 2^15 added.
    pub(super) offsets: [u16; 3],
}

impl Instruction {
    /// The instruction of a word; `None` if the word has more bits than an instruction.
    pub(super) fn decode(word: Felt252) -> Option<Self> {
        let word = word.to_u64()?;
        let offset = |operand: u32| (word >> (16 * operand)) as u16;
        let flags = (word >> 48) as u16;
        (flags >> FLAGS == 0).then(|| Self { flags, offsets: [offset(0), offset(1), offset(2)] })
    }

    /// Whether a flag is set, given by its position.
    pub(super) fn has(&self, flag: usize) -> bool {
        self.flags >> flag & 1 == 1
    }
}
