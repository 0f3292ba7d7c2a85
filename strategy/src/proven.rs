//! Integers as a proof for contracts packs them: elements of the field of `p = 2^64 - 2^32 + 1` elements, three in a felt, filled up with
//! zeros to an even number of felts. In Cairo: `proven.cairo` of the vault.

use starknet_types_core::felt::Felt;

/// The number of elements of the field.
const P: u64 = 0xffff_ffff_0000_0001;
/// Elements in a felt, and integers in two felts.
const ELEMENTS: usize = 3;
const PAIR: usize = 2 * ELEMENTS;

/// The felts of these integers.
pub fn pack(values: &[i32]) -> Vec<Felt> {
    let mut elements: Vec<u64> = values.iter().map(|value| element(*value)).collect();
    elements.resize(values.len().next_multiple_of(PAIR), 0);
    elements
        .chunks(ELEMENTS)
        .map(|elements| {
            let mut bytes = [0; 32];
            for (bytes, element) in bytes.chunks_exact_mut(8).zip(elements) {
                bytes.copy_from_slice(&element.to_le_bytes());
            }
            Felt::from_bytes_le(&bytes)
        })
        .collect()
}

/// So many integers of as many felts as they need. Nothing if there are more or fewer felts, or an element is no integer of 32 bits.
pub fn unpack(felts: &[Felt], count: usize) -> Option<Vec<i32>> {
    if felts.len() != count.div_ceil(PAIR) * 2 {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    for felt in felts {
        let bytes = felt.to_bytes_le();
        let (elements, rest) = bytes.split_at(8 * ELEMENTS);
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        for bytes in elements.chunks_exact(8) {
            let element = u64::from_le_bytes(bytes.try_into().ok()?);
            if values.len() < count {
                values.push(integer(element)?);
            } else if element != 0 {
                return None;
            }
        }
    }
    Some(values)
}

fn element(value: i32) -> u64 {
    let magnitude = u64::from(value.unsigned_abs());
    if value < 0 { P - magnitude } else { magnitude }
}

/// The integer that an element stands for: those above `p / 2` are negative.
fn integer(element: u64) -> Option<i32> {
    match element.checked_sub(P) {
        Some(_) => None,
        None if element > P / 2 => i32::try_from(-i64::try_from(P - element).ok()?).ok(),
        None => i32::try_from(element).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three elements of a felt.
    fn felt(elements: [u64; 3]) -> Felt {
        let weight = Felt::from(1u128 << 64);
        elements.iter().rev().fold(Felt::ZERO, |felt, element| felt * weight + Felt::from(*element))
    }

    #[test]
    fn integers_are_packed_three_a_felt_and_felts_are_even() {
        assert_eq!(pack(&[]), []);
        assert_eq!(pack(&[5]), [Felt::from(5), Felt::ZERO]);
        assert_eq!(pack(&[-1, 2, -3]), [felt([P - 1, 2, P - 3]), Felt::ZERO]);
        assert_eq!(pack(&[0, 0, 0, 1]), [Felt::ZERO, Felt::ONE]);
        assert_eq!(pack(&[0, 0, 0, 0, 0, 0, 1]).len(), 4);
    }

    #[test]
    fn integers_come_back() {
        let values: Vec<i32> = [i32::MIN, -1, 0, 1, i32::MAX, 7].repeat(3);
        for count in 0..values.len() {
            assert_eq!(unpack(&pack(&values[..count]), count).as_deref(), Some(&values[..count]));
        }
    }

    #[test]
    fn other_felts_are_nothing() {
        for (length, count) in [(0, 1), (2, 0), (1, 1), (3, 3), (2, 7), (4, 6)] {
            assert_eq!(unpack(&vec![Felt::ZERO; length], count), None, "{length} felts for {count}");
        }
        for element in [1 << 31, P - (1 << 31) - 1, P, P + 1, u64::MAX] {
            for elements in [[element, 0, 0], [0, element, 0], [0, 0, element]] {
                assert_eq!(unpack(&[felt(elements), Felt::ZERO], 6), None, "{elements:?}");
            }
        }
        assert_eq!(unpack(&[Felt::from(2).pow(192u8), Felt::ZERO], 6), None);
        assert_eq!(unpack(&[felt([1, 1, 0]), Felt::ZERO], 1), None);
        assert_eq!(unpack(&[Felt::ONE, Felt::ONE], 3), None);
    }
}
