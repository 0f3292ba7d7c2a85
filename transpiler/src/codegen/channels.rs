//! Part of `Sum`: sums whose channels are long become a loop over the channels, and in it one over a channel's elements.

use maat_runtime::primitives::Sum;
use maat_runtime::{Model, Node};
use num_bigint::BigInt;

use super::code::{Code, Module, constant, numbered};
use super::function::CairoFunction;
use super::limits::{LOOPED_FELTS, MAX_ARRAY};
use super::rescale::{Rescale, RescaleFunction, Rescales};
use super::sum::sum_range;
use crate::error::CodegenError;

/// How the results of a sum share accumulators, if its channels are long enough for a loop over each: see [`channels`].
pub fn channel_rescale(sum: &Sum, node: &Node, model: &Model) -> Result<Option<Rescale>, CodegenError> {
    let ranges = |channel| (sum.requantise.shift_of(channel), sum_range(sum, channel, node, model));
    let rescale = Rescale::new(&sum.requantise, &(0..sum.channels()).map(ranges).collect::<Vec<_>>(), node)?;
    Ok((sum.inner as usize >= rescale.lanes.count()).then_some(rescale))
}

/// The function of a sum whose channels have many consecutive elements each: a loop over the channels, whose constants are in arrays, and
/// in it one over a channel's elements.
pub fn channels(sum: &Sum, rescale: &Rescale, node: &Node, model: &Model, rescales: &mut Rescales, function: &str) -> CairoFunction {
    let (operands, lanes, inner) = (node.inputs.len(), rescale.lanes, sum.inner as usize);
    let repeated = model.tensor(node.inputs[0]).shape.elements() > sum.channels() * inner;
    let constants = |channel: usize| {
        let shift = sum.requantise.shift_of(channel);
        let coefficients = sum.coefficients.iter().map(move |row| BigInt::from(row[channel]) << lanes.alignment(shift));
        std::iter::once(lanes.start(sum.bias[channel], shift)).chain(coefficients)
    };
    let all: Vec<Vec<BigInt>> = (0..sum.channels()).map(|channel| constants(channel).collect()).collect();
    let names: Vec<String> = (0..operands).map(|operand| format!("x{operand}")).collect();
    let mutable: Vec<String> = names.iter().map(|name| format!("mut {name}: Span<felt252>")).collect();
    let references: Vec<String> = names.iter().map(|name| format!("ref {name}")).collect();

    let mut generated = CairoFunction { felts: all.len() * (operands + 1) * LOOPED_FELTS, ..CairoFunction::default() };
    let CairoFunction { code, constants: arrays, .. } = &mut generated;
    [Module::Copy, Module::Weights].into_iter().for_each(|module| code.refer(module));
    code.open(format!("pub fn {function}({}) -> Span<felt252>", mutable.join(", ")));
    code.line("let mut y = array![];");
    if repeated {
        code.open("while !x0.is_empty()");
    }
    for (index, channels) in all.chunks(MAX_ARRAY / (operands + 1)).enumerate() {
        let list = constant(function, &format!("CHANNELS_{index}"));
        arrays.doc("For each channel a start and the operands' coefficients.");
        arrays.array(&list, "felt252", &channels.concat());
        code.line(format!("{function}__channels({}, weights::{list}.span(), ref y);", references.join(", ")));
    }
    if repeated {
        code.close();
    }
    code.line("y.span()");
    code.close();

    let parameters: Vec<String> = references.iter().map(|reference| format!("{reference}: Span<felt252>")).collect();
    code.blank();
    code.doc("The channels that these constants belong to.");
    code.open(format!("fn {function}__channels({}, mut constants: Span<felt252>, ref y: Array<felt252>)", parameters.join(", ")));
    code.open(format!("while let Some(channel) = constants.multi_pop_front::<{}>()", operands + 1));
    code.line(format!("let [start, {}] = channel.as_snapshot().unbox();", numbered("c", operands)));
    for name in &names {
        code.line(format!("let mut r_{name} = copy::take(ref {name}, {inner});"));
    }
    let (count, rest) = (lanes.count(), inner % lanes.count());
    code.line(format!("let full = *start * {};", lanes.ones(count)));
    let group = |code: &mut Code, outputs: usize, start: &str, rescale: RescaleFunction| {
        let mut terms = Vec::new();
        for operand in 0..operands {
            code.line(format!("let [{}] = w{operand}.as_snapshot().unbox();", numbered(&format!("x{operand}_"), outputs)));
            let packed: Vec<String> = (0..outputs)
                .map(|lane| {
                    if lane == 0 {
                        format!("*x{operand}_0")
                    } else {
                        format!("*x{operand}_{lane} * {}", BigInt::from(1) << lanes.position(lane))
                    }
                })
                .collect();
            terms.push(format!("*c{operand} * ({})", packed.join(" + ")));
        }
        code.rescale(rescale, format!("{start} + {}", terms.join(" + ")));
    };
    code.open(format!("while let Some(w0) = r_x0.multi_pop_front::<{count}>()"));
    for (operand, name) in names.iter().enumerate().skip(1) {
        code.line(format!("let w{operand} = r_{name}.multi_pop_front::<{count}>().unwrap();"));
    }
    group(code, count, "full", rescales.function(rescale, count));
    code.close();
    if rest > 0 {
        for (operand, name) in names.iter().enumerate() {
            code.line(format!("let w{operand}: @Box<[felt252; {rest}]> = r_{name}.try_into().unwrap();"));
        }
        group(code, rest, &format!("*start * {}", lanes.ones(rest)), rescales.function(rescale, rest));
    }
    code.close();
    code.close();
    generated
}
