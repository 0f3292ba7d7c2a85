//! Where the blocks lie that a function takes one after another, and the loops over them: for layers, maxima and re-indexings.

use std::collections::BTreeSet;

use super::code::{Code, Module, constant};
use super::limits::{MAX_ARRAY, MAX_RUNS};

/// Where an element of a tensor comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A source, by its position among the sources, and an element of it.
    Element(usize, usize),
    /// A constant.
    Constant(i32),
}

/// Blocks of elements, each read from the same places relative to where the block begins: the rows of a dense layer, the windows of a
/// convolution or a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// How many elements each source has.
    pub sources: Vec<usize>,
    /// The contiguous pieces that a block reads, as they lie in the first block.
    pub runs: Vec<Run>,
    /// Where the blocks begin.
    pub starts: Starts,
    /// How many blocks there are.
    pub blocks: usize,
}

/// Consecutive elements of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The source.
    pub source: usize,
    /// Its first element.
    pub start: usize,
    /// How many elements.
    pub length: usize,
}

/// The distance of each block from the first one, in each source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starts {
    /// Loops, the outermost first.
    Nested(Vec<Level>),
    /// Without a pattern: a distance for each block, a list for each source.
    Listed(Vec<Vec<usize>>),
}

/// A loop over blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// How many turns.
    pub count: usize,
    /// How far a turn advances in each source.
    pub strides: Vec<usize>,
}

/// Where a block finds one of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A run, and a position in it.
    Run(usize, usize),
    /// The same constant in every block.
    Constant(i32),
}

/// Windows, and where a block finds each of its elements.
pub type Placed = (Windows, Vec<Place>);

/// Starts that need more loops than this are listed.
const MAX_LEVELS: usize = 4;
/// The longest list of starts: the longest constant array.
const MAX_LISTED: usize = MAX_ARRAY;
/// Steps that a run costs in each block, approximately: a slice, its conversion, and passing it on.
const RUN_STEPS: usize = 15;
/// Steps of a run that is popped off its row, because each block begins where the one before ended.
const POPPED_STEPS: usize = 9;

impl Windows {
    /// Blocks of `length` elements, one after another in each of the sources, which all have `length * blocks` elements.
    pub fn consecutive(sources: usize, length: usize, blocks: usize) -> Self {
        let runs = (0..sources).map(|source| Run { source, start: 0, length }).collect();
        let levels = if blocks > 1 { vec![Level { count: blocks, strides: vec![length; sources] }] } else { Vec::new() };
        Self { sources: vec![length * blocks; sources], runs, starts: Starts::Nested(levels), blocks }
    }

