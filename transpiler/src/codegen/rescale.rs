//! How results leave the accumulators that they share: the functions of `rescale.cairo`, for all primitives.

use std::fmt;

use maat_runtime::{Interval, Node, Requantise};

use super::code::{Code, Module};
use super::lanes::Lanes;
use crate::error::CodegenError;

/// How results share an accumulator, and what to do when they are taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescale {
    /// How results share a field element.
    pub lanes: Lanes,
    /// What is left to saturate.
    pub saturation: Saturation,
}

/// The bounds of results. Only those that a result can pass need code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saturation {
    /// The least result.
    pub lo: i32,
    /// The greatest result.
    pub hi: i32,
    /// Whether a result can fall below `lo`.
    pub below: bool,
    /// Whether a result can rise above `hi`.
    pub above: bool,
}

impl Rescale {
    /// How channels with these shifts, and these ranges before saturation, share accumulators.
    ///
    /// # Errors
    /// [`CodegenError`] when a lane would not fit.
    pub fn new(requantise: &Requantise, channels: &[(i8, Interval)], node: &Node) -> Result<Self, CodegenError> {
        let saturation = Saturation::new(requantise, channels.iter().map(|(_, range)| *range));
        // The lane must also hold an upper bound that a result can pass, so that comparing with it needs no negative number.
        let ceiling = saturation.above.then_some((0, Interval::point(i64::from(saturation.hi))));
        let lanes = Lanes::new(channels.iter().copied().chain(ceiling));
        let lanes = lanes.map_err(|reason| CodegenError::Node { node: node.name.clone(), reason })?;
        Ok(Self { lanes, saturation })
    }
}

impl Saturation {
    /// The bounds, for results in these ranges before saturation.
    fn new(requantise: &Requantise, ranges: impl Iterator<Item = Interval>) -> Self {
        let Requantise { lo, hi, .. } = *requantise;
        let mut saturation = Self { lo, hi, below: false, above: false };
        for range in ranges {
            saturation.below |= range.lo < i64::from(lo);
            saturation.above |= range.hi > i64::from(hi);
        }
        saturation
    }
}

/// The functions of `rescale.cairo`, each once.
#[derive(Default)]
pub struct Rescales {
    functions: Vec<(Rescale, usize)>,
}

impl Rescales {
    /// The function that takes `outputs` results out of an accumulator.
    pub fn function(&mut self, rescale: &Rescale, outputs: usize) -> RescaleFunction {
        let wanted = (rescale.clone(), outputs);
        let index = self.functions.iter().position(|function| *function == wanted).unwrap_or_else(|| {
            self.functions.push(wanted);
            self.functions.len() - 1
        });
        RescaleFunction { index, outputs }
    }

    /// The functions, in the order of their numbers.
    pub fn code(&self) -> Vec<Code> {
        let functions = self.functions.iter().enumerate();
        functions.map(|(index, (rescale, outputs))| function(RescaleFunction { index, outputs: *outputs }, rescale)).collect()
    }
}

/// A function of `rescale.cairo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RescaleFunction {
    /// Its number.
    pub index: usize,
    /// How many results it takes out of an accumulator.
    outputs: usize,
}

impl fmt::Display for RescaleFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, outputs } = self;
        if *outputs == 1 { write!(f, "from_one_{index}") } else { write!(f, "from_{outputs}_lanes_{index}") }
    }
}

impl Code {
    /// Adds a line that takes the results out of an accumulator.
    pub fn rescale(&mut self, function: RescaleFunction, accumulator: impl fmt::Display) {
        self.refer(Module::Rescale);
        self.uses.rescales.insert(function.index);
        self.line(format!("rescale::{function}({accumulator}, ref y);"));
    }
}

fn function(function: RescaleFunction, rescale: &Rescale) -> Code {
    let Lanes { fraction, offset, .. } = rescale.lanes;
    let outputs = function.outputs;
    let mut code = Code::default();
    code.refer(Module::Halves);
    code.blank();
    code.doc(format!("{outputs} results of {} bits, {fraction} of them fraction, offset {offset}.", rescale.lanes.width()));
    code.open(format!("pub fn {function}(packed: felt252, ref y: Array<felt252>)"));
    let low = rescale.lanes.in_low().min(outputs);
    code.line(format!("let (low, {}) = halves(packed);", if outputs > low { "high" } else { "_" }));
    half(&mut code, rescale, "low", low);
    half(&mut code, rescale, "high", outputs - low);
    code.close();
    code
}

fn half(code: &mut Code, rescale: &Rescale, half: &str, outputs: usize) {
    let Lanes { fraction, integer, .. } = rescale.lanes;
    for lane in 0..outputs {
        code.refer(Module::Saturate);
        if fraction > 0 {
            code.refer(Module::PowerOfTwo);
            code.line(format!("let ({half}, _) = PowerOfTwo::<{fraction}>::div_rem({half});"));
        }
        let result = if lane + 1 == outputs {
            half
        } else {
            code.refer(Module::PowerOfTwo);
            code.line(format!("let ({half}, lane) = PowerOfTwo::<{integer}>::div_rem({half});"));
            "lane"
        };
        code.line(format!("y.append({});", saturated(rescale, result)));
    }
}

fn saturated(rescale: &Rescale, lane: &str) -> String {
    let (saturation, offset) = (rescale.saturation, rescale.lanes.offset);
    let (lo, hi) = (i64::from(saturation.lo), i64::from(saturation.hi));
    // A result can reach below `lo` only where `offset + lo > 0`, because `offset` is minus the least result.
    match (saturation.below, saturation.above) {
        (true, true) => format!("saturate::both({lane}, {}, {}, {lo}, {hi})", offset + lo, hi - lo + 1),
        (true, false) => format!("saturate::below({lane}, {}, {lo})", offset + lo),
        (false, true) => format!("saturate::above({lane}, {}, {offset}, {hi})", offset + hi + 1),
        (false, false) => format!("saturate::neither({lane}, {offset})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_functions_are_kept_once() {
        let requantise = Requantise { shift: vec![4], lo: 0, hi: 9 };
        let saturation = Saturation::new(&requantise, [Interval::new(-5, 12)].into_iter());
        assert!(saturation.below && saturation.above);
        let rescale = Rescale { lanes: Lanes::new([(4, Interval::new(-5, 12))]).unwrap(), saturation };
        let mut rescales = Rescales::default();
        assert_eq!(rescales.function(&rescale, 6).to_string(), "from_6_lanes_0");
        assert_eq!(rescales.function(&rescale, 1).to_string(), "from_one_1");
        assert_eq!(rescales.function(&rescale, 6).to_string(), "from_6_lanes_0");
        assert_eq!(rescales.code().len(), 2);
    }
}
