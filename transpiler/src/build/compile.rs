//! Compiles a network: the program, and as many contract classes as Starknet's limits require.

use std::thread::{Scope, ScopedJoinHandle};

use maat_cairo::limits::Figure;
use maat_cairo::{Compiler, Contract, Executable, Session, SierraContract};
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

/// A network that is being compiled. Meanwhile its commitment can be made, which only the finished contract knows.
pub struct Compiling<'scope, 'a> {
    draft: &'a Draft<'a>,
    parts: Option<usize>,
    program: ScopedJoinHandle<'scope, (Session<'a>, Result<Program, TranspileError>)>,
    classes: ScopedJoinHandle<'scope, (Session<'a>, Result<Classes, TranspileError>)>,
}

/// A program and its hash.
type Program = (Executable, Felt);

/// The model's contract, which has [`STAND_IN`] for a commitment, and the classes of the parts.
type Classes = (SierraContract, Vec<Contract>);

/// What contracts are compiled with while the commitment is not known.
const STAND_IN: &str = "0x00e2b7151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190c";

impl<'scope, 'a: 'scope> Compiling<'scope, 'a> {
    /// Starts to compile a network with `parts` of it as separate classes. Without a number, there are as few as fit: none if the whole network
    /// fits into one class.
    pub fn start(scope: &'scope Scope<'scope, '_>, draft: &'a Draft<'a>, parts: Option<usize>, compiler: &'a Compiler) -> Self {
        let first = first_parts(draft, parts);
        let program = scope.spawn(move || {
            let mut session = compiler.session();
            let program = program_of(&mut session, draft, first);
            (session, program)
        });
        let classes = scope.spawn(move || {
            let mut session = compiler.session();
            let classes = classes_of(&mut session, draft, first);
            (session, classes)
        });
        Self { draft, parts, program, classes }
    }

    /// Finishes the contract, for a commitment.
    ///
    /// # Errors
    /// Without a number of parts, a node is too large for a class; with one, there cannot be that many parts.
    pub fn finish(self, commitment: Option<&ModelCommitment>, progress: &mut dyn FnMut(&str)) -> Result<Compiled, TranspileError> {
        let Self { draft, parts: wanted, program, classes } = self;
        let mut parts = first_parts(draft, wanted);
        let told = |parts| match parts {
            0 => "compiling the program and the contract".to_owned(),
            parts => format!("compiling the program and the contract in {parts} parts"),
        };
        progress(&told(parts));
        let (mut contracts, classes) = joined(classes);
        let finished = with_commitment(&mut contracts, draft, parts, commitment, classes?);
        let (mut programs, program) = joined(program);
        let mut compiled = Compiled::new(program?, finished?);
        while let Some((nodes, figure)) = compiled.excess().filter(|_| wanted.is_none()) {
            // More parts do not help if the part is a single node.
            if nodes.len() == 1 || parts == draft.most_parts() {
                return Err(TranspileError::TooLarge { node: nodes.join("`, `"), figure });
            }
            parts = (parts + 1).max(draft.fewest_parts()).max(2).min(draft.most_parts());
            progress(&told(parts));
            let (program, finished) = std::thread::scope(|scope| {
                let program = scope.spawn(|| program_of(&mut programs, draft, parts));
                let classes = classes_of(&mut contracts, draft, parts);
                let finished = classes.and_then(|classes| with_commitment(&mut contracts, draft, parts, commitment, classes));
                (joined(program), finished)
            });
            compiled = Compiled::new(program?, finished?);
        }
        Ok(compiled)
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// How many parts are tried first.
fn first_parts(draft: &Draft<'_>, parts: Option<usize>) -> usize {
    parts.unwrap_or_else(|| if draft.share() > CERTAINLY_TOO_LARGE { draft.fewest_parts() } else { 0 })
}

/// The program. It does not depend on the commitment.
fn program_of(session: &mut Session<'_>, draft: &Draft<'_>, parts: usize) -> Result<Program, TranspileError> {
    let program = session.executable(&draft.package(None, parts)?.package)?;
    let hash = program.hash().map_err(|error| TranspileError::Generated { reason: error.to_string() })?;
    Ok((program, hash))
}

/// The model's contract, and the classes of the parts, which are compiled before it: it calls them by their class hashes.
fn classes_of(session: &mut Session<'_>, draft: &Draft<'_>, parts: usize) -> Result<Classes, TranspileError> {
    let stand_in = STAND_IN.parse().expect("a commitment begins with a zero byte");
    let mut generated = draft.package(Some(&stand_in), parts)?;
    let layer_classes = if parts == 0 { Vec::new() } else { session.contracts(&generated.package, &generated.part_paths())? };
    generated.set_class_hashes(&hashes(&layer_classes));
    Ok((session.sierra(&generated.package, Some(&generated.contract_path()))?, layer_classes))
}

/// The package with the commitment, and its classes.
fn with_commitment(
    session: &mut Session<'_>,
    draft: &Draft<'_>,
    parts: usize,
    commitment: Option<&ModelCommitment>,
    (contract, layer_classes): Classes,
) -> Result<(Generated, Contract, Vec<Contract>), TranspileError> {
    let mut generated = draft.package(commitment, parts)?;
    generated.set_class_hashes(&hashes(&layer_classes));
    let committed = commitment.and_then(|commitment| {
        let stand_in = Felt::from_hex_unchecked(STAND_IN);
        contract.with_felt(&stand_in, &Felt::from_bytes_be(commitment.as_bytes()))?.assemble().ok()
    });
    let contract = match committed {
        Some(contract) => contract,
        // Without a commitment there is a zero, which the compiler knows more of.
        None => session.contracts(&generated.package, &[generated.contract_path()])?.swap_remove(0),
    };
    Ok((generated, contract, layer_classes))
}

fn hashes(classes: &[Contract]) -> Vec<Felt> {
    classes.iter().map(Contract::class_hash).collect()
}

impl Compiled {
    fn new((program, program_hash): Program, (generated, contract, layer_classes): (Generated, Contract, Vec<Contract>)) -> Self {
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
