//! What the network decides at every hour that it can.

use maat_runtime::{Executor, Model, RunError};
use thiserror::Error;

use super::simulate::{Decision, SimulationError};
use crate::history::History;
use crate::strategy::{DecisionPoint, Strategy};

/// How many decisions are held with their inputs at once.
const BATCH: usize = 4_096;

/// Why there are no decisions.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecideError {
    /// The network cannot be run on the features: it is not the one that the strategy was made with.
    #[error("the network does not take the strategy's features: {0}")]
    Run(#[from] RunError),
    /// The network gives another number of values than the strategy says.
    #[error("the network gives {found} values, and the strategy is for one that gives {expected}")]
    Outputs {
        /// Values that the strategy expects.
        expected: u32,
        /// Values that the network gives.
        found: usize,
    },
    /// Nothing follows from an answer.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// Runs the network at every decision point of a history, and gives what the policy makes of its answers, in order.
///
/// # Errors
/// The network is not that of the strategy, or it gives an answer that the policy does not know.
pub fn decide(strategy: &Strategy, model: &Model, history: &History) -> Result<Vec<Decision>, DecideError> {
    let mut points = strategy.decision_points(history);
    let mut decisions = Vec::new();
    loop {
        let batch: Vec<DecisionPoint> = points.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(decisions);
        }
        let inputs: Vec<Vec<&[i32]>> = batch.iter().map(|point| split(model, &point.inputs)).collect();
        for (point, answer) in batch.iter().zip(Executor::run_batch(model, &inputs)?) {
            let outputs = answer.concat();
            if outputs.len() != strategy.outputs as usize {
                return Err(DecideError::Outputs { expected: strategy.outputs, found: outputs.len() });
            }
            decisions.push(Decision::new(strategy, history, point, &outputs)?);
        }
    }
}

/// The values of each of the network's inputs. The last one gets what is left, so that a wrong number of values is found by the executor.
fn split<'v>(model: &Model, mut values: &'v [i32]) -> Vec<&'v [i32]> {
    let inputs = model.inputs();
    let parts = inputs.iter().enumerate().map(|(at, input)| {
        let elements = if at + 1 == inputs.len() { values.len() } else { input.shape.elements().min(values.len()) };
        let (part, rest) = values.split_at(elements);
        values = rest;
        part
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use maat_runtime::primitives::Affine;
    use maat_runtime::{Interval, ModelBuilder, Primitive, Requantise, Shape};

    use super::*;
    use crate::backtest::fixtures::{history, strategy};
    use crate::features::{Feature, Features};
    use crate::policy::{Policy, Rule, Target};

    /// For each of so many inputs of one value, that value cut to 0 or 1.
    fn model(inputs: usize) -> Model {
        let mut builder = ModelBuilder::new("signs");
        let input =
            |builder: &mut ModelBuilder, at| builder.input(&format!("x{at}"), Shape::new(&[1, 1]).unwrap(), 8, Interval::of_bits(16));
        let inputs: Vec<_> = (0..inputs).map(|at| input(&mut builder, at).unwrap()).collect();
        let sign = |(at, x)| {
            let requantise = Requantise { shift: vec![0], lo: 0, hi: 1 };
            let affine = Affine { groups: 1, inputs: 1, weights: vec![1], bias: vec![0], requantise };
            (format!("y{at}"), builder.node(&format!("n{at}"), Primitive::Affine(affine), &[x], 0).unwrap())
        };
        let outputs: Vec<_> = inputs.into_iter().enumerate().map(sign).collect();
        let outputs: Vec<_> = outputs.iter().map(|(name, tensor)| (name.as_str(), *tensor)).collect();
        builder.finish(&outputs).unwrap()
    }

    fn of_two() -> Strategy {
        let one = strategy();
        let groups = vec![Feature::Difference { lags: vec![0] }, Feature::Difference { lags: vec![1] }];
        let features = Features::new(groups, vec![one.features.rules()[0]; 2]).unwrap();
        let policy = Policy::new(1, Rule::Class, one.policy.targets().to_vec()).unwrap();
        Strategy { features, policy, outputs: 2, ..one }
    }

    #[test]
    fn the_network_is_asked_wherever_there_is_a_window_and_each_input_gets_its_values() {
        let history = history(&[1_000, 1_001, 1_000, 0, 1_000, 1_002]);
        let decisions = decide(&of_two(), &model(2), &history).unwrap();
        let found: Vec<_> = decisions.iter().map(|decision| (decision.at, decision.target, decision.saturated)).collect();
        // A rise of 1 USD is 256 in units of 2^-8.
        assert_eq!(found, [(1, Target::Weight(10_000), 0), (2, Target::Weight(0), 0), (4, Target::Weight(10_000), 0)]);
    }

    #[test]
    fn more_decisions_than_are_held_at_once_are_all_made_in_order() {
        let prices: Vec<u64> = (0..2 * BATCH as u64 + 3).map(|hour| 1_000 + hour % 2).collect();
        let decisions = decide(&of_two(), &model(2), &history(&prices)).unwrap();
        assert!(decisions.iter().map(|decision| decision.at).eq(1..prices.len()));
        assert!(decisions.iter().all(|decision| decision.target == Target::Weight(if decision.at % 2 == 1 { 10_000 } else { 0 })));
    }

    #[test]
    fn another_network_is_refused() {
        let history = history(&[1_000, 1_001]);
        assert!(matches!(decide(&of_two(), &model(1), &history), Err(DecideError::Run(_))));
        assert!(matches!(decide(&of_two(), &model(3), &history), Err(DecideError::Run(_))));
        let more = Strategy { outputs: 3, ..of_two() };
        assert_eq!(decide(&more, &model(2), &history), Err(DecideError::Outputs { expected: 3, found: 2 }));
        let fewer = Policy::new(1, Rule::Class, vec![Target::Weight(0)]).unwrap();
        let unknown = Strategy { policy: fewer, ..of_two() };
        assert!(matches!(decide(&unknown, &model(2), &history), Err(DecideError::Simulation(SimulationError::Class { .. }))));
    }
}
