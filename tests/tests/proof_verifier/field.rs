//! The field and its extension, on edges and on random elements.

use maat_tests::networks::Random;
use maat_verifier::Goldilocks;
use num_bigint::BigUint;
use starknet_types_core::felt::Felt;
use winter_verifier::math::{FieldElement, StarkField};

use super::library::{E, any_felt, edges, extension, felt_edges, integers, list, number, of_elements, try_call, words};
use super::{message, span};

const RANDOM: usize = 200;

/// Edges, and random integers of 64 bits.
fn some_integers(seed: u64) -> Vec<u64> {
    let mut random = Random::new(seed);
    [edges(), (0..RANDOM).map(|_| random.bits()).collect()].concat()
}

/// Pairs of elements: of all edges, and random ones.
fn pairs(seed: u64) -> Vec<[u64; 2]> {
    let edges = edges();
    let of_edges = edges.iter().flat_map(|a| edges.iter().map(move |b| [*a, *b]));
    let mut random = Random::new(seed);
    of_edges.chain((0..RANDOM).map(|_| [random.bits(), random.bits()])).collect()
}

/// Pairs of elements of the extension, whose components are edges or random.
fn pairs_of_extension(seed: u64) -> Vec<E> {
    let edges: Vec<E> = pairs(seed).into_iter().map(|pair| E::new(Goldilocks::new(pair[0]), Goldilocks::new(pair[1]))).collect();
    let mut random = Random::new(seed + 1);
    let others = extension(&mut random, edges.len());
    edges.into_iter().zip(others).flat_map(|(a, b)| [a, b]).collect()
}

fn remainder(integer: &BigUint) -> Felt {
    Felt::from(integer % BigUint::from(Goldilocks::MODULUS))
}

#[test]
fn felts_are_reduced_as_integers_below_starknets_prime() {
    let mut random = Random::new(3);
    let felts: Vec<Felt> = felt_edges().into_iter().chain((0..RANDOM).map(|_| any_felt(&mut random))).collect();
    let expected: Vec<Felt> = felts.iter().map(|felt| remainder(&felt.to_biguint())).collect();
    assert_eq!(list("residues", &[span(&felts)]), expected);
    let halves = felts.iter().flat_map(|felt| {
        let (half, felt) = (BigUint::from(1u8) << 128, felt.to_biguint());
        [remainder(&(&felt % &half)), remainder(&(&felt / &half))]
    });
    assert_eq!(list("halves", &[span(&felts)]), halves.collect::<Vec<_>>());
}

#[test]
fn a_word_is_an_element_if_it_is_below_the_modulus() {
    let words = some_integers(5);
    let expected = words.iter().flat_map(|word| [Felt::from(*word < Goldilocks::MODULUS), Felt::from(Goldilocks::new(*word).as_int())]);
    assert_eq!(list("elements", &[integers(&words)]), expected.collect::<Vec<_>>());
}

#[test]
fn products_and_inverses_are_those_in_rust() {
    let pairs = pairs(7);
    let product = |[a, b]: &[u64; 2]| Goldilocks::new(*a) * Goldilocks::new(*b);
    let expected: Vec<Goldilocks> = pairs.iter().map(product).collect();
    assert_eq!(list("products", &[integers(pairs.as_flattened())]), of_elements(&expected));

    let mut integers_of = some_integers(9);
    integers_of.retain(|integer| Goldilocks::new(*integer) != Goldilocks::ZERO);
    let expected: Vec<Goldilocks> = integers_of.iter().map(|integer| Goldilocks::new(*integer).inv()).collect();
    assert_eq!(list("inverses", &[integers(&integers_of)]), of_elements(&expected));
    for zero in [0, Goldilocks::MODULUS] {
        assert_eq!(message(&try_call("inverses", &[integers(&[zero])]).unwrap_err()), super::forged::NO_INVERSE);
    }
}

#[test]
fn the_extensions_operations_are_those_in_rust() {
    let pairs = pairs_of_extension(11);
    let of_pairs = |operation: fn(E, E) -> E| pairs.chunks(2).map(|pair| operation(pair[0], pair[1])).collect::<Vec<E>>();
    assert_eq!(list("extension_products", &[words(&pairs)]), of_elements(&of_pairs(|a, b| a * b)));
    let (sums, differences) = (of_pairs(|a, b| a + b), of_pairs(|a, b| a - b));
    let both: Vec<E> = sums.into_iter().zip(differences).flat_map(|(sum, difference)| [sum, difference]).collect();
    assert_eq!(list("extension_sums", &[words(&pairs)]), of_elements(&both));

    let units: Vec<E> = pairs.iter().copied().filter(|element| *element != E::ZERO).collect();
    let inverses: Vec<E> = units.iter().map(|element| element.inv()).collect();
    assert_eq!(list("extension_inverses", &[words(&units)]), of_elements(&inverses));
    assert_eq!(message(&try_call("extension_inverses", &[words(&[E::ZERO])]).unwrap_err()), super::forged::NO_INVERSE);

    for exponent in [0u32, 1, 2, 3, 13, 17] {
        let powers: Vec<E> = pairs[..40].iter().flat_map(|element| [element.exp(exponent.into()), element.exp(1 << exponent)]).collect();
        assert_eq!(list("extension_powers", &[words(&pairs[..40]), number(exponent)]), of_elements(&powers), "{exponent}");
    }
}
