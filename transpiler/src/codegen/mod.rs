//! From the quantised model to a Cairo package.
//!
//! | file | holds |
//! |---|---|
//! | `weights.cairo` | the packed weights, as unrolled sums or as constant arrays, and all other constants |
//! | `layers.cairo` | one function a layer: accumulate in packed form, or compare |
//! | `rescale.cairo` | take accumulators apart: rescale, saturate |
//! | `moves.cairo` | one function a re-indexing that has to copy |
//! | `model.cairo` | `predict`, a line or two per node |
//! | `main.cairo`, `contract.cairo` | the executable and the Starknet contract around it |
//! | `parts/`, `class_hashes.cairo` | where the network is too large for one class: a contract for each part, and by which hashes it is called |

mod channels;
mod code;
mod contract;
mod fold;
mod lanes;
mod layer;
mod layers;
mod model;
mod moves;
mod names;
mod nodes;
mod package;
mod parts;
mod plan;
mod pools;
mod products;
mod rescale;
mod sizes;
mod weights;
mod windows;

pub use plan::Plan;

use maat_cairo::{Crate, Edition, Package, Sources};
use maat_runtime::Model;
use maat_verifier::ModelCommitment;
use sha2::{Digest, Sha256};
use starknet_types_core::felt::Felt;

use crate::error::TranspileError;
use code::imports;
use nodes::{Call, Calls, Nodes};
use parts::Cuts;
use rescale::Rescales;
use sizes::Sizes;

/// A generated package and what was decided on the way.
pub struct Generated {
    /// The crate and its dependencies.
    pub package: Package,
    /// Each linear layer's name and how its weights are held.
    pub plans: Vec<(String, Plan)>,
    /// For each part that is a class of its own, the names of the nodes that compute in it; empty if all is one class.
    pub parts: Vec<Vec<String>>,
    header: String,
}

/// A network in Cairo, of which it is yet to be said whether layers are classes of their own.
pub struct Draft<'a> {
    model: &'a Model,
    digest: String,
    calls: Calls,
    /// The files that `model.cairo` uses: module, text.
    files: Vec<(&'static str, String)>,
    plans: Vec<(String, Plan)>,
    cuts: Cuts,
}

/// Generates the Cairo package of a model, with `parts` of it as classes of their own, or none. The same model gives the same text.
///
/// # Errors
/// [`TranspileError::Codegen`] names the node whose ranges do not fit into Cairo's lanes, or that is too large for Cairo;
/// [`TranspileError::Option`] says that there are fewer nodes than parts.
pub fn generate(model: &Model, commitment: Option<&ModelCommitment>, parts: usize) -> Result<Generated, TranspileError> {
    Draft::new(model)?.package(commitment, parts)
}

impl<'a> Draft<'a> {
    /// Generates the network itself.
    ///
    /// # Errors
    /// [`TranspileError::Codegen`] as for [`generate`].
    pub fn new(model: &'a Model) -> Result<Self, TranspileError> {
        let mut rescales = Rescales::default();
        let Nodes { calls, mut layers, functions, moves, copies } = nodes::collect(model, &mut rescales)?;
        plan::choose(&mut layers, functions.felts() + moves.felts());
        if let Some(layer) = layers.iter().find(|layer| layer.plan == Plan::Unrolled && layer.products() > plan::MAX_UNROLLED) {
            let reason = format!("{} products are too many for straight code, and the layer cannot be looped", layer.products());
            return Err(TranspileError::Codegen { node: layer.onnx_name.clone(), reason });
        }
        let constants: String =
            layers.iter().map(weights::layer).chain([functions.constants().to_owned(), moves.constants().to_owned()]).collect();
        let computing: String =
            layers.iter().map(|layer| layers::layer(layer, &mut rescales)).chain([functions.functions().to_owned()]).collect();
        let moving: String = copies.iter().map(|length| moves::copy(*length)).chain([moves.functions().to_owned()]).collect();
        let sections = [
            ("layers", "The layers: accumulate in packed form, or compare.", computing),
            ("moves", "Re-indexing.", moving),
            ("rescale", "Take results out of accumulators: unpack, rescale and saturate.", rescales.text()),
            ("weights", "Packed weights, each constant with one weight for each lane, and other constants.", constants),
        ];
        let files: Vec<(&str, String)> = sections
            .into_iter()
            .filter(|(_, _, text)| !text.is_empty())
            .map(|(module, doc, text)| {
                let halves = if text.contains("halves(") { "use maat_operators::halves::halves;\n" } else { "" };
                let uses = [
                    imports(&text, "maat_operators", &["copy"]),
                    halves.to_owned(),
                    imports(&text, "maat_operators", &["max"]),
                    imports(&text, "maat_operators::power_of_two", &["PowerOfTwo"]),
                    imports(&text, "maat_operators", &["saturate"]),
                    imports(&text, "crate", &["rescale", "weights"]),
                ];
                (module, format!("//! {doc}\n{}{text}", uses.concat()))
            })
            .collect();
        let cuts = Cuts::new(model, &calls, &Sizes::of(files.iter().map(|(_, text)| text.as_str())));
        let plans = layers.iter().map(|layer| (layer.name.clone(), layer.plan)).collect();
        Ok(Self { model, digest: format!("{:x}", Sha256::digest(model.to_bytes())), calls, files, plans, cuts })
    }

