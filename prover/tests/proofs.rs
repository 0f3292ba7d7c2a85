//! Proofs of small models, from the model to the verified statement.

mod models;

use maat_prover::{LayoutChoice, ProveError, ProvingKey, Visibility, entries, entries_for};
use maat_verifier::layout::{LAYOUTS, Layout};
use maat_verifier::{FileError, Mode, Preset, Values, verify};

/// How the two sides are named, in plain proofs and in hiding ones.
fn sides(mode: Mode) -> Vec<(Visibility, Visibility)> {
    use Visibility::{Committed, Hidden, Public};
    match mode {
        Mode::Plain => vec![(Public, Public)],
        Mode::Hiding => vec![(Hidden, Public), (Public, Hidden), (Committed, Public), (Hidden, Committed), (Committed, Committed)],
    }
}

#[test]
fn every_primitive_is_proven_with_every_usual_preset_layout_and_visibility() {
    let model = models::every_primitive();
    for layout in &LAYOUTS {
        let entries = entries_for(&model, &[1, 3], &Preset::BY_DEFAULT, LayoutChoice::Only(layout)).unwrap();
        let commitment = entries.commitment();
        for (preset, mode) in Preset::BY_DEFAULT.into_iter().flat_map(|preset| Mode::ALL.map(|mode| (preset, mode))) {
            for (turn, (inputs, outputs)) in sides(mode).into_iter().enumerate() {
                // Batches of one and of three take turns.
                let batch = 1 + 2 * (turn as u32 % 2);
                let key = ProvingKey::new(&model, entries.clone(), (preset, mode), batch);
                if mode.is_hiding() && !entries.find(preset.tree(mode), batch).unwrap().layout.can_hide() {
                    let error = key.err().unwrap();
                    assert!(matches!(error, ProveError::File(FileError::CannotHide { layout }) if layout == "dense"), "{error}");
                    continue;
                }
                let key = key.unwrap();
                let values = models::inputs(&model, batch as usize, 7);
                let proved = key.prove(&values, (inputs.clone(), outputs.clone()), &|_| ());
                let committed = [&inputs, &outputs].into_iter().filter(|side| **side == Visibility::Committed).count();
                let used = key.program().layout;
                if committed > 0 && !used.has_room_for(committed) {
                    let error = proved.unwrap_err();
                    assert!(matches!(error, ProveError::File(FileError::NoRoom { layout }) if layout == used.name), "{error}");
                    continue;
                }
                let proved = proved.unwrap();
                let bytes = proved.file.to_bytes();
                let statement = verify(&bytes, &commitment).unwrap();
                assert_eq!((statement.preset, statement.mode, statement.batch), (preset, mode, batch));
                if let Some(opening) = &proved.opening {
                    opening.check(&statement, &entries).unwrap();
                }
                let opened = proved.opening.as_ref().map(|opening| [opening.inputs.as_ref(), opening.outputs.as_ref()]);
                let known = [values.concat().concat(), proved.outputs.concat().concat()];
                for (side, (visibility, found)) in [(inputs, statement.inputs), (outputs, statement.outputs)].into_iter().enumerate() {
                    let expected = match visibility {
                        Visibility::Public => Values::Public(known[side].clone()),
                        Visibility::Hidden => Values::Hidden,
                        _ => Values::Committed(opened.unwrap()[side].unwrap().digest()),
                    };
                    assert_eq!(found, expected);
                }
                println!("{} {preset} {mode:?} {batch} {committed}: {} bytes {:?}", layout.name, bytes.len(), proved.stages);
            }
        }
    }
}

/// Its parameters are those of `onchain`, and each of its trees takes seconds, so this is one proof with all that a proof can have: it hides, with
/// two digests.
#[test]
fn every_primitive_is_proven_for_contracts_that_verify() {
    let model = models::every_primitive();
    let entries = entries_for(&model, &[3], &[Preset::Starknet], LayoutChoice::Only(Layout::wide())).unwrap();
    assert_eq!(entries.as_slice()[0].layout, Layout::base());
    let key = ProvingKey::new(&model, entries.clone(), (Preset::Starknet, Mode::Hiding), 3).unwrap();
    let proved = key.prove(&models::inputs(&model, 3, 7), (Visibility::Committed, Visibility::Committed), &|_| ()).unwrap();
    let statement = verify(&proved.file.to_bytes(), &entries.commitment()).unwrap();
    assert_eq!((statement.preset, statement.mode, statement.batch), (Preset::Starknet, Mode::Hiding, 3));
    proved.opening.unwrap().check(&statement, &entries).unwrap();
}

#[test]
fn proofs_for_the_chain_have_the_smallest_layout() {
    let entries = entries_for(&models::every_primitive(), &[1], &Preset::BY_DEFAULT, LayoutChoice::Only(Layout::wide())).unwrap();
    let layouts: Vec<_> = entries.as_slice().iter().map(|entry| (entry.preset, entry.layout.name)).collect();
    assert_eq!(layouts, [(Preset::Fast, "wide"), (Preset::Balanced, "wide"), (Preset::Onchain, "base")]);
}

#[test]
fn a_commitment_without_the_entry_for_contracts_says_how_it_gets_there() {
    let model = models::every_primitive();
    let entries = entries(&model, &[1]).unwrap();
    for mode in Mode::ALL {
        let error = ProvingKey::new(&model, entries.clone(), (Preset::Starknet, mode), 1).err().unwrap().to_string();
        assert!(error.contains("no entry for preset starknet") && error.contains("`maat transpile .. --contract-proofs`"), "{error}");
    }
}
