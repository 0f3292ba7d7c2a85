//! Random models: what the runtime accepts is provable or refused with a reason, the trace's outputs are the runtime's, and the trace
//! satisfies the AIR and the independent checker.

use std::cell::Cell;

use maat_runtime::primitives::*;
use maat_runtime::{Executor, Interval, Model, ModelBuilder, ModelError, Primitive, Requantise, Shape, TensorId};
use maat_verifier::layout::{INPUT_LIMBS, LAYOUTS, Layout, MAX_ROWS};
use proptest::prelude::*;

use super::{Attempt, SETTINGS, Setting, models};
use crate::error::{TraceProgramError, Unprovable};
use crate::program::TraceProgram;

/// Knuth's generator.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 16) ^ (self.0 >> 48)
    }

    /// From `lo` to `hi`.
    pub(super) fn within(&mut self, lo: i64, hi: i64) -> i64 {
        lo + (self.next() % (hi.abs_diff(lo) + 1)) as i64
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.next() as usize % choices.len()].clone()
    }

    /// An integer of up to so many bits, small ones and the ends among them.
    pub(super) fn integer(&mut self, bits: u32) -> i64 {
        let bits = self.within(1, bits.into()) as u32;
        let range = Interval { lo: -(1i64 << (bits - 1)), hi: (1i64 << (bits - 1)) - 1 };
        match self.next() % 4 {
            0 => range.lo,
            1 => range.hi,
            _ => self.within(range.lo, range.hi),
        }
    }

    fn integers(&mut self, count: usize, bits: u32) -> Vec<i64> {
        (0..count).map(|_| self.integer(bits)).collect()
    }

    fn narrow(&mut self, count: usize, bits: u32) -> Vec<i32> {
        self.integers(count, bits).into_iter().map(|value| value as i32).collect()
    }

    /// A range: of a width in bits, of any two ends, or of one value.
    pub(super) fn interval(&mut self, bits: u32) -> Interval {
        let (a, b) = (self.integer(bits), self.integer(bits));
        let width = self.within(1, bits.into()) as u32;
        self.of(&[Interval::of_bits(width), Interval::of_bits(width), Interval::new(a, b), Interval::new(0, b.max(0)), Interval::point(a)])
    }

    /// A rescaling with the least and the greatest result, equal ends and ranges whose size is not a power of two among them.
    fn requantise(&mut self, shift: Vec<i8>) -> Requantise {
        let any = self.interval(32);
        let ends = [(i32::MIN, i32::MAX), (-128, 127), (0, 0), (0, 1), (-1, 1), (3, 9), (-5, -5), (0, 255), (any.lo as i32, any.hi as i32)];
        let (lo, hi) = self.of(&ends);
        Requantise { shift, lo, hi }
    }

    fn shape(&mut self, rank: usize) -> Vec<usize> {
        (0..rank).map(|_| self.within(1, 5) as usize).collect()
    }
}

