//! Tells the tests where third-party Cairo programs are on this machine, so that a test whose program is missing is listed as ignored.

use std::path::Path;

/// The package that carries the Cairo core library carries Cairo programs too. The build script of `maat-cairo`, which unpacks it, has run
/// before this one; it names none if it was given the core library. No path is watched: as long as one were missing, cargo would run this
/// script in every build.
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
