//! RoiAlign with known regions: each region of an image is cut into bins, and a bin is the mean of points in it, interpolated between the
//! elements. In the mode `max` it is the greatest of the weighted elements around its points, as ONNX's own implementation has it.
//!
//! Opset 16 added the attribute `coordinate_transformation_mode`, whose default moves regions by half an element.

use crate::float::{FloatOp, Kind};
use crate::lowering::helpers::indices::place;
use crate::lowering::helpers::sampling::together;
use crate::lowering::helpers::weighted::{Terms, check_terms};
use crate::lowering::moves::{check_size, narrow};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The most points of a bin along an axis, and of all bins.
const MAX_POINTS: usize = 256;
const MAX_POINTS_OF_ALL: usize = 1 << 16;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let (x, regions) = (scope.floats(0)?, scope.weights(1)?);
    let images = scope.integers(2)?.ok_or("input 2 is missing")?;
    let &[batch, channels, height, width] = &x.shape[..] else { return Err("the input needs four axes".to_owned()) };
    if x.elements() == 0 {
        return Err("the input has no elements".to_owned());
    }
    if regions.shape != [images.len(), 4] || images.is_empty() {
        return Err(format!("regions of shape {:?} do not fit {} positions in the batch", regions.shape, images.len()));
    }
    let greatest = match scope.text("mode", "avg")?.as_str() {
        "avg" => false,
        "max" => true,
        other => return Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    let offset = match scope.text("coordinate_transformation_mode", if scope.opset() < 16 { "output_half_pixel" } else { "half_pixel" })? {
        mode if mode == "half_pixel" => 0.5,
        mode if mode == "output_half_pixel" => 0.0,
        other => return Err(format!("attribute `coordinate_transformation_mode` is `{other}`, which is not known")),
    };
    let bins = [length(scope, "output_height", 1, 1)?, length(scope, "output_width", 1, 1)?];
    let points = length(scope, "sampling_ratio", 0, 0)?;
    let scale = scope.number("spatial_scale", 1.0)? as f32;
    check_size(&[images.len(), bins[0], bins[1], channels])?;

    let mut sums: Vec<Terms> = Vec::new();
    let mut terms = 0;
    for (region, image) in regions.values().unwrap_or_default().chunks_exact(4).zip(&images) {
        let start = place(*image, batch)? * height * width;
        // The definition computes in 32-bit floats, which decides how many points there are.
        let [left, top, right, bottom] = [0, 1, 2, 3].map(|k| region[k] as f32 * scale - offset);
        let least = if offset == 0.0 { 1.0 } else { f32::MIN };
        let rows = along(top, (bottom - top).max(least), bins[0], points, height)?;
        let columns = along(left, (right - left).max(least), bins[1], points, width)?;
        for row in &rows {
            for column in &columns {
                let count = (row.len() * column.len()).max(1);
                terms += 4 * count;
                check_terms(&[terms])?;
                let at = |y: &Option<Terms>, x: &Option<Terms>| match (y, x) {
                    (Some(y), Some(x)) => together(&[height, width], &[y.clone(), x.clone()]),
                    // A point too far outside counts as 0.
                    _ => vec![(0, 0.0)],
                };
                let all = row.iter().flat_map(|y| column.iter().flat_map(move |x| at(y, x)));
                let share = if greatest { 1.0 } else { count as f64 };
                sums.push(all.map(|(position, weight)| (start + position, weight / share)).collect());
            }
        }
    }
    let rows = scope.reshape(&x, vec![batch, channels, height * width])?;
    let rows = scope.transpose(&rows, &[1, 0, 2])?;
    let rows = scope.reshape(&rows, vec![channels, batch * height * width])?;
    let y = if greatest { greatest_of(scope, &rows, &sums)? } else { scope.weighted(&rows, sums)? };
    let y = scope.reshape(&y, vec![channels, images.len(), bins[0] * bins[1]])?;
    let y = scope.transpose(&y, &[1, 0, 2])?;
    let y = scope.reshape(&y, vec![images.len(), channels, bins[0], bins[1]])?;
    scope.finish(y)
}

