//! What goes wrong on the chain is told with its reason, and survived.

use super::simulated::{ALICE, Fault, GUARDIAN, START, Simulated, USDC, Wish, reports};
use crate::hour::{Hour, SECONDS};
use crate::keeper::{Action, Goal, PAUSE, Told};
use crate::vault::{Call, ModelStatus, Outcome, State};

fn hours(hours: u64) -> Goal {
    Goal { hours: Some(hours), until: None }
}

/// A vault with shares, whose next hours go well.
fn funded() -> Simulated {
    let mut simulated = Simulated::new();
    simulated.wish(1, Wish::Deposits(ALICE, 500_000 * USDC));
    simulated.keep_until(4);
    assert!(simulated.vault.books().managed.base > 0, "it bought");
    simulated.calls.clear();
    simulated
}

fn refusals(told: &[Told]) -> Vec<(u64, &'static str, &str, bool)> {
    told.iter()
        .filter_map(|line| {
            if let Told::Refused(it) = line { Some((it.hour - START, it.action.name(), it.reason.as_str(), it.again)) } else { None }
        })
        .collect()
}

#[test]
fn a_dead_node_is_waited_for_and_the_gap_is_told() {
    let mut simulated = funded();
    // Dead for three and a half hours from the middle of the sixth on.
    let dead = (START + 6) * SECONDS + 1_800..(START + 10) * SECONDS;
    let clock = std::rc::Rc::new(std::cell::Cell::new(simulated.now));
    let seen = clock.clone();
    simulated.price = Box::new(move |now| {
        clock.set(now);
        2_000 * crate::price::USD
    });
    simulated.faults = Box::new(move |_| dead.contains(&seen.get()).then_some(Fault::Lost));
    let (kept, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 12).unwrap()) });
    assert!(!kept.stopped);
    assert_eq!(told.iter().filter(|line| matches!(line, Told::Lost(reason) if reason == "the node is dead")).count(), 1, "{told:?}");
    assert!(told.iter().any(|line| matches!(line, Told::Back(times) if *times > 10)), "{told:?}");
    let (first, last) = (Hour::new(START + 7).unwrap(), Hour::new(START + 9).unwrap());
    assert!(told.contains(&Told::Gap { first, last }), "{told:?}");
    // The gap keeps the network from deciding once, and then it goes on.
    let decided: Vec<u64> =
        reports(&told).iter().filter(|report| report.events.decided.is_some()).map(|report| report.hour - START).collect();
    assert_eq!(decided, [4, 5, 6, 11, 12], "the hour before is told again, because it is not over");
    assert!(refusals(&told).contains(&(10, "step", "the window has a gap: 1 hours in a row are recorded of 2", false)), "{told:?}");
    assert!(simulated.vault.opened().unwrap().hour.count() == START + 12);
}

#[test]
fn a_late_hour_is_told_and_left() {
    let mut simulated = funded();
    simulated.advance((START + 5) * SECONDS + 901);
    let (_, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 7).unwrap()) });
    let recorded: Vec<u64> = reports(&told).iter().map(|report| report.hour - START).collect();
    assert_eq!(recorded, [6, 7], "the late hour was past when it began");
    let (first, last) = (Hour::new(START + 5).unwrap(), Hour::new(START + 5).unwrap());
    assert!(told.contains(&Told::Gap { first, last }), "{told:?}");
    assert!(!simulated.calls.iter().any(|(hour, ..)| *hour == START + 5), "{:?}", simulated.calls);
}

#[test]
fn a_feed_that_comes_back_within_the_hour_is_waited_for() {
    let mut simulated = funded();
    let back = (START + 5) * SECONDS + 400;
    simulated.feeds = Box::new(move |now| now >= back);
    let (kept, told) = simulated.keep(hours(2));
    assert_eq!((kept.recorded, kept.decided), (1 + 1, 1 + 1), "{told:?}");
    let found = refusals(&told);
    assert_eq!(found.len(), 1, "told once, however often it was tried: {found:?}");
    assert!(matches!(found[0], (5, "record", reason, true) if reason.contains("the base price has 0 usable sources")), "{found:?}");
    let tries = simulated.calls.iter().filter(|(hour, action, _)| (*hour, *action) == (START + 5, Action::Record)).count();
    assert_eq!(tries as u64, 400 / PAUSE + 2);
    // Its hours are as if nothing had been.
    assert!(reports(&told).iter().filter(|report| report.hour == START + 5).all(|report| report.troubles.is_empty()));
}

