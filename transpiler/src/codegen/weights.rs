//! The layers' weights in `weights.cairo`, in packed form: functions that accumulate, or the constants for loops.

use maat_package::Plan;
use num_bigint::BigInt;

use super::code::{Code, constant, doc};
use super::layer::{Group, Layer};
use super::limits::MAX_ARRAY;
use super::windows::element;

/// A layer's text in `weights.cairo`: a function that accumulates, or the constants for its loop.
pub fn layer(layer: &Layer) -> Code {
    let lanes = layer.rescale.lanes;
    let mut code = Code::default();
    code.blank();
    code.doc(format!(
        "`{}`: {} -> {}, {} lanes of {} bits ({} of them fraction), offset {}.",
        doc(&layer.onnx_name),
        layer.inputs,
        layer.outputs,
        lanes.count(),
        lanes.width(),
        lanes.fraction,
        lanes.offset
    ));
    match layer.plan {
        Plan::Unrolled => unrolled(&mut code, layer),
        Plan::Looped { inputs, groups } => looped(&mut code, layer, inputs, groups),
        Plan::Streamed => streamed(&mut code, layer),
    }
    layer.windows.starts(&mut code, &layer.name);
    code
}

fn unrolled(code: &mut Code, layer: &Layer) {
    let groups = layer.groups.len();
    let places: Vec<(usize, usize)> =
        layer.windows.runs.iter().enumerate().flat_map(|(run, part)| (0..part.length).map(move |position| (run, position))).collect();
    let used = layer.windows.used(layer.groups.iter().flat_map(|group| &group.weights).map(|(input, _)| places[*input]));
    code.open(format!("pub fn {}({}) -> [felt252; {groups}]", layer.name, layer.windows.block_parameters(&used)));
    layer.windows.destructure(code, &used);
    for (position, group) in layer.groups.iter().enumerate() {
        let term = |(input, weight): &(usize, BigInt)| format!("*{} * {weight}", element(places[*input].0, places[*input].1));
        let terms: Vec<String> = group.weights.iter().map(term).collect();
        code.sum(&format!("a{position}"), &group.start, &terms);
    }
    let accumulators: Vec<String> = (0..groups).map(|group| format!("a{group}")).collect();
    code.line(format!("[{}]", accumulators.join(", ")));
    code.close();
}

/// How many rows of tiles a looped layer has; the last may be filled up with groups of zeros.
pub fn tile_rows(layer: &Layer, groups: usize) -> usize {
    layer.groups.len().div_ceil(groups)
}

/// How many rows of tiles one constant array holds.
pub fn rows_per_array(layer: &Layer, groups: usize) -> usize {
    (MAX_ARRAY / (layer.width() * groups)).max(1)
}

fn looped(code: &mut Code, layer: &Layer, inputs: usize, groups: usize) {
    let (zero, width) = (BigInt::ZERO, layer.width());
    let empty = Group { start: BigInt::ZERO, weights: Vec::new(), outputs: 0 };
    let group = |index: usize| layer.groups.get(index).unwrap_or(&empty);
    let rows = tile_rows(layer, groups);
    let starts: Vec<&BigInt> = (0..rows * groups).map(|index| &group(index).start).collect();
    code.array(&constant(&layer.name, "STARTS"), "felt252", &starts);
    let all_rows: Vec<usize> = (0..rows).collect();
    for (index, rows) in all_rows.chunks(rows_per_array(layer, groups)).enumerate() {
        code.doc(format!("Tiles {} to {}: inputs in parts of {inputs}, each for {groups} groups.", rows[0], rows[rows.len() - 1]));
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
        code.array(&constant(&layer.name, &index.to_string()), "felt252", &weights);
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

fn streamed(code: &mut Code, layer: &Layer) {
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
    // The remainder is not in the loop.
    let whole = layer.groups.iter().take(layer.outputs / count);
    let all: Vec<Vec<BigInt>> = whole.enumerate().map(constants).collect();
    for (index, groups) in all.chunks(groups_per_array(layer)).enumerate() {
        code.doc(format!("For each {count} elements a start, and their weights, operand by operand."));
        code.array(&constant(&layer.name, &index.to_string()), "felt252", &groups.concat());
    }
}
