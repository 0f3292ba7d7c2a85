use std::fmt::Write;

use num_bigint::BigInt;

use super::code::Code;
use super::layer::{Group, Layer};
use super::plan::{MAX_ARRAY, Plan};
use super::windows::{Starts, Windows, element};

/// Terms of one `let`: long sums are cut so that the compiler's recursion stays shallow.
const TERMS: usize = 64;

/// A layer's part of `weights.cairo`: a function that accumulates, or the constants for its loop.
pub fn layer(layer: &Layer) -> String {
    let lanes = layer.rescale.lanes;
    let mut text = format!(
        "\n/// `{}`: {} -> {}, {} lanes of {} bits ({} of them fraction), offset {}.\n",
        doc(&layer.onnx_name),
        layer.inputs,
        layer.outputs,
        lanes.count(),
        lanes.width(),
        lanes.fraction,
        lanes.offset
    );
    match layer.plan {
        Plan::Unrolled => unrolled(&mut text, layer),
        Plan::Looped { inputs, groups } => looped(&mut text, layer, inputs, groups),
        Plan::Streamed => streamed(&mut text, layer),
    }
    text.push_str(&starts(&layer.name, &layer.windows));
    text
}

/// An ONNX name as it may stand in a comment.
pub fn doc(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

/// The constants that hold listed starts, if there are any.
pub fn starts(name: &str, windows: &Windows) -> String {
    let Starts::Listed(lists) = &windows.starts else { return String::new() };
    lists.iter().enumerate().map(|(source, list)| array(&constant(name, &format!("BLOCKS_{source}")), "u32", list)).collect()
}

/// Paths of the constants that [`starts`] writes, in the module `weights`.
pub fn start_lists(name: &str, windows: &Windows) -> Vec<String> {
    (0..windows.sources.len()).map(|source| format!("weights::{}", constant(name, &format!("BLOCKS_{source}")))).collect()
}

/// Name of a constant of a function.
pub fn constant(name: &str, suffix: &str) -> String {
    format!("{}__{suffix}", name.to_uppercase())
}

/// A constant array.
pub fn array<T: std::fmt::Display>(name: &str, of: &str, values: &[T]) -> String {
    let mut text = format!("pub const {name}: [{of}; {}] = [\n", values.len());
    for value in values {
        let _ = writeln!(text, "    {value},");
    }
    text.push_str("];\n");
    text
}

fn unrolled(text: &mut String, layer: &Layer) {
    let groups = layer.groups.len();
    let places: Vec<(usize, usize)> =
        layer.windows.runs.iter().enumerate().flat_map(|(run, part)| (0..part.length).map(move |position| (run, position))).collect();
    let used = layer.windows.used(layer.groups.iter().flat_map(|group| &group.weights).map(|(input, _)| places[*input]));
    let mut code = Code::default();
    code.open(format!("pub fn {}({}) -> [felt252; {groups}]", layer.name, layer.windows.block_parameters(&used)));
    layer.windows.destructure(&mut code, &used);
    for (position, group) in layer.groups.iter().enumerate() {
        let term = |(input, weight): &(usize, BigInt)| format!("*{} * {weight}", element(places[*input].0, places[*input].1));
        let terms: Vec<String> = group.weights.iter().map(term).collect();
        code.line(sum(&format!("let a{position} ="), &group.start.to_string(), &format!("a{position}"), &terms));
    }
    let accumulators: Vec<String> = (0..groups).map(|group| format!("a{group}")).collect();
    code.line(format!("[{}]", accumulators.join(", ")));
    code.close();
    text.push_str(&code.finish());
}

/// Lines that add terms to a start, in parts of [`TERMS`]; `name` is what `binding` binds.
pub fn sum(binding: &str, start: &str, name: &str, terms: &[String]) -> String {
    let mut start = start.to_owned();
    let mut lines = Vec::new();
    for chunk in terms.chunks(TERMS) {
        lines.push(format!("{binding} {start}\n        + {};", chunk.join("\n        + ")));
        start = name.to_owned();
    }
    if terms.is_empty() {
        lines.push(format!("{binding} {start};"));
    }
    lines.join("\n    ")
}

/// Groups of a looped layer in whole tiles; the last may be filled up with groups of zeros.
pub fn tile_rows(layer: &Layer, groups: usize) -> usize {
    layer.groups.len().div_ceil(groups)
}

/// How many rows of tiles one constant array holds.
pub fn rows_per_array(layer: &Layer, groups: usize) -> usize {
    (MAX_ARRAY / (layer.width() * groups)).max(1)
}

fn looped(text: &mut String, layer: &Layer, inputs: usize, groups: usize) {
    let (zero, width) = (BigInt::ZERO, layer.width());
    let empty = Group { start: BigInt::ZERO, weights: Vec::new(), outputs: 0 };
    let group = |index: usize| layer.groups.get(index).unwrap_or(&empty);
    let rows = tile_rows(layer, groups);
    let starts: Vec<&BigInt> = (0..rows * groups).map(|index| &group(index).start).collect();
    text.push_str(&array(&constant(&layer.name, "STARTS"), "felt252", &starts));
    let all_rows: Vec<usize> = (0..rows).collect();
    for (index, rows) in all_rows.chunks(rows_per_array(layer, groups)).enumerate() {
        let _ = writeln!(text, "/// Tiles {} to {}: inputs in parts of {inputs}, each for {groups} groups.", rows[0], rows[rows.len() - 1]);
        let mut weights: Vec<&BigInt> = Vec::new();
        for row in rows {
            let dense: Vec<Vec<&BigInt>> = (0..groups)
                .map(|offset| {
                    let mut dense = vec![&zero; width];
                    for (input, weight) in &group(row * groups + offset).weights {
                        dense[*input] = weight;
                    }
                    dense
                })
                .collect();
            for part in (0..width).step_by(inputs) {
                let inputs = part..(part + inputs).min(width);
                weights.extend(dense.iter().flat_map(|weights| &weights[inputs.clone()]));
            }
        }
        text.push_str(&array(&constant(&layer.name, &index.to_string()), "felt252", &weights));
    }
}

/// Groups that one constant array of a streamed layer holds.
pub fn groups_per_array(layer: &Layer) -> usize {
    MAX_ARRAY / stream_width(layer)
}

/// Constants of a group of a streamed layer: its start, and a weight for each lane and operand.
pub fn stream_width(layer: &Layer) -> usize {
    1 + layer.rescale.lanes.count() * layer.windows.runs.len()
}

fn streamed(text: &mut String, layer: &Layer) {
    let count = layer.rescale.lanes.count();
    let constants = |(index, group): (usize, &Group)| {
        let mut constants = vec![BigInt::ZERO; stream_width(layer)];
        constants[0].clone_from(&group.start);
        for (input, weight) in &group.weights {
            let (operand, element) = (input / layer.outputs, input % layer.outputs);
            constants[1 + operand * count + element - index * count].clone_from(weight);
        }
        constants
    };
    // What is left over is not in the loop.
    let whole = layer.groups.iter().take(layer.outputs / count);
    let all: Vec<Vec<BigInt>> = whole.enumerate().map(constants).collect();
    for (index, groups) in all.chunks(groups_per_array(layer)).enumerate() {
        let _ = writeln!(text, "/// For each {count} elements a start, and their weights, operand by operand.");
        text.push_str(&array(&constant(&layer.name, &index.to_string()), "felt252", &groups.concat()));
    }
}
