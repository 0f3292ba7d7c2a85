//! The report: each part of a history at each cost and fill, against cash, holding, a constant weight and chance.
//!
//! It takes decisions from wherever they come: a network that was run, or a record whose proofs were checked.

use serde::Serialize;

use super::bootstrap::block_length;
use super::break_even::BreakEven;
use super::chance::{Arrangement, Chance, by_chance};
use super::hits::Hits;
use super::parts::{Label, Part, parts};
use super::performance::{Path, Performance, perform, unbound};
use super::simulate::{Decision, Fill, Market, SimulationError, Terms, simulate};
use super::trials::expected_best_sharpe;
use super::verdict::Verdict;
use crate::hour::Hour;
use crate::policy::Target;
use crate::strategy::Strategy;

/// How a report is made.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// How many arrangements of the decisions are tried, of each kind; 0 leaves the comparison out.
    pub shuffles: u32,
    /// What all chance in the report follows from.
    pub seed: u64,
    /// Is told what is being done.
    pub phase: &'o dyn Fn(&str),
}

/// What a strategy would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whether its decisions were better than chance.
    pub verdict: Verdict,
    /// What it began with, in the quote token's smallest unit.
    #[serde(serialize_with = "crate::decimal::serialize")]
    pub deposit: u128,
    /// The first hour whose price the network was not trained on, by the owner's word.
    #[serde(serialize_with = "super::text::serialize")]
    pub train_until: Hour,
    /// How many strategies the owner tried on these prices, by the owner's word.
    pub trials: u32,
    /// The cost of the verdict and of the charts, in basis points: the middle one, of an even number the higher.
    pub middle_cost_bps: u16,
    /// What all chance in the report follows from.
    pub seed: u64,
    /// The parts of the history that have decisions.
    pub parts: Vec<PartReport>,
}

/// One part of the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartReport {
    /// What it can show.
    pub label: Label,
    /// The first hour.
    #[serde(serialize_with = "super::text::serialize")]
    pub from: Hour,
    /// The last hour.
    #[serde(serialize_with = "super::text::serialize")]
    pub to: Hour,
    /// Accepted hours.
    pub hours: u32,
    /// Decisions.
    pub decisions: u32,
    /// Decisions of which at least one feature was clamped.
    pub clamped_decisions: u32,
    /// Features that were clamped.
    pub clamped_features: u64,
    /// Directions that were said, and were right.
    pub hits: Hits,
    /// The share that was right.
    pub hit_rate: Option<f64>,
    /// The share that always saying the more frequent direction would have had right.
    pub base_rate: Option<f64>,
    /// The Sharpe ratio that the best of the owner's trials is expected to have where none has skill.
    pub expected_best_sharpe: f64,
    /// The length of a block of the bootstrap, in hours.
    pub bootstrap_block_hours: u32,
    /// What trading may cost.
    pub break_even: Vec<BreakEvens>,
    /// Each fill, and of each fill each cost.
    pub runs: Vec<RunReport>,
    /// What charts show.
    #[serde(skip)]
    pub curves: Curves,
}

/// What trading may cost with one fill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakEvens {
    /// At which price.
    pub fill: Fill,
    /// The cost at which the strategy returns as much as cash: nothing.
    pub cash: BreakEven,
    /// The cost at which it returns as much as buying at the first decision and holding, at the same cost.
    pub buy_and_hold: BreakEven,
}

/// A part at one cost and one fill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// Cost and fill.
    #[serde(flatten)]
    pub terms: Terms,
    /// The strategy.
    pub strategy: Performance,
    /// The strategy's mean weight at every decision, under the same limits, fees, cost and fill.
    pub constant_weight: Performance,
    /// All in the base token from the first decision on, at the same cost and fill, without limits and fees.
    pub buy_and_hold: Performance,
    /// Against its own decisions in random order.
    pub shuffled: Option<Chance>,
    /// Against its own decisions shifted in time.
    pub shifted: Option<Chance>,
}

