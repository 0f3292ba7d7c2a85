//! Tests of the vault: a small world with tokens, an oracle, a network and adapters that can be told to misbehave.

use starknet_types_core::felt::Felt;

use super::feed::Entry;
use super::ledger::TransferError;
use super::*;
use crate::features::{Feature, Features, InputRule};
use crate::fees::Fees;
use crate::history::Observation;
use crate::hour::SECONDS;
use crate::limits::Limits;
use crate::policy::{Policy, Rule, Target};
use crate::price::{Price, USD};
use crate::rate::{Pair, Rate, Token};
use crate::strategy::BacktestRules;

mod attacks;
mod edges;
mod entry_points;
mod flows;
mod guards;
mod proofs;
mod properties;

pub(super) const VAULT: Account = Account(0);
pub(super) const OWNER: Account = Account(1);
pub(super) const GUARDIAN: Account = Account(2);
pub(super) const ADAPTER: Account = Account(3);
pub(super) const TREASURY: Account = Account(4);
pub(super) const KEEPER: Account = Account(5);
pub(super) const ALICE: Account = Account(10);
pub(super) const BOB: Account = Account(11);
pub(super) const MALLORY: Account = Account(12);

/// One USDC.
pub(super) const USDC: u128 = 1_000_000;
/// One ether.
pub(super) const ETHER: u128 = 1_000_000_000_000_000_000;
/// The first hour.
pub(super) const START: u64 = 470_000;
/// Answers of the network, by what they lead to.
pub(super) const SELL: i32 = 0;
pub(super) const HOLD: i32 = 1;
pub(super) const BUY: i32 = 2;

pub(super) fn strategy() -> Strategy {
    let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
    Strategy {
        name: "twin".to_owned(),
        commitment: format!("0x00{}", "5".repeat(62)).parse().unwrap(),
        outputs: 1,
        pair: Pair { base: token("ETH", 18), quote: token("USDC", 6) },
        features: Features::new(
            vec![Feature::Difference { lags: vec![0, 1] }],
            vec![InputRule { scale: 0, lo: -1_000_000, hi: 1_000_000 }; 2],
        )
        .unwrap(),
        policy: Policy::new(0, Rule::Class, vec![Target::Weight(0), Target::Hold, Target::Weight(10_000)]).unwrap(),
        limits: Limits {
            max_weight_bps: 8_000,
            max_trade_bps: 5_000,
            max_turnover_bps: 20_000,
            cooldown_hours: 0,
            min_trade_bps: 100,
            min_slip_bps: 20,
            max_slip_bps: 100,
            max_drift_bps: 200,
            max_drawdown_bps: 3_000,
            max_saturated: 0,
            deposit_cap: 1_000_000_000 * USDC,
        },
        fees: Fees { management_bps: 200, settle_bps: 30 },
        backtest: BacktestRules { deposit: USDC, costs_bps: vec![10], train_until: Hour::new(START).unwrap(), trials: 1 },
    }
}

pub(super) fn deployment() -> Deployment {
    Deployment {
        strategy: strategy(),
        account: VAULT,
        owner: OWNER,
        guardian: GUARDIAN,
        adapter: ADAPTER,
        treasury: TREASURY,
        min_nav: 100 * USDC,
        keeper_cap: USDC / 2,
        min_bits: 0,
    }
}

/// A deployment without the management fee and rewards, so that shares and tokens move only where investors and trades move them.
pub(super) fn unmanaged() -> Deployment {
    let mut deployment = deployment();
    (deployment.strategy.fees.management_bps, deployment.keeper_cap) = (0, 0);
    deployment
}

/// How an adapter behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conduct {
    /// It swaps at its price, at this cost in basis points.
    Costs(u16),
    /// It fails.
    Fails,
    /// It takes the tokens, gives nothing, and says that all is well.
    Steals,
    /// It gives one unit less than the vault accepts.
    ShortByOne,
    /// It tries to take more than it was allowed, and swaps honestly when it cannot.
    Grabs,
    /// It takes half of the tokens, and gives what all of them are worth.
    Generous,
    /// It says that all is well, and does nothing.
    Idle,
}

