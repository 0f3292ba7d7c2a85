//! The generator of the operator runtime's division table. The runtime's own Cairo tests are run in `tests/tests/cairo_tests.rs`.

use std::fmt::Write;
use std::path::Path;

const DIVISION_TABLE: &str = "operators/src/power_of_two.cairo";

/// The text of `power_of_two.cairo`.
fn generate_power_of_two() -> String {
    let mut text = String::from(
        "//! Division by powers of two. Written by `generate_power_of_two` in `cairo/tests/operators.rs`: do not edit.\n//!\n\
         //! The divisor is a constant and its range a single value, so one division takes three range checks and no branch.\n\
         use corelib_imports::bounded_int::{BoundedInt, DivRemHelper, UnitInt, div_rem, upcast};\n\n\
         /// Division by `2^BITS`, for `BITS` from 1 to 64.\n\
         pub trait PowerOfTwo<const BITS: usize> {\n    /// Quotient and remainder.\n    fn div_rem(value: u128) -> (u128, u128);\n}\n",
    );
    for bits in 1..=64 {
        let divisor = 1u128 << bits;
        let (quotient, remainder) = (u128::MAX >> bits, divisor - 1);
        let _ = write!(
            text,
            "
impl DivRemHelper{bits} of DivRemHelper<u128, UnitInt<{divisor:#x}>> {{
    type DivT = BoundedInt<0, {quotient:#x}>;
    type RemT = BoundedInt<0, {remainder:#x}>;
}}
pub impl PowerOfTwo{bits} of PowerOfTwo<{bits}> {{
    #[inline(always)]
    fn div_rem(value: u128) -> (u128, u128) {{
        let (quotient, remainder) = div_rem::<u128, UnitInt<{divisor:#x}>>(value, {divisor:#x});
        (upcast(quotient), upcast(remainder))
    }}
}}
"
        );
    }
    text
}

#[test]
fn the_division_table_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIVISION_TABLE);
    let found = std::fs::read_to_string(path).expect("the table is committed");
    assert!(
        found == generate_power_of_two(),
        "{DIVISION_TABLE} is not what its generator writes: cargo test --release -p maat-cairo -- --ignored"
    );
}

#[test]
#[ignore = "writes the division table"]
fn write_the_division_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DIVISION_TABLE);
    std::fs::write(path, generate_power_of_two()).expect("the table can be written");
}