/// What charts show of a part: at the middle cost.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// The accepted hours.
    pub hours: Vec<Hour>,
    /// The strategy, filled one quote later.
    pub later: Path,
    /// The strategy, filled at the quote.
    pub at_quote: Path,
    /// Buy-and-hold, filled one quote later.
    pub buy_and_hold: Path,
    /// Constant weight, filled one quote later.
    pub constant_weight: Path,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { shuffles: 1_000, seed: 1, phase: &|_| {} }
    }
}

impl RunReport {
    /// The runs of a report, in their order.
    fn all(costs_bps: &[u16]) -> Vec<Terms> {
        let fills = [Fill::AtQuote, Fill::OneQuoteLater];
        fills.into_iter().flat_map(|fill| costs_bps.iter().map(move |cost_bps| Terms { cost_bps: *cost_bps, fill })).collect()
    }
}

impl Report {
    /// A part, if it has decisions.
    pub fn part(&self, label: Label) -> Option<&PartReport> {
        self.parts.iter().find(|part| part.label == label)
    }

    /// What the report does not say, a sentence or two each.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = vec![
            "In-sample results show nothing: the network was trained on these prices. That the others were held out is the owner's word. \
             Nothing here is live: only a record from a chain would be."
                .to_owned(),
            "Fills are at recorded prices, at the stated costs. No market had to give them, and a large trade moves the price.".to_owned(),
            "The network's commitment is what its package states. `maat commitment` computes it anew from the model.".to_owned(),
            "Cash earns nothing here. Sharpe ratios are of hourly returns, annualised; their intervals hold 95 % of samples drawn in blocks, \
             and say nothing of times unlike these."
                .to_owned(),
        ];
        if self.trials > 1 {
            let best = |part: &PartReport| format!("{:.2} {}", part.expected_best_sharpe, part.label.name());
            let best = self.parts.iter().map(best).collect::<Vec<_>>().join(" and ");
            caveats.push(format!(
                "The owner tried {} strategies and shows one. If none had skill, the best would be expected to have a Sharpe ratio of {best}.",
                self.trials
            ));
        } else {
            caveats.push("That no other strategy was tried on these prices is the owner's word.".to_owned());
        }
        caveats
    }
}

impl PartReport {
    /// The run at a cost and fill.
    pub fn run(&self, terms: Terms) -> Option<&RunReport> {
        self.runs.iter().find(|run| run.terms == terms)
    }
}

/// The report of decisions, in the order of their hours.
///
/// # Errors
/// An amount has more than 128 bits.
///
/// # Panics
/// A decision is not of the market's history.
pub fn report(strategy: &Strategy, market: &Market<'_>, decisions: &[Decision], options: &Options<'_>) -> Result<Report, SimulationError> {
    let rules = &strategy.backtest;
    // A checked strategy has at least one cost.
    let middle_cost_bps = rules.costs_bps.get(rules.costs_bps.len() / 2).copied().unwrap_or(0);
    let parts = parts(strategy, market, decisions);
    let parts = parts.iter().map(|part| part_report(strategy, market, part, middle_cost_bps, options)).collect::<Result<Vec<_>, _>>()?;
    let mut report = Report {
        verdict: Verdict::NothingHeldOut,
        deposit: rules.deposit,
        train_until: rules.train_until,
        trials: rules.trials,
        middle_cost_bps,
        seed: options.seed,
        parts,
    };
    let judged = Terms { cost_bps: middle_cost_bps, fill: Fill::OneQuoteLater };
    if let Some(run) = report.part(Label::HeldOut).and_then(|part| part.run(judged)) {
        report.verdict = match (&run.shuffled, &run.shifted) {
            _ if run.strategy.trades == 0 => Verdict::NeverTraded,
            (Some(shuffled), Some(shifted)) => Verdict::of(run.strategy.total_return, middle_cost_bps, shuffled, shifted, rules.trials),
            _ => Verdict::NotCompared,
        };
    }
    Ok(report)
}

