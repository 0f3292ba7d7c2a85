//! BitwiseAnd, BitwiseOr, BitwiseXor and BitwiseNot (opset 18), and BitShift (opset 11), of integers.
//!
//! Integers are taken apart into bytes and bits with floors of halves, which are exact: `b = floor(x / 2^k) - 2 floor(x / 2^(k + 1))`.
//! Bits that are both 1 give And, and with it `x | y = x + y - (x & y)` and `x ^ y = x + y - 2 (x & y)`.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, FloatSum, Kind, Rounding};
use crate::lowering::arithmetic::same_element;
use crate::lowering::helpers::wrapping::WIDE;
use crate::lowering::moves::{check_size, common_shape};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

pub(super) fn and(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, |x, y| x & y, None)
}

pub(super) fn or(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, |x, y| x | y, Some(1.0))
}

pub(super) fn xor(scope: &mut Scope<'_>) -> Result<(), String> {
    lower(scope, |x, y| x ^ y, Some(2.0))
}

/// `-1 - x`, or the greatest integer of an unsigned type less `x`.
pub(super) fn not(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let range = integers(scope, &x)?;
    let top = match x.element {
        Element::Integer(IntegerType::Uint8) => 255,
        Element::Integer(IntegerType::Uint16) => 65535,
        Element::Integer(IntegerType::Uint32 | IntegerType::Uint64) => {
            return Err(format!("the opposite bits of a {} do not fit into 32 bits with a sign", x.element));
        }
        _ => -1,
    };
    let sort = (x.element, Kind::Integer(Interval::new(top - range.hi, top - range.lo)));
    let y = scope.sum_as(&[(-1.0, &x)], top as f64, Bounds::NONE, Rounding::HalfUp, sort)?;
    scope.finish(y)
}

/// BitShift by known numbers of bits: to the right a floor, to the left a product, of which the type keeps the lower bits.
pub(super) fn shift(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let x = scope.input(0)?;
    let by = scope.constant(1)?.ok_or("input 1 is missing")?;
    let range = integers(scope, &x)?;
    same_element([&x, &by])?;
    let bits = by.values().unwrap_or_default();
    if let Some(bits) = bits.iter().find(|bits| !(0.0..32.0).contains(*bits)) {
        return Err(format!("a shift by {bits} bits is not supported: from 0 to 31 are"));
    }
    let powers = |element: Element, sign: i32| {
        Operand::constant(by.shape.clone(), element, bits.iter().map(|bits| 2f64.powi(sign * *bits as i32)).collect())
    };
    let least = bits.iter().copied().fold(31.0, f64::min);
    let wide = Operand { element: WIDE, ..x.clone() };
    let y = match scope.text("direction", "")?.as_str() {
        "RIGHT" => {
            let end = |value: i64| value >> least as u32;
            let sort = (x.element, Kind::Integer(Interval::new(end(range.lo).min(-i64::from(range.lo < 0)), end(range.hi))));
            scope.scaled_as(&wide, &powers(Element::Float, -1), &Operand::scalar(0.0), Rounding::Down, sort)?
        }
        "LEFT" => {
            let y = scope.mul(&wide, &powers(WIDE, 1))?;
            scope.wrap(&y, x.element)?
        }
        other => return Err(format!("attribute `direction` is `{other}`: it must be LEFT or RIGHT")),
    };
    scope.finish(y)
}

/// The range of integers.
fn integers(scope: &Scope<'_>, x: &Operand) -> Result<Interval, String> {
    match (x.element, scope.kind(x)) {
        (Element::Integer(_), Kind::Integer(range)) => Ok(range),
        (other, _) => Err(format!("takes integers, not {other}")),
    }
}

/// `x + y - factor * (x & y)`, or `x & y`.
fn lower(scope: &mut Scope<'_>, known: fn(i64, i64) -> i64, factor: Option<f64>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (x, y) = (scope.input(0)?, scope.input(1)?);
    let element = same_element([&x, &y])?;
    let (of_x, of_y) = (integers(scope, &x)?, integers(scope, &y)?);
    let shape = common_shape([x.shape.as_slice(), &y.shape])?;
    let (x, y) = (scope.expand(&x, &shape)?, scope.expand(&y, &shape)?);
    if let (Some(x), Some(y)) = (x.values(), y.values()) {
        // Integers beyond 2^53 have lost their last bits.
        if let Some(value) = x.iter().chain(y).find(|value| value.abs() > 2f64.powi(53)) {
            return Err(format!("a constant holds {value}: at most 2^53 is supported"));
        }
        let values = x.iter().zip(y).map(|(x, y)| known(*x as i64, *y as i64) as f64).collect();
        return scope.finish(Operand::constant(shape, element, values));
    }
    let range = of_x.hull(of_y);
    let bytes = (1..=4).find(|bytes| Interval::of_bits(8 * bytes + 1).includes(range)).unwrap_or(4);
    let signed = range.lo < 0;
    // Whatever the bits are, the result has no more of them than the operands.
    let limit = 1i64 << (8 * bytes).min(31);
    let limits = Interval::new(if signed { -limit } else { 0 }, limit - 1);
    let limits = element.range().map_or(limits, |(lo, hi)| Interval::new(limits.lo.max(lo), limits.hi.min(hi)));
    if !Interval::new(if signed { -limit } else { 0 }, limit - 1).includes(range) {
        return Err(format!("integers of {range} have more than 32 bits"));
    }
    let both = scope.common_bits(&x, &y, bytes as usize, signed, limits)?;
    let both = Operand { element, ..both };
    let y = match factor {
        None => both,
        Some(factor) => {
            let terms = [(1.0, &x), (1.0, &y), (-factor, &both)];
            scope.sum_as(&terms, 0.0, Bounds::NONE, Rounding::HalfUp, (element, Kind::Integer(limits)))?
        }
    };
    scope.finish(y)
}

