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
    use crate::commitment::Entry;
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
        let opening = Opening { inputs: Some(inputs()), outputs: None };
        assert_eq!(opening.check(&statement(committed(&inputs()), Values::Hidden), &other), Err(OpeningError::Entries));
    }

    /// Two inferences with three inputs each.
    fn inputs() -> SideOpening {
        SideOpening { salt: Salt::new([1; 32]), values: vec![vec![1, -2, i32::MIN], vec![4, i32::MAX, 6]] }
    }

    /// With two outputs each.
    fn outputs() -> SideOpening {
        SideOpening { salt: Salt::new([2; 32]), values: vec![vec![-7, 8], vec![9, 10]] }
    }

    fn committed(opening: &SideOpening) -> Values {
        Values::Committed(opening.digest())
    }

    #[test]
    fn an_opening_opens_every_side_that_is_committed_to() {
        let public = || Values::Public(vec![0; 4]);
        let of_inputs = Opening { inputs: Some(inputs()), outputs: None };
        assert_eq!(of_inputs.check(&statement(committed(&inputs()), Values::Hidden), &entries()), Ok(()));
        assert_eq!(of_inputs.check(&statement(committed(&inputs()), public()), &entries()), Ok(()));
        let of_outputs = Opening { inputs: None, outputs: Some(outputs()) };
        assert_eq!(of_outputs.check(&statement(Values::Hidden, committed(&outputs())), &entries()), Ok(()));
        let of_both = Opening { inputs: Some(inputs()), outputs: Some(outputs()) };
        assert_eq!(of_both.check(&statement(committed(&inputs()), committed(&outputs())), &entries()), Ok(()));
    }

    #[test]
    fn a_side_is_opened_if_and_only_if_it_is_committed_to() {
        let error = |opens: [bool; 2], inputs_are: Values, outputs_are: Values| {
            let [opens_inputs, opens_outputs] = opens;
            let opening = Opening { inputs: opens_inputs.then(inputs), outputs: opens_outputs.then(outputs) };
            opening.check(&statement(inputs_are, outputs_are), &entries()).unwrap_err()
        };
        let (of_inputs, of_outputs) = (committed(&inputs()), committed(&outputs()));
        for other in [Values::Hidden, Values::Public(vec![-7, 8, 9, 10])] {
            assert_eq!(error([false, false], of_inputs.clone(), other.clone()), OpeningError::Side { side: "inputs" });
            assert_eq!(error([true, true], of_inputs.clone(), other), OpeningError::Side { side: "outputs" });
        }
        assert_eq!(error([true, true], Values::Hidden, of_outputs.clone()), OpeningError::Side { side: "inputs" });
        assert_eq!(error([true, false], of_inputs.clone(), of_outputs.clone()), OpeningError::Side { side: "outputs" });
        assert_eq!(error([false, true], of_inputs, of_outputs), OpeningError::Side { side: "inputs" });
    }

    #[test]
    fn an_opening_has_as_many_inferences_and_values_as_the_batch() {
        let check = |opening: SideOpening| {
            // Even the right digest does not make another shape right.
            let statement = statement(committed(&opening), Values::Hidden);
            Opening { inputs: Some(opening), outputs: None }.check(&statement, &entries())
        };
        let of = |values: Vec<Vec<i32>>| SideOpening { values, ..inputs() };
        let side = "inputs";
        for found in [0, 1, 3] {
            assert_eq!(check(of(vec![vec![1, 2, 3]; found])), Err(OpeningError::Inferences { side, expected: 2, found }));
        }
        for found in [0, 2, 4] {
            let error = OpeningError::Values { side, expected: 3, found };
            assert_eq!(check(of(vec![vec![1, 2, 3], vec![0; found]])), Err(error.clone()));
            assert_eq!(check(of(vec![vec![0; found], vec![0; 6 - found]])), Err(error));
        }
        assert_eq!(check(of(vec![vec![1, 2, 3]; 2])), Ok(()));
        // The outputs have their own number.
        let opening = Opening { inputs: None, outputs: Some(inputs()) };
        let statement = statement(Values::Hidden, committed(&inputs()));
        assert_eq!(opening.check(&statement, &entries()), Err(OpeningError::Values { side: "outputs", expected: 2, found: 3 }));
    }

    #[test]
    fn another_salt_value_or_order_does_not_open_a_digest() {
        let statement = statement(committed(&inputs()), committed(&outputs()));
        let changes: [fn(&mut Opening); 7] = [
            |opening| opening.inputs.as_mut().unwrap().salt = Salt::new([3; 32]),
            |opening| opening.outputs.as_mut().unwrap().salt = Salt::new([3; 32]),
            |opening| opening.inputs.as_mut().unwrap().values[1][2] += 1,
            |opening| opening.outputs.as_mut().unwrap().values[0][0] = 7,
            |opening| opening.inputs.as_mut().unwrap().values.swap(0, 1),
            |opening| opening.outputs.as_mut().unwrap().values[0].swap(0, 1),
            |opening| std::mem::swap(&mut opening.inputs.as_mut().unwrap().salt, &mut opening.outputs.as_mut().unwrap().salt),
        ];
        for change in changes {
            let mut opening = Opening { inputs: Some(inputs()), outputs: Some(outputs()) };
            change(&mut opening);
            let [given, expected] = if opening.inputs != Some(inputs()) {
                [opening.inputs.clone().unwrap(), inputs()]
            } else {
                [opening.outputs.clone().unwrap(), outputs()]
            };
            let side = if opening.inputs != Some(inputs()) { "inputs" } else { "outputs" };
            let error = OpeningError::Digest { side, expected: expected.digest(), found: given.digest() };
            assert_eq!(opening.check(&statement, &entries()), Err(error));
        }
    }

    /// A digest says nothing of the model or the side, so that it names the same values in both statements.
    #[test]
    fn one_models_outputs_are_another_ones_inputs_under_one_digest() {
        let next = Entries::new(vec![Entry { inputs: 2, outputs: 5, ..entry(Preset::Onchain, 2) }]).unwrap();
        let first = statement(Values::Hidden, committed(&outputs()));
        let second = Statement { commitment: next.commitment(), ..statement(committed(&outputs()), Values::Hidden) };
        assert_eq!(first.outputs, second.inputs);
        assert_eq!(Opening { inputs: None, outputs: Some(outputs()) }.check(&first, &entries()), Ok(()));
        let opening = Opening { inputs: Some(outputs()), outputs: None };
        assert_eq!(opening.check(&second, &next), Ok(()));
        assert_eq!(opening.check(&second, &entries()), Err(OpeningError::Entries));
    }
}
