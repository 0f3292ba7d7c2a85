//! What lowerings add to: memory cells, operations and groups of products, before they have a place in the trace.
//!
//! The builder knows the AIR's units and lanes, but neither models nor rows.

use std::collections::HashMap;

use maat_runtime::Interval;
use maat_verifier::layout::{FIRST_INPUT, INPUT_LIMBS, MAX_ROWS, Room, ZERO_ADDRESS, first_output};

use crate::error::Unprovable;

/// A cell of the write-once memory, by the order in which cells are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell(u32);

impl Cell {
    /// The cell that holds zero.
    pub(crate) const ZERO: Self = Self(0);
    /// What idle lanes read in the mask rows. It is written and read there alone, so that the bus is balanced whether it counts them or not.
    pub(crate) const SPARE: Self = Self(1);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a unit's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From its accumulator: rescaled, saturated.
    Accumulator,
    /// It is `floor((cell + offset) / 2^shift) mod 2^bits`, and only its range is checked here. Without `bits`, there is no modulus.
    Digit { cell: Cell, offset: i64, shift: u32, bits: Option<u32> },
    /// It is `floor((2 num 2^shift + den) / (2 den))` saturated, and only its range is checked here.
    Quotient { num: Cell, den: Cell, shift: u32, lo: i64, hi: i64 },
    /// It is the constant at this place plus the value of the first cell.
    Lookup { first: i64 },
}

/// The range check of a unit's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Check {
    /// The least value; with `floating`, what the second cell adds to.
    pub(crate) lo: i64,
    /// The greatest value: where the value is saturated from above.
    pub(crate) hi: i64,
    /// Whether the second cell is added to the least value.
    pub(crate) floating: bool,
    /// Width of the value above the least one.
    pub(crate) value_bits: u32,
    /// Width of the excess of an accumulator over a saturated value.
    pub(crate) excess_bits: u32,
}

/// What a unit does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) target: Cell,
    pub(crate) source: Source,
    /// The cells that the unit reads.
    pub(crate) cells: [Cell; 2],
    /// Coefficients of the first cell, the second one, and their product.
    pub(crate) coefficients: [i64; 3],
    pub(crate) bias: i64,
    /// Bits by which the accumulator is rescaled, rounding half up.
    pub(crate) shift: i32,
    pub(crate) check: Option<Check>,
}

impl Operation {
    /// Whether the unit takes cells, and with them two lanes of its row. Zero is a cell like any other: with a coefficient, it must not
    /// take a lane in which a product reads something else.
    pub(crate) fn reads(&self) -> bool {
        let floating = self.check.is_some_and(|check| check.floating);
        self.cells != [Cell::ZERO; 2] || self.coefficients != [0; 3] || floating || matches!(self.source, Source::Lookup { .. })
    }

    /// The widths in bits of its remainder, its distance from the least value and its excess.
    pub(crate) fn widths(&self) -> [u32; 3] {
        let remainder = if self.source == Source::Accumulator { self.shift.max(0) as u32 } else { 0 };
        self.check.map_or([remainder, 0, 0], |check| [remainder, check.value_bits, check.excess_bits])
    }

    /// What the accumulator adds: the bias, and half a unit for rounding.
    pub(crate) fn offset(&self) -> i64 {
        self.bias + half(self.shift)
    }
}

/// Half a unit of a rescaling, which rounding adds.
pub(crate) fn half(shift: i32) -> i64 {
    if shift > 0 { 1 << (shift - 1) } else { 0 }
}

/// The left factor of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Factor {
    Weights(Vec<i64>),
    /// Cells with coefficients.
    Cells(Vec<(Cell, i64)>),
    /// Weights of some positions, which multiply the right factor as a polynomial: a convolution.
    Taps(Taps),
}

/// Weights `[k, i]` of taps `k` that each move the right factor by some positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taps {
    /// By how many positions, the greatest number first and 0 last.
    pub(crate) moves: Vec<usize>,
    /// Row-major.
    pub(crate) weights: Vec<i64>,
}

impl Taps {
    /// Results of a position.
    pub(crate) fn inner(&self) -> usize {
        self.weights.len() / self.moves.len()
    }

    /// How many positions more than the right factor the product has.
    pub(crate) fn reach(&self) -> usize {
        self.moves[0]
    }
}

impl Factor {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Weights(weights) => weights.len(),
            Self::Cells(cells) => cells.len(),
            Self::Taps(taps) => taps.inner(),
        }
    }

    /// By how many positions more than the right factor the product reaches.
    fn reach(&self) -> usize {
        if let Self::Taps(taps) = self { taps.reach() } else { 0 }
    }

    /// Its weights, if it has any.
    pub(crate) fn weights(&self) -> &[i64] {
        match self {
            Self::Weights(weights) => weights,
            Self::Cells(_) => &[],
            Self::Taps(taps) => &taps.weights,
        }
    }
}

/// A product of a left factor with a right one, added to the accumulators of a group: their outer product, or a convolution over positions. The
/// last elements of either side belong to the last accumulators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OuterProduct {
    pub(crate) left: Factor,
    pub(crate) right: Vec<(Cell, i64)>,
}

