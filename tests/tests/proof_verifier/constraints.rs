//! The constraints in Cairo, which are emitted, next to those in Rust, which they are emitted from: on random frames, where none of them
//! holds.

use maat_tests::networks::Random;
use maat_verifier::Goldilocks;
use maat_verifier::air::{
    Challenges, RANDOM_ELEMENTS, argument_constraints, enforce_arguments, enforce_row, masks, powers, row_constraints, sponge,
};
use maat_verifier::layout::{Layout, MASKS_WIDTH, MAX_ROWS, SPONGE_WIDTH};
use rayon::prelude::*;
use starknet_types_core::felt::Felt;
use winter_air::EvaluationFrame;
use winter_verifier::math::{FieldElement, StarkField, polynom};

use super::library::{E, extension, list, of_elements};
use super::span;

const FRAMES: usize = if cfg!(feature = "slow") { 1_000 } else { 40 };
/// Frames of a call.
const AT_ONCE: usize = 10;

/// Joins constraints by Horner's rule.
fn join(results: &[E], gamma: E) -> E {
    results.iter().fold(E::ZERO, |sum, result| sum * gamma + *result)
}

/// Integers of elements; those that are small sometimes as integers above the modulus, which words may be.
fn integers(random: &mut Random, elements: &[E]) -> Vec<Felt> {
    let modulus = Goldilocks::MODULUS;
    let word = |element: &Goldilocks| match element.as_int().checked_add(modulus) {
        Some(other) if random.below(2) == 0 => Felt::from(other),
        _ => Felt::from(element.as_int()),
    };
    E::slice_as_base_elements(elements).iter().map(word).collect()
}

/// Compares a function on frames with what `frame` expects of each: it gives the felts of a frame and the expected elements.
fn compare(function: &str, frame: impl Fn(&mut Random) -> (Vec<Felt>, Vec<E>) + Sync) {
    (0..FRAMES / AT_ONCE).into_par_iter().for_each(|call| {
        let mut random = Random::new(call as u64);
        let frames: Vec<_> = (0..AT_ONCE).map(|_| frame(&mut random)).collect();
        let (felts, expected): (Vec<_>, Vec<_>) = frames.into_iter().unzip();
        assert_eq!(list(function, &[span(&felts.concat())]), of_elements(&expected.concat()), "{function}, call {call}");
    });
}

/// The periodic columns at a point, which is given to the power of the rows over their period.
fn at_point(columns: &[Vec<Goldilocks>], y: E) -> Vec<E> {
    let value = |column: &Vec<Goldilocks>| {
        let root = Goldilocks::get_root_of_unity(column.len().ilog2());
        let points: Vec<Goldilocks> = (0..column.len() as u64).map(|row| root.exp(row)).collect();
        polynom::eval(&polynom::interpolate(&points, column, false), y)
    };
    columns.iter().map(value).collect()
}

#[test]
fn the_constraints_of_rows_and_arguments_are_those_in_rust() {
    let layout = Layout::base();
    compare("constraints", |random| {
        let row = extension(random, layout.main_width(0));
        let [auxiliary, next] = [(), ()].map(|()| extension(random, layout.auxiliary_width()));
        let drawn: [E; RANDOM_ELEMENTS] = extension(random, RANDOM_ELEMENTS).try_into().unwrap();
        let gamma = extension(random, 1)[0];
        let log_rows = Layout::base().min_rows().ilog2() + random.below((MAX_ROWS / Layout::base().min_rows()).ilog2() as usize + 1) as u32;
        let first_output = 1 + random.below(1 << 20) as u32;

        let [radix, first] = [1u64 << layout.limb_bits(1 << log_rows), first_output.into()].map(|number| E::from(Goldilocks::new(number)));
        let [mut of_row, mut of_arguments] = [row_constraints(layout), argument_constraints(layout)].map(|count| vec![E::ZERO; count]);
        enforce_row(layout, &row, radix, &mut of_row);
        let frame = EvaluationFrame::from_rows(auxiliary.clone(), next.clone());
        let elements = powers(drawn, layout);
        enforce_arguments(layout, &row, &frame, [radix, first], &Challenges::new(layout, &elements), &mut of_arguments);

        let all = [&row[..], &auxiliary, &next, &drawn, &[gamma]].concat();
        let felts = [vec![Felt::from(log_rows), Felt::from(first_output)], integers(random, &all)].concat();
        (felts, vec![join(&of_row, gamma), join(&of_arguments, gamma)])
    });
}

#[test]
fn the_constraints_of_masks_are_those_in_rust() {
    compare("masks", |random| {
        let (next, y, gamma) = (extension(random, MASKS_WIDTH), extension(random, 1)[0], extension(random, 1)[0]);
        let row = [vec![E::ZERO; Layout::base().auxiliary_width()], next.clone()].concat();
        let mut results = [E::ZERO; masks::CONSTRAINTS];
        masks::enforce(
            Layout::base(),
            &EvaluationFrame::from_rows(row.clone(), row),
            &at_point(&masks::periodic_columns(), y),
            &mut results,
        );
        (integers(random, &[&next[..], &[y, gamma]].concat()), vec![join(&results, gamma)])
    });
}

#[test]
fn the_constraints_of_sponges_are_those_in_rust() {
    compare("sponges", |random| {
        let (current, next) = (extension(random, SPONGE_WIDTH), extension(random, SPONGE_WIDTH));
        let [message, y, gamma] = extension(random, 3).try_into().unwrap();
        let mut results = [E::ZERO; sponge::WIDTH];
        sponge::enforce(&current, &next, message, &at_point(&sponge::periodic_columns(), y), &mut results);
        (integers(random, &[&current[..], &next, &[message, y, gamma]].concat()), vec![join(&results, gamma)])
    });
}
