//! What the contract's verifier has in common with the verifier in Rust, written in Cairo by the latter: the constraints, the columns and
//! numbers that go with them, and the fold of the low-degree test.
//!
//! A test emits each file anew. If it differs, the new text is in the folder for temporary files that the failure names: look at what changed,
//! and copy it.

mod layout;
#[path = "../random/mod.rs"]
mod random;
mod recorder;
mod typed;

use std::cell::Cell;
use std::path::Path;

use maat_verifier::Goldilocks;
use maat_verifier::air::{
    Challenges, RANDOM_ELEMENTS, argument_constraints, enforce_arguments, enforce_row, masks, powers, row_constraints, sponge,
};
use maat_verifier::layout::{Layout, MASKS_WIDTH};
use winter_air::EvaluationFrame;
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{ExtensionOf, FieldElement, StarkField, polynom};

use random::Random;
use recorder::{Node, Recorded, record};
use typed::{Inputs, Kind, Typed};

/// Bits of `2^b` for limbs of `b` bits, which are at most 2^16; and of an address, which is an integer of 32 bits.
const RADIX_BITS: u32 = 17;
const ADDRESS_BITS: u32 = 32;

const OF_AIR: &str = "//! The constraints of the model AIR at a point out of the domain. Those of a part are joined by powers of a challenge, the first one with
//! the highest power.
//!
//! Written by `verifier/tests/emit`, from the constraints in `verifier/src/air`: do not edit.

";
const OF_FOLD: &str = "//! The fold of the low-degree test.
//!
//! Written by `verifier/tests/emit`: do not edit.

";
const USES: &str = "use corelib_imports::bounded_int::{self, AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, upcast};
";

/// Joins constraints by Horner's rule.
fn join(results: &[Recorded], gamma: Recorded) -> Recorded {
    results.iter().fold(Recorded::ZERO, |sum, result| sum * gamma + *result)
}

/// The constraints that every proof in the layout `base` has: those of the main segment, and those of the arguments.
fn constraints(text: &mut Typed) {
    let layout = Layout::base();
    let inputs = [
        Inputs { name: "row", kind: Kind::Extension(layout.main_width(0)) },
        Inputs { name: "auxiliary", kind: Kind::Extension(layout.auxiliary_width()) },
        Inputs { name: "next", kind: Kind::Extension(layout.auxiliary_width()) },
        Inputs { name: "challenges", kind: Kind::Extension(RANDOM_ELEMENTS + 1) },
        Inputs { name: "radix", kind: Kind::Integer(RADIX_BITS) },
        Inputs { name: "first_output", kind: Kind::Integer(ADDRESS_BITS) },
    ];
    let (nodes, outputs) = constraints_tape();
    let doc =
        "The constraints of a row, and of the auxiliary rows beside it. `challenges` are those of the AIR, and what joins the constraints.";
    text.function("constraints", doc, &inputs, &nodes, &outputs);
}

fn constraints_tape() -> (Vec<Node>, [Recorded; 2]) {
    let layout = Layout::base();
    let (columns, width) = (layout.main_width(0), layout.auxiliary_width());
    record(columns + 2 * width + RANDOM_ELEMENTS + 3, |all| {
        let (row, rest) = all.split_at(columns);
        let (auxiliary, rest) = rest.split_at(width);
        let (next, rest) = rest.split_at(width);
        let (drawn, rest) = rest.split_at(RANDOM_ELEMENTS);
        let [gamma, radix, first_output] = rest.try_into().expect("the inputs are counted");
        let drawn: [Recorded; RANDOM_ELEMENTS] = drawn.try_into().expect("the inputs are counted");
        let elements = powers(drawn, layout);
        let [mut of_row, mut of_arguments] =
            [row_constraints(layout), argument_constraints(layout)].map(|count| vec![Recorded::ZERO; count]);
        enforce_row(layout, row, radix, &mut of_row);
        let frame = EvaluationFrame::from_rows(auxiliary.to_vec(), next.to_vec());
        enforce_arguments(layout, row, &frame, [radix, first_output], &Challenges::new(layout, &elements), &mut of_arguments);
        [join(&of_row, gamma), join(&of_arguments, gamma)]
    })
}

