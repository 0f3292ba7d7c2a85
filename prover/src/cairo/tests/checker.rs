//! An independent checker: what a trace has to be according to the Cairo whitepaper (ePrint 2021/1063, section 4.5) and to the
//! documentation of the tables beside the CPU, in big integers.
//!
//! It shares the column numbers with the AIR and nothing else. Groups of flags are numbers to distinguish cases by, not factors of a
//! polynomial, and look-ups are compared as multisets, without any challenge.

use std::collections::HashMap;
use std::sync::LazyLock;

use maat_verifier::Felt252;
use maat_verifier::cairo::PublicInputs;
use maat_verifier::cairo::columns::*;
use maat_verifier::layout::Columns;
use num_bigint::{BigInt, BigUint};

/// `2^251 + 17 2^192 + 1`.
static P: LazyLock<BigInt> = LazyLock::new(|| (BigInt::from(1) << 251) + (BigInt::from(17) << 192) + 1);

/// All rules, in the order in which they are checked.
pub const RULES: [&str; 24] = [
    "flags are bits",
    "op1_src",
    "res_logic",
    "pc_update",
    "ap_update",
    "opcode",
    "a conditional jump has no result",
    "a call moves ap by itself",
    "res",
    "dst_res",
    "pc",
    "the inverse",
    "ap",
    "fp",
    "a call saves fp",
    "a call saves the return address",
    "an assertion",
    "row numbers",
    "offsets rise by 0 or 1",
    "a range-checked value",
    "ends",
    "offsets",
    "bytes",
    "memory",
];

/// A rule that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub rule: &'static str,
    /// The row, or for a look-up the first one that takes what is not given; the public memory is taken in the last row.
    pub row: usize,
}

/// A main segment with all that its rules depend on.
pub struct Trace<'a> {
    pub main: &'a [Vec<Felt252>],
    pub public_inputs: &'a PublicInputs,
}

/// What is looked up. The numbers are from 0 to `p - 1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tuple {
    Offset(BigUint),
    Byte(BigUint),
    /// An address and what it holds.
    Memory(BigUint, BigUint),
}

impl Tuple {
    fn domain(&self) -> &'static str {
        match self {
            Self::Offset(_) => "offsets",
            Self::Byte(_) => "bytes",
            Self::Memory(..) => "memory",
        }
    }
}

/// A felt as a number from 0 to `p - 1`.
pub fn number(felt: Felt252) -> BigInt {
    BigUint::from_bytes_le(&felt.to_le_bytes()).into()
}

/// The number from 0 to `p - 1` that is the same modulo `p`.
pub fn reduced(number: BigInt) -> BigUint {
    let remainder = number % &*P;
    remainder.to_biguint().unwrap_or_else(|| (remainder + &*P).to_biguint().expect("a remainder is greater than -p"))
}

/// Whether two numbers are the same modulo `p`.
fn same(a: &BigInt, b: &BigInt) -> bool {
    a == b || ((a - b) % &*P) == BigInt::ZERO
}

/// The CPU in a row: what the instruction says, and what the registers and operands are.
struct Cpu {
    flags: [BigInt; FLAGS],
    offsets: [BigInt; 3],
    pc: BigInt,
    ap: BigInt,
    fp: BigInt,
    dst: BigInt,
    op0: BigInt,
    op1: BigInt,
    res: BigInt,
    dst_res: BigInt,
}

impl Cpu {
    /// The number that some flags make, the first one being its lowest bit. What is not 1 counts as 0: [`Trace::check_row`] refuses it.
    fn bits(&self, first: usize, count: usize) -> u32 {
        (0..count).map(|bit| u32::from(self.flags[first + bit] == BigInt::from(1)) << bit).sum()
    }

    fn dst_reg(&self) -> u32 {
        self.bits(0, 1)
    }

    fn op0_reg(&self) -> u32 {
        self.bits(1, 1)
    }

    fn op1_src(&self) -> u32 {
        self.bits(2, 3)
    }

    fn res_logic(&self) -> u32 {
        self.bits(5, 2)
    }

    fn pc_update(&self) -> u32 {
        self.bits(7, 3)
    }

    fn ap_update(&self) -> u32 {
        self.bits(10, 2)
    }

    fn opcode(&self) -> u32 {
        self.bits(12, 3)
    }

    /// The instruction's word.
    fn word(&self) -> BigInt {
        let flags = self.flags.iter().enumerate().map(|(bit, flag)| flag << (48 + bit)).sum::<BigInt>();
        flags + &self.offsets[0] + (&self.offsets[1] << 16) + (&self.offsets[2] << 32)
    }

    /// The addresses of `dst`, `op0` and `op1`.
    fn operand_addresses(&self) -> [BigInt; 3] {
        let register = |by_fp: u32| if by_fp == 1 { &self.fp } else { &self.ap };
        let base = match self.op1_src() {
            1 => &self.pc,
            2 => &self.fp,
            4 => &self.ap,
            _ => &self.op0,
        };
        let bases = [register(self.dst_reg()), register(self.op0_reg()), base];
        std::array::from_fn(|operand| bases[operand] + &self.offsets[operand] - (1 << 15))
    }
}

