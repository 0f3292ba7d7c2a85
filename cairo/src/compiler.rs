//! The Cairo compiler on crates held in memory: a package to an executable, or to contract classes.

use std::collections::BTreeMap;
use std::path::Path;

use cairo_lang_compiler::CompilerConfig;
use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_compiler::diagnostics::DiagnosticsReporter;
use cairo_lang_executable::compile::{ExecutableConfig, compile_executable_in_prepared_db};
use cairo_lang_executable::executable::Executable as Compiled;
use cairo_lang_executable_plugin::executable_plugin_suite;
use cairo_lang_filesystem::cfg::{Cfg, CfgSet};
use cairo_lang_filesystem::db::{
    CORELIB_CRATE_NAME, CrateConfigurationInput, CrateSettings, DependencySettings, Edition, ExperimentalFeaturesConfig,
    set_crate_configs_input,
};
use cairo_lang_filesystem::ids::CrateInput;
use cairo_lang_starknet::compile::compile_contract_in_prepared_db;
use cairo_lang_starknet::starknet_plugin_suite;
use cairo_lang_starknet_classes::allowed_libfuncs::{BUILTIN_AUDITED_LIBFUNCS_LIST, ListSelector};
use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;

use crate::contract::Contract;
use crate::error::CompileError;
use crate::executable::Executable;
use crate::sources::Sources;

/// One Cairo crate.
#[derive(Debug, Clone)]
pub struct Crate {
    /// The crate's name, as in `use` paths.
    pub name: String,
    /// The edition of the language that its files are written in.
    pub edition: Edition,
    /// The crate's files; `lib.cairo` is its root.
    pub sources: Sources,
    /// Its `Scarb.toml`, for builds outside of Maat.
    pub scarb_manifest: String,
}

impl Crate {
    /// The embedded operator runtime, which generated programs call, and the crate that it needs.
    pub fn operator_runtime() -> Vec<Self> {
        vec![
            Self {
                name: "maat_operators".to_owned(),
                edition: Edition::V2025_12,
                sources: Sources::operators(),
                scarb_manifest: include_str!("../operators/Scarb.toml").to_owned(),
            },
            Self::corelib_imports(),
        ]
    }

    fn corelib_imports() -> Self {
        Self {
            name: "corelib_imports".to_owned(),
            edition: Edition::V2023_01,
            sources: Sources::corelib_imports(),
            scarb_manifest: include_str!("../corelib_imports/Scarb.toml").to_owned(),
        }
    }

    /// The embedded parts of a STARK's verifier, and the crate that they need.
    pub fn stark() -> Vec<Self> {
        vec![
            Self {
                name: "maat_stark".to_owned(),
                edition: Edition::V2024_07,
                sources: Sources::stark(),
                scarb_manifest: include_str!("../stark/Scarb.toml").to_owned(),
            },
            Self::corelib_imports(),
        ]
    }

    /// The embedded verifier of model proofs.
    pub fn proof_verifier() -> Self {
        Self {
            name: "maat_verifier".to_owned(),
            edition: Edition::V2024_07,
            sources: Sources::verifier(),
            scarb_manifest: include_str!("../verifier/Scarb.toml").to_owned(),
        }
    }

    /// The embedded interfaces of models and their registry.
    pub fn interfaces() -> Self {
        Self {
            name: "maat_interfaces".to_owned(),
            edition: Edition::V2025_12,
            sources: Sources::interfaces(),
            scarb_manifest: include_str!("../interfaces/Scarb.toml").to_owned(),
        }
    }

    /// The embedded interfaces of what a vault calls.
    pub fn vault_interfaces() -> Self {
        Self {
            name: "maat_vault_interfaces".to_owned(),
            edition: Edition::V2025_12,
            sources: Sources::vault_interfaces(),
            scarb_manifest: include_str!("../vault_interfaces/Scarb.toml").to_owned(),
        }
    }
}

/// A Cairo package: a crate and the crates that it uses.
#[derive(Debug, Clone)]
pub struct CairoPackage {
    /// The crate that is compiled.
    pub main: Crate,
    /// The crates that it uses, the core library excepted. They may use one another.
    pub dependencies: Vec<Crate>,
}

/// The Cairo compiler with a core library.
#[derive(Debug, Clone)]
pub struct Compiler {
    corelib: Sources,
}

impl Default for Compiler {
    fn default() -> Self {
        Self { corelib: Sources::corelib() }
    }
}

/// What a package is compiled for: decides the plugins, the gas accounting, and the `target` in `#[cfg(target: ..)]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Executable,
    Contract,
}

impl CairoPackage {
    /// The embedded registry of models.
    pub fn registry() -> Self {
        Self::contracts("maat_registry", Sources::registry(), include_str!("../registry/Scarb.toml"), vec![Crate::interfaces()])
    }

    /// The embedded verifier of model proofs: a class that contracts call as a library.
    pub fn proof_verifier() -> Self {
        let mut dependencies = Crate::stark();
        dependencies.push(Crate::interfaces());
        Self { main: Crate::proof_verifier(), dependencies }
    }

