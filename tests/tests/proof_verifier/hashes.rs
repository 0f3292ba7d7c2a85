//! Poseidon of elements and of nodes, Blake2s, and the trees of one-time roots.

use maat_tests::networks::Random;
use maat_verifier::{Blake2s256, Goldilocks, OneTimeTree, Poseidon, TreeDigest};
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::{Digest as _, ElementHasher, Hasher};

use super::library::{any_felt, call, element, list, number, of_elements, packed, try_call};
use super::{digest, message, span};

#[test]
fn elements_are_hashed_as_in_rust() {
    let mut random = Random::new(13);
    for count in (0..=13).chain([30, 89, 98, 256, 576]) {
        let elements: Vec<Goldilocks> = (0..count).map(|_| element(&mut random)).collect();
        let expected = digest(&Poseidon::hash_elements(&elements));
        assert_eq!(call("digest", &[span(&packed(&elements)), number(count)]).output, [expected], "{count} elements");
        // The parts of proofs that are unpacked have elements.
        if count != 0 {
            let found = list("unpack", &[span(&packed(&elements)), number(count)]);
            assert_eq!(found, [vec![expected], of_elements(&elements)].concat(), "{count} elements");
        }
    }
}

#[test]
fn a_felt_with_four_words_and_elements_after_the_last_one_are_refused() {
    let unpack = |felts: &[Felt], count: u32| try_call("unpack", &[span(felts), number(count)]).map_err(|error| message(&error));
    let power = |bits: u32| Felt::TWO.pow(bits);
    for place in 0..4 {
        let mut felts = vec![Felt::ONE; 4];
        felts[place] = power(192) - Felt::ONE;
        unpack(&felts, 12).unwrap();
        felts[place] = power(192);
        assert_eq!(unpack(&felts, 12).unwrap_err(), "A FELT HAS FOUR WORDS");
    }
    for (count, after) in [(10, 64), (10, 128), (11, 128), (11, 191)] {
        let felts = [Felt::ONE, Felt::ONE, Felt::ONE, power(after)];
        assert_eq!(unpack(&felts, count).unwrap_err(), "MORE ELEMENTS THAN THERE ARE");
        unpack(&felts, 12).unwrap();
    }
}

#[test]
fn nodes_are_those_in_rust() {
    let mut random = Random::new(17);
    let felts: Vec<Felt> = (0..60).map(|_| any_felt(&mut random)).collect();
    let node = |pair: &[Felt]| digest(&Poseidon::merge(&[0, 1].map(|place: usize| TreeDigest::new(pair[place].to_bytes_le()))));
    assert_eq!(list("nodes", &[span(&felts)]), felts.chunks(2).map(node).collect::<Vec<_>>());
}

/// Nonces next to one another, so that some have nearly enough zeros, and one that has enough for each state.
#[test]
fn work_is_twenty_zeros_of_blake2s() {
    let mut random = Random::new(19);
    let states: Vec<Felt> = (0..3).map(|_| any_felt(&mut random)).collect();
    let (mut pairs, mut expected) = (Vec::new(), Vec::new());
    for state in states {
        let zeros = |nonce: u64| {
            let hash = Blake2s256::<Goldilocks>::hash(&[&state.to_bytes_le()[..], &nonce.to_le_bytes()].concat()).as_bytes();
            u64::from_le_bytes(*hash.first_chunk().unwrap()).trailing_zeros()
        };
        let done = (0..).find(|nonce| zeros(*nonce) >= 20).unwrap();
        let nearly = (0..).find(|nonce| (16..20).contains(&zeros(*nonce))).unwrap();
        for nonce in (0..20).chain([done - 1, done, done + 1, nearly, u64::from(u32::MAX), 1 << 32, u64::MAX]) {
            pairs.extend([state, Felt::from(nonce)]);
            expected.push(Felt::from(zeros(nonce) >= 20));
        }
    }
    assert_eq!(list("works", &[span(&pairs)]), expected);
}

#[test]
fn paths_of_one_time_roots_lead_where_they_lead_in_rust() {
    let mut random = Random::new(23);
    let half = |bytes: &[u8]| Felt::from(u128::from_le_bytes(bytes.try_into().unwrap()));
    for count in [1u32, 2, 8, 64] {
        let roots: Vec<[u8; 32]> = (0..count).map(|_| any_felt(&mut random).to_bytes_le()).collect();
        let tree = OneTimeTree::new(roots).unwrap();
        let expected = [half(&tree.root()[..16]), half(&tree.root()[16..])];
        for index in [0, count / 2, count - 1] {
            let one = tree.path(index);
            let path: Vec<Felt> = one.path.iter().flat_map(|hash| [half(&hash[..16]), half(&hash[16..])]).collect();
            let top = |path: &[Felt], index: u32, count: u32| {
                let arguments = [span(path), vec![Felt::from_bytes_le(&one.root)], number(index), number(count)];
                try_call("one_time_top", &arguments).map(|call| call.output).map_err(|error| message(&error))
            };
            assert_eq!(top(&path, index, count).as_deref(), Ok(&expected[..]), "{index} of {count}");
            assert_eq!(top(&path, count, count).unwrap_err(), "NO SUCH ONE-TIME ROOT");
            if count > 1 {
                assert_ne!(top(&path, index ^ 1, count).unwrap(), expected, "the sibling's place");
                assert_eq!(top(&path[1..], index, count).unwrap_err(), "THE PROOF ENDS EARLY");
                assert_eq!(top(&path, index, 3 * count).unwrap_err(), "NUMBER OF ONE-TIME ROOTS");
                let mut wide = path.clone();
                wide[0] += Felt::TWO.pow(128u32);
                assert_eq!(top(&wide, index, count).unwrap_err(), "MALFORMED HASH");
            }
        }
    }
}
