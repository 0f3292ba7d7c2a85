//! Step of `Move`: the ways to re-index in Cairo, of which the cheapest is chosen.

use maat_runtime::primitives::Move;

use super::code::{Code, Module, constant};
use super::fold::{self, Step};
use super::function::CairoFunction;
use super::limits::{LOOPED_FELTS, MAX_ARRAY};
use super::windows::{Origin, Place, Windows, element};

/// How a re-indexing is done in Cairo.
pub enum Movement {
    /// Consecutive elements of a source.
    Slice { source: usize, start: usize, length: usize },
    /// A function over the sources.
    Function(Copying),
}

/// A function that re-indexes.
pub struct Copying {
    way: Way,
    cost: Cost,
}

/// Where the elements of a re-indexing come from, with each input as a separate source.
pub fn origins(op: &Move, inputs: &[usize]) -> Vec<Origin> {
    if op.indices.is_empty() {
        return (0..inputs[0]).map(|element| Origin::Element(0, element)).collect();
    }
    let mut ends = Vec::with_capacity(inputs.len());
    let mut total = 0;
    for input in inputs {
        total += input;
        ends.push(total);
    }
    let origin = |index: &u32| {
        let index = *index as usize;
        let source = ends.partition_point(|end| *end <= index);
        match inputs.get(source) {
            Some(length) => Origin::Element(source, index - (ends[source] - length)),
            None => Origin::Constant(op.constants[index - total]),
        }
    };
    op.indices.iter().map(origin).collect()
}

/// Makes equal inputs one source and leaves out unused ones. Gives the inputs that became sources.
pub fn merge_sources<T: PartialEq + Copy>(origins: &mut [Origin], inputs: &[T]) -> Vec<T> {
    let mut sources: Vec<T> = Vec::new();
    for origin in origins {
        if let Origin::Element(source, _) = origin {
            let input = inputs[*source];
            *source = sources.iter().position(|other| *other == input).unwrap_or_else(|| {
                sources.push(input);
                sources.len() - 1
            });
        }
    }
    sources
}

/// The most felts that the code of a re-indexing may take to save steps.
const MAX_FELTS: usize = 6_000;
/// Steps of a position that is looked up.
const GATHER_STEPS: usize = 11;
/// The most elements of a block that straight code puts in order.
const MAX_BLOCK: usize = 512;

/// The cheapest way of a re-indexing.
pub fn movement(origins: &[Origin], sources: &[usize]) -> Movement {
    if let (Some((start, length)), Origin::Element(source, _)) = (consecutive(origins), origins[0]) {
        return Movement::Slice { source, start, length };
    }
    let parts = fold::fold(origins);
    let (mut cheapest, mut cost) = (Way::Gathered, Cost { steps: GATHER_STEPS * origins.len(), felts: LOOPED_FELTS * origins.len() });
    let mut consider = |way: Way, other: Cost| {
        if other.key() < cost.key() {
            (cheapest, cost) = (way, other);
        }
    };
    let folded = Cost { steps: fold::steps(&parts), felts: fold::felts(&parts) };
    consider(Way::Folded(parts), folded);
    for block in (1..=MAX_BLOCK.min(origins.len())).filter(|block| origins.len().is_multiple_of(*block)) {
        if let Some((windows, places)) = Windows::find(origins, sources, block, MAX_BLOCK) {
            let felts = 150 + 7 * places.len() + 2 * windows.width() + 40 * windows.runs.len() + LOOPED_FELTS * windows.listed();
            let steps = windows.steps() + windows.blocks * 2 * places.len();
            consider(Way::Walked(windows, places), Cost { steps, felts });
        }
    }
    Movement::Function(Copying { way: cheapest, cost })
}

impl Copying {
    /// The function, for elements of these origins.
    pub fn generate(&self, name: &str, origins: &[Origin], sources: &[usize]) -> CairoFunction {
        let mut function = CairoFunction { felts: self.cost.felts, ..CairoFunction::default() };
        let CairoFunction { code, constants, .. } = &mut function;
        let parameters =
            (0..sources.len()).map(|source| format!("{}: Span<felt252>", source_name(source, sources.len()))).collect::<Vec<_>>();
        code.open(format!("pub fn {name}({}) -> Span<felt252>", parameters.join(", ")));
        code.line("let mut y = array![];");
        match &self.way {
            Way::Walked(windows, places) => walked(code, constants, name, windows, places),
            Way::Gathered => gathered(code, constants, name, origins, sources),
            Way::Folded(parts) => fold::write(code, parts, &|source| source_name(source, sources.len())),
        }
        code.line("y.span()");
        code.close();
        function
    }
}

/// How a function re-indexes.
enum Way {
    /// Blocks whose elements straight code puts in order.
    Walked(Windows, Vec<Place>),
    /// Runs and loops.
    Folded(Vec<Step>),
    /// Positions in constant arrays.
    Gathered,
}

/// Steps and Sierra felts, approximately.
struct Cost {
    steps: usize,
    felts: usize,
}

impl Cost {
    /// What to minimise: the steps, unless the code becomes large.
    fn key(&self) -> (usize, usize) {
        if self.felts <= MAX_FELTS { (0, self.steps) } else { (self.felts, self.steps) }
    }
}

