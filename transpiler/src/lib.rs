//! Turns a trained ONNX network into Maat's quantised model and a Cairo package.
//!
//! ```text
//! ONNX file --onnx--> Graph --lowering, fuse--> FloatModel --ranges, quantise--> maat_runtime::Model --codegen--> Cairo --> Package
//! ```
//!
//! Nothing behind [`quantise`](Network::quantise) sees ONNX or floats.

mod accuracy;
mod blame;
mod certificate;
mod check;
mod classes;
pub mod codegen;
mod cost;
mod error;
mod float;
mod fuse;
mod lowering;
mod network;
mod onnx;
mod package;
mod proving;
mod quantise;
mod ranges;
pub mod samples;

pub use accuracy::{Accuracy, TensorError, Witness};
pub use blame::Blame;
pub use certificate::CertifiedNode;
pub use check::{Checked, Finding};
pub use cost::{ClassSize, ContractCost, Cost, Figure, LayerPlan};
pub use error::{SampleError, TranspileError};
pub use lowering::supported_operators;
pub use network::{Network, Options, Provenance, Quality, Quantised, Target};
pub use onnx::{IMPORT_THREAD, sha256 as onnx_sha256};
pub use package::{
    BuildOptions, ClassHashes, MANIFEST_VERSION, Manifest, Package, PackageFolder, Report, Versions, execute_program, run_contract,
    run_program, signed,
};
pub use proving::{Proving, differences, hex, parse_hex};
pub use quantise::{Widths, quantise_sample};
pub use ranges::RangeMethod;
