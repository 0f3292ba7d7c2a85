//! A strategy with its network's package, and a history of prices: what the verbs begin with.

use std::path::Path;

use anyhow::{Context, bail};
use maat_package::PackageFolder;
use maat_runtime::Model;
use maat_strategy::file::StrategyFile;
use maat_strategy::history::Observation;
use maat_strategy::prices;
use maat_strategy::strategy::{MAX_JSON_BYTES, Strategy};
use maat_strategy::vault_table::VaultTable;

use crate::files::{called, read};
use crate::inferences::Caveats;

/// The longest file of prices in bytes: [`prices::MAX_HOURS`] lines.
const MAX_PRICES_BYTES: usize = 64 << 20;

/// A strategy, and the network that it names.
pub struct Opened {
    pub strategy: Strategy,
    /// What a vault of it is made with, if the file says.
    pub vault: Option<VaultTable>,
    pub package: PackageFolder,
    pub model: Model,
    /// What is to be said of the network with every result.
    pub caveats: Caveats,
}

impl Opened {
    /// Reads `strategy.toml` and the package that it names, relative to the file's folder.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("{}", called(path).display());
        let file = StrategyFile::parse(&text(path, MAX_JSON_BYTES)?).with_context(cannot)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let package = PackageFolder::open(&folder.join(&file.model.package)).with_context(cannot)?;
        let model = package.model()?;
        let commitment = package.entries()?.commitment();
        let strategy = file.resolve(&model, commitment).with_context(cannot)?;
        let caveats = Caveats::of(&package.manifest);
        Ok(Self { strategy, vault: file.vault, package, model, caveats })
    }
}

/// Reads a file of prices.
pub fn observations(path: &Path) -> anyhow::Result<Vec<Observation>> {
    prices::parse(&text(path, MAX_PRICES_BYTES)?).with_context(|| format!("{}", called(path).display()))
}

/// A file's text, up to a limit in bytes.
fn text(path: &Path, limit: usize) -> anyhow::Result<String> {
    let name = called(path);
    match read(path, limit)? {
        Ok(bytes) => String::from_utf8(bytes).with_context(|| format!("{} is not text", name.display())),
        Err(found) => bail!("{} has {found} bytes, more than {limit}", name.display()),
    }
}
