//! Embeds the Cairo core library and Maat's own packages in the crate, so that `maat` compiles Cairo anywhere, offline.
//!
//! No crate of the compiler carries the core library's sources; the package `cairo-native` does, as test data. `cargo info` downloads and
//! unpacks that one package with the user's own registry configuration and compiles nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

const PACKAGE: &str = "cairo-native";
const PACKAGE_VERSION: &str = "0.9.0-rc.5";
const CORELIB_IN_PACKAGE: &str = "test_data/programs/corelib/src";
/// sha256 of the `sha256sum` list (`<digest>  ./<path>`, sorted by path) of the core library 2.16.0, which cairo-lang 2.17.0 compiles against.
const CORELIB_DIGEST: &str = "616f70125c2c92e54ba185956f791be2f2e08abf6393283070973378d2b4f65f";
const OVERRIDE_VARIABLE: &str = "MAAT_BUILD_CORELIB";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={OVERRIDE_VARIABLE}");

    let corelib_dir = match std::env::var_os(OVERRIDE_VARIABLE) {
        Some(dir) => PathBuf::from(dir),
        None => {
            let package = unpacked_package();
            println!("cargo::metadata=package={}", package.display());
            package.join(CORELIB_IN_PACKAGE)
        }
    };
    let corelib = read_sources(&corelib_dir);
    let digest = sources_digest(&corelib);
    assert!(
        digest == CORELIB_DIGEST,
        "the Cairo core library in {} has digest {digest}, expected {CORELIB_DIGEST}: remove that folder so that cargo unpacks it \
         again, or point {OVERRIDE_VARIABLE} at the `src` folder of core library 2.16.0",
        corelib_dir.display()
    );

    embed("corelib.bin", &corelib);
    for package in [
        "operators",
        "corelib_imports",
        "interfaces",
        "registry",
        "stark",
        "verifier",
        "vault_interfaces",
        "history",
        "feeds",
        "adapters",
        "vault",
        "mocks",
    ] {
        println!("cargo::rerun-if-changed={package}/src");
        embed(&format!("{package}.bin"), &read_sources(&Path::new(package).join("src")));
    }
}

/// The folder into which cargo unpacked the package that carries the core library; asks cargo for it if it is not there yet.
fn unpacked_package() -> PathBuf {
    if let Some(dir) = find_unpacked() {
        return dir;
    }
    // Outside any workspace, so that cargo neither reads nor locks the one being built.
    let outside = std::env::temp_dir();
    let spec = format!("{PACKAGE}@{PACKAGE_VERSION}");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["info", &spec]).current_dir(outside).output().expect("cargo can be started");
    find_unpacked().unwrap_or_else(|| {
        panic!(
            "`cargo info {spec}` did not unpack the package that carries the Cairo core library. Run it by hand to see why, or point \
             {OVERRIDE_VARIABLE} at the `src` folder of core library 2.16.0.\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

fn find_unpacked() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .expect("CARGO_HOME or a home folder");
    let name = format!("{PACKAGE}-{PACKAGE_VERSION}");
    fs::read_dir(home.join("registry/src"))
        .ok()?
        .flatten()
        .map(|registry| registry.path().join(&name))
        // Cargo writes this file last, when the package is complete.
        .find(|package| package.join(".cargo-ok").is_file())
}

/// The `.cairo` files below `root`, by path relative to it.
fn read_sources(root: &Path) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("a readable folder entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "cairo") {
                let name = path.strip_prefix(root).expect("below the root").to_str().expect("a UTF-8 path").to_owned();
                sources.insert(name, fs::read_to_string(&path).expect("a UTF-8 source file"));
            }
        }
    }
    sources
}

fn sources_digest(sources: &BTreeMap<String, String>) -> String {
    // The list is sorted as `sort` sorts bytes, which is the order of the map's keys.
    let list: String = sources.iter().map(|(path, text)| format!("{:x}  ./{path}\n", Sha256::digest(text))).collect();
    format!("{:x}", Sha256::digest(list))
}

fn embed(name: &str, sources: &BTreeMap<String, String>) {
    let path = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(name);
    let file = fs::File::create(path).expect("OUT_DIR is writable");
    let mut encoder = flate2::write::DeflateEncoder::new(file, flate2::Compression::best());
    serde_json::to_writer(&mut encoder, sources).expect("sources serialise");
    encoder.finish().expect("OUT_DIR is writable");
}
