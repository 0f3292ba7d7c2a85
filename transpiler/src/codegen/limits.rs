//! What generated code may take: limits of the compiler, and what it costs in a class to be within them.

/// The most elements that a constant array can have.
pub const MAX_ARRAY: usize = 32_767;
/// The most products of straight code: each takes two cells of the stack frame, which ends at 2^15.
pub const MAX_UNROLLED: usize = 15_000;
/// Results that calls in a row may take out of accumulators; more of them would use up the compiler's range of stack offsets.
pub const RESULTS_IN_A_ROW: usize = 512;
/// Terms of one `let`: long sums are cut so that the compiler's recursion stays shallow.
pub const TERMS: usize = 64;
/// More runs than this would make the functions' parameter lists unwieldy.
pub const MAX_RUNS: usize = 64;
/// Sierra felts for a weight in a constant array.
pub const LOOPED_FELTS: usize = 5;
