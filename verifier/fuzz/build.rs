//! Proves an inference of a tiny model and an execution of a tiny program with each preset, for the target to begin with.
//!
//! It does so here because cargo-fuzz builds the target with debug assertions, with which Winterfell's prover takes no trace whose
//! constraints have lower degrees than they may. A build script has none, and its dependencies turn on no features of the verifier that is
//! tested.

#[path = "../../prover/src/cairo/tests/machine.rs"]
mod machine;
#[path = "../../prover/src/cairo/tests/programs.rs"]
mod programs;

use std::path::Path;

use maat_prover::cairo::prove;
use maat_prover::{LayoutChoice, ModelSeed, ProvingKey, Visibility, entries_for, private_entries};
use maat_runtime::primitives::Affine;
use maat_runtime::{Interval, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::{Felt252, Mode, Preset};

use machine::{Machine, fibonacci};

fn main() {
    let mut builder = ModelBuilder::new("smallest");
    let x = builder.input("x", Shape::new(&[2]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![1], lo: -128, hi: 127 };
    let affine = Affine { groups: 1, inputs: 2, weights: vec![3, -1], bias: vec![7], requantise };
    let y = builder.node("y", Primitive::Affine(affine), &[x], 0).unwrap();
    let model = builder.finish(&[("y", y)]).unwrap();
    let entries = entries_for(&model, &[1], &Preset::ALL, LayoutChoice::Cheapest).unwrap();
    let seed = ModelSeed::new([5; 32]);
    let presets = [Preset::Balanced, Preset::Onchain, Preset::Starknet];
    let (private, trees) = private_entries(&model, &[1], &presets, LayoutChoice::Cheapest, (&seed, 2), &mut |_, _| ()).unwrap();
    let folder = std::env::var("OUT_DIR").unwrap();
    let builtins = programs::outputs_and_checks(Felt252::from(u128::MAX));
    for preset in Preset::OF_CAIRO {
        let program = if preset == Preset::Balanced { fibonacci(2) } else { builtins.clone() };
        let file = prove(&Machine::new(&program).run(), preset, &|_| ()).unwrap().file;
        std::fs::write(Path::new(&folder).join(format!("{preset}-cairo")), file.to_bytes()).unwrap();
    }
    for preset in Preset::ALL {
        let key = |mode| ProvingKey::new(&model, entries.clone(), (preset, mode), 1).unwrap();
        // Both models' entries are in the order of their presets.
        let place = presets.iter().position(|other| *other == preset.tree(Mode::Hiding)).unwrap();
        let root = trees[place].path(1);
        for (name, key, visibility) in [
            ("public", key(Mode::Plain), Visibility::Public),
            ("hidden", key(Mode::Hiding), Visibility::Hidden),
            ("committed", key(Mode::Hiding), Visibility::Committed),
            ("private", ProvingKey::one_time(&model, private.clone(), preset, 1, (&seed, root)).unwrap(), Visibility::Public),
        ] {
            let proved = key.prove(&[vec![vec![100, -3]]], (visibility.clone(), visibility), &|_| ()).unwrap();
            std::fs::write(Path::new(&folder).join(format!("{preset}-{name}")), proved.file.to_bytes()).unwrap();
        }
    }
}
