//! The trace program: a model, lowered to rows of the universal AIR, for a batch of a given size.
//!
//! Lowering goes in two steps. Each primitive adds *operations* and *groups* of products to a [`Builder`] (`primitives/`, one file each);
//! the [`schedule`] then places them in rows. Both depend on the model and the batch size only, never on values: what comes out are the
//! fixed columns and a recipe for the witness.

mod builder;
mod evaluate;
mod fixed;
mod primitives;
mod rescale;
mod schedule;

use maat_runtime::{Model, TensorId};
use maat_verifier::layout::{MAX_ROWS, MIN_ROWS, limb_bits};

pub(crate) use fixed::{fixed_columns, limb_widths, table_position};
pub(crate) use schedule::Slot;

use crate::error::ProgramError;
use builder::{Builder, Cell, Interface};
use schedule::Schedule;

/// A model's trace program for one batch size.
#[derive(Debug)]
pub struct Program {
    /// Inferences that one proof covers.
    pub batch: usize,
    /// Rows of the trace, a power of two.
    pub rows: usize,
    /// Rows in which something happens.
    pub used_rows: usize,
    /// Number of inputs of all inferences.
    pub n_inputs: usize,
    /// Number of outputs of all inferences.
    pub n_outputs: usize,
    pub(crate) builder: Builder,
    pub(crate) schedule: Schedule,
}

impl Program {
    /// Lowers a model.
    ///
    /// # Errors
    /// [`ProgramError`] when a node's values cannot be proven not to wrap, or when there would be too many rows.
    pub fn new(model: &Model, batch: usize) -> Result<Self, ProgramError> {
        if batch == 0 {
            return Err(ProgramError::EmptyBatch);
        }
        let mut rows = MIN_ROWS;
        loop {
            // The widths of limbs depend on the number of rows, and so do the operations.
            let mut builder = Builder::new(rows);
            let interface = match lower(model, batch, &mut builder) {
                // More rows have room for wider limbs, up to a width.
                Err(ProgramError::Node { .. } | ProgramError::Input { .. }) if limb_bits(2 * rows) > builder.limb_bits => {
                    rows *= 2;
                    continue;
                }
                lowered => lowered?,
            };
            let schedule = Schedule::new(&builder);
            let io = interface.inputs.len().max(interface.outputs.len());
            // An input or output stands in a row of its own, and none in the last.
            let needed = schedule.rows_needed().max(io + 1).max(builder.n_constants() + 1);
            if needed <= rows {
                let (n_inputs, n_outputs) = (interface.inputs.len(), interface.outputs.len());
                builder.finish(interface);
                return Ok(Self { batch, rows, used_rows: needed, n_inputs, n_outputs, builder, schedule });
            }
            rows = needed.next_power_of_two();
            if rows > MAX_ROWS {
                return Err(ProgramError::TooLarge { rows: needed, limit: MAX_ROWS });
            }
        }
    }
}

/// Adds a whole model to a builder; gives the cells of its inputs and outputs, inference by inference.
fn lower(model: &Model, batch: usize, builder: &mut Builder) -> Result<Interface, ProgramError> {
    let mut inputs = Vec::new();
    // The cells of each tensor, inference by inference.
    let mut tensors: Vec<Vec<Cell>> = vec![Vec::new(); model.tensors().len()];
    for _ in 0..batch {
        for (tensor, cells) in model.inputs().iter().zip(&mut tensors) {
            let added =
                builder.inputs(tensor.shape.elements(), tensor.range).map_err(|reason| ProgramError::input(&tensor.name, reason))?;
            inputs.extend(&added);
            cells.extend(added);
        }
    }
    for (node, id) in model.nodes() {
        let operands: Vec<_> = node.inputs.iter().map(|id| primitives::Operand::new(model.tensor(*id), &tensors[id.index()])).collect();
        let cells = primitives::lower(&node.primitive, builder, batch, &operands, model.tensor(id));
        tensors[id.index()] = cells.map_err(|reason| ProgramError::node(&node.name, node.primitive.name(), reason))?;
    }
    let output = |inference: usize, id: TensorId| {
        let elements = model.tensor(id).shape.elements();
        tensors[id.index()][inference * elements..][..elements].iter().copied()
    };
    let ports = (0..batch).flat_map(|inference| model.outputs().iter().flat_map(move |port| output(inference, port.tensor)));
    let outputs = builder.distinct(ports);
    Ok(Interface { inputs, outputs })
}
