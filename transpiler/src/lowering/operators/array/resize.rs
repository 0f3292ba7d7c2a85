//! Resize and Upsample with known scales or sizes: each output element is a fixed element of the input, or a fixed weighted sum of some.
//!
//! Axes are resized one after another. Upsample (opsets 7 to 9) and Resize of opset 10 divide a position by the scale and take the element
//! before it; where Resize of opset 10 shrinks, it takes the one after it, as in its test cases. Opset 11 added coordinate transformations,
//! roundings, sizes and regions, opset 18 axes, policies and antialiasing.

use maat_runtime::Shape;

use crate::float::{Bounds, FloatOp, FloatSum, Kind, Rounding};
use crate::lowering::helpers::sampling::cubic;
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// How one axis is resized.
#[derive(Debug, Clone, Copy)]
struct Axis {
    from: usize,
    to: usize,
    scale: f64,
    /// Start and end of the part that is taken, where the length is 1.
    region: (f64, f64),
}

/// How positions are mapped, and what is computed there.
struct Rule {
    coordinates: String,
    mode: String,
    nearest: String,
    cubic_coefficient: f64,
    exclude_outside: bool,
    antialias: bool,
    extrapolation: f64,
}

pub(super) fn upsample(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let scales = if scope.opset() < 9 {
        scope.arity(1, 1)?;
        scope.node().floats("scales").map(|scales| scales.iter().map(|scale| f64::from(*scale)).collect::<Vec<f64>>())
    } else {
        scope.arity(2, 2)?;
        scope.constant(1)?.and_then(|scales| scales.values().map(<[f64]>::to_vec))
    };
    let scales = scales.ok_or("no scales are given")?;
    let y = resize_simply(scope, &x, &scales)?;
    scope.finish(y)
}

pub(super) fn resize(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let floats = |position: usize| -> Result<Option<Vec<f64>>, String> {
        let operand = scope.constant(position)?.filter(|operand| operand.elements() > 0);
        Ok(operand.and_then(|operand| operand.values().map(<[f64]>::to_vec)))
    };
    if scope.opset() < 11 {
        scope.arity(2, 2)?;
        let scales = floats(1)?.ok_or("no scales are given")?;
        let y = resize_simply(scope, &x, &scales)?;
        return scope.finish(y);
    }
    scope.arity(1, 4)?;
    let rule = Rule {
        coordinates: scope.text("coordinate_transformation_mode", "half_pixel")?,
        mode: scope.text("mode", "nearest")?,
        nearest: scope.text("nearest_mode", "round_prefer_floor")?,
        cubic_coefficient: f64::from(scope.attribute("cubic_coeff_a", -0.75f32)?),
        exclude_outside: scope.attribute("exclude_outside", 0i64)? != 0,
        antialias: scope.attribute("antialias", 0i64)? != 0,
        extrapolation: f64::from(scope.attribute("extrapolation_value", 0.0f32)?),
    };
    if !rule.extrapolation.is_finite() || !rule.cubic_coefficient.is_finite() {
        return Err("attributes `cubic_coeff_a` and `extrapolation_value` must be finite".to_owned());
    }
    let named = scope.list("axes").unwrap_or_else(|| (0..x.axes() as i64).collect());
    scope.axes(&named, x.axes())?;
    let named = named.iter().map(|axis| scope.axis_of(&x, *axis)).collect::<Result<Vec<_>, _>>()?;
    let mut axes: Vec<Axis> = x.shape.iter().map(|length| Axis { from: *length, to: *length, scale: 1.0, region: (0.0, 1.0) }).collect();
    let fits = |list: &[f64], count: usize| {
        if list.len() == count { Ok(()) } else { Err(format!("there are {} numbers where {count} are expected", list.len())) }
    };
    match (floats(2)?, floats(3)?) {
        (Some(scales), None) => {
            fits(&scales, named.len())?;
            if rule.coordinates == "tf_crop_and_resize" {
                return Err("a region of the input is not supported together with scales: give sizes".to_owned());
            }
            for (axis, scale) in named.iter().zip(scales) {
                axes[*axis] = scaled(x.shape[*axis], scale)?;
            }
        }
        (None, Some(sizes)) => {
            fits(&sizes, named.len())?;
            let scales: Vec<f64> = named.iter().zip(&sizes).map(|(axis, size)| size / x.shape[*axis] as f64).collect();
            let common = match scope.text("keep_aspect_ratio_policy", "stretch")?.as_str() {
                "stretch" => None,
                "not_larger" => scales.iter().copied().reduce(f64::min),
                "not_smaller" => scales.iter().copied().reduce(f64::max),
                other => return Err(format!("attribute `keep_aspect_ratio_policy` is `{other}`, which is not known")),
            };
            for ((axis, size), scale) in named.iter().zip(sizes).zip(scales) {
                let from = x.shape[*axis];
                let (scale, to) = common.map_or((scale, size), |common| (common, (common * from as f64 + 0.5).floor()));
                axes[*axis] = Axis { from, to: length(to)?, scale, region: (0.0, 1.0) };
            }
        }
        _ => return Err("either scales or sizes must be given".to_owned()),
    }
    if rule.coordinates == "tf_crop_and_resize" {
        let region = floats(1)?.ok_or("no region is given")?;
        fits(&region, 2 * named.len())?;
        for (k, axis) in named.iter().enumerate() {
            axes[*axis].region = (region[k], region[named.len() + k]);
        }
    }
    let y = apply(scope, &x, &axes, &rule)?;
    scope.finish(y)
}

