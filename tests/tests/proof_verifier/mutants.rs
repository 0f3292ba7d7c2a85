//! Mutants of a plain proof and of a hiding one: felts of each kind changed in each way, and parts exchanged, missing or too many. All are
//! refused, by the class and in Rust; but for those that say that the model is private and has this one root, which the class accepts for
//! such an entry: it is whoever calls that compares entries.
//!
//! Each check of the class refuses some of them, so that none of its checks is dead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use maat_cairo::{CairoRunError, Sources};
use maat_tests::networks::Random;
use maat_verifier::{Goldilocks, chain_format};
use num_bigint::BigUint;
use rayon::prelude::*;
use starknet_types_core::felt::Felt;
use winter_verifier::math::StarkField;

use super::anatomy::{Anatomy, CAP, QUERIES, TREES};
use super::proofs::{HIDING, PLAIN, Proof};
use super::verified::Verified;
use super::{CLASS, felt252, forged, library, message, verify};

/// Mutants of both proofs together with one felt changed. Those with another shape and with parts exchanged come on top, some 1,100.
const MUTANTS: usize = if cfg!(feature = "slow") { 20_000 } else { 900 };
/// What those count as that are accepted for another entry.
const ONLY_ROOT: &str = "(accepted as a private model's with one root)";

/// A proof that was changed.
struct Mutant {
    what: String,
    felts: Vec<Felt>,
}

/// A proof to be changed, and another one to take felts from.
struct Valid {
    name: &'static str,
    proof: &'static Proof,
    anatomy: Anatomy,
    other: &'static Proof,
    of_other: Anatomy,
}

fn valid() -> [Valid; 2] {
    let of = |name, proof: &'static LazyLock<Proof>, other: &'static LazyLock<Proof>| {
        let (anatomy, of_other) = (Anatomy::of(proof), Anatomy::of(other));
        Valid { name, proof, anatomy, other, of_other }
    };
    [of("plain", &PLAIN, &HIDING), of("hiding", &HIDING, &PLAIN)]
}

/// The number that the felts after the first one are.
fn with_length(mut felts: Vec<Felt>) -> Vec<Felt> {
    if let [length, rest @ ..] = &mut felts[..] {
        *length = Felt::from(rest.len());
    }
    felts
}

// ONE FELT
// ================================================================================================

/// A kind of felts: the name of the part, and whether each query has one.
type Place = (String, bool);

fn places(anatomy: &Anatomy) -> Vec<Place> {
    let common = anatomy.parts.iter().map(|part| (part.name.clone(), false));
    common.chain(anatomy.queries[0].0.iter().map(|part| (part.name.clone(), true))).collect()
}

/// What a felt is changed to.
const CHANGES: [&str; 17] = [
    "+ 1",
    "- 1",
    "+ p",
    "+ p 2^64",
    "+ p 2^128",
    "+ 2^64",
    "+ 2^128",
    "+ 2^192",
    "+ 2^250",
    "negated",
    "0",
    "swapped with the next one",
    "as in another query",
    "another one of the part",
    "as in the other proof",
    "random",
    "its lowest word above the modulus",
];

