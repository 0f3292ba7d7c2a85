//! A vault on a network as its keeper sees it: see [`maat_strategy::keeper`].
//!
//! Elsewhere than on the local chain, the keeper waits for the clock and for the feed. On the local chain it can also replay prices
//! ([`Replay`]): it moves the clock from hour to hour, and tells the mock feed and the mock pool each hour's price in the transaction that
//! records it. So whatever moment it is killed at, no hour is recorded at another one's price.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use maat_strategy::history::Observation;
use maat_strategy::hour::{Hour, SECONDS};
use maat_strategy::keeper::{Action, Chain, Failure, HourEvents, Opened, Recorded, Sight};
use maat_strategy::live::{Decided, Traded};
use maat_strategy::rate::{Pair, Token as Named};

use super::answers::Parts;
use super::calls::Vault;
use super::events::VaultEvent;
use super::history::{History, Recording};
use super::mocks::{MockFeed, MockPool};
use super::refusal::Refusal;
use crate::account::{Account, Invocation};
use crate::devnet;
use crate::error::ChainError;

/// How far back the events of an hour are looked for, in blocks.
const BLOCKS: u64 = 5_000;
/// How long a single wait is at most, and how long between two looks at whether it is to stop.
const WAIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);
/// Blocks are a little behind the clock.
const BEHIND: u64 = 5;
/// The longest rest while the chain does not answer.
const REST: Duration = Duration::from_secs(60);
/// How often a local chain that replays is asked in vain: it will not come back by itself. Takes about half a minute.
const REPLAY_FAILURES: u32 = 5;

/// Prices that are replayed on the local chain.
#[derive(Debug, Clone)]
pub struct Replay {
    /// By the hours of the chain.
    prices: BTreeMap<Hour, Observation>,
    shift: u64,
}

/// Why prices cannot be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There are none.
    #[error("there are no prices to replay")]
    Empty,
    /// They would go on after the year 2999.
    #[error("the prices would go on after the year 2999")]
    Late,
    /// The history's first hour is before the first price's.
    #[error(
        "the price history began at {began}, before the first price, {first}: replay the prices that it began with, or deploy another vault"
    )]
    Began {
        /// The history's first hour.
        began: Hour,
        /// The first price's hour.
        first: Hour,
    },
}

impl Replay {
    /// Prices for a chain whose clock shows a time, and whose history has a first hour, if it has one. The clock cannot go back: where the
    /// chain is ahead of the prices, all of them are moved to later hours by as much. The first price belongs to the history's first hour.
    ///
    /// # Errors
    /// There are no prices, or they do not fit.
    pub fn new(prices: &[Observation], began: Option<Hour>, now: u64) -> Result<Self, ReplayError> {
        let first = prices.first().ok_or(ReplayError::Empty)?.hour;
        let start = match began {
            Some(began) if began < first => return Err(ReplayError::Began { began, first }),
            Some(began) => began.count(),
            None => now.div_ceil(SECONDS).max(first.count()),
        };
        let shift = start - first.count();
        let moved = |observation: &Observation| {
            let hour = Hour::new(observation.hour.count() + shift).map_err(|_| ReplayError::Late)?;
            Ok((hour, Observation { hour, ..*observation }))
        };
        Ok(Self { prices: prices.iter().map(moved).collect::<Result<_, _>>()?, shift })
    }

    /// By how many hours the prices are moved.
    pub fn shift(&self) -> u64 {
        self.shift
    }

    /// The last hour that has a price.
    pub fn last(&self) -> Option<Hour> {
        self.prices.last_key_value().map(|(hour, _)| *hour)
    }

    /// The prices, at the chain's hours.
    pub fn prices(&self) -> impl Iterator<Item = &Observation> {
        self.prices.values()
    }
}

/// A vault and its history, with the account that calls them.
pub struct KeptVault<'a, 'c> {
    account: &'a Account<'c>,
    vault: Vault<'c>,
    history: History<'c>,
    parts: Parts,
    pair: Pair,
    replay: Option<Replay>,
    /// The last block's time, and when it was seen first.
    block: Option<(u64, Instant)>,
    /// The chain has answered.
    answered: bool,
}

