//! Requests and claims of ERC-7540: ask for shares or assets, fetch what was filled, take back what was not. In Rust: `requests.rs`.
//!
//! A request's number is its epoch. Claims never look at a price. ERC-4626's `deposit`, `mint`, `withdraw` and `redeem` take what a
//! controller can claim from all its epochs, oldest first; `claim_shares` and `claim_assets` take it from one, at a cost that does not
//! depend on how many others there are. They are the sure way: anyone can put dust into every hour's epoch under somebody else's name, until
//! visiting all epochs costs more than a call may.
use core::cmp::min;
use core::num::traits::CheckedAdd;
use starknet::{ContractAddress, get_contract_address};
use crate::access::access_component::InternalTrait as AccessInternalTrait;
use crate::books::{BooksTrait, Side, amount};
use crate::epochs::{Claim, HOUR, Kind, Left, MAX_AGE, claimable, claimable_input, epoch_of};
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::exits::Call;
use crate::market::WINDOW;
use crate::math::mul_div_floor;
use crate::requests::requests_component::InternalTrait as RequestsInternalTrait;
use crate::settlement::SettlementTrait;
use crate::states::{Operation, State, StatesTrait};
use crate::vault::vault::{
    AccessInternalImpl, Claimed, ContractState, Event, Deposit, DepositRequest, ERC20InternalImpl, Reclaimed, RedeemRequest,
    RequestsInternalImpl, Withdraw,
};

/// Hours from an epoch's hour until its requests can be taken back: as many as leave a waiting request time to do so before a change that is
/// proposed after it.
pub const RECLAIM_HOURS: u64 = 22;

/// What an amount of a claim counts.
#[derive(Copy, Drop, PartialEq)]
pub enum Measure {
    /// What was put in: assets of deposits, shares of redemptions.
    Input,
    /// What it became.
    Proceeds,
}

/// What a claim took, in both.
#[derive(Copy, Drop)]
pub struct Taken {
    pub input: u128,
    pub proceeds: u128,
}

#[generate_trait]
pub impl ClaimsImpl of ClaimsTrait {
    /// Puts quote tokens of an owner into the epoch of now, for a controller, and gives the epoch.
    fn ask_deposit(
        ref self: ContractState, call: Call, assets: u128, controller: ContractAddress, owner: ContractAddress,
    ) -> u64 {
        self.require(call.now, Operation::RequestDeposit);
        self.access.require_operator(owner, call.caller);
        self.require_other(controller);
        assert(assets > 0, Errors::ZERO);
        let pending = amount(self.stored_pending().checked_add(assets).expect(Errors::OVERFLOW)).expect(Errors::OVERFLOW);
        self.pull(Side::Quote, owner, assets);
        self.set_pending(pending);
        let epoch = epoch_of(call.now);
        self.requests.add(Kind::Deposit, epoch, controller, assets, call.now);
        let request_id = epoch.into();
        self.log(Event::DepositRequest(DepositRequest { controller, owner, request_id, sender: call.caller, assets: assets.into() }));
        epoch
    }

    /// Puts shares of an owner into the epoch of now, for a controller, and gives the epoch.
    fn ask_redeem(
        ref self: ContractState, call: Call, shares: u128, controller: ContractAddress, owner: ContractAddress,
    ) -> u64 {
        self.access.require_operator(owner, call.caller);
        self.require_other(controller);
        self.require_other(owner);
        assert(shares > 0, Errors::ZERO);
        self.erc20.move_shares(owner, get_contract_address(), shares);
        let epoch = epoch_of(call.now);
        self.requests.add(Kind::Redeem, epoch, controller, shares, call.now);
        let request_id = epoch.into();
        self.log(Event::RedeemRequest(RedeemRequest { controller, owner, request_id, sender: call.caller, shares: shares.into() }));
        epoch
    }

