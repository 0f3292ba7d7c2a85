//! Constant: folded at import, so nothing is left to lower.

use super::scope::Scope;

pub(super) fn lower(_scope: &mut Scope<'_>) -> Result<(), String> {
    Err("only constants of numbers are supported".to_owned())
}
