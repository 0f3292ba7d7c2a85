//! ReverseSequence: the first elements of each sequence of a batch in reversed order, as many as are given for it.

use crate::float::strides;
use crate::lowering::moves::narrow;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let (batch, time) = (scope.axis_of(&x, scope.attribute("batch_axis", 1i64)?)?, scope.axis_of(&x, scope.attribute("time_axis", 0i64)?)?);
    let lengths = scope.integers(1)?.ok_or("input 1 is missing")?;
    let inside = |length: &i64| usize::try_from(*length).ok().filter(|length| *length <= x.shape[time]);
    let lengths: Option<Vec<usize>> = lengths.iter().map(inside).collect();
    let lengths = lengths.filter(|lengths| lengths.len() == x.shape[batch] && batch != time).ok_or_else(|| {
        format!("the lengths do not fit a batch along axis {batch} and sequences along axis {time} of shape {:?}", x.shape)
    })?;
    let steps = strides(&x.shape);
    let from = |element: usize| {
        let (sequence, place) = (element / steps[batch] % x.shape[batch], element / steps[time] % x.shape[time]);
        let length = lengths[sequence];
        if place < length { element - place * steps[time] + (length - 1 - place) * steps[time] } else { element }
    };
    let y = scope.gather(&x, x.shape.clone(), narrow((0..x.elements()).map(from)), Vec::new())?;
    scope.finish(y)
}
