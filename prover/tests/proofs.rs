//! Proofs of small models, from the model to the verified statement.

mod models;

use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_verifier::layout::LAYOUTS;
use maat_verifier::{Mode, Preset, Values, verify};

#[test]
fn every_primitive_is_proven_with_every_preset_layout_and_mode() {
    let model = models::every_primitive();
    for layout in &LAYOUTS {
        let entries = entries_for(&model, &[1, 3], &Preset::ALL, LayoutChoice::Only(layout)).unwrap();
        let commitment = entries.commitment();
        for (preset, mode, batch) in
            Preset::ALL.into_iter().flat_map(|preset| Mode::ALL.map(|mode| [1, 3].map(|batch| (preset, mode, batch)))).flatten()
        {
            let key = ProvingKey::new(&model, entries.clone(), (preset, mode), batch).unwrap();
            let inputs = models::inputs(&model, batch as usize, 7);
            let visibility = if mode.is_hiding() { Visibility::Hidden } else { Visibility::Public };
            let proved = key.prove(&inputs, (visibility, Visibility::Public), &|_| ()).unwrap();
            let bytes = proved.file.to_bytes();
            let statement = verify(&bytes, &commitment).unwrap();
            let outputs: Vec<i32> = proved.outputs.concat().concat();
            let expected = if mode.is_hiding() { Values::Hidden } else { Values::Public(inputs.concat().concat()) };
            assert_eq!((statement.mode, statement.inputs, statement.outputs), (mode, expected, Values::Public(outputs)));
            println!(
                "{} {preset} {mode:?} {batch}: {} bytes {} rows {:?}",
                layout.name,
                bytes.len(),
                key.program().used_rows,
                proved.stages
            );
        }
    }
}
