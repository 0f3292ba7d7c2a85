//! Networks with seeded weights: one table drives transpiling, running and proving.

use maat_transpiler::samples::Sample;

use crate::onnx::{Attribute, Onnx};

/// A small, fast generator with good enough statistics for weights (SplitMix64, Steele et al. 2014).
pub struct Random(u64);

impl Random {
    /// The generator for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    /// A real number in [-1, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// An integer of the interval.
    pub fn within(&mut self, range: maat_runtime::Interval) -> i32 {
        let span = (range.hi - range.lo + 1) as u64;
        (range.lo + (self.bits() % span) as i64) as i32
    }

    /// Roughly normal numbers with a standard deviation of about `spread`: sums of uniform ones.
    pub fn normal(&mut self, count: usize, spread: f64) -> Vec<f32> {
        (0..count).map(|_| ((0..6).map(|_| self.unit()).sum::<f64>() / 2f64.sqrt() * spread) as f32).collect()
    }

    /// Samples for inputs with the given shapes.
    pub fn samples(&mut self, count: usize, shapes: &[usize], spread: f64) -> Vec<Sample> {
        let mut sample = |_| shapes.iter().map(|length| self.normal(*length, spread).into_iter().map(f64::from).collect()).collect();
        (0..count).map(&mut sample).collect()
    }
}

/// A dense network with ReLU between the layers, named `widths[0]-widths[1]-..`: input `x`, output `y`.
pub fn dense(widths: &[usize], seed: u64) -> Onnx {
    let mut random = Random::new(seed);
    let mut onnx = Onnx::new().input("x", &[1, widths[0]]);
    let mut value = "x".to_owned();
    for (layer, pair) in widths.windows(2).enumerate() {
        let (n, m) = (pair[0], pair[1]);
        let last = layer + 2 == widths.len();
        let (w, b, dense, relu) = (format!("w{layer}"), format!("b{layer}"), format!("dense{layer}"), format!("relu{layer}"));
        let output = if last { "y".to_owned() } else { dense.clone() };
        onnx = onnx.floats(&w, &[m, n], &random.normal(m * n, (2.0 / n as f64).sqrt())).floats(&b, &[m], &random.normal(m, 0.1)).node(
            &dense,
            "Gemm",
            &[&value, &w, &b],
            &output,
            &[("transB", Attribute::Int(1))],
        );
        value = output;
        if !last {
            onnx = onnx.node(&relu, "Relu", &[&value], &format!("{relu}_out"), &[]);
            value = format!("{relu}_out");
        }
    }
    onnx.output("y")
}

/// A row of the table.
pub struct Case {
    /// What is special about it.
    pub name: &'static str,
    /// The network.
    pub onnx: fn() -> Onnx,
    /// Lengths of the inputs.
    pub inputs: &'static [usize],
}

/// Every supported operator, in the ways in which it can be used.
pub const CASES: &[Case] = &[
    Case { name: "gemm with relu", onnx: || dense(&[6, 9, 3], 1), inputs: &[6] },
    Case { name: "gemm with alpha, beta and scalar bias", onnx: scaled_gemm, inputs: &[4] },
    Case { name: "matmul with add and sub on both sides", onnx: matmul_add_sub, inputs: &[5] },
    Case { name: "matmul over positions", onnx: positions, inputs: &[12] },
    Case { name: "batch normalisation before, behind and alone", onnx: batch_normalisation, inputs: &[4] },
    Case { name: "clip as relu6 and by attributes", onnx: clips, inputs: &[7] },
    Case { name: "reshape, flatten and identity", onnx: moves, inputs: &[12] },
    Case { name: "argmax over the last axis", onnx: || arg_max(1, 0), inputs: &[12] },
    Case { name: "argmax over an inner axis", onnx: || arg_max(0, 1), inputs: &[12] },
    Case { name: "two inputs and three outputs", onnx: two_inputs, inputs: &[3, 2] },
    Case { name: "constant nodes and a dead channel", onnx: dead_channel, inputs: &[3] },
    Case { name: "elementwise only", onnx: elementwise, inputs: &[40] },
];

fn scaled_gemm() -> Onnx {
    let mut random = Random::new(2);
    let attributes = [("alpha", Attribute::Float(0.5)), ("beta", Attribute::Float(-2.0))];
    Onnx::new()
        .input("x", &[1, 4])
        .floats("w", &[4, 3], &random.normal(12, 1.0))
        .floats("b", &[1, 1], &[0.75])
        .node("gemm", "Gemm", &["x", "w", "b"], "y", &attributes)
        .output("y")
}

fn matmul_add_sub() -> Onnx {
    let mut random = Random::new(3);
    Onnx::new()
        .input("x", &[1, 5])
        .floats("shift", &[5], &random.normal(5, 1.0))
        .floats("w", &[5, 4], &random.normal(20, 1.0))
        .floats("b", &[1, 4], &random.normal(4, 1.0))
        .floats("one", &[], &[1.0])
        .node("before", "Sub", &["x", "shift"], "centred", &[])
        .node("matmul", "MatMul", &["centred", "w"], "product", &[])
        .node("bias", "Add", &["b", "product"], "sum", &[])
        .node("flip", "Sub", &["one", "sum"], "y", &[])
        .output("y")
}

