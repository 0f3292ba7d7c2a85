//! What single operators compute beyond the ONNX project's own tests: integers over their whole range, masks, computed labels, and what is
//! refused by name.

use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample};
use maat_runtime::{Executor, dequantise};
use maat_tests::networks::Random;
use maat_tests::onnx::{Attribute, Onnx};
use maat_transpiler::{Network, TranspileError};
use tract_onnx::pb::tensor_proto::DataType;

use Attribute::{Float, Int, Ints, Text};

/// The outputs of a network for the first of its samples, from its integers.
fn run(onnx: Onnx, samples: &[Sample]) -> Result<Vec<Vec<f64>>, TranspileError> {
    let file = tempfile::Builder::new().suffix(".onnx").tempfile().unwrap();
    onnx.write(file.path());
    let model = Network::import(file.path())?.quantise(samples, &Options::default())?.model;
    let outputs = Executor::new(&model).run(&quantise_sample(&model, &samples[0]).unwrap()).unwrap();
    let real = |(port, values): (&maat_runtime::Port, Vec<i32>)| {
        let scale = model.tensor(port.tensor).scale;
        values.iter().map(|value| dequantise(*value, scale)).collect()
    };
    Ok(model.outputs().iter().zip(outputs).map(real).collect())
}

/// Why a network is refused.
fn refusal(onnx: Onnx, samples: &[Sample]) -> String {
    run(onnx, samples).expect_err("the network was accepted").to_string()
}

/// A network of one node on computed inputs of these types and shapes.
fn node(operator: &str, inputs: &[(DataType, &[usize])], attributes: &[(&str, Attribute)]) -> Onnx {
    let names: Vec<String> = (0..inputs.len()).map(|position| format!("x{position}")).collect();
    let typed = names.iter().zip(inputs);
    let onnx = typed.fold(Onnx::new().opset(23), |onnx, (name, (data_type, shape))| onnx.typed_input(name, *data_type, shape));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    onnx.node("node", operator, &names, "y", attributes).output("y")
}

/// Asserts that an operator of two integers gives exactly what a function does, for all of these pairs in one tensor.
fn assert_exact(
    operator: &str,
    data_type: DataType,
    attributes: &[(&str, Attribute)],
    pairs: &[(i64, i64)],
    expected: impl Fn(i64, i64) -> i64,
) {
    let shape = [pairs.len()];
    let sample = vec![pairs.iter().map(|pair| pair.0 as f64).collect(), pairs.iter().map(|pair| pair.1 as f64).collect()];
    let found = run(node(operator, &[(data_type, &shape), (data_type, &shape)], attributes), &[sample]);
    let found = found.unwrap_or_else(|error| panic!("{operator}: {error}")).remove(0);
    for ((a, b), found) in pairs.iter().zip(found) {
        assert_eq!(found as i64, expected(*a, *b), "{operator} {attributes:?} of {data_type:?} {a} and {b}");
    }
}

/// All pairs of bytes.
fn bytes(lo: i64, hi: i64) -> Vec<(i64, i64)> {
    (lo..=hi).flat_map(|a| (lo..=hi).map(move |b| (a, b))).collect()
}

/// Pairs of integers of up to so many bits, with the ends among them.
fn wide(bits: u32, count: usize) -> Vec<(i64, i64)> {
    let mut random = Random::new(5);
    let end = (1i64 << (bits - 1)) - 1;
    let ends = [-end, -1, 0, 1, end].into_iter().flat_map(|a| [-end, -1, 1, end].map(|b| (a, b)));
    let mut of = |bits: u32| {
        let end = (1i64 << (1 + random.below(bits as usize - 1))) - 1;
        random.within(maat_runtime::Interval::new(-end, end)).into()
    };
    ends.chain((0..count).map(|_| (of(bits), of(bits)))).collect()
}

fn with_divisor(pairs: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    pairs.into_iter().filter(|(_, b)| *b != 0).collect()
}

