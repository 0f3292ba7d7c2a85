//! RockyBot from ONNX to Cairo: the project's own net and that of its first authors, on ten thousand hours of prices.

mod prices;

use maat_cairo::Compiler;
use maat_package::samples::Sample;
use maat_package::{Options, quantise_sample, run_program};
use maat_runtime::Executor;
use maat_tests::networks::Random;
use maat_tests::root;
use maat_transpiler::{Network, Package};

use crate::common;
use prices::Hourly;

const HOURS: usize = 36;
/// Feature vectors that the price file gives: 35 of its hours have no 36 prices yet, and 36 see the glitch.
const VECTORS: usize = 10_105 - 35 - 36;
const CAIRO_RUNS: usize = if cfg!(feature = "slow") { 2_000 } else { 200 };

/// Feature vectors of every hour with 36 accepted prices up to it: `price[t] - price[t - h]` for `h` from 0 to 35.
fn features() -> Vec<Sample> {
    let hourly = prices::hourly();
    let accepted = prices::accepted(&hourly);
    let vector = |hours: &[Hourly]| vec![(0..HOURS).map(|h| hours[HOURS - 1].price - hours[HOURS - 1 - h].price).collect::<Vec<f64>>()];
    let windows = hourly.windows(HOURS).zip(accepted.windows(HOURS));
    windows.filter(|(_, accepted)| accepted.iter().all(|accepted| *accepted)).map(|(hours, _)| vector(hours)).collect()
}

struct Net {
    network: Network,
    vectors: Vec<Sample>,
}

/// A net on the prices of the example.
fn net(onnx: &str) -> Net {
    let network = Network::import(&root().join(onnx)).unwrap();
    Net { network, vectors: features() }
}

fn own() -> Net {
    net("examples/rockybot/rockybot.onnx")
}

fn first_maximum(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, candidate| if values[candidate] > values[best] { candidate } else { best })
}

/// Asserts a net's agreement with the float network, its Cairo steps for a multiply-accumulate, and its share of a class's limits.
fn check(net: &Net) {
    assert_eq!(net.vectors.len(), VECTORS);
    // Calibration sees a twentieth of the hours.
    let calibration: Vec<Sample> = net.vectors.iter().step_by(20).cloned().collect();
    let quantised = net.network.quantise(&calibration, &Options::default()).unwrap();
    let package = Package::build(quantised, &Compiler::default(), &mut |_| {}).unwrap();
    let (model, cost) = (&package.model, common::cost(&package));

    let inputs: Vec<Vec<Vec<i32>>> = net.vectors.iter().map(|sample| quantise_sample(model, sample).unwrap()).collect();
    let outputs = Executor::run_batch(model, &inputs).unwrap();
    let same = net.vectors.iter().zip(&outputs).filter(|(sample, output)| {
        let logits: Vec<f64> = output[0].iter().map(|q| f64::from(*q)).collect();
        first_maximum(&net.network.run_float(sample)[0]) == first_maximum(&logits)
    });
    let agreement = same.count() as f64 / VECTORS as f64;
    assert!(agreement >= 0.995, "the class agrees on {agreement} of the hours");

    let mut random = Random::new(1);
    let mut steps = Vec::new();
    for _ in 0..CAIRO_RUNS {
        let vector = random.below(VECTORS);
        let (by_cairo, taken) = run_program(model, &common::cairo(&package).program, &inputs[vector]).unwrap();
        assert_eq!(by_cairo, outputs[vector], "hour {vector}");
        steps.push(taken);
    }
    let most = *steps.iter().max().unwrap();
    assert_eq!(cost.macs, 36 * 128 + 128 * 64 + 64 * 12);
    assert!((most as u64) < cost.macs, "{most} steps for {} multiply-accumulates", cost.macs);
    let [class] = cost.classes.as_slice() else { panic!("{:?}", cost.classes) };
    assert!(class.share() < 0.5 && cost.excesses().is_empty(), "{cost:?}");
    println!("agreement {agreement}, at most {most} steps ({} per MAC), {class:?}, {:?}", most as f64 / cost.macs as f64, cost.contract);
}

#[test]
fn the_projects_own_net() {
    check(&own());
}

#[test]
fn the_net_of_its_first_authors() {
    check(&net("tests/fixtures/rockybot/rockybot.onnx"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let build = || {
        let net = own();
        let quantised = net.network.quantise(&net.vectors[..64], &Options::default()).unwrap();
        let package = Package::build(quantised, &Compiler::default(), &mut |_| {}).unwrap();
        let folder = tempfile::tempdir().unwrap();
        package.write(&folder.path().join("package")).unwrap();
        (package.manifest, std::fs::read(folder.path().join("package/manifest.json")).unwrap())
    };
    // The manifest holds a digest of every other file.
    assert_eq!(build(), build());
}
