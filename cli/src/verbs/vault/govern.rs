//! `maat vault pause`, `propose`, `apply`, `cancel`, `transfer` and `accept`: what a vault's owner and its guardian do.

use std::path::PathBuf;

use maat_starknet::vault::Change;
use maat_strategy::vault::MAX_MIN_BITS;

use super::target::{VaultChoice, address};
use super::told::Told;
use crate::network::TransactionBounds;
use crate::progress::Progress;
use crate::verbs::strategy::opened::Opened;

/// Stop entries and trades for seven days at most; only the guardian can
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault pause strategy.toml\n  maat vault pause strategy.toml --end\n\n\
    Redemptions, claims, exits and withdrawals go on. The next pause is possible seven days after this one ends.")]
pub struct PauseArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// End the pause early
    #[arg(long)]
    end: bool,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Propose a change, which can be applied a day later; only the owner can
#[derive(clap::Args)]
#[command(
    override_usage = "maat vault propose [OPTIONS] --policy <FILE> <VAULT>\n       \
                      maat vault propose [OPTIONS] --limits <FILE> <VAULT>\n       \
                      maat vault propose [OPTIONS] --adapter <ADDRESS> <VAULT>\n       \
                      maat vault propose [OPTIONS] --guardian <ADDRESS> <VAULT>\n       \
                      maat vault propose [OPTIONS] --min-bits <BITS> <VAULT>",
    after_help = "Examples:\n  maat vault propose 0x0123.. --limits strategy.toml\n  maat vault propose strategy.toml --guardian 0x0456..\n\n\
    Investors have a day to leave before `maat vault apply` makes the change, and `maat vault cancel` drops it."
)]
pub struct ProposeArguments {
    #[command(flatten)]
    vault: VaultChoice,
    #[command(flatten)]
    change: ChangeChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct ChangeChoice {
    /// The policy of this strategy's file
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The limits of this strategy's file
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Another adapter
    #[arg(long, value_name = "ADDRESS")]
    adapter: Option<String>,
    /// Another guardian
    #[arg(long, value_name = "ADDRESS")]
    guardian: Option<String>,
    /// The least conjectured security of a proof that decides, at most 128; 0 if none may
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u16).range(..=i64::from(MAX_MIN_BITS)))]
    min_bits: Option<u16>,
}

/// Make a change that was proposed a day ago or more; only the owner can
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  maat vault apply strategy.toml 1\n\nA proposal can be applied from a day after it was made, for seven days."
)]
pub struct ApplyArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The proposal's number
    number: u64,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Drop a proposal; the owner can, and the guardian but for its own replacement
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault cancel strategy.toml 1\n  maat vault cancel strategy.toml 9 --before\n\n\
    `maat vault show` lists the proposals that wait.")]
pub struct CancelArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The proposal's number
    number: u64,
    /// Drop all that have a smaller number instead
    #[arg(long)]
    before: bool,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Offer the vault to a new owner, who has to accept it
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat vault transfer strategy.toml --to 0x0456..")]
pub struct TransferArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The new owner's account; 0x0 takes an offer back
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Accept a vault that was offered to the network's account
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat vault accept 0x0123.. --network sepolia")]
pub struct AcceptArguments {
    #[command(flatten)]
    vault: VaultChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

impl ChangeChoice {
    fn change(&self) -> anyhow::Result<Change> {
        let Self { policy, limits, adapter, guardian, min_bits } = self;
        if let Some(path) = policy {
            return Ok(Change::Policy(Opened::read(path)?.strategy.policy));
        }
        if let Some(path) = limits {
            return Ok(Change::Limits(Opened::read(path)?.strategy.limits));
        }
        match (adapter, guardian, min_bits) {
            (Some(text), ..) => Ok(Change::Adapter(address("--adapter", text)?)),
            (None, Some(text), _) => Ok(Change::Guardian(address("--guardian", text)?)),
            (None, None, Some(bits)) => Ok(Change::MinBits(*bits)),
            (None, None, None) => anyhow::bail!("name what is to change: --policy, --limits, --adapter, --guardian or --min-bits"),
        }
    }
}

/// Connects, finds the vault, and makes a transaction.
macro_rules! told {
    ($arguments:expr, |$vault:ident, $account:ident| $call:expr) => {{
        let progress = Progress::start("connecting");
        let client = $arguments.vault.connect()?;
        let $account = $arguments.bounds.account(&client)?;
        let target = $arguments.vault.target(&client)?;
        let $vault = target.vault;
        progress.step("waiting for the transaction");
        let done = $call?;
        Ok(Told::new(target.units, done))
    }};
}

pub fn pause(arguments: &PauseArguments) -> anyhow::Result<Told> {
    told!(arguments, |vault, account| if arguments.end { vault.unpause(&account) } else { vault.pause(&account) })
}

pub fn propose(arguments: &ProposeArguments) -> anyhow::Result<Told> {
    let change = arguments.change.change()?;
    told!(arguments, |vault, account| vault.propose(&account, &change))
}

pub fn apply(arguments: &ApplyArguments) -> anyhow::Result<Told> {
    told!(arguments, |vault, account| vault.apply(&account, arguments.number))
}

pub fn cancel(arguments: &CancelArguments) -> anyhow::Result<Told> {
    let number = arguments.number;
    told!(arguments, |vault, account| match arguments.before {
        true => vault.cancel_before(&account, number),
        false => vault.cancel(&account, number),
    })
}

pub fn transfer(arguments: &TransferArguments) -> anyhow::Result<Told> {
    let to = address("--to", &arguments.to)?;
    told!(arguments, |vault, account| vault.transfer_ownership(&account, to))
}

pub fn accept(arguments: &AcceptArguments) -> anyhow::Result<Told> {
    told!(arguments, |vault, account| vault.accept_ownership(&account))
}
