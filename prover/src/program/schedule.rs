//! Places operations and products in rows.
//!
//! Two streams run down the trace side by side. Products take weights and lanes, one product after the other; results take units, group
//! by group in the same order. Operations that take only their own cells come last, wherever products leave their lanes free. Results lag
//! behind: a row's sums are in the next row, so an inner sum is taken one row after its last result, and a group two rows after.

use maat_verifier::layout::*;

use super::builder::{Builder, Cell, Factor, Group, Operation, OuterProduct, Source};

/// Where an operation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// Nothing to do.
    Idle,
    /// An operation of a group.
    Grouped { group: u32, index: u32 },
    /// An operation that takes only its own cells.
    Single { index: u32 },
}

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'s> {
    /// The cells that it reads, with their coefficients in the combination.
    pub(crate) lanes: &'s [Lane],
    pub(crate) units: &'s [Slot],
    flags: u32,
}

/// A cell that is read, with its coefficient in the combination.
pub(crate) type Lane = (Cell, i64);

/// Lanes in which nothing is read.
const IDLE_LANE: Lane = (Cell::ZERO, 0);
/// The most lanes or units that a row of any layout has.
const MOST: usize = 16;

impl Row<'_> {
    /// Whether a flag is set.
    pub(crate) fn flag(&self, flag: Role) -> bool {
        self.flags & bit(flag) != 0
    }
}

fn bit(flag: Role) -> u32 {
    1 << flag.since(LEFT_KEEP)
}

/// Whether the lanes of a unit are free; units without lanes have none.
fn is_free(lanes: &[Lane], unit: usize) -> bool {
    lanes.get(2 * unit..2 * unit + 2).is_some_and(|lanes| lanes.iter().all(|lane| *lane == IDLE_LANE))
}

/// Weights in the lanes of a row; the last weight is in the last lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WeightRow {
    pub(crate) row: usize,
    pub(crate) group: usize,
    pub(crate) product: usize,
    pub(crate) start: usize,
    pub(crate) count: usize,
}

/// What every row does.
#[derive(Debug)]
pub(crate) struct Schedule {
    room: Room,
    /// What each row reads, the lanes of one row after those of another.
    lanes: Vec<Lane>,
    /// What its units do.
    units: Vec<Slot>,
    flags: Vec<u32>,
    pub(crate) weights: Vec<WeightRow>,
}

impl Schedule {
    /// Places everything that a builder has collected, in rows of a layout.
    pub(crate) fn new(builder: &Builder, layout: &Layout) -> Self {
        let mut schedule = Self { room: layout.room, lanes: Vec::new(), units: Vec::new(), flags: Vec::new(), weights: Vec::new() };
        let mut next = 0;
        for (number, group) in builder.groups().iter().enumerate() {
            next = schedule.place_products(next, number, group);
        }
        // The operations without a group are a group without products.
        schedule.set(next + 1, PRODUCT_GROUP);
        let mut next = 0;
        for (number, group) in builder.groups().iter().enumerate() {
            next = schedule.place_results(next, number, group);
        }
        schedule.place_singles(next, builder.singles());
        schedule
    }

    /// Rows that are used, and the one after them in which both sides must agree.
    pub(crate) fn rows_needed(&self) -> usize {
        self.flags.len() + 1
    }

