//! Softmax over some axes together, and its exponentials: for Softmax, LogSoftmax, Attention and post transforms.
//!
//! A mask leaves elements out. A known one adds minus infinity to them, which stays a constant that only the maximum sees: their
//! exponentials are 0. So are those of elements to which it adds 1000 less than to others, in 32-bit floats, unless they were greater
//! than these by some 900. A computed mask holds truth values.

use crate::float::{Bounds, FloatOp, Function, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// How far below the greatest constant of its row one must be to leave an element out: networks add -1e9, -10000 and the like, or put them in the
/// elements' place. Beside such numbers the others would have no precision left.
const FAR: f64 = 1000.0;

/// `max x` over some axes together, which are kept, `x - max x`, and its exponentials.
pub fn exponentials(scope: &mut Scope<'_>, x: &Operand, axes: &[usize]) -> Result<(Operand, Operand, Operand), String> {
    let greatest = scope.reduce_max(x, axes, true)?;
    let Some(holes) = scope.holes(x) else {
        let shifted = scope.sum(&[(1.0, x), (-1.0, &greatest)], 0.0)?;
        let exponentials = scope.table(&shifted, &[Function::Exp])?;
        return Ok((greatest, shifted, exponentials));
    };
    let open = holes.iter().map(|hole| f64::from(u8::from(!hole))).collect();
    let open = scope.reduce_max(&Operand::constant(x.shape.clone(), Element::Float, open), axes, true)?;
    if open.values().is_none_or(|values| values.contains(&0.0)) {
        return Err("a mask leaves out all elements of a row, for which softmax is not defined: leave at least one in".to_owned());
    }
    // Any number will do where the exponential is replaced.
    let finite = scope.fill(x, |element| holes[element], 0.0)?;
    let (shifted, exponentials) = exponentials_below(scope, &finite, &greatest)?;
    let exponentials = scope.fill(&exponentials, |element| holes[element], 0.0)?;
    Ok((greatest, shifted, exponentials))
}

/// The same with minus infinity in place of numbers that are as good as that.
fn masked(scope: &mut Scope<'_>, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
    let Some(constants) = scope.constants_in(x).filter(|constants| constants.iter().all(|constant| constant.is_finite())) else {
        return Ok(x.clone());
    };
    let known = Operand::constant(x.shape.clone(), Element::Float, constants.clone());
    let greatest = scope.reduce_max(&known, axes, true)?;
    let greatest = scope.expand(&greatest, &x.shape)?;
    let far = |(constant, greatest): (&f64, &f64)| *constant <= greatest - FAR;
    let places: Vec<bool> = constants.iter().zip(greatest.values().unwrap_or_default()).map(far).collect();
    if places.contains(&true) { scope.masked(x, &places) } else { Ok(x.clone()) }
}

/// `min(x - greatest, 0)` and its exponentials. What a mask leaves out may be greater.
fn exponentials_below(scope: &mut Scope<'_>, x: &Operand, greatest: &Operand) -> Result<(Operand, Operand), String> {
    let bounds = Bounds { hi: 0.0, ..Bounds::NONE };
    let shifted = scope.sum_as(&[(1.0, x), (-1.0, greatest)], 0.0, bounds, Rounding::HalfUp, (Element::Float, Kind::Real))?;
    let exponentials = scope.table(&shifted, &[Function::Exp])?;
    Ok((shifted, exponentials))
}

impl Scope<'_> {
    /// Softmax over some axes together.
    pub fn softmax(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let x = masked(self, x, axes)?;
        let (_, _, exponentials) = exponentials(self, &x, axes)?;
        self.shares(&exponentials, axes)
    }

    /// Softmax of those elements for which the computed truth values `open` are true; 0 for the others, and for all of a row without any.
    pub fn softmax_where(&mut self, x: &Operand, open: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let open = self.expand(open, &x.shape)?;
        // The least element of a row is no greater than any that is left in.
        let reversed = self.negate(x)?;
        let least = self.reduce_max(&reversed, axes, true)?;
        let least = self.negate(&least)?;
        let chosen = self.select(&open, x, &least)?;
        let greatest = self.reduce_max(&chosen, axes, true)?;
        let (_, exponentials) = exponentials_below(self, x, &greatest)?;
        let exponentials = self.select(&open, &exponentials, &Operand::scalar(0.0))?;
        self.shares(&exponentials, axes)
    }

    /// `ln sum e^x` over some axes together, which are kept.
    pub fn log_sum_exp(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let x = masked(self, x, axes)?;
        let (greatest, _, exponentials) = exponentials(self, &x, axes)?;
        let total = self.reduce_sum(&exponentials, axes, true, 1.0)?;
        let logarithm = self.table(&total, &[Function::Log])?;
        self.sum(&[(1.0, &greatest), (1.0, &logarithm)], 0.0)
    }

    /// Each element divided by the sum over some axes.
    fn shares(&mut self, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
        let total = self.reduce_sum(x, axes, true, 1.0)?;
        let total = self.expand(&total, &x.shape)?;
        self.emit(FloatOp::Divide, &[x, &total], x.shape.clone(), (Element::Float, Kind::Real))
    }
}
