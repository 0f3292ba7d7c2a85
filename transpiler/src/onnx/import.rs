use std::collections::HashMap;
use std::path::Path;

use tract_onnx::Onnx;
use tract_onnx::pb::{GraphProto, ModelProto};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::{Factoid, InferenceFact};
use tract_onnx::tract_hir::internal::DimLike;

use super::graph::{Constant, Graph, GraphInput, OnnxNode};
use super::reference::Reference;
use crate::error::TranspileError;
use crate::lowering;

/// Reads an ONNX file: its graph, with shapes and constants by tract, and its float reference run.
///
/// A symbolic axis that stands first in an input's shape is the batch axis and gets length 1.
///
/// # Errors
/// [`TranspileError::Read`] when the file cannot be read, [`TranspileError::Unsupported`] for an operator that has no lowering,
/// [`TranspileError::Onnx`] for anything that is no ONNX model with known shapes.
pub fn import(path: &Path) -> Result<(Graph, Reference, Vec<u8>), TranspileError> {
    let bytes = std::fs::read(path).map_err(|source| TranspileError::Read { path: path.to_path_buf(), source })?;
    let name = path.file_stem().map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let folder = path.parent().and_then(Path::to_str).map(str::to_owned);
    let content = bytes.clone();
    // tract indexes and unwraps in places that a malformed file reaches, so it runs where a panic can be caught.
    let worker = std::thread::Builder::new().name(IMPORT_THREAD.to_owned()).spawn(move || parse(name, &content, folder));
    let worker = worker.map_err(|error| TranspileError::Onnx { reason: error.to_string() })?;
    let (graph, reference) = worker.join().map_err(|panic| {
        let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        TranspileError::Onnx { reason: message.unwrap_or_else(|| "the importer failed".to_owned()) }
    })??;
    Ok((graph, reference, bytes))
}

/// Name of the thread in which foreign code reads the file. A program may silence its panics: they come back as errors.
pub const IMPORT_THREAD: &str = "onnx-import";

fn parse(name: String, bytes: &[u8], folder: Option<String>) -> Result<(Graph, Reference), TranspileError> {
    let framework = tract_onnx::onnx();
    let malformed = |error: TractError| TranspileError::Onnx { reason: format!("{error:#}") };
    let proto = framework.proto_model_for_read(&mut &bytes[..]).map_err(malformed)?;
    let graph = proto.graph.as_ref().ok_or_else(|| TranspileError::Onnx { reason: "the file holds no graph".to_owned() })?;
    let nodes = sorted_nodes(graph)?;
    lowering::check_supported(&nodes)?;
    infer(name, &framework, &proto, graph, nodes, folder.as_deref()).map_err(malformed)
}

/// The graph's nodes, in ONNX's own order, which must be topological.
fn sorted_nodes(graph: &GraphProto) -> Result<Vec<OnnxNode>, TranspileError> {
    let named = graph.node.iter().enumerate().map(|(position, proto)| {
        let name = [Some(&proto.name), proto.output.first()].into_iter().flatten().find(|name| !name.is_empty());
        let name = name.cloned().unwrap_or_else(|| format!("node {position}"));
        OnnxNode { name, proto: proto.clone() }
    });
    let nodes: Vec<OnnxNode> = named.collect();
    let mut known: std::collections::HashSet<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
    known.extend(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
    for node in &nodes {
        if let Some(input) = node.proto.input.iter().find(|input| !input.is_empty() && !known.contains(input.as_str())) {
            let reason = format!("node `{}` takes `{input}`, which no input, initialiser or earlier node gives", node.name);
            return Err(TranspileError::Onnx { reason });
        }
        for output in node.proto.output.iter().filter(|output| !output.is_empty()) {
            if !known.insert(output) {
                return Err(TranspileError::Onnx { reason: format!("tensor `{output}` is given twice") });
            }
        }
    }
    if let Some(output) = graph.output.iter().find(|output| !known.contains(output.name.as_str())) {
        return Err(TranspileError::Onnx { reason: format!("nothing gives the output `{}`", output.name) });
    }
    let computed = |name: &str| nodes.iter().any(|node| node.proto.output.iter().any(|output| output == name));
    if let Some(output) = graph.output.iter().find(|output| !computed(&output.name)) {
        return Err(TranspileError::TrivialOutput { output: output.name.clone() });
    }
    Ok(nodes)
}

fn infer(
    name: String,
    framework: &Onnx,
    proto: &ModelProto,
    graph: &GraphProto,
    nodes: Vec<OnnxNode>,
    folder: Option<&str>,
) -> TractResult<(Graph, Reference)> {
    let parsed = framework.parse(proto, folder)?;
    let (mut model, outlets) = (parsed.model, parsed.outlets_by_name);

    let mut inputs = Vec::new();
    for (position, outlet) in model.input_outlets()?.to_vec().into_iter().enumerate() {
        let input = model.node(outlet.node).name.clone();
        let fact = model.outlet_fact(outlet)?.clone();
        let shape = input_shape(&input, &fact)?;
        model.set_input_fact(position, fact.with_shape(&shape))?;
        inputs.push(GraphInput { name: input, shape });
    }
    model.analyse(false)?;

    let (mut shapes, mut constants) = (HashMap::new(), HashMap::new());
    for (tensor, outlet) in &outlets {
        let fact = model.outlet_fact(*outlet)?;
        if let Some(shape) = fact.shape.concretize().and_then(|shape| shape.iter().map(|dim| dim.to_usize().ok()).collect()) {
            shapes.insert(tensor.clone(), shape);
        }
        if let Some(value) = fact.value.concretize() {
            constants.insert(tensor.clone(), constant(&value)?);
        }
    }

    let opset = proto.opset_import.iter().find(|import| import.domain.is_empty() || import.domain == "ai.onnx");
    let opset = opset.map_or(0, |import| import.version);
    let outputs = graph.output.iter().map(|output| output.name.clone()).collect();
    let computed: Vec<(String, OutletId)> = nodes
        .iter()
        .flat_map(|node| &node.proto.output)
        .filter(|tensor| !tensor.is_empty() && !constants.contains_key(*tensor))
        .map(|tensor| (tensor.clone(), outlets[tensor]))
        .collect();
    let reference = Reference::new(model, &inputs, computed)?;
    Ok((Graph { name, opset, inputs, nodes, outputs, shapes, constants }, reference))
}

fn input_shape(input: &str, fact: &InferenceFact) -> TractResult<Vec<usize>> {
    let dims: Vec<_> = fact.shape.dims().collect();
    if fact.shape.is_open() {
        return Err(TractError::msg(format!("input `{input}` has no shape; export the model with fixed shapes")));
    }
    let fixed = dims.iter().enumerate().map(|(axis, dim)| match dim.concretize().and_then(|dim| dim.to_usize().ok()) {
        Some(length) => Ok(length),
        None if axis == 0 => Ok(1),
        None => {
            let message = format!("axis {axis} of input `{input}` has no fixed length; export the model with fixed shapes");
            Err(TractError::msg(message))
        }
    });
    fixed.collect()
}

fn constant(tensor: &Tensor) -> TractResult<Constant> {
    let values = tensor.cast_to::<f64>()?;
    Ok(Constant { shape: tensor.shape().to_vec(), values: values.try_as_plain_ram()?.as_slice::<f64>()?.to_vec() })
}
