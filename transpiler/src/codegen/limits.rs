//! The limits of generated code, most of which the compiler sets, and what constants cost in a class.

/// The most elements that a constant array can have.
pub const MAX_ARRAY: usize = 32_767;
/// The most products in straight code: each takes two cells of the stack frame, which ends at 2^15.
pub const MAX_UNROLLED: usize = 15_000;
/// The most results that calls in a row may take out of accumulators: more would exceed the compiler's range of stack offsets.
pub const RESULTS_IN_A_ROW: usize = 512;
/// The most terms in one `let`: long sums are split so that the compiler's recursion stays shallow.
pub const TERMS: usize = 64;
/// The most runs of a block: more would make the functions' parameter lists unwieldy.
pub const MAX_RUNS: usize = 64;
/// Sierra felts for a weight in a constant array.
pub const LOOPED_FELTS: usize = 5;
