//! The table `[vault]` of `strategy.toml`: what a vault of the strategy is made with, and what it is made from on each network.
//!
//! It is not a part of the strategy: nothing in it decides what is traded, so that neither a strategy's digest nor a record knows it.

use std::collections::BTreeMap;

use maat_runtime::inert;
use serde::{Deserialize, Deserializer, de};
use starknet_types_core::felt::Felt;
use thiserror::Error;

use crate::amount::{self, AmountError};
use crate::vault::{MAX_MIN_BITS, min_navs};

/// The longest name or symbol of shares, in bytes.
const MAX_NAME: usize = 64;
/// How many sources a feed over Pragma's oracle takes.
const SOURCES: std::ops::RangeInclusive<usize> = 3..=5;

/// What a vault is made with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultTable {
    /// The name of the shares.
    pub name: String,
    /// The symbol of the shares.
    pub symbol: String,
    /// The least net asset value that a deposit may lead to, in whole quote tokens.
    min_nav: Decimal,
    /// The largest reward of a keeper for an hour, in whole quote tokens.
    keeper_cap: Decimal,
    /// The least conjectured security, in bits, of a proof that decides; none may, if it is 0 or not given.
    #[serde(default)]
    pub min_bits: u16,
    /// The model's name in the registry; the package's, if none is given.
    #[serde(default)]
    pub model: Option<String>,
    /// Tells vaults apart that are the same otherwise.
    #[serde(default)]
    pub salt: u64,
    /// The first owner, where the network's table does not say otherwise.
    #[serde(default, deserialize_with = "maybe_address")]
    owner: Option<Felt>,
    /// The first guardian, likewise.
    #[serde(default, deserialize_with = "maybe_address")]
    guardian: Option<Felt>,
    /// Who receives what the books do not know, likewise.
    #[serde(default, deserialize_with = "maybe_address")]
    treasury: Option<Felt>,
    /// What the vault is made from, by network.
    #[serde(default)]
    pub networks: BTreeMap<String, NetworkTable>,
}

/// Accounts; whoever deploys, where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// The first owner.
    pub owner: Option<Felt>,
    /// The first guardian.
    pub guardian: Option<Felt>,
    /// Who receives what the books do not know.
    pub treasury: Option<Felt>,
}

/// What a vault is made from on a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkTable {
    /// The base token.
    #[serde(deserialize_with = "address")]
    pub base: Felt,
    /// The quote token.
    #[serde(deserialize_with = "address")]
    pub quote: Felt,
    /// A price history that is there.
    #[serde(default, deserialize_with = "maybe_address")]
    history: Option<Felt>,
    /// The oracle that a feed and a price history are made over.
    #[serde(default)]
    pragma: Option<PragmaTable>,
    /// An adapter that is there.
    #[serde(default, deserialize_with = "maybe_address")]
    adapter: Option<Felt>,
    /// The pool that an adapter is made for.
    #[serde(default)]
    ekubo: Option<EkuboTable>,
    /// The first owner on this network.
    #[serde(default, deserialize_with = "maybe_address")]
    owner: Option<Felt>,
    /// The first guardian, likewise.
    #[serde(default, deserialize_with = "maybe_address")]
    guardian: Option<Felt>,
    /// Who receives what the books do not know, likewise.
    #[serde(default, deserialize_with = "maybe_address")]
    treasury: Option<Felt>,
}

/// A feed over Pragma's oracle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PragmaTable {
    /// The oracle.
    #[serde(deserialize_with = "address")]
    pub oracle: Felt,
    /// The oracle's name of the base token's pair with USD, such as `ETH/USD`.
    pub base: String,
    /// The oracle's name of the quote token's pair with USD.
    pub quote: String,
    /// The sources that count, three to five.
    pub sources: Vec<String>,
}

/// A pool of Ekubo.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EkuboTable {
    /// Ekubo's router.
    #[serde(deserialize_with = "address")]
    pub router: Felt,
    /// What the pool keeps of what is sold, in units of 2^-128.
    #[serde(deserialize_with = "number")]
    pub fee: u128,
    /// How far apart the prices are at which positions begin and end.
    pub tick_spacing: u64,
}

