//! How many rows a model gets, and which ones are refused before they take time and memory.

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::{LAYOUTS, Layout, MASK_ROWS, MAX_ROWS, Room};
use maat_verifier::{EntriesError, MAX_VALUES};

use super::properties::{Random, check};
use super::{SETTINGS, Setting, is_base_but_for_weights, models};
use crate::error::TraceProgramError;
use crate::program::{Placed, TraceProgram, fixed_columns};

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

/// The rows that weights or results of [`dense`] take; a few more are in use besides.
fn rows_of_dense(sizes: &[usize], batch: usize, Room { lanes, reads, units, .. }: Room) -> usize {
    let layers = || sizes.iter().zip(&sizes[1..]);
    let weights: usize = layers().map(|(inputs, outputs)| inputs * outputs.div_ceil(lanes).max(batch.div_ceil(reads))).sum();
    let results = layers().map(|(_, outputs)| batch * outputs.div_ceil(units)).sum();
    weights.max(results)
}

#[test]
fn the_rows_of_a_model_depend_on_the_room_of_the_layout() {
    let rockybot: &[usize] = &[36, 128, 64, 12];
    // The rows of the layouts `base` and `wide`, and those that weights or results take.
    let cases = [
        // 16 or 120 weights a row: 8, 4 and 1 rows for each of 36, 128 and 64 inputs, or 2, 1 and 1.
        (rockybot, 1, [(1 << 11, 864), (1 << 11, 264)]),
        // Two of 204 results a row, 30 times.
        (rockybot, 30, [(1 << 12, 3_060), (1 << 12, 3_060)]),
        // 256 times 16 or 3.
        (&[256, 256], 1, [(1 << 13, 4_096), (1 << 11, 768)]),
        // 300 times 32 or 5, and 500 times 19 or 3.
        (&[300, 500, 300], 1, [(1 << 15, 19_100), (1 << 12, 3_000)]),
    ];
    for ((sizes, batch, expected), layout) in cases.iter().flat_map(|case| LAYOUTS.iter().map(move |layout| (case, layout))) {
        let program = TraceProgram::new(&dense(sizes), *batch, layout).unwrap();
        let least = rows_of_dense(sizes, *batch, layout.room);
        if let Some(expected) = expected.get(usize::from(layout.code)) {
            assert_eq!((program.rows, least), *expected, "{}: {sizes:?} {batch}", layout.name);
        }
        // Where a number has one limb, results may be taken apart.
        let most = if layout.room.limbs == 1 { 2 * least } else { least + least.div_ceil(8) };
        assert!((least..most).contains(&program.used_rows), "{}: {batch} {least} {}", layout.name, program.used_rows);
        assert_eq!((program.layout, program.rows), (layout, (program.used_rows + MASK_ROWS).next_power_of_two().max(layout.min_rows())));
    }
    // Few weights and results.
    for layout in [Layout::base(), Layout::wide()] {
        let program = TraceProgram::new(&models::every_primitive(), 1, layout).unwrap();
        assert_eq!(program.rows, layout.min_rows());
        assert!((140..260).contains(&program.used_rows), "{}: {}", layout.name, program.used_rows);
    }
}

#[test]
fn a_program_is_the_same_where_its_rows_are_known() {
    let models = [models::every_primitive(), dense(&[300, 500, 300])];
    for (model, layout) in models.iter().flat_map(|model| LAYOUTS.iter().map(move |layout| (model, layout))) {
        let expected = TraceProgram::new(model, 2, layout).unwrap();
        // Also where what is said of them is wrong.
        for rows in [expected.rows, expected.rows / 2, 2 * expected.rows, 0, 3000, MAX_ROWS, 2 * MAX_ROWS] {
            let found = TraceProgram::with_rows(model, 2, layout, rows).unwrap();
            assert_eq!((found.rows, found.used_rows), (expected.rows, expected.used_rows), "{}: {rows}", layout.name);
            assert!(fixed_columns(&found) == fixed_columns(&expected), "{}: {rows}", layout.name);
        }
    }
}

