//! The main segment of a trace as winterfell wants it, for either field.

use winterfell::math::StarkField;
use winterfell::matrix::ColMatrix;
use winterfell::{EvaluationFrame, Trace, TraceInfo};

/// The main segment of a trace.
pub(crate) struct MainTrace<B: StarkField> {
    info: TraceInfo,
    main: ColMatrix<B>,
}

impl<B: StarkField> MainTrace<B> {
    /// The segment with the given columns, of a trace of the given shape.
    pub(crate) fn new(info: TraceInfo, columns: Vec<Vec<B>>) -> Self {
        Self { info, main: ColMatrix::new(columns) }
    }
}

impl<B: StarkField> Trace for MainTrace<B> {
    type BaseField = B;

    fn info(&self) -> &TraceInfo {
        &self.info
    }

    fn main_segment(&self) -> &ColMatrix<B> {
        &self.main
    }

    fn read_main_frame(&self, row: usize, frame: &mut EvaluationFrame<B>) {
        self.main.read_row_into(row, frame.current_mut());
        self.main.read_row_into((row + 1) % self.main.num_rows(), frame.next_mut());
    }
}
