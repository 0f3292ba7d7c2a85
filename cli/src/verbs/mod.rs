//! One file a verb: its arguments, and a function that gives a typed response.

pub mod cache;
pub mod cairo_prove;
pub mod check;
pub mod commitment;
pub mod demo;
pub mod deploy;
pub mod devnet;
pub mod execute;
pub mod inspect;
pub mod operators;
pub mod prove;
pub mod registry;
pub mod run;
pub mod transpile;
pub mod verify;
