//! Tells the tests whether the original RockyBot data lies beside the project, so that those that need it are listed as ignored without.

fn main() {
    let data = std::path::Path::new("../../shared/data/rockybot/rockybot.onnx");
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    println!("cargo::rerun-if-changed={}", data.display());
    if data.is_file() {
        println!("cargo::rustc-cfg=shared_data");
    }
}
