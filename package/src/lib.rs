//! Model packages: what `maat transpile` writes, as data and as files, for everything that reads it.
//!
//! A package is a folder with a quantised model, what follows from it (Cairo sources, program, classes, unless it has none), a
//! [`Manifest`] that binds the files and a [`Report`] of accuracy and cost. [`PackageFolder`] opens one, [`run_program`] and
//! [`run_contract`] run what it holds, [`samples`] reads inputs from files.
//!
//! Nothing here knows ONNX: running, proving, verifying or deploying a package needs neither the network that it was made from nor what
//! read it.

mod cairo;
mod destination;
mod digest;
mod error;
mod folder;
mod json;
mod manifest;
mod names;
mod options;
pub mod partial;
mod proving;
mod report;
mod run;
pub mod samples;
mod significant;
mod views;

pub use cairo::Cairo;
pub use destination::{Edits, PackageDestination, files_in};
pub use digest::sha256;
pub use error::PackageError;
pub use folder::PackageFolder;
pub use json::{json_of, json_to};
pub use manifest::{ClassHashes, MANIFEST_VERSION, Manifest, Versions};
pub use names::{CONTRACT, EXECUTABLE, MANIFEST, MODEL, REPORT, class_files, part_name};
pub use options::{ImportOptions, Options, OutputTexts, Provenance, RangeMethod, Target, TensorWidth, Widths};
pub use proving::{Proving, differences};
pub use report::{
    Accuracy, Advice, Agreement, Baseline, Basis, Blame, CertifiedNode, ClassSize, ContractCost, Cost, Coverage, Deviation, Distance,
    Fidelity, Granularity, LayerPlan, Loss, LossKind, Plan, Quality, Report, TensorError, Verdict,
};
pub use run::{arguments, execute_program, run_contract, run_program, signed};
pub use samples::{OutOfRange, SampleError, out_of_range, quantise_sample};
pub use significant::significant;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