    /// Finds how blocks of `block` elements lie in their sources, and where a block finds its elements; nothing if they do not all lie in
    /// the same way, or are too scattered. Runs with fewer than `gap` elements between them are joined.
    pub fn find(origins: &[Origin], sources: &[usize], block: usize, gap: usize) -> Option<Placed> {
        let first = &origins[..block];
        let mut used: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); sources.len()];
        let mut anchors: Vec<Option<usize>> = vec![None; sources.len()];
        for (position, origin) in first.iter().enumerate() {
            if let Origin::Element(source, element) = *origin {
                used[source].insert(element);
                anchors[source].get_or_insert(position);
            }
        }
        // The distance of each block from the first one, source by source.
        let mut distances: Vec<Vec<i64>> = Vec::with_capacity(origins.len() / block);
        for elements in origins.chunks_exact(block) {
            let distance = |anchor: &Option<usize>| match anchor.map(|anchor| (first[anchor], elements[anchor])) {
                None => Some(0),
                Some((Origin::Element(a, from), Origin::Element(b, to))) if a == b => Some(to as i64 - from as i64),
                Some(_) => None,
            };
            let distance = anchors.iter().map(distance).collect::<Option<Vec<i64>>>()?;
            let alike = |(a, b): (&Origin, &Origin)| match (*a, *b) {
                (Origin::Element(a, from), Origin::Element(b, to)) => a == b && to as i64 - from as i64 == distance[a],
                (a, b) => a == b,
            };
            if !first.iter().zip(elements).all(alike) {
                return None;
            }
            distances.push(distance);
        }

        let mut runs: Vec<Run> = Vec::new();
        for (source, elements) in used.iter().enumerate() {
            let before = runs.len();
            for element in elements {
                match runs.last_mut().filter(|run| run.source == source && *element <= run.start + run.length + gap) {
                    Some(run) => run.length = element + 1 - run.start,
                    None => runs.push(Run { source, start: *element, length: 1 }),
                }
            }
            if runs.len() - before > MAX_RUNS {
                return None;
            }
        }
        if runs.is_empty() || runs.len() > MAX_RUNS {
            return None;
        }
        let place = |origin: &Origin| match *origin {
            Origin::Constant(value) => Place::Constant(value),
            Origin::Element(source, element) => {
                let holds = |run: &Run| run.source == source && (run.start..run.start + run.length).contains(&element);
                let run = runs.iter().position(holds).expect("every element lies in a run");
                Place::Run(run, element - runs[run].start)
            }
        };
        let places = first.iter().map(place).collect();
        let blocks = distances.len();
        let starts = match levels(&distances, MAX_LEVELS) {
            Some(levels) => Starts::Nested(levels),
            None => {
                // The first block need not be the lowest one.
                let lowest = |source: usize| distances.iter().map(|distance| distance[source]).min().unwrap_or(0);
                let lowest: Vec<i64> = (0..sources.len()).map(lowest).collect();
                for run in &mut runs {
                    run.start = usize::try_from(run.start as i64 + lowest[run.source]).expect("elements are not negative");
                }
                let list = |source: usize| distances.iter().map(|distance| (distance[source] - lowest[source]) as usize).collect();
                (blocks <= MAX_LISTED).then(|| Starts::Listed((0..sources.len()).map(list).collect()))?
            }
        };
        Some((Self { sources: sources.to_vec(), runs, starts, blocks }, places))
    }

    /// Elements of all runs of a block.
    pub fn width(&self) -> usize {
        self.runs.iter().map(|run| run.length).sum()
    }

    /// How many starts are listed in constants.
    pub fn listed(&self) -> usize {
        if let Starts::Listed(lists) = &self.starts { lists.iter().map(Vec::len).sum() } else { 0 }
    }

    /// Cairo steps to make every block's runs available, approximately.
    pub fn steps(&self) -> usize {
        let run = if self.popped().is_some() { POPPED_STEPS } else { RUN_STEPS };
        self.blocks * (RUN_STEPS + run * self.runs.len())
    }

    /// The innermost loop, if each of its blocks begins where the one before ended.
    fn popped(&self) -> Option<&Level> {
        let Starts::Nested(levels) = &self.starts else { return None };
        levels.last().filter(|level| self.runs.iter().all(|run| run.length == level.strides[run.source]))
    }

    /// Name of a source in the functions over it.
    pub fn source(&self, source: usize) -> String {
        if self.sources.len() == 1 { "x".to_owned() } else { format!("x{source}") }
    }

    /// Parameters `x: Span<felt252>` of a function over the sources.
    pub fn parameters(&self) -> String {
        (0..self.sources.len()).map(|source| format!("{}: Span<felt252>", self.source(source))).collect::<Vec<_>>().join(", ")
    }

    /// Which elements of each run these places are.
    pub fn used(&self, places: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<bool>> {
        let mut used: Vec<Vec<bool>> = self.runs.iter().map(|run| vec![false; run.length]).collect();
        for (run, position) in places {
            used[run][position] = true;
        }
        used
    }

    /// Parameters `w0: @Box<[felt252; n]>` of a function over a block's runs, with an underscore before those that it does not use.
    pub fn block_parameters(&self, used: &[Vec<bool>]) -> String {
        let parameter = |(run, Run { length, .. }): (usize, &Run)| {
            let unused = if used[run].contains(&true) { "" } else { "_" };
            format!("{unused}w{run}: @Box<[felt252; {length}]>")
        };
        self.runs.iter().enumerate().map(parameter).collect::<Vec<_>>().join(", ")
    }

    /// The runs' names, as arguments.
    pub fn arguments(&self) -> String {
        (0..self.runs.len()).map(|run| format!("w{run}")).collect::<Vec<_>>().join(", ")
    }

    /// Writes lines that take a block's runs apart into `x{run}_{position}`; unused elements get no name.
    pub fn destructure(&self, code: &mut Code, used: &[Vec<bool>]) {
        for (run, used) in used.iter().enumerate().filter(|(_, used)| used.contains(&true)) {
            let name = |(position, used): (usize, &bool)| if *used { element(run, position) } else { "_".to_owned() };
            let names = used.iter().enumerate().map(name).collect::<Vec<_>>().join(", ");
            code.line(format!("let [{names}] = w{run}.as_snapshot().unbox();"));
        }
    }

    /// Writes the constants that hold the listed starts of a function, if there are any.
    pub fn starts(&self, code: &mut Code, function: &str) {
        let Starts::Listed(lists) = &self.starts else { return };
        for (source, list) in lists.iter().enumerate() {
            code.array(&constant(function, &format!("BLOCKS_{source}")), "u32", list);
        }
    }

    /// Writes loops over all blocks of a function, with `body` in the innermost one, where the runs are available as `w0`, `w1`, ...
    pub fn walk(&self, code: &mut Code, function: &str, body: impl FnOnce(&mut Code)) {
        match &self.starts {
            Starts::Nested(levels) => self.nested(code, levels, 0, &vec![None; self.sources.len()], body),
            Starts::Listed(_) => {
                code.refer(Module::Weights);
                for source in 0..self.sources.len() {
                    code.line(format!("let mut starts{source} = weights::{}.span();", constant(function, &format!("BLOCKS_{source}"))));
                }
                code.open("while let Some(s0) = starts0.pop_front()");
                for source in 1..self.sources.len() {
                    code.line(format!("let s{source} = starts{source}.pop_front().unwrap();"));
                }
                for (index, run) in self.runs.iter().enumerate() {
                    let (x, length) = (self.source(run.source), run.length);
                    let start = plus(&format!("*s{}", run.source), run.start);
                    code.line(format!("let w{index}: @Box<[felt252; {length}]> = {x}.slice({start}, {length}).try_into().unwrap();"));
                }
                body(code);
                code.close();
            }
        }
    }

    /// `at` holds the variable of each source in which the outer loops count, if there is one.
    fn nested(&self, code: &mut Code, levels: &[Level], depth: usize, at: &[Option<String>], body: impl FnOnce(&mut Code)) {
        let begin = |run: &Run| match &at[run.source] {
            Some(variable) => plus(variable, run.start),
            None => run.start.to_string(),
        };
        let Some((level, inner)) = levels.split_first() else {
            for (index, run) in self.runs.iter().enumerate() {
                let part = self.part(run, &begin(run), run.length);
                code.line(format!("let w{index}: @Box<[felt252; {}]> = {part}.try_into().unwrap();", run.length));
            }
            return body(code);
        };
        if inner.is_empty() {
            return self.innermost(code, level, begin, body);
        }
        let mut next = at.to_vec();
        let mut counter = None;
        for source in (0..self.sources.len()).filter(|source| level.strides[*source] > 0) {
            let variable = format!("i{depth}_{source}");
            let (from, length) = (at[source].as_deref().unwrap_or("0"), level.count * level.strides[source]);
            if counter.is_none() {
                counter = Some(variable.clone());
                let end = at[source].as_ref().map_or_else(|| length.to_string(), |variable| format!("{variable} + {length}"));
                code.line(format!("let end{depth} = {end};"));
            }
            code.line(format!("let mut {variable}: usize = {from};"));
            next[source] = Some(variable);
        }
        let counts = counter.is_none();
        let counter = counter.unwrap_or_else(|| format!("i{depth}"));
        if counts {
            code.line(format!("let mut {counter}: usize = 0;"));
            code.line(format!("let end{depth} = {};", level.count));
        }
        code.open(format!("while {counter} != end{depth}"));
        self.nested(code, inner, depth + 1, &next, body);
        self.advance(code, level, &format!("i{depth}"), counts);
        code.close();
    }

    /// The innermost loop goes along rows, which are sliced once, so that its turns need as few additions as possible.
    fn innermost(&self, code: &mut Code, level: &Level, begin: impl Fn(&Run) -> String, body: impl FnOnce(&mut Code)) {
        let popped = self.popped().is_some();
        for (index, run) in self.runs.iter().enumerate() {
            let extent = (level.count - 1) * level.strides[run.source] + run.length;
            let mutable = if popped { "mut " } else { "" };
            code.line(format!("let {mutable}r{index} = {};", self.part(run, &begin(run), extent)));
        }
        if popped {
            code.open(format!("while let Some(w0) = r0.multi_pop_front::<{}>()", self.runs[0].length));
            for (index, run) in self.runs.iter().enumerate().skip(1) {
                code.line(format!("let w{index} = r{index}.multi_pop_front::<{}>().unwrap();", run.length));
            }
            body(code);
            return code.close();
        }
        let moving: Vec<usize> = (0..self.sources.len()).filter(|source| level.strides[*source] > 0).collect();
        for source in &moving {
            code.line(format!("let mut i_{source}: usize = 0;"));
        }
        match moving.first() {
            Some(source) => code.open(format!("while i_{source} != {}", level.count * level.strides[*source])),
            None => {
                code.line("let mut i: usize = 0;");
                code.open(format!("while i != {}", level.count));
            }
        }
        for (index, run) in self.runs.iter().enumerate() {
            let length = run.length;
            let part =
                if level.strides[run.source] > 0 { format!("r{index}.slice(i_{}, {length})", run.source) } else { format!("r{index}") };
            code.line(format!("let w{index}: @Box<[felt252; {length}]> = {part}.try_into().unwrap();"));
        }
        body(code);
        self.advance(code, level, "i", moving.is_empty());
        code.close();
    }

    fn advance(&self, code: &mut Code, level: &Level, variable: &str, counts: bool) {
        for (source, stride) in level.strides.iter().enumerate().filter(|(_, stride)| **stride > 0) {
            code.line(format!("{variable}_{source} += {stride};"));
        }
        if counts {
            code.line(format!("{variable} += 1;"));
        }
    }

    /// `length` elements of a run's source, from `begin` on.
    fn part(&self, run: &Run, begin: &str, length: usize) -> String {
        let source = self.source(run.source);
        if length == self.sources[run.source] { source } else { format!("{source}.slice({begin}, {length})") }
    }
}

