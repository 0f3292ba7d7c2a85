//! Every cell of a model's trace is bound, or free for a reason.
//!
//! A cell is changed, and the attacker repairs what can be repaired: the uses of tables are counted again, and the auxiliary segment is the
//! honest one of the changed main segment. Then the AIR and the independent checker must both object, unless [`free`] gives a
//! reason; and where there is one, both must accept, so that the list of reasons is exact.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::air::{SUMS, sponge};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Hash, Mode, ValueDigest, VerifyError, signed_element};
use rayon::prelude::*;
use winterfell::AuxRandElements;
use winterfell::math::FieldElement;

use super::forged::{Departure, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::{Attempt, EXCESS, Extended, SETTINGS, Violation, models, number_columns};
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

/// The group of a column that is not fixed, and its position there.
fn group(honest: &Attempt, column: usize) -> (&'static str, usize) {
    let (groups, column) = match column.checked_sub(honest.layout().main_width(0)) {
        Some(column) => (sponge::COLUMNS, column % SPONGE_WIDTH),
        None => (honest.layout().witness_columns(), column),
    };
    let group = groups.iter().find(|group| group.indices().contains(&column)).expect("it is not fixed");
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
            recount(&mut attempt);
        }
        if self.honest.public_inputs().sponges().any(|side| side.message.start == change.column) {
            attempt.repair_sponges();
        }
        attempt
    }

    /// Why a changed cell is accepted, if it is.
    fn free(&self, change: Change) -> Option<&'static str> {
        let Change { column, row, value, recounted } = change;
        let (name, position) = group(self.honest, column);
        // A sponge's state and its buffer are bound by the row above, too.
        if row >= self.honest.last() + usize::from(["STATE", "BUFFER"].contains(&name)) {
            return Some("no constraint begins in the final row or in a later one, and the bus does not count them");
        }
        if (name, position, row) == ("BUFFER", sponge::BUFFER.count - 1, 0) {
            return Some("what a buffer is about to lose in the first row has no row above it");
        }
        if self.honest.public_inputs().sponges().any(|side| side.message.start == column && row < 8 * ValueDigest::blocks(side.values)) {
            return None;
        }
        let layout = self.honest.layout();
        let unit = if name == "UNIT_LIMB" { position / layout.room.unit_limbs() } else { position };
        let of_unit = |column: Role| self.get(layout[column].at(unit), row);
        let excess = || number_columns(layout, unit, EXCESS);
        let (zero, one) = (Goldilocks::ZERO, Goldilocks::ONE);
        match name {
            "INPUT_VALUE" if self.get(layout[INPUT].start, row) == zero => Some("there is no input"),
            "OUTPUT_VALUE" if self.get(layout[OUTPUT].start, row) == zero => Some("there is no output"),
            "UNIT_VALUE" => {
                let idle = [UNIT_CHECKED, UNIT_SCALE, UNIT_READERS].iter().all(|column| of_unit(*column) == zero);
                let looks_up = unit < layout.room.lookups && of_unit(LOOKUP) != zero;
                (idle && !looks_up).then_some("an idle unit: nobody reads its value")
            }
            "UNIT_SIDE" => {
                let at_end = value == zero
                    || value == one && of_unit(UNIT_VALUE) == of_unit(UNIT_HI)
                    || value == -one && of_unit(UNIT_VALUE) == of_unit(UNIT_BASE);
                let exceeds = excess().any(|limb| self.get(limb, row) != zero);
                (at_end && !exceeds).then_some("the value is the range's end and exceeds it by nothing: saturated or not")
            }
            "UNIT_LIMB" if excess().contains(&column) && of_unit(UNIT_SIDE) == zero => {
                let width = self.get(layout[UNIT_WIDTH].at(position), row).as_int();
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
        // The auxiliary segment is the honest one, so that violations are in the changed row, where both sides must agree, or at the end.
        let violations = if everywhere {
            attempt.violations(&auxiliary, self.random)
        } else {
            let mut rows = vec![change.row.saturating_sub(1), change.row, attempt.rows() - MASK_ROWS - 1, attempt.last() - 1];
            rows.sort_unstable();
            rows.dedup();
            attempt.violations_in(&auxiliary, self.random, rows)
        };
        let (name, position) = group(self.honest, change.column);
        assert_eq!(violations.is_empty(), expected.is_some(), "{name}[{position}] {change:?}: {expected:?}, {violations:?}");
        violations
    }
}

