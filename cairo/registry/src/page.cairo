//! Pages of a list, so that no view grows with the registry.

use core::cmp::min;
use core::ops::Range;

/// The most entries that a view gives at once.
pub const MAX_LIMIT: u64 = 100;

/// The positions of a page in a list of `count` entries: `limit` of them, at most `MAX_LIMIT`, after the first `start`.
pub fn page(count: u64, start: u64, limit: u64) -> Range<u64> {
    // Both are cut to what there is before they are added, so that the sum stays below `count` and cannot overflow.
    let start = min(start, count);
    let length = min(min(limit, MAX_LIMIT), count - start);
    start..start + length
}