/// A model with one node of a primitive, and the inputs that the node takes copied, reversed and padded by a [`Move`] at times.
pub(super) fn model(name: &str, random: &mut Random, shift: i8) -> Result<Model, ModelError> {
    let bits = random.of(&[4, 8, 16, 32]);
    let dims = random.shape(2);
    let elements = dims.iter().product::<usize>();
    let (last, like) = (dims[1], Shape::new(&dims).unwrap());
    let per_channel = |random: &mut Random, channels: usize| {
        let other = random.within(-4, 20) as i8;
        if random.next().is_multiple_of(2) {
            vec![shift; channels]
        } else {
            (0..channels).map(|i| if i % 2 == 0 { shift } else { other }).collect()
        }
    };
    let mut ranges = vec![(dims.clone(), random.interval(bits))];
    let primitive = match name {
        "Affine" => {
            let (groups, m) = random.of(&[(1, 1), (1, 3), (1, 20), (last, 1), (last, 2)]);
            let (n, channels) = (last / groups, groups * m);
            let weights = random.integers(channels * n, 16).into_iter().map(|weight| weight.max(-32767) as i16).collect();
            let bias = random.integers(channels, bits + 16);
            let shift = per_channel(random, channels);
            let requantise = random.requantise(shift);
            Primitive::Affine(Affine { groups: groups as u32, inputs: n as u32, weights, bias, requantise })
        }
        "Sum" => {
            let terms = random.of(&[1, 2, 3, 4]);
            ranges.extend((1..terms).map(|_| (dims.clone(), random.interval(bits))));
            let (channels, inner) = random.of(&[(1, elements), (last, 1), (dims[0], last), (elements, 1)]);
            let coefficients = (0..terms).map(|_| random.narrow(channels, 32 - bits / 2)).collect();
            let bias = random.integers(channels, bits + 8);
            let shift = per_channel(random, channels);
            let requantise = random.requantise(shift);
            Primitive::Sum(Sum { coefficients, bias, inner: inner as u32, requantise })
        }
        "ArgMax" => Primitive::ArgMax(ArgMax { axis: random.of(&[0, 1]), keep_axis: random.of(&[false, true]) }),
        "Max" => Primitive::Max(Max { axis: random.of(&[0, 1]), keep_axis: random.of(&[false, true]) }),
        "Move" => {
            let constants = random.narrow(2, bits);
            let indices = (0..elements + 3).map(|_| random.within(0, elements as i64 + 1) as u32).collect();
            Primitive::Move(Move { shape: Shape::new(&[elements + 3]).unwrap(), indices, constants })
        }
        "Product" => {
            let requantise = random.requantise(vec![shift]);
            if random.next().is_multiple_of(2) {
                ranges.push((dims.clone(), random.interval(bits)));
                Primitive::Product(Product { rows: 1, columns: 1, inner: 1, shape: like, requantise })
            } else {
                let (batches, columns) = (random.within(1, 2) as usize, random.within(1, 5) as usize);
                let [rows, inner] = [dims[0], last];
                ranges[0].0 = vec![batches * rows * inner];
                ranges.push((vec![batches * columns * inner], random.interval(bits)));
                let shape = Shape::new(&[batches * rows * columns]).unwrap();
                let [rows, columns, inner] = [rows, columns, inner].map(|length| length as u32);
                Primitive::Product(Product { rows, columns, inner, shape, requantise })
            }
        }
        "Table" => {
            let fraction = random.of(&[0, 1, 4, 11, 24]);
            let knots = random.of(&[2, 3, 5, 300]);
            Primitive::Table(Table { lo: random.integer(bits) as i32, fraction, knots: random.narrow(knots, bits) })
        }
        "Divide" => {
            let greatest = random.integer(bits).max(1);
            let least = random.within(1, greatest);
            ranges.push((dims.clone(), Interval::new(least, greatest)));
            let requantise = random.requantise(vec![0]);
            Primitive::Divide(Divide { shift: shift.clamp(0, 40) as u8, lo: requantise.lo, hi: requantise.hi })
        }
        "Select" => {
            let condition = random.of(&[Interval::new(0, 1), Interval::point(0), Interval::point(1)]);
            ranges.splice(0..1, [(dims.clone(), condition), (dims.clone(), random.interval(bits)), (dims.clone(), random.interval(bits))]);
            Primitive::Select(Select {})
        }
        _ => panic!("the primitive {name} has no strategy"),
    };
    let mut builder = ModelBuilder::new(name);
    let mut tensors = Vec::new();
    for (index, (dims, range)) in ranges.iter().enumerate() {
        tensors.push(builder.input(&format!("x{index}"), Shape::new(dims).unwrap(), 0, *range)?);
    }
    if random.next().is_multiple_of(3) {
        // Some zeros: cells that a unit must not confuse with free lanes.
        let zeros = |(tensor, (dims, range)): (&mut TensorId, &(Vec<usize>, Interval))| {
            let shape = Shape::new(dims).unwrap();
            let elements = shape.elements() as u32;
            let constants = vec![0i64.clamp(range.lo, range.hi) as i32];
            let indices =
                (0..elements).map(|index| if random.next().is_multiple_of(2) { elements } else { elements - 1 - index }).collect();
            *tensor = builder.node("zeros", Primitive::Move(Move { shape, indices, constants }), &[*tensor], 0)?;
            Ok(())
        };
        tensors.iter_mut().zip(&ranges).try_for_each(zeros)?;
    }
    let y = builder.node("y", primitive, &tensors, 0)?;
    // An input as an output, and an output twice, so that addresses must be told apart.
    let outputs: &[(&str, TensorId)] =
        if random.next().is_multiple_of(3) { &[("y", y), ("x", tensors[0]), ("again", y)] } else { &[("y", y)] };
    builder.finish(outputs)
}

