//! TfIdfVectorizer (opset 9) of integers: how often each of some short sequences is in a row, where its members may be up to so many places
//! apart, always equally many. The mode `IDF` asks only whether it is there, and `TFIDF` weighs how often.
//!
//! A member is a comparison with a number, and a sequence at a place is there if all of its comparisons hold.

use std::collections::BTreeMap;

use crate::float::{Kind, Rounding};
use crate::lowering::helpers::indices::MAX_COMPARISONS;
use crate::lowering::helpers::weighted::Terms;
use crate::lowering::moves::narrow;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// A sequence, and where its result goes.
struct Gram<'a> {
    members: &'a [i64],
    output: usize,
}

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.input(0)?;
    if !matches!(x.element, Element::Integer(_)) || scope.node().texts("pool_strings").is_some_and(|pool| !pool.is_empty()) {
        return Err("only sequences of integers are supported: turn texts into numbers before the network".to_owned());
    }
    let (rows, length) = match x.shape[..] {
        [length] => (1, length),
        [rows, length] => (rows, length),
        _ => return Err(format!("a vector or rows are expected, not a tensor of shape {:?}", x.shape)),
    };
    let pool = scope.list("pool_int64s").unwrap_or_default();
    let starts = scope.list("ngram_counts").ok_or("attribute `ngram_counts` is missing")?;
    let places = scope.list("ngram_indexes").ok_or("attribute `ngram_indexes` is missing")?;
    let outputs = places.iter().map(|place| usize::try_from(*place).ok().filter(|place| *place < MAX_COMPARISONS));
    let outputs: Vec<usize> = outputs.collect::<Option<_>>().ok_or("attribute `ngram_indexes` must hold places of the output")?;
    let count = outputs.iter().max().map(|last| last + 1).ok_or("attribute `ngram_indexes` is empty")?;
    let grams = grams(&pool, &starts, &outputs)?;
    let bound = |name: &str, least: usize| {
        let given = scope.optional_attribute::<i64>(name)?.ok_or_else(|| format!("attribute `{name}` is missing"))?;
        let found = usize::try_from(given).ok().filter(|found| (least..=1 << 20).contains(found));
        found.ok_or_else(|| format!("attribute `{name}` is {given}, which is not a length"))
    };
    let (shortest, longest, skips) = (bound("min_gram_length", 1)?, bound("max_gram_length", 1)?, bound("max_skip_count", 0)?);
    let counted: Vec<&Gram<'_>> = grams.iter().filter(|gram| (shortest..=longest).contains(&gram.members.len())).collect();
    let found = occurrences(scope, &x, (rows, length), &counted, (skips, count))?;

    let weights = scope.node().floats("weights").filter(|weights| !weights.is_empty());
    let mut of_output = vec![1.0; count];
    if let Some(weights) = weights {
        if weights.len() != outputs.len() || weights.iter().any(|weight| !weight.is_finite()) {
            return Err(format!("attribute `weights` must hold {} finite numbers", outputs.len()));
        }
        outputs.iter().zip(weights).for_each(|(output, weight)| of_output[*output] = f64::from(*weight));
    }
    let of_output = Operand::constant(vec![count], Element::Float, of_output);
    let nothing = Operand::scalar(0.0);
    let sort = (Element::Float, Kind::Real);
    let y = match scope.text("mode", "")?.as_str() {
        "TF" => scope.cast(&found, Element::Float)?,
        "IDF" => {
            let zero = Operand::constant(Vec::new(), found.element, vec![0.0]);
            let is_there = scope.greater(&found, &zero)?;
            scope.scaled_as(&is_there, &of_output, &nothing, Rounding::HalfUp, sort)?
        }
        "TFIDF" => scope.scaled_as(&found, &of_output, &nothing, Rounding::HalfUp, sort)?,
        other => return Err(format!("attribute `mode` is `{other}`, which is not known")),
    };
    let y = scope.reshape(&y, [&x.shape[..x.axes() - 1], &[count]].concat())?;
    scope.finish(y)
}

/// The sequences of a pool: first those of one member, from `starts[0]` on, then those of two from `starts[1]` on, and so on.
fn grams<'a>(pool: &'a [i64], starts: &[i64], outputs: &[usize]) -> Result<Vec<Gram<'a>>, String> {
    let mut grams = Vec::new();
    let refused =
        || format!("attribute `ngram_counts` is {starts:?}, which does not fit a pool of {} and {} places", pool.len(), outputs.len());
    let mut ends = starts.iter().skip(1).copied().chain([pool.len() as i64]);
    for (members, start) in (1..).zip(starts) {
        let end = ends.next().ok_or_else(refused)?;
        let part = usize::try_from(*start).ok().zip(usize::try_from(end).ok()).and_then(|(start, end)| pool.get(start..end));
        let part = part.filter(|part| part.len().is_multiple_of(members)).ok_or_else(refused)?;
        for members in part.chunks_exact(members) {
            let output = *outputs.get(grams.len()).ok_or_else(refused)?;
            grams.push(Gram { members, output });
        }
    }
    if grams.len() == outputs.len() { Ok(grams) } else { Err(refused()) }
}

