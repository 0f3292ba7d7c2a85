//! `maat strategy check`: a strategy in words, and what a worst day costs.

use std::path::PathBuf;

use maat_runtime::{Interval, Model, dequantise};
use maat_strategy::limits::Limits;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::rate::Token;
use maat_strategy::strategy::Strategy;
use maat_verifier::hex;
use serde_json::{Value, json};

use super::opened::Opened;
use crate::inferences::Caveated;
use crate::response::{Response, fields, grouped, table};

/// How far oracles may be off, in basis points, in the worst day that is printed: the threshold at which most feeds on Starknet update.
const ORACLE_ERROR_BPS: u32 = 50;

/// Say in words what a strategy does, and what its limits allow on a worst day
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat strategy check strategy.toml\n\n\
    The package must be there. Nothing is traded, proven or written. The digest binds all that is shown: publish it before the results are \
    known. Records that hide the features have the digest `with hidden features`, which binds all else; the other one would let whoever \
    guesses the features know that they are right.")]
pub struct Arguments {
    /// The strategy, as docs/strategy.md describes it
    strategy: PathBuf,
}

/// A strategy that can be used.
pub struct Checked {
    strategy: Strategy,
    answer: Answer,
}

/// What the network's answer can be.
struct Answer {
    scale: i32,
    range: Interval,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Caveated<Checked>> {
    let Opened { strategy, model, caveats, .. } = Opened::read(&arguments.strategy)?;
    let answer = Answer::of(&model, strategy.policy.output());
    Ok(caveats.on(Checked { strategy, answer }))
}

impl Answer {
    /// That of the output value which a policy reads.
    fn of(model: &Model, output: u32) -> Self {
        let tensors = model.outputs().iter().map(|output| model.tensor(output.tensor));
        let mut values = tensors.flat_map(|tensor| std::iter::repeat_n(tensor, tensor.shape.elements()));
        // A strategy that was resolved with the model reads a value that there is.
        let tensor = values.nth(output as usize);
        tensor.map_or(Self { scale: 0, range: Interval::of_bits(32) }, |tensor| Self { scale: tensor.scale, range: tensor.range })
    }

    /// A real value for people, with its integer if that is another number.
    fn shown(&self, integer: i32) -> String {
        if self.scale == 0 { integer.to_string() } else { format!("{} ({integer})", dequantise(integer, self.scale)) }
    }

