//! Time of a whole transpile, from the ONNX file to the package in memory.

use criterion::{Criterion, criterion_group, criterion_main};
use maat_cairo::Compiler;
use maat_package::{Options, samples};
use maat_tests::root;
use maat_transpiler::{Network, Package};

fn bench(criterion: &mut Criterion) {
    let example = root().join("examples/rockybot");
    let path = example.join("rockybot.onnx");
    let calibration = samples::read(&example.join("calibration.json"), Network::import(&path).unwrap().inputs()).unwrap();
    let mut group = criterion.benchmark_group("transpile");
    group.sample_size(10);
    group.bench_function("rockybot: import and quantise", |bencher| {
        bencher.iter(|| Network::import(&path).unwrap().quantise(&calibration, &Options::default()).unwrap());
    });
    group.bench_function("rockybot: whole", |bencher| {
        bencher.iter(|| {
            let quantised = Network::import(&path).unwrap().quantise(&calibration, &Options::default()).unwrap();
            Package::build(quantised, &Compiler::default(), &mut |_| {}).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
