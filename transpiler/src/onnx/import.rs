//! Reads an ONNX file: its content, the graph, and the digest that identifies it. Everything hostile in a file is refused here.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use maat_runtime::{inert, is_active};
use maat_verifier::hex_digits;
use sha2::{Digest, Sha256};
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use super::graph::{Constant, Element, Graph, GraphInput};
use super::guard::guarded;
use super::node::{OnnxNode, qualified};
use super::reference::Reference;
use super::tensor::{self, ExternalFiles, Loaded};
use crate::error::TranspileError;

/// What was read from an ONNX file.
pub struct Imported {
    /// The graph.
    pub graph: Graph,
    /// The file.
    bytes: Vec<u8>,
    /// Identifies the file and its external data: see [`sha256`].
    pub sha256: String,
    /// Where it is.
    folder: Option<String>,
}

/// Reads the graph of an ONNX file.
///
/// If the first axis of an input's shape is symbolic, it is the batch axis and gets length 1.
///
/// # Errors
/// [`TranspileError::Read`] when the file cannot be read, [`TranspileError::Onnx`] for anything that is not an ONNX model with fixed shapes.
pub fn import(path: &Path) -> Result<Imported, TranspileError> {
    let name = path.file_stem().map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let File { bytes, folder, content: Content { proto, tensors, sha256 } } = open(path)?;
    Ok(Imported { graph: graph(name, &proto, tensors)?, bytes, sha256, folder })
}

/// sha256 of an ONNX file. If tensors have external data, it is the sha256 of a tag, the file's own sha256, and for each external file, in
/// the order of their paths: the length of its path, the path as the model names it, and the sha256 of its bytes.
///
/// # Errors
/// The file cannot be read, or is not an ONNX model.
pub fn sha256(path: &Path) -> Result<String, TranspileError> {
    Ok(open(path)?.content.sha256)
}

/// A file that was read.
struct File {
    bytes: Vec<u8>,
    folder: Option<String>,
    content: Content,
}

fn open(path: &Path) -> Result<File, TranspileError> {
    let bytes = std::fs::read(path).map_err(|source| TranspileError::Read { path: path.to_path_buf(), source })?;
    let folder = path.parent().and_then(Path::to_str).map(str::to_owned);
    let (read_bytes, place) = (bytes.clone(), folder.clone());
    // Constants are shared within one thread, so the thread returns their values and the caller makes them.
    let content = guarded(move || read(&read_bytes, place.as_deref())).map_err(|reason| TranspileError::Onnx { reason })?;
    Ok(File { bytes, folder, content })
}

impl Imported {
    /// The float reference run, or why tract does not take the network. Only for a graph that was lowered: tract's own inference of shapes
    /// cannot cope with a hostile file.
    pub fn reference(&self) -> Result<Reference, String> {
        let (bytes, folder, inputs) = (self.bytes.clone(), self.folder.clone(), self.graph.inputs.clone());
        guarded(move || Reference::new(&bytes, folder.as_deref(), &inputs))
    }
}

/// The reason for bytes that hold no graph. At which byte they stop making sense would help no user.
const NOT_ONNX: &str = "the file is not in ONNX's format, or it is truncated";

/// What a file holds.
struct Content {
    proto: ModelProto,
    /// The initialisers by name.
    tensors: Vec<(String, Loaded)>,
    /// Identifies the file and its external data.
    sha256: String,
}

/// What the digest of a model with external data begins with.
const EXTERNAL: &[u8] = b"maat onnx with external data 1";

fn read(bytes: &[u8], folder: Option<&str>) -> Result<Content, String> {
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]).map_err(|_| NOT_ONNX)?;
    let graph = proto.graph.as_ref().ok_or(NOT_ONNX)?;
    check_names(graph)?;
    check_external_files(graph, folder)?;
    let files = ExternalFiles::default();
    let tensors = graph.initializer.iter().map(|proto| Ok((proto.name.clone(), tensor::load(proto, folder, &files)?)));
    let tensors = tensors.collect::<Result<_, String>>()?;
    let external: BTreeMap<&str, PathBuf> = graph.initializer.iter().filter_map(|proto| files.of(proto, folder)).collect();
    let mut digest = Sha256::digest(bytes).to_vec();
    if !external.is_empty() {
        let mut hasher = Sha256::new_with_prefix(EXTERNAL);
        hasher.update(&digest);
        for (name, path) in &external {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update(files.sha256(path));
        }
        digest = hasher.finalize().to_vec();
    }
    let sha256 = hex_digits(&digest);
    Ok(Content { proto, tensors, sha256 })
}

/// Refuses names that would control a terminal or look like another line of a message, before any message shows them.
fn check_names(graph: &GraphProto) -> Result<(), String> {
    let values = graph.input.iter().chain(&graph.output).map(|value| &value.name);
    let tensors = tensors_of(graph)
        .into_iter()
        .flat_map(|tensor| std::iter::once(&tensor.name).chain(tensor.external_data.iter().map(|entry| &entry.value)));
    match values.chain(tensors).chain(graph.node.iter().flat_map(names_of)).find(|name| name.contains(is_active)) {
        Some(name) => Err(format!(
            "the name `{}` has characters that control a terminal or turn the direction of text: export the model with another name",
            inert(name)
        )),
        None => Ok(()),
    }
}

