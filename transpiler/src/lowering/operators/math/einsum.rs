//! Einsum: sums of products by an equation such as `bij,bjk->bik`.
//!
//! Operands are joined one after another by a matrix product: letters of both that are needed later are its batch, letters of both that
//! are not are summed, and the others are its rows and columns. A letter twice in one operand takes the diagonal. `...` are axes that
//! broadcast, counted from the last one.

use std::collections::BTreeSet;
use std::fmt;

use crate::float::strides;
use crate::lowering::moves::narrow;
use crate::lowering::scope::{Operand, Scope};

/// An axis of an operand: a letter, or one of the ellipsis, counted from the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Ellipsis(usize),
    Letter(u8),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ellipsis(_) => f.write_str("..."),
            Self::Letter(letter) => write!(f, "{}", char::from(*letter)),
        }
    }
}

/// A tensor whose axes have different labels.
struct Term {
    x: Operand,
    labels: Vec<Label>,
}

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, usize::MAX)?;
    let equation: String = scope.text("equation", "")?.chars().filter(|character| !character.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if parts.len() != scope.inputs() {
        return Err(format!(
            "attribute `equation` is `{equation}`, which has {} operands, but there are {} inputs",
            parts.len(),
            scope.inputs()
        ));
    }
    let (mut terms, mut all) = (Vec::new(), Vec::new());
    for (position, part) in parts.iter().enumerate() {
        let x = scope.input(position)?;
        let labels = labels(part, x.axes())?;
        all.extend(labels.iter().copied());
        terms.push(diagonal(scope, x, &labels)?);
    }
    let ellipsis = all.iter().filter_map(|label| if let Label::Ellipsis(k) = label { Some(k + 1) } else { None }).max().unwrap_or(0);
    let output = match right {
        Some(right) => {
            let letters = right.bytes().filter(u8::is_ascii_alphabetic).count();
            labels(right, letters + if right.contains("...") { ellipsis } else { 0 })?
        }
        // Without an output, the letters that come once, in alphabetical order after the ellipsis.
        None => {
            let once = |label: &&Label| all.iter().filter(|other| other == label).count() == 1;
            let letters: BTreeSet<Label> = all.iter().filter(|label| matches!(label, Label::Letter(_))).filter(once).copied().collect();
            (0..ellipsis).rev().map(Label::Ellipsis).chain(letters).collect()
        }
    };
    if let Some(label) =
        output.iter().enumerate().find_map(|(place, label)| (output[..place].contains(label) || !all.contains(label)).then_some(label))
    {
        return Err(format!("attribute `equation` is `{equation}`: `{label}` of the output is there twice, or in no operand"));
    }

    let mut terms = terms.into_iter();
    let mut joined = terms.next().ok_or("there are no operands")?;
    let rest: Vec<Term> = terms.collect();
    for (position, term) in rest.iter().enumerate() {
        let later: BTreeSet<Label> = rest[position + 1..].iter().flat_map(|term| &term.labels).chain(&output).copied().collect();
        joined = join(scope, joined, term, &later)?;
    }
    let joined = sum_out(scope, joined, &output.iter().copied().collect())?;
    let order: Option<Vec<usize>> = output.iter().map(|label| joined.labels.iter().position(|other| other == label)).collect();
    let y = scope.transpose(&joined.x, &order.ok_or("an axis of the output is missing")?)?;
    scope.finish(y)
}

/// The labels of a part of an equation, whose tensor has so many axes.
fn labels(part: &str, axes: usize) -> Result<Vec<Label>, String> {
    let refused = || format!("`{part}` in attribute `equation` does not name {} axes with letters and at most one `...`", axes);
    let (before, behind) = match part.split_once("...") {
        Some((before, behind)) => (before, Some(behind)),
        None => (part, None),
    };
    if !before.bytes().chain(behind.unwrap_or("").bytes()).all(|byte| byte.is_ascii_alphabetic()) {
        return Err(refused());
    }
    let letters = before.len() + behind.map_or(0, str::len);
    let covered = axes.checked_sub(letters).filter(|covered| *covered == 0 || behind.is_some()).ok_or_else(refused)?;
    let ellipsis = (0..covered).rev().map(Label::Ellipsis);
    Ok(before.bytes().map(Label::Letter).chain(ellipsis).chain(behind.unwrap_or("").bytes().map(Label::Letter)).collect())
}

