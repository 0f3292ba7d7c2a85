//! Opening a digest: whoever has the salt and the values can compute it as the prover did.

use thiserror::Error;

use crate::commitment::Entries;
use crate::salt::Salt;
use crate::statement::{Statement, Values};
use crate::value_digest::ValueDigest;

/// What opens the digests of a statement's committed sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Opens the inputs, if they are committed to.
    pub inputs: Option<SideOpening>,
    /// Opens the outputs, likewise.
    pub outputs: Option<SideOpening>,
}

/// What opens one side's digest. It says nothing of a model or a proof, so that one model's outputs can be another one's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideOpening {
    /// What follows the values in the digest.
    pub salt: Salt,
    /// The values of each inference.
    pub values: Vec<Vec<i32>>,
}

/// Why an opening does not open a statement's digests.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// There is nothing to open.
    #[error("the statement commits to nothing: there is no digest to open")]
    NotCommitted,
    /// The entries are those of another model than the statement's.
    #[error("the entries are not those of the statement's model")]
    Entries,
    /// The opening opens a side that is not committed to, or does not open one that is.
    #[error("it opens other sides than those that are committed to: the {side}")]
    Side {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
    },
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
    /// The salt or a value is not the one that was committed to.
    #[error("the salt or a value of the {side} is not the one that was committed to")]
    Digest {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// The statement's digest.
        expected: ValueDigest,
        /// The opening's.
        found: ValueDigest,
    },
}

impl SideOpening {
    /// The digest that this opens.
    pub fn digest(&self) -> ValueDigest {
        ValueDigest::of(&self.values.concat(), &self.salt)
    }

    fn check(&self, side: &'static str, expected: &ValueDigest, batch: u32, each: u32) -> Result<(), OpeningError> {
        if self.values.len() != batch as usize {
            return Err(OpeningError::Inferences { side, expected: batch, found: self.values.len() });
        }
        if let Some(other) = self.values.iter().find(|values| values.len() != each as usize) {
            return Err(OpeningError::Values { side, expected: each, found: other.len() });
        }
        match self.digest() {
            found if found == *expected => Ok(()),
            found => Err(OpeningError::Digest { side, expected: *expected, found }),
        }
    }
}

impl Opening {
    /// Checks that this opens all digests of a verified statement, and nothing else. `entries` are those of its model: the header of the proof
    /// file has them.
    ///
    /// # Errors
    /// It does not; each [`OpeningError`] is one reason.
    pub fn check(&self, statement: &Statement, entries: &Entries) -> Result<(), OpeningError> {
        if entries.commitment() != statement.commitment {
            return Err(OpeningError::Entries);
        }
        let sides = [("inputs", &statement.inputs, &self.inputs), ("outputs", &statement.outputs, &self.outputs)];
        if sides.iter().all(|(_, values, _)| values.as_committed().is_none()) {
            return Err(OpeningError::NotCommitted);
        }
        // All entries agree on the values of an inference.
        let any = entries.as_slice()[0];
        for ((side, values, opening), each) in sides.into_iter().zip([any.inputs, any.outputs]) {
            match (values, opening) {
                (Values::Committed(digest), Some(opening)) => opening.check(side, digest, statement.batch, each)?,
                (Values::Public(_) | Values::Hidden, None) => {}
                _ => return Err(OpeningError::Side { side }),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::tests::entry;
    use crate::preset::{Mode, Preset, Security};

    fn entries() -> Entries {
        Entries::new(vec![entry(Preset::Fast, 2)]).unwrap()
    }

    fn statement(inputs: Values, outputs: Values) -> Statement {
        let (preset, mode, security) = (Preset::Fast, Mode::Hiding, Security { conjectured: 1, proven: 1 });
        Statement { commitment: entries().commitment(), preset, mode, batch: 2, inputs, outputs, one_time: None, security }
    }

    #[test]
    fn a_statement_that_commits_to_nothing_cannot_be_opened() {
        let side = || Some(SideOpening { salt: Salt::new([1; 32]), values: vec![vec![1, 2, 3]; 2] });
        let public = || Values::Public(vec![1, 2, 3, 1, 2, 3]);
        for (inputs, outputs) in
            [(public(), Values::Hidden), (Values::Hidden, public()), (Values::Hidden, Values::Hidden), (public(), public())]
        {
            let statement = statement(inputs, outputs);
            for opening in [Opening { inputs: side(), outputs: None }, Opening { inputs: None, outputs: None }] {
                assert_eq!(opening.check(&statement, &entries()), Err(OpeningError::NotCommitted));
            }
        }
    }

    #[test]
    fn the_entries_are_those_of_the_statements_model() {
        let other = Entries::new(vec![entry(Preset::Fast, 2), entry(Preset::Balanced, 2)]).unwrap();
        let opening = Opening { inputs: None, outputs: None };
        assert_eq!(opening.check(&statement(Values::Hidden, Values::Hidden), &other), Err(OpeningError::Entries));
    }
}
