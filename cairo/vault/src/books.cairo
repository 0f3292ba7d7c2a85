//! The books: what the vault manages, what it keeps for others, and what its shares are worth. In Rust: `books.rs`.
//!
//! Balances of tokens are never read for value; what arrives without a call is not in the books, and `skim` sends it away.
use core::num::traits::{Bounded, CheckedAdd, SaturatingAdd, SaturatingSub, Zero};
use maat_vault_interfaces::erc20::{IERC20Dispatcher, IERC20DispatcherTrait};
use starknet::event::EventEmitter;
use starknet::Store;
use starknet::storage::{
    StorageMapReadAccess, StorageMapWriteAccess, StoragePointer, StoragePointer0Offset, StoragePointerReadAccess, StoragePointerWriteAccess,
};
use starknet::syscalls::{call_contract_syscall, library_call_syscall};
use starknet::{ContractAddress, SyscallResultTrait, get_contract_address};
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::interface::LastHours;
use crate::library::{Holding, LIBRARY};
use crate::limits::{Limits, Position};
use crate::math::{HighWater, MAX_AMOUNT, Rate, management_shares, mul_div_floor, share_ceil, value_ceil, value_floor};
use crate::records::{HighWaterPacking, HourlyPacking, LastHoursPacking, LimitsPacking, PositionPacking};
use crate::settlement::Hourly;
use crate::vault::vault::{ContractState, ERC20InternalImpl, Event};

/// Shares that nobody holds, and that count in every price of a share.
pub const VIRTUAL_SHARES: u128 = 1_000;
/// Assets that nobody holds, and that count in every price of a share.
pub const VIRTUAL_ASSETS: u128 = 1;

/// One of the two tokens.
#[derive(Copy, Drop, Serde, PartialEq, Debug, Hash)]
pub enum Side {
    /// What the network decides about.
    Base,
    /// What it is paid with, in which the vault keeps its books.
    Quote,
}

/// What the vault manages, keeps and owes. Amounts are in smallest units.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
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
    pub owed_base: u128,
    /// Quote tokens that accounts can withdraw.
    pub owed_quote: u128,
}

/// An amount, if it is less than 2^112.
#[inline(never)]
pub fn amount(value: u128) -> Option<u128> {
    if value <= MAX_AMOUNT {
        Some(value)
    } else {
        None
    }
}

/// The net asset value (NAV) for whoever leaves: nothing if it is 2^112 or more.
#[inline(never)]
pub fn nav_floor(managed: Position, rate: Rate) -> Option<u128> {
    amount(value_floor(rate, managed.base)?.checked_add(managed.quote)?)
}

/// The NAV for whoever enters: nothing if it is 2^112 or more.
pub fn nav_ceil(managed: Position, rate: Rate) -> Option<u128> {
    amount(value_ceil(rate, managed.base)?.checked_add(managed.quote)?)
}

/// The shares for so many assets at a supply and a NAV. Nothing if they have more than 128 bits.
pub fn shares_for(assets: u128, supply: u128, nav: u128) -> Option<u128> {
    mul_div_floor(assets, supply + VIRTUAL_SHARES, nav + VIRTUAL_ASSETS)
}

/// The assets for so many shares at a supply and a NAV: less than the NAV, if there are so many shares.
pub fn assets_for(shares: u128, supply: u128, nav: u128) -> Option<u128> {
    mul_div_floor(shares, nav + VIRTUAL_ASSETS, supply + VIRTUAL_SHARES)
}

/// The assets for so many shares, less the fee for those who stay. Where nobody stays, there is none.
pub fn redemption_assets(shares: u128, supply: u128, nav: u128, settle_bps: u16) -> u128 {
    // At most the NAV, and the fee is at most 0.5 %.
    let assets = assets_for(shares, supply, nav).unwrap_or(0);
    if shares == supply {
        return assets;
    }
    assets.saturating_sub(share_ceil(assets, settle_bps.into()).unwrap_or(assets))
}

