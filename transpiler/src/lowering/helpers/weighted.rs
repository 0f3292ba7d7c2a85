//! Fixed weighted sums of a tensor's elements, as sampling and overlapping blocks need them.

use crate::lowering::moves::{check_size, narrow};
use crate::lowering::scope::{Operand, Scope};

/// A weighted sum of elements, by position.
pub type Terms = Vec<(usize, f64)>;

/// The most terms of one operator's sums.
const MAX_TERMS: usize = 1 << 22;

/// Refuses sums with too many terms, before lists of that length are made.
pub fn check_terms(counts: &[usize]) -> Result<(), String> {
    let all = counts.iter().try_fold(1usize, |product, count| product.checked_mul(*count));
    match all.filter(|all| *all <= MAX_TERMS) {
        Some(_) => Ok(()),
        None => Err(format!("the weighted sums have more than {MAX_TERMS} terms together")),
    }
}

impl Scope<'_> {
    /// Weighted sums of the elements along the last axis of `x`: `[.., sums]`.
    pub fn weighted(&mut self, x: &Operand, sums: Vec<Terms>) -> Result<Operand, String> {
        let Some((length, outer)) = x.shape.split_last() else { return Err("a scalar has no last axis".to_owned()) };
        let sums: Vec<Terms> = sums.into_iter().map(joined).collect();
        let terms = sums.iter().map(Vec::len).max().unwrap_or_default().max(1);
        let shape = [outer, &[sums.len()]].concat();
        let (rows, wide) = (outer.iter().product::<usize>(), [outer, &[sums.len(), terms]].concat());
        check_size(&wide)?;
        check_terms(&[sums.len(), terms])?;
        let outside = x.elements();
        if sums.iter().all(|sum| matches!(sum[..], [] | [(_, 1.0)])) {
            // Nothing is computed: elements are moved, and the others are 0.
            let of = |row: usize| sums.iter().map(move |sum| sum.first().map_or(outside, |(position, _)| row * length + position));
            let indices = narrow((0..rows).flat_map(of));
            let fill = if sums.iter().any(Vec::is_empty) { vec![0.0] } else { Vec::new() };
            return self.gather(x, shape, indices, fill);
        }
        // Sums with fewer terms repeat one of their elements, with the weight 0.
        let term = |sum: &Terms, term: usize| sum.get(term).copied().unwrap_or((sum.first().map_or(0, |(position, _)| *position), 0.0));
        let all: Vec<(usize, f64)> = sums.iter().flat_map(|sum| (0..terms).map(move |k| term(sum, k))).collect();
        let indices = narrow((0..rows).flat_map(|row| all.iter().map(move |(position, _)| row * length + position)));
        let gathered = self.gather(x, [outer, &[sums.len() * terms]].concat(), indices, Vec::new())?;
        let weights = all.iter().map(|(_, weight)| *weight).collect();
        self.affine(&gathered, sums.len(), weights, vec![0.0; sums.len()])
    }
}

/// The same sum with each element once, and none whose weight is 0.
fn joined(mut sum: Terms) -> Terms {
    sum.sort_by_key(|(position, _)| *position);
    let mut terms: Terms = Vec::new();
    for (position, weight) in sum {
        match terms.last_mut() {
            Some((last, total)) if *last == position => *total += weight,
            _ => terms.push((position, weight)),
        }
    }
    terms.retain(|(_, weight)| *weight != 0.0);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_is_in_a_sum_once() {
        assert_eq!(joined(vec![(3, 0.25), (1, 0.5), (3, 0.25), (2, 0.0)]), [(1, 0.5), (3, 0.5)]);
        assert!(joined(vec![(1, 0.5), (1, -0.5)]).is_empty());
    }
}
