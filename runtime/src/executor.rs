//! Runs a model node by node. It knows no primitive: their rules are in [`crate::primitives`].

use rayon::prelude::*;

use crate::error::RunError;
use crate::model::{Model, TensorId};
use crate::shape::Shape;

/// Runs a model on integers. Deterministic: the same inputs give the same outputs on every machine and with any number of threads.
#[derive(Debug, Clone)]
pub struct Executor<'m> {
    model: &'m Model,
    /// One buffer a tensor, kept between runs.
    values: Vec<Vec<i32>>,
}

impl<'m> Executor<'m> {
    /// An executor for a model, with memory for all of its tensors.
    pub fn new(model: &'m Model) -> Self {
        let values = model.tensors().iter().map(|tensor| vec![0; tensor.shape.elements()]).collect();
        Self { model, values }
    }

    /// One inference: takes the inputs in order, row-major, and gives the outputs in order.
    ///
    /// # Errors
    /// [`RunError`] when an input is missing, has the wrong length, or a value outside its range.
    pub fn run<T: AsRef<[i32]>>(&mut self, inputs: &[T]) -> Result<Vec<Vec<i32>>, RunError> {
        self.execute(inputs)?;
        let outputs = self.model.outputs().iter();
        Ok(outputs.map(|output| self.value(output.tensor).to_vec()).collect())
    }

    /// A tensor of the last inference.
    pub fn value(&self, tensor: TensorId) -> &[i32] {
        &self.values[tensor.index()]
    }

    /// Many inferences, shared out among threads; the results are in the order of the inputs.
    ///
    /// # Errors
    /// As for [`Self::run`], for the first inference that fails.
    pub fn run_batch<T: AsRef<[i32]> + Sync>(model: &Model, batch: &[Vec<T>]) -> Result<Vec<Vec<Vec<i32>>>, RunError> {
        batch.par_iter().map_init(|| Executor::new(model), |executor, inputs| executor.run(inputs)).collect()
    }

    fn execute<T: AsRef<[i32]>>(&mut self, inputs: &[T]) -> Result<(), RunError> {
        let expected = self.model.inputs();
        if inputs.len() != expected.len() {
            return Err(RunError::Arity { expected: expected.len(), found: inputs.len() });
        }
        for ((input, tensor), value) in inputs.iter().zip(expected).zip(&mut self.values) {
            let input = input.as_ref();
            if input.len() != value.len() {
                let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
                return Err(RunError::Length { input: name, shape, found: input.len() });
            }
            if let Some(position) = input.iter().position(|value| !tensor.range.contains(i64::from(*value))) {
                let (name, value) = (tensor.name.clone(), input[position]);
                return Err(RunError::Range { input: name, position, value, range: tensor.range });
            }
            value.copy_from_slice(input);
        }
        for (node, output) in self.model.nodes() {
            // A node's inputs come before its output, so the buffers split between them.
            let (before, from) = self.values.split_at_mut(output.index());
            let inputs: Vec<(&Shape, &[i32])> =
                node.inputs.iter().map(|id| (&self.model.tensor(*id).shape, before[id.index()].as_slice())).collect();
            node.primitive.rules().evaluate(&inputs, &mut from[0]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Affine, Sum};
    use crate::{Interval, ModelBuilder, Primitive, Requantise};

    /// y = relu(x0 - x1), z = y + 1
    fn model() -> Model {
        let mut builder = ModelBuilder::new("sample");
        let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let relu = Requantise { shift: vec![0], lo: 0, hi: 127 };
        let affine = Affine { groups: 1, inputs: 2, weights: vec![1, -1], bias: vec![0], requantise: relu.clone() };
        let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
        let sum = Sum { coefficients: vec![vec![1]], bias: vec![1], inner: 1, requantise: relu };
        let z = builder.node("z", Primitive::Sum(sum), &[y], 0).unwrap();
        builder.finish(&[("z", z), ("y", y)]).unwrap()
    }

    #[test]
    fn outputs_come_in_the_order_of_the_model() {
        let model = model();
        assert_eq!(Executor::new(&model).run(&[[5, 3]]).unwrap(), [[3], [2]]);
    }

    #[test]
    fn an_executor_can_be_used_again() {
        let model = model();
        let mut executor = Executor::new(&model);
        assert_eq!(executor.run(&[[1, 3]]).unwrap(), [[1], [0]]);
        assert_eq!(executor.run(&[[127, -128]]).unwrap(), [[127], [127]]);
    }

    #[test]
    fn a_batch_keeps_its_order() {
        let model = model();
        let batch: Vec<Vec<[i32; 2]>> = (0..100).map(|x| vec![[x, 0]]).collect();
        let outputs = Executor::run_batch(&model, &batch).unwrap();
        assert!(outputs.iter().zip(0..).all(|(output, x)| output[1] == [x]));
        assert_eq!(outputs.len(), 100);
    }

    #[test]
    fn wrong_inputs_are_refused() {
        let model = model();
        let mut executor = Executor::new(&model);
        assert_eq!(executor.run::<[i32; 2]>(&[]), Err(RunError::Arity { expected: 1, found: 0 }));
        let shape = Shape::new(&[2]).unwrap();
        assert_eq!(executor.run(&[[1]]), Err(RunError::Length { input: "x".to_owned(), shape, found: 1 }));
        let range = Interval::of_bits(8);
        assert_eq!(executor.run(&[[1, 128]]), Err(RunError::Range { input: "x".to_owned(), position: 1, value: 128, range }));
    }
}
