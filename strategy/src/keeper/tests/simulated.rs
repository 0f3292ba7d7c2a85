//! A chain that is simulated by the vault's twin: a clock, a feed whose price changes every hour, investors who come and go at set times, and
//! whatever is to go wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use starknet_types_core::felt::Felt;

use crate::features::{Feature, Features, InputRule};
use crate::fees::Fees;
use crate::hour::{Hour, SECONDS};
use crate::keeper::{Action, Chain, Failure, Goal, HourEvents, HourReport, Kept, Opened, Recorded, Sight, Told, keep};
use crate::limits::Limits;
use crate::live::{Decided, Traded};
use crate::policy::{Policy, Rule, Target};
use crate::price::USD;
use crate::rate::{Pair, Token};
use crate::strategy::{BacktestRules, Strategy};
use crate::vault::feed::Entry;
use crate::vault::{
    Account, Adapter, AdapterFailure, Answer, Call, Chain as World, Deployment, Event, Ledger, NetworkFailure, Refusal, Side, Swap, Vault,
    hash_of,
};

pub const START: u64 = 470_000;
pub const USDC: u128 = 1_000_000;
pub const ALICE: Account = Account(10);
pub const BOB: Account = Account(11);
pub const GUARDIAN: Account = Account(2);
const KEEPER: Account = Account(5);
/// A call takes so many seconds.
const CALL: u64 = 5;

/// What an investor does at the start of an hour.
#[derive(Debug, Clone, Copy)]
pub enum Wish {
    Deposits(Account, u128),
    /// All shares.
    Redeems(Account),
    Claims(Account),
}

/// What goes wrong at the next call or question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The keeper is killed, before it asks.
    Killed,
    /// It is killed once the call is made, before it hears of it.
    KilledAfter,
    /// It is killed once the call is sent; it is made when somebody looks the next time, or the time after.
    KilledBetween(bool),
    /// Nobody answers, and nothing is done.
    Lost,
    /// Nobody answers, and the call is made.
    LostAfter,
    /// Nobody answers, and the call is made later.
    LostBetween,
}

pub struct Simulated {
    pub vault: Vault,
    pub world: World,
    pub now: u64,
    /// By hours from the start.
    pub wishes: BTreeMap<u64, Vec<Wish>>,
    /// Asked for at each call and question.
    pub faults: Box<dyn FnMut(Option<Action>) -> Option<Fault>>,
    /// Pool's cost in basis points by time; nothing where it fails.
    pub pool: Box<dyn Fn(u64) -> Option<u16>>,
    /// USD of the base token in 1e-8, by time.
    pub price: Box<dyn Fn(u64) -> u64>,
    /// Whether the feed gives prices, by time.
    pub feeds: Box<dyn Fn(u64) -> bool>,
    /// Calls that were sent and not made yet, with how many looks they still wait.
    pending: Vec<(Action, u32)>,
    /// Every call that was made or refused, by hour.
    pub calls: Vec<(u64, Action, Result<(), String>)>,
    /// Questions that were asked.
    pub questions: u64,
    /// Set where the keeper is to be stopped, once so many calls were made.
    pub stop_after: Option<usize>,
}

pub fn strategy() -> Strategy {
    let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
    Strategy {
        name: "kept".to_owned(),
        commitment: format!("0x00{}", "5".repeat(62)).parse().unwrap(),
        outputs: 1,
        pair: Pair { base: token("ETH", 18), quote: token("USDC", 6) },
        features: Features::new(
            vec![Feature::Difference { lags: vec![0, 1] }],
            vec![InputRule { scale: 0, lo: -1_000_000, hi: 1_000_000 }; 2],
        )
        .unwrap(),
        policy: Policy::new(0, Rule::Class, vec![Target::Weight(0), Target::Weight(9_500)]).unwrap(),
        limits: Limits {
            max_weight_bps: 10_000,
            max_trade_bps: 10_000,
            max_turnover_bps: 240_000,
            cooldown_hours: 0,
            min_trade_bps: 100,
            min_slip_bps: 20,
            max_slip_bps: 100,
            max_drift_bps: 200,
            max_drawdown_bps: 3_000,
            max_saturated: 0,
            deposit_cap: 1_000_000_000 * USDC,
        },
        // Neither fee nor reward depends on when a call is made, so that runs with and without faults can be compared to the last unit.
        fees: Fees { management_bps: 0, settle_bps: 30 },
        backtest: BacktestRules { deposit: USDC, costs_bps: vec![10], train_until: Hour::new(START).unwrap(), trials: 1 },
    }
}

