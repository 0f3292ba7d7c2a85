//! No lowering leaves a value to the prover.
//!
//! In [`super::cells`] one cell changes and all else stays, so an identity is broken in most cases. Here no identity is. A prover departs from
//! what an operation says in one place, and follows through: the unit gets the remainder or the excess that its identity asks for, modulo
//! `p`, everything that depends on the value is carried out again on what it then reads, limbs are split and the uses of tables counted. A
//! range is all that is left to object, so a lowering without one of its range checks fails here.
//!
//! Operations and hints are taken from the built program: a new primitive is attacked as soon as it has a case in [`super::cells`] and a
//! strategy in [`super::properties`], without which it does not pass these tests.

use std::collections::HashMap;

use maat_runtime::primitives::*;
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Values};
use rayon::prelude::*;
use winterfell::math::FieldElement;

use super::cells::{self, recount};
use super::properties::{self, Random};
use super::{Attempt, SETTINGS, Setting, Violation, models, number_columns};
use crate::program::builder::{Cell, Factor, Group, Operation, Source};
use crate::program::{Slot, TraceProgram};

/// Goldilocks, `2^64 - 2^32 + 1`.
pub(super) const P: i128 = 0xffff_ffff_0000_0001;

/// The element that an integer is.
pub(super) fn element(integer: i128) -> Goldilocks {
    Goldilocks::new(integer.rem_euclid(P) as u64)
}

/// The integer next to zero that an element stands for.
pub(super) fn centered(element: Goldilocks) -> i128 {
    let integer = i128::from(element.as_int());
    if integer > P / 2 { integer - P } else { integer }
}

// DEPARTURES
// ================================================================================================

/// Where a prover departs from what an operation says. What else its unit holds follows from its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// An input has this value.
    Input(usize, i64),
    /// The operation gives this value, and nothing is saturated.
    Value(Slot, Goldilocks),
    /// The remainder is this, and nothing is saturated.
    Remainder(Slot, i64),
    /// The value is saturated on this side.
    Side(Slot, i64),
    /// The accumulator is greater by so many moduli.
    Accumulator(Slot, i128),
    /// The number that hints take apart, a cell and an offset, is greater by so many moduli.
    Digits(Cell, i64, i128),
}

/// The numbers of a unit, as the prover brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    y: Goldilocks,
    base: Goldilocks,
    side: i64,
    /// Remainder, distance from the least value, excess.
    numbers: [Goldilocks; 3],
}

/// A run of a program: honest, but for one departure.
pub(super) struct Run {
    values: Vec<Goldilocks>,
    units: HashMap<Slot, Numbers>,
}

/// `2^shift`, whose inverse is taken for negative shifts.
fn scale(shift: i32) -> Goldilocks {
    let power = Goldilocks::new(1 << shift.unsigned_abs());
    if shift < 0 { power.inv() } else { power }
}

impl Run {
    pub(super) fn new(program: &TraceProgram, inputs: &[i32], departure: Option<Departure>) -> Self {
        let builder = &program.builder;
        let mut run = Self { values: vec![Goldilocks::ZERO; builder.n_cells()], units: HashMap::new() };
        for (index, (input, value)) in builder.inputs.iter().zip(inputs).enumerate() {
            let value = match departure {
                Some(Departure::Input(departing, value)) if departing == index => value,
                _ => (*value).into(),
            };
            run.values[input.cell.index()] = element(value.into());
        }
        let mut singles = 0..;
        for (group, (before, then)) in builder.in_order().enumerate() {
            for (operation, index) in before.iter().zip(&mut singles) {
                run.carry_out(program, Slot::Single { index }, operation, Goldilocks::ZERO, departure);
            }
            let Some(then) = then else { break };
            let products = run.multiply(then);
            for (index, (operation, products)) in (0..).zip(then.operations.iter().zip(products)) {
                run.carry_out(program, Slot::Grouped { group: group as u32, index }, operation, products, departure);
            }
        }
        run
    }

    pub(super) fn of(&self, cell: Cell) -> Goldilocks {
        self.values[cell.index()]
    }

    fn integer(&self, cell: Cell) -> i128 {
        centered(self.of(cell))
    }

