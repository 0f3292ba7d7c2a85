//! What several operators are made of.

pub mod cells;
pub mod forest;
pub mod labels;
pub mod softmax;
mod unary;
pub mod windows;
