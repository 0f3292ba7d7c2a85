//! Charts of a report: what the strategy's equity was over time, beside holding, a constant weight and cash.
//!
//! [`terminal`] draws with plain characters, [`svg`] a picture. Both show the same: a [`Chart`]. Floats, because nothing is traded by them.

mod axis;
mod svg;
mod terminal;

use crate::backtest::{Curves, Fill, Label, PartReport, Path, Report, Terms, drawdowns, total_return};
use crate::hour::Hour;
use crate::strategy::Strategy;

pub use svg::{MARK, svg};
pub use terminal::{WIDTHS, terminal};

/// A line of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Everything in the quote token.
    Cash,
    /// Everything in the base token.
    BuyAndHold,
    /// The strategy's mean weight at every decision.
    ConstantWeight,
    /// The strategy, filled at the quote.
    AtQuote,
    /// The strategy, filled one quote later.
    Later,
}

/// What charts show.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it is about.
    title: String,
    /// What came out, in a line.
    verdict: String,
    /// What it rests on, and what it is not.
    caption: Vec<String>,
    /// The parts, oldest first; at least one.
    parts: Vec<Section>,
}

/// One part of the history.
#[derive(Debug, Clone, PartialEq)]
struct Section {
    label: Label,
    /// Hours after 1970, rising; at least one.
    hours: Vec<u64>,
    /// The return since the deposit, as a share of it, at each hour; in the order of [`Line::ALL`].
    lines: [Vec<f64>; Line::ALL.len()],
    /// How far the strategy, filled one quote later, is below its highest so far, as a share of that.
    drawdown: Vec<f64>,
    /// The share of its value in the base token.
    weight: Vec<f64>,
    /// The hour at which the drawdown rule halted it.
    halted: Option<u64>,
}

impl Line {
    /// All of them, those that matter most last, so that they are drawn over the others.
    pub const ALL: [Self; 5] = [Self::Cash, Self::BuyAndHold, Self::ConstantWeight, Self::AtQuote, Self::Later];

    /// What legends call it.
    fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::BuyAndHold => "buy and hold",
            Self::ConstantWeight => "constant weight of equal exposure",
            Self::AtQuote => "strategy, filled at the quote",
            Self::Later => "strategy, filled one quote later",
        }
    }
}

impl Chart {
    /// The chart of a report. Nothing if no decision was made.
    pub fn of(strategy: &Strategy, report: &Report) -> Option<Self> {
        let terms = Terms { cost_bps: report.middle_cost_bps, fill: Fill::OneQuoteLater };
        let section = |part: &PartReport| {
            let halted = part.run(terms).and_then(|run| run.strategy.halted);
            Section::of(part.label, &part.curves, report.deposit, halted)
        };
        let parts: Vec<Section> = report.parts.iter().map(section).collect();
        if parts.is_empty() || parts.iter().any(|part| part.hours.is_empty()) {
            return None;
        }
        let (base, quote) = (&strategy.pair.base.symbol, &strategy.pair.quote.symbol);
        let trades = format!(
            "Backtest on recorded prices at {} bps a trade; each part starts anew with the deposit; drawdown and weight are those of the fills \
             one quote later. Not live, and not a promise: a strategy that was chosen after enough trials always looks good on the past.",
            report.middle_cost_bps
        );
        Some(Self {
            title: format!("{}: {base} for {quote}", strategy.name),
            verdict: report.verdict.sentence(&strategy.name),
            caption: report.verdict.grounds().into_iter().chain([trades]).collect(),
            parts,
        })
    }

    /// The first and the last hour.
    fn span(&self) -> (u64, u64) {
        let first = self.parts.first().and_then(|part| part.hours.first()).copied().unwrap_or(0);
        let last = self.parts.last().and_then(|part| part.hours.last()).copied().unwrap_or(first);
        (first, last.max(first + 1))
    }

