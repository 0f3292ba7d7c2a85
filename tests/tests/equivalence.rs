//! Property: runtime and Cairo VM agree bit for bit on random models, with any widths, shifts, bounds and inputs.

use maat_cairo::Compiler;
use maat_runtime::primitives::{Affine, ArgMax, Divide, Max, Move, Product, Select, Sum, Table};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, TensorId};
use maat_tests::networks::Random;
use maat_transpiler::codegen::{self, Draft};
use proptest::prelude::*;

use crate::common;

const CASES: u32 = if cfg!(feature = "slow") { 400 } else { 24 };

/// A model with a few random nodes. Any model that the builder accepts will do; unproven ones are tried again with fewer bits.
fn model(seed: u64) -> Model {
    let mut random = Random::new(seed);
    loop {
        if let Some(model) = try_model(&mut random) {
            return model;
        }
    }
}

fn requantise(random: &mut Random, channels: usize, bits: u32) -> Requantise {
    let count = if random.below(3) == 0 { 1 } else { channels };
    let base = random.below(24) as i8 - 2;
    let shift = (0..count).map(|_| base + random.below(6) as i8 - 2).collect();
    let range = Interval::of_bits(bits);
    let (mut lo, hi) = (range.lo as i32, range.hi as i32);
    if random.below(2) == 0 {
        lo = 0;
    }
    let (mut lo, mut hi) = if random.below(4) == 0 { (random.within(range), random.within(range)) } else { (lo, hi) };
    if lo > hi {
        (lo, hi) = (hi, lo);
    }
    Requantise { shift, lo, hi }
}

/// A tensor of a model that is being built.
struct Growing {
    builder: ModelBuilder,
    count: usize,
}

impl Growing {
    fn shape(&self, id: TensorId) -> Vec<usize> {
        self.builder.tensor(id).shape.dims().to_vec()
    }

    fn elements(&self, id: TensorId) -> usize {
        self.builder.tensor(id).shape.elements()
    }

    fn add(&mut self, primitive: Primitive, inputs: &[TensorId]) -> Option<TensorId> {
        self.count += 1;
        self.builder.node(&format!("node {}", self.count), primitive, inputs, 0).ok()
    }

    /// An input or constant of another shape under the wanted one: elements repeated or left out.
    fn reshaped(&mut self, id: TensorId, dims: &[usize], random: &mut Random) -> Option<TensorId> {
        let (from, to) = (self.elements(id), dims.iter().product::<usize>());
        let start = random.below(from);
        let indices = (0..to).map(|index| ((start + index) % from) as u32).collect();
        self.add(Primitive::Move(Move { shape: Shape::new(dims).ok()?, indices, constants: vec![] }), &[id])
    }

    /// The tensor brought to a range of so many bits by a sum that saturates.
    fn narrowed(&mut self, id: TensorId, lo: i32, hi: i32) -> Option<TensorId> {
        let requantise = Requantise { shift: vec![0], lo, hi };
        self.add(Primitive::Sum(Sum { coefficients: vec![vec![1]], bias: vec![0], inner: 1, requantise }), &[id])
    }
}

fn try_model(random: &mut Random) -> Option<Model> {
    let mut builder = ModelBuilder::new("random");
    let bits = 4 + random.below(13) as u32;
    let (channels, height, width) = (1 + random.below(3), 1 + random.below(6), 1 + random.below(6));
    let shape = Shape::new(&[height, width, channels]).ok()?;
    let mut values = vec![builder.input("x", shape, 3, Interval::of_bits(bits)).ok()?];
    if random.below(2) == 0 {
        values.push(builder.input("z", Shape::new(&[1 + random.below(30)]).ok()?, 3, Interval::of_bits(8)).ok()?);
    }
    let mut growing = Growing { builder, count: 0 };
    let mut kept: Vec<TensorId> = Vec::new();
    for _ in 0..2 + random.below(5) {
        let x = values[random.below(values.len())];
        let value = node(&mut growing, x, &values, random)?;
        if growing.elements(value) > 3_000 {
            return None;
        }
        if random.below(3) == 0 {
            kept.push(value);
        }
        values.push(value);
    }
    let value = *values.last()?;
    let axis = random.below(growing.shape(value).len().max(1)) as u32;
    let class = growing.add(Primitive::ArgMax(ArgMax { axis, keep_axis: true }), &[value])?;
    let mut outputs = vec![("value".to_owned(), value), ("class".to_owned(), class)];
    outputs.extend(kept.iter().enumerate().map(|(index, id)| (format!("kept{index}"), *id)));
    let outputs: Vec<(&str, TensorId)> = outputs.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    growing.builder.finish(&outputs).ok()
}

