//! Texts in a network. They are constants, labels of classes, and what is looked up by them; a model has their positions in lists instead.
//!
//! Each list is a type of its own, so that positions in different lists are never compared or joined.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use maat_package::OutputTexts;

use super::scope::{Operand, Tensors};
use crate::onnx::{Element, OnnxNode, Texts};

/// Operators that take texts, and the positions of the inputs that may be texts: they move them, or know the lists.
const TAKE_TEXTS: &[(&str, Range<usize>)] = &[
    ("Equal", 0..2),
    ("Flatten", 0..1),
    ("Gather", 0..1),
    ("Identity", 0..1),
    ("Loop", 2..usize::MAX),
    ("Reshape", 0..1),
    ("Scan", 0..usize::MAX),
    ("Shape", 0..1),
    ("Size", 0..1),
    ("Slice", 0..1),
    ("Squeeze", 0..1),
    ("Transpose", 0..1),
    ("Unsqueeze", 0..1),
    ("Where", 1..3),
    ("ai.onnx.ml.ArrayFeatureExtractor", 0..1),
    ("ai.onnx.ml.CategoryMapper", 0..1),
    ("ai.onnx.ml.LabelEncoder", 0..1),
    ("ai.onnx.ml.OneHotEncoder", 0..1),
];

/// Refuses a node that computes with texts: their positions mean nothing to it.
pub(super) fn check(node: &OnnxNode, tensors: &Tensors) -> Result<(), String> {
    let operator = node.qualified_operator();
    let taken = TAKE_TEXTS.iter().find(|(name, _)| *name == operator).map_or(0..0, |(_, taken)| taken.clone());
    let is_text = |name: &str| tensors.get(name).is_some_and(|operand| matches!(operand.element, Element::Text(_)));
    match node.inputs().iter().enumerate().find(|(position, name)| !taken.contains(position) && is_text(name)) {
        Some((_, name)) => Err(format!("`{name}` holds text, which is supported as labels and as keys of encoders only")),
        None => Ok(()),
    }
}

/// Refuses a list that has a text twice.
pub(super) fn check_once(list: &[String]) -> Result<(), String> {
    let mut sorted: Vec<&String> = list.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("the text `{}` is listed twice", maat_runtime::inert(pair[0]))),
        None => Ok(()),
    }
}

/// The lists of texts of a network.
#[derive(Default)]
pub(super) struct Vocabularies {
    lists: Vec<Vec<String>>,
    /// The keys of maps, by the name of the tensor that holds their values.
    keys: HashMap<String, Vec<String>>,
}

impl Vocabularies {
    /// The element type of positions in a list. A text may be in it only once.
    pub(super) fn element(&mut self, list: &[String]) -> Result<Element, String> {
        check_once(list)?;
        Ok(self.position(list))
    }

    fn position(&mut self, list: &[String]) -> Element {
        let known = self.lists.iter().position(|known| known == list);
        Element::Text(known.unwrap_or_else(|| {
            self.lists.push(list.to_vec());
            self.lists.len() - 1
        }))
    }

    /// The list behind an element type.
    pub(super) fn list(&self, element: Element) -> Option<&[String]> {
        if let Element::Text(list) = element { self.lists.get(list).map(Vec::as_slice) } else { None }
    }

    /// A constant of texts. Its list has each of them once, in the order of their first places.
    pub(super) fn constant(&mut self, texts: &Texts) -> Operand {
        let mut positions: HashMap<&str, usize> = HashMap::new();
        let mut list = Vec::new();
        let mut place = |text: &str| list.push(text.to_owned());
        let mut values = Vec::new();
        for text in &texts.values {
            let next = positions.len();
            let position = *positions.entry(text).or_insert_with(|| {
                place(text);
                next
            });
            values.push(position as f64);
        }
        let element = self.position(&list);
        Operand::constant(texts.shape.clone(), element, values)
    }

    /// Notes that the network gives a map with these keys where a tensor is a row of values.
    pub(super) fn note_keys(&mut self, tensor: &str, keys: Vec<String>) {
        self.keys.insert(tensor.to_owned(), keys);
    }

    /// The texts behind outputs.
    pub(super) fn of_outputs(&self, outputs: &[String], element: impl Fn(&str) -> Option<Element>) -> BTreeMap<String, OutputTexts> {
        let texts = |name: &String| {
            let list = element(name).and_then(|element| self.list(element)).map(|list| OutputTexts::Values(list.to_vec()));
            let texts = list.or_else(|| self.keys.get(name).map(|keys| OutputTexts::Keys(keys.clone())));
            texts.map(|texts| (name.clone(), texts))
        };
        outputs.iter().filter_map(texts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn equal_lists_are_one_type_and_others_are_not() {
        let mut texts = Vocabularies::default();
        let ab = texts.element(&list(&["a", "b"])).unwrap();
        assert_ne!(texts.element(&list(&["b", "a"])), Ok(ab));
        assert_eq!(texts.element(&list(&["a", "b"])), Ok(ab));
        assert_eq!(texts.list(ab), Some(&list(&["a", "b"])[..]));
        assert!(texts.element(&list(&["a", "b", "a"])).is_err());
    }

    #[test]
    fn a_constant_has_each_text_once_in_its_list() {
        let mut texts = Vocabularies::default();
        let operand = texts.constant(&Texts { shape: vec![4], values: list(&["x", "y", "x", "z"]) });
        assert_eq!(operand.values(), Some(&[0.0, 1.0, 0.0, 2.0][..]));
        assert_eq!(texts.list(operand.element), Some(&list(&["x", "y", "z"])[..]));
    }
}