#[test]
fn limbs_that_suit_a_model_by_chance_are_taken_where_a_commitment_says_so() {
    // With limbs of 12 bits a rescaling takes five units, with narrower and with wider ones six.
    let requantise = Requantise { shift: vec![2], lo: 0, hi: 1025 };
    let affine = Affine { groups: 1, inputs: 1, weights: vec![14178; 4], bias: vec![0; 4], requantise };
    let mut builder = ModelBuilder::new("rescaled");
    let x = builder.input("x", Shape::new(&[625, 1]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    let model = builder.finish(&[("y", y)]).unwrap();
    let narrow = Layout::named("narrow").unwrap();
    assert_eq!(TraceProgram::new(&model, 1, narrow).unwrap().rows, 1 << 13);
    for rows in [1 << 12, 1 << 13] {
        assert_eq!(TraceProgram::with_rows(&model, 1, narrow, rows).unwrap().rows, rows);
    }
}

#[test]
fn products_of_more_cells_than_rows_can_read_are_refused_before_they_are_kept() {
    // Few results, and each window's cells once more for each of the layers.
    let (positions, columns) = (8, 1 << 18);
    let mut builder = ModelBuilder::new("products");
    let x = builder.input("x", Shape::new(&[positions]).unwrap(), 0, Interval::of_bits(4)).unwrap();
    let indices = (0..positions * columns).map(|index| (index % positions) as u32).collect();
    let windows = Move { shape: Shape::new(&[positions, columns]).unwrap(), indices, constants: vec![] };
    let windows = builder.node("windows", Primitive::Move(windows), &[x], 0).unwrap();
    let layers: Vec<_> = (0..12)
        .map(|layer| {
            let requantise = Requantise { shift: vec![20], lo: -128, hi: 127 };
            let affine = Affine { groups: 1, inputs: columns as u32, weights: vec![layer + 1; columns], bias: vec![0], requantise };
            (format!("y{layer}"), builder.node(&format!("y{layer}"), Primitive::Affine(affine), &[windows], 0).unwrap())
        })
        .collect();
    let outputs: Vec<_> = layers.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    let model = builder.finish(&outputs).unwrap();
    let layout = Layout::base();
    let Err(TraceProgramError::TooLarge { rows, limit: MAX_ROWS }) = TraceProgram::new(&model, 1, layout) else { panic!("it is refused") };
    // The first layer that is too many is where it ends.
    assert!((MAX_ROWS + 1..=MAX_ROWS + positions * columns / layout.room.reads).contains(&rows), "{rows}");
}

/// The program in the layout in which proofs take the least time.
fn cheapest(model: &Model, batch: usize) -> Result<TraceProgram, TraceProgramError> {
    let base = TraceProgram::new(model, batch, Layout::base());
    TraceProgram::cheaper(&base, model, batch).into_iter().next().map_or(base, Ok)
}

#[test]
fn a_model_gets_the_layout_in_which_its_proofs_take_the_least_time() {
    let cheapest = |model: &Model, batch| cheapest(model, batch).unwrap().layout.name;
    // Half the least rows of the other layouts are enough.
    for model in [models::every_primitive(), dense(&[36, 128, 64, 12])] {
        assert_eq!(cheapest(&model, 1), "short");
    }
    // Fewer rows make up for longer ones, from half as many on.
    assert_eq!(cheapest(&dense(&[256, 256]), 1), "wide");
    assert_eq!(cheapest(&dense(&[300, 500, 300]), 1), "wide");
    // 900 times 2 rows and not 3, which is one too many.
    assert_eq!(cheapest(&dense(&[900, 256]), 1), "dense");
    // In a large batch, weights are few beside results: four a row and not two, of one limb each.
    assert_eq!(cheapest(&dense(&[36, 128, 64, 12]), 30), "narrow");
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
    let mut fills = Vec::new();
    for layout in &LAYOUTS {
        let limit = layout.min_rows() - MASK_ROWS;
        let needed = |elements: usize| Placed::new(&busy(elements), 1, layout.limb_bits(layout.min_rows()), layout).unwrap().needed;
        // An element for each unit with cells of its own a row, and some rows besides.
        let each = layout.room.readers();
        let most = (0..each * limit).rev().step_by(each).find(|elements| needed(*elements) <= limit).unwrap();
        let most = (most..most + each).rev().find(|elements| needed(*elements) <= limit).unwrap();
        assert_eq!((needed(most), needed(most + 1)), (limit, limit + 1));
        for (elements, rows) in [(most, layout.min_rows()), (most + 1, 2 * layout.min_rows())] {
            let program = TraceProgram::new(&busy(elements), 1, layout).unwrap();
            assert_eq!((program.rows, program.used_rows, program.first_mask_row()), (rows, needed(elements), rows - MASK_ROWS));
        }
        fills.push(most);
    }
    assert!(SETTINGS.into_iter().enumerate().all(|(case, setting)| check(case, &busy(fills[usize::from(setting.layout.code)]), 1, 5)));
}

#[test]
fn half_the_rows_are_not_enough() {
    // Accumulators of 40 bits need several operations with narrow limbs, and one with wide ones. The rows are those of layouts that
    // are `base` but for weights.
    let wide = |elements| rescaled(elements, Interval::of_bits(16), (1 << 24, 0), 24, (-128, 127));
    let cases = [
        (models::every_primitive(), 1, 1 << 11),
        (models::every_primitive(), 100, 1 << 15),
        (wide(100), 1, 1 << 11),
        (wide(3_000), 1, 1 << 12),
        (wide(20_000), 1, 1 << 15),
    ];
    for ((model, batch, expected), layout) in cases.iter().flat_map(|case| LAYOUTS.iter().map(move |layout| (case, layout))) {
        let rows = TraceProgram::new(model, *batch, layout).unwrap().rows;
        if is_base_but_for_weights(layout) {
            assert_eq!(rows, *expected, "{} elements", model.inputs()[0].shape);
        }
        if rows > layout.min_rows() {
            let half = Placed::new(model, *batch, layout.limb_bits(rows / 2), layout);
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
        let layout = Layout::base();
        let widths = layout.limb_bits(layout.min_rows())..=layout.limb_bits(MAX_ROWS);
        let provable: Vec<bool> = widths.map(|bits| Placed::new(&model, 1, bits, layout).is_ok()).collect();
        assert!(provable.is_sorted() && provable.last() == Some(&true), "{model:?}");
        if models < tight_models || models % 64 == 0 {
            let case = models / 64 + models;
            assert!(check(case, &model, 2, 11) || Setting::of_case(case).layout.room.limbs == 1);
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
    assert_eq!(TraceProgram::new(&model, 1, Layout::base()).unwrap().rows, 1 << 11);
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