    /// The sums of products of a group.
    fn multiply(&self, group: &Group) -> Vec<Goldilocks> {
        let mut sums = vec![Goldilocks::ZERO; group.operations.len()];
        let cells = |cells: &[(Cell, i64)]| cells.iter().map(|(cell, by)| element((*by).into()) * self.of(*cell)).collect::<Vec<_>>();
        for product in &group.products {
            let left = match &product.left {
                Factor::Weights(weights) => weights.iter().map(|weight| element((*weight).into())).collect(),
                Factor::Cells(factors) => cells(factors),
                Factor::Taps(taps) => {
                    // A cell adds to the results that a tap moves it to.
                    for (position, right) in cells(&product.right).into_iter().enumerate() {
                        for (tap, by) in taps.moves.iter().enumerate() {
                            for result in 0..group.inner {
                                let weight = element(taps.weights[tap * group.inner + result].into());
                                sums[(position + taps.moves[0] - by) * group.inner + result] += weight * right;
                            }
                        }
                    }
                    continue;
                }
            };
            for (right, sums) in cells(&product.right).into_iter().zip(sums.chunks_exact_mut(group.inner)) {
                sums.iter_mut().zip(&left).for_each(|(sum, left)| *sum += *left * right);
            }
        }
        sums
    }

    fn carry_out(&mut self, program: &TraceProgram, slot: Slot, operation: &Operation, products: Goldilocks, departure: Option<Departure>) {
        let own = operation.cells.map(|cell| self.of(cell));
        let [first, second, product] = operation.coefficients.map(|coefficient| element(coefficient.into()));
        let total = products + element(operation.offset().into()) + first * own[0] + second * own[1] + product * own[0] * own[1];
        let (lo, hi) = operation.check.map_or((0, 0), |check| (i128::from(check.lo), i128::from(check.hi)));
        let base = lo + if operation.check.is_some_and(|check| check.floating) { centered(own[1]) } else { 0 };
        let (checked, of_accumulator) = (operation.check.is_some(), operation.source == Source::Accumulator);
        let by = scale(operation.shift);

        // A value with its remainder, and with its excess on a side.
        let unit = |y: Goldilocks, remainder: Goldilocks, side: i64, excess: Goldilocks| {
            let distance = if checked { y - element(base) } else { Goldilocks::ZERO };
            Numbers { y, base: element(base), side, numbers: [remainder, distance, excess] }
        };
        let rescaled = |accumulator: i128| match operation.shift {
            0.. => (accumulator >> operation.shift, accumulator & ((1 << operation.shift) - 1)),
            _ => (accumulator << -operation.shift, 0),
        };
        let of = |accumulator: i128| {
            let (q, remainder) = rescaled(accumulator);
            let y = match checked {
                true if q < base => base,
                true if q > hi => hi,
                _ => q,
            };
            unit(element(y), element(remainder), (q - y).signum() as i64, element((q - y).abs()))
        };
        let fits = |unit: &Numbers| unit.numbers.iter().zip(operation.widths()).all(|(number, bits)| number.as_int() >> bits == 0);
        let honest = || {
            let value = match operation.source {
                Source::Accumulator => {
                    // Of all integers that the element stands for, one that fits is what a prover takes.
                    let all = [0, P, -P].map(|moduli| of(centered(total) + moduli));
                    return all.into_iter().find(fits).unwrap_or(all[0]);
                }
                Source::Digit { cell, offset, shift, bits } => {
                    let moduli = match departure {
                        Some(Departure::Digits(departing, from, moduli)) if (departing, from) == (cell, offset) => moduli,
                        _ => 0,
                    };
                    let digit = (self.integer(cell) + i128::from(offset) + moduli * P) >> shift;
                    bits.map_or(digit, |bits| digit & ((1 << bits) - 1))
                }
                Source::Quotient { num, den, shift, lo, hi } => {
                    let (num, den) = (self.integer(num), self.integer(den));
                    // By a divisor that is not positive there is no honest quotient.
                    if den > 0 { ((num << (shift + 1)) + den).div_euclid(2 * den).clamp(lo.into(), hi.into()) } else { lo.into() }
                }
                Source::Lookup { first } => {
                    let address = usize::try_from(i128::from(first) + centered(own[0]));
                    address.ok().and_then(|address| program.builder.constants.get(address)).map_or(0, |value| i128::from(*value))
                }
            };
            unit(element(value), Goldilocks::ZERO, 0, Goldilocks::ZERO)
        };
        let numbers = match departure {
            Some(Departure::Value(departing, y)) if departing == slot => {
                let remainder = if of_accumulator { total - by * y } else { Goldilocks::ZERO };
                unit(y, remainder, 0, Goldilocks::ZERO)
            }
            Some(Departure::Remainder(departing, remainder)) if departing == slot => {
                let remainder = element(remainder.into());
                unit((total - remainder) / by, remainder, 0, Goldilocks::ZERO)
            }
            Some(Departure::Side(departing, side)) if departing == slot => {
                let (q, remainder) = rescaled(centered(total));
                let y = if side > 0 { hi } else { base };
                unit(element(y), element(remainder), side, element(i128::from(side) * (q - y)))
            }
            Some(Departure::Accumulator(departing, moduli)) if departing == slot => of(centered(total) + moduli * P),
            _ => honest(),
        };
        self.values[operation.target.index()] = numbers.y;
        self.units.insert(slot, numbers);
    }

