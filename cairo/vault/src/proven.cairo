//! Integers as a proof packs them: seven in a felt, 32 bits each, the first one least significant, and each one plus 2^31. In Rust: `proven.rs`.

/// Integers in a felt.
const INTEGERS: u32 = 7;
/// What is added to each, so that none is negative.
const BIAS: felt252 = 0x80000000;
/// What the next integer is times.
const WEIGHT: felt252 = 0x100000000;
const DIGIT: NonZero<u128> = 0x100000000;
/// Integers in the lower half of a felt.
const IN_HALF: u32 = 4;

/// The felts of these integers.
pub fn pack(values: Span<i32>) -> Span<felt252> {
    let (mut felts, mut rest) = (array![], values);
    while !rest.is_empty() {
        let mut seven = rest.slice(0, core::cmp::min(INTEGERS, rest.len()));
        rest = rest.slice(seven.len(), rest.len() - seven.len());
        let mut felt = 0;
        while let Some(value) = seven.pop_back() {
            felt = WEIGHT * felt + (*value).into() + BIAS;
        }
        felts.append(felt);
    }
    felts.span()
}

/// So many integers of as many felts as they need. Nothing if there are more or fewer felts, or anything beside the integers.
pub fn unpack(felts: Span<felt252>, count: u32) -> Option<Span<i32>> {
    let (full, rest) = DivRem::div_rem(count, INTEGERS.try_into().unwrap());
    if felts.len() != full + (if rest == 0 {
        0
    } else {
        1
    }) {
        return None;
    }
    let mut values = array![];
    for felt in felts {
        let u256 { low, high } = (*felt).into();
        let mut left = low;
        for place in 0..INTEGERS + 1 {
            if place == IN_HALF {
                left = high;
            }
            let (above, digit) = DivRem::div_rem(left, DIGIT);
            left = above;
            if place < INTEGERS && values.len() < count {
                let digit: felt252 = digit.into();
                values.append((digit - BIAS).try_into().unwrap());
            } else if digit != 0 {
                return None;
            }
        }
    }
    Some(values.span())
}

#[cfg(test)]
mod tests {
    use super::{BIAS, WEIGHT, pack, unpack};

    const ENDS: [i32; 6] = [-0x80000000, -1, 0, 1, 0x7fffffff, 7];

    #[test]
    fn integers_are_packed_seven_a_felt() {
        assert_eq!(pack([].span()), [].span());
        assert_eq!(pack([5].span()), [BIAS + 5].span());
        assert_eq!(pack([-1, 2, -3].span()), [BIAS - 1 + WEIGHT * (BIAS + 2) + WEIGHT * WEIGHT * (BIAS - 3)].span());
        let least = -0x80000000;
        assert_eq!(pack([least, least, least, least, least, least, least, 1].span()), [0, BIAS + 1].span());
    }

    #[test]
    fn integers_come_back() {
        let mut values = array![];
        for length in 0..16_u32 {
            assert_eq!(unpack(pack(values.span()), length), Some(values.span()));
            values.append(*ENDS.span()[length % 6]);
        }
    }

    #[test]
    fn other_numbers_of_felts_are_nothing() {
        for (felts, count) in [
            ([].span(), 1), ([0].span(), 0), ([0, 0].span(), 1), ([0].span(), 8), ([0, 0].span(), 7), ([0].span(), 0xffffffff),
        ].span() {
            assert_eq!(unpack(*felts, *count), None);
        }
    }

    #[test]
    fn nothing_stands_beside_the_integers() {
        let seventh = WEIGHT * WEIGHT * WEIGHT * WEIGHT * WEIGHT * WEIGHT;
        assert!(unpack([seventh * (WEIGHT - 1)].span(), 7).is_some());
        for felt in [seventh * WEIGHT, -1].span() {
            assert_eq!(unpack([*felt].span(), 7), None);
        }
        for count in 1..7_u32 {
            assert_eq!(unpack([seventh].span(), count), None);
        }
        assert_eq!(unpack([WEIGHT].span(), 1), None);
    }
}
