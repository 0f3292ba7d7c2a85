//! What a run was worth: return, drawdown, Sharpe ratio, turnover and costs. Floats, because nothing is traded by them.

use serde::Serialize;

use super::bootstrap::interval;
use super::simulate::{Decision, Market, Run, SimulationError, Step, Terms, simulate};
use crate::history::Observation;
use crate::hour::Hour;
use crate::limits::{Limits, Plan, Reason};
use crate::math::{BASIS_POINTS, mul_div_floor};
use crate::rate::is_pegged;
use crate::strategy::Strategy;

/// Hours of a year of 365 days.
pub const HOURS_PER_YEAR: f64 = 8_760.0;

/// Returns that vary less than this share of the largest one vary by rounding alone, and have no Sharpe ratio.
const VARIATION: f64 = 1e-9;

/// What a run was worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Performance {
    /// What the investor has at the end, in the quote token's smallest unit.
    #[serde(serialize_with = "crate::decimal::serialize")]
    pub equity: u128,
    /// What that is more than the deposit, as a share of the deposit.
    #[serde(rename = "return")]
    pub total_return: f64,
    /// The deepest fall of the equity from its highest so far, as a share of that.
    pub max_drawdown: f64,
    /// The Sharpe ratio, annualised: see [`sharpe`]. Nothing if nothing was held.
    pub sharpe: Option<f64>,
    /// Its 95 % confidence interval: see [`super::bootstrap::interval`].
    pub sharpe_interval: Option<[f64; 2]>,
    /// How many trades were filled.
    pub trades: u32,
    /// What all trades were worth, in the quote token's smallest unit.
    #[serde(serialize_with = "crate::decimal::serialize")]
    pub turned_over: u128,
    /// What all trades were worth, in deposits.
    pub turnover: f64,
    /// What all trades cost, in the quote token's smallest unit.
    #[serde(serialize_with = "crate::decimal::serialize")]
    pub costs: u128,
    /// The owner's part of the value at the end, for managing, in the quote token's smallest unit.
    #[serde(serialize_with = "crate::decimal::serialize")]
    pub fees: u128,
    /// The mean share of the value in the base token, over all hours, in basis points.
    pub mean_weight_bps: u16,
    /// Hours with something in the base token.
    pub hours_held: u32,
    /// The first hour at which the drawdown rule halted trading.
    #[serde(serialize_with = "super::text::option")]
    pub halted: Option<Hour>,
    /// What the decisions came to.
    pub outcomes: Outcomes,
}

/// What the decisions came to: each is counted once, and so are hours without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Outcomes {
    /// A trade was asked for.
    pub traded: u32,
    /// Held: more features were clamped than may be.
    pub saturated: u32,
    /// Held: the policy said so.
    pub policy: u32,
    /// Held: the trade would have been smaller than the least one.
    pub small: u32,
    /// Held: the last trade was too recent.
    pub cooldown: u32,
    /// Held: the day's turnover was used up.
    pub turnover: u32,
    /// Nothing was done: the quote token was off its peg.
    pub off_peg: u32,
    /// Nothing was asked: trading was halted.
    pub halted: u32,
    /// Hours at which nothing was decided, because there was a gap among the prices before.
    pub undecided: u32,
}

/// The equity of a run at each hour, and what was in the base token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// At each accepted hour after its trade, in the quote token's smallest unit.
    pub equity: Vec<u128>,
    /// The share of the value in the base token at each of these hours, in basis points.
    pub weights_bps: Vec<u16>,
}

/// Simulates, and measures what came out.
///
/// # Errors
/// An amount has more than 128 bits.
pub fn perform(
    strategy: &Strategy,
    market: &Market<'_>,
    decisions: &[Decision],
    end: usize,
    terms: Terms,
    seed: u64,
) -> Result<(Performance, Path), SimulationError> {
    let mut path = Path::default();
    let mut outcomes = Outcomes::default();
    let (mut hours_held, mut weights, mut fees) = (0, 0, 0);
    let mut open = decisions.iter().peekable();
    let first = open.peek().map_or(end, |decision| decision.at);
    let mut seen = market.history().accepted()[first..].iter();
    let run = simulate(strategy, market, decisions, end, terms, |step| {
        let decided = open.next_if(|decision| decision.at == first + path.equity.len()).is_some();
        // Each step is of the next accepted hour.
        if let Some(seen) = seen.next() {
            outcomes.count(decided, seen, step);
        }
        let weight = weight_bps(step);
        hours_held += u32::from(step.position.base > 0);
        weights += u64::from(weight);
        fees = step.nav - step.equity;
        path.equity.push(step.equity);
        path.weights_bps.push(weight);
    })?;
    let deposit = strategy.backtest.deposit;
    let returns = returns(deposit, &path.equity);
    let hours = path.equity.len() as u64;
    let held = hours_held > 0;
    let Run { equity, trades, turned_over, costs, halted } = run;
    let performance = Performance {
        equity,
        total_return: total_return(deposit, equity),
        max_drawdown: drawdowns(deposit, &path.equity).fold(0.0, f64::max),
        sharpe: if held { sharpe(&returns) } else { None },
        sharpe_interval: if held { interval(&returns, seed) } else { None },
        trades,
        turned_over,
        turnover: turned_over as f64 / deposit as f64,
        costs,
        fees,
        // The mean of numbers up to 10,000, to the nearest.
        mean_weight_bps: (weights + hours / 2).checked_div(hours).unwrap_or(0) as u16,
        hours_held,
        halted,
        outcomes,
    };
    Ok((performance, path))
}

