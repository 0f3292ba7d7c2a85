//! How linear layers hold their weights: as straight code, or as constant arrays that loops go over.

use maat_package::Plan;

use super::layer::Layer;
use super::limits::{LOOPED_FELTS, MAX_ARRAY};

/// The most felts that a class should take, CASM or Sierra: half of Starknet's limit of 81,920, which leaves room for whatever is built
/// around it.
const CLASS_FELTS: usize = 40_960;
/// Felts of what is not weights: entry points, serialisation, rescaling.
const FIXED_FELTS: usize = 8_000;
/// Sierra felts for an unrolled product: the scarcer of the two.
const UNROLLED_FELTS: usize = 9;
/// The most groups of a tile, whose inputs are loaded once and used for each of its groups.
const TILE_GROUPS: usize = 48;
/// Products of a tile, which is straight code of three felts for each. The more there are, the less the calls between tiles cost.
const TILE_PRODUCTS: usize = 4_096;
/// Products of an elementwise layer that are straight code whatever the budget says.
const SHORT_STREAM: usize = 256;

/// Decides for each layer: unrolled costs fewer steps, looped fewer felts. The layers with the most blocks are unrolled first, and among
/// these the smallest, as long as everything fits into a class: a product costs the same felts in any layer, and saves a step in each
/// block. `other` are the felts of constants that do not belong to layers.
pub fn choose(layers: &mut [Layer], other: usize) {
    let mut layers: Vec<&mut Layer> = layers.iter_mut().collect();
    layers.sort_by_key(|layer| (std::cmp::Reverse(layer.windows.blocks), layer.products()));
    let mut total = FIXED_FELTS + other + layers.iter().map(|layer| layer.products() * LOOPED_FELTS).sum::<usize>();
    for layer in layers {
        let (products, groups) = (layer.products(), layer.groups.len());
        let more = products * (UNROLLED_FELTS - LOOPED_FELTS);
        // With few products there is nothing to gain from a loop; and tiles hold a constant for each input and group, even if it is zero.
        let must_unroll =
            if layer.diagonal { products < SHORT_STREAM } else { products < TILE_PRODUCTS / 2 || layer.width() * groups > 2 * products };
        if total + more <= CLASS_FELTS || must_unroll {
            layer.plan = Plan::Unrolled;
            total += more;
        } else if layer.diagonal {
            layer.plan = Plan::Streamed;
        } else {
            let most = (MAX_ARRAY / layer.width()).clamp(1, TILE_GROUPS);
            // Rows of tiles of equal length, so that hardly any group is filled up with zeros.
            let rows = groups.div_ceil(most);
            let groups = groups.div_ceil(rows);
            let tiles = layer.width().div_ceil((TILE_PRODUCTS / groups).max(1));
            layer.plan = Plan::Looped { inputs: layer.width().div_ceil(tiles), groups };
        }
    }
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::{Affine, Sum};
    use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};

    use super::*;
    use crate::codegen::generate;

    fn plans(dims: &[usize], node: Primitive) -> Vec<Plan> {
        let mut builder = ModelBuilder::new("plans");
        let x = builder.input("x", Shape::new(dims).unwrap(), 0, Interval::of_bits(16)).unwrap();
        let y = builder.node("y", node, &[x], 0).unwrap();
        let model: Model = builder.finish(&[("y", y)]).unwrap();
        generate(&model, None, 0).unwrap().plans.into_iter().map(|(_, plan)| plan).collect()
    }

    fn affine(groups: usize, inputs: usize, outputs: usize) -> Primitive {
        let requantise = Requantise { shift: vec![20], lo: -32768, hi: 32767 };
        let weights = (0..inputs * outputs).map(|index| (index % 30_011) as i16 + 1).collect();
        Primitive::Affine(Affine { groups: groups as u32, inputs: inputs as u32, weights, bias: vec![0; outputs], requantise })
    }

    #[test]
    fn layers_are_unrolled_as_long_as_they_fit() {
        assert_eq!(plans(&[1, 64], affine(1, 64, 64)), [Plan::Unrolled]);
        assert!(matches!(plans(&[1, 256], affine(1, 256, 256))[..], [Plan::Looped { .. }]));
    }

    #[test]
    fn layers_with_mostly_zero_weights_are_unrolled() {
        assert_eq!(plans(&[1, 4_500], affine(500, 9, 500)), [Plan::Unrolled]);
    }

    #[test]
    fn elementwise_layers_are_streamed_where_they_do_not_fit() {
        let sum = |channels: usize| {
            let requantise = Requantise { shift: vec![3], lo: -32768, hi: 32767 };
            Primitive::Sum(Sum { coefficients: vec![vec![5; channels]], bias: vec![1; channels], inner: 1, requantise })
        };
        assert_eq!(plans(&[10, 100], sum(100)), [Plan::Unrolled]);
        assert_eq!(plans(&[6_000], sum(6_000)), [Plan::Streamed]);
    }
}
