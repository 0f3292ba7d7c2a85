//! What computed numbers can be rounded to.

use maat_runtime::Interval;

/// The integers that computed numbers are rounded to: those of 32 bits, as many above 0 as below.
pub const ROUNDED: Interval = Interval { lo: -(i32::MAX as i64), hi: i32::MAX as i64 };
