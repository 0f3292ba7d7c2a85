//! An ONNX file as a graph of nodes, and the float reference run by tract. No other folder sees protobuf or tract.

mod functions;
mod graph;
mod guard;
mod import;
mod inputs;
mod node;
mod reference;
mod tensor;

pub use graph::{Body, Constant, Element, FloatType, Graph, IntegerType, Texts};
pub use guard::IMPORT_THREAD;
pub use import::{import, sha256};
pub use node::{OnnxNode, Scalar};
pub use reference::Reference;
