//! The books: what the vault manages, what it keeps for others, and what its shares are worth.
//!
//! Balances of tokens are never read for value; what arrives without a call is not in the books, and `skim` sends it away. The net asset
//! value (NAV) is `value(base) + quote` at a recorded price, rounded down for whoever leaves and up for whoever enters.
//!
//! Shares are priced with [`VIRTUAL_SHARES`] and [`VIRTUAL_ASSETS`] on top, as in OpenZeppelin's ERC-4626 with a decimals offset of 3:
//! `shares = floor(assets * (supply + 1000) / (NAV + 1))` and `assets = floor(shares * (NAV + 1) / (supply + 1000))`. Whoever inflates the
//! value of a share gives most of it to the virtual ones. The drawdown looks at the same price, which no entry or exit lowers.

use std::collections::BTreeMap;

use super::error::Refusal;
use super::events::Event;
use super::ledger::{Account, Side};
use super::{Chain, Vault};
use crate::limits::Position;
use crate::math::{MAX_AMOUNT, mul_div_floor};
use crate::rate::Rate;

/// Shares that nobody holds, and that count in every price of a share.
pub const VIRTUAL_SHARES: u128 = 1_000;
/// Assets that nobody holds, and that count in every price of a share.
pub const VIRTUAL_ASSETS: u128 = 1;

/// What the vault manages, keeps and owes. Amounts are in smallest units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Books {
    /// What belongs to the shares, with what the limits remember.
    pub managed: Position,
    /// Quote tokens of deposits that are not filled.
    pub pending: u128,
    /// Quote tokens of redemptions that are filled and not claimed.
    pub reserved: u128,
    /// All shares.
    pub supply: u128,
    /// Base tokens that accounts can withdraw.
    pub owed_base: Debts,
    /// Quote tokens that accounts can withdraw.
    pub owed_quote: Debts,
}

/// What is owed in one token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Debts {
    /// To all.
    pub total: u128,
    by_account: BTreeMap<Account, u128>,
}

impl Debts {
    /// What is owed to an account.
    pub fn to(&self, account: Account) -> u128 {
        self.by_account.get(&account).copied().unwrap_or(0)
    }

    fn add(&mut self, account: Account, amount: u128) {
        if amount > 0 {
            self.total += amount;
            *self.by_account.entry(account).or_default() += amount;
        }
    }

    /// All that is owed to an account, which is then owed nothing.
    pub(super) fn take(&mut self, account: Account) -> u128 {
        let amount = self.by_account.remove(&account).unwrap_or(0);
        self.total -= amount;
        amount
    }
}

impl Books {
    /// What the vault must hold of a token.
    pub fn needed(&self, side: Side) -> u128 {
        match side {
            Side::Base => self.managed.base + self.owed_base.total,
            Side::Quote => self.managed.quote + self.pending + self.reserved + self.owed_quote.total,
        }
    }

    /// The NAV for whoever leaves: nothing if it is 2^112 or more.
    pub fn nav_floor(&self, rate: &Rate) -> Option<u128> {
        amount(rate.value_floor(self.managed.base)?.checked_add(self.managed.quote)?)
    }

    /// The NAV for whoever enters: nothing if it is 2^112 or more.
    pub fn nav_ceil(&self, rate: &Rate) -> Option<u128> {
        amount(rate.value_ceil(self.managed.base)?.checked_add(self.managed.quote)?)
    }

    /// The shares for so many assets at a NAV. Nothing if they have more than 128 bits.
    pub fn shares_for(&self, assets: u128, nav: u128) -> Option<u128> {
        mul_div_floor(assets, self.supply + VIRTUAL_SHARES, nav + VIRTUAL_ASSETS)
    }

    /// The assets for so many shares at a NAV: less than the NAV, if there are so many shares.
    pub fn assets_for(&self, shares: u128, nav: u128) -> Option<u128> {
        mul_div_floor(shares, nav + VIRTUAL_ASSETS, self.supply + VIRTUAL_SHARES)
    }

    /// The part of so many shares in an amount that is managed, in kind.
    pub(super) fn part(&self, shares: u128, of: u128) -> u128 {
        // There are fewer shares than the divisor, so that the part is less than the whole.
        mul_div_floor(shares, of, self.supply + VIRTUAL_SHARES).unwrap_or(0)
    }

