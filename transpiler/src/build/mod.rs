//! From a quantised network to a package: compiled, measured, committed to and written; and a package made again, to be compared.

mod check;
mod commit;
mod compile;
mod cost;
mod package;
mod widths;

pub use check::{Checked, Finding, check};
pub use package::{BuildOptions, Package};
pub use widths::cheapest;
