use std::collections::HashMap;

/// Cairo text with indentation.
#[derive(Default)]
pub struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Adds a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.extend(std::iter::repeat_n("    ", self.depth));
        self.text.push_str(line.as_ref());
        self.text.push('\n');
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

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// What stands for a function's own name in its text, as long as it may turn out not to be needed: no text of Cairo holds it.
pub const NAME: &str = "\u{1}";
/// The same name in the names of constants.
pub const CONSTANT: &str = "\u{2}";

/// Functions and their constants, of which equal ones are kept once: recurrent networks repeat themselves.
#[derive(Default)]
pub struct Functions {
    by_text: HashMap<(String, String), String>,
    functions: String,
    constants: String,
    felts: usize,
}

/// A function that may turn out to be there already, with [`NAME`] and [`CONSTANT`] for its name.
#[derive(Default)]
pub struct Function {
    /// Its text; empty if there are only constants.
    pub text: String,
    /// The constants that it takes from `weights.cairo`.
    pub constants: String,
    /// How many Sierra felts the constants and the text take, where that counts.
    pub felts: usize,
}

impl Functions {
    /// Adds a function if there is none like it; gives the name of the one that there is.
    pub fn add(&mut self, name: &str, doc: &str, function: Function) -> String {
        let Function { text, constants, felts } = function;
        let key = (text, constants);
        if let Some(found) = self.by_text.get(&key) {
            return found.clone();
        }
        let named = |text: &str| {
            let text = text.replace(NAME, name).replace(CONSTANT, &name.to_uppercase());
            if text.is_empty() { text } else { format!("\n/// {doc}\n{text}") }
        };
        self.functions.push_str(&named(&key.0));
        self.constants.push_str(&named(&key.1));
        self.felts += felts;
        self.by_text.insert(key, name.to_owned());
        name.to_owned()
    }

    /// The functions' text; empty if there are none.
    pub fn functions(&self) -> &str {
        &self.functions
    }

    /// The constants' text; empty if there are none.
    pub fn constants(&self) -> &str {
        &self.constants
    }

    /// How many Sierra felts they take.
    pub fn felts(&self) -> usize {
        self.felts
    }
}

/// `use` lines for the modules of a crate that a text refers to.
pub fn imports(text: &str, from: &str, modules: &[&str]) -> String {
    let used = |module: &&&str| {
        let path = format!("{module}::");
        let starts_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        text.match_indices(&path).any(|(at, _)| starts_word(at))
    };
    modules.iter().filter(used).map(|module| format!("use {from}::{module};\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_functions_are_kept_once() {
        let mut functions = Functions::default();
        let function = |body: &str| Function {
            text: format!("fn {NAME}() {{\n    {NAME}__part(weights::{CONSTANT}__1);\n}}\n"),
            constants: format!("pub const {CONSTANT}__1: felt252 = {body};\n"),
            felts: 10,
        };
        assert_eq!(functions.add("a", "A.", function("1")), "a");
        assert_eq!(functions.add("b", "B.", function("1")), "a");
        assert_eq!(functions.add("c", "C.", function("2")), "c");
        assert_eq!(functions.functions().matches("fn ").count(), 2);
        assert_eq!(functions.constants(), "\n/// A.\npub const A__1: felt252 = 1;\n\n/// C.\npub const C__1: felt252 = 2;\n");
        assert_eq!(functions.felts(), 20);
    }

    #[test]
    fn only_what_is_used_is_imported() {
        assert_eq!(imports("x = copy::take(1);", "ops", &["copy", "take", "py"]), "use ops::copy;\n");
        assert_eq!(imports("ops::copy::take(1)", "ops", &["copy"]), "");
    }
}
