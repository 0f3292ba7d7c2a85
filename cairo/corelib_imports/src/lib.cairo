//! The parts of the core library that compute with integers of any range and that later editions of Cairo keep to themselves.
//!
//! This crate exists for its edition, `2023_01`, which does not enforce visibility. Nothing else belongs here.
pub mod bounded_int {
    #[feature("bounded-int-utils")]
    pub use core::internal::bounded_int::{
        AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, add, div_rem, mul, sub, upcast,
    };
}