/// By scales alone, as before opset 11.
fn resize_simply(scope: &mut Scope<'_>, x: &Operand, scales: &[f64]) -> Result<Operand, String> {
    if scales.len() != x.axes() {
        return Err(format!("{} scales for {} axes", scales.len(), x.axes()));
    }
    let mode = scope.text("mode", "nearest")?;
    let rule = Rule {
        coordinates: "asymmetric".to_owned(),
        // Opset 7 called it bilinear.
        mode: if mode == "bilinear" { "linear".to_owned() } else { mode },
        nearest: "simple".to_owned(),
        cubic_coefficient: 0.0,
        exclude_outside: false,
        antialias: false,
        extrapolation: 0.0,
    };
    let axes = x.shape.iter().zip(scales).map(|(length, scale)| scaled(*length, *scale)).collect::<Result<Vec<_>, _>>()?;
    apply(scope, x, &axes, &rule)
}

/// ONNX's shape inference multiplies 32-bit floats: `0.7 * 10` is 7 there.
fn scaled(from: usize, scale: f64) -> Result<Axis, String> {
    let to = length(f64::from((from as f32 * scale as f32).floor()))?;
    Ok(Axis { from, to, scale, region: (0.0, 1.0) })
}

fn length(value: f64) -> Result<usize, String> {
    let positive = (1.0..=Shape::MAX_ELEMENTS as f64).contains(&value) && value.fract() == 0.0;
    if positive { Ok(value as usize) } else { Err(format!("an axis of the result cannot have length {value}")) }
}

fn apply(scope: &mut Scope<'_>, x: &Operand, axes: &[Axis], rule: &Rule) -> Result<Operand, String> {
    check_size(&axes.iter().map(|axis| axis.to).collect::<Vec<_>>())?;
    match rule.mode.as_str() {
        "nearest" => {
            let along = axes.iter().map(|axis| (0..axis.to).map(|place| axis.nearest(rule, place)).collect());
            let along = along.collect::<Result<Vec<Vec<_>>, String>>()?;
            scope.pick_all(x, &along, rule.extrapolation)
        }
        "linear" | "cubic" if x.element == Element::Float => {
            let mut y = x.clone();
            for (position, axis) in axes.iter().enumerate() {
                y = interpolate(scope, &y, position, axis, rule)?;
            }
            Ok(y)
        }
        "linear" | "cubic" => Err(format!("mode `{}` takes floats, not {}", rule.mode, x.element)),
        other => Err(format!("attribute `mode` is `{other}`, which is not known")),
    }
}

