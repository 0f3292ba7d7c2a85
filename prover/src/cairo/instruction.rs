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

/// Bits of flags that the prover looks at; the others only go into the trace.
pub(super) mod flag {
    pub(crate) const DST_FP: usize = 0;
    pub(crate) const OP0_FP: usize = 1;
    pub(crate) const OP1_IMM: usize = 2;
    pub(crate) const OP1_FP: usize = 3;
    pub(crate) const OP1_AP: usize = 4;
    pub(crate) const RES_ADD: usize = 5;
    pub(crate) const RES_MUL: usize = 6;
    pub(crate) const PC_JNZ: usize = 9;
}

impl Instruction {
    /// The instruction of a word; `None` if the word has more bits than an instruction.
    pub(super) fn decode(word: Felt252) -> Option<Self> {
        let word = word.to_u64()?;
        let offset = |operand: u32| (word >> (16 * operand)) as u16;
        let flags = (word >> 48) as u16;
        (flags >> FLAGS == 0).then(|| Self { flags, offsets: [offset(0), offset(1), offset(2)] })
    }

    /// Whether a flag is set.
    pub(super) fn has(&self, flag: usize) -> bool {
        self.flags >> flag & 1 == 1
    }
}
