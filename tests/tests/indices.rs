//! Computed indices, and what becomes of integers under another type: every value of a small network is what ONNX's definition says.

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_runtime::{Executor, Model, dequantise};
use maat_tests::networks::Random;
use maat_tests::onnx::{Attribute, Onnx};
use maat_transpiler::TranspileError;
use tract_onnx::pb::tensor_proto::DataType;

use crate::common;

/// The first output of a network for each sample, and its model.
fn outputs(onnx: Onnx, samples: &[Sample]) -> (Model, Vec<Vec<f64>>) {
    let model = common::import(onnx).quantise(samples, &Options::default()).unwrap().model;
    let found = samples.iter().map(|sample| run(&model, &quantise_sample(&model, sample).unwrap())).collect();
    (model, found)
}

fn run(model: &Model, inputs: &[Vec<i32>]) -> Vec<f64> {
    let scale = model.tensor(model.outputs()[0].tensor).scale;
    Executor::new(model).run(inputs).unwrap()[0].iter().map(|value| dequantise(*value, scale)).collect()
}

/// Asserts that all samples give what a function says, numbers up to `tolerance`.
fn assert_gives(what: &str, onnx: Onnx, samples: &[Sample], tolerance: f64, expected: impl Fn(&Sample) -> Vec<f64>) -> Model {
    let (model, found) = outputs(onnx, samples);
    for (sample, found) in samples.iter().zip(&found) {
        let expected = expected(sample);
        assert_eq!(found.len(), expected.len(), "{what}");
        let close = found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() <= tolerance);
        assert!(close, "{what}: {found:?} instead of {expected:?} for {sample:?}");
    }
    let inputs = quantise_sample(&model, &samples[0]).unwrap();
    common::assert_equal(&model, &common::compile(&model), &inputs, what);
    model
}

/// Samples of random whole numbers, within the bounds of each input.
fn whole(count: usize, inputs: &[(usize, i64, i64)]) -> Vec<Sample> {
    let mut random = Random::new(5);
    let mut input = |(elements, lo, hi): (usize, i64, i64)| -> Vec<f64> {
        (0..elements).map(|_| f64::from(random.within(maat_runtime::Interval::new(lo, hi)))).collect()
    };
    (0..count).map(|_| inputs.iter().map(|of| input(*of)).collect()).collect()
}

/// What becomes of an element and its update.
type Rule = fn(f64, f64) -> f64;

/// A position along an axis.
fn at(index: f64, length: usize) -> usize {
    (index as i64).rem_euclid(length as i64) as usize
}

fn axis(axis: i64) -> (&'static str, Attribute) {
    ("axis", Attribute::Int(axis))
}

#[test]
fn rows_of_a_known_table_are_looked_up() {
    let table: Vec<f32> = (0..15).map(|k| (k * k) as f32 / 50.0 - 2.0).collect();
    let onnx = Onnx::new().typed_input("i", DataType::Int64, &[2, 2]).floats("table", &[5, 3], &table);
    let onnx = onnx.node("embed", "Gather", &["table", "i"], "y", &[]).output("y");
    let row = |index: &f64| table[3 * at(*index, 5)..][..3].iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
    let samples = whole(40, &[(4, -5, 4)]);
    let model = assert_gives("an embedding", onnx, &samples, 1e-3, |sample| sample[0].iter().flat_map(row).collect());
    // ONNX forbids what is beyond the table; here it is the nearer end.
    let beyond = run(&model, &[vec![100, -100, 5, -6]]);
    let ends: Vec<f64> = [4.0, 0.0, 4.0, 0.0].iter().flat_map(row).collect();
    assert!(beyond.iter().zip(&ends).all(|(found, end)| (found - end).abs() < 1e-3), "{beyond:?} instead of {ends:?}");
}

