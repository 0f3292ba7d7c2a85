//! An executable: a compiled Cairo program with its hash, and its runs in the Cairo VM. Runs that can be proven are in `execution`.

use std::collections::HashMap;
use std::fmt::Display;

use cairo_lang_casm::hints::Hint;
use cairo_lang_executable::executable::{EntryPointKind, Executable as Compiled, ExecutableEntryPoint};
use cairo_lang_execute_utils::program_and_hints_from_executable;
use cairo_lang_runner::casm_run::format_for_panic;
use cairo_lang_runner::{Arg, CairoHintProcessor};
use cairo_vm::cairo_run::{CairoRunConfig, cairo_run_program};
use cairo_vm::program_hash::compute_program_hash_chain;
use cairo_vm::types::builtin_name::BuiltinName;
use cairo_vm::types::layout_name::LayoutName;
use cairo_vm::vm::runners::cairo_runner::CairoRunner;
use starknet_types_core::felt::Felt;

use crate::error::CairoRunError;

/// The bootloader that program hashes are for.
const BOOTLOADER_VERSION: usize = 0;

/// A compiled Cairo program, as the Cairo VM runs it.
pub struct Executable {
    compiled: Compiled,
}

/// What a run of a program gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// The values that the program's main function returned, serialised.
    pub output: Vec<Felt>,
    /// Cairo steps, from the entry point to its return.
    pub steps: usize,
    /// Range checks used.
    pub range_checks: usize,
}

impl Executable {
    pub(crate) fn new(compiled: Compiled) -> Self {
        Self { compiled }
    }

    /// Reads an executable in the format of Scarb and of this compiler.
    ///
    /// # Errors
    /// [`CairoRunError::Malformed`] when the bytes are not such an executable.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CairoRunError> {
        serde_json::from_slice(bytes).map(Self::new).map_err(|error| CairoRunError::Malformed { reason: error.to_string() })
    }

    /// The executable in the format of Scarb and of this compiler.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.compiled).expect("an executable serialises")
    }

    /// Size of the bytecode in felts.
    pub fn bytecode_felts(&self) -> usize {
        self.compiled.program.bytecode.len()
    }

    /// The program's hash as StarkWare's bootloader computes it: a Pedersen hash chain over entry point, builtins and bytecode.
    ///
    /// # Errors
    /// [`CairoRunError::Malformed`] when the executable has no entry point for the bootloader.
    pub fn hash(&self) -> Result<Felt, CairoRunError> {
        let (program, _) = self.load(self.entry_point(EntryPointKind::Bootloader)?)?;
        let malformed = |reason: String| CairoRunError::Malformed { reason };
        let stripped = program.get_stripped_program().map_err(|error| malformed(error.to_string()))?;
        compute_program_hash_chain(&stripped, BOOTLOADER_VERSION).map_err(|error| malformed(error.to_string()))
    }

    pub(crate) fn bytecode(&self) -> impl Iterator<Item = Felt> {
        self.compiled.program.bytecode.iter().map(Felt::from)
    }

    /// # Errors
    /// [`CairoRunError::Malformed`] when there is none of this kind.
    pub(crate) fn entry_point(&self, kind: EntryPointKind) -> Result<&ExecutableEntryPoint, CairoRunError> {
        let entry_point = self.compiled.entrypoints.iter().find(|entry_point| entry_point.kind == kind);
        entry_point.ok_or_else(|| CairoRunError::Malformed { reason: format!("it has no entry point of kind {kind:?}") })
    }

    fn load(
        &self,
        entry_point: &ExecutableEntryPoint,
    ) -> Result<(cairo_vm::types::program::Program, HashMap<String, Hint>), CairoRunError> {
        program_and_hints_from_executable(&self.compiled, entry_point)
            .map_err(|error| CairoRunError::Malformed { reason: format!("{error:#}") })
    }

    /// Runs the program in the Cairo VM on serialised arguments.
    ///
    /// # Errors
    /// [`CairoRunError::Panicked`] with the decoded message when the program panics.
    pub fn run(&self, arguments: &[Felt]) -> Result<RunResult, CairoRunError> {
        let mut runner = self.run_from(self.entry_point(EntryPointKind::Bootloader)?, CairoRunConfig::default(), arguments)?;
        let resources = runner.get_execution_resources().map_err(vm_error)?;
        let mut text = String::new();
        runner.vm.write_output(&mut text).map_err(vm_error)?;
        let output = text.lines().map(|line| Felt::from_dec_str(line).map_err(|_| vm_error(format!("output `{line}`"))));
        let output = output.collect::<Result<Vec<_>, _>>()?;
        let range_checks = resources.builtin_instance_counter.get(&BuiltinName::range_check).copied().unwrap_or_default();
        Ok(RunResult { output, steps: resources.n_steps, range_checks })
    }

    /// Runs an entry point in the layout that has every builtin.
    pub(crate) fn run_from(
        &self,
        entry_point: &ExecutableEntryPoint,
        config: CairoRunConfig<'_>,
        arguments: &[Felt],
    ) -> Result<CairoRunner, CairoRunError> {
        let (program, string_to_hint) = self.load(entry_point)?;
        let arguments = arguments.iter().map(|felt| Arg::Value(*felt)).collect();
        let mut hints = CairoHintProcessor {
            runner: None,
            user_args: vec![vec![Arg::Array(arguments)]],
            string_to_hint,
            starknet_state: Default::default(),
            run_resources: Default::default(),
            syscalls_used_resources: Default::default(),
            no_temporary_segments: false,
            markers: Default::default(),
            panic_traceback: Default::default(),
        };
        let config = CairoRunConfig { layout: LayoutName::all_cairo, ..config };
        cairo_run_program(&program, &config, &mut hints).map_err(|error| match hints.markers.last() {
            Some(panic_data) => CairoRunError::Panicked { message: format_for_panic(panic_data.iter().copied()) },
            None => vm_error(error),
        })
    }
}

pub(crate) fn vm_error(error: impl Display) -> CairoRunError {
    CairoRunError::Vm { reason: error.to_string() }
}
