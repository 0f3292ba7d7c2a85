//! Full-size architectures, which the wheel of the `onnx` package has with synthetic weights: each is imported and quantised, or refused with a
//! reason. The two smallest by default; all with the feature `slow`.

use std::io::{Cursor, Read};
use std::path::Path;

use maat_package::Options;
use maat_tests::conformance::WHEEL;
use maat_tests::networks::Random;
use maat_transpiler::{Network, TranspileError};

/// Architectures, and how many million multiply-accumulates one inference takes at least: a part that was lost on the way would show.
const ARCHITECTURES: &[(&str, u64)] = &[
    ("shufflenet", 120),
    ("squeezenet", 300),
    ("bvlc_alexnet", 600),
    ("densenet121", 2_500),
    ("inception_v1", 1_300),
    ("inception_v2", 1_500),
    ("resnet50", 3_500),
];

/// Those that are refused, with a part of the reason.
const REFUSED: &[(&str, &str)] = &[("vgg19", "too large"), ("zfnet512", "too large")];

/// How many are tried by default.
const BY_DEFAULT: usize = 2;

fn quantised(architecture: &str, wheel: &mut zip::ZipArchive<Cursor<Vec<u8>>>) -> Result<u64, TranspileError> {
    let mut bytes = Vec::new();
    let path = format!("onnx/backend/test/data/light/light_{architecture}.onnx");
    wheel.by_name(&path).unwrap_or_else(|error| panic!("{path}: {error}")).read_to_end(&mut bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network.onnx");
    std::fs::write(&file, bytes).unwrap();
    let network = Network::import(&file)?;
    let samples = Random::new(1).samples(1, &[3 * 224 * 224], 1.0);
    // Random numbers are no images, and the weights are constants: what comes out says nothing about a loss.
    let quantised = network.quantise(&samples, &Options { accept_loss: true, ..Options::default() })?;
    Ok(quantised.model.macs() / 1_000_000)
}

#[test]
fn full_size_architectures_are_quantised_or_refused() {
    let bytes = WHEEL.locate(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_or_else(|reason| panic!("{reason}"));
    let mut wheel = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let slow = cfg!(feature = "slow");
    for (architecture, least) in ARCHITECTURES.iter().take(if slow { usize::MAX } else { BY_DEFAULT }) {
        let found = quantised(architecture, &mut wheel).unwrap_or_else(|error| panic!("{architecture}: {error}"));
        println!("{architecture}: {found} million multiply-accumulates");
        assert!(found >= *least, "{architecture}: {found} million multiply-accumulates");
    }
    for (architecture, reason) in REFUSED.iter().filter(|_| slow) {
        let error = quantised(architecture, &mut wheel).expect_err(architecture).to_string();
        assert!(error.contains(reason), "{architecture}: {error}");
    }
}
