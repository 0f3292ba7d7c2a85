//! Steps and trades: the hour's decision, sales for those who leave, the unwinding, and the floor that each swap is held to. In Rust:
//! `trading.rs`.
//!
//! A swap counts by what it moved: the vault allows the adapter exactly the amount, lets it swap, allows nothing again, and compares its
//! balances. At most the amount may have left, and at least `ceil(ceil(value) * (10,000 - slip) / 10,000)` of the other token must have
//! arrived, where the value is at the fresh quote. The slip grows from `min_slip_bps` to `max_slip_bps` over the 900 s that an hour can be
//! acted on: `min + floor((max - min) * elapsed / 900)`. A sale for redemptions may lose `settle_bps` at most, so that the fee that they pay
//! covers what it costs those who stay.
use core::cmp::min;
use core::num::traits::{CheckedAdd, CheckedSub, SaturatingSub};
use core::poseidon::poseidon_hash_span;
use maat_vault_interfaces::adapter::{IAdapterDispatcher, IAdapterDispatcherTrait};
use maat_vault_interfaces::erc20::IERC20DispatcherTrait;
use starknet::storage::StoragePointerReadAccess;
use starknet::syscalls::get_class_hash_at_syscall;
use starknet::{ContractAddress, SyscallResultTrait};
use crate::access::access_component::InternalTrait as AccessInternalTrait;
use crate::books::{BooksTrait, Side, amount, answer, ask, balance_of, library, fixed};
use crate::epochs::Kind;
use crate::erc20::erc20_component::InternalTrait as ERC20InternalTrait;
use crate::errors::Errors;
use crate::interface::LastHours;
use crate::library::Verdict;
use crate::limits::{Position, Reason};
use crate::market::{Market, MarketTrait};
use crate::math::mul_div_floor;
use crate::requests::requests_component::InternalTrait as RequestsInternalTrait;
use crate::settlement::{SettlementTrait, room_to_leave};
use crate::states::{Operation, StatesTrait};
use crate::vault::vault::{AccessInternalImpl, ContractState, Decided, ERC20InternalImpl, Event, RequestsInternalImpl, Rewarded, Traded};

/// A keeper's reward for an hour is at most `floor(NAV * 5 / 10^7)`, which is 0.44 % of the NAV a year.
const REWARD: (u128, u128) = (5, 10_000_000);
/// The least that is sold for redemptions, in the quote token's smallest unit. The two units that rounding can cost are two basis points of
/// it, so that a redemption of dust cannot make the sale fail under the floor.
pub const SMALLEST_SALE: u128 = 10_000;

/// No limit to what a swap may lose beside those of the hour's slip.
pub const ANY_SLIP: u16 = 10_000;

/// Why a swap was made.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Purpose {
    /// A decision asked for it.
    Decision,
    /// Redemptions wait for quote tokens.
    Shortfall,
    /// The vault sells what it has.
    Unwind,
}

/// What a decision led to. In an event, what it asks for; what a call gives has the amounts that moved.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Outcome {
    /// Nothing, because of what is stored.
    Held: Reason,
    /// Nothing: it asked for a purchase while redemptions wait.
    Owed,
    /// So much of the quote token was given for the base token.
    Bought: u128,
    /// So much of the base token was given for the quote token.
    Sold: u128,
    /// No decision was made, because the drawdown halted the vault.
    Halted,
}

/// How the network's answer came.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Route {
    /// The registry executed the network in the step.
    Executed,
    /// The registry verified a proof in the step.
    Proven: Shown,
}

/// What a proof showed.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Shown {
    /// The registry's name for the statement.
    pub fact: felt252,
    /// The proof's conjectured security.
    pub security_bits: u16,
}

/// What the network and the policy say.
#[derive(Copy, Drop)]
struct Decision {
    verdict: Verdict,
    /// The hash of what the network saw.
    input_hash: felt252,
    route: Route,
}

/// What a swap moved.
#[derive(Copy, Drop)]
struct Moved {
    spent: u128,
    received: u128,
}

