//! Attacks on the trace that change several cells, so that everything but one thing is as it should be.
//!
//! Each test says which constraint of the AIR objects, and which rule of the independent checker. The auxiliary segment is the honest one of
//! the changed main segment, and uses of tables are counted again, so that nothing but the attack itself is wrong.

use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{ClaimError, Execution, HALT, Program, Registers, Value};
use maat_verifier::{Felt252, Preset};
use winterfell::math::FieldElement;

use super::attempt::Attempt;
use super::cells::with_builtins;
use super::checker::Broken;
use super::machine::*;
use crate::cairo::witness::Witness;

// PROGRAMS
// ================================================================================================

/// Steps of the header.
const HEADER_STEPS: usize = 2;
/// Where the header ends and the main function begins, as an offset in the bytecode.
const MAIN: u32 = 6;

fn honest(program: &Program) -> Attempt {
    Attempt::honest(&Machine::new(program).run())
}

/// Reads `[fp - 1]` with all operands, twice, and does nothing with it.
fn reading() -> Attempt {
    honest(&program(&[], &[Line::Plain(Instruction::IDLE), Line::Plain(Instruction::IDLE), Line::Plain(Instruction::RETURN)]))
}

fn pointer(segment: u32, offset: u32) -> Option<Value> {
    Some(Value::Pointer { segment, offset })
}

/// An execution with registers and a stack that no machine has reached.
fn lie(lines: &[Line], registers: &[[u32; 3]], stack: Vec<Option<Value>>) -> Attempt {
    let program = program(&[], lines);
    let bytecode = program.bytecode().iter().map(|felt| Some(Value::Felt(*felt))).collect();
    let header = [[0, 2, 2], [2, 2, 2], [MAIN, 4, 4]];
    let registers = header.iter().chain(registers).map(|[pc, ap, fp]| Registers { pc: *pc, ap: *ap, fp: *fp }).collect();
    Attempt::new(&Execution { program, registers, segments: vec![bytecode, stack], builtin_segments: Vec::new() })
}

/// The stack below the main function's frame.
fn below_main() -> Vec<Option<Value>> {
    vec![pointer(1, 2), Some(Value::Felt(Felt252::ZERO)), pointer(1, 2), pointer(0, HALT as u32)]
}

impl Attempt {
    fn get(&self, column: usize, row: usize) -> Felt252 {
        self.main[column][row]
    }

    /// A cell that holds a small number.
    fn number(&self, column: usize, row: usize) -> u64 {
        self.get(column, row).to_u64().unwrap()
    }

    /// Changes an operand and all that depends on it, where the result is not used.
    fn set_dst(&mut self, row: usize, value: Felt252) {
        self.main[DST.start][row] = value;
        self.main[DST_RES.start][row] = value * self.get(RES.start, row);
    }

    /// The column and the row of the cell with an address.
    fn cell(&self, address: u64) -> (usize, usize) {
        let index = address as usize - 1;
        (CELL.at(index % LANES), index / LANES)
    }
}

// MEMORY
// ================================================================================================

#[test]
fn a_value_that_changes_between_two_reads_of_an_address_is_rejected() {
    let mut attempt = reading();
    let row = HEADER_STEPS;
    attempt.set_dst(row, attempt.get(DST.start, row) + Felt252::ONE);
    attempt.recount();
    attempt.assert_rejected(&[("BUS", attempt.last_row())], "memory", row);
}

/// A trace that reads a value from an address that the prover has chosen, and is in order otherwise.
fn reading_from(address: u64, value: Felt252) -> Attempt {
    // Reads [[fp]] as the second operand, which is the result.
    let read = Instruction { offsets: [-1, 0, 0], op1: Source::Op0, ..Instruction::IDLE };
    let mut machine = Machine::new(&program(&[], &[Line::Plain(read), Line::Plain(Instruction::RETURN)]));
    machine.write((1, 4), Value::Pointer { segment: 1, offset: 0 });
    let mut attempt = Attempt::honest(&machine.run());
    let (row, last) = (HEADER_STEPS, attempt.last_row());
    let (column, cell_row) = attempt.cell(attempt.number(FP.start, row));
    attempt.main[column][cell_row] = Felt252::new(address);
    for (column, value) in [(OP0, Felt252::new(address)), (OP1, value), (RES, value), (DST_RES, attempt.get(DST.start, row) * value)] {
        attempt.main[column.start][row] = value;
    }
    // The value is wherever it can be, even in the last row.
    match address.checked_sub(first_checked(attempt.rows())).map(|index| index as usize * CHECK_PERIOD) {
        Some(first) if first < attempt.rows() => attempt.main[BYTE.at(0)][first + CHECK_PERIOD - 1] = value,
        None if (1..=(LANES * attempt.rows()) as u64).contains(&address) => {
            let (column, row) = attempt.cell(address);
            attempt.main[column][row] = value;
        }
        _ => {}
    }
    for readers in CELL_READERS.indices().chain([CHECKED_READERS.start]) {
        attempt.main[readers][last] = Felt252::ONE;
    }
    attempt.recount();
    attempt
}

