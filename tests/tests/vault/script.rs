//! A script for `tests/fixtures/vault/driver.cairo`: calls in order, and what each must give.

use cairo_lang_starknet_classes::keccak::starknet_keccak;
use maat_cairo::{CairoPackage, Crate, Edition, Sources};
use maat_tests::root;
use starknet_types_core::felt::Felt;

use crate::common::driver::Driver;

/// Contracts in the order in which a script deploys them.
pub const FEED: u8 = 0;
pub const HISTORY: u8 = 1;
pub const BASE: u8 = 2;
pub const QUOTE: u8 = 3;
pub const REGISTRY: u8 = 4;
pub const POOLS: [u8; 4] = [5, 6, 7, 8];
pub const VAULT: u8 = 9;

/// A short string of Cairo.
pub fn text(text: &str) -> Felt {
    Felt::from_bytes_be_slice(text.as_bytes())
}

/// The address of a contract of the script.
pub fn contract(number: u8) -> Felt {
    text("contract") + Felt::from(number)
}

pub fn selector(function: &str) -> Felt {
    Felt::from_bytes_be_slice(&starknet_keccak(function.as_bytes()).to_bytes_be())
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
    /// Anything that begins so; what is not known here can be anything.
    Begins(Vec<Option<Felt>>),
    /// A panic with this.
    Refuses(Felt),
}

/// An event: its keys, its name's selector first, and its data.
pub type Logged = (Vec<Felt>, Vec<Felt>);

#[derive(Default)]
pub struct Script {
    felts: Vec<Felt>,
    /// What each call must give, and what it is.
    expected: Vec<(String, Expected)>,
}

impl Script {
    pub fn time(&mut self, now: u64) {
        self.felts.extend([Felt::ZERO, Felt::from(now)]);
    }

    /// Deploys a contract of a class, which the driver numbers.
    pub fn deploy(&mut self, class: u8, calldata: Vec<Felt>, expected: Expected) {
        self.felts.extend([Felt::ONE, Felt::from(class), calldata.len().into()]);
        self.felts.extend(calldata);
        self.expected.push((format!("deployment of class {class}"), expected));
    }

    /// Deploys a vault of the felts of its `Deployment`.
    pub fn deploy_vault(&mut self, deployment: &[Felt], expected: Expected) {
        self.deploy(5, [&[deployment.len().into()], deployment].concat(), expected);
    }

    /// A call that must not panic.
    pub fn tell(&mut self, caller: Felt, to: u8, function: &str, calldata: Vec<Felt>) {
        self.call(Felt::THREE, caller, to, function, calldata);
    }

    /// A call that must give what is expected.
    pub fn ask(&mut self, caller: Felt, to: u8, function: &str, calldata: Vec<Felt>, expected: Expected, what: impl Into<String>) {
        self.call(Felt::TWO, caller, to, function, calldata);
        self.expected.push((what.into(), expected));
    }

    fn call(&mut self, kind: Felt, caller: Felt, to: u8, function: &str, calldata: Vec<Felt>) {
        self.felts.extend([kind, caller, contract(to), selector(function), calldata.len().into()]);
        self.felts.extend(calldata);
    }

    /// How many calls have an expectation.
    pub fn len(&self) -> usize {
        self.expected.len()
    }

    /// Runs the script, asserts that each call gives what it must, and gives the events of the contract that was deployed last.
    ///
    /// # Panics
    /// A call gives something else.
    pub fn run(&self, driver: &Driver, name: &str) -> Vec<Logged> {
        let calldata = [vec![self.felts.len().into()], self.felts.clone()].concat();
        // The first felt is the list's length.
        let found = driver.call(calldata).split_off(1);
        let mut rest = found.into_iter();
        let list = |rest: &mut std::vec::IntoIter<Felt>| -> Option<Vec<Felt>> {
            let length = usize::try_from(rest.next()?.to_biguint()).expect("a length");
            Some(rest.take(length).collect())
        };
        for (index, (what, expected)) in self.expected.iter().enumerate() {
            let deployed = what.starts_with("deployment");
            let done = rest.next().expect("whether it was done") == Felt::ONE;
            let found = match (done, deployed) {
                (true, true) => Expected::Gives(vec![]),
                (true, false) => Expected::Gives(list(&mut rest).expect("what it gives")),
                (false, _) => Expected::Refuses(rest.next().expect("a reason")),
            };
            let same = match (expected, &found) {
                (Expected::Begins(begin), Expected::Gives(given)) => {
                    given.len() >= begin.len() && begin.iter().zip(given).all(|(begin, given)| begin.is_none_or(|begin| begin == *given))
                }
                _ => *expected == found,
            };
            assert!(same, "{name}, call {index}, {what}: the contract gives\n{}\nand not\n{}", shown(&found), shown(expected));
        }
        let mut events = Vec::new();
        while let Some(keys) = list(&mut rest) {
            events.push((keys, list(&mut rest).expect("an event has data")));
        }
        events
    }
}

/// Numbers in decimals, and reasons as texts.
fn shown(expected: &Expected) -> String {
    let list = |felts: &[Felt]| felts.iter().map(Felt::to_string).collect::<Vec<_>>().join(" ");
    match expected {
        Expected::Gives(felts) => list(felts),
        Expected::Begins(felts) => {
            felts.iter().map(|felt| felt.map_or("?".to_owned(), |felt| felt.to_string())).collect::<Vec<_>>().join(" ") + " .."
        }
        Expected::Refuses(reason) => {
            let bytes: Vec<u8> = reason.to_bytes_be().into_iter().filter(|byte| *byte != 0).collect();
            format!("the refusal {:?}", String::from_utf8_lossy(&bytes))
        }
    }
}

/// The driver with the vault, the history and the mocks.
pub fn driver() -> Driver {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", std::fs::read_to_string(root().join("tests/fixtures/vault/driver.cairo")).unwrap());
    let main = Crate { name: "driver".to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: String::new() };
    let dependencies = vec![
        CairoPackage::vault().main,
        CairoPackage::price_history().main,
        CairoPackage::mocks().main,
        Crate::interfaces(),
        Crate::vault_interfaces(),
    ];
    let contracts = [
        "driver::driver",
        "driver::mock_registry",
        "maat_history::price_history::price_history",
        "maat_mocks::feed::mock_feed",
        "maat_mocks::pool::mock_pool",
        "maat_mocks::token::mock_token",
        "maat_vault::library::strategy_library",
        "maat_vault::vault::vault",
    ];
    Driver::compile(&CairoPackage { main, dependencies }, &contracts, "DriverImpl__run")
}
