//! Transpose: axes in another order; without `perm`, in the opposite one.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let order = match scope.list("perm") {
        None => (0..x.axes()).rev().collect(),
        Some(perm) => {
            let order = perm.iter().map(|axis| usize::try_from(*axis).ok()).collect::<Option<Vec<usize>>>();
            let complete = |order: &Vec<usize>| order.len() == x.axes() && (0..x.axes()).all(|axis| order.contains(&axis));
            order.filter(complete).ok_or_else(|| format!("attribute `perm` is {perm:?}, which does not order {} axes", x.axes()))?
        }
    };
    let y = scope.transpose(&x, &order)?;
    scope.finish(y)
}
