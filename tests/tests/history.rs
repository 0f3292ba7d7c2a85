//! Price histories and feeds: the twin in `maat-strategy`, and the contracts `price_history` and `pragma_feed` over an oracle, give the
//! same on random sequences of entries and times.

use std::collections::BTreeMap;
use std::sync::Arc;

use maat_cairo::{CairoPackage, Compiler};
use maat_strategy::history::{Observation, Refusal, Side, link};
use maat_strategy::hour::SECONDS;
use maat_strategy::price::USD;
use maat_strategy::vault::PriceHistory;
use maat_strategy::vault::feed::{Entry, Feed};
use maat_strategy::vault::recorder::RecordError;
use maat_tests::networks::Random;
use rayon::prelude::*;
use starknet_types_core::felt::Felt;

use crate::common::chain::{Chain, Class, selector, text};

/// Sequences that are compared.
const SEQUENCES: u64 = if cfg!(feature = "slow") { 20_000 } else { 300 };
/// Hours of a sequence that are tried.
const HOURS: usize = 8;
/// The first hour of the year 3000.
const YEAR_3000: u64 = 9_028_800;

/// What is done to them.
enum Operation {
    Say { base: Vec<Entry>, quote: Vec<Entry> },
    Record(u64),
    Window(u32),
    At(u64),
}

fn observed(Observation { hour, base, quote }: Observation) -> [Felt; 3] {
    [hour.count().into(), base.units().into(), quote.units().into()]
}

/// The hour, whose price, what it was, what it would be, and the hours between; nothing if the refusal is another one.
fn too_far(refusal: Refusal) -> Option<[Felt; 5]> {
    let Refusal::Move { hour, side, last, found, hours } = refusal else { return None };
    let side = match side {
        Side::Base => Felt::ZERO,
        Side::Quote => Felt::ONE,
    };
    Some([hour.count().into(), side, last.units().into(), found.units().into(), hours.into()])
}

/// What the contract panics with.
fn reason(error: &RecordError) -> Option<Felt> {
    Some(text(match error {
        RecordError::Late { .. } => "history: too late in the hour",
        RecordError::Time => "history: year 3000 or later",
        RecordError::Refused(Refusal::NotLater { .. }) => "history: hour is not later",
        RecordError::Feed(thin) if thin.side == Side::Base => "feed: too few base sources",
        RecordError::Feed(_) => "feed: too few quote sources",
        RecordError::Refused(Refusal::Move { .. }) => return None,
    }))
}

/// The twin, and what the contract must give and say.
#[derive(Default)]
struct Expected {
    twin: PriceHistory,
    feed: Feed,
    results: Vec<Felt>,
    events: Vec<Felt>,
}

impl Expected {
    /// Does what an operation says, and names what came of it.
    fn apply(&mut self, operation: &Operation) -> &'static str {
        match operation {
            Operation::Say { base, quote } => {
                (self.feed.base, self.feed.quote) = (base.clone(), quote.clone());
                "said"
            }
            Operation::Record(time) => self.record(*time),
            Operation::Window(n) => match self.twin.window(*n as usize) {
                Some(window) => {
                    self.results.extend([Felt::ZERO, window.len().into()]);
                    self.results.extend(window.iter().map(|observation| Felt::from(observation.base.units())));
                    if *n > 2 { "a window of more than two" } else { "a window" }
                }
                None => {
                    self.results.push(Felt::ONE);
                    "no window"
                }
            },
            Operation::At(hour) => match self.twin.history().accepted().iter().find(|observation| observation.hour.count() == *hour) {
                Some(observation) => {
                    self.results.push(Felt::ZERO);
                    self.results.extend(observed(*observation));
                    "an hour"
                }
                None => {
                    self.results.push(Felt::ONE);
                    "no hour"
                }
            },
        }
    }

    fn record(&mut self, time: u64) -> &'static str {
        let chain = self.twin.chain();
        let what = match self.twin.record(&self.feed, time) {
            Ok(observation) => {
                let [hour, base, quote] = observed(observation);
                self.results.extend([Felt::ZERO, Felt::ZERO, hour, base, quote]);
                assert_eq!(self.twin.chain(), link(chain, observation));
                self.events.extend([Felt::ZERO, hour, base, quote, self.twin.oldest().into(), self.twin.chain()]);
                if self.twin.history().consecutive() == 1 { "recorded after a gap" } else { "recorded" }
            }
            Err(error) => {
                match (reason(&error), &error) {
                    (Some(reason), _) => self.results.extend([Felt::ONE, reason]),
                    (None, RecordError::Refused(refusal)) => {
                        let refused = too_far(*refusal).expect("a move has no reason");
                        self.results.extend([Felt::ZERO, Felt::ONE]);
                        self.results.extend(refused);
                        self.events.push(Felt::ONE);
                        self.events.extend(refused);
                    }
                    (None, _) => panic!("{error}: the contract has no text for it"),
                }
                match error {
                    RecordError::Late { .. } => "late",
                    RecordError::Time => "year 3000",
                    RecordError::Feed(thin) if thin.side == Side::Base => "a thin base price",
                    RecordError::Feed(_) => "a thin quote price",
                    RecordError::Refused(Refusal::NotLater { .. }) => "not later",
                    RecordError::Refused(Refusal::Move { side: Side::Base, .. }) => "a move of the base price",
                    RecordError::Refused(Refusal::Move { side: Side::Quote, .. }) => "a move of the quote price",
                }
            }
        };
        match self.twin.last() {
            Some(last) => {
                self.results.push(Felt::ZERO);
                self.results.extend(observed(last));
                let consecutive = self.twin.history().consecutive();
                self.results.extend([Felt::from(consecutive), self.twin.recorded_at().into(), self.twin.oldest().into()]);
                self.results.push(self.twin.chain());
            }
            None => self.results.push(Felt::ONE),
        }
        self.results.push(self.twin.chain());
        what
    }
}

