//! Proofs whose makers choose where queries fall. In a changed proof the queries fall elsewhere, so that its rows are not even those that
//! are asked for, and the checks behind that are not reached. Here the verifier asks for no work, and the nonce is searched for that lets
//! the first query fall where the proof has an opening.

use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::{Goldilocks, Poseidon};
use rayon::prelude::*;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::Poseidon as Hades;
use winter_air::Air;
use winter_air::proof::Context;
use winter_verifier::crypto::ElementHasher;
use winter_verifier::math::ToElements;

use super::anatomy::{Anatomy, CAP, LOG_FOLDING, QUERIES, TREES};
use super::library::try_call;
use super::proofs::{PLAIN, Proof};
use super::{digest, message};

const NOT_THE_COMPOSITION: &str = "NOT THE COMPOSITION OF THE ROWS";
const NOT_THE_LAYER: &str = "NOT WHAT THE LAYER BELOW GIVES";
const NOT_THE_REMAINDER: &str = "NOT WHAT THE REMAINDER GIVES";
/// What only forged proofs are refused with.
pub const MESSAGES: [&str; 3] = [NOT_THE_COMPOSITION, NOT_THE_LAYER, NOT_THE_REMAINDER];
/// What no proof is refused with, but for one in `2^100`: the tests of the field see it.
pub const NO_INVERSE: &str = "ZERO HAS NO INVERSE";

// POSEIDON
// ================================================================================================

fn permute(a: Felt, b: Felt, capacity: Felt) -> [Felt; 3] {
    let mut state = [a, b, capacity];
    Hades::hades_permutation(&mut state);
    state
}

fn node(left: Felt, right: Felt) -> Felt {
    permute(left, right, Felt::TWO)[0]
}

/// The digest of packed elements.
fn of_elements(packed: &[Felt], count: usize) -> Felt {
    let mut state = [Felt::ZERO, Felt::ZERO, Felt::TWO.pow(64u32) + Felt::from(count)];
    for two in packed.chunks(2) {
        state = permute(state[0] + two[0], state[1] + two.get(1).unwrap_or(&Felt::ZERO), state[2]);
    }
    state[0]
}

/// The root above a cap.
fn root(cap: &[Felt]) -> Felt {
    let mut level = cap.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| node(pair[0], pair[1])).collect();
    }
    level[0]
}

// THE TRANSCRIPT
// ================================================================================================

/// The seed of a proof's transcript.
fn seed(proof: &Proof) -> Felt {
    let (header, public_inputs) = (&proof.header, proof.header.public_inputs());
    let options = header.preset().options(header.mode());
    let info = trace_info(header.entry().rows as usize, &public_inputs);
    let air = ModelAir::new(info.clone(), public_inputs, options.clone());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let mut elements = Context::new::<Goldilocks>(info, options, constraints).to_elements();
    elements.extend(ToElements::<Goldilocks>::to_elements(&header.public_inputs()));
    digest(&Poseidon::hash_elements::<Goldilocks>(&elements))
}

/// The transcript before the nonce.
fn before_nonce(seed: Felt, felts: &[Felt], anatomy: &Anatomy) -> Felt {
    let root_of = |tree: String| root(&felts[anatomy.part(&format!("cap of {tree}")).range.clone()]);
    let list = |name: &str| {
        let part = anatomy.part(name);
        of_elements(&felts[part.range.clone()], part.elements.unwrap())
    };
    let mut absorbed: Vec<Felt> = TREES.iter().map(|tree| root_of((*tree).to_owned())).collect();
    absorbed.push(list("frame"));
    absorbed.extend((1..=anatomy.layers).map(|layer| root_of(format!("layer {layer}"))));
    absorbed.push(list("remainder"));
    absorbed.into_iter().fold(seed, |state, digest| permute(state, digest, Felt::from(5))[0])
}

/// The positions of all queries with a nonce, four for each draw; of the first draw alone if that is enough.
fn positions(before_nonce: Felt, nonce: u64, log_domain: u32, draws: usize) -> Vec<usize> {
    let state = permute(before_nonce, Felt::from(nonce), Felt::from(7))[0];
    let felts = (0..draws.div_ceil(2)).flat_map(|draw| permute(state, Felt::from(draw), Felt::from(6))[..2].to_vec());
    let of_felt = |felt: Felt| {
        let bytes = felt.to_bytes_le();
        let (words, _) = bytes[..16].as_chunks();
        (0..4).map(|place| u32::from_le_bytes(words[place]) as usize & ((1 << log_domain) - 1)).collect::<Vec<_>>()
    };
    felts.take(draws).flat_map(of_felt).collect()
}

/// A proof to forge.
struct Forger<'a> {
    proof: &'a Proof,
    anatomy: Anatomy,
    seed: Felt,
    /// Where its queries fall.
    positions: Vec<usize>,
}

