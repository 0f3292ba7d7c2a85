use std::fmt::Write;

use maat_runtime::{Model, Tensor};

/// `lib.cairo`: the modules. The executable and the contract are built apart, because only contracts count gas.
pub fn lib(modules: &[&str]) -> String {
    let modules: String = modules.iter().map(|module| format!("mod {module};\n")).collect();
    format!(
        "{modules}pub mod model;\n\n#[cfg(target: 'starknet-contract')]\npub mod contract;\n\n#[cfg(target: 'executable')]\nmod main;\n"
    )
}

/// `main.cairo`: the program that the Cairo VM runs and proves. A proof states nothing but the output, so the input is part of it.
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

/// `contract.cairo`: the Starknet contract.
pub fn contract(model: &Model, digest: &str) -> String {
    let ports = |tensors: Vec<&Tensor>| {
        let mut text = String::new();
        for tensor in tensors {
            let dims = tensor.shape.dims().iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let _ = write!(text, "\n                Port {{ shape: array![{dims}].span(), scale: {} }},", tensor.scale);
        }
        text
    };
    let inputs = ports(model.inputs().iter().collect());
    let outputs = ports(model.outputs().iter().map(|output| model.tensor(output.tensor)).collect());
    format!(
        r#"//! The network as a Starknet contract without state.

/// An input or output: its axis lengths, and the exponent `s` of its scale; an integer `q` stands for `q * 2^-s`.
#[derive(Drop, Serde)]
pub struct Port {{
    pub shape: Span<u32>,
    pub scale: i32,
}}

#[starknet::interface]
pub trait IModel<TContractState> {{
    /// Runs the network. Takes all inputs one after the other, row-major, and gives all outputs so.
    ///
    /// Panics if the input has another length or a value is out of its range.
    fn predict(self: @TContractState, input: Span<i32>) -> Span<i32>;
    /// The inputs, in order.
    fn inputs(self: @TContractState) -> Span<Port>;
    /// The outputs, in order.
    fn outputs(self: @TContractState) -> Span<Port>;
    /// sha256 of the quantised model's file, `model.maat`.
    fn model_digest(self: @TContractState) -> u256;
}}

#[starknet::contract]
pub mod model_contract {{
    use super::Port;

    #[storage]
    struct Storage {{}}

    #[abi(embed_v0)]
    impl ModelImpl of super::IModel<ContractState> {{
        fn predict(self: @ContractState, input: Span<i32>) -> Span<i32> {{
            let mut values = array![];
            for value in input {{
                values.append((*value).into());
            }}
            let mut output = array![];
            for value in crate::model::predict(values.span()) {{
                output.append((*value).try_into().unwrap());
            }}
            output.span()
        }}

        fn inputs(self: @ContractState) -> Span<Port> {{
            array![{inputs}
            ]
                .span()
        }}

        fn outputs(self: @ContractState) -> Span<Port> {{
            array![{outputs}
            ]
                .span()
        }}

        fn model_digest(self: @ContractState) -> u256 {{
            0x{digest}
        }}
    }}
}}
"#
    )
}

/// `Scarb.toml`. The operator runtime travels with the package.
pub fn scarb_manifest(name: &str) -> String {
    let cairo = maat_cairo::COMPILER_VERSION;
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2025_12\"\ncairo-version = \"{cairo}\"\n\n\
         [dependencies]\nmaat_operators = {{ path = \"maat_operators\" }}\nstarknet = \"{cairo}\"\ncairo_execute = \"{cairo}\"\n\n\
         [[target.starknet-contract]]\nsierra = true\ncasm = true\n\n[[target.executable]]\n\n\
         # Executables are built without gas: scarb --profile executable build\n\
         [profile.executable]\ninherits = \"release\"\n\n[profile.executable.cairo]\nenable-gas = false\n"
    )
}
