//! A Cairo VM that holds one class and runs its functions, one after another.
//!
//! Loading a large class takes longer than most of its functions run, so a machine is used again: each run goes on in the stack behind what
//! the last one left there, with builtins of its own. Memory is never overwritten, so that a machine is given up once it is full.

use std::sync::Arc;

use cairo_lang_casm::hints::{Hint, StarknetHint};
use cairo_lang_runner::casm_run::{execute_core_hint_base, extract_relocatable};
use cairo_vm::types::exec_scope::ExecutionScopes;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::types::program::Program;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use maat_cairo::gas;
use starknet_types_core::felt::Felt;

use super::class::{Class, EntryPoint};
use super::{Chain, Frame, system};

/// A `ret` instruction. Starknet puts one after the bytecode, and after that a pointer to the builtins' prices, where compiled code looks.
const RET: u64 = 0x208b_7fff_7fff_7ffe;
/// The segment of the stack, which the VM fixes.
const STACK: isize = 1;
/// Cells between the stacks of two runs: a function may have written a few behind its last frame.
const GAP: usize = 64;
/// How large the stack of a machine may be when another run begins, in cells of 32 bytes.
const FULL: usize = 1 << 19;

/// What an entry point came back with.
pub struct Returned {
    pub panicked: bool,
    /// The result, or what the panic says.
    pub output: Vec<Felt>,
    /// Gas that it took.
    pub used: u64,
}

pub struct Machine {
    class: Arc<Class>,
    runner: CairoRunner,
    /// Where the next run's stack begins.
    top: usize,
}

impl Machine {
    pub fn new(class: Arc<Class>) -> Self {
        let mut runner = CairoRunner::new(&Program::default(), LayoutName::all_cairo, None, false, false, false).unwrap();
        // The program's segment and the stack's.
        runner.initialize_function_runner_cairo_1(&[]).unwrap();
        let start = runner.program_base.expect("it was made just now");
        runner.vm.load_data(start, &class.bytecode).unwrap();
        // In the order that compiled code expects.
        let prices = [gas::PEDERSEN, gas::BITWISE, gas::EC_OP, gas::POSEIDON, gas::ADD_MOD, gas::MUL_MOD, gas::BLAKE2S];
        let at = runner.vm.add_memory_segment();
        runner.vm.load_data(at, &prices.map(|price| Felt::from(price).into())).unwrap();
        let behind = (start + class.bytecode.len()).unwrap();
        runner.vm.insert_value(behind, Felt::from(RET)).unwrap();
        runner.vm.insert_value((behind + 1usize).unwrap(), at).unwrap();
        Self { class, runner, top: 0 }
    }

    /// Whether it should not be used again.
    pub fn is_full(&self) -> bool {
        self.top > FULL
    }

    /// Runs an entry point: it takes its builtins, the gas, a pointer for system calls, and the calldata's ends; and returns the same, with a
    /// flag that says whether it panicked, and the ends of the result instead of the calldata's.
    ///
    /// # Errors
    /// Why the transaction must be undone.
    ///
    /// # Panics
    /// The bytecode is not what the compiler makes.
    pub fn run(
        &mut self,
        chain: &mut Chain,
        frame: Frame,
        entry_point: &EntryPoint,
        calldata: &[Felt],
        gas: u64,
    ) -> Result<Returned, String> {
        let Some(budget) = gas.checked_sub(gas::ENTRY_POINT) else {
            return Ok(Returned { panicked: true, output: vec![super::text("Out of gas")], used: 0 });
        };
        let runner = &mut self.runner;
        runner.vm.builtin_runners.clear();
        runner.initialize_function_runner_cairo_1(&entry_point.builtins).unwrap();
        let vm = &mut runner.vm;
        let mut stack = Vec::new();
        for builtin in &vm.builtin_runners {
            builtin.add_validation_rule(&mut vm.segments.memory);
            stack.extend(builtin.initial_stack());
        }
        let system = vm.add_memory_segment();
        let calldata_start = vm.add_memory_segment();
        let felts: Vec<MaybeRelocatable> = calldata.iter().map(|felt| (*felt).into()).collect();
        let calldata_end = vm.load_data(calldata_start, &felts).unwrap();
        stack.extend([Felt::from(budget).into(), system.into(), calldata_start.into(), calldata_end.into()]);
        let end = vm.add_memory_segment();
        // Where the function returns to: a frame that is not used, and a place that is no instruction's.
        stack.extend([Felt::ZERO.into(), end.into()]);
        let start = Relocatable { segment_index: STACK, offset: self.top };
        let begin = vm.load_data(start, &stack).unwrap().offset;
        vm.set_ap(begin);
        vm.set_fp(begin);
        vm.set_pc((runner.program_base.expect("the machine has one") + entry_point.offset).unwrap());

        let mut scopes = ExecutionScopes::new();
        while vm.get_pc() != end {
            for hint in self.class.hints.get(vm.get_pc().offset).into_iter().flatten() {
                match hint {
                    Hint::Core(hint) => execute_core_hint_base(vm, &mut scopes, hint, true).unwrap(),
                    Hint::Starknet(StarknetHint::SystemCall { system }) => {
                        let request = extract_relocatable(vm, system).unwrap();
                        system::call(chain, frame, vm, request)?;
                    }
                    Hint::Starknet(_) | Hint::External(_) => panic!("the class has hints that are for tests only"),
                }
            }
            vm.step_instruction().unwrap_or_else(|error| panic!("at {}: {error}", vm.get_pc()));
        }

        self.top = vm.get_ap().offset + GAP;
        let returned = vm.get_return_values(5).unwrap();
        let [MaybeRelocatable::Int(left), _, MaybeRelocatable::Int(panicked), start, end] = returned.as_slice() else {
            panic!("an entry point does not return what entry points do: {returned:?}");
        };
        let (MaybeRelocatable::RelocatableValue(start), MaybeRelocatable::RelocatableValue(end)) = (start, end) else {
            panic!("an entry point does not return what entry points do: {returned:?}");
        };
        let output = vm.get_integer_range(*start, (*end - *start).unwrap()).unwrap();
        let left = u64::try_from(*left).expect("it was given 64 bits of gas");
        Ok(Returned { panicked: *panicked != Felt::ZERO, output: output.into_iter().map(|felt| *felt).collect(), used: gas - left })
    }
}
