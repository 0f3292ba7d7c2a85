//! One investor's money in a vault that trades at stated terms: the equity that follows from decisions and prices, in integers.
//!
//! It is the vault with everything left out that one investor does not see: requests, epochs and fees of settlement. At each accepted hour
//! it does what the vault does: the fee for managing, the drawdown rule, the decision, the limits, the trade.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fill {
    /// At the quote that the decision saw.
    AtQuote,
    /// At the next quote, because trading takes time. The last decision is never filled then.
    OneQuoteLater,
}

/// What trading costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
            Some((plan, hour)) => self.fill(plan, rate, hour)?,
            None => None,
        };
        let seconds = before.map_or(0, |before| seen.hour.since(before) * SECONDS);
        self.supply = self.supply.checked_add(strategy.fees.management_shares(self.supply, seconds)?)?;
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
