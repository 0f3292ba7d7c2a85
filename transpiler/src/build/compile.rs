//! Compiles a network: the program, and as many contract classes as Starknet's limits require.

use maat_cairo::limits::Figure;
use maat_cairo::{Compiler, Contract, Executable, Session};
use maat_package::ClassSize;
use maat_verifier::ModelCommitment;
use starknet_types_core::felt::Felt;

use crate::codegen::{Draft, Generated};
use crate::error::TranspileError;

/// The estimated share of the limits above which one class is not even tried: estimates of whole networks are within a quarter of the
/// truth.
const CERTAINLY_TOO_LARGE: f64 = 1.35;

/// A network with its program and classes.
pub struct Compiled {
    /// What they are compiled from.
    pub(super) generated: Generated,
    /// The program for the Cairo VM.
    pub program: Executable,
    /// The model's class.
    pub contract: Contract,
    /// The classes of its parts, in order; empty if everything is one class.
    pub layer_classes: Vec<Contract>,
}

impl Compiled {
    /// Compiles a network with `parts` of it as separate classes. Without a number, there are as few as fit: none if the whole network fits
    /// into one class.
    ///
    /// # Errors
    /// Without a number of parts, a node is too large for a class; with one, there cannot be that many parts.
    pub fn new(
        draft: &Draft,
        commitment: Option<&ModelCommitment>,
        parts: Option<usize>,
        compiler: &Compiler,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, TranspileError> {
        // Programs and contracts are compiled side by side.
        let mut sessions = [compiler.session(), compiler.session()];
        if let Some(parts) = parts {
            progress("compiling the program and the contract");
            return Self::in_parts(draft, commitment, parts, &mut sessions);
        }
        let mut parts = if draft.share() > CERTAINLY_TOO_LARGE { draft.fewest_parts() } else { 0 };
        loop {
            progress(&match parts {
                0 => "compiling the program and the contract".to_owned(),
                parts => format!("compiling the program and the contract in {parts} parts"),
            });
            let compiled = Self::in_parts(draft, commitment, parts, &mut sessions)?;
            let Some((nodes, figure)) = compiled.excess() else { return Ok(compiled) };
            // More parts do not help if the part is a single node.
            if nodes.len() == 1 || parts == draft.most_parts() {
                return Err(TranspileError::TooLarge { node: nodes.join("`, `"), figure });
            }
            parts = (parts + 1).max(draft.fewest_parts()).max(2).min(draft.most_parts());
        }
    }

    /// Compiles the parts before the model's class, which calls them by their class hashes.
    fn in_parts(
        draft: &Draft,
        commitment: Option<&ModelCommitment>,
        parts: usize,
        [programs, contracts]: &mut [Session<'_>; 2],
    ) -> Result<Self, TranspileError> {
        let mut generated = draft.package(commitment, parts)?;
        let package = generated.package.clone();
        let (program, classes) = std::thread::scope(|scope| {
            let program = scope.spawn(|| programs.executable(&package));
            let classes = (|| {
                if parts == 0 {
                    return Ok((contracts.contract(&package)?, Vec::new()));
                }
                let layer_classes = contracts.contracts(&package, &generated.part_paths())?;
                let hashes: Vec<Felt> = layer_classes.iter().map(Contract::class_hash).collect();
                generated.set_class_hashes(&hashes);
                let contract = contracts.contracts(&generated.package, &[generated.contract_path()])?.swap_remove(0);
                Ok::<_, TranspileError>((contract, layer_classes))
            })();
            (program.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), classes)
        });
        let (program, (contract, layer_classes)) = (program?, classes?);
        Ok(Self { generated, program, contract, layer_classes })
    }

    /// The first figure of a class above Starknet's limit, if any, with the nodes of that class, as far as they are known.
    fn excess(&self) -> Option<(&[String], Figure)> {
        let (sizes, parts) = (self.sizes(), &self.generated.parts);
        let nodes = std::iter::once(&[][..]).chain(parts.iter().map(Vec::as_slice));
        let figures = nodes.zip(&sizes).flat_map(|(nodes, size)| size.figures().map(|figure| (nodes, figure)));
        figures.into_iter().find(|(_, figure)| !figure.fits())
    }

    /// The sizes of all classes, the model's first.
    pub fn sizes(&self) -> Vec<ClassSize> {
        let parts = self.layer_classes.iter().enumerate().map(|(index, class)| ClassSize::of(format!("part {}", index + 1), class));
        std::iter::once(ClassSize::of("model".to_owned(), &self.contract)).chain(parts).collect()
    }
}
