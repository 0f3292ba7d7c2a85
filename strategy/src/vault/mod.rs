//! The vault's twin: what the contract computes, in the same integers, one function for each entry point.
//!
//! The contract is held against this bit for bit. There is no clock here: each call says when it is made. An entry point that refuses has
//! changed nothing: everything is restored, as a chain does. What the contract has besides: its lock against re-entrancy,
//! ERC-20 allowances, views that repeat what the fields here say, and what it sees of others: the registry's ports, whether it fails, and the
//! times of a quote, which [`Feed`] keeps.
//!
//! An hour goes as follows. Anyone records its price ([`recorder`]), within 900 s of its start. Within 900 s of that record, anyone settles
//! ([`settlement`]) until no epoch is due, and then steps ([`trading`]) once. Where redemptions lack quote tokens, whoever waits for them
//! raises and fills them in between, once an hour. Where nobody can settle, anyone observes the hour, so that the drawdown sees it.
//! Investors ask ([`requests`]) at any time, and fetch what was filled; whoever does not want to wait leaves in kind ([`exits`]).
//!
//! Rules that are decided here, each told where it is applied:
//! - Deposits are filled before redemptions, so that what enters can pay for what leaves. Each epoch is filled at the books as they are
//!   then: fees that an epoch leaves behind raise the price of the next one.
//! - The cap on an hour's net settlement is 10 % of the NAV at the hour's first settlement, and at least `min_nav`, so that dust cannot close
//!   a vault. An hour that begins without shares has no cap: nobody is there who could be diluted.
//!   A tiny first deposit therefore makes the launch slow. From a first deposit of `min_nav`, each hour lets in `min_nav` more until the NAV is
//!   ten times that, after 9 hours, and a tenth more from then on: 82 hours to 10,000 times `min_nav`. Whoever launches a vault lets the first
//!   epoch, which has no cap, be large.
//! - Deposits that would leave a NAV below `min_nav`, get no share, or lead to 2^112 or more are refunded: they can be taken back at once.
//!   Deposits that wait for the cap of an hour or for `deposit_cap` stay in the queue.
//! - Deposits are filled at the higher of the recorded and the fresh rate, redemptions at the lower one. The cap and the drawdown look at the
//!   recorded one alone.
//! - A sale for redemptions may lose at most `settle_bps` against the fresh quote, whatever the hour's slip is. So the fee that redemptions
//!   pay covers what the sale costs those who stay. Where no pool gives that much, whoever waits leaves in kind.
//! - Something is taken back from the queue after 22 hours from the epoch's hour, and only from 1,801 s to 2,999 s after the start of an
//!   hour: from the cut-off, 600 s before an hour, to the end of its settlement, at most 1,800 s after its start, a price may be known that
//!   is not settled yet.
//! - A sale for redemptions is at least [`trading::SMALLEST_SALE`], so that rounding cannot make it fail under the floor.
//! - Where redemptions wait, the net asset value that the limits look at still has what they are owed in it; only purchases are left out.
//! - The management fee runs until the vault is halted: one that is halted for good is not managed. A vault that is paused, or whose model is
//!   deprecated or revoked, still pays it, since it may come back.
//! - A keeper's reward is owed rather than sent, so that no token can make a step fail with it. One of nothing does
//!   not use the hour up.
//! - `unwind` is for vaults whose model is revoked or that are halted; elsewhere it would trade against the strategy.
//! - An exit in kind pays no settlement fee: it has no price that could be wrong. It takes no more than its part, so that somebody who goes in
//!   and out never gains from their own fees.
//! - A settlement fee goes to those who hold shares at that time. Whoever enters before a large redemption and leaves in kind afterwards
//!   receives a part of its fee, having carried the price meanwhile: at most what the others paid.
//! - A sale for redemptions fills them at once, so that nobody has it made and then leaves in kind, without the fee. Shares are not taken back
//!   in an hour in which something was sold for redemptions.
//! - Within an hour, an exit in kind makes no room for deposits below `deposit_cap`, and after a pause deposits wait for the next hour: whoever
//!   has a deposit that is due would choose the moment of its price.
//! - Whoever leaves last pays no fee: it would be left to the virtual shares, and make the next share dear.
//! - The drawdown is not looked at in a vault of dust: one without shares, or whose shares are worth less than `min_nav`, at their
//!   highest value too.
//! - After a gap in the record deposits are filled as always: they are priced as always.
//! - A proposal expires seven days after it could be applied first, and the guardian cannot cancel its own replacement.
//!
//! `max_drift_bps` may be as small as 1, and must leave room for what a price does between its record and the settlement, at most 900 s later:
//! at 1, a move of more than a basis point refuses settlement, steps and sales, which would be nearly every hour.
//!
//! An adapter at a cost of exactly the hour's slip is refused: what it gives is rounded down, and the floor up. `min_slip_bps` must leave
//! room for the pool's cost, or steps fail early in the hour.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::drawdown::HighWater;
use crate::hour::Hour;
use crate::strategy::Strategy;