/// A mutant with one felt of a place changed, or two that were swapped.
fn one_felt(valid: &Valid, (name, is_of_query): &Place, change: &str, random: &mut Random) -> Mutant {
    let (anatomy, old) = (&valid.anatomy, &valid.proof.felts);
    for attempt in 1.. {
        let query = random.below(QUERIES);
        let find = |anatomy: &Anatomy, query: usize| {
            let mut parts = if *is_of_query { &anatomy.queries[query].0 } else { &anatomy.parts }.iter();
            parts.find(|part| part.name == *name).map(|part| part.range.clone())
        };
        let range = find(anatomy, query).unwrap();
        // The ends of a part are the likeliest to be forgotten.
        let offset = match random.below(4) {
            0 => 0,
            1 => range.len() - 1,
            _ => random.below(range.len()),
        };
        let at = range.start + offset;
        let mut felts = old.clone();
        let (p, power) = (Felt::from(Goldilocks::MODULUS), |bits: u32| Felt::TWO.pow(bits));
        felts[at] = match change {
            "+ 1" => old[at] + Felt::ONE,
            "- 1" => old[at] - Felt::ONE,
            "+ p" => old[at] + p,
            "+ p 2^64" => old[at] + p * power(64),
            "+ p 2^128" => old[at] + p * power(128),
            "+ 2^64" => old[at] + power(64),
            "+ 2^128" => old[at] + power(128),
            "+ 2^192" => old[at] + power(192),
            "+ 2^250" => old[at] + power(250),
            "negated" => -old[at],
            "0" => Felt::ZERO,
            "swapped with the next one" => old[(at + 1) % old.len()],
            "as in another query" if *is_of_query => old[find(anatomy, random.below(QUERIES)).unwrap().start + offset],
            "as in another query" | "another one of the part" => old[range.start + random.below(range.len())],
            "as in the other proof" => match find(&valid.of_other, query) {
                Some(range) => valid.other.felts[range.start + offset % range.len()],
                None => Felt::ONE,
            },
            "random" => library::any_felt(random),
            "its lowest word above the modulus" => {
                let word = old[at].to_biguint() % (BigUint::from(1u8) << 64);
                old[at] - Felt::from(word) + Felt::from(u64::MAX - random.below(3) as u64)
            }
            other => unreachable!("{other}"),
        };
        if change == "swapped with the next one" {
            felts[(at + 1) % old.len()] = old[at];
        }
        if felts != *old {
            return Mutant { what: format!("{}, {name}, felt {offset}, {change}", valid.name), felts };
        }
        // Some parts are one felt, or as in the other proof: then something else is done.
        if attempt == 10 {
            felts[at] += Felt::from(1 + random.bits());
            return Mutant { what: format!("{}, {name}, felt {offset}, random sum", valid.name), felts };
        }
    }
    unreachable!("the last attempt gives a mutant")
}

// SHAPES
// ================================================================================================

/// Fields of the shape: name, first bit, bits, and values to try.
const FIELDS: [(&str, u32, u32, &[u64]); 10] = [
    ("rows", 0, 8, &[0, 1, 10, 12, 13, 22, 23, 27, 255]),
    ("visibility of the inputs", 8, 8, &[0, 1, 2, 3, 255]),
    ("visibility of the outputs", 16, 8, &[0, 1, 2, 3, 255]),
    ("batch", 24, 32, &[0, 2, 3, 1 << 20, u32::MAX as u64]),
    ("inputs", 56, 32, &[0, 1, 35, 37, 42, 4_000, 1 << 20, u32::MAX as u64]),
    ("outputs", 88, 32, &[0, 1, 11, 13, 18, 4_000, 1 << 20, u32::MAX as u64]),
    ("nothing", 120, 8, &[1, 255]),
    ("one-time roots", 128, 32, &[1, 2, 3, 4, 1 << 16, (1 << 16) + 1, u32::MAX as u64]),
    ("index", 160, 32, &[1, 2, u32::MAX as u64]),
    ("nothing above", 192, 59, &[1, 1 << 58]),
];

fn with_field(shape: Felt, (first, bits): (u32, u32), value: u64) -> Felt {
    let shape = shape.to_biguint();
    let old = (&shape >> first) % (BigUint::from(1u8) << bits);
    Felt::from(shape - (old << first) + (BigUint::from(value) << first))
}

fn shapes(valid: &Valid) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let old = valid.proof.felts[1];
    let mut add = |what: String, shape: Felt| {
        if shape != old {
            let mut felts = valid.proof.felts.clone();
            felts[1] = shape;
            mutants.push(Mutant { what: format!("{}, {what}", valid.name), felts });
        }
    };
    for (name, first, bits, values) in FIELDS {
        for value in values {
            let one = with_field(old, (first, bits), *value);
            add(format!("{name} {value}"), one);
            // Indices are of roots; and committed sides may be too long.
            for roots in [1, 2, 8] {
                add(format!("{name} {value}, {roots} roots"), with_field(one, (128, 32), roots));
            }
            add(format!("{name} {value}, committed outputs"), with_field(one, (16, 8), 2));
        }
    }
    mutants
}

// PARTS
// ================================================================================================

