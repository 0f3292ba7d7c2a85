//! An ONNX file as a graph of nodes, and the float reference run by tract. No other folder sees protobuf or tract.

mod graph;
mod guard;
mod import;
mod node;
mod reference;
mod tensor;

pub use graph::{Constant, Element, FloatType, Graph, IntegerType};
pub use guard::IMPORT_THREAD;
pub use import::{import, sha256};
pub use node::{OnnxNode, Scalar};
pub use reference::Reference;
