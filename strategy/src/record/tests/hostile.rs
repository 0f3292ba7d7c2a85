//! Bytes that are not a record, or not one that anybody wrote.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

use super::*;

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    let mut bytes = bytes.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    with_checksum(bytes)
}

/// Where the parts of the record begin that have a length, with the name of what is counted.
fn counts() -> Vec<(usize, &'static str)> {
    let json = 10;
    let entries = json + 4 + STRATEGY.to_json().len() + 5;
    let observations = entries + ENTRIES.to_bytes().len();
    let outputs = observations + 4 + 24 * OBSERVATIONS.len();
    let held = outputs + 4 + 4 * RECORD.outputs.len();
    let proofs = held + 4 + 1 + 64 * RECORD.results.len();
    vec![
        (json, "strategy's bytes"),
        (observations, "observations"),
        (outputs, "outputs"),
        (held, "held decisions"),
        (proofs, "proofs"),
        (proofs + 4, "proof's bytes"),
    ]
}

#[test]
fn rules_and_formats_of_other_versions_are_refused() {
    let bytes = RECORD.to_bytes().unwrap();
    let rules = replaced(&bytes, "\"rule_version\":2", "\"rule_version\":1");
    assert_eq!(refused(&rules, &expected()), "strategy: rule_version: it is 1, and this program knows 2");
    for older in [1, 2] {
        let mut format = bytes.clone();
        format[8] = older;
        let version = format!("the record's format has version {older}; this program knows version 3");
        assert_eq!([&format, &with_checksum(format.clone())].map(|bytes| refused(bytes, &expected())), [version.clone(), version]);
    }
    let other = replaced(&bytes, "MAATRECD", "MAATPROF");
    assert_eq!(refused(&other, &expected()), "this is not a record of a Maat strategy");
    let not_canonical = replaced(&bytes, "\"name\":\"three classes\"", "\"name\":\"three class\"  ");
    assert_eq!(refused(&not_canonical, &expected()), "strategy: it is not a strategy: its JSON is not in the canonical form");
    let active = replaced(&bytes, "three", "thr\u{7f}\u{7f}");
    assert!(refused(&active, &expected()).starts_with("strategy: name: it has 1 to 64 letters"));
    let mut not_text = bytes;
    not_text[14] = 0xff;
    assert_eq!(refused(&with_checksum(not_text), &expected()), "strategy: it is not text");
}