impl Trace<'_> {
    /// Checks all rules in all rows.
    pub fn check(&self) -> Result<(), Broken> {
        (0..self.last_row()).try_for_each(|row| self.check_row(row))?;
        self.check_ends()?;
        self.check_lookups()
    }

    /// Nothing happens in the last row; it is only where the others lead.
    fn last_row(&self) -> usize {
        self.main[0].len() - 1
    }

    fn at(&self, column: Columns, position: usize, row: usize) -> BigInt {
        number(self.main[column.at(position)][row])
    }

    fn cpu(&self, row: usize) -> Cpu {
        let at = |column: Columns| self.at(column, 0, row);
        let (pc, ap, fp, dst, op0, op1) = (at(PC), at(AP), at(FP), at(DST), at(OP0), at(OP1));
        let flags = std::array::from_fn(|bit| self.at(FLAG, bit, row));
        let offsets = std::array::from_fn(|operand| self.at(OFFSET, operand, row));
        Cpu { flags, offsets, pc, ap, fp, dst, op0, op1, res: at(RES), dst_res: at(DST_RES) }
    }

    /// Checks what binds a row and the next one.
    pub fn check_row(&self, row: usize) -> Result<(), Broken> {
        let require = |rule: &'static str, holds: bool| if holds { Ok(()) } else { Err(Broken { rule, row }) };
        let cpu = self.cpu(row);
        let [one, zero] = [1, 0].map(BigInt::from);

        // Flags are bits, and each group of them is one of the cases that there are.
        require("flags are bits", cpu.flags.iter().all(|flag| *flag == zero || *flag == one))?;
        require("op1_src", matches!(cpu.op1_src(), 0 | 1 | 2 | 4))?;
        require("res_logic", matches!(cpu.res_logic(), 0..=2))?;
        require("pc_update", matches!(cpu.pc_update(), 0 | 1 | 2 | 4))?;
        require("ap_update", matches!(cpu.ap_update(), 0..=2))?;
        require("opcode", matches!(cpu.opcode(), 0 | 1 | 2 | 4))?;
        let (call, ret, assert_equal) = (cpu.opcode() == 1, cpu.opcode() == 2, cpu.opcode() == 4);
        let conditional = cpu.pc_update() == 4;
        require("a conditional jump has no result", !conditional || (cpu.res_logic() == 0 && cpu.ap_update() != 1 && !assert_equal))?;
        require("a call moves ap by itself", !call || cpu.ap_update() == 0)?;

        let behind: BigInt = &cpu.pc + if cpu.op1_src() == 1 { 2 } else { 1 };
        if !conditional {
            let res = match cpu.res_logic() {
                0 => cpu.op1.clone(),
                1 => &cpu.op0 + &cpu.op1,
                _ => &cpu.op0 * &cpu.op1,
            };
            require("res", same(&cpu.res, &res))?;
        }
        require("dst_res", same(&cpu.dst_res, &(&cpu.dst * &cpu.res)))?;

        let pc = match cpu.pc_update() {
            0 => behind.clone(),
            1 => cpu.res.clone(),
            2 => &cpu.pc + &cpu.res,
            _ if cpu.dst == zero => behind.clone(),
            _ => &cpu.pc + &cpu.op1,
        };
        let pc_next = self.at(PC, 0, row + 1);
        require("pc", same(&pc_next, &pc))?;
        // The inverse shows that dst is not zero; where both ways lead to one place, it need not be shown.
        require("the inverse", !conditional || same(&pc_next, &behind) || same(&cpu.dst_res, &one))?;
        let ap = match cpu.ap_update() {
            _ if call => &cpu.ap + 2,
            0 => cpu.ap.clone(),
            1 => &cpu.ap + &cpu.res,
            _ => &cpu.ap + 1,
        };
        require("ap", same(&self.at(AP, 0, row + 1), &ap))?;
        let fp = match (call, ret) {
            (true, _) => &cpu.ap + 2,
            (_, true) => cpu.dst.clone(),
            _ => cpu.fp.clone(),
        };
        require("fp", same(&self.at(FP, 0, row + 1), &fp))?;
        require("a call saves fp", !call || cpu.dst == cpu.fp)?;
        require("a call saves the return address", !call || same(&cpu.op0, &behind))?;
        require("an assertion", !assert_equal || cpu.dst == cpu.res)?;

        require("row numbers", same(&self.at(ROW, 0, row + 1), &(self.at(ROW, 0, row) + 1)))?;
        let rise = self.at(OFFSET_ENTRY, 0, row + 1) - self.at(OFFSET_ENTRY, 0, row);
        require("offsets rise by 0 or 1", same(&rise, &zero) || same(&rise, &one))?;
        let above = if ends_value(row) { zero } else { self.checked_value(row) };
        require("a range-checked value", same(&self.at(CHECKED, 0, row + 1), &above))
    }

    /// The bits of a range-checked value down to those of a row.
    fn checked_value(&self, row: usize) -> BigInt {
        (self.at(CHECKED, 0, row) << 16) + (self.at(BYTE, 1, row) << 8) + self.at(BYTE, 0, row)
    }

    /// Checks the first and last values.
    pub fn check_ends(&self) -> Result<(), Broken> {
        let PublicInputs { steps, initial, last_pc, last, offsets: [least, greatest], .. } = *self.public_inputs;
        let registers = |row: usize, values: [u64; 3]| [(PC, row, values[0]), (AP, row, values[1]), (FP, row, values[2])];
        let tables = [(ROW, 0, 0), (OFFSET_ENTRY, 0, least.into()), (OFFSET_ENTRY, self.last_row(), greatest.into()), (CHECKED, 0, 0)];
        let ends = [&registers(0, initial)[..], &[(PC, steps - 1, last_pc)], &registers(steps, last), &tables].concat();
        match ends.into_iter().find(|(column, row, value)| self.at(*column, 0, *row) != BigInt::from(*value)) {
            Some((_, row, _)) => Err(Broken { rule: "ends", row }),
            None => Ok(()),
        }
    }

    /// What a row looks up.
    pub fn taken(&self, row: usize) -> Vec<Tuple> {
        let cpu = self.cpu(row);
        let [dst, op0, op1] = cpu.operand_addresses();
        let memory = [(cpu.pc.clone(), cpu.word()), (dst, cpu.dst), (op0, cpu.op0), (op1, cpu.op1)];
        let memory = memory.into_iter().map(|(address, value)| Tuple::Memory(reduced(address), reduced(value)));
        let offsets = cpu.offsets.into_iter().map(|offset| Tuple::Offset(reduced(offset)));
        memory.chain(offsets).chain([0, 1].map(|part| Tuple::Byte(reduced(self.at(BYTE, part, row))))).collect()
    }

    /// What a row gives, and the column that says how often.
    pub fn given(&self, row: usize) -> Vec<(Tuple, usize)> {
        let cell = |lane: usize| {
            let address = self.at(ROW, 0, row) * 2 + 1 + lane;
            (Tuple::Memory(reduced(address), reduced(self.at(CELL, lane, row))), CELL_READERS.at(lane))
        };
        let offset = (Tuple::Offset(reduced(self.at(OFFSET_ENTRY, 0, row))), OFFSET_USES.start);
        let byte = (Tuple::Byte(BigUint::from(row % 256)), BYTE_USES.start);
        let mut given = vec![cell(0), cell(1), offset, byte];
        if ends_value(row) {
            // All cells that a trace has room for have lower addresses.
            let address = BigUint::from(2 * self.main[0].len() + 1 + row / 8);
            given.push((Tuple::Memory(address, reduced(self.checked_value(row))), CHECKED_READERS.start));
        }
        given
    }

    /// The public memory, which is looked up as well.
    pub fn public_memory(&self) -> impl Iterator<Item = Tuple> {
        let memory = self.public_inputs.memory.iter();
        memory.map(|(address, value)| Tuple::Memory(BigUint::from(*address), reduced(number(*value))))
    }

    /// Checks that as much is given as is taken.
    pub fn check_lookups(&self) -> Result<(), Broken> {
        // How often each tuple is taken, less how often it is given, and where it is first.
        let mut counts: HashMap<Tuple, (BigInt, usize)> = HashMap::new();
        let mut add = |tuple: Tuple, count: BigInt, row: usize| {
            if count != BigInt::ZERO {
                counts.entry(tuple).or_insert((BigInt::ZERO, row)).0 += count;
            }
        };
        for row in 0..self.last_row() {
            self.taken(row).into_iter().for_each(|tuple| add(tuple, 1.into(), row));
        }
        self.public_memory().for_each(|tuple| add(tuple, 1.into(), self.last_row()));
        for row in 0..self.last_row() {
            self.given(row).into_iter().for_each(|(tuple, uses)| add(tuple, -number(self.main[uses][row]), row));
        }
        // What is taken too often says more than what is given for nothing, and offsets more than what is read at them.
        let unbalanced = counts.into_iter().filter(|(_, (count, _))| !same(count, &BigInt::ZERO));
        let first = unbalanced.min_by_key(|(tuple, (count, row))| (*count < BigInt::ZERO, matches!(tuple, Tuple::Memory(..)), *row));
        match first {
            Some((tuple, (_, row))) => Err(Broken { rule: tuple.domain(), row }),
            None => Ok(()),
        }
    }
}

/// Whether a range-checked value is whole in a row.
fn ends_value(row: usize) -> bool {
    row % 8 == 7
}
