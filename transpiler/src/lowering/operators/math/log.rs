//! Log. The logarithm of a sum of exponentials, written out, is computed as ReduceLogSumExp: the exponentials themselves may have sizes that
//! no scale holds.

use crate::float::Function;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let y = match scope.sum_of_exponentials(&x)? {
        Some(rows) => {
            let axes = [rows.axes() - 1];
            let y = scope.log_sum_exp(&rows, &axes)?;
            scope.reshape(&y, x.shape)?
        }
        None => scope.table(&x, &[Function::Log])?,
    };
    scope.finish(y)
}
