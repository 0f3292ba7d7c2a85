//! Packages in short form, which the compiler gets through sooner. Functions that are nothing but sums of products (`straight`) have a stand-in
//! for their results, other sums of products are calls (`direct`), and a long constant array is a stand-in value, repeated as often as the array
//! is long. The compiler does hardly anything for an array's later elements then. `straight_sierra` and `splice` put in afterwards what the
//! stand-ins are for.
//!
//! For arrays this is right only where no code depends on the values. The compiler folds constants, structures of constants and boxes of them, but it
//! does not look through a span: the function that makes one is none of those that it folds. So an array is taken only if the crate takes
//! its span, and does nothing else with it. The crates that it depends on cannot name the array.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use num_bigint::BigInt;

use crate::compiler::{CairoPackage, Crate};
use crate::direct::{direct, functions};
use crate::sources::Sources;
use crate::straight::{self, FELT_BITS, number};
use crate::straight_sierra::StandIn;

/// Elements from which on an array is long.
const LONG: usize = 32;
/// The first stand-in for felts. Should other code have such a constant, `splice` refuses.
const FELT_STAND_IN: &str = "3141592653589793238462643383279502884197169399375105820974944592307816406286";
/// The first stand-in for `u32`.
const U32_STAND_IN: u32 = 4_141_592_653;
/// How many arrays are taken at most, so that stand-ins of `u32` stay below 2^32.
const MOST: usize = 1 << 20;

/// A constant array that the short form has a stand-in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongArray {
    /// What the short form has instead of each element. No two arrays with other elements have the same.
    pub stand_in: BigInt,
    /// The elements.
    pub values: Vec<BigInt>,
}

/// A package in short form.
pub struct Short {
    /// The package with the stand-ins.
    pub package: CairoPackage,
    /// What they stand for in arrays.
    pub arrays: Vec<LongArray>,
    /// And in functions.
    pub functions: Vec<StandIn>,
}

/// The definition of an array in a text.
struct Definition<'a> {
    name: &'a str,
    of: &'a str,
    values: Vec<BigInt>,
    /// Where the list of its elements is, brackets included.
    list: Range<usize>,
}

