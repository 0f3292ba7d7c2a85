//! Checks a package against its `model.maat`: everything else in it is made again and compared.
//!
//! Recomputed are the commitment with its entries, the Cairo sources, the program and its hash, the classes and their hashes, and the cost.
//! Only these are taken from the manifest, because they say what to make: presets, batch sizes and layouts, whether there is Cairo, and the
//! number of classes. What needs the
//! float network (verdict, accuracy and error bounds) is not recomputed, nor is where the model comes from. But the manifest's verdict,
//! which is repeated wherever the package is used, must be the report's.

use std::collections::BTreeSet;
use std::path::Path;

use maat_cairo::Compiler;
use maat_package::partial::read_file;
use maat_package::{
    Cairo, ClassHashes, Cost, MANIFEST, MODEL, Manifest, PackageError, PackageFolder, Proving, REPORT, Report, Versions, differences,
    files_in, json_of, sha256,
};
use maat_prover::recomputed;
use maat_runtime::{Model, inert};
use maat_verifier::{Entries, ModelCommitment};
use serde_json::Value;

use super::cairo::{self, CairoChoice, NOT_WANTED};
use super::commit::commit;
use super::compile::{Compiled, Compiling};
use super::cost;
use super::package::{BuildOptions, generated_files};
use crate::codegen::Draft;
use crate::error::TranspileError;

/// The folder of classes and of the executable.
const TARGET: &str = "target";
/// A file that Scarb puts there.
const SCARBS: &str = "CACHEDIR.TAG";

/// A part of a package that was made again and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A file, or a statement of the manifest.
    pub what: String,
    /// What differs, in words; empty if nothing does.
    pub differences: Vec<String>,
}

/// What the comparison of a package with its model has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// sha256 of the `model.maat` that everything was made from.
    pub model_sha256: String,
    /// Each part that was made again, in the order of the work.
    pub findings: Vec<Finding>,
    /// Whether the commitment is among them. That of a private model follows from its seed, too.
    pub commitment: bool,
}

impl Checked {
    /// Whether the package is what its model gives.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.differences.is_empty())
    }

    fn add(&mut self, what: impl Into<String>, differences: impl IntoIterator<Item = String>) {
        self.findings.push(Finding { what: what.into(), differences: differences.into_iter().collect() });
    }

    /// Compares what the manifest says with what the model gives.
    fn compare(&mut self, what: &str, manifest: &str, model: &str) {
        let difference = (manifest != model).then(|| format!("{manifest} in the manifest, {model} from the model"));
        self.add(what, difference);
    }
}

/// Makes everything again that follows from the package's model, and compares it with the package.
///
/// # Errors
/// The model or the report cannot be read, or the package was made by other versions of Maat, the compiler or the core library, which
/// generate other code.
pub fn check(package: &PackageFolder, compiler: &Compiler, progress: &mut dyn FnMut(&str)) -> Result<Checked, TranspileError> {
    let Manifest { versions, files, .. } = &package.manifest;
    let own = Versions::of(compiler);
    if *versions != own {
        let reason = format!("it was made by {}, and only these versions can check it; this is {}", said(versions), said(&own));
        return Err(PackageError::Mismatch { path: package.folder.clone(), reason }.into());
    }
    let path = package.folder.join(MODEL);
    let bytes = read(&path)?;
    let model = Model::from_bytes(&bytes).map_err(|source| PackageError::Format { path, source })?;
    let mut checked = Checked { model_sha256: sha256(&bytes), findings: Vec::new(), commitment: true };
    checked.compare("name", &package.manifest.name, model.name());
    checked.compare("model digest", &package.manifest.model_sha256, &sha256(&bytes));

    let proving = check_commitment(package, &model, &mut checked, progress)?;
    let Some(compiled) = compiled(package, &model, &proving, compiler, &mut checked, progress)? else { return Ok(checked) };
    let compiled = compiled.as_ref();

    progress("comparing the files");
    let expected = generated_files(&model, compiled);
    for (file, bytes) in &expected {
        checked.add(file, file_differences(package, file, bytes));
    }
    let report = package.folder.join(REPORT);
    let bytes = read(&report)?;
    let mut wrong: Vec<String> = file_differences(package, REPORT, &bytes);
    // Written and read once, as the report's was: a number may lose its last bit on the way.
    let cost = compiled.map(|compiled| cost::measure(&model, compiled)).transpose()?;
    let cost = serde_json::to_vec(&cost).expect("plain data serialises");
    let cost: Option<Cost> = serde_json::from_slice(&cost).expect("what was written is read");
    match Report::read(&bytes) {
        Ok(report) => {
            if report.cost != cost {
                wrong.push("the cost is not that of the model".to_owned());
            }
            let other = report.verdict != package.manifest.verdict;
            checked.add("verdict", other.then(|| "the manifest has another verdict than the report".to_owned()));
            wrong.extend(unknown(&bytes, &report));
        }
        Err(error) => wrong.push(format!("it is not a report: {error}")),
    }
    checked.add(REPORT, wrong);
    checked.add(MANIFEST, unknown(&read(&package.folder.join(MANIFEST))?, &package.manifest));
    for file in files.keys().filter(|file| *file != REPORT && !expected.contains_key(*file)) {
        checked.add(file, ["the manifest lists it, but the model does not give it".to_owned()]);
    }
    for file in strangers(package, &expected.keys().map(String::as_str).collect())? {
        checked.add(inert(&file), ["it does not belong to the package, but lies where it would be taken for a part of it".to_owned()]);
    }
    Ok(checked)
}

