//! From a tape to Cairo: elements of the quadratic extension as pairs of integers whose bounds are in their types.
//!
//! A component is an integer within `-2^k ..= 2^k`, of the type `S{k}`, that stands for its residue. Sums and products have wider types, and
//! nothing is reduced before a type would be wider than [`WIDEST`]: `bounded_int` then proves at compile time that nothing wraps, and a
//! division by `p` with a remainder takes any of them back to an element, for about 11 steps. What is reduced once is kept for the next use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use num_bigint::BigInt;

use crate::recorder::{LARGEST, Node, Recorded};

/// Bits of the widest component that is divided by `p`.
const WIDEST: u32 = 186;
/// Bits of an element.
const ELEMENT: u32 = 64;
/// Felts that are taken from a span at a time: the most that Cairo takes.
const AT_A_TIME: usize = 32;

/// Inputs of a function, in the order of the tape.
pub struct Inputs {
    /// The name of the parameter.
    pub name: &'static str,
    pub kind: Kind,
}

/// What inputs are.
#[derive(Clone, Copy)]
pub enum Kind {
    /// So many elements of the extension, in a span of twice as many words.
    Extension(usize),
    /// One integer within this many bits.
    Integer(u32),
}

/// A value: its components, and the bits of each.
#[derive(Clone)]
struct Value {
    components: Vec<String>,
    bits: u32,
}

/// The Cairo that was written so far.
#[derive(Default)]
pub struct Typed {
    functions: String,
    sizes: BTreeSet<u32>,
    /// Kinds of operations on components of two sizes.
    helpers: BTreeSet<(&'static str, u32, u32)>,
    /// Sizes that are divided by `p`.
    lifted: BTreeSet<u32>,
    constants: BTreeSet<(String, i128, u32)>,
    names: usize,
}

impl Typed {
    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn size(&mut self, bits: u32) -> u32 {
        self.sizes.insert(bits);
        bits
    }

    fn line(&mut self, line: &str) {
        writeln!(self.functions, "    {line}").expect("a string can be written to");
    }

    /// A component as one of a wider type.
    fn widened(&mut self, name: &str, bits: u32, wider: u32) -> String {
        if bits == wider {
            return name.to_owned();
        }
        let (bits, wider) = (self.size(bits), self.size(wider));
        debug_assert!(bits < wider);
        let fresh = self.fresh();
        self.line(&format!("let {fresh}: S{wider} = upcast({name});"));
        fresh
    }

    /// One operation on components; gives its name and its bits.
    fn operation(&mut self, kind: &'static str, (a, a_bits): (&str, u32), (b, b_bits): (&str, u32)) -> (String, u32) {
        let (a, b, a_bits, b_bits, bits) = if kind == "mul" {
            (a.to_owned(), b.to_owned(), a_bits, b_bits, a_bits + b_bits)
        } else {
            let wider = a_bits.max(b_bits);
            (self.widened(a, a_bits, wider), self.widened(b, b_bits, wider), wider, wider, wider + 1)
        };
        self.helpers.insert((kind, a_bits, b_bits));
        for bits in [a_bits, b_bits, bits] {
            self.size(bits);
        }
        let fresh = self.fresh();
        self.line(&format!("let {fresh} = bounded_int::{kind}({a}, {b});"));
        (fresh, bits)
    }

    /// A value with components below 2^64.
    fn reduced(&mut self, value: &Value) -> Value {
        if value.bits <= ELEMENT {
            return value.clone();
        }
        assert!(value.bits <= WIDEST + 2, "{} bits", value.bits);
        let bits = self.size(value.bits);
        self.lifted.insert(bits);
        self.size(ELEMENT);
        let components = value.components.iter().map(|component| {
            let (remainder, element) = (self.fresh(), self.fresh());
            self.line(&format!(
                "let (_, {remainder}) = bounded_int::div_rem(bounded_int::add({component}, LIFT{bits}), MODULUS); let {element}: S{ELEMENT} = \
                 upcast({remainder});"
            ));
            element
        });
        Value { components: components.collect(), bits: ELEMENT }
    }

    /// A constant, of the least type that has it: negative if that is less.
    fn constant(&mut self, value: u64) -> Value {
        let signed = if value > LARGEST / 2 { -i128::from(LARGEST - value + 1) } else { value.into() };
        let bits = self.size((128 - signed.unsigned_abs().leading_zeros()).max(1));
        let name = format!("K{}{}", if signed < 0 { "M" } else { "" }, signed.unsigned_abs());
        self.constants.insert((name.clone(), signed, bits));
        Value { components: vec![name], bits }
    }

