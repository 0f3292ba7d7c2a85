//! Source files of a Cairo crate in memory: embedded in this binary, or read from a folder.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use cairo_lang_filesystem::ids::{DirectoryInput, FileInput, FileKind, VirtualFileInput};
use sha2::{Digest, Sha256};

use crate::error::CompileError;

/// The source files of one Cairo crate, held in memory, by path relative to the crate's root folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// The embedded core library.
    pub fn corelib() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/corelib.bin")))
    }

    /// The embedded operator runtime, the crate `maat_operators` that generated packages call.
    pub fn operators() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/operators.bin")))
    }

    /// The embedded crate `corelib_imports`, which the operator runtime uses.
    pub fn corelib_imports() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/corelib_imports.bin")))
    }

    /// The embedded crate `maat_interfaces`, the interfaces of models and their registry.
    pub fn interfaces() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/interfaces.bin")))
    }

    /// The embedded crate `maat_registry`, the registry of models.
    pub fn registry() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/registry.bin")))
    }

    /// The embedded crate `maat_stark`, the parts of a STARK's verifier that know nothing of its AIR.
    pub fn stark() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/stark.bin")))
    }

    /// The embedded crate `maat_verifier`, the verifier of model proofs.
    pub fn verifier() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/verifier.bin")))
    }

    /// The embedded crate `maat_vault_interfaces`, the interfaces of what a vault calls.
    pub fn vault_interfaces() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/vault_interfaces.bin")))
    }

    /// The embedded crate `maat_history`, the price history of a pair.
    pub fn history() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/history.bin")))
    }

    /// The embedded crate `maat_feeds`, the feeds of prices.
    pub fn feeds() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/feeds.bin")))
    }

    /// The embedded crate `maat_adapters`, the adapters to pools.
    pub fn adapters() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/adapters.bin")))
    }

    /// The embedded crate `maat_vault`, the vault.
    pub fn vault() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/vault.bin")))
    }

    /// The embedded crate `maat_mocks`, tokens, a pool, a feed, an oracle and a verifier for tests and for the local chain.
    pub fn mocks() -> Self {
        Self::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/mocks.bin")))
    }

    fn embedded(archive: &[u8]) -> Self {
        const WRITTEN: &str = "the build script wrote this archive";
        let mut text = Vec::new();
        flate2::read::DeflateDecoder::new(archive).read_to_end(&mut text).expect(WRITTEN);
        Self(serde_json::from_slice(&text).expect(WRITTEN))
    }

    /// Reads every `.cairo` file below `root`.
    ///
    /// # Errors
    /// [`CompileError::Unreadable`] names the file or folder that cannot be read.
    pub fn from_folder(root: &Path) -> Result<Self, CompileError> {
        let mut sources = Self::default();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let unreadable = |path: &Path| {
                let path = path.to_path_buf();
                move |source| CompileError::Unreadable { path, source }
            };
            for entry in std::fs::read_dir(&folder).map_err(unreadable(&folder))? {
                let path = entry.map_err(unreadable(&folder))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "cairo") {
                    let mut text = String::new();
                    let mut file = std::fs::File::open(&path).map_err(unreadable(&path))?;
                    file.read_to_string(&mut text).map_err(unreadable(&path))?;
                    let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
                    sources.insert(name.replace(std::path::MAIN_SEPARATOR, "/"), text);
                }
            }
        }
        Ok(sources)
    }

    /// Adds or replaces a file; `path` uses `/` and is relative to the crate's root folder.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.insert(path.into(), text.into());
    }

    /// The text of a file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// All files, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// sha256 of the `sha256sum` list of all files, ordered by path, in hexadecimal.
    pub fn digest(&self) -> String {
        let list: String = self.iter().map(|(path, text)| format!("{:x}  ./{path}\n", Sha256::digest(text))).collect();
        format!("{:x}", Sha256::digest(list))
    }

    /// The compiler's own view of these files: a folder that exists in memory only. `label` goes before the path in diagnostics.
    pub(crate) fn directory(&self, label: &str) -> DirectoryInput {
        let mut root = Folder::default();
        for (path, text) in &self.0 {
            let (folders, name) = path.rsplit_once('/').map_or((None, path.as_str()), |(folders, name)| (Some(folders), name));
            let folder = folders
                .into_iter()
                .flat_map(|folders| folders.split('/'))
                .fold(&mut root, |folder, name| folder.folders.entry(name.to_owned()).or_default());
            let file = VirtualFileInput {
                parent: None,
                name: format!("{label}/{path}"),
                content: Arc::from(text.as_str()),
                code_mappings: Arc::from([]),
                kind: FileKind::Module,
                original_item_removed: false,
            };
            folder.files.insert(name.to_owned(), FileInput::Virtual(file));
        }
        root.into_directory()
    }
}

#[derive(Default)]
struct Folder {
    files: BTreeMap<String, FileInput>,
    folders: BTreeMap<String, Folder>,
}

impl Folder {
    fn into_directory(self) -> DirectoryInput {
        let dirs = self.folders.into_iter().map(|(name, folder)| (name, Box::new(folder.into_directory()))).collect();
        DirectoryInput::Virtual { files: self.files, dirs }
    }
}
