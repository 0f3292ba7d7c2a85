//! Input values outside the model's range. They are clamped, so the model runs on other values than it was given, and the user must know.

use std::fmt;

use maat_runtime::{Model, Tensor, dequantise};
use serde::Serialize;

use super::Sample;
use super::decimal::decimal;

/// The values of one input that are clamped.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutOfRange {
    /// The input.
    pub input: String,
    /// How many of its values are out of range.
    pub values: usize,
    /// In how many samples they are.
    pub samples: usize,
    /// The value that is furthest out, relative to the width of its range.
    pub worst: f64,
    /// The column of that value, counted from 0, if columns have their own ranges.
    pub column: Option<usize>,
    /// The least and the greatest value that an integer can represent there.
    pub range: (f64, f64),
}

/// The values of each input that are out of range; inputs without any are left out. A value that rounds to the end of the range is within
/// it.
pub fn out_of_range(model: &Model, samples: &[Sample]) -> Vec<OutOfRange> {
    let of_input = |(position, input): (usize, &Tensor)| {
        let mut found: Option<(f64, OutOfRange)> = None;
        for sample in samples {
            let scales = input.scales().iter().enumerate().cycle();
            let outside = sample[position].iter().zip(scales);
            let outside = outside.filter_map(|(value, (column, scale))| Some((beyond(input, *scale, *value)?, *value, column, *scale)));
            for (index, (distance, value, column, scale)) in outside.enumerate() {
                let none = || {
                    (0.0, OutOfRange { input: input.name.clone(), values: 0, samples: 0, worst: value, column: None, range: (0.0, 0.0) })
                };
                let (furthest, clamped) = found.get_or_insert_with(none);
                clamped.values += 1;
                clamped.samples += usize::from(index == 0);
                let distance = distance * 2f64.powi(scale);
                if distance > *furthest {
                    (*furthest, clamped.worst, clamped.range) = (distance, value, range(input, scale));
                    clamped.column = (!input.columns.is_empty()).then_some(column);
                }
            }
        }
        found.map(|(_, clamped)| clamped)
    };
    model.inputs().iter().enumerate().filter_map(of_input).collect()
}

/// The least and the greatest value that an input has an integer for at a scale.
fn range(input: &Tensor, scale: i32) -> (f64, f64) {
    let end = |end: i64| i32::try_from(end).map_or(f64::NAN, |end| dequantise(end, scale));
    (end(input.range.lo), end(input.range.hi))
}

/// How far a value is out of range, if it does not round to an end of it.
fn beyond(input: &Tensor, scale: i32, value: f64) -> Option<f64> {
    let ((lo, hi), half) = (range(input, scale), dequantise(1, scale) / 2.0);
    let distance = (lo - value).max(value - hi);
    // A tie rounds up: below the range, that is into it.
    let clamped = value < lo - half || value >= hi + half;
    clamped.then_some(distance)
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, values, samples, worst, column, range: (lo, hi) } = self;
        let column = column.map_or_else(String::new, |column| format!(" in column {column}"));
        let [values, samples] = [(values, "value"), (samples, "sample")].map(|(count, what)| match count {
            1 => format!("1 {what}"),
            count => format!("{count} {what}s"),
        });
        let [lo, hi, worst] = [lo, hi, worst].map(|value| decimal(*value));
        write!(
            formatter,
            "input `{input}`: {values} in {samples} outside the model's input range, {lo} to {hi}; the worst is {worst}{column}"
        )
    }
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Max;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Shape, quantise};

    use super::*;

    fn model() -> Model {
        let mut builder = ModelBuilder::new("test");
        let x = builder.input("x", Shape::new(&[3]).unwrap(), 1, Interval::of_bits(4)).unwrap();
        let narrow = builder.input("narrow", Shape::new(&[1]).unwrap(), 0, Interval::new(0, 1)).unwrap();
        let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: true }), &[x], 1).unwrap();
        let z = builder.node("z", Primitive::Max(Max { axis: 0, keep_axis: true }), &[narrow], 0).unwrap();
        builder.finish(&[("y", y), ("z", z)]).unwrap()
    }

    #[test]
    fn values_beyond_the_range_are_counted_with_the_worst_one() {
        // Integers from -8 to 7, halves: -4 to 3.5.
        let samples =
            vec![vec![vec![-4.0, 3.5, 0.3], vec![1.0]], vec![vec![-9.0, 4.0, 0.0], vec![1.0]], vec![vec![5.0, 0.0, 0.0], vec![1.0]]];
        let found = out_of_range(&model(), &samples);
        let expected = OutOfRange { input: "x".to_owned(), values: 3, samples: 2, worst: -9.0, column: None, range: (-4.0, 3.5) };
        assert_eq!(found, [expected]);
        assert_eq!(found[0].to_string(), "input `x`: 3 values in 2 samples outside the model's input range, -4 to 3.5; the worst is -9");
    }

    #[test]
    fn each_column_has_its_own_range() {
        let mut builder = ModelBuilder::new("table");
        let x = builder.input_by_column("x", Shape::new(&[2]).unwrap(), 1, &[1, 5], Interval::of_bits(4)).unwrap();
        let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: true }), &[x], 1).unwrap();
        let model = builder.finish(&[("y", y)]).unwrap();
        assert_eq!(out_of_range(&model, &[vec![vec![3.5, 7.0 / 32.0]]]), []);
        let found = out_of_range(&model, &[vec![vec![4.0, 3.5]]]);
        let expected = OutOfRange { input: "x".to_owned(), values: 2, samples: 1, worst: 3.5, column: Some(1), range: (-0.25, 7.0 / 32.0) };
        assert_eq!(found, [expected]);
        assert!(found[0].to_string().ends_with("the worst is 3.5 in column 1"), "{}", found[0]);
    }

    #[test]
    fn what_is_only_rounded_is_within_the_range() {
        // The integer that a value would have without a range tells whether the range changes it.
        let input = &model().inputs()[0].clone();
        for step in -1000..1000 {
            let value = f64::from(step) / 64.0;
            let (free, clamped) = (quantise(value, 1, Interval::of_bits(32)), quantise(value, 1, input.range));
            assert_eq!(beyond(input, 1, value).is_some(), free != clamped, "{value}");
        }
    }

    #[test]
    fn inputs_of_few_values_have_a_range_too() {
        let found = out_of_range(&model(), &[vec![vec![0.0; 3], vec![7.0]]]);
        assert_eq!((found[0].input.as_str(), found[0].values, found[0].range), ("narrow", 1, (0.0, 1.0)));
    }
}