fn part_report(
    strategy: &Strategy,
    market: &Market<'_>,
    part: &Part<'_>,
    middle_cost_bps: u16,
    options: &Options<'_>,
) -> Result<PartReport, SimulationError> {
    let Options { shuffles, seed, phase } = *options;
    let name = part.label.name();
    let terms = RunReport::all(&strategy.backtest.costs_bps);
    phase(&format!("simulating {name}"));
    let holder = unbound(strategy);
    let whole = constant(part.decisions, 10_000);
    let mut runs = Vec::new();
    let mut curves = Curves::default();
    for terms in &terms {
        let (performance, path) = perform(strategy, market, part.decisions, part.end, *terms, seed)?;
        let same = constant(part.decisions, performance.mean_weight_bps);
        let (constant_weight, constant_path) = perform(strategy, market, &same, part.end, *terms, seed)?;
        let (buy_and_hold, holding_path) = perform(&holder, market, &whole, part.end, *terms, seed)?;
        if terms.cost_bps == middle_cost_bps {
            match terms.fill {
                Fill::AtQuote => curves.at_quote = path,
                Fill::OneQuoteLater => {
                    (curves.later, curves.constant_weight, curves.buy_and_hold) = (path, constant_path, holding_path);
                }
            }
        }
        runs.push(RunReport { terms: *terms, strategy: performance, constant_weight, buy_and_hold, shuffled: None, shifted: None });
    }
    phase(&format!("break-even costs, {name}"));
    let break_even = [Fill::AtQuote, Fill::OneQuoteLater].map(|fill| break_evens(strategy, &holder, market, part, &whole, fill));
    if shuffles > 0 {
        for (arrangement, what) in [(Arrangement::Shuffled, "shuffles"), (Arrangement::Shifted, "shifts in time")] {
            let (count, all) = arrangement.count(part.decisions.len(), shuffles);
            phase(&format!("{count} {what}, {name}"));
            let ends = by_chance(strategy, market, part, &terms, arrangement, shuffles, seed)?;
            for (run, others) in runs.iter_mut().zip(ends) {
                let chance = Chance::of(strategy.backtest.deposit, run.strategy.equity, others, all);
                match arrangement {
                    Arrangement::Shuffled => run.shuffled = Some(chance),
                    Arrangement::Shifted => run.shifted = Some(chance),
                }
            }
        }
    }
    let accepted = &market.history().accepted()[part.decisions[0].at..part.end];
    curves.hours = accepted.iter().map(|seen| seen.hour).collect();
    let hits = Hits::of(strategy, market, part.decisions);
    Ok(PartReport {
        label: part.label,
        // A part has decisions, and each is at an accepted hour before its end.
        from: accepted[0].hour,
        to: accepted[accepted.len() - 1].hour,
        hours: accepted.len() as u32,
        decisions: part.decisions.len() as u32,
        clamped_decisions: part.decisions.iter().filter(|decision| decision.saturated > 0).count() as u32,
        clamped_features: part.decisions.iter().map(|decision| u64::from(decision.saturated)).sum(),
        hits,
        hit_rate: hits.rate(),
        base_rate: hits.base_rate(),
        expected_best_sharpe: expected_best_sharpe(strategy.backtest.trials, accepted.len()),
        bootstrap_block_hours: block_length(accepted.len()) as u32,
        break_even: break_even.into_iter().collect::<Result<_, _>>()?,
        runs,
        curves,
    })
}

/// The same hours, with one weight at all of them.
fn constant(decisions: &[Decision], weight_bps: u16) -> Vec<Decision> {
    decisions.iter().map(|decision| Decision { target: Target::Weight(weight_bps), saturated: 0, ..*decision }).collect()
}

