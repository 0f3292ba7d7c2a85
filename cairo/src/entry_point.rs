//! Entry points of contract classes, run in the Cairo VM as Starknet runs them: the same bytecode, builtins, prices and deductions of gas.
//!
//! The only system call is the library call, because networks are contracts without state.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cairo_lang_casm::hints::{Hint, StarknetHint};
use cairo_lang_casm::operand::ResOperand;
use cairo_lang_runner::build_hints_dict;
use cairo_lang_runner::casm_run::{MemBuffer, execute_core_hint_base, extract_relocatable, format_for_panic};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractEntryPoint;
use cairo_vm::hint_processor::hint_processor_definition::{HintProcessorLogic, HintReference};
use cairo_vm::serde::deserialize_program::{ApTracking, ReferenceManager};
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::errors::hint_errors::HintError;
use cairo_vm::vm::errors::vm_errors::VirtualMachineError;
use cairo_vm::vm::runners::cairo_runner::{CairoArg, CairoRunner, ResourceTracker};
use cairo_vm::vm::vm_core::VirtualMachine;
use starknet_rust_core::utils::starknet_keccak;
use starknet_types_core::felt::Felt;

use crate::contract::Contract;
use crate::error::CairoRunError;
use crate::executable::vm_error;
use crate::gas;

/// Gas that a run begins with: far more than a transaction may use, so that the cost of what is too expensive can be measured as well.
const INITIAL_GAS: u64 = 1 << 50;
/// How deep calls may be nested, on Starknet as here.
const MAX_DEPTH: usize = 50;
/// A `ret` instruction. Starknet puts one after the bytecode, and after that a pointer to the builtins' prices, where compiled code looks.
const RET: u64 = 0x208b_7fff_7fff_7ffe;

/// What a call of a contract's function gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// What the function returned, serialised.
    pub output: Vec<Felt>,
    /// Cairo steps, those of library calls included.
    pub steps: u64,
    /// How often builtins were used, by name, in library calls too.
    pub builtins: BTreeMap<String, u64>,
    /// The L2 gas that Starknet takes for the execution: without calldata, and without what a transaction costs anyway.
    pub gas: u64,
    /// How many library calls were made.
    pub library_calls: u64,
}

/// Classes that library calls can reach, by class hash.
pub type Libraries<'a> = BTreeMap<Felt, &'a Contract>;

impl Contract {
    /// Runs an external function on serialised arguments.
    ///
    /// # Errors
    /// [`CairoRunError::Panicked`] with the decoded message when the function panics; [`CairoRunError::NoFunction`] when there is none of this name;
    /// [`CairoRunError::Vm`] also when it makes a system call, because there is no state.
    pub fn call(&self, function: &str, calldata: &[Felt]) -> Result<CallResult, CairoRunError> {
        self.call_with_libraries(function, calldata, &Libraries::new())
    }

    /// As [`Self::call`], where the function may make library calls.
    ///
    /// # Errors
    /// As for [`Self::call`], and [`CairoRunError::UnknownClass`] when a library call is to a class that is not among the libraries.
    pub fn call_with_libraries(&self, function: &str, calldata: &[Felt], libraries: &Libraries) -> Result<CallResult, CairoRunError> {
        let selector = starknet_keccak(function.as_bytes());
        let entry_point = external(self, selector).ok_or_else(|| CairoRunError::NoFunction { function: function.to_owned() })?;
        let Returned { panicked, output, gas, used } = run(self, entry_point, calldata, INITIAL_GAS, libraries, 0)?;
        if panicked {
            return Err(CairoRunError::Panicked { message: format_for_panic(output.into_iter()) });
        }
        let Used { steps, builtins, library_calls } = used;
        Ok(CallResult { output, steps, builtins, gas: INITIAL_GAS.saturating_sub(gas), library_calls })
    }
}

fn external(contract: &Contract, selector: Felt) -> Option<&CasmContractEntryPoint> {
    contract.casm.entry_points_by_type.external.iter().find(|entry_point| Felt::from(&entry_point.selector) == selector)
}

/// Resources of a run.
#[derive(Default)]
struct Used {
    steps: u64,
    builtins: BTreeMap<String, u64>,
    library_calls: u64,
}

/// What an entry point came back with.
struct Returned {
    panicked: bool,
    /// The result, or what the panic says.
    output: Vec<Felt>,
    /// Gas that is left.
    gas: u64,
    used: Used,
}

