//! An ONNX file as a graph of nodes with known shapes and constants, and its float reference run. The only part that sees ONNX or tract.

mod graph;
mod import;
mod reference;

pub use graph::{Constant, Graph, OnnxNode};
pub use import::{IMPORT_THREAD, import};
pub use reference::Reference;
