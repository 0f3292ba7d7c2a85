//! Bad input gets a clear error: no panic, nothing half-written.

use std::path::Path;

use maat_cairo::Compiler;
use maat_package::{Advice, Fidelity, Options, PackageError, PackageFolder, Target, Widths};
use maat_tests::networks::{CASES, Random, dense};
use maat_tests::onnx::{Attribute, Onnx};
use maat_transpiler::{Network, Package, TranspileError, onnx_sha256};
use sha2::{Digest, Sha256};

use crate::common;

fn import_bytes(bytes: &[u8]) -> Result<Network, TranspileError> {
    let file = tempfile::Builder::new().suffix(".onnx").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Network::import(file.path())
}

/// Why a network is refused, when it is read or at the latest when it is quantised.
fn reason(onnx: Onnx) -> String {
    let quantised = import_bytes(&onnx.to_bytes()).and_then(|network| network.quantise(&[], &Options::default()));
    quantised.err().expect("the network was accepted").to_string()
}

#[test]
fn what_is_not_an_onnx_file_is_refused() {
    for bytes in [&b""[..], b"hello", b"\x08", &[0xff; 100]] {
        assert!(matches!(import_bytes(bytes), Err(TranspileError::Onnx { .. })), "{bytes:?}");
    }
    let missing = Network::import(std::path::Path::new("/does/not/exist.onnx"));
    assert!(matches!(missing, Err(TranspileError::Read { .. })));
}

/// A model with its constants in a file beside it, as exporters write large ones; gives the digest in its provenance.
fn external_digest(folder: &Path, path: &str) -> Result<String, TranspileError> {
    let (onnx, data) = dense(&[3, 4, 2], 5).external(path);
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, data).unwrap();
    digest(folder, onnx)
}

fn digest(folder: &Path, onnx: Onnx) -> Result<String, TranspileError> {
    let model = folder.join("model.onnx");
    onnx.write(&model);
    let digest = Network::import(&model)?.quantise(&[], &Options::default())?.provenance.onnx_sha256;
    assert_eq!(onnx_sha256(&model).unwrap(), digest);
    Ok(digest)
}

#[test]
fn the_digest_of_an_onnx_file_binds_its_external_data() {
    let folder = tempfile::tempdir().unwrap();
    let of = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    // A model in one file has that file's own digest.
    assert_eq!(digest(folder.path(), dense(&[3, 4, 2], 5)).unwrap(), hex(&of(&dense(&[3, 4, 2], 5).to_bytes())));

    let weights = external_digest(folder.path(), "weights.bin").unwrap();
    let (onnx, data) = dense(&[3, 4, 2], 5).external("weights.bin");
    let length = 11u64.to_le_bytes();
    let parts = [b"maat onnx with external data 1".as_slice(), &of(&onnx.to_bytes()), &length, b"weights.bin", &of(&data)];
    assert_eq!(weights, hex(&of(&parts.concat())));
    // Another byte of the data, and another name.
    let mut changed = data.clone();
    changed[0] ^= 1;
    std::fs::write(folder.path().join("weights.bin"), changed).unwrap();
    let model = folder.path().join("model.onnx");
    assert_ne!(onnx_sha256(&model).unwrap(), weights);
    std::fs::write(folder.path().join("weights.bin"), data).unwrap();
    assert_eq!(onnx_sha256(&model).unwrap(), weights);
    assert_ne!(external_digest(folder.path(), "below/weights.bin").unwrap(), weights);
}

#[test]
fn external_data_does_not_leave_the_models_folder() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("model");
    std::fs::create_dir(&folder).unwrap();
    let (_, data) = dense(&[3, 4, 2], 5).external("");
    let outside = outer.path().join("outside.bin");
    std::fs::write(&outside, &data).unwrap();
    let refused = |path: &str| {
        let error = digest(&folder, dense(&[3, 4, 2], 5).external(path).0).unwrap_err();
        assert!(matches!(error, TranspileError::Onnx { .. }), "{path}: {error}");
    };
    refused("../outside.bin");
    refused(outside.to_str().unwrap());
    refused("missing.bin");
    refused("");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, folder.join("link.bin")).unwrap();
        refused("link.bin");
        std::os::unix::fs::symlink(outer.path(), folder.join("link")).unwrap();
        refused("link/outside.bin");
    }
    // Shorter than the model says.
    std::fs::write(folder.join("short.bin"), &data[..data.len() - 1]).unwrap();
    refused("short.bin");
}

