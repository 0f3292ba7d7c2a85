//! `Select`: a call of the operator runtime.

use super::call::{Call, Expression};
use super::code::Module;

/// `inputs` are the conditions and two tensors.
pub fn select(inputs: Vec<usize>) -> Call {
    Call::Expression(Expression::function(Module::Select, "select", inputs))
}