fn positions() -> Onnx {
    let mut random = Random::new(4);
    Onnx::new()
        .input("x", &[1, 4, 3])
        .floats("w", &[3, 5], &random.normal(15, 1.0))
        .floats("b", &[4, 1], &random.normal(4, 1.0))
        .node("matmul", "MatMul", &["x", "w"], "product", &[])
        .node("per position", "Add", &["product", "b"], "y", &[])
        .output("y")
}

fn batch_normalisation() -> Onnx {
    let mut random = Random::new(5);
    let mut onnx = Onnx::new().input("x", &[1, 4]).floats("w", &[4, 4], &random.normal(16, 1.0));
    for name in ["first", "second", "third"] {
        for (parameter, spread) in [("scale", 1.0), ("bias", 1.0), ("mean", 1.0)] {
            onnx = onnx.floats(&format!("{name}_{parameter}"), &[4], &random.normal(4, spread));
        }
        let variance: Vec<f32> = random.normal(4, 1.0).iter().map(|value| value * value + 0.1).collect();
        onnx = onnx.floats(&format!("{name}_variance"), &[4], &variance);
    }
    let normalise = |onnx: Onnx, name: &str, input: &str, output: &str| {
        let parameters = ["scale", "bias", "mean", "variance"].map(|parameter| format!("{name}_{parameter}"));
        let inputs: Vec<&str> = std::iter::once(input).chain(parameters.iter().map(String::as_str)).collect();
        onnx.node(name, "BatchNormalization", &inputs, output, &[("epsilon", Attribute::Float(1e-3))])
    };
    onnx = normalise(onnx, "first", "x", "a");
    onnx = onnx.node("matmul", "MatMul", &["a", "w"], "b", &[]);
    onnx = normalise(onnx, "second", "b", "c");
    onnx = onnx.node("relu", "Relu", &["c"], "d", &[]);
    normalise(onnx, "third", "d", "y").output("y")
}

fn clips() -> Onnx {
    let mut random = Random::new(6);
    Onnx::new()
        .opset(10)
        .input("x", &[1, 7])
        .floats("w", &[7, 6], &random.normal(42, 2.0))
        .node("matmul", "MatMul", &["x", "w"], "a", &[])
        .node("relu6", "Clip", &["a"], "b", &[("min", Attribute::Float(0.0)), ("max", Attribute::Float(6.0))])
        .node("lower", "Clip", &["x"], "c", &[("min", Attribute::Float(-0.5))])
        .output("b")
        .output("c")
}

fn moves() -> Onnx {
    let mut random = Random::new(7);
    Onnx::new()
        .input("x", &[1, 3, 4])
        .integers("to", &[2], &[1, -1])
        .floats("w", &[12, 2], &random.normal(24, 1.0))
        .node("flatten", "Flatten", &["x"], "flat", &[])
        .node("identity", "Identity", &["flat"], "same", &[])
        .node("matmul", "MatMul", &["same", "w"], "y", &[])
        .node("reshape", "Reshape", &["x", "to"], "row", &[])
        .output("y")
        .output("row")
}

fn arg_max(axis: i64, keep: i64) -> Onnx {
    Onnx::new()
        .input("x", &[3, 4])
        .node("arg", "ArgMax", &["x"], "y", &[("axis", Attribute::Int(axis)), ("keepdims", Attribute::Int(keep))])
        .output("y")
}

fn two_inputs() -> Onnx {
    let mut random = Random::new(8);
    Onnx::new()
        .input("a", &[1, 3])
        .input("b", &[1, 2])
        .floats("v", &[3, 2], &random.normal(6, 1.0))
        .floats("w", &[2, 3], &random.normal(6, 1.0))
        .node("left", "MatMul", &["a", "v"], "p", &[])
        .node("right", "MatMul", &["b", "w"], "q", &[])
        .node("class", "ArgMax", &["q"], "r", &[("axis", Attribute::Int(-1))])
        .output("p")
        .output("r")
        .output("q")
}

fn dead_channel() -> Onnx {
    let mut random = Random::new(9);
    let mut weights = random.normal(9, 1.0);
    weights[3..6].fill(0.0);
    // An input that no channel uses.
    for row in weights.chunks_mut(3) {
        row[1] = 0.0;
    }
    Onnx::new()
        .input("x", &[1, 3])
        .floats("w", &[3, 3], &weights)
        .floats("b", &[3], &[0.5, -1.25, 2.0])
        .node("gemm", "Gemm", &["x", "w", "b"], "y", &[("transB", Attribute::Int(1))])
        .output("y")
}

fn elementwise() -> Onnx {
    let mut random = Random::new(10);
    Onnx::new()
        .input("x", &[1, 40])
        .floats("b", &[40], &random.normal(40, 1.0))
        .node("relu", "Relu", &["x"], "a", &[])
        .node("add", "Add", &["a", "b"], "y", &[])
        .output("y")
}
