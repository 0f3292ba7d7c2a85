//! Functions that a file defines itself, replaced by their nodes wherever they are called.
//!
//! Names within a function get the call's name in front, and attributes that refer to the call's get their values. A function may call
//! others, but not itself.

use std::collections::{HashMap, HashSet};

use maat_runtime::inert;
use prost::Message;
use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto};

use super::node::qualified;

/// The most nodes that calls may become, the most bytes, and how deep calls and graphs may lie within one another. A short file could ask
/// for any number.
const MAX_NODES: usize = 1 << 17;
const MAX_BYTES: usize = 1 << 28;
const MAX_DEPTH: usize = 64;

/// What tract's reader of the format leaves out: overloads, and defaults of attributes.
#[derive(Clone, PartialEq, Message)]
struct ModelExtras {
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphExtras>,
    #[prost(message, repeated, tag = "25")]
    functions: Vec<FunctionExtras>,
}

#[derive(Clone, PartialEq, Message)]
struct GraphExtras {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeExtras>,
}

#[derive(Clone, PartialEq, Message)]
struct NodeExtras {
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<AttributeExtras>,
    #[prost(string, tag = "8")]
    overload: String,
}

#[derive(Clone, PartialEq, Message)]
struct AttributeExtras {
    #[prost(message, optional, tag = "6")]
    g: Option<GraphExtras>,
    #[prost(message, repeated, tag = "11")]
    graphs: Vec<GraphExtras>,
}

#[derive(Clone, PartialEq, Message)]
struct FunctionExtras {
    #[prost(message, repeated, tag = "7")]
    node: Vec<NodeExtras>,
    #[prost(message, repeated, tag = "11")]
    attribute_proto: Vec<AttributeProto>,
    #[prost(string, tag = "13")]
    overload: String,
}

/// A function of the file.
struct Function {
    proto: FunctionProto,
    /// Attributes with their defaults.
    defaults: Vec<AttributeProto>,
    bytes: usize,
}

/// Replaces calls of the model's functions by their nodes. `bytes` are those that the model was read from.
///
/// # Errors
/// A function calls itself, asks for other operators than the model, has a default that is a graph, or calls become too large.
pub fn inline(model: &mut ModelProto, bytes: &[u8]) -> Result<(), String> {
    inline_within(model, bytes, MAX_BYTES)
}

fn inline_within(model: &mut ModelProto, bytes: &[u8], most: usize) -> Result<(), String> {
    if model.functions.is_empty() {
        return Ok(());
    }
    let extras = ModelExtras::decode(bytes).map_err(|error| error.to_string())?;
    let mut functions = HashMap::new();
    for (mut proto, extras) in std::mem::take(&mut model.functions).into_iter().zip(extras.functions) {
        add_overloads(&mut proto.node, &extras.node);
        let name = with_overload(proto.name(), &extras.overload);
        let key = qualified(proto.domain(), &name);
        let bytes = proto.encoded_len();
        if functions.insert(key.clone(), Function { proto, defaults: extras.attribute_proto, bytes }).is_some() {
            return Err(format!("the function `{}` is defined twice", inert(&key)));
        }
    }
    let Some(graph) = &mut model.graph else { return Ok(()) };
    add_overloads(&mut graph.node, &extras.graph.unwrap_or_default().node);
    let opset = |imports: &[tract_onnx::pb::OperatorSetIdProto]| {
        imports.iter().find(|import| matches!(import.domain.as_str(), "" | "ai.onnx")).map(|import| import.version)
    };
    let own = opset(&model.opset_import);
    for (name, function) in &functions {
        let asked = opset(&function.proto.opset_import);
        if let (Some(own), Some(asked)) = (own, asked)
            && own != asked
        {
            let name = inert(name);
            return Err(format!("the function `{name}` asks for opset {asked}, and the model for {own}: export both with the same opset"));
        }
    }
    let mut inliner = Inliner { functions: &functions, calls: HashSet::new(), nodes: 0, bytes: most, stack: Vec::new(), depth: 0 };
    graph.node = inliner.expand(std::mem::take(&mut graph.node))?;
    Ok(())
}

