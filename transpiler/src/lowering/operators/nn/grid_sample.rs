//! GridSample (opset 16): elements of an image at the coordinates of a grid, from -1 to 1 along each axis, interpolated. AffineGrid (opset
//! 20): such a grid from an affine map. A grid must be known; it then says which elements to weigh, and how much.
//!
//! Opset 20 renamed the modes, and added images with any number of axes.

use crate::lowering::helpers::sampling::{Beyond, Interpolation, Sampled, together};
use crate::lowering::helpers::weighted::{Terms, check_terms};
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The most axes of an image: a cubic sum has four times as many terms for each more.
const MAX_AXES: usize = 4;

pub(super) fn grid_sample(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let (x, grid) = (scope.input(0)?, scope.weights(1)?);
    let [batch, channels, lengths @ ..] = &x.shape[..] else {
        return Err("the input needs a batch axis and a channel axis".to_owned());
    };
    let axes = lengths.len();
    let fits = (1..=MAX_AXES).contains(&axes)
        && x.elements() > 0
        && grid.axes() == axes + 2
        && grid.shape[0] == *batch
        && grid.shape[axes + 1] == axes;
    if !fits {
        return Err(format!("a grid of shape {:?} does not fit an image of shape {:?}", grid.shape, x.shape));
    }
    let interpolation = match scope.text("mode", if scope.opset() < 20 { "bilinear" } else { "linear" })?.as_str() {
        "nearest" => Interpolation::Nearest,
        "linear" | "bilinear" => Interpolation::Linear,
        "cubic" | "bicubic" => Interpolation::Cubic,
        other => return Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    if interpolation != Interpolation::Nearest && x.element != Element::Float {
        return Err(format!("takes floats, not {}, unless the mode is `nearest`", x.element));
    }
    let beyond = match scope.text("padding_mode", "zeros")?.as_str() {
        "zeros" => Beyond::Zeros,
        "border" => Beyond::Border,
        "reflection" => Beyond::Reflection,
        other => return Err(format!("attribute `padding_mode` is `{other}`, which is not known")),
    };
    let corners = scope.attribute("align_corners", 0i64)? != 0;
    let places = &grid.shape[1..=axes];
    let elements: usize = lengths.iter().product();
    let per_place = if interpolation == Interpolation::Cubic { 4usize } else { 2 }.pow(axes as u32);
    check_size(&[places, &[*batch, *channels, per_place]].concat())?;
    check_terms(&[places, &[*batch, per_place]].concat())?;

    let values = grid.values().unwrap_or_default();
    let in_batch = (values.len() / batch).max(1);
    let sum = |(position, coordinates): (usize, &[f64])| -> Terms {
        // Coordinates are in the opposite order of the axes.
        let along = lengths.iter().zip(coordinates.iter().rev()).map(|(length, coordinate)| {
            let axis = Sampled { length: *length, corners, interpolation, beyond };
            axis.terms(denormalised(*coordinate, *length, corners))
        });
        let start = position * axes / in_batch * elements;
        together(lengths, &along.collect::<Vec<_>>()).into_iter().map(|(place, weight)| (start + place, weight)).collect()
    };
    let sums = values.chunks_exact(axes).enumerate().map(sum).collect();

    // All images of a channel in a row.
    let rows = scope.reshape(&x, vec![*batch, *channels, elements])?;
    let rows = scope.transpose(&rows, &[1, 0, 2])?;
    let rows = scope.reshape(&rows, vec![*channels, batch * elements])?;
    let y = scope.weighted(&rows, sums)?;
    let y = scope.reshape(&y, vec![*channels, *batch, places.iter().product()])?;
    let y = scope.transpose(&y, &[1, 0, 2])?;
    let y = scope.reshape(&y, [&[*batch, *channels], places].concat())?;
    scope.finish(y)
}

/// A coordinate from -1 to 1 in elements. The definition computes in 32-bit floats, which decides ties.
fn denormalised(coordinate: f64, length: usize, corners: bool) -> f64 {
    let (coordinate, length) = (coordinate as f32, length as f32);
    f64::from(if corners { (coordinate + 1.0) / 2.0 * (length - 1.0) } else { ((coordinate + 1.0) * length - 1.0) / 2.0 })
}

/// The maps `theta` are `[batch, axes, axes + 1]`; the size is that of the image that will be sampled.
pub(super) fn affine_grid(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(2, 2)?;
    let theta = scope.floats(0)?;
    let size = scope.integers(1)?.ok_or("input 1 is missing")?;
    let lengths: Option<Vec<usize>> = size.iter().map(|length| usize::try_from(*length).ok().filter(|length| *length > 0)).collect();
    let lengths = lengths.filter(|lengths| matches!(lengths.len(), 4 | 5)).ok_or_else(|| format!("{size:?} is no size of images"))?;
    let (batch, lengths) = (lengths[0], &lengths[2..]);
    let axes = lengths.len();
    if theta.shape != [batch, axes, axes + 1] {
        return Err(format!("maps of shape {:?} do not fit images of size {size:?}", theta.shape));
    }
    let corners = scope.attribute("align_corners", 0i64)? != 0;
    check_size(&[lengths, &[batch, axes + 1]].concat())?;
    let coordinate = |place: usize, length: usize| match (corners, length) {
        (true, 1) => 0.0,
        (true, _) => place as f64 * 2.0 / (length as f64 - 1.0) - 1.0,
        (false, _) => (2.0 * place as f64 + 1.0) / length as f64 - 1.0,
    };
    let places: usize = lengths.iter().product();
    let mut points = Vec::with_capacity(places * (axes + 1));
    for place in 0..places {
        // The last axis comes first.
        let mut rest = place;
        for length in lengths.iter().rev() {
            points.push(coordinate(rest % length, *length));
            rest /= length;
        }
        points.push(1.0);
    }
    let points = Operand::constant(vec![places, axes + 1], Element::Float, points);
    let maps = scope.swap_last(&theta)?;
    let grid = scope.matmul(&points, &maps)?;
    let grid = scope.reshape(&grid, [&[batch], lengths, &[axes]].concat())?;
    scope.finish(grid)
}
