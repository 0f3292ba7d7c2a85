//! Settlement: due epochs become shares and assets, at the worse of the hour's recorded rate and the fresh one.
//!
//! Nothing in the queue can stop it. A call visits at most [`MAX_EPOCHS`] epochs, deposits first, each kind from the oldest epoch on, until
//! that kind's next epoch cannot be filled in full. When both kinds have ended by themselves, the hour is swept: nothing is due until the
//! next one, but another call may fill more. A sale for redemptions fills them within its own call. The first observation, settlement, step
//! or unwinding of an hour opens it: the owner gets the management fee, the drawdown is looked at, and the hour's cap and NAV are fixed.
//! Opening needs the recorded price alone, so that a fall is seen while its confirmation fails.
//!
//! Nobody may choose the moment at which deposits are filled, so two things that somebody can do within an hour do not let them in: an exit in
//! kind makes no room below `deposit_cap` until the next hour, and after a pause deposits wait for the next hour.

use super::books::{VIRTUAL_ASSETS, VIRTUAL_SHARES, amount};
use super::epochs::Left;
use super::error::Refusal;
use super::events::{Event, Kind};
use super::ledger::{Account, Side};
use super::market::{Market, Recorded};
use super::states::Operation;
use super::{Call, Chain, Vault, allowed};
use crate::drawdown::{HighWater, SHARE_ONE};
use crate::hour::{Hour, SECONDS};
use crate::math::{MAX_AMOUNT, mul_div_floor, share_ceil, share_floor};

/// The most epochs that a call visits.
pub const MAX_EPOCHS: u32 = 8;
/// How much may enter more than leave in an hour, or leave more than enter, in basis points of the NAV.
pub const NET_CAP_BPS: u32 = 1_000;

/// What an hour has settled so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hourly {
    /// The hour.
    pub hour: Hour,
    /// The NAV when it was opened, and 2^112 - 1 if it was more.
    pub nav: u128,
    /// The most by which entries and exits may differ, in the quote token.
    pub cap: u128,
    /// Assets that entered.
    pub deposited: u128,
    /// Assets that left.
    pub redeemed: u128,
    /// Nothing more can be filled for now.
    pub swept: bool,
}

impl Hourly {
    /// What may still leave, in the quote token.
    pub fn room_to_leave(&self) -> u128 {
        self.cap.saturating_add(self.deposited).saturating_sub(self.redeemed)
    }
}

/// Why deposits cannot become shares.
enum Unfit {
    /// Now or later.
    Overflow,
    /// Because they are too few.
    Small,
}

impl Vault {
    /// The hour that was settled last.
    pub fn opened(&self) -> Option<Hourly> {
        self.opened
    }

    /// The oldest epoch that must be settled before the vault steps at an hour.
    pub(super) fn due(&self, call: Call, chain: &Chain, hour: Hour) -> Option<u64> {
        if self.opened.is_some_and(|opened| opened.hour == hour && opened.swept) {
            return None;
        }
        let deposits = if self.fills_deposits(call.now, chain, hour) { self.deposits.due(hour.count()) } else { None };
        deposits.into_iter().chain(self.redemptions.due(hour.count())).min()
    }

