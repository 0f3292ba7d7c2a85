//! Every cell of an execution's trace is bound, or free for a reason.
//!
//! A cell is changed, and the attacker repairs what can be repaired: the uses of tables are counted again, and the auxiliary segment is the
//! honest one of the changed main segment. Then the AIR and the independent checker must both object, unless [`Trial::free`] gives a
//! reason; and where there is one, both must accept, so that the list of reasons is exact. Changes of several cells are in
//! [`super::attacks`].

use std::collections::BTreeSet;

use maat_verifier::Felt252;
use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{Builtin, Program};
use rayon::prelude::*;
use winterfell::AuxRandElements;
use winterfell::math::FieldElement;

use super::attempt::{Attempt, Violation, group, names};
use super::checker::RULES;
use super::machine::*;

/// A program with all builtins, a call, an absolute jump, a product and values that are checked to have 128 bits.
pub fn with_builtins() -> Program {
    let (push, ap, fp) = (Instruction::PUSH, Register::Ap, Register::Fp);
    let immediate = Instruction { offsets: [-1, -1, 1], op1: Source::Immediate, ..Instruction::IDLE };
    // [ap - 1] = [[fp + pointer] + offset]
    let store = |pointer: i16, offset: i16| {
        let assert = Instruction { opcode: Opcode::AssertEqual, op1: Source::Op0, ..Instruction::IDLE };
        Line::Plain(Instruction { offsets: [-1, pointer, offset], dst: ap, ..assert })
    };
    let jump = PcUpdate::JumpRelative;
    let call = Instruction { offsets: [0, 1, 1], dst: ap, op0: ap, pc: jump, opcode: Opcode::Call, ..immediate };
    let advance = |pointer: i16| Instruction { offsets: [0, pointer, 1], op0: fp, op1: Source::Immediate, res: Res::Add, ..push };
    program(
        &Builtin::ALL,
        &[
            Line::With(Instruction::PUSH_IMMEDIATE, Felt252::from(u128::MAX / 7)),
            store(-3, 0),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(0x1_00ff)),
            store(-3, 1),
            // The product of both is the output.
            Line::Plain(Instruction { offsets: [0, -2, -1], op0: ap, op1: Source::Ap, res: Res::Mul, ..push }),
            store(-4, 0),
            Line::With(call, felt(7)),
            Line::With(advance(-4), felt(1)),
            Line::With(advance(-3), felt(2)),
            Line::Plain(Instruction::RETURN),
            // The called function jumps over a felt, to [fp - 1] + 8, and returns.
            Line::With(Instruction { offsets: [-1, -1, 1], pc: PcUpdate::Jump, res: Res::Add, ..immediate }, felt(8)),
            Line::Plain(Instruction::IDLE),
            Line::With(Instruction { ap: ApUpdate::AddRes, ..immediate }, felt(2)),
            Line::Plain(Instruction::RETURN),
        ],
    )
}

/// A change of a cell of the main segment.
#[derive(Debug, Clone, Copy)]
struct Change {
    column: usize,
    row: usize,
    value: Felt252,
    /// Whether the uses of tables are counted again.
    recounted: bool,
}

/// An honest trace whose cells are tried.
struct Trial<'a> {
    honest: &'a Attempt,
    random: AuxRandElements<Felt252>,
}

