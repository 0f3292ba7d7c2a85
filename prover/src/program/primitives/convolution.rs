//! Finds the convolution in windows of cells, and writes it as products of polynomials: a cell is read once for each sequence that has it, and
//! not once for each window.
//!
//! Windows are a matrix of cells `x[p, j]`, of positions `p` and columns `j`. Columns that are one another's shifts belong to one sequence `X`:
//! there are places `s(p)` of positions and moves `o_j` of columns so that `x[p, j] = X[s(p) + o_j]`. Then
//!
//! ```text
//! (sum_j rho^(o_j) w_j) (sum_q rho^(-q) X[q]) = sum_s rho^(-s) sum_j w_j X[s + o_j]
//! ```
//!
//! and the coefficient at `s(p)` is what the layer adds for position `p`. All others are results that nobody asks for: the identity
//! determines them, and they are written to cells that are not read. Nothing is assumed of what made the windows: every cell of every window
//! is compared with its place in a sequence.

use std::collections::{BTreeSet, HashMap, VecDeque};

use maat_verifier::layout::Room;

use crate::program::builder::Cell;

/// The windows of all inferences, `[p, j]`, positions of one inference after those of another.
pub(super) struct Windows<'a> {
    pub(super) cells: &'a dyn Fn(usize, usize) -> Cell,
    /// Positions of an inference.
    pub(super) positions: usize,
    pub(super) batch: usize,
    /// Columns that have a weight.
    pub(super) columns: Vec<usize>,
}

/// Places of positions in rows of a grid: position `u width + v` is at `u stride + v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    width: usize,
    stride: usize,
    /// The most places between two columns of one sequence.
    reach: usize,
}

impl Grid {
    fn place(self, position: usize) -> i64 {
        (position / self.width * self.stride + position % self.width) as i64
    }

    /// Whether positions and those of the same cells in another column are equally far apart.
    fn is_shift(self, pairs: &[(usize, usize)]) -> bool {
        let mut moves = pairs.iter().map(|(here, there)| self.place(*there) - self.place(*here));
        let first = moves.next();
        moves.all(|by| Some(by) == first)
    }
}

/// A sequence of cells, and the columns that are shifts of it.
#[derive(Debug, Clone, Default)]
struct Sequence {
    /// The place of the first of the cells.
    first: i64,
    /// What is known of the places from there on.
    cells: VecDeque<Option<Cell>>,
    /// Each column with its move.
    columns: Vec<(usize, i64)>,
    /// The moves.
    moves: BTreeSet<i64>,
}

/// A product of two polynomials.
#[derive(Debug, Clone)]
pub(super) struct TapsAndCells {
    /// The columns of the taps with their moves, the greatest first and 0 last.
    pub(super) taps: Vec<(usize, usize)>,
    /// The cells of the right factor.
    pub(super) cells: Vec<Cell>,
}

/// A layer's windows as products of polynomials.
#[derive(Debug)]
pub(super) struct Convolution {
    pub(super) products: Vec<TapsAndCells>,
    /// The position of each result, or nothing where nobody asks for it.
    pub(super) results: Vec<Option<usize>>,
}

/// More places than this after a row of windows are not tried: what a window reads beyond its row, and padding.
const MOST_BEYOND: usize = 16;
/// Rows of windows on which grids are tried.
const ROWS_TRIED: usize = 3;
/// Widths of grids that are tried, besides that of a single row: few others than that of the windows make all columns shifts.
const WIDTHS_TRIED: usize = 4;
/// Columns that are compared with the first one.
const COLUMNS_COMPARED: usize = 64;
/// Those of them of which all cells are compared, and the cells of the others.
const COMPARED_WHOLE: usize = 8;
const CELLS_COMPARED: usize = 256;
/// Places of all sequences for each cell of a window. With more, products would be longer than those that they replace.
const MOST_PLACES: usize = 2;
/// Fewer rows than this are not worth a search.
const LEAST_GAIN: usize = 16;

/// Takes visits from what is left of a model's, if there are so many.
fn spend(left: &mut usize, visits: usize) -> Option<()> {
    *left = left.checked_sub(visits)?;
    Some(())
}

