//! Property: runtime and Cairo VM agree bit for bit on random models, with any widths, shifts, bounds and inputs.

mod common;

use maat_runtime::primitives::{Affine, ArgMax, Move, Sum};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape, TensorId};
use maat_tests::networks::Random;
use maat_transpiler::codegen;
use proptest::prelude::*;

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

fn try_model(random: &mut Random) -> Option<Model> {
    let mut builder = ModelBuilder::new("random");
    let (positions, width) = (1 + random.below(3), 1 + random.below(20));
    let bits = 4 + random.below(13) as u32;
    let mut value = builder.input("x", Shape::new(&[positions, width]).ok()?, 3, Interval::of_bits(bits)).ok()?;
    let mut kept: Vec<TensorId> = Vec::new();
    for layer in 0..1 + random.below(3) {
        let shape = builder.tensor(value).shape.clone();
        let (n, bits) = (shape.last(), 4 + random.below(13) as u32);
        let weight = Interval::new(-((1 << (bits - 1)) - 1), (1 << (bits - 1)) - 1);
        let primitive = match random.below(4) {
            0 | 1 => {
                let m = 1 + random.below(24);
                let weights = (0..m * n).map(|_| if random.below(5) == 0 { 0 } else { random.within(weight) as i16 }).collect();
                let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(24)))).collect();
                Primitive::Affine(Affine { inputs: n as u32, weights, bias, requantise: requantise(random, m, bits) })
            }
            2 => {
                let m = [1, n, shape.elements()][random.below(3)];
                let coefficients = vec![(0..m).map(|_| random.within(weight)).collect()];
                let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(20)))).collect();
                Primitive::Sum(Sum { coefficients, bias, requantise: requantise(random, m, bits) })
            }
            _ => Primitive::Move(Move { shape: Shape::new(&[shape.elements()]).ok()? }),
        };
        value = builder.node(&format!("layer {layer}"), primitive, &[value], 0).ok()?;
        if random.below(2) == 0 {
            kept.push(value);
        }
    }
    let axis = random.below(builder.tensor(value).shape.dims().len()) as u32;
    let class = builder.node("class", Primitive::ArgMax(ArgMax { axis, keep_axis: true }), &[value], 0).ok()?;
    let mut outputs = vec![("value".to_owned(), value), ("class".to_owned(), class)];
    outputs.extend(kept.iter().enumerate().map(|(index, id)| (format!("kept{index}"), *id)));
    let outputs: Vec<(&str, TensorId)> = outputs.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    builder.finish(&outputs).ok()
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

/// A dense layer too large to be unrolled.
fn large(positions: usize, n: usize, m: usize) -> Model {
    let mut random = Random::new(11);
    let mut builder = ModelBuilder::new("large");
    let x = builder.input("x", Shape::new(&[positions, n]).unwrap(), 8, Interval::of_bits(16)).unwrap();
    let weights = (0..n * m).map(|_| random.within(Interval::new(-32767, 32767)) as i16).collect();
    let bias = (0..m).map(|_| i64::from(random.within(Interval::of_bits(30)))).collect();
    let shift = (0..m).map(|_| 18 + random.below(4) as i8).collect();
    let requantise = Requantise { shift, lo: 0, hi: 32767 };
    let y = builder.node("dense", Primitive::Affine(Affine { inputs: n as u32, weights, bias, requantise }), &[x], 8).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn looped_layers_agree_too() {
    // Tiles with a rest and lanes that are not filled; the same for each of two positions; one tile for all inputs; two constant arrays.
    for (positions, n, m) in [(1, 301, 131), (2, 301, 131), (1, 80, 800), (1, 700, 400)] {
        let (what, model) = (format!("{n}x{m}, {positions} positions"), large(positions, n, m));
        let plans = codegen::generate(&model).unwrap().plans;
        assert!(matches!(plans[0].1, codegen::Plan::Looped { .. }), "{what}: {plans:?}");
        let program = common::compile(&model);
        let mut random = Random::new(12);
        for _ in 0..6 {
            let inputs = common::random_inputs(&model, &mut random);
            common::assert_equal(&model, &program, &inputs, &what);
        }
    }
}

#[test]
fn the_cairo_program_refuses_what_the_runtime_refuses() {
    let mut builder = ModelBuilder::new("small");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![0], lo: -128, hi: 127 };
    let y = builder.node("y", Primitive::Affine(Affine { inputs: 2, weights: vec![1, 1], bias: vec![0], requantise }), &[x], 0).unwrap();
    let model = builder.finish(&[("y", y)]).unwrap();
    let program = common::compile(&model);
    let message = |inputs: &[i32]| maat_transpiler::run_program(&model, &program, &[inputs.to_vec()]).unwrap_err().to_string();
    assert!(message(&[128, 0]).contains("input value out of range"));
    assert!(message(&[0, -129]).contains("input value out of range"));
    assert!(message(&[i32::MIN, 0]).contains("input value out of range"));
    assert!(message(&[1]).contains("input has the wrong length"));
    assert!(message(&[1, 2, 3]).contains("input has the wrong length"));
}