/// Counts the uses of range table and constants anew, as far as there are entries for what is used.
pub(super) fn recount(attempt: &mut Attempt) {
    recount_in(attempt, table_position);
}

/// The same where the range table's entries have other places.
pub(super) fn recount_in(attempt: &mut Attempt, position: impl Fn(u32, u64, usize) -> (usize, usize)) {
    let (layout, rows, last) = (attempt.layout(), attempt.rows(), attempt.last());
    let main = &mut attempt.main;
    let mut uses = vec![vec![0u64; rows]; layout.room.tables];
    let mut constants = vec![0u64; rows];
    let limbs = [(UNIT_LIMB, UNIT_WIDTH), (INPUT_LIMB, INPUT_WIDTH)];
    for (limb, width) in limbs.into_iter().flat_map(|(limb, width)| layout[limb].indices().zip(layout[width].indices())) {
        for (limb, width) in main[limb].iter().zip(&main[width]).take(last) {
            let (value, width) = (limb.as_int(), width.as_int() as u32);
            if value < 1 << width {
                let (table, row) = position(width, value, rows);
                uses[table][row] += 1;
            }
        }
    }
    for unit in 0..layout.room.lookups {
        let [looks_up, first, argument] =
            [layout[LOOKUP].at(unit), layout[LOOKUP_ADDRESS].at(unit), layout[READ_VALUE].at(2 * unit)].map(|column| &main[column]);
        for row in (0..last).filter(|row| looks_up[*row] == Goldilocks::ONE) {
            let address = (first[row] + argument[row]).as_int() as usize;
            if let Some(uses) = constants.get_mut(address) {
                *uses += 1;
            }
        }
    }
    for (column, uses) in layout[TABLE_USES].indices().zip(uses).chain([(layout[CONSTANT_USES].start, constants)]) {
        main[column][..last].iter_mut().zip(uses).for_each(|(cell, uses)| *cell = Goldilocks::new(uses));
    }
}

/// The changes of a cell that are worth a try.
fn changes(honest: &Attempt, column: usize, row: usize) -> Vec<Change> {
    let value = honest.main[column][row];
    let one = Goldilocks::ONE;
    let (name, position) = group(honest, column);
    let change = |recounted: bool| move |value: Goldilocks| Change { column, row, value, recounted };
    match name {
        "UNIT_SIDE" => [-one, Goldilocks::ZERO, one, one + one].into_iter().filter(|side| *side != value).map(change(false)).collect(),
        "UNIT_LIMB" | "INPUT_LIMB" => {
            let width = if name == "UNIT_LIMB" { UNIT_WIDTH } else { INPUT_WIDTH };
            let width = honest.main[honest.layout()[width].at(position)][row].as_int();
            // Another number of the width, and one that is too wide by one.
            let other = Goldilocks::new(value.as_int() ^ 1);
            let wide = Goldilocks::new(1 << width);
            let all = [other, wide].into_iter().filter(move |other| *other != value);
            all.clone().map(change(true)).chain(all.map(change(false))).collect()
        }
        "TABLE_USES" | "CONSTANT_USES" => [value + one, -value - one].into_iter().map(change(false)).collect(),
        // The second one has the same cube.
        "STATE" | "BEFORE" | "AFTER" | "BUFFER" => {
            let all = [value + one, value * Goldilocks::new(0xffff_ffff)].into_iter().filter(|other| *other != value);
            all.map(change(false)).collect()
        }
        // By a little, and by a power of two that shifts a remainder into the value.
        _ => [value + one, value - signed_element(1 << 20)].into_iter().map(change(true)).collect(),
    }
}

/// Rows with units at work, a few of them.
fn used_rows(attempt: &Attempt, limit: usize) -> Vec<usize> {
    let program = &attempt.program;
    let works = |row: &usize| program.row(*row).units.iter().any(|slot| *slot != Slot::Idle);
    let rows: Vec<usize> = (0..program.used_rows).filter(works).collect();
    let step = rows.len().div_ceil(limit);
    rows.into_iter().rev().step_by(step).collect()
}

/// Checks every cell of some rows, and gives the constraints that were violated with their parts.
fn check_rows(attempt: &Attempt, rows: &[usize]) -> BTreeSet<(&'static str, usize)> {
    let random = attempt.random(3);
    let attack = Attack { honest: attempt, random: &random };
    let cells = rows.iter().flat_map(|row| attempt.free_columns().map(move |column| (column, *row)));
    let changes: Vec<Change> = cells.flat_map(|(column, row)| changes(attempt, column, row)).collect();
    let violations = changes.par_iter().enumerate().flat_map_iter(|(index, change)| attack.check(*change, index % 197 == 0));
    violations.map(|violation| (violation.constraint, violation.part)).collect()
}

