//! The primitives, one file each, with the names of `runtime/src/primitives`: how each becomes operations and groups.
//!
//! The meaning of a primitive is the runtime's; a lowering must give cells with the same integers, and constrain them so that no others
//! fit. To add one, add its file and its line in [`lower`].

mod affine;
mod arg_max;
mod convolution;
mod divide;
mod max;
mod r#move;
mod product;
mod select;
mod sum;
mod table;

use maat_runtime::{Interval, Primitive, Shape, Tensor};

use super::builder::{Builder, Cell};
use crate::error::Unprovable;

/// A tensor that a node takes.
pub(crate) struct Operand<'a> {
    /// Its shape in one inference.
    pub(crate) shape: &'a Shape,
    /// The range of its elements.
    pub(crate) range: Interval,
    /// Its elements, inference by inference, row-major.
    pub(crate) cells: &'a [Cell],
}

impl<'a> Operand<'a> {
    pub(crate) fn new(tensor: &'a Tensor, cells: &'a [Cell]) -> Self {
        Self { shape: &tensor.shape, range: tensor.range, cells }
    }
}

/// How a primitive becomes operations.
pub(crate) trait Lower {
    /// Adds what computes the output, and gives its cells, inference by inference.
    ///
    /// # Errors
    /// [`Unprovable`] when its values are too wide for the field.
    fn lower(&self, builder: &mut Builder, batch: usize, inputs: &[Operand], output: &Tensor) -> Result<Vec<Cell>, Unprovable>;
}

/// Lowers any primitive.
///
/// # Errors
/// As for [`Lower::lower`].
pub(crate) fn lower(
    primitive: &Primitive,
    builder: &mut Builder,
    batch: usize,
    inputs: &[Operand],
    output: &Tensor,
) -> Result<Vec<Cell>, Unprovable> {
    let lowering: &dyn Lower = match primitive {
        Primitive::Affine(affine) => affine,
        Primitive::Sum(sum) => sum,
        Primitive::ArgMax(arg_max) => arg_max,
        Primitive::Move(r#move) => r#move,
        Primitive::Product(product) => product,
        Primitive::Table(table) => table,
        Primitive::Divide(divide) => divide,
        Primitive::Max(max) => max,
        Primitive::Select(select) => select,
        _ => return Err(Unprovable::Primitive),
    };
    lowering.lower(builder, batch, inputs, output)
}
