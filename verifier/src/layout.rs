//! The columns of the model AIR, named once: every index, width and name comes from here.
//!
//! A row does several independent things at a time. It feeds some weights and [`READS`] memory cells into the two sides of a random
//! combination, it holds [`UNITS`] results with their range checks, one input, one output, and its share of the tables. Which of these a row
//! does is fixed: the selectors, addresses, coefficients and weights are *fixed* columns, the same in every proof of a model.
//!
//! ```text
//!                     main segment                                                                        auxiliary segment
//! |     witness      |             fixed (committed once, the model)              | one a committed  ||     (extension field)      | hiding
//! | inputs .. counts | reads | units | tables | inputs, output | flags | weights  | side: its sponge || bus | sums | combination   | masks
//! ```
//!
//! A [`Layout`] says how many weights a row has. They come last among the fixed columns, so that all others have one place in every layout.

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
    #[inline]
    pub const fn at(&self, position: usize) -> usize {
        assert!(position < self.count);
        self.start + position
    }

    /// The index after the last one.
    #[inline]
    pub const fn end(&self) -> usize {
        self.start + self.count
    }

    /// All their indices.
    #[inline]
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
    /// The witness columns, which differ from proof to proof.
    WITNESS from 0;
    /// An input.
    INPUT_VALUE: 1,
    /// An output.
    OUTPUT_VALUE: 1,
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

/// Number of witness columns, after which the fixed ones begin.
pub const WITNESS_WIDTH: usize = CONSTANT_USES.end();

columns! {
    /// The fixed columns of every layout. The weights come after them: see [`Layout::weights`].
    FIXED from WITNESS_WIDTH;
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

/// The index of the first weight, after all other fixed columns.
pub const FIRST_WEIGHT: usize = FINAL.end();

/// A set of columns: how many weights a row has. What a layout is worth depends on the model, so each entry of a commitment names its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The name that the layout is chosen by.
    pub name: &'static str,
    /// The byte that stands for it in files and commitments: its place in [`LAYOUTS`].
    pub code: u8,
    /// Weights in a row.
    pub lanes: usize,
}

/// The layouts that there are.
///
/// - `base`: for small models, and for all that a contract verifies.
/// - `wide`: for models with many weights. A further lane costs a thousandth of the row that is around it; winterfell's limit of 254 columns
///   in all leaves no more, with the masks of a hiding proof.
pub static LAYOUTS: [Layout; 2] = [BASE_LAYOUT, Layout { name: "wide", code: 1, lanes: 120 }];

const BASE_LAYOUT: Layout = Layout { name: "base", code: 0, lanes: 16 };

impl Layout {
    /// The layout for small models and for the chain.
    pub fn base() -> &'static Self {
        &LAYOUTS[0]
    }

    /// The layout with the most weights a row.
    pub fn wide() -> &'static Self {
        &LAYOUTS[1]
    }

    /// The layout of a byte.
    pub fn from_code(code: u8) -> Option<&'static Self> {
        LAYOUTS.get(usize::from(code))
    }

    /// The layout with a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LAYOUTS.iter().find(|layout| layout.name == name)
    }

    /// Weights `w_l`, the first lane with the highest power of sigma: the last fixed columns.
    pub const fn weights(&self) -> Columns {
        Columns { name: "WEIGHTS", start: FIRST_WEIGHT, count: self.lanes }
    }

    /// The indices of all fixed columns.
    pub const fn fixed(&self) -> std::ops::Range<usize> {
        WITNESS_WIDTH..self.weights().end()
    }

    /// Number of fixed columns.
    pub const fn fixed_width(&self) -> usize {
        self.weights().end() - WITNESS_WIDTH
    }

    /// Number of columns of the main segment, with the sponges of some committed sides.
    pub const fn main_width(&self, sponges: usize) -> usize {
        self.weights().end() + sponges * SPONGE_WIDTH
    }

    /// Whether there is room for the sponges of this many committed sides, in a hiding proof.
    pub const fn has_room_for(&self, sponges: usize) -> bool {
        self.main_width(sponges) + AUXILIARY_WIDTH + MASKS_WIDTH <= MAX_WIDTH
    }

    /// The indices of the fixed columns in a row of a main segment with this many elements; nothing if no layout has such rows.
    pub(crate) fn fixed_in_row(width: usize) -> Option<std::ops::Range<usize>> {
        let has = |layout: &&Self| (0..=SIDES).any(|sponges| layout.has_room_for(sponges) && layout.main_width(sponges) == width);
        LAYOUTS.iter().find(has).map(Self::fixed)
    }

    /// Bounds the error of the AIR's arguments for each row, over the size of the extension field: a false trace passes its challenges with a
    /// probability below `argument_error() * rows / |extension|`. Derived in docs/soundness.md, "The AIR's arguments".
    ///
    /// It is the same for every layout with these units and reads: weights are not on the bus, and the degree in sigma is that of results.
    pub const fn argument_error(&self) -> usize {
        // A tuple has degree 1 in alpha in memory, with the row's input and output, and degree 2 in the other domains.
        let memory = READS + UNITS + 2;
        let others = BUS_TERMS - memory;
        let (identity, poles) = (memory + 2 * others, memory + others);
        // Two polynomials with fewer coefficients than rows each; the degree in sigma, rho and beta.
        let (public_values, combination) = (2, 2);
        identity + poles + public_values + combination
    }
}

