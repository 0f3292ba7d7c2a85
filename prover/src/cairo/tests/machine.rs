//! A Cairo machine in a page: it assembles instructions and runs them, without hints. With it, test programs need no compiler, and it shares
//! no code with the Cairo VM.

use maat_verifier::Felt252;
use maat_verifier::cairo::{Builtin, Execution, HALT, Program, Registers, Value};

/// A register that operands are addressed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    Ap,
    Fp,
}

/// What the second source operand is addressed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Op0,
    Immediate,
    Fp,
    Ap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Res {
    Op1,
    Add,
    Mul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PcUpdate {
    Next,
    Jump,
    JumpRelative,
    JumpNotZero,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApUpdate {
    Keep,
    AddRes,
    AddOne,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    None,
    Call,
    Return,
    AssertEqual,
}

/// An instruction, with offsets as they are added: the first one of `dst`, then those of `op0` and `op1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    pub offsets: [i16; 3],
    pub dst: Register,
    pub op0: Register,
    pub op1: Source,
    pub res: Res,
    pub pc: PcUpdate,
    pub ap: ApUpdate,
    pub opcode: Opcode,
}

impl Instruction {
    /// Does nothing but go on; reads what is right below the frame.
    pub const IDLE: Self = Self {
        offsets: [-1, -1, -1],
        dst: Register::Fp,
        op0: Register::Fp,
        op1: Source::Fp,
        res: Res::Op1,
        pc: PcUpdate::Next,
        ap: ApUpdate::Keep,
        opcode: Opcode::None,
    };

    /// `[ap] = <immediate>; ap++`
    pub const PUSH_IMMEDIATE: Self = Self { offsets: [0, -1, 1], dst: Register::Ap, op1: Source::Immediate, ..Self::PUSH };
    /// `[ap] = [fp - 1]; ap++`, to be changed.
    pub const PUSH: Self =
        Self { offsets: [0, -1, -1], dst: Register::Ap, ap: ApUpdate::AddOne, opcode: Opcode::AssertEqual, ..Self::IDLE };
    /// `ret`
    pub const RETURN: Self = Self { offsets: [-2, -1, -1], pc: PcUpdate::Jump, opcode: Opcode::Return, ..Self::IDLE };
    /// `jmp rel <immediate> if [ap - 1] != 0`
    pub const LOOP: Self =
        Self { offsets: [-1, -1, 1], dst: Register::Ap, op1: Source::Immediate, pc: PcUpdate::JumpNotZero, ..Self::IDLE };

    /// The instruction's word.
    pub fn word(&self) -> Felt252 {
        let flags = [
            (self.dst == Register::Fp) as u64,
            ((self.op0 == Register::Fp) as u64) << 1,
            [0, 1, 2, 4][self.op1 as usize] << 2,
            [0, 1, 2][self.res as usize] << 5,
            [0, 1, 2, 4][self.pc as usize] << 7,
            [0, 1, 2][self.ap as usize] << 10,
            [0, 1, 2, 4][self.opcode as usize] << 12,
        ];
        let biased = self.offsets.map(|offset| (i64::from(offset) + (1 << 15)) as u64);
        Felt252::new(biased[0] | biased[1] << 16 | biased[2] << 32 | flags.iter().sum::<u64>() << 48)
    }

    fn size(&self) -> u32 {
        1 + u32::from(self.op1 == Source::Immediate)
    }
}

/// A line of a program.
#[derive(Debug, Clone, Copy)]
pub enum Line {
    Plain(Instruction),
    /// With an immediate operand.
    With(Instruction, Felt252),
}

/// A felt of a small number.
pub fn felt(number: i64) -> Felt252 {
    let size = Felt252::new(number.unsigned_abs());
    if number < 0 { -size } else { size }
}

/// A program whose main function is made of these lines.
pub fn program(builtins: &[Builtin], lines: &[Line]) -> Program {
    let lines = lines.iter().flat_map(|line| match line {
        Line::Plain(instruction) => vec![instruction.word()],
        Line::With(instruction, immediate) => vec![instruction.word(), *immediate],
    });
    program_of_words(builtins, lines)
}

/// A program whose main function is made of these felts.
pub fn program_of_words(builtins: &[Builtin], words: impl Iterator<Item = Felt252>) -> Program {
    let header = [0x0407_8001_7fff_7fff, builtins.len() as u64, 0x1104_8001_8001_8000, 4, 0x0107_8001_7fff_7fff, 0].map(Felt252::new);
    Program::new(header.into_iter().chain(words).collect(), builtins.to_vec()).unwrap()
}

fn small(value: Felt252) -> i64 {
    value.to_u64().map_or_else(|| -((-value).to_u64().expect("a small number") as i64), |number| number as i64)
}

fn add(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Felt(a), Value::Felt(b)) => Value::Felt(a + b),
        (Value::Pointer { segment, offset }, Value::Felt(felt)) | (Value::Felt(felt), Value::Pointer { segment, offset }) => {
            Value::Pointer { segment, offset: (i64::from(offset) + small(felt)) as u32 }
        }
        _ => panic!("a sum of pointers"),
    }
}

