//! Deployment of a vault: the model in the registry, and the contracts that the vault is made from and itself.
//!
//! Every address follows from a class, a salt and calldata, so that the strategy's file is enough to find a vault again. What is there stays
//! as it is: a second run changes nothing, and a run after one that was cut off goes on where that one ended.
//!
//! On the local chain tokens, feed and pool are mocks, which believe anybody. On other networks the file says what the vault is made from.

use maat_package::PackageFolder;
use maat_strategy::rate::Pair;
use maat_strategy::strategy::Strategy;
use maat_strategy::vault_table::{Prices, VaultTable, Venue};
use starknet_rust::core::types::Felt;
use starknet_rust::core::utils::cairo_short_string_to_felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use super::calldata::{self, Constructor};
use super::calls::Vault;
use super::contracts::Class;
use super::token::Token;
use crate::account::Account;
use crate::client::Client;
use crate::config::{DEVNET, KeySource, NetworkConfig};
use crate::deploy::{DeployOptions, DeployStep, Registered, declared, register};
use crate::error::ChainError;
use crate::registry::{Registry, universal_address, universal_deployment};

/// A contract of ours that a vault needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    what: String,
    class: Class,
    salt: Felt,
    calldata: Vec<Felt>,
}

/// Contracts that a vault is made from, with their addresses, and the vault's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The registry of models.
    pub registry: Felt,
    /// The model's number there.
    pub model: u64,
    /// The model's version.
    pub version: u32,
    /// The base token.
    pub base_token: Felt,
    /// The quote token.
    pub quote_token: Felt,
    /// The price history.
    pub history: Felt,
    /// What swaps for the vault.
    pub adapter: Felt,
    /// The vault.
    pub vault: Felt,
    /// The mocks' feed, where there are mocks.
    pub mock_feed: Option<Felt>,
    /// What is deployed, in order; the vault is the last.
    pieces: Vec<Piece>,
}

/// A vault that is there.
#[derive(Debug, Clone)]
pub struct DeployedVault {
    /// Where everything is.
    pub layout: Layout,
    /// The model's name in the registry.
    pub model: String,
    /// Who owns the model, and so may end its version.
    pub model_owner: Felt,
    /// Who deployed.
    pub account: Felt,
    /// Seconds from the announcement of the version's end to its end.
    pub timelock: u64,
    /// Whether the model was registered now.
    pub registered: bool,
    /// What was done, and what was there.
    pub steps: Vec<DeployStep>,
}

/// What a vault is made for: a strategy, the table of its file, and the class of its network.
#[derive(Debug, Clone, Copy)]
pub struct VaultPlan<'a> {
    /// The strategy.
    pub strategy: &'a Strategy,
    /// The table `[vault]` of its file.
    pub table: &'a VaultTable,
    /// The network's package.
    pub package: &'a PackageFolder,
}

impl Piece {
    fn new(what: impl Into<String>, class: Class, salt: Felt, calldata: Vec<Felt>) -> Self {
        Self { what: what.into(), class, salt, calldata }
    }

    fn address(&self) -> Felt {
        universal_address(self.class.hash(), self.salt, &self.calldata)
    }
}

/// The account that acts on a network, without its key; nothing if the network's entry names none.
///
/// # Errors
/// The local chain does not say.
pub fn network_account(network: &NetworkConfig) -> Result<Option<Felt>, ChainError> {
    match (network.account, &network.key) {
        (Some(account), _) => Ok(Some(account)),
        (None, Some(KeySource::Devnet)) => crate::devnet::first_account(&network.url).map(|(account, _)| Some(account)),
        (None, _) => Ok(None),
    }
}

/// Pieces as they are added, with the addresses that follow.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn add(&mut self, what: impl Into<String>, class: Class, salt: Felt, calldata: Vec<Felt>) -> Felt {
        let piece = Piece::new(what, class, salt, calldata);
        let address = piece.address();
        self.0.push(piece);
        address
    }
}

