//! `maat registry`: the models of a network's registry, listed and managed.

use anyhow::{anyhow, bail};
use maat_runtime::units;
use maat_starknet::config::parse_felt;
use maat_starknet::deploy::{DeployStep, deploy_registry};
use maat_starknet::facts::Fact;
use maat_starknet::registry::{Lifecycle, RegisteredModel, RegisteredPort, RegisteredVersion, Status};
use maat_starknet::{Receipt, Registry};
use maat_strategy::hour::utc;
use maat_verifier::{Preset, hex_digits};
use serde_json::{Value, json};

use super::deploy::{steps, steps_json};
use crate::network::{NetworkChoice, TransactionBounds, receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, fields, table};

/// List and manage models in the registry
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  maat registry list\n  maat registry show rocky\n  maat registry facts rocky\n  maat registry revoke rocky --version 2\n  \
    maat registry transfer rocky --to 0x123..\n\n\
    MODEL is a name, or a number if no model has that name. `maat deploy` registers models. A version's end takes effect when its \
    timelock has passed, and can be cancelled until then; after that it is final. A transfer takes effect when the new owner accepts it."
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the models, or those of an owner
    #[command(after_help = "Examples:\n  maat registry list\n  maat registry list --owner 0x123.. --network sepolia")]
    List {
        /// Only models of this account
        #[arg(long, value_name = "ADDRESS")]
        owner: Option<String>,
        #[command(flatten)]
        network: NetworkChoice,
    },
    /// Show a model with its versions
    #[command(after_help = "Example:\n  maat registry show rocky")]
    Show {
        /// The model's name, or its number
        model: String,
        #[command(flatten)]
        network: NetworkChoice,
    },
    /// List what was proven of a model: by whom, when, and with how many bits of security
    #[command(after_help = "Examples:\n  maat registry facts rocky\n  maat registry facts rocky --start 100 --limit 50 --json\n\n\
        Facts come in the order of their first proofs. Bits are conjectured, and those of the best proof so far.")]
    Facts {
        /// The model's name, or its number
        model: String,
        /// How many to leave out
        #[arg(long, value_name = "N", default_value_t = 0)]
        start: u64,
        /// How many to list at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u64,
        #[command(flatten)]
        network: NetworkChoice,
    },
    /// Announce that no instances of a version will be deployed any more; it still runs
    #[command(after_help = "Example:\n  maat registry deprecate rocky --version 1")]
    Deprecate(OfVersion),
    /// Announce that a version will not run any more
    #[command(after_help = "Example:\n  maat registry revoke rocky --version 2")]
    Revoke(OfVersion),
    /// Cancel the announced end of a version before it takes effect
    #[command(after_help = "Example:\n  maat registry cancel rocky --version 2")]
    Cancel(OfVersion),
    /// Offer a model to a new owner, who has to accept it
    #[command(after_help = "Example:\n  maat registry transfer rocky --to 0x123..")]
    Transfer {
        /// The model's name, or its number
        model: String,
        /// The new owner's account; 0x0 takes an offer back
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        #[command(flatten)]
        network: NetworkChoice,
        #[command(flatten)]
        bounds: TransactionBounds,
    },
    /// Accept a model that was offered to the network's account
    #[command(after_help = "Example:\n  maat registry accept rocky --network sepolia")]
    Accept {
        /// The model's name, or its number
        model: String,
        #[command(flatten)]
        network: NetworkChoice,
        #[command(flatten)]
        bounds: TransactionBounds,
    },
    /// Deploy the registry where the network has none; on the local chain `maat deploy` does that
    #[command(after_help = "Example:\n  maat registry deploy --network sepolia")]
    Deploy {
        #[command(flatten)]
        network: NetworkChoice,
        #[command(flatten)]
        bounds: TransactionBounds,
    },
}