impl<'a, 'c> KeptVault<'a, 'c> {
    /// The vault, with prices to replay if there are any. These need the mocks of the local chain.
    ///
    /// # Errors
    /// The node or a contract does not say what belongs to the vault.
    pub fn new(account: &'a Account<'c>, vault: Vault<'c>, replay: Option<Replay>) -> Result<Self, ChainError> {
        let parts = vault.parts()?;
        let client = vault.client();
        let token = |symbol: &str, decimals| Named { symbol: symbol.to_owned(), decimals };
        let pair = Pair { base: token("base", parts.base_decimals), quote: token("quote", parts.quote_decimals) };
        let history = History::at(client, parts.history);
        let mut kept = Self { account, vault, history, parts, pair, replay, block: None, answered: false };
        kept.reach_prices()?;
        Ok(kept)
    }

    /// Moves the clock on to the first hour with a price, if prices are replayed and this one has none.
    fn reach_prices(&mut self) -> Result<(), ChainError> {
        let now = self.now()?;
        let Some(replay) = &self.replay else { return Ok(()) };
        let next = Hour::new(now / SECONDS).ok().and_then(|hour| replay.prices.range(hour..).next());
        match next {
            Some((hour, _)) if hour.count() > now / SECONDS => devnet::set_time(&self.vault.client().network().url, hour.count() * SECONDS),
            _ => Ok(()),
        }
    }

    /// What belongs to the vault.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Its tokens, by their decimals.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// The clock as far as it can be known: blocks show it when they are made, and here it goes on.
    fn now(&mut self) -> Result<u64, ChainError> {
        let (_, timestamp) = self.vault.client().last_block()?;
        if self.block.is_none_or(|(before, _)| before != timestamp) {
            self.block = Some((timestamp, Instant::now()));
        }
        Ok(self.clock(timestamp))
    }

    fn clock(&self, timestamp: u64) -> u64 {
        if self.replay.is_some() {
            return timestamp;
        }
        let since = self.block.map_or(0, |(_, seen)| seen.elapsed().as_secs());
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        timestamp.saturating_add(since).max(wall)
    }

    fn sight(&mut self) -> Result<Sight, ChainError> {
        let now = self.now()?;
        let latest = self.history.latest()?;
        let snapshot = self.vault.snapshot()?;
        let opened = snapshot.hour.map(|hourly| Opened { hour: hourly.hour, swept: hourly.swept, room: hourly.room_to_leave() });
        let (books, queues, last) = (snapshot.books, snapshot.queues, snapshot.last_hours);
        Ok(Sight {
            now,
            recorded: latest.map(|latest| Recorded { observation: latest.observation, at: latest.recorded_at }),
            state: snapshot.state,
            opened,
            last_step: last.step,
            last_raise: last.raise,
            last_unwind: last.unwind,
            oldest_deposit: queues.oldest_deposit,
            oldest_redemption: queues.oldest_redemption,
            base: books.managed.base,
            quote: books.managed.quote,
        })
    }

    /// The calls that come before the record: what the mocks are told.
    fn told(&mut self) -> Result<Vec<Invocation>, Failure> {
        if self.replay.is_none() {
            return Ok(Vec::new());
        }
        let now = self.now().map_err(failure)?;
        let price = self.replay.as_ref().and_then(|replay| replay.prices.get(&Hour::new(now / SECONDS).ok()?));
        let Some(observation) = price else {
            return Err(Failure::Refused { reason: "the file has no price for this hour".to_owned(), lasting: true });
        };
        let rate = self.pair.rate(observation);
        let rate = rate.ok_or_else(|| Failure::Refused { reason: "the pair has no rate at this price".to_owned(), lasting: true })?;
        let (feed, pool) = (MockFeed(self.parts.feed), MockPool(self.parts.adapter));
        Ok(vec![feed.set(observation.base, observation.quote), pool.set(&rate)])
    }

