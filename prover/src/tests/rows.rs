//! How many rows a model gets, and which ones are refused before they take time and memory.

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::{MAX_ROWS, MIN_ROWS, limb_bits};
use maat_verifier::{EntriesError, MAX_VALUES};

use super::models;
use super::properties::{Random, check};
use crate::error::TraceProgramError;
use crate::program::{Layout, TraceProgram};

/// A model of one node that takes one input.
fn model(elements: usize, range: Interval, primitive: Primitive) -> Model {
    try_model(elements, range, primitive).unwrap()
}

/// The same, if the runtime accepts it.
fn try_model(elements: usize, range: Interval, primitive: Primitive) -> Option<Model> {
    let mut builder = ModelBuilder::new("one node");
    let x = builder.input("x", Shape::new(&[elements]).unwrap(), 0, range).ok()?;
    let y = builder.node("y", primitive, &[x], 0).ok()?;
    builder.finish(&[("y", y)]).ok()
}

/// `clamp(floor((c x + b + 2^(k-1)) / 2^k), lo, hi)` of each element.
fn rescaled(elements: usize, range: Interval, linear: (i32, i64), shift: i8, ends: (i32, i32)) -> Model {
    try_rescaled(elements, range, linear, shift, ends).unwrap()
}

/// The same, if the runtime accepts it.
fn try_rescaled(elements: usize, range: Interval, (coefficient, bias): (i32, i64), shift: i8, (lo, hi): (i32, i32)) -> Option<Model> {
    let requantise = Requantise { shift: vec![shift], lo, hi };
    let sum = Sum { coefficients: vec![vec![coefficient]], bias: vec![bias], inner: elements as u32, requantise };
    try_model(elements, range, Primitive::Sum(sum))
}

#[test]
fn half_the_rows_are_not_enough() {
    // Accumulators of 40 bits need several operations with narrow limbs, and one with wide ones.
    let wide = |elements| rescaled(elements, Interval::of_bits(16), (1 << 24, 0), 24, (-128, 127));
    let cases = [
        (models::every_primitive(), 1, MIN_ROWS),
        (models::every_primitive(), 100, 1 << 14),
        (wide(100), 1, MIN_ROWS),
        (wide(3_000), 1, 1 << 12),
        (wide(20_000), 1, 1 << 15),
    ];
    for (model, batch, rows) in cases {
        assert_eq!(TraceProgram::new(&model, batch).unwrap().rows, rows, "{} elements", model.inputs()[0].shape);
        if rows > MIN_ROWS {
            let half = Layout::new(&model, batch, limb_bits(rows / 2));
            assert!(half.is_err() || half.is_ok_and(|layout| layout.needed > rows / 2));
        }
    }
}

#[test]
fn wider_limbs_prove_what_narrow_ones_do() {
    // Sums near the bound of accumulators, whose identities are tight with limbs of one width or the other.
    let tight = [
        rescaled(2, Interval::of_bits(31), (i32::MAX, (1 << 61) - (1 << 59)), 61, (1, i32::MAX)),
        rescaled(2, Interval::of_bits(31), (-i32::MAX, -(1 << 61)), 58, (i32::MIN, i32::MAX)),
        rescaled(2, Interval::new(0, 1 << 20), (1, 978_088), 32, (i32::MAX, i32::MAX)),
    ];
    let mut random = Random(1);
    let random = (0..3_000).filter_map(|_| {
        let ends = random.interval(32);
        let linear = (random.integer(32) as i32, random.integer(62));
        try_rescaled(2, random.interval(32), linear, random.within(-30, 62) as i8, (ends.lo as i32, ends.hi as i32))
    });
    let (mut models, tight_models) = (0, tight.len());
    for model in tight.into_iter().chain(random) {
        let provable: Vec<bool> = (limb_bits(MIN_ROWS)..=limb_bits(MAX_ROWS)).map(|bits| Layout::new(&model, 1, bits).is_ok()).collect();
        assert!(provable.is_sorted() && provable.last() == Some(&true), "{model:?}");
        if models < tight_models || models % 64 == 0 {
            assert!(check(&model, 2, 11));
        }
        models += 1;
    }
    assert!(models > 1_000, "the runtime accepts {models} models");
}

#[test]
fn an_input_that_is_named_very_often_takes_no_room() {
    let mut builder = ModelBuilder::new("often");
    let x = builder.input("x", Shape::new(&[1 << 10]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    // A list of all these elements would have 2^30 of them.
    let last = (1 << 30) - 1;
    let select = Move { shape: Shape::new(&[2]).unwrap(), indices: vec![last, last + 1], constants: vec![7] };
    let y = builder.node("y", Primitive::Move(select), &vec![x; 1 << 20], 0).unwrap();
    let model = builder.finish(&[("y", y)]).unwrap();
    assert_eq!(TraceProgram::new(&model, 1).unwrap().rows, MIN_ROWS);
    assert!(check(&model, 1, 5));
}

#[test]
fn a_constant_that_no_index_names_takes_no_row() {
    let used = |constants: i32| {
        let r#move = Move { shape: Shape::new(&[2]).unwrap(), indices: vec![0, 1], constants: (1..=constants).collect() };
        TraceProgram::new(&model(1, Interval::of_bits(8), Primitive::Move(r#move)), 1).unwrap().used_rows
    };
    assert_eq!(used(10_000), used(1));
}

#[test]
fn too_many_values_are_refused_at_once() {
    let model = models::every_primitive();
    for batch in [1 << 17, 1 << 40, usize::MAX] {
        let refused = TraceProgram::new(&model, batch).unwrap_err();
        assert!(matches!(refused, TraceProgramError::Values(EntriesError::Values { found }) if found > MAX_VALUES), "{refused}");
    }
    assert_eq!(TraceProgram::new(&model, 0).unwrap_err(), TraceProgramError::EmptyBatch);
}

#[test]
fn too_many_elements_are_refused_at_once() {
    let mut builder = ModelBuilder::new("many");
    let mut x = builder.input("x", Shape::new(&[1]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    for length in [1 << 25, 1 << 26] {
        let spread = Move { shape: Shape::new(&[length]).unwrap(), indices: vec![0; length], constants: vec![] };
        x = builder.node("spread", Primitive::Move(spread), &[x], 0).unwrap();
    }
    let one = Move { shape: Shape::new(&[1]).unwrap(), indices: vec![0], constants: vec![] };
    let y = builder.node("one", Primitive::Move(one), &[x], 0).unwrap();
    let model = builder.finish(&[("y", y)]).unwrap();
    let refused = TraceProgram::new(&model, 1).unwrap_err();
    assert_eq!(refused, TraceProgramError::Elements { elements: 2 + (1 << 25) + (1 << 26), limit: 1 << 26 });
}

#[test]
#[cfg_attr(not(feature = "slow"), ignore = "takes a gigabyte of memory")]
fn too_many_operations_are_refused_with_the_rows() {
    let length = (MAX_VALUES / 2) as usize;
    let mut builder = ModelBuilder::new("many");
    let mut x = builder.input("x", Shape::new(&[length]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    for _ in 0..4 {
        let table = Table { lo: -64, fraction: 4, knots: (-4..=4).map(|knot| 30 * knot).collect() };
        x = builder.node("table", Primitive::Table(table), &[x], 0).unwrap();
    }
    let model = builder.finish(&[("y", x)]).unwrap();
    let refused = TraceProgram::new(&model, 1).unwrap_err();
    assert!(matches!(refused, TraceProgramError::TooLarge { rows, limit: MAX_ROWS } if rows > MAX_ROWS), "{refused}");
}
