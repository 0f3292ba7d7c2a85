//! Networks with random weights: a proof's cost does not depend on them.

use maat_prover::TraceProgram;
use maat_runtime::primitives::{Affine, Max, Move};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, TensorId};
use maat_verifier::layout::Layout;

/// A network under construction, with a sequence of numbers that is the same every time.
struct Network {
    builder: ModelBuilder,
    state: u64,
}

impl Network {
    fn new() -> Self {
        Self { builder: ModelBuilder::new("network"), state: 1 }
    }

    fn input(&mut self, dims: &[usize]) -> TensorId {
        self.builder.input("x", shape(dims), 0, Interval::of_bits(16)).expect("the network has one input")
    }

    fn weight(&mut self) -> i16 {
        // Knuth's generator.
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 48) as i16 >> 4
    }

    /// A dense layer over the last axis; rounded to about 16 bits, cut off at 0 unless it is the last layer.
    fn dense(&mut self, x: TensorId, inputs: usize, outputs: usize, last: bool) -> TensorId {
        let weights = (0..inputs * outputs).map(|_| self.weight()).collect();
        let (lo, hi) = if last { (-(1 << 21), (1 << 21) - 1) } else { (0, i16::MAX.into()) };
        let shift = 11 + inputs.ilog2() as i8 / 2 - if last { 6 } else { 0 };
        let requantise = Requantise { shift: vec![shift], lo, hi };
        let affine = Affine { groups: 1, inputs: inputs as u32, weights, bias: vec![1000; outputs], requantise };
        self.node(Primitive::Affine(affine), &[x])
    }

    /// Windows of a `[height, width, channels]` tensor, as a matrix with one window a row; padding reads the constant 0.
    fn windows(
        &mut self,
        x: TensorId,
        [height, width, channels]: [usize; 3],
        size: usize,
        stride: usize,
        pad: usize,
    ) -> (TensorId, [usize; 2]) {
        let out = [height, width].map(|length| (length + 2 * pad - size) / stride + 1);
        let mut indices = Vec::new();
        for (row, column) in (0..out[0]).flat_map(|row| (0..out[1]).map(move |column| (row, column))) {
            for (i, j, channel) in (0..size).flat_map(|i| (0..size).flat_map(move |j| (0..channels).map(move |channel| (i, j, channel)))) {
                let (y, x) = ((row * stride + i).wrapping_sub(pad), (column * stride + j).wrapping_sub(pad));
                let inside = y < height && x < width;
                indices.push(if inside { (y * width + x) * channels + channel } else { height * width * channels } as u32);
            }
        }
        let gather = Move { shape: shape(&[out[0] * out[1], size * size * channels]), indices, constants: vec![0] };
        (self.node(Primitive::Move(gather), &[x]), out)
    }

    fn convolution(&mut self, x: TensorId, from: [usize; 3], channels: usize, size: usize, pad: usize) -> (TensorId, [usize; 3]) {
        let (windows, [height, width]) = self.windows(x, from, size, 1, pad);
        (self.dense(windows, size * size * from[2], channels, false), [height, width, channels])
    }

    fn max_pool(&mut self, x: TensorId, from: [usize; 3]) -> (TensorId, [usize; 3]) {
        let (windows, [height, width]) = self.windows(x, from, 2, 2, 0);
        let channels = from[2];
        let blocks = Primitive::Move(Move::reshape(shape(&[height * width, 4, channels])));
        let blocks = self.node(blocks, &[windows]);
        (self.node(Primitive::Max(Max { axis: 1, keep_axis: false }), &[blocks]), [height, width, channels])
    }

    fn flat(&mut self, x: TensorId, elements: usize) -> TensorId {
        self.node(Primitive::Move(Move::reshape(shape(&[1, elements]))), &[x])
    }

    fn node(&mut self, primitive: Primitive, inputs: &[TensorId]) -> TensorId {
        self.builder.node("node", primitive, inputs, 0).expect("the network is well formed")
    }

    fn finish(self, y: TensorId) -> Model {
        self.builder.finish(&[("y", y)]).expect("the network is well formed")
    }

    fn perceptron(widths: &[usize]) -> Model {
        let mut network = Self::new();
        let mut x = network.input(&[1, widths[0]]);
        for (layer, pair) in widths.windows(2).enumerate() {
            x = network.dense(x, pair[0], pair[1], layer + 2 == widths.len());
        }
        network.finish(x)
    }
}

fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).expect("the shapes are small")
}

/// RockyBot: 36-128-64-12.
pub fn rockybot() -> Model {
    Network::perceptron(&[36, 128, 64, 12])
}

/// 784-128-64-10.
pub fn mlp() -> Model {
    Network::perceptron(&[784, 128, 64, 10])
}

/// 1024-1536-1536-10: four million weights.
pub fn large() -> Model {
    Network::perceptron(&[1024, 1536, 1536, 10])
}

/// LeNet-5 on 28x28: 6 and 16 channels of 5x5, the first padded, each followed by pooling; dense layers of 120, 84 and 10.
pub fn lenet() -> Model {
    let mut network = Network::new();
    let x = network.input(&[28, 28, 1]);
    let (x, size) = network.convolution(x, [28, 28, 1], 6, 5, 2);
    let (x, size) = network.max_pool(x, size);
    let (x, size) = network.convolution(x, size, 16, 5, 0);
    let (x, _) = network.max_pool(x, size);
    let x = network.flat(x, 400);
    let x = network.dense(x, 400, 120, false);
    let x = network.dense(x, 120, 84, false);
    let x = network.dense(x, 84, 10, true);
    network.finish(x)
}

/// 28x28: 32 channels of 3x3, pooling, 64 of 3x3, pooling, dense layers of 128 and 10.
pub fn cnn() -> Model {
    let mut network = Network::new();
    let x = network.input(&[28, 28, 1]);
    let (x, size) = network.convolution(x, [28, 28, 1], 32, 3, 1);
    let (x, size) = network.max_pool(x, size);
    let (x, size) = network.convolution(x, size, 64, 3, 1);
    let (x, _) = network.max_pool(x, size);
    let x = network.flat(x, 3136);
    let x = network.dense(x, 3136, 128, false);
    let x = network.dense(x, 128, 10, true);
    network.finish(x)
}

/// Inputs for a batch.
pub fn inputs(model: &Model, batch: u32) -> Vec<Vec<Vec<i32>>> {
    let value = |inference: usize, position: usize| ((inference * 7919 + position * 104729) % 65536) as i32 - 32768;
    (0..batch as usize)
        .map(|inference| {
            model.inputs().iter().map(|input| (0..input.shape.elements()).map(|position| value(inference, position)).collect()).collect()
        })
        .collect()
}

/// Rows of a model's trace.
pub fn rows(model: &Model, batch: u32, layout: &'static Layout) -> usize {
    TraceProgram::new(model, batch as usize, layout).expect("the networks are provable").rows
}
