//! Executions of registered models, as calls or as transactions, in parts that fit into one.

use maat_cairo::limits;
use starknet_rust::core::codec::Encode;
use starknet_rust::core::types::{Event, Felt};
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::account::{Account, Invocation};
use crate::client::{Client, selector};
use crate::error::ChainError;
use crate::registry::{List, Registry, Signed, read};
use crate::report::Receipt;

/// Calldata of a transaction around the arguments of its one call: the number of calls, contract, function, number of arguments.
pub const TRANSACTION_FELTS: u64 = 4;
/// Arguments in front of the inputs: model and version, or the instance and nothing.
const TARGET_FELTS: u64 = 2;

/// What is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionTarget {
    /// A registered version, by the registry's own instance of it.
    Version {
        /// The model's number.
        model: u64,
        /// The version's number.
        version: u32,
    },
    /// An instance that the registry deployed.
    Instance(Felt),
}

/// What an execution in a transaction gave.
pub struct Executed {
    /// For each input the outputs, one after the other.
    pub outputs: Vec<Vec<i32>>,
    /// What it cost, one for each transaction.
    pub receipts: Vec<Receipt>,
}

/// Calldata of a transaction that executes a model on inputs of these lengths.
pub fn calldata_felts(lengths: impl IntoIterator<Item = usize>) -> u64 {
    let (inputs, values) = lengths.into_iter().fold((0, 0), |(inputs, values), length| (inputs + 1, values + length as u64));
    // Each input has its length in front; several have their number in front.
    TRANSACTION_FELTS + TARGET_FELTS + u64::from(inputs > 1) + inputs + values
}

/// The inputs in parts that fit into a transaction by their calldata, and by their steps if it is known how many one takes.
///
/// # Errors
/// One alone does not fit.
fn parts(inputs: &[Vec<i32>], target: ExecutionTarget, steps: Option<u64>) -> Result<Vec<&[Vec<i32>]>, ChainError> {
    let by_steps = steps.map_or(u64::MAX, |steps| limits::TRANSACTION_STEPS / steps.max(1)).max(1);
    let mut parts = Vec::new();
    let mut rest = inputs;
    while let Some(first) = rest.first() {
        let felts = calldata_felts([first.len()]);
        if felts > limits::CALLDATA_FELTS {
            let figures = format!("calldata of {felts} felts, of at most {}", limits::CALLDATA_FELTS);
            return Err(ChainError::OverLimit { what: "the input".to_owned(), figures, forcible: false });
        }
        let fits =
            |count: &usize| *count as u64 <= by_steps && calldata_felts(rest[..*count].iter().map(Vec::len)) <= limits::CALLDATA_FELTS;
        // An instance takes one input at a time.
        let most = if matches!(target, ExecutionTarget::Instance(_)) { 1 } else { rest.len() };
        let count = (2..=most).take_while(fits).last().unwrap_or(1);
        let (part, others) = rest.split_at(count);
        parts.push(part);
        rest = others;
    }
    Ok(parts)
}

fn signed(values: &[i32]) -> Vec<Signed> {
    values.iter().copied().map(Signed).collect()
}

fn encoded(value: &impl Encode) -> Vec<Felt> {
    let mut felts = Vec::new();
    value.encode(&mut felts).expect("numbers can be encoded");
    felts
}

/// Inputs or outputs as a contract takes or gives them: one alone, or several.
fn serialised(values: &[Vec<i32>]) -> Vec<Felt> {
    match values {
        [one] => encoded(&signed(one)),
        several => encoded(&several.iter().map(|one| signed(one)).collect::<Vec<_>>()),
    }
}

fn invocation(registry: Felt, target: ExecutionTarget, inputs: &[Vec<i32>]) -> Invocation {
    let (function, mut calldata) = match target {
        ExecutionTarget::Version { model, version } => {
            let function = if inputs.len() == 1 { "execute" } else { "execute_batch" };
            (function, vec![model.into(), version.into()])
        }
        ExecutionTarget::Instance(instance) => ("predict", vec![instance]),
    };
    calldata.extend(serialised(inputs));
    Invocation { contract: registry, function, calldata }
}

const WHAT: &str = "the execution";

