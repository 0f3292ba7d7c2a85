//! ONNX operators: one file for an operator, or for a few that differ in a sign, in a folder for each kind. A folder's table says what each
//! operator becomes and what a network must know of it ahead; every other list of operators derives from these tables.

mod array;
mod math;
mod ml;
mod nn;
mod quantised;
mod recurrent;
mod reduce;

use super::Lowering;

/// An operator: what it becomes, and what of it a network must know ahead.
pub struct Operator {
    /// Its name; operators of another domain than ONNX's own follow theirs and a dot.
    pub name: &'static str,
    /// Positions of the inputs that are shapes, axes, counts, indices, scales or the like: constants in a trained network.
    pub parameters: &'static [usize],
    /// What it works with.
    pub values: Values,
    pub(super) lower: Lowering,
}

/// What an operator works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Real numbers; on integers it would be integer arithmetic, with its own rules of division and overflow.
    Real,
    /// Integers and truth values, or values of any type, which it takes and moves.
    Any,
    /// Nothing: its result is known before any input is.
    Known,
}

impl Operator {
    const fn with_parameters(self, parameters: &'static [usize]) -> Self {
        Self { parameters, ..self }
    }
}

const fn real(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: Values::Real, lower }
}

const fn any(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: Values::Any, lower }
}

const fn known(name: &'static str, lower: Lowering) -> Operator {
    Operator { name, parameters: &[], values: Values::Known, lower }
}

/// The tables, in alphabetical order of the folders.
const TABLES: [&[Operator]; 7] =
    [array::OPERATORS, math::OPERATORS, ml::OPERATORS, nn::OPERATORS, quantised::OPERATORS, recurrent::OPERATORS, reduce::OPERATORS];

/// The supported operators, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Operator> {
    TABLES.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_alphabetical_order_and_no_operator_is_in_two() {
        for table in TABLES {
            assert!(!table.is_empty() && table.is_sorted_by(|a, b| a.name < b.name));
        }
        let names: std::collections::HashSet<&str> = all().map(|operator| operator.name).collect();
        assert_eq!(names.len(), all().count());
    }
}