#[derive(clap::Args)]
struct OfVersion {
    /// The model's name, or its number
    model: String,
    /// The version; may be omitted if there is only one
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Box<dyn Response>> {
    let progress = Progress::start("connecting");
    match arguments.action {
        Action::List { owner, network } => {
            let owner = owner.map(|owner| address("--owner", &owner)).transpose()?;
            let client = network.connect()?;
            Ok(Box::new(Listed(Registry::find(&client)?.models(owner)?)))
        }
        Action::Show { model, network } => {
            let client = network.connect()?;
            let registry = Registry::find(&client)?;
            let model = registry.model(&model)?;
            Ok(Box::new(show(&registry, model)?))
        }
        Action::Facts { model, start, limit, network } => {
            let client = network.connect()?;
            let registry = Registry::find(&client)?;
            let model = registry.model(&model)?;
            let count = registry.fact_count(&model)?;
            let facts = registry.facts(&model, start, limit, count)?;
            Ok(Box::new(Facts { model, start, count, facts }))
        }
        Action::Deprecate(of) => retire(&of, &progress, Announcement::Deprecation),
        Action::Revoke(of) => retire(&of, &progress, Announcement::Revocation),
        Action::Cancel(of) => retire(&of, &progress, Announcement::Cancellation),
        Action::Transfer { model, to, network, bounds } => {
            let to = address("--to", &to)?;
            let client = network.connect()?;
            let registry = Registry::find(&client)?;
            let model = registry.model(&model)?;
            progress.step("offering the model");
            let receipt = registry.transfer_ownership(&bounds.account(&client)?, model.id, to)?;
            Ok(Box::new(Changed { receipt, after: show(&registry, registry.model_by_id(model.id)?)? }))
        }
        Action::Accept { model, network, bounds } => {
            let client = network.connect()?;
            let registry = Registry::find(&client)?;
            let model = registry.model(&model)?;
            progress.step("accepting the model");
            let receipt = registry.accept_ownership(&bounds.account(&client)?, model.id)?;
            Ok(Box::new(Changed { receipt, after: show(&registry, registry.model_by_id(model.id)?)? }))
        }
        Action::Deploy { network, bounds } => {
            let client = network.connect()?;
            let mut done = Vec::new();
            let registry = deploy_registry(&bounds.account(&client)?, &mut done, &mut |step| progress.step(step))?;
            Ok(Box::new(RegistryDeployed { address: format!("{:#066x}", registry.address()), done }))
        }
    }
}

fn address(flag: &str, text: &str) -> anyhow::Result<starknet_types_core::felt::Felt> {
    parse_felt(text).ok_or_else(|| anyhow!("{flag} {text}: it is not an address: an address is 0x and hexadecimal digits"))
}

/// What the owner says of a version.
enum Announcement {
    Deprecation,
    Revocation,
    Cancellation,
}

fn retire(of: &OfVersion, progress: &Progress, announcement: Announcement) -> anyhow::Result<Box<dyn Response>> {
    let client = of.network.connect()?;
    let registry = Registry::find(&client)?;
    let model = registry.model(&of.model)?;
    let version = match (of.version, model.versions) {
        (Some(version), _) => registry.version(&model, version)?.version,
        (None, 1) => 1,
        (None, versions) => bail!("model {} has {versions} versions: say with --version which one is meant", model.name.0),
    };
    progress.step("waiting for the transaction");
    let account = of.bounds.account(&client)?;
    let receipt = match announcement {
        Announcement::Deprecation => registry.deprecate(&account, model.id, version)?,
        Announcement::Revocation => registry.revoke(&account, model.id, version)?,
        Announcement::Cancellation => registry.cancel(&account, model.id, version)?,
    };
    Ok(Box::new(Changed { receipt, after: show(&registry, registry.model_by_id(model.id)?)? }))
}

fn show(registry: &Registry, model: RegisteredModel) -> anyhow::Result<Shown> {
    let versions = registry.versions(&model)?.into_iter().map(|version| {
        let lifecycle = registry.lifecycle(&model, version.version)?;
        Ok((version, lifecycle))
    });
    let versions = versions.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Shown { model, versions })
}

