//! tract's optimised float execution, as a program written for speed would use it.

use std::path::Path;

use tract_onnx::prelude::*;

pub struct Float {
    state: TypedSimpleState,
    input: TValue,
}

impl Float {
    pub fn load(path: &Path, sample: &[Vec<f64>]) -> Self {
        let model = tract_onnx::onnx().model_for_path(path).unwrap().into_optimized().unwrap();
        let values: Vec<f32> = sample[0].iter().map(|value| *value as f32).collect();
        let input = Tensor::from_shape(&[1, values.len()], &values).unwrap().into_tvalue();
        Self { state: model.into_runnable().unwrap().spawn().unwrap(), input }
    }

    pub fn run(&mut self) -> TVec<TValue> {
        self.state.run(tvec![self.input.clone()]).unwrap()
    }
}
