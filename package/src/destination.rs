//! Writing a package to a folder. It replaces the package that is there and leaves everything else alone; until it is complete, nothing in
//! the folder changes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use maat_runtime::inert;

use crate::digest::sha256;
use crate::error::PackageError;
use crate::names::MANIFEST;
use crate::partial::{self, PACKAGE, REPLACED};

/// How many files a refusal names.
const NAMED: usize = 5;

/// What to do with files of an older package that were edited, and with the user's files at paths that the new package uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// Leave them alone, and do not write the package.
    Keep,
    /// Replace them.
    Replace,
}

/// A folder that a package can be written to.
#[derive(Debug)]
pub struct PackageDestination {
    /// With all symbolic links followed.
    folder: PathBuf,
    edits: Edits,
    /// Files that the package is made from.
    sources: Vec<PathBuf>,
}

/// Something in a folder: a file, a link, or an empty folder.
struct Found {
    path: PathBuf,
    is_folder: bool,
}

impl Found {
    /// Whether it has the path of a new file, lies below that path, or is a file where the new one needs a folder.
    fn is_in_the_way_of(&self, new: &Path) -> bool {
        self.path.starts_with(new) || (!self.is_folder && new.starts_with(&self.path))
    }
}

impl PackageDestination {
    /// Finds out whether a package can be written to a folder, before any work is spent on making it.
    ///
    /// # Errors
    /// The folder holds something that is not a package, is the working directory or above it, or cannot be written; or an older package in it
    /// was edited.
    pub fn new(folder: &Path, edits: Edits) -> Result<Self, PackageError> {
        Self::sparing(folder, edits, Vec::new())
    }

    /// As [`Self::new`], for a package that is made from some files. These are never replaced, whatever `edits` says.
    ///
    /// # Errors
    /// As for [`Self::new`]; and one of them is a file of the older package, under any name.
    pub fn sparing(folder: &Path, edits: Edits, sources: Vec<PathBuf>) -> Result<Self, PackageError> {
        let failed = |source| PackageError::Write { path: folder.to_path_buf(), source };
        let destination = Self { folder: partial::follow(folder).map_err(failed)?, edits, sources };
        let working = std::env::current_dir().and_then(fs::canonicalize).map_err(failed)?;
        if working.starts_with(&destination.folder) {
            return Err(PackageError::WorkingDirectory { path: folder.to_path_buf() });
        }
        destination.others(&[])?;
        // Files without a name: nothing is left of them, whatever happens.
        let existing = destination.folder.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        for folder in [existing, &destination.folder].into_iter().filter(|folder| folder.exists()) {
            tempfile::tempfile_in(folder).map_err(failed)?;
        }
        Ok(destination)
    }

