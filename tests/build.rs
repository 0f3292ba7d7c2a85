//! Tells the tests which data lies on this machine, so that those that need what is not there are listed as ignored.

use std::path::PathBuf;

/// The package that carries the Cairo core library, which the build of `maat-cairo` has cargo unpack, carries Cairo programs too.
const CARRIER: &str = "cairo-native-0.9.0-rc.5";

fn main() {
    // The original RockyBot data, beside the project.
    let data = std::path::Path::new("../../shared/data/rockybot/rockybot.onnx");
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    println!("cargo::rerun-if-changed={}", data.display());
    if data.is_file() {
        println!("cargo::rustc-cfg=shared_data");
    }

    println!("cargo::rustc-check-cfg=cfg(carried_programs)");
    println!("cargo::rerun-if-changed=build.rs");
    let carrier = carrier();
    if carrier.is_some() {
        println!("cargo::rustc-cfg=carried_programs");
    }
    println!("cargo::rustc-env=CARRIED_PROGRAMS={}", carrier.unwrap_or_default().display());
}

fn carrier() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    let folders: Vec<PathBuf> = registries.flatten().map(|registry| registry.path().join(CARRIER)).collect();
    // The build of `maat-cairo` may still be about to unpack it: a path that is missing makes cargo ask again.
    folders.iter().for_each(|folder| println!("cargo::rerun-if-changed={}", folder.display()));
    folders.into_iter().find(|folder| folder.is_dir())
}
