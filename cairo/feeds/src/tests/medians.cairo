//! The price in the middle.
use crate::median::median;

#[test]
fn the_median_is_the_lower_one_of_two() {
    assert_eq!(median([].span()), None);
    assert_eq!(median([7].span()), Some(7));
    assert_eq!(median([20, 10].span()), Some(10));
    assert_eq!(median([30, 10, 20].span()), Some(20));
    assert_eq!(median([40, 10, 30, 20].span()), Some(20));
    assert_eq!(median([50, 40, 10, 30, 20].span()), Some(30));
}

#[test]
fn equal_prices_count_each() {
    assert_eq!(median([5, 5].span()), Some(5));
    assert_eq!(median([9, 5, 5].span()), Some(5));
    assert_eq!(median([9, 9, 5, 5].span()), Some(5));
    assert_eq!(median([9, 9, 9, 5, 5].span()), Some(9));
}
