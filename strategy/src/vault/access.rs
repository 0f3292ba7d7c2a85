//! Roles: an owner, a guardian, and the delay of changes.
//!
//! The ownership is handed over in two steps. The owner proposes a change of the policy, the limits, the adapter or the guardian; it can be
//! applied after [`DELAY`], so that investors can leave first, and for [`GRACE`] from then on, so that an old proposal does not surprise
//! them. The guardian pauses, and cancels proposals, but not the one that replaces the guardian. Operators act for their controller, as in
//! ERC-7540.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Refusal, Unfit};
use super::events::Event;
use super::ledger::Account;
use super::states::{MAX_PAUSE, Operation};
use super::{Call, Chain, Vault};
use crate::limits::Limits;
use crate::policy::Policy;

/// How long a proposal waits, in seconds: a day.
pub const DELAY: u64 = 86_400;
/// How long it can be applied from then on, in seconds: seven days.
pub const GRACE: u64 = 7 * 86_400;

/// The most proposals that wait at a time.
pub const MAX_PROPOSALS: usize = 8;

/// What the owner can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another policy.
    Policy(Policy),
    /// Other limits.
    Limits(Limits),
    /// Another adapter.
    Adapter(Account),
    /// Another guardian.
    Guardian(Account),
    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    MinBits(u16),
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What is to change.
    pub change: Change,
    /// From when on it can be applied, in seconds after 1970.
    pub from: u64,
}

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The owner, who also receives the management fee.
    pub owner: Account,
    /// To whom the ownership is offered.
    pub offered: Option<Account>,
    /// The guardian.
    pub guardian: Account,
    /// The changes that wait, by number.
    pub proposals: BTreeMap<u64, Proposal>,
    /// The number of the next one.
    pub(super) next: u64,
    /// Controllers with their operators.
    pub(super) operators: BTreeSet<(Account, Account)>,
}

impl Access {
    pub(super) fn new(owner: Account, guardian: Account) -> Self {
        Self { owner, offered: None, guardian, proposals: BTreeMap::new(), next: 0, operators: BTreeSet::new() }
    }

    pub(super) fn require_owner(&self, caller: Account) -> Result<(), Refusal> {
        if caller == self.owner { Ok(()) } else { Err(Refusal::NotOwner { caller }) }
    }

    pub(super) fn require_guardian(&self, caller: Account) -> Result<(), Refusal> {
        if caller == self.guardian { Ok(()) } else { Err(Refusal::NotGuardian { caller }) }
    }

    /// How many changes were proposed.
    pub fn proposed(&self) -> u64 {
        self.next
    }

    /// Whether an account acts for another one.
    pub fn is_operator(&self, controller: Account, operator: Account) -> bool {
        self.operators.contains(&(controller, operator))
    }

    pub(super) fn require_operator(&self, account: Account, caller: Account) -> Result<(), Refusal> {
        if caller == account || self.is_operator(account, caller) { Ok(()) } else { Err(Refusal::NotOperator { caller, account }) }
    }
}

impl Vault {
    /// Lets an operator act for the caller, or no longer.
    ///
    /// # Errors
    /// The operator is the caller.
    pub fn set_operator(&mut self, chain: &mut Chain, call: Call, operator: Account, approved: bool) -> Result<(), Refusal> {
        self.transact(chain, |vault, _| {
            if operator == call.caller {
                return Err(Refusal::OwnOperator);
            }
            if approved {
                vault.access.operators.insert((call.caller, operator));
            } else {
                vault.access.operators.remove(&(call.caller, operator));
            }
            vault.emit(Event::OperatorSet { controller: call.caller, operator, approved });
            Ok(())
        })
    }