impl Trial<'_> {
    fn get(&self, column: usize, row: usize) -> Felt252 {
        self.honest.main[column][row]
    }

    /// Why a changed cell is accepted, if it is.
    fn free(&self, change: Change) -> Option<&'static str> {
        let Change { column, row, value, recounted } = change;
        let (name, position) = group(MAIN, column);
        let unused = |uses: usize, row: usize| self.get(uses, row) == Felt252::ZERO;
        let ends_value = row % CHECK_PERIOD == CHECK_PERIOD - 1;
        let is_last = row == self.honest.last_row();
        match name {
            // The registers, the number, the entry of offsets and the bits above follow from the row before.
            "PC" | "AP" | "FP" | "ROW" | "CHECKED" => None,
            "OFFSET_ENTRY" => {
                let lower = value + Felt252::ONE == self.get(column, row);
                let rises = row > 0 && self.get(column, row - 1) == value;
                let stays = row + 1 < self.honest.last_row() && self.get(column, row + 1) == self.get(column, row);
                (lower && rises && stays && recounted)
                    .then_some("the greatest entry may come a row later, as it is given in other rows too")
            }
            _ if is_last => Some("no constraint looks at what the last row does, and the bus does not count it"),
            "RES" => {
                let conditional = self.get(FLAG.at(9), row) == Felt252::ONE;
                let jumps = self.get(DST.start, row) != Felt252::ZERO;
                (conditional && !jumps).then_some("a conditional jump that does not jump has neither result nor inverse")
            }
            "CELL" => unused(CELL_READERS.at(position), row).then_some("nobody reads the cell"),
            "CHECKED_READERS" => (!ends_value).then_some("no range-checked value is whole, so that there is none to be read"),
            "BYTE" => {
                let fits = value.to_u64().is_some_and(|byte| byte < BYTE_PERIOD as u64);
                let unread = ends_value && unused(CHECKED_READERS.start, row);
                (fits && unread && recounted).then_some("the lowest byte of a value that nobody reads may be any byte")
            }
            _ => None,
        }
    }

    /// Carries a change out, compares the outcome with the expected one, and gives it. Looks at all rows if that is asked for.
    fn check(&self, change: Change, everywhere: bool) -> (Vec<Violation>, Option<&'static str>) {
        let mut attempt = self.honest.clone();
        attempt.main[change.column][change.row] = change.value;
        // What binds rows to the next ones can only be violated here, whatever the uses are.
        let rows = [change.row.saturating_sub(1), change.row];
        let mut violations = attempt.main_violations(rows);
        let checker = attempt.checker();
        let broken = rows.into_iter().filter(|row| *row < attempt.last_row()).try_for_each(|row| checker.check_row(row));
        let mut broken = broken.and_then(|()| checker.check_ends());
        assert_eq!(violations.is_empty(), broken.is_ok(), "{change:?}: {violations:?}");
        // The bus matters where that is not enough.
        if (violations.is_empty() || everywhere) && change.recounted {
            attempt.recount();
        }
        if violations.is_empty() {
            violations = attempt.auxiliary_violations(&attempt.auxiliary(&self.random), &self.random, rows);
            broken = attempt.checker().check_lookups();
            assert_eq!(violations.is_empty(), broken.is_ok(), "{change:?}: {violations:?}");
        }
        if everywhere {
            assert_eq!(violations.is_empty(), attempt.violations().is_empty(), "{change:?}: {violations:?}");
            assert_eq!(violations.is_empty(), attempt.checker().check().is_ok(), "{change:?}: {violations:?}");
        }
        let (name, position) = group(MAIN, change.column);
        let expected = self.free(change);
        assert_eq!(violations.is_empty(), expected.is_some(), "{name}[{position}] {change:?}: {expected:?}, {violations:?}");
        (violations, broken.err().map(|broken| broken.rule))
    }

    /// The changes of a cell that are worth a try.
    fn changes(&self, column: usize, row: usize) -> Vec<Change> {
        let value = self.get(column, row);
        let (name, _) = group(MAIN, column);
        let one = Felt252::ONE;
        let change = |recounted: bool| move |value: Felt252| Change { column, row, value, recounted };
        let byte = || Felt252::new(value.to_u64().expect("a byte") ^ 1);
        match name {
            "FLAG" => [one - value, one + one].map(change(true)).into(),
            "OFFSET" => [value + one, value - one, value + Felt252::new(1 << 16)].map(change(true)).into(),
            "OFFSET_ENTRY" => [value + one, value - one].map(change(true)).into_iter().chain([change(false)(value - one)]).collect(),
            "BYTE" => [byte(), Felt252::new(256)].map(change(true)).into_iter().chain([change(false)(byte())]).collect(),
            // Uses that are counted again are the honest ones.
            "CELL_READERS" | "OFFSET_USES" | "BYTE_USES" | "CHECKED_READERS" => [value + one, -value - one].map(change(false)).into(),
            _ => vec![change(true)(value + one), change(false)(value - Felt252::from(1u128 << 100))],
        }
    }

    /// Checks every cell of some rows, and gives the constraints and the checker's rules that objected.
    fn check_rows(&self, rows: &BTreeSet<usize>) -> [BTreeSet<&'static str>; 2] {
        let cells = rows.iter().flat_map(|row| (0..MAIN_WIDTH).map(move |column| (column, *row)));
        let changes: Vec<Change> = cells.flat_map(|(column, row)| self.changes(column, row)).collect();
        let outcomes = changes.par_iter().enumerate().map(|(index, change)| self.check(*change, index % 97 == 0));
        let (violations, rules): (Vec<_>, Vec<_>) = outcomes.unzip();
        [violations.into_iter().flatten().map(|(name, _)| name).collect(), rules.into_iter().flatten().collect()]
    }
}

