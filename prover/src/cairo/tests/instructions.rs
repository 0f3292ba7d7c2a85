//! The instruction set: every combination of flags that means something is executed, and no other one can be.

use std::collections::BTreeSet;

use maat_verifier::cairo::columns::*;
use maat_verifier::cairo::{Execution, HALT, HEADER_LENGTH, Program, Registers, Value, cpu, verify_program};
use maat_verifier::{Felt252, Preset};
use num_bigint::BigInt;
use winterfell::math::FieldElement;
use winterfell::{Air, EvaluationFrame};

use super::attempt::{Attempt, names};
use super::checker::{number, reduced};
use super::machine::*;
use super::prove;

// ALL INSTRUCTIONS
// ================================================================================================

/// All values of a group of flags, in the order of the whitepaper.
const REGISTERS: [Register; 2] = [Register::Ap, Register::Fp];
const SOURCES: [Source; 4] = [Source::Op0, Source::Immediate, Source::Fp, Source::Ap];
const RESULTS: [Res; 3] = [Res::Op1, Res::Add, Res::Mul];
const PC_UPDATES: [PcUpdate; 4] = [PcUpdate::Next, PcUpdate::Jump, PcUpdate::JumpRelative, PcUpdate::JumpNotZero];
const AP_UPDATES: [ApUpdate; 3] = [ApUpdate::Keep, ApUpdate::AddRes, ApUpdate::AddOne];
const OPCODES: [Opcode; 4] = [Opcode::None, Opcode::Call, Opcode::Return, Opcode::AssertEqual];

/// Combinations of flags that mean something: 16 ways to address operands; without a conditional jump 9 ways to `res` and `pc`, with 3 ways to
/// `ap` for each opcode but the call, and with one 2, 1, 2 and 0 for the opcodes.
const COMBINATIONS: usize = 16 * (9 * (3 * 3 + 1) + 5);

/// Whether a combination means something: a conditional jump has no result that could be computed, added or asserted, and a call moves `ap`
/// by itself.
fn is_defined(instruction: &Instruction) -> bool {
    let Instruction { res, pc, ap, opcode, .. } = *instruction;
    let uses_result = res != Res::Op1 || ap == ApUpdate::AddRes || opcode == Opcode::AssertEqual;
    match (pc, opcode) {
        (PcUpdate::JumpNotZero, _) if uses_result => false,
        (_, Opcode::Call) => ap == ApUpdate::Keep,
        _ => true,
    }
}

/// All combinations that mean something, with all offsets 0.
fn combinations() -> Vec<Instruction> {
    let mut all = vec![Instruction { offsets: [0; 3], ..Instruction::IDLE }];
    all = all.into_iter().flat_map(|one| REGISTERS.map(|dst| Instruction { dst, ..one })).collect();
    all = all.into_iter().flat_map(|one| REGISTERS.map(|op0| Instruction { op0, ..one })).collect();
    all = all.into_iter().flat_map(|one| SOURCES.map(|op1| Instruction { op1, ..one })).collect();
    all = all.into_iter().flat_map(|one| RESULTS.map(|res| Instruction { res, ..one })).collect();
    all = all.into_iter().flat_map(|one| PC_UPDATES.map(|pc| Instruction { pc, ..one })).collect();
    all = all.into_iter().flat_map(|one| AP_UPDATES.map(|ap| Instruction { ap, ..one })).collect();
    all = all.into_iter().flat_map(|one| OPCODES.map(|opcode| Instruction { opcode, ..one })).collect();
    all.into_iter().filter(is_defined).collect()
}

/// The flags of an instruction, as a number.
fn flags(instruction: &Instruction) -> u64 {
    instruction.word().to_u64().expect("an instruction has 63 bits") >> 48
}

// A TOUR OF INSTRUCTIONS
// ================================================================================================

/// Where an instruction leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    Behind,
    Forward,
    Backward,
}

/// The ways an instruction can go.
fn landings(instruction: &Instruction) -> &'static [Landing] {
    match (instruction.pc, instruction.opcode) {
        (PcUpdate::Next, _) => &[Landing::Behind],
        // dst is an address, and so never 0, in calls and returns.
        (PcUpdate::JumpNotZero, Opcode::None) => &[Landing::Behind, Landing::Forward, Landing::Backward],
        _ => &[Landing::Forward, Landing::Backward],
    }
}