#[test]
fn damage_is_told_apart_from_lies() {
    let bytes = RECORD.to_bytes().unwrap();
    let damaged = "the record is damaged or cut off: its checksum is not that of its content";
    for at in (10..bytes.len()).step_by(997).chain([10, bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(refused(&changed, &expected()), damaged, "{at}");
    }
    let lengths = (10..bytes.len()).step_by(997).chain([10, 41, 42, bytes.len() - 1]);
    for length in lengths {
        assert_eq!(refused(&bytes[..length], &expected()), damaged, "{length}");
    }
    assert_eq!(refused(&[&bytes[..], &[0]].concat(), &expected()), damaged);
    for length in 0..8 {
        assert_eq!(refused(&bytes[..length], &expected()), "this is not a record of a Maat strategy");
    }
    assert_eq!(refused(&bytes[..9], &expected()), "the record ends early, within its version");
}

#[test]
fn a_file_that_is_cut_off_or_goes_on_is_refused_whoever_made_its_checksum() {
    let bytes = RECORD.to_bytes().unwrap();
    let content = bytes.len() - 32;
    for length in (10..3_000).step_by(7).chain((3_000..content).step_by(29_989)).chain([content - 1]) {
        let cut = with_checksum([&bytes[..length], &[0; 32]].concat());
        let reason = refused(&cut, &expected());
        assert!(reason.contains("ends early, within its") || reason.contains("the entries end early"), "{length}: {reason}");
    }
    let longer = with_checksum([&bytes[..content], &[1, 2, 3], &[0; 32]].concat());
    assert_eq!(refused(&longer, &expected()), "3 bytes follow the last proof");
}

#[test]
fn lengths_are_not_believed() {
    let bytes = RECORD.to_bytes().unwrap();
    for (at, part) in counts() {
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let reason = refused(&with_checksum(changed), &expected());
        assert!(reason.starts_with(&format!("{part}: there are 4294967295, more than ")), "{part}: {reason}");
        // As many as may be, but not as many as the file holds.
        let allowed = match part {
            // A strategy may be longer than this file. Where it is cut off, see above.
            "strategy's bytes" => continue,
            // This file has more bytes than a record has hours.
            "held decisions" => continue,
            "proof's bytes" => bytes.len() as u32,
            _ => 1_000_000,
        };
        let mut changed = bytes.clone();
        changed[at..at + 4].copy_from_slice(&allowed.to_le_bytes());
        let reason = refused(&with_checksum(changed), &expected());
        assert_eq!(reason, format!("the record ends early, within its {part}"));
    }
    let long = vec![0; MAX_RECORD_BYTES + 1];
    assert_eq!(refused(&long, &expected()), format!("the record has {} bytes, more than {MAX_RECORD_BYTES}", long.len()));
}

#[test]
fn fields_out_of_their_range_are_named() {
    let bytes = RECORD.to_bytes().unwrap();
    let [_, (observations, _), (outputs, _), ..] = counts()[..] else { unreachable!() };
    let results = outputs + 4 + 4 * RECORD.outputs.len() + 4 + 1;
    let put = |at: usize, value: &[u8]| {
        let mut changed = bytes.clone();
        changed[at..at + value.len()].copy_from_slice(value);
        refused(&with_checksum(changed), &expected())
    };
    let observation = observations + 4 + 2 * 24;
    assert!(put(observation, &[0xff; 8]).starts_with("observations[2]: 18446744073709551615 hours after 1970"));
    assert!(put(observation + 8, &[0; 8]).starts_with("observations[2]: a price is from"));
    assert!(put(observation + 16, &[0xff; 8]).starts_with("observations[2]: a price is from"));
    assert_eq!(put(results + 64, &[2]), "results[1]: its part cannot be 2");
    assert_eq!(put(results + 64 + 3, &[7]), "results[1]: its fill cannot be 7");
    assert_eq!(put(results + 64 + 56, &[0xfe; 8]), format!("results[1]: its halted cannot be {}", u64::from_le_bytes([0xfe; 8])));
    let preset = 10 + 4 + STRATEGY.to_json().len();
    assert_eq!(put(preset, &[9]), "preset: there is none with the code 9");
    assert_eq!(put(preset + 5, &[0]), "entries: a model has 1 to 64 entries, not 0");
}

#[test]
fn a_record_that_could_not_be_read_is_not_written() {
    let mut record = RECORD.clone();
    record.results = vec![record.results[0]; 256];
    assert_eq!(record.to_bytes(), Err(FormatError::TooMany { part: "results", found: 256, limit: 255 }));
    let mut record = RECORD.clone();
    record.starks = vec![vec![0; MAX_RECORD_BYTES / 4]; 5];
    assert!(matches!(record.to_bytes(), Err(FormatError::TooLong { .. })));
}

/// A change of bytes, by positions that count from either end: the parts are small and the proofs are long.
#[derive(Debug, Clone)]
enum Mutation {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
}

fn mutations() -> impl proptest::strategy::Strategy<Value = Vec<Mutation>> {
    let at = prop_oneof![0..3_000usize, any::<usize>()];
    let mutation = prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (at.clone(), 1..50usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        1 => (at, proptest::collection::vec(any::<u8>(), 1..50)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
    ];
    proptest::collection::vec(mutation, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_done_to_its_bytes_a_record_is_refused_and_nothing_panics(mutations in mutations()) {
        let record = RECORD.to_bytes().unwrap();
        let mut bytes = record[..record.len() - 32].to_vec();
        for mutation in mutations {
            let within = |at: usize| at % bytes.len();
            match mutation {
                Mutation::Set(at, byte) => { let at = within(at); bytes[at] = byte }
                Mutation::Remove(at, length) => { let at = within(at); let end = bytes.len().min(at + length); bytes.drain(at..end); }
                Mutation::Insert(at, new) => { let at = within(at); bytes.splice(at..at, new); }
            }
        }
        let bytes = with_checksum([&bytes[..], &[0; 32]].concat());
        prop_assert_eq!(verify(&bytes, &expected()).is_ok(), bytes == record);
        // Without expectations, names and what no rule uses may differ; but nothing panics.
        let _ = verify(&bytes, &Expectations::default());
    }
}
