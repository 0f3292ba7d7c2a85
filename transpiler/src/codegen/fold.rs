//! Step of `Move`: a re-indexing as runs and loops over runs, found in the list of its elements.

use std::collections::BTreeSet;

use super::code::{Code, Module};
use super::windows::{Origin, plus};

/// A step of a program that copies elements; loops are found in the list of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Consecutive elements of a source; the start is the one in the first turn of every loop around it.
    Copy { source: usize, start: usize, length: usize },
    /// A constant, repeated.
    Fill { value: i32, count: usize },
    /// Repeated parts; `strides` says, for each copy in them, how far a turn advances.
    Loop { count: usize, body: Vec<Step>, strides: Vec<usize> },
}

/// The longest repeated list of parts that is looked for.
const MAX_BODY: usize = 24;
/// How deep loops may be nested.
const MAX_DEPTH: usize = 4;
/// Runs of up to this length are copied by straight code.
const STRAIGHT: usize = 64;

/// The program that gives elements from these origins.
pub fn fold(origins: &[Origin]) -> Vec<Step> {
    let mut parts: Vec<Step> = Vec::new();
    for origin in origins {
        match (parts.last_mut(), *origin) {
            (Some(Step::Copy { source, start, length }), Origin::Element(next, element))
                if next == *source && element == *start + *length =>
            {
                *length += 1;
            }
            (Some(Step::Fill { value, count }), Origin::Constant(next)) if next == *value => *count += 1,
            (_, Origin::Element(source, start)) => parts.push(Step::Copy { source, start, length: 1 }),
            (_, Origin::Constant(value)) => parts.push(Step::Fill { value, count: 1 }),
        }
    }
    for _ in 0..MAX_DEPTH {
        let folded = fold_once(&parts);
        if folded.len() == parts.len() {
            break;
        }
        parts = folded;
    }
    parts
}

fn fold_once(parts: &[Step]) -> Vec<Step> {
    let mut folded = Vec::new();
    let mut rest = parts;
    while let Some(first) = rest.first() {
        let bodies = 1..=MAX_BODY.min(rest.len() / 2);
        let candidates =
            bodies.filter_map(|length| repetition(rest, length).map(|(count, strides)| (count * length, length, count, strides)));
        // The longest stretch; of equal ones, the one with the shortest body.
        let best = candidates.max_by_key(|(covered, length, ..)| (*covered, std::cmp::Reverse(*length)));
        match best {
            Some((covered, length, count, strides)) => {
                folded.push(Step::Loop { count, body: rest[..length].to_vec(), strides });
                rest = &rest[covered..];
            }
            None => {
                folded.push(first.clone());
                rest = &rest[1..];
            }
        }
    }
    folded
}

/// How often the first `length` parts are repeated, and how far each turn advances; nothing if fewer than three times.
fn repetition(parts: &[Step], length: usize) -> Option<(usize, Vec<usize>)> {
    const WORTHWHILE: usize = 3;
    let (first, mut rest) = parts.split_at(length);
    let begin = starts(first);
    let mut strides: Option<Vec<usize>> = None;
    let mut count = 1;
    while rest.len() >= length && first.iter().zip(rest).all(|(a, b)| alike(a, b)) {
        let next = starts(&rest[..length]);
        let ahead: Option<Vec<usize>> = begin.iter().zip(&next).map(|(from, to)| to.checked_sub(*from)).collect();
        let Some(ahead) = ahead else { break };
        let even = match &strides {
            None => true,
            Some(strides) => strides.iter().zip(&ahead).all(|(stride, ahead)| stride * count == *ahead),
        };
        if !even {
            break;
        }
        strides.get_or_insert(ahead);
        count += 1;
        rest = &rest[length..];
    }
    strides.filter(|_| count >= WORTHWHILE).map(|strides| (count, strides))
}

