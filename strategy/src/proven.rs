//! Integers as a proof for contracts packs them: seven in a felt, 32 bits each, the first one least significant, and each one plus 2^31. In
//! Cairo: `proven.cairo` of the vault.

use maat_verifier::chain_format::packed_values;
use starknet_types_core::felt::Felt;

/// Integers in a felt.
const INTEGERS: usize = 7;
/// What is added to each, so that none is negative.
const BIAS: u32 = 1 << 31;

/// The felts of these integers.
pub fn pack(values: &[i32]) -> Vec<Felt> {
    packed_values(values).map(|felt| Felt::from_bytes_le(&felt.to_le_bytes())).collect()
}

/// So many integers of as many felts as they need. Nothing if there are more or fewer felts, or anything beside the integers.
pub fn unpack(felts: &[Felt], count: usize) -> Option<Vec<i32>> {
    if felts.len() != count.div_ceil(INTEGERS) {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    for felt in felts {
        let bytes = felt.to_bytes_le();
        let (integers, _) = bytes.as_chunks();
        let (used, rest) = integers.split_at(INTEGERS.min(count - values.len()));
        if rest.iter().any(|integer| *integer != [0; 4]) {
            return None;
        }
        values.extend(used.iter().map(|integer| (u32::from_le_bytes(*integer) ^ BIAS).cast_signed()));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The felt of some integers of 32 bits.
    fn felt(integers: &[u32]) -> Felt {
        let weight = Felt::from(1u64 << 32);
        integers.iter().rev().fold(Felt::ZERO, |felt, integer| felt * weight + Felt::from(*integer))
    }

    #[test]
    fn integers_are_packed_seven_a_felt() {
        assert_eq!(pack(&[]), []);
        assert_eq!(pack(&[5]), [felt(&[BIAS + 5])]);
        assert_eq!(pack(&[-1, 2, -3]), [felt(&[BIAS - 1, BIAS + 2, BIAS - 3])]);
        assert_eq!(pack(&[&[i32::MIN; 7][..], &[1]].concat()), [Felt::ZERO, felt(&[BIAS + 1])]);
    }

    #[test]
    fn integers_come_back() {
        let values: Vec<i32> = [i32::MIN, -1, 0, 1, i32::MAX, 7].repeat(3);
        for count in 0..values.len() {
            assert_eq!(unpack(&pack(&values[..count]), count).as_deref(), Some(&values[..count]));
        }
    }

    /// A proof's own felts are these.
    #[test]
    fn the_verifier_packs_them_so() {
        let values: Vec<i32> = (-9..9).map(|value| value << 27).collect();
        let found: Vec<String> = packed_values(&values).map(|felt| felt.to_string()).collect();
        assert_eq!(found, pack(&values).iter().map(|felt| format!("{felt:#x}")).collect::<Vec<_>>());
    }

    #[test]
    fn other_felts_are_nothing() {
        for (length, count) in [(0, 1), (1, 0), (2, 1), (1, 8), (2, 7)] {
            assert_eq!(unpack(&vec![Felt::ZERO; length], count), None, "{length} felts for {count}");
        }
        let last = |integer| felt(&[0, 0, 0, 0, 0, 0, integer]);
        assert_eq!(unpack(&[last(u32::MAX)], 7), Some(vec![i32::MIN, i32::MIN, i32::MIN, i32::MIN, i32::MIN, i32::MIN, i32::MAX]));
        assert_eq!(unpack(&[last(1) * Felt::from(1u64 << 32)], 7), None);
        assert_eq!(unpack(&[-Felt::ONE], 7), None);
        assert!((1..7).all(|count| unpack(&[last(1)], count).is_none()));
    }
}