/// A random node on a tensor; where it takes several, the others are of `values`.
fn node(growing: &mut Growing, x: TensorId, values: &[TensorId], random: &mut Random) -> Option<TensorId> {
    let dims = growing.shape(x);
    let (elements, n) = (growing.elements(x), dims.last().copied().unwrap_or(1));
    let bits = 4 + random.below(13) as u32;
    let weight = Interval::new(-((1 << (bits - 1)) - 1), (1 << (bits - 1)) - 1);
    let other = values[random.below(values.len())];
    match random.below(16) {
        0 | 1 => {
            let groups = divisor(n, random);
            let m = groups * (1 + random.below(24 / groups + 1));
            affine(growing, x, groups, m, random)
        }
        2 | 3 => {
            let inner = divisor(elements, random);
            let m = [1, divisor(elements / inner, random), elements / inner][random.below(3)];
            let operands = if random.below(3) == 0 { vec![x, growing.reshaped(other, &dims, random)?] } else { vec![x] };
            let coefficients = operands.iter().map(|_| (0..m).map(|_| random.within(weight)).collect()).collect();
            let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(20)))).collect();
            let requantise = requantise(random, m, bits);
            growing.add(Primitive::Sum(Sum { coefficients, bias, inner: inner as u32, requantise }), &operands)
        }
        4 => growing.add(Primitive::Move(Move::reshape(Shape::new(&[elements]).ok()?)), &[x]),
        5 => {
            // Anything from anywhere.
            let sources = [x, other];
            let total = elements + growing.elements(other);
            let length = 1 + random.below(80);
            let constants: Vec<i32> = (0..random.below(3)).map(|_| random.within(Interval::of_bits(8))).collect();
            let indices = (0..length).map(|_| random.below(total + constants.len()) as u32).collect();
            growing.add(Primitive::Move(Move { shape: Shape::new(&[length]).ok()?, indices, constants }), &sources)
        }
        6 => transposed(growing, x, random),
        7 | 8 if dims.len() == 3 => image(growing, x, random),
        9 => {
            let (rows, columns, inner) = (1 + random.below(9), [1, 1 + random.below(20)][random.below(2)], 1 + random.below(12));
            let batches = 1 + random.below(3);
            let a = growing.narrowed(x, -300, 200)?;
            let a = growing.reshaped(a, &[batches * rows * inner], random)?;
            let b = growing.reshaped(other, &[batches, columns, inner], random)?;
            let requantise = Requantise { shift: vec![random.below(12) as i8 - 1], ..requantise(random, 1, bits) };
            let shape = Shape::new(&[batches, rows, columns]).ok()?;
            let [rows, columns, inner] = [rows, columns, inner].map(|length| length as u32);
            growing.add(Primitive::Product(Product { rows, columns, inner, shape, requantise }), &[a, b])
        }
        10 => {
            let b = growing.reshaped(other, &dims, random)?;
            let requantise = Requantise { shift: vec![random.below(16) as i8], ..requantise(random, 1, bits) };
            let shape = Shape::new(&dims).ok()?;
            growing.add(Primitive::Product(Product { rows: 1, columns: 1, inner: 1, shape, requantise }), &[x, b])
        }
        11 => {
            let fraction = random.below(12) as u8;
            let count = 2 + random.below(40);
            let knots = (0..count).map(|_| random.within(Interval::of_bits(bits))).collect();
            let reach = (count as i32) << fraction;
            let lo = random.within(Interval::new(-i64::from(reach), i64::from(reach)));
            let x = if random.below(2) == 0 { growing.narrowed(x, lo, lo + reach - (2 << fraction))? } else { x };
            growing.add(Primitive::Table(Table { lo, fraction, knots }), &[x])
        }
        12 => {
            let den = growing.reshaped(other, &dims, random)?;
            let den = growing.narrowed(den, 1 + random.below(3) as i32, 5 + random.below(40_000) as i32)?;
            let Requantise { lo, hi, .. } = requantise(random, 1, bits);
            growing.add(Primitive::Divide(Divide { shift: random.below(20) as u8, lo, hi }), &[x, den])
        }
        13 => {
            let axis = random.below(dims.len().max(1)) as u32;
            growing.add(Primitive::Max(Max { axis, keep_axis: random.below(2) == 0 }), &[x])
        }
        14 => {
            let axis = random.below(dims.len().max(1)) as u32;
            growing.add(Primitive::ArgMax(ArgMax { axis, keep_axis: random.below(2) == 0 }), &[x])
        }
        _ => {
            let (c, b) = (growing.narrowed(x, 0, 1)?, growing.reshaped(other, &dims, random)?);
            growing.add(Primitive::Select(Select {}), &[c, x, b])
        }
    }
}

