//! One investor's money in a vault that trades at stated terms: the equity that follows from decisions and prices, in integers.
//!
//! It is the vault with everything left out that one investor does not see: requests, epochs and fees of settlement. At each accepted hour
//! it does what the vault does: the fee for managing, the drawdown rule, the decision, the limits, the trade.

use serde::Serialize;
use thiserror::Error;

use crate::drawdown::HighWater;
use crate::history::{History, Observation};
use crate::hour::{Hour, SECONDS};
use crate::limits::{Plan, Position, unwind};
use crate::math::{BASIS_POINTS, mul_div_floor, share_floor};
use crate::policy::{Target, UnknownClass};
use crate::rate::{Rate, is_pegged};
use crate::strategy::{DecisionPoint, Strategy};

/// What the policy made of the network's answer at an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The position in the history's accepted observations.
    pub at: usize,
    /// How many features were clamped.
    pub saturated: u32,
    /// What the policy asks for.
    pub target: Target,
}

/// At which price a trade is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// At the quote that the decision saw.
    AtQuote,
    /// At the next quote, because trading takes time. The last decision is never filled then.
    OneQuoteLater,
}

/// What trading costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// In basis points of what a trade is worth.
    pub cost_bps: u16,
    /// At which price.
    pub fill: Fill,
}

/// A history with the rate of each accepted hour.
#[derive(Debug, Clone)]
pub struct Market<'h> {
    history: &'h History,
    rates: Vec<Rate>,
}

/// What happened at an accepted hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The hour.
    pub hour: Hour,
    /// What the decision, or the drawdown rule, asked for, after all limits; nothing at hours without either.
    pub plan: Option<Plan>,
    /// What came back of a trade that was filled at this hour's quote, in the token that was bought.
    pub received: Option<u128>,
    /// What is held afterwards.
    pub position: Position,
    /// What all of it is worth, in the quote token.
    pub nav: u128,
    /// The investor's part of that: what is left after the fee for managing.
    pub equity: u128,
    /// Whether the drawdown rule has halted trading.
    pub halted: bool,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The investor's part at the end, in the quote token.
    pub equity: u128,
    /// How many trades were filled.
    pub trades: u32,
    /// What all trades were worth, in the quote token.
    pub turned_over: u128,
    /// What all trades cost, in the quote token: what they gave less than at the quote that they were filled at.
    pub costs: u128,
    /// The first hour at which trading was halted.
    pub halted: Option<Hour>,
}

/// Why nothing could be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimulationError {
    /// The pair has no rate: its prices are too far apart.
    #[error("{hour}: the prices give no rate that 128 bits hold")]
    Rate {
        /// When.
        hour: Hour,
    },
    /// An amount has more than 128 bits.
    #[error("{hour}: an amount has more than 128 bits")]
    Overflow {
        /// When.
        hour: Hour,
    },
    /// The network answered with a class that the policy does not have.
    #[error("{hour}: {source}")]
    Class {
        /// When.
        hour: Hour,
        /// The answer.
        source: UnknownClass,
    },
}

impl Fill {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::AtQuote, Self::OneQuoteLater];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::AtQuote => "at the quote",
            Self::OneQuoteLater => "one quote later",
        }
    }
}

impl Decision {
    /// What follows from the network's answer at a decision point: `outputs` are its output values.
    ///
    /// # Errors
    /// The answer is a class that the policy does not have.
    ///
    /// # Panics
    /// There are fewer outputs than the strategy has.
    pub fn new(strategy: &Strategy, history: &History, point: &DecisionPoint, outputs: &[i32]) -> Result<Self, SimulationError> {
        let answer = outputs[strategy.policy.output() as usize];
        let hour = history.accepted()[point.at].hour;
        let target = strategy.policy.target(answer).map_err(|source| SimulationError::Class { hour, source })?;
        Ok(Self { at: point.at, saturated: point.saturated, target })
    }
}

impl<'h> Market<'h> {
    /// The rates of a history for the strategy's pair.
    ///
    /// # Errors
    /// An hour has no rate.
    pub fn new(strategy: &Strategy, history: &'h History) -> Result<Self, SimulationError> {
        let rate = |seen: &Observation| strategy.pair.rate(seen).ok_or(SimulationError::Rate { hour: seen.hour });
        Ok(Self { history, rates: history.accepted().iter().map(rate).collect::<Result<_, _>>()? })
    }

