//! From the quantised model to a Cairo package. Each primitive's file says which calls and functions its nodes become; the files around
//! them hold what these share.
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

mod accumulate;
mod affine;
mod arg_max;
mod call;
mod channels;
mod code;
mod collector;
mod contract;
mod divide;
mod fold;
mod frame;
mod function;
mod items;
mod lanes;
mod layer;
mod limits;
mod max;
mod model;
mod r#move;
mod movement;
mod names;
mod parts;
mod plan;
mod product;
mod rescale;
mod select;
mod size;
mod split;
mod sum;
mod table;
mod weights;
mod windows;

pub use collector::products;

use std::borrow::Cow;

use maat_cairo::{CairoPackage, Crate, Edition, Sources};
use maat_package::Plan;
use maat_runtime::Model;
use maat_verifier::ModelCommitment;
use sha2::{Digest, Sha256};
use starknet_types_core::felt::Felt;

use crate::error::CodegenError;
use call::Call;
use code::Code;
use collector::{Calls, Nodes, collect};
use items::Items;
use limits::MAX_UNROLLED;
use parts::Cuts;

/// A generated package, and what was decided on the way.
pub struct Generated {
    /// The crate and its dependencies.
    pub package: CairoPackage,
    /// Each linear layer's name and how its weights are held.
    pub plans: Vec<(String, Plan)>,
    /// For each part that is a separate class, the names of the nodes that compute in it; empty if everything is one class.
    pub parts: Vec<Vec<String>>,
    header: String,
}

/// A network in Cairo, before it is decided whether parts of it are separate classes.
pub struct Draft<'a> {
    /// As it is written in Cairo: layers that no class holds are in pieces.
    model: Cow<'a, Model>,
    digest: String,
    calls: Calls,
    /// The files that `model.cairo` uses: module, text.
    files: Vec<(&'static str, String)>,
    plans: Vec<(String, Plan)>,
    cuts: Cuts,
}

/// Generates the Cairo package of a model, with `parts` of it as separate classes; 0 means one class. The same model gives the same text.
///
/// # Errors
/// [`CodegenError::Node`] names the node whose ranges do not fit into Cairo's lanes, or that is too large for Cairo;
/// [`CodegenError::Parts`] says that there are fewer nodes than parts.
pub fn generate(model: &Model, commitment: Option<&ModelCommitment>, parts: usize) -> Result<Generated, CodegenError> {
    Draft::new(model)?.package(commitment, parts)
}

impl<'a> Draft<'a> {
    /// Generates the network itself.
    ///
    /// # Errors
    /// [`CodegenError::Node`] as for [`generate`].
    pub fn new(model: &'a Model) -> Result<Self, CodegenError> {
        let digest = format!("{:x}", Sha256::digest(model.to_bytes()));
        let whole = Self::of(Cow::Borrowed(model), digest)?;
        let pieces = whole.cuts.pieces().into_iter().filter_map(|(first, pieces)| Some((whole.computing(first)?, pieces)));
        match split::split(model, &pieces.collect()) {
            Some(in_pieces) => Self::of(Cow::Owned(in_pieces), whole.digest),
            None => Ok(whole),
        }
    }

    fn of(model: Cow<'a, Model>, digest: String) -> Result<Self, CodegenError> {
        let Nodes { calls, mut layers, functions, moves, mut rescales } = collect(&model)?;
        plan::choose(&mut layers, functions.felts + moves.felts);
        if let Some(layer) = layers.iter().find(|layer| layer.plan == Plan::Unrolled && layer.products() > MAX_UNROLLED) {
            let reason = format!("{} products are too many for straight code, and the layer cannot be looped", layer.products());
            return Err(CodegenError::Node { node: layer.onnx_name.clone(), reason });
        }
        let (mut items, mut computing, mut constants) = (Items::default(), Code::default(), Code::default());
        for layer in &layers {
            let (function, weights) = (accumulate::layer(layer, &mut rescales), weights::layer(layer));
            items.add_layer(&layer.name, &function, &weights);
            computing.append(&function);
            constants.append(&weights);
        }
        computing.append(&functions.code);
        constants.append(&functions.constants);
        constants.append(&moves.constants);
        let mut moving = Code::default();
        for length in &moves.code.uses.copies {
            let function = movement::copy(*length);
            items.add_copy(*length, &function);
            moving.append(&function);
        }
        moving.append(&moves.code);
        let mut rescaling = Code::default();
        for function in rescales.code() {
            items.add_rescale(&function);
            rescaling.append(&function);
        }
        [&functions, &moves].into_iter().for_each(|functions| items.add_functions(functions));
        let sections = [
            ("layers", "The layers: accumulate in packed form, or compare.", computing),
            ("moves", "Re-indexing.", moving),
            ("rescale", "Take results out of accumulators: unpack, rescale and saturate.", rescaling),
            ("weights", "Packed weights, each constant with one weight for each lane, and other constants.", constants),
        ];
        let files: Vec<(&str, String)> = sections
            .into_iter()
            .filter(|(_, _, code)| !code.is_empty())
            .map(|(module, doc, code)| (module, format!("//! {doc}\n{}{}", code.uses.imports(), code.text())))
            .collect();
        let cuts = Cuts::new(&model, &calls, &items);
        let plans = layers.iter().map(|layer| (layer.name.clone(), layer.plan)).collect();
        Ok(Self { model, digest, calls, files, plans, cuts })
    }