/// A random divisor.
fn divisor(number: usize, random: &mut Random) -> usize {
    let divisors: Vec<usize> = (1..=number).filter(|divisor| number.is_multiple_of(*divisor)).collect();
    divisors[random.below(divisors.len())]
}

fn affine(growing: &mut Growing, x: TensorId, groups: usize, m: usize, random: &mut Random) -> Option<TensorId> {
    let n = growing.shape(x).last().copied().unwrap_or(1) / groups;
    let bits = 4 + random.below(13) as u32;
    let weight = Interval::new(-((1 << (bits - 1)) - 1), (1 << (bits - 1)) - 1);
    let weights = (0..m * n).map(|_| if random.below(5) == 0 { 0 } else { random.within(weight) as i16 }).collect();
    let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(24)))).collect();
    let requantise = requantise(random, m, bits);
    growing.add(Primitive::Affine(Affine { groups: groups as u32, inputs: n as u32, weights, bias, requantise }), &[x])
}

/// The axes in another order.
fn transposed(growing: &mut Growing, x: TensorId, random: &mut Random) -> Option<TensorId> {
    let dims = growing.shape(x);
    let mut order: Vec<usize> = (0..dims.len()).collect();
    for index in (1..order.len()).rev() {
        order.swap(index, random.below(index + 1));
    }
    let strides: Vec<usize> = (0..dims.len()).map(|axis| dims[axis + 1..].iter().product()).collect();
    let shape: Vec<usize> = order.iter().map(|axis| dims[*axis]).collect();
    let mut indices = vec![0u32];
    for axis in &order {
        let (length, stride) = (dims[*axis], strides[*axis]);
        indices = indices.iter().flat_map(|index| (0..length).map(move |k| index + (k * stride) as u32)).collect();
    }
    growing.add(Primitive::Move(Move { shape: Shape::new(&shape).ok()?, indices, constants: vec![] }), &[x])
}

/// A convolution or a pool on an image `[height, width, channels]`, padded or not.
fn image(growing: &mut Growing, x: TensorId, random: &mut Random) -> Option<TensorId> {
    let mut value = x;
    if random.below(2) == 0 {
        let pads = [(); 4].map(|()| random.below(3));
        value = growing.add(Primitive::Move(padded(&growing.shape(value), pads, -(random.below(2) as i32))), &[value])?;
    }
    let dims = growing.shape(value);
    let kernel = [0, 1].map(|axis: usize| 1 + random.below(dims[axis].min(4)));
    let (stride, dilation) = ([0, 1].map(|_: usize| 1 + random.below(3)), 1 + random.below(2));
    if kernel.iter().zip(&dims).any(|(kernel, length)| (kernel - 1) * dilation >= *length) {
        return None;
    }
    let groups = if random.below(2) == 0 { 1 } else { dims[2] };
    let pool = random.below(3) == 0;
    let gather = windows(&dims, kernel, stride, dilation, if pool { 1 } else { groups }, pool);
    value = growing.add(Primitive::Move(gather), &[value])?;
    if pool {
        return growing.add(Primitive::Max(Max { axis: 2, keep_axis: false }), &[value]);
    }
    affine(growing, value, groups, groups * (1 + random.below((12 / groups).max(1))), random)
}