impl Short {
    /// The short form of a package, if there is anything to shorten in its own crate.
    pub fn of(package: &CairoPackage) -> Option<Self> {
        let first = FELT_STAND_IN.parse::<BigInt>().expect("digits");
        let mut stand_ins = Vec::new();
        let texts: Vec<(&str, String)> =
            package.main.sources.iter().map(|(path, text)| (path, without_straight_functions(text, &first, &mut stand_ins))).collect();
        let files: Vec<(&str, &str, Vec<Definition<'_>>)> =
            texts.iter().map(|(path, text)| (*path, text.as_str(), definitions(text))).collect();
        let mut names: HashSet<&str> = files.iter().flat_map(|(_, _, definitions)| definitions).map(|array| array.name).collect();
        for (_, text, definitions) in &files {
            // Elements name nothing, and are most of the text.
            let mut from = 0;
            for Definition { list, .. } in definitions {
                keep_spans(&text[from..list.start], &mut names);
                from = list.end;
            }
            keep_spans(&text[from..], &mut names);
        }

        let mut arrays: Vec<LongArray> = Vec::new();
        let mut known: HashMap<(&str, Vec<BigInt>), usize> = HashMap::new();
        let mut short = Sources::default();
        let mut calls = false;
        for (path, text, definitions) in files {
            let (mut written, mut from) = (String::new(), 0);
            for Definition { name, of, values, list } in definitions {
                if !names.contains(name) || arrays.len() == MOST {
                    continue;
                }
                let length = values.len();
                // The compiler has equal arrays once.
                let index = *known.entry((of, values)).or_insert_with_key(|(of, values)| {
                    let index = arrays.len();
                    let stand_in = if *of == "u32" { BigInt::from(U32_STAND_IN + index as u32) } else { &first + index };
                    arrays.push(LongArray { stand_in, values: values.clone() });
                    index
                });
                written.push_str(&text[from..list.start]);
                written.push_str(&format!("[{}; {length}]", arrays[index].stand_in));
                from = list.end;
            }
            written.push_str(&text[from..]);
            let with_calls = direct(&written);
            calls |= with_calls.is_some();
            short.insert(path, with_calls.unwrap_or(written));
        }
        if arrays.is_empty() && stand_ins.is_empty() && !calls {
            return None;
        }
        let CairoPackage { main, dependencies } = package;
        let main = Crate { sources: short, ..main.clone() };
        let functions = calls.then(functions);
        let package = CairoPackage { main, dependencies: dependencies.iter().cloned().chain(functions).collect() };
        Some(Self { package, arrays, functions: stand_ins })
    }
}

/// The text with stand-ins for the bodies of straight functions, which count down from below the first one of arrays.
fn without_straight_functions(text: &str, first: &BigInt, stand_ins: &mut Vec<StandIn>) -> String {
    let (mut written, mut from) = (String::new(), 0);
    for definition in straight::definitions(text) {
        let value = first - stand_ins.len() - 1;
        written.push_str(&text[from..definition.lines.start]);
        written.push_str(&definition.with_stand_in(&value));
        from = definition.lines.end;
        stand_ins.push(StandIn { value, straight: definition.straight });
    }
    written.push_str(&text[from..]);
    written
}

/// The long arrays of `felt252` or `u32` that a text defines in the generator's form: a line with the head, a line for each element, and a line
/// with the end. Others are none of ours, and are compiled as they are.
fn definitions(text: &str) -> Vec<Definition<'_>> {
    let mut found = Vec::new();
    let mut lines = text.split_inclusive('\n');
    let mut at = 0;
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let Some((name, of, count)) = head(line) else { continue };
        let mut values = Vec::new();
        let mut rest = lines.clone();
        let mut end = at;
        let closed = rest.find_map(|line| {
            end += line.len();
            match element(line, of) {
                Some(value) => {
                    values.push(value);
                    None
                }
                None => Some(line == "];\n"),
            }
        });
        if closed == Some(true) && values.len() == count && count >= LONG {
            // Without the line's bracket before, and the semicolon and the line break behind.
            found.push(Definition { name, of, values, list: start + line.len() - 2..end - 2 });
            lines = rest;
            at = end;
        }
    }
    found
}

/// Name, type of the elements, and length: of the line `pub const NAME: [felt252; 3] = [`.
fn head(line: &str) -> Option<(&str, &str, usize)> {
    let (name, array) = line.strip_prefix("pub const ")?.strip_suffix("] = [\n")?.split_once(": [")?;
    let (of, count) = array.split_once("; ")?;
    let is_name = !name.is_empty() && name.bytes().all(is_of_name);
    (is_name && matches!(of, "felt252" | "u32")).then_some((name, of, count.parse().ok()?))
}

/// The number in a line, if it is an element of this type.
fn element(line: &str, of: &str) -> Option<BigInt> {
    let value = number(line.strip_prefix("    ")?.strip_suffix(",\n")?)?;
    let fits = if of == "u32" { u32::try_from(&value).is_ok() } else { value.bits() <= FELT_BITS };
    fits.then_some(value)
}