#[test]
fn every_cell_of_every_primitive_is_bound_or_free_for_a_reason() {
    for (number, setting) in SETTINGS.into_iter().enumerate() {
        let mut violated = BTreeSet::new();
        // Units do not know how many weights a row has: in the wide layout, half of the primitives are tried in each mode.
        let chosen = |case: usize| !setting.is_wide() || case % 2 == number % 2;
        for (_, name) in Primitive::NAMES.iter().enumerate().filter(|(case, _)| chosen(*case)) {
            let attempt = Attempt::honest(&case(name), setting, 2, 5);
            violated.extend(check_rows(&attempt, &used_rows(&attempt, if setting.is_wide() || setting.commits() { 1 } else { 2 })));
        }
        if !setting.is_wide() {
            // Each constraint of the main segment was the one to object, and so were the ends of all sums.
            let names = Attempt::honest(&case("Max"), setting, 1, 5).names();
            let of_main = names.into_iter().take_while(|(name, _)| *name != "bus helper");
            let ends = [("agreement", 0), ("boundary", setting.layout[BUS_SUM].start)];
            assert!(of_main.chain(ends).all(|constraint| violated.contains(&constraint)), "{violated:?}");
        }
    }
}

#[test]
fn every_cell_of_the_first_rows_the_padding_and_the_last_rows_is_bound_or_free_for_a_reason() {
    for setting in SETTINGS {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 3, 5);
        let (used, rows) = (attempt.program.used_rows, attempt.rows());
        // The first mask row holds the final sums of a hiding proof, and writes the spare cell of a plain one.
        let mask = rows - MASK_ROWS;
        assert!(used + 10 < mask);
        // Where the blocks of the values begin and end, and the rows of the digests.
        let public_inputs = attempt.public_inputs();
        let blocks = public_inputs.sponges().map(|side| ValueDigest::blocks(side.values));
        let ends = blocks.flat_map(|blocks| [sponge::START_ROW, 8 * blocks - 1, 8 * blocks, sponge::digest_row(blocks)]);
        let ends: BTreeSet<_> = ends.collect();
        let chosen: &[_] = match (setting.is_wide(), setting.mode()) {
            (false, Mode::Plain) => &[0, 1, used - 1, used + 5, mask - 1, mask, mask + 1, mask + 50, rows - 2, rows - 1],
            (false, Mode::Hiding) => &[0, used - 1, mask - 1, mask, mask + 1, rows - 1],
            (true, Mode::Plain) => &[0, mask - 1, mask, rows - 2, rows - 1],
            (true, Mode::Hiding) => &[0, mask - 1, mask],
        };
        let violated = check_rows(&attempt, &chosen.iter().chain(&ends).copied().collect::<Vec<_>>());
        // Each boundary of a sponge was the one to object: its first state, the number of values and the digest.
        let first = attempt.layout().main_width(0);
        for (number, side) in public_inputs.sponges().enumerate() {
            let columns = (0..sponge::STATE.count).map(|lane| first + number * SPONGE_WIDTH + lane).chain([side.message.start]);
            assert!(columns.into_iter().all(|column| violated.contains(&("boundary of the main segment", column))), "{violated:?}");
        }
        let named = [(INPUTS, &attempt.inputs), (OUTPUTS, &attempt.outputs)];
        for (sum, values) in named.map(|(sum, values)| (setting.layout[sum], values)) {
            assert_eq!(violated.contains(&("boundary", sum.start)), values.as_public().is_some(), "{} {violated:?}", sum.name);
        }
    }
}

/// Why a changed cell of the auxiliary segment is accepted, if it is.
fn free_auxiliary(attempt: &Attempt, column: usize, row: usize) -> Option<&'static str> {
    let layout = attempt.layout();
    let is = |group: &Columns| group.indices().contains(&column);
    match row.cmp(&attempt.last()) {
        _ if layout.masks_columns().iter().any(is) => Some("a mask: its constraints say nothing, or it has none"),
        Ordering::Greater => Some("no constraint begins in a row after the final one, and none ends there"),
        Ordering::Equal if is(&layout[BUS_HELPER]) => Some("the sums run over the rows above: the helpers of the final row are in no sum"),
        _ => None,
    }
}

