//! `Product`: the shift that brings the factors' scales to that of the result.

use maat_runtime::primitives::Product;
use maat_runtime::{Primitive, Requantise, TensorId};

use super::scale::saturation;
use super::{Quantiser, exactly, shape, small};
use crate::error::TranspileError;
use crate::float::{Bounds, FloatNode, Kind};

impl Quantiser<'_> {
    pub(super) fn product(
        &mut self,
        node: &FloatNode,
        ids: &[TensorId],
        (rows, columns, inner): (usize, usize, usize),
    ) -> Result<TensorId, TranspileError> {
        let factors = self.tensor(ids[0]).scale + self.tensor(ids[1]).scale;
        let (requantise, scale) = match node.kind {
            Kind::Integer(range) => {
                let (a, b) = (self.reach(ids[0]), self.reach(ids[1]));
                let corners = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1].map(|corner| corner * f64::from(small(inner)));
                self.check_fits(node, range, (corners.iter().copied().fold(0.0, f64::min), corners.iter().copied().fold(0.0, f64::max)))?;
                (exactly(range), 0)
            }
            Kind::Real => {
                let (bits, scale) = self.precision(node.output);
                // A result can be finer than the product of its factors by no more than the largest left shift.
                let shift = (factors - scale).clamp(-24, i32::from(Requantise::MAX_SHIFT));
                // Sums of squares are not negative: a table over them needs half the knots.
                let squares = ids[0] == ids[1] && rows == 1 && columns == 1;
                let (lo, hi) = saturation(Bounds { lo: if squares { 0.0 } else { f64::NEG_INFINITY }, ..Bounds::NONE }, scale, bits);
                (Requantise { shift: vec![shift as i8], lo, hi }, factors - shift)
            }
        };
        let product =
            Product { rows: small(rows), columns: small(columns), inner: small(inner), shape: shape(&node.name, &node.shape)?, requantise };
        self.push(&node.name, Primitive::Product(product), ids, scale)
    }
}
