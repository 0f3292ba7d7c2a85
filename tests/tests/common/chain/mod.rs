//! A small Starknet for tests: contracts of our compiled classes call one another in the Cairo VM, with the gas accounting of the chain.
//!
//! It has what the contracts of this project use: storage, calls and library calls, deployments, events, times. A call that fails is undone,
//! and so is what it called; whoever called it gets the reason and may go on, as on Starknet since version 0.13.4. What Starknet lets no
//! contract catch undoes the whole transaction: a call of an address without a contract, an unknown class, a failed deployment.
//!
//! What is missing: accounts and their validation, fees, blocks, messages to Ethereum, and all other system calls.

mod class;
mod machine;
mod state;
mod system;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairo_lang_starknet_classes::keccak::starknet_keccak;
use maat_cairo::{gas, limits};
use starknet_types_core::felt::Felt;

pub use class::Class;
use machine::{Machine, Returned};
pub use state::Event;
use state::State;

/// A short string of Cairo.
pub fn text(text: &str) -> Felt {
    Felt::from_bytes_be_slice(text.as_bytes())
}

/// What a function or an event is called by.
pub fn selector(name: &str) -> Felt {
    Felt::from_bytes_be_slice(&starknet_keccak(name.as_bytes()).to_bytes_be())
}

/// Why a transaction is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The called function panicked with this. Each call that it came through has added `ENTRYPOINT_FAILED`.
    Panicked(Vec<Felt>),
    /// Something that no contract can catch.
    Fatal(String),
}

impl Failure {
    /// The first felt of what the function panicked with.
    ///
    /// # Panics
    /// It did not panic.
    pub fn reason(&self) -> Felt {
        match self {
            Self::Panicked(reason) => reason[0],
            Self::Fatal(reason) => panic!("no contract said this: {reason}"),
        }
    }
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What the function returned, serialised.
    pub output: Vec<Felt>,
    /// L2 gas of the execution alone.
    pub execution_gas: u64,
    /// Cells of storage that were zero and are not any more.
    pub new_cells: u64,
    /// Its events, in order.
    pub events: Vec<Event>,
    /// Felts of its calldata.
    calldata: u64,
}

impl Done {
    /// The L2 gas that it takes on Starknet in one transaction, without what an account's own code takes.
    pub fn gas(&self) -> u64 {
        let felts = |event: &Event| 2 * event.keys.len() + event.data.len();
        let events: usize = self.events.iter().map(felts).sum();
        self.execution_gas + gas::NEW_STORAGE_CELL * self.new_cells + gas::CALLDATA_FELT * (events as u64 + self.calldata)
    }
}

/// Contracts, what they store, and what they said.
pub struct Chain {
    state: State,
    classes: BTreeMap<Felt, Arc<Class>>,
    /// Machines that are not running, by class. One that is called again while it runs needs another one.
    machines: HashMap<Felt, Vec<Machine>>,
    /// The block's time, in seconds after 1970.
    pub now: u64,
}

/// A call of an entry point, which sees all of this.
#[derive(Clone, Copy)]
struct Frame {
    /// Whose storage it uses.
    contract: Felt,
    caller: Felt,
    function: Felt,
    /// Who made the transaction.
    account: Felt,
    /// How many calls it is within.
    depth: usize,
}

/// How deep calls may be nested.
const MAX_DEPTH: usize = 50;

impl Chain {
    /// Without any contract, at a time in seconds after 1970.
    pub fn new(now: u64) -> Self {
        Self { state: State::default(), classes: BTreeMap::new(), machines: HashMap::new(), now }
    }

    /// Makes a class known.
    pub fn declare(&mut self, class: Arc<Class>) {
        self.classes.insert(class.hash(), class);
    }

    /// Deploys a contract to an address of the caller's choice.
    pub fn deploy(&mut self, address: Felt, class_hash: Felt, calldata: &[Felt]) -> Result<Done, Failure> {
        let frame = Frame { contract: address, caller: Felt::ZERO, function: selector("constructor"), account: Felt::ZERO, depth: 0 };
        self.transaction(calldata, |chain| chain.construct(frame, class_hash, calldata, limits::TRANSACTION_L2_GAS))
    }

