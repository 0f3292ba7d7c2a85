//! DepthToSpace and SpaceToDepth: channels become blocks of pixels, and back. Opset 11 added the mode.

use crate::lowering::scope::{Operand, Scope};

pub(super) fn depth_to_space(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, [batch, channels, height, width], block) = read(scope)?;
    if !channels.is_multiple_of(block * block) {
        return Err(format!("{channels} channels cannot be split into blocks of {block} by {block}"));
    }
    let depth = channels / (block * block);
    // Which varies faster: the place in the block, or the new channel.
    let (split, order) = match scope.text("mode", "DCR")?.as_str() {
        "DCR" => (vec![batch, block, block, depth, height, width], [0, 3, 4, 1, 5, 2]),
        "CRD" => (vec![batch, depth, block, block, height, width], [0, 1, 4, 2, 5, 3]),
        other => return Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    rearrange(scope, &x, split, &order, vec![batch, depth, height * block, width * block])
}

pub(super) fn space_to_depth(scope: &mut Scope<'_>) -> Result<(), String> {
    let (x, [batch, channels, height, width], block) = read(scope)?;
    if !height.is_multiple_of(block) || !width.is_multiple_of(block) {
        return Err(format!("{height} by {width} pixels cannot be split into blocks of {block} by {block}"));
    }
    let (rows, columns) = (height / block, width / block);
    let split = vec![batch, channels, rows, block, columns, block];
    rearrange(scope, &x, split, &[0, 3, 5, 1, 2, 4], vec![batch, block * block * channels, rows, columns])
}

fn read(scope: &Scope<'_>) -> Result<(Operand, [usize; 4], usize), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    let shape = <[usize; 4]>::try_from(x.shape.as_slice()).map_err(|_| "the input needs four axes")?;
    let block: i64 = scope.optional_attribute("blocksize")?.ok_or("attribute `blocksize` is missing")?;
    // A block is no larger than what it is taken from.
    let most = shape.into_iter().max().unwrap_or_default();
    let length = usize::try_from(block).ok().filter(|block| (1..=most).contains(block));
    Ok((x, shape, length.ok_or_else(|| format!("attribute `blocksize` is {block}: it must be from 1 to {most}"))?))
}

fn rearrange(scope: &mut Scope<'_>, x: &Operand, split: Vec<usize>, order: &[usize], shape: Vec<usize>) -> Result<(), String> {
    let blocks = scope.reshape(x, split)?;
    let moved = scope.transpose(&blocks, order)?;
    let y = scope.reshape(&moved, shape)?;
    scope.finish(y)
}