    pub(super) fn debts(&mut self, side: Side) -> &mut Debts {
        match side {
            Side::Base => &mut self.owed_base,
            Side::Quote => &mut self.owed_quote,
        }
    }

    /// Owes an account so much more of a token.
    pub(super) fn owe(&mut self, side: Side, account: Account, amount: u128) {
        self.debts(side).add(account, amount);
    }
}

/// An amount, if it is less than 2^112.
pub(super) fn amount(value: u128) -> Option<u128> {
    (value <= MAX_AMOUNT).then_some(value)
}

impl Vault {
    /// The shares of an account. The vault's own are escrowed, or filled and not claimed.
    pub fn shares_of(&self, account: Account) -> u128 {
        self.shares.get(&account).copied().unwrap_or(0)
    }

    /// All accounts with shares.
    pub fn holders(&self) -> impl Iterator<Item = (Account, u128)> + '_ {
        self.shares.iter().map(|(account, shares)| (*account, *shares))
    }

    /// New shares. The caller keeps the supply below 2^112.
    pub(super) fn issue(&mut self, to: Account, shares: u128) {
        if shares > 0 {
            self.books.supply += shares;
            *self.shares.entry(to).or_default() += shares;
            self.emit(Event::Transfer { from: None, to: Some(to), shares });
        }
    }

    pub(super) fn burn(&mut self, from: Account, shares: u128) -> Result<(), Refusal> {
        self.debit(from, shares)?;
        self.books.supply -= shares;
        self.emit(Event::Transfer { from: Some(from), to: None, shares });
        Ok(())
    }

    pub(super) fn move_shares(&mut self, from: Account, to: Account, shares: u128) -> Result<(), Refusal> {
        self.debit(from, shares)?;
        *self.shares.entry(to).or_default() += shares;
        self.emit(Event::Transfer { from: Some(from), to: Some(to), shares });
        Ok(())
    }

    fn debit(&mut self, account: Account, shares: u128) -> Result<(), Refusal> {
        let has = self.shares_of(account);
        let left = has.checked_sub(shares).ok_or(Refusal::Shares { account, has, asked: shares })?;
        if left == 0 {
            self.shares.remove(&account);
        } else {
            self.shares.insert(account, left);
        }
        Ok(())
    }

    /// Takes tokens that an account allowed the vault to take, and insists that they arrived.
    pub(super) fn pull(&self, chain: &mut Chain, side: Side, from: Account, asked: u128) -> Result<(), Refusal> {
        let before = chain.ledger.balance(side, self.account);
        let moved = chain.ledger.transfer_from(side, self.account, from, self.account, asked);
        moved.map_err(|reason| Refusal::Token { side, reason })?;
        let moved = chain.ledger.balance(side, self.account).saturating_sub(before);
        if moved == asked { Ok(()) } else { Err(Refusal::Moved { side, asked, moved }) }
    }

    /// Sends tokens, and insists that so many left, and no more.
    pub(super) fn push(&self, chain: &mut Chain, side: Side, to: Account, asked: u128) -> Result<(), Refusal> {
        let before = chain.ledger.balance(side, self.account);
        chain.ledger.transfer(side, self.account, to, asked).map_err(|reason| Refusal::Token { side, reason })?;
        let moved = before.saturating_sub(chain.ledger.balance(side, self.account));
        if moved == asked { Ok(()) } else { Err(Refusal::Moved { side, asked, moved }) }
    }

    /// Gives the owner the management fee up to now, as shares. A halted vault is not managed, and costs nothing.
    ///
    /// Settlement and exits in kind call it before they change the supply, so that nobody pays for a time in which they held nothing. Shares
    /// that would lead to 2^112 or more are left out, because the fee must never be in the way of an exit.
    pub(super) fn accrue(&mut self, now: u64) {
        let seconds = now.saturating_sub(self.accrued_at);
        self.accrued_at = self.accrued_at.max(now);
        if self.halted {
            return;
        }
        let shares = self.strategy.fees.management_shares(self.books.supply, seconds).unwrap_or(0);
        if amount(self.books.supply.saturating_add(shares)).is_some() {
            self.issue(self.access.owner, shares);
        }
    }
}
