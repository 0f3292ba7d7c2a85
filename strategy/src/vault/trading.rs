//! Steps and trades: the hour's decision, sales for those who leave, the unwinding, and the floor that each swap is held to.
//!
//! A sale for redemptions is a call of its own. Within a step, both would go to the same pool under the same floor, so that a large
//! redemption could stop every step, and a step that refuses would stop the sale.
//!
//! A swap counts by what it moved: the vault allows the adapter exactly the amount, lets it swap, allows nothing again, and compares its
//! balances. At most the amount may have left, and at least `ceil(ceil(value) * (10,000 - slip) / 10,000)` of the other token must have
//! arrived, where the value is at the fresh quote. The slip grows from `min_slip_bps` to `max_slip_bps` over the 900 s that an hour can be
//! acted on: `min + floor((max - min) * elapsed / 900)`. A sale for redemptions may lose `settle_bps` at most, so that the fee that they pay
//! covers what it costs those who stay.

use starknet_types_core::felt::Felt;

use super::books::amount;
use super::error::{AdapterFailure, NetworkFailure, Refusal};
use super::events::{Event, Outcome, Purpose, Route, hash_of};
use super::ledger::{Account, Ledger, Side};
use super::market::Market;
use super::recorder::WINDOW;
use super::states::Operation;
use super::{Call, Chain, Vault};
use crate::hour::Hour;
use crate::limits::{Plan, Position, unwind};
use crate::math::{BASIS_POINTS, mul_div_ceil, mul_div_floor, share_ceil, share_floor};
use crate::policy::Target;
use crate::proven::{pack, unpack};

/// A keeper's reward for an hour is at most `floor(NAV * 5 / 10^7)`, which is 0.44 % of the NAV a year.
const REWARD: (u128, u128) = (5, 10_000_000);
/// The least that is sold for redemptions, in the quote token's smallest unit. The two units that rounding can cost are two basis points of
/// it, so that a redemption of dust cannot make the sale fail under the floor.
pub const SMALLEST_SALE: u128 = 10_000;

/// What the registry's model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The output value that the policy reads.
    pub value: i32,
    /// The registry's version of the model.
    pub version: u64,
    /// The hash of what it saw.
    pub input_hash: Felt,
    /// The hash of all its outputs.
    pub output_hash: Felt,
}

/// The registry's model, executed within the step.
pub trait Network {
    /// Executes it.
    ///
    /// # Errors
    /// It gives no answer, such as because it is revoked or out of steps.
    fn execute(&mut self, inputs: &[i32]) -> Result<Answer, NetworkFailure>;
}

impl<F: FnMut(&[i32]) -> Result<Answer, NetworkFailure>> Network for F {
    fn execute(&mut self, inputs: &[i32]) -> Result<Answer, NetworkFailure> {
        self(inputs)
    }
}

/// What a proof shows of the inputs, or of the outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The values, as a proof packs them.
    Public(Vec<Felt>),
    /// Nothing.
    Hidden,
    /// The hash of a commitment to them.
    Committed(Felt),
}

/// What a proof says that the registry has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The registry's version of the model.
    pub version: u64,
    /// The registry's name for the statement.
    pub fact: Felt,
    /// How many inferences it is of.
    pub batch: u32,
    /// Conjectured.
    pub security_bits: u16,
    /// What the network saw.
    pub inputs: Shown,
    /// What it answered.
    pub outputs: Shown,
}

/// The registry, with a proof for the vault's model that it verifies within the step.
pub trait Proofs {
    /// Verifies it.
    ///
    /// # Errors
    /// It does not hold, is of another model, or the model is revoked.
    fn prove(&mut self) -> Result<Proven, NetworkFailure>;
}

impl<F: FnMut() -> Result<Proven, NetworkFailure>> Proofs for F {
    fn prove(&mut self) -> Result<Proven, NetworkFailure> {
        self()
    }
}