/// Whether two parts differ only in where their copies begin.
fn alike(a: &Step, b: &Step) -> bool {
    match (a, b) {
        (Step::Copy { source: a, length: m, .. }, Step::Copy { source: b, length: n, .. }) => (a, m) == (b, n),
        (Step::Fill { .. }, Step::Fill { .. }) => a == b,
        (Step::Loop { count: k, body: a, strides: s }, Step::Loop { count: l, body: b, strides: t }) => {
            (k, s, a.len()) == (l, t, b.len()) && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        _ => false,
    }
}

/// Where the copies begin, in order.
fn starts(parts: &[Step]) -> Vec<usize> {
    let of = |part: &Step| match part {
        Step::Copy { start, .. } => vec![*start],
        Step::Fill { .. } => Vec::new(),
        Step::Loop { body, .. } => starts(body),
    };
    parts.iter().flat_map(of).collect()
}

/// About how many Cairo steps a program takes.
pub fn steps(parts: &[Step]) -> usize {
    let of = |part: &Step| match part {
        Step::Copy { length: 1, .. } => 20,
        Step::Copy { length, .. } if *length <= STRAIGHT => 30 + 2 * length,
        Step::Copy { length, .. } => 60 + length * 5 / 2,
        Step::Fill { count, .. } if *count <= SHORT_FILL => *count,
        Step::Fill { count, .. } => 40 + 2 * count,
        Step::Loop { count, body, .. } => 20 + count * (20 + steps(body)),
    };
    parts.iter().map(of).sum()
}

/// About how many Sierra felts a program takes.
pub fn felts(parts: &[Step]) -> usize {
    let of = |part: &Step| match part {
        Step::Copy { .. } => 45,
        Step::Fill { count, .. } if *count <= SHORT_FILL => 5 * count,
        Step::Fill { .. } => 25,
        Step::Loop { body, .. } => 80 + felts(body),
    };
    parts.iter().map(of).sum()
}

/// Up to this many constants are appended one by one.
const SHORT_FILL: usize = 8;

/// Writes a program; `source` names a source.
pub fn write(code: &mut Code, parts: &[Step], source: &dyn Fn(usize) -> String) {
    let mut writer = Writer { code, source, loops: 0 };
    let mut offsets = vec![Vec::new(); starts(parts).len()].into_iter();
    writer.parts(parts, &mut offsets);
}

struct Writer<'a> {
    code: &'a mut Code,
    source: &'a dyn Fn(usize) -> String,
    loops: usize,
}

