//! Steps and trades: the hour's decision, sales for those who leave, the unwinding, and the floor that each swap is held to. In Rust:
//! `trading.rs`.
//!
//! A swap counts by what it moved: the vault allows the adapter exactly the amount, lets it swap, allows nothing again, and compares its
//! balances. At most the amount may have left, and at least `ceil(ceil(value) * (10,000 - slip) / 10,000)` of the other token must have
//! arrived, where the value is at the fresh quote. The slip grows from `min_slip_bps` to `max_slip_bps` over the 900 s that an hour can be
//! acted on: `min + floor((max - min) * elapsed / 900)`.
use core::cmp::{max, min};
use core::num::traits::{CheckedAdd, CheckedSub, SaturatingAdd, SaturatingSub};
use core::poseidon::poseidon_hash_span;
use maat_vault_interfaces::erc20::IERC20DispatcherTrait;
use maat_vault_interfaces::adapter::{IAdapterDispatcher, IAdapterDispatcherTrait};
use maat_vault_interfaces::history::IPriceHistoryDispatcherTrait;
use maat_interfaces::registry::{IModelRegistryDispatcher, IModelRegistryDispatcherTrait};
use starknet::storage::{StorageAsPointer, StorageMapReadAccess, StoragePointerReadAccess, StoragePointerWriteAccess};
use starknet::syscalls::get_class_hash_at_syscall;
use starknet::{ContractAddress, SyscallResultTrait};
use crate::access::access_component::InternalTrait as AccessInternalTrait;
use crate::books::{at, BooksTrait, Side, amount, nav_floor};
use crate::epochs::Kind;
use crate::errors::Errors;
use crate::features::{Feature, InputRule, evaluate};
use crate::limits::{Plan, Position, Reason, filled, plan, unwind};
use crate::market::{Market, MarketTrait, WINDOW};
use crate::math::{BASIS_POINTS, base_ceil, base_floor, mul_div_floor, share_ceil, share_floor, value_ceil, value_floor};
use crate::policy::{Target, target};
use crate::records::{LimitsPacking, PositionPacking, ValuePacking, features_of};
use crate::requests::requests_component::InternalTrait as RequestsInternalTrait;
use crate::settlement::{Raised, SettlementTrait};
use crate::states::{Operation, StatesTrait};
use crate::vault::vault::{AccessInternalImpl, ContractState, Event, Decided, RequestsInternalImpl, Rewarded, Traded};

/// A keeper's reward for an hour is at most `floor(NAV * 5 / 10^7)`, which is 0.44 % of the NAV a year.
const REWARD: (u128, u128) = (5, 10_000_000);
/// The least that is sold for redemptions, in the quote token's smallest unit. The two units that rounding can cost are two basis points of
/// it, so that a redemption of dust cannot make the sale fail under the floor.
pub const SMALLEST_SALE: u128 = 10_000;

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

/// What a decision led to.
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

/// What the registry's model answered, and what follows.
#[derive(Copy, Drop)]
struct Decision {
    answer: i32,
    input_hash: felt252,
    output_hash: felt252,
    target: Target,
    saturated: u32,
}

/// What a swap moved.
#[derive(Copy, Drop)]
struct Moved {
    spent: u128,
    received: u128,
}

#[generate_trait]
pub impl TradingImpl of TradingTrait {
    /// What the network sees, and how it takes each value.
    fn stored_features(self: @ContractState) -> (Span<Feature>, Span<InputRule>) {
        let mut values = array![];
        for position in 0..at(self.value_count.as_ptr()) {
            values.append(self.values.read(position));
        }
        features_of(values.span())
    }

