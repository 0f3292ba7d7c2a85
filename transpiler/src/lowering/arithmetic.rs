//! Operations of a [`Scope`] that compute, from which operators are composed.

use maat_runtime::Interval;

use super::moves::{common_shape, narrow};
use super::scope::{Operand, Scope};
use crate::float::{Bounds, FloatOp, FloatSum, Function, Kind, Rounding};
use crate::onnx::{Element, IntegerType};

/// What is added to an element to mask it: minus infinity, and the least 32-bit float, which makes the same of any other.
const MASKED: f64 = f32::MIN as f64;

impl Scope<'_> {
    /// `factor * x + offset`
    pub(super) fn linear(&mut self, x: &Operand, factor: f64, offset: f64) -> Result<Operand, String> {
        self.sum(&[(factor, x)], offset)
    }

    /// `clamp(x, lo, hi)`
    pub(super) fn clamp(&mut self, x: &Operand, bounds: Bounds) -> Result<Operand, String> {
        let whole = [bounds.lo, bounds.hi].into_iter().all(|bound| bound.is_infinite() || bound.fract() == 0.0);
        let kind = match self.kind(x) {
            Kind::Integer(range) if whole => {
                let bound = |value: i64| bounds.apply(value as f64) as i64;
                Kind::Integer(Interval::new(bound(range.lo), bound(range.hi)))
            }
            _ => Kind::Real,
        };
        let op = FloatOp::Sum(FloatSum::uniform(&[1.0], 0.0).clamped(bounds));
        self.emit(op, &[x], x.shape.clone(), (x.element, kind))
    }

    /// `sum_t factor_t * x_t + offset` of broadcast tensors. Sums of integers are exact.
    pub(super) fn sum(&mut self, terms: &[(f64, &Operand)], offset: f64) -> Result<Operand, String> {
        let element = same_element(terms.iter().map(|(_, x)| *x))?;
        let kind = self.kind_of_sum(terms, offset, element)?;
        self.sum_as(terms, offset, Bounds::NONE, Rounding::HalfUp, (element, kind))
    }

    /// Sums of integers must fit their type, because ONNX's wrap around and ours do not.
    fn kind_of_sum(&self, terms: &[(f64, &Operand)], offset: f64, element: Element) -> Result<Kind, String> {
        if element == Element::Float {
            return Ok(Kind::Real);
        }
        let (mut lo, mut hi) = (offset, offset);
        for (factor, x) in terms {
            let Kind::Integer(range) = self.kind(x) else { return Err("integers are expected".to_owned()) };
            let ends = [factor * range.lo as f64, factor * range.hi as f64];
            lo += ends[0].min(ends[1]);
            hi += ends[0].max(ends[1]);
        }
        self.integers_within(lo, hi, element, terms.iter().all(|(_, x)| x.is_constant()))
    }

    fn integers_within(&self, lo: f64, hi: f64, element: Element, known: bool) -> Result<Kind, String> {
        // Known integers of 32 or 64 bits may have any size. Computed ones have 32 bits: whether they fit is decided from the ranges of
        // the inputs, when the network is quantised.
        let (least, greatest) = match element {
            Element::Integer(IntegerType::Int32 | IntegerType::Int64) => (-(2f64.powi(53)), 2f64.powi(53)),
            Element::Integer(IntegerType::Uint32 | IntegerType::Uint64) => (0.0, 2f64.powi(53)),
            _ => element.range().map_or((0.0, 0.0), |(lo, hi)| (lo as f64, hi as f64)),
        };
        let wide = matches!(element, Element::Integer(IntegerType::Int32 | IntegerType::Int64));
        let (lo, hi) = if wide && !known { (lo.max(least), hi.min(greatest)) } else { (lo, hi) };
        if lo < least || hi > greatest {
            return Err(format!("integer arithmetic could overflow: a result of type {element} may be anything from {lo} to {hi}"));
        }
        Ok(Kind::Integer(Interval::new(lo as i64, hi as i64)))
    }

    /// As [`Self::sum`], clamped and rounded, with elements of a given sort.
    pub(super) fn sum_as(
        &mut self,
        terms: &[(f64, &Operand)],
        offset: f64,
        bounds: Bounds,
        rounding: Rounding,
        sort: (Element, Kind),
    ) -> Result<Operand, String> {
        let shape = common_shape(terms.iter().map(|(_, x)| x.shape.as_slice()))?;
        let elements = shape.iter().product();
        let (mut factors, mut operands, mut bias) = (Vec::new(), Vec::new(), vec![offset]);
        for (factor, x) in terms {
            let x = self.expand(x, &shape)?;
            match x.values() {
                // A known side becomes part of the bias.
                Some(values) => bias = values.iter().enumerate().map(|(k, value)| bias[k % bias.len()] + factor * value).collect(),
                None => {
                    factors.push(*factor);
                    operands.push(x);
                }
            }
        }
        if operands.is_empty() {
            let value = |bias: &f64| {
                let value = bounds.apply(*bias);
                if let Kind::Integer(range) = sort.1 { rounding.apply(value).clamp(range.lo as f64, range.hi as f64) } else { value }
            };
            let values: Vec<f64> = (0..elements).map(|element| value(&bias[element % bias.len()])).collect();
            return Ok(Operand::constant(shape, sort.0, values));
        }
        let masked: Vec<bool> = bias.iter().map(|bias| *bias <= MASKED).collect();
        let masks = masked.contains(&true) && sort == (Element::Float, Kind::Real) && bounds == Bounds::NONE;
        if masks {
            bias.iter_mut().zip(&masked).filter(|(_, masked)| **masked).for_each(|(bias, _)| *bias = 0.0);
        }
        let coefficients = factors.iter().map(|factor| vec![*factor; bias.len()]).collect();
        let sum = FloatSum { coefficients, bias, inner: 1, bounds, rounding }.compact(elements);
        let y = self.emit(FloatOp::Sum(sum), &operands.iter().collect::<Vec<_>>(), shape, sort)?;
        if masks { self.fill(&y, |element| masked[element % masked.len()], f64::NEG_INFINITY) } else { Ok(y) }
    }

    /// `factor * x + offset` with known factors and offsets, all broadcast.
    pub(super) fn scaled(&mut self, x: &Operand, factor: &Operand, offset: &Operand) -> Result<Operand, String> {
        self.scaled_as(x, factor, offset, Rounding::HalfUp, (Element::Float, Kind::Real))
    }

    /// As [`Self::scaled`], rounded, with elements of a given sort.
    pub(super) fn scaled_as(
        &mut self,
        x: &Operand,
        factor: &Operand,
        offset: &Operand,
        rounding: Rounding,
        sort: (Element, Kind),
    ) -> Result<Operand, String> {
        let shape = common_shape([x.shape.as_slice(), &factor.shape, &offset.shape])?;
        let (x, factor, offset) = (self.expand(x, &shape)?, self.expand(factor, &shape)?, self.expand(offset, &shape)?);
        let known = |operand: &Operand| operand.values().map(<[f64]>::to_vec).ok_or("factors and offsets must be constants");
        let sum = FloatSum { coefficients: vec![known(&factor)?], bias: known(&offset)?, rounding, ..FloatSum::uniform(&[1.0], 0.0) };
        let elements = x.elements();
        self.emit(FloatOp::Sum(sum.compact(elements)), &[&x], shape, sort)
    }

    /// `a * b`, broadcast. Products of integers are exact.
    pub(super) fn mul(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let element = same_element([a, b])?;
        let kind = match (self.kind(a), self.kind(b)) {
            (Kind::Integer(x), Kind::Integer(y)) if element != Element::Float => {
                let corners = [x.lo, x.hi].into_iter().flat_map(|x| [y.lo, y.hi].map(|y| x as f64 * y as f64));
                let (lo, hi) = corners.fold((f64::MAX, f64::MIN), |(lo, hi), value| (lo.min(value), hi.max(value)));
                self.integers_within(lo, hi, element, a.is_constant() && b.is_constant())?
            }
            _ => Kind::Real,
        };
        let (known, other) = if a.is_constant() { (a, b) } else { (b, a) };
        if known.is_constant() && !other.is_constant() {
            return self.scaled_as(other, known, &Operand::scalar(0.0), Rounding::HalfUp, (element, kind));
        }
        let shape = common_shape([a.shape.as_slice(), &b.shape])?;
        let (a, b) = (self.expand(a, &shape)?, self.expand(b, &shape)?);
        self.emit(FloatOp::Product { rows: 1, columns: 1, inner: 1 }, &[&a, &b], shape, (element, kind))
    }

    /// `a / b` of real numbers, broadcast.
    pub(super) fn div(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let element = same_element([a, b])?;
        if element != Element::Float {
            return Err(format!("takes floats, not {element}"));
        }
        if let Some(values) = b.values() {
            if values.contains(&0.0) {
                return Err("a divisor is 0".to_owned());
            }
            // Known quotients must not suffer from a rounded reciprocal: whole numbers must stay whole.
            if !a.is_constant() {
                let reciprocal = Operand::constant(b.shape.clone(), Element::Float, values.iter().map(|value| 1.0 / value).collect());
                return self.mul(a, &reciprocal);
            }
        }
        let shape = common_shape([a.shape.as_slice(), &b.shape])?;
        let (a, b) = (self.expand(a, &shape)?, self.expand(b, &shape)?);
        self.emit(FloatOp::Divide, &[&a, &b], shape, (Element::Float, Kind::Real))
    }

    /// A function of each element.
    pub(super) fn table(&mut self, x: &Operand, functions: &[Function]) -> Result<Operand, String> {
        if x.element != Element::Float {
            return Err(format!("takes floats, not {}", x.element));
        }
        self.emit(FloatOp::Table(functions.to_vec()), &[x], x.shape.clone(), (Element::Float, Kind::Real))
    }

    /// A dense layer over the last axis: `weights` are `[m, n]` for each of `groups` groups, `bias` is `[groups * m]`.
    pub(super) fn affine(&mut self, x: &Operand, groups: usize, weights: Vec<f64>, bias: Vec<f64>) -> Result<Operand, String> {
        let mut shape = x.shape.clone();
        let last = shape.last_mut().ok_or("a scalar has no last axis")?;
        if bias.is_empty() || *last * bias.len() != weights.len() * groups {
            return Err(format!("{} weights do not fit {last} inputs and {} outputs", weights.len(), bias.len()));
        }
        *last = bias.len();
        let kind = match self.kind(x) {
            Kind::Integer(range) if x.element != Element::Float => {
                let n = weights.len() / bias.len();
                let size = range.lo.unsigned_abs().max(range.hi.unsigned_abs()) as f64;
                let rows = weights.chunks_exact(n).zip(&bias);
                let most = rows.map(|(row, bias)| bias.abs() + row.iter().map(|w| w.abs() * size).sum::<f64>()).fold(0.0, f64::max);
                self.integers_within(-most, most, x.element, x.is_constant())?
            }
            _ => Kind::Real,
        };
        self.emit(FloatOp::Affine { groups, weights, bias, bounds: Bounds::NONE }, &[x], shape, (x.element, kind))
    }

    /// `factor` times the sum over the named axes.
    pub(super) fn reduce_sum(&mut self, x: &Operand, axes: &[usize], keep: bool, factor: f64) -> Result<Operand, String> {
        let (moved, outer, length) = self.axes_last(x, axes)?;
        let rows = self.reshape(&moved, [&outer[..], &[length]].concat())?;
        let summed = self.affine(&rows, 1, vec![factor; length], vec![0.0])?;
        self.reshape(&summed, reduced(&x.shape, axes, keep))
    }

    /// The sum of squares over the named axes.
    pub(super) fn reduce_squares(&mut self, x: &Operand, axes: &[usize], keep: bool) -> Result<Operand, String> {
        let (moved, _, length) = self.axes_last(x, axes)?;
        let shape = reduced(&x.shape, axes, keep);
        if moved.element != Element::Float {
            return Err(format!("takes floats, not {}", x.element));
        }
        self.emit(FloatOp::Product { rows: 1, columns: 1, inner: length }, &[&moved, &moved], shape, (Element::Float, Kind::Real))
    }

    /// The greatest element over the named axes.
    pub(super) fn reduce_max(&mut self, x: &Operand, axes: &[usize], keep: bool) -> Result<Operand, String> {
        let (moved, outer, length) = self.axes_last(x, axes)?;
        let rows = self.reshape(&moved, [&outer[..], &[length]].concat())?;
        let kind = self.kind(x);
        let greatest = self.emit(FloatOp::Max { axis: outer.len(), keep_axis: false }, &[&rows], outer, (x.element, kind))?;
        self.reshape(&greatest, reduced(&x.shape, axes, keep))
    }

    /// The greater of several tensors, elementwise, broadcast.
    pub(super) fn max(&mut self, parts: &[Operand]) -> Result<Operand, String> {
        same_element(parts)?;
        let shape = common_shape(parts.iter().map(|part| part.shape.as_slice()))?;
        let mut expanded = Vec::new();
        for part in parts {
            let part = self.expand(part, &shape)?;
            expanded.push(self.reshape(&part, [&[1], &shape[..]].concat())?);
        }
        let stacked = self.concat(&expanded, 0)?;
        let kind = self.kind(&stacked);
        self.emit(FloatOp::Max { axis: 0, keep_axis: false }, &[&stacked], shape, (stacked.element, kind))
    }

    /// `-x`
    pub(super) fn negate(&mut self, x: &Operand) -> Result<Operand, String> {
        self.linear(x, -1.0, 0.0)
    }

    /// `x` in reversed order: `-x` for real numbers, and `-1 - x` for integers, which fits wherever `x` does.
    pub(super) fn reversed(&mut self, x: &Operand) -> Result<Operand, String> {
        let (offset, kind) = match self.kind(x) {
            Kind::Integer(range) if x.element != Element::Float => (-1.0, Kind::Integer(Interval::new(-1 - range.hi, -1 - range.lo))),
            _ => (0.0, Kind::Real),
        };
        self.sum_as(&[(-1.0, x)], offset, Bounds::NONE, Rounding::HalfUp, (x.element, kind))
    }

    /// The position of the first greatest element along an axis.
    pub(super) fn arg_max(&mut self, x: &Operand, axis: usize, keep_axis: bool) -> Result<Operand, String> {
        let shape = reduced(&x.shape, &[axis], keep_axis);
        let length = i64::try_from(x.shape[axis]).expect("axes are short");
        let sort = (Element::Integer(IntegerType::Int64), Kind::Integer(Interval::new(0, length - 1)));
        self.emit(FloatOp::ArgMax { axis, keep_axis }, &[x], shape, sort)
    }

    /// Whether `a > b`, broadcast.
    pub(super) fn greater(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        same_element([a, b])?;
        let shape = common_shape([a.shape.as_slice(), &b.shape])?;
        let (a, b) = (self.expand(a, &shape)?, self.expand(b, &shape)?);
        self.emit(FloatOp::Greater, &[&a, &b], shape, (Element::Bool, Kind::BOOL))
    }

    /// A truth value from truth values: 1 where `sum_t factor_t * x_t + offset` is at least 1.
    pub(super) fn truth(&mut self, terms: &[(f64, &Operand)], offset: f64) -> Result<Operand, String> {
        self.sum_as(terms, offset, Bounds { lo: 0.0, hi: 1.0 }, Rounding::HalfUp, (Element::Bool, Kind::BOOL))
    }

    /// Whether `a == b`, broadcast.
    pub(super) fn equal(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let (above, below) = (self.greater(a, b)?, self.greater(b, a)?);
        self.truth(&[(-1.0, &above), (-1.0, &below)], 1.0)
    }

    /// `a` where `condition` is true, else `b`, broadcast.
    pub(super) fn select(&mut self, condition: &Operand, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let shape = common_shape([condition.shape.as_slice(), &a.shape, &b.shape])?;
        let kind = Kind::union(self.kind(a), self.kind(b));
        let element = same_element([a, b])?;
        let (condition, a, b) = (self.expand(condition, &shape)?, self.expand(a, &shape)?, self.expand(b, &shape)?);
        if let (Some(chosen), false) = (condition.values(), a.is_constant() && b.is_constant()) {
            // A choice that is known is a move, and a known choice of minus infinity masks an element.
            for (other, kept, where_it_is) in [(&a, &b, true), (&b, &a, false)] {
                if let Some(value) = filling(other)
                    && element == Element::Float
                    && (value == f64::NEG_INFINITY || self.kind(kept) == Kind::Real)
                {
                    return self.fill(kept, |position| (chosen[position] == 1.0) == where_it_is, value);
                }
            }
            let offset = a.elements();
            let chosen = chosen.iter().enumerate().map(|(position, c)| if *c == 1.0 { position } else { offset + position });
            return self.emit(FloatOp::Move { indices: narrow(chosen), constants: Vec::new() }, &[&a, &b], shape, (element, kind));
        }
        self.emit(FloatOp::Select, &[&condition, &a, &b], shape, (element, kind))
    }

    /// `x` rounded, and clamped to a range of integers.
    pub(super) fn round(&mut self, x: &Operand, rounding: Rounding, (element, range): (Element, Interval)) -> Result<Operand, String> {
        self.sum_as(&[(1.0, x)], 0.0, Bounds::NONE, rounding, (element, Kind::Integer(range)))
    }

    /// A matrix product by NumPy's rule.
    pub(super) fn matmul(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        if a.axes() == 0 || b.axes() == 0 {
            return Err("a scalar cannot be a factor of a matrix product".to_owned());
        }
        let element = same_element([a, b])?;
        // Vectors are matrices with one row or column, which is dropped at the end.
        let (row, column) = (a.axes() == 1, b.axes() == 1);
        let a = if row { self.reshape(a, vec![1, a.shape[0]])? } else { a.clone() };
        let b = if column { self.reshape(b, vec![b.shape[0], 1])? } else { b.clone() };
        let (batch_a, &[m, k]) = a.shape.split_last_chunk::<2>().ok_or("a matrix is expected")?;
        let (batch_b, &[inner, n]) = b.shape.split_last_chunk::<2>().ok_or("a matrix is expected")?;
        if k != inner {
            return Err(format!("the inner dimensions differ: {k} and {inner}"));
        }
        let batch = common_shape([batch_a, batch_b])?;
        let full = [&batch[..], &[m, n]].concat();
        let y = if let (Some(weights), true) = (b.values(), batch_b.iter().all(|length| *length == 1)) {
            let weights = (0..n * k).map(|index| weights[index % k * n + index / k]).collect();
            let y = self.affine(&a, 1, weights, vec![0.0; n])?;
            self.reshape(&y, full)?
        } else if let (Some(weights), true) = (a.values(), batch_a.iter().all(|length| *length == 1)) {
            let weights = weights.to_vec();
            let b = self.swap_last(&b)?;
            let y = self.affine(&b, 1, weights, vec![0.0; m])?;
            let y = self.swap_last(&y)?;
            self.reshape(&y, full)?
        } else {
            let kind = match (self.kind(&a), self.kind(&b)) {
                (Kind::Integer(x), Kind::Integer(y)) if element != Element::Float => {
                    let size = |range: Interval| range.lo.unsigned_abs().max(range.hi.unsigned_abs()) as f64;
                    let most = k as f64 * size(x) * size(y);
                    self.integers_within(-most, most, element, false)?
                }
                _ => Kind::Real,
            };
            let a = self.expand(&a, &[&batch[..], &[m, k]].concat())?;
            let b = self.expand(&b, &[&batch[..], &[k, n]].concat())?;
            let b = self.swap_last(&b)?;
            self.emit(FloatOp::Product { rows: m, columns: n, inner: k }, &[&a, &b], full, (element, kind))?
        };
        let mut shape = batch;
        shape.extend((!row).then_some(m));
        shape.extend((!column).then_some(n));
        self.reshape(&y, shape)
    }

    /// The last two axes exchanged.
    pub(super) fn swap_last(&mut self, x: &Operand) -> Result<Operand, String> {
        let axes = x.axes();
        let mut order: Vec<usize> = (0..axes).collect();
        order.swap(axes - 2, axes - 1);
        self.transpose(x, &order)
    }
}

/// The constant that all elements are, if it is finite; minus infinity if they mask.
fn filling(x: &Operand) -> Option<f64> {
    let values = x.values()?;
    if values.iter().all(|value| *value <= MASKED) {
        return Some(f64::NEG_INFINITY);
    }
    values.iter().all(|value| *value == values[0] && value.is_finite()).then_some(values[0])
}

/// The element type of all of these.
pub(super) fn same_element<'o>(operands: impl IntoIterator<Item = &'o Operand>) -> Result<Element, String> {
    let mut elements = operands.into_iter().map(|operand| operand.element);
    let first = elements.next().ok_or("an input is expected")?;
    match elements.find(|element| *element != first) {
        Some(other) => Err(format!("{first} and {other} do not mix: cast one of them")),
        None => Ok(first),
    }
}

/// A shape whose named axes are dropped, or kept with length 1.
pub(super) fn reduced(shape: &[usize], axes: &[usize], keep: bool) -> Vec<usize> {
    let of = |(axis, length): (usize, &usize)| match (axes.contains(&axis), keep) {
        (true, true) => Some(1),
        (true, false) => None,
        _ => Some(*length),
    };
    shape.iter().enumerate().filter_map(of).collect()
}