/// An operand with each label once: elements on the diagonal of axes with the same one.
fn diagonal(scope: &mut Scope<'_>, x: Operand, labels: &[Label]) -> Result<Term, String> {
    let mut unique: Vec<Label> = Vec::new();
    let (mut shape, mut steps) = (Vec::new(), Vec::new());
    for ((label, length), stride) in labels.iter().zip(&x.shape).zip(strides(&x.shape)) {
        match unique.iter().position(|known| known == label) {
            Some(known) if shape[known] == *length => steps[known] += stride,
            Some(_) => return Err(format!("axes with the same letter have different lengths in shape {:?}", x.shape)),
            None => {
                unique.push(*label);
                shape.push(*length);
                steps.push(stride);
            }
        }
    }
    if unique.len() == labels.len() {
        return Ok(Term { x, labels: unique });
    }
    let places = shape.iter().zip(&steps).fold(vec![0], |places: Vec<usize>, (length, step)| {
        places.iter().flat_map(|place| (0..*length).map(move |k| place + k * step)).collect()
    });
    let x = scope.gather(&x, shape, narrow(places), Vec::new())?;
    Ok(Term { x, labels: unique })
}

/// A term with the axes summed that are not kept.
fn sum_out(scope: &mut Scope<'_>, term: Term, kept: &BTreeSet<Label>) -> Result<Term, String> {
    let summed: Vec<usize> = (0..term.labels.len()).filter(|axis| !kept.contains(&term.labels[*axis])).collect();
    if summed.is_empty() {
        return Ok(term);
    }
    let x = scope.reduce_sum(&term.x, &summed, false, 1.0)?;
    Ok(Term { x, labels: term.labels.into_iter().filter(|label| kept.contains(label)).collect() })
}

/// The product of two terms, with the sums over labels that are not needed later.
fn join(scope: &mut Scope<'_>, a: Term, b: &Term, later: &BTreeSet<Label>) -> Result<Term, String> {
    let of = |term: &Term| term.labels.iter().copied().collect::<BTreeSet<Label>>();
    let (in_a, in_b) = (of(&a), of(b));
    let a = sum_out(scope, a, &in_b.union(later).copied().collect())?;
    let b = sum_out(scope, Term { x: b.x.clone(), labels: b.labels.clone() }, &in_a.union(later).copied().collect())?;
    let both: Vec<Label> = in_a.intersection(&in_b).copied().collect();
    let (batch, summed): (Vec<Label>, Vec<Label>) = both.iter().copied().partition(|label| later.contains(label));
    let alone = |term: &Term| term.labels.iter().copied().filter(|label| !both.contains(label)).collect::<Vec<_>>();
    let (rows, columns) = (alone(&a), alone(&b));
    let length = |label: &Label| {
        let of = |term: &Term| term.labels.iter().position(|other| other == label).map_or(1, |axis| term.x.shape[axis]);
        match (of(&a), of(&b)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            (x, y) => Err(format!("axes with the same label have the lengths {x} and {y}")),
        }
    };
    let lengths = |labels: &[Label]| labels.iter().map(length).collect::<Result<Vec<usize>, String>>();
    let (of_batch, of_rows, of_summed, of_columns) = (lengths(&batch)?, lengths(&rows)?, lengths(&summed)?, lengths(&columns)?);
    let mut matrix = |term: &Term, labels: [&[Label]; 3], lengths: [&[usize]; 3]| {
        let order: Vec<usize> = labels.concat().iter().filter_map(|label| term.labels.iter().position(|other| other == label)).collect();
        let moved = scope.transpose(&term.x, &order)?;
        let full = scope.expand(&moved, &lengths.concat())?;
        scope.reshape(&full, lengths.map(|lengths| lengths.iter().product()).to_vec())
    };
    let left = matrix(&a, [&batch, &rows, &summed], [&of_batch, &of_rows, &of_summed])?;
    let right = matrix(&b, [&batch, &summed, &columns], [&of_batch, &of_summed, &of_columns])?;
    let product = scope.matmul(&left, &right)?;
    let x = scope.reshape(&product, [&of_batch[..], &of_rows, &of_columns].concat())?;
    Ok(Term { x, labels: [&batch[..], &rows, &columns].concat() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsis_covers_what_the_letters_leave() {
        use Label::{Ellipsis, Letter};
        assert_eq!(labels("a...b", 4).unwrap(), [Letter(b'a'), Ellipsis(1), Ellipsis(0), Letter(b'b')]);
        assert_eq!(labels("...", 0).unwrap(), []);
        assert_eq!(labels("ab", 2).unwrap(), [Letter(b'a'), Letter(b'b')]);
        for (part, axes) in [("ab", 3), ("a...b", 1), ("a-b", 2), ("a......", 3), ("ä", 1)] {
            assert!(labels(part, axes).is_err(), "{part}");
        }
    }
}