/// The price of an hour: it rises for some hours and falls for some.
fn price_at(now: u64) -> u64 {
    let hour = now / SECONDS;
    2_000 * USD + [0, 0, 12, 30, 55, 40, 10, 5][(hour % 8) as usize] * USD
}

/// A pool with tokens without end, at the feed's price.
struct Pool {
    rate: crate::rate::Rate,
    cost: Option<u16>,
}

impl Adapter for Pool {
    fn swap(&mut self, ledger: &mut Ledger, swap: Swap) -> Result<(), AdapterFailure> {
        let fails = |reason: &str| AdapterFailure(reason.to_owned());
        let Swap { vault, adapter, sold, amount, .. } = swap;
        let cost = self.cost.ok_or_else(|| fails("the pool is empty"))?;
        let (bought, worth) = match sold {
            Side::Base => (Side::Quote, self.rate.value_floor(amount)),
            Side::Quote => (Side::Base, self.rate.base_floor(amount)),
        };
        let give = worth.and_then(|worth| crate::math::share_floor(worth, 10_000 - u32::from(cost))).ok_or_else(|| fails("overflow"))?;
        ledger.transfer_from(sold, adapter, vault, adapter, amount).map_err(|_| fails("no transfer"))?;
        ledger.issue(bought, adapter, give).map_err(|_| fails("no issue"))?;
        ledger.transfer(bought, adapter, vault, give).map_err(|_| fails("no transfer"))
    }
}

/// The class that the network answers: it buys after a rise, and sells after a fall.
pub fn answer(inputs: &[i32]) -> i32 {
    i32::from(inputs.iter().any(|input| *input > 0))
}

fn network(inputs: &[i32]) -> Result<Answer, NetworkFailure> {
    let value = answer(inputs);
    Ok(Answer { value, version: 1, input_hash: hash_of(inputs), output_hash: hash_of(&[value]) })
}

impl Simulated {
    pub fn new() -> Self {
        let now = START * SECONDS + 100;
        let deployment = Deployment {
            strategy: strategy(),
            account: Account(0),
            owner: Account(1),
            guardian: GUARDIAN,
            adapter: Account(3),
            treasury: Account(4),
            min_nav: 50_000 * USDC,
            keeper_cap: 0,
            min_bits: 0,
        };
        let mut world = World::default();
        world.feed.sources = vec![1, 2, 3];
        Self {
            vault: Vault::deploy(deployment, now).unwrap(),
            world,
            now,
            wishes: BTreeMap::new(),
            faults: Box::new(|_| None),
            pool: Box::new(|_| Some(10)),
            price: Box::new(price_at),
            feeds: Box::new(|_| true),
            pending: Vec::new(),
            calls: Vec::new(),
            questions: 0,
            stop_after: None,
        }
    }

    /// With two investors who come and leave.
    pub fn invested() -> Self {
        let mut simulated = Self::new();
        simulated.wish(1, Wish::Deposits(ALICE, 500_000 * USDC));
        simulated.wish(4, Wish::Claims(ALICE));
        simulated.wish(4, Wish::Deposits(BOB, 40_000 * USDC));
        simulated.wish(7, Wish::Claims(BOB));
        simulated.wish(11, Wish::Redeems(BOB));
        simulated.wish(18, Wish::Redeems(ALICE));
        simulated
    }

    pub fn wish(&mut self, hour: u64, wish: Wish) {
        self.wishes.entry(START + hour).or_default().push(wish);
    }

    pub fn hour(&self) -> u64 {
        self.now / SECONDS
    }

