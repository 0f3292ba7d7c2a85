//! Slice: every `step`-th element from `start` to `end` along some axes. Opset 10 turned the attributes into inputs, and added the steps.

use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let x = scope.input(0)?;
    let [starts, ends, axes, steps] = if scope.opset() < 10 {
        scope.arity(1, 1)?;
        [scope.list("starts"), scope.list("ends"), scope.list("axes"), None]
    } else {
        scope.arity(3, 5)?;
        [scope.integers(1)?, scope.integers(2)?, scope.integers(3)?, scope.integers(4)?]
    };
    let (starts, ends) = (starts.ok_or("no starts are given")?, ends.ok_or("no ends are given")?);
    let axes = axes.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(format!(
            "there are {} starts, {} ends, {} axes and {} steps, but there must be equally many",
            starts.len(),
            ends.len(),
            axes.len(),
            steps.len()
        ));
    }
    scope.axes(&axes, x.axes())?;
    let mut y = x;
    for (k, axis) in axes.iter().enumerate() {
        let axis = scope.axis_of(&y, *axis)?;
        let positions = positions(y.shape[axis], starts[k], ends[k], steps[k])?;
        y = scope.pick(&y, axis, &positions)?;
    }
    scope.finish(y)
}

/// The positions that a slice takes along an axis. Starts and ends beyond the axis are moved to its ends.
fn positions(length: usize, start: i64, end: i64, step: i64) -> Result<Vec<usize>, String> {
    if length == 0 {
        return Ok(Vec::new());
    }
    let length = length as i128;
    let from_front = |place: i64| if place < 0 { i128::from(place) + length } else { i128::from(place) };
    let (start, end, step) = (from_front(start), from_front(end), i128::from(step));
    let (start, count) = match step {
        0 => return Err("a step is 0".to_owned()),
        1.. => {
            let (start, end) = (start.clamp(0, length), end.clamp(0, length));
            (start, (end - start + step - 1) / step)
        }
        _ => {
            let (start, end) = (start.clamp(0, length - 1), end.clamp(-1, length - 1));
            (start, (start - end - step - 1) / -step)
        }
    };
    (0..count.max(0)).map(|k| usize::try_from(start + k * step).map_err(|error| error.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_definition() {
        let of = |start, end, step| positions(5, start, end, step).unwrap();
        assert_eq!(of(0, i64::MAX, 1), [0, 1, 2, 3, 4]);
        assert_eq!(of(1, -1, 2), [1, 3]);
        assert_eq!(of(i64::MIN, 2, i64::MAX), [0]);
        assert_eq!(of(-1, i64::MIN, -1), [4, 3, 2, 1, 0]);
        assert_eq!(of(20, 0, -2), [4, 2]);
        assert_eq!(of(3, 1, -1), [3, 2]);
        assert_eq!(of(3, i64::MIN, i64::MIN), [3]);
        assert_eq!(of(3, 3, 1), [0usize; 0]);
        assert_eq!(of(1, 3, -1), [0usize; 0]);
        assert!(positions(5, 0, 1, 0).is_err());
    }
}