fn subtract(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Pointer { segment, offset }, Value::Pointer { segment: other, offset: less }) if segment == other => {
            Value::Felt(felt(i64::from(offset) - i64::from(less)))
        }
        (a, Value::Felt(b)) => add(a, Value::Felt(-b)),
        _ => panic!("a difference with a pointer"),
    }
}

fn multiply(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Felt(a), Value::Felt(b)) => Value::Felt(a * b),
        _ => panic!("a product with a pointer"),
    }
}

/// A machine on its way.
pub struct Machine {
    pub segments: Vec<Vec<Option<Value>>>,
    registers: Vec<Registers>,
    program: Program,
    builtin_segments: Vec<u32>,
}

impl Machine {
    /// A machine that is about to execute a program's header.
    pub fn new(program: &Program) -> Self {
        let builtin_segments: Vec<u32> = (2..).take(program.builtins().len()).collect();
        let pointer = |segment, offset| Some(Value::Pointer { segment, offset });
        let bytecode = program.bytecode().iter().map(|felt| Some(Value::Felt(*felt))).collect();
        let mut stack = vec![pointer(1, 2), Some(Value::Felt(Felt252::default()))];
        stack.extend(builtin_segments.iter().map(|segment| pointer(*segment, 0)));
        let mut segments = vec![bytecode, stack];
        segments.resize(2 + builtin_segments.len(), Vec::new());
        Self { segments, registers: vec![Registers { pc: 0, ap: 2, fp: 2 }], program: program.clone(), builtin_segments }
    }

    fn read(&self, (segment, offset): (u32, u32)) -> Option<Value> {
        self.segments[segment as usize].get(offset as usize).copied().flatten()
    }

    /// Writes to a cell, which must not hold another value.
    pub fn write(&mut self, (segment, offset): (u32, u32), value: Value) {
        let cells = &mut self.segments[segment as usize];
        cells.resize(cells.len().max(offset as usize + 1), None);
        assert!(cells[offset as usize].is_none_or(|old| old == value), "cell {segment}:{offset} holds another value");
        cells[offset as usize] = Some(value);
    }

    /// Makes one step with the instruction at `pc`.
    fn step(&mut self, instruction: Instruction) {
        let Registers { pc, ap, fp } = self.registers[self.registers.len() - 1];
        let Instruction { offsets, opcode, .. } = instruction;
        let at = |segment: u32, base: u32, operand: usize| (segment, (i64::from(base) + i64::from(offsets[operand])) as u32);
        let by = |register| if register == Register::Fp { fp } else { ap };
        let (dst_cell, op0_cell) = (at(1, by(instruction.dst), 0), at(1, by(instruction.op0), 1));
        if opcode == Opcode::Call {
            self.write(dst_cell, Value::Pointer { segment: 1, offset: fp });
            self.write(op0_cell, Value::Pointer { segment: 0, offset: pc + instruction.size() });
        }
        let op1_cell = match instruction.op1 {
            Source::Immediate => at(0, pc, 2),
            Source::Fp => at(1, fp, 2),
            Source::Ap => at(1, ap, 2),
            Source::Op0 => match self.read(op0_cell) {
                Some(Value::Pointer { segment, offset }) => at(segment, offset, 2),
                other => panic!("op0 is {other:?}, no pointer"),
            },
        };
        // What an assertion leaves open follows from it.
        if opcode == Opcode::AssertEqual {
            match (instruction.res, self.read(dst_cell), self.read(op0_cell), self.read(op1_cell)) {
                (Res::Op1, Some(dst), _, None) => self.write(op1_cell, dst),
                (Res::Add, Some(dst), None, Some(op1)) => self.write(op0_cell, subtract(dst, op1)),
                (Res::Add, Some(dst), Some(op0), None) => self.write(op1_cell, subtract(dst, op0)),
                _ => {}
            }
        }
        let operand = |machine: &Self, cell| machine.read(cell).unwrap_or(Value::Felt(Felt252::default()));
        let (op0, op1) = (operand(self, op0_cell), operand(self, op1_cell));
        let res = || match instruction.res {
            Res::Op1 => op1,
            Res::Add => add(op0, op1),
            Res::Mul => multiply(op0, op1),
        };
        if opcode == Opcode::AssertEqual {
            self.write(dst_cell, res());
        }
        let dst = operand(self, dst_cell);
        let offset = |value: Value, expected: u32| match value {
            Value::Pointer { segment, offset } if segment == expected => offset,
            other => panic!("{other:?} is not a pointer to segment {expected}"),
        };
        let moved = |base: u32, value: Value| match value {
            Value::Felt(felt) => (i64::from(base) + small(felt)) as u32,
            pointer => panic!("moved by {pointer:?}"),
        };
        let next = pc + instruction.size();
        let pc = match instruction.pc {
            PcUpdate::Next => next,
            PcUpdate::Jump => offset(res(), 0),
            PcUpdate::JumpRelative => moved(pc, res()),
            PcUpdate::JumpNotZero if dst == Value::Felt(Felt252::default()) => next,
            PcUpdate::JumpNotZero => moved(pc, op1),
        };
        let fp = match opcode {
            Opcode::Call => ap + 2,
            Opcode::Return => offset(dst, 1),
            _ => fp,
        };
        let ap = match (opcode, instruction.ap) {
            (Opcode::Call, _) => ap + 2,
            (_, ApUpdate::Keep) => ap,
            (_, ApUpdate::AddOne) => ap + 1,
            (_, ApUpdate::AddRes) => moved(ap, res()),
        };
        self.registers.push(Registers { pc, ap, fp });
    }

