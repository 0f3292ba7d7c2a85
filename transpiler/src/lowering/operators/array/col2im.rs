//! Col2Im (opset 18): blocks of an image, each a column, back in their places. Where they overlap, they are added.

use crate::lowering::helpers::weighted::{Terms, check_terms};
use crate::lowering::helpers::windows::{lengths, reach};
use crate::lowering::moves::check_size;
use crate::lowering::scope::Scope;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 3)?;
    let x = scope.input(0)?;
    let (image, block) = (sizes(scope, 1)?, sizes(scope, 2)?);
    let axes = image.len();
    let (strides, dilations) = (lengths(scope, "strides", axes, 1, 1)?, lengths(scope, "dilations", axes, 1, 1)?);
    let pads = lengths(scope, "pads", 2 * axes, 0, 0)?;
    if block.len() != axes || axes == 0 {
        return Err(format!("blocks of shape {block:?} do not fit images of shape {image:?}"));
    }
    let mut counts = Vec::new();
    for axis in 0..axes {
        let (reach, padded) = (reach(block[axis], dilations[axis])?, image[axis] + pads[axis] + pads[axes + axis]);
        let span = padded.checked_sub(reach).ok_or_else(|| format!("a block of {reach} does not fit into {padded} elements"))?;
        counts.push(span / strides[axis] + 1);
    }
    check_terms(&image)?;
    check_size(&[&block[..], &counts].concat())?;
    let (taps, blocks): (usize, usize) = (block.iter().product(), counts.iter().product());
    let &[batch, rows, columns] = &x.shape[..] else { return Err("the input needs three axes".to_owned()) };
    if columns != blocks || !rows.is_multiple_of(taps) {
        return Err(format!("a tensor of shape {:?} does not hold {blocks} blocks of {taps} elements for each channel", x.shape));
    }
    let elements: usize = image.iter().product();
    let mut sums: Vec<Terms> = vec![Vec::new(); elements];
    for position in 0..taps * blocks {
        let (mut tap, mut place) = (position / blocks, position % blocks);
        let (mut target, mut step) = (Some(0), 1);
        for axis in (0..axes).rev() {
            let along = (place % counts[axis] * strides[axis] + tap % block[axis] * dilations[axis]).checked_sub(pads[axis]);
            target = target.zip(along.filter(|along| *along < image[axis])).map(|(target, along)| target + along * step);
            step *= image[axis];
            tap /= block[axis];
            place /= counts[axis];
        }
        if let Some(target) = target {
            sums[target].push((position, 1.0));
        }
    }
    let channels = rows / taps;
    let rows = scope.reshape(&x, vec![batch, channels, taps * blocks])?;
    let y = scope.weighted(&rows, sums)?;
    let y = scope.reshape(&y, [&[batch, channels], &image[..]].concat())?;
    scope.finish(y)
}

/// An input that holds lengths.
fn sizes(scope: &Scope<'_>, position: usize) -> Result<Vec<usize>, String> {
    let list = scope.integers(position)?.ok_or_else(|| format!("input {position} is missing"))?;
    let length = |length: &i64| usize::try_from(*length).ok().filter(|length| (1..=1 << 26).contains(length));
    list.iter().map(length).collect::<Option<_>>().ok_or_else(|| format!("input {position} is {list:?}: positive lengths are expected"))
}