    /// The history.
    pub fn history(&self) -> &'h History {
        self.history
    }

    /// The rate at the `at`-th accepted observation.
    pub fn rate(&self, at: usize) -> &Rate {
        &self.rates[at]
    }
}

/// Follows the decisions, in order, from the first one's hour to the accepted hour before `end`, and shows each hour to `visit`.
///
/// # Errors
/// An amount has more than 128 bits.
///
/// # Panics
/// A decision is not of this history.
pub fn simulate(
    strategy: &Strategy,
    market: &Market<'_>,
    decisions: &[Decision],
    end: usize,
    terms: Terms,
    mut visit: impl FnMut(&Step),
) -> Result<Run, SimulationError> {
    let mut book = Book::new(terms, strategy.backtest.deposit);
    let mut decisions = decisions.iter().peekable();
    let first = decisions.peek().map_or(end, |decision| decision.at);
    let mut before: Option<Hour> = None;
    for at in first..end {
        let seen = &market.history.accepted()[at];
        let decision = decisions.next_if(|decision| decision.at == at);
        let step = book.hour(strategy, seen, market.rate(at), before, decision);
        visit(&step.ok_or(SimulationError::Overflow { hour: seen.hour })?);
        before = Some(seen.hour);
    }
    Ok(book.run)
}

/// What is held and remembered between hours.
struct Book {
    terms: Terms,
    position: Position,
    /// The investor's shares, and all shares.
    own: u128,
    supply: u128,
    mark: HighWater,
    /// A plan that is filled at the next quote, and the hour that it was made at.
    waiting: Option<(Plan, Hour)>,
    run: Run,
}

impl Book {
    fn new(terms: Terms, deposit: u128) -> Self {
        let run = Run { equity: deposit, trades: 0, turned_over: 0, costs: 0, halted: None };
        let position = Position { quote: deposit, ..Position::default() };
        Self { terms, position, own: deposit, supply: deposit, mark: HighWater::default(), waiting: None, run }
    }

    /// Nothing if an amount has more than 128 bits.
    fn hour(
        &mut self,
        strategy: &Strategy,
        seen: &Observation,
        rate: &Rate,
        before: Option<Hour>,
        decision: Option<&Decision>,
    ) -> Option<Step> {
        let limits = &strategy.limits;
        let mut received = match self.waiting.take() {
            Some((plan, hour)) if is_pegged(seen.quote) => self.fill(plan, rate, hour)?,
            // Off the peg a trade fails. It is not tried again: the next decision is.
            _ => None,
        };
        // A vault that has halted is not managed any more.
        if self.run.halted.is_none() {
            let seconds = before.map_or(0, |before| seen.hour.since(before) * SECONDS);
            self.supply = self.supply.checked_add(strategy.fees.management_shares(self.supply, seconds)?)?;
        }
        let mut plan = None;
        if is_pegged(seen.quote) {
            let nav = self.nav(rate)?;
            if self.run.halted.is_none() && self.mark.observe(nav, self.supply, limits.max_drawdown_bps)? {
                self.run.halted = Some(seen.hour);
            }
            plan = match decision {
                _ if self.run.halted.is_some() => Some(unwind(limits, &self.position, rate)?),
                Some(decision) => Some(limits.plan(&self.position, rate, seen.hour, decision.target, decision.saturated)?),
                None => None,
            };
        }
        match (plan, self.terms.fill) {
            (Some(plan), Fill::AtQuote) => received = self.fill(plan, rate, seen.hour)?,
            (Some(plan @ (Plan::Buy { .. } | Plan::Sell { .. })), Fill::OneQuoteLater) => self.waiting = Some((plan, seen.hour)),
            _ => {}
        }
        let nav = self.nav(rate)?;
        self.run.equity = mul_div_floor(nav, self.own, self.supply)?;
        let Self { position, run: Run { equity, halted, .. }, .. } = *self;
        Some(Step { hour: seen.hour, plan, received, position, nav, equity, halted: halted.is_some() })
    }

