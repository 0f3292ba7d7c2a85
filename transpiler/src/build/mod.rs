//! From a quantised network to a package: compile, measure, commit to it and write it; and the check, which makes a package again and
//! compares.

mod cairo;
mod check;
mod commit;
mod compile;
mod cost;
mod package;
mod raise;
mod widths;

pub use cairo::CairoChoice;
pub use check::{Checked, Finding, check};
pub use commit::Private;
pub use compile::Compiled;
pub use package::{BuildOptions, Package};
pub use raise::raised_widths;
pub use widths::cheapest_widths;
