//! From a trace program that has its rows to the values of the fixed columns.

use maat_verifier::air::final_row;
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Mode, signed_element};
use winterfell::math::FieldElement;

use super::TraceProgram;
use super::builder::{Cell, Operation, Source};
use super::schedule::Slot;
use crate::random;

/// The fixed columns, in the order of the layout, each with a value a row.
pub(crate) fn fixed_columns(program: &TraceProgram) -> Vec<Vec<Goldilocks>> {
    let layout = program.layout;
    let Room { lanes, reads, .. } = layout.room;
    let mut columns = vec![vec![Goldilocks::ZERO; program.rows]; layout.fixed_width()];
    let mut set = |column: usize, row: usize, value: Goldilocks| columns[column - layout.witness_width()][row] = value;
    let (builder, schedule) = (&program.builder, &program.schedule);
    let first_mask_row = program.first_mask_row();
    let readers = readers(program);
    let number = |value: u64| Goldilocks::new(value);

    for row in 0..program.rows {
        let content = program.row(row);
        for (lane, (cell, coefficient)) in content.lanes.iter().enumerate() {
            set(layout[READ_ADDRESS].at(lane), row, number(builder.addresses[cell.index()]));
            set(layout[READ_COEFFICIENT].at(lane), row, signed_element(*coefficient));
        }
        for (unit, slot) in content.units.iter().enumerate() {
            if let Some(operation) = program.operation(*slot) {
                set_unit(&mut set, unit, row, operation, program, readers[operation.target.index()]);
            }
        }
        for flag in Layout::flags().filter(|flag| layout[*flag].count > 0) {
            set(layout[flag].start, row, number(content.flag(flag).into()));
        }
    }
    set(layout[FINAL].start, first_mask_row - 1, Goldilocks::ONE);
    // The last row reads, too, but counts in no proof.
    set(layout[UNIT_ADDRESS].at(0), first_mask_row, number(builder.addresses[Cell::SPARE.index()]));
    set(layout[UNIT_READERS].at(0), first_mask_row, number((reads * (MASK_ROWS - 1)) as u64));

    for weights in &schedule.weights {
        let values = builder.groups()[weights.group].products[weights.product].left.weights();
        for (lane, weight) in (lanes - weights.count..).zip(&values[weights.start..][..weights.count]) {
            set(layout[WEIGHTS].at(lane), weights.row, signed_element(*weight));
        }
    }
    for (row, input) in builder.inputs.iter().enumerate() {
        set(layout[INPUT].start, row, Goldilocks::ONE);
        set(layout[INPUT_READERS].start, row, number(readers[input.cell.index()]));
        set(layout[INPUT_LO].start, row, signed_element(input.lo));
        for (limb, width) in limb_widths(input.bits, builder.limb_bits).into_iter().enumerate() {
            set(layout[INPUT_WIDTH].at(limb), row, number(width.into()));
        }
    }
    (0..builder.outputs.len()).for_each(|row| set(layout[OUTPUT].start, row, Goldilocks::ONE));
    for (width, value) in (0..=builder.limb_bits).flat_map(|width| (0..1u64 << width).map(move |value| (width, value))) {
        let (table, row) = table_position(width, value, program.rows);
        set(layout[TABLE_WIDTH].at(table), row, number(width.into()));
        set(layout[TABLE_VALUE].at(table), row, number(value));
    }
    // No address after the constants is looked up: a look-up's argument is bounded by its function's length.
    for row in 0..program.rows {
        set(layout[ROW].start, row, number(row as u64));
        set(layout[CONSTANT_VALUE].start, row, builder.constants.get(row).map_or(Goldilocks::ZERO, |value| signed_element(*value)));
    }
    columns
}

/// The fixed columns of a private model for one proof: the rows after the final one are random, and nothing reads them in a hiding proof.
pub(crate) fn masked_columns(mut columns: Vec<Vec<Goldilocks>>, key: [u8; 32]) -> Vec<Vec<Goldilocks>> {
    let mut elements = random::elements(blake3::Hasher::new_keyed(&key).finalize_xof());
    for column in &mut columns {
        let last = final_row(column.len(), Mode::Hiding);
        column[last + 1..].iter_mut().zip(&mut elements).for_each(|(value, element)| *value = element);
    }
    columns
}