#[generate_trait]
pub impl TradingImpl of TradingTrait {
    /// Decides and trades, and gives what came of it. Without a call that proves the network's answer, the registry executes the network.
    fn step_at(ref self: ContractState, keeper: ContractAddress, now: u64, hour: u64, proof: Option<Span<felt252>>) -> Outcome {
        self.require(now, Operation::Step);
        let hours = self.stored_hours();
        require_unused(hours.step, hour);
        let hours = LastHours { step: Some(hour), ..hours };
        let market = self.market(now);
        assert(hour == market.recorded.hour, Errors::OTHER_HOUR);
        assert(self.due(now, hour).is_none(), Errors::DUE);
        self.open_hour(@market.recorded, now);
        if self.is_halted() {
            self.set_hours(hours);
            return Outcome::Halted;
        }
        let Decision { verdict, input_hash, route } = self.decide(@market, proof);
        let outcome = verdict.outcome;
        self.log(Event::Decided(Decided {
                        hour,
                        class: verdict.answer,
                        model: fixed((@self).parts.model_commitment),
                        version: fixed((@self).parts.version),
                        input_hash,
                        output_hash: verdict.output_hash,
                        chain: market.recorded.chain,
                        weight_before: verdict.weight_before,
                        weight_target: verdict.weight_target,
                        outcome,
                        route,
                    }));
        let (outcome, managed) = match outcome {
            Outcome::Bought(quote) => {
                let (spent, managed) = self.trade_plan(@market, Side::Quote, quote, @verdict);
                (Outcome::Bought(spent), managed)
            },
            Outcome::Sold(base) => {
                let (spent, managed) = self.trade_plan(@market, Side::Base, base, @verdict);
                (Outcome::Sold(spent), managed)
            },
            _ => (outcome, self.position()),
        };
        self.reward_and_store(keeper, hour, verdict.nav, managed, hours);
        outcome
    }

    /// Sells base tokens for what due redemptions need beyond the quote tokens that are there, fills them, and gives how much was sold.
    ///
    /// Whoever asked for the tokens is paid here, with the fee that covers the sale, and cannot leave in kind between the two.
    fn raise_at(ref self: ContractState, now: u64) -> u128 {
        self.require(now, Operation::Raise);
        let market = self.market(now);
        let hour = market.recorded.hour;
        require_unused(self.stored_hours().raise, hour);
        assert(self.due(now, hour).is_none(), Errors::DUE);
        let base = self.shortfall(@market);
        let least = self.floor(@market, fixed((@self).parts.fees.settle_bps), base);
        let moved = self.trade(@market, Purpose::Shortfall, Side::Base, base, least);
        self.set_position(self.booked(Side::Base, moved));
        self.set_hours(LastHours { raise: Some(hour), ..self.stored_hours() });
        self.settle_at(@market, now);
        moved.spent
    }

    /// Sells one piece of the base token, and gives how much was sold.
    fn unwind_at(ref self: ContractState, keeper: ContractAddress, now: u64) -> u128 {
        self.require(now, Operation::Unwind);
        let market = self.market(now);
        let hour = market.recorded.hour;
        let hours = self.stored_hours();
        require_unused(hours.unwind, hour);
        self.open_hour(@market.recorded, now);
        let (nav, base): (u128, u128) = answer(library(selector!("unwind"), self.holding(market.recorded.rate)));
        let least = self.floor(@market, ANY_SLIP, base);
        let moved = self.trade(@market, Purpose::Unwind, Side::Base, base, least);
        let managed = self.booked(Side::Base, moved);
        self.reward_and_store(keeper, hour, nav, managed, LastHours { unwind: Some(hour), ..hours });
        moved.spent
    }
}

/// Checks that an hour is after the last one that was used.
fn require_unused(last: Option<u64>, hour: u64) {
    if let Some(last) = last {
        assert(last < hour, Errors::USED);
    }
}

