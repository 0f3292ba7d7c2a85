//! The trace program: a model, lowered to rows of the universal AIR, for a batch of a given size.
//!
//! Lowering goes in two steps. Each primitive adds *operations* and *groups* of products to a [`Builder`] (`primitives/`, one file each);
//! the [`schedule`] then places them in rows. Both depend on the model and the batch size only, never on values: what comes out are the
//! fixed columns and a recipe for the witness.

pub(crate) mod builder;
mod evaluate;
mod fixed_columns;
mod primitives;
pub(crate) mod rescale;
mod schedule;

use maat_runtime::{Model, TensorId};
use maat_verifier::air::sponge;
use maat_verifier::layout::{LAYOUTS, Layout, MASK_ROWS, MAX_ROWS};
use maat_verifier::{EntriesError, MAX_VALUES, ValueDigest};

pub(crate) use fixed_columns::{fixed_columns, limb_widths, masked_columns, table_position};
pub(crate) use schedule::{Row, Slot};

use crate::error::TraceProgramError;
use builder::{Builder, Cell, Interface};
use schedule::Schedule;

/// A model's trace program for one batch size.
#[derive(Debug)]
pub struct TraceProgram {
    /// The columns of the trace.
    pub layout: &'static Layout,
    /// Inferences that one proof covers.
    pub batch: usize,
    /// Rows of the trace, a power of two.
    pub rows: usize,
    /// Rows in which something happens; the [`MASK_ROWS`] are not among them.
    pub used_rows: usize,
    /// Number of inputs of all inferences.
    pub n_inputs: usize,
    /// Number of outputs of all inferences.
    pub n_outputs: usize,
    pub(crate) builder: Builder,
    pub(crate) schedule: Schedule,
}

impl TraceProgram {
    /// Lowers a model to rows of a layout.
    ///
    /// # Errors
    /// [`TraceProgramError`] when a node's values cannot be proven not to wrap, or when there would be too many rows.
    pub fn new(model: &Model, batch: usize, layout: &'static Layout) -> Result<Self, TraceProgramError> {
        check_size(model, batch)?;
        // Longer traces have wider limbs, and these hardly ever ask for more operations. So the rows that the widest limbs need are where to begin.
        let mut placed = Placed::new(model, batch, layout.limb_bits(MAX_ROWS), layout)?;
        let mut rows = (placed.needed + MASK_ROWS).next_power_of_two().max(layout.min_rows());
        while rows <= MAX_ROWS {
            let limb_bits = layout.limb_bits(rows);
            if placed.builder.limb_bits != limb_bits {
                placed = match Placed::new(model, batch, limb_bits, layout) {
                    // A number is too wide for these limbs.
                    Err(TraceProgramError::Node { .. } | TraceProgramError::Input { .. }) => {
                        rows *= 2;
                        continue;
                    }
                    placed => placed?,
                };
            }
            if placed.needed + MASK_ROWS <= rows {
                return Ok(placed.into_program(batch, rows));
            }
            rows *= 2;
        }
        Err(TraceProgramError::TooLarge { rows: placed.needed + MASK_ROWS, limit: MAX_ROWS })
    }

    /// The program of a model with this number of rows, as a commitment tells it, if it has one and the half would be too few; else that of
    /// [`Self::new`], which takes twice as long to find.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn with_rows(model: &Model, batch: usize, layout: &'static Layout, rows: usize) -> Result<Self, TraceProgramError> {
        check_size(model, batch)?;
        if rows.is_power_of_two() && (layout.min_rows()..=MAX_ROWS).contains(&rows) {
            let placed = Placed::new(model, batch, layout.limb_bits(rows), layout);
            if let Ok(placed) = placed
                && (placed.needed + MASK_ROWS).next_power_of_two().max(layout.min_rows()) == rows
            {
                return Ok(placed.into_program(batch, rows));
            }
        }
        Self::new(model, batch, layout)
    }

    /// The programs of a model in other layouts than `base`, whose result is given, where their proofs take less time: the one in which they take
    /// the least, and after it, if that one cannot hide, the best one that can.
    pub(crate) fn cheaper(base: &Result<Self, TraceProgramError>, model: &Model, batch: usize) -> Vec<Self> {
        let least = match base {
            Ok(program) => program.cost(),
            // Other layouts have more room.
            Err(TraceProgramError::TooLarge { .. }) => u64::MAX,
            Err(_) => return Vec::new(),
        };
        let mut best: Vec<Self> = Vec::new();
        for layout in LAYOUTS.iter().filter(|layout| *layout != Layout::base()) {
            // What suits wherever this layout would.
            let suits = best.iter().find(|program| program.layout.can_hide() || !layout.can_hide());
            let bound = suits.map_or(least, Self::cost);
            // No trace is shorter than the layout's shortest one.
            if cost(layout, layout.min_rows()) >= bound {
                continue;
            }
            best.extend(Self::new(model, batch, layout).ok().filter(|program| program.cost() < bound));
            best.sort_by_key(Self::cost);
            let hiding = best.iter().position(|program| program.layout.can_hide());
            let mut place = 0..;
            best.retain(|_| place.next().is_some_and(|place| place == 0 || Some(place) == hiding));
        }
        best
    }

    /// What a proof costs: see [`cost`].
    fn cost(&self) -> u64 {
        cost(self.layout, self.rows)
    }

    /// What a row does.
    pub(crate) fn row(&self, row: usize) -> Row<'_> {
        if row < self.first_mask_row() { self.schedule.at(row) } else { self.schedule.mask() }
    }

    /// The first row in which nothing of the model happens.
    pub(crate) fn first_mask_row(&self) -> usize {
        self.rows - MASK_ROWS
    }
}