    /// The rows of a policy's table that no answer leads to.
    fn unreachable(&self, policy: &Policy) -> Vec<usize> {
        let rows = 0..policy.targets().len();
        let reached = |row: &usize| {
            let (from, to) = match policy.rule() {
                Rule::Class => (*row as i64, *row as i64),
                Rule::Edges(edges) => (
                    row.checked_sub(1).map_or(i64::MIN, |below| edges[below].into()),
                    edges.get(*row).map_or(i64::MAX, |above| i64::from(*above) - 1),
                ),
            };
            from <= self.range.hi && self.range.lo <= to
        };
        rows.filter(|row| !reached(row)).collect()
    }
}

/// What trading alone can lose in a day, in basis points of the value: `turnover * (slip + oracle error)`.
fn worst_day_bps(limits: &Limits) -> f64 {
    f64::from(limits.max_turnover_bps) * f64::from(u32::from(limits.max_slip_bps) + ORACLE_ERROR_BPS) / 10_000.0
}

/// Basis points as per cent.
fn per_cent(bps: impl Into<f64>) -> String {
    format!("{} %", bps.into() / 100.0)
}

/// An amount in whole tokens, as far as it has any.
pub fn whole(amount: u128, token: &Token) -> String {
    let (tokens, rest) = (amount / token.unit(), amount % token.unit());
    let places = format!("{rest:0width$}", width = usize::from(token.decimals));
    let places = places.trim_end_matches('0');
    let point = if rest == 0 { String::new() } else { format!(".{places}") };
    format!("{}{point} {}", u64::try_from(tokens).map_or_else(|_| tokens.to_string(), grouped), token.symbol)
}

impl Response for Checked {
    fn text(&self) -> String {
        let Strategy { name, commitment, pair, features, policy, limits, fees, backtest, .. } = &self.strategy;
        let (base, quote) = (&pair.base, &pair.quote);
        let seen = features.groups().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let identity = fields([
            ("strategy", name.clone()),
            ("digest", hex(&self.strategy.digest())),
            ("with hidden features", hex(&self.strategy.with_hidden_features().digest())),
            ("network", format!("{commitment}, as the package states it: `maat commitment` computes it anew")),
            ("pair", format!("{} ({} decimals) for {} ({} decimals)", base.symbol, base.decimals, quote.symbol, quote.decimals)),
            ("features", format!("{} values: {seen}; {}", features.rules().len(), in_a_row(features.window()))),
        ]);
        let most = |bps: u16| format!("at most {} of the value", per_cent(bps));
        let bounds = fields([
            ("share in the base token", most(limits.max_weight_bps)),
            ("a trade", format!("{} to {} of the value", per_cent(limits.min_trade_bps), per_cent(limits.max_trade_bps))),
            ("all trades of a UTC day", format!("at most {} of the value", per_cent(limits.max_turnover_bps))),
            ("between trades", format!("at least {} h", limits.cooldown_hours.max(1))),
            (
                "fills",
                format!("at most {} below the quote at first, {} at last", per_cent(limits.min_slip_bps), per_cent(limits.max_slip_bps)),
            ),
            ("fresh quotes", format!("at most {} from the recorded price", per_cent(limits.max_drift_bps))),
            (
                "drawdown",
                format!(
                    "two hours in a row below {} of the highest share value halt it for good",
                    per_cent(10_000 - limits.max_drawdown_bps)
                ),
            ),
            ("clamped features", format!("with more than {}, it holds", limits.max_saturated)),
            ("deposits", format!("until the value is {}", whole(limits.deposit_cap, quote))),
            (
                "fees",
                format!(
                    "{} a year for managing; {} of what enters or leaves, for those who stay",
                    per_cent(fees.management_bps),
                    per_cent(fees.settle_bps)
                ),
            ),
        ]);
        let day = format!(
            "On a worst day, trading alone costs {:.2} % of the value: a turnover of {}, filled {} below a quote that is itself {} off. What the \
             price does to what is held comes on top.",
            worst_day_bps(limits) / 100.0,
            per_cent(limits.max_turnover_bps),
            per_cent(limits.max_slip_bps),
            per_cent(ORACLE_ERROR_BPS),
        );
        let costs = backtest.costs_bps.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let tried = format!(
            "Backtests start with {}, at costs of {costs} bps. Prices before {} were used for training, and {}: the owner's word.",
            whole(backtest.deposit, quote),
            backtest.train_until,
            if backtest.trials == 1 {
                "no other strategy was tried on them".to_owned()
            } else {
                format!("{} strategies were tried on them", backtest.trials)
            },
        );
        [identity, policy_table(policy, &self.answer), bounds, day, tried].join("\n\n")
    }

