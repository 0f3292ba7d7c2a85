//! Requests and claims of ERC-7540: ask for shares or assets, fetch what was filled, take back what was not.
//!
//! A request's number is its epoch. Claims never look at a price. ERC-4626's `mint` and `withdraw` take what a controller can claim from
//! its epochs, oldest first.

use super::epochs::{Left, epoch_of};
use super::error::Refusal;
use super::events::{Event, Kind};
use super::feed::MAX_AGE;
use super::ledger::{Account, Side};
use super::recorder::WINDOW;
use super::states::{Operation, State};
use super::{Call, Chain, Vault, books};
use crate::hour::SECONDS;

/// Hours from an epoch's hour until its requests can be taken back.
pub const RECLAIM_HOURS: u64 = 72;

impl Vault {
    /// Puts quote tokens of an owner into the epoch of now, for a controller, and gives the epoch.
    ///
    /// # Errors
    /// The vault is not active, the amount is 0 or leads to 2^112 or more, the caller does not act for the owner, or the token did not move
    /// exactly this amount.
    pub fn request_deposit(
        &mut self,
        chain: &mut Chain,
        call: Call,
        assets: u128,
        controller: Account,
        owner: Account,
    ) -> Result<u64, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::RequestDeposit)?;
            vault.access.require_operator(owner, call.caller)?;
            vault.require_other(controller)?;
            if assets == 0 {
                return Err(Refusal::Zero);
            }
            let pending = vault.books.pending.checked_add(assets).and_then(books::amount).ok_or(Refusal::Overflow)?;
            vault.pull(chain, Side::Quote, owner, assets)?;
            vault.books.pending = pending;
            Ok(vault.add(Kind::Deposit, call, controller, owner, assets))
        })
    }

    /// Puts shares of an owner into the epoch of now, for a controller, and gives the epoch.
    ///
    /// # Errors
    /// The number is 0 or more than the owner has, or the caller does not act for the owner.
    pub fn request_redeem(
        &mut self,
        chain: &mut Chain,
        call: Call,
        shares: u128,
        controller: Account,
        owner: Account,
    ) -> Result<u64, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::RequestRedeem)?;
            vault.access.require_operator(owner, call.caller)?;
            vault.require_other(controller)?;
            vault.require_other(owner)?;
            if shares == 0 {
                return Err(Refusal::Zero);
            }
            vault.move_shares(owner, vault.account, shares)?;
            Ok(vault.add(Kind::Redeem, call, controller, owner, shares))
        })
    }

    fn add(&mut self, kind: Kind, call: Call, controller: Account, owner: Account, amount: u128) -> u64 {
        let epoch = epoch_of(call.now);
        let queue = match kind {
            Kind::Deposit => &mut self.deposits,
            Kind::Redeem => &mut self.redemptions,
        };
        queue.add(epoch, controller, amount, call.now);
        self.emit(Event::Requested { kind, controller, owner, epoch, sender: call.caller, amount });
        epoch
    }

    /// Fetches all shares of a deposit that was filled, in full or in part, and gives their number.
    ///
    /// # Errors
    /// There are none, or the caller does not act for the controller.
    pub fn claim_shares(
        &mut self,
        chain: &mut Chain,
        call: Call,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            let claimable = vault.deposits.get(epoch).map_or(0, |entry| entry.claimable(controller));
            if claimable == 0 {
                return Err(Refusal::NothingClaimable { epoch });
            }
            vault.take_shares(chain, call, &[(epoch, claimable)], controller, receiver)
        })
    }

    /// Fetches so many shares of a controller's deposits, oldest first.
    ///
    /// # Errors
    /// There are fewer, or the caller does not act for the controller.
    pub fn mint_claimed(
        &mut self,
        chain: &mut Chain,
        call: Call,
        shares: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            let claims = oldest_first(&vault.deposits.claims(controller), shares)?;
            vault.take_shares(chain, call, &claims, controller, receiver).map(|_| ())
        })
    }

    fn take_shares(
        &mut self,
        chain: &Chain,
        call: Call,
        claims: &[(u64, u128)],
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.require(call, chain, Operation::Claim)?;
        self.access.require_operator(controller, call.caller)?;
        self.require_other(receiver)?;
        let mut sum = 0;
        for (epoch, amount) in claims.iter().copied() {
            let claimable = self.deposits.get(epoch).map_or(0, |entry| entry.claimable(controller));
            self.deposits.claim(epoch, controller, amount).ok_or(Refusal::Claim { asked: amount, claimable })?;
            self.emit(Event::Claimed { kind: Kind::Deposit, controller, receiver, epoch, amount });
            sum += amount;
        }
        self.move_shares(self.account, receiver, sum)?;
        Ok(sum)
    }

    /// Fetches all assets of a redemption that was filled, in full or in part, and gives their amount.
    ///
    /// # Errors
    /// There are none, the caller does not act for the controller, or the token did not move exactly this amount.
    pub fn claim_assets(
        &mut self,
        chain: &mut Chain,
        call: Call,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            let claimable = vault.redemptions.get(epoch).map_or(0, |entry| entry.claimable(controller));
            if claimable == 0 {
                return Err(Refusal::NothingClaimable { epoch });
            }
            vault.take_assets(chain, call, &[(epoch, claimable)], controller, receiver)
        })
    }

    /// Fetches so many assets of a controller's redemptions, oldest first.
    ///
    /// # Errors
    /// There are fewer, the caller does not act for the controller, or the token did not move exactly this amount.
    pub fn withdraw_claimed(
        &mut self,
        chain: &mut Chain,
        call: Call,
        assets: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<(), Refusal> {
        self.transact(chain, |vault, chain| {
            let claims = oldest_first(&vault.redemptions.claims(controller), assets)?;
            vault.take_assets(chain, call, &claims, controller, receiver).map(|_| ())
        })
    }

    fn take_assets(
        &mut self,
        chain: &mut Chain,
        call: Call,
        claims: &[(u64, u128)],
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.require(call, chain, Operation::Claim)?;
        self.access.require_operator(controller, call.caller)?;
        self.require_other(receiver)?;
        let mut sum = 0;
        for (epoch, amount) in claims.iter().copied() {
            let claimable = self.redemptions.get(epoch).map_or(0, |entry| entry.claimable(controller));
            self.redemptions.claim(epoch, controller, amount).ok_or(Refusal::Claim { asked: amount, claimable })?;
            self.emit(Event::Claimed { kind: Kind::Redeem, controller, receiver, epoch, amount });
            sum += amount;
        }
        self.books.reserved -= sum;
        self.push(chain, Side::Quote, receiver, sum)?;
        Ok(sum)
    }

    /// Takes back what was not filled of a deposit, and gives its amount. Shares that were filled and not claimed go to the receiver too.
    ///
    /// It is possible at once if the deposit is refunded or the vault is not active, since no price can fill it then; else as for
    /// redemptions.
    ///
    /// # Errors
    /// It is too early, an hour may be unsettled, nothing is left, the caller does not act for the controller, or the token did not move
    /// exactly this amount.
    pub fn reclaim_deposit(
        &mut self,
        chain: &mut Chain,
        call: Call,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Reclaim)?;
            vault.access.require_operator(controller, call.caller)?;
            vault.require_other(receiver)?;
            let refunded = vault.deposits.get(epoch).is_some_and(|entry| entry.refunded);
            if !refunded && vault.state(chain.model, call.now) == State::Active {
                require_unsettleable(epoch, call.now)?;
            }
            let Left { returned, unclaimed } = vault.deposits.leave(epoch, controller).ok_or(Refusal::NothingPending)?;
            vault.books.pending -= returned;
            if unclaimed > 0 {
                vault.move_shares(vault.account, receiver, unclaimed)?;
            }
            vault.emit(Event::Reclaimed { kind: Kind::Deposit, controller, receiver, epoch, returned, unclaimed });
            vault.push(chain, Side::Quote, receiver, returned)?;
            Ok(returned)
        })
    }

    /// Takes back the shares of a redemption that were not filled, and gives their number. Assets that were filled and not claimed are owed
    /// to the receiver, who withdraws them.
    ///
    /// # Errors
    /// It is too early, an hour may be unsettled, nothing is left, or the caller does not act for the controller.
    pub fn reclaim_redeem(
        &mut self,
        chain: &mut Chain,
        call: Call,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Reclaim)?;
            vault.access.require_operator(controller, call.caller)?;
            vault.require_other(receiver)?;
            require_unsettleable(epoch, call.now)?;
            let Left { returned, unclaimed } = vault.leave_redemption(epoch, controller, receiver)?;
            vault.move_shares(vault.account, receiver, returned)?;
            vault.emit(Event::Reclaimed { kind: Kind::Redeem, controller, receiver, epoch, returned, unclaimed });
            Ok(returned)
        })
    }

    /// Takes a controller out of a redemption. What was filled and not claimed is owed to the receiver from then on.
    pub(super) fn leave_redemption(&mut self, epoch: u64, controller: Account, receiver: Account) -> Result<Left, Refusal> {
        let left = self.redemptions.leave(epoch, controller).ok_or(Refusal::NothingPending)?;
        self.books.reserved -= left.unclaimed;
        self.books.owe(Side::Quote, receiver, left.unclaimed);
        Ok(left)
    }

    pub(super) fn require_other(&self, account: Account) -> Result<(), Refusal> {
        if account == self.account { Err(Refusal::Itself) } else { Ok(()) }
    }
}

