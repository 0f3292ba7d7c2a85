//! Signals: the windows HannWindow, HammingWindow and BlackmanWindow, and MelWeightMatrix, which are known; DFT and STFT, which are
//! products with matrices of cosines and sines.
//!
//! Complex numbers are pairs along the last axis. The windows came with opset 17, as did DFT; opset 20 made its axis an input.

use std::f64::consts::TAU;

use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The longest transform: a longer one would need too large a matrix.
const MAX_LENGTH: usize = 2048;

pub(super) fn hann(scope: &mut Scope<'_>) -> Result<(), String> {
    window(scope, [0.5, -0.5, 0.0])
}

pub(super) fn hamming(scope: &mut Scope<'_>) -> Result<(), String> {
    window(scope, [25.0 / 46.0, -21.0 / 46.0, 0.0])
}

pub(super) fn blackman(scope: &mut Scope<'_>) -> Result<(), String> {
    window(scope, [0.42, -0.5, 0.08])
}

/// `a + b cos(t) + c cos(2 t)` over a whole turn, whose end is left out if the window is periodic.
fn window(scope: &mut Scope<'_>, [a, b, c]: [f64; 3]) -> Result<(), String> {
    scope.arity(1, 1)?;
    let size = length(scope, 0)?;
    check_size(&[size])?;
    let turn = if scope.attribute("periodic", 1i64)? != 0 { size } else { size.saturating_sub(1) };
    let value = |place: usize| {
        let angle = TAU * place as f64 / turn.max(1) as f64;
        a + b * libm::cos(angle) + c * libm::cos(2.0 * angle)
    };
    let values = (0..size).map(value).collect();
    scope.finish(Operand::constant(vec![size], float_type(scope)?, values))
}

/// The type that the attribute `output_datatype` names; integers are refused.
fn float_type(scope: &Scope<'_>) -> Result<Element, String> {
    match Element::of(scope.attribute("output_datatype", 1i32)?) {
        Some(Element::Float) => Ok(Element::Float),
        _ => Err("attribute `output_datatype` must be a type of floats".to_owned()),
    }
}

/// A known number of elements.
fn length(scope: &Scope<'_>, position: usize) -> Result<usize, String> {
    let value = scope.weights(position)?.single().ok_or_else(|| format!("input {position} must be one number"))?;
    let whole = value.fract() == 0.0 && (1.0..=maat_runtime::Shape::MAX_ELEMENTS as f64).contains(&value);
    if whole { Ok(value as usize) } else { Err(format!("input {position} is {value}, which is not a number of elements")) }
}

/// Triangles over the bins of a spectrum, whose corners are evenly spaced on the mel scale.
pub(super) fn mel_weights(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(5, 5)?;
    let (bins, size, rate) = (length(scope, 0)?, length(scope, 1)?, length(scope, 2)?);
    let edge = |position: usize| {
        let value = scope.weights(position)?.single().filter(|value| *value >= 0.0);
        value.ok_or_else(|| format!("input {position} must be one frequency that is not negative"))
    };
    let (lower, upper) = (edge(3)?, edge(4)?);
    let rows = size / 2 + 1;
    check_size(&[rows, bins])?;
    let mel = |hertz: f64| 2595.0 * libm::log10(1.0 + hertz / 700.0);
    let step = (mel(upper) - mel(lower)) / (bins + 2) as f64;
    let corner = |index: usize| {
        let hertz = 700.0 * (libm::pow(10.0, (index as f64 * step + mel(lower)) / 2595.0) - 1.0);
        ((size as f64 + 1.0) * hertz / rate as f64).floor()
    };
    let corners: Vec<f64> = (0..bins + 2).map(corner).collect();
    if let Some(corner) = corners.iter().find(|corner| !(0.0..rows as f64).contains(*corner)) {
        return Err(format!("bin {corner} of a spectrum of {rows} is needed: the edges must ascend, and be below half of the sample rate"));
    }
    let mut values = vec![0.0; rows * bins];
    for bin in 0..bins {
        let [low, centre, high] = [corners[bin], corners[bin + 1], corners[bin + 2]];
        for row in low as usize..=high as usize {
            let place = row as f64;
            let rising = if centre > low { (place - low) / (centre - low) } else { 1.0 };
            let falling = (high - place) / (high - centre);
            let inside = if place < centre || high <= centre { place <= centre } else { true };
            values[row * bins + bin] = match inside {
                true if place == centre && centre == low => 1.0,
                true if place < centre || (place == centre && high <= centre) => rising,
                true => falling,
                false => 0.0,
            };
        }
    }
    scope.finish(Operand::constant(vec![rows, bins], float_type(scope)?, values))
}

/// DFT: `sum_n x[n] e^(-2 pi i k n / N)`; the inverse has the other sign and divides by `N`.
pub(super) fn dft(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 3)?;
    let x = scope.floats(0)?;
    let axis = if scope.opset() < 20 {
        scope.attribute("axis", 1i64)?
    } else {
        match scope.constant(2)? {
            Some(axis) => axis.single().ok_or("the axis must be one number")? as i64,
            None => -2,
        }
    };
    let axis = scope.axis_of(&x, axis)?;
    let size = if scope.optional(1)?.is_some() { length(scope, 1)? } else { x.shape[axis] };
    let (onesided, inverse) = (scope.attribute("onesided", 0i64)? != 0, scope.attribute("inverse", 0i64)? != 0);
    if axis + 1 == x.axes() {
        return Err("the last axis holds real and imaginary parts, and cannot be transformed".to_owned());
    }
    let y = transform(scope, &x, axis, size, onesided, inverse)?;
    scope.finish(y)
}

