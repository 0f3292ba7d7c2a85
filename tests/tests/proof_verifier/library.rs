//! A contract with the verifier's parts as functions (`tests/fixtures/proof_verifier/lib.cairo`), and with the whole of it, but without the
//! proof of work.

use std::sync::LazyLock;

use maat_cairo::{CairoPackage, CairoRunError, CallResult, Compiler, Contract, Crate, Edition, Sources};
use maat_tests::networks::Random;
use maat_tests::root;
use maat_verifier::Goldilocks;
use starknet_types_core::felt::Felt;
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{FieldElement, StarkField};

use super::{package, span};

/// Elements of the extension.
pub type E = QuadExtension<Goldilocks>;

static LIBRARY: LazyLock<Contract> = LazyLock::new(|| {
    let CairoPackage { main: mut verifier, mut dependencies } = package();
    // Whoever may choose the nonce freely can choose where queries fall.
    let text = verifier.sources.get("verify.cairo").unwrap();
    let call = "work::is_done(";
    assert_eq!(text.matches(call).count(), 1, "the verifier asks for work once");
    let free = "fn is_free(_state: felt252, _nonce: u64) -> bool {\n    true\n}\n";
    let text = format!("{}\n{free}", text.replace(call, "is_free(").replace("use maat_stark::work;\n", ""));
    verifier.sources.insert("verify.cairo", text);
    dependencies.push(verifier);

    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join("tests/fixtures/proof_verifier/lib.cairo")).unwrap());
    let main = Crate { name: "library".to_owned(), edition: Edition::V2025_12, sources, scarb_manifest: String::new() };
    Compiler::default().contract(&CairoPackage { main, dependencies }).unwrap_or_else(|error| panic!("{error}"))
});

/// Calls a function with serialised arguments.
pub fn try_call(function: &str, arguments: &[Vec<Felt>]) -> Result<CallResult, CairoRunError> {
    LIBRARY.call(function, &arguments.concat())
}

/// As [`try_call`], for a function that must not panic.
pub fn call(function: &str, arguments: &[Vec<Felt>]) -> CallResult {
    try_call(function, arguments).unwrap_or_else(|error| panic!("{function}: {error}"))
}

/// The list that a function gives.
pub fn list(function: &str, arguments: &[Vec<Felt>]) -> Vec<Felt> {
    let output = call(function, arguments).output;
    assert_eq!(output[0], Felt::from(output.len() - 1), "{function} gives a list");
    output[1..].to_vec()
}

/// One number as an argument.
pub fn number(number: impl Into<Felt>) -> Vec<Felt> {
    vec![number.into()]
}

/// Integers as a list.
pub fn integers(integers: &[u64]) -> Vec<Felt> {
    span(&integers.iter().map(|integer| Felt::from(*integer)).collect::<Vec<_>>())
}

/// The integers of elements.
pub fn of_elements<F: FieldElement<BaseField = Goldilocks>>(elements: &[F]) -> Vec<Felt> {
    F::slice_as_base_elements(elements).iter().map(|element| Felt::from(element.as_int())).collect()
}

/// Elements as a list of integers.
pub fn words<F: FieldElement<BaseField = Goldilocks>>(elements: &[F]) -> Vec<Felt> {
    span(&of_elements(elements))
}

/// Elements three a felt.
pub fn packed(elements: &[Goldilocks]) -> Vec<Felt> {
    let two_64 = Felt::from(1u128 << 64);
    elements.chunks(3).map(|three| three.iter().rfold(Felt::ZERO, |felt, element| felt * two_64 + Felt::from(element.as_int()))).collect()
}

/// Integers at which reductions change, below and above the modulus.
pub fn edges() -> Vec<u64> {
    let p = Goldilocks::MODULUS;
    vec![
        0,
        1,
        2,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        1 << 63,
        p / 2,
        p / 2 + 1,
        p - (1 << 32),
        p - 2,
        p - 1,
        p,
        p + 1,
        u64::MAX - 1,
        u64::MAX,
    ]
}

/// A random element; every eighth one is an edge.
pub fn element(random: &mut Random) -> Goldilocks {
    let edges = edges();
    match random.below(8) {
        0 => Goldilocks::new(edges[random.below(edges.len())]),
        _ => Goldilocks::new(random.bits()),
    }
}

/// Random elements of the extension.
pub fn extension(random: &mut Random, count: usize) -> Vec<E> {
    (0..count).map(|_| E::new(element(random), element(random))).collect()
}

/// Any felt; every eighth one is an edge.
pub fn any_felt(random: &mut Random) -> Felt {
    let edges = felt_edges();
    match random.below(8) {
        0 => edges[random.below(edges.len())],
        _ => Felt::from_bytes_be(&std::array::from_fn(|_| random.bits() as u8)),
    }
}

/// Felts at which halves and words begin and end.
pub fn felt_edges() -> Vec<Felt> {
    let p = Felt::from(Goldilocks::MODULUS);
    let powers = [64u32, 128, 192, 251].map(|bits| Felt::TWO.pow(bits));
    let mut edges = vec![Felt::ZERO, Felt::ONE, p - Felt::ONE, p, p + Felt::ONE, p * p, Felt::ZERO - Felt::ONE, Felt::ZERO - p];
    edges.extend(powers.iter().flat_map(|power| [*power - Felt::ONE, *power, *power + Felt::ONE, *power * p]));
    edges
}
