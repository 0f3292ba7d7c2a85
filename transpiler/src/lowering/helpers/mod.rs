//! What several operators are made of, so that each operator's file holds only what is its own.

pub mod cells;
pub mod convolution;
pub mod forest;
pub mod labels;
pub mod lookup;
pub mod rounding;
pub mod softmax;
mod unary;
pub mod windows;
