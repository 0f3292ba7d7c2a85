//! Every cell of a model's trace is bound, or free for a reason.
//!
//! A cell is changed, and the attacker repairs what can be repaired: the uses of tables are counted again, and the auxiliary segment is the
//! honest one of the changed main segment. Then the AIR and the independent checker must both object, unless [`free`] gives a
//! reason; and where there is one, both must accept, so that the list of reasons is exact.

use std::collections::BTreeSet;

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::Goldilocks;
use maat_verifier::VerifyError;
use maat_verifier::air::signed_element;
use maat_verifier::layout::*;
use rayon::prelude::*;
use winterfell::AuxRandElements;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::FieldElement;

use super::forged::{Departure, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::{Attempt, Extended, Violation, models, names};
use crate::extension::Fixed;
use crate::program::{Slot, table_position};

// MODELS
// ================================================================================================

fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

fn by(shift: i8, lo: i32, hi: i32) -> Requantise {
    Requantise { shift: vec![shift], lo, hi }
}

/// A model of one node, whose inputs saturate some results from below, some from above and some not at all.
fn model(primitive: Primitive, inputs: &[(&[usize], Interval)]) -> Model {
    let mut builder = ModelBuilder::new(primitive.name());
    let add = |(index, (dims, range)): (usize, &(&[usize], Interval))| builder.input(&format!("x{index}"), shape(dims), 0, *range).unwrap();
    let inputs: Vec<_> = inputs.iter().enumerate().map(add).collect();
    let y = builder.node("y", primitive, &inputs, 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// The case of a primitive.
pub(super) fn case(name: &str) -> Model {
    let (byte, bit) = (Interval::of_bits(8), Interval::new(0, 1));
    let four: &[usize] = &[4];
    match name {
        "Affine" => {
            let weights = vec![3, -7, 200, 1, 0, -100, 5, 2, 9, 9, -9, 1];
            let affine = Affine { groups: 1, inputs: 4, weights, bias: vec![5, -6, 700], requantise: by(5, -100, 90) };
            model(Primitive::Affine(affine), &[(four, byte)])
        }
        "Sum" => {
            let sum = Sum { coefficients: vec![vec![3], vec![-5]], bias: vec![9], inner: 1, requantise: by(2, -90, 100) };
            model(Primitive::Sum(sum), &[(four, byte), (four, byte)])
        }
        "ArgMax" => model(Primitive::ArgMax(ArgMax { axis: 0, keep_axis: false }), &[(four, byte)]),
        "Move" => {
            let r#move = Move { shape: shape(&[5]), indices: vec![3, 4, 0, 0, 2], constants: vec![-9] };
            model(Primitive::Move(r#move), &[(four, byte)])
        }
        "Product" => {
            let product = Product { rows: 2, columns: 2, inner: 2, shape: shape(four), requantise: by(4, -300, 250) };
            model(Primitive::Product(product), &[(four, byte), (four, byte)])
        }
        "Table" => model(Primitive::Table(Table { lo: -50, fraction: 4, knots: vec![1, 3, -20, 150] }), &[(four, byte)]),
        "Divide" => model(Primitive::Divide(Divide { shift: 4, lo: -9, hi: 100 }), &[(four, byte), (four, Interval::new(1, 200))]),
        "Max" => model(Primitive::Max(Max { axis: 0, keep_axis: false }), &[(four, byte)]),
        "Select" => model(Primitive::Select(Select {}), &[(four, bit), (four, byte), (four, byte)]),
        _ => panic!("the primitive {name} has no case"),
    }
}

// ATTACKS
// ================================================================================================

/// A change of a cell of the main segment.
#[derive(Debug, Clone, Copy)]
struct Change {
    column: usize,
    row: usize,
    value: Goldilocks,
    /// Whether the uses of tables are counted again.
    recounted: bool,
}

/// What an attempt does with its cells.
struct Attack<'a> {
    honest: &'a Attempt,
    random: &'a AuxRandElements<Extended>,
}

/// The group of a column, and its position there.
fn group(lists: &[&[Columns]], column: usize) -> (&'static str, usize) {
    let group = lists.iter().copied().flatten().find(|group| group.indices().contains(&column)).expect("every column is in a group");
    (group.name, column - group.start)
}

impl Attack<'_> {
    fn get(&self, column: usize, row: usize) -> Goldilocks {
        self.honest.main[column][row]
    }

    /// The changed attempt.
    fn carry_out(&self, change: Change) -> Attempt {
        let mut attempt = self.honest.clone();
        attempt.main[change.column][change.row] = change.value;
        if change.recounted {
            recount(&mut attempt.main);
        }
        attempt
    }

    /// Why a changed cell is accepted, if it is.
    fn free(&self, change: Change) -> Option<&'static str> {
        let Change { column, row, value, recounted } = change;
        if row == self.honest.rows() - 1 {
            return Some("no constraint binds the last row, and the bus does not count it");
        }
        let (name, position) = group(&[IO, WITNESS], column);
        let unit = if name == "UNIT_LIMB" { position / LIMBS } else { position };
        let of_unit = |column: Columns| self.get(column.at(unit), row);
        let excess = || self.get(UNIT_LIMB.at(unit * LIMBS + 4), row) + self.get(UNIT_LIMB.at(unit * LIMBS + 5), row);
        let (zero, one) = (Goldilocks::ZERO, Goldilocks::ONE);
        match name {
            "INPUT_VALUE" if self.get(INPUT.start, row) == zero => Some("there is no input: the salt's place"),
            "OUTPUT_VALUE" if self.get(OUTPUT.start, row) == zero => Some("there is no output: the salt's place"),
            "UNIT_VALUE" => {
                let idle = [UNIT_CHECKED, UNIT_SCALE, UNIT_READERS].iter().all(|column| of_unit(*column) == zero);
                let looks_up = unit == 0 && self.get(LOOKUP.start, row) != zero;
                (idle && !looks_up).then_some("an idle unit: nobody reads its value")
            }
            "UNIT_SIDE" => {
                let at_end = value == zero
                    || value == one && of_unit(UNIT_VALUE) == of_unit(UNIT_HI)
                    || value == -one && of_unit(UNIT_VALUE) == of_unit(UNIT_BASE);
                (at_end && excess() == zero).then_some("the value is the range's end and exceeds it by nothing: saturated or not")
            }
            "UNIT_LIMB" if position % LIMBS >= 4 && of_unit(UNIT_SIDE) == zero => {
                let width = self.get(UNIT_WIDTH.at(position), row).as_int();
                let fits = value.as_int() < 1 << width;
                (fits && recounted).then_some("nothing is saturated: the excess is any number of its width")
            }
            _ => None,
        }
    }

    /// Carries a change out, compares the outcome with the expected one, and gives it.
    fn check(&self, change: Change, everywhere: bool) -> Vec<Violation> {
        let expected = self.free(change);
        let attempt = self.carry_out(change);
        let auxiliary = attempt.auxiliary(self.random);
        let last = attempt.rows() - 1;
        // The auxiliary segment is the honest one, so that violations are in the changed row or at the end.
        let violations = if everywhere {
            attempt.violations(&auxiliary, self.random)
        } else {
            let rows = [change.row.saturating_sub(1), change.row, last - 1];
            let mut rows = rows.to_vec();
            rows.dedup();
            let violations = attempt.violations_by_the_air(&auxiliary, self.random, rows.iter().copied());
            assert_eq!(violations, attempt.violations_by_the_checker(&auxiliary, self.random, rows), "{change:?}");
            violations
        };
        let (name, position) = group(&[IO, WITNESS], change.column);
        assert_eq!(violations.is_empty(), expected.is_some(), "{name}[{position}] {change:?}: {expected:?}, {violations:?}");
        violations
    }
}

/// Counts the uses of range table and constants anew, as far as there are entries for what is used.
pub(super) fn recount(main: &mut [Vec<Goldilocks>]) {
    let rows = main[0].len();
    let mut uses = vec![vec![0u64; rows]; TABLES];
    let mut constants = vec![0u64; rows];
    let limbs = UNIT_LIMB.indices().zip(UNIT_WIDTH.indices()).chain(INPUT_LIMB.indices().zip(INPUT_WIDTH.indices()));
    for (limb, width) in limbs {
        for (limb, width) in main[limb].iter().zip(&main[width]).take(rows - 1) {
            let (value, width) = (limb.as_int(), width.as_int() as u32);
            if value < 1 << width {
                let (table, row) = table_position(width, value, rows);
                uses[table][row] += 1;
            }
        }
    }
    for row in (0..rows - 1).filter(|row| main[LOOKUP.start][*row] == Goldilocks::ONE) {
        let address = (main[LOOKUP_ADDRESS.start][row] + main[READ_VALUE.at(0)][row]).as_int() as usize;
        if let Some(uses) = constants.get_mut(address) {
            *uses += 1;
        }
    }
    for (column, uses) in TABLE_USES.indices().zip(uses).chain([(CONSTANT_USES.start, constants)]) {
        main[column].iter_mut().zip(uses).for_each(|(cell, uses)| *cell = Goldilocks::new(uses));
    }
}

/// The changes of a cell that are worth a try.
fn changes(honest: &Attempt, column: usize, row: usize) -> Vec<Change> {
    let value = honest.main[column][row];
    let one = Goldilocks::ONE;
    let (name, position) = group(&[IO, WITNESS], column);
    let change = |recounted: bool| move |value: Goldilocks| Change { column, row, value, recounted };
    match name {
        "UNIT_SIDE" => [-one, Goldilocks::ZERO, one, one + one].into_iter().filter(|side| *side != value).map(change(false)).collect(),
        "UNIT_LIMB" | "INPUT_LIMB" => {
            let width = if name == "UNIT_LIMB" { UNIT_WIDTH.at(position) } else { INPUT_WIDTH.at(position) };
            let width = honest.main[width][row].as_int();
            // Another number of the width, and one that is too wide by one.
            let other = Goldilocks::new(value.as_int() ^ 1);
            let wide = Goldilocks::new(1 << width);
            let all = [other, wide].into_iter().filter(move |other| *other != value);
            all.clone().map(change(true)).chain(all.map(change(false))).collect()
        }
        "TABLE_USES" | "CONSTANT_USES" => [value + one, -value - one].into_iter().map(change(false)).collect(),
        // By a little, and by a power of two that shifts a remainder into the value.
        _ => [value + one, value - signed_element(1 << 20)].into_iter().map(change(true)).collect(),
    }
}

/// Rows with units at work, a few of them.
fn used_rows(attempt: &Attempt, limit: usize) -> Vec<usize> {
    let program = &attempt.program;
    let works = |row: &usize| program.schedule.at(*row).units.iter().any(|slot| *slot != Slot::Idle);
    let rows: Vec<usize> = (0..program.used_rows).filter(works).collect();
    let step = rows.len().div_ceil(limit);
    rows.into_iter().rev().step_by(step).collect()
}

/// Checks every cell of some rows, and gives the constraints that were violated with their parts.
fn check_rows(attempt: &Attempt, rows: &[usize]) -> BTreeSet<(&'static str, usize)> {
    let random = attempt.random(3);
    let attack = Attack { honest: attempt, random: &random };
    let cells = rows.iter().flat_map(|row| (FIXED_WIDTH..MAIN_WIDTH).map(move |column| (column, *row)));
    let changes: Vec<Change> = cells.flat_map(|(column, row)| changes(attempt, column, row)).collect();
    let violations = changes.par_iter().enumerate().flat_map_iter(|(index, change)| attack.check(*change, index % 97 == 0));
    violations.map(|violation| (violation.constraint, violation.part)).collect()
}

#[test]
fn every_cell_of_every_primitive_is_bound_or_free_for_a_reason() {
    let mut violated = BTreeSet::new();
    for name in Primitive::NAMES {
        let attempt = Attempt::honest(&case(name), 2, 5);
        violated.extend(check_rows(&attempt, &used_rows(&attempt, 4)));
    }
    // Each constraint of the main segment was the one to object, and so were the ends of all sums.
    let of_main = names().into_iter().take_while(|(name, _)| *name != "bus helper");
    let ends = [("agreement", 0), ("boundary", BUS_SUM.start)];
    assert!(of_main.chain(ends).all(|constraint| violated.contains(&constraint)), "{violated:?}");
}

#[test]
fn every_cell_of_the_first_rows_the_padding_and_the_last_rows_is_bound_or_free_for_a_reason() {
    let attempt = Attempt::honest(&models::every_primitive(), 3, 5);
    let (used, rows) = (attempt.program.used_rows, attempt.rows());
    assert!(used + 10 < rows);
    let violated = check_rows(&attempt, &[0, 1, used - 1, used + 5, rows - 2, rows - 1]);
    assert!([INPUT_SUM, OUTPUT_SUM].iter().all(|sum| violated.contains(&("boundary", sum.start))), "{violated:?}");
}

#[test]
fn every_auxiliary_cell_is_bound_but_the_last_helpers() {
    let mut violated = BTreeSet::new();
    for visible in [[true, true], [false, false]] {
        let mut attempt = Attempt::honest(&models::every_primitive(), 3, 5);
        attempt.inputs = attempt.inputs.filter(|_| visible[0]);
        attempt.outputs = attempt.outputs.filter(|_| visible[1]);
        let random = attempt.random(4);
        let honest = attempt.auxiliary(&random);
        let (used, last) = (attempt.program.used_rows, attempt.rows() - 1);
        let rows: Vec<usize> = used_rows(&attempt, 12).into_iter().chain([0, 1, used, used + 5, last - 1, last]).collect();
        for group in AUXILIARY {
            for (column, row) in group.indices().flat_map(|column| rows.iter().map(move |row| (column, *row))) {
                let mut auxiliary = honest.clone();
                auxiliary[column][row] += Extended::ONE;
                let rows = [row.saturating_sub(1), row];
                let violations = attempt.violations_by_the_air(&auxiliary, &random, rows);
                assert_eq!(violations, attempt.violations_by_the_checker(&auxiliary, &random, rows));
                // The sums run over the rows above: the helpers of the last row are in no sum.
                let free = *group == BUS_HELPER && row == last;
                assert_eq!(violations.is_empty(), free, "{}[{}] in row {row}", group.name, column - group.start);
                violated.extend(violations.into_iter().map(|violation| (violation.constraint, violation.part)));
            }
        }
    }
    assert!(names().into_iter().skip_while(|(name, _)| *name != "bus helper").all(|name| violated.contains(&name)), "{violated:?}");
}

// WHOLE PROOFS
// ================================================================================================

#[test]
fn a_proof_with_a_changed_cell_of_any_column_is_rejected() {
    let attempt = Attempt::honest(&models::every_primitive(), 1, 7);
    let forge = Forge::of(&attempt);
    let random = attempt.random(0);
    let attack = Attack { honest: &attempt, random: &random };
    // In each column the first change that is not free, of an idle or a busy row.
    for column in FIXED_WIDTH..MAIN_WIDTH {
        let rows = [attempt.program.used_rows - 3, 1, 0];
        let mut changes = rows.into_iter().flat_map(|row| changes(&attempt, column, row));
        let change = changes.find(|change| attack.free(*change).is_none()).expect("every column is bound somewhere");
        let verdict = forge.verdict(&attack.carry_out(change), Departure::default());
        assert_eq!(verdict, Err(BROKEN_CONSTRAINT), "{change:?}");
    }
    for column in 0..AUXILIARY_WIDTH {
        let departure = Departure { auxiliary: Some((column, 5)), ..Departure::default() };
        let verdict = forge.verdict(&attempt, departure);
        assert_eq!(verdict, Err(BROKEN_CONSTRAINT), "auxiliary column {column}");
    }
}

#[test]
fn a_free_cell_does_not_change_the_statement() {
    let attempt = Attempt::honest(&models::every_primitive(), 1, 7);
    let forge = Forge::of(&attempt);
    let mut freed = attempt.clone();
    let last = attempt.rows() - 1;
    (FIXED_WIDTH..MAIN_WIDTH).for_each(|column| freed.main[column][last] += Goldilocks::ONE);
    [INPUT_VALUE, OUTPUT_VALUE].into_iter().for_each(|column| freed.main[column.start][last - 1] += Goldilocks::ONE);
    let statement = forge.verdict(&freed, Departure::default()).unwrap();
    assert_eq!([statement.inputs, statement.outputs], Forge::claim(&attempt));
}

#[test]
fn a_changed_cell_of_a_fixed_column_is_another_model() {
    let attempt = Attempt::honest(&models::every_primitive(), 1, 7);
    let columns = Fixed::new(&attempt.program).columns;
    let root = |columns: Vec<Vec<Goldilocks>>| Fixed::interpolate(columns).root::<Blake3_256<Goldilocks>>(2);
    let honest = root(columns.clone());
    for group in FIXED {
        for (column, row) in group.indices().zip([0, 1, 700, attempt.rows() - 2, attempt.rows() - 1].into_iter().cycle()) {
            let mut changed = columns.clone();
            changed[column][row] += Goldilocks::ONE;
            assert_ne!(root(changed), honest, "{}", group.name);
        }
    }
}

#[test]
fn fixed_columns_that_are_not_the_models_are_rejected() {
    let attempt = Attempt::honest(&models::every_primitive(), 1, 7);
    let honest = Forge::of(&attempt);
    for group in FIXED {
        // The polynomials have another value than the tree that quotients come from: they do not fit out of the domain.
        let departure = Departure { fixed: Some((group.start, 3)), ..Departure::default() };
        let verdict = honest.verdict(&attempt, departure);
        assert_eq!(verdict, Err(BROKEN_CONSTRAINT), "{}", group.name);
    }
    // The tree has another value too, and the file claims to be the honest model's.
    let mut columns = Fixed::new(&attempt.program).columns;
    columns[UNIT_BIAS.at(0)][3] += Goldilocks::ONE;
    let mut changed = attempt.clone();
    changed.main[..FIXED_WIDTH].clone_from_slice(&columns);
    let mut forge = Forge::new(&attempt.program, Fixed::interpolate(columns), &[]);
    let found = forge.entry.fixed_root;
    (forge.entries, forge.entry) = (honest.entries.clone(), honest.entry);
    let expected = honest.entry.fixed_root;
    let verdict = forge.verdict(&changed, Departure::default());
    assert_ne!(expected, found);
    assert_eq!(verdict, Err(VerifyError::FixedRoot { expected, found }));
}
