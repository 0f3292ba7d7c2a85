//! Comparisons, which become a `Sum` that saturates at 0 and 1.

use maat_runtime::primitives::Sum;
use maat_runtime::{Interval, Primitive, TensorId};

use super::scale::threshold;
use super::{Quantiser, exactly, small};
use crate::error::TranspileError;
use crate::float::{FloatNode, FloatSum};

impl Quantiser<'_> {
    /// `[a > b]` as `clamp(a - b, 0, 1)` at one scale, where that is exact.
    pub(super) fn greater(&mut self, node: &FloatNode, ids: &[TensorId]) -> Result<TensorId, TranspileError> {
        let constants: Vec<Option<Vec<f64>>> = node.inputs.iter().map(|input| self.float.constants(*input)).collect();
        let truth = exactly(Interval::new(0, 1));
        let scales = [self.tensor(ids[0]).scale, self.tensor(ids[1]).scale];
        let kinds = [0, 1].map(|position| self.float.tensor(node.inputs[position]).1);
        let limit = |value: f64| value.clamp(-(2f64.powi(40)), 2f64.powi(40)) as i64;
        let (operands, factors, bias) = match (&constants[0], &constants[1]) {
            (None, Some(c)) => {
                let limits = c.iter().map(|c| -limit(threshold(*c, scales[0], kinds[0], f64::floor)));
                (vec![ids[0]], vec![1], limits.collect())
            }
            (Some(c), None) => {
                let limits = c.iter().map(|c| limit(threshold(*c, scales[1], kinds[1], f64::ceil)));
                (vec![ids[1]], vec![-1], limits.collect())
            }
            _ => {
                let finest = scales[0].max(scales[1]);
                let factor = |scale: i32| 1i32 << (finest - scale).min(30);
                (ids.to_vec(), vec![factor(scales[0]), -factor(scales[1])], vec![0])
            }
        };
        let elements = node.shape.iter().product();
        let float = FloatSum {
            coefficients: factors.iter().map(|factor| vec![f64::from(*factor); bias.len()]).collect(),
            bias: bias.iter().map(|bias| *bias as f64).collect(),
            ..FloatSum::uniform(&[1.0], 0.0)
        };
        let compact = float.compact(elements);
        let coefficients = compact.coefficients.iter().map(|row| row.iter().map(|factor| *factor as i32).collect()).collect();
        let bias = compact.bias.iter().map(|bias| *bias as i64).collect();
        let sum = Sum { coefficients, bias, inner: small(compact.inner), requantise: truth };
        self.push(&node.name, Primitive::Sum(sum), &operands, 0)
    }
}
