//! Straight functions: those of a text that are nothing but sums of products of elements of boxed arrays, as unrolled layers and tiles are.
//!
//! In the short form (`short`) such a function has a stand-in for its body. What the compiler would make of the sums is written by
//! `straight_sierra`: it goes through thousands of products one by one, several times, and takes most of its time for that.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use num_bigint::BigInt;

use crate::direct::is_name;

/// Products from which on a function is taken. The compiler puts small functions into those that call them.
const LEAST_PRODUCTS: usize = 256;
/// Bits of the greatest felts that are taken: the compiler does not reduce those.
pub const FELT_BITS: u64 = 251;

/// A function of boxed arrays that adds up products. Its results are an array, or accumulators that it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straight {
    /// The number of elements of each box. The boxes are the first parameters.
    pub boxes: Vec<usize>,
    /// The sums, one after another, as the results have them.
    pub sums: Vec<Sum>,
}

/// A sum of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// What the products are added to: a constant, or nothing if it is the parameter at the sum's place, after the boxes.
    pub start: Option<BigInt>,
    /// The products. No element is multiplied with itself.
    pub products: Vec<(Element, Factor)>,
}

/// An element of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Element {
    /// Which box.
    pub of: usize,
    /// Which element of it.
    pub at: usize,
}

/// What an element is multiplied with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Factor {
    /// Another element.
    Element(Element),
    /// A constant.
    Constant(BigInt),
}

/// A straight function in a text.
pub struct Definition<'a> {
    /// Where its lines are, from the head to the brace at the end.
    pub lines: Range<usize>,
    /// What it computes.
    pub straight: Straight,
    head: Head<'a>,
}

/// The first line of a function.
#[derive(Debug, PartialEq, Eq)]
struct Head<'a> {
    /// With `pub`, if it is there.
    name: &'a str,
    boxes: Vec<(&'a str, usize)>,
    accumulators: Vec<&'a str>,
    results: Option<usize>,
}

impl Definition<'_> {
    /// The function with nothing but a stand-in as each of its results.
    pub fn with_stand_in(&self, stand_in: &BigInt) -> String {
        let Head { name, boxes, accumulators, results } = &self.head;
        let boxes = boxes.iter().map(|(name, length)| format!("_{name}: @Box<[felt252; {length}]>"));
        let accumulators_in = accumulators.iter().map(|name| format!("ref {name}: felt252"));
        let parameters: Vec<String> = boxes.chain(accumulators_in).collect();
        let given = results.map_or_else(String::new, |count| format!("-> [felt252; {count}] "));
        let assigned: String = accumulators.iter().map(|name| format!("    {name} = {stand_in};\n")).collect();
        let result = results.map_or_else(String::new, |count| format!("    [{stand_in}; {count}]\n"));
        format!("#[inline(never)]\n{name}({}) {given}{{\n{assigned}{result}}}\n", parameters.join(", "))
    }
}

/// The straight functions of a text in the generator's form. Others are compiled as they are.
pub fn definitions(text: &str) -> Vec<Definition<'_>> {
    let mut found = Vec::new();
    let (mut at, mut attributed) = (0, false);
    while let Some(line) = text[at..].split_inclusive('\n').next() {
        let start = at;
        at += line.len();
        let after_attribute = attributed;
        attributed = line.starts_with("#[") || (attributed && line.starts_with("///"));
        let Some(head) = head(line).filter(|_| !after_attribute) else { continue };
        let Some(length) = text[at..].find("\n}\n") else { continue };
        if let Some(straight) = straight(&head, &text[at..at + length + 1]) {
            at += length + 3;
            found.push(Definition { lines: start..at, straight, head });
        }
    }
    found
}

