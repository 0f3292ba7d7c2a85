//! The range of rounded numbers, which casts and roundings share.

use maat_runtime::Interval;

/// The integers that computed numbers are rounded to: those of 32 bits, symmetric around 0.
pub const ROUNDED: Interval = Interval { lo: -(i32::MAX as i64), hi: i32::MAX as i64 };
