//! What is to be done next, from what the chain shows.
//!
//! In an hour that is recorded: settle until no epoch is due; where redemptions lack quote tokens, raise them, which fills them; step. A vault
//! that does not decide any more is unwound. Whatever opens the hour shows the drawdown its price: if none of these did, it is observed.

use std::collections::BTreeMap;

use super::chain::{Action, Sight};
use super::{PAUSE, WORTH_SETTLING};
use crate::hour::{Hour, SECONDS};
use crate::vault::recorder::WINDOW;
use crate::vault::{Operation, allowed};

/// What a keeper does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It makes a call.
    Act(Action),
    /// It waits until then, in seconds after 1970, and looks again.
    Wait(u64),
    /// There is nothing to do in this hour any more.
    Done,
}

/// What is remembered of calls in an hour.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// Those that were refused, by when they may be made again: never in this hour if that is nothing.
    refused: BTreeMap<Action, Option<u64>>,
    /// Nothing is done until then, in seconds after 1970.
    held: u64,
}

impl Attempts {
    /// A call was refused at a time.
    pub fn refused(&mut self, action: Action, now: u64, lasting: bool) {
        self.refused.insert(action, if lasting { None } else { Some(now.saturating_add(PAUSE)) });
    }

    /// Nothing is done until a time: a call may still be made, and what comes after it has to wait.
    pub fn hold(&mut self, until: u64) {
        self.held = until;
    }

    /// Something has changed: what had no effect before may have one now.
    pub fn retry(&mut self, action: Action) {
        self.refused.remove(&action);
    }

    /// When a call may be made, if at all.
    fn from(&self, action: Action) -> Option<u64> {
        self.refused.get(&action).copied().unwrap_or(Some(0))
    }
}

/// What an hour still wants, and until when it can be had.
pub(super) struct Work {
    /// Most urgent first.
    wanted: Vec<Action>,
    /// The last second, after 1970.
    end: u64,
}

impl Work {
    /// Of the hour that the clock shows.
    pub(super) fn of(sight: &Sight) -> Self {
        let hour = sight.now / SECONDS;
        match sight.recorded {
            Some(recorded) if recorded.observation.hour.count() == hour => {
                Self { wanted: wanted(sight, recorded.observation.hour), end: recorded.at.saturating_add(WINDOW) }
            }
            // A clock that is behind the last record waits for it.
            Some(recorded) if recorded.observation.hour.count() > hour => Self { wanted: Vec::new(), end: 0 },
            _ => Self { wanted: vec![Action::Record], end: hour * SECONDS + WINDOW },
        }
    }

    /// Whether a call is still wanted at a time.
    pub(super) fn wants(&self, action: Action, now: u64) -> bool {
        now <= self.end && self.wanted.contains(&action)
    }
}

/// What follows from a sight.
pub fn next(sight: &Sight, attempts: &Attempts) -> Next {
    let (now, Work { wanted, end }) = (sight.now, Work::of(sight));
    if now > end {
        return Next::Done;
    }
    if attempts.held > now && !wanted.is_empty() {
        return Next::Wait(attempts.held);
    }
    let mut earliest: Option<u64> = None;
    for action in wanted {
        match attempts.from(action) {
            Some(from) if from <= now => return Next::Act(action),
            Some(from) if from <= end => earliest = Some(earliest.map_or(from, |other| other.min(from))),
            _ => {}
        }
    }
    earliest.map_or(Next::Done, Next::Wait)
}

/// What is still to be done in an hour that is recorded, most urgent first.
fn wanted(sight: &Sight, hour: Hour) -> Vec<Action> {
    let Sight { state, last_step, last_raise, last_unwind, oldest_deposit, oldest_redemption, base, quote, .. } = *sight;
    let is_due = |epoch: Option<u64>| epoch.is_some_and(|epoch| epoch <= hour.count());
    let is_left = |last: Option<Hour>| last.is_none_or(|last| last < hour);
    let may = |operation| allowed(state, operation);
    let opened = sight.opened.filter(|opened| opened.hour == hour);
    let swept = opened.is_some_and(|opened| opened.swept);
    let redeems = is_due(oldest_redemption);
    let due = redeems || (is_due(oldest_deposit) && may(Operation::FillDeposits));
    let unsettled = due && !swept;

    let mut wanted = Vec::new();
    if unsettled {
        wanted.push(Action::Settle);
    }
    if let Some(opened) = opened.filter(|_| swept && redeems) {
        // A trade may have brought tokens for those who wait.
        if opened.room.min(quote) >= WORTH_SETTLING {
            wanted.push(Action::Settle);
        }
        if opened.room > quote.saturating_add(WORTH_SETTLING) && base > 0 && is_left(last_raise) && may(Operation::Raise) {
            wanted.push(Action::Raise);
        }
    }
    if !unsettled && is_left(last_step) && may(Operation::Step) {
        wanted.push(Action::Step(hour));
    }
    if base > 0 && is_left(last_unwind) && may(Operation::Unwind) {
        wanted.push(Action::Unwind);
    }
    if opened.is_none() {
        wanted.push(Action::Observe);
    }
    wanted
}
