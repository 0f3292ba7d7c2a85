//! Why nothing wraps around the modulus, computed anew in big integers; and the forgeries that pass where it does.
//!
//! An identity of a unit holds modulo `p`. It holds over the integers if its two sides differ by less than `p`, whatever the prover brings. How
//! far they can differ follows here from the built operations and the ranges of the inputs alone: from what each check lets pass, not from
//! what the lowering took it to let pass. Lowerings refuse or take apart what could wrap, in `wraps`, `wide` and `divide.rs`. For each of
//! these guards there is a forgery below, which passes all constraints of a program without it.

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::{INPUT_LIMBS, LAYOUTS, Layout, MAX_ROWS};
use num_bigint::BigInt;

use super::lowerings::{Departure, P, Run, centered, violations};
use super::properties::{self, Random};
use super::{Attempt, SETTINGS, cells, models};
use crate::error::{TraceProgramError, Unprovable};
use crate::program::builder::{Builder, Cell, Check, Factor, Interface, Operation, Source, bits};
use crate::program::rescale::Rescale;
use crate::program::{Placed, Slot, TraceProgram};

// BOUNDS
// ================================================================================================

/// All integers from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bounds {
    lo: BigInt,
    hi: BigInt,
}

impl Bounds {
    fn new(lo: impl Into<BigInt>, hi: impl Into<BigInt>) -> Self {
        Self { lo: lo.into(), hi: hi.into() }
    }

    /// All numbers of a width.
    fn of_width(bits: u32) -> Self {
        Self::new(0, (BigInt::from(1) << bits) - 1)
    }

    fn plus(&self, other: &Self) -> Self {
        Self::new(&self.lo + &other.lo, &self.hi + &other.hi)
    }

    fn times(&self, other: &Self) -> Self {
        let ends = [&self.lo * &other.lo, &self.lo * &other.hi, &self.hi * &other.lo, &self.hi * &other.hi];
        Self::new(ends.iter().min().unwrap().clone(), ends.iter().max().unwrap().clone())
    }

    fn by(&self, factor: i64) -> Self {
        self.times(&Self::new(factor, factor))
    }

    fn map(&self, rising: impl Fn(&BigInt) -> BigInt) -> Self {
        Self { lo: rising(&self.lo), hi: rising(&self.hi) }
    }
}

/// What is known of all cells.
struct Known<'a> {
    builder: &'a Builder,
    cells: Vec<Bounds>,
    /// Cells that are `floor((cell + offset) / 2^shift)`, with shifts of 0 among them.
    floors: Vec<Option<(Cell, i64, i32)>>,
    /// The greatest difference of two sides so far.
    most: BigInt,
}

/// By how much the two sides of an identity differ at most, for all identities of a builder whose inputs are within ranges.
///
/// # Panics
/// An identity could hold only modulo `p`, or a check checks nothing.
fn difference(builder: &Builder, inputs: &[Interval]) -> BigInt {
    let cells = vec![Bounds::new(0, 0); builder.n_cells()];
    let mut known = Known { builder, cells, floors: vec![None; builder.n_cells()], most: BigInt::ZERO };
    assert_eq!(inputs.len(), builder.inputs.len());
    for (input, range) in builder.inputs.iter().zip(inputs) {
        assert!(input.bits <= INPUT_LIMBS as u32 * builder.limb_bits, "the limbs of an input are wider than limbs are");
        known.cells[input.cell.index()] = Bounds::new(range.lo, range.hi);
    }
    let nothing = Bounds::new(0, 0);
    for (singles, group) in builder.in_order() {
        singles.iter().for_each(|operation| known.add(operation, &nothing));
        let Some(group) = group else { continue };
        let mut sums = vec![nothing.clone(); group.operations.len()];
        for product in &group.products {
            let cells = |cells: &[(Cell, i64)]| cells.iter().map(|(cell, by)| known.of(*cell).by(*by)).collect::<Vec<_>>();
            let left = match &product.left {
                Factor::Weights(weights) => weights.iter().map(|weight| Bounds::new(*weight, *weight)).collect(),
                Factor::Cells(factors) => cells(factors),
                Factor::Taps(taps) => {
                    for (position, right) in cells(&product.right).iter().enumerate() {
                        for (tap, by) in taps.moves.iter().enumerate() {
                            let sums = &mut sums[(position + taps.moves[0] - by) * group.inner..][..group.inner];
                            for (sum, weight) in sums.iter_mut().zip(&taps.weights[tap * group.inner..]) {
                                *sum = sum.plus(&right.by(*weight));
                            }
                        }
                    }
                    continue;
                }
            };
            for (right, sums) in cells(&product.right).iter().zip(sums.chunks_exact_mut(group.inner)) {
                sums.iter_mut().zip(&left).for_each(|(sum, left)| *sum = sum.plus(&left.times(right)));
            }
        }
        group.operations.iter().zip(&sums).for_each(|(operation, sum)| known.add(operation, sum));
    }
    known.most
}