/// The constraints of the masks. `y` is the point to the power of a fourth of the rows.
fn of_masks(text: &mut Typed) {
    let inputs = [Inputs { name: "next", kind: Kind::Extension(MASKS_WIDTH) }, Inputs { name: "challenges", kind: Kind::Extension(2) }];
    let (nodes, output) = masks_tape();
    let doc = "The constraints of the masks, which are those columns of the next auxiliary row. `challenges` are the point to the power of a fourth of
/// the rows, and what joins the constraints.";
    text.function("masks", doc, &inputs, &nodes, &[output]);
}

fn masks_tape() -> (Vec<Node>, Recorded) {
    record(MASKS_WIDTH + 2, |all| {
        let (next, rest) = all.split_at(MASKS_WIDTH);
        let (y, gamma) = (rest[0], rest[1]);
        let mut row = vec![Recorded::ZERO; Layout::base().auxiliary_width()];
        row.extend(next);
        let mut results = [Recorded::ZERO; masks::CONSTRAINTS];
        let periodic = at_point(&masks::periodic_columns(), y);
        masks::enforce(Layout::base(), &EvaluationFrame::from_rows(row.clone(), row), &periodic, &mut results);
        join(&results, gamma)
    })
}

type Vector<T> = [T; sponge::STATE_WIDTH];

/// The constraints of a sponge, but for the products with a matrix and with its inverse, which loops over tables compute: what these are applied
/// to is a function of its own, and their results are inputs.
fn of_sponge(text: &mut Typed) {
    const STATE: usize = sponge::STATE_WIDTH;
    let inputs = [
        Inputs { name: "current", kind: Kind::Extension(sponge::WIDTH) },
        Inputs { name: "next", kind: Kind::Extension(sponge::WIDTH) },
        Inputs { name: "periodic", kind: Kind::Extension(sponge::PERIODIC) },
        Inputs { name: "message", kind: Kind::Extension(1) },
        Inputs { name: "mixed", kind: Kind::Extension(STATE) },
        Inputs { name: "unmixed", kind: Kind::Extension(STATE) },
        Inputs { name: "gamma", kind: Kind::Extension(1) },
    ];
    let (nodes, (factors, output)) = sponge_tape();
    let doc = "What a sponge's products are of: with the matrix of its rounds twelve elements, and with the inverse of that matrix the other twelve.";
    text.function("factors", doc, &inputs[..3], &nodes, &factors);
    let doc = "The constraints of a sponge with the message of its row, and with the products. `gamma` joins them.";
    text.function("sponge", doc, &inputs, &nodes, &[output]);
}

/// What the products are of, and the constraints.
fn sponge_tape() -> (Vec<Node>, (Vec<Recorded>, Recorded)) {
    const STATE: usize = sponge::STATE_WIDTH;
    let count = 2 * sponge::WIDTH + sponge::PERIODIC + 2 + 2 * STATE;
    record(count, |all| {
        let (current, rest) = all.split_at(sponge::WIDTH);
        let (next, rest) = rest.split_at(sponge::WIDTH);
        let (periodic, rest) = rest.split_at(sponge::PERIODIC);
        let (message, rest) = rest.split_at(1);
        let (mixed, rest) = rest.split_at(STATE);
        let (unmixed, gamma) = rest.split_at(STATE);
        let [mixed, unmixed]: [Vector<Recorded>; 2] = [mixed, unmixed].map(|part| part.try_into().expect("the inputs are counted"));
        let factors = [Cell::new([Recorded::ZERO; STATE]), Cell::new([Recorded::ZERO; STATE])];
        let mut results = [Recorded::ZERO; sponge::WIDTH];
        let given = |place: usize, result: Vector<Recorded>| {
            let factors = &factors;
            move |vector: &Vector<Recorded>| {
                factors[place].set(*vector);
                result
            }
        };
        sponge::enforce_with(current, next, message[0], periodic, given(0, mixed), given(1, unmixed), &mut results);
        (factors.map(Cell::into_inner).concat(), join(&results, gamma[0]))
    })
}

/// The polynomial of a periodic column in the point to the power of the rows over their period: the coefficient of the lowest power first.
fn polynomial(column: &[Goldilocks]) -> Vec<Goldilocks> {
    let root = Goldilocks::get_root_of_unity(column.len().ilog2());
    let points: Vec<Goldilocks> = (0..column.len() as u64).map(|row| root.exp(row)).collect();
    polynom::interpolate(&points, column, false)
}