    /// The embedded price history of a pair.
    pub fn price_history() -> Self {
        Self::contracts("maat_history", Sources::history(), include_str!("../history/Scarb.toml"), vec![Crate::vault_interfaces()])
    }

    /// The embedded feed over Pragma's oracle.
    pub fn pragma_feed() -> Self {
        Self::contracts("maat_feeds", Sources::feeds(), include_str!("../feeds/Scarb.toml"), vec![Crate::vault_interfaces()])
    }

    /// The embedded adapter for a pool of Ekubo.
    pub fn ekubo_adapter() -> Self {
        Self::contracts("maat_adapters", Sources::adapters(), include_str!("../adapters/Scarb.toml"), vec![Crate::vault_interfaces()])
    }

    /// The embedded vault: a crate whose contracts [`Compiler::contracts`] takes by their paths, such as [`Self::VAULT`].
    pub fn vault() -> Self {
        let dependencies = vec![Crate::interfaces(), Crate::vault_interfaces()];
        Self::contracts("maat_vault", Sources::vault(), include_str!("../vault/Scarb.toml"), dependencies)
    }

    /// The embedded mocks, for tests and for the local chain: several contracts, which [`Compiler::contracts`] takes by the paths in [`Self::MOCKS`].
    pub fn mocks() -> Self {
        let dependencies = vec![Crate::interfaces(), Crate::vault_interfaces()];
        Self::contracts("maat_mocks", Sources::mocks(), include_str!("../mocks/Scarb.toml"), dependencies)
    }

    /// An embedded crate of contracts, over interfaces.
    fn contracts(name: &str, sources: Sources, scarb_manifest: &str, dependencies: Vec<Crate>) -> Self {
        let main = Crate { name: name.to_owned(), edition: Edition::V2024_07, sources, scarb_manifest: scarb_manifest.to_owned() };
        Self { main, dependencies }
    }

    /// The path of the vault's contract.
    pub const VAULT: &str = "maat_vault::vault::vault";
    /// The path of the library class that the vault calls.
    pub const STRATEGY_LIBRARY: &str = "maat_vault::library::strategy_library";

    /// The paths of the mocks' contracts: Ekubo's router, a feed, an oracle, a pool, a token and a verifier of proofs.
    pub const MOCKS: [&str; 6] = [
        "maat_mocks::ekubo::mock_ekubo_router",
        "maat_mocks::feed::mock_feed",
        "maat_mocks::oracle::mock_oracle",
        "maat_mocks::pool::mock_pool",
        "maat_mocks::token::mock_token",
        "maat_mocks::verifier::mock_verifier",
    ];
}

impl Compiler {
    /// A compiler that takes the core library from `folder` (its `src`) instead of the embedded one.
    ///
    /// # Errors
    /// The folder cannot be read, or holds no core library.
    pub fn with_corelib(folder: &Path) -> Result<Self, CompileError> {
        let corelib = Sources::from_folder(folder)?;
        match corelib.get("lib.cairo") {
            Some(_) => Ok(Self { corelib }),
            None => Err(CompileError::NotACorelib { path: folder.to_path_buf() }),
        }
    }

    /// sha256 of the list of the core library's files and their digests, in hexadecimal.
    pub fn corelib_digest(&self) -> String {
        self.corelib.digest()
    }

    /// Compiles the one `#[executable]` function of a package, without gas accounting, with `#[cfg(target: 'executable')]`.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] when the sources do not compile or have no or several executable functions.
    pub fn executable(&self, package: &CairoPackage) -> Result<Executable, CompileError> {
        let (db, main) = self.database(package, Target::Executable);
        let crate_ids = CrateInput::into_crate_ids(&db, [main]);
        let mut diagnostics = String::new();
        let reporter = DiagnosticsReporter::write_to_string(&mut diagnostics).with_crates(&members(package));
        let compiled = compile_executable_in_prepared_db(&db, None, crate_ids, reporter, ExecutableConfig::default())
            .map(|compiled| Compiled::new(compiled.compiled_function));
        Ok(Executable::new(compiled.map_err(|error| reported(package, &diagnostics, &error))?))
    }

    /// Compiles the one contract of a package to Sierra and CASM, with `#[cfg(target: 'starknet-contract')]`.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] when the sources do not compile or have no or several contracts, [`CompileError::NotAudited`] when
    /// mainnet would refuse the class for its libfuncs, [`CompileError::Casm`] when it cannot be lowered to CASM.
    pub fn contract(&self, package: &CairoPackage) -> Result<Contract, CompileError> {
        let (db, main) = self.database(package, Target::Contract);
        compile_contract(&db, main, package, None)
    }

    /// As [`Self::contract`], for contracts of a package that may have others: those in the modules with these paths, in order.
    ///
    /// # Errors
    /// As for [`Self::contract`]; a module without a contract is [`CompileError::Diagnostics`] too.
    pub fn contracts(&self, package: &CairoPackage, paths: &[impl AsRef<str>]) -> Result<Vec<Contract>, CompileError> {
        // One database for all, so that what they share is compiled once.
        let (db, main) = self.database(package, Target::Contract);
        paths.iter().map(|path| compile_contract(&db, main.clone(), package, Some(path.as_ref()))).collect()
    }

