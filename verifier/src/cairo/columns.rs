//! The columns of the Cairo AIR, named once: every index, width and name comes from here.
//!
//! A row is one step of the Cairo CPU, and beside it a share of three tables that have nothing to do with that step: the cells of memory, the
//! offsets that instructions may have, and the values that the range-check builtin holds.

use crate::layout::{Columns, columns};

/// Flags of an instruction.
pub const FLAGS: usize = 15;
/// Cells of memory in a row.
pub const LANES: usize = 2;
/// Rows over which a range-checked value is put together, 16 bits in each.
pub const CHECK_PERIOD: usize = 8;
/// Number of bytes there are: the period of the table of bytes.
pub const BYTE_PERIOD: usize = 256;

/// The fewest rows of a trace: the table of bytes is whole above the last row.
pub const MIN_ROWS: usize = 2 * BYTE_PERIOD;
/// The most rows of a trace.
pub const MAX_ROWS: usize = 1 << 22;

/// The position of each flag, and so its bit in an instruction (whitepaper, section 4.5).
pub mod flag {
    /// `dst_reg`: `dst` is addressed by `fp`, else by `ap`.
    pub const DST_FP: usize = 0;
    /// `op0_reg`, likewise.
    pub const OP0_FP: usize = 1;
    /// `op1_src`: `op1` is addressed by `pc`; with none of the three, by `op0`.
    pub const OP1_IMM: usize = 2;
    /// `op1_src`: by `fp`.
    pub const OP1_FP: usize = 3;
    /// `op1_src`: by `ap`.
    pub const OP1_AP: usize = 4;
    /// `res_logic`: `res` is a sum; with none of the two, it is `op1`.
    pub const RES_ADD: usize = 5;
    /// `res_logic`: a product.
    pub const RES_MUL: usize = 6;
    /// `pc_update`: an absolute jump; with none of the three, the next instruction.
    pub const PC_ABS: usize = 7;
    /// `pc_update`: a relative jump.
    pub const PC_REL: usize = 8;
    /// `pc_update`: a conditional jump.
    pub const PC_JNZ: usize = 9;
    /// `ap_update`: `ap` rises by `res`.
    pub const AP_ADD: usize = 10;
    /// `ap_update`: by 1.
    pub const AP_ADD1: usize = 11;
    /// `opcode`: a call.
    pub const CALL: usize = 12;
    /// `opcode`: a return.
    pub const RET: usize = 13;
    /// `opcode`: an assertion of equality.
    pub const ASSERT_EQ: usize = 14;
}

columns! {
    /// The columns of the main segment.
    MAIN from 0;
    /// The flags of the step's instruction: see [`flag`].
    FLAG: FLAGS,
    /// Its offsets of `dst`, `op0` and `op1`, each with 2^15 added.
    OFFSET: 3,
    /// The program counter before the step.
    PC: 1,
    /// The allocation pointer.
    AP: 1,
    /// The frame pointer.
    FP: 1,
    /// The destination operand.
    DST: 1,
    /// The first source operand.
    OP0: 1,
    /// The second source operand.
    OP1: 1,
    /// The result. In a conditional jump, the inverse of `dst` or anything if that is zero.
    RES: 1,
    /// `dst * res`.
    DST_RES: 1,
    /// The row's number, from 0.
    ROW: 1,
    /// The cells of memory with the addresses `1 + 2 ROW` and `2 + 2 ROW`.
    CELL: LANES,
    /// How often each of them is read.
    CELL_READERS: LANES,
    /// An offset that instructions may have. Rises by 0 or 1 a row.
    OFFSET_ENTRY: 1,
    /// How often it is used.
    OFFSET_USES: 1,
    /// The low and the high byte of 16 bits of a range-checked value.
    BYTE: 2,
    /// How often the row's entry of the table of bytes is used.
    BYTE_USES: 1,
    /// The bits of the range-checked value above those of this row.
    CHECKED: 1,
    /// How often the range-checked value is read, where it is whole.
    CHECKED_READERS: 1,
}

columns! {
    /// The columns of the auxiliary segment.
    AUXILIARY from 0;
    /// `1 / (z - t)` for the cells that `dst`, `op0` and `op1` are read from.
    OPERAND: 3,
    /// Sums of two fractions each.
    PAIR: 5,
    /// The sum of all fractions of the rows above.
    BUS: 1,
}

/// Columns of the main segment.
pub const MAIN_WIDTH: usize = CHECKED_READERS.end();
/// Columns of the auxiliary segment.
pub const AUXILIARY_WIDTH: usize = BUS.end();

/// Bounds the error of the AIR's argument for each row, over the size of the field: a false trace passes its challenges with a probability
/// below `ARGUMENT_ERROR * rows / p`. Derived in docs/cairo-proofs.md, "Soundness".
pub const ARGUMENT_ERROR: usize = {
    // A tuple has degree 1 in alpha in memory (the instruction, its operands, the cells and the range-checked value), and degree 2 where it is
    // an offset, a byte, or an entry of their tables.
    let memory = 1 + OPERAND.count + LANES + 1;
    let others = (OFFSET.count + OFFSET_ENTRY.count) + (BYTE.count + BYTE_USES.count);
    // Of the public memory there are fewer cells than this for each row.
    let public = 4;
    let (identity, poles) = (memory + 2 * others + public, memory + others + public);
    identity + poles
};

/// The address of the first range-checked value, after all cells that a trace has room for.
pub const fn first_checked(rows: usize) -> u64 {
    (LANES * rows) as u64 + 1
}

/// Number of cells of memory that a trace has room for, beside range-checked values. The last row's are not on the bus.
pub const fn cell_capacity(rows: usize) -> usize {
    LANES * (rows - 1)
}

/// Number of range-checked values that a trace has room for. The last one would end in the last row.
pub const fn check_capacity(rows: usize) -> usize {
    rows / CHECK_PERIOD - 1
}