    /// A row above the mask rows; beyond the used ones, nothing happens.
    pub(super) fn at(&self, row: usize) -> Row<'_> {
        let Room { reads, units, .. } = self.room;
        match self.flags.get(row) {
            Some(flags) => Row { lanes: &self.lanes[row * reads..][..reads], units: &self.units[row * units..][..units], flags: *flags },
            None => Row { lanes: &[IDLE_LANE; MOST][..reads], ..self.mask() },
        }
    }

    /// A mask row.
    pub(super) fn mask(&self) -> Row<'_> {
        let Room { reads, units, .. } = self.room;
        Row { lanes: &[(Cell::SPARE, 0); MOST][..reads], units: &[Slot::Idle; MOST][..units], flags: 0 }
    }

    /// Makes room for a row.
    fn reach(&mut self, row: usize) {
        if row >= self.flags.len() {
            let Room { reads, units, .. } = self.room;
            self.flags.resize(row + 1, 0);
            self.lanes.resize((row + 1) * reads, IDLE_LANE);
            self.units.resize((row + 1) * units, Slot::Idle);
        }
    }

    /// The lanes of a row, to write to.
    fn lanes(&mut self, row: usize) -> &mut [Lane] {
        self.reach(row);
        &mut self.lanes[row * self.room.reads..][..self.room.reads]
    }

    /// The units of a row, to write to.
    fn units(&mut self, row: usize) -> &mut [Slot] {
        self.reach(row);
        &mut self.units[row * self.room.units..][..self.room.units]
    }

    fn set(&mut self, row: usize, flag: Role) {
        self.reach(row);
        self.flags[row] |= bit(flag);
    }

    /// Places the products of a group from a row on; gives the row after them.
    fn place_products(&mut self, mut next: usize, number: usize, group: &Group) -> usize {
        if group.products.is_empty() {
            self.set(next + 1, PRODUCT_GROUP);
            return next + 1;
        }
        for (position, product) in group.products.iter().enumerate() {
            next = self.place_product(next, (number, position), product);
            self.set(next, MULTIPLY);
            if position == 0 {
                self.set(next, PRODUCT_GROUP);
            }
        }
        next
    }

    fn place_product(&mut self, first: usize, (group, product): (usize, usize), OuterProduct { left, right }: &OuterProduct) -> usize {
        // Weights have lanes of their own, so cells can be read beside them; cells for both sides come one after the other.
        let (left_rows, right_first) = match left {
            Factor::Weights(weights) => (weights.len().div_ceil(self.room.lanes), first),
            Factor::Cells(cells) => (cells.len().div_ceil(self.room.reads), first + cells.len().div_ceil(self.room.reads)),
            // A row a position; the weights of a tap have one row.
            Factor::Taps(taps) => (taps.reach() + 1, first),
        };
        let right_rows = right.len().div_ceil(self.room.reads);
        let end = (first + left_rows).max(right_first + right_rows);
        for row in first + 1..end {
            let flag = match left {
                _ if row >= first + left_rows => LEFT_KEEP,
                Factor::Weights(_) => LEFT_BY_WEIGHTS,
                Factor::Cells(_) => LEFT_BY_CELLS,
                Factor::Taps(_) => LEFT_BY_ONE,
            };
            self.set(row, flag);
        }
        for row in right_first + 1..end {
            self.set(row, if row < right_first + right_rows { RIGHT_BY_CELLS } else { RIGHT_KEEP });
        }
        match left {
            Factor::Weights(weights) => {
                for (row, start, count) in from_the_end(weights.len(), self.room.lanes) {
                    self.weights.push(WeightRow { row: first + row, group, product, start, count });
                }
            }
            Factor::Taps(taps) => {
                let count = taps.inner();
                for (tap, by) in taps.moves.iter().enumerate() {
                    self.weights.push(WeightRow { row: first + taps.reach() - by, group, product, start: tap * count, count });
                }
            }
            Factor::Cells(cells) => {
                self.read(first, cells);
                (first..first + left_rows).for_each(|row| self.set(row, LEFT_READS));
            }
        }
        self.read(right_first, right);
        end
    }

    /// Reads cells from a row on.
    fn read(&mut self, first: usize, cells: &[(Cell, i64)]) {
        for (row, start, count) in from_the_end(cells.len(), self.room.reads) {
            let lanes = self.lanes(first + row);
            let free = lanes.len() - count;
            lanes[free..].copy_from_slice(&cells[start..start + count]);
        }
    }

    /// Places the results of a group from a row on; gives the row after them.
    fn place_results(&mut self, mut next: usize, number: usize, group: &Group) -> usize {
        let mut taken = None;
        for (position, inner) in (0..).step_by(group.inner).zip(group.operations.chunks(group.inner)) {
            for (row, start, count) in from_the_end(inner.len(), self.room.units) {
                let units = self.units(next + row);
                let free = units.len() - count;
                for (unit, index) in units[free..].iter_mut().zip(position + start..) {
                    *unit = Slot::Grouped { group: number as u32, index: index as u32 };
                }
                if start > 0 {
                    self.set(next + row, INNER_STEP);
                }
            }
            next += inner.len().div_ceil(self.room.units);
            self.take(next, taken.replace(next));
        }
        self.set(next + 1, RESULT_GROUP);
        next
    }

    /// Takes an inner sum in a row; `last` is the row in which the group's last one was taken.
    fn take(&mut self, row: usize, last: Option<usize>) {
        self.set(row, OUTER_TAKE);
        if let Some(last) = last {
            self.set(row, OUTER_STEP);
            (last + 1..row).for_each(|row| self.set(row, OUTER_KEEP));
        }
    }

    /// Places operations without a group wherever a unit, and its lanes if it takes cells, are free.
    fn place_singles(&mut self, first: usize, singles: &[Operation]) {
        let (mut lookups, mut readers, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (index, operation) in singles.iter().enumerate().rev() {
            match operation.source {
                Source::Lookup { .. } => lookups.push(index),
                _ if operation.reads() => readers.push(index),
                _ => others.push(index),
            }
        }
        let (mut row, mut begun) = (first, false);
        while !(lookups.is_empty() && readers.is_empty() && others.is_empty()) {
            let mut used = false;
            for unit in 0..self.room.units {
                // The first units look up.
                let looks_up = unit < self.room.lookups;
                let reader = |lookups: &mut Vec<usize>, readers: &mut Vec<usize>| {
                    looks_up.then(|| lookups.pop()).flatten().or_else(|| readers.pop())
                };
                let free = is_free(self.lanes(row), unit);
                let chosen = free.then(|| reader(&mut lookups, &mut readers)).flatten().or_else(|| others.pop());
                let Some(index) = chosen else { continue };
                self.units(row)[unit] = Slot::Single { index: index as u32 };
                if singles[index].reads() {
                    for (lane, cell) in self.lanes(row)[2 * unit..].iter_mut().zip(singles[index].cells) {
                        *lane = (cell, 0);
                    }
                }
                used = true;
            }
            if begun {
                self.set(row, if used { INNER_STEP } else { INNER_KEEP });
            }
            begun |= used;
            row += 1;
        }
        self.take(row, None);
        self.set(row + 1, RESULT_GROUP);
    }
}

/// Splits `length` elements into rows of `width` so that only the first row may have fewer: `(row, start, count)`.
fn from_the_end(length: usize, width: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let missing = length.div_ceil(width) * width - length;
    (0..length.div_ceil(width)).map(move |row| {
        let start = (row * width).saturating_sub(missing);
        (row, start, (row + 1) * width - missing - start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_row_may_be_short() {
        assert_eq!(from_the_end(5, 2).collect::<Vec<_>>(), [(0, 0, 1), (1, 1, 2), (2, 3, 2)]);
        assert_eq!(from_the_end(4, 4).collect::<Vec<_>>(), [(0, 0, 4)]);
        assert_eq!(from_the_end(3, 16).collect::<Vec<_>>(), [(0, 0, 3)]);
    }
}