/// The periodic columns at a point, which is given to the power of the rows over their period.
fn at_point(columns: &[Vec<Goldilocks>], y: Recorded) -> Vec<Recorded> {
    let powers: Vec<Recorded> = (0..columns[0].len()).scan(Recorded::ONE, |power, _| Some(std::mem::replace(power, *power * y))).collect();
    let value = |column: &Vec<Goldilocks>| {
        let terms = polynomial(column).into_iter().zip(&powers).filter(|(coefficient, _)| *coefficient != Goldilocks::ZERO);
        terms.fold(Recorded::ZERO, |sum, (coefficient, power)| sum + power.mul_base(coefficient))
    };
    columns.iter().map(value).collect()
}

/// Points of a row of the low-degree test.
const FOLDING: usize = 8;

/// The polynomial through a row of the low-degree test, at the challenge.
///
/// The row has the values at `x w^i`, with `w` of order 8. With `u = challenge / x`, half of the row follows from two halves: of
/// `f(X) = g(X^2) + X h(X^2)` the values at `y` and `-y` give `g + challenge h` at `y^2`. Each of the three halvings leaves out a factor 1/2.
fn folded(text: &mut Typed) {
    let inputs = [Inputs { name: "row", kind: Kind::Extension(FOLDING) }, Inputs { name: "u", kind: Kind::Extension(1) }];
    let (nodes, output) = fold_tape();
    let doc = "The value at a challenge of the polynomial through a row of 8 values at `x w^i`. `u` is the challenge over `x`.";
    text.function("fold", doc, &inputs, &nodes, &[output]);
}

/// The tape of a fold.
fn fold_tape() -> (Vec<Node>, Recorded) {
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

fn air() -> String {
    let mut text = Typed::default();
    constraints(&mut text);
    of_masks(&mut text);
    of_sponge(&mut text);
    text.file(&format!("{OF_AIR}{USES}use maat_stark::goldilocks::{{G, MODULUS, P, Word}};\n\n"))
}

fn fold() -> String {
    let mut text = Typed::default();
    folded(&mut text);
    text.file(&format!("{OF_FOLD}{USES}use crate::goldilocks::{{G, MODULUS, P, Word}};\n\n"))
}

#[test]
fn what_cairo_has_is_what_rust_emits() {
    let files = [("verifier/src/air.cairo", air()), ("verifier/src/layout.cairo", layout::emitted()), ("stark/src/fold.cairo", fold())];
    let different = files.into_iter().filter_map(|(name, expected)| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cairo").join(name);
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        (found != expected).then(|| {
            let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(path.file_name().expect("it is a file"));
            std::fs::write(&new, expected).unwrap();
            format!("{} is not what is emitted, which is in {}", path.display(), new.display())
        })
    });
    assert_eq!(different.collect::<Vec<_>>(), Vec::<String>::new());
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
    assert_eq!(nodes.iter().filter(|node| matches!(node, Node::Add(..))).count(), 2);
}

/// The halvings give what interpolation gives.
#[test]
fn a_row_is_folded_to_the_value_of_its_polynomial() {
    let values: Vec<E> = (0..FOLDING as u32).map(|i| E::new((3 * i + 1).into(), (i * i).into())).collect();
    let (x, challenge) = (Goldilocks::new(7), E::new(Goldilocks::new(5), Goldilocks::new(9)));
    let root = Goldilocks::get_root_of_unity(FOLDING.ilog2());
    let points: Vec<E> = (0..FOLDING as u64).map(|i| (x * root.exp(i)).into()).collect();
    let expected = polynom::eval(&polynom::interpolate(&points, &values, false), challenge);
    let (nodes, output) = fold_tape();
    let u = challenge / x.into();
    assert_eq!(recorder::evaluate(&nodes, &[&values[..], &[u]].concat())[output.0 as usize], expected);
}

// TAPES AGAINST THE CONSTRAINTS
// ================================================================================================

type E = QuadExtension<Goldilocks>;

const FRAMES: usize = 1_000;

/// Random elements.
fn random_elements(random: &mut Random, count: usize) -> Vec<E> {
    (0..count).map(|_| E::new(Goldilocks::new(random.next()), Goldilocks::new(random.next()))).collect()
}

