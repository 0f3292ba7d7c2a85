//! Whether a package holds its model in Cairo: what is asked for, and where it makes sense.

use std::collections::HashSet;

use maat_cairo::{Compiler, limits};
use maat_package::Proving;
use maat_runtime::{Model, Primitive, Shape};

use super::compile::{Compiled, Compiling};
use crate::codegen::Draft;
use crate::error::TranspileError;

/// Whether to write a model in Cairo and compile it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CairoChoice {
    /// Where it makes sense: where it fits into a few classes, and a transaction could run it.
    #[default]
    Auto,
    /// In any case; a network that does not fit is an error.
    Always,
    /// Not at all: the model can be run, proven and verified without.
    Never,
}

/// Why a package has no Cairo that was not to have any.
pub const NOT_WANTED: &str = "it was not wanted";
/// The most classes that a network is split into unasked. Each takes seconds to compile, and a tenth of a million gas in each call.
const MAX_CLASSES: usize = 8;
/// The estimated share of a class above which a single node is not tried: estimates of parts are within a half of the truth.
const CERTAINLY_TOO_LARGE: f64 = 1.5;
/// The most weights that a felt holds: lanes are at least 25 bits wide, and there are 252.
const WEIGHTS_PER_FELT: usize = 10;
/// The fewest tenths of a Cairo step that a multiply-accumulate takes, and that a computed element does.
const LEAST_STEPS: (u64, u64) = (3, 60);

/// The network in Cairo, or in words why a package is to have none.
pub type Planned<'m> = Result<Draft<'m>, String>;

/// Generates a network's Cairo, if it is asked for or makes sense. A number of parts asks for it.
///
/// # Errors
/// It is asked for, and the network cannot be expressed in Cairo or split into so many parts.
pub fn plan(model: &Model, choice: CairoChoice, parts: Option<usize>) -> Result<Planned<'_>, TranspileError> {
    match choice {
        CairoChoice::Never => Ok(Err(NOT_WANTED.to_owned())),
        CairoChoice::Auto if parts.is_none() => Ok(sensible(model)),
        CairoChoice::Auto | CairoChoice::Always => {
            let draft = Draft::new(model)?;
            // Checked before any other work is done.
            draft.check_parts(parts.unwrap_or(0))?;
            Ok(Ok(draft))
        }
    }
}

/// Compiles what was planned, and makes the commitment that the contract knows meanwhile.
///
/// # Errors
/// The commitment cannot be made, or the classes cannot be built. Where nobody asked for Cairo, classes that turn out too large are the reason why
/// there is none.
pub fn compile<T>(
    planned: &Planned<'_>,
    commit: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(Proving, T), TranspileError>,
    (choice, parts): (CairoChoice, Option<usize>),
    compiler: &Compiler,
    progress: &mut dyn FnMut(&str),
) -> Result<(Result<Compiled, String>, Proving, T), TranspileError> {
    let draft = match planned {
        Ok(draft) => draft,
        Err(reason) => {
            let (proving, others) = commit(progress)?;
            return Ok((Err(reason.clone()), proving, others));
        }
    };
    let (compiled, proving, others) = std::thread::scope(|scope| {
        let compiling = Compiling::start(scope, draft, parts, compiler);
        let (proving, others) = commit(progress)?;
        Ok::<_, TranspileError>((compiling.finish(proving.commitment(), progress), proving, others))
    })?;
    match compiled {
        Ok(compiled) => Ok((Ok(compiled), proving, others)),
        Err(error @ TranspileError::TooLarge { .. }) if choice == CairoChoice::Auto && parts.is_none() => {
            Ok((Err(error.to_string()), proving, others))
        }
        Err(error) => Err(error),
    }
}

/// A network's Cairo, if it promises to be of use.
fn sensible(model: &Model) -> Planned<'_> {
    certainly_too_large(model).map_or(Ok(()), Err)?;
    let draft = Draft::new(model).map_err(|error| error.to_string())?;
    if let Some((node, share)) = draft.largest_node()
        && share > CERTAINLY_TOO_LARGE
    {
        return Err(format!("node `{node}` alone would take about {share:.1} times what a class may hold"));
    }
    match draft.fewest_parts() {
        parts if parts > MAX_CLASSES && draft.share() > 1.0 => {
            Err(format!("it would take about {parts} classes, and more than {MAX_CLASSES} are built only if they are asked for"))
        }
        _ => Ok(draft),
    }
}

/// Why a network is too large for Starknet, where its size alone tells: then nothing is generated.
fn certainly_too_large(model: &Model) -> Option<String> {
    let mut steps = 0u64;
    for (node, id) in model.nodes() {
        let inputs: Vec<&Shape> = node.inputs.iter().map(|id| &model.tensor(*id).shape).collect();
        let macs = node.primitive.rules().macs(&inputs);
        let macs = match weights(&node.primitive) {
            Some(weights) => macs / weights.len().max(1) as u64 * nonzero(weights) as u64,
            None => macs,
        };
        let computed = if let Primitive::Move(_) = node.primitive { 0 } else { model.tensor(id).shape.elements() as u64 };
        steps = steps.saturating_add(macs.saturating_mul(LEAST_STEPS.0)).saturating_add(computed * LEAST_STEPS.1);
    }
    steps /= 10;
    if steps > limits::TRANSACTION_STEPS {
        return Some(format!(
            "an inference would take at least {steps} Cairo steps, and a transaction has at most {}",
            limits::TRANSACTION_STEPS
        ));
    }
    // The steps of a recurrent network share their weights.
    let weights: HashSet<&[i16]> = model.nodes().filter_map(|(node, _)| weights(&node.primitive)).collect();
    let weights: usize = weights.into_iter().map(nonzero).sum();
    let classes = weights.div_ceil(WEIGHTS_PER_FELT * limits::CASM_FELTS);
    (classes > MAX_CLASSES).then(|| format!("its {weights} weights would fill at least {classes} classes"))
}