/// The rows that differ in any way: the whole execution, its end, and where there is something in each of the tables.
fn rows(attempt: &Attempt) -> BTreeSet<usize> {
    let [least, greatest] = attempt.public_inputs.offsets.map(usize::from);
    let (steps, last) = (attempt.public_inputs.steps, attempt.last_row());
    let entries = greatest - least;
    let tables = [entries - 1, entries, entries + 1, 63, 64, BYTE_PERIOD - 1, BYTE_PERIOD];
    let end = [last - CHECK_PERIOD, last - CHECK_PERIOD + 1, last - 2, last - 1, last];
    (0..steps + 3).chain(tables).chain(end).collect()
}

#[test]
fn every_cell_is_bound_or_free_for_a_reason() {
    let (mut objecting, mut broken) = (BTreeSet::new(), BTreeSet::new());
    for program in [fibonacci(2), with_builtins()] {
        let honest = Attempt::honest(&Machine::new(&program).run());
        let trial = Trial { honest: &honest, random: honest.random() };
        let [constraints, rules] = trial.check_rows(&rows(&honest));
        objecting.extend(constraints);
        broken.extend(rules);
    }
    // Each constraint of the main segment was the one to object, and so were all ends.
    let of_main = names().into_iter().filter(|name| !["operand helper", "pair helper", "bus"].contains(name));
    let ends = ["PC", "AP", "FP", "ROW", "OFFSET_ENTRY", "CHECKED", "BUS"];
    assert_eq!(objecting, of_main.chain(ends).collect());
    // So was each rule of the checker but two, which come after the one for `dst_res`: see the attacks that change that as well.
    let others = RULES.into_iter().filter(|rule| !["the inverse", "a call saves fp"].contains(rule));
    assert_eq!(broken, others.collect());
}

#[test]
fn every_auxiliary_cell_is_bound_but_the_last_helpers() {
    let attempt = Attempt::honest(&Machine::new(&with_builtins()).run());
    let (random, last) = (attempt.random(), attempt.last_row());
    let honest = attempt.auxiliary(&random);
    for (column, row) in rows(&attempt).into_iter().flat_map(|row| (0..AUXILIARY_WIDTH).map(move |column| (column, row))) {
        let mut auxiliary = honest.clone();
        auxiliary[column][row] += Felt252::ONE;
        // The sum runs over the changed helper.
        if column != BUS.start {
            auxiliary[BUS.start][row + 1..].iter_mut().for_each(|sum| *sum += Felt252::ONE);
        }
        let (name, _) = group(AUXILIARY, column);
        let expected = match name {
            "BUS" if row == 0 => vec![("bus", 0), ("BUS", 0)],
            "BUS" if row == last => vec![("bus", last - 1), ("BUS", last)],
            "BUS" => vec![("bus", row - 1), ("bus", row)],
            // No sum runs over the helpers of the last row.
            _ if row == last => vec![],
            "OPERAND" => vec![("operand helper", row), ("BUS", last)],
            _ => vec![("pair helper", row), ("BUS", last)],
        };
        let rows = row.saturating_sub(1)..=row;
        assert_eq!(attempt.auxiliary_violations(&auxiliary, &random, rows), expected, "{name} in row {row}");
    }
}

#[test]
fn uses_that_are_counted_again_are_the_honest_ones() {
    for program in [fibonacci(2), with_builtins()] {
        let honest = Attempt::honest(&Machine::new(&program).run());
        let mut recounted = honest.clone();
        recounted.recount();
        assert!(recounted.main == honest.main);
    }
}
