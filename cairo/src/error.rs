//! Why Cairo sources do not compile, and why what they compile to cannot be loaded or run.

use std::path::PathBuf;

use maat_verifier::cairo::Builtin;
use starknet_types_core::felt::Felt;

/// Why Cairo sources could not be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A folder of sources cannot be read.
    #[error("cannot read Cairo sources in {path}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The override does not point at a core library.
    #[error("{path} is not a Cairo core library: it has no lib.cairo (point at the library's `src` folder)")]
    NotACorelib {
        /// The folder.
        path: PathBuf,
    },
    /// The compiler reported errors in the sources.
    #[error("Cairo package `{package}` does not compile:\n{diagnostics}")]
    Diagnostics {
        /// The package's own crate.
        package: String,
        /// What the compiler said.
        diagnostics: String,
    },
    /// The class uses a libfunc that Starknet's mainnet does not accept.
    #[error("Cairo package `{package}` uses a libfunc that is not on Starknet's audited list: {reason}")]
    NotAudited {
        /// The package's own crate.
        package: String,
        /// Which libfunc it is.
        reason: String,
    },
    /// Sierra could not be lowered to CASM, for example because the class is too large.
    #[error("the class of Cairo package `{package}` cannot be lowered to CASM: {reason}")]
    Casm {
        /// The package's own crate.
        package: String,
        /// Why not.
        reason: String,
    },
}

/// Why a Cairo program could not be loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CairoRunError {
    /// The file is not an executable of this compiler.
    #[error("not a Cairo executable: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are not a class of this compiler.
    #[error("not a contract class: {reason}")]
    MalformedClass {
        /// What is wrong with them.
        reason: String,
    },
    /// The contract has no external function of this name or selector.
    #[error("the contract has no function {function}")]
    NoFunction {
        /// The name or selector.
        function: String,
    },
    /// A library call is to a class that was not given.
    #[error("there is no class {class_hash:#x} for a library call")]
    UnknownClass {
        /// The class's hash.
        class_hash: Felt,
    },
    /// The program panicked.
    #[error("the Cairo program panicked: {message}")]
    Panicked {
        /// The panic data, decoded.
        message: String,
    },
    /// The virtual machine stopped with an error.
    #[error("the Cairo VM stopped: {reason}")]
    Vm {
        /// What it said.
        reason: String,
    },
    /// The program uses a builtin that proofs do not cover.
    #[error("the program uses the builtin {builtin}, but proofs support only {}", Builtin::ALL.map(Builtin::name).join(" and "))]
    Unprovable {
        /// The builtin.
        builtin: String,
    },
}
