//! `maat deploy`: a package onto a network; and the steps of a deployment as text and JSON, which `maat registry deploy` shows too.

use std::path::PathBuf;

use anyhow::bail;
use maat_package::PackageFolder;
use maat_starknet::config::parse_felt;
use maat_starknet::deploy::{DeployOptions, DeployStep, Deployment, deploy};
use serde_json::{Value, json};

use crate::inferences::{Caveated, Caveats};
use crate::network::{NetworkChoice, TransactionBounds, receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, fields};

/// Put a model package on Starknet: declare its classes, register it, deploy an instance
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  maat devnet start && maat deploy package\n  maat deploy package --network sepolia --name rocky --timelock 86400\n\n\
    What is already on the chain stays as it is, so a second run changes nothing, and an interrupted one can be run again. \
    The package is what `maat transpile` writes. Networks are listed in maat.toml:\n\n  \
    [networks.sepolia]\n  url = \"https://..\"\n  \
    chain_id = \"SN_SEPOLIA\"  # compared with the node's; a key needs it\n  \
    account = \"0x..\"\n  \
    key_env = \"MAAT_KEY\"     # or keystore = \"key.json\",\n                           \
    # with password_env or a prompt\n  \
    max_fee_strk = 50        # the most a transaction may cost; 100 by default\n  \
    registry = \"0x..\"        # by default that of `maat registry deploy`"
)]
pub struct Arguments {
    /// The package folder
    package: PathBuf,
    /// The model's name in the registry, where names are unique; by default the package's
    #[arg(long)]
    name: Option<String>,
    /// Seconds from the announcement that this version is deprecated or revoked until it takes effect, at most 2592000 (30 days). It cannot
    /// be changed later. By default 0: the owner can end the version at once, and whoever relies on it has to trust the owner
    #[arg(long, value_name = "SECONDS")]
    timelock: Option<u64>,
    /// Text to register with the version, at most 1024 bytes
    #[arg(long, value_name = "TEXT")]
    metadata: Option<String>,
    /// Use an existing version of this class even if it belongs to somebody else or has another timelock or text
    #[arg(long)]
    adopt: bool,
    /// Number that distinguishes instances of the same version, as 0x and hexadecimal digits
    #[arg(long, default_value = "0x0", value_name = "FELT")]
    salt: String,
    /// Send it even if it is larger or costs more than the network is known to allow
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// What is on the chain.
pub struct Deployed {
    pub deployment: Deployment,
    /// Whether the user said what the timelock is.
    pub timelock_given: bool,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Caveated<Deployed>> {
    let Some(salt) = parse_felt(&arguments.salt) else {
        bail!("--salt {}: it is not a felt: a felt is 0x and hexadecimal digits, below the modulus", arguments.salt)
    };
    let package = PackageFolder::open(&arguments.package)?;
    let progress = Progress::start("connecting");
    let client = arguments.network.connect()?;
    let account = arguments.bounds.account(&client)?;
    let Arguments { name, timelock, metadata, adopt, force, .. } = arguments;
    let options = DeployOptions { name, timelock, metadata, salt, adopt, force };
    let deployment = deploy(&account, &package, &options, &mut |step| progress.step(step))?;
    Ok(Caveats::of(&package.manifest).on(Deployed { deployment, timelock_given: timelock.is_some() }))
}

/// The steps of a deployment, one a line.
pub fn steps(steps: &[DeployStep]) -> String {
    let step = |step: &DeployStep| {
        let done = step.receipt.as_ref().map_or_else(|| "was there".to_owned(), |done| format!("done: {}", receipt(done)));
        format!("{:<18} {done}", step.what)
    };
    steps.iter().map(step).collect::<Vec<_>>().join("\n")
}

/// The same, for machines.
pub fn steps_json(steps: &[DeployStep]) -> Value {
    steps.iter().map(|step| json!({ "what": step.what, "receipt": step.receipt.as_ref().map(receipt_json) })).collect()
}

impl Response for Deployed {
    fn text(&self) -> String {
        let Deployment { registry, name, model, version, owner, timelock, class_hash, instance, steps: done, .. } = &self.deployment;
        let facts = [
            ("registry", format!("{registry:#066x}")),
            ("model", format!("{name} (number {model}), version {version}")),
            ("owner", format!("{owner:#066x}")),
            ("timelock", format!("{timelock} s")),
            ("class hash", format!("{class_hash:#066x}")),
            ("instance", format!("{instance:#066x}")),
        ];
        format!("{}\n\n{}", steps(done), fields(facts))
    }

    fn json(&self) -> Value {
        let Deployment { registry, name, model, version, owner, timelock, class_hash, instance, steps: done, .. } = &self.deployment;
        json!({
            "registry": format!("{registry:#066x}"),
            "name": name,
            "model": model,
            "version": version,
            "owner": format!("{owner:#066x}"),
            "timelock": timelock,
            "class_hash": format!("{class_hash:#066x}"),
            "instance": format!("{instance:#066x}"),
            "steps": steps_json(done),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let Deployment { name, version, owner, account, timelock, registered, .. } = &self.deployment;
        let mut warnings = Vec::new();
        if *registered && !self.timelock_given {
            warnings.push(format!(
                "version {version} of {name} was registered with a timelock of 0 s: you can end it at once, and whoever relies on it has no \
                 notice. This cannot be changed; give --timelock SECONDS when you register another version or name"
            ));
        }
        if owner != account {
            warnings.push(format!("{name} belongs to {owner:#066x}, who can end version {version} {timelock} s after announcing it"));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;

    use super::*;

    fn warnings(owner: Felt, registered: bool, timelock_given: bool) -> Vec<String> {
        let deployment = Deployment {
            registry: Felt::ONE,
            name: "rocky".to_owned(),
            model: 1,
            version: 2,
            owner,
            account: Felt::ONE,
            timelock: 0,
            registered,
            class_hash: Felt::ONE,
            instance: Felt::ONE,
            steps: vec![],
        };
        Deployed { deployment, timelock_given }.warnings()
    }

    #[test]
    fn a_timelock_that_nobody_asked_for_is_warned_of() {
        let [warning] = &warnings(Felt::ONE, true, false)[..] else { panic!("one warning") };
        assert!(warning.contains("a timelock of 0 s: you can end it at once") && warning.contains("--timelock SECONDS"), "{warning}");
        assert_eq!(warnings(Felt::ONE, true, true), [""; 0]);
        assert_eq!(warnings(Felt::ONE, false, false), [""; 0]);
    }

    #[test]
    fn a_version_of_somebody_else_is_warned_of() {
        let [warning] = &warnings(Felt::TWO, false, false)[..] else { panic!("one warning") };
        assert!(warning.contains("2, who can end version 2 0 s after announcing it"), "{warning}");
    }
}
