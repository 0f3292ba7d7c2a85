//! Tables whose columns reach from 10^-3 to 10^4: each column keeps a scale of its own in every executor, and the classes stay
//! the same.

use std::cmp::Ordering;

use crate::common;

use maat_package::samples::Sample;
use maat_package::{Fidelity, Options, RangeMethod, Widths, quantise_sample};
use maat_runtime::{Executor, dequantise};
use maat_tests::networks::Random;
use maat_tests::onnx::{Attribute, Onnx};
use maat_transpiler::Network;

/// What each column's values are spread by.
const SPREADS: [f64; 6] = [1e-3, 0.02, 1.0, 40.0, 1e3, 2e4];
/// What they are spread around.
const MEANS: [f64; 6] = [2e-3, 0.0, -3.0, 100.0, 5e2, 1e4];
const CLASSES: usize = 3;

struct Case {
    name: &'static str,
    onnx: fn() -> Onnx,
    /// How the columns are shared out among inputs.
    inputs: &'static [usize],
}

const CASES: &[Case] = &[
    Case { name: "a scaler and a logistic regression", onnx: scaled_regression, inputs: &[6] },
    Case { name: "a logistic regression alone", onnx: regression, inputs: &[6] },
    Case { name: "trees", onnx: trees, inputs: &[6] },
    Case { name: "two layers, behind a reshape", onnx: layers, inputs: &[6] },
    Case { name: "an input for each column", onnx: separate, inputs: &[1, 1, 1, 1, 1, 1] },
    Case { name: "the first columns twice", onnx: repeated, inputs: &[6] },
];

fn floats(values: impl IntoIterator<Item = f64>) -> Attribute {
    Attribute::Floats(values.into_iter().map(|value| value as f32).collect())
}

/// Weights of standardised columns.
fn standard(seed: u64, count: usize) -> Vec<f64> {
    Random::new(seed).normal(count, 1.0).into_iter().map(f64::from).collect()
}

/// A linear classifier of columns that are divided by `spreads` and stand around `means`.
fn classifier(onnx: Onnx, input: &str, means: &[f64], spreads: &[f64]) -> Onnx {
    let weights = standard(3, CLASSES * means.len());
    let own = |index: usize| weights[index] / spreads[index % means.len()];
    let intercept = |class: usize| -(0..means.len()).map(|j| own(class * means.len() + j) * means[j]).sum::<f64>();
    let attributes = [
        ("coefficients", floats((0..weights.len()).map(own))),
        ("intercepts", floats((0..CLASSES).map(intercept))),
        ("classlabels_ints", Attribute::Ints(vec![0, 1, 2])),
        ("post_transform", Attribute::Text("SOFTMAX")),
    ];
    onnx.node_with_outputs("classifier", "ai.onnx.ml.LinearClassifier", &[input], &["label", "scores"], &attributes)
        .output("label")
        .output("scores")
}

fn scaled_regression() -> Onnx {
    let attributes = [("offset", floats(MEANS)), ("scale", floats(SPREADS.map(|spread| 1.0 / spread)))];
    let onnx = Onnx::new().input("x", &[1, 6]).node("scaler", "ai.onnx.ml.Scaler", &["x"], "standard", &attributes);
    classifier(onnx, "standard", &[0.0; 6], &[1.0; 6])
}

fn regression() -> Onnx {
    classifier(Onnx::new().input("x", &[1, 6]), "x", &MEANS, &SPREADS)
}

fn separate() -> Onnx {
    let names = ["a", "b", "c", "d", "e", "f"];
    let onnx = names.iter().fold(Onnx::new(), |onnx, name| onnx.input(name, &[1, 1]));
    classifier(onnx.node("join", "Concat", &names, "x", &[("axis", Attribute::Int(1))]), "x", &MEANS, &SPREADS)
}