#[test]
fn integers_of_more_than_16_bits_are_looked_up_exactly() {
    let table = [1, 70_000, -5];
    let onnx = Onnx::new().typed_input("i", DataType::Int64, &[4]).integers("table", &[3], &table);
    let onnx = onnx.node("look", "Gather", &["table", "i"], "y", &[]).output("y");
    let expected = |sample: &Sample| sample[0].iter().map(|index| table[at(*index, 3)] as f64).collect();
    assert_gives("Gather", onnx, &whole(30, &[(4, -3, 2)]), 0.0, expected);

    let onnx = Onnx::new().typed_input("x", DataType::Int8, &[1, 3]).integers("table", &[3], &table);
    let onnx = onnx.node("best", "ArgMax", &["x"], "best", &[axis(1), ("keepdims", Attribute::Int(0))]);
    let onnx = onnx.node("label", "ai.onnx.ml.ArrayFeatureExtractor", &["table", "best"], "y", &[]).output("y");
    let expected = |sample: &Sample| {
        let first = (1..3).fold(0, |best, k| if sample[0][k] > sample[0][best] { k } else { best });
        vec![table[first] as f64]
    };
    assert_gives("ArrayFeatureExtractor", onnx, &whole(30, &[(3, -128, 127)]), 0.0, expected);
}

#[test]
fn computed_slices_and_elements_are_chosen() {
    let onnx = Onnx::new().typed_input("x", DataType::Uint8, &[2, 3, 2]).typed_input("i", DataType::Int32, &[2]);
    let onnx = onnx.node("gather", "Gather", &["x", "i"], "y", &[axis(1)]).output("y");
    let expected = |sample: &Sample| {
        let slice = |outer: usize, index: f64| (0..2).map(move |inner| (outer * 3 + at(index, 3)) * 2 + inner);
        (0..2).flat_map(|outer| sample[1].iter().flat_map(move |index| slice(outer, *index))).map(|k| sample[0][k]).collect()
    };
    assert_gives("Gather", onnx, &whole(30, &[(12, 0, 255), (2, -3, 2)]), 0.0, expected);

    let onnx = Onnx::new().typed_input("x", DataType::Int8, &[3, 3]).typed_input("i", DataType::Int64, &[2, 2]);
    let onnx = onnx.node("elements", "GatherElements", &["x", "i"], "y", &[axis(0)]).output("y");
    let expected = |sample: &Sample| (0..4).map(|k| sample[0][at(sample[1][k], 3) * 3 + k % 2]).collect();
    assert_gives("GatherElements", onnx, &whole(30, &[(9, -128, 127), (4, -3, 2)]), 0.0, expected);

    let onnx = Onnx::new().typed_input("x", DataType::Int32, &[2, 2, 3, 2]).typed_input("i", DataType::Int64, &[2, 1, 2]);
    let onnx = onnx.node("nd", "GatherND", &["x", "i"], "y", &[("batch_dims", Attribute::Int(1))]).output("y");
    let expected = |sample: &Sample| {
        let start = |batch: usize| ((batch * 2 + at(sample[1][2 * batch], 2)) * 3 + at(sample[1][2 * batch + 1], 3)) * 2;
        (0..2).flat_map(|batch| [sample[0][start(batch)], sample[0][start(batch) + 1]]).collect()
    };
    let mut samples = whole(30, &[(24, -1000, 1000), (4, -2, 1)]);
    samples.iter_mut().for_each(|sample| sample[1][1] = 2.0);
    assert_gives("GatherND", onnx, &samples, 0.0, expected);
}

#[test]
fn features_are_chosen_at_computed_places() {
    let onnx = Onnx::new().input("x", &[2, 3]).typed_input("i", DataType::Int64, &[1, 2]);
    let onnx = onnx.node("pick", "ai.onnx.ml.ArrayFeatureExtractor", &["x", "i"], "y", &[]).output("y");
    let expected = |sample: &Sample| (0..4).map(|k| sample[0][k / 2 * 3 + sample[1][k % 2] as usize]).collect();
    assert_gives("ArrayFeatureExtractor", onnx, &whole(30, &[(6, -9, 9), (2, 0, 2)]), 0.01, expected);
}