/// A price that moved from another one: mostly a little, sometimes about as far as an hour allows, and rarely anywhere.
fn moved(random: &mut Random, price: u64) -> u64 {
    let per_mille = match random.below(20) {
        0 => 700 + random.below(600) as u64,
        1 => [749, 750, 751, 1_249, 1_250, 1_251][random.below(6)],
        _ => 950 + random.below(100) as u64,
    };
    if random.below(60) == 0 {
        return 1 + random.bits() % ((1 << 60) - 1);
    }
    let price = u128::from(price) * u128::from(per_mille) / 1_000;
    u64::try_from(price.clamp(1, (1 << 60) - 1)).unwrap()
}

/// What the sources say of a token at a time; `price` is what most of them say.
fn said(random: &mut Random, price: u64, now: u64) -> Vec<Entry> {
    let careless = random.below(10) == 0;
    let mut entries = Vec::new();
    for source in 1..=6 {
        let count = if careless { random.below(3) } else { [1, 1, 1, 1, 2, 3, 0, 1][random.below(8)] };
        for _ in 0..count {
            let rogue = if careless { random.below(3) == 0 } else { random.below(20) == 0 };
            let price = match random.below(4) {
                0 if rogue => 0,
                1 if rogue => 1 << 60,
                2 if rogue => u64::MAX,
                _ => price.saturating_add(random.below(3) as u64),
            };
            let timestamp = match random.below(4) {
                0 if rogue => now + 1 + random.below(100) as u64,
                1 if rogue => now.saturating_sub(601 + random.below(100) as u64),
                2 => now.saturating_sub(600),
                _ => now.saturating_sub(random.below(600) as u64),
            };
            entries.push(Entry { source, price, timestamp });
        }
    }
    // The order in which an oracle gives them is its own.
    for index in (1..entries.len()).rev() {
        entries.swap(index, random.below(index + 1));
    }
    entries
}

/// A random sequence.
fn sequence(random: &mut Random) -> Vec<Operation> {
    let mut hour = if random.below(10) == 0 { YEAR_3000 - 1 - random.below(HOURS) as u64 } else { 470_000 + random.below(48) as u64 };
    let (mut base, mut quote) = (2_000 * USD, USD);
    let mut operations = Vec::new();
    for _ in 0..HOURS {
        hour = match random.below(30) {
            0 => hour,
            1 => hour - 1,
            2 => hour + 65_535 + random.below(3) as u64,
            3 | 4 => hour + 2 + random.below(4) as u64,
            _ => hour + 1,
        };
        let since = match random.below(20) {
            0 => 900 + random.below(3) as u64,
            1 => 3_599,
            _ => random.below(900) as u64,
        };
        let now = hour * SECONDS + since;
        (base, quote) = (moved(random, base), moved(random, quote));
        operations.push(Operation::Say { base: said(random, base, now), quote: said(random, quote, now) });
        operations.push(Operation::Record(now));
        operations.push(match random.below(2) {
            0 => Operation::Window(random.below(6) as u32),
            _ => Operation::At(hour + 2 - random.below(10) as u64),
        });
    }
    operations
}

const ORACLE: Felt = Felt::from_hex_unchecked("0x10");
const FEED: Felt = Felt::from_hex_unchecked("0x11");
const HISTORY: Felt = Felt::from_hex_unchecked("0x12");

/// Oracle, feed and history.
type Classes = [Arc<Class>; 3];

fn classes() -> Classes {
    let packages = [
        (CairoPackage::mocks(), "maat_mocks::oracle::mock_oracle"),
        (CairoPackage::pragma_feed(), "maat_feeds::pragma::pragma_feed"),
        (CairoPackage::price_history(), "maat_history::price_history::price_history"),
    ];
    packages.map(|(package, path)| {
        let contracts = Compiler::default().contracts(&package, &[path.to_owned()]).unwrap_or_else(|error| panic!("{error}"));
        Arc::new(Class::new(&contracts[0]))
    })
}

