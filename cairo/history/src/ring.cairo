//! The ring in which observations are stored: two hours a cell, the newest in place of those of 65,536 hours before.
use starknet::storage_access::StorePacking;

/// Hours that the ring has room for. Longer than the longest lag of a feature, which is 8,759 hours.
pub const RING: u64 = 65_536;
/// Cells of the ring.
pub const CELLS: u64 = RING / 2;
/// What a window can have at most: the hour of 65,535 hours before is in the last hour's cell where that is even, and so is lost.
pub const LONGEST_WINDOW: u32 = 65_535;

const TWO_60: u128 = 0x1000000000000000;
const TWO_64: u128 = 0x10000000000000000;
const TWO_120: u128 = 0x1000000000000000000000000000000;

/// The prices of an hour, in 1e-8 USD. Both are 0 where none was recorded.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Prices {
    pub base: u64,
    pub quote: u64,
}

pub const NO_PRICES: Prices = Prices { base: 0, quote: 0 };

/// An even hour and the one after it.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Cell {
    /// How often the ring had gone round: the hour is known by it.
    pub turn: u64,
    pub even: Prices,
    pub odd: Prices,
}

/// Where an hour is stored.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Place {
    pub cell: u64,
    pub turn: u64,
    pub is_odd: bool,
}

/// When and on what the last observation was made. Its hour follows from the time.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Last {
    pub recorded_at: u64,
    pub oldest: u64,
    /// 0 before the first observation.
    pub consecutive: u32,
}

/// The place of an hour.
pub fn place(hour: u64) -> Place {
    let (pair, odd) = DivRem::div_rem(hour, 2);
    let (turn, cell) = DivRem::div_rem(pair, CELLS.try_into().unwrap());
    Place { cell, turn, is_odd: odd == 1 }
}

#[generate_trait]
pub impl CellImpl of CellTrait {
    /// The prices of the hour with this place, if the cell has them.
    fn get(self: Cell, place: Place) -> Option<Prices> {
        let prices = if place.is_odd {
            self.odd
        } else {
            self.even
        };
        if self.turn == place.turn && prices != NO_PRICES {
            Some(prices)
        } else {
            None
        }
    }

    /// The cell with the prices of one more hour. What it has of another turn is forgotten.
    fn set(self: Cell, place: Place, prices: Prices) -> Cell {
        let turn = place.turn;
        if !place.is_odd {
            // The odd hour is later, so what is there is of another turn.
            Cell { turn, even: prices, odd: NO_PRICES }
        } else if self.turn == turn {
            Cell { turn, even: self.even, odd: prices }
        } else {
            Cell { turn, even: NO_PRICES, odd: prices }
        }
    }
}

/// One felt: in the low 128 bits the even hour's prices of 60 bits each, and the turn, which is at most 137; above, the odd hour's prices.
pub impl CellPacking of StorePacking<Cell, felt252> {
    fn pack(value: Cell) -> felt252 {
        let low = pack_prices(value.even) + value.turn.into() * TWO_120;
        u256 { low, high: pack_prices(value.odd) }.try_into().unwrap()
    }

    fn unpack(value: felt252) -> Cell {
        let u256 { low, high } = value.into();
        let (turn, even) = DivRem::div_rem(low, TWO_120.try_into().unwrap());
        Cell { turn: turn.try_into().unwrap(), even: unpack_prices(even), odd: unpack_prices(high) }
    }
}

/// The base token's prices of a packed cell: of the even hour and of the odd one. A window needs no more, and reads many cells.
pub fn unpack_base(packed: felt252) -> (u64, u64) {
    let u256 { low, high } = packed.into();
    let shift: NonZero<u128> = TWO_60.try_into().unwrap();
    let (_, even) = DivRem::div_rem(low, shift);
    let (_, odd) = DivRem::div_rem(high, shift);
    (even.try_into().unwrap(), odd.try_into().unwrap())
}

fn pack_prices(prices: Prices) -> u128 {
    prices.base.into() + prices.quote.into() * TWO_60
}

fn unpack_prices(packed: u128) -> Prices {
    let (quote, base) = DivRem::div_rem(packed, TWO_60.try_into().unwrap());
    Prices { base: base.try_into().unwrap(), quote: quote.try_into().unwrap() }
}

/// One felt: the two times in the low 128 bits, and the count above.
pub impl LastPacking of StorePacking<Last, felt252> {
    fn pack(value: Last) -> felt252 {
        let low = value.recorded_at.into() + value.oldest.into() * TWO_64;
        u256 { low, high: value.consecutive.into() }.try_into().unwrap()
    }

    fn unpack(value: felt252) -> Last {
        let u256 { low, high } = value.into();
        let (oldest, recorded_at) = DivRem::div_rem(low, TWO_64.try_into().unwrap());
        Last {
            recorded_at: recorded_at.try_into().unwrap(), oldest: oldest.try_into().unwrap(), consecutive: high.try_into().unwrap(),
        }
    }
}
