//! Small models for tests.

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, TensorId};

/// A model with a node of each primitive.
pub fn every_primitive() -> Model {
    let row = Shape::new(&[1, 4]).unwrap();
    let mut builder = ModelBuilder::new("every primitive");
    let x = builder.input("x", row.clone(), 3, Interval::of_bits(16)).unwrap();
    let mut node = |name: &str, primitive: Primitive, inputs: &[TensorId]| builder.node(name, primitive, inputs, 2).unwrap();
    let by = |shift: &[i8], lo, hi| Requantise { shift: shift.to_vec(), lo, hi };

    let weights = vec![1, -2, 300, 4, 5, -600, 7, 8];
    let affine = Affine { groups: 2, inputs: 2, weights, bias: vec![7, -8, 9, 0], requantise: by(&[9, -2, 7, 3], -128, 127) };
    let dense = node("dense", Primitive::Affine(affine), &[x]);
    let depthwise = Affine { groups: 4, inputs: 1, weights: vec![3, -5, 7, 1], bias: vec![0, 1, 2, 3], requantise: by(&[1], -200, 300) };
    let depthwise = node("depthwise", Primitive::Affine(depthwise), &[dense]);
    let square = Product { rows: 1, columns: 1, inner: 1, shape: row.clone(), requantise: by(&[3], 0, 1000) };
    let square = node("square", Primitive::Product(square), &[dense, dense]);
    let matrix = Product { rows: 2, columns: 2, inner: 2, shape: row.clone(), requantise: by(&[4], -3000, 3000) };
    let matrix = node("matrix", Primitive::Product(matrix), &[dense, depthwise]);
    let exp = node("exp", Primitive::Table(Table { lo: -100, fraction: 6, knots: vec![1, 3, 20, 150] }), &[dense]);
    let sum = Sum { coefficients: vec![vec![3, 1], vec![1, 2]], bias: vec![5, 6], inner: 2, requantise: by(&[0], 1, 2000) };
    let sum = node("sum", Primitive::Sum(sum), &[square, exp]);
    let three = Sum { coefficients: vec![vec![3], vec![-2], vec![7]], bias: vec![11], inner: 1, requantise: by(&[2], -900, 900) };
    let three = node("three", Primitive::Sum(three), &[square, exp, matrix]);
    let share = node("share", Primitive::Divide(Divide { shift: 8, lo: -256, hi: 200 }), &[three, sum]);
    let whole = node("whole", Primitive::Divide(Divide { shift: 2, lo: -(1 << 20), hi: 1 << 20 }), &[three, sum]);
    let positive = node("positive", Primitive::Table(Table { lo: 0, fraction: 0, knots: vec![0, 1] }), &[dense]);
    let select = node("select", Primitive::Select(Select {}), &[positive, share, whole]);
    let swap = Move { shape: Shape::new(&[2, 3]).unwrap(), indices: vec![3, 2, 8, 4, 0, 7], constants: vec![-300] };
    let swap = node("swap", Primitive::Move(swap), &[select, exp]);
    // Windows of seven cells over a row of 24, with three zeros on either side: long enough for a convolution to be worth it.
    let zero = 24;
    let cell = |position: usize, tap: usize| (position + tap).checked_sub(3).filter(|cell| *cell < 24).map_or(zero, |cell| cell as u32);
    let indices = (0..24).flat_map(|position| (0..7).map(move |tap| cell(position, tap))).collect();
    let windows = Move { shape: Shape::new(&[1, 24, 7]).unwrap(), indices, constants: vec![0] };
    let windows = node("windows", Primitive::Move(windows), &[dense, depthwise, square, matrix, exp, sum]);
    let weights = (0..14).map(|index| (index * 37 % 23) - 11).collect();
    let filter = Affine { groups: 1, inputs: 7, weights, bias: vec![40, -3], requantise: by(&[2, 4], -500, 700) };
    let filter = node("filter", Primitive::Affine(filter), &[windows]);
    let peak = node("peak", Primitive::Max(Max { axis: 1, keep_axis: false }), &[filter]);
    let max = node("max", Primitive::Max(Max { axis: 1, keep_axis: true }), &[swap]);
    let class = node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[swap]);
    builder.finish(&[("max", max), ("class", class), ("again", max), ("x", x), ("peak", peak)]).unwrap()
}

/// Inputs within the ranges of a model, in some order that a seed decides; the first inference takes the ends of the ranges.
pub fn inputs(model: &Model, batch: usize, seed: u64) -> Vec<Vec<Vec<i32>>> {
    let mut state = seed;
    let mut draw = |range: Interval| {
        // Knuth's generator.
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let size = range.lo.abs_diff(range.hi) + 1;
        i32::try_from(range.lo + ((state >> 33) % size) as i64).unwrap()
    };
    let end = |position: usize, range: Interval| i32::try_from(if position.is_multiple_of(2) { range.hi } else { range.lo }).unwrap();
    let mut tensor = |inference: usize, range: Interval, elements: usize| {
        (0..elements).map(|position| if inference == 0 { end(position, range) } else { draw(range) }).collect()
    };
    (0..batch)
        .map(|inference| model.inputs().iter().map(|input| tensor(inference, input.range, input.shape.elements())).collect())
        .collect()
}