    /// Runs to the header's endless loop.
    pub fn run(mut self) -> Execution {
        loop {
            let pc = self.registers[self.registers.len() - 1].pc as usize;
            if pc == HALT {
                let Self { segments, registers, program, builtin_segments } = self;
                return Execution { program, registers, segments, builtin_segments };
            }
            let instruction = decode(self.program.bytecode()[pc]);
            self.step(instruction);
        }
    }
}

/// The instruction of a word.
fn decode(word: Felt252) -> Instruction {
    let word = word.to_u64().expect("an instruction has 63 bits");
    let offset = |operand: u32| ((word >> (16 * operand) & 0xffff) as i64 - (1 << 15)) as i16;
    let bits = |first: u32, count: u32| word >> (48 + first) & ((1 << count) - 1);
    let register = |bit: u32| if bits(bit, 1) == 1 { Register::Fp } else { Register::Ap };
    Instruction {
        offsets: [offset(0), offset(1), offset(2)],
        dst: register(0),
        op0: register(1),
        op1: match bits(2, 3) {
            0 => Source::Op0,
            1 => Source::Immediate,
            2 => Source::Fp,
            4 => Source::Ap,
            other => panic!("op1 by {other}"),
        },
        res: match bits(5, 2) {
            0 => Res::Op1,
            1 => Res::Add,
            2 => Res::Mul,
            other => panic!("res by {other}"),
        },
        pc: match bits(7, 3) {
            0 => PcUpdate::Next,
            1 => PcUpdate::Jump,
            2 => PcUpdate::JumpRelative,
            4 => PcUpdate::JumpNotZero,
            other => panic!("pc by {other}"),
        },
        ap: match bits(10, 2) {
            0 => ApUpdate::Keep,
            1 => ApUpdate::AddRes,
            2 => ApUpdate::AddOne,
            other => panic!("ap by {other}"),
        },
        opcode: match bits(12, 3) {
            0 => Opcode::None,
            1 => Opcode::Call,
            2 => Opcode::Return,
            4 => Opcode::AssertEqual,
            other => panic!("opcode {other}"),
        },
    }
}

/// A program without builtins that computes Fibonacci numbers for `4 turns` steps and a few.
pub fn fibonacci(turns: u32) -> Program {
    use ApUpdate::AddOne;
    let push = Instruction::PUSH;
    let sum = Instruction { offsets: [0, -2, -3], op0: Register::Ap, op1: Source::Ap, res: Res::Add, ap: AddOne, ..push };
    program(
        &[],
        &[
            // a, b and the turns that are left
            Line::With(Instruction::PUSH_IMMEDIATE, felt(1)),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(1)),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(turns.into())),
            // b, a + b and one less: [ap] = [ap - 2]; [ap] = [ap - 3] + [ap - 4]; [ap] = [ap - 3] - 1
            Line::Plain(Instruction { offsets: [0, -1, -2], op1: Source::Ap, ..push }),
            Line::Plain(Instruction { offsets: [0, -3, -4], ..sum }),
            Line::With(Instruction { offsets: [0, -3, 1], op1: Source::Immediate, ..sum }, felt(-1)),
            Line::With(Instruction::LOOP, felt(-4)),
            Line::Plain(Instruction::RETURN),
        ],
    )
}