#[test]
fn quotients_of_integers_are_cut_toward_zero() {
    let of_bytes = with_divisor(bytes(-128, 127));
    // -128 / -1 wraps around.
    assert_exact("Div", DataType::Int8, &[], &of_bytes, |a, b| i64::from((a / b) as i8));
    assert_exact("Div", DataType::Uint8, &[], &with_divisor(bytes(0, 255)), |a, b| a / b);
    assert_exact("Div", DataType::Int32, &[], &with_divisor(wide(31, 3000)), |a, b| a / b);
    assert_exact("Div", DataType::Int64, &[], &with_divisor(wide(20, 3000)), |a, b| a / b);
    // So do quotients that are known.
    let onnx = Onnx::new().typed_input("x", DataType::Int8, &[2]).bytes("a", DataType::Int8, &[2], vec![128, 249]);
    let onnx = onnx.bytes("b", DataType::Int8, &[2], vec![255, 2]).node("node", "Div", &["a", "b"], "known", &[]);
    let onnx = onnx.node("sum", "Max", &["x", "known"], "y", &[]).output("y");
    assert_eq!(run(onnx, &[vec![vec![-100.0, -100.0]]]).unwrap()[0], [-100.0, -3.0]);
}

#[test]
fn remainders_have_the_sign_of_the_divisor_or_as_in_c_of_the_dividend() {
    let in_c = [("fmod", Int(1))];
    for (data_type, pairs) in [
        (DataType::Int8, bytes(-128, 127)),
        (DataType::Uint8, bytes(0, 255)),
        (DataType::Int32, wide(31, 3000)),
        (DataType::Int64, wide(20, 3000)),
    ] {
        let pairs = with_divisor(pairs);
        assert_exact("Mod", data_type, &[], &pairs, |a, b| a - b * (a as f64 / b as f64).floor() as i64);
        assert_exact("Mod", data_type, &in_c, &pairs, |a, b| a % b);
    }
}

#[test]
fn sums_and_products_of_few_bits_wrap_around() {
    let (signed, unsigned) = (bytes(-128, 127), bytes(0, 255));
    for (operator, compute) in [("Add", (|a, b| a + b) as fn(i64, i64) -> i64), ("Sub", |a, b| a - b), ("Mul", |a, b| a * b)] {
        assert_exact(operator, DataType::Int8, &[], &signed, |a, b| i64::from(compute(a, b) as i8));
        assert_exact(operator, DataType::Uint8, &[], &unsigned, |a, b| i64::from(compute(a, b) as u8));
        assert_exact(operator, DataType::Int16, &[], &wide(16, 1000), |a, b| i64::from(compute(a, b) as i16));
        assert_exact(operator, DataType::Int32, &[], &wide(15, 1000), compute);
    }
}

#[test]
fn integers_that_could_leave_32_bits_are_refused_by_name() {
    let onnx = || node("Mul", &[(DataType::Int64, &[2]), (DataType::Int64, &[2])], &[]);
    let small = vec![vec![30_000.0, -2.0], vec![-30_000.0, 5.0]];
    assert_eq!(run(onnx(), &[small]).unwrap()[0], [-9e8, -10.0]);
    let large = vec![vec![70_000.0, 1.0], vec![70_000.0, 1.0]];
    let reason = refusal(onnx(), &[large]);
    assert!(reason.contains("`node`") && reason.contains("32 bits"), "{reason}");
    let reason = refusal(node("Sub", &[(DataType::Uint32, &[2]), (DataType::Uint32, &[2])], &[]), &[vec![vec![5.0, 1.0], vec![1.0, 1.0]]]);
    assert!(reason.contains("could overflow"), "{reason}");
}

#[test]
fn bits_are_those_of_twos_complement() {
    for (operator, compute) in
        [("BitwiseAnd", (|a, b| a & b) as fn(i64, i64) -> i64), ("BitwiseOr", |a, b| a | b), ("BitwiseXor", |a, b| a ^ b)]
    {
        // Every seventh pair has every byte on both sides.
        let some = |lo: i64, hi: i64| bytes(lo, hi).into_iter().step_by(7).collect::<Vec<_>>();
        assert_exact(operator, DataType::Int8, &[], &some(-128, 127), compute);
        assert_exact(operator, DataType::Uint8, &[], &some(0, 255), compute);
        assert_exact(operator, DataType::Int16, &[], &wide(16, 500), compute);
        assert_exact(operator, DataType::Int32, &[], &wide(31, 500), compute);
        assert_exact(operator, DataType::Int64, &[], &wide(18, 500), compute);
    }
    let all: Vec<f64> = (-128..128).map(f64::from).collect();
    let not = run(node("BitwiseNot", &[(DataType::Int8, &[256])], &[]), &[vec![all.clone()]]).unwrap();
    assert_eq!(not[0], all.iter().map(|x| -1.0 - x).collect::<Vec<_>>());
}

