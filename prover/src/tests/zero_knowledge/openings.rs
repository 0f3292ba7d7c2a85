//! What proofs open, from outside: nothing twice, and every value equally often.

use std::collections::HashSet;

use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Mode, Preset, Values, verify};
use winterfell::math::{FieldElement, StarkField, polynom};
use winterfell::{Air, Proof};

use super::reconcile::{Production, Removed};
use super::replay::{Opened, Setting, interpolate, roots, stream};
use super::{Blake3, Coin, Quadratic, classifier, inputs_of_one_class, opening_of};
use crate::masks::Masks;
use crate::{LayoutChoice, ProvingKey, Visibility, entries_for};

// NOTHING TWICE
// ================================================================================================

/// Every element that a proof opens, of columns that are not fixed. Fixed columns come between the witness and the sponges.
fn elements(opened: &Opened<Quadratic>) -> Vec<[u64; 2]> {
    let fixed = Layout::base().fixed();
    let not_fixed = |row: &[Quadratic]| [&row[..fixed.start], &row[fixed.end..]].concat();
    let in_base: Vec<Quadratic> =
        opened.main.iter().flat_map(|row| not_fixed(&row.iter().map(|value| (*value).into()).collect::<Vec<_>>())).collect();
    let frames = opened.trace_frame.iter().flat_map(|row| not_fixed(row));
    let rest = [&opened.auxiliary, &opened.quotients, &opened.layers].into_iter().flatten().flatten();
    let rest = rest.chain(opened.quotient_frame.iter().flatten()).chain(&opened.remainder);
    let all = in_base.into_iter().chain(frames).chain(rest.copied());
    all.map(|element| element.to_base_elements().map(|part| part.as_int())).collect()
}

/// Something done with production proofs of one statement and one witness, which the verifier accepts.
fn with_key<T>(mode: Mode, outputs: &Visibility, used: impl FnOnce(&mut dyn FnMut() -> Proof) -> T) -> T {
    let (model, (inputs, _)) = (classifier(), inputs_of_one_class());
    let entries = entries_for(&model, &[1], &[Preset::Fast, Preset::Balanced], LayoutChoice::Only(Layout::base())).unwrap();
    let commitment = entries.commitment();
    let key = ProvingKey::new(&model, entries, (Preset::Fast, mode), 1).unwrap();
    let mut prove = || {
        let visibilities = (if mode.is_hiding() { Visibility::Hidden } else { Visibility::Public }, outputs.clone());
        let proved = key.prove(&[vec![inputs[0].clone()]], visibilities, &|_| ()).unwrap();
        verify(&proved.file.to_bytes(), &commitment).unwrap();
        Proof::from_bytes(&proved.file.stark).unwrap()
    };
    used(&mut prove)
}

/// Proofs are made until two of them open one position, so that a column without masks would open one value twice.
fn assert_nothing_in_common(setting: &Setting<Blake3>, outputs: &Visibility) {
    let (inputs, _) = inputs_of_one_class();
    let unmasked: Vec<_> = setting.witness(&inputs[0]).iter().map(|column| interpolate(column)).collect();
    let air = setting.air();
    let (layout, generator) = (Layout::base(), Goldilocks::get_root_of_unity(air.lde_domain_size().ilog2()));
    let fixed = layout.fixed();
    let (mut seen, mut positions, mut commitments) = (HashSet::new(), HashSet::new(), Vec::<HashSet<_>>::new());
    with_key(Mode::Hiding, outputs, |prove| {
        let mut shared = 0;
        while shared == 0 {
            let proof = prove();
            let opened = setting.opened::<Quadratic>(&proof);
            let elements = elements(&opened);
            assert!(elements.len() > opened.main.len() * (layout.witness_width() + layout.auxiliary_width() + MASKS_WIDTH + 3));
            for element in elements {
                assert!(seen.insert(element), "{element:?} is opened twice");
            }
            for row in &opened.main {
                let position = setting.position_of(&row[fixed.clone()]);
                shared += usize::from(!positions.insert(position));
                let x = Goldilocks::GENERATOR * generator.exp_vartime(position as u64);
                let not_fixed = row[..fixed.start].iter().chain(&row[fixed.end..]);
                for (column, (value, polynomial)) in not_fixed.zip(&unmasked).enumerate() {
                    assert_ne!(*value, polynom::eval(polynomial, x), "column {column} has no masks");
                }
            }
            let (segments, quotients, layers) = roots::<Blake3, _>(&proof, &air);
            let roots = segments.into_iter().chain([quotients]).chain(layers);
            commitments.push(roots.flat_map(|root| root.parts().to_vec()).collect());
        }
    });
    // Nor do they commit to anything in common but the model.
    for (number, roots) in commitments.iter().enumerate() {
        assert!(commitments[..number].iter().all(|others| roots.intersection(others).count() == 1));
    }
}

#[test]
fn hiding_proofs_of_one_statement_open_nothing_in_common_and_no_value_of_the_witness() {
    let (_, class) = inputs_of_one_class();
    assert_nothing_in_common(&Setting::new(&classifier(), Preset::Fast, Values::Public(class)), &Visibility::Public);
}

#[test]
fn neither_do_those_that_name_a_digest() {
    let (_, class) = inputs_of_one_class();
    let opening = opening_of(&class);
    let setting = Setting::with_committed_outputs(&classifier(), Preset::Fast, opening.clone());
    assert_nothing_in_common(&setting, &Visibility::Opened(opening));
}

