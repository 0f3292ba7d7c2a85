//! The price in the middle.

/// The price in the middle; of an even number of them the lower one of the two there. Nothing of nothing.
///
/// Looks at each pair of prices, of which there are few.
pub fn median(prices: Span<u64>) -> Option<u64> {
    // So many prices come before the one in the middle.
    let before = if prices.is_empty() {
        return None;
    } else {
        (prices.len() - 1) / 2
    };
    for candidate in prices {
        let (mut less, mut equal) = (0, 0);
        for other in prices {
            if *other < *candidate {
                less += 1;
            } else if *other == *candidate {
                equal += 1;
            }
        }
        if less <= before && before < less + equal {
            return Some(*candidate);
        }
    }
    None
}
