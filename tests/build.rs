//! Tells the tests where Cairo programs of others lie on this machine, so that those that need what is not there are listed as ignored.

use std::path::Path;

/// The package that carries the Cairo core library carries Cairo programs too. The build script of `maat-cairo`, which unpacks it, has run
/// before this one; it names none if the core library was given to it. No path is watched: cargo would run this script again and again
/// while one is missing.
const PACKAGE: &str = "DEP_MAAT_CORELIB_PACKAGE";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(carried_programs)");
    let package = std::env::var(PACKAGE).unwrap_or_default();
    if Path::new(&package).is_dir() {
        println!("cargo::rustc-cfg=carried_programs");
    }
    println!("cargo::rustc-env=CARRIED_PROGRAMS={package}");
}
