//! The intervals of integers that samples give to each tensor.

use maat_package::samples::{Sample, quantise_sample};
use maat_runtime::{Executor, Interval};

use crate::error::TranspileError;
use crate::quantise::Mapped;

/// The least and the greatest integer of each tensor, in the model's order.
pub struct Seen(Vec<Interval>);

impl Seen {
    /// That of a tensor, by its position.
    pub fn of(&self, index: usize) -> Interval {
        self.0[index]
    }

    /// Whether another run stays in these intervals.
    fn includes(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(seen, other)| seen.includes(*other))
    }

    /// How many of the samples stay in these intervals in every tensor.
    ///
    /// # Errors
    /// A sample does not fit.
    pub fn holding(&self, mapped: &Mapped, samples: &[Sample]) -> Result<usize, TranspileError> {
        let mut count = 0;
        for sample in samples {
            count += usize::from(seen_on(mapped, std::slice::from_ref(sample))?.is_some_and(|of_one| self.includes(&of_one)));
        }
        Ok(count)
    }
}

/// Runs the model on the samples; nothing without any.
///
/// # Errors
/// A sample does not fit.
pub fn seen_on(mapped: &Mapped, samples: &[Sample]) -> Result<Option<Seen>, TranspileError> {
    let model = &mapped.model;
    let mut all: Option<Vec<Interval>> = None;
    let mut executor = Executor::new(model);
    for sample in samples {
        let inputs = quantise_sample(model, sample)?;
        executor.run(&inputs).expect("quantised samples are within the inputs' ranges");
        let values = inputs.iter().map(Vec::as_slice).chain(model.nodes().map(|(_, id)| executor.value(id)));
        let of = |values: &[i32]| {
            let (lo, hi) = values.iter().fold((i32::MAX, i32::MIN), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
            Interval::new(lo.min(hi).into(), hi.max(lo).into())
        };
        let found = values.map(of);
        all = Some(match all {
            Some(all) => all.into_iter().zip(found).map(|(all, found)| all.hull(found)).collect(),
            None => found.collect(),
        });
    }
    Ok(all.map(Seen))
}