/// How often each sequence is in each row: `[rows, outputs]`.
fn occurrences(
    scope: &mut Scope<'_>,
    x: &Operand,
    (rows, length): (usize, usize),
    grams: &[&Gram<'_>],
    (skips, outputs): (usize, usize),
) -> Result<Operand, String> {
    let number: BTreeMap<i64, usize> = grams.iter().flat_map(|gram| gram.members).map(|member| (*member, 0)).collect();
    let number: BTreeMap<i64, usize> = number.into_keys().zip(0..).collect();
    let too_many = || format!("the sequences need too many comparisons: at most {MAX_COMPARISONS} are supported");
    rows.checked_mul(length).and_then(|all| all.checked_mul(number.len())).filter(|all| *all <= MAX_COMPARISONS).ok_or_else(too_many)?;
    // For each number of members, the places of the members of each occurrence, and the output of each.
    let mut by_members: BTreeMap<usize, (Vec<Vec<usize>>, Vec<usize>)> = BTreeMap::new();
    let mut members = 0;
    for gram in grams {
        let count = gram.members.len();
        let (places, targets) = by_members.entry(count).or_insert_with(|| (vec![Vec::new(); count], Vec::new()));
        // A single member is nowhere apart from itself.
        for distance in 1..=if count == 1 { 1 } else { skips + 1 } {
            let reach = (count - 1).saturating_mul(distance);
            if reach >= length {
                break;
            }
            for start in 0..length - reach {
                members += count * rows;
                if members > MAX_COMPARISONS {
                    return Err(too_many());
                }
                places.iter_mut().zip(gram.members).enumerate().for_each(|(k, (places, member))| {
                    places.push((start + k * distance) * number.len() + number[member]);
                });
                targets.push(gram.output);
            }
        }
    }
    by_members.retain(|_, (_, targets)| !targets.is_empty());
    let int32 = Element::Integer(IntegerType::Int32);
    if by_members.is_empty() {
        return Ok(Operand::constant(vec![rows, outputs], int32, vec![0.0; rows * outputs]));
    }
    let column = scope.reshape(x, vec![rows, length, 1])?;
    let numbers = Operand::constant(vec![number.len()], x.element, number.keys().map(|member| *member as f64).collect());
    let is = scope.equal(&column, &numbers)?;
    let (block, mut found, mut sums) = (length * number.len(), Vec::new(), vec![Terms::new(); outputs]);
    for (count, (places, targets)) in by_members {
        let start = found.iter().map(|part: &Operand| part.shape[1]).sum::<usize>();
        targets.iter().enumerate().for_each(|(k, output)| sums[*output].push((start + k, 1.0)));
        let mut holds = Vec::new();
        for places in &places {
            let indices = narrow((0..rows).flat_map(|row| places.iter().map(move |place| row * block + place)));
            holds.push((1.0, scope.gather(&is, vec![rows, targets.len()], indices, Vec::new())?));
        }
        let terms: Vec<(f64, &Operand)> = holds.iter().map(|(factor, holds)| (*factor, holds)).collect();
        found.push(if let [(_, only)] = terms[..] { only.clone() } else { scope.truth(&terms, 1.0 - count as f64)? });
    }
    let found = scope.concat(&found, 1)?;
    scope.weighted(&Operand { element: int32, ..found }, sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_cut_into_sequences() {
        let of = |starts: &[i64], outputs: &[usize]| -> Result<Vec<(Vec<i64>, usize)>, String> {
            Ok(grams(&[2, 3, 5, 6, 7, 8], starts, outputs)?.iter().map(|gram| (gram.members.to_vec(), gram.output)).collect())
        };
        let expected: Vec<(Vec<i64>, usize)> = vec![(vec![2], 1), (vec![3], 0), (vec![5, 6], 2), (vec![7, 8], 3)];
        assert_eq!(of(&[0, 2], &[1, 0, 2, 3]).unwrap(), expected);
        for (starts, outputs) in [(&[0, 2][..], &[0, 1][..]), (&[0, 1], &[0, 1, 2]), (&[2, 0], &[0]), (&[0, 9], &[0]), (&[-1], &[0])] {
            assert!(of(starts, outputs).is_err(), "{starts:?} {outputs:?}");
        }
    }
}
