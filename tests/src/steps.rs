//! A small network for each operator, whose Cairo steps are kept in `tests/golden/steps.json`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use maat_package::samples::Sample;
use maat_transpiler::operators;
use serde::{Deserialize, Serialize};
use tract_onnx::pb::tensor_proto::DataType;

use crate::networks::Random;
use crate::onnx::{Attribute, Onnx};
use crate::root;

/// What a network takes and costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The inputs of the node.
    pub network: String,
    /// Computed elements that go in.
    pub inputs: usize,
    /// Elements that come out.
    pub outputs: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Cairo steps of the whole program, at 16 bits.
    pub steps: usize,
}

/// Rows by operator.
pub type Table = BTreeMap<String, Row>;

/// Operators that another one's network covers, or that cost nothing.
#[rustfmt::skip]
const COVERED: &[(&str, &str)] = &[
    ("CastLike", "is Cast"),
    ("Dropout", "is Identity"),
    ("Flatten", "moves nothing"),
    ("If", "is the nodes of a branch"),
    ("Loop", "is the nodes of its body"),
    ("Reshape", "moves nothing"),
    ("Scan", "is the nodes of its body"),
    ("Squeeze", "moves nothing"),
    ("Unsqueeze", "moves nothing"),
    ("ai.onnx.ml.CategoryMapper", "is LabelEncoder"),
    ("ai.onnx.ml.ZipMap", "moves nothing"),
];

/// Operators without a network of their own, with the reason.
pub fn without_network() -> BTreeMap<&'static str, &'static str> {
    let known = operators().into_iter().filter(|operator| operator.known);
    known.map(|operator| (operator.name, "is known before any input is")).chain(COVERED.iter().copied()).collect()
}

/// Rewrites the table.
pub const COMMAND: &str = "cargo test --release -p maat -p maat-tests --test end_to_end write_the_steps -- --ignored";
/// Steps may differ from the table by this share, in per cent.
pub const TOLERANCE: usize = 5;

/// Where the table is kept.
pub fn path() -> PathBuf {
    root().join("tests/golden/steps.json")
}

/// The committed table.
pub fn committed() -> Table {
    let text = std::fs::read_to_string(path()).expect("the table is committed");
    serde_json::from_str(&text).expect("the table is valid")
}

/// The table as a part of `docs/operators.md`.
pub fn section() -> String {
    let mut section = format!(
        "## Cairo steps\n\n\
         Steps of a whole program of one node at 16 bits: reading and checking the input, unpacking, rescaling and output included. The row of\n\
         Identity shows the cost of input and output. `tests/tests/steps.rs` fails if one differs by more than {TOLERANCE} % from\n\
         `tests/golden/steps.json`, which is rewritten with\n\n```\n{COMMAND}\n```\n\n\
         | operator | its inputs | elements in | elements out | MACs | steps |\n|---|---|---|---|---|---|\n"
    );
    for (operator, Row { network, inputs, outputs, macs, steps }) in committed() {
        let _ = writeln!(section, "| {operator} | {network} | {inputs} | {outputs} | {macs} | {steps} |");
    }
    let without: Vec<String> = without_network().iter().map(|(operator, reason)| format!("{operator} ({reason})")).collect();
    let _ = writeln!(section, "\nWithout a row: {}.", without.join(", "));
    section
}

