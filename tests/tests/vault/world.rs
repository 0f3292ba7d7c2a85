//! The twin and the contract side by side: whatever is done to one is done to the other, and both must give the same, say the same and have
//! the same afterwards.

use std::collections::BTreeMap;

use maat_strategy::features::{Feature, Features, InputRule};
use maat_strategy::fees::Fees;
use maat_strategy::history::{self, Observation};
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::limits::Limits;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::price::{Price, USD};
use maat_strategy::rate::{Pair, Rate, Token};
use maat_strategy::strategy::{BacktestRules, Strategy};
use maat_strategy::vault::feed::Entry;
use maat_strategy::vault::recorder::RecordError;
use maat_strategy::vault::settlement::Hourly;
use maat_strategy::vault::{
    Account, Adapter, Answer, Behaviour, Call, Chain, Deployment, Event, Kind, ModelStatus, NetworkFailure, Outcome, Refusal, Side, State,
    Vault,
};
use maat_tests::networks::Random;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use super::contracts::{
    self, BASE, CLASSES, Contracts, Expected, FEED, HISTORY, Logged, POOLS, QUOTE, REGISTRY, contract, selector, text, wide,
};
use super::felts::{account, constructor, kind, limits, logged, option, policy, readable, reason, side, token};
use super::invariants;
use super::pool::{Conduct, Pool};

pub const OWNER: Account = Account(1);
pub const GUARDIAN: Account = Account(2);
pub const ADAPTER: Account = Account(3);
pub const TREASURY: Account = Account(4);
pub const KEEPER: Account = Account(5);
pub const VAULT: Account = Account(0);
pub const USERS: [Account; 4] = [Account(10), Account(11), Account(12), Account(13)];
pub const OWNERS: [Account; 2] = [OWNER, Account(20)];
/// Other adapters, and guardians.
pub const OTHERS: [Account; 3] = [Account(100), Account(101), Account(102)];

pub const USDC: u128 = 1_000_000;
/// Answers of the network, by what they lead to.
pub const SELL: i32 = 0;
pub const HOLD: i32 = 1;
pub const BUY: i32 = 2;
/// The first hour.
pub const START: u64 = 470_000;
/// The commitment of the registry's mock.
pub const COMMITMENT: &str = "commitment";

