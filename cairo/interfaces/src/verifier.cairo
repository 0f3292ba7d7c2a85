//! The class that verifies proofs of inferences, and how a proof's values are packed.

/// Verifies proofs. A class without storage and without system calls, called as a library.
#[starknet::interface]
pub trait IProofVerifier<TContractState> {
    /// Verifies a proof for the entry that the proof names, and gives what it says. Whoever calls compares the commitment and every field of the
    /// entry with what it knows of the model: for another entry, the proof says nothing about the model.
    ///
    /// A proof is a list of felts of which the first is the number of felts that follow: it is the calldata of this function, so that a
    /// contract that was given a proof passes it on without copying it.
    ///
    /// Panics if the proof does not hold.
    fn verify(self: @TContractState, proof: Span<felt252>) -> Verified;
}

/// What a verifier knows of a model for one batch size.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Entry {
    /// Inferences in a proof.
    pub batch: u32,
    /// Rows of the trace: a power of two.
    pub rows: u32,
    /// Values that one inference takes.
    pub inputs: u32,
    /// Values that one inference gives.
    pub outputs: u32,
    /// How many one-time roots the model has, if it is private; else 0.
    pub one_time_roots: u32,
    /// The 32 bytes of the root of the tree over the fixed columns; of a private model, of that over its one-time roots. As a number, least
    /// significant byte first.
    pub fixed_root: u256,
}

/// The inputs or the outputs of all inferences of a proof, one after the other.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Side {
    /// As they are in the proof: seven in a felt, 32 bits each, the first one least significant, and each one plus 2^31.
    Public: Span<felt252>,
    /// Nobody sees them.
    Hidden,
    /// The Poseidon hash of the four elements of a digest that commits to them.
    Committed: felt252,
}

/// What a proof says.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Verified {
    /// Of the model, as the prover claims it.
    pub commitment: felt252,
    /// What the proof was verified for.
    pub entry: Entry,
    /// Whether the proof hides what it does not say.
    pub hiding: bool,
    /// The index of the one-time root that a private model's proof spends.
    pub one_time: Option<u32>,
    pub inputs: Side,
    pub outputs: Side,
    /// Conjectured, for a commitment that somebody recomputed from the model: docs/proofs.md.
    pub security_bits: u16,
}
