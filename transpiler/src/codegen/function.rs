//! Generated functions with their constants. Equal ones are kept once, because recurrent networks repeat themselves.

use std::collections::HashMap;

use super::code::{Code, Uses};
use super::size::Size;

/// A function, its parts and the constants that they take.
#[derive(Default)]
pub struct CairoFunction {
    /// Its text; empty if there are only constants.
    pub code: Code,
    /// The constants, for `weights.cairo`.
    pub constants: Code,
    /// How many Sierra felts the constants and the text take, where that matters.
    pub felts: usize,
}

/// What is known about a function that was written.
pub struct Written {
    /// Its name.
    pub name: String,
    /// How large it is in a class, with its constants.
    pub size: Size,
    /// What it uses.
    pub uses: Uses,
}

/// The functions of one file.
#[derive(Default)]
pub struct Functions {
    /// Names, by the texts that a function without a name would have.
    names: HashMap<(String, String), String>,
    /// The functions, in order.
    pub written: Vec<Written>,
    /// Their text.
    pub code: Code,
    /// Their constants.
    pub constants: Code,
    /// How many Sierra felts they take.
    pub felts: usize,
}

impl Functions {
    /// Adds the function that `generate` gives for a name, unless there is an equal one. Gives the name of the function to call.
    pub fn add(&mut self, name: &str, doc: &str, mut generate: impl FnMut(&str) -> CairoFunction) -> String {
        let nameless = generate("");
        let key = (nameless.code.text().to_owned(), nameless.constants.text().to_owned());
        if let Some(found) = self.names.get(&key) {
            return found.clone();
        }
        let CairoFunction { code, constants, felts } = generate(name);
        let (mut size, mut uses) = (code.size, code.uses.clone());
        size += constants.size;
        uses.merge(&constants.uses);
        for (all, own) in [(&mut self.code, &code), (&mut self.constants, &constants)] {
            if !own.is_empty() {
                all.blank();
                all.doc(doc);
                all.append(own);
            }
        }
        self.felts += felts;
        self.names.insert(key, name.to_owned());
        self.written.push(Written { name: name.to_owned(), size, uses });
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_functions_are_kept_once() {
        let mut functions = Functions::default();
        let function = |body: i32| {
            move |name: &str| {
                let mut function = CairoFunction { felts: 10, ..CairoFunction::default() };
                function.code.open(format!("fn {name}()"));
                function.code.line(format!("{name}__part(weights::{}__1);", name.to_uppercase()));
                function.code.close();
                function.constants.line(format!("pub const {}__1: felt252 = {body};", name.to_uppercase()));
                function
            }
        };
        assert_eq!(functions.add("a", "A.", function(1)), "a");
        assert_eq!(functions.add("b", "B.", function(1)), "a");
        assert_eq!(functions.add("c", "C.", function(2)), "c");
        assert_eq!(functions.code.text().matches("fn ").count(), 2);
        assert_eq!(functions.constants.text(), "\n/// A.\npub const A__1: felt252 = 1;\n\n/// C.\npub const C__1: felt252 = 2;\n");
        assert_eq!(functions.felts, 20);
    }
}