pub mod access;
pub mod books;
pub mod epochs;
pub mod error;
pub mod events;
pub mod exits;
pub mod feed;
pub mod ledger;
mod market;
pub mod recorder;
pub mod requests;
pub mod settlement;
pub mod states;
#[cfg(test)]
mod tests;
pub mod trading;

pub use access::{Access, Change, Proposal};
pub use books::Books;
pub use epochs::Queue;
pub use error::{AdapterFailure, DeployError, NetworkFailure, Refusal, Unfit};
pub use events::{Event, Kind, Outcome, Purpose, Route, hash_of};
pub use feed::{Feed, Quote};
pub use ledger::{Account, Behaviour, Ledger, Side};
pub use recorder::PriceHistory;
pub use states::{ModelStatus, Operation, State, allowed};
pub use trading::{Adapter, Answer, Network, Proofs, Proven, Shown, Swap};

/// What `min_nav` can be, in the quote token's smallest unit. With less, dust that came first would keep everybody out, because an hour lets
/// in so much then; and in a vault that is worth less than it, the drawdown is not looked at, so the cap leaves room for ten times that.
pub fn min_navs(deposit_cap: u128) -> RangeInclusive<u128> {
    10_000..=deposit_cap / 10
}

/// The most bits of security that can be asked of proofs: no more makes sense, and none could ever have them.
pub const MAX_MIN_BITS: u16 = 128;

/// Who calls, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Who.
    pub caller: Account,
    /// Seconds after 1970.
    pub now: u64,
}

/// What the vault finds on the chain.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// The two tokens.
    pub ledger: Ledger,
    /// The price history of the pair.
    pub history: PriceHistory,
    /// The oracle.
    pub feed: Feed,
    /// What the registry says of the vault's model.
    pub model: ModelStatus,
}

/// What a vault is made with.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What it trades.
    pub strategy: Strategy,
    /// Its own account.
    pub account: Account,
    /// Its first owner.
    pub owner: Account,
    /// Its first guardian.
    pub guardian: Account,
    /// Its first adapter.
    pub adapter: Account,
    /// Who receives what the books do not know.
    pub treasury: Account,
    /// The least NAV that a deposit may lead to, in the quote token's smallest unit.
    pub min_nav: u128,
    /// The largest reward of a keeper for an hour, in the quote token's smallest unit.
    pub keeper_cap: u128,
    /// The least conjectured security, in bits, of a proof that decides, at most [`MAX_MIN_BITS`]; 0 if none may.
    pub min_bits: u16,
}

/// A vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    strategy: Arc<Strategy>,
    account: Account,
    adapter: Account,
    treasury: Account,
    min_nav: u128,
    keeper_cap: u128,
    min_bits: u16,
    access: Access,
    pause: states::Pause,
    halted: bool,
    books: Books,
    shares: BTreeMap<Account, u128>,
    deposits: Queue,
    redemptions: Queue,
    accrued_at: u64,
    high_water: HighWater,
    /// The hour that was settled last.
    opened: Option<settlement::Hourly>,
    last_step: Option<Hour>,
    last_raise: Option<Hour>,
    last_unwind: Option<Hour>,
    last_reward: Option<Hour>,
    events: Vec<Event>,
}