/// Name of an element of a block in the functions over it.
pub fn element(run: usize, position: usize) -> String {
    format!("x{run}_{position}")
}

/// `expression + constant`.
pub fn plus(expression: &str, constant: usize) -> String {
    if constant == 0 { expression.to_owned() } else { format!("{expression} + {constant}") }
}

/// The loops whose turns give these distances, nested at most `depth` deep, if there are any; the distances begin with 0.
fn levels(distances: &[Vec<i64>], depth: usize) -> Option<Vec<Level>> {
    if distances.len() == 1 {
        return Some(Vec::new());
    }
    if depth == 0 {
        return None;
    }
    let step = |from: &[i64], to: &[i64]| from.iter().zip(to).map(|(from, to)| to - from).collect::<Vec<i64>>();
    let stride = step(&distances[0], &distances[1]);
    let even = |pair: &[Vec<i64>]| step(&pair[0], &pair[1]) == stride;
    let count = 1 + distances.windows(2).take_while(|pair| even(pair)).count();
    let whole = distances.len().is_multiple_of(count) && distances.chunks(count).all(|turns| turns.windows(2).all(even));
    let strides = stride.iter().map(|stride| usize::try_from(*stride).ok()).collect::<Option<Vec<usize>>>()?;
    if !whole {
        return None;
    }
    let outer: Vec<Vec<i64>> = distances.iter().step_by(count).cloned().collect();
    let mut levels = levels(&outer, depth - 1)?;
    levels.push(Level { count, strides });
    Some(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(indices: impl IntoIterator<Item = usize>) -> Vec<Origin> {
        indices.into_iter().map(|index| Origin::Element(0, index)).collect()
    }

    fn level(count: usize, stride: usize) -> Level {
        Level { count, strides: vec![stride] }
    }

    /// Windows of `kernel` by `kernel` pixels of `channels` each on a square image.
    fn image(side: usize, kernel: usize, stride: usize, channels: usize) -> Vec<Origin> {
        let out = (side - kernel) / stride + 1;
        let mut indices = Vec::new();
        for (oy, ox) in (0..out).flat_map(|oy| (0..out).map(move |ox| (oy, ox))) {
            for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                indices.extend((0..channels).map(|c| ((oy * stride + ky) * side + ox * stride + kx) * channels + c));
            }
        }
        elements(indices)
    }

    #[test]
    fn a_convolutions_windows_are_rows_of_runs() {
        let (windows, places) = Windows::find(&image(6, 3, 1, 2), &[72], 18, 4).unwrap();
        let run = |start| Run { source: 0, start, length: 6 };
        assert_eq!(windows.runs, [run(0), run(12), run(24)]);
        assert_eq!(windows.starts, Starts::Nested(vec![level(4, 12), level(4, 2)]));
        assert_eq!((places[0], places[7], places[17]), (Place::Run(0, 0), Place::Run(1, 1), Place::Run(2, 5)));
        assert_eq!(windows.popped(), None);
    }

    #[test]
    fn a_pools_windows_are_popped_off_their_rows() {
        let (windows, _) = Windows::find(&image(8, 2, 2, 3), &[192], 12, 4).unwrap();
        assert_eq!(windows.starts, Starts::Nested(vec![level(4, 48), level(4, 6)]));
        assert!(windows.popped().is_some());
    }

    #[test]
    fn a_permutation_of_one_block_is_one_run() {
        let (windows, places) = Windows::find(&elements([2, 0, 1, 3]), &[4], 4, 4).unwrap();
        assert_eq!(windows.runs, [Run { source: 0, start: 0, length: 4 }]);
        assert_eq!(windows.starts, Starts::Nested(Vec::new()));
        assert_eq!(places[0], Place::Run(0, 2));
    }

    #[test]
    fn close_runs_are_joined_and_far_ones_are_not() {
        let runs = |indices: &[usize]| Windows::find(&elements(indices.iter().copied()), &[100], indices.len(), 4).unwrap().0.runs.len();
        assert_eq!(runs(&[0, 5, 10]), 1);
        assert_eq!(runs(&[0, 6, 12]), 3);
    }

    #[test]
    fn starts_without_a_pattern_are_listed_from_the_lowest() {
        let (windows, _) = Windows::find(&elements([5, 6, 1, 2, 3, 4]), &[9], 2, 4).unwrap();
        assert_eq!(windows.runs, [Run { source: 0, start: 1, length: 2 }]);
        assert_eq!(windows.starts, Starts::Listed(vec![vec![4, 0, 2]]));
    }

    #[test]
    fn each_source_goes_its_own_way() {
        let pairs = |k: usize| [Origin::Element(0, 3 * k), Origin::Element(1, k), Origin::Constant(7)];
        let origins: Vec<Origin> = (0..4).flat_map(pairs).collect();
        let (windows, places) = Windows::find(&origins, &[10, 4], 3, 4).unwrap();
        assert_eq!(windows.starts, Starts::Nested(vec![Level { count: 4, strides: vec![3, 1] }]));
        assert_eq!(places, [Place::Run(0, 0), Place::Run(1, 0), Place::Constant(7)]);
    }

    #[test]
    fn blocks_that_do_not_lie_alike_are_refused() {
        assert_eq!(Windows::find(&elements([0, 1, 2, 4]), &[5], 2, 4), None);
        let origins = [Origin::Element(0, 0), Origin::Constant(1), Origin::Element(0, 1), Origin::Constant(2)];
        assert_eq!(Windows::find(&origins, &[2], 2, 4), None);
    }
}