/// Refuses whatever is sure to be refused, before anything is laid out.
fn check_size(model: &Model, batch: usize) -> Result<(), TraceProgramError> {
    if batch == 0 {
        return Err(TraceProgramError::EmptyBatch);
    }
    let ports = model.outputs().iter().map(|port| model.tensor(port.tensor)).chain(model.inputs());
    let values = ports.map(|tensor| tensor.shape.elements()).sum::<usize>().saturating_mul(batch);
    if values as u64 > MAX_VALUES {
        return Err(EntriesError::Values { found: values as u64 }.into());
    }
    Ok(())
}

/// What a proof with this many rows costs, in nanoseconds of some machine. Only the ratio of two layouts counts. Fitted to the stages of
/// proofs with the preset `fast`.
fn cost(layout: &Layout, rows: usize) -> u64 {
    /// A row by itself.
    const ROW: usize = 1_600;
    /// A column: what the low-degree test and the hashes take.
    const COLUMN: usize = 21;
    /// Extending a witness column, and an auxiliary one of two elements.
    const EXTENSIONS: [usize; 2] = [203, 364];
    /// A term of the bus.
    const TERM: usize = 153;
    /// A weight in the combination.
    const WEIGHT: usize = 5;
    let (witness, auxiliary) = (layout.witness_width(), layout.auxiliary_width());
    let columns = layout.fixed_width() + witness + 2 * auxiliary;
    let extended = EXTENSIONS[0] * witness + EXTENSIONS[1] * auxiliary;
    let row = ROW + COLUMN * columns + extended + TERM * layout.room.bus_terms() + WEIGHT * layout.room.lanes;
    rows as u64 * row as u64
}

/// A model in rows, however many there may be, with limbs of one width.
pub(crate) struct Placed {
    layout: &'static Layout,
    pub(crate) builder: Builder,
    interface: Interface,
    schedule: Schedule,
    /// Rows in which something happens.
    pub(crate) needed: usize,
}

impl Placed {
    pub(crate) fn new(model: &Model, batch: usize, limb_bits: u32, layout: &'static Layout) -> Result<Self, TraceProgramError> {
        let mut builder = Builder::new(limb_bits, layout.room);
        let interface = lower(model, batch, &mut builder)?;
        Ok(Self::of(builder, interface, layout))
    }

    /// What a builder has collected, in rows.
    pub(crate) fn of(builder: Builder, interface: Interface, layout: &'static Layout) -> Self {
        let schedule = Schedule::new(&builder, layout);
        // Each input and each output has a row of its own, and either side may be committed to.
        let io = interface.inputs.len().max(interface.outputs.len());
        let needed = schedule.rows_needed().max(sponge::digest_row(ValueDigest::blocks(io)) + 1).max(builder.n_constants());
        Self { layout, builder, interface, schedule, needed }
    }

    /// The program with a number of rows that has room for it.
    pub(crate) fn into_program(self, batch: usize, rows: usize) -> TraceProgram {
        let Self { layout, mut builder, interface, schedule, needed } = self;
        let (n_inputs, n_outputs) = (interface.inputs.len(), interface.outputs.len());
        builder.finish(interface);
        TraceProgram { layout, batch, rows, used_rows: needed, n_inputs, n_outputs, builder, schedule }
    }
}

/// The most elements that all tensors of a batch have together: four times what a trace of the layout `base` can read, and few enough for their
/// lists.
const MAX_ELEMENTS: usize = 16 * MAX_ROWS;

/// Adds a whole model to a builder; gives the cells of its inputs and outputs, inference by inference.
fn lower(model: &Model, batch: usize, builder: &mut Builder) -> Result<Interface, TraceProgramError> {
    let elements = model.tensors().iter().map(|tensor| tensor.shape.elements()).sum::<usize>().saturating_mul(batch);
    if elements > MAX_ELEMENTS {
        return Err(TraceProgramError::Elements { elements, limit: MAX_ELEMENTS });
    }
    let mut inputs = Vec::new();
    // The cells of each tensor, inference by inference.
    let mut tensors: Vec<Vec<Cell>> = vec![Vec::new(); model.tensors().len()];
    for _ in 0..batch {
        for (tensor, cells) in model.inputs().iter().zip(&mut tensors) {
            let added =
                builder.inputs(tensor.shape.elements(), tensor.range).map_err(|reason| TraceProgramError::input(&tensor.name, reason))?;
            inputs.extend(&added);
            cells.extend(added);
        }
    }
    for (node, id) in model.nodes() {
        let operands: Vec<_> = node.inputs.iter().map(|id| primitives::Operand::new(model.tensor(*id), &tensors[id.index()])).collect();
        let cells = primitives::lower(&node.primitive, builder, batch, &operands, model.tensor(id));
        tensors[id.index()] = cells.map_err(|reason| TraceProgramError::node(&node.name, node.primitive.name(), reason))?;
        has_room(builder)?;
    }
    let output = |inference: usize, id: TensorId| {
        let elements = model.tensor(id).shape.elements();
        tensors[id.index()][inference * elements..][..elements].iter().copied()
    };
    let ports = (0..batch).flat_map(|inference| model.outputs().iter().flat_map(move |port| output(inference, port.tensor)));
    let outputs = builder.distinct(ports);
    has_room(builder)?;
    Ok(Interface { inputs, outputs })
}

/// Refuses a model with more operations or products than the builder keeps.
fn has_room(builder: &Builder) -> Result<(), TraceProgramError> {
    let rows = builder.least_rows();
    if rows <= MAX_ROWS { Ok(()) } else { Err(TraceProgramError::TooLarge { rows, limit: MAX_ROWS }) }
}
