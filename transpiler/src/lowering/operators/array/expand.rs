//! Expand: a tensor broadcast with a shape, both ways. Tile: a tensor repeated along each axis.

use crate::lowering::moves::{check_size, common_shape};
use crate::lowering::scope::Scope;

pub(super) fn expand(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let target = counts(scope)?;
    let shape = common_shape([x.shape.as_slice(), &target])?;
    let y = scope.expand(&x, &shape)?;
    scope.finish(y)
}

pub(super) fn tile(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let repeats = counts(scope)?;
    if repeats.len() != x.axes() {
        return Err(format!("{} repeats for {} axes", repeats.len(), x.axes()));
    }
    let shape: Vec<usize> = x.shape.iter().zip(&repeats).map(|(length, repeats)| length.saturating_mul(*repeats)).collect();
    check_size(&shape)?;
    let along = |(length, all): (&usize, &usize)| (0..*all).map(|position| Some(position % length)).collect();
    let positions: Vec<_> = x.shape.iter().zip(&shape).map(along).collect();
    let y = scope.pick_all(&x, &positions, 0.0)?;
    scope.finish(y)
}

/// Input 1 as positive numbers.
fn counts(scope: &Scope<'_>) -> Result<Vec<usize>, String> {
    let list = scope.integers(1)?.ok_or("input 1 is missing")?;
    let positive = |value: &i64| usize::try_from(*value).ok().filter(|value| *value > 0);
    list.iter().map(positive).collect::<Option<_>>().ok_or_else(|| format!("input 1 is {list:?}: positive numbers are expected"))
}
