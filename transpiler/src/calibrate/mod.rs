//! The values that a network's tensors take on samples: the ranges that scales are chosen from, and the inputs that get a scale for each
//! column.

mod assumed;
mod columns;
mod options;
mod ranges;
mod split;
mod width;

pub use assumed::assumed_points;
pub use columns::in_columns;
pub use options::validate_options;
pub use ranges::{Ranges, check_finite};
pub use split::{samples_digest, split};
pub use width::{HEADROOM_BITS, input_width, largest_exponent, scale_for};
