//! Trying a strategy on the past.

mod bootstrap;
mod break_even;
mod chance;
mod decide;
#[cfg(test)]
pub(crate) mod fixtures;
mod hits;
mod parts;
mod performance;
mod random;
mod report;
mod simulate;
mod text;
mod trials;
mod verdict;

pub use bootstrap::{RESAMPLES, block_length, interval};
pub use break_even::{BreakEven, MOST_BPS};
pub use chance::{Arrangement, Chance};
pub use decide::{DecideError, decide};
pub use hits::Hits;
pub use parts::{Label, Part, parts};
pub use performance::{HOURS_PER_YEAR, Outcomes, Path, Performance, drawdowns, perform, returns, sharpe, total_return};
pub use report::{BreakEvens, Curves, Options, PartReport, Report, RunReport, report};
pub use simulate::{Decision, Fill, Market, Run, SimulationError, Step, Terms, simulate};
pub use trials::{expected_best_sharpe, is_significant, least_arrangements};
pub use verdict::Verdict;
