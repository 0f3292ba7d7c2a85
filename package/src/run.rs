//! Running a package's program and contract on quantised inputs, and checking the shape of what they give.

use maat_cairo::{CairoRunError, CallResult, Contract, Executable, Libraries};
use maat_runtime::Model;
use maat_verifier::cairo::Execution;
use starknet_types_core::felt::Felt;

/// Runs a model's Cairo program on quantised inputs. Gives the outputs in order, and the steps.
///
/// # Errors
/// The program refuses its input, does not repeat it before the outputs, or gives other outputs than the model has.
pub fn run_program(model: &Model, program: &Executable, inputs: &[Vec<i32>]) -> Result<(Vec<Vec<i32>>, usize), CairoRunError> {
    let arguments = arguments(inputs);
    let run = program.run(&arguments)?;
    let malformed = |reason: String| CairoRunError::Malformed { reason };
    let Some(outputs) = run.output.strip_prefix(arguments.as_slice()) else {
        return Err(malformed("its output does not begin with the inputs that it was given: transpile again".to_owned()));
    };
    Ok((split_outputs(model, outputs)?, run.steps))
}

/// Runs `predict` of a model's contract on quantised inputs, with the classes that it calls. Gives the outputs in order, and the call.
///
/// # Errors
/// The contract refuses its input, calls other classes, or gives other outputs than the model has.
pub fn run_contract(
    model: &Model,
    contract: &Contract,
    layer_classes: &[Contract],
    inputs: &[Vec<i32>],
) -> Result<(Vec<Vec<i32>>, CallResult), CairoRunError> {
    let values = arguments(inputs);
    let calldata: Vec<Felt> = std::iter::once(Felt::from(values.len())).chain(values).collect();
    let libraries: Libraries = layer_classes.iter().map(|class| (class.class_hash(), class)).collect();
    let call = contract.call_with_libraries("predict", &calldata, &libraries)?;
    let outputs = match call.output.split_first() {
        Some((length, values)) if *length == Felt::from(values.len()) => split_outputs(model, values)?,
        _ => return Err(CairoRunError::Malformed { reason: "`predict` does not return a list".to_owned() }),
    };
    Ok((outputs, call))
}

/// All outputs, one after the other, as lists of integers.
fn split_outputs(model: &Model, outputs: &[Felt]) -> Result<Vec<Vec<i32>>, CairoRunError> {
    let malformed = |reason: String| CairoRunError::Malformed { reason };
    let values = outputs.iter().map(|felt| signed(*felt).ok_or_else(|| malformed(format!("output {felt} is not within 32 bits"))));
    let values = values.collect::<Result<Vec<i32>, _>>()?;
    let lengths: Vec<usize> = model.outputs().iter().map(|output| model.tensor(output.tensor).shape.elements()).collect();
    if values.len() != lengths.iter().sum::<usize>() {
        return Err(malformed(format!("it gave {} values, but the outputs have lengths {lengths:?}", values.len())));
    }
    let mut rest = values.as_slice();
    let outputs = lengths.into_iter().map(|length| {
        let (output, others) = rest.split_at(length);
        rest = others;
        output.to_vec()
    });
    Ok(outputs.collect())
}

/// Executes a model's Cairo program on quantised inputs for a Cairo proof.
///
/// # Errors
/// The program refuses its input.
pub fn execute_program(program: &Executable, inputs: &[Vec<i32>]) -> Result<Execution, CairoRunError> {
    program.execute(&arguments(inputs))
}

/// What a model's program takes: all values one after the other.
pub fn arguments(inputs: &[Vec<i32>]) -> Vec<Felt> {
    inputs.iter().flatten().map(|value| Felt::from(*value)).collect()
}

/// A felt as a signed integer, if it is within 32 bits.
pub fn signed(felt: Felt) -> Option<i32> {
    let positive = u32::try_from(felt.to_biguint()).ok().and_then(|value| i32::try_from(value).ok());
    positive.or_else(|| u32::try_from((-felt).to_biguint()).ok().and_then(|value| i32::try_from(-i64::from(value)).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn felts_are_read_as_signed_integers() {
        for value in [0, 1, -1, i32::MAX, i32::MIN] {
            assert_eq!(signed(Felt::from(value)), Some(value));
        }
        assert_eq!(signed(Felt::from(1u64 << 31)), None);
        assert_eq!(signed(Felt::from(-(1i64 << 31) - 1)), None);
    }
}