/// Runs an entry point: it takes its builtins, the gas, a pointer for system calls, and the calldata's ends; and returns the same, with a
/// flag that says whether it panicked, and the ends of the result instead of the calldata's.
fn run(
    contract: &Contract,
    entry_point: &CasmContractEntryPoint,
    calldata: &[Felt],
    gas: u64,
    libraries: &Libraries,
    depth: usize,
) -> Result<Returned, CairoRunError> {
    let unknown = |name: &String| CairoRunError::MalformedClass { reason: format!("Cairo has no builtin {name:?}") };
    let builtins = entry_point.builtins.iter().map(|name| BuiltinName::from_str(name).ok_or_else(|| unknown(name)));
    let builtins = builtins.collect::<Result<Vec<_>, _>>()?;
    let (hints, string_to_hint) = build_hints_dict(&contract.casm.hints);
    let bytecode: Vec<MaybeRelocatable> = contract.casm.bytecode.iter().map(|word| Felt::from(&word.value).into()).collect();
    let length = bytecode.len();
    let references = ReferenceManager { references: Vec::new() };
    let program = Program::new(vec![], bytecode, None, hints, references, HashMap::new(), vec![], None).map_err(vm_error)?;
    let mut runner = CairoRunner::new(&program, LayoutName::all_cairo, None, false, false, false).map_err(vm_error)?;
    runner.initialize_function_runner_cairo_1(&builtins).map_err(vm_error)?;

    // In the order that compiled code expects.
    let prices = [gas::PEDERSEN, gas::BITWISE, gas::EC_OP, gas::POSEIDON, gas::ADD_MOD, gas::MUL_MOD, gas::BLAKE2S];
    let prices = segment(&mut runner.vm, prices.map(Felt::from))?;
    let behind = (runner.program_base.unwrap_or_default() + length).map_err(vm_error)?;
    runner.vm.insert_value(behind, Felt::from(RET)).map_err(vm_error)?;
    runner.vm.insert_value((behind + 1u32).map_err(vm_error)?, prices).map_err(vm_error)?;

    let mut arguments = Vec::new();
    for name in &builtins {
        let builtin = runner.vm.get_builtin_runners().iter().find(|builtin| builtin.name() == *name);
        let builtin = builtin.ok_or_else(|| vm_error(format!("it has no builtin {name}")))?;
        arguments.extend(builtin.initial_stack());
    }
    let system = runner.vm.add_memory_segment();
    let calldata_start = segment(&mut runner.vm, calldata.iter().copied())?;
    let calldata_end = (calldata_start + calldata.len()).map_err(vm_error)?;
    let budget = gas.checked_sub(gas::ENTRY_POINT).ok_or_else(|| vm_error("there is no gas left for an entry point"))?;
    arguments.extend([Felt::from(budget).into(), system.into(), calldata_start.into(), calldata_end.into()]);
    let arguments: Vec<CairoArg> = arguments.into_iter().map(CairoArg::Single).collect();
    let arguments: Vec<&CairoArg> = arguments.iter().collect();

    let mut hints = Hints { string_to_hint, libraries, depth, used: Used::default(), failure: None };
    let ran = runner.run_from_entrypoint(entry_point.offset, &arguments, false, None, &mut hints);
    let Hints { mut used, failure, .. } = hints;
    ran.map_err(|error| failure.unwrap_or_else(|| vm_error(error)))?;

    let resources = runner.get_execution_resources().map_err(vm_error)?;
    used.steps += resources.n_steps as u64;
    for (name, uses) in resources.builtin_instance_counter {
        *used.builtins.entry(name.to_str().to_owned()).or_default() += uses as u64;
    }
    let returned = runner.vm.get_return_values(5).map_err(vm_error)?;
    let [MaybeRelocatable::Int(gas), _, MaybeRelocatable::Int(panicked), start, end] = returned.as_slice() else {
        return Err(vm_error("an entry point does not return what entry points do"));
    };
    let (Ok(gas), MaybeRelocatable::RelocatableValue(start), MaybeRelocatable::RelocatableValue(end)) = (u64::try_from(*gas), start, end)
    else {
        return Err(vm_error("an entry point does not return what entry points do"));
    };
    let length = (*end - *start).map_err(vm_error)?;
    let output = runner.vm.get_integer_range(*start, length).map_err(vm_error)?;
    Ok(Returned { panicked: *panicked != Felt::ZERO, output: output.into_iter().map(|felt| *felt).collect(), gas, used })
}

/// A new segment with this data.
fn segment(vm: &mut VirtualMachine, data: impl IntoIterator<Item = Felt>) -> Result<Relocatable, CairoRunError> {
    let start = vm.add_memory_segment();
    let data: Vec<MaybeRelocatable> = data.into_iter().map(MaybeRelocatable::from).collect();
    vm.load_data(start, &data).map_err(vm_error)?;
    Ok(start)
}