#[test]
fn sequences_are_counted_and_weighed() {
    let onnx = |mode: &'static str| {
        let attributes = [
            ("max_gram_length", Attribute::Int(2)),
            ("max_skip_count", Attribute::Int(1)),
            ("min_gram_length", Attribute::Int(1)),
            ("mode", Attribute::Text(mode)),
            ("ngram_counts", Attribute::Ints(vec![0, 1])),
            ("ngram_indexes", Attribute::Ints(vec![1, 0])),
            ("pool_int64s", Attribute::Ints(vec![2, 1, 2])),
            ("weights", Attribute::Floats(vec![0.5, 3.0])),
        ];
        Onnx::new().typed_input("x", DataType::Int64, &[6]).node("count", "TfIdfVectorizer", &["x"], "y", &attributes).output("y")
    };
    let counts = |x: &[f64]| {
        let pairs = |distance: usize| (0..6 - distance).filter(|k| x[*k] == 1.0 && x[k + distance] == 2.0).count();
        [(pairs(1) + pairs(2)) as f64, x.iter().filter(|x| **x == 2.0).count() as f64]
    };
    let samples = whole(40, &[(6, 0, 3)]);
    assert_gives("TF", onnx("TF"), &samples, 0.0, |sample| counts(&sample[0]).to_vec());
    assert_gives("IDF", onnx("IDF"), &samples, 1e-3, |sample| {
        counts(&sample[0]).iter().zip([3.0, 0.5]).map(|(c, w)| c.min(1.0) * w).collect()
    });
    assert_gives("TFIDF", onnx("TFIDF"), &samples, 1e-3, |sample| counts(&sample[0]).iter().zip([3.0, 0.5]).map(|(c, w)| c * w).collect());
}

#[test]
fn updates_are_put_at_computed_indices() {
    let scatter = |reduction: &'static str| {
        let onnx = Onnx::new().opset(18).typed_input("x", DataType::Int64, &[3, 2]).typed_input("i", DataType::Int64, &[2, 1]);
        let onnx = onnx.typed_input("u", DataType::Int64, &[2, 1]);
        let attributes = [axis(0), ("reduction", Attribute::Text(reduction))];
        onnx.node("scatter", "ScatterElements", &["x", "i", "u"], "y", &attributes).output("y")
    };
    let samples = whole(30, &[(6, -9, 9), (2, -3, 2), (2, -9, 9)]);
    let rules: [(&str, Rule); 4] = [("none", |_, u| u), ("add", |x, u| x + u), ("max", f64::max), ("min", f64::min)];
    for (reduction, rule) in rules {
        let expected = |sample: &Sample| {
            let mut y = sample[0].clone();
            for (index, update) in sample[1].iter().zip(&sample[2]) {
                let place = at(*index, 3) * 2;
                y[place] = rule(y[place], *update);
            }
            y
        };
        assert_gives(reduction, scatter(reduction), &samples, 0.0, expected);
    }

    let onnx = Onnx::new().opset(18).input("x", &[2, 3, 2]).typed_input("i", DataType::Int64, &[2, 2]).input("u", &[2, 2]);
    let onnx = onnx.node("nd", "ScatterND", &["x", "i", "u"], "y", &[("reduction", Attribute::Text("mul"))]).output("y");
    let samples = whole(30, &[(12, -3, 3), (4, 0, 1), (4, -3, 3)]);
    let expected = |sample: &Sample| {
        let mut y = sample[0].clone();
        for update in 0..2 {
            let start = (sample[1][2 * update] as usize * 3 + sample[1][2 * update + 1] as usize) * 2;
            (0..2).for_each(|k| y[start + k] *= sample[2][2 * update + k]);
        }
        y
    };
    assert_gives("ScatterND", onnx, &samples, 0.01, expected);

    let onnx = Onnx::new().opset(24).typed_input("x", DataType::Int8, &[2, 4, 1]).typed_input("u", DataType::Int8, &[2, 3, 1]);
    let onnx = onnx.typed_input("i", DataType::Int64, &[2]);
    let onnx = onnx.node("cache", "TensorScatter", &["x", "u", "i"], "y", &[("mode", Attribute::Text("circular"))]).output("y");
    let expected = |sample: &Sample| {
        let mut y = sample[0].clone();
        (0..2).for_each(|batch| (0..3).for_each(|k| y[batch * 4 + (sample[2][batch] as usize + k) % 4] = sample[1][batch * 3 + k]));
        y
    };
    assert_gives("TensorScatter", onnx, &whole(30, &[(8, -128, 127), (6, -128, 127), (2, 0, 3)]), 0.0, expected);

    let onnx = Onnx::new().opset(24).typed_input("x", DataType::Int8, &[2, 4, 1]).typed_input("u", DataType::Int8, &[2, 3, 1]);
    let onnx = onnx.typed_input("i", DataType::Int64, &[2]).node("cache", "TensorScatter", &["x", "u", "i"], "y", &[]).output("y");
    let expected = |sample: &Sample| {
        let mut y = sample[0].clone();
        // Updates that would not fit begin as late as they can.
        (0..2).for_each(|batch| (0..3).for_each(|k| y[batch * 4 + sample[2][batch].min(1.0) as usize + k] = sample[1][batch * 3 + k]));
        y
    };
    assert_gives("TensorScatter", onnx, &whole(30, &[(8, -128, 127), (6, -128, 127), (2, 0, 3)]), 0.0, expected);
}

