use std::path::PathBuf;

use anyhow::bail;
use maat_starknet::config::parse_felt;
use maat_starknet::deploy::{Deployment, Options, Step, deploy};
use maat_transpiler::PackageFolder;
use serde_json::{Value, json};

use crate::inferences::{Caveated, Caveats};
use crate::network::{NetworkChoice, TransactionBounds, receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, fields};

/// Put a model package on Starknet: declare its classes, register it, deploy an instance
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  maat devnet start && maat deploy package\n  maat deploy package --network sepolia --name rocky --timelock 86400\n\n\
    What is on the chain already is left as it is, so a second run changes nothing, and one that was cut off can be run again. The package is\n\
    what `maat transpile` writes. Networks stand in maat.toml:\n\n  \
    [networks.sepolia]\n  url = \"https://..\"\n  chain_id = \"SN_SEPOLIA\"      # checked, if given\n  account = \"0x..\"\n  \
    key_env = \"MAAT_KEY\"           # or keystore = \"key.json\", with password_env or a prompt\n  \
    registry = \"0x..\"            # by default the one that `maat registry deploy` makes"
)]
pub struct Arguments {
    /// The package folder
    package: PathBuf,
    /// The model's name in the registry, where names are unique; by default the package's
    #[arg(long)]
    name: Option<String>,
    /// Seconds between the announcement that this version is deprecated or revoked and its effect; at most 2592000, 30 days. It cannot be
    /// changed later
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    timelock: u64,
    /// Text to register with the version
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    metadata: String,
    /// Number that distinguishes instances of the same version, as 0x and hexadecimal digits
    #[arg(long, default_value = "0x0", value_name = "FELT")]
    salt: String,
    /// Send what is larger or dearer than the network allows, as far as is known
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// What is on the chain.
pub struct Deployed(pub Deployment);

pub fn run(arguments: Arguments) -> anyhow::Result<Caveated<Deployed>> {
    let Some(salt) = parse_felt(&arguments.salt) else {
        bail!("--salt {}: it is no felt: 0x and hexadecimal digits, below the modulus", arguments.salt)
    };
    let package = PackageFolder::open(&arguments.package)?;
    let progress = Progress::start("connecting");
    let client = arguments.network.connect()?;
    let account = arguments.bounds.account(&client)?;
    let Arguments { name, timelock, metadata, force, .. } = arguments;
    let options = Options { name, timelock, metadata, salt, force };
    let deployed = Deployed(deploy(&account, &package, &options, &mut |step| progress.step(step))?);
    Ok(Caveats::of(&package.manifest).on(deployed))
}

/// The steps of a deployment, one a line.
pub fn steps(steps: &[Step]) -> String {
    let step = |step: &Step| {
        let done = step.receipt.as_ref().map_or_else(|| "was there".to_owned(), |done| format!("done: {}", receipt(done)));
        format!("{:<18} {done}", step.what)
    };
    steps.iter().map(step).collect::<Vec<_>>().join("\n")
}

/// The same, for machines.
pub fn steps_json(steps: &[Step]) -> Value {
    steps.iter().map(|step| json!({ "what": step.what, "receipt": step.receipt.as_ref().map(receipt_json) })).collect()
}

impl Response for Deployed {
    fn text(&self) -> String {
        let Deployment { registry, name, model, version, class_hash, instance, steps: done } = &self.0;
        let facts = [
            ("registry", format!("{registry:#066x}")),
            ("model", format!("{name} (number {model}), version {version}")),
            ("class hash", format!("{class_hash:#066x}")),
            ("instance", format!("{instance:#066x}")),
        ];
        format!("{}\n\n{}", steps(done), fields(facts))
    }

    fn json(&self) -> Value {
        let Deployment { registry, name, model, version, class_hash, instance, steps: done } = &self.0;
        json!({
            "registry": format!("{registry:#066x}"),
            "name": name,
            "model": model,
            "version": version,
            "class_hash": format!("{class_hash:#066x}"),
            "instance": format!("{instance:#066x}"),
            "steps": steps_json(done),
        })
    }
}
