//! Reads an ONNX file: its content, the graph, and the digest that identifies it. Everything hostile in a file is refused here.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use maat_package::ImportOptions;
use maat_runtime::{inert, is_active};
use maat_verifier::hex_digits;
use sha2::{Digest, Sha256};
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use super::functions;
use super::graph::{Body, Constant, Graph, GraphInput, Texts};
use super::guard::guarded;
use super::inputs::{fix, graph_input};
use super::node::{OnnxNode, graphs};
use super::reference::Reference;
use super::tensor::{self, ExternalFiles, Loaded};
use crate::error::TranspileError;

/// What was read from an ONNX file.
pub struct Imported {
    /// The graph.
    pub graph: Graph,
    /// The file, with functions inlined, and shapes and constants fixed.
    proto: ModelProto,
    /// Identifies the file and its external data: see [`sha256`].
    pub sha256: String,
    /// Where it is.
    folder: Option<String>,
}

/// Reads the graph of an ONNX file.
///
/// If the first axis of an input's shape is symbolic, it is the batch axis and gets length 1, unless the options say otherwise.
///
/// # Errors
/// [`TranspileError::Read`] when the file cannot be read, [`TranspileError::Shape`] for a shape that is not fixed, [`TranspileError::Input`]
/// for an input that is not supported or options that do not fit it, [`TranspileError::Onnx`] for anything else that is not an ONNX model.
pub fn import(path: &Path, options: &ImportOptions) -> Result<Imported, TranspileError> {
    let name = path.file_stem().map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let File { bytes, folder, content: Content { mut proto, mut tensors, sha256 } } = open(path)?;
    // Overloads and defaults of attributes come into the model with the functions, so it is checked again.
    let inlined = functions::inline(&mut proto, &bytes).and_then(|()| check(&proto, folder.as_deref()));
    inlined.map_err(|reason| TranspileError::Onnx { reason })?;
    if let Some(graph) = &mut proto.graph {
        fix(graph, &mut tensors.numbers, options)?;
    }
    Ok(Imported { graph: graph(name, &proto, tensors)?, proto, sha256, folder })
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
        let (proto, folder, inputs) = (self.proto.clone(), self.folder.clone(), self.graph.inputs.clone());
        guarded(move || Reference::new(&proto, folder.as_deref(), &inputs))
    }
}

/// The reason for bytes that hold no graph. At which byte they stop making sense would help no user.
const NOT_ONNX: &str = "the file is not in ONNX's format, or it is truncated";

/// What a file holds.
struct Content {
    proto: ModelProto,
    /// The initialisers.
    tensors: Tensors,
    /// Identifies the file and its external data.
    sha256: String,
}

/// The initialisers by name.
struct Tensors {
    numbers: Vec<(String, Loaded)>,
    texts: Vec<(String, Texts)>,
}

/// What the digest of a model with external data begins with.
const EXTERNAL: &[u8] = b"maat onnx with external data 1";

fn read(bytes: &[u8], folder: Option<&str>) -> Result<Content, String> {
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]).map_err(|_| NOT_ONNX)?;
    check(&proto, folder)?;
    let graph = proto.graph.as_ref().ok_or(NOT_ONNX)?;
    let files = ExternalFiles::default();
    let (texts, numbers): (Vec<&TensorProto>, Vec<&TensorProto>) = graph.initializer.iter().partition(|proto| tensor::is_text(proto));
    let numbers = numbers.into_iter().map(|proto| Ok((proto.name.clone(), tensor::load(proto, folder, &files)?)));
    let texts = texts.into_iter().map(|proto| Ok((proto.name.clone(), tensor::texts(proto)?)));
    let tensors = Tensors { numbers: numbers.collect::<Result<_, String>>()?, texts: texts.collect::<Result<_, String>>()? };
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

/// Refuses what no message may show, and what nothing may open.
fn check(model: &ModelProto, folder: Option<&str>) -> Result<(), String> {
    let graph = model.graph.as_ref().ok_or(NOT_ONNX)?;
    check_names(model, graph)?;
    check_external_files(model, graph, folder)
}

