//! Softmax over some axes together, and its exponentials: for Softmax, LogSoftmax, Attention and post transforms.
//!
//! A mask leaves elements out. A known one adds minus infinity to them, which stays a constant that only the maximum sees: their
//! exponentials are 0. So are those of elements to which it adds -1000 or less, in 32-bit floats, unless they were greater than the
//! others by some 900. A computed mask holds truth values.

use crate::float::{Bounds, FloatOp, Function, Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// What networks add to elements, or put in their place, to leave them out of a softmax: minus infinity, -1e9, -10000 and the like. Beside
/// such numbers the others would have no precision left.
const FAR: f64 = -1000.0;

/// `max x` over some axes together, which are kept, `x - max x`, and its exponentials.
pub fn exponentials(scope: &mut Scope<'_>, x: &Operand, axes: &[usize]) -> Result<(Operand, Operand, Operand), String> {
    let greatest = scope.reduce_max(x, axes, true)?;
    let Some(holes) = scope.holes(x) else {
        let shifted = scope.sum(&[(1.0, x), (-1.0, &greatest)], 0.0)?;
        let exponentials = scope.table(&shifted, &[Function::Exp])?;
        return Ok((greatest, shifted, exponentials));
    };
    if !is_open(scope, x, &holes, axes)? {
        return Err("a mask leaves out all elements of a row, for which softmax is not defined: leave at least one in".to_owned());
    }
    // Any number will do where the exponential is replaced.
    let finite = scope.fill(x, |element| holes[element], 0.0)?;
    let (shifted, exponentials) = exponentials_below(scope, &finite, &greatest)?;
    let exponentials = scope.fill(&exponentials, |element| holes[element], 0.0)?;
    Ok((greatest, shifted, exponentials))
}

/// Whether holes leave at least one element of each row.
fn is_open(scope: &mut Scope<'_>, x: &Operand, holes: &[bool], axes: &[usize]) -> Result<bool, String> {
    let open = holes.iter().map(|hole| f64::from(u8::from(!hole))).collect();
    let open = scope.reduce_max(&Operand::constant(x.shape.clone(), Element::Float, open), axes, true)?;
    Ok(open.values().is_some_and(|values| !values.contains(&0.0)))
}

/// The same with minus infinity in place of numbers that are as good as that, unless they fill a row.
fn masked(scope: &mut Scope<'_>, x: &Operand, axes: &[usize]) -> Result<Operand, String> {
    let masked = scope.masked_below(x, FAR)?;
    match scope.holes(&masked) {
        Some(holes) if is_open(scope, &masked, &holes, axes)? => Ok(masked),
        _ => Ok(x.clone()),
    }
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
