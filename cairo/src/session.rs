//! The stages of the compiler, for versions of a package: what one version has in common with the one before is not compiled again.

use cairo_lang_compiler::CompilerConfig;
use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_executable::compile::{CompiledFunction, ExecutableConfig, compile_executable_in_prepared_db};
use cairo_lang_executable::executable::Executable as Compiled;
use cairo_lang_executable_plugin::executable_plugin_suite;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_filesystem::ids::CrateInput;
use cairo_lang_runnable_utils::builder::{BuildError, EntryCodeConfig, RunnableBuilder};
use cairo_lang_sierra::program::Program;
use cairo_lang_sierra_generator::canonical_id_replacer::CanonicalReplacer;
use cairo_lang_sierra_generator::replace_ids::SierraIdReplacer;
use cairo_lang_starknet::compile::compile_contract_in_prepared_db;
use cairo_lang_starknet::starknet_plugin_suite;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::compiler::{CairoPackage, Compiler, Form, members};
use crate::contract::Contract;
use crate::error::CompileError;
use crate::executable::Executable;
use crate::short::Short;
use crate::sierra_contract::SierraContract;
use crate::splice::{splice, splice_constants};
use crate::straight_sierra::fill;

/// A compiler at work on one package, in threads of its own: in those of others, which compile or commit at the same time, its parts would wait for
/// one another while nobody works. It keeps what it has found out, so that the next version of the package takes it only as long as what is new
/// in it.
pub struct Session<'a> {
    compiler: &'a Compiler,
    executables: Option<RootDatabase>,
    contracts: Option<RootDatabase>,
    threads: Option<ThreadPool>,
}

/// The stack of a thread that compiles, in bytes: as much as main threads have.
const STACK: usize = 8 << 20;

/// What a package is compiled for: decides the plugins, the gas accounting, and the `target` in `#[cfg(target: ..)]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Executable,
    Contract,
}

impl Drop for Session<'_> {
    /// Frees the databases beside what comes next: they are millions of small pieces.
    fn drop(&mut self) {
        let databases: Vec<RootDatabase> = self.executables.take().into_iter().chain(self.contracts.take()).collect();
        if !databases.is_empty() {
            // Without a thread they are freed here.
            drop(std::thread::Builder::new().spawn(move || drop(databases)));
        }
    }
}

impl<'a> Session<'a> {
    pub(crate) fn new(compiler: &'a Compiler) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2));
        let threads = ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build().ok();
        Self { compiler, executables: None, contracts: None, threads }
    }

    /// As [`Compiler::executable`].
    ///
    /// # Errors
    /// As there.
    pub fn executable(&mut self, package: &CairoPackage) -> Result<Executable, CompileError> {
        let Self { compiler, executables, threads, .. } = self;
        in_form(threads.as_ref(), compiler.form(), package, |package, short| {
            let (db, main) = given(executables, Target::Executable, compiler, package);
            executable(db, main, package, short)
        })
    }

    /// As [`Compiler::contract`].
    ///
    /// # Errors
    /// As there.
    pub fn contract(&mut self, package: &CairoPackage) -> Result<Contract, CompileError> {
        let Self { compiler, contracts, threads, .. } = self;
        in_form(threads.as_ref(), compiler.form(), package, |package, short| {
            let (db, main) = given(contracts, Target::Contract, compiler, package);
            sierra(db, main, package, None, short)?.assemble()
        })
    }

    /// Compiles the one contract of a package to Sierra, or, in a package that may have others, the one in the module with this path.
    ///
    /// # Errors
    /// As for [`Self::contract`], but for what [`SierraContract::assemble`] refuses.
    pub fn sierra(&mut self, package: &CairoPackage, path: Option<&str>) -> Result<SierraContract, CompileError> {
        let Self { compiler, contracts, threads, .. } = self;
        in_form(threads.as_ref(), compiler.form(), package, |package, short| {
            let (db, main) = given(contracts, Target::Contract, compiler, package);
            sierra(db, main, package, path, short)
        })
    }

    /// As [`Compiler::contracts`].
    ///
    /// # Errors
    /// As there.
    pub fn contracts(&mut self, package: &CairoPackage, paths: &[impl AsRef<str> + Sync]) -> Result<Vec<Contract>, CompileError> {
        let Self { compiler, contracts, threads, .. } = self;
        in_form(threads.as_ref(), compiler.form(), package, |package, short| {
            let (db, main) = given(contracts, Target::Contract, compiler, package);
            paths.iter().map(|path| sierra(db, main.clone(), package, Some(path.as_ref()), short)?.assemble()).collect()
        })
    }
}