impl Convolution {
    /// The convolution in some windows, if there is one whose products and results take fewer rows together, for this many outputs, than those of
    /// the columns one by one. Memory is that of the windows' cells, whatever these are, and no more cells are visited than are `left`.
    pub(super) fn find(windows: &Windows<'_>, room: Room, outputs: usize, left: &mut usize) -> Option<Self> {
        let positions = windows.positions * windows.batch;
        let products = windows.columns.len() * outputs.div_ceil(room.lanes).max(positions.div_ceil(room.reads));
        if products < LEAST_GAIN {
            return None;
        }
        let one_by_one = products + positions * outputs.div_ceil(room.units);
        let cells = windows.positions * windows.columns.len();
        spend(left, cells)?;
        let alike = windows.alike();
        if alike.len() < 2 {
            return None;
        }
        // A product is as long as all of them, so none is laid out before they are known to be short.
        let mut best = None;
        for grid in alike.grids(windows.positions, left)? {
            spend(left, cells)?;
            let Some(sequences) = windows.sequences(grid, windows.columns.len()) else { continue };
            let rows = Span::of(&sequences, grid.place(windows.positions - 1)).rows(&sequences, windows.batch, room, outputs);
            if best.is_none_or(|(least, _)| rows < least) {
                best = Some((rows, grid));
            }
        }
        let (_, grid) = best.filter(|(rows, _)| *rows < one_by_one)?;
        spend(left, cells + 2 * cells * windows.batch)?;
        let found = windows.convolution(grid, &windows.sequences(grid, windows.columns.len())?)?;
        found.is_of(windows).then_some(found)
    }

    /// Whether the products are those of the windows: each column is a tap of one of them, its moves are a descent to 0, and every cell of every
    /// window is where its tap finds it.
    fn is_of(&self, windows: &Windows<'_>) -> bool {
        let mut places = vec![None; windows.positions * windows.batch];
        for (at, position) in self.results.iter().enumerate() {
            let Some(position) = position else { continue };
            if places.get_mut(*position).is_none_or(|place| place.replace(at).is_some()) {
                return false;
            }
        }
        let mut columns: Vec<usize> = self.products.iter().flat_map(|product| &product.taps).map(|(column, _)| *column).collect();
        columns.sort_unstable();
        let is_product = |TapsAndCells { taps, cells }: &TapsAndCells| {
            let (Some((_, reach)), Some((_, 0))) = (taps.first(), taps.last()) else { return false };
            taps.windows(2).all(|pair| pair[0].1 > pair[1].1) && cells.len() + reach == self.results.len()
        };
        let holds = |TapsAndCells { taps, cells }: &TapsAndCells| {
            let reach = taps[0].1;
            taps.iter().all(|(column, by)| {
                places.iter().enumerate().all(|(position, place)| {
                    let Some(place) = place else { return false };
                    let at = (place + by).checked_sub(reach);
                    let found = at.and_then(|at| cells.get(at)).copied().unwrap_or(Cell::ZERO);
                    found == (windows.cells)(position, *column)
                })
            })
        };
        columns == windows.columns && self.products.iter().all(|product| is_product(product) && holds(product))
    }
}

/// The places of the results of an inference.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: i64,
    end: i64,
}

impl Span {
    /// The results of some sequences' products, up to the place of the last position and beyond.
    fn of(sequences: &[Sequence], last: i64) -> Self {
        let bounds = sequences.iter().map(|sequence| {
            let (least, greatest) = sequence.ends();
            // The first and the last cell that is not zero.
            let is_cell = |cell: &Option<Cell>| cell.is_some_and(|cell| cell != Cell::ZERO);
            let [from, to] = [sequence.cells.iter().position(is_cell), sequence.cells.iter().rposition(is_cell)];
            let place = |index: Option<usize>| index.map_or(0, |index| sequence.first + index as i64);
            // A result at `s` takes what is at `s + o`.
            (place(from) - greatest, place(to) - least)
        });
        let (first, end) = bounds.fold((0, last), |(first, end), (from, to)| (first.min(from), end.max(to)));
        Self { first, end }
    }

    fn len(self) -> usize {
        (self.end - self.first + 1) as usize
    }