fn with_overload(name: &str, overload: &str) -> String {
    if overload.is_empty() { name.to_owned() } else { format!("{name}:{overload}") }
}

/// Puts the overloads of calls behind their operators' names.
fn add_overloads(nodes: &mut [NodeProto], extras: &[NodeExtras]) {
    for (node, extras) in nodes.iter_mut().zip(extras) {
        node.op_type = with_overload(&node.op_type, &extras.overload);
        for (attribute, extras) in node.attribute.iter_mut().zip(&extras.attribute) {
            let graphs = attribute.g.iter_mut().chain(&mut attribute.graphs);
            for (graph, extras) in graphs.zip(extras.g.iter().chain(&extras.graphs)) {
                add_overloads(&mut graph.node, &extras.node);
            }
        }
    }
}

struct Inliner<'f> {
    functions: &'f HashMap<String, Function>,
    /// The names that calls have put in front of others.
    calls: HashSet<String>,
    nodes: usize,
    /// How many bytes calls may still become.
    bytes: usize,
    /// The functions that are being replaced, from the outermost on.
    stack: Vec<String>,
    depth: usize,
}

impl Inliner<'_> {
    fn expand(&mut self, nodes: Vec<NodeProto>) -> Result<Vec<NodeProto>, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("functions and graphs lie more than {MAX_DEPTH} deep within one another"));
        }
        let mut expanded = Vec::new();
        for mut node in nodes {
            for attribute in &mut node.attribute {
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    graph.node = self.expand(std::mem::take(&mut graph.node))?;
                }
            }
            let name = qualified(&node.domain, &node.op_type);
            match self.functions.get(&name) {
                Some(function) => {
                    if self.stack.contains(&name) {
                        return Err(format!("the function `{}` calls itself", inert(&name)));
                    }
                    let body = self.body(&name, function, &node)?;
                    self.stack.push(name);
                    expanded.extend(self.expand(body)?);
                    self.stack.pop();
                }
                None => expanded.push(node),
            }
        }
        self.depth -= 1;
        Ok(expanded)
    }

    /// The nodes of a function for one call.
    fn body(&mut self, name: &str, function: &Function, call: &NodeProto) -> Result<Vec<NodeProto>, String> {
        let proto = &function.proto;
        self.nodes += proto.node.len() + 1;
        if self.nodes > MAX_NODES {
            return Err(too_large());
        }
        self.spend(function.bytes)?;
        if call.input.len() > proto.input.len() || call.output.len() > proto.output.len() {
            return Err(format!(
                "node `{}` gives the function `{}` {} inputs and takes {} outputs, but it has {} and {}",
                inert(&call.name),
                inert(name),
                call.input.len(),
                call.output.len(),
                proto.input.len(),
                proto.output.len()
            ));
        }
        if let Some(default) = function.defaults.iter().find(|default| default.g.is_some() || !default.graphs.is_empty()) {
            let (name, default) = (inert(name), inert(&default.name));
            return Err(format!("attribute `{default}` of the function `{name}` has a graph as its default, which is not supported"));
        }
        let place = self.place(call);
        let mut names: HashMap<&str, &str> = HashMap::new();
        for (position, input) in proto.input.iter().enumerate() {
            names.insert(input, call.input.get(position).map_or("", String::as_str));
        }
        let mut copies = Vec::new();
        for (output, wanted) in proto.output.iter().zip(&call.output).filter(|(_, wanted)| !wanted.is_empty()) {
            // An output that is an input, or another output as well, is a copy.
            match names.get(output.as_str()) {
                Some(given) => {
                    let copy = copy(&place, given, wanted);
                    self.spend(copy.encoded_len())?;
                    copies.push(copy);
                }
                None => {
                    names.insert(output, wanted);
                }
            }
        }
        let instance = Instance { place, names, given: &call.attribute, defaults: &function.defaults };
        let mut nodes = proto.node.clone();
        for node in &mut nodes {
            self.instantiate(node, &instance)?;
            let own = if node.name.is_empty() { &node.op_type } else { &node.name };
            node.name = format!("{}::{own}", instance.place);
            self.spend(node.name.len())?;
        }
        nodes.extend(copies);
        Ok(nodes)
    }

    /// Counts bytes that a call adds.
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(too_large)?;
        Ok(())
    }

    /// Gives a node of a function, and the graphs within it, the names and attributes of a call.
    fn instantiate(&mut self, node: &mut NodeProto, instance: &Instance<'_>) -> Result<(), String> {
        for name in node.input.iter_mut().chain(&mut node.output) {
            self.rename(name, instance)?;
        }
        for mut attribute in std::mem::take(&mut node.attribute) {
            if attribute.ref_attr_name.is_empty() {
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    self.instantiate_graph(graph, instance)?;
                }
                node.attribute.push(attribute);
            } else if let Some(value) = instance.attribute(&attribute.ref_attr_name) {
                // The names in a graph that the call gives are the caller's, and stay.
                self.spend(value.encoded_len())?;
                node.attribute.push(AttributeProto { name: attribute.name, ..value.clone() });
            }
            // An attribute that the call does not give, and that has no default, is not given here either.
        }
        Ok(())
    }

    fn instantiate_graph(&mut self, graph: &mut GraphProto, instance: &Instance<'_>) -> Result<(), String> {
        for value in graph.input.iter_mut().chain(&mut graph.output) {
            self.rename(&mut value.name, instance)?;
        }
        for tensor in &mut graph.initializer {
            self.rename(&mut tensor.name, instance)?;
        }
        graph.value_info.clear();
        graph.node.iter_mut().try_for_each(|node| self.instantiate(node, instance))
    }

    /// Gives a name of the function the call's name in front, or the caller's name for it.
    fn rename(&mut self, name: &mut String, instance: &Instance<'_>) -> Result<(), String> {
        *name = match instance.names.get(name.as_str()) {
            Some(outside) => (*outside).to_owned(),
            None if name.is_empty() => String::new(),
            None => format!("{}::{name}", instance.place),
        };
        self.spend(name.len())
    }

    /// A name for a call that no other call has.
    fn place(&mut self, call: &NodeProto) -> String {
        let name = [Some(&call.name), call.output.first()].into_iter().flatten().find(|name| !name.is_empty());
        let base = name.unwrap_or(&call.op_type).clone();
        let mut place = base.clone();
        let mut count = 1;
        while !self.calls.insert(place.clone()) {
            count += 1;
            place = format!("{base}_{count}");
        }
        place
    }
}

