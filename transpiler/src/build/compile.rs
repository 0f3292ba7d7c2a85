//! Compiles a network: the program, and as many contract classes as Starknet's limits require.

use std::thread::{Scope, ScopedJoinHandle};

use maat_cairo::limits::Figure;
use maat_cairo::{CairoPackage, Compiler, Contract, Executable, Session};
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
    /// Its hash.
    pub(super) program_hash: Felt,
    /// The model's class.
    pub contract: Contract,
    /// The classes of its parts, in order; empty if everything is one class.
    pub layer_classes: Vec<Contract>,
}

/// A network of which the program is being compiled. It does not depend on the commitment, which can be made meanwhile.
pub struct Compiling<'scope, 'a> {
    draft: &'a Draft<'a>,
    parts: Option<usize>,
    compiler: &'a Compiler,
    program: ScopedJoinHandle<'scope, (Session<'a>, Result<Program, TranspileError>)>,
}

/// A program and its hash.
type Program = (Executable, Felt);

impl<'scope, 'a: 'scope> Compiling<'scope, 'a> {
    /// Starts to compile a network with `parts` of it as separate classes. Without a number, there are as few as fit: none if the whole network
    /// fits into one class.
    pub fn start(scope: &'scope Scope<'scope, '_>, draft: &'a Draft<'a>, parts: Option<usize>, compiler: &'a Compiler) -> Self {
        let first = first_parts(draft, parts);
        let program = scope.spawn(move || {
            let mut session = compiler.session();
            let program = draft.package(None, first).map_err(TranspileError::from);
            let program = program.and_then(|generated| program_of(&mut session, &generated.package));
            (session, program)
        });
        Self { draft, parts, compiler, program }
    }

    /// Compiles the contract, for a commitment.
    ///
    /// # Errors
    /// Without a number of parts, a node is too large for a class; with one, there cannot be that many parts.
    pub fn finish(self, commitment: Option<&ModelCommitment>, progress: &mut dyn FnMut(&str)) -> Result<Compiled, TranspileError> {
        let Self { draft, parts: wanted, compiler, program } = self;
        let mut contracts = compiler.session();
        let mut parts = first_parts(draft, wanted);
        let told = |parts| match parts {
            0 => "compiling the program and the contract".to_owned(),
            parts => format!("compiling the program and the contract in {parts} parts"),
        };
        progress(&told(parts));
        let mut generated = draft.package(commitment, parts)?;
        let classes = classes_of(&mut contracts, &mut generated, parts);
        let (mut programs, program) = program.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut compiled = Compiled::new(generated, program?, classes?);
        while let Some((nodes, figure)) = compiled.excess().filter(|_| wanted.is_none()) {
            // More parts do not help if the part is a single node.
            if nodes.len() == 1 || parts == draft.most_parts() {
                return Err(TranspileError::TooLarge { node: nodes.join("`, `"), figure });
            }
            parts = (parts + 1).max(draft.fewest_parts()).max(2).min(draft.most_parts());
            progress(&told(parts));
            let mut generated = draft.package(commitment, parts)?;
            let package = generated.package.clone();
            let (program, classes) = std::thread::scope(|scope| {
                let program = scope.spawn(|| program_of(&mut programs, &package));
                let classes = classes_of(&mut contracts, &mut generated, parts);
                (program.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), classes)
            });
            compiled = Compiled::new(generated, program?, classes?);
        }
        Ok(compiled)
    }
}

/// How many parts are tried first.
fn first_parts(draft: &Draft<'_>, parts: Option<usize>) -> usize {
    parts.unwrap_or_else(|| if draft.share() > CERTAINLY_TOO_LARGE { draft.fewest_parts() } else { 0 })
}

fn program_of(session: &mut Session<'_>, package: &CairoPackage) -> Result<Program, TranspileError> {
    let program = session.executable(package)?;
    let hash = program.hash().map_err(|error| TranspileError::Generated { reason: error.to_string() })?;
    Ok((program, hash))
}

/// The model's class, and those of the parts, which are compiled before it: it calls them by their class hashes.
fn classes_of(session: &mut Session<'_>, generated: &mut Generated, parts: usize) -> Result<(Contract, Vec<Contract>), TranspileError> {
    if parts == 0 {
        return Ok((session.contract(&generated.package)?, Vec::new()));
    }
    let layer_classes = session.contracts(&generated.package, &generated.part_paths())?;
    let hashes: Vec<Felt> = layer_classes.iter().map(Contract::class_hash).collect();
    generated.set_class_hashes(&hashes);
    let contract = session.contracts(&generated.package, &[generated.contract_path()])?.swap_remove(0);
    Ok((contract, layer_classes))
}

impl Compiled {
    fn new(generated: Generated, (program, program_hash): Program, (contract, layer_classes): (Contract, Vec<Contract>)) -> Self {
        Self { generated, program, program_hash, contract, layer_classes }
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
