//! What a chain stores, with a record of what it was before, so that failed calls can be undone.

use std::collections::{HashMap, HashSet};

use starknet_types_core::felt::Felt;

/// What a contract said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who said it.
    pub from: Felt,
    /// The selector of its name, and what it is indexed by.
    pub keys: Vec<Felt>,
    /// Everything else.
    pub data: Vec<Felt>,
}

/// What something was before it was changed.
enum Before {
    Cell((Felt, Felt), Felt),
    Class(Felt, Option<Felt>),
}

/// A moment of a transaction, to which one can go back.
#[derive(Clone, Copy)]
pub struct Moment {
    changes: usize,
    events: usize,
}

#[derive(Default)]
pub struct State {
    /// By contract and cell.
    storage: HashMap<(Felt, Felt), Felt>,
    classes: HashMap<Felt, Felt>,
    /// What this transaction has changed, in order.
    changes: Vec<Before>,
    /// What was said in this transaction.
    events: Vec<Event>,
}

impl State {
    /// Begins a transaction.
    pub fn begin(&mut self) -> Moment {
        self.changes.clear();
        self.events.clear();
        self.here()
    }

    pub fn here(&self) -> Moment {
        Moment { changes: self.changes.len(), events: self.events.len() }
    }

    /// Undoes everything since a moment.
    pub fn undo(&mut self, to: Moment) {
        self.events.truncate(to.events);
        for change in self.changes.drain(to.changes..).rev() {
            match change {
                Before::Cell(cell, value) => drop(self.storage.insert(cell, value)),
                Before::Class(contract, Some(class_hash)) => drop(self.classes.insert(contract, class_hash)),
                Before::Class(contract, None) => drop(self.classes.remove(&contract)),
            }
        }
    }

    pub fn read(&self, contract: Felt, cell: Felt) -> Felt {
        self.storage.get(&(contract, cell)).copied().unwrap_or_default()
    }

    pub fn write(&mut self, contract: Felt, cell: Felt, value: Felt) {
        let before = self.storage.insert((contract, cell), value).unwrap_or_default();
        self.changes.push(Before::Cell((contract, cell), before));
    }

    /// The class of a contract, if there is one at this address.
    pub fn class_of(&self, contract: Felt) -> Option<Felt> {
        self.classes.get(&contract).copied()
    }

    pub fn set_class(&mut self, contract: Felt, class_hash: Felt) {
        let before = self.classes.insert(contract, class_hash);
        self.changes.push(Before::Class(contract, before));
    }

    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// What was said in this transaction.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many cells were zero before this transaction and are not now.
    pub fn new_cells(&self) -> u64 {
        let mut seen = HashSet::new();
        let first = self.changes.iter().filter_map(|change| match change {
            // The first change of a cell knows what it was before the transaction.
            Before::Cell(cell, before) => seen.insert(*cell).then_some((cell, before)),
            Before::Class(..) => None,
        });
        first.filter(|((contract, cell), before)| **before == Felt::ZERO && self.read(*contract, *cell) != Felt::ZERO).count() as u64
    }
}
