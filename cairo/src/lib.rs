//! Maat's Cairo packages, and the Cairo compiler and virtual machine that build and run them.
//!
//! The compiler's core library and the operator runtime (`cairo/operators`) are embedded, so nothing is read from the machine unless the
//! caller overrides the core library.

mod compiler;
mod contract;
mod declarations;
mod direct;
mod entry_point;
mod error;
mod executable;
mod execution;
pub mod gas;
pub mod limits;
mod session;
mod short;
mod sierra_contract;
mod sources;
mod splice;
mod straight;
mod straight_sierra;

pub use cairo_lang_filesystem::db::Edition;
pub use compiler::{CairoPackage, Compiler, Crate, Form};
pub use contract::Contract;
pub use entry_point::{CallResult, Libraries};
pub use error::{CairoRunError, CompileError};
pub use executable::{Executable, RunResult};
pub use session::Session;
pub use sierra_contract::SierraContract;
pub use sources::Sources;

/// The version of the Cairo compiler that is built in.
pub const COMPILER_VERSION: &str = "2.17.0";

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
