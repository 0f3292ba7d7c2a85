//! Carries a trace program out on integers: the values of all cells, and those of the accumulators.

use super::TraceProgram;
use super::builder::{Cell, Factor, Group, Operation, Source, Taps};

/// The value of every cell.
#[derive(Debug)]
pub(crate) struct CellValues(Vec<i64>);

impl CellValues {
    /// The value of a cell.
    pub(crate) fn of(&self, cell: Cell) -> i64 {
        self.0[cell.index()]
    }

    /// What an operation's own cells and bias add to its accumulator.
    pub(crate) fn own(&self, operation: &Operation) -> i64 {
        let ([x, y], [a, b, c]) = (operation.cells.map(|cell| self.of(cell)), operation.coefficients);
        // Unused terms are left out: a product of two cells that nothing takes might not fit.
        let product = if c == 0 { 0 } else { c * x * y };
        operation.bias + a * x + b * y + product
    }

    /// The address of the constant that an operation looks up.
    pub(crate) fn looked_up(&self, operation: &Operation) -> Option<usize> {
        match operation.source {
            Source::Lookup { first } => Some(usize::try_from(first + self.of(operation.cells[0])).expect("the cell is within the table")),
            _ => None,
        }
    }

    /// The numbers of the unit that carries out an operation whose group adds `products`.
    pub(crate) fn numbers(&self, operation: &Operation, products: i64) -> Numbers {
        let y = self.of(operation.target);
        let (q, remainder) = match operation.source {
            Source::Accumulator => rescaled(operation, self.own(operation) + products),
            _ => (y, 0),
        };
        let base = operation.check.map_or(0, |check| check.lo + if check.floating { self.of(operation.cells[1]) } else { 0 });
        let value = if operation.check.is_some() { y - base } else { 0 };
        Numbers { y, base, side: (q - y).signum(), limbs: [remainder, value, (q - y).abs()] }
    }

    /// The value of an operation whose group adds `products`.
    fn evaluate(&self, operation: &Operation, products: i64, constants: &[i64]) -> i64 {
        match operation.source {
            Source::Accumulator => {
                let (q, _) = rescaled(operation, self.own(operation) + products);
                match operation.check {
                    Some(check) if check.floating => q.max(self.of(operation.cells[1])),
                    Some(check) => q.clamp(check.lo, check.hi),
                    None => q,
                }
            }
            Source::Digit { cell, offset, shift, bits } => {
                let digit = (self.of(cell) + offset) >> shift;
                bits.map_or(digit, |bits| digit & ((1 << bits) - 1))
            }
            Source::Quotient { num, den, shift, lo, hi } => {
                let (num, den) = (self.of(num), self.of(den));
                ((num << (shift + 1)) + den).div_euclid(2 * den).clamp(lo, hi)
            }
            Source::Lookup { .. } => self.looked_up(operation).map_or(0, |address| constants[address]),
        }
    }
}

/// An accumulator, rescaled but not saturated, and what the rescaling leaves over.
fn rescaled(operation: &Operation, accumulator: i64) -> (i64, i64) {
    let accumulator = accumulator - operation.bias + operation.offset();
    if operation.shift < 0 {
        return (accumulator << -operation.shift, 0);
    }
    (accumulator >> operation.shift, accumulator & ((1 << operation.shift) - 1))
}

/// The numbers of a unit (see [`maat_verifier::air::units`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Numbers {
    /// The value.
    pub(crate) y: i64,
    /// The least value that it may have.
    pub(crate) base: i64,
    /// The side of saturation.
    pub(crate) side: i64,
    /// Remainder, distance from the least value, excess.
    pub(crate) limbs: [i64; 3],
}

impl TraceProgram {
    /// The value of every cell for the inputs of a batch, inference by inference, which the model accepts; and what each group's products
    /// add to its operations.
    pub(crate) fn evaluate(&self, inputs: &[i32]) -> (CellValues, Vec<Vec<i64>>) {
        let builder = &self.builder;
        let mut values = CellValues(vec![0; builder.n_cells()]);
        for (input, value) in builder.inputs.iter().zip(inputs) {
            values.0[input.cell.index()] = (*value).into();
        }
        let mut accumulators = Vec::with_capacity(builder.groups().len());
        for (singles, group) in builder.in_order() {
            for operation in singles {
                values.0[operation.target.index()] = values.evaluate(operation, 0, &builder.constants);
            }
            if let Some(group) = group {
                let products = multiply(group, &values);
                for (operation, products) in group.operations.iter().zip(&products) {
                    values.0[operation.target.index()] = values.evaluate(operation, *products, &builder.constants);
                }
                accumulators.push(products);
            }
        }
        (values, accumulators)
    }
}

/// The sums of products of a group, `[p, i]`.
fn multiply(group: &Group, values: &CellValues) -> Vec<i64> {
    let mut sums = vec![0i64; group.operations.len()];
    for product in &group.products {
        let cells: Vec<i64>;
        let left = match &product.left {
            Factor::Taps(taps) => {
                convolve(taps, &product.right, group.inner, values, &mut sums);
                continue;
            }
            Factor::Weights(weights) => weights,
            Factor::Cells(factors) => {
                cells = factors.iter().map(|(cell, coefficient)| coefficient * values.of(*cell)).collect();
                &cells
            }
        };
        for ((cell, coefficient), sums) in product.right.iter().zip(sums.chunks_exact_mut(group.inner)) {
            let right = coefficient * values.of(*cell);
            for (sum, left) in sums.iter_mut().zip(left) {
                *sum += left * right;
            }
        }
    }
    sums
}

/// Adds a convolution: what a cell adds to, a tap moves towards the first position.
fn convolve(taps: &Taps, right: &[(Cell, i64)], inner: usize, values: &CellValues, sums: &mut [i64]) {
    for (position, (cell, coefficient)) in right.iter().enumerate() {
        let right = coefficient * values.of(*cell);
        if right == 0 {
            continue;
        }
        for (by, weights) in taps.moves.iter().zip(taps.weights.chunks_exact(inner)) {
            let first = (position + taps.reach() - by) * inner;
            for (sum, weight) in sums[first..][..inner].iter_mut().zip(weights) {
                *sum += weight * right;
            }
        }
    }
}
