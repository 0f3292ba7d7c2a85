//! How many rows a model gets, and which ones are refused before they take time and memory.

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::{LAYOUTS, Layout, MASK_ROWS, MAX_ROWS, MIN_ROWS, limb_bits};
use maat_verifier::{EntriesError, MAX_VALUES};

use super::properties::{Random, check};
use super::{SETTINGS, models};
use crate::error::TraceProgramError;
use crate::program::{Placed, TraceProgram};

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

/// Dense layers of these sizes, one after the other, with weights of 8 bits.
pub(crate) fn dense(sizes: &[usize]) -> Model {
    let mut builder = ModelBuilder::new("dense");
    let mut x = builder.input("x", Shape::new(&sizes[..1]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    for (inputs, outputs) in sizes.iter().zip(&sizes[1..]) {
        let weights = (0..inputs * outputs).map(|index| (index * index % 255) as i16 - 127).collect();
        let requantise = Requantise { shift: vec![10], lo: -128, hi: 127 };
        let affine = Affine { groups: 1, inputs: *inputs as u32, weights, bias: vec![3; *outputs], requantise };
        x = builder.node("dense", Primitive::Affine(affine), &[x], 0).unwrap();
    }
    builder.finish(&[("y", x)]).unwrap()
}

#[test]
fn the_rows_of_a_model_depend_on_the_layout_as_far_as_it_has_weights() {
    let rockybot = [36, 128, 64, 12];
    // The rows of both layouts, and those that weights or results take; a few more are in use besides.
    let cases = [
        (models::every_primitive(), 1, [(MIN_ROWS, 92), (MIN_ROWS, 92)]),
        // 16 or 120 weights a row: 8, 4 and 1 rows for each of 36, 128 and 64 inputs, or 2, 1 and 1.
        (dense(&rockybot), 1, [(MIN_ROWS, 864), (MIN_ROWS, 264)]),
        // Two of 204 results a row, 30 times.
        (dense(&rockybot), 30, [(1 << 12, 3_060), (1 << 12, 3_060)]),
        // 256 times 16 or 3.
        (dense(&[256, 256]), 1, [(1 << 13, 4_096), (MIN_ROWS, 768)]),
        // 300 times 32 or 5, and 500 times 19 or 3.
        (dense(&[300, 500, 300]), 1, [(1 << 15, 19_100), (1 << 12, 3_000)]),
    ];
    for ((model, batch, expected), position) in cases.iter().flat_map(|case| (0..LAYOUTS.len()).map(move |position| (case, position))) {
        let layout = &LAYOUTS[position];
        let program = TraceProgram::new(model, *batch, layout).unwrap();
        let (rows, least): (usize, usize) = expected[position];
        assert_eq!((program.layout, program.rows), (layout, rows), "{batch} {expected:?}");
        assert!((least..least + least.div_ceil(8)).contains(&program.used_rows), "{}: {batch} {least} {}", layout.name, program.used_rows);
    }
}

/// The program in the layout in which proofs take the least time.
fn cheapest(model: &Model, batch: usize) -> Result<TraceProgram, TraceProgramError> {
    let base = TraceProgram::new(model, batch, Layout::base());
    TraceProgram::cheaper(&base, model, batch).map_or(base, Ok)
}

#[test]
fn a_model_gets_the_layout_in_which_its_proofs_take_the_least_time() {
    let cheapest = |model: &Model, batch| cheapest(model, batch).unwrap().layout.name;
    // No trace is shorter than the least one, and rows of the first layout are the cheapest.
    for (model, batch) in [(models::every_primitive(), 1), (models::every_primitive(), 100), (dense(&[36, 128, 64, 12]), 1)] {
        assert_eq!(cheapest(&model, batch), "base");
    }
    // Fewer rows make up for longer ones, from half as many on.
    assert_eq!(cheapest(&dense(&[256, 256]), 1), "wide");
    assert_eq!(cheapest(&dense(&[300, 500, 300]), 1), "wide");
    // In a large batch, weights are few beside results.
    assert_eq!(cheapest(&dense(&[36, 128, 64, 12]), 30), "base");
}

/// A model of few inputs and outputs that does something with this many elements.
fn busy(elements: usize) -> Model {
    let mut builder = ModelBuilder::new("busy");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let mut pick = |x, indices: Vec<u32>, work: bool| {
        let shape = Shape::new(&[indices.len()]).unwrap();
        let picked = builder.node("pick", Primitive::Move(Move { shape, indices, constants: vec![] }), &[x], 0).unwrap();
        let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
        let sum = Sum { coefficients: vec![vec![3]], bias: vec![1], inner: elements as u32, requantise };
        if work { builder.node("work", Primitive::Sum(sum), &[picked], 0).unwrap() } else { picked }
    };
    let many = pick(x, (0..elements as u32).map(|index| index % 2).collect(), true);
    let y = pick(many, vec![0, elements as u32 - 1], false);
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn all_rows_but_the_mask_rows_can_be_used() {
    let limit = MIN_ROWS - MASK_ROWS;
    let mut fills = Vec::new();
    for layout in &LAYOUTS {
        let needed = |elements: usize| Placed::new(&busy(elements), 1, limb_bits(MIN_ROWS), layout).unwrap().needed;
        // Two elements a row, and some rows besides.
        let most = (0..2 * limit).rev().step_by(2).find(|elements| needed(*elements) <= limit).unwrap() + 1;
        let most = most - usize::from(needed(most) > limit);
        assert_eq!((needed(most), needed(most + 1)), (limit, limit + 1));
        for (elements, rows) in [(most, MIN_ROWS), (most + 1, 2 * MIN_ROWS)] {
            let program = TraceProgram::new(&busy(elements), 1, layout).unwrap();
            assert_eq!((program.rows, program.used_rows, program.first_mask_row()), (rows, needed(elements), rows - MASK_ROWS));
        }
        fills.push(most);
    }
    assert!(SETTINGS.into_iter().enumerate().all(|(case, setting)| check(case, &busy(fills[usize::from(setting.is_wide())]), 1, 5)));
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
    for ((model, batch, rows), layout) in cases.iter().flat_map(|case| LAYOUTS.iter().map(move |layout| (case, layout))) {
        assert_eq!(TraceProgram::new(model, *batch, layout).unwrap().rows, *rows, "{} elements", model.inputs()[0].shape);
        if *rows > MIN_ROWS {
            let half = Placed::new(model, *batch, limb_bits(rows / 2), layout);
            assert!(half.is_err() || half.is_ok_and(|placed| placed.needed + MASK_ROWS > rows / 2));
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
        let widths = limb_bits(MIN_ROWS)..=limb_bits(MAX_ROWS);
        let provable: Vec<bool> = widths.map(|bits| Placed::new(&model, 1, bits, Layout::base()).is_ok()).collect();
        assert!(provable.is_sorted() && provable.last() == Some(&true), "{model:?}");
        if models < tight_models || models % 64 == 0 {
            assert!(check(models / 64 + models, &model, 2, 11));
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
    assert_eq!(TraceProgram::new(&model, 1, Layout::base()).unwrap().rows, MIN_ROWS);
    assert!((0..SETTINGS.len()).all(|case| check(case, &model, 1, 5)));
}

#[test]
fn a_constant_that_no_index_names_takes_no_row() {
    let used = |constants: i32| {
        let r#move = Move { shape: Shape::new(&[2]).unwrap(), indices: vec![0, 1], constants: (1..=constants).collect() };
        TraceProgram::new(&model(1, Interval::of_bits(8), Primitive::Move(r#move)), 1, Layout::base()).unwrap().used_rows
    };
    assert_eq!(used(10_000), used(1));
}

#[test]
fn too_many_values_are_refused_at_once() {
    let model = models::every_primitive();
    for batch in [1 << 17, 1 << 40, usize::MAX] {
        let refused = TraceProgram::new(&model, batch, Layout::base()).unwrap_err();
        assert!(matches!(refused, TraceProgramError::Values(EntriesError::Values { found }) if found > MAX_VALUES), "{refused}");
    }
    assert_eq!(TraceProgram::new(&model, 0, Layout::base()).unwrap_err(), TraceProgramError::EmptyBatch);
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
    let refused = cheapest(&model, 1).unwrap_err();
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
    let refused = cheapest(&model, 1).unwrap_err();
    assert!(matches!(refused, TraceProgramError::TooLarge { rows, limit: MAX_ROWS } if rows > MAX_ROWS), "{refused}");
}
