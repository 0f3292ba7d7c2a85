//! The entries of a model, as bytes: their number, and 54 bytes for each. In Rust: `commitment.rs` of the verifier.
//!
//! | bytes | |
//! |---|---|
//! | 1 | the preset's code |
//! | 1 | the layout's code |
//! | 4 each | batch, rows, inputs, outputs and one-time roots, least significant byte first |
//! | 32 | the fixed root |
//!
//! The commitment is Blake2s of a domain tag and these bytes, with the first byte set to zero, as a number, most significant byte first.

use core::blake::{blake2s_compress, blake2s_finalize};
use core::num::traits::Pow;
use maat_interfaces::verifier::Entry;
use crate::errors::Errors;

/// The code of the preset whose proofs the verifier takes.
pub const STARKNET_PRESET: u8 = 3;
/// The code of the layout that it knows.
const BASE_LAYOUT: u8 = 0;
const MAX_ENTRIES: u32 = 64;
const ENTRY_BYTES: u32 = 54;
const MIN_ROWS: u32 = 0x800;
const MAX_ROWS: u32 = 0x400000;
const MAX_ONE_TIME_ROOTS: u32 = 0x10000;
/// The most values, inputs and outputs together, in a proof.
const MAX_VALUES: u64 = 0x100000;

/// Blake2s's first state: its constants, of which the first one is changed by the digest's length of 32 bytes.
const FIRST_STATE: [u32; 8] = [
    0x6b08e647, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];
const BLOCK_BYTES: u32 = 64;

/// An entry but for its batch size, which it is looked up by.
#[derive(Copy, Drop, starknet::Store)]
pub struct StoredEntry {
    /// Rows, inputs, outputs and one-time roots, as digits of 32 bits. Not 0, because there are rows.
    numbers: u128,
    fixed_root: u256,
}

#[generate_trait]
pub impl StoredEntryImpl of StoredEntryTrait {
    fn new(entry: Entry) -> StoredEntry {
        let Entry { batch: _, rows, inputs, outputs, one_time_roots, fixed_root } = entry;
        let mut numbers: u128 = 0;
        for number in [one_time_roots, outputs, inputs, rows].span() {
            numbers = numbers * 0x100000000 + (*number).into();
        }
        StoredEntry { numbers, fixed_root }
    }

    /// The entry of this batch size; nothing of an untouched cell.
    fn entry(self: StoredEntry, batch: u32) -> Option<Entry> {
        if self.numbers == 0 {
            return None;
        }
        let mut rest = self.numbers;
        let (rows, inputs) = (digit(ref rest), digit(ref rest));
        let (outputs, one_time_roots) = (digit(ref rest), digit(ref rest));
        Some(Entry { batch, rows, inputs, outputs, one_time_roots, fixed_root: self.fixed_root })
    }
}

/// Takes the lowest digit of 32 bits off a number.
fn digit(ref number: u128) -> u32 {
    let (rest, digit) = DivRem::div_rem(number, 0x100000000);
    number = rest;
    digit.try_into().unwrap()
}

/// The commitment of a model with these entries.
pub fn commitment(entries: @ByteArray) -> felt252 {
    let mut message: ByteArray = "maat model commitment 2";
    message.append(entries);
    let bytes = message.len();
    let mut words = words_of(message);
    let (mut state, mut hashed) = (BoxTrait::new(FIRST_STATE), 0);
    while hashed + BLOCK_BYTES < bytes {
        hashed += BLOCK_BYTES;
        state = blake2s_compress(state, hashed, *words.multi_pop_front::<16>().unwrap());
    }
    let digest = blake2s_finalize(state, bytes, *words.multi_pop_front::<16>().unwrap()).unbox();
    let mut commitment = 0;
    let mut is_first = true;
    for word in digest.span() {
        let bytes = bytes_of(*word);
        for byte in bytes.span() {
            // The first byte is left out, so that the number is a felt.
            if is_first {
                is_first = false;
            } else {
                commitment = commitment * 0x100 + (*byte).into();
            }
        }
    }
    commitment
}