/// Refuses names that would control a terminal or look like another line of a message, before any message shows them.
fn check_names(model: &ModelProto, graph: &GraphProto) -> Result<(), String> {
    let nodes = nodes_of(model, graph);
    let graphs = || std::iter::once(graph).chain(nodes.iter().flat_map(|node| graphs(node)));
    let values = graphs().flat_map(|graph| graph.input.iter().chain(&graph.output).map(|value| &value.name));
    let axes = graph
        .input
        .iter()
        .filter_map(|input| input.r#type.as_ref()?.value.as_ref())
        .filter_map(|Type::TensorType(tensor)| tensor.shape.as_ref());
    let axes = axes.flat_map(|shape| &shape.dim).filter_map(|dim| match &dim.value {
        Some(Dim::DimParam(name)) => Some(name),
        _ => None,
    });
    let functions = model.functions.iter();
    let functions =
        functions.flat_map(|function| function.name.iter().chain(&function.domain).chain(&function.input).chain(&function.output));
    let tensors = tensors_of(model, graph)
        .into_iter()
        .flat_map(|tensor| std::iter::once(&tensor.name).chain(tensor.external_data.iter().map(|entry| &entry.value)));
    let names = values.chain(axes).chain(functions).chain(tensors).chain(nodes.iter().flat_map(|node| names_of(node)));
    match names.into_iter().find(|name| name.contains(is_active)) {
        Some(name) => Err(format!(
            "the name `{}` has characters that control a terminal or turn the direction of text: export the model with another name",
            inert(name)
        )),
        None => Ok(()),
    }
}

/// All nodes of a model: those of its graph, its functions, and the graphs within them.
pub(super) fn nodes_of<'m>(model: &'m ModelProto, graph: &'m GraphProto) -> Vec<&'m NodeProto> {
    let mut nodes: Vec<&NodeProto> = graph.node.iter().chain(model.functions.iter().flat_map(|function| &function.node)).collect();
    let mut next = 0;
    while let Some(node) = nodes.get(next).copied() {
        nodes.extend(graphs(node).flat_map(|graph| &graph.node));
        next += 1;
    }
    nodes
}

/// The names in a node.
fn names_of(node: &NodeProto) -> impl Iterator<Item = &String> {
    let attributes = node.attribute.iter().map(|attribute| &attribute.name);
    [&node.name, &node.op_type, &node.domain].into_iter().chain(&node.input).chain(&node.output).chain(attributes)
}

/// Refuses external data that is not in a regular file, before we or tract open any: opening a named pipe waits for a writer.
fn check_external_files(model: &ModelProto, graph: &GraphProto, folder: Option<&str>) -> Result<(), String> {
    let folder = Path::new(folder.unwrap_or_default());
    let external = |tensor: &&TensorProto| tensor.data_location == Some(DataLocation::External as i32);
    for tensor in tensors_of(model, graph).into_iter().filter(external) {
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

/// All tensors of a model: the initialisers and those in attributes, including graphs within it and functions.
fn tensors_of<'m>(model: &'m ModelProto, graph: &'m GraphProto) -> Vec<&'m TensorProto> {
    let nodes = nodes_of(model, graph);
    let graphs = std::iter::once(graph).chain(nodes.iter().flat_map(|node| graphs(node)));
    let attributes = nodes.iter().flat_map(|node| &node.attribute).flat_map(|attribute| attribute.t.iter().chain(&attribute.tensors));
    graphs.flat_map(|graph| &graph.initializer).chain(attributes).collect()
}

fn graph(name: String, proto: &ModelProto, tensors: Tensors) -> Result<Graph, TranspileError> {
    let malformed = |reason: String| TranspileError::Onnx { reason };
    let graph = proto.graph.as_ref().ok_or_else(|| malformed(NOT_ONNX.to_owned()))?;
    if !graph.sparse_initializer.is_empty() {
        return Err(malformed("sparse initialisers are not supported".to_owned()));
    }
    check_order(graph, &mut Vec::new()).map_err(malformed)?;
    let constant = |(name, (shape, element, values)): (String, Loaded)| (name, Constant { shape, element, values: values.into() });
    let constants: Vec<(String, Constant)> = tensors.numbers.into_iter().map(constant).collect();
    let texts = tensors.texts;
    let computed = |input: &&ValueInfoProto| {
        constants.iter().all(|(name, _)| *name != input.name) && texts.iter().all(|(name, _)| *name != input.name)
    };
    let inputs: Vec<GraphInput> = graph.input.iter().filter(computed).map(graph_input).collect::<Result<_, _>>()?;
    let opset = proto.opset_import.iter().find(|import| import.domain.is_empty() || import.domain == "ai.onnx");
    let opset = opset.map_or(0, |import| import.version);
    let body = Body {
        inputs: inputs.iter().map(|input| input.name.clone()).collect(),
        axes: inputs.iter().map(|input| Some(input.shape.len())).collect(),
        constants,
        texts,
        nodes: graph.node.iter().enumerate().map(|(position, proto)| OnnxNode::new(position, proto)).collect(),
        outputs: graph.output.iter().map(|output| output.name.clone()).collect(),
    };
    Ok(Graph { name, opset, inputs, body })
}

/// Checks that the nodes are in ONNX's own order, which must be topological, in the graph and those within it. `outer` has the names that
/// the graphs around it know.
fn check_order<'g>(graph: &'g GraphProto, outer: &mut Vec<HashSet<&'g str>>) -> Result<(), String> {
    let inputs = graph.input.iter().map(|input| input.name.as_str());
    outer.push(inputs.chain(graph.initializer.iter().map(|constant| constant.name.as_str())).collect());
    for (position, node) in graph.node.iter().enumerate() {
        let is_known = |name: &str| outer.iter().any(|names| names.contains(name));
        if let Some(input) = node.input.iter().find(|input| !input.is_empty() && !is_known(input)) {
            let name = OnnxNode::new(position, node).name;
            return Err(format!("node `{name}` takes `{input}`, which no input, initialiser or earlier node gives"));
        }
        for graph in graphs(node) {
            check_order(graph, outer)?;
        }
        let own = outer.last_mut().expect("the graph's own names are the last");
        if let Some(output) = node.output.iter().find(|output| !output.is_empty() && !own.insert(output)) {
            return Err(format!("tensor `{output}` is given twice"));
        }
    }
    let missing = graph.output.iter().find(|output| !outer.iter().any(|names| names.contains(output.name.as_str())));
    outer.pop();
    match missing {
        Some(output) => Err(format!("nothing gives the output `{}`", output.name)),
        None => Ok(()),
    }
}