/// Where prices come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prices<'t> {
    /// A price history that is there.
    History(Felt),
    /// A price history that is made, over a feed that is made.
    Pragma(&'t PragmaTable),
}

/// Where trades are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Venue<'t> {
    /// An adapter that is there.
    Adapter(Felt),
    /// An adapter that is made.
    Ekubo(&'t EkuboTable),
}

/// Why a table does not make a vault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultTableError {
    /// The name or symbol cannot be shown.
    #[error("vault.{field}: it has 1 to {MAX_NAME} printable ASCII characters, and neither begins nor ends with a space; not {found:?}")]
    Name {
        /// Which one.
        field: &'static str,
        /// What was given.
        found: String,
    },
    /// An amount is not one.
    #[error("vault.{field}: {reason}")]
    Amount {
        /// Which one.
        field: &'static str,
        /// What is wrong with it.
        reason: AmountError,
    },
    /// The least net asset value is dust, or too much beside what may be deposited.
    #[error("vault.min_nav: it is at least 10,000 of the quote token's smallest unit, and at most a tenth of deposit_cap")]
    MinNav,
    /// More security is asked of proofs than makes sense.
    #[error("vault.min_bits: it is 0, or at most {MAX_MIN_BITS}, the most bits of security that make sense; not {found}")]
    MinBits {
        /// What was given.
        found: u16,
    },
    /// One of two fields is needed.
    #[error("vault.networks.{network}: it needs either {one} or {other}")]
    Either {
        /// The network.
        network: String,
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// The sources are not usable.
    #[error("vault.networks.{network}.pragma: its pairs and its 3 to 5 sources are names of 1 to 31 printable ASCII characters, each once")]
    Sources {
        /// The network.
        network: String,
    },
}

impl VaultTable {
    /// Whether all of it can be used. `decimals` are the quote token's, `deposit_cap` is in its smallest unit.
    ///
    /// # Errors
    /// The first field that cannot.
    pub fn check(&self, decimals: u8, deposit_cap: u128) -> Result<(), VaultTableError> {
        for (field, text) in [("name", &self.name), ("symbol", &self.symbol)] {
            let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            if !(1..=MAX_NAME).contains(&text.len()) || !printable || text.trim() != text {
                return Err(VaultTableError::Name { field, found: text.chars().take(80).collect() });
            }
        }
        if !min_navs(deposit_cap).contains(&self.min_nav(decimals)?) {
            return Err(VaultTableError::MinNav);
        }
        self.keeper_cap(decimals)?;
        if self.min_bits > MAX_MIN_BITS {
            return Err(VaultTableError::MinBits { found: self.min_bits });
        }
        for (name, network) in &self.networks {
            network.prices(name)?;
            network.venue(name)?;
        }
        Ok(())
    }

    /// The least net asset value that a deposit may lead to, in smallest units.
    ///
    /// # Errors
    /// It is not an amount of a token with these decimals.
    pub fn min_nav(&self, decimals: u8) -> Result<u128, VaultTableError> {
        self.min_nav.units("min_nav", decimals)
    }

    /// The largest reward of a keeper for an hour, in smallest units.
    ///
    /// # Errors
    /// It is not an amount of a token with these decimals.
    pub fn keeper_cap(&self, decimals: u8) -> Result<u128, VaultTableError> {
        self.keeper_cap.units("keeper_cap", decimals)
    }

    /// Who has which role on a network.
    pub fn roles(&self, network: &str) -> Roles {
        let here = self.networks.get(network);
        let of = |field: fn(&NetworkTable) -> Option<Felt>, general: Option<Felt>| here.and_then(field).or(general);
        Roles {
            owner: of(|here| here.owner, self.owner),
            guardian: of(|here| here.guardian, self.guardian),
            treasury: of(|here| here.treasury, self.treasury),
        }
    }
}

