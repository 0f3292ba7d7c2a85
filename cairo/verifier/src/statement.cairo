//! What a proof claims: the felts that it begins with.
//!
//! | felts | content |
//! |---|---|
//! | 1 | the shape, from the lowest bit on: 8 bits each for the logarithm of the rows, the visibility of the inputs and of the outputs; 32 bits each for the batch size, the inputs and the outputs of an inference; from bit 128 on 32 bits each for the number of one-time roots and the index of the one that is spent |
//! | 1 | the model's commitment |
//! | 1 | the root of the tree over the fixed columns |
//! | 2 k | the path of that root in the tree over `2^k` one-time roots, for a private model: low and high half of each hash |
//! | .. | the inputs: elements, three a felt, with zeros to an even number of felts; or the four elements of a digest likewise; or nothing |
//! | .. | the outputs likewise |
//!
//! Visibilities: 0 public, 1 hidden, 2 committed. A proof hides unless everything is public.

use maat_stark::goldilocks::element;
use maat_stark::poseidon::elements;
use maat_stark::reading::{take, take_one, unpacked};

use crate::layout::{MASK_ROWS, MAX_LOG_ROWS, MIN_LOG_ROWS, PERIOD, START_ROW};
use crate::one_time;

pub const PUBLIC: u32 = 0;
pub const HIDDEN: u32 = 1;
pub const COMMITTED: u32 = 2;
/// Elements of a digest.
const DIGEST: u32 = 4;
/// Elements of a salt.
const SALT: u32 = 4;
/// The most values, inputs and outputs together.
const MAX_VALUES: u64 = 0x100000;
/// The most one-time roots.
const MAX_ONE_TIME_ROOTS: u32 = 0x10000;
const BYTE: NonZero<u128> = 0x100;
const WORD: NonZero<u128> = 0x100000000;

/// The inputs or the outputs.
#[derive(Drop, Copy)]
pub struct Side {
    pub visibility: u32,
    /// How many values there are.
    pub count: u32,
    /// What the transcript absorbs: an even number of felts.
    pub packed: Span<felt252>,
}

#[derive(Drop, Copy)]
pub struct Statement {
    pub commitment: felt252,
    pub log_rows: u32,
    pub rows: u32,
    pub batch: u32,
    /// Values that an inference takes and gives.
    pub each: (u32, u32),
    pub one_time_roots: u32,
    pub one_time: Option<u32>,
    /// The root of the tree over the fixed columns, and what the model's entry has.
    pub fixed_root: felt252,
    pub entry_root: u256,
    pub hiding: bool,
    pub inputs: Side,
    pub outputs: Side,
}

fn narrow(value: u128) -> u32 {
    value.try_into().unwrap()
}

/// Reads the shape's logarithm of rows, visibilities, batch size, inputs and outputs.
fn shape(low: u128) -> (u32, u32, u32, u32, u32, u32) {
    let (rest, log_rows) = DivRem::div_rem(low, BYTE);
    let (rest, inputs_are) = DivRem::div_rem(rest, BYTE);
    let (rest, outputs_are) = DivRem::div_rem(rest, BYTE);
    let (rest, batch) = DivRem::div_rem(rest, WORD);
    let (rest, inputs) = DivRem::div_rem(rest, WORD);
    let (rest, outputs) = DivRem::div_rem(rest, WORD);
    assert(rest == 0, 'MALFORMED SHAPE');
    (narrow(log_rows), narrow(inputs_are), narrow(outputs_are), narrow(batch), narrow(inputs), narrow(outputs))
}

/// The blocks that a sponge absorbs of so many values, a salt and their number.
pub fn blocks(count: u32) -> u32 {
    (count + SALT + 1 + PERIOD - 1) / PERIOD
}

/// Felts of a side: those of its elements, and another one if they are odd.
fn packed_felts(count: u32) -> u32 {
    (count + 5) / 6 * 2
}

fn read_side(ref proof: Span<felt252>, visibility: u32, count: u32, rows: u32) -> Side {
    let elements = match visibility {
        0 => count,
        1 => 0,
        2 => {
            // No constraint reaches further than the final row.
            assert(PERIOD * blocks(count) + START_ROW <= rows - MASK_ROWS, 'TOO FEW ROWS FOR A DIGEST');
            DIGEST
        },
        _ => core::panic_with_felt252('NO SUCH VISIBILITY'),
    };
    let packed = take(ref proof, packed_felts(elements));
    // Every element in its only form.
    let mut words = unpacked(packed, elements);
    while let Some(word) = words.pop_front() {
        let (found, only): (felt252, felt252) = ((*word).into(), element(*word).into());
        assert(found == only, 'AN ELEMENT IS NOT REDUCED');
    }
    Side { visibility, count, packed }
}

/// Reads what a proof claims.
///
/// Panics if no proof can claim it.
pub fn read(ref proof: Span<felt252>) -> Statement {
    let u256 { low, high } = take_one(ref proof).into();
    let (log_rows, inputs_are, outputs_are, batch, inputs, outputs) = shape(low);
    let (rest, one_time_roots) = DivRem::div_rem(high, WORD);
    let (rest, index) = DivRem::div_rem(rest, WORD);
    assert(rest == 0, 'MALFORMED SHAPE');
    let (one_time_roots, index) = (narrow(one_time_roots), narrow(index));
    assert(MIN_LOG_ROWS <= log_rows && log_rows <= MAX_LOG_ROWS, 'NUMBER OF ROWS');
    assert(batch != 0 && inputs != 0 && outputs != 0, 'NO VALUES');
    let (all_inputs, all_outputs): (u64, u64) = (batch.into() * inputs.into(), batch.into() * outputs.into());
    assert(all_inputs <= MAX_VALUES && all_outputs <= MAX_VALUES && all_inputs + all_outputs <= MAX_VALUES, 'TOO MANY VALUES');
    assert(one_time_roots <= MAX_ONE_TIME_ROOTS, 'NUMBER OF ONE-TIME ROOTS');
    let rows = narrow(core::num::traits::Pow::pow(2_u128, log_rows));

    let commitment = take_one(ref proof);
    let fixed_root = take_one(ref proof);
    let (one_time, entry_root) = if one_time_roots == 0 {
        assert(index == 0, 'MALFORMED SHAPE');
        (None, fixed_root.into())
    } else {
        (Some(index), one_time::top(ref proof, fixed_root, index, one_time_roots))
    };
    let inputs_side = read_side(ref proof, inputs_are, all_inputs.try_into().unwrap(), rows);
    let outputs_side = read_side(ref proof, outputs_are, all_outputs.try_into().unwrap(), rows);
    let hiding = inputs_are != PUBLIC || outputs_are != PUBLIC || one_time_roots != 0;
    Statement {
        commitment,
        log_rows,
        rows,
        batch,
        each: (inputs, outputs),
        one_time_roots,
        one_time,
        fixed_root,
        entry_root,
        hiding,
        inputs: inputs_side,
        outputs: outputs_side,
    }
}

/// A side as callers get it.
pub fn named(side: Side) -> maat_interfaces::verifier::Side {
    if side.visibility == PUBLIC {
        maat_interfaces::verifier::Side::Public(side.packed)
    } else if side.visibility == HIDDEN {
        maat_interfaces::verifier::Side::Hidden
    } else {
        maat_interfaces::verifier::Side::Committed(elements(side.packed, DIGEST.into()))
    }
}