impl Known<'_> {
    fn of(&self, cell: Cell) -> &Bounds {
        &self.cells[cell.index()]
    }

    fn add(&mut self, operation: &Operation, products: &Bounds) {
        let widths = operation.widths();
        assert!(widths.iter().all(|bits| *bits <= self.builder.number_bits()), "a number is wider than its limbs: {operation:?}");
        if let Some(check) = operation.check.filter(|check| !check.floating) {
            assert_eq!(check.hi - check.lo, (1 << check.value_bits) - 1, "a check lets pass what its saturation does not: {operation:?}");
        }
        let (bounds, floor) = match operation.source {
            Source::Accumulator => self.accumulator(operation, products, widths),
            Source::Lookup { .. } => {
                let constants = &self.builder.constants;
                (Bounds::new(*constants.iter().min().unwrap(), *constants.iter().max().unwrap()), None)
            }
            // A hint is anything that its check lets pass.
            Source::Digit { cell, offset, shift, bits } => {
                (self.window(operation), bits.is_none().then(|| self.floor(cell, offset, shift as i32)))
            }
            Source::Quotient { .. } => (self.window(operation), None),
        };
        self.cells[operation.target.index()] = bounds;
        self.floors[operation.target.index()] = floor;
    }

    /// `floor((cell + offset) / 2^shift)`, of the cell that this one is a sum of, if it is one.
    fn floor(&self, cell: Cell, offset: i64, shift: i32) -> (Cell, i64, i32) {
        match self.floors[cell.index()] {
            Some((of, more, 0)) => (of, more + offset, shift),
            _ => (cell, offset, shift),
        }
    }

    fn window(&self, operation: &Operation) -> Bounds {
        let check = operation.check.unwrap_or_else(|| panic!("a hint without a check: {operation:?}"));
        let base = if check.floating { self.of(operation.cells[1]).clone() } else { Bounds::new(0, 0) };
        base.plus(&Bounds::new(check.lo, check.lo)).plus(&Bounds::of_width(check.value_bits))
    }

    fn accumulator(&mut self, operation: &Operation, products: &Bounds, widths: [u32; 3]) -> (Bounds, Option<(Cell, i64, i32)>) {
        let ([x, y], [a, b, c]) = (operation.cells, operation.coefficients);
        let own = self.of(x).by(a).plus(&self.of(y).by(b)).plus(&self.of(x).times(self.of(y)).by(c));
        let total = own.plus(products).plus(&Bounds::new(operation.offset(), operation.offset()));
        let shift = operation.shift;
        let rescaled = total.map(|end| if shift > 0 { end >> shift } else { end << -shift });
        let alone = [a, b, c] == [1, 0, 0] && *products == Bounds::new(0, 0);
        let Some(check) = operation.check else {
            // A value that nothing bounds is what its accumulator says, if no remainder can make up for another one.
            assert!(shift <= 0, "a rescaled value without a check: {operation:?}");
            let of_digit = self.floors[y.index()] == Some(self.floor(x, operation.bias, b.unsigned_abs().max(1).ilog2() as i32));
            let is_remainder = of_digit && a == 1 && c == 0 && b < 0 && b.unsigned_abs().is_power_of_two();
            let is_sum = shift == 0 && alone;
            let floor = is_sum.then(|| self.floor(x, operation.bias, 0));
            return (if is_remainder { Bounds::new(0, -1 - b) } else { rescaled }, floor);
        };
        // The sides of `2^shift (y + s e) + r = accumulator`; a negative shift is taken to the other side.
        let window = self.window(operation);
        let excess = Bounds::of_width(widths[2]).hi;
        let q = Bounds::new((&window.lo - &excess).min(window.lo.clone()), (BigInt::from(check.hi) + &excess).max(window.hi.clone()));
        let left = q.map(|end| end << shift.max(0)).plus(&Bounds::of_width(widths[0]));
        let right = if shift > 0 { &total } else { &rescaled };
        let difference = (&left.hi - &right.lo).max(&right.hi - &left.lo);
        assert!(difference < BigInt::from(P), "an identity could hold modulo p alone, by {difference}: {operation:?}");
        self.most = difference.max(self.most.clone());
        let value = match check.floating {
            true => Bounds::new(rescaled.lo.max(self.of(y).lo.clone()), rescaled.hi.max(self.of(y).hi.clone())),
            false => rescaled.map(|end| end.clone().clamp(window.lo.clone(), window.hi.clone())),
        };
        let is_floor = shift > 0 && check.excess_bits == 0 && alone;
        (value, is_floor.then(|| self.floor(x, operation.offset(), shift)))
    }
}

