//! `maat strategy backtest`: what a strategy would have done on recorded prices, and whether that was more than chance.

use std::path::{Path, PathBuf};

use anyhow::bail;
use maat_strategy::backtest::{Market, Options, PartReport, Report, decide, report};
use maat_strategy::chart::{Chart, svg};
use maat_strategy::history::{History, Refusal};
use maat_strategy::strategy::Strategy;
use maat_verifier::hex;
use serde_json::{Value, json};

use super::opened::{Opened, observations};
use super::report::{not_said, shown};
use crate::files::{Destination, InputFiles, OutputKind, Readers, called};
use crate::inferences::Caveated;
use crate::progress::Progress;
use crate::response::{Response, grouped, path_json};

/// How many refused moves are listed.
const LISTED: usize = 3;

/// Try a strategy on recorded prices: profit, drawdown, costs, against cash, holding and chance
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat strategy backtest strategy.toml --prices prices.csv\n  \
    maat strategy backtest strategy.toml --prices prices.csv \\\n      --svg chart.svg --shuffles 10000\n\n\
    Prices are CSV with the header `hour,price`, or `hour,price,quote` where the quote token has a price of its own: UTC hours such as \
    2021-06-01T07:00:00Z, each once and in order, and USD. The network decides at every hour whose window of prices has no gap.\n\n\
    The first line says whether the held-out decisions beat chance: whether the return at the middle cost, filled one quote later, is above \
    95 % of the same decisions in random order, and above 95 % of the same decisions moved to other hours. With more than one trial in the \
    file, more is needed. Whichever way that goes, the exit code is 0.\n\n\
    The same prices, strategy and seed give the same report. --json has every number; amounts are decimal texts in the quote token's \
    smallest unit.")]
pub struct Arguments {
    /// The strategy, as docs/strategy.md describes it
    strategy: PathBuf,
    /// The prices; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    prices: PathBuf,
    /// File to draw the chart into, or `-` for the standard output; an older chart is replaced
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Replace a file that is not a chart
    #[arg(long, requires = "svg")]
    force: bool,
    /// How often the decisions are shuffled, and how often they are moved in time; 0 leaves the comparison with chance out
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    shuffles: u32,
    /// What all chance in the report follows from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Arguments {
    /// The files that are written.
    pub fn outputs(&self) -> Vec<&Path> {
        self.svg.as_deref().into_iter().collect()
    }
}

/// What came out.
pub struct Backtested {
    strategy: Strategy,
    report: Report,
    chart: Option<Chart>,
    /// Hours from the first price to the last, both included.
    span: u64,
    hours: usize,
    refused: Vec<Refusal>,
    svg: Option<PathBuf>,
    svg_is_output: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Caveated<Backtested>> {
    let progress = Progress::start("reading the prices");
    let Opened { strategy, package, model, caveats, .. } = Opened::read(&arguments.strategy)?;
    let sources = InputFiles::default().and(&arguments.strategy, "the strategy").and(&arguments.prices, "the prices").and_package(&package);
    // Whether it can be written is found out before the work is done.
    let svg_path = arguments.svg.as_deref();
    let destination = svg_path.map(|path| Destination::of_user(path, OutputKind::Chart, &sources, arguments.force)).transpose()?;
    let mut history = History::default();
    let observed = observations(&arguments.prices)?;
    let span = observed.first().zip(observed.last()).map_or(0, |(first, last)| last.hour.since(first.hour) + 1);
    for observation in observed {
        // What moves too far is left out, and the history remembers it. Hours that do not rise were refused before.
        let _ = history.record(observation);
    }
    progress.step("running the network at every hour");
    let decisions = decide(&strategy, &model, &history)?;
    if decisions.is_empty() {
        let window = strategy.features.window();
        let prices = called(&arguments.prices);
        let (left_out, all) = (history.refused().len(), history.refused().len() + history.accepted().len());
        bail!(
            "{} has no {window} hours in a row, which the features look at: the network decides nothing. {left_out} of {all} prices are left \
             out, because they moved more than 25 % an hour from the last one that counts, which at first is the first in the file",
            prices.display()
        );
    }
    let market = Market::new(&strategy, &history)?;
    let phase = |phase: &str| progress.step(phase);
    let report = report(&strategy, &market, &decisions, &Options { shuffles: arguments.shuffles, seed: arguments.seed, phase: &phase })?;
    let chart = Chart::of(&strategy, &report);
    if let (Some(destination), Some(chart)) = (&destination, &chart) {
        destination.stage(svg(chart).as_bytes(), Readers::Usual)?.persist()?;
    }
    let svg_is_output = destination.as_ref().is_some_and(Destination::is_output);
    let (hours, refused) = (history.accepted().len(), history.refused().to_vec());
    Ok(caveats.on(Backtested { strategy, report, chart, span, hours, refused, svg: arguments.svg.clone(), svg_is_output }))
}

impl Response for Backtested {
    fn text(&self) -> String {
        let verdict = self.report.verdict.sentence(&self.strategy.name);
        let wrote = self.svg.as_deref().filter(|_| !self.svg_is_output).map(|path| format!("wrote {}", path.display()));
        let chart = self.chart.as_ref().map(super::report::drawn);
        let sections = [Some(verdict), Some(shown(&self.strategy, &self.report)), chart, Some(not_said(&self.report)), wrote];
        sections.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }

    fn json(&self) -> Value {
        json!({
            "verdict": self.report.verdict.sentence(&self.strategy.name),
            "beats_chance": self.report.verdict.beats(),
            "strategy": self.strategy,
            "digest": hex(&self.strategy.digest()),
            "hours": self.hours,
            "refused_hours": self.refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "report": self.report,
            "live": Value::Null,
            "caveats": self.report.caveats(),
            "svg": self.svg.as_deref().map(path_json),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let lost = super::check::lost_fee(&self.strategy);
        self.left_out().into_iter().chain(self.missing()).chain(self.clamped()).chain(lost).collect()
    }

    fn output_is_taken(&self) -> bool {
        self.svg_is_output
    }
}

impl Backtested {
    /// Which prices the history refuses.
    fn left_out(&self) -> Option<String> {
        let count = self.refused.len();
        if count == 0 {
            return None;
        }
        let listed = self.refused.iter().take(LISTED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let more = if count > LISTED { format!("; and {} more", grouped((count - LISTED) as u64)) } else { String::new() };
        let what = if count == 1 { "1 price is".to_owned() } else { format!("{} prices are", grouped(count as u64)) };
        Some(format!("{what} left out, as a vault's history would do: {listed}{more}"))
    }

    /// Hours that the file does not have.
    fn missing(&self) -> Option<String> {
        let missing = self.span - self.hours as u64 - self.refused.len() as u64;
        (missing > 0).then(|| {
            let (hours, are) = if missing == 1 { ("hour", "is") } else { ("hours", "are") };
            format!("{} {hours} between the first price and the last {are} missing: no window reaches over a gap", grouped(missing))
        })
    }

    /// Prices that are hardly those that the network was trained on.
    fn clamped(&self) -> Option<String> {
        let most = self.strategy.limits.max_saturated;
        let sum = |of: fn(&PartReport) -> u32| self.report.parts.iter().map(|part| u64::from(of(part))).sum::<u64>();
        let (clamped, all) = (sum(|part| part.clamped_decisions), sum(|part| part.decisions));
        (2 * clamped > all).then(|| {
            format!(
                "in {} of {} decisions features were clamped, and with more than {most} it holds: are the prices in the unit that the network \
                 was trained on?",
                grouped(clamped),
                grouped(all)
            )
        })
    }
}
