//! LpPool: `(sum |x|^p)^(1/p)` over each window; GlobalLpPool: over all axes after batch and channels.
//!
//! Powers of small numbers would be lost beside those of large ones, so each window is divided by its greatest size `m` first, which comes
//! back at the end: `m (sum (|x| / m)^p)^(1/p)`. Padding adds nothing. Opset 11 brought automatic padding, opset 18 dilations and
//! `ceil_mode`.

use crate::float::{Bounds, Function};
use crate::lowering::helpers::windows::{WindowGeometry, kernel_shape};
use crate::lowering::scope::{Operand, Scope};

/// The least divisor: a window of zeros must not divide by 0.
const LEAST: f64 = 1e-6;

pub(super) fn windows(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let (x, p) = (scope.floats(0)?, norm(scope)?);
    let windows = WindowGeometry::read(scope, &x, kernel_shape(scope, &x)?)?;
    let channels = x.shape[1];
    let sizes = scope.abs(&x)?;
    let gathered = windows.gather(scope, &sizes, 0.0)?;
    let norms = scope.norms(&gathered, &[2], p)?;
    let y = windows.channels_first(scope, &norms, channels)?;
    scope.finish(y)
}

pub(super) fn global(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let (x, p) = (scope.floats(0)?, norm(scope)?);
    if x.axes() < 2 {
        return Err("the input needs a batch axis and a channel axis".to_owned());
    }
    let axes: Vec<usize> = (2..x.axes()).collect();
    let sizes = scope.abs(&x)?;
    let y = scope.norms(&sizes, &axes, p)?;
    scope.finish(y)
}

/// The exponent; opset 1 has it as a float.
fn norm(scope: &Scope<'_>) -> Result<f64, String> {
    let p = if scope.opset() < 2 { scope.number("p", 2.0)? } else { scope.attribute("p", 2i64)? as f64 };
    if (1.0..=64.0).contains(&p) { Ok(p) } else { Err(format!("attribute `p` is {p}: it must be from 1 to 64")) }
}

impl Scope<'_> {
    /// `(sum x^p)^(1/p)` of sizes over some axes, which are kept.
    fn norms(&mut self, sizes: &Operand, axes: &[usize], p: f64) -> Result<Operand, String> {
        if p == 1.0 {
            return self.reduce_sum(sizes, axes, true, 1.0);
        }
        let greatest = self.reduce_max(sizes, axes, true)?;
        let divisor = self.clamp(&greatest, Bounds { lo: LEAST, ..Bounds::NONE })?;
        let shares = self.div(sizes, &divisor)?;
        let powers = self.power(&shares, p)?;
        let sums = self.reduce_sum(&powers, axes, true, 1.0)?;
        let roots = self.table(&sums, &[if p == 2.0 { Function::Sqrt } else { Function::Pow(1.0 / p) }])?;
        self.mul(&divisor, &roots)
    }
}
