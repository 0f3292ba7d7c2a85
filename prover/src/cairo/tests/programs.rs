//! A program whose proofs have something in every part of their statement.

use maat_verifier::Felt252;
use maat_verifier::cairo::{Builtin, Program};

use super::machine::*;

/// Cells of the stack below the frame of the main function, which hold the first addresses of the builtins.
const OUTPUT: i16 = -4;
const RANGE_CHECK: i16 = -3;

/// A value that fills a felt.
pub fn large() -> Felt252 {
    Felt252::from(u128::MAX) * Felt252::from(u128::MAX)
}

/// A program that outputs -5, 35 and [`large`], and checks that 0, 35 and a number have 128 bits.
pub fn outputs_and_checks(checked: Felt252) -> Program {
    let push = Instruction::PUSH;
    // [ap - 1] = [[fp + pointer] + offset]
    let store = |pointer: i16, offset: i16| {
        let dst = Register::Ap;
        let assert = Instruction { opcode: Opcode::AssertEqual, op1: Source::Op0, ..Instruction::IDLE };
        Line::Plain(Instruction { offsets: [-1, pointer, offset], dst, ..assert })
    };
    // [ap] = [fp + pointer] + <immediate>; ap++
    let advance = |pointer: i16, cells: i64| {
        let sum = Instruction { offsets: [0, pointer, 1], op1: Source::Immediate, res: Res::Add, ..push };
        Line::With(sum, felt(cells))
    };
    // [ap] = [ap - 2] * [ap - 1]; ap++
    let product = Instruction { offsets: [0, -2, -1], op0: Register::Ap, op1: Source::Ap, res: Res::Mul, ..push };
    program(
        &Builtin::ALL,
        &[
            Line::With(Instruction::PUSH_IMMEDIATE, felt(-5)),
            store(OUTPUT, 0),
            Line::With(Instruction::PUSH_IMMEDIATE, checked),
            store(RANGE_CHECK, 2),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(5)),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(7)),
            Line::Plain(product),
            store(OUTPUT, 1),
            store(RANGE_CHECK, 1),
            Line::With(Instruction::PUSH_IMMEDIATE, felt(0)),
            store(RANGE_CHECK, 0),
            Line::With(Instruction::PUSH_IMMEDIATE, large()),
            store(OUTPUT, 2),
            advance(OUTPUT, 3),
            advance(RANGE_CHECK, 3),
            Line::Plain(Instruction::RETURN),
        ],
    )
}