/// The same strategy without limits and fees, as whoever holds both tokens alone has them.
pub fn unbound(strategy: &Strategy) -> Strategy {
    let limits = Limits {
        max_weight_bps: 10_000,
        max_trade_bps: 10_000,
        max_turnover_bps: 240_000,
        cooldown_hours: 0,
        min_trade_bps: 1,
        // A value that falls to nothing is no breach.
        max_drawdown_bps: 10_000,
        max_saturated: u32::MAX,
        ..strategy.limits.clone()
    };
    let fees = crate::fees::Fees { management_bps: 0, settle_bps: 0 };
    Strategy { limits, fees, ..strategy.clone() }
}

/// What is more than the deposit, as a share of it.
pub fn total_return(deposit: u128, equity: u128) -> f64 {
    equity as f64 / deposit as f64 - 1.0
}

/// The return from each hour to the next; the first one is from the deposit to the first hour, and holds the costs of its trade. A gap gives
/// one return. From nothing, there is none.
pub fn returns(deposit: u128, equity: &[u128]) -> Vec<f64> {
    let before = std::iter::once(&deposit).chain(equity);
    before.zip(equity).map(|(before, after)| if *before == 0 { 0.0 } else { *after as f64 / *before as f64 - 1.0 }).collect()
}

/// How far the equity is below its highest so far, as a share of that, at each hour. The deposit counts as the first height.
pub fn drawdowns(deposit: u128, equity: &[u128]) -> impl Iterator<Item = f64> {
    equity.iter().scan(deposit, |peak, equity| {
        *peak = (*peak).max(*equity);
        Some(1.0 - *equity as f64 / (*peak).max(1) as f64)
    })
}

/// The Sharpe ratio of hourly returns, annualised: their mean by their standard deviation (with `n - 1`), times the square root of the hours
/// of a year. Cash earns nothing, so nothing is taken off. Nothing if the returns do not vary.
///
/// W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994). Annualising by the square root takes returns as uncorrelated:
/// A. W. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58 (2002).
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    let n = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let squares = returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    ratio(mean, squares / (n - 1.0), largest(returns))
}

/// The largest of returns, without its sign.
pub(super) fn largest(returns: &[f64]) -> f64 {
    returns.iter().fold(0.0, |most: f64, value| most.max(value.abs()))
}

/// A Sharpe ratio from the mean and the variance of returns, of which one has this largest size.
pub(super) fn ratio(mean: f64, variance: f64, largest: f64) -> Option<f64> {
    let deviation = variance.max(0.0).sqrt();
    (deviation > VARIATION * largest).then(|| mean / deviation * HOURS_PER_YEAR.sqrt())
}

/// The share of the value in the base token, rounded down.
fn weight_bps(step: &Step) -> u16 {
    let base = step.nav - step.position.quote;
    mul_div_floor(base, BASIS_POINTS, step.nav).and_then(|weight| weight.try_into().ok()).unwrap_or(0)
}

impl Outcomes {
    fn count(&mut self, decided: bool, seen: &Observation, step: &Step) {
        let Self { traded, saturated, policy, small, cooldown, turnover, off_peg, halted, undecided } = self;
        let which = match step.plan {
            _ if !decided => undecided,
            _ if !is_pegged(seen.quote) => off_peg,
            _ if step.halted => halted,
            Some(Plan::Buy { .. } | Plan::Sell { .. }) | None => traded,
            Some(Plan::Hold(reason)) => match reason {
                Reason::Saturated => saturated,
                Reason::Policy => policy,
                Reason::Small => small,
                Reason::Cooldown => cooldown,
                Reason::Turnover => turnover,
            },
        };
        *which += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::{START, decisions, history, quoted_history, strategy};
    use crate::backtest::simulate::Fill;
    use crate::policy::Target;
    use crate::price::Price;

    const FREE: Terms = Terms { cost_bps: 0, fill: Fill::AtQuote };

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-9
    }

    #[test]
    fn drawdowns_are_from_the_highest_so_far_and_the_deposit_counts() {
        let found: Vec<f64> = drawdowns(100, &[90, 110, 99, 120, 60, 120]).collect();
        assert!([0.1, 0.0, 0.1, 0.0, 0.5, 0.0].iter().zip(&found).all(|(expected, found)| near(*expected, *found)), "{found:?}");
    }

    #[test]
    fn returns_are_from_hour_to_hour_and_from_the_deposit() {
        let found = returns(100, &[90, 99, 0, 0]);
        assert!([-0.1, 0.1, -1.0, 0.0].iter().zip(&found).all(|(expected, found)| near(*expected, *found)), "{found:?}");
    }

