//! `maat submit`: a proof of a registered model's inferences, verified by the registry on Starknet.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use maat_starknet::facts::{Proven, Submission};
use maat_starknet::registry::{RegisteredModel, Status};
use maat_starknet::{Account, ExecutionTarget, Receipt, Registry};
use maat_verifier::{Mode, Values};
use serde_json::{Value, json};
use starknet_types_core::felt::Felt;

use crate::chain_proof::ChainProof;
use crate::network::{NetworkChoice, TransactionBounds, receipt, receipt_json};
use crate::progress::Progress;
use crate::response::{Response, fields, grouped};

/// The most models of which all versions are looked through for a commitment.
const MOST_MODELS: u64 = 256;

/// Have the registry on Starknet verify a proof, and record what it proves
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  maat submit proof.bin\n  maat submit proof.bin --network sepolia --name lenet\n  maat submit proof.bin --dry-run\n\n\
    The proof is of preset `starknet` and of a model that is registered. It is verified here first. One transaction submits it, and the \
    model's entries if the registry does not know them yet. A fact is the registry's name for what was proven: contracts ask whether it is \
    valid. --dry-run asks the registry and sends nothing.\n\n\
    What the registry knows already is not sent again. A private model has no contract, so that it is not in the registry, and neither are \
    its proofs."
)]
pub struct Arguments {
    /// The proof, as `maat prove --preset starknet` writes it; `-` for the standard input
    proof: PathBuf,
    /// The model's name in the registry, or its number; by default the one model that has the proof's commitment
    #[arg(long, alias = "model", value_name = "NAME")]
    name: Option<String>,
    /// Estimate what it costs, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// What came of it.
pub struct Submitted {
    model: RegisteredModel,
    version: u32,
    commitment: String,
    batch: u32,
    hiding: bool,
    fact: Option<Felt>,
    security_bits: u16,
    /// Whether the registry recorded something; not known before it is sent.
    recorded: Option<bool>,
    one_time: Option<u32>,
    /// Whether the model's entries come with the proof.
    tells_entries: bool,
    cost: Cost,
    /// L2 gas of executing the same batch, or why there is none.
    execution: Result<u64, String>,
}

enum Cost {
    Sent(Receipt),
    Estimated {
        l2_gas: u64,
        felts: usize,
    },
    /// The registry has the fact already.
    Nothing,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Submitted> {
    let progress = Progress::start("verifying the proof here");
    let proof = ChainProof::read(&arguments.proof)?;
    let statement = &proof.statement;
    progress.step("connecting");
    let client = arguments.network.connect()?;
    let registry = Registry::find(&client)?;
    if registry.verifier()? == Felt::ZERO {
        bail!("the registry at {:#066x} has no verifier, and refuses all proofs", registry.address());
    }
    let (model, version) = find(&registry, arguments.name.as_deref(), proof.commitment())?;
    if registry.lifecycle(&model, version)?.status == Status::Revoked {
        bail!("version {version} of {} is revoked: the registry accepts no proofs of it", model.name.0);
    }
    let submission = proof.submission(&registry, model.id, version)?;
    let tells_entries = submission.entries.is_some();
    let ask = || -> anyhow::Result<Proven> { Ok(registry.try_proof(&Submission { entries: None, ..submission })?) };
    let account = arguments.bounds.account(&client)?;

    progress.step("estimating what an execution would take");
    let target = ExecutionTarget::Version { model: model.id, version };
    let execution = execution(&registry, &account, target, &statement.inputs, statement.batch);
    progress.step("asking the registry");
    // Where the entries are not known, the registry cannot be asked about the proof alone.
    let told = if tells_entries { None } else { Some(ask()?) };
    let fact = match &told {
        Some(told) => registry.fact(told.fact)?,
        None => None,
    };
    let proven_before = matches!((&told, fact), (Some(told), Some(fact)) if fact.security_bits >= told.security_bits);
    let (told, recorded, cost) = if arguments.dry_run {
        let cost = Cost::Estimated { l2_gas: registry.estimate_proof(&account, &submission)?, felts: proof.felts.len() };
        (told.as_ref().map(summary), proven_before.then_some(false), cost)
    } else if proven_before {
        (told.as_ref().map(summary), Some(false), Cost::Nothing)
    } else {
        progress.step("submitting the proof");
        let done = registry.submit(&account, &submission)?;
        let told = match &done.recorded {
            Some(event) => (event.fact, event.told.security_bits),
            None => summary(&ask()?),
        };
        (Some(told), Some(done.recorded.is_some()), Cost::Sent(done.receipt))
    };
    let security_bits = match told {
        Some((_, bits)) => bits,
        None => u16::try_from(statement.security.conjectured).unwrap_or(u16::MAX),
    };
    Ok(Submitted {
        model,
        version,
        commitment: statement.commitment.to_string(),
        batch: statement.batch,
        hiding: statement.mode == Mode::Hiding,
        fact: told.map(|(fact, _)| fact),
        security_bits,
        recorded,
        one_time: statement.one_time.map(|(index, _)| index),
        tells_entries,
        cost,
        execution,
    })
}

fn summary(proven: &Proven) -> (Felt, u16) {
    (proven.fact, proven.security_bits)
}

/// The version with a commitment: of the model of this name, or of the only model that has one.
fn find(registry: &Registry, name: Option<&str>, commitment: Felt) -> anyhow::Result<(RegisteredModel, u32)> {
    let models = match name {
        Some(name) => vec![registry.model(name)?],
        None => match registry.model_count()? {
            count if count > MOST_MODELS => bail!("the registry has {count} models: say with --name which one the proof is of"),
            _ => registry.models(None)?,
        },
    };
    let mut found = Vec::new();
    for model in models {
        // The newest version first.
        let versions = registry.versions(&model)?;
        if let Some(version) = versions.iter().rev().find(|version| version.model_commitment == commitment) {
            found.push((model, version.version));
        }
    }
    match (found.len(), name) {
        (1, _) => Ok(found.remove(0)),
        (0, Some(name)) => bail!("no version of {name} has the proof's commitment, {commitment:#066x}"),
        (0, None) => bail!("the registry has no model with the proof's commitment, {commitment:#066x}: `maat deploy` registers it"),
        (_, _) => {
            let names = found.iter().map(|(model, _)| model.name.0.as_str()).collect::<Vec<_>>().join(", ");
            Err(anyhow!("several models have the proof's commitment: {names}; say with --name which one it is submitted for"))
        }
    }
}

/// What one transaction would take that executes the same batch.
fn execution(registry: &Registry, account: &Account, target: ExecutionTarget, inputs: &Values, batch: u32) -> Result<u64, String> {
    let Values::Public(values) = inputs else { return Err("the inputs are hidden, and an execution would show them".to_owned()) };
    let each = values.len() / batch.max(1) as usize;
    let inputs: Vec<Vec<i32>> = values.chunks(each.max(1)).map(<[i32]>::to_vec).collect();
    registry.estimate(account, target, &inputs).map_err(|error| error.to_string())
}

impl Submitted {
    fn l2_gas(&self) -> Option<u64> {
        match &self.cost {
            Cost::Sent(receipt) => Some(receipt.l2_gas),
            Cost::Estimated { l2_gas, .. } => Some(*l2_gas),
            Cost::Nothing => None,
        }
    }