/// Where the network's answer comes from.
enum Source<'s> {
    Network(&'s mut dyn Network),
    Proof(&'s mut dyn Proofs),
}

/// What the network and the policy say.
struct Decision {
    answer: Answer,
    target: Target,
    saturated: u32,
    route: Route,
}

/// What an adapter is to swap. It may take the amount from the vault, which has allowed that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap {
    /// The vault.
    pub vault: Account,
    /// The adapter's own account.
    pub adapter: Account,
    /// The token that the vault gives.
    pub sold: Side,
    /// How much of it.
    pub amount: u128,
    /// The least that the vault accepts of the other token.
    pub least: u128,
}

/// A contract that swaps at some pool. Nothing it says is believed.
pub trait Adapter {
    /// Swaps.
    ///
    /// # Errors
    /// It cannot.
    fn swap(&mut self, ledger: &mut Ledger, swap: Swap) -> Result<(), AdapterFailure>;
}

/// What a swap moved.
#[derive(Debug, Clone, Copy)]
struct Moved {
    spent: u128,
    received: u128,
}

impl Vault {
    /// Decides and trades, once for each recorded hour, and gives what came of it. Anyone may call it.
    ///
    /// # Errors
    /// The state does not allow it; the hour is used, not the recorded one, or too long ago; an epoch is due; the window has a gap; the
    /// quote token is off its peg; feed, network or adapter fail; the quote drifted; or the swap gave less than the floor. The hour is left
    /// then, so that the call can be made again.
    pub fn step(
        &mut self,
        chain: &mut Chain,
        call: Call,
        hour: Hour,
        network: &mut dyn Network,
        adapter: &mut dyn Adapter,
    ) -> Result<Outcome, Refusal> {
        self.step_from(chain, call, hour, Source::Network(network), adapter)
    }

    /// The same, where a proof says what the network answers: an hour is stepped once, either way.
    ///
    /// # Errors
    /// As for [`Self::step`], and if the vault takes no proofs, the registry refuses the proof, or it is too weak, not of one inference, not of
    /// what the history gives for this hour, or does not show the answer.
    pub fn step_with_proof(
        &mut self,
        chain: &mut Chain,
        call: Call,
        hour: Hour,
        proofs: &mut dyn Proofs,
        adapter: &mut dyn Adapter,
    ) -> Result<Outcome, Refusal> {
        self.step_from(chain, call, hour, Source::Proof(proofs), adapter)
    }

