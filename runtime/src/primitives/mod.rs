//! The integer primitives, one file each. ONNX operators are lowered to these by the transpiler; no executor knows any other operation.
//!
//! A primitive's file holds its attributes, its meaning, its shape rule, its range rule and its tests. To add one, add a line to the list
//! below; the enum, the file format and the executor follow from it.

mod affine;
mod arg_max;
mod divide;
mod max;
mod r#move;
mod product;
mod select;
mod sum;
mod table;

use serde::{Deserialize, Serialize};

pub use affine::Affine;
pub use arg_max::ArgMax;
pub use divide::Divide;
pub use max::Max;
pub use r#move::{Move, Parts};
pub use product::Product;
pub use select::Select;
pub use sum::Sum;
pub use table::Table;

use crate::fault::Fault;
use crate::interval::Interval;
use crate::shape::Shape;

/// What every primitive defines. There are no defaults: a silent one could be wrong.
pub trait Rules {
    /// The shape of the output, or why there is none. Also checks the attributes, so everything below may rely on them.
    ///
    /// # Errors
    /// Any [`Fault`] that does not depend on ranges.
    fn output_shape(&self, inputs: &[&Shape]) -> Result<Shape, Fault>;

    /// A range that holds every output for inputs of the given shapes within the given ranges.
    ///
    /// # Errors
    /// [`Fault::Accumulator`] when an accumulator could reach 2^62; [`Fault::Divisor`] and [`Fault::Condition`] when an input could
    /// leave the domain.
    fn output_range(&self, inputs: &[(&Shape, Interval)]) -> Result<Interval, Fault>;

    /// Computes the output, of the shape that [`Self::output_shape`] gives, from inputs that [`Self::output_range`] has accepted.
    fn evaluate(&self, inputs: &[(&Shape, &[i32])], output: &mut [i32]);

    /// Multiply-accumulates of one evaluation.
    fn macs(&self, inputs: &[&Shape]) -> u64;
}

macro_rules! primitives {
    ($($name:ident,)*) => {
        /// A node's operation. The order of the variants is part of the file format: new ones go to the end.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Primitive {
            $(#[doc = concat!("See [`", stringify!($name), "`](crate::primitives::", stringify!($name), ").")] $name($name),)*
        }

        impl Primitive {
            /// The names of all primitives.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// The primitive's name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)* }
            }

            /// The primitive's rules and meaning.
            pub fn rules(&self) -> &dyn Rules {
                match self { $(Self::$name(primitive) => primitive,)* }
            }
        }
    };
}

primitives! {
    Affine,
    Sum,
    ArgMax,
    Move,
    Product,
    Table,
    Divide,
    Max,
    Select,
}

/// The inputs as an array, if there are `N` of them.
fn exactly<T: Copy, const N: usize>(inputs: &[T]) -> Result<[T; N], Fault> {
    inputs.try_into().map_err(|_| Fault::Arity { expected: N, found: inputs.len() })
}

/// The one shape that all inputs have.
fn same_shape(inputs: &[&Shape]) -> Result<Shape, Fault> {
    let Some((first, rest)) = inputs.split_first() else {
        return Err(Fault::Arity { expected: 1, found: 0 });
    };
    if let Some(other) = rest.iter().find(|shape| *shape != first) {
        return Err(Fault::InputShape { found: other.to_string(), reason: format!("the first input has shape {first}") });
    }
    Ok((*first).clone())
}
