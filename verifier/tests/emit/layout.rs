//! The columns and numbers that go with the constraints.

use std::fmt::Write;
use std::iter;

use maat_verifier::air::{
    InSeed, ModelAir, PublicInputs, RANDOM_ELEMENTS, SUMS, argument_constraints, masks, row_constraints, sponge, trace_info,
};
use maat_verifier::layout::{
    BUS_SUM, FINAL, INPUT_VALUE, INPUTS, Layout, MASK_ROWS, MASKS_WIDTH, MAX_ROWS, OUTPUT_VALUE, OUTPUTS, SPONGE_WIDTH,
};
use maat_verifier::{Goldilocks, Kind, Mode, Preset, Salt, Security, TRANSCRIPT, ValueDigest, Values};
use winter_air::Air;
use winter_air::proof::Context;
use winter_verifier::crypto::hashers::Rp64_256;
use winter_verifier::math::fields::f64::BaseElement;
use winter_verifier::math::{StarkField, ToElements};

const HEAD: &str = "//! The columns of the layout `base`, and the numbers that go with the constraints.
//!
//! Written by `verifier/tests/emit`, from what the verifier in Rust has: do not edit.

";

use crate::RADIX_BITS;

/// Logarithm of the most points that a trace is extended to.
const MOST_POINTS: u32 = MAX_ROWS.ilog2() + 5;

/// The context of proofs with some committed sides; the others are public.
fn context(log_rows: u32, mode: Mode, committed: usize) -> Context {
    let side = |is_committed: bool| match is_committed {
        true => Values::Committed(ValueDigest::of(&[], &Salt::new([0; 32]))),
        false => Values::Public(Vec::new()),
    };
    let [inputs, outputs] = [committed > 0, committed > 1].map(side);
    let public_inputs = PublicInputs {
        statement: vec![],
        layout: Layout::base(),
        mode,
        inputs,
        outputs,
        n_inputs: 0,
        n_outputs: 0,
        in_seed: InSeed::Values,
    };
    let options = Preset::Starknet.options(mode);
    let air = ModelAir::new(trace_info(1 << log_rows, &public_inputs), public_inputs, options.clone());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    Context::new::<Goldilocks>(air.trace_info().clone(), options, constraints)
}

/// The conjectured bits of plain proofs, and of hiding ones without and with committed sides.
fn bits(log_rows: u32) -> String {
    let shapes = [(Mode::Plain, 0), (Mode::Hiding, 0), (Mode::Hiding, 1), (Mode::Hiding, 2)];
    let bits = shapes.map(|(mode, committed)| {
        Security::of(&context(log_rows, mode, committed), Preset::Starknet.hash(), Kind::Model).conjectured.to_string()
    });
    format!("[{}]", bits.join(", "))
}

