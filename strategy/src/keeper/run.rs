//! The keeper's loop: look, act or wait, and tell what came of each hour.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::PAUSE;
use super::chain::{Action, Chain, Failure, HourEvents, Recorded, Sight};
use super::next::{Attempts, Next, Work, next};
use crate::hour::{Hour, SECONDS};
use crate::rate::Pair;
use crate::vault::State;

/// How long to wait for a call of which nobody knows whether it was made, in seconds of the chain's clock.
const UNKNOWN: u64 = 10;

/// When a keeper ends by itself. With neither, it goes on until it is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Goal {
    /// After so many hours.
    pub hours: Option<u64>,
    /// After this hour.
    pub until: Option<Hour>,
}

/// Something that a keeper says while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An hour is over, or nothing can be done in it any more.
    Hour(Box<HourReport>),
    /// A call was refused, and nobody else had made it: told once an hour for each call, however often it is made again.
    Refused(Trouble),
    /// Nobody recorded these hours. The network decides again once as many hours in a row are recorded as it looks at.
    Gap {
        /// The first of them.
        first: Hour,
        /// The last of them.
        last: Hour,
    },
    /// The chain does not answer, for this reason. It is asked again.
    Lost(String),
    /// The chain answers again, after so many attempts in vain.
    Back(u32),
}

/// A call that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which one.
    pub action: Action,
    /// In which hour.
    pub hour: u64,
    /// Why, in the chain's words.
    pub reason: String,
    /// Whether it will be made again in this hour.
    pub again: bool,
}

/// What came of an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourReport {
    /// Hours after 1970.
    pub hour: u64,
    /// Its record, if it has one.
    pub recorded: Option<Recorded>,
    /// The vault's state at its end.
    pub state: State,
    /// Whether the vault opened it: settled, decided or observed.
    pub opened: bool,
    /// What was decided and traded.
    pub events: HourEvents,
    /// Base tokens at its end, in the smallest unit.
    pub base: u128,
    /// Quote tokens at its end, in the smallest unit.
    pub quote: u128,
    /// Calls that were refused to the end.
    pub troubles: Vec<Trouble>,
}

/// What a keeper did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Hours that it told of.
    pub hours: u64,
    /// Those of them that are recorded.
    pub recorded: u64,
    /// Those in which the network decided.
    pub decided: u64,
    /// Swaps in them.
    pub trades: u64,
    /// It was told to stop.
    pub stopped: bool,
}

/// Keeps a vault's hours until a goal is reached or `stop` is set; a call that is under way is waited for. `tell` hears of each hour.
///
/// # Errors
/// Why nothing helps any more, in words.
pub fn keep(chain: &mut dyn Chain, goal: Goal, stop: &AtomicBool, tell: &mut dyn FnMut(&Told)) -> Result<Kept, String> {
    let mut keeper = Keeper { chain, goal, stop, tell, kept: Kept::default(), failures: 0, hour: None };
    let end = keeper.run();
    match end {
        Ok(()) => Ok(keeper.kept),
        Err(Failure::Final(reason) | Failure::Lost(reason) | Failure::Refused { reason, .. }) => Err(reason),
    }
}

struct Keeper<'a> {
    chain: &'a mut dyn Chain,
    goal: Goal,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(&Told),
    kept: Kept,
    /// How often the chain did not answer since it last did.
    failures: u32,
    hour: Option<InHour>,
}

/// What is remembered of an hour while it lasts.
struct InHour {
    hour: u64,
    attempts: Attempts,
    troubles: Vec<Trouble>,
    /// The call that was made last, how things stood before it, and what came of it.
    last: Option<(Action, Sight, Answer)>,
    /// It was under way when this keeper began.
    is_first: bool,
    /// It was told of.
    told: bool,
}

enum Answer {
    Done,
    Refused { reason: String, lasting: bool },
    Unknown,
}