    fn database(&self, package: &CairoPackage, target: Target) -> (RootDatabase, CrateInput) {
        let mut builder = RootDatabase::builder();
        match target {
            Target::Executable => builder
                .skip_auto_withdraw_gas()
                .with_cfg(CfgSet::from_iter([Cfg::kv("gas", "disabled"), Cfg::kv("target", "executable")]))
                .with_default_plugin_suite(executable_plugin_suite()),
            Target::Contract => builder
                .with_cfg(CfgSet::from_iter([Cfg::kv("target", "starknet-contract")]))
                .with_default_plugin_suite(starknet_plugin_suite()),
        };
        let mut db = builder.build().expect("no core library is detected and no project is loaded, so nothing can fail");
        let main = self.set_up(&mut db, package);
        (db, main)
    }

    /// Gives the database the core library and the package's crates; returns the package's own crate.
    pub fn set_up(&self, db: &mut RootDatabase, package: &CairoPackage) -> CrateInput {
        let core = CrateInput::Real { name: CORELIB_CRATE_NAME.to_owned(), discriminator: None };
        let core_features = ExperimentalFeaturesConfig {
            negative_impls: true,
            associated_item_constraints: true,
            coupons: true,
            user_defined_inline_macros: true,
            repr_ptrs: true,
        };
        let uses = |user: &Crate| {
            let used = package.dependencies.iter().filter(|used| used.name != user.name);
            used.map(|used| (used.name.clone(), DependencySettings { discriminator: Some(used.name.clone()) })).collect()
        };

        let main = input(&package.main);
        let mut crates = vec![(core, configuration(CORELIB_CRATE_NAME, Edition::V2025_12, &self.corelib, BTreeMap::new(), core_features))];
        for member in std::iter::once(&package.main).chain(&package.dependencies) {
            let features = ExperimentalFeaturesConfig::default();
            crates.push((input(member), configuration(&member.name, member.edition, &member.sources, uses(member), features)));
        }
        set_crate_configs_input(db, Some(crates.into_iter().collect()));
        main
    }
}

/// Compiles the contract of a package's own crate, or the one in the module with this path.
fn compile_contract(db: &RootDatabase, main: CrateInput, package: &CairoPackage, path: Option<&str>) -> Result<Contract, CompileError> {
    let crate_ids = CrateInput::into_crate_ids(db, [main]);
    let mut diagnostics = String::new();
    let config = CompilerConfig {
        diagnostics_reporter: DiagnosticsReporter::write_to_string(&mut diagnostics).with_crates(&members(package)),
        ..CompilerConfig::default()
    };
    let compiled = compile_contract_in_prepared_db(db, path, crate_ids, config);
    let sierra = compiled.map_err(|error| reported(package, &diagnostics, &error))?;

    let name = || package.main.name.clone();
    let extracted = sierra.extract_sierra_program(false);
    let extracted = extracted.map_err(|error| CompileError::Casm { package: name(), reason: error.to_string() })?;
    let audited = ListSelector::ListName(BUILTIN_AUDITED_LIBFUNCS_LIST.to_owned());
    extracted
        .validate_version_compatible(audited)
        .map_err(|error| CompileError::NotAudited { package: name(), reason: error.to_string() })?;
    // Names for debugging are not part of the class hash, and make the file much larger.
    let no_names = serde_json::json!({ "type_names": [], "libfunc_names": [], "user_func_names": [] });
    let no_names = serde_json::from_value(no_names).expect("the fields of a class's debug information");
    let sierra = ContractClass { sierra_program_debug_info: Some(no_names), ..sierra };
    let casm = CasmContractClass::from_contract_class(sierra.clone(), extracted, false, usize::MAX)
        .map_err(|error| CompileError::Casm { package: name(), reason: error.to_string() })?;
    Ok(Contract::new(sierra, casm))
}

fn input(member: &Crate) -> CrateInput {
    CrateInput::Real { name: member.name.clone(), discriminator: Some(member.name.clone()) }
}

/// Our own crates, whose diagnostics are reported.
fn members(package: &CairoPackage) -> Vec<CrateInput> {
    std::iter::once(&package.main).chain(&package.dependencies).map(input).collect()
}

fn configuration(
    name: &str,
    edition: Edition,
    sources: &Sources,
    dependencies: BTreeMap<String, DependencySettings>,
    experimental_features: ExperimentalFeaturesConfig,
) -> CrateConfigurationInput {
    CrateConfigurationInput {
        root: sources.directory(name),
        settings: CrateSettings { name: Some(name.to_owned()), edition, version: None, cfg_set: None, dependencies, experimental_features },
        cache_file: None,
    }
}

fn reported(package: &CairoPackage, diagnostics: &str, error: &impl std::fmt::Display) -> CompileError {
    let diagnostics = if diagnostics.is_empty() { error.to_string() } else { diagnostics.to_owned() };
    CompileError::Diagnostics { package: package.main.name.clone(), diagnostics }
}