    fn record(&mut self) -> Result<(), Failure> {
        let before = self.told()?;
        match self.history.record_after(self.account, before).map_err(failure)? {
            (_, Recording::Recorded(_)) => Ok(()),
            (_, Recording::Refused(refused)) => {
                let (side, last, found, hours) = (refused.side.name(), refused.last, refused.found, refused.hours);
                let reason = format!("the {side} price went from {last} to {found} USD within {hours} h, which the history does not take");
                // A file's price does not change.
                Err(Failure::Refused { reason, lasting: self.replay.is_some() })
            }
        }
    }
}

/// What a keeper makes of an error.
fn failure(error: ChainError) -> Failure {
    match error {
        ChainError::Refused { refusal, .. } => {
            let lasting = matches!(refusal, Refusal::Gap | Refusal::Class | Refusal::NothingToRaise | Refusal::NothingToSell);
            Failure::Refused { reason: refusal.to_string(), lasting }
        }
        ChainError::Panicked { message, .. } => Failure::Refused { reason: message, lasting: false },
        ChainError::Dear { .. } => Failure::Refused { reason: error.to_string(), lasting: false },
        ChainError::OverLimit { .. } => Failure::Refused { reason: error.to_string(), lasting: true },
        ChainError::Unreachable { .. } | ChainError::NotIncluded { .. } | ChainError::Rejected { .. } | ChainError::Malformed { .. } => {
            Failure::Lost(error.to_string())
        }
        other => Failure::Final(other.to_string()),
    }
}

/// Sleeps until a time has passed or it is to stop.
fn sleep(duration: Duration, stop: &AtomicBool) {
    let started = Instant::now();
    while started.elapsed() < duration && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK.min(duration));
    }
}