/// The Cairo of a model, compiled as the manifest says, and its hashes compared; within, nothing if the package has none. Nothing at all if it
/// cannot be made.
fn compiled(
    package: &PackageFolder,
    model: &Model,
    proving: &Proving,
    compiler: &Compiler,
    checked: &mut Checked,
    progress: &mut dyn FnMut(&str),
) -> Result<Option<Option<Compiled>>, TranspileError> {
    match &package.manifest.cairo {
        // Whether it was wanted is nothing that a model tells.
        Cairo::Absent { reason } if reason == NOT_WANTED => Ok(Some(None)),
        Cairo::Absent { reason } => {
            let unasked = (CairoChoice::Auto, None);
            let planned = cairo::plan(model, unasked.0, unasked.1)?;
            let (own, _, ()) = cairo::compile(&planned, |_| Ok((proving.clone(), ())), unasked, compiler, progress)?;
            let own = own.err().unwrap_or_else(|| "none: the model has a program and classes".to_owned());
            checked.compare("reason why there is no Cairo", reason, &own);
            Ok(Some(None))
        }
        Cairo::Compiled { layer_classes, .. } => {
            let parts = layer_classes.len();
            let draft = Draft::new(model)?;
            let compiled =
                std::thread::scope(|scope| Compiling::start(scope, &draft, Some(parts), compiler).finish(proving.commitment(), progress));
            match compiled {
                Ok(compiled) => {
                    check_hashes(&package.manifest.cairo, &compiled, checked)?;
                    Ok(Some(Some(compiled)))
                }
                // The number of classes comes from the manifest, and is checked nowhere else.
                Err(error) => {
                    checked
                        .add("classes", [format!("the manifest has {parts} parts, but the model cannot be split into as many: {error}")]);
                    Ok(None)
                }
            }
        }
    }
}

/// Files that the model does not give and the manifest does not list, in a folder of sources or directly in `target`. What a compiler
/// writes is in folders below that.
fn strangers(package: &PackageFolder, expected: &BTreeSet<&str>) -> Result<Vec<String>, TranspileError> {
    let folders: BTreeSet<&str> = expected.iter().filter_map(|file| file.rsplit_once('/')).map(|(folder, _)| folder).collect();
    let mut strangers = BTreeSet::new();
    for folder in folders {
        let path = package.folder.join(folder);
        if !path.exists() {
            continue;
        }
        let files = files_in(&path).map_err(|source| PackageError::Read { path, source })?;
        let files = files.iter().filter(|file| folder != TARGET || (file.components().count() == 1 && **file != Path::new(SCARBS)));
        strangers.extend(files.map(|file| format!("{folder}/{}", file.display())));
    }
    strangers.retain(|file| !expected.contains(file.as_str()) && !package.manifest.files.contains_key(file));
    Ok(strangers.into_iter().collect())
}

/// The commitment and its entries, made again.
fn check_commitment(
    package: &PackageFolder,
    model: &Model,
    checked: &mut Checked,
    progress: &mut dyn FnMut(&str),
) -> Result<Proving, TranspileError> {
    let manifest = &package.manifest.proving;
    progress("committing to the model");
    // Those of a private model, too: no other may have further ones, and any that are there could be another model's.
    for further in &package.manifest.further {
        let wrong = match further {
            Proving::Committed { commitment, entries } => match recomputed(model, entries) {
                Ok(own) => committed_differences((commitment, entries), (&own.commitment(), &own)),
                Err(error) => vec![format!("the manifest has one more, but the model cannot be proven so: {error}")],
            },
            Proving::Unprovable { .. } => vec!["the manifest lists one more, which is none".to_owned()],
        };
        let private = package.is_private().then(|| "a private model has one commitment, and the manifest lists more".to_owned());
        checked.add("further commitment", private.into_iter().chain(wrong));
    }
    let proving = match manifest {
        Proving::Committed { entries, .. } if entries.are_private() => {
            // What the commitment is made of is not the package's to know.
            let own = Proving::Committed { commitment: entries.commitment(), entries: entries.clone() };
            let other = (*manifest != own).then(|| "the manifest's commitment is not that of its entries".to_owned());
            checked.add("the manifest's commitment is that of its entries", other);
            checked.commitment = false;
            return Ok(own);
        }
        Proving::Committed { entries, .. } => match recomputed(model, entries) {
            Ok(entries) => Proving::Committed { commitment: entries.commitment(), entries },
            Err(error) => {
                checked.add("model commitment", [format!("the manifest has one, but the model cannot be proven: {error}")]);
                return Ok(Proving::Unprovable { reason: error.to_string() });
            }
        },
        Proving::Unprovable { .. } => commit(model, &BuildOptions::default(), progress)?.0,
    };
    let wrong = match (manifest, &proving) {
        (Proving::Committed { commitment, entries }, Proving::Committed { commitment: own, entries: recomputed }) => {
            committed_differences((commitment, entries), (own, recomputed))
        }
        (manifest, proving) if manifest == proving => Vec::new(),
        (manifest, proving) => {
            let said = |proving: &Proving| match proving {
                Proving::Committed { commitment, .. } => commitment.to_string(),
                Proving::Unprovable { reason } => format!("none ({reason})"),
            };
            vec![format!("{} in the manifest, {} from the model", said(manifest), said(proving))]
        }
    };
    checked.add("model commitment", wrong);
    Ok(proving)
}