    /// The attempt with this run's values; the statement names neither inputs nor outputs, so that it is true with any of them. Digests would
    /// name them, so that there are no sponges either.
    pub(super) fn attempt(&self, honest: &Attempt) -> Attempt {
        let mut attempt = Attempt { inputs: Values::Hidden, outputs: Values::Hidden, ..honest.clone() };
        attempt.main.truncate(attempt.layout().main_width(0));
        let (program, layout) = (attempt.program.clone(), attempt.layout());
        let limb_bits = program.builder.limb_bits;
        let mut set = |column: usize, row: usize, value: Goldilocks| attempt.main[column][row] = value;
        // A number that does not fit its limbs is a low one that does not fit.
        let limbs = |number: Goldilocks, limbs: usize| {
            let fits = number.as_int() >> (limbs as u32 * limb_bits) == 0;
            (0..limbs as u32).map(move |limb| match limb {
                _ if fits => Goldilocks::new(number.as_int() >> (limb * limb_bits) & ((1 << limb_bits) - 1)),
                0 => number,
                _ => Goldilocks::ZERO,
            })
        };
        for row in 0..program.used_rows {
            let content = program.row(row);
            for (lane, (cell, _)) in content.lanes.iter().enumerate() {
                set(layout[READ_VALUE].at(lane), row, self.of(*cell));
            }
            for (unit, slot) in content.units.iter().enumerate() {
                let Some(numbers) = self.units.get(slot) else { continue };
                set(layout[UNIT_VALUE].at(unit), row, numbers.y);
                set(layout[UNIT_BASE].at(unit), row, numbers.base);
                set(layout[UNIT_SIDE].at(unit), row, element(numbers.side.into()));
                for (number, value) in numbers.numbers.into_iter().enumerate() {
                    let limbs = limbs(value, layout.room.limbs);
                    number_columns(layout, unit, number).zip(limbs).for_each(|(column, limb)| set(column, row, limb));
                }
            }
        }
        for (row, input) in program.builder.inputs.iter().enumerate() {
            set(layout[INPUT_VALUE].start, row, self.of(input.cell));
            let above = limbs(self.of(input.cell) - element(input.lo.into()), INPUT_LIMBS);
            layout[INPUT_LIMB].indices().zip(above).for_each(|(column, limb)| set(column, row, limb));
        }
        for (row, output) in program.builder.outputs.iter().enumerate() {
            set(layout[OUTPUT_VALUE].start, row, self.of(*output));
        }
        recount(&mut attempt);
        attempt
    }
}

/// What the AIR and the checker find in all rows that do something, in the one where both sides must agree, and at the ends of sums.
pub(super) fn violations(attempt: &Attempt) -> Vec<Violation> {
    let random = attempt.random(6);
    let auxiliary = attempt.auxiliary(&random);
    let ends = [attempt.program.first_mask_row() - 1, attempt.rows() - 2];
    let rows = (0..attempt.program.used_rows).chain(ends.into_iter().filter(|row| *row >= attempt.program.used_rows));
    attempt.violations_in(&auxiliary, &random, rows)
}

// WHAT TO TRY
// ================================================================================================

/// Operations of a program with their places: hints, up to sixteen of them, and two of each other kind. A kind is all that a lowering says of
/// an operation besides the cells.
fn operations(program: &TraceProgram) -> Vec<(Slot, &Operation)> {
    let builder = &program.builder;
    let singles = (0..).zip(builder.singles()).map(|(index, operation)| (Slot::Single { index }, operation));
    let grouped = (0..).zip(builder.groups()).flat_map(|(group, content)| {
        (0..).zip(&content.operations).map(move |(index, operation)| (Slot::Grouped { group, index }, operation))
    });
    let (mut hints, mut others): (Vec<_>, Vec<_>) =
        singles.chain(grouped).partition(|(_, operation)| matches!(operation.source, Source::Digit { .. } | Source::Quotient { .. }));
    let step = hints.len().div_ceil(16).max(1);
    hints = hints.into_iter().step_by(step).collect();
    let mut kinds: HashMap<String, usize> = HashMap::new();
    others.retain(|(_, operation)| {
        let of_kind = kinds.entry(kind(operation)).or_default();
        *of_kind += 1;
        *of_kind <= 2
    });
    hints.extend(others);
    hints
}

