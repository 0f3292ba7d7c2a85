//! `maat inspect`: a package's report and model as tables, parts of which `maat transpile` and `maat demo` show too.

use std::path::PathBuf;

use maat_cairo::limits::{self, Figure};
use maat_package::Plan;
use maat_package::{
    Accuracy, Baseline, Cairo, Cost, Deviation, Fidelity, Granularity, Manifest, PackageFolder, Proving, Quality, Report, TensorError,
    Verdict,
};
use maat_runtime::{Model, units};
use maat_starknet::proof_gas;
use maat_verifier::Preset;
use maat_verifier::layout::Layout;
use serde_json::{Value, json};

use super::provenance::{fixed, texts_said};
use crate::advice;
use crate::network::declaration;
use crate::response::{Response, builtin_uses, fields, grouped, percent, real, table};
use crate::verbs::submit::beside;

/// Show what is in a model package: nodes, scales, proven ranges, accuracy, cost
#[derive(clap::Args)]
#[command(after_help = "Example:\n  maat inspect package")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
}

/// A package's content.
pub struct Inspected {
    manifest: Manifest,
    report: Report,
    model: Model,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Inspected> {
    let package = PackageFolder::open(&arguments.package)?;
    Ok(Inspected { report: package.report()?, model: package.model()?, manifest: package.manifest })
}

impl Response for Inspected {
    fn text(&self) -> String {
        let (manifest, widths) = (&self.manifest, self.manifest.provenance.options.widths);
        let single = manifest.provenance.options.tensors.iter().map(|tensor| format!(", {} {} bits", tensor.tensor, tensor.bits));
        let single: String = single.collect();
        let mut identity = vec![
            ("model", format!("{} ({} bits, weights {} bits{single})", manifest.name, widths.activations, widths.weights)),
            ("ONNX file", format!("sha256 {}", manifest.provenance.onnx_sha256)),
            ("quantised model", format!("sha256 {}", manifest.model_sha256)),
        ];
        if let Cairo::Compiled { program_hash, class, .. } = &manifest.cairo {
            identity.push(("program hash", program_hash.clone()));
            identity.push(("Sierra class hash", class.sierra_class_hash.clone()));
            identity.push(("CASM class hash", class.casm_class_hash.clone()));
        }
        identity.push(("model commitment", commitment(&manifest.proving)));
        identity.extend(manifest.further.iter().map(|further| ("further commitment", commitment(further))));
        identity.extend(fixed(&manifest.provenance.import));
        identity.extend(texts_said(&manifest.provenance.texts).into_iter().map(|said| ("texts", said)));
        if let Cairo::Compiled { layer_classes, .. } = &manifest.cairo {
            identity.extend(layer_classes.iter().map(|class| ("class of a part", class.sierra_class_hash.clone())));
        }
        let Report { verdict: found, quality, cost: costs } = &self.report;
        let costs = cost(costs.as_ref(), self.model.macs(), &manifest.cairo);
        let parts =
            [Some(verdict(found)), Some(fields(identity)), Some(self.nodes()), accuracy(quality), node_errors(quality), Some(costs)];
        let parts = parts.into_iter().chain([on_chain_text(&self.on_chain())]);
        parts.flatten().collect::<Vec<_>>().join("\n\n")
    }

    fn json(&self) -> Value {
        json!({ "manifest": self.manifest, "report": self.report, "on_chain": self.on_chain().iter().map(OnChain::json).collect::<Vec<_>>() })
    }
}

impl Inspected {
    /// What batches cost on Starknet; nothing of a package without Cairo, which has no contract.
    fn on_chain(&self) -> Vec<OnChain> {
        self.report.cost.as_ref().map_or_else(Vec::new, |cost| on_chain(cost, &self.manifest.proving))
    }