/// Felts of code for each case: `ret`, `ap += <immediate>`, the instruction, `ret` right after it or after its immediate operand, `ret`.
const CODE: u64 = 7;
/// The instruction's place there.
const INSTRUCTION: u64 = 3;
/// Cells of the stack for each case. The frame begins at the third one, and `ap` points to the next one.
const STACK: u64 = 8;

/// An execution that executes a list of instructions one after the other.
///
/// What memory holds and what the registers become is written down here as the whitepaper says it should be, for each instruction apart: no
/// machine executes anything. Between two instructions `ret` sets `pc` and `fp` to what the next one expects, and `ap += <immediate>` sets `ap`.
struct Tour {
    /// The memory from [`MAIN`] on: as many felts of code as the cases take, and then the stack.
    memory: Vec<Felt252>,
    cases: usize,
    /// `pc`, `ap` and `fp` before each step and after the last one, as addresses.
    registers: Vec<[u64; 3]>,
}

/// The address of the first felt after the header.
const MAIN: u64 = 1 + HEADER_LENGTH as u64;
/// The address of the endless loop.
const LOOP: u64 = 1 + HALT as u64;

impl Tour {
    fn new(cases: &[(Instruction, Landing)]) -> Self {
        let length = 1 + 6 + (CODE + STACK) as usize * cases.len();
        let mut tour = Self { memory: vec![Felt252::ZERO; length], cases: cases.len(), registers: Vec::new() };
        let (stack, frame) = (tour.stack(), tour.stack() + 2);
        // The main function goes to the first case: pc = [ap + 1], fp = [ap].
        let begin = Instruction { offsets: [0, -1, 1], dst: Register::Ap, op1: Source::Ap, ..Instruction::RETURN };
        tour.set(MAIN, begin.word());
        // The header's frame, that of the main function, and what that one reads.
        for (cell, value) in (stack..).zip([frame, 0, frame, LOOP, tour.frame(0), tour.entry(0)]) {
            tour.set(cell, Felt252::new(value));
        }
        tour.registers = vec![[1, frame, frame], [3, frame, frame], [MAIN, frame + 2, frame + 2]];
        // A number without any pattern for cells that may hold anything.
        let mut random = Felt252::new(3);
        for (case, (instruction, landing)) in cases.iter().enumerate() {
            random = random * random + Felt252::ONE;
            let next = if case + 1 < cases.len() { [tour.entry(case + 1), tour.frame(case + 1)] } else { [LOOP, frame] };
            tour.visit(case, *instruction, *landing, next, random);
        }
        let [_, ap, _] = tour.registers[tour.registers.len() - 1];
        tour.registers.push([LOOP, ap, frame]);
        tour
    }

    /// The first address of the stack.
    fn stack(&self) -> u64 {
        self.entry(self.cases) - 1
    }

    /// `fp` of a case.
    fn frame(&self, case: usize) -> u64 {
        self.stack() + 6 + STACK * case as u64 + 2
    }

    /// Where a case begins: after the first felt of its code.
    fn entry(&self, case: usize) -> u64 {
        MAIN + 1 + CODE * case as u64 + 1
    }

    fn set(&mut self, address: u64, value: Felt252) {
        self.memory[(address - MAIN) as usize] = value;
    }