#[test]
fn shifted_bits_that_leave_the_type_are_gone() {
    let all: Vec<f64> = (0..256).map(f64::from).collect();
    let shifted = |direction: &'static str, by: u8| {
        let onnx = Onnx::new().opset(18).typed_input("x", DataType::Uint8, &[256]).bytes("by", DataType::Uint8, &[1], vec![by]);
        let onnx = onnx.node("node", "BitShift", &["x", "by"], "y", &[("direction", Text(direction))]).output("y");
        run(onnx, &[vec![all.clone()]]).unwrap().remove(0)
    };
    for by in 0..8 {
        assert_eq!(shifted("RIGHT", by), (0..=255u8).map(|x| f64::from(x >> by)).collect::<Vec<_>>());
        assert_eq!(shifted("LEFT", by), (0..=255u8).map(|x| f64::from(x << by)).collect::<Vec<_>>());
    }
}

#[test]
fn powers_of_integers_are_exact() {
    let onnx = Onnx::new().opset(15).typed_input("x", DataType::Int32, &[4]).integers("n", &[4], &[2, 3, 0, 4]);
    let onnx = onnx.node("node", "Pow", &["x", "n"], "y", &[]).output("y");
    assert_eq!(run(onnx, &[vec![vec![-11.0, -7.0, 9.0, -6.0]]]).unwrap()[0], [121.0, -343.0, 1.0, 1296.0]);
}

/// Attention of one head over `[1, 1, positions, 1]` with known keys of 0, whose shares are those of the mask alone.
fn shares(mask: &[f32], attributes: &[(&str, Attribute)]) -> Result<Vec<Vec<f64>>, TranspileError> {
    let positions = 3;
    let onnx = Onnx::new().opset(23).input("q", &[1, 1, 1, 1]).floats("k", &[1, 1, positions, 1], &[0.0; 3]);
    let onnx = onnx.floats("v", &[1, 1, positions, 1], &[1.0, 2.0, 4.0]).floats("mask", &[1, positions], mask);
    let onnx = onnx.node("node", "Attention", &["q", "k", "v", "mask"], "y", attributes).output("y");
    run(onnx, &[vec![vec![0.75]]])
}

#[test]
fn what_a_mask_leaves_out_has_no_share() {
    let none = f32::NEG_INFINITY;
    let close = |mask: &[f32], expected: f64| {
        let found = shares(mask, &[]).unwrap()[0][0];
        assert!((found - expected).abs() < 1e-3, "{mask:?} gives {found}");
    };
    close(&[0.0, 0.0, 0.0], 7.0 / 3.0);
    close(&[0.0, none, 0.0], 2.5);
    close(&[none, none, 0.0], 4.0);
    close(&[f32::MIN, 0.0, f32::MIN], 2.0);
    close(&[2f32.ln(), 0.0, none], 4.0 / 3.0);
    let all = shares(&[none; 3], &[]).unwrap_err().to_string();
    assert!(all.contains("`node`") && all.contains("leaves out all elements of a row"), "{all}");
    let capped = shares(&[0.0, none, 0.0], &[("softcap", Float(2.0))]).unwrap_err().to_string();
    assert!(capped.contains("softcap"), "{capped}");
    let later = shares(&[0.0; 3], &[("is_causal", Int(1))]).unwrap()[0][0];
    assert!((later - 1.0).abs() < 1e-3, "the first position sees itself alone: {later}");
}

#[test]
fn computed_masks_and_lengths_leave_out_the_same() {
    let onnx = |opset: i64, names: &[&'static str]| {
        let onnx = Onnx::new().opset(opset).input("q", &[2, 1, 1, 1]).floats("k", &[2, 1, 3, 1], &[0.0; 6]);
        let onnx = onnx.floats("v", &[2, 1, 3, 1], &[1.0, 2.0, 4.0, 1.0, 2.0, 4.0]);
        (onnx, [&["q", "k", "v"], names].concat())
    };
    let assert_gives = |onnx: Onnx, names: &[&str], second: Vec<f64>, expected: [f64; 2]| {
        let onnx = onnx.node("node", "Attention", names, "y", &[]).output("y");
        let found = run(onnx, &[vec![vec![0.5, -0.5], second]]).unwrap().remove(0);
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-3), "{found:?}");
    };
    let (by_mask, names) = onnx(23, &["mask"]);
    let mask = vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    assert_gives(by_mask.typed_input("mask", DataType::Bool, &[2, 1, 1, 3]), &names, mask, [2.5, 2.0]);
    let (by_length, names) = onnx(24, &["", "", "", "lengths"]);
    assert_gives(by_length.typed_input("lengths", DataType::Int64, &[2]), &names, vec![1.0, 2.0], [1.0, 1.5]);
}