/// What a vault trades, and where.
struct Market {
    base: Felt,
    quote: Felt,
    history: Felt,
    adapter: Felt,
    mock_feed: Option<Felt>,
}

impl VaultPlan<'_> {
    /// The registry's name of the model.
    fn model(&self) -> &str {
        self.table.model.as_deref().unwrap_or(&self.package.manifest.name)
    }

    /// The contracts of a vault on a network, if `account` deploys it.
    fn layout(&self, network: &str, account: Felt, model: (Felt, u64, u32), class_hash: Felt) -> Result<Layout, ChainError> {
        let mut pieces = Pieces::default();
        let Market { base, quote, history, adapter, mock_feed } = market(self.table, &self.strategy.pair, network, &mut pieces)?;
        let unfit = |reason: String| ChainError::VaultTable { reason };
        let roles = self.table.roles(network);
        let owner = roles.owner.unwrap_or(account);
        let decimals = self.strategy.pair.quote.decimals;
        let (registry, model, version) = model;
        let constructor = Constructor {
            name: &self.table.name,
            symbol: &self.table.symbol,
            owner,
            guardian: roles.guardian.unwrap_or(owner),
            adapter,
            treasury: roles.treasury.unwrap_or(owner),
            registry,
            model,
            version,
            class_hash,
            history,
            base_token: base,
            quote_token: quote,
            min_nav: self.table.min_nav(decimals).map_err(|error| unfit(error.to_string()))?,
            keeper_cap: self.table.keeper_cap(decimals).map_err(|error| unfit(error.to_string()))?,
            min_bits: self.table.min_bits,
        };
        let vault = pieces.add("vault", Class::Vault, self.table.salt.into(), constructor.calldata(self.strategy));
        let Pieces(pieces) = pieces;
        Ok(Layout { registry, model, version, base_token: base, quote_token: quote, history, adapter, vault, mock_feed, pieces })
    }

    /// Where the vault is on a client's network, if `account` deployed it: the network's own account, if none is given.
    ///
    /// # Errors
    /// The model is not registered there, or no vault is at the address that follows.
    pub fn find(&self, client: &Client, account: Option<Felt>) -> Result<Layout, ChainError> {
        let network = client.network();
        let account = match account {
            Some(account) => account,
            None => {
                let none = || ChainError::Key { network: network.name.clone(), reason: "its entry names no account".to_owned() };
                network_account(network)?.ok_or_else(none)?
            }
        };
        let class_hash = self.package.contract()?.class_hash();
        let registry = Registry::find(client)?;
        let unregistered = || ChainError::NotRegistered { network: network.name.clone(), model: self.model().to_owned() };
        let model = registry.model_by_name(self.model())?.ok_or_else(unregistered)?;
        let version = registry.version_by_class(&model, class_hash)?.ok_or_else(unregistered)?;
        let layout = self.layout(&network.name, account, (registry.address(), model.id, version), class_hash)?;
        match client.class_hash_at(layout.vault)? {
            Some(_) => Ok(layout),
            None => Err(ChainError::NoVault { network: network.name.clone(), address: layout.vault, account }),
        }
    }

    /// Registers the model, and deploys whatever the vault needs and is not there, and the vault.
    ///
    /// `options` are those of the model's registration; the table names the model.
    ///
    /// # Errors
    /// As for [`deploy`](crate::deploy::deploy); the table does not say what the vault is made from on this network; or a contract that it
    /// names is not there or not of the pair.
    pub fn deploy(&self, account: &Account, options: &DeployOptions, progress: &mut dyn FnMut(&str)) -> Result<DeployedVault, ChainError> {
        let client = account.client();
        let network = &client.network().name;
        // Before anything is paid for a vault that cannot be made.
        market(self.table, &self.strategy.pair, network, &mut Pieces::default())?;
        let mut steps = Vec::new();
        let options = DeployOptions { name: Some(self.model().to_owned()), ..options.clone() };
        let Registered { registry, model, version, is_new } = register(account, self.package, &options, &mut steps, progress)?;
        let layout = self.layout(network, account.address(), (registry.address(), model.id, version.version), version.class_hash)?;
        if client.class_hash_at(layout.vault)?.is_none() {
            check(client, &layout, &self.strategy.pair)?;
        }
        for piece in &layout.pieces {
            if piece.class == Class::Vault {
                library(account, &mut steps, progress)?;
            }
            steps.extend(placed(account, piece, progress)?);
        }
        // Whatever a node says: this is where tokens will be sent.
        let parts = Vault::at(client, layout.vault).parts()?;
        let found = [parts.registry, parts.class_hash, parts.history, parts.base_token, parts.quote_token, parts.library];
        let expected =
            [layout.registry, version.class_hash, layout.history, layout.base_token, layout.quote_token, Class::StrategyLibrary.hash()];
        if found != expected {
            let reason = format!("the contract at {:#066x} is not made from what it was deployed with", layout.vault);
            return Err(ChainError::Malformed { what: "the vault".to_owned(), reason });
        }
        Ok(DeployedVault {
            layout,
            model: model.name.0,
            model_owner: model.owner,
            account: account.address(),
            timelock: version.timelock,
            registered: is_new,
            steps,
        })
    }
}

