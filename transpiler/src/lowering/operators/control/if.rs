//! If with a condition that is known: the nodes of one branch. The other may hold anything.

use super::check_outputs;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let condition = scope.input(0)?;
    if !condition.is_constant() {
        let reason = "its condition depends on the network's inputs, and only conditions that are known in advance are supported: fix the \
                      input that decides it, or compute both branches and choose with Where";
        return Err(reason.to_owned());
    }
    let condition = condition.single().ok_or_else(|| format!("its condition has shape {:?}, not one element", condition.shape))?;
    let branch = if condition == 0.0 { "else_branch" } else { "then_branch" };
    let body = scope.node().body(branch)?;
    check_outputs(scope.outputs(), body.outputs.len())?;
    let given = scope.inline(&body, Vec::new(), branch)?;
    for (position, operand) in given.into_iter().enumerate() {
        scope.give(position, operand);
    }
    Ok(())
}
