//! The witness: the columns that differ from proof to proof.

use maat_verifier::air::final_row;
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Mode, Salt, ValueDigest, signed_element};
use winterfell::math::FieldElement;

use crate::program::{Slot, TraceProgram, limb_widths, table_position};

/// The witness columns of a run of a program, and the outputs.
pub(crate) struct Witness {
    /// The witness columns of the layout.
    pub(crate) columns: Vec<Vec<Goldilocks>>,
    /// All outputs, inference by inference.
    pub(crate) outputs: Vec<i32>,
}

impl Witness {
    /// Runs a program on all inputs, inference by inference, which the model accepts. The salt of a committed side follows its values.
    pub(crate) fn new(program: &TraceProgram, inputs: &[i32], mode: Mode, salts: [Option<&Salt>; SIDES]) -> Self {
        let (values, products) = program.evaluate(inputs);
        let (rows, layout) = (program.rows, program.layout);
        let (limbs_each, unit_limbs) = (layout.room.limbs, layout.room.unit_limbs());
        let (limb_bits, number_bits) = (program.builder.limb_bits, program.builder.number_bits());
        let mut columns = vec![vec![Goldilocks::ZERO; rows]; layout.witness_width()];
        let mut uses = Uses::new(program);
        let mut set = |column: usize, row: usize, value: Goldilocks| columns[column][row] = value;

        for row in 0..rows {
            let content = program.row(row);
            // The terms of the rows from the final one on are in no sum.
            let counted = row < final_row(rows, mode);
            for (lane, (cell, _)) in content.lanes.iter().enumerate() {
                set(layout[READ_VALUE].at(lane), row, signed_element(values.of(*cell)));
            }
            for (unit, slot) in content.units.iter().enumerate() {
                let products = match slot {
                    Slot::Grouped { group, index } => products[*group as usize][*index as usize],
                    _ => 0,
                };
                let Some(operation) = program.operation(*slot) else {
                    uses.count(counted, std::iter::repeat_n((0, 0), unit_limbs));
                    continue;
                };
                let numbers = values.numbers(operation, products);
                set(layout[UNIT_VALUE].at(unit), row, signed_element(numbers.y));
                set(layout[UNIT_BASE].at(unit), row, signed_element(numbers.base));
                set(layout[UNIT_SIDE].at(unit), row, signed_element(numbers.side));
                let widths = operation.widths();
                assert!(widths.iter().all(|bits| *bits <= number_bits), "the builder has let in a number that its limbs do not hold");
                let limbs = numbers
                    .limbs
                    .into_iter()
                    .zip(widths)
                    .flat_map(|(number, width)| limbs(number, width, limb_bits).into_iter().take(limbs_each));
                for (limb, (_, value)) in limbs.clone().enumerate() {
                    set(layout[UNIT_LIMB].at(unit * unit_limbs + limb), row, Goldilocks::new(value));
                }
                uses.count(counted, limbs);
                if let Some(address) = values.looked_up(operation) {
                    uses.constants[address] += 1;
                }
            }
            let input = program.builder.inputs.get(row).zip(inputs.get(row));
            if let Some((input, value)) = input {
                set(layout[INPUT_VALUE].start, row, signed_element((*value).into()));
                let limbs = limbs(i64::from(*value) - input.lo, input.bits, limb_bits);
                for (limb, (_, value)) in limbs.into_iter().enumerate() {
                    set(layout[INPUT_LIMB].at(limb), row, Goldilocks::new(value));
                }
                uses.count(counted, limbs);
            } else {
                uses.count(counted, [(0, 0); INPUT_LIMBS]);
            }
        }
        let outputs: Vec<i64> = program.builder.outputs.iter().map(|cell| values.of(*cell)).collect();
        for (row, output) in outputs.iter().enumerate() {
            set(layout[OUTPUT_VALUE].start, row, signed_element(*output));
        }
        uses.write(&mut columns, rows);
        for ((column, used), salt) in [(INPUT_VALUE, inputs.len()), (OUTPUT_VALUE, outputs.len())].into_iter().zip(salts) {
            let Some(salt) = salt else { continue };
            // The values are followed by the salt, and the salt by their number.
            let salt = salt.elements().take(ValueDigest::salt_length(used)).chain([Goldilocks::new(used as u64)]);
            columns[layout[column].start][used..].iter_mut().zip(salt).for_each(|(value, element)| *value = element);
        }
        let outputs = outputs.into_iter().map(|output| i32::try_from(output).expect("a model's outputs are within 32 bits")).collect();
        Self { columns, outputs }
    }
}

/// Width and value of the low and the high limb of a number.
fn limbs(number: i64, bits: u32, limb_bits: u32) -> [(u32, u64); 2] {
    let number = number.unsigned_abs();
    let [low, high] = limb_widths(bits, limb_bits);
    [(low, number & ((1 << limb_bits) - 1)), (high, number >> limb_bits)]
}

/// How often each entry of the range table and each constant is used.
struct Uses {
    layout: &'static Layout,
    rows: usize,
    ranges: Vec<Vec<u32>>,
    constants: Vec<u64>,
}

impl Uses {
    fn new(program: &TraceProgram) -> Self {
        let ranges = (0..=program.builder.limb_bits).map(|width| vec![0; 1 << width]).collect();
        Self { layout: program.layout, rows: program.rows, ranges, constants: vec![0; program.builder.n_constants()] }
    }

    fn count(&mut self, counted: bool, limbs: impl IntoIterator<Item = (u32, u64)>) {
        if counted {
            limbs.into_iter().for_each(|(width, value)| self.ranges[width as usize][value as usize] += 1);
        }
    }

    fn write(&self, columns: &mut [Vec<Goldilocks>], rows: usize) {
        let layout = self.layout;
        for (width, uses) in (0..).zip(&self.ranges) {
            for (value, uses) in (0..).zip(uses) {
                let (table, row) = table_position(width, value, self.rows);
                columns[layout[TABLE_USES].at(table)][row] = Goldilocks::new((*uses).into());
            }
        }
        for (value, uses) in columns[layout[CONSTANT_USES].start][..rows].iter_mut().zip(&self.constants) {
            *value = Goldilocks::new(*uses);
        }
    }
}
