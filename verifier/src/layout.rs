//! The columns of the model AIR, named once: every index, width and name comes from here.
//!
//! A row does several independent things at a time. It feeds some weights and memory cells into the two sides of a random combination, it holds
//! some results with their range checks, one input, one output, and its share of the tables. Which of these a row
//! does is fixed: the selectors, addresses, coefficients and weights are *fixed* columns, the same in every proof of a model.
//!
//! ```text
//!                     main segment                                                                        auxiliary segment
//! |     witness      |             fixed (committed once, the model)              | one a committed  ||     (extension field)      | hiding
//! | inputs .. counts | reads | units | tables | inputs, output | flags | weights  | side: its sponge || bus | sums | combination   | masks
//! ```
//!
//! A [`Layout`] says how many of each a row has [`Room`] for, and so where its columns are.

/// Limbs of an input's range check.
pub const INPUT_LIMBS: usize = 2;
/// Numbers of a unit: the remainder, the value and the excess.
pub const NUMBERS: usize = 3;

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

/// What a row of a layout has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Weights.
    pub lanes: usize,
    /// Memory cells that are read; unit `u` takes lanes `2u` and `2u + 1`, where there are so many.
    pub reads: usize,
    /// Results.
    pub units: usize,
    /// Limbs of each of a unit's [`NUMBERS`].
    pub limbs: usize,
    /// Units that can look their value up: the first ones.
    pub lookups: usize,
    /// Columns of the range table.
    pub tables: usize,
    /// Whether the left factor can move up by one position: then a convolution is one product.
    pub taps: bool,
}

impl Room {
    /// Limbs of a unit.
    pub const fn unit_limbs(&self) -> usize {
        NUMBERS * self.limbs
    }

    /// Units that take cells of their own: the first ones.
    pub const fn readers(&self) -> usize {
        if self.units < self.reads / 2 { self.units } else { self.reads / 2 }
    }

    /// Terms of the bus in a row, the last two those of its input and its output: see [`crate::air::bus`].
    pub const fn bus_terms(&self) -> usize {
        self.reads + self.units + self.units * self.unit_limbs() + INPUT_LIMBS + self.tables + self.lookups + 1 + 2
    }
}

/// What columns are for. Every layout has those with a role at a place of its own: `layout[READ_VALUE]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role(usize);

impl Role {
    /// How many roles there are between this one and one before it.
    pub const fn since(self, other: Self) -> usize {
        self.0 - other.0
    }
}