/// So much from the oldest claims: each epoch with its part.
fn oldest_first(claims: &[(u64, u128)], asked: u128) -> Result<Vec<(u64, u128)>, Refusal> {
    if asked == 0 {
        return Err(Refusal::Zero);
    }
    let mut left = asked;
    let mut taken = Vec::new();
    for (epoch, claimable) in claims {
        let part = left.min(*claimable);
        if part == 0 {
            break;
        }
        taken.push((*epoch, part));
        left -= part;
    }
    if left > 0 { Err(Refusal::Claim { asked, claimable: asked - left }) } else { Ok(taken) }
}

/// Whether a request of an epoch has waited long enough, and no price can be known at which it may still be filled: prices of an hour may
/// be known from its cut-off on, [`MAX_AGE`] before its start, and it can be settled until [`WINDOW`] after a record that is made at most
/// [`WINDOW`] after its start.
fn require_unsettleable(epoch: u64, now: u64) -> Result<(), Refusal> {
    let until = epoch.saturating_add(RECLAIM_HOURS).saturating_mul(SECONDS);
    if now < until {
        return Err(Refusal::Early { until });
    }
    let (within, start) = (now % SECONDS, now - now % SECONDS);
    let open = 2 * WINDOW + 1;
    if within < open {
        return Err(Refusal::Settling { until: start + open });
    }
    if within >= SECONDS - MAX_AGE {
        return Err(Refusal::Settling { until: start + SECONDS + open });
    }
    Ok(())
}
