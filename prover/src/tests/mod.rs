//! Soundness, tested from the attacker's side.
//!
//! | file | what it shows |
//! |---|---|
//! | [`checker`] | the AIR in plain integers, independent of the verifier's code |
//! | [`cells`] | every cell of a valid trace is bound, or free for a reason |
//! | [`forged`] | a prover that departs from the protocol in one place |
//! | [`forger`] | that prover, for both kinds of proof |
//! | [`low_degree`] | a prover that tells the verifier what it asks for out of the domain, so that the queries must object |
//! | [`lowerings`] | a prover that departs from one operation and follows through: only ranges are in the way |
//! | [`sponge`] | the hash of a side's values: every cell is bound, and no other state leads to the digest |
//! | [`statements`] | a proof holds for its own statement only |
//! | [`properties`] | random models: the trace's outputs are the runtime's, and all constraints hold |
//! | [`wrapping`] | nothing wraps around the modulus, in big integers, and what would be forged if it did |
//! | [`rows`] | how many rows a model gets, and what is refused before it takes time and memory |
//! | [`zero_knowledge`] | what a hiding proof opens does not depend on what it hides |
//!
//! Bytes that no prover wrote are in `tests/mutants.rs`, and in the verifier's `tests/hostile.rs`.

mod cells;
mod checker;
mod forged;
pub(crate) mod forger;
pub(crate) mod low_degree;
mod lowerings;
#[path = "../../tests/models/mod.rs"]
pub(crate) mod models;
mod properties;
mod rows;
mod sponge;
mod statements;
mod wrapping;
mod zero_knowledge;

use std::sync::Arc;

use maat_runtime::Model;
use maat_verifier::Goldilocks;
use maat_verifier::Preset;
use maat_verifier::air::{Challenges, ModelAir, PublicInputs, trace_info};
use maat_verifier::layout::*;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{DefaultRandomCoin, RandomCoin};
use winterfell::math::fields::QuadExtension;
use winterfell::math::{FieldElement, StarkField};
use winterfell::matrix::ColMatrix;
use winterfell::{Air, AuxRandElements, EvaluationFrame};

use crate::auxiliary::auxiliary_columns;
use crate::program::{TraceProgram, fixed_columns};
use crate::witness::Witness;

/// The extension of the preset `fast`.
type Extended = QuadExtension<Goldilocks>;

/// A constraint that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    constraint: &'static str,
    /// The unit, the helper, or the column of a boundary condition.
    part: usize,
    row: usize,
}

/// A main segment and the statement that it is to prove, true or not.
#[derive(Clone)]
struct Attempt {
    program: Arc<TraceProgram>,
    /// All columns of the main segment.
    main: Vec<Vec<Goldilocks>>,
    inputs: Option<Vec<i32>>,
    outputs: Option<Vec<i32>>,
}

impl Attempt {
    /// The honest one for a model's test inputs.
    fn honest(model: &Model, batch: usize, seed: u64) -> Self {
        let program = TraceProgram::new(model, batch).unwrap();
        let inputs = models::inputs(model, batch, seed).concat().concat();
        Self::of(program, inputs)
    }

    fn of(program: TraceProgram, inputs: Vec<i32>) -> Self {
        let witness = Witness::new(&program, &inputs, None);
        let main = fixed_columns(&program).into_iter().chain(witness.columns).collect();
        Self { program: Arc::new(program), main, inputs: Some(inputs), outputs: Some(witness.outputs) }
    }

    fn rows(&self) -> usize {
        self.program.rows
    }

    fn public_inputs(&self) -> PublicInputs {
        PublicInputs {
            statement: Vec::new(),
            inputs: self.inputs.clone(),
            outputs: self.outputs.clone(),
            n_inputs: self.program.n_inputs,
            n_outputs: self.program.n_outputs,
        }
    }

    fn air(&self) -> ModelAir {
        ModelAir::new(trace_info(self.rows()), self.public_inputs(), Preset::Fast.options())
    }

    /// The random elements that a seed gives.
    fn random(&self, seed: u64) -> AuxRandElements<Extended> {
        let mut coin = DefaultRandomCoin::<Blake3_256<Goldilocks>>::new(&[Goldilocks::new(seed)]);
        self.air().get_aux_rand_elements(&mut coin).unwrap()
    }

    /// The auxiliary columns that the honest code gives for the main segment.
    fn auxiliary(&self, random: &AuxRandElements<Extended>) -> Vec<Vec<Extended>> {
        let radix = Goldilocks::new(1 << limb_bits(self.rows()));
        let main = ColMatrix::new(self.main.clone());
        let columns = auxiliary_columns(&main, &Challenges::new(random.rand_elements()), radix, self.program.n_inputs);
        columns.columns().map(<[_]>::to_vec).collect()
    }

