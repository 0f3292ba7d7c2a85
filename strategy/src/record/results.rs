//! What comes of a record's decisions: a result for each period, cost and fill.

use std::fmt;

use crate::backtest::{Decision, Fill, Market, Run, SimulationError, Terms, simulate};
use crate::strategy::{BacktestRules, Strategy};

/// Which decisions a result follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// All of them.
    All,
    /// Those whose next hour's price the network was not trained on, by the owner's word: the decisions from the hour before `train_until` on.
    HeldOut,
}

/// What a result is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// Which decisions are followed.
    pub period: Period,
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

impl Period {
    /// Both periods.
    pub const ALL: [Self; 2] = [Self::All, Self::HeldOut];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all hours",
            Self::HeldOut => "held out",
        }
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { period, terms } = self;
        write!(formatter, "{}, cost {} bps, {}", period.name(), terms.cost_bps, terms.fill.name())
    }
}

/// The conditions of all results of a strategy, in the order of records: by period, then by cost, then by fill.
fn conditions(rules: &BacktestRules) -> impl Iterator<Item = Conditions> + '_ {
    Period::ALL.into_iter().flat_map(|period| {
        let with = move |cost_bps, fill| Conditions { period, terms: Terms { cost_bps, fill } };
        rules.costs_bps.iter().flat_map(move |cost| Fill::ALL.map(|fill| with(*cost, fill)))
    })
}

/// The results of decisions, in the order of records. Each starts with the deposit, and follows its decisions from the first one's hour to the
/// last accepted hour.
///
/// # Errors
/// An amount has more than 128 bits.
pub fn results(strategy: &Strategy, market: &Market<'_>, decisions: &[Decision]) -> Result<Vec<Outcome>, SimulationError> {
    let accepted = market.history().accepted();
    let held_out = decisions.partition_point(|decision| accepted[decision.at].hour + 1 < strategy.backtest.train_until);
    let run = |of: Conditions| {
        let followed = match of.period {
            Period::All => decisions,
            Period::HeldOut => &decisions[held_out..],
        };
        Ok(Outcome { of, run: simulate(strategy, market, followed, accepted.len(), of.terms, |_| ())? })
    };
    conditions(&strategy.backtest).map(run).collect()
}

/// The numbers of a result, with their names.
pub(super) fn numbers(run: &Run) -> [(&'static str, String); 5] {
    let Run { equity, trades, turned_over, costs, halted } = run;
    let halted = halted.map_or_else(|| "never".to_owned(), |hour| hour.to_string());
    let [equity, turned_over, costs] = [equity, turned_over, costs].map(u128::to_string);
    [("equity", equity), ("trades", trades.to_string()), ("turned_over", turned_over), ("costs", costs), ("halted", halted)]
}