fn kind(operation: &Operation) -> String {
    let looks_up = matches!(operation.source, Source::Lookup { .. });
    format!("{looks_up} {:?} {} {} {:?}", operation.coefficients, operation.bias, operation.shift, operation.check)
}

/// The departures that are worth a try.
fn departures(model: &Model, program: &TraceProgram, honest: &Run) -> Vec<Departure> {
    let mut departures = Vec::new();
    for (slot, operation) in operations(program) {
        let y = centered(honest.of(operation.target));
        let values: Vec<Goldilocks> = match operation.source {
            Source::Accumulator => {
                departures.extend([1, -1].map(|moduli| Departure::Accumulator(slot, moduli)));
                if operation.shift > 0 {
                    let greatest = (1 << operation.shift) - 1;
                    departures.extend([0, 1, greatest / 2, greatest].map(|remainder| Departure::Remainder(slot, remainder)));
                }
                if operation.check.is_some() {
                    departures.extend([1, -1].map(|side| Departure::Side(slot, side)));
                }
                [y + 1, y - 1].map(element).to_vec()
            }
            Source::Lookup { .. } => [y + 1, y - 1].map(element).to_vec(),
            Source::Digit { cell, offset, .. } => {
                departures.extend([1, -1].map(|moduli| Departure::Digits(cell, offset, moduli)));
                hints(program, honest, operation)
            }
            Source::Quotient { num, den, shift, .. } => {
                let (num, den) = (honest.integer(num), honest.integer(den));
                // Without saturation, and with a numerator that is greater or less by a modulus.
                let quotients = [0, P, -P].map(|moduli| ((num << (shift + 1)) + den + moduli).div_euclid(2 * den));
                hints(program, honest, operation).into_iter().chain(quotients.map(element)).collect()
            }
        };
        departures.extend(values.into_iter().map(|value| Departure::Value(slot, value)));
    }
    // Inputs are in the order of the model's tensors, inference by inference.
    let elements = |model: &Model| model.inputs().iter().flat_map(|x| vec![x.range; x.shape.elements()]).collect::<Vec<_>>();
    let ranges: Vec<Interval> = std::iter::repeat_n(elements(model), program.batch).flatten().collect();
    for (index, range) in ranges.iter().enumerate().filter(|(index, _)| index % ranges.len().div_ceil(4) == 0) {
        let window = 1i64 << program.builder.inputs[index].bits;
        let all = [range.lo - 1, range.hi + 1, range.lo + window - 1, range.lo + window, range.hi + (1 << 40), range.lo - (1 << 40)];
        let outside = all.into_iter().filter(|value| *value < range.lo || *value > range.hi);
        departures.extend(outside.map(|value| Departure::Input(index, value)));
    }
    departures
}

/// Other values of a hint: all that its check admits if they are few, else some of them; the values beside these; and what an operation
/// that reads it would take for a small step, modulo `p`.
fn hints(program: &TraceProgram, honest: &Run, operation: &Operation) -> Vec<Goldilocks> {
    let y = centered(honest.of(operation.target));
    let mut values: Vec<Goldilocks> =
        [1, 2, 1 << program.builder.limb_bits, 1 << 40].map(|step| [element(y - step), element(y + step)]).concat();
    if let Some(check) = operation.check {
        let (lo, hi) = (i128::from(check.lo), i128::from(check.hi));
        let within: Vec<i128> = if hi - lo <= 32 { (lo..=hi).collect() } else { vec![lo, lo + 1, lo + (hi - lo) / 2, hi - 1, hi] };
        values.extend(within.into_iter().chain([lo - 1, hi + 1]).map(element));
    }
    for (slope, shift) in slopes(program, honest, operation.target, Goldilocks::ONE) {
        let steps = [1, -1, 1 << shift].map(element);
        values.extend(steps.map(|step| honest.of(operation.target) + step / slope));
    }
    values
}

