//! Commitments of versions that knew no mask rows.
//!
//! They hold for plain proofs as they did. A hiding proof exempts the last rows from all constraints, and with them the one in which both sides
//! of the random combination must agree: with such a commitment, any output could be proven. So no commitment of theirs may be one of today's.

use maat_verifier::layout::*;
use maat_verifier::{Blake2s256, Goldilocks, ModelCommitment, VerifyError, hex, signed_element, verify};
use winterfell::crypto::{Digest, Hasher};
use winterfell::math::FieldElement;

use super::cells::{recount, recount_in};
use super::forged::{Departure, Forge};
use super::low_degree::BROKEN_CONSTRAINT;
use super::statements::{INPUTS, pair, rescaling};
use super::{Attempt, DISTANCE, Named, Violation, number_columns};
use crate::extension::Fixed;
use crate::program::{TraceProgram, fixed_columns};

/// Where an old version has an entry of the range table: in all rows but the last.
fn old_position(width: u32, value: u64, rows: usize) -> (usize, usize) {
    let position = (1usize << width) - 1 + value as usize;
    (position / (rows - 1), position % (rows - 1))
}

/// Which rows of the cell that holds zero an old version counts as its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// All but the last, as it did.
    All,
    /// Those that a hiding proof counts: what a forger who makes commitments would write.
    Counted,
}

/// The fixed columns of a version without mask rows: idle rows read zero, the range table and both sides' agreement reach down to the end.
fn old_columns(program: &TraceProgram, readers: Readers) -> Vec<Vec<Goldilocks>> {
    let (layout, rows, mask) = (program.layout, program.rows, program.rows - MASK_ROWS);
    let mut columns = fixed_columns(program);
    let of = |column: usize| column - layout.witness_width();
    columns[of(layout[FINAL].start)][mask - 1] = Goldilocks::ZERO;
    columns[of(layout[FINAL].start)][rows - 2] = Goldilocks::ONE;
    for column in layout[READ_ADDRESS].indices() {
        columns[of(column)][mask..].fill(Goldilocks::new(ZERO_ADDRESS));
    }
    for column in [UNIT_ADDRESS, UNIT_READERS] {
        columns[of(layout[column].at(0))][mask] = Goldilocks::ZERO;
    }
    if readers == Readers::All {
        let writes_zero = |row: &usize, unit: usize| {
            let at = |column: Role| columns[of(layout[column].at(unit))][*row];
            at(UNIT_ADDRESS) == Goldilocks::new(ZERO_ADDRESS) && at(UNIT_READERS) != Goldilocks::ZERO
        };
        let Room { reads, units, .. } = layout.room;
        let (unit, row) = (0..units).find_map(|unit| Some((unit, (0..mask).find(|row| writes_zero(row, unit))?))).unwrap();
        columns[of(layout[UNIT_READERS].at(unit))][row] += Goldilocks::new((reads * (MASK_ROWS - 1)) as u64);
    }
    for column in [TABLE_WIDTH, TABLE_VALUE].into_iter().flat_map(|group| layout[group].indices()) {
        columns[of(column)].fill(Goldilocks::ZERO);
    }
    for (width, value) in (0..=layout.limb_bits(rows)).flat_map(|width| (0..1u64 << width).map(move |value| (width, value))) {
        let (table, row) = old_position(width, value, rows);
        columns[of(layout[TABLE_WIDTH].at(table))][row] = Goldilocks::new(width.into());
        columns[of(layout[TABLE_VALUE].at(table))][row] = Goldilocks::new(value);
    }
    columns
}

/// The attempt with other fixed columns; uses are counted where its range table has its entries.
fn with_columns(attempt: &Attempt, columns: Vec<Vec<Goldilocks>>) -> Attempt {
    let mut attempt = attempt.clone();
    let fixed = attempt.layout().fixed();
    attempt.main[fixed].clone_from_slice(&columns);
    recount_in(&mut attempt, old_position);
    attempt
}

/// The attempt with an output that is greater by one. The unit that writes it is in its range, and all that reads it follows: only the sum of
/// products that it must be is another one.
fn wrong(attempt: &Attempt) -> Attempt {
    let (layout, (row, unit)) = (attempt.layout(), rescaling(attempt, 0));
    let mut wrong = attempt.clone().with_other_output(0, 1);
    wrong.main[layout[UNIT_VALUE].at(unit)][row] += signed_element(1);
    wrong.main[number_columns(layout, unit, DISTANCE).start][row] += signed_element(1);
    recount(&mut wrong);
    wrong
}

