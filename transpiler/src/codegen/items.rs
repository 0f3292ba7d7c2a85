//! The sizes of generated functions, and which functions need which: a part's class holds everything that the part needs.

use std::collections::HashMap;

use super::code::{Code, Uses};
use super::function::Functions;
use super::size::Size;

/// Functions with their constants.
#[derive(Default)]
pub struct Items {
    sizes: Vec<Size>,
    uses: Vec<Uses>,
    by_name: HashMap<String, usize>,
    rescales: Vec<usize>,
    copies: HashMap<usize, usize>,
}

impl Items {
    /// Adds a layer: its function and its weights.
    pub fn add_layer(&mut self, name: &str, function: &Code, weights: &Code) {
        let (mut size, mut uses) = (function.size, function.uses.clone());
        size += weights.size;
        uses.merge(&weights.uses);
        let item = self.add(size, uses);
        self.by_name.insert(name.to_owned(), item);
    }

    /// Adds functions that nodes call.
    pub fn add_functions(&mut self, functions: &Functions) {
        for function in &functions.written {
            let item = self.add(function.size, function.uses.clone());
            self.by_name.insert(function.name.clone(), item);
        }
    }

    /// Adds the next function that takes results out of accumulators.
    pub fn add_rescale(&mut self, function: &Code) {
        let item = self.add(function.size, function.uses.clone());
        self.rescales.push(item);
    }

    /// Adds the function that copies `length` elements.
    pub fn add_copy(&mut self, length: usize, function: &Code) {
        let item = self.add(function.size, function.uses.clone());
        self.copies.insert(length, item);
    }

    fn add(&mut self, size: Size, uses: Uses) -> usize {
        self.sizes.push(size);
        self.uses.push(uses);
        self.sizes.len() - 1
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The size of an item by itself.
    pub fn size(&self, item: usize) -> Size {
        self.sizes[item]
    }

    /// A function that nodes call, and the items that it needs; these need nothing themselves.
    pub fn reached(&self, name: &str) -> Vec<usize> {
        let item = self.by_name[name];
        let Uses { rescales, copies, .. } = &self.uses[item];
        let rescales = rescales.iter().map(|index| self.rescales[*index]);
        std::iter::once(item).chain(rescales).chain(copies.iter().map(|length| self.copies[length])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::Module;
    use super::*;

    #[test]
    fn a_function_reaches_what_it_needs_and_nothing_else() {
        let lines = |count: usize| {
            let mut code = Code::default();
            (0..count).for_each(|_| code.line("x"));
            code
        };
        let mut items = Items::default();
        let mut layer = lines(3);
        layer.refer(Module::Rescale);
        layer.uses.rescales.insert(1);
        items.add_layer("a", &layer, &lines(2));
        let mut copying = lines(1);
        copying.uses.copies.insert(7);
        items.add_layer("b", &copying, &Code::default());
        [4, 5].into_iter().for_each(|count| items.add_rescale(&lines(count)));
        items.add_copy(7, &lines(6));
        let sizes = |name: &str| items.reached(name).into_iter().map(|item| items.size(item)).collect::<Vec<_>>();
        assert_eq!(sizes("a"), [lines(5).size, lines(5).size]);
        assert_eq!(sizes("b"), [lines(1).size, lines(6).size]);
        assert_eq!(items.len(), 5);
    }
}