#[test]
fn an_address_where_there_is_no_cell_cannot_be_read() {
    let value = Felt252::new(77);
    let rows = reading().rows();
    let (cells, checked) = (cell_capacity(rows) as u64, first_checked(rows));
    let checks = check_capacity(rows) as u64;
    // The first cell that the program has not filled, the last cell, and the range-checked values.
    for address in [100, cells, checked, checked + checks - 1] {
        reading_from(address, value).assert_accepted();
    }
    // Below all cells, those of the last row, and after the last range-checked value, which would be whole in the last row.
    for address in [0, cells + 1, cells + 2, checked + checks, checked + checks + 1, 1 << 40] {
        let attempt = reading_from(address, value);
        attempt.assert_rejected(&[("BUS", attempt.last_row())], "memory", HEADER_STEPS);
    }
}

#[test]
fn a_public_memory_that_is_not_the_memory_is_rejected() {
    let honest = honest(&with_builtins());
    let last = honest.last_row();
    for entry in 0..honest.public_inputs.memory.len() {
        let mut attempt = honest.clone();
        attempt.public_inputs.memory[entry].1 += Felt252::ONE;
        attempt.recount();
        attempt.assert_rejected(&[("BUS", last)], "memory", last);
        let mut attempt = honest.clone();
        attempt.public_inputs.memory[entry].0 += 1 << 20;
        attempt.recount();
        attempt.assert_rejected(&[("BUS", last)], "memory", last);
    }
    // One more entry, which is true, is a matter of counting.
    let mut attempt = honest.clone();
    attempt.public_inputs.memory.push(honest.public_inputs.memory[3]);
    assert_eq!(attempt.violations(), [("BUS", last)]);
    attempt.recount();
    attempt.assert_accepted();
}

#[test]
fn an_output_that_the_program_does_not_give_is_rejected() {
    let mut attempt = honest(&with_builtins());
    let forged = Felt252::new(42);
    let entry = attempt.public_inputs.memory.last_mut().unwrap();
    let address = Felt252::new(entry.0);
    entry.1 = forged;
    attempt.recount();
    let last = attempt.last_row();
    attempt.assert_rejected(&[("BUS", last)], "memory", last);

    // Memory holds it, and so does the step that writes it: `[ap - 1] = [[fp - 4]]`.
    let (column, cell_row) = attempt.cell(address.to_u64().unwrap());
    let honest = attempt.get(column, cell_row);
    attempt.main[column][cell_row] = forged;
    let writes = |row: &usize| attempt.get(OP1.start, *row) == honest && attempt.get(OP0.start, *row) == address;
    let row = (0..attempt.rows()).find(writes).unwrap();
    attempt.main[OP1.start][row] = forged;
    attempt.main[RES.start][row] = forged;
    attempt.main[DST_RES.start][row] = forged * attempt.get(DST.start, row);
    attempt.recount();
    attempt.assert_rejected(&[("assertion", row)], "an assertion", row);
}

#[test]
fn row_numbers_that_repeat_are_rejected() {
    // Two cells share the address of [fp - 1], and hold different values.
    let mut attempt = reading();
    let row = HEADER_STEPS;
    let (cell, first) = attempt.cell(attempt.number(FP.start, row) - 1);
    for column in CELL.indices().chain([ROW.start]) {
        let cells = &mut attempt.main[column];
        cells.pop();
        cells.insert(first, cells[first]);
    }
    attempt.main[cell][first + 1] += Felt252::ONE;
    attempt.set_dst(row, attempt.get(cell, first + 1));
    attempt.recount();
    attempt.assert_rejected(&[("row number", first)], "row numbers", first);
    // Without that, the value itself is what is wrong.
    let last = attempt.last_row();
    attempt.main[ROW.start] = (0..attempt.rows() as u64).map(Felt252::new).collect();
    attempt.recount();
    assert!(attempt.violations() == [("BUS", last)]);
}