/// All widths of limbs, each with a layout that has them. Of layouts whose numbers have as many limbs of a width, there is one: identities
/// depend on nothing else.
fn limbs() -> Vec<(u32, &'static Layout)> {
    let mut all: Vec<(u32, &Layout)> = Vec::new();
    for layout in &LAYOUTS {
        let known = |bits: u32| all.iter().any(|(of, other)| (*of, other.room.limbs) == (bits, layout.room.limbs));
        let others: Vec<_> = (layout.limb_bits(layout.min_rows())..=layout.limb_bits(MAX_ROWS)).filter(|bits| !known(*bits)).collect();
        all.extend(others.into_iter().map(|bits| (bits, layout)));
    }
    all
}

/// The greatest difference in a model's identities, for all limbs with which it has rows.
fn differences(model: &Model, batch: usize) -> Vec<BigInt> {
    let elements = || model.inputs().iter().flat_map(|x| vec![x.range; x.shape.elements()]);
    let inputs: Vec<Interval> = (0..batch).flat_map(|_| elements()).collect();
    let placed = limbs().into_iter().filter_map(|(bits, layout)| Placed::new(model, batch, bits, layout).ok());
    placed.map(|placed| difference(&placed.builder, &inputs)).collect()
}

#[test]
fn no_identity_of_any_primitive_can_hold_modulo_p_alone() {
    assert!(!differences(&models::every_primitive(), 2).is_empty());
    for name in Primitive::NAMES {
        assert!(!differences(&cells::case(name), 1).is_empty(), "{name}");
        let (mut random, mut lowered) = (Random(23), 0);
        for _ in 0..if cfg!(feature = "slow") { 20_000 } else { 400 } {
            let (shift, seed) = (random.within(-20, 62) as i8, random.within(0, i64::MAX) as u64);
            if let Ok(model) = properties::model(name, &mut Random(seed), shift) {
                lowered += differences(&model, 1).len();
            }
        }
        assert!(lowered > 400, "{name}: {lowered}");
    }
}