    /// Opens the hour that was recorded last: see the module. Anyone may call it, in every state; once the hour is open it changes nothing.
    /// Watchers call it where nobody can settle, because the price drifts away.
    ///
    /// # Errors
    /// Nothing is recorded, the record is late, or the quote token was off its peg.
    pub fn observe(&mut self, chain: &mut Chain, call: Call) -> Result<Hourly, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Observe)?;
            let recorded = vault.recorded(chain, call.now)?;
            Ok(vault.open(call.now, &recorded))
        })
    }

    /// Fills due epochs, and gives whether the hour is swept: deposits at the higher of the price that was recorded last and the fresh one,
    /// redemptions at the lower. Anyone may call it, as often as they like.
    ///
    /// # Errors
    /// The record is late, the quote token is off its peg, or no fresh quote confirms the price.
    pub fn settle(&mut self, chain: &mut Chain, call: Call) -> Result<bool, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::FillRedemptions)?;
            let market = vault.market(chain, call.now)?;
            vault.fill(chain, call.now, &market)
        })
    }

    /// Fills due epochs at the price of a market, and gives whether the hour is swept.
    pub(super) fn fill(&mut self, chain: &Chain, now: u64, market: &Market) -> Result<bool, Refusal> {
        // Again in an hour that is open, because shares are made and burned now.
        self.accrue(now);
        let mut hourly = self.open(now, &market.recorded);
        let mut visits = MAX_EPOCHS;
        // The drawdown may have halted the vault just now.
        let fills = self.fills_deposits(now, chain, hourly.hour);
        let deposits_ended = !fills || self.fill_deposits(market, &mut hourly, &mut visits)?;
        let redemptions_ended = self.fill_redemptions(market, &mut hourly, &mut visits)?;
        hourly.swept = deposits_ended && redemptions_ended;
        self.opened = Some(hourly);
        Ok(hourly.swept)
    }

    /// Whether deposits are filled in an hour.
    fn fills_deposits(&self, now: u64, chain: &Chain, hour: Hour) -> bool {
        self.pause.until <= hour.count().saturating_mul(SECONDS) && allowed(self.state(chain.model, now), Operation::FillDeposits)
    }

    /// Opens the hour if it is not open yet, and gives what it has settled.
    pub(super) fn open(&mut self, now: u64, recorded: &Recorded) -> Hourly {
        if let Some(opened) = self.opened
            && opened.hour == recorded.hour
        {
            return opened;
        }
        self.accrue(now);
        let nav = self.books.nav_floor(&recorded.rate);
        let shares = self.books.supply + VIRTUAL_SHARES;
        // The highest value counts too, because a fall makes no dust of a vault.
        let worth = mul_div_floor(self.high_water.peak, shares, SHARE_ONE).unwrap_or(u128::MAX);
        if self.books.supply == 0 || nav.is_some_and(|nav| nav.max(worth) < self.min_nav) {
            // In a vault of dust, rounding alone looks like a fall.
            self.high_water = HighWater::default();
        } else if let Some(nav) = nav {
            // A price of a share beyond 128 bits is no breach.
            let halts = self.high_water.observe(nav + VIRTUAL_ASSETS, shares, self.strategy.limits.max_drawdown_bps).unwrap_or(false);
            if halts && !self.halted {
                self.halted = true;
                self.emit(Event::Halted { hour: recorded.hour });
            }
        }
        let cap = match nav {
            _ if self.books.supply == 0 => u128::MAX,
            None => 0,
            // Less than 2^112 before it is divided.
            Some(nav) => share_floor(nav, NET_CAP_BPS).unwrap_or(0).max(self.min_nav),
        };
        let hourly = Hourly { hour: recorded.hour, nav: nav.unwrap_or(MAX_AMOUNT), cap, deposited: 0, redeemed: 0, swept: false };
        self.opened = Some(hourly);
        hourly
    }

    /// Whether all requests of an epoch are older than the price.
    fn require_older(&self, kind: Kind, epoch: u64, market: &Market) -> Result<(), Refusal> {
        let queue = match kind {
            Kind::Deposit => &self.deposits,
            Kind::Redeem => &self.redemptions,
        };
        let older = queue.get(epoch).is_some_and(|entry| entry.newest < market.recorded.oldest);
        if older { Ok(()) } else { Err(Refusal::NotOlder { epoch }) }
    }

    /// Fills deposits, and gives whether that ended before the visits did.
    fn fill_deposits(&mut self, market: &Market, hourly: &mut Hourly, visits: &mut u32) -> Result<bool, Refusal> {
        while let Some(epoch) = self.deposits.due(market.recorded.hour.count()) {
            if *visits == 0 {
                return Ok(false);
            }
            *visits -= 1;
            self.require_older(Kind::Deposit, epoch, market)?;
            let left = self.deposits.get(epoch).map_or(0, |entry| entry.unfilled());
            let Some(nav) = self.books.nav_ceil(&market.dearer()) else {
                self.refund(epoch, left);
                continue;
            };
            let room = hourly.cap.saturating_add(hourly.redeemed).saturating_sub(hourly.deposited);
            let taken = nav.max(hourly.nav.saturating_add(hourly.deposited).saturating_sub(hourly.redeemed));
            let assets = left.min(room).min(self.strategy.limits.deposit_cap.saturating_sub(taken));
            if assets == 0 {
                return Ok(true);
            }
            match self.shares_of_deposit(assets, nav) {
                Ok(shares) => {
                    self.deposits.fill(epoch, assets, shares);
                    self.books.pending -= assets;
                    self.books.managed.quote += assets;
                    self.issue(self.account, shares);
                    hourly.deposited += assets;
                    self.emit(Event::Settled { kind: Kind::Deposit, hour: market.recorded.hour, epoch, filled: assets, proceeds: shares });
                    if assets < left {
                        return Ok(true);
                    }
                }
                // A part that is too small may be larger in the next hour.
                Err(Unfit::Small) if assets < left => return Ok(true),
                Err(_) => self.refund(epoch, left),
            }
        }
        Ok(true)
    }

    fn refund(&mut self, epoch: u64, assets: u128) {
        self.deposits.refund(epoch);
        self.emit(Event::Refunded { epoch, assets });
    }

    /// The shares for so many assets, less the fee for those who are there already.
    fn shares_of_deposit(&self, assets: u128, nav: u128) -> Result<u128, Unfit> {
        let fee = share_ceil(assets, self.strategy.fees.settle_bps.into()).ok_or(Unfit::Overflow)?;
        let shares = self.books.shares_for(assets.saturating_sub(fee), nav).ok_or(Unfit::Overflow)?;
        self.books.supply.checked_add(shares).and_then(amount).ok_or(Unfit::Overflow)?;
        let after = nav.checked_add(assets).and_then(amount).ok_or(Unfit::Overflow)?;
        if shares == 0 || after < self.min_nav { Err(Unfit::Small) } else { Ok(shares) }
    }

    /// Fills redemptions, and gives whether that ended before the visits did.
    fn fill_redemptions(&mut self, market: &Market, hourly: &mut Hourly, visits: &mut u32) -> Result<bool, Refusal> {
        while let Some(epoch) = self.redemptions.due(market.recorded.hour.count()) {
            if *visits == 0 {
                return Ok(false);
            }
            *visits -= 1;
            self.require_older(Kind::Redeem, epoch, market)?;
            let Some(nav) = self.books.nav_floor(&market.cheaper()) else { return Ok(true) };
            let left = self.redemptions.get(epoch).map_or(0, |entry| entry.unfilled());
            let available = hourly.room_to_leave().min(self.books.managed.quote);
            let whole = self.assets_of_redemption(left, nav);
            let (shares, assets) = if whole <= available {
                (left, whole)
            } else {
                // Rounding can lift the assets of a part above what is there, by less than the two units of floor and fee.
                let shares = mul_div_floor(left, available, whole).unwrap_or(0);
                (shares, self.assets_of_redemption(shares, nav).min(available))
            };
            if shares < left && assets == 0 {
                return Ok(true);
            }
            self.redemptions.fill(epoch, shares, assets);
            self.burn(self.account, shares)?;
            self.books.managed.quote -= assets;
            self.books.reserved += assets;
            hourly.redeemed += assets;
            self.emit(Event::Settled { kind: Kind::Redeem, hour: market.recorded.hour, epoch, filled: shares, proceeds: assets });
            if shares < left {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Takes a controller out of a redemption. What was filled and not claimed is owed to the receiver from then on.
    pub(super) fn leave_redemption(&mut self, epoch: u64, controller: Account, receiver: Account) -> Result<Left, Refusal> {
        let left = self.redemptions.leave(epoch, controller).ok_or(Refusal::NothingPending)?;
        self.books.reserved -= left.unclaimed;
        self.books.owe(Side::Quote, receiver, left.unclaimed);
        self.emit_hand_over(Kind::Redeem, controller, receiver, epoch, left.unclaimed);
        Ok(left)
    }

    /// The assets for so many shares, less the fee for those who stay. Where nobody stays, there is none.
    pub(super) fn assets_of_redemption(&self, shares: u128, nav: u128) -> u128 {
        // At most the NAV, and the fee is at most 0.5 %.
        let assets = self.books.assets_for(shares, nav).unwrap_or(0);
        if shares == self.books.supply {
            return assets;
        }
        assets.saturating_sub(share_ceil(assets, self.strategy.fees.settle_bps.into()).unwrap_or(assets))
    }
}