impl NetworkTable {
    /// Where prices come from. `network` is the table's name.
    ///
    /// # Errors
    /// Not one way is named, or its names are not usable.
    pub fn prices(&self, network: &str) -> Result<Prices<'_>, VaultTableError> {
        match (self.history, &self.pragma) {
            (Some(history), None) => Ok(Prices::History(history)),
            (None, Some(pragma)) => {
                let PragmaTable { base, quote, sources, .. } = pragma;
                let fits = |name: &String| (1..=31).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
                let once = (1..sources.len()).all(|at| !sources[..at].contains(&sources[at]));
                if SOURCES.contains(&sources.len()) && once && sources.iter().chain([base, quote]).all(fits) {
                    Ok(Prices::Pragma(pragma))
                } else {
                    Err(VaultTableError::Sources { network: network.to_owned() })
                }
            }
            _ => Err(VaultTableError::Either { network: network.to_owned(), one: "history", other: "pragma" }),
        }
    }

    /// Where trades are made. `network` is the table's name.
    ///
    /// # Errors
    /// Not one way is named.
    pub fn venue(&self, network: &str) -> Result<Venue<'_>, VaultTableError> {
        match (self.adapter, &self.ekubo) {
            (Some(adapter), None) => Ok(Venue::Adapter(adapter)),
            (None, Some(ekubo)) => Ok(Venue::Ekubo(ekubo)),
            _ => Err(VaultTableError::Either { network: network.to_owned(), one: "adapter", other: "ekubo" }),
        }
    }
}

/// A decimal number: a text, or a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "an amount is a text such as \"0.5\", or a whole number")]
enum Decimal {
    Whole(u64),
    Text(String),
}

impl Decimal {
    fn units(&self, field: &'static str, decimals: u8) -> Result<u128, VaultTableError> {
        let units = match self {
            Self::Whole(whole) => amount::parse(&whole.to_string(), decimals),
            Self::Text(text) => amount::parse(text, decimals),
        };
        units.map_err(|reason| VaultTableError::Amount { field, reason })
    }
}