    /// Offers the ownership to another account, instead of whom it was offered to before.
    ///
    /// # Errors
    /// The caller is not the owner.
    pub fn transfer_ownership(&mut self, chain: &mut Chain, call: Call, to: Account) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.access.require_owner(call.caller)?;
            vault.require(call, chain, Operation::Govern)?;
            vault.access.offered = Some(to);
            vault.emit(Event::OwnershipTransferStarted { from: call.caller, to });
            Ok(())
        })
    }

    /// Takes the ownership that was offered. The management fee up to now goes to the owner before.
    ///
    /// # Errors
    /// It was not offered to the caller.
    pub fn accept_ownership(&mut self, chain: &mut Chain, call: Call) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            if vault.access.offered != Some(call.caller) {
                return Err(Refusal::NotOffered { caller: call.caller });
            }
            vault.require(call, chain, Operation::Govern)?;
            vault.access.offered = None;
            vault.accrue(call.now);
            let from = std::mem::replace(&mut vault.access.owner, call.caller);
            vault.emit(Event::OwnershipTransferred { from, to: call.caller });
            Ok(())
        })
    }

    /// Proposes a change, and gives the proposal's number.
    ///
    /// # Errors
    /// The caller is not the owner, the change is not one that a vault could be made with, or [`MAX_PROPOSALS`] wait.
    pub fn propose(&mut self, chain: &mut Chain, call: Call, change: Change) -> Result<u64, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.access.require_owner(call.caller)?;
            vault.require(call, chain, Operation::Govern)?;
            vault.clone().change(change.clone())?;
            if vault.access.proposals.len() >= MAX_PROPOSALS {
                return Err(Refusal::Proposals);
            }
            let (number, from) = (vault.access.next, call.now.saturating_add(DELAY));
            vault.access.next += 1;
            vault.access.proposals.insert(number, Proposal { change: change.clone(), from });
            vault.emit(Event::ChangeProposed { number, change, from });
            Ok(number)
        })
    }

    /// Drops a proposal.
    ///
    /// # Errors
    /// There is none of this number, or the caller is neither owner nor guardian, or the guardian would drop its own replacement.
    pub fn cancel(&mut self, chain: &mut Chain, call: Call, number: u64) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            let by_owner = call.caller == vault.access.owner;
            if !by_owner {
                vault.access.require_guardian(call.caller)?;
            }
            vault.require(call, chain, Operation::Govern)?;
            let proposal = vault.access.proposals.get(&number).ok_or(Refusal::NoProposal { number })?;
            if !by_owner && matches!(proposal.change, Change::Guardian(_)) {
                return Err(Refusal::OwnReplacement);
            }
            vault.access.proposals.remove(&number);
            vault.emit(Event::ChangeCancelled { number });
            Ok(())
        })
    }

    /// Drops all proposals with a smaller number; where the guardian calls, but for its own replacement.
    ///
    /// # Errors
    /// The caller is neither owner nor guardian.
    pub fn cancel_before(&mut self, chain: &mut Chain, call: Call, number: u64) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            let by_owner = call.caller == vault.access.owner;
            if !by_owner {
                vault.access.require_guardian(call.caller)?;
            }
            vault.require(call, chain, Operation::Govern)?;
            let smaller = vault.access.proposals.range(..number);
            let dropped = smaller.filter(|(_, proposal)| by_owner || !matches!(proposal.change, Change::Guardian(_)));
            let dropped: Vec<u64> = dropped.map(|(number, _)| *number).collect();
            for number in dropped {
                vault.access.proposals.remove(&number);
                vault.emit(Event::ChangeCancelled { number });
            }
            Ok(())
        })
    }

    /// Makes a change that was proposed a day ago or more.
    ///
    /// # Errors
    /// The caller is not the owner, there is no such proposal, it is too early or too late, or the change does not fit any more.
    pub fn apply(&mut self, chain: &mut Chain, call: Call, number: u64) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.access.require_owner(call.caller)?;
            vault.require(call, chain, Operation::Govern)?;
            let Proposal { change, from } = vault.access.proposals.remove(&number).ok_or(Refusal::NoProposal { number })?;
            let until = from.saturating_add(GRACE);
            if call.now < from {
                return Err(Refusal::Early { until: from });
            }
            if call.now >= until {
                return Err(Refusal::Expired { since: until });
            }
            vault.change(change.clone())?;
            vault.emit(Event::ChangeApplied { number, change });
            Ok(())
        })
    }

    fn change(&mut self, change: Change) -> Result<(), Unfit> {
        match change {
            Change::Policy(policy) => Arc::make_mut(&mut self.strategy).policy = policy,
            Change::Limits(limits) => Arc::make_mut(&mut self.strategy).limits = limits,
            Change::Adapter(adapter) => self.adapter = adapter,
            Change::Guardian(guardian) => self.access.guardian = guardian,
            Change::MinBits(bits) => self.min_bits = bits,
        }
        self.check()
    }

    /// Stops entries and trades for at most seven days.
    ///
    /// # Errors
    /// The caller is not the guardian, the vault is paused or halted, or the last pause ended less than seven days ago.
    pub fn pause(&mut self, chain: &mut Chain, call: Call) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.access.require_guardian(call.caller)?;
            vault.require(call, chain, Operation::Pause)?;
            if call.now < vault.pause.next() {
                return Err(Refusal::Early { until: vault.pause.next() });
            }
            vault.pause.until = call.now.saturating_add(MAX_PAUSE);
            vault.emit(Event::Paused { until: vault.pause.until });
            Ok(())
        })
    }

    /// Ends a pause early.
    ///
    /// # Errors
    /// The caller is not the guardian, or the vault is not paused.
    pub fn unpause(&mut self, chain: &mut Chain, call: Call) -> Result<(), Refusal> {
        self.transact(chain, |vault, _| {
            vault.access.require_guardian(call.caller)?;
            if !vault.pause.holds(call.now) {
                return Err(Refusal::NotPaused);
            }
            vault.pause.until = call.now;
            vault.emit(Event::Unpaused);
            Ok(())
        })
    }
}