    /// Component by component; a component that one of them does not have is 0.
    fn sum(&mut self, kind: &'static str, a: &Value, b: &Value) -> Value {
        let components = a.components.len().max(b.components.len());
        let bits = a.bits.max(b.bits) + 1;
        let zero = self.constant(0);
        let mut sum = Vec::new();
        for component in 0..components {
            let part = |value: &Value| match value.components.get(component) {
                Some(name) => (name.clone(), value.bits),
                None => (zero.components[0].clone(), zero.bits),
            };
            let ((a, a_bits), (b, b_bits)) = (part(a), part(b));
            let one = match (kind, component >= 1 && a_bits == zero.bits && a == zero.components[0], b == zero.components[0]) {
                // Nothing is added.
                (_, _, true) => self.widened(&a, a_bits, bits),
                ("add", true, _) => self.widened(&b, b_bits, bits),
                _ => {
                    let (name, found) = self.operation(kind, (&a, a_bits), (&b, b_bits));
                    self.widened(&name, found, bits)
                }
            };
            sum.push(one);
        }
        self.size(bits);
        Value { components: sum, bits }
    }

    fn product(&mut self, a: &Value, b: &Value) -> Value {
        let ((a, a_bits), (b, b_bits)) = ((&a.components, a.bits), (&b.components, b.bits));
        match (&a[..], &b[..]) {
            // (a + b x)(c + d x) with x^2 = x - 2: ac - 2bd, and ad + bc + bd.
            ([a0, a1], [b0, b1]) => {
                let (high, bits) = self.operation("mul", (a1, a_bits), (b1, b_bits));
                let (low, _) = self.operation("mul", (a0, a_bits), (b0, b_bits));
                let (twice, twice_bits) = self.operation("add", (&high, bits), (&high, bits));
                let (first, first_bits) = self.operation("sub", (&low, bits), (&twice, twice_bits));
                let (left, _) = self.operation("mul", (a0, a_bits), (b1, b_bits));
                let (right, _) = self.operation("mul", (a1, a_bits), (b0, b_bits));
                let (both, both_bits) = self.operation("add", (&left, bits), (&right, bits));
                let (second, second_bits) = self.operation("add", (&both, both_bits), (&high, bits));
                assert_eq!(first_bits, second_bits);
                Value { components: vec![first, second], bits: first_bits }
            }
            ([base], other) | (other, [base]) => {
                let (base_bits, other_bits) = if a.len() == 1 { (a_bits, b_bits) } else { (b_bits, a_bits) };
                let products: Vec<_> =
                    other.iter().map(|component| self.operation("mul", (component, other_bits), (base, base_bits))).collect();
                Value { components: products.into_iter().map(|(name, _)| name).collect(), bits: a_bits + b_bits }
            }
            _ => unreachable!("a value has one or two components"),
        }
    }

    /// A function that computes nodes of a tape from the inputs, as elements of the extension.
    pub fn function(&mut self, name: &str, doc: &str, inputs: &[Inputs], nodes: &[Node], outputs: &[Recorded]) {
        self.size(ELEMENT);
        let parameters: Vec<String> = inputs
            .iter()
            .map(|input| match input.kind {
                Kind::Extension(_) => format!("mut {}: Span<Word>", input.name),
                Kind::Integer(bits) => format!("{}: S{}", input.name, self.size(bits)),
            })
            .collect();
        let begin = self.functions.len();
        let result = tuple(outputs.iter().map(|_| "(G, G)".to_owned()));
        writeln!(self.functions, "/// {doc}\npub fn {name}({}) -> {result} {{", parameters.join(", ")).expect("a string can be written to");
        let mut values: BTreeMap<Recorded, Value> = BTreeMap::new();
        let needed = needed(nodes, outputs);
        let mut given = Vec::new();
        for input in inputs {
            match input.kind {
                Kind::Integer(bits) => given.push(Value { components: vec![input.name.to_owned()], bits }),
                Kind::Extension(count) => given.extend(self.read(input.name, count, &needed, given.len(), nodes)),
            }
        }
        for (index, node) in nodes.iter().enumerate() {
            let this = Recorded(index as u32);
            if !needed.contains(&this) {
                continue;
            }
            let value = match *node {
                Node::Input(number) => given[number as usize].clone(),
                Node::Constant(constant) => self.constant(constant),
                Node::Add(a, b) => self.of_two("add", a, b, &mut values),
                Node::Sub(a, b) => self.of_two("sub", a, b, &mut values),
                Node::Mul(a, b) => self.of_two("mul", a, b, &mut values),
            };
            values.insert(this, value);
        }
        let results: Vec<String> = outputs.iter().map(|output| self.element(name, &values[output].clone())).collect();
        self.line(&tuple(results.into_iter()));
        self.functions.push_str("}\n\n");
        debug_assert!(self.functions.len() > begin);
    }

    /// The element of the extension that a value stands for.
    fn element(&mut self, name: &str, value: &Value) -> String {
        assert_eq!(value.components.len(), 2, "{name} gives elements of the extension");
        let bits = self.size(value.bits);
        self.lifted.insert(bits);
        let components = value.components.iter().map(|component| {
            let fresh = self.fresh();
            self.line(&format!("let (_, {fresh}) = bounded_int::div_rem(bounded_int::add({component}, LIFT{bits}), MODULUS);"));
            fresh
        });
        tuple(components.collect::<Vec<_>>().into_iter())
    }