    /// Puts a package's files in place. Until all are written, nothing of the folder changes.
    ///
    /// # Errors
    /// As for [`Self::new`]; and the user has a file where the package has one.
    pub fn write(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<(), PackageError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| PackageError::Write { path, source }
        };
        let folder = self.folder.as_path();
        let others = self.others(&files.keys().map(Path::new).collect::<Vec<_>>())?;
        let parent = folder.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(failed(parent))?;
        partial::remove_abandoned(parent);
        // Next to its destination, so that the last step is a rename within one file system.
        let staged = partial::builder().tempdir_in(parent).map_err(failed(parent))?;
        let complete = staged.path().join(PACKAGE);
        let place = |path: &Path| {
            let path = complete.join(path);
            let below = path.parent().unwrap_or(&complete);
            fs::create_dir_all(below).map_err(failed(below)).map(|()| path)
        };
        for (path, bytes) in files {
            let path = place(Path::new(path))?;
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        for Found { path, is_folder } in others {
            if is_folder {
                let path = complete.join(path);
                fs::create_dir_all(&path).map_err(failed(&path))?;
                continue;
            }
            // A second name for the same file; a copy only where the file system has no such links.
            let (from, to) = (folder.join(&path), place(&path)?);
            fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ())).map_err(failed(&folder.join(&path)))?;
        }
        if folder.exists() {
            keep_permissions(folder, &complete).map_err(failed(folder))?;
            let replaced = staged.path().join(REPLACED);
            return partial::replace(folder, &complete, &replaced).map_err(|source| {
                // This may be the only copy, so it must not be removed with the staging folder.
                if replaced.exists() {
                    let _ = staged.keep();
                }
                PackageError::Write { path: folder.to_path_buf(), source }
            });
        }
        fs::rename(&complete, folder).map_err(failed(folder))
    }

    /// What is in the folder, does not belong to the package there, and is kept. `new` are the paths of the new package's files.
    fn others(&self, new: &[&Path]) -> Result<Vec<Found>, PackageError> {
        let folder = self.folder.as_path();
        let failed = |source| PackageError::Read { path: folder.to_path_buf(), source };
        let occupied = || PackageError::Occupied { path: folder.to_path_buf() };
        match fs::symlink_metadata(folder) {
            // Nothing is there. If it only cannot be seen, it cannot be written either, and the attempt will say so.
            Err(_) => return Ok(Vec::new()),
            Ok(metadata) if !metadata.is_dir() => return Err(occupied()),
            Ok(_) => {}
        }
        let mut found = found_in(folder).map_err(failed)?;
        if found.is_empty() {
            return Ok(found);
        }
        let listed = listed(&folder.join(MANIFEST)).ok_or_else(occupied)?;
        found.retain(|Found { path, is_folder }| {
            *is_folder || path != Path::new(MANIFEST) && path.to_str().is_none_or(|path| !listed.contains_key(path))
        });
        let edited = |(path, digest): &(&String, &String)| match partial::read_file(&folder.join(path)) {
            Ok(bytes) => sha256(&bytes) != **digest,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        let mut lost: Vec<String> = listed.iter().filter(edited).map(|(path, _)| format!("{path} (edited)")).collect();
        // A folder cannot have the path of a file, nor a file that of a folder.
        let is_in_the_way = |found: &Found| new.iter().any(|new| found.is_in_the_way_of(new));
        let (in_the_way, others) = found.into_iter().partition::<Vec<_>, _>(is_in_the_way);
        let replaced = listed.keys().map(Path::new).chain([Path::new(MANIFEST)]).chain(in_the_way.iter().map(|found| found.path.as_path()));
        let replaced: Vec<PathBuf> = replaced.map(|path| folder.join(path)).collect();
        if let Some(source) = self.sources.iter().find(|source| replaced.iter().any(|path| partial::is_same(source, path))) {
            return Err(PackageError::Source { path: folder.to_path_buf(), source_file: source.clone() });
        }
        lost.extend(in_the_way.iter().map(|found| format!("{} (the new package has one of that name)", found.path.display())));
        if self.edits == Edits::Keep && !lost.is_empty() {
            let more = lost.len().saturating_sub(NAMED);
            lost.truncate(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            return Err(PackageError::Edited { path: folder.to_path_buf(), files: inert(&(lost.join(", ") + &more)) });
        }
        Ok(others)
    }
}

/// All files below a folder, and the empty folders, by their path from there. Links count as files.
fn found_in(folder: &Path) -> io::Result<Vec<Found>> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(within) = folders.pop() {
        let entries = fs::read_dir(folder.join(&within))?.collect::<io::Result<Vec<_>>>()?;
        if entries.is_empty() && !within.as_os_str().is_empty() {
            found.push(Found { path: within.clone(), is_folder: true });
        }
        for entry in entries {
            let path = within.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { found.push(Found { path, is_folder: false }) }
        }
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// All files below a folder, by their path from there. Links count as files.
///
/// # Errors
/// A folder cannot be read.
pub fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(found_in(folder)?.into_iter().filter(|found| !found.is_folder).map(|found| found.path).collect())
}

/// Gives the files and folders of a new package the permissions of the old ones: what was private stays private.
fn keep_permissions(old: &Path, new: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(new)?;
    if found.is_dir() {
        for entry in fs::read_dir(new)? {
            let name = entry?.file_name();
            keep_permissions(&old.join(&name), &new.join(name))?;
        }
    }
    // Folders last: nothing can be changed in one that is protected against writing.
    match fs::symlink_metadata(old) {
        Ok(old) if old.file_type() == found.file_type() && !old.is_symlink() => fs::set_permissions(new, old.permissions()),
        _ => Ok(()),
    }
}

/// The files that a package's manifest lists, with their digests, in any version of the format; nothing if it is not one of ours.
fn listed(manifest: &Path) -> Option<BTreeMap<String, String>> {
    let manifest: serde_json::Value = serde_json::from_slice(&partial::read_file(manifest).ok()?).ok()?;
    manifest.get("format")?.as_u64()?;
    manifest.get("model_sha256")?.as_str()?;
    let files: BTreeMap<String, String> = serde_json::from_value(manifest.get("files")?.clone()).ok()?;
    let within = |path: &String| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    files.keys().all(within).then_some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package of a few files, including the manifest.
    fn package(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let listed: BTreeMap<_, _> = files.iter().map(|(path, text)| (*path, sha256(text.as_bytes()))).collect();
        let manifest = serde_json::json!({ "format": 4, "model_sha256": "", "files": listed });
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        files.chain([(MANIFEST.to_owned(), manifest.to_string().into_bytes())]).collect()
    }

    fn write(folder: &Path, edits: Edits, files: &[(&str, &str)]) -> Result<(), PackageError> {
        PackageDestination::new(folder, edits)?.write(&package(files))
    }

    fn text(path: PathBuf) -> String {
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    const OLD: &[(&str, &str)] = &[("model.maat", "old"), ("src/lib.cairo", "old"), ("src/gone.cairo", "old")];
    const NEW: &[(&str, &str)] = &[("model.maat", "new"), ("src/lib.cairo", "new"), ("target/part_1.casm.json", "new")];

    #[test]
    fn the_users_files_stay_and_the_packages_go() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        fs::create_dir_all(folder.join("proofs/of/mine")).unwrap();
        for path in ["notes.txt", "src/mine.cairo", "proofs/of/mine/1.bin"] {
            fs::write(folder.join(path), path).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("/somewhere/else", folder.join("link")).unwrap();
        write(&folder, Edits::Keep, NEW).unwrap();
        for path in ["notes.txt", "src/mine.cairo", "proofs/of/mine/1.bin"] {
            assert_eq!(text(folder.join(path)), path);
        }
        #[cfg(unix)]
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), Path::new("/somewhere/else"));
        assert_eq!((text(folder.join("model.maat")), text(folder.join("src/lib.cairo"))), ("new".to_owned(), "new".to_owned()));
        assert!(!folder.join("src/gone.cairo").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn what_was_private_stays_private() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        fs::create_dir(folder.join("mine")).unwrap();
        fs::write(folder.join("mine/opening.json"), "").unwrap();
        let private = [("", 0o700), ("mine", 0o500), ("mine/opening.json", 0o400), ("model.maat", 0o600)];
        for (path, mode) in private {
            fs::set_permissions(folder.join(path), PermissionsExt::from_mode(mode)).unwrap();
        }
        write(&folder, Edits::Keep, NEW).unwrap();
        for (path, mode) in private {
            assert_eq!(fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
        }
        assert_eq!(text(folder.join("model.maat")), "new");
        // So that a user other than root can remove it.
        fs::set_permissions(folder.join("mine"), PermissionsExt::from_mode(0o700)).unwrap();
    }

    #[test]
    fn what_would_be_lost_is_named_and_goes_only_if_that_is_asked_for() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        fs::create_dir(folder.join("target")).unwrap();
        fs::write(folder.join("target/part_1.casm.json"), "mine").unwrap();
        let message = write(&folder, Edits::Keep, NEW).unwrap_err().to_string();
        assert!(message.contains("target/part_1.casm.json (the new package has one of that name)"), "{message}");
        fs::write(folder.join("src/lib.cairo"), "mine").unwrap();
        // An edited file is found before any work is done.
        let message = PackageDestination::new(&folder, Edits::Keep).unwrap_err().to_string();
        assert_eq!(message, format!("{} holds a package with files that would be lost: src/lib.cairo (edited)", folder.display()));
        assert_eq!((text(folder.join("src/lib.cairo")), text(folder.join("model.maat"))), ("mine".to_owned(), "old".to_owned()));
        fs::write(folder.join("notes.txt"), "kept all the same").unwrap();
        write(&folder, Edits::Replace, NEW).unwrap();
        assert_eq!(
            (text(folder.join("src/lib.cairo")), text(folder.join("target/part_1.casm.json"))),
            ("new".to_owned(), "new".to_owned())
        );
        assert_eq!(text(folder.join("notes.txt")), "kept all the same");
    }

    #[test]
    fn a_folder_does_not_make_room_for_a_file() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        fs::create_dir_all(folder.join("target/part_1.casm.json")).unwrap();
        fs::write(folder.join("target/part_1.casm.json/mine"), "mine").unwrap();
        let message = write(&folder, Edits::Keep, NEW).unwrap_err().to_string();
        assert!(message.contains("target/part_1.casm.json/mine"), "{message}");
    }

    #[test]
    fn empty_folders_of_the_user_stay() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        for path in ["proofs/of/mine", "target", "src/later"] {
            fs::create_dir_all(folder.join(path)).unwrap();
        }
        write(&folder, Edits::Keep, NEW).unwrap();
        assert!(folder.join("proofs/of/mine").is_dir() && folder.join("src/later").is_dir());
        assert_eq!(text(folder.join("target/part_1.casm.json")), "new");
        // One that has the path of a new file is named.
        fs::create_dir(folder.join("src/gone.cairo")).unwrap();
        let message = write(&folder, Edits::Keep, OLD).unwrap_err().to_string();
        assert!(message.contains("src/gone.cairo (the new package has one of that name)"), "{message}");
    }

    #[test]
    fn no_source_is_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        fs::write(folder.join("model.maat"), "an ONNX file").unwrap();
        let link = parent.path().join("link.onnx");
        #[cfg(unix)]
        std::os::unix::fs::symlink("package/model.maat", &link).unwrap();
        #[cfg(not(unix))]
        fs::copy(folder.join("model.maat"), &link).unwrap();
        let sparing = |source: PathBuf| PackageDestination::sparing(&folder, Edits::Replace, vec![source]);
        for source in [folder.join("model.maat"), link, folder.join("src/../model.maat")] {
            let message = sparing(source).unwrap_err().to_string();
            assert!(message.contains("it would replace ") && message.contains("Name another folder"), "{message}");
        }
        assert_eq!(text(folder.join("model.maat")), "an ONNX file");
        // What does not belong to the package stays, so it may be a source; but not at the path of a new file.
        fs::write(folder.join("network.onnx"), "").unwrap();
        sparing(folder.join("network.onnx")).unwrap().write(&package(OLD)).unwrap();
        fs::create_dir(folder.join("target")).unwrap();
        fs::write(folder.join("target/part_1.casm.json"), "").unwrap();
        let destination = sparing(folder.join("target/part_1.casm.json")).unwrap();
        assert!(matches!(destination.write(&package(NEW)), Err(PackageError::Source { .. })));
    }

    /// Anyone who looks while a package is replaced finds one, and so does the next run if this one is stopped.
    #[cfg(target_os = "linux")]
    #[test]
    fn there_is_a_package_at_every_moment() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        write(&folder, Edits::Keep, OLD).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let mut missing = 0;
                while !done.load(Ordering::Relaxed) {
                    missing += usize::from(!folder.is_dir());
                }
                missing
            });
            for _ in 0..200 {
                write(&folder, Edits::Keep, NEW).unwrap();
                write(&folder, Edits::Keep, OLD).unwrap();
            }
            done.store(true, Ordering::Relaxed);
            assert_eq!(looks.join().unwrap(), 0);
        });
    }

    #[test]
    fn many_files_are_counted() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("package");
        let names: Vec<String> = (0..8).map(|number| format!("{number}")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "old")).collect();
        write(&folder, Edits::Keep, &files).unwrap();
        names.iter().for_each(|name| fs::write(folder.join(name), "mine").unwrap());
        let message = PackageDestination::new(&folder, Edits::Keep).unwrap_err().to_string();
        assert!(message.contains("4 (edited) and 3 more"), "{message}");
    }

    #[test]
    fn a_manifest_of_something_else_is_none() {
        let parent = tempfile::tempdir().unwrap();
        let refused = |manifest: &str| {
            fs::write(parent.path().join(MANIFEST), manifest).unwrap();
            matches!(PackageDestination::new(parent.path(), Edits::Replace), Err(PackageError::Occupied { .. }))
        };
        // Of an extension of a browser; of nothing; of paths that lead out of the folder.
        assert!(refused(r#"{"manifest_version": 3, "name": "mine", "version": "1.0"}"#));
        assert!(refused("no JSON") && refused("{}") && refused(r#"{"format": 4, "model_sha256": "", "files": []}"#));
        assert!(refused(r#"{"format": 4, "model_sha256": "", "files": {"../thesis": ""}}"#));
        assert!(refused(r#"{"format": 4, "model_sha256": "", "files": {"/etc/passwd": ""}}"#));
        assert!(!refused(r#"{"format": 1, "model_sha256": "", "files": {}}"#));
        // Where there is no manifest, an empty folder counts too.
        fs::remove_file(parent.path().join(MANIFEST)).unwrap();
        fs::create_dir(parent.path().join("folder")).unwrap();
        assert!(matches!(PackageDestination::new(parent.path(), Edits::Replace), Err(PackageError::Occupied { .. })));
    }

    #[test]
    fn the_working_directory_is_not_replaced() {
        let working = std::env::current_dir().unwrap();
        for folder in [Path::new("."), Path::new(".."), &working, Path::new("/"), &working.join("src/..")] {
            let refused = PackageDestination::new(folder, Edits::Replace);
            assert!(matches!(refused, Err(PackageError::WorkingDirectory { .. })), "{}", folder.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_names_is_written() {
        use std::os::unix::fs::symlink;
        let parent = tempfile::tempdir().unwrap();
        let [link, real] = ["link", "real"].map(|name| parent.path().join(name));
        symlink("real", &link).unwrap();
        for files in [OLD, NEW] {
            write(&link, Edits::Keep, files).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new("real"));
            assert_eq!(text(real.join("model.maat")), files[0].1);
        }
    }

    #[test]
    fn what_a_stopped_run_left_beside_a_package_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(".maat-a1B2c3.partial");
        fs::create_dir_all(left.join(PACKAGE)).unwrap();
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(1_000_000);
        fs::File::open(&left).unwrap().set_modified(old).unwrap();
        write(&parent.path().join("package"), Edits::Keep, OLD).unwrap();
        assert!(!left.exists());
    }
}
