//! The price file of the example, against the faulty places of its source: every hour once and in order, and one glitch.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use maat_tests::root;

/// Hours of the price file.
const HOURS: usize = 10_105;
/// The hour with a price that cannot be: 3,051.13 USD between 4,545.86 and 4,577.13.
const GLITCH: &str = "2021-11-14T21:00:00Z";
/// The largest move in an hour, as a share of the last accepted price.
const MAX_MOVE: f64 = 0.25;

/// The price of an hour in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hourly {
    pub(super) hour: Timestamp,
    pub(super) price: f64,
}

/// A row of the source.
struct SourceRow {
    line: u64,
    /// The time on the clock in Los Angeles, with its offset from UTC.
    time: String,
    hour: Timestamp,
    /// As the source writes it, with up to 13 decimals.
    price: String,
    /// That of the next hour, or nothing.
    next: String,
}

/// What `clean.py` did with a row of the source.
struct Mapped {
    time: String,
    hour: Timestamp,
    price: String,
    dropped: bool,
}

/// The fields of a CSV file without its header, which must be `header`. Only the last column may hold commas.
fn table(path: &str, header: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    assert_eq!(first, header, "{path}");
    let columns = header.split(',').count();
    let fields = |line: &str| line.splitn(columns, ',').map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = rest.lines().map(fields).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == columns), "{path}");
    rows
}

/// The hours and prices of `examples/rockybot/prices.csv`.
pub(super) fn hourly() -> Vec<Hourly> {
    let row = |fields: Vec<String>| Hourly { hour: fields[0].parse().unwrap(), price: fields[1].parse().unwrap() };
    table("examples/rockybot/prices.csv", "hour,price").into_iter().map(row).collect()
}

/// Which prices a history accepts: those within 25 % an hour of the last one that it accepted.
pub(super) fn accepted(hourly: &[Hourly]) -> Vec<bool> {
    let mut last = hourly[0];
    let accept = |now: &Hourly| {
        let hours = now.hour.duration_since(last.hour).as_hours() as f64;
        let accepted = (now.price - last.price).abs() <= MAX_MOVE * hours * last.price;
        if accepted {
            last = *now;
        }
        accepted
    };
    hourly.iter().map(accept).collect()
}

/// The rows of the source around each fault, in its order.
fn source() -> Vec<SourceRow> {
    let row = |fields: Vec<String>| SourceRow {
        line: fields[0].parse().unwrap(),
        time: fields[1].clone(),
        hour: fields[1].parse().unwrap(),
        price: fields[2].clone(),
        next: fields[3].clone(),
    };
    table("tests/fixtures/rockybot/faults.csv", "line,eth_time,eth_price,eth_nexthourprice").into_iter().map(row).collect()
}

/// What happened to the rows of the source, by their line.
fn mapping() -> BTreeMap<u64, Mapped> {
    let row = |fields: Vec<String>| {
        let dropped = match fields[4].as_str() {
            "dropped" => true,
            "kept" => false,
            other => panic!("{other}"),
        };
        (
            fields[0].parse().unwrap(),
            Mapped { time: fields[1].clone(), hour: fields[2].parse().unwrap(), price: fields[3].clone(), dropped },
        )
    };
    table("examples/rockybot/mapping.csv", "line,eth_time,hour,price,action,reason").into_iter().map(row).collect()
}

/// Rows of the source that stand one after the other.
fn neighbours(rows: &[SourceRow]) -> impl Iterator<Item = (&SourceRow, &SourceRow)> {
    rows.iter().zip(&rows[1..]).filter(|(before, after)| before.line + 1 == after.line)
}

/// A price of the source to the cent.
fn cents(price: &str) -> String {
    format!("{:.2}", price.parse::<f64>().unwrap())
}

/// The time on the clock, without the offset.
fn clock(time: &str) -> &str {
    &time[..time.len() - "-07:00".len()]
}

