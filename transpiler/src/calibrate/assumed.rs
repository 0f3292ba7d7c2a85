//! The points that are used instead of samples if there are none.

use maat_package::samples::{InputSpec, Sample};

/// How many points there are, at least and at most, besides the corners.
const POINTS: (usize, usize) = (8, 256);
/// The most multiplications for all points together: some ten seconds.
const MOST_WORK: usize = 1 << 32;

/// Points spread evenly between minus and plus `magnitude`: an additive recurrence with the golden ratio, which needs no seed. There are fewer
/// for a network of which one run is much `work`, in multiplications; it has many elements in each point.
pub fn assumed_points(inputs: &[InputSpec], magnitude: f64, work: usize) -> Vec<Sample> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let mut state = 0.5;
    let mut next = || {
        state = (state + GOLDEN) % 1.0;
        (2.0 * state - 1.0) * magnitude
    };
    let mut point = |_| {
        let elements = inputs.iter().map(|(_, shape)| shape.iter().product::<usize>());
        elements.map(|count| (0..count).map(|_| next()).collect()).collect::<Sample>()
    };
    let count = (MOST_WORK / work.max(1)).clamp(POINTS.0, POINTS.1);
    let mut points: Vec<Sample> = (0..count).map(&mut point).collect();
    // The corners give the inputs their full range.
    for sign in [-1.0, 1.0] {
        let corner = points[0].iter().map(|values| vec![sign * magnitude; values.len()]).collect();
        points.push(corner);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_networks_have_fewer_points_and_all_have_both_corners() {
        let inputs = [("x".to_owned(), vec![2, 3])];
        for (work, expected) in [(0, 256), (1 << 24, 256), (1 << 26, 64), (1 << 40, 8)] {
            let points = assumed_points(&inputs, 2.0, work);
            assert_eq!(points.len(), expected + 2, "{work}");
            assert!(points.iter().all(|point| point[0].len() == 6 && point[0].iter().all(|value| value.abs() <= 2.0)));
            assert_eq!(points[expected..], [vec![vec![-2.0; 6]], vec![vec![2.0; 6]]]);
        }
    }
}
