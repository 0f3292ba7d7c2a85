//! An ONNX file as a graph of nodes, and the float reference run by tract. The only part that sees protobuf or tract.

mod graph;
mod import;
mod reference;
mod tensor;

pub use graph::{Constant, Element, Graph, OnnxNode};
pub use import::{IMPORT_THREAD, import, sha256};
pub use reference::Reference;
pub use tensor::constant;