    fn execution_text(&self) -> String {
        match &self.execution {
            Ok(gas) => {
                let beside = self.l2_gas().map_or_else(String::new, |proof| format!(": {}", beside(*gas, proof)));
                format!("{} L2 gas for the same batch{beside}", grouped(*gas))
            }
            Err(reason) => format!("not possible in a transaction: {reason}"),
        }
    }
}

/// Which of two is cheaper, and by how much.
pub fn beside(execution: u64, proof: u64) -> String {
    let times = |more: u64, less: u64| more as f64 / less.max(1) as f64;
    if execution <= proof {
        format!("execution is {:.1} times cheaper", times(proof, execution))
    } else {
        format!("the proof is {:.1} times cheaper", times(execution, proof))
    }
}

impl Response for Submitted {
    fn text(&self) -> String {
        let Self { model, version, .. } = self;
        let proven = match (self.recorded, &self.fact) {
            (Some(true), _) => "proven, and recorded",
            (Some(false), _) => "proven before: there is nothing new to record",
            (None, Some(_)) => "the registry would accept the proof; nothing was sent",
            (None, None) => "nothing was sent; the registry does not know the model's entries yet",
        };
        let mut rows = vec![
            ("proof", proven.to_owned()),
            ("model", format!("{} (number {}), version {version}", model.name.0, model.id)),
            ("inferences", grouped(self.batch)),
            ("security", format!("{} bits, conjectured{}", self.security_bits, if self.hiding { "; the proof hides" } else { "" })),
        ];
        rows.extend(self.fact.map(|fact| ("fact", format!("{fact:#066x}"))));
        rows.extend(self.one_time.map(|index| ("one-time root", format!("{index} is spent by this proof, and by no other"))));
        rows.push(match &self.cost {
            Cost::Sent(done) => ("transaction", receipt(done)),
            Cost::Estimated { l2_gas, felts } => ("estimate", format!("{} L2 gas, {} felts", grouped(*l2_gas), grouped(*felts as u64))),
            Cost::Nothing => ("transaction", "none: nothing was sent".to_owned()),
        });
        if self.tells_entries {
            rows.push((
                "entries",
                "told to the registry in the same transaction, once for this version, which is a part of the gas".to_owned(),
            ));
        }
        rows.push(("execution", self.execution_text()));
        fields(rows)
    }