#[test]
fn every_hour_is_there_once_and_in_order() {
    let hourly = hourly();
    assert_eq!(hourly.len(), HOURS);
    for pair in hourly.windows(2) {
        assert_eq!(pair[1].hour.duration_since(pair[0].hour), SignedDuration::from_hours(1), "{pair:?}");
    }
    assert_eq!([hourly[0].hour, hourly[HOURS - 1].hour].map(|hour| hour.to_string()), ["2021-06-01T07:00:00Z", "2022-07-27T07:00:00Z"]);
}

#[test]
fn hours_are_utc_and_prices_are_in_cents() {
    for fields in table("examples/rockybot/prices.csv", "hour,price") {
        assert_eq!(fields[0].parse::<Timestamp>().unwrap().to_string(), fields[0]);
        assert_eq!(cents(&fields[1]), fields[1]);
        assert!(fields[1].parse::<f64>().unwrap() > 0.0, "{fields:?}");
    }
}

#[test]
fn what_the_source_repeats_is_the_same_hour_with_the_same_price() {
    let (rows, mapping) = (source(), mapping());
    let mut repeats = Vec::new();
    for (before, after) in neighbours(&rows) {
        if before.hour == after.hour {
            assert_eq!((&before.time, &before.price, &before.next), (&after.time, &after.price, &after.next), "line {}", after.line);
            repeats.push(after.line);
        } else {
            assert_eq!(after.hour.duration_since(before.hour), SignedDuration::from_hours(1), "line {}", after.line);
        }
    }
    let dropped: Vec<u64> = mapping.iter().filter(|(_, row)| row.dropped).map(|(line, _)| *line).collect();
    assert_eq!(repeats, dropped);
    // The source has 10,116 rows.
    assert_eq!(dropped.len(), 10_116 - HOURS);
}

#[test]
fn every_row_of_the_source_has_its_price_in_the_file() {
    let prices: BTreeMap<Timestamp, f64> = hourly().iter().map(|row| (row.hour, row.price)).collect();
    for row in source() {
        assert_eq!(format!("{:.2}", prices[&row.hour]), cents(&row.price), "line {}", row.line);
    }
}

#[test]
fn the_mapping_says_what_the_source_says() {
    let rows = source();
    for (line, mapped) in mapping() {
        let row = rows.iter().find(|row| row.line == line).unwrap();
        assert_eq!((mapped.time, mapped.hour, mapped.price), (row.time.clone(), row.hour, cents(&row.price)), "line {line}");
    }
}

/// By the clock alone one of the two would be taken for a repeat.
#[test]
fn the_hour_that_the_clock_shows_twice_is_two_hours() {
    let (rows, mapping) = (source(), mapping());
    let back: Vec<_> =
        neighbours(&rows).filter(|(before, after)| clock(&before.time) == clock(&after.time) && before.hour != after.hour).collect();
    let [(before, after)] = back.as_slice() else { panic!("the clock goes back once, not {} times", back.len()) };
    assert_eq!([&before.time, &after.time], ["2021-11-07T01:00:00.000-07:00", "2021-11-07T01:00:00.000-08:00"]);
    assert_eq!(before.next, after.price);
    assert!(!mapping.contains_key(&before.line) && !mapping[&after.line].dropped);
}

#[test]
fn the_glitch_is_the_only_price_that_a_history_refuses() {
    let (hourly, mapping) = (hourly(), mapping());
    let refused: Vec<Hourly> = hourly.iter().zip(accepted(&hourly)).filter(|(_, accepted)| !accepted).map(|(row, _)| *row).collect();
    assert_eq!(refused, [Hourly { hour: GLITCH.parse().unwrap(), price: 3051.13 }]);
    assert!(mapping.values().any(|row| row.hour == refused[0].hour && !row.dropped));
}

#[test]
fn the_hour_without_a_price_of_its_own_copies_the_hour_before() {
    let (rows, mapping) = (source(), mapping());
    let copies: Vec<_> = neighbours(&rows).filter(|(before, after)| before.price == after.price && before.hour != after.hour).collect();
    let [(before, after)] = copies.as_slice() else { panic!("{} copies", copies.len()) };
    assert_eq!(after.hour.to_string(), "2022-01-01T07:00:00Z");
    assert!(before.next.is_empty() && after.next.is_empty());
    assert!(!mapping[&after.line].dropped);
}