    /// Operands are reduced while the result would be too wide, the wider one first.
    fn of_two(&mut self, kind: &'static str, a: Recorded, b: Recorded, values: &mut BTreeMap<Recorded, Value>) -> Value {
        loop {
            let (left, right) = (values[&a].clone(), values[&b].clone());
            let bits = match kind {
                "mul" => left.bits + right.bits + 2,
                _ => left.bits.max(right.bits) + 1,
            };
            if bits <= WIDEST {
                return if kind == "mul" { self.product(&left, &right) } else { self.sum(kind, &left, &right) };
            }
            let wider = if left.bits >= right.bits { a } else { b };
            let reduced = self.reduced(&values[&wider].clone());
            values.insert(wider, reduced);
        }
    }

    /// Takes the inputs of a parameter from its span, with names for those that are needed.
    fn read(&mut self, name: &str, count: usize, needed: &BTreeSet<Recorded>, first: usize, nodes: &[Node]) -> Vec<Value> {
        let is_needed = |input: usize| {
            let node = Node::Input(input as u32);
            nodes.iter().position(|other| *other == node).is_some_and(|index| needed.contains(&Recorded(index as u32)))
        };
        let components: Vec<String> = (0..2 * count)
            .map(|component| if is_needed(first + component / 2) { format!("{name}{component}") } else { "_".to_owned() })
            .collect();
        for chunk in components.chunks(AT_A_TIME) {
            self.line(&format!("let [{}] = (*{name}.multi_pop_front::<{}>().unwrap()).unbox();", chunk.join(", "), chunk.len()));
            for component in chunk.iter().filter(|component| *component != "_") {
                self.line(&format!("let {component}: S{ELEMENT} = upcast({component});"));
            }
        }
        components.chunks(2).map(|pair| Value { components: pair.to_vec(), bits: ELEMENT }).collect()
    }

    /// The whole file, which begins with these lines.
    pub fn file(self, head: &str) -> String {
        let mut text = String::from(head);
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        let range = |bits: u32| format!("BoundedInt<-{0}, {0}>", hexadecimal(bits));
        for bits in &self.sizes {
            line(format!("pub type S{bits} = {};", range(*bits)));
        }
        for (kind, a, b) in &self.helpers {
            let (helper, bits) = match *kind {
                "add" => ("AddHelper", a.max(b) + 1),
                "sub" => ("SubHelper", a.max(b) + 1),
                _ => ("MulHelper", a + b),
            };
            line(format!("impl {helper}{a}_{b} of {helper}<S{a}, S{b}> {{\n    type Result = S{bits};\n}}"));
        }
        for bits in &self.lifted {
            let [lift, least, greatest, least_quotient, greatest_quotient] = lifted(*bits);
            line(format!("const LIFT{bits}: UnitInt<{lift}> = {lift};"));
            line(format!(
                "impl Lift{bits} of AddHelper<S{bits}, UnitInt<{lift}>> {{\n    type Result = BoundedInt<{least}, {greatest}>;\n}}"
            ));
            line(format!(
                "impl Reduce{bits} of DivRemHelper<BoundedInt<{least}, {greatest}>, P> {{\n    type DivT = BoundedInt<{least_quotient}, \
                 {greatest_quotient}>;\n    type RemT = G;\n}}"
            ));
        }
        for (name, value, bits) in &self.constants {
            line(format!("const {name}: S{bits} = {value};"));
        }
        text.push('\n');
        text.push_str(self.functions.trim_end());
        text.push('\n');
        text
    }
}

/// A tuple, or the only one.
fn tuple(mut parts: impl ExactSizeIterator<Item = String>) -> String {
    match parts.len() {
        1 => parts.next().unwrap_or_default(),
        _ => format!("({})", parts.collect::<Vec<_>>().join(", ")),
    }
}

/// The nodes that some nodes depend on, themselves included.
fn needed(nodes: &[Node], outputs: &[Recorded]) -> BTreeSet<Recorded> {
    let mut needed: BTreeSet<Recorded> = outputs.iter().copied().collect();
    for (index, node) in nodes.iter().enumerate().rev() {
        if needed.contains(&Recorded(index as u32))
            && let Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) = node
        {
            needed.extend([*a, *b]);
        }
    }
    needed
}

fn power_of_two(bits: u32) -> BigInt {
    BigInt::from(1) << bits
}

fn hexadecimal(bits: u32) -> String {
    format!("{:#x}", power_of_two(bits))
}

/// The least multiple of `p` that is not below `2^bits`, the range of what it is added to, and that of the quotients by `p`.
fn lifted(bits: u32) -> [String; 5] {
    let p = BigInt::from(LARGEST) + 1;
    let bound = power_of_two(bits);
    let lift: BigInt = (&bound + &p - 1) / &p * &p;
    let (least, greatest): (BigInt, BigInt) = (&lift - &bound, &lift + &bound);
    let (least_quotient, greatest_quotient): (BigInt, BigInt) = (&least / &p, &greatest / &p);
    [lift, least, greatest, least_quotient, greatest_quotient].map(|number| format!("{number:#x}"))
}
