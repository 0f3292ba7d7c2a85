//! The network between ONNX and integers: the runtime's primitives with real coefficients and no scales.

/// A network of real-valued primitives.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatModel {
    /// Name and shape of each input.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// The nodes, in order.
    pub nodes: Vec<FloatNode>,
    /// Names of the output tensors.
    pub outputs: Vec<String>,
}

/// A node that gives the tensor `output`, which has a counterpart of that name in the ONNX graph.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatNode {
    /// The ONNX node's name.
    pub name: String,
    /// What it does.
    pub op: FloatOp,
    /// The tensors that it takes.
    pub inputs: Vec<String>,
    /// The tensor that it gives.
    pub output: String,
    /// That tensor's shape.
    pub shape: Vec<usize>,
}

/// A primitive with real coefficients. Meanings and layouts are those of `maat_runtime::primitives`.
#[derive(Debug, Clone, PartialEq)]
pub enum FloatOp {
    /// `y = clamp(weights * x + bias)` over the last axis.
    Affine { weights: Vec<f64>, bias: Vec<f64>, bounds: Bounds },
    /// `y = clamp(sum_t coefficients_t * x_t + bias)`, elementwise, with one rule a channel.
    Sum { coefficients: Vec<Vec<f64>>, bias: Vec<f64>, bounds: Bounds },
    /// Position of the first maximum along an axis.
    ArgMax { axis: usize, keep_axis: bool },
    /// The same elements under another shape.
    Move,
}

/// The range that a result is clamped to; infinite where it is not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least result.
    pub lo: f64,
    /// The greatest result.
    pub hi: f64,
}

impl Bounds {
    /// No clamping.
    pub const NONE: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// Clamping to these bounds, and then to `next`: one clamp again, because `clamp` is monotone.
    pub fn then(self, next: Self) -> Self {
        Self { lo: self.lo.clamp(next.lo, next.hi), hi: self.hi.clamp(next.lo, next.hi) }
    }
}

impl FloatModel {
    /// How many times a tensor is used, as a node's input or as an output.
    pub fn uses(&self, tensor: &str) -> usize {
        let by_nodes = self.nodes.iter().flat_map(|node| &node.inputs).filter(|input| *input == tensor).count();
        by_nodes + self.outputs.iter().filter(|output| *output == tensor).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clamps_are_one() {
        let clamp = |bounds: Bounds, x: f64| x.clamp(bounds.lo, bounds.hi);
        let pairs = [(0.0, f64::INFINITY, -1.0, 6.0), (0.0, 6.0, 7.0, 9.0), (-5.0, -2.0, 0.0, 1.0), (f64::NEG_INFINITY, 3.0, 1.0, 2.0)];
        for (lo, hi, next_lo, next_hi) in pairs {
            let (first, next) = (Bounds { lo, hi }, Bounds { lo: next_lo, hi: next_hi });
            for x in [-10.0, -3.0, 0.0, 0.5, 1.5, 2.5, 8.0, 20.0] {
                assert_eq!(clamp(first.then(next), x), clamp(next, clamp(first, x)), "{first:?} then {next:?} of {x}");
            }
        }
    }
}