/// Whether a model is provable. Proves nothing, but checks all that a proof would, in the setting of a case.
pub(super) fn check(case: usize, model: &Model, batch: usize, seed: u64) -> bool {
    let setting = Setting::of_case(case);
    let program = match TraceProgram::new(model, batch, setting.layout) {
        Ok(program) => program,
        Err(error) => {
            refused(model, &error, setting.layout);
            return false;
        }
    };
    let inputs = models::inputs(model, batch, seed);
    let mut executor = Executor::new(model);
    let expected: Vec<i32> = inputs.iter().flat_map(|inputs| executor.run(inputs).unwrap().concat()).collect();
    let attempt = Attempt::of(program, setting.sides, inputs.concat().concat());
    assert_eq!(attempt.values()[1], expected, "{model:?}");
    let random = attempt.random(seed);
    let auxiliary = attempt.auxiliary(&random);
    // In long traces, most rows do nothing.
    let (used, ends) = (attempt.program.used_rows + 3, [attempt.program.first_mask_row() - 1, attempt.rows() - 2]);
    let rows: Vec<usize> = if attempt.rows() > 1 << 12 { (0..used).chain(ends).collect() } else { (0..attempt.rows()).collect() };
    let violations = attempt.violations_by_the_air(&auxiliary, &random, rows.iter().copied());
    assert_eq!(violations, [], "{model:?}");
    assert_eq!(attempt.violations_by_the_checker(&auxiliary, &random, rows), [], "{model:?}");
    true
}

/// A model is refused only where the limbs of a number, of 16 bits in the longest traces, or the field's 64 bits are not enough.
fn refused(model: &Model, error: &TraceProgramError, layout: &Layout) {
    let (reason, limbs) = match error {
        TraceProgramError::Node { reason, .. } => (reason, layout.room.limbs),
        TraceProgramError::Input { reason, input } => {
            let range = model.inputs().iter().find(|tensor| tensor.name == *input).expect("the input is one of the model's").range;
            let is_power = (range.hi.abs_diff(range.lo) + 1).is_power_of_two();
            // A unit checks the end of a range that is not a power of two wide.
            (reason, if is_power { INPUT_LIMBS } else { INPUT_LIMBS.min(layout.room.limbs) })
        }
        _ => panic!("{error}"),
    };
    match reason {
        Unprovable::Range { bits, limit } => assert!(*limit == 16 * limbs as u32 && bits > limit, "{error}"),
        Unprovable::Wraps { bits } => assert!(*bits >= 64, "{error}"),
        _ => panic!("{error}"),
    }
}

