use std::fmt::Write;

use super::layer::Layer;
use super::plan::Plan;
use super::weights::{constant, doc, operand, rows_per_array, tile_rows};

/// `layers.cairo`: for each layer a function from tensors to a tensor, and the function that takes its accumulators apart.
pub fn file(layers: &[&Layer]) -> String {
    let mut text = String::from("//! The linear layers: accumulate in packed form, then unpack, rescale and saturate.\n");
    text.push_str("use maat_operators::halves::halves;\n");
    if layers.iter().any(|layer| divides(layer)) {
        text.push_str("use maat_operators::power_of_two::PowerOfTwo;\n");
    }
    text.push_str("use maat_operators::saturate;\nuse crate::weights;\n");
    for layer in layers {
        let _ = write!(text, "\n/// `{}`: {} -> {}", doc(&layer.onnx_name), layer.inputs(), layer.outputs);
        let _ = writeln!(text, "{}.", if layer.blocks > 1 { format!(", {} times", layer.blocks) } else { String::new() });
        match layer.plan {
            Plan::Unrolled => unrolled(&mut text, layer),
            Plan::Looped { inputs, groups } => looped(&mut text, layer, inputs, groups),
        }
        rescale(&mut text, layer);
    }
    text
}

fn divides(layer: &Layer) -> bool {
    layer.lanes.fraction > 0 || layer.groups.iter().any(|group| group.outputs > 1)
}

fn unrolled(text: &mut String, layer: &Layer) {
    let operands: Vec<String> = (0..layer.operands).map(|index| operand(layer, index)).collect();
    let parameters: Vec<String> =
        operands.iter().map(|name| format!("{}{name}: Span<felt252>", if layer.blocks > 1 { "mut " } else { "" })).collect();
    let accumulators: Vec<String> = (0..layer.groups.len()).map(|group| format!("a{group}")).collect();
    let _ = writeln!(text, "pub fn {}({}) -> Span<felt252> {{", layer.name, parameters.join(", "));
    let _ = writeln!(text, "    let mut y = array![];");
    let indent = if layer.blocks > 1 {
        let _ = writeln!(text, "    while let Some({0}) = {0}.multi_pop_front::<{1}>() {{", operands[0], layer.width);
        for name in &operands[1..] {
            let _ = writeln!(text, "        let {name} = {name}.multi_pop_front::<{}>().unwrap();", layer.width);
        }
        "        "
    } else {
        for name in &operands {
            let _ = writeln!(text, "    let {name}: @Box<[felt252; {}]> = {name}.try_into().unwrap();", layer.width);
        }
        "    "
    };
    let _ = writeln!(text, "{indent}let [{}] = weights::{}({});", accumulators.join(", "), layer.name, operands.join(", "));
    for (group, name) in layer.groups.iter().zip(&accumulators) {
        let _ = writeln!(text, "{indent}{}({name}, ref y);", rescale_name(layer, group.outputs));
    }
    if layer.blocks > 1 {
        text.push_str("    }\n");
    }
    text.push_str("    y.span()\n}\n");
}

