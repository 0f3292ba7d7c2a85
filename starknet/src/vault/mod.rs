//! Vaults that trade on a registered model: deployment, typed calls, answers and events.
//!
//! Whatever a vault, a price history or a token says is decoded within bounds, and is an error otherwise: any contract can be at an address.
//! What `cairo/vault` refuses comes back as a [`Refusal`].

mod answers;
pub mod calldata;
mod calls;
pub mod contracts;
mod deploy;
mod events;
mod felts;
mod history;
mod kept;
mod mocks;
mod observed;
mod refusal;
mod token;

pub use answers::{Books, Change, Epoch, LastHours, Latest, Move, Parts, Proposal, Queues, Quote, Requested, Snapshot, TokenPrice};
pub use calls::{Done, Vault};
pub use deploy::{DeployedVault, Layout, VaultPlan, network_account};
pub use events::{ContractEvent, HistoryEvent, Logged, VaultEvent};
pub use history::{History, Recording};
pub use kept::{KeptVault, Replay, ReplayError};
pub use mocks::{MockFeed, MockPool};
pub use observed::{Block, Contract, Observed, observe};
pub use refusal::Refusal;
pub use token::Token;
