//! QuantizeLinear: `clamp(round(x / scale) + zero_point)`, ties to even; DequantizeLinear: `(x - zero_point) * scale`.
//!
//! There is one scale for the tensor, or (opset 13) for each position along an axis, or (opset 21) for each block along it. Types have 8,
//! 16 or 32 bits; 8-bit floats and narrower integers are refused.

use maat_runtime::Interval;

use crate::float::{Kind, Rounding};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

pub(super) fn quantize(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let x = scope.input(0)?;
    if !matches!(x.element, Element::Float | Element::Integer(IntegerType::Int32)) {
        return Err(format!("takes floats, not {}", x.element));
    }
    let scale = scope.scale(1)?;
    let zero = scope.zero_point(2, Element::Integer(IntegerType::Uint8))?;
    let element = match scope.attribute("output_dtype", 0i32)? {
        0 => zero.element,
        given => {
            let element = Element::of(given).ok_or_else(|| format!("attribute `output_dtype` is {given}: {}", Element::refusal(given)))?;
            if scope.optional(2)?.is_some() && element != zero.element {
                return Err(format!("attribute `output_dtype` is {element}, but the zero point is {}", zero.element));
            }
            element
        }
    };
    let (scale, zero) = (aligned(scope, &scale, &x.shape)?, aligned(scope, &zero, &x.shape)?);
    let x = Operand { element: Element::Float, ..x };
    let one = Operand::scalar(1.0);
    let y = if x.is_constant() {
        // A quotient of constants is rounded directly.
        let quotient = scope.div(&x, &scale)?;
        scope.requantise(&quotient, &one, &zero, element)?
    } else {
        let factor = scope.div(&one, &scale)?;
        scope.requantise(&x, &factor, &zero, element)?
    };
    scope.finish(y)
}

pub(super) fn dequantize(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 3)?;
    let x = scope.input(0)?;
    if !matches!(x.element, Element::Integer(_)) || x.element.range().is_none() {
        return Err(format!("takes integers of up to 32 bits, not {}", x.element));
    }
    let scale = scope.scale(1)?;
    let zero = scope.zero_point(2, x.element)?;
    if zero.element != x.element {
        return Err(format!("the zero point is {}, but the input is {}", zero.element, x.element));
    }
    let (scale, zero) = (aligned(scope, &scale, &x.shape)?, aligned(scope, &zero, &x.shape)?);
    let (x, zero) = (Operand { element: Element::Float, ..x }, Operand { element: Element::Float, ..zero });
    let y = if x.is_constant() {
        // Weights are what ONNX defines, to the last bit.
        let centred = scope.sum(&[(1.0, &x), (-1.0, &zero)], 0.0)?;
        scope.mul(&centred, &scale)?
    } else {
        let zero = scope.mul(&scale, &zero)?;
        let offset = scope.negate(&zero)?;
        scope.scaled(&x, &scale, &offset)?
    };
    scope.finish(y)
}

/// Scales or zero points in a shape that broadcasts to `shape`, by the attributes `axis` and `block_size`.
fn aligned(scope: &mut Scope<'_>, x: &Operand, shape: &[usize]) -> Result<Operand, String> {
    if x.elements() == 1 {
        return scope.reshape(x, Vec::new());
    }
    let refused = || format!("scales or zero points of shape {:?} do not fit an input of shape {shape:?}", x.shape);
    let axis = scope.axis(scope.attribute("axis", 1i64)?, shape.len())?;
    let length = *shape.get(axis).ok_or_else(refused)?;
    let block = usize::try_from(scope.attribute("block_size", 0i64)?).map_err(|_| "attribute `block_size` must be positive")?;
    let mut along = vec![1; shape.len()];
    along[axis] = length;
    if block == 0 {
        return if x.shape == [length] { scope.reshape(x, along) } else { Err(refused()) };
    }
    let mut blocks = shape.to_vec();
    blocks[axis] = length.div_ceil(block);
    if x.shape != blocks {
        return Err(refused());
    }
    let positions: Vec<usize> = (0..length).map(|position| position / block).collect();
    scope.pick(x, axis, &positions)
}

impl Scope<'_> {
    /// An input that holds constant scales.
    pub(super) fn scale(&self, position: usize) -> Result<Operand, String> {
        let scale = self.weights(position)?;
        match scale.values().unwrap_or_default().iter().find(|value| **value <= 0.0) {
            _ if scale.element != Element::Float => Err(format!("input {position} must be a float, not {}", scale.element)),
            Some(value) => Err(format!("input {position} holds {value}: every scale must be positive")),
            None => Ok(scale),
        }
    }

    /// An input that holds constant zero points; a single 0 of the default type if it is not given.
    pub(super) fn zero_point(&self, position: usize, default: Element) -> Result<Operand, String> {
        if self.optional(position)?.is_none() {
            return Ok(Operand::constant(Vec::new(), default, vec![0.0]));
        }
        let zero = self.weights(position)?;
        match zero.element {
            Element::Integer(_) if zero.element.range().is_some() => Ok(zero),
            other => Err(format!("input {position} must be an integer of up to 32 bits, not {other}")),
        }
    }

    /// `clamp(round(factor * x) + zero)` to a type's range, ties to even: the zero point comes after rounding.
    pub(super) fn requantise(&mut self, x: &Operand, factor: &Operand, zero: &Operand, element: Element) -> Result<Operand, String> {
        let range = match element {
            Element::Integer(IntegerType::Int8 | IntegerType::Uint8 | IntegerType::Int16 | IntegerType::Uint16) => element.range(),
            _ => None,
        };
        let (lo, hi) = range.ok_or_else(|| format!("quantising to {element} is not supported"))?;
        let (least, greatest) = zero.values().unwrap_or_default().iter().fold((hi, lo), |(least, greatest), zero| {
            let zero = *zero as i64;
            (least.min(zero), greatest.max(zero))
        });
        let shifted = Kind::Integer(Interval::new(lo - greatest, hi - least));
        let rounded = self.scaled_as(x, factor, &Operand::scalar(0.0), Rounding::HalfEven, (element, shifted))?;
        if (least, greatest) == (0, 0) {
            return Ok(rounded);
        }
        self.scaled_as(&rounded, &Operand::scalar(1.0), zero, Rounding::HalfUp, (element, Kind::Integer(Interval::new(lo, hi))))
    }

    /// A quantised input as 32-bit integers, in which its products are added up.
    pub(super) fn widened(&self, position: usize) -> Result<Operand, String> {
        let x = self.input(position)?;
        match x.element {
            Element::Integer(_) if x.element.range().is_some() => Ok(Operand { element: Element::Integer(IntegerType::Int32), ..x }),
            other => Err(format!("input {position} must be an integer of up to 32 bits, not {other}")),
        }
    }
}
