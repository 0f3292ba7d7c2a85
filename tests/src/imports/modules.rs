//! A crate's tree of modules, and the files that define the names that its modules import.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::syntax::{self, Body, Child, Path};
use super::tokens;

/// Source texts by path, with `/` between the names of folders.
pub type Sources = BTreeMap<String, String>;

/// A crate's modules, those for tests left out.
pub struct SourceCrate {
    modules: Vec<Module>,
}

struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    body: Body,
}

/// A file that names something of another file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file that imports.
    pub from: String,
    /// The file that defines the name, whatever re-exports lie between.
    pub to: String,
    /// What it is for.
    pub kind: ImportKind,
    /// Where.
    pub line: usize,
    /// As it is written, without the braces.
    pub path: String,
}

/// What an import is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImportKind {
    /// A name that the file works with.
    Name,
    /// A module, whose names are imports of their own; or a name of another crate that this file hands on.
    Module,
    /// A name that the file only hands on.
    Reexport,
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} imports `{}` of {}", self.from, self.line, self.path, self.to)
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// Something in this module.
    Item(usize),
    /// Something of another crate, which this module imports.
    Foreign(usize),
}

/// The imports that are being followed, by module and position, so that two that lead to each other end.
type Followed = Vec<(usize, usize)>;

impl SourceCrate {
    /// Reads the modules from the crate's root on, such as `cli/src/main.rs`.
    ///
    /// # Errors
    /// A file is missing or cannot be read.
    pub fn read(sources: &Sources, root: &str) -> Result<Self, String> {
        let mut found = Self { modules: Vec::new() };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        found.add_file(sources, root, folder, None)?;
        Ok(found)
    }

    /// Its files.
    pub fn files(&self) -> BTreeSet<&str> {
        self.modules.iter().map(|module| module.file.as_str()).collect()
    }

    /// Adds a file, whose submodules are in `folder`.
    fn add_file(&mut self, sources: &Sources, file: &str, folder: &str, parent: Option<usize>) -> Result<usize, String> {
        let source = sources.get(file).ok_or_else(|| format!("{file} is missing"))?;
        let body = syntax::read(&tokens::read(source).map_err(|error| format!("{file}, {error}"))?);
        self.add(sources, file, folder, parent, body)
    }

    fn add(&mut self, sources: &Sources, file: &str, folder: &str, parent: Option<usize>, mut body: Body) -> Result<usize, String> {
        let declared = std::mem::take(&mut body.children);
        let id = self.modules.len();
        self.modules.push(Module { file: file.to_owned(), parent, children: BTreeMap::new(), body });
        for child in declared {
            let (name, child) = match child {
                Child::Inline(name, body) => {
                    let child = self.add(sources, file, &format!("{folder}/{name}"), Some(id), body)?;
                    (name, child)
                }
                Child::File(name, Some(path)) => {
                    let path = join(file.rsplit_once('/').map_or("", |(folder, _)| folder), &path);
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                    (name, self.add_file(sources, &path, &folder, Some(id))?)
                }
                Child::File(name, None) => {
                    let inner = format!("{folder}/{name}");
                    let candidates = [format!("{inner}/mod.rs"), format!("{inner}.rs")];
                    let path = candidates.iter().find(|path| sources.contains_key(*path)).ok_or_else(|| {
                        format!("{file} declares the module `{name}`, but neither {} nor {} exists", candidates[0], candidates[1])
                    })?;
                    (name, self.add_file(sources, path, &inner, Some(id))?)
                }
            };
            self.modules[id].children.insert(name, child);
        }
        Ok(id)
    }

    /// All imports between its files.
    pub fn imports(&self) -> BTreeSet<Import> {
        let mut found = BTreeSet::new();
        for (id, module) in self.modules.iter().enumerate() {
            let mut add = |kind: ImportKind, path: &Path, targets: Vec<Target>| {
                for target in targets {
                    let (to, kind) = match target {
                        Target::Module(to) | Target::Foreign(to) if kind == ImportKind::Name => (to, ImportKind::Module),
                        Target::Item(to) | Target::Module(to) | Target::Foreign(to) => (to, kind),
                    };
                    let (from, to) = (module.file.clone(), self.modules[to].file.clone());
                    if from != to {
                        found.insert(Import { from, to, kind, line: path.line, path: path.segments.join("::") });
                    }
                }
            };
            for used in &module.body.uses {
                let is_needed = used.name.as_ref().is_some_and(|name| module.body.names.contains_key(name));
                let kind = if used.is_shown && !is_needed { ImportKind::Reexport } else { ImportKind::Name };
                let targets = self.resolve(id, &used.path.segments, &mut Vec::new());
                if used.name.is_none() {
                    for (name, line) in &module.body.names {
                        let named = Path { segments: [&used.path.segments[..], std::slice::from_ref(name)].concat(), line: *line };
                        for target in &targets {
                            let Target::Module(all) = target else { continue };
                            add(ImportKind::Name, &named, self.walk(*all, std::slice::from_ref(name), &mut vec![]));
                        }
                    }
                }
                add(kind, &used.path, targets);
            }
            for path in &module.body.paths {
                add(ImportKind::Name, path, self.resolve(id, &path.segments, &mut Vec::new()));
            }
        }
        found
    }

    fn root(&self, module: usize) -> usize {
        self.modules[module].parent.map_or(module, |parent| self.root(parent))
    }

    /// What a path in a module leads to; nothing for a path that begins with a name that the module does not have.
    fn resolve(&self, module: usize, path: &[String], followed: &mut Followed) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let start = match first.as_str() {
            "crate" => self.root(module),
            "self" => module,
            "super" => match self.modules[module].parent {
                Some(parent) => parent,
                None => return Vec::new(),
            },
            _ => return self.walk(module, path, followed),
        };
        if rest.first().is_some_and(|next| next == "super") {
            return self.resolve(start, rest, followed);
        }
        self.walk_or_stay(start, rest, followed)
    }

    /// What a path leads to from a module on. A name that nothing there defines is made by a macro there.
    fn walk_or_stay(&self, module: usize, path: &[String], followed: &mut Followed) -> Vec<Target> {
        let found = self.walk(module, path, followed);
        if found.is_empty() { vec![Target::Item(module)] } else { found }
    }

    fn walk(&self, module: usize, path: &[String], followed: &mut Followed) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else { return vec![Target::Module(module)] };
        let Module { children, body, .. } = &self.modules[module];
        let mut found = Vec::new();
        if let Some(child) = children.get(first) {
            found.extend(self.walk_or_stay(*child, rest, followed));
        }
        if body.items.contains(first) {
            found.push(Target::Item(module));
        }
        let uses = || body.uses.iter().enumerate();
        for (index, used) in uses().filter(|(_, used)| used.name.as_ref() == Some(first)) {
            if followed.contains(&(module, index)) {
                continue;
            }
            followed.push((module, index));
            let behind = self.resolve(module, &[&used.path.segments[..], rest].concat(), followed);
            followed.pop();
            found.extend(if behind.is_empty() { vec![Target::Foreign(module)] } else { behind });
        }
        if found.is_empty() {
            for (index, used) in uses().filter(|(_, used)| used.name.is_none()) {
                if followed.contains(&(module, index)) {
                    continue;
                }
                followed.push((module, index));
                for target in self.resolve(module, &used.path.segments, followed) {
                    let Target::Module(all) = target else { continue };
                    found.extend(self.walk(all, path, followed));
                }
                followed.pop();
            }
        }
        found
    }
}

/// A path from a folder on, which may lead upwards.
fn join(folder: &str, path: &str) -> String {
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "." | "" => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names.join("/")
}
