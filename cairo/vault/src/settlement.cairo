//! Settlement: due epochs become shares and assets, at the worse of the hour's recorded rate and the fresh one. In Rust: `settlement.rs`.
//!
//! Nothing in the queue can stop it. A call visits at most `MAX_EPOCHS` epochs, deposits first, each kind from the oldest epoch on, until
//! that kind's next epoch cannot be filled in full. When both kinds have ended by themselves, the hour is swept: nothing is due until the
//! next one, but another call may fill more. A sale for redemptions fills them within its own call. The first observation, settlement, step
//! or unwinding of an hour opens it: the owner gets the management fee, the drawdown is looked at, and the hour's cap and NAV are fixed.
//!
//! Nobody may choose the moment at which deposits are filled, so two things that somebody can do within an hour do not let them in: an exit in
//! kind makes no room below `deposit_cap` until the next hour, and after a pause deposits wait for the next hour.
use core::cmp::{max, min};
use core::num::traits::{CheckedAdd, SaturatingAdd, SaturatingSub};
use starknet::storage::{StorageAsPointer, StoragePointerWriteAccess};
use starknet::{ContractAddress, get_contract_address};
use crate::books::{BooksTrait, Side, amount, answer, at, library, fixed, nav_ceil, nav_floor, redemption_assets, shares_for};
use crate::claims::ClaimsTrait;
use crate::epochs::{HOUR, Kind, Left, unfilled};
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::library::Opening;
use crate::limits::Position;
use crate::market::{Market, Recorded, cheaper, dearer};
use crate::math::mul_div_floor;
use crate::records::HighWaterPacking;
use crate::requests::requests_component::InternalTrait as RequestsInternalTrait;
use crate::states::{Operation, StatesTrait, allowed};
use crate::vault::vault::{ContractState, Event, ERC20InternalImpl, Halted, Refunded, RequestsInternalImpl, Settled};

/// The most epochs that a call visits.
pub const MAX_EPOCHS: u32 = 8;
/// How much may enter more than leave in an hour, or leave more than enter, in basis points of the NAV.
pub const NET_CAP_BPS: u32 = 1_000;

/// What an hour has settled so far.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Hourly {
    /// The hour.
    pub hour: u64,
    /// The NAV when it was opened.
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

/// Why deposits cannot become shares.
#[derive(Copy, Drop, PartialEq)]
enum Unfit {
    /// Now or later.
    Overflow,
    /// Because they are too few.
    Small,
}

#[generate_trait]
pub impl SettlementImpl of SettlementTrait {
    /// The oldest epoch that must be settled before the vault steps at an hour.
    fn due(self: @ContractState, now: u64, hour: u64) -> Option<u64> {
        if let Some(opened) = self.stored_hour() {
            if opened.hour == hour && opened.swept {
                return None;
            }
        }
        let redemptions = self.requests.due(Kind::Redeem, hour);
        let deposits = self.requests.due(Kind::Deposit, hour);
        if deposits.is_none() || !self.fills_deposits(now, hour) {
            return redemptions;
        }
        match (deposits, redemptions) {
            (Some(deposits), Some(redemptions)) => Some(min(deposits, redemptions)),
            _ => deposits,
        }
    }

    /// Fills due epochs at the price of a market, and gives whether the hour is swept.
    #[inline(never)]
    fn settle_at(ref self: ContractState, market: @Market, now: u64) -> bool {
        // Again in an hour that is open, because shares are made and burned now.
        self.accrue(now);
        let mut hourly = self.open_hour(market.recorded, now);
        let mut visits = MAX_EPOCHS;
        // The drawdown may have halted the vault just now. Nobody is asked where no deposit is due, so that redemptions need no registry.
        let is_due = self.requests.due(Kind::Deposit, hourly.hour).is_some();
        let deposits_ended = if is_due && self.fills_deposits(now, hourly.hour) {
            self.fill_deposits(market, ref hourly, ref visits)
        } else {
            true
        };
        let redemptions_ended = self.fill_redemptions(market, ref hourly, ref visits);
        hourly.swept = deposits_ended && redemptions_ended;
        self.set_hour(hourly);
        hourly.swept
    }

    /// Whether deposits are filled in an hour.
    fn fills_deposits(self: @ContractState, now: u64, hour: u64) -> bool {
        at(self.access.Access_paused_until.as_ptr()) <= hour * HOUR && allowed(self.state_at(now), Operation::FillDeposits)
    }

    /// Opens the hour if it is not open yet, and gives what it has settled.
    fn open_hour(ref self: ContractState, recorded: @Recorded, now: u64) -> Hourly {
        let hour = *recorded.hour;
        if let Some(opened) = self.stored_hour() {
            if opened.hour == hour {
                return opened;
            }
        }
        self.accrue(now);
        let supply = self.erc20.supply();
        let mut calldata = self.holding(*recorded.rate);
        calldata.append(supply.into());
        calldata.append(fixed((@self).parts.min_nav).into());
        self.mark().serialize(ref calldata);
        let Opening { mark, halts, cap, nav } = answer(library(selector!("open"), calldata));
        self.high_water.write(mark);
        if halts && !self.is_halted() {
            self.halted.write(true);
            self.log(Event::Halted(Halted { hour }));
        }
        let hourly = Hourly { hour, nav, cap, deposited: 0, redeemed: 0, swept: false };
        self.set_hour(hourly);
        hourly
    }

