//! Requests and claims of ERC-7540: ask for shares or assets, fetch what was filled, take back what was not.
//!
//! A request's number is its epoch. Claims never look at a price. ERC-4626's `deposit`, `mint`, `withdraw` and `redeem` take what a
//! controller can claim from all its epochs, oldest first; `claim_shares` and `claim_assets` take it from one, at a cost that does not
//! depend on how many others there are. They are the sure way: anyone can put dust into every hour's epoch under somebody else's name, until
//! visiting all epochs costs more than a call may.

use super::epochs::{Claim, Left, Queue, epoch_of};
use super::error::Refusal;
use super::events::{Event, Kind};
use super::feed::MAX_AGE;
use super::ledger::{Account, Side};
use super::recorder::WINDOW;
use super::states::{Operation, State};
use super::{Call, Chain, Vault, books};
use crate::hour::SECONDS;
use crate::math::mul_div_floor;

/// Hours from an epoch's hour until its requests can be taken back: as many as leave a waiting request time to do so before a change that is
/// proposed after it. A request's epoch begins at most 4,200 s after it, and 22 hours and 2,999 s later a day has not passed.
pub const RECLAIM_HOURS: u64 = 22;

/// What an amount of a claim counts.
#[derive(Clone, Copy)]
enum Measure {
    /// What was put in: assets of deposits, shares of redemptions.
    Input,
    /// What it became.
    Proceeds,
}

/// What a claim took, in both.
struct Taken {
    input: u128,
    proceeds: u128,
}

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
        self.queue(kind).add(epoch, controller, amount, call.now);
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
        self.transact(chain, |vault, chain| vault.claim_epoch(chain, call, Kind::Deposit, epoch, controller, receiver))
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
        self.transact(chain, |vault, chain| vault.claim_epoch(chain, call, Kind::Redeem, epoch, controller, receiver))
    }

    /// Fetches the shares for so many filled assets of a controller's deposits, oldest first, and gives their number.
    ///
    /// # Errors
    /// Fewer assets are filled and not claimed, they became no share, or the caller does not act for the controller.
    pub fn deposit(
        &mut self,
        chain: &mut Chain,
        call: Call,
        assets: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.claim_oldest(chain, call, Kind::Deposit, Measure::Input, assets, receiver, controller).map(|taken| taken.proceeds)
        })
    }

    /// Fetches so many shares of a controller's deposits, oldest first, and gives the assets that they were.
    ///
    /// # Errors
    /// There are fewer, or the caller does not act for the controller.
    pub fn mint(&mut self, chain: &mut Chain, call: Call, shares: u128, receiver: Account, controller: Account) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.claim_oldest(chain, call, Kind::Deposit, Measure::Proceeds, shares, receiver, controller).map(|taken| taken.input)
        })
    }

    /// Fetches so many assets of a controller's redemptions, oldest first, and gives the shares that they were.
    ///
    /// # Errors
    /// There are fewer, the caller does not act for the controller, or the token did not move exactly this amount.
    pub fn withdraw(
        &mut self,
        chain: &mut Chain,
        call: Call,
        assets: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.claim_oldest(chain, call, Kind::Redeem, Measure::Proceeds, assets, receiver, controller).map(|taken| taken.input)
        })
    }

    /// Fetches the assets for so many filled shares of a controller's redemptions, oldest first, and gives their amount.
    ///
    /// # Errors
    /// Fewer shares are filled and not claimed, they became no assets, the caller does not act for the controller, or the token did not move
    /// exactly this amount.
    pub fn redeem(&mut self, chain: &mut Chain, call: Call, shares: u128, receiver: Account, controller: Account) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.claim_oldest(chain, call, Kind::Redeem, Measure::Input, shares, receiver, controller).map(|taken| taken.proceeds)
        })
    }

    fn queue(&mut self, kind: Kind) -> &mut Queue {
        match kind {
            Kind::Deposit => &mut self.deposits,
            Kind::Redeem => &mut self.redemptions,
        }
    }

    fn require_claimant(&self, chain: &Chain, call: Call, controller: Account, receiver: Account) -> Result<(), Refusal> {
        self.require(call, chain, Operation::Claim)?;
        self.access.require_operator(controller, call.caller)?;
        self.require_other(receiver)
    }

    fn claim_epoch(
        &mut self,
        chain: &mut Chain,
        call: Call,
        kind: Kind,
        epoch: u64,
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        self.require_claimant(chain, call, controller, receiver)?;
        match self.queue(kind).get(epoch).map_or(0, |entry| entry.claimable(controller)) {
            0 => Err(Refusal::NothingClaimable { epoch }),
            claimable => self.pay_claims(chain, kind, &[(epoch, claimable)], controller, receiver),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "those of an entry point, and which one it is")]
    fn claim_oldest(
        &mut self,
        chain: &mut Chain,
        call: Call,
        kind: Kind,
        measure: Measure,
        asked: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<Taken, Refusal> {
        self.require_claimant(chain, call, controller, receiver)?;
        let claims = self.queue(kind).claims(controller);
        let (mut left, mut taken) = (asked, Vec::new());
        for claim in &claims {
            let most = match measure {
                Measure::Input => claim.input,
                Measure::Proceeds => claim.proceeds,
            };
            let part = left.min(most);
            // Less than the proceeds, because the part is at most the input.
            let proceeds = match measure {
                Measure::Input => mul_div_floor(claim.proceeds, part, claim.input).unwrap_or(0),
                Measure::Proceeds => part,
            };
            if proceeds > 0 {
                taken.push((claim.epoch, proceeds));
            }
            left -= part;
        }
        if left > 0 {
            return Err(Refusal::Claim { asked, claimable: asked - left });
        }
        if taken.is_empty() {
            return Err(Refusal::Zero);
        }
        let input = |claims: &[Claim]| claims.iter().map(|claim| claim.input).sum::<u128>();
        let proceeds = self.pay_claims(chain, kind, &taken, controller, receiver)?;
        self.queue(kind).sweep(controller);
        Ok(Taken { input: input(&claims) - input(&self.queue(kind).claims(controller)), proceeds })
    }

    /// Marks claims as claimed and pays them. Each is at most what can be claimed of its epoch.
    fn pay_claims(
        &mut self,
        chain: &mut Chain,
        kind: Kind,
        claims: &[(u64, u128)],
        controller: Account,
        receiver: Account,
    ) -> Result<u128, Refusal> {
        let mut sum = 0;
        for (epoch, amount) in claims.iter().copied() {
            self.queue(kind).claim(epoch, controller, amount).ok_or(Refusal::NothingClaimable { epoch })?;
            self.emit(Event::Claimed { kind, controller, receiver, epoch, amount });
            sum += amount;
        }
        match kind {
            Kind::Deposit => self.move_shares(self.account, receiver, sum)?,
            Kind::Redeem => {
                self.books.reserved -= sum;
                self.push(chain, Side::Quote, receiver, sum)?;
            }
        }
        Ok(sum)
    }

    /// Takes back what was not filled of a deposit, and gives its amount. Shares that were filled and not claimed go to the receiver too.
    ///
    /// It is possible at once if the deposit is refunded or the vault is halted, since nothing can fill it any more. While the vault is not
    /// active, it need not have waited for 22 hours, but an hour's settlement is kept clear as for redemptions: a pause, or what the
    /// registry says, can end within it, and the deposit would be filled at a price that is known by then.
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
            if !refunded && !vault.halted {
                // The state only where it matters, because a registry that fails must not lock anything in.
                let waited = require_waited(epoch, call.now);
                if waited.is_err() && vault.state(chain.model, call.now) == State::Active {
                    waited?;
                }
                require_unsettleable(call.now)?;
            }
            let Left { returned, unclaimed } = vault.deposits.leave(epoch, controller).ok_or(Refusal::NothingPending)?;
            vault.books.pending -= returned;
            if unclaimed > 0 {
                vault.move_shares(vault.account, receiver, unclaimed)?;
            }
            vault.emit_hand_over(Kind::Deposit, controller, receiver, epoch, unclaimed);
            vault.emit(Event::Reclaimed { kind: Kind::Deposit, controller, receiver, epoch, returned, unclaimed });
            vault.push(chain, Side::Quote, receiver, returned)?;
            Ok(returned)
        })
    }

    /// Takes back the shares of a redemption that were not filled, and gives their number. Assets that were filled and not claimed are owed
    /// to the receiver, who withdraws them. It is not possible in an hour in which base tokens were sold for redemptions, so that
    /// anyone can settle before it, and whoever takes shares back does not leave the cost of the sale to others.
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
            require_waited(epoch, call.now)?;
            require_unsettleable(call.now)?;
            if let Some(raised) = vault.last_raise
                && call.now / SECONDS <= raised.count()
            {
                return Err(Refusal::Settling { until: raised.count().saturating_add(1).saturating_mul(SECONDS) });
            }
            let Left { returned, unclaimed } = vault.leave_redemption(epoch, controller, receiver)?;
            vault.move_shares(vault.account, receiver, returned)?;
            vault.emit(Event::Reclaimed { kind: Kind::Redeem, controller, receiver, epoch, returned, unclaimed });
            Ok(returned)
        })
    }

    /// Tells that whoever leaves an epoch got, or is owed, what was filled and not claimed.
    pub(super) fn emit_hand_over(&mut self, kind: Kind, controller: Account, receiver: Account, epoch: u64, amount: u128) {
        if amount > 0 {
            self.emit(Event::Claimed { kind, controller, receiver, epoch, amount });
        }
    }

    pub(super) fn require_other(&self, account: Account) -> Result<(), Refusal> {
        if account == self.account { Err(Refusal::Itself) } else { Ok(()) }
    }
}

