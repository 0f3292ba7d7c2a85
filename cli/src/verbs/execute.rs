//! `maat execute`: a deployed model's outputs from the chain, compared with the runtime's.

use std::path::PathBuf;

use anyhow::{anyhow, bail, ensure};
use maat_cairo::gas;
use maat_package::run_contract;
use maat_runtime::Executor;
use maat_starknet::config::parse_felt;
use maat_starknet::{ExecutionTarget, Receipt, Registry};
use serde::Serialize;
use serde_json::{Value, json};

use super::run::{Tensors, collect};
use crate::files;
use crate::inferences::{Caveated, Inferences, Strictness};
use crate::network::{NetworkChoice, TransactionBounds, receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, builtin_uses, grouped, percent};

/// Run a deployed model on Starknet, as a call or in a transaction
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  maat execute package --input in.json\n  maat execute package --input in.json --network sepolia --invoke\n\n\
    The input file has the format of `maat run`. `maat deploy` puts a package on the chain. Every result is compared with the runtime's. \
    With --invoke, a batch takes as few transactions as the network's limits allow."
)]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// The inputs; `-` for the standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The model's name in the registry; by default the package's
    #[arg(long)]
    name: Option<String>,
    /// Execute this instance instead of the registry's own, as 0x and hexadecimal digits
    #[arg(long, value_name = "ADDRESS")]
    instance: Option<String>,
    /// Send transactions and wait for them, instead of calls, which cost nothing and leave no trace
    #[arg(long)]
    invoke: bool,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
    #[command(flatten)]
    strictness: Strictness,
}

/// What an execution gave and cost.
pub struct ChainRun {
    tensors: Tensors,
    inferences: usize,
    receipts: Vec<Receipt>,
    part: ModelPart,
}

/// What the model's class takes by itself for the first input, in the Cairo VM here: an account, the registry and the payment add to it.
#[derive(Serialize)]
struct ModelPart {
    steps: u64,
    builtins: std::collections::BTreeMap<String, u64>,
    /// Computed from these and the library calls by Starknet's versioned constants.
    l2_gas: u64,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Caveated<ChainRun>> {
    let Inferences { package, model, inferences: batch, caveats } =
        Inferences::read(&arguments.package, &arguments.input, arguments.strictness)?;
    let Some(first) = batch.first() else { bail!("{} holds no inputs", files::called(&arguments.input).display()) };
    let instance = match &arguments.instance {
        Some(text) => Some(
            parse_felt(text).ok_or_else(|| anyhow!("--instance {text}: it is not an address: an address is 0x and hexadecimal digits"))?,
        ),
        None => None,
    };

    let progress = Progress::start("running the contract here");
    let (contract, layers) = (package.contract()?, package.layer_classes()?);
    let (_, alone) = run_contract(&model, &contract, &layers, first)?;
    progress.step("connecting");
    let client = arguments.network.connect()?;
    let registry = Registry::find(&client)?;
    let target = match instance {
        Some(instance) => ExecutionTarget::Instance(instance),
        None => {
            let name = arguments.name.as_deref().unwrap_or(&package.manifest.name);
            let not_registered = || anyhow!("the registry has no model {name} with the class of this package; `maat deploy` registers it");
            let registered = registry.model_by_name(name)?.ok_or_else(not_registered)?;
            let version = registry.version_by_class(&registered, contract.class_hash())?.ok_or_else(not_registered)?;
            ExecutionTarget::Version { model: registered.id, version }
        }
    };

    let inputs: Vec<Vec<i32>> = batch.iter().map(|inputs| inputs.concat()).collect();
    progress.step(if arguments.invoke { "executing in a transaction" } else { "executing" });
    let (outputs, receipts) = if arguments.invoke {
        let account = arguments.bounds.account(&client)?;
        let executed = registry.invoke(&account, target, &inputs, Some(alone.steps))?;
        (executed.outputs, executed.receipts)
    } else {
        (registry.call(target, &inputs, Some(alone.steps))?, Vec::new())
    };
    progress.step("comparing with the runtime");
    let expected = Executor::run_batch(&model, &batch)?;
    for (index, (found, expected)) in outputs.iter().zip(&expected).enumerate() {
        ensure!(
            *found == expected.concat(),
            "the chain and the runtime disagree on input {}: {found:?} and {:?}; is it an instance of another model?",
            index + 1,
            expected.concat()
        );
    }
    let of_resources = gas::of_execution(alone.steps, &alone.builtins);
    let l2_gas = of_resources.map_or(alone.gas, |gas| gas + gas::LIBRARY_CALL * alone.library_calls);
    Ok(caveats.on(ChainRun {
        tensors: collect(&model, &expected, &package.manifest.provenance.texts),
        inferences: inputs.len(),
        receipts,
        part: ModelPart { steps: alone.steps, builtins: alone.builtins, l2_gas },
    }))
}

impl Response for ChainRun {
    fn text(&self) -> String {
        let Self { tensors, inferences, receipts, part } = self;
        let mut lines = vec![tensors.text()];
        lines.push(format!("{} on the chain, every integer equal to the runtime's", inferences_text(*inferences)));
        lines.push(format!(
            "model part: {} Cairo steps ({} of a transaction's limit), builtins {}, {} L2 gas ({}), for one inference",
            grouped(part.steps),
            percent(part.steps as f64 / maat_cairo::limits::TRANSACTION_STEPS as f64),
            builtin_uses(&part.builtins),
            grouped(part.l2_gas),
            percent(part.l2_gas as f64 / maat_cairo::limits::TRANSACTION_L2_GAS as f64)
        ));
        lines.extend(receipts.iter().map(|done| format!("transaction {}", receipt(done))));
        if receipts.is_empty() {
            lines.push("called, without a transaction; --invoke sends one".to_owned());
        }
        lines.join("\n")
    }

    fn json(&self) -> Value {
        json!({
            "outputs": self.tensors.json(),
            "inferences": self.inferences,
            "model_part": self.part,
            "transactions": self.receipts.iter().map(receipt_json).collect::<Vec<_>>(),
        })
    }
}

fn inferences_text(count: usize) -> String {
    if count == 1 { "1 inference".to_owned() } else { format!("{} inferences", grouped(count as u64)) }
}