    fn json(&self) -> Value {
        let (transaction, estimate) = match &self.cost {
            Cost::Sent(receipt) => (Some(receipt_json(receipt)), None),
            Cost::Estimated { l2_gas, felts } => (None, Some(json!({ "l2_gas": l2_gas, "proof_felts": felts }))),
            Cost::Nothing => (None, None),
        };
        json!({
            "model": { "id": self.model.id, "name": self.model.name.0, "version": self.version, "commitment": self.commitment },
            "batch": self.batch,
            "security_bits": self.security_bits,
            "hiding": self.hiding,
            "one_time_root": self.one_time,
            "fact": self.fact.map(|fact| format!("{fact:#066x}")),
            "recorded": self.recorded,
            "tells_entries": self.tells_entries,
            "transaction": transaction,
            "estimate": estimate,
            "execution_l2_gas": self.execution.as_ref().ok(),
            "execution_refused": self.execution.as_ref().err(),
        })
    }
}

#[cfg(test)]
mod tests {
    use maat_starknet::registry::ShortString;

    use super::*;

    fn submitted(cost: Cost, execution: Result<u64, String>) -> Submitted {
        Submitted {
            model: RegisteredModel {
                id: 3,
                name: ShortString("lenet".to_owned()),
                owner: Felt::ONE,
                pending_owner: Felt::ZERO,
                versions: 2,
            },
            version: 2,
            commitment: format!("0x{}", "0".repeat(64)),
            batch: 1,
            hiding: true,
            fact: Some(Felt::from(7)),
            security_bits: 96,
            recorded: matches!(cost, Cost::Sent(_)).then_some(true),
            one_time: Some(4),
            tells_entries: false,
            cost,
            execution,
        }
    }

    const RECEIPT: Receipt =
        Receipt { transaction: Felt::TWO, block: 9, fee: 1, l1_gas: 0, l1_data_gas: 1, l2_gas: 37_000_000, calldata_felts: 3_050 };

    #[test]
    fn a_submission_is_told_beside_an_execution() {
        let text = submitted(Cost::Sent(RECEIPT), Ok(74_000_000)).text();
        for expected in [
            "proven, and recorded",
            "lenet (number 3), version 2",
            "96 bits, conjectured; the proof hides",
            "74,000,000 L2 gas for the same batch: the proof is 2.0 times cheaper",
            "4 is spent by this proof",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let dear = submitted(Cost::Estimated { l2_gas: 36_000_000, felts: 2_500 }, Ok(1_800_000));
        assert!(dear.text().contains("execution is 20.0 times cheaper"), "{}", dear.text());
        assert!(dear.text().contains("nothing was sent"), "{}", dear.text());
        let known = Submitted { recorded: Some(false), tells_entries: true, ..submitted(Cost::Nothing, Ok(1_800_000)) }.text();
        for expected in ["proven before", "none: nothing was sent", "1,800,000 L2 gas for the same batch", "told to the registry"] {
            assert!(known.contains(expected) && !known.contains("cheaper"), "{expected}: {known}");
        }
    }

    #[test]
    fn machines_get_what_was_sent_or_estimated() {
        let sent = submitted(Cost::Sent(RECEIPT), Err("too long".to_owned())).json();
        assert_eq!((&sent["recorded"], &sent["transaction"]["l2_gas"]), (&json!(true), &json!(37_000_000)));
        assert_eq!((&sent["execution_l2_gas"], &sent["execution_refused"]), (&Value::Null, &json!("too long")));
        let estimated = submitted(Cost::Estimated { l2_gas: 5, felts: 6 }, Ok(7)).json();
        assert_eq!(
            (&estimated["estimate"]["l2_gas"], &estimated["recorded"], &estimated["execution_l2_gas"]),
            (&json!(5), &Value::Null, &json!(7))
        );
    }
}