/// Joins constraints by Horner's rule.
fn joined(results: &[E], gamma: E) -> E {
    results.iter().fold(E::ZERO, |sum, result| sum * gamma + *result)
}

/// The values of periodic columns at a point, which is given to the power of the rows over their period.
fn periodic(columns: &[Vec<Goldilocks>], y: E) -> Vec<E> {
    columns.iter().map(|column| polynom::eval(&polynomial(column), y)).collect()
}

#[test]
fn the_tape_of_the_constraints_computes_them() {
    let layout = Layout::base();
    let (nodes, outputs) = constraints_tape();
    let mut random = Random(1);
    for frame in 0..FRAMES {
        let row = random_elements(&mut random, layout.main_width(0));
        let [auxiliary, next] = [(), ()].map(|()| random_elements(&mut random, layout.auxiliary_width()));
        let drawn: [E; RANDOM_ELEMENTS] = *random_elements(&mut random, RANDOM_ELEMENTS).first_chunk().unwrap();
        let [gamma, radix, first_output] = *random_elements(&mut random, 3).first_chunk().unwrap();
        let [mut of_row, mut of_arguments] = [row_constraints(layout), argument_constraints(layout)].map(|count| vec![E::ZERO; count]);
        enforce_row(layout, &row, radix, &mut of_row);
        let auxiliary_frame = EvaluationFrame::from_rows(auxiliary.clone(), next.clone());
        let elements = powers(drawn, layout);
        enforce_arguments(layout, &row, &auxiliary_frame, [radix, first_output], &Challenges::new(layout, &elements), &mut of_arguments);

        let values = recorder::evaluate(&nodes, &[&row[..], &auxiliary, &next, &drawn, &[gamma, radix, first_output]].concat());
        let found = outputs.map(|output| values[output.0 as usize]);
        assert_eq!(found, [joined(&of_row, gamma), joined(&of_arguments, gamma)], "frame {frame}");
    }
}

#[test]
fn the_tape_of_the_masks_computes_their_constraints() {
    let (nodes, output) = masks_tape();
    let mut random = Random(2);
    for frame in 0..FRAMES {
        let (next, [y, gamma]) = (random_elements(&mut random, MASKS_WIDTH), *random_elements(&mut random, 2).first_chunk().unwrap());
        let row = [vec![E::ZERO; Layout::base().auxiliary_width()], next.clone()].concat();
        let mut results = [E::ZERO; masks::CONSTRAINTS];
        masks::enforce(
            Layout::base(),
            &EvaluationFrame::from_rows(row.clone(), row),
            &periodic(&masks::periodic_columns(), y),
            &mut results,
        );
        let values = recorder::evaluate(&nodes, &[&next[..], &[y, gamma]].concat());
        assert_eq!(values[output.0 as usize], joined(&results, gamma), "frame {frame}");
    }
}

/// The products are inputs of the tape, and what they are of is what it computes.
#[test]
fn the_tape_of_a_sponge_computes_its_constraints() {
    let (nodes, (factors, output)) = sponge_tape();
    let mut random = Random(3);
    for frame in 0..FRAMES {
        let [current, next] = [(), ()].map(|()| random_elements(&mut random, sponge::WIDTH));
        let [message, y, gamma] = *random_elements(&mut random, 3).first_chunk().unwrap();
        let periodic = periodic(&sponge::periodic_columns(), y);
        let mut results = [E::ZERO; sponge::WIDTH];
        sponge::enforce(&current, &next, message, &periodic, &mut results);

        let given = [&current[..], &next, &periodic, &[message]].concat();
        let with = |products: [Vector<E>; 2]| recorder::evaluate(&nodes, &[&given[..], products.as_flattened(), &[gamma]].concat());
        let known = with([[E::ZERO; sponge::STATE_WIDTH]; 2]);
        let factors: Vec<E> = factors.iter().map(|factor| known[factor.0 as usize]).collect();
        let (of_mix, of_unmix) = factors.split_at(sponge::STATE_WIDTH);
        let products = [sponge::mix(of_mix.first_chunk().unwrap()), sponge::unmix(of_unmix.first_chunk().unwrap())];
        assert_eq!(with(products)[output.0 as usize], joined(&results, gamma), "frame {frame}");
    }
}
