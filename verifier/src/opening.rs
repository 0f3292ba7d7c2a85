//! Opening a salted commitment: whoever has the salt and the values can compute it as the prover did.

use thiserror::Error;
use winter_verifier::crypto::Digest as _;
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::math::{StarkField, fft};

use crate::air::signed_element;
use crate::blake2s::{Blake2s256, TreeDigest};
use crate::commitment::{Entries, Entry};
use crate::goldilocks::Goldilocks;
use crate::hasher::TreeHasher;
use crate::layout::{Columns, INPUT_VALUE, IO_WIDTH, OUTPUT_VALUE};
use crate::preset::Hash;
use crate::salt::Salt;
use crate::statement::Statement;

/// What opens the salted commitment of a statement. It has the values of both sides, even of a public one: the commitment is to both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What the commitment was salted with.
    pub salt: Salt,
    /// The inputs of each inference.
    pub inputs: Vec<Vec<i32>>,
    /// The outputs of each inference.
    pub outputs: Vec<Vec<i32>>,
}

/// Why an opening does not open a statement's commitment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// There is nothing to open.
    #[error("the statement has no salted commitment: its inputs and outputs are public")]
    NotCommitted,
    /// The entries are those of another model than the statement's.
    #[error("the entries are not those of the statement's model")]
    Entries,
    /// The opening is for another number of inferences.
    #[error("it has {side} of {found} inference(s), but the batch has {expected}")]
    Inferences {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// Inferences of the statement.
        expected: u32,
        /// Inferences of the opening.
        found: usize,
    },
    /// An inference of the opening has another number of values than the model.
    #[error("it has an inference with {found} {side}, but the model has {expected}")]
    Values {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// Values of the model.
        expected: u32,
        /// Values of the opening.
        found: usize,
    },
    /// The entry has more values than rows, so no trace holds them.
    #[error("the model's traces have {rows} rows, too few for the {side}")]
    Rows {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// Rows of the entry.
        rows: u32,
    },
    /// The salt or a value is not the one that was committed to.
    #[error("the salt or a value is not the one that was committed to")]
    Commitment {
        /// The statement's commitment.
        expected: [u8; 32],
        /// The opening's.
        found: [u8; 32],
    },
}

impl Opening {
    /// Checks that this opens the salted commitment of a verified statement. `entries` are those of its model: the header of the
    /// proof file has them.
    ///
    /// # Errors
    /// It does not; each [`OpeningError`] is one reason.
    pub fn check(&self, statement: &Statement, entries: &Entries) -> Result<(), OpeningError> {
        let expected = statement.io_commitment.ok_or(OpeningError::NotCommitted)?;
        if entries.commitment() != statement.commitment {
            return Err(OpeningError::Entries);
        }
        let entry = entries.find(statement.preset, statement.batch).ok_or(OpeningError::Entries)?;
        match self.commitment(entry)? {
            found if found == expected => Ok(()),
            found => Err(OpeningError::Commitment { expected, found }),
        }
    }

    /// The salted commitment: the root of the tree over the columns of inputs and outputs, extended as winterfell's prover does it.
    fn commitment(&self, entry: &Entry) -> Result<[u8; 32], OpeningError> {
        let inputs = self.column(INPUT_VALUE, entry, "inputs", (&self.inputs, entry.inputs))?;
        let outputs = self.column(OUTPUT_VALUE, entry, "outputs", (&self.outputs, entry.outputs))?;
        let rows = entry.rows as usize;
        let blowup = entry.preset.options().blowup_factor();
        let (twiddles, inverse_twiddles) = (fft::get_twiddles::<Goldilocks>(rows), fft::get_inv_twiddles::<Goldilocks>(rows));
        let extended = [inputs, outputs].map(|mut column| {
            fft::interpolate_poly(&mut column, &inverse_twiddles);
            fft::evaluate_poly_with_offset(&column, &twiddles, Goldilocks::GENERATOR, blowup)
        });
        let root = match entry.preset.hash() {
            Hash::Blake3 => root::<Blake3_256<Goldilocks>>(&extended, 0, rows * blowup),
            Hash::Blake2s => root::<Blake2s256>(&extended, 0, rows * blowup),
        };
        Ok(root.as_bytes())
    }

