//! The points that are used instead of samples if there are none.

use maat_package::samples::{InputSpec, Sample};

/// How many points there are.
const POINTS: usize = 256;

/// Points spread evenly between minus and plus `magnitude`: an additive recurrence with the golden ratio, which needs no seed.
pub fn assumed_points(inputs: &[InputSpec], magnitude: f64) -> Vec<Sample> {
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
    let mut points: Vec<Sample> = (0..POINTS).map(&mut point).collect();
    // The corners give the inputs their full range.
    for sign in [-1.0, 1.0] {
        let corner = points[0].iter().map(|values| vec![sign * magnitude; values.len()]).collect();
        points.push(corner);
    }
    points
}