fn parts(valid: &Valid, random: &mut Random) -> Vec<Mutant> {
    let (anatomy, old) = (&valid.anatomy, &valid.proof.felts);
    let mut mutants = Vec::new();
    let mut add = |what: String, felts: Vec<Felt>| {
        if felts != *old {
            mutants.push(Mutant { what: format!("{}, {what}", valid.name), felts });
        }
    };
    let copied = |pairs: &[(usize, usize)], length: usize| {
        let mut felts = old.clone();
        for (to, from) in pairs {
            felts[*to..to + length].copy_from_slice(&old[*from..from + length]);
        }
        felts
    };

    // Trees: caps that are swapped, with a node elsewhere, or turned.
    let layers = (1..=anatomy.layers).map(|layer| format!("layer {layer}"));
    let caps: Vec<(String, usize)> = TREES
        .iter()
        .map(ToString::to_string)
        .chain(layers)
        .map(|tree| {
            let start = anatomy.part(&format!("cap of {tree}")).range.start;
            (tree, start)
        })
        .collect();
    for (index, (tree, start)) in caps.iter().enumerate() {
        for (other, of_other) in &caps[index + 1..] {
            add(format!("caps of {tree} and {other} swapped"), copied(&[(*start, *of_other), (*of_other, *start)], CAP));
            add(format!("the cap of {other} for {tree}"), copied(&[(*start, *of_other)], CAP));
        }
        let mut felts = old.clone();
        felts[*start..start + CAP].rotate_left(1);
        add(format!("the cap of {tree} turned"), felts);
        let (a, b) = (random.below(CAP), random.below(CAP));
        let mut felts = old.clone();
        felts.swap(start + a, start + b);
        add(format!("nodes {a} and {b} of the cap of {tree} swapped"), felts);
    }

    // Queries in another order, twice, or with parts of others.
    let (first, length) = (anatomy.queries[0].1.start, anatomy.queries[0].1.len());
    for turn in 1..QUERIES {
        let mut felts = old.clone();
        felts[first..].rotate_left(turn * length);
        add(format!("queries turned by {turn}"), felts);
        let (a, b) = (random.below(QUERIES), random.below(QUERIES));
        let [a, b] = [a, b].map(|query| anatomy.queries[query].1.start);
        add(format!("queries {a} and {b} swapped"), copied(&[(a, b), (b, a)], length));
        add(format!("query {b} for {a}"), copied(&[(a, b)], length));
    }
    for part in &anatomy.queries[0].0 {
        for _ in 0..4 {
            let (a, b) = (random.below(QUERIES), random.below(QUERIES));
            let [to, from] = [a, b].map(|query| anatomy.part_of_query(query, &part.name).range.start);
            add(format!("{} of query {b} for {a}", part.name), copied(&[(to, from)], part.range.len()));
            add(format!("{} of queries {a} and {b} swapped", part.name), copied(&[(to, from), (from, to)], part.range.len()));
        }
        let query = random.below(QUERIES);
        let range = anatomy.part_of_query(query, &part.name).range.clone();
        let mut felts = old.clone();
        felts[range].reverse();
        add(format!("{} of query {query} turned round", part.name), felts);
    }
    // Trees' siblings, exchanged in all levels of a query.
    for (a, b) in [(0, 1), (1, 2), (2, 3), (0, 3)] {
        let range = anatomy.part_of_query(random.below(QUERIES), "paths").range.clone();
        let mut felts = old.clone();
        felts[range].chunks_mut(TREES.len()).for_each(|level| level.swap(a, b));
        add(format!("paths of {} and {} swapped", TREES[a], TREES[b]), felts);
    }

    // Felts that are missing, or too many.
    let starts = anatomy.parts.iter().chain(&anatomy.queries[random.below(QUERIES)].0).map(|part| (part.name.clone(), part.range.start));
    for (name, start) in starts {
        let (mut fewer, mut more) = (old.clone(), old.clone());
        fewer.remove(start);
        more.insert(start, [Felt::ZERO, Felt::ONE, old[start]][random.below(3)]);
        add(format!("a felt is missing in {name}"), with_length(fewer.clone()));
        add(format!("a felt is missing in {name}, the length is kept"), fewer);
        add(format!("a felt more in {name}"), with_length(more.clone()));
        add(format!("a felt more in {name}, the length is kept"), more);
        add(format!("the proof ends at {name}"), with_length(old[..start.max(1)].to_vec()));
        add(format!("the proof ends at {name}, the length is kept"), old[..start].to_vec());
    }
    for count in [1, 2, 3, length] {
        let longer = [&old[..], &vec![Felt::ZERO; count]].concat();
        add(format!("{count} felts after the end"), with_length(longer.clone()));
        add(format!("{count} felts after the end, the length is kept"), longer);
        add(format!("{count} felts are missing"), with_length(old[..old.len() - count].to_vec()));
    }
    add("another query after the end".to_owned(), with_length([&old[..], &old[first..first + length]].concat()));
    for _ in 0..20 {
        let end = 1 + random.below(old.len() - 1);
        add(format!("the first {end} felts"), with_length(old[..end].to_vec()));
    }
    add("the other proof's statement".to_owned(), {
        let (of_this, of_other) = (anatomy.part("cap of fixed").range.start, valid.of_other.part("cap of fixed").range.start);
        with_length([&valid.other.felts[..of_other], &old[of_this..]].concat())
    });
    mutants
}

