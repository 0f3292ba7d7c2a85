//! What comes of a record's decisions: a result for each part of the history, cost and fill.

use std::fmt;

use crate::backtest::{Decision, Fill, Label, Market, Run, SimulationError, Terms, parts, simulate};
use crate::strategy::Strategy;

/// What a result is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// Which decisions are followed.
    pub part: Label,
    /// What trades cost, and at which price they are filled.
    pub terms: Terms,
}

/// What comes out under some conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The conditions.
    pub of: Conditions,
    /// What comes out.
    pub run: Run,
}

impl fmt::Display for Conditions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, terms } = self;
        write!(formatter, "{}, cost {} bps, {}", part.name(), terms.cost_bps, terms.fill.name())
    }
}

/// The results of decisions, in the order of records: by part of the history, then by cost, then by fill. Each part starts with the deposit.
///
/// # Errors
/// An amount has more than 128 bits.
pub fn results(strategy: &Strategy, market: &Market<'_>, decisions: &[Decision]) -> Result<Vec<Outcome>, SimulationError> {
    let mut results = Vec::new();
    for part in parts(strategy, market, decisions) {
        for cost_bps in strategy.backtest.costs_bps.iter().copied() {
            for fill in Fill::ALL {
                let terms = Terms { cost_bps, fill };
                let run = simulate(strategy, market, part.decisions, part.end, terms, |_| ())?;
                results.push(Outcome { of: Conditions { part: part.label, terms }, run });
            }
        }
    }
    Ok(results)
}

/// The numbers of a result, with their names.
pub(super) fn numbers(run: &Run) -> [(&'static str, String); 5] {
    let Run { equity, trades, turned_over, costs, halted } = run;
    let halted = halted.map_or_else(|| "never".to_owned(), |hour| hour.to_string());
    let [equity, turned_over, costs] = [equity, turned_over, costs].map(u128::to_string);
    [("equity", equity), ("trades", trades.to_string()), ("turned_over", turned_over), ("costs", costs), ("halted", halted)]
}