#[test]
fn masks_before_softmax_are_exact_zeros() {
    let onnx = Onnx::new().opset(18).input("x", &[2, 3]).floats("mask", &[2, 3], &[0.0, f32::NEG_INFINITY, 0.0, f32::MIN, 0.0, f32::MIN]);
    let onnx = onnx.node("sum", "Add", &["x", "mask"], "masked", &[]).node("node", "Softmax", &["masked"], "y", &[]).output("y");
    let y = run(onnx, &[vec![vec![0.0, 9.0, 0.0, 9.0, -4.0, 9.0]]]).unwrap().remove(0);
    let expected = [0.5, 0.0, 0.5, 0.0, 1.0, 0.0];
    assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-4 && (expected > 0.0 || *y == 0.0)), "{y:?}");
}

/// Numbers that stand for minus infinity before a softmax take no precision from the others.
#[test]
fn masks_of_large_numbers_are_minus_infinity() {
    let close = |y: &[f64], expected: &[f64]| {
        assert!(y.iter().zip(expected).all(|(y, expected)| (y - expected).abs() < 1e-3 && (*expected != 0.0 || *y == 0.0)), "{y:?}");
    };
    let scores = [vec![vec![0.0, 9.0, 0.0, 9.0, -4.0, 1.0]]];
    for far in [-1e4, -1e9, -1000.0] {
        let onnx = Onnx::new().opset(18).input("x", &[2, 3]).floats("mask", &[2, 3], &[0.0, far, 0.0, far, 0.0, far]);
        let onnx = onnx.node("sum", "Add", &["x", "mask"], "masked", &[]).node("node", "Softmax", &["masked"], "y", &[]).output("y");
        close(&run(onnx, &scores).unwrap()[0], &[0.5, 0.0, 0.5, 0.0, 1.0, 0.0]);

        let onnx = Onnx::new().opset(13).input("x", &[2, 3]).bytes("open", DataType::Bool, &[2, 3], vec![1, 0, 1, 0, 1, 0]);
        let onnx = onnx.floats("far", &[], &[far]).node("choice", "Where", &["open", "x", "far"], "masked", &[]);
        let onnx = onnx.node("node", "ReduceLogSumExp", &["masked"], "y", &[("axes", Ints(vec![1]))]).output("y");
        close(&run(onnx, &scores).unwrap()[0], &[2f64.ln(), -4.0]);
    }
    // It is one only beside much greater ones.
    let onnx = Onnx::new().opset(18).input("x", &[1, 2]).floats("bias", &[2], &[-1001.0, -999.0]);
    let onnx = onnx.node("sum", "Add", &["x", "bias"], "scores", &[]).node("node", "Softmax", &["scores"], "y", &[]).output("y");
    let y = run(onnx, &[vec![vec![3.0, 0.0]]]).unwrap().remove(0);
    assert!((y[0] - 0.731).abs() < 0.02, "{y:?}");
    // What is infinite without being a mask is refused.
    let onnx = Onnx::new().opset(18).input("x", &[2]).bytes("open", DataType::Bool, &[2], vec![1, 0]).floats("far", &[], &[f32::INFINITY]);
    let onnx =
        onnx.node("choice", "Where", &["open", "x", "far"], "masked", &[]).node("node", "ReduceMin", &["masked"], "y", &[]).output("y");
    let reason = refusal(onnx, &[vec![vec![1.0, 2.0]]]);
    assert!(reason.contains("every constant must be finite"), "{reason}");
    // A row without any other element is a softmax of what it holds.
    let onnx = Onnx::new().opset(18).input("x", &[2, 2]).floats("mask", &[2, 1], &[0.0, -1e4]);
    let onnx = onnx.node("sum", "Add", &["x", "mask"], "masked", &[]).node("node", "Softmax", &["masked"], "y", &[]).output("y");
    let y = run(onnx, &[vec![vec![0.0, 0.0, 0.0, 0.0]]]).unwrap().remove(0);
    close(&y, &[0.5; 4]);
    // Elsewhere such a number is a number.
    let onnx = Onnx::new().opset(18).input("x", &[2]).floats("far", &[2], &[0.0, -1e4]);
    let onnx = onnx.node("sum", "Add", &["x", "far"], "moved", &[]).node("node", "Neg", &["moved"], "y", &[]).output("y");
    let y = run(onnx, &[vec![vec![1.0, 1.0]]]).unwrap().remove(0);
    assert!((y[1] - 9999.0).abs() < 1.0, "{y:?}");
}