#[test]
fn a_feed_that_is_dead_for_an_hour_leaves_it_unrecorded() {
    let mut simulated = funded();
    let (from, to) = ((START + 5) * SECONDS, (START + 6) * SECONDS);
    simulated.feeds = Box::new(move |now| !(from..to).contains(&now));
    let (kept, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 7).unwrap()) });
    assert_eq!((kept.hours, kept.recorded, kept.decided), (4, 3, 2), "{told:?}");
    let report = reports(&told).into_iter().find(|report| report.hour == START + 5).unwrap();
    assert!(report.recorded.is_none() && report.troubles.len() == 1 && !report.troubles[0].again, "{report:?}");
    assert!(simulated.calls.iter().all(|(hour, action, _)| *hour != START + 5 || *action == Action::Record), "{:?}", simulated.calls);
}

#[test]
fn a_refused_trade_is_tried_again_and_the_hour_is_observed_meanwhile() {
    let mut simulated = funded();
    // Too dear for the floor in the first 500 s of the hour of a trade.
    let well = (START + 5) * SECONDS + 500;
    simulated.price = Box::new(|now| 2_000 * crate::price::USD - (now / SECONDS - START) * 10 * crate::price::USD);
    simulated.pool = Box::new(move |now| if now < well { Some(90) } else { Some(10) });
    let (kept, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 5).unwrap()) });
    assert_eq!((kept.decided, kept.trades), (2, 1), "{told:?}");
    let found = refusals(&told);
    assert!(matches!(found[..], [(5, "step", _, true)]), "{found:?}");
    assert!(found[0].2.contains("less than the floor"), "{found:?}");
    let calls: Vec<_> = simulated.calls.iter().filter(|(hour, ..)| *hour == START + 5).map(|(_, action, _)| action.name()).collect();
    assert_eq!(calls[..3], ["record", "step", "observe"], "{calls:?}");
    assert_eq!(calls[3..], ["step"; 4][..calls.len() - 3], "{calls:?}");
    let Some(decided) = reports(&told).last().unwrap().events.decided else { panic!("it decided") };
    assert!(matches!(decided.outcome, Outcome::Sold { .. }), "{decided:?}");
}

#[test]
fn a_trade_that_is_refused_to_the_end_leaves_the_hour_and_the_next_one_comes() {
    let mut simulated = funded();
    let (from, to) = ((START + 5) * SECONDS, (START + 6) * SECONDS);
    simulated.price = Box::new(|now| 2_000 * crate::price::USD - (now / SECONDS - START) * 10 * crate::price::USD);
    simulated.pool = Box::new(move |now| if (from..to).contains(&now) { None } else { Some(10) });
    let (kept, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 6).unwrap()) });
    assert_eq!(kept.decided, 2, "{told:?}");
    let report = reports(&told).into_iter().find(|report| report.hour == START + 5).unwrap();
    assert_eq!(report.troubles.len(), 1, "{report:?}");
    assert!(report.opened && report.events.decided.is_none() && report.troubles[0].reason.contains("the pool is empty"), "{report:?}");
    let tries = simulated.calls.iter().filter(|(hour, action, _)| *hour == START + 5 && matches!(action, Action::Step(_))).count();
    assert_eq!(tries as u64, 900 / PAUSE + 1, "within the 900 s, and not longer");
}

#[test]
fn drift_keeps_the_hour_observed() {
    let mut simulated = funded();
    let hour = START + 5;
    simulated.price = Box::new(move |now| {
        // 3 % away soon after the record.
        let drifts = now / SECONDS == hour && now % SECONDS > 8;
        (2_000 + if drifts { 60 } else { 0 }) * crate::price::USD
    });
    let (_, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(hour).unwrap()) });
    let report = *reports(&told).last().unwrap();
    assert!(report.opened && report.recorded.is_some() && report.events.decided.is_none(), "{report:?}");
    assert!(report.troubles.iter().any(|trouble| trouble.reason.contains("basis points away from the recorded price")), "{report:?}");
}

#[test]
fn a_paused_vault_is_observed_and_not_stepped() {
    let mut simulated = funded();
    let call = Call { caller: GUARDIAN, now: simulated.now };
    simulated.vault.pause(&mut simulated.world, call).unwrap();
    let (_, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 6).unwrap()) });
    let calls: Vec<_> = simulated.done();
    assert_eq!(calls, [(5, "record"), (5, "observe"), (6, "record"), (6, "observe")]);
    assert!(reports(&told).iter().skip(1).all(|report| report.state == State::Paused && report.opened), "{told:?}");
    assert_eq!(refusals(&told), []);
}

