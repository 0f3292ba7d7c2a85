//! Inferences per second: the integer runtime beside tract's float execution of the same network, in one run.

mod tract;

use criterion::{Criterion, criterion_group, criterion_main};
use maat_package::{Options, quantise_sample};
use maat_runtime::Executor;
use maat_tests::networks::{Random, dense};
use maat_tests::root;
use maat_transpiler::Network;

/// Networks beside the example, as widths of their layers.
const DENSE: &[&[usize]] = &[&[64, 64], &[512, 512], &[784, 128, 64, 10]];

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut networks = vec![("rockybot".to_owned(), root().join("examples/rockybot/rockybot.onnx"), 36)];
    for widths in DENSE {
        let name = widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        let path = folder.path().join(format!("{name}.onnx"));
        dense(widths, 1).write(&path);
        networks.push((name, path, widths[0]));
    }
    for (name, path, inputs) in networks {
        let samples = Random::new(2).samples(64, &[inputs], 50.0);
        let model = Network::import(&path).unwrap().quantise(&samples, &Options::default()).unwrap().model;
        let quantised = quantise_sample(&model, &samples[0]).unwrap();
        let mut executor = Executor::new(&model);
        let mut float = tract::Float::load(&path, &samples[0]);
        let mut group = criterion.benchmark_group(&name);
        group.bench_function("runtime", |bencher| bencher.iter(|| executor.run(&quantised).unwrap()));
        group.bench_function("tract float", |bencher| bencher.iter(|| float.run()));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