struct Listed(Vec<RegisteredModel>);

impl Response for Listed {
    fn text(&self) -> String {
        let rows = self
            .0
            .iter()
            .map(|model| [model.id.to_string(), model.name.0.clone(), model.versions.to_string(), format!("{:#066x}", model.owner)]);
        if self.0.is_empty() { "no models are registered".to_owned() } else { table(["", "model", "versions", "owner"], rows).to_string() }
    }

    fn json(&self) -> Value {
        json!({ "models": self.0.iter().map(model_json).collect::<Vec<_>>() })
    }
}

fn model_json(model: &RegisteredModel) -> Value {
    json!({
        "id": model.id,
        "name": model.name.0,
        "owner": format!("{:#066x}", model.owner),
        "pending_owner": offered(model).map(|owner| format!("{owner:#066x}")),
        "versions": model.versions,
    })
}

fn offered(model: &RegisteredModel) -> Option<starknet_types_core::felt::Felt> {
    Some(model.pending_owner).filter(|owner| *owner != starknet_types_core::felt::Felt::ZERO)
}

/// A page of what was proven of a model.
struct Facts {
    model: RegisteredModel,
    start: u64,
    count: u64,
    facts: Vec<Fact>,
}

/// The name of a preset, by its code.
fn preset(code: u8) -> String {
    Preset::from_code(code).map_or_else(|| format!("preset {code}"), |preset| preset.to_string())
}

impl Response for Facts {
    fn text(&self) -> String {
        let Self { model, start, count, facts } = self;
        let name = &model.name.0;
        if facts.is_empty() {
            return match count {
                0 => format!("nothing was proven of {name}"),
                count => format!("{name} has {count} facts: none after the first {start}"),
            };
        }
        let rows = facts.iter().map(|fact| {
            [
                format!("{:#066x}", fact.fact),
                fact.version.to_string(),
                format!("{} bits", fact.security_bits),
                format!("{}, {}", fact.kind.name(), preset(fact.preset)),
                utc(fact.proven_at),
                fact.block_number.to_string(),
                format!("{:#066x}", fact.prover),
            ]
        });
        let last = start.saturating_add(facts.len() as u64);
        let header = ["fact", "version", "security", "proof", "first proven", "block", "by"];
        format!("facts {} to {last} of {count} of {name}\n{}", start.saturating_add(1), table(header, rows))
    }

    fn json(&self) -> Value {
        let fact = |fact: &Fact| {
            json!({
                "fact": format!("{:#066x}", fact.fact),
                // Another model's, if somebody proved the same of a copy first.
                "model": fact.model,
                "version": fact.version,
                "security_bits": fact.security_bits,
                "kind": fact.kind.name(),
                "preset": preset(fact.preset),
                "proven_at": utc(fact.proven_at),
                "block": fact.block_number,
                "prover": format!("{:#066x}", fact.prover),
            })
        };
        json!({
            "model": model_json(&self.model), "start": self.start, "count": self.count,
            "facts": self.facts.iter().map(fact).collect::<Vec<_>>(),
        })
    }
}

/// A model with its versions.
struct Shown {
    model: RegisteredModel,
    versions: Vec<(RegisteredVersion, Lifecycle)>,
}

impl Response for Shown {
    fn text(&self) -> String {
        let model = &self.model;
        let mut facts = vec![("model", format!("{} (number {})", model.name.0, model.id)), ("owner", format!("{:#066x}", model.owner))];
        facts.extend(offered(model).map(|owner| ("offered to", format!("{owner:#066x}"))));
        let mut parts = vec![fields(facts)];
        parts.extend(self.versions.iter().map(version_text));
        parts.join("\n\n")
    }

    fn json(&self) -> Value {
        let mut value = model_json(&self.model);
        value["versions"] = self.versions.iter().map(version_json).collect();
        value
    }
}

