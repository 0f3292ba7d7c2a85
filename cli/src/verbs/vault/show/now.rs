//! What anyone may do with a vault now, and until when.

use maat_starknet::vault::{Latest, Parts, Snapshot};
use maat_strategy::hour::{SECONDS, utc};
use maat_strategy::vault::epochs::epoch_of;
use maat_strategy::vault::recorder::WINDOW;
use maat_strategy::vault::{Operation, State, allowed};
use serde_json::{Value, json};

use crate::verbs::vault::told::hour_text;

/// When something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Now, and until a time if there is an end.
    Now(Option<u64>),
    /// From a time on.
    From(u64),
    /// Not, for a reason.
    Not(String),
}

/// Something that anyone may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub name: &'static str,
    pub when: When,
    /// What is to be known about it.
    pub note: Option<String>,
}

impl When {
    pub fn text(&self) -> String {
        match self {
            Self::Now(None) => "now".to_owned(),
            Self::Now(Some(until)) => format!("now, until {}", utc(*until)),
            Self::From(time) => format!("from {}", utc(*time)),
            Self::Not(reason) => format!("no: {reason}"),
        }
    }

    pub fn json(&self) -> Value {
        match self {
            Self::Now(until) => json!({ "now": true, "until": until.map(utc) }),
            Self::From(time) => json!({ "now": false, "from": utc(*time) }),
            Self::Not(reason) => json!({ "now": false, "reason": reason }),
        }
    }
}

/// What anyone may do at a time in seconds after 1970.
pub fn acts(now: u64, parts: &Parts, snapshot: &Snapshot, latest: Option<&Latest>) -> Vec<Act> {
    let act = |name, when| Act { name, when, note: None };
    let mut acts = vec![act("record an hour", record(now, latest))];
    acts.extend(in_the_hour(now, parts, snapshot, latest).into_iter().map(|(name, when)| act(name, when)));
    let epoch = Some(format!("for the price of {}", hour_text(epoch_of(now))));
    let entry = if allowed(snapshot.state, Operation::RequestDeposit) { When::Now(None) } else { not_while(snapshot.state) };
    acts.push(Act { name: "deposit", note: epoch.clone().filter(|_| entry == When::Now(None)), when: entry });
    acts.push(Act { name: "redeem", when: When::Now(None), note: epoch });
    acts.push(act("claim, exit in kind, withdraw", When::Now(None)));
    acts
}

fn not_while(state: State) -> When {
    When::Not(format!("not while {state}"))
}

fn record(now: u64, latest: Option<&Latest>) -> When {
    let hour = now / SECONDS;
    let recorded = latest.is_some_and(|latest| latest.observation.hour.count() >= hour);
    if !recorded && now % SECONDS <= WINDOW { When::Now(Some(hour * SECONDS + WINDOW)) } else { When::From((hour + 1) * SECONDS) }
}

/// What needs a recorded hour that is not too old.
fn in_the_hour(now: u64, parts: &Parts, snapshot: &Snapshot, latest: Option<&Latest>) -> Vec<(&'static str, When)> {
    let Snapshot { state, queues, hour: opened, last_hours, books, .. } = snapshot;
    let late = || When::Not("the next hour has to be recorded first".to_owned());
    let used = || When::Not("done for this hour".to_owned());
    let usable = latest.filter(|latest| now <= latest.recorded_at.saturating_add(WINDOW));
    let until = usable.map(|latest| latest.recorded_at + WINDOW);
    let hour = usable.map(|latest| latest.observation.hour);
    let is_due = |epoch: Option<u64>| epoch.zip(hour).is_some_and(|(epoch, hour)| epoch <= hour.count());
    let swept = opened.is_some_and(|opened| Some(opened.hour) == hour && opened.swept);
    let due = !swept && (is_due(queues.oldest_deposit) || is_due(queues.oldest_redemption));

    let settle = match hour {
        None => late(),
        Some(_) if due => When::Now(until),
        Some(_) => When::Not("nothing is due".to_owned()),
    };
    let step = match (hour, latest) {
        _ if !allowed(*state, Operation::Step) => not_while(*state),
        (_, Some(latest)) if latest.consecutive < parts.hours => {
            When::Not(format!("the features look at {} hours in a row, and {} are recorded", parts.hours, latest.consecutive))
        }
        (None, _) | (_, None) => late(),
        (hour, _) if last_hours.step >= hour => used(),
        _ if due => When::Not("what is due has to be settled first".to_owned()),
        _ => When::Now(until),
    };
    let mut found = vec![("settle", settle), ("step", step)];
    if is_due(queues.oldest_redemption) && allowed(*state, Operation::Raise) {
        let raise = match () {
            () if last_hours.raise >= hour => used(),
            () if due => When::Not("what is due has to be settled first".to_owned()),
            () => match no_sale(snapshot) {
                Some(reason) => When::Not(reason.to_owned()),
                None => When::Now(until),
            },
        };
        found.push(("sell for redemptions", raise));
    }
    if allowed(*state, Operation::Unwind) {
        let unwind = match hour {
            _ if books.managed.base == 0 => When::Not("nothing is left".to_owned()),
            None => late(),
            hour if last_hours.unwind >= hour => used(),
            _ => When::Now(until),
        };
        found.push(("unwind", unwind));
    }
    found
}