#[test]
fn every_auxiliary_cell_is_bound_or_free_for_a_reason() {
    for setting in SETTINGS {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 3, 5);
        let random = attempt.random(4);
        let honest = attempt.auxiliary(&random);
        let (used, last, end) = (attempt.program.used_rows, attempt.last(), attempt.rows() - 1);
        let mask = attempt.rows() - MASK_ROWS;
        let rows = used_rows(&attempt, if setting.is_wide() { 4 } else { 12 });
        let rows = rows.into_iter().chain([0, 1, used, used + 5, mask - 1, mask, mask + 1, last - 1, last, end - 1, end]);
        let cells: Vec<_> =
            rows.collect::<BTreeSet<_>>().into_iter().flat_map(|row| (0..honest.len()).map(move |column| (column, row))).collect();
        let check = |(column, row): &(usize, usize)| {
            let mut auxiliary = honest.clone();
            auxiliary[*column][*row] += Extended::ONE;
            let violations = attempt.violations_in(&auxiliary, &random, [row.saturating_sub(1), *row]);
            let expected = free_auxiliary(&attempt, *column, *row);
            assert_eq!(violations.is_empty(), expected.is_some(), "column {column} in row {row}: {expected:?}, {violations:?}");
            violations
        };
        let violated: BTreeSet<_> = cells.par_iter().flat_map_iter(check).map(|violation| (violation.constraint, violation.part)).collect();
        let vacuous = ["first cut", "second cut"];
        let names = attempt.names().into_iter().skip_while(|(name, _)| *name != "bus helper");
        for name in names {
            // No value of any cell breaks a constraint that says nothing.
            assert_eq!(violated.contains(&name), !vacuous.contains(&name.0), "{name:?} {violated:?}");
        }
    }
}

#[test]
fn the_spare_cell_may_hold_anything_where_all_that_read_it_agree() {
    for setting in SETTINGS {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let (mask, value) = (attempt.rows() - MASK_ROWS, signed_element(-12345));
        let mut changed = attempt.clone();
        let reads = setting.layout[READ_VALUE];
        changed.main[setting.layout[UNIT_VALUE].at(0)][mask] = value;
        reads.indices().for_each(|lane| changed.main[lane][mask..].fill(value));
        let random = attempt.random(5);
        assert_eq!(changed.violations(&changed.auxiliary(&random), &random), []);
        let statement = Forge::of(&attempt).verdict(&changed, Departure::default()).unwrap();
        assert_eq!((statement.inputs, statement.outputs), (attempt.inputs.clone(), attempt.outputs.clone()));
        // One lane that does not agree unbalances the bus, where the bus counts it.
        changed.main[reads.end() - 1][mask + 1] = Goldilocks::ZERO;
        let expected = if setting.mode().is_hiding() { vec![] } else { attempt.unbalanced() };
        assert_eq!(changed.violations(&changed.auxiliary(&random), &random), expected);
    }
}

// WHOLE PROOFS
// ================================================================================================

#[test]
fn a_proof_with_a_changed_cell_of_any_column_is_rejected() {
    let ready = SETTINGS.map(|setting| {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        (Forge::of(&attempt), attempt)
    });
    // Each column in one of them; without the feature `slow` a third of them. That every column is bound, the tests of cells see without proofs.
    let tried = |position: usize| cfg!(feature = "slow") || (position / SETTINGS.len()).is_multiple_of(3);
    for (case, (forge, attempt)) in ready.iter().enumerate() {
        let random = attempt.random(0);
        let attack = Attack { honest: attempt, random: &random };
        let chosen = |position: usize| position % SETTINGS.len() == case && tried(position);
        // In each column the first change that is not free, of an idle or a busy row.
        for column in attempt.free_columns().filter(|column| chosen(*column)) {
            let rows = [attempt.program.used_rows - 3, 1, 0].into_iter().chain(used_rows(attempt, usize::MAX));
            let mut changes = rows.flat_map(|row| changes(attempt, column, row));
            let change = changes.find(|change| attack.free(*change).is_none()).expect("every column is bound somewhere");
            let verdict = forge.verdict(&attack.carry_out(change), Departure::default());
            assert_eq!(verdict, Err(BROKEN_CONSTRAINT), "{change:?}");
        }
        let layout = attempt.layout();
        let sums = SUMS.map(|sum| (layout[sum].start, attempt.last()));
        let cells = (0..layout.auxiliary_width()).map(|column| (column, 5)).chain(sums);
        for cell in cells.enumerate().filter(|(position, _)| chosen(*position)).map(|(_, cell)| cell) {
            let departure = Departure { auxiliary: Some(cell), ..Departure::default() };
            assert_eq!(forge.verdict(attempt, departure), Err(BROKEN_CONSTRAINT), "auxiliary cell {cell:?}");
        }
    }
}