#[test]
fn computed_labels_give_the_loss_of_known_ones() {
    let scores = vec![0.5, -1.0, 2.0, 1.5, 0.25, -0.5, -2.0, 1.0, 0.0];
    let loss = |known: bool, labels: [i64; 3], attributes: &[(&str, Attribute)]| {
        let onnx = Onnx::new().opset(13).input("x", &[3, 3]).floats("w", &[3], &[1.0, 0.5, 2.0]);
        let (onnx, sample) = if known {
            (onnx.integers("t", &[3], &labels), vec![scores.clone()])
        } else {
            (onnx.typed_input("t", DataType::Int64, &[3]), vec![scores.clone(), labels.map(|label| label as f64).to_vec()])
        };
        let onnx = onnx.node("node", "SoftmaxCrossEntropyLoss", &["x", "t", "w"], "y", attributes).output("y");
        run(onnx, &[sample]).unwrap().remove(0)
    };
    for attributes in [
        vec![],
        vec![("reduction", Text("sum"))],
        vec![("reduction", Text("none"))],
        vec![("ignore_index", Int(2))],
        vec![("ignore_index", Int(-1)), ("reduction", Text("sum"))],
    ] {
        for labels in [[0, 1, 2], [2, 1, 0], [1, 1, 1]] {
            let (known, computed) = (loss(true, labels, &attributes), loss(false, labels, &attributes));
            assert_eq!(known.len(), computed.len());
            for (known, computed) in known.iter().zip(&computed) {
                assert!((known - computed).abs() < 1e-3 && known.is_finite(), "{attributes:?} {labels:?}: {known} and {computed}");
            }
        }
    }
    // -1 is no class, and counts nothing.
    let none = loss(false, [-1, -1, 0], &[("ignore_index", Int(-1))]);
    let one = loss(true, [-1, -1, 0], &[("ignore_index", Int(-1))]);
    assert!((none[0] - one[0]).abs() < 1e-3, "{none:?} {one:?}");
}

#[test]
fn a_function_outside_of_its_domain_is_named_with_the_sample_and_the_value() {
    let refused = |operator: &str, value: f64| {
        let samples = [vec![vec![0.5, 0.75]], vec![vec![0.5, value]]];
        refusal(node(operator, &[(DataType::Float, &[2])], &[]), &samples)
    };
    for (operator, value, domain) in [
        ("Log", -0.25, "above 0"),
        ("Log", 0.0, "above 0"),
        ("Sqrt", -0.25, "from 0 on"),
        ("Reciprocal", 0.0, "except at 0"),
        ("Asin", 1.25, "from -1 to 1"),
        ("Acos", -1.25, "from -1 to 1"),
        ("Atanh", 1.0, "between -1 and 1"),
    ] {
        let reason = refused(operator, value);
        let parts = ["`node`", &format!("of {value} for sample 1 (counted from 0)"), domain, "Clip"];
        assert!(parts.iter().all(|part| reason.contains(part)), "{operator}: {reason}");
    }
    let onnx = node("Div", &[(DataType::Float, &[2]), (DataType::Float, &[2])], &[]);
    let reason = refusal(onnx, &[vec![vec![1.0, 1.0], vec![0.0, 1.0]]]);
    assert!(reason.contains("divisor of 0 for sample 0"), "{reason}");
}

#[test]
fn sums_of_exponentials_may_have_any_size_before_a_logarithm() {
    let onnx = Onnx::new().opset(13).input("x", &[2, 2]).node("e", "Exp", &["x"], "exp", &[]).integers("axes", &[1], &[1]);
    let onnx = onnx.node("s", "ReduceSum", &["exp", "axes"], "sum", &[("keepdims", Int(0))]).node("node", "Log", &["sum"], "y", &[]);
    let y = run(onnx.output("y"), &[vec![vec![200.0, 200.0, -3.0, -150.0]]]).unwrap().remove(0);
    assert!((y[0] - 200.0 - 2f64.ln()).abs() < 0.01 && (y[1] + 3.0).abs() < 0.01, "{y:?}");
}

