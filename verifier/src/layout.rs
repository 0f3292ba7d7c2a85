//! The columns of the model AIR, named once: every index, width and name comes from here.
//!
//! A row does several independent things at a time. It feeds up to [`LANES`] weights and [`READS`] memory cells into the two sides of a
//! random combination, it holds [`UNITS`] results with their range checks, one input, one output, and its share of the tables. Which of
//! these a row does is fixed: the selectors, addresses, coefficients and weights are *fixed* columns, the same in every proof of a model.
//!
//! ```text
//!        fixed (committed once, the model)               io            witness                            auxiliary (extension field)
//! | weights | reads | units | tables | io | flags || inputs outputs || reads | units | counts | limbs || bus helpers | sums | combination |
//! ```

/// Weights in a row.
pub const LANES: usize = 16;
/// Memory cells that a row reads; unit `u` takes lanes `2u` and `2u + 1`.
pub const READS: usize = 4;
/// Results in a row.
pub const UNITS: usize = 2;
/// Limbs of a unit, two each for the remainder, the value and the excess.
pub const LIMBS: usize = 6;
/// Columns of the range table.
pub const TABLES: usize = 3;
/// Limbs of an input's range check.
pub const INPUT_LIMBS: usize = 2;

/// Columns that belong together: one a lane, a unit or a limb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// What they hold, as in the documentation.
    pub name: &'static str,
    /// The first one's index in its segment.
    pub start: usize,
    /// How many there are.
    pub count: usize,
}

impl Columns {
    /// The index of one of them.
    pub const fn at(&self, position: usize) -> usize {
        assert!(position < self.count);
        self.start + position
    }

    /// The index after the last one.
    pub const fn end(&self) -> usize {
        self.start + self.count
    }

    /// All their indices.
    pub fn indices(&self) -> std::ops::Range<usize> {
        self.start..self.end()
    }
}

