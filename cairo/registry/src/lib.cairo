//! The registry of models: who owns which model, which class each of its versions is, execution of exactly that class, and what was proven of it.
//!
//! `registry` is the contract. It wires the components `ownership`, `lifecycle` and `facts`, which know nothing of one another.

pub mod checks;
pub mod entries;
pub mod errors;
pub mod facts;
pub mod lifecycle;
pub mod ownership;
pub mod page;
pub mod records;
pub mod registry;

#[cfg(test)]
mod tests;