    #[test]
    fn a_sharpe_ratio_is_the_mean_by_the_deviation_of_a_year() {
        // Mean 0.02, deviation 0.01 * sqrt(2).
        assert!(near(sharpe(&[0.01, 0.03]).unwrap(), 2.0 / 2f64.sqrt() * 8_760f64.sqrt()));
        assert!(near(sharpe(&[-0.01, -0.03]).unwrap(), -2.0 / 2f64.sqrt() * 8_760f64.sqrt()));
        for flat in [&[][..], &[0.01], &[0.0, 0.0, 0.0], &[0.001; 1_000]] {
            assert_eq!(sharpe(flat), None, "{} returns", flat.len());
        }
    }

    #[test]
    fn a_run_that_holds_nothing_has_no_sharpe_ratio_though_fees_round() {
        let mut paid = strategy();
        paid.fees.management_bps = 200;
        let history = history(&[1_000; 100]);
        let market = Market::new(&paid, &history).unwrap();
        let (performance, path) = perform(&paid, &market, &decisions(&[0; 100]), 100, FREE, 1).unwrap();
        assert!(sharpe(&returns(paid.backtest.deposit, &path.equity)).is_some(), "rounding alone gives one");
        assert_eq!((performance.sharpe, performance.sharpe_interval, performance.hours_held), (None, None, 0));
        assert_eq!(performance.fees, paid.backtest.deposit - performance.equity);
    }

    #[test]
    fn weights_are_averaged_over_all_hours() {
        let strategy = strategy();
        let history = history(&[1_000; 10]);
        let market = Market::new(&strategy, &history).unwrap();
        let weights = [10_000, 10_000, 0, 0, 10_000, 0, 0, 0, 5_000, 5_000];
        let (performance, path) = perform(&strategy, &market, &decisions(&weights), 10, Terms { cost_bps: 30, ..FREE }, 1).unwrap();
        assert_eq!(
            (performance.mean_weight_bps, performance.hours_held),
            (3_999, 5),
            "the half is 49.92 % after costs, and 49.99 % an hour later"
        );
        assert_eq!(path.weights_bps[..8], [10_000, 10_000, 0, 0, 10_000, 0, 0, 0]);
        assert!(near(performance.turnover, performance.turned_over as f64 / 1e10));
        assert!(near(performance.total_return, performance.equity as f64 / 1e10 - 1.0));
    }

    #[test]
    fn each_hour_comes_to_one_thing() {
        let mut bound = strategy();
        let limits = &mut bound.limits;
        (limits.cooldown_hours, limits.max_turnover_bps, limits.max_drawdown_bps) = (2, 10_000, 1_000);
        let one = Price::ONE_USD.units();
        let mut prices = vec![(1_000, one); 12];
        prices[6].1 = 97_000_000;
        (prices[8].0, prices[9].0) = (800, 800);
        let history = quoted_history(&prices);
        let market = Market::new(&bound, &history).unwrap();
        let weight = |at, weight| Decision { at, saturated: 0, target: Target::Weight(weight) };
        let decisions = [
            weight(0, 10_000),                                           // traded
            weight(1, 0),                                                // cooldown
            weight(2, 0),                                                // turnover
            Decision { at: 3, saturated: 0, target: Target::Hold },      // policy
            Decision { at: 4, saturated: 1, target: Target::Weight(0) }, // saturated
            weight(5, 10_000),                                           // small
            weight(6, 0),                                                // off the peg
            weight(8, 10_000),                                           // small; 7 is undecided
            weight(9, 10_000),                                           // halted
            weight(10, 10_000),                                          // halted; 11 is undecided
        ];
        let (performance, _) = perform(&bound, &market, &decisions, 12, FREE, 1).unwrap();
        let expected =
            Outcomes { traded: 1, saturated: 1, policy: 1, small: 2, cooldown: 1, turnover: 1, off_peg: 1, halted: 2, undecided: 2 };
        assert_eq!(performance.outcomes, expected);
        assert_eq!(performance.halted, Some(Hour::new(START + 9).unwrap()));
        let json = serde_json::to_value(&performance).unwrap();
        assert_eq!((&json["halted"], &json["equity"]), (&"2021-06-01T09:00:00Z".into(), &performance.equity.to_string().into()));
    }

    #[test]
    fn without_limits_and_fees_everything_is_bought_at_once_and_kept() {
        let mut bound = strategy();
        bound.limits = Limits { max_weight_bps: 100, max_trade_bps: 100, max_turnover_bps: 100, max_drawdown_bps: 1, ..bound.limits };
        bound.fees.management_bps = 200;
        let history = history(&[1_000, 800, 960, 1_200]);
        let market = Market::new(&bound, &history).unwrap();
        let (performance, path) = perform(&unbound(&bound), &market, &decisions(&[10_000; 4]), 4, FREE, 1).unwrap();
        assert_eq!((performance.equity, performance.trades, performance.halted), (12_000_000_000, 1, None));
        assert_eq!(path.weights_bps, [10_000; 4]);
    }
}
