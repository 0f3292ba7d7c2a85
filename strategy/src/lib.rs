//! Strategies on quantised networks: what the network sees, what follows from its answer, how much is traded, and what that is worth.
//!
//! Everything that a contract will compute is integers here too. Floats are for charts and statistics alone.

#![forbid(unsafe_code)]

pub mod amount;
pub mod backtest;
pub mod chart;
mod decimal;
pub mod drawdown;
pub mod features;
pub mod fees;
pub mod file;
pub mod history;
pub mod hour;
pub mod keeper;
pub mod limits;
pub mod live;
pub mod math;
pub mod policy;
pub mod price;
pub mod prices;
pub mod proven;
pub mod rate;
pub mod record;
pub mod strategy;
pub mod vault;
pub mod vault_table;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