#[test]
fn an_axis_of_ones_and_zeros_has_the_place_of_an_index() {
    let onnx = Onnx::new().typed_input("i", DataType::Int64, &[3]).integers("depth", &[1], &[4]).integers("values", &[2], &[2, 7]);
    let onnx = onnx.node("hot", "OneHot", &["i", "depth", "values"], "y", &[axis(0)]).output("y");
    let expected = |sample: &Sample| {
        let is = |place: usize, index: f64| index == place as f64 || index == place as f64 - 4.0;
        (0..4).flat_map(|place| sample[0].iter().map(move |index| if is(place, *index) { 7.0 } else { 2.0 })).collect()
    };
    // Indices beyond the axis have no place.
    assert_gives("OneHot", onnx, &whole(60, &[(3, -7, 7)]), 0.0, expected);
}

#[test]
fn the_place_of_a_greatest_element_is_found_among_padding_too() {
    let pool = |order: i64| {
        let attributes = [
            ("kernel_shape", Attribute::Ints(vec![2, 2])),
            ("pads", Attribute::Ints(vec![1, 1, 0, 0])),
            ("strides", Attribute::Ints(vec![2, 2])),
            ("storage_order", Attribute::Int(order)),
        ];
        let onnx = Onnx::new().typed_input("x", DataType::Int8, &[1, 2, 3, 4]);
        onnx.node_with_outputs("pool", "MaxPool", &["x"], &["y", "places"], &attributes).output("places")
    };
    for order in [0, 1] {
        let expected = |sample: &Sample| {
            let mut places = Vec::new();
            for (channel, row, column) in
                (0..2).flat_map(|c| (0..2).flat_map(move |r| (0..2).map(move |k| (c, 2 * r as i64 - 1, 2 * k as i64 - 1))))
            {
                let inside =
                    (row.max(0)..=row + 1).flat_map(|row| (column.max(0)..=column + 1).map(move |column| (row as usize, column as usize)));
                let value = |(row, column): (usize, usize)| sample[0][channel * 12 + row * 4 + column];
                let best = inside.reduce(|best, next| if value(next) > value(best) { next } else { best }).unwrap();
                places.push((channel * 12 + if order == 0 { best.0 * 4 + best.1 } else { best.0 + best.1 * 3 }) as f64);
            }
            places
        };
        // Few values, the least of the type among them, so that many are equal.
        let mut samples = whole(30, &[(24, 0, 2)]);
        samples.iter_mut().flatten().flatten().for_each(|value| *value = [-128.0, 0.0, 5.0][*value as usize]);
        assert_gives("MaxPool", pool(order), &samples, 0.0, expected);
    }
}

#[test]
fn integers_wrap_around_under_a_narrower_type() {
    for (to, lo, bits) in [(DataType::Uint8, 0, 8), (DataType::Int8, -128, 8), (DataType::Uint16, 0, 16), (DataType::Int16, -32768, 16)] {
        let onnx = Onnx::new().typed_input("x", DataType::Int32, &[8]);
        let onnx = onnx.node("cast", "Cast", &["x"], "y", &[("to", Attribute::Int(to as i64))]).output("y");
        let mut samples = whole(30, &[(8, -300_000, 300_000)]);
        samples[0][0] = vec![-1.0, 0.0, 127.0, 128.0, 255.0, 256.0, -128.0, -129.0];
        samples[1][0] = vec![32767.0, 32768.0, 65535.0, 65536.0, -32768.0, -32769.0, -65536.0, -65537.0];
        let wrapped = |value: &f64| ((*value as i64 - lo).rem_euclid(1 << bits) + lo) as f64;
        assert_gives(to.as_str_name(), onnx, &samples, 0.0, |sample| sample[0].iter().map(wrapped).collect());
    }
}