#[test]
fn positions_of_maxima_count_the_whole_input() {
    let onnx = |storage: i64| {
        let onnx = Onnx::new().opset(12).input("x", &[1, 2, 3, 4]);
        let attributes = [
            ("kernel_shape", Ints(vec![2, 2])),
            ("strides", Ints(vec![1, 2])),
            ("pads", Ints(vec![1, 0, 0, 0])),
            ("storage_order", Int(storage)),
        ];
        onnx.node_with_outputs("node", "MaxPool", &["x"], &["y", "places"], &attributes).output("places")
    };
    let mut random = Random::new(3);
    let x: Vec<f64> = (0..24).map(|_| random.unit() - 3.0).collect();
    for storage in [0, 1] {
        let found = run(onnx(storage), &[vec![x.clone()]]).unwrap().remove(0);
        let mut expected = Vec::new();
        for (channel, row, column) in
            (0..2).flat_map(|channel| (0..3).flat_map(move |row| (0..2).map(move |column| (channel, row, column))))
        {
            let taps =
                (0..4).map(|tap| (row + tap / 2, 2 * column + tap % 2)).filter(|(row, _)| *row > 0).map(|(row, column)| (row - 1, column));
            let best = taps.max_by(|a, b| x[channel * 12 + a.0 * 4 + a.1].total_cmp(&x[channel * 12 + b.0 * 4 + b.1])).unwrap();
            expected.push((channel * 12 + if storage == 0 { best.0 * 4 + best.1 } else { best.1 * 3 + best.0 }) as f64);
        }
        assert_eq!(found, expected, "storage order {storage}");
    }
}

#[test]
fn equations_that_do_not_fit_are_refused() {
    let einsum = |equation: &'static str, shapes: &[&[usize]]| {
        let inputs: Vec<(DataType, &[usize])> = shapes.iter().map(|shape| (DataType::Float, *shape)).collect();
        let sample = shapes.iter().map(|shape| vec![0.5; shape.iter().product()]).collect();
        run(node("Einsum", &inputs, &[("equation", Text(equation))]), &[sample])
    };
    for (equation, shapes) in [
        ("", &[&[2usize, 2][..]][..]),
        ("ij,jk->ik", &[&[2, 2]]),
        ("ij,jk->ik", &[&[2, 3], &[4, 2]]),
        ("ii->i", &[&[2, 3]]),
        ("ij->ik", &[&[2, 3]]),
        ("ij->ii", &[&[2, 3]]),
        ("i j k->i", &[&[2, 3]]),
        ("......->", &[&[2]]),
        ("1->", &[&[2]]),
    ] {
        assert!(matches!(einsum(equation, shapes), Err(TranspileError::Node { .. })), "{equation}");
    }
    let reason = einsum("ij->ik", &[&[2, 3]]).unwrap_err().to_string();
    assert!(reason.contains("`k` of the output"), "{reason}");
    // A trace, a product of three, and one without an output.
    assert_eq!(einsum("ii->", &[&[3, 3]]).unwrap()[0], [1.5]);
    assert_eq!(einsum("ij,jk,kl->il", &[&[2, 3], &[3, 4], &[4, 2]]).unwrap()[0], [1.5; 4]);
    assert_eq!(einsum("b...j,...j", &[&[2, 3, 4], &[3, 4]]).unwrap()[0], [1.0; 6]);
}

#[test]
fn regions_need_a_finite_scale() {
    for scale in [f32::NAN, f32::INFINITY] {
        let onnx = Onnx::new().opset(16).input("x", &[1, 1, 4, 4]).floats("regions", &[1, 4], &[0.0, 0.0, 2.0, 2.0]);
        let onnx = onnx.integers("images", &[1], &[0]);
        let onnx = onnx.node("node", "RoiAlign", &["x", "regions", "images"], "y", &[("spatial_scale", Float(scale))]).output("y");
        let reason = refusal(onnx, &[vec![vec![0.5; 16]]]);
        assert!(reason.contains("`node`") && reason.contains("attribute `spatial_scale`"), "{reason}");
    }
}

#[test]
fn different_exponents_are_limited() {
    let powers = |count: usize| {
        let exponents: Vec<f32> = (0..count).map(|k| 1.0 + k as f32 / 64.0).collect();
        let onnx = Onnx::new().opset(15).input("x", &[count]).floats("n", &[count], &exponents);
        run(onnx.node("node", "Pow", &["x", "n"], "y", &[]).output("y"), &[vec![vec![0.5; count]]])
    };
    powers(64).unwrap();
    let reason = powers(65).unwrap_err().to_string();
    assert!(reason.contains("up to 64 different exponents"), "{reason}");
}

