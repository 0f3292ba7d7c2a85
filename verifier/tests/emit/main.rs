//! The constraints in Cairo, written by the constraints in Rust: `cairo/verifier/src/air.cairo` is what is emitted here.
//!
//! The test emits it anew. If it differs, the new text is in the folder for temporary files that the failure names: look at what changed, and
//! copy it.

mod recorder;
mod typed;

use std::path::Path;

use maat_verifier::Goldilocks;
use maat_verifier::air::{ARGUMENT_CONSTRAINTS, Challenges, RANDOM_ELEMENTS, ROW_CONSTRAINTS, enforce_arguments, enforce_row, powers};
use maat_verifier::layout::{AUXILIARY_WIDTH, Layout};
use winter_air::EvaluationFrame;
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{ExtensionOf, FieldElement, StarkField, polynom};

use recorder::{Recorded, record};
use typed::{Inputs, Kind, Typed};

/// Bits of `2^b` for limbs of `b` bits, and of an address: there are at most 2^16 and 2^22.
const RADIX_BITS: u32 = 17;
const ADDRESS_BITS: u32 = 23;

const HEAD: &str = "//! The constraints of the model AIR at a point out of the domain, joined by powers of a challenge.
//!
//! Written by `verifier/tests/emit`, from the constraints in `verifier/src/air`: do not edit.

use corelib_imports::bounded_int::{self, AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, upcast};
use maat_stark::goldilocks::{G, MODULUS, P, Word};

";

/// The constraints that every proof in the layout `base` has, joined by Horner's rule: the first one has the highest power.
fn joined(text: &mut Typed) {
    let columns = Layout::base().main_width(0);
    let inputs = [
        Inputs { name: "row", kind: Kind::Extension(columns) },
        Inputs { name: "auxiliary", kind: Kind::Extension(AUXILIARY_WIDTH) },
        Inputs { name: "next", kind: Kind::Extension(AUXILIARY_WIDTH) },
        Inputs { name: "challenges", kind: Kind::Extension(RANDOM_ELEMENTS + 1) },
        Inputs { name: "radix", kind: Kind::Integer(RADIX_BITS) },
        Inputs { name: "first_output", kind: Kind::Integer(ADDRESS_BITS) },
    ];
    let (nodes, output) = recorded();
    let doc =
        "The constraints of a row and of the auxiliary rows beside it. `challenges` are those of the AIR, and what joins the constraints.";
    text.function("constraints", doc, &inputs, &nodes, output);
}

/// The tape of the constraints.
fn recorded() -> (Vec<recorder::Node>, Recorded) {
    let columns = Layout::base().main_width(0);
    record(columns + 2 * AUXILIARY_WIDTH + RANDOM_ELEMENTS + 3, |all| {
        let (row, rest) = all.split_at(columns);
        let (auxiliary, rest) = rest.split_at(AUXILIARY_WIDTH);
        let (next, rest) = rest.split_at(AUXILIARY_WIDTH);
        let (drawn, rest) = rest.split_at(RANDOM_ELEMENTS);
        let [gamma, radix, first_output] = rest.try_into().expect("the inputs are counted");
        let drawn: [Recorded; RANDOM_ELEMENTS] = drawn.try_into().expect("the inputs are counted");
        let elements = powers(drawn, Layout::base());
        let mut results = vec![Recorded::ZERO; ROW_CONSTRAINTS + ARGUMENT_CONSTRAINTS];
        let (of_row, of_arguments) = results.split_at_mut(ROW_CONSTRAINTS);
        enforce_row(row, radix, of_row);
        let frame = EvaluationFrame::from_rows(auxiliary.to_vec(), next.to_vec());
        enforce_arguments(row, &frame, [radix, first_output], &Challenges::new(&elements), of_arguments);
        results.into_iter().fold(Recorded::ZERO, |sum, result| sum * gamma + result)
    })
}

/// Points of a row of the low-degree test.
const FOLDING: usize = 16;

