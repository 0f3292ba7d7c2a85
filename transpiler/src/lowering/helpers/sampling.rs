//! Sampling between the elements of an axis: which elements a known coordinate takes, and how much of each.

use super::weighted::Terms;

/// How much of its neighbours an element between them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest one; of two equally near ones, that with the even position.
    Nearest,
    /// Two neighbours, by their distance.
    Linear,
    /// Four neighbours, by the cubic kernel with the coefficient -0.75.
    Cubic,
}

/// What is beyond the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// Zeros.
    Zeros,
    /// The element at the end.
    Border,
    /// The axis again, backwards.
    Reflection,
}

/// An axis that is sampled.
#[derive(Debug, Clone, Copy)]
pub struct Sampled {
    /// Its length.
    pub length: usize,
    /// Whether it ends at the middle of its first and last element, and not at their outer edges.
    pub corners: bool,
    /// How elements are interpolated.
    pub interpolation: Interpolation,
    /// What is beyond its ends.
    pub beyond: Beyond,
}

impl Sampled {
    /// The elements at a coordinate, which is 0 at the first element and 1 at the second.
    pub fn terms(&self, coordinate: f64) -> Terms {
        let (least, most) = self.ends();
        let nearest = self.interpolation == Interpolation::Nearest;
        let mut x = if nearest { coordinate.round_ties_even() } else { coordinate };
        if x < least || x > most {
            x = match self.beyond {
                Beyond::Zeros => x,
                Beyond::Border => x.clamp(0.0, self.length as f64 - 1.0),
                Beyond::Reflection => self.reflected(x),
            };
        }
        let first = if nearest { x.trunc() } else { x.floor() };
        let weights: &[(f64, f64)] = match self.interpolation {
            Interpolation::Nearest => &[(0.0, 1.0)],
            Interpolation::Linear => &[(0.0, 1.0 - (x - first)), (1.0, x - first)],
            Interpolation::Cubic => &[-1.0, 0.0, 1.0, 2.0].map(|step| (step, cubic(x - first - step, -0.75))),
        };
        weights.iter().filter_map(|(step, weight)| Some((self.element(first + step)?, *weight))).collect()
    }

    /// The element at a whole coordinate; none for a zero.
    fn element(&self, place: f64) -> Option<usize> {
        let last = self.length as f64 - 1.0;
        let place = match self.beyond {
            Beyond::Zeros if !(0.0..=last).contains(&place) => return None,
            Beyond::Zeros | Beyond::Border => place,
            Beyond::Reflection => self.reflected(place).trunc(),
        };
        Some(place.clamp(0.0, last) as usize)
    }

    /// Where the axis ends.
    fn ends(&self) -> (f64, f64) {
        let half = if self.corners { 0.0 } else { 0.5 };
        (-half, self.length as f64 - 1.0 + half)
    }

    /// A coordinate mirrored at the ends until it is between them.
    fn reflected(&self, x: f64) -> f64 {
        let (least, most) = self.ends();
        let range = most - least;
        let beyond = if x < least { least - x } else { x - most };
        if beyond <= 0.0 {
            return x;
        }
        if range <= 0.0 {
            return least;
        }
        let times = (beyond / range).trunc();
        let rest = beyond - times * range;
        let from_near = times % 2.0 == 0.0;
        if (x < least) == from_near { least + rest } else { most - rest }
    }
}

/// The cubic convolution kernel: a piecewise cubic that is 1 at 0, and 0 at the other integers.
pub fn cubic(distance: f64, a: f64) -> f64 {
    let x = distance.abs();
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
    } else {
        0.0
    }
}

/// Terms along several axes of a tensor of these lengths, as terms of its elements.
pub fn together(lengths: &[usize], along: &[Terms]) -> Terms {
    let mut all: Terms = vec![(0, 1.0)];
    for (length, terms) in lengths.iter().zip(along) {
        all =
            all.iter().flat_map(|(start, weight)| terms.iter().map(move |(place, part)| (start * length + place, weight * part))).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(corners: bool, interpolation: Interpolation, beyond: Beyond) -> Sampled {
        Sampled { length: 3, corners, interpolation, beyond }
    }

    #[test]
    fn neighbours_are_weighted_by_their_distance() {
        let linear = |beyond| axis(true, Interpolation::Linear, beyond);
        assert_eq!(linear(Beyond::Zeros).terms(0.25), [(0, 0.75), (1, 0.25)]);
        assert_eq!(linear(Beyond::Zeros).terms(-0.25), [(0, 0.75)]);
        assert_eq!(linear(Beyond::Zeros).terms(3.5), []);
        assert_eq!(linear(Beyond::Border).terms(-7.0), [(0, 1.0), (1, 0.0)]);
        assert_eq!(linear(Beyond::Reflection).terms(-0.25), [(0, 0.75), (1, 0.25)]);
        let nearest = |coordinate| axis(false, Interpolation::Nearest, Beyond::Reflection).terms(coordinate);
        assert_eq!(nearest(0.5), [(0, 1.0)]);
        assert_eq!(nearest(1.5), [(2, 1.0)]);
        assert_eq!(nearest(-1.0), [(0, 1.0)]);
        assert_eq!(nearest(4.0), [(1, 1.0)]);
        let cubic = axis(true, Interpolation::Cubic, Beyond::Border).terms(0.5);
        assert_eq!(cubic, [(0, -0.09375), (0, 0.59375), (1, 0.59375), (2, -0.09375)]);
    }

    #[test]
    fn axes_of_length_one_reflect_themselves() {
        let single = Sampled { length: 1, ..axis(true, Interpolation::Linear, Beyond::Reflection) };
        assert_eq!(single.terms(5.0), [(0, 1.0), (0, 0.0)]);
        assert_eq!(single.terms(f64::MAX), [(0, 1.0), (0, 0.0)]);
    }

    #[test]
    fn terms_of_axes_are_multiplied() {
        assert_eq!(together(&[2, 3], &[vec![(1, 0.5)], vec![(0, 0.5), (2, 0.25)]]), [(3, 0.25), (5, 0.125)]);
        assert!(together(&[2, 3], &[vec![], vec![(0, 1.0)]]).is_empty());
    }
}
