//! An element of a field that records what is computed with it: the constraints, run with it, write themselves down.
//!
//! Equal operations on equal operands are one node, so that common subexpressions are found as they arise, and what 0 and 1 do is done at
//! once. A tape belongs to its thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use maat_verifier::Goldilocks;
use winter_utils::{AsBytes, Randomizable};
use winter_verifier::math::{ExtensionOf, FieldElement, StarkField};
use winter_verifier::{ByteReader, ByteWriter, Deserializable, DeserializationError, Serializable};

/// An element that stands for a node of the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recorded(pub u32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// A value that is not known: the number of an input.
    Input(u32),
    Constant(u64),
    Add(Recorded, Recorded),
    Sub(Recorded, Recorded),
    Mul(Recorded, Recorded),
}

#[derive(Default)]
struct Tape {
    nodes: Vec<Node>,
    known: HashMap<Node, Recorded>,
}

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::new(Tape::fresh());
}

impl Tape {
    fn fresh() -> Self {
        let mut tape = Self::default();
        tape.add(Node::Constant(0));
        tape.add(Node::Constant(1));
        tape
    }

    fn add(&mut self, node: Node) -> Recorded {
        let Self { nodes, known } = self;
        *known.entry(node).or_insert_with(|| {
            nodes.push(node);
            Recorded(nodes.len() as u32 - 1)
        })
    }
}

/// Begins a tape with so many inputs, runs `record` with them, and gives the nodes and what `record` gave.
pub fn record<T>(inputs: usize, record: impl FnOnce(&[Recorded]) -> T) -> (Vec<Node>, T) {
    let inputs: Vec<Recorded> = TAPE.with_borrow_mut(|tape| {
        *tape = Tape::fresh();
        (0..inputs as u32).map(|input| tape.add(Node::Input(input))).collect()
    });
    let result = record(&inputs);
    (TAPE.with_borrow(|tape| tape.nodes.clone()), result)
}

impl Recorded {
    fn node(self) -> Node {
        TAPE.with_borrow(|tape| tape.nodes[self.0 as usize])
    }

    fn constant(self) -> Option<Goldilocks> {
        match self.node() {
            Node::Constant(value) => Some(Goldilocks::new(value)),
            _ => None,
        }
    }

    fn of(node: Node) -> Self {
        TAPE.with_borrow_mut(|tape| tape.add(node))
    }

    /// The operands in one order, as both orders are the same.
    fn ordered(a: Self, b: Self) -> (Self, Self) {
        (a.min(b), a.max(b))
    }
}

impl From<Goldilocks> for Recorded {
    fn from(value: Goldilocks) -> Self {
        Self::of(Node::Constant(value.as_int()))
    }
}

// ARITHMETIC
// ================================================================================================

impl Add for Recorded {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self.constant(), other.constant()) {
            (Some(a), Some(b)) => (a + b).into(),
            _ if self == Self::ZERO => other,
            _ if other == Self::ZERO => self,
            _ => {
                let (a, b) = Self::ordered(self, other);
                Self::of(Node::Add(a, b))
            }
        }
    }
}

impl Sub for Recorded {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        match (self.constant(), other.constant()) {
            (Some(a), Some(b)) => (a - b).into(),
            _ if other == Self::ZERO => self,
            _ if self == other => Self::ZERO,
            _ => Self::of(Node::Sub(self, other)),
        }
    }
}

impl Mul for Recorded {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        match (self.constant(), other.constant()) {
            (Some(a), Some(b)) => (a * b).into(),
            _ if self == Self::ZERO || other == Self::ZERO => Self::ZERO,
            _ if self == Self::ONE => other,
            _ if other == Self::ONE => self,
            _ => {
                let (a, b) = Self::ordered(self, other);
                Self::of(Node::Mul(a, b))
            }
        }
    }
}

impl Neg for Recorded {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Div for Recorded {
    type Output = Self;

