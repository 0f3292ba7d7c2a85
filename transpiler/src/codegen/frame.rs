//! The files that hardly depend on the network: the list of modules, the executable's main function, and Scarb's manifest.

/// `lib.cairo`: the modules. The executable and the contract are built separately, because only contracts count gas.
pub fn lib(modules: &[&str], parts: usize) -> String {
    let modules: String = modules.iter().map(|module| format!("mod {module};\n")).collect();
    let classes = if parts == 0 {
        ""
    } else {
        "#[cfg(target: 'starknet-contract')]\nmod class_hashes;\n#[cfg(target: 'starknet-contract')]\npub mod parts;\n"
    };
    format!(
        "{modules}pub mod model;\n\n#[cfg(target: 'starknet-contract')]\npub mod contract;\n{classes}\n#[cfg(target: 'executable')]\nmod main;\n"
    )
}

/// `main.cairo`: the program that the Cairo VM runs and proves. A proof only states the output, so the input is part of that.
pub fn main() -> String {
    "//! The program: values in, the same values and the results out, without lengths.\n//!\n\
     //! A proof of a run states what the program's output is, and nothing of its input: what is to be proven of both has to be output.\n\
     use maat_operators::io::Values;\n\n\
     #[executable]\n\
     fn main(input: Values) -> (Values, Values) {\n    \
         (input, Values { values: crate::model::predict(input.values) })\n\
     }\n"
    .to_owned()
}

/// `Scarb.toml`. The operator runtime and the interfaces travel with the package.
pub fn scarb_manifest(name: &str) -> String {
    let cairo = maat_cairo::COMPILER_VERSION;
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2025_12\"\ncairo-version = \"{cairo}\"\n\n\
         [dependencies]\nmaat_operators = {{ path = \"maat_operators\" }}\nmaat_interfaces = {{ path = \"maat_interfaces\" }}\n\
         starknet = \"{cairo}\"\ncairo_execute = \"{cairo}\"\n\n\
         [[target.starknet-contract]]\nsierra = true\ncasm = true\n\n[[target.executable]]\n\n\
         # Executables are built without gas: scarb --profile executable build\n\
         [profile.executable]\ninherits = \"release\"\n\n[profile.executable.cairo]\nenable-gas = false\n"
    )
}