impl Scope<'_> {
    /// `x & y` of integers of one shape with so many bytes.
    fn common_bits(&mut self, x: &Operand, y: &Operand, bytes: usize, signed: bool, limits: Interval) -> Result<Operand, String> {
        let (of_x, of_y) = (self.bits(x, bytes)?, self.bits(y, bytes)?);
        let both = self.truth(&[(1.0, &of_x), (1.0, &of_y)], -1.0)?;
        // Weights of a layer have 16 bits, so each byte is put together by itself.
        let weights = (0..8).map(|bit| f64::from(1 << bit)).collect();
        let op = FloatOp::Affine { groups: 1, weights, bias: vec![0.0], bounds: Bounds::NONE };
        let columns = [&x.shape[..], &[bytes, 1]].concat();
        let together = self.emit(op, &[&both], columns, (WIDE, Kind::Integer(Interval::new(0, 255))))?;
        let mut parts = Vec::new();
        for byte in 0..bytes {
            let part = self.pick(&together, x.axes(), &[byte])?;
            parts.push(self.reshape(&part, x.shape.clone())?);
        }
        // The highest bit of two negative numbers counts negative.
        if signed && let Some(top) = parts.last_mut() {
            let zero = Operand::constant(Vec::new(), WIDE, vec![0.0]);
            let wide = |x: &Operand| Operand { element: WIDE, ..x.clone() };
            let (of_x, of_y) = (self.greater(&zero, &wide(x))?, self.greater(&zero, &wide(y))?);
            let negative = self.truth(&[(1.0, &of_x), (1.0, &of_y)], -1.0)?;
            let sort = (WIDE, Kind::Integer(Interval::new(-128, 255)));
            *top = self.sum_as(&[(1.0, &*top), (-256.0, &negative)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
        }
        let terms: Vec<(f64, &Operand)> = parts.iter().enumerate().map(|(byte, part)| (256f64.powi(byte as i32), part)).collect();
        self.sum_as(&terms, 0.0, Bounds::NONE, Rounding::HalfUp, (WIDE, Kind::Integer(limits)))
    }

    /// The bits of integers in two's complement, `[.., bytes, 8]`, from the lowest.
    fn bits(&mut self, x: &Operand, bytes: usize) -> Result<Operand, String> {
        let wide = Operand { element: WIDE, ..x.clone() };
        let column = [&x.shape[..], &[1]].concat();
        check_size(&[&x.shape[..], &[bytes, 9]].concat())?;
        let mut rest = wide;
        let mut parts = Vec::new();
        for _ in 0..bytes {
            let higher = self.floor_of_part(&rest, 256.0)?;
            let sort = (WIDE, Kind::Integer(Interval::new(0, 255)));
            let byte = self.sum_as(&[(1.0, &rest), (-256.0, &higher)], 0.0, Bounds::NONE, Rounding::HalfUp, sort)?;
            parts.push(self.reshape(&byte, column.clone())?);
            rest = higher;
        }
        let all = self.concat(&parts, x.axes())?;
        let all = self.reshape(&all, [&x.shape[..], &[bytes, 1]].concat())?;
        let repeated = self.expand(&all, &[&x.shape[..], &[bytes, 9]].concat())?;
        let coefficients = vec![(0..9).map(|bit| 2f64.powi(-bit)).collect()];
        let floors = FloatSum { coefficients, bias: vec![0.0; 9], rounding: Rounding::Down, ..FloatSum::uniform(&[1.0], 0.0) };
        let sort = (WIDE, Kind::Integer(Interval::new(0, 255)));
        let shape = repeated.shape.clone();
        let floors = self.emit(FloatOp::Sum(floors), &[&repeated], shape, sort)?;
        let axis = x.axes() + 1;
        let (floors, halves) = (self.pick(&floors, axis, &[0, 1, 2, 3, 4, 5, 6, 7])?, self.pick(&floors, axis, &[1, 2, 3, 4, 5, 6, 7, 8])?);
        self.truth(&[(1.0, &floors), (-2.0, &halves)], 0.0)
    }

    /// `floor(x / part)` for a power of two.
    fn floor_of_part(&mut self, x: &Operand, part: f64) -> Result<Operand, String> {
        let Kind::Integer(range) = self.kind(x) else { return Err("integers are expected".to_owned()) };
        let end = |value: i64| (value as f64 / part).floor() as i64;
        let sort = (x.element, Kind::Integer(Interval::new(end(range.lo), end(range.hi))));
        self.sum_as(&[(1.0 / part, x)], 0.0, Bounds::NONE, Rounding::Down, sort)
    }
}