pub fn strategy(decimals: (u8, u8)) -> Strategy {
    let named = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
    let commitment = format!("0x{:0>64}", text(COMMITMENT).to_hex_string().trim_start_matches("0x"));
    Strategy {
        name: "twin".to_owned(),
        commitment: commitment.parse().expect("a commitment"),
        outputs: 1,
        pair: Pair { base: named("ETH", decimals.0), quote: named("USDC", decimals.1) },
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

pub fn deployment(decimals: (u8, u8)) -> Deployment {
    Deployment {
        strategy: strategy(decimals),
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

/// A list as in calldata.
fn list(values: &[i32]) -> Vec<Felt> {
    std::iter::once(values.len().into()).chain(values.iter().map(|value| Felt::from(*value))).collect()
}

/// A network with a fixed answer, and hashes as the registry and the vault have them.
pub fn answers(value: i32) -> impl FnMut(&[i32]) -> Result<Answer, NetworkFailure> {
    move |inputs| {
        let hash = |values: &[i32]| Poseidon::hash_array(&list(values));
        Ok(Answer { value, version: 1, input_hash: hash(inputs), output_hash: hash(&[value]) })
    }
}

pub struct World {
    pub vault: Vault,
    pub chain: Chain,
    pub now: u64,
    /// USD of the base and quote tokens in 1e-8.
    pub prices: (u64, u64),
    /// The feed fails.
    pub dead: bool,
    pub contracts: Contracts,
    told: Option<(u64, (u64, u64), bool)>,
    /// Which account is looked at next.
    turn: usize,
    /// When the newest request of an epoch was made.
    pub newest: BTreeMap<(Kind, u64), u64>,
    /// What came of each function, and how often.
    pub counts: BTreeMap<String, usize>,
}

impl World {
    pub fn new(deployment: Deployment) -> Self {
        let now = START * SECONDS;
        let mut contracts = world_without_vault(&deployment, now);
        contracts.deploy_vault(&constructor(&deployment, CLASSES.registry.hash()), &Expected::Gives(vec![]));
        let vault = Vault::deploy(deployment.clone(), now).unwrap_or_else(|error| panic!("{error}"));
        let prices = (2_000 * USD, USD);
        let mut world = Self {
            vault,
            chain: Chain::default(),
            now,
            prices,
            dead: false,
            contracts,
            told: None,
            turn: 0,
            newest: BTreeMap::new(),
            counts: BTreeMap::new(),
        };
        world.chain.feed.sources = vec![1, 2, 3];
        // What the mock pools have at first.
        for pool in [ADAPTER, Account(100), Account(101), Account(102)] {
            for side in [Side::Base, Side::Quote] {
                world.chain.ledger.issue(side, pool, 1 << 120).unwrap();
            }
        }
        world.refresh();
        world
    }

    /// Two hours of a vault with deposits, of which nothing is claimed yet.
    pub fn fund(&mut self, random: &mut Random) {
        for user in USERS {
            let assets = USDC * (200 + random.below(1_000_000) as u128);
            self.give(user, assets);
            let _ = self.request_deposit(user, assets, user, user);
        }
        for _ in 0..2 {
            self.next();
            self.record();
            let _ = self.settle();
        }
    }

    /// Records the next hour and fills what is due.
    pub fn open(&mut self) -> Hour {
        self.next();
        assert!(self.record(), "the hour is recorded");
        while !self.settle().unwrap() {}
        self.chain.history.last().expect("it was recorded").hour
    }

    /// An hour with a decision.
    pub fn decide(&mut self, answer: i32) -> Outcome {
        let hour = self.open();
        self.step(hour, answer, Conduct::Costs(10)).unwrap()
    }

    /// Gives the user quote tokens, and asks for shares.
    pub fn enter(&mut self, user: Account, assets: u128) -> u64 {
        self.give(user, assets);
        self.request_deposit(user, assets, user, user).unwrap()
    }

    /// Fetches all that was filled.
    pub fn fetch(&mut self, user: Account) {
        for of in [Kind::Deposit, Kind::Redeem] {
            let queue = if of == Kind::Deposit { self.vault.deposits() } else { self.vault.redemptions() };
            for claim in queue.claims(user).into_iter().filter(|claim| claim.proceeds > 0) {
                self.claim(user, of, claim.epoch, user, user).unwrap();
            }
        }
    }

    /// The oracle sees the prices of now.
    pub fn refresh(&mut self) {
        let (timestamp, dead) = (self.now, self.dead);
        let entries = |price| if dead { vec![] } else { (1..=3).map(|source| Entry { source, price, timestamp }).collect() };
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

    /// The rate at the prices of now.
    fn rate(&self) -> Rate {
        let price = |units| Price::new(units).unwrap();
        let hour = Hour::new(START).unwrap();
        self.vault.strategy().pair.rate(&Observation { hour, base: price(self.prices.0), quote: price(self.prices.1) }).unwrap()
    }

    /// Tells the mocks what the twin's world is like.
    fn tell(&mut self) {
        let now = (self.now, self.prices, self.dead);
        if self.told == Some(now) {
            return;
        }
        self.told = Some(now);
        self.contracts.chain.now = self.now;
        let answer = if self.dead { vec![Felt::ZERO, text("thin")] } else { vec![Felt::TWO, self.prices.0.into(), self.prices.1.into()] };
        self.contracts.tell(account(KEEPER), FEED, "set_answer", &answer);
    }

    pub fn tell_model(&mut self, status: ModelStatus) {
        self.chain.model = status;
        let number = match status {
            ModelStatus::Listed => 0,
            ModelStatus::Deprecated => 1,
            ModelStatus::Revoked => 2,
        };
        self.contracts.tell(account(KEEPER), REGISTRY, "set_status", [Felt::from(number)]);
    }

    fn token(side: Side) -> u8 {
        if side == Side::Base { BASE } else { QUOTE }
    }

    pub fn tell_token(&mut self, side: Side, behaviour: Behaviour) {
        self.chain.ledger.set_behaviour(side, behaviour);
        let felts = match behaviour {
            Behaviour::Honest => vec![Felt::ZERO],
            Behaviour::Paused => vec![Felt::ONE],
            Behaviour::Silent => vec![Felt::TWO],
            Behaviour::TakesFee(bps) => vec![Felt::from(4), bps.into()],
            Behaviour::Surcharges(bps) => vec![Felt::from(5), bps.into()],
        };
        self.contracts.tell(account(KEEPER), Self::token(side), "set_behaviour", &felts);
    }

    pub fn mint(&mut self, side: Side, to: Account, amount: u128) {
        self.chain.ledger.issue(side, to, amount).unwrap();
        self.contracts.tell(account(KEEPER), Self::token(side), "mint", [vec![account(to)], wide(amount).to_vec()].concat());
    }

    /// Quote tokens from nowhere, which the vault may take.
    pub fn give(&mut self, to: Account, assets: u128) {
        self.mint(Side::Quote, to, assets);
        self.chain.ledger.approve(Side::Quote, to, VAULT, u128::MAX);
        let calldata = [vec![account(VAULT)], wide(u128::MAX).to_vec()].concat();
        self.contracts.tell(account(to), QUOTE, "approve", &calldata);
    }

    pub fn record(&mut self) -> bool {
        self.tell();
        let recorded = self.chain.history.record(&self.chain.feed, self.now);
        // How the history refuses is held against the twin elsewhere.
        let given = match recorded {
            Ok(_) => Some(Felt::ZERO),
            Err(RecordError::Refused(history::Refusal::Move { .. })) => Some(Felt::ONE),
            Err(_) => None,
        };
        if let Some(given) = given {
            self.contracts.ask(account(KEEPER), HISTORY, "record", [], Expected::Begins(vec![given]), "record");
        }
        recorded.is_ok()
    }

    /// Makes a call of both, which must give or refuse the same, say the same, and have the same afterwards.
    pub fn call<T>(
        &mut self,
        caller: Account,
        function: &str,
        calldata: Vec<Felt>,
        twin: impl FnOnce(&mut Vault, &mut Chain, Call) -> Result<T, Refusal>,
        felts: impl FnOnce(&T) -> Vec<Felt>,
    ) -> Result<T, Refusal> {
        self.tell();
        let call = Call { caller, now: self.now };
        let before = self.vault.clone();
        let confirms = ["settle", "step", "step_with_proof", "raise", "unwind"].contains(&function);
        let result = twin(&mut self.vault, &mut self.chain, call);
        let expected = match &result {
            Ok(value) => Expected::Gives(felts(value)),
            // The contract asks the feed before it looks at the record, so that of two reasons it gives the other one.
            Err(refusal @ (Refusal::NoPrice | Refusal::Late { .. } | Refusal::Peg { .. })) if self.dead && confirms => {
                Expected::RefusesOrFails(reason(refusal), text("thin"))
            }
            Err(refusal) => Expected::Refuses(reason(refusal)),
        };
        let what = format!("{function} by {} at {}", caller.0, self.now);
        let events = self.contracts.ask(account(caller), contracts::VAULT, function, &calldata, &expected, &what);
        assert_eq!(events, self.said(&before, call, function), "{}, {what}: the events", self.contracts.name);
        let came = result.as_ref().err().map_or("done".to_owned(), |refusal| readable(reason(refusal)));
        *self.counts.entry(format!("{function}: {came}")).or_default() += 1;
        self.look(caller);
        invariants::check(&before, self, function, result.is_err());
        result
    }

    /// Tells the adapter of now the rate of now, and how to behave.
    pub fn tell_pool(&mut self, conduct: Conduct) -> Pool {
        let pool = Pool { rate: self.rate(), conduct };
        let at = POOLS.into_iter().find(|pool| contract(*pool) == account(self.vault.adapter())).expect("an adapter is a pool");
        self.contracts.tell(account(KEEPER), at, "set_rate", [pool.rate.numerator().into(), pool.rate.denominator().into()]);
        self.contracts.tell(account(KEEPER), at, "set_conduct", conduct.felts());
        pool
    }

    /// A call that swaps.
    pub fn swapping<T>(
        &mut self,
        function: &str,
        calldata: Vec<Felt>,
        conduct: Conduct,
        twin: impl FnOnce(&mut Vault, &mut Chain, Call, &mut dyn Adapter) -> Result<T, Refusal>,
        felts: impl FnOnce(&T) -> Vec<Felt>,
    ) -> Result<T, Refusal> {
        self.tell();
        let mut pool = self.tell_pool(conduct);
        let result = self.call(KEEPER, function, calldata, |vault, chain, call| twin(vault, chain, call, &mut pool), felts);
        // Whatever the pool took, it may take nothing any more.
        let parties = [contract(contracts::VAULT), account(self.vault.adapter())];
        for token in [BASE, QUOTE] {
            self.contracts.ask(account(KEEPER), token, "allowance", parties, Expected::Gives(wide(0).to_vec()), "the pool's allowance");
        }
        result
    }

    /// What the contract must say of itself now, of whoever called, and by turns of another account.
    fn look(&mut self, caller: Account) {
        let (snapshot, what) = (Expected::Gives(self.snapshot()), format!("snapshot at {}", self.now));
        self.contracts.ask(account(KEEPER), contracts::VAULT, "snapshot", [], &snapshot, &what);
        self.look_at(caller);
        let others = everybody();
        self.look_at(others[self.turn % others.len()]);
        self.look_at_balances(VAULT);
        self.turn += 1;
    }

    /// What the tokens must say of an account.
    fn look_at_balances(&mut self, who: Account) {
        for (side, token) in [(Side::Base, BASE), (Side::Quote, QUOTE)] {
            let expected = Expected::Gives(wide(self.chain.ledger.balance(side, who)).to_vec());
            let what = format!("{} balance of {} at {}", side.name(), who.0, self.now);
            self.contracts.ask(account(KEEPER), token, "balance_of", [account(who)], &expected, &what);
        }
    }

    /// What the contract must say of all accounts.
    pub fn look_at_all(&mut self) {
        self.tell();
        for who in everybody() {
            self.look_at(who);
        }
        let strategy = self.vault.strategy();
        let (policy, limits, min_bits) = (policy(&strategy.policy), limits(&strategy.limits), vec![self.vault.min_bits().into()]);
        for (function, felts) in [("policy", policy), ("limits", limits), ("min_bits", min_bits)] {
            self.contracts.ask(account(KEEPER), contracts::VAULT, function, [], Expected::Gives(felts), function);
        }
    }

    fn look_at(&mut self, who: Account) {
        let (vault, now) = (&self.vault, self.now);
        let shares = wide(vault.shares_of(who)).to_vec();
        let books = vault.books();
        let owed = [(Side::Base, books.owed_base.to(who)), (Side::Quote, books.owed_quote.to(who))];
        let mut asked = vec![("balance_of", vec![account(who)], shares)];
        for (of, amount) in owed {
            asked.push(("owed", vec![side(of), account(who)], wide(amount).to_vec()));
        }
        for (of, queue) in [(Kind::Deposit, vault.deposits()), (Kind::Redeem, vault.redemptions())] {
            let epochs: Vec<u64> = queue.epochs_of(who).collect();
            let mut felts = vec![epochs.len().into()];
            for epoch in epochs {
                let entry = queue.get(epoch).expect("an epoch of a request");
                felts.extend([Felt::from(epoch), entry.pending(who).into(), epoch.into(), entry.claimable_input(who).into()]);
                felts.extend([Felt::from(entry.claimable(who)), entry.refunded.into()]);
            }
            asked.push(("requests_of", vec![kind(of), account(who)], felts));
        }
        for (function, calldata, felts) in asked {
            let what = format!("{function} of {} at {now}", who.0);
            self.contracts.ask(account(KEEPER), contracts::VAULT, function, &calldata, Expected::Gives(felts), &what);
        }
        self.look_at_balances(who);
    }

    fn snapshot(&self) -> Vec<Felt> {
        let vault = &self.vault;
        let books = vault.books();
        let state = State::ALL.iter().position(|state| *state == vault.state(self.chain.model, self.now)).expect("one of them all");
        let hour = |hour: Option<Hour>| option(hour.map(|hour| vec![hour.count().into()]));
        let opened = vault.opened().map(|opened| {
            let Hourly { hour, nav, cap, deposited, redeemed, swept } = opened;
            vec![hour.count().into(), nav.into(), cap.into(), deposited.into(), redeemed.into(), swept.into()]
        });
        let managed = &books.managed;
        let mut felts = vec![state.into(), account(vault.access().owner), account(vault.access().guardian), vault.paused_until().into()];
        felts.extend([Felt::from(managed.base), managed.quote.into()]);
        felts.extend(hour(managed.last_trade));
        felts.extend([Felt::from(managed.day), managed.turned_over.into(), books.pending.into(), books.reserved.into()]);
        felts.extend([Felt::from(books.supply), books.owed_base.total.into(), books.owed_quote.total.into(), vault.accrued_at().into()]);
        felts.extend(option(opened));
        let mark = vault.high_water();
        felts.extend([Felt::from(mark.peak), mark.breaches.into(), mark.last.into()]);
        for queue in [vault.deposits(), vault.redemptions()] {
            felts.extend(option(queue.due(u64::MAX).map(|epoch| vec![epoch.into()])));
        }
        felts.extend([vault.deposits(), vault.redemptions()].map(|queue| Felt::from(queue.unfilled(u64::MAX))));
        // The contract counts the policy that it was made with.
        felts.push((vault.access().proposed() + 1).into());
        felts.extend([vault.last_step(), vault.last_raise(), vault.last_unwind(), vault.last_reward()].into_iter().flat_map(hour));
        felts
    }

    /// The events that the contract must have emitted in the last call.
    fn said(&self, before: &Vault, call: Call, function: &str) -> Vec<Logged> {
        let news = &self.vault.events()[before.events().len()..];
        let mut logged: Vec<Logged> = news.iter().map(logged).collect();
        // ERC-4626 has an event for all claims of a call, after the last of them. What is owed to whoever leaves a redemption is none of its.
        if !function.starts_with("exit")
            && !function.starts_with("reclaim")
            && let Some(last) = news.iter().rposition(|event| matches!(event, Event::Claimed { .. }))
        {
            logged.insert(last + 1, self.claimed(before, call, &news[..=last]));
        }
        logged
    }

    /// ERC-4626's event for claims.
    fn claimed(&self, before: &Vault, call: Call, claims: &[Event]) -> Logged {
        let (mut input, mut proceeds, mut parties) = (0, 0, None);
        for event in claims {
            let Event::Claimed { kind: of, controller, receiver, epoch, amount } = event else { continue };
            let queue = |vault: &Vault| if *of == Kind::Deposit { vault.deposits().clone() } else { vault.redemptions().clone() };
            let claimable = |vault: &Vault| queue(vault).get(*epoch).map_or(0, |entry| entry.claimable_input(*controller));
            input += claimable(before) - claimable(&self.vault);
            proceeds += amount;
            parties = Some((*of, *controller, *receiver));
        }
        let (of, controller, receiver) = parties.expect("there is a claim");
        let (name, accounts, amounts) = match of {
            Kind::Deposit => ("Deposit", vec![controller, receiver], [wide(input), wide(proceeds)]),
            Kind::Redeem => ("Withdraw", vec![call.caller, receiver, controller], [wide(proceeds), wide(input)]),
        };
        let keys = std::iter::once(selector(name)).chain(accounts.into_iter().map(account)).collect();
        (keys, amounts.concat())
    }
}

/// Whoever can have something.
pub fn everybody() -> Vec<Account> {
    USERS.into_iter().chain([VAULT, KEEPER, TREASURY]).chain(OWNERS).collect()
}

/// Everything that a vault needs.
pub fn world_without_vault(deployment: &Deployment, now: u64) -> Contracts {
    let Pair { base, quote } = &deployment.strategy.pair;
    let mut contracts = Contracts::new(now);
    let mut deploy = |number, class, calldata: &[Felt]| contracts.deploy(number, class, calldata, &Expected::Gives(vec![]));
    deploy(FEED, &CLASSES.feed, &[]);
    deploy(HISTORY, &CLASSES.history, &[contract(FEED)]);
    deploy(BASE, &CLASSES.token, &token(base));
    deploy(QUOTE, &CLASSES.token, &token(quote));
    deploy(REGISTRY, &CLASSES.registry, &[]);
    for pool in POOLS {
        deploy(pool, &CLASSES.pool, &[contract(BASE), contract(QUOTE)]);
    }
    contracts
}
