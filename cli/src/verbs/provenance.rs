//! What is said of a model's origin: what was fixed about its ONNX file's inputs, and the texts behind its outputs.

use std::collections::BTreeMap;

use maat_package::{ImportOptions, OutputTexts};
use maat_runtime::inert;

/// What is fixed, in a line for each input.
pub fn fixed(import: &ImportOptions) -> Vec<(&'static str, String)> {
    let numbers = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let shapes = import.shapes.iter().map(|(name, shape)| ("shape given", format!("{} {shape:?}", inert(name))));
    let constants = import.constants.iter().map(|(name, values)| ("constant input", format!("{}={}", inert(name), numbers(values))));
    shapes.chain(constants).collect()
}

/// What whoever uses the model must know of outputs that are texts or maps in the ONNX file.
pub fn texts_said(texts: &BTreeMap<String, OutputTexts>) -> Vec<String> {
    let said = |(name, texts): (&String, &OutputTexts)| match texts {
        OutputTexts::Values(list) => format!(
            "output `{}` is text in the ONNX file; the model gives its position among {}. `maat run` shows the texts, and proofs and \
             contracts have the positions",
            inert(name),
            listed(list)
        ),
        OutputTexts::Keys(list) => {
            format!("output `{}` is a map in the ONNX file; the model gives the row of its values, for {}", inert(name), listed(list))
        }
    };
    texts.iter().map(said).collect()
}

/// The first texts of a list.
fn listed(list: &[String]) -> String {
    const SHOWN: usize = 10;
    let rest = if list.len() > SHOWN { format!(" and {} more", list.len() - SHOWN) } else { String::new() };
    let shown = list.iter().take(SHOWN).map(|text| format!("`{}`", inert(text))).collect::<Vec<_>>();
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_texts_are_inert() {
        let list: Vec<String> = (0..12).map(|k| format!("t{k}\u{1b}")).collect();
        let said = texts_said(&BTreeMap::from([("label".to_owned(), OutputTexts::Values(list))]));
        assert!(said[0].contains("and 2 more") && !said[0].contains('\u{1b}'), "{said:?}");
    }
}
