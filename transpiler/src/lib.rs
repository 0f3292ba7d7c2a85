//! Turns a trained ONNX network into Maat's quantised model and a Cairo package.
//!
//! ```text
//! ONNX file --onnx--> Graph --lowering, fuse--> FloatModel --calibrate, quantise--> maat_runtime::Model --codegen--> Cairo --build--> Package
//! ```
//!
//! Each folder imports only from those before it: `error`, `float`, `onnx`, `lowering`, `fuse`, `calibrate`, `quantise`, `quality`,
//! `codegen`, `build`; [`Network`] is the facade. Only `onnx` sees protobuf and tract, and nothing after [`quantise`](Network::quantise)
//! sees ONNX or floats. What a package holds, and how it is read, is in `maat_package`.

mod build;
mod calibrate;
pub mod codegen;
mod error;
mod float;
mod fuse;
mod lowering;
mod network;
mod onnx;
mod quality;
mod quantise;

pub use build::{BuildOptions, CairoChoice, Checked, Compiled, Finding, Package, Private, check};
pub use error::{CodegenError, Setting, TranspileError, UnsupportedOperator, UnsupportedOperators};
pub use lowering::{Operator, operator_advice, operators, supported_operators};
pub use network::Network;
pub use onnx::{IMPORT_THREAD, sha256 as onnx_sha256};
pub use quality::Quantised;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
