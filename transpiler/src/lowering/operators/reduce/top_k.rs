//! TopK: the `k` greatest or least elements along an axis, in order, and their positions. Equal ones keep their order.
//!
//! An element's rank is the number of elements that come before it, from one comparison for each pair. A slot of the result takes the
//! position with its rank, and finds the value by halving. Values are only selected, so they stay exact.
//!
//! `k` became an input with opset 10; opset 11 added `largest` and `sorted`.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Kind};
use crate::lowering::moves::{axis_last, check_size};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// The longest axis: a longer one would need too many comparisons.
const MAX_LENGTH: usize = 64;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let k = if scope.opset() < 10 {
        scope.arity(1, 1)?;
        scope.optional_attribute("k")?
    } else {
        scope.arity(2, 2)?;
        scope.integers(1)?.filter(|list| list.len() == 1).map(|list| list[0])
    };
    let x = scope.input(0)?;
    let axis = scope.axis_of(&x, scope.attribute("axis", -1i64)?)?;
    let largest = scope.attribute("largest", 1i64)? != 0;
    let length = x.shape[axis];
    let slots = k.and_then(|k: i64| usize::try_from(k).ok()).filter(|k| (1..=length).contains(k));
    let slots = slots.ok_or_else(|| format!("k must be one number from 1 to {length}"))?;
    if slots == 1 && largest {
        let (value, position) = (scope.reduce_max(&x, &[axis], true)?, scope.arg_max(&x, axis, true)?);
        scope.give(0, value);
        scope.give(1, position);
        return Ok(());
    }
    if length > MAX_LENGTH {
        return Err(format!("an axis of length {length} is too long: at most {MAX_LENGTH} elements are supported"));
    }
    let order = axis_last(x.axes(), axis);
    let moved = scope.transpose(&x, &order)?;
    let rows = scope.reshape(&moved, vec![x.elements() / length, length])?;
    let (values, positions) = ranked(scope, &rows, slots, largest)?;
    let mut shape = moved.shape;
    if let Some(last) = shape.last_mut() {
        *last = slots;
    }
    for (output, found) in [values, positions].iter().enumerate() {
        let found = scope.reshape(found, shape.clone())?;
        let found = scope.transpose(&found, &order)?;
        scope.give(output, found);
    }
    Ok(())
}

/// The first elements of each row of `x` `[rows, length]` in order, and their positions.
fn ranked(scope: &mut Scope<'_>, x: &Operand, slots: usize, largest: bool) -> Result<(Operand, Operand), String> {
    let (rows, length) = (x.shape[0], x.shape[1]);
    check_size(&[rows, length, length])?;
    // Whether the later element of a pair comes before the earlier one.
    let pairs: Vec<(usize, usize)> = (0..length).flat_map(|a| (a + 1..length).map(move |b| (a, b))).collect();
    let (earlier, later): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
    let ranks = if pairs.is_empty() {
        Operand::constant(vec![rows, 1], int64(), vec![0.0; rows])
    } else {
        let (earlier, later) = (scope.pick(x, 1, &earlier)?, scope.pick(x, 1, &later)?);
        let overtakes = if largest { scope.greater(&later, &earlier)? } else { scope.greater(&earlier, &later)? };
        // Element `a` is in the pairs with all others. Before it come the later ones that overtake it, and the earlier ones that it does
        // not overtake.
        let pair = |a: usize, b: usize| a * (2 * length - a - 1) / 2 + b - a - 1;
        let others = |a: usize| (0..length).filter(move |b| *b != a);
        let mine: Vec<usize> = (0..length).flat_map(|a| others(a).map(move |b| pair(a.min(b), a.max(b)))).collect();
        let mine = scope.pick(&overtakes, 1, &mine)?;
        let weights = (0..length).flat_map(|a| others(a).map(move |b| if b > a { 1.0 } else { -1.0 })).collect();
        let bias = (0..length).map(|a| a as f64).collect();
        let count = FloatOp::Affine { groups: length, weights, bias, bounds: Bounds::NONE };
        scope.emit(count, &[&mine], vec![rows, length], (int64(), Kind::Integer(Interval::new(0, length as i64 - 1))))?
    };
    // [rows, slots, length]: whether an element belongs in a slot.
    let ranks = scope.reshape(&ranks, vec![rows, 1, length])?;
    let slot_ranks = Operand::constant(vec![1, slots, 1], int64(), (0..slots).map(|slot| slot as f64).collect());
    let chosen = scope.equal(&ranks, &slot_ranks)?;
    let positions = scope.arg_max(&chosen, 2, false)?;
    let values = scope.reshape(x, vec![rows, 1, length])?;
    let values = scope.expand(&values, &[rows, slots, length])?;
    let value = halve(scope, values, chosen)?;
    Ok((scope.reshape(&value, vec![rows, slots])?, positions))
}

/// The value that is chosen along the last axis.
fn halve(scope: &mut Scope<'_>, mut values: Operand, mut chosen: Operand) -> Result<Operand, String> {
    let axis = values.axes() - 1;
    while values.shape[axis] > 1 {
        let length = values.shape[axis];
        // The halves share the middle element, if there is one.
        let half = length.div_ceil(2);
        let (front, back): (Vec<usize>, Vec<usize>) = ((0..half).collect(), (length - half..length).collect());
        let (a, b) = (scope.pick(&values, axis, &front)?, scope.pick(&values, axis, &back)?);
        let (in_front, behind) = (scope.pick(&chosen, axis, &front)?, scope.pick(&chosen, axis, &back)?);
        values = scope.select(&behind, &b, &a)?;
        chosen = scope.truth(&[(1.0, &in_front), (1.0, &behind)], 0.0)?;
    }
    Ok(values)
}

fn int64() -> Element {
    Element::Integer(IntegerType::Int64)
}