fn break_evens(
    strategy: &Strategy,
    holder: &Strategy,
    market: &Market<'_>,
    part: &Part<'_>,
    whole: &[Decision],
    fill: Fill,
) -> Result<BreakEvens, SimulationError> {
    let equity = |strategy: &Strategy, decisions: &[Decision], cost_bps| {
        simulate(strategy, market, decisions, part.end, Terms { cost_bps, fill }, |_| {}).map(|run| run.equity)
    };
    let less = |left: u128, right: u128| if left >= right { (left - right) as f64 } else { -((right - left) as f64) };
    let own = |cost_bps| equity(strategy, part.decisions, cost_bps);
    Ok(BreakEvens {
        fill,
        cash: BreakEven::find(|cost_bps| Ok(less(own(cost_bps)?, strategy.backtest.deposit)))?,
        buy_and_hold: BreakEven::find(|cost_bps| Ok(less(own(cost_bps)?, equity(holder, whole, cost_bps)?)))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::{START, history, strategy, walk};
    use crate::backtest::random::Random;

    const HOURS: usize = 600;

    /// A report on a random walk, all of it held out, of decisions that follow from the position and the prices.
    fn reported(seed: u64, shuffles: u32, trials: u32, weight: impl Fn(usize, &[u64]) -> u16) -> Report {
        let mut strategy = strategy();
        strategy.backtest.trials = trials;
        let prices = walk(HOURS + 1, seed);
        let history = history(&prices);
        let market = Market::new(&strategy, &history).unwrap();
        let decisions: Vec<Decision> =
            (0..HOURS).map(|at| Decision { at, saturated: 0, target: Target::Weight(weight(at, &prices)) }).collect();
        report(&strategy, &market, &decisions, &Options { shuffles, seed: 1, phase: &|_| {} }).unwrap()
    }

    /// All in the base token before each rise that is two hours away, so that a fill one quote later meets it.
    fn foresight(at: usize, prices: &[u64]) -> u16 {
        match prices.get(at + 2) {
            Some(after) if *after > prices[at + 1] => 10_000,
            _ => 0,
        }
    }

    fn random_weights(seed: u64, stay: usize) -> Vec<u16> {
        let mut random = Random::new(seed, 1 << 41);
        (0..HOURS.div_ceil(stay)).flat_map(|_| vec![if random.below(2) == 0 { 0 } else { 10_000 }; stay]).take(HOURS).collect()
    }

    #[test]
    fn foresight_beats_chance() {
        let report = reported(1, 199, 1, foresight);
        assert_eq!(report.verdict.beats(), Some(true));
        assert!(report.verdict.sentence("Seer").starts_with("Beats its own shuffled decisions on the held-out prices, and gains "));
        assert!(report.verdict.grounds().unwrap().contains("It does not mean that there will be a profit"));
        let judged = report.parts[0].run(Terms { cost_bps: 10, fill: Fill::OneQuoteLater }).unwrap();
        let (shuffled, shifted) = (judged.shuffled.as_ref().unwrap(), judged.shifted.as_ref().unwrap());
        assert_eq!((shuffled.below, shifted.below, shuffled.p_value), (199, 199, 1.0 / 200.0));
        assert!(judged.strategy.total_return > judged.buy_and_hold.total_return);
        assert!(judged.strategy.total_return > judged.constant_weight.total_return);
    }

    #[test]
    fn random_decisions_rarely_pass_for_more() {
        let passed = |seed: &u64| {
            let weights = random_weights(*seed, 1);
            reported(*seed, 99, 1, |at, _| weights[at]).verdict.beats() == Some(true)
        };
        // One in 20 at most, as a rule; more than 6 of 40 would happen once in 300 times.
        let passed = (0..40).filter(passed).count();
        assert!(passed <= 6, "{passed} of 40");
    }

    #[test]
    fn decisions_that_stay_need_more_than_fewer_costs() {
        // They change once in 30 hours, and shuffled ones every other hour, which costs 30 % more.
        let weights = random_weights(4, 30);
        let report = reported(4, 199, 1, |at, _| weights[at]);
        let Verdict::Compared { beats, beats_shuffled, beats_shifted, .. } = report.verdict else { panic!("{:?}", report.verdict) };
        assert_eq!((beats, beats_shuffled, beats_shifted), (false, true, false));
        assert!(report.verdict.sentence("Sloth").starts_with("Does not beat the same decisions at other hours"));
    }

    #[test]
    fn what_does_not_pass_is_said_plainly() {
        let weights = random_weights(2, 1);
        let report = reported(2, 99, 1, |at, _| weights[at]);
        assert_eq!(report.verdict.beats(), Some(false));
        assert!(report.verdict.sentence("Coin").starts_with("Does not beat its own shuffled decisions on the held-out prices"));
        assert!(report.verdict.grounds().unwrap().contains("At 10 bps, filled one quote later, it returned -"));
    }

    #[test]
    fn decisions_that_never_change_beat_nothing() {
        let report = reported(3, 99, 1, |_, _| 10_000);
        let Verdict::Compared { above_shuffled, above_shifted, beats, .. } = report.verdict else { panic!("{:?}", report.verdict) };
        assert_eq!((above_shuffled, above_shifted, beats), (0.0, 0.0, false));
    }

    #[test]
    fn more_trials_need_more() {
        let report = reported(1, 99, 6, foresight);
        assert_eq!(report.verdict, Verdict::TooFew { shuffles: 99, shifts: 99, needed: 119, trials: 6 });
        assert_eq!(report.verdict.beats(), None);
        assert!(report.verdict.sentence("Seer").contains("of 6 trials one without skill can be above all 99 shuffles, and at least 119"));
        let report = reported(1, 119, 6, foresight);
        assert_eq!(report.verdict.beats(), Some(true));
        assert!(report.verdict.grounds().unwrap().contains("more than 99.17 % of both"));
        assert!(report.parts[0].expected_best_sharpe > 0.0);
        assert!(report.caveats().last().unwrap().starts_with("The owner tried 6 strategies and shows one."));
    }

    #[test]
    fn without_shuffles_or_held_out_prices_nothing_is_judged() {
        assert_eq!(reported(1, 0, 1, foresight).verdict, Verdict::NotCompared);
        assert_eq!(reported(1, 19, 1, |_, _| 0).verdict, Verdict::NeverTraded);
        let mut seen = strategy();
        seen.backtest.train_until = Hour::new(START + 1_000).unwrap();
        let history = history(&walk(50, 1));
        let market = Market::new(&seen, &history).unwrap();
        let decisions = crate::backtest::fixtures::decisions(&[10_000; 50]);
        let found = report(&seen, &market, &decisions, &Options { shuffles: 19, ..Options::default() }).unwrap();
        assert_eq!((found.verdict, found.parts.len()), (Verdict::NothingHeldOut, 1));
        let found = report(&seen, &market, &[], &Options::default()).unwrap();
        assert_eq!((found.verdict, found.parts.len()), (Verdict::NothingHeldOut, 0));
    }

    #[test]
    fn a_report_has_every_cost_and_fill_and_follows_from_the_seed() {
        let weights = random_weights(5, 3);
        let one = reported(5, 19, 1, |at, _| weights[at]);
        assert_eq!(one, reported(5, 19, 1, |at, _| weights[at]));
        let part = &one.parts[0];
        let terms: Vec<_> = part.runs.iter().map(|run| (run.terms.fill, run.terms.cost_bps)).collect();
        let of = |fill| [0, 10, 30].map(|cost| (fill, cost));
        assert_eq!(terms, [of(Fill::AtQuote), of(Fill::OneQuoteLater)].concat());
        assert_eq!((part.hours, part.decisions, part.curves.hours.len(), part.curves.later.equity.len()), (601, 600, 601, 601));
        for run in &part.runs {
            let (weight, same) = (run.strategy.mean_weight_bps, run.constant_weight.mean_weight_bps);
            assert!(weight.abs_diff(same) < 30, "{weight} is not about {same}");
        }
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!(json["parts"][0]["runs"][4]["fill"], "one_quote_later");
        assert_eq!(json["parts"][0]["runs"][4]["cost_bps"], 10);
        assert_eq!(json["deposit"], "10000000000");
        assert_eq!(json["verdict"]["outcome"], "compared");
    }

    #[test]
    fn each_part_begins_with_the_deposit() {
        let mut divided = strategy();
        divided.backtest.train_until = Hour::new(START + 101).unwrap();
        let history = history(&walk(200, 8));
        let market = Market::new(&divided, &history).unwrap();
        let decisions = crate::backtest::fixtures::decisions(&[0; 200]);
        let found = report(&divided, &market, &decisions, &Options { shuffles: 0, ..Options::default() }).unwrap();
        assert_eq!(found.parts.iter().map(|part| part.label).collect::<Vec<_>>(), [Label::InSample, Label::HeldOut]);
        for part in &found.parts {
            assert_eq!(part.curves.later.equity[0], 10_000_000_000);
        }
        let (seen, unseen) = (&found.parts[0], &found.parts[1]);
        assert_eq!((seen.to, unseen.from), (Hour::new(START + 100).unwrap(), Hour::new(START + 100).unwrap()));
        assert_eq!(seen.decisions + unseen.decisions, 200);
    }
}