fn violations(attempt: &Attempt) -> Vec<Violation> {
    let random = attempt.random(8);
    attempt.violations(&attempt.auxiliary(&random), &random)
}

/// The commitment of a version without mask rows: another tag, and entries that say nothing of layouts and one-time roots.
fn old_commitment(forge: &Forge) -> ModelCommitment {
    let entries = forge.entries.as_slice();
    let mut bytes = b"maat model commitment 1".to_vec();
    bytes.push(entries.len() as u8);
    for entry in entries {
        bytes.push(entry.preset.code());
        bytes.extend([entry.batch, entry.rows, entry.inputs, entry.outputs].map(u32::to_le_bytes).as_flattened());
        bytes.extend(entry.fixed_root);
    }
    assert_eq!(bytes.len(), 23 + 1 + 49 * entries.len());
    let mut hash = Blake2s256::<Goldilocks>::hash(&bytes).as_bytes();
    hash[0] = 0;
    hex(&hash).parse().unwrap()
}

#[test]
fn a_hiding_proof_of_a_false_output_needs_a_commitment_that_no_verifier_takes() {
    let model = pair("pair", 16);
    for layout in LAYOUTS.iter().filter(|layout| layout.can_hide()) {
        let program = || TraceProgram::new(&model, 2, layout).unwrap();
        let of = |sides| Attempt::of(program(), sides, INPUTS.to_vec());
        let (plain, hiding) = (of([Named::Public; 2]), of([Named::Hidden, Named::Public]));
        let agreement = Violation { constraint: "agreement", part: 0, row: plain.rows() - MASK_ROWS - 1 };
        // With today's columns, either mode finds the false output.
        assert_eq!([&plain, &hiding].map(|attempt| violations(&wrong(attempt))), [[agreement]; 2]);

        // The columns are an old version's: plain proofs hold with them, and a false output is found where both sides must agree.
        let old = |attempt: &Attempt, readers| with_columns(attempt, old_columns(&attempt.program, readers));
        assert_eq!(violations(&old(&plain, Readers::All)), []);
        assert_eq!(violations(&old(&wrong(&plain), Readers::All)), [Violation { row: plain.rows() - 2, ..agreement }]);
        // Hiding proofs exempt that row. It is by accident that nothing is proven with the very columns: they count readers of zero in
        // exempt rows.
        assert_eq!(violations(&old(&wrong(&hiding), Readers::All)), hiding.unbalanced());
        // Without these, the false output satisfies the AIR, and a verifier that takes this commitment takes the proof.
        let forged = old(&wrong(&hiding), Readers::Counted);
        assert_eq!(violations(&forged), []);
        let forge = Forge::new(&hiding.program, Fixed::interpolate(old_columns(&hiding.program, Readers::Counted)), hiding.mode, &[]);
        let file = forge.prove(&forged, Departure::default());
        let statement = verify(&file.to_bytes(), &forge.commitment()).unwrap();
        assert_ne!(statement.outputs, hiding.outputs);

        // None is the model's: its columns have another root, and what an old version has hashed is no commitment of today's.
        let honest = Forge::of(&hiding);
        let (expected, found) = (honest.commitment(), forge.commitment());
        assert_eq!(verify(&file.to_bytes(), &expected), Err(VerifyError::Commitment { expected, found }));
        let claimed = maat_verifier::ProofFile { header: honest.header(&forged), stark: file.stark.clone() };
        let (expected, found) = (honest.entry.fixed_root, forge.entry.fixed_root);
        assert_eq!(verify(&claimed.to_bytes(), &honest.commitment()), Err(VerifyError::FixedRoot { expected, found }));
        let (expected, found) = (old_commitment(&forge), forge.commitment());
        assert_eq!(verify(&file.to_bytes(), &expected), Err(VerifyError::Commitment { expected, found }));
        assert_eq!(honest.verdict(&wrong(&hiding), Departure::default()), Err(BROKEN_CONSTRAINT));
    }
}