/// Accumulators `[p, i]`, `p` outer, that are sums of products `left[i] right[p]`, or of `left[k, i] right[p + moves[k] - reach]`, and the
/// operations that take them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) products: Vec<OuterProduct>,
    pub(crate) operations: Vec<Operation>,
    /// Number of results `i` of an inner sum.
    pub(crate) inner: usize,
    /// How many operations without a group come before it.
    after: usize,
}

/// A place in the order of operations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

/// An input of an inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) cell: Cell,
    pub(crate) lo: i64,
    pub(crate) bits: u32,
}

/// The cells of all inputs and outputs, inference by inference.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) inputs: Vec<Cell>,
    pub(crate) outputs: Vec<Cell>,
}

/// The most cells that are visited to find the convolutions of a model: ten seconds' work. Large images take 24 million windows' cells, each
/// visited about four times.
pub(crate) const MOST_VISITED: usize = 1 << 28;

/// Collects what a trace does.
///
/// What asks for more than [`MAX_ROWS`], by [`Builder::least_rows`], is counted and not kept, so that a model of any size takes little memory to
/// refuse.
#[derive(Debug)]
pub(crate) struct Builder {
    /// Width of a limb.
    pub(crate) limb_bits: u32,
    room: Room,
    n_cells: u32,
    n_operations: usize,
    /// Cells that products take.
    n_taken: usize,
    /// Cells that may still be visited to find convolutions.
    pub(crate) visits_left: usize,
    groups: Vec<Group>,
    /// Operations that take only their own cells.
    singles: Vec<Operation>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Cell>,
    /// Constants of functions, one function after the other.
    pub(crate) constants: Vec<i64>,
    functions: HashMap<Vec<i64>, u32>,
    literals: HashMap<i64, Cell>,
    /// Address of each cell.
    pub(crate) addresses: Vec<u64>,
}

impl Builder {
    /// A builder for a trace with limbs of this width, and rows with this room.
    pub(crate) fn new(limb_bits: u32, room: Room) -> Self {
        let mut builder = Self {
            limb_bits,
            room,
            n_cells: 0,
            n_operations: 0,
            n_taken: 0,
            visits_left: MOST_VISITED,
            groups: Vec::new(),
            singles: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            constants: Vec::new(),
            functions: HashMap::new(),
            literals: HashMap::new(),
            addresses: Vec::new(),
        };
        let (zero, spare) = (builder.literal(0), builder.cell());
        debug_assert_eq!((zero, spare), (Cell::ZERO, Cell::SPARE));
        builder
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn singles(&self) -> &[Operation] {
        &self.singles
    }

    pub(crate) fn n_cells(&self) -> usize {
        self.n_cells as usize
    }

    pub(crate) fn n_constants(&self) -> usize {
        self.constants.len()
    }

    /// All groups, each after the singles that come before it; the last part has no group.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&[Operation], Option<&Group>)> {
        let starts = [0].into_iter().chain(self.groups.iter().map(|group| group.after));
        let ends = self.groups.iter().map(|group| group.after).chain([self.singles.len()]);
        let groups = self.groups.iter().map(Some).chain([None]);
        starts.zip(ends).zip(groups).map(|((start, end), group)| (&self.singles[start..end], group))
    }

    /// A cell that nothing writes yet.
    pub(crate) fn cell(&mut self) -> Cell {
        // An operation makes a cell, and there is room for far fewer: see `least_rows`.
        self.n_cells = self.n_cells.saturating_add(1);
        Cell(self.n_cells - 1)
    }

    /// The width of the widest number that a unit can check.
    pub(crate) fn number_bits(&self) -> u32 {
        self.room.limbs as u32 * self.limb_bits
    }

    /// What a row has room for.
    pub(crate) fn room(&self) -> Room {
        self.room
    }

    /// An operation that gives its accumulator as it is, in a cell that nothing reads.
    pub(crate) fn unread(&mut self) -> Operation {
        let target = self.cell();
        Operation { target, source: Source::Accumulator, cells: [Cell::ZERO; 2], coefficients: [0; 3], bias: 0, shift: 0, check: None }
    }

    /// Adds an operation that takes only its own cells.
    pub(crate) fn single(&mut self, operation: Operation) -> Cell {
        let target = operation.target;
        self.keep(operation);
        target
    }

    /// Keeps an operation without a group, if there is room; gives its place.
    fn keep(&mut self, operation: Operation) -> Place {
        self.n_operations += 1;
        let place = Place(self.singles.len());
        if self.least_rows() <= MAX_ROWS {
            self.singles.push(operation);
        }
        place
    }

    /// Keeps a place for an operation that takes only its own cells; [`Self::fill`] follows.
    pub(crate) fn reserve(&mut self) -> Place {
        let nothing = Operation {
            target: Cell::ZERO,
            source: Source::Accumulator,
            cells: [Cell::ZERO; 2],
            coefficients: [0; 3],
            bias: 0,
            shift: 0,
            check: None,
        };
        self.keep(nothing)
    }