impl<'a> Forger<'a> {
    fn new(proof: &'a Proof) -> Self {
        let (anatomy, seed) = (Anatomy::of(proof), seed(proof));
        let nonce = proof.felts[anatomy.part("nonce").range.start].try_into().unwrap();
        let positions = positions(before_nonce(seed, &proof.felts, &anatomy), nonce, anatomy.log_domain, QUERIES / 4);
        Self { proof, anatomy, seed, positions }
    }

    /// Changes a proof's felts, searches for the nonce that lets the first query fall on one of the openings `wanted`, puts that one first,
    /// and gives what the verifier without work says.
    fn refusal(&self, wanted: &[usize], change: impl Fn(&mut [Felt])) -> String {
        let mut felts = self.proof.felts.clone();
        change(&mut felts);
        let before = before_nonce(self.seed, &felts, &self.anatomy);
        let query = |nonce: u64| {
            let first = positions(before, nonce, self.anatomy.log_domain, 1)[0];
            wanted.iter().copied().find(|query| self.positions[*query] == first)
        };
        // Whichever of them is found first: all are alike.
        let nonce = (0..u64::from(u32::MAX)).into_par_iter().find_any(|nonce| query(*nonce).is_some()).unwrap();
        felts[self.anatomy.part("nonce").range.start] = Felt::from(nonce);
        let [first, other] = [0, query(nonce).unwrap()].map(|query| self.anatomy.queries[query].1.start);
        let length = self.anatomy.queries[0].1.len();
        if other != first {
            let (left, right) = felts.split_at_mut(other);
            left[first..first + length].swap_with_slice(&mut right[..length]);
        }
        message(&try_call("verify", &[felts]).unwrap_err())
    }

    /// The number of a query's row in a layer, and the place of its value in the row.
    fn row_and_place(&self, query: usize, layer: usize) -> (usize, usize) {
        let size = |layer: usize| 1 << (self.anatomy.log_domain - layer as u32 * LOG_FOLDING);
        let position = self.positions[query] % size(layer - 1);
        (position % size(layer), position / size(layer))
    }

    /// Adds 1 to a value of a query's row in a layer, and commits to that.
    fn change_layer(&self, felts: &mut [Felt], query: usize, layer: usize, place: usize) {
        let (number, _) = self.row_and_place(query, layer);
        let row = self.anatomy.part_of_query(query, &format!("row of layer {layer}")).clone();
        let word = 2 * place;
        felts[row.range.start + word / 3] += Felt::TWO.pow(64 * (word % 3) as u32);
        let mut known = of_elements(&felts[row.range], row.elements.unwrap());
        let path = &felts[self.anatomy.part_of_query(query, &format!("path of layer {layer}")).range.clone()];
        for (level, sibling) in path.iter().enumerate() {
            known = if number >> level & 1 == 1 { node(*sibling, known) } else { node(known, *sibling) };
        }
        let top = number >> path.len();
        assert!(top < CAP);
        felts[self.anatomy.part(&format!("cap of layer {layer}")).range.start + top] = known;
    }
}

const ALL: [usize; QUERIES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[test]
fn a_proof_without_work_is_accepted_where_none_is_asked_for() {
    let forger = Forger::new(&PLAIN);
    try_call("verify", std::slice::from_ref(&PLAIN.felts)).unwrap();
    // The first query falls on an opening, and the second one beside all.
    assert_eq!(forger.refusal(&ALL, |_| ()), "A ROW IS NOT COMMITTED TO");
}

#[test]
fn values_that_no_polynomial_has_are_refused() {
    let forger = Forger::new(&PLAIN);
    let remainder = forger.anatomy.part("remainder").range.clone();
    for felt in [remainder.start, remainder.end - 1] {
        assert_eq!(forger.refusal(&ALL, |felts| felts[felt] += Felt::ONE), NOT_THE_REMAINDER);
    }
    // The quotients of the next row, which no constraint is about: the frame's last elements.
    let last = forger.anatomy.part("frame").range.end - 1;
    assert_eq!(forger.refusal(&ALL, |felts| felts[last] += Felt::ONE), NOT_THE_COMPOSITION);
    // The value of a layer that a query meets, and another one of its row.
    let (_, place) = forger.row_and_place(0, 1);
    assert_eq!(forger.refusal(&[0], |felts| forger.change_layer(felts, 0, 1, place)), NOT_THE_COMPOSITION);
    assert_eq!(forger.refusal(&[0], |felts| forger.change_layer(felts, 0, 1, (place + 5) % 8)), NOT_THE_LAYER);
}

#[test]
fn values_of_a_layer_that_the_one_below_does_not_give_are_refused() {
    let forger = Forger::new(&PLAIN);
    assert_eq!(forger.anatomy.layers, 2);
    let (_, place) = forger.row_and_place(0, 2);
    assert_eq!(forger.refusal(&[0], |felts| forger.change_layer(felts, 0, 2, place)), NOT_THE_LAYER);
    assert_eq!(forger.refusal(&[0], |felts| forger.change_layer(felts, 0, 2, (place + 5) % 8)), NOT_THE_REMAINDER);
}