/// The most columns of both segments together: winterfell's reader refuses 255.
pub const MAX_WIDTH: usize = 254;

/// Sides of a statement that may be committed to: inputs and outputs.
pub const SIDES: usize = 2;

/// Columns of the sponge that hashes a committed side.
pub const SPONGE_WIDTH: usize = 43;

/// Rows at the end of every trace in which nothing of the model happens. In a hiding proof no constraint binds them, and the columns that
/// differ from proof to proof are random there: more than `queries + 2 extension + 1` elements a column (docs/zero-knowledge.md).
pub const MASK_ROWS: usize = 96;

/// Terms of the bus in a row, the last two those of its input and its output: see [`crate::air::bus`].
pub const BUS_TERMS: usize = READS + UNITS + UNITS * LIMBS + INPUT_LIMBS + TABLES + 2 + 2;

columns! {
    /// The auxiliary columns.
    AUXILIARY from 0;
    /// Each the sum of two terms of the bus.
    BUS_HELPER: BUS_TERMS.div_ceil(2),
    /// The sum of all terms of the rows above.
    BUS_SUM: 1,
    /// The polynomial of the inputs in the rows above.
    INPUTS: 1,
    /// The polynomial of the outputs in the rows above.
    OUTPUTS: 1,
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

/// Number of columns of the auxiliary segment, without masks.
pub const AUXILIARY_WIDTH: usize = RESULTS.end();

columns! {
    /// The auxiliary columns that a hiding proof adds, all of them random: see [`crate::air::masks`].
    MASKS from AUXILIARY_WIDTH;
    /// Masks the cut of the quotient at the degree of the trace.
    FIRST_CUT: 1,
    /// Masks the cut at twice that degree.
    SECOND_CUT: 1,
    /// Masks what the low-degree test opens.
    LOW_DEGREE: 1,
}

/// Number of columns that a hiding proof adds to the auxiliary segment.
pub const MASKS_WIDTH: usize = LOW_DEGREE.end() - AUXILIARY_WIDTH;

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
/// rows above the last [`MASK_ROWS`], and nothing beyond 16 bits is useful.
pub const fn limb_bits(rows: usize) -> u32 {
    let bits = (TABLES * (rows - MASK_ROWS) + 1).ilog2() - 1;
    if bits < 16 { bits } else { 16 }
}

#[cfg(test)]
mod tests {
    use winter_air::TraceInfo;
    use winter_verifier::{Deserializable, Serializable};

    use super::*;

    #[test]
    fn the_columns_of_a_segment_follow_one_another() {
        for (list, start, end) in [
            (WITNESS, 0, WITNESS_WIDTH),
            (FIXED, WITNESS_WIDTH, FIRST_WEIGHT),
            (AUXILIARY, 0, AUXILIARY_WIDTH),
            (MASKS, AUXILIARY_WIDTH, AUXILIARY_WIDTH + MASKS_WIDTH),
        ] {
            assert_eq!(list.iter().fold(start, |next, group| if group.start == next { group.end() } else { usize::MAX }), end);
        }
        assert_eq!((WITNESS_WIDTH, AUXILIARY_WIDTH, MASKS_WIDTH), (30, 23, 3));
        assert_eq!([Layout::base(), Layout::wide()].map(|layout| (layout.fixed_width(), layout.main_width(0))), [(89, 119), (193, 223)]);
    }

    #[test]
    fn a_layout_is_found_by_its_code_its_name_and_the_width_of_its_rows() {
        let mut widths = Vec::new();
        for (code, layout) in (0u8..).zip(&LAYOUTS) {
            assert_eq!((Layout::from_code(code), layout.code), (Some(layout), code));
            assert_eq!(Layout::named(layout.name), Some(layout));
            for sponges in (0..=SIDES).filter(|sponges| layout.has_room_for(*sponges)) {
                let width = layout.main_width(sponges);
                assert!(!widths.contains(&width), "two kinds of rows with {width} elements");
                assert_eq!(Layout::fixed_in_row(width), Some(layout.fixed()));
                widths.push(width);
            }
        }
        assert_eq!(widths, [119, 162, 205, 223]);
        assert_eq!((Layout::from_code(2), Layout::named("Base")), (None, None));
        assert!([0, 89, 118, 120, 254, 266].into_iter().all(|width| Layout::fixed_in_row(width).is_none()));
    }

    #[test]
    fn the_wide_layout_is_the_widest_by_a_multiple_of_eight_lanes() {
        let reads = |width: usize, rows: usize| {
            let info = TraceInfo::new_multi_segment(width - AUXILIARY_WIDTH, AUXILIARY_WIDTH, 1, rows, Vec::new());
            TraceInfo::read_from_bytes(&info.to_bytes()).is_ok()
        };
        assert!(reads(MAX_WIDTH, MIN_ROWS) && !reads(MAX_WIDTH + 1, MIN_ROWS));
        let width = |lanes: usize, masks: usize| Layout { name: "", code: 0, lanes }.main_width(0) + AUXILIARY_WIDTH + masks;
        let lanes = Layout::wide().lanes;
        // Both modes share the tree of the fixed columns, so that the wider one decides. The other one alone would have room for eight more.
        assert!(width(lanes, MASKS_WIDTH) <= MAX_WIDTH && width(lanes + 8, MASKS_WIDTH) > MAX_WIDTH);
        assert!(width(lanes + 8, 0) <= MAX_WIDTH && width(lanes + 16, 0) > MAX_WIDTH);
        assert!(LAYOUTS.iter().all(|layout| layout.lanes.is_multiple_of(8) && layout.lanes <= lanes && layout.has_room_for(0)));
    }

    #[test]
    fn a_layout_has_room_for_as_many_digests_as_its_columns_leave() {
        let room = |layout: &Layout| (0..=SIDES).map(|sponges| layout.has_room_for(sponges)).collect::<Vec<_>>();
        assert_eq!(room(Layout::base()), [true; 3]);
        assert_eq!(room(Layout::wide()), [true, false, false]);
        // Exactly the columns of the digest decide, and those of a hiding proof.
        let lanes = MAX_WIDTH - AUXILIARY_WIDTH - MASKS_WIDTH - FIRST_WEIGHT - SPONGE_WIDTH;
        let layout = |lanes: usize| Layout { name: "", code: 0, lanes };
        assert!(layout(lanes).has_room_for(1) && !layout(lanes + 1).has_room_for(1) && !layout(lanes).has_room_for(2));
    }

    #[test]
    fn the_range_table_fits_above_the_mask_rows() {
        for rows in (MIN_ROWS.ilog2()..=MAX_ROWS.ilog2()).map(|log| 1usize << log) {
            assert!((2usize << limb_bits(rows)) - 1 <= TABLES * (rows - MASK_ROWS));
        }
        assert_eq!([MIN_ROWS, 1 << 12, 1 << 16, MAX_ROWS].map(limb_bits), [11, 12, 16, 16]);
    }
}