/// An input of an operator's node.
enum Given {
    /// Computed real numbers, roughly normal.
    Real(&'static [usize]),
    /// Computed real numbers from 0.5 to 2.5.
    Positive(&'static [usize]),
    /// Computed real numbers from the first number to the second.
    Between(&'static [usize], f64, f64),
    /// Computed integers from the first number to the second.
    Whole(DataType, &'static [usize], i64, i64),
    /// Random constants, roughly normal.
    Weights(&'static [usize]),
    /// Random constant bytes from 0 to 100.
    Bytes(DataType, &'static [usize]),
    /// A constant byte.
    Byte(DataType, u8),
    /// Positive random constants.
    Variances(&'static [usize]),
    /// Constants.
    Floats(&'static [usize], Vec<f32>),
    /// Constant integers.
    Integers(&'static [usize], Vec<i64>),
    /// An optional input that is left out.
    Absent,
}

/// One operator's network: a single node.
pub struct Case {
    /// The operator.
    pub operator: &'static str,
    given: Vec<Given>,
    attributes: Vec<(&'static str, Attribute)>,
    outputs: usize,
    opset: i64,
}

impl Case {
    fn opset(self, opset: i64) -> Self {
        Self { opset, ..self }
    }

    fn outputs(self, outputs: usize) -> Self {
        Self { outputs, ..self }
    }

    /// The network, and samples for it.
    pub fn build(&self, count: usize) -> (Onnx, Vec<Sample>) {
        self.build_from(count, &mut |x| x)
    }

    /// The network, and samples for it whose real numbers are made from the usual ones.
    pub fn build_from(&self, count: usize, made: &mut dyn FnMut(f64) -> f64) -> (Onnx, Vec<Sample>) {
        let mut random = Random::new(11);
        let mut onnx = Onnx::new().opset(self.opset);
        let mut samples: Vec<Sample> = vec![Vec::new(); count];
        let mut names = Vec::new();
        for (position, given) in self.given.iter().enumerate() {
            let name = if matches!(given, Given::Absent) { String::new() } else { format!("x{position}") };
            let mut computed = |shape: &[usize], value: &mut dyn FnMut(&mut Random) -> f64| {
                let elements = shape.iter().product();
                samples.iter_mut().for_each(|sample| sample.push((0..elements).map(|_| value(&mut random)).collect()));
            };
            onnx = match given {
                Given::Real(shape) => {
                    computed(shape, &mut |random| made(f64::from(random.normal(1, 1.0)[0])));
                    onnx.input(&name, shape)
                }
                Given::Positive(shape) => {
                    computed(shape, &mut |random| 1.5 + random.unit());
                    onnx.input(&name, shape)
                }
                Given::Between(shape, lo, hi) => {
                    computed(shape, &mut |random| lo + (hi - lo) * (random.unit() + 1.0) / 2.0);
                    onnx.input(&name, shape)
                }
                Given::Whole(data_type, shape, lo, hi) => {
                    let range = maat_runtime::Interval::new(*lo, *hi);
                    computed(shape, &mut |random| f64::from(random.within(range)));
                    onnx.typed_input(&name, *data_type, shape)
                }
                Given::Weights(shape) => onnx.floats(&name, shape, &random.normal(shape.iter().product(), 0.5)),
                Given::Variances(shape) => {
                    let values: Vec<f32> = (0..shape.iter().product()).map(|_| 1.5 + random.unit() as f32).collect();
                    onnx.floats(&name, shape, &values)
                }
                Given::Bytes(data_type, shape) => {
                    let values = (0..shape.iter().product()).map(|_| random.below(101) as u8).collect();
                    onnx.bytes(&name, *data_type, shape, values)
                }
                Given::Byte(data_type, value) => onnx.bytes(&name, *data_type, &[], vec![*value]),
                Given::Floats(shape, values) => onnx.floats(&name, shape, values),
                Given::Integers(shape, values) => onnx.integers(&name, shape, values),
                Given::Absent => onnx,
            };
            names.push(name);
        }
        let outputs: Vec<String> = (0..self.outputs).map(|position| format!("y{position}")).collect();
        let (inputs, outputs): (Vec<&str>, Vec<&str>) =
            (names.iter().map(String::as_str).collect(), outputs.iter().map(String::as_str).collect());
        onnx = onnx.node_with_outputs(self.operator, self.operator, &inputs, &outputs, &self.attributes);
        (outputs.iter().fold(onnx, |onnx, output| onnx.output(output)), samples)
    }

    /// Its inputs, in words.
    pub fn describe(&self) -> String {
        let given = self.given.iter().filter_map(|given| match given {
            Given::Real(shape) | Given::Positive(shape) | Given::Between(shape, ..) => Some(format!("{shape:?}")),
            Given::Whole(data_type, shape, ..) => Some(format!("{} {shape:?}", data_type.as_str_name().to_lowercase())),
            Given::Weights(shape) | Given::Variances(shape) | Given::Bytes(_, shape) => Some(format!("constant {shape:?}")),
            Given::Floats(..) | Given::Integers(..) | Given::Byte(..) | Given::Absent => None,
        });
        let attributes = self.attributes.iter().filter_map(|(name, value)| match value {
            Attribute::Int(i) => Some(format!("{name} {i}")),
            Attribute::Ints(ints) if ints.len() <= 4 => Some(format!("{name} {ints:?}")),
            Attribute::Text(text) => Some(format!("{name} {text}")),
            _ => None,
        });
        given.chain(attributes).collect::<Vec<_>>().join(", ")
    }
}

/// A vector, rows, and two images in the layout batch, channels, height, width.
const VECTOR: &[usize] = &[1, 64];
const ROWS: &[usize] = &[4, 16];
const IMAGE: &[usize] = &[1, 4, 8, 8];
const SMALL_IMAGE: &[usize] = &[1, 4, 4, 4];
/// Two heads of four positions with eight features.
const HEADS: &[usize] = &[1, 2, 4, 8];

/// Functions of one variable that are defined everywhere, and those that are not.
#[rustfmt::skip]
const EVERYWHERE: &[&str] = &[
    "Abs", "Asinh", "Atan", "Ceil", "Celu", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu",
    "Mish", "Neg", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Swish", "Tanh", "ThresholdedRelu",
];
const POSITIVE: &[&str] = &["Log", "Reciprocal", "Sqrt"];

/// A network for each operator but those in [`without_network`].
pub fn cases() -> Vec<Case> {
    use Attribute::{ByteTensor, FloatTensor, Floats as FloatList, Int, Ints, Text, Texts};
    use Given::{Absent, Between, Byte, Bytes, Floats, Integers, Positive, Real, Variances, Weights, Whole};
    let case = |operator, given, attributes| Case { operator, given, attributes, outputs: 1, opset: 24 };
    let truth = || Whole(DataType::Bool, VECTOR, 0, 1);
    let byte = |shape| Whole(DataType::Uint8, shape, 0, 255);
    let one = |value| Floats(&[], vec![value]);

    let mut cases: Vec<Case> = Vec::new();
    cases.extend(EVERYWHERE.iter().map(|operator| case(operator, vec![Real(VECTOR)], vec![])));
    cases.extend(POSITIVE.iter().map(|operator| case(operator, vec![Positive(VECTOR)], vec![])));
    for operator in ["Add", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mul", "Sub", "Sum"] {
        cases.push(case(operator, vec![Real(VECTOR), Real(VECTOR)], vec![]));
    }
    cases.extend(["And", "Or", "Xor"].map(|operator| case(operator, vec![truth(), truth()], vec![])));
    for operator in ["Acos", "Asin", "Atanh", "Tan"] {
        cases.push(case(operator, vec![Between(VECTOR, -0.95, 0.95)], vec![]));
    }
    cases.push(case("Acosh", vec![Between(VECTOR, 1.1, 4.0)], vec![]));
    cases.extend(["Cosh", "Sinh"].map(|operator| case(operator, vec![Between(VECTOR, -2.0, 2.0)], vec![])));
    cases.extend(["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map(|operator| case(operator, vec![byte(VECTOR), byte(VECTOR)], vec![])));
    let labels = || Whole(DataType::Int64, &[4], 0, 7);
    for operator in ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"] {
        cases.push(case(operator, vec![Real(&[4, 8]), labels()], vec![]));
    }
    for operator in ["ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare"] {
        cases.push(case(operator, vec![Real(ROWS), Integers(&[1], vec![1])], vec![]));
    }
    for operator in ["ArgMax", "ArgMin", "Hardmax", "LogSoftmax", "LpNormalization", "Softmax"] {
        cases.push(case(operator, vec![Real(ROWS)], vec![("axis", Int(-1))]));
    }
    cases.extend(["GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"].map(|operator| case(operator, vec![Real(IMAGE)], vec![])));
    for operator in ["AveragePool", "LpPool", "MaxPool"] {
        cases.push(case(operator, vec![Real(IMAGE)], vec![("kernel_shape", Ints(vec![2, 2])), ("strides", Ints(vec![2, 2]))]));
    }
    // Four steps of eight hidden values for eight inputs.
    for (operator, input, recurrence) in
        [("GRU", &[1, 24, 8], &[1, 24, 8]), ("LSTM", &[1, 32, 8], &[1, 32, 8]), ("RNN", &[1usize, 8, 8], &[1usize, 8, 8])]
    {
        cases.push(case(operator, vec![Real(&[4, 1, 8]), Weights(input), Weights(recurrence)], vec![("hidden_size", Int(8))]));
    }
    let pads = || ("pads", Ints(vec![1, 1, 1, 1]));
    cases.extend([
        case("AffineGrid", vec![Real(&[1, 2, 3]), Integers(&[4], vec![1, 1, 8, 8])], vec![]),
        case("Attention", vec![Real(HEADS), Real(HEADS), Real(HEADS)], vec![]),
        case("BatchNormalization", vec![Real(SMALL_IMAGE), Weights(&[4]), Weights(&[4]), Weights(&[4]), Variances(&[4])], vec![]),
        case("BitShift", vec![byte(VECTOR), Byte(DataType::Uint8, 3)], vec![("direction", Text("RIGHT"))]),
        case("BitwiseNot", vec![byte(VECTOR)], vec![]),
        case("Cast", vec![Real(VECTOR)], vec![("to", Int(DataType::Int32 as i64))]),
        case("CenterCropPad", vec![Real(&[8, 8]), Integers(&[2], vec![6, 10])], vec![]),
        case("Clip", vec![Real(VECTOR), one(-0.5), one(0.5)], vec![]),
        case("Col2Im", vec![Real(&[1, 4, 16]), Integers(&[2], vec![5, 5]), Integers(&[2], vec![2, 2])], vec![]),
        case("Compress", vec![Real(&[8, 8]), Integers(&[8], vec![0, 1, 1, 0, 1, 0, 0, 1])], vec![("axis", Int(0))]),
        case("Concat", vec![Real(&[8, 8]), Real(&[8, 8])], vec![("axis", Int(1))]),
        case("Conv", vec![Real(IMAGE), Weights(&[8, 4, 3, 3]), Weights(&[8])], vec![pads()]),
        case("ConvInteger", vec![byte(&[1, 2, 8, 8]), Bytes(DataType::Int8, &[4, 2, 3, 3])], vec![pads()]),
        case("ConvTranspose", vec![Real(SMALL_IMAGE), Weights(&[4, 4, 2, 2])], vec![("strides", Ints(vec![2, 2]))]),
        case("CumProd", vec![Between(&[4, 8], 0.5, 1.5), Integers(&[], vec![1])], vec![]).opset(26),
        case("CumSum", vec![Real(ROWS), Integers(&[], vec![1])], vec![]),
        case("DeformConv", vec![Real(&[1, 2, 6, 6]), Weights(&[4, 2, 3, 3]), Weights(&[1, 18, 4, 4])], vec![]),
        case("DFT", vec![Real(&[1, 16, 1])], vec![]),
        case("DepthToSpace", vec![Real(&[1, 8, 4, 4])], vec![("blocksize", Int(2))]),
        case("DequantizeLinear", vec![byte(VECTOR), one(0.03), Byte(DataType::Uint8, 128)], vec![]),
        case("Det", vec![Real(&[4, 3, 3])], vec![]),
        case("Div", vec![Real(VECTOR), Positive(VECTOR)], vec![]),
        case("DynamicQuantizeLinear", vec![Real(VECTOR)], vec![]).outputs(3),
        case("Einsum", vec![Real(ROWS), Real(&[16, 4])], vec![("equation", Text("ij,jk->ki"))]),
        case("Expand", vec![Real(&[1, 8, 1]), Integers(&[3], vec![2, 8, 8])], vec![]),
        case("Gather", vec![Real(&[16, 8]), Integers(&[8], vec![3, 1, 4, 15, 9, 2, 6, 5])], vec![]),
        case("GatherElements", vec![Real(&[8, 8]), Integers(&[2, 8], vec![3, 1, 4, 1, 5, 0, 2, 6, 5, 3, 5, 7, 0, 7, 3, 2])], vec![]),
        case("GatherND", vec![Real(&[8, 8]), Integers(&[4, 1], vec![3, 1, 7, 0])], vec![]),
        case("Gemm", vec![Real(VECTOR), Weights(&[64, 64]), Weights(&[64])], vec![]),
        case("GridSample", vec![Real(&[1, 2, 8, 8]), Weights(&[1, 4, 4, 2])], vec![]),
        case("GroupNormalization", vec![Real(SMALL_IMAGE), Weights(&[4]), Weights(&[4])], vec![("num_groups", Int(2))]),
        case("InstanceNormalization", vec![Real(SMALL_IMAGE), Weights(&[4]), Weights(&[4])], vec![]),
        case("LRN", vec![Real(SMALL_IMAGE)], vec![("size", Int(3))]),
        case("LayerNormalization", vec![Real(ROWS), Weights(&[16]), Weights(&[16])], vec![]),
        case("MatMul", vec![Real(ROWS), Real(&[16, 4])], vec![]),
        case("MatMulInteger", vec![byte(ROWS), Bytes(DataType::Int8, &[16, 16]), Byte(DataType::Uint8, 128)], vec![]),
        case(
            "MaxUnpool",
            vec![Real(&[1, 1, 4, 4]), Integers(&[1, 1, 4, 4], vec![0, 3, 4, 7, 17, 18, 20, 31, 40, 35, 37, 38, 48, 59, 52, 63])],
            vec![("kernel_shape", Ints(vec![2, 2])), ("strides", Ints(vec![2, 2]))],
        ),
        case("MeanVarianceNormalization", vec![Real(SMALL_IMAGE)], vec![]),
        case("Mod", vec![Whole(DataType::Int32, VECTOR, -1000, 1000), Whole(DataType::Int32, VECTOR, 1, 100)], vec![]),
        case("Not", vec![truth()], vec![]),
        case("OneHot", vec![Whole(DataType::Int64, &[8], 0, 7), Integers(&[1], vec![8]), Floats(&[2], vec![0.0, 1.0])], vec![]),
        case("PRelu", vec![Real(VECTOR), Weights(&[64])], vec![]),
        case("Pad", vec![Real(&[8, 8]), Integers(&[4], vec![1, 1, 1, 1])], vec![]),
        case("Pow", vec![Positive(VECTOR), one(2.5)], vec![]),
        case(
            "QLinearConv",
            vec![
                byte(&[1, 2, 8, 8]),
                one(0.02),
                Byte(DataType::Uint8, 128),
                Bytes(DataType::Int8, &[4, 2, 3, 3]),
                one(0.01),
                Byte(DataType::Int8, 0),
                one(0.2),
                Byte(DataType::Uint8, 128),
            ],
            vec![pads()],
        ),
        case(
            "QLinearMatMul",
            vec![
                byte(ROWS),
                one(0.02),
                Byte(DataType::Uint8, 128),
                Bytes(DataType::Int8, &[16, 16]),
                one(0.01),
                Byte(DataType::Int8, 0),
                one(0.2),
                Byte(DataType::Uint8, 128),
            ],
            vec![],
        ),
        case("QuantizeLinear", vec![Real(VECTOR), one(0.03), Byte(DataType::Uint8, 128)], vec![]),
        case("RMSNormalization", vec![Real(ROWS), Weights(&[16])], vec![]),
        case("ReduceLogSum", vec![Positive(ROWS), Integers(&[1], vec![1])], vec![]),
        case("ReduceProd", vec![Real(&[16, 4]), Integers(&[1], vec![1])], vec![]),
        case("Resize", vec![Real(&[1, 1, 8, 8]), Absent, Floats(&[4], vec![1.0, 1.0, 2.0, 2.0])], vec![]),
        case("ReverseSequence", vec![Real(&[8, 8]), Integers(&[8], vec![1, 2, 3, 4, 5, 6, 7, 8])], vec![]),
        case(
            "RoiAlign",
            vec![Real(&[1, 2, 8, 8]), Floats(&[2, 4], vec![1.0, 1.0, 6.0, 6.0, 0.0, 2.0, 5.0, 8.0]), Integers(&[2], vec![0, 0])],
            vec![("output_height", Int(2)), ("output_width", Int(2)), ("sampling_ratio", Int(2))],
        ),
        case("Scatter", vec![Real(&[8, 8]), Integers(&[1, 8], vec![3, 1, 4, 1, 5, 0, 2, 6]), Real(&[1, 8])], vec![]).opset(10),
        case("ScatterElements", vec![Real(&[8, 8]), Integers(&[1, 8], vec![3, 1, 4, 1, 5, 0, 2, 6]), Real(&[1, 8])], vec![]),
        case("ScatterND", vec![Real(&[8, 8]), Integers(&[2, 1], vec![3, 1]), Real(&[2, 8])], vec![]),
        case("RotaryEmbedding", vec![Real(HEADS), Weights(&[1, 4, 4]), Weights(&[1, 4, 4])], vec![]),
        case("STFT", vec![Real(&[1, 64, 1]), Integers(&[], vec![16]), Absent, Integers(&[], vec![16])], vec![]),
        case("Slice", vec![Real(&[16, 8]), Integers(&[1], vec![1]), Integers(&[1], vec![7]), Integers(&[1], vec![1])], vec![]),
        case("SpaceToDepth", vec![Real(&[1, 2, 8, 8])], vec![("blocksize", Int(2))]),
        case("Split", vec![Real(&[8, 8]), Integers(&[2], vec![2, 6])], vec![("axis", Int(1))]).outputs(2),
        case("TensorScatter", vec![Real(&[1, 8, 8]), Real(&[1, 2, 8]), Integers(&[1], vec![3])], vec![]),
        case(
            "TfIdfVectorizer",
            vec![Whole(DataType::Int64, &[1, 16], 0, 7)],
            vec![
                ("max_gram_length", Int(2)),
                ("max_skip_count", Int(1)),
                ("min_gram_length", Int(1)),
                ("mode", Text("TF")),
                ("ngram_counts", Ints(vec![0, 3])),
                ("ngram_indexes", Ints(vec![0, 1, 2, 3])),
                ("pool_int64s", Ints(vec![1, 2, 3, 4, 5])),
            ],
        ),
        case("Tile", vec![Real(&[8, 8]), Integers(&[2], vec![2, 2])], vec![]),
        case("TopK", vec![Real(ROWS), Integers(&[1], vec![3])], vec![]).outputs(2),
        case("Transpose", vec![Real(&[8, 16])], vec![("perm", Ints(vec![1, 0]))]),
        case("Trilu", vec![Real(&[8, 8])], vec![]),
        case("Upsample", vec![Real(&[1, 1, 8, 8]), Floats(&[4], vec![1.0, 1.0, 2.0, 2.0])], vec![]).opset(9),
        case("Where", vec![truth(), Real(VECTOR), Real(VECTOR)], vec![]),
        case("ai.onnx.ml.ArrayFeatureExtractor", vec![Real(ROWS), Integers(&[4], vec![3, 1, 4, 15])], vec![]),
        case("ai.onnx.ml.Binarizer", vec![Real(ROWS)], vec![]),
        case("ai.onnx.ml.FeatureVectorizer", vec![Real(&[4, 8]), Real(&[4, 8])], vec![("inputdimensions", Ints(vec![8, 8]))]),
        case("ai.onnx.ml.Imputer", vec![Real(ROWS)], vec![("imputed_value_floats", FloatList(vec![1.0]))]),
        case("ai.onnx.ml.Normalizer", vec![Real(ROWS)], vec![("norm", Text("L2"))]),
        case(
            "ai.onnx.ml.Scaler",
            vec![Real(ROWS)],
            vec![("scale", FloatList(spread(16, 0.5, 1.5))), ("offset", FloatList(spread(16, -1.0, 1.0)))],
        ),
        case(
            "ai.onnx.ml.LinearRegressor",
            vec![Real(ROWS)],
            vec![("coefficients", FloatList(spread(16, -1.0, 1.0))), ("intercepts", FloatList(vec![0.5]))],
        ),
        case(
            "ai.onnx.ml.LinearClassifier",
            vec![Real(ROWS)],
            vec![
                ("coefficients", FloatList(spread(48, -1.0, 1.0))),
                ("intercepts", FloatList(vec![0.5, 0.0, -0.5])),
                ("classlabels_ints", Ints(vec![0, 1, 2])),
                ("post_transform", Text("SOFTMAX")),
            ],
        )
        .outputs(2),
    ]);

    cases.extend([
        case("com.microsoft.CDist", vec![Real(&[1, 16]), Weights(&[8, 16])], vec![("metric", Text("euclidean"))]),
        case(
            "ai.onnx.ml.LabelEncoder",
            vec![Whole(DataType::Int64, VECTOR, 0, 9)],
            vec![("keys_int64s", Ints(vec![1, 2, 3, 5])), ("values_int64s", Ints(vec![10, 30, 20, 50]))],
        ),
        case("ai.onnx.ml.OneHotEncoder", vec![Whole(DataType::Int64, VECTOR, 0, 9)], vec![("cats_int64s", Ints(vec![1, 2, 3, 5]))]),
    ]);

    // Eight support vectors of 16 features, and three classes.
    let machine = |operator, own: Vec<(&'static str, Attribute)>| {
        let shared = [
            ("kernel_type", Text("RBF")),
            ("kernel_params", FloatList(vec![0.05, 0.0, 3.0])),
            ("support_vectors", FloatList(spread(128, -1.0, 1.0))),
        ];
        case(operator, vec![Real(&[1, 16])], shared.into_iter().chain(own).collect())
    };
    cases.extend([
        machine(
            "ai.onnx.ml.SVMClassifier",
            vec![
                ("vectors_per_class", Ints(vec![3, 3, 2])),
                ("coefficients", FloatList(spread(16, -1.0, 1.0))),
                ("rho", FloatList(vec![0.1, 0.0, -0.1])),
                ("classlabels_ints", Ints(vec![0, 1, 2])),
            ],
        )
        .outputs(2),
        machine(
            "ai.onnx.ml.SVMRegressor",
            vec![("n_supports", Int(8)), ("coefficients", FloatList(spread(8, -1.0, 1.0))), ("rho", FloatList(vec![0.1]))],
        ),
    ]);

    // Eight trees of depth three: seven inner nodes and eight leaves each, in breadth-first order.
    const TREES: usize = 8;
    let inner = |value: &dyn Fn(usize, usize) -> i64| Ints((0..TREES).flat_map(|tree| (0..7).map(move |node| value(tree, node))).collect());
    let leaves =
        |value: &dyn Fn(usize, usize) -> i64| Ints((0..TREES).flat_map(|tree| (0..8).map(move |leaf| value(tree, leaf))).collect());
    let feature = |tree: usize, node: usize| (node * 5 + tree * 3) as i64 % 16;
    cases.push(case(
        "ai.onnx.ml.TreeEnsemble",
        vec![Real(&[1, 16])],
        vec![
            ("tree_roots", Ints((0..TREES as i64).map(|tree| tree * 7).collect())),
            ("nodes_featureids", inner(&feature)),
            ("nodes_modes", ByteTensor(vec![0; TREES * 7])),
            ("nodes_splits", FloatTensor(spread(TREES * 7, -1.0, 1.0))),
            ("nodes_truenodeids", inner(&|tree, node| if node < 3 { tree * 7 + 2 * node + 1 } else { tree * 8 + 2 * (node - 3) } as i64)),
            (
                "nodes_falsenodeids",
                inner(&|tree, node| if node < 3 { tree * 7 + 2 * node + 2 } else { tree * 8 + 2 * (node - 3) + 1 } as i64),
            ),
            ("nodes_trueleafs", inner(&|_, node| i64::from(node >= 3))),
            ("nodes_falseleafs", inner(&|_, node| i64::from(node >= 3))),
            ("leaf_targetids", leaves(&|_, _| 0)),
            ("leaf_weights", FloatTensor(spread(TREES * 8, -1.0, 1.0))),
        ],
    ));
    let all = |value: &dyn Fn(usize, usize) -> i64| Ints((0..TREES).flat_map(|tree| (0..15).map(move |node| value(tree, node))).collect());
    let nodes = |votes: [&'static str; 4], classes: usize| {
        vec![
            ("nodes_treeids", all(&|tree, _| tree as i64)),
            ("nodes_nodeids", all(&|_, node| node as i64)),
            ("nodes_featureids", all(&feature)),
            ("nodes_values", FloatList(spread(TREES * 15, -1.0, 1.0))),
            ("nodes_modes", Texts((0..TREES * 15).map(|node| if node % 15 < 7 { "BRANCH_LEQ" } else { "LEAF" }).collect())),
            ("nodes_truenodeids", all(&|_, node| if node < 7 { 2 * node as i64 + 1 } else { 0 })),
            ("nodes_falsenodeids", all(&|_, node| if node < 7 { 2 * node as i64 + 2 } else { 0 })),
            (votes[0], leaves(&|tree, _| tree as i64)),
            (votes[1], leaves(&|_, leaf| leaf as i64 + 7)),
            (votes[2], leaves(&|tree, leaf| ((tree + leaf) % classes) as i64)),
            (votes[3], FloatList(spread(TREES * 8, -1.0, 1.0))),
        ]
    };
    let mut regressor = nodes(["target_treeids", "target_nodeids", "target_ids", "target_weights"], 1);
    regressor.push(("n_targets", Int(1)));
    cases.push(case("ai.onnx.ml.TreeEnsembleRegressor", vec![Real(&[1, 16])], regressor));
    let mut classifier = nodes(["class_treeids", "class_nodeids", "class_ids", "class_weights"], 3);
    classifier.push(("classlabels_int64s", Ints(vec![0, 1, 2])));
    cases.push(case("ai.onnx.ml.TreeEnsembleClassifier", vec![Real(&[1, 16])], classifier).outputs(2));
    cases
}

/// Numbers between two bounds that look random and are always the same.
fn spread(count: usize, lo: f32, hi: f32) -> Vec<f32> {
    let mut random = Random::new(12);
    (0..count).map(|_| lo + (hi - lo) * (random.unit() as f32 + 1.0) / 2.0).collect()
}