/// A node that gives a tensor another name.
fn copy(place: &str, from: &str, to: &str) -> NodeProto {
    NodeProto {
        name: format!("{place}::copy of {from}"),
        op_type: "Identity".to_owned(),
        input: vec![from.to_owned()],
        output: vec![to.to_owned()],
        ..NodeProto::default()
    }
}

/// What one call gives the nodes of its function.
struct Instance<'c> {
    /// What names of the function's own begin with.
    place: String,
    /// The caller's names, by the function's.
    names: HashMap<&'c str, &'c str>,
    given: &'c [AttributeProto],
    defaults: &'c [AttributeProto],
}

impl Instance<'_> {
    /// The attribute that the call gives, or its default.
    fn attribute(&self, wanted: &str) -> Option<&AttributeProto> {
        self.given.iter().chain(self.defaults).find(|attribute| attribute.name == wanted)
    }
}

fn too_large() -> String {
    format!("calls of functions become more than {MAX_NODES} nodes, or more than {MAX_BYTES} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
        let (domain, operator) = operator.rsplit_once('.').unwrap_or(("", operator));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        NodeProto {
            domain: domain.to_owned(),
            op_type: operator.to_owned(),
            input: names(inputs),
            output: names(outputs),
            ..NodeProto::default()
        }
    }

    fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: Vec<NodeProto>) -> FunctionProto {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        FunctionProto {
            domain: Some("f".to_owned()),
            name: Some(name.to_owned()),
            input: names(inputs),
            output: names(outputs),
            node: nodes,
            ..FunctionProto::default()
        }
    }

    fn inlined(nodes: Vec<NodeProto>, functions: Vec<FunctionProto>) -> Result<Vec<NodeProto>, String> {
        let graph = Some(GraphProto { node: nodes, ..GraphProto::default() });
        let mut model = ModelProto { graph, functions, ..ModelProto::default() };
        let bytes = model.encode_to_vec();
        inline(&mut model, &bytes)?;
        Ok(model.graph.unwrap_or_default().node)
    }

    /// Operator, inputs and outputs of each node.
    fn said(nodes: &[NodeProto]) -> Vec<String> {
        nodes.iter().map(|node| format!("{} {} > {}", node.op_type, node.input.join(","), node.output.join(","))).collect()
    }

    #[test]
    fn calls_become_nodes_with_names_of_their_own() {
        let twice = function("Twice", &["a"], &["c"], vec![node("Add", &["a", "a"], &["b"]), node("Relu", &["b"], &["c"])]);
        let four = function("Four", &["u"], &["w"], vec![node("f.Twice", &["u"], &["v"]), node("f.Twice", &["v"], &["w"])]);
        let nodes = inlined(vec![node("f.Four", &["x"], &["y"])], vec![twice, four]).unwrap();
        assert_eq!(
            said(&nodes),
            ["Add x,x > y::Twice::b", "Relu y::Twice::b > y::v", "Add y::v,y::v > y::Twice_2::b", "Relu y::Twice_2::b > y"]
        );
    }

    #[test]
    fn outputs_that_are_inputs_are_copied_and_inputs_may_be_left_out() {
        let both = function("Both", &["a", "b"], &["a", "c"], vec![node("Clip", &["a", "b"], &["c"])]);
        let nodes = inlined(vec![node("f.Both", &["x"], &["y", "z"])], vec![both]).unwrap();
        assert_eq!(said(&nodes), ["Clip x, > z", "Identity x > y"]);
    }

    #[test]
    fn attributes_are_the_calls_or_the_defaults_or_not_given() {
        let attribute = |name: &str, i: i64| AttributeProto { name: name.to_owned(), i, ..AttributeProto::default() };
        let reference =
            |name: &str, to: &str| AttributeProto { name: name.to_owned(), ref_attr_name: to.to_owned(), ..AttributeProto::default() };
        let mut inner = node("Op", &["a"], &["b"]);
        inner.attribute = vec![reference("axis", "given"), reference("keep", "default"), reference("gone", "neither")];
        let mut call = node("f.F", &["x"], &["y"]);
        call.attribute = vec![attribute("given", 7)];
        let mut model = ModelProto {
            graph: Some(GraphProto { node: vec![call], ..GraphProto::default() }),
            functions: vec![function("F", &["a"], &["b"], vec![inner])],
            ..ModelProto::default()
        };
        let mut extras = ModelExtras::decode(&model.encode_to_vec()[..]).unwrap();
        extras.functions[0].attribute_proto = vec![attribute("default", 5)];
        let bytes = extras.encode_to_vec();
        inline(&mut model, &bytes).unwrap();
        let found: Vec<(String, i64)> = model.graph.unwrap().node[0].attribute.iter().map(|a| (a.name.clone(), a.i)).collect();
        assert_eq!(found, [("axis".to_owned(), 7), ("keep".to_owned(), 5)]);
    }

    #[test]
    fn overloads_of_a_function_are_told_apart() {
        let relu = function("F", &["a"], &["b"], vec![node("Relu", &["a"], &["b"])]);
        let neg = function("F", &["a"], &["b"], vec![node("Neg", &["a"], &["b"])]);
        let graph = Some(GraphProto { node: vec![node("f.F", &["x"], &["y"])], ..GraphProto::default() });
        let mut model = ModelProto { graph, functions: vec![relu, neg], ..ModelProto::default() };
        let mut twice = model.clone();
        assert!(inline(&mut twice, &model.encode_to_vec()).unwrap_err().contains("`f.F` is defined twice"));
        let mut extras = ModelExtras::decode(&model.encode_to_vec()[..]).unwrap();
        extras.functions[1].overload = "negative".to_owned();
        extras.graph.as_mut().unwrap().node[0].overload = "negative".to_owned();
        inline(&mut model, &extras.encode_to_vec()).unwrap();
        assert_eq!(said(&model.graph.unwrap().node), ["Neg x > y"]);
    }

    #[test]
    fn names_and_attributes_within_graphs_are_the_calls_too() {
        let mut inner = node("Add", &["a", "local"], &["z"]);
        inner.attribute = vec![AttributeProto { name: "k".to_owned(), ref_attr_name: "given".to_owned(), ..AttributeProto::default() }];
        let output = tract_onnx::pb::ValueInfoProto { name: "z".to_owned(), ..Default::default() };
        let branch = GraphProto { node: vec![inner], output: vec![output], ..GraphProto::default() };
        let mut choice = node("If", &["c"], &["b"]);
        choice.attribute = vec![AttributeProto { name: "then_branch".to_owned(), g: Some(branch), ..AttributeProto::default() }];
        let body = vec![node("Neg", &["a"], &["local"]), choice];
        let mut call = node("f.F", &["x", "cond"], &["y"]);
        call.attribute = vec![AttributeProto { name: "given".to_owned(), i: 3, ..AttributeProto::default() }];
        let nodes = inlined(vec![call], vec![function("F", &["a", "c"], &["b"], body)]).unwrap();
        assert_eq!(said(&nodes), ["Neg x > y::local", "If cond > y"]);
        let branch = nodes[1].attribute[0].g.as_ref().unwrap();
        assert_eq!((said(&branch.node), branch.output[0].name.as_str()), (vec!["Add x,y::local > y::z".to_owned()], "y::z"));
        assert_eq!(branch.node[0].attribute[0].i, 3);
    }

    fn graph_attribute(name: &str, graph: GraphProto) -> AttributeProto {
        AttributeProto { name: name.to_owned(), g: Some(graph), ..AttributeProto::default() }
    }

    fn reference(name: &str, to: &str) -> AttributeProto {
        AttributeProto { name: name.to_owned(), ref_attr_name: to.to_owned(), ..AttributeProto::default() }
    }

    #[test]
    fn names_in_a_graph_that_the_call_gives_stay_the_callers() {
        let mut choice = node("If", &["c"], &["b"]);
        choice.attribute = vec![reference("then_branch", "body")];
        let output = tract_onnx::pb::ValueInfoProto { name: "z".to_owned(), ..Default::default() };
        let branch = GraphProto { node: vec![node("Neg", &["a"], &["z"])], output: vec![output], ..GraphProto::default() };
        let mut call = node("f.F", &["x", "cond"], &["y"]);
        call.attribute = vec![graph_attribute("body", branch)];
        let nodes = inlined(vec![call], vec![function("F", &["a", "c"], &["b"], vec![choice])]).unwrap();
        assert_eq!(said(&nodes), ["If cond > y"]);
        let branch = nodes[0].attribute[0].g.as_ref().unwrap();
        assert_eq!((said(&branch.node), branch.output[0].name.as_str()), (vec!["Neg a > z".to_owned()], "z"));
    }

    #[test]
    fn a_graph_as_a_default_is_refused() {
        // If it were put in, this one would be put into itself.
        let mut choice = node("If", &["c"], &["b"]);
        choice.attribute = vec![reference("then_branch", "body")];
        let default = graph_attribute("body", GraphProto { node: vec![choice.clone()], ..GraphProto::default() });
        let mut model = ModelProto {
            graph: Some(GraphProto { node: vec![node("f.F", &["x"], &["y"])], ..GraphProto::default() }),
            functions: vec![function("F", &["c"], &["b"], vec![choice])],
            ..ModelProto::default()
        };
        let mut extras = ModelExtras::decode(&model.encode_to_vec()[..]).unwrap();
        extras.functions[0].attribute_proto = vec![default];
        let error = inline(&mut model, &extras.encode_to_vec()).unwrap_err();
        assert_eq!(error, "attribute `body` of the function `f.F` has a graph as its default, which is not supported");
    }

    #[test]
    fn values_and_names_that_calls_put_in_are_counted() {
        let most = 20_000;
        let within = |calls: Vec<NodeProto>, inner: NodeProto| {
            let graph = Some(GraphProto { node: calls, ..GraphProto::default() });
            let functions = vec![function("F", &["a"], &["b"], vec![inner; 10])];
            let mut model = ModelProto { graph, functions, ..ModelProto::default() };
            let bytes = model.encode_to_vec();
            inline_within(&mut model, &bytes, most)
        };
        let mut inner = node("Constant", &[], &["v"]);
        inner.attribute = vec![reference("value", "v")];
        let call = |length: usize| {
            let mut call = node("f.F", &["x"], &["y"]);
            call.attribute = vec![AttributeProto { name: "v".to_owned(), s: vec![0; length], ..AttributeProto::default() }];
            call
        };
        within(vec![call(500)], inner.clone()).unwrap();
        assert!(within(vec![call(2_500)], inner).unwrap_err().contains("become more than"));
        let named = |length: usize| NodeProto { name: "n".repeat(length), ..node("f.F", &["x"], &["y"]) };
        within(vec![named(300)], node("Relu", &["a"], &["v"])).unwrap();
        assert!(within(vec![named(1_500)], node("Relu", &["a"], &["v"])).unwrap_err().contains("become more than"));
    }

    #[test]
    fn names_in_errors_are_inert() {
        let mut model = ModelProto { functions: vec![function("F", &[], &[], Vec::new()); 2], ..ModelProto::default() };
        let mut extras = ModelExtras::decode(&model.encode_to_vec()[..]).unwrap();
        extras.functions.iter_mut().for_each(|function| function.overload = "a\nb".to_owned());
        let error = inline(&mut model, &extras.encode_to_vec()).unwrap_err();
        assert_eq!(error, "the function `f.F:a\\nb` is defined twice");
    }

    #[test]
    fn more_inputs_than_a_function_has_are_refused() {
        let relu = function("F", &["a"], &["b"], vec![node("Relu", &["a"], &["b"])]);
        let error = inlined(vec![node("f.F", &["x", "x"], &["y"])], vec![relu]).unwrap_err();
        assert!(error.contains("gives the function `f.F` 2 inputs and takes 1 outputs, but it has 1 and 1"), "{error}");
    }

    #[test]
    fn recursion_and_explosions_are_refused() {
        let calling = |name: &str, callee: &str, times: usize| {
            let nodes = (0..times).map(|k| node(callee, &["a"], &[&format!("t{k}")])).collect();
            function(name, &["a"], &["t0"], nodes)
        };
        let call = || vec![node("f.A", &["x"], &["y"])];
        let error = inlined(call(), vec![calling("A", "f.B", 1), calling("B", "f.A", 1)]).unwrap_err();
        assert_eq!(error, "the function `f.A` calls itself");
        let mut bomb: Vec<FunctionProto> =
            ["A", "B", "C", "D", "E"].iter().zip(["f.B", "f.C", "f.D", "f.E", "Relu"]).map(|(a, b)| calling(a, b, 64)).collect();
        assert!(inlined(call(), bomb.clone()).unwrap_err().contains("become more than"));
        bomb = (0..100).map(|k| calling(&if k == 0 { "A".to_owned() } else { format!("G{k}") }, &format!("f.G{}", k + 1), 1)).collect();
        assert!(inlined(call(), bomb).unwrap_err().contains("deep within one another"));
    }

    #[test]
    fn a_function_of_another_opset_is_refused() {
        let import = |version: i64| tract_onnx::pb::OperatorSetIdProto { domain: String::new(), version };
        let mut asked = function("F", &["a"], &["b"], vec![node("Relu", &["a"], &["b"])]);
        asked.opset_import = vec![import(11)];
        let graph = Some(GraphProto::default());
        let mut model = ModelProto { graph, functions: vec![asked], opset_import: vec![import(18)], ..ModelProto::default() };
        let bytes = model.encode_to_vec();
        assert!(inline(&mut model, &bytes).unwrap_err().contains("`f.F` asks for opset 11, and the model for 18"));
    }
}