#[test]
fn a_vault_whose_model_is_revoked_is_unwound_a_piece_an_hour() {
    let mut simulated = funded();
    simulated.world.model = ModelStatus::Revoked;
    simulated.wish(6, Wish::Claims(ALICE));
    simulated.wish(6, Wish::Redeems(ALICE));
    let (_, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 20).unwrap()) });
    assert_eq!(simulated.vault.books().managed.base, 0);
    assert_eq!(simulated.vault.redemptions().due(u64::MAX), None, "{:?}", simulated.vault.redemptions());
    let done = simulated.done();
    assert!(done.contains(&(4, "unwind")) && !done.iter().any(|(_, call)| ["step", "raise"].contains(call)), "{done:?}");
    let mut unwound: Vec<_> = done.iter().filter(|(_, call)| *call == "unwind").collect();
    let all = unwound.len();
    unwound.dedup();
    assert_eq!(unwound.len(), all, "once an hour");
    assert_eq!(refusals(&told), []);
}

#[test]
fn a_halted_vault_is_unwound() {
    let mut simulated = funded();
    simulated.price = Box::new(|now| [2_000, 1_600, 1_300, 1_300][(now / SECONDS - START - 4).min(3) as usize] * crate::price::USD);
    // It cannot sell in time.
    simulated.pool = Box::new(|now| (now >= (START + 7) * SECONDS).then_some(10));
    let (_, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 9).unwrap()) });
    let last = *reports(&told).last().unwrap();
    assert_eq!((last.state, last.base), (State::Halted, 0), "{told:?}");
}

#[test]
fn a_call_that_somebody_else_made_is_no_refusal() {
    let mut simulated = funded();
    // Each call is sent by somebody else just before: the keeper's own is refused.
    let mut mine = false;
    simulated.faults = Box::new(move |action| {
        mine = !mine;
        (action.is_some() && mine).then_some(Fault::LostAfter)
    });
    let (kept, told) = simulated.keep(Goal { hours: None, until: Some(Hour::new(START + 8).unwrap()) });
    assert_eq!(refusals(&told), []);
    assert_eq!(kept.decided, 5, "{told:?}");
}

#[test]
fn it_ends_when_it_is_told_to_and_a_goal_counts_hours() {
    let mut simulated = funded();
    simulated.stop_after = Some(6);
    let (kept, _) = simulated.keep(Goal::default());
    assert!(kept.stopped && simulated.calls.len() < 9, "{kept:?}");
    let mut simulated = funded();
    let (kept, told) = simulated.keep(hours(3));
    assert!(!kept.stopped && kept.hours == 3 && reports(&told).len() == 3, "{kept:?}");
}

#[test]
fn a_chain_that_lies_is_not_called_without_end() {
    struct Liar(Simulated);
    impl crate::keeper::Chain for Liar {
        fn look(&mut self) -> Result<crate::keeper::Sight, crate::keeper::Failure> {
            self.0.look()
        }
        fn act(&mut self, action: Action) -> Result<(), crate::keeper::Failure> {
            self.0.calls.push((self.0.hour(), action, Ok(())));
            Ok(())
        }
        fn events(&mut self, hour: Hour) -> Result<crate::keeper::HourEvents, crate::keeper::Failure> {
            self.0.events(hour)
        }
        fn wait(&mut self, until: u64, stop: &std::sync::atomic::AtomicBool) -> Result<(), crate::keeper::Failure> {
            self.0.wait(until, stop)
        }
        fn rest(&mut self, failures: u32, stop: &std::sync::atomic::AtomicBool) -> Result<(), crate::keeper::Failure> {
            self.0.rest(failures, stop)
        }
    }
    let mut liar = Liar(funded());
    let mut told = Vec::new();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let goal = Goal { hours: None, until: Some(Hour::new(START + 6).unwrap()) };
    crate::keeper::keep(&mut liar, goal, &stop, &mut |line| told.push(line.clone())).unwrap();
    assert_eq!(liar.0.calls.len(), 2, "{:?}", liar.0.calls);
    assert!(refusals(&told).iter().all(|found| found.2 == "it was done, and nothing has changed"), "{told:?}");
}
