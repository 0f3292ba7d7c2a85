//! Cairo identifiers for ONNX names: valid, unique, and distinct from all names that generated files use.

use std::collections::HashSet;

/// Cairo's reserved words, and names that generated files use themselves.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "impl",
    "implicits",
    "in",
    "let",
    "loop",
    "match",
    "macro",
    "mod",
    "move",
    "mut",
    "nopanic",
    "of",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "typeof",
    "unsafe",
    "use",
    "where",
    "while",
    "with",
    "yield",
    "box",
    "abstract",
    "become",
    "do",
    "dyn",
    "final",
    "override",
    "priv",
    "static_assert",
    "try",
    "unsized",
    "virtual",
    "async",
    "await",
    "hint",
    "crate",
    "input",
    "output",
    "values",
    "predict",
    "weights",
    "layers",
    "rescale",
    "moves",
    "arg_max",
    "copy",
    "divide",
    "halves",
    "max",
    "saturate",
    "select",
    "table",
    "take",
    "end",
    "x",
    "y",
    "array",
    "assert",
    "felt252",
    "bool",
    "usize",
    "core",
    "starknet",
];

/// Hands out Cairo identifiers, each once. None has two underscores in a row, which mark the parts of functions.
#[derive(Default)]
pub struct Names {
    used: HashSet<String>,
}

impl Names {
    /// An identifier that resembles an ONNX name and has not been handed out before.
    pub fn identifier(&mut self, onnx_name: &str) -> String {
        let base = snake_case(onnx_name, "node");
        let base = if RESERVED.contains(&base.as_str()) { format!("{base}_node") } else { base };
        let mut candidates = std::iter::once(base.clone()).chain((2..).map(|count| format!("{base}_{count}")));
        let name = candidates.find(|candidate| !self.used.contains(candidate)).expect("the numbers do not end");
        self.used.insert(name.clone());
        name
    }
}

/// A package name that resembles the model's.
pub fn package(model_name: &str) -> String {
    let name = snake_case(model_name, "model");
    let taken = ["core", "starknet", "maat_operators", "maat_interfaces", "corelib_imports"].contains(&name.as_str());
    if taken || RESERVED.contains(&name.as_str()) { format!("{name}_model") } else { name }
}

/// Lower-case ASCII letters and digits with single underscores between, beginning with a letter; `prefix` goes before anything else.
fn snake_case(name: &str, prefix: &str) -> String {
    let lower = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect::<String>();
    // Long names only make the code hard to read.
    let words: Vec<&str> = lower.split('_').filter(|word| !word.is_empty()).collect();
    let joined: String = words.join("_").chars().take(60).collect();
    if joined.starts_with(|c: char| c.is_ascii_lowercase()) {
        joined
    } else {
        format!("{prefix}_{joined}").trim_end_matches('_').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers_and_stay_apart() {
        let mut names = Names::default();
        let of = ["/fc1/Gemm", "fc1.Gemm", "123", "", "ReLU__0", "match", "été"].map(|name| names.identifier(name));
        assert_eq!(of, ["fc1_gemm", "fc1_gemm_2", "node_123", "node", "relu_0", "match_node", "t"]);
    }

    #[test]
    fn a_package_does_not_take_the_name_of_a_dependency() {
        assert_eq!(package("Rocky-Bot"), "rocky_bot");
        assert_eq!(package("core"), "core_model");
        assert_eq!(package("7"), "model_7");
    }
}
