use std::fmt::Write;

use num_bigint::BigInt;

use super::layer::{Group, Layer};
use super::plan::{MAX_ARRAY, Plan};

/// Terms of one `let`: long sums are cut so that the compiler's recursion stays shallow.
const TERMS: usize = 64;

/// `weights.cairo`: for each layer a function that accumulates, or the constants for its loop.
pub fn file(layers: &[&Layer]) -> String {
    let mut text = String::from("//! Packed weights: each constant holds one weight for each lane.\n");
    for layer in layers {
        let lanes = layer.lanes;
        let _ = write!(
            text,
            "\n/// `{}`: {} -> {}, {} lanes of {} bits ({} of them fraction), offset {}.\n",
            doc(&layer.onnx_name),
            layer.inputs(),
            layer.outputs,
            lanes.count(),
            lanes.width(),
            lanes.fraction,
            lanes.offset
        );
        match layer.plan {
            Plan::Unrolled => unrolled(&mut text, layer),
            Plan::Looped { inputs, groups } => looped(&mut text, layer, inputs, groups),
        }
    }
    text
}

/// An ONNX name as it may stand in a comment.
pub fn doc(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).collect()
}

/// Name of an operand in a layer's functions.
pub fn operand(layer: &Layer, index: usize) -> String {
    if layer.operands == 1 { "x".to_owned() } else { format!("x{index}") }
}

fn element(layer: &Layer, input: usize) -> String {
    format!("{}_{}", operand(layer, input / layer.width), input % layer.width)
}

/// Parameters `x: @Box<[felt252; n]>` of a layer's block.
pub fn block_parameters(layer: &Layer) -> String {
    let parameter = |index| format!("{}: @Box<[felt252; {}]>", operand(layer, index), layer.width);
    (0..layer.operands).map(parameter).collect::<Vec<_>>().join(", ")
}

fn unrolled(text: &mut String, layer: &Layer) {
    let groups = layer.groups.len();
    let _ = writeln!(text, "pub fn {}({}) -> [felt252; {groups}] {{", layer.name, block_parameters(layer));
    for index in 0..layer.operands {
        let used = |input: usize| layer.groups.iter().any(|group| group.weights[input] != BigInt::ZERO);
        let pattern =
            (index * layer.width..(index + 1) * layer.width).map(|input| if used(input) { element(layer, input) } else { "_".to_owned() });
        let _ = writeln!(text, "    let [{}] = {}.as_snapshot().unbox();", pattern.collect::<Vec<_>>().join(", "), operand(layer, index));
    }
    for (position, group) in layer.groups.iter().enumerate() {
        accumulate(text, layer, position, group);
    }
    let accumulators: Vec<String> = (0..groups).map(|group| format!("a{group}")).collect();
    let _ = writeln!(text, "    [{}]\n}}", accumulators.join(", "));
}

fn accumulate(text: &mut String, layer: &Layer, position: usize, group: &Group) {
    let term = |(input, weight): (usize, &BigInt)| (*weight != BigInt::ZERO).then(|| format!("*{} * {weight}", element(layer, input)));
    let terms: Vec<String> = group.weights.iter().enumerate().filter_map(term).collect();
    let mut start = group.start.to_string();
    for chunk in terms.chunks(TERMS) {
        let _ = writeln!(text, "    let a{position} = {start}\n        + {};", chunk.join("\n        + "));
        start = format!("a{position}");
    }
    if terms.is_empty() {
        let _ = writeln!(text, "    let a{position} = {start};");
    }
}

/// Groups of a looped layer in whole tiles; the last may be filled up with groups of zeros.
pub fn tile_rows(layer: &Layer, groups: usize) -> usize {
    layer.groups.len().div_ceil(groups)
}

/// How many rows of tiles one constant array holds.
pub fn rows_per_array(layer: &Layer, groups: usize) -> usize {
    (MAX_ARRAY / (layer.width * groups)).max(1)
}

/// Name of a looped layer's constant.
pub fn constant(layer: &Layer, suffix: &str) -> String {
    format!("{}_{suffix}", layer.name.to_uppercase())
}

fn looped(text: &mut String, layer: &Layer, inputs: usize, groups: usize) {
    let zero = Group { start: BigInt::ZERO, weights: vec![BigInt::ZERO; layer.width], outputs: 0 };
    let group = |index: usize| layer.groups.get(index).unwrap_or(&zero);
    let rows = tile_rows(layer, groups);
    let starts = (0..rows * groups).map(|index| &group(index).start);
    array(text, &constant(layer, "STARTS"), &starts.collect::<Vec<_>>());
    let all_rows: Vec<usize> = (0..rows).collect();
    for (index, rows) in all_rows.chunks(rows_per_array(layer, groups)).enumerate() {
        let _ = writeln!(text, "/// Tiles {} to {}: inputs in parts of {inputs}, each for {groups} groups.", rows[0], rows[rows.len() - 1]);
        let mut weights = Vec::new();
        for row in rows {
            for part in (0..layer.width).step_by(inputs) {
                let inputs = part..(part + inputs).min(layer.width);
                weights.extend((0..groups).flat_map(|offset| &group(row * groups + offset).weights[inputs.clone()]));
            }
        }
        array(text, &constant(layer, &index.to_string()), &weights);
    }
}

fn array(text: &mut String, name: &str, values: &[&BigInt]) {
    let _ = writeln!(text, "pub const {name}: [felt252; {}] = [", values.len());
    for value in values {
        let _ = writeln!(text, "    {value},");
    }
    text.push_str("];\n");
}
