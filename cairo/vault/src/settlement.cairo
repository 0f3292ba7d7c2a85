//! Settlement: due epochs become shares and assets at the hour's recorded price. In Rust: `settlement.rs`.
//!
//! Nothing in the queue can stop it. A call visits at most `MAX_EPOCHS` epochs, deposits first, each kind from the oldest epoch on, until
//! that kind's next epoch cannot be filled in full. When both kinds have ended by themselves, the hour is swept: nothing is due until the
//! next one, but another call may fill more, such as after a sale. The first observation, settlement, step or unwinding of an hour opens it:
//! the owner gets the management fee, the drawdown is looked at, and the hour's cap is fixed.
use core::cmp::min;
use core::num::traits::{Bounded, CheckedAdd, SaturatingAdd, SaturatingSub};
use starknet::storage::StoragePointerWriteAccess;
use starknet::{ContractAddress, get_contract_address};
use crate::books::{BooksTrait, Side, amount, answer, library, fixed, priced_ceil, priced_floor, redemption_assets, shares_for};
use crate::claims::ClaimsTrait;
use crate::epochs::{HOUR, Kind, Left, unfilled};
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::library::Opening;
use crate::limits::Position;
use crate::market::{Market, Recorded};
use crate::math::{mul_div_ceil, mul_div_floor};
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
    /// The most by which entries and exits may differ, in the quote token.
    pub cap: u128,
    /// Assets that entered.
    pub deposited: u128,
    /// Assets that left.
    pub redeemed: u128,
    /// Nothing more can be filled for now.
    pub swept: bool,
}

/// Quote tokens that were raised for redemptions and are not paid out yet, with what raising them cost.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store)]
pub struct Raised {
    /// Quote tokens.
    pub quote: u128,
    /// How much less they are than the sold base tokens were worth at the fresh quote that each sale was held to. What the price had moved
    /// since its record is not a cost: what was sold would have moved with it.
    pub cost: u128,
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
pub impl RaisedImpl of RaisedTrait {
    /// Takes out the part of somebody who leaves the queue with so many of the shares that wait, and gives it: tokens rounded down and the
    /// cost up, so that those who go on waiting pay no higher rate.
    fn leave(ref self: Raised, shares: u128, waiting: u128) -> Raised {
        // At most all of it, because the shares are among those that wait; without any, nothing is raised.
        let part = Raised {
            quote: mul_div_floor(self.quote, shares, waiting).unwrap_or(0), cost: mul_div_ceil(self.cost, shares, waiting).unwrap_or(0),
        };
        self = Raised { quote: self.quote - part.quote, cost: self.cost - part.cost };
        part
    }

    /// What a redemption of so many assets is paid, less what sales for it cost.
    fn net(self: Raised, assets: u128) -> u128 {
        let mut raised = self;
        assets - raised.charge(assets)
    }

    /// What a redemption pays that gets so much: the part of the cost that the raised tokens among them had, rounded up.
    fn charge(ref self: Raised, paid: u128) -> u128 {
        let from_sales = min(paid, self.quote);
        // At most the cost, because `from_sales` is at most `quote`; without raised tokens there is no cost.
        let charge = mul_div_ceil(self.cost, from_sales, self.quote).unwrap_or(0);
        self = Raised { quote: self.quote - from_sales, cost: self.cost - charge };
        min(charge, paid)
    }
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
        if deposits.is_none() || !allowed(self.state_at(now), Operation::FillDeposits) {
            return redemptions;
        }
        match (deposits, redemptions) {
            (Some(deposits), Some(redemptions)) => Some(min(deposits, redemptions)),
            _ => deposits,
        }
    }

