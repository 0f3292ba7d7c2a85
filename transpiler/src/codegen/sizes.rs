use std::collections::HashMap;

/// What generated code takes in a class, in tenths of a felt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// In the Sierra program.
    pub sierra: u64,
    /// In the CASM bytecode.
    pub casm: u64,
}

impl Size {
    /// In tenths of a felt.
    pub const fn new(sierra: u64, casm: u64) -> Self {
        Self { sierra, casm }
    }

    pub fn times(self, count: usize) -> Self {
        Self::new(self.sierra * count as u64, self.casm * count as u64)
    }
}

impl std::ops::AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.sierra += other.sierra;
        self.casm += other.casm;
    }
}

/// A product of a packed weight.
const TERM: Size = Size::new(85, 32);
/// An element of a constant array that is a packed weight.
const WEIGHT: Size = Size::new(47, 10);
/// Another one: Sierra keeps equal constants once.
const CONSTANT: Size = Size::new(4, 10);
/// Any other line.
const LINE: Size = Size::new(50, 124);
/// Digits of the shortest packed weights.
const PACKED_DIGITS: usize = 10;

/// Generated functions and constants, how large they are in a class, and which of them use which. All is estimated from their text, by
/// figures that were fitted to the compiled classes of the examples: whole networks come within a quarter of the truth, parts within
/// a half.
#[derive(Default)]
pub struct Sizes {
    items: Vec<Item>,
    /// A layer's function and the one that holds its weights have one name; whoever uses the one uses the other.
    by_name: HashMap<String, Vec<usize>>,
}

#[derive(Default)]
struct Item {
    size: Size,
    uses: Vec<usize>,
}

impl Sizes {
    /// Of the functions and constants in these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sizes = Self::default();
        let mut bodies: Vec<Vec<&str>> = Vec::new();
        for line in texts.into_iter().flat_map(str::lines) {
            if let Some(name) = declared(line) {
                sizes.by_name.entry(name.to_owned()).or_default().push(sizes.items.len());
                sizes.items.push(Item::default());
                bodies.push(Vec::new());
            }
            // What stands before the first item is imports and comments.
            if let (Some(item), Some(body)) = (sizes.items.last_mut(), bodies.last_mut()) {
                item.size += size(line);
                body.push(line);
            }
        }
        for (index, body) in bodies.iter().enumerate() {
            let mut uses: Vec<usize> = body.iter().flat_map(|line| sizes.named(line)).filter(|used| *used != index).collect();
            uses.sort_unstable();
            uses.dedup();
            sizes.items[index].uses = uses;
        }
        sizes
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The size of an item by itself.
    pub fn size(&self, item: usize) -> Size {
        self.items[item].size
    }

    /// The items that an expression needs, directly or not.
    pub fn reached(&self, expression: &str) -> Vec<usize> {
        let mut reached = vec![false; self.items.len()];
        let mut open = self.named(expression);
        let mut found = Vec::new();
        while let Some(item) = open.pop() {
            if !std::mem::replace(&mut reached[item], true) {
                found.push(item);
                open.extend(&self.items[item].uses);
            }
        }
        found
    }

    /// The items that a text names. Other words are variables, which often have the names of functions: those stand behind a module, and
    /// parts of functions have two underscores in their names.
    fn named(&self, text: &str) -> Vec<usize> {
        let behind_module = text.split("::").skip(1).map(word);
        let parts = text.split(|c: char| !is_of_word(c)).filter(|word| word.contains("__"));
        behind_module.chain(parts).filter_map(|word| self.by_name.get(word)).flatten().copied().collect()
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    text.split(|c: char| !is_of_word(c)).next().unwrap_or_default()
}

/// The name of the function or constant that begins with this line.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("const "))?;
    Some(word(rest))
}

fn size(line: &str) -> Size {
    let line = line.trim_start();
    let element = line.strip_suffix(',').map(|element| element.strip_prefix('-').unwrap_or(element));
    match element {
        _ if line.is_empty() || line.starts_with("//") => Size::default(),
        _ if line.starts_with("+ *") => TERM,
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            if digits.len() < PACKED_DIGITS {
                CONSTANT
            } else {
                WEIGHT
            }
        }
        _ => LINE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_reaches_what_it_needs_and_nothing_else() {
        let layers = "/// A.\npub fn a(x: Span<felt252>) {\n    weights::a(x);\n    rescale::from_one_0(x);\n}\n\n/// B.\npub fn b(a: felt252) {\n    b__1(weights::B__0, a);\n}\n\nfn b__1() {\n}\n";
        let weights = "pub fn a() {\n    let a0 = 5\n        + *x * 12345678901;\n}\n\npub const B__0: [felt252; 2] = [\n    -7,\n    123456789012,\n];\n";
        let sizes = Sizes::of([layers, weights, "pub fn from_one_0() {\n}\n"]);
        let total = |expression: &str| {
            let mut total = Size::default();
            sizes.reached(expression).into_iter().for_each(|item| total += sizes.size(item));
            total
        };
        let mut a = LINE.times(4 + 3 + 2);
        a += TERM;
        assert_eq!(total("layers::a(x)"), a);
        let mut b = LINE.times(3 + 2 + 2);
        b += CONSTANT;
        b += WEIGHT;
        assert_eq!(total("layers::b(a)"), b);
        assert_eq!(total("copy::take(ref x, 5)"), Size::default());
        assert_eq!(sizes.len(), 6);
    }
}
