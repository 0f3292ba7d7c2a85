//! Property: for any input within its declared range, every tensor's integers lie in their proven range, and no element is further from the
//! float network's than its bound says; nor than the bounds for what samples showed, and for single samples, where these apply.

use maat_package::samples::{Sample, read};
use maat_package::{Granularity, Options, RangeMethod, TensorWidth, Widths, quantise_sample};
use maat_runtime::{Executor, Interval, dequantise};
use maat_tests::networks::{CASES, Random, dense};
use maat_tests::onnx::{Attribute, Onnx};
use maat_tests::root;
use maat_transpiler::{Network, Quantised, codegen};
use tract_onnx::pb::tensor_proto::DataType;

use crate::common;

const WIDTHS: &[(u32, u32)] = &[(16, 16), (8, 8), (4, 4), (16, 4)];
const SLOW: bool = cfg!(feature = "slow");
const SEEDS: u64 = if SLOW { 3_000 } else { 120 };
const SAMPLES: usize = if SLOW { 200 } else { 20 };

/// A sample within the declared ranges: corners, ends, points near 0, like the calibration samples, or anywhere.
fn within_range(quantised: &Quantised, random: &mut Random) -> Sample {
    let style = random.below(6);
    let sign = random.below(2);
    let inputs = quantised.model.inputs().iter().map(|input| {
        let Interval { lo, hi } = input.range;
        let element = |element| {
            let scale = input.scale_of(element);
            let ends = [lo, hi].map(|end| dequantise(end as i32, scale));
            match style {
                0 => ends[sign],
                1 => ends[random.below(2)],
                2 => [ends[0], ends[1], 0.0, 1e-9][random.below(4)],
                3 => dequantise(1, scale) * (random.unit() * 3.0),
                4 => random.unit().clamp(ends[0], ends[1]),
                _ => ends[0] + (ends[1] - ends[0]) * (random.unit() + 1.0) / 2.0,
            }
        };
        (0..input.shape.elements()).map(element).collect()
    });
    inputs.collect()
}

/// The greatest error seen of each tensor of the certificate that the float network has.
type Errors = Vec<Option<f64>>;

/// What is known about a sample before it is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Any,
    /// It has the integers of one of the samples that were bounded one by one.
    Bounded,
}

/// Runs both networks on a sample, compares all tensors with the certificate, and gives the errors, and whether no tensor left what was
/// seen.
fn errors(network: &Network, quantised: &Quantised, sample: &Sample, what: &str, origin: Origin) -> (Errors, bool) {
    let (model, certificate) = (&quantised.model, &quantised.quality.certificate);
    let inputs = quantise_sample(model, sample).unwrap();
    let mut executor = Executor::new(model);
    executor.run(&inputs).unwrap_or_else(|error| panic!("{what}: {error}"));
    let nodes = model.nodes().map(|(_, id)| executor.value(id));
    let integers: Vec<&[i32]> = inputs.iter().map(Vec::as_slice).chain(nodes).collect();
    assert_eq!(integers.len(), certificate.len());
    for (certified, found) in certificate.iter().zip(&integers) {
        let outside = found.iter().find(|q| !certified.range.contains(i64::from(**q)));
        assert_eq!(outside, None, "{what}: `{}` is outside of {:?}", certified.name, certified.range);
    }
    let is_seen = certificate.iter().zip(&integers).all(|(certified, found)| {
        let within = |q: &i32| certified.seen.is_some_and(|seen| seen.contains(i64::from(*q)));
        found.iter().all(within)
    });
    let mut errors: Errors = vec![None; certificate.len()];
    let mut position = 0;
    for (name, values) in network.trace_float(sample) {
        position += certificate[position..].iter().position(|certified| certified.name == name).expect("every float tensor is certified");
        let (certified, found) = (&certificate[position], integers[position]);
        assert_eq!(found.len(), values.len(), "{what}: `{name}`");
        let finite = values.iter().zip(found).filter(|(value, _)| value.is_finite());
        let error = finite.map(|(value, q)| (dequantise(*q, certified.scale) - value).abs()).fold(0.0, f64::max);
        let bounds = [
            ("all inputs", certified.error_bound),
            ("what was seen", certified.error_bound_as_seen.filter(|_| is_seen)),
            ("this sample", certified.error_bound_on_samples.filter(|_| origin == Origin::Bounded)),
        ];
        for (which, bound) in bounds {
            let Some(bound) = bound else { continue };
            assert!(error <= bound, "{what}: `{name}` ({}) is off by {error}, beyond {bound} for {which}", certified.primitive);
        }
        errors[position] = Some(error);
        position += 1;
    }
    (errors, is_seen)
}