    fn div(self, _: Self) -> Self {
        unreachable!("constraints are polynomials")
    }
}

impl AddAssign for Recorded {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Recorded {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for Recorded {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl DivAssign for Recorded {
    fn div_assign(&mut self, other: Self) {
        *self = *self / other;
    }
}

impl ExtensionOf<Goldilocks> for Recorded {
    fn mul_base(self, other: Goldilocks) -> Self {
        self * other.into()
    }
}

// WHAT THE TRAIT ASKS FOR, AND NO CONSTRAINT
// ================================================================================================

impl FieldElement for Recorded {
    type PositiveInteger = u64;
    type BaseField = Goldilocks;

    const EXTENSION_DEGREE: usize = 1;
    const ELEMENT_BYTES: usize = 8;
    const IS_CANONICAL: bool = false;
    // The tape begins with them.
    const ZERO: Self = Self(0);
    const ONE: Self = Self(1);

    fn inv(self) -> Self {
        unreachable!("constraints are polynomials")
    }

    fn conjugate(&self) -> Self {
        unreachable!("constraints are polynomials")
    }

    fn base_element(&self, _: usize) -> Goldilocks {
        unreachable!("a recorded element has no value")
    }

    fn slice_as_base_elements(_: &[Self]) -> &[Goldilocks] {
        unreachable!("a recorded element has no value")
    }

    fn slice_from_base_elements(_: &[Goldilocks]) -> &[Self] {
        unreachable!("a recorded element has no value")
    }

    fn elements_as_bytes(_: &[Self]) -> &[u8] {
        unreachable!("a recorded element has no value")
    }

    unsafe fn bytes_as_elements(_: &[u8]) -> Result<&[Self], DeserializationError> {
        unreachable!("a recorded element has no value")
    }
}

impl Default for Recorded {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Recorded {
            fn from(value: $integer) -> Self {
                Goldilocks::from(value).into()
            }
        })*
    };
}
from_integers!(u8, u16, u32);

impl TryFrom<u64> for Recorded {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        Ok(Goldilocks::new(value).into())
    }
}

impl TryFrom<u128> for Recorded {
    type Error = String;

    fn try_from(_: u128) -> Result<Self, String> {
        Err("no constraint has it".to_owned())
    }
}

impl TryFrom<&[u8]> for Recorded {
    type Error = DeserializationError;

    fn try_from(_: &[u8]) -> Result<Self, DeserializationError> {
        Err(DeserializationError::UnexpectedEOF)
    }
}

impl AsBytes for Recorded {
    fn as_bytes(&self) -> &[u8] {
        unreachable!("a recorded element has no value")
    }
}

impl Randomizable for Recorded {
    const VALUE_SIZE: usize = 8;

    fn from_random_bytes(_: &[u8]) -> Option<Self> {
        None
    }
}

impl Serializable for Recorded {
    fn write_into<W: ByteWriter>(&self, _: &mut W) {
        unreachable!("a recorded element has no value")
    }
}

impl Deserializable for Recorded {
    fn read_from<R: ByteReader>(_: &mut R) -> Result<Self, DeserializationError> {
        Err(DeserializationError::UnexpectedEOF)
    }
}

/// The values of all nodes for some inputs, in any extension: what whoever reads the tape must compute.
pub fn evaluate<E: FieldElement<BaseField = Goldilocks>>(nodes: &[Node], inputs: &[E]) -> Vec<E> {
    let mut values: Vec<E> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let value = |at: &Recorded| values[at.0 as usize];
        let next = match node {
            Node::Input(number) => inputs[*number as usize],
            Node::Constant(constant) => Goldilocks::new(*constant).into(),
            Node::Add(a, b) => value(a) + value(b),
            Node::Sub(a, b) => value(a) - value(b),
            Node::Mul(a, b) => value(a) * value(b),
        };
        values.push(next);
    }
    values
}

/// The largest integer that stands for an element.
pub const LARGEST: u64 = Goldilocks::MODULUS - 1;