    fn nodes(&self) -> String {
        let outputs = |index: usize| {
            let ports = self.model.outputs().iter().filter(move |output| output.tensor.index() == index);
            ports.map(|output| format!("output {}", output.name)).collect::<Vec<_>>().join(", ")
        };
        let quality = &self.report.quality;
        let bound = |bound: Option<f64>| bound.map_or_else(|| "-".to_owned(), real);
        let rows = quality.certificate.iter().enumerate().map(|(index, node)| {
            let (lo, hi) = node.real_range;
            [
                node.name.clone(),
                node.primitive.clone(),
                format!("{:?}", node.shape),
                units(node.scales()),
                node.range.to_string(),
                format!("{} to {}", real(lo), real(hi)),
                bound(node.error_bound),
                bound(node.error_bound_as_seen),
                bound(node.error_bound_on_samples),
                outputs(index),
            ]
        });
        let header = ["node", "primitive", "shape", "unit", "proven range", "in real units", "error at most", "as seen", "on samples", ""];
        let table = table(header, rows);
        let coverage = quality.coverage.map_or_else(String::new, |coverage| {
            format!("; {} of {} held-out samples do", grouped(coverage.within as u64), grouped(coverage.of as u64))
        });
        let followed = match quality.granularity {
            Granularity::Elements => "element by element",
            Granularity::Tensors => "tensor by tensor, because the network is large",
        };
        format!(
            "{table}\nThe errors are proven, {followed}: for all inputs in their ranges; as seen, for those on which no tensor leaves what the \
             samples gave{coverage}; on samples, for some of them, with all inputs that round to the same integers"
        )
    }
}

/// What a batch costs on Starknet, executed and proven, in L2 gas.
struct OnChain {
    batch: u32,
    /// Nothing if a transaction cannot execute it.
    execution: Option<u64>,
    /// Of a proof with preset `starknet` and public values: computed from its size, and accurate to a tenth or so.
    proof: u64,
    /// Whether the package has an entry for that preset, or a proof of it could only be made if it were transpiled for it.
    listed: bool,
}

/// For each batch size that a model's proofs have.
fn on_chain(cost: &Cost, proving: &Proving) -> Vec<OnChain> {
    let Proving::Committed { entries, .. } = proving else { return Vec::new() };
    let contract = &cost.contract;
    let fits = |batch: u64| {
        let within = |used: u64, limit: u64| used.checked_mul(batch).is_some_and(|used| used <= limit);
        let whole = within(contract.l2_gas, limits::TRANSACTION_L2_GAS) && within(contract.steps, limits::TRANSACTION_STEPS);
        whole && within(contract.calldata_felts, limits::CALLDATA_FELTS) && cost.excesses().is_empty()
    };
    let mut rows: Vec<OnChain> = Vec::new();
    // A private model has no contract.
    for entry in entries.as_slice().iter().filter(|entry| !entry.is_private()) {
        let listed = entry.preset == Preset::Starknet;
        // The rows of a layout are the same for all presets.
        if !listed && (entry.layout != Layout::base() || rows.iter().any(|row| row.batch == entry.batch)) {
            continue;
        }
        let batch = u64::from(entry.batch);
        let row = OnChain {
            batch: entry.batch,
            execution: fits(batch).then(|| contract.l2_gas.saturating_mul(batch)),
            proof: proof_gas::of_proof(entry.rows, entry.batch_inputs() + entry.batch_outputs()),
            listed,
        };
        match rows.iter_mut().find(|known| known.batch == entry.batch) {
            Some(known) => *known = row,
            None => rows.push(row),
        }
    }
    rows.sort_by_key(|row| row.batch);
    rows
}

impl OnChain {
    fn json(&self) -> Value {
        let cheaper = match self.execution {
            Some(execution) if execution <= self.proof => "execution",
            _ => "proof",
        };
        json!({
            "batch": self.batch, "execution_l2_gas": self.execution, "proof_l2_gas": self.proof, "cheaper": cheaper,
            "has_entry": self.listed,
        })
    }
}

/// Which is cheaper on Starknet, for people; nothing of a model that cannot be proven.
fn on_chain_text(rows: &[OnChain]) -> Option<String> {
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let execution = match row.execution {
                Some(gas) => format!("executed {} L2 gas", grouped(gas)),
                None => "more than a transaction executes".to_owned(),
            };
            let cheaper = row.execution.map_or_else(String::new, |gas| format!(": {}", beside(gas, row.proof)));
            let what = format!("on chain, batch of {}", grouped(row.batch));
            format!("{what:<21} {execution}, proven about {} L2 gas{cheaper}", grouped(row.proof))
        })
        .collect();
    if !rows.is_empty() && rows.iter().all(|row| !row.listed) {
        lines.push("proofs for contracts need entries of preset `starknet`, which this package does not have".to_owned());
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The commitment of proofs, for people.
pub fn commitment(proving: &Proving) -> String {
    match proving {
        Proving::Committed { commitment, entries } => {
            let batches = proving.batches().iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let mut presets: Vec<_> = entries.as_slice().iter().map(|entry| entry.preset.name()).collect();
            presets.dedup();
            let mut layouts: Vec<_> = entries.as_slice().iter().map(|entry| entry.layout.name).collect();
            layouts.dedup();
            let private = match entries.as_slice()[0].one_time_roots {
                0 => String::new(),
                count => format!(", private with {count} one-time roots"),
            };
            let verified = entries.as_slice().iter().any(|entry| entry.preset == Preset::Starknet);
            let contracts = if verified { ", with proofs that contracts verify" } else { "" };
            let presets = presets.join(", ");
            format!("{commitment} (batches of {batches}), presets {presets}, layout {}{private}{contracts}", layouts.join(", "))
        }
        Proving::Unprovable { reason } => format!("none, inferences cannot be proven: {reason}"),
    }
}

/// Whether the model still computes its float network, for people.
pub fn verdict(verdict: &Verdict) -> String {
    let measured = verdict.measured.map_or_else(String::new, |basis| format!(" on {basis}"));
    let first = match verdict.fidelity {
        Fidelity::Faithful => format!("verdict: faithful to the float network{measured}"),
        Fidelity::Unknown if verdict.measured.is_some() => format!("verdict: UNKNOWN. No loss{measured}, but they are too few to tell"),
        Fidelity::Unknown => {
            return "verdict: UNKNOWN. No samples were given (--calibration), so scales rest on an assumed input range".to_owned();
        }
        Fidelity::Degraded => format!("verdict: DEGRADED{measured}"),
        Fidelity::Refused => format!("verdict: REFUSED{measured}, but made anyway with --accept-loss"),
    };
    let mut lines = vec![first];
    lines.extend(verdict.losses.iter().map(|loss| format!("  {loss}")));
    lines.extend(verdict.blamed.as_ref().map(|blame| format!("  the largest share of the error comes from {blame}")));
    lines.extend(advice::to_try(verdict).map(|remedy| format!("  try {remedy}")));
    lines.join("\n")
}

/// The errors of the outputs, for people; none without samples, which the verdict mentions.
pub fn accuracy(quality: &Quality) -> Option<String> {
    let sets = [("calibration", &quality.calibration), ("held out", &quality.held_out)];
    let known: Vec<(&str, &Accuracy)> = sets.into_iter().filter_map(|(name, accuracy)| Some((name, accuracy.as_ref()?))).collect();
    if known.is_empty() {
        return None;
    }
    let rows = known.iter().flat_map(|(set, accuracy)| {
        let samples = format!("{} {set}", grouped(accuracy.samples as u64));
        accuracy.outputs.iter().map(move |output| {
            let [mean, max, range] = errors(output);
            [output.name.clone(), samples.clone(), mean, max, range, agreement(output)]
        })
    });
    let baseline = match known[0].1.baseline {
        Baseline::Tract => "compared with the ONNX file run in floats by tract",
        Baseline::Lowered => "compared with the lowered network in floats: tract does not take this file",
        Baseline::RoundingTies => {
            "compared with the lowered network in 64-bit floats: tract's 32-bit floats differ from it by rounding ties, and by nothing else"
        }
        Baseline::Disputed => {
            "compared with the lowered network in floats. WARNING: tract computes something else from this file; one of the two is wrong"
        }
    };
    Some(format!("{}\n{baseline}", table(["output", "samples", "mean error", "max error", "range", "agreement"], rows)))
}

/// Mean and greatest error and the range of the float elements; none of labels.
fn errors(tensor: &TensorError) -> [String; 3] {
    match tensor.distance() {
        Some(distance) => {
            let (lo, hi) = distance.range;
            [real(distance.mean), real(distance.max), format!("{} to {}", real(lo), real(hi))]
        }
        None => ["-", "-", "-"].map(str::to_owned),
    }
}

/// How many labels are equal, or how many rows have the same argmax.
fn agreement(tensor: &TensorError) -> String {
    let what = match tensor.deviation {
        Deviation::Labels(_) => "equal",
        Deviation::Numbers(_) => "same argmax",
    };
    tensor.agreement().map_or_else(|| "-".to_owned(), |agreement| format!("{} {what}", percent(agreement.share)))
}

/// The errors of the nodes, for people; none without samples.
fn node_errors(quality: &Quality) -> Option<String> {
    let accuracy = quality.best_estimate()?;
    let share = |name: &str| {
        let found = quality.blame.iter().find(|blame| blame.name == name);
        found.map_or_else(|| "-".to_owned(), |blame| percent(blame.share))
    };
    let nodes = accuracy.nodes.iter().map(|node| {
        let [mean, max, range] = errors(node);
        let equal = if node.distance().is_none() { agreement(node) } else { "-".to_owned() };
        [node.name.clone(), mean, max, range, equal, share(&node.name)]
    });
    let names = || accuracy.nodes.iter().map(|node| &node.name);
    let inputs = quality.blame.iter().filter(|blame| names().all(|name| *name != blame.name));
    let none = || "-".to_owned();
    let inputs = inputs.map(|input| [format!("input {}", input.name), none(), none(), none(), none(), percent(input.share)]);
    let header = ["error per node", "mean", "max", "range", "agreement", "share of the outputs' error"];
    let rows = table(header, inputs.chain(nodes)).to_string();
    Some(match quality.dominant() {
        Some(blame) => {
            format!("{rows}\n\n`{}` dominates the error: {} of it comes from its own rounding.", blame.name, percent(blame.share))
        }
        None => rows,
    })
}

/// What an inference costs, for people: in Cairo, or why there is none.
pub fn cost(cost: Option<&Cost>, macs: u64, cairo: &Cairo) -> String {
    match (cost, cairo) {
        (Some(cost), _) => in_cairo(cost),
        (None, Cairo::Absent { reason }) => format!(
            "{:<21} {}\n{:<21} none: {reason}. It can be run, proven and verified, but not deployed",
            "multiply-accumulates",
            grouped(macs),
            "Cairo",
        ),
        (None, Cairo::Compiled { .. }) => "the report has no costs: transpile again".to_owned(),
    }
}

fn in_cairo(cost: &Cost) -> String {
    let of = |figure: &Figure| format!("{} of {} ({})", grouped(figure.value), grouped(figure.limit), percent(figure.share()));
    let held = |plan: &Plan| match plan {
        Plan::Unrolled => "unrolled".to_owned(),
        Plan::Streamed => "loop along the elements".to_owned(),
        Plan::Looped { inputs, groups } => format!("loop over tiles of {inputs} x {groups}"),
    };
    let layers = cost.layers.iter().map(|layer| format!("{} {}", layer.layer, held(&layer.plan))).collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        ("multiply-accumulates".to_owned(), grouped(cost.macs)),
        ("Cairo steps".to_owned(), grouped(cost.steps as u64)),
        ("steps per MAC".to_owned(), cost.steps_per_mac.map_or_else(|| "-".to_owned(), |steps| format!("{steps:.3}"))),
        ("layers".to_owned(), if layers.is_empty() { "none".to_owned() } else { layers }),
    ];
    lines.extend(cost.contract.figures().map(|figure| (figure.name.to_owned(), of(&figure))));
    lines.push(("contract builtins".to_owned(), builtin_uses(&cost.contract.builtins)));
    for class in &cost.classes {
        let of_class = if cost.classes.len() == 1 { String::new() } else { format!(", {}", class.name) };
        lines.extend(class.figures().map(|figure| (format!("{}{of_class}", figure.name), of(&figure))));
        lines.push((format!("gas to declare{of_class}"), declaration(class.declaration_l2_gas)));
    }
    lines.push(("on Starknet".to_owned(), fits(cost)));
    lines.iter().map(|(name, value)| format!("{name:<21} {value}")).collect::<Vec<_>>().join("\n")
}