/// Another sample with the same integers, or none if this one is clamped: half a unit beyond the range is rounding.
fn beside(quantised: &Quantised, sample: &Sample, random: &mut Random) -> Option<Sample> {
    let moved: Sample = quantised
        .model
        .inputs()
        .iter()
        .zip(quantise_sample(&quantised.model, sample).unwrap())
        .map(|(input, integers)| {
            let element = |(element, q): (usize, i32)| {
                let (unit, q) = (2f64.powi(-input.scale_of(element)), f64::from(q));
                // The ends of a cell are ties.
                (q + random.unit() * 0.499) * unit
            };
            integers.into_iter().enumerate().map(element).collect()
        })
        .collect();
    let inside = |(input, values): (&maat_runtime::Tensor, &Vec<f64>)| {
        values.iter().enumerate().all(|(element, value)| {
            let scaled = value * 2f64.powi(input.scale_of(element));
            (input.range.lo as f64 - 0.5..input.range.hi as f64 + 0.5).contains(&scaled)
        })
    };
    quantised.model.inputs().iter().zip(sample).all(inside).then_some(moved)
}

fn check(network: &Network, calibration: &[Sample], widths: &[(u32, u32)], count: usize, what: &str) {
    for (activations, weights) in widths {
        let widths = Widths { activations: *activations, weights: *weights };
        // The bounds hold however much is lost.
        let options = Options { widths, accept_loss: true, ..Options::default() };
        // Narrow widths may not be enough for a random network, which is then refused.
        let Ok(quantised) = network.quantise(calibration, &options) else { continue };
        let mut random = Random::new(5);
        for sample in 0..count {
            let what = format!("{what} at {activations}/{weights} bits, sample {sample}");
            errors(network, &quantised, &within_range(&quantised, &mut random), &what, Origin::Any);
        }
        // Up to four samples are bounded one by one.
        let origin = if calibration.len() <= 4 { Origin::Bounded } else { Origin::Any };
        for sample in calibration.iter().take(count) {
            let Some(moved) = beside(&quantised, sample, &mut random) else { continue };
            errors(network, &quantised, sample, &format!("{what}, calibration"), origin);
            errors(network, &quantised, &moved, &format!("{what}, beside calibration"), origin);
        }
    }
}

#[test]
fn every_operator_of_the_table_keeps_its_bounds() {
    for case in CASES {
        let calibration = Random::new(42).samples(12, case.inputs, 1.0);
        check(&common::import((case.onnx)()), &calibration, WIDTHS, SAMPLES, case.name);
    }
}

#[test]
fn the_examples_keep_their_bounds() {
    let widths = if SLOW { WIDTHS } else { &[(16, 16), (8, 4)] };
    let models = ["digits/digits", "digits/mlp", "lenet/lenet", "lstm/lstm", "rockybot/rockybot", "transformer/transformer"];
    for model in models.into_iter().chain(SLOW.then_some("digits/forest")) {
        let file = root().join(format!("examples/{model}.onnx"));
        let network = Network::import(&file).unwrap();
        let mut calibration = read(&file.with_file_name("calibration.json"), network.inputs()).unwrap();
        calibration.truncate(4);
        check(&network, &calibration, widths, if SLOW { SAMPLES } else { 4 }, model);
    }
}

#[test]
fn random_networks_keep_their_bounds() {
    let mut tried = 0;
    for seed in 0..SEEDS {
        let mut random = Random::new(seed);
        let (onnx, length) = random_network(&mut random);
        let network = common::import(onnx);
        let calibration = random.samples(4, &[length], 1.0);
        tried += usize::from(network.quantise(&calibration, &Options::default()).is_ok());
        let widths = &WIDTHS[random.below(WIDTHS.len())..][..1];
        check(&network, &calibration, widths, SAMPLES, &format!("seed {seed}"));
    }
    assert!(tried > SEEDS as usize / 2, "only {tried} of {SEEDS} networks can be quantised");
}