/// Weighted sums of neighbours along an axis: all first neighbours, weighted, plus all second ones, and so on.
fn interpolate(scope: &mut Scope<'_>, x: &Operand, position: usize, axis: &Axis, rule: &Rule) -> Result<Operand, String> {
    let places = (0..axis.to).map(|place| axis.neighbours(rule, place)).collect::<Result<Vec<_>, _>>()?;
    let is_itself = |(place, neighbours): (usize, &Vec<(usize, f64)>)| matches!(neighbours[..], [(from, 1.0)] if from == place);
    if axis.from == axis.to && places.iter().enumerate().all(is_itself) {
        return Ok(x.clone());
    }
    let count = places.iter().map(Vec::len).max().unwrap_or_default().max(1);
    let mut parts = Vec::new();
    let mut coefficients = Vec::new();
    for tap in 0..count {
        let of = |neighbours: &Vec<(usize, f64)>| neighbours.get(tap).copied().unwrap_or((0, 0.0));
        let (from, weights): (Vec<usize>, Vec<f64>) = places.iter().map(of).unzip();
        parts.push(scope.pick(x, position, &from)?);
        coefficients.push(weights);
    }
    // A place outside the region has no neighbours.
    let bias = places.iter().map(|neighbours| if neighbours.is_empty() { rule.extrapolation } else { 0.0 }).collect();
    let shape = parts[0].shape.clone();
    let inner = shape[position + 1..].iter().product();
    let sum = FloatSum { coefficients, bias, inner, bounds: Bounds::NONE, rounding: Rounding::HalfUp };
    scope.emit(FloatOp::Sum(sum), &parts.iter().collect::<Vec<_>>(), shape, (Element::Float, Kind::Real))
}

impl Axis {
    /// Where a place of the result lies along the axis; nothing if it is outside the region.
    fn origin(&self, rule: &Rule, place: usize) -> Result<Option<f64>, String> {
        let (x, from) = (place as f64, self.from as f64);
        // The length by the scale, which need not be whole.
        let to = self.scale * from;
        let origin = match rule.coordinates.as_str() {
            "half_pixel" => (x + 0.5) / self.scale - 0.5,
            "half_pixel_symmetric" => from / 2.0 * (1.0 - self.to as f64 / to) + (x + 0.5) / self.scale - 0.5,
            "pytorch_half_pixel" if self.to == 1 => 0.0,
            "pytorch_half_pixel" => (x + 0.5) / self.scale - 0.5,
            "tf_half_pixel_for_nn" => (x + 0.5) / self.scale,
            "asymmetric" => x / self.scale,
            "align_corners" if self.to == 1 => 0.0,
            "align_corners" => x * (from - 1.0) / (to - 1.0),
            "tf_crop_and_resize" => {
                let (start, end) = self.region;
                let origin =
                    if self.to == 1 { 0.5 * (start + end) * (from - 1.0) } else { (start + x * (end - start) / (to - 1.0)) * (from - 1.0) };
                return Ok((0.0..=from - 1.0).contains(&origin).then_some(origin));
            }
            other => return Err(format!("attribute `coordinate_transformation_mode` is `{other}`, which is not known")),
        };
        if origin.is_finite() { Ok(Some(origin)) } else { Err(format!("a scale of {} is not supported", self.scale)) }
    }

    /// The element nearest to a place of the result.
    fn nearest(&self, rule: &Rule, place: usize) -> Result<Option<usize>, String> {
        let Some(origin) = self.origin(rule, place)? else { return Ok(None) };
        // Scales are 32-bit floats: 3 / 0.6 is 5 only if the quotient is one again.
        let origin = f64::from(origin as f32);
        let rounded = match rule.nearest.as_str() {
            "simple" if self.scale < 1.0 => origin.ceil(),
            "floor" | "simple" => origin.floor(),
            "ceil" => origin.ceil(),
            "round_prefer_floor" => (origin - 0.5).ceil(),
            "round_prefer_ceil" => (origin + 0.5).floor(),
            other => return Err(format!("attribute `nearest_mode` is `{other}`, which is not known")),
        };
        Ok(Some(rounded.clamp(0.0, self.from as f64 - 1.0) as usize))
    }

