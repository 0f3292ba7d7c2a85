//! An execution as plain data: what a Cairo VM hands to the prover, so that neither depends on the other. The verifier never sees one.

use super::program::Program;
use crate::felt252::Felt252;

/// An execution of a program in proof mode, from the first instruction of its header to the header's endless loop, before anything is
/// given an address in the one memory of a proof.
///
/// Segment 0 holds the bytecode, segment 1 the stack. The stack begins with the frame pointer that the execution ends with, zero, and the
/// first addresses of the builtins' segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// What was executed.
    pub program: Program,
    /// The registers before each step, and after the last one, which leads to the loop.
    pub registers: Vec<Registers>,
    /// The memory. A cell that nothing was written to has no value.
    pub segments: Vec<Vec<Option<Value>>>,
    /// The segment of each builtin, in the program's order.
    pub builtin_segments: Vec<u32>,
}

/// The registers of the Cairo CPU, as offsets in their segments: `pc` in that of the bytecode, the others in the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// The program counter.
    pub pc: u32,
    /// The allocation pointer.
    pub ap: u32,
    /// The frame pointer.
    pub fp: u32,
}

/// What a cell of memory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Felt(Felt252),
    /// An address.
    Pointer {
        /// Index of the segment.
        segment: u32,
        /// Offset in the segment.
        offset: u32,
    },
}
