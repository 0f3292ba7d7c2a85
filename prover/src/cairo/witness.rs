//! The main segment: from an execution to the cells of [`maat_verifier::cairo::columns`].

use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{Builtin, Claim, Execution, PublicInputs, Registers, Value};
use maat_verifier::{Felt252, Preset};
use rayon::prelude::*;
use winterfell::math::{FieldElement, batch_inversion};

use super::error::CairoProveError;
use super::instruction::Instruction;
use super::memory::{Memory, Place, lengths};

/// Rows that a thread fills at a time.
const CHUNK: usize = 512;

/// The main segment of a trace, and what it proves.
pub(super) struct Witness {
    pub(super) claim: Claim,
    /// The claim's.
    pub(super) public_inputs: PublicInputs,
    pub(super) columns: Vec<Vec<Felt252>>,
}

/// A row of the CPU, before it is written down.
struct Step {
    instruction: Instruction,
    /// `pc`, `ap` and `fp`.
    registers: [u64; 3],
    /// Where `dst`, `op0` and `op1` are.
    operands: [Place; 3],
}

/// How often each entry of a table is taken.
struct Uses {
    cells: Vec<u32>,
    checked: Vec<u32>,
    offsets: Vec<u32>,
    bytes: Vec<u32>,
}

impl Uses {
    fn read(&mut self, place: Place) {
        match place {
            Place::Cell(index) => self.cells[index] += 1,
            Place::Checked(index) => self.checked[index] += 1,
        }
    }
}

impl Witness {
    /// Fills the trace of an execution, in the fewest rows that it fits into.
    pub(super) fn new(execution: &Execution, preset: Preset) -> Result<Self, CairoProveError> {
        let offsets = offset_range(execution)?;
        let rows = rows(execution, offsets)?;
        let memory = Memory::new(execution, rows)?;
        let claim = claim(execution, &memory, preset, rows, offsets)?;

        let steps = steps(execution, &memory, rows)?;
        let public_inputs = claim.public_inputs();
        let uses = uses(&steps, &memory, &public_inputs, rows)?;
        let mut columns = vec![vec![Felt252::ZERO; rows]; MAIN_WIDTH];
        // A chunk of rows is a part of each column.
        let mut chunks: Vec<Vec<&mut [Felt252]>> = (0..rows.div_ceil(CHUNK)).map(|_| Vec::with_capacity(MAIN_WIDTH)).collect();
        for column in &mut columns {
            chunks.iter_mut().zip(column.chunks_mut(CHUNK)).for_each(|(chunk, part)| chunk.push(part));
        }
        chunks.into_par_iter().zip(steps.par_chunks(CHUNK)).enumerate().for_each(|(chunk, (mut columns, steps))| {
            fill_steps(&mut columns, steps, &memory);
            fill_tables(&mut columns, chunk * CHUNK, &memory, &uses, offsets);
        });
        Ok(Self { claim, public_inputs, columns })
    }
}

/// The instruction that a step executes.
fn instruction(execution: &Execution, step: usize) -> Result<Instruction, CairoProveError> {
    let pc = execution.registers[step].pc as usize;
    let outside = || CairoProveError::Address { step, address: format!("{pc} of the bytecode") };
    let word = *execution.program.bytecode().get(pc).ok_or_else(outside)?;
    Instruction::decode(word).ok_or_else(|| CairoProveError::Instruction { step, word: word.to_string() })
}

/// The least and the greatest offset of all instructions that are executed.
fn offset_range(execution: &Execution) -> Result<[u16; 2], CairoProveError> {
    let mut range = [u16::MAX, 0];
    for step in 0..execution.registers.len() {
        for offset in instruction(execution, step)?.offsets {
            range = [range[0].min(offset), range[1].max(offset)];
        }
    }
    Ok(range)
}

/// The fewest rows that an execution fits into.
fn rows(execution: &Execution, [least, greatest]: [u16; 2]) -> Result<usize, CairoProveError> {
    let (cells, range_checks) = lengths(execution);
    // The last row is not checked, so that nothing may be in it; the last state is that of the endless loop.
    let registers = execution.registers.len();
    let entries = usize::from(greatest.saturating_sub(least)) + 1;
    // The claim's final `ap` must not lie beyond the cells, even if nothing was written there.
    let stack_end = execution.program.bytecode().len() + execution.registers.last().map_or(0, |last| last.ap as usize);
    let fits = |rows: &usize| {
        (*rows >= registers) && (*rows > entries) && cells.max(stack_end) <= cell_capacity(*rows) && range_checks <= check_capacity(*rows)
    };
    let mut lengths = (MIN_ROWS.ilog2()..=MAX_ROWS.ilog2()).map(|log_rows| 1 << log_rows);
    lengths.find(fits).ok_or(CairoProveError::TooLong { steps: registers.saturating_sub(1), cells, range_checks })
}