/// A few random operators on rows, with input `x` of the given length.
fn random_network(random: &mut Random) -> (Onnx, usize) {
    let length = 2 + random.below(6);
    let mut grown = Grown {
        onnx: Onnx::new().opset(17).input("x", &[1, length]).floats("zero", &[], &[0.0]).floats("most", &[], &[1.5]),
        count: 0,
        values: vec![("x".to_owned(), length)],
    };
    for _ in 0..2 + random.below(6) {
        grown.grow(random);
    }
    // Every row is an output.
    let all = grown.values.clone();
    for (name, _) in &all[1..] {
        grown.onnx = grown.onnx.output(name);
    }
    (grown.onnx, length)
}

struct Grown {
    onnx: Onnx,
    count: usize,
    /// Names and lengths of rows.
    values: Vec<(String, usize)>,
}

impl Grown {
    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }

    fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute)]) -> String {
        let name = self.fresh();
        self.onnx = std::mem::take(&mut self.onnx).node(&format!("{operator} {name}"), operator, inputs, &name, attributes);
        name
    }

    fn floats(&mut self, shape: &[usize], values: &[f32]) -> String {
        let name = self.fresh();
        self.onnx = std::mem::take(&mut self.onnx).floats(&name, shape, values);
        name
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let name = self.fresh();
        self.onnx = std::mem::take(&mut self.onnx).integers(&name, &[values.len()], values);
        name
    }

    /// Another row of the same length.
    fn partner(&self, length: usize, random: &mut Random) -> String {
        let fitting: Vec<&String> = self.values.iter().filter(|(_, other)| *other == length).map(|(name, _)| name).collect();
        fitting[random.below(fitting.len())].clone()
    }

    fn grow(&mut self, random: &mut Random) {
        let (x, n) = self.values[random.below(self.values.len())].clone();
        let other = self.partner(n, random);
        let mut length = n;
        let name = match random.below(20) {
            0 | 1 => {
                length = 1 + random.below(7);
                let w = self.floats(&[n, length], &random.normal(n * length, 0.7));
                let b = self.floats(&[length], &random.normal(length, 0.5));
                self.node("Gemm", &[&x, &w, &b], &[])
            }
            2 | 3 => {
                let functions =
                    ["Relu", "Sigmoid", "Tanh", "Abs", "Softplus", "Softsign", "Erf", "LeakyRelu", "Elu", "Selu", "HardSwish", "Sin"];
                self.node(functions[random.below(functions.len())], &[&x], &[])
            }
            4 => self.node("Softmax", &[&x], &[("axis", Attribute::Int(1))]),
            5 => {
                let (factor, offset) = (self.floats(&[n], &random.normal(n, 1.0)), self.floats(&[n], &random.normal(n, 1.0)));
                self.node("LayerNormalization", &[&x, &factor, &offset], &[])
            }
            6 => self.node("Mul", &[&x, &other], &[]),
            7 => {
                // A divisor that is positive, negative or anything but 0.
                let offset = self.floats(&[], &[[0.5, 3.0][random.below(2)]]);
                let size = self.node(["Abs", "Softplus", "Exp"][random.below(3)], &[&other], &[]);
                let den = self.node("Add", &[&size, &offset], &[]);
                let den = if random.below(2) == 0 { self.node("Neg", &[&den], &[]) } else { den };
                self.node("Div", &[&x, &den], &[])
            }
            8 => {
                let limit = if random.below(2) == 0 { other.clone() } else { self.floats(&[n], &random.normal(n, 0.5)) };
                let greater = self.node("Greater", &[&x, &limit], &[]);
                self.node("Where", &[&greater, &x, &other], &[])
            }
            9 => {
                let (second, m) = self.values[random.below(self.values.len())].clone();
                length = n + m;
                self.node("Concat", &[&x, &second], &[("axis", Attribute::Int(1))])
            }
            10 => {
                let greatest = self.node(
                    ["ReduceMax", "ReduceMean", "ReduceSumSquare", "ReduceL2"][random.below(4)],
                    &[&x],
                    &[("axes", Attribute::Ints(vec![1]))],
                );
                self.node("Sub", &[&x, &greatest], &[])
            }
            11 => {
                let factor = self.floats(&[], &[[0.5, 3.7, 10.0][random.below(3)]]);
                let large = self.node("Mul", &[&x, &factor], &[]);
                self.node(["Round", "Floor", "Ceil"][random.below(3)], &[&large], &[])
            }
            12 => self.node("Clip", &[&x, "zero", "most"], &[]),
            13 => {
                let step = self.floats(&[], &[[0.1, 0.25][random.below(2)]]);
                let integers = self.node("QuantizeLinear", &[&x, &step], &[]);
                self.node("DequantizeLinear", &[&integers, &step], &[])
            }
            14 => {
                let small = self.node("Clip", &[&x, "zero", "most"], &[]);
                let half = self.floats(&[], &[0.125]);
                let small = if random.below(2) == 0 { self.node("Add", &[&small, &half], &[]) } else { small };
                self.node(["Sqrt", "Exp"][random.below(2)], &[&small], &[])
            }
            15 => {
                let small = self.node("Abs", &[&x], &[]);
                let half = self.floats(&[], &[0.125]);
                let positive = self.node("Add", &[&small, &half], &[]);
                self.node(["Reciprocal", "Log"][random.below(2)], &[&positive], &[])
            }
            16 => {
                let exponent = self.floats(&[], &[[2.0, 3.0, 1.0][random.below(3)]]);
                self.node("Pow", &[&x, &exponent], &[])
            }
            17 => {
                // Padded by minus infinity where the maximum is taken.
                let shape = self.integers(&[1, 1, -1]);
                let row = self.node("Reshape", &[&x, &shape], &[]);
                let attributes = [("kernel_shape", Attribute::Ints(vec![2])), ("pads", Attribute::Ints(vec![1, 0]))];
                let pooled = self.node("MaxPool", &[&row], &attributes);
                let shape = self.integers(&[1, -1]);
                self.node("Reshape", &[&pooled, &shape], &[])
            }
            18 => {
                // Minus infinity that a function makes finite again.
                let pads = self.integers(&[0, 1, 0, 2]);
                let value = self.floats(&[], &[[f32::NEG_INFINITY, 0.3, 1e-4][random.below(3)]]);
                let padded = self.node("Pad", &[&x, &pads, &value], &[]);
                length = n + 3;
                self.node(["Sigmoid", "Relu", "Exp"][random.below(3)], &[&padded], &[])
            }
            _ => self.node("Sub", &[&x, &other], &[]),
        };
        self.values.push((name, length));
    }
}

