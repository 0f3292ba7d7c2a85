//! A trace on trial: judged by the AIR's own constraints and by the independent checker, without a proof.

use std::collections::HashMap;

use maat_verifier::cairo::air::trace_info;
use maat_verifier::cairo::bus::{Challenges, periodic_columns};
use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{CairoAir, Execution, PublicInputs};
use maat_verifier::layout::Columns;
use maat_verifier::{Felt252, Preset};
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{DefaultRandomCoin, RandomCoin};
use winterfell::math::FieldElement;
use winterfell::matrix::ColMatrix;
use winterfell::{Air, AuxRandElements, EvaluationFrame};

use super::checker::{self, Broken, Tuple};
use crate::cairo::auxiliary::auxiliary_columns;
use crate::cairo::witness::Witness;

/// A constraint of the AIR that does not hold, and the row. A boundary condition has the column's name.
pub type Violation = (&'static str, usize);

/// A main segment and what it is to prove, true or not.
#[derive(Clone)]
pub struct Attempt {
    pub main: Vec<Vec<Felt252>>,
    pub public_inputs: PublicInputs,
}

impl Attempt {
    /// The trace of an execution, which need not be an honest one.
    pub fn new(execution: &Execution) -> Self {
        let Witness { claim: _, public_inputs, columns } = Witness::new(execution, Preset::Fast).unwrap();
        Self { main: columns, public_inputs }
    }

    /// The trace of an honest execution: nobody finds anything in it.
    pub fn honest(execution: &Execution) -> Self {
        let attempt = Self::new(execution);
        attempt.assert_accepted();
        attempt
    }

    pub fn rows(&self) -> usize {
        self.main[0].len()
    }

    pub fn air(&self) -> CairoAir {
        CairoAir::new(trace_info(self.rows()), self.public_inputs.clone(), Preset::Fast.cairo_options())
    }

    pub fn checker(&self) -> checker::Trace<'_> {
        checker::Trace { main: &self.main, public_inputs: &self.public_inputs }
    }

    /// Random elements, the same for all attempts.
    pub fn random(&self) -> AuxRandElements<Felt252> {
        let mut coin = DefaultRandomCoin::<Blake3_256<Felt252>>::new(&[Felt252::new(1)]);
        self.air().get_aux_rand_elements(&mut coin).unwrap()
    }

    /// The auxiliary columns that the honest code gives for the main segment.
    pub fn auxiliary(&self, random: &AuxRandElements<Felt252>) -> Vec<Vec<Felt252>> {
        let columns = auxiliary_columns(&ColMatrix::new(self.main.clone()), &Challenges::new(random.rand_elements()));
        columns.columns().map(<[_]>::to_vec).collect()
    }

    /// The constraints of the main segment that do not hold in some rows.
    pub fn main_violations(&self, rows: impl IntoIterator<Item = usize>) -> Vec<Violation> {
        let (air, names, periodic_columns) = (self.air(), names(), periodic_columns());
        let mut results = vec![Felt252::ZERO; air.context().num_main_transition_constraints()];
        let mut violations = Vec::new();
        let rows = rows.into_iter().filter(|row| *row < self.rows() - 1);
        for row in rows {
            let frame = EvaluationFrame::from_rows(row_of(&self.main, row), row_of(&self.main, row + 1));
            air.evaluate_transition(&frame, &periodic_row(&periodic_columns, row), &mut results);
            let broken = names.iter().zip(&results).filter(|(_, result)| **result != Felt252::ZERO);
            violations.extend(broken.map(|(name, _)| (*name, row)));
        }
        for assertion in air.get_assertions() {
            assertion.apply(self.rows(), |row, value| {
                if self.main[assertion.column()][row] != value {
                    violations.push((group(MAIN, assertion.column()).0, row));
                }
            });
        }
        violations
    }

    /// The constraints of the auxiliary segment that do not hold in some rows.
    pub fn auxiliary_violations(
        &self,
        auxiliary: &[Vec<Felt252>],
        random: &AuxRandElements<Felt252>,
        rows: impl IntoIterator<Item = usize>,
    ) -> Vec<Violation> {
        let (air, periodic_columns) = (self.air(), periodic_columns());
        let names = names().split_off(air.context().num_main_transition_constraints());
        let mut results = vec![Felt252::ZERO; air.context().num_aux_transition_constraints()];
        let mut violations = Vec::new();
        for row in rows.into_iter().filter(|row| *row < self.rows() - 1) {
            let [main, auxiliary] =
                [&self.main, auxiliary].map(|columns| EvaluationFrame::from_rows(row_of(columns, row), row_of(columns, row + 1)));
            air.evaluate_aux_transition(&main, &auxiliary, &periodic_row(&periodic_columns, row), random, &mut results);
            let broken = names.iter().zip(&results).filter(|(_, result)| **result != Felt252::ZERO);
            violations.extend(broken.map(|(name, _)| (*name, row)));
        }
        for assertion in air.get_aux_assertions(random) {
            assertion.apply(self.rows(), |row, value| {
                if auxiliary[assertion.column()][row] != value {
                    violations.push((group(AUXILIARY, assertion.column()).0, row));
                }
            });
        }
        violations
    }

    /// Everything that the AIR finds, if the auxiliary columns are the honest ones of the main segment.
    pub fn violations(&self) -> Vec<Violation> {
        let random = self.random();
        let auxiliary = self.auxiliary(&random);
        let mut violations = self.main_violations(0..self.rows());
        violations.extend(self.auxiliary_violations(&auxiliary, &random, 0..self.rows()));
        violations
    }

    pub fn assert_accepted(&self) {
        assert_eq!((self.violations(), self.checker().check()), (Vec::new(), Ok(())));
    }

    /// The AIR finds exactly this, and the checker that.
    pub fn assert_rejected(&self, violations: &[Violation], rule: &'static str, row: usize) {
        assert_eq!((self.violations(), self.checker().check()), (violations.to_vec(), Err(Broken { rule, row })));
    }

    /// Nothing happens in this row, and the bus ends in it.
    pub fn last_row(&self) -> usize {
        self.rows() - 1
    }

    /// Counts anew how often everything is taken, as far as it is given at all.
    pub fn recount(&mut self) {
        let trace = self.checker();
        let mut counts: HashMap<Tuple, u32> = HashMap::new();
        for tuple in (0..self.last_row()).flat_map(|row| trace.taken(row)).chain(trace.public_memory()) {
            *counts.entry(tuple).or_default() += 1;
        }
        let given = (0..self.last_row()).flat_map(|row| trace.given(row).into_iter().map(move |given| (given, row)));
        // Where something is given in two places, the first one counts all.
        let uses: Vec<_> = given.map(|((tuple, column), row)| (column, row, counts.remove(&tuple).unwrap_or(0))).collect();
        uses.into_iter().for_each(|(column, row, uses)| self.main[column][row] = uses.into());
    }
}

/// The names of the AIR's transition constraints, in its order.
pub fn names() -> Vec<&'static str> {
    let groups = ["op1_src", "res_logic", "pc_update", "ap_update", "opcode", "no result to use"];
    let steps = ["res", "dst_res", "pc", "pc not jumping", "pc jumping", "ap", "fp", "saved fp", "return address", "assertion"];
    let tables = ["row number", "offset entry", "checked value"];
    let helpers = ["operand helper"; OPERAND.count].into_iter().chain(["pair helper"; PAIR.count]);
    ["flag"; FLAGS].into_iter().chain(groups).chain(steps).chain(tables).chain(helpers).chain(["bus"]).collect()
}

/// The group of a column, and its position there.
pub fn group(list: &[Columns], column: usize) -> (&'static str, usize) {
    let group = list.iter().find(|group| group.indices().contains(&column)).expect("every column is in a group");
    (group.name, column - group.start)
}

fn row_of(columns: &[Vec<Felt252>], row: usize) -> Vec<Felt252> {
    columns.iter().map(|column| column[row]).collect()
}

fn periodic_row(columns: &[Vec<Felt252>], row: usize) -> Vec<Felt252> {
    columns.iter().map(|column| column[row % column.len()]).collect()
}
