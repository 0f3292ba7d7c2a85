//! A report in words and tables, wherever its decisions come from.

use maat_strategy::backtest::{BreakEven, Chance, Fill, PartReport, Performance, Report, RunReport, Terms};
use maat_strategy::chart::{Chart, WIDTHS, terminal};
use maat_strategy::strategy::Strategy;

use crate::response::{fields, grouped, percent, table};

/// The columns of a chart where the terminal does not say how many it has.
const COLUMNS: usize = 100;

/// What the verdict rests on, and each part at each cost and fill. The verdict itself is the caller's to say first.
pub fn shown(strategy: &Strategy, report: &Report) -> String {
    let judged = report.verdict.grounds().map(|grounds| format!("{grounds} (seed {})", report.seed));
    let parts = report.parts.iter().map(|part| part_shown(strategy, report, part));
    judged.into_iter().chain(parts).collect::<Vec<_>>().join("\n\n")
}

/// The chart, in as many columns as the terminal has.
pub fn drawn(chart: &Chart) -> String {
    let columns = terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0));
    terminal(chart, columns.clamp(*WIDTHS.start(), 120))
}

/// What the report does not say.
pub fn not_said(report: &Report) -> String {
    let caveats = report.caveats().into_iter().map(|caveat| format!("- {caveat}"));
    ["What this does not say:".to_owned()].into_iter().chain(caveats).collect::<Vec<_>>().join("\n")
}

fn part_shown(strategy: &Strategy, report: &Report, part: &PartReport) -> String {
    let meaning = match part.label.name() {
        "in-sample" => format!("prices before {}, which the network was trained on", report.train_until),
        _ => format!("prices from {} on, which it was not trained on, by the owner's word", report.train_until),
    };
    let head = format!("{}: {meaning}", part.label.name().to_uppercase());
    let directions = match (part.hit_rate, part.base_rate) {
        (Some(hits), Some(base)) => format!(
            "{} of {}, {}; always the more frequent one: {}",
            grouped(part.hits.right),
            grouped(part.hits.said),
            percent(hits),
            percent(base)
        ),
        _ => "no decision says one".to_owned(),
    };
    let clamped = format!("{} features, in {} decisions", grouped(part.clamped_features), grouped(part.clamped_decisions));
    let break_even = part.break_even.iter().map(|found| {
        format!(
            "as good as cash: {}; as good as buy and hold: {}; filled {}",
            cost(found.cash),
            cost(found.buy_and_hold),
            found.fill.name()
        )
    });
    let middle = part.run(Terms { cost_bps: report.middle_cost_bps, fill: Fill::OneQuoteLater });
    let mut facts = vec![
        ("hours", format!("{} from {} to {}", grouped(part.hours), part.from, part.to)),
        ("decisions", grouped(part.decisions)),
        ("directions right", directions),
        ("clamped", clamped),
    ];
    let at = format!("at {} bps, one quote later: ", report.middle_cost_bps);
    facts.extend(middle.map(|run| ("came to", format!("{at}{}", outcomes(&run.strategy)))));
    facts.extend(break_even.zip(["break-even cost", ""]).map(|(text, name)| (name, text)));
    let quote = &strategy.pair.quote;
    let whole = |amount: u128| {
        let unit = quote.unit();
        // Halves go up. Amounts in whole tokens fit but for tokens that nobody has.
        u64::try_from((amount + unit / 2) / unit).map_or_else(|_| (amount / unit).to_string(), grouped)
    };
    let results = table(
        ["cost, fill", "return", "drawdown", "Sharpe", "95 % interval", "mean weight", "trades", "turnover", "costs", "halted"],
        part.runs.iter().map(|run| {
            let Performance { trades, turned_over, costs, halted, mean_weight_bps, sharpe, sharpe_interval, .. } = &run.strategy;
            [
                terms(run),
                signed(run.strategy.total_return),
                percent(run.strategy.max_drawdown),
                ratio(*sharpe),
                sharpe_interval.map_or_else(|| "-".to_owned(), |[low, high]| format!("{low:.2} to {high:.2}")),
                percent(f64::from(*mean_weight_bps) / 10_000.0),
                grouped(*trades),
                whole(*turned_over),
                whole(*costs),
                // The day is enough here; the JSON has the hour.
                halted.map_or_else(|| "no".to_owned(), |hour| hour.to_string().chars().take(10).collect()),
            ]
        }),
    );
    let against = table(
        ["return against", "strategy", "cash", "buy and hold", "constant weight", "shuffled", "above", "shifted", "above"],
        part.runs.iter().map(|run| {
            let chance = |chance: &Option<Chance>| match chance {
                Some(chance) => [signed(chance.median_return), format!("{:.1} %", chance.share_below() * 100.0)],
                None => ["-".to_owned(), "-".to_owned()],
            };
            let ([shuffled, above_shuffled], [shifted, above_shifted]) = (chance(&run.shuffled), chance(&run.shifted));
            let [strategy, hold, constant] =
                [&run.strategy, &run.buy_and_hold, &run.constant_weight].map(|performance| signed(performance.total_return));
            [terms(run), strategy, signed(0.0), hold, constant, shuffled, above_shuffled, shifted, above_shifted]
        }),
    );
    let unit =
        format!("Turnover and costs are in {}. Shuffled and shifted are medians; `above` is the share that ended lower.", quote.symbol);
    [head, fields(facts), results.to_string(), against.to_string(), unit].join("\n\n")
}

fn outcomes(performance: &Performance) -> String {
    let found = performance.outcomes;
    let counts = [
        (found.traded, "trades"),
        (found.policy, "held by policy"),
        (found.small, "too small"),
        (found.cooldown, "in cooldown"),
        (found.turnover, "over the day's turnover"),
        (found.saturated, "clamped too much"),
        (found.off_peg, "off the peg"),
        (found.halted, "not asked, because it was halted"),
        (found.undecided, "hours without a decision"),
    ];
    counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(count)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn terms(run: &RunReport) -> String {
    format!("{} bps, {}", run.terms.cost_bps, run.terms.fill.name())
}

fn cost(found: BreakEven) -> String {
    match found {
        BreakEven::Never => "never".to_owned(),
        BreakEven::At(bps) => format!("{bps:.1} bps"),
        BreakEven::Beyond(bps) => format!("over {bps} bps"),
    }
}

fn signed(share: f64) -> String {
    format!("{:+.2} %", share * 100.0)
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