impl Vault {
    /// A new vault at a time in seconds after 1970.
    ///
    /// # Errors
    /// The strategy cannot be used, or an account or amount does not fit.
    pub fn deploy(deployment: Deployment, now: u64) -> Result<Self, DeployError> {
        let Deployment { strategy, account, owner, guardian, adapter, treasury, min_nav, keeper_cap, min_bits } = deployment;
        strategy.check()?;
        let vault = Self {
            strategy: Arc::new(strategy),
            account,
            adapter,
            treasury,
            min_nav,
            keeper_cap,
            min_bits,
            access: Access::new(owner, guardian),
            pause: states::Pause::default(),
            halted: false,
            books: Books::default(),
            shares: BTreeMap::new(),
            deposits: Queue::default(),
            redemptions: Queue::default(),
            accrued_at: now,
            high_water: HighWater::default(),
            opened: None,
            last_step: None,
            last_raise: None,
            last_unwind: None,
            last_reward: None,
            events: Vec::new(),
        };
        vault.check()?;
        Ok(vault)
    }

    /// Whether what can be changed fits the rest: a vault is neither made nor changed to be otherwise.
    fn check(&self) -> Result<(), Unfit> {
        let Strategy { policy, limits, outputs, .. } = self.strategy();
        if policy.output() >= *outputs {
            return Err(Unfit::Output { output: policy.output(), outputs: *outputs });
        }
        limits.check()?;
        if !min_navs(limits.deposit_cap).contains(&self.min_nav) {
            return Err(Unfit::MinNav { found: self.min_nav, cap: limits.deposit_cap });
        }
        if self.min_bits > MAX_MIN_BITS {
            return Err(Unfit::MinBits { found: self.min_bits });
        }
        if [self.access.owner, self.access.guardian, self.adapter, self.treasury].contains(&self.account) {
            return Err(Unfit::Itself);
        }
        Ok(())
    }

    /// What is traded and how.
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// The vault's own account.
    pub fn account(&self) -> Account {
        self.account
    }

    /// The adapter's account.
    pub fn adapter(&self) -> Account {
        self.adapter
    }

    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    pub fn min_bits(&self) -> u16 {
        self.min_bits
    }

    /// Who may do what.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What it manages, keeps and owes.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The deposits by epoch.
    pub fn deposits(&self) -> &Queue {
        &self.deposits
    }

    /// The redemptions by epoch.
    pub fn redemptions(&self) -> &Queue {
        &self.redemptions
    }

    /// The highest price of a share, and breaches of the drawdown.
    pub fn high_water(&self) -> HighWater {
        self.high_water
    }

    /// The last hour in which it decided.
    pub fn last_step(&self) -> Option<Hour> {
        self.last_step
    }

    /// The hour of the last sale for redemptions.
    pub fn last_raise(&self) -> Option<Hour> {
        self.last_raise
    }

    /// The hour in which a piece was sold last.
    pub fn last_unwind(&self) -> Option<Hour> {
        self.last_unwind
    }

    /// The hour for which a keeper was rewarded last.
    pub fn last_reward(&self) -> Option<Hour> {
        self.last_reward
    }

    /// Up to when the management fee is paid, in seconds after 1970.
    pub fn accrued_at(&self) -> u64 {
        self.accrued_at
    }

    /// When the last pause ends or ended, in seconds after 1970; 0 if there was none.
    pub fn paused_until(&self) -> u64 {
        self.pause.until
    }

    /// What happened, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The state at a time.
    pub fn state(&self, model: ModelStatus, now: u64) -> State {
        if self.halted {
            State::Halted
        } else if self.pause.holds(now) {
            State::Paused
        } else {
            match model {
                ModelStatus::Listed => State::Active,
                ModelStatus::Deprecated => State::Deprecated,
                ModelStatus::Revoked => State::Revoked,
            }
        }
    }

    fn require(&self, call: Call, chain: &Chain, operation: Operation) -> Result<(), Refusal> {
        let state = self.state(chain.model, call.now);
        if allowed(state, operation) { Ok(()) } else { Err(Refusal::State { state, operation }) }
    }

    fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Runs an entry point. If it refuses, vault and tokens are as before.
    fn transact<T>(&mut self, chain: &mut Chain, run: impl FnOnce(&mut Self, &mut Chain) -> Result<T, Refusal>) -> Result<T, Refusal> {
        // Earlier events are set aside, so that a call costs the same however long the vault has lived.
        let mut events = std::mem::take(&mut self.events);
        let (vault, ledger) = (self.clone(), chain.ledger.clone());
        let result = run(self, chain);
        if result.is_ok() {
            events.append(&mut self.events);
        } else {
            *self = vault;
            chain.ledger = ledger;
        }
        self.events = events;
        result
    }
}