pub fn emitted() -> String {
    let mut text = String::from(HEAD);
    let mut constant = |doc: &str, name: &str, kind: &str, value: String| {
        writeln!(text, "/// {doc}\npub const {name}: {kind} = {value};").expect("a string can be written to");
    };
    let layout = Layout::base();
    let numbers = [
        ("Witness columns, which come first.", "WITNESS", layout.witness_width()),
        ("Fixed columns, which follow them.", "FIXED", layout.fixed_width()),
        ("Columns of the main segment, without sponges.", "MAIN", layout.main_width(0)),
        ("Columns of a sponge.", "SPONGE", SPONGE_WIDTH),
        ("Auxiliary columns, without masks.", "AUXILIARY", layout.auxiliary_width()),
        ("Auxiliary columns that a hiding proof adds.", "MASKS", MASKS_WIDTH),
        ("The column of the inputs.", "INPUT_VALUE", layout[INPUT_VALUE].start),
        ("The column of the outputs.", "OUTPUT_VALUE", layout[OUTPUT_VALUE].start),
        ("The column that is asserted to begin with 0.", "FINAL", layout[FINAL].start),
        ("The auxiliary column with the sum of the bus.", "BUS_SUM", layout[BUS_SUM].start),
        ("The auxiliary column with the polynomial of the inputs.", "INPUTS", layout[INPUTS].start),
        ("The auxiliary column with the polynomial of the outputs.", "OUTPUTS", layout[OUTPUTS].start),
        ("The first auxiliary column that begins with 0: all the others follow it.", "FIRST_SUM", layout[SUMS[0]].start),
        ("How many there are.", "SUMS", SUMS.len()),
        ("Challenges of the AIR.", "CHALLENGES", RANDOM_ELEMENTS),
        ("Constraints of the main segment, without sponges.", "ROW_CONSTRAINTS", row_constraints(layout)),
        ("Constraints of the arguments.", "ARGUMENT_CONSTRAINTS", argument_constraints(layout)),
        ("Constraints of the masks.", "MASK_CONSTRAINTS", masks::CONSTRAINTS),
        ("Assertions of a sponge.", "SPONGE_ASSERTIONS", sponge::ASSERTIONS),
        ("Elements of a sponge's state.", "STATE", sponge::STATE_WIDTH),
        ("The first element of the state that holds the digest.", "DIGEST", sponge::DIGEST.start),
        ("Rows of a permutation of a sponge.", "PERIOD", sponge::PERIOD),
        ("The row in which a sponge begins.", "START_ROW", sponge::START_ROW),
        ("Rows at the end of a hiding proof's trace that no constraint begins in.", "MASK_ROWS", MASK_ROWS),
        ("Logarithm of the fewest rows.", "MIN_LOG_ROWS", layout.min_rows().ilog2() as usize),
        ("Logarithm of the most rows.", "MAX_LOG_ROWS", MAX_ROWS.ilog2() as usize),
        ("The code of the preset.", "PRESET", Preset::Starknet.code().into()),
        ("The code of the layout.", "LAYOUT", layout.code.into()),
    ];
    for (doc, name, value) in numbers {
        constant(doc, name, "u32", value.to_string());
    }
    let elements: Vec<Goldilocks> = context(layout.min_rows().ilog2(), Mode::Plain, 0).to_elements();
    let felts = |elements: &[Goldilocks]| elements.iter().map(|element| element.as_int().to_string()).collect::<Vec<_>>().join(", ");
    constant("The modulus, as contexts have it.", "MODULUS_ELEMENTS", "[felt252; 2]", format!("[{}]", felts(&elements[2..4])));
    constant("The options, as contexts have them.", "OPTIONS_ELEMENTS", "[felt252; 3]", format!("[{}]", felts(&elements[5..])));
    let tag: Vec<Goldilocks> = TRANSCRIPT
        .chunks(7)
        .map(|bytes| Goldilocks::new(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))))
        .collect();
    constant("What transcripts begin with.", "TRANSCRIPT", "[felt252; 3]", format!("[{}]", felts(&tag)));
    let rows = layout.min_rows().ilog2()..=MAX_ROWS.ilog2();
    let list = |values: Vec<String>| format!("[{}]", values.join(", "));
    let (count, roots) =
        (MOST_POINTS + 1, iter::once(Goldilocks::new(1)).chain((1..=MOST_POINTS).map(Goldilocks::get_root_of_unity)).collect::<Vec<_>>());
    constant("Roots of unity of the orders `2^0`, `2^1`, ..", "ROOTS", &format!("[u64; {count}]"), list(vec![felts(&roots)]));
    let radices: Vec<_> = rows.clone().map(|log| (1u32 << layout.limb_bits(1 << log)).to_string()).collect();
    constant(
        "`2^b` for limbs of `b` bits, from the fewest rows on.",
        "RADICES",
        &format!("[crate::air::S{RADIX_BITS}; {}]", radices.len()),
        list(radices),
    );
    let columns = sponge::periodic_columns();
    let table = felts(&columns.iter().flat_map(|column| crate::polynomial(column)).collect::<Vec<_>>());
    let doc = "The polynomials of a sponge's periodic columns, one after the other: the coefficient of the lowest power first.";
    constant(doc, "SPONGE_PERIODIC", &format!("[felt252; {}]", columns.len() * columns[0].len()), format!("[{table}]"));
    let matrix = |matrix: [[BaseElement; sponge::STATE_WIDTH]; sponge::STATE_WIDTH]| {
        let elements = matrix.as_flattened().iter().map(|element| element.as_int().to_string());
        (format!("[felt252; {}]", elements.len()), format!("[{}]", elements.collect::<Vec<_>>().join(", ")))
    };
    let ((kind, mix), (_, unmix)) = (matrix(Rp64_256::MDS), matrix(Rp64_256::INV_MDS));
    constant("The matrix of a sponge's rounds, row by row.", "MIX", &kind, mix);
    constant("Its inverse.", "UNMIX", &kind, unmix);
    let security: Vec<_> = rows.map(bits).collect();
    let doc =
        "Conjectured bits of security from the fewest rows on: of plain proofs, and of hiding ones with no, one and two committed sides.";
    constant(doc, "SECURITY", &format!("[[u16; 4]; {}]", security.len()), list(security));
    text
}