    /// Moves the clock on; at the start of each hour, investors come.
    pub fn advance(&mut self, to: u64) {
        while self.now < to {
            let next = (self.hour() + 1) * SECONDS;
            self.now = to.min(next);
            if self.now == next {
                for wish in self.wishes.remove(&self.hour()).unwrap_or_default() {
                    self.grant(wish);
                }
            }
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        let timestamp = if (self.feeds)(self.now) { self.now } else { 0 };
        let entries = |price| (1..=3).map(|source| Entry { source, price, timestamp }).collect();
        (self.world.feed.base, self.world.feed.quote) = (entries((self.price)(self.now)), entries(USD));
    }

    fn grant(&mut self, wish: Wish) {
        let call = |caller| Call { caller, now: self.now };
        match wish {
            Wish::Deposits(who, assets) => {
                self.world.ledger.issue(Side::Quote, who, assets).unwrap();
                self.world.ledger.approve(Side::Quote, who, self.vault.account(), assets);
                self.vault.request_deposit(&mut self.world, call(who), assets, who, who).unwrap();
            }
            Wish::Redeems(who) => {
                let shares = self.vault.shares_of(who);
                self.vault.request_redeem(&mut self.world, call(who), shares, who, who).unwrap();
            }
            Wish::Claims(who) => {
                for claim in self.vault.deposits().claims(who) {
                    self.vault.claim_shares(&mut self.world, call(who), claim.epoch, who, who).unwrap();
                }
            }
        }
    }

    /// Makes a call, as a block would.
    fn make(&mut self, action: Action) -> Result<(), Refusal> {
        let call = Call { caller: KEEPER, now: self.now };
        self.refresh();
        let quote = self.world.feed.quote(self.now);
        let observation =
            quote.map(|quote| crate::history::Observation { hour: Hour::new(0).unwrap(), base: quote.base, quote: quote.quote });
        let rate = observation.ok().and_then(|observation| strategy().pair.rate(&observation));
        let pool = rate.map(|rate| Pool { rate, cost: (self.pool)(self.now) });
        let Self { vault, world, .. } = self;
        let mut pool = pool.unwrap_or(Pool { rate: strategy().pair.rate(&flat()).unwrap(), cost: None });
        match action {
            // Only that it refuses counts here.
            Action::Record => match world.history.record(&world.feed, call.now) {
                Ok(_) => Ok(()),
                Err(error) => Err(Refusal::Network(NetworkFailure(error.to_string()))),
            },
            Action::Settle => vault.settle(world, call).map(|_| ()),
            Action::Raise => vault.raise(world, call, &mut pool).map(|_| ()),
            Action::Step(hour) => vault.step(world, call, hour, &mut network, &mut pool).map(|_| ()),
            Action::Unwind => vault.unwind(world, call, &mut pool).map(|_| ()),
            Action::Observe => vault.observe(world, call).map(|_| ()),
        }
    }

    fn land(&mut self, action: Action) -> Result<(), Failure> {
        let hour = self.hour();
        let result = self.make(action);
        self.calls.push((hour, action, result.as_ref().copied().map_err(ToString::to_string)));
        result.map_err(|refusal| Failure::Refused { lasting: matches!(refusal, Refusal::Gap { .. }), reason: refusal.to_string() })
    }

    /// Makes calls that were sent before.
    fn land_pending(&mut self) {
        let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending).into_iter().partition(|(_, looks)| *looks == 0);
        self.pending = later.into_iter().map(|(action, looks)| (action, looks - 1)).collect();
        for (action, _) in now {
            // It may be refused, because another one was faster.
            let _ = self.land(action);
        }
    }

    fn question(&mut self) -> Result<(), Failure> {
        self.questions += 1;
        self.now += 1;
        match (self.faults)(None) {
            Some(Fault::Killed | Fault::KilledAfter | Fault::KilledBetween(_)) => Err(killed()),
            Some(Fault::Lost | Fault::LostAfter | Fault::LostBetween) => Err(lost()),
            None => Ok(()),
        }
    }

    /// Keeps until an hour after the start; where the keeper is killed, another one goes on. Gives all that was told, and how often it was
    /// killed.
    pub fn keep_until(&mut self, hour: u64) -> (Vec<Told>, usize) {
        let goal = Goal { hours: None, until: Some(Hour::new(START + hour).unwrap()) };
        let (mut told, mut kills) = (Vec::new(), 0);
        loop {
            match keep(self, goal, &AtomicBool::new(false), &mut |line| told.push(line.clone())) {
                Ok(_) => return (told, kills),
                Err(reason) => assert_eq!(reason, "killed"),
            }
            kills += 1;
            assert!(kills < 10_000, "it never ends");
        }
    }

