//! `maat vault show`: a page on which a vault can be read.

mod now;
mod page;

use maat_starknet::registry::Registry;
use maat_starknet::vault::contracts::Class;
use maat_starknet::vault::{History, Latest, Parts, Proposal, Requested, Snapshot, network_account};
use maat_starknet::{ChainError, Client, registry};
use maat_strategy::limits::Limits;
use maat_strategy::policy::Policy;
use maat_strategy::vault::{Kind, Side};
use starknet_types_core::felt::Felt;

pub use self::now::no_sale;
use super::target::{Target, Units, VaultChoice, address};
use crate::progress::Progress;

/// The most proposals that are shown.
const PROPOSALS: usize = 64;

/// Show a vault: what it holds, what a share is worth, what waits, and what anyone may do now
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault show strategy.toml\n  maat vault show 0x0123.. --network sepolia --account 0x0456..")]
pub struct Arguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// Whose shares, requests and debts to show; by default those of the network's account
    #[arg(long, value_name = "ADDRESS")]
    account: Option<String>,
}

/// A vault as it stands at a block.
pub struct View {
    network: String,
    block: u64,
    now: u64,
    address: Felt,
    name: String,
    units: Units,
    parts: Parts,
    snapshot: Snapshot,
    policy: Policy,
    limits: Limits,
    /// The least conjectured security of a proof that decides; 0 if none may.
    min_bits: u16,
    latest: Option<Latest>,
    /// The net asset value at the recorded price, and what a whole share is worth of it.
    nav: Option<u128>,
    share_value: Option<u128>,
    model: Model,
    classes: Vec<Found>,
    pending_owner: Felt,
    proposals: Vec<Proposal>,
    account: Option<Investor>,
}

/// The model that a vault executes.
struct Model {
    name: String,
    timelock: u64,
    deprecated_from: Option<u64>,
    revoked_from: Option<u64>,
}

/// A contract or class that a vault rests on.
struct Found {
    what: &'static str,
    class_hash: Felt,
    /// Which of ours it is.
    class: Option<Class>,
    /// Which it should be.
    expected: &'static [Class],
}

/// What an account has in a vault.
struct Investor {
    address: Felt,
    shares: u128,
    worth: Option<u128>,
    requests: Vec<(Kind, Requested)>,
    owed_base: u128,
    owed_quote: u128,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<View> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = match &arguments.account {
        Some(text) => Some(address("--account", text)?),
        None => network_account(client.network())?,
    };
    let target = arguments.vault.target(&client)?;
    progress.step("reading the vault");
    view(&client, target, account)
}

/// What a contract refuses to say because there is no price yet is nothing; any other failure is one.
fn unless_refused<T>(answer: Result<T, ChainError>) -> anyhow::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(ChainError::Refused { .. } | ChainError::Panicked { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn view(client: &Client, target: Target, account: Option<Felt>) -> anyhow::Result<View> {
    let Target { vault, parts, units } = target;
    let (block, now) = client.last_block()?;
    let (snapshot, policy, limits) = (vault.snapshot()?, vault.policy()?, vault.limits()?);
    let latest = History::at(client, parts.history).latest()?;
    let worth = |shares: u128| unless_refused(vault.convert_to_assets(shares));
    let one_share = 10u128.checked_pow(units.share.decimals.into());
    let (nav, share_value) = match latest {
        Some(_) => (unless_refused(vault.total_assets())?, one_share.map(worth).transpose()?.flatten()),
        None => (None, None),
    };
    let mut proposals = Vec::new();
    // A vault of ours has eight at most; another one may say that it has more.
    for number in vault.proposals()?.into_iter().take(PROPOSALS) {
        proposals.extend(vault.proposal(number)?);
    }
    let account = account.map(|address| -> anyhow::Result<Investor> {
        let shares = vault.shares().balance_of(address)?;
        let mut requests = Vec::new();
        for kind in [Kind::Deposit, Kind::Redeem] {
            requests.extend(vault.requests_of(kind, address)?.into_iter().map(|request| (kind, request)));
        }
        Ok(Investor {
            address,
            shares,
            worth: if latest.is_some() { worth(shares)? } else { None },
            requests,
            owed_base: vault.owed(Side::Base, address)?,
            owed_quote: vault.owed(Side::Quote, address)?,
        })
    });
    Ok(View {
        network: client.network().name.clone(),
        block,
        now,
        address: vault.address(),
        name: vault.shares().name()?.to_string(),
        pending_owner: vault.pending_owner()?,
        classes: classes(client, vault.address(), &parts)?,
        model: model(client, &parts)?,
        account: account.transpose()?,
        units,
        parts,
        snapshot,
        policy,
        limits,
        min_bits: vault.min_bits()?,
        latest,
        nav,
        share_value,
        proposals,
    })
}

fn model(client: &Client, parts: &Parts) -> anyhow::Result<Model> {
    let registry = Registry::at(client, parts.registry);
    let model = registry.model_by_id(parts.model)?;
    let version = registry.version(&model, parts.version)?;
    let registry::Lifecycle { deprecated_from, revoked_from, .. } = registry.lifecycle(&model, parts.version)?;
    Ok(Model { name: model.name.0, timelock: version.timelock, deprecated_from, revoked_from })
}

/// What the vault rests on, compared with the classes of this version of Maat.
fn classes(client: &Client, vault: Felt, parts: &Parts) -> anyhow::Result<Vec<Found>> {
    let contracts: [(&'static str, Felt, &'static [Class]); 6] = [
        ("vault", vault, &[Class::Vault]),
        ("price history", parts.history, &[Class::PriceHistory]),
        ("price feed", parts.feed, &[Class::PragmaFeed]),
        ("adapter", parts.adapter, &[Class::EkuboAdapter]),
        ("base token", parts.base_token, &[]),
        ("quote token", parts.quote_token, &[]),
    ];
    let found = |(what, address, expected)| -> anyhow::Result<Found> {
        let class_hash = client.class_hash_at(address)?.unwrap_or_default();
        Ok(Found { what, class_hash, class: Class::of(class_hash), expected })
    };
    let mut classes = contracts.into_iter().map(found).collect::<anyhow::Result<Vec<_>>>()?;
    let (class_hash, expected) = (parts.library, &[Class::StrategyLibrary]);
    classes.insert(1, Found { what: "strategy library", class_hash, class: Class::of(class_hash), expected });
    Ok(classes)
}
