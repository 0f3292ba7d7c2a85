//! ONNX operators: one file for an operator, or for a few that differ little, in a folder for each kind. A folder's table says what each
//! operator becomes and what a network must know about it in advance. Every other list of operators derives from these tables.

mod array;
mod control;
mod math;
mod ml;
mod nn;
mod quantised;
mod recurrent;
mod reduce;

use super::operator::Operator;

/// The tables, in alphabetical order of the folders.
const TABLES: [&[Operator]; 8] = [
    array::OPERATORS,
    control::OPERATORS,
    math::OPERATORS,
    ml::OPERATORS,
    nn::OPERATORS,
    quantised::OPERATORS,
    recurrent::OPERATORS,
    reduce::OPERATORS,
];

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
