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
mod columns;
mod cost;
mod decimal;
mod destination;
mod error;
mod float;
mod fuse;
mod lowering;
mod network;
mod onnx;
mod out_of_range;
mod package;
pub mod partial;
mod proving;
mod quantise;
mod ranges;
pub mod samples;
mod verdict;
mod witness;

pub use accuracy::{Accuracy, Agreement, Deviation, Distance, TensorError};
pub use blame::Blame;
pub use certificate::CertifiedNode;
pub use check::{Checked, Finding};
pub use cost::{ClassSize, ContractCost, Cost, Figure, LayerPlan};
pub use destination::{Edits, PackageDestination};
pub use error::{SampleError, TranspileError, UnsupportedOperator, UnsupportedOperators};
pub use lowering::{operator_advice, supported_operators};
pub use network::{Network, Options, Provenance, Quality, Quantised, Target};
pub use onnx::{IMPORT_THREAD, sha256 as onnx_sha256};
pub use out_of_range::{OutOfRange, out_of_range};
pub use package::{
    BuildOptions, ClassHashes, MANIFEST_VERSION, Manifest, Package, PackageFolder, Report, Versions, execute_program, run_contract,
    run_program, signed,
};
pub use proving::{Proving, differences, hex, parse_hex};
pub use quantise::{Widths, quantise_sample};
pub use ranges::RangeMethod;
pub use verdict::{Advice, Basis, Fidelity, Loss, LossKind, Verdict};
pub use witness::Witness;