/// What the trace of an execution proves.
fn claim(execution: &Execution, memory: &Memory, preset: Preset, rows: usize, offsets: [u16; 2]) -> Result<Claim, CairoProveError> {
    let Execution { program, registers, segments, builtin_segments } = execution;
    let malformed = |reason| CairoProveError::Execution { reason };
    let [.., before, last] = registers[..] else {
        return Err(malformed("it has no steps"));
    };
    let (Some(bytecode), Some(stack)) = (segments.first(), segments.get(1)) else {
        return Err(malformed("it has no bytecode or no stack"));
    };
    if !bytecode.iter().copied().eq(program.bytecode().iter().map(|felt| Some(Value::Felt(*felt)))) {
        return Err(malformed("its first segment is not the program"));
    }
    // What the program leaves on the stack: how far it filled the segment of each builtin.
    let used = |builtin: Builtin| {
        let Some(position) = program.builtins().iter().position(|other| *other == builtin) else {
            return Ok((None, 0));
        };
        let segment = *builtin_segments.get(position).ok_or_else(|| malformed("a builtin has no segment"))?;
        let stop = (last.ap as usize + position).checked_sub(program.builtins().len()).and_then(|cell| *stack.get(cell)?);
        match stop {
            Some(Value::Pointer { segment: found, offset }) if found == segment && (segment as usize) < segments.len() => {
                Ok((Some(segment as usize), offset))
            }
            _ => Err(malformed("it does not end with how far it filled the builtins' segments")),
        }
    };
    let (output_segment, output_length) = used(Builtin::Output)?;
    let (_, range_checks) = used(Builtin::RangeCheck)?;
    // Every address is below 2^32: there are at most twice MAX_ROWS cells.
    let address = |segment: usize, offset: u32| (memory.base(segment) + u64::from(offset)) as u32;
    let output_start = output_segment.map_or(0, |segment| address(segment, 0));
    let first = (output_start as usize).saturating_sub(1);
    let output = memory.cells.get(first..first + output_length as usize).ok_or_else(|| malformed("its output has no memory"))?;
    let claim = Claim {
        program: program.clone(),
        preset,
        rows: rows as u32,
        steps: (registers.len() - 1) as u32,
        last_pc: address(0, before.pc),
        final_ap: address(1, last.ap),
        offsets,
        output_start,
        output: output.to_vec(),
        range_checks,
    };
    claim.check()?;
    Ok(claim)
}

/// Every row of the CPU: the steps, and then the endless loop.
fn steps(execution: &Execution, memory: &Memory, rows: usize) -> Result<Vec<Step>, CairoProveError> {
    let step = |index: usize| {
        let instruction = instruction(execution, index)?;
        let Registers { pc, ap, fp } = execution.registers[index];
        let [pc, ap, fp] = [(0, pc), (1, ap), (1, fp)].map(|(segment, offset)| memory.base(segment) + u64::from(offset));
        let place = |operand: usize, base: u64| {
            let address = (base + u64::from(instruction.offsets[operand])).wrapping_sub(1 << 15);
            memory.place(address).ok_or_else(|| CairoProveError::Address { step: index, address: address.to_string() })
        };
        let register = |by_fp: usize| if instruction.has(by_fp) { fp } else { ap };
        let dst = place(0, register(flag::DST_FP))?;
        let op0 = place(1, register(flag::OP0_FP))?;
        let base = if instruction.has(flag::OP1_IMM) {
            pc
        } else if instruction.has(flag::OP1_FP) {
            fp
        } else if instruction.has(flag::OP1_AP) {
            ap
        } else {
            let op0 = memory.read(op0);
            op0.to_u64().filter(|base| *base < 1 << 32).ok_or_else(|| CairoProveError::Address { step: index, address: op0.to_string() })?
        };
        Ok(Step { instruction, registers: [pc, ap, fp], operands: [dst, op0, place(2, base)?] })
    };
    (0..rows).into_par_iter().map(|row| step(row.min(execution.registers.len() - 1))).collect()
}

