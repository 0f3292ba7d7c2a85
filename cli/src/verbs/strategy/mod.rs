//! `maat strategy`: what a strategy is, what it would have done, and proofs of that.

pub mod against;
mod backtest;
mod check;
mod hidden;
mod jobs;
pub mod opened;
mod outcomes;
pub mod prove;
mod report;
mod verify;

use std::path::Path;

use crate::response::Response;

/// Check, try and prove trading strategies on a network's decisions
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat strategy check strategy.toml\n  \
    maat strategy backtest strategy.toml --prices prices.csv\n  \
    maat strategy prove strategy.toml --prices prices.csv -o record.bin\n  \
    maat strategy prove strategy.toml --prices prices.csv --hide features \\\n      -o record.bin\n  \
    maat strategy verify record.bin --prices prices.csv\n\n\
    A strategy is a TOML file: the network's package, the pair, what the network sees of the prices, what follows from its answer, and \
    limits. docs/strategy.md describes it, and examples/rockybot has one.")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    Check(check::Arguments),
    Backtest(backtest::Arguments),
    Prove(prove::Arguments),
    Verify(verify::Arguments),
}

impl Arguments {
    /// The files that are written.
    pub fn outputs(&self) -> Vec<&Path> {
        match &self.action {
            Action::Backtest(arguments) => arguments.outputs(),
            Action::Prove(arguments) => vec![arguments.output()],
            Action::Check(_) | Action::Verify(_) => Vec::new(),
        }
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<Box<dyn Response>> {
    match arguments.action {
        Action::Check(arguments) => Ok(Box::new(check::run(&arguments)?)),
        Action::Backtest(arguments) => Ok(Box::new(backtest::run(&arguments)?)),
        Action::Prove(arguments) => Ok(Box::new(prove::run(&arguments)?)),
        Action::Verify(arguments) => verify::run(&arguments),
    }
}
