//! The columns of the layout `base`, and the numbers that go with the constraints.
//!
//! Written by `verifier/tests/emit`, from what the verifier in Rust has: do not edit.

/// Witness columns, which come first.
pub const WITNESS: u32 = 30;
/// Fixed columns, which follow them.
pub const FIXED: u32 = 89;
/// Columns of the main segment, without sponges.
pub const MAIN: u32 = 119;
/// Columns of a sponge.
pub const SPONGE: u32 = 43;
/// Auxiliary columns, without masks.
pub const AUXILIARY: u32 = 23;
/// Auxiliary columns that a hiding proof adds.
pub const MASKS: u32 = 3;
/// The column of the inputs.
pub const INPUT_VALUE: u32 = 0;
/// The column of the outputs.
pub const OUTPUT_VALUE: u32 = 1;
/// The column that is asserted to begin with 0.
pub const FINAL: u32 = 102;
/// The auxiliary column with the sum of the bus.
pub const BUS_SUM: u32 = 14;
/// The auxiliary column with the polynomial of the inputs.
pub const INPUTS: u32 = 15;
/// The auxiliary column with the polynomial of the outputs.
pub const OUTPUTS: u32 = 16;
/// The first auxiliary column that begins with 0: all the others follow it.
pub const FIRST_SUM: u32 = 14;
/// How many there are.
pub const SUMS: u32 = 9;
/// Challenges of the AIR.
pub const CHALLENGES: u32 = 5;
/// Constraints of the main segment, without sponges.
pub const ROW_CONSTRAINTS: u32 = 11;
/// Constraints of the arguments.
pub const ARGUMENT_CONSTRAINTS: u32 = 24;
/// Constraints of the masks.
pub const MASK_CONSTRAINTS: u32 = 2;
/// Assertions of a sponge.
pub const SPONGE_ASSERTIONS: u32 = 17;
/// Elements of a sponge's state.
pub const STATE: u32 = 12;
/// The first element of the state that holds the digest.
pub const DIGEST: u32 = 4;
/// Rows of a permutation of a sponge.
pub const PERIOD: u32 = 8;
/// The row in which a sponge begins.
pub const START_ROW: u32 = 7;
/// Rows at the end of a hiding proof's trace that no constraint begins in.
pub const MASK_ROWS: u32 = 96;
/// Logarithm of the fewest rows.
pub const MIN_LOG_ROWS: u32 = 11;
/// Logarithm of the most rows.
pub const MAX_LOG_ROWS: u32 = 22;
/// The code of the preset.
pub const PRESET: u32 = 3;
/// The code of the layout.
pub const LAYOUT: u32 = 0;
/// The modulus, as contexts have it.
pub const MODULUS_ELEMENTS: [felt252; 2] = [1, 4294967295];
/// The options, as contexts have them.
pub const OPTIONS_ELEMENTS: [felt252; 3] = [34668320, 20, 16];
/// What transcripts begin with.
pub const TRANSCRIPT: [felt252; 3] = [31363708573802861, 31369548320761188, 857761391];
/// Roots of unity of the orders `2^0`, `2^1`, ..
pub const ROOTS: [u64; 28] = [1, 18446744069414584320, 281474976710656, 16777216, 4096, 64, 8, 2198989700608, 4404853092538523347, 6434636298004421797, 4255134452441852017, 9113133275150391358, 4355325209153869931, 4308460244895131701, 7126024226993609386, 1873558160482552414, 8167150655112846419, 5718075921287398682, 3411401055030829696, 8982441859486529725, 1971462654193939361, 6553637399136210105, 8124823329697072476, 5936499541590631774, 2709866199236980323, 8877499657461974390, 3757607247483852735, 4969973714567017225];
/// `2^b` for limbs of `b` bits, from the fewest rows on.
pub const RADICES: [crate::air::S17; 12] = [2048, 4096, 8192, 16384, 32768, 65536, 65536, 65536, 65536, 65536, 65536, 65536];
/// Conjectured bits of security from the fewest rows on: of plain proofs, and of hiding ones with no, one and two committed sides.
pub const SECURITY: [[u16; 4]; 12] = [[99, 99, 99, 99], [99, 99, 99, 99], [99, 99, 99, 99], [99, 99, 99, 99], [99, 99, 99, 98], [98, 98, 98, 98], [97, 97, 97, 97], [97, 97, 96, 96], [96, 96, 96, 95], [95, 95, 95, 94], [94, 94, 94, 93], [93, 93, 93, 92]];