/// Pads an image `[height, width, channels]` at its top, bottom, left and right.
fn padded(dims: &[usize], [top, bottom, left, right]: [usize; 4], constant: i32) -> Move {
    let (height, width, channels) = (dims[0], dims[1], dims[2]);
    let shape = [height + top + bottom, width + left + right, channels];
    let mut indices = Vec::new();
    for (y, x, c) in (0..shape[0]).flat_map(|y| (0..shape[1]).flat_map(move |x| (0..channels).map(move |c| (y, x, c)))) {
        let inside = (top..top + height).contains(&y) && (left..left + width).contains(&x);
        indices.push(if inside { ((y - top) * width + x - left) * channels + c } else { height * width * channels } as u32);
    }
    Move { shape: Shape::new(&shape).unwrap(), indices, constants: vec![constant] }
}

/// The windows of an image `[height, width, channels]`: for a pool `[.., .., kernel, channels]`, else `[.., .., groups * kernel * channels]`.
fn windows(dims: &[usize], kernel: [usize; 2], stride: [usize; 2], dilation: usize, groups: usize, pool: bool) -> Move {
    let (width, channels) = (dims[1], dims[2]);
    let out = [0, 1].map(|axis: usize| (dims[axis] - (kernel[axis] - 1) * dilation - 1) / stride[axis] + 1);
    let (members, mut indices) = (channels / groups, Vec::new());
    for (oy, ox) in (0..out[0]).flat_map(|oy| (0..out[1]).map(move |ox| (oy, ox))) {
        for (group, ky, kx) in
            (0..groups).flat_map(|group| (0..kernel[0]).flat_map(move |ky| (0..kernel[1]).map(move |kx| (group, ky, kx))))
        {
            let (y, x) = (oy * stride[0] + ky * dilation, ox * stride[1] + kx * dilation);
            indices.extend((0..members).map(|member| ((y * width + x) * channels + group * members + member) as u32));
        }
    }
    let window = kernel[0] * kernel[1];
    let shape = if pool { vec![out[0], out[1], window, channels] } else { vec![out[0], out[1], window * channels] };
    Move { shape: Shape::new(&shape).unwrap(), indices, constants: vec![] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runtime_and_cairo_agree_on_random_models(seed in any::<u64>()) {
        let model = model(seed);
        let program = common::compile(&model);
        let mut random = Random::new(seed);
        for _ in 0..6 {
            let inputs = common::random_inputs(&model, &mut random);
            common::assert_equal(&model, &program, &inputs, &format!("seed {seed}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES / 4, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runtime_program_and_contract_agree_on_random_models_in_parts(seed in any::<u64>()) {
        let model = model(seed);
        let mut random = Random::new(seed);
        let parts = random.below(Draft::new(&model).unwrap().most_parts() + 1);
        let compiled = common::compile_in_parts(&model, parts);
        for _ in 0..3 {
            let inputs = common::random_inputs(&model, &mut random);
            common::assert_equal_in_parts(&model, &compiled, &inputs, &format!("seed {seed}, {parts} parts"));
        }
    }
}

/// A dense layer too large to be unrolled.
fn large(positions: usize, n: usize, m: usize) -> Model {
    let mut random = Random::new(11);
    let mut builder = ModelBuilder::new("large");
    let x = builder.input("x", Shape::new(&[positions, n]).unwrap(), 8, Interval::of_bits(16)).unwrap();
    let weights = (0..n * m).map(|_| random.within(Interval::new(-32767, 32767)) as i16).collect();
    let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(30)))).collect();
    let shift = (0..m).map(|_| 18 + random.below(4) as i8).collect();
    let requantise = Requantise { shift, lo: 0, hi: 32767 };
    let y = builder.node("dense", Primitive::Affine(Affine { groups: 1, inputs: n as u32, weights, bias, requantise }), &[x], 8).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn looped_layers_agree_too() {
    // Tiles with a rest and lanes that are not filled; the same for each of two positions; one tile for all inputs; two constant arrays.
    for (positions, n, m) in [(1, 301, 131), (2, 301, 131), (1, 80, 800), (1, 700, 400)] {
        let (what, model) = (format!("{n}x{m}, {positions} positions"), large(positions, n, m));
        let plans = codegen::generate(&model, None, 0).unwrap().plans;
        assert!(matches!(plans[0].1, maat_package::Plan::Looped { .. }), "{what}: {plans:?}");
        let program = common::compile(&model);
        let mut random = Random::new(12);
        for _ in 0..6 {
            let inputs = common::random_inputs(&model, &mut random);
            common::assert_equal(&model, &program, &inputs, &what);
        }
    }
}

/// The sum of two inputs of 8 bits.
fn pair_sum() -> Model {
    let mut builder = ModelBuilder::new("small");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![0], lo: -128, hi: 127 };
    let y = builder
        .node("y", Primitive::Affine(Affine { groups: 1, inputs: 2, weights: vec![1, 1], bias: vec![0], requantise }), &[x], 0)
        .unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn the_cairo_program_refuses_what_the_runtime_refuses() {
    let model = pair_sum();
    let program = common::compile(&model);
    let message = |inputs: &[i32]| maat_package::run_program(&model, &program, &[inputs.to_vec()]).unwrap_err().to_string();
    assert!(message(&[128, 0]).contains("input value out of range"));
    assert!(message(&[0, -129]).contains("input value out of range"));
    assert!(message(&[i32::MIN, 0]).contains("input value out of range"));
    assert!(message(&[1]).contains("input has the wrong length"));
    assert!(message(&[1, 2, 3]).contains("input has the wrong length"));
}

#[test]
fn a_program_that_does_not_output_its_inputs_is_refused() {
    let model = pair_sum();
    let mut package = codegen::generate(&model, None, 0).unwrap().package;
    let main = package.main.sources.get("main.cairo").unwrap().replace("(input, ", "(Values { values: [].span() }, ");
    package.main.sources.insert("main.cairo", main);
    let program = Compiler::default().executable(&package).unwrap();
    let error = maat_package::run_program(&model, &program, &[vec![1, -3]]).unwrap_err().to_string();
    assert!(error.contains("its output does not begin with the inputs"), "{error}");
}

/// A model of one input and what `node` adds to it.
fn single(dims: &[usize], bits: u32, node: impl FnOnce(&mut Growing, TensorId, &mut Random) -> TensorId) -> Model {
    let mut growing = Growing { builder: ModelBuilder::new("single"), count: 0 };
    let x = growing.builder.input("x", Shape::new(dims).unwrap(), 0, Interval::of_bits(bits)).unwrap();
    let y = node(&mut growing, x, &mut Random::new(3));
    growing.builder.finish(&[("y", y)]).unwrap()
}

fn assert_agrees(what: &str, model: &Model) {
    let program = common::compile(model);
    let mut random = Random::new(12);
    for _ in 0..4 {
        let inputs = common::random_inputs(model, &mut random);
        common::assert_equal(model, &program, &inputs, what);
    }
}

#[test]
fn a_convolution_too_large_to_be_unrolled_agrees() {
    let model = single(&[5, 4, 32], 16, |growing, x, random| {
        let gather = windows(&[5, 4, 32], [3, 3], [1, 1], 1, 1, false);
        let gathered = growing.add(Primitive::Move(gather), &[x]).unwrap();
        let (n, m) = (288, 97);
        let weights = (0..m * n).map(|_| random.within(Interval::new(-32767, 32767)) as i16).collect();
        let requantise = Requantise { shift: vec![20], lo: -32768, hi: 32767 };
        growing.add(Primitive::Affine(Affine { groups: 1, inputs: n as u32, weights, bias: vec![5; m], requantise }), &[gathered]).unwrap()
    });
    let plans = codegen::generate(&model, None, 0).unwrap().plans;
    assert!(matches!(plans[0].1, maat_package::Plan::Looped { .. }), "{plans:?}");
    assert_agrees("convolution", &model);
}

/// A sum of the input and its reverse, with a rule for each of `m` channels.
fn sum_of_two(growing: &mut Growing, x: TensorId, m: usize, inner: u32, random: &mut Random) -> TensorId {
    let (dims, elements) = (growing.shape(x), growing.elements(x));
    let reverse = Move { shape: Shape::new(&dims).unwrap(), indices: (0..elements as u32).rev().collect(), constants: vec![] };
    let reverse = growing.add(Primitive::Move(reverse), &[x]).unwrap();
    let coefficients = (0..2).map(|_| (0..m).map(|_| random.within(Interval::of_bits(16))).collect()).collect();
    let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(20)))).collect();
    let shift = (0..m).map(|_| 14 + random.below(3) as i8).collect();
    let requantise = Requantise { shift, lo: -32768, hi: 32767 };
    growing.add(Primitive::Sum(Sum { coefficients, bias, inner, requantise }), &[x, reverse]).unwrap()
}

