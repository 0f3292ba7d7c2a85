//! The shared golden vectors: every executor gives exactly these integers.

mod common;

use maat_runtime::primitives::{Affine, ArgMax, Sum};
use maat_runtime::{Executor, Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    name: String,
    primitive: String,
    bits: u32,
    inputs: usize,
    #[serde(default)]
    weights: Vec<i16>,
    #[serde(default)]
    coefficients: Vec<Vec<i32>>,
    bias: Vec<i64>,
    shift: Vec<i8>,
    lo: i32,
    hi: i32,
    /// Inputs, one after the other, and outputs.
    cases: Vec<(Vec<i32>, Vec<i32>)>,
}

impl Row {
    fn model(&self) -> Model {
        let mut builder = ModelBuilder::new("golden");
        let operands = self.coefficients.len().max(1);
        let shape = Shape::new(&[1, self.inputs]).unwrap();
        let ids: Vec<_> = (0..operands)
            .map(|index| builder.input(&format!("x{index}"), shape.clone(), 0, Interval::of_bits(self.bits)).unwrap())
            .collect();
        let requantise = Requantise { shift: self.shift.clone(), lo: self.lo, hi: self.hi };
        let (inputs, bias) = (self.inputs as u32, self.bias.clone());
        let primitive = match self.primitive.as_str() {
            "affine" => Primitive::Affine(Affine { groups: 1, inputs, weights: self.weights.clone(), bias, requantise }),
            "sum" => Primitive::Sum(Sum { coefficients: self.coefficients.clone(), bias, inner: 1, requantise }),
            "argmax" => Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }),
            other => panic!("`{}`: no primitive `{other}`", self.name),
        };
        let y = builder.node("node", primitive, &ids, 0).unwrap();
        builder.finish(&[("y", y)]).unwrap()
    }
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../golden/primitives.json")).expect("the table is valid");
    assert!(rows.len() >= 9 && rows.iter().all(|row| !row.cases.is_empty()), "the table has lost rows");
    rows
}

fn split(model: &Model, values: &[i32]) -> Vec<Vec<i32>> {
    let length = model.inputs()[0].shape.elements();
    values.chunks_exact(length).map(<[i32]>::to_vec).collect()
}

#[test]
fn the_runtime_gives_the_golden_integers() {
    for row in rows() {
        let model = row.model();
        for (inputs, expected) in &row.cases {
            let outputs = Executor::new(&model).run(&split(&model, inputs)).unwrap();
            assert_eq!(outputs, [expected.as_slice()], "{}: {inputs:?}", row.name);
        }
    }
}

#[test]
fn the_cairo_vm_gives_the_golden_integers() {
    for row in rows() {
        let model = row.model();
        let program = common::compile(&model);
        for (inputs, expected) in &row.cases {
            let (outputs, _) = maat_transpiler::run_program(&model, &program, &split(&model, inputs)).unwrap();
            assert_eq!(outputs, [expected.as_slice()], "{}: {inputs:?}", row.name);
        }
    }
}