    /// The lowest and the highest return of all lines.
    fn range(&self) -> (f64, f64) {
        let values = || self.parts.iter().flat_map(|part| part.lines.iter().flatten().copied());
        (values().fold(0.0, f64::min), values().fold(0.0, f64::max))
    }

    /// The deepest drawdown.
    fn deepest(&self) -> f64 {
        self.parts.iter().flat_map(|part| part.drawdown.iter().copied()).fold(0.0, f64::max)
    }

    /// The hour at which a part follows another.
    fn border(&self) -> Option<u64> {
        self.parts.get(1).and_then(|part| part.hours.first()).copied()
    }
}

impl Section {
    fn of(label: Label, curves: &Curves, deposit: u128, halted: Option<Hour>) -> Self {
        let line = |path: &Path| path.equity.iter().map(|equity| total_return(deposit, *equity)).collect();
        let lines = Line::ALL.map(|which| match which {
            Line::Cash => vec![0.0; curves.hours.len()],
            Line::BuyAndHold => line(&curves.buy_and_hold),
            Line::ConstantWeight => line(&curves.constant_weight),
            Line::AtQuote => line(&curves.at_quote),
            Line::Later => line(&curves.later),
        });
        Self {
            label,
            hours: curves.hours.iter().map(|hour| hour.count()).collect(),
            lines,
            drawdown: drawdowns(deposit, &curves.later.equity).collect(),
            weight: curves.later.weights_bps.iter().map(|weight| f64::from(*weight) / 10_000.0).collect(),
            halted: halted.map(Hour::count),
        }
    }
}

#[cfg(test)]
mod fixtures {
    use super::*;
    use crate::backtest::{Market, Options, report};
    use crate::policy::Target;

    /// A chart of so many hours of a random walk, a third of them held out, of a strategy of this name.
    pub(super) fn chart(name: &str, hours: usize) -> Chart {
        use crate::backtest::fixtures::{START, history, strategy, walk};
        let mut strategy = strategy();
        strategy.name = name.to_owned();
        strategy.backtest.train_until = Hour::new(START + 1 + hours as u64 * 2 / 3).unwrap();
        let history = history(&walk(hours, 5));
        let market = Market::new(&strategy, &history).unwrap();
        let mut decisions = crate::backtest::fixtures::decisions(&vec![0; hours]);
        for decision in &mut decisions {
            decision.target = Target::Weight(if decision.at / 20 % 2 == 0 { 10_000 } else { 2_500 });
        }
        let report = report(&strategy, &market, &decisions, &Options { shuffles: 19, ..Options::default() }).unwrap();
        Chart::of(&strategy, &report).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::{Market, Options, report};

    #[test]
    fn a_chart_has_every_hour_of_every_line() {
        let chart = fixtures::chart("A", 300);
        assert_eq!(chart.parts.iter().map(|part| part.hours.len()).collect::<Vec<_>>(), [201, 100]);
        for part in &chart.parts {
            let lengths = part.lines.iter().map(Vec::len).chain([part.drawdown.len(), part.weight.len()]);
            assert!(lengths.into_iter().all(|length| length == part.hours.len()));
            assert!(part.lines[0].iter().all(|cash| *cash == 0.0));
            assert!((part.lines[1][0] + 0.0).abs() < 0.02, "it starts with the deposit");
            assert!(part.weight.iter().all(|weight| (0.0..=1.0).contains(weight)));
        }
        assert_eq!(chart.border(), chart.parts[0].hours.last().copied());
        let (first, last) = chart.span();
        assert_eq!(last - first, 299);
    }

    #[test]
    fn without_decisions_there_is_no_chart() {
        let strategy = crate::backtest::fixtures::strategy();
        let history = crate::backtest::fixtures::history(&[1_000]);
        let market = Market::new(&strategy, &history).unwrap();
        let report = report(&strategy, &market, &[], &Options::default()).unwrap();
        assert_eq!(Chart::of(&strategy, &report), None);
    }
}