    /// Fetches all proceeds of one epoch, and gives their amount.
    fn claim_epoch(
        ref self: ContractState, call: Call, kind: Kind, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> u128 {
        self.require_claimant(call, controller, receiver);
        let (entry, request) = (self.requests.epoch(kind, epoch), self.requests.request(kind, epoch, controller));
        let proceeds = claimable(entry, request);
        assert(proceeds > 0, Errors::NOTHING_CLAIMABLE);
        let taken = array![(epoch, proceeds)];
        self.pay_claims(call, kind, taken.span(), controller, receiver).proceeds
    }

    /// Fetches so much of what a controller can claim, oldest first.
    fn claim_oldest(
        ref self: ContractState,
        call: Call,
        kind: Kind,
        measure: Measure,
        asked: u128,
        receiver: ContractAddress,
        controller: ContractAddress,
    ) -> Taken {
        self.require_claimant(call, controller, receiver);
        let mut left = asked;
        let mut taken = array![];
        for claim in self.requests.claims(kind, controller) {
            let Claim { epoch, input, proceeds } = *claim;
            let (part, proceeds) = match measure {
                Measure::Input => {
                    let part = min(left, input);
                    // At most the proceeds, because the part is at most the input.
                    (part, mul_div_floor(proceeds, part, input).unwrap_or(0))
                },
                Measure::Proceeds => {
                    let part = min(left, proceeds);
                    (part, part)
                },
            };
            if proceeds > 0 {
                taken.append((epoch, proceeds));
            }
            left -= part;
        }
        assert(left == 0, Errors::CLAIM);
        assert(!taken.is_empty(), Errors::ZERO);
        let taken = self.pay_claims(call, kind, taken.span(), controller, receiver);
        self.requests.sweep(kind, controller);
        taken
    }

    fn require_claimant(self: @ContractState, call: Call, controller: ContractAddress, receiver: ContractAddress) {
        self.access.require_operator(controller, call.caller);
        self.require_other(receiver);
    }

    /// Marks claims as claimed and pays them. Each is at most what can be claimed of its epoch.
    fn pay_claims(
        ref self: ContractState,
        call: Call,
        kind: Kind,
        claims: Span<(u64, u128)>,
        controller: ContractAddress,
        receiver: ContractAddress,
    ) -> Taken {
        let mut taken = Taken { input: 0, proceeds: 0 };
        for (epoch, amount) in claims {
            let (epoch, amount) = (*epoch, *amount);
            let before = self.claimable_input_of(kind, epoch, controller);
            self.requests.claim(kind, epoch, controller, amount);
            let after = self.claimable_input_of(kind, epoch, controller);
            taken = Taken { input: taken.input + before - after, proceeds: taken.proceeds + amount };
            self.emit_hand_over(kind, controller, receiver, epoch, amount);
        }
        let (input, proceeds) = (taken.input.into(), taken.proceeds.into());
        match kind {
            Kind::Deposit => {
                self.log(Event::Deposit(Deposit { sender: controller, owner: receiver, assets: input, shares: proceeds }));
                self.erc20.move_shares(get_contract_address(), receiver, taken.proceeds);
            },
            Kind::Redeem => {
                let sender = call.caller;
                self.log(Event::Withdraw(Withdraw { sender, receiver, owner: controller, assets: proceeds, shares: input }));
                self.set_reserved(self.stored_reserved() - taken.proceeds);
                self.push(Side::Quote, receiver, taken.proceeds);
            },
        }
        taken
    }

    fn claimable_input_of(self: @ContractState, kind: Kind, epoch: u64, controller: ContractAddress) -> u128 {
        claimable_input(self.requests.epoch(kind, epoch), self.requests.request(kind, epoch, controller))
    }

    /// Takes back what was not filled of a deposit, and gives its amount. Shares that were filled and not claimed go to the receiver too.
    ///
    /// It is possible at once if the deposit is refunded or the vault is halted, since nothing can fill it any more. While the vault is not
    /// active, it need not have waited for 22 hours, but an hour's settlement is kept clear as for redemptions: a pause, or what the
    /// registry says, can end within it, and the deposit would be filled at a price that is known by then.
    fn take_back_deposit(
        ref self: ContractState, call: Call, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> u128 {
        self.access.require_operator(controller, call.caller);
        self.require_other(receiver);
        if !self.requests.epoch(Kind::Deposit, epoch).refunded && !self.is_halted() {
            // The state only where it matters, because a registry that fails must not lock anything in.
            if !has_waited(epoch, call.now) {
                assert(self.state_at(call.now) != State::Active, Errors::EARLY);
            }
            require_unsettleable(call.now);
        }
        let Left { returned, unclaimed } = self.requests.leave(Kind::Deposit, epoch, controller).expect(Errors::NOTHING_PENDING);
        self.set_pending(self.stored_pending() - returned);
        if unclaimed > 0 {
            self.erc20.move_shares(get_contract_address(), receiver, unclaimed);
        }
        self.emit_hand_over(Kind::Deposit, controller, receiver, epoch, unclaimed);
        self.emit_reclaimed(Kind::Deposit, controller, receiver, epoch, Left { returned, unclaimed });
        self.push(Side::Quote, receiver, returned);
        returned
    }

    /// Takes back the shares of a redemption that were not filled, and gives their number. Assets that were filled and not claimed are owed
    /// to the receiver, who withdraws them. It is not possible in an hour in which base tokens were sold for redemptions, so that anyone can
    /// settle before it, and whoever takes shares back does not leave the cost of the sale to others.
    fn take_back_redeem(
        ref self: ContractState, call: Call, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
    ) -> u128 {
        self.access.require_operator(controller, call.caller);
        self.require_other(receiver);
        assert(has_waited(epoch, call.now), Errors::EARLY);
        require_unsettleable(call.now);
        assert(self.stored_hours().raise != Some(call.now / HOUR), Errors::SETTLING);
        let left = self.leave_redemption(epoch, controller, receiver);
        self.erc20.move_shares(get_contract_address(), receiver, left.returned);
        self.emit_reclaimed(Kind::Redeem, controller, receiver, epoch, left);
        left.returned
    }

    /// Tells that whoever leaves an epoch got, or is owed, what was filled and not claimed.
    #[inline(never)]
    fn emit_hand_over(
        ref self: ContractState, kind: Kind, controller: ContractAddress, receiver: ContractAddress, epoch: u64, amount: u128,
    ) {
        if amount > 0 {
            self.log(Event::Claimed(Claimed { kind, controller, epoch, receiver, amount: amount.into() }));
        }
    }

    #[inline(never)]
    fn emit_reclaimed(
        ref self: ContractState, kind: Kind, controller: ContractAddress, receiver: ContractAddress, epoch: u64, left: Left,
    ) {
        let Left { returned, unclaimed } = left;
        self.log(Event::Reclaimed(Reclaimed { kind, controller, epoch, receiver, returned: returned.into(), unclaimed: unclaimed.into() }));
    }
}

/// Whether a request of an epoch has waited long enough.
#[inline(never)]
fn has_waited(epoch: u64, now: u64) -> bool {
    let from: felt252 = (epoch.into() + RECLAIM_HOURS.into()) * HOUR.into();
    match from.try_into() {
        Some(from) => from <= now,
        // An epoch so late that its time has more than 64 bits has not waited.
        None => false,
    }
}

/// Checks that no price can be known at which a request may still be filled: prices of an hour may be known from its cut-off on, `MAX_AGE`
/// before its start, and it can be settled until `WINDOW` after a record that is made at most `WINDOW` after its start.
#[inline(never)]
fn require_unsettleable(now: u64) {
    let within = now % HOUR;
    assert(2 * WINDOW < within && within < HOUR - MAX_AGE, Errors::SETTLING);
}