#[test]
fn row_numbers_that_do_not_begin_at_zero_are_rejected() {
    // A first row with the addresses -1 and 0, and all others a row later.
    let mut attempt = reading();
    attempt.main[ROW.start].iter_mut().for_each(|row| *row -= Felt252::ONE);
    CELL.indices().for_each(|column| attempt.main[column].rotate_right(1));
    attempt.recount();
    attempt.assert_rejected(&[("ROW", 0)], "ends", 0);
}

// RANGE CHECKS
// ================================================================================================

/// The rows that a range-checked value is put together in, from its highest bits on.
fn rows_of_value(index: usize) -> std::ops::Range<usize> {
    CHECK_PERIOD * index..CHECK_PERIOD * (index + 1)
}

impl Attempt {
    /// Puts a range-checked value together again, from a row on.
    fn put_together(&mut self, rows: std::ops::Range<usize>) {
        for row in rows.start..rows.end - 1 {
            let [low, high] = [0, 1].map(|part| self.get(BYTE.at(part), row));
            self.main[CHECKED.start][row + 1] = (self.get(CHECKED.start, row) * Felt252::new(256) + high) * Felt252::new(256) + low;
        }
    }
}

#[test]
fn a_limb_of_more_than_8_bits_is_rejected() {
    // The same value with another low and high byte.
    let honest = honest(&with_builtins());
    let last = honest.last_row();
    let row = (0..last).find(|row| honest.number(BYTE.at(1), *row) > 0).unwrap();
    for (low, high) in [(Felt252::new(256), -Felt252::ONE), (-Felt252::new(256), Felt252::ONE)] {
        let mut attempt = honest.clone();
        attempt.main[BYTE.at(0)][row] += low;
        attempt.main[BYTE.at(1)][row] += high;
        attempt.recount();
        attempt.assert_rejected(&[("BUS", last)], "bytes", row);
    }
}

#[test]
fn a_value_of_129_bits_is_rejected() {
    // Nobody reads any of these values, but they must have 128 bits nevertheless.
    let honest = reading();
    let last = honest.last_row();
    // A bit above all others, at the first value and after another one.
    for (index, violation, rule) in [(0, ("CHECKED", 0), "ends"), (5, ("checked value", 39), "a range-checked value")] {
        let mut attempt = honest.clone();
        let rows = rows_of_value(index);
        attempt.main[CHECKED.start][rows.start] = Felt252::ONE;
        attempt.put_together(rows);
        attempt.assert_rejected(&[violation], rule, violation.1);
    }
    // A highest limb of 17 bits.
    let mut attempt = honest.clone();
    let rows = rows_of_value(5);
    attempt.main[BYTE.at(1)][rows.start] = Felt252::new(256);
    attempt.put_together(rows.clone());
    attempt.recount();
    attempt.assert_rejected(&[("BUS", last)], "bytes", rows.start);
    // One bit less is a value as any other.
    attempt.main[BYTE.at(1)][rows.start] = Felt252::new(255);
    attempt.put_together(rows);
    attempt.recount();
    attempt.assert_accepted();
}

