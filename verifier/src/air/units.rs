//! Units: a row's results.
//!
//! A unit has a value `y`, written to memory, and three numbers made of two limbs each: a remainder `r`, the value's distance `v` from the
//! least one, and an excess `e`. The bus holds each limb below its fixed width. With the side `s` of saturation, the rescaled accumulator
//! before saturation is `q = y + s e`, and the accumulator is `scale q + r` (less what rounding adds).
//!
//! - `s = 0`: nothing is saturated, `q = y`, and `y = base + v` is within the range because `v` is a limb of the range's width.
//! - `s = 1`: `y = hi` and `q = hi + e >= hi`.
//! - `s = -1`: `y = base` and `q = base - e <= base`.
//!
//! So `y = clamp(q, base, hi)` in each case. `base` is fixed, or the second cell that the unit reads: then `y` is the greater of two cells.

use crate::goldilocks::Goldilocks;
use winter_verifier::math::FieldElement;

use crate::layout::*;

/// The degrees of a unit's constraints.
pub const DEGREES: [usize; 5] = [2, 2, 3, 3, 3];

/// The remainder, the distance from the least value and the excess, each `low + radix * high`.
pub fn numbers<F: FieldElement>(unit: usize, row: &[F], radix: F) -> [F; 3] {
    let limb = |position: usize| row[UNIT_LIMB.at(unit * LIMBS + position)];
    [0, 2, 4].map(|low| limb(low) + radix * limb(low + 1))
}

/// Enforces the range and the saturation of a unit's value.
pub fn enforce<E: FieldElement<BaseField = Goldilocks>>(unit: usize, row: &[E], radix: E, result: &mut [E]) {
    let (y, base, side) = (row[UNIT_VALUE.at(unit)], row[UNIT_BASE.at(unit)], row[UNIT_SIDE.at(unit)]);
    let second = row[READ_VALUE.at(2 * unit + 1)];
    let [_, value, _] = numbers(unit, row, radix);
    // base = lo + floating * second
    result[0] = base - row[UNIT_LO.at(unit)] - row[UNIT_FLOATING.at(unit)] * second;
    // checked * y = base + v: with checked = 0 all fixed columns of the range are 0 too, and so is v.
    result[1] = row[UNIT_CHECKED.at(unit)] * y - base - value;
    // s is -1, 0 or 1
    result[2] = side * (side.square() - E::ONE);
    // s = 1: y = hi
    result[3] = side * (side + E::ONE) * (y - row[UNIT_HI.at(unit)]);
    // s = -1: y = base
    result[4] = side * (side - E::ONE) * (y - base);
}

/// What the random combination takes of a unit: its accumulator, less the bias and the cells that the unit reads itself.
///
/// `scale (y + s e) + r - bias - first a - second b - product a b`, of degree 3; 0 for a unit that takes only its own cells.
pub fn contribution<F: FieldElement>(unit: usize, row: &[F], radix: F) -> F {
    let [remainder, _, excess] = numbers(unit, row, radix);
    let (a, b) = (row[READ_VALUE.at(2 * unit)], row[READ_VALUE.at(2 * unit + 1)]);
    let unsaturated = row[UNIT_VALUE.at(unit)] + row[UNIT_SIDE.at(unit)] * excess;
    let own = row[UNIT_FIRST.at(unit)] * a + row[UNIT_SECOND.at(unit)] * b + row[UNIT_PRODUCT.at(unit)] * a * b;
    row[UNIT_SCALE.at(unit)] * unsaturated + remainder - row[UNIT_BIAS.at(unit)] - own
}
