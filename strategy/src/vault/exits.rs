//! Exits in kind, withdrawals, transfers of shares, and the skim: what needs neither oracle, pool nor model.
//!
//! An exit in kind credits the floor of both tokens, against real and virtual shares, as debts. Each token is withdrawn on its own, so that
//! one that is paused does not hold the other back.

use super::epochs::Left;
use super::error::Refusal;
use super::events::{Event, Kind};
use super::ledger::{Account, Side};
use super::states::Operation;
use super::{Call, Chain, Vault};

impl Vault {
    /// Moves shares of the caller.
    ///
    /// # Errors
    /// The caller has fewer, or the receiver is the vault.
    pub fn transfer(&mut self, chain: &mut Chain, call: Call, to: Account, shares: u128) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Transfer)?;
            vault.require_other(call.caller)?;
            vault.require_other(to)?;
            vault.move_shares(call.caller, to, shares)
        })
    }

    /// Burns shares of an owner, and owes the receiver their part of both tokens, which it gives: base and quote.
    ///
    /// # Errors
    /// The number is 0 or more than the owner has, or the caller does not act for the owner.
    pub fn exit_in_kind(
        &mut self,
        chain: &mut Chain,
        call: Call,
        shares: u128,
        receiver: Account,
        owner: Account,
    ) -> Result<(u128, u128), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::ExitInKind)?;
            vault.access.require_operator(owner, call.caller)?;
            vault.require_other(receiver)?;
            vault.require_other(owner)?;
            if shares == 0 {
                return Err(Refusal::Zero);
            }
            vault.leave_in_kind(call, shares, receiver, owner, owner)
        })
    }

    /// Burns the shares of a redemption that were not filled, and owes the receiver their part of both tokens, which it gives: base and
    /// quote. Assets that were filled and not claimed are owed too.
    ///
    /// Whoever waits in the queue has an option: to be paid at an hour's recorded price less the fee, or to leave in kind at what the tokens
    /// are worth then. An hour's price can be seen from its cut-off, 600 s before its start, and the choice ends when anyone settles it, at
    /// most 1,800 s after its start; it begins anew each hour for what the cap or a lack of quote tokens leaves unfilled. Those who stay bear
    /// no loss in kind from it: an exit takes its part of both tokens. They miss the settlement fee.
    ///
    /// # Errors
    /// All of them were filled, or the caller does not act for the controller.
    pub fn exit_request_in_kind(
        &mut self,
        chain: &mut Chain,
        call: Call,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<(u128, u128), Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::ExitInKind)?;
            vault.access.require_operator(controller, call.caller)?;
            vault.require_other(receiver)?;
            let Left { returned, unclaimed } = vault.leave_redemption(epoch, controller, receiver)?;
            vault.emit(Event::Reclaimed { kind: Kind::Redeem, controller, receiver, epoch, returned, unclaimed });
            vault.leave_in_kind(call, returned, receiver, controller, vault.account)
        })
    }

    fn leave_in_kind(
        &mut self,
        call: Call,
        shares: u128,
        receiver: Account,
        owner: Account,
        holder: Account,
    ) -> Result<(u128, u128), Refusal> {
        self.accrue(call.now);
        let (base, quote) = (self.books.part(shares, self.books.managed.base), self.books.part(shares, self.books.managed.quote));
        self.burn(holder, shares)?;
        self.books.managed.base -= base;
        self.books.managed.quote -= quote;
        self.books.owe(Side::Base, receiver, base);
        self.books.owe(Side::Quote, receiver, quote);
        self.emit(Event::ExitedInKind { owner, receiver, shares, base, quote });
        Ok((base, quote))
    }

    /// Sends an account's debts in one token to a receiver, and gives their amount. Anyone may send an account what it is owed, so that one
    /// that cannot call loses nothing; only the account itself and its operators name another receiver.
    ///
    /// # Errors
    /// Nothing is owed, the caller does not act for the account and the receiver is another one, or the token did not move exactly this amount.
    pub fn withdraw_token(
        &mut self,
        chain: &mut Chain,
        call: Call,
        side: Side,
        account: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::WithdrawToken)?;
            if receiver != account {
                vault.access.require_operator(account, call.caller)?;
            }
            vault.require_other(receiver)?;
            let amount = vault.books.debts(side).take(account);
            if amount == 0 {
                return Err(Refusal::NothingOwed { side });
            }
            vault.emit(Event::Withdrawn { account, receiver, side, amount });
            vault.push(chain, side, receiver, amount)?;
            Ok(amount)
        })
    }

    /// Sends what a balance has beyond the books to the treasury, and gives its amount. Anyone may call it.
    ///
    /// # Errors
    /// There is nothing, or the token did not move exactly this amount.
    pub fn skim(&mut self, chain: &mut Chain, call: Call, side: Side) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Skim)?;
            let amount = chain.ledger.balance(side, vault.account).saturating_sub(vault.books.needed(side));
            if amount == 0 {
                return Err(Refusal::NothingToSkim { side });
            }
            vault.emit(Event::Skimmed { side, amount });
            vault.push(chain, side, vault.treasury, amount)?;
            Ok(amount)
        })
    }
}