/// The part of so many shares in an amount that is managed, in kind.
pub fn part(shares: u128, supply: u128, whole: u128) -> u128 {
    // There are fewer shares than the divisor, so that the part is less than the whole.
    mul_div_floor(shares, whole, supply + VIRTUAL_SHARES).unwrap_or(0)
}

/// An amount of a call, of which more than 128 bits never fit.
#[inline(never)]
pub fn narrow(value: u256) -> u128 {
    assert(value.high == 0, Errors::OVERFLOW);
    value.low
}

/// The same for a cell of a struct.
#[inline(never)]
pub fn fixed<T, +Store<T>, +Drop<T>>(cell: StoragePointer<T>) -> T {
    cell.read()
}

/// Calls another contract, and gives its answer as it is.
#[inline(never)]
pub fn ask(contract: ContractAddress, function: felt252, calldata: Span<felt252>) -> Span<felt252> {
    call_contract_syscall(contract, function, calldata).unwrap_syscall()
}

/// Calls a function of the library, and gives its answer as it is.
#[inline(never)]
pub fn library(function: felt252, calldata: Array<felt252>) -> Span<felt252> {
    library_call_syscall(LIBRARY, function, calldata.span()).unwrap_syscall()
}

/// An answer by its type.
pub fn answer<T, +Serde<T>>(felts: Span<felt252>) -> T {
    let mut felts = felts;
    Serde::deserialize(ref felts).expect(Errors::ANSWER)
}

/// What the vault holds of a token; of more than 128 bits, as many as fit.
#[inline(never)]
pub fn balance_of(token: IERC20Dispatcher) -> u128 {
    let u256 { low, high } = token.balance_of(get_contract_address());
    if high == 0 {
        low
    } else {
        Bounded::MAX
    }
}

/// What a cell of the storage has. It is called from many places, and would make the class too large inline.
#[inline(never)]
pub fn at<T, +Store<T>, +Drop<T>>(cell: StoragePointer0Offset<T>) -> T {
    cell.read()
}

#[generate_trait]
pub impl BooksImpl of BooksTrait {
    // These are called from many places, and would make the class too large inline.

    #[inline(never)]
    fn log(ref self: ContractState, event: Event) {
        self.emit(event);
    }

    /// What belongs to the shares, with what the limits remember.
    #[inline(never)]
    fn position(self: @ContractState) -> Position {
        self.managed.read()
    }

    /// What the library needs to value what is managed.
    #[inline(never)]
    fn holding(self: @ContractState, rate: Rate) -> Array<felt252> {
        let mut calldata = array![];
        Holding { managed: PositionPacking::pack(self.position()), rate, limits: self.limits.read() }.serialize(ref calldata);
        calldata
    }

    #[inline(never)]
    fn set_position(ref self: ContractState, position: Position) {
        self.managed.write(position);
    }

    #[inline(never)]
    fn stored_limits(self: @ContractState) -> Limits {
        LimitsPacking::unpack(self.limits.read())
    }

    /// The hour that was settled last.
    #[inline(never)]
    fn stored_hour(self: @ContractState) -> Option<Hourly> {
        self.opened.read()
    }

    #[inline(never)]
    fn set_hour(ref self: ContractState, hourly: Hourly) {
        self.opened.write(Some(hourly));
    }

    /// The hours that were used last.
    #[inline(never)]
    fn stored_hours(self: @ContractState) -> LastHours {
        self.last_hours.read()
    }

    #[inline(never)]
    fn set_hours(ref self: ContractState, hours: LastHours) {
        self.last_hours.write(hours);
    }

    #[inline(never)]
    fn stored_reserved(self: @ContractState) -> u128 {
        self.reserved.read()
    }

    #[inline(never)]
    fn set_reserved(ref self: ContractState, reserved: u128) {
        self.reserved.write(reserved);
    }

    #[inline(never)]
    fn stored_pending(self: @ContractState) -> u128 {
        self.pending.read()
    }

    #[inline(never)]
    fn set_pending(ref self: ContractState, pending: u128) {
        self.pending.write(pending);
    }

    #[inline(never)]
    fn is_halted(self: @ContractState) -> bool {
        self.halted.read()
    }

