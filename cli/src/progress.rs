//! What is going on, on the standard error stream: a line that changes on a terminal, and elsewhere a line for each phase, once the work has
//! taken a while, and again as long as the phase goes on.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// On a pipe, work that ends sooner does not report its phases.
const QUIET: Duration = Duration::from_secs(10);
/// How long after its last line a phase that is still running is reported again.
const REPEAT: Duration = Duration::from_secs(30);

/// Says which phase of the work is going on, until it is dropped.
pub struct Progress(Shown);

enum Shown {
    Bar(ProgressBar),
    Lines(Lines),
}

impl Progress {
    /// Starts with a first phase.
    pub fn start(phase: &str) -> Self {
        // indicatif draws on the standard error stream, and only if that is a terminal.
        let bar = ProgressBar::new_spinner();
        if bar.is_hidden() {
            return Self(Shown::Lines(Lines::start(phase, QUIET, REPEAT, std::io::stderr())));
        }
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is constant"));
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = Self(Shown::Bar(bar));
        progress.step(phase);
        progress
    }

    /// Names the phase that begins now.
    pub fn step(&self, phase: &str) {
        match &self.0 {
            Shown::Bar(bar) => bar.set_message(phase.to_owned()),
            Shown::Lines(lines) => lines.step(phase),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A line for each phase that begins or is still running after the quiet time, and again while it runs.
struct Lines {
    shared: Arc<(Mutex<Work>, Condvar)>,
    /// Waits until the current phase is due to be reported, or the work ends.
    waiting: Option<JoinHandle<()>>,
}

struct Work {
    started: Instant,
    phase: Phase,
    ended: bool,
    to: Box<dyn Write + Send>,
}

impl Lines {
    fn start(phase: &str, quiet: Duration, repeat: Duration, to: impl Write + Send + 'static) -> Self {
        let phase = Phase { name: phase.to_owned(), quiet, repeat, said: None };
        let work = Work { started: Instant::now(), phase, ended: false, to: Box::new(to) };
        let shared = Arc::new((Mutex::new(work), Condvar::new()));
        let waited_for = Arc::clone(&shared);
        let wait = move || {
            let (work, ended) = &*waited_for;
            let mut work = lock(work);
            while !work.ended {
                work.say();
                let rest = work.phase.due().saturating_sub(work.started.elapsed());
                (work, _) = ended.wait_timeout_while(work, rest, |work| !work.ended).unwrap_or_else(PoisonError::into_inner);
            }
        };
        // Without a thread, the phases that begin later are still reported.
        let waiting = std::thread::Builder::new().spawn(wait).ok();
        Self { shared, waiting }
    }

    fn step(&self, phase: &str) {
        let mut work = lock(&self.shared.0);
        work.phase.begin(phase);
        work.say();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        lock(&self.shared.0).ended = true;
        self.shared.1.notify_all();
        if let Some(waiting) = self.waiting.take() {
            let _ = waiting.join();
        }
    }
}

impl Work {
    fn say(&mut self) {
        if let Some(line) = self.phase.line(self.started.elapsed()) {
            // Whoever closed the stream does not want to know.
            let _ = writeln!(self.to, "{line}");
        }
    }
}

fn lock(work: &Mutex<Work>) -> MutexGuard<'_, Work> {
    work.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A phase, and when it was said last. All times are counted from the start of the work.
struct Phase {
    name: String,
    quiet: Duration,
    repeat: Duration,
    said: Option<Duration>,
}

impl Phase {
    fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.said = None;
    }

    /// When the phase is to be said.
    fn due(&self) -> Duration {
        self.said.map_or(self.quiet, |said| said.saturating_add(self.repeat))
    }

    /// The phase's line, if it is due.
    fn line(&mut self, elapsed: Duration) -> Option<String> {
        if elapsed < self.due() {
            return None;
        }
        self.said = Some(elapsed);
        Some(format!("phase: {} ({} s after the start)", self.name, elapsed.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn short_work_says_nothing_and_long_work_each_phase_as_long_as_it_goes_on() {
        let mut phase = Phase { name: "one".to_owned(), quiet: 10 * SECOND, repeat: 30 * SECOND, said: None };
        assert_eq!(phase.line(SECOND), None);
        phase.begin("two");
        assert_eq!(phase.line(9 * SECOND), None);
        assert_eq!(phase.line(10 * SECOND).unwrap(), "phase: two (10 s after the start)");
        assert_eq!(phase.line(39 * SECOND), None);
        assert_eq!(phase.line(40 * SECOND).unwrap(), "phase: two (40 s after the start)");
        phase.begin("three");
        assert_eq!(phase.line(61 * SECOND).unwrap(), "phase: three (61 s after the start)");
        assert_eq!(phase.line(90 * SECOND), None);
        assert_eq!(phase.line(91 * SECOND).unwrap(), "phase: three (91 s after the start)");
    }

    /// Sends what is written to it.
    struct Pipe(Sender<String>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.send(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (Pipe, Receiver<String>) {
        let (sender, receiver) = channel();
        (Pipe(sender), receiver)
    }

    #[test]
    fn a_phase_that_goes_on_is_said_while_it_does() {
        let (to, said) = pipe();
        let lines = Lines::start("one", Duration::from_millis(1), 60 * SECOND, to);
        let mut text = String::new();
        while !text.ends_with('\n') {
            text += &said.recv_timeout(60 * SECOND).unwrap();
        }
        assert_eq!(text, "phase: one (0 s after the start)\n");
        lines.step("two");
        drop(lines);
        assert_eq!(said.iter().collect::<String>(), "phase: two (0 s after the start)\n");
    }

    #[test]
    fn a_phase_is_said_again_and_no_more_when_the_work_has_ended() {
        let (to, said) = pipe();
        let lines = Lines::start("one", Duration::from_millis(1), Duration::from_millis(1), to);
        let mut text = String::new();
        while text.lines().count() < 3 || !text.ends_with('\n') {
            text += &said.recv_timeout(60 * SECOND).unwrap();
        }
        assert!(text.lines().all(|line| line.starts_with("phase: one (")), "{text}");
        drop(lines);
        // The thread that wrote to the pipe is gone, so this ends.
        said.iter().for_each(drop);
    }

    #[test]
    fn work_that_ends_within_the_quiet_time_is_not_waited_for() {
        let (to, said) = pipe();
        let lines = Lines::start("one", Duration::MAX, SECOND, to);
        lines.step("two");
        drop(lines);
        assert_eq!(said.iter().count(), 0);
    }
}
