//! Layers and walls: which crate, which folder and which file may import which. The rules are the tables at the head of this file.
//!
//! `cargo test --release -p maat -p maat-tests --test end_to_end imports:: -- --nocapture` prints the layers of each crate.

use std::collections::BTreeSet;

use maat_runtime::Primitive;
use maat_tests::imports::{Graph, Import, Member, SourceCrate, Sources, Workspace, identifiers, rust_files};
use maat_tests::root;

/// What each crate may depend on of the workspace's other crates.
const CRATES: &[(&str, &[&str])] = &[
    ("maat-runtime", &[]),
    ("maat-verifier", &[]),
    ("maat-prover", &["maat-runtime", "maat-verifier"]),
    ("maat-cairo", &["maat-verifier"]),
    ("maat-package", &["maat-cairo", "maat-runtime", "maat-verifier"]),
    ("maat-transpiler", &["maat-cairo", "maat-package", "maat-prover", "maat-runtime", "maat-verifier"]),
    ("maat-starknet", &["maat-cairo", "maat-package", "maat-strategy"]),
    ("maat-strategy", &["maat-runtime", "maat-verifier"]),
    (
        "maat",
        &[
            "maat-cairo",
            "maat-package",
            "maat-prover",
            "maat-runtime",
            "maat-starknet",
            "maat-strategy",
            "maat-transpiler",
            "maat-verifier",
        ],
    ),
    (
        "maat-tests",
        &[
            "maat-cairo",
            "maat-package",
            "maat-prover",
            "maat-runtime",
            "maat-starknet",
            "maat-strategy",
            "maat-transpiler",
            "maat-verifier",
        ],
    ),
];

/// What a crate must not be built from, by whatever way.
const UNREACHABLE: &[(&str, &[&str])] = &[
    ("maat-runtime", &["tract-onnx", "cairo-lang-compiler", "cairo-vm"]),
    ("maat-verifier", &["tract-onnx", "cairo-lang-compiler", "cairo-vm", "winter-prover"]),
    ("maat-prover", &["tract-onnx", "cairo-lang-compiler", "cairo-vm"]),
    ("maat-cairo", &["tract-onnx", "maat-prover"]),
    ("maat-package", &["tract-onnx", "maat-prover", "maat-transpiler"]),
    ("maat-starknet", &["tract-onnx", "maat-prover", "maat-transpiler"]),
    ("maat-strategy", &["tract-onnx", "cairo-lang-compiler", "cairo-vm", "winter-prover"]),
];

/// Who may depend on tract.
const WITH_TRACT: &[&str] = &["maat-tests", "maat-transpiler"];

/// The files and folders of the transpiler. Each imports only from itself and from those above it.
const TRANSPILER: &[&str] =
    &["error", "float", "onnx", "lowering", "fuse", "calibrate", "quantise", "quality", "codegen", "build", "network"];

/// The only folder of the transpiler that names tract.
const ONNX: &str = "transpiler/src/onnx/";

/// The files of the command line that name the transpiler: all but `main.rs` are left out without the feature `transpile`.
const TRANSPILING: &[&str] = &[
    "cli/src/advice/transpiling.rs",
    "cli/src/main.rs",
    "cli/src/verbs/check.rs",
    "cli/src/verbs/demo.rs",
    "cli/src/verbs/operators.rs",
    "cli/src/verbs/transpile.rs",
];

/// The stages that have a file for each primitive.
const STAGES: &[&str] = &[
    "runtime/src/primitives",
    "prover/src/program/primitives",
    "transpiler/src/quantise",
    "transpiler/src/quality/certificate",
    "transpiler/src/codegen",
];

fn workspace() -> Workspace {
    Workspace::read(root()).unwrap_or_else(|error| panic!("{error}"))
}

fn sources(folder: &str) -> Sources {
    rust_files(root(), folder).unwrap_or_else(|error| panic!("{error}"))
}

/// The modules of a crate: of its library and of its program, if it has both.
fn modules(member: &Member) -> Vec<SourceCrate> {
    let sources = sources(&member.folder);
    let roots = ["lib", "main"].map(|root| format!("{}/src/{root}.rs", member.folder));
    let found = roots.iter().filter(|root| sources.contains_key(*root));
    let found: Vec<SourceCrate> = found.map(|root| SourceCrate::read(&sources, root).unwrap_or_else(|error| panic!("{error}"))).collect();
    assert!(!found.is_empty(), "{} has neither a library nor a program", member.name);
    found
}