#[test]
fn a_free_cell_does_not_change_the_statement() {
    for setting in SETTINGS {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let forge = Forge::of(&attempt);
        let mut freed = attempt.clone();
        let (layout, last) = (attempt.layout(), attempt.last());
        for column in attempt.free_columns() {
            let first = last + usize::from(column >= layout.witness_width());
            freed.main[column][first..].iter_mut().for_each(|cell| *cell += Goldilocks::ONE);
        }
        [INPUT_VALUE, OUTPUT_VALUE].into_iter().for_each(|column| freed.main[layout[column].start][last - 1] += Goldilocks::ONE);
        freed.repair_sponges();
        let masks =
            layout.masks_columns().iter().filter(|_| attempt.mode.is_hiding()).flat_map(|mask| [3, last].map(|row| (mask.start, row)));
        let end = Some((layout[RESULTS].start, attempt.rows() - 1)).filter(|_| attempt.mode.is_hiding());
        let ends = [(layout[BUS_HELPER].at(2), last)].into_iter().chain(end);
        for cell in masks.chain(ends).map(Some).chain([None]) {
            let statement = forge.verdict(&freed, Departure { auxiliary: cell, ..Departure::default() }).unwrap();
            assert_eq!((statement.inputs, statement.outputs), (attempt.inputs.clone(), attempt.outputs.clone()), "{cell:?}");
        }
    }
}

#[test]
fn a_changed_cell_of_a_fixed_column_is_another_model() {
    for setting in SETTINGS.into_iter().step_by(2) {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let columns = Fixed::new(&attempt.program).columns;
        let root = |columns: Vec<Vec<Goldilocks>>| Fixed::interpolate(columns).roots(&[(Hash::Blake3, 2)])[0];
        let honest = root(columns.clone());
        let rows = attempt.rows();
        let layout = setting.layout;
        // The root does not know what a column is for: in the wide layout, the weights are enough.
        for group in layout.fixed_columns().iter().filter(|group| !setting.is_wide() || **group == layout[WEIGHTS]) {
            for (column, row) in group
                .indices()
                .step_by(if setting.is_wide() { 6 } else { 1 })
                .zip([0, 1, 700, rows - MASK_ROWS, rows - 2, rows - 1].into_iter().cycle())
            {
                let mut changed = columns.clone();
                changed[column - layout.witness_width()][row] += Goldilocks::ONE;
                assert_ne!(root(changed), honest, "{}", group.name);
            }
        }
    }
}

#[test]
fn fixed_columns_that_are_not_the_models_are_rejected() {
    for (case, setting) in SETTINGS.into_iter().enumerate() {
        let attempt = Attempt::honest(&models::every_primitive(), setting, 1, 7);
        let honest = Forge::of(&attempt);
        let (layout, rows) = (attempt.layout(), attempt.rows());
        let groups = layout.fixed_columns().iter().enumerate().filter(|(position, _)| position % SETTINGS.len() == case);
        let cells = groups.map(|(_, group)| (group.start, 3));
        for cell in cells.chain([rows - MASK_ROWS - 1, rows - MASK_ROWS, rows - 2].map(|row| (layout[FINAL].start, row))) {
            // The polynomials have another value than the tree that quotients come from: they do not fit out of the domain.
            let departure = Departure { fixed: Some(cell), ..Departure::default() };
            assert_eq!(honest.verdict(&attempt, departure), Err(BROKEN_CONSTRAINT), "{cell:?}");
        }
        // The tree has another value too, and the file claims to be the honest model's.
        let mut columns = Fixed::new(&attempt.program).columns;
        columns[layout[UNIT_BIAS].at(0) - layout.witness_width()][3] += Goldilocks::ONE;
        let mut changed = attempt.clone();
        changed.main[layout.fixed()].clone_from_slice(&columns);
        let mut forge = Forge::new(&attempt.program, Fixed::interpolate(columns), attempt.mode, &[]);
        let found = forge.entry.fixed_root;
        (forge.entries, forge.entry) = (honest.entries.clone(), honest.entry);
        let expected = honest.entry.fixed_root;
        let verdict = forge.verdict(&changed, Departure::default());
        assert_ne!(expected, found);
        assert_eq!(verdict, Err(VerifyError::FixedRoot { expected, found }));
    }
}
