//! `Product`: products of elements, whose results share accumulators, and products of rows, which are packed first.

use maat_runtime::primitives::Product;
use maat_runtime::{Model, Node};
use num_bigint::BigInt;

use super::call::{Call, Expression};
use super::code::{Code, Module, doc, numbered};
use super::collector::Collector;
use super::function::CairoFunction;
use super::lanes::Lanes;
use super::rescale::{Rescale, RescaleFunction, Rescales};
use crate::error::CodegenError;

/// Accumulators that a turn of a loop fills.
const ACCUMULATORS: usize = 4;
/// Products of a dot product in straight code.
const DOT: usize = 64;

impl Collector<'_> {
    /// Products of elements, or of rows.
    pub(super) fn product(&mut self, name: &str, product: &Product, node: &Node, inputs: Vec<usize>) -> Result<Call, CodegenError> {
        let rescale: Rescale = product_rescale(product, node, self.model)?;
        let elements = product.shape.elements();
        let results = (product.rows * product.columns) as usize;
        let rescales = &mut self.rescales;
        let function = |name: &str| {
            if results * product.inner as usize == 1 {
                elementwise(product, &rescale, elements, rescales, name)
            } else {
                matrix(product, &rescale, elements / results, rescales, name)
            }
        };
        let name = self.functions.add(name, &format!("`{}`.", doc(&node.name)), function);
        Ok(Call::Expression(Expression::function(Module::Layers, name, inputs)))
    }
}

/// How a product's results share accumulators.
fn product_rescale(product: &Product, node: &Node, model: &Model) -> Result<Rescale, CodegenError> {
    let [a, b] = [0, 1].map(|operand| model.tensor(node.inputs[operand]).range);
    let acc = product.accumulator(a, b).expect("the model was accepted with these ranges");
    let range = product.requantise.unsaturated(0, acc).expect("the model was accepted with these ranges");
    Rescale::new(&product.requantise, &[(product.requantise.shift_of(0), range)], node)
}

/// A product of elements: lanes hold neighbours.
fn elementwise(product: &Product, rescale: &Rescale, elements: usize, rescales: &mut Rescales, name: &str) -> CairoFunction {
    let (lanes, shift) = (rescale.lanes, product.requantise.shift_of(0));
    let whole = (ACCUMULATORS * lanes.count()).min(elements);
    let rest = elements % whole;
    let mut code = Code::default();
    code.open(format!("pub fn {name}(mut a: Span<felt252>, mut b: Span<felt252>) -> Span<felt252>"));
    code.line("let mut y = array![];");
    let mut group = |code: &mut Code, count: usize| {
        code.line(format!("let [{}] = v.as_snapshot().unbox();", numbered("a", count)));
        code.line(format!("let [{}] = w.as_snapshot().unbox();", numbered("b", count)));
        for first in (0..count).step_by(lanes.count()) {
            let outputs = lanes.count().min(count - first);
            let term = |lane: usize| {
                let factor = BigInt::from(1) << (lanes.position(lane) + lanes.alignment(shift));
                let product = format!("*a{0} * *b{0}", first + lane);
                if factor == BigInt::from(1) { product } else { format!("{product} * {factor}") }
            };
            let start = lanes.start(0, shift) * lanes.ones(outputs);
            let terms = (0..outputs).map(term).collect::<Vec<_>>().join(" + ");
            code.rescale(rescales.function(rescale, outputs), format!("{start} + {terms}"));
        }
    };
    code.open(format!("while let Some(v) = a.multi_pop_front::<{whole}>()"));
    code.line(format!("let w = b.multi_pop_front::<{whole}>().unwrap();"));
    group(&mut code, whole);
    code.close();
    if rest > 0 {
        code.line(format!("let v: @Box<[felt252; {rest}]> = a.try_into().unwrap();"));
        code.line(format!("let w: @Box<[felt252; {rest}]> = b.try_into().unwrap();"));
        group(&mut code, rest);
    }
    code.line("y.span()");
    code.close();
    CairoFunction { code, ..CairoFunction::default() }
}