#[test]
fn a_table_does_not_give_what_another_one_lacks() {
    // Where values are zero, addresses, offsets and bytes are single numbers that only their domains tell apart.
    let bus = |attempt: &Attempt| [("BUS", attempt.last_row())];
    let offset = 1 << 15;
    let entry = |attempt: &Attempt| usize::from(offset - attempt.public_inputs.offsets[0]);

    // No cell has the address 0, or one as high as an offset.
    let mut attempt = reading_from(0, Felt252::ZERO);
    attempt.main[BYTE_USES.start][0] += Felt252::ONE;
    attempt.assert_rejected(&bus(&attempt), "memory", HEADER_STEPS);
    let mut attempt = reading_from(offset.into(), Felt252::ZERO);
    let row = entry(&attempt);
    attempt.main[OFFSET_USES.start][row] += Felt252::ONE;
    attempt.assert_rejected(&bus(&attempt), "memory", HEADER_STEPS);

    // No byte is as high as the address of an empty cell, or as an offset.
    let honest = reading();
    let address = 300;
    let (column, cell_row) = honest.cell(address);
    let row = rows_of_value(9).end - 1;
    let uses = [(address, CELL_READERS.at(column - CELL.start), cell_row), (offset.into(), OFFSET_USES.start, entry(&honest))];
    for (byte, column, entry) in uses {
        let mut attempt = honest.clone();
        attempt.main[BYTE.at(0)][row] = Felt252::new(byte);
        attempt.recount();
        attempt.main[column][entry] += Felt252::ONE;
        attempt.assert_rejected(&bus(&attempt), "bytes", row);
    }
}

// BEGIN AND END
// ================================================================================================

#[test]
fn wrong_registers_at_the_ends_are_rejected() {
    let honest = honest(&with_builtins());
    let steps = honest.public_inputs.steps;
    for (register, name) in ["PC", "AP", "FP"].into_iter().enumerate() {
        let mut attempt = honest.clone();
        attempt.public_inputs.initial[register] += 1;
        attempt.assert_rejected(&[(name, 0)], "ends", 0);
        let mut attempt = honest.clone();
        attempt.public_inputs.last[register] += 1;
        attempt.assert_rejected(&[(name, steps)], "ends", steps);
    }
    let mut attempt = honest;
    attempt.public_inputs.last_pc += 1;
    attempt.assert_rejected(&[("PC", steps - 1)], "ends", steps - 1);
}

#[test]
fn a_wrong_number_of_steps_is_rejected() {
    let program = with_builtins();
    let honest = honest(&program);
    let steps = honest.public_inputs.steps;
    let mut attempt = honest.clone();
    attempt.public_inputs.steps = steps - 1;
    attempt.assert_rejected(&[("PC", steps - 2), ("PC", steps - 1), ("FP", steps - 1)], "ends", steps - 2);
    for more in [1, 2, 100] {
        let mut attempt = honest.clone();
        attempt.public_inputs.steps = steps + more;
        attempt.assert_rejected(&[("PC", steps + more - 1)], "ends", steps + more - 1);
        // An execution may stay in the endless loop for some steps as far as the AIR is concerned: that it does not is up to the claim.
        attempt.public_inputs.last_pc = attempt.public_inputs.last[0];
        attempt.assert_accepted();
    }
    let mut claim = Witness::new(&Machine::new(&program).run(), Preset::Fast).unwrap().claim;
    claim.steps += 1;
    claim.last_pc = 1 + HALT as u32;
    assert_eq!(claim.check(), Err(ClaimError::Halted));
}

#[test]
fn a_bus_that_does_not_begin_and_end_at_its_values_is_rejected() {
    let honest = reading();
    let (random, last) = (honest.random(), honest.last_row());
    let shifted = |attempt: &Attempt, from: usize, by: Felt252| {
        let mut auxiliary = attempt.auxiliary(&random);
        auxiliary[BUS.start][from..].iter_mut().for_each(|sum| *sum += by);
        attempt.auxiliary_violations(&auxiliary, &random, 0..last)
    };
    assert_eq!(shifted(&honest, 0, Felt252::ONE), [("BUS", 0), ("BUS", last)]);
    assert_eq!(shifted(&honest, 1, Felt252::ONE), [("bus", 0), ("BUS", last)]);
    assert_eq!(shifted(&honest, last, Felt252::ONE), [("bus", last - 1), ("BUS", last)]);

    // A memory that is not balanced, with a sum that makes up for it.
    let mut attempt = honest.clone();
    attempt.set_dst(HEADER_STEPS, Felt252::new(1 << 40));
    let missing = honest.auxiliary(&random)[BUS.start][last] - attempt.auxiliary(&random)[BUS.start][last];
    assert_eq!(shifted(&attempt, 0, missing), [("BUS", 0)]);
    assert_eq!(shifted(&attempt, 300, missing), [("bus", 299)]);
    assert_eq!(shifted(&attempt, last, missing), [("bus", last - 1)]);
}

// INSTRUCTIONS
// ================================================================================================