    fn json(&self) -> Value {
        json!({
            "strategy": self.strategy,
            "digest": hex(&self.strategy.digest()),
            "digest_with_hidden_features": hex(&self.strategy.with_hidden_features().digest()),
            "window_hours": self.strategy.features.window(),
            "worst_day_bps": worst_day_bps(&self.strategy.limits),
            "oracle_error_bps": ORACLE_ERROR_BPS,
            "unreachable_rows": self.answer.unreachable(&self.strategy.policy),
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.unreachable().into_iter().chain(lost_fee(&self.strategy)).chain(cheap_entry(&self.strategy)).collect()
    }
}

impl Checked {
    /// Rows of the policy that no answer leads to.
    fn unreachable(&self) -> Option<String> {
        let rows = self.answer.unreachable(&self.strategy.policy);
        if rows.is_empty() {
            return None;
        }
        let Answer { scale, range } = &self.answer;
        let real = |bound: i64| bound as f64 * 2f64.powi(-scale);
        let rows = rows.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        Some(format!(
            "no answer of the network leads to the targets {rows}, counted from 0: it provably stays within {} to {}. Are the edges in the \
             unit of the network's output?",
            real(range.lo),
            real(range.hi)
        ))
    }
}

/// A management fee that a backtest never pays.
pub fn lost_fee(strategy: &Strategy) -> Option<String> {
    strategy.fees.is_lost(strategy.backtest.deposit).then(|| {
        "an hour's management fee on the backtest's deposit is less than the smallest unit and rounds down to nothing: results are as if it \
         were free"
            .to_owned()
    })
}

/// A settlement fee that is less than what an entry can cost the other investors: it causes purchases, and an exit in kind is free.
fn cheap_entry(strategy: &Strategy) -> Option<String> {
    let Strategy { limits, fees, .. } = strategy;
    let caused = f64::from(limits.max_weight_bps) * f64::from(limits.max_slip_bps) / 10_000.0;
    (f64::from(fees.settle_bps) < caused).then(|| {
        format!(
            "settle_bps is {}, but the purchases that a deposit causes can cost the other investors {caused} basis points of it (max_weight_bps \
             * max_slip_bps): raise settle_bps, or lower one of the two",
            fees.settle_bps
        )
    })
}

fn in_a_row(hours: usize) -> String {
    if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours in a row") }
}

/// The policy, a row for each answer of the network.
fn policy_table(policy: &Policy, answers: &Answer) -> String {
    let answer = |row: usize| match policy.rule() {
        Rule::Class => format!("class {row}"),
        Rule::Edges(edges) => match (row.checked_sub(1).map(|below| edges[below]), edges.get(row)) {
            (None, None) => "anything".to_owned(),
            (None, Some(above)) => format!("below {}", answers.shown(*above)),
            (Some(below), None) => format!("{} and above", answers.shown(below)),
            (Some(below), Some(above)) => format!("from {}, below {}", answers.shown(below), answers.shown(*above)),
        },
    };
    let rows = policy.targets().iter().enumerate().map(|(row, target)| {
        let target = match target {
            Target::Weight(weight) => per_cent(*weight),
            Target::Hold => "hold".to_owned(),
        };
        [answer(row), target]
    });
    table([&format!("output value {}", policy.output()), "share in the base token"], rows).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_no_answer_leads_to_are_found() {
        let targets = |count| vec![Target::Hold; count];
        let answer = Answer { scale: 2, range: Interval::new(-8, 7) };
        let edges = |edges: &[i32]| Policy::new(0, Rule::Edges(edges.to_vec()), targets(edges.len() + 1)).unwrap();
        assert_eq!(answer.unreachable(&edges(&[-8, 0, 7])), [0]);
        assert_eq!(answer.unreachable(&edges(&[-7, 0, 7])), [0usize; 0]);
        assert_eq!(answer.unreachable(&edges(&[-7, 0, 8])), [3]);
        assert_eq!(answer.unreachable(&edges(&[-20, -10])), [0, 1]);
        let class = Answer { scale: 0, range: Interval::new(0, 2) };
        assert_eq!(class.unreachable(&Policy::new(0, Rule::Class, targets(4)).unwrap()), [3]);
        assert_eq!((answer.shown(-3), class.shown(2)), ("-0.75 (-3)".to_owned(), "2".to_owned()));
    }

    #[test]
    fn amounts_are_shown_in_whole_tokens() {
        let token = |decimals| Token { symbol: "USDC".to_owned(), decimals };
        assert_eq!(whole(1_000_000_000_000, &token(6)), "1,000,000 USDC");
        assert_eq!(whole(1_500_001, &token(6)), "1.500001 USDC");
        assert_eq!(whole(7, &token(0)), "7 USDC");
        assert_eq!(whole(u128::MAX, &token(0)), format!("{} USDC", u128::MAX));
    }
}
