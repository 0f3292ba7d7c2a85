//! Pad: constants or the tensor's own elements around a tensor. A negative pad cuts elements off.
//!
//! Opset 11 turned the attributes `pads` and `value` into inputs, opset 18 added the axes, opset 19 the mode `wrap`.

use maat_runtime::Shape;

use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 4)?;
    let x = scope.input(0)?;
    let mode = scope.text("mode", "constant")?;
    let (pads, fill) = if scope.opset() < 11 {
        (scope.list("pads"), f64::from(scope.attribute("value", 0.0f32)?))
    } else {
        let fill = scope.constant(2)?.filter(|fill| fill.elements() > 0);
        let fill = fill.map(|fill| fill.single().ok_or("the padding's value must be a scalar")).transpose()?;
        (scope.integers(1)?, fill.unwrap_or(0.0))
    };
    let pads = pads.ok_or("no pads are given")?;
    let axes = scope.integers(3)?.unwrap_or_else(|| (0..x.axes() as i64).collect());
    if pads.len() != 2 * axes.len() {
        return Err(format!("{} pads for {} axes", pads.len(), axes.len()));
    }
    scope.axes(&axes, x.axes())?;
    let mut positions: Vec<Vec<Option<usize>>> = x.shape.iter().map(|length| (0..*length).map(Some).collect()).collect();
    for (k, axis) in axes.iter().enumerate() {
        let axis = scope.axis_of(&x, *axis)?;
        positions[axis] = along(&mode, x.shape[axis], pads[k], pads[axes.len() + k])?;
    }
    let fill = filling(&x, fill)?;
    let y = scope.pick_all(&x, &positions, fill)?;
    scope.finish(y)
}

/// The value of the padding. The least float means minus infinity: only the input of a maximum is padded with it.
fn filling(x: &Operand, value: f64) -> Result<f64, String> {
    match x.element {
        Element::Float if value <= f64::from(f32::MIN) => Ok(f64::NEG_INFINITY),
        Element::Float if !value.is_finite() => Err(format!("the padding's value is {value}: it must be finite")),
        _ => Ok(value),
    }
}

/// The positions to take along an axis; none where a constant goes.
fn along(mode: &str, length: usize, before: i64, behind: i64) -> Result<Vec<Option<usize>>, String> {
    let refused = || format!("pads {before} and {behind} do not fit an axis of length {length}");
    let most = Shape::MAX_ELEMENTS as i64;
    if !(-most..=most).contains(&before) || !(-most..=most).contains(&behind) {
        return Err(refused());
    }
    // What is cut off is not repeated.
    let (first, end) = (-before.min(0), length as i64 + behind.min(0));
    let kept = end - first;
    if kept <= 0 {
        return Err(refused());
    }
    let inside = |place: i64| match mode {
        "constant" => Ok((0..kept).contains(&place).then_some(place)),
        "edge" => Ok(Some(place.clamp(0, kept - 1))),
        "wrap" => Ok(Some(place.rem_euclid(kept))),
        "reflect" => {
            // There and back again, each end once. An axis of length 1 reflects only itself.
            let there_and_back = (2 * (kept - 1)).max(1);
            let place = place.rem_euclid(there_and_back);
            Ok(Some(place.min(there_and_back - place)))
        }
        other => Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    let place = |place: i64| Ok(inside(place)?.map(|place| usize::try_from(first + place).expect("a place inside")));
    (-before.max(0)..kept + behind.max(0)).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_take_the_positions_that_numpy_takes() {
        let of = |mode: &str, before, behind| {
            along(mode, 3, before, behind).unwrap().into_iter().map(|place| place.map_or(9, |place| place)).collect::<Vec<_>>()
        };
        assert_eq!(of("constant", 1, 2), [9, 0, 1, 2, 9, 9]);
        assert_eq!(of("edge", 2, 1), [0, 0, 0, 1, 2, 2]);
        assert_eq!(of("reflect", 5, 3), [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]);
        assert_eq!(of("wrap", 2, 4), [1, 2, 0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(of("constant", -1, 1), [1, 2, 9]);
        assert_eq!(of("edge", 1, -2), [0, 0]);
        assert_eq!(along("reflect", 1, 1, 1).unwrap(), [Some(0); 3]);
        assert!(along("constant", 3, -2, -1).is_err());
        assert!(along("constant", 3, i64::MIN, 0).is_err());
        assert!(along("mirror", 3, 0, 0).is_err());
    }
}
