use serde::{Deserialize, Serialize};

use super::layer::Layer;

/// How a layer's weights are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Plan {
    /// Each product is code with the weight in it: two steps, three CASM felts and about nine Sierra felts for a product.
    Unrolled,
    /// The weights are constant arrays and a loop goes over tiles of `inputs` by `groups`: about 3.3 steps, one CASM felt and four Sierra
    /// felts for a product.
    Looped { inputs: usize, groups: usize },
}

/// Felts that a class should take at most, CASM or Sierra: half of Starknet's limit of 81,920, as room for whatever is built around it.
const CLASS_FELTS: usize = 40_960;
/// Felts of what is not weights: entry points, serialisation, rescaling.
const FIXED_FELTS: usize = 8_000;
/// Sierra felts for an unrolled product: the scarcer of the two.
const UNROLLED_FELTS: usize = 9;
/// Sierra felts for a weight in a constant array.
const LOOPED_FELTS: usize = 5;
/// The most elements that a constant array can have.
pub const MAX_ARRAY: usize = 32_767;
/// A tile's inputs are loaded once and used for each of its groups.
const TILE_INPUTS: usize = 128;
const TILE_GROUPS: usize = 8;

/// Decides for each layer: unrolled costs fewer steps, looped fewer felts. The smallest layers are unrolled first, as long as all of them
/// fit into a class; a product costs the same in any of them, so this unrolls as many layers as possible.
pub fn choose(layers: &mut [Layer]) {
    let mut layers: Vec<&mut Layer> = layers.iter_mut().collect();
    layers.sort_by_key(|layer| layer.products());
    let looped_all: usize = layers.iter().map(|layer| layer.products() * LOOPED_FELTS).sum();
    let mut total = FIXED_FELTS + looped_all;
    for layer in layers {
        total += layer.products() * (UNROLLED_FELTS - LOOPED_FELTS);
        // Several operands, or few groups, leave a loop nothing to gain.
        let must_unroll = layer.operands > 1 || layer.groups.len() * layer.width < 2 * TILE_INPUTS;
        if total <= CLASS_FELTS || must_unroll {
            layer.plan = Plan::Unrolled;
        } else {
            let most = (MAX_ARRAY / layer.width).clamp(1, TILE_GROUPS);
            let blocks = layer.groups.len().div_ceil(most);
            let tiles = layer.width.div_ceil(TILE_INPUTS);
            layer.plan = Plan::Looped { inputs: layer.width.div_ceil(tiles), groups: layer.groups.len().div_ceil(blocks) };
        }
    }
}
