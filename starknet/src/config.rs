//! `maat.toml`: the networks that a user knows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use starknet_rust::core::types::Felt;

use crate::endpoint::Endpoint;
use crate::error::ChainError;
use crate::fee;

/// The file that is looked for in the working directory.
pub const FILE: &str = "maat.toml";
/// The network that needs no configuration: the local chain.
pub const DEVNET: &str = "devnet";
/// Why a file that holds a key is refused.
const KEY_IN_FILE: &str = "a key must not be in this file: name the environment variable that holds it (key_env), or an encrypted \
                           keystore (keystore)";

/// A network, and who acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    /// Its name in the file.
    pub name: String,
    /// Where its node answers JSON-RPC.
    pub url: String,
    /// The chain's id, such as `SN_SEPOLIA`, with which the node's is compared. Nothing is signed without one.
    pub chain_id: Option<String>,
    /// Address of the account that signs and pays.
    pub account: Option<Felt>,
    /// Where its key is.
    pub key: Option<KeySource>,
    /// The registry's address; by default that of the shared registry, which is the same whoever deploys it.
    pub registry: Option<Felt>,
    /// The most that a transaction may cost, in fri (10^-18 STRK), if there is a limit.
    pub max_fee: Option<u128>,
}

/// Where a key is. The key itself is read when it is needed, and never kept in a file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In an environment variable.
    Environment(String),
    /// In an encrypted file in the format of Web3 Secret Storage, which starkli and Starknet Foundry write. Its password is in an environment
    /// variable, or is asked for.
    Keystore {
        /// The file.
        path: PathBuf,
        /// The environment variable that holds its password.
        password_env: Option<String>,
    },
    /// With the local chain, whose accounts are everybody's.
    Devnet,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworksFile {
    #[serde(default)]
    networks: BTreeMap<String, NetworkEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkEntry {
    url: String,
    chain_id: Option<String>,
    account: Option<String>,
    key_env: Option<String>,
    keystore: Option<PathBuf>,
    password_env: Option<String>,
    registry: Option<String>,
    max_fee_strk: Option<toml::Value>,
    // Only so that they are refused with advice.
    key: Option<toml::Value>,
    private_key: Option<toml::Value>,
}

impl NetworkConfig {
    /// Finds a network by its name in a file: in `maat.toml` of the working directory if none is given. Nothing stands for the network
    /// `devnet` without an entry: that is the local chain, which [`devnet::network`](crate::devnet::network) finds.
    ///
    /// # Errors
    /// The file cannot be read or is malformed, or no network has the name.
    pub fn find(name: &str, file: Option<&Path>) -> Result<Option<Self>, ChainError> {
        let path = file.unwrap_or(Path::new(FILE));
        let networks = if file.is_some() || path.exists() { read(path)? } else { BTreeMap::new() };
        match networks.get(name) {
            Some(network) => Ok(Some(network.clone())),
            None if name == DEVNET => Ok(None),
            None => {
                let known = networks.into_keys().chain([DEVNET.to_owned()]).collect();
                Err(ChainError::UnknownNetwork { name: name.to_owned(), path: path.to_path_buf(), known })
            }
        }
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, NetworkConfig>, ChainError> {
    let text = std::fs::read_to_string(path).map_err(|source| ChainError::File { path: path.to_path_buf(), source })?;
    parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|reason| ChainError::Config { path: path.to_path_buf(), reason })
}

/// The networks of a file; keystores are relative to its folder.
fn parse(text: &str, folder: &Path) -> Result<BTreeMap<String, NetworkConfig>, String> {
    // What is wrong with the text is said without the text: it may hold a key.
    let file: NetworksFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        format!("line {line}: {}", error.message())
    })?;
    file.networks.into_iter().map(|(name, entry)| Ok((name.clone(), network(name, entry, folder)?))).collect()
}