fn layers() -> Onnx {
    let (first, second) = (standard(5, 6 * 16), standard(6, 16 * CLASSES));
    let own: Vec<f32> = first.iter().enumerate().map(|(index, weight)| (weight / SPREADS[index / 16]) as f32).collect();
    let bias: Vec<f32> = (0..16).map(|unit| -(0..6).map(|j| f64::from(own[j * 16 + unit]) * MEANS[j]).sum::<f64>() as f32).collect();
    Onnx::new()
        .input("x", &[1, 1, 6])
        .integers("flat", &[2], &[1, 6])
        .floats("w1", &[6, 16], &own)
        .floats("b1", &[16], &bias)
        .floats("w2", &[16, CLASSES], &second.iter().map(|weight| *weight as f32).collect::<Vec<_>>())
        .node("flatten", "Reshape", &["x", "flat"], "row", &[])
        .node("first", "Gemm", &["row", "w1", "b1"], "hidden", &[])
        .node("relu", "Relu", &["hidden"], "active", &[])
        .node("second", "MatMul", &["active", "w2"], "scores", &[])
        .integers("classes", &[CLASSES], &[3, 7, 20])
        .node("best", "ArgMax", &["scores"], "best", &[("axis", Attribute::Int(1))])
        .node("label", "ai.onnx.ml.ArrayFeatureExtractor", &["classes", "best"], "label", &[])
        .output("label")
        .output("scores")
}

fn repeated() -> Onnx {
    let onnx = Onnx::new().input("x", &[1, 6]).integers("columns", &[4], &[0, 4, 5, 0]).node(
        "pick",
        "Gather",
        &["x", "columns"],
        "picked",
        &[("axis", Attribute::Int(1))],
    );
    let of = |values: [f64; 6]| [0, 4, 5, 0].map(|column| values[column]);
    classifier(onnx, "picked", &of(MEANS), &of(SPREADS))
}

const TREES: usize = 40;

/// Where the trees' inner nodes divide, as 32-bit floats.
fn thresholds() -> Vec<f64> {
    let standard = standard(8, TREES);
    (0..TREES).map(|tree| f64::from((MEANS[tree % 6] + SPREADS[tree % 6] * standard[tree]) as f32)).collect()
}

fn trees() -> Onnx {
    trees_by("BRANCH_LEQ")
}

/// Trees of one inner node of a mode, whose thresholds lie where the values do.
fn trees_by(mode: &'static str) -> Onnx {
    let nodes = |value: &dyn Fn(usize, usize) -> i64| Attribute::Ints((0..TREES * 3).map(|index| value(index / 3, index % 3)).collect());
    let thresholds = thresholds();
    let threshold = |index: usize| thresholds[index / 3];
    let votes = |value: &dyn Fn(usize, usize) -> i64| Attribute::Ints((0..TREES * 2).map(|index| value(index / 2, index % 2)).collect());
    let attributes = [
        ("nodes_treeids", nodes(&|tree, _| tree as i64)),
        ("nodes_nodeids", nodes(&|_, node| node as i64)),
        ("nodes_featureids", nodes(&|tree, _| (tree % 6) as i64)),
        ("nodes_values", floats((0..TREES * 3).map(threshold))),
        ("nodes_modes", Attribute::Texts((0..TREES * 3).map(|index| if index % 3 == 0 { mode } else { "LEAF" }).collect())),
        ("nodes_truenodeids", nodes(&|_, node| i64::from(node == 0))),
        ("nodes_falsenodeids", nodes(&|_, node| if node == 0 { 2 } else { 0 })),
        ("class_treeids", votes(&|tree, _| tree as i64)),
        ("class_nodeids", votes(&|_, leaf| leaf as i64 + 1)),
        ("class_ids", votes(&|tree, leaf| ((tree / 6 + leaf) % CLASSES) as i64)),
        ("class_weights", floats(standard(9, TREES * 2))),
        ("classlabels_int64s", Attribute::Ints(vec![0, 1, 2])),
    ];
    Onnx::new()
        .input("x", &[1, 6])
        .node_with_outputs("trees", "ai.onnx.ml.TreeEnsembleClassifier", &["x"], &["label", "scores"], &attributes)
        .output("label")
        .output("scores")
}

/// Rows of the table, shared out among inputs of these lengths.
fn table(seed: u64, count: usize, inputs: &[usize]) -> Vec<Sample> {
    let mut random = Random::new(seed);
    let mut row = || {
        let values: Vec<f64> =
            random.normal(6, 1.0).iter().zip(MEANS).zip(SPREADS).map(|((z, mean), spread)| mean + spread * f64::from(*z)).collect();
        let mut rest = values.as_slice();
        inputs.iter().map(|length| rest.split_off(..*length).expect("six columns").to_vec()).collect()
    };
    (0..count).map(|_| row()).collect()
}

fn quantised(case: &Case, options: &Options) -> (Network, maat_transpiler::Quantised) {
    let network = common::import((case.onnx)());
    let quantised = network.quantise(&table(1, 200, case.inputs), options).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    (network, quantised)
}