    fn nav(&self, rate: &Rate) -> Option<u128> {
        rate.value_floor(self.position.base)?.checked_add(self.position.quote)
    }

    /// Fills a plan at a quote, and gives what came back: `floor(at the quote * (10,000 - cost) / 10,000)`.
    fn fill(&mut self, plan: Plan, rate: &Rate, hour: Hour) -> Option<Option<u128>> {
        let (at_quote, value) = match plan {
            Plan::Hold(_) => return Some(None),
            Plan::Buy { quote } => (rate.base_floor(quote)?, quote),
            Plan::Sell { base, value } => (rate.value_floor(base)?, value),
        };
        // The cost is at most 100 basis points.
        let received = share_floor(at_quote, (BASIS_POINTS as u32).saturating_sub(self.terms.cost_bps.into()))?;
        self.position = self.position.filled(plan, received, hour)?;
        let lost = at_quote - received;
        let cost = if matches!(plan, Plan::Buy { .. }) { rate.value_floor(lost)? } else { lost };
        let Run { trades, turned_over, costs, .. } = &mut self.run;
        *trades = trades.saturating_add(1);
        (*turned_over, *costs) = (turned_over.checked_add(value)?, costs.checked_add(cost)?);
        Some(Some(received))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::backtest::fixtures::{START, decisions, history, quoted_history, strategy};
    use crate::limits::Reason;
    use crate::price::Price;
    use crate::rate::Token;

    const USDC: u128 = 1_000_000;
    const MILLI_WETH: u128 = 1_000_000_000_000_000;
    const FREE: Terms = Terms { cost_bps: 0, fill: Fill::AtQuote };
    const LATER: Terms = Terms { cost_bps: 0, fill: Fill::OneQuoteLater };

    fn follow(strategy: &Strategy, history: &History, decisions: &[Decision], terms: Terms) -> (Run, Vec<Step>) {
        let market = Market::new(strategy, history).unwrap();
        let mut steps = Vec::new();
        let run = simulate(strategy, &market, decisions, history.accepted().len(), terms, |step| steps.push(*step)).unwrap();
        (run, steps)
    }

    fn equities(steps: &[Step]) -> Vec<u128> {
        steps.iter().map(|step| step.equity / USDC).collect()
    }

    #[test]
    fn at_the_quote_a_trade_gets_the_price_that_the_decision_saw() {
        let (run, steps) = follow(&strategy(), &history(&[1_000, 1_100, 1_200]), &decisions(&[10_000, 0, 0]), FREE);
        assert_eq!(equities(&steps), [10_000, 11_000, 11_000]);
        assert_eq!(steps[0].plan, Some(Plan::Buy { quote: 10_000 * USDC }));
        assert_eq!(steps[0].received, Some(10_000 * MILLI_WETH));
        assert_eq!(steps[1].received, Some(11_000 * USDC));
        assert_eq!(steps[2].plan, Some(Plan::Hold(Reason::Small)));
        assert_eq!(run, Run { equity: 11_000 * USDC, trades: 2, turned_over: 21_000 * USDC, costs: 0, halted: None });
    }

    #[test]
    fn one_quote_later_a_trade_gets_the_next_price_even_beyond_a_gap() {
        let (run, steps) = follow(&strategy(), &history(&[1_000, 0, 1_250, 1_500]), &decisions(&[10_000, 10_000, 10_000]), LATER);
        // 10,000 USDC at 1,250 are 8 WETH.
        assert_eq!(steps.iter().map(|step| step.received).collect::<Vec<_>>(), [None, Some(8_000 * MILLI_WETH), None]);
        assert_eq!(equities(&steps), [10_000, 10_000, 12_000]);
        assert_eq!((steps[0].position.base, run.trades), (0, 1));
        assert_eq!(steps[1].position.last_trade, Some(Hour::new(START).unwrap()), "limits count from the decision");
    }

    #[test]
    fn one_quote_later_the_last_decision_is_never_filled() {
        let (run, steps) = follow(&strategy(), &history(&[1_000, 1_000, 1_000]), &decisions(&[0, 0, 10_000]), LATER);
        assert_eq!(steps[2].plan, Some(Plan::Buy { quote: 10_000 * USDC }));
        assert_eq!((run.trades, run.turned_over, steps[2].position.base), (0, 0, 0));
        let (run, _) = follow(&strategy(), &history(&[1_000, 1_000, 1_000]), &decisions(&[0, 0, 10_000]), FREE);
        assert_eq!(run.trades, 1);
    }

    #[test]
    fn costs_are_taken_from_what_a_trade_gives() {
        let terms = Terms { cost_bps: 30, ..FREE };
        let (run, steps) = follow(&strategy(), &history(&[1_000, 1_000, 1_000]), &decisions(&[10_000, 0, 0]), terms);
        assert_eq!(steps[0].received, Some(9_970 * MILLI_WETH));
        // 30 USDC when buying, and 0.3 % of 9,970 USDC when selling.
        assert_eq!(steps[1].received, Some(9_940_090_000));
        assert_eq!((run.equity, run.costs, run.turned_over), (9_940_090_000, 59_910_000, 19_970 * USDC));
    }

    #[test]
    fn the_fee_for_managing_is_the_owners_and_runs_through_gaps() {
        let mut paid = strategy();
        paid.fees.management_bps = 200;
        let (_, hourly) = follow(&paid, &history(&[1_000, 1_000, 1_000, 1_000]), &decisions(&[0, 0, 0, 0]), FREE);
        // floor(10^10 * 200 * 3600 / (10^4 * 31,536,000)) = 22,831 new shares in the first hour.
        assert_eq!(hourly[0].equity, 10_000 * USDC);
        assert_eq!(hourly[1].equity, 10_000_000_000u128 * 10_000_000_000 / 10_000_022_831);
        assert!(hourly.iter().all(|step| step.nav == 10_000 * USDC), "the fee is shares, not tokens");
        let (_, gap) = follow(&paid, &history(&[1_000, 0, 0, 1_000]), &decisions(&[0, 0]), FREE);
        // floor(10^10 * 200 * 10,800 / ..) = 68,493 new shares in three hours.
        assert_eq!(gap[1].equity, 10_000_000_000u128 * 10_000_000_000 / 10_000_068_493);
        assert_eq!(hourly[1].hour.count() + 2, gap[1].hour.count());
    }

    #[test]
    fn two_hours_below_the_drawdown_halt_and_everything_is_sold_in_pieces() {
        let mut careful = strategy();
        (careful.limits.max_drawdown_bps, careful.limits.max_trade_bps) = (1_000, 4_000);
        // All is bought within three hours, at one price.
        let prices = [1_000, 1_000, 1_000, 890, 890, 1_000, 1_000, 1_000];
        let (run, steps) = follow(&careful, &history(&prices), &decisions(&[10_000; 8]), FREE);
        assert_eq!(run.halted, Some(Hour::new(START + 4).unwrap()));
        assert_eq!(steps.iter().map(|step| step.halted).collect::<Vec<_>>(), [false, false, false, false, true, true, true, true]);
        // 40 % of the value an hour; the decisions to buy count no more.
        let sold: Vec<bool> = steps.iter().map(|step| matches!(step.plan, Some(Plan::Sell { .. }))).collect();
        assert_eq!(sold, [false, false, false, false, true, true, true, false]);
        assert_eq!(steps[4].plan, Some(Plan::Sell { base: 4_000 * MILLI_WETH, value: 3_560 * USDC }));
        assert_eq!((steps[6].position.base, steps[7].plan), (0, Some(Plan::Hold(Reason::Small))));
    }

    #[test]
    fn one_hour_below_the_drawdown_does_not_halt() {
        let mut careful = strategy();
        careful.limits.max_drawdown_bps = 1_000;
        let (run, _) = follow(&careful, &history(&[1_000, 890, 910, 890, 910]), &decisions(&[10_000; 5]), FREE);
        assert_eq!((run.halted, run.trades), (None, 1));
    }

    #[test]
    fn the_fee_for_managing_counts_as_a_fall_of_a_share() {
        let mut careful = strategy();
        (careful.limits.max_drawdown_bps, careful.fees.management_bps) = (1, 200);
        // 2 % a year are 1 basis point in 44 hours, from the second one's value on.
        let (run, _) = follow(&careful, &history(&[1_000; 60]), &decisions(&[0; 60]), FREE);
        assert_eq!(run.halted, Some(Hour::new(START + 46).unwrap()));
    }

    #[test]
    fn off_the_peg_nothing_is_decided_unwound_or_held_against_the_share() {
        let off = 97_000_000;
        let one = Price::ONE_USD.units();
        let prices = [(1_000, one), (1_000, off), (1_000, off), (1_000, one)];
        let (run, steps) = follow(&strategy(), &quoted_history(&prices), &decisions(&[10_000, 0, 0, 0]), FREE);
        assert_eq!([steps[1].plan, steps[2].plan], [None, None]);
        assert_eq!((run.trades, steps[2].position.base, steps[3].position.base), (2, 10_000 * MILLI_WETH, 0));
        // A quote token that rises by 10 % makes the base token worth 9.1 % less of it: a fall that would halt, but for the peg.
        let mut careful = strategy();
        careful.limits.max_drawdown_bps = 500;
        let prices = [(1_000, one), (1_000, 110_000_000), (1_000, 110_000_000), (1_000, one)];
        let (run, steps) = follow(&careful, &quoted_history(&prices), &decisions(&[10_000; 4]), FREE);
        assert_eq!((run.halted, equities(&steps)), (None, vec![10_000, 9_090, 9_090, 10_000]));
        // Halted before: it waits with the rest.
        careful.limits.max_trade_bps = 10_000;
        let prices = [(1_000, one), (1_000, one), (900, one), (900, off), (900, one), (900, off), (900, one)];
        let (run, steps) = follow(&careful, &quoted_history(&prices), &decisions(&[10_000; 7]), FREE);
        assert_eq!(run.halted, Some(Hour::new(START + 4).unwrap()));
        assert_eq!((steps[3].plan, steps[5].plan, steps[4].position.base), (None, None, 0));
    }

    #[test]
    fn a_plan_that_waits_for_a_quote_off_the_peg_is_dropped() {
        let one = Price::ONE_USD.units();
        let prices = [(1_000, one), (1_000, 97_000_000), (1_000, one), (1_000, one)];
        let once = [Decision { at: 0, saturated: 0, target: Target::Weight(10_000) }];
        let later = Terms { fill: Fill::OneQuoteLater, ..FREE };
        let (run, steps) = follow(&strategy(), &quoted_history(&prices), &once, later);
        assert!(matches!(steps[0].plan, Some(Plan::Buy { .. })));
        assert_eq!((run.trades, steps[3].position.base), (0, 0));
    }

    #[test]
    fn hours_without_a_decision_trade_nothing() {
        let held =
            [Decision { at: 0, saturated: 0, target: Target::Weight(10_000) }, Decision { at: 3, saturated: 0, target: Target::Weight(0) }];
        let (run, steps) = follow(&strategy(), &history(&[1_000, 1_100, 1_200, 1_300, 1_000]), &held, FREE);
        assert_eq!(equities(&steps), [10_000, 11_000, 12_000, 13_000, 13_000]);
        assert_eq!((run.trades, [steps[1].plan, steps[2].plan, steps[4].plan]), (2, [None, None, None]));
    }

    #[test]
    fn it_goes_from_the_first_decision_to_the_end() {
        let strategy = strategy();
        let history = history(&[1_000, 1_100, 1_200, 1_300, 1_400]);
        let market = Market::new(&strategy, &history).unwrap();
        let late = &decisions(&[0, 0, 10_000, 10_000])[2..];
        let mut hours = Vec::new();
        let run = simulate(&strategy, &market, late, 4, FREE, |step| hours.push(step.hour.count() - START)).unwrap();
        assert_eq!((hours, run.equity / USDC), (vec![2, 3], 10_833));
        let none = simulate(&strategy, &market, &[], 4, FREE, |_| panic!("there is no hour")).unwrap();
        assert_eq!((none.equity, none.trades), (10_000 * USDC, 0));
    }

    #[test]
    fn limits_hold() {
        let mut bound = strategy();
        (bound.limits.max_trade_bps, bound.limits.cooldown_hours, bound.limits.max_weight_bps) = (2_500, 2, 6_000);
        let (_, steps) = follow(&bound, &history(&[1_000; 6]), &decisions(&[10_000; 6]), FREE);
        let held: Vec<u128> = steps.iter().map(|step| step.position.base / MILLI_WETH).collect();
        assert_eq!(held, [2_500, 2_500, 5_000, 5_000, 6_000, 6_000]);
        let clamped = [Decision { at: 0, saturated: 1, target: Target::Weight(10_000) }];
        let (run, steps) = follow(&bound, &history(&[1_000]), &clamped, FREE);
        assert_eq!((steps[0].plan, run.trades), (Some(Plan::Hold(Reason::Saturated)), 0));
        // A day's turnover is counted from the UTC midnight that fixtures begin at.
        let mut daily = strategy();
        daily.limits.max_turnover_bps = 10_000;
        let weights: Vec<u16> = (0..26).map(|hour| if hour % 2 == 0 { 10_000 } else { 0 }).collect();
        let (run, steps) = follow(&daily, &history(&[1_000; 26]), &decisions(&weights), FREE);
        assert_eq!(steps[1].plan, Some(Plan::Hold(Reason::Turnover)));
        assert_eq!((run.trades, steps[25].position.base), (2, 0));
    }

    #[test]
    fn what_cannot_be_computed_is_an_error_that_names_the_hour() {
        let hour = Hour::new(START).unwrap();
        let mut dear = strategy();
        let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
        (dear.pair.base, dear.pair.quote) = (token("A", 0), token("B", 24));
        let (base, quote) = (Price::MAX, Price::new(1).unwrap());
        let mut prices = History::default();
        prices.record(Observation { hour, base, quote }).unwrap();
        assert_eq!(Market::new(&dear, &prices).unwrap_err(), SimulationError::Rate { hour });
        (dear.pair.base, dear.pair.quote) = (token("A", 24), token("B", 0));
        (dear.limits.deposit_cap, dear.backtest.deposit) = (1 << 111, 1 << 111);
        let mut prices = History::default();
        prices.record(Observation { hour, base: Price::new(1).unwrap(), quote: Price::ONE_USD }).unwrap();
        let market = Market::new(&dear, &prices).unwrap();
        assert_eq!(simulate(&dear, &market, &decisions(&[10_000]), 1, FREE, |_| {}), Err(SimulationError::Overflow { hour }));
        let strategy = strategy();
        let history = history(&[1_000]);
        let point = DecisionPoint { at: 0, inputs: vec![0], saturated: 3 };
        let decision = |answer| Decision::new(&strategy, &history, &point, &[answer]);
        assert_eq!(decision(1), Ok(Decision { at: 0, saturated: 3, target: Target::Weight(10_000) }));
        assert_eq!(decision(2).unwrap().target, Target::Hold);
        assert_eq!(decision(3), Err(SimulationError::Class { hour, source: UnknownClass { answer: 3, rows: 3 } }));
    }

    proptest! {
        #[test]
        fn higher_costs_leave_less(weights in proptest::collection::vec(0u16..=1, 1..40), seed in 0u64..1_000) {
            let strategy = strategy();
            // Each for two hours: with a trade an hour, what costs take would leave a day's turnover less room.
            let history = history(&crate::backtest::fixtures::walk(2 * weights.len(), seed));
            let weights: Vec<u16> = weights.iter().flat_map(|weight| [weight * 10_000; 2]).collect();
            for fill in [Fill::AtQuote, Fill::OneQuoteLater] {
                let runs = [0, 10, 30, 100].map(|cost_bps| follow(&strategy, &history, &decisions(&weights), Terms { cost_bps, fill }).0);
                for pair in runs.windows(2) {
                    prop_assert_eq!(pair[0].trades, pair[1].trades);
                    prop_assert_eq!(pair[0].equity > pair[1].equity, pair[0].trades > 0);
                    prop_assert!(pair[0].equity >= pair[1].equity);
                }
            }
        }
    }
}
