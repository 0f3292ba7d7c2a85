//! Proofs of small models, from the model to the verified statement.

mod models;

use maat_prover::{ProvingKey, Visibility, entries};
use maat_verifier::{Preset, Values, verify};

#[test]
fn every_primitive_is_proven_with_every_preset() {
    let model = models::every_primitive();
    let entries = entries(&model, &[1, 3]).unwrap();
    let commitment = entries.commitment();
    for preset in Preset::ALL {
        for batch in [1, 3] {
            let key = ProvingKey::new(&model, entries.clone(), preset, batch).unwrap();
            let inputs = models::inputs(&model, batch as usize, 7);
            let proved = key.prove(&inputs, (Visibility::Public, Visibility::Public), None, &|_| ()).unwrap();
            let bytes = proved.file.to_bytes();
            let statement = verify(&bytes, &commitment).unwrap();
            let outputs: Vec<i32> = proved.outputs.concat().concat();
            assert_eq!(statement.inputs, Values::Public(inputs.concat().concat()));
            assert_eq!(statement.outputs, Values::Public(outputs));
            println!("{preset} {batch}: {} bytes {} rows {:?}", bytes.len(), key.program().used_rows, proved.stages);
        }
    }
}