fn version_text((version, lifecycle): &(RegisteredVersion, Lifecycle)) -> String {
    let port = |port: &RegisteredPort| {
        let scales: Vec<i32> = port.scales.iter().map(|scale| scale.0).collect();
        format!("{:?} * {} in {}..={}", &port.shape[..], units(&scales), port.lo.0, port.hi.0)
    };
    let ports = |ports: &[RegisteredPort]| ports.iter().map(port).collect::<Vec<_>>().join(", ");
    let mut facts = vec![
        ("version", format!("{}, {}", version.version, status(lifecycle.status))),
        ("class hash", format!("{:#066x}", version.class_hash)),
        ("model commitment", format!("{:#066x}", version.model_commitment)),
        ("program hash", format!("{:#066x}", version.program_hash)),
        ("inputs", ports(&version.inputs)),
        ("outputs", ports(&version.outputs)),
        ("instance", format!("{:#066x}", version.instance)),
        ("registered", format!("at Unix time {}", version.registered_at)),
        ("timelock", format!("{} s", version.timelock)),
    ];
    facts.extend(lifecycle.deprecated_from.map(|time| ("deprecated from", format!("Unix time {time}"))));
    facts.extend(lifecycle.revoked_from.map(|time| ("revoked from", format!("Unix time {time}"))));
    if !version.metadata.0.is_empty() {
        facts.push(("metadata", version.metadata.to_string()));
    }
    fields(facts)
}

fn version_json((version, lifecycle): &(RegisteredVersion, Lifecycle)) -> Value {
    let scales = |port: &RegisteredPort| port.scales.iter().map(|scale| scale.0).collect::<Vec<_>>();
    let ports = |ports: &[RegisteredPort]| -> Value {
        let port = |port: &RegisteredPort| json!({ "shape": &port.shape[..], "scales": scales(port), "lo": port.lo.0, "hi": port.hi.0 });
        ports.iter().map(port).collect()
    };
    let metadata = version.metadata.text();
    json!({
        "version": version.version,
        "status": status(lifecycle.status),
        "deprecated_from": lifecycle.deprecated_from,
        "revoked_from": lifecycle.revoked_from,
        "class_hash": format!("{:#066x}", version.class_hash),
        "model_commitment": format!("{:#066x}", version.model_commitment),
        "program_hash": format!("{:#066x}", version.program_hash),
        "inputs": ports(&version.inputs),
        "outputs": ports(&version.outputs),
        "metadata": metadata,
        // Anybody can register bytes that are not text.
        "metadata_bytes": metadata.is_none().then(|| hex_digits(&version.metadata.0)),
        "instance": format!("{:#066x}", version.instance),
        "timelock": version.timelock,
        "registered_at": version.registered_at,
    })
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Deprecated => "deprecated",
        Status::Revoked => "revoked",
    }
}

/// A model after a transaction.
struct Changed {
    receipt: Receipt,
    after: Shown,
}

impl Response for Changed {
    fn text(&self) -> String {
        format!("transaction {}\n\n{}", receipt(&self.receipt), self.after.text())
    }

    fn json(&self) -> Value {
        json!({ "transaction": receipt_json(&self.receipt), "model": self.after.json() })
    }
}

struct RegistryDeployed {
    address: String,
    done: Vec<DeployStep>,
}

impl Response for RegistryDeployed {
    fn text(&self) -> String {
        format!("{}\n\n{}", steps(&self.done), fields([("registry", self.address.clone())]))
    }

    fn json(&self) -> Value {
        json!({ "registry": self.address, "steps": steps_json(&self.done) })
    }
}

#[cfg(test)]
mod tests {
    use maat_starknet::facts::ProofKind;
    use maat_starknet::registry::{List, ShortString, Signed, Text};
    use starknet_types_core::felt::Felt;

    use super::*;

