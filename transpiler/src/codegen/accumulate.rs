//! The layers' functions in `layers.cairo`: a layer accumulates in packed form, then takes its results out of the accumulators.

use maat_package::Plan;

use super::code::{Code, Module, constant, doc, numbered};
use super::layer::Layer;
use super::limits::RESULTS_IN_A_ROW;
use super::rescale::{RescaleFunction, Rescales};
use super::weights::{groups_per_array, rows_per_array, stream_width, tile_rows};
use super::windows::Windows;

/// A layer's text in `layers.cairo`: a function from tensors to a tensor.
pub fn layer(layer: &Layer, rescales: &mut Rescales) -> Code {
    let mut code = Code::default();
    code.refer(Module::Weights);
    code.blank();
    let times = if layer.windows.blocks > 1 { format!(", {} times", layer.windows.blocks) } else { String::new() };
    code.doc(format!("`{}`: {} -> {}{times}.", doc(&layer.onnx_name), layer.inputs, layer.outputs));
    match layer.plan {
        Plan::Unrolled => unrolled(&mut code, layer, rescales),
        Plan::Looped { inputs, groups } => looped(&mut code, layer, inputs, groups, rescales),
        Plan::Streamed => streamed(&mut code, layer, rescales),
    }
    code
}

fn unrolled(code: &mut Code, layer: &Layer, rescales: &mut Rescales) {
    let (name, windows) = (&layer.name, &layer.windows);
    code.open(format!("pub fn {name}({}) -> Span<felt252>", windows.parameters()));
    code.line("let mut y = array![];");
    windows.walk(code, name, |code| {
        code.line(format!("let [{}] = weights::{name}({});", numbered("a", layer.groups.len()), windows.arguments()));
        // Only the last group can be shorter than the others.
        let mut first = 0;
        for groups in layer.groups.chunk_by(|a, b| a.outputs == b.outputs) {
            let outputs = groups[0].outputs;
            take_out(code, first..first + groups.len(), outputs, rescales.function(&layer.rescale, outputs));
            first += groups.len();
        }
    });
    code.line("y.span()");
    code.close();
}

/// Takes the results out of accumulators, `lanes` out of each.
fn take_out(code: &mut Code, accumulators: std::ops::Range<usize>, lanes: usize, rescale: RescaleFunction) {
    if accumulators.len() * lanes <= RESULTS_IN_A_ROW {
        for accumulator in accumulators {
            code.rescale(rescale, format!("a{accumulator}"));
        }
    } else {
        let all = accumulators.map(|accumulator| format!("a{accumulator}")).collect::<Vec<_>>().join(", ");
        code.open(format!("for accumulator in [{all}].span()"));
        code.rescale(rescale, "*accumulator");
        code.close();
    }
}

fn looped(code: &mut Code, layer: &Layer, inputs: usize, groups: usize, rescales: &mut Rescales) {
    let (name, windows, width) = (&layer.name, &layer.windows, layer.width());
    let arrays = tile_rows(layer, groups).div_ceil(rows_per_array(layer, groups));
    let padded = tile_rows(layer, groups) * groups * layer.rescale.lanes.count();
    let whole_block = windows.blocks == 1 && windows.runs.len() == 1;

    code.open(format!("pub fn {name}({}) -> Span<felt252>", windows.parameters()));
    code.line("let mut y = array![];");
    if whole_block {
        let run = windows.runs[0];
        let block = if run.length == windows.sources[0] { "x".to_owned() } else { format!("x.slice({}, {})", run.start, run.length) };
        code.line(format!("{name}__block({block}, ref y);"));
    } else {
        windows.walk(code, name, |code| match windows.runs.len() {
            1 => code.line(format!("{name}__block(w0.as_snapshot().unbox().span(), ref y);")),
            runs => {
                code.refer(Module::Copy);
                code.line("let mut block = array![];");
                for run in 0..runs {
                    code.line(format!("copy::extend(ref block, w{run}.as_snapshot().unbox().span());"));
                }
                code.line(format!("{name}__block(block.span(), ref y);"));
            }
        });
    }
    code.line("y.span()");
    code.close();

    code.blank();
    code.doc(format!("One block of `{name}`."));
    code.open(format!("fn {name}__block(x: Span<felt252>, ref y: Array<felt252>)"));
    code.line(format!("let mut starts = weights::{}.span();", constant(name, "STARTS")));
    let target = if padded == layer.outputs { "y" } else { "all" };
    if padded != layer.outputs {
        code.line("let mut all = array![];");
    }
    for array in 0..arrays {
        code.line(format!("{name}__rows(x, weights::{}.span(), ref starts, ref {target});", constant(name, &array.to_string())));
    }
    if padded != layer.outputs {
        code.refer(Module::Copy);
        code.comment("The last groups are filled up with lanes that mean nothing.");
        code.line(format!("copy::extend(ref y, all.span().slice(0, {}));", layer.outputs));
    }
    code.close();
    rows(code, layer, inputs, groups, rescales.function(&layer.rescale, layer.rescale.lanes.count()));
    for part in [inputs, width % inputs].into_iter().filter(|part| *part > 0) {
        tile(code, name, part, groups);
    }
}

