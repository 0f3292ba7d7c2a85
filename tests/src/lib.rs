//! What the end-to-end tests and benchmarks share: ONNX files made in memory, networks with seeded random weights, the
//! lists of models and operators, and the readers of sources and pages.

pub mod cairo_programs;
pub mod conformance;
pub mod exports;
pub mod figures;
pub mod imports;
pub mod models;
pub mod networks;
pub mod onnx;
pub mod steps;
pub mod wheel;

use std::path::Path;

/// The project's root folder.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