#[test]
fn an_input_that_is_quantised_to_16_bits_is_wide_enough_for_it() {
    let onnx = Onnx::new().opset(21).input("x", &[4]).floats("scale", &[], &[2.0]).bytes("zero", DataType::Int16, &[], vec![0, 0]);
    let onnx = onnx.node("quantise", "QuantizeLinear", &["x", "scale", "zero"], "y", &[]).output("y");
    let mut samples = whole(30, &[(4, -65_000, 65_000)]);
    samples[0][0] = vec![-65533.0, 65533.0, 1.0, 3.0];
    let expected = |sample: &Sample| sample[0].iter().map(|x| (x / 2.0).round_ties_even()).collect();
    assert_gives("QuantizeLinear", onnx, &samples, 0.0, expected);
}

#[test]
fn what_depends_on_values_or_is_too_large_is_refused_with_a_reason() {
    let refused = |onnx: Onnx| {
        let file = tempfile::NamedTempFile::with_suffix(".onnx").unwrap();
        onnx.write(file.path());
        match maat_transpiler::Network::import(file.path()) {
            Err(TranspileError::Node { reason, .. }) => reason,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it is not refused"),
        }
    };
    for operator in ["NonZero", "Unique"] {
        let reason = refused(Onnx::new().input("x", &[4]).node("n", operator, &["x"], "y", &[]).output("y"));
        assert!(reason.contains("work with a mask instead"), "{reason}");
    }
    let many = Onnx::new().typed_input("i", DataType::Int64, &[1000]).floats("table", &[1000, 1], &[0.5; 1000]);
    let reason = refused(many.node("n", "Gather", &["table", "i"], "y", &[]).output("y"));
    assert!(reason.contains("too many comparisons"), "{reason}");
    let many = Onnx::new().typed_input("i", DataType::Int64, &[256]).input("table", &[256, 1025]);
    let reason = refused(many.node("n", "Gather", &["table", "i"], "y", &[]).output("y"));
    assert!(reason.contains("takes more than 67108864 multiplications"), "{reason}");
    let many = |count: usize| {
        let onnx = Onnx::new().opset(18).input("x", &[2]).typed_input("i", DataType::Int64, &[count]).input("u", &[count]);
        onnx.node("n", "ScatterElements", &["x", "i", "u"], "y", &[]).output("y")
    };
    let reason = refused(many(257));
    assert!(reason.contains("257 updates") && reason.contains("at most 256"), "{reason}");
    common::import(many(256));
    let wide = Onnx::new().typed_input("i", DataType::Int64, &[2]).integers("table", &[2], &[1, 1 << 40]);
    let reason = refused(wide.node("n", "Gather", &["table", "i"], "y", &[]).output("y"));
    assert!(reason.contains("more than 32 bits"), "{reason}");
    let wide = Onnx::new().typed_input("x", DataType::Int64, &[1]).integers("c", &[1], &[1 << 40]);
    let reason = refused(wide.node("n", "Concat", &["x", "c"], "y", &[axis(0)]).output("y"));
    assert!(reason.contains("at most 32 bits"), "{reason}");
    let reals = Onnx::new().input("i", &[2]).floats("table", &[2], &[1.0, 2.0]);
    assert_eq!(refused(reals.node("n", "Gather", &["table", "i"], "y", &[]).output("y")), "indices must be integers, not float");
    let grid = Onnx::new().opset(20).input("x", &[1, 1, 2, 2]).input("grid", &[1, 1, 1, 2]);
    assert!(refused(grid.node("n", "GridSample", &["x", "grid"], "y", &[]).output("y")).contains("must be a constant"));
}