fn set_unit(
    set: &mut impl FnMut(usize, usize, Goldilocks),
    unit: usize,
    row: usize,
    operation: &Operation,
    program: &TraceProgram,
    readers: u64,
) {
    let (builder, layout) = (&program.builder, program.layout);
    set(layout[UNIT_ADDRESS].at(unit), row, Goldilocks::new(builder.addresses[operation.target.index()]));
    set(layout[UNIT_READERS].at(unit), row, Goldilocks::new(readers));
    match operation.source {
        Source::Accumulator => {
            let power = Goldilocks::new(1 << operation.shift.unsigned_abs());
            set(layout[UNIT_SCALE].at(unit), row, if operation.shift < 0 { power.inv() } else { power });
            set(layout[UNIT_BIAS].at(unit), row, signed_element(operation.offset()));
            if unit < layout.room.readers() {
                for (column, coefficient) in [UNIT_FIRST, UNIT_SECOND, UNIT_PRODUCT].into_iter().zip(operation.coefficients) {
                    set(layout[column].at(unit), row, signed_element(coefficient));
                }
            }
        }
        Source::Lookup { first } => {
            set(layout[LOOKUP].at(unit), row, Goldilocks::ONE);
            set(layout[LOOKUP_ADDRESS].at(unit), row, signed_element(first));
        }
        Source::Digit { .. } | Source::Quotient { .. } => {}
    }
    if let Some(check) = operation.check {
        set(layout[UNIT_CHECKED].at(unit), row, Goldilocks::ONE);
        set(layout[UNIT_LO].at(unit), row, signed_element(check.lo));
        if check.floating {
            set(layout[UNIT_FLOATING].at(unit), row, Goldilocks::ONE);
        }
        set(layout[UNIT_HI].at(unit), row, signed_element(check.hi));
    }
    let Room { limbs, .. } = layout.room;
    let fits = |bits: &u32| *bits <= builder.number_bits();
    assert!(operation.widths().iter().all(fits), "the builder has let in a number that its limbs do not hold");
    let widths = operation.widths().into_iter().flat_map(|bits| limb_widths(bits, builder.limb_bits).into_iter().take(limbs));
    for (limb, width) in widths.enumerate() {
        set(layout[UNIT_WIDTH].at(unit * layout.room.unit_limbs() + limb), row, Goldilocks::new(width.into()));
    }
}

/// How often each cell is read above the mask rows.
fn readers(program: &TraceProgram) -> Vec<u64> {
    let mut readers = vec![0; program.builder.n_cells()];
    let lanes = (0..program.first_mask_row()).flat_map(|row| program.row(row).lanes);
    lanes.map(|(cell, _)| *cell).chain(program.builder.outputs.iter().copied()).for_each(|cell| readers[cell.index()] += 1);
    readers
}

/// The widths of the low and the high limb of a number. Where there is one limb alone, no number is wider.
pub(crate) fn limb_widths(bits: u32, limb_bits: u32) -> [u32; 2] {
    [bits.min(limb_bits), bits.saturating_sub(limb_bits)]
}

/// Column and row of an entry of the range table.
pub(crate) fn table_position(width: u32, value: u64, rows: usize) -> (usize, usize) {
    let position = (1usize << width) - 1 + value as usize;
    (position / (rows - MASK_ROWS), position % (rows - MASK_ROWS))
}

impl TraceProgram {
    /// The operation of a unit.
    pub(crate) fn operation(&self, slot: Slot) -> Option<&Operation> {
        match slot {
            Slot::Idle => None,
            Slot::Grouped { group, index } => Some(&self.builder.groups()[group as usize].operations[index as usize]),
            Slot::Single { index } => Some(&self.builder.singles()[index as usize]),
        }
    }
}