fn rows(code: &mut Code, layer: &Layer, inputs: usize, groups: usize, rescale: RescaleFunction) {
    let (name, width) = (&layer.name, layer.width());
    code.blank();
    code.doc(format!("Rows of tiles of `{name}`: {groups} accumulators at a time go over all inputs."));
    code.open(format!("fn {name}__rows(x: Span<felt252>, mut w: Span<felt252>, ref starts: Span<felt252>, ref y: Array<felt252>)"));
    code.open("while !w.is_empty()");
    code.line(format!("let [{}] = starts.multi_pop_front::<{groups}>().unwrap().as_snapshot().unbox();", numbered("a", groups)));
    for accumulator in 0..groups {
        code.line(format!("let mut a{accumulator} = *a{accumulator};"));
    }
    let (whole, rest) = (width / inputs, width % inputs);
    let references = numbered("ref a", groups);
    let tile = |part: usize, x: &str| {
        let w = format!("w.multi_pop_front::<{}>().unwrap()", part * groups);
        format!("{name}__tile_{part}({x}, {w}, {references});")
    };
    if width == inputs {
        code.line(tile(width, "x.try_into().unwrap()"));
    } else {
        // A loop, because many calls in a row would exceed the compiler's range of stack offsets.
        code.line(format!("let mut parts = x.slice(0, {});", whole * inputs));
        code.open(format!("while let Some(part) = parts.multi_pop_front::<{inputs}>()"));
        code.line(tile(inputs, "part"));
        code.close();
        if rest > 0 {
            code.line(format!("let part = x.slice({}, {rest}).try_into().unwrap();", whole * inputs));
            code.line(tile(rest, "part"));
        }
    }
    take_out(code, 0..groups, layer.rescale.lanes.count(), rescale);
    code.close();
    code.close();
}

fn tile(code: &mut Code, name: &str, part: usize, groups: usize) {
    code.blank();
    code.doc(format!("Adds the products of {part} inputs to {groups} accumulators."));
    let parameters = (0..groups).map(|accumulator| format!("ref a{accumulator}: felt252")).collect::<Vec<_>>().join(", ");
    code.open(format!("fn {name}__tile_{part}(x: @Box<[felt252; {part}]>, w: @Box<[felt252; {}]>, {parameters})", part * groups));
    code.line(format!("let [{}] = x.as_snapshot().unbox();", numbered("x", part)));
    code.line(format!("let [{}] = w.as_snapshot().unbox();", numbered("w", part * groups)));
    for group in 0..groups {
        for from in (0..part).step_by(64) {
            let terms = (from..(from + 64).min(part)).map(|input| format!("*x{input} * *w{}", group * part + input));
            code.line(format!("a{group} = a{group} + {};", terms.collect::<Vec<_>>().join(" + ")));
        }
    }
    code.close();
}

fn streamed(code: &mut Code, layer: &Layer, rescales: &mut Rescales) {
    let (name, operands, count) = (&layer.name, layer.windows.runs.len(), layer.rescale.lanes.count());
    let (blocks, rest) = (layer.windows.blocks, layer.outputs % count);
    let source = |operand| layer.windows.source(operand);
    let arrays = (layer.outputs / count).div_ceil(groups_per_array(layer));
    let references: Vec<String> = (0..operands).map(|operand| format!("ref {}", source(operand))).collect();
    let parameters: Vec<String> = references.iter().map(|reference| format!("{reference}: Span<felt252>")).collect();
    let mutable: Vec<String> = (0..operands).map(|operand| format!("mut {}: Span<felt252>", source(operand))).collect();

    code.open(format!("pub fn {name}({}) -> Span<felt252>", mutable.join(", ")));
    code.line("let mut y = array![];");
    if blocks > 1 {
        code.open(format!("while !{}.is_empty()", source(0)));
    }
    for array in 0..arrays {
        code.line(format!("{name}__stream({}, weights::{}.span(), ref y);", references.join(", "), constant(name, &array.to_string())));
    }
    if let Some(group) = layer.groups.last().filter(|_| rest > 0) {
        let weight = |operand: usize, lane: usize| {
            let input = operand * layer.outputs + layer.outputs - rest + lane;
            group.weights.iter().find(|(other, _)| *other == input).map_or_else(|| "0".to_owned(), |(_, weight)| weight.to_string())
        };
        accumulate(code, &layer.windows, rest, &group.start.to_string(), weight, rescales.function(&layer.rescale, rest));
    }
    if blocks > 1 {
        code.close();
    }
    code.line("y.span()");
    code.close();

    code.blank();
    code.doc(format!("The elements of `{name}` that belong to these constants."));
    code.open(format!("fn {name}__stream({}, mut constants: Span<felt252>, ref y: Array<felt252>)", parameters.join(", ")));
    code.open(format!("while let Some(c) = constants.multi_pop_front::<{}>()", stream_width(layer)));
    code.line(format!("let [start, {}] = c.as_snapshot().unbox();", numbered("c", operands * count)));
    let weight = |operand: usize, lane: usize| format!("*c{}", operand * count + lane);
    accumulate(code, &layer.windows, count, "*start", weight, rescales.function(&layer.rescale, count));
    code.close();
    code.close();
}

/// Lines that take as many elements off each operand as an accumulator has lanes, and give the results.
fn accumulate(
    code: &mut Code,
    windows: &Windows,
    lanes: usize,
    start: &str,
    weight: impl Fn(usize, usize) -> String,
    rescale: RescaleFunction,
) {
    let mut terms = Vec::new();
    for operand in 0..windows.runs.len() {
        let (names, source) = (numbered(&format!("x{operand}_"), lanes), windows.source(operand));
        code.line(format!("let [{names}] = {source}.multi_pop_front::<{lanes}>().unwrap().as_snapshot().unbox();"));
        terms.extend((0..lanes).map(|lane| format!("*x{operand}_{lane} * {}", weight(operand, lane))));
    }
    code.rescale(rescale, format!("{start} + {}", terms.join(" + ")));
}
