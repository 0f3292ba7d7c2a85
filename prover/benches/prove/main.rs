//! Times, memory and sizes of model proofs: beside stock Winterfell on a matrix of the same size, and hiding beside plain.
//!
//! `cargo bench -p maat-prover` runs every case in a process of its own, so that its peak memory is its own. `-- NAME...` runs only these cases
//! and comparisons.

mod floor;
mod measure;
mod networks;

use std::process::Command;
use std::time::Instant;

use maat_prover::{LayoutChoice, ModelSeed, ProvingKey, Visibility, entries_for, private_entries};
use maat_verifier::layout::Layout;
use maat_verifier::{Entries, Goldilocks, Mode, OneTimeTree, Preset, verify};
use measure::{median, ms, peak};

/// Proofs of one case; the median counts.
const RUNS: usize = 7;
/// How often a comparison runs both of its sides, one after the other.
const TURNS: usize = 3;

/// What a proof hides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hiding {
    /// Nothing.
    Nothing,
    /// The inputs.
    Inputs,
    /// The inputs, which have a digest.
    Committed,
    /// The inputs and the weights. Each proof has a key of its own.
    Weights,
}

struct Case {
    name: &'static str,
    network: fn() -> maat_runtime::Model,
    batch: u32,
    preset: Preset,
    layout: fn() -> &'static Layout,
    hiding: Hiding,
}

impl Case {
    const fn plain(name: &'static str, network: fn() -> maat_runtime::Model, preset: Preset) -> Self {
        Self { name, network, batch: 1, preset, layout: Layout::base, hiding: Hiding::Nothing }
    }

    const fn hiding(name: &'static str, network: fn() -> maat_runtime::Model, preset: Preset, hiding: Hiding) -> Self {
        Self { hiding, ..Self::plain(name, network, preset) }
    }

    const fn wide(name: &'static str, network: fn() -> maat_runtime::Model) -> Self {
        Self { layout: Layout::wide, ..Self::plain(name, network, Preset::Fast) }
    }

    fn mode(&self) -> Mode {
        if self.hiding == Hiding::Nothing { Mode::Plain } else { Mode::Hiding }
    }
}

const CASES: &[Case] = &[
    Case::plain("rockybot", networks::rockybot, Preset::Fast),
    Case::plain("rockybot-balanced", networks::rockybot, Preset::Balanced),
    Case::plain("rockybot-onchain", networks::rockybot, Preset::Onchain),
    Case::plain("rockybot-starknet", networks::rockybot, Preset::Starknet),
    Case::plain("lenet-starknet", networks::lenet, Preset::Starknet),
    Case::wide("mlp", networks::mlp),
    Case::plain("lenet", networks::lenet, Preset::Fast),
    Case::wide("cnn", networks::cnn),
    Case { batch: 1000, ..Case::plain("rockybot-1000", networks::rockybot, Preset::Fast) },
];

/// What is compared, the second case with the first one.
const COMPARISONS: &[(Case, Case)] = &[
    (
        Case::plain("rockybot", networks::rockybot, Preset::Fast),
        Case::hiding("rockybot, inputs hidden", networks::rockybot, Preset::Fast, Hiding::Inputs),
    ),
    (
        Case::plain("rockybot-balanced", networks::rockybot, Preset::Balanced),
        Case::hiding("rockybot-balanced, inputs hidden", networks::rockybot, Preset::Balanced, Hiding::Inputs),
    ),
    (
        Case::plain("rockybot-onchain", networks::rockybot, Preset::Onchain),
        Case::hiding("rockybot-onchain, inputs hidden", networks::rockybot, Preset::Onchain, Hiding::Inputs),
    ),
    (
        Case::plain("lenet", networks::lenet, Preset::Fast),
        Case::hiding("lenet, inputs hidden", networks::lenet, Preset::Fast, Hiding::Inputs),
    ),
    (
        Case::hiding("rockybot, inputs hidden", networks::rockybot, Preset::Fast, Hiding::Inputs),
        Case::hiding("rockybot, inputs committed", networks::rockybot, Preset::Fast, Hiding::Committed),
    ),
    (
        Case::hiding("lenet, inputs hidden", networks::lenet, Preset::Fast, Hiding::Inputs),
        Case::hiding("lenet, inputs committed", networks::lenet, Preset::Fast, Hiding::Committed),
    ),
    (
        Case::hiding("rockybot, inputs hidden", networks::rockybot, Preset::Fast, Hiding::Inputs),
        Case::hiding("rockybot, inputs and weights hidden", networks::rockybot, Preset::Fast, Hiding::Weights),
    ),
    (Case::plain("mlp, base", networks::mlp, Preset::Fast), Case::wide("mlp, wide", networks::mlp)),
    (Case::plain("mlp-4m, base", networks::large, Preset::Fast), Case::wide("mlp-4m, wide", networks::large)),
];