#[test]
fn truncated_and_changed_files_never_panic() {
    let bytes = dense(&[3, 4, 2], 5).to_bytes();
    for length in 0..bytes.len() {
        // Protobuf has no length of its own, so a cut between two fields may leave a smaller valid file; it must not panic.
        let _ = import_bytes(&bytes[..length]);
    }
    let mut random = Random::new(3);
    let count = if cfg!(feature = "slow") { 20_000 } else { 1_000 };
    for _ in 0..count {
        let mut changed = bytes.clone();
        for _ in 0..1 + random.below(3) {
            let bit = random.below(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
        }
        if let Ok(network) = import_bytes(&changed) {
            let _ = network.quantise(&[], &Options::default());
        }
    }
}

#[test]
fn changed_networks_of_any_operator_never_panic() {
    let mut random = Random::new(4);
    let count = if cfg!(feature = "slow") { 2_000 } else { 8 };
    let mut accepted = 0;
    for case in CASES {
        let bytes = (case.onnx)().to_bytes();
        for _ in 0..count {
            let mut changed = bytes.clone();
            for _ in 0..1 + random.below(2) {
                let bit = random.below(changed.len() * 8);
                changed[bit / 8] ^= 1 << (bit % 8);
            }
            if let Ok(network) = import_bytes(&changed) {
                accepted += 1;
                let _ = network.quantise(&[], &Options::default());
            }
        }
    }
    assert!(accepted > 0, "most changes of weights give another valid network");
}

#[test]
fn unsupported_operators_are_named_with_their_nodes_and_what_to_do() {
    let maps = "networks take numbers; process texts and maps before the network, and give it the result";
    let onnx = Onnx::new().input("x", &[1, 2]).node("relu", "Relu", &["x"], "a", &[]).node("magic", "Xyzzy", &["a"], "b", &[]);
    let onnx = onnx.node("maps", "ai.onnx.ml.CastMap", &["b"], "c", &[]).node("again", "ai.onnx.ml.CastMap", &["c"], "y", &[]);
    let message = reason(onnx.output("y"));
    let expected = format!(
        "node `magic`: operator Xyzzy is not supported\nnode `maps` and 1 more: operator ai.onnx.ml.CastMap is not supported: {maps}"
    );
    assert_eq!(message, expected);
}

#[test]
fn an_operator_that_nobody_defines_is_named_with_its_domain() {
    let onnx = Onnx::new().input("x", &[1, 2]).node("double", "pkg.Double", &["x"], "y", &[]).output("y");
    assert_eq!(reason(onnx), "node `double`: operator pkg.Double is not supported");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let weights = || Onnx::new().input("x", &[1, 2]).floats("w", &[2, 1], &[1.0, value]);
        let message = reason(weights().node("dense", "MatMul", &["x", "w"], "y", &[]).output("y"));
        assert!(message.contains("node `dense"), "{message}");
        // Behind a bound an infinite weight gives finite values.
        let bounded = weights().node("dense", "MatMul", &["x", "w"], "a", &[]).floats("six", &[], &[6.0]);
        let message = reason(bounded.node("clip", "Clip", &["a", "", "six"], "b", &[]).node("relu", "Relu", &["b"], "y", &[]).output("y"));
        assert!(message.contains("node `dense"), "{message}");
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let onnx = Onnx::new().input("x", &[1, 2]).floats("w", &[3, 1], &[1.0; 3]);
    let message = reason(onnx.node("dense", "MatMul", &["x", "w"], "y", &[]).output("y"));
    assert!(message.contains("node `dense` (MatMul, opset 13, inputs [1, 2] [3, 1]): the inner dimensions differ: 2 and 3"), "{message}");
    let onnx = Onnx::new().input("x", &[1, 2]).integers("to", &[1], &[3]);
    let message = reason(onnx.node("reshape", "Reshape", &["x", "to"], "y", &[]).output("y"));
    assert!(message.starts_with("node `reshape` (Reshape, opset 13, inputs [1, 2] [1]): "), "{message}");
}

#[test]
fn uses_of_an_operator_without_a_lowering_are_refused_with_the_reason() {
    let image = || Onnx::new().input("x", &[1, 1, 2, 2]);
    let refused = [
        (image().node("conv", "Conv", &["x", "x"], "y", &[]), "input 1 (`x`) must be a constant"),
        (
            image().integers("labels", &[1], &[5]).node("arg", "ArgMax", &["x"], "place", &[("axis", Attribute::Int(3))]).node(
                "pick",
                "ai.onnx.ml.ArrayFeatureExtractor",
                &["labels", "place"],
                "y",
                &[],
            ),
            "a computed position might not be among the 1 elements of the last axis",
        ),
        (image().node("cast", "Cast", &["x"], "y", &[("to", Attribute::Int(8))]), "attribute `to` is 8: text is not supported here"),
        (image().node("cast", "Cast", &["x"], "y", &[("to", Attribute::Int(14))]), "attribute `to` is 14: data type COMPLEX64 is not supp"),
        (image().node("cast", "Cast", &["x"], "y", &[("to", Attribute::Int(99))]), "attribute `to` is 99: data type 99 is not known"),
    ];
    for (onnx, expected) in refused {
        let message = reason(onnx.output("y"));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn graphs_that_contradict_themselves_are_refused() {
    let dangling = Onnx::new().input("x", &[1, 2]).node("relu", "Relu", &["z"], "y", &[]).output("y");
    assert!(reason(dangling).contains("node `relu` takes `z`, which no input, initialiser or earlier node gives"));
    assert!(reason(Onnx::new().input("x", &[1, 2]).output("y")).contains("nothing gives the output `y`"));
    let constant = Onnx::new().input("x", &[1, 2]).floats("c", &[1], &[2.0]).node("double", "Add", &["c", "c"], "y", &[]);
    let message = reason(constant.output("y"));
    assert!(message.contains("no node computes output `y` once constants are folded"), "{message}");
    let twice = Onnx::new().input("x", &[1, 2]).node("a", "Relu", &["x"], "y", &[]).node("b", "Relu", &["x"], "y", &[]);
    assert!(reason(twice.output("y")).contains("tensor `y` is given twice"));
}

#[test]
fn options_out_of_range_are_refused() {
    let network = common::import(dense(&[2, 2], 1));
    let with = |activations, weights| Options { widths: Widths { activations, weights }, ..Options::default() };
    for options in [with(3, 16), with(25, 16), with(16, 3), with(16, 17), Options { assumed_magnitude: f64::NAN, ..Options::default() }] {
        assert!(matches!(network.quantise(&[], &options), Err(TranspileError::Option { .. })), "{options:?}");
    }
}

#[test]
fn without_samples_the_accuracy_is_unknown() {
    let network = common::import(dense(&[3, 4, 2], 1));
    let quantised = network.quantise(&[], &Options::default()).unwrap();
    assert_eq!((quantised.quality.best_estimate(), quantised.quality.certificate.len()), (None, 3));
    assert_eq!(quantised.verdict.fidelity, Fidelity::Unknown);
    assert!(quantised.verdict.caution().unwrap().contains("accuracy of this model is unknown"));
}

#[test]
fn samples_that_overflow_the_float_network_are_refused() {
    let onnx = Onnx::new().input("x", &[1, 1]).floats("w", &[1, 1], &[1e30]);
    let network = common::import(onnx.node("dense", "MatMul", &["x", "w"], "y", &[]).output("y"));
    let error = network.quantise(&[vec![vec![1e300]]], &Options::default()).err().unwrap();
    assert!(error.to_string().contains("gives inf in node `dense` for sample 0 (counted from 0): check that sample"), "{error}");
    // The number is that in the file, from which every fourth is kept back.
    let mut samples = vec![vec![vec![1.0]]; 8];
    samples[4][0][0] = 1e300;
    let error = network.quantise(&samples, &Options::default()).err().unwrap();
    assert!(error.to_string().contains("in node `dense` for sample 4 (counted from 0)"), "{error}");
    let error = network.quantise(&[], &Options { assumed_magnitude: 1e300, ..Options::default() }).err().unwrap();
    assert!(error.to_string().ends_with("in node `dense` for a point of the assumed range of inputs"), "{error}");
}

#[test]
fn the_cost_target_narrows_and_stays_close() {
    let network = common::import(dense(&[8, 16, 4], 1));
    let samples = Random::new(5).samples(256, &[8], 1.0);
    let options = Options { target: Target::Cost, ..Options::default() };
    let quantised = network.quantise(&samples, &options).unwrap();
    let widths = quantised.provenance.options.widths;
    assert!(widths.activations < 16 && widths.weights < 16, "{widths:?}");
    let output = &quantised.quality.held_out.unwrap().outputs[0];
    assert!(
        output.agreement().unwrap().share >= 0.9 && output.distance().unwrap().mean <= 0.02 * output.distance().unwrap().magnitude,
        "{output:?}"
    );
    assert_eq!(quantised.verdict.fidelity, Fidelity::Faithful, "{:?}", quantised.verdict);
}

#[test]
fn the_rounding_of_an_input_is_blamed_on_the_input() {
    let onnx = Onnx::new().input("x", &[1, 2]).floats("w", &[2, 2], &[1.0, 0.25, -0.5, 1.0]);
    let network = common::import(onnx.node("dense", "MatMul", &["x", "w"], "y", &[]).output("y"));
    let samples = Random::new(5).samples(64, &[2], 1.0);
    // The result keeps six bits more than the input.
    let options = Options { widths: Widths { activations: 6, weights: 16 }, accept_loss: true, ..Options::default() };
    let quantised = network.quantise(&samples, &options).unwrap();
    assert_eq!(quantised.quality.dominant().map(|blame| blame.name.as_str()), Some("x"), "{:?}", quantised.quality.blame);
}

#[test]
fn a_model_that_does_not_compute_its_network_is_refused_unless_the_loss_is_accepted() {
    let network = common::import(dense(&[8, 32, 32, 4], 1));
    let samples = Random::new(5).samples(256, &[8], 1.0);
    let options = Options { widths: Widths { activations: 4, weights: 4 }, ..Options::default() };
    let error = network.quantise(&samples, &options).err().unwrap();
    let TranspileError::Unfaithful { verdict } = &error else { panic!("{error}") };
    assert_eq!((verdict.fidelity, verdict.losses[0].output.as_str()), (Fidelity::Refused, "y"));
    let message = error.to_string();
    for part in ["the quantised model is refused", "`y` ", "on 64 held-out samples"] {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert_eq!(verdict.advice.first(), Some(&Advice::MoreBits));
    let accepted = network.quantise(&samples, &Options { accept_loss: true, ..options }).unwrap();
    assert_eq!(&accepted.verdict, verdict.as_ref());
    assert!(accepted.verdict.caution().unwrap().contains("was made anyway"));
}

fn package() -> Package {
    let network = common::import(dense(&[2, 3, 2], 1));
    Package::build(network.quantise(&[], &Options::default()).unwrap(), &Compiler::default(), &mut |_| {}).unwrap()
}

#[test]
fn a_folder_that_is_not_a_package_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    assert!(matches!(package().write(folder.path()), Err(PackageError::Occupied { .. })));
    let file = folder.path().join("thesis.txt");
    assert!(matches!(package().write(&file), Err(PackageError::Occupied { .. })));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "years of work");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn an_unwritable_folder_is_refused_and_nothing_is_half_written() {
    let folder = tempfile::tempdir().unwrap();
    // A file where a folder should be: refused whoever runs the test, root included.
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = package().write(&folder.path().join("file/package")).unwrap_err();
    assert!(matches!(error, PackageError::Write { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_package_replaces_an_older_one_and_the_users_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    let package = package();
    package.write(&path).unwrap();
    std::fs::write(path.join("src/mine.cairo"), "mine").unwrap();
    package.write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path.join("src/mine.cairo")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    let opened = PackageFolder::open(&path).unwrap();
    assert_eq!((&opened.model().unwrap(), &opened.report().unwrap()), (&package.model, &package.report));
}

#[test]
fn a_changed_package_is_refused_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    package().write(&path).unwrap();
    for file in ["model.maat", "report.json", "target/executable.json"] {
        let mut bytes = std::fs::read(path.join(file)).unwrap();
        let original = bytes.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path.join(file), &bytes).unwrap();
        let opened = PackageFolder::open(&path).unwrap();
        let error = match file {
            "model.maat" => opened.model().err(),
            "report.json" => opened.report().err(),
            _ => opened.program().err(),
        };
        let message = error.unwrap_or_else(|| panic!("a changed {file} was read")).to_string();
        assert!(message.contains(file) && message.contains("is not the one that manifest.json lists"), "{message}");
        std::fs::write(path.join(file), original).unwrap();
    }
    let written = PackageFolder::open(&path).unwrap().manifest.format;
    for found in ["1", "99"] {
        std::fs::write(path.join("manifest.json"), format!("{{\"format\": {found}}}")).unwrap();
        let message = PackageFolder::open(&path).unwrap_err().to_string();
        assert!(
            message.contains(&format!("the manifest has format {found}, but this program reads format {written}: transpile again")),
            "{message}"
        );
    }
}