/// So that is a property of hiding proofs: two plain ones of one statement are built from the same values.
#[test]
fn two_plain_proofs_of_one_statement_have_the_same_commitments() {
    let [one, two] = with_key(Mode::Plain, &Visibility::Public, |prove| [prove(), prove()]);
    assert_eq!((one.commitments, one.ood_frame), (two.commitments, two.ood_frame));
}

// EVERY VALUE EQUALLY OFTEN
// ================================================================================================

/// Into how many parts the field is cut.
const BINS: usize = 16;

/// A statistic of 15 degrees of freedom is above this once in 10^9 times. There are some 1,400 of them here, so that a right prover fails
/// once in 700,000 runs.
const LIMIT: f64 = 74.0;

/// How often each part of the field is hit, for each element that is opened in one column at one point.
type Counts = Vec<[u32; BINS]>;

/// Opens all columns at two queried points and out of the domain, in proofs with fresh masks and the same challenges.
fn counts(setting: &Setting<Blake3>, inputs: &[i32], proofs: usize, removed: Removed) -> Counts {
    let witness = setting.witness(inputs);
    let mut counts: Counts = Vec::new();
    for proof in 0..proofs {
        let run = if removed == Removed::Nothing {
            let masks = Masks::fresh(&setting.public_inputs, &[0; 32], &witness).unwrap();
            setting.prove_with::<Production, Quadratic, Coin>(&witness, masks)
        } else {
            let queries = setting.drawn::<Quadratic, Coin>().positions.len();
            setting.prove::<Production, Quadratic, Coin>(&witness, &removed.from(setting.randomness(proof as u64), queries))
        };
        let mut opened = setting.opened::<Quadratic>(&run.proof);
        // What is known of the polynomial of the low-degree test follows from the rest: some of its own elements are enough.
        [&mut opened.auxiliary, &mut opened.quotients].into_iter().for_each(|rows| rows.truncate(2));
        opened.main.truncate(2);
        opened.layers.iter_mut().for_each(|layer| layer.truncate(8));
        opened.remainder.truncate(8);
        // An element of the base field is opened as such at a queried point.
        let in_base = opened.main.len() * Layout::base().witness_width();
        let parts: Vec<u64> = elements(&opened)
            .iter()
            .enumerate()
            .flat_map(|(i, parts)| if i < in_base { parts[..1].to_vec() } else { parts.to_vec() })
            .collect();
        counts.resize(parts.len(), [0; BINS]);
        for (counts, part) in counts.iter_mut().zip(parts) {
            counts[(part >> (u64::BITS - BINS.ilog2())) as usize] += 1;
        }
    }
    counts
}

/// How far from uniform some counts are: Pearson's statistic.
fn from_uniform(counts: &[u32; BINS]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / BINS as f64;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// How far two distributions are from each other, for equally many samples of each.
fn from_each_other([one, two]: [&[u32; BINS]; 2]) -> f64 {
    let terms = one.iter().zip(two).filter(|(one, two)| **one + **two > 0);
    terms.map(|(one, two)| (f64::from(*one) - f64::from(*two)).powi(2) / f64::from(*one + *two)).sum()
}

#[test]
#[cfg_attr(not(feature = "slow"), ignore = "2,000 proofs; run with the feature slow")]
fn what_is_opened_is_distributed_uniformly_for_every_input() {
    let (inputs, class) = inputs_of_one_class();
    let mut setting = Setting::<Blake3>::new(&classifier(), Preset::Fast, Values::Public(class));
    setting.seed(21);
    let [one, two] = inputs.each_ref().map(|inputs| counts(&setting, inputs, 1000, Removed::Nothing));
    let layout = Layout::base();
    assert!(one.len() > 2 * (layout.witness_width() * 3 + (layout.auxiliary_width() + MASKS_WIDTH + 3) * 4));
    let mut greatest: f64 = 0.0;
    for (element, (one, two)) in one.iter().zip(&two).enumerate() {
        for statistic in [from_uniform(one), from_uniform(two), from_each_other([one, two])] {
            assert!(statistic < LIMIT, "element {element}: {statistic}");
            greatest = greatest.max(statistic);
        }
    }
    println!("{} elements, the greatest statistic is {greatest:.1}", one.len());
}

/// The statistic finds a column without masks in a few proofs, and the inputs by it.
#[test]
fn a_column_without_masks_is_not_distributed_uniformly() {
    let (inputs, class) = inputs_of_one_class();
    let mut setting = Setting::<Blake3>::new(&classifier(), Preset::Fast, Values::Public(class));
    setting.seed(22);
    let [one, two] = inputs.each_ref().map(|inputs| counts(&setting, inputs, 12, Removed::Auxiliary(Layout::base()[BUS_SUM].start)));
    // Two queried points and two out of the domain, two parts each.
    let above = |counts: &Counts| counts.iter().filter(|counts| from_uniform(counts) > LIMIT).count();
    assert_eq!([&one, &two].map(above), [8, 8]);
    assert!(one.iter().zip(&two).any(|(one, two)| from_each_other([one, two]) == 24.0));
    // A stream of its own has nothing of the kind.
    let mut uniform = [0; BINS];
    stream(5).take(1000).for_each(|element| uniform[(element.as_int() >> 60) as usize] += 1);
    assert!(from_uniform(&uniform) < LIMIT);
}

/// Elements of the base field are what the statistics are about.
#[test]
fn parts_of_the_field_are_equally_large() {
    assert!(Goldilocks::MODULUS.leading_zeros() == 0 && Goldilocks::MODULUS >> 60 == 15);
}
