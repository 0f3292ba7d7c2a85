//! Concat: tensors one after another along an axis.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, usize::MAX)?;
    let parts = (0..scope.inputs()).map(|position| scope.input(position)).collect::<Result<Vec<_>, _>>()?;
    let axis = scope.optional_attribute("axis")?.ok_or("attribute `axis` is missing")?;
    let axis = scope.axis_of(&parts[0], axis)?;
    let y = if let [only] = &parts[..] { only.clone() } else { scope.concat(&parts, axis)? };
    scope.finish(y)
}
