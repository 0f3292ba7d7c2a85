//! Sums of products as calls of the core library's own functions, without operators.
//!
//! An operator is a call of a function that calls such a function, and the compiler puts the one in place of the other: for each operator it moves
//! all that comes after it in the function. Straight code of thousands of products takes it seconds and gigabytes. The calls that it arrives at
//! are the same ones. They are of felts alone: in a text with other numbers they do not compile.

use crate::compiler::Crate;
use crate::sources::Sources;
use cairo_lang_filesystem::db::Edition;

/// The crate that hands on the functions.
const CRATE: &str = "maat_direct";

/// The crate that hands on the core library's functions, which that keeps to itself: for its edition, which does not enforce visibility.
pub fn functions() -> Crate {
    let mut sources = Sources::default();
    sources.insert("lib.cairo", "pub use core::{felt252_add, felt252_mul};\n");
    Crate { name: CRATE.to_owned(), edition: Edition::V2023_01, sources, scarb_manifest: String::new() }
}

/// The text with calls instead of the operators in variables that are sums of products, if there are any. What is not a plain sum of numbers,
/// variables and products of two of these remains.
pub fn direct(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let (mut adds, mut multiplies) = (false, false);
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let mut statement = line.to_owned();
        let mut rest = lines.clone();
        if line.contains(" = ") && !line.ends_with(";\n") {
            // A long sum has a line for each term.
            for line in rest.by_ref() {
                statement.truncate(statement.trim_end().len());
                statement.push(' ');
                statement.push_str(line.trim_start());
                if !line.trim_start().starts_with("+ ") || line.ends_with(";\n") {
                    break;
                }
            }
        }
        match calls(&statement) {
            Some(calls) => {
                adds |= calls.contains("felt252_add(");
                multiplies |= calls.contains("felt252_mul(");
                written.push_str(&calls);
                lines = rest;
            }
            None => written.push_str(line),
        }
    }
    let used = [(adds, "felt252_add"), (multiplies, "felt252_mul")].into_iter().filter(|(used, _)| *used);
    let used: Vec<&str> = used.map(|(_, name)| name).collect();
    written.push_str(&format!("use {CRATE}::{{{}}};\n", used.join(", ")));
    (!used.is_empty()).then_some(written)
}

/// A statement `x = 1 + *a * 2;`, or one with `let`, with calls.
fn calls(statement: &str) -> Option<String> {
    let (target, sum) = statement.strip_suffix(";\n")?.split_once(" = ")?;
    let name = target.trim_start();
    if !is_name(name.strip_prefix("let ").unwrap_or(name)) || !sum.contains(' ') {
        return None;
    }
    let mut terms = sum.split(" + ").map(term);
    let first = terms.next()??;
    let all = terms.try_fold(first, |all, term| Some(format!("felt252_add({all}, {})", term?)))?;
    // Sums without products are few, and some are of lengths.
    all.contains("felt252_mul(").then(|| format!("{target} = {all};\n"))
}

fn term(term: &str) -> Option<String> {
    let Some((a, b)) = term.split_once(" * ") else { return is_atom(term).then(|| term.to_owned()) };
    (is_atom(a) && is_atom(b)).then(|| format!("felt252_mul({a}, {b})"))
}

/// Whether this is a number, a variable or what a snapshot is of.
fn is_atom(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_name(text.strip_prefix('*').unwrap_or(text))
}

/// Whether this is the name of a variable or a function.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_products_become_calls() {
        let text = "fn f() {\n    let a0 = -5\n        + *x0_1 * 12\n        + *x0_2 * -3;\n    a1 = a1 + *x0 * *w1 + y;\n}\n";
        let expected = "fn f() {\n    let a0 = felt252_add(felt252_add(-5, felt252_mul(*x0_1, 12)), felt252_mul(*x0_2, -3));\n    \
             a1 = felt252_add(felt252_add(a1, felt252_mul(*x0, *w1)), y);\n}\nuse maat_direct::{felt252_add, felt252_mul};\n";
        assert_eq!(direct(text).unwrap(), expected);
        assert_eq!(direct("    a = *b * 2;\n").unwrap(), "    a = felt252_mul(*b, 2);\nuse maat_direct::{felt252_mul};\n");
    }

    #[test]
    fn what_is_no_plain_sum_remains() {
        let lines = [
            "    let a = 5;\n",
            "    let a = b + 1;\n",
            "    let a = b * 2 - c;\n",
            "    let a = b * c * d;\n",
            "    let a = (b + c) * d;\n",
            "    let a = f(b * c);\n",
            "    let a = b * c + f(d);\n",
            "    a += b * c;\n",
            "    let a: u32 = b * c;\n",
            "    let [a, b] = c * d;\n",
            "    let end0 = i0 * 4\n",
            "    let a =\n        b * c;\n",
            "    // a = b * c;\n",
            "    A = b * c;\n",
            "    let mut a = b * c;\n",
        ];
        for line in lines {
            assert_eq!(direct(line), None, "{line}");
        }
        // The lines after what only looks like the beginning of a long sum are read for themselves.
        let text = "    let a = f(\n    b = c * d;\n";
        assert_eq!(direct(text).unwrap(), "    let a = f(\n    b = felt252_mul(c, d);\nuse maat_direct::{felt252_mul};\n");
    }
}