/// Reads `pub fn f(w: @Box<[felt252; 3]>, ref a: felt252) -> [felt252; 2] {`.
fn head(line: &str) -> Option<Head<'_>> {
    let line = line.strip_suffix(" {\n")?;
    if !line.starts_with("fn ") && !line.starts_with("pub fn ") {
        return None;
    }
    let (name, rest) = line.split_once('(')?;
    let (parameters, given) = rest.split_once(')')?;
    let results = match given {
        "" => None,
        _ => Some(given.strip_prefix(" -> [felt252; ")?.strip_suffix(']')?.parse().ok()?),
    };
    let (mut boxes, mut accumulators) = (Vec::new(), Vec::new());
    for parameter in parameters.split(", ") {
        let (name, of) = parameter.split_once(": ")?;
        match name.strip_prefix("ref ") {
            Some(name) => accumulators.push(Some(name).filter(|_| of == "felt252")?),
            None => {
                let length = of.strip_prefix("@Box<[felt252; ")?.strip_suffix("]>")?.parse().ok()?;
                // The boxes come first.
                boxes.push(Some((name, length)).filter(|_| accumulators.is_empty())?);
            }
        }
    }
    Some(Head { name, boxes, accumulators, results })
}

/// Reads the lines of a function.
fn straight(head: &Head<'_>, body: &str) -> Option<Straight> {
    let mut elements: HashMap<&str, Element> = HashMap::new();
    let mut rest = body;
    for (of, (name, length)) in head.boxes.iter().enumerate() {
        let (names, behind) = rest.strip_prefix("    let [")?.split_once(']')?;
        rest = behind.strip_prefix(" = ")?.strip_prefix(name)?.strip_prefix(".as_snapshot().unbox();\n")?;
        let names: Vec<&str> = names.split(", ").collect();
        if names.len() != *length {
            return None;
        }
        for (at, name) in names.into_iter().enumerate().filter(|(_, name)| *name != "_") {
            if !is_name(name) || elements.insert(name, Element { of, at }).is_some() {
                return None;
            }
        }
    }
    let mut names: Vec<&str> = Vec::new();
    let mut sums: Vec<Sum> = Vec::new();
    while let Some((statement, behind)) = rest.split_once(";\n") {
        let (target, terms) = statement.trim_start().split_once(" = ")?;
        let (bound, name) = target.strip_prefix("let ").map_or((false, target), |name| (true, name));
        let mut terms = terms.split("+ ").map(str::trim);
        let first = terms.next()?;
        if first != name || (!bound && names.last() != Some(&name)) {
            // A sum begins: with a constant, or with what its accumulator holds.
            let start = if bound { Some(constant(first)?) } else { None };
            if !is_name(name) || elements.contains_key(name) || names.contains(&name) || (!bound && first != name) {
                return None;
            }
            names.push(name);
            sums.push(Sum { start, products: Vec::new() });
        } else if sums.last().is_none_or(|sum| sum.start.is_some() != bound) {
            // A variable of the same name, which hides the accumulator.
            return None;
        }
        let products = &mut sums.last_mut()?.products;
        for term in terms {
            let (a, b) = term.split_once(" * ")?;
            let a = *elements.get(a.strip_prefix('*')?)?;
            let b = match b.strip_prefix('*') {
                Some(name) => Factor::Element(*elements.get(name)?),
                None => Factor::Constant(constant(b)?),
            };
            products.push(Some((a, b)).filter(|(a, b)| *b != Factor::Element(*a))?);
        }
        rest = behind;
    }
    let of_constants = |wanted: bool| sums.iter().all(|sum| sum.start.is_some() == wanted);
    let complete = match head.results {
        Some(count) => {
            let results = format!("    [{}]\n", names.join(", "));
            head.accumulators.is_empty() && of_constants(true) && names.len() == count && rest == results
        }
        None => names == head.accumulators && of_constants(false) && rest.is_empty(),
    };
    let straight = Straight { boxes: head.boxes.iter().map(|(_, length)| *length).collect(), sums };
    (complete && straight.is_plain()).then_some(straight)
}