/// Products of rows: the rows of `b` are packed into lanes once, and each row of `a` takes its dot products with them.
fn matrix(product: &Product, rescale: &Rescale, batches: usize, rescales: &mut Rescales, name: &str) -> CairoFunction {
    let (lanes, shift) = (rescale.lanes, product.requantise.shift_of(0));
    let (mut rows, mut columns, inner) = (product.rows as usize, product.columns as usize, product.inner as usize);
    let mut parameters = "a: Span<felt252>, b: Span<felt252>";
    // The lanes go along the results' last axis; with one column, the results are a vector either way.
    if columns == 1 {
        (rows, columns) = (columns, rows);
        parameters = "b: Span<felt252>, a: Span<felt252>";
    }
    let (count, rest) = (lanes.count().min(columns), columns % lanes.count().min(columns));
    let groups = columns / count;
    let mut code = Code::default();
    code.open(format!("pub fn {name}({parameters}) -> Span<felt252>"));
    code.line("let mut y = array![];");
    if batches > 1 {
        code.refer(Module::Copy);
        code.line("let mut all_a = a;");
        code.line("let mut all_b = b;");
        code.open("while !all_a.is_empty()");
        code.line(format!("let a = copy::take(ref all_a, {});", rows * inner));
        code.line(format!("let b = copy::take(ref all_b, {});", columns * inner));
    }
    code.line("let mut packed = array![];");
    if groups > 1 {
        code.refer(Module::Copy);
        code.line("let mut columns = b;");
        code.line("let mut groups: usize = 0;");
        code.open(format!("while groups != {groups}"));
        code.line("groups += 1;");
        code.line(format!("{name}__pack_{count}(copy::take(ref columns, {}), ref packed);", count * inner));
        code.close();
    } else {
        code.line(format!("{name}__pack_{count}(b.slice(0, {}), ref packed);", count * inner));
    }
    if rest > 0 {
        code.line(format!("{name}__pack_{rest}(b.slice({}, {}), ref packed);", groups * count * inner, rest * inner));
    }
    code.line("let packed = packed.span();");
    let row = if rows > 1 {
        code.refer(Module::Copy);
        code.line("let mut rows = a;");
        code.open("while !rows.is_empty()");
        code.line(format!("let row = copy::take(ref rows, {inner});"));
        "row"
    } else {
        "a"
    };
    let start = |outputs: usize| lanes.start(0, shift) * lanes.ones(outputs);
    let one = |code: &mut Code, outputs: usize, part: &str, rescale: RescaleFunction| {
        code.rescale(rescale, format!("{name}__dot({row}, {part}, {})", start(outputs)));
    };
    if groups > 1 {
        code.line(format!("let mut full = packed.slice(0, {});", groups * inner));
        code.open("while !full.is_empty()");
        one(&mut code, count, &format!("copy::take(ref full, {inner})"), rescales.function(rescale, count));
        code.close();
    } else {
        one(&mut code, count, &format!("packed.slice(0, {inner})"), rescales.function(rescale, count));
    }
    if rest > 0 {
        one(&mut code, rest, &format!("packed.slice({}, {inner})", groups * inner), rescales.function(rescale, rest));
    }
    if rows > 1 {
        code.close();
    }
    if batches > 1 {
        code.close();
    }
    code.line("y.span()");
    code.close();
    for outputs in [count, rest].into_iter().filter(|outputs| *outputs > 0) {
        pack(&mut code, name, outputs, inner, lanes, lanes.alignment(shift));
    }
    dot(&mut code, name, inner);
    CairoFunction { code, ..CairoFunction::default() }
}

/// Writes the function that packs `outputs` columns of `inner` elements each.
fn pack(code: &mut Code, name: &str, outputs: usize, inner: usize, lanes: Lanes, alignment: u32) {
    const PART: usize = 8;
    let rows = (0..outputs).map(|lane| format!("let mut c{lane} = b.slice({}, {inner});", lane * inner));
    code.blank();
    code.doc(format!("Packs {outputs} columns, each a row of `b`, into one."));
    code.open(format!("fn {name}__pack_{outputs}(b: Span<felt252>, ref packed: Array<felt252>)"));
    for row in rows {
        code.line(row);
    }
    let part = |code: &mut Code, length: usize| {
        for lane in 0..outputs {
            code.line(format!("let [{}] = w{lane}.as_snapshot().unbox();", numbered(&format!("x{lane}_"), length)));
        }
        for position in 0..length {
            let term = |lane: usize| {
                let factor = BigInt::from(1) << (lanes.position(lane) + alignment);
                if factor == BigInt::from(1) { format!("*x{lane}_{position}") } else { format!("*x{lane}_{position} * {factor}") }
            };
            code.line(format!("packed.append({});", (0..outputs).map(term).collect::<Vec<_>>().join(" + ")));
        }
    };
    if inner >= PART {
        code.open(format!("while let Some(w0) = c0.multi_pop_front::<{PART}>()"));
        for lane in 1..outputs {
            code.line(format!("let w{lane} = c{lane}.multi_pop_front::<{PART}>().unwrap();"));
        }
        part(code, PART);
        code.close();
    }
    if !inner.is_multiple_of(PART) {
        for lane in 0..outputs {
            code.line(format!("let w{lane}: @Box<[felt252; {}]> = c{lane}.try_into().unwrap();", inner % PART));
        }
        part(code, inner % PART);
    }
    code.close();
}

/// Writes the function of a dot product over `inner` elements.
fn dot(code: &mut Code, name: &str, inner: usize) {
    let part = inner.min(DOT);
    let rest = inner % part;
    code.blank();
    code.doc(format!("`start` and the dot product of {inner} elements."));
    let whole = inner == part;
    let head = if whole {
        "a: Span<felt252>, b: Span<felt252>, start: felt252"
    } else {
        "mut a: Span<felt252>, mut b: Span<felt252>, start: felt252"
    };
    code.open(format!("fn {name}__dot({head}) -> felt252"));
    let straight = |code: &mut Code, length: usize, binding: &str, from: &str| {
        code.line(format!("let [{}] = v.as_snapshot().unbox();", numbered("a", length)));
        code.line(format!("let [{}] = w.as_snapshot().unbox();", numbered("b", length)));
        let terms = (0..length).map(|index| format!("*a{index} * *b{index}")).collect::<Vec<_>>().join(" + ");
        let end = if binding.is_empty() { "" } else { ";" };
        code.line(format!("{binding}{from} + {terms}{end}"));
    };
    let converted = |code: &mut Code, length: usize| {
        code.line(format!("let v: @Box<[felt252; {length}]> = a.try_into().unwrap();"));
        code.line(format!("let w: @Box<[felt252; {length}]> = b.try_into().unwrap();"));
    };
    if whole {
        converted(code, part);
        straight(code, part, "", "start");
        return code.close();
    }
    code.line("let mut acc = start;");
    code.open(format!("while let Some(v) = a.multi_pop_front::<{part}>()"));
    code.line(format!("let w = b.multi_pop_front::<{part}>().unwrap();"));
    straight(code, part, "acc = ", "acc");
    code.close();
    if rest > 0 {
        converted(code, rest);
        straight(code, rest, "", "acc");
    } else {
        code.line("acc");
    }
    code.close();
}