    /// A column as the prover fills it: the values, and below them the salt.
    fn column(
        &self,
        column: Columns,
        entry: &Entry,
        side: &'static str,
        (inferences, length): (&[Vec<i32>], u32),
    ) -> Result<Vec<Goldilocks>, OpeningError> {
        if inferences.len() != entry.batch as usize {
            return Err(OpeningError::Inferences { side, expected: entry.batch, found: inferences.len() });
        }
        if let Some(other) = inferences.iter().find(|values| values.len() != length as usize) {
            return Err(OpeningError::Values { side, expected: length, found: other.len() });
        }
        let mut values: Vec<_> = inferences.iter().flatten().map(|value| signed_element((*value).into())).collect();
        let free = (entry.rows as usize).checked_sub(values.len()).ok_or(OpeningError::Rows { side, rows: entry.rows })?;
        values.extend(self.salt.elements(column).take(free));
        Ok(values)
    }
}

/// The root over a power of two of rows. The tree itself is not held in memory: it may be many times as large as the columns.
fn root<H: TreeHasher>(columns: &[Vec<Goldilocks>; IO_WIDTH], first: usize, rows: usize) -> TreeDigest {
    if rows == 1 {
        return H::hash_elements(&columns.each_ref().map(|column| column[first]));
    }
    H::merge(&[root::<H>(columns, first, rows / 2), root::<H>(columns, first + rows / 2, rows / 2)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::tests::entry;
    use crate::preset::{Preset, Security};
    use crate::statement::Values;

    fn opening() -> Opening {
        Opening { salt: Salt::new([5; 32]), inputs: vec![vec![1, -2, 3], vec![4, 5, 6]], outputs: vec![vec![7, 8], vec![9, i32::MIN]] }
    }

    /// A statement about a batch of two with the commitment of [`opening`], and the entries of its model.
    fn statement() -> (Statement, Entries) {
        let entries = Entries::new(vec![entry(Preset::Fast, 1), entry(Preset::Fast, 2)]).unwrap();
        let io_commitment = opening().commitment(&entries.as_slice()[1]).unwrap();
        let statement = Statement {
            commitment: entries.commitment(),
            preset: Preset::Fast,
            batch: 2,
            inputs: Values::Committed,
            outputs: Values::Committed,
            io_commitment: Some(io_commitment),
            security: Security { conjectured: 99, proven: 56 },
        };
        (statement, entries)
    }

    // That the commitment is the prover's own is tested in maat-prover.
    #[test]
    fn what_is_not_the_statements_opening_is_told_apart() {
        let (statement, entries) = statement();
        assert_eq!(opening().check(&statement, &entries), Ok(()));
        let error = |change: fn(&mut Opening)| {
            let mut changed = opening();
            change(&mut changed);
            changed.check(&statement, &entries).unwrap_err()
        };
        assert_eq!(error(|it| it.inputs.truncate(1)), OpeningError::Inferences { side: "inputs", expected: 2, found: 1 });
        assert_eq!(error(|it| it.outputs.push(vec![])), OpeningError::Inferences { side: "outputs", expected: 2, found: 3 });
        assert_eq!(error(|it| it.inputs[1].truncate(2)), OpeningError::Values { side: "inputs", expected: 3, found: 2 });
        assert_eq!(error(|it| it.outputs[0].push(0)), OpeningError::Values { side: "outputs", expected: 2, found: 3 });
        // The same values, cut elsewhere.
        let cut = error(|it| (it.inputs[0], it.inputs[1]) = (vec![1, -2, 3, 4], vec![5, 6]));
        assert_eq!(cut, OpeningError::Values { side: "inputs", expected: 3, found: 4 });
        let others: [fn(&mut Opening); 5] = [
            |it| it.inputs[1][2] += 1,
            |it| it.outputs[0][0] -= 1,
            |it| it.inputs.swap(0, 1),
            |it| it.outputs.swap(0, 1),
            |it| it.salt = Salt::new([6; 32]),
        ];
        for change in others {
            assert!(matches!(error(change), OpeningError::Commitment { .. }));
        }
    }

    #[test]
    fn a_statement_is_opened_with_the_entries_of_its_model() {
        let (statement, entries) = statement();
        let public = Statement { io_commitment: None, ..statement.clone() };
        assert_eq!(opening().check(&public, &entries), Err(OpeningError::NotCommitted));
        let other = Entries::new(vec![entry(Preset::Fast, 2)]).unwrap();
        assert_eq!(opening().check(&statement, &other), Err(OpeningError::Entries));
        let unknown = Statement { preset: Preset::Onchain, ..statement };
        assert_eq!(opening().check(&unknown, &entries), Err(OpeningError::Entries));
    }

    #[test]
    fn an_entry_with_more_values_than_rows_has_no_opening() {
        let entry = Entry { inputs: 1 << 11, ..entry(Preset::Fast, 2) };
        let opening = Opening { inputs: vec![vec![0; 1 << 11]; 2], ..opening() };
        assert_eq!(opening.commitment(&entry), Err(OpeningError::Rows { side: "inputs", rows: 1 << 11 }));
    }
}
