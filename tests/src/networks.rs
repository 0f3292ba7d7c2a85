//! Networks with seeded weights: one table drives transpiling, running and proving.

use maat_package::samples::Sample;

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
    Case { name: "convolution with strides, pads and dilations", onnx: strided_convolution, inputs: &[84] },
    Case { name: "grouped convolution", onnx: grouped_convolution, inputs: &[100] },
    Case { name: "depthwise and pointwise convolution", onnx: separable_convolution, inputs: &[75] },
    Case { name: "convolution over time", onnx: convolution_over_time, inputs: &[24] },
    Case { name: "transposed convolution", onnx: transposed_convolution, inputs: &[32] },
    Case { name: "pools", onnx: pools, inputs: &[72] },
    Case { name: "residual sum across layouts", onnx: residual, inputs: &[50] },
    Case { name: "channels weighted by what is computed", onnx: squeeze_and_excite, inputs: &[48] },
    Case { name: "softmax over two axes", onnx: softmax, inputs: &[15] },
    Case { name: "layer normalisation", onnx: layer_normalisation, inputs: &[24] },
    Case { name: "attention", onnx: attention, inputs: &[24] },
    Case { name: "lstm of three steps", onnx: || recurrent("LSTM", 4), inputs: &[12] },
    Case { name: "gru of three steps", onnx: || recurrent("GRU", 3), inputs: &[12] },
    Case { name: "concat, slice, pad, transpose and resize", onnx: rearranged, inputs: &[24] },
    Case { name: "where and compare", onnx: choices, inputs: &[10, 10] },
    Case { name: "activations", onnx: activations, inputs: &[12] },
    Case { name: "reductions", onnx: reductions, inputs: &[24] },
    Case { name: "top-k", onnx: top_k, inputs: &[21] },
    Case { name: "products and quotients of computed sides", onnx: quotients, inputs: &[8, 8] },
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

/// A convolution `y` of `x` with seeded weights and a bias.
pub fn convolution(seed: u64, x: &[usize], w: &[usize], attributes: &[(&str, Attribute)]) -> Onnx {
    let mut random = Random::new(seed);
    let terms = w[1..].iter().product::<usize>();
    Onnx::new()
        .input("x", x)
        .floats("w", w, &random.normal(w[0] * terms, (2.0 / terms as f64).sqrt()))
        .floats("b", &w[..1], &random.normal(w[0], 0.2))
        .node("conv", "Conv", &["x", "w", "b"], "y", attributes)
}

fn strided_convolution() -> Onnx {
    let attributes =
        [("strides", Attribute::Ints(vec![2, 1])), ("pads", Attribute::Ints(vec![1, 0, 2, 1])), ("dilations", Attribute::Ints(vec![1, 2]))];
    convolution(11, &[1, 2, 7, 6], &[3, 2, 3, 2], &attributes).output("y")
}

fn grouped_convolution() -> Onnx {
    let onnx = convolution(12, &[1, 4, 5, 5], &[6, 2, 3, 3], &[("group", Attribute::Int(2)), ("pads", Attribute::Ints(vec![1, 1, 1, 1]))]);
    onnx.node("relu", "Relu", &["y"], "z", &[]).output("z")
}

fn separable_convolution() -> Onnx {
    let depthwise = [("group", Attribute::Int(3)), ("auto_pad", Attribute::Text("SAME_UPPER"))];
    let mut random = Random::new(13);
    convolution(14, &[1, 3, 5, 5], &[3, 1, 3, 3], &depthwise)
        .floats("v", &[4, 3, 1, 1], &random.normal(12, 1.0))
        .node("pointwise", "Conv", &["y", "v"], "z", &[])
        .output("z")
}

fn convolution_over_time() -> Onnx {
    convolution(15, &[1, 3, 8], &[4, 3, 3], &[("dilations", Attribute::Ints(vec![2]))]).output("y")
}

fn transposed_convolution() -> Onnx {
    let mut random = Random::new(16);
    let attributes = [
        ("strides", Attribute::Ints(vec![2, 2])),
        ("pads", Attribute::Ints(vec![1, 1, 1, 1])),
        ("output_padding", Attribute::Ints(vec![1, 1])),
    ];
    Onnx::new()
        .input("x", &[1, 2, 4, 4])
        .floats("w", &[2, 3, 3, 3], &random.normal(54, 0.5))
        .floats("b", &[3], &random.normal(3, 0.5))
        .node("conv", "ConvTranspose", &["x", "w", "b"], "y", &attributes)
        .output("y")
}