    /// The estimated share of Starknet's tightest limit that a class with the whole network takes; 1 is the limit.
    pub fn share(&self) -> f64 {
        self.cuts.share()
    }

    /// The fewest parts of which each is estimated to fit into a class, or, where a single node does not, to be as small as can be.
    pub fn fewest_parts(&self) -> usize {
        self.cuts.fewest()
    }

    /// The most parts that there can be.
    pub fn most_parts(&self) -> usize {
        self.cuts.most()
    }

    /// Refuses more parts than there can be, before anything is compiled.
    ///
    /// # Errors
    /// [`TranspileError::Option`] says how many there can be.
    pub fn check_parts(&self, parts: usize) -> Result<(), TranspileError> {
        let most = self.most_parts();
        if parts > most {
            let expected = format!("at most {most} for this network");
            return Err(TranspileError::Option { option: "--parts", value: parts.to_string(), expected });
        }
        Ok(())
    }

    /// The package with `parts` of the network as classes of their own, or none.
    ///
    /// # Errors
    /// As for [`Self::check_parts`].
    pub fn package(&self, commitment: Option<&ModelCommitment>, parts: usize) -> Result<Generated, TranspileError> {
        self.check_parts(parts)?;
        let header = format!("// Generated by Maat from the quantised model with sha256 {}. Do not edit.\n", self.digest);
        let cut = if parts == 0 { Vec::new() } else { self.cuts.parts(self.model, parts) };
        let modules: Vec<&str> = self.files.iter().map(|(module, _)| *module).collect();
        let mut sources = Sources::default();
        let mut insert = |file: &str, text: &str| sources.insert(file, format!("{header}{text}"));
        insert("lib.cairo", &package::lib(&modules, parts));
        for (module, text) in &self.files {
            insert(&format!("{module}.cairo"), text);
        }
        insert("model.cairo", &model::file(self.model, &self.calls, &cut));
        insert("main.cairo", &package::main());
        insert("contract.cairo", &contract::contract(self.model, &self.digest, commitment, parts));
        if parts > 0 {
            insert("parts.cairo", &contract::parts(parts));
            (1..=parts).for_each(|part| insert(&format!("parts/part_{part}.cairo"), &contract::part(part, parts)));
        }
        let name = names::package(self.model.name());
        let scarb_manifest = package::scarb_manifest(&name);
        let main = Crate { name, edition: Edition::V2025_12, sources, scarb_manifest };
        let mut dependencies = Crate::operator_runtime();
        dependencies.push(Crate::interfaces());
        let computing = |nodes: std::ops::Range<usize>| {
            let nodes = self.model.nodes().zip(&self.calls.calls).skip(nodes.start).take(nodes.len());
            nodes.filter(|(_, call)| matches!(call, Call::Expression(..))).map(|((node, _), _)| node.name.clone()).collect()
        };
        let mut generated = Generated {
            package: Package { main, dependencies },
            plans: self.plans.clone(),
            parts: cut.into_iter().map(|part| computing(part.nodes)).collect(),
            header,
        };
        // Until the parts are compiled, nothing knows their hashes, and their own classes do not depend on them.
        generated.set_class_hashes(&vec![Felt::ZERO; parts]);
        Ok(generated)
    }
}

impl Generated {
    /// The paths of the parts' contracts.
    pub fn part_paths(&self) -> Vec<String> {
        (1..=self.parts.len()).map(|part| contract::part_path(&self.package.main.name, part)).collect()
    }

    /// The path of the model's contract.
    pub fn contract_path(&self) -> String {
        contract::path(&self.package.main.name)
    }

    /// Tells the model's contract the class hashes of the parts.
    pub fn set_class_hashes(&mut self, hashes: &[Felt]) {
        if !self.parts.is_empty() {
            self.package.main.sources.insert("class_hashes.cairo", format!("{}{}", self.header, contract::class_hashes(hashes)));
        }
    }
}

/// Products of packed weights in one inference: what the linear layers cost, up to a factor.
///
/// # Errors
/// As for [`generate`].
pub fn products(model: &Model) -> Result<usize, TranspileError> {
    nodes::count_products(model)
}
