//! Where an element comes from, through moves that change nothing about it: the rules of softmax and of normalisations find their parts by
//! it.

use maat_runtime::Primitive;
use maat_runtime::primitives::{Affine, Product};

use super::Bounder;
use crate::float::{Bounds, FloatNode, FloatOp, ValueId};

/// Rows of more elements are not followed, because that takes time for each of them.
pub const MOST_MEMBERS: usize = 1 << 8;

/// An element of a tensor.
pub type Place = (ValueId, usize);

impl<'a> Bounder<'a> {
    /// The element that moves took this one from, if they changed no integer; nothing for a constant.
    pub(super) fn source(&self, (mut value, mut element): Place) -> Option<Place> {
        while let Some(node) = self.producer(value) {
            let FloatOp::Move { indices, .. } = &node.op else { break };
            let mut position = 0;
            if !indices.is_empty() {
                element = *indices.get(element)? as usize;
                for input in &node.inputs {
                    let elements = self.tensor(*input).shape.elements();
                    if element < elements {
                        break;
                    }
                    element -= elements;
                    position += 1;
                }
            }
            value = *node.inputs.get(position)?;
            if self.quantised(node)?.inputs.get(position) != Some(&self.tensors[&value]) {
                return None;
            }
        }
        Some((value, element))
    }

    /// The sources of the elements that an element is the plain sum of, in both networks; the node, and its integers.
    pub(super) fn summed(&self, (value, element): Place) -> Option<(&'a FloatNode, &'a Affine, Vec<Place>)> {
        let node = self.producer(value)?;
        let FloatOp::Affine { groups, weights, bias, bounds } = &node.op else { return None };
        let Primitive::Affine(affine) = &self.quantised(node)?.primitive else { return None };
        let (block, channel, n) = (element / bias.len(), element % bias.len(), weights.len() / bias.len());
        let (input, output) = (self.tensor(node.inputs[0]), self.tensor(value));
        let unit = 2f64.powi(input.scale - output.scale - i32::from(affine.requantise.shift_of(channel)));
        let plain = *bounds == Bounds::NONE && bias[channel] == 0.0 && affine.bias[channel] == 0;
        let ones = weights[channel * n..][..n].iter().all(|weight| *weight == 1.0);
        let same = affine.row(channel).iter().all(|weight| f64::from(*weight) * unit == 1.0);
        if !(plain && ones && same && n <= MOST_MEMBERS) {
            return None;
        }
        let start = (block * groups + channel / (bias.len() / groups)) * n;
        let members = (start..start + n).map(|member| self.source((node.inputs[0], member))).collect::<Option<_>>()?;
        Some((node, affine, members))
    }

    /// The sources of the elements that an element is the sum of squares of; the node, and its integers.
    pub(super) fn squared(&self, (value, element): Place) -> Option<(&'a FloatNode, &'a Product, Vec<Place>)> {
        let node = self.producer(value)?;
        let FloatOp::Product { rows: 1, columns: 1, inner } = node.op else { return None };
        let Primitive::Product(product) = &self.quantised(node)?.primitive else { return None };
        if node.inputs[0] != node.inputs[1] || inner > MOST_MEMBERS {
            return None;
        }
        let members = (element * inner..(element + 1) * inner).map(|member| self.source((node.inputs[0], member)));
        Some((node, product, members.collect::<Option<_>>()?))
    }
}
