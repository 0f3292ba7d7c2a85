//! How lists of felts become cells of storage. A step reads some sixty of them, of which most are small: six of these share a cell, or two
//! that are longer.
use starknet::storage_access::StorePacking;

const SHIFT_40: felt252 = 0x10000000000;
const DIGIT_40: NonZero<u128> = 0x10000000000;
const SHIFT_128: felt252 = 0x100000000000000000000000000000000;
/// 2^120
const WIDE: u128 = 0x1000000000000000000000000000000;
/// What makes any 32-bit integer positive.
const LEAST: felt252 = 0x80000000;

/// How a list is written: so many felts are in each half of a cell, or each has a cell of its own.
#[derive(Copy, Drop, PartialEq, Debug)]
pub enum Width {
    /// Any felts.
    One,
    /// From -2^31 to 2^120 - 2^31 - 1.
    Two,
    /// From -2^31 to 2^40 - 2^31 - 1.
    Six,
}

/// How a list was written, and how many felts it has.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Length {
    pub width: Width,
    pub felts: u32,
}

/// An untouched cell is that of a list without felts.
pub impl LengthPacking of StorePacking<Length, u64> {
    fn pack(value: Length) -> u64 {
        let width = match value.width {
            Width::One => 0,
            Width::Two => 1,
            Width::Six => 2,
        };
        value.felts.into() * 3 + width
    }

    fn unpack(value: u64) -> Length {
        let (felts, width) = DivRem::div_rem(value, 3);
        let width = match width {
            0 => Width::One,
            1 => Width::Two,
            _ => Width::Six,
        };
        Length { width, felts: felts.try_into().unwrap() }
    }
}

/// The cells of a list.
pub fn pack(felts: Span<felt252>) -> (Width, Span<felt252>) {
    let width = width_of(felts);
    let digits = match width {
        Width::One => { return (width, felts); },
        Width::Two => 1,
        Width::Six => 3,
    };
    let mut cells = array![];
    let mut rest = felts;
    while !rest.is_empty() {
        let low = half(ref rest, digits);
        cells.append(low + SHIFT_128 * half(ref rest, digits));
    }
    (width, cells.span())
}

/// How many cells a list of so many felts has.
pub fn cells_of(width: Width, length: u32) -> u32 {
    match width {
        Width::One => length,
        Width::Two => (length + 1) / 2,
        Width::Six => (length + 5) / 6,
    }
}

/// The first so many felts of a list with these cells.
pub fn unpack(width: Width, cells: Span<felt252>, length: u32) -> Span<felt252> {
    let mut felts = array![];
    for cell in cells {
        let u256 { low, high } = (*cell).into();
        match width {
            Width::One => felts.append(*cell),
            Width::Two => {
                felts.append(low.into() - LEAST);
                felts.append(high.into() - LEAST);
            },
            Width::Six => {
                append_three(ref felts, low);
                append_three(ref felts, high);
            },
        }
    }
    // The last cell may not be full.
    felts.span().slice(0, length)
}

fn width_of(felts: Span<felt252>) -> Width {
    let mut width = Width::Six;
    for felt in felts {
        let number: Option<u128> = (*felt + LEAST).try_into();
        match number {
            Some(number) => if number >= WIDE {
                return Width::One;
            } else if number >= DIGIT_40.into() {
                width = Width::Two;
            },
            None => { return Width::One; },
        }
    }
    width
}

/// Takes as many felts as half of a cell has, the first as the lowest digit.
fn half(ref felts: Span<felt252>, digits: u32) -> felt252 {
    let (mut number, mut shift) = (0, 1);
    for _ in 0..digits {
        if let Some(felt) = felts.pop_front() {
            number += shift * (*felt + LEAST);
            shift *= SHIFT_40;
        }
    }
    number
}

fn append_three(ref felts: Array<felt252>, number: u128) {
    let (rest, first) = DivRem::div_rem(number, DIGIT_40);
    let (third, second) = DivRem::div_rem(rest, DIGIT_40);
    felts.append(first.into() - LEAST);
    felts.append(second.into() - LEAST);
    felts.append(third.into() - LEAST);
}

#[cfg(test)]
mod tests {
    use super::{Length, LengthPacking, Width, cells_of, pack, unpack};

    /// The ends of what shares a cell with five others, and with one.
    const SIX: [felt252; 2] = [-0x80000000, 0xff7fffffff];
    const TWO: [felt252; 2] = [0xff80000000, 0xffffffffffffffffffffff7fffffff];
    const ONE: [felt252; 3] = [0xffffffffffffffffffffff80000000, -0x80000001, 0x400000000000008800000000000000000000000000000000000000000000000];

    fn comes_back(felts: Span<felt252>, width: Width) {
        let (found, cells) = pack(felts);
        assert_eq!(found, width);
        assert_eq!(cells.len(), cells_of(width, felts.len()));
        assert_eq!(unpack(width, cells, felts.len()), felts);
    }

    fn list(felt: felt252, length: u32) -> Span<felt252> {
        let mut felts = array![];
        for position in 0..length {
            felts.append(position.into());
        }
        felts.append(felt);
        felts.span()
    }

    #[test]
    fn lists_of_all_widths_and_lengths_come_back() {
        comes_back([].span(), Width::Six);
        for length in 0..13_u32 {
            for felt in SIX.span() {
                comes_back(list(*felt, length), Width::Six);
            }
            for felt in TWO.span() {
                comes_back(list(*felt, length), Width::Two);
            }
            for felt in ONE.span() {
                comes_back(list(*felt, length), Width::One);
            }
        }
    }

    #[test]
    fn lengths_come_back() {
        for width in [Width::One, Width::Two, Width::Six].span() {
            for felts in [0, 1, 0xffffffff_u32].span() {
                let length = Length { width: *width, felts: *felts };
                assert_eq!(LengthPacking::unpack(LengthPacking::pack(length)), length);
            }
        }
        assert_eq!(LengthPacking::unpack(0).felts, 0);
    }

    #[test]
    fn six_small_felts_share_a_cell() {
        assert_eq!(pack([0, 0, 0, 0, 0, -0x80000000].span()), (Width::Six, [0x80000000008000000000008000000000800000000080000000].span()));
    }
}
