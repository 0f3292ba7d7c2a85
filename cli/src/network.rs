//! The flags that choose a network, and what they lead to.

use std::path::PathBuf;

use maat_cairo::limits;
use maat_starknet::Receipt;
use maat_starknet::config::{DEVNET, FILE};
use maat_starknet::{Account, Client, NetworkConfig, devnet, key};
use serde_json::{Value, json};

use crate::cache;
use crate::response::{grouped, percent};

/// Which network: the same flags wherever one is used.
#[derive(clap::Args)]
pub struct NetworkChoice {
    /// The network: a name from maat.toml, or devnet, the local chain of `maat devnet start`
    #[arg(long, default_value = DEVNET, value_name = "NAME")]
    network: String,
    /// The file of networks
    #[arg(long, env = "MAAT_CONFIG", value_name = "FILE", help = format!("The file of networks; by default {FILE} in the working directory"))]
    config: Option<PathBuf>,
}

/// Bounds of transactions.
#[derive(clap::Args)]
pub struct TransactionBounds {
    /// L2 gas that a transaction may use at most; by default the node's estimate and a quarter
    #[arg(long, value_name = "GAS")]
    l2_gas: Option<u64>,
}

impl NetworkChoice {
    /// The same choice for verbs that need a network only sometimes.
    pub fn named(network: String, config: Option<PathBuf>) -> Self {
        Self { network, config }
    }

    /// Connects to the network. Without an entry in the file, devnet is the local chain.
    pub fn connect(&self) -> anyhow::Result<Client> {
        let network = match NetworkConfig::find(&self.network, self.config.as_deref())? {
            Some(network) => network,
            None => devnet::network(&cache::devnet()?)?,
        };
        Ok(Client::connect(&network)?)
    }
}

impl TransactionBounds {
    /// The account of a network, with its key.
    pub fn account<'c>(&self, client: &'c Client) -> anyhow::Result<Account<'c>> {
        let credentials = key::read(client.network(), &|prompt| rpassword::prompt_password(prompt))?;
        Ok(Account::new(client, credentials, self.l2_gas)?)
    }
}

/// What a transaction cost, for people.
pub fn receipt(receipt: &Receipt) -> String {
    let mut used = format!("{} L2 gas", grouped(receipt.l2_gas));
    // A declaration has no calldata, and its class limits of its own.
    if receipt.calldata_felts > 0 {
        let (gas, felts) = (percent(receipt.l2_gas_share()), grouped(receipt.calldata_felts));
        used = format!("{used} ({gas} of a transaction's limit), {felts} felts of calldata ({})", percent(receipt.calldata_share()));
    }
    format!("{:#066x}, {used}, {} STRK", receipt.transaction, strk(receipt.fee))
}

/// The same, for machines.
pub fn receipt_json(receipt: &Receipt) -> Value {
    json!({
        "transaction": format!("{:#066x}", receipt.transaction),
        "block": receipt.block,
        // Not every reader of JSON takes as large a number.
        "fee_fri": receipt.fee.to_string(),
        "l1_gas": receipt.l1_gas,
        "l1_data_gas": receipt.l1_data_gas,
        "l2_gas": receipt.l2_gas,
        "l2_gas_share": receipt.l2_gas_share(),
        "calldata_felts": receipt.calldata_felts,
        "calldata_share": receipt.calldata_share(),
    })
}

/// An amount in STRK with six digits after the point.
fn strk(fri: u128) -> String {
    const FRI: u128 = 1_000_000_000_000_000_000;
    format!("{}.{:06}", fri / FRI, fri % FRI / (FRI / 1_000_000))
}

/// L2 gas of a class's declaration, beside what a transaction's execution may take.
pub fn declaration(l2_gas: u64) -> String {
    let share = percent(l2_gas as f64 / limits::TRANSACTION_L2_GAS as f64);
    format!("{} L2 gas ({share} of what an execution may take, a limit that declarations do not have)", grouped(l2_gas))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_cut_behind_six_digits() {
        assert_eq!(strk(0), "0.000000");
        assert_eq!(strk(1_234_567_899_999_999_999), "1.234567");
        assert_eq!(strk(1_000_000_000_000), "0.000001");
    }

    #[test]
    fn the_gas_of_a_declaration_stands_beside_an_executions() {
        let text = declaration(1_227_000_000);
        assert!(text.starts_with("1,227,000,000 L2 gas (111.55 % of what an execution may take"), "{text}");
    }
}
