//! The bytes of entries: their commitment, and what is refused.

use maat_interfaces::verifier::Entry;
use crate::entries::{StoredEntryTrait, commitment, starknet_entries};

/// An entry with three inputs and two outputs, and a root that has the same byte 32 times.
pub fn entry(batch: u32) -> Entry {
    let byte: u256 = (batch % 0x100).into();
    let ones: u256 = 0x0101010101010101010101010101010101010101010101010101010101010101;
    Entry { batch, rows: 0x800, inputs: 3, outputs: 2, one_time_roots: 0, fixed_root: byte * ones }
}

/// Entries of these presets and layouts, as bytes.
pub fn bytes_of(entries: Span<(u8, u8, Entry)>) -> ByteArray {
    let mut bytes = "";
    append(ref bytes, entries.len().into(), 1);
    for (preset, layout, entry) in entries {
        append(ref bytes, (*preset).into(), 1);
        append(ref bytes, (*layout).into(), 1);
        let Entry { batch, rows, inputs, outputs, one_time_roots, fixed_root } = *entry;
        for number in [batch, rows, inputs, outputs, one_time_roots].span() {
            append(ref bytes, (*number).into(), 4);
        }
        append(ref bytes, fixed_root, 32);
    }
    bytes
}

/// Appends a number of so many bytes, the least significant one first.
fn append(ref bytes: ByteArray, number: u256, length: u32) {
    let mut rest = number;
    for _ in 0..length {
        let (others, byte) = DivRem::div_rem(rest, 0x100);
        bytes.append_byte(byte.try_into().unwrap());
        rest = others;
    }
}

/// The entries of one preset `starknet` with this entry.
fn read(entry: Entry) -> Span<Entry> {
    starknet_entries(bytes_of([(3, 0, entry)].span()))
}

#[test]
fn the_commitment_is_the_verifiers() {
    // The vector of `verifier/src/commitment.rs`.
    let bytes = bytes_of([(0, 0, entry(1)), (0, 0, entry(10)), (2, 0, entry(1))].span());
    assert_eq!(commitment(@bytes), 0x002614eb7b20ba46b732f1b77d975ace9c16190babc8b65a2e078d5189d7cad5);
    // Of 64 entries. Computed in another language, as the ones below.
    let mut many = array![];
    for batch in 1..65_u32 {
        many.append((3, 0, entry(batch)));
    }
    assert_eq!(commitment(@bytes_of(many.span())), 0x008dd11e7caed3ef86fd163d340ebdb7330a4673d9bdacf601b086aa688040b4);
}

#[test]
fn a_message_can_end_with_a_block() {
    // 23 bytes of the tag, and the rest of a block and of two.
    let mut bytes: ByteArray = "";
    for _ in 0..41_u32 {
        bytes.append_byte(7);
    }
    assert_eq!(commitment(@bytes), 0x003a41fa9ac09614516496ebd5906b9a6df6d223e4a93d0039cc917170bcd4f4);
    for _ in 0..64_u32 {
        bytes.append_byte(7);
    }
    assert_eq!(commitment(@bytes), 0x00c886b73c76edecd206b39d447089f2af0f0cbd134fd6f3e09efe5dcbc58a2e);
    assert_eq!(commitment(@""), 0x00ea2180ab99c9482419ed2490ec7a1d55eee46cc50130bc2890e58a41b8dfe1);
}

#[test]
fn entries_of_the_preset_are_read() {
    let private = Entry { one_time_roots: 0x10000, rows: 0x400000, fixed_root: 0x1f00000000000000000000000000000000000000000000000000000000000002, ..entry(7) };
    let bytes = bytes_of([(1, 1, entry(9)), (3, 0, entry(2)), (3, 0, private), (4, 9, entry(1))].span());
    assert_eq!(starknet_entries(bytes), [entry(2), private].span());
    for entry in [entry(2), private].span() {
        assert_eq!(StoredEntryTrait::new(*entry).entry(*entry.batch), Some(*entry));
    }
}

#[test]
fn the_largest_entries_are_read() {
    for entry in [
        Entry { inputs: 0xfffff, outputs: 1, ..entry(1) }, Entry { inputs: 1, outputs: 1, ..entry(0x80000) },
        Entry { one_time_roots: 1, ..entry(1) },
    ].span() {
        assert_eq!(read(*entry), [*entry].span());
    }
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn no_bytes_are_no_entries() {
    starknet_entries("");
}

#[test]
#[should_panic(expected: 'registry: no such entry')]
fn no_entries_are_none_of_the_preset() {
    starknet_entries(bytes_of([].span()));
}

#[test]
#[should_panic(expected: 'registry: no such entry')]
fn other_presets_are_not_the_preset() {
    starknet_entries(bytes_of([(2, 0, entry(1))].span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn a_missing_byte_is_refused() {
    let bytes = bytes_of([(3, 0, entry(1))].span());
    let mut short = "";
    for position in 0..bytes.len() - 1 {
        short.append_byte(bytes.at(position).unwrap());
    }
    starknet_entries(short);
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn an_extra_byte_is_refused() {
    let mut bytes = bytes_of([(3, 0, entry(1))].span());
    bytes.append_byte(0);
    starknet_entries(bytes);
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn more_than_64_entries_are_refused() {
    let mut many = array![];
    for batch in 1..66_u32 {
        many.append((3, 0, entry(batch)));
    }
    starknet_entries(bytes_of(many.span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn entries_out_of_order_are_refused() {
    starknet_entries(bytes_of([(3, 0, entry(2)), (3, 0, entry(1))].span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn presets_out_of_order_are_refused() {
    starknet_entries(bytes_of([(3, 0, entry(1)), (0, 0, entry(2))].span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn two_entries_for_one_batch_size_are_refused() {
    starknet_entries(bytes_of([(3, 0, entry(1)), (3, 0, entry(1))].span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn another_layout_is_refused() {
    starknet_entries(bytes_of([(3, 1, entry(1))].span()));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn rows_that_are_no_power_of_two_are_refused() {
    read(Entry { rows: 0x801, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn no_rows_are_refused() {
    read(Entry { rows: 0, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn too_few_rows_are_refused() {
    read(Entry { rows: 0x400, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn too_many_rows_are_refused() {
    read(Entry { rows: 0x800000, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn an_empty_batch_is_refused() {
    read(entry(0));
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn an_inference_without_inputs_is_refused() {
    read(Entry { inputs: 0, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn an_inference_without_outputs_is_refused() {
    read(Entry { outputs: 0, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn too_many_values_are_refused() {
    read(Entry { inputs: 0xffff, outputs: 2, ..entry(16) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn values_beyond_any_bound_are_refused() {
    read(Entry { inputs: 0xffffffff, outputs: 0xffffffff, ..entry(0xffffffff) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn one_time_roots_that_are_no_power_of_two_are_refused() {
    read(Entry { one_time_roots: 3, ..entry(1) });
}

#[test]
#[should_panic(expected: 'registry: bad entries')]
fn too_many_one_time_roots_are_refused() {
    read(Entry { one_time_roots: 0x20000, ..entry(1) });
}