#[test]
fn classes_stay_where_columns_are_of_different_sizes() {
    for case in CASES {
        let (network, quantised) = quantised(case, &Options::default());
        let model = &quantised.model;
        let left = model.nodes().find(|(node, _)| node.name.ends_with(".columns")).map(|(node, _)| &node.name);
        assert_eq!(left, None, "{}: nothing rounds the columns at one scale", case.name);
        let mut executor = Executor::new(model);
        let samples = table(2, 1000, case.inputs);
        let mut equal = 0;
        for sample in &samples {
            executor.run(&quantise_sample(model, sample).unwrap()).unwrap();
            let label = executor.value(model.outputs()[0].tensor)[0];
            equal += usize::from(f64::from(label) == network.run_float(sample)[0][0]);
        }
        assert!(equal >= 995, "{}: {equal} of 1000 classes", case.name);
    }
}

#[test]
fn every_executor_takes_integers_at_the_scales_of_their_columns() {
    for case in CASES {
        let (_, quantised) = quantised(case, &Options::default());
        let model = &quantised.model;
        let compiled = common::compile_in_parts(model, 0);
        for sample in table(3, 3, case.inputs) {
            let inputs = quantise_sample(model, &sample).unwrap();
            for (input, (real, integers)) in model.inputs().iter().zip(sample.iter().zip(&inputs)) {
                for (element, (real, integer)) in real.iter().zip(integers).enumerate() {
                    let scale = input.scale_of(element);
                    assert!((dequantise(*integer, scale) - real).abs() <= 2f64.powi(-scale - 1), "{}: {real} at {scale}", case.name);
                }
            }
            common::assert_equal_in_parts(model, &compiled, &inputs, case.name);
        }
        common::assert_ports(model, &compiled.contract, case.name);
    }
}

/// A value that equals a threshold goes to its side of the node, whatever the rounding does to both.
#[test]
fn values_at_thresholds_stay_on_their_side() {
    let weights = standard(9, TREES * 2);
    let (less, equal, greater) = (Ordering::Less, Ordering::Equal, Ordering::Greater);
    for (mode, holds) in
        [("BRANCH_LEQ", &[less, equal][..]), ("BRANCH_LT", &[less]), ("BRANCH_GTE", &[equal, greater]), ("BRANCH_GT", &[greater])]
    {
        let network = common::import(trees_by(mode));
        let model = network.quantise(&table(1, 200, &[6]), &Options::default()).unwrap().model;
        let mut executor = Executor::new(&model);
        let scores = model.outputs()[1].tensor;
        for (tree, threshold) in thresholds().into_iter().enumerate() {
            let mut row = MEANS.to_vec();
            row[tree % 6] = threshold;
            let mut expected = [0.0; CLASSES];
            for (tree, threshold) in thresholds().into_iter().enumerate() {
                let leaf = usize::from(!holds.contains(&row[tree % 6].total_cmp(&threshold)));
                expected[(tree / 6 + leaf) % CLASSES] += weights[tree * 2 + leaf];
            }
            executor.run(&quantise_sample(&model, &[row]).unwrap()).unwrap();
            for (found, expected) in executor.value(scores).iter().zip(expected) {
                let found = dequantise(*found, model.tensor(scores).scale);
                assert!((found - expected).abs() < 0.01, "{mode}, tree {tree}: {found} instead of {expected}");
            }
        }
    }
}