/// Whether a request of an epoch has waited long enough.
fn require_waited(epoch: u64, now: u64) -> Result<(), Refusal> {
    let until = epoch.saturating_add(RECLAIM_HOURS).saturating_mul(SECONDS);
    if now < until { Err(Refusal::Early { until }) } else { Ok(()) }
}

/// The first second from a time on at which no price can be known at which a request may still be filled: prices of an hour may be known from
/// its cut-off on, [`MAX_AGE`] before its start, and it can be settled until [`WINDOW`] after a record that is made at most [`WINDOW`] after
/// its start.
pub fn unsettleable_from(time: u64) -> u64 {
    let (within, start) = (time % SECONDS, time - time % SECONDS);
    let open = 2 * WINDOW + 1;
    if within < open {
        start.saturating_add(open)
    } else if within < SECONDS - MAX_AGE {
        time
    } else {
        start.saturating_add(SECONDS + open)
    }
}

fn require_unsettleable(now: u64) -> Result<(), Refusal> {
    let until = unsettleable_from(now);
    if until == now { Ok(()) } else { Err(Refusal::Settling { until }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_back_within_the_hours_windows() {
        for (time, from) in [(0, 1_801), (1_800, 1_801), (1_801, 1_801), (2_999, 2_999), (3_000, 3_600 + 1_801), (3_599, 3_600 + 1_801)] {
            assert_eq!(unsettleable_from(7_200 + time), 7_200 + from, "{time}");
        }
    }
}