    /// Rows that products and results of `outputs` channels take, added up, if no group has more channels than lanes.
    fn rows(self, sequences: &[Sequence], batch: usize, room: Room, outputs: usize) -> usize {
        let groups = outputs.div_ceil(room.lanes);
        let results = self.len().saturating_mul(batch);
        let products = sequences.iter().map(|sequence| {
            let reach = sequence.reach();
            (reach + 1).max((results - reach).div_ceil(room.reads))
        });
        let products = products.fold(0, usize::saturating_add);
        groups.saturating_mul(products).saturating_add(results.saturating_mul(outputs.div_ceil(room.units)))
    }
}

/// Columns that have cells of the first one, and so tell how the windows lie.
struct Alike<'a> {
    windows: Windows<'a>,
    /// For each of the others, positions where it has a cell of the first one, and where that one has it.
    shared: Vec<Vec<(usize, usize)>>,
}

impl Alike<'_> {
    fn len(&self) -> usize {
        self.windows.columns.len()
    }

    /// Grids that could be those of some positions, in which the columns are one another's shifts: of each width the narrowest, once with any
    /// sequences and once with one for each row of the kernel; and a single row. Nothing if that takes more visits than are left.
    fn grids(&self, positions: usize, left: &mut usize) -> Option<Vec<Grid>> {
        // Rows do not meet in a grid with room enough.
        let apart = |width: usize| Grid { width, stride: 2 * width, reach: usize::MAX };
        let are_shifts = |width: &usize| self.shared.iter().all(|pairs| apart(*width).is_shift(pairs));
        let mut grids = Vec::new();
        let pairs: usize = self.shared.iter().map(Vec::len).sum();
        let widths = (2..positions).filter(|width| positions.is_multiple_of(*width));
        spend(left, pairs.saturating_mul(widths.clone().count() + 1))?;
        for width in widths.filter(are_shifts).take(WIDTHS_TRIED) {
            let sampled = positions.min(ROWS_TRIED * width);
            spend(left, 2 * (MOST_BEYOND + 1) * sampled * self.len())?;
            for reach in [true, false] {
                let strides = (width..=width + MOST_BEYOND).map(|stride| Grid { width, stride, reach: usize::MAX });
                let limited = strides.map(|grid| Grid { reach: if reach { grid.stride - 1 } else { usize::MAX }, ..grid });
                let sequences = |grid: &Grid| {
                    let sample = Windows { columns: self.windows.columns.clone(), positions: sampled, ..self.windows };
                    sample.sequences(*grid, self.len().div_ceil(2)).map(|sequences| sequences.len())
                };
                let tried = limited.filter_map(|grid| Some((sequences(&grid)?, grid)));
                grids.extend(tried.min_by_key(|(sequences, grid)| (*sequences, grid.stride)).map(|(_, grid)| grid));
            }
        }
        if are_shifts(&positions) {
            grids.push(Grid { width: positions, stride: positions, reach: usize::MAX });
        }
        Some(grids)
    }
}