fn pools() -> Onnx {
    let ceil = [("kernel_shape", Attribute::Ints(vec![3, 3])), ("strides", Attribute::Ints(vec![2, 2])), ("ceil_mode", Attribute::Int(1))];
    let padded = [("kernel_shape", Attribute::Ints(vec![3, 3])), ("pads", Attribute::Ints(vec![1, 1, 1, 1]))];
    Onnx::new()
        .input("x", &[1, 2, 6, 6])
        .node("max", "MaxPool", &["x"], "a", &ceil)
        .node("average", "AveragePool", &["x"], "b", &padded)
        .node("global", "GlobalAveragePool", &["b"], "c", &[])
        .output("a")
        .output("b")
        .output("c")
}

fn residual() -> Onnx {
    let mut random = Random::new(17);
    let pads = || [("pads", Attribute::Ints(vec![1, 1, 1, 1]))];
    convolution(18, &[1, 2, 5, 5], &[2, 2, 3, 3], &pads())
        .floats("v", &[2, 2, 3, 3], &random.normal(36, 0.3))
        .floats("dense", &[50, 3], &random.normal(150, 0.2))
        .node("relu", "Relu", &["y"], "a", &[])
        .node("second", "Conv", &["a", "v"], "c", &pads())
        .node("sum", "Add", &["x", "c"], "d", &[])
        .node("flatten", "Flatten", &["d"], "e", &[])
        .node("matmul", "MatMul", &["e", "dense"], "z", &[])
        .output("d")
        .output("z")
}

fn squeeze_and_excite() -> Onnx {
    let mut random = Random::new(19);
    Onnx::new()
        .input("x", &[1, 3, 4, 4])
        .floats("w", &[3, 3, 1, 1], &random.normal(9, 2.0))
        .node("squeeze", "GlobalAveragePool", &["x"], "a", &[])
        .node("mix", "Conv", &["a", "w"], "b", &[])
        .node("gate", "Sigmoid", &["b"], "c", &[])
        .node("excite", "Mul", &["x", "c"], "y", &[])
        .output("y")
}

fn softmax() -> Onnx {
    Onnx::new()
        .input("x", &[3, 5])
        .node("last", "Softmax", &["x"], "a", &[])
        .node("first", "Softmax", &["x"], "b", &[("axis", Attribute::Int(0))])
        .output("a")
        .output("b")
}

fn layer_normalisation() -> Onnx {
    let mut random = Random::new(20);
    Onnx::new()
        .opset(17)
        .input("x", &[1, 3, 8])
        .floats("scale", &[8], &random.normal(8, 1.0))
        .floats("bias", &[8], &random.normal(8, 1.0))
        .node("normalise", "LayerNormalization", &["x", "scale", "bias"], "y", &[("epsilon", Attribute::Float(0.1))])
        .output("y")
}

fn attention() -> Onnx {
    let mut random = Random::new(21);
    let mut onnx = Onnx::new().input("x", &[1, 4, 6]).floats("root", &[], &[6f32.sqrt()]);
    for (weights, product) in [("wq", "q"), ("wk", "k"), ("wv", "v")] {
        onnx = onnx.floats(weights, &[6, 6], &random.normal(36, 0.4)).node(product, "MatMul", &["x", weights], product, &[]);
    }
    onnx.node("transpose", "Transpose", &["k"], "kt", &[("perm", Attribute::Ints(vec![0, 2, 1]))])
        .node("scores", "MatMul", &["q", "kt"], "scores", &[])
        .node("scale", "Div", &["scores", "root"], "scaled", &[])
        .node("shares", "Softmax", &["scaled"], "shares", &[("axis", Attribute::Int(-1))])
        .node("mix", "MatMul", &["shares", "v"], "y", &[])
        .output("y")
}

/// Three steps of a recurrent network with three cells of so many gates.
fn recurrent(operator: &str, gates: usize) -> Onnx {
    let mut random = Random::new(22);
    Onnx::new()
        .input("x", &[3, 1, 4])
        .floats("w", &[1, 3 * gates, 4], &random.normal(12 * gates, 0.5))
        .floats("r", &[1, 3 * gates, 3], &random.normal(9 * gates, 0.5))
        .floats("b", &[1, 6 * gates], &random.normal(6 * gates, 0.5))
        .node("recurrent", operator, &["x", "w", "r", "b"], "y", &[("hidden_size", Attribute::Int(3))])
        .output("y")
}