#[test]
fn no_rescaling_can_hold_modulo_p_alone() {
    let mut random = Random(29);
    let mut most = BigInt::ZERO;
    for _ in 0..if cfg!(feature = "slow") { 100_000 } else { 4_000 } {
        let terms = if random.within(0, 1) == 0 { [31, 2] } else { [31, 31] };
        let terms = terms.map(|bits| (random.integer(32).max(-i64::from(i32::MAX)) as i32, random.interval(bits)));
        let ends = random.interval(32);
        let requantise = (random.within(-30, 62) as i8, ends.lo as i32, ends.hi as i32);
        let Some(model) = sum(&terms, requantise) else { continue };
        most = differences(&model, 1).into_iter().chain([most]).max().unwrap();
    }
    // Some came near to it.
    assert!(most > BigInt::from(1) << 62, "{most}");
}

// FORGERIES
// ================================================================================================

/// A sum of terms of one element, each a coefficient with the range of an input, if the runtime accepts it.
fn sum(terms: &[(i32, Interval)], (shift, lo, hi): (i8, i32, i32)) -> Option<Model> {
    let mut builder = ModelBuilder::new("sum");
    let scalar = || Shape::new(&[1]).unwrap();
    let input = |(index, (_, range)): (usize, &(i32, Interval))| builder.input(&format!("x{index}"), scalar(), 0, *range).ok();
    let inputs = terms.iter().enumerate().map(input).collect::<Option<Vec<_>>>()?;
    let coefficients = terms.iter().map(|(coefficient, _)| vec![*coefficient]).collect();
    let requantise = Requantise { shift: vec![shift], lo, hi };
    let sum = Sum { coefficients, bias: vec![0], inner: 1, requantise };
    let y = builder.node("y", Primitive::Sum(sum), &inputs, 0).ok()?;
    builder.finish(&[("y", y)]).ok()
}

const MOST: i64 = i32::MAX as i64;

/// A sum whose accumulators reach from `-(2^62 - 1)` to `2^62 - 1`, the certificate's last, and whose results are `2^31 - 2` or `2^31 - 1`.
const SUM: [(i32, Interval); 2] = [(i32::MAX, Interval { lo: -MOST, hi: MOST }), (i32::MAX, Interval { lo: -2, hi: 2 })];
const REQUANTISE: (i8, i32, i32) = (31, i32::MAX - 1, i32::MAX);
/// The inputs with the least accumulator.
const LEAST: [i32; 2] = [-i32::MAX, -2];

/// A program that is written by hand, with limbs of 16 bits, in rows of a layout.
fn program(layout: &'static Layout, inputs: &[Interval], lower: impl FnOnce(&mut Builder, &[Cell]) -> Cell) -> TraceProgram {
    let mut builder = Builder::new(16, layout.room);
    let cells: Vec<Cell> = inputs.iter().flat_map(|range| builder.inputs(1, *range).unwrap()).collect();
    let output = lower(&mut builder, &cells);
    Placed::of(builder, Interface { inputs: cells, outputs: vec![output] }, layout).into_program(1, 1 << 16)
}