/// A chain with these contracts.
fn deployed(classes: &Classes) -> Chain {
    let mut chain = Chain::new(0);
    let (base, quote) = (text("ETH/USD"), text("USDC/USD"));
    let sources: Vec<Felt> = (0..=5).map(|source| if source == 0 { Felt::from(5) } else { Felt::from(source) }).collect();
    let calldata = [vec![], [vec![ORACLE, base, quote], sources].concat(), vec![FEED]];
    for ((class, at), calldata) in classes.iter().zip([ORACLE, FEED, HISTORY]).zip(&calldata) {
        chain.declare(class.clone());
        // The feed asks the oracle for its decimals.
        if at == FEED {
            for pair in [base, quote] {
                tell(&mut chain, ORACLE, "set_decimals", &[pair, Felt::from(8)]);
            }
        }
        chain.deploy(at, class.hash(), calldata).unwrap_or_else(|failure| panic!("{failure:?}"));
    }
    chain
}

/// What a call that must not panic gives.
fn tell(chain: &mut Chain, to: Felt, function: &str, calldata: &[Felt]) -> Vec<Felt> {
    chain.call(Felt::ONE, to, function, calldata).unwrap_or_else(|failure| panic!("{function}: {failure:?}")).output
}

/// What the contracts give and say.
fn run(chain: &mut Chain, operations: &[Operation]) -> Vec<Felt> {
    let (mut results, mut events) = (Vec::new(), Vec::new());
    for operation in operations {
        match operation {
            Operation::Say { base, quote } => {
                for (pair, entries) in [("ETH/USD", base), ("USDC/USD", quote)] {
                    let entry = |entry: &Entry| [Felt::from(entry.source), Felt::from(entry.price), Felt::from(entry.timestamp)];
                    let entries: Vec<Felt> = std::iter::once(entries.len().into()).chain(entries.iter().flat_map(entry)).collect();
                    tell(chain, ORACLE, "set_entries", &[&[text(pair)], &entries[..]].concat());
                }
            }
            Operation::Record(time) => {
                chain.now = *time;
                match chain.call(Felt::ONE, HISTORY, "record", &[]) {
                    Ok(done) => {
                        results.push(Felt::ZERO);
                        results.extend(done.output);
                        for event in done.events.into_iter().filter(|event| event.from == HISTORY) {
                            events.push(Felt::from(u8::from(event.keys[0] != selector("Recorded"))));
                            events.push(event.keys[1]);
                            events.extend(event.data);
                        }
                    }
                    Err(failure) => results.extend([Felt::ONE, failure.reason()]),
                }
                for view in ["latest", "chain"] {
                    results.extend(tell(chain, HISTORY, view, &[]));
                }
            }
            Operation::Window(n) => results.extend(tell(chain, HISTORY, "window", &[Felt::from(*n)])),
            Operation::At(hour) => results.extend(tell(chain, HISTORY, "at", &[Felt::from(*hour)])),
        }
    }
    // What views repeat.
    let latest = tell(chain, HISTORY, "latest", &[]);
    if latest[0] == Felt::ZERO {
        let views = ["consecutive", "recorded_at", "oldest", "chain"].map(|view| tell(chain, HISTORY, view, &[])[0]);
        assert_eq!(latest[4..], views);
    }
    [results, events].concat()
}

#[test]
fn contracts_and_twin_give_the_same_on_random_sequences() {
    let classes = classes();
    let counts: Vec<BTreeMap<&str, usize>> = (0..SEQUENCES)
        .into_par_iter()
        .map(|seed| {
            let operations = sequence(&mut Random::new(seed));
            let mut expected = Expected { feed: Feed { sources: (1..=5).collect(), ..Feed::default() }, ..Expected::default() };
            let mut counts = BTreeMap::new();
            for operation in &operations {
                *counts.entry(expected.apply(operation)).or_default() += 1;
            }
            let found = run(&mut deployed(&classes), &operations);
            assert_eq!(found, [expected.results, expected.events].concat(), "sequence {seed}");
            counts
        })
        .collect();
    let mut total: BTreeMap<&str, usize> = BTreeMap::new();
    counts.into_iter().flatten().for_each(|(what, count)| *total.entry(what).or_default() += count);
    println!("{total:#?}");
    for what in [
        "recorded",
        "recorded after a gap",
        "late",
        "year 3000",
        "a thin base price",
        "a thin quote price",
        "not later",
        "a move of the base price",
        "a move of the quote price",
        "a window",
        "a window of more than two",
        "no window",
        "an hour",
        "no hour",
    ] {
        let count = total.get(what).copied().unwrap_or_default();
        assert!(count as u64 * 20 >= SEQUENCES, "{what}: only {count} in {SEQUENCES} sequences");
    }
}
