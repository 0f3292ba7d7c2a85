//! `Divide`: a call of the operator runtime, with an offset that makes every quotient non-negative.

use maat_runtime::primitives::Divide;

use super::call::{Argument, Call, Expression};
use super::code::Module;
use super::collector::Collector;

impl Collector<'_> {
    /// `inputs` are the dividends and the divisors.
    pub(super) fn divide(&self, divide: &Divide, inputs: Vec<usize>) -> Call {
        let [num, den] = [0, 1].map(|input| self.tensor(inputs[input]).range);
        let (lo, hi) = (i128::from(divide.lo), i128::from(divide.hi));
        // The least offset that makes every numerator non-negative, and large enough for the comparison with `lo`.
        let least = (i128::from(-num.lo).max(0) << divide.shift) as u128;
        let offset = (least.div_ceil(den.lo.unsigned_abs().into()) as i128).max(-lo);
        let scale = 2i128 << divide.shift;
        let arguments = [scale, offset, offset + lo, hi - lo + 1, lo, hi].map(Argument::Number).into();
        Call::Expression(Expression::with(Module::Divide, "divide", inputs, arguments))
    }
}