#[test]
fn signals_may_leave_out_their_last_axis() {
    let spectrum = |shape: &[usize]| {
        let onnx = Onnx::new().opset(17).input("x", shape).integers("step", &[], &[2]).floats("window", &[4], &[0.5, 1.0, 1.0, 0.5]);
        run(onnx.node("node", "STFT", &["x", "step", "window"], "y", &[]).output("y"), &[vec![vec![1.0, -0.5, 0.25, 2.0, -1.0, 0.75]]])
            .unwrap()
    };
    assert_eq!(spectrum(&[1, 6]), spectrum(&[1, 6, 1]));
    assert_eq!(spectrum(&[1, 6])[0].len(), 2 * 3 * 2);
}

#[test]
fn transforms_and_weighted_sums_that_are_too_large_are_refused() {
    let reason = refusal(node("DFT", &[(DataType::Float, &[1, 2049, 1])], &[]), &[vec![vec![0.5; 2049]]]);
    assert!(reason.contains("from 1 to 2048 are"), "{reason}");
    // Each place of the grid has two elements along its only axis.
    let places = (1 << 21) + 1;
    let onnx = Onnx::new().opset(20).input("x", &[1, 1, 2]).floats("grid", &[1, places, 1], &vec![0.0; places]);
    let reason = refusal(onnx.node("node", "GridSample", &["x", "grid"], "y", &[]).output("y"), &[vec![vec![0.5; 2]]]);
    assert!(reason.contains("more than 4194304 terms"), "{reason}");
}

/// An operator, its computed inputs, its attributes, and a part of the reason for which it is refused.
type Refused = (&'static str, &'static [(DataType, &'static [usize])], Vec<(&'static str, Attribute)>, &'static str);

#[test]
fn forms_that_cannot_be_computed_are_refused_by_name() {
    const F: DataType = DataType::Float;
    let cases: Vec<Refused> = vec![
        ("Attention", &[(F, &[1, 2, 4]), (F, &[1, 2, 4]), (F, &[1, 2, 4])], vec![], "`q_num_heads` is missing"),
        (
            "Attention",
            &[(F, &[1, 2, 4]), (F, &[1, 2, 4]), (F, &[1, 2, 4])],
            vec![("q_num_heads", Int(0)), ("kv_num_heads", Int(1))],
            "does not divide 4 features",
        ),
        ("Attention", &[(F, &[1, 3, 2, 4]), (F, &[1, 2, 2, 4]), (F, &[1, 2, 2, 4])], vec![], "do not fit one another"),
        ("Attention", &[(F, &[4]), (F, &[4]), (F, &[4])], vec![], "three or four axes"),
        ("Det", &[(F, &[2, 3])], vec![], "square matrices"),
        ("Det", &[(F, &[7, 7])], vec![], "up to 6 rows"),
        ("DFT", &[(F, &[1, 4, 3])], vec![], "real and imaginary parts"),
        ("LpPool", &[(F, &[1, 1, 4])], vec![("kernel_shape", Ints(vec![2])), ("p", Int(0))], "attribute `p` is 0"),
        ("BitShift", &[(DataType::Uint8, &[2]), (DataType::Uint8, &[2])], vec![("direction", Text("LEFT"))], "must be a constant"),
        ("BitwiseNot", &[(DataType::Uint32, &[2])], vec![], "do not fit into 32 bits"),
        ("Mod", &[(F, &[2]), (F, &[2])], vec![], "attribute `fmod` 1"),
        ("RotaryEmbedding", &[(F, &[1, 2, 3, 5]), (F, &[1, 3, 2]), (F, &[1, 3, 2])], vec![], "cannot be turned in pairs"),
        ("NegativeLogLikelihoodLoss", &[(F, &[2, 3]), (F, &[2])], vec![], "are not integers"),
    ];
    for (operator, inputs, attributes, expected) in cases {
        let sample = inputs.iter().map(|(_, shape)| vec![1.0; shape.iter().product()]).collect();
        let reason = refusal(node(operator, inputs, &attributes), &[sample]);
        assert!(reason.contains("`node`") && reason.contains(expected), "{operator}: {reason}");
    }
}