    /// The estimated share of Starknet's tightest limit that a class with the whole network takes; 1 is the limit.
    pub fn share(&self) -> f64 {
        self.cuts.share()
    }

    /// The largest node's name, and the same of a class that holds nothing else.
    pub fn largest_node(&self) -> Option<(&str, f64)> {
        let (first, share) = self.cuts.largest()?;
        self.model.nodes().nth(self.computing(first)?).map(|(node, _)| (node.name.as_str(), share))
    }

    /// The node that computes at a place: what stands before it belongs to the place, too.
    fn computing(&self, first: usize) -> Option<usize> {
        (first..self.calls.by_node.len()).find(|node| matches!(self.calls.by_node[*node], Call::Expression(_)))
    }

    /// The fewest parts that are all estimated to fit into a class; if a single node does not fit, the fewest of which none is larger than
    /// it.
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
    /// [`CodegenError::Parts`] says how many there can be.
    pub fn check_parts(&self, parts: usize) -> Result<(), CodegenError> {
        let most = self.most_parts();
        if parts > most {
            return Err(CodegenError::Parts { parts, most });
        }
        Ok(())
    }

    /// The package, with `parts` of the network as separate classes; 0 means one class.
    ///
    /// # Errors
    /// As for [`Self::check_parts`].
    pub fn package(&self, commitment: Option<&ModelCommitment>, parts: usize) -> Result<Generated, CodegenError> {
        self.check_parts(parts)?;
        let header = format!("// Generated by Maat from the quantised model with sha256 {}. Do not edit.\n", self.digest);
        let cut = if parts == 0 { Vec::new() } else { self.cuts.parts(&self.model, parts) };
        let modules: Vec<&str> = self.files.iter().map(|(module, _)| *module).collect();
        let mut sources = Sources::default();
        let mut insert = |file: &str, text: &str| sources.insert(file, format!("{header}{text}"));
        insert("lib.cairo", &frame::lib(&modules, parts));
        for (module, text) in &self.files {
            insert(&format!("{module}.cairo"), text);
        }
        insert("model.cairo", &model::file(&self.model, &self.calls, &cut));
        insert("main.cairo", &frame::main());
        insert("contract.cairo", &contract::contract(&self.model, &self.digest, commitment, parts));
        if parts > 0 {
            insert("parts.cairo", &contract::parts(parts));
            (1..=parts).for_each(|part| insert(&format!("parts/part_{part}.cairo"), &contract::part(part, parts)));
        }
        let name = names::package(self.model.name());
        let scarb_manifest = frame::scarb_manifest(&name);
        let main = Crate { name, edition: Edition::V2025_12, sources, scarb_manifest };
        let mut dependencies = Crate::operator_runtime();
        dependencies.push(Crate::interfaces());
        let computing = |nodes: std::ops::Range<usize>| {
            let nodes = self.model.nodes().zip(&self.calls.by_node).skip(nodes.start).take(nodes.len());
            nodes.filter(|(_, call)| matches!(call, Call::Expression(_))).map(|((node, _), _)| node.name.clone()).collect()
        };
        let mut generated = Generated {
            package: CairoPackage { main, dependencies },
            plans: self.plans.clone(),
            parts: cut.into_iter().map(|part| computing(part.nodes)).collect(),
            header,
        };
        // The hashes are not known until the parts are compiled, and the parts' classes do not depend on them.
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