#[test]
fn offsets_outside_16_bits_are_rejected() {
    let honest = reading();
    let (row, last) = (HEADER_STEPS, honest.last_row());
    let carry = Felt252::new(1 << 16);
    // The same word, with a carry from one offset to the next, in both directions, and from the last one to the flags.
    for (from, carry, to, by) in [
        (OFFSET.at(0), carry, OFFSET.at(1), -Felt252::ONE),
        (OFFSET.at(0), -carry, OFFSET.at(1), Felt252::ONE),
        (OFFSET.at(1), carry, OFFSET.at(2), -Felt252::ONE),
        (OFFSET.at(1), -carry, OFFSET.at(2), Felt252::ONE),
        (OFFSET.at(2), carry, FLAG.at(0), -Felt252::ONE),
    ] {
        let mut attempt = honest.clone();
        attempt.main[from][row] += carry;
        attempt.main[to][row] += by;
        attempt.recount();
        attempt.assert_rejected(&[("BUS", last)], "offsets", row);
    }
}

#[test]
fn an_offset_outside_the_table_is_rejected() {
    // The table ends above the least offset or below the greatest one. Those are -2, of `ret`, and 1, of the header.
    let honest = reading();
    let last = honest.last_row();
    let [least, greatest] = honest.public_inputs.offsets;
    for (offsets, row) in [([least + 1, greatest], HEADER_STEPS + 2), ([least, greatest - 1], 0)] {
        let mut attempt = honest.clone();
        attempt.public_inputs.offsets = offsets;
        let [first, end] = offsets.map(u64::from);
        let entries = (first..=end).chain(std::iter::repeat(end));
        attempt.main[OFFSET_ENTRY.start] = entries.take(attempt.rows()).map(Felt252::new).collect();
        attempt.recount();
        attempt.assert_rejected(&[("BUS", last)], "offsets", row);
    }
}

#[test]
fn a_table_of_offsets_with_a_jump_is_rejected() {
    let read = Instruction { offsets: [-4, -1, -1], ..Instruction::IDLE };
    let honest = honest(&program(&[], &[Line::Plain(read), Line::Plain(Instruction::RETURN)]));
    // The entry that nobody uses, that of -3, is left out.
    let row = 1;
    assert_eq!(honest.get(OFFSET_USES.start, row), Felt252::ZERO);
    let mut attempt = honest.clone();
    let greatest = attempt.get(OFFSET_ENTRY.start, attempt.last_row());
    attempt.main[OFFSET_ENTRY.start].remove(row);
    attempt.main[OFFSET_ENTRY.start].push(greatest);
    attempt.recount();
    attempt.assert_rejected(&[("offset entry", row - 1)], "offsets rise by 0 or 1", row - 1);
    // An entry below the ones before.
    let mut attempt = honest.clone();
    let last = attempt.last_row();
    attempt.main[OFFSET_ENTRY.start][last - 1] -= Felt252::ONE;
    attempt.recount();
    attempt.assert_rejected(&[("offset entry", last - 2)], "offsets rise by 0 or 1", last - 2);
    // Other ends than the claim's.
    for (end, at) in [(0, 0), (1, last)] {
        let mut attempt = honest.clone();
        attempt.public_inputs.offsets[end] += 1;
        attempt.assert_rejected(&[("OFFSET_ENTRY", at)], "ends", at);
    }
}

#[test]
fn flags_that_are_not_bits_are_rejected() {
    let honest = honest(&with_builtins());
    let mut tried = 0;
    for (row, flag) in (0..honest.public_inputs.steps).flat_map(|row| (0..FLAGS - 1).map(move |flag| (row, flag))) {
        // The same word: 0 1 as 2 0, and 1 0 as -1 1.
        let (low, high) = (FLAG.at(flag), FLAG.at(flag + 1));
        let change = match [low, high].map(|column| honest.number(column, row)) {
            [0, 1] => Felt252::new(2),
            [1, 0] => -Felt252::new(2),
            _ => continue,
        };
        let mut attempt = honest.clone();
        attempt.main[low][row] += change;
        attempt.main[high][row] -= change / Felt252::new(2);
        let violations = attempt.main_violations([row]);
        assert!(violations.contains(&("flag", row)), "{violations:?}");
        assert_eq!(attempt.checker().check_row(row), Err(Broken { rule: "flags are bits", row }));
        tried += 1;
    }
    assert!(tried > 50, "{tried} flags");
}