    /// Keeps with a goal, without being killed.
    pub fn keep(&mut self, goal: Goal) -> (Kept, Vec<Told>) {
        let mut told = Vec::new();
        let kept = keep(self, goal, &AtomicBool::new(false), &mut |line| told.push(line.clone())).unwrap();
        (kept, told)
    }

    /// The calls that were made and not refused, with their hours from the start.
    pub fn done(&self) -> Vec<(u64, &'static str)> {
        self.calls.iter().filter(|(_, _, result)| result.is_ok()).map(|(hour, action, _)| (hour - START, action.name())).collect()
    }
}

fn flat() -> crate::history::Observation {
    let price = crate::price::Price::ONE_USD;
    crate::history::Observation { hour: Hour::new(0).unwrap(), base: price, quote: price }
}

fn killed() -> Failure {
    Failure::Final("killed".to_owned())
}

fn lost() -> Failure {
    Failure::Lost("the node is dead".to_owned())
}

/// What was told of hours.
pub fn reports(told: &[Told]) -> Vec<&HourReport> {
    told.iter().filter_map(|line| if let Told::Hour(report) = line { Some(report.as_ref()) } else { None }).collect()
}

impl Chain for Simulated {
    fn look(&mut self) -> Result<Sight, Failure> {
        self.question()?;
        self.land_pending();
        let Self { vault, world, now, .. } = self;
        let recorded = world.history.last().map(|observation| Recorded { observation, at: world.history.recorded_at() });
        let opened = vault.opened().map(|hourly| Opened { hour: hourly.hour, swept: hourly.swept, room: hourly.room_to_leave() });
        let hour_of = |find: &dyn Fn(&Event) -> Option<Hour>| vault.events().iter().rev().find_map(find);
        let traded = |wanted: crate::vault::Purpose| {
            hour_of(&move |event| match event {
                Event::Traded { hour, purpose, .. } if *purpose == wanted => Some(*hour),
                _ => None,
            })
        };
        Ok(Sight {
            now: *now,
            recorded,
            state: vault.state(world.model, *now),
            opened,
            last_step: vault.last_step(),
            last_raise: traded(crate::vault::Purpose::Shortfall),
            last_unwind: traded(crate::vault::Purpose::Unwind),
            oldest_deposit: vault.deposits().due(u64::MAX),
            oldest_redemption: vault.redemptions().due(u64::MAX),
            base: vault.books().managed.base,
            quote: vault.books().managed.quote,
        })
    }

    fn act(&mut self, action: Action) -> Result<(), Failure> {
        self.now += CALL;
        match (self.faults)(Some(action)) {
            None => self.land(action),
            Some(Fault::Killed) => Err(killed()),
            Some(Fault::KilledAfter) => self.land(action).and(Err(killed())).map_err(|_| killed()),
            Some(Fault::KilledBetween(later)) => {
                self.pending.push((action, u32::from(later)));
                Err(killed())
            }
            Some(Fault::Lost) => Err(lost()),
            Some(Fault::LostAfter) => self.land(action).and(Err(lost())).map_err(|_| lost()),
            Some(Fault::LostBetween) => {
                self.pending.push((action, 1));
                Err(lost())
            }
        }
    }

    fn events(&mut self, hour: Hour) -> Result<HourEvents, Failure> {
        self.question()?;
        let mut found = HourEvents::default();
        for event in self.vault.events() {
            match *event {
                Event::Decided {
                    hour: at,
                    class,
                    model,
                    version,
                    input_hash,
                    output_hash,
                    chain,
                    weight_before,
                    weight_target,
                    outcome,
                    ..
                } if at == hour => {
                    let model = Felt::from_bytes_be(model.as_bytes());
                    found.decided = Some(Decided {
                        hour,
                        class,
                        model,
                        version,
                        input_hash,
                        output_hash,
                        chain,
                        weight_before,
                        weight_target,
                        outcome,
                    });
                }
                Event::Traded { hour: at, purpose, sold, spent, received } if at == hour => {
                    found.traded.push(Traded { hour, purpose, sold, spent, received });
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn wait(&mut self, until: u64, stop: &AtomicBool) -> Result<(), Failure> {
        self.question()?;
        self.advance(until);
        if self.stop_after.is_some_and(|calls| self.calls.len() >= calls) {
            stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn rest(&mut self, failures: u32, _: &AtomicBool) -> Result<(), Failure> {
        self.advance(self.now + (1 << failures.min(6)));
        Ok(())
    }
}
