//! What comes of a record's decisions: a result for each period, cost and fill.

use std::fmt;

use crate::backtest::{Decision, Fill, Market, Run, SimulationError, simulate};
use crate::strategy::{BacktestRules, Strategy};

/// Which decisions a result follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// All of them.
    All,
    /// Those whose next hour's price the network was not trained on, by the owner's word: the decisions from the hour before `train_until` on.
    HeldOut,
}

/// Under which terms a result comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Which decisions are followed.
    pub period: Period,
    /// What trades cost, and at which price they are filled.
    pub trading: crate::backtest::Terms,
}

/// What comes out under some terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Result {
    /// The terms.
    pub terms: Terms,
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

/// The name of a fill.
pub(super) fn fill_name(fill: Fill) -> &'static str {
    match fill {
        Fill::AtQuote => "at the quote",
        Fill::OneQuoteLater => "one quote later",
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { period, trading } = self;
        write!(formatter, "{}, cost {} bps, {}", period.name(), trading.cost_bps, fill_name(trading.fill))
    }
}

/// The terms of all results of a strategy, in the order of records: by period, then by cost, then by fill.
pub(super) fn terms(rules: &BacktestRules) -> impl Iterator<Item = Terms> + '_ {
    let trading = |period: Period| {
        let of_cost = move |cost_bps: u16| {
            [Fill::AtQuote, Fill::OneQuoteLater].map(|fill| Terms { period, trading: crate::backtest::Terms { cost_bps, fill } })
        };
        rules.costs_bps.iter().copied().flat_map(of_cost)
    };
    Period::ALL.into_iter().flat_map(trading)
}

/// The results of decisions, in the order of records. Each follows its decisions from the first one's hour to the last accepted hour, and
/// starts with the deposit.
///
/// # Errors
/// An amount has more than 128 bits.
pub fn results(strategy: &Strategy, market: &Market<'_>, decisions: &[Decision]) -> std::result::Result<Vec<Result>, SimulationError> {
    let accepted = market.history().accepted();
    let held_out = decisions.partition_point(|decision| accepted[decision.at].hour + 1 < strategy.backtest.train_until);
    let run = |terms: Terms| {
        let followed = match terms.period {
            Period::All => decisions,
            Period::HeldOut => &decisions[held_out..],
        };
        let run = simulate(strategy, market, followed, accepted.len(), terms.trading, |_| ())?;
        Ok(Result { terms, run })
    };
    terms(&strategy.backtest).map(run).collect()
}