/// Executes the hints of one run.
struct Hints<'a> {
    string_to_hint: HashMap<String, Hint>,
    libraries: &'a Libraries<'a>,
    depth: usize,
    used: Used,
    /// Why a library call could not be run.
    failure: Option<CairoRunError>,
}

impl ResourceTracker for Hints<'_> {}

impl HintProcessorLogic for Hints<'_> {
    fn execute_hint(&mut self, vm: &mut VirtualMachine, scopes: &mut ExecutionScopes, hint: &Box<dyn Any>) -> Result<(), HintError> {
        match hint.downcast_ref::<Hint>().ok_or(HintError::WrongHintData)? {
            Hint::Core(hint) => execute_core_hint_base(vm, scopes, hint, true),
            Hint::Starknet(StarknetHint::SystemCall { system }) => self.system_call(vm, system),
            Hint::Starknet(_) | Hint::External(_) => Err(refused("it has hints that are for tests only")),
        }
    }

    fn compile_hint(
        &self,
        code: &str,
        _: &ApTracking,
        _: &HashMap<String, usize>,
        _: &[HintReference],
        _: &[String],
        _: Arc<HashMap<String, Felt>>,
    ) -> Result<Box<dyn Any>, VirtualMachineError> {
        Ok(Box::new(self.string_to_hint[code].clone()))
    }
}

impl Hints<'_> {
    /// A library call. Request: selector, gas, class hash, function, ends of the calldata; response: gas, whether it failed, ends of the
    /// result or of what the panic says.
    fn system_call(&mut self, vm: &mut VirtualMachine, system: &ResOperand) -> Result<(), HintError> {
        let pointer = extract_relocatable(vm, system)?;
        let mut buffer = MemBuffer::new(vm, pointer);
        let selector = buffer.next_felt252()?.into_owned();
        if selector != Felt::from_bytes_be_slice(b"LibraryCall") {
            let bytes = selector.to_bytes_be();
            let name = String::from_utf8_lossy(&bytes).trim_start_matches('\0').to_owned();
            return Err(refused(format!("it makes the system call {name}, but only library calls can be run without a network")));
        }
        let gas = buffer.next_felt252()?.into_owned();
        let gas = u64::try_from(gas).map_err(|_| refused("its gas is not a 64-bit integer"))?;
        let (class_hash, function) = (buffer.next_felt252()?.into_owned(), buffer.next_felt252()?.into_owned());
        let calldata = buffer.next_arr()?;
        let (failed, output, gas) = match gas.checked_sub(gas::LIBRARY_CALL - gas::SYSTEM_CALL_BASE) {
            None => (true, vec![Felt::from_bytes_be_slice(b"Out of gas")], gas),
            Some(gas) => self.library_call(class_hash, function, &calldata, gas).map_err(|failure| {
                let error = refused(&failure);
                self.failure = Some(failure);
                error
            })?,
        };
        buffer.write(Felt::from(gas))?;
        buffer.write(Felt::from(failed))?;
        buffer.write_arr(output.into_iter())?;
        Ok(())
    }

    /// Whether it failed, its result or what the panic says, and the gas that is left.
    fn library_call(
        &mut self,
        class_hash: Felt,
        function: Felt,
        calldata: &[Felt],
        gas: u64,
    ) -> Result<(bool, Vec<Felt>, u64), CairoRunError> {
        let contract = self.libraries.get(&class_hash).ok_or(CairoRunError::UnknownClass { class_hash })?;
        if self.depth == MAX_DEPTH {
            return Err(vm_error(format!("calls are nested more than {MAX_DEPTH} deep")));
        }
        let entry_point = external(contract, function).ok_or_else(|| CairoRunError::NoFunction { function: function.to_hex_string() })?;
        let Returned { panicked, mut output, gas, used } = run(contract, entry_point, calldata, gas, self.libraries, self.depth + 1)?;
        self.used.steps += used.steps;
        self.used.library_calls += 1 + used.library_calls;
        for (name, uses) in used.builtins {
            *self.used.builtins.entry(name).or_default() += uses;
        }
        if panicked {
            output.push(Felt::from_bytes_be_slice(b"ENTRYPOINT_FAILED"));
        }
        Ok((panicked, output, gas))
    }
}

fn refused(reason: impl std::fmt::Display) -> HintError {
    HintError::CustomHint(reason.to_string().into())
}
