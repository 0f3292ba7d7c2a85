//! FeatureVectorizer of `ai.onnx.ml`: the features of all inputs side by side, each cut or filled with zeros to its dimension.

use crate::lowering::scope::Scope;

/// The most features that an input may be filled to.
const MAX_FEATURES: usize = 1 << 20;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    let count = scope.inputs();
    let dimensions = scope.list("inputdimensions").unwrap_or_default();
    if count == 0 || dimensions.len() != count {
        return Err(format!("attribute `inputdimensions` has {} values for {count} inputs", dimensions.len()));
    }
    let mut parts = Vec::new();
    for (position, dimension) in dimensions.iter().enumerate() {
        let features = usize::try_from(*dimension).ok().filter(|features| (1..=MAX_FEATURES).contains(features));
        let features =
            features.ok_or_else(|| format!("attribute `inputdimensions` is {dimensions:?}: each must be from 1 to {MAX_FEATURES}"))?;
        let x = scope.input(position)?;
        let x = scope.as_floats(&x)?;
        let x = match x.shape[..] {
            [_, _] => x,
            // Unlike elsewhere, one axis is the batch.
            [batch] => scope.reshape(&x, vec![batch, 1])?,
            _ => return Err(format!("input {position} has shape {:?}: one or two axes are expected", x.shape)),
        };
        let columns = (0..features).map(|feature| (feature < x.shape[1]).then_some(feature)).collect();
        parts.push(scope.pick_all(&x, &[(0..x.shape[0]).map(Some).collect(), columns], 0.0)?);
    }
    let y = scope.concat(&parts, 1)?;
    scope.finish(y)
}
