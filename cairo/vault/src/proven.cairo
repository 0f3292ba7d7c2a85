//! Integers as a proof packs them: elements of the field of `p = 2^64 - 2^32 + 1` elements, three in a felt, filled up with zeros to an even
//! number of felts. In Rust: `proven.rs`.

/// The number of elements of the field.
const P: felt252 = 0xffffffff00000001;
const SHIFT_64: felt252 = 0x10000000000000000;
const SHIFT_128: felt252 = 0x100000000000000000000000000000000;
const DIGIT_64: NonZero<u128> = 0x10000000000000000;

/// The felts of these integers.
pub fn pack(values: Span<i32>) -> Span<felt252> {
    let mut felts = array![];
    let mut rest = values;
    while !rest.is_empty() {
        // Two felts at a time, so that their number is even.
        felts.append(felt(ref rest));
        felts.append(felt(ref rest));
    }
    felts.span()
}

/// The felt of the next three.
fn felt(ref values: Span<i32>) -> felt252 {
    let first = element(values.pop_front());
    let second = element(values.pop_front());
    first + SHIFT_64 * second + SHIFT_128 * element(values.pop_front())
}

fn element(value: Option<@i32>) -> felt252 {
    match value {
        Some(value) => if *value < 0 {
            P + (*value).into()
        } else {
            (*value).into()
        },
        None => 0,
    }
}

/// So many integers of as many felts as they need. Nothing if there are more or fewer felts, or an element is no integer of 32 bits.
pub fn unpack(felts: Span<felt252>, count: u32) -> Option<Span<i32>> {
    // Without a product that could overflow, whatever the count is.
    if felts.len() != count / 6 * 2 + (if count % 6 == 0 {
        0
    } else {
        2
    }) {
        return None;
    }
    let mut values = array![];
    for felt in felts {
        let u256 { low, high: third } = (*felt).into();
        let (second, first) = DivRem::div_rem(low, DIGIT_64);
        for element in [first, second, third].span() {
            if values.len() < count {
                values.append(integer(*element)?);
            } else if *element != 0 {
                return None;
            }
        }
    }
    Some(values.span())
}

/// The integer that an element stands for.
fn integer(element: u128) -> Option<i32> {
    let felt: felt252 = element.into();
    match felt.try_into() {
        Some(value) => Some(value),
        // Those above are negative, as far as they are of the field.
        None => {
            let value = (felt - P).try_into()?;
            if value < 0 {
                Some(value)
            } else {
                None
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{P, SHIFT_128, SHIFT_64, pack, unpack};

    const ENDS: [i32; 6] = [-0x80000000, -1, 0, 1, 0x7fffffff, 7];

    #[test]
    fn integers_are_packed_three_a_felt_and_felts_are_even() {
        assert_eq!(pack([].span()), [].span());
        assert_eq!(pack([5].span()), [5, 0].span());
        assert_eq!(pack([-1, 2, -3].span()), [P - 1 + SHIFT_64 * 2 + SHIFT_128 * (P - 3), 0].span());
        assert_eq!(pack([0, 0, 0, 1].span()), [0, 1].span());
        assert_eq!(pack([0, 0, 0, 0, 0, 0, 1].span()), [0, 0, 1, 0].span());
    }

    #[test]
    fn integers_come_back() {
        let mut values = array![];
        for length in 0..14_u32 {
            assert_eq!(unpack(pack(values.span()), length), Some(values.span()));
            values.append(*ENDS.span()[length % 6]);
        }
    }

    #[test]
    fn other_numbers_of_felts_are_nothing() {
        for (felts, count) in [
            ([].span(), 1), ([0, 0].span(), 0), ([0].span(), 1), ([0, 0, 0].span(), 3), ([0, 0].span(), 7), ([0, 0, 0, 0].span(), 6),
            ([0, 0].span(), 0xffffffff),
        ].span() {
            assert_eq!(unpack(*felts, *count), None);
        }
    }

    #[test]
    fn elements_that_are_no_integers_are_nothing() {
        for felt in [
            0x80000000, P - 0x80000001, P, P + 1, 0xffffffffffffffff, SHIFT_64 * 0x80000000, SHIFT_128 * 0x80000000, SHIFT_128 * SHIFT_64,
            -1,
        ].span() {
            assert_eq!(unpack([*felt, 0].span(), 6), None, "{felt}");
        }
    }

    #[test]
    fn what_fills_up_is_zero() {
        assert_eq!(unpack([1 + SHIFT_64, 0].span(), 1), None);
        assert_eq!(unpack([1, 1].span(), 3), None);
        assert_eq!(unpack([1, 0].span(), 1), Some([1].span()));
    }
}
