//! Trying a strategy on the past.

mod simulate;

pub use simulate::{Decision, Fill, Market, Run, SimulationError, Step, Terms, simulate};