fn all_cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(COMPARISONS.iter().flat_map(|(first, second)| [first, second]))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, name] = &arguments[..]
        && let Some(case) = all_cases().find(|case| case.name == name)
    {
        match flag.as_str() {
            "--prove" => return prove(case),
            "--floor" => {
                let layout = (case.layout)();
                let rows = networks::rows(&(case.network)(), case.batch, layout);
                let widths = (layout.main_width(0), layout.auxiliary_width());
                return floor::measure::<Goldilocks>(rows, widths, &case.preset.options(Mode::Plain), RUNS);
            }
            _ => {}
        }
    }
    let chosen = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    println!("| case | preset | layout | rows (used) | key | prove | peak memory | verify | proof | floor | ratio |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for case in CASES.iter().filter(|case| chosen(case.name)) {
        let (proof, floor) = (Measured::of(case), run("--floor", case.name));
        let ratio = proof.prove / floor.parse::<f64>().unwrap_or(f64::NAN);
        let Measured { rows, key, prove, memory, verify, bytes } = proof;
        let layout = (case.layout)().name;
        println!(
            "| {} | {} | {layout} | {rows} | {key:.0} ms | {prove:.1} ms | {memory:.0} MB | {verify:.1} ms | {bytes:.0} B | {floor} ms | {ratio:.2} |",
            case.name, case.preset
        );
    }
    println!();
    println!("| compared | with | time | memory | verify | proof |");
    println!("|---|---|---|---|---|---|");
    for (first, second) in COMPARISONS.iter().filter(|(_, second)| chosen(second.name)) {
        let turns: Vec<_> = (0..TURNS).map(|_| [first, second].map(Measured::of)).collect();
        let [first_of, second_of] = [0, 1]
            .map(|side| move |what: fn(&Measured) -> f64, turns: &[[Measured; 2]]| middle(turns.iter().map(|turn| what(&turn[side]))));
        let of = |what: fn(&Measured) -> f64| (first_of(what, &turns), second_of(what, &turns));
        let ratio = |(first, second): (f64, f64), unit: &str| format!("{second:.1} {unit}, {:.2} times", second / first);
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            second.name,
            first.name,
            ratio(of(|measured| measured.prove), "ms"),
            ratio(of(|measured| measured.memory), "MB"),
            ratio(of(|measured| measured.verify), "ms"),
            ratio(of(|measured| measured.bytes / 1000.0), "KB"),
        );
    }
}

/// The middle one of an odd number of figures.
fn middle(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// What a process gives that runs a case.
fn run(flag: &str, name: &str) -> String {
    let program = std::env::current_exe().expect("the benchmark knows its own path");
    let output = Command::new(program).args([flag, name]).output().expect("the benchmark runs itself");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What a case takes: milliseconds, megabytes, bytes.
struct Measured {
    rows: String,
    key: f64,
    prove: f64,
    memory: f64,
    verify: f64,
    bytes: f64,
}

impl Measured {
    fn of(case: &Case) -> Self {
        let line = run("--prove", case.name);
        let fields: Vec<&str> = line.split('|').collect();
        let number = |field: usize| fields[field].parse().expect("the process prints numbers");
        Self { rows: fields[0].to_owned(), key: number(1), prove: number(2), memory: number(3), verify: number(4), bytes: number(5) }
    }
}

/// The entries of a case's model, with the trees over its one-time roots if it is private.
fn committed(case: &Case, model: &maat_runtime::Model, seed: &ModelSeed) -> (Entries, Option<OneTimeTree>) {
    let of_entry = case.preset.tree(case.mode());
    let layout = LayoutChoice::Only((case.layout)());
    if case.hiding == Hiding::Weights {
        let count = u32::try_from((RUNS + 1).next_power_of_two()).expect("there are few runs");
        let made = private_entries(model, &[case.batch], &[of_entry], layout, (seed, count), &mut |_, _| ());
        let (entries, mut trees) = made.expect("the networks are provable");
        return (entries, trees.pop());
    }
    (entries_for(model, &[case.batch], &[of_entry], layout).expect("the networks are provable"), None)
}

fn prove(case: &Case) {
    let model = (case.network)();
    let seed = ModelSeed::new([7; 32]);
    let (entries, tree) = committed(case, &model, &seed);
    let commitment = entries.commitment();
    let mut spent = 0;
    let mut key = || match &tree {
        Some(tree) => {
            spent += 1;
            ProvingKey::one_time(&model, entries.clone(), case.preset, case.batch, (&seed, tree.path(spent - 1)))
        }
        None => ProvingKey::new(&model, entries.clone(), (case.preset, case.mode()), case.batch),
    };
    let mut key = || key().expect("the entries are the model's");
    let started = Instant::now();
    let mut shared = key();
    let preparation = started.elapsed();
    let inputs = networks::inputs(&model, case.batch);
    let side = || match case.hiding {
        Hiding::Nothing => Visibility::Public,
        Hiding::Inputs | Hiding::Weights => Visibility::Hidden,
        Hiding::Committed => Visibility::Committed,
    };
    let before = peak();
    let mut proved = None;
    let mut first = true;
    let prove = median(RUNS, || {
        // A one-time key makes one proof.
        if tree.is_some() && !std::mem::take(&mut first) {
            shared = key();
        }
        proved = Some(shared.prove(&inputs, (side(), Visibility::Public), &|_| ()).expect("the inputs are within range"));
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
    let program = shared.program();
    let megabytes = memory as f64 * 1024.0 / 1e6;
    println!("{} ({})|{}|{}|{megabytes}|{}|{}", program.rows, program.used_rows, ms(preparation), ms(prove), ms(verified), bytes.len());
}
