//! What is stored is read again.

use crate::checks::LAST_HOUR;
use crate::ring::{Cell, CellPacking, Last, LastPacking, NO_PRICES, Place, Prices, place, unpack_base};

const LARGEST: Prices = Prices { base: 0xfffffffffffffff, quote: 0xfffffffffffffff };

#[test]
fn cells_are_read_as_they_were_written() {
    let prices = Prices { base: 1, quote: 2 };
    for cell in array![
        Cell { turn: 0, even: NO_PRICES, odd: NO_PRICES },
        Cell { turn: 7, even: prices, odd: NO_PRICES },
        Cell { turn: 7, even: NO_PRICES, odd: prices },
        Cell { turn: place(LAST_HOUR).turn, even: LARGEST, odd: LARGEST },
        Cell { turn: 255, even: prices, odd: LARGEST },
    ] {
        assert_eq!(CellPacking::unpack(CellPacking::pack(cell)), cell);
        assert_eq!(unpack_base(CellPacking::pack(cell)), (cell.even.base, cell.odd.base));
    }
}

#[test]
fn an_untouched_cell_is_empty() {
    assert_eq!(CellPacking::unpack(0), Cell { turn: 0, even: NO_PRICES, odd: NO_PRICES });
    assert_eq!(LastPacking::unpack(0), Last { recorded_at: 0, oldest: 0, consecutive: 0 });
}

#[test]
fn the_last_hour_has_a_place() {
    // A turn has eight bits.
    assert_eq!(place(LAST_HOUR), Place { cell: 25_183, turn: 137, is_odd: true });
    assert_eq!(place(65_535), Place { cell: 32_767, turn: 0, is_odd: true });
    assert_eq!(place(65_536), Place { cell: 0, turn: 1, is_odd: false });
}

#[test]
fn times_are_read_as_they_were_written() {
    for last in array![
        Last { recorded_at: 1, oldest: 2, consecutive: 3 },
        Last { recorded_at: 0xffffffffffffffff, oldest: 0xffffffffffffffff, consecutive: 0xffffffff },
    ] {
        assert_eq!(LastPacking::unpack(LastPacking::pack(last)), last);
    }
}
