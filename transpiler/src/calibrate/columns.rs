//! Which inputs get a scale for each column, and which scales.
//!
//! One scale for a table whose columns range from 10^-3 to 10^3 leaves nothing of the small ones. A column gets its own scale if the
//! outputs would move on the samples when all columns are rounded at one scale, or if it costs nothing.

use maat_package::samples::Sample;
use maat_package::{Options, RangeMethod};

use super::ranges::magnitude_of;
use super::width::{input_width, scale_for};
use crate::float::{Columns, FloatModel, FloatOp, Kind, run};
use crate::fuse::{fuse, separate, wasted};

/// A column with its own scale keeps this many bits for values beyond all samples: the greatest ones of a rare column may not have been
/// seen.
const HEADROOM_BITS: u32 = 3;

/// But at least this many bits for what was seen, whatever the width is: a sign and a digit.
const LEAST_BITS: u32 = 2;

/// One scale is enough where rounding at it moves no output by more than this share of its range, on average over the samples.
const TOLERANCE: f64 = 1e-4;

/// The registry records at most this many scales, so more of them are not free.
const MOST_FREE: usize = 512;

/// The most samples that are tried.
const MAX_SAMPLES: usize = 256;

/// The network, with a scale for each column of an input where a single one would cost accuracy.
pub fn in_columns(float: &FloatModel, samples: &[Sample], options: &Options) -> FloatModel {
    let mut columns = choose(float, samples, options.widths.activations, options.ranges);
    while columns.iter().any(Option::is_some) {
        let mut separated = float.clone();
        separate(&mut separated, &columns);
        fuse(&mut separated);
        let wasted = wasted(&separated);
        if !wasted.contains(&true) {
            return separated;
        }
        columns.iter_mut().zip(wasted).filter(|(_, wasted)| *wasted).for_each(|(columns, _)| *columns = None);
    }
    float.clone()
}

/// The scales of each input's columns; none where one scale is enough. `bits` is the width of activations.
fn choose(float: &FloatModel, samples: &[Sample], bits: u32, method: RangeMethod) -> Vec<Option<Columns>> {
    let mut columns: Vec<Option<Columns>> = vec![None; float.inputs.len()];
    for group in groups(float) {
        let widths = group.iter().map(|input| input_width(float, float.inputs[*input].value, bits));
        let Some((width, bits)) = widths.min() else { continue };
        let of = |input: usize| {
            let (all, each) = magnitudes(float, samples, input, bits, method);
            let own = scale_for(all, bits);
            // If the width holds more than what was seen, that is enough headroom.
            let seen = if width > bits { bits } else { (bits - HEADROOM_BITS).max(LEAST_BITS) };
            // A column that was always 0 says nothing.
            let scale = |size: f64| if size > 0.0 { own.max(scale_for(size, seen)) } else { own };
            (own, each.into_iter().map(scale).collect::<Vec<i32>>())
        };
        let found: Vec<(usize, (i32, Vec<i32>))> = group.into_iter().map(|input| (input, of(input))).collect();
        let Some(scale) = found.iter().map(|(_, (own, _))| *own).min() else { continue };
        if found.iter().any(|(_, (_, exponents))| exponents.iter().any(|exponent| *exponent != scale)) {
            for (input, (_, exponents)) in found {
                columns[input] = Some(Columns { bits: width, scale, exponents });
            }
        }
    }
    let are_needed = columns.iter().any(Option::is_some) && (are_free(float, &columns) || !one_scale_is_enough(float, samples, &columns));
    if are_needed { columns } else { vec![None; float.inputs.len()] }
}