impl Chain for KeptVault<'_, '_> {
    fn look(&mut self) -> Result<Sight, Failure> {
        match self.sight() {
            Ok(sight) => {
                self.answered = true;
                Ok(sight)
            }
            // What has never answered is not a vault.
            Err(error) if !self.answered && !matches!(error, ChainError::Unreachable { .. }) => Err(Failure::Final(error.to_string())),
            Err(error) => Err(match failure(error) {
                Failure::Refused { reason, .. } => Failure::Lost(reason),
                other => other,
            }),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Failure> {
        let (vault, account) = (self.vault, self.account);
        let done = match action {
            Action::Record => return self.record(),
            Action::Settle => vault.settle(account),
            Action::Raise => vault.raise(account),
            Action::Step(hour) => vault.step(account, hour),
            Action::Unwind => vault.unwind(account),
            Action::Observe => vault.observe(account),
        };
        done.map(|_| ()).map_err(failure)
    }

    fn events(&mut self, hour: Hour) -> Result<HourEvents, Failure> {
        let found = || {
            let (block, _) = self.vault.client().last_block()?;
            self.vault.events_of(&["Decided", "Traded"], block.saturating_sub(BLOCKS), None)
        };
        let logged = found().map_err(|error| match failure(error) {
            Failure::Refused { reason, .. } => Failure::Lost(reason),
            other => other,
        })?;
        let mut events = HourEvents::default();
        for event in logged.into_iter().map(|logged| logged.event) {
            if let Some(decided) = decided(&event).filter(|decided| decided.hour == hour) {
                events.decided = Some(decided);
            }
            events.traded.extend(traded(&event).filter(|traded| traded.hour == hour));
        }
        Ok(events)
    }

    fn wait(&mut self, until: u64, stop: &AtomicBool) -> Result<(), Failure> {
        let now = self.now().map_err(failure)?;
        if until <= now || stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(replay) = &self.replay else {
            let rest = Duration::from_secs(until.saturating_add(BEHIND) - now);
            sleep(rest.min(WAIT), stop);
            return Ok(());
        };
        // An hour without a price is not waited in.
        let to = if until.is_multiple_of(SECONDS) {
            let next = Hour::new(until / SECONDS).ok().and_then(|hour| replay.prices.range(hour..).next());
            let (hour, _) = next.ok_or_else(|| Failure::Final("the file has no price after this hour".to_owned()))?;
            hour.count() * SECONDS
        } else {
            until
        };
        devnet::set_time(&self.vault.client().network().url, to).map_err(|error| Failure::Lost(error.to_string()))
    }

    fn rest(&mut self, failures: u32, stop: &AtomicBool) -> Result<(), Failure> {
        if self.replay.is_some() && failures > REPLAY_FAILURES {
            return Err(Failure::Final("the local chain does not answer any more".to_owned()));
        }
        sleep(REST.min(Duration::from_secs(1 << failures.saturating_sub(1).min(6))), stop);
        Ok(())
    }
}

/// A decision among a vault's events.
pub(super) fn decided(event: &VaultEvent) -> Option<Decided> {
    match *event {
        VaultEvent::Decided {
            hour, class, model, version, input_hash, output_hash, chain, weight_before, weight_target, outcome, ..
        } => {
            let version = version.into();
            Some(Decided { hour, class, model, version, input_hash, output_hash, chain, weight_before, weight_target, outcome })
        }
        _ => None,
    }
}

/// A swap among them.
pub(super) fn traded(event: &VaultEvent) -> Option<Traded> {
    match *event {
        VaultEvent::Traded { hour, purpose, sold, spent, received } => Some(Traded { hour, purpose, sold, spent, received }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use maat_strategy::price::Price;

    use super::*;

    fn prices(first: u64, count: u64) -> Vec<Observation> {
        let price = Price::ONE_USD;
        (0..count).map(|at| Observation { hour: Hour::new(first + at).unwrap(), base: price, quote: price }).collect()
    }

    fn hours(replay: &Replay) -> Vec<u64> {
        replay.prices().map(|observation| observation.hour.count()).collect()
    }

    #[test]
    fn prices_keep_their_hours_where_the_chain_is_not_ahead() {
        for now in [0, 99 * SECONDS + 1, 100 * SECONDS] {
            let replay = Replay::new(&prices(100, 3), None, now).unwrap();
            assert_eq!((replay.shift(), hours(&replay)), (0, vec![100, 101, 102]));
        }
        assert_eq!(Replay::new(&prices(100, 3), Some(Hour::new(100).unwrap()), 102 * SECONDS).unwrap().shift(), 0);
    }

    #[test]
    fn prices_are_moved_to_hours_that_are_to_come_and_stay_there() {
        let replay = Replay::new(&prices(100, 3), None, 500 * SECONDS + 1).unwrap();
        assert_eq!((replay.shift(), hours(&replay)), (401, vec![501, 502, 503]));
        // Once the first one is recorded, a later keeper has the same hours.
        let again = Replay::new(&prices(100, 3), Some(Hour::new(501).unwrap()), 503 * SECONDS).unwrap();
        assert_eq!(hours(&again), hours(&replay));
    }

    #[test]
    fn prices_that_do_not_fit_are_refused() {
        assert_eq!(Replay::new(&[], None, 0).unwrap_err(), ReplayError::Empty);
        let (began, first) = (Hour::new(99).unwrap(), Hour::new(100).unwrap());
        assert_eq!(Replay::new(&prices(100, 3), Some(began), 0).unwrap_err(), ReplayError::Began { began, first });
        assert_eq!(Replay::new(&prices(100, 3), None, 9_028_798 * SECONDS).unwrap_err(), ReplayError::Late);
    }

    #[test]
    fn what_may_still_come_is_not_lasting_and_who_cannot_pay_is_done() {
        let refused = |refusal| failure(ChainError::Refused { what: String::new(), refusal });
        let lasting = |refusal| matches!(refused(refusal), Failure::Refused { lasting: true, .. });
        assert!([Refusal::Gap, Refusal::NothingToRaise].into_iter().all(lasting));
        // The chain's clock may be a little behind.
        assert!(![Refusal::Drift, Refusal::Floor, Refusal::NotLater, Refusal::TooLate, Refusal::Late].into_iter().any(lasting));
        let poor = ChainError::Unfunded { address: 1u8.into(), balance: 0, needed: 1 };
        assert!(matches!(failure(poor), Failure::Final(_)));
        let late = ChainError::NotIncluded { transaction: 1u8.into(), seconds: 300 };
        assert!(matches!(failure(late), Failure::Lost(_)));
    }
}