/// Why nothing is sold for redemptions that are due and not filled, if nothing is.
pub fn no_sale(snapshot: &Snapshot) -> Option<&'static str> {
    let Snapshot { state, hour, books, .. } = snapshot;
    if !allowed(*state, Operation::Raise) {
        Some("the vault sells what it has piece by piece, or nothing is traded")
    } else if books.managed.base == 0 {
        Some("the vault holds none of the base token")
    } else if hour.is_some_and(|hour| hour.room_to_leave() <= books.managed.quote) {
        Some("what is left waits for the next hour's cap")
    } else {
        None
    }
}

#[cfg(test)]
pub mod tests {
    use maat_starknet::vault::{Books, LastHours, Queues};
    use maat_strategy::drawdown::HighWater;
    use maat_strategy::fees::Fees;
    use maat_strategy::history::Observation;
    use maat_strategy::hour::Hour;
    use maat_strategy::limits::Position;
    use maat_strategy::price::Price;
    use maat_strategy::vault::settlement::Hourly;
    use starknet_types_core::felt::Felt;

    use super::*;

    const HOUR: u64 = 500_000;
    const START: u64 = HOUR * SECONDS;

    pub fn parts() -> Parts {
        Parts {
            registry: Felt::from(0xa),
            model: 1,
            version: 1,
            class_hash: Felt::from(0xb),
            instance: Felt::from(0xc),
            model_commitment: Felt::from(0xd),
            outputs: 1,
            hours: 36,
            history: Felt::from(0xe),
            feed: Felt::from(0xf),
            base_token: Felt::from(0x10),
            quote_token: Felt::from(0x11),
            base_decimals: 18,
            quote_decimals: 6,
            adapter: Felt::from(0x12),
            treasury: Felt::from(0x13),
            fees: Fees { management_bps: 100, settle_bps: 30 },
            min_nav: 100_000_000,
            keeper_cap: 500_000,
            library: Felt::from(0x14),
        }
    }

    pub fn snapshot() -> Snapshot {
        Snapshot {
            state: State::Active,
            owner: Felt::from(1),
            guardian: Felt::from(2),
            paused_until: 0,
            books: Books {
                managed: Position { base: 250_000_000_000_000_000, quote: 550_000_000, last_trade: None, day: 0, turned_over: 0 },
                pending: 0,
                reserved: 0,
                supply: 1_000_000_000_000,
                owed_base: 0,
                owed_quote: 0,
            },
            accrued_at: START,
            hour: None,
            high_water: HighWater::default(),
            queues: Queues { oldest_deposit: None, oldest_redemption: None, unfilled_deposits: 0, unfilled_redemptions: 0 },
            proposals: 1,
            last_hours: LastHours { step: None, raise: None, unwind: None, reward: None },
        }
    }

    pub fn latest() -> Latest {
        let (hour, usd) = (Hour::new(HOUR).unwrap(), |text: &str| text.parse::<Price>().unwrap());
        let observation = Observation { hour, base: usd("1800"), quote: usd("1") };
        Latest { observation, consecutive: 36, recorded_at: START + 100, oldest: START, chain: Felt::ZERO }
    }

    fn when(now: u64, snapshot: &Snapshot, latest: &Latest, name: &str) -> When {
        let acts = acts(now, &parts(), snapshot, Some(latest));
        acts.into_iter().find(|act| act.name == name).unwrap_or_else(|| panic!("{name}")).when
    }