    /// Decides and trades, and gives what came of it.
    fn step_at(ref self: ContractState, keeper: ContractAddress, now: u64, hour: u64) -> Outcome {
        self.require(now, Operation::Step);
        require_unused(self.last_step.read(), hour);
        let market = self.market(now);
        assert(hour == market.recorded.hour, Errors::OTHER_HOUR);
        assert(self.due(now, hour).is_none(), Errors::DUE);
        self.open_hour(@market.recorded, now);
        self.last_step.write(hour + 1);
        if self.is_halted() {
            return Outcome::Halted;
        }
        let decision = self.decide();
        let managed = self.position();
        let nav = nav_floor(managed, market.recorded.rate).expect(Errors::OVERFLOW);
        let value = value_floor(market.recorded.rate, managed.base).expect(Errors::OVERFLOW);
        // At most 10,000, because the value is at most the NAV.
        let weight_before = mul_div_floor(value, BASIS_POINTS, nav).unwrap_or(0).try_into().unwrap_or(0);

        let owed = self.requests.unfilled_until(Kind::Redeem, hour) > 0;
        let plan = plan(self.stored_limits(), managed, market.recorded.rate, hour, decision.target, decision.saturated).expect(Errors::OVERFLOW);
        let outcome = match plan {
            Plan::Hold(reason) => Outcome::Held(reason),
            Plan::Buy(quote) => if owed {
                Outcome::Owed
            } else {
                Outcome::Bought(quote)
            },
            Plan::Sell(sale) => Outcome::Sold(sale.base),
        };
        let weight_target = match decision.target {
            Target::Weight(weight) => Some(weight),
            Target::Hold => None,
        };
        let chain = self.prices().chain();
        self.log(Event::Decided(Decided {
                        hour,
                        class: decision.answer,
                        model: self.model_commitment.read(),
                        version: self.version.read(),
                        input_hash: decision.input_hash,
                        output_hash: decision.output_hash,
                        chain,
                        weight_before,
                        weight_target,
                        outcome,
                    }));
        match outcome {
            Outcome::Bought(quote) => self.trade_plan(@market, plan, Side::Quote, quote),
            Outcome::Sold(base) => self.trade_plan(@market, plan, Side::Base, base),
            _ => {},
        }
        self.reward(keeper, hour, nav);
        outcome
    }

    /// Sells base tokens for what due redemptions need beyond the quote tokens that are there, and gives how much was sold.
    fn raise_at(ref self: ContractState, now: u64) -> u128 {
        self.require(now, Operation::Raise);
        let market = self.market(now);
        let hour = market.recorded.hour;
        require_unused(self.last_raise.read(), hour);
        assert(self.due(now, hour).is_none(), Errors::DUE);
        let base = self.shortfall(@market).expect(Errors::NOTHING_TO_RAISE);
        let moved = self.trade(@market, Purpose::Shortfall, Side::Base, base);
        self.book(Side::Base, moved);
        let worth = value_floor(market.recorded.rate, moved.spent).expect(Errors::OVERFLOW);
        let Raised { quote, cost } = self.stored_raised();
        let cost = cost.saturating_add(worth.saturating_sub(moved.received));
        self.set_raised(Raised { quote: quote.saturating_add(moved.received), cost });
        self.last_raise.write(hour + 1);
        base
    }

    /// Sells one piece of the base token, and gives how much was sold.
    fn unwind_at(ref self: ContractState, keeper: ContractAddress, now: u64) -> u128 {
        self.require(now, Operation::Unwind);
        let market = self.market(now);
        let hour = market.recorded.hour;
        require_unused(self.last_unwind.read(), hour);
        self.open_hour(@market.recorded, now);
        let managed = self.position();
        let nav = nav_floor(managed, market.recorded.rate).expect(Errors::OVERFLOW);
        let base = match unwind(self.stored_limits(), managed, market.recorded.rate).expect(Errors::OVERFLOW) {
            Plan::Sell(sale) => sale.base,
            _ => core::panic_with_felt252(Errors::NOTHING_TO_SELL),
        };
        let moved = self.trade(@market, Purpose::Unwind, Side::Base, base);
        self.book(Side::Base, moved);
        self.last_unwind.write(hour + 1);
        self.reward(keeper, hour, nav);
        base
    }
}

/// Checks that an hour is after the last one that was used, which is stored as one more than it is.
fn require_unused(after: u64, hour: u64) {
    assert(after <= hour, Errors::USED);
}

#[generate_trait]
impl TradesImpl of TradesTrait {
    /// What the network and the policy say of the recorded prices.
    ///
    /// The registry executes the version that was pinned, by its sealed instance, and has looked at the instance's class before. The model
    /// is foreign code, so the class is looked at again afterwards.
    fn decide(ref self: ContractState) -> Decision {
        let window = self.prices().window(self.hours.read()).expect(Errors::GAP);
        let (groups, rules) = self.stored_features();
        let seen = evaluate(groups, rules, window);

        let registry = IModelRegistryDispatcher { contract_address: self.registry.read() };
        let outputs = registry.execute(self.model.read(), self.version.read(), seen.values);
        let class_hash = get_class_hash_at_syscall(self.instance.read()).unwrap_syscall();
        assert(class_hash == self.class_hash.read(), Errors::OTHER_CLASS);

        let policy = self.access.policy();
        let answer = *outputs.get(policy.output).expect(Errors::BAD_OUTPUT).unbox();
        let target = target(policy.policy, answer).expect(Errors::CLASS);
        Decision {
            answer, input_hash: hash_of(seen.values), output_hash: hash_of(outputs), target, saturated: seen.saturated,
        }
    }

