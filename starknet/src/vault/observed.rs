//! All that a chain shows of a vault and its history, for a record to be held against: see [`maat_strategy::live`].

use std::collections::BTreeMap;

use maat_strategy::history::Observation;
use maat_strategy::live::{Changed, Entry, Logged as Seen, OnChain};
use starknet_rust::core::types::Felt;

use super::answers::Change;
use super::calls::Vault;
use super::contracts::Class;
use super::events::{HistoryEvent, Logged, VaultEvent};
use super::history::History;
use super::kept::{decided, traded};
use crate::client::Client;
use crate::error::ChainError;

/// How often everything is read anew because the chain went on meanwhile.
const ATTEMPTS: u32 = 3;

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its time, in seconds after 1970.
    pub time: u64,
}

/// A contract that the vault rests on, or a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// What it is to the vault.
    pub role: &'static str,
    /// Where it is; nothing for a class.
    pub address: Option<Felt>,
    /// Its class; nothing where there is no contract.
    pub class_hash: Option<Felt>,
    /// The class of ours that this is.
    pub class: Option<Class>,
    /// Whether it is of a class that belongs there.
    pub fits: bool,
}

/// What was seen.
#[derive(Debug, Clone)]
pub struct Observed {
    /// What a record is held against.
    pub on_chain: OnChain,
    /// What the vault rests on.
    pub contracts: Vec<Contract>,
    /// The block that the vault was made in.
    pub deployed: Block,
    /// The last block that was looked at.
    pub end: Block,
    /// What the vault manages, at the price that was recorded last, in the quote token's smallest unit.
    pub nav: u128,
    /// All shares.
    pub supply: u128,
}

/// Reads all of it. The events of the history are read from its beginning, because its price chain begins there.
///
/// # Errors
/// The node or a contract does not say, or the chain goes on faster than it can be read.
pub fn observe(vault: &Vault<'_>) -> Result<Observed, ChainError> {
    let mut attempt = 1;
    loop {
        let observed = observe_once(vault)?;
        let told = observed.on_chain.log.iter().rev().find_map(|seen| match seen.entry {
            Entry::Recorded { chain, .. } => Some(chain),
            _ => None,
        });
        // An hour that was recorded between two questions is no contradiction.
        if told.unwrap_or(Felt::ZERO) == observed.on_chain.chain || attempt == ATTEMPTS {
            return Ok(observed);
        }
        attempt += 1;
    }
}

fn observe_once(vault: &Vault<'_>) -> Result<Observed, ChainError> {
    let client = vault.client();
    let (number, time) = client.last_block()?;
    let end = Block { number, time };
    let parts = vault.parts()?;
    let history = History::at(client, parts.history);
    let chain = history.chain()?;
    let (features, policy, limits) = (vault.features()?, vault.policy()?, vault.limits()?);
    // Number 0 is the policy that the vault was made with.
    let first_policy = match change(vault, 0)? {
        Changed::Policy(policy) => policy,
        Changed::Limits(_) | Changed::Nothing => {
            return Err(ChainError::Malformed { what: "looking up the first policy".to_owned(), reason: "it is none".to_owned() });
        }
    };
    let (snapshot, nav) = (vault.snapshot()?, vault.total_assets()?);
    const NAMES: &[&str] = &["OwnershipTransferred", "Decided", "Traded", "ChangeApplied", "Halted"];
    let told = vault.events_of(NAMES, 0, Some(end.number))?;
    let recorded = history.events(0, Some(end.number))?;

    // The constructor names the first owner, before anything else can happen.
    let is_first = |logged: &&Logged<VaultEvent>| matches!(logged.event, VaultEvent::OwnershipTransferred { previous_owner, .. } if previous_owner == Felt::ZERO);
    let first = told.first().filter(is_first);
    let missing = || ChainError::Malformed {
        what: "reading the vault's events".to_owned(),
        reason: "they do not begin with its first owner".to_owned(),
    };
    let number = first.ok_or_else(missing)?.block;
    let deployed = Block { number, time: client.block_time(number)? };

    let mut changes = BTreeMap::new();
    for logged in &told {
        if let VaultEvent::ChangeApplied { number } = logged.event {
            changes.insert(number, change(vault, number)?);
        }
    }
    let log = merged(recorded, told, &changes);
    let contracts = contracts(client, vault, &parts)?;
    let on_chain = OnChain {
        deployed_at: deployed.time,
        commitment: parts.model_commitment,
        version: parts.version.into(),
        outputs: parts.outputs,
        decimals: (parts.base_decimals, parts.quote_decimals),
        features,
        first_policy,
        policy,
        limits,
        fees: parts.fees,
        chain,
        log,
    };
    Ok(Observed { on_chain, contracts, deployed, end, nav, supply: snapshot.books.supply })
}

