//! The Cairo compiler on crates held in memory: a package to an executable, or to contract classes. `session` holds the stages.

use std::collections::BTreeMap;
use std::path::Path;

use cairo_lang_compiler::db::RootDatabase;
use cairo_lang_filesystem::db::{
    CORELIB_CRATE_NAME, CrateConfigurationInput, CrateSettings, DependencySettings, Edition, ExperimentalFeaturesConfig,
    set_crate_configs_input,
};
use cairo_lang_filesystem::ids::CrateInput;

use crate::contract::Contract;
use crate::error::CompileError;
use crate::executable::Executable;
use crate::session::Session;
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
    form: Form,
}

/// In which form the compiler takes packages. The results are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// In short form, and as it is should that fail.
    #[default]
    Any,
    /// In short form alone.
    Short,
    /// As it is. For a network with many weights, this takes several times as long, and gigabytes.
    Full,
}

impl Default for Compiler {
    fn default() -> Self {
        Self { corelib: Sources::corelib(), form: Form::Any }
    }
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
            Some(_) => Ok(Self { corelib, form: Form::Any }),
            None => Err(CompileError::NotACorelib { path: folder.to_path_buf() }),
        }
    }

    /// The same compiler, which takes packages in this form.
    #[must_use]
    pub fn in_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The form in which it takes packages.
    pub(crate) fn form(&self) -> Form {
        self.form
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
        self.session().executable(package)
    }

    /// Compiles the one contract of a package to Sierra and CASM, with `#[cfg(target: 'starknet-contract')]`.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] when the sources do not compile or have no or several contracts, [`CompileError::NotAudited`] when
    /// mainnet would refuse the class for its libfuncs, [`CompileError::Casm`] when it cannot be lowered to CASM.
    pub fn contract(&self, package: &CairoPackage) -> Result<Contract, CompileError> {
        self.session().contract(package)
    }

    /// As [`Self::contract`], for contracts of a package that may have others: those in the modules with these paths, in order.
    ///
    /// # Errors
    /// As for [`Self::contract`]; a module without a contract is [`CompileError::Diagnostics`] too.
    pub fn contracts(&self, package: &CairoPackage, paths: &[impl AsRef<str> + Sync]) -> Result<Vec<Contract>, CompileError> {
        self.session().contracts(package, paths)
    }

    /// Compiles versions of a package, one after another.
    pub fn session(&self) -> Session<'_> {
        Session::new(self)
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

fn input(member: &Crate) -> CrateInput {
    CrateInput::Real { name: member.name.clone(), discriminator: Some(member.name.clone()) }
}

/// Our own crates, whose diagnostics are reported.
pub(crate) fn members(package: &CairoPackage) -> Vec<CrateInput> {
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
