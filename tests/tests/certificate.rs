//! Property: for any input within its declared range, every tensor's integers lie in their proven range, and no element is further from the
//! float network's than its bound says.

use maat_package::samples::{Sample, read};
use maat_package::{Options, RangeMethod, Widths, quantise_sample};
use maat_runtime::{Executor, Interval, dequantise};
use maat_tests::networks::{CASES, Random, dense};
use maat_tests::onnx::{Attribute, Onnx};
use maat_tests::root;
use maat_transpiler::{Network, Quantised};

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

/// Runs both networks on a sample, compares all tensors with the certificate, and gives the errors.
fn errors(network: &Network, quantised: &Quantised, sample: &Sample, what: &str) -> Errors {
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
    let mut errors: Errors = vec![None; certificate.len()];
    let mut position = 0;
    for (name, values) in network.trace_float(sample) {
        position += certificate[position..].iter().position(|certified| certified.name == name).expect("every float tensor is certified");
        let (certified, found) = (&certificate[position], integers[position]);
        assert_eq!(found.len(), values.len(), "{what}: `{name}`");
        let finite = values.iter().zip(found).filter(|(value, _)| value.is_finite());
        let error = finite.map(|(value, q)| (dequantise(*q, certified.scale) - value).abs()).fold(0.0, f64::max);
        if let Some(bound) = certified.error_bound {
            assert!(error <= bound, "{what}: `{name}` ({}) is off by {error}, beyond {bound}", certified.primitive);
        }
        errors[position] = Some(error);
        position += 1;
    }
    errors
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
            errors(network, &quantised, &within_range(&quantised, &mut random), &what);
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
        let calibration = random.samples(6, &[length], 1.0);
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
        let found = errors(&network, &quantised, &within_range(&quantised, &mut random), "dense");
        worst.iter_mut().zip(found).for_each(|(worst, error)| *worst = worst.max(error.unwrap_or(0.0)));
    }
    for (certified, worst) in quantised.quality.certificate.iter().zip(worst) {
        let bound = certified.error_bound.expect("dense networks have a bound everywhere");
        let span = certified.real_range.1 - certified.real_range.0;
        assert!(bound <= 10.0 * worst, "`{}`: the bound {bound} is far from the error {worst}", certified.name);
        assert!(bound <= 1e-3 * span, "`{}`: the bound {bound} says little in a range of {span}", certified.name);
    }
}