/// How many weights there are in code: zeros are left out.
fn nonzero(weights: &[i16]) -> usize {
    weights.iter().filter(|weight| **weight != 0).count()
}

fn weights(primitive: &Primitive) -> Option<&[i16]> {
    if let Primitive::Affine(affine) = primitive { Some(&affine.weights) } else { None }
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::{Affine, Move, Sum};
    use maat_runtime::{Interval, ModelBuilder, Requantise};

    use super::*;

    fn dense(inputs: usize, outputs: usize) -> Model {
        grouped(1, inputs, outputs)
    }

    fn grouped(groups: usize, inputs: usize, outputs: usize) -> Model {
        of_weights(groups, (inputs, outputs), |index| (index % 30_011) as i16 + 1)
    }

    /// A layer whose groups have so many inputs and outputs each.
    fn of_weights(groups: usize, (inputs, outputs): (usize, usize), weight: impl Fn(usize) -> i16) -> Model {
        let mut builder = ModelBuilder::new("dense");
        // A move before the layer is no part of it.
        let x = builder.input("x", Shape::new(&[groups * inputs]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let x = builder.node("reshaped", Primitive::Move(Move::reshape(Shape::new(&[1, groups * inputs]).unwrap())), &[x], 0).unwrap();
        let weights = (0..groups * inputs * outputs).map(weight).collect();
        let requantise = Requantise { shift: vec![20], lo: -128, hi: 127 };
        let affine = Affine { groups: groups as u32, inputs: inputs as u32, weights, bias: vec![0; groups * outputs], requantise };
        let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
        builder.finish(&[("y", y)]).unwrap()
    }

    fn reason(model: &Model) -> String {
        plan(model, CairoChoice::Auto, None).unwrap().err().unwrap()
    }

    #[test]
    fn what_fits_is_planned_unless_it_is_not_wanted() {
        let model = dense(16, 4);
        assert!(plan(&model, CairoChoice::Auto, None).unwrap().is_ok());
        assert!(plan(&model, CairoChoice::Always, None).unwrap().is_ok());
        assert_eq!(plan(&model, CairoChoice::Never, None).unwrap().err().as_deref(), Some(NOT_WANTED));
    }

    #[test]
    fn what_is_too_large_is_not_planned_unless_it_is_asked_for() {
        let large = grouped(2, 1024, 256);
        assert!(reason(&large).contains("node `y` alone would take about"), "{}", reason(&large));
        assert!(plan(&large, CairoChoice::Always, None).unwrap().is_ok());
        assert!(plan(&large, CairoChoice::Auto, Some(0)).unwrap().is_ok());
        assert!(plan(&large, CairoChoice::Auto, Some(100)).is_err());
        // One that is not in groups is split, into too many classes or not.
        let in_pieces = dense(2048, 1024);
        assert!(reason(&in_pieces).contains("classes, and more than 8 are built only if"), "{}", reason(&in_pieces));
        assert!(plan(&dense(1024, 256), CairoChoice::Auto, None).unwrap().is_ok());
        let weights = dense(4096, 2048);
        assert!(reason(&weights).contains("8388608 weights would fill at least 11 classes"), "{}", reason(&weights));
    }

    #[test]
    fn weights_of_zero_do_not_count() {
        assert!(certainly_too_large(&dense(4096, 2048)).is_some());
        assert_eq!(certainly_too_large(&of_weights(1, (4096, 2048), |index| i16::from(index % 64 == 0))), None);
    }

    #[test]
    fn what_no_transaction_executes_is_not_planned() {
        let mut builder = ModelBuilder::new("elements");
        let x = builder.input("x", Shape::new(&[1 << 21]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let requantise = Requantise { shift: vec![0], lo: -256, hi: 255 };
        let double = Sum { coefficients: vec![vec![2]], bias: vec![0], inner: 1, requantise };
        let y = builder.node("y", Primitive::Sum(double), &[x], 0).unwrap();
        let model = builder.finish(&[("y", y)]).unwrap();
        assert!(reason(&model).contains("a transaction has at most 10000000"), "{}", reason(&model));
    }

    #[test]
    fn steps_that_share_weights_count_them_once() {
        let one = dense(64, 64);
        let mut builder = ModelBuilder::new("steps");
        let mut x = builder.input("x", Shape::new(&[1, 64]).unwrap(), 0, Interval::of_bits(8)).unwrap();
        let (node, _) = one.nodes().last().unwrap();
        for step in 0..2000 {
            x = builder.node(&format!("step {step}"), node.primitive.clone(), &[x], 0).unwrap();
        }
        let model = builder.finish(&[("y", x)]).unwrap();
        assert_eq!(certainly_too_large(&model), None);
    }
}
