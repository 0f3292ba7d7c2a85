//! The results of a record, as text and as JSON.

use maat_strategy::backtest::Run;
use maat_strategy::record::{Conditions, Outcome};
use maat_strategy::strategy::Strategy;
use serde_json::{Value, json};

use super::check::whole;
use crate::response::{grouped, percent, table};

/// A row for each result.
pub fn outcomes_table(strategy: &Strategy, results: &[Outcome]) -> String {
    let (quote, deposit) = (&strategy.pair.quote, strategy.backtest.deposit);
    let rows = results.iter().map(|Outcome { of: Conditions { part, terms }, run }| {
        let Run { equity, trades, turned_over, costs, halted } = run;
        [
            format!("{}, {} bps, {}", part.name(), terms.cost_bps, terms.fill.name()),
            whole(*equity, quote),
            percent(gain(*equity, deposit)),
            grouped(*trades),
            whole(*turned_over, quote),
            whole(*costs, quote),
            halted.map_or_else(|| "never".to_owned(), |hour| hour.to_string()),
        ]
    });
    table(["part, cost, fill", "equity", "return", "trades", "turned over", "costs", "halted"], rows).to_string()
}

/// The same for machines. Amounts are decimal texts in the quote token's smallest unit.
pub fn outcomes_json(strategy: &Strategy, results: &[Outcome]) -> Value {
    let deposit = strategy.backtest.deposit;
    let object = |Outcome { of: Conditions { part, terms }, run }: &Outcome| {
        let Run { equity, trades, turned_over, costs, halted } = run;
        json!({
            "part": part,
            "cost_bps": terms.cost_bps,
            "fill": terms.fill,
            "equity": equity.to_string(),
            "return": gain(*equity, deposit),
            "trades": trades,
            "turned_over": turned_over.to_string(),
            "costs": costs.to_string(),
            "halted": halted.map(|hour| hour.to_string()),
        })
    };
    results.iter().map(object).collect()
}

/// What was gained, as a share of the deposit.
fn gain(equity: u128, deposit: u128) -> f64 {
    equity as f64 / deposit as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_is_a_share_of_the_deposit() {
        assert_eq!([1_500, 1_000, 250].map(|equity| gain(equity, 1_000)), [0.5, 0.0, -0.75]);
    }
}