fn network(name: String, entry: NetworkEntry, folder: &Path) -> Result<NetworkConfig, String> {
    let at = |reason: &str| format!("networks.{name}: {reason}");
    if entry.key.is_some() || entry.private_key.is_some() {
        return Err(at(KEY_IN_FILE));
    }
    Endpoint::parse(&entry.url).map_err(|reason| at(&reason))?;
    let address = |field: &str, text: Option<String>| {
        let felt = text.map(|text| parse_felt(&text).ok_or_else(|| at(&format!("{field} is not an address: 0x and hexadecimal digits"))));
        felt.transpose()
    };
    let key = match (entry.key_env, entry.keystore) {
        (Some(_), Some(_)) => return Err(at("key_env and keystore are both given")),
        (Some(variable), None) if is_felt(&variable) => return Err(at(KEY_IN_FILE)),
        (Some(variable), None) => Some(KeySource::Environment(variable)),
        (None, Some(path)) => Some(KeySource::Keystore { path: folder.join(path), password_env: entry.password_env.clone() }),
        (None, None) => None,
    };
    if entry.password_env.is_some() && !matches!(key, Some(KeySource::Keystore { .. })) {
        return Err(at("password_env is for a keystore, and none is given"));
    }
    let (account, registry) = (address("account", entry.account)?, address("registry", entry.registry)?);
    if key.is_some() && account.is_none() {
        return Err(at("a key is given, but no account"));
    }
    if key.is_some() && entry.chain_id.is_none() {
        return Err(at("a key is given, but no chain_id, such as \"SN_MAIN\" or \"SN_SEPOLIA\": the node would say what is signed for"));
    }
    let max_fee = match entry.max_fee_strk {
        Some(strk) => fri(&strk).ok_or_else(|| at("max_fee_strk must be a number of STRK above 0, such as 2.5"))?,
        None => fee::DEFAULT_CEILING,
    };
    Ok(NetworkConfig { name, url: entry.url, chain_id: entry.chain_id, account, key, registry, max_fee: Some(max_fee) })
}

/// An amount of STRK in the file, in fri.
fn fri(strk: &toml::Value) -> Option<u128> {
    match strk {
        toml::Value::Integer(strk) => fee::fri(&strk.to_string()),
        // It is written as briefly as it can be read again: with the digits that are in the file.
        toml::Value::Float(strk) => fee::fri(&strk.to_string()),
        _ => None,
    }
}

fn is_felt(text: &str) -> bool {
    parse_felt(text).is_some()
}