/// An adapter with tokens without end, at the price of a pool.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub rate: Rate,
    pub conduct: Conduct,
}

impl Adapter for Pool {
    fn swap(&mut self, ledger: &mut Ledger, swap: Swap) -> Result<(), AdapterFailure> {
        let fails = |error: TransferError| AdapterFailure(error.to_string());
        let Swap { vault, adapter, sold, amount, least } = swap;
        let bought = trading::other(sold);
        let worth = match sold {
            Side::Base => self.rate.value_floor(amount),
            Side::Quote => self.rate.base_floor(amount),
        };
        let worth = worth.ok_or_else(|| AdapterFailure("overflow".to_owned()))?;
        let mut take = amount;
        let give = match self.conduct {
            Conduct::Fails => return Err(AdapterFailure("the pool is empty".to_owned())),
            Conduct::Idle => return Ok(()),
            Conduct::Costs(cost) => crate::math::share_floor(worth, 10_000 - u32::from(cost)).unwrap(),
            Conduct::Steals => 0,
            Conduct::ShortByOne => least - 1,
            Conduct::Grabs => {
                assert!(ledger.transfer_from(sold, adapter, vault, adapter, amount + 1).is_err(), "it was allowed more than the amount");
                assert!(ledger.transfer_from(bought, adapter, vault, adapter, 1).is_err(), "it was allowed the other token");
                worth
            }
            Conduct::Generous => {
                take /= 2;
                worth
            }
        };
        ledger.transfer_from(sold, adapter, vault, adapter, take).map_err(fails)?;
        ledger.issue(bought, adapter, give).map_err(fails)?;
        ledger.transfer(bought, adapter, vault, give).map_err(fails)
    }
}

/// A network with a fixed answer.
pub(super) fn answers(value: i32) -> impl FnMut(&[i32]) -> Result<Answer, NetworkFailure> {
    move |inputs| {
        let input_hash = inputs.iter().fold(Felt::ZERO, |sum, input| sum * Felt::from(3) + Felt::from(*input));
        Ok(Answer { value, version: 7, input_hash, output_hash: Felt::from(value) })
    }
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub vault: Vault,
    pub chain: Chain,
    pub now: u64,
    /// USD of the base and quote tokens in 1e-8.
    pub prices: (u64, u64),
}

impl World {
    pub fn new() -> Self {
        Self::with(deployment())
    }

    pub fn with(deployment: Deployment) -> Self {
        let now = START * SECONDS;
        let mut world = Self { vault: Vault::deploy(deployment, now).unwrap(), chain: Chain::default(), now, prices: (2_000 * USD, USD) };
        world.chain.feed.sources = vec![1, 2, 3];
        world.refresh();
        world
    }

    /// A world in which Alice holds shares for a million USDC, without waiting in the queue.
    pub fn funded() -> Self {
        let mut world = Self::new();
        world.deposit(ALICE, 1_000_000 * USDC);
        world.hour(HOLD);
        world.claim(ALICE);
        world
    }

    pub fn call(&self, caller: Account) -> Call {
        Call { caller, now: self.now }
    }

    /// The oracle sees the prices of now.
    pub fn refresh(&mut self) {
        let timestamp = self.now;
        let entries = |price| (1..=3).map(|source| Entry { source, price, timestamp }).collect();
        (self.chain.feed.base, self.chain.feed.quote) = (entries(self.prices.0), entries(self.prices.1));
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        self.refresh();
    }

    /// Goes to the start of the next hour.
    pub fn next(&mut self) {
        self.wait(SECONDS - self.now % SECONDS);
    }

    pub fn record(&mut self) -> Result<Observation, recorder::RecordError> {
        self.chain.history.record(&self.chain.feed, self.now)
    }

    pub fn settle(&mut self) -> Result<bool, Refusal> {
        self.vault.settle(&mut self.chain, Call { caller: KEEPER, now: self.now })
    }

    pub fn observe(&mut self) -> Result<settlement::Hourly, Refusal> {
        self.vault.observe(&mut self.chain, Call { caller: KEEPER, now: self.now })
    }

    pub fn recorded(&self) -> Hour {
        self.chain.history.last().unwrap().hour
    }

