//! Exits in kind, withdrawals and the skim: what needs neither oracle, pool nor model. In Rust: `exits.rs`.
//!
//! An exit in kind credits the floor of both tokens, against real and virtual shares, as debts. Each token is withdrawn on its own, so that
//! one that is paused does not hold the other back.
use core::num::traits::SaturatingSub;
use starknet::{ContractAddress, get_contract_address};
use crate::access::access_component::InternalTrait as AccessInternalTrait;
use crate::books::{BooksTrait, Side, balance_of, fixed, part};
use crate::claims::ClaimsTrait;
use crate::epochs::Kind;
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::limits::Position;
use crate::records::PositionPacking;
use crate::settlement::SettlementTrait;
use crate::vault::vault::{AccessInternalImpl, ContractState, Event, ERC20InternalImpl, ExitedInKind, Skimmed, Withdrawn};

/// A call of an account at a time in seconds after 1970.
#[derive(Copy, Drop)]
pub struct Call {
    pub caller: ContractAddress,
    pub now: u64,
}

#[generate_trait]
pub impl ExitsImpl of ExitsTrait {
    /// Burns shares of an owner, and owes the receiver their part of both tokens, which it gives: base and quote.
    fn exit(
        ref self: ContractState, call: Call, shares: u128, receiver: ContractAddress, owner: ContractAddress,
    ) -> (u128, u128) {
        self.access.require_operator(owner, call.caller);
        self.require_other(receiver);
        self.require_other(owner);
        assert(shares > 0, Errors::ZERO);
        self.leave_in_kind(call, shares, receiver, owner, owner)
    }

    /// Burns the shares of a redemption that were not filled, and owes the receiver their part of both tokens, which it gives: base and
    /// quote. Assets that were filled and not claimed are owed too.
    fn exit_request(
        ref self: ContractState, call: Call, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> (u128, u128) {
        self.access.require_operator(controller, call.caller);
        self.require_other(receiver);
        let left = self.leave_redemption(epoch, controller, receiver);
        self.emit_reclaimed(Kind::Redeem, controller, receiver, epoch, left);
        self.leave_in_kind(call, left.returned, receiver, controller, get_contract_address())
    }

    fn leave_in_kind(
        ref self: ContractState,
        call: Call,
        shares: u128,
        receiver: ContractAddress,
        owner: ContractAddress,
        holder: ContractAddress,
    ) -> (u128, u128) {
        self.accrue(call.now);
        let (managed, supply) = (self.position(), self.erc20.supply());
        let base = part(shares, supply, managed.base);
        let quote = part(shares, supply, managed.quote);
        self.erc20.burn(holder, shares);
        self.set_position(Position { base: managed.base - base, quote: managed.quote - quote, ..managed });
        self.owe(Side::Base, receiver, base);
        self.owe(Side::Quote, receiver, quote);
        self
            .log(
                Event::ExitedInKind(
                    ExitedInKind { owner, receiver, shares: shares.into(), base: base.into(), quote: quote.into() },
                ),
            );
        (base, quote)
    }

    /// Sends an account's debts in one token to a receiver, and gives their amount. Anyone may send an account what it is owed, so that one
    /// that cannot call loses nothing; only the account itself and its operators name another receiver.
    fn withdraw_owed(
        ref self: ContractState, caller: ContractAddress, side: Side, account: ContractAddress, receiver: ContractAddress,
    ) -> u128 {
        if receiver != account {
            self.access.require_operator(account, caller);
        }
        self.require_other(receiver);
        let amount = self.take_owed(side, account);
        assert(amount > 0, Errors::NOTHING_OWED);
        self.log(Event::Withdrawn(Withdrawn { account, receiver, side, amount: amount.into() }));
        self.push(side, receiver, amount);
        amount
    }

    /// Sends what a balance has beyond the books to the treasury, and gives its amount.
    fn skim_side(ref self: ContractState, side: Side) -> u128 {
        let amount = balance_of(self.token(side)).saturating_sub(self.needed(side));
        assert(amount > 0, Errors::NOTHING_TO_SKIM);
        self.log(Event::Skimmed(Skimmed { side, amount: amount.into() }));
        self.push(side, fixed((@self).parts.treasury), amount);
        amount
    }
}
