//! Puts an execution's segments into the one memory of a proof: each cell gets its place, each pointer its address.

use maat_verifier::Felt252;
use maat_verifier::cairo::columns::{check_capacity, first_checked};
use maat_verifier::cairo::{Builtin, Execution, Value};

use super::error::CairoProveError;

/// The memory of a proof: all segments one after the other from address 1, and range-checked values after all that a trace has room for.
pub(super) struct Memory {
    /// The cells from address 1. Those that nothing was written to hold zero.
    pub(super) cells: Vec<Felt252>,
    /// The range-checked values.
    pub(super) checked: Vec<u128>,
    bases: Vec<u64>,
    first_checked: u64,
    check_capacity: u64,
}

/// Where a cell is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the cells.
    Cell(usize),
    /// Among the range-checked values.
    Checked(usize),
}

/// The segment of the range checks, if the program has them.
fn checked_segment(execution: &Execution) -> Option<usize> {
    let position = execution.program.builtins().iter().position(|builtin| *builtin == Builtin::RangeCheck)?;
    Some(*execution.builtin_segments.get(position)? as usize)
}

/// Numbers of cells that an execution needs in a trace: in all segments but that of the range checks, and in that one.
pub(super) fn lengths(execution: &Execution) -> (usize, usize) {
    let all = execution.segments.iter().map(Vec::len).sum::<usize>();
    let checked = checked_segment(execution).and_then(|segment| execution.segments.get(segment)).map_or(0, Vec::len);
    (all - checked, checked)
}

impl Memory {
    /// Gives each cell its address in a trace with this many rows.
    pub(super) fn new(execution: &Execution, rows: usize) -> Result<Self, CairoProveError> {
        let (checked_segment, first_checked) = (checked_segment(execution), first_checked(rows));
        let mut next = 1;
        let base = |(index, segment): (usize, &Vec<_>)| match Some(index) == checked_segment {
            true => first_checked,
            false => {
                next += segment.len() as u64;
                next - segment.len() as u64
            }
        };
        let bases: Vec<u64> = execution.segments.iter().enumerate().map(base).collect();
        let value = |cell: &Option<Value>| match cell {
            None => Ok(Felt252::default()),
            Some(Value::Felt(felt)) => Ok(*felt),
            Some(Value::Pointer { segment, offset }) => match bases.get(*segment as usize) {
                Some(base) => Ok(Felt252::new(base + u64::from(*offset))),
                None => Err(CairoProveError::Execution { reason: "a pointer leads to a segment that there is not" }),
            },
        };
        let others = execution.segments.iter().enumerate().filter(|(index, _)| Some(*index) != checked_segment);
        let cells = others.flat_map(|(_, segment)| segment).map(value).collect::<Result<_, _>>()?;
        let checked = checked_segment.and_then(|segment| execution.segments.get(segment)).into_iter().flatten();
        let checked = checked.map(|cell| {
            let bytes = value(cell)?.to_le_bytes();
            let (low, high) = (bytes[..16].try_into().expect("half of 32 bytes"), &bytes[16..]);
            match high.iter().all(|byte| *byte == 0) {
                true => Ok(u128::from_le_bytes(low)),
                false => Err(CairoProveError::Execution { reason: "a range-checked value has more than 128 bits" }),
            }
        });
        let checked = checked.collect::<Result<_, _>>()?;
        Ok(Self { cells, checked, bases, first_checked, check_capacity: check_capacity(rows) as u64 })
    }

    /// The address of a segment's first cell.
    pub(super) fn base(&self, segment: usize) -> u64 {
        self.bases[segment]
    }

    /// Where the cell with an address is kept.
    pub(super) fn place(&self, address: u64) -> Option<Place> {
        match address.checked_sub(self.first_checked) {
            Some(index) => (index < self.check_capacity).then_some(Place::Checked(index as usize)),
            None => (1..=self.cells.len() as u64).contains(&address).then(|| Place::Cell(address as usize - 1)),
        }
    }

    /// What a cell holds.
    pub(super) fn read(&self, place: Place) -> Felt252 {
        match place {
            Place::Cell(index) => self.cells[index],
            Place::Checked(index) => self.checked.get(index).copied().unwrap_or(0).into(),
        }
    }
}