impl Registry<'_> {
    /// What one transaction that executes a model on these inputs would take in L2 gas, by the node's estimate.
    ///
    /// # Errors
    /// The model takes no such input or is revoked, or the inputs do not fit into one transaction.
    pub fn estimate(&self, account: &Account, target: ExecutionTarget, inputs: &[Vec<i32>]) -> Result<u64, ChainError> {
        let felts = calldata_felts(inputs.iter().map(Vec::len));
        if felts > limits::CALLDATA_FELTS {
            let figures = format!("calldata of {felts} felts, of at most {}", limits::CALLDATA_FELTS);
            return Err(ChainError::OverLimit { what: WHAT.to_owned(), figures, forcible: false });
        }
        account.estimate(WHAT, vec![invocation(self.address(), target, inputs)])
    }

    /// Executes a model on inputs without a transaction: nothing is written, and nobody pays. `steps` are those of one inference, if known.
    ///
    /// # Errors
    /// The model takes no such input or is revoked: the error has the message. Or an input does not fit into a transaction.
    pub fn call(&self, target: ExecutionTarget, inputs: &[Vec<i32>], steps: Option<u64>) -> Result<Vec<Vec<i32>>, ChainError> {
        let mut outputs = Vec::new();
        for part in parts(inputs, target, steps)? {
            outputs.extend(call(self.client(), &invocation(self.address(), target, part), part.len())?);
        }
        Ok(outputs)
    }

    /// Executes a model on inputs in transactions, as many as it takes, and waits for them. A receipt does not hold the results: they are
    /// those of a call at the same state, and the event in the receipt must have their hash.
    ///
    /// # Errors
    /// As for [`Self::call`]; and the transaction was refused, or gave other results than the call.
    pub fn invoke(
        &self,
        account: &Account,
        target: ExecutionTarget,
        inputs: &[Vec<i32>],
        steps: Option<u64>,
    ) -> Result<Executed, ChainError> {
        let expected = self.expected_event(target, account.address())?;
        let (mut outputs, mut receipts) = (Vec::new(), Vec::new());
        for part in parts(inputs, target, steps)? {
            let invocation = invocation(self.address(), target, part);
            let results = call(self.client(), &invocation, part.len())?;
            let (receipt, events) = account.invoke(WHAT, vec![invocation])?;
            expected.compare(&events, part, &results)?;
            receipts.push(receipt);
            outputs.extend(results);
        }
        Ok(Executed { outputs, receipts })
    }

    /// The event that the execution of a target for a caller must leave.
    fn expected_event(&self, target: ExecutionTarget, caller: Felt) -> Result<ExpectedEvent, ChainError> {
        let (model, version, instance) = match target {
            ExecutionTarget::Version { model, version } => {
                let registered = self.version(&self.model_by_id(model)?, version)?;
                (model, version, registered.instance)
            }
            ExecutionTarget::Instance(instance) => {
                let (model, version) = self.instance(instance)?.ok_or(ChainError::UnknownInstance { instance })?;
                (model, version, instance)
            }
        };
        Ok(ExpectedEvent { registry: self.address(), model, version, caller, instance })
    }
}

/// What the registry's event of an execution must say: who executes what for whom.
struct ExpectedEvent {
    registry: Felt,
    model: u64,
    version: u32,
    caller: Felt,
    instance: Felt,
}

