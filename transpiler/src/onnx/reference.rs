use std::collections::HashMap;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::graph::GraphInput;
use crate::error::TranspileError;

/// The float network: what the quantised model is measured against.
pub struct Reference {
    plan: Arc<TypedSimplePlan>,
    inputs: Vec<(GraphInput, DatumType)>,
    tensors: Vec<String>,
}

/// The value of every computed tensor for one sample, by ONNX name, row-major.
pub type Activations = HashMap<String, Vec<f64>>;

impl Reference {
    pub(super) fn new(mut model: InferenceModel, inputs: &[GraphInput], tensors: Vec<(String, OutletId)>) -> TractResult<Self> {
        let (names, outlets): (Vec<String>, Vec<OutletId>) = tensors.into_iter().unzip();
        model.select_output_outlets(&outlets)?;
        let typed = model.into_typed()?;
        let types = typed.input_outlets()?.iter().map(|outlet| Ok(typed.outlet_fact(*outlet)?.datum_type));
        let types = types.collect::<TractResult<Vec<_>>>()?;
        let inputs = inputs.iter().cloned().zip(types).collect();
        Ok(Self { plan: typed.into_runnable()?, inputs, tensors: names })
    }

    /// Runs the float network on one sample: a row-major list of values for each input.
    ///
    /// # Errors
    /// [`TranspileError::Onnx`] when the network fails on this sample.
    pub fn run(&self, sample: &[Vec<f64>]) -> Result<Activations, TranspileError> {
        let run = || -> TractResult<Activations> {
            let inputs = self.inputs.iter().zip(sample).map(|((input, datum_type), values)| {
                let tensor = Tensor::from_shape(&input.shape, values)?;
                Ok(tensor.cast_to_dt(*datum_type)?.into_owned().into_tvalue())
            });
            let outputs = self.plan.run(inputs.collect::<TractResult<_>>()?)?;
            let named = self.tensors.iter().zip(outputs).map(|(name, output)| {
                let values = output.cast_to::<f64>()?;
                Ok((name.clone(), values.try_as_plain_ram()?.as_slice::<f64>()?.to_vec()))
            });
            named.collect()
        };
        run().map_err(|error| TranspileError::Onnx { reason: format!("the float network cannot be run: {error:#}") })
    }
}