/// What the vault trades on a network. Feeds, histories and adapters are the same for everybody who makes them of the same parts.
fn market(table: &VaultTable, pair: &Pair, network: &str, pieces: &mut Pieces) -> Result<Market, ChainError> {
    let unfit = |reason: String| ChainError::VaultTable { reason };
    let shared = Felt::ZERO;
    let Some(found) = table.networks.get(network) else {
        if network != DEVNET {
            return Err(ChainError::NoVaultTable { network: network.to_owned() });
        }
        let salt = Felt::from(table.salt);
        let [base, quote] = [&pair.base, &pair.quote].map(|token| {
            let name = calldata::text(&format!("Test {}", token.symbol));
            let calldata = [name, calldata::text(&token.symbol), vec![token.decimals.into()]].concat();
            pieces.add(format!("mock {}", token.symbol), Class::MockToken, salt, calldata)
        });
        let feed = pieces.add("mock feed", Class::MockFeed, Poseidon::hash_array(&[salt, base, quote]), vec![]);
        let adapter = pieces.add("mock pool", Class::MockPool, shared, vec![base, quote]);
        let history = pieces.add("price history", Class::PriceHistory, shared, vec![feed]);
        return Ok(Market { base, quote, history, adapter, mock_feed: Some(feed) });
    };
    let (base, quote) = (found.base, found.quote);
    let history = match found.prices(network).map_err(|error| unfit(error.to_string()))? {
        Prices::History(history) => history,
        Prices::Pragma(pragma) => {
            let short = |name: &String| cairo_short_string_to_felt(name).map_err(|error| unfit(format!("{name}: {error}")));
            let sources = pragma.sources.iter().map(short).collect::<Result<Vec<_>, _>>()?;
            let calldata = [vec![pragma.oracle, short(&pragma.base)?, short(&pragma.quote)?], calldata::list(&sources)].concat();
            let feed = pieces.add("price feed", Class::PragmaFeed, shared, calldata);
            pieces.add("price history", Class::PriceHistory, shared, vec![feed])
        }
    };
    let adapter = match found.venue(network).map_err(|error| unfit(error.to_string()))? {
        Venue::Adapter(adapter) => adapter,
        Venue::Ekubo(ekubo) => {
            let calldata = vec![ekubo.router, base, quote, ekubo.fee.into(), ekubo.tick_spacing.into()];
            pieces.add("adapter", Class::EkuboAdapter, shared, calldata)
        }
    };
    Ok(Market { base, quote, history, adapter, mock_feed: None })
}

