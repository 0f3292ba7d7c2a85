//! Accounts and the two tokens: who holds what, and the ways in which a token may misbehave.
//!
//! A transfer either moves something or fails; what it moves need not be what was asked for. The vault therefore measures its own balance
//! before and after each transfer.

use std::collections::BTreeMap;

use thiserror::Error;

pub use crate::history::Side;

/// The address of a person or contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub u64);

/// How a token behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// A transfer moves what was asked for.
    #[default]
    Honest,
    /// Every transfer fails.
    Paused,
    /// A transfer succeeds and moves nothing, as with a token that returns `false`.
    Silent,
    /// So many basis points of what arrives are kept from the receiver.
    TakesFee(u16),
    /// So many basis points of what leaves are taken from the sender on top.
    Surcharges(u16),
}

/// Why a token moved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransferError {
    /// The token is paused.
    #[error("it makes no transfers")]
    Paused,
    /// The sender has less.
    #[error("the sender has {has}, less than {asked}")]
    Balance {
        /// The sender's balance.
        has: u128,
        /// What was to be moved.
        asked: u128,
    },
    /// The sender allowed less.
    #[error("the sender allows {allowed}, less than {asked}")]
    Allowance {
        /// What the sender allows.
        allowed: u128,
        /// What was to be moved.
        asked: u128,
    },
    /// The receiver would have 2^128 or more.
    #[error("the receiver would have 2^128 or more")]
    Overflow,
}

/// A token: balances, allowances and its behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Token {
    behaviour: Behaviour,
    balances: BTreeMap<Account, u128>,
    /// By owner and spender.
    allowances: BTreeMap<(Account, Account), u128>,
}

/// The two tokens of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    base: Token,
    quote: Token,
}

impl Ledger {
    fn token(&self, side: Side) -> &Token {
        match side {
            Side::Base => &self.base,
            Side::Quote => &self.quote,
        }
    }

    fn token_mut(&mut self, side: Side) -> &mut Token {
        match side {
            Side::Base => &mut self.base,
            Side::Quote => &mut self.quote,
        }
    }

    /// Lets a token behave in another way.
    pub fn set_behaviour(&mut self, side: Side, behaviour: Behaviour) {
        self.token_mut(side).behaviour = behaviour;
    }

    /// What an account holds.
    pub fn balance(&self, side: Side, account: Account) -> u128 {
        self.token(side).balances.get(&account).copied().unwrap_or(0)
    }

    /// Gives an account new tokens, as its issuer does.
    ///
    /// # Errors
    /// The account would have 2^128 or more.
    pub fn issue(&mut self, side: Side, account: Account, amount: u128) -> Result<(), TransferError> {
        let has = self.balance(side, account).checked_add(amount).ok_or(TransferError::Overflow)?;
        self.token_mut(side).balances.insert(account, has);
        Ok(())
    }

    /// Lets a spender move so much of an owner's tokens; replaces what was allowed before.
    pub fn approve(&mut self, side: Side, owner: Account, spender: Account, amount: u128) {
        self.token_mut(side).allowances.insert((owner, spender), amount);
    }

    /// Moves tokens of the account that calls.
    ///
    /// # Errors
    /// The token is paused, or the sender has too little.
    pub fn transfer(&mut self, side: Side, from: Account, to: Account, amount: u128) -> Result<(), TransferError> {
        let token = self.token_mut(side);
        let (taken, given) = match token.behaviour {
            Behaviour::Honest => (amount, amount),
            Behaviour::Paused => return Err(TransferError::Paused),
            Behaviour::Silent => return Ok(()),
            Behaviour::TakesFee(bps) => (amount, amount - part(amount, bps)),
            Behaviour::Surcharges(bps) => (amount.saturating_add(part(amount, bps)), amount),
        };
        let has = token.balances.get(&from).copied().unwrap_or(0);
        let left = has.checked_sub(taken).ok_or(TransferError::Balance { has, asked: taken })?;
        token.balances.insert(from, left);
        let received = token.balances.entry(to).or_default();
        *received = received.checked_add(given).ok_or(TransferError::Overflow)?;
        Ok(())
    }

    /// Moves tokens of an owner that allowed it.
    ///
    /// # Errors
    /// As [`Self::transfer`], or the spender is allowed less.
    pub fn transfer_from(&mut self, side: Side, spender: Account, from: Account, to: Account, amount: u128) -> Result<(), TransferError> {
        let allowed = self.token(side).allowances.get(&(from, spender)).copied().unwrap_or(0);
        let left = allowed.checked_sub(amount).ok_or(TransferError::Allowance { allowed, asked: amount })?;
        self.transfer(side, from, to, amount)?;
        self.approve(side, from, spender, left);
        Ok(())
    }
}

/// `floor(amount * bps / 10,000)`, at most the amount.
fn part(amount: u128, bps: u16) -> u128 {
    crate::math::share_floor(amount, bps.min(10_000).into()).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Account = Account(1);
    const B: Account = Account(2);
    const SPENDER: Account = Account(3);

    fn moved(behaviour: Behaviour) -> (Result<(), TransferError>, u128, u128) {
        let mut ledger = Ledger::default();
        ledger.issue(Side::Base, A, 1_000).unwrap();
        ledger.set_behaviour(Side::Base, behaviour);
        let result = ledger.transfer(Side::Base, A, B, 500);
        (result, ledger.balance(Side::Base, A), ledger.balance(Side::Base, B))
    }

    #[test]
    fn each_behaviour_moves_what_it_says() {
        assert_eq!(moved(Behaviour::Honest), (Ok(()), 500, 500));
        assert_eq!(moved(Behaviour::Paused), (Err(TransferError::Paused), 1_000, 0));
        assert_eq!(moved(Behaviour::Silent), (Ok(()), 1_000, 0));
        assert_eq!(moved(Behaviour::TakesFee(1_000)), (Ok(()), 500, 450));
        assert_eq!(moved(Behaviour::Surcharges(1_000)), (Ok(()), 450, 500));
    }

    #[test]
    fn a_spender_moves_what_was_allowed_once() {
        let mut ledger = Ledger::default();
        ledger.issue(Side::Quote, A, 1_000).unwrap();
        ledger.approve(Side::Quote, A, SPENDER, 300);
        assert_eq!(ledger.transfer_from(Side::Quote, SPENDER, A, B, 200), Ok(()));
        let refused = TransferError::Allowance { allowed: 100, asked: 200 };
        assert_eq!(ledger.transfer_from(Side::Quote, SPENDER, A, B, 200), Err(refused));
        assert_eq!((ledger.balance(Side::Quote, A), ledger.balance(Side::Quote, B)), (800, 200));
    }

    #[test]
    fn nobody_spends_what_they_do_not_have() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.transfer(Side::Base, A, B, 1), Err(TransferError::Balance { has: 0, asked: 1 }));
        ledger.issue(Side::Base, A, u128::MAX).unwrap();
        assert_eq!(ledger.issue(Side::Base, A, 1), Err(TransferError::Overflow));
    }
}