    /// The rate at the prices of now.
    pub fn rate(&self) -> Rate {
        let (base, quote) = self.prices;
        let observation =
            Observation { hour: Hour::new(START).unwrap(), base: Price::new(base).unwrap(), quote: Price::new(quote).unwrap() };
        self.vault.strategy().pair.rate(&observation).unwrap()
    }

    pub fn step(&mut self, answer: i32, conduct: Conduct) -> Result<Outcome, Refusal> {
        let (call, hour) = (self.call(KEEPER), self.recorded());
        let mut pool = Pool { rate: self.rate(), conduct };
        self.vault.step(&mut self.chain, call, hour, &mut answers(answer), &mut pool)
    }

    pub fn raise(&mut self, conduct: Conduct) -> Result<u128, Refusal> {
        let call = self.call(KEEPER);
        let mut pool = Pool { rate: self.rate(), conduct };
        self.vault.raise(&mut self.chain, call, &mut pool)
    }

    pub fn unwind(&mut self, conduct: Conduct) -> Result<u128, Refusal> {
        let call = self.call(KEEPER);
        let mut pool = Pool { rate: self.rate(), conduct };
        self.vault.unwind(&mut self.chain, call, &mut pool)
    }

    /// The next hour as it should go: recorded, settled, with a sale for redemptions that need one, and stepped, all at a cost of 10 basis
    /// points.
    pub fn hour(&mut self, answer: i32) -> Option<Outcome> {
        self.open_hour();
        let _ = self.raise(Conduct::Costs(10));
        // The first hour has no window.
        self.step(answer, Conduct::Costs(10)).ok()
    }

    /// The next hour, recorded and settled.
    pub fn open_hour(&mut self) {
        self.next();
        self.record().unwrap();
        while !self.settle().unwrap() {}
    }

    /// Quote tokens from nowhere, put into the epoch of now.
    pub fn deposit(&mut self, account: Account, assets: u128) -> u64 {
        self.give(account, assets);
        let call = self.call(account);
        self.vault.request_deposit(&mut self.chain, call, assets, account, account).unwrap()
    }

    pub fn give(&mut self, account: Account, assets: u128) {
        self.chain.ledger.issue(Side::Quote, account, assets).unwrap();
        self.chain.ledger.approve(Side::Quote, account, VAULT, u128::MAX);
    }

    pub fn redeem(&mut self, account: Account, shares: u128) -> u64 {
        let call = self.call(account);
        self.vault.request_redeem(&mut self.chain, call, shares, account, account).unwrap()
    }

    /// Fetches everything that an account can claim.
    pub fn claim(&mut self, account: Account) {
        let call = self.call(account);
        for claim in self.vault.deposits().claims(account) {
            self.vault.claim_shares(&mut self.chain, call, claim.epoch, account, account).unwrap();
        }
        for claim in self.vault.redemptions().claims(account) {
            self.vault.claim_assets(&mut self.chain, call, claim.epoch, account, account).unwrap();
        }
    }

    pub fn quote_of(&self, account: Account) -> u128 {
        self.chain.ledger.balance(Side::Quote, account)
    }

    pub fn base_of(&self, account: Account) -> u128 {
        self.chain.ledger.balance(Side::Base, account)
    }

    pub fn shares(&self, account: Account) -> u128 {
        self.vault.shares_of(account)
    }

    pub fn nav(&self) -> u128 {
        self.vault.books().nav_floor(&self.rate()).unwrap()
    }

    /// What so many shares are worth in the quote token.
    pub fn worth(&self, shares: u128) -> u128 {
        self.vault.books().assets_for(shares, self.nav()).unwrap()
    }

    /// The refusal of a call that must be refused, and must change nothing.
    pub fn refused<T: std::fmt::Debug>(&mut self, call: impl FnOnce(&mut Vault, &mut Chain) -> Result<T, Refusal>) -> Refusal {
        let (vault, ledger) = (self.vault.clone(), self.chain.ledger.clone());
        let refusal = call(&mut self.vault, &mut self.chain).unwrap_err();
        assert!(self.vault == vault, "the vault changed although it refused: {refusal}");
        assert!(self.chain.ledger == ledger, "the tokens changed although the vault refused: {refusal}");
        refusal
    }
}