#[test]
fn sums_with_many_constants_agree() {
    // A rule for each element, with accumulators that are not filled, twice; the same for one tensor.
    for dims in [&[2, 3001][..], &[3001]] {
        let model = single(dims, 16, |growing, x, random| sum_of_two(growing, x, 3001, 1, random));
        let plans = codegen::generate(&model, None, 0).unwrap().plans;
        assert_eq!(plans[0].1, maat_package::Plan::Streamed, "{plans:?}");
        assert_agrees("streamed sum", &model);
    }
    // A rule for each plane of elements, twice and once.
    for dims in [&[2, 40, 49][..], &[40, 49]] {
        assert_agrees("sum over planes", &single(dims, 16, |growing, x, random| sum_of_two(growing, x, 40, 49, random)));
    }
    // Elements without a good divisor.
    assert_agrees("prime", &single(&[1, 1009], 16, |growing, x, random| sum_of_two(growing, x, 1, 1, random)));
}

#[test]
fn products_of_any_shape_agree() {
    for (batches, rows, columns, inner) in
        [(2, 5, 13, 150), (1, 7, 1, 20), (3, 1, 9, 8), (1, 1, 1, 70), (1, 3, 40, 64), (2, 4, 4, 1), (5, 1, 1, 3)]
    {
        let model = single(&[batches * (rows + columns) * inner], 12, |growing, x, _| {
            let part = |from: usize, count: usize| Move {
                shape: Shape::new(&[count]).unwrap(),
                indices: (from as u32..(from + count) as u32).collect(),
                constants: vec![],
            };
            let split = batches * rows * inner;
            let a = growing.add(Primitive::Move(part(0, split)), &[x]).unwrap();
            let b = growing.add(Primitive::Move(part(split, batches * columns * inner)), &[x]).unwrap();
            let shape = Shape::new(&[batches, rows, columns]).unwrap();
            let requantise = Requantise { shift: vec![9], lo: -30_000, hi: 30_000 };
            let [rows, columns, inner] = [rows, columns, inner].map(|length| length as u32);
            growing.add(Primitive::Product(Product { rows, columns, inner, shape, requantise }), &[a, b]).unwrap()
        });
        assert_agrees(&format!("{batches} x {rows} x {columns} x {inner}"), &model);
    }
}