/// Whether Starknet takes the contract and executes it, and if not, why.
fn fits(cost: &Cost) -> String {
    let excess = |(class, figure): &(Option<&str>, Figure)| {
        let class = class.map_or_else(String::new, |class| format!(" of class `{class}`"));
        format!("{}{class} are {} of {}", figure.name, grouped(figure.value), grouped(figure.limit))
    };
    match cost.excesses().as_slice() {
        [] => "fits: a transaction can run an inference".to_owned(),
        excesses => format!("does NOT fit: {}", excesses.iter().map(excess).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(batch: u32, execution: Option<u64>, proof: u64, listed: bool) -> OnChain {
        OnChain { batch, execution, proof, listed }
    }

    #[test]
    fn the_cheaper_way_is_named_with_both_figures() {
        let rows = [row(1, Some(1_740_000), 32_000_000, true), row(160, Some(278_000_000), 50_000_000, true)];
        let text = on_chain_text(&rows).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("executed 1,740,000 L2 gas, proven about 32,000,000 L2 gas: execution is 18.4 times cheaper"), "{text}");
        assert!(lines[1].ends_with("the proof is 5.6 times cheaper"), "{text}");
        assert_eq!(rows[1].json()["cheaper"], "proof");
        let too_large = [row(1, None, 45_000_000, false)];
        let text = on_chain_text(&too_large).unwrap();
        assert!(text.contains("more than a transaction executes, proven about 45,000,000 L2 gas\nproofs for contracts need"), "{text}");
        assert_eq!(
            too_large[0].json(),
            json!({
                "batch": 1, "execution_l2_gas": null, "proof_l2_gas": 45_000_000, "cheaper": "proof", "has_entry": false,
            })
        );
        assert_eq!(on_chain_text(&[]), None);
    }
}