impl Windows<'_> {
    /// The first column, and some of those that have some of its cells, other than zeros.
    fn alike(&self) -> Alike<'_> {
        let first = self.columns.first().copied();
        let cells = |column: usize| (0..self.positions).map(move |position| (position, (self.cells)(position, column)));
        let known: HashMap<Cell, usize> = first.into_iter().flat_map(cells).map(|(position, cell)| (cell, position)).collect();
        let (mut columns, mut shared) = (Vec::new(), Vec::new());
        for column in self.columns.iter().copied().filter(|column| Some(*column) != first) {
            let most = if columns.len() < COMPARED_WHOLE { usize::MAX } else { CELLS_COMPARED };
            let cells = cells(column).filter(|(_, cell)| *cell != Cell::ZERO).take(most);
            let pairs: Vec<(usize, usize)> = cells.filter_map(|(position, cell)| Some((position, *known.get(&cell)?))).collect();
            if !pairs.is_empty() {
                columns.push(column);
                shared.push(pairs);
            }
            if columns.len() == COLUMNS_COMPARED {
                break;
            }
        }
        let columns = first.into_iter().chain(columns).collect();
        Alike { windows: Windows { cells: self.cells, positions: self.positions, batch: 1, columns }, shared }
    }

    /// The sequences of an inference's columns if positions are placed like this; nothing if they are more than `most`, or have too many places.
    fn sequences(&self, grid: Grid, most: usize) -> Option<Vec<Sequence>> {
        let mut sequences: Vec<Sequence> = Vec::new();
        let mut free = (MOST_PLACES * self.positions).checked_mul(self.columns.len())?;
        // The last sequence that has a cell, and the cell's place if it has only one there.
        let mut places: HashMap<Cell, (usize, Option<i64>)> = HashMap::new();
        for column in &self.columns {
            let cells: Vec<(i64, Cell)> =
                (0..self.positions).map(|position| (grid.place(position), (self.cells)(position, *column))).collect();
            let known = cells.iter().filter(|(_, cell)| *cell != Cell::ZERO).find_map(|(at, cell)| {
                let (sequence, place) = places.get(cell)?;
                Some((*sequence, (*place)? - at))
            });
            let joined = known.filter(|(sequence, by)| sequences[*sequence].agrees(*by, &cells, grid.reach));
            let (sequence, by) = joined.unwrap_or((sequences.len(), 0));
            if sequence == most {
                return None;
            }
            if sequence == sequences.len() {
                sequences.push(Sequence::default());
            }
            let sequence_of = &mut sequences[sequence];
            free = sequence_of.beyond(by, &cells).into_iter().try_fold(free, usize::checked_sub)?;
            for (place, cell) in sequence_of.take(*column, by, &cells) {
                let entry = places.entry(cell).or_insert((sequence, Some(place)));
                *entry = if entry.0 == sequence && entry.1 != Some(place) { (sequence, None) } else { (sequence, Some(place)) };
            }
        }
        Some(sequences)
    }

    /// Sequences as products that all have the same results; nothing if a later inference has cells where the first one has zeros.
    fn convolution(&self, grid: Grid, sequences: &[Sequence]) -> Option<Convolution> {
        let place = |position: usize| grid.place(position);
        let span = Span::of(sequences, place(self.positions - 1));
        let (first, length) = (span.first, span.len());
        let mut results = vec![None; length * self.batch];
        for image in 0..self.batch {
            for position in 0..self.positions {
                results[image * length + (place(position) - first) as usize] = Some(image * self.positions + position);
            }
        }
        let product = |sequence: &Sequence| {
            let (least, reach) = (sequence.ends().0, sequence.reach());
            let mut taps: Vec<(usize, usize)> = sequence.columns.iter().map(|(column, by)| (*column, (by - least) as usize)).collect();
            taps.sort_by_key(|(_, by)| std::cmp::Reverse(*by));
            let mut cells = vec![Cell::ZERO; length * self.batch - reach];
            for (image, (column, by)) in (0..self.batch).flat_map(|image| sequence.columns.iter().map(move |column| (image, column))) {
                for position in 0..self.positions {
                    let cell = (self.cells)(image * self.positions + position, *column);
                    // Zeros are everywhere else, also beyond the ends.
                    if cell != Cell::ZERO {
                        let result = (place(position) - first) as usize + image * length;
                        *cells.get_mut((result + (by - least) as usize).checked_sub(reach)?)? = cell;
                    }
                }
            }
            Some(TapsAndCells { taps, cells })
        };
        Some(Convolution { products: sequences.iter().map(product).collect::<Option<_>>()?, results })
    }
}

impl Sequence {
    fn at(&self, place: i64) -> Option<Cell> {
        let index = usize::try_from(place - self.first).ok()?;
        self.cells.get(index).copied().flatten()
    }

    /// The least and the greatest move.
    fn ends(&self) -> (i64, i64) {
        (self.moves.first().copied().unwrap_or(0), self.moves.last().copied().unwrap_or(0))
    }

    /// How far the moves are apart.
    fn reach(&self) -> usize {
        let (least, greatest) = self.ends();
        (greatest - least) as usize
    }

    /// Whether a column with a move has the cells that are known, and no other one has that move or is farther than `reach` from it.
    fn agrees(&self, by: i64, cells: &[(i64, Cell)], reach: usize) -> bool {
        let (least, greatest) = self.ends();
        let far = |end: i64| end.abs_diff(by) > reach as u64;
        !(self.moves.contains(&by) || far(least) || far(greatest))
            && cells.iter().all(|(at, cell)| self.at(at + by).is_none_or(|known| known == *cell))
    }