    fn step_from(
        &mut self,
        chain: &mut Chain,
        call: Call,
        hour: Hour,
        source: Source<'_>,
        adapter: &mut dyn Adapter,
    ) -> Result<Outcome, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Step)?;
            require_unused(vault.last_step, hour)?;
            let market = vault.market(chain, call.now)?;
            if hour != market.recorded.hour {
                return Err(Refusal::OtherHour { hour, recorded: market.recorded.hour });
            }
            if let Some(epoch) = vault.due(call, chain, hour) {
                return Err(Refusal::Due { epoch });
            }
            vault.open(call.now, &market.recorded);
            vault.last_step = Some(hour);
            if vault.halted {
                return Ok(Outcome::Halted);
            }
            let Decision { answer, target, saturated, route } = vault.decide(chain, source)?;
            let nav = vault.books.nav_floor(&market.recorded.rate).ok_or(Refusal::Overflow)?;
            let value = market.recorded.rate.value_floor(vault.books.managed.base).ok_or(Refusal::Overflow)?;
            // At most 10,000, because the value is at most the NAV.
            let weight_before = mul_div_floor(value, BASIS_POINTS, nav).and_then(|weight| u16::try_from(weight).ok()).unwrap_or(0);

            let owed = vault.redemptions.unfilled(hour.count()) > 0;
            let plan = vault.strategy.limits.plan(&vault.books.managed, &market.recorded.rate, hour, target, saturated);
            let plan = plan.ok_or(Refusal::Overflow)?;
            let outcome = match plan {
                Plan::Hold(reason) => Outcome::Held(reason),
                Plan::Buy { .. } if owed => Outcome::Owed,
                Plan::Buy { quote } => Outcome::Bought { quote },
                Plan::Sell { base, .. } => Outcome::Sold { base },
            };
            vault.emit(Event::Decided {
                hour,
                class: answer.value,
                model: vault.strategy.commitment,
                version: answer.version,
                input_hash: answer.input_hash,
                output_hash: answer.output_hash,
                chain: chain.history.chain(),
                weight_before,
                weight_target: match target {
                    Target::Weight(weight) => Some(weight),
                    Target::Hold => None,
                },
                outcome,
                route,
            });
            let outcome = match outcome {
                Outcome::Bought { quote } => {
                    Outcome::Bought { quote: vault.trade_plan(chain, &market, plan, Side::Quote, quote, adapter)? }
                }
                Outcome::Sold { base } => Outcome::Sold { base: vault.trade_plan(chain, &market, plan, Side::Base, base, adapter)? },
                Outcome::Held(_) | Outcome::Owed | Outcome::Halted => outcome,
            };
            vault.reward(call.caller, &market, nav);
            Ok(outcome)
        })
    }

    /// What the network and the policy say of the recorded prices.
    fn decide(&self, chain: &Chain, source: Source<'_>) -> Result<Decision, Refusal> {
        let needed = self.strategy.features.window();
        let found = chain.history.history().consecutive();
        let window = chain.history.window(needed).ok_or(Refusal::Gap { needed, found })?;
        let seen = self.strategy.features.evaluate(window);
        let (answer, route) = match source {
            Source::Network(network) => (network.execute(&seen.values)?, Route::Executed),
            Source::Proof(proofs) => self.proven(&seen.values, proofs)?,
        };
        let target = self.strategy.policy.target(answer.value)?;
        Ok(Decision { answer, target, saturated: seen.saturated, route })
    }

    /// The network's answer, by a proof. What the network saw is what the vault computed, so that a proof for another hour, or for prices of
    /// somebody's own, is none.
    fn proven(&self, seen: &[i32], proofs: &mut dyn Proofs) -> Result<(Answer, Route), Refusal> {
        if self.min_bits == 0 {
            return Err(Refusal::NoProofs);
        }
        let Proven { version, fact, batch, security_bits, inputs, outputs } = proofs.prove()?;
        if security_bits < self.min_bits {
            return Err(Refusal::Weak { found: security_bits, least: self.min_bits });
        }
        if batch != 1 {
            return Err(Refusal::Batch { found: batch });
        }
        if inputs != Shown::Public(pack(seen)) {
            return Err(Refusal::ProvenInputs);
        }
        let values = match &outputs {
            Shown::Public(felts) => unpack(felts, self.strategy.outputs as usize),
            Shown::Hidden | Shown::Committed(_) => None,
        };
        let values = values.ok_or(Refusal::ProvenOutputs)?;
        let value = values.get(self.strategy.policy.output() as usize).copied().ok_or(Refusal::ProvenOutputs)?;
        let answer = Answer { value, version, input_hash: hash_of(seen), output_hash: hash_of(&values) };
        Ok((answer, Route::Proven { fact, security_bits }))
    }

    /// Sells base tokens for what due redemptions need beyond the quote tokens that are there, once for each recorded hour, fills them, and
    /// gives how much was sold. Anyone may call it, and nobody is rewarded: whoever waits for the tokens calls it. Steps neither wait for it
    /// nor stop it. Whoever asked for the tokens is paid here, with the fee that covers the sale, and cannot leave in kind between the two.
    ///
    /// So much is sold that the least which it may bring suffices, but at most the largest trade, and at most for what the hour's cap still
    /// lets out; cooldown and turnover do not count. A smaller sale than [`SMALLEST_SALE`] is made as large as that, and none is made where that is
    /// too much.
    ///
    /// # Errors
    /// The state does not allow it, the hour is used or too long ago, an epoch is due, redemptions need no sale or none that can be made, the
    /// quote token is off its peg, feed or adapter fail, the quote drifted, or the swap gave less than the floor.
    pub fn raise(&mut self, chain: &mut Chain, call: Call, adapter: &mut dyn Adapter) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Raise)?;
            let market = vault.market(chain, call.now)?;
            let hour = market.recorded.hour;
            require_unused(vault.last_raise, hour)?;
            if let Some(epoch) = vault.due(call, chain, hour) {
                return Err(Refusal::Due { epoch });
            }
            let base = vault.shortfall(&market)?.ok_or(Refusal::NothingToRaise)?;
            let moved = vault.trade(chain, &market, Purpose::Shortfall, Side::Base, base, adapter)?;
            vault.book(Side::Base, moved)?;
            vault.last_raise = Some(hour);
            vault.fill(chain, call.now, &market)?;
            Ok(moved.spent)
        })
    }

    /// The base tokens to sell for due redemptions, if there are any to sell.
    fn shortfall(&self, market: &Market) -> Result<Option<u128>, Refusal> {
        let nav = self.books.nav_floor(&market.recorded.rate).ok_or(Refusal::Overflow)?;
        let shares = self.redemptions.unfilled(market.recorded.hour.count());
        // Where redemptions are due, the hour is swept, and therefore open.
        let room = self.opened.map_or(0, |opened| opened.room_to_leave());
        let shortfall = self.assets_of_redemption(shares, nav).min(room).saturating_sub(self.books.managed.quote);
        let held = market.recorded.rate.value_floor(self.books.managed.base).ok_or(Refusal::Overflow)?;
        let most = share_floor(nav, self.strategy.limits.max_trade_bps.into()).ok_or(Refusal::Overflow)?.min(held);
        if shortfall == 0 || most < SMALLEST_SALE {
            return Ok(None);
        }
        // So much that it suffices at the floor.
        let kept = BASIS_POINTS.saturating_sub(self.strategy.fees.settle_bps.into());
        let value = mul_div_ceil(shortfall, BASIS_POINTS, kept).ok_or(Refusal::Overflow)?.clamp(SMALLEST_SALE, most);
        // A unit of the base token can be worth more than what is needed.
        let part = market.recorded.rate.base_floor(value).ok_or(Refusal::Overflow)?.max(1);
        Ok(Some(if value == held { self.books.managed.base } else { part }))
    }

    /// Makes a plan's trade, has the limits remember it, and gives what left.
    fn trade_plan(
        &mut self,
        chain: &mut Chain,
        market: &Market,
        plan: Plan,
        sold: Side,
        asked: u128,
        adapter: &mut dyn Adapter,
    ) -> Result<u128, Refusal> {
        let moved = self.trade(chain, market, Purpose::Decision, sold, asked, adapter)?;
        let before = self.books.managed;
        let filled = before.filled(plan, moved.received, market.recorded.hour).ok_or(Refusal::Overflow)?;
        self.book(sold, moved)?;
        // What was not spent stays: amounts are those that moved, and the rest is as the plan says.
        let (base, quote) = (self.books.managed.base, self.books.managed.quote);
        self.books.managed = Position { base, quote, ..filled };
        Ok(moved.spent)
    }

    /// Writes a swap into the books.
    fn book(&mut self, sold: Side, moved: Moved) -> Result<(), Refusal> {
        let managed = &mut self.books.managed;
        let (given, got) = match sold {
            Side::Base => (&mut managed.base, &mut managed.quote),
            Side::Quote => (&mut managed.quote, &mut managed.base),
        };
        *given = given.checked_sub(moved.spent).ok_or(Refusal::Overflow)?;
        *got = got.checked_add(moved.received).and_then(amount).ok_or(Refusal::Overflow)?;
        Ok(())
    }

    /// Has the adapter swap so much, under the floor.
    fn trade(
        &mut self,
        chain: &mut Chain,
        market: &Market,
        purpose: Purpose,
        sold: Side,
        asked: u128,
        adapter: &mut dyn Adapter,
    ) -> Result<Moved, Refusal> {
        let least = self.floor(market, purpose, sold, asked).ok_or(Refusal::Overflow)?;
        let (vault, bought) = (self.account, other(sold));
        let balances = |ledger: &Ledger| (ledger.balance(sold, vault), ledger.balance(bought, vault));
        let before = balances(&chain.ledger);
        chain.ledger.approve(sold, vault, self.adapter, asked);
        adapter.swap(&mut chain.ledger, Swap { vault, adapter: self.adapter, sold, amount: asked, least })?;
        chain.ledger.approve(sold, vault, self.adapter, 0);
        let after = balances(&chain.ledger);
        let moved = Moved { spent: before.0.saturating_sub(after.0), received: after.1.saturating_sub(before.1) };
        if moved.spent > asked {
            return Err(Refusal::Overspent { spent: moved.spent, given: asked });
        }
        if moved.received < least {
            return Err(Refusal::Floor { received: moved.received, least });
        }
        self.emit(Event::Traded { hour: market.recorded.hour, purpose, sold, spent: moved.spent, received: moved.received });
        Ok(moved)
    }

    /// The least that a swap of so much must give: see the module.
    fn floor(&self, market: &Market, purpose: Purpose, sold: Side, asked: u128) -> Option<u128> {
        let limits = &self.strategy.limits;
        let (min, max) = (u64::from(limits.min_slip_bps), u64::from(limits.max_slip_bps));
        let slip = min + max.saturating_sub(min) * market.recorded.elapsed.min(WINDOW) / WINDOW;
        let most = match purpose {
            Purpose::Shortfall => u64::from(self.strategy.fees.settle_bps),
            Purpose::Decision | Purpose::Unwind => max,
        };
        let slip = slip.min(most);
        let worth = match sold {
            Side::Base => market.fresh.value_ceil(asked)?,
            Side::Quote => market.fresh.base_ceil(asked)?,
        };
        // The slip is at most 100 basis points.
        share_ceil(worth, u32::try_from(10_000u64.saturating_sub(slip)).ok()?)
    }

    /// Sells one piece of the base token, once for each recorded hour, and gives how much was sold. Anyone may call it.
    ///
    /// # Errors
    /// The model is not revoked and the vault not halted, the hour is used or too long ago, nothing is left, the quote token is off its
    /// peg, feed or adapter fail, the quote drifted, or the swap gave less than the floor.
    pub fn unwind(&mut self, chain: &mut Chain, call: Call, adapter: &mut dyn Adapter) -> Result<u128, Refusal> {
        self.transact(chain, |vault, chain| {
            vault.require(call, chain, Operation::Unwind)?;
            let market = vault.market(chain, call.now)?;
            let hour = market.recorded.hour;
            require_unused(vault.last_unwind, hour)?;
            vault.open(call.now, &market.recorded);
            let nav = vault.books.nav_floor(&market.recorded.rate).ok_or(Refusal::Overflow)?;
            let plan = unwind(&vault.strategy.limits, &vault.books.managed, &market.recorded.rate).ok_or(Refusal::Overflow)?;
            let Plan::Sell { base, .. } = plan else { return Err(Refusal::NothingToSell) };
            let moved = vault.trade(chain, &market, Purpose::Unwind, Side::Base, base, adapter)?;
            vault.book(Side::Base, moved)?;
            vault.last_unwind = Some(hour);
            vault.reward(call.caller, &market, nav);
            Ok(moved.spent)
        })
    }

    /// Owes a keeper the reward of an hour, once, from what is there.
    fn reward(&mut self, keeper: Account, market: &Market, nav: u128) {
        if self.last_reward.is_some_and(|last| market.recorded.hour <= last) {
            return;
        }
        let share = mul_div_floor(nav, REWARD.0, REWARD.1).unwrap_or(0);
        let amount = share.min(self.keeper_cap).min(self.books.managed.quote);
        // A reward of nothing leaves the hour to whoever comes later.
        if amount > 0 {
            self.last_reward = Some(market.recorded.hour);
            self.books.managed.quote -= amount;
            self.books.owe(Side::Quote, keeper, amount);
            self.emit(Event::Rewarded { keeper, amount });
        }
    }
}

/// Whether an hour is after the last one that was used.
fn require_unused(last: Option<Hour>, hour: Hour) -> Result<(), Refusal> {
    match last {
        Some(last) if hour <= last => Err(Refusal::Used { hour, last }),
        _ => Ok(()),
    }
}

/// The other token.
pub fn other(side: Side) -> Side {
    match side {
        Side::Base => Side::Quote,
        Side::Quote => Side::Base,
    }
}
