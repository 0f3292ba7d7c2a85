//! Times, memory and sizes of model proofs, beside stock Winterfell on a matrix of the same size.
//!
//! `cargo bench -p maat-prover` runs every case in a process of its own, so that its peak memory is its own. `-- CASE...` runs only these.

mod floor;
mod measure;
mod networks;

use std::process::Command;
use std::time::Instant;

use maat_prover::{ProvingKey, Visibility, entries};
use maat_verifier::layout::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::{Goldilocks, Preset, verify};
use measure::{median, ms, peak};

/// Proofs of one case; the median counts.
const RUNS: usize = 7;
const WIDTHS: (usize, usize) = (MAIN_WIDTH, AUXILIARY_WIDTH);

struct Case {
    name: &'static str,
    network: fn() -> maat_runtime::Model,
    batch: u32,
    preset: Preset,
}

const CASES: &[Case] = &[
    Case { name: "rockybot", network: networks::rockybot, batch: 1, preset: Preset::Fast },
    Case { name: "rockybot-balanced", network: networks::rockybot, batch: 1, preset: Preset::Balanced },
    Case { name: "rockybot-onchain", network: networks::rockybot, batch: 1, preset: Preset::Onchain },
    Case { name: "mlp", network: networks::mlp, batch: 1, preset: Preset::Fast },
    Case { name: "lenet", network: networks::lenet, batch: 1, preset: Preset::Fast },
    Case { name: "cnn", network: networks::cnn, batch: 1, preset: Preset::Fast },
    Case { name: "rockybot-1000", network: networks::rockybot, batch: 1000, preset: Preset::Fast },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, name] = &arguments[..]
        && let Some(case) = CASES.iter().find(|case| case.name == name)
    {
        match flag.as_str() {
            "--prove" => return prove(case),
            "--floor" => {
                return floor::measure::<Goldilocks>(networks::rows(&(case.network)(), case.batch), WIDTHS, &case.preset.options(), RUNS);
            }
            _ => {}
        }
    }
    println!("| case | preset | rows (used) | key | prove | peak memory | verify | proof | floor | ratio |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for case in CASES.iter().filter(|case| arguments.is_empty() || arguments.iter().any(|name| name == case.name)) {
        let run = |flag: &str| {
            let program = std::env::current_exe().expect("the benchmark knows its own path");
            let output = Command::new(program).args([flag, case.name]).output().expect("the benchmark runs itself");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let (proof, floor) = (run("--prove"), run("--floor"));
        let (line, prove) = proof.rsplit_once('#').expect("the time follows the line");
        let ratio = prove.parse::<f64>().unwrap_or(f64::NAN) / floor.parse::<f64>().unwrap_or(f64::NAN);
        println!("| {} | {} | {line} | {floor} ms | {ratio:.2} |", case.name, case.preset);
    }
}

fn prove(case: &Case) {
    let model = (case.network)();
    let entries = entries(&model, &[case.batch]).expect("the networks are provable");
    let commitment = entries.commitment();
    let started = Instant::now();
    let key = ProvingKey::new(&model, entries, case.preset, case.batch).expect("the entries are the model's");
    let preparation = started.elapsed();
    let inputs = networks::inputs(&model, case.batch);
    let before = peak();
    let mut proved = None;
    let prove = median(RUNS, || {
        proved = Some(key.prove(&inputs, (Visibility::Public, Visibility::Public), None, &|_| ()).expect("the inputs are within range"));
    });
    let proved = proved.expect("there are runs");
    let memory = peak();
    let bytes = proved.file.to_bytes();
    let verified = median(RUNS, || {
        verify(&bytes, &commitment).expect("the proof holds");
    });
    for (stage, time) in &proved.stages {
        eprintln!("{:>22} {:8.2} ms", stage, ms(*time));
    }
    eprintln!("memory before proving {before} KiB");
    let program = key.program();
    println!(
        "{} ({}) | {:.0} ms | {:.1} ms | {:.0} MB | {:.1} ms | {} B#{}",
        program.rows,
        program.used_rows,
        ms(preparation),
        ms(prove),
        memory as f64 * 1024.0 / 1e6,
        ms(verified),
        bytes.len(),
        ms(prove)
    );
}