impl ExpectedEvent {
    /// Whether there is the event of this execution, of these inputs and outputs, in a transaction. A registered class is foreign code, which
    /// may call the registry in turn: events of other executions may come before it.
    fn compare(&self, events: &[Event], inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> Result<(), ChainError> {
        let malformed = |reason: &str| ChainError::Malformed { what: WHAT.to_owned(), reason: reason.to_owned() };
        let keys = [selector("Executed"), self.model.into(), self.version.into(), self.caller];
        let ours = |event: &&Event| event.from_address == self.registry && event.keys == keys && event.data.first() == Some(&self.instance);
        let ours: Vec<&Event> = events.iter().filter(ours).collect();
        let hashes = [inputs, outputs].map(|values| Poseidon::hash_array(&serialised(values)));
        match ours.iter().any(|event| event.data[1..] == hashes) {
            true => Ok(()),
            false if ours.is_empty() => {
                Err(malformed("the registry reports no execution by this model, version and instance for this account"))
            }
            false => Err(malformed("the transaction gave other results than the call before it")),
        }
    }
}

fn call(client: &Client, invocation: &Invocation, count: usize) -> Result<Vec<Vec<i32>>, ChainError> {
    let answer = client.call(WHAT, invocation.contract, invocation.function, invocation.calldata.clone())?;
    let outputs: Vec<List<Signed>> = if count == 1 { vec![read(WHAT, &answer)?] } else { read::<List<_>>(WHAT, &answer)?.0 };
    if outputs.len() != count {
        let reason = format!("{} outputs for {count} inputs", outputs.len());
        return Err(ChainError::Malformed { what: WHAT.to_owned(), reason });
    }
    Ok(outputs.iter().map(|output| output.iter().map(|Signed(value)| *value).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    const VERSION: ExecutionTarget = ExecutionTarget::Version { model: 1, version: 1 };

    fn lengths(inputs: &[Vec<i32>], target: ExecutionTarget, steps: Option<u64>) -> Vec<usize> {
        parts(inputs, target, steps).unwrap().iter().map(|part| part.len()).collect()
    }

    #[test]
    fn calldata_is_counted_as_it_is_sent() {
        for (target, inputs) in [(VERSION, vec![vec![1, -2, 3]]), (VERSION, vec![vec![1, -2, 3]; 5])] {
            let sent = TRANSACTION_FELTS + invocation(Felt::ONE, target, &inputs).calldata.len() as u64;
            assert_eq!(calldata_felts(inputs.iter().map(Vec::len)), sent);
        }
        let instance = invocation(Felt::ONE, ExecutionTarget::Instance(Felt::TWO), &[vec![1]]);
        assert!(TRANSACTION_FELTS + instance.calldata.len() as u64 <= calldata_felts([1]));
    }

    #[test]
    fn inputs_are_cut_where_calldata_or_steps_end() {
        let inputs = vec![vec![0; 784]; 20];
        // 7 + 6 * 785 = 4,717 felts.
        assert_eq!(lengths(&inputs, VERSION, None), [6, 6, 6, 2]);
        assert_eq!(lengths(&inputs, VERSION, Some(3_000_000)), [3, 3, 3, 3, 3, 3, 2]);
        assert_eq!(lengths(&inputs, VERSION, Some(u64::MAX)), [1; 20]);
        assert_eq!(lengths(&inputs, ExecutionTarget::Instance(Felt::ONE), None), [1; 20]);
        assert_eq!(lengths(&[], VERSION, None), [0; 0]);
    }

    /// An event of an execution.
    fn event(by: &ExpectedEvent, inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> Event {
        let [input_hash, output_hash] = [inputs, outputs].map(|values| Poseidon::hash_array(&serialised(values)));
        Event {
            from_address: by.registry,
            keys: vec![selector("Executed"), by.model.into(), by.version.into(), by.caller],
            data: vec![by.instance, input_hash, output_hash],
        }
    }

    fn expected_event() -> ExpectedEvent {
        ExpectedEvent { registry: Felt::from(9), model: 3, version: 2, caller: Felt::from(5), instance: Felt::from(7) }
    }

    #[test]
    fn an_instance_that_the_registry_does_not_know_executes_nothing() {
        let answer = |_: &str, calldata: &[Felt]| match calldata {
            [instance] if *instance == Felt::from(7) => Answer::felts([Felt::from(3), Felt::from(2)]),
            _ => Answer::felts([Felt::ZERO, Felt::ZERO]),
        };
        let node = FakeNode::of_contract(answer, &["instance"]);
        let client = Client::connect(&node.network()).unwrap();
        let registry = Registry::at(&client, Felt::from(9));
        let by = registry.expected_event(ExecutionTarget::Instance(Felt::from(7)), Felt::from(5)).unwrap();
        assert_eq!((by.registry, by.model, by.version, by.caller, by.instance), (Felt::from(9), 3, 2, Felt::from(5), Felt::from(7)));
        let error = registry.expected_event(ExecutionTarget::Instance(Felt::from(8)), Felt::from(5)).err().unwrap().to_string();
        assert!(error.contains("the registry did not deploy the instance 0x00"), "{error}");
    }

    #[test]
    fn the_event_of_an_execution_is_found_among_others() {
        let (inputs, outputs) = ([vec![1, 2]], [vec![3]]);
        let ours = event(&expected_event(), &inputs, &outputs);
        // A model that calls the registry in turn, whose event comes before its own.
        let nested =
            event(&ExpectedEvent { model: 1, caller: Felt::from(7), instance: Felt::from(8), ..expected_event() }, &[vec![9]], &outputs);
        let short = Event { data: vec![], ..ours.clone() };
        expected_event().compare(&[nested.clone(), short.clone(), ours.clone()], &inputs, &outputs).unwrap();
        expected_event().compare(&[ours, nested.clone()], &inputs, &outputs).unwrap();
        let error = expected_event().compare(&[nested, short], &inputs, &outputs).unwrap_err().to_string();
        assert!(error.contains("reports no execution by this model, version and instance for this account"), "{error}");
    }

    #[test]
    fn the_event_of_another_execution_is_not_ours() {
        let (inputs, outputs) = ([vec![1, 2]], [vec![3]]);
        let others = [
            ExpectedEvent { registry: Felt::ONE, ..expected_event() },
            ExpectedEvent { model: 4, ..expected_event() },
            ExpectedEvent { version: 1, ..expected_event() },
            ExpectedEvent { caller: Felt::ONE, ..expected_event() },
            ExpectedEvent { instance: Felt::ONE, ..expected_event() },
        ];
        for other in others {
            let error = expected_event().compare(&[event(&other, &inputs, &outputs)], &inputs, &outputs).unwrap_err().to_string();
            assert!(error.contains("reports no execution"), "{error}");
        }
        for (found_inputs, found_outputs) in [([vec![1, 1]], [vec![3]]), ([vec![1, 2]], [vec![4]])] {
            let event = event(&expected_event(), &found_inputs, &found_outputs);
            let error = expected_event().compare(&[event], &inputs, &outputs).unwrap_err().to_string();
            assert!(error.contains("other results than the call before it"), "{error}");
        }
        let mut longer = event(&expected_event(), &inputs, &outputs);
        longer.data.push(Felt::ZERO);
        assert!(expected_event().compare(&[longer], &inputs, &outputs).is_err());
    }

    #[test]
    fn the_longest_input_fits_and_one_more_does_not() {
        assert_eq!(lengths(&[vec![0; 4_993]], VERSION, None), [1]);
        let error = parts(&[vec![0; 4_994]], VERSION, None).unwrap_err().to_string();
        assert!(error.contains("calldata of 5001 felts, of at most 5000"), "{error}");
    }
}