    /// What the AIR finds in some rows, and at the boundaries.
    fn violations_by_the_air(
        &self,
        auxiliary: &[Vec<Extended>],
        random: &AuxRandElements<Extended>,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<Violation> {
        let (air, last) = (self.air(), self.rows() - 1);
        let constraints = air.context();
        let mut main_results = vec![Goldilocks::ZERO; constraints.num_main_transition_constraints()];
        let mut auxiliary_results = vec![Extended::ZERO; constraints.num_aux_transition_constraints()];
        let mut violations = Vec::new();
        for row in rows.into_iter().filter(|row| *row < last) {
            let main = EvaluationFrame::from_rows(row_of(&self.main, row), row_of(&self.main, row + 1));
            let extended = EvaluationFrame::from_rows(row_of(auxiliary, row), row_of(auxiliary, row + 1));
            air.evaluate_transition(&main, &[], &mut main_results);
            air.evaluate_aux_transition(&main, &extended, &[], random, &mut auxiliary_results);
            let broken = main_results.iter().map(|result| *result != Goldilocks::ZERO);
            let broken = broken.chain(auxiliary_results.iter().map(|result| *result != Extended::ZERO));
            let named = names().into_iter().zip(broken).filter(|(_, broken)| *broken);
            violations.extend(named.map(|((constraint, part), _)| Violation { constraint, part, row }));
        }
        for assertion in air.get_assertions() {
            assertion.apply(self.rows(), |row, value| {
                if self.main[assertion.column()][row] != value {
                    violations.push(Violation { constraint: "boundary of the main segment", part: assertion.column(), row });
                }
            });
        }
        for assertion in air.get_aux_assertions(random) {
            assertion.apply(self.rows(), |row, value| {
                if auxiliary[assertion.column()][row] != value {
                    violations.push(Violation { constraint: "boundary", part: assertion.column(), row });
                }
            });
        }
        violations.sort();
        violations
    }

    /// What the independent checker finds.
    fn violations_by_the_checker(
        &self,
        auxiliary: &[Vec<Extended>],
        random: &AuxRandElements<Extended>,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<Violation> {
        let Challenges { z, alpha, sigma, rho, beta, .. } = Challenges::new(random.rand_elements());
        let [z, alpha, sigma, rho, beta] = [z, alpha, sigma[1], rho[1], beta].map(plain);
        let trace = checker::Trace {
            main: self.main.iter().map(|column| column.iter().map(StarkField::as_int).collect()).collect(),
            auxiliary: auxiliary.iter().map(|column| column.iter().copied().map(plain).collect()).collect(),
            challenges: checker::Challenges { z, alpha, sigma, rho, beta },
            inputs: self.inputs.clone(),
            outputs: self.outputs.clone(),
            n_inputs: self.program.n_inputs,
        };
        trace.violations(rows)
    }

    /// What both find in all rows; they must agree.
    fn violations(&self, auxiliary: &[Vec<Extended>], random: &AuxRandElements<Extended>) -> Vec<Violation> {
        let violations = self.violations_by_the_air(auxiliary, random, 0..self.rows());
        assert_eq!(
            violations,
            self.violations_by_the_checker(auxiliary, random, 0..self.rows()),
            "the checker does not agree with the AIR"
        );
        violations
    }
}

/// The names of the AIR's transition constraints, in its order.
fn names() -> Vec<(&'static str, usize)> {
    let units = (0..UNITS).flat_map(|unit| ["unit base", "unit range", "unit side", "unit above", "unit below"].map(|name| (name, unit)));
    let helpers = (0..BUS_HELPER.count).map(|helper| ("bus helper", helper));
    let sums = ["bus sum", "input sum", "output sum", "left", "right", "products", "inner", "outer", "results", "agreement"];
    units.chain([("input range", 0)]).chain(helpers).chain(sums.map(|name| (name, 0))).collect()
}

fn row_of<T: Copy>(columns: &[Vec<T>], row: usize) -> Vec<T> {
    columns.iter().map(|column| column[row]).collect()
}

fn plain(value: Extended) -> [u64; 2] {
    value.to_base_elements().map(|part| part.as_int())
}

#[test]
fn every_constraint_of_the_air_has_a_name() {
    let attempt = Attempt::honest(&models::every_primitive(), 1, 1);
    let context = attempt.air();
    let context = context.context();
    assert_eq!(names().len(), context.num_main_transition_constraints() + context.num_aux_transition_constraints());
}

#[test]
fn an_honest_trace_satisfies_the_air_and_the_checker() {
    for batch in [1, 3] {
        let attempt = Attempt::honest(&models::every_primitive(), batch, 7);
        for seed in 0..2 {
            let random = attempt.random(seed);
            assert_eq!(attempt.violations(&attempt.auxiliary(&random), &random), []);
        }
    }
}