/// Numbers the groups of a segment one after the other, and lists them.
macro_rules! columns {
    ($(#[$list_doc:meta])* $list:ident from $start:expr; $($(#[$doc:meta])* $name:ident: $count:expr,)*) => {
        columns!(@next $start; $($(#[$doc])* $name: $count,)*);
        $(#[$list_doc])*
        pub const $list: &[Columns] = &[$($name),*];
    };
    (@next $start:expr; $(#[$doc:meta])* $name:ident: $count:expr, $($rest:tt)*) => {
        $(#[$doc])*
        pub const $name: Columns = Columns { name: stringify!($name), start: $start, count: $count };
        columns!(@next $name.end(); $($rest)*);
    };
    (@next $start:expr;) => {};
}
pub(crate) use columns;

columns! {
    /// The fixed columns.
    FIXED from 0;
    /// Weights `w_l`, the first lane with the highest power of sigma.
    WEIGHTS: LANES,
    /// Address of each cell that is read; 0 is the cell that holds zero.
    READ_ADDRESS: READS,
    /// Coefficient with which each cell enters the random combination.
    READ_COEFFICIENT: READS,
    /// Address to which a unit writes its value.
    UNIT_ADDRESS: UNITS,
    /// How often the value that a unit writes is read.
    UNIT_READERS: UNITS,
    /// `2^k` for a rescaling by `k` bits, negative ones included; 0 where the value is a hint.
    UNIT_SCALE: UNITS,
    /// What the accumulator adds: the bias, and half a unit for rounding.
    UNIT_BIAS: UNITS,
    /// Coefficient of the unit's first cell.
    UNIT_FIRST: UNITS,
    /// Coefficient of its second cell.
    UNIT_SECOND: UNITS,
    /// Coefficient of the product of the two.
    UNIT_PRODUCT: UNITS,
    /// 1 where the value is range-checked.
    UNIT_CHECKED: UNITS,
    /// The least value, as far as it is fixed.
    UNIT_LO: UNITS,
    /// 1 where the second cell is added to the least value.
    UNIT_FLOATING: UNITS,
    /// The greatest value.
    UNIT_HI: UNITS,
    /// Width in bits of each limb; 0 for a limb that is not used.
    UNIT_WIDTH: UNITS * LIMBS,
    /// 1 where unit 0 looks its value up in the constants.
    LOOKUP: 1,
    /// Address of the looked-up function's first value.
    LOOKUP_ADDRESS: 1,
    /// The row's number: the address of its constant, and the place of its input and its output.
    ROW: 1,
    /// A constant of a function.
    CONSTANT_VALUE: 1,
    /// Width in bits of an entry of the range table.
    TABLE_WIDTH: TABLES,
    /// The entry: all values below `2^width`.
    TABLE_VALUE: TABLES,
    /// 1 where there is an input.
    INPUT: 1,
    /// How often the input is read.
    INPUT_READERS: 1,
    /// The least value of the input.
    INPUT_LO: 1,
    /// Widths of the limbs of the input's range check.
    INPUT_WIDTH: INPUT_LIMBS,
    /// 1 where there is an output.
    OUTPUT: 1,
    /// 1 where the left factor is kept as it is.
    LEFT_KEEP: 1,
    /// 1 where the left factor moves up by a row of weights.
    LEFT_BY_WEIGHTS: 1,
    /// 1 where the left factor moves up by a row of cells.
    LEFT_BY_CELLS: 1,
    /// 1 where the cells that are read go to the left factor, not to the right one.
    LEFT_READS: 1,
    /// 1 where the right factor is kept as it is.
    RIGHT_KEEP: 1,
    /// 1 where the right factor moves up by a row of cells.
    RIGHT_BY_CELLS: 1,
    /// 1 where the product of the two factors is added.
    MULTIPLY: 1,
    /// 1 where the products of a new group begin.
    PRODUCT_GROUP: 1,
    /// 1 where the inner sum of results is kept as it is.
    INNER_KEEP: 1,
    /// 1 where the inner sum moves up by a row of units.
    INNER_STEP: 1,
    /// 1 where the outer sum is kept as it is.
    OUTER_KEEP: 1,
    /// 1 where the outer sum moves up by an inner sum.
    OUTER_STEP: 1,
    /// 1 where the outer sum takes the inner one.
    OUTER_TAKE: 1,
    /// 1 where the results of a group end.
    RESULT_GROUP: 1,
    /// 1 in the row where products and results must agree.
    FINAL: 1,
}

/// Number of fixed columns.
pub const FIXED_WIDTH: usize = FINAL.end();

columns! {
    /// The columns of inputs and outputs.
    IO from FIXED_WIDTH;
    /// An input.
    INPUT_VALUE: 1,
    /// An output.
    OUTPUT_VALUE: 1,
}

/// Number of columns of inputs and outputs.
pub const IO_WIDTH: usize = OUTPUT_VALUE.end() - FIXED_WIDTH;

columns! {
    /// The witness columns.
    WITNESS from FIXED_WIDTH + IO_WIDTH;
    /// The cells that are read.
    READ_VALUE: READS,
    /// A unit's value `y`.
    UNIT_VALUE: UNITS,
    /// The least value that it may have.
    UNIT_BASE: UNITS,
    /// -1 where it is saturated from below, 1 from above, else 0.
    UNIT_SIDE: UNITS,
    /// The limbs: remainder, value above the least one, excess over the saturated value; low limb first.
    UNIT_LIMB: UNITS * LIMBS,
    /// Limbs of the input above its least value.
    INPUT_LIMB: INPUT_LIMBS,
    /// How often each entry of the range table is used.
    TABLE_USES: TABLES,
    /// How often each constant is looked up.
    CONSTANT_USES: 1,
}

/// Number of witness columns.
pub const WITNESS_WIDTH: usize = CONSTANT_USES.end() - IO_WIDTH - FIXED_WIDTH;

/// Number of columns of the main segment.
pub const MAIN_WIDTH: usize = FIXED_WIDTH + IO_WIDTH + WITNESS_WIDTH;

/// Terms of the bus in a row, without those of inputs and outputs: see [`crate::air::bus`].
pub const BUS_TERMS: usize = READS + UNITS + UNITS * LIMBS + INPUT_LIMBS + TABLES + 2;

columns! {
    /// The auxiliary columns.
    AUXILIARY from 0;
    /// Each the sum of two terms of the bus.
    BUS_HELPER: BUS_TERMS.div_ceil(2),
    /// The sum of all terms of the rows above.
    BUS_SUM: 1,
    /// The sum of the inputs' terms of the rows above.
    INPUT_SUM: 1,
    /// The sum of the outputs' terms of the rows above.
    OUTPUT_SUM: 1,
    /// The left factor: weights combined by powers of sigma.
    LEFT: 1,
    /// The right factor: cells combined by powers of rho.
    RIGHT: 1,
    /// The sum of all products, groups combined by powers of beta.
    PRODUCTS: 1,
    /// Results combined by powers of sigma.
    INNER: 1,
    /// Inner sums combined by powers of rho.
    OUTER: 1,
    /// Outer sums combined by powers of beta.
    RESULTS: 1,
}

/// Number of columns of the auxiliary segment.
pub const AUXILIARY_WIDTH: usize = RESULTS.end();

/// Bounds the error of the AIR's arguments for each row, over the size of the extension field: a false trace passes its challenges with a
/// probability below `ARGUMENT_ERROR * rows / |extension|`. Derived in docs/soundness.md, "The AIR's arguments".
pub const ARGUMENT_ERROR: usize = {
    // A tuple has degree 1 in alpha in memory, with the row's input and output, and degree 2 in the other domains.
    let memory = READS + UNITS + 2;
    let others = BUS_TERMS - READS - UNITS;
    let (identity, poles) = (memory + 2 * others, memory + others);
    // Numerators and poles of two sums over fewer values than rows each; the degree in sigma, rho and beta.
    let (public_values, combination) = (6, 2);
    identity + poles + public_values + combination
};

/// The address of the cell that holds zero. Inputs follow it, then outputs, then everything else.
pub const ZERO_ADDRESS: u64 = 0;
/// The address of the first input.
pub const FIRST_INPUT: u64 = 1;

/// The address of the first output after this many inputs.
pub const fn first_output(n_inputs: usize) -> u64 {
    FIRST_INPUT + n_inputs as u64
}

/// The least number of rows.
pub const MIN_ROWS: usize = 1 << 11;
/// The greatest number of rows.
pub const MAX_ROWS: usize = 1 << 22;

/// The width in bits of the widest limb for a number of rows: the range table holds an entry for each value of each width up to it, in all
/// rows but the last, and nothing beyond 16 bits is useful.
pub const fn limb_bits(rows: usize) -> u32 {
    let bits = (TABLES * (rows - 1) + 1).ilog2() - 1;
    if bits < 16 { bits } else { 16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_segment_follow_one_another() {
        for (list, start, end) in [
            (FIXED, 0, FIXED_WIDTH),
            (IO, FIXED_WIDTH, FIXED_WIDTH + IO_WIDTH),
            (WITNESS, FIXED_WIDTH + IO_WIDTH, MAIN_WIDTH),
            (AUXILIARY, 0, AUXILIARY_WIDTH),
        ] {
            assert_eq!(list.iter().fold(start, |next, group| if group.start == next { group.end() } else { usize::MAX }), end);
        }
        assert_eq!((FIXED_WIDTH, MAIN_WIDTH, AUXILIARY_WIDTH), (89, 119, 22));
    }

    #[test]
    fn the_range_table_fits_above_the_last_row() {
        for rows in (MIN_ROWS.ilog2()..=MAX_ROWS.ilog2()).map(|log| 1usize << log) {
            assert!((2usize << limb_bits(rows)) - 1 <= TABLES * (rows - 1));
        }
        assert_eq!([MIN_ROWS, 1 << 12, 1 << 16, MAX_ROWS].map(limb_bits), [11, 12, 16, 16]);
    }
}