/// The real inputs, grouped by the moves that put them into one tensor, where they need one unit.
fn groups(float: &FloatModel) -> Vec<Vec<usize>> {
    let is_real = |input: &usize| float.inputs[*input].kind == Kind::Real && !float.inputs[*input].shape.is_empty();
    let mut groups: Vec<Vec<usize>> = (0..float.inputs.len()).filter(is_real).map(|input| vec![input]).collect();
    for node in float.nodes.iter().filter(|node| matches!(node.op, FloatOp::Move { .. })) {
        let takes = |group: &Vec<usize>| group.iter().any(|input| node.inputs.contains(&float.inputs[*input].value));
        let (joined, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(takes);
        groups = apart;
        groups.extend((!joined.is_empty()).then(|| joined.concat()));
    }
    groups
}

/// The size up to which the values of an input are kept, and that of each of its columns.
fn magnitudes(float: &FloatModel, samples: &[Sample], input: usize, bits: u32, method: RangeMethod) -> (f64, Vec<f64>) {
    let width = float.inputs[input].shape.last().copied().unwrap_or(1);
    let all = samples.iter().flat_map(|sample| sample[input].iter().copied());
    let column = |column: usize| samples.iter().flat_map(move |sample| sample[input].iter().skip(column).step_by(width).copied());
    (magnitude_of(all, bits, method), (0..width).map(|index| magnitude_of(column(index), bits, method)).collect())
}

/// Whether the scales cost nothing, because they go into the constants that columns are compared with. The samples do not show what they
/// are worth: the rows that trees grew from are not close to thresholds, but others may be.
fn are_free(float: &FloatModel, columns: &[Option<Columns>]) -> bool {
    let is_free = |columns: &Columns, value| columns.exponents.len() <= MOST_FREE && float.is_only_compared(value);
    float.inputs.iter().zip(columns).all(|(input, columns)| columns.as_ref().is_none_or(|columns| is_free(columns, input.value)))
}

/// Whether the outputs hardly move if the inputs are rounded at one scale.
fn one_scale_is_enough(float: &FloatModel, samples: &[Sample], columns: &[Option<Columns>]) -> bool {
    let step = samples.len().div_ceil(MAX_SAMPLES).max(1);
    let mut outputs: Vec<Vec<Moved>> =
        float.outputs.iter().map(|(_, value)| vec![Moved::default(); float.tensor(*value).0.last().copied().unwrap_or(1)]).collect();
    for sample in samples.iter().step_by(step) {
        let round = |(x, columns): (&Vec<f64>, &Option<Columns>)| match columns {
            Some(Columns { scale, .. }) => x.iter().map(|x| (x * 2f64.powi(*scale)).round() * 2f64.powi(-scale)).collect(),
            None => x.clone(),
        };
        let rounded: Sample = sample.iter().zip(columns).map(round).collect();
        let (exact, rounded) = (run(float, sample), run(float, &rounded));
        for (columns, (_, value)) in outputs.iter_mut().zip(&float.outputs) {
            for (element, (exact, rounded)) in exact[value].iter().zip(&rounded[value]).enumerate() {
                let width = columns.len();
                columns[element % width].include(*exact, *rounded);
            }
        }
    }
    outputs.iter().flatten().all(Moved::is_little)
}

/// How far a column of an output moved.
#[derive(Clone, Copy)]
struct Moved {
    total: f64,
    count: usize,
    lo: f64,
    hi: f64,
}

impl Default for Moved {
    fn default() -> Self {
        Self { total: 0.0, count: 0, lo: f64::INFINITY, hi: f64::NEG_INFINITY }
    }
}

impl Moved {
    fn include(&mut self, exact: f64, rounded: f64) {
        if exact.is_finite() {
            self.total += if rounded.is_finite() { (exact - rounded).abs() } else { f64::INFINITY };
            self.count += 1;
            (self.lo, self.hi) = (self.lo.min(exact), self.hi.max(exact));
        }
    }

    fn is_little(&self) -> bool {
        // An output that never changed, as with a single sample, has no range; its size is used.
        let range = if self.hi > self.lo { self.hi - self.lo } else { self.hi.abs() };
        self.count == 0 || self.total / self.count as f64 <= TOLERANCE * range
    }
}
