//! A keeper that is killed or loses its node at any moment does what one does that is not.

use proptest::prelude::*;

use super::simulated::{Fault, Simulated, reports};
use crate::keeper::Action;
use crate::vault::{Event, Kind, Purpose};

const HOURS: u64 = 34;

/// Tosses that follow from a seed.
struct Tosses(u64);

impl Tosses {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX generator; the low bits are weak.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A settlement can be made as often as anybody likes. One that lands after another pays out the few units that rounding left, which moves all
/// later amounts by as much. So that runs can be compared to the last unit, no settlement lands late here.
fn landing(fault: Fault, action: Option<Action>) -> Fault {
    match (fault, action) {
        (Fault::KilledBetween(_), Some(Action::Settle)) => Fault::KilledAfter,
        (Fault::LostBetween, Some(Action::Settle)) => Fault::LostAfter,
        _ => fault,
    }
}

fn undisturbed() -> Simulated {
    let mut simulated = Simulated::invested();
    simulated.keep_until(HOURS);
    simulated
}

/// Everything that counts is equal: what was recorded, and every event in its order.
fn assert_same(found: &Simulated, expected: &Simulated, what: &str) {
    assert_eq!(found.world.history.chain(), expected.world.history.chain(), "{what}: recorded");
    let (events, others) = (found.vault.events(), expected.vault.events());
    if let Some(at) = (0..events.len().max(others.len())).find(|at| events.get(*at) != others.get(*at)) {
        panic!("{what}: event {at} is {:?}, not {:?}", events.get(at), others.get(at));
    }
    assert_eq!(found.vault.books(), expected.vault.books(), "{what}");
    assert!(found.world.ledger == expected.world.ledger, "{what}: balances");
}

#[test]
fn an_undisturbed_keeper_does_everything_once() {
    let mut simulated = Simulated::invested();
    let (told, kills) = simulated.keep_until(HOURS);
    assert_eq!(kills, 0);
    let hours: Vec<u64> = reports(&told).iter().map(|report| report.hour - super::simulated::START).collect();
    assert_eq!(hours, (0..=HOURS).collect::<Vec<_>>());
    let done = simulated.done();
    for name in ["record", "step", "raise"] {
        let mut hours: Vec<u64> = done.iter().filter(|(_, call)| *call == name).map(|(hour, _)| *hour).collect();
        let all = hours.len();
        hours.dedup();
        assert_eq!(hours.len(), all, "{name} twice in an hour: {done:?}");
        assert!(all > 0, "{name} never");
    }
    assert_eq!(done.iter().filter(|(_, call)| *call == "record").count() as u64, HOURS + 1);
    // The first hour has no window.
    assert_eq!(done.iter().filter(|(_, call)| *call == "step").count() as u64, HOURS);
    let events = simulated.vault.events();
    let sold = |wanted| events.iter().filter(|event| matches!(event, Event::Traded { purpose, .. } if *purpose == wanted)).count();
    assert!(sold(Purpose::Decision) > 3 && sold(Purpose::Shortfall) > 0, "{events:?}");
    // What was raised is paid out at once, and in the end everybody is paid.
    assert_eq!(simulated.vault.redemptions().due(u64::MAX), None);
    assert_eq!(simulated.vault.books().supply, 0);
    let is_sale = |event: &Event| matches!(event, Event::Traded { purpose: Purpose::Shortfall, .. });
    for at in (0..events.len()).filter(|at| is_sale(&events[*at])) {
        assert!(events[at..].iter().take(4).any(|event| matches!(event, Event::Settled { kind: Kind::Redeem, .. })), "{:?}", &events[at..]);
    }
    assert!(simulated.calls.iter().filter(|(.., result)| result.is_err()).count() <= 2, "{:?}", simulated.calls);
}

#[test]
fn killed_once_at_any_moment() {
    let expected = undisturbed();
    // Calls and questions of an undisturbed run, so that each of them is the one at which it is killed.
    let moments = expected.questions + expected.calls.len() as u64;
    assert!(moments > 200);
    for fault in [Fault::Killed, Fault::KilledAfter, Fault::KilledBetween(false), Fault::KilledBetween(true), Fault::LostBetween] {
        for moment in 0..moments {
            let mut simulated = Simulated::invested();
            let mut at = 0;
            simulated.faults = Box::new(move |action| {
                at += 1;
                (at == moment + 1).then(|| landing(fault, action))
            });
            let (_, kills) = simulated.keep_until(HOURS);
            assert_eq!(kills, usize::from(fault != Fault::LostBetween), "moment {moment}");
            assert_same(&simulated, &expected, &format!("{fault:?} at {moment}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(feature = "slow") { 5_000 } else { 200 }))]

    #[test]
    fn killed_and_lost_again_and_again(seed in any::<u64>(), one_in in 3u64..40) {
        disturbed(seed, one_in);
    }
}

/// The chain is lost twice in a row when the last hour is to be told of.
#[test]
fn lost_when_an_hour_is_told_of() {
    disturbed(11_498_427_412_359_370_169, 5);
}

fn disturbed(seed: u64, one_in: u64) {
    let expected = undisturbed();
    let mut simulated = Simulated::invested();
    let mut tosses = Tosses(seed);
    simulated.faults = Box::new(move |action: Option<Action>| {
        const FAULTS: [Fault; 7] = [
            Fault::Killed,
            Fault::KilledAfter,
            Fault::KilledBetween(false),
            Fault::KilledBetween(true),
            Fault::Lost,
            Fault::LostAfter,
            Fault::LostBetween,
        ];
        (tosses.below(one_in) == 0).then(|| landing(FAULTS[tosses.below(7) as usize], action))
    });
    simulated.keep_until(HOURS);
    assert_same(&simulated, &expected, &format!("seed {seed}, one in {one_in}"));
}
