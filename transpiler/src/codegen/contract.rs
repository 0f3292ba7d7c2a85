//! The text of the Starknet contracts: the model's, and those of the parts that it calls.

use std::fmt::Write;

use maat_runtime::{Interval, Model, Tensor};
use maat_verifier::ModelCommitment;
use starknet_types_core::felt::Felt;

/// The path of the contract's module in the package.
pub fn path(package: &str) -> String {
    format!("{package}::contract::model_contract")
}

/// The path of the module with the contract of a part, counted from 1.
pub fn part_path(package: &str, part: usize) -> String {
    format!("{package}::parts::part_{part}::part_{part}_contract")
}

/// `contract.cairo`: the Starknet contract. If the network is split into `parts` classes, it calls these; 0 means that it computes
/// everything itself.
pub fn contract(model: &Model, digest: &str, commitment: Option<&ModelCommitment>, parts: usize) -> String {
    // Every range is within 32 bits: the runtime refuses other inputs, and primitives saturate to 32 bits or give 32-bit values that they take.
    let ports = |tensors: Vec<&Tensor>| {
        let mut text = String::new();
        for tensor in tensors {
            let dims = tensor.shape.dims().iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let scales = tensor.scales().iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
            let Interval { lo, hi } = tensor.range;
            let port = format!("shape: array![{dims}].span(), scales: array![{scales}].span(), lo: {lo}, hi: {hi}");
            let _ = write!(text, "\n                Port {{ {port} }},");
        }
        text
    };
    let inputs = ports(model.inputs().iter().collect());
    let outputs = ports(model.outputs().iter().map(|output| model.tensor(output.tensor)).collect());
    let commitment = commitment.map_or_else(|| "0".to_owned(), ModelCommitment::to_string);
    let (uses, network, run) = if parts == 0 { (String::new(), "crate::model::predict", String::new()) } else { by_parts(parts) };
    format!(
        r#"//! The network as a Starknet contract without state.

#[starknet::contract]
pub mod model_contract {{
    use maat_interfaces::model::{{IModel, Port}};{uses}

    #[storage]
    struct Storage {{}}

    #[abi(embed_v0)]
    impl ModelImpl of IModel<ContractState> {{
        fn predict(self: @ContractState, input: Span<i32>) -> Span<i32> {{
            infer(input)
        }}

        fn predict_batch(self: @ContractState, inputs: Span<Span<i32>>) -> Span<Span<i32>> {{
            let mut outputs = array![];
            for input in inputs {{
                outputs.append(infer(*input));
            }}
            outputs.span()
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

        fn model_commitment(self: @ContractState) -> felt252 {{
            {commitment}
        }}
    }}

    /// One inference.
    fn infer(input: Span<i32>) -> Span<i32> {{
        let mut values = array![];
        for value in input {{
            values.append((*value).into());
        }}
        let mut output = array![];
        for value in {network}(values.span()) {{
            output.append((*value).try_into().unwrap());
        }}
        output.span()
    }}
{run}}}
"#
    )
}

/// For a network in parts: what the contract uses, the name of the function that computes the network, and its text, a library call for
/// each part.
fn by_parts(parts: usize) -> (String, &'static str, String) {
    let uses = "\n    use maat_interfaces::layers::{ILayersDispatcherTrait, ILayersLibraryDispatcher};\n    use crate::class_hashes;";
    let mut text = "\n    /// The network, of which each part is a class of its own. The input is checked here, because those take what they are given.\n    \
         fn run(values: Span<felt252>) -> Span<felt252> {\n        crate::model::check(values);\n"
        .to_owned();
    for part in 1..=parts {
        let call = format!("ILayersLibraryDispatcher {{ class_hash: class_hashes::PART_{part} }}.run(values)");
        let _ = if part < parts { writeln!(text, "        let values = {call};") } else { writeln!(text, "        {call}\n    }}") };
    }
    (uses.to_owned(), "run", text)
}

/// `parts/part_1.cairo` and so on: the contract of a part, counted from 1.
pub fn part(part: usize, parts: usize) -> String {
    format!(
        r#"//! Part {part} of {parts} of the network, as a class of its own.

#[starknet::contract]
pub mod part_{part}_contract {{
    use maat_interfaces::layers::ILayers;

    #[storage]
    struct Storage {{}}

    #[abi(embed_v0)]
    impl LayersImpl of ILayers<ContractState> {{
        fn run(self: @ContractState, values: Span<felt252>) -> Span<felt252> {{
            crate::model::part_{part}(values)
        }}
    }}
}}
"#
    )
}

/// `parts.cairo`: the modules of the parts.
pub fn parts(parts: usize) -> String {
    let modules: String = (1..=parts).map(|part| format!("pub mod part_{part};\n")).collect();
    format!("//! The classes that the contract calls, one after the other.\n\n{modules}")
}

/// `class_hashes.cairo`: through these, the contract's own class hash fixes all classes.
pub fn class_hashes(hashes: &[Felt]) -> String {
    let mut text = "//! The classes of the parts, which are compiled before the contract.\nuse starknet::ClassHash;\n\n".to_owned();
    for (index, hash) in hashes.iter().enumerate() {
        let _ = writeln!(text, "pub const PART_{}: ClassHash = {hash:#x}.try_into().unwrap();", index + 1);
    }
    text
}
