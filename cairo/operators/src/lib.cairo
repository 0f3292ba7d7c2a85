//! The operator runtime that generated programs call.
//!
//! A tensor is a `Span<felt252>` of signed integers; its scale and shape are known to the generator. What a function computes is defined
//! by the primitive of the same name in the crate `maat-runtime`.
pub mod arg_max;
pub mod copy;
pub mod divide;
pub mod halves;
pub mod input;
pub mod io;
pub mod max;
pub mod power_of_two;
pub mod saturate;
pub mod select;
pub mod table;