#[generate_trait]
impl TradesImpl of TradesTrait {
    /// What the network and the policy say of the recorded prices, and the hash of what the network saw.
    ///
    fn decide(ref self: ContractState, market: @Market, proof: Option<Span<felt252>>) -> Decision {
        let Market { recorded, fresh } = *market;
        let hour = recorded.hour;
        let mut calldata = array![];
        calldata.append_span(self.access.list('features'));
        let hours = array![fixed((@self).parts.hours).into()];
        calldata.append_span(ask(fixed((@self).parts.history), selector!("window"), hours.span()));
        // How many were clamped, and then the values as in calldata.
        let mut seen = library(selector!("evaluate"), calldata);
        let saturated = *seen.pop_front().expect(Errors::ANSWER);

        let (outputs, route) = match proof {
            None => (self.executed(seen), Route::Executed),
            Some(call) => self.proven(seen, call),
        };

        let owed = self.requests.unfilled_until(Kind::Redeem, hour) > 0;
        let mut calldata = self.holding(recorded.rate);
        fresh.serialize(ref calldata);
        calldata.append(recorded.elapsed.into());
        calldata.append(hour.into());
        calldata.append(owed.into());
        calldata.append(saturated);
        calldata.append_span(self.access.list(self.access.Access_policy.read().into()));
        // Foreign felts last, so that they can be nothing else.
        calldata.append_span(outputs);
        // As the registry hashes its calldata: the number of values, and the values.
        Decision { verdict: answer(library(selector!("decide"), calldata)), input_hash: poseidon_hash_span(seen), route }
    }

    /// The network's answer, as in calldata.
    ///
    /// The registry executes the version that was pinned, by its sealed instance, and has looked at the instance's class before. The model
    /// is foreign code, so the class is looked at again afterwards.
    #[inline(never)]
    fn executed(self: @ContractState, seen: Span<felt252>) -> Span<felt252> {
        let mut calldata = array![fixed(self.parts.model).into(), fixed(self.parts.version).into()];
        calldata.append_span(seen);
        let outputs = ask(fixed(self.parts.registry), selector!("execute"), calldata.span());
        let class_hash = get_class_hash_at_syscall(fixed(self.parts.instance)).unwrap_syscall();
        assert(class_hash == fixed(self.parts.class_hash), Errors::OTHER_CLASS);
        outputs
    }

    /// The network's answer, as in calldata, by a proof that the registry verifies for the version that was pinned.
    ///
    /// The vault takes nothing but the answer from the proof: what the network saw is what the vault computed, so that a proof for another
    /// hour, or for prices of somebody's own, is none.
    #[inline(never)]
    fn proven(self: @ContractState, seen: Span<felt252>, call: Span<felt252>) -> (Span<felt252>, Route) {
        let min_bits = self.min_bits.read();
        assert(min_bits != 0, Errors::NO_PROOFS);
        let version = array![fixed(self.parts.model).into(), fixed(self.parts.version).into()];
        assert(call.len() > 2 && call.slice(0, 2) == version.span(), Errors::OTHER_VERSION);
        // The call as it came, so that its thousands of felts are not copied.
        let proven = ask(fixed(self.parts.registry), selector!("prove"), call);
        let mut calldata = array![];
        calldata.append_span(seen);
        calldata.append(fixed(self.parts.outputs).into());
        calldata.append(min_bits.into());
        // Foreign felts last, so that they can be nothing else.
        calldata.append_span(proven);
        // What was shown, and then the values as in calldata.
        let mut answer = library(selector!("proven"), calldata);
        let shown = Serde::deserialize(ref answer).expect(Errors::ANSWER);
        (answer, Route::Proven(shown))
    }

    /// The base tokens to sell for due redemptions.
    fn shortfall(self: @ContractState, market: @Market) -> u128 {
        // Where redemptions are due, the hour is swept, and therefore open.
        let room = match self.stored_hour() {
            Some(opened) => room_to_leave(opened),
            None => 0,
        };
        let mut calldata = self.holding(*market.recorded.rate);
        calldata.append(self.erc20.supply().into());
        calldata.append(fixed(self.parts.fees.settle_bps).into());
        calldata.append(self.requests.unfilled_until(Kind::Redeem, *market.recorded.hour).into());
        calldata.append(room.into());
        answer(library(selector!("shortfall"), calldata))
    }