/// As scikit-learn exports a forest of two classes: votes for one of them, whose label is the other's where they are less than a half.
#[test]
fn trees_that_vote_for_one_of_two_classes_keep_their_labels() {
    let nodes = |values: [i64; 3]| Attribute::Ints(values.to_vec());
    let votes = |values: [i64; 2]| Attribute::Ints(values.to_vec());
    let attributes = [
        ("nodes_treeids", nodes([0; 3])),
        ("nodes_nodeids", nodes([0, 1, 2])),
        ("nodes_featureids", nodes([2, 0, 0])),
        ("nodes_values", floats([MEANS[2], 0.0, 0.0])),
        ("nodes_modes", Attribute::Texts(vec!["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", nodes([1, 0, 0])),
        ("nodes_falsenodeids", nodes([2, 0, 0])),
        ("class_treeids", votes([0; 2])),
        ("class_nodeids", votes([1, 2])),
        ("class_ids", votes([0; 2])),
        ("class_weights", floats([0.25, 0.875])),
        ("classlabels_int64s", votes([4, 7])),
    ];
    let network = common::import(
        Onnx::new()
            .input("x", &[1, 6])
            .node_with_outputs("trees", "ai.onnx.ml.TreeEnsembleClassifier", &["x"], &["label", "scores"], &attributes)
            .output("label")
            .output("scores"),
    );
    let quantised = network.quantise(&table(1, 200, &[6]), &Options::default()).unwrap();
    assert_eq!(quantised.verdict.fidelity, Fidelity::Faithful, "{}", quantised.verdict.reasons());
    let mut executor = Executor::new(&quantised.model);
    for sample in table(2, 100, &[6]) {
        executor.run(&quantise_sample(&quantised.model, &sample).unwrap()).unwrap();
        let label = executor.value(quantised.model.outputs()[0].tensor)[0];
        assert_eq!(label, if sample[0][2] <= MEANS[2] { 4 } else { 7 });
    }
    // Columns that are only compared have scales that no sample asked for, and keep neighbouring 32-bit floats apart.
    assert_eq!(quantised.model.inputs()[0].scales().len(), 6);
    for (x, class) in [(-3.0f32, 4), ((-3.0f32).next_up(), 7)] {
        let mut row = MEANS.to_vec();
        row[2] = x.into();
        executor.run(&quantise_sample(&quantised.model, &[row]).unwrap()).unwrap();
        assert_eq!(executor.value(quantised.model.outputs()[0].tensor)[0], class, "{x}");
    }
}

/// The padding of a maximum is minus infinity, which has no place among columns of different units.
#[test]
fn a_padded_maximum_over_columns_is_taken_in_one_unit() {
    let window = [("kernel_shape", Attribute::Ints(vec![8])), ("pads", Attribute::Ints(vec![1, 1]))];
    let onnx = Onnx::new()
        .input("x", &[1, 1, 6])
        .integers("flat", &[2], &[1, 6])
        .node("pool", "MaxPool", &["x"], "greatest", &window)
        .node("flatten", "Reshape", &["x", "flat"], "row", &[]);
    let network = common::import(classifier(onnx, "row", &MEANS, &SPREADS).output("greatest"));
    let model = network.quantise(&table(1, 200, &[6]), &Options::default()).unwrap().model;
    assert_eq!(model.inputs()[0].scales().len(), 6);
    let mut executor = Executor::new(&model);
    let [label, _, greatest] = [0, 1, 2].map(|output| model.outputs()[output].tensor);
    // Most of the greatest are of the last column, which has the coarsest unit.
    let (scale, unit) = (model.tensor(greatest).scale, 2f64.powi(-model.inputs()[0].scale_of(5)));
    let samples = table(2, 1000, &[6]);
    let mut equal = 0;
    for sample in &samples {
        executor.run(&quantise_sample(&model, sample).unwrap()).unwrap();
        let expected = network.run_float(sample);
        equal += usize::from(f64::from(executor.value(label)[0]) == expected[0][0]);
        let found = dequantise(executor.value(greatest)[0], scale);
        let expected = expected[2][0].min(unit * f64::from(i16::MAX));
        assert!((found - expected).abs() <= unit, "{found} instead of {expected}");
    }
    assert!(equal >= 995, "{equal} of 1000 classes");
}

#[test]
fn the_certificate_has_the_scales_of_columns() {
    let (_, quantised) = quantised(&CASES[0], &Options::default());
    let x = &quantised.quality.certificate[0];
    assert_eq!((x.name.as_str(), x.scales()), ("x", quantised.model.inputs()[0].scales()));
    let finer = SPREADS.windows(2).zip(x.scales().windows(2)).all(|(spreads, scales)| spreads[0] < spreads[1] && scales[0] >= scales[1]);
    assert!(finer && x.scales()[0] > x.scales()[5], "{:?}", x.scales());
}

/// Columns of about one size, and columns that hardly change an output, keep one scale for all; one sample is enough to see it.
#[test]
fn one_scale_stays_where_it_is_enough() {
    let even = common::import(classifier(Onnx::new().input("x", &[1, 6]), "x", &[0.0; 6], &[1.0; 6]));
    let samples = Random::new(4).samples(100, &[6], 1.0);
    assert!(even.quantise(&samples, &Options::default()).unwrap().model.inputs()[0].columns.is_empty());
    assert!(even.quantise(&samples[..1], &Options::default()).unwrap().model.inputs()[0].columns.is_empty());
    // The same weight for a small column moves nothing.
    let small: Vec<Sample> = samples.iter().map(|sample| vec![[&sample[0][..5], &[sample[0][5] * 1e-4]].concat()]).collect();
    assert!(even.quantise(&small, &Options::default()).unwrap().model.inputs()[0].columns.is_empty());
}

/// An image's columns differ too, but its windows put them side by side in one unit, before anything is computed.
#[test]
fn an_image_has_one_scale() {
    let mut random = Random::new(6);
    let images: Vec<Sample> = random.samples(60, &[64], 1.0);
    let darker = |image: &Sample| vec![image[0].iter().enumerate().map(|(index, x)| x * 255.0 / f64::from(1 << (index % 8))).collect()];
    let images: Vec<Sample> = images.iter().map(darker).collect();
    let network = common::import(
        Onnx::new()
            .input("x", &[1, 1, 8, 8])
            .floats("white", &[], &[255.0])
            .floats("w", &[2, 1, 3, 3], &random.normal(18, 0.3))
            .node("scale", "Div", &["x", "white"], "scaled", &[])
            .node("conv", "Conv", &["scaled", "w"], "y", &[("pads", Attribute::Ints(vec![1; 4]))])
            .output("y"),
    );
    let options = Options { widths: Widths { activations: 8, weights: 8 }, ..Options::default() };
    let quantised = network.quantise(&images, &options).unwrap();
    assert!(quantised.model.inputs()[0].columns.is_empty());
    let held_out = quantised.quality.held_out.unwrap();
    let distance = held_out.outputs[0].distance().unwrap();
    assert!(distance.mean < 0.01 * distance.magnitude, "off by {} of {}", distance.mean, distance.magnitude);
}

/// Beside a constant, and scaled beside another input, columns keep what the other values need.
#[test]
fn columns_do_not_cost_their_neighbours() {
    let tenths = |spreads: &[f64]| spreads.iter().map(|spread| (1.0 / spread) as f32).collect::<Vec<_>>();
    let onnx = Onnx::new()
        .input("x", &[1, 6])
        .input("z", &[1, 2])
        .floats("factors", &[6], &tenths(&SPREADS))
        .floats("one", &[1, 1], &[1.0])
        .node("scale", "Mul", &["x", "factors"], "scaled", &[])
        .node("join", "Concat", &["scaled", "one", "z"], "row", &[("axis", Attribute::Int(1))])
        .output("row");
    let network = common::import(onnx);
    let mut random = Random::new(7);
    let mut sample = |row: Sample| vec![row[0].clone(), random.normal(2, 0.01).into_iter().map(f64::from).collect()];
    let samples: Vec<Sample> = table(1, 200, &[6]).into_iter().map(&mut sample).collect();
    let model = network.quantise(&samples, &Options::default()).unwrap().model;
    let mut executor = Executor::new(&model);
    let row = model.outputs()[0].tensor;
    for sample in &samples {
        executor.run(&quantise_sample(&model, sample).unwrap()).unwrap();
        for (found, expected) in executor.value(row).iter().zip(&network.run_float(sample)[0]) {
            let found = dequantise(*found, model.tensor(row).scale);
            assert!((found - expected).abs() < 2e-3, "{found} instead of {expected}");
        }
    }
}

/// The narrowest widths leave no room for values beyond the samples.
#[test]
fn columns_have_scales_at_every_width() {
    for bits in Widths::ACTIVATIONS {
        let options = Options { widths: Widths { activations: bits, weights: 16 }, accept_loss: true, ..Options::default() };
        let (_, quantised) = quantised(&CASES[0], &options);
        assert_eq!(quantised.model.inputs()[0].scales().len(), 6, "{bits} bits");
    }
}

/// How ranges are chosen decides about each column: one value in 300 that is a thousand times larger costs its column ten bits, or saturates.
#[test]
fn the_way_of_choosing_ranges_matters_for_a_column() {
    let mut samples = table(1, 300, &[6]);
    samples[0][0][0] = 1000.0 * MEANS[0];
    let network = common::import(regression());
    let scales = |ranges| {
        let quantised = network.quantise(&samples, &Options { ranges, ..Options::default() }).unwrap();
        quantised.model.inputs()[0].scales().to_vec()
    };
    let (all, most) = (scales(RangeMethod::Max), scales(RangeMethod::Percentile(99.0)));
    assert!(most[0] >= all[0] + 7, "{all:?} {most:?}");
    assert_eq!(most[1..], all[1..]);
}