    /// Writes down one case: an instruction, and all that it needs in order to be executed as it should. `next` are `pc` and `fp` of the next
    /// case.
    fn visit(&mut self, case: usize, mut instruction: Instruction, landing: Landing, next: [u64; 2], random: Felt252) {
        let Instruction { opcode, res, op1, .. } = instruction;
        let (start, fp) = (self.entry(case) - 1, self.frame(case));
        let (pc, ap) = (start + INSTRUCTION, fp + 1);
        let (behind, forward) = (pc + if op1 == Source::Immediate { 2 } else { 1 }, start + CODE - 1);
        let target = match landing {
            Landing::Behind => behind,
            Landing::Forward => forward,
            Landing::Backward => start,
        };
        let distance = felt(target as i64 - pc as i64);

        // What the instruction needs of its operands.
        let result = match (instruction.pc, instruction.ap) {
            (PcUpdate::Jump, _) => Felt252::new(target),
            (PcUpdate::JumpRelative | PcUpdate::JumpNotZero, _) => distance,
            (PcUpdate::Next, ApUpdate::AddRes) => felt(case as i64 % 5 - 2),
            (PcUpdate::Next, _) => random * random,
        };
        // A frame after that of the case, for a return to go to.
        let returned = fp + STACK - 2;
        let dst = match (opcode, instruction.pc, landing) {
            (Opcode::Call, ..) => Felt252::new(fp),
            (Opcode::Return, ..) => Felt252::new(returned),
            (Opcode::AssertEqual, ..) => result,
            (Opcode::None, PcUpdate::JumpNotZero, Landing::Behind) => Felt252::ZERO,
            (Opcode::None, ..) => random + Felt252::ONE,
        };
        // Three cells from ap on, but if the second operand is addressed by a return address, it is in the code.
        let mut cells = [ap, ap + 1, ap + 2];
        let op0 = match (opcode, op1) {
            (Opcode::Call, Source::Op0) => {
                cells[2] = behind + 1;
                Felt252::new(behind)
            }
            (Opcode::Call, _) => Felt252::new(behind),
            (_, Source::Op0) => Felt252::new(cells[2] - 1),
            _ => random,
        };
        if op1 == Source::Immediate {
            cells[2] = pc + 1;
        }
        let second = match res {
            Res::Op1 => result,
            Res::Add => result - op0,
            Res::Mul => result * op0.inv(),
        };
        let register = |register| if register == Register::Fp { fp } else { ap };
        let base = match op1 {
            Source::Op0 => op0.to_u64().expect("op0 is an address"),
            Source::Immediate => pc,
            Source::Fp => fp,
            Source::Ap => ap,
        };
        let bases = [register(instruction.dst), register(instruction.op0), base];
        instruction.offsets = std::array::from_fn(|operand| (cells[operand] as i64 - bases[operand] as i64) as i16);

        // The code: to the right ap, the instruction, and what returns from it wherever it leads to.
        let previous = self.registers[self.registers.len() - 1];
        let add = Instruction { offsets: [-1, -1, 1], op1: Source::Immediate, ap: ApUpdate::AddRes, ..Instruction::IDLE };
        for place in [start, behind, forward] {
            self.set(place, Instruction::RETURN.word());
        }
        self.set(start + 1, add.word());
        self.set(start + 2, felt(ap as i64 - previous[1] as i64));
        self.set(pc, instruction.word());
        for (cell, value) in cells.into_iter().zip([dst, op0, second]) {
            self.set(cell, value);
        }
        // The frame that the last `ret` leaves: that of the case itself, or the one that a return has set.
        let frame = if opcode == Opcode::Return { returned } else { fp };
        self.set(frame - 2, Felt252::new(next[1]));
        self.set(frame - 1, Felt252::new(next[0]));

        // The registers, by the whitepaper.
        self.registers.extend([[start + 1, previous[1], fp], [pc, ap, fp]]);
        let ap = match (opcode, instruction.ap) {
            (Opcode::Call, _) => ap + 2,
            (_, ApUpdate::Keep) => ap,
            (_, ApUpdate::AddRes) => (Felt252::new(ap) + result).to_u64().expect("ap stays small"),
            (_, ApUpdate::AddOne) => ap + 1,
        };
        match opcode {
            Opcode::Call => self.registers.extend([[target, ap, ap], [behind, ap, fp]]),
            _ => self.registers.push([target, ap, frame]),
        }
    }

    fn execution(&self) -> Execution {
        let stack = self.stack();
        let (code, cells) = self.memory.split_at((stack - MAIN) as usize);
        let program = program_of_words(&[], code.iter().copied());
        let segment = |felts: &[Felt252]| felts.iter().map(|felt| Some(Value::Felt(*felt))).collect::<Vec<_>>();
        let registers = self.registers.iter().map(|[pc, ap, fp]| {
            let [pc, ap, fp] = [pc - 1, ap - stack, fp - stack].map(|offset| offset as u32);
            Registers { pc, ap, fp }
        });
        let segments = vec![segment(program.bytecode()), segment(cells)];
        Execution { registers: registers.collect(), segments, program, builtin_segments: Vec::new() }
    }
}