/// How a commitment of the manifest and its entries differ from the model's own.
fn committed_differences(manifest: (&ModelCommitment, &Entries), own: (&ModelCommitment, &Entries)) -> Vec<String> {
    let other = (manifest.0 != own.0).then(|| format!("{} in the manifest, {} from the model", manifest.0, own.0));
    other.into_iter().chain(differences(manifest.1, own.1)).collect()
}

/// The hashes of the program and of the classes.
fn check_hashes(manifest: &Cairo, compiled: &Compiled, checked: &mut Checked) -> Result<(), TranspileError> {
    let own = compiled.hashes();
    let (
        Cairo::Compiled { program_hash, class, layer_classes },
        Cairo::Compiled { program_hash: own_program, class: own_class, layer_classes: own_layers },
    ) = (manifest, &own)
    else {
        return Ok(());
    };
    checked.compare("program hash", program_hash, own_program);
    let mut classes = |of: String, manifest: &ClassHashes, own: &ClassHashes| {
        checked.compare(&format!("Sierra class hash{of}"), &manifest.sierra_class_hash, &own.sierra_class_hash);
        checked.compare(&format!("CASM class hash{of}"), &manifest.casm_class_hash, &own.casm_class_hash);
    };
    classes(String::new(), class, own_class);
    for (index, (manifest, own)) in layer_classes.iter().zip(own_layers).enumerate() {
        classes(format!(" of part {}", index + 1), manifest, own);
    }
    Ok(())
}

/// How a file, and what the manifest says about it, differ from what they should be.
fn file_differences(package: &PackageFolder, file: &str, expected: &[u8]) -> Vec<String> {
    let found = match read(&package.folder.join(file)) {
        Ok(bytes) if bytes == expected => None,
        Ok(_) => Some("it is not what the model gives".to_owned()),
        Err(PackageError::Read { source, .. }) => Some(format!("it cannot be read: {source}")),
        Err(error) => Some(error.to_string()),
    };
    let listed = match package.manifest.files.get(file) {
        Some(digest) if *digest == sha256(expected) => None,
        Some(_) => Some("the manifest has the digest of another file".to_owned()),
        None => Some("the manifest does not list it".to_owned()),
    };
    found.into_iter().chain(listed).collect()
}

/// The members of a file's JSON that are not part of its format, a sentence for each. No program reads them, but people who look at the
/// file do.
fn unknown(bytes: &[u8], known: &impl serde::Serialize) -> Vec<String> {
    fn compare(found: &Value, known: &Value, place: &str, unknown: &mut Vec<String>) {
        match (found, known) {
            (Value::Object(found), Value::Object(known)) => {
                for (key, value) in found {
                    let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                    match known.get(key) {
                        Some(known) => compare(value, known, &place, unknown),
                        None => unknown.push(format!("its member `{place}` is not part of the format")),
                    }
                }
            }
            (Value::Array(found), Value::Array(known)) => {
                found.iter().zip(known).for_each(|(found, known)| compare(found, known, place, unknown));
            }
            _ => {}
        }
    }
    let (Ok(found), known) = (json_of(bytes), serde_json::to_value(known).expect("plain data serialises")) else { return Vec::new() };
    let mut members = Vec::new();
    compare(&found, &known, "", &mut members);
    members
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    read_file(path).map_err(|source| PackageError::Read { path: path.to_path_buf(), source })
}

fn said(versions: &Versions) -> String {
    let Versions { maat, model_format, cairo, corelib } = versions;
    format!("Maat {maat} with model format {model_format}, compiler {cairo} and core library {corelib}")
}