impl Straight {
    /// Whether this is one of the two shapes whose compilation is known: an unrolled layer, which multiplies the elements of one box with constants,
    /// or a tile, which multiplies those of one box with those of another, each of which it uses once. No constant is there twice, which the compiler
    /// would share.
    fn is_plain(&self) -> bool {
        let products = || self.sums.iter().flat_map(|sum| &sum.products);
        let mut constants: HashSet<&BigInt> = self.sums.iter().filter_map(|sum| sum.start.as_ref()).collect();
        let starts = constants.len();
        let mut used: HashSet<Element> = HashSet::new();
        let known = match self.boxes.as_slice() {
            [_] => {
                starts == self.sums.len()
                    && products().all(|(_, factor)| matches!(factor, Factor::Constant(value) if constants.insert(value)))
            }
            [left, right] => {
                let paired = products().all(|(a, factor)| match factor {
                    Factor::Element(b) => {
                        used.insert(*a);
                        a.of == 0 && b.of == 1 && used.insert(*b)
                    }
                    Factor::Constant(_) => false,
                });
                starts == 0 && paired && used.len() == left + right
            }
            _ => false,
        };
        known && self.sums.iter().all(|sum| !sum.products.is_empty()) && products().count() >= LEAST_PRODUCTS
    }
}

/// A number other than 0, 1 and -1, with which the compiler calculates.
fn constant(text: &str) -> Option<BigInt> {
    number(text).filter(|value| value.bits() > 1 && value.bits() <= FELT_BITS)
}

