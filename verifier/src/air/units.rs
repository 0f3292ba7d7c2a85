//! Units: a row's results.
//!
//! A unit has a value `y`, written to memory, and three numbers made of one or two limbs each: a remainder `r`, the value's distance `v` from the
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

/// The remainder, the distance from the least value and the excess, each `low + radix * high`, or one limb alone where a layout has no more.
pub fn numbers<F: FieldElement>(layout: &Layout, unit: usize, row: &[F], radix: F) -> [F; NUMBERS] {
    let Room { limbs, .. } = layout.room;
    let first = layout[UNIT_LIMB].start + unit * layout.room.unit_limbs();
    std::array::from_fn(|number| {
        let low = first + number * limbs;
        if limbs == 1 { row[low] } else { row[low] + radix * row[low + 1] }
    })
}

/// Enforces the range and the saturation of a unit's value.
pub fn enforce<E: FieldElement<BaseField = Goldilocks>>(layout: &Layout, unit: usize, row: &[E], radix: E, result: &mut [E]) {
    let (y, base, side) = (row[layout[UNIT_VALUE].at(unit)], row[layout[UNIT_BASE].at(unit)], row[layout[UNIT_SIDE].at(unit)]);
    let [_, value, _] = numbers(layout, unit, row, radix);
    // base = lo + floating * second
    result[0] = base - row[layout[UNIT_LO].at(unit)];
    if unit < layout.room.readers() {
        result[0] -= row[layout[UNIT_FLOATING].at(unit)] * row[layout[READ_VALUE].at(2 * unit + 1)];
    }
    // checked * y = base + v: with checked = 0 all fixed columns of the range are 0 too, and so is v.
    result[1] = row[layout[UNIT_CHECKED].at(unit)] * y - base - value;
    // s is -1, 0 or 1
    result[2] = side * (side.square() - E::ONE);
    // s = 1: y = hi
    result[3] = side * (side + E::ONE) * (y - row[layout[UNIT_HI].at(unit)]);
    // s = -1: y = base
    result[4] = side * (side - E::ONE) * (y - base);
}

/// What the random combination takes of a unit: its accumulator, less the bias and the cells that the unit reads itself.
///
/// `scale (y + s e) + r - bias - first a - second b - product a b`, of degree 3; 0 for a unit that takes only its own cells.
pub fn contribution<F: FieldElement>(layout: &Layout, unit: usize, row: &[F], radix: F) -> F {
    let [remainder, _, excess] = numbers(layout, unit, row, radix);
    let unsaturated = row[layout[UNIT_VALUE].at(unit)] + row[layout[UNIT_SIDE].at(unit)] * excess;
    let own = if unit < layout.room.readers() {
        let (a, b) = (row[layout[READ_VALUE].at(2 * unit)], row[layout[READ_VALUE].at(2 * unit + 1)]);
        row[layout[UNIT_FIRST].at(unit)] * a + row[layout[UNIT_SECOND].at(unit)] * b + row[layout[UNIT_PRODUCT].at(unit)] * a * b
    } else {
        F::ZERO
    };
    row[layout[UNIT_SCALE].at(unit)] * unsaturated + remainder - row[layout[UNIT_BIAS].at(unit)] - own
}