/// What a proposal made of the rules.
fn change(vault: &Vault<'_>, number: u64) -> Result<Changed, ChainError> {
    let missing = || ChainError::Malformed { what: format!("looking up proposal {number}"), reason: "there is none".to_owned() };
    Ok(match vault.proposal(number)?.ok_or_else(missing)?.change {
        Change::Policy(policy) => Changed::Policy(policy),
        Change::Limits(limits) => Changed::Limits(limits),
        Change::Adapter(_) | Change::Guardian(_) | Change::MinBits(_) => Changed::Nothing,
    })
}

/// The events of both in the order in which they happened.
fn merged(recorded: Vec<Logged<HistoryEvent>>, told: Vec<Logged<VaultEvent>>, changes: &BTreeMap<u64, Changed>) -> Vec<Seen> {
    let of_history = |logged: Logged<HistoryEvent>| match logged.event {
        HistoryEvent::Recorded { hour, base, quote, chain, .. } => {
            let entry = Entry::Recorded { observation: Observation { hour, base, quote }, chain };
            Some(((logged.block, logged.place), entry))
        }
        HistoryEvent::Refused { .. } => None,
    };
    let of_vault = |logged: Logged<VaultEvent>| {
        let entry = match logged.event {
            VaultEvent::ChangeApplied { number } => changes.get(&number).map(|changed| Entry::Changed { number, changed: changed.clone() }),
            VaultEvent::Halted { hour } => Some(Entry::Halted { hour }),
            ref event => decided(event).map(Entry::Decided).or_else(|| traded(event).map(Entry::Traded)),
        };
        entry.map(|entry| ((logged.block, logged.place), entry))
    };
    let mut entries: Vec<_> = recorded.into_iter().filter_map(of_history).chain(told.into_iter().filter_map(of_vault)).collect();
    entries.sort_by_key(|(place, _)| *place);
    entries.into_iter().map(|((block, _), entry)| Seen { block, entry }).collect()
}

/// The classes of all that the vault rests on, beside those that belong there.
fn contracts(client: &Client, vault: &Vault<'_>, parts: &super::Parts) -> Result<Vec<Contract>, ChainError> {
    type Fits = fn(Class) -> bool;
    let at: [(&'static str, Felt, Fits); 6] = [
        ("vault", vault.address(), |class| class == Class::Vault),
        ("history", parts.history, |class| class == Class::PriceHistory),
        ("feed", parts.feed, |class| matches!(class, Class::PragmaFeed | Class::MockFeed)),
        ("adapter", parts.adapter, |class| {
            !matches!(class, Class::Vault | Class::StrategyLibrary | Class::PriceHistory | Class::MockToken)
        }),
        ("base token", parts.base_token, |_| true),
        ("quote token", parts.quote_token, |_| true),
    ];
    let mut contracts = Vec::new();
    for (role, address, fits) in at {
        let class_hash = client.class_hash_at(address)?;
        let class = class_hash.and_then(Class::of);
        // Tokens are whatever the vault was made for.
        let fits = if role.ends_with("token") { class_hash.is_some() } else { class.is_some_and(fits) };
        contracts.push(Contract { role, address: Some(address), class_hash, class, fits });
    }
    let class = Class::of(parts.library);
    let fits = class == Some(Class::StrategyLibrary);
    contracts.insert(1, Contract { role: "library", address: None, class_hash: Some(parts.library), class, fits });
    Ok(contracts)
}