#[test]
fn moves_of_any_pattern_agree() {
    let moved = |dims: &[usize], what: &str, indices: Vec<u32>, constants: Vec<i32>| {
        let shape = Shape::new(&[indices.len()]).unwrap();
        let op = Move { shape, indices, constants };
        assert_agrees(what, &single(dims, 16, |growing, x, _| growing.add(Primitive::Move(op), &[x]).unwrap()));
    };
    moved(&[40, 50], "transposed", (0..2000).map(|index| index % 40 * 50 + index / 40).collect(), vec![]);
    moved(&[37, 53], "transposed primes", (0..1961).map(|index| index % 37 * 53 + index / 37).collect(), vec![]);
    let planes = |index: u32| (index / 900, index / 30 % 30, index % 30);
    let inside =
        |(c, y, x): (u32, u32, u32)| if (1..29).contains(&y) && (1..29).contains(&x) { (c * 28 + y - 1) * 28 + x - 1 } else { 2352 };
    moved(&[3, 28, 28], "padded planes", (0..2700).map(|index| inside(planes(index))).collect(), vec![-3]);
    moved(&[700], "tiled", (0..2100).map(|index| index % 700).collect(), vec![]);
    moved(&[300], "repeated", (0..1200).map(|index| index / 4).collect(), vec![]);
    moved(&[2000], "reversed", (0..2000).rev().collect(), vec![]);
    moved(&[2000], "every third", (0..666).map(|index| index * 3 + 1).collect(), vec![]);
    let mut random = Random::new(9);
    moved(&[500], "shuffled", (0..1500).map(|_| random.below(503) as u32).collect(), vec![7, -8, 7]);
}

