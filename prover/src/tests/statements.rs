//! A model proof holds for its own model, inputs and outputs only.
//!
//! Each test begins with a proof that verifies, changes one thing, and names the error. What the columns bind is in [`super::cells`].

use maat_runtime::primitives::{Affine, Move};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::Goldilocks;
use maat_verifier::air::signed_element;
use maat_verifier::layout::*;
use maat_verifier::{Entries, Entry, FileError, Header, Preset, ProofFile, Statement, Values, VerifyError, verify};
use winterfell::math::{FieldElement, StarkField};
use winterfell::{BatchingMethod, FieldExtension, ProofOptions};

use super::cells::recount;
use super::forged::{Departure, Forge, committed};
use super::low_degree::BROKEN_CONSTRAINT;
use super::{Attempt, Violation};
use crate::program::{Slot, TraceProgram, fixed_columns};
use crate::{ProvingKey, Visibility, entries};

/// A model with two inputs and two outputs of one shape: `(4x, 4y)`, within 8 bits.
fn pair(name: &str, weight: i16) -> Model {
    let shape = Shape::new(&[2]).unwrap();
    let mut builder = ModelBuilder::new(name);
    let inputs = ["x", "y"].map(|name| builder.input(name, shape.clone(), 0, Interval::of_bits(8)).unwrap());
    let [x, y] = inputs.map(|input| {
        let requantise = Requantise { shift: vec![2], lo: -128, hi: 127 };
        let affine = Affine { groups: 1, inputs: 2, weights: vec![weight, 0, 0, weight], bias: vec![1, 2], requantise };
        builder.node("node", Primitive::Affine(affine), &[input], 0).unwrap()
    });
    builder.finish(&[("x", x), ("y", y)]).unwrap()
}

/// An honest proof of a batch of two, with its forge.
struct Proven {
    attempt: Attempt,
    forge: Forge,
    file: ProofFile,
}

impl Proven {
    fn new() -> Self {
        let model = pair("pair", 16);
        let attempt = Attempt::of(TraceProgram::new(&model, 2).unwrap(), vec![1, 2, 3, 4, -5, -6, 70, 80]);
        let one = TraceProgram::new(&model, 1).unwrap();
        let forge = Forge::new(&attempt.program, crate::extension::Fixed::new(&attempt.program), &[&one]);
        let file = forge.prove(&attempt, Departure::default());
        Self { attempt, forge, file }
    }

    fn verify(&self, file: &ProofFile) -> Result<Statement, VerifyError> {
        verify(&file.to_bytes(), &self.forge.commitment())
    }

    /// The proof's STARK under another claim.
    fn claim(&self, batch: u32, inputs: Values, outputs: Values, io: Option<[u8; 32]>) -> Result<Statement, VerifyError> {
        let header = Header::new(self.forge.entries.clone(), (Preset::Fast, batch), inputs, outputs, io)?;
        self.verify(&ProofFile { header, ..self.file.clone() })
    }

    fn values(&self) -> [Vec<i32>; 2] {
        [&self.attempt.inputs, &self.attempt.outputs].map(|values| values.clone().unwrap())
    }
}

#[test]
fn the_proof_that_all_begins_with_holds() {
    let proven = Proven::new();
    let statement = proven.verify(&proven.file).unwrap();
    assert_eq!([statement.inputs, statement.outputs], proven.values().map(Values::Public));
    assert_eq!(proven.values()[1], [4, 9, 12, 17, -20, -23, 127, 127]);
}

