//! The keeper: whoever makes a vault's hours happen. It records the price, settles, raises what redemptions need, and steps, hour by hour.
//!
//! It keeps no state of its own. Before each call it looks at the chain, and what is to be done follows from that alone ([`next()`]), so that it
//! can end at any moment, within a call as well, and another one goes on: nothing is repeated, and nothing left out. What it remembers while it
//! runs is when a refused call may be tried again.
//!
//! A refusal is no error. If the chain shows afterwards that somebody else was faster, it is not even told. Otherwise the call is made again
//! every [`PAUSE`] seconds while the hour can be acted on, unless the chain says that nothing can help within it. Then the next hour comes.

mod chain;
mod next;
mod run;
#[cfg(test)]
pub(crate) mod tests;

pub use chain::{Action, Chain, Failure, HourEvents, Opened, Recorded, Sight};
pub use next::{Attempts, Next, next};
pub use run::{Goal, HourReport, Kept, Told, Trouble, keep};

/// How long to wait until a refused call is made again, in seconds of the chain's clock.
pub const PAUSE: u64 = 120;
/// The least that a repeated settlement must be able to pay out, in the quote token's smallest unit: what a settlement that filled all it
/// could leaves behind by rounding is less.
pub const WORTH_SETTLING: u128 = 100;