/// The names in a node.
fn names_of(node: &NodeProto) -> impl Iterator<Item = &String> {
    let attributes = node.attribute.iter().map(|attribute| &attribute.name);
    [&node.name, &node.op_type, &node.domain].into_iter().chain(&node.input).chain(&node.output).chain(attributes)
}

/// Refuses external data that is not in a regular file, before we or tract open any: opening a named pipe waits for a writer.
fn check_external_files(graph: &GraphProto, folder: Option<&str>) -> Result<(), String> {
    let folder = Path::new(folder.unwrap_or_default());
    let external = |tensor: &&TensorProto| tensor.data_location == Some(DataLocation::External as i32);
    for tensor in tensors_of(graph).into_iter().filter(external) {
        for entry in tensor.external_data.iter().filter(|entry| entry.key == "location") {
            let path = folder.join(&entry.value);
            // A missing one is refused when it is read.
            if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
                return Err(format!("tensor `{}`: cannot read {}: it is not a regular file", tensor.name, path.display()));
            }
        }
    }
    Ok(())
}

/// All tensors of a graph: the initialisers and those in attributes, including graphs within it.
fn tensors_of(graph: &GraphProto) -> Vec<&TensorProto> {
    let (mut tensors, mut graphs) = (Vec::new(), vec![graph]);
    while let Some(graph) = graphs.pop() {
        tensors.extend(&graph.initializer);
        for attribute in graph.node.iter().flat_map(|node| &node.attribute) {
            tensors.extend(attribute.t.iter().chain(&attribute.tensors));
            graphs.extend(attribute.g.iter().chain(&attribute.graphs));
        }
    }
    tensors
}

fn graph(name: String, proto: &ModelProto, tensors: Vec<(String, Loaded)>) -> Result<Graph, TranspileError> {
    let malformed = |reason: String| TranspileError::Onnx { reason };
    let graph = proto.graph.as_ref().ok_or_else(|| malformed(NOT_ONNX.to_owned()))?;
    if !graph.sparse_initializer.is_empty() {
        return Err(malformed("sparse initialisers are not supported".to_owned()));
    }
    let nodes = sorted_nodes(graph)?;
    let constant = |(name, (shape, element, values)): (String, Loaded)| (name, Constant { shape, element, values: values.into() });
    let constants: Vec<(String, Constant)> = tensors.into_iter().map(constant).collect();
    let computed = |input: &&ValueInfoProto| constants.iter().all(|(name, _)| *name != input.name);
    let inputs = graph.input.iter().filter(computed).map(graph_input).collect::<Result<_, _>>().map_err(malformed)?;
    let opset = proto.opset_import.iter().find(|import| import.domain.is_empty() || import.domain == "ai.onnx");
    let opset = opset.map_or(0, |import| import.version);
    let outputs = graph.output.iter().map(|output| output.name.clone()).collect();
    let functions = proto.functions.iter().map(|function| qualified(function.domain(), function.name())).collect();
    Ok(Graph { name, opset, inputs, constants, nodes, outputs, functions })
}

/// The graph's nodes, in ONNX's own order, which must be topological.
fn sorted_nodes(graph: &GraphProto) -> Result<Vec<OnnxNode>, TranspileError> {
    let nodes: Vec<OnnxNode> = graph.node.iter().enumerate().map(|(position, proto)| OnnxNode::new(position, proto)).collect();
    let mut known: HashSet<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
    known.extend(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
    for node in &nodes {
        if let Some(input) = node.inputs().iter().find(|input| !input.is_empty() && !known.contains(input.as_str())) {
            let reason = format!("node `{}` takes `{input}`, which no input, initialiser or earlier node gives", node.name);
            return Err(TranspileError::Onnx { reason });
        }
        for output in node.outputs().iter().filter(|output| !output.is_empty()) {
            if !known.insert(output) {
                return Err(TranspileError::Onnx { reason: format!("tensor `{output}` is given twice") });
            }
        }
    }
    if let Some(output) = graph.output.iter().find(|output| !known.contains(output.name.as_str())) {
        return Err(TranspileError::Onnx { reason: format!("nothing gives the output `{}`", output.name) });
    }
    Ok(nodes)
}

fn graph_input(input: &ValueInfoProto) -> Result<GraphInput, String> {
    let name = &input.name;
    let Some(Type::TensorType(tensor)) = input.r#type.as_ref().and_then(|proto| proto.value.as_ref()) else {
        return Err(format!("input `{name}` is not a tensor"));
    };
    let element = Element::of(tensor.elem_type).ok_or_else(|| format!("input `{name}`: {}", Element::refusal(tensor.elem_type)))?;
    let shape = tensor.shape.as_ref().ok_or_else(|| format!("input `{name}` has no shape; export the model with fixed shapes"))?;
    let length = |(axis, dim): (usize, &tract_onnx::pb::tensor_shape_proto::Dimension)| match dim.value {
        Some(Dim::DimValue(length)) if length > 0 => usize::try_from(length).map_err(|error| error.to_string()),
        Some(Dim::DimValue(0)) => Err(format!("axis {axis} of input `{name}` has length 0")),
        _ if axis == 0 => Ok(1),
        _ => Err(format!("axis {axis} of input `{name}` has no fixed length; export the model with fixed shapes")),
    };
    let shape = shape.dim.iter().enumerate().map(length).collect::<Result<_, _>>()?;
    Ok(GraphInput { name: name.clone(), shape, element })
}
