//! Assertions: what columns hold in single rows, joined as Winterfell does.
//!
//! Those of the main segment come first, each segment's in the order of rows, then of columns. An assertion about row `s` is
//! `(column(x) - value) / (x - g^s)`.

use maat_stark::goldilocks::{G, Word, element, of_u64, product as base_product};
use maat_stark::quadratic::{self, Element, difference, product, sum};

/// Assertions about neighbouring columns in one row.
#[derive(Drop, Copy)]
pub struct Run {
    pub row: u32,
    /// The first column.
    pub column: u32,
    /// What it and the next ones hold.
    pub values: Span<Element>,
}

/// Whether a run comes before another.
fn is_before(a: @Run, b: @Run) -> bool {
    *a.row < *b.row || (*a.row == *b.row && *a.column < *b.column)
}

/// The runs in order. There are few.
fn sorted(mut runs: Span<Run>) -> Span<Run> {
    let mut sorted: Span<Run> = array![].span();
    while let Some(run) = runs.pop_front() {
        let (mut next, mut placed) = (array![], false);
        while let Some(other) = sorted.pop_front() {
            if !placed && is_before(run, other) {
                next.append(*run);
                placed = true;
            }
            next.append(*other);
        }
        if !placed {
            next.append(*run);
        }
        sorted = next.span();
    }
    sorted
}

/// `g^row`.
fn point(row: u32, mut generators: Span<u64>) -> G {
    let (mut left, mut point) = (row, 1);
    while left != 0 {
        let generator = *generators.pop_front().unwrap();
        let (rest, bit) = DivRem::div_rem(left, 2);
        if bit == 1 {
            point = base_product(point, of_u64(generator));
        }
        left = rest;
    }
    point
}

/// The sum of the assertions about a segment with these columns at `x`, joined to a sum of others by powers of a challenge. `generators` are
/// `g`, `g^2`, `g^4`, ..
pub fn join(joined: Element, runs: Span<Run>, columns: Span<Word>, x: Element, gamma: Element, generators: Span<u64>) -> Element {
    let (mut joined, mut runs) = (joined, sorted(runs));
    // Neighbouring runs often are about one row.
    let (mut known, mut inverse) = (None, quadratic::ZERO);
    while let Some(run) = runs.pop_front() {
        if known != Some(*run.row) {
            known = Some(*run.row);
            inverse = quadratic::inverse(difference(x, (point(*run.row, generators), 0)));
        }
        let (mut values, mut column) = (*run.values, *run.column);
        while let Some(value) = values.pop_front() {
            let found = (element(*columns[2 * column]), element(*columns[2 * column + 1]));
            joined = sum(product(joined, gamma), product(difference(found, *value), inverse));
            column += 1;
        }
    }
    joined
}