/// Pushes a number, and jumps over one `ret` to another if it is not zero.
fn branch(condition: i64) -> Vec<Line> {
    let ret = Line::Plain(Instruction::RETURN);
    vec![Line::With(Instruction::PUSH_IMMEDIATE, felt(condition)), Line::With(Instruction::LOOP, felt(3)), ret, ret]
}

/// An execution of [`branch`] that goes where it is told to.
fn branching(condition: i64, jumps: bool) -> Attempt {
    let target = MAIN + 2 + if jumps { 3 } else { 2 };
    let mut stack = below_main();
    stack.push(Some(Value::Felt(felt(condition))));
    lie(&branch(condition), &[[MAIN + 2, 5, 4], [target, 5, 4], [HALT as u32, 5, 2]], stack)
}

#[test]
fn a_conditional_jump_that_lies_about_its_condition_is_rejected() {
    let row = HEADER_STEPS + 1;
    for condition in [1, -1, 1 << 40] {
        let mut attempt = branching(condition, true);
        attempt.assert_accepted();
        // A jump shows that its condition is not zero.
        attempt.main[RES.start][row] = Felt252::ZERO;
        attempt.set_dst(row, felt(condition));
        attempt.assert_rejected(&[("pc not jumping", row)], "the inverse", row);

        let mut attempt = branching(condition, false);
        attempt.assert_rejected(&[("pc jumping", row)], "pc", row);
        // Whatever is said to be the inverse.
        for inverse in [0, 1, 2] {
            attempt.main[RES.start][row] = Felt252::new(inverse);
            attempt.set_dst(row, felt(condition));
            attempt.assert_rejected(&[("pc jumping", row)], "pc", row);
        }
        // A zero that is not what memory holds.
        attempt.set_dst(row, Felt252::ZERO);
        attempt.recount();
        attempt.assert_rejected(&[("BUS", attempt.last_row())], "memory", row);
    }
    branching(0, false).assert_accepted();
    let mut attempt = branching(0, true);
    attempt.assert_rejected(&[("pc not jumping", row)], "pc", row);
    for inverse in [1, 2] {
        attempt.main[RES.start][row] = Felt252::new(inverse);
        attempt.assert_rejected(&[("pc not jumping", row)], "pc", row);
    }
    // The product of zero and its inverse is not one.
    attempt.main[DST_RES.start][row] = Felt252::ONE;
    attempt.assert_rejected(&[("dst_res", row)], "dst_res", row);
    // A condition that is not what memory holds.
    attempt.main[RES.start][row] = Felt252::ONE;
    attempt.set_dst(row, Felt252::ONE);
    attempt.recount();
    attempt.assert_rejected(&[("BUS", attempt.last_row())], "memory", row);
}

/// A main function that calls one that returns at once, and then returns.
fn calling() -> Vec<Line> {
    let ret = Line::Plain(Instruction::RETURN);
    let call = Instruction {
        offsets: [0, 1, 1],
        dst: Register::Ap,
        op0: Register::Ap,
        op1: Source::Immediate,
        pc: PcUpdate::JumpRelative,
        opcode: Opcode::Call,
        ..Instruction::IDLE
    };
    vec![Line::With(call, felt(3)), ret, ret]
}

#[test]
fn a_call_that_saves_a_wrong_frame_or_return_address_is_rejected() {
    let (end, called, behind) = (HALT as u32, MAIN + 3, MAIN + 2);
    let row = HEADER_STEPS;
    let stack = |saved: [Option<Value>; 2], others: &[Option<Value>]| [&below_main()[..], &saved, others].concat();

    let true_stack = stack([pointer(1, 4), pointer(0, behind)], &[]);
    lie(&calling(), &[[called, 6, 6], [behind, 6, 4], [end, 6, 2]], true_stack).assert_accepted();
    // The call returns into a frame that the prover has made up.
    let frame = [None, None, pointer(1, 2), pointer(0, end)];
    let attempt = lie(&calling(), &[[called, 6, 6], [behind, 6, 10], [end, 6, 2]], stack([pointer(1, 10), pointer(0, behind)], &frame));
    attempt.assert_rejected(&[("saved fp", row)], "a call saves fp", row);
    // The call returns to where it was not called from.
    let attempt = lie(&calling(), &[[called, 6, 6], [called, 6, 4], [end, 6, 2]], stack([pointer(1, 4), pointer(0, called)], &[]));
    attempt.assert_rejected(&[("return address", row)], "a call saves the return address", row);
}