/// Words of four bytes, the first one least significant, in whole blocks that are filled up with zeros.
fn words_of(message: ByteArray) -> Span<u32> {
    let mut words = array![];
    let (mut word, mut weight): (u64, u64) = (0, 1);
    for byte in message {
        word += byte.into() * weight;
        weight *= 0x100;
        if weight == 0x100000000 {
            words.append(word.try_into().unwrap());
            word = 0;
            weight = 1;
        }
    }
    if weight != 1 {
        words.append(word.try_into().unwrap());
    }
    while words.is_empty() || words.len() % (BLOCK_BYTES / 4) != 0 {
        words.append(0);
    }
    words.span()
}

/// The bytes of a word, the first one least significant.
fn bytes_of(word: u32) -> [u8; 4] {
    let (rest, first) = DivRem::div_rem(word, 0x100);
    let (rest, second) = DivRem::div_rem(rest, 0x100);
    let (fourth, third) = DivRem::div_rem(rest, 0x100);
    [first.try_into().unwrap(), second.try_into().unwrap(), third.try_into().unwrap(), fourth.try_into().unwrap()]
}

/// The entries of preset `starknet`, by batch size, which rises.
///
/// Panics with `Errors::BAD_ENTRIES` if the bytes are no entries in their order, or one of the preset is not of the layout `base` or out of
/// bounds; with `Errors::NO_ENTRY` if there are none of the preset.
pub fn starknet_entries(entries: ByteArray) -> Span<Entry> {
    let length = entries.len();
    let mut bytes = entries.into_iter();
    let number: u32 = bytes.next().expect(Errors::BAD_ENTRIES).into();
    assert(number <= MAX_ENTRIES && length == 1 + number * ENTRY_BYTES, Errors::BAD_ENTRIES);
    let mut found = array![];
    let mut last = None;
    for _ in 0..number {
        let preset = bytes.next().unwrap();
        let layout = bytes.next().unwrap();
        let batch = number_of(ref bytes, 4);
        let (rows, inputs) = (number_of(ref bytes, 4), number_of(ref bytes, 4));
        let (outputs, one_time_roots) = (number_of(ref bytes, 4), number_of(ref bytes, 4));
        let (low, high) = (number_of(ref bytes, 16), number_of(ref bytes, 16));
        let entry = Entry { batch, rows, inputs, outputs, one_time_roots, fixed_root: u256 { low, high } };
        // By preset, and then by batch size. So no two are for the same.
        let place: u64 = preset.into() * 0x100000000 + batch.into();
        if let Some(last) = last {
            assert(last < place, Errors::BAD_ENTRIES);
        }
        last = Some(place);
        if preset == STARKNET_PRESET {
            assert(layout == BASE_LAYOUT && is_within_bounds(entry), Errors::BAD_ENTRIES);
            found.append(entry);
        }
    }
    assert(!found.is_empty(), Errors::NO_ENTRY);
    found.span()
}

fn is_within_bounds(entry: Entry) -> bool {
    let Entry { batch, rows, inputs, outputs, one_time_roots, fixed_root: _ } = entry;
    let values: u64 = inputs.into() + outputs.into();
    let most: u64 = MAX_VALUES;
    batch != 0
        && inputs != 0
        && outputs != 0
        && is_power_of_two(rows)
        && rows >= MIN_ROWS
        && rows <= MAX_ROWS
        && (one_time_roots == 0 || is_power_of_two(one_time_roots) && one_time_roots <= MAX_ONE_TIME_ROOTS)
        // Less than 2^33 values, so that the product fits where the first half holds.
        && values <= most
        && values * batch.into() <= most
}

fn is_power_of_two(number: u32) -> bool {
    number != 0 && number & (number - 1) == 0
}

/// A number of so many bytes, the first one least significant.
fn number_of<T, +TryInto<u128, T>>(ref bytes: core::byte_array::ByteArrayIter, count: u32) -> T {
    let mut number: u128 = 0;
    for place in 0..count {
        let byte: u128 = bytes.next().unwrap().into();
        number += byte * 0x100_u128.pow(place);
    }
    number.try_into().unwrap()
}