/// Asserts that nothing is in the list, which a failure prints.
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn crates_depend_only_on_those_below_them() {
    let workspace = workspace();
    let (listed, members): (BTreeSet<&str>, BTreeSet<&str>) =
        (CRATES.iter().map(|(name, _)| *name).collect(), workspace.members.iter().map(|member| member.name.as_str()).collect());
    assert_eq!(listed, members, "the table of crates is not that of the workspace");
    let mut found = Vec::new();
    for member in &workspace.members {
        let (_, allowed) = CRATES.iter().find(|(name, _)| *name == member.name).unwrap();
        let others = member.dependencies.iter().map(String::as_str).filter(|dependency| members.contains(dependency));
        found.extend(others.filter(|dependency| !allowed.contains(dependency)).map(|other| format!("{} depends on {other}", member.name)));
        let uses_tract = member.dependencies.iter().any(|dependency| dependency.starts_with("tract"));
        if uses_tract && !WITH_TRACT.contains(&member.name.as_str()) {
            found.push(format!("{} depends on tract", member.name));
        }
    }
    for (from, unreachable) in UNREACHABLE {
        let chains = unreachable.iter().filter_map(|to| workspace.chain(from, to));
        found.extend(chains.map(|chain| format!("{} is built from {}: {}", from, chain.last().unwrap(), chain.join(" -> "))));
    }
    // A package that has another name by now is not a wall that holds.
    for name in ["tract-onnx", "cairo-lang-compiler", "cairo-vm", "winter-prover"] {
        assert!(workspace.chain("maat-tests", name).is_some(), "nothing is built from {name}");
    }
    assert_none("these dependencies are against the rules in tests/tests/imports.rs", &found);
}

#[test]
fn files_of_different_folders_do_not_import_each_other_in_circles() {
    let mut circles = Vec::new();
    for member in workspace().members {
        println!("\n{}", member.name);
        for graph in modules(&member).iter().map(Graph::new) {
            circles.extend(graph.circles().iter().map(ToString::to_string));
            for (depth, files) in graph.layers().iter().enumerate() {
                let short = |file: &&str| file.strip_prefix(&format!("{}/src/", member.folder)).unwrap_or(file).to_owned();
                println!("{depth:>3}  {}", files.iter().map(short).collect::<Vec<_>>().join("  "));
            }
        }
    }
    assert_none("files of different folders import each other", &circles);
}

/// Imports of a crate at `src` from a lower layer than the importing file's, and files that are in no layer. `lib.rs` is in none.
fn breaches(of: &SourceCrate, src: &str, layers: &[&str]) -> Vec<String> {
    let layer = |file: &str| {
        let name = file.strip_prefix(src).unwrap_or(file).split('/').next().unwrap_or_default();
        layers.iter().position(|layer| *layer == name.trim_end_matches(".rs"))
    };
    let is_root = |file: &str| file.strip_prefix(src) == Some("lib.rs");
    let homeless = of.files().into_iter().filter(|file| !is_root(file) && layer(file).is_none());
    let homeless = homeless.map(|file| format!("{file} is in no layer: {}", layers.join(", ")));
    // Where the name is defined counts, and so does the folder by which it is named, if that only hands it on.
    let named = |import: &Import| layer(import.path.strip_prefix("crate::")?.split("::").next()?);
    // What the root itself defines is in no layer, so that nothing may name it.
    let breaks =
        |import: &&Import| !is_root(&import.from) && (is_root(&import.to) || layer(&import.to).max(named(import)) > layer(&import.from));
    let imports = of.imports();
    let broken = imports.iter().filter(breaks).map(|import| format!("{import}, from a lower layer"));
    homeless.chain(broken).collect()
}

#[test]
fn the_transpilers_layers_import_only_from_above() {
    let workspace = workspace();
    let member = workspace.members.iter().find(|member| member.name == "maat-transpiler").unwrap();
    for of in modules(member) {
        assert_none("the transpiler's layers are in the wrong order", &breaches(&of, "transpiler/src/", TRANSPILER));
    }
}