    /// Calls a contract as an account does, with as much gas as a transaction may have.
    pub fn call(&mut self, account: Felt, to: Felt, function: &str, calldata: &[Felt]) -> Result<Done, Failure> {
        self.call_within(account, to, function, calldata, limits::TRANSACTION_L2_GAS)
    }

    /// As [`Self::call`], with this much gas for the execution.
    pub fn call_within(&mut self, account: Felt, to: Felt, function: &str, calldata: &[Felt], gas: u64) -> Result<Done, Failure> {
        let frame = Frame { contract: to, caller: account, function: selector(function), account, depth: 0 };
        self.transaction(calldata, |chain| chain.call_contract(frame, calldata, gas))
    }

    fn transaction(&mut self, calldata: &[Felt], run: impl FnOnce(&mut Self) -> Result<Returned, String>) -> Result<Done, Failure> {
        let start = self.state.begin();
        let failure = match run(self) {
            Ok(Returned { panicked: false, output, used }) => {
                let events = self.state.events().to_vec();
                let calldata = calldata.len() as u64;
                return Ok(Done { output, execution_gas: used, new_cells: self.state.new_cells(), events, calldata });
            }
            Ok(Returned { output, .. }) => Failure::Panicked(output),
            Err(reason) => Failure::Fatal(reason),
        };
        self.state.undo(start);
        Err(failure)
    }

    /// Runs the constructor of a new contract.
    fn construct(&mut self, frame: Frame, class_hash: Felt, calldata: &[Felt], gas: u64) -> Result<Returned, String> {
        let class = self.classes.get(&class_hash).cloned().ok_or_else(|| format!("no class {class_hash:#x} is declared"))?;
        if self.state.class_of(frame.contract).is_some() {
            return Err(format!("there is a contract at {:#x}", frame.contract));
        }
        self.state.set_class(frame.contract, class_hash);
        match class.constructor() {
            Some(constructor) => self.run(&class, constructor, frame, calldata, gas),
            None if calldata.is_empty() => Ok(Returned { panicked: false, output: vec![], used: 0 }),
            None => Err("a class without a constructor takes no calldata".to_owned()),
        }
    }

    fn call_contract(&mut self, frame: Frame, calldata: &[Felt], gas: u64) -> Result<Returned, String> {
        let class_hash = self.state.class_of(frame.contract).ok_or_else(|| format!("there is no contract at {:#x}", frame.contract))?;
        self.call_class(class_hash, frame, calldata, gas)
    }

    /// Runs an external function of a class in the storage of the frame's contract. What it has changed is undone if it panics.
    fn call_class(&mut self, class_hash: Felt, frame: Frame, calldata: &[Felt], gas: u64) -> Result<Returned, String> {
        let class = self.classes.get(&class_hash).cloned().ok_or_else(|| format!("no class {class_hash:#x} is declared"))?;
        match class.external(frame.function) {
            Some(function) => self.run(&class, function, frame, calldata, gas),
            None => Ok(Returned { panicked: true, output: vec![text("ENTRYPOINT_NOT_FOUND")], used: 0 }),
        }
    }

    fn run(
        &mut self,
        class: &Arc<Class>,
        entry_point: &class::EntryPoint,
        frame: Frame,
        calldata: &[Felt],
        gas: u64,
    ) -> Result<Returned, String> {
        if frame.depth == MAX_DEPTH {
            return Err(format!("calls are nested more than {MAX_DEPTH} deep"));
        }
        let start = self.state.here();
        let free = self.machines.entry(class.hash()).or_default().pop();
        let mut machine = free.unwrap_or_else(|| Machine::new(class.clone()));
        let returned = machine.run(self, frame, entry_point, calldata, gas)?;
        if !machine.is_full() {
            self.machines.entry(class.hash()).or_default().push(machine);
        }
        if returned.panicked {
            self.state.undo(start);
        }
        Ok(returned)
    }
}