fn length(scope: &Scope<'_>, name: &str, default: i64, least: usize) -> Result<usize, String> {
    let given = scope.attribute(name, default)?;
    let found = usize::try_from(given).ok().filter(|found| (least..=1 << 16).contains(found));
    found.ok_or_else(|| format!("attribute `{name}` is {given}, which is not a length"))
}

/// The points of each bin along an axis of an image, each with the elements around it; none for a point that is too far outside.
fn along(start: f32, size: f32, bins: usize, points: usize, length: usize) -> Result<Vec<Vec<Option<Terms>>>, String> {
    let bin = size / bins as f32;
    let count = if points > 0 { points } else { bin.ceil() as usize };
    if count > MAX_POINTS {
        return Err(format!("{count} points of a bin along an axis are too many: at most {MAX_POINTS} are supported"));
    }
    if bins * count > MAX_POINTS_OF_ALL {
        return Err(format!("{bins} bins of {count} points along an axis are too many: at most {MAX_POINTS_OF_ALL} points are supported"));
    }
    let point = |place: usize, step: usize| {
        let at = start + place as f32 * bin + (step as f32 + 0.5) * bin / count as f32;
        (-1.0..=length as f32).contains(&at).then(|| neighbours(f64::from(at.max(0.0)), length))
    };
    Ok((0..bins).map(|place| (0..count).map(|step| point(place, step)).collect()).collect())
}

/// The two elements around a coordinate; twice the last one at the end.
fn neighbours(coordinate: f64, length: usize) -> Terms {
    let below = coordinate.floor() as usize;
    if below + 1 >= length {
        return vec![(length - 1, 1.0), (length - 1, 0.0)];
    }
    let above = coordinate - coordinate.floor();
    vec![(below, 1.0 - above), (below + 1, above)]
}

/// The greatest weighted element of each list, from rows `[channels, elements]`: `[channels, lists]`.
fn greatest_of(scope: &mut Scope<'_>, rows: &Operand, lists: &[Terms]) -> Result<Operand, String> {
    let (channels, elements) = (rows.shape[0], rows.shape[1]);
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default().max(1);
    check_size(&[channels, lists.len(), longest])?;
    let term = |list: &Terms, k: usize| list.get(k).or(list.first()).copied().unwrap_or((0, 0.0));
    let all: Vec<(usize, f64)> = lists.iter().flat_map(|list| (0..longest).map(move |k| term(list, k))).collect();
    let indices = narrow((0..channels).flat_map(|channel| all.iter().map(move |(position, _)| channel * elements + position)));
    let gathered = scope.gather(rows, vec![channels, lists.len(), longest], indices, Vec::new())?;
    let weights = Operand::constant(vec![lists.len(), longest], Element::Float, all.iter().map(|(_, weight)| *weight).collect());
    let weighted = scope.scaled(&gathered, &weights, &Operand::scalar(0.0))?;
    let shape = vec![channels, lists.len()];
    scope.emit(FloatOp::Max { axis: 2, keep_axis: false }, &[&weighted], shape, (Element::Float, Kind::Real))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_in_the_middle_of_their_parts() {
        let bins = along(0.0, 4.0, 2, 2, 8).unwrap();
        let first: Vec<Terms> = bins[0].iter().flatten().cloned().collect();
        assert_eq!(first, [vec![(0, 0.5), (1, 0.5)], vec![(1, 0.5), (2, 0.5)]]);
        assert_eq!(along(-9.0, 2.0, 1, 1, 8).unwrap(), [[None]]);
        assert_eq!(along(6.5, 2.0, 1, 1, 8).unwrap(), [[Some(vec![(7, 1.0), (7, 0.0)])]]);
        assert_eq!(along(0.0, -2.0, 1, 0, 8).unwrap(), [[]]);
        assert!(along(0.0, 1e9, 1, 0, 8).is_err());
    }
}