/// The polynomial through a row of the low-degree test, at the challenge.
///
/// The row has the values at `x w^i`, with `w` of order 16. With `u = challenge / x`, half of the row follows from two halves: of
/// `f(X) = g(X^2) + X h(X^2)` the values at `y` and `-y` give `g + challenge h` at `y^2`. Each of the four halvings leaves out a factor 1/2.
fn folded(text: &mut Typed) {
    let inputs = [Inputs { name: "row", kind: Kind::Extension(FOLDING) }, Inputs { name: "u", kind: Kind::Extension(1) }];
    let (nodes, output) = fold_tape();
    let doc = "The value at a challenge of the polynomial through a row of 16 values at `x w^i`. `u` is the challenge over `x`.";
    text.function("fold", doc, &inputs, &nodes, output);
}

/// The tape of a fold.
fn fold_tape() -> (Vec<recorder::Node>, Recorded) {
    record(FOLDING + 1, |all| {
        let (mut row, mut u) = (all[..FOLDING].to_vec(), all[FOLDING]);
        let mut inverse = Goldilocks::get_root_of_unity(FOLDING.ilog2()).inv();
        while let half @ 1.. = row.len() / 2 {
            let (low, high) = row.split_at(half);
            let halves = low.iter().zip(high).enumerate();
            row = halves.map(|(i, (a, b))| *a + *b + ((*a - *b) * u).mul_base(inverse.exp(i as u64))).collect();
            u = u.square();
            inverse = inverse.square();
        }
        row[0].mul_base(Goldilocks::new(FOLDING as u64).inv())
    })
}

fn emitted() -> String {
    let mut text = Typed::default();
    joined(&mut text);
    folded(&mut text);
    text.file(HEAD)
}

#[test]
fn the_constraints_in_cairo_are_those_of_rust() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cairo/verifier/src/air.cairo");
    let (found, expected) = (std::fs::read_to_string(&path).unwrap_or_default(), emitted());
    if found != expected {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("air.cairo");
        std::fs::write(&new, expected).unwrap();
        panic!("{} is not what the constraints give, which is in {}", path.display(), new.display());
    }
}

/// What is recorded is what the constraints compute.
#[test]
fn a_tape_computes_what_was_recorded() {
    let (nodes, output) = record(3, |inputs| {
        let [a, b, c] = [inputs[0], inputs[1], inputs[2]];
        (a + b) * (a - c) + (b + a) * Recorded::from(7u32) - c * Recorded::ONE + Recorded::ZERO
    });
    let values: Vec<Goldilocks> = [3, 5, 11].map(Goldilocks::new).to_vec();
    let found = recorder::evaluate(&nodes, &values)[output.0 as usize];
    assert_eq!(found, Goldilocks::new(8) * -Goldilocks::new(8) + Goldilocks::new(56) - Goldilocks::new(11));
    // The sum of the first two is recorded once.
    assert_eq!(nodes.iter().filter(|node| matches!(node, recorder::Node::Add(..))).count(), 2);
}

/// The halvings give what interpolation gives.
#[test]
fn a_row_is_folded_to_the_value_of_its_polynomial() {
    type E = QuadExtension<Goldilocks>;
    let values: Vec<E> = (0..16u32).map(|i| E::new((3 * i + 1).into(), (i * i).into())).collect();
    let (x, challenge) = (Goldilocks::new(7), E::new(Goldilocks::new(5), Goldilocks::new(9)));
    let root = Goldilocks::get_root_of_unity(4);
    let points: Vec<E> = (0..16u64).map(|i| (x * root.exp(i)).into()).collect();
    let expected = polynom::eval(&polynom::interpolate(&points, &values, false), challenge);
    let (nodes, output) = fold_tape();
    let u = challenge / x.into();
    assert_eq!(recorder::evaluate(&nodes, &[&values[..], &[u]].concat())[output.0 as usize], expected);
}
