//! The network between ONNX and integers: the runtime's primitives, with real coefficients and without scales. It imports nothing of the
//! stages that build, rewrite and quantise it.

mod evaluate;
mod function;
mod range;
mod stride;

pub use evaluate::{evaluate, run};
#[cfg(test)]
pub use function::EXAMPLES;
pub use function::Function;
pub use range::{Used, image, linear_range, node_range, range_of, used};
pub use stride::{broadcast_indices, permutation, strides};

use std::collections::HashSet;

use maat_runtime::Interval;

/// A tensor of a float network. Passes over the network do not change these identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

/// A network of real-valued primitives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FloatModel {
    /// The inputs, in order.
    pub inputs: Vec<FloatInput>,
    /// The nodes, each after those that it takes from.
    pub nodes: Vec<FloatNode>,
    /// Names and tensors of the outputs, in order.
    pub outputs: Vec<(String, ValueId)>,
}

/// An input of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatInput {
    /// The ONNX name.
    pub name: String,
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub kind: Kind,
    /// The scales of its columns, if they differ; the tensor then holds the elements in the units of [`Columns::units`].
    pub columns: Option<Columns>,
    /// The tensor.
    pub value: ValueId,
}

/// Scale exponents along the last axis of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The width of the integers in bits, sign included.
    pub bits: u32,
    /// The exponent at which the network works with the tensor.
    pub scale: i32,
    /// The exponent of each column: a real value `x` becomes the integer `x * 2^exponent`.
    pub exponents: Vec<i32>,
}

impl Columns {
    /// The real value of 1 in each column of the tensor: `2^(scale - exponent)`.
    pub fn units(&self) -> Vec<f64> {
        self.exponents.iter().map(|exponent| 2f64.powi(self.scale - exponent)).collect()
    }
}

/// What a tensor's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Real numbers, to be quantised with a scale.
    Real,
    /// Integers of this interval, which stay what they are: quantised ONNX tensors, positions, truth values.
    Integer(Interval),
}

impl Kind {
    /// Truth values: 0 and 1.
    pub const BOOL: Self = Self::Integer(Interval { lo: 0, hi: 1 });

    /// The kind that holds the elements of both.
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Self::Integer(Interval::new(a.lo.min(b.lo), a.hi.max(b.hi))),
            _ => Self::Real,
        }
    }

    /// The bounds of results that are also of this kind.
    pub fn within(self, bounds: Bounds) -> Bounds {
        match self {
            Self::Real => bounds,
            Self::Integer(range) => bounds.then(Bounds { lo: range.lo as f64, hi: range.hi as f64 }),
        }
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatNode {
    /// The ONNX node's name, with a suffix if the node became several.
    pub name: String,
    /// What it does.
    pub op: FloatOp,
    /// The tensors that it takes.
    pub inputs: Vec<ValueId>,
    /// The tensor that it computes.
    pub output: ValueId,
    /// That tensor's axis lengths.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub kind: Kind,
    /// Tensors of one family get one scale, so that the steps of a recurrent network share their weights.
    pub family: Option<String>,
}

/// A primitive with real coefficients. Meanings and layouts are those of `maat_runtime::primitives`.
#[derive(Debug, Clone, PartialEq)]
pub enum FloatOp {
    /// `y = clamp(weights * x + bias)` over the last axis, block-diagonal by group.
    Affine { groups: usize, weights: Vec<f64>, bias: Vec<f64>, bounds: Bounds },
    /// `y = clamp(sum_t coefficients_t * x_t + bias)`, elementwise, with one rule a channel.
    Sum(FloatSum),
    /// Products of rows of two tensors.
    Product { rows: usize, columns: usize, inner: usize },
    /// Functions of one variable, one after the other.
    Table(Vec<Function>),
    /// `x_0 / x_1`.
    Divide,
    /// Greatest value along an axis.
    Max { axis: usize, keep_axis: bool },
    /// Position of the first maximum along an axis.
    ArgMax { axis: usize, keep_axis: bool },
    /// 1 where `x_0 > x_1`, else 0.
    Greater,
    /// `x_1` where `x_0` is 1, else `x_2`.
    Select,
    /// Elements by position, from the inputs and then the constants, all concatenated; without indices, one input in its own order.
    Move { indices: Vec<u32>, constants: Vec<f64> },
}

/// See [`FloatOp::Sum`]. Channel `c` of element `i` is `i / inner mod bias.len()`.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatSum {
    /// One list of coefficients for each input.
    pub coefficients: Vec<Vec<f64>>,
    /// One for each channel.
    pub bias: Vec<f64>,
    /// How many elements in a row share a channel.
    pub inner: usize,
    /// What the results are clamped to.
    pub bounds: Bounds,
    /// How results are rounded if they are integers.
    pub rounding: Rounding,
}

