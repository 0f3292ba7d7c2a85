//! Control flow that is decided before any input is known: branches are chosen, and loops unrolled.

mod r#if;
mod r#loop;
mod scan;

use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] =
    &[of("If", r#if::lower).with_parameters(&[0]), of("Loop", r#loop::lower).with_parameters(&[0, 1]), of("Scan", scan::lower)];

/// The most iterations of a loop.
const MAX_ITERATIONS: usize = 1024;

/// Refuses more outputs than the graph within a node gives.
fn check_outputs(found: usize, most: usize) -> Result<(), String> {
    if found <= most { Ok(()) } else { Err(format!("has {found} outputs, but the graph within it gives {most}")) }
}