/// Counts what all rows but the last take, and what the verifier takes as the public memory.
fn uses(steps: &[Step], memory: &Memory, public_inputs: &PublicInputs, rows: usize) -> Result<Uses, CairoProveError> {
    let mut uses = Uses {
        cells: vec![0; memory.cells.len()],
        checked: vec![0; check_capacity(rows)],
        offsets: vec![0; 1 << 16],
        bytes: vec![0; BYTE_PERIOD],
    };
    for (address, _) in &public_inputs.memory {
        let place = memory.place(*address);
        uses.read(place.ok_or(CairoProveError::Execution { reason: "it has no memory where its claim says there is some" })?);
    }
    for Step { instruction, registers: [pc, ..], operands } in &steps[..rows - 1] {
        uses.read(memory.place(*pc).expect("an instruction was read there"));
        operands.iter().for_each(|place| uses.read(*place));
        instruction.offsets.iter().for_each(|offset| uses.offsets[usize::from(*offset)] += 1);
    }
    for row in 0..rows - 1 {
        checked_bytes(memory, row).iter().for_each(|byte| uses.bytes[usize::from(*byte)] += 1);
    }
    Ok(uses)
}

/// The 16 bits of a range-checked value in a row, as a low and a high byte, the value's highest first.
fn checked_bytes(memory: &Memory, row: usize) -> [u8; 2] {
    ((checked_value(memory, row) >> checked_shift(row)) as u16).to_le_bytes()
}

fn checked_value(memory: &Memory, row: usize) -> u128 {
    memory.checked.get(row / CHECK_PERIOD).copied().unwrap_or(0)
}

/// Bits of a range-checked value below those of a row.
fn checked_shift(row: usize) -> u32 {
    16 * (CHECK_PERIOD - 1 - row % CHECK_PERIOD) as u32
}

/// Writes the steps of the CPU into a chunk of the columns.
fn fill_steps(columns: &mut [&mut [Felt252]], steps: &[Step], memory: &Memory) {
    // The results of conditional jumps, which are inverses: one inversion for all.
    let (mut jumps, mut conditions) = (Vec::new(), Vec::new());
    for (row, Step { instruction, registers, operands }) in steps.iter().enumerate() {
        let mut set = |column: usize, value: Felt252| columns[column][row] = value;
        for bit in 0..FLAGS {
            set(FLAG.at(bit), Felt252::from(instruction.has(bit)));
        }
        for (operand, offset) in instruction.offsets.into_iter().enumerate() {
            set(OFFSET.at(operand), Felt252::from(offset));
        }
        for (register, value) in [PC, AP, FP].into_iter().zip(registers) {
            set(register.start, Felt252::new(*value));
        }
        let [dst, op0, op1] = operands.map(|place| memory.read(place));
        for (column, value) in [(DST, dst), (OP0, op0), (OP1, op1)] {
            set(column.start, value);
        }
        if instruction.has(flag::PC_JNZ) {
            jumps.push(row);
            conditions.push(dst);
        } else {
            let res = match (instruction.has(flag::RES_ADD), instruction.has(flag::RES_MUL)) {
                (true, _) => op0 + op1,
                (_, true) => op0 * op1,
                _ => op1,
            };
            set(RES.start, res);
            set(DST_RES.start, dst * res);
        }
    }
    for ((row, condition), inverse) in jumps.into_iter().zip(&conditions).zip(batch_inversion(&conditions)) {
        columns[RES.start][row] = inverse;
        columns[DST_RES.start][row] = *condition * inverse;
    }
}

/// Writes the tables into a chunk of the columns that begins with row `start`.
fn fill_tables(columns: &mut [&mut [Felt252]], start: usize, memory: &Memory, uses: &Uses, [least, greatest]: [u16; 2]) {
    for index in 0..columns[0].len() {
        let row = start + index;
        let mut set = |column: usize, value: Felt252| columns[column][index] = value;
        set(ROW.start, Felt252::new(row as u64));
        for lane in 0..LANES {
            let cell = LANES * row + lane;
            set(CELL.at(lane), memory.cells.get(cell).copied().unwrap_or_default());
            set(CELL_READERS.at(lane), uses.cells.get(cell).copied().unwrap_or(0).into());
        }
        let offset = usize::from(least) + row;
        set(OFFSET_ENTRY.start, Felt252::new(offset.min(greatest.into()) as u64));
        if offset <= greatest.into() {
            set(OFFSET_USES.start, uses.offsets[offset].into());
        }
        for (part, byte) in checked_bytes(memory, row).into_iter().enumerate() {
            set(BYTE.at(part), Felt252::from(byte));
        }
        set(BYTE_USES.start, uses.bytes.get(row).copied().unwrap_or(0).into());
        // Sixteen bits twice, because Rust does not shift by all 128.
        set(CHECKED.start, Felt252::from(checked_value(memory, row) >> checked_shift(row) >> 16));
        if row % CHECK_PERIOD == CHECK_PERIOD - 1 {
            set(CHECKED_READERS.start, uses.checked.get(row / CHECK_PERIOD).copied().unwrap_or(0).into());
        }
    }
}