fn rearranged() -> Onnx {
    let nearest = [
        ("mode", Attribute::Text("nearest")),
        ("coordinate_transformation_mode", Attribute::Text("asymmetric")),
        ("nearest_mode", Attribute::Text("floor")),
    ];
    Onnx::new()
        .input("x", &[1, 2, 3, 4])
        .integers("starts", &[2], &[2, 3])
        .integers("ends", &[2], &[-9, 1])
        .integers("axes", &[2], &[2, 3])
        .integers("steps", &[2], &[-1, -1])
        .integers("pads", &[8], &[0, 0, 1, 0, 0, 0, 0, 2])
        .floats("fill", &[], &[0.5])
        .floats("scales", &[4], &[1.0, 1.0, 2.0, 2.0])
        .node("slice", "Slice", &["x", "starts", "ends", "axes", "steps"], "a", &[])
        .node("pad", "Pad", &["a", "pads", "fill"], "b", &[])
        .node("transpose", "Transpose", &["b"], "c", &[("perm", Attribute::Ints(vec![0, 3, 2, 1]))])
        .node("back", "Transpose", &["c"], "d", &[("perm", Attribute::Ints(vec![0, 3, 2, 1]))])
        .node("concat", "Concat", &["b", "d"], "e", &[("axis", Attribute::Int(1))])
        .node("resize", "Resize", &["e", "", "scales"], "y", &nearest)
        .output("c")
        .output("y")
}

fn choices() -> Onnx {
    Onnx::new()
        .input("x", &[1, 10])
        .input("z", &[1, 10])
        .floats("zero", &[], &[0.0])
        .floats("slope", &[10], &Random::new(23).normal(10, 0.3))
        .node("compare", "Greater", &["x", "z"], "more", &[])
        .node("greater", "Where", &["more", "x", "z"], "a", &[])
        .node("positive", "Less", &["zero", "x"], "above", &[])
        .node("sloped", "Mul", &["x", "slope"], "less", &[])
        .node("prelu", "Where", &["above", "x", "less"], "b", &[])
        .output("a")
        .output("b")
}

fn activations() -> Onnx {
    const OPERATORS: &[&str] = &["Sigmoid", "Tanh", "Elu", "Softplus", "HardSwish", "LeakyRelu", "Erf", "Selu", "Abs", "Exp"];
    let onnx = Onnx::new().opset(14).input("x", &[1, 12]);
    let onnx = OPERATORS.iter().fold(onnx, |onnx, operator| onnx.node(operator, operator, &["x"], operator, &[]));
    onnx.node("concat", "Concat", OPERATORS, "y", &[("axis", Attribute::Int(1))]).output("y")
}

fn reductions() -> Onnx {
    let over = |axes| [("axes", Attribute::Ints(axes)), ("keepdims", Attribute::Int(0))];
    Onnx::new()
        .opset(11)
        .input("x", &[2, 3, 4])
        .node("mean", "ReduceMean", &["x"], "a", &over(vec![1]))
        .node("max", "ReduceMax", &["x"], "b", &over(vec![0, 2]))
        .node("sum", "ReduceSum", &["x"], "c", &over(vec![-1]))
        .node("squares", "ReduceSumSquare", &["x"], "d", &over(vec![0]))
        .output("a")
        .output("b")
        .output("c")
        .output("d")
}

fn top_k() -> Onnx {
    Onnx::new()
        .input("x", &[3, 7])
        .integers("k", &[1], &[3])
        .node("top", "TopK", &["x", "k"], "values", &[])
        .further_outputs(&["places"])
        .output("values")
}

fn quotients() -> Onnx {
    Onnx::new()
        .input("x", &[1, 8])
        .input("z", &[1, 8])
        .floats("half", &[], &[0.5])
        .node("gate", "Sigmoid", &["z"], "a", &[])
        .node("above zero", "Add", &["a", "half"], "b", &[])
        .node("quotient", "Div", &["x", "b"], "y", &[])
        .node("product", "Mul", &["x", "z"], "p", &[])
        .output("y")
        .output("p")
}