#[test]
fn a_breach_of_layers_is_named_with_file_and_import() {
    let files = [
        ("src/lib.rs", "mod error; mod float; mod codegen; mod elsewhere; pub use codegen::Code;"),
        ("src/error.rs", "\nuse crate::Code; pub struct Error(Code);"),
        (
            "src/float.rs",
            "use crate::error::Error; // use crate::codegen::Code;\nconst NOT: &str = \"crate::codegen::Code\";\n\
             fn f(error: crate::codegen::Error) {}\nfn g(foreign: crate::codegen::Foreign) {}",
        ),
        ("src/codegen/mod.rs", "use crate::float; pub use crate::error::Error; pub use foreign::Foreign; pub struct Code;"),
        ("src/elsewhere.rs", ""),
    ];
    let sources = files.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect();
    let of = SourceCrate::read(&sources, "src/lib.rs").unwrap();
    assert_eq!(
        breaches(&of, "src/", &["error", "float", "codegen"]),
        [
            "src/elsewhere.rs is in no layer: error, float, codegen",
            "src/error.rs:2 imports `crate::Code` of src/codegen/mod.rs, from a lower layer",
            "src/float.rs:4 imports `crate::codegen::Foreign` of src/codegen/mod.rs, from a lower layer",
            "src/float.rs:3 imports `crate::codegen::Error` of src/error.rs, from a lower layer",
        ]
    );
}

#[test]
fn only_the_transpilers_onnx_folder_names_tract() {
    let mut found = Vec::new();
    for (file, source) in sources("transpiler").iter().filter(|(file, _)| !file.starts_with(ONNX)) {
        let names = identifiers(source).unwrap_or_else(|error| panic!("{file}, {error}"));
        found.extend(names.iter().filter(|(name, _)| name.starts_with("tract_")).map(|(name, line)| format!("{file}:{line}: {name}")));
    }
    // Nor does that folder hand any of it on.
    for (file, source) in sources("transpiler").iter().filter(|(file, _)| file.starts_with(ONNX)) {
        let lines = source.lines().enumerate().filter(|(_, line)| line.starts_with("pub") && line.contains("use tract_"));
        found.extend(lines.map(|(at, line)| format!("{file}:{}: {line}", at + 1)));
    }
    assert_none("tract is named elsewhere", &found);
}

/// Without the command line's feature `transpile`, the verbs that read packages are built without the transpiler.
#[test]
fn only_the_verbs_that_transpile_name_the_transpiler() {
    let manifest = std::fs::read_to_string(root().join("cli/Cargo.toml")).unwrap();
    assert!(manifest.contains("maat-transpiler = { workspace = true, optional = true }"), "the transpiler is not optional");
    let mut found = Vec::new();
    for (file, source) in sources("cli/src").iter().filter(|(file, _)| !TRANSPILING.contains(&file.as_str())) {
        let names = identifiers(source).unwrap_or_else(|error| panic!("{file}, {error}"));
        found.extend(names.iter().filter(|(name, _)| name == "maat_transpiler").map(|(_, line)| format!("{file}:{line}")));
    }
    assert_none("the transpiler is named elsewhere", &found);
}

#[test]
fn every_file_begins_with_what_it_holds() {
    let mut without = Vec::new();
    for member in workspace().members {
        let sources = sources(&member.folder);
        without.extend(sources.into_iter().filter(|(_, source)| !source.starts_with("//!")).map(|(file, _)| file));
    }
    assert_none("these files do not begin with `//!`", &without);
}

#[test]
fn every_stage_has_a_file_for_each_primitive() {
    let mut missing = Vec::new();
    for stage in STAGES {
        for name in Primitive::NAMES {
            let in_words: String = name
                .char_indices()
                .map(|(at, letter)| if at > 0 && letter.is_uppercase() { format!("_{letter}") } else { letter.into() })
                .collect();
            let file = format!("{stage}/{}.rs", in_words.to_lowercase());
            if !root().join(&file).is_file() {
                missing.push(file);
            }
        }
    }
    assert_none("these files are missing", &missing);
}