impl Keeper<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                self.kept.stopped = true;
                return Ok(());
            }
            let Some(sight) = self.try_to(|chain| chain.look())? else { continue };
            if self.enter(&sight)? {
                return Ok(());
            }
            let Some(current) = &mut self.hour else { continue };
            if current.hour != sight.now / SECONDS {
                // It is over and not told of, because the chain was lost again: nothing of the next hour is done before.
                continue;
            }
            if let Some((action, before, answer)) = current.last.take() {
                weigh(current, action, &before, answer, &sight, self.tell);
            }
            let is_told = current.told;
            match next(&sight, &current.attempts) {
                Next::Act(action) => self.act(action, &sight)?,
                Next::Wait(until) => self.wait(until)?,
                Next::Done => {
                    if !is_told && self.close(&sight)? {
                        return Ok(());
                    }
                    if self.hour.as_ref().is_some_and(|current| !current.told) {
                        // The chain was lost.
                        continue;
                    }
                    self.wait((sight.now / SECONDS + 1) * SECONDS)?;
                }
            }
        }
    }

    /// Asks the chain; nothing if it does not answer, after a rest.
    fn try_to<T>(&mut self, ask: impl FnOnce(&mut dyn Chain) -> Result<T, Failure>) -> Result<Option<T>, Failure> {
        match ask(self.chain) {
            Ok(answer) => {
                if self.failures > 0 {
                    (self.tell)(&Told::Back(self.failures));
                    self.failures = 0;
                }
                Ok(Some(answer))
            }
            Err(Failure::Final(reason)) => Err(Failure::Final(reason)),
            Err(Failure::Lost(reason) | Failure::Refused { reason, .. }) => {
                self.lost(reason)?;
                Ok(None)
            }
        }
    }

    fn lost(&mut self, reason: String) -> Result<(), Failure> {
        if self.failures == 0 {
            (self.tell)(&Told::Lost(reason));
        }
        self.failures = self.failures.saturating_add(1);
        self.chain.rest(self.failures, self.stop)
    }

    fn wait(&mut self, until: u64) -> Result<(), Failure> {
        let stop = self.stop;
        self.try_to(|chain| chain.wait(until, stop)).map(|_| ())
    }

    /// Begins an hour, if it is another one than before. Says whether the goal is reached.
    fn enter(&mut self, sight: &Sight) -> Result<bool, Failure> {
        let hour = sight.now / SECONDS;
        if self.hour.as_ref().is_some_and(|current| current.hour == hour) {
            return Ok(false);
        }
        // One that ended while the chain was lost.
        let is_first = self.hour.is_none();
        if let Some(current) = &mut self.hour
            && !current.told
        {
            if let Some((action, before, answer)) = current.last.take() {
                weigh(current, action, &before, answer, sight, self.tell);
            }
            if self.close(sight)? {
                return Ok(true);
            }
            if self.hour.as_ref().is_some_and(|current| !current.told) {
                return Ok(false);
            }
        }
        if self.goal.until.is_some_and(|until| hour > until.count()) {
            return Ok(true);
        }
        if let Some(recorded) = sight.recorded
            && let (Ok(first), Ok(last)) = (Hour::new(recorded.observation.hour.count() + 1), Hour::new(hour.saturating_sub(1)))
            && first <= last
        {
            (self.tell)(&Told::Gap { first, last });
        }
        self.hour = Some(InHour { hour, attempts: Attempts::default(), troubles: Vec::new(), last: None, is_first, told: false });
        Ok(false)
    }

    fn act(&mut self, action: Action, sight: &Sight) -> Result<(), Failure> {
        let answer = match self.chain.act(action) {
            Ok(()) => Answer::Done,
            Err(Failure::Refused { reason, lasting }) => Answer::Refused { reason, lasting },
            Err(Failure::Lost(reason)) => {
                self.lost(reason)?;
                Answer::Unknown
            }
            Err(failure @ Failure::Final(_)) => return Err(failure),
        };
        if let Some(current) = &mut self.hour {
            current.last = Some((action, *sight, answer));
        }
        Ok(())
    }

    /// Tells of the current hour. Says whether the goal is reached.
    fn close(&mut self, sight: &Sight) -> Result<bool, Failure> {
        let Some(current) = &self.hour else { return Ok(false) };
        let (number, is_first) = (current.hour, current.is_first);
        let recorded = sight.recorded.filter(|recorded| recorded.observation.hour.count() == number);
        // Somebody before us did, or let pass, what there was to do.
        let is_past = recorded.is_none_or(|recorded| sight.now > recorded.at.saturating_add(crate::vault::recorder::WINDOW));
        let skips = is_first && is_past && current.troubles.is_empty();
        if !skips {
            let Ok(hour) = Hour::new(number) else { return Err(Failure::Final("the year 2999 is over".to_owned())) };
            let Some(events) = self.try_to(|chain| chain.events(hour))? else { return Ok(false) };
            let troubles = self.hour.as_mut().map(|current| std::mem::take(&mut current.troubles)).unwrap_or_default();
            let opened = sight.opened.is_some_and(|opened| opened.hour == hour);
            let (state, base, quote) = (sight.state, sight.base, sight.quote);
            self.kept.hours += 1;
            self.kept.recorded += u64::from(recorded.is_some());
            self.kept.decided += u64::from(events.decided.is_some());
            self.kept.trades += events.traded.len() as u64;
            (self.tell)(&Told::Hour(Box::new(HourReport { hour: number, recorded, state, opened, events, base, quote, troubles })));
        }
        if let Some(current) = &mut self.hour {
            current.told = true;
        }
        let enough = self.goal.hours.is_some_and(|hours| self.kept.hours >= hours);
        Ok(enough || self.goal.until.is_some_and(|until| number >= until.count()))
    }
}

