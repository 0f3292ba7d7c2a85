//! An executable's run as the prover takes it: registers and memory of every step, from the VM's proof mode.

use cairo_lang_executable::executable::{EntryPointKind, ExecutableEntryPoint};
use cairo_vm::cairo_run::CairoRunConfig;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::relocatable::MaybeRelocatable;
use cairo_vm::vm::trace::trace_entry::TraceEntry;
use maat_verifier::Felt252;
use maat_verifier::cairo::{Builtin, Execution, HALT, Registers, Value};
use starknet_types_core::felt::Felt;

use crate::error::CairoRunError;
use crate::executable::{Executable, vm_error};

impl Executable {
    /// Runs the program stand-alone in the Cairo VM's proof mode, and gives the execution for the prover.
    ///
    /// It has two steps more than [`Self::run`] counts: the header makes room for the builtins and calls the main function.
    ///
    /// # Errors
    /// As for [`Self::run`]; and [`CairoRunError::Unprovable`], before anything runs, when the program uses a builtin that cannot be proven.
    pub fn execute(&self, arguments: &[Felt]) -> Result<Execution, CairoRunError> {
        let entry_point = self.entry_point(EntryPointKind::Standalone)?;
        let program = self.provable(entry_point)?;
        // The prover pads the trace itself, and lays out memory itself, so nothing is relocated.
        let config = CairoRunConfig {
            trace_enabled: true,
            relocate_trace: false,
            proof_mode: true,
            disable_trace_padding: true,
            ..CairoRunConfig::default()
        };
        let runner = self.run_from(entry_point, config, arguments)?;

        let trace = runner.get_relocatable_trace().map_err(vm_error)?;
        let mut registers = trace.iter().map(registers).collect::<Result<Vec<_>, _>>()?;
        // The VM runs the endless loop for a step or more.
        let steps = registers.iter().position(|registers| registers.pc as usize == HALT).expect("the VM runs until it gets there");
        registers.truncate(steps + 1);

        let cell = |cell: Option<MaybeRelocatable>| cell.map(value).transpose();
        let segments = runner.get_relocatable_memory().into_iter().map(|segment| segment.into_iter().map(cell).collect());
        let segments = segments.collect::<Result<_, _>>()?;

        let by_segment = runner.get_builtin_segments();
        let segment = |name| by_segment.iter().find(|(_, other)| *other == name).map(|(segment, _)| *segment as u32);
        let builtin_segments = entry_point.builtins.iter().map(segment).collect::<Option<_>>();
        let builtin_segments = builtin_segments.expect("the VM gives each builtin of the program a segment");
        Ok(Execution { program, registers, segments, builtin_segments })
    }

    /// The program in the form that proofs are about, if they can be.
    fn provable(&self, entry_point: &ExecutableEntryPoint) -> Result<maat_verifier::cairo::Program, CairoRunError> {
        let builtin = |name: &BuiltinName| {
            Builtin::from_name(name.to_str()).ok_or_else(|| CairoRunError::Unprovable { builtin: name.to_str().to_owned() })
        };
        let builtins = entry_point.builtins.iter().map(builtin).collect::<Result<_, _>>()?;
        let malformed = |reason: String| CairoRunError::Malformed { reason };
        if entry_point.offset != 0 {
            return Err(malformed(format!("its stand-alone entry point is {}, not the start of the bytecode", entry_point.offset)));
        }
        let bytecode = self.bytecode().map(felt).collect();
        maat_verifier::cairo::Program::new(bytecode, builtins).map_err(|error| malformed(error.to_string()))
    }
}

/// The registers before a step of the bytecode.
fn registers(entry: &TraceEntry) -> Result<Registers, CairoRunError> {
    let offset = |register: usize| u32::try_from(register).map_err(vm_error);
    if entry.pc.segment_index != 0 {
        return Err(vm_error(format!("it left the bytecode for {}", entry.pc)));
    }
    Ok(Registers { pc: offset(entry.pc.offset)?, ap: offset(entry.ap)?, fp: offset(entry.fp)? })
}

/// What a cell of memory holds. Temporary segments have negative indices; the end of a run leaves none.
fn value(cell: MaybeRelocatable) -> Result<Value, CairoRunError> {
    match cell {
        MaybeRelocatable::Int(value) => Ok(Value::Felt(felt(value))),
        MaybeRelocatable::RelocatableValue(pointer) => {
            let outside = |_| vm_error(format!("memory holds {pointer}, an address that is in no segment"));
            let segment = u32::try_from(pointer.segment_index).map_err(outside)?;
            Ok(Value::Pointer { segment, offset: u32::try_from(pointer.offset).map_err(outside)? })
        }
    }
}

fn felt(value: Felt) -> Felt252 {
    Felt252::from_le_bytes(&value.to_bytes_le()).expect("both types hold elements of one field")
}