/// The executions of all instructions that mean something, one for each opcode.
fn tours() -> Vec<Execution> {
    let tour = |opcode: Opcode| {
        let instructions = combinations().into_iter().filter(|instruction| instruction.opcode == opcode);
        let cases = instructions.flat_map(|instruction| landings(&instruction).iter().map(move |landing| (instruction, *landing)));
        Tour::new(&cases.collect::<Vec<_>>()).execution()
    };
    OPCODES.map(tour).into()
}

/// The flags of the instruction that a row of a trace executes.
fn executed_flags(attempt: &Attempt, row: usize) -> u64 {
    FLAG.indices().rev().fold(0, |flags, column| 2 * flags + u64::from(attempt.main[column][row] == Felt252::ONE))
}

#[test]
fn every_instruction_is_executed_as_the_whitepaper_says() {
    let combinations = combinations();
    assert_eq!(combinations.len(), COMBINATIONS);
    let mut executed = BTreeSet::new();
    for execution in tours() {
        let attempt = Attempt::honest(&execution);
        executed.extend((0..execution.registers.len()).map(|row| executed_flags(&attempt, row)));
    }
    assert_eq!(executed, combinations.iter().map(flags).collect());
    assert_eq!(executed.len(), COMBINATIONS);
}

#[test]
fn every_instruction_is_proven() {
    for execution in tours() {
        let proved = prove(&execution, Preset::Fast, &|_| ()).unwrap();
        let statement = verify_program(&proved.file.to_bytes(), &execution.program).unwrap();
        assert_eq!(statement.steps as usize, execution.registers.len() - 1);
    }
}

#[test]
fn every_instruction_determines_all_registers_and_its_result() {
    for execution in tours() {
        let attempt = Attempt::new(&execution);
        let air = attempt.air();
        let mut results = vec![Felt252::ZERO; air.context().num_main_transition_constraints()];
        for row in 0..execution.registers.len() {
            let rows = [row, row + 1].map(|row| attempt.main.iter().map(|column| column[row]).collect::<Vec<_>>());
            let mut is_accepted = |change: (usize, usize)| {
                let mut rows = rows.clone();
                rows[change.0][change.1] += Felt252::ONE;
                let [row, next] = rows;
                air.evaluate_transition(&EvaluationFrame::from_rows(row, next), &[Felt252::ZERO; 2], &mut results);
                results[..cpu::DEGREES.len()].iter().all(|result| *result == Felt252::ZERO)
            };
            for register in [PC, AP, FP] {
                assert!(!is_accepted((1, register.start)), "the next {} of row {row}", register.name);
            }
            let flags = executed_flags(&attempt, row);
            let has = |flag: u64| flags >> flag & 1 == 1;
            let (conditional, call, assert_equal) = (has(9), has(12), has(14));
            assert!(!is_accepted((0, DST_RES.start)));
            // What an instruction does not use may be anything: a conditional jump that is not taken has no inverse.
            let dst = attempt.main[DST.start][row];
            assert_eq!(is_accepted((0, RES.start)), conditional && dst == Felt252::ZERO, "the result of row {row}");
            if call || assert_equal {
                assert!(!is_accepted((0, DST.start)), "dst of row {row}");
            }
            if call {
                assert!(!is_accepted((0, OP0.start)), "op0 of row {row}");
            }
        }
    }
}

// ALL FLAGS
// ================================================================================================

/// A row with these flags and the next one. Each flag has its effect, so that only what the AIR says of flags themselves can be broken.
fn row_of_flags(flags: u64) -> [Vec<Felt252>; 2] {
    let [mut row, mut next] = [[Felt252::ZERO; MAIN_WIDTH]; 2];
    let flag = |bit: usize| Felt252::new(flags >> bit & 1);
    (0..FLAGS).for_each(|bit| row[FLAG.at(bit)] = flag(bit));
    let [immediate, add, mul, absolute, relative, conditional] = [2, 5, 6, 7, 8, 9].map(flag);
    let [ap_add, ap_add1, call, ret, assert_equal] = [10, 11, 12, 13, 14].map(flag);
    let (one, [pc, ap, fp, op1]) = (Felt252::ONE, [100, 200, 300, 400].map(Felt252::new));
    let behind = pc + one + immediate;
    let op0 = if call == one { behind } else { Felt252::new(500) };
    let (res, dst);
    if conditional == one {
        dst = if call == one { fp } else { Felt252::new(600) };
        res = dst.inv();
    } else {
        res = add * op0 + mul * op0 * op1 + (one - mul) * op1;
        dst = match (call == one, assert_equal == one) {
            (true, _) => fp,
            (_, true) => res,
            _ => Felt252::new(600),
        };
    }
    let jumps = absolute + relative + conditional;
    next[PC.start] = match conditional == one {
        true => pc + op1,
        false => (one - jumps) * behind + absolute * res + relative * (pc + res),
    };
    next[AP.start] = ap + ap_add * res + ap_add1 + call.double();
    next[FP.start] = fp + ret * (dst - fp) + call * (ap + Felt252::new(2) - fp);
    let cells = [(PC, pc), (AP, ap), (FP, fp), (DST, dst), (OP0, op0), (OP1, op1), (RES, res), (DST_RES, dst * res)];
    cells.into_iter().for_each(|(column, value)| row[column.start] = value);
    next[ROW.start] = one;
    [row.to_vec(), next.to_vec()]
}