#[test]
fn the_bounds_of_a_dense_network_are_of_use() {
    let network = common::import(dense(&[4, 6, 3], 3));
    // All corners of the declared range, twice, because every fourth sample is kept back.
    let end = f64::from(i16::MAX) / 16384.0;
    let corner = |bits: usize| vec![(0..4).map(|k| if bits >> k & 1 == 1 { end } else { -end }).collect()];
    let corners: Vec<Sample> = (0..32).map(|k| corner(k / 2)).collect();
    let quantised = network.quantise(&corners, &Options { ranges: RangeMethod::Max, ..Options::default() }).unwrap();
    let mut random = Random::new(1);
    let mut worst = vec![0.0f64; quantised.quality.certificate.len()];
    for _ in 0..2_000 {
        let (found, _) = errors(&network, &quantised, &within_range(&quantised, &mut random), "dense", Origin::Any);
        worst.iter_mut().zip(found).for_each(|(worst, error)| *worst = worst.max(error.unwrap_or(0.0)));
    }
    for (certified, worst) in quantised.quality.certificate.iter().zip(worst) {
        let bound = certified.error_bound.expect("dense networks have a bound everywhere");
        let span = certified.real_range.1 - certified.real_range.0;
        assert!(bound <= 10.0 * worst, "`{}`: the bound {bound} is far from the error {worst}", certified.name);
        assert!(bound <= 1e-3 * span, "`{}`: the bound {bound} says little in a range of {span}", certified.name);
    }
}