#[test]
fn other_values_are_rejected() {
    let proven = Proven::new();
    let [inputs, outputs] = proven.values();
    let mut claims = Vec::new();
    for position in 0..inputs.len() {
        for change in [1, -1, 1 << 20, i32::MIN] {
            let change = |values: &[i32]| {
                let mut values = values.to_vec();
                values[position] = values[position].wrapping_add(change);
                values
            };
            claims.push((change(&inputs), outputs.clone()));
            claims.push((inputs.clone(), change(&outputs)));
        }
    }
    // Two tensors of one shape, two inferences, two elements.
    for (a, b) in [(0..2, 2..4), (0..4, 4..8), (0..1, 1..2)] {
        let swap = |values: &[i32]| [&values[b.clone()], &values[a.clone()], &values[b.end..]].concat();
        claims.push((swap(&inputs), outputs.clone()));
        claims.push((inputs.clone(), swap(&outputs)));
        if a.end - a.start < 4 {
            continue;
        }
        // Both at once are another true statement, of which this is not a proof.
        claims.push((swap(&inputs), swap(&outputs)));
    }
    for (inputs, outputs) in claims {
        let verdict = proven.claim(2, Values::Public(inputs.clone()), Values::Public(outputs.clone()), None);
        assert_eq!(verdict, Err(BROKEN_CONSTRAINT), "{inputs:?} {outputs:?}");
    }
}