    /// Fills deposits, and gives whether that ended before the visits did.
    fn fill_deposits(ref self: ContractState, market: @Market, ref hourly: Hourly, ref visits: u32) -> bool {
        let hour = *market.recorded.hour;
        while let Some(epoch) = self.requests.due(Kind::Deposit, hour) {
            if visits == 0 {
                return false;
            }
            visits -= 1;
            let entry = self.requests.epoch(Kind::Deposit, epoch);
            assert(entry.newest < *market.recorded.oldest, Errors::NOT_OLDER);
            let left = unfilled(entry);
            let managed = self.position();
            let nav = match nav_ceil(managed, dearer(*market.recorded.rate, *market.fresh)) {
                Some(nav) => nav,
                None => {
                    self.refund(epoch, left);
                    continue;
                },
            };
            let room = hourly.cap.saturating_add(hourly.redeemed).saturating_sub(hourly.deposited);
            let taken = max(nav, hourly.nav.saturating_add(hourly.deposited).saturating_sub(hourly.redeemed));
            let assets = min(min(left, room), self.stored_limits().deposit_cap.saturating_sub(taken));
            if assets == 0 {
                return true;
            }
            match self.shares_of_deposit(assets, nav) {
                Ok(shares) => {
                    self.requests.fill(Kind::Deposit, epoch, assets, shares);
                    self.set_pending(self.stored_pending() - assets);
                    self.set_position(Position { quote: managed.quote + assets, ..managed });
                    self.erc20.issue(get_contract_address(), shares);
                    hourly.deposited += assets;
                    self.log(Event::Settled(Settled { kind: Kind::Deposit, hour, epoch, filled: assets, proceeds: shares }));
                    if assets < left {
                        return true;
                    }
                },
                Err(unfit) => {
                    // A part that is too small may be larger in the next hour.
                    if unfit == Unfit::Small && assets < left {
                        return true;
                    }
                    self.refund(epoch, left);
                },
            }
        }
        true
    }

    fn refund(ref self: ContractState, epoch: u64, assets: u128) {
        self.requests.refund(Kind::Deposit, epoch);
        self.log(Event::Refunded(Refunded { epoch, assets }));
    }

    /// Fills redemptions, and gives whether that ended before the visits did.
    fn fill_redemptions(ref self: ContractState, market: @Market, ref hourly: Hourly, ref visits: u32) -> bool {
        let hour = *market.recorded.hour;
        while let Some(epoch) = self.requests.due(Kind::Redeem, hour) {
            if visits == 0 {
                return false;
            }
            visits -= 1;
            let entry = self.requests.epoch(Kind::Redeem, epoch);
            assert(entry.newest < *market.recorded.oldest, Errors::NOT_OLDER);
            let managed = self.position();
            let nav = match nav_floor(managed, cheaper(*market.recorded.rate, *market.fresh)) {
                Some(nav) => nav,
                None => { return true; },
            };
            let left = unfilled(entry);
            let available = min(room_to_leave(hourly), managed.quote);
            let whole = self.assets_of_redemption(left, nav);
            let (shares, assets) = if whole <= available {
                (left, whole)
            } else {
                // Rounding can lift the assets of a part above what is there, by less than the two units of floor and fee.
                let shares = mul_div_floor(left, available, whole).unwrap_or(0);
                (shares, min(self.assets_of_redemption(shares, nav), available))
            };
            if shares < left && assets == 0 {
                return true;
            }
            self.requests.fill(Kind::Redeem, epoch, shares, assets);
            self.erc20.burn(get_contract_address(), shares);
            self.set_position(Position { quote: managed.quote - assets, ..managed });
            self.set_reserved(self.stored_reserved() + assets);
            hourly.redeemed += assets;
            self.log(Event::Settled(Settled { kind: Kind::Redeem, hour, epoch, filled: shares, proceeds: assets }));
            if shares < left {
                return true;
            }
        }
        true
    }

    /// Takes a controller out of a redemption. What was filled and not claimed is owed to the receiver from then on.
    fn leave_redemption(ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> Left {
        let left = self.requests.leave(Kind::Redeem, epoch, controller).expect(Errors::NOTHING_PENDING);
        self.set_reserved(self.stored_reserved() - left.unclaimed);
        self.owe(Side::Quote, receiver, left.unclaimed);
        self.emit_hand_over(Kind::Redeem, controller, receiver, epoch, left.unclaimed);
        left
    }

    /// The assets for so many shares, less the fee for those who stay.
    #[inline(never)]
    fn assets_of_redemption(self: @ContractState, shares: u128, nav: u128) -> u128 {
        redemption_assets(shares, self.erc20.supply(), nav, fixed(self.parts.fees.settle_bps))
    }
}

/// What may still leave in an hour, in the quote token.
pub fn room_to_leave(hourly: Hourly) -> u128 {
    hourly.cap.saturating_add(hourly.deposited).saturating_sub(hourly.redeemed)
}

#[generate_trait]
impl DepositsImpl of DepositsTrait {
    /// The shares for so many assets, less the fee for those who are there already.
    fn shares_of_deposit(self: @ContractState, assets: u128, nav: u128) -> Result<u128, Unfit> {
        match self.fitting_shares(assets, nav) {
            Some((shares, after)) => if shares == 0 || after < fixed(self.parts.min_nav) {
                Err(Unfit::Small)
            } else {
                Ok(shares)
            },
            None => Err(Unfit::Overflow),
        }
    }

    /// The shares, and the NAV that the deposit leads to, if both stay below 2^112.
    fn fitting_shares(self: @ContractState, assets: u128, nav: u128) -> Option<(u128, u128)> {
        let supply = self.erc20.supply();
        let fee = self.settle_fee(assets)?;
        let shares = shares_for(assets.saturating_sub(fee), supply, nav)?;
        amount(supply.checked_add(shares)?)?;
        let after = amount(nav.checked_add(assets)?)?;
        Some((shares, after))
    }
}
