use maat_verifier::Goldilocks;
use maat_verifier::air::trace_info;
use winterfell::matrix::ColMatrix;
use winterfell::{EvaluationFrame, Trace, TraceInfo};

/// The main segment of a trace: fixed columns and witness.
pub(crate) struct ModelTrace {
    info: TraceInfo,
    main: ColMatrix<Goldilocks>,
}

impl ModelTrace {
    pub(crate) fn new(columns: Vec<Vec<Goldilocks>>) -> Self {
        let main = ColMatrix::new(columns);
        Self { info: trace_info(main.num_rows()), main }
    }
}

impl Trace for ModelTrace {
    type BaseField = Goldilocks;

    fn info(&self) -> &TraceInfo {
        &self.info
    }

    fn main_segment(&self) -> &ColMatrix<Goldilocks> {
        &self.main
    }

    fn read_main_frame(&self, row: usize, frame: &mut EvaluationFrame<Goldilocks>) {
        self.main.read_row_into(row, frame.current_mut());
        self.main.read_row_into((row + 1) % self.main.num_rows(), frame.next_mut());
    }
}
