//! `maat operators`: which ONNX operators are supported; and the errors of ONNX files that lead to it.

use std::path::Path;

use maat_transpiler::{TranspileError, operator_advice, supported_operators};
use serde_json::{Value, json};

use crate::response::Response;

/// List the supported ONNX operators, or say whether one is supported, and what to do if it is not
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat operators\n  maat operators Softmax\n  maat operators ai.onnx.ml.CastMap --json")]
pub struct Arguments {
    /// The operator's name in ONNX. One from another domain has the domain in front, with a dot, which may be omitted
    #[arg(value_name = "OPERATOR")]
    operator: Option<String>,
}

/// What is known about operators.
pub enum Operators {
    /// All that are supported.
    List(Vec<&'static str>),
    /// One that is supported.
    Supported(&'static str),
    /// One that is not, with those that may be meant.
    Unsupported { operator: String, advice: Option<&'static str>, similar: Vec<&'static str> },
}

/// The domain of the operators of classical machine learning.
const ML: &str = "ai.onnx.ml.";
/// The width of the list.
const COLUMNS: usize = 100;

pub fn run(arguments: Arguments) -> Operators {
    let Some(asked) = arguments.operator else { return Operators::List(supported_operators().collect()) };
    let same =
        |name: &str| name.eq_ignore_ascii_case(&asked) || name.strip_prefix(ML).is_some_and(|name| name.eq_ignore_ascii_case(&asked));
    if let Some(operator) = supported_operators().find(|name| same(name)) {
        return Operators::Supported(operator);
    }
    let of_ml = format!("{ML}{asked}");
    match (operator_advice(&asked), operator_advice(&of_ml)) {
        (None, Some(advice)) => Operators::Unsupported { operator: of_ml, advice: Some(advice), similar: Vec::new() },
        (Some(advice), _) => Operators::Unsupported { operator: asked, advice: Some(advice), similar: Vec::new() },
        (None, None) => Operators::Unsupported { similar: similar(&asked), operator: asked, advice: None },
    }
}

/// What users of a supported operator should know.
const NOTES: &[(&str, &str)] = &[(
    "ai.onnx.ml.Imputer",
    "it replaces a number that stands for a missing value. Maat itself has no missing values: impute NaN before, also in the samples",
)];

fn note(operator: &str) -> Option<&'static str> {
    NOTES.iter().find(|(noted, _)| *noted == operator).map(|(_, note)| *note)
}

/// Supported operators with names like this one, the nearest first, as Clap finds verbs.
fn similar(asked: &str) -> Vec<&'static str> {
    const ALIKE: f64 = 0.8;
    const MOST: usize = 3;
    let asked = asked.to_ascii_lowercase();
    let likeness = |name: &str| strsim::jaro(&name.strip_prefix(ML).unwrap_or(name).to_ascii_lowercase(), &asked);
    let mut alike: Vec<(f64, &str)> =
        supported_operators().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > ALIKE).collect();
    alike.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    alike.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// Why an ONNX file is not imported, with the file's name; for unsupported operators, with the verb that lists the supported ones.
pub fn explained(error: TranspileError, file: &Path) -> anyhow::Error {
    let file = file.display().to_string();
    match error {
        // It names the file.
        TranspileError::Read { .. } => error.into(),
        TranspileError::Unsupported { operators } => {
            anyhow::anyhow!("{operators}\n`maat operators` lists those that are supported").context(file)
        }
        other => anyhow::Error::new(other).context(file),
    }
}

impl Response for Operators {
    fn text(&self) -> String {
        match self {
            Self::List(operators) => {
                let (ml, onnx): (Vec<&str>, Vec<&str>) = operators.iter().partition(|name| name.starts_with(ML));
                let ml: Vec<&str> = ml.iter().filter_map(|name| name.strip_prefix(ML)).collect();
                let domain = ML.trim_end_matches('.');
                format!("{} operators of ONNX:\n{}\n\n{} of {domain}:\n{}", onnx.len(), lines(&onnx), ml.len(), lines(&ml))
            }
            Self::Supported(operator) => {
                let note = note(operator).map_or_else(String::new, |note| format!(": {note}"));
                format!("{operator} is supported{note}")
            }
            Self::Unsupported { operator, advice, similar } => {
                let advice = advice.map_or_else(String::new, |advice| format!(": {advice}"));
                let similar = if similar.is_empty() { String::new() } else { format!(". Similar names that are: {}", similar.join(", ")) };
                format!("{operator} is not supported{advice}{similar}")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::List(operators) => json!({ "operators": operators }),
            Self::Supported(operator) => json!({ "operator": operator, "supported": true, "note": note(operator) }),
            Self::Unsupported { operator, advice, similar } => {
                json!({ "operator": operator, "supported": false, "advice": advice, "similar": similar })
            }
        }
    }

    fn succeeded(&self) -> bool {
        !matches!(self, Self::Unsupported { .. })
    }
}

/// Names in indented lines of at most [`COLUMNS`] characters.
fn lines(names: &[&str]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + name.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(name);
            }
            _ => lines.push(format!("  {name}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use maat_transpiler::{UnsupportedOperator, UnsupportedOperators};

    use super::*;

    fn asked(operator: &str) -> Operators {
        run(Arguments { operator: Some(operator.to_owned()) })
    }

    #[test]
    fn the_list_names_every_operator_in_short_lines() {
        let text = run(Arguments { operator: None }).text();
        let words: Vec<&str> = text.split_whitespace().collect();
        for operator in supported_operators() {
            assert!(words.contains(&operator.strip_prefix(ML).unwrap_or(operator)), "{operator} is missing in:\n{text}");
        }
        assert!(text.lines().all(|line| line.len() <= COLUMNS), "{text}");
    }

    #[test]
    fn one_operator_is_found_with_and_without_its_domain() {
        for name in ["Softmax", "softmax", "TreeEnsembleClassifier", "ai.onnx.ml.treeensembleclassifier"] {
            assert!(asked(name).succeeded(), "{name}");
        }
        for name in ["CastMap", "ai.onnx.ml.CastMap"] {
            let text = asked(name).text();
            assert!(
                !asked(name).succeeded() && text.starts_with("ai.onnx.ml.CastMap is not supported: ") && text.contains("maps"),
                "{text}"
            );
        }
        assert_eq!(asked("Xyzzy").text(), "Xyzzy is not supported");
    }

    #[test]
    fn names_that_may_be_meant_are_suggested() {
        for (name, meant) in [("Softmaxx", "Softmax"), ("relo", "Relu"), ("TreeEnsembleClasifier", "ai.onnx.ml.TreeEnsembleClassifier")] {
            let expected = format!("{name} is not supported. Similar names that are: {meant}");
            assert!(asked(name).text().starts_with(&expected), "{}", asked(name).text());
        }
    }

    #[test]
    fn an_imputer_is_supported_with_a_note() {
        assert!(asked("Imputer").text().contains("Maat itself has no missing values"), "{}", asked("Imputer").text());
        assert_eq!(asked("Softmax").text(), "Softmax is supported");
    }

    #[test]
    fn an_error_leads_to_the_list_and_does_not_hold_it() {
        let operator =
            UnsupportedOperator { node: "wave".to_owned(), operator: "ImageDecoder".to_owned(), further: 0, advice: Some("do it before") };
        let error = explained(TranspileError::Unsupported { operators: UnsupportedOperators(vec![operator]) }, Path::new("m.onnx"));
        let message = format!("{error:#}");
        let expected =
            "m.onnx: node `wave`: operator ImageDecoder is not supported: do it before\n`maat operators` lists those that are supported";
        assert_eq!(message, expected);
    }
}