impl Writer<'_> {
    /// `offsets` gives for each copy, in order, the variables of the loops around it that move it.
    fn parts(&mut self, parts: &[Step], offsets: &mut dyn Iterator<Item = Vec<String>>) {
        for part in parts {
            match part {
                Step::Copy { source, start, length } => {
                    let variables = offsets.next().expect("an entry for each copy").join(" + ");
                    let at = if variables.is_empty() { start.to_string() } else { plus(&variables, *start) };
                    let source = (self.source)(*source);
                    let line = match *length {
                        1 => format!("y.append(*{source}[{at}]);"),
                        length if length <= STRAIGHT => {
                            self.code.uses.copies.insert(length);
                            format!("copy__{length}({source}.slice({at}, {length}), ref y);")
                        }
                        length => {
                            self.code.refer(Module::Copy);
                            format!("copy::extend(ref y, {source}.slice({at}, {length}));")
                        }
                    };
                    self.code.line(line);
                }
                Step::Fill { value, count } if *count <= SHORT_FILL => {
                    for _ in 0..*count {
                        self.code.line(format!("y.append({value});"));
                    }
                }
                Step::Fill { value, count } => {
                    self.code.refer(Module::Copy);
                    self.code.line(format!("copy::fill(ref y, {value}, {count});"));
                }
                Step::Loop { count, body, strides } => self.repeat(*count, body, strides, offsets),
            }
        }
    }

    fn repeat(&mut self, count: usize, body: &[Step], strides: &[usize], offsets: &mut dyn Iterator<Item = Vec<String>>) {
        let depth = self.loops;
        self.loops += 1;
        let variable = |stride: usize| format!("i{depth}_{stride}");
        let mut distinct: BTreeSet<usize> = strides.iter().copied().filter(|stride| *stride > 0).collect();
        // One variable has to count the turns.
        let (counter, end) = match distinct.first() {
            Some(stride) => (variable(*stride), count * stride),
            None => (variable(1), count),
        };
        if distinct.is_empty() {
            distinct.insert(1);
        }
        for stride in &distinct {
            self.code.line(format!("let mut {}: usize = 0;", variable(*stride)));
        }
        self.code.open(format!("while {counter} != {end}"));
        let moved = |(mut outer, stride): (Vec<String>, &usize)| {
            outer.extend((*stride > 0).then(|| variable(*stride)));
            outer
        };
        let inner: Vec<Vec<String>> = offsets.take(strides.len()).zip(strides).map(moved).collect();
        self.parts(body, &mut inner.into_iter());
        for stride in &distinct {
            self.code.line(format!("{} += {stride};", variable(*stride)));
        }
        self.code.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of `channels` planes, `side` by `side`, with `pad` zeros on every side.
    fn padded(channels: usize, side: usize, pad: usize) -> Vec<Origin> {
        let outer = side + 2 * pad;
        let mut origins = Vec::new();
        for (c, y, x) in (0..channels).flat_map(|c| (0..outer).flat_map(move |y| (0..outer).map(move |x| (c, y, x)))) {
            let inside = |at: usize| (pad..pad + side).contains(&at);
            origins.push(if inside(x) && inside(y) {
                Origin::Element(0, (c * side + y - pad) * side + x - pad)
            } else {
                Origin::Constant(0)
            });
        }
        origins
    }

    /// The origins that a program gives.
    fn run(parts: &[Step], at: &mut dyn Iterator<Item = usize>) -> Vec<Origin> {
        let mut origins = Vec::new();
        for part in parts {
            match part {
                Step::Copy { source, start, length } => {
                    let start = start + at.next().unwrap();
                    origins.extend((start..start + length).map(|element| Origin::Element(*source, element)));
                }
                Step::Fill { value, count } => origins.extend(vec![Origin::Constant(*value); *count]),
                Step::Loop { count, body, strides } => {
                    let outer: Vec<usize> = at.take(strides.len()).collect();
                    for turn in 0..*count {
                        let mut inner = outer.iter().zip(strides).map(|(outer, stride)| outer + turn * stride);
                        origins.extend(run(body, &mut inner));
                    }
                }
            }
        }
        origins
    }

    fn assert_folds(origins: &[Origin], most: usize) {
        let parts = fold(origins);
        assert_eq!(run(&parts, &mut vec![0; starts(&parts).len()].into_iter()), origins);
        assert!(parts.len() <= most, "{parts:?}");
    }

    #[test]
    fn padding_is_a_loop_over_rows() {
        let parts = fold(&padded(1, 28, 2));
        let row = vec![Step::Copy { source: 0, start: 0, length: 28 }, Step::Fill { value: 0, count: 4 }];
        assert_eq!(parts[0], Step::Fill { value: 0, count: 66 });
        assert_eq!(parts[1], Step::Loop { count: 27, body: row, strides: vec![28] });
        assert_eq!(parts.len(), 4);
    }

    #[test]
    fn padding_of_planes_is_a_loop_of_loops() {
        assert_folds(&padded(8, 5, 1), 8);
    }

    #[test]
    fn any_origins_come_back() {
        let concatenated: Vec<Origin> = (0..9)
            .flat_map(|row| {
                (0..3).map(move |x| Origin::Element(0, row * 3 + x)).chain((0..2).map(move |x| Origin::Element(1, row * 2 + x)))
            })
            .collect();
        assert_folds(&concatenated, 1);
        let transposed: Vec<Origin> = (0..30).map(|index| Origin::Element(0, index % 5 * 6 + index / 5)).collect();
        assert_folds(&transposed, 1);
        let tiled: Vec<Origin> = (0..30).map(|index| Origin::Element(0, index % 6)).collect();
        assert_folds(&tiled, 1);
        let backwards: Vec<Origin> = (0..10).rev().map(|index| Origin::Element(0, index)).collect();
        assert_folds(&backwards, 10);
    }
}
