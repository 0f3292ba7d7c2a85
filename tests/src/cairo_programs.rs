//! Cairo programs that are not models, and what each gives, computed here without the VM.
//!
//! The compiler's own crates have no programs to run: their `.cairo` files are contracts, and input for the parser and the
//! formatter. The programs marked [`Source::Carried`] are those of the package `cairo-native`, among them the examples of `cairo-vm`.

use std::path::Path;

use maat_cairo::{CairoPackage, Crate, Edition, Sources};
use maat_verifier::Felt252;
use num_bigint::BigUint;
use starknet_types_core::felt::Felt;

use crate::root;

/// A row of the table.
pub struct CairoProgram {
    /// What it is called.
    pub name: &'static str,
    /// Where its text is.
    pub source: Source,
    /// Its serialised arguments.
    pub arguments: &'static [i128],
    /// What it does.
    pub outcome: Outcome,
}

/// Where the text of a program is.
pub enum Source {
    /// A file of `tests/fixtures/cairo/`.
    Fixture(&'static str),
    /// A file of the package that carries the core library, as the module `carried`; it has no `#[executable]` function, so this is one.
    Carried(&'static str, &'static str),
}

/// What a program does.
pub enum Outcome {
    /// Its output, given its arguments.
    Proven(fn(&[i128]) -> Vec<Felt252>),
    /// The message that it panics with.
    Panics(&'static str),
    /// The first builtin that it uses and that proofs do not support.
    Refused(&'static str),
}

use Outcome::{Panics, Proven, Refused};
use Source::{Carried, Fixture};

const fn row(name: &'static str, source: Source, arguments: &'static [i128], outcome: Outcome) -> CairoProgram {
    CairoProgram { name, source, arguments, outcome }
}

/// The programs of this project.
pub const PROGRAMS: &[CairoProgram] = &[
    row("nothing", Fixture("nothing.cairo"), &[], Proven(|_| vec![])),
    row("fibonacci by recursion", Fixture("fibonacci_recursive.cairo"), &[13], Proven(fibonacci)),
    row("fibonacci by a loop", Fixture("fibonacci_loop.cairo"), &[1000], Proven(fibonacci)),
    row(
        "factorial",
        Fixture("factorial.cairo"),
        &[34],
        Proven(|arguments| vec![Felt252::from((1..=arguments[0] as u128).product::<u128>())]),
    ),
    row("factorial beyond 128 bits", Fixture("factorial.cairo"), &[35], Panics("u128_mul Overflow")),
    row("arrays", Fixture("arrays.cairo"), &[9, 5, 3, 9, 1, 7, 3, 4_294_967, 0, 6], Proven(arrays)),
    row("structs and enums", Fixture("shapes.cairo"), SHAPES, Proven(shapes)),
    row("felts that wrap around", Fixture("felts.cairo"), &[i128::MAX, -3], Proven(felts)),
    row("felts below zero", Fixture("felts.cairo"), &[-1, 2], Proven(felts)),
    row(
        "unsigned integers",
        Fixture("unsigned.cairo"),
        &[77, 21_845, 4_000_000_000, 18_446_744_073_709_551_614, 99 << 80],
        Proven(unsigned),
    ),
    row("unsigned integers that are small", Fixture("unsigned.cairo"), &[0, 0, 65_535, 255, 1], Proven(unsigned)),
    row("integers of 256 bits", Fixture("u256.cairo"), &[i128::MAX, 5, 12_345_678_901_234_567_890, 3], Proven(u256)),
    row("integers of 256 bits, far apart", Fixture("u256.cairo"), &[3, i128::MAX, 10, 0], Proven(u256)),
    row("signed integers", Fixture("signed.cairo"), &[-100, 2_000_000_000], Proven(signed)),
    row("signed integers of the other sign", Fixture("signed.cairo"), &[77, -2_000_000_001], Proven(signed)),
    row("bounded integers", Fixture("bounded.cairo"), &[-32768, 32767, 127, -127], Proven(bounded)),
    row("bounded integers above zero", Fixture("bounded.cairo"), &[1000, -2000, 77, -3], Proven(bounded)),
    row("loops", Fixture("loops.cairo"), &[27, 91], Proven(loops)),
    row("loops to a prime", Fixture("loops.cairo"), &[7, 23], Proven(loops)),
    row("generics and traits", Fixture("generics.cairo"), &[11, 31, 5], Proven(generics)),
    row("options and results", Fixture("options.cairo"), &[4, 8, 0, 1001, 1000], Proven(options)),
    row("options that are none", Fixture("options.cairo"), &[1, 1_000_000], Proven(options)),
    row("closures", Fixture("closures.cairo"), &[7, 12], Proven(closures)),
    row("strings", Fixture("strings.cairo"), &[12345, 999], Proven(strings)),
    row("a long constant array", Fixture("constants.cairo"), &[4, 0, 599, 77, 300], Proven(constants)),
    row("dictionaries", Fixture("dictionaries.cairo"), &[7, 5, -5, 9, 5, 1 << 100, 9, 5], Proven(dictionaries)),
    row("a panic with a text", Fixture("panics.cairo"), &[0], Panics("\"the way is 0\"")),
    row("an assertion", Fixture("panics.cairo"), &[1], Panics("not the second way")),
    row("an index out of bounds", Fixture("panics.cairo"), &[2], Panics("Index out of bounds")),
    row("a difference below zero", Fixture("panics.cairo"), &[3], Panics("u32_sub Overflow")),
    row("a sum above 32 bits", Fixture("panics.cairo"), &[4], Panics("u32_add Overflow")),
    row("a division by zero", Fixture("panics.cairo"), &[5], Panics("Division by 0")),
    row("an option that is none", Fixture("panics.cairo"), &[6], Panics("Option::unwrap failed.")),
    row("a result that is an error", Fixture("panics.cairo"), &[7], Panics("Result::unwrap failed.")),
    row("a panic with a felt", Fixture("panics.cairo"), &[8], Panics("eighth")),
    row("no panic", Fixture("panics.cairo"), &[9], Proven(felts_of)),
    row("bits", Fixture("bitwise.cairo"), &[12, 10], Refused("bitwise")),
    row("Pedersen", Fixture("pedersen.cairo"), &[1, 2], Refused("pedersen")),
    row("Poseidon", Fixture("poseidon.cairo"), &[1, 2], Refused("poseidon")),
    row("a point of a curve", Fixture("curve.cairo"), &[12], Refused("ec_op")),
    row("a circuit", Fixture("circuit.cairo"), &[], Refused("range_check96")),
];

const EUCLID: &str = "#[executable]\nfn entry(a: u128, b: u128) -> (u128, u128, u128) { carried::extended_euclidean_algorithm(a, b) }";
const POWER: &str = "#[executable]\nfn entry(a: u128, b: u128, c: u128) -> (u128, u128) {\n\
    (carried::fast_power(a, b), carried::fast_power_mod(a, b, c))\n}";
const DIJKSTRA: &str = "use carried::GraphTrait;\n#[executable]\nfn entry(mut edges: Array<(u32, u32, u128)>, nodes: u32) -> Array<u128> {\n\
    let mut graph = GraphTrait::new();\n\
    for (source, dest, weight) in edges { graph.add_edge(source, dest, weight); }\n\
    let mut distances = graph.shortest_path(0);\n\
    let mut found = array![];\n\
    for node in 0..nodes { found.append(distances.get(node.into())); }\n\
    found\n}";
const FELT: &str = "#[executable]\nfn entry() -> felt252 { carried::main() }";

/// The programs that the core library's package carries.
pub const CARRIED: &[CairoProgram] = &[
    row("cairo-vm's fibonacci", Carried("test_data/programs/cases/cairo_vm/fibonacci.cairo", FELT), &[], Proven(|_| fibonacci(&[11]))),
    row(
        "cairo-vm's factorial",
        Carried("test_data/programs/cases/cairo_vm/factorial.cairo", FELT),
        &[],
        Proven(|_| felts_of(&[(1..=10).product()])),
    ),
    row(
        "cairo-vm's recursion",
        Carried("test_data/programs/cases/cairo_vm/recursion.cairo", FELT),
        &[],
        Proven(|_| vec![product(2..=1000)]),
    ),
    row(
        "cairo-vm's sample",
        Carried("test_data/programs/cases/cairo_vm/sample.cairo", FELT),
        &[],
        Proven(|_| felts_of(&[(1..=100).sum()])),
    ),
    row("cairo-vm's flow of enums", Carried("test_data/programs/cases/cairo_vm/enum_flow.cairo", FELT), &[], Proven(|_| felts_of(&[300]))),
    row(
        "cairo-vm's nested arrays",
        Carried(
            "test_data/programs/cases/cairo_vm/struct_span_return.cairo",
            "#[executable]\nfn entry() -> Array<Array<u32>> { carried::main() }",
        ),
        &[],
        Proven(|_| felts_of(&[2, 2, 4, 3, 2, 2, 1])),
    ),
    row(
        "Alexandria's algorithm of Euclid",
        Carried("programs/compile_benches/extended_euclidean_algorithm.cairo", EUCLID),
        &[1_000_000_007 * 12, 998_244_353 * 18],
        Proven(euclid),
    ),
    row("Alexandria's powers", Carried("programs/compile_benches/fast_power.cairo", POWER), &[3, 80, 1_000_003], Proven(powers)),
    row("Alexandria's shortest paths", Carried("programs/compile_benches/dijkstra.cairo", DIJKSTRA), EDGES, Proven(distances)),
    row("cairo-vm's hashes", Carried("test_data/programs/cases/cairo_vm/poseidon_pedersen.cairo", FELT), &[], Refused("pedersen")),
    row("cairo-vm's recovery of a key", Carried("test_data/programs/cases/cairo_vm/ecdsa_recover.cairo", FELT), &[], Refused("bitwise")),
    row(
        "Alexandria's SHA-512",
        Carried("programs/compile_benches/sha512.cairo", "#[executable]\nfn entry(data: Array<u8>) -> Array<u8> { carried::sha512(data) }"),
        &[3, 97, 98, 99],
        Refused("bitwise"),
    ),
];

impl CairoProgram {
    /// The package that the compiler takes.
    pub fn package(&self) -> CairoPackage {
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {}: {error}", self.name, path.display()));
        let mut sources = Sources::default();
        // The first edition does not enforce visibility, which the core library's bounded integers and private functions need.
        let edition = match self.source {
            Fixture(file) => {
                sources.insert("lib.cairo", read(&root().join("tests/fixtures/cairo").join(file)));
                if file == "bounded.cairo" { Edition::V2023_01 } else { Edition::V2025_12 }
            }
            Carried(file, entry) => {
                let folder = env!("CARRIED_PROGRAMS");
                sources.insert("lib.cairo", format!("mod carried;\n{entry}\n"));
                sources.insert("carried.cairo", read(&Path::new(folder).join(file)));
                Edition::V2023_01
            }
        };
        let main = Crate { name: "sample".to_owned(), edition, sources, scarb_manifest: String::new() };
        CairoPackage { main, dependencies: vec![] }
    }

    /// Its arguments, as the VM takes them.
    pub fn arguments(&self) -> Vec<Felt> {
        self.arguments.iter().map(|argument| Felt::from(*argument)).collect()
    }
}

// EXPECTED OUTPUTS
// ================================================================================================

fn felt(value: i128) -> Felt252 {
    let magnitude = Felt252::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

fn felts_of(values: &[i128]) -> Vec<Felt252> {
    values.iter().map(|value| felt(*value)).collect()
}

fn product(factors: impl Iterator<Item = u128>) -> Felt252 {
    factors.fold(felt(1), |product, factor| product * Felt252::from(factor))
}

/// An array, serialised: its length goes first.
fn array(values: impl IntoIterator<Item = i128>) -> Vec<i128> {
    let values: Vec<i128> = values.into_iter().collect();
    [vec![values.len() as i128], values].concat()
}

/// An option, serialised.
fn option(value: Option<impl TryInto<i128>>) -> Vec<i128> {
    match value {
        Some(value) => vec![0, value.try_into().ok().expect("no value of the table has more bits")],
        None => vec![1],
    }
}

fn fibonacci(arguments: &[i128]) -> Vec<Felt252> {
    let pair = (0..arguments[0]).fold((felt(0), felt(1)), |(a, b), _| (b, a + b));
    vec![pair.0]
}

fn arrays(arguments: &[i128]) -> Vec<Felt252> {
    let mut values = arguments[1..].to_vec();
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let first = values.remove(0);
    values.extend([first * 2, 7, 8]);
    let output = [array(sorted), vec![first], array(values[1..3].to_vec()), option(Some(values[3])), vec![values.iter().sum()]];
    felts_of(&output.concat())
}

/// One of each: nothing, a square, two rectangles, two segments.
const SHAPES: &[i128] = &[6, 0, 1, 12, 2, 3, 4_000_000_000, 3, 1, -2, 3, 4, 2, 0, 5, 3, -7, 8, -7, 8];

fn shapes(_: &[i128]) -> Vec<Felt252> {
    let area = 12 * 12 + 3 * 4_000_000_000;
    let turned = [6, 0, 1, 12, 2, 4_000_000_000, 3, 3, 2, 1, -4, 3, 2, 5, 0, 3, -8, -7, -8, -7];
    felts_of(&[vec![area], turned.to_vec(), array([0, 0, 0, 0, 1, 1])].concat())
}

fn felts(arguments: &[i128]) -> Vec<Felt252> {
    let (a, b) = (felt(arguments[0]), felt(arguments[1]));
    let power = (0..20).fold(a, |power, _| power * power);
    vec![a + b, a - b, a * b, a / b, power, felt(1)]
}

fn unsigned(arguments: &[i128]) -> Vec<Felt252> {
    let (a, b, c, d, e) = (arguments[0] as u8, arguments[1] as u16, arguments[2] as u32, arguments[3] as u64, arguments[4] as u128);
    let mut output = vec![];
    output.extend([a / 7, a % 7, a.wrapping_add(200)].map(i128::from));
    output.extend(option(a.checked_add(200)));
    output.push(a.isqrt().into());
    output.extend([b * 3, b.wrapping_sub(50_000)].map(i128::from));
    output.extend(option(b.checked_sub(50_000)));
    output.push(i128::from(b) * i128::from(b));
    output.extend([c / 1000, c % 1000].map(i128::from));
    output.extend(option(c.checked_mul(c)));
    let (low, overflows) = c.overflowing_mul(c);
    output.extend([i128::from(low), overflows.into(), (c > 70_000).into()]);
    output.push((d + 1).into());
    let mut output = felts_of(&output);
    output.push(Felt252::from(u128::from(d) * u128::from(d)));
    output.extend(felts_of(&[d.isqrt(), d.min(17), u64::MAX - d].map(i128::from)));
    output.extend([e * 3, e / 1_000_000_007, e % 1_000_000_007].map(Felt252::from));
    output.extend(halves(BigUint::from(e) * e));
    output.push(Felt252::from(u128::MAX - e));
    output.extend(felts_of(&option(u8::try_from(c).ok())));
    output.push(d.into());
    [vec![felt(output.len() as i128)], output].concat()
}

/// An integer of 256 bits, serialised: the low half goes first.
fn halves(value: BigUint) -> Vec<Felt252> {
    let mut digits = value.to_u64_digits();
    digits.resize(4, 0);
    let half = |digits: &[u64]| Felt252::from(u128::from(digits[1]) << 64 | u128::from(digits[0]));
    vec![half(&digits[..2]), half(&digits[2..])]
}

fn u256(arguments: &[i128]) -> Vec<Felt252> {
    let integer = |low: i128, high: i128| -> BigUint { BigUint::from(low as u128) + (BigUint::from(high as u128) << 128_u32) };
    let (a, b): (BigUint, BigUint) = (integer(arguments[0], arguments[1]), integer(arguments[2], arguments[3]));
    let mut output = [a.clone() + &b, a.clone() - &b, a.clone(), a.clone() / &b, a.clone() % &b].map(halves).concat();
    // The largest integer plus a overflows, and so does b less a.
    output.push(felt(1));
    output.extend(halves((BigUint::from(1_u8) << 256_u32) + &b - &a));
    output.push(felt(1));
    output.push(Felt252::from(u128::try_from(a.sqrt()).expect("a root")));
    output.push(felt(1));
    output
}

fn signed(arguments: &[i128]) -> Vec<Felt252> {
    let (a, b) = (arguments[0] as i32, arguments[1] as i32);
    let mut output: Vec<i128> = [a + b, a - b, -a].map(i128::from).to_vec();
    output.extend([i128::from(a < b), i128::from(a >= 0)]);
    output.extend(option(i32::MIN.checked_add(a)));
    output.extend(option(i32::MIN.checked_add(b)));
    output.push(i32::MIN.wrapping_add(a).into());
    output.extend([i128::from(a) * i128::from(b), i128::from(i32::MIN) * i128::from(a)]);
    output.extend(option(i8::try_from(a).ok()));
    output.extend(option(u32::try_from(a).ok()));
    output.push(i128::from(b) * 3_000_000_000);
    output.extend([b / 7, b % 7].map(i128::from));
    felts_of(&array(output))
}

fn bounded(arguments: &[i128]) -> Vec<Felt252> {
    let sum = arguments[0] * arguments[2] + arguments[1] * arguments[3];
    let shifted = sum + 8_323_072;
    felts_of(&[sum, shifted / 256, shifted % 256, i128::from(sum < 0)])
}

fn loops(arguments: &[i128]) -> Vec<Felt252> {
    let (start, limit) = (arguments[0], arguments[1]);
    let path: Vec<i128> = std::iter::successors(Some(start), |number| match number {
        1 => None,
        number if number % 2 == 0 => Some(number / 2),
        number => Some(3 * number + 1),
    })
    .collect();
    let sum: i128 = (0..limit).filter(|number| number % 3 != 0).sum();
    let root = limit.isqrt() + 1;
    let divisor = (2..limit).find(|candidate| limit % candidate == 0);
    let numbers = vec![path.len() as i128 - 1, path.iter().copied().max().expect("it has a start"), sum, root * root];
    felts_of(&[numbers, option(divisor)].concat())
}

fn generics(arguments: &[i128]) -> Vec<Felt252> {
    let (a, b, c) = (arguments[0], arguments[1], arguments[2]);
    felts_of(&[a + b + 3, c * c * 2, 4 + 2, short_string("mouse"), 3, short_string("corn"), 2 * a, 4 * c])
}

fn short_string(text: &str) -> i128 {
    text.bytes().fold(0, |string, byte| string << 8 | i128::from(byte))
}

fn options(arguments: &[i128]) -> Vec<Felt252> {
    let values = &arguments[1..];
    let mut output = vec![arguments[0]];
    for value in values {
        output.extend(match value {
            0 => vec![1, 0],
            1..=1000 => vec![0, 1000 / value],
            _ => vec![1, 1, value - 1000],
        });
    }
    output.extend(option((values.len() > 1).then(|| values[0] + values[1])));
    output.extend([values.get(1).copied().unwrap_or(77), 1]);
    felts_of(&output)
}

fn closures(arguments: &[i128]) -> Vec<Felt252> {
    let (offset, limit) = (arguments[0], arguments[1]);
    let odd = (0..limit).filter(|value| value % 2 == 1).map(|value| value + offset);
    felts_of(&[vec![1 + 2 * offset, 3 * offset * offset], array(odd), vec![(0..limit).map(|value| value * offset).sum()]].concat())
}

fn strings(arguments: &[i128]) -> Vec<Felt252> {
    let text = format!("The sum of the numbers is {}, and the felt is {}", arguments[0], arguments[1]);
    // A byte array is words of 31 bytes, and a shorter one.
    let word = |bytes: &[u8]| bytes.iter().fold(felt(0), |word, byte| word * felt(256) + felt((*byte).into()));
    let (words, rest) = text.as_bytes().as_chunks::<31>();
    let mut output = vec![felt(words.len() as i128)];
    output.extend(words.iter().map(|bytes| word(bytes)));
    output.extend([word(rest), felt(rest.len() as i128), felt(text.len() as i128), felt(text.ends_with('9').into())]);
    output
}

fn constants(arguments: &[i128]) -> Vec<Felt252> {
    let entry = |index: i128| index * (index * index * index % 1009);
    felts_of(&[array(arguments[1..].iter().map(|index| entry(*index))), vec![(0..600).map(entry).sum()]].concat())
}

fn dictionaries(arguments: &[i128]) -> Vec<Felt252> {
    let values = &arguments[1..];
    let counts = values.iter().map(|value| values.iter().filter(|other| *other == value).count() as i128);
    let place = values.iter().rposition(|value| value.abs() == values[0].abs()).map_or(0, |place| place as i128 + 1);
    felts_of(&[array(counts), vec![place, values[0]]].concat())
}

/// The greatest common divisor, and the factors of its sum, modulo 2^128.
fn euclid(arguments: &[i128]) -> Vec<Felt252> {
    fn factors(a: i128, b: i128) -> (i128, i128, i128) {
        if b == 0 {
            return (a, 1, 0);
        }
        let (divisor, x, y) = factors(b, a % b);
        (divisor, y, x - a / b * y)
    }
    let (divisor, x, y) = factors(arguments[0], arguments[1]);
    assert_eq!(arguments[0] * x + arguments[1] * y, divisor);
    [divisor, x, y].map(|value| Felt252::from(value as u128)).to_vec()
}

fn powers(arguments: &[i128]) -> Vec<Felt252> {
    let power = (0..arguments[1]).fold(1, |power, _| power * arguments[0] % arguments[2]);
    vec![Felt252::from((arguments[0] as u128).pow(arguments[1] as u32)), felt(power)]
}

/// Edges from a node to another with a weight, and how many nodes there are.
const EDGES: &[i128] = &[8, 0, 1, 5, 0, 2, 3, 0, 3, 2, 0, 4, 3, 2, 1, 1, 3, 4, 5, 1, 5, 4, 4, 5, 1, 6];

fn distances(arguments: &[i128]) -> Vec<Felt252> {
    let count = arguments[0] as usize;
    let (edges, _) = arguments[1..][..3 * count].as_chunks::<3>();
    let mut distances = vec![255; arguments[3 * count + 1] as usize];
    distances[0] = 0;
    for _ in edges {
        for [from, to, weight] in edges {
            distances[*to as usize] = distances[*to as usize].min(distances[*from as usize] + weight);
        }
    }
    felts_of(&array(distances))
}
