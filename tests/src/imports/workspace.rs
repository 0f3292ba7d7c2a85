//! The workspace's crates, what they depend on, and its source files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use toml::{Table, Value};

use super::modules::Sources;

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its folder, from the project's root.
    pub folder: String,
    /// The packages that it and its build script depend on; those that only its tests need are left out.
    pub dependencies: BTreeSet<String>,
}

/// The crates of the workspace, and what each package that they are built from depends on.
pub struct Workspace {
    /// Its crates.
    pub members: Vec<Member>,
    locked: BTreeMap<String, BTreeSet<String>>,
}

impl Workspace {
    /// Reads the manifests and the lock file.
    ///
    /// # Errors
    /// A file is missing or is not what cargo writes.
    pub fn read(root: &Path) -> Result<Self, String> {
        let text = |file: String| std::fs::read_to_string(root.join(&file)).map_err(|error| format!("{file}: {error}"));
        let manifest = text("Cargo.toml".to_owned())?;
        let folders = strings(&parsed("Cargo.toml", &manifest)?, &["workspace", "members"]);
        let manifests = folders.into_iter().map(|folder| Ok((text(format!("{folder}/Cargo.toml"))?, folder)));
        Self::of(&manifest, &manifests.collect::<Result<Vec<_>, String>>()?, &text("Cargo.lock".to_owned())?)
    }

    /// The workspace of these manifests, each with its folder, and of this lock file.
    fn of(manifest: &str, manifests: &[(String, String)], lock: &str) -> Result<Self, String> {
        let workspace = parsed("Cargo.toml", manifest)?;
        let inherited = table(&workspace, &["workspace", "dependencies"]);
        let members = manifests.iter().map(|(text, folder)| {
            let manifest = parsed(&format!("{folder}/Cargo.toml"), text)?;
            let name =
                table(&manifest, &["package"]).get("name").and_then(Value::as_str).ok_or(format!("{folder} has no name"))?.to_owned();
            Ok(Member { name, folder: folder.clone(), dependencies: dependencies(&manifest, &inherited) })
        });
        let mut locked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let lock = parsed("Cargo.lock", lock)?;
        for package in lock.get("package").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
            let Some(name) = package.get("name").and_then(Value::as_str) else { continue };
            // Where a package is there in two versions, a dependency's name is followed by the version: both count.
            let needed = strings(package, &["dependencies"]).into_iter().filter_map(|needed| Some(needed.split(' ').next()?.to_owned()));
            locked.entry(name.to_owned()).or_default().extend(needed);
        }
        Ok(Self { members: members.collect::<Result<_, String>>()?, locked })
    }

    /// The shortest chain of dependencies from a crate of the workspace to a package, both included, if there is one.
    pub fn chain(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut before: BTreeMap<&str, Option<&str>> = BTreeMap::from([(from, None)]);
        let mut queue = VecDeque::from([from]);
        while let Some(package) = queue.pop_front() {
            if package == to {
                let mut chain: Vec<String> = std::iter::successors(Some(package), |package| before[package]).map(str::to_owned).collect();
                chain.reverse();
                return Some(chain);
            }
            let member = self.members.iter().find(|member| member.name == package);
            let needed = member.map(|member| &member.dependencies).or_else(|| self.locked.get(package));
            for needed in needed.into_iter().flatten() {
                if !before.contains_key(needed.as_str()) {
                    before.insert(needed, Some(package));
                    queue.push_back(needed);
                }
            }
        }
        None
    }
}

fn parsed(file: &str, text: &str) -> Result<Table, String> {
    text.parse().map_err(|error| format!("{file}: {error}"))
}

/// The table at that place, empty if there is none.
fn table(of: &Table, path: &[&str]) -> Table {
    path.iter().try_fold(of, |table, name| table.get(*name)?.as_table()).cloned().unwrap_or_default()
}

/// The strings of the list at that place.
fn strings(of: &Table, path: &[&str]) -> Vec<String> {
    let (last, path) = path.split_last().expect("a path has a name");
    let list = table(of, path).get(*last).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The packages that a manifest depends on, on any platform and with any feature.
fn dependencies(manifest: &Table, inherited: &Table) -> BTreeSet<String> {
    let of_targets = table(manifest, &["target"]).into_iter().filter_map(|(_, target)| target.as_table().cloned());
    let sections = std::iter::once(manifest.clone()).chain(of_targets);
    let listed = sections.flat_map(|section| ["dependencies", "build-dependencies"].map(|kind| table(&section, &[kind]))).flatten();
    let package = |dependency: &Value| dependency.get("package").and_then(Value::as_str).map(str::to_owned);
    listed.map(|(name, dependency)| package(&dependency).or_else(|| inherited.get(&name).and_then(package)).unwrap_or(name)).collect()
}

/// The Rust files below a folder of the project, by their path from its root. What cargo builds, and hidden folders, are left out.
///
/// # Errors
/// A folder or a file cannot be read.
pub fn rust_files(root: &Path, folder: &str) -> Result<Sources, String> {
    let mut found = Sources::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| format!("{folder}: {error}");
        for entry in std::fs::read_dir(root.join(&folder)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            if entry.file_type().map_err(failed)?.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let source = std::fs::read_to_string(entry.path()).map_err(|error| format!("{path}: {error}"))?;
                found.insert(path, source);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let manifest = "[workspace]\nmembers = ['a', 'b']\n[workspace.dependencies]\nrenamed = { version = '1', package = 'far' }";
        let a = "[package]\nname = 'a'\n[dependencies]\nb.workspace = true\n[dev-dependencies]\nfor-tests = '1'\n\
                 [target.'cfg(unix)'.build-dependencies]\nrenamed.workspace = true";
        let b = "[package]\nname = 'b'\n[dependencies]\nnear = { version = '2', optional = true }";
        let lock = "[[package]]\nname = 'a'\ndependencies = ['b', 'far', 'for-tests']\n[[package]]\nname = 'near'\ndependencies = ['deep 1.0.0']\n\
                    [[package]]\nname = 'deep'\nversion = '1.0.0'";
        let manifests = [(a.to_owned(), "a".to_owned()), (b.to_owned(), "folder/b".to_owned())];
        Workspace::of(manifest, &manifests, lock).unwrap()
    }

    #[test]
    fn dependencies_of_all_platforms_and_of_build_scripts_count_and_those_of_tests_do_not() {
        let [a, b] = &workspace().members[..] else { panic!("two members") };
        assert_eq!(a.dependencies.iter().map(String::as_str).collect::<Vec<_>>(), ["b", "far"]);
        assert_eq!((b.name.as_str(), b.folder.as_str()), ("b", "folder/b"));
    }

    #[test]
    fn a_chain_goes_through_members_and_packages() {
        let workspace = workspace();
        assert_eq!(workspace.chain("a", "deep").unwrap(), ["a", "b", "near", "deep"]);
        assert_eq!(workspace.chain("a", "for-tests"), None);
        assert_eq!(workspace.chain("b", "far"), None);
    }
}
