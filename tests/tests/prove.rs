//! From a package on disk to a verified statement: what the manifest says of proofs is enough to make them and to check them.

use std::path::Path;

use maat_cairo::Compiler;
use maat_package::{Options, PackageError, PackageFolder, Proving, execute_program, quantise_sample};
use maat_prover::{Cache, LayoutChoice, ProvingKey, Visibility, entries, entries_for};
use maat_runtime::Executor;
use maat_tests::models::{MODELS, RealModel};
use maat_transpiler::{BuildOptions, Package, Setting, TranspileError};
use maat_verifier::{Mode, Preset, VerifyError, verify};

use crate::common;

const BATCH: u32 = 4;

fn row(name: &str) -> &'static RealModel {
    MODELS.iter().find(|row| row.name == name).unwrap()
}

fn package(row: &RealModel, batches: &[u32]) -> Result<Package, TranspileError> {
    let quantised = row.quantise(&row.network(), &Options::default()).unwrap();
    let options = BuildOptions { batches: batches.to_vec(), ..BuildOptions::default() };
    Package::build_with(quantised, &options, &Compiler::default(), &mut |_| {})
}

/// Proves the first test samples with a package, and gives the proof with what must be in its statement.
fn prove(row: &RealModel, folder: &PackageFolder, batch: u32, cache: &Cache) -> (Vec<u8>, Vec<i32>, Vec<i32>) {
    let model = folder.model().unwrap();
    let samples = &row.test_samples(&row.network())[..batch as usize];
    let inferences: Vec<_> = samples.iter().map(|sample| quantise_sample(&model, sample).unwrap()).collect();
    let entries = folder.entries().unwrap().clone();
    let key = ProvingKey::with_cache(&model, entries, (Preset::Fast, Mode::Plain), batch, cache).unwrap();
    let proved = key.prove(&inferences, (Visibility::Public, Visibility::Public), &|_| ()).unwrap();
    let outputs = Executor::run_batch(&model, &inferences).unwrap();
    (proved.file.to_bytes(), inferences.concat().concat(), outputs.concat().concat())
}

fn open(package: &Package, folder: &Path) -> PackageFolder {
    package.write(folder).unwrap();
    PackageFolder::open(folder).unwrap()
}

#[test]
fn a_package_is_proven_and_verified_by_its_manifest() {
    let row = row("rockybot");
    let built = package(row, &[BATCH, 1, BATCH]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written = open(&built, &folder.path().join("package"));
    assert_eq!(written.manifest, built.manifest);
    assert_eq!(written.manifest.proving.batches(), [1, BATCH]);
    assert_eq!(*written.entries().unwrap(), entries(&written.model().unwrap(), &[1, BATCH]).unwrap());
    let commitment = written.entries().unwrap().commitment();

    let cache = Cache::new(folder.path().join("cache"));
    for batch in [1, BATCH, BATCH] {
        let (proof, inputs, outputs) = prove(row, &written, batch, &cache);
        let statement = verify(&proof, &commitment).unwrap();
        assert_eq!((statement.commitment, statement.preset, statement.batch), (commitment, Preset::Fast, batch));
        assert_eq!(statement.inputs.as_public(), Some(&inputs[..]));
        assert_eq!(statement.outputs.as_public(), Some(&outputs[..]));
        assert!(statement.security.conjectured >= 96);
    }

    // Other sizes are another commitment, and so is another model.
    let others = entries(&written.model().unwrap(), &[1]).unwrap().commitment();
    let (proof, ..) = prove(row, &written, 1, &cache);
    assert_eq!(verify(&proof, &others), Err(VerifyError::Commitment { expected: others, found: commitment }));
}

#[test]
fn a_cache_is_not_a_way_around_the_commitment() {
    let (model, other) = (row("rockybot"), row("digits mlp"));
    let quantise = |row: &RealModel| row.quantise(&row.network(), &Options::default()).unwrap().model;
    let (model, other) = (quantise(model), quantise(other));
    let committed = entries(&model, &[1]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let key = |model| ProvingKey::with_cache(model, committed.clone(), (Preset::Fast, Mode::Plain), 1, &cache).map(|key| key.cached());
    assert!(!key(&model).unwrap());
    assert!(key(&model).unwrap());
    // The cache has the columns with the root that the entries name, but they are not those of this model.
    assert!(key(&other).unwrap_err().to_string().contains("is not this model's"));
}

#[test]
fn rockybots_proof_for_the_chain_takes_60_kib() {
    let row = row("rockybot");
    let network = row.network();
    let model = row.quantise(&network, &Options::default()).unwrap().model;
    let entries = entries_for(&model, &[1], &[Preset::Onchain], LayoutChoice::Cheapest).unwrap();
    let key = ProvingKey::new(&model, entries.clone(), (Preset::Onchain, Mode::Plain), 1).unwrap();
    let samples = &row.test_samples(&network)[..8];
    let sizes = samples.iter().map(|sample| {
        let inputs = quantise_sample(&model, sample).unwrap();
        let proof = key.prove(&[inputs], (Visibility::Public, Visibility::Public), &|_| ()).unwrap().file.to_bytes();
        verify(&proof, &entries.commitment()).unwrap();
        proof.len()
    });
    // How many nodes paths share depends on where the queries fall: single proofs differ by a thousand bytes either way.
    let total: usize = sizes.sum();
    assert!(total <= samples.len() * (60 << 10), "{} bytes on average", total / samples.len());
}

#[test]
fn rockybots_cairo_proof_takes_200_kib() {
    let row = row("rockybot");
    let network = row.network();
    let model = row.quantise(&network, &Options::default()).unwrap().model;
    let program = common::compile(&model);
    let samples = &row.test_samples(&network)[..4];
    let sizes = samples.iter().map(|sample| {
        let execution = execute_program(&program, &quantise_sample(&model, sample).unwrap()).unwrap();
        // The file holds the program too.
        let proof = maat_prover::cairo::prove(&execution, Preset::Fast, &|_| ()).unwrap().file.to_bytes();
        let statement = maat_verifier::cairo::verify_program(&proof, &execution.program).unwrap();
        assert!((statement.steps as usize) < row.steps, "{} steps", statement.steps);
        proof.len()
    });
    let average = sizes.sum::<usize>() / samples.len();
    println!("{average} bytes on average");
    assert!(average <= 200 << 10, "{average} bytes on average");
}

#[test]
fn sizes_that_cannot_be_proven_are_refused() {
    let too_many: Vec<u32> = (2..=22).collect();
    let error = |batches: &[u32]| package(row("digits mlp"), batches).err().unwrap();
    assert!(matches!(error(&too_many), TranspileError::Option { setting: Setting::Batches, .. }));
    for batch in [0, u32::MAX] {
        assert!(matches!(error(&[batch]), TranspileError::Batch { batch: found, .. } if found == batch));
    }
}

#[test]
fn a_package_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = open(&package(row("digits mlp"), &[]).unwrap(), &folder.path().join("package"));
    let Proving::Committed { commitment, .. } = &mut written.manifest.proving else { panic!("the model can be proven") };
    *commitment = format!("0x{}", "0".repeat(64)).parse().unwrap();
    assert!(matches!(written.entries(), Err(PackageError::Mismatch { .. })));
    written.manifest.proving = Proving::Unprovable { reason: "it is too large".to_owned() };
    assert_eq!(written.entries().unwrap_err().to_string(), "the model cannot be proven: it is too large");
}