/// Compiles a package's short form, if it has one; and the package as it is if not, or if that fails, for diagnostics that are about the package's
/// own lines.
fn in_form<T: Send>(
    threads: Option<&ThreadPool>,
    form: Form,
    package: &CairoPackage,
    mut compile: impl FnMut(&CairoPackage, Option<&Short>) -> Result<T, CompileError> + Send,
) -> Result<T, CompileError> {
    let mut compiled = || {
        let short = if form == Form::Full { None } else { Short::of(package) };
        match short.map(|short| compile(&short.package, Some(&short))) {
            Some(Ok(compiled)) => Ok(compiled),
            Some(Err(error)) if form == Form::Short => Err(error),
            _ => compile(package, None),
        }
    };
    let Some(threads) = threads else { return compiled() };
    if rayon::current_thread_index().is_none() {
        return threads.install(compiled);
    }
    // A thread of another pool would take up other work of that pool while it waits, which may need what the caller holds. Joining a thread blocks.
    std::thread::scope(|scope| match scope.spawn(|| threads.install(compiled)).join() {
        Ok(compiled) => compiled,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// The database of a target, new or that of another version, with a package; and the package's own crate.
fn given<'a>(
    database: &'a mut Option<RootDatabase>,
    target: Target,
    compiler: &Compiler,
    package: &CairoPackage,
) -> (&'a RootDatabase, CrateInput) {
    let database = database.get_or_insert_with(|| empty(target));
    let main = compiler.set_up(database, package);
    (database, main)
}

fn empty(target: Target) -> RootDatabase {
    let mut builder = RootDatabase::builder();
    match target {
        Target::Executable => builder
            .skip_auto_withdraw_gas()
            .with_cfg(CfgSet::from_iter([Cfg::kv("gas", "disabled"), Cfg::kv("target", "executable")]))
            .with_default_plugin_suite(executable_plugin_suite()),
        Target::Contract => {
            builder.with_cfg(CfgSet::from_iter([Cfg::kv("target", "starknet-contract")])).with_default_plugin_suite(starknet_plugin_suite())
        }
    };
    builder.build().expect("no core library is detected and no project is loaded, so nothing can fail")
}

/// Compiles the executable of a package's own crate. `short` is the form that the package is in, if it is not as it was written.
fn executable(db: &RootDatabase, main: CrateInput, package: &CairoPackage, short: Option<&Short>) -> Result<Executable, CompileError> {
    let crate_ids = CrateInput::into_crate_ids(db, [main.clone()]);
    let mut diagnostics = String::new();
    let reporter = DiagnosticsReporter::write_to_string(&mut diagnostics).with_crates(&reported_crates(package, &main, short));
    let compiled = compile_executable_in_prepared_db(db, None, crate_ids, reporter, ExecutableConfig::default());
    let compiled = compiled.map_err(|error| reported(package, &diagnostics, &error))?;
    let mut function = compiled.compiled_function;
    let sierra = compiled.builder.sierra_program();
    if let Some(Short { functions, .. }) = short
        && !functions.is_empty()
    {
        let filled = fill(sierra, functions).ok_or_else(|| misplaced(package))?;
        function =
            assembled(filled).map_err(|error| CompileError::Casm { package: package.main.name.clone(), reason: error.to_string() })?;
    }
    if let Some(Short { arrays, .. }) = short
        && !arrays.is_empty()
    {
        splice_constants(sierra, arrays, &mut function.program.consts_info).ok_or_else(|| misplaced(package))?;
    }
    Ok(Executable::new(Compiled::new(function)))
}

/// Compiles the executable whose main function is the first one of a program, as `compile_executable_in_prepared_db` does.
fn assembled(sierra: Program) -> Result<CompiledFunction, BuildError> {
    let main = sierra.funcs[0].clone();
    let ExecutableConfig { allow_syscalls, builtin_list, .. } = ExecutableConfig::default();
    let builder = RunnableBuilder::new(sierra, None)?;
    let wrapper = builder.create_wrapper_info(&main, EntryCodeConfig::executable(allow_syscalls, builtin_list))?;
    Ok(CompiledFunction { program: builder.casm_program().clone(), wrapper })
}

/// Compiles the contract of a package's own crate to Sierra, or the one in the module with this path. `short` is the form that the package is in,
/// if it is not as it was written.
fn sierra(
    db: &RootDatabase,
    main: CrateInput,
    package: &CairoPackage,
    path: Option<&str>,
    short: Option<&Short>,
) -> Result<SierraContract, CompileError> {
    let crate_ids = CrateInput::into_crate_ids(db, [main.clone()]);
    let mut diagnostics = String::new();
    let config = CompilerConfig {
        diagnostics_reporter: DiagnosticsReporter::write_to_string(&mut diagnostics).with_crates(&reported_crates(package, &main, short)),
        ..CompilerConfig::default()
    };
    let compiled = compile_contract_in_prepared_db(db, path, crate_ids, config);
    let compiled = compiled.map_err(|error| reported(package, &diagnostics, &error))?;

    let name = || package.main.name.clone();
    let malformed = |reason: String| CompileError::Casm { package: name(), reason };
    let mut extracted = compiled.extract_sierra_program(false).map_err(|error| malformed(error.to_string()))?;
    if let Some(Short { arrays, functions, .. }) = short
        && !(arrays.is_empty() && functions.is_empty())
    {
        if !functions.is_empty() {
            extracted.program = fill(&extracted.program, functions).ok_or_else(|| misplaced(package))?;
        }
        if !arrays.is_empty() {
            extracted.program = splice(&extracted.program, arrays).ok_or_else(|| misplaced(package))?;
        }
        extracted.program = CanonicalReplacer::from_program(&extracted.program).apply(&extracted.program);
    }
    Ok(SierraContract { package: name(), entry_points: compiled.entry_points_by_type, abi: compiled.abi, extracted })
}

/// The crates whose diagnostics are asked for. To look for them, all functions of a crate are compiled: in the short form, only those of the
/// package's own crate.
fn reported_crates(package: &CairoPackage, main: &CrateInput, short: Option<&Short>) -> Vec<CrateInput> {
    if short.is_some() { vec![main.clone()] } else { members(package) }
}

/// The short form did not come out as it should.
fn misplaced(package: &CairoPackage) -> CompileError {
    CompileError::Casm {
        package: package.main.name.clone(),
        reason: "what its short form has stand-ins for is not where it should be".to_owned(),
    }
}

fn reported(package: &CairoPackage, diagnostics: &str, error: &impl std::fmt::Display) -> CompileError {
    let diagnostics = if diagnostics.is_empty() { error.to_string() } else { diagnostics.to_owned() };
    CompileError::Diagnostics { package: package.main.name.clone(), diagnostics }
}