#[test]
fn registers_that_change_by_themselves_are_rejected() {
    // Between two steps that do nothing the stack is another one.
    let idle = vec![Line::Plain(Instruction::IDLE), Line::Plain(Instruction::RETURN)];
    let end = HALT as u32;
    let row = HEADER_STEPS;
    lie(&idle, &[[MAIN + 1, 4, 4], [end, 4, 2]], below_main()).assert_accepted();
    let frame = [&below_main()[..], &[pointer(1, 2), pointer(0, end)]].concat();
    lie(&idle, &[[MAIN + 1, 4, 6], [end, 4, 2]], frame).assert_rejected(&[("fp", row)], "fp", row);
    lie(&idle, &[[MAIN + 1, 5, 4], [end, 5, 2]], below_main()).assert_rejected(&[("ap", row)], "ap", row);
    lie(&idle, &[[MAIN, 4, 4], [MAIN + 1, 4, 4], [end, 4, 2]], below_main()).assert_rejected(&[("pc", row)], "pc", row);
}

#[test]
fn a_word_with_more_bits_than_an_instruction_is_not_executed() {
    // The word that memory holds has one of these bits too, and the step is that of all others.
    for bit in [63, 64, 127, 250] {
        let mut attempt = reading();
        let row = HEADER_STEPS;
        let pc = attempt.number(PC.start, row);
        let (column, cell_row) = attempt.cell(pc);
        let word = attempt.get(column, cell_row) + (0..bit).fold(Felt252::ONE, |power, _| power.double());
        attempt.main[column][cell_row] = word;
        attempt.public_inputs.memory.iter_mut().filter(|(address, _)| *address == pc).for_each(|(_, felt)| *felt = word);
        attempt.recount();
        attempt.assert_rejected(&[("BUS", attempt.last_row())], "memory", row);
    }
}

// FREEDOM
// ================================================================================================

#[test]
fn cells_that_are_free_together_change_nothing_that_is_claimed() {
    // A conditional jump to the next instruction: whether there is an inverse does not matter.
    let ret = Line::Plain(Instruction::RETURN);
    let idle = [Line::With(Instruction::PUSH_IMMEDIATE, felt(9)), Line::With(Instruction::LOOP, felt(2)), ret];
    let mut attempt = honest(&program(&[], &idle));
    let row = HEADER_STEPS + 1;
    attempt.main[RES.start][row] = Felt252::new(1_000);
    attempt.set_dst(row, Felt252::new(9));
    attempt.assert_accepted();

    let mut attempt = honest(&with_builtins());
    let (last, one) = (attempt.last_row(), Felt252::ONE);
    // Uses of what several rows give: the greatest offset, and a byte.
    let [least, greatest] = attempt.public_inputs.offsets.map(usize::from);
    for (column, [from, to]) in [(OFFSET_USES.start, [greatest - least, last - 1]), (BYTE_USES.start, [0, BYTE_PERIOD])] {
        attempt.main[column][from] -= one;
        attempt.main[column][to] += one;
    }
    // A range-checked value that nobody reads, and cells that nobody reads.
    let rows = rows_of_value(9);
    rows.clone().for_each(|row| attempt.main[BYTE.at(1)][row] = Felt252::new(0xab));
    attempt.put_together(rows);
    attempt.main[BYTE_USES.start][0xab] += Felt252::new(CHECK_PERIOD as u64);
    attempt.main[BYTE_USES.start][0] -= Felt252::new(CHECK_PERIOD as u64);
    (400..410).for_each(|row| attempt.main[CELL.at(1)][row] = -one);
    // What the last row does.
    let follows = [PC, AP, FP, ROW, OFFSET_ENTRY, CHECKED].map(|column| column.start);
    for column in (0..MAIN_WIDTH).filter(|column| !follows.contains(column)) {
        attempt.main[column][last] += one;
    }
    attempt.assert_accepted();
}