/// Drops the names with which a text does anything but define them or take their spans.
fn keep_spans(text: &str, names: &mut HashSet<&str>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| is_of_name(**byte)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let (before, word, behind) = (&bytes[..at], &text[at..at + length], &bytes[at + length..]);
        if names.contains(word) && !before.ends_with(b"pub const ") && !behind.starts_with(b".span()") {
            names.remove(word);
        }
        at += length;
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairo_lang_filesystem::db::Edition;

    fn array(name: &str, of: &str, values: &[i64]) -> String {
        let lines: String = values.iter().map(|value| format!("    {value},\n")).collect();
        format!("pub const {name}: [{of}; {}] = [\n{lines}];\n", values.len())
    }

    fn short(files: &[(&str, &str)]) -> Option<Short> {
        let mut sources = Sources::default();
        files.iter().for_each(|(path, text)| sources.insert(*path, *text));
        let main = Crate { name: "sample".to_owned(), edition: Edition::V2025_12, sources, scarb_manifest: String::new() };
        Short::of(&CairoPackage { main, dependencies: Vec::new() })
    }

    #[test]
    fn arrays_of_which_only_spans_are_taken_get_stand_ins() {
        let values: Vec<i64> = (-20..20).collect();
        let weights = format!("//! Weights.\n{}\n{}", array("A", "felt252", &values), array("B", "u32", &[7; 50]));
        let code = "use crate::weights;\nfn f() { g(weights::A.span(), weights::B.span()); }\n";
        let Short { package, arrays, .. } = short(&[("layers.cairo", code), ("weights.cairo", &weights)]).unwrap();
        assert_eq!(
            arrays[0],
            LongArray { stand_in: FELT_STAND_IN.parse().unwrap(), values: values.into_iter().map(BigInt::from).collect() }
        );
        assert_eq!(arrays[1], LongArray { stand_in: BigInt::from(4_141_592_654u32), values: vec![BigInt::from(7); 50] });
        let expected =
            format!("//! Weights.\npub const A: [felt252; 40] = [{FELT_STAND_IN}; 40];\n\npub const B: [u32; 50] = [4141592654; 50];\n");
        assert_eq!(package.main.sources.get("weights.cairo"), Some(expected.as_str()));
        assert_eq!(package.main.sources.get("layers.cairo"), Some(code));
    }

    #[test]
    fn equal_arrays_share_a_stand_in_and_others_do_not() {
        let text = [("A", "felt252", 1), ("B", "felt252", 1), ("C", "felt252", 2), ("D", "u32", 1)];
        let text: String = text.map(|(name, of, value)| array(name, of, &[value; LONG])).concat();
        let Short { package, arrays, .. } = short(&[("lib.cairo", &text)]).unwrap();
        assert_eq!(arrays.len(), 3);
        let lines: Vec<&str> = package.main.sources.get("lib.cairo").unwrap().lines().collect();
        let list = |line: &str| line.split_once(" = ").map(|(_, list)| list.to_owned());
        assert_eq!(list(lines[0]), list(lines[1]));
        assert!(list(lines[1]) != list(lines[2]) && list(lines[2]) != list(lines[3]));
    }

    #[test]
    fn arrays_whose_elements_the_code_may_know_are_left_as_they_are() {
        let a = array("A", "felt252", &[1; LONG]);
        assert!(short(&[("lib.cairo", &a)]).is_some());
        for code in ["let [a, ..] = A;", "*A[1]", "use crate::A;\n", "A.len()", "(A).span()", "A .span()", "@A"] {
            assert!(short(&[("lib.cairo", &a), ("code.cairo", code)]).is_none(), "{code}");
        }
        for code in ["AB", "B_A.span()", "crate::A.span()"] {
            assert!(short(&[("lib.cairo", &a), ("code.cairo", code)]).is_some(), "{code}");
        }
    }

    #[test]
    fn what_the_generator_does_not_write_is_left_as_it_is() {
        let values = vec![1; LONG];
        let a = array("A", "felt252", &values);
        let others = [
            array("A", "felt252", &values[1..]),
            array("A", "u64", &values),
            array("A", "u32", &[vec![-1], values.clone()].concat()),
            a.replacen("32]", "33]", 1),
            a.replacen("    1,", "    0x1,", 1),
            a.replacen("    1,", "    1, 2,", 1),
            a.replacen("    1,", &format!("    {},", BigInt::from(1) << FELT_BITS), 1),
            a.replacen("];", "", 1),
            a.replacen("];\n", "]", 1),
            a.replacen("pub const", "/// pub const", 1),
        ];
        assert!(others.iter().all(|other| short(&[("lib.cairo", other)]).is_none()));
        // A head without an end does not hide the next array.
        assert!(short(&[("lib.cairo", &format!("pub const B: [u32; 90] = [\n{a}"))]).is_some());
    }
}