    fn version(metadata: &[u8]) -> (RegisteredVersion, Lifecycle) {
        let version = RegisteredVersion {
            name: ShortString("rocky".to_owned()),
            version: 1,
            class_hash: Felt::ONE,
            model_commitment: Felt::ZERO,
            program_hash: Felt::ONE,
            inputs: List(vec![RegisteredPort {
                shape: List(vec![1, 36]),
                scales: List(vec![Signed(i32::MIN)]),
                lo: Signed(-128),
                hi: Signed(127),
            }]),
            outputs: List(vec![RegisteredPort {
                shape: List(vec![]),
                scales: List(vec![Signed(0), Signed(3)]),
                lo: Signed(i32::MIN),
                hi: Signed(i32::MAX),
            }]),
            metadata: Text(metadata.to_vec()),
            instance: Felt::ONE,
            timelock: 0,
            registered_at: 0,
        };
        (version, Lifecycle { status: Status::Active, deprecated_from: None, revoked_from: None })
    }

    #[test]
    fn facts_are_listed_with_who_proved_them_when_and_how_well() {
        let model =
            || RegisteredModel { id: 3, name: ShortString("rocky".to_owned()), owner: Felt::ONE, pending_owner: Felt::ZERO, versions: 1 };
        let fact = Fact {
            fact: Felt::from(7),
            model: 3,
            version: 1,
            kind: ProofKind::Stark,
            preset: 3,
            security_bits: 96,
            block_number: 10,
            proven_at: 1_622_530_812,
            prover: Felt::from(5),
        };
        let facts = Facts { model: model(), start: 100, count: 250, facts: vec![fact] };
        let text = facts.text();
        for expected in ["facts 101 to 101 of 250 of rocky", "96 bits", "STARK, starknet", "2021-06-01T07:00:12Z"] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let json = facts.json();
        assert_eq!(
            (&json["count"], &json["facts"][0]["security_bits"], &json["facts"][0]["kind"]),
            (&json!(250), &json!(96), &json!("STARK"))
        );
        let empty = |count| Facts { model: model(), start: 300, count, facts: vec![] }.text();
        assert_eq!(
            (empty(0).as_str(), empty(250).as_str()),
            ("nothing was proven of rocky", "rocky has 250 facts: none after the first 300")
        );
        // A preset that this version does not know, and numbers without a meaning.
        let strange = Fact { preset: 255, proven_at: u64::MAX, ..fact };
        assert!(Facts { model: model(), start: u64::MAX, count: 1, facts: vec![strange] }.text().contains("preset 255"));
    }

    #[test]
    fn inputs_and_outputs_are_shown_with_the_ranges_of_their_integers() {
        let shown = version_text(&version(b""));
        assert!(shown.contains("outputs            [] * 2^-3..2^0 by column in -2147483648..=2147483647\n"), "{shown}");
        let json = version_json(&version(b""));
        assert_eq!(json["inputs"], json!([{ "shape": [1, 36], "scales": [i32::MIN], "lo": -128, "hi": 127 }]));
        assert_eq!(json["outputs"], json!([{ "shape": [], "scales": [0, 3], "lo": i32::MIN, "hi": i32::MAX }]));
    }

    #[test]
    fn metadata_are_shown_whatever_they_are_and_cannot_act_on_a_terminal() {
        let shown = version_text(&version(b"mine\x1b[2J\nowner 0x1\xff"));
        assert!(shown.ends_with("metadata           mine\\u{1b}[2J owner 0x1\\xff"), "{shown}");
        assert!(shown.contains("[1, 36] * 2^2147483648 in -128..=127\n"), "{shown}");
        let json = version_json(&version(b"a\xff"));
        assert_eq!((&json["metadata"], &json["metadata_bytes"]), (&Value::Null, &json!("61ff")));
        let json = version_json(&version("näme\u{1b}".as_bytes()));
        assert_eq!((&json["metadata"], &json["metadata_bytes"]), (&json!("näme\u{1b}"), &Value::Null));
    }
}