/// How a real number becomes an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties up.
    HalfUp,
    /// To the nearest, ties to the even one, as ONNX rounds.
    HalfEven,
    /// To the next lower one.
    Down,
}

impl Rounding {
    /// The integer.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::HalfUp => (x + 0.5).floor(),
            Self::HalfEven => x.round_ties_even(),
            Self::Down => x.floor(),
        }
    }
}

impl FloatSum {
    /// `sum_t factors_t * x_t + bias`, without bounds.
    pub fn uniform(factors: &[f64], bias: f64) -> Self {
        Self {
            coefficients: factors.iter().map(|factor| vec![*factor]).collect(),
            bias: vec![bias],
            inner: 1,
            bounds: Bounds::NONE,
            rounding: Rounding::HalfUp,
        }
    }

    /// The same with bounds.
    pub fn clamped(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Whether sums of whole numbers are whole.
    pub fn is_whole(&self) -> bool {
        self.coefficients.iter().flatten().chain(&self.bias).all(|x| x.fract() == 0.0)
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.bias.len()
    }

    /// The channel of an element.
    pub fn channel(&self, element: usize) -> usize {
        element / self.inner % self.bias.len()
    }

    /// The same rules in their shortest form, from coefficients given for each element.
    pub fn compact(self, elements: usize) -> Self {
        let rule = |element: usize| {
            let channel = self.channel(element);
            self.coefficients.iter().map(move |row| row[channel]).chain([self.bias[channel]])
        };
        let same = |a: usize, b: usize| rule(a).eq(rule(b));
        // First the longest run of equal rules from the start that works as a block length, then the shortest period in blocks.
        let run = (1..elements).find(|element| !same(0, *element)).unwrap_or(elements);
        let inner = (1..=run).rev().find(|inner| {
            elements.is_multiple_of(*inner) && (0..elements).step_by(*inner).all(|start| (1..*inner).all(|k| same(start, start + k)))
        });
        let inner = inner.unwrap_or(1);
        let blocks = elements / inner;
        let repeats = |period: &usize| blocks.is_multiple_of(*period) && (*period..blocks).all(|b| same(b * inner, b % period * inner));
        let period = (1..=blocks).find(repeats).unwrap_or(blocks);
        let pick = |row: &[f64]| (0..period).map(|block| row[self.channel(block * inner)]).collect::<Vec<f64>>();
        // One channel for all elements needs no blocks.
        let inner_of = if period == 1 { 1 } else { inner };
        Self {
            coefficients: self.coefficients.iter().map(|row| pick(row)).collect(),
            bias: pick(&self.bias),
            inner: inner_of,
            bounds: self.bounds,
            rounding: self.rounding,
        }
    }
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

    /// The clamped value; NaN stays NaN.
    pub fn apply(self, x: f64) -> f64 {
        x.clamp(self.lo, self.hi)
    }
}

impl FloatModel {
    /// Shape and kind of a tensor.
    pub fn tensor(&self, value: ValueId) -> (&[usize], Kind) {
        let input = self.inputs.iter().find(|input| input.value == value).map(|input| (input.shape.as_slice(), input.kind));
        let by_node = || self.nodes.iter().find(|node| node.output == value).map(|node| (node.shape.as_slice(), node.kind));
        input.or_else(by_node).expect("every value is given by an input or a node")
    }