/// That what the file names is there, and is what the strategy says.
fn check(client: &Client, layout: &Layout, pair: &Pair) -> Result<(), ChainError> {
    let ours: Vec<Felt> = layout.pieces.iter().map(Piece::address).collect();
    let named = [("base", layout.base_token), ("quote", layout.quote_token), ("history", layout.history), ("adapter", layout.adapter)];
    for (field, address) in named.into_iter().filter(|(_, address)| !ours.contains(address)) {
        if client.class_hash_at(address)?.is_none() {
            let reason = format!("{field}: there is no contract at {address:#066x}");
            return Err(ChainError::VaultTable { reason });
        }
    }
    for (field, address, token) in [("base", layout.base_token, &pair.base), ("quote", layout.quote_token, &pair.quote)] {
        if ours.contains(&address) {
            continue;
        }
        let decimals = Token::at(client, address).decimals()?;
        if decimals != token.decimals {
            let (symbol, expected) = (&token.symbol, token.decimals);
            let reason = format!("{field}: the token at {address:#066x} has {decimals} decimals, and {symbol} of the pair {expected}");
            return Err(ChainError::VaultTable { reason });
        }
    }
    Ok(())
}

/// Declares the library that the vault calls.
fn library(account: &Account, steps: &mut Vec<DeployStep>, progress: &mut dyn FnMut(&str)) -> Result<(), ChainError> {
    let class = Class::StrategyLibrary;
    let what = format!("{} class", class.name());
    let step = match account.client().is_declared(class.hash())? {
        true => DeployStep { what, receipt: None },
        false => {
            progress(&format!("compiling the {}", class.name()));
            declared(account, &what, &class.compile()?, progress)?
        }
    };
    steps.push(step);
    Ok(())
}