    /// How many places a column with a move has before those of the sequence, and after them.
    fn beyond(&self, by: i64, cells: &[(i64, Cell)]) -> [usize; 2] {
        let [Some((from, _)), Some((to, _))] = [cells.first(), cells.last()] else { return [0; 2] };
        let (from, to) = (from + by, to + by);
        let first = if self.moves.is_empty() { from } else { self.first };
        [(first - from).max(0), (to + 1 - (first + self.cells.len() as i64)).max(0)].map(|places| places as usize)
    }

    /// Adds a column with a move; gives its cells other than zero that were not known, with their places.
    fn take(&mut self, column: usize, by: i64, cells: &[(i64, Cell)]) -> Vec<(i64, Cell)> {
        let [before, after] = self.beyond(by, cells);
        if self.moves.is_empty() {
            self.first = cells.first().map_or(0, |(at, _)| at + by);
        }
        self.first -= before as i64;
        (0..before).for_each(|_| self.cells.push_front(None));
        self.cells.extend(std::iter::repeat_n(None, after));
        self.columns.push((column, by));
        self.moves.insert(by);
        let mut new = Vec::new();
        for (at, cell) in cells {
            let place = at + by;
            let known = self.cells[(place - self.first) as usize].replace(*cell);
            if known.is_none() && *cell != Cell::ZERO {
                new.push((place, *cell));
            }
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use maat_verifier::layout::LAYOUTS;

    use super::*;
    use crate::program::builder::{Builder, MOST_VISITED};

    /// An image of distinct cells, and windows of it.
    struct Case {
        batch: usize,
        channels: usize,
        size: [usize; 2],
        kernel: [usize; 2],
        stride: usize,
        dilation: usize,
        /// Before and behind, in either direction.
        pads: [usize; 2],
    }

    const CASE: Case = Case { batch: 1, channels: 2, size: [14, 14], kernel: [3, 3], stride: 1, dilation: 1, pads: [1, 1] };

    impl Case {
        /// How many windows there are in each direction.
        fn windows(&self) -> [usize; 2] {
            std::array::from_fn(|axis| {
                let padded = self.size[axis] + if self.kernel[axis] > 1 { self.pads[0] + self.pads[1] } else { 0 };
                (padded - (self.kernel[axis] - 1) * self.dilation - 1) / self.stride + 1
            })
        }

        /// The windows, `[p, j]`, with the channels of the image innermost.
        fn cells(&self) -> Vec<Vec<Cell>> {
            let Self { batch, channels, size: [height, width], kernel, stride, dilation, pads } = *self;
            let mut builder = Builder::new(16, LAYOUTS[0].room);
            let image: Vec<Cell> = (0..batch * height * width * channels).map(|_| builder.cell()).collect();
            let [rows, columns] = self.windows();
            let pad = |axis: usize| if kernel[axis] > 1 { pads[0] } else { 0 };
            let mut found = Vec::new();
            for (b, u, v) in (0..batch).flat_map(|b| (0..rows).flat_map(move |u| (0..columns).map(move |v| (b, u, v)))) {
                let mut window = Vec::new();
                for (k, l, c) in (0..kernel[0]).flat_map(|k| (0..kernel[1]).flat_map(move |l| (0..channels).map(move |c| (k, l, c)))) {
                    let y = (u * stride + k * dilation).checked_sub(pad(0)).filter(|y| *y < height);
                    let x = (v * stride + l * dilation).checked_sub(pad(1)).filter(|x| *x < width);
                    let cell = y.zip(x).map(|(y, x)| image[((b * height + y) * width + x) * channels + c]);
                    window.push(cell.unwrap_or(Cell::ZERO));
                }
                found.push(window);
            }
            found
        }
    }

    fn room() -> Room {
        LAYOUTS.iter().find(|layout| layout.room.taps).expect("there is one").room
    }

    fn find(cells: &[Vec<Cell>], batch: usize) -> Option<Convolution> {
        let at = |position: usize, column: usize| cells[position][column];
        let columns = (0..cells[0].len()).collect();
        Convolution::find(&Windows { cells: &at, positions: cells.len() / batch, batch, columns }, room(), 4, &mut MOST_VISITED.clone())
    }

    /// Compares the polynomials' products with the sums of each window.
    fn assert_is_of(convolution: &Convolution, cells: &[Vec<Cell>]) {
        let value = |cell: Cell| if cell == Cell::ZERO { 0 } else { (cell.index() as i64 * 7919) % 1009 - 500 };
        let weight = |column: usize| (column as i64 * 31) % 17 - 8;
        let mut found = vec![0i64; convolution.results.len()];
        for TapsAndCells { taps, cells: right } in &convolution.products {
            let reach = taps[0].1;
            assert_eq!((right.len() + reach, taps.last().unwrap().1), (convolution.results.len(), 0));
            assert!(taps.windows(2).all(|pair| pair[0].1 > pair[1].1));
            for ((column, by), (q, cell)) in taps.iter().flat_map(|tap| right.iter().enumerate().map(move |cell| (tap, cell))) {
                found[q + reach - by] += weight(*column) * value(*cell);
            }
        }
        let mut asked = vec![0; cells.len()];
        for (found, position) in found.iter().zip(&convolution.results) {
            let Some(position) = position else { continue };
            asked[*position] += 1;
            let expected: i64 = cells[*position].iter().enumerate().map(|(column, cell)| weight(column) * value(*cell)).sum();
            assert_eq!(*found, expected, "position {position}");
        }
        assert!(asked.iter().all(|times| *times == 1));
    }

    #[test]
    fn windows_of_images_are_convolutions() {
        // Each channel is read once in each phase of the stride, or once for each row of the kernel where that takes fewer rows.
        let cases = [
            (CASE, 2),
            (Case { batch: 3, ..CASE }, 2),
            (Case { kernel: [5, 5], pads: [2, 2], ..CASE }, 2),
            (Case { kernel: [5, 3], pads: [0, 0], ..CASE }, 10),
            (Case { pads: [0, 1], ..CASE }, 2),
            (Case { size: [24, 18], dilation: 2, pads: [2, 2], ..CASE }, 2),
            (Case { size: [28, 28], stride: 2, ..CASE }, 8),
            (Case { size: [1, 200], kernel: [1, 9], ..CASE }, 2),
            (Case { size: [200, 1], kernel: [9, 1], pads: [4, 4], batch: 2, ..CASE }, 2),
            // Wider than any number of cells that is compared, with many divisors.
            (Case { size: [6, 1440], ..CASE }, 6),
        ];
        for (case, products) in cases {
            let cells = case.cells();
            let found = find(&cells, case.batch).unwrap_or_else(|| panic!("nothing for {:?} and {:?}", case.size, case.kernel));
            assert_eq!(found.products.len(), products, "{:?} and {:?}", case.size, case.kernel);
            assert_is_of(&found, &cells);
        }
    }

    #[test]
    fn rows_of_a_kernel_are_products_of_their_own_where_that_is_cheaper() {
        // On small images, the way from one row of the kernel to the next takes longer than to read the image again.
        let case = Case { batch: 8, channels: 4, size: [4, 12], ..CASE };
        let cells = case.cells();
        let found = find(&cells, case.batch).unwrap();
        assert_is_of(&found, &cells);
    }

    #[test]
    fn a_cell_that_is_out_of_place_is_never_taken_for_another() {
        let case = Case { channels: 1, ..CASE };
        let cells = case.cells();
        let mut seen = 0;
        for (position, column) in (0..cells.len()).step_by(11).flat_map(|position| (0..9).map(move |column| (position, column))) {
            let mut changed = cells.clone();
            // A cell of another window, or none.
            let other = cells[(position + 97) % cells.len()][4];
            changed[position][column] = if changed[position][column] == other { Cell::ZERO } else { other };
            if let Some(found) = find(&changed, 1) {
                assert_is_of(&found, &changed);
                // The column is no shift any more.
                assert!(found.products.len() > 1);
                seen += 1;
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn products_that_are_not_those_of_the_windows_are_found_out() {
        let cells = Case { channels: 1, batch: 2, ..CASE }.cells();
        let at = |position: usize, column: usize| cells[position][column];
        let windows = Windows { cells: &at, positions: cells.len() / 2, batch: 2, columns: (0..9).collect() };
        let found = || find(&cells, 2).unwrap();
        assert!(found().is_of(&windows));
        let asked: Vec<usize> = (0..found().results.len()).filter(|at| found().results[*at].is_some()).collect();
        type Change<'a> = (&'static str, &'a dyn Fn(&mut Convolution));
        let changes: [Change<'_>; 12] = [
            ("a column is missing", &|c| c.products[0].taps.retain(|tap| tap.0 != 3)),
            ("a column is another one", &|c| c.products[0].taps[3].0 = c.products[0].taps[4].0),
            ("a column is there twice", &|c| c.products.push(c.products[0].clone())),
            ("a move is wrong", &|c| c.products[0].taps[3].1 += 1),
            ("moves are not in order", &|c| c.products[0].taps.swap(3, 4)),
            ("no move is 0", &|c| c.products[0].taps.iter_mut().for_each(|(_, by)| *by += 1)),
            ("a product without taps", &|c| c.products.push(TapsAndCells { taps: Vec::new(), ..c.products[0].clone() })),
            ("a cell too few", &|c| c.products[0].cells.truncate(7)),
            ("a cell too many", &|c| c.products[0].cells.push(Cell::ZERO)),
            ("another cell", &|c| c.products[0].cells.swap(40, 41)),
            ("a position twice", &|c| c.results[asked[1]] = c.results[asked[0]]),
            ("a position beyond the windows", &|c| *c.results.iter_mut().find(|result| result.is_none()).unwrap() = Some(usize::MAX)),
        ];
        for (name, change) in changes {
            let mut changed = found();
            change(&mut changed);
            assert!(!changed.is_of(&windows), "{name}");
        }
        let mut lacks = found();
        lacks.results[asked[0]] = None;
        assert!(!lacks.is_of(&windows));
    }

    #[test]
    fn windows_that_overlap_in_one_cell_each_take_no_more_memory_than_their_cells() {
        // A chain: each column begins where the one before ends, so that a sequence could be as long as all of them, and products as long again.
        let (positions, columns) = (8, 2_000);
        let cells: Vec<Cell> = {
            let mut builder = Builder::new(16, room());
            (0..positions * columns).map(|_| builder.cell()).collect()
        };
        let at = |position: usize, column: usize| cells[column * (positions - 1) + position];
        let windows = Windows { cells: &at, positions, batch: 1, columns: (0..columns).collect() };
        let mut left = MOST_VISITED;
        for grid in windows.alike().grids(positions, &mut left).unwrap() {
            let places = windows.sequences(grid, columns).map_or(0, |all| all.iter().map(|sequence| sequence.cells.len()).sum());
            assert!(places <= MOST_PLACES * positions * columns);
        }
        let found = Convolution::find(&windows, room(), 1, &mut left);
        let length = found.map_or(0, |found| found.products.iter().map(|product| product.cells.len()).sum::<usize>());
        assert!(length <= MOST_PLACES * positions * columns, "{length}");
    }

    #[test]
    fn a_search_visits_no_more_cells_than_are_left() {
        let cells = CASE.cells();
        let at = |position: usize, column: usize| cells[position][column];
        let windows = Windows { cells: &at, positions: cells.len(), batch: 1, columns: (0..cells[0].len()).collect() };
        let mut left = MOST_VISITED;
        assert!(Convolution::find(&windows, room(), 4, &mut left).is_some());
        let visited = MOST_VISITED - left;
        // Some 18 columns of 196 positions.
        assert!((3528..40 * 3528).contains(&visited), "{visited}");
        for (mut left, found) in [(visited, true), (visited - 1, false), (0, false)] {
            assert_eq!(Convolution::find(&windows, room(), 4, &mut left).is_some(), found);
        }
    }

    #[test]
    fn inferences_that_differ_in_their_padding_are_no_convolution() {
        let case = Case { batch: 2, channels: 1, size: [1, 200], kernel: [1, 3], ..CASE };
        let mut cells = case.cells();
        assert!(find(&cells, 2).is_some());
        let (last, other) = (cells.len() - 1, cells[0][1]);
        assert_eq!(cells[last][2], Cell::ZERO);
        cells[last][2] = other;
        assert!(find(&cells, 2).is_none());
    }

    #[test]
    fn what_is_no_convolution_or_not_worth_it_is_left_as_it_is() {
        // Windows without a common cell, a single column, and few positions.
        let apart = Case { kernel: [2, 2], stride: 2, pads: [0, 0], ..CASE };
        let one = Case { kernel: [1, 1], channels: 1, ..CASE };
        let few = Case { size: [1, 3], kernel: [1, 3], ..CASE };
        for case in [apart, one, few] {
            assert!(find(&case.cells(), 1).is_none(), "{:?}", case.kernel);
        }
    }
}