    #[test]
    fn an_hour_is_recorded_in_its_first_900_seconds_and_once() {
        assert_eq!(record(START + 900, None), When::Now(Some(START + 900)));
        assert_eq!(record(START + 901, None), When::From(START + SECONDS));
        assert_eq!(record(START + 100, Some(&latest())), When::From(START + SECONDS));
        assert_eq!(record(START + SECONDS, Some(&latest())), When::Now(Some(START + SECONDS + 900)));
    }

    #[test]
    fn an_hour_is_used_within_900_seconds_of_its_record() {
        assert_eq!(when(START + 1_000, &snapshot(), &latest(), "step"), When::Now(Some(START + 1_000)));
        assert!(matches!(when(START + 1_001, &snapshot(), &latest(), "step"), When::Not(_)));
        let stepped = Snapshot { last_hours: LastHours { step: Hour::new(HOUR).ok(), ..snapshot().last_hours }, ..snapshot() };
        assert_eq!(when(START + 200, &stepped, &latest(), "step"), When::Not("done for this hour".to_owned()));
        let gap = Latest { consecutive: 35, ..latest() };
        let reason = "the features look at 36 hours in a row, and 35 are recorded";
        assert_eq!(when(START + 200, &snapshot(), &gap, "step"), When::Not(reason.to_owned()));
    }

    #[test]
    fn what_is_due_comes_before_a_step() {
        let due = Snapshot { queues: Queues { oldest_deposit: Some(HOUR), ..snapshot().queues }, ..snapshot() };
        assert_eq!(when(START + 200, &due, &latest(), "settle"), When::Now(Some(START + 1_000)));
        assert!(matches!(when(START + 200, &due, &latest(), "step"), When::Not(_)));
        let later = Snapshot { queues: Queues { oldest_deposit: Some(HOUR + 1), ..snapshot().queues }, ..snapshot() };
        assert_eq!(when(START + 200, &later, &latest(), "settle"), When::Not("nothing is due".to_owned()));
        // What waits for the next hour's cap does not hold the step up.
        let hourly = Hourly { hour: Hour::new(HOUR).unwrap(), nav: 0, cap: 0, deposited: 0, redeemed: 0, swept: true };
        let swept = Snapshot { hour: Some(hourly), ..due };
        assert_eq!(when(START + 200, &swept, &latest(), "step"), When::Now(Some(START + 1_000)));
    }

    #[test]
    fn redemptions_that_are_due_and_swept_can_be_sold_for() {
        let hourly = Hourly { hour: Hour::new(HOUR).unwrap(), nav: 0, cap: 550_000_001, deposited: 0, redeemed: 0, swept: true };
        let waits = Snapshot { hour: Some(hourly), queues: Queues { oldest_redemption: Some(HOUR), ..snapshot().queues }, ..snapshot() };
        assert_eq!(when(START + 200, &waits, &latest(), "sell for redemptions"), When::Now(Some(START + 1_000)));
        // Not where the hour lets out no more than there is, or there is nothing to sell.
        let capped = Snapshot { hour: Some(Hourly { cap: 550_000_000, ..hourly }), ..waits.clone() };
        let reason = "what is left waits for the next hour's cap".to_owned();
        assert_eq!(when(START + 200, &capped, &latest(), "sell for redemptions"), When::Not(reason));
        let mut bare = waits.clone();
        bare.books.managed.base = 0;
        let reason = "the vault holds none of the base token".to_owned();
        assert_eq!(when(START + 200, &bare, &latest(), "sell for redemptions"), When::Not(reason));
        let revoked = Snapshot { state: State::Revoked, ..waits };
        assert!(acts(START + 200, &parts(), &revoked, Some(&latest())).iter().all(|act| act.name != "sell for redemptions"));
    }

    #[test]
    fn a_vault_that_ends_is_unwound_and_takes_no_deposits() {
        for state in [State::Revoked, State::Halted] {
            let ends = Snapshot { state, ..snapshot() };
            assert_eq!(when(START + 200, &ends, &latest(), "unwind"), When::Now(Some(START + 1_000)));
            assert_eq!(when(START + 200, &ends, &latest(), "deposit"), not_while(state));
            assert_eq!(when(START + 200, &ends, &latest(), "step"), not_while(state));
            assert_eq!(when(START + 200, &ends, &latest(), "redeem"), When::Now(None));
        }
        assert!(acts(START + 200, &parts(), &snapshot(), None).iter().all(|act| act.name != "unwind"));
    }
}