    /// Number of elements of a tensor.
    pub fn elements(&self, value: ValueId) -> usize {
        self.tensor(value).0.iter().product()
    }

    /// Multiplications of one run, or what takes about as long.
    pub fn work(&self) -> usize {
        let of = |node: &FloatNode| {
            let each = match &node.op {
                FloatOp::Affine { weights, bias, .. } => weights.len() / bias.len().max(1),
                FloatOp::Product { inner, .. } => *inner,
                _ => 1,
            };
            node.shape.iter().product::<usize>().saturating_mul(each)
        };
        self.nodes.iter().map(of).fold(0, usize::saturating_add)
    }

    /// Position of the node that gives a tensor, unless an input does.
    pub fn producer(&self, value: ValueId) -> Option<usize> {
        self.nodes.iter().position(|node| node.output == value)
    }

    /// Whether a tensor's elements are only ever compared, as in trees.
    pub fn is_only_compared(&self, value: ValueId) -> bool {
        let users = || self.nodes.iter().filter(|node| node.inputs.contains(&value) && self.constants(node.output).is_none());
        let compared = |node: &FloatNode| match node.op {
            FloatOp::Greater | FloatOp::ArgMax { .. } => true,
            FloatOp::Move { .. } => self.is_only_compared(node.output),
            _ => false,
        };
        users().next().is_some() && users().all(compared) && self.outputs.iter().all(|(_, output)| *output != value)
    }

    /// The values of a tensor that holds constants only.
    pub fn constants(&self, value: ValueId) -> Option<Vec<f64>> {
        let node = &self.nodes[self.producer(value)?];
        let FloatOp::Move { indices, constants } = &node.op else { return None };
        let taken: usize = node.inputs.iter().map(|input| self.elements(*input)).sum();
        let constant = |index: &u32| (*index as usize).checked_sub(taken).map(|constant| constants[constant]);
        indices.iter().map(constant).collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty())
    }

    /// Drops nodes that no output depends on.
    pub fn prune(&mut self) {
        let mut needed: HashSet<ValueId> = self.outputs.iter().map(|(_, value)| *value).collect();
        for node in self.nodes.iter().rev() {
            if needed.contains(&node.output) {
                needed.extend(&node.inputs);
            }
        }
        self.nodes.retain(|node| needed.contains(&node.output));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clamps_are_one() {
        let pairs = [(0.0, f64::INFINITY, -1.0, 6.0), (0.0, 6.0, 7.0, 9.0), (-5.0, -2.0, 0.0, 1.0), (f64::NEG_INFINITY, 3.0, 1.0, 2.0)];
        for (lo, hi, next_lo, next_hi) in pairs {
            let (first, next) = (Bounds { lo, hi }, Bounds { lo: next_lo, hi: next_hi });
            for x in [-10.0, -3.0, 0.0, 0.5, 1.5, 2.5, 8.0, 20.0] {
                assert_eq!(first.then(next).apply(x), next.apply(first.apply(x)), "{first:?} then {next:?} of {x}");
            }
        }
    }

    #[test]
    fn rules_given_an_element_at_a_time_are_shortened() {
        let sum = |factors: &[f64]| {
            let bias = vec![0.0; factors.len()];
            let sum = FloatSum { coefficients: vec![factors.to_vec()], bias, ..FloatSum::uniform(&[1.0], 0.0) };
            let compact = sum.clone().compact(factors.len());
            for (element, factor) in factors.iter().enumerate() {
                assert_eq!(compact.coefficients[0][compact.channel(element)], *factor);
            }
            (compact.coefficients[0].clone(), compact.inner)
        };
        assert_eq!(sum(&[3.0; 6]), (vec![3.0], 1));
        assert_eq!(sum(&[1.0, 2.0, 1.0, 2.0]), (vec![1.0, 2.0], 1));
        assert_eq!(sum(&[1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]), (vec![1.0, 2.0], 2));
        assert_eq!(sum(&[1.0, 1.0, 1.0, 2.0]), (vec![1.0, 1.0, 1.0, 2.0], 1));
    }
}