/// The honest output, and the one of a departure that no constraint objects to in any setting. The programs are written for numbers of two
/// limbs.
fn forge(program: impl Fn(&'static Layout) -> TraceProgram, inputs: &[i32], departure: impl Fn(&TraceProgram) -> Departure) -> [i128; 2] {
    let settings = SETTINGS.into_iter().filter(|setting| setting.layout.room.limbs == 2);
    let outputs = settings.map(|setting| {
        let honest = Attempt::of(program(setting.layout), setting.sides, inputs.to_vec());
        let departure = departure(&honest.program);
        [None, Some(departure)].map(|departure| {
            let run = Run::new(&honest.program, inputs, departure);
            assert_eq!(violations(&run.attempt(&honest)), [], "{departure:?} {setting:?}");
            centered(run.of(honest.program.builder.outputs[0]))
        })
    });
    let outputs: Vec<_> = outputs.collect();
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    outputs[0]
}

/// The place of the only operation that is like this.
fn find(program: &TraceProgram, like: impl Fn(&Operation) -> bool) -> Slot {
    let found: Vec<usize> = (0..).zip(program.builder.singles()).filter(|(_, operation)| like(operation)).map(|(index, _)| index).collect();
    assert_eq!(found.len(), 1);
    Slot::Single { index: found[0] as u32 }
}

fn refused(model: &Model) -> Unprovable {
    match TraceProgram::new(model, 1, Layout::base()) {
        Err(TraceProgramError::Node { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|program| program.rows)),
    }
}

/// The greater of two numbers from `-2^27` to `127 2^20`.
fn wide_maximum() -> Model {
    let mut builder = ModelBuilder::new("maximum");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![0], lo: i32::MIN, hi: i32::MAX };
    let sum = Sum { coefficients: vec![vec![1 << 20]], bias: vec![0], inner: 1, requantise };
    let wide = builder.node("wide", Primitive::Sum(sum), &[x], 0).unwrap();
    let y = builder.node("y", Primitive::Max(Max { axis: 0, keep_axis: false }), &[wide], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn a_maximum_of_more_bits_than_a_numbers_limbs_have_is_not_built() {
    let model = wide_maximum();
    let mut all = limbs();
    all.retain(|(bits, layout)| {
        // It needs 28 bits.
        let is_built = Placed::new(&model, 1, *bits, layout).is_ok();
        assert_eq!(is_built, layout.room.limbs as u32 * bits >= 28, "{} limbs of {bits} bits", layout.room.limbs);
        is_built
    });
    assert!(all.iter().any(|(bits, layout)| (*bits, *layout) == (14, Layout::base())));
    assert_eq!(differences(&model, 1).len(), all.len());
}

#[test]
fn a_unit_whose_excess_reaches_the_modulus_is_forged_and_not_built() {
    let model = sum(&SUM, REQUANTISE).unwrap();
    let (shift, lo, hi) = REQUANTISE;
    let (lo, hi) = (i64::from(lo), i64::from(hi));
    let check = Check { lo, hi, floating: false, value_bits: 1, excess_bits: 32 };
    // What `windows` gives if `wraps` lets everything pass.
    let one_unit = |layout| {
        program(layout, &SUM.map(|(_, range)| range), |builder, cells| {
            let (target, cells) = (builder.cell(), [cells[0], cells[1]]);
            let [a, b] = SUM.map(|(coefficient, _)| coefficient.into());
            let (source, coefficients) = (Source::Accumulator, [a, b, 0]);
            builder.single(Operation { target, source, cells, coefficients, bias: 0, shift: shift.into(), check: Some(check) })
        })
    };
    let wrapped = |program: &TraceProgram| Departure::Accumulator(find(program, |operation| operation.check == Some(check)), 1);
    assert_eq!(forge(one_unit, &LEAST, wrapped), [lo.into(), hi.into()]);
    assert_eq!(refused(&model), Unprovable::Wraps { bits: 64 });
    // A little less can be taken apart, and is.
    let model = sum(&SUM[..1], REQUANTISE).unwrap();
    let program = TraceProgram::new(&model, 1, Layout::base()).unwrap();
    let digits = program.builder.singles().iter().filter(|operation| matches!(operation.source, Source::Digit { .. })).count();
    assert!(digits > 0 && !differences(&model, 1).is_empty());
}

#[test]
fn a_high_digit_whose_window_reaches_the_modulus_is_forged_and_not_built() {
    let (shift, lo, hi) = REQUANTISE;
    let half = 1i64 << (shift - 1);
    // What `wide` gives if it does not look at the difference of the sides: x + half = h 2^60 + l 2^31 + r.
    let taken_apart = |layout| {
        program(layout, &SUM.map(|(_, range)| range), |builder, cells| {
            let [a, b] = SUM.map(|(coefficient, _)| coefficient.into());
            let x = builder.exact([cells[0], cells[1]], [a, b, 0], 0);
            let high = Interval::new((half - (1 << 62)) >> 60, (half + (1 << 62) - 1) >> 60);
            let h = builder.hint(Source::Digit { cell: x, offset: half, shift: 60, bits: None }, high);
            let check = Check { lo: 0, hi: (1 << 29) - 1, floating: false, value_bits: 29, excess_bits: 0 };
            let (target, source) = (builder.cell(), Source::Accumulator);
            let (cells, coefficients) = ([x, h], [1, -1 << 60, 0]);
            let l = builder.single(Operation { target, source, cells, coefficients, bias: 0, shift: 31, check: Some(check) });
            let h = builder.settle([h, Cell::ZERO], [1, 0, 0], Rescale::clamp(2, 4), high).unwrap();
            let q = Interval::new(2 << 29, 5 << 29);
            builder.settle([h, l], [1 << 29, 1, 0], Rescale::clamp(lo.into(), hi.into()), q).unwrap()
        })
    };
    let wrapped = |program: &TraceProgram| {
        let digit = |operation: &&Operation| matches!(operation.source, Source::Digit { .. });
        match program.builder.singles().iter().find(digit).unwrap().source {
            Source::Digit { cell, offset, .. } => Departure::Digits(cell, offset, 1),
            _ => unreachable!("it is a digit"),
        }
    };
    assert_eq!(forge(taken_apart, &LEAST, wrapped), [lo.into(), hi.into()]);
    assert_eq!(refused(&sum(&SUM, REQUANTISE).unwrap()), Unprovable::Wraps { bits: 64 });
}

#[test]
fn a_quotient_whose_product_reaches_the_modulus_is_forged_and_not_built() {
    let (num, den) = (Interval::new(-MOST, 3), Interval::new(2, MOST));
    let divide = Divide { shift: 30, lo: -(1 << 29), hi: i32::MAX };
    let (lo, hi) = (i64::from(divide.lo), i64::from(divide.hi));
    // What `divide.rs` gives if it takes the remainder to be small: the window reaches to 3.5 2^30.
    let quotient = Interval::new(lo, 3 << 29);
    assert_eq!(divide.unsaturated(num, den).hi, quotient.hi);
    let unbounded = |layout| {
        program(layout, &[num, den], |builder, cells| {
            let [num, den] = [cells[0], cells[1]];
            let y = builder.hint(Source::Quotient { num, den, shift: 30, lo, hi }, quotient);
            let scaled = builder.exact([num, den], [2 << 30, 1, 0], 0);
            let product = builder.exact([y, den], [0, 0, -2], 0);
            let d = builder.exact([scaled, product], [1, 1, 0], 0);
            let small = Interval::new(-(3 << 60), 3 << 60);
            let is_below = builder.settle([d, Cell::ZERO], [-1, 0, 0], Rescale::clamp(0, 1), small).unwrap();
            builder.within([is_below, y], [-lo, 0, 1], 0, 0);
            let is_above = builder.settle([d, den], [1, -2, 0], Rescale { bias: 1, ..Rescale::clamp(0, 1) }, small).unwrap();
            builder.within([is_above, y], [hi, 0, -1], 0, 0);
            y
        })
    };
    // 2 num 2^30 + den + p, divided by 2 den.
    let total = i128::from(-MOST) * (2 << 30) + i128::from(MOST);
    let other = (total + P).div_euclid(2 * i128::from(MOST));
    assert!(other < i128::from(quotient.lo) + (1 << bits(quotient.hi.abs_diff(quotient.lo))));
    let wrapped = |program: &TraceProgram| {
        let slot = find(program, |operation| matches!(operation.source, Source::Quotient { .. }));
        Departure::Value(slot, super::lowerings::element(other))
    };
    assert_eq!(forge(unbounded, &[-i32::MAX, i32::MAX], wrapped), [lo.into(), other]);
    let mut builder = ModelBuilder::new("divide");
    let inputs = [("num", num), ("den", den)].map(|(name, range)| builder.input(name, Shape::new(&[1]).unwrap(), 0, range).unwrap());
    let y = builder.node("y", Primitive::Divide(divide), &inputs, 0).unwrap();
    assert_eq!(refused(&builder.finish(&[("y", y)]).unwrap()), Unprovable::Wraps { bits: 64 });
}