/// What a call's answer means, now that one sees how things stand.
fn weigh(current: &mut InHour, action: Action, before: &Sight, answer: Answer, now: &Sight, tell: &mut dyn FnMut(&Told)) {
    let same_hour = now.now / SECONDS == current.hour;
    let (reason, lasting) = match answer {
        Answer::Unknown => {
            if Work::of(now).wants(action, now.now) {
                current.attempts.hold(now.now.saturating_add(UNKNOWN));
            }
            return;
        }
        // A chain that says it did something, and shows nothing of it, would be called without end.
        Answer::Done if Sight { now: before.now, ..*now } == *before => ("it was done, and nothing has changed".to_owned(), true),
        Answer::Done => {
            current.troubles.retain(|trouble| trouble.action != action);
            // There may be tokens again for those who wait.
            if now.quote > before.quote {
                current.attempts.retry(Action::Settle);
            }
            return;
        }
        Answer::Refused { reason, lasting } => (reason, lasting),
    };
    // Somebody else was faster, or what was wanted is no longer possible for a reason that shows.
    if same_hour && !Work::of(now).wants(action, now.now) {
        current.troubles.retain(|trouble| trouble.action != action);
        return;
    }
    current.attempts.refused(action, now.now, lasting);
    let again = !lasting && same_hour && Work::of(now).wants(action, now.now.saturating_add(PAUSE));
    let trouble = Trouble { action, hour: current.hour, reason, again };
    let known = current.troubles.iter().any(|other| other.action == action);
    current.troubles.retain(|other| other.action != action);
    if !known {
        tell(&Told::Refused(trouble.clone()));
    }
    current.troubles.push(trouble);
}

impl HourReport {
    /// What the vault's tokens are worth at the recorded price, in the quote token's smallest unit.
    pub fn nav(&self, pair: &Pair) -> Option<u128> {
        let rate = pair.rate(&self.recorded?.observation)?;
        rate.value_floor(self.base)?.checked_add(self.quote)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} was refused: {}", self.action, self.reason)
    }
}
