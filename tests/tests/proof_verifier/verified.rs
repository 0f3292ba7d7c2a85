//! What the class gives for a proof, and what it should give.

use maat_verifier::{Goldilocks, Mode, Poseidon, Values};
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::ElementHasher;

use super::proofs::Proof;
use super::{digest, packed_values};

/// The inputs or the outputs, as `cairo/interfaces/src/verifier.cairo` has them.
#[derive(Debug, PartialEq)]
enum Side {
    Public(Vec<Felt>),
    Hidden,
    Committed(Felt),
}

/// What the class gives.
#[derive(Debug, PartialEq)]
pub struct Verified {
    commitment: Felt,
    batch: u32,
    rows: u32,
    inputs_each: u32,
    outputs_each: u32,
    one_time_roots: u32,
    fixed_root: [u8; 32],
    hiding: bool,
    one_time: Option<u32>,
    inputs: Side,
    outputs: Side,
    security_bits: u32,
}

/// Felts one after the other.
struct Reader<'a>(std::slice::Iter<'a, Felt>);

impl Reader<'_> {
    fn felt(&mut self) -> Felt {
        *self.0.next().expect("a felt")
    }

    fn integer(&mut self) -> u32 {
        self.felt().try_into().expect("32 bits")
    }

    fn half(&mut self) -> [u8; 16] {
        u128::try_from(self.felt()).expect("128 bits").to_le_bytes()
    }

    fn side(&mut self) -> Side {
        match self.integer() {
            0 => Side::Public((0..self.integer()).map(|_| self.felt()).collect()),
            1 => Side::Hidden,
            2 => Side::Committed(self.felt()),
            other => panic!("{other} is no side"),
        }
    }
}

impl Verified {
    /// Reads what was serialised.
    pub fn read(output: &[Felt]) -> Self {
        let mut reader = Reader(output.iter());
        let verified = Self {
            commitment: reader.felt(),
            batch: reader.integer(),
            rows: reader.integer(),
            inputs_each: reader.integer(),
            outputs_each: reader.integer(),
            one_time_roots: reader.integer(),
            fixed_root: [reader.half(), reader.half()].concat().try_into().unwrap(),
            hiding: reader.integer() == 1,
            one_time: match reader.integer() {
                0 => Some(reader.integer()),
                _ => None,
            },
            inputs: reader.side(),
            outputs: reader.side(),
            security_bits: reader.integer(),
        };
        assert_eq!(reader.0.as_slice(), []);
        verified
    }

    /// What the verifier in Rust says of a proof.
    pub fn of(proof: &Proof) -> Self {
        let (statement, entry) = (&proof.statement, proof.header.entry());
        Self {
            commitment: Felt::from_bytes_be(statement.commitment.as_bytes()),
            batch: statement.batch,
            rows: entry.rows,
            inputs_each: entry.inputs,
            outputs_each: entry.outputs,
            one_time_roots: statement.one_time.map_or(0, |(_, count)| count),
            fixed_root: entry.fixed_root,
            hiding: statement.mode == Mode::Hiding,
            one_time: statement.one_time.map(|(index, _)| index),
            inputs: side(&statement.inputs),
            outputs: side(&statement.outputs),
            security_bits: statement.security.conjectured,
        }
    }

    /// Whether the same proof was accepted as one of a private model that has its root only: whoever calls sees another entry than the
    /// model's.
    pub fn is_with_only_root(&self, proof: &Proof) -> bool {
        let expected = Self::of(proof);
        let others = Self { one_time_roots: 1, fixed_root: self.fixed_root, one_time: Some(0), ..expected };
        *self == others && self.fixed_root != proof.header.entry().fixed_root
    }
}

fn side(values: &Values) -> Side {
    match values {
        Values::Public(values) => Side::Public(packed_values(values)),
        Values::Hidden => Side::Hidden,
        Values::Committed(of) => Side::Committed(digest(&Poseidon::hash_elements::<Goldilocks>(&of.elements()))),
    }
}