#[test]
fn flags_that_mean_nothing_are_rejected() {
    let defined: BTreeSet<u64> = combinations().iter().map(flags).collect();
    let attempt = Attempt::new(&Machine::new(&fibonacci(1)).run());
    let (air, cpu_constraints) = (attempt.air(), cpu::DEGREES.len());
    // The constraints that depend on flags only: bits, groups, and that there is a result where one is used.
    let of_flags = names().iter().position(|name| *name == "res").unwrap();
    let mut results = vec![Felt252::ZERO; names().len()];
    let others: Vec<Felt252> = (1..=MAIN_WIDTH as u64).map(|number| Felt252::new(number).inv()).collect();
    let mut rejected = 0;
    for flags in 0..1 << FLAGS {
        let [row, next] = row_of_flags(flags);
        let mut evaluate = |row: &[Felt252], next: &[Felt252]| {
            air.evaluate_transition(&EvaluationFrame::from_rows(row.to_vec(), next.to_vec()), &[Felt252::ZERO; 2], &mut results);
            let broken = results[..cpu_constraints].iter().map(|result| *result != Felt252::ZERO);
            broken.collect::<Vec<_>>()
        };
        let broken = evaluate(&row, &next);
        if defined.contains(&flags) {
            assert!(!broken.contains(&true), "{flags:#x}: {broken:?}");
            continue;
        }
        assert!(broken[..of_flags].contains(&true), "{flags:#x}: {broken:?}");
        // Nothing else in the row makes any difference to them.
        let mut other = row;
        other[FLAG.end()..].copy_from_slice(&others[FLAG.end()..]);
        assert_eq!(evaluate(&other, &next)[..of_flags], broken[..of_flags]);
        rejected += 1;
    }
    assert_eq!(rejected, (1 << FLAGS) - COMBINATIONS);
}

#[test]
fn each_flag_is_a_bit() {
    let attempt = Attempt::new(&Machine::new(&fibonacci(1)).run());
    let air = attempt.air();
    let mut results = vec![Felt252::ZERO; names().len()];
    for flag in 0..FLAGS {
        for (value, is_bit) in [(-1, false), (0, true), (1, true), (2, false), (1 << 40, false)] {
            let [mut row, next] = row_of_flags(0);
            row[FLAG.at(flag)] = felt(value);
            air.evaluate_transition(&EvaluationFrame::from_rows(row, next), &[Felt252::ZERO; 2], &mut results);
            assert_eq!(results[flag] == Felt252::ZERO, is_bit, "flag {flag} of {value}");
        }
    }
}

// OPERANDS
// ================================================================================================

/// Far enough from both ends of a segment for every offset.
const FAR: i64 = 33_000;