    /// Fills due epochs at the price of a market, and gives whether the hour is swept.
    fn settle_at(ref self: ContractState, market: @Market, now: u64) -> bool {
        // Again in an hour that is open, because shares are made and burned now.
        self.accrue(now);
        let mut hourly = self.open_hour(market.recorded, now);
        let mut visits = MAX_EPOCHS;
        // The drawdown may have halted the vault just now.
        let deposits_ended = if allowed(self.state_at(now), Operation::FillDeposits) {
            self.fill_deposits(market, ref hourly, ref visits)
        } else {
            true
        };
        let redemptions_ended = self.fill_redemptions(market, ref hourly, ref visits);
        hourly.swept = deposits_ended && redemptions_ended;
        self.set_hour(hourly);
        hourly.swept
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
        calldata.append(self.stored_raised().cost.into());
        calldata.append(supply.into());
        calldata.append(fixed((@self).parts.min_nav).into());
        self.mark().serialize(ref calldata);
        let Opening { mark, halts, cap } = answer(library(selector!("open"), calldata));
        self.high_water.write(mark);
        if halts && !self.is_halted() {
            self.halted.write(true);
            self.log(Event::Halted(Halted { hour }));
        }
        let hourly = Hourly { hour, cap, deposited: 0, redeemed: 0, swept: false };
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
            let nav = match priced_ceil(managed, self.stored_raised().cost, *market.recorded.rate) {
                Some(nav) => nav,
                None => {
                    self.refund(epoch, left);
                    continue;
                },
            };
            let room = hourly.cap.saturating_add(hourly.redeemed).saturating_sub(hourly.deposited);
            let assets = min(min(left, room), self.stored_limits().deposit_cap.saturating_sub(nav));
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
            let mut raised = self.stored_raised();
            let nav = match priced_floor(managed, raised.cost, *market.recorded.rate) {
                Some(nav) => nav,
                None => { return true; },
            };
            let left = unfilled(entry);
            let room = hourly.cap.saturating_add(hourly.deposited).saturating_sub(hourly.redeemed);
            let available = min(room, managed.quote);
            let whole = self.assets_of_redemption(left, nav);
            let (shares, assets) = if whole <= room && raised.net(whole) <= managed.quote {
                (left, whole)
            } else {
                // Rounding can lift the assets of a part above what is there, by less than the two units of floor and fee.
                let shares = mul_div_floor(left, available, whole).unwrap_or(0);
                (shares, min(self.assets_of_redemption(shares, nav), available))
            };
            if shares < left && assets == 0 {
                return true;
            }
            let paid = assets - raised.charge(assets);
            self.set_raised(raised);
            self.requests.fill(Kind::Redeem, epoch, shares, paid);
            self.forget_raised();
            self.erc20.burn(get_contract_address(), shares);
            self.set_position(Position { quote: managed.quote - paid, ..managed });
            self.set_reserved(self.stored_reserved() + paid);
            hourly.redeemed += assets;
            self.log(Event::Settled(Settled { kind: Kind::Redeem, hour, epoch, filled: shares, proceeds: paid }));
            if shares < left {
                return true;
            }
        }
        true
    }

    /// Takes a controller out of a redemption, and gives the part that they had in what was raised. It is that of their shares among those
    /// that are due by the clock; nothing was sold for younger ones. What was filled and not claimed is owed to the receiver from then on.
    fn leave_redemption(
        ref self: ContractState, now: u64, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> (Left, Raised) {
        let hour = now / HOUR;
        let waiting = self.requests.unfilled_until(Kind::Redeem, hour);
        let left = self.requests.leave(Kind::Redeem, epoch, controller).expect(Errors::NOTHING_PENDING);
        let part = if epoch <= hour {
            let mut raised = self.stored_raised();
            let part = raised.leave(left.returned, waiting);
            self.set_raised(raised);
            part
        } else {
            Raised { quote: 0, cost: 0 }
        };
        self.forget_raised();
        self.set_reserved(self.stored_reserved() - left.unclaimed);
        self.owe(Side::Quote, receiver, left.unclaimed);
        self.emit_hand_over(Kind::Redeem, controller, receiver, epoch, left.unclaimed);
        (left, part)
    }

    /// Leaves what was raised to all holders, once no redemption waits any more. Every change that empties the queue ends here.
    fn forget_raised(ref self: ContractState) {
        if self.requests.due(Kind::Redeem, Bounded::MAX).is_none() {
            self.set_raised(Raised { quote: 0, cost: 0 });
        }
    }

    /// The assets for so many shares, less the fee for those who stay.
    #[inline(never)]
    fn assets_of_redemption(self: @ContractState, shares: u128, nav: u128) -> u128 {
        redemption_assets(shares, self.erc20.supply(), nav, fixed(self.parts.fees.settle_bps))
    }
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
