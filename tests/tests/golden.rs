//! The shared golden vectors: every executor gives exactly these integers.

use maat_runtime::{Executor, Interval, Model, ModelBuilder, Primitive, Shape};
use serde::Deserialize;

use crate::common;

#[derive(Deserialize)]
struct Row {
    name: String,
    /// Shape, least and greatest value of each input.
    inputs: Vec<(Shape, i32, i32)>,
    primitive: Primitive,
    /// Inputs, one after the other, and outputs.
    cases: Vec<(Vec<i32>, Vec<i32>)>,
}

impl Row {
    fn model(&self) -> Model {
        let mut builder = ModelBuilder::new("golden");
        let mut ids = Vec::new();
        for (index, (shape, lo, hi)) in self.inputs.iter().enumerate() {
            let range = Interval::new((*lo).into(), (*hi).into());
            ids.push(builder.input(&format!("x{index}"), shape.clone(), 0, range).unwrap());
        }
        let y = builder.node("node", self.primitive.clone(), &ids, 0).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        builder.finish(&[("y", y)]).unwrap()
    }
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../golden/primitives.json")).expect("the table is valid");
    assert!(rows.len() >= 45 && rows.iter().all(|row| !row.cases.is_empty()), "the table has lost rows");
    rows
}

fn split(model: &Model, mut values: &[i32]) -> Vec<Vec<i32>> {
    let lengths = model.inputs().iter().map(|input| input.shape.elements());
    let inputs = lengths.map(|length| values.split_off(..length).expect("a case has values for all inputs").to_vec()).collect();
    assert!(values.is_empty(), "a case has values for no input");
    inputs
}

#[test]
fn every_primitive_has_a_row() {
    let rows = rows();
    for name in Primitive::NAMES {
        assert!(rows.iter().any(|row| row.primitive.name() == *name), "{name}");
    }
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
            let (outputs, _) = maat_package::run_program(&model, &program, &split(&model, inputs)).unwrap();
            assert_eq!(outputs, [expected.as_slice()], "{}: {inputs:?}", row.name);
        }
    }
}