/// A felt that is not 0: 0x and hexadecimal digits, below the modulus.
fn felt(text: &str) -> Option<Felt> {
    let digits = text.strip_prefix("0x")?;
    let hexadecimal = (1..=64).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let felt = hexadecimal.then(|| Felt::from_hex(text).ok()).flatten()?;
    // What is above the modulus would be taken for something else.
    let same = format!("{felt:#066x}")[2..] == format!("{:0>64}", digits.to_lowercase());
    (same && felt != Felt::ZERO).then_some(felt)
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Felt, D::Error> {
    let text = String::deserialize(deserializer)?;
    let shown: String = text.chars().take(80).collect();
    felt(&text).ok_or_else(|| de::Error::custom(format!("an address is 0x and hexadecimal digits, not \"{}\"", inert(&shown))))
}

fn maybe_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Felt>, D::Error> {
    address(deserializer).map(Some)
}

/// A number of up to 128 bits: a text of 0x and hexadecimal digits.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let number = number.and_then(|digits| u128::from_str_radix(digits, 16).ok());
    let shown: String = text.chars().take(80).collect();
    number.ok_or_else(|| de::Error::custom(format!("a number of 128 bits is 0x and hexadecimal digits, not \"{}\"", inert(&shown))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        name = "RockyBot vault"
        symbol = "vROCKY"
        min_nav = 100
        keeper_cap = "0.5"
        guardian = "0x12"
        salt = 1

        [networks.sepolia]
        base = "0xb"
        quote = "0xc"
        guardian = "0x13"
        pragma = { oracle = "0x0d", base = "ETH/USD", quote = "USDC/USD", sources = ["BINANCE", "OKX", "KUCOIN"] }
        ekubo = { router = "0xe", fee = "0xc49ba5e353f7d00000000000000000", tick_spacing = 5982 }

        [networks.other]
        base = "0xb"
        quote = "0xc"
        history = "0xf"
        adapter = "0x10"
    "#;

    fn checked(from: &str, to: &str) -> Result<VaultTable, String> {
        assert!(TABLE.contains(from), "{from}");
        let table: VaultTable = toml::from_str(&TABLE.replace(from, to)).map_err(|error| error.message().to_owned())?;
        table.check(6, 1_000_000_000_000).map_err(|error| error.to_string())?;
        Ok(table)
    }

    #[test]
    fn a_table_says_what_a_vault_is_made_with_and_from() {
        let table = checked("name", "name").unwrap();
        assert_eq!((table.min_nav(6), table.keeper_cap(6), table.salt), (Ok(100_000_000), Ok(500_000), 1));
        assert_eq!((table.min_bits, checked("salt = 1", "min_bits = 96").unwrap().min_bits), (0, 96));
        let [other, sepolia] = ["other", "sepolia"].map(|name| &table.networks[name]);
        assert_eq!((other.prices("other"), other.venue("other")), (Ok(Prices::History(15.into())), Ok(Venue::Adapter(16.into()))));
        let Ok(Prices::Pragma(pragma)) = sepolia.prices("sepolia") else { panic!("a feed") };
        assert_eq!((pragma.oracle, pragma.sources.len()), (13.into(), 3));
        let Ok(Venue::Ekubo(ekubo)) = sepolia.venue("sepolia") else { panic!("a pool") };
        assert_eq!((ekubo.router, ekubo.fee, ekubo.tick_spacing), (14.into(), 0xc4_9ba5_e353_f7d0_0000_0000_0000_0000, 5_982));
    }

    #[test]
    fn a_role_is_the_networks_or_else_the_vaults() {
        let table = checked("name", "name").unwrap();
        let guardian = |network| table.roles(network).guardian;
        assert_eq!((guardian("sepolia"), guardian("other"), guardian("devnet")), (Some(19.into()), Some(18.into()), Some(18.into())));
        assert_eq!(table.roles("sepolia").owner, None);
    }

    #[test]
    fn what_makes_no_vault_is_named() {
        let error = |from: &str, to: &str| checked(from, to).unwrap_err();
        assert!(error("\"RockyBot vault\"", "\"\"").starts_with("vault.name: it has 1 to 64 printable ASCII"));
        assert!(error("\"vROCKY\"", "\"v\\u0007\"").starts_with("vault.symbol: "));
        assert!(error("min_nav = 100", "min_nav = 0").starts_with("vault.min_nav: it is at least"));
        assert!(error("min_nav = 100", "min_nav = 1000001").starts_with("vault.min_nav: it is at least"));
        assert!(error("min_nav = 100", "min_nav = 0.5").contains("an amount is a text such as"));
        assert!(error("\"0.5\"", "\"0.0000005\"").starts_with("vault.keeper_cap: 0.0000005 has more digits"));
        assert_eq!(
            error("salt = 1", "min_bits = 129"),
            "vault.min_bits: it is 0, or at most 128, the most bits of security that make sense; not 129"
        );
        assert_eq!(error("history = \"0xf\"\n", "\n"), "vault.networks.other: it needs either history or pragma");
        assert_eq!(
            error("adapter = \"0x10\"", "adapter = \"0x10\"\nekubo = { router = \"0xe\", fee = \"0x0\", tick_spacing = 1 }"),
            "vault.networks.other: it needs either adapter or ekubo"
        );
        for sources in [
            "\"BINANCE\", \"OKX\"",
            "\"BINANCE\", \"OKX\", \"OKX\"",
            "\"BINANCE\", \"OKX\", \"\"",
            "\"A\", \"B\", \"C\", \"D\", \"E\", \"F\"",
        ] {
            let error = error("\"BINANCE\", \"OKX\", \"KUCOIN\"", sources);
            assert!(error.starts_with("vault.networks.sepolia.pragma: its pairs and its 3 to 5 sources"), "{error}");
        }
        assert!(error("min_nav = 100", "min_nav = 100\ncolour = 3").contains("unknown field `colour`"));
        assert!(error("history = \"0xf\"", "history = \"0xf\"\ncolour = 3").contains("unknown field `colour`"));
    }

    #[test]
    fn an_address_is_a_felt_that_is_not_zero() {
        let above = format!("\"0x8{}\"", "0".repeat(63));
        for bad in ["\"12\"", "\"0x\"", "\"0x0\"", "\"0xg\"", &above, "12"] {
            assert!(checked("\"0x10\"", bad).is_err(), "{bad}");
        }
        assert!(checked("\"0x10\"", &format!("\"0x7{}\"", "f".repeat(62))).is_ok());
    }
}
