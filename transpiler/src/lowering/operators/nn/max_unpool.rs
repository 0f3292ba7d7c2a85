//! MaxUnpool with known positions: the elements go back to where MaxPool took them from, between zeros. Positions count in the tensor whose
//! shape follows from the attributes; if an output shape is given, that tensor is in its first corner.

use crate::float::strides;
use crate::lowering::helpers::indices::place;
use crate::lowering::helpers::windows::{kernel_shape, lengths};
use crate::lowering::moves::{check_size, narrow};
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let (x, positions) = (scope.input(0)?, scope.constant(1)?.ok_or("input 1 is missing")?);
    let chosen = scope.integers(1)?.unwrap_or_default();
    if positions.shape != x.shape {
        return Err(format!("positions of shape {:?} do not fit an input of shape {:?}", positions.shape, x.shape));
    }
    let kernel = kernel_shape(scope, &x)?;
    let axes = kernel.len();
    let (steps, pads) = (lengths(scope, "strides", axes, 1, 1)?, lengths(scope, "pads", 2 * axes, 0, 0)?);
    let mut inferred = x.shape.clone();
    for axis in 0..axes {
        let whole = x.shape[2 + axis].saturating_sub(1).saturating_mul(steps[axis]).saturating_add(kernel[axis]);
        let left = whole.checked_sub(pads[axis] + pads[axes + axis]).filter(|left| *left > 0);
        inferred[2 + axis] = left.ok_or("the pads leave nothing of the output")?;
    }
    check_size(&inferred)?;
    let shape = match scope.integers(2)? {
        None => inferred.clone(),
        Some(list) => {
            let shape: Option<Vec<usize>> = list.iter().map(|length| usize::try_from(*length).ok()).collect();
            let holds = |shape: &Vec<usize>| shape.len() == inferred.len() && shape.iter().zip(&inferred).all(|(all, part)| all >= part);
            shape.filter(holds).ok_or_else(|| format!("an output of shape {list:?} is too small: {inferred:?} is needed"))?
        }
    };
    check_size(&shape)?;
    let (from, to) = (strides(&inferred), strides(&shape));
    let outside = x.elements();
    let mut sources = vec![outside; shape.iter().product()];
    for (element, index) in chosen.iter().enumerate() {
        let position = place(*index, inferred.iter().product())?;
        let target: usize = (0..shape.len()).map(|axis| position / from[axis] % inferred[axis] * to[axis]).sum();
        sources[target] = element;
    }
    let y = scope.gather(&x, shape, narrow(sources), vec![0.0])?;
    scope.finish(y)
}
