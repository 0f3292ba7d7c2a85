//! Times, memory and sizes of Cairo proofs of 2^12 to 2^17 steps, beside stock Winterfell on a matrix of the same size over the same field.
//!
//! `cargo bench -p maat-prover --bench cairo` runs every length in a process of its own, so that its peak memory is its own.
//! `-- PRESET` chooses another preset than `fast`.

#[path = "../prove/floor.rs"]
mod floor;
#[path = "../../src/cairo/tests/machine.rs"]
mod machine;
#[path = "../prove/measure.rs"]
mod measure;

use std::process::Command;

use maat_prover::cairo::prove;
use maat_verifier::cairo::columns::{AUXILIARY_WIDTH, MAIN_WIDTH};
use maat_verifier::cairo::verify_program;
use maat_verifier::{Felt252, Preset};

use measure::{median, ms, peak};

/// Binary logarithms of the rows.
const LENGTHS: std::ops::RangeInclusive<u32> = 12..=17;
/// Proofs of one length; the median counts.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, preset, log_rows] = &arguments[..]
        && let (Ok(preset), Ok(log_rows)) = (preset.parse::<Preset>(), log_rows.parse::<u32>())
    {
        return match flag.as_str() {
            "--floor" => floor::measure::<Felt252>(1 << log_rows, (MAIN_WIDTH, AUXILIARY_WIDTH), &preset.cairo_options(), RUNS),
            _ => measure_length(preset, log_rows),
        };
    }
    let preset = arguments.first().map_or("fast", String::as_str);
    println!("| rows | steps | prove | steps a second | peak memory | verify | proof | floor | ratio |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for log_rows in LENGTHS {
        let run = |flag: &str| {
            let program = std::env::current_exe().expect("the benchmark knows its own path");
            let output = Command::new(program).args([flag, preset, &log_rows.to_string()]).output().expect("the benchmark runs itself");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let (proof, floor) = (run("--prove"), run("--floor"));
        let (line, prove) = proof.rsplit_once('#').expect("the time follows the line");
        let ratio = prove.parse::<f64>().unwrap_or(f64::NAN) / floor.parse::<f64>().unwrap_or(f64::NAN);
        println!("| 2^{log_rows} | {line} | {floor} ms | {ratio:.2} |");
    }
}

/// Proves as many steps as fit, and a few less.
fn measure_length(preset: Preset, log_rows: u32) {
    let program = machine::fibonacci((1 << log_rows) / 4 - 8);
    let execution = machine::Machine::new(&program).run();
    let mut proved = None;
    let time = median(RUNS, || proved = Some(prove(&execution, preset, &|_| ()).expect("the execution is the program's")));
    let memory = peak();
    let proved = proved.expect("there are runs");
    let bytes = proved.file.to_bytes();
    let verified = median(RUNS, || {
        verify_program(&bytes, &program).expect("the proof holds");
    });
    for (stage, time) in &proved.stages {
        eprintln!("{:>22} {:8.2} ms", stage, ms(*time));
    }
    let steps = execution.registers.len() - 1;
    assert_eq!(proved.file.claim.rows, 1 << log_rows);
    println!(
        "{steps} | {:.0} ms | {:.0} | {:.0} MB | {:.1} ms | {} B#{}",
        ms(time),
        steps as f64 / time.as_secs_f64(),
        memory as f64 * 1024.0 / 1e6,
        ms(verified),
        bytes.len(),
        ms(time)
    );
}