    /// Makes a plan's trade, and gives what left, and what is managed then, with what the limits remember.
    #[inline(never)]
    fn trade_plan(ref self: ContractState, market: @Market, sold: Side, asked: u128, verdict: @Verdict) -> (u128, Position) {
        let moved = self.trade(market, Purpose::Decision, sold, asked, *verdict.least);
        // What was not spent stays: amounts are those that moved, and the rest is as the plan says.
        let hour = *market.recorded.hour;
        let Position { base, quote, .. } = self.booked(sold, moved);
        (moved.spent, Position { base, quote, last_trade: Some(hour), day: hour / 24, turned_over: *verdict.turned_over })
    }

    /// What is managed after a swap.
    #[inline(never)]
    fn booked(self: @ContractState, sold: Side, moved: Moved) -> Position {
        let managed = self.position();
        let (given, got) = match sold {
            Side::Base => (managed.base, managed.quote),
            Side::Quote => (managed.quote, managed.base),
        };
        let given = given.checked_sub(moved.spent).expect(Errors::OVERFLOW);
        let got = amount(got.checked_add(moved.received).expect(Errors::OVERFLOW)).expect(Errors::OVERFLOW);
        let (base, quote) = match sold {
            Side::Base => (given, got),
            Side::Quote => (got, given),
        };
        Position { base, quote, ..managed }
    }

    /// Has the adapter swap so much, under the floor.
    fn trade(ref self: ContractState, market: @Market, purpose: Purpose, sold: Side, asked: u128, least: u128) -> Moved {
        let (token, other) = (self.token(sold), self.token(other(sold)));
        let (sold_before, bought_before) = (balance_of(token), balance_of(other));
        let adapter = fixed((@self).parts.adapter);
        token.approve(adapter, asked.into());
        let swapper = IAdapterDispatcher { contract_address: adapter };
        swapper.swap(token.contract_address, other.contract_address, asked.into(), least.into());
        token.approve(adapter, 0);
        let spent = sold_before.saturating_sub(balance_of(token));
        let received = balance_of(other).saturating_sub(bought_before);
        assert(spent <= asked, Errors::OVERSPENT);
        assert(received >= least, Errors::FLOOR);
        self.log(Event::Traded(Traded { hour: *market.recorded.hour, purpose, sold, spent, received }));
        Moved { spent, received }
    }

    /// The least that a sale of so many base tokens must give, where it may lose so much at most: see the module.
    #[inline(never)]
    fn floor(self: @ContractState, market: @Market, most_bps: u16, asked: u128) -> u128 {
        let mut calldata = array![];
        self.limits.read().serialize(ref calldata);
        (*market.fresh).serialize(ref calldata);
        calldata.append((*market.recorded.elapsed).into());
        calldata.append(most_bps.into());
        Side::Base.serialize(ref calldata);
        calldata.append(asked.into());
        answer(library(selector!("floor"), calldata))
    }

    /// Owes a keeper the reward of an hour, once, from what is there, and stores what is managed and the hours that were used: each once, because
    /// writing is dear.
    fn reward_and_store(
        ref self: ContractState, keeper: ContractAddress, hour: u64, nav: u128, managed: Position, hours: LastHours,
    ) {
        let is_left = match hours.reward {
            Some(last) => last < hour,
            None => true,
        };
        let (numerator, denominator) = REWARD;
        let share = mul_div_floor(nav, numerator, denominator).unwrap_or(0);
        let amount = min(min(share, fixed((@self).parts.keeper_cap)), managed.quote);
        // A reward of nothing leaves the hour to whoever comes later.
        if is_left && amount > 0 {
            self.set_hours(LastHours { reward: Some(hour), ..hours });
            self.set_position(Position { quote: managed.quote - amount, ..managed });
            self.owe(Side::Quote, keeper, amount);
            self.log(Event::Rewarded(Rewarded { keeper, amount }));
        } else {
            self.set_hours(hours);
            self.set_position(managed);
        }
    }
}

/// The other token.
fn other(side: Side) -> Side {
    match side {
        Side::Base => Side::Quote,
        Side::Quote => Side::Base,
    }
}
