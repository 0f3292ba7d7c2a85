//! Cairo text that is written line by line, together with what it uses and how large it is in a class, so that no text has to be parsed
//! again.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};

use super::limits::TERMS;
use super::size::{CONSTANT, LINE, PACKED_DIGITS, Size, TERM, WEIGHT};

/// A module that generated text refers to, in the order of their `use` lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// The operator runtime's `arg_max`.
    ArgMax,
    /// The operator runtime's `copy`.
    Copy,
    /// The operator runtime's `divide`.
    Divide,
    /// The function `halves` of the operator runtime.
    Halves,
    /// The operator runtime's `max`.
    Max,
    /// The trait `PowerOfTwo` of the operator runtime.
    PowerOfTwo,
    /// The operator runtime's `saturate`.
    Saturate,
    /// The operator runtime's `select`.
    Select,
    /// The operator runtime's `table`.
    Table,
    /// `layers.cairo`.
    Layers,
    /// `moves.cairo`.
    Moves,
    /// `rescale.cairo`.
    Rescale,
    /// `weights.cairo`.
    Weights,
}

impl Module {
    /// Its path in a `use` line.
    fn path(self) -> &'static str {
        match self {
            Self::ArgMax => "maat_operators::arg_max",
            Self::Copy => "maat_operators::copy",
            Self::Divide => "maat_operators::divide",
            Self::Halves => "maat_operators::halves::halves",
            Self::Max => "maat_operators::max",
            Self::PowerOfTwo => "maat_operators::power_of_two::PowerOfTwo",
            Self::Saturate => "maat_operators::saturate",
            Self::Select => "maat_operators::select",
            Self::Table => "maat_operators::table",
            Self::Layers => "crate::layers",
            Self::Moves => "crate::moves",
            Self::Rescale => "crate::rescale",
            Self::Weights => "crate::weights",
        }
    }

    /// The prefix of the names in it.
    pub fn name(self) -> &'static str {
        let path = self.path();
        path.rsplit_once("::").map_or(path, |(_, name)| name)
    }
}

/// What a text uses that is defined elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// The modules.
    pub modules: BTreeSet<Module>,
    /// The functions of `rescale.cairo`, by number.
    pub rescales: BTreeSet<usize>,
    /// The functions that copy a fixed number of elements, by that number.
    pub copies: BTreeSet<usize>,
}

impl Uses {
    /// Adds what another text uses.
    pub fn merge(&mut self, other: &Self) {
        self.modules.extend(&other.modules);
        self.rescales.extend(&other.rescales);
        self.copies.extend(&other.copies);
    }

    /// The `use` lines.
    pub fn imports(&self) -> String {
        self.modules.iter().map(|module| format!("use {};\n", module.path())).collect()
    }
}

/// Cairo text with indentation.
#[derive(Debug, Clone, Default)]
pub struct Code {
    text: String,
    depth: usize,
    /// How large it is in a class.
    pub size: Size,
    /// What it uses.
    pub uses: Uses,
}

impl Code {
    /// Adds a line of code.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.raw(line.as_ref());
        self.size += LINE;
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Adds a doc comment for the next item.
    pub fn doc(&mut self, doc: impl Display) {
        self.raw(&format!("/// {doc}"));
    }

    /// Adds a comment.
    pub fn comment(&mut self, comment: impl Display) {
        self.raw(&format!("// {comment}"));
    }

    /// Begins a block: a line that ends in a brace.
    pub fn open(&mut self, head: impl AsRef<str>) {
        self.line(format!("{} {{", head.as_ref()));
        self.depth += 1;
    }

    /// Ends a block.
    pub fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// Adds a variable that is the sum of a start and terms, [`TERMS`] at a time.
    pub fn sum(&mut self, name: &str, start: impl Display, terms: &[String]) {
        let mut start = start.to_string();
        if terms.is_empty() {
            self.line(format!("let {name} = {start};"));
        }
        for terms in terms.chunks(TERMS) {
            self.line(format!("let {name} = {start}"));
            for (position, term) in terms.iter().enumerate() {
                let end = if position + 1 == terms.len() { ";" } else { "" };
                self.raw(&format!("    + {term}{end}"));
                self.size += TERM;
            }
            start = name.to_owned();
        }
    }

    /// Adds a constant array.
    pub fn array<T: Display>(&mut self, name: &str, of: &str, values: &[T]) {
        self.line(format!("pub const {name}: [{of}; {}] = [", values.len()));
        for value in values {
            let value = value.to_string();
            let _ = writeln!(self.text, "    {value},");
            let digits = value.len() - usize::from(value.starts_with('-'));
            self.size += if digits < PACKED_DIGITS { CONSTANT } else { WEIGHT };
        }
        self.line("];");
    }

    /// Records that the text names something in a module.
    pub fn refer(&mut self, module: Module) {
        self.uses.modules.insert(module);
    }

    /// Appends another text.
    pub fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.size += other.size;
        self.uses.merge(&other.uses);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn raw(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n("    ", self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// `prefix0, prefix1, ..`
pub fn numbered(prefix: &str, count: usize) -> String {
    (0..count).map(|index| format!("{prefix}{index}")).collect::<Vec<_>>().join(", ")
}

/// An ONNX name, made safe for a comment.
pub fn doc(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

/// Name of a constant of a function.
pub fn constant(name: &str, suffix: &str) -> String {
    format!("{}__{suffix}", name.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_used_is_imported() {
        let mut code = Code::default();
        [Module::Weights, Module::Copy, Module::Weights].into_iter().for_each(|module| code.refer(module));
        assert_eq!(code.uses.imports(), "use maat_operators::copy;\nuse crate::weights;\n");
        assert_eq!((Module::Halves.name(), Module::Layers.name()), ("halves", "layers"));
    }

    #[test]
    fn comments_and_empty_lines_take_nothing_in_a_class() {
        let mut code = Code::default();
        code.blank();
        code.doc("A.");
        code.comment("B.");
        assert_eq!((code.size, code.text()), (Size::default(), "\n/// A.\n// B.\n"));
        code.open("fn a()");
        code.sum("y", 5, &["*x * 12345678901".to_owned(), "*z * 2".to_owned()]);
        code.close();
        assert_eq!(code.text(), "\n/// A.\n// B.\nfn a() {\n    let y = 5\n        + *x * 12345678901\n        + *z * 2;\n}\n");
        let mut expected = LINE.times(3);
        expected += TERM.times(2);
        assert_eq!(code.size, expected);
    }

    #[test]
    fn long_numbers_are_weights_and_short_ones_constants() {
        let mut code = Code::default();
        code.array("C", "felt252", &[-7i64, -123_456_789, 1_234_567_890]);
        assert_eq!(code.text(), "pub const C: [felt252; 3] = [\n    -7,\n    -123456789,\n    1234567890,\n];\n");
        let mut expected = LINE.times(2);
        expected += CONSTANT.times(2);
        expected += WEIGHT;
        assert_eq!(code.size, expected);
    }
}
