//! The width of inputs, and the scale at which numbers of a given size fit into a width.

use maat_runtime::Interval;

use crate::float::{FloatModel, FloatNode, FloatOp, Kind, ValueId};

/// Tensors that are wider than activations keep this many of their bits for values beyond all samples.
pub const HEADROOM_BITS: u32 = 2;
/// Inputs that are only compared, or only quantised to 16 bits, have this many bits more than activations. Rows of tables lie next to
/// thresholds, which trees put halfway between two rows. With 28 bits, neighbouring 32-bit floats are different integers from half of the greatest value on.
const COMPARED_BITS: u32 = 12;
/// No tensor is wider, so that differences of two fit into 32 bits.
const MOST_BITS: u32 = 31;

/// The widths of the integers, with their zero points, that 16-bit types take; those of 8-bit types are as good from an input of the width
/// of activations.
const QUANTISED_BITS: std::ops::RangeInclusive<u32> = 10..=17;

/// The width of an input in bits, and how many of them are for the values seen.
pub fn input_width(float: &FloatModel, input: ValueId, bits: u32) -> (u32, u32) {
    if float.is_only_compared(input) || is_only_quantised(float, input) {
        let wider = (bits + COMPARED_BITS).min(MOST_BITS);
        (wider, wider - HEADROOM_BITS)
    } else {
        (bits, bits)
    }
}

/// Whether an input is only rounded to integers of 16-bit types.
fn is_only_quantised(float: &FloatModel, value: ValueId) -> bool {
    let width = |range: Interval| (1..=32).find(|bits| Interval::of_bits(*bits).includes(range));
    let users = || float.nodes.iter().filter(|node| node.inputs.contains(&value) && float.constants(node.output).is_none());
    let rounded = |node: &FloatNode| match (&node.op, node.kind) {
        (FloatOp::Sum(_), Kind::Integer(range)) => width(range).is_some_and(|bits| QUANTISED_BITS.contains(&bits)),
        (FloatOp::Move { .. }, _) => is_only_quantised(float, node.output),
        _ => false,
    };
    users().next().is_some() && users().all(rounded) && float.outputs.iter().all(|(_, output)| *output != value)
}

/// Scale exponents stay within this range, whatever the magnitudes are.
const MAX_SCALE: i32 = 120;

/// The largest scale exponent at which `magnitude` fits into `bits`, at least two, sign included.
pub fn scale_for(magnitude: f64, bits: u32) -> i32 {
    let greatest = f64::from((1u32 << (bits - 1)) - 1);
    if magnitude > 0.0 { largest_exponent(magnitude, greatest).clamp(-MAX_SCALE, MAX_SCALE) } else { 0 }
}

/// The largest `s` with `round(value * 2^s) <= greatest`, for positive values.
pub fn largest_exponent(value: f64, greatest: f64) -> i32 {
    // A difference of logarithms, because the quotient may overflow. It is rounded; decide on the exact product.
    let mut exponent = (greatest.log2() - value.log2()).floor() as i32;
    while (value * 2f64.powi(exponent + 1)).round() <= greatest {
        exponent += 1;
    }
    while (value * 2f64.powi(exponent)).round() > greatest {
        exponent -= 1;
    }
    exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_uses_all_bits_and_no_more() {
        assert_eq!(scale_for(127.0, 8), 0);
        assert_eq!(scale_for(127.4, 8), 0);
        assert_eq!(scale_for(127.6, 8), -1);
        assert_eq!(scale_for(1.0, 8), 6);
        assert_eq!(scale_for(0.0, 8), 0);
        assert_eq!(scale_for(f64::MIN_POSITIVE, 8), MAX_SCALE);
        assert_eq!(scale_for(f64::MAX, 8), -MAX_SCALE);
    }
}