    /// Puts an operation at the place that was kept for it.
    pub(crate) fn fill(&mut self, place: Place, operation: Operation) {
        if let Some(kept) = self.singles.get_mut(place.0) {
            *kept = operation;
        }
    }

    /// `bias + a x + b y + c x y`, exactly; the caller knows that it does not wrap.
    pub(crate) fn exact(&mut self, cells: [Cell; 2], coefficients: [i64; 3], bias: i64) -> Cell {
        let target = self.cell();
        self.single(Operation { target, source: Source::Accumulator, cells, coefficients, bias, shift: 0, check: None })
    }

    /// The cell that holds an integer.
    pub(crate) fn literal(&mut self, value: i64) -> Cell {
        match self.literals.get(&value) {
            Some(cell) => *cell,
            None => {
                let cell = self.exact([Cell::ZERO; 2], [0; 3], value);
                self.literals.insert(value, cell);
                cell
            }
        }
    }

    /// The place of a group that is added later: whatever is added from now on may take its results.
    pub(crate) fn place(&self) -> Place {
        Place(self.singles.len())
    }

    /// Adds a group at a place.
    pub(crate) fn group(&mut self, place: Place, products: Vec<OuterProduct>, operations: Vec<Operation>, inner: usize) {
        // The bound on the argument's error counts a result for each coefficient of the products.
        let results = |product: &OuterProduct| (product.right.len() + product.left.reach()) * product.left.len();
        assert!(products.iter().all(|product| product.left.len() == inner && results(product) == operations.len()));
        self.n_operations += operations.len();
        let of_left = |left: &Factor| if let Factor::Cells(cells) = left { cells.len() } else { 0 };
        self.n_taken += products.iter().map(|product| of_left(&product.left) + product.right.len()).sum::<usize>();
        if self.least_rows() <= MAX_ROWS {
            self.groups.push(Group { products, operations, inner, after: place.0 });
        }
    }

    /// The number of rows that a trace has at least, beyond [`MAX_ROWS`] if there are too many operations, or products of too many cells.
    pub(crate) fn least_rows(&self) -> usize {
        self.n_operations.div_ceil(self.room.units).max(self.n_taken.div_ceil(self.room.reads))
    }

    /// The place of a function's first value among the constants.
    pub(crate) fn function(&mut self, values: &[i32]) -> u32 {
        let values: Vec<i64> = values.iter().map(|value| i64::from(*value)).collect();
        let next = u32::try_from(self.constants.len()).expect("constants are far fewer than 2^32");
        *self.functions.entry(values).or_insert_with_key(|values| {
            self.constants.extend(values);
            next
        })
    }

    /// Adds inputs within a range.
    ///
    /// # Errors
    /// The range is too wide for an input's limbs.
    pub(crate) fn inputs(&mut self, count: usize, range: Interval) -> Result<Vec<Cell>, Unprovable> {
        let bits = bits(range.hi.abs_diff(range.lo));
        let is_power = range.lo + (1 << bits) - 1 == range.hi;
        // Where the range is not a power of two wide, a unit checks its end.
        let limit =
            if is_power { INPUT_LIMBS as u32 * self.limb_bits } else { self.number_bits().min(INPUT_LIMBS as u32 * self.limb_bits) };
        if bits > limit {
            return Err(Unprovable::Range { bits, limit });
        }
        let cells: Vec<Cell> = (0..count).map(|_| self.cell()).collect();
        self.inputs.extend(cells.iter().map(|cell| Input { cell: *cell, lo: range.lo, bits }));
        if !is_power {
            // The limbs stop at a power of two above the range, so its end has a check of its own: 0 <= hi - x.
            for cell in &cells {
                self.within([*cell, Cell::ZERO], [-1, 0, 0], range.hi, bits);
            }
        }
        Ok(cells)
    }

    /// Cells that hold the same values, each of them once and none of them an input: fit to have addresses of their own.
    pub(crate) fn distinct(&mut self, cells: impl Iterator<Item = Cell>) -> Vec<Cell> {
        let mut taken: std::collections::HashSet<Cell> = self.inputs.iter().map(|input| input.cell).chain([Cell::ZERO]).collect();
        cells.map(|cell| if taken.insert(cell) { cell } else { self.exact([cell, Cell::ZERO], [1, 0, 0], 0) }).collect()
    }

    /// Gives every cell its address: zero, inputs, outputs, the rest.
    pub(crate) fn finish(&mut self, interface: Interface) {
        let mut addresses = vec![None; self.n_cells()];
        addresses[Cell::ZERO.index()] = Some(ZERO_ADDRESS);
        let outputs = first_output(interface.inputs.len());
        for (address, cell) in (FIRST_INPUT..).zip(&interface.inputs).chain((outputs..).zip(&interface.outputs)) {
            addresses[cell.index()] = Some(address);
        }
        let mut free = outputs + interface.outputs.len() as u64..;
        self.outputs = interface.outputs;
        self.addresses = addresses.into_iter().map(|address| address.or_else(|| free.next()).expect("addresses do not end")).collect();
    }
}

/// The width of an unsigned number.
pub(crate) fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}
