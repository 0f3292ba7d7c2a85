//! A line of `predict`: what a node becomes in Cairo. It is data, which is written as text only at the end.

use super::code::{Module, Uses};
use super::table::knots;

/// What a node becomes.
pub enum Call {
    /// An expression for its tensor.
    Expression(Expression),
    /// A re-indexing that another node may still take over.
    Move,
    /// Nothing: the tensor has the elements of another one, in another shape.
    Same,
    /// Nothing: the node of this name reads the elements where they are.
    TakenBy(String),
}

/// An expression over tensors.
pub struct Expression {
    /// The tensors, by index.
    pub tensors: Vec<usize>,
    form: Form,
}

enum Form {
    /// A call of a function, with further arguments after the tensors.
    Function { module: Module, name: String, arguments: Vec<Argument> },
    /// Consecutive elements of the tensor.
    Slice { start: usize, length: usize },
    /// The positions of the greatest of `length` elements that lie `inner` apart, from each of the starts on.
    ArgMaxes { starts: Vec<usize>, length: usize, inner: usize },
}

/// What a function takes besides tensors.
pub enum Argument {
    /// A number.
    Number(i128),
    /// The knots of a function of this name.
    Knots(String),
}

impl Expression {
    /// A function over tensors.
    pub fn function(module: Module, name: impl Into<String>, tensors: Vec<usize>) -> Self {
        Self::with(module, name, tensors, Vec::new())
    }

    /// A function over tensors and further arguments.
    pub fn with(module: Module, name: impl Into<String>, tensors: Vec<usize>, arguments: Vec<Argument>) -> Self {
        Self { tensors, form: Form::Function { module, name: name.into(), arguments } }
    }

    /// Consecutive elements of a tensor.
    pub fn slice(tensor: usize, start: usize, length: usize) -> Self {
        Self { tensors: vec![tensor], form: Form::Slice { start, length } }
    }

    /// The positions of the greatest of `length` elements of a tensor that lie `inner` apart, from each of the starts on.
    pub fn arg_maxes(tensor: usize, starts: Vec<usize>, length: usize, inner: usize) -> Self {
        Self { tensors: vec![tensor], form: Form::ArgMaxes { starts, length, inner } }
    }

    /// The generated function that it calls, or whose constants it takes.
    pub fn generated(&self) -> Option<&str> {
        match &self.form {
            Form::Function { module: Module::Layers | Module::Moves, name, .. } => Some(name),
            Form::Function { arguments, .. } => arguments.iter().find_map(|argument| match argument {
                Argument::Knots(name) => Some(name.as_str()),
                Argument::Number(_) => None,
            }),
            Form::Slice { .. } | Form::ArgMaxes { .. } => None,
        }
    }

    /// The modules that it names.
    pub fn refer(&self, uses: &mut Uses) {
        match &self.form {
            Form::Function { module, arguments, .. } => {
                uses.modules.insert(*module);
                if arguments.iter().any(|argument| matches!(argument, Argument::Knots(_))) {
                    uses.modules.insert(Module::Weights);
                }
            }
            Form::ArgMaxes { .. } => _ = uses.modules.insert(Module::ArgMax),
            Form::Slice { .. } => {}
        }
    }

    /// Its text; `variables` are those of all tensors.
    pub fn text(&self, variables: &[String]) -> String {
        let variable = |tensor: &usize| variables[*tensor].clone();
        match &self.form {
            Form::Function { module, name, arguments } => {
                let all: Vec<String> = self.tensors.iter().map(variable).chain(arguments.iter().map(Argument::text)).collect();
                format!("{}::{name}({})", module.name(), all.join(", "))
            }
            Form::Slice { start, length } => format!("{}.slice({start}, {length})", variable(&self.tensors[0])),
            Form::ArgMaxes { starts, length, inner } => {
                let x = variable(&self.tensors[0]);
                let calls: Vec<String> = starts.iter().map(|start| format!("arg_max::arg_max({x}, {start}, {length}, {inner})")).collect();
                format!("array![{}].span()", calls.join(", "))
            }
        }
    }
}

impl Argument {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Knots(name) => format!("weights::{}.span()", knots(name)),
        }
    }
}
