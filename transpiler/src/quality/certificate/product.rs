//! `Product`: `a b - a' b' = a (b - b') + b' (a - a')`, for each product in the sum.

use maat_runtime::primitives::Product;

use super::arithmetic::{real_range, rounded, saturation, scaled};
use super::{Bounder, Known};
use crate::float::{Bounds, FloatNode};

impl Bounder<'_> {
    pub(super) fn product(&self, node: &FloatNode, inner: usize, product: &Product, inputs: &[Known], range: (f64, f64)) -> f64 {
        let tensor = self.tensor(node.output);
        let (a, b) = (inputs[0], inputs[1]);
        let (low, high) = real_range(self.tensor(node.inputs[1]));
        let moved = inner as f64 * (scaled(a.size(), b.error) + scaled(low.abs().max(high.abs()), a.error));
        let by_bounds = saturation(node.kind.within(Bounds::NONE), range, &product.requantise, tensor.scale);
        rounded(moved + by_bounds, node, &product.requantise, 0, tensor)
    }
}
