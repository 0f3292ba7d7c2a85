//! Det: determinants of small square matrices over the last two axes, expanded row by row.
//!
//! The minors of the last `k` rows, one for each choice of `k` columns, are sums of products of the next row with those of `k - 1` rows.

use crate::float::{FloatOp, Kind};
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// The most rows: there are as many minors as choices of columns.
const MAX_ROWS: usize = 6;

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.floats(0)?;
    let (batch, n) = match x.shape.split_last_chunk::<2>() {
        Some((batch, [rows, columns])) if rows == columns && (1..=MAX_ROWS).contains(rows) => (batch.to_vec(), *rows),
        _ => return Err(format!("takes square matrices of up to {MAX_ROWS} rows, not shape {:?}", x.shape)),
    };
    let count: usize = batch.iter().product();
    let x = scope.reshape(&x, vec![count, n * n])?;
    let mut choices = choices(n, 1);
    let last: Vec<usize> = choices.iter().map(|choice| (n - 1) * n + choice[0]).collect();
    let mut minors = scope.pick(&x, 1, &last)?;
    for k in 2..=n {
        let next = self::choices(n, k);
        // Each choice of columns: the entries of the row, and the minors without their columns.
        let terms = || next.iter().flat_map(|choice| (0..k).map(move |place| (choice, place)));
        let entries: Vec<usize> = terms().map(|(choice, place)| (n - k) * n + choice[place]).collect();
        let without = |choice: &[usize], place: usize| [&choice[..place], &choice[place + 1..]].concat();
        let smaller: Option<Vec<usize>> =
            terms().map(|(choice, place)| choices.iter().position(|other| *other == without(choice, place))).collect();
        let smaller = smaller.ok_or("a minor is missing")?;
        check_size(&[count, next.len(), k])?;
        let signs = (0..next.len() * k).map(|term| if term % k % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let entries = scope.pick(&x, 1, &entries)?;
        let entries = scope.mul(&entries, &Operand::constant(vec![next.len() * k], Element::Float, signs))?;
        let smaller = scope.pick(&minors, 1, &smaller)?;
        let product = FloatOp::Product { rows: 1, columns: 1, inner: k };
        minors = scope.emit(product, &[&entries, &smaller], vec![count, next.len()], (Element::Float, Kind::Real))?;
        choices = next;
    }
    let y = scope.reshape(&minors, batch)?;
    scope.finish(y)
}

/// All choices of `k` of `n` columns, each in ascending order.
fn choices(n: usize, k: usize) -> Vec<Vec<usize>> {
    let chosen = |bits: usize| (0..n).filter(|column| bits >> column & 1 == 1).collect::<Vec<_>>();
    (0..1usize << n).map(chosen).filter(|choice| choice.len() == k).collect()
}
