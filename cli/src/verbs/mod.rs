//! One file a verb: its arguments, and a function that gives a typed response.

pub mod demo;
pub mod inspect;
pub mod run;
pub mod transpile;
