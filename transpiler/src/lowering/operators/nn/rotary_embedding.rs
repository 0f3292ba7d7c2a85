//! RotaryEmbedding (opset 23): the first features `2 r` of each head in pairs `(a, b)`, each turned by the angle of its position:
//! `(a cos - b sin, a sin + b cos)`. A pair is an element of the first half and one of the second, or two neighbours if interleaved.
//!
//! Cosines and sines are `[batch, positions, r]`, or rows `[.., r]` of which each position takes the one that `position_ids` names.

use super::attention::split_heads;
use crate::lowering::scope::{Operand, Scope};

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, 4)?;
    let given = scope.floats(0)?;
    // [batch, positions, heads, features]
    let x = match given.shape[..] {
        [batch, positions, features] => split_heads(scope, &given, [batch, positions, features], "num_heads")?,
        [_, _, _, _] => scope.transpose(&given, &[0, 2, 1, 3])?,
        _ => return Err(format!("the input has three or four axes, not shape {:?}", given.shape)),
    };
    let [batch, positions, _, features] = x.shape[..] else { return Err("four axes are expected".to_owned()) };
    let turned = match scope.attribute("rotary_embedding_dim", 0i64)? {
        0 => features,
        given => usize::try_from(given).unwrap_or(usize::MAX),
    };
    if turned == 0 || turned > features || !turned.is_multiple_of(2) {
        return Err(format!("{turned} of {features} features cannot be turned in pairs"));
    }
    let pairs = turned / 2;
    let interleaved = scope.attribute("interleaved", 0i64)? != 0;
    let pair = |feature: usize| if interleaved { feature / 2 } else { feature % pairs };
    // The other one of a feature's pair, and whether the feature is the second.
    let partner = |feature: usize| match interleaved {
        true => (feature ^ 1, feature % 2 == 1),
        false => ((feature + pairs) % turned, feature >= pairs),
    };
    let (cosines, sines) = (angles(scope, 1, [batch, positions, pairs])?, angles(scope, 2, [batch, positions, pairs])?);
    let own: Vec<usize> = (0..turned).collect();
    let others: Vec<usize> = own.iter().map(|feature| partner(*feature).0).collect();
    let of_pairs: Vec<usize> = own.iter().map(|feature| pair(*feature)).collect();
    let (x_own, x_other) = (scope.pick(&x, 3, &own)?, scope.pick(&x, 3, &others)?);
    let (cosines, sines) = (scope.pick(&cosines, 3, &of_pairs)?, scope.pick(&sines, 3, &of_pairs)?);
    let signs = own.iter().map(|feature| if partner(*feature).1 { 1.0 } else { -1.0 }).collect();
    let signs = Operand::constant(vec![turned], x.element, signs);
    let sines = scope.mul(&sines, &signs)?;
    let (straight, across) = (scope.mul(&x_own, &cosines)?, scope.mul(&x_other, &sines)?);
    let mut y = scope.sum(&[(1.0, &straight), (1.0, &across)], 0.0)?;
    if turned < features {
        let rest: Vec<usize> = (turned..features).collect();
        let rest = scope.pick(&x, 3, &rest)?;
        y = scope.concat(&[y, rest], 3)?;
    }
    let y = if given.axes() == 4 { scope.transpose(&y, &[0, 2, 1, 3])? } else { scope.reshape(&y, given.shape)? };
    scope.finish(y)
}

/// Cosines or sines as `[batch, positions, 1, pairs]`.
fn angles(scope: &mut Scope<'_>, input: usize, [batch, positions, pairs]: [usize; 3]) -> Result<Operand, String> {
    let cache = scope.floats(input)?;
    let refused =
        |shape: &[usize]| format!("input {input} of shape {shape:?} does not fit {batch} x {positions} positions and {pairs} pairs");
    let rows = match scope.constant(3)? {
        None => cache,
        Some(places) => {
            let [rows, _] = cache.shape[..] else { return Err(refused(&cache.shape)) };
            if places.shape != [batch, positions] {
                return Err(format!("position ids of shape {:?} are not [{batch}, {positions}]", places.shape));
            }
            let place = |place: &f64| {
                let row = *place as usize;
                (row < rows && row as f64 == *place).then_some(row).ok_or_else(|| format!("there is no row {place} in {rows} rows"))
            };
            let places = places.values().unwrap_or_default().iter().map(place).collect::<Result<Vec<_>, _>>()?;
            scope.pick(&cache, 0, &places)?
        }
    };
    if rows.elements() != batch * positions * pairs || rows.shape.last() != Some(&pairs) {
        return Err(refused(&rows.shape));
    }
    scope.reshape(&rows, vec![batch, positions, 1, pairs])
}