// ALL OF THEM
// ================================================================================================

/// Whether the verifier in Rust refuses felts: they are no proof in a file, or one that does not hold. Files have each node once, so that a
/// sibling which another query's path has is not read where it is changed: then the file is the old one.
fn is_refused_in_rust(mutant: &Mutant, proof: &Proof) -> bool {
    let felts: Vec<_> = mutant.felts.iter().map(felt252).collect();
    let entries = proof.header.entries();
    match chain_format::decode(&felts, entries) {
        Ok(file) => file == proof.file || maat_verifier::verify(&file, &entries.commitment()).is_err(),
        Err(_) => true,
    }
}

/// The messages of the verifier's sources: short strings in capitals.
fn messages() -> BTreeSet<String> {
    let is_message = |text: &str| text.len() > 3 && text.chars().all(|letter| letter.is_ascii_uppercase() || " -".contains(letter));
    let mut messages = BTreeSet::new();
    for sources in [Sources::stark(), Sources::verifier()] {
        for line in sources.iter().flat_map(|(_, text)| text.lines()).filter(|line| !line.trim_start().starts_with("//")) {
            messages.extend(line.split('\'').skip(1).step_by(2).filter(|text| is_message(text)).map(str::to_owned));
        }
    }
    messages
}

#[test]
fn every_mutant_is_refused_and_every_check_refuses_some() {
    let valid = valid();
    LazyLock::force(&CLASS);
    let mut random = Random::new(71);
    let mut mutants: Vec<(usize, Mutant)> = Vec::new();
    let places = valid.each_ref().map(|valid| places(&valid.anatomy));
    for index in 0..MUTANTS {
        let which = index % valid.len();
        let turn = index / valid.len();
        let place = &places[which][turn % places[which].len()];
        let change = CHANGES[(turn + turn / places[which].len()) % CHANGES.len()];
        mutants.push((which, one_felt(&valid[which], place, change, &mut random)));
    }
    for (which, valid) in valid.iter().enumerate() {
        let others = shapes(valid).into_iter().chain(parts(valid, &mut random));
        mutants.extend(others.map(|mutant| (which, mutant)));
    }

    let refusals: Vec<Result<String, String>> = mutants
        .par_iter()
        .map(|(which, mutant)| {
            let what = &mutant.what;
            if !is_refused_in_rust(mutant, valid[*which].proof) {
                return Err(format!("accepted in Rust: {what}"));
            }
            match verify(&mutant.felts) {
                // The number of one-time roots is not part of the transcript, but of the entry that is returned.
                Ok(call) if Verified::read(&call.output).is_with_only_root(valid[*which].proof) => Ok(ONLY_ROOT.to_owned()),
                Ok(_) => Err(format!("accepted: {what}")),
                Err(error @ CairoRunError::Panicked { .. }) => Ok(message(&error)),
                Err(error) => Err(format!("{error}: {what}")),
            }
        })
        .collect();
    let (mut counts, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for refusal in refusals {
        match refusal {
            Ok(message) => *counts.entry(message).or_default() += 1,
            Err(what) => wrong.push(what),
        }
    }
    println!("{} mutants", mutants.len());
    counts.iter().for_each(|(message, count)| println!("{count:6} {message}"));
    assert!(mutants.len() >= 2_000);
    assert!(wrong.is_empty(), "{} mutants:\n{}", wrong.len(), wrong.join("\n"));

    let of_others: BTreeSet<String> = forged::MESSAGES.into_iter().chain([forged::NO_INVERSE]).map(str::to_owned).collect();
    let (found, known): (BTreeSet<String>, _) = (counts.into_keys().collect(), messages());
    let dead: Vec<&String> = known.iter().filter(|message| !found.contains(*message) && !of_others.contains(*message)).collect();
    assert!(dead.is_empty(), "nothing is refused with {dead:?}");
    let unknown: Vec<&String> = of_others.difference(&known).collect();
    assert!(unknown.is_empty(), "the verifier does not say {unknown:?}");
}