    /// Pays the fee of those who stay: so much of an amount, rounded up.
    #[inline(never)]
    fn settle_fee(self: @ContractState, amount: u128) -> Option<u128> {
        share_ceil(amount, fixed(self.parts.fees.settle_bps).into())
    }

    /// All that is owed in a token.
    #[inline(never)]
    fn owed_total(self: @ContractState, side: Side) -> u128 {
        // Stored as one more than it is, which the constructor has begun.
        self.owed_totals.read(side) - 1
    }

    /// The highest price of a share so far.
    #[inline(never)]
    fn mark(self: @ContractState) -> HighWater {
        self.high_water.read()
    }

    /// What the vault must hold of a token.
    fn needed(self: @ContractState, side: Side) -> u128 {
        let managed = self.position();
        let owed = self.owed_total(side);
        match side {
            Side::Base => managed.base + owed,
            Side::Quote => managed.quote + self.stored_pending() + self.stored_reserved() + owed,
        }
    }

    /// Owes an account so much more of a token.
    #[inline(never)]
    fn owe(ref self: ContractState, side: Side, account: ContractAddress, amount: u128) {
        if amount > 0 {
            self.set_owed(side, account, self.owed.read((side, account)) + amount, self.owed_total(side) + amount);
        }
    }

    #[inline(never)]
    fn set_owed(ref self: ContractState, side: Side, account: ContractAddress, amount: u128, total: u128) {
        self.owed.write((side, account), amount);
        self.owed_totals.write(side, total + 1);
    }

    /// All that is owed to an account, which is then owed nothing.
    fn take_owed(ref self: ContractState, side: Side, account: ContractAddress) -> u128 {
        let amount = self.owed.read((side, account));
        self.set_owed(side, account, 0, self.owed_total(side) - amount);
        amount
    }

    #[inline(never)]
    fn token(self: @ContractState, side: Side) -> IERC20Dispatcher {
        let contract_address = match side {
            Side::Base => fixed(self.parts.base_token),
            Side::Quote => fixed(self.parts.quote_token),
        };
        IERC20Dispatcher { contract_address }
    }

    /// Takes tokens that an account allowed the vault to take, and insists that they arrived. What the token says of it does not count.
    #[inline(never)]
    fn pull(ref self: ContractState, side: Side, from: ContractAddress, asked: u128) {
        let token = self.token(side);
        let before = balance_of(token);
        token.transfer_from(from, get_contract_address(), asked.into());
        assert(balance_of(token).saturating_sub(before) == asked, Errors::MOVED);
    }

    /// Sends tokens, and insists that so many left, and no more.
    #[inline(never)]
    fn push(ref self: ContractState, side: Side, to: ContractAddress, asked: u128) {
        let token = self.token(side);
        let before = balance_of(token);
        token.transfer(to, asked.into());
        assert(before.saturating_sub(balance_of(token)) == asked, Errors::MOVED);
    }

    /// Gives the owner the management fee up to now, as shares. A halted vault is not managed, and costs nothing.
    ///
    /// Settlement and exits in kind call it before they change the supply, so that nobody pays for a time in which they held nothing. Shares
    /// that would lead to 2^112 or more are left out, because the fee must never be in the way of an exit.
    fn accrue(ref self: ContractState, now: u64) {
        let accrued_at = self.accrued_at.read();
        if now <= accrued_at {
            return;
        }
        self.accrued_at.write(now);
        if self.is_halted() {
            return;
        }
        let supply = self.erc20.supply();
        let shares = management_shares(supply, fixed((@self).parts.fees.management_bps), now - accrued_at).unwrap_or(0);
        if amount(supply.saturating_add(shares)).is_some() {
            self.erc20.issue(self.access.Access_owner.read(), shares);
        }
    }

    /// Checks that an account is neither the vault nor zero.
    #[inline(never)]
    fn require_other(self: @ContractState, account: ContractAddress) {
        assert(account != get_contract_address(), Errors::ITSELF);
        assert(account.is_non_zero(), Errors::ZERO_ACCOUNT);
    }
}