/// By how much the accumulators of checked operations rise with a cell, through operations without a check; each with its shift.
fn slopes(program: &TraceProgram, honest: &Run, cell: Cell, by: Goldilocks) -> Vec<(Goldilocks, i32)> {
    let grouped = program.builder.groups().iter().flat_map(|group| &group.operations);
    let mut found = Vec::new();
    for reader in program.builder.singles().iter().chain(grouped).filter(|reader| reader.cells.contains(&cell)) {
        let [a, b, c] = reader.coefficients.map(|coefficient| element(coefficient.into()));
        let slope = match reader.cells {
            [x, other] if x == cell => by * (a + c * honest.of(other)),
            [other, _] => by * (b + c * honest.of(other)),
        };
        if slope != Goldilocks::ZERO {
            match reader.check {
                Some(_) => found.push((slope, reader.shift.max(0))),
                None => found.extend(slopes(program, honest, reader.target, slope / scale(reader.shift))),
            }
        }
    }
    found
}

/// What was tried: departures, and how many hints took part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tried {
    /// Whether the setting's layout has a program for the model: where a number has one limb, some models have none.
    own_layout: bool,
    departures: usize,
    digits: usize,
    quotients: usize,
}

/// Demands a violation for each departure that changes anything, in the setting of a case.
fn check(case: usize, model: &Model, batch: usize, inputs: Vec<i32>) -> Tried {
    let setting = Setting::of_case(case);
    let program = TraceProgram::new(model, batch, setting.layout);
    let own_layout = program.is_ok();
    assert!(own_layout || setting.layout.room.limbs == 1, "{model:?}");
    let program = program.unwrap_or_else(|_| TraceProgram::new(model, batch, Layout::base()).unwrap());
    let honest = Attempt::of(program, setting.sides, inputs.clone());
    let program = &honest.program;
    let run = Run::new(program, &inputs, None);
    assert!(
        run.attempt(&honest).main == honest.main[..honest.layout().main_width(0)],
        "the forger without a departure is the honest prover: {model:?}"
    );
    let departures = departures(model, program, &run);
    let attack = |departure: &Departure| {
        let forged = Run::new(program, &inputs, Some(*departure));
        if forged.values == run.values {
            return 0usize;
        }
        let attempt = forged.attempt(&honest);
        // A number is beyond its width, or a value is in no table.
        assert_eq!(violations(&attempt), attempt.unbalanced(), "{departure:?} {model:?}");
        1
    };
    let hints = |source: fn(&Source) -> bool| program.builder.singles().iter().filter(|operation| source(&operation.source)).count();
    Tried {
        own_layout,
        departures: departures.par_iter().map(attack).sum(),
        digits: hints(|source| matches!(source, Source::Digit { .. })),
        quotients: hints(|source| matches!(source, Source::Quotient { .. })),
    }
}

// MODELS
// ================================================================================================