/// Deploys a contract if it is not there, and declares its class before if that is not declared.
fn placed(account: &Account, piece: &Piece, progress: &mut dyn FnMut(&str)) -> Result<Vec<DeployStep>, ChainError> {
    let Piece { what, class, salt, calldata } = piece;
    let client = account.client();
    if client.class_hash_at(piece.address())?.is_some() {
        return Ok(vec![DeployStep { what: what.clone(), receipt: None }]);
    }
    let mut steps = Vec::new();
    if !client.is_declared(class.hash())? {
        progress(&format!("compiling the {}", class.name()));
        steps.push(declared(account, &format!("{} class", class.name()), &class.compile()?, progress)?);
    }
    progress(&format!("deploying the {what}"));
    let invocation = universal_deployment(class.hash(), *salt, calldata);
    let (receipt, _) = super::calls::tell(account, &format!("deploying the {what}"), vec![invocation])?;
    steps.push(DeployStep { what: what.clone(), receipt: Some(receipt) });
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use maat_strategy::rate::Token as Named;

    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    const TABLE: &str = r#"
        name = "Sample"
        symbol = "S"
        min_nav = 100
        keeper_cap = "0.5"

        [networks.sepolia]
        base = "0xb"
        quote = "0xc"
        pragma = { oracle = "0x0d", base = "ETH/USD", quote = "USDC/USD", sources = ["BINANCE", "OKX", "KUCOIN"] }
        ekubo = { router = "0xe", fee = "0x28f5c28f5c28f5c28f5c28f5c28f5c2", tick_spacing = 1000 }

        [networks.other]
        base = "0xb"
        quote = "0xc"
        history = "0xf"
        adapter = "0x10"
    "#;

    fn table(from: &str, to: &str) -> VaultTable {
        toml::from_str(&TABLE.replace(from, to)).unwrap()
    }

    fn pair() -> Pair {
        let token = |symbol: &str, decimals| Named { symbol: symbol.to_owned(), decimals };
        Pair { base: token("WETH", 18), quote: token("USDC", 6) }
    }

    /// The market on a network, with what is deployed for it.
    fn on(network: &str, table: &VaultTable) -> (Market, Vec<Piece>) {
        let mut pieces = Pieces::default();
        let market = market(table, &pair(), network, &mut pieces).unwrap();
        (market, pieces.0)
    }

    #[test]
    fn the_local_chain_has_mocks_of_a_salt_and_a_pair() {
        let (market, pieces) = on(DEVNET, &table("", ""));
        let classes: Vec<Class> = pieces.iter().map(|piece| piece.class).collect();
        assert_eq!(classes, [Class::MockToken, Class::MockToken, Class::MockFeed, Class::MockPool, Class::PriceHistory]);
        let addresses = [market.base, market.quote, market.mock_feed.unwrap(), market.adapter, market.history];
        assert!(pieces.iter().map(Piece::address).eq(addresses));
        assert_eq!(pieces[4].calldata, [market.mock_feed.unwrap()]);
        let (other, _) = on(DEVNET, &table("keeper_cap", "salt = 1\nkeeper_cap"));
        let others = [other.base, other.quote, other.mock_feed.unwrap(), other.adapter, other.history];
        assert!(addresses.iter().zip(others).all(|(one, other)| *one != other), "no mock is shared with another salt");
    }

    #[test]
    fn other_networks_have_what_the_file_names() {
        let (market, pieces) = on("other", &table("", ""));
        assert_eq!((market.base, market.quote), (Felt::from(0xb), Felt::from(0xc)));
        assert_eq!((market.history, market.adapter, market.mock_feed, pieces), (Felt::from(0xf), Felt::from(0x10), None, vec![]));

        let (market, pieces) = on("sepolia", &table("", ""));
        let [feed, history, adapter] = &pieces[..] else { panic!("{pieces:?}") };
        let short = |text: &str| Felt::from_bytes_be_slice(text.as_bytes());
        let (oracle, ids) = (Felt::from(0xd), [short("ETH/USD"), short("USDC/USD")]);
        assert_eq!(feed.calldata, [&[oracle], &ids[..], &[Felt::THREE, short("BINANCE"), short("OKX"), short("KUCOIN")]].concat());
        assert_eq!((history.calldata.clone(), history.address()), (vec![feed.address()], market.history));
        let fee = Felt::from(0x28f_5c28_f5c2_8f5c_28f5_c28f_5c28_f5c2u128);
        assert_eq!(adapter.calldata, [Felt::from(0xe), market.base, market.quote, fee, Felt::from(1_000)]);
        assert_eq!((adapter.class, adapter.address()), (Class::EkuboAdapter, market.adapter));

        let missing = super::market(&table("", ""), &pair(), "mainnet", &mut Pieces::default()).err().unwrap();
        assert!(missing.to_string().contains("has no table [vault.networks.mainnet]"), "{missing}");
    }

    #[test]
    fn what_the_file_names_must_be_there_and_of_the_pair() {
        let (market, pieces) = on("other", &table("", ""));
        let layout = Layout {
            registry: Felt::ONE,
            model: 1,
            version: 1,
            base_token: market.base,
            quote_token: market.quote,
            history: market.history,
            adapter: market.adapter,
            vault: Felt::from(0x99),
            mock_feed: None,
            pieces,
        };
        // A node on which some contracts are missing, and tokens have these decimals.
        let node = |missing: u64, base: u64| {
            FakeNode::start(move |method, params| match method {
                "starknet_getClassHashAt" if params["contract_address"] == format!("{missing:#x}") => {
                    Answer::Error(serde_json::json!({ "code": 20, "message": "Contract not found" }))
                }
                "starknet_getClassHashAt" => Answer::Result("0x1".into()),
                _ if params["request"]["contract_address"] == "0xb" => Answer::felts([Felt::from(base)]),
                _ => Answer::felts([Felt::from(6)]),
            })
        };
        let checked =
            |node: &FakeNode| check(&Client::connect(&node.network()).unwrap(), &layout, &pair()).map_err(|error| error.to_string());
        assert_eq!(checked(&node(0, 18)), Ok(()));
        for (missing, field) in [(0xb, "base"), (0xc, "quote"), (0xf, "history"), (0x10, "adapter")] {
            let error = checked(&node(missing, 18)).unwrap_err();
            assert!(error.contains(&format!("[vault]: {field}: there is no contract at 0x00")), "{error}");
        }
        let error = checked(&node(0, 8)).unwrap_err();
        assert!(error.contains("base: the token at 0x00") && error.ends_with("has 8 decimals, and WETH of the pair 18"), "{error}");
    }
}
