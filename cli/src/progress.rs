use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what is going on, on a terminal; nothing on a pipe.
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts with a first step.
    pub fn start(step: &str) -> Self {
        // indicatif draws on the standard error stream, and only if that is a terminal.
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is constant"));
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = Self(bar);
        progress.step(step);
        progress
    }

    /// Names the step that begins now.
    pub fn step(&self, step: &str) {
        self.0.set_message(step.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