/// A program with an instruction for each operand, each register that it can be addressed by, and each of these offsets.
fn program_of_offsets(offsets: [i16; 2]) -> Program {
    let (jump, filler) = (PcUpdate::JumpRelative, Line::Plain(Instruction::IDLE));
    let immediate = Instruction { offsets: [-1, -1, 1], op1: Source::Immediate, ..Instruction::IDLE };
    let call = Instruction { offsets: [0, 1, 1], dst: Register::Ap, op0: Register::Ap, pc: jump, opcode: Opcode::Call, ..immediate };
    let add_ap = Instruction { ap: ApUpdate::AddRes, ..immediate };
    // To the middle of the code, and with ap and fp to the middle of the stack. There [fp - 3] holds fp.
    let mut lines = vec![Line::With(Instruction { pc: jump, ..immediate }, felt(FAR + 2))];
    lines.extend(vec![filler; FAR as usize]);
    lines.extend([Line::With(add_ap, felt(FAR)), Line::With(call, felt(3)), Line::Plain(Instruction::RETURN)]);
    let by_op0 = Instruction { offsets: [-1, -3, -1], op1: Source::Op0, ..Instruction::IDLE };
    for offset in offsets {
        let at = |operand: usize, instruction: Instruction| {
            let mut offsets = instruction.offsets;
            offsets[operand] = offset;
            Instruction { offsets, ..instruction }
        };
        for register in REGISTERS {
            lines.push(Line::Plain(at(0, Instruction { dst: register, ..Instruction::IDLE })));
            lines.push(Line::Plain(at(1, Instruction { op0: register, ..Instruction::IDLE })));
        }
        for instruction in [by_op0, Instruction::IDLE, Instruction { op1: Source::Ap, ..Instruction::IDLE }] {
            lines.push(Line::Plain(at(2, instruction)));
        }
        // After the instruction comes a felt that it may read or not.
        lines.push(Line::With(at(2, immediate), felt(5)));
    }
    lines.push(Line::Plain(Instruction::RETURN));
    lines.extend(vec![filler; FAR as usize]);
    program(&[], &lines)
}

#[test]
fn offsets_are_signed_numbers_of_16_bits() {
    // The table of offsets holds all between the least and the greatest, so that each half has a trace of its own.
    for offsets in [[i16::MIN, -1], [0, i16::MAX]] {
        let program = program_of_offsets(offsets);
        let mut machine = Machine::new(&program);
        // Every cell of the stack holds another number, but for those that the program writes to.
        let frame = FAR as u32 + 6;
        for cell in (4..2 * frame + 10).filter(|cell| !(frame - 3..frame).contains(cell)) {
            machine.write((1, cell), Value::Felt(Felt252::new(1_000_000 + u64::from(cell))));
        }
        machine.write((1, frame - 3), Value::Pointer { segment: 1, offset: frame });
        let attempt = Attempt::honest(&machine.run());
        // Header, jump, ap, call, eight instructions for each offset, two returns.
        assert_eq!(attempt.public_inputs.steps, 2 + 3 + 2 * 8 + 2);
        let [least, greatest] = attempt.public_inputs.offsets.map(|offset| i32::from(offset) - (1 << 15));
        assert_eq!([least, greatest], [offsets[0].min(-3).into(), offsets[1].max(1).into()]);
    }
}

#[test]
fn sums_and_products_are_taken_modulo_p() {
    let minus_one = Felt252::ZERO - Felt252::ONE;
    let half = Felt252::new(2).inv();
    let large =
        [minus_one, minus_one - Felt252::ONE, half, half - Felt252::ONE, Felt252::from(u128::MAX), Felt252::from(1u128 << 126).square()];
    let push = Instruction { offsets: [0, -2, -1], op0: Register::Ap, op1: Source::Ap, ..Instruction::PUSH };
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for (a, b) in large.into_iter().flat_map(|a| large.map(|b| (a, b))) {
        lines.extend([Line::With(Instruction::PUSH_IMMEDIATE, a), Line::With(Instruction::PUSH_IMMEDIATE, b)]);
        // [ap] = [ap - 2] + [ap - 1]; [ap] = [ap - 3] * [ap - 2]
        lines.push(Line::Plain(Instruction { res: Res::Add, ..push }));
        lines.push(Line::Plain(Instruction { res: Res::Mul, offsets: [0, -3, -2], ..push }));
        let (a, b): (BigInt, BigInt) = (number(a), number(b));
        expected.extend([a.clone(), b.clone(), &a + &b, a * b].map(reduced));
    }
    lines.push(Line::Plain(Instruction::RETURN));
    let execution = Machine::new(&program(&[], &lines)).run();
    let cells = execution.segments[1][4..].iter().map(|cell| match cell {
        Some(Value::Felt(felt)) => reduced(number(*felt)),
        other => panic!("{other:?} is not a felt"),
    });
    assert_eq!(cells.collect::<Vec<_>>(), expected);
    Attempt::honest(&execution);
}
