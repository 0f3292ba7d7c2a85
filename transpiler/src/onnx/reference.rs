//! The float network as tract runs it, the reference for everything that the lowering computes.

use std::collections::HashMap;
use std::sync::Arc;

use tract_onnx::pb::{ModelProto, NodeProto};
use tract_onnx::prelude::*;

use super::graph::GraphInput;
use super::guard::guarded;
use super::import::nodes_of;
use super::tensor::numbers;

/// The float network run by tract, which shares no code with the lowering: an independent witness of what the network computes.
pub struct Reference {
    plan: Arc<TypedSimplePlan>,
    inputs: Vec<(Vec<usize>, DatumType)>,
    outputs: Vec<String>,
}

impl Reference {
    /// The network of an ONNX file.
    ///
    /// # Errors
    /// Why tract does not take it.
    pub(super) fn new(proto: &ModelProto, folder: Option<&str>, inputs: &[GraphInput]) -> Result<Self, String> {
        let load = || -> TractResult<Self> {
            let framework = tract_onnx::onnx();
            let nodes: Vec<&NodeProto> = proto.graph.iter().flat_map(|graph| nodes_of(proto, graph)).collect();
            if nodes.iter().any(|node| has_one_score_for_two_labels(node)) {
                return Err(TractError::msg("a tree ensemble has one score for two labels, of which tract always gives the same"));
            }
            // tract 0.23 takes the mean of the powers instead of their sum.
            if nodes.iter().any(|node| node.op_type == "GlobalLpPool") {
                return Err(TractError::msg("tract's GlobalLpPool is another function"));
            }
            let mut model = framework.parse(proto, folder)?.model;
            for (position, outlet) in model.input_outlets()?.to_vec().into_iter().enumerate() {
                let name = &model.node(outlet.node).name;
                let input = inputs.iter().find(|input| input.name == *name);
                let input = input.ok_or_else(|| TractError::msg(format!("input `{name}` is not known")))?;
                let fact = model.outlet_fact(outlet)?.clone();
                model.set_input_fact(position, fact.with_shape(&input.shape))?;
            }
            let outputs = proto.graph.iter().flat_map(|graph| &graph.output).map(|output| output.name.clone()).collect();
            let typed = model.into_typed()?;
            let facts = typed.input_outlets()?.iter().map(|outlet| {
                let fact = typed.outlet_fact(*outlet)?;
                Ok((fact.shape.as_concrete().unwrap_or_default().to_vec(), fact.datum_type))
            });
            let inputs = facts.collect::<TractResult<Vec<_>>>()?;
            Ok(Self { plan: typed.into_runnable()?, inputs, outputs })
        };
        load().map_err(|error| format!("{error:#}"))
    }

    /// Runs the float network on one sample, a row-major list of values for each input. Gives the outputs by name, row-major; nothing if
    /// tract fails. It panics where a computed index is negative or outside an axis.
    pub fn run(&self, sample: &[Vec<f64>]) -> Option<Outputs> {
        self.run_all(&[sample]).pop().flatten()
    }

    /// As [`Self::run`], for some samples in one thread: there are networks that run in less time than a thread takes to start.
    pub fn run_all(&self, samples: &[impl AsRef<[Vec<f64>]>]) -> Vec<Option<Outputs>> {
        let (plan, inputs, names) = (self.plan.clone(), self.inputs.clone(), self.outputs.clone());
        let run = move |sample: &[Vec<f64>]| -> TractResult<Outputs> {
            let inputs = inputs.iter().zip(sample).map(|((shape, datum_type), values)| {
                let tensor = Tensor::from_shape(shape, values)?;
                Ok(tensor.cast_to_dt(*datum_type)?.into_owned().into_tvalue())
            });
            let outputs = plan.run(inputs.collect::<TractResult<_>>()?)?;
            names.iter().zip(outputs).map(|(name, output)| Ok((name.clone(), numbers(&output)?.1))).collect()
        };
        let copied: Vec<Vec<Vec<f64>>> = samples.iter().map(|sample| sample.as_ref().to_vec()).collect();
        match guarded(move || Ok(copied.iter().map(|sample| run(sample).ok()).collect())) {
            Ok(outputs) => outputs,
            // A panic, for one of them.
            Err(_) if samples.len() > 1 => samples.iter().map(|sample| self.run(sample.as_ref())).collect(),
            Err(_) => vec![None; samples.len()],
        }
    }
}

/// The values of outputs by name, row-major.
type Outputs = HashMap<String, Vec<f64>>;

/// Whether a node is a tree classifier with two labels and votes for only one of them, as scikit-learn exports it. The label depends on
/// whether that score exceeds a threshold, but tract 0.23 takes the greatest score, and there is only one.
fn has_one_score_for_two_labels(node: &NodeProto) -> bool {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    let labels = attribute("classlabels_int64s").map_or(0, |labels| labels.ints.len());
    let texts = attribute("classlabels_strings").map_or(0, |labels| labels.strings.len());
    let votes = attribute("class_ids").map_or(&[][..], |ids| &ids.ints);
    node.op_type == "TreeEnsembleClassifier" && labels + texts == 2 && votes.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::{AttributeProto, GraphProto};

    use super::*;

    #[test]
    fn what_tract_computes_otherwise_is_found_within_branches() {
        let reason = |node: NodeProto| {
            let branch = GraphProto { node: vec![node], ..GraphProto::default() };
            let attribute = AttributeProto { name: "then_branch".to_owned(), g: Some(branch), ..AttributeProto::default() };
            let choice = NodeProto { op_type: "If".to_owned(), attribute: vec![attribute], ..NodeProto::default() };
            let graph = Some(GraphProto { node: vec![choice], ..GraphProto::default() });
            Reference::new(&ModelProto { graph, ..ModelProto::default() }, None, &[]).err().expect("tract took it")
        };
        let pool = NodeProto { op_type: "GlobalLpPool".to_owned(), ..NodeProto::default() };
        assert!(reason(pool).contains("GlobalLpPool is another function"));
        let labels = AttributeProto { name: "classlabels_int64s".to_owned(), ints: vec![0, 1], ..AttributeProto::default() };
        let trees = NodeProto { op_type: "TreeEnsembleClassifier".to_owned(), attribute: vec![labels], ..NodeProto::default() };
        assert!(reason(trees).contains("one score for two labels"));
    }
}
