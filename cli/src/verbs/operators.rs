use maat_transpiler::{TranspileError, operator_advice, supported_operators};
use serde_json::{Value, json};

use crate::response::Response;

/// List the ONNX operators that are supported, or say of one whether it is and what to do if it is not
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat operators\n  maat operators Softmax\n  maat operators ai.onnx.ml.ZipMap --json")]
pub struct Arguments {
    /// The operator, as ONNX names it; one of another domain than ONNX's own follows that and a dot, which may be left out
    #[arg(value_name = "OPERATOR")]
    operator: Option<String>,
}

/// What is known about operators.
pub enum Operators {
    /// All that are supported.
    List(Vec<&'static str>),
    /// One that is supported.
    Supported(&'static str),
    /// One that is not.
    Unsupported { operator: String, advice: Option<&'static str> },
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
        (None, Some(advice)) => Operators::Unsupported { operator: of_ml, advice: Some(advice) },
        (advice, _) => Operators::Unsupported { operator: asked, advice },
    }
}

/// An error of the transpiler; where operators are not supported, with the way to those that are.
pub fn explained(error: TranspileError) -> anyhow::Error {
    match error {
        TranspileError::Unsupported { operators } => anyhow::anyhow!("{operators}\n`maat operators` lists those that are supported"),
        other => other.into(),
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
            Self::Supported(operator) => format!("{operator} is supported"),
            Self::Unsupported { operator, advice } => {
                let advice = advice.map_or_else(String::new, |advice| format!(": {advice}"));
                format!("{operator} is not supported{advice}")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::List(operators) => json!({ "operators": operators }),
            Self::Supported(operator) => json!({ "operator": operator, "supported": true }),
            Self::Unsupported { operator, advice } => json!({ "operator": operator, "supported": false, "advice": advice }),
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
        for name in ["ZipMap", "ai.onnx.ml.ZipMap"] {
            let text = asked(name).text();
            assert!(
                !asked(name).succeeded() && text.starts_with("ai.onnx.ml.ZipMap is not supported: ") && text.contains("zipmap"),
                "{text}"
            );
        }
        assert_eq!(asked("GridSample").text(), "GridSample is not supported");
    }

    #[test]
    fn an_error_leads_to_the_list_and_does_not_hold_it() {
        let operator =
            UnsupportedOperator { node: "wave".to_owned(), operator: "STFT".to_owned(), further: 0, advice: Some("do it before") };
        let message = explained(TranspileError::Unsupported { operators: UnsupportedOperators(vec![operator]) }).to_string();
        let expected = "node `wave`: operator STFT is not supported: do it before\n`maat operators` lists those that are supported";
        assert_eq!(message, expected);
    }
}