    /// The elements whose weighted sum is at a place of the result. Beyond its ends, the axis continues with its first and last element.
    fn neighbours(&self, rule: &Rule, place: usize) -> Result<Vec<(usize, f64)>, String> {
        let Some(origin) = self.origin(rule, place)? else { return Ok(Vec::new()) };
        let is_cubic = rule.mode == "cubic";
        // When an image shrinks, antialiasing widens the kernel to everything between two places.
        let width = if rule.antialias { self.scale.min(1.0) } else { 1.0 };
        let support = if is_cubic { 2.0 } else { 1.0 };
        let first = (-support / width).floor() + 1.0;
        let base = origin.ceil() - 1.0;
        let last = self.from as f64 - 1.0;
        let mut found: Vec<(usize, f64)> = Vec::new();
        let mut step = first;
        while step <= 1.0 - first {
            let at = base + step;
            let weight = if is_cubic {
                cubic((at - origin) * width, rule.cubic_coefficient)
            } else {
                (1.0 - ((at - origin) * width).abs()).max(0.0)
            };
            let outside = rule.exclude_outside && !(0.0..=last).contains(&at);
            let index = at.clamp(0.0, last) as usize;
            if weight != 0.0 && !outside {
                match found.last_mut() {
                    Some((same, sum)) if *same == index => *sum += weight,
                    _ => found.push((index, weight)),
                }
            }
            step += 1.0;
        }
        let total: f64 = found.iter().map(|(_, weight)| weight).sum();
        if total == 0.0 {
            return Err("the weights of an element's neighbours cancel out".to_owned());
        }
        found.iter_mut().for_each(|(_, weight)| *weight /= total);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(coordinates: &str, nearest: &str) -> Rule {
        let [coordinates, mode, nearest] = [coordinates, "linear", nearest].map(str::to_owned);
        Rule { coordinates, mode, nearest, cubic_coefficient: -0.75, exclude_outside: false, antialias: false, extrapolation: 0.0 }
    }

    fn nearest(axis: Axis, coordinates: &str, mode: &str) -> Vec<usize> {
        (0..axis.to).map(|place| axis.nearest(&rule(coordinates, mode), place).unwrap().unwrap()).collect()
    }

    #[test]
    fn the_nearest_element_is_that_of_the_definition() {
        let twice = scaled(2, 2.0).unwrap();
        assert_eq!(nearest(twice, "half_pixel", "round_prefer_floor"), [0, 0, 1, 1]);
        assert_eq!(nearest(twice, "asymmetric", "floor"), [0, 0, 1, 1]);
        assert_eq!(nearest(twice, "asymmetric", "round_prefer_floor"), [0, 0, 1, 1]);
        assert_eq!(nearest(twice, "asymmetric", "round_prefer_ceil"), [0, 1, 1, 1]);
        assert_eq!(nearest(twice, "asymmetric", "ceil"), [0, 1, 1, 1]);
        assert_eq!(nearest(twice, "align_corners", "floor"), [0, 0, 0, 1]);
        let less = scaled(10, f64::from(0.6f32)).unwrap();
        assert_eq!(nearest(less, "asymmetric", "floor"), [0, 1, 3, 5, 6, 8]);
        assert_eq!(nearest(scaled(4, f64::from(0.6f32)).unwrap(), "asymmetric", "simple"), [0, 2]);
        assert_eq!(scaled(10, f64::from(0.7f32)).unwrap().to, 7);
        assert!(scaled(3, f64::NAN).is_err() && scaled(3, 1e30).is_err() && scaled(3, 0.0).is_err());
    }

    #[test]
    fn linear_weights_are_those_of_the_definition() {
        let axis = scaled(2, 2.0).unwrap();
        let of = |place| axis.neighbours(&rule("half_pixel", "floor"), place).unwrap();
        assert_eq!(of(0), [(0, 1.0)]);
        assert_eq!(of(1), [(0, 0.75), (1, 0.25)]);
        assert_eq!(of(2), [(0, 0.25), (1, 0.75)]);
        assert_eq!(of(3), [(1, 1.0)]);
    }
}
