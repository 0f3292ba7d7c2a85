//! What each file of a crate imports, and what each crate depends on, read from sources and manifests.
//!
//! ```text
//! source --tokens, trees--> uses and paths --modules--> the file that defines each name --graph--> circles and layers
//! Cargo.toml, Cargo.lock --workspace--> dependencies of crates
//! ```
//!
//! The reading is our own, since a parser of Rust's grammar leaves the bodies of macros alone, where paths are imports too. It is not a
//! compiler's: where a name could mean two things, both count. It does not see development dependencies, methods that a file adds to a type of
//! another, `macro_rules` that are used before they are imported, and what `include!` brings.

mod graph;
mod modules;
mod syntax;
mod tokens;
mod workspace;

pub use graph::{Circle, Graph};
pub use modules::{Import, ImportKind, SourceCrate, Sources};
pub use tokens::identifiers;
pub use workspace::{Member, Workspace, rust_files};
