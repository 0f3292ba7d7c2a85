//! What a registration must hold to, whatever is registered already.

use maat_interfaces::model::Port;
use crate::errors::Errors;

/// The longest notice that an owner may bind a version to: 30 days in seconds. Longer, and a version found faulty could not be revoked in
/// any useful time.
pub const MAX_TIMELOCK: u64 = 30 * 24 * 60 * 60;
/// Bytes.
pub const MAX_METADATA: u32 = 1024;
/// Inputs, and as many outputs. They are bounded because a version must be readable whatever a class says of itself.
pub const MAX_PORTS: u32 = 32;
/// Axes of one input or output.
pub const MAX_AXES: u32 = 8;
/// Scales of all inputs and outputs together: a table of that many columns, about.
pub const MAX_SCALES: u32 = 512;

/// 256^31: a short string has fewer than 32 characters.
const NAME_BOUND: u256 = 0x100000000000000000000000000000000000000000000000000000000000000;
/// '!' and '~', the first and last printable characters of ASCII that are not a space. A space could make two names look alike.
const FIRST_CHARACTER: u256 = 0x21;
const LAST_CHARACTER: u256 = 0x7e;

/// Checks that a name is a short string of printable ASCII characters, spaces excluded.
///
/// Panics with `Errors::NAME_IS_EMPTY`, `Errors::NAME_TOO_LONG` or `Errors::NAME_NOT_PRINTABLE`.
pub fn check_name(name: felt252) {
    let mut rest: u256 = name.into();
    assert(rest != 0, Errors::NAME_IS_EMPTY);
    assert(rest < NAME_BOUND, Errors::NAME_TOO_LONG);
    while rest != 0 {
        let (others, character) = DivRem::div_rem(rest, 0x100);
        assert(character >= FIRST_CHARACTER && character <= LAST_CHARACTER, Errors::NAME_NOT_PRINTABLE);
        rest = others;
    }
}

/// Checks that what a class says of its inputs and outputs can be stored and read again, and that no range is empty.
///
/// Panics with `Errors::TOO_MANY_INPUTS`, `Errors::TOO_MANY_OUTPUTS`, `Errors::TOO_MANY_AXES`, `Errors::TOO_MANY_SCALES` or
/// `Errors::EMPTY_RANGE`.
pub fn check_ports(inputs: Span<Port>, outputs: Span<Port>) {
    assert(inputs.len() <= MAX_PORTS, Errors::TOO_MANY_INPUTS);
    assert(outputs.len() <= MAX_PORTS, Errors::TOO_MANY_OUTPUTS);
    let mut scales = 0;
    for port in inputs {
        check_port(port, ref scales);
    }
    for port in outputs {
        check_port(port, ref scales);
    }
}

/// Checks one of them; `scales` counts those so far.
fn check_port(port: @Port, ref scales: u32) {
    assert(port.shape.len() <= MAX_AXES, Errors::TOO_MANY_AXES);
    scales += port.scales.len();
    assert(scales <= MAX_SCALES, Errors::TOO_MANY_SCALES);
    assert(*port.lo <= *port.hi, Errors::EMPTY_RANGE);
}
