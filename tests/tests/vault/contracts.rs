//! A vault's contract and what surrounds it, on a small Starknet: told what to do, asked, and held to what they must give.

use std::borrow::Borrow;
use std::sync::{Arc, LazyLock};

use maat_cairo::{CairoPackage, Compiler, Contract, Crate, Edition, Sources};
use maat_tests::root;
use starknet_types_core::felt::Felt;

use crate::common::chain::{Chain, Class, Done, Failure};
pub use crate::common::chain::{selector, text};

/// The contracts, by number.
pub const FEED: u8 = 0;
pub const HISTORY: u8 = 1;
pub const BASE: u8 = 2;
pub const QUOTE: u8 = 3;
pub const REGISTRY: u8 = 4;
pub const POOLS: [u8; 4] = [5, 6, 7, 8];
pub const VAULT: u8 = 9;

/// Prepared classes.
pub struct Classes {
    pub feed: Arc<Class>,
    pub history: Arc<Class>,
    pub token: Arc<Class>,
    /// The mock of `tests/fixtures/vault/registry.cairo`, which is its own instance as well.
    pub registry: Arc<Class>,
    pub pool: Arc<Class>,
    /// What the vault has computed by another class.
    pub library: Arc<Class>,
    pub vault: Arc<Class>,
    /// The ABI of the vault, as JSON.
    pub vault_abi: String,
}

pub static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let compiler = Compiler::default();
    let compile = |package: &CairoPackage, paths: &[&str]| -> Vec<Contract> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        compiler.contracts(package, &paths).unwrap_or_else(|error| panic!("{error}"))
    };
    let class = |contract: Contract| Arc::new(Class::new(&contract));
    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join("tests/fixtures/vault/registry.cairo")).unwrap());
    let main = Crate { name: "fixture".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
    let dependencies = vec![CairoPackage::mocks().main, Crate::interfaces(), Crate::vault_interfaces()];
    let registry = CairoPackage { main, dependencies };
    let mocks = ["maat_mocks::feed::mock_feed", "maat_mocks::token::mock_token", "maat_mocks::pool::mock_pool"];
    let [feed, token, pool] = compile(&CairoPackage::mocks(), &mocks).try_into().unwrap_or_else(|_| panic!("three mocks"));
    let vaults = compile(&CairoPackage::vault(), &[CairoPackage::STRATEGY_LIBRARY, CairoPackage::VAULT]);
    let [library, vault] = vaults.try_into().unwrap_or_else(|_| panic!("two classes"));
    let sierra: serde_json::Value = serde_json::from_slice(&vault.sierra_json()).expect("its own text");
    Classes {
        feed: class(feed),
        history: class(compile(&CairoPackage::price_history(), &["maat_history::price_history::price_history"]).remove(0)),
        token: class(token),
        registry: class(compile(&registry, &["fixture::mock_registry"]).remove(0)),
        pool: class(pool),
        library: class(library),
        vault: class(vault),
        vault_abi: sierra["abi"].to_string(),
    }
});

/// The address of a contract.
pub fn contract(number: u8) -> Felt {
    text("contract") + Felt::from(number)
}

/// An amount as a `u256`.
pub fn wide(amount: u128) -> [Felt; 2] {
    [Felt::from(amount), Felt::ZERO]
}

/// What a call must give.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// This.
    Gives(Vec<Felt>),
    /// Anything that begins so.
    Begins(Vec<Felt>),
    /// A panic with this.
    Refuses(Felt),
    /// A panic with this, or with what the feed panics with.
    RefusesOrFails(Felt, Felt),
}

/// An event of the vault: its keys, its name's selector first, and its data.
pub type Logged = (Vec<Felt>, Vec<Felt>);

/// All of them.
pub struct Contracts {
    pub chain: Chain,
    /// What they do, to name it where something differs.
    pub name: String,
    /// How many calls were made.
    pub calls: usize,
}

impl Contracts {
    /// Without any.
    pub fn new(now: u64) -> Self {
        let Classes { feed, history, token, registry, pool, library, vault, .. } = &*CLASSES;
        let mut chain = Chain::new(now);
        for class in [feed, history, token, registry, pool, library, vault] {
            chain.declare(class.clone());
        }
        Self { chain, name: String::new(), calls: 0 }
    }

    /// Deploys a contract, which must go as expected.
    pub fn deploy(&mut self, number: u8, class: &Arc<Class>, calldata: &[Felt], expected: &Expected) {
        let found = self.chain.deploy(contract(number), class.hash(), calldata);
        self.compare(found, expected, &format!("deployment {number}"));
    }

    /// Deploys a vault of the felts of its `Deployment`.
    pub fn deploy_vault(&mut self, deployment: &[Felt], expected: &Expected) {
        self.deploy(VAULT, &CLASSES.vault, &[&[deployment.len().into()], deployment].concat(), expected);
    }

    /// A call that must not panic.
    pub fn tell(&mut self, caller: Felt, to: u8, function: &str, calldata: impl AsRef<[Felt]>) {
        self.calls += 1;
        let done = self.chain.call(caller, contract(to), function, calldata.as_ref());
        assert!(done.is_ok(), "{}, {function} of contract {to}: {done:?}", self.name);
    }

    /// A call that must give what is expected; gives the vault's events.
    pub fn ask(
        &mut self,
        caller: Felt,
        to: u8,
        function: &str,
        calldata: impl AsRef<[Felt]>,
        expected: impl Borrow<Expected>,
        what: &str,
    ) -> Vec<Logged> {
        self.calls += 1;
        let found = self.chain.call(caller, contract(to), function, calldata.as_ref());
        self.compare(found, expected.borrow(), what)
    }

    fn compare(&self, found: Result<Done, Failure>, expected: &Expected, what: &str) -> Vec<Logged> {
        let (found, events) = match found {
            Ok(Done { output, events, .. }) => (Expected::Gives(output), events),
            Err(failure) => (Expected::Refuses(failure.reason()), vec![]),
        };
        let same = match (expected, &found) {
            (Expected::Begins(begin), Expected::Gives(given)) => given.starts_with(begin),
            (Expected::RefusesOrFails(reason, feed), Expected::Refuses(found)) => [reason, feed].contains(&found),
            _ => *expected == found,
        };
        assert!(same, "{}, {what}: the contract gives\n{}\nand not\n{}", self.name, shown(&found), shown(expected));
        let of_vault = events.into_iter().filter(|event| event.from == contract(VAULT));
        of_vault.map(|event| (event.keys, event.data)).collect()
    }
}

/// Numbers in decimals, and reasons as texts.
fn shown(expected: &Expected) -> String {
    let list = |felts: &[Felt]| felts.iter().map(Felt::to_string).collect::<Vec<_>>().join(" ");
    match expected {
        Expected::Gives(felts) => list(felts),
        Expected::Begins(felts) => format!("{} ..", list(felts)),
        Expected::Refuses(reason) | Expected::RefusesOrFails(reason, _) => format!("the refusal {:?}", super::felts::readable(*reason)),
    }
}
