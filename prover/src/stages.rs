//! Measures the stages of a proof, and reports when one begins.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The stages of a proof, in order, with the time that each took.
pub type Stages = Vec<(&'static str, Duration)>;

/// Measures stages, and tells when one begins.
pub(crate) struct Clock<'a> {
    state: Mutex<(Stages, Option<(&'static str, Instant)>)>,
    progress: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Clock<'a> {
    pub(crate) fn new(progress: &'a (dyn Fn(&str) + Sync)) -> Self {
        Self { state: Mutex::new((Vec::new(), None)), progress }
    }

    /// Ends the stage before, and begins one.
    pub(crate) fn begin(&self, stage: &'static str) {
        self.turn(Some(stage));
        (self.progress)(stage);
    }

    /// Ends the last stage.
    pub(crate) fn end(&self) -> Stages {
        self.turn(None);
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut state.0)
    }

    fn turn(&self, next: Option<&'static str>) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        if let Some((stage, begun)) = state.1.take() {
            state.0.push((stage, now - begun));
        }
        state.1 = next.map(|stage| (stage, now));
    }
}