#[test]
fn a_network_unrolled_in_time_has_each_layer_once() {
    let mut random = Random::new(8);
    let (inputs, hidden, times) = (6, 12, 9);
    let weights: Vec<i16> = (0..hidden * (inputs + hidden)).map(|_| random.within(Interval::of_bits(14)) as i16).collect();
    let model = single(&[times, inputs], 16, |growing, x, _| {
        let zero = Move { shape: Shape::new(&[hidden]).unwrap(), indices: vec![(times * inputs) as u32; hidden], constants: vec![0] };
        let mut state = growing.add(Primitive::Move(zero), &[x]).unwrap();
        state = growing.narrowed(state, -32768, 32767).unwrap();
        for time in 0..times {
            let first = time * inputs..(time + 1) * inputs;
            let indices = first.chain(times * inputs..times * inputs + hidden).map(|index| index as u32).collect();
            let joined = Move { shape: Shape::new(&[inputs + hidden]).unwrap(), indices, constants: vec![] };
            let joined = growing.add(Primitive::Move(joined), &[x, state]).unwrap();
            let n = (inputs + hidden) as u32;
            let requantise = Requantise { shift: vec![14], lo: -32768, hi: 32767 };
            let affine = Affine { groups: 1, inputs: n, weights: weights.clone(), bias: vec![3; hidden], requantise };
            let wide = growing.add(Primitive::Affine(affine), &[joined]).unwrap();
            let knots = (-8..=8).map(|knot: i32| knot * knot * knot * 60).collect();
            state = growing.add(Primitive::Table(Table { lo: -32768, fraction: 12, knots }), &[wide]).unwrap();
        }
        state
    });
    assert_agrees("recurrent network", &model);
    let generated = codegen::generate(&model, None, 0).unwrap();
    assert_eq!(generated.package.main.sources.get("weights.cairo").unwrap().matches("KNOTS:").count(), 1);
}

#[test]
fn every_primitive_is_allowed_in_a_contract() {
    let model = single(&[4, 6], 12, |growing, x, random| {
        let y = affine(growing, x, 2, 24, random).unwrap();
        let y = transposed(growing, y, random).unwrap();
        let y = growing.add(Primitive::Max(Max { axis: 0, keep_axis: false }), &[y]).unwrap();
        let y = growing.reshaped(y, &[4, 6], random).unwrap();
        let knots = vec![3, 1, 2];
        let y = growing.add(Primitive::Table(Table { lo: -16, fraction: 4, knots: knots.clone() }), &[y]).unwrap();
        let den = growing.add(Primitive::Table(Table { lo: 2, fraction: 0, knots }), &[y]).unwrap();
        let y = growing.add(Primitive::Divide(Divide { shift: 3, lo: -50, hi: 50 }), &[x, den]).unwrap();
        let requantise = Requantise { shift: vec![4], lo: -128, hi: 127 };
        let product = |rows, columns, inner, shape: &[usize]| {
            let (shape, requantise) = (Shape::new(shape).unwrap(), requantise.clone());
            Primitive::Product(Product { rows, columns, inner, shape, requantise })
        };
        let y = growing.add(product(1, 1, 1, &[4, 6]), &[x, y]).unwrap();
        let y = growing.add(product(4, 4, 6, &[16]), &[x, y]).unwrap();
        let c = growing.narrowed(y, 0, 1).unwrap();
        let y = growing.add(Primitive::Select(Select {}), &[c, y, c]).unwrap();
        growing.add(Primitive::ArgMax(ArgMax { axis: 0, keep_axis: true }), &[y]).unwrap()
    });
    let package = codegen::generate(&model, None, 0).unwrap().package;
    maat_cairo::Compiler::default().contract(&package).unwrap_or_else(|error| panic!("{error}"));
    assert_agrees("every primitive", &model);
}

