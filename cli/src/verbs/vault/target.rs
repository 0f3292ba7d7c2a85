//! The vault that a verb is about: by its address, or by the file of the strategy that it follows.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use maat_starknet::config::parse_felt;
use maat_starknet::vault::{Parts, Token, Vault, VaultPlan};
use maat_starknet::{Client, devnet};
use maat_strategy::amount;
use maat_strategy::rate::{Pair, Token as Named};
use maat_strategy::vault::Side;
use maat_strategy::vault_table::VaultTable;
use starknet_types_core::felt::Felt;

use crate::files::called;
use crate::network::NetworkChoice;
use crate::verbs::strategy::opened::Opened;

/// Which vault, and on which network: the same for all verbs.
#[derive(clap::Args)]
pub struct VaultChoice {
    /// The vault: its address, or the file of the strategy from which it was deployed
    #[arg(value_name = "VAULT")]
    vault: String,
    /// The account that deployed it, where VAULT is a file; by default that of the network
    #[arg(long, value_name = "ADDRESS")]
    deployer: Option<String>,
    #[command(flatten)]
    network: NetworkChoice,
}

/// A vault, with what is needed to talk about it.
pub struct Target<'c> {
    pub vault: Vault<'c>,
    pub parts: Parts,
    pub units: Units,
}

/// The names and decimals of a vault's tokens and shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    pub base: Named,
    pub quote: Named,
    pub share: Named,
}

/// A felt that is given on the command line as an address.
pub fn address(flag: &str, text: &str) -> anyhow::Result<Felt> {
    parse_felt(text).ok_or_else(|| anyhow!("{flag} {text}: it is not an address: an address is 0x and hexadecimal digits"))
}

/// A strategy whose file has a table for vaults.
pub fn with_table(path: &Path) -> anyhow::Result<(Opened, VaultTable)> {
    let mut opened = Opened::read(path)?;
    match opened.vault.take() {
        Some(table) => Ok((opened, table)),
        None => bail!("{}: it has no table [vault], which says what a vault of the strategy is made with", called(path).display()),
    }
}

impl VaultChoice {
    /// Connects to the network.
    pub fn connect(&self) -> anyhow::Result<Client> {
        self.network.connect()
    }

    /// The vault on that network.
    pub fn target<'c>(&self, client: &'c Client) -> anyhow::Result<Target<'c>> {
        let vault = Vault::at(client, self.address(client)?);
        if client.class_hash_at(vault.address())?.is_none() {
            bail!("there is no contract at {:#066x} on network `{}`", vault.address(), client.network().name);
        }
        let parts = vault.parts().with_context(|| format!("the contract at {:#066x} is not a vault", vault.address()))?;
        let units = Units::read(&vault, &parts)?;
        Ok(Target { vault, parts, units })
    }

    fn address(&self, client: &Client) -> anyhow::Result<Felt> {
        if self.vault.starts_with("0x") {
            return address("VAULT", &self.vault);
        }
        let path = PathBuf::from(&self.vault);
        let (opened, table) = with_table(&path)?;
        let deployer = self.deployer.as_deref().map(|text| address("--deployer", text)).transpose()?;
        let plan = VaultPlan { strategy: &opened.strategy, table: &table, package: &opened.package };
        Ok(plan.find(client, deployer)?.vault)
    }
}

impl Units {
    pub fn read(vault: &Vault, parts: &Parts) -> anyhow::Result<Self> {
        // Names are anybody's choice, and old tokens have them in another type: one that cannot be read is no reason to say nothing.
        let named = |token: Token, fallback: &str, decimals: u8| {
            let symbol = token.symbol().map(|symbol| symbol.to_string()).ok().filter(|symbol| !symbol.is_empty());
            Named { symbol: symbol.unwrap_or_else(|| fallback.to_owned()), decimals }
        };
        let client = vault.client();
        let shares = vault.shares();
        Ok(Self {
            base: named(Token::at(client, parts.base_token), "base", parts.base_decimals),
            quote: named(Token::at(client, parts.quote_token), "quote", parts.quote_decimals),
            share: named(shares, "shares", shares.decimals()?),
        })
    }

    /// The pair, whose rate needs the decimals.
    pub fn pair(&self) -> Pair {
        Pair { base: self.base.clone(), quote: self.quote.clone() }
    }

    pub fn of(&self, side: Side) -> &Named {
        match side {
            Side::Base => &self.base,
            Side::Quote => &self.quote,
        }
    }

    pub fn base(&self, units: u128) -> String {
        shown(&self.base, units)
    }

    pub fn quote(&self, units: u128) -> String {
        shown(&self.quote, units)
    }

    pub fn share(&self, units: u128) -> String {
        shown(&self.share, units)
    }

    pub fn side(&self, side: Side, units: u128) -> String {
        shown(self.of(side), units)
    }

    /// The same for a table, cut off after six places.
    pub fn brief(&self, side: Side, units: u128) -> String {
        let token = self.of(side);
        let unit = 10u128.pow(u32::from(token.decimals.saturating_sub(6)));
        shown(token, units / unit * unit)
    }
}

/// An amount with the token's name.
fn shown(token: &Named, units: u128) -> String {
    format!("{} {}", amount::show(units, token.decimals), token.symbol)
}

/// An amount that is given on the command line, in whole tokens.
pub fn amount_of(flag: &str, text: &str, token: &Named) -> anyhow::Result<u128> {
    let units = amount::parse(text, token.decimals).with_context(|| flag.to_owned())?;
    if units == 0 { bail!("{flag} {text}: it is nothing") } else { Ok(units) }
}

/// Moves the local chain's clock to the start of the next hour.
pub fn next_hour(client: &Client) -> anyhow::Result<()> {
    const HOUR: u64 = maat_strategy::hour::SECONDS;
    local(client, "--next-hour")?;
    let (_, now) = client.last_block()?;
    Ok(devnet::set_time(&client.network().url, (now / HOUR + 1) * HOUR)?)
}

/// Refuses what only the local chain can do.
pub fn local(client: &Client, flag: &str) -> anyhow::Result<()> {
    let name = &client.network().name;
    if name == maat_starknet::config::DEVNET {
        Ok(())
    } else {
        bail!("{flag} is for the local chain, and the network is `{name}`: its clock, prices and tokens are not ours to set")
    }
}
