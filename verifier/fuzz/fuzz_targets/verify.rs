//! Feeds bytes to the verifier: as a whole file, or as the part of a STARK that follows a context which passes.
//!
//! Nothing may be accepted, panic or take more memory than libFuzzer's limit.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maat_verifier::air::{ModelAir, trace_info};
use maat_verifier::{Entries, Entry, Header, Preset, ProofFile, Values, VerifyError, public_inputs, verify};
use winter_air::Air;
use winter_air::proof::Context;
use winter_verifier::Serializable;
use maat_verifier::Goldilocks;

/// A file whose STARK has the right context and then the given bytes.
fn file(preset: Preset, committed: bool, tail: &[u8]) -> Vec<u8> {
    let entry = Entry { preset, batch: 1, rows: 1 << 11, inputs: 1, outputs: 1, fixed_root: [0; 32] };
    let entries = Entries::new(vec![entry]).expect("one entry is a model");
    let values = || if committed { Values::Committed } else { Values::Public(vec![0]) };
    let public = public_inputs(&entries.commitment(), &entry, &values(), &values());
    let air = ModelAir::new(trace_info(1 << 11), public, preset.options());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<Goldilocks>(trace_info(1 << 11), preset.options(), constraints);
    let header = Header::new(entries, (preset, 1), values(), values(), committed.then_some([0; 32])).expect("the values are a batch's");
    ProofFile { header, stark: [&context.to_bytes(), tail].concat() }.to_bytes()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    let bytes = match Preset::from_code(mode >> 1) {
        Some(preset) => file(preset, mode & 1 == 1, data),
        None => data.to_vec(),
    };
    let Ok((header, _)) = ProofFile::split(&bytes) else { return };
    match verify(&bytes, &header.entries().commitment()) {
        Ok(statement) => panic!("accepted: {statement:?}"),
        Err(VerifyError::Panicked) => panic!("the verifier panicked"),
        Err(_) => {}
    }
});