fn model(primitive: Primitive, inputs: &[(usize, Interval)]) -> Model {
    let mut builder = ModelBuilder::new(primitive.name());
    let add = |(index, (elements, range)): (usize, &(usize, Interval))| {
        builder.input(&format!("x{index}"), Shape::new(&[*elements]).unwrap(), 0, *range).unwrap()
    };
    let inputs: Vec<_> = inputs.iter().enumerate().map(add).collect();
    let y = builder.node("y", primitive, &inputs, 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

/// `clamp(floor((c x + 2^(k-1)) / 2^k), lo, hi)` of each element.
fn rescaled(range: Interval, coefficient: i32, shift: i8, (lo, hi): (i32, i32)) -> Model {
    let requantise = Requantise { shift: vec![shift], lo, hi };
    let sum = Sum { coefficients: vec![vec![coefficient]], bias: vec![0], inner: 1, requantise };
    model(Primitive::Sum(sum), &[(4, range)])
}

#[test]
fn no_departure_is_accepted_in_a_case_of_each_primitive() {
    for (case, name) in Primitive::NAMES.iter().enumerate() {
        let model = cells::case(name);
        // Each in two settings with different layouts.
        for seed in 0..2 {
            let tried = check(case + 7 * seed, &model, 2, models::inputs(&model, 2, 5 + seed as u64).concat().concat());
            assert!(tried.departures > 0 && tried.own_layout, "{name}");
        }
    }
}

#[test]
fn no_departure_is_accepted_in_random_models_of_each_primitive() {
    let cases = if cfg!(feature = "slow") { 200 } else { 3 };
    let (mut tried, mut elsewhere) = (0, 0);
    for name in Primitive::NAMES {
        let mut random = Random(11);
        let mut models = 0;
        while models < cases {
            let (shift, seed) = (random.within(-20, 62) as i8, random.within(0, i64::MAX) as u64);
            let Ok(model) = properties::model(name, &mut Random(seed), shift) else { continue };
            // Longer traces have the same operations with wider limbs.
            if !TraceProgram::new(&model, 1, Layout::base()).is_ok_and(|program| program.rows == Layout::base().min_rows()) {
                continue;
            }
            let found = check(tried, &model, 1, models::inputs(&model, 1, seed).concat().concat());
            elsewhere += usize::from(!found.own_layout);
            (tried, models) = (tried + 1, models + 1);
        }
    }
    // Two of the settings have numbers of one limb.
    assert!(2 * elsewhere < 2 * tried / SETTINGS.len(), "{elsewhere} of {tried}");
}

#[test]
fn no_departure_is_accepted_in_a_division_whatever_saturates() {
    let (num, den) = (Interval::of_bits(10), Interval::new(3, 200));
    // Quotients from end to end, ties, some beside each end, and some that the hint's window admits beyond it.
    let pairs = [(511, 3), (-512, 3), (1, 200), (-5, 10), (3, 16), (-3, 16), (300, 24), (404, 32), (-40, 32), (-36, 32), (360, 25), (0, 7)];
    let (nums, dens): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
    let mut quotients = 0;
    let ends = [(-9999, 9999), (-9, 9999), (-9999, 100), (-9, 100), (-7, 56), (5, 5), (300, 2_000_000), (-2_000_000, -300)];
    for (case, (lo, hi)) in ends.into_iter().enumerate() {
        let divide = Divide { shift: 3, lo, hi };
        let model = model(Primitive::Divide(divide), &[(pairs.len(), num), (pairs.len(), den)]);
        quotients += check(case, &model, 1, [&nums[..], &dens].concat()).quotients;
    }
    assert_eq!(quotients, 8 * pairs.len());
}

#[test]
fn no_departure_is_accepted_in_what_is_taken_apart() {
    let (any, byte) = ((i32::MIN, i32::MAX), (-128, 127));
    let (most, bits) = (i32::MAX, Interval::of_bits);
    // Wider and wider digits, rescalings by less and by more than two limbs, with and without saturation.
    let models = [
        rescaled(bits(16), 1 << 10, 20, byte),
        rescaled(bits(16), 1 << 20, 14, (-(1 << 20), 1 << 19)),
        rescaled(bits(16), 1 << 20, 15, (-(1 << 20), 1 << 20)),
        rescaled(bits(16), 1 << 20, 24, any),
        rescaled(bits(16), 1 << 24, 24, byte),
        rescaled(bits(16), 1 << 24, 26, any),
        rescaled(bits(16), 1 << 24, 28, (3, 9)),
        rescaled(bits(20), most, 24, any),
        rescaled(bits(20), most, 40, byte),
        rescaled(bits(20), most, 44, any),
        rescaled(bits(20), most, 0, byte),
        rescaled(bits(20), most, 2, (-(1 << 20), 1 << 20)),
        rescaled(bits(20), most, -8, (0, 255)),
        rescaled(bits(20), -most, 23, (0, 255)),
    ];
    let mut digits = 0;
    for (case, model) in models.iter().enumerate() {
        for (more, inputs) in [vec![0, 1, -1, 3], vec![(1 << 15) - 1, -(1 << 15), 77, -12345]].into_iter().enumerate() {
            digits += check(case + 3 * more, model, 1, inputs).digits;
        }
    }
    assert!(digits > 100, "{digits}");
}

#[test]
fn no_input_beyond_a_range_that_is_no_power_of_two_is_accepted() {
    let ranges = [Interval::new(0, 100), Interval::new(-3, 5), Interval::new(7, 7), Interval::new(-300, 2), Interval::of_bits(8)];
    for (case, range) in ranges.into_iter().enumerate() {
        let reverse = Move { shape: Shape::new(&[3]).unwrap(), indices: vec![2, 1, 0], constants: vec![] };
        let model = model(Primitive::Move(reverse), &[(3, range)]);
        let inputs = [range.lo, range.hi, range.lo.midpoint(range.hi)].map(|value| value as i32).to_vec();
        check(case, &model, 1, inputs);
    }
}