/// The first element and their number, if these are consecutive elements of one source.
pub fn consecutive(origins: &[Origin]) -> Option<(usize, usize)> {
    let Origin::Element(source, start) = origins[0] else { return None };
    let consecutive = origins.iter().zip(start..).all(|(origin, element)| *origin == Origin::Element(source, element));
    consecutive.then_some((start, origins.len()))
}

/// Name of a source in a function.
fn source_name(source: usize, sources: usize) -> String {
    if sources == 1 { "x".to_owned() } else { format!("x{source}") }
}

/// Blocks whose elements straight code puts in order.
fn walked(code: &mut Code, constants: &mut Code, name: &str, windows: &Windows, places: &[Place]) {
    let used = windows.used(places.iter().filter_map(|place| match place {
        Place::Run(run, position) => Some((*run, *position)),
        Place::Constant(_) => None,
    }));
    windows.walk(code, name, |code| {
        windows.destructure(code, &used);
        for place in places {
            code.line(match *place {
                Place::Run(run, position) => format!("y.append(*{});", element(run, position)),
                Place::Constant(value) => format!("y.append({value});"),
            });
        }
    });
    windows.starts(constants, name);
}

/// Without a pattern: constant arrays hold the positions in the sources and constants, which are joined first.
fn gathered(code: &mut Code, constants: &mut Code, name: &str, origins: &[Origin], sources: &[usize]) {
    let mut values: Vec<i32> = Vec::new();
    let before: Vec<usize> = (0..sources.len()).map(|source| sources[..source].iter().sum()).collect();
    let total: usize = sources.iter().sum();
    let mut position = |origin: &Origin| match *origin {
        Origin::Element(source, element) => before[source] + element,
        Origin::Constant(value) => {
            total
                + values.iter().position(|other| *other == value).unwrap_or_else(|| {
                    values.push(value);
                    values.len() - 1
                })
        }
    };
    let positions: Vec<usize> = origins.iter().map(&mut position).collect();
    code.refer(Module::Copy);
    code.refer(Module::Weights);
    let from = if sources.len() == 1 && values.is_empty() {
        "x"
    } else {
        code.line("let mut all = array![];");
        for source in 0..sources.len() {
            code.line(format!("copy::extend(ref all, {});", source_name(source, sources.len())));
        }
        for value in &values {
            code.line(format!("all.append({value});"));
        }
        code.line("let all = all.span();");
        "all"
    };
    for (index, positions) in positions.chunks(MAX_ARRAY).enumerate() {
        let list = constant(name, &format!("POSITIONS_{index}"));
        constants.array(&list, "u32", positions);
        code.line(format!("copy::gather(ref y, {from}, weights::{list}.span());"));
    }
}

/// The function that appends `length` elements.
pub fn copy(length: usize) -> Code {
    let mut code = Code::default();
    code.blank();
    code.doc(format!("Appends {length} elements."));
    code.open(format!("fn copy__{length}(x: Span<felt252>, ref y: Array<felt252>)"));
    code.line(format!("let x: @Box<[felt252; {length}]> = x.try_into().unwrap();"));
    let names = (0..length).map(|index| format!("x{index}")).collect::<Vec<_>>().join(", ");
    code.line(format!("let [{names}] = x.as_snapshot().unbox();"));
    for index in 0..length {
        code.line(format!("y.append(*x{index});"));
    }
    code.close();
    code
}

#[cfg(test)]
mod tests {
    use maat_runtime::Shape;

    use super::*;

    fn of(indices: &[u32], constants: &[i32], inputs: &[usize]) -> Vec<Origin> {
        let shape = Shape::new(&[indices.len().max(1)]).unwrap();
        origins(&Move { shape, indices: indices.to_vec(), constants: constants.to_vec() }, inputs)
    }

    #[test]
    fn indices_run_through_inputs_and_constants() {
        let expected = [Origin::Element(0, 1), Origin::Element(1, 0), Origin::Element(1, 2), Origin::Constant(-7), Origin::Constant(8)];
        assert_eq!(of(&[1, 2, 4, 5, 6], &[-7, 8], &[2, 3]), expected);
        assert_eq!(of(&[], &[], &[2]), [Origin::Element(0, 0), Origin::Element(0, 1)]);
    }

    #[test]
    fn equal_inputs_are_one_source() {
        let mut origins = of(&[0, 5, 2], &[], &[2, 2, 2]);
        assert_eq!(merge_sources(&mut origins, &["a", "b", "a"]), ["a", "b"]);
        assert_eq!(origins, [Origin::Element(0, 0), Origin::Element(0, 1), Origin::Element(1, 0)]);
    }

    #[test]
    fn what_is_there_already_is_not_copied() {
        assert_eq!(consecutive(&of(&[], &[], &[5])), Some((0, 5)));
        assert!(matches!(movement(&of(&[2, 3], &[], &[5]), &[5]), Movement::Slice { source: 0, start: 2, length: 2 }));
    }

    #[test]
    fn a_shuffle_of_many_elements_is_looked_up() {
        let count = 2_000u32;
        let mut state = 1u32;
        let mut next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % count
        };
        let shuffled: Vec<u32> = (0..count).map(&mut next).collect();
        let origins = of(&shuffled, &[], &[count as usize]);
        let Movement::Function(copying) = movement(&origins, &[count as usize]) else { panic!("a shuffle is not a slice") };
        let function = copying.generate("shuffle", &origins, &[count as usize]);
        assert!(function.constants.text().contains("SHUFFLE__POSITIONS_0: [u32; 2000]"));
    }
}