fn looped(text: &mut String, layer: &Layer, inputs: usize, groups: usize) {
    let (name, width) = (&layer.name, layer.width);
    let arrays = tile_rows(layer, groups).div_ceil(rows_per_array(layer, groups));
    let padded = tile_rows(layer, groups) * groups * layer.lanes.count();
    let accumulators = (0..groups).map(|group| format!("a{group}")).collect::<Vec<_>>();
    let list = accumulators.join(", ");

    let outer = if layer.blocks > 1 {
        let _ = writeln!(text, "pub fn {name}(mut x: Span<felt252>) -> Span<felt252> {{\n    let mut all = array![];");
        let _ = writeln!(text, "    while let Some(block) = x.multi_pop_front::<{width}>() {{");
        let _ = writeln!(text, "        all.append_span({name}_block(block.as_snapshot().unbox().span()));");
        let _ = writeln!(text, "    }}\n    all.span()\n}}\n\n/// One block of `{name}`.");
        format!("fn {name}_block")
    } else {
        format!("pub fn {name}")
    };
    let _ = writeln!(text, "{outer}(x: Span<felt252>) -> Span<felt252> {{\n    let mut y = array![];");
    let _ = writeln!(text, "    let mut starts = weights::{}.span();", constant(layer, "STARTS"));
    for array in 0..arrays {
        let _ = writeln!(text, "    {name}_rows(x, weights::{}.span(), ref starts, ref y);", constant(layer, &array.to_string()));
    }
    let _ = if padded == layer.outputs {
        writeln!(text, "    y.span()\n}}")
    } else {
        writeln!(text, "    // The last groups are filled up with lanes that mean nothing.\n    y.span().slice(0, {})\n}}", layer.outputs)
    };

    let _ = writeln!(text, "\n/// Rows of tiles of `{name}`: {groups} accumulators at a time go over all inputs.");
    let _ = writeln!(text, "fn {name}_rows(x: Span<felt252>, mut w: Span<felt252>, ref starts: Span<felt252>, ref y: Array<felt252>) {{");
    let _ = writeln!(
        text,
        "    while !w.is_empty() {{\n        let [{list}] = starts.multi_pop_front::<{groups}>().unwrap().as_snapshot().unbox();"
    );
    for accumulator in &accumulators {
        let _ = writeln!(text, "        let mut {accumulator} = *{accumulator};");
    }
    let (whole, rest) = (width / inputs, width % inputs);
    let references = accumulators.iter().map(|accumulator| format!("ref {accumulator}")).collect::<Vec<_>>().join(", ");
    let tile = |part: usize, x: &str| {
        let w = format!("w.multi_pop_front::<{}>().unwrap()", part * groups);
        format!("{name}_tile_{part}({x}, {w}, {references});")
    };
    if width == inputs {
        let _ = writeln!(text, "        {}", tile(width, "x.try_into().unwrap()"));
    } else {
        // A loop, because calls in a row would use up the compiler's range of stack offsets.
        let _ = writeln!(text, "        let mut parts = x.slice(0, {});", whole * inputs);
        let _ = writeln!(text, "        while let Some(part) = parts.multi_pop_front::<{inputs}>() {{");
        let _ = writeln!(text, "            {}\n        }}", tile(inputs, "part"));
        if rest > 0 {
            let _ = writeln!(text, "        let part = x.slice({}, {rest}).try_into().unwrap();", whole * inputs);
            let _ = writeln!(text, "        {}", tile(rest, "part"));
        }
    }
    for accumulator in &accumulators {
        let _ = writeln!(text, "        {}({accumulator}, ref y);", rescale_name(layer, layer.lanes.count()));
    }
    text.push_str("    }\n}\n");

    for part in [inputs, rest].into_iter().filter(|part| *part > 0) {
        let _ = writeln!(text, "\n/// Adds the products of {part} inputs to {groups} accumulators.");
        let parameters = accumulators.iter().map(|accumulator| format!("ref {accumulator}: felt252")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "fn {name}_tile_{part}(x: @Box<[felt252; {part}]>, w: @Box<[felt252; {}]>, {parameters}) {{", part * groups);
        let numbered = |prefix: &str, count: usize| (0..count).map(|index| format!("{prefix}{index}")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "    let [{}] = x.as_snapshot().unbox();", numbered("x", part));
        let _ = writeln!(text, "    let [{}] = w.as_snapshot().unbox();", numbered("w", part * groups));
        for group in 0..groups {
            for from in (0..part).step_by(64) {
                let terms = (from..(from + 64).min(part)).map(|input| format!("*x{input} * *w{}", group * part + input));
                let _ = writeln!(text, "    a{group} = a{group} + {};", terms.collect::<Vec<_>>().join(" + "));
            }
        }
        text.push_str("}\n");
    }
}

fn rescale_name(layer: &Layer, outputs: usize) -> String {
    format!("rescale_{}_{outputs}", layer.name)
}

/// The functions that take an accumulator apart: one for full groups, and one for a shorter last group.
fn rescale(text: &mut String, layer: &Layer) {
    let looped = matches!(layer.plan, Plan::Looped { .. });
    let mut sizes: Vec<usize> = if looped { vec![layer.lanes.count()] } else { layer.groups.iter().map(|group| group.outputs).collect() };
    sizes.dedup();
    for outputs in sizes {
        let _ = writeln!(text, "\n/// Takes {outputs} results of `{}` out of an accumulator.", layer.name);
        let _ = writeln!(text, "fn {}(packed: felt252, ref y: Array<felt252>) {{", rescale_name(layer, outputs));
        let low = layer.lanes.in_low().min(outputs);
        let _ = writeln!(text, "    let (low, {}) = halves(packed);", if outputs > low { "high" } else { "_" });
        half(text, layer, "low", low);
        half(text, layer, "high", outputs - low);
        text.push_str("}\n");
    }
}

fn half(text: &mut String, layer: &Layer, half: &str, outputs: usize) {
    let (fraction, integer) = (layer.lanes.fraction, layer.lanes.integer);
    for lane in 0..outputs {
        if fraction > 0 {
            let _ = writeln!(text, "    let ({half}, _) = PowerOfTwo::<{fraction}>::div_rem({half});");
        }
        let result = if lane + 1 == outputs {
            half
        } else {
            let _ = writeln!(text, "    let ({half}, lane) = PowerOfTwo::<{integer}>::div_rem({half});");
            "lane"
        };
        let _ = writeln!(text, "    y.append({});", saturated(layer, result));
    }
}

fn saturated(layer: &Layer, lane: &str) -> String {
    let (saturation, offset) = (layer.saturation, layer.lanes.offset);
    let (lo, hi) = (i64::from(saturation.lo), i64::from(saturation.hi));
    // A result can reach below `lo` only where `offset + lo > 0`, because `offset` is minus the least result.
    match (saturation.below, saturation.above) {
        (true, true) => format!("saturate::both({lane}, {}, {}, {lo}, {hi})", offset + lo, hi - lo + 1),
        (true, false) => format!("saturate::below({lane}, {}, {lo})", offset + lo),
        (false, true) => format!("saturate::above({lane}, {}, {offset}, {hi})", offset + hi + 1),
        (false, false) => format!("saturate::neither({lane}, {offset})"),
    }
}
