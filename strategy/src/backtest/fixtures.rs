//! Strategies and markets that tests are made of.

use maat_runtime::Interval;

use super::simulate::Decision;
use crate::features::{Feature, Features, InputRule};
use crate::fees::Fees;
use crate::history::{History, Observation};
use crate::hour::Hour;
use crate::limits::Limits;
use crate::policy::{Policy, Rule, Target};
use crate::price::Price;
use crate::rate::{Pair, Token};
use crate::strategy::{BacktestRules, Strategy};

/// The first hour of fixtures: a UTC midnight.
pub(crate) const START: u64 = 24 * 18_779;

/// A strategy without fees and with no limit that binds: 10,000 USDC, and all of it or none in the base token.
pub(crate) fn strategy() -> Strategy {
    let Interval { lo, hi } = Interval::of_bits(16);
    let rule = InputRule { scale: 8, lo: lo as i32, hi: hi as i32 };
    let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
    let strategy = Strategy {
        name: "Fixture".to_owned(),
        commitment: format!("0x00{}", "01".repeat(31)).parse().unwrap(),
        outputs: 1,
        pair: Pair { base: token("WETH", 18), quote: token("USDC", 6) },
        features: Features::new(vec![Feature::Return { lags: vec![1] }], vec![rule]).unwrap(),
        policy: Policy::new(0, Rule::Class, vec![Target::Weight(0), Target::Weight(10_000), Target::Hold]).unwrap(),
        limits: Limits {
            max_weight_bps: 10_000,
            max_trade_bps: 10_000,
            max_turnover_bps: 240_000,
            cooldown_hours: 0,
            min_trade_bps: 1,
            min_slip_bps: 0,
            max_slip_bps: 100,
            max_drift_bps: 100,
            max_drawdown_bps: 10_000,
            max_saturated: 0,
            deposit_cap: 1 << 100,
        },
        fees: Fees { management_bps: 0, settle_bps: 0 },
        backtest: BacktestRules { deposit: 10_000_000_000, costs_bps: vec![0, 10, 30], train_until: Hour::new(START).unwrap(), trials: 1 },
    };
    strategy.check().unwrap();
    strategy
}

/// A price in USD at each hour from [`START`] on; hours with 0 are gaps.
pub(crate) fn history(prices: &[u64]) -> History {
    let quoted: Vec<_> = prices.iter().map(|price| (*price, Price::ONE_USD.units())).collect();
    quoted_history(&quoted)
}

/// The same with the quote token's price in 1e-8 USD.
pub(crate) fn quoted_history(prices: &[(u64, u64)]) -> History {
    let mut history = History::default();
    for (hour, (base, quote)) in (START..).zip(prices).filter(|(_, (base, _))| *base > 0) {
        let [base, quote] = [base * Price::ONE_USD.units(), *quote].map(|units| Price::new(units).unwrap());
        history.record(Observation { hour: Hour::new(hour).unwrap(), base, quote }).unwrap();
    }
    history
}

/// A decision for a weight at each accepted hour, from the first one on.
pub(crate) fn decisions(weights_bps: &[u16]) -> Vec<Decision> {
    weights_bps.iter().enumerate().map(|(at, weight)| Decision { at, saturated: 0, target: Target::Weight(*weight) }).collect()
}

/// Prices that rise or fall by about 1 % an hour, by the bits of a generator: never further than the history allows.
pub(crate) fn walk(hours: usize, seed: u64) -> Vec<u64> {
    let mut random = super::random::Random::new(seed, 1 << 40);
    let mut price = 100_000;
    let step = || {
        price = if random.below(2) == 0 { price - price / 100 } else { price + price / 100 };
        price
    };
    std::iter::repeat_with(step).take(hours).collect()
}
