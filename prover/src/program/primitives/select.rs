//! Lowers `Select`: two products and their sum.

use maat_runtime::Tensor;
use maat_runtime::primitives::Select;

use super::{Lower, Operand};
use crate::error::Unprovable;
use crate::program::builder::{Builder, Cell};

/// `c a + (b - c b)`, each product in a unit. The model's certificate says that `c` is 0 or 1.
impl Lower for Select {
    fn lower(&self, builder: &mut Builder, _batch: usize, inputs: &[Operand], _output: &Tensor) -> Result<Vec<Cell>, Unprovable> {
        let choose = |((c, a), b): ((&Cell, &Cell), &Cell)| {
            let chosen = builder.exact([*c, *a], [0, 0, 1], 0);
            let other = builder.exact([*c, *b], [0, 1, -1], 0);
            builder.exact([chosen, other], [1, 1, 0], 0)
        };
        Ok(inputs[0].cells.iter().zip(inputs[1].cells).zip(inputs[2].cells).map(choose).collect())
    }
}