/// The bound for single samples is within this many times of the greatest error that was measured.
const MOST: f64 = 100.0;

#[test]
fn the_bounds_of_the_examples_samples_are_of_use() {
    for model in ["rockybot/rockybot", "digits/mlp", "digits/digits", "lenet/lenet", "transformer/transformer"] {
        let file = root().join(format!("examples/{model}.onnx"));
        let network = Network::import(&file).unwrap();
        let samples = read(&file.with_file_name("calibration.json"), network.inputs()).unwrap();
        let quantised = network.quantise(&samples, &Options::default()).unwrap();
        let quality = &quantised.quality;
        assert_eq!(quality.granularity, Granularity::Elements, "{model}");
        let coverage = quality.coverage.unwrap();
        assert!(coverage.within > 0 && coverage.within <= coverage.of, "{model}: {coverage:?}");
        let tensor = quantised.model.outputs()[0].tensor.index();
        let certified = &quality.certificate[tensor];
        let mut measured = 0.0f64;
        let mut seen = 0;
        for sample in samples.iter().take(64) {
            let (found, is_seen) = errors(&network, &quantised, sample, model, Origin::Any);
            measured = measured.max(found[tensor].unwrap());
            seen += usize::from(is_seen);
        }
        assert!(seen >= 10, "{model}: only {seen} samples stay in what was seen");
        let mut random = Random::new(5);
        let mut found = 0.0f64;
        for _ in 0..32 {
            let (errors, _) = errors(&network, &quantised, &within_range(&quantised, &mut random), model, Origin::Any);
            found = found.max(errors[tensor].unwrap());
        }
        let bound = certified.error_bound_on_samples.unwrap();
        let seen = certified.error_bound_as_seen.unwrap();
        let all = certified.error_bound.unwrap();
        println!(
            "{model}: on samples {measured:.2e}, proven {bound:.2e} ({:.1} times); as seen {seen:.2e} ({:.0} times), {} of {} held out within; on random inputs {found:.2e}, proven {all:.2e} ({:.0} times)",
            bound / measured,
            seen / measured,
            coverage.within,
            coverage.of,
            all / found,
        );
        assert!(bound <= MOST * measured, "{model}: the bound {bound} is far from the error {measured}");
    }
}