#[test]
fn a_proof_made_for_other_values_is_rejected() {
    let proven = Proven::new();
    let attempt = |change: &dyn Fn(&mut Vec<i32>, &mut Vec<i32>)| {
        let [mut inputs, mut outputs] = proven.values();
        change(&mut inputs, &mut outputs);
        Attempt { inputs: Some(inputs), outputs: Some(outputs), ..proven.attempt.clone() }
    };
    for attempt in [
        attempt(&|inputs, _| inputs[7] += 1),
        attempt(&|_, outputs| outputs[0] -= 1),
        attempt(&|_, outputs| outputs.rotate_left(4)),
        attempt(&|inputs, outputs| std::mem::swap(inputs, outputs)),
    ] {
        assert_eq!(proven.forge.verdict(&attempt, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
    // The trace's own columns say so too.
    let mut attempt = attempt(&|_, outputs| outputs[0] -= 1);
    attempt.main[OUTPUT_VALUE.start][0] -= Goldilocks::ONE;
    assert_eq!(proven.forge.verdict(&attempt, Departure::default()), Err(BROKEN_CONSTRAINT));
}

#[test]
fn another_number_of_values_is_no_file() {
    let proven = Proven::new();
    let [inputs, outputs] = proven.values().map(Values::Public);
    let short = Values::Public(vec![0; 7]);
    let error = |side, found| Err(VerifyError::File(FileError::ValueCount { side, expected: 8, found }));
    assert_eq!(proven.claim(2, short.clone(), outputs, None), error("inputs", 7));
    assert_eq!(proven.claim(2, inputs, short, None), error("outputs", 7));
}

#[test]
fn another_batch_size_is_rejected() {
    let proven = Proven::new();
    let half = proven.values().map(|values| Values::Public(values[..4].to_vec()));
    let [inputs, outputs] = half;
    assert!(matches!(proven.claim(1, inputs.clone(), outputs.clone(), None), Err(VerifyError::FixedRoot { .. })));
    let none = FileError::NoEntry { preset: Preset::Fast, batch: 3 };
    assert_eq!(proven.claim(3, inputs, outputs, None), Err(VerifyError::File(none)));
}

#[test]
fn another_model_is_rejected() {
    let proven = Proven::new();
    let other = pair("other", 17);
    let program = TraceProgram::new(&other, 2).unwrap();
    let attempt = Attempt::of(program, proven.values()[0].clone());
    let forge = Forge::of(&attempt);
    let file = forge.prove(&attempt, Departure::default());
    // As it is.
    let (expected, found) = (proven.forge.commitment(), forge.commitment());
    assert_eq!(proven.verify(&file), Err(VerifyError::Commitment { expected, found }));
    // Under the claim of the expected model.
    let [inputs, outputs] = Forge::claim(&attempt);
    let header = Header::new(proven.forge.entries.clone(), (Preset::Fast, 2), inputs, outputs, None).unwrap();
    let (expected, found) = (proven.forge.entry.fixed_root, forge.entry.fixed_root);
    let verdict = proven.verify(&ProofFile { header, stark: file.stark });
    assert_eq!(verdict, Err(VerifyError::FixedRoot { expected, found }));
    // A list of entries with one more, or with another number of rows, has another commitment.
    for change in [|entry: &mut Entry| entry.batch += 1, |entry: &mut Entry| entry.rows *= 2] {
        let mut listed = proven.forge.entries.as_slice().to_vec();
        listed.iter_mut().for_each(change);
        let header = Header::new(
            Entries::new(listed.clone()).unwrap(),
            (Preset::Fast, listed[1].batch),
            Values::Committed,
            Values::Committed,
            Some([0; 32]),
        );
        let verdict = proven.verify(&ProofFile { header: header.unwrap(), ..proven.file.clone() });
        assert!(matches!(verdict, Err(VerifyError::Commitment { .. })), "{verdict:?}");
    }
}

#[test]
fn the_header_of_one_proof_does_not_fit_the_stark_of_another() {
    let proven = Proven::new();
    let inputs = proven.values()[0].iter().map(|value| value + 1).collect();
    let attempt = Attempt::of(TraceProgram::new(&pair("pair", 16), 2).unwrap(), inputs);
    let other = proven.forge.prove(&attempt, Departure::default());
    proven.verify(&other).unwrap();
    for file in [
        ProofFile { header: proven.file.header.clone(), stark: other.stark.clone() },
        ProofFile { header: other.header, stark: proven.file.stark.clone() },
    ] {
        assert_eq!(proven.verify(&file), Err(BROKEN_CONSTRAINT));
    }
}

#[test]
fn another_preset_is_rejected() {
    let model = pair("pair", 16);
    let entries = entries(&model, &[1]).unwrap();
    let key = ProvingKey::new(&model, entries.clone(), Preset::Fast, 1).unwrap();
    let public = (Visibility::Public, Visibility::Public);
    let file = key.prove(&[vec![[1, 2], [3, 4]]], public, None, &|_| ()).unwrap().file;
    verify(&file.to_bytes(), &entries.commitment()).unwrap();
    for preset in [Preset::Balanced, Preset::Onchain] {
        let (inputs, outputs) = (file.header.inputs().clone(), file.header.outputs().clone());
        let header = Header::new(entries.clone(), (preset, 1), inputs, outputs, None).unwrap();
        let verdict = verify(&ProofFile { header, ..file.clone() }.to_bytes(), &entries.commitment());
        assert!(matches!(verdict, Err(VerifyError::Options { .. } | VerifyError::Length { .. })), "{verdict:?}");
    }
}

#[test]
fn weaker_options_are_rejected() {
    let mut proven = Proven::new();
    let batching = BatchingMethod::Horner;
    let options = |queries, grinding, folding, remainder| {
        ProofOptions::new(queries, 2, grinding, FieldExtension::Quadratic, folding, remainder, batching, batching)
    };
    let weaker = [
        options(83, 16, 8, 255),
        options(1, 16, 8, 255),
        options(84, 0, 8, 255),
        options(84, 16, 4, 255),
        options(84, 16, 8, 127),
        ProofOptions::new(84, 2, 16, FieldExtension::None, 8, 255, batching, batching),
        ProofOptions::new(84, 2, 16, FieldExtension::Quadratic, 8, 255, BatchingMethod::Linear, batching),
        ProofOptions::new(84, 2, 16, FieldExtension::Quadratic, 8, 255, batching, BatchingMethod::Algebraic),
    ];
    for options in weaker {
        proven.forge.options = options.clone();
        let verdict = proven.forge.verdict(&proven.attempt, Departure::default());
        assert!(matches!(verdict, Err(VerifyError::Options { .. } | VerifyError::Length { .. })), "{options:?}: {verdict:?}");
    }
    // In the STARK, the preset's options come after its shape and the modulus: every bit of them is compared.
    let start = 4 + 2 + 1 + 8;
    for (byte, bit) in (start..start + 8).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut file = proven.file.clone();
        file.stark[byte] ^= 1 << bit;
        assert!(matches!(proven.verify(&file), Err(VerifyError::Options { .. })), "{byte} {bit}");
    }
}

#[test]
fn another_remainder_is_rejected() {
    let proven = Proven::new();
    // After it come one byte for the partitions and eight for the nonce. 2^11 rows fold to 32 coefficients of 16 bytes.
    let end = proven.file.stark.len() - 9;
    for byte in (end - 32 * 16..end).step_by(8) {
        let mut file = proven.file.clone();
        file.stark[byte] ^= 1;
        assert_eq!(proven.verify(&file), Err(VerifyError::RemainderCommitment), "{byte}");
    }
    let mut file = proven.file.clone();
    file.stark[end] = 1;
    assert_eq!(proven.verify(&file), Err(VerifyError::Partitions { found: 1 }));
}

#[test]
fn another_visibility_is_rejected() {
    let proven = Proven::new();
    let [inputs, outputs] = proven.values();
    let of = |values: &[i32], visible: bool| if visible { Values::Public(values.to_vec()) } else { Values::Committed };
    for visible in [[false, true], [true, false], [false, false]] {
        let verdict = proven.claim(2, of(&inputs, visible[0]), of(&outputs, visible[1]), Some([0; 32]));
        assert!(matches!(verdict, Err(VerifyError::ConstraintCount { .. })), "{verdict:?}");
        // A forger states the right number of constraints, but has no tree for what is committed to.
        let attempt = Attempt {
            inputs: Some(inputs.clone()).filter(|_| visible[0]),
            outputs: Some(outputs.clone()).filter(|_| visible[1]),
            ..proven.attempt.clone()
        };
        let departure = Departure { trees: Some(false), ..Departure::default() };
        let verdict = proven.forge.verdict(&attempt, departure);
        assert_eq!(verdict, Err(VerifyError::Parts { part: "main trace", expected: 3, found: 2 }));
    }
    let departure = Departure { trees: Some(true), ..Departure::default() };
    let verdict = proven.forge.verdict(&proven.attempt, departure);
    assert_eq!(verdict, Err(VerifyError::Parts { part: "main trace", expected: 2, found: 3 }));

    let model = pair("pair", 16);
    let values = vec![1, 2, 3, 4];
    let [public_inputs, public_outputs] = Forge::claim(&Attempt::of(TraceProgram::new(&model, 1).unwrap(), values.clone()));
    for visible in [[false, true], [true, false], [false, false]] {
        let attempt = committed(&model, values.clone(), visible);
        let forge = Forge::of(&attempt);
        let file = forge.prove(&attempt, Departure::default());
        let io = file.header.io_commitment().copied();
        let verify = |inputs: &Values, outputs: &Values, io: Option<[u8; 32]>| {
            let header = Header::new(forge.entries.clone(), (Preset::Fast, 1), inputs.clone(), outputs.clone(), io).unwrap();
            maat_verifier::verify(&ProofFile { header, ..file.clone() }.to_bytes(), &forge.commitment())
        };
        verify(file.header.inputs(), file.header.outputs(), io).unwrap();
        assert!(matches!(verify(&public_inputs, &public_outputs, None), Err(VerifyError::ConstraintCount { .. })));
        // The other sides named, or none.
        let claims =
            [(&Values::Committed, &public_outputs), (&public_inputs, &Values::Committed), (&Values::Committed, &Values::Committed)];
        for (inputs, outputs) in claims {
            let verdict = verify(inputs, outputs, io);
            // A public side adds a constraint.
            let named = [inputs, outputs].map(|values| !values.is_committed());
            let count = |named: [bool; 2]| named.into_iter().filter(|side| *side).count();
            match verdict {
                Ok(_) => assert_eq!(named, visible),
                Err(VerifyError::ConstraintCount { .. }) => assert_ne!(count(named), count(visible)),
                Err(error) => assert_eq!((error, count(named)), (BROKEN_CONSTRAINT, count(visible)), "{named:?} {visible:?}"),
            }
        }
        // Another salted commitment.
        let mut other = io.unwrap();
        other[31] ^= 1;
        let (expected, found) = (other, io.unwrap());
        let verdict = verify(file.header.inputs(), file.header.outputs(), Some(other));
        assert_eq!(verdict, Err(VerifyError::IoCommitment { expected, found }));
    }
}

#[test]
fn committed_values_are_bound_by_their_commitment() {
    let model = pair("pair", 16);
    let attempt = committed(&model, vec![1, 2, 3, 4], [false, false]);
    let forge = Forge::of(&attempt);
    let io = |attempt: &Attempt| forge.prove(attempt, Departure::default()).header.io_commitment().copied();
    // The same values and salt give the same commitment; another input or another salt another one.
    assert_eq!(io(&attempt), io(&attempt));
    let other = committed(&model, vec![1, 2, 3, 5], [false, false]);
    assert_ne!(io(&attempt), io(&other));
    let mut salted = attempt.clone();
    salted.main[INPUT_VALUE.start][attempt.rows() - 1] += Goldilocks::ONE;
    assert_ne!(io(&attempt), io(&salted));
}

// WRAP-AROUND
// ================================================================================================

/// The violations of an attempt whose uses of tables were counted again.
fn violations(mut attempt: Attempt) -> Vec<Violation> {
    recount(&mut attempt.main);
    let random = attempt.random(9);
    attempt.violations(&attempt.auxiliary(&random), &random)
}

/// An unbalanced bus and nothing else.
fn unbalanced(attempt: &Attempt) -> Vec<Violation> {
    vec![Violation { constraint: "boundary", part: BUS_SUM.start, row: attempt.rows() - 1 }]
}

/// A unit that rescales, with the row of the output that takes its value.
fn rescaling(attempt: &Attempt, output: usize) -> (usize, usize) {
    let cell = attempt.program.builder.outputs[output];
    let program = &attempt.program;
    let writes = |slot: &Slot| program.operation(*slot).is_some_and(|operation| operation.target == cell);
    (0..attempt.rows()).find_map(|row| Some((row, program.schedule.at(row).units.iter().position(writes)?))).unwrap()
}

#[test]
fn a_value_that_a_remainder_makes_up_for_leaves_the_remainders_range() {
    let proven = Proven::new();
    let attempt = &proven.attempt;
    for shift in [1i64, -1, 50, -50, 1 << 30] {
        let mut forged = attempt.clone();
        let (row, unit) = rescaling(attempt, 0);
        let scale = attempt.main[UNIT_SCALE.at(unit)][row];
        assert_eq!((scale.as_int(), attempt.main[UNIT_SIDE.at(unit)][row]), (4, Goldilocks::ZERO));
        // y + k and r - 4 k have the accumulator of y and r; the output follows.
        forged.main[UNIT_VALUE.at(unit)][row] += signed_element(shift);
        forged.main[UNIT_LIMB.at(unit * LIMBS)][row] -= scale * signed_element(shift);
        forged.main[UNIT_LIMB.at(unit * LIMBS + 2)][row] += signed_element(shift);
        forged.main[OUTPUT_VALUE.start][0] += signed_element(shift);
        forged.outputs.as_mut().unwrap()[0] += shift as i32;
        assert_eq!(violations(forged.clone()), unbalanced(attempt), "{shift}");
        recount(&mut forged.main);
        assert_eq!(proven.forge.verdict(&forged, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}

#[test]
fn an_accumulator_that_is_larger_by_the_modulus_leaves_the_excess_range() {
    let proven = Proven::new();
    let attempt = &proven.attempt;
    let (row, unit) = rescaling(attempt, 0);
    let at = |column: Columns| attempt.main[column.at(unit)][row];
    let (scale, value) = (at(UNIT_SCALE).as_int(), at(UNIT_VALUE).as_int());
    let limb_bits = limb_bits(attempt.rows());
    for end in ["hi", "lo"] {
        let mut forged = attempt.clone();
        // The accumulator, with p added or taken away, saturates at the other values.
        let remainder = attempt.main[UNIT_LIMB.at(unit * LIMBS)][row].as_int();
        let accumulator = i128::from(scale * value + remainder);
        let (wrapped, side, target) = match end {
            "hi" => (accumulator + i128::from(Goldilocks::MODULUS), 1, at(UNIT_HI)),
            _ => (accumulator - i128::from(Goldilocks::MODULUS), -1, at(UNIT_BASE)),
        };
        let (q, rest) = (wrapped.div_euclid(scale.into()), wrapped.rem_euclid(scale.into()));
        let small =
            |element: Goldilocks| if element.as_int() > 1 << 32 { -i128::from((-element).as_int()) } else { element.as_int().into() };
        let excess = u64::try_from((q - small(target)).abs()).unwrap();
        let limb = |number: usize| UNIT_LIMB.at(unit * LIMBS + number);
        forged.main[limb(0)][row] = Goldilocks::new(rest as u64);
        forged.main[limb(4)][row] = Goldilocks::new(excess & ((1 << limb_bits) - 1));
        forged.main[limb(5)][row] = Goldilocks::new(excess >> limb_bits);
        forged.main[UNIT_SIDE.at(unit)][row] = signed_element(side);
        forged.main[UNIT_VALUE.at(unit)][row] = target;
        let above = target - at(UNIT_BASE);
        forged.main[limb(2)][row] = above;
        forged.main[OUTPUT_VALUE.start][0] = target;
        forged.outputs.as_mut().unwrap()[0] = small(target) as i32;
        assert_eq!(violations(forged.clone()), unbalanced(attempt), "{end}");
        recount(&mut forged.main);
        assert_eq!(proven.forge.verdict(&forged, Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}

/// A model that gives its inputs in another order.
fn reverse(range: Interval) -> Model {
    let mut builder = ModelBuilder::new("reverse");
    let x = builder.input("x", Shape::new(&[3]).unwrap(), 0, range).unwrap();
    let reverse = Move { shape: Shape::new(&[3]).unwrap(), indices: vec![2, 1, 0], constants: vec![] };
    let y = builder.node("y", Primitive::Move(reverse), &[x], 0).unwrap();
    builder.finish(&[("y", y)]).unwrap()
}

#[test]
fn an_input_beyond_its_range_is_rejected_even_when_it_is_committed_to() {
    let range = Interval::of_bits(8);
    let honest = TraceProgram::new(&reverse(range), 1).unwrap();
    for x in [128, -129, 1000, -1000] {
        // The trace of a model that takes more, with the fixed columns of the one that does not.
        let mut attempt = Attempt::of(TraceProgram::new(&reverse(Interval::of_bits(12)), 1).unwrap(), vec![1, x, -3]);
        for (column, fixed) in attempt.main.iter_mut().zip(fixed_columns(&honest)) {
            *column = fixed;
        }
        for (row, value) in [1, x, -3].into_iter().enumerate() {
            let above = i64::from(value) - range.lo;
            // A negative distance has limbs modulo p.
            attempt.main[INPUT_LIMB.at(0)][row] = signed_element(above);
            attempt.main[INPUT_LIMB.at(1)][row] = Goldilocks::ZERO;
        }
        assert_eq!(violations(attempt.clone()), unbalanced(&attempt), "{x}");
        // With limbs in their range, they are not the input's.
        attempt.main[INPUT_LIMB.at(0)][1] = Goldilocks::ZERO;
        assert_eq!(violations(attempt.clone()), [Violation { constraint: "input range", part: 0, row: 1 }], "{x}");
        recount(&mut attempt.main);
        let program = TraceProgram::new(&reverse(range), 1).unwrap();
        for visible in [true, false] {
            let attempt = Attempt { inputs: attempt.inputs.clone().filter(|_| visible), ..attempt.clone() };
            let forge = Forge::new(&program, crate::extension::Fixed::new(&program), &[]);
            assert_eq!(forge.verdict(&attempt, Departure::default()), Err(BROKEN_CONSTRAINT));
        }
    }
}