/// A decimal number.
pub fn number(text: &str) -> Option<BigInt> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(start: i64) -> String {
        let products =
            |from: i64| (0..LEAST_PRODUCTS as i64 / 2).map(move |k| format!("\n        + *x{} * {}", k % 2, from + k)).collect::<String>();
        format!(
            "    let [x0, _, x1] = w0.as_snapshot().unbox();\n    let a0 = {start}{};\n    let a1 = -7{};\n    [a0, a1]\n",
            products(100),
            products(1_000)
        )
    }

    fn function(body: &str) -> String {
        format!("/// Sums.\npub fn f(w0: @Box<[felt252; 3]>) -> [felt252; 2] {{\n{body}}}\n")
    }

    fn tile(products: &str) -> String {
        format!(
            "fn t(x: @Box<[felt252; 2]>, w: @Box<[felt252; 2]>, ref a0: felt252) {{\n    let [x0, x1] = x.as_snapshot().unbox();\n    \
             let [w0, w1] = w.as_snapshot().unbox();\n{products}}}\n"
        )
    }

    #[test]
    fn sums_of_constants_and_products_are_read() {
        let text = format!("use a::b;\n\n{}\nfn other() {{\n}}\n", function(&sums(5)));
        let found = definitions(&text);
        let [Definition { lines, straight, .. }] = &found[..] else { panic!("{} definitions", found.len()) };
        assert!(text[lines.clone()].starts_with("pub fn f(") && text[lines.clone()].ends_with("]\n}\n"));
        assert_eq!(straight.boxes, [3]);
        let starts: Vec<_> = straight.sums.iter().map(|sum| sum.start.clone()).collect();
        assert_eq!(starts, [Some(BigInt::from(5)), Some(BigInt::from(-7))]);
        let [(a, b), (c, d)] = &straight.sums[0].products[..2] else { panic!("two products") };
        assert_eq!((*a, b), (Element { of: 0, at: 0 }, &Factor::Constant(BigInt::from(100))));
        assert_eq!((*c, d), (Element { of: 0, at: 2 }, &Factor::Constant(BigInt::from(101))));
        let stub = "#[inline(never)]\npub fn f(_w0: @Box<[felt252; 3]>) -> [felt252; 2] {\n    [99; 2]\n}\n";
        assert_eq!(found[0].with_stand_in(&BigInt::from(99)), stub);
    }

    #[test]
    fn what_the_compiler_might_simplify_is_left_to_it() {
        let text = function(&sums(5));
        assert_eq!(definitions(&text).len(), 1);
        // A constant that is there twice, and those with which it calculates.
        for start in [101, -7, 0, 1, -1] {
            assert!(definitions(&function(&sums(start))).is_empty(), "{start}");
        }
        let too_large = text.replace("* 100\n", &format!("* {}\n", BigInt::from(1) << FELT_BITS));
        assert!(too_large != text && definitions(&too_large).is_empty());
        // Too short, or with an attribute.
        let short = text.replacen("\n        + *x1 * 101", "", 1);
        assert!(short != text && definitions(&short).is_empty());
        assert!(definitions(&text.replace("pub fn", "#[inline]\npub fn")).is_empty());
    }

    #[test]
    fn other_functions_are_left_to_the_compiler() {
        let text = function(&sums(5));
        let others = [
            text.replace("    [a0, a1]\n", "    [a1, a0]\n"),
            text.replace("    [a0, a1]\n", "    g();\n    [a0, a1]\n"),
            text.replace("[x0, _, x1]", "[x0, x1]"),
            text.replace("[x0, _, x1]", "[x0, x0, x1]"),
            text.replace("[felt252; 2]", "[felt252; 3]"),
            text.replace("= w0.as", "= w1.as"),
            text.replace("let a1", "let a0"),
            text.replace("* 100\n", "* *x9\n"),
            text.replace("* 100\n", "* 100 + 3\n"),
            text.replace("* 100\n", "* x1\n"),
            text.replace("+ *x1 * 101\n", "- *x1 * 101\n"),
            text.replace("w0: @Box", "w0: Box"),
            text.replace("(w0:", "(ref a: felt252, w0:"),
            text.replace("pub fn", "#[inline]\n/// Sums.\npub fn"),
            // A second box: the compiler opens them in the order of their first uses.
            text.replace("(w0: @Box<[felt252; 3]>", "(w0: @Box<[felt252; 3]>, w1: @Box<[felt252; 1]>")
                .replace("unbox();\n", "unbox();\n    let [y0] = w1.as_snapshot().unbox();\n")
                .replace("*x1 * 101\n", "*y0 * 101\n"),
        ];
        for other in others {
            assert!(other != text && definitions(&other).is_empty(), "{other}");
        }
    }

    #[test]
    fn accumulators_are_added_to() {
        let products: String = (0..LEAST_PRODUCTS).map(|_| " + *x0 * *w0").collect();
        // A product that is there twice is shared.
        assert!(definitions(&tile(&format!("    a0 = a0{products};\n"))).is_empty());
        let names = |prefix: &str| (0..LEAST_PRODUCTS).map(|k| format!("{prefix}{k}")).collect::<Vec<_>>().join(", ");
        let terms: String = (0..LEAST_PRODUCTS).map(|k| format!(" + *x{k} * *w{k}")).collect();
        let text = tile(&format!("    a0 = a0{terms};\n"));
        let text = text.replace("x0, x1", &names("x")).replace("w0, w1", &names("w")).replace("; 2]", &format!("; {LEAST_PRODUCTS}]"));
        let found = definitions(&text);
        assert_eq!((found.len(), &found[0].straight.sums[0].start), (1, &None));
        let stub = found[0].with_stand_in(&BigInt::from(99));
        assert!(
            stub.starts_with(
                "#[inline(never)]\nfn t(_x: @Box<[felt252; 256]>, _w: @Box<[felt252; 256]>, ref a0: felt252) {\n    a0 = 99;\n}"
            )
        );
        let hidden = text.replacen(" + *x9 ", ";\n    let a0 = a0 + *x9 ", 1);
        let unused = text.replacen(" + *x255 * *w255", "", 1);
        let others =
            [text.replace("a0 = a0", "let a0 = a0"), text.replace("a0 = a0", "a0 = 5"), text.replace("* *w1 ", "* *x1 "), hidden, unused];
        for other in others {
            assert!(other != text && definitions(&other).is_empty());
        }
    }
}