/// The transform along an axis of `[.., 1 or 2]`.
fn transform(scope: &mut Scope<'_>, x: &Operand, axis: usize, size: usize, onesided: bool, inverse: bool) -> Result<Operand, String> {
    let parts = x.shape.last().copied().filter(|parts| (1..=2).contains(parts));
    let parts = parts.ok_or_else(|| format!("the last axis of shape {:?} is not that of real and imaginary parts", x.shape))?;
    if onesided && (parts == 2 || inverse) {
        return Err("one side tells all only for real signals: attribute `onesided` needs them".to_owned());
    }
    if size == 0 || size > MAX_LENGTH {
        return Err(format!("a transform of length {size} is not supported: from 1 to {MAX_LENGTH} are"));
    }
    let bins = if onesided { size / 2 + 1 } else { size };
    // Elements beyond the size are cut off, and missing ones are 0.
    let used = x.shape[axis].min(size);
    let x = if used < x.shape[axis] { scope.pick(x, axis, &(0..used).collect::<Vec<_>>())? } else { x.clone() };
    // [.., used * parts]
    let last = x.axes() - 1;
    let others: Vec<usize> = (0..last).filter(|other| *other != axis).collect();
    let moved = scope.transpose(&x, &[&others[..], &[axis, last]].concat())?;
    let outer: Vec<usize> = others.iter().map(|other| x.shape[*other]).collect();
    let rows = scope.reshape(&moved, [&outer[..], &[used * parts]].concat())?;
    check_size(&[bins * 2, used * parts])?;
    let (sign, factor) = if inverse { (1.0, 1.0 / size as f64) } else { (-1.0, 1.0) };
    let weight = |index: usize| {
        let (bin, to_imaginary) = (index / (2 * used * parts), index / (used * parts) % 2 == 1);
        let (place, imaginary) = (index % (used * parts) / parts, index % parts == 1);
        // The product is reduced first, so that the angle stays exact.
        let angle = sign * TAU * (bin * place % size) as f64 / size as f64;
        factor
            * match (imaginary, to_imaginary) {
                (false, false) | (true, true) => libm::cos(angle),
                (false, true) => libm::sin(angle),
                (true, false) => -libm::sin(angle),
            }
    };
    let weights = (0..bins * 2 * used * parts).map(weight).collect();
    let y = scope.affine(&rows, 1, weights, vec![0.0; bins * 2])?;
    let y = scope.reshape(&y, [&outer[..], &[bins, 2]].concat())?;
    // The axis goes back to its place.
    let order: Vec<usize> = (0..x.axes())
        .map(|place| match place {
            place if place < axis => place,
            place if place == axis => outer.len(),
            place if place < last => place - 1,
            place => place,
        })
        .collect();
    scope.transpose(&y, &order)
}

/// STFT: a window over frames of `[batch, length, 1 or 2]`, and the DFT of each. PyTorch writes real signals as `[batch, length]`, which
/// onnxruntime takes, too.
pub(super) fn stft(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 4)?;
    let (x, step) = (scope.floats(0)?, length(scope, 1)?);
    let (batch, samples, parts) = match x.shape[..] {
        [batch, samples, parts] => (batch, samples, parts),
        [batch, samples] => (batch, samples, 1),
        _ => return Err(format!("the signal has three axes, not shape {:?}", x.shape)),
    };
    let x = scope.reshape(&x, vec![batch, samples, parts])?;
    let window = if scope.optional(2)?.is_some() { Some(scope.weights(2)?) } else { None };
    let given = if scope.optional(3)?.is_some() { Some(length(scope, 3)?) } else { None };
    let size = match (given, &window) {
        (Some(size), _) => size,
        (None, Some(window)) => window.elements(),
        (None, None) => return Err("a window or the length of frames is needed".to_owned()),
    };
    if let Some(window) = window.as_ref().filter(|window| window.shape != [size]) {
        return Err(format!("a window of shape {:?} does not fit frames of length {size}", window.shape));
    }
    if size == 0 || size > samples {
        return Err(format!("a frame of length {size} does not fit into a signal of length {samples}"));
    }
    let frames = 1 + (samples - size) / step;
    check_size(&[batch, frames, size, parts])?;
    let places: Vec<usize> = (0..frames).flat_map(|frame| frame * step..frame * step + size).collect();
    let picked = scope.pick(&x, 1, &places)?;
    let mut framed = scope.reshape(&picked, vec![batch, frames, size, parts])?;
    if let Some(window) = window {
        let window = scope.reshape(&window, vec![size, 1])?;
        framed = scope.mul(&framed, &window)?;
    }
    let onesided = scope.attribute("onesided", 1i64)? != 0;
    let y = transform(scope, &framed, 2, size, onesided && parts == 1, false)?;
    scope.finish(y)
}