/// Runs the cases of a primitive.
fn run(name: &str, cases: u32) {
    // By the limbs of a number: one, or more.
    let (accepted, proven) = ([const { Cell::new(0u32) }; 2], [const { Cell::new(0u32) }; 2]);
    let cases_of = |counts: &[Cell<u32>; 2]| counts.iter().map(Cell::get).sum::<u32>();
    let strategy = (any::<u64>(), -20i8..=62, 1usize..=3);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&strategy, |(seed, shift, batch)| {
        if let Ok(model) = model(name, &mut Random(seed), shift) {
            let case = cases_of(&accepted) as usize;
            let kind = usize::from(Setting::of_case(case).layout.room.limbs > 1);
            proven[kind].update(|count| count + u32::from(check(case, &model, batch, seed)));
            accepted[kind].update(|count| count + 1);
        }
        Ok(())
    });
    result.unwrap();
    assert!(cases_of(&accepted) > cases / 4, "{name}: the runtime accepts {} of {cases} models", cases_of(&accepted));
    let [narrow, others] = [0, 1].map(|kind| (proven[kind].get(), accepted[kind].get()));
    // All of them at the time of writing, for every primitive and 2,000 cases of each; a refusal with a reason is not a failure, but rare.
    assert!(100 * others.0 >= 99 * others.1, "{name}: {others:?} models are provable");
    // Half of the random ranges are wider than one limb.
    assert!(4 * narrow.0 >= narrow.1, "{name}: {narrow:?} models are provable with one limb a number");
}

#[test]
fn random_models_of_every_primitive_are_provable() {
    for name in Primitive::NAMES {
        run(name, if cfg!(feature = "slow") { 2_000 } else { 48 });
    }
}

#[test]
fn a_unit_that_takes_zeros_stands_where_no_product_reads() {
    // One result of many products, so that what follows is in rows whose lanes are taken.
    let mut builder = ModelBuilder::new("zeros");
    let x = builder.input("x", Shape::new(&[64]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![0], lo: -9999, hi: 9999 };
    let affine = Affine { groups: 1, inputs: 64, weights: vec![5; 64], bias: vec![1], requantise: requantise.clone() };
    let dense = builder.node("dense", Primitive::Affine(affine), &[x], 0).unwrap();
    let shape = Shape::new(&[8]).unwrap();
    let zeros = Move { shape, indices: vec![1; 8], constants: vec![0] };
    let zeros = builder.node("zeros", Primitive::Move(zeros), &[dense], 0).unwrap();
    let sum = Sum { coefficients: vec![vec![3], vec![-7]], bias: vec![2], inner: 1, requantise };
    let sum = builder.node("sum", Primitive::Sum(sum), &[zeros, zeros], 0).unwrap();
    let max = builder.node("max", Primitive::Max(Max { axis: 0, keep_axis: true }), &[zeros], 0).unwrap();
    let model = builder.finish(&[("dense", dense), ("sum", sum), ("max", max), ("zeros", zeros)]).unwrap();
    assert!((0..SETTINGS.len()).all(|case| check(case, &model, 1, 3)));
}

#[test]
fn a_model_with_ranges_too_wide_for_a_short_trace_gets_a_longer_one() {
    let mut builder = ModelBuilder::new("wide");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(32)).unwrap();
    let max = builder.node("max", Primitive::Max(Max { axis: 0, keep_axis: false }), &[x], 0).unwrap();
    let model = builder.finish(&[("max", max)]).unwrap();
    for layout in &LAYOUTS {
        // Inputs and differences have 32 bits. Where a number has one limb, no trace is long enough.
        let fits = |rows: &usize| layout.room.limbs.min(INPUT_LIMBS) as u32 * layout.limb_bits(*rows) >= 32;
        let least = (layout.min_rows().ilog2()..=MAX_ROWS.ilog2()).map(|log| 1 << log).find(fits);
        assert_eq!(TraceProgram::new(&model, 1, layout).ok().map(|program| program.rows), least, "{}", layout.name);
    }
    assert_eq!(TraceProgram::new(&model, 1, Layout::base()).unwrap().rows, 1 << 16);
    for (case, setting) in SETTINGS.into_iter().enumerate() {
        assert_eq!(check(case, &model, 1, 3), setting.layout.room.limbs > 1, "{setting:?}");
    }
}