/// A felt in hexadecimal with `0x`.
pub fn parse_felt(text: &str) -> Option<Felt> {
    let digits = text.strip_prefix("0x")?;
    let hexadecimal = (1..=64).contains(&digits.len()) && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    let felt = hexadecimal.then(|| Felt::from_hex(text).ok()).flatten()?;
    // What is above the modulus would be taken for something else.
    (felt.to_hex_string().trim_start_matches("0x").trim_start_matches('0') == digits.to_lowercase().trim_start_matches('0')).then_some(felt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<NetworkConfig, String> {
        parse(text, Path::new("/etc")).map(|networks| networks.into_values().next().unwrap())
    }

    #[test]
    fn a_network_has_its_account_and_where_its_key_is() {
        let text = "[networks.sepolia]\nurl = \"https://node\"\nchain_id = \"SN_SEPOLIA\"\naccount = \"0x12\"\nkey_env = \"MY_KEY\"\n\
                    registry = \"0x34\"\n";
        let expected = NetworkConfig {
            name: "sepolia".to_owned(),
            url: "https://node".to_owned(),
            chain_id: Some("SN_SEPOLIA".to_owned()),
            account: Some(Felt::from(0x12)),
            key: Some(KeySource::Environment("MY_KEY".to_owned())),
            registry: Some(Felt::from(0x34)),
            max_fee: Some(fee::DEFAULT_CEILING),
        };
        assert_eq!(one(text).unwrap(), expected);
        let text = "[networks.a]\nurl = \"https://node\"\nchain_id = \"SN_MAIN\"\naccount = \"0x12\"\nkeystore = \"key.json\"\npassword_env = \"PASSWORD\"\n";
        let keystore = KeySource::Keystore { path: "/etc/key.json".into(), password_env: Some("PASSWORD".to_owned()) };
        assert_eq!(one(text).unwrap().key, Some(keystore));
    }

    #[test]
    fn what_a_file_may_not_say_is_refused_with_its_place() {
        let with = |lines: &str| one(&format!("[networks.a]\nurl = \"https://node\"\n{lines}")).unwrap_err();
        assert!(with("private_key = \"0x5ec3e7\"").contains("networks.a: a key must not be in this file"));
        assert!(with("key = 5").contains("a key must not be in this file"));
        assert!(with("account = \"0x1\"\nkey_env = \"0x5ec3e7\"").contains("a key must not be in this file"));
        assert!(with("account = \"12\"").contains("account is not an address"));
        let above = format!("account = \"0x8{}\"", "0".repeat(63));
        assert!(with(&above).contains("account is not an address"));
        assert!(with("registry = \"0x\"").contains("registry is not an address"));
        assert!(with("key_env = \"KEY\"").contains("no account"));
        assert!(with("account = \"0x1\"\nkey_env = \"KEY\"\nkeystore = \"k\"").contains("both"));
        assert!(with("password_env = \"P\"").contains("none is given"));
        assert!(with("colour = \"red\"").contains("line 3: unknown field"));
        assert!(one("[networks.a]\nurl = \"node\"").unwrap_err().contains("http://"));
        let remote = one("[networks.a]\nurl = \"http://node/0123456789\"").unwrap_err();
        assert!(remote.starts_with("networks.a: url must begin with https://") && !remote.contains("0123456789"), "{remote}");
    }

    #[test]
    fn a_key_is_used_for_a_chain_that_is_named_only() {
        let with = |lines: &str| one(&format!("[networks.a]\nurl = \"https://node\"\naccount = \"0x1\"\n{lines}"));
        for key in ["key_env = \"KEY\"", "keystore = \"k\""] {
            assert!(with(key).unwrap_err().contains("a key is given, but no chain_id"));
            assert!(with(&format!("{key}\nchain_id = \"SN_MAIN\"")).is_ok());
        }
        assert!(with("").is_ok(), "what signs nothing needs none");
    }

    #[test]
    fn a_transaction_may_cost_what_the_file_says() {
        let with = |line: &str| one(&format!("[networks.a]\nurl = \"https://node\"\n{line}"));
        assert_eq!(with("").unwrap().max_fee, Some(100 * 10u128.pow(18)));
        assert_eq!(with("max_fee_strk = 7").unwrap().max_fee, Some(7 * 10u128.pow(18)));
        assert_eq!(with("max_fee_strk = 0.1").unwrap().max_fee, Some(10u128.pow(17)));
        for value in ["0", "-1", "\"5\"", "nan", "inf", "1e40"] {
            let error = with(&format!("max_fee_strk = {value}")).unwrap_err();
            assert!(error.contains("max_fee_strk must be a number of STRK"), "{value}: {error}");
        }
    }

    #[test]
    fn an_error_of_the_file_never_shows_its_text() {
        let error = parse("[networks.a]\nurl = \"https://node\"\nprivate_key = 0x5ec3e7 5ec3e7\n", Path::new("")).unwrap_err();
        assert!(error.starts_with("line 3") && !error.contains("5ec3e7"), "{error}");
    }

    #[test]
    fn an_unknown_network_is_told_from_the_known_ones() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "[networks.sepolia]\nurl = \"https://node\"\n").unwrap();
        let error = NetworkConfig::find("mainnet", Some(&file)).unwrap_err().to_string();
        assert!(error.contains("no network `mainnet`") && error.contains("sepolia, devnet"), "{error}");
        assert_eq!(NetworkConfig::find(DEVNET, Some(&file)).unwrap(), None);
        assert!(NetworkConfig::find("sepolia", Some(&folder.path().join("missing"))).unwrap_err().to_string().contains("missing"));
    }
}
