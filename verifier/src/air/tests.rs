//! The constraints as polynomials: their degrees, and their values at a fixed point.

use crate::goldilocks::Goldilocks;
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{StarkField, polynom};

use super::*;
use crate::Preset;

type E = QuadExtension<Goldilocks>;

/// Number of challenges with their powers.
const ELEMENTS: usize = 4 + LANES + 1 + READS + 1 + 1;

fn air() -> ModelAir {
    let public_inputs = PublicInputs { statement: Vec::new(), inputs: Some(vec![1]), outputs: Some(vec![2]), n_inputs: 1, n_outputs: 1 };
    ModelAir::new(trace_info(MIN_ROWS), public_inputs, Preset::Fast.options())
}

/// Elements that look random and are the same every time.
fn elements(seed: u64) -> impl Iterator<Item = Goldilocks> {
    std::iter::successors(Some(seed), |state| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407)))
        .map(|state| Goldilocks::new((state >> 1) % Goldilocks::MODULUS))
        .skip(8)
}

fn extended(seed: u64) -> impl Iterator<Item = E> {
    elements(seed).zip(elements(seed ^ 0x5555)).map(|(a, b)| E::new(a, b))
}

/// Two rows of each segment on a line through random points: `origin + t * direction`.
fn frames(t: u32) -> (EvaluationFrame<E>, EvaluationFrame<E>) {
    let t = E::from(t);
    let row = |seed: u64, width: usize| -> Vec<E> { extended(seed).zip(extended(seed + 1)).take(width).map(|(a, b)| a + t * b).collect() };
    (
        EvaluationFrame::from_rows(row(10, MAIN_WIDTH), row(20, MAIN_WIDTH)),
        EvaluationFrame::from_rows(row(30, AUXILIARY_WIDTH), row(40, AUXILIARY_WIDTH)),
    )
}

/// All constraints, main ones first.
fn evaluate(air: &ModelAir, t: u32) -> Vec<E> {
    let (main, auxiliary) = frames(t);
    let random = AuxRandElements::new(extended(50).take(ELEMENTS).collect());
    let mut result = vec![E::ZERO; air.context().num_transition_constraints()];
    let (of_main, of_auxiliary) = result.split_at_mut(air.context().num_main_transition_constraints());
    air.evaluate_transition(&main, &[], of_main);
    air.evaluate_aux_transition(&main, &auxiliary, &[], &random, of_auxiliary);
    result
}

#[test]
fn every_declared_degree_is_the_measured_one() {
    let air = air();
    let points: Vec<u32> = (1..7).collect();
    let values: Vec<Vec<E>> = points.iter().map(|t| evaluate(&air, *t)).collect();
    let xs: Vec<E> = points.iter().map(|t| E::from(*t)).collect();
    let measured = (0..values[0].len()).map(|constraint| {
        let ys: Vec<E> = values.iter().map(|values| values[constraint]).collect();
        polynom::degree_of(&polynom::interpolate(&xs, &ys, true))
    });
    let declared = [units::DEGREES.repeat(UNITS), vec![inputs::DEGREE], bus::DEGREES.to_vec(), combination::DEGREES.to_vec()].concat();
    assert_eq!(measured.collect::<Vec<_>>(), declared);
}

#[test]
fn the_constraints_are_pinned() {
    // A change here is a change of the AIR: proofs of other versions do not hold any longer, so raise FILE_VERSION with it.
    let sum = evaluate(&air(), 1).into_iter().fold(E::ZERO, |sum, value| sum * E::from(7u32) + value);
    assert_eq!(format!("{sum:?}"), "QuadExtension(15359329769783266496, 1999527348697460393)");
}

#[test]
fn a_proof_states_as_many_constraints_as_there_are() {
    let air = air();
    let context = air.context();
    assert_eq!(context.num_main_transition_constraints(), UNITS * units::DEGREES.len() + 1);
    assert_eq!(context.num_aux_transition_constraints(), bus::DEGREES.len() + combination::DEGREES.len());
    assert_eq!(context.num_assertions(), 1 + SUMS.len() + 1 + 2);
    assert_eq!(context.num_constraint_composition_columns(), 2);
}

#[test]
fn the_sum_over_public_values_runs_over_all_of_them() {
    let values: Vec<i32> = (-20_000..20_000).collect();
    let random: Vec<E> = extended(60).take(ELEMENTS).collect();
    let challenges = Challenges::new(&random);
    let n_inputs = values.len();
    let term = |(address, value): (u64, &i32)| {
        (challenges.z - E::from(Goldilocks::new(address)) - challenges.alpha.mul_base(signed_element((*value).into()))).inv()
    };
    let sum = |first: u64| (first..).zip(&values).map(term).fold(E::ZERO, |sum, term| sum + term);
    let public_inputs =
        PublicInputs { statement: Vec::new(), inputs: Some(values.clone()), outputs: Some(values.clone()), n_inputs, n_outputs: n_inputs };
    assert_eq!(public_inputs.input_sum(&challenges), Some(sum(1)));
    assert_eq!(public_inputs.output_sum(&challenges), Some(sum(1 + n_inputs as u64)));
}

#[test]
fn the_error_of_the_arguments_counts_every_denominator_with_its_degree() {
    let row: Vec<Goldilocks> = elements(70).take(MAIN_WIDTH).collect();
    // All denominators of a row at a value of alpha.
    let denominators = |alpha: u32| -> Vec<E> {
        let (z, alpha) = (extended(80).next().unwrap(), E::from(alpha));
        let domain = alpha.square();
        let random: Vec<E> = [z, alpha, domain, domain.double()].into_iter().chain(extended(90)).take(ELEMENTS).collect();
        let challenges = Challenges::new(&random);
        let terms = bus::terms(&row, &challenges).map(|term| term.denominator);
        terms.into_iter().chain(bus::io_denominators(&row, 1, &challenges)).collect()
    };
    let [first, second, third] = [1, 2, 3].map(denominators);
    let bend = first.iter().zip(&second).zip(&third).map(|((first, second), third)| *first - second.double() + *third);
    let (linear, square): (Vec<E>, Vec<E>) = bend.partition(|bend| *bend == E::ZERO);
    // The identity and its poles, 6 for public values and 2 for the combination.
    assert_eq!((linear.len(), square.len()), (8, 19));
    assert_eq!(ARGUMENT_ERROR, (linear.len() + 2 * square.len()) + (linear.len() + square.len()) + 6 + 2);
}