#[test]
fn a_table_too_large_for_cairo_is_refused_by_name() {
    let table = Table { lo: -32768, fraction: 0, knots: vec![0; 40_000] };
    let model = single(&[3], 16, |growing, x, _| growing.add(Primitive::Table(table), &[x]).unwrap());
    let error = codegen::generate(&model, None, 0).err().unwrap().to_string();
    assert!(error.contains("node 1") && error.contains("40000 knots"), "{error}");
}

/// LeNet-5 on an image of 28 by 28, with maxima for averages: 416,520 multiply-accumulates.
fn lenet() -> Model {
    let mut random = Random::new(5);
    let mut growing = Growing { builder: ModelBuilder::new("lenet"), count: 0 };
    let x = growing.builder.input("x", Shape::new(&[28, 28, 1]).unwrap(), 8, Interval::of_bits(16)).unwrap();
    let mut dense = |growing: &mut Growing, x: TensorId, m: usize, lo: i32| {
        let n = growing.shape(x).last().copied().unwrap();
        let weights = (0..m * n).map(|_| random.within(Interval::new(-32767, 32767)) as i16).collect();
        let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(30)))).collect();
        let shift = (0..m).map(|_| 16 + random.below(4) as i8).collect();
        let requantise = Requantise { shift, lo, hi: 32767 };
        growing.add(Primitive::Affine(Affine { groups: 1, inputs: n as u32, weights, bias, requantise }), &[x]).unwrap()
    };
    let pad = growing.add(Primitive::Move(padded(&[28, 28, 1], [2; 4], 0)), &[x]).unwrap();
    let mut value = pad;
    for channels in [6, 16] {
        let gather = windows(&growing.shape(value), [5, 5], [1, 1], 1, 1, false);
        value = growing.add(Primitive::Move(gather), &[value]).unwrap();
        value = dense(&mut growing, value, channels, 0);
        let gather = windows(&growing.shape(value), [2, 2], [2, 2], 1, 1, true);
        value = growing.add(Primitive::Move(gather), &[value]).unwrap();
        value = growing.add(Primitive::Max(Max { axis: 2, keep_axis: false }), &[value]).unwrap();
    }
    // ONNX flattens channel by channel.
    let dims = growing.shape(value);
    let (positions, channels) = (dims[0] * dims[1], dims[2]);
    let indices = (0..channels).flat_map(|c| (0..positions).map(move |position| (position * channels + c) as u32)).collect();
    let flat = Move { shape: Shape::new(&[1, growing.elements(value)]).unwrap(), indices, constants: vec![] };
    value = growing.add(Primitive::Move(flat), &[value]).unwrap();
    for (m, lo) in [(120, 0), (84, 0), (10, -32768)] {
        value = dense(&mut growing, value, m, lo);
    }
    growing.builder.finish(&[("y", value)]).unwrap()
}

#[test]
fn a_convolutional_network_agrees_and_is_cheap() {
    let model = lenet();
    assert_eq!(model.macs(), 416_520);
    let program = common::compile(&model);
    let mut random = Random::new(6);
    for _ in 0..2 {
        let inputs = common::random_inputs(&model, &mut random);
        common::assert_equal(&model, &program, &inputs, "LeNet-5");
    }
    let inputs = common::random_inputs(&model, &mut random);
    let (_, steps) = maat_package::run_program(&model, &program, &inputs).unwrap();
    assert!(steps < 550_000, "{steps} steps");
}
