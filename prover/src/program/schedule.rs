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
pub(crate) struct Row {
    /// The cells that it reads, with their coefficients in the combination.
    pub(crate) lanes: [(Cell, i64); READS],
    pub(crate) units: [Slot; UNITS],
    flags: u32,
}

impl Row {
    /// A row that does nothing.
    pub(crate) const IDLE: Self = Self { lanes: [(Cell::ZERO, 0); READS], units: [Slot::Idle; UNITS], flags: 0 };
    /// A mask row.
    pub(crate) const MASK: Self = Self { lanes: [(Cell::SPARE, 0); READS], ..Self::IDLE };

    /// Whether a flag is set.
    pub(crate) fn flag(&self, column: Columns) -> bool {
        self.flags >> (column.start - LEFT_KEEP.start) & 1 == 1
    }

    fn set(&mut self, column: Columns) {
        self.flags |= 1 << (column.start - LEFT_KEEP.start);
    }

    /// Whether the lanes of a unit are free.
    fn is_free(&self, unit: usize) -> bool {
        self.lanes[2 * unit..][..2].iter().all(|lane| *lane == (Cell::ZERO, 0))
    }
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
    /// Weights in a row.
    lanes: usize,
    rows: Vec<Row>,
    pub(crate) weights: Vec<WeightRow>,
}

impl Schedule {
    /// Places everything that a builder has collected, in rows with this many weights.
    pub(crate) fn new(builder: &Builder, lanes: usize) -> Self {
        let mut schedule = Self { lanes, rows: Vec::new(), weights: Vec::new() };
        let mut next = 0;
        for (number, group) in builder.groups().iter().enumerate() {
            next = schedule.place_products(next, number, group);
        }
        // The operations without a group are a group without products.
        schedule.row(next + 1).set(PRODUCT_GROUP);
        let mut next = 0;
        for (number, group) in builder.groups().iter().enumerate() {
            next = schedule.place_results(next, number, group);
        }
        schedule.place_singles(next, builder.singles());
        schedule
    }

    /// Rows that are used, and the one after them in which both sides must agree.
    pub(crate) fn rows_needed(&self) -> usize {
        self.rows.len() + 1
    }

    /// A row above the mask rows; beyond the used ones, nothing happens.
    pub(super) fn at(&self, row: usize) -> &Row {
        self.rows.get(row).unwrap_or(&Row::IDLE)
    }

    /// A row to write to.
    fn row(&mut self, row: usize) -> &mut Row {
        if row >= self.rows.len() {
            self.rows.resize(row + 1, Row::IDLE);
        }
        &mut self.rows[row]
    }

    /// Places the products of a group from a row on; gives the row after them.
    fn place_products(&mut self, mut next: usize, number: usize, group: &Group) -> usize {
        if group.products.is_empty() {
            self.row(next + 1).set(PRODUCT_GROUP);
            return next + 1;
        }
        for (position, product) in group.products.iter().enumerate() {
            next = self.place_product(next, (number, position), product);
            self.row(next).set(MULTIPLY);
            if position == 0 {
                self.row(next).set(PRODUCT_GROUP);
            }
        }
        next
    }

    fn place_product(&mut self, first: usize, (group, product): (usize, usize), OuterProduct { left, right }: &OuterProduct) -> usize {
        // Weights have lanes of their own, so cells can be read beside them; cells for both sides come one after the other.
        let (left_rows, right_first) = match left {
            Factor::Weights(weights) => (weights.len().div_ceil(self.lanes), first),
            Factor::Cells(cells) => (cells.len().div_ceil(READS), first + cells.len().div_ceil(READS)),
        };
        let right_rows = right.len().div_ceil(READS);
        let end = (first + left_rows).max(right_first + right_rows);
        for row in first + 1..end {
            let flag = match left {
                _ if row >= first + left_rows => LEFT_KEEP,
                Factor::Weights(_) => LEFT_BY_WEIGHTS,
                Factor::Cells(_) => LEFT_BY_CELLS,
            };
            self.row(row).set(flag);
        }
        for row in right_first + 1..end {
            self.row(row).set(if row < right_first + right_rows { RIGHT_BY_CELLS } else { RIGHT_KEEP });
        }
        match left {
            Factor::Weights(weights) => {
                for (row, start, count) in from_the_end(weights.len(), self.lanes) {
                    self.weights.push(WeightRow { row: first + row, group, product, start, count });
                }
            }
            Factor::Cells(cells) => {
                self.read(first, cells);
                (first..first + left_rows).for_each(|row| self.row(row).set(LEFT_READS));
            }
        }
        self.read(right_first, right);
        end
    }

    /// Reads cells from a row on.
    fn read(&mut self, first: usize, cells: &[(Cell, i64)]) {
        for (row, start, count) in from_the_end(cells.len(), READS) {
            self.row(first + row).lanes[READS - count..].copy_from_slice(&cells[start..start + count]);
        }
    }

    /// Places the results of a group from a row on; gives the row after them.
    fn place_results(&mut self, mut next: usize, number: usize, group: &Group) -> usize {
        let mut taken = None;
        for (position, inner) in (0..).step_by(group.inner).zip(group.operations.chunks(group.inner)) {
            for (row, start, count) in from_the_end(inner.len(), UNITS) {
                let row = self.row(next + row);
                for (unit, index) in row.units[UNITS - count..].iter_mut().zip(position + start..) {
                    *unit = Slot::Grouped { group: number as u32, index: index as u32 };
                }
                if start > 0 {
                    row.set(INNER_STEP);
                }
            }
            next += inner.len().div_ceil(UNITS);
            self.take(next, taken.replace(next));
        }
        self.row(next + 1).set(RESULT_GROUP);
        next
    }

    /// Takes an inner sum in a row; `last` is the row in which the group's last one was taken.
    fn take(&mut self, row: usize, last: Option<usize>) {
        self.row(row).set(OUTER_TAKE);
        if let Some(last) = last {
            self.row(row).set(OUTER_STEP);
            (last + 1..row).for_each(|row| self.row(row).set(OUTER_KEEP));
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
            let target = self.row(row);
            let mut used = false;
            for unit in 0..UNITS {
                // Look-ups are unit 0's.
                let reader = |lookups: &mut Vec<usize>, readers: &mut Vec<usize>| {
                    if unit == 0 { lookups.pop().or_else(|| readers.pop()) } else { readers.pop() }
                };
                let free = target.is_free(unit);
                let chosen = free.then(|| reader(&mut lookups, &mut readers)).flatten().or_else(|| others.pop());
                let Some(index) = chosen else { continue };
                target.units[unit] = Slot::Single { index: index as u32 };
                if singles[index].reads() {
                    for (lane, cell) in target.lanes[2 * unit..].iter_mut().zip(singles[index].cells) {
                        *lane = (cell, 0);
                    }
                }
                used = true;
            }
            if begun {
                target.set(if used { INNER_STEP } else { INNER_KEEP });
            }
            begun |= used;
            row += 1;
        }
        self.take(row, None);
        self.row(row + 1).set(RESULT_GROUP);
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
