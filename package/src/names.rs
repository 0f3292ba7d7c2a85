//! The names of a package's files, in one place for writers and readers.

/// The manifest, which binds the files.
pub const MANIFEST: &str = "manifest.json";
/// The quantised model.
pub const MODEL: &str = "model.maat";
/// Verdict, accuracy, proven ranges and cost.
pub const REPORT: &str = "report.json";
/// The program for the Cairo VM.
pub const EXECUTABLE: &str = "target/executable.json";
/// The name of the model's class, as [`class_files`] takes it.
pub const CONTRACT: &str = "contract";

/// The name of a part's class; parts are counted from 0.
pub fn part_name(index: usize) -> String {
    format!("part_{}", index + 1)
}

/// The files of a class: Sierra and CASM.
pub fn class_files(name: &str) -> [String; 2] {
    ["sierra", "casm"].map(|kind| format!("target/{name}.{kind}.json"))
}
