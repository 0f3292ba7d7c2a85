//! What several operators are made of, so that each operator's file holds only what is its own.

pub mod cells;
pub mod convolution;
pub mod division;
pub mod forest;
pub mod indices;
pub mod labels;
pub mod lookup;
mod powers;
pub mod rounding;
pub mod sampling;
pub mod softmax;
mod unary;
pub mod weighted;
pub mod windows;
pub mod wrapping;