/// Names the roles, and says how many columns each has in a layout.
macro_rules! roles {
    ($room:ident: $($(#[$doc:meta])* $name:ident: $count:expr,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Position { $($name,)* }
        $($(#[$doc])* pub const $name: Role = Role(Position::$name as usize);)*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        const fn counts($room: &Room) -> [usize; NAMES.len()] {
            [$($count),*]
        }
    };
}

roles! { room:
    // The witness columns, which differ from proof to proof.
    /// An input.
    INPUT_VALUE: 1,
    /// An output.
    OUTPUT_VALUE: 1,
    /// The cells that are read.
    READ_VALUE: room.reads,
    /// A unit's value `y`.
    UNIT_VALUE: room.units,
    /// The least value that it may have.
    UNIT_BASE: room.units,
    /// -1 where it is saturated from below, 1 from above, else 0.
    UNIT_SIDE: room.units,
    /// The limbs: remainder, value above the least one, excess over the saturated value; low limb first.
    UNIT_LIMB: room.units * room.unit_limbs(),
    /// Limbs of the input above its least value.
    INPUT_LIMB: INPUT_LIMBS,
    /// How often each entry of the range table is used.
    TABLE_USES: room.tables,
    /// How often each constant is looked up.
    CONSTANT_USES: 1,

    // The fixed columns. The weights come last, and before them the flags.
    /// Address of each cell that is read; 0 is the cell that holds zero.
    READ_ADDRESS: room.reads,
    /// Coefficient with which each cell enters the random combination.
    READ_COEFFICIENT: room.reads,
    /// Address to which a unit writes its value.
    UNIT_ADDRESS: room.units,
    /// How often the value that a unit writes is read.
    UNIT_READERS: room.units,
    /// `2^k` for a rescaling by `k` bits, negative ones included; 0 where the value is a hint.
    UNIT_SCALE: room.units,
    /// What the accumulator adds: the bias, and half a unit for rounding.
    UNIT_BIAS: room.units,
    /// Coefficient of the unit's first cell.
    UNIT_FIRST: room.readers(),
    /// Coefficient of its second cell.
    UNIT_SECOND: room.readers(),
    /// Coefficient of the product of the two.
    UNIT_PRODUCT: room.readers(),
    /// 1 where the value is range-checked.
    UNIT_CHECKED: room.units,
    /// The least value, as far as it is fixed.
    UNIT_LO: room.units,
    /// 1 where the second cell is added to the least value.
    UNIT_FLOATING: room.readers(),
    /// The greatest value.
    UNIT_HI: room.units,
    /// Width in bits of each limb; 0 for a limb that is not used.
    UNIT_WIDTH: room.units * room.unit_limbs(),
    /// 1 where a unit looks its value up in the constants.
    LOOKUP: room.lookups,
    /// Address of the looked-up function's first value.
    LOOKUP_ADDRESS: room.lookups,
    /// The row's number: the address of its constant, and the place of its input and its output.
    ROW: 1,
    /// A constant of a function.
    CONSTANT_VALUE: 1,
    /// Width in bits of an entry of the range table.
    TABLE_WIDTH: room.tables,
    /// The entry: all values below `2^width`.
    TABLE_VALUE: room.tables,
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
    /// 1 where the left factor moves up by a position.
    LEFT_BY_ONE: room.taps as usize,
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
    /// Weights `w_l`, the first lane with the highest power of sigma.
    WEIGHTS: room.lanes,

    // The auxiliary columns.
    /// Each the sum of two terms of the bus.
    BUS_HELPER: room.bus_terms().div_ceil(2),
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

    // The auxiliary columns that a hiding proof adds, all of them random: see [`crate::air::masks`].
    /// Masks the cut of the quotient at the degree of the trace.
    FIRST_CUT: 1,
    /// Masks the cut at twice that degree.
    SECOND_CUT: 1,
    /// Masks what the low-degree test opens.
    LOW_DEGREE: 1,
}

/// The flags, all of them fixed columns: what the running sums do in a row.
pub const FLAGS: std::ops::Range<usize> = LEFT_KEEP.0..WEIGHTS.0;
/// Number of columns that a hiding proof adds to the auxiliary segment.
pub const MASKS_WIDTH: usize = NAMES.len() - FIRST_CUT.0;

/// A set of columns. What a layout is worth depends on the model, so each entry of a commitment names its own.
#[derive(PartialEq, Eq)]
pub struct Layout {
    /// The name that the layout is chosen by.
    pub name: &'static str,
    /// The byte that stands for it in files and commitments: its place in [`LAYOUTS`].
    pub code: u8,
    /// What a row has room for.
    pub room: Room,
    columns: [Columns; NAMES.len()],
}

/// The layouts that there are.
///
/// - `base`: for small models, and for all that a contract verifies.
/// - `wide`: for models with many weights. A further lane costs a thousandth of the row that is around it; winterfell's limit of 254 columns
///   in all leaves no more, with the masks of a hiding proof.
/// - `dense`: the same without room for those masks, for plain proofs alone.
/// - `short`: for the smallest models. Its range table has room for outputs of 22 bits in 1,024 rows.
/// - `images`: for convolutions, and whatever else has many results for each weight.
/// - `narrow`: the same for numbers of one limb each, which those of 8-bit models are.
pub static LAYOUTS: [Layout; 6] = [
    Layout::new("base", 0, BASE),
    Layout::new("wide", 1, Room { lanes: 120, ..BASE }),
    Layout::new("dense", 2, Room { lanes: 128, ..BASE }),
    Layout::new("short", 3, Room { tables: 6, ..BASE }),
    Layout::new("images", 4, Room { lanes: 40, reads: 8, units: 4, taps: true, ..BASE }),
    Layout::new("narrow", 5, Room { lanes: 72, reads: 8, units: 4, limbs: 1, taps: true, ..BASE }),
];

const BASE: Room = Room { lanes: 16, reads: 4, units: 2, limbs: 2, lookups: 1, tables: 3, taps: false };

/// The most cells that a row of any layout reads.
pub(crate) const MOST_READS: usize = MOST[0];
/// The most terms of the bus in a row of any layout.
pub(crate) const MOST_BUS_TERMS: usize = MOST[1];

const MOST: [usize; 2] = {
    let (mut most, mut layout) = ([0; 2], 0);
    while layout < LAYOUTS.len() {
        let Layout { room, .. } = &LAYOUTS[layout];
        if room.reads > most[0] {
            most[0] = room.reads;
        }
        if room.bus_terms() > most[1] {
            most[1] = room.bus_terms();
        }
        layout += 1;
    }
    most
};

impl Layout {
    const fn new(name: &'static str, code: u8, room: Room) -> Self {
        // There are as many powers of sigma as lanes. A number has one limb or two, and a look-up reads the first cell of its unit.
        assert!(room.reads <= room.lanes && room.units <= room.lanes && room.lookups <= room.readers());
        assert!(room.limbs == 1 || room.limbs == 2);
        let counts = counts(&room);
        let mut columns = [Columns { name: "", start: 0, count: 0 }; NAMES.len()];
        let (mut role, mut start) = (0, 0);
        while role < columns.len() {
            // The main segment has the witness and the fixed columns, one after the other.
            if role == BUS_HELPER.0 {
                start = 0;
            }
            columns[role] = Columns { name: NAMES[role], start, count: counts[role] };
            start += counts[role];
            role += 1;
        }
        Self { name, code, room, columns }
    }

    /// The layout for small models and for the chain.
    pub fn base() -> &'static Self {
        &LAYOUTS[0]
    }

    /// The layout with the most weights a row of those that can hide.
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

    /// The columns with a role, as the index operator gives them.
    #[inline]
    pub const fn columns(&self, role: Role) -> &Columns {
        &self.columns[role.0]
    }

    /// The witness columns, role by role.
    pub fn witness_columns(&self) -> &[Columns] {
        &self.columns[..READ_ADDRESS.0]
    }

    /// The fixed columns, role by role.
    pub fn fixed_columns(&self) -> &[Columns] {
        &self.columns[READ_ADDRESS.0..BUS_HELPER.0]
    }

    /// The auxiliary columns without masks, role by role.
    pub fn auxiliary_columns(&self) -> &[Columns] {
        &self.columns[BUS_HELPER.0..FIRST_CUT.0]
    }

    /// The columns of a hiding proof's masks, role by role.
    pub fn masks_columns(&self) -> &[Columns] {
        &self.columns[FIRST_CUT.0..]
    }

    /// The roles of flags.
    pub fn flags() -> impl Iterator<Item = Role> {
        FLAGS.map(Role)
    }

    /// Number of witness columns, after which the fixed ones begin.
    pub const fn witness_width(&self) -> usize {
        self.columns(READ_ADDRESS).start
    }

    /// The index of the first weight, after all other fixed columns.
    pub const fn first_weight(&self) -> usize {
        self.columns(WEIGHTS).start
    }

    /// The indices of all fixed columns.
    pub const fn fixed(&self) -> std::ops::Range<usize> {
        self.witness_width()..self.columns(WEIGHTS).end()
    }

    /// Number of fixed columns.
    pub const fn fixed_width(&self) -> usize {
        self.columns(WEIGHTS).end() - self.witness_width()
    }

    /// Number of columns of the main segment, with the sponges of some committed sides.
    pub const fn main_width(&self, sponges: usize) -> usize {
        self.columns(WEIGHTS).end() + sponges * SPONGE_WIDTH
    }

    /// Number of columns of the auxiliary segment, without masks.
    pub const fn auxiliary_width(&self) -> usize {
        self.columns(FIRST_CUT).start
    }

    /// Whether there is room for the masks of a hiding proof.
    pub const fn can_hide(&self) -> bool {
        self.has_room_for(0)
    }

    /// Whether there is room for the sponges of this many committed sides, in a hiding proof.
    pub const fn has_room_for(&self, sponges: usize) -> bool {
        self.main_width(sponges) + self.auxiliary_width() + MASKS_WIDTH <= MAX_WIDTH
    }

    /// The indices of the fixed columns in a row of a main segment with this many elements; nothing if no layout has such rows.
    pub(crate) fn fixed_in_row(width: usize) -> Option<std::ops::Range<usize>> {
        let has = |layout: &&Self| {
            (0..=SIDES).any(|sponges| (sponges == 0 || layout.has_room_for(sponges)) && layout.main_width(sponges) == width)
        };
        LAYOUTS.iter().find(has).map(Self::fixed)
    }

    /// The width in bits of the widest limb for a number of rows: the range table holds an entry for each value of each width up to it, in all
    /// rows above the last [`MASK_ROWS`], and nothing beyond 16 bits is useful.
    pub const fn limb_bits(&self, rows: usize) -> u32 {
        let bits = (self.room.tables * (rows - MASK_ROWS) + 1).ilog2() - 1;
        if bits < 16 { bits } else { 16 }
    }

    /// The least number of rows: with fewer, the range table does not hold numbers of 11 bits, two of which make the outputs of most models.
    pub const fn min_rows(&self) -> usize {
        let mut rows = MIN_ROWS;
        while self.limb_bits(rows) < 11 {
            rows *= 2;
        }
        rows
    }

    /// Bounds the error of the AIR's arguments for each row, over the size of the extension field: a false trace passes its challenges with a
    /// probability below `argument_error() * rows / |extension|`. Derived in docs/soundness.md, "The AIR's arguments".
    ///
    /// Weights do not count: they are not on the bus, and the degree in sigma is that of results.
    pub const fn argument_error(&self) -> usize {
        let Room { reads, units, .. } = self.room;
        // A tuple has degree 1 in alpha in memory, with the row's input and output, and degree 2 in the other domains.
        let memory = reads + units + 2;
        let others = self.room.bus_terms() - memory;
        let (identity, poles) = (memory + 2 * others, memory + others);
        // Two polynomials with fewer coefficients than rows each; the degree in sigma, rho and beta.
        let combination = if units < 2 { 2 } else { units };
        let public_values = 2;
        identity + poles + public_values + combination
    }
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Layout({})", self.name)
    }
}

impl std::ops::Index<Role> for Layout {
    type Output = Columns;

    #[inline]
    fn index(&self, role: Role) -> &Columns {
        self.columns(role)
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

/// The address of the cell that holds zero. Inputs follow it, then outputs, then everything else.
pub const ZERO_ADDRESS: u64 = 0;
/// The address of the first input.
pub const FIRST_INPUT: u64 = 1;

/// The address of the first output after this many inputs.
pub const fn first_output(n_inputs: usize) -> u64 {
    FIRST_INPUT + n_inputs as u64
}

/// The least number of rows of any layout: see [`Layout::min_rows`].
pub const MIN_ROWS: usize = 1 << 10;
/// The greatest number of rows.
pub const MAX_ROWS: usize = 1 << 22;

#[cfg(test)]
mod tests {
    use winter_air::TraceInfo;
    use winter_verifier::{Deserializable, Serializable};

    use super::*;

    /// The base layout with another number of weights.
    fn with_lanes(lanes: usize) -> Layout {
        Layout::new("", 0, Room { lanes, ..BASE })
    }

    #[test]
    fn the_columns_of_a_segment_follow_one_another() {
        for layout in &LAYOUTS {
            for (list, start, end) in [
                (layout.witness_columns(), 0, layout.witness_width()),
                (layout.fixed_columns(), layout.witness_width(), layout.main_width(0)),
                (layout.auxiliary_columns(), 0, layout.auxiliary_width()),
                (layout.masks_columns(), layout.auxiliary_width(), layout.auxiliary_width() + MASKS_WIDTH),
            ] {
                assert_eq!(list.iter().fold(start, |next, group| if group.start == next { group.end() } else { usize::MAX }), end);
            }
            assert_eq!(layout.fixed(), layout.witness_width()..layout.first_weight() + layout.room.lanes, "{}", layout.name);
        }
        let widths = LAYOUTS.each_ref().map(|layout| (layout.witness_width(), layout.fixed_width(), layout.main_width(0)));
        assert_eq!(widths, [(30, 89, 119), (30, 193, 223), (30, 201, 231), (33, 95, 128), (52, 156, 208), (40, 176, 216)]);
        assert_eq!((LAYOUTS.each_ref().map(Layout::auxiliary_width), MASKS_WIDTH), ([23, 23, 23, 24, 32, 26], 3));
    }

    /// Commitments and contracts rest on the columns of the base layout: for each role the name, the first column and how many there are.
    #[test]
    fn the_base_layout_has_the_columns_that_contracts_know() {
        let base = Layout::base();
        let lists = [base.witness_columns(), base.fixed_columns(), base.auxiliary_columns(), base.masks_columns()];
        let found = lists.map(|list| {
            let columns = list.iter().map(|columns| format!("{} {} {}", columns.name, columns.start, columns.count));
            columns.collect::<Vec<_>>().join(", ")
        });
        let expected = [
            "INPUT_VALUE 0 1, OUTPUT_VALUE 1 1, READ_VALUE 2 4, UNIT_VALUE 6 2, UNIT_BASE 8 2, UNIT_SIDE 10 2, UNIT_LIMB 12 12, \
             INPUT_LIMB 24 2, TABLE_USES 26 3, CONSTANT_USES 29 1",
            "READ_ADDRESS 30 4, READ_COEFFICIENT 34 4, UNIT_ADDRESS 38 2, UNIT_READERS 40 2, UNIT_SCALE 42 2, UNIT_BIAS 44 2, \
             UNIT_FIRST 46 2, UNIT_SECOND 48 2, UNIT_PRODUCT 50 2, UNIT_CHECKED 52 2, UNIT_LO 54 2, UNIT_FLOATING 56 2, \
             UNIT_HI 58 2, UNIT_WIDTH 60 12, LOOKUP 72 1, LOOKUP_ADDRESS 73 1, ROW 74 1, CONSTANT_VALUE 75 1, TABLE_WIDTH 76 3, \
             TABLE_VALUE 79 3, INPUT 82 1, INPUT_READERS 83 1, INPUT_LO 84 1, INPUT_WIDTH 85 2, OUTPUT 87 1, LEFT_KEEP 88 1, \
             LEFT_BY_WEIGHTS 89 1, LEFT_BY_CELLS 90 1, LEFT_BY_ONE 91 0, LEFT_READS 91 1, RIGHT_KEEP 92 1, RIGHT_BY_CELLS 93 1, \
             MULTIPLY 94 1, PRODUCT_GROUP 95 1, INNER_KEEP 96 1, INNER_STEP 97 1, OUTER_KEEP 98 1, OUTER_STEP 99 1, \
             OUTER_TAKE 100 1, RESULT_GROUP 101 1, FINAL 102 1, WEIGHTS 103 16",
            "BUS_HELPER 0 14, BUS_SUM 14 1, INPUTS 15 1, OUTPUTS 16 1, LEFT 17 1, RIGHT 18 1, PRODUCTS 19 1, INNER 20 1, OUTER 21 1, \
             RESULTS 22 1",
            "FIRST_CUT 23 1, SECOND_CUT 24 1, LOW_DEGREE 25 1",
        ];
        assert_eq!(found, expected);
        // A wide row has the same ones, and more weights; a dense one has still more.
        for (name, lanes) in [("wide", 120), ("dense", 128)] {
            let layout = Layout::named(name).unwrap();
            assert_eq!((layout.witness_columns(), layout.auxiliary_columns()), (base.witness_columns(), base.auxiliary_columns()));
            let [base, other] = [base, layout].map(|layout| layout.fixed_columns().split_last().unwrap());
            assert_eq!((*other.0, other.1), (Columns { count: lanes, ..*base.0 }, base.1));
        }
    }

    /// How many columns each role has, where it is not what the base layout has.
    #[test]
    fn a_layout_differs_from_the_base_layout_in_what_its_room_says() {
        let differences = LAYOUTS.each_ref().map(|layout| {
            let differ = layout.columns.iter().zip(&Layout::base().columns).filter(|(found, base)| found.count != base.count);
            differ.map(|(found, _)| format!("{} {}", found.name, found.count)).collect::<Vec<_>>().join(", ")
        });
        let images = "READ_VALUE 8, UNIT_VALUE 4, UNIT_BASE 4, UNIT_SIDE 4, UNIT_LIMB 24, READ_ADDRESS 8, READ_COEFFICIENT 8, \
             UNIT_ADDRESS 4, UNIT_READERS 4, UNIT_SCALE 4, UNIT_BIAS 4, UNIT_FIRST 4, UNIT_SECOND 4, UNIT_PRODUCT 4, UNIT_CHECKED 4, \
             UNIT_LO 4, UNIT_FLOATING 4, UNIT_HI 4, UNIT_WIDTH 24, LEFT_BY_ONE 1, WEIGHTS 40, BUS_HELPER 23";
        // Four units of three limbs are as many as two units of six.
        let narrow = "READ_VALUE 8, UNIT_VALUE 4, UNIT_BASE 4, UNIT_SIDE 4, READ_ADDRESS 8, READ_COEFFICIENT 8, \
             UNIT_ADDRESS 4, UNIT_READERS 4, UNIT_SCALE 4, UNIT_BIAS 4, UNIT_FIRST 4, UNIT_SECOND 4, UNIT_PRODUCT 4, UNIT_CHECKED 4, \
             UNIT_LO 4, UNIT_FLOATING 4, UNIT_HI 4, LEFT_BY_ONE 1, WEIGHTS 72, BUS_HELPER 17";
        let short = "TABLE_USES 6, TABLE_WIDTH 6, TABLE_VALUE 6, BUS_HELPER 15";
        assert_eq!(differences, ["", "WEIGHTS 120", "WEIGHTS 128", short, images, narrow]);
    }

    #[test]
    fn a_layout_is_found_by_its_code_its_name_and_the_width_of_its_rows() {
        let mut widths = Vec::new();
        for (code, layout) in (0u8..).zip(&LAYOUTS) {
            assert_eq!((Layout::from_code(code), layout.code), (Some(layout), code));
            assert_eq!(Layout::named(layout.name), Some(layout));
            // A plain proof has no sponges, and does not need the room of one that hides.
            for sponges in (0..=SIDES).filter(|sponges| *sponges == 0 || layout.has_room_for(*sponges)) {
                let width = layout.main_width(sponges);
                assert!(!widths.contains(&width), "two kinds of rows with {width} elements");
                assert_eq!(Layout::fixed_in_row(width), Some(layout.fixed()));
                widths.push(width);
            }
        }
        assert_eq!(widths, [119, 162, 205, 223, 231, 128, 171, 214, 208, 216]);
        assert_eq!((Layout::from_code(LAYOUTS.len() as u8), Layout::named("Base")), (None, None));
        // The last ones would be those of a sponge that there is no room for.
        assert!([0, 89, 118, 120, 254, 251, 259, 266, 274].into_iter().all(|width| Layout::fixed_in_row(width).is_none()));
    }

    #[test]
    fn the_wide_layout_is_the_widest_by_a_multiple_of_eight_lanes() {
        let auxiliary = Layout::base().auxiliary_width();
        let reads = |width: usize, rows: usize| {
            let info = TraceInfo::new_multi_segment(width - auxiliary, auxiliary, 1, rows, Vec::new());
            TraceInfo::read_from_bytes(&info.to_bytes()).is_ok()
        };
        assert!(reads(MAX_WIDTH, MIN_ROWS) && !reads(MAX_WIDTH + 1, MIN_ROWS));
        let width = |lanes: usize, masks: usize| with_lanes(lanes).main_width(0) + with_lanes(lanes).auxiliary_width() + masks;
        let lanes = Layout::wide().room.lanes;
        // Both modes share the tree of the fixed columns, so that the wider one decides. The other one alone would have room for eight more.
        assert!(width(lanes, MASKS_WIDTH) <= MAX_WIDTH && width(lanes + 8, MASKS_WIDTH) > MAX_WIDTH);
        assert!(width(lanes + 8, 0) <= MAX_WIDTH && width(lanes + 16, 0) > MAX_WIDTH);
        // The layout for plain proofs alone has them.
        let plain: Vec<&Layout> = LAYOUTS.iter().filter(|layout| !layout.can_hide()).collect();
        assert_eq!(plain.iter().map(|layout| (layout.name, layout.room.lanes)).collect::<Vec<_>>(), [("dense", lanes + 8)]);
        let fits = |layout: &Layout| layout.main_width(0) + layout.auxiliary_width() <= MAX_WIDTH;
        assert!(LAYOUTS.iter().all(|layout| layout.room.lanes.is_multiple_of(8) && fits(layout)));
    }

    #[test]
    fn a_layout_has_room_for_as_many_digests_as_its_columns_leave() {
        let room = |layout: &Layout| (0..=SIDES).map(|sponges| layout.has_room_for(sponges)).collect::<Vec<_>>();
        let (all, none) = ([true; 3], [true, false, false]);
        assert_eq!(LAYOUTS.each_ref().map(room), [all, none, [false; 3], all, none, none]);
        assert_eq!(LAYOUTS.each_ref().map(Layout::can_hide), [true, true, false, true, true, true]);
        // Exactly the columns of the digest decide, and those of a hiding proof.
        let base = Layout::base();
        let lanes = MAX_WIDTH - base.auxiliary_width() - MASKS_WIDTH - base.first_weight() - SPONGE_WIDTH;
        assert!(with_lanes(lanes).has_room_for(1) && !with_lanes(lanes + 1).has_room_for(1) && !with_lanes(lanes).has_room_for(2));
    }

    #[test]
    fn the_range_table_fits_above_the_mask_rows() {
        for layout in &LAYOUTS {
            for rows in (MIN_ROWS.ilog2()..=MAX_ROWS.ilog2()).map(|log| 1usize << log) {
                assert!((2usize << layout.limb_bits(rows)) - 1 <= layout.room.tables * (rows - MASK_ROWS));
            }
            assert!(layout.limb_bits(layout.min_rows()) >= 11, "{}", layout.name);
            assert!(layout.min_rows() == MIN_ROWS || layout.limb_bits(layout.min_rows() / 2) < 11, "{}", layout.name);
        }
        let base = Layout::base();
        assert_eq!([1 << 11, 1 << 12, 1 << 16, MAX_ROWS].map(|rows| base.limb_bits(rows)), [11, 12, 16, 16]);
        assert_eq!(LAYOUTS.each_ref().map(Layout::min_rows), [1 << 11, 1 << 11, 1 << 11, 1 << 10, 1 << 11, 1 << 11]);
    }
}
