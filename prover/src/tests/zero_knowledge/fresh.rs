//! Where masks come from.

use std::collections::HashSet;

use maat_verifier::{Goldilocks, Preset, Values};
use winterfell::math::{FieldElement, StarkField};

use super::replay::Setting;
use super::{Blake3, Quadratic, classifier, inputs_of_one_class};
use crate::masks::Masks;
use crate::random;

/// The first elements that masks give.
fn first(masks: &Masks) -> Vec<u64> {
    let [one, two, three]: [Vec<Quadratic>; 3] = masks.columns(2000);
    [one, two, three].iter().flatten().flat_map(|element| element.to_base_elements()).map(|part| part.as_int()).collect()
}

/// A generator that gave one seed twice for one statement and witness would give away both proofs' masks, so what they hash is not enough.
#[test]
fn masks_of_one_statement_and_witness_have_nothing_in_common() {
    let (inputs, class) = inputs_of_one_class();
    let setting = Setting::<Blake3>::new(&classifier(), Preset::Fast, Values::Public(class));
    let witness = setting.witness(&inputs[0]);
    let mut seen = HashSet::new();
    for _ in 0..4 {
        let masks = Masks::fresh(&setting.public_inputs, &[0; 32], &witness).unwrap();
        // No element comes twice, in one proof or in several.
        assert!(first(&masks).into_iter().all(|element| seen.insert(element)));
    }
    assert_eq!(seen.len(), 4 * 12_000);
}

/// The system's bytes, the statement and every cell of the witness change all masks, so that a generator that repeats itself does not repeat
/// masks for another statement or witness.
#[test]
fn masks_depend_on_the_system_the_statement_and_the_witness() {
    let (inputs, class) = inputs_of_one_class();
    let mut setting = Setting::<Blake3>::new(&classifier(), Preset::Fast, Values::Public(class));
    let witness = setting.witness(&inputs[0]);
    let rooted = |setting: &Setting<Blake3>, seed: u8, root: u8, witness: &[Vec<Goldilocks>]| {
        first(&Masks::seeded(&[seed; 32], &setting.public_inputs, &[root; 32], witness))
    };
    let seeded = |setting: &Setting<Blake3>, seed, witness: &[Vec<Goldilocks>]| rooted(setting, seed, 0, witness);
    let masks = seeded(&setting, 1, &witness);
    assert_eq!(seeded(&setting, 1, &witness), masks);
    let mut others = vec![seeded(&setting, 2, &witness), seeded(&setting, 1, &setting.witness(&inputs[1]))];
    for (column, row) in [(0, 0), (7, 1000), (witness.len() - 1, setting.rows() - 1)] {
        let mut changed = witness.clone();
        changed[column][row] += Goldilocks::ONE;
        others.push(seeded(&setting, 1, &changed));
    }
    // Each proof of a private model has another root.
    others.push(rooted(&setting, 1, 1, &witness));
    setting.seed(1);
    others.push(seeded(&setting, 1, &witness));
    let mut seen: HashSet<_> = masks.into_iter().collect();
    for other in others {
        assert!(other.into_iter().all(|element| seen.insert(element)));
    }
}

/// Masks go to all columns that differ from proof to proof, and to no row of them that a constraint binds.
#[test]
fn masks_fill_the_rows_after_the_final_one() {
    use maat_verifier::layout::MASK_ROWS;
    let mut columns = vec![vec![Goldilocks::ZERO; 2048]; 3];
    Masks::of((1..).map(Goldilocks::new)).fill(&mut columns);
    for (first, column) in (1..).step_by(MASK_ROWS - 1).zip(&columns) {
        let (bound, random) = column.split_at(2048 - MASK_ROWS + 1);
        assert!(bound.iter().all(|value| *value == Goldilocks::ZERO));
        assert!(random.iter().zip(first..).all(|(value, expected)| *value == Goldilocks::new(expected)));
    }
}

/// Eight bytes of this stream, at this place, are no canonical element: one word in 2^32 is not, and this is the stream's first.
const STREAM_WITH_A_GREAT_WORD: (&[u8], u64) = (b"maat", 77_744_933_784);

#[test]
fn words_that_are_no_element_are_left_out() {
    let (seed, place) = STREAM_WITH_A_GREAT_WORD;
    let mut stream = blake3::Hasher::new().update(seed).finalize_xof();
    stream.set_position(place);
    let mut words = [0; 16];
    stream.clone().fill(&mut words);
    let [great, next] = [0, 8].map(|start| u64::from_le_bytes(*words[start..].first_chunk().unwrap()));
    assert!(great >= Goldilocks::MODULUS && next < Goldilocks::MODULUS);
    assert_eq!(random::elements(stream).next(), Some(Goldilocks::new(next)));
}