    /// The base tokens to sell for due redemptions, if there are any to sell.
    fn shortfall(self: @ContractState, market: @Market) -> Option<u128> {
        let (managed, rate) = (self.position(), *market.recorded.rate);
        let nav = nav_floor(managed, rate).expect(Errors::OVERFLOW);
        let shares = self.requests.unfilled_until(Kind::Redeem, *market.recorded.hour);
        // Where redemptions are due, the hour is swept, and therefore open.
        let cap = match self.stored_hour() {
            Some(opened) => opened.cap,
            None => 0,
        };
        let shortfall = min(self.assets_of_redemption(shares, nav), cap).saturating_sub(managed.quote);
        let held = value_floor(rate, managed.base).expect(Errors::OVERFLOW);
        let most = min(share_floor(nav, self.stored_limits().max_trade_bps.into()).expect(Errors::OVERFLOW), held);
        if shortfall == 0 || most < SMALLEST_SALE {
            return None;
        }
        let value = min(max(shortfall, SMALLEST_SALE), most);
        let base = if value == held {
            managed.base
        } else {
            base_floor(rate, value).expect(Errors::OVERFLOW)
        };
        if base == 0 {
            None
        } else {
            Some(base)
        }
    }

    /// Makes a plan's trade, and has the limits remember it.
    fn trade_plan(ref self: ContractState, market: @Market, plan: Plan, sold: Side, asked: u128) {
        let moved = self.trade(market, Purpose::Decision, sold, asked);
        let remembered = filled(self.position(), plan, moved.received, *market.recorded.hour).expect(Errors::OVERFLOW);
        self.book(sold, moved);
        // What was not spent stays: amounts are those that moved, and the rest is as the plan says.
        let Position { base, quote, .. } = self.position();
        self.set_position(Position { base, quote, ..remembered });
    }

    /// Writes a swap into the books.
    fn book(ref self: ContractState, sold: Side, moved: Moved) {
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
        self.set_position(Position { base, quote, ..managed });
    }

    /// Has the adapter swap so much, under the floor.
    fn trade(ref self: ContractState, market: @Market, purpose: Purpose, sold: Side, asked: u128) -> Moved {
        let least = self.floor(market, sold, asked).expect(Errors::OVERFLOW);
        let bought = other(sold);
        let (sold_before, bought_before) = (self.balance(sold), self.balance(bought));
        let adapter = self.adapter.read();
        let (token, other) = (self.token(sold), self.token(bought));
        token.approve(adapter, asked.into());
        let swapper = IAdapterDispatcher { contract_address: adapter };
        swapper.swap(token.contract_address, other.contract_address, asked.into(), least.into());
        token.approve(adapter, 0);
        let spent = sold_before.saturating_sub(self.balance(sold));
        let received = self.balance(bought).saturating_sub(bought_before);
        assert(spent <= asked, Errors::OVERSPENT);
        assert(received >= least, Errors::FLOOR);
        self.log(Event::Traded(Traded { hour: *market.recorded.hour, purpose, sold, spent, received }));
        Moved { spent, received }
    }

    /// The least that a swap of so much must give: see the module.
    fn floor(self: @ContractState, market: @Market, sold: Side, asked: u128) -> Option<u128> {
        let limits = self.stored_limits();
        let (least, most): (u64, u64) = (limits.min_slip_bps.into(), limits.max_slip_bps.into());
        // At most 100 basis points, and `min_slip_bps` is at most `max_slip_bps`.
        let slip: u32 = (least + (most - least) * *market.recorded.elapsed / WINDOW).try_into()?;
        let worth = match sold {
            Side::Base => value_ceil(*market.fresh, asked)?,
            Side::Quote => base_ceil(*market.fresh, asked)?,
        };
        share_ceil(worth, 10_000 - slip)
    }

    /// Owes a keeper the reward of an hour, once, from what is there.
    fn reward(ref self: ContractState, keeper: ContractAddress, hour: u64, nav: u128) {
        if hour < self.last_reward.read() {
            return;
        }
        let (numerator, denominator) = REWARD;
        let managed = self.position();
        let share = mul_div_floor(nav, numerator, denominator).unwrap_or(0);
        let amount = min(min(share, self.keeper_cap.read()), managed.quote);
        self.last_reward.write(hour + 1);
        if amount > 0 {
            self.set_position(Position { quote: managed.quote - amount, ..managed });
            self.owe(Side::Quote, keeper, amount);
            self.log(Event::Rewarded(Rewarded { keeper, amount }));
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

/// `poseidon_hash_span` of integers as they stand in calldata, their number first, as the registry's `Executed` has it.
fn hash_of(values: Span<i32>) -> felt252 {
    let mut felts = array![];
    values.serialize(ref felts);
    poseidon_hash_span(felts.span())
}