#[test]
fn tensors_can_have_widths_of_their_own() {
    let network = common::import(dense(&[4, 6, 3], 3));
    let calibration = Random::new(42).samples(12, &[4], 1.0);
    let of = |tensors: &[(&str, u32)]| {
        let tensors = tensors.iter().map(|(tensor, bits)| TensorWidth { tensor: (*tensor).to_owned(), bits: *bits }).collect();
        network.quantise(&calibration, &Options { widths: Widths { activations: 8, weights: 16 }, tensors, ..Options::default() })
    };
    let plain = of(&[]).unwrap();
    let name = plain.quality.certificate[1].name.clone();
    let wider = of(&[(&name, 20)]).unwrap();
    let (before, after) = (&plain.quality.certificate, &wider.quality.certificate);
    assert_eq!((before[0].scale, before[1].scale + 12), (after[0].scale, after[1].scale), "only one tensor is finer");
    assert_eq!(wider.provenance.options.tensors, [TensorWidth { tensor: name.clone(), bits: 20 }]);
    for (bad, bits, expected) in
        [("none", 20, "no input or node of this name"), (name.as_str(), 25, "from 4 to 24"), (name.as_str(), 3, "from 4 to 24")]
    {
        let error = of(&[(bad, bits)]).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn whole_numbers_and_columns_have_no_widths_of_their_own() {
    let refused = |onnx: Onnx, samples: &[Sample], tensor: &str| {
        let tensors = vec![TensorWidth { tensor: tensor.to_owned(), bits: 12 }];
        common::import(onnx).quantise(samples, &Options { tensors, ..Options::default() }).err().unwrap().to_string()
    };
    let whole = || {
        let onnx = Onnx::new().typed_input("x", DataType::Int8, &[2]).typed_input("z", DataType::Int8, &[2]);
        onnx.node("more", "Add", &["x", "z"], "y", &[]).output("y")
    };
    let samples = [vec![vec![3.0, -5.0], vec![1.0, 2.0]]];
    let node = common::import(whole()).quantise(&samples, &Options::default()).unwrap().quality.certificate[2].name.clone();
    for tensor in ["x", node.as_str()] {
        let error = refused(whole(), &samples, tensor);
        assert!(error.contains(tensor) && error.contains("whole numbers, which stay what they are"), "{error}");
    }
    // Each column moves the outputs as much as the others, however large its values are.
    let sizes = [1e-3, 1.0, 1e4];
    let weights: Vec<f32> = Random::new(3).normal(6, 1.0).iter().zip([0, 0, 1, 1, 2, 2]).map(|(w, k)| w / sizes[k]).collect();
    let onnx = Onnx::new().input("x", &[1, 3]).floats("w", &[3, 2], &weights).node("dense", "MatMul", &["x", "w"], "y", &[]).output("y");
    let mut samples = Random::new(4).samples(100, &[3], 1.0);
    samples.iter_mut().for_each(|sample| sample[0].iter_mut().zip(sizes).for_each(|(x, size)| *x *= f64::from(size)));
    let error = refused(onnx, &samples, "x");
    assert!(error.contains("columns have scales of their own"), "{error}");
}

/// A value less than half a unit beyond the range is rounded to its end, and no clamping is reported.
#[test]
fn half_a_unit_beyond_the_range_is_rounding() {
    let onnx = Onnx::new().input("x", &[1, 1]).node("y", "Mul", &["x", "x"], "y", &[]).output("y");
    let network = common::import(onnx);
    let calibration: Vec<Sample> = [1.874, -1.0, 0.6].map(|value| vec![vec![value]]).to_vec();
    let tensors = vec![TensorWidth { tensor: "x".to_owned(), bits: 4 }];
    let options = Options { tensors, ranges: RangeMethod::Max, accept_loss: true, ..Options::default() };
    let quantised = network.quantise(&calibration, &options).unwrap();
    let (input, top) = (&quantised.model.inputs()[0], 1.874 * 4.0);
    assert!(input.scale == 2 && input.range.hi == 7 && top > 7.0, "{input:?}");
    for sample in &calibration {
        errors(&network, &quantised, sample, "a square", Origin::Bounded);
    }
}

#[test]
fn wide_activations_keep_their_bounds() {
    for activations in [20, 24] {
        for case in CASES.iter().step_by(3) {
            let calibration = Random::new(42).samples(6, case.inputs, 1.0);
            check(&common::import((case.onnx)()), &calibration, &[(activations, 16)], 6, case.name);
        }
    }
}

#[test]
fn raising_widths_lowers_the_error_within_the_cost() {
    let network = common::import(dense(&[4, 24, 3], 3));
    let calibration = Random::new(42).samples(40, &[4], 1.0);
    let of = |raise: Option<f64>| {
        let widths = Widths { activations: 8, weights: 16 };
        network.quantise(&calibration, &Options { widths, raise, ..Options::default() }).unwrap()
    };
    let error = |quantised: &Quantised| quantised.quality.calibration.as_ref().unwrap().outputs[0].distance().unwrap().mean;
    let (plain, raised) = (of(None), of(Some(400.0)));
    let options = &raised.provenance.options;
    assert!(!options.tensors.is_empty() && options.raise.is_none(), "{options:?}");
    assert!(error(&raised) < error(&plain) / 4.0, "{} is not far below {}", error(&raised), error(&plain));
    // A cost that must not grow leaves fewer tensors wider, and is kept.
    let products = |quantised: &Quantised| codegen::products(&quantised.model).unwrap() as f64;
    for percent in [0.0, 50.0, 400.0] {
        let raised = of(Some(percent));
        assert!(products(&raised) <= products(&plain) * (1.0 + percent / 100.0), "{percent} %");
    }
    assert!(products(&raised) > products(&plain), "there is a cost to limit");
    // The options that are recorded give the same model.
    let again = network.quantise(&calibration, options).unwrap();
    assert_eq!(again.model, raised.model);
}
