//! One file a verb: its arguments, and a function that gives a typed response. Without the feature `transpile`, those are left that read
//! packages.

pub mod audit;
pub mod cache;
pub mod cairo_prove;
#[cfg(feature = "transpile")]
pub mod check;
pub mod commitment;
#[cfg(feature = "transpile")]
pub mod demo;
#[cfg(feature = "transpile")]
mod demo_vault;
pub mod deploy;
pub mod devnet;
pub mod execute;
#[cfg(feature = "transpile")]
mod importing;
pub mod inspect;
#[cfg(feature = "transpile")]
pub mod operators;
pub mod prove;
mod provenance;
pub mod registry;
pub mod run;
pub mod strategy;
pub mod submit;
#[cfg(feature = "transpile")]
pub mod transpile;
pub mod vault;
pub mod verify;
